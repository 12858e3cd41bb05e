"""A drift that a person accepts (design.md section 7)."""

from collections.abc import Callable

import pytest
from click.testing import Result

from scraper.ingest.sources import BY_NAME
from tests.fixtures.edits import HISTORY_24H2, LOST_HALF, PAGE, edited, gained, halved, lost, replaced
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FIRST,
    FOURTH,
    MORNING,
    NEW,
    NEXT_MORNING,
    OLD,
    SECOND,
    THIRD,
    UPDATES,
    Nights,
    Unasked,
    body_of,
    problems,
)
from tests.fixtures.web import Reply, Web

pytestmark = pytest.mark.usefixtures("hurried")


def accept(nights: Nights, now: str = MORNING) -> Result:
    return nights.run("accept", CLIENT, "--now", now, *nights.files)


def seen(nights: Nights) -> list[tuple]:  # type: ignore[type-arg]
    """The changes as they are published, with their ids and times."""
    return nights.rows("select * from changes order by id")


def test_drift_that_stands_ends_with_4_every_night(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    for now in (SECOND, THIRD, FOURTH):
        result = nights.scrape(now)
        assert result.exit_code == 4
        (said,) = problems(result)
        assert said.startswith(f"winkb: {LOST_HALF}")
        assert nights.page(CLIENT) == (FIRST, SECOND, said.removeprefix("winkb: "))
        assert (nights.facts(), nights.outcome()) == (begun.facts(), "unchanged")


def test_accepted_loss_of_rows_passes_and_they_are_withdrawn_the_second_time(fresh: Nights) -> None:
    """Of rows that no other page lists, as the update history may."""
    options = [option for name in BY_NAME if name != UPDATES for option in ("--source", name)]
    assert fresh.scrape(FIRST, *options).exit_code == 0
    rows = fresh.rows("select count(*) from builds")
    fresh.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    assert fresh.scrape(SECOND, *options).exit_code == 4
    result = accept(fresh)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"accepted: {LOST_HALF}")
    assert fresh.page(CLIENT) == (SECOND, None, None)
    assert fresh.rows("select count(*) from builds where withdrawn") == [(0,)]
    assert fresh.changes() == []

    result = fresh.scrape(THIRD, *options)
    assert (result.exit_code, problems(result)) == (0, [])
    gone = fresh.rows("select release, coalesce(kb, build), build from builds where withdrawn order by 1, 2")
    assert len(gone) > 100
    assert fresh.rows("select release, subject, old from changes where run = 3 order by 1, 2") == gone
    assert {change[3:] for change in fresh.changes()} == {("row", build, None) for _, _, build in gone}
    assert fresh.rows("select count(*) from builds") == rows

    facts = fresh.facts()
    assert fresh.scrape(FOURTH, *options).exit_code == 0
    assert (fresh.outcome(), fresh.facts()) == ("unchanged", facts)


def test_accepted_loss_withdraws_no_row_that_the_update_history_lists(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    assert nights.scrape(SECOND).exit_code == 4
    assert accept(nights).exit_code == 0
    assert nights.scrape(THIRD).exit_code == 0
    gone = nights.rows("select kb from builds where withdrawn and kb is not null")
    links = body_of(UPDATES, OLD).decode()
    assert gone
    assert [kb for (kb,) in gone if kb in links] == []
    kinds = "select release, coalesce(build, kb), track, kind, available from builds order by 1, 2, 3"
    assert nights.rows(kinds) == begun.rows(kinds)
    assert [change for change in nights.changes() if change[3] == "kind"] == [], "the kinds are as they were"


def test_accepted_version_is_the_measure_of_the_next(nights: Nights) -> None:
    nights.serve(OLD)
    fewer = halved(body_of(CLIENT, OLD))
    nights.answer(CLIENT, fewer)
    assert nights.scrape(SECOND).exit_code == 4
    assert accept(nights).exit_code == 0
    nights.answer(CLIENT, edited(fewer, HISTORY_24H2, replaced("2025-03-11", "2025-03-12")))
    assert nights.scrape(THIRD).exit_code == 0
    nights.answer(CLIENT, halved(fewer))
    assert nights.scrape(FOURTH).exit_code == 4, "an acceptance is for once"


def test_accepted_gain_of_a_column_passes(nights: Nights, clean: Nights, unasked: Callable[[str], Unasked]) -> None:
    """As if the page had been good; but its news are seen when it is accepted, as those of a page that comes back."""
    back = unasked(CLIENT).back
    nights.serve(NEW)
    nights.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    assert nights.scrape(SECOND).exit_code == 4
    assert accept(nights).exit_code == 0
    served = ("releases", "kbs", "builds", "months")
    assert nights.tables(*served) == clean.tables(*served)
    assert nights.changes() == back.changes()
    findings = "select severity, code, release, subject, page, message from findings where {} order by 1, 2, 3, 4, 5, 6"
    assert nights.rows(findings.format("resolved_at is null")) == clean.rows(findings.format("resolved_at is null"))
    assert nights.rows(findings.format("true")) == back.rows(findings.format("true"))
    assert nights.page(CLIENT) == (SECOND, None, None)

    told = nights.tables(*FACTS)
    result = nights.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.outcome() == "unchanged", "what was accepted is published, digest and all, when it is accepted"
    assert nights.tables(*FACTS) == told
    assert "0 changes, 0 page versions parsed" in nights.scrape(FOURTH).stdout


@pytest.mark.parametrize("silent", [False, True], ids=["at once", "after a night without a network"])
def test_changes_of_an_acceptance_are_seen_when_it_was_made(
    nights: Nights, unasked: Callable[[str], Unasked], silent: bool
) -> None:
    """A night without a network says nothing of the drift, which still stands; and what was published stays."""
    back = unasked(CLIENT).back
    nights.serve(NEW)
    nights.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    assert nights.scrape(SECOND).exit_code == 4
    published, run, now = seen(nights), 2, MORNING
    assert published
    if silent:
        with Web() as gone:
            url = gone.url
        result = nights.run("scrape", "--no-articles", "--mirror", url, "--now", THIRD, *nights.files)
        assert (result.exit_code, nights.outcome(), seen(nights)) == (3, "failed", published)
        assert nights.page(CLIENT)[:2] == (FIRST, SECOND)
        run, now = 3, NEXT_MORNING

    result = accept(nights, now)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.page(CLIENT) == (SECOND, None, None)
    assert seen(nights)[: len(published)] == published
    caused = seen(nights)[len(published) :]
    assert caused
    assert [change[0] for change in caused] == list(range(len(published) + 1, len(published) + len(caused) + 1))
    assert {change[1:3] for change in caused} == {(now, run)}
    assert nights.changes() == back.changes()

    told = seen(nights)
    assert nights.scrape(FOURTH).exit_code == 0
    assert (seen(nights), nights.page(CLIENT)) == (told, (FOURTH, None, None))
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert seen(nights) == told


def test_unchanged_night_after_an_acceptance_is_unchanged(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, gained))
    assert nights.scrape(SECOND).exit_code == 4
    assert accept(nights).exit_code == 0
    assert nights.scrape(THIRD).exit_code == 0
    assert (nights.outcome(), nights.facts()) == ("unchanged", begun.facts())


def test_acceptance_survives_a_rebuild(nights: Nights) -> None:
    nights.answer(CLIENT, halved(PAGE))
    assert nights.scrape(SECOND).exit_code == 4
    assert accept(nights).exit_code == 0
    names = (*FACTS, "pages", "runs")
    told = nights.tables(*names)
    nights.run("rebuild", *nights.files)
    assert nights.tables(*names) == told


def test_lost_column_cannot_be_accepted(nights: Nights) -> None:
    nights.answer(CLIENT, edited(PAGE, HISTORY_24H2, lost(1)))
    assert nights.scrape(SECOND).exit_code == 4
    before = nights.db.read_bytes()
    result = accept(nights)
    assert result.exit_code == 2
    (said,) = problems(result)
    assert said == (
        f"winkb: unexpected acceptance on {CLIENT}. expected: a drift that can be read, found:"
        f" unexpected columns of a release-history table (Version 24H2 (OS build 26100)) on {CLIENT}."
        " expected: servicing option, update type, availability date, build, kb article,"
        " found: servicing option, availability date, build, kb article"
    )
    assert nights.db.read_bytes() == before
    assert nights.scrape(THIRD).exit_code == 4


def test_there_is_nothing_to_accept_where_no_drift_stands(nights: Nights) -> None:
    result = accept(nights)
    assert result.exit_code == 2
    assert problems(result) == [
        f"winkb: unexpected acceptance on {CLIENT}. expected: a drift that stands, found: a good page"
    ]
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(SECOND).exit_code == 4
    result = accept(nights)
    assert result.exit_code == 2
    assert (
        "found: unexpected answer on windows-11-release-information. expected: 200, found: 404" in problems(result)[0]
    )


def test_drift_that_is_gone_can_no_longer_be_accepted(nights: Nights) -> None:
    nights.answer(CLIENT, halved(PAGE))
    assert nights.scrape(SECOND).exit_code == 4
    nights.serve(NEW)
    assert nights.scrape(THIRD).exit_code == 0
    assert accept(nights).exit_code == 2

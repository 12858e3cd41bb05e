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
    Runs,
    WithoutPage,
    body_of,
    problems,
)
from tests.fixtures.web import Reply, Web

pytestmark = pytest.mark.usefixtures("no_waiting")


def accept(runs: Runs, now: str = MORNING) -> Result:
    return runs.run("accept", CLIENT, "--now", now, *runs.files)


def seen(runs: Runs) -> list[tuple]:  # type: ignore[type-arg]
    """The changes as they are published, with their ids and times."""
    return runs.rows("select * from changes order by id")


def test_drift_that_stands_ends_with_4_every_run(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    for now in (SECOND, THIRD, FOURTH):
        result = runs.scrape(now)
        assert result.exit_code == 4
        (problem,) = problems(result)
        assert problem.startswith(f"winkb: {LOST_HALF}")
        assert runs.page(CLIENT) == (FIRST, SECOND, problem.removeprefix("winkb: "))
        assert (runs.facts(), runs.outcome()) == (first_run.facts(), "unchanged")


def test_accepted_loss_of_rows_passes_and_they_are_withdrawn_the_second_time(no_run: Runs) -> None:
    """Of rows that no other page lists, as the update history may."""
    options = [option for name in BY_NAME if name != UPDATES for option in ("--source", name)]
    assert no_run.scrape(FIRST, *options).exit_code == 0
    rows = no_run.rows("select count(*) from builds")
    no_run.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    assert no_run.scrape(SECOND, *options).exit_code == 4
    result = accept(no_run)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"accepted: {LOST_HALF}")
    assert no_run.page(CLIENT) == (SECOND, None, None)
    assert no_run.rows("select count(*) from builds where withdrawn") == [(0,)]
    assert no_run.changes() == []

    result = no_run.scrape(THIRD, *options)
    assert (result.exit_code, problems(result)) == (0, [])
    gone = no_run.rows("select release, coalesce(kb, build), build from builds where withdrawn order by 1, 2")
    assert len(gone) > 100
    assert no_run.rows("select release, subject, old from changes where run = 3 order by 1, 2") == gone
    assert {change[3:] for change in no_run.changes()} == {("row", build, None) for _, _, build in gone}
    assert no_run.rows("select count(*) from builds") == rows

    facts = no_run.facts()
    assert no_run.scrape(FOURTH, *options).exit_code == 0
    assert (no_run.outcome(), no_run.facts()) == ("unchanged", facts)


def test_accepted_loss_withdraws_no_row_that_the_update_history_lists(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, halved(body_of(CLIENT, OLD)))
    assert runs.scrape(SECOND).exit_code == 4
    assert accept(runs).exit_code == 0
    assert runs.scrape(THIRD).exit_code == 0
    gone = runs.rows("select kb from builds where withdrawn and kb is not null")
    links = body_of(UPDATES, OLD).decode()
    assert gone
    assert [kb for (kb,) in gone if kb in links] == []
    kinds = "select release, coalesce(build, kb), track, kind, available from builds order by 1, 2, 3"
    assert runs.rows(kinds) == first_run.rows(kinds)
    assert [change for change in runs.changes() if change[3] == "kind"] == [], "the kinds are as they were"


def test_accepted_version_is_the_measure_of_the_next(runs: Runs) -> None:
    runs.serve(OLD)
    fewer = halved(body_of(CLIENT, OLD))
    runs.answer(CLIENT, fewer)
    assert runs.scrape(SECOND).exit_code == 4
    assert accept(runs).exit_code == 0
    runs.answer(CLIENT, edited(fewer, HISTORY_24H2, replaced("2025-03-11", "2025-03-12")))
    assert runs.scrape(THIRD).exit_code == 0
    runs.answer(CLIENT, halved(fewer))
    assert runs.scrape(FOURTH).exit_code == 4, "an acceptance is for once"


def test_accepted_gain_of_a_column_passes(
    runs: Runs, second_run: Runs, without_page: Callable[[str], WithoutPage]
) -> None:
    """As if the page had been good; but its news are seen when it is accepted, as those of a page that comes back."""
    back = without_page(CLIENT).back
    runs.serve(NEW)
    runs.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    assert runs.scrape(SECOND).exit_code == 4
    assert accept(runs).exit_code == 0
    served = ("releases", "kbs", "builds", "months")
    assert runs.tables(*served) == second_run.tables(*served)
    assert runs.changes() == back.changes()
    findings = "select severity, code, release, subject, page, message from findings where {} order by 1, 2, 3, 4, 5, 6"
    assert runs.rows(findings.format("resolved_at is null")) == second_run.rows(findings.format("resolved_at is null"))
    assert runs.rows(findings.format("true")) == back.rows(findings.format("true"))
    assert runs.page(CLIENT) == (SECOND, None, None)

    told = runs.tables(*FACTS)
    result = runs.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.outcome() == "unchanged", "what was accepted is published, digest and all, when it is accepted"
    assert runs.tables(*FACTS) == told
    assert "0 changes, 0 page versions parsed" in runs.scrape(FOURTH).stdout


@pytest.mark.parametrize("silent", [False, True], ids=["at once", "after a run without a network"])
def test_changes_of_an_acceptance_are_seen_when_it_was_made(
    runs: Runs, without_page: Callable[[str], WithoutPage], silent: bool
) -> None:
    """A run without a network says nothing of the drift, which still stands; and what was published stays."""
    back = without_page(CLIENT).back
    runs.serve(NEW)
    runs.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    assert runs.scrape(SECOND).exit_code == 4
    published, run, now = seen(runs), 2, MORNING
    assert published
    if silent:
        with Web() as gone:
            url = gone.url
        result = runs.run("scrape", "--no-articles", "--mirror", url, "--now", THIRD, *runs.files)
        assert (result.exit_code, runs.outcome(), seen(runs)) == (3, "failed", published)
        assert runs.page(CLIENT)[:2] == (FIRST, SECOND)
        run, now = 3, NEXT_MORNING

    result = accept(runs, now)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.page(CLIENT) == (SECOND, None, None)
    assert seen(runs)[: len(published)] == published
    caused = seen(runs)[len(published) :]
    assert caused
    assert [change[0] for change in caused] == list(range(len(published) + 1, len(published) + len(caused) + 1))
    assert {change[1:3] for change in caused} == {(now, run)}
    assert runs.changes() == back.changes()

    told = seen(runs)
    assert runs.scrape(FOURTH).exit_code == 0
    assert (seen(runs), runs.page(CLIENT)) == (told, (FOURTH, None, None))
    assert runs.run("rebuild", *runs.files).exit_code == 0
    assert seen(runs) == told


def test_unchanged_run_after_an_acceptance_is_unchanged(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, gained))
    assert runs.scrape(SECOND).exit_code == 4
    assert accept(runs).exit_code == 0
    assert runs.scrape(THIRD).exit_code == 0
    assert (runs.outcome(), runs.facts()) == ("unchanged", first_run.facts())


def test_acceptance_survives_a_rebuild(runs: Runs) -> None:
    runs.answer(CLIENT, halved(PAGE))
    assert runs.scrape(SECOND).exit_code == 4
    assert accept(runs).exit_code == 0
    names = (*FACTS, "pages", "runs")
    told = runs.tables(*names)
    runs.run("rebuild", *runs.files)
    assert runs.tables(*names) == told


def test_lost_column_cannot_be_accepted(runs: Runs) -> None:
    runs.answer(CLIENT, edited(PAGE, HISTORY_24H2, lost(1)))
    assert runs.scrape(SECOND).exit_code == 4
    before = runs.db.read_bytes()
    result = accept(runs)
    assert result.exit_code == 2
    (problem,) = problems(result)
    assert problem == (
        f"winkb: unexpected acceptance on {CLIENT}. expected: a drift that can be read, found:"
        f" unexpected columns of a release-history table (Version 24H2 (OS build 26100)) on {CLIENT}."
        " expected: servicing option, update type, availability date, build, kb article,"
        " found: servicing option, availability date, build, kb article"
    )
    assert runs.db.read_bytes() == before
    assert runs.scrape(THIRD).exit_code == 4


def test_there_is_nothing_to_accept_where_no_drift_stands(runs: Runs) -> None:
    result = accept(runs)
    assert result.exit_code == 2
    assert problems(result) == [
        f"winkb: unexpected acceptance on {CLIENT}. expected: a drift that stands, found: a good page"
    ]
    runs.answer(CLIENT, Reply(404))
    assert runs.scrape(SECOND).exit_code == 4
    result = accept(runs)
    assert result.exit_code == 2
    assert (
        "found: unexpected answer on windows-11-release-information. expected: 200, found: 404" in problems(result)[0]
    )


def test_drift_that_is_gone_can_no_longer_be_accepted(runs: Runs) -> None:
    runs.answer(CLIENT, halved(PAGE))
    assert runs.scrape(SECOND).exit_code == 4
    runs.serve(NEW)
    assert runs.scrape(THIRD).exit_code == 0
    assert accept(runs).exit_code == 2

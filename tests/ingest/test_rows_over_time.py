"""Rows from run to run: missing once, withdrawn, back, corrected, completed (design.md section 4)."""

import re

import pytest

from tests.fixtures.edits import (
    HISTORY_24H2,
    HISTORY_25H2,
    dropped,
    edited,
    replaced,
)
from tests.fixtures.runs import (
    CLIENT,
    FIFTH,
    FIRST,
    FOURTH,
    NOTES,
    OLD,
    SECOND,
    SERVER,
    THIRD,
    UPDATES,
    Nights,
    body_of,
)
from tests.fixtures.web import Reply

pytestmark = pytest.mark.usefixtures("hurried")


MARCH = ("builds", "windows-11-24h2", "KB5053598")
# The one that the update history does not list, so that it is gone when it is gone from its page.
NOVEMBER = ("builds", "windows-11-24h2", "KB5072359")


def standing(nights: Nights, kb: str = "KB5053598") -> list[tuple]:  # type: ignore[type-arg]
    query = (
        "select build, corrected_to, withdrawn from builds where release = 'windows-11-24h2' and kb = ? order by build"
    )
    return nights.rows(query, kb)


def test_row_that_is_missing_for_one_night_is_no_change(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert nights.scrape(SECOND).exit_code == 0
    assert (nights.outcome(), nights.facts()) == ("unchanged", begun.facts())
    nights.serve(OLD)
    assert nights.scrape(THIRD).exit_code == 0
    assert (nights.outcome(), nights.facts()) == ("unchanged", begun.facts())
    # It starts anew: once more is again the first time.
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert nights.scrape(FOURTH).exit_code == 0
    assert (standing(nights, "KB5072359"), nights.changes()) == ([("26100.7178", None, 0)], [])


def test_row_that_is_missing_twice_is_withdrawn_and_comes_back(nights: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.scrape(THIRD).exit_code == 0
    assert standing(nights, "KB5072359") == [("26100.7178", None, 1)]
    assert nights.changes() == [(*NOVEMBER, "row", "26100.7178", None)]
    assert nights.outcome() == "news"
    assert nights.scrape(FOURTH).exit_code == 0
    assert nights.outcome() == "unchanged"
    nights.serve(OLD)
    assert nights.scrape(FIFTH).exit_code == 0
    assert standing(nights, "KB5072359") == [("26100.7178", None, 0)]
    assert nights.changes() == [(*NOVEMBER, "row", "26100.7178", None), (*NOVEMBER, "row", None, "26100.7178")]


def test_night_in_which_the_page_failed_is_no_disappearance(nights: Nights) -> None:
    gone = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359"))
    nights.serve(OLD)
    nights.answer(CLIENT, gone)
    assert nights.scrape(SECOND).exit_code == 0
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(THIRD).exit_code == 4
    assert standing(nights, "KB5072359") == [("26100.7178", None, 0)]
    nights.answer(CLIENT, gone)
    assert nights.scrape(FOURTH).exit_code == 0
    assert standing(nights, "KB5072359") == [("26100.7178", None, 1)]


@pytest.mark.parametrize("kb", ["KB5053598", "KB5052093"], ids=["security", "preview"])
def test_row_that_the_update_history_lists_is_not_gone_until_it_is_gone_there(
    nights: Nights, begun: Nights, kb: str
) -> None:
    """Its values stay, and stay with the page that they came from."""
    of = "from builds where release = 'windows-11-24h2' and kb = ?"
    query = f"select build, kind, cadence, month, available, withdrawn, page {of}"
    nights.serve(OLD)
    gone = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped(kb))
    nights.answer(CLIENT, gone)
    for now in (SECOND, THIRD):
        assert nights.scrape(now).exit_code == 0
        assert nights.rows(query, kb) == begun.rows(query, kb)
        assert nights.changes() == []
    links = body_of(UPDATES, OLD).decode()
    unlisted = re.sub(rf"<li\b[^>]*>\s*<a\b[^>]*>[^<]*{kb}[^<]*</a>\s*</li>", "", links)
    assert kb not in unlisted
    nights.answer(UPDATES, unlisted.encode())
    assert nights.scrape(FOURTH).exit_code == 0
    assert nights.changes() == []
    assert nights.scrape(FIFTH).exit_code == 0
    ((build, *_),) = begun.rows(query, kb)
    assert nights.changes() == [("builds", "windows-11-24h2", kb, "row", build, None)]


def test_build_corrected_under_the_same_kb_stays_as_corrected(fresh: Nights) -> None:
    """As on 2025-03-11 (facts/page_corrections.csv)."""
    wrong = edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("26100.3476", "26100.3474"))
    fresh.answer(CLIENT, wrong)
    assert fresh.scrape(FIRST).exit_code == 0
    assert standing(fresh) == [("26100.3474", None, 0)]
    fresh.serve(OLD)
    assert fresh.scrape(SECOND).exit_code == 0
    corrected = [("26100.3474", "26100.3476"), ("26100.3476", None)]
    assert [row[:2] for row in standing(fresh)] == corrected
    assert standing(fresh)[1][2] == 0
    assert fresh.changes() == [(*MARCH, "build", "26100.3474", "26100.3476")]
    assert fresh.scrape(THIRD).exit_code == 0
    assert [row[:2] for row in standing(fresh)] == corrected
    assert len(fresh.changes()) == 1
    assert fresh.run("build", "26100.3474", "--db", str(fresh.db)).exit_code == 0


def test_kb_learned_for_a_row_without_one_is_a_change_of_the_row(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    learned = edited(
        body_of(CLIENT, OLD),
        HISTORY_25H2,
        replaced("26200.6584</td>\n<td></td>", "26200.6584</td>\n<td>KB5065426</td>"),
    )
    assert learned != body_of(CLIENT, OLD)
    nights.answer(CLIENT, learned)
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.changes() == [("builds", "windows-11-25h2", "KB5065426", "kb", None, "KB5065426")]
    query = "select release, build, kb, withdrawn from builds where build = '26200.6584'"
    assert begun.rows(query) == [("windows-11-25h2", "26200.6584", None, 0)]
    assert nights.rows(query) == [("windows-11-25h2", "26200.6584", "KB5065426", 0)]
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.outcome() == "unchanged"


def test_corrected_date_is_a_change_of_the_row(nights: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("2025-03-11", "2025-03-12", "KB5053598")))
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.changes() == [(*MARCH, "available", "2025-03-11", "2025-03-12")]
    assert standing(nights) == [("26100.3476", None, 0)]


def test_value_that_vanished_from_a_row_stays(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    nights.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("2025-03-11", "", "KB5053598")))
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.tables("builds", "changes") == begun.tables("builds", "changes")


@pytest.mark.parametrize("name", [CLIENT, NOTES, SERVER])
def test_first_good_version_of_a_page_brings_no_changes(fresh: Nights, name: str) -> None:
    assert fresh.scrape(FIRST, "--source", name).exit_code == 0
    assert fresh.scrape(SECOND).exit_code == 0
    assert fresh.changes() == []

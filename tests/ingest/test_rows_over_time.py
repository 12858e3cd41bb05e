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
    Runs,
    body_of,
)
from tests.fixtures.web import Reply

pytestmark = pytest.mark.usefixtures("no_waiting")


MARCH = ("builds", "windows-11-24h2", "KB5053598")
# The one that the update history does not list, so that it is gone when it is gone from its page.
NOVEMBER = ("builds", "windows-11-24h2", "KB5072359")


def rows_of(runs: Runs, kb: str = "KB5053598") -> list[tuple]:  # type: ignore[type-arg]
    query = (
        "select build, corrected_to, withdrawn from builds where release = 'windows-11-24h2' and kb = ? order by build"
    )
    return runs.rows(query, kb)


def test_row_that_is_missing_for_one_run_is_no_change(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert runs.scrape(SECOND).exit_code == 0
    assert (runs.outcome(), runs.facts()) == ("unchanged", first_run.facts())
    runs.serve(OLD)
    assert runs.scrape(THIRD).exit_code == 0
    assert (runs.outcome(), runs.facts()) == ("unchanged", first_run.facts())
    # It starts anew: once more is again the first time.
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert runs.scrape(FOURTH).exit_code == 0
    assert (rows_of(runs, "KB5072359"), runs.changes()) == ([("26100.7178", None, 0)], [])


def test_row_that_is_missing_twice_is_withdrawn_and_comes_back(runs: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359")))
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.scrape(THIRD).exit_code == 0
    assert rows_of(runs, "KB5072359") == [("26100.7178", None, 1)]
    assert runs.changes() == [(*NOVEMBER, "row", "26100.7178", None)]
    assert runs.outcome() == "news"
    assert runs.scrape(FOURTH).exit_code == 0
    assert runs.outcome() == "unchanged"
    runs.serve(OLD)
    assert runs.scrape(FIFTH).exit_code == 0
    assert rows_of(runs, "KB5072359") == [("26100.7178", None, 0)]
    assert runs.changes() == [(*NOVEMBER, "row", "26100.7178", None), (*NOVEMBER, "row", None, "26100.7178")]


def test_run_in_which_the_page_failed_is_no_disappearance(runs: Runs) -> None:
    gone = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359"))
    runs.serve(OLD)
    runs.answer(CLIENT, gone)
    assert runs.scrape(SECOND).exit_code == 0
    runs.answer(CLIENT, Reply(404))
    assert runs.scrape(THIRD).exit_code == 4
    assert rows_of(runs, "KB5072359") == [("26100.7178", None, 0)]
    runs.answer(CLIENT, gone)
    assert runs.scrape(FOURTH).exit_code == 0
    assert rows_of(runs, "KB5072359") == [("26100.7178", None, 1)]


@pytest.mark.parametrize("kb", ["KB5053598", "KB5052093"], ids=["security", "preview"])
def test_row_that_the_update_history_lists_is_not_gone_until_it_is_gone_there(
    runs: Runs, first_run: Runs, kb: str
) -> None:
    """Its values stay, and stay with the page that they came from."""
    of = "from builds where release = 'windows-11-24h2' and kb = ?"
    query = f"select build, kind, cadence, month, available, withdrawn, page {of}"
    runs.serve(OLD)
    gone = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped(kb))
    runs.answer(CLIENT, gone)
    for now in (SECOND, THIRD):
        assert runs.scrape(now).exit_code == 0
        assert runs.rows(query, kb) == first_run.rows(query, kb)
        assert runs.changes() == []
    links = body_of(UPDATES, OLD).decode()
    unlisted = re.sub(rf"<li\b[^>]*>\s*<a\b[^>]*>[^<]*{kb}[^<]*</a>\s*</li>", "", links)
    assert kb not in unlisted
    runs.answer(UPDATES, unlisted.encode())
    assert runs.scrape(FOURTH).exit_code == 0
    assert runs.changes() == []
    assert runs.scrape(FIFTH).exit_code == 0
    ((build, *_),) = first_run.rows(query, kb)
    assert runs.changes() == [("builds", "windows-11-24h2", kb, "row", build, None)]


def test_build_corrected_under_the_same_kb_stays_as_corrected(no_run: Runs) -> None:
    """As on 2025-03-11 (facts/page_corrections.csv)."""
    wrong = edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("26100.3476", "26100.3474"))
    no_run.answer(CLIENT, wrong)
    assert no_run.scrape(FIRST).exit_code == 0
    assert rows_of(no_run) == [("26100.3474", None, 0)]
    no_run.serve(OLD)
    assert no_run.scrape(SECOND).exit_code == 0
    corrected = [("26100.3474", "26100.3476"), ("26100.3476", None)]
    assert [row[:2] for row in rows_of(no_run)] == corrected
    assert rows_of(no_run)[1][2] == 0
    assert no_run.changes() == [(*MARCH, "build", "26100.3474", "26100.3476")]
    assert no_run.scrape(THIRD).exit_code == 0
    assert [row[:2] for row in rows_of(no_run)] == corrected
    assert len(no_run.changes()) == 1
    assert no_run.run("build", "26100.3474", "--db", str(no_run.db)).exit_code == 0


def test_kb_learned_for_a_row_without_one_is_a_change_of_the_row(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    learned = edited(
        body_of(CLIENT, OLD),
        HISTORY_25H2,
        replaced("26200.6584</td>\n<td></td>", "26200.6584</td>\n<td>KB5065426</td>"),
    )
    assert learned != body_of(CLIENT, OLD)
    runs.answer(CLIENT, learned)
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.changes() == [("builds", "windows-11-25h2", "KB5065426", "kb", None, "KB5065426")]
    query = "select release, build, kb, withdrawn from builds where build = '26200.6584'"
    assert first_run.rows(query) == [("windows-11-25h2", "26200.6584", None, 0)]
    assert runs.rows(query) == [("windows-11-25h2", "26200.6584", "KB5065426", 0)]
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.outcome() == "unchanged"


def test_corrected_date_is_a_change_of_the_row(runs: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("2025-03-11", "2025-03-12", "KB5053598")))
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.changes() == [(*MARCH, "available", "2025-03-11", "2025-03-12")]
    assert rows_of(runs) == [("26100.3476", None, 0)]


def test_value_that_vanished_from_a_row_stays(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    runs.answer(CLIENT, edited(body_of(CLIENT, OLD), HISTORY_24H2, replaced("2025-03-11", "", "KB5053598")))
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.tables("builds", "changes") == first_run.tables("builds", "changes")


@pytest.mark.parametrize("name", [CLIENT, NOTES, SERVER])
def test_first_good_version_of_a_page_brings_no_changes(no_run: Runs, name: str) -> None:
    assert no_run.scrape(FIRST, "--source", name).exit_code == 0
    assert no_run.scrape(SECOND).exit_code == 0
    assert no_run.changes() == []

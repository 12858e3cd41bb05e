"""One bad page on top of a good catalog: real commands, real HTTP on 127.0.0.1 (design.md sections 3, 4 and 7).

What a failing page must come to is not written down row by row: the facts must be those of a job that had never asked
for the page in that run, and after a good run those of a job that came back to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.fixtures.edits import (
    CALENDAR_24H2,
    HISTORY_24H2,
    HISTORY_25H2,
    LOST_HALF,
    NOTES_2026,
    PAGE,
    edited,
    gained,
    halved,
    lost,
    replaced,
    without_table,
)
from tests.fixtures.runs import (
    CLIENT,
    FIFTH,
    FIRST,
    FOURTH,
    NEW,
    NOTES,
    OLD,
    SECOND,
    SERVER,
    THIRD,
    URLS,
    Runs,
    WithoutPage,
    body_of,
    problems,
)
from tests.fixtures.web import Reply

pytestmark = pytest.mark.usefixtures("no_waiting")


@dataclass(frozen=True)
class Bad:
    """One page, what it answers, how the run must end, and what it must say."""

    name: str
    answer: Reply
    exit_code: int
    problem: str


def bad(name: str, answer: Reply | bytes, exit_code: int, problem: str) -> Bad:
    reply = Reply(body=answer) if isinstance(answer, bytes) else answer
    return Bad(name, reply, exit_code, problem.replace("URL", URLS[name]))


HALF = PAGE[: len(PAGE) // 2]
TABLES = PAGE[: PAGE.index(b"</main>") + len(b"</main>")]
HISTORY_COLUMNS = "servicing option, update type, availability date, build, kb article"
CALENDAR_COLUMNS = "month, update type, type, availability date, build, kb article"
HISTORY_OF_24H2 = "columns of a release-history table (Version 24H2 (OS build 26100))"
CALENDAR_OF_24H2 = "columns of a hotpatch-calendar table (Version 24H2 (OS build 26100))"
NOTES_TABLE = "columns of a hotpatch-calendar table (no label)"
BAD = {
    "half a page": bad(
        CLIENT, HALF, 4, f"end. expected: </html>, found: {HALF.rstrip()[-20:].decode()!r} after {len(HALF)} bytes"
    ),
    "cut after the tables": bad(
        CLIENT, TABLES, 4, f"end. expected: </html>, found: '/div>\\n</div>\\n</main>' after {len(TABLES)} bytes"
    ),
    "not the page": bad(
        CLIENT,
        b"<html><head><title>Sorry</title></head><body><main>We are down.</main></body></html>",
        4,
        "container. expected: tables (servicing, long-term-servicing, release-history, hotpatch-calendar),"
        " found: none of them",
    ),
    "hub page without a navigation": bad(
        NOTES,
        body_of(NOTES, NEW).replace(b"NavCategory", b"NavGroup"),
        4,
        "left navigation. expected: categories with links, found: a page titled"
        " 'Release notes for Hotpatch on Windows 11 Enterprise version 25H2 | Microsoft Support'",
    ),
    "half the rows": bad(
        CLIENT,
        halved(PAGE),
        4,
        "number of release-history rows. expected: more than 60 % of 154 rows, found: 88",
    ),
    "version without its table": bad(
        CLIENT,
        without_table(PAGE, HISTORY_25H2),
        4,
        "lack of windows-11-25h2 in the release-history tables."
        " expected: the rows of windows-11-25h2, which still gets updates, found: none",
    ),
}


COLUMNS = {
    "history": (
        bad(
            CLIENT,
            edited(PAGE, HISTORY_24H2, lost(1)),
            4,
            f"{HISTORY_OF_24H2}. expected: {HISTORY_COLUMNS},"
            " found: servicing option, availability date, build, kb article",
        ),
        bad(
            CLIENT,
            edited(PAGE, HISTORY_24H2, gained),
            4,
            f"{HISTORY_OF_24H2}. expected: {HISTORY_COLUMNS}, found: {HISTORY_COLUMNS}, withdrawn",
        ),
        bad(
            CLIENT,
            edited(PAGE, HISTORY_24H2, replaced("KB article", "Article")),
            4,
            f"{HISTORY_OF_24H2}. expected: {HISTORY_COLUMNS},"
            " found: servicing option, update type, availability date, build, article",
        ),
    ),
    "calendar": (
        bad(
            CLIENT,
            edited(PAGE, CALENDAR_24H2, lost(2)),
            4,
            f"{CALENDAR_OF_24H2}. expected: {CALENDAR_COLUMNS},"
            " found: month, update type, availability date, build, kb article",
        ),
        bad(
            CLIENT,
            edited(PAGE, CALENDAR_24H2, gained),
            4,
            f"{CALENDAR_OF_24H2}. expected: {CALENDAR_COLUMNS}, found: {CALENDAR_COLUMNS}, withdrawn",
        ),
        bad(
            CLIENT,
            edited(PAGE, CALENDAR_24H2, replaced("Month", "When")),
            4,
            f"{CALENDAR_OF_24H2}. expected: {CALENDAR_COLUMNS},"
            " found: when, update type, type, availability date, build, kb article",
        ),
    ),
    "hub calendar": (
        bad(
            NOTES,
            edited(body_of(NOTES, NEW), NOTES_2026, lost(2)),
            4,
            f"{NOTES_TABLE}. expected: month, update type, type, kb article, found: month, update type, kb article",
        ),
        bad(
            NOTES,
            edited(body_of(NOTES, NEW), NOTES_2026, gained),
            4,
            f"{NOTES_TABLE}. expected: month, update type, type, kb article,"
            " found: month, update type, type, kb article, withdrawn",
        ),
        bad(
            NOTES,
            edited(body_of(NOTES, NEW), NOTES_2026, replaced("<strong>Type", "<strong>Kind")),
            4,
            f"{NOTES_TABLE}. expected: month, update type, type, kb article,"
            " found: month, update type, kind, kb article",
        ),
    ),
}


def on_page(case: Bad) -> str:
    """The whole line, as the command says it."""
    thing, rest = case.problem.split(". expected: ", 1)
    return f"winkb: unexpected {thing} on {case.name}. expected: {rest}"


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_bad_page_is_as_if_it_had_not_been_asked_for_and_comes_back(
    runs: Runs, without_page: Callable[[str], WithoutPage], case: Bad
) -> None:
    expected = without_page(case.name)
    runs.serve(NEW)
    runs.answer(case.name, case.answer)
    result = runs.scrape(SECOND)
    assert problems(result) == [on_page(case)]
    assert result.exit_code == case.exit_code
    assert runs.facts() == expected.bad
    assert runs.page(case.name) == (FIRST, SECOND, problems(result)[0].removeprefix("winkb: "))

    runs.serve(NEW)
    result = runs.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.facts() == expected.good
    assert runs.page(case.name) == (THIRD, None, None)


@pytest.mark.parametrize("cases", COLUMNS.values(), ids=COLUMNS)
def test_table_that_lost_gained_or_renamed_a_column_sets_its_page_aside(
    runs: Runs, without_page: Callable[[str], WithoutPage], cases: tuple[Bad, ...]
) -> None:
    """One run each, since a drift may well have several faces before it is over."""
    name = cases[0].name
    expected = without_page(name)
    runs.serve(NEW)
    for case, now in zip(cases, (SECOND, THIRD, FOURTH), strict=True):
        runs.answer(name, case.answer)
        result = runs.scrape(now)
        assert (problems(result), result.exit_code) == ([on_page(case)], 4)
        assert runs.facts() == expected.bad
        assert runs.page(name) == (FIRST, SECOND, problems(result)[0].removeprefix("winkb: "))
    runs.serve(NEW)
    result = runs.scrape(FIFTH)
    assert (result.exit_code, problems(result)) == (0, [])
    served = ("releases", "kbs", "builds", "months")
    assert runs.tables(*served) == expected.back.tables(*served)
    assert runs.changes() == expected.back.changes()
    assert runs.page(name) == (FIFTH, None, None)


SERVED = {
    "releases": ("release", "available, end_of_updates, end_of_updates_enterprise, ended, serviced"),
    "builds": (
        "release || coalesce(build, '') || coalesce(kb, '')",
        "cadence, month, available, corrected_to, withdrawn",
    ),
    "months": ("release || month", "type, planned_type, available, build, kb, withdrawn"),
}


@pytest.mark.parametrize("name", [CLIENT, NOTES, SERVER])
def test_page_left_out_keeps_its_facts_while_the_others_are_published(
    first_run: Runs, without_page: Callable[[str], WithoutPage], name: str
) -> None:
    runs = without_page(name).runs
    for table, (key, columns) in SERVED.items():
        query = f"select {key}, page, {columns} from {table}"
        now = {row[0]: row[1:] for row in runs.rows(query)}
        for known, *values in first_run.rows(f"{query} where page = ?", name):
            # A null may have been filled from another page (rule 8), and a plan be overtaken by a release.
            overtaken = (
                table == "months" and values[3:6] == [None, None, None] and now[known][3:6] != (None, None, None)
            )
            for place, (old, new) in enumerate(zip(values, now[known], strict=True)):
                assert old in (None, new) or (overtaken and place == 1), (table, known)
    assert runs.page(name) == (FIRST, None, None)
    assert runs.facts() != first_run.facts()
    # Each is told by the page left out alone, or by another one alone.
    told = {
        CLIENT: "select 1 from builds where release = 'windows-11-26h2' and build = '26300.9457'",
        NOTES: "select 1 from months where release = 'windows-11-25h2' and month = '2026-08' and kb = 'KB5120994'",
        SERVER: "select 1 from builds where release = 'windows-server-2022' and month > '2026-07' and page = 'x'",
    }
    assert [bool(runs.rows(query)) for query in told.values()] == [name != CLIENT, True, False]


def test_month_that_the_notes_call_a_baseline_is_no_hotpatch_while_the_calendar_fails(
    without_page: Callable[[str], WithoutPage],
) -> None:
    """September 2026 came as a baseline; the release information of July, then the last good one, had planned a
    hotpatch. The newest page says it (design.md section 4, ``months``): nobody must be told that no restart is due."""
    runs = without_page(CLIENT).runs
    month = "select type, planned_type, restart, kb from months where release = 'windows-11-24h2' and month = '2026-09'"
    assert runs.rows(month) == [("baseline", "hotpatch", 1, "KB5124008")]
    query = "select track, kind, month from builds where release = 'windows-11-24h2' and kb = 'KB5124008'"
    assert runs.rows(query) == [("cumulative", "baseline", "2026-09")]


def test_no_row_of_the_failing_runs_is_left_when_the_calendar_is_back(
    without_page: Callable[[str], WithoutPage], second_run: Runs
) -> None:
    query = "select release, build, kb, track, kind, twin_kb from builds where kb = 'KB5124008' order by build"
    assert without_page(CLIENT).back.rows(query) == second_run.rows(query)


def test_history_of_a_version_out_of_support_may_go(runs: Runs) -> None:
    """21H2 and 22H2 no longer stand in the servicing table; only releases still supported are counted."""
    runs.serve(OLD)
    page = without_table(body_of(CLIENT, OLD), "<strong>Version 22H2 (OS build 22621)")
    runs.answer(CLIENT, without_table(page, "<strong>Version 21H2 (OS build 22000)"))
    result = runs.scrape(SECOND)
    assert (problems(result), result.exit_code) == ([], 0)


def test_rows_of_versions_out_of_support_do_not_make_up_for_lost_ones(runs: Runs) -> None:
    """Half the rows of the supported versions are 60 % of the whole page's and more."""
    runs.serve(OLD)
    head, mark, rest = body_of(CLIENT, OLD).partition(b"<strong>Version 22H2 (OS build 22621)")
    runs.answer(CLIENT, halved(head) + mark + rest)
    result = runs.scrape(SECOND)
    assert result.exit_code == 4
    assert problems(result)[0].startswith(f"winkb: {LOST_HALF}")

"""Bad input, from the command to the catalog: real commands, real HTTP on 127.0.0.1, one bad page on top of a good
catalog of the night before (design.md sections 3, 4 and 7).

What a failing page must come to is not written down row by row: the facts must be those of a job that had never asked
for the page that night, and after a good night those of a job that came back to it.
"""

import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from click.testing import Result

from scraper.ingest.sources import BY_NAME
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FIFTH,
    FIRST,
    FOURTH,
    MORNING,
    NEW,
    NEXT_MORNING,
    NOTES,
    OLD,
    SECOND,
    SERVER,
    THIRD,
    UPDATES,
    URLS,
    Nights,
    Unasked,
    body_of,
    problems,
)
from tests.fixtures.web import Asked, Reply, Web

pytestmark = pytest.mark.usefixtures("hurried")

Edit = Callable[[int, str], str]


# --- pages -----------------------------------------------------------------------------------------------------------

_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"\s*<(t[dh])\b.*?</\1>", re.DOTALL)
_HISTORY = re.compile(r'<table class="cells-centered" id="historyTable_.*?</table>', re.DOTALL)
HISTORY_24H2 = "<strong>Version 24H2 (OS build 26100)"
HISTORY_25H2 = "<strong>Version 25H2 (OS build 26200)"
CALENDAR_24H2 = 'id="HotpatchCalendar_Version24H2_2026"'
SERVICING = "Servicing channels</h4>"
NOTES_2026 = "Hotpatch updates for calendar year 2026"


def edited(body: bytes, where: str, edit: Edit) -> bytes:
    """The page with the rows of one table edited, by number, the header's being 0: the table with the id ``where``,
    else the next one after these words."""
    text = body.decode()
    at = text.index(where)
    start = text.rindex("<table", 0, at) if where.startswith("id=") else text.index("<table", at)
    end = text.index("</table>", start)
    numbers = count()
    return (text[:start] + _ROW.sub(lambda row: edit(next(numbers), row[0]), text[start:end]) + text[end:]).encode()


def replaced(old: str, new: str, within: str = "") -> Edit:
    """Replace words in the one row that has ``within`` (by default, the words themselves)."""

    def edit(number: int, row: str) -> str:
        if (within or old) not in row:
            return row
        assert row.count(old) >= 1, row
        return row.replace(old, new)

    return edit


def dropped(words: str) -> Edit:
    return lambda number, row: "" if words in row else row


def lost(place: int) -> Edit:
    def edit(number: int, row: str) -> str:
        cells = [cell[0] for cell in _CELL.finditer(row)]
        assert place < len(cells), row
        return row.replace(cells[place], "", 1)

    return edit


def gained(number: int, row: str) -> str:
    return row.replace("</tr>", f"{'<td>no</td>' if number else '<th>Withdrawn</th>'}</tr>")


def halved(body: bytes) -> bytes:
    """Every second row of all release histories is gone."""

    def halve(table: re.Match[str]) -> str:
        numbers = count()
        return _ROW.sub(lambda row: row[0] if (number := next(numbers)) % 2 or not number else "", table[0])

    return _HISTORY.sub(halve, body.decode()).encode()


def without_table(body: bytes, where: str) -> bytes:
    return re.sub(rb"<table[^>]*>\s*<tbody>\s*</tbody></table>", b"", edited(body, where, lambda number, row: ""))


# --- a page that fails -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """One page, what it answers, how the run must end, and what it must say."""

    name: str
    answer: Reply
    exit_code: int
    said: str


def bad(name: str, answer: Reply | bytes, exit_code: int, said: str) -> Bad:
    reply = Reply(body=answer) if isinstance(answer, bytes) else answer
    return Bad(name, reply, exit_code, said.replace("URL", URLS[name]))


PAGE = body_of(CLIENT, NEW)
HALF = PAGE[: len(PAGE) // 2]
TABLES = PAGE[: PAGE.index(b"</main>") + len(b"</main>")]
TABLES_OF_OLD = body_of(CLIENT, OLD).partition(b"</main>")[0] + b"</main>"
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
    thing, rest = case.said.split(". expected: ", 1)
    return f"winkb: unexpected {thing} on {case.name}. expected: {rest}"


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_bad_page_is_as_if_it_had_not_been_asked_for_and_comes_back(
    nights: Nights, unasked: Callable[[str], Unasked], case: Bad
) -> None:
    expected = unasked(case.name)
    nights.serve(NEW)
    nights.answer(case.name, case.answer)
    result = nights.scrape(SECOND)
    assert problems(result) == [on_page(case)]
    assert result.exit_code == case.exit_code
    assert nights.facts() == expected.bad
    assert nights.page(case.name) == (FIRST, SECOND, problems(result)[0].removeprefix("winkb: "))

    nights.serve(NEW)
    result = nights.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.facts() == expected.good
    assert nights.page(case.name) == (THIRD, None, None)


@pytest.mark.parametrize("cases", COLUMNS.values(), ids=COLUMNS)
def test_table_that_lost_gained_or_renamed_a_column_sets_its_page_aside(
    nights: Nights, unasked: Callable[[str], Unasked], cases: tuple[Bad, ...]
) -> None:
    """One night each, since a drift may well have several faces before it is over."""
    name = cases[0].name
    expected = unasked(name)
    nights.serve(NEW)
    for case, now in zip(cases, (SECOND, THIRD, FOURTH), strict=True):
        nights.answer(name, case.answer)
        result = nights.scrape(now)
        assert (problems(result), result.exit_code) == ([on_page(case)], 4)
        assert nights.facts() == expected.bad
        assert nights.page(name) == (FIRST, SECOND, problems(result)[0].removeprefix("winkb: "))
    nights.serve(NEW)
    result = nights.scrape(FIFTH)
    assert (result.exit_code, problems(result)) == (0, [])
    served = ("releases", "kbs", "builds", "months")
    assert nights.tables(*served) == expected.back.tables(*served)
    assert nights.changes() == expected.back.changes()
    assert nights.page(name) == (FIFTH, None, None)


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
    begun: Nights, unasked: Callable[[str], Unasked], name: str
) -> None:
    nights = unasked(name).nights
    for table, (key, columns) in SERVED.items():
        query = f"select {key}, page, {columns} from {table}"
        now = {row[0]: row[1:] for row in nights.rows(query)}
        for known, *values in begun.rows(f"{query} where page = ?", name):
            # A null may have been filled from another page (rule 8), and a plan be overtaken by a release.
            overtaken = (
                table == "months" and values[3:6] == [None, None, None] and now[known][3:6] != (None, None, None)
            )
            for place, (old, new) in enumerate(zip(values, now[known], strict=True)):
                assert old in (None, new) or (overtaken and place == 1), (table, known)
    assert nights.page(name) == (FIRST, None, None)
    assert nights.facts() != begun.facts()
    # Each is told by the page left out alone, or by another one alone.
    told = {
        CLIENT: "select 1 from builds where release = 'windows-11-26h2' and build = '26300.9457'",
        NOTES: "select 1 from months where release = 'windows-11-25h2' and month = '2026-08' and kb = 'KB5120994'",
        SERVER: "select 1 from builds where release = 'windows-server-2022' and month > '2026-07' and page = 'x'",
    }
    assert [bool(nights.rows(query)) for query in told.values()] == [name != CLIENT, True, False]


def test_month_that_the_notes_call_a_baseline_is_no_hotpatch_while_the_calendar_fails(
    unasked: Callable[[str], Unasked],
) -> None:
    """September 2026 came as a baseline; the release information of July, then the last good one, had planned a
    hotpatch. The newest page says it (design.md section 4, ``months``): nobody must be told that no restart is due."""
    nights = unasked(CLIENT).nights
    month = "select type, planned_type, restart, kb from months where release = 'windows-11-24h2' and month = '2026-09'"
    assert nights.rows(month) == [("baseline", "hotpatch", 1, "KB5124008")]
    query = "select track, kind, month from builds where release = 'windows-11-24h2' and kb = 'KB5124008'"
    assert nights.rows(query) == [("cumulative", "baseline", "2026-09")]


def test_no_row_of_the_failing_nights_is_left_when_the_calendar_is_back(
    unasked: Callable[[str], Unasked], clean: Nights
) -> None:
    query = "select release, build, kb, track, kind, twin_kb from builds where kb = 'KB5124008' order by build"
    assert unasked(CLIENT).back.rows(query) == clean.rows(query)


def test_history_of_a_version_out_of_support_may_go(nights: Nights) -> None:
    """21H2 and 22H2 no longer stand in the servicing table; only releases still supported are counted."""
    nights.serve(OLD)
    page = without_table(body_of(CLIENT, OLD), "<strong>Version 22H2 (OS build 22621)")
    nights.answer(CLIENT, without_table(page, "<strong>Version 21H2 (OS build 22000)"))
    result = nights.scrape(SECOND)
    assert (problems(result), result.exit_code) == ([], 0)


def test_rows_of_versions_out_of_support_do_not_make_up_for_lost_ones(nights: Nights) -> None:
    """Half the rows of the supported versions are 60 % of the whole page's and more."""
    nights.serve(OLD)
    head, mark, rest = body_of(CLIENT, OLD).partition(b"<strong>Version 22H2 (OS build 22621)")
    nights.answer(CLIENT, halved(head) + mark + rest)
    result = nights.scrape(SECOND)
    assert result.exit_code == 4
    assert problems(result)[0].startswith(f"winkb: {LOST_HALF}")


def test_a_person_must_look_wins_over_try_later(nights: Nights) -> None:
    nights.answer(CLIENT, Reply(403))
    nights.answer(NOTES, Reply(404))
    result = nights.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (4, 2)


def test_night_with_failures_can_be_rebuilt_row_for_row(nights: Nights) -> None:
    names = (*FACTS, "pages", "runs", "feeds")
    nights.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    nights.answer(NOTES, Reply(403))
    assert nights.scrape(SECOND).exit_code == 4
    told = nights.tables(*names)
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*names) == told
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(THIRD).exit_code == 4
    told = nights.tables(*names)
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*names) == told


def test_page_that_was_never_good_contributes_nothing_yet(fresh: Nights) -> None:
    fresh.answer(CLIENT, Reply(404))
    assert fresh.scrape(FIRST).exit_code == 4
    assert fresh.page(CLIENT)[:2] == (None, FIRST)
    assert fresh.rows("select count(*) from builds where page = ?", CLIENT) == [(0,)]
    assert fresh.rows("select count(*) > 50 from builds") == [(1,)]
    fresh.serve(OLD)
    assert fresh.scrape(SECOND).exit_code == 0
    assert fresh.page(CLIENT) == (SECOND, None, None)
    assert fresh.changes() == []


def test_with_no_good_page_at_all_nothing_is_published(fresh: Nights) -> None:
    for name in BY_NAME:
        fresh.answer(name, Reply(403))
    result = fresh.scrape(FIRST)
    assert (result.exit_code, len(problems(result))) == (3, len(BY_NAME))
    assert not fresh.db.exists()
    fresh.serve(OLD)
    assert fresh.scrape(SECOND).exit_code == 0
    assert fresh.changes() == []


def test_drift_that_is_answered_with_not_modified_is_still_a_drift(nights: Nights) -> None:
    def once(asked: Asked) -> Reply:
        return Reply(304) if asked.headers.get("if-none-match") else Reply(body=drift, headers={"ETag": '"1"'})

    drift = edited(PAGE, HISTORY_24H2, gained)
    nights.answer(CLIENT, once)
    assert nights.scrape(SECOND).exit_code == 4
    result = nights.scrape(THIRD)
    assert result.exit_code == 4
    assert len(problems(result)) == 1
    assert nights.page(CLIENT)[:2] == (FIRST, SECOND)


@pytest.mark.parametrize("broken", [TABLES_OF_OLD, TABLES_OF_OLD + b"\xff</body></html>"], ids=["cut", "not UTF-8"])
def test_known_page_that_comes_broken_after_its_tables_is_broken(nights: Nights, begun: Nights, broken: bytes) -> None:
    """All that is read of it is there; but a body that is not whole is no answer, whatever it has in common."""
    nights.serve(OLD)
    nights.answer(CLIENT, broken)
    assert nights.scrape(SECOND).exit_code == 4
    assert nights.page(CLIENT)[:2] == (FIRST, SECOND)
    assert nights.facts() == begun.facts()
    nights.serve(OLD)
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.page(CLIENT) == (THIRD, None, None)


def test_page_that_is_back_and_not_modified_is_no_longer_failing(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    known = Reply(body=body_of(CLIENT, OLD), headers={"ETag": '"1"'})
    nights.answer(CLIENT, known)
    assert nights.scrape(SECOND).exit_code == 0
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(THIRD).exit_code == 4
    nights.answer(CLIENT, lambda asked: Reply(304) if asked.headers.get("if-none-match") == '"1"' else Reply(500))
    assert nights.scrape(FOURTH).exit_code == 0
    assert nights.page(CLIENT) == (FOURTH, None, None)
    assert nights.facts() == begun.facts()


# --- a row that cannot be read ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unreadable:
    """A page with one row that cannot be read, whose other cells say something new, too; the subject of its finding,
    and what that says."""

    name: str
    body: bytes
    release: str
    subject: str
    message: str


UNREADABLE = {
    "unknown type": Unreadable(
        CLIENT,
        edited(
            edited(PAGE, CALENDAR_24H2, replaced("Hotpatch", "Warmpatch", "2026.05 B")),
            CALENDAR_24H2,
            replaced("26100.8390", "26100.8391"),
        ),
        "windows-11-24h2",
        "2026-05",
        "type: expected Baseline (Restart) or Hotpatch, found 'Warmpatch';"
        " cells: May | 2026.05 B | Warmpatch | 2026-05-12 | 26100.8391 | KB5089466",
    ),
    "unknown type on a hub page": Unreadable(
        NOTES,
        edited(body_of(NOTES, NEW), NOTES_2026, replaced("Hotpatch", "Warmpatch", "2026.02 B")),
        "windows-11-25h2",
        "2026-02",
        "type: expected Baseline (Restart) or Hotpatch, found 'Warmpatch';"
        " cells: February | 2026.02 B | Warmpatch | KB5077212",
    ),
    "nonsense KB": Unreadable(
        CLIENT,
        edited(
            edited(PAGE, HISTORY_24H2, replaced("2025-03-11", "2025-03-12", "KB5053598")),
            HISTORY_24H2,
            replaced(">KB5053598<", ">see below<"),
        ),
        "windows-11-24h2",
        "release-history",
        "kb article: expected KB and seven digits, found 'see below'; cells: LTSC • General Availability Channel |"
        " 2025-03 B | 2025-03-12 | 26100.3476 | see below",
    ),
    "nonsense date": Unreadable(
        CLIENT,
        edited(PAGE, HISTORY_24H2, replaced("2025-03-11", "2025-13-11", "KB5053598")),
        "windows-11-24h2",
        "KB5053598",
        "availability date: expected a date YYYY-MM-DD, found '2025-13-11'; cells: LTSC • General Availability Channel"
        " | 2025-03 B | 2025-13-11 | 26100.3476 | KB5053598",
    ),
    "nonsense version in the servicing table": Unreadable(
        CLIENT,
        edited(PAGE, SERVICING, replaced("<td>24H2</td>", "<td>twenty-four</td>")),
        "",
        "servicing",
        "version: expected a version of Windows 11, found 'twenty-four'; cells: twenty-four |",
    ),
    "nonsense KB in the navigation": Unreadable(
        NOTES,
        body_of(NOTES, NEW).replace(b"KB5077212 (OS", b"KB507721 (OS", 1),
        "windows-11-25h2",
        "navigation",
        "link: expected KB and seven digits, found",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_row_keeps_its_last_facts_while_the_rest_is_published(
    nights: Nights, clean: Nights, case: Unreadable
) -> None:
    nights.answer(case.name, case.body)
    result = nights.scrape(SECOND)
    assert result.exit_code == 4
    (said,) = problems(result)
    assert said.startswith(f"winkb: unexpected row on {case.name}. ")
    assert case.message in said

    served = ("releases", "kbs", "builds", "months", "changes")
    assert nights.tables(*served) == clean.tables(*served)
    query = (
        "select severity, code, coalesce(release, ''), subject, page, first_seen, resolved_at, message from findings"
    )
    *finding, message = nights.rows(f"{query} where code = 'quarantine'")[0]
    assert finding == ["error", "quarantine", case.release, case.subject, case.name, SECOND, None]
    assert message.startswith(case.message)
    assert nights.page(case.name) == (SECOND, None, None)
    assert nights.run("check", "--db", str(nights.db), "--now", SECOND).exit_code == 1

    assert nights.scrape(THIRD).exit_code == 4, "as long as it stands"
    nights.serve(NEW)
    result = nights.scrape(FOURTH)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.tables(*served) == clean.tables(*served)
    assert nights.rows("select first_seen, resolved_at from findings where code = 'quarantine'") == [(SECOND, FOURTH)]


def test_unreadable_row_on_an_unchanged_night_is_unchanged_and_still_4(nights: Nights) -> None:
    nights.answer(CLIENT, UNREADABLE["unknown type"].body)
    first = nights.scrape(SECOND)
    facts = nights.facts()
    result = nights.scrape(THIRD)
    assert (result.exit_code, nights.outcome(), nights.facts()) == (4, "unchanged", facts)
    assert problems(result) == problems(first)


def test_no_row_disappears_from_a_table_while_one_of_its_keys_cannot_be_read(nights: Nights) -> None:
    def withdrawn() -> list[tuple]:  # type: ignore[type-arg]
        return nights.rows("select release, coalesce(kb, build) from builds where withdrawn order by release")

    # Of 24H2, KB5053598 cannot be read and KB5072359 is missing; of 25H2, 26200.6584 is missing. No other page lists
    # those two.
    nights.serve(OLD)
    vanished = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359"))
    page = edited(vanished, HISTORY_25H2, dropped("26200.6584"))
    nights.answer(CLIENT, edited(page, HISTORY_24H2, replaced(">KB5053598<", ">KB<")))
    assert nights.scrape(SECOND).exit_code == 4
    assert nights.scrape(THIRD).exit_code == 4
    assert withdrawn() == [("windows-11-25h2", "26200.6584")]
    nights.answer(CLIENT, page)
    assert nights.scrape(FOURTH).exit_code == 0
    assert withdrawn() == [("windows-11-25h2", "26200.6584")]
    assert nights.scrape(FIFTH).exit_code == 0
    assert withdrawn() == [("windows-11-24h2", "KB5072359"), ("windows-11-25h2", "26200.6584")]
    assert nights.changes() == [
        ("builds", "windows-11-25h2", "26200.6584", "row", "26200.6584", None),
        ("builds", "windows-11-24h2", "KB5072359", "row", "26100.7178", None),
    ]


# --- this machine ----------------------------------------------------------------------------------------------------

SIZED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def ended(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr, stderr
    return process.returncode, [line for line in stderr.splitlines() if line.startswith("winkb: ")]


@pytest.mark.parametrize("date", [OLD, NEW], ids=["unchanged night", "news"])
def test_full_disk_leaves_the_old_catalog_and_no_trace(nights: Nights, clean: Nights, date: str) -> None:
    before = nights.db.read_bytes()
    nights.serve(date)
    code, said = ended(nights.command(SECOND, SIZED.format(size=len(before) // 2)))
    assert code == 5
    assert len(said) == 1
    assert said[0].startswith(f"winkb: unexpected trouble on {nights.db}. expected: a folder with room for the catalog")
    assert nights.db.read_bytes() == before
    assert sorted(path.name for path in nights.folder.iterdir() if path.suffix != ".lock") == [
        "archive.db",
        "catalog.db",
    ]
    nights.serve(NEW)
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.tables("builds", "months") == clean.tables("builds", "months")


def test_disk_full_of_the_archive_leaves_the_old_catalog(nights: Nights, clean: Nights) -> None:
    before = nights.db.read_bytes()
    code, said = ended(nights.command(SECOND, SIZED.format(size=nights.archive.stat().st_size)))
    assert code == 5
    assert len(said) == 1
    assert said[0].startswith(
        f"winkb: unexpected trouble on {nights.archive}. expected: an archive that can be written"
    )
    assert nights.db.read_bytes() == before
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.tables("builds", "months") == clean.tables("builds", "months")


def test_second_run_says_so_and_the_first_is_unharmed(nights: Nights, clean: Nights) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slowly(_: Asked) -> Reply:
        asked.set()
        assert go_on.wait(30)
        return Reply(body=PAGE)

    nights.answer(CLIENT, slowly)
    first = nights.command(SECOND)
    try:
        assert asked.wait(30)
        for command in (("scrape", "--no-articles", "--mirror", nights.web.url), ("rebuild",), ("accept", CLIENT)):
            second = nights.run(*command, *nights.files)
            assert second.exit_code == 3
            assert problems(second) == [
                f"winkb: unexpected second run on {nights.archive}. expected: no other run under way,"
                " found: one that holds it"
            ]
        demo = nights.run("demo", "--db", str(nights.db))
        assert (demo.exit_code, len(problems(demo))) == (3, 1)
    finally:
        go_on.set()
        code, said = ended(first)
    assert (code, said) == (0, [])
    assert nights.facts() == clean.facts()


@pytest.mark.parametrize("command", ["scrape", "rebuild", "accept"])
def test_archive_that_is_no_database_is_refused_and_left_as_it_was(nights: Nights, begun: Nights, command: str) -> None:
    nights.archive.write_bytes(b"not a database, but long enough to have a header of one" * 100)
    before = nights.archive.read_bytes()
    options = {"scrape": ("--no-articles", "--mirror", nights.web.url), "rebuild": (), "accept": (CLIENT,)}[command]
    result = nights.run(command, *options, *nights.files)
    assert result.exit_code == 5
    assert problems(result) == [
        f"winkb: unexpected trouble on {nights.archive}. expected: an archive that can be written,"
        " found: file is not a database"
    ]
    assert nights.archive.read_bytes() == before
    assert nights.db.read_bytes() == begun.db.read_bytes()


def test_catalog_in_the_archive_s_place_is_refused_and_left_as_it_was(nights: Nights, begun: Nights) -> None:
    """The two have tables of the same names, so that only a look at the whole file tells them apart."""
    shutil.copyfile(begun.db, nights.archive)
    result = nights.scrape(SECOND)
    assert nights.archive.read_bytes() == begun.db.read_bytes()
    assert nights.db.read_bytes() == begun.db.read_bytes()
    assert (result.exit_code, len(problems(result))) == (5, 1)


QUESTIONS = (
    ("kb", "KB5058497"),
    ("build", "26100.3981"),
    ("month", "2026-06"),
    ("next-restart", "24H2"),
    ("changes",),
    ("check",),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
@pytest.mark.parametrize(
    "content", [None, b"", b"not a database" * 100, "archive"], ids=["none", "empty", "text", "archive"]
)
def test_question_to_something_that_is_no_catalog_ends_with_5(
    begun: Nights, tmp_path: Path, question: tuple[str, ...], content: bytes | str | None
) -> None:
    db = tmp_path / "catalog.db"
    if content is not None:
        db.write_bytes(begun.archive.read_bytes() if isinstance(content, str) else content)
    result = begun.run(*question, "--db", str(db))
    assert result.exit_code == 5
    assert result.stdout == ""
    (said,) = problems(result)
    assert str(db) in said
    assert db.exists() == (content is not None)


def test_torn_catalog_is_replaced_since_it_is_derived(nights: Nights, clean: Nights) -> None:
    whole = nights.db.read_bytes()
    nights.db.write_bytes(whole[: len(whole) // 2])
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.tables(*FACTS) == clean.tables(*FACTS)


def test_empty_file_in_the_catalog_s_place_is_replaced(nights: Nights, clean: Nights) -> None:
    nights.db.write_bytes(b"")
    assert nights.scrape(SECOND).exit_code == 0
    assert nights.tables(*FACTS) == clean.tables(*FACTS)


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table diary (day text, secret text)")
    connection.close()


@pytest.mark.parametrize(
    ("command", "content"),
    [
        ("scrape", "text"),
        ("demo", "other database"),
        ("scrape", "archive"),
        ("rebuild", "archive"),
        ("demo", "archive"),
    ],
)
def test_file_that_is_no_catalog_is_never_overwritten(nights: Nights, command: str, content: str) -> None:
    """Only what was derived may be replaced: ``--db`` may be a slip of the hand, and an archive cannot be had again."""
    target = nights.folder / "precious.db"
    if content == "text":
        target.write_text("Dear diary\n" * 100)
    elif content == "archive":
        shutil.copyfile(nights.archive, target)
    else:
        other_database(target)
    before = target.read_bytes()
    options = {
        "scrape": ("--no-articles", "--archive", str(nights.archive), "--mirror", nights.web.url),
        "rebuild": ("--archive", str(nights.archive)),
        "demo": (),
    }[command]
    result = nights.run(command, *options, "--db", str(target))
    assert target.read_bytes() == before
    assert (result.exit_code, len(problems(result))) == (5, 1)


@pytest.mark.parametrize("place", ["below a file", "in no folder", "in a folder of the kernel"])
@pytest.mark.parametrize("option", ["--db", "--archive"])
def test_folder_that_cannot_be_written_ends_with_5(nights: Nights, begun: Nights, place: str, option: str) -> None:
    folder = {
        "below a file": nights.db,
        "in no folder": nights.folder / "missing",
        "in a folder of the kernel": Path("/proc"),
    }[place]
    result = nights.scrape(SECOND, option, str(folder / "winkb.db"))
    assert result.exit_code == 5
    (said,) = problems(result)
    assert said.startswith(f"winkb: unexpected trouble on {folder / 'winkb.db'}")
    assert "expected: a folder that can be written" in said
    assert nights.db.read_bytes() == begun.db.read_bytes()
    assert nights.archive.read_bytes() == begun.archive.read_bytes()


# --- killed ----------------------------------------------------------------------------------------------------------

KILLED = {
    "after the first page": "from scraper.ingest.archive import Archive as owner; name = 'keep'; last = True",
    "before the swap": "import os as owner; name = 'replace'; last = False",
    "after the swap": "import os as owner; name = 'replace'; last = True",
}
KILLING = """
import os, signal
real = getattr(owner, name)
def killing(*arguments, **named):
    if last:
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, killing)
"""


@pytest.mark.parametrize("point", KILLED)
def test_killed_run_leaves_a_whole_catalog_and_the_next_one_goes_on(nights: Nights, clean: Nights, point: str) -> None:
    before = nights.db.read_bytes()
    # The hub pages come last, so that it is always the same pages that were noted.
    for name in ("hotpatch-24h2", NOTES):
        nights.answer(name, Reply(body=body_of(name, NEW), wait=0.1))
    process = nights.command(SECOND, f"{KILLED[point]}{KILLING}")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    swapped = point == "after the swap"
    assert (nights.db.read_bytes() == before) is not swapped
    if swapped:
        assert nights.tables(*FACTS) == clean.tables(*FACTS)
    assert nights.run("check", "--db", str(nights.db), "--now", SECOND).exit_code in (0, 1)

    result = nights.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.tables("releases", "kbs", "builds", "months") == clean.tables("releases", "kbs", "builds", "months")
    assert sorted(nights.changes(), key=str) == sorted(clean.changes(), key=str)
    # What a job publishes on: the catalog that it had is another one now, whatever the killed run noted.
    assert nights.outcome() == ("unchanged" if swapped else "news")
    killed = ("news", 0) if point != "after the first page" else ("interrupted", None)
    assert nights.rows("select outcome, exit_code from runs where run = 2") == [killed]
    assert nights.scrape(FOURTH).exit_code == 0
    assert nights.outcome() == "unchanged"


# --- a drift that a person accepts -----------------------------------------------------------------------------------

LOST_HALF = f"unexpected number of release-history rows on {CLIENT}. expected: more than 60 % of "


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
        f" {on_page(COLUMNS['history'][0]).removeprefix('winkb: ')}"
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


# --- the timeline ----------------------------------------------------------------------------------------------------

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

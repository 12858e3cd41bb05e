"""Answers in words, over the small catalog of tests/answers."""

import re
import sqlite3
from typing import get_type_hints

import pytest

from scraper import answers
from scraper.answers import documents
from scraper.answers.documents import Disagreement
from scraper.cli import words
from scraper.fleet.summary import HEAD
from tests.answers.small_catalog import FETCHED, MAY, S25, W22, W24, the_build

LATER = f"Data as of {FETCHED}; what was planned or released later is not known."
BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def test_labels_are_the_contract_s_names(catalog: sqlite3.Connection) -> None:
    """They are keys of the JSON documents or columns of the catalog, but for these two."""
    keys = {key for kind in vars(documents).values() if isinstance(kind, type) for key in get_type_hints(kind)}
    tables = [row[0] for row in catalog.execute("select name from sqlite_master where type in ('table', 'view')")]
    columns = {row[1] for table in tables for row in catalog.execute(f"pragma table_info({table})")}
    assert set(words.LABELS) - keys - columns == {"verdict", "devices"}
    assert {name for name, label in words.LABELS.items() if label != name.replace("_", " ")} == {
        *("article_url", "kbs", "table_name")
    }


def test_labels_have_those_of_a_fleet_s_summary() -> None:
    assert set(HEAD) <= set(words.LABELS.values())


def test_a_build_in_words(catalog: sqlite3.Connection) -> None:
    assert words.build([the_build(catalog, "26100.3981", "2025-05-20")]) == (
        f"{MAY['because']}.\n"
        "  verdict       current on 2025-05-20\n"
        "  action        nothing to do: no newer security month is listed\n"
        "  release       Windows 11 24H2\n"
        "  KBs           KB5058497, hotpatch\n"
        "  twin          KB5058411 (26100.4061)\n"
        "  baseline      KB5055523 (26100.3775)\n"
        "  accepted      hotpatch KB5058497 (26100.3981) or cumulative KB5058411 (26100.4061) (on 2025-05-20)\n"
        "  next restart  2025-07-08 (published) with the July 2025 baseline KB5062553\n"
        f"  data as of    {FETCHED}\n\n{BOTH}"
    )


@pytest.mark.parametrize(
    ("build", "release", "as_of", "verdict", "sentence"),
    [
        (
            *("26100.3981", W24, "2025-06-10", "behind by 1 month on 2025-06-10"),
            "26100.3981 is the May 2025 hotpatch; the newest security month of 24H2 on 2025-06-10 was June 2025, so it"
            " is one month behind",
        ),
        (
            *("26100.3775", W24, "2027-01-01", "behind by at least 3 months (stale) on 2027-01-01"),
            "26100.3775 is the April 2025 baseline; the newest security month of 24H2 in data of 2026-07-22 was July"
            " 2025, and newer updates may have come by 2027-01-01, so it is at least 3 months behind",
        ),
        (
            *("26100.3983", W24, "2025-05-15", "not-released on 2025-05-15"),
            "26100.3983 is an out-of-band hotpatch with the security fixes of May 2025; it came on 2025-05-16, so no"
            " device had it on 2025-05-15",
        ),
        (
            *("22621.6060", W22, "2026-01-01", "out-of-support on 2026-01-01"),
            "22621.6060 is the October 2025 cumulative update; on 2026-01-01 22H2 is out of support: its updates ended"
            " on 2025-10-14",
        ),
        (
            *("26100.1742", W24, "2024-10-02", "unknown (no-security-month) on 2024-10-02"),
            "26100.1742 is the first build of 24H2; 24H2 had no security month on 2024-10-02, so it cannot be compared",
        ),
        (
            *("26100.4652", W24, "2026-09-01", "unknown (stale) on 2026-09-01"),
            "26100.4652 is the July 2025 baseline; the newest security month of 24H2 in data of 2026-07-22 was July"
            " 2025, and newer updates may have come by 2026-09-01, so whether it is current is unknown",
        ),
        (
            *("26100.6905", S25, "2025-10-30", "current on 2025-10-30"),
            "26100.6905 is an out-of-band hotpatch with the security fixes of October 2025 and an out-of-band update"
            " with the security fixes of October 2025, which took devices off hotpatch until the January 2026 baseline"
            " (KB5070881); the newest security month of Server 2025 on 2025-10-30 was October 2025, so it is current",
        ),
        (
            *("26100.3474", W24, "2025-03-20", "current on 2025-03-20"),
            "26100.3474 is the March 2025 cumulative update, corrected since to 26100.3476; the newest security month"
            " of 24H2 on 2025-03-20 was March 2025, so it is current",
        ),
        (
            *("26100.4000", W24, "2025-05-20", "unknown (not-in-catalog) on 2025-05-20"),
            "26100.4000 is not in the catalog as a build of 24H2; its neighbours in data of 2026-07-22 are 26100.3983"
            " below and 26100.4061 above",
        ),
    ],
)
def test_every_verdict_is_one_sentence(
    catalog: sqlite3.Connection, build: str, release: str, as_of: str, verdict: str, sentence: str
) -> None:
    event = ("KB5070881", S25, "leaves-hotpatch", "2026-01", "https://support.microsoft.com/help/5070881")
    catalog.execute("insert into track_events values (?, ?, ?, ?, ?)", event)
    answer = the_build(catalog, build, as_of, release)
    assert answer["because"] == sentence
    assert words.build([answer]).splitlines()[0] == f"{sentence}."
    assert f"  {verdict}\n" in words.build([answer])


@pytest.mark.parametrize(
    ("build", "day", "note"),
    [
        ("26100.4652", "2025-08-01", "(on 2025-08-01)"),
        ("26100.4652", "2026-09-01", "(newest known on 2026-09-01, in data of 2026-07-22)"),
        ("26100.4653", "2026-07-22", "(newest known on 2026-07-22, in data of 2026-07-22)"),
        ("26100.4652", "2027-12-01", "(newest known on 2027-12-01, in data of 2026-07-22; out of support)"),
    ],
    ids=["current", "stale", "unknown", "out of support"],
)
def test_accepted_says_when_it_is_only_the_newest_known(
    catalog: sqlite3.Connection, build: str, day: str, note: str
) -> None:
    """Of old data, and of a release without support, what is accepted need not be fully patched."""
    text = words.build([the_build(catalog, build, day)])
    (line,) = re.findall(r"(?m)^  accepted +(.*)$", text)
    assert line == f"cumulative KB5062553 (26100.4652) {note}"


def test_accepted_of_data_that_was_never_fetched_says_so(catalog: sqlite3.Connection) -> None:
    catalog.execute("update pages set fetched_at = null")
    text = words.build([the_build(catalog, "26100.4652", "2025-08-20")])
    assert "(26100.4652) (newest known on 2025-08-20, in data of an unknown day)\n" in text


def test_an_unknown_build_in_words_names_its_neighbours(catalog: sqlite3.Connection) -> None:
    text = words.build(answers.build(catalog, "26100.500", "2024-01-01")[0])
    assert "  above         26100.1742 (no KB), security month none\n" in text
    assert words.build(answers.build(catalog, "17763.1", "2024-01-01")[0]).startswith(
        "17763.1 is not in the catalog: Windows 10 is not covered.\n"
    )


def test_a_withdrawn_build_says_so(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set withdrawn = 1 where kb = 'KB5058497'")
    text = words.build([the_build(catalog, "26100.3981", "2025-05-20")])
    assert text.splitlines()[0].startswith("26100.3981 is the May 2025 hotpatch, no longer listed by Microsoft; ")


def test_an_out_of_band_hotpatch_and_the_update_of_the_same_build_have_two_names(catalog: sqlite3.Connection) -> None:
    text = words.build([the_build(catalog, "26100.6905", "2025-10-30", S25)])
    assert "  KBs           KB5070893, out-of-band hotpatch and KB5070881, out-of-band update\n" in text
    assert "  out-of-band hotpatch  security month 2025-10" in words.kb(answers.kb(catalog, "KB5070893")[0])
    assert "  out-of-band update  security month 2025-10" in words.kb(answers.kb(catalog, "KB5070881")[0])


def test_a_kb_in_words(catalog: sqlite3.Connection) -> None:
    rest = (
        "26100.3981  2025-05-13  hotpatch  security month 2025-05  twin KB5058411 (26100.4061)"
        "  baseline KB5055523 (26100.3775)\n"
    )
    assert words.kb(answers.kb(catalog, "5058497")[0]) == (
        "KB5058497\n"
        "  title       May 13, 2025-Hotpatch KB5058497 (OS Build 26100.3981)\n"
        "  track       hotpatch\n"
        "  article     https://support.microsoft.com/help/5059525\n"
        "  issues      not known: no article of this update was read\n"
        f"  data as of  {FETCHED}\n"
        f"  Windows 11 24H2      {rest}"
        f"  Windows Server 2025  {rest}"
        f"{BOTH}"
    )
    assert words.kb(answers.kb(catalog, "1")[0]) == f"KB1 is not in the catalog (data as of {FETCHED})."
    assert "  expired     yes" in words.kb(answers.kb(catalog, "KB5044284")[0])
    assert "no build  no date  component update" in words.kb(answers.kb(catalog, "KB5061096")[0])
    catalog.execute("update pages set fetched_at = null")
    assert words.kb(answers.kb(catalog, "1")[0]) == "KB1 is not in the catalog (the age of its data is unknown)."


def test_a_month_in_words(catalog: sqlite3.Connection) -> None:
    assert words.month(answers.month(catalog, "2026-06")[0], None) == (
        "  Windows 11 25H2  baseline, planned as hotpatch  restart  released 2026-06-09"
        f"  baseline KB5094126 (26200.8655)\n{LATER}"
    )
    assert words.month(answers.month(catalog, "2026-10")[0], None) == (
        f"  Windows 11 25H2  baseline  restart  planned in data of 2026-07-22\n{LATER}"
    )
    assert words.month(answers.month(catalog, "2025-11")[0], None) == (
        "  Windows 11 25H2  hotpatch  no restart  released 2025-11-11"
        f"  hotpatch KB5068966 (26200.7092)  cumulative KB5068861 (26200.7171)\n{BOTH}\n{LATER}"
    )
    assert words.month([], FETCHED) == f"The hotpatch calendars have no such month (data as of {FETCHED})."


def test_a_month_whose_plan_was_not_seen_is_compared_with_the_quarter_rule(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set planned_type = null where month = '2026-06'")
    assert "  baseline, scheduled as hotpatch  restart" in words.month(answers.month(catalog, "2026-06")[0], None)


def test_a_withdrawn_month_says_so_and_not_that_it_is_planned(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    months, _ = answers.month(catalog, "2026-10")
    (line, _) = words.month(months, None).splitlines()
    assert "withdrawn" in line
    assert "planned" not in line


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (
            "2026-06-09",
            "2026-06-09 (published) with the June 2026 baseline KB5094126, that very day: as Microsoft's calendar lists"
            " it",
        ),
        (
            "2026-07-01",
            "2026-10-13 (planned) with the October 2026 baseline, 104 days after 2026-07-01: planned by Microsoft,"
            " which has changed such plans before; the month's second Tuesday",
        ),
        (
            "2027-01-11",
            "2027-01-12 (scheduled) with the January 2027 baseline, 1 day later: by the quarter rule (January, April,"
            " July, October), in no calendar yet; the month's second Tuesday",
        ),
    ],
)
def test_a_restart_in_words_says_how_sure_it_is(catalog: sqlite3.Connection, day: str, expected: str) -> None:
    rows = answers.next_restart(catalog, "25H2", day)[0]
    assert words.next_restart(rows, "") == f"Windows 11 25H2 restarts next on {expected} (data as of {FETCHED})."


def test_a_restart_of_a_release_without_hotpatch_is_an_update(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set hotpatch = 0 where release = 'windows-11-25h2'")
    rows = answers.next_restart(catalog, "25H2", "2026-07-22")[0]
    assert words.next_restart(rows, "That one has ended.").splitlines() == [
        "Windows 11 25H2 restarts next on 2026-08-11 (monthly) with the August 2026 update, 20 days after 2026-07-22:"
        f" without hotpatch a device restarts every month (data as of {FETCHED}).",
        "That one has ended.",
    ]
    assert words.next_restart([], "That one has ended.") == "That one has ended."


def test_restarts_of_a_year_in_words(catalog: sqlite3.Connection) -> None:
    years, _ = answers.restarts(catalog, "2026", "25H2")
    assert words.restarts(years, None).splitlines() == [
        "Restarts of Windows 11 25H2 in 2026: planned 1, actual 1, cumulative 1"
        " (actual and cumulative: of the months released in data of 2026-07-22).",
        "  2026-06  RESTART  baseline, planned as hotpatch  released  2026-06-09                   KB5094126"
        " (26200.8655)",
        "  2026-10  RESTART  baseline                       planned   2026-10-13 (second Tuesday)",
        "",
        LATER,
    ]
    assert words.restarts([], None) == "The hotpatch calendars have no such year (the age of its data is unknown)."


def test_changes_in_words_are_grouped_by_run_with_replanned_months_first(catalog: sqlite3.Connection) -> None:
    catalog.execute("update changes set old = new, new = null, table_name = 'builds' where id = 2")
    catalog.execute("update changes set id = 9 where id = 1")
    rows = answers.changes(catalog)[0]
    assert words.changes(rows, "Read until then.").splitlines() == [
        "2026-07-23T03:00:00Z, run 3: 1 change",
        "    windows-11-24h2  builds  26100.3474  corrected_to: nothing -> 26100.3476  client",
        "",
        "2026-07-22T03:00:00Z, run 2: 2 changes",
        "  REPLANNED  windows-11-25h2  months  2026-06     type: hotpatch -> baseline  client",
        "             windows-11-25h2  builds  26200.8655  disappeared: 26200.8655     client",
        "",
        "Read until then.",
    ]
    assert words.changes_markdown(rows, "Read until then.").splitlines() == [
        "### 2026-07-23T03:00:00Z, run 3: 1 change",
        "",
        "|  | release | table | subject | change | page |",
        "| --- | --- | --- | --- | --- | --- |",
        "|  | windows-11-24h2 | builds | 26100.3474 | corrected&#95;to: nothing -&#62; 26100.3476 | client |",
        "",
        "### 2026-07-22T03:00:00Z, run 2: 2 changes",
        "",
        "|  | release | table | subject | change | page |",
        "| --- | --- | --- | --- | --- | --- |",
        "| **replanned** | windows-11-25h2 | months | 2026-06 | type: hotpatch -&#62; baseline | client |",
        "|  | windows-11-25h2 | builds | 26200.8655 | disappeared: 26200.8655 | client |",
        "",
        "Read until then.",
    ]
    reach = "No page was read yet, so no change is known."
    assert words.changes([], reach) == words.changes_markdown([], reach) == reach


def test_disagreements_in_words() -> None:
    row: Disagreement = {
        "release": W24,
        "subject": "KB1",
        "field": "date",
        "used": "2024-11-12",
        "used_page": "client",
        "other": "2024-11-19",
        "other_page": "notes",
        "why": "the release history comes before the calendar of the same page",
        "since": "2026-05-27T12:00:00Z",
        "until": None,
        "data_as_of": FETCHED,
    }
    assert words.disagreements([row], None).splitlines() == [
        "date of KB1, Windows 11 24H2",
        "  used        2024-11-12 on client",
        "  other       2024-11-19 on notes",
        f"  why         {row['why']}",
        "  since       2026-05-27T12:00:00Z",
        f"  data as of  {FETCHED}",
    ]
    assert words.disagreements([], FETCHED) == (
        f"No disagreement of two pages is open (--ended shows the others; data as of {FETCHED})."
    )


def test_a_scraped_escape_sequence_never_reaches_the_terminal(catalog: sqlite3.Connection) -> None:
    catalog.execute("update kbs set title = ? where kb = 'KB5058497'", ["a\x1b[31m\nb\u00a0\u202e"])
    assert "  title       a\\x1b[31m\\nb \\u202e\n" in words.kb(answers.kb(catalog, "KB5058497")[0])

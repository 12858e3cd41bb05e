"""Months, the next restart and the restarts of a year."""

import sqlite3

import pytest

from scraper import answers
from scraper.errors import InputError
from tests.answers.small_catalog import S25, W24, W25


def test_a_month_that_was_replanned_shows_both_types(catalog: sqlite3.Connection) -> None:
    document = {
        "release": "windows-11-25h2",
        "month": "2026-06",
        "type": "baseline",
        "planned_type": "hotpatch",
        "status": "released",
        "available": "2026-06-09",
        "kb": "KB5094126",
        "build": "26200.8655",
        "cumulative_kb": "KB5094126",
        "cumulative_build": "26200.8655",
        "restart": True,
        "withdrawn": False,
    }
    assert answers.month(catalog, "2026-06") == ([document], True)


def test_a_withdrawn_month_says_so(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    months, _ = answers.month(catalog, "2026-10")
    assert months[0]["withdrawn"] is True


def test_a_month_lists_its_releases_client_first(catalog: sqlite3.Connection) -> None:
    months, _ = answers.month(catalog, "2025-05")
    assert [(row["release"], row["restart"]) for row in months] == [(W24, False), (S25, False)]
    assert answers.month(catalog, "2025-05", "server-2025") == (months[1:], True)
    assert answers.month(catalog, "2023-05") == ([], False)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-6", "2026-06-09", "06-2026"])
def test_what_is_no_month_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected month .* expected: a month like 2026-06, found: '"):
        answers.month(catalog, text)


@pytest.mark.parametrize("version", ["25H2", "25h2", "windows-11-25h2", "11-25h2", "Windows 11 25H2", " 25H2 "])
def test_a_planned_restart_is_dated_by_its_second_tuesday(catalog: sqlite3.Connection, version: str) -> None:
    document = {
        "release": "windows-11-25h2",
        "as_of": "2026-06-10",
        "month": "2026-10",
        "date": "2026-10-13",
        "date_is": "planned",
        "status": "planned",
        "kb": None,
        "days": 125,
    }
    assert answers.next_restart(catalog, version, "2026-06-10") == ([document], True)


def test_a_restart_on_the_day_itself_is_the_next_one(catalog: sqlite3.Connection) -> None:
    (restart,), found = answers.next_restart(catalog, "25H2", "2026-06-09")
    assert found
    assert (restart["date"], restart["date_is"], restart["status"]) == ("2026-06-09", "published", "released")


def test_a_withdrawn_month_is_no_restart(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    assert answers.next_restart(catalog, "25H2", "2026-06-10") == ([], False)


@pytest.mark.parametrize("version", ["2025", "server-2025", "windows-server-2025", "Windows Server 2025"])
def test_a_release_without_a_coming_baseline_has_no_answer(catalog: sqlite3.Connection, version: str) -> None:
    assert answers.next_restart(catalog, version, "2025-05-01") == ([], False)


def test_an_unknown_version_is_refused_with_the_known_ones(catalog: sqlite3.Connection) -> None:
    with pytest.raises(
        InputError, match="one of windows-11-22h2, windows-11-24h2, windows-11-25h2, windows-server-2025, found: '27H2'"
    ):
        answers.next_restart(catalog, "27H2", "2025-05-01")


def test_restarts_of_a_year_are_counted_and_listed(catalog: sqlite3.Connection) -> None:
    years, found = answers.restarts(catalog, "2026", "25H2")
    assert found
    assert years == [
        {
            "release": W25,
            "year": "2026",
            "planned": 1,
            "actual": 1,
            "cumulative": 1,
            "months": [
                {
                    "month": "2026-06",
                    "type": "baseline",
                    "planned_type": "hotpatch",
                    "status": "released",
                    "date": "2026-06-09",
                    "date_is": "published",
                    "restart": True,
                    "kb": "KB5094126",
                    "build": "26200.8655",
                    "cumulative_kb": "KB5094126",
                    "cumulative_build": "26200.8655",
                },
                {
                    "month": "2026-10",
                    "type": "baseline",
                    "planned_type": "baseline",
                    "status": "planned",
                    "date": "2026-10-13",
                    "date_is": "planned",
                    "restart": True,
                    "kb": None,
                    "build": None,
                    "cumulative_kb": None,
                    "cumulative_build": None,
                },
            ],
        }
    ]
    assert answers.restarts(catalog, "2031") == ([], False)
    with pytest.raises(InputError, match="a year like 2026"):
        answers.restarts(catalog, "26")

"""What the pages changed, and where they disagree."""

import sqlite3

import pytest

from scraper import answers
from tests.answers.small_catalog import FETCHED, W24, W25


def test_changes_are_whole_rows_newest_first_since_a_day_inclusive(catalog: sqlite3.Connection) -> None:
    newest = {
        "id": 3,
        "seen_at": "2026-07-23T03:00:00Z",
        "run": 3,
        "table_name": "builds",
        "release": "windows-11-24h2",
        "subject": "26100.3474",
        "field": "corrected_to",
        "old": None,
        "new": "26100.3476",
        "page": "client",
        "replanned": False,
    }
    assert answers.changes(catalog, "2026-07-23") == ([newest], True)
    assert [row["id"] for row in answers.changes(catalog)[0]] == [3, 1, 2]
    assert [row["id"] for row in answers.changes(catalog, "2026-07-22", "25H2")[0]] == [1, 2]
    assert answers.changes(catalog, "2026-07-24") == ([], False)


def test_disagreements_say_what_is_used_and_why(catalog: sqlite3.Connection) -> None:
    sql = (
        "insert into findings (severity, code, release, subject, message, page, other_page, field, used, other, why,"
        " first_seen, resolved_at) values ('warning', 'conflict', ?, ?, '', 'client', 'client', 'date', ?, ?, ?, ?, ?)"
    )
    why = "the release history comes before the calendar of the same page"
    catalog.execute(sql, (W24, "KB1", "2024-11-12", "2024-11-19", why, "2026-05-27T12:00:00Z", None))
    catalog.execute(sql, (W25, "KB2", "2024-11-12", "2024-11-13", why, "2026-05-28T12:00:00Z", "2026-05-29T12:00:00Z"))
    (row,), found = answers.disagreements(catalog)
    assert found
    assert row == {
        "release": W24,
        "subject": "KB1",
        "field": "date",
        "used": "2024-11-12",
        "used_page": "client",
        "other": "2024-11-19",
        "other_page": "client",
        "why": why,
        "since": "2026-05-27T12:00:00Z",
        "until": None,
        "data_as_of": FETCHED,
    }
    assert [row["subject"] for row in answers.disagreements(catalog, ended=True)[0]] == ["KB2", "KB1"]
    assert answers.disagreements(catalog, "25H2") == ([], False)


READ = "2026-07-22T03:00:00Z"


@pytest.mark.parametrize(
    ("since", "found", "expected"),
    [
        (None, False, f"No changes were seen. Pages were last read on {READ}. What changed later is not known."),
        ("2026-07-22", True, f"Pages were last read on {READ}. What changed later is not known."),
        ("2026-07-23", False, f"No page was read since {READ}, so what changed on 2026-07-23 or later is not known."),
    ],
)
def test_what_nobody_read_is_not_called_unchanged(
    catalog: sqlite3.Connection, since: str | None, found: bool, expected: str
) -> None:
    assert answers.reach_of_changes(catalog, since, found=found) == expected


def test_runs_that_failed_read_nothing(catalog: sqlite3.Connection) -> None:
    catalog.execute("insert into runs values (4, '2026-07-24T03:00:00Z', 'failed', 3, null)")
    sentence = answers.reach_of_changes(catalog, "2026-07-24", found=False)
    assert sentence.startswith(f"No page was read since {READ} (1 run failed), so what changed on 2026-07-24 or later")


def test_a_page_that_was_not_read_since_is_named(catalog: sqlite3.Connection) -> None:
    catalog.execute(
        "insert into pages (page, url, fetched_at) values ('notes', 'https://support.microsoft.com/', ?),"
        " ('new', 'https://support.microsoft.com/', null)",
        ["2026-07-20T03:00:00Z"],
    )
    catalog.executemany("insert into feeds values (?, ?)", [("notes", W24), ("new", W24)])
    sentence = answers.reach_of_changes(catalog, "2026-07-22", found=False)
    assert sentence.startswith(
        f"No changes were seen. Pages were last read on {READ}; not all of them, and before that:"
        " notes (2026-07-20T03:00:00Z), new (never). "
    )
    assert "notes" not in answers.reach_of_changes(catalog, "2026-07-22", "25H2", found=False)


def test_where_no_page_was_read_yet_no_change_is_known(catalog: sqlite3.Connection) -> None:
    catalog.execute("update pages set fetched_at = null")
    assert answers.reach_of_changes(catalog, found=False) == "No page was read yet, so no change is known."

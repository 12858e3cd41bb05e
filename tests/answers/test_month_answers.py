"""Months, the next restart and the restarts of a year."""

import sqlite3
from datetime import date, timedelta

import pytest

from scraper import answers
from scraper.errors import InputError
from tests.answers.small_catalog import FETCHED, S25, W22, W24, W25, Value, settle


def test_a_month_that_was_replanned_shows_both_types(catalog: sqlite3.Connection) -> None:
    document = {
        "release": "windows-11-25h2",
        "month": "2026-06",
        "type": "baseline",
        "planned_type": "hotpatch",
        "scheduled_type": "hotpatch",
        "status": "released",
        "available": "2026-06-09",
        "kb": "KB5094126",
        "build": "26200.8655",
        "cumulative_kb": "KB5094126",
        "cumulative_build": "26200.8655",
        "restart": True,
        "withdrawn": False,
        "data_as_of": FETCHED,
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
        "data_as_of": FETCHED,
    }
    assert answers.next_restart(catalog, version, "2026-06-10") == ([document], True)


def test_a_restart_on_the_day_itself_is_the_next_one(catalog: sqlite3.Connection) -> None:
    (restart,), found = answers.next_restart(catalog, "25H2", "2026-06-09")
    assert found
    assert (restart["date"], restart["date_is"], restart["status"]) == ("2026-06-09", "published", "released")


def next_of(catalog: sqlite3.Connection, version: str, day: str) -> tuple[Value, ...]:
    settle(catalog)
    (row,), found = answers.next_restart(catalog, version, day)
    assert found
    return row["month"], row["date"], row["date_is"], row["status"], row["kb"]


def test_a_withdrawn_month_is_no_restart(catalog: sqlite3.Connection) -> None:
    """What the calendar had after its last month is then scheduled by the quarter rule again."""
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    assert next_of(catalog, "25H2", "2026-07-15") == ("2026-10", "2026-10-13", "scheduled", None, None)


@pytest.mark.parametrize("version", ["2025", "server-2025", "windows-server-2025", "Windows Server 2025"])
def test_beyond_the_calendar_the_quarter_rule_schedules(catalog: sqlite3.Connection, version: str) -> None:
    assert next_of(catalog, version, "2025-05-01") == ("2025-07", "2025-07-08", "scheduled", None, None)
    assert next_of(catalog, version, "2027-01-13") == ("2027-04", "2027-04-13", "scheduled", None, None)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-06-09", ("2026-06", "2026-06-09", "published", "released", "KB5094126")),
        ("2026-06-10", ("2026-10", "2026-10-13", "planned", "planned", None)),
        ("2026-10-13", ("2026-10", "2026-10-13", "planned", "planned", None)),
        # The plan is two months old and nobody read whether it came: the next one after it, and no word on it.
        ("2026-10-14", ("2027-01", "2027-01-12", "scheduled", None, None)),
        ("2027-01-12", ("2027-01", "2027-01-12", "scheduled", None, None)),
        ("2027-01-13", ("2027-04", "2027-04-13", "scheduled", None, None)),
        ("2028-10-10", ("2028-10", "2028-10-10", "scheduled", None, None)),
    ],
)
def test_there_is_always_a_next_restart_that_says_how_sure_it_is(
    catalog: sqlite3.Connection, day: str, expected: tuple[Value, ...]
) -> None:
    assert next_of(catalog, "25H2", day) == expected


def test_a_release_without_hotpatch_restarts_every_month(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set hotpatch = 0 where release = 'windows-11-25h2'")
    catalog.execute("delete from months where release = 'windows-11-25h2'")
    assert next_of(catalog, "25H2", "2025-11-11") == ("2025-11", "2025-11-11", "monthly", "released", "KB5068861")
    assert next_of(catalog, "25H2", "2026-06-10") == ("2026-07", "2026-07-14", "monthly", None, None)
    assert next_of(catalog, "25H2", "2026-07-15") == ("2026-08", "2026-08-11", "monthly", None, None)


def test_a_release_of_which_nothing_is_listed_yet_restarts_from_its_first_month_on(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set available = '2026-07-20' where release = 'windows-11-25h2'")
    catalog.execute("delete from months where release = 'windows-11-25h2'")
    assert next_of(catalog, "25H2", "2026-07-22") == ("2026-10", "2026-10-13", "scheduled", None, None)


@pytest.mark.parametrize(
    ("change", "version", "day", "why"),
    [
        (
            *("", "25H2", "2028-10-11"),
            "its last day of updates for Enterprise and Education is 2028-10-10 (in data of 2026-07-22)",
        ),
        (
            "update releases set ended = 'all' where release = 'windows-11-25h2'; update releases set"
            " end_of_updates_enterprise = null where release = 'windows-11-25h2'",
            *("25H2", "2026-07-30", "its updates have ended (in data of 2026-07-22)"),
        ),
        (
            "update releases set serviced = 0, end_of_updates_enterprise = null where release = 'windows-11-22h2'",
            *("22H2", "2026-07-30", "it is no longer in Microsoft's servicing table (in data of 2026-07-22)"),
        ),
    ],
)
def test_a_release_without_updates_has_no_next_restart_and_says_why(
    catalog: sqlite3.Connection, change: str, version: str, day: str, why: str
) -> None:
    catalog.executescript(change)
    settle(catalog)
    assert answers.next_restart(catalog, version, day) == ([], False)
    sentence = f"Windows 11 {version} gets no update on {day} or later: {why}."
    assert answers.why_no_restart(catalog, version, day) == sentence
    assert answers.why_no_restart(catalog, "24H2", "2026-07-30") == ""


def test_a_release_whose_updates_have_ended_is_asked_about_in_its_own_time(catalog: sqlite3.Connection) -> None:
    catalog.executescript("update releases set serviced = 0, ended = 'all', end_of_updates_enterprise = null")
    settle(catalog)
    assert next_of(catalog, "24H2", "2025-01-15") == ("2025-04", "2025-04-08", "published", "released", "KB5055523")
    assert answers.next_restart(catalog, "25H2", "2026-06-10") == ([], False), "a plan of a dead release is none"


DAYS = [date(2024, 9, 1) + timedelta(days=number) for number in range(0, 1500, 3)]


def test_next_restart_is_the_same_in_sql_and_never_before_the_day(catalog: sqlite3.Connection) -> None:
    """Every release and day has at most one row, dated on or after the day."""
    for day in map(str, DAYS):
        rows = catalog.execute(
            "select release, month, date from restart_periods where ? between since and until order by release", [day]
        ).fetchall()
        assert len({release for release, *_ in rows}) == len(rows)
        assert {date for *_, date in rows if date < day} == set()
        found = {name: answers.next_restart(catalog, name, day)[0] for name in (S25, W22, W24, W25)}
        answered = [(row["release"], row["month"], row["date"]) for each in found.values() for row in each]
        assert rows == sorted(answered)


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
            "data_as_of": FETCHED,
            "months": [
                {
                    "month": "2026-06",
                    "type": "baseline",
                    "planned_type": "hotpatch",
                    "scheduled_type": "hotpatch",
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
                    "scheduled_type": "baseline",
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


@pytest.mark.parametrize("planned", ["'hotpatch'", "null"])
def test_what_was_planned_does_not_depend_on_when_one_began_to_read(catalog: sqlite3.Connection, planned: str) -> None:
    """Rule 13: where no plan was seen, the quarter rule is the plan."""
    catalog.execute(f"update months set planned_type = {planned} where month = '2026-06'")
    catalog.execute("update months set planned_type = null where month = '2026-10'")
    (year,), _ = answers.restarts(catalog, "2026", "25H2")
    assert (year["planned"], year["actual"]) == (1, 1)


def test_the_quarter_rule_is_four_restarts_a_year(catalog: sqlite3.Connection) -> None:
    rows = catalog.execute("select number from month_names where scheduled_type = 'baseline' order by 1").fetchall()
    assert rows == [("01",), ("04",), ("07",), ("10",)]
    odd = "select month from months where scheduled_type <> iif(substr(month, 6) % 3 = 1, 'baseline', 'hotpatch')"
    assert catalog.execute(odd).fetchall() == []

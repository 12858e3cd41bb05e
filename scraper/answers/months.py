"""What came in a month, which months of a year restart, and when is the next restart? From the hotpatch calendar."""

import sqlite3
from datetime import date
from typing import cast

from scraper.answers.catalog import select
from scraper.answers.documents import Month, ReleaseRestart, Restart, Year, YearMonth
from scraper.answers.reading import read_day, read_month, read_releases, read_year


def month(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[list[Month], bool]:
    """The calendar's row of a month (``YYYY-MM``) for each release that has one, client first."""
    rows = select(
        catalog,
        "select release, month, type, planned_type, status, available, kb, build, cumulative_kb, cumulative_build,"
        " restart, withdrawn from months where month = ?",
        read_month(text),
    )
    by_release = {
        row["release"]: dict(row) | {"restart": bool(row["restart"]), "withdrawn": bool(row["withdrawn"])}
        for row in rows
    }
    months = [cast(Month, by_release[name]) for name in read_releases(catalog, release) if name in by_release]
    return months, bool(months)


def next_restart(catalog: sqlite3.Connection, version: str, as_of: str) -> tuple[list[ReleaseRestart], bool]:
    """When does a release restart next: its first baseline month dated on or after ``as_of``.

    ``25H2``, ``windows-11-25h2``, ``2025``, ``server-2025`` are read. A release without such a month is left out.
    """
    day = read_day(as_of)
    dated = {name: restart_from(catalog, name, day) for name in read_releases(catalog, version)}
    found: list[ReleaseRestart] = [
        {"release": name, "as_of": day, **at, "days": (date.fromisoformat(at["date"]) - date.fromisoformat(day)).days}
        for name, at in dated.items()
        if at
    ]
    return found, bool(found)


def restart_from(catalog: sqlite3.Connection, release: str | None, day: str) -> Restart | None:
    """The release's first baseline month dated on or after a day; null if the calendar has none."""
    rows = select(
        catalog,
        "select month, date, date_is, status, kb from hotpatch_calendar"
        " where release = ? and type = 'baseline' and withdrawn = 0 and date >= ? order by date, month limit 1",
        *(release, day),
    )
    return cast(Restart, dict(rows[0])) if rows else None


def restarts(catalog: sqlite3.Connection, year: str, release: str | None = None) -> tuple[list[Year], bool]:
    """Which months of a year (``YYYY``) restart: the planned count, the actual one, the cumulative track's, and the
    calendar's months. A release without a calendar of that year is left out."""
    asked = read_year(year)
    counts = {
        row["release"]: row
        for row in select(
            catalog, "select release, year, planned, actual, cumulative from restarts_per_year where year = ?", asked
        )
    }
    months = select(
        catalog,
        "select release, month, type, planned_type, status, date, date_is, restart, kb, build, cumulative_kb,"
        " cumulative_build from hotpatch_calendar where month like ? and withdrawn = 0 order by month",
        f"{asked}-%",
    )
    found = [
        cast(Year, dict(counts[name]) | {"months": [_year_month(row) for row in months if row["release"] == name]})
        for name in read_releases(catalog, release)
        if name in counts
    ]
    return found, bool(found)


def _year_month(row: sqlite3.Row) -> YearMonth:
    columns = dict(row) | {"restart": bool(row["restart"])}
    del columns["release"]
    return cast(YearMonth, columns)

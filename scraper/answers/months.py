"""What came in a month, which months of a year restart, and when is the next restart? From the hotpatch calendar."""

import sqlite3
from datetime import date
from typing import cast

from scraper.answers.catalog import fetch_times, select
from scraper.answers.documents import Month, ReleaseRestart, Restart, Year, YearMonth
from scraper.answers.reading import read_day, read_month, read_releases, read_year

# What date_is says of the date of a restart, for people.
DATE_IS = {
    "published": "as Microsoft's calendar lists it",
    "planned": "planned by Microsoft, which has changed such plans before; the month's second Tuesday",
    "scheduled": (
        "by the quarter rule (January, April, July, October), in no calendar yet; the month's second Tuesday"
    ),
    "monthly": "without hotpatch a device restarts every month",
}


def month(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[list[Month], bool]:
    """The calendar's row of a month (``YYYY-MM``) for each release that has one, client first."""
    rows = select(
        catalog,
        "select release, month, type, planned_type, scheduled_type, status, available, kb, build, cumulative_kb,"
        " cumulative_build, restart, withdrawn, data_as_of from months left join freshness using (release)"
        " where month = ?",
        read_month(text),
    )
    by_release = {
        row["release"]: dict(row) | {"restart": bool(row["restart"]), "withdrawn": bool(row["withdrawn"])}
        for row in rows
    }
    months = [cast(Month, by_release[name]) for name in read_releases(catalog, release) if name in by_release]
    return months, bool(months)


def next_restart(catalog: sqlite3.Connection, version: str, as_of: str) -> tuple[list[ReleaseRestart], bool]:
    """When does a release restart next, from ``as_of`` on? ``date_is`` says how sure that is: see restart_periods.sql.

    ``25H2``, ``windows-11-25h2``, ``2025``, ``server-2025`` are read. A release that gets no updates any more then has
    no answer; ``why_no_restart`` says so.
    """
    day = read_day(as_of)
    ages = fetch_times(catalog)
    dated = {name: restart_from(catalog, name, day) for name in read_releases(catalog, version)}
    found: list[ReleaseRestart] = [
        {
            "release": name,
            "as_of": day,
            **at,
            "days": (date.fromisoformat(at["date"]) - date.fromisoformat(day)).days,
            "data_as_of": ages.get(name),
        }
        for name, at in dated.items()
        if at
    ]
    return found, bool(found)


def why_no_restart(catalog: sqlite3.Connection, version: str, as_of: str) -> str:
    """A sentence for each of the releases that have no next restart on ``as_of``: their updates have ended, on a client
    those of Enterprise and Education."""
    day, ages = read_day(as_of), fetch_times(catalog)
    ends = {row["release"]: row for row in select(catalog, "select * from support_ends where is_default")}
    return "\n".join(
        f"{row['product']} {row['version']} gets no update on {day} or later: {_ending(ends[name], ages.get(name))}."
        for name, row in read_releases(catalog, version).items()
        if restart_from(catalog, name, day) is None
    )


def _ending(support: sqlite3.Row, data_as_of: str | None) -> str:
    data = f"in data of {data_as_of[:10] if data_as_of else 'an unknown day'}"
    if support["ended_from"] and support["ended_from"] > "0001-01-01":
        of = f" for {support['name']}" if support["edition"] == "enterprise-education" else ""
        return f"its last day of updates{of} is {support['ends']} ({data})"
    if support["ended"]:
        return f"its updates have ended ({data})"
    return f"it is no longer in Microsoft's servicing table ({data})"


def restart_from(
    catalog: sqlite3.Connection, release: str | None, day: str, edition: str | None = None
) -> Restart | None:
    """The next restart of a release and edition, on a day or after it; null if it gets no updates any more."""
    rows = select(
        catalog,
        "select month, date, date_is, status, kb from edition_restart_periods"
        " where release = ? and edition is ? and ? between since and until",
        *(release, edition, day),
    )
    return cast(Restart, dict(rows[0])) if rows else None


def restarts(catalog: sqlite3.Connection, year: str, release: str | None = None) -> tuple[list[Year], bool]:
    """Which months of a year (``YYYY``) restart: the planned count, the actual one, the cumulative track's, and the
    calendar's months. A release without a calendar of that year is left out."""
    asked = read_year(year)
    counts = {
        row["release"]: row
        for row in select(
            catalog,
            "select release, year, planned, actual, cumulative, data_as_of from restarts_per_year where year = ?",
            asked,
        )
    }
    months = select(
        catalog,
        "select release, month, type, planned_type, scheduled_type, status, date, date_is, restart, kb, build,"
        " cumulative_kb, cumulative_build from hotpatch_calendar where month like ? and withdrawn = 0 order by month",
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

"""Rows that several pages show."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

# Older data get a warning on every page. `winkb check` has the same limit.
OLD_HOURS = 36


def rows(catalog: sqlite3.Connection, sql: str, *parameters: object) -> list[sqlite3.Row]:
    """The rows of a query, by column name, whatever the connection's own row factory is."""
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def releases(catalog: sqlite3.Connection) -> dict[str, str]:
    """The names of the releases by ID, client first, the newest first."""
    sql = (
        "select release, product || ' ' || version || iif(partial, ' (partial)', '') as name from releases"
        " order by product, base_build desc, release"
    )
    return {row["release"]: row["name"] for row in rows(catalog, sql)}


def editions(catalog: sqlite3.Connection) -> dict[str, str]:
    """The editions in words, by name, in their order."""
    return {
        row["edition"]: row["name"] for row in rows(catalog, "select edition, name from edition_names order by place")
    }


def urls(catalog: sqlite3.Connection) -> dict[str, str]:
    """The addresses of the source pages by name."""
    return {row["page"]: row["url"] for row in rows(catalog, "select page, url from pages")}


def verdicts(
    catalog: sqlite3.Connection, day: str, builds: Sequence[tuple[str | None, str | None]], edition: str | None = None
) -> dict[str, sqlite3.Row]:
    """The verdicts on accepted builds, on a day and for an edition, by ``windows-11-24h2 26100.3981``.

    An accepted build of stale data, or of a release whose support has ended, is not fully patched. Only its verdict
    says so.
    """
    found = {}
    for release, build in builds:
        sql = (
            "select status, kind from edition_verdict_periods"
            " where release = ? and build = ? and edition is ? and ? between since and until"
        )
        for row in rows(catalog, sql, release, build, edition, day):
            found[f"{release} {build}"] = row
    return found


def freshness(catalog: sqlite3.Connection, now: datetime) -> dict[str, object]:
    """How fresh the catalog is: the oldest last good fetch, whether that is too old, and how many pages fail."""
    as_of, failing = rows(
        catalog,
        "select (select min(data_as_of) from freshness) as as_of,"
        " (select count(*) from pages where failing_since is not null and page not glob 'KB[0-9]*') as failing",
    )[0]
    hours = None
    if as_of:
        hours = int((now - datetime.fromisoformat(as_of)).total_seconds() // 3600)
    return {"data_as_of": as_of, "data_old": hours is None or hours >= OLD_HOURS, "failing": failing}

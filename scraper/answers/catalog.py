"""Open catalog.db read-only, check that it is a catalog, run a query, and tell how old the data of a release are."""

import os
import sqlite3

from scraper.errors import MachineError

# Everything that the schema creates; a test compares the two. A catalog of an older winkb lacks some of it.
TABLES = {
    *("articles", "builds", "changes", "feeds", "findings", "kbs", "kbs_fts", "known_issues", "months", "pages"),
    *("prerequisites", "releases", "runs", "sections", "sections_fts"),
    *("restarts", "security_months", "support", "track_events"),
}
VIEWS = {
    *("accepted_builds", "build_verdict", "calendar_starts", "current_builds", "device_builds"),
    *("disagreements", "edition_names", "edition_restart_periods", "edition_verdict_periods", "freshness"),
    *("hotpatch_calendar", "kb_issues"),
    *("month_names", "newest_months", "next_restart", "other_families", "restart_periods", "restarts_per_year"),
    *("support_ends", "support_periods", "twins", "verdict_periods"),
}


def open_catalog(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Open a catalog read-only. MachineError if the file is missing, is no database or lacks our tables."""
    name = os.fspath(path)
    # Percent-encode every byte: a `?`, `#` or `%` in a folder's name would otherwise be read as part of the URI.
    uri = "file:" + "".join(f"%{byte:02x}" for byte in os.fsencode(name)) + "?mode=ro"
    try:
        catalog = sqlite3.connect(uri, uri=True)
    except sqlite3.Error as error:
        found = str(error) if os.path.isfile(name) else "no such file"
        raise MachineError("catalog", page=name, expected="a readable file", found=found) from error
    try:
        check(catalog, name)
    except sqlite3.Error as error:
        catalog.close()
        raise MachineError("catalog", page=name, expected="a SQLite database", found=str(error)) from error
    except MachineError:
        catalog.close()
        raise
    return catalog


def check(catalog: sqlite3.Connection, name: str) -> None:
    """MachineError if tables or views of the schema are missing: another database, or an older winkb's catalog."""
    present = {str(row[0]) for row in catalog.execute("select name from sqlite_master")}
    if missing := (TABLES | VIEWS) - present:
        few = ", ".join(sorted(missing)[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        remedy = "`winkb rebuild` makes it anew from its archive, `winkb demo` from the bundled pages"
        absent = f"none named {few}: another version of winkb made it ({remedy})"
        raise MachineError("catalog", page=name, expected="the tables and views of a catalog", found=absent)


def select(catalog: sqlite3.Connection, sql: str, *parameters: str | int | None) -> list[sqlite3.Row]:
    """All rows of a query, by column name. MachineError if the catalog is damaged or another version wrote it."""
    try:
        cursor = catalog.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(sql, parameters).fetchall()
    except sqlite3.Error as error:
        raise MachineError("catalog", page="this machine", expected="a whole catalog", found=str(error)) from error


def data_as_of(catalog: sqlite3.Connection, releases: list[str]) -> str | None:
    """The oldest last good fetch among the pages that feed these releases (none named: all releases).

    Null if one of them was never fetched well.
    """
    return oldest(fetch_times(catalog), releases)


def fetch_times(catalog: sqlite3.Connection) -> dict[str, str | None]:
    """For each release the oldest last good fetch among the pages that feed it."""
    rows = select(catalog, "select release, data_as_of from freshness")
    return {row["release"]: row["data_as_of"] for row in rows}


def oldest(times: dict[str, str | None], releases: list[str]) -> str | None:
    """The oldest of these releases' times (none named: of all). Null if one of them is null."""
    chosen = [times.get(release) for release in releases or times]
    return None if None in chosen else min(filter(None, chosen), default=None)

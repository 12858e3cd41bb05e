"""What Microsoft's pages did: what they changed since the catalog first read them, and where two of them disagree."""

import sqlite3
from typing import cast

from scraper.answers.catalog import fetch_times, oldest, select
from scraper.answers.documents import Change, Disagreement
from scraper.answers.reading import read_day, read_releases


def changes(
    catalog: sqlite3.Connection, since: str | None = None, release: str | None = None
) -> tuple[list[Change], bool]:
    """The changes seen on or after ``since`` (a date; None: all of them), newest first as on the site."""
    rows = select(
        catalog,
        "select id, seen_at, run, table_name, release, subject, field, old, new, page, replanned from changes"
        " where seen_at >= ? order by seen_at desc, id",
        "" if since is None else read_day(since),
    )
    releases = read_releases(catalog, release)
    found = [
        cast(Change, dict(row) | {"replanned": bool(row["replanned"])}) for row in rows if row["release"] in releases
    ]
    return found, bool(found)


def reach_of_changes(
    catalog: sqlite3.Connection, since: str | None = None, release: str | None = None, *, found: bool
) -> str:
    """How far the changes reach, in a sentence: where no page was read, nobody knows that nothing changed.

    It is about the pages that feed the release, or about all. ``found``: there are changes to list.
    """
    first = "" if since is None else read_day(since)
    releases = read_releases(catalog, release)
    rows = select(catalog, "select page, fetched_at, release from feeds join pages using (page) order by pages.rowid")
    pages = {row["page"]: row["fetched_at"] or "" for row in rows if row["release"] in releases}
    newest = max(pages.values(), default="")
    if not newest:
        return "No page was read yet, so no change is known."
    if newest < first:
        sql = "select count(*) as number from runs where started_at > ? and outcome = 'failed'"
        failed = select(catalog, sql, newest)[0]["number"]
        tries = f" ({failed} run{'' if failed == 1 else 's'} failed)" if failed else ""
        return f"No page was read since {newest}{tries}, so what changed on {first} or later is not known."
    late = [f"{page} ({read or 'never'})" for page, read in pages.items() if read < newest]
    unread = f"; not all of them, and before that: {', '.join(late)}" if late else ""
    none = "" if found else "No changes were seen. "
    return f"{none}Pages were last read on {newest}{unread}. What changed later is not known."


def disagreements(
    catalog: sqlite3.Connection, release: str | None = None, *, ended: bool = False
) -> tuple[list[Disagreement], bool]:
    """Where two pages disagree: both values, which one the catalog uses, and why. Newest first.

    ``ended``: also those that the pages have settled since.
    """
    releases = read_releases(catalog, release)
    rows = select(
        catalog,
        "select release, subject, field, used, used_page, other, other_page, why, since, until from disagreements"
        " where until is null or ? order by since desc, finding",
        ended,
    )
    ages = fetch_times(catalog)
    found = [
        cast(Disagreement, dict(row) | {"data_as_of": oldest(ages, [row["release"]] if row["release"] else [])})
        for row in rows
        if release is None or row["release"] in releases
    ]
    return found, bool(found)

"""What Microsoft's pages did: what they changed since the catalog first read them, and where two of them disagree."""

import sqlite3
from typing import cast

from scraper.answers.catalog import select
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
    found = [cast(Disagreement, dict(row)) for row in rows if release is None or row["release"] in releases]
    return found, bool(found)

"""The updates that an answer names: those that bring a build, a KB with its build, and the accepted ones."""

import sqlite3
from typing import cast

from scraper.answers.catalog import select
from scraper.answers.documents import Accepted, Pair, Update


def updates_of(catalog: sqlite3.Connection, release: str, build: str) -> list[Update]:
    """The updates that bring a build. The contract's order of tracks, hotpatch then cumulative, is descending."""
    sql = "select kb, track, kind from builds where release = ? and build = ? order by track desc, kb"
    return [cast(Update, dict(row)) for row in select(catalog, sql, release, build)]


def pair_of(catalog: sqlite3.Connection, release: str | None, kb: str | None) -> Pair | None:
    """A KB with its build in a release; null for no KB.

    If it has two builds, the one that was not corrected: KB5053598 was 26100.3474 for some hours.
    """
    if kb is None:
        return None
    rows = select(
        catalog,
        "select build from builds where release = ? and kb = ?"
        " order by corrected_to is not null, withdrawn, revision desc limit 1",
        *(release, kb),
    )
    return {"kb": kb, "build": rows[0]["build"] if rows else None}


def accepted_on(catalog: sqlite3.Connection, release: str | None, as_of: str) -> list[Accepted]:
    """The accepted updates on a date: those of the newest security month available then."""
    rows = select(
        catalog,
        "select track, kb, build from accepted_builds where release = ?1 and coalesce(available, '') <= ?2"
        " and security_month = (select max(month) from security_months where release = ?1 and available <= ?2)"
        " order by track desc, build",
        *(release, as_of),
    )
    return [cast(Accepted, dict(row)) for row in rows]

"""A release as a whole: its support, what is accepted, its restarts and all its updates."""

import sqlite3
from typing import cast

from scraper.answers.catalog import data_as_of, select
from scraper.answers.documents import ReleaseAnswer
from scraper.answers.months import restart_from, restarts
from scraper.answers.reading import read_day, read_releases
from scraper.answers.updates import accepted_on


def release(catalog: sqlite3.Connection, text: str, as_of: str) -> tuple[ReleaseAnswer, bool]:
    """A release whole: its support, what is accepted and when it restarts next on ``as_of``, its restarts by year,
    newest first, and all its updates, oldest first."""
    day = read_day(as_of)
    name = next(iter(read_releases(catalog, text)))
    (row,) = select(
        catalog,
        "select release, product, version, base_build, available, end_of_updates, end_of_updates_enterprise, ended,"
        " serviced, hotpatch, partial from releases where release = ?",
        name,
    )
    support = select(
        catalog,
        "select edition, ends, coalesce(ended_from <= ?2, 0) as over from support_ends where release = ?1"
        " order by place",
        *(name, day),
    )
    years = select(catalog, "select year from restarts_per_year where release = ? order by year desc", name)
    builds = select(
        catalog,
        "select build, kb, track, kind, month, security_month, available, restart, corrected_to, withdrawn from builds"
        " where release = ? order by available, revision, kb",
        name,
    )
    document = {
        **_with_flags(row, "serviced", "hotpatch", "partial"),
        "support": [_with_flags(one, "over") for one in support],
        "as_of": day,
        "accepted": accepted_on(catalog, name, day),
        "next_restart": restart_from(catalog, name, day),
        "years": [year for row in years for year in restarts(catalog, row["year"], name)[0]],
        "builds": [_with_flags(row, "restart", "withdrawn") for row in builds],
        "data_as_of": data_as_of(catalog, [name]),
    }
    return cast(ReleaseAnswer, document), True


def _with_flags(row: sqlite3.Row, *flags: str) -> dict[str, object]:
    """The row's columns, with these as true, false or null."""
    return dict(row) | {flag: None if row[flag] is None else bool(row[flag]) for flag in flags}

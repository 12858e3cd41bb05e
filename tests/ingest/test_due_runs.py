"""Nights on which the pages do not list the month that is due: the passing of time is news, and only it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scraper.ingest.job import Manners, Paths, rebuild, scrape
from tests.fixtures.places import ROOT

SNAPSHOTS = ROOT / "scraper" / "snapshots"
RELEASES = {
    *("windows-11-23h2", "windows-11-24h2", "windows-11-25h2", "windows-11-26h1"),
    *("windows-server-2022", "windows-server-2025"),
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "catalog.db", tmp_path / "archive.db")


def night(paths: Paths, now: str, snapshot: str = "2026-05-27") -> str:
    """The outcome of a run, with what the catalog of a rebuild must be, too."""
    outcome = scrape(paths, now, mirror=str(SNAPSHOTS / snapshot), manners=Manners(delay=0))
    assert rebuild(paths).facts_sha256 == outcome.facts_sha256
    return outcome.outcome


def due(paths: Paths) -> set[tuple[str, str, str, str, str | None]]:
    with closing(sqlite3.connect(paths.db)) as catalog:
        sql = "select release, subject, severity, first_seen, resolved_at from findings where code = 'due-month'"
        return set(catalog.execute(sql))


def test_a_month_that_no_page_lists_is_a_finding_until_it_comes(paths: Paths) -> None:
    first, later = "2026-06-10T03:00:00Z", "2026-06-12T03:00:00Z"
    night(paths, "2026-06-09T20:00:00Z")  # the second Tuesday itself
    assert due(paths) == set()
    assert night(paths, first) == "news"
    assert due(paths) == {(release, "2026-06", "info", first, None) for release in RELEASES}
    assert night(paths, "2026-06-11T03:00:00Z") == "unchanged"
    assert night(paths, later) == "news"
    assert due(paths) == {(release, "2026-06", "warning", first, None) for release in RELEASES}
    assert night(paths, "2026-06-20T03:00:00Z") == "unchanged"
    came = "2026-07-22T03:00:00Z"
    night(paths, came, "2026-07-22")
    assert due(paths) == {(release, "2026-06", "warning", first, came) for release in RELEASES}


def test_pages_that_were_not_read_since_lack_nothing(paths: Paths) -> None:
    night(paths, "2026-06-09T17:00:00Z")
    scrape(paths, "2026-06-12T03:00:00Z", mirror=str(paths.db.parent / "nothing"), manners=Manners(delay=0))
    assert due(paths) == set()

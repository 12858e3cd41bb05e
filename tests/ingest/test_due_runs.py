"""Nights on which the pages do not list the month that is due: the passing of time is news, and only it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scraper.catalog.days import month_before, second_tuesday
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
    assert {release for release, _, _, _, resolved_at in due(paths) if resolved_at is None} == lacking(paths, now[:10])
    return outcome.outcome


def lacking(paths: Paths, day: str) -> set[str]:
    """The releases whose due month the views call not listed on a day, in support on its second Tuesday. The finding
    says the same in Python."""
    this = second_tuesday(day[:7])
    tuesday = this if this < day else second_tuesday(month_before(day[:7]))
    with closing(sqlite3.connect(paths.db)) as catalog:
        sql = (
            "select newest.release from newest_months as newest join support_periods as support using (release)"
            " where lack = 'not-listed' and supported and ?1 between newest.since and newest.until"
            " and ?2 between support.since and support.until and release in (select release from builds)"
        )
        return {release for (release,) in catalog.execute(sql, [day, tuesday])}


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


def test_a_release_without_any_month_lacks_the_first_one_that_is_due(paths: Paths) -> None:
    """26H2 began on 2026-09-29: October's update is its first."""
    night(paths, "2026-10-13T20:00:00Z", "2026-09-30")
    night(paths, "2026-10-14T03:00:00Z", "2026-09-30")
    assert ("windows-11-26h2", "2026-10", "info", "2026-10-14T03:00:00Z", None) in due(paths)


@pytest.mark.parametrize("day", ["2026-11-10", "2026-11-11", "2027-01-20", "2027-10-13", "2028-10-11", "2034-11-20"])
def test_finding_and_verdict_agree_as_support_ends(paths: Paths, day: str) -> None:
    night(paths, f"{day}T20:00:00Z", "2026-09-30")


def test_pages_that_were_not_read_since_lack_nothing(paths: Paths) -> None:
    night(paths, "2026-06-09T17:00:00Z")
    scrape(paths, "2026-06-12T03:00:00Z", mirror=str(paths.db.parent / "nothing"), manners=Manners(delay=0))
    assert due(paths) == set()

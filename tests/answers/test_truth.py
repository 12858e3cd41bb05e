"""What holds of every verdict on the bundled pages, on every day, for every edition: the rules of design.md section 6,
read a second time (``rules.py``), and what must be true whatever the rules are."""

import sqlite3
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.answers.listed import EDITIONS, Release, Update
from tests.answers.rulebook import bundled
from tests.answers.rules import Verdict, last_second_tuesday, second_tuesday, security_month, shifted

# The catalog, and whom it tells: nobody's edition, or one.
TOLD = (None, *EDITIONS)
SECOND_TUESDAYS = [second_tuesday(f"{year}-{month:02}") for year in (2024, 2025, 2026, 2027) for month in range(1, 13)]
SECOND_TUESDAYS = [day for day in SECOND_TUESDAYS if day > "2024-09"]


class Period(NamedTuple):
    since: str
    until: str
    verdict: Verdict


Periods = dict[tuple[str, str, str | None], list[Period]]


@pytest.fixture(scope="module")
def periods(demo: sqlite3.Connection) -> Periods:
    """Every verdict of the catalog, by release, build and edition."""
    found: Periods = defaultdict(list)
    for row in demo.execute(
        "select release, build, edition, since, until, status, months_behind, reason, security_month"
        " from edition_verdict_periods order by release, build, edition, since"
    ):
        found[row[0], row[1], row[2]].append(Period(row[3], row[4], Verdict(*row[5:])))
    return found


def editions(release: str) -> tuple[str | None, ...]:
    """None is not told. Servers have no editions, and only 24H2 has long-term ones."""
    if release.startswith("windows-server"):
        return (None,)
    return TOLD if release == "windows-11-24h2" else TOLD[:3]


@cache
def days(release: str) -> list[str]:
    """The days on which a verdict may change, with those before and after: second Tuesdays, ends of updates, the data,
    the days of the updates."""
    catalog = bundled()
    changes = {*SECOND_TUESDAYS, catalog.read[:10]}
    changes |= {end for end in (catalog.releases[release].ends or {}).values() if end != "ended"}
    return sorted({shifted(day, step) for day in changes for step in (-1, 0, 1)})


def at(found: list[Period], asked: list[str]) -> list[Verdict]:
    """The verdicts on days in order."""
    verdicts, place = [], 0
    for day in asked:
        while found[place].until < day:
            place += 1
        verdicts.append(found[place].verdict)
    return verdicts


def test_every_build_has_one_verdict_for_every_day_and_edition(periods: Periods) -> None:
    catalog = bundled()
    expected = {
        (release, build, edition)
        for release, builds in catalog.by_build.items()
        for build in builds
        for edition in editions(release)
    }
    assert {key for key in periods if key[2] in TOLD} == expected
    for (release, build, edition), found in periods.items():
        assert (found[0].since, found[-1].until) == ("0001-01-01", "9999-12-31")
        assert all(shifted(before.until, 1) == after.since for before, after in pairwise(found))
        if edition == "extended":  # what decides of a Server
            assert at(found, days(release)) == at(periods[release, build, None], days(release))


@pytest.mark.parametrize("release", bundled().releases)
def test_every_verdict_is_that_of_the_rulebook(periods: Periods, release: str) -> None:
    """On the days on which any build's verdict may change, and on the first days of the build itself."""
    catalog, wrong = bundled(), []
    for build in catalog.by_build[release]:
        first = catalog.first_day(release, build)
        asked = sorted({*days(release), *(shifted(first, step) for step in (-1, 0, 1))})
        for edition in editions(release):
            for day, verdict in zip(asked, at(periods[release, build, edition], asked), strict=True):
                expected = catalog.verdict(release, build, day, edition)
                if verdict != expected:
                    wrong.append((build, edition, day, verdict, expected))
    assert wrong == []


def contained(update: Update, build: str, tracks: set[str], updates: list[Update]) -> bool:
    """Whether a device on a build has what an update brought (rule 11)."""
    revision = int(build.partition(".")[2])
    if update.revision > revision:
        return False
    if update.track == "hotpatch":
        return "hotpatch" in tracks
    if "hotpatch" not in tracks or "cumulative" in tracks:
        return True
    baselines = [other.revision for other in updates if other.kind == "baseline" and other.revision <= revision]
    return update.revision <= max(baselines, default=0)


@pytest.mark.parametrize("release", bundled().releases)
def test_current_rests_on_a_listed_update_of_the_due_month(periods: Periods, release: str) -> None:
    """Or of the next one, on the day on which it comes."""
    catalog = bundled()
    updates, available = catalog.releases[release].updates, catalog.releases[release].available
    for build, rows in catalog.by_build[release].items():
        tracks = {row.track for row in rows} - {"component"}
        own = [
            (month, update.available or "9")
            for update in updates
            if (month := of_month(catalog.releases[release], update)) and contained(update, build, tracks, updates)
        ]
        for edition in editions(release):
            for since, until, verdict in periods[release, build, edition]:
                if verdict.status != "current":
                    continue
                assert until <= second_tuesday("2026-10"), "the data end before October"
                for day in {
                    since,
                    until,
                    *(shifted(day, 1) for day in SECOND_TUESDAYS if since <= shifted(day, 1) <= until),
                }:
                    tuesday = last_second_tuesday(day)
                    due = tuesday[:7] if available and available <= tuesday else None
                    listed = {month for month, came in own if came <= day}
                    assert max(listed, default="") >= (due or "0"), (build, edition, day)


def of_month(release: Release, update: Update) -> str | None:
    """The month whose fixes the update brings; of a hotpatch from before the calendar, that of its day."""
    return security_month(release, update) if update.kind == "hotpatch" else update.month


def rank(verdict: Verdict) -> tuple[int, int]:
    """How bad a verdict is on a build that has come."""
    order = ("current", "unknown", "behind", "out-of-support")
    if verdict.reason == "no-security-month":
        return 3, 0
    return order.index(verdict.status) + (verdict.status == "out-of-support"), verdict.months_behind or 0


@pytest.mark.parametrize("track", ["hotpatch", "cumulative"])
@pytest.mark.parametrize("release", bundled().releases)
def test_higher_build_of_the_same_track_is_never_worse(periods: Periods, release: str, track: str) -> None:
    """A baseline is of both tracks. A hotpatch of before the calendar whose day has no B is none here."""
    catalog = bundled()
    builds = [
        build
        for build, rows in catalog.by_build[release].items()
        if any(row.track == track or row.kind == "baseline" for row in rows)
        and (track == "cumulative" or catalog.own_month(release, build))
    ]
    for edition in editions(release):
        verdicts = {build: at(periods[release, build, edition], days(release)) for build in builds}
        for place, day in enumerate(days(release)):
            came = [
                (build, verdicts[build][place]) for build in builds if verdicts[build][place].status != "not-released"
            ]
            for (lower, worse), (higher, better) in pairwise(came):
                assert rank(better) <= rank(worse), (lower, higher, edition, day)

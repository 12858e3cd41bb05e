"""What a verdict must be always: on histories drawn by Hypothesis, loaded as the pages would have them, and on the
bundled pages."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from scraper.catalog.days import month_before, second_tuesday
from scraper.catalog.history import History, Run, add_run
from scraper.catalog.resolve import resolve
from scraper.catalog.write import PageRow, write
from scraper.ingest.sources import BY_NAME
from scraper.models import CalendarMonth, Entry, EntryKind, MonthType, Records, Servicing, Update, Version

RELEASE = "windows-11-24h2"
PAGES = (BY_NAME["windows-11-release-information"], BY_NAME["hotpatch-24h2"])
FIRST, LAST = date(2025, 1, 1), date(2026, 3, 31)
# The last day that no month is missing on: a year of months is drawn.
KNOWN = date(2026, 1, 12)


class Period(NamedTuple):
    """A row of ``verdict_periods``."""

    since: str
    until: str
    status: str
    months_behind: int | None
    reason: str | None


class Installable(NamedTuple):
    """An update that a device may take, in the order in which it would: a later one replaces the build."""

    available: str
    revision: int
    build: str
    track: str
    kind: str | None
    cadence: str | None
    security_month: str | None


Takes = Callable[[Installable], bool]
# Who takes what: each track's updates of every month, and with them what else comes on it.
DEVICES: dict[str, Takes] = {
    "hotpatch": lambda update: update.kind in ("hotpatch", "baseline"),
    "hotpatch, out of band too": lambda update: update.track == "hotpatch" or update.kind == "baseline",
    "cumulative": lambda update: update.track == "cumulative" and update.cadence == "B",
    "cumulative, out of band too": lambda update: update.track == "cumulative" and update.cadence in ("B", "OOB"),
    "cumulative, previews too": lambda update: update.track == "cumulative" and update.kind != "initial",
}


class Verdicts:
    """What a catalog says of a release: verdicts, updates, twins."""

    def __init__(self, catalog: sqlite3.Connection, release: str) -> None:
        self.periods: dict[str, list[Period]] = defaultdict(list)
        for build, *period in catalog.execute(
            "select build, since, until, status, months_behind, reason from verdict_periods where release = ?"
            " order by build, since",
            [release],
        ):
            self.periods[build].append(Period(*period))
        self.updates = sorted(
            Installable(*row)
            for row in catalog.execute(
                "select available, revision, build, track, kind, cadence, security_month from builds"
                " where release = ? and build is not null and available is not null and withdrawn = 0"
                " and corrected_to is null",
                [release],
            )
        )
        self.twins = catalog.execute(
            "select hotpatch_build, cumulative_build, month from twins where release = ?", [release]
        ).fetchall()
        (self.first,) = catalog.execute(
            "select min(available) from security_months where release = ?", [release]
        ).fetchone()

    def of(self, build: str, day: date) -> Period:
        (found,) = [period for period in self.periods[build] if period.since <= day.isoformat() <= period.until]
        return found

    def installed(self, takes: Takes, day: date) -> str | None:
        """The build of a device that takes these updates on their day; None before the first security month."""
        came = [update for update in self.updates if takes(update) and update.available <= day.isoformat()]
        return came[-1].build if came and self.first <= day.isoformat() else None


@st.composite
def histories(draw: st.DrawFn) -> tuple[Records, Records]:
    """What the pages say of a release whose months begin with a baseline in January 2025: each B above all before it,
    the hotpatch of a month between the two (rule 5), then previews and updates out of band of both tracks."""
    updates, months, entries = [], [], []
    revision, kb = 1000, 5_000_000
    for number in range(1, draw(st.integers(1, 12)) + 1):
        month = f"2025-{number:02}"
        day = date.fromisoformat(second_tuesday(month))
        hotpatch = revision + draw(st.integers(1, 90))
        revision = hotpatch + draw(st.integers(1, 90))
        is_baseline = number == 1 or draw(st.booleans())
        kb += 10
        updates.append(Update(RELEASE, f"26100.{revision}", f"KB{kb}", "B", month, day.isoformat(), None))
        kind = MonthType.BASELINE if is_baseline else MonthType.HOTPATCH
        on_track, its_kb = (revision, kb) if is_baseline else (hotpatch, kb + 1)
        build = f"26100.{on_track}"
        months.append(CalendarMonth(RELEASE, month, kind, day.isoformat(), build, f"KB{its_kb}", None, False))
        later = draw(st.lists(st.tuples(st.integers(0, 27), st.sampled_from(("D", "OOB", "hotpatch"))), max_size=3))
        for place, (days, what) in enumerate(sorted(later)):
            on, name = (day + timedelta(days)).isoformat(), f"KB{kb + 2 + place}"
            if what == "hotpatch":
                on_track += draw(st.integers(1, 3))
                label = f"{on}: out of band"
                builds = (f"26100.{on_track}",)
                entries.append(Entry(RELEASE, EntryKind.OUT_OF_BAND, on, name, builds, label, None, False, False))
            else:
                revision += draw(st.integers(1, 90))
                updates.append(Update(RELEASE, f"26100.{revision}", name, what, month, on, None))
        revision = max(revision, on_track)
    version = Version(RELEASE, "Windows 11", "24H2", 26100)
    serviced = Servicing(RELEASE, "2024-10-01", "2026-10-13", "2027-10-12", None)
    return (
        Records("learn", "", (version,), (serviced,), (), tuple(updates), tuple(months), (), (), ()),
        Records("support", "", (version,), (), (), (), (), tuple(entries), (), ()),
    )


def loaded(history: tuple[Records, Records], fetched: date) -> Verdicts:
    """The verdicts of a catalog of pages that say so and were last read on that day."""
    time = f"{fetched}T20:00:00Z"
    pages = {source.name: content for source, content in zip(PAGES, history, strict=True)}
    made = History()
    add_run(made, Run(1, time, set(pages), set(pages)), resolve(pages, PAGES))
    rows = [PageRow(source.name, source.url, time, time, None, None, None, None, 0, 0, None, None) for source in PAGES]
    database = Database(memory=True)
    with closing(database.conn):
        write(database, made, {}, PAGES, rows, 0)
        return Verdicts(database.conn, RELEASE)


days = st.dates(FIRST, LAST)


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(sorted(DEVICES)), st.lists(st.dates(FIRST, KNOWN), min_size=1, max_size=12))
def test_a_device_that_takes_every_update_of_its_track_on_its_day_is_never_behind(
    history: tuple[Records, Records], device: str, asked: list[date]
) -> None:
    verdicts = loaded(history, LAST)
    listed = {month.month for month in history[0].months} | {update.month for update in history[0].updates}
    for day in asked:
        if build := verdicts.installed(DEVICES[device], day):
            is_listed = max(filter(None, listed)) >= due_month(day)
            expected = ("current", 0, None) if is_listed else ("unknown", None, "not-listed")
            assert verdicts.of(build, day)[2:] == expected


def due_month(day: date) -> str:
    """The month of the last second Tuesday before a day."""
    month = day.isoformat()[:7]
    return month if second_tuesday(month) < day.isoformat() else month_before(month)


def badness(period: Period) -> tuple[int, int]:
    """Before a release, nothing to compare with, current, the due month not listed, stale, behind by so much, ended."""
    order = ("not-released", "no-security-month", "current", "not-listed", "stale", "behind", "out-of-support")
    named = period.reason if period.status == "unknown" else period.status
    return order.index(named or ""), period.months_behind or 0


def assert_never_better(verdicts: Verdicts) -> None:
    for build, periods in verdicts.periods.items():
        assert (periods[0].since, periods[-1].until) == ("0001-01-01", "9999-12-31")
        for before, after in pairwise(periods):
            assert date.fromisoformat(before.until) + timedelta(1) == date.fromisoformat(after.since)
            assert badness(before) <= badness(after), build


@settings(max_examples=60, deadline=None)
@given(histories(), days)
def test_a_verdict_never_improves_as_time_passes_without_a_new_build(
    history: tuple[Records, Records], fetched: date
) -> None:
    assert_never_better(loaded(history, fetched))


def assert_twins_are_of_one_month(verdicts: Verdicts) -> None:
    of_build = {update.build: update.security_month for update in verdicts.updates}
    for hotpatch, cumulative, month in verdicts.twins:
        assert of_build[hotpatch] == of_build[cumulative] == month
        assert verdicts.periods[hotpatch] == verdicts.periods[cumulative], (hotpatch, cumulative)


@settings(max_examples=60, deadline=None)
@given(histories(), days)
def test_a_hotpatch_and_its_twin_get_the_same_month_and_verdict(
    history: tuple[Records, Records], fetched: date
) -> None:
    verdicts = loaded(history, fetched)
    assert len(verdicts.twins) == sum(month.type is MonthType.HOTPATCH for month in history[0].months)
    assert_twins_are_of_one_month(verdicts)


# --- the bundled pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "release", ["windows-11-24h2", "windows-11-25h2", "windows-11-26h1", "windows-server-2025", "windows-server-2022"]
)
def test_rules_hold_for_each_day_of_the_bundled_pages(demo: sqlite3.Connection, release: str, device: str) -> None:
    """From the second security month on: before, a device may still be on what its release began with."""
    verdicts = Verdicts(demo, release)
    assert_never_better(verdicts)
    assert_twins_are_of_one_month(verdicts)
    takes, day, judged = DEVICES[device], date(2024, 1, 9), set()
    while day <= date(2026, 9, 30):
        if build := verdicts.installed(takes, day):
            judged.add((build, *verdicts.of(build, day)[2:]))
        day += timedelta(1)
    assert [verdict for verdict in judged if verdict[1:] != ("current", 0, None)] == []
    assert len(judged) >= (0 if release == "windows-11-26h1" and "hotpatch" in device else 8)

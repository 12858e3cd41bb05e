"""The months that are due: every release in support gets an update on each second Tuesday, and the pages may list it
days later. In June 2026 the release information lacked it for up to a week."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from scraper.catalog.days import month_before, second_tuesday
from scraper.catalog.findings import FindingRow
from scraper.catalog.rows import BuildRow, MonthRow, ReleaseRow
from scraper.models import Severity, Source

# Updates come at 17:00 to 18:30 UTC: pages read later on that day could list them.
_HOUR = "T18:30"
# Pages lag by a day or two without anybody's fault.
_WARNING_DAYS = 3


def feeds(releases: Mapping[str, ReleaseRow], sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """Page and release, where the page feeds the release."""
    for source in sources:
        fed = set(source.releases) | {name for name, row in releases.items() if row.page == source.name}
        yield from ((source.name, release) for release in sorted(fed & releases.keys()))


def read_at(
    releases: Mapping[str, ReleaseRow], sources: Iterable[Source], fetched: Mapping[str, str | None]
) -> dict[str, str]:
    """By release, the oldest last good fetch among the pages that feed it, as the view ``freshness`` has it."""
    times: dict[str, str] = {}
    for page, release in feeds(releases, sources):
        if at := fetched.get(page):
            times[release] = min(times.get(release, at), at)
    return times


class Due(NamedTuple):
    """A month that the pages were read for and do not list."""

    month: str
    severity: Severity


def newest_months(builds: Iterable[BuildRow], months: Iterable[MonthRow]) -> dict[str, str]:
    """By release that has builds, the newest security month that is published (rule 1); empty where it has none."""
    newest: dict[str, str] = {}
    for row in builds:
        newest.setdefault(row.release, "")
        if row.is_security and row.month and not row.withdrawn and not row.corrected_to:
            newest[row.release] = max(newest[row.release], row.month)
    for month in months:
        if month.released and not month.withdrawn:
            newest[month.release] = max(newest.get(month.release, ""), month.month)
    return newest


def due_months(
    releases: Mapping[str, ReleaseRow], newest: Mapping[str, str], times: Mapping[str, str], day: str
) -> dict[str, Due]:
    """By release, the month that its pages do not list, though they were read after its second Tuesday.

    ``times`` is ``read_at`` of the releases. A second Tuesday counts from the next ``day`` on, which a day without a
    time says: it is before all times of that day.
    """
    due = {}
    for name, month in newest.items():
        if name not in times:
            continue
        row, covered = releases[name], _covered(min(times[name], day))
        tuesday = second_tuesday(covered)
        # A release with a month was there by then, whatever its first day was.
        is_there = row.available <= tuesday if row.available else month > ""
        if month < covered and is_there and row.gets_updates_on(tuesday):
            is_late = date.fromisoformat(day) >= date.fromisoformat(tuesday) + timedelta(days=_WARNING_DAYS)
            due[name] = Due(covered, Severity.WARNING if is_late else Severity.INFO)
    return due


def open_due(findings: Iterable[FindingRow]) -> dict[str, Due]:
    """By release, the month that its open finding calls due."""
    found = (row.finding for row in findings if row.resolved_at is None)
    return {one.release: Due(one.subject, one.severity) for one in found if one.code == "due-month" and one.release}


def _covered(at: str) -> str:
    """The month of the last second Tuesday that data of this time cover."""
    month = at[:7]
    return month if second_tuesday(month) + _HOUR <= at else month_before(month)

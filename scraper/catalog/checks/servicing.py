"""The servicing table: when a release began, when its updates end, and its newest build, as its history must agree."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from scraper.catalog.checks.context import Context
from scraper.catalog.checks.table import Found, Group, check
from scraper.catalog.days import second_tuesday
from scraper.catalog.rows import revision
from scraper.models import LongTermServicing, Records, Servicing, Severity, Source, Update

_A_MONTH = timedelta(days=35)


def _by_revision(page: Records) -> list[Update]:
    return sorted(page.updates, key=lambda update: revision(update.build))


def _newest(page: Records) -> dict[str, Update]:
    """By release, the update with the highest revision."""
    return {update.release: update for update in _by_revision(page)}


def _served(page: Records) -> Sequence[Servicing | LongTermServicing]:
    return [*page.servicing, *page.long_term]


def _about(source: Source, release: str, message: str) -> Found:
    return Found(release, release, message, source.name)


@check("unserviced", Severity.WARNING, Group.DIFFER)
def in_servicing_table(context: Context) -> Iterator[Found]:
    """A release that got an update lately, or whose updates are known to end another day, does not stand in the
    servicing table."""
    published = context.past.releases.values()
    for source, page in context.pages:
        if page.servicing:
            ends = {row.release: row.last_end or "" for row in published if row.product == source.product}
            for release, message in _absent(page, ends, context.past.day):
                yield _about(source, release, f"{message} does not stand in the servicing table")


def _absent(page: Records, ends: Mapping[str, str], today: str) -> Iterator[tuple[str, str]]:
    """The releases that the servicing table lacks and should have. ``ends``: when their updates end."""
    days = {release: update.available or "" for release, update in _newest(page).items()}
    lately = (date.fromisoformat(max(days.values(), default="") or today) - _A_MONTH).isoformat()
    for release in sorted((days.keys() | ends.keys()) - {row.release for row in page.servicing}):
        if days.get(release, "") > lately:
            yield release, f"{release} got an update on {days[release]} and"
        elif ends.get(release, "") > today:
            yield release, f"the updates of {release} end on {ends[release]}, and it"


@check("duplicate")
def once_in_servicing_table(context: Context) -> Iterator[Found]:
    for source, page in context.pages:
        for rows in (page.servicing, page.long_term):
            first: dict[str, Servicing | LongTermServicing] = {}
            for row in rows:
                if first.setdefault(row.release, row) != row:
                    message = f"{row.release} stands twice in a servicing table: {first[row.release]} and {row}"
                    yield _about(source, row.release, message)


@check("first-day", Severity.WARNING, Group.DIFFER)
def began_on_its_first_day(context: Context) -> Iterator[Found]:
    """The servicing table says that a release began on another day than its history does, or a history of Windows 11
    lacks the build with which its release began."""
    for source, page in context.pages:
        first = {update.release: update for update in reversed(_by_revision(page))}
        for release, update in first.items():
            if source.product == "Windows 11" and update.kb:
                message = f"the history of {release} begins with {update.build}, and not with a build without a KB"
                yield _about(source, release, message)
        for row in page.servicing:
            initial = first.get(row.release)
            # Only a first row without a KB is the release itself: that of Server 2022 is an update, a week later.
            if initial and initial.kb is None and (initial.available or row.available) != row.available:
                began = f"the servicing table says that {row.release} began on {row.available}"
                message = f"{began}, its history on {initial.available} with {initial.build}"
                yield _about(source, row.release, message)


@check("latest-build", Severity.WARNING, Group.DIFFER)
def latest_build_is_the_newest(context: Context) -> Iterator[Found]:
    """The servicing table names another newest build, or another day of it, than the release history."""
    for source, page in context.pages:
        newest = _newest(page)
        for row in _served(page):
            last = newest.get(row.release)
            if row.latest_build and last and (row.latest_build, row.latest_date) != (last.build, last.available):
                calls = f"the servicing table calls {row.latest_build} of {row.latest_date} the newest build"
                message = f"{calls} of {row.release}, the release history {last.build} ({last.kb}) of {last.available}"
                yield Found(row.release, last.build, message, source.name)


@check("end-of-updates", Severity.WARNING)
def updates_end_as_always(context: Context) -> Iterator[Found]:
    """Updates of a release end on a day that is no second Tuesday, or before its newest update; not a year later for
    Enterprise than for Home and Pro, or with extended support not five years later than without."""
    for source, page in context.pages:
        newest = _newest(page)
        for row in page.servicing:
            if row.ended == "all" and row.end_of_updates:
                message = f"updates ended for Enterprise, and for Home and Pro they end on {row.end_of_updates}"
                yield _about(source, row.release, message)
        for served in _served(page):
            last = newest.get(served.release)
            for message in _odd_ends(served, last.available if last else None):
                yield _about(source, served.release, message)


def _odd_ends(row: Servicing | LongTermServicing, newest: str | None) -> Iterator[str]:
    """What is odd about the days on which updates end, in words. Nothing is, of all releases seen."""
    ends = [day for day in row.ends if day]
    for day in ends:
        if day != second_tuesday(day[:7]):
            yield f"{day} is no second Tuesday, and updates of every release end on one"
        if row.available and day <= row.available:
            yield f"updates ended on {day}, before the release was available on {row.available}"
    if len(ends) > 1:
        yield from _odd_span(row, *ends)
    if ends and newest and newest > ends[-1]:
        yield f"updates ended on {ends[-1]}, and one came on {newest}"


def _odd_span(row: Servicing | LongTermServicing, first: str, last: str) -> Iterator[str]:
    """Enterprise has updates a year longer than Home and Pro; extended support takes five years."""
    is_annual = isinstance(row, Servicing) and row.release.startswith("windows-11-")
    years, span = (1, "a year") if is_annual else (5, "five years")
    if last[:7] != f"{int(first[:4]) + years}{first[4:7]}":
        yield f"updates end first on {first}, and last on {last}, which is not {span} later"

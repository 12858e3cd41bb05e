"""Checks of the rows that are published after a run, and of what changed in it."""

from collections import defaultdict
from collections.abc import Iterator

from scraper.catalog.checks.context import Context
from scraper.catalog.checks.table import Found, about, check
from scraper.catalog.due import due_months, newest_months
from scraper.catalog.rows import BuildRow
from scraper.models import Severity

# No true run had more than two. A table that says otherwise as a whole was shifted, and contradicts nothing.
_MANY = 3


@check("no-kb", Severity.WARNING, published=True)
def update_has_its_kb(context: Context) -> Iterator[Found]:
    """No page says the KB of a row that came, and it is not the build with which its release began."""
    for row in context.builds:
        first = context.first_builds.get(row.release)
        if row.kb is None and row is not first and not row.withdrawn:
            message = f"no page says the KB of {row.build} of {row.available}"
            if first and (first.available or "") > (row.available or ""):  # then which of them was the first?
                message += f", nor that of {first.build} of {first.available}"
            yield about(row, message)


@check("no-kb", published=True)
def month_has_its_kb(context: Context) -> Iterator[Found]:
    for month in context.months:
        if month.released and month.kb is None and month.build is None and not month.withdrawn:
            yield about(month, f"no page says the KB of the {month.month} {month.type}")


@check("duplicate", published=True)
def absent_row_has_its_own_name(context: Context) -> Iterator[Found]:
    """A row that is absent once beside one that has its KB or build: two that were exchanged, for instance."""
    there: dict[tuple[str, str, str], BuildRow] = {}
    for row in context.updates:
        if not row.is_flapping and not row.withdrawn:
            there |= {(row.release, row.track, name): row for name in row.names}
    for row in (row for row in context.builds if row.is_flapping):
        for name in row.names:
            if other := there.get((row.release, row.track, name)):
                message = f"{name} is of {other.kb} {other.build}, and was of {row.kb} {row.build}"
                yield Found(row.release, name, message, row.page)


@check("missing", Severity.WARNING, published=True)
def rows_stay_on_their_page(context: Context) -> Iterator[Found]:
    """Three or more rows of a release left their page at once. (One or two may flap on a release night; what is gone
    twice in a row is `withdrawn`.)"""
    absent: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in context.builds:
        if row.absent and not row.corrected_to:
            absent[row.page, row.release, row.table].append(row.name)
    for month in context.months:
        if month.absent:
            absent[month.page, month.release, month.table].append(month.month)
    for (page, release, table), names in absent.items():
        if len(names) >= _MANY:
            message = f"{len(names)} rows are no longer on the page: {', '.join(sorted(names))}"
            yield Found(release, table, message, page)


@check("rewritten", Severity.WARNING, published=True)
def rows_keep_their_values(context: Context) -> Iterator[Found]:
    """Three or more rows of a release say something else than in the run before."""
    subjects: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for change in context.changes:
        if change.old is not None and change.new is not None:
            subjects[change.page, change.release, change.table_name][change.subject] = None
    for (page, release, table), names in subjects.items():
        if len(names) >= _MANY:
            message = f"{len(names)} rows say something else than before: {', '.join(names)}"
            yield Found(release, table, message, page)


@check("due-month", Severity.WARNING, published=True)
def month_is_listed(context: Context) -> Iterator[Found]:
    """The pages were read after a second Tuesday, and list no update of its month for a release in support. An info for
    two days, a warning from the third on; until then no device of the release is called current."""
    newest = newest_months(context.builds, context.months)
    for release, due in due_months(context.releases, newest, context.past.read_at, context.past.day).items():
        known = f"the newest one is of {newest[release]}" if newest[release] else "it has none yet"
        message = f"no page lists an update of {due.month} for {release}: {known}"
        yield Found(release, due.month, message, context.releases[release].page, severity=due.severity)

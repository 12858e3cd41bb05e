"""Days: every B comes on its month's second Tuesday, and nothing else does. Nothing comes on a day yet to come."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from scraper.catalog.checks.context import TUESDAY_KINDS, Context
from scraper.catalog.checks.table import Found, about, about_link, check
from scraper.catalog.days import second_tuesday
from scraper.catalog.rows import BuildRow, MonthRow
from scraper.models import EntryKind, Severity

# `2025-11 D` came on 2025-12-01 and `2023-11 D` on 2023-12-04 (sources.md A6): so many days into the next month.
_LATE_DAYS = 7
_AFTER_TUESDAY = frozenset({"C", "D", "E"})
_NOT_ON_TUESDAY = frozenset({EntryKind.OUT_OF_BAND, EntryKind.CUMULATIVE_OUT_OF_BAND, EntryKind.PREVIEW})


class _Dated(NamedTuple):
    """A build or a calendar month with its day, and the month and letter of its update type."""

    row: BuildRow | MonthRow
    month: str
    letter: str
    day: str

    def found(self, message: str) -> Found:
        page = self.row.page_of("available") if isinstance(self.row, MonthRow) else self.row.page
        return about(self.row, f"the {self.month} {self.letter} came on {self.day}{message}", page)

    @property
    def bounds(self) -> tuple[str, str]:
        """The first and the last day on which such an update comes."""
        tuesday = date.fromisoformat(second_tuesday(self.month))
        first = tuesday + timedelta(days=1) if self.letter in _AFTER_TUESDAY else tuesday.replace(day=1)
        next_month = tuesday.replace(day=28) + timedelta(days=4)
        return first.isoformat(), next_month.replace(day=_LATE_DAYS).isoformat()

    @property
    def is_within(self) -> bool:
        first, last = self.bounds
        return first <= self.day <= last


def _dated(context: Context) -> Iterator[_Dated]:
    for row in context.builds:
        if row.month and row.available and row.cadence:
            yield _Dated(row, row.month, row.cadence, row.available)
    for month in context.months:
        if month.available:
            yield _Dated(month, month.month, "B", month.available)


@check("second-tuesday", Severity.WARNING)
def b_on_second_tuesday(context: Context) -> Iterator[Found]:
    """A B came on another day than its month's second Tuesday, or something else than a B came on one."""
    for one in _dated(context):
        tuesday = second_tuesday(one.month)
        if one.letter == "B" and one.day != tuesday:
            yield one.found(f", which is not the month's second Tuesday, {tuesday}")
        elif one.letter != "B" and one.is_within and one.day == second_tuesday(one.day[:7]):
            yield one.found(", a second Tuesday, as only B does")


@check("second-tuesday")
def link_on_second_tuesday(context: Context) -> Iterator[Found]:
    for page, entry in context.links:
        is_tuesday = entry.available is not None and entry.available == second_tuesday(entry.available[:7])
        if entry.available and entry.kind in TUESDAY_KINDS and not is_tuesday:
            message = f"a {entry.kind} comes on a second Tuesday, and {entry.title!r} on {entry.available}"
            yield about_link(page, entry, message)
        elif is_tuesday and entry.kind in _NOT_ON_TUESDAY:
            yield about_link(page, entry, f"{entry.title!r} is a {entry.kind}, and came on a second Tuesday")


@check("update-month", Severity.WARNING)
def within_update_month(context: Context) -> Iterator[Found]:
    """An update came outside the month of its update type (up to the 7th of the next one is usual), or a C, D or E
    before the second Tuesday."""
    for one in _dated(context):
        if one.letter != "B" and not one.is_within:
            yield one.found(", and not between {} and {}".format(*one.bounds))


@check("future", Severity.WARNING)
def not_in_future(context: Context) -> Iterator[Found]:
    """An update came on a day that is yet to come, or a month has a KB, build or date before its second Tuesday."""
    today = context.past.day
    for row in context.builds:
        if row.available and row.available > today:
            yield about(row, f"{row.name} stood on its page before {row.available}, the day that it came on")
    for month in context.months:
        tuesday = second_tuesday(month.month)
        if month.released and tuesday > today:
            has = month.kb or month.build or month.available
            yield about(month, f"{month.month} had {has} before its second Tuesday, {tuesday}")


@check("overdue", Severity.WARNING)
def not_overdue(context: Context) -> Iterator[Found]:
    """A calendar month is still planned, although a later one came."""
    newest: dict[str, str] = {}
    for month in context.months:
        if month.released:
            newest[month.release] = max(newest.get(month.release, ""), month.month)
    for month in context.months:
        if not month.released and month.month < newest.get(month.release, ""):
            yield about(month, f"{month.month} is still planned, although {newest[month.release]} came")


@check("older", Severity.WARNING)
def not_older(context: Context) -> Iterator[Found]:
    """A page says that it was updated on an earlier day than it said before."""
    for source, page in context.pages:
        day, last = page.updated_on, context.past.updated.get(source.name, "")
        if day and day < last:
            message = f"{source.name} says that it was updated on {day}, and said before that it was on {last}"
            yield Found(None, source.name, message, source.name)

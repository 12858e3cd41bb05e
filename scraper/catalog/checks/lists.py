"""Lists: what one place has and another, which should have it, lacks. What that one had in the version before may be
flapping, and is not missed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise, product

from scraper.catalog.checks.context import LETTERS, TUESDAY_KINDS, Context
from scraper.catalog.checks.table import Found, Group, about_link, check
from scraper.catalog.rows import security_rows
from scraper.models import Entry, MonthType, Severity, Update

_Days = dict[str, str]  # by KB, the day


def _listed(rows: Iterable[Update | Entry]) -> dict[str, _Days]:
    """By release, the day of each KB; of links, those of the update history."""
    found: dict[str, _Days] = defaultdict(dict)
    for row in rows:
        if row.available and (isinstance(row, Update) or row.kind in LETTERS):
            found[row.release][row.kb or ""] = row.available
    return found


@check("unlisted", Severity.INFO, Group.DIFFER, flaps=True)
def history_and_links_list_the_same(context: Context) -> Iterator[Found]:
    """An update stands in one list and not in another that goes on beyond it."""
    for (source, page), (other, others) in product(context.pages, context.pages):
        tabled = _listed(row for version in context.versions(source.name, page) for row in version.updates)
        linked = _listed(row for version in context.versions(other.name, others) for row in version.entries)
        # A history that lost its newest rows goes on to where its servicing table says.
        latest = {row.release: row.latest_date or "" for row in page.servicing}
        for release in sorted(tabled.keys() & linked.keys()):
            rows, links = tabled[release], linked[release]
            # The links go back to the previews before a release; the history begins with it.
            since = {kb: day for kb, day in links.items() if day >= min(rows.values())}
            until = max(*rows.values(), latest.get(release, ""))
            yield from _unlisted(release, since, rows, until, other.name, source.name)
            yield from _unlisted(release, rows, links, max(links.values()), source.name, other.name)


def _unlisted(release: str, has: _Days, lacks: _Days, until: str, its: str, page: str) -> Iterator[Found]:
    """``until``: the day to which the list that lacks the KB goes; what is newer may still come to it. ``its`` is the
    page that has the KB, ``page`` the one that lacks it."""
    for kb in sorted(has.keys() - lacks.keys() - {""}):
        if has[kb] <= until:
            message = f"{kb} of {has[kb]} is listed for {release} on {its}, and not on {page}"
            yield Found(release, kb, message, page, its)


@check("unlisted", flaps=True)
def hubs_list_the_same(context: Context) -> Iterator[Found]:
    """The hotpatch release notes of all releases have the same navigation, from one table of contents."""
    hubs = [(source.name, page) for source, page in context.pages if source.calendar_release]
    for one, other in pairwise(hubs):
        for (page, records), (lacking, lacks) in ((one, other), (other, one)):
            stated = {_statement(entry) for version in context.versions(lacking, lacks) for entry in version.entries}
            for entry in records.entries:
                if _statement(entry) not in stated:
                    message = f"the link {entry.title!r} stands on {page}, and not on {lacking}"
                    yield about_link(lacking, entry, message, page)


def _statement(entry: Entry) -> tuple[str, bool, str]:
    return entry.release, entry.preview, entry.title


@check("no-month", Severity.WARNING, Group.DIFFER, flaps=True)
def announced_months_are_in_a_calendar(context: Context) -> Iterator[Found]:
    """A link announces a hotpatch or baseline of a month that no calendar has, and one had it, or has months before
    and after it."""
    in_calendars = {(month.release, month.month) for month in context.months}
    known = in_calendars | set(context.past.months)
    for page, entry in context.all_links:
        month = (entry.available or "")[:7]
        is_absent = (entry.release, month) not in in_calendars | context.came_before
        if is_absent and entry.kind in TUESDAY_KINDS and _belongs(month, known, entry):
            message = f"{entry.title!r} is of {month}, which no calendar has"
            yield Found(entry.release, entry.kb or month, message, page)


def _belongs(month: str, known: Iterable[tuple[str, str]], entry: Entry) -> bool:
    """Whether a month belongs into the calendar of a link's release. Of a public preview's months, calendars have the
    last ones only."""
    months = sorted(of for release, of in known if release == entry.release)
    return month in months or bool(months and not entry.preview and months[0] < month < months[-1])


@check("no-b", Severity.WARNING, Group.DIFFER, flaps=True)
def hotpatch_has_its_b(context: Context) -> Iterator[Found]:
    """A month has its hotpatch, and no release history has the B of that month."""
    with_history = {row.release for _, page in context.pages for row in page.updates}
    has_b = context.b_before | {(row.release, row.month) for row in security_rows(context.builds)}
    for month in context.months:
        came = month.released and month.type is MonthType.HOTPATCH and month.release in with_history
        if came and (month.release, month.month) not in has_b:
            message = f"the {month.month} hotpatch came, and no release history has the B of that month"
            yield Found(month.release, month.month, message, month.page)

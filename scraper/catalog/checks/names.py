"""Names: which KB, build, update type and track go together, within a release and from one release to another."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from operator import itemgetter

from scraper.catalog.checks.context import Context
from scraper.catalog.checks.table import Found, Group, about, about_link, check
from scraper.catalog.rows import BuildRow, MonthRow, family
from scraper.models import Severity

# KB5124010 came to 26H2 a week after 25H2.
_SAME_UPDATE = timedelta(days=14)
# Numbers rose from KB5000802 in March 2021 to KB5124010 in September 2026: another first digit is decades away.
_SHAPE = "KB5"


@check("duplicate", Severity.WARNING, Group.DIFFER)
def one_name_one_row(context: Context) -> Iterator[Found]:
    """A row stands twice in a release history or servicing table, with other values; or a KB is of two builds, a build
    of two KBs, or a month has two B, in one release and track."""
    same: dict[tuple[str, str, str], list[BuildRow]] = defaultdict(list)
    for row in context.updates:
        if row.kb:
            for name in filter(None, (row.kb, row.build, row.month if row.is_security else None)):
                same[row.release, row.track, name].append(row)
    for (release, _, name), rows in same.items():
        if len(rows) > 1:
            rows.sort(key=lambda row: row.key)
            updates = ", ".join(f"{row.kb} {row.build} ({row.month} {row.cadence})" for row in rows)
            yield Found(release, name, f"{name} is of {updates}", rows[-1].page)


def _shared(context: Context) -> Iterator[tuple[str, list[BuildRow]]]:
    """Each KB, and each build with its track, that several releases have, and its rows."""
    same: dict[str, list[BuildRow]] = defaultdict(list)
    for row in context.updates:
        for name in filter(None, (row.kb, row.build and f"{row.build} {row.track}")):
            same[name].append(row)
    return ((name, rows) for name, rows in same.items() if len({row.release for row in rows}) > 1)


@check("kb-day", Severity.WARNING)
def one_kb_one_fortnight(context: Context) -> Iterator[Found]:
    """One KB came to two releases more than two weeks apart."""
    for name, rows in _shared(context):
        dated = [(row.available, row) for row in rows if row.available]
        if name.startswith("KB") and dated:
            (first, one), (last, other) = (choose(dated, key=itemgetter(0)) for choose in (min, max))
            if date.fromisoformat(last) - date.fromisoformat(first) > _SAME_UPDATE:
                for row, its, others in ((one, first, last), (other, last, first)):
                    yield about(row, f"{name} came to {row.release} on {its}, to another release on {others}")


_TRAITS: Mapping[str, Callable[[BuildRow], str | None]] = {
    "update type": lambda row: row.month and row.cadence and f"{row.month} {row.cadence}",
    "track": lambda row: row.kb and row.track,
    "revision": lambda row: row.kb and row.build and row.build.partition(".")[2],
    "KB": lambda row: row.build and row.kb,
}


@check("siblings", Severity.WARNING, Group.DIFFER)
def one_update_in_all_releases(context: Context) -> Iterator[Found]:
    """One KB has another update type, track or revision in another release, or one build another KB.

    24H2 and Server 2025 had the same cumulative updates up to December 2025."""
    for name, rows in _shared(context):
        for what, value_of in _TRAITS.items():
            stated = [(value, row) for row in rows if (value := value_of(row))]
            if len({value for value, _ in stated}) > 1 and len({row.release for _, row in stated}) > 1:
                words = ", ".join(f"{value} for {row.release}" for value, row in stated)
                message = f"{name.partition(' ')[0]} has another {what} in another release: {words}"
                yield from (about(row, message) for _, row in stated)


@check("baseline", Severity.WARNING, Group.DIFFER)
def calendar_kb_is_the_b(context: Context) -> Iterator[Found]:
    """The KB of a calendar month is in the release history, and is not that month's B."""
    rows = {(row.release, row.kb): row for row in context.builds if row.track == "cumulative"}
    for month in context.months:
        row = rows.get((month.release, month.kb)) if month.kb else None
        if row and (row.cadence, row.month) != ("B", month.month):
            words = f"{month.kb} is the {month.type} of {month.month} and the {row.month} {row.cadence}"
            yield Found(month.release, row.name, f"{words} of the release history", month.page, row.page)


@check("kb-shape", Severity.WARNING)
def kb_has_its_shape(context: Context) -> Iterator[Found]:
    """A KB does not begin as all of these releases do (`KB5`)."""
    rows: list[BuildRow | MonthRow] = [*context.builds, *context.months]
    for row in rows:
        if row.kb and not row.kb.startswith(_SHAPE):
            page = row.page_of("kb") if isinstance(row, MonthRow) else row.page
            yield about(row, f"{row.kb} does not begin with {_SHAPE}, as every update of these releases does", page)


@check("family", Severity.WARNING)
def one_family_one_release(context: Context) -> Iterator[Found]:
    """A build does not belong to the OS build that its label or category names, or to no release at all; or two
    releases have one OS build. (Where most builds of a table do, its label is wrong, and the page is set aside.)"""
    owners: dict[tuple[str, int], str] = {}
    for row in context.releases.values():
        owner = owners.setdefault((row.product, row.base_build), row.release) if row.base_build else row.release
        if owner != row.release:
            for one, other in ((row.release, owner), (owner, row.release)):
                yield Found(one, one, f"OS build {row.base_build} is that of {other}, too", row.page)


@check("family")
def link_names_known_families(context: Context) -> Iterator[Found]:
    """A link names builds of its release and of that one's siblings, which all are releases of the catalog."""
    known = {row.base_build for row in context.releases.values()}
    for page, entry in context.all_links:
        strange = [build for build in entry.builds if family(build) not in known]
        if strange and entry.release in context.releases and context.releases[entry.release].base_build:
            message = f"no release has the OS build of {', '.join(strange)} in {entry.title!r}"
            yield about_link(page, entry, message)

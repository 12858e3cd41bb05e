"""The links of navigations as statements: of calendar months, of builds that no table lists, and of titles.

All pages have all categories. So each link is taken once, from the page that comes first in the order of precedence.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scraper.catalog.days import second_tuesday
from scraper.catalog.months import add_calendar_build, overrule_builds, overrule_types, state_type
from scraper.catalog.resolved import Resolved, Title
from scraper.catalog.rows import BuildRow, MonthRow, family, security_rows
from scraper.catalog.statements import Origin, Part, precedence
from scraper.models import Entry, EntryKind, MonthType, Severity

# Track and stated kind of the update that a link announces. A baseline's link announces a month and no update.
_TRACKS: dict[EntryKind, tuple[str, str | None]] = {
    EntryKind.HOTPATCH: ("hotpatch", "hotpatch"),
    EntryKind.OUT_OF_BAND: ("hotpatch", "out-of-band"),
    EntryKind.COMPONENT: ("component", "component"),
    EntryKind.CUMULATIVE: ("cumulative", None),
    EntryKind.PREVIEW: ("cumulative", "preview"),
    EntryKind.CUMULATIVE_OUT_OF_BAND: ("cumulative", "out-of-band"),
}
_ANNOUNCED = {EntryKind.HOTPATCH: MonthType.HOTPATCH, EntryKind.BASELINE: MonthType.BASELINE}


@dataclass(frozen=True, slots=True)
class Link:
    """A link for its release. ``build``: the one of its builds that is of the release's family; ``month``: the calendar
    month that it announces."""

    entry: Entry
    build: str | None
    origin: Origin
    month: MonthRow | None

    @property
    def track(self) -> str | None:
        return _TRACKS[self.entry.kind][0] if self.entry.kind in _TRACKS else None


def add_links(rows: Resolved, families: Mapping[str, int | None]) -> None:
    """Add what the links state, and the builds of calendar months, which links complete. ``families``: the published
    OS builds by release."""
    links = list(_links(rows, families))
    _state_months(rows, [(link.month, link) for link in links if link.month])
    by_kb = _by_kb(rows)
    for link in links:
        if link.track and link.entry.kb and link.month is None:
            _add_build(rows, by_kb, link, link.track)
    _compare_kbs(rows, [link for link in links if link.track == "cumulative"])
    _add_titles(rows)


def _state_months(rows: Resolved, links: Sequence[tuple[MonthRow, Link]]) -> None:
    """What links state of the months that they announce. The type first: a link of another type than the month's says
    nothing of the month's build and KB. A hotpatch and a baseline of one month come on one day."""
    b_rows = {(row.release, row.month or ""): row for row in security_rows(rows.builds.values())}
    for month, link in links:
        state_type(month, _ANNOUNCED[link.entry.kind], link.origin, released=True)
    overrule_types(rows, b_rows)
    for month, link in links:
        month.state("available", link.entry.available, link.origin)
        if month.type is _ANNOUNCED[link.entry.kind]:
            month.state("build", link.build, link.origin)
            month.state("kb", link.entry.kb, link.origin)
    overrule_builds(rows, b_rows)
    for month in rows.months.values():
        add_calendar_build(rows, month, b_rows.get((month.release, month.month)))


def _by_kb(rows: Resolved) -> dict[tuple[str, str | None], BuildRow]:
    return {(row.release, row.kb): row for row in rows.builds.values() if row.kb}


def _links(rows: Resolved, families: Mapping[str, int | None]) -> Iterator[Link]:
    bases, tabled = _families(rows, families), _by_kb(rows)
    entries = [
        (rows.origin(source, Part.LINK, preview=entry.preview, own=entry.release in source.releases), entry)
        for source, page in rows.pages
        for entry in page.entries
    ]
    taken = set()
    for origin, entry in sorted(entries, key=lambda pair: precedence(pair[0])):
        statement = entry.release, entry.kind, entry.kb, entry.available, entry.builds
        if statement in taken:
            continue
        taken.add(statement)
        base = bases.get(entry.release)
        build = next((build for build in entry.builds if family(build) == base), None)
        if base and entry.builds and build is None:
            # 22621.7582 under version 23H2, in September 2026: the table has 22631.7582 for this KB.
            message, other_page = f"no build of OS build {base}: {', '.join(entry.builds)}", None
            if build := _build_of_address(base, entry.url):
                message += f"; its address names {build}"
            elif (row := tabled.get((entry.release, entry.kb))) and row.build:
                message, other_page = f"{message}; {row.build} on {row.page}", row.page
            rows.find(Severity.WARNING, "family", entry.release, entry.name, message, origin.page, other_page)
        yield Link(entry, build, origin, _month_of(rows, entry))


def _build_of_address(base: int, url: str | None) -> str | None:
    """The build of the family that an address names where the text names none: 26200.6725 stands nowhere else."""
    found = re.search(rf"-{base}-(\d{{1,5}})(?=-|$)", url or "", re.ASCII)
    return f"{base}.{found[1]}" if found else None


def _families(rows: Resolved, published: Mapping[str, int | None]) -> dict[str, int]:
    """The OS build of each release: what its label says, else what is published, else what most of its hotpatches have.
    Links of the update history do not tell: those of 25H2 all name 26100, and one of them nothing else (KB5065789)."""
    for name, row in rows.releases.items():
        row.base_build = row.base_build or published.get(name)
    listed: dict[str, list[set[int]]] = defaultdict(list)
    for _, page in rows.pages:
        for entry in page.entries:
            if entry.builds and _TRACKS.get(entry.kind, ("",))[0] != "cumulative":
                listed[entry.release].append(set(map(family, entry.builds)))
    for name, row in rows.releases.items():
        row.base_build = row.base_build or _most_common(listed[name])
    return {name: row.base_build for name, row in rows.releases.items() if row.base_build}


def _most_common(families: Sequence[set[int]]) -> int | None:
    """The OS build that most links name. Nearly all links of 25H2 name its sibling's build as well; where all do,
    neither is known to be its own."""
    counted = Counter(base for link in families for base in link)
    (most, times), (_, next_times) = (*counted.most_common(2), (None, 0), (None, 0))[:2]
    return most if 2 * times > len(families) and times > next_times else None


def _month_of(rows: Resolved, entry: Entry) -> MonthRow | None:
    """The calendar month that a link announces: by its KB, else by the second Tuesday that it is dated. None for what
    is out of band, and where no calendar lists the month."""
    if entry.kind not in _ANNOUNCED:
        return None
    if entry.kb:
        for row in rows.months.values():
            if row.kb == entry.kb and row.release == entry.release:
                return row
    if entry.available is None or entry.available != second_tuesday(entry.available[:7]):
        return None
    return rows.months.get((entry.release, entry.available[:7]))


def _add_build(rows: Resolved, by_kb: dict[tuple[str, str | None], BuildRow], link: Link, track: str) -> None:
    """An update that no calendar lists: hotpatches out of band, of components and from before the calendars, and what
    stands in the update history alone."""
    entry, origin = link.entry, link.origin
    row = by_kb.get((entry.release, entry.kb)) or _same_build(rows, link, track)
    if row is None:
        row = BuildRow(
            release=entry.release,
            page=origin.page,
            build=link.build,
            kb=entry.kb,
            track=track,
            stated_kind=_TRACKS[entry.kind][1],
            available=entry.available,
            url=entry.url,
        )
        by_kb[entry.release, entry.kb] = rows.builds[row.key] = row
    row.state("track", track, origin)
    if row.track != track:
        return
    key = row.key
    row.state("available", entry.available, origin)
    row.state("build", link.build, origin)
    if row.kb is None:
        row.state("kb", entry.kb, origin)
    if row.key != key:
        del rows.builds[key]
        by_kb[entry.release, entry.kb] = rows.builds[row.key] = row


def _same_build(rows: Resolved, link: Link, track: str) -> BuildRow | None:
    """The row of the same build and day that lacks its KB: the link fills it (rule 8). The build that a release began
    with lacks a KB as well, but no link has its day."""
    row = rows.builds.get((link.entry.release, link.build or "", ""))
    return row if row and (row.track, row.available) == (track, link.entry.available) else None


def _compare_kbs(rows: Resolved, links: list[Link]) -> None:
    """State the KB of a link where the release history has another one for the same build and day. One build may have
    two KBs, each with its link: so only where no link has the history's KB."""
    linked = {(link.entry.release, link.entry.kb) for link in links}
    written = [row for row in rows.builds.values() if row.track == "cumulative" and "kb" in row.statements]
    by_build = {(row.release, row.build): row for row in written if (row.release, row.kb) not in linked}
    tabled = {(row.release, row.kb) for row in written}
    for link in links:
        row = by_build.get((link.entry.release, link.build))
        if row and row.available == link.entry.available and (link.entry.release, link.entry.kb) not in tabled:
            row.state("kb", link.entry.kb, link.origin)


def _add_titles(rows: Resolved) -> None:
    """Title and address of each KB: from the client's own category, then its preview, then Server."""
    entries = [
        (not entry.release.startswith("windows-11-"), entry.preview, entry.release not in source.releases, entry)
        for source, page in rows.pages
        for entry in page.entries
    ]
    for *_, entry in sorted(entries, key=lambda item: item[:3]):
        if entry.kb:
            rows.titles.setdefault(entry.kb, Title(entry.title, entry.url, entry.expired))

"""What all pages say tonight, as one claim for each row, with every disagreement as a finding.

Ranks (design.md rule 8): release information before hotpatch release notes, and of those the release's own page before
its sibling's; a lower rank fills a null and never replaces a value. Pure: the last good facts of each source come in.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from scraper.models import (
    CalendarMonth,
    Entry,
    EntryKind,
    LongTermServicing,
    MonthType,
    Note,
    Records,
    Servicing,
    Severity,
    Source,
    Update,
)


class Why(StrEnum):
    """Why one of two values that differ is used: the ranks of design.md rule 8, one by one, in words for a reader."""

    RANK = "release information comes before release notes and the update history"
    HISTORY = "the release history comes before the calendar of the same page"
    LABEL = "the label of a table comes before a cell of the servicing table"
    CALENDAR = "a calendar comes before a list of links"
    PREVIEW = "the release's own category comes before its preview"
    OWN = "the release's own page comes before other pages"
    PAGE = "of pages of the same rank, the first that is declared comes first"
    ROW = "what stands first on a page comes first"
    RELEASED = "a page that says the month was released comes before one that still plans it"
    CONTRADICTED = "the other type is contradicted by the KB in its own row, which is the month's B or is not"
    UNBELIEVED = "the other build cannot be the month's: it is another month's, or out of order"
    ARTICLE = "the pages' tables come before the article"
    KEPT = "what a page said stays when only pages of a lower rank still list the update"


class Part(StrEnum):
    """The part of a page, or of an article, in which a value stands."""

    LABEL = "label"
    SERVICING = "servicing table"
    HISTORY = "release history"
    CALENDAR = "calendar"
    LINK = "list of links"
    HEADING = "heading"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, with all that decides which of two is used; ``own``: the page is the release's own."""

    page: str
    part: Part
    rank: int = 0
    preview: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and where it stands. ``why``: what keeps it from being used, where that is more than its place."""

    value: str
    place: Place
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding that stands tonight. Two claims are the same finding when their identities are equal. Of two values
    that differ: ``used`` is that of ``page``, ``other`` that of ``other_page``, ``about`` the month, KB or version."""

    severity: Severity
    code: str
    release: str | None
    subject: str
    message: str
    page: str
    other_page: str | None = None
    field: str | None = None
    used: str | None = None
    other: str | None = None
    why: Why | None = None
    about: str | None = None

    @property
    def identity(self) -> Hashable:
        """A disagreement is the same for as long as both pages say what they say, whichever of them is used, and
        whether or not its month has its KB yet."""
        if self.field is None:
            return self
        sides = frozenset({(self.page, self.used), (self.other_page, self.other)})
        return self.release, self.about, self.field, sides


@dataclass(slots=True)
class ReleaseClaim:
    """``serviced``: whether it stands in its product's servicing table. None where that table was never read, and of
    a release without a history, which the table may simply not know yet."""

    release: str
    product: str
    version: str
    base_build: int | None
    page: str
    available: str | None = None
    end_of_updates: str | None = None
    end_of_updates_enterprise: str | None = None
    ended: str | None = None
    ltsc_mainstream_end: str | None = None
    ltsc_extended_end: str | None = None
    serviced: bool | None = None
    said: dict[str, list[Said]] = field(default_factory=dict)

    @property
    def last_end(self) -> str | None:
        """The day on which the last edition's updates end; None where they have, or nothing is known."""
        return None if self.ended == "all" else self.end_of_updates_enterprise or self.end_of_updates


@dataclass(slots=True)
class MonthClaim:
    """A calendar month. ``said``: by column, what pages say, the one that is used first; a build that is not believed
    is None here."""

    release: str
    month: str
    type: MonthType
    page: str
    available: str | None = None
    build: str | None = None
    kb: str | None = None
    url: str | None = None
    replanned: bool = False
    said: dict[str, list[Said]] = field(default_factory=dict)

    def page_of(self, column: str) -> str:
        """The page behind a value."""
        first = first_said(self.said.get(column, ()))
        return first.place.page if first else self.page

    @property
    def released(self) -> bool:
        """A planned month has no date, no build and no KB: one of them is enough."""
        return not (self.available is None and self.build is None and self.kb is None)


@dataclass(slots=True)
class BuildClaim:
    """A build or update of a release. ``track`` as the page says; ``hint`` its kind, where the page says that and not
    a letter: always of hotpatches and components, of cumulative updates in the update history. ``said`` as of months.
    """

    release: str
    build: str | None
    kb: str | None
    track: str
    hint: str | None
    cadence: str | None
    month: str | None
    available: str | None
    url: str | None
    page: str
    said: dict[str, list[Said]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.release, self.build or "", self.kb or ""


@dataclass(frozen=True, slots=True)
class Article:
    """What the navigation says of a KB."""

    title: str
    url: str | None
    expired: bool


@dataclass(slots=True)
class Claims:
    """All that the pages say tonight; ``ranks``: 0 for the pages whose values come first, 1 for the others.
    ``found``: the findings but those that follow from what stands in the rows."""

    releases: dict[str, ReleaseClaim] = field(default_factory=dict)
    months: dict[tuple[str, str], MonthClaim] = field(default_factory=dict)
    builds: dict[tuple[str, str, str], BuildClaim] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    found: dict[Claim, None] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)

    def find(self, claim: Claim) -> None:
        self.found[claim] = None

    @property
    def findings(self) -> dict[Claim, None]:
        """All findings, each once. Disagreements are those of the rows as they are now, so that what is called used is
        what is published: the timeline lets some values stay."""
        said: dict[Hashable, Claim] = {claim.identity: claim for claim in self.found}
        for claim in _disagreements(self):
            said.setdefault(claim.identity, claim)
        return dict.fromkeys(said.values())


_Ranked = list[tuple[Source, Records]]

_TRACKS: dict[EntryKind, tuple[str, str | None]] = {
    EntryKind.HOTPATCH: ("hotpatch", "hotpatch"),
    EntryKind.OUT_OF_BAND: ("hotpatch", "out-of-band"),
    EntryKind.COMPONENT: ("component", "component"),
    EntryKind.CUMULATIVE: ("cumulative", None),
    EntryKind.PREVIEW: ("cumulative", "preview"),
    EntryKind.CUMULATIVE_OUT_OF_BAND: ("cumulative", "out-of-band"),
}


@lru_cache(maxsize=1024)
def second_tuesday(month: str) -> str:
    """The date on which a month's security updates come: ``2026-06`` gives ``2026-06-09``."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=(1 - first.weekday()) % 7 + 7)).isoformat()


def revision(build: str) -> int:
    return int(build.partition(".")[2])


def reconcile(
    facts: Mapping[str, Records], sources: Iterable[Source], families: Mapping[str, int | None] | None = None
) -> Claims:
    """What the pages say together. ``facts``: the last good facts by source name; ``sources``: in order of rank;
    ``families``: the build families that are published, by release, which only a label changes."""
    claims = Claims()
    ranked = [(source, facts[source.name]) for source in sources if source.name in facts]
    claims.ranks = {source.name: int(source.parser != "release_information") for source, _ in ranked}
    for source, page in ranked:
        _claim_releases(claims, source, page)
        for note in page.notes:
            claims.find(_of_page(source, note))
        for row in page.quarantined:
            message = f"{row.reason}; cells: {row.cells}"
            subject = row.key[-1] if row.key else str(row.table)
            claims.find(Claim(Severity.ERROR, "quarantine", row.release, subject, message, source.name))
    products = {source.product for source, page in ranked if page.servicing}
    for release in {update.release for _, page in ranked for update in page.updates}:
        claim = claims.releases[release]
        if claim.serviced is None and claim.product in products:
            claim.serviced = False
    ranked = _without_doubles(claims, ranked)
    for source, page in ranked:
        for update in page.updates:
            _claim_update(claims, source, update)
    _join_bare(claims)
    month_of_kb: dict[tuple[str, str], tuple[str, str]] = {}
    for source, page in ranked:
        for month in page.months:
            _claim_month(claims, source, month, month_of_kb)
    security = _security_updates(claims)
    links = [
        (source, entry, build, _month_of(claims, entry))
        for source, entry, build in _listed(claims, ranked, families or {})
    ]
    for source, entry, _build, month_claim in links:
        if month_claim:
            _say_type(month_claim, _announced(entry), _place_of(claims, source, entry), released=True)
    _check_types(claims, security)
    for source, entry, build, month_claim in links:
        if month_claim:
            _speak_for_month(month_claim, entry, build, _place_of(claims, source, entry))
    _check_calendar_builds(claims, security)
    for month_claim in claims.months.values():
        _claim_calendar_build(claims, month_claim, security)
    notes = {(claim.release, claim.kb): claim for claim in claims.builds.values() if claim.kb}
    for source, entry, build, month_claim in links:
        if entry.kb and entry.kind is not EntryKind.BASELINE and month_claim is None:
            _claim_entry(claims, notes, entry, entry.kb, build, _place_of(claims, source, entry))
    _compare_kbs(claims, [(entry, build, _place_of(claims, source, entry)) for source, entry, build, _ in links])
    _claim_articles(claims, ranked)
    return claims


def _of_page(source: Source, note: Note) -> Claim:
    return Claim(note.severity, note.code, note.release, note.subject, note.message, source.name)


# --- disagreements ---------------------------------------------------------------------------------------------------

_FIELDS = {"base_build": "build", "build": "build", "available": "date", "kb": "KB", "type": "type", "track": "track"}


def _disagreements(claims: Claims) -> Iterator[Claim]:
    for release in claims.releases.values():
        yield from _of_row(release, release.version, release.version)
    for month in claims.months.values():
        yield from _of_row(month, month.kb or month.month, month.month)
    for build in claims.builds.values():
        subject = build.kb or build.build or ""
        yield from _of_row(build, subject, subject)


def _of_row(row: ReleaseClaim | MonthClaim | BuildClaim, subject: str, about: str) -> Iterator[Claim]:
    """What differs from the row's values. A value that is not the first one said stayed from an earlier night: then it
    is its page's, and what that page says now is a correction and no disagreement."""
    for column, said in row.said.items():
        value = getattr(row, column)
        if value is None:
            continue
        first = first_said(said)
        kept = first is None or first.value != str(value)
        used = Said(str(value), Place(row.page, Part.LABEL)) if first is None or kept else first
        for other in said:
            if other.value == used.value or (kept and other.place.page == row.page):
                continue
            why = other.why or (Why.KEPT if kept else _why(used.place, other.place))
            # A KB is known by its update's build: there is no other name for both.
            of = row.build or about if isinstance(row, BuildClaim) and column == "kb" else about
            yield disagreement(row.release, subject, of, _FIELDS[column], used, other, why)


def disagreement(release: str, subject: str, about: str, field: str, used: Said, other: Said, why: Why) -> Claim:
    """Two places that differ in a field of ``about`` (a month, KB or version), of which ``used`` is published."""
    place, its = used.place, other.place
    if its.part in (Part.HEADING, Part.TITLE):
        message = f"{field} in the {its.part} of {about}: {other.value}, {used.value} on {place.page}"
    elif place.page != its.page:
        message = f"{field} of {about}: {used.value} on {place.page}, {other.value} on {its.page}"
    elif place.part is not its.part:
        message = f"{field} of {about}: {used.value} in the {place.part}, {other.value} in the {its.part} of {its.page}"
    else:
        message = f"{field} of {about}: {used.value} and {other.value} on {place.page}"
    severity, code, values = Severity.WARNING, "conflict", (field, used.value, other.value, why, about)
    return Claim(severity, code, release, subject, message, place.page, its.page, *values)


def _why(used: Place, other: Place) -> Why:
    """By what the one place comes before the other: in the order in which pages are heard."""
    if used.rank != other.rank:
        return Why.RANK
    if used.part is not other.part:
        if used.part is Part.LABEL:
            return Why.LABEL
        return Why.HISTORY if used.part is Part.HISTORY else Why.CALENDAR
    if used.preview != other.preview:
        return Why.PREVIEW
    if used.own != other.own:
        return Why.OWN
    return Why.PAGE if used.page != other.page else Why.ROW


def first_said(said: Iterable[Said]) -> Said | None:
    """The value that is used."""
    return next((one for one in said if one.why is None), None)


def _say(row: MonthClaim | BuildClaim, column: str, value: str | None, place: Place) -> None:
    """Note what stands at a place: it fills a null and never replaces a value."""
    if value is None:
        return
    row.said.setdefault(column, []).append(Said(value, place))
    if getattr(row, column) is None:
        setattr(row, column, value)


# --- releases --------------------------------------------------------------------------------------------------------


def _claim_releases(claims: Claims, source: Source, page: Records) -> None:
    for version in page.versions:
        claim = claims.releases.get(version.release)
        if claim is None:
            claim = ReleaseClaim(version.release, version.product, version.version, None, source.name)
            claims.releases[version.release] = claim
        _say_base(claim, version.base_build, Place(source.name, Part.LABEL, claims.ranks[source.name]))
    for row in page.servicing:
        claim = claims.releases[row.release]
        _claim_servicing(claim, row)
        _say_base_of_newest(claims, source, row)
    for long_term in page.long_term:
        if release := claims.releases.get(long_term.release):
            release.ltsc_mainstream_end = long_term.mainstream_end
            release.ltsc_extended_end = long_term.extended_end
            _say_base_of_newest(claims, source, long_term)


def _say_base_of_newest(claims: Claims, source: Source, row: Servicing | LongTermServicing) -> None:
    """A label names the family of all rows below it; the newest build is one cell."""
    base = int(row.latest_build.partition(".")[0]) if row.latest_build else None
    _say_base(claims.releases[row.release], base, Place(source.name, Part.SERVICING, claims.ranks[source.name]))


def _say_base(claim: ReleaseClaim, base: int | None, place: Place) -> None:
    if base is not None:
        claim.said.setdefault("base_build", []).append(Said(str(base), place))
        claim.base_build = claim.base_build or base


def _claim_servicing(claim: ReleaseClaim, row: Servicing) -> None:
    claim.serviced = True
    claim.available = row.available
    claim.end_of_updates = row.end_of_updates
    claim.end_of_updates_enterprise = row.end_of_updates_enterprise
    claim.ended = row.ended


def _without_doubles(claims: Claims, ranked: _Ranked) -> _Ranked:
    """Set aside the links of a release that no label names and that has the builds of one that a label does: no new
    release, but the title of a known one's category with a slip (a Windows Server 0222)."""
    families = {(claim.product, claim.base_build): claim.release for claim in claims.releases.values()}
    shared: dict[str, set[int]] = {}
    for _source, page in ranked:
        for entry in page.entries:
            if entry.builds and claims.releases[entry.release].base_build is None:
                own = {int(build.partition(".")[0]) for build in entry.builds}
                shared[entry.release] = shared.get(entry.release, own) & own
    doubles = set()
    for release, common in shared.items():
        product = claims.releases[release].product
        owners = [families.get((product, base)) for base in sorted(common)]
        if owners and all(owners):
            message = f"the links of {release} have builds of {', '.join(filter(None, owners))}"
            claims.find(Claim(Severity.ERROR, "family", None, release, message, claims.releases[release].page))
            doubles.add(release)
            del claims.releases[release]
    return (
        [
            (source, replace(page, entries=tuple(entry for entry in page.entries if entry.release not in doubles)))
            for source, page in ranked
        ]
        if doubles
        else ranked
    )


# --- release history -------------------------------------------------------------------------------------------------


def _claim_update(claims: Claims, source: Source, row: Update) -> None:
    claim = BuildClaim(
        row.release, row.build, row.kb, "cumulative", None, row.cadence, row.month, row.available, row.url, source.name
    )
    place = Place(source.name, Part.HISTORY, claims.ranks[source.name])
    for column in ("available", "build", "kb", "track"):
        _say(claim, column, getattr(claim, column), place)
    first = claims.builds.setdefault(claim.key, claim)
    if first is not claim and (first.month, first.cadence, first.available) != (row.month, row.cadence, row.available):
        message = (
            f"{row.build} stands twice: {first.month} {first.cadence} {first.available}"
            f" and {row.month} {row.cadence} {row.available}"
        )
        claims.find(Claim(Severity.WARNING, "duplicate", row.release, row.kb or row.build, message, source.name))


def _join_bare(claims: Claims) -> None:
    """A build that stands twice, once without its KB, is one row. The build that a release began with is another: the
    one with a KB came on another day."""
    named = {(row.release, row.build, row.available) for row in claims.builds.values() if row.kb}
    for key, row in list(claims.builds.items()):
        if row.kb is None and (row.release, row.build, row.available) in named:
            message = f"{row.build} stands twice, once without its KB"
            claims.find(Claim(Severity.WARNING, "duplicate", row.release, row.build or "", message, row.page))
            del claims.builds[key]


def security_rows(rows: Iterable[BuildClaim]) -> list[BuildClaim]:
    """The B rows among the rows of releases, in the order of their revisions. Where a month has two, which never was
    seen, the higher one is the month's."""
    security = [row for row in rows if row.track == "cumulative" and row.cadence == "B" and row.month and row.build]
    return sorted(security, key=lambda row: revision(row.build or ""))


def initial_row(rows: Iterable[BuildClaim]) -> BuildClaim | None:
    """Of the rows of a release, the build with which it began: it has no KB. A B row may lack its KB as well, for a
    while; the build with which a release began came before all of them."""
    cumulative = [row for row in rows if row.track == "cumulative" and row.build]
    for row in sorted(cumulative, key=lambda row: (revision(row.build or ""), row.cadence != "B")):
        if row.cadence == "B":
            return None
        if row.kb is None:
            return row
    return None


def _security_updates(claims: Claims) -> dict[tuple[str, str], BuildClaim]:
    """The B row of each release and month."""
    return {(row.release, row.month or ""): row for row in security_rows(claims.builds.values())}


# --- hotpatch calendars ----------------------------------------------------------------------------------------------


def _claim_month(
    claims: Claims, source: Source, row: CalendarMonth, month_of_kb: dict[tuple[str, str], tuple[str, str]]
) -> None:
    """``month_of_kb``: which month a KB is of, and on which page, as the calendars before have it. One KB is of one
    month, so a calendar under a wrong year says nothing of its months."""
    key = row.release, row.month
    if row.kb:
        month, page = month_of_kb.setdefault((row.release, row.kb), (row.month, source.name))
        if month != row.month:
            message = f"{row.kb} is the {row.type} of {month} on {page}, and of {row.month} on {source.name}"
            claims.find(Claim(Severity.ERROR, "calendar-month", row.release, row.kb, message, source.name, page))
            return
    claim = claims.months.setdefault(key, MonthClaim(row.release, row.month, row.type, source.name))
    place = Place(source.name, Part.CALENDAR, claims.ranks[source.name])
    _say_type(claim, row.type, place, released=bool(row.available or row.build or row.kb))
    for column, value in (("available", row.available), ("build", row.build), ("kb", row.kb)):
        _say(claim, column, value, place)
    # Article links: the release notes know better than the calendar, whose link may lead to the other product's page.
    claim.url = row.url or claim.url
    claim.replanned = claim.replanned or row.replanned


def _say_type(claim: MonthClaim, kind: MonthType, place: Place, *, released: bool) -> None:
    """What a page says of a month's type. The higher rank is published, but a plan does not outlive a release: on
    release night the pages follow one another by hours or days."""
    said = claim.said.setdefault("type", [])
    if kind is not claim.type and released and not claim.released:
        said[:] = [replace(one, why=Why.RELEASED) for one in said]
        claim.type = kind
    said.append(Said(kind, place))


# --- navigation ------------------------------------------------------------------------------------------------------


def _listed(
    claims: Claims, ranked: list[tuple[Source, Records]], families: Mapping[str, int | None]
) -> Iterable[tuple[Source, Entry, str | None]]:
    """Every link for its release, with the one of its builds that is of the release's family.

    The release's own page comes before its sibling's, and a release's own category before its public preview. All
    pages carry all categories, so the same statement is heard once.
    """
    bases = _bases(claims, ranked, families)
    entries = [(source, entry) for source, page in ranked for entry in page.entries]
    entries.sort(key=lambda pair: (pair[1].preview, pair[1].release not in pair[0].releases))
    said = set()
    for source, entry in entries:
        statement = entry.release, entry.kind, entry.kb, entry.available, entry.builds
        if statement in said:
            continue
        said.add(statement)
        base = bases.get(entry.release)
        build = next((build for build in entry.builds if base and build.startswith(f"{base}.")), None)
        if base and entry.builds and build is None:
            message = f"no build of OS build {base}: {', '.join(entry.builds)}"
            if build := _build_of_address(base, entry.url):
                message += f"; its address names {build}"
            subject = entry.kb or entry.title
            claims.find(Claim(Severity.WARNING, "family", entry.release, subject, message, source.name))
        yield source, entry, build


def _build_of_address(base: int | None, url: str | None) -> str | None:
    """The build of the family that an address names where the text names none: 26200.6725 stands nowhere else."""
    found = re.search(rf"-{base}-(\d{{1,5}})(?=-|$)", url or "", re.ASCII) if base else None
    return f"{base}.{found[1]}" if found else None


def _bases(claims: Claims, ranked: list[tuple[Source, Records]], families: Mapping[str, int | None]) -> dict[str, int]:
    """The build family of each release: as its label says, else as it is published, else the one that most of its
    hotpatches have. Links of the update history do not tell: those of 25H2 all name 26100, and one of them nothing else
    (KB5065789)."""
    for name, claim in claims.releases.items():
        claim.base_build = claim.base_build or families.get(name)
    bases = {name: claim.base_build for name, claim in claims.releases.items() if claim.base_build}
    listed: dict[str, list[set[int]]] = {}
    for _source, page in ranked:
        for entry in page.entries:
            if entry.release not in bases and entry.builds and _TRACKS.get(entry.kind, ("",))[0] != "cumulative":
                listed.setdefault(entry.release, []).append({int(build.partition(".")[0]) for build in entry.builds})
    for release, links in listed.items():
        counted = Counter(base for bases_of_link in links for base in bases_of_link)
        (most, times), *others = counted.most_common()
        # Nearly all links of 25H2 name its sibling's build as well; where it is all, none is known to be its own.
        if 2 * times > len(links) and (not others or times > others[0][1]):
            bases[release] = claims.releases[release].base_build = most
    return bases


def _month_of(claims: Claims, entry: Entry) -> MonthClaim | None:
    """The calendar month that a link announces: a hotpatch by its KB, else by the month's second Tuesday; a baseline
    has only its date. None for everything out of band, and where no calendar lists the month."""
    if entry.kind not in (EntryKind.HOTPATCH, EntryKind.BASELINE):
        return None
    if entry.kb:
        for claim in claims.months.values():
            if claim.kb == entry.kb and claim.release == entry.release:
                return claim
    if entry.available is None:
        return None
    month = entry.available[:7]
    return claims.months.get((entry.release, month)) if second_tuesday(month) == entry.available else None


def _place_of(claims: Claims, source: Source, entry: Entry) -> Place:
    rank, own = claims.ranks[source.name], entry.release in source.releases
    return Place(source.name, Part.LINK, rank, preview=entry.preview, own=own)


def _announced(entry: Entry) -> MonthType:
    return MonthType.HOTPATCH if entry.kind is EntryKind.HOTPATCH else MonthType.BASELINE


def _speak_for_month(claim: MonthClaim, entry: Entry, build: str | None, place: Place) -> None:
    """Fill what the calendar does not say yet, note what differs. The day of a month is that of its hotpatch and of its
    baseline alike; KB and build are not."""
    _say(claim, "available", entry.available, place)
    if claim.type is _announced(entry):
        _say(claim, "build", build, place)
        _say(claim, "kb", entry.kb, place)


def _check_types(claims: Claims, security: Mapping[tuple[str, str], BuildClaim]) -> None:
    """Two witnesses against a word: a baseline's KB is that of the month's B and a hotpatch's is not, so a type that
    its own row's KB contradicts gives way where another page says the other type."""
    for claim in claims.months.values():
        row = security.get((claim.release, claim.month))
        if claim.kb is None or row is None or row.kb is None:
            continue
        meant = MonthType.BASELINE if claim.kb == row.kb else MonthType.HOTPATCH
        said = claim.said["type"]
        if meant is not claim.type and any(one.value == meant for one in said):
            said[:] = [one if one.value == meant else replace(one, why=Why.CONTRADICTED) for one in said]
            claim.type = meant


# --- builds of the calendar and of the navigation --------------------------------------------------------------------


def _check_calendar_builds(claims: Claims, security: Mapping[tuple[str, str], BuildClaim]) -> None:
    """Set aside calendar builds that cannot be the month's (rule 8): another month's B, or out of order (rule 5)."""
    month_of_build = {(claim.release, claim.build): claim.month for claim in security.values()}
    for claim in claims.months.values():
        while claim.build is not None:
            owner = month_of_build.get((claim.release, claim.build))
            if owner is not None and owner != claim.month:
                message = f"build {claim.build} of {claim.month} is the B of {owner}"
                _disbelieve(claims, claim, "calendar-build", message)
            elif claim.type is MonthType.HOTPATCH and (broken := _out_of_order(claim, security)):
                _disbelieve(claims, claim, "revision-order", broken)
            else:
                break


def _out_of_order(claim: MonthClaim, security: Mapping[tuple[str, str], BuildClaim]) -> str | None:
    """What is wrong with a hotpatch's revision: it lies below the month's B and above the B of the month before."""
    assert claim.build is not None
    own = revision(claim.build)
    same = security.get((claim.release, claim.month))
    before = security.get((claim.release, _month_before(claim.month)))
    if same and same.build and own >= revision(same.build):
        return f"hotpatch build {claim.build} of {claim.month} is not below the month's B {same.build}"
    if before and before.build and own <= revision(before.build):
        return f"hotpatch build {claim.build} of {claim.month} is not above the B of the month before, {before.build}"
    return None


def _month_before(month: str) -> str:
    return (date.fromisoformat(f"{month}-01") - timedelta(days=1)).isoformat()[:7]


def _disbelieve(claims: Claims, claim: MonthClaim, code: str, message: str) -> None:
    """The month's build is then the next that a page says, as if this one were not there."""
    subject = claim.kb or claim.month
    claims.find(Claim(Severity.ERROR, code, claim.release, subject, message, claim.page_of("build")))
    said = claim.said["build"]
    said[:] = [replace(one, why=Why.UNBELIEVED) if one.value == claim.build else one for one in said]
    left = first_said(said)
    claim.build = left.value if left else None


def _claim_calendar_build(claims: Claims, month: MonthClaim, security: Mapping[tuple[str, str], BuildClaim]) -> None:
    if not month.released:
        return
    hotpatch = month.type is MonthType.HOTPATCH
    row = security.get((month.release, month.month))
    if row and not hotpatch:
        _name_from_calendar(claims, month, row)
        _agree_with_history(month, row)
        return
    if month.build is None and (month.kb is None or "build" in month.said):
        return  # only its date is known, or its build was set aside and a row would say less than the finding
    column = "build" if month.build else "kb"
    claim = BuildClaim(
        release=month.release,
        build=month.build,
        kb=month.kb,
        track="hotpatch" if hotpatch else "cumulative",
        hint="hotpatch" if hotpatch else None,
        cadence="B",
        month=month.month,
        available=month.available,
        url=month.url,
        page=month.page_of(column),
    )
    # What else is said of the month is noted there.
    used = {name: first_said(month.said.get(name, ())) for name in ("available", "build", "kb")}
    claim.said = {name: [said] for name, said in used.items() if said}
    known = claims.builds.setdefault(claim.key, claim)
    _say(known, "track", claim.track, claim.said[column][0].place)


def _name_from_calendar(claims: Claims, month: MonthClaim, row: BuildClaim) -> None:
    """The month's B whose KB cell is empty has the KB that the calendar gives its build."""
    said = first_said(month.said.get("kb", ()))
    if row.kb is None and said and month.build == row.build:
        del claims.builds[row.key]
        _say(row, "kb", said.value, said.place)
        claims.builds[row.key] = row


def _agree_with_history(month: MonthClaim, row: BuildClaim) -> None:
    """Within a page the release history beats the calendar: a baseline that it has is published as it has it."""
    for column in ("available", "build", "kb"):
        if first := first_said(row.said.get(column, ())):
            month.said.setdefault(column, []).insert(0, first)
            setattr(month, column, first.value)


def _claim_entry(
    claims: Claims,
    notes: dict[tuple[str, str], BuildClaim],
    entry: Entry,
    kb: str,
    build: str | None,
    place: Place,
) -> None:
    """An update that no table lists: out-of-band and component hotpatches, hotpatches before the calendars, and what
    stands in the update history alone."""
    track, hint = _TRACKS[entry.kind]
    row = notes.get((entry.release, kb)) or _nameless(claims, entry, build, track)
    if row is None:
        row = BuildClaim(entry.release, build, kb, track, hint, None, None, entry.available, entry.url, place.page)
        notes[entry.release, kb] = claims.builds[row.key] = row
    _say(row, "track", track, place)
    if row.track != track:
        return
    _say(row, "available", entry.available, place)
    key = row.key
    _say(row, "build", build, place)
    if row.kb is None:
        _say(row, "kb", kb, place)
    if row.key != key:
        del claims.builds[key]
        notes[entry.release, kb] = claims.builds[row.key] = row


def _nameless(claims: Claims, entry: Entry, build: str | None, track: str) -> BuildClaim | None:
    """The row of the same build and day whose KB cell is empty: the link fills it (rule 8). The build that a release
    began with has no KB either, but no link has its day."""
    row = claims.builds.get((entry.release, build or "", ""))
    return row if row and (row.track, row.available) == (track, entry.available) else None


def _compare_kbs(claims: Claims, links: Iterable[tuple[Entry, str | None, Place]]) -> None:
    """A link of the update history may have another KB than the release history for the same build and day. One build
    may have two KBs, and then each has its link: it is a disagreement only where no link has the history's KB."""
    links = [link for link in links if _TRACKS.get(link[0].kind, ("",))[0] == "cumulative"]
    linked = {(entry.release, entry.kb) for entry, _, _ in links}
    written = [row for row in claims.builds.values() if row.track == "cumulative" and "kb" in row.said]
    rows = {(row.release, row.build): row for row in written if (row.release, row.kb) not in linked}
    tabled = {(row.release, row.kb) for row in written}
    for entry, build, place in links:
        row = rows.get((entry.release, build))
        if row and row.available == entry.available and (entry.release, entry.kb) not in tabled:
            _say(row, "kb", entry.kb, place)


# --- articles --------------------------------------------------------------------------------------------------------


def _claim_articles(claims: Claims, ranked: list[tuple[Source, Records]]) -> None:
    """Title and address of each KB: from the client's own category, then its preview, then Server."""
    entries = [(source, entry) for source, page in ranked for entry in page.entries if entry.kb]
    entries.sort(
        key=lambda pair: (
            not pair[1].release.startswith("windows-11-"),
            pair[1].preview,
            pair[1].release not in pair[0].releases,
        )
    )
    for _source, entry in entries:
        assert entry.kb is not None
        claims.articles.setdefault(entry.kb, Article(entry.title, entry.url, entry.expired))

"""What all pages say tonight, as one claim for each row, with every disagreement as a finding.

Ranks (design.md rule 8): release information before hotpatch release notes, and of those the release's own page before
its sibling's; a lower rank fills a null and never replaces a value. Pure: the last good facts of each source come in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from scraper.models import (
    CalendarMonth,
    Entry,
    EntryKind,
    Facts,
    MonthType,
    Remark,
    Servicing,
    Severity,
    Source,
    Update,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding that stands tonight. Two claims are the same finding when they are equal."""

    severity: Severity
    code: str
    release: str | None
    subject: str
    message: str
    page: str
    other_page: str | None = None


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


@dataclass(slots=True)
class MonthClaim:
    """A calendar month. ``pages`` names the page behind each value; a build that is not believed is None here."""

    release: str
    month: str
    type: MonthType
    page: str
    available: str | None = None
    build: str | None = None
    kb: str | None = None
    url: str | None = None
    replanned: bool = False
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def released(self) -> bool:
        """A planned month has no date, no build and no KB: one of them is enough."""
        return not (self.available is None and self.build is None and self.kb is None)


@dataclass(slots=True)
class BuildClaim:
    """A build or update of a release. ``track`` as the page says; ``hint`` its kind, where the page says that and not
    a letter: always of hotpatches and components, of cumulative updates in the update history."""

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
    """All that the pages say tonight; ``ranks``: 0 for the pages whose values come first, 1 for the others."""

    releases: dict[str, ReleaseClaim] = field(default_factory=dict)
    months: dict[tuple[str, str], MonthClaim] = field(default_factory=dict)
    builds: dict[tuple[str, str, str], BuildClaim] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    findings: dict[Claim, None] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)

    def find(self, claim: Claim) -> None:
        self.findings[claim] = None


_TRACKS: dict[EntryKind, tuple[str, str | None]] = {
    EntryKind.HOTPATCH: ("hotpatch", "hotpatch"),
    EntryKind.OUT_OF_BAND: ("hotpatch", "out-of-band"),
    EntryKind.COMPONENT: ("component", "component"),
    EntryKind.CUMULATIVE: ("cumulative", None),
    EntryKind.PREVIEW: ("cumulative", "preview"),
    EntryKind.CUMULATIVE_OUT_OF_BAND: ("cumulative", "out-of-band"),
}


def second_tuesday(month: str) -> str:
    """The date on which a month's security updates come: ``2026-06`` gives ``2026-06-09``."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=(1 - first.weekday()) % 7 + 7)).isoformat()


def revision(build: str) -> int:
    return int(build.partition(".")[2])


def reconcile(facts: Mapping[str, Facts], sources: Iterable[Source]) -> Claims:
    """What the pages say together. ``facts``: the last good facts by source name; ``sources``: in order of rank."""
    claims = Claims()
    ranked = [(source, facts[source.name]) for source in sources if source.name in facts]
    claims.ranks = {source.name: int(source.parser != "release_information") for source, _ in ranked}
    for source, page in ranked:
        _claim_releases(claims, source, page)
        for remark in page.remarks:
            claims.find(_of_page(source, remark))
        for row in page.quarantined:
            message = f"{row.reason}; cells: {row.cells}"
            subject = row.key[-1] if row.key else str(row.table)
            claims.find(Claim(Severity.ERROR, "quarantine", row.release, subject, message, source.name))
    products = {source.product for source, page in ranked if page.servicing}
    for release in {update.release for _, page in ranked for update in page.updates}:
        claim = claims.releases[release]
        if claim.serviced is None and claim.product in products:
            claim.serviced = False
    for source, page in ranked:
        for update in page.updates:
            _claim_update(claims, source, update)
    for source, page in ranked:
        for month in page.months:
            _claim_month(claims, source, month)
    security = _security_updates(claims)
    links = [(source, entry, build, _month_of(claims, entry)) for source, entry, build in _listed(claims, ranked)]
    for source, entry, build, month_claim in links:
        if month_claim:
            _speak_for_month(claims, source, entry, build, month_claim)
    _check_calendar_builds(claims, security)
    for month_claim in claims.months.values():
        _claim_calendar_build(claims, month_claim, security)
    notes = {(claim.release, claim.kb): claim for claim in claims.builds.values() if claim.kb}
    for source, entry, build, month_claim in links:
        if entry.kb and entry.kind is not EntryKind.BASELINE and month_claim is None:
            _claim_entry(claims, notes, source, entry, entry.kb, build)
    _claim_articles(claims, ranked)
    return claims


def _of_page(source: Source, remark: Remark) -> Claim:
    return Claim(remark.severity, remark.code, remark.release, remark.subject, remark.message, source.name)


# --- releases --------------------------------------------------------------------------------------------------------


def _claim_releases(claims: Claims, source: Source, page: Facts) -> None:
    for version in page.versions:
        claim = claims.releases.get(version.release)
        if claim is None:
            claim = ReleaseClaim(version.release, version.product, version.version, version.base_build, source.name)
            claims.releases[version.release] = claim
        elif claim.base_build is None:
            claim.base_build = version.base_build
        elif version.base_build not in (None, claim.base_build):
            message = f"OS build {claim.base_build} and {version.base_build}"
            claims.find(Claim(Severity.WARNING, "conflict", version.release, version.version, message, source.name))
    for row in page.servicing:
        _claim_servicing(claims.releases[row.release], row)
    for long_term in page.long_term:
        if release := claims.releases.get(long_term.release):
            release.ltsc_mainstream_end = long_term.mainstream_end
            release.ltsc_extended_end = long_term.extended_end


def _claim_servicing(claim: ReleaseClaim, row: Servicing) -> None:
    claim.serviced = True
    claim.available = row.available
    claim.end_of_updates = row.end_of_updates
    claim.end_of_updates_enterprise = row.end_of_updates_enterprise
    claim.ended = row.ended


# --- release history -------------------------------------------------------------------------------------------------


def _claim_update(claims: Claims, source: Source, row: Update) -> None:
    claim = BuildClaim(
        row.release, row.build, row.kb, "cumulative", None, row.cadence, row.month, row.available, row.url, source.name
    )
    first = claims.builds.setdefault(claim.key, claim)
    if first is not claim and (first.month, first.cadence, first.available) != (row.month, row.cadence, row.available):
        message = (
            f"{row.build} stands twice: {first.month} {first.cadence} {first.available}"
            f" and {row.month} {row.cadence} {row.available}"
        )
        claims.find(Claim(Severity.WARNING, "duplicate", row.release, row.kb or row.build, message, source.name))


def security_rows(rows: Iterable[BuildClaim]) -> list[BuildClaim]:
    """The B rows among the rows of releases, in the order of their revisions. Where a month has two, which never was
    seen, the higher one is the month's."""
    security = [row for row in rows if row.track == "cumulative" and row.cadence == "B" and row.month and row.build]
    return sorted(security, key=lambda row: revision(row.build or ""))


def _security_updates(claims: Claims) -> dict[tuple[str, str], BuildClaim]:
    """The B row of each release and month."""
    return {(row.release, row.month or ""): row for row in security_rows(claims.builds.values())}


# --- hotpatch calendars ----------------------------------------------------------------------------------------------


def _claim_month(claims: Claims, source: Source, row: CalendarMonth) -> None:
    key = row.release, row.month
    claim = claims.months.get(key)
    if claim is None:
        claim = MonthClaim(row.release, row.month, row.type, source.name, pages={"type": source.name})
        claims.months[key] = claim
    else:
        _take_type(claims, claim, row.type, source, released=bool(row.available or row.build or row.kb))
    for column, value in (("available", row.available), ("build", row.build), ("kb", row.kb)):
        _fill(claims, claim, column, value, source)
    # Article links: the release notes know better than the calendar, whose link may lead to the other product's page.
    claim.url = row.url or claim.url
    claim.replanned = claim.replanned or row.replanned


def _take_type(claims: Claims, claim: MonthClaim, kind: MonthType, source: Source, *, released: bool) -> None:
    """What another page says of a month's type. The higher rank is published, but a plan does not outlive a release:
    on release night the pages follow one another by hours or days."""
    if kind is claim.type:
        return
    _conflict(claims, claim, "type", claim.type, kind, source)
    if released and not claim.released:
        claim.type, claim.pages["type"] = kind, source.name


def _fill(claims: Claims, claim: MonthClaim, column: str, value: str | None, source: Source) -> None:
    if value is None:
        return
    known = getattr(claim, column)
    if known is None:
        setattr(claim, column, value)
        claim.pages[column] = source.name
    elif known != value:
        _conflict(claims, claim, column, known, value, source)


def _conflict(claims: Claims, claim: MonthClaim, column: str, known: str, other: str, source: Source) -> None:
    page = claim.pages[column]
    words = {"available": "date", "kb": "KB"}.get(column, column)
    message = f"{words} of {claim.month}: {known} on {page}, {other} on {source.name}"
    claims.find(Claim(Severity.WARNING, "conflict", claim.release, claim.kb or claim.month, message, page, source.name))


# --- navigation ------------------------------------------------------------------------------------------------------


def _listed(claims: Claims, ranked: list[tuple[Source, Facts]]) -> Iterable[tuple[Source, Entry, str | None]]:
    """Every link for its release, with the one of its builds that is of the release's family.

    The release's own page comes before its sibling's, and a release's own category before its public preview. All
    pages carry all categories, so the same statement is heard once.
    """
    bases = _bases(claims, ranked)
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


def _bases(claims: Claims, ranked: list[tuple[Source, Facts]]) -> dict[str, int]:
    """The build family of each release: as its label says, else the one that all its hotpatches share. Links of the
    update history do not tell: those of 25H2 all name 26100, and one of them nothing else (KB5065789)."""
    bases = {name: claim.base_build for name, claim in claims.releases.items() if claim.base_build}
    shared: dict[str, set[int]] = {}
    for _source, page in ranked:
        for entry in page.entries:
            if entry.release not in bases and entry.builds and _TRACKS.get(entry.kind, ("",))[0] != "cumulative":
                own = {int(build.partition(".")[0]) for build in entry.builds}
                shared[entry.release] = shared.get(entry.release, own) & own
    for release, common in shared.items():
        if len(common) == 1:
            bases[release] = claims.releases[release].base_build = common.pop()
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


def _speak_for_month(claims: Claims, source: Source, entry: Entry, build: str | None, claim: MonthClaim) -> None:
    """Fill what the calendar does not say yet, report what differs."""
    announced = MonthType.HOTPATCH if entry.kind is EntryKind.HOTPATCH else MonthType.BASELINE
    _take_type(claims, claim, announced, source, released=True)
    if claim.type is not announced:
        return
    for column, value in (("available", entry.available), ("build", build), ("kb", entry.kb)):
        _fill(claims, claim, column, value, source)


# --- builds of the calendar and of the navigation --------------------------------------------------------------------


def _check_calendar_builds(claims: Claims, security: Mapping[tuple[str, str], BuildClaim]) -> None:
    """Set aside a calendar build that cannot be the month's (rule 8): another month's B, or out of order (rule 5)."""
    month_of_build = {(claim.release, claim.build): claim.month for claim in security.values()}
    for claim in claims.months.values():
        if claim.build is None:
            continue
        owner = month_of_build.get((claim.release, claim.build))
        if owner is not None and owner != claim.month:
            _disbelieve(claims, claim, "calendar-build", f"build {claim.build} of {claim.month} is the B of {owner}")
        elif claim.type is MonthType.HOTPATCH and (broken := _out_of_order(claim, security)):
            _disbelieve(claims, claim, "revision-order", broken)


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
    subject = claim.kb or claim.month
    claims.find(Claim(Severity.ERROR, code, claim.release, subject, message, claim.pages["build"]))
    claim.build = None


def _claim_calendar_build(claims: Claims, month: MonthClaim, security: Mapping[tuple[str, str], BuildClaim]) -> None:
    if not month.released:
        return
    hotpatch = month.type is MonthType.HOTPATCH
    row = security.get((month.release, month.month))
    if row and not hotpatch:
        _agree_with_history(claims, month, row)
        return
    if month.build is None and (month.kb is None or "build" in month.pages):
        return  # only its date is known, or its build was set aside and a row would say less than the finding
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
        page=month.pages.get("build") or month.pages["kb"],
    )
    claims.builds.setdefault(claim.key, claim)


def _agree_with_history(claims: Claims, month: MonthClaim, row: BuildClaim) -> None:
    """Within a page the release history beats the calendar: a baseline that it has is published as it has it."""
    for column, words, theirs in (("build", "build", row.build), ("kb", "KB", row.kb)):
        ours = getattr(month, column)
        if ours and theirs and ours != theirs:
            message = f"{words} of the {month.month} baseline: {theirs} in the release history, {ours} in the calendar"
            subject, page = row.kb or month.month, month.pages[column]
            claims.find(Claim(Severity.WARNING, "conflict", month.release, subject, message, row.page, page))
    month.build, month.kb = row.build or month.build, row.kb or month.kb


def _claim_entry(
    claims: Claims,
    notes: dict[tuple[str, str], BuildClaim],
    source: Source,
    entry: Entry,
    kb: str,
    build: str | None,
) -> None:
    """An update that no table lists: out-of-band and component hotpatches, hotpatches before the calendars, and what
    stands in the update history alone."""
    track, hint = _TRACKS[entry.kind]
    if known := notes.get((entry.release, kb)):
        if known.track == track:
            _compare_entry(claims, known, source, entry, build)
        else:
            message = f"track of {kb}: {known.track} on {known.page}, {track} on {source.name}"
            claims.find(Claim(Severity.WARNING, "conflict", entry.release, kb, message, known.page, source.name))
        return
    claim = BuildClaim(entry.release, build, kb, track, hint, None, None, entry.available, entry.url, source.name)
    notes[entry.release, kb] = claims.builds[claim.key] = claim


def _compare_entry(claims: Claims, known: BuildClaim, source: Source, entry: Entry, build: str | None) -> None:
    """A second link for the same update of the same release: fill what the first left open, report what differs."""
    for words, ours, theirs in (("date", known.available, entry.available), ("build", known.build, build)):
        if ours and theirs and ours != theirs:
            message = f"{words} of {entry.kb}: {ours} on {known.page}, {theirs} on {source.name}"
            claims.find(
                Claim(
                    Severity.WARNING,
                    "conflict",
                    known.release,
                    entry.kb or entry.title,
                    message,
                    known.page,
                    source.name,
                )
            )
    known.available = known.available or entry.available
    if known.build is None and build is not None:
        del claims.builds[known.key]
        known.build = build
        claims.builds[known.key] = known


# --- articles --------------------------------------------------------------------------------------------------------


def _claim_articles(claims: Claims, ranked: list[tuple[Source, Facts]]) -> None:
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

"""What tonight's claims mean after last night's: changes, withdrawals, corrections, first plans, the life of findings.

Folded run by run over the archive, so that the same archive always gives the same history. A value that vanishes stays;
a row is withdrawn on its second disappearance in a row, because entries flap while an update is being published
(sources.md B6); a build that its page replaces under the same KB stays as corrected.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from scraper.catalog.resolve import BuildClaim, Claim, Claims, MonthClaim, ReleaseClaim, first_said, initial_row
from scraper.models import MonthType, Severity

_DISAPPEARANCES = 2
_MANY = 3


@dataclass(slots=True)
class Standing:
    """How a row stands: how many times in a row its page was read without it, and whether that withdrew it."""

    absent: int = 0
    withdrawn: bool = False

    @property
    def is_flapping(self) -> bool:
        """Whether the row stands on its page no longer, and is published still."""
        return self.absent > 0 and not self.withdrawn


@dataclass(slots=True)
class ReleaseRow:
    claim: ReleaseClaim
    standing: Standing = field(default_factory=Standing)


@dataclass(slots=True)
class BuildRow:
    claim: BuildClaim
    corrected_to: str | None = None
    standing: Standing = field(default_factory=Standing)


@dataclass(slots=True)
class MonthRow:
    claim: MonthClaim
    planned_type: MonthType | None = None
    released: bool = False
    standing: Standing = field(default_factory=Standing)


@dataclass(frozen=True, slots=True)
class Change:
    seen_at: str
    run: int
    table_name: str
    release: str
    subject: str
    field: str
    old: str | None
    new: str | None
    page: str


@dataclass(slots=True)
class Finding:
    claim: Claim
    first_seen: str
    resolved_at: str | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """One run, as the timeline sees it. ``read``: pages whose good version was read (served again or not modified);
    ``first``: those of them that never had a good version before, whose news are no changes."""

    run: int
    at: str
    read: Collection[str]
    first: Collection[str]


@dataclass(slots=True)
class Timeline:
    """The catalog's rows and their history up to the last run that was followed."""

    releases: dict[str, ReleaseRow] = field(default_factory=dict)
    builds: dict[tuple[str, str, str], BuildRow] = field(default_factory=dict)
    months: dict[tuple[str, str], MonthRow] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)
    # The releases whose family became known tonight: that links get their builds by it is no change of the links.
    founded: set[str] = field(default_factory=set)
    _open: dict[Hashable, Finding] = field(default_factory=dict)

    def follow(self, night: Night, claims: Claims) -> None:
        """Take tonight's claims over. ``changes`` and ``findings`` grow; nothing that was published is lost."""
        start = len(self.changes)
        self.founded.clear()
        _Releases(self, night).follow(claims.releases)
        _Builds(self, night).follow(claims.builds, claims.ranks)
        _Months(self, night).follow(claims.months)
        tonight = sorted(self.changes[start:], key=_change_order)
        self.changes[start:] = tonight
        self._follow_findings(night, claims, tonight)
        for kb, last in self.claims.articles.items():  # a title or an address that vanished stays, like other values
            article = claims.articles.setdefault(kb, last)
            claims.articles[kb] = article if article.url else replace(article, url=last.url)
        self.claims = claims

    def pending(self) -> Counter[str]:
        """By page, the rows that were missing once and may be withdrawn the next time."""
        return Counter(claim.page for claim in self._flapping())

    def _flapping(self) -> Iterator[ReleaseClaim | BuildClaim | MonthClaim]:
        rows: Iterable[ReleaseRow | BuildRow | MonthRow] = chain(
            self.releases.values(), self.builds.values(), self.months.values()
        )
        return (row.claim for row in rows if row.standing.is_flapping)

    def _follow_findings(self, night: Night, claims: Claims, changes: Iterable[Change]) -> None:
        """Asked after the rows were followed: a disagreement is about the values that are published. One that stands
        keeps its time, and says which value is used tonight, and why. What was found of a row is true of it as long as
        the row is published without its page; but a disagreement ends with the page that disagreed."""
        found = *claims.findings, *self._bare(), *self._missing(), *self._doubled(), *_rewritten(changes)
        tonight = {claim.identity: claim for claim in found}
        kept = {(claim.release, name) for claim in self._flapping() for name in _names_of(claim)}
        for identity, finding in self._open.items():
            if not finding.claim.field and (finding.claim.release, finding.claim.subject) in kept:
                tonight.setdefault(identity, finding.claim)
        for identity in [identity for identity in self._open if identity not in tonight]:
            self._open.pop(identity).resolved_at = night.at
        for identity, claim in tonight.items():
            if identity in self._open:
                self._open[identity].claim = claim
            else:
                self._open[identity] = Finding(claim, night.at)
                self.findings.append(self._open[identity])

    def _bare(self) -> Iterator[Claim]:
        """Every update has a KB, but for the build with which a release began."""
        published: dict[str, list[BuildRow]] = defaultdict(list)
        for row in self.builds.values():
            if row.corrected_to is None:
                published[row.claim.release].append(row)
        for release, rows in published.items():
            begun = initial_row(row.claim for row in rows)
            for row in rows:
                claim = row.claim
                if claim.kb is None and claim is not begun and not row.standing.withdrawn:
                    message = f"no page says the KB of {claim.build} of {claim.available}"
                    if begun and (begun.available or "") > (claim.available or ""):  # then which of them was the first?
                        message += f", nor that of {begun.build} of {begun.available}"
                    yield Claim(Severity.WARNING, "no-kb", release, claim.build or "", message, claim.page)
        for month in self.months.values():
            said = month.claim
            if said.released and said.kb is None and said.build is None and not month.standing.withdrawn:
                message = f"no page says the KB of the {said.month} {said.type}"
                yield Claim(Severity.WARNING, "no-kb", said.release, said.month, message, said.page)

    def _doubled(self) -> Iterator[Claim]:
        """Rows that are not on their page tonight, and may be flapping, beside one that has their KB or build: two that
        were exchanged, say."""
        there: dict[tuple[str, str, str | None], BuildClaim] = {}
        gone: list[BuildClaim] = []
        for row in self.builds.values():
            claim = row.claim
            if row.standing.is_flapping:
                gone.append(claim)
            elif not row.standing.withdrawn and claim.track != "component":
                there |= {(claim.release, claim.track, name): claim for name in (claim.kb, claim.build)}
        for claim in gone:
            for name in filter(None, (claim.kb, claim.build)):
                if other := there.get((claim.release, claim.track, name)):
                    message = f"{name} is of {other.kb} {other.build}, and was of {claim.kb} {claim.build}"
                    yield Claim(Severity.WARNING, "duplicate", claim.release, name, message, claim.page)

    def _missing(self) -> Iterator[Claim]:
        """Many rows that left their page at once. One or two are not worth a word before they are withdrawn, since
        entries flap; but a page that loses more has lost something else."""
        gone: dict[tuple[str, str, str], list[str]] = {}
        for build in self.builds.values():
            if build.standing.absent and not build.corrected_to:
                name = build.claim.kb or build.claim.build or ""
                gone.setdefault((build.claim.page, build.claim.release, "builds"), []).append(name)
        for month in self.months.values():
            if month.standing.absent:
                gone.setdefault((month.claim.page, month.claim.release, "months"), []).append(month.claim.month)
        for (page, release, table), names in gone.items():
            if len(names) >= _MANY:
                message = f"{len(names)} rows are no longer on the page: {', '.join(sorted(names))}"
                yield Claim(Severity.WARNING, "missing", release, table, message, page)


def _names_of(claim: ReleaseClaim | BuildClaim | MonthClaim) -> tuple[str | None, ...]:
    """What findings call a row."""
    if isinstance(claim, ReleaseClaim):
        return (claim.release,)
    return (claim.kb, claim.build) if isinstance(claim, BuildClaim) else (claim.month, claim.kb, claim.build)


def _rewritten(changes: Iterable[Change]) -> Iterator[Claim]:
    """Many rows that say something else than the night before. No true night had more than two; a table that says
    otherwise as a whole was shifted, and what all its rows say together contradicts nothing."""
    names: dict[tuple[str, str, str], dict[str, None]] = {}
    for change in changes:
        if change.old is not None and change.new is not None:
            names.setdefault((change.page, change.release, change.table_name), {})[change.subject] = None
    for (page, release, table), subjects in names.items():
        if len(subjects) >= _MANY:
            message = f"{len(subjects)} rows say something else than before: {', '.join(subjects)}"
            yield Claim(Severity.WARNING, "rewritten", release, table, message, page)


def _change_order(change: Change) -> tuple[str, ...]:
    return change.table_name, change.release, change.subject, change.field, change.old or "", change.new or ""


class _Follower:
    """What the three tables have in common: noting changes and counting disappearances."""

    table = ""

    def __init__(self, timeline: Timeline, night: Night) -> None:
        self.timeline = timeline
        self.night = night

    def change(self, release: str, subject: str, field: str, old: str | None, new: str | None, page: str) -> None:
        if page not in self.night.first:
            self.timeline.changes.append(
                Change(self.night.at, self.night.run, self.table, release, subject, field, old, new, page)
            )

    def is_gone(self, standing: Standing, page: str) -> bool:
        """Count one more disappearance, if the page was read at all tonight; true when it is the one that counts."""
        if standing.withdrawn or page not in self.night.read:
            return False
        standing.absent += 1
        standing.withdrawn = standing.absent >= _DISAPPEARANCES
        return standing.withdrawn

    def is_back(self, standing: Standing) -> bool:
        """Note that the row stands on its page; true when it had been withdrawn."""
        was_withdrawn = standing.withdrawn
        standing.absent, standing.withdrawn = 0, False
        return was_withdrawn


def _keep_higher(old: BuildClaim | MonthClaim, new: BuildClaim | MonthClaim) -> None:
    """A page that still has the row and emptied a cell gives way to none of a lower rank: what it said there stays."""
    pages = {one.place.page for said in new.said.values() for one in said}
    for column in ("available", "build", "kb"):
        stood, said = first_said(old.said.get(column, ())), first_said(new.said.get(column, ()))
        if stood and said and stood.place.rank < said.place.rank and stood.place.page in pages:
            new.said[column].insert(0, stood)
            setattr(new, column, stood.value)


def _value(value: object) -> str | None:
    return None if value is None else str(value)


class _Releases(_Follower):
    table = "releases"
    columns = (
        "base_build",
        "available",
        "end_of_updates",
        "end_of_updates_enterprise",
        "ended",
        "ltsc_mainstream_end",
        "ltsc_extended_end",
    )

    def follow(self, claims: Mapping[str, ReleaseClaim]) -> None:
        for name, claim in claims.items():
            row = self.timeline.releases.get(name)
            if row is None:
                self.timeline.releases[name] = ReleaseRow(claim)
                self.change(name, name, "row", None, claim.version, claim.page)
            else:
                self._update(row, claim)
        # A release whose label is gone from every page keeps its row; it only no longer stands in the servicing table.
        for name in self.timeline.releases.keys() - claims.keys():
            self._leave(self.timeline.releases[name])

    def _update(self, row: ReleaseRow, claim: ReleaseClaim) -> None:
        old, served = row.claim, claim.serviced
        if claim.serviced is None and old.serviced is False:  # its history is not there tonight: that makes it no newer
            claim.serviced = False
        if old.base_build is None and claim.base_build is not None:
            self.timeline.founded.add(claim.release)
        if old.serviced and not claim.serviced:
            self._leave(row)
            claim.serviced = row.claim.serviced
        elif claim.serviced and (self.is_back(row.standing) or not old.serviced):
            self.change(claim.release, claim.release, "row", None, claim.version, claim.page)
        for column in self.columns:
            before, after = getattr(old, column), getattr(claim, column)
            # That updates have not ended is said by a row with dates, and by no value of its own.
            if after is None and not (column == "ended" and served):
                setattr(claim, column, before)
            elif after != before:
                self.change(claim.release, claim.release, column, _value(before), _value(after), claim.page)
        row.claim = claim

    def _leave(self, row: ReleaseRow) -> None:
        if row.claim.serviced and self.is_gone(row.standing, row.claim.page):
            row.claim.serviced = False
            self.change(row.claim.release, row.claim.release, "row", row.claim.version, None, row.claim.page)


class _Builds(_Follower):
    table = "builds"
    ranks: Mapping[str, int]
    columns = ("cadence", "month", "available", "track", "hint")

    def follow(self, claims: Mapping[tuple[str, str, str], BuildClaim], ranks: Mapping[str, int]) -> None:
        self.ranks = ranks
        rows = self.timeline.builds
        missing: dict[str, list[BuildRow]] = {}
        for key, row in rows.items():
            if key not in claims and not row.standing.withdrawn:
                missing.setdefault(row.claim.release, []).append(row)
        for key, claim in claims.items():
            if key in rows:
                self._update(rows[key], claim)
            elif known := self._learned(claim, missing.get(claim.release, [])):
                missing[claim.release].remove(known)
                self._learn(known, claim)
            else:
                self._add(claim, missing.get(claim.release, []))
        for gone in missing.values():
            for row in gone:
                if not row.corrected_to and self.is_gone(row.standing, row.claim.page):
                    self._row_change(row.claim, old=row.claim.build or row.claim.kb, new=None)

    def _row_change(self, claim: BuildClaim, *, old: str | None, new: str | None) -> None:
        self.change(claim.release, claim.kb or claim.build or "", "row", old, new, claim.page)

    def _update(self, row: BuildRow, claim: BuildClaim) -> None:
        """The row stands again tonight: note what changed in it. A value that vanished stays, and so do those of a
        page that no longer has the row while one of a lower rank still does."""
        if self.is_back(row.standing):
            row.corrected_to = None
            self._row_change(claim, old=None, new=claim.build or claim.kb)
        _keep_higher(row.claim, claim)
        fallen = self.ranks.get(claim.page, 0) > self.ranks.get(row.claim.page, 1)
        for column in self.columns:
            before, after = getattr(row.claim, column), getattr(claim, column)
            if after is None or (fallen and before is not None):
                setattr(claim, column, before)
            elif after != before and not (column == "hint" and claim.track == "cumulative" and claim.cadence):
                # The hint is the kind where a page says it; a cumulative update with a letter has its kind from that.
                name = "kind" if column == "hint" else column
                self.change(claim.release, claim.kb or claim.build or "", name, before, after, claim.page)
        claim.url = claim.url or row.claim.url
        if fallen:
            claim.page = row.claim.page
        row.claim = claim

    def _learned(self, claim: BuildClaim, missing: list[BuildRow]) -> BuildRow | None:
        """The row that the claim completes (or, for one night, leaves incomplete): same build with and without a KB,
        same KB with and without a build."""
        for row in missing:
            known = row.claim
            same_build = claim.build and claim.build == known.build and (claim.kb is None or known.kb is None)
            same_kb = claim.kb and claim.kb == known.kb and (claim.build is None or known.build is None)
            if claim.track == known.track and (same_build or same_kb):
                return row
        return None

    def _learn(self, row: BuildRow, claim: BuildClaim) -> None:
        known = row.claim
        for column in ("kb", "build"):
            before, after = getattr(known, column), getattr(claim, column)
            if after is None:
                setattr(claim, column, before)
            elif before is None and not (column == "build" and claim.release in self.timeline.founded):
                self.change(claim.release, claim.kb or claim.build or "", column, None, after, claim.page)
        del self.timeline.builds[known.key]
        self.timeline.builds[claim.key] = row
        self._update(row, claim)

    def _add(self, claim: BuildClaim, missing: list[BuildRow]) -> None:
        self.timeline.builds[claim.key] = BuildRow(claim)
        corrected = [row for row in missing if self._is_correction(row, claim)]
        if len(corrected) != 1:
            self._row_change(claim, old=None, new=claim.build or claim.kb)
            return
        row = corrected[0]
        row.corrected_to = claim.build
        row.standing.withdrawn = True
        self.change(claim.release, claim.kb or claim.build or "", "build", row.claim.build, claim.build, claim.page)

    def _is_correction(self, row: BuildRow, claim: BuildClaim) -> bool:
        """The same update under another build, in the night in which its old build left the page (sources.md B8)."""
        old = row.claim
        if claim.build is None or old.kb != claim.kb or old.track != claim.track:
            return False
        if row.claim.page not in self.night.read or (claim.kb is None and old.available != claim.available):
            return False
        return (old.month, old.cadence) == (claim.month, claim.cadence) and (
            claim.month is not None or old.available == claim.available
        )


class _Months(_Follower):
    table = "months"
    columns = ("type", "available", "build", "kb")

    def follow(self, claims: Mapping[tuple[str, str], MonthClaim]) -> None:
        rows = self.timeline.months
        for key, claim in claims.items():
            row = rows.get(key)
            if row is None:
                row = rows[key] = MonthRow(claim)
                self.change(claim.release, claim.month, "row", None, str(claim.type), claim.page)
            else:
                self._update(row, claim)
            self._plan(row)
        for key in rows.keys() - claims.keys():
            self._vanish(rows[key])

    def _plan(self, row: MonthRow) -> None:
        claim = row.claim
        row.released = row.released or claim.released
        if row.planned_type is None and claim.replanned and row.released:
            # The page's own footnote: a starred release was first planned the other way.
            row.planned_type = MonthType.HOTPATCH if claim.type is MonthType.BASELINE else MonthType.BASELINE
        if row.planned_type is None and not row.released:
            row.planned_type = claim.type

    def _update(self, row: MonthRow, claim: MonthClaim) -> None:
        vanished = row.released and not claim.released
        if vanished:
            self._vanish(row)
        elif self.is_back(row.standing):
            self.change(claim.release, claim.month, "row", None, str(claim.type), claim.page)
        _keep_higher(row.claim, claim)
        for column in self.columns:
            before, after = getattr(row.claim, column), getattr(claim, column)
            if after is None:
                setattr(claim, column, before)
            elif after != before:
                page = claim.page_of(column)
                self.change(claim.release, claim.month, column, _value(before), _value(after), page)
        claim.url = claim.url or row.claim.url
        row.claim = claim

    def _vanish(self, row: MonthRow) -> None:
        if self.is_gone(row.standing, row.claim.page):
            self.change(row.claim.release, row.claim.month, "row", str(row.claim.type), None, row.claim.page)

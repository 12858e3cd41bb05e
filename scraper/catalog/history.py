"""History: how the rows of one run change what the runs before published.

Folded run by run over the archive, so that the same archive always gives the same history. A value that vanishes stays.
A row is withdrawn when its page was read without it twice in a row, because entries flap while an update is being
published (sources.md B6). A build that its page replaces under the same KB stays, as corrected.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from scraper.catalog.checks import Context, Past, check_published
from scraper.catalog.due import read_at
from scraper.catalog.findings import FindingRow
from scraper.catalog.resolved import Resolved, Title
from scraper.catalog.rows import BuildKey, BuildRow, MonthRow, ReleaseRow, Row
from scraper.catalog.statements import published
from scraper.models import Change, MonthType

_ABSENCES = 2
_RELEASE_COLUMNS = (
    *("base_build", "available", "end_of_updates", "end_of_updates_enterprise", "ended"),
    *("ltsc_mainstream_end", "ltsc_extended_end"),
)
# By column, the field that a change of it names.
_BUILD_COLUMNS = {name: name for name in ("cadence", "month", "available", "track")} | {"stated_kind": "kind"}
_MONTH_COLUMNS = ("type", "available", "build", "kb")

_Row = TypeVar("_Row", BuildRow, MonthRow)


@dataclass(frozen=True, slots=True)
class Run:
    """One run. ``read``: the pages whose good version was read, be it a new one or not; ``first``: those of them that
    never had a good version before, whose news are no changes; ``fetched``: by page, its last good fetch."""

    number: int
    at: str
    read: set[str]
    first: set[str]
    fetched: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """The catalog's rows, their changes and their findings after the last run that was added."""

    releases: dict[str, ReleaseRow] = field(default_factory=dict)
    builds: dict[BuildKey, BuildRow] = field(default_factory=dict)
    months: dict[tuple[str, str], MonthRow] = field(default_factory=dict)
    titles: dict[str, Title] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    findings: list[FindingRow] = field(default_factory=list)

    def flapping(self) -> Iterator[ReleaseRow | BuildRow | MonthRow]:
        """The rows that were absent once and may be withdrawn the next time."""
        for rows in (self.releases, self.builds, self.months):
            yield from (row for row in rows.values() if row.is_flapping)


def add_run(history: History, run: Run, rows: Resolved) -> None:
    """Merge the rows of one more run. Nothing that was published is lost."""
    merge = _Merge(history, run)
    merge.releases(rows.releases)
    merge.builds(rows.builds, rows.ranks)
    merge.months(rows.months)
    changes = sorted(merge.changes, key=lambda change: change.order)
    history.changes += changes
    merge.findings(rows, changes)
    for kb, title in rows.titles.items():  # a title or an address that vanished stays, like other values
        known = history.titles.get(kb)
        history.titles[kb] = replace(title, url=known.url) if known and title.url is None else title


class _Merge:
    """Merges the rows of one run into a history."""

    def __init__(self, history: History, run: Run) -> None:
        self.history = history
        self.run = run
        self.changes: list[Change] = []
        # The releases whose base build is known since this run. That their links get builds by it is no change of them.
        self.newly_based: set[str] = set()

    def _change(self, row: Row, field: str, old: object, new: object, page: str | None = None) -> None:
        """Note a change of a row. The first good version of a page has no changes, only rows."""
        page, run = page or row.page, self.run
        if page not in run.first:
            before, after = (None if value is None else str(value) for value in (old, new))
            change = Change(run.at, run.number, row.table, row.release, row.names[0], field, before, after, page)
            self.changes.append(change)

    def _count_absence(self, row: Row) -> bool:
        """Count one more absence, if the row's page was read in this run. True when that withdraws the row."""
        if row.withdrawn or row.page not in self.run.read:
            return False
        row.absent += 1
        row.withdrawn = row.absent >= _ABSENCES
        return row.withdrawn

    def _note_return(self, row: Row) -> bool:
        """Note that the row's page has it again. True when it had been withdrawn."""
        was_withdrawn, row.absent, row.withdrawn = row.withdrawn, 0, False
        return was_withdrawn

    # --- releases ----------------------------------------------------------------------------------------------------

    def releases(self, rows: Mapping[str, ReleaseRow]) -> None:
        for name, row in rows.items():
            if name in self.history.releases:
                self._update_release(self.history.releases[name], row)
            else:
                self._change(row, "row", None, row.version)
            self.history.releases[name] = row
        # A release whose label is gone from every page keeps its row. It only leaves the servicing table.
        for name in self.history.releases.keys() - rows.keys():
            self._leave_servicing(self.history.releases[name])

    def _update_release(self, old: ReleaseRow, new: ReleaseRow) -> None:
        in_table = new.serviced
        new.partial = new.partial and old.partial  # what was once seen whole stays so: its rows are kept
        if old.base_build is None and new.base_build is not None:
            self.newly_based.add(new.release)
        self._update_servicing(old, new)
        for column in _RELEASE_COLUMNS:
            before, after = getattr(old, column), getattr(new, column)
            # No value states that updates have not ended: a row in the servicing table means it.
            if after is None and not (column == "ended" and in_table):
                setattr(new, column, before)
            elif after != before:
                self._change(new, column, before, after)

    def _update_servicing(self, old: ReleaseRow, new: ReleaseRow) -> None:
        if new.serviced is None and old.serviced is False:  # its history is missing in this run: it is no newer for it
            new.serviced = False
        if old.serviced and not new.serviced:
            self._leave_servicing(old)
            new.serviced = old.serviced
        elif new.serviced and (self._note_return(old) or not old.serviced):
            self._change(new, "row", None, new.version)
        new.absent, new.withdrawn = old.absent, old.withdrawn

    def _leave_servicing(self, row: ReleaseRow) -> None:
        if row.serviced and self._count_absence(row):
            row.serviced = False
            self._change(row, "row", row.version, None)

    # --- builds ------------------------------------------------------------------------------------------------------

    def builds(self, rows: Mapping[BuildKey, BuildRow], ranks: Mapping[str, int]) -> None:
        builds = self.history.builds
        absent: dict[str, list[BuildRow]] = defaultdict(list)
        for key, row in builds.items():
            if key not in rows and not row.withdrawn:
                absent[row.release].append(row)
        for key, row in rows.items():
            known = builds.get(key) or self._complete(row, absent[row.release])
            builds[row.key] = row
            if known:
                self._update_build(known, row, ranks)
            else:
                self._add_build(row, absent[row.release])
        for row in chain.from_iterable(absent.values()):
            if not row.corrected_to and self._count_absence(row):
                self._change(row, "row", row.build or row.kb, None)

    def _update_build(self, old: BuildRow, new: BuildRow, ranks: Mapping[str, int]) -> None:
        """A value that vanished stays. So do all values of a page that no longer has the row while a page of a lower
        rank still has it."""
        if self._note_return(old):
            self._change(new, "row", None, new.build or new.kb)
        _keep_higher(old, new)
        is_lower = ranks.get(new.page, 0) > ranks.get(old.page, 1)
        for column, name in _BUILD_COLUMNS.items():
            before, after = getattr(old, column), getattr(new, column)
            if after is None or (is_lower and before is not None):
                setattr(new, column, before)
            elif after != before and not (name == "kind" and new.has_letter):
                self._change(new, name, before, after)
        new.url = new.url or old.url
        new.page = old.page if is_lower else new.page

    def _complete(self, new: BuildRow, absent: list[BuildRow]) -> BuildRow | None:
        """The absent row that ``new`` is: the same build where one lacks its KB, or the same KB where one lacks its
        build. It takes the place of that row, and has what it lacks from there."""
        old = next((row for row in absent if _is_completed(row, new)), None)
        if old is None:
            return None
        absent.remove(old)
        del self.history.builds[old.key]
        learned = [column for column in ("kb", "build") if getattr(old, column) is None and getattr(new, column)]
        new.kb, new.build = new.kb or old.kb, new.build or old.build
        for column in learned:
            if column == "kb" or new.release not in self.newly_based:
                self._change(new, column, None, getattr(new, column))
        return old

    def _add_build(self, new: BuildRow, absent: Iterable[BuildRow]) -> None:
        corrected = [old for old in absent if self._is_corrected(old, new)]
        if len(corrected) != 1:
            self._change(new, "row", None, new.build or new.kb)
            return
        (old,) = corrected
        old.corrected_to, old.withdrawn = new.build, True
        self._change(new, "build", old.build, new.build)

    def _is_corrected(self, old: BuildRow, new: BuildRow) -> bool:
        """Whether ``new`` is the same update under another build, in the run in which the old build left its page
        (sources.md B8)."""
        if new.build is None or (old.kb, old.track) != (new.kb, new.track) or old.page not in self.run.read:
            return False
        same_day = old.available == new.available
        if new.kb is None and not same_day:
            return False
        return (old.month, old.cadence) == (new.month, new.cadence) and (new.month is not None or same_day)

    # --- months ------------------------------------------------------------------------------------------------------

    def months(self, rows: Mapping[tuple[str, str], MonthRow]) -> None:
        for key, row in rows.items():
            if key in self.history.months:
                self._update_month(self.history.months[key], row)
            else:
                self._change(row, "row", None, row.type)
            if row.planned_type is None and row.replanned and row.released:
                # The page's own footnote: a starred month that came was first planned the other way.
                is_baseline = row.type is MonthType.BASELINE
                row.planned_type = MonthType.HOTPATCH if is_baseline else MonthType.BASELINE
            if row.planned_type is None and not row.released:
                row.planned_type = row.type
            self.history.months[key] = row
        for key in self.history.months.keys() - rows.keys():
            self._leave_calendar(self.history.months[key])

    def _update_month(self, old: MonthRow, new: MonthRow) -> None:
        if old.released and not new.released:
            self._leave_calendar(old)
        elif self._note_return(old):
            self._change(new, "row", None, new.type)
        _keep_higher(old, new)
        for column in _MONTH_COLUMNS:
            before, after = getattr(old, column), getattr(new, column)
            if after is None:
                setattr(new, column, before)
            elif after != before:
                self._change(new, column, before, after, new.page_of(column))
        new.url = new.url or old.url
        new.absent, new.withdrawn, new.planned_type = old.absent, old.withdrawn, old.planned_type

    def _leave_calendar(self, row: MonthRow) -> None:
        if self._count_absence(row):
            self._change(row, "row", row.type, None)

    # --- findings ----------------------------------------------------------------------------------------------------

    def findings(self, rows: Resolved, changes: Sequence[Change]) -> None:
        """Open, keep and resolve findings. One that stands keeps its first day. What was found of a row is true as
        long as the row is published without its page; only a conflict ends with the page that disagreed."""
        history = self.history
        found = rows.findings()
        published = list(history.builds.values()), list(history.months.values())
        times = read_at(history.releases, [source for source, _ in rows.pages], self.run.fetched)
        past = Past(day=self.run.at[:10], read_at=times)
        for finding in check_published(Context((), history.releases, *published, past, changes)):
            found[finding.identity] = finding
        open_rows = {row.finding.identity: row for row in history.findings if row.resolved_at is None}
        kept = {(row.release, name) for row in history.flapping() for name in row.names}
        for identity, row in open_rows.items():
            if not row.finding.field and (row.finding.release, row.finding.subject) in kept:
                found.setdefault(identity, row.finding)
            if identity not in found:
                row.resolved_at = self.run.at
        for finding in sorted(found.values(), key=lambda finding: finding.order):
            if finding.identity in open_rows:
                open_rows[finding.identity].finding = finding
            else:
                history.findings.append(FindingRow(finding, self.run.at))


def _is_completed(old: BuildRow, new: BuildRow) -> bool:
    """Whether two rows of a track have the same build, or the same KB, and one of them lacks the other of the two."""
    same_build = new.build == old.build and bool(new.build) and None in (new.kb, old.kb)
    same_kb = new.kb == old.kb and bool(new.kb) and None in (new.build, old.build)
    return new.track == old.track and (same_build or same_kb)


def _keep_higher(old: _Row, new: _Row) -> None:
    """What a page stated stays where the page still has the row and emptied the cell, and only a page of a lower rank
    states the value now."""
    pages = {statement.origin.page for statements in new.statements.values() for statement in statements}
    for column in ("available", "build", "kb"):
        before, after = (published(row.statements.get(column, ())) for row in (old, new))
        if before and after and before.origin.rank < after.origin.rank and before.origin.page in pages:
            new.statements[column].insert(0, before)
            setattr(new, column, before.value)

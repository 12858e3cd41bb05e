"""What the checks are asked of: the rows and pages of a run, and what is known from the runs before."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from scraper.catalog.resolved import Pages
from scraper.catalog.rows import BuildRow, MonthRow, ReleaseRow, first_build
from scraper.models import Change, Entry, EntryKind, Records

# What a link's suffix says of an update, in the letters of the release history (153 B, 119 C and D, 32 OOB agreed).
LETTERS = {
    EntryKind.CUMULATIVE: frozenset({"B", "A"}),
    EntryKind.PREVIEW: frozenset({"C", "D", "E"}),
    EntryKind.CUMULATIVE_OUT_OF_BAND: frozenset({"OOB"}),
}
TUESDAY_KINDS = frozenset({EntryKind.HOTPATCH, EntryKind.BASELINE})


@dataclass(frozen=True, slots=True)
class Past:
    """What is known beside the pages of this run, whose day is ``day``. By source: ``before``, the records of the
    version before, where this run has a new one; ``updated``, the newest day on which a version said it was updated.
    ``releases``: the rows that are published; ``months``: the keys of the months that any calendar ever had;
    ``read_at``: by release, the oldest last good fetch among the pages that feed it."""

    day: str = ""
    before: Mapping[str, Records] = field(default_factory=dict)
    updated: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, ReleaseRow] = field(default_factory=dict)
    months: Iterable[tuple[str, str]] = ()
    read_at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Rows and pages, and what several checks derive from them. ``changes``: those of the run, once they are known."""

    pages: Pages
    releases: Mapping[str, ReleaseRow]
    builds: Sequence[BuildRow]
    months: Sequence[MonthRow]
    past: Past = Past()
    changes: Sequence[Change] = ()

    def without_before(self) -> "Context":
        """The same, as if no version before were known."""
        return replace(self, past=replace(self.past, before={}))

    @cached_property
    def updates(self) -> list[BuildRow]:
        """The builds without those of component updates, which may share a build with another update."""
        return [row for row in self.builds if row.track != "component"]

    @cached_property
    def kbs(self) -> frozenset[str]:
        return frozenset(row.kb for row in self.builds if row.kb)

    @cached_property
    def first_builds(self) -> dict[str, BuildRow]:
        """By release, the build with which it began."""
        rows: dict[str, list[BuildRow]] = defaultdict(list)
        for row in self.builds:
            if row.corrected_to is None:
                rows[row.release].append(row)
        return {release: first for release in rows if (first := first_build(rows[release]))}

    @cached_property
    def all_links(self) -> list[tuple[str, Entry]]:
        """Page and entry of each link."""
        return [(source.name, entry) for source, page in self.pages for entry in page.entries]

    @cached_property
    def links(self) -> list[tuple[str, Entry]]:
        """Page and entry of each link. All pages have all categories; here each link is once."""
        links: dict[tuple[str, str, str | None], tuple[str, Entry]] = {}
        for page, entry in self.all_links:
            links.setdefault((entry.release, entry.title, entry.url), (page, entry))
        return list(links.values())

    @cached_property
    def came_before(self) -> set[tuple[str, str]]:
        """The months that came in the versions before. A plan that left its calendar when the month came is no row that
        flaps."""
        months = (month for page in self.past.before.values() for month in page.months)
        return {(month.release, month.month) for month in months if month.kb or month.available}

    @cached_property
    def b_before(self) -> set[tuple[str, str | None]]:
        """The release and month of each B in the versions before."""
        rows = (row for page in self.past.before.values() for row in page.updates)
        return {(row.release, row.month) for row in rows if row.cadence == "B"}

    def versions(self, page: str, records: Records) -> Iterator[Records]:
        """The records of a page and those of the version before: a row that only the latter has may be flapping."""
        yield records
        if page in self.past.before:
            yield self.past.before[page]

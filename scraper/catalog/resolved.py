"""What all pages say in one run, resolved to rows: the result of ``resolve`` and what its steps share."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from scraper.catalog.findings import Finding, conflicts
from scraper.catalog.rows import BuildKey, BuildRow, MonthRow, ReleaseRow
from scraper.catalog.statements import Origin, Part
from scraper.models import Records, Severity, Source

Pages = Sequence[tuple[Source, Records]]


@dataclass(frozen=True, slots=True)
class Title:
    """Title and address of a KB's article, as a navigation has them."""

    title: str
    url: str | None
    expired: bool


@dataclass(slots=True)
class Resolved:
    """The rows by key, the titles by KB, and all findings but the conflicts, which follow from the rows. ``pages``: the
    pages that have records, in order of precedence."""

    pages: Pages
    releases: dict[str, ReleaseRow] = field(default_factory=dict)
    months: dict[tuple[str, str], MonthRow] = field(default_factory=dict)
    builds: dict[BuildKey, BuildRow] = field(default_factory=dict)
    titles: dict[str, Title] = field(default_factory=dict)
    found: dict[Finding, None] = field(default_factory=dict)
    _places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {source.name: place for place, (source, _) in enumerate(self.pages)}

    def find(
        self,
        severity: Severity,
        code: str,
        release: str | None,
        subject: str,
        message: str,
        page: str,
        other_page: str | None = None,
    ) -> None:
        """Add a finding."""
        self.found[Finding(severity, code, release, subject, message, page, other_page)] = None

    def origin(self, source: Source, part: Part, *, preview: bool = False, own: bool = True) -> Origin:
        """The origin of what stands in a part of a page."""
        return Origin(source.name, part, rank(source), self._places[source.name], preview, own)

    @property
    def ranks(self) -> dict[str, int]:
        """The rank of each page."""
        return {source.name: rank(source) for source, _ in self.pages}

    def rows(self) -> Iterator[ReleaseRow | MonthRow | BuildRow]:
        yield from self.releases.values()
        yield from self.months.values()
        yield from self.builds.values()

    def findings(self) -> dict[Hashable, Finding]:
        """All findings by identity. Asked after history has merged the rows: then what is called used is published."""
        found = {finding.identity: finding for finding in self.found}
        for finding in conflicts(self.rows()):
            found.setdefault(finding.identity, finding)
        return found


def rank(source: Source) -> int:
    """0 for release information, 1 for pages that come after it (design.md rule 8)."""
    return int(source.parser != "release_information")

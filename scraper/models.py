"""The forms of the data that several packages share: declared sources, and typed records.

Each form of the data has one name on its way. A *page version* is the bytes of one answer, as the archive keeps them. A
*parsed page* has the strings of a page version by column name (ingest/parse/parsed.py). *Records* are typed values.

Values: a KB is ``KB`` and its digits; a build is ``base.revision`` (``26100.3981``); a month is ``YYYY-MM``; a date is
``YYYY-MM-DD``; a time is UTC, ``YYYY-MM-DDTHH:MM:SSZ``. Unknown is None, never an empty string.
"""

from dataclasses import dataclass
from enum import StrEnum

# Redirects may lead to these and to no other host (design.md section 7); only links to them are published.
HOSTS = ("learn.microsoft.com", "support.microsoft.com")


class TableName(StrEnum):
    """The tables that pages serve, by what they hold."""

    SERVICING = "servicing"
    LONG_TERM = "long-term-servicing"
    HISTORY = "release-history"
    CALENDAR = "hotpatch-calendar"
    NAVIGATION = "navigation"


# --- sources: what is declared of a page -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a source promises of one kind of table: its exact column names (lower case, one blank between words), and
    how many rows all tables of that kind must yield together; 0 where the page may do without it."""

    name: TableName
    columns: tuple[str, ...]
    minimum: int


@dataclass(frozen=True, slots=True)
class Source:
    """A page of the publisher. ``name`` is its key everywhere; ``releases`` are those whose freshness it decides."""

    name: str
    url: str
    parser: str
    product: str
    releases: tuple[str, ...]
    tables: tuple[TableShape, ...]
    calendar_release: str | None = None


# --- normalize: typed records ----------------------------------------------------------------------------------------


class MonthType(StrEnum):
    BASELINE = "baseline"
    HOTPATCH = "hotpatch"


class EntryKind(StrEnum):
    """What a link of a navigation category announces: the last three stand in the update history, the others in the
    hotpatch release notes."""

    HOTPATCH = "hotpatch"
    OUT_OF_BAND = "out-of-band"
    BASELINE = "baseline"
    COMPONENT = "component"
    CUMULATIVE = "cumulative"
    PREVIEW = "preview"
    CUMULATIVE_OUT_OF_BAND = "cumulative out-of-band"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Servicing:
    """A release's row of a servicing table. ``ended``: the page says ``End of updates`` without a date for Home and Pro
    (``home``) or for every edition (``all``). ``latest_build`` and its date are said here once more."""

    release: str
    available: str | None
    end_of_updates: str | None
    end_of_updates_enterprise: str | None
    ended: str | None
    latest_build: str | None = None
    latest_date: str | None = None

    @property
    def ends(self) -> tuple[str | None, str | None]:
        return self.end_of_updates, self.end_of_updates_enterprise


@dataclass(frozen=True, slots=True)
class LongTermServicing:
    """A release's row of the LTSC table, ``latest_build`` and its date as in the other one."""

    release: str
    available: str | None
    mainstream_end: str | None
    extended_end: str | None
    latest_build: str | None = None
    latest_date: str | None = None

    @property
    def ends(self) -> tuple[str | None, str | None]:
        return self.mainstream_end, self.extended_end


@dataclass(frozen=True, slots=True)
class Version:
    """A release that a label names: ``Version 24H2 (OS build 26100)``."""

    release: str
    product: str
    version: str
    base_build: int | None


@dataclass(frozen=True, slots=True)
class Update:
    """A row of a release history. ``cadence`` is the letter as served (B, D, C, A, E, OOB), ``month`` the month of the
    update type."""

    release: str
    build: str
    kb: str | None
    cadence: str | None
    month: str | None
    available: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A row of a hotpatch calendar. ``replanned``: starred, which the page explains as first planned the other way."""

    release: str
    month: str
    type: MonthType
    available: str | None
    build: str | None
    kb: str | None
    url: str | None
    replanned: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of a navigation category, for one release. ``builds``: every build its text names, of this
    release and of its siblings; ``preview``: it stands in a public preview category."""

    release: str
    kind: EntryKind
    available: str | None
    kb: str | None
    builds: tuple[str, ...]
    title: str
    url: str | None
    expired: bool
    preview: bool


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be read: its raw cells and the reason. ``key`` is the readable key (release, then the key
    cells), None when a key cell is what could not be read; ``release`` is None when not even that is known."""

    table: TableName
    release: str | None
    key: tuple[str, ...] | None
    reason: str
    cells: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a page's records that a person should know; becomes a row of ``findings``."""

    severity: Severity
    code: str
    release: str | None
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one page version."""

    layout: str
    updated_at: str
    versions: tuple[Version, ...]
    servicing: tuple[Servicing, ...]
    long_term: tuple[LongTermServicing, ...]
    updates: tuple[Update, ...]
    months: tuple[CalendarMonth, ...]
    entries: tuple[Entry, ...]
    quarantined: tuple[Quarantined, ...]
    notes: tuple[Note, ...]

    @property
    def rows(self) -> int:
        """How many records were read."""
        tables = (self.servicing, self.long_term, self.updates, self.months, self.entries)
        return sum(len(table) for table in tables)


# --- articles --------------------------------------------------------------------------------------------------------


class IssuesRead(StrEnum):
    """The honest three states of an article's known issues."""

    LISTED = "listed"
    NONE = "none"
    UNREAD = "unread"


class IssueStatus(StrEnum):
    """``open``: no resolution is stated; ``resolved``: one is."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class KnownIssue:
    title: str
    status: IssueStatus
    symptom: str | None
    workaround: str | None
    resolution: str | None


class PrerequisiteKind(StrEnum):
    """What an article asks for: the servicing stack it brings along, a checkpoint package that goes first, or the
    baseline that a hotpatch stands on."""

    SERVICING_STACK = "servicing-stack"
    CHECKPOINT = "checkpoint"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Prerequisite:
    kind: PrerequisiteKind
    kb: str
    build: str | None


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """What one version of one article says. ``kbs``: every KB that title, heading or canonical address names, since the
    landing must carry the one that was asked for; ``title_builds`` and ``heading_builds`` may differ, and both may
    differ from the tables; dates likewise (KB5101650)."""

    layout: str
    updated_at: str | None
    title: str
    heading: str
    kbs: frozenset[str]
    title_builds: tuple[str, ...]
    heading_builds: tuple[str, ...]
    title_date: str | None
    heading_date: str | None
    read: IssuesRead
    issues: tuple[KnownIssue, ...]
    prerequisites: tuple[Prerequisite, ...]
    sections: tuple[tuple[str, str], ...]

"""The forms of the data that several packages share: declared sources, and typed records.

Each form of the data has one name on its way. A *page version* is the bytes of one answer, as the archive keeps them. A
*parsed page* has the strings of a page version by column name (ingest/parse/parsed.py). *Records* are typed values. All
forms are in this one module, so that each is found at once; most of its lines are fields.

Values: a KB is ``KB`` and its digits; a build is ``base.revision`` (``26100.3981``); a month is ``YYYY-MM``; a date is
``YYYY-MM-DD``; a time is UTC, ``YYYY-MM-DDTHH:MM:SSZ``. Unknown is None, never an empty string.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

# Redirects may lead to these and to no other host (design.md section 7); only links to them are published.
HOSTS = ("learn.microsoft.com", "support.microsoft.com")

_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.A)


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
    """What a source must have of one kind of table: its exact column names (lower case, one blank between words), and
    the least number of rows of all tables of that kind together; 0 for a table that the page may lack."""

    name: TableName
    columns: tuple[str, ...]
    minimum: int


@dataclass(frozen=True, slots=True)
class Source:
    """A page of the publisher. ``name`` is its key everywhere; ``releases`` are those whose freshness depends on it.
    ``calendar_release``: the one release whose hotpatch calendar it has, where no label names it."""

    name: str
    url: str
    parser: str
    product: str
    releases: tuple[str, ...]
    tables: tuple[TableShape, ...]
    calendar_release: str | None = None


# --- records of pages ------------------------------------------------------------------------------------------------

# What identifies a record among those of its kind: the release, then the key cells of its row.
Key: TypeAlias = tuple[str, ...]


class MonthType(StrEnum):
    BASELINE = "baseline"
    HOTPATCH = "hotpatch"


class EntryKind(StrEnum):
    """What a link of a navigation category announces: the last three in the update history, the others in the hotpatch
    release notes."""

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
    """A release's row of a servicing table. ``ended``: the page has ``End of updates`` without a date for Home and Pro
    (``home``) or for every edition (``all``). ``latest_build`` and its date repeat the newest row of the history."""

    release: str
    available: str | None
    end_of_updates: str | None
    end_of_updates_enterprise: str | None
    ended: str | None
    latest_build: str | None = None
    latest_date: str | None = None

    @property
    def key(self) -> Key:
        return (self.release,)

    @property
    def ends(self) -> tuple[str | None, str | None]:
        return self.end_of_updates, self.end_of_updates_enterprise


@dataclass(frozen=True, slots=True)
class LongTermServicing:
    """A release's row of the LTSC table; ``latest_build`` and its date as in Servicing."""

    release: str
    available: str | None
    mainstream_end: str | None
    extended_end: str | None
    latest_build: str | None = None
    latest_date: str | None = None

    @property
    def key(self) -> Key:
        return (self.release,)

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

    @property
    def key(self) -> Key:
        return self.release, self.build, self.kb or ""


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A row of a hotpatch calendar. ``replanned``: it has a star, which the page explains: first planned the other
    way."""

    release: str
    month: str
    type: MonthType
    available: str | None
    build: str | None
    kb: str | None
    url: str | None
    replanned: bool

    @property
    def key(self) -> Key:
        return self.release, self.month


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of a navigation category, for one release. ``builds``: all builds that its text names, of this release and
    of others; ``preview``: the category is one of a public preview."""

    release: str
    kind: EntryKind
    available: str | None
    kb: str | None
    builds: tuple[str, ...]
    title: str
    url: str | None
    expired: bool
    preview: bool

    @property
    def name(self) -> str:
        """What findings call it."""
        return self.kb or self.title

    @property
    def key(self) -> Key:
        return self.release, self.kb or self.available or "", str(self.preview)


Record: TypeAlias = Servicing | LongTermServicing | Update | CalendarMonth | Entry


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be read: its raw cells and the reason. ``key`` is that of the record it would have been. It
    is None when a key cell is what could not be read, and so is ``release`` when that is not known either."""

    table: TableName
    release: str | None
    key: Key | None
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
    def updated_on(self) -> str:
        """The day on which the page says that it was updated; "" where it says none."""
        return self.updated_at[:10] if _DAY.fullmatch(self.updated_at[:10]) else ""

    @property
    def tables(self) -> dict[TableName, tuple[Record, ...]]:
        """The records of each kind of table."""
        return {
            TableName.SERVICING: self.servicing,
            TableName.LONG_TERM: self.long_term,
            TableName.HISTORY: self.updates,
            TableName.CALENDAR: self.months,
            TableName.NAVIGATION: self.entries,
        }

    @property
    def rows(self) -> int:
        """How many records were read."""
        return sum(map(len, self.tables.values()))


# --- articles --------------------------------------------------------------------------------------------------------


class IssuesRead(StrEnum):
    """What was read of an article's known issues: a list; that Microsoft knows of none; or neither, because the article
    has no such section or it could not be understood."""

    LISTED = "listed"
    NONE = "none"
    UNREADABLE = "unreadable"


class IssueStatus(StrEnum):
    """``resolved``: the article states a resolution of the whole issue; ``open``: it does not, or only in part."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """``fixed_by_kb``: the KB that the resolution names as the fix, in whole or in part."""

    title: str
    status: IssueStatus
    symptom: str | None
    workaround: str | None
    resolution: str | None
    fixed_by_kb: str | None = None


class PrerequisiteKind(StrEnum):
    """What an article asks for: the servicing stack it brings along, a checkpoint package that goes first, or the
    baseline of a hotpatch."""

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
    """The record of one version of an article. ``kbs``: those by which its heading calls it, or without any its title,
    or its address; the one that was asked for must be among them. ``doubts``: in what it contradicts itself. Builds and
    dates of title and heading may differ from each other, and from those of the tables (KB5101650)."""

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
    doubts: tuple[str, ...] = ()


# --- what the catalog notes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A row of ``changes``: a value of a page that became another one between two runs. ``subject`` is a KB, a build,
    a month or a release; ``field`` its column, or ``row`` of a row that appeared or disappeared."""

    seen_at: str
    run: int
    table_name: str
    release: str
    subject: str
    field: str
    old: str | None
    new: str | None
    page: str

    @property
    def order(self) -> tuple[str, ...]:
        """Changes of one run are numbered in this order."""
        return self.table_name, self.release, self.subject, self.field, self.old or "", self.new or ""

"""The rows of releases, builds and months: what the pages of one run give, and what history keeps of the runs before.

A row has the values that are published, and by column the statements that they come from, in order of precedence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from scraper.catalog.statements import Origin, Statement, published
from scraper.models import MonthType

BuildKey = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class Row:
    """What rows of the three tables have in common. ``absent``: in how many runs in a row its page was read without it;
    ``withdrawn``: it was absent twice, so it no longer counts as published by its page."""

    table: ClassVar[str]
    release: str
    page: str
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    absent: int = 0
    withdrawn: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All that findings call the row; the first one is what changes call it."""
        raise NotImplementedError

    @property
    def is_flapping(self) -> bool:
        """Whether the row is published although its page no longer has it: it was absent once."""
        return self.absent > 0 and not self.withdrawn

    def state(self, column: str, value: str | None, origin: Origin) -> None:
        """Add a statement. It fills an empty column and never replaces a value."""
        if value is not None:
            self.statements.setdefault(column, []).append(Statement(value, origin))
            if getattr(self, column) is None:
                setattr(self, column, value)

    def published(self, column: str) -> Statement | None:
        """The statement that the column's value comes from."""
        return published(self.statements.get(column, ()))

    def page_of(self, column: str) -> str:
        """The page that the column's value comes from."""
        first = self.published(column)
        return first.origin.page if first else self.page


@dataclass(slots=True, kw_only=True)
class ReleaseRow(Row):
    """``serviced``: whether the release stands in its product's servicing table. None where that table was never read,
    and for a release without a history, which the table may not have yet. ``partial``: its release history was never
    read whole."""

    table = "releases"
    product: str
    version: str
    base_build: int | None = None
    available: str | None = None
    end_of_updates: str | None = None
    end_of_updates_enterprise: str | None = None
    ended: str | None = None
    ltsc_mainstream_end: str | None = None
    ltsc_extended_end: str | None = None
    serviced: bool | None = None
    partial: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return (self.release,)

    @property
    def name(self) -> str:
        """What a conflict calls it."""
        return self.version

    @property
    def about(self) -> str:
        return self.version

    @property
    def last_end(self) -> str | None:
        """The day on which the last edition's updates end. None where they have ended, or no day is known."""
        return None if self.ended == "all" else self.end_of_updates_enterprise or self.end_of_updates

    def gets_updates_on(self, day: str) -> bool:
        """Whether any edition of the release has updates on a day, as far as it is known."""
        if day <= max(self.ltsc_mainstream_end or "", self.ltsc_extended_end or ""):
            return True
        if self.ended == "all":
            return False
        return day <= self.last_end if self.last_end else self.serviced is not False

    def state_base(self, base: int | None, origin: Origin) -> None:
        """Add a statement of the release's OS build."""
        if base is not None:
            self.statements.setdefault("base_build", []).append(Statement(str(base), origin))
            self.base_build = self.base_build or base


@dataclass(slots=True, kw_only=True)
class BuildRow(Row):
    """``stated_kind``: the kind, where a page says it and not only a letter. Pages say it of hotpatches and components
    always, of cumulative updates in the update history. ``url``: the article's address."""

    table = "builds"
    build: str | None
    kb: str | None
    track: str
    stated_kind: str | None = None
    cadence: str | None = None
    month: str | None = None
    available: str | None = None
    url: str | None = None
    corrected_to: str | None = None

    @property
    def key(self) -> BuildKey:
        return self.release, self.build or "", self.kb or ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.kb, self.build) if name)

    @property
    def name(self) -> str:
        """What findings call it."""
        return self.kb or self.build or ""

    @property
    def about(self) -> str:
        return self.name

    @property
    def has_letter(self) -> bool:
        """Whether the letter of its update type tells its kind."""
        return self.track == "cumulative" and self.cadence is not None

    @property
    def is_security(self) -> bool:
        """Whether this is a B row: the cumulative update of a security month."""
        return self.track == "cumulative" and self.cadence == "B" and self.month is not None


@dataclass(slots=True, kw_only=True)
class MonthRow(Row):
    """A month of a hotpatch calendar. ``planned_type``: the first type seen while it was planned. A build that is not
    believed is None here, and an overruled statement."""

    table = "months"
    month: str
    type: MonthType
    available: str | None = None
    build: str | None = None
    kb: str | None = None
    url: str | None = None
    replanned: bool = False
    planned_type: MonthType | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.month, self.kb, self.build) if name)

    @property
    def name(self) -> str:
        """What findings call it."""
        return self.kb or self.month

    @property
    def about(self) -> str:
        """What a conflict is about: the month, whether it has its KB yet or not."""
        return self.month

    @property
    def released(self) -> bool:
        """A planned month has no date, build or KB. One of them is enough."""
        return bool(self.available or self.build or self.kb)


def revision(build: str | None) -> int:
    """The integer after the dot; 0 without a build."""
    return int(build.partition(".")[2]) if build else 0


def family(build: str) -> int:
    """The OS build before the dot."""
    return int(build.partition(".")[0])


def security_rows(rows: Iterable[BuildRow]) -> list[BuildRow]:
    """The B rows, in the order of their revisions. Where a month has two, the higher one is the month's; that was never
    seen."""
    return sorted((row for row in rows if row.is_security and row.build), key=lambda row: revision(row.build))


def first_build(rows: Iterable[BuildRow]) -> BuildRow | None:
    """Of a release's rows, the build with which it began: it has no KB, and it is below every B row. A B row may lack
    its KB for a while, too."""
    cumulative = [row for row in rows if row.track == "cumulative" and row.build]
    for row in sorted(cumulative, key=lambda row: (revision(row.build), row.cadence != "B")):
        if row.cadence == "B":
            return None
        if row.kb is None:
            return row
    return None

"""Findings: what does not fit, and from when to when. Two pages that differ are the finding ``conflict``."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from scraper.catalog.rows import BuildRow, MonthRow, ReleaseRow
from scraper.catalog.statements import Origin, Part, Reason, Statement, reason
from scraper.models import Severity

_FIELDS = {"base_build": "build", "build": "build", "available": "date", "kb": "KB", "type": "type", "track": "track"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit in this run. In a conflict, ``used`` is the value of ``page`` and is published,
    ``other`` that of ``other_page``, and ``about`` the month, KB or version whose ``field`` it is."""

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
    why: Reason | None = None
    about: str | None = None

    @property
    def identity(self) -> Hashable:
        """Equal for what is one finding over several runs, however severe it has become. A conflict is the same one as
        long as both pages say what they say, whichever of them is published, and whether or not its month has a KB
        yet."""
        if self.field is None:
            return replace(self, severity=Severity.INFO)
        sides = frozenset({(self.page, self.used), (self.other_page, self.other)})
        return self.release, self.about, self.field, sides

    @property
    def order(self) -> tuple[str, ...]:
        """Findings of one run are numbered in this order, which no order of the code decides."""
        return self.code, self.release or "", self.subject, self.message, self.page, self.other_page or ""


@dataclass(slots=True)
class FindingRow:
    """A finding with the run that saw it first and the run that no longer saw it."""

    finding: Finding
    first_seen: str
    resolved_at: str | None = None


def conflicts(rows: Iterable[ReleaseRow | MonthRow | BuildRow]) -> Iterator[Finding]:
    """Every statement that differs from the value that is published."""
    for row in rows:
        for column, statements in row.statements.items():
            value = getattr(row, column)
            if value is not None:
                yield from _conflicts(row, column, str(value), statements)


def _conflicts(
    row: ReleaseRow | MonthRow | BuildRow, column: str, value: str, statements: Iterable[Statement]
) -> Iterator[Finding]:
    """A value that none of this run's statements has stayed from an earlier run. It is its page's; what the same page
    says now is a correction and no conflict."""
    first = row.published(column)
    kept = first is None or first.value != value
    used = Statement(value, Origin(row.page, Part.LABEL)) if first is None or kept else first
    for other in statements:
        if other.value != value and not (kept and other.origin.page == row.page):
            why = other.overruled or (Reason.KEPT if kept else reason(used.origin, other.origin))
            yield _conflict(row, column, used, other, why)


def _conflict(
    row: ReleaseRow | MonthRow | BuildRow, column: str, used: Statement, other: Statement, why: Reason
) -> Finding:
    about, field = row.about, _FIELDS[column]
    if isinstance(row, BuildRow) and column == "kb":
        about = row.build or about  # both pages name the build, and not the same KB
    its, others = used.origin, other.origin
    if others.part in (Part.HEADING, Part.TITLE):
        message = f"{field} in the {others.part} of {about}: {other.value}, {used.value} on {its.page}"
    elif its.page != others.page:
        message = f"{field} of {about}: {used.value} on {its.page}, {other.value} on {others.page}"
    elif its.part is not others.part:
        parts = f"{used.value} in the {its.part}, {other.value} in the {others.part}"
        message = f"{field} of {about}: {parts} of {others.page}"
    else:
        message = f"{field} of {about}: {used.value} and {other.value} on {its.page}"
    values = (field, used.value, other.value, why, about)
    return Finding(Severity.WARNING, "conflict", row.release, row.name, message, its.page, others.page, *values)

"""What has been read of one page so far: its records, the rows that were set aside, and notes for a person."""

from scraper.errors import cut
from scraper.ingest.normalize.cells import LONGEST_CELL, Unreadable
from scraper.ingest.parse.parsed import Row, Table
from scraper.models import (
    CalendarMonth,
    Entry,
    LongTermServicing,
    Note,
    Quarantined,
    Servicing,
    Severity,
    Source,
    Update,
    Version,
)

# Characters of a row or a note, which are kept in the catalog.
_LONGEST_ROW, _LONGEST_NOTE = 1000, 1000


class Reading:
    """The readers of the tables add to it; ``normalize`` makes Records of it."""

    __slots__ = (
        "entries",
        "long_term",
        "months",
        "notes",
        "other_years",
        "quarantined",
        "servicing",
        "source",
        "updates",
        "versions",
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.versions: list[Version] = []
        self.servicing: list[Servicing] = []
        self.long_term: list[LongTermServicing] = []
        self.updates: list[Update] = []
        self.months: list[CalendarMonth] = []
        self.entries: list[Entry] = []
        self.quarantined: list[Quarantined] = []
        self.notes: list[Note] = []
        # Update types that have another year than their section, by release and the section's year (rule 7).
        self.other_years: dict[tuple[str, str], list[str]] = {}

    def note(self, severity: Severity, code: str, release: str | None, subject: str, message: str) -> None:
        """Add a note. Subject and message are cut to a bounded length."""
        message = cut(message, _LONGEST_NOTE)
        self.notes.append(Note(severity, code, release, cut(subject, LONGEST_CELL), message))

    def set_aside(
        self, table: Table, row: Row, problem: Unreadable, release: str | None, key: tuple[str, ...] | None
    ) -> None:
        """Put a row into quarantine, with its raw cells. ``key``: its key as far as it was read."""
        raw = cut(" | ".join((*row.cells.values(), *row.surplus)), _LONGEST_ROW)
        self.quarantined.append(Quarantined(table.name, release, None if problem.is_key else key, str(problem), raw))

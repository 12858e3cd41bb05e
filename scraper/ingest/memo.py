"""What need not be worked out again: the records of each page version, and the state after the last run that built a
catalog.

Both are kept in the archive beside what they follow from, with the stamp of the code that made them. Dropping them
changes nothing but time. So a run with news parses only what is new, and goes on from the last run.
"""

import hashlib
import logging
import sys
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import msgspec

from scraper.errors import DriftError, MachineError
from scraper.ingest import parse
from scraper.ingest.archive import Archive
from scraper.ingest.drift import check_tables
from scraper.ingest.normalize import normalize
from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.state import State
from scraper.models import ArticleRecord, Records, Source

log = logging.getLogger(__name__)

_MAKES_RECORDS = ("errors.py", "models.py", "ingest/drift.py", "ingest/normalize", "ingest/parse", "ingest/sources.py")
_MAKES_ROWS = ("errors.py", "models.py", "catalog", "ingest")
# Versions read last, and records to be kept in one transaction.
_AT_HAND, _AT_ONCE = 16, 64

_ENCODER = msgspec.msgpack.Encoder()

_Record = TypeVar("_Record", Records, ArticleRecord)


def _stamp(names: tuple[str, ...], libraries: str = "") -> int:
    digest = hashlib.sha256(libraries.encode())
    root = Path(__file__).parents[1]
    for path in sorted(found for name in names for found in (root / name, *(root / name).rglob("*"))):
        if path.suffix in (".py", ".sql", ".csv"):
            digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4]) >> 1


# Of the code as it was when this process began: it may be exchanged below a run that is under way.
_LIBRARIES = f"{sys.version_info[:2]} selectolax {version('selectolax')}"
_STAMP, _RECORDS_STAMP, _STATE_STAMP = (
    _stamp(_MAKES_ROWS),
    _stamp(_MAKES_RECORDS, _LIBRARIES),
    _stamp(_MAKES_ROWS, _LIBRARIES),
)
# A body that was damaged, or is of another form. What is not kept well is worked out again.
_UNREADABLE = (MachineError, zlib.error, msgspec.DecodeError)


def stamp() -> int:
    """A number for the code that makes rows out of pages: a catalog built by other code is built anew."""
    return _STAMP


class Reader:
    """Reads the versions of pages and articles in an archive. ``parsed``: how many were parsed for it; ``from_pages``:
    parse all of them, whatever the archive has kept."""

    def __init__(self, archive: Archive, *, from_pages: bool = False) -> None:
        self.archive = archive
        self.parsed = 0
        self._recalls, self._keeps = not from_pages, True
        self._at_hand: dict[tuple[int, bool], Records | DriftError] = {}
        self._new: list[tuple[int, str, bytearray]] = []

    def read(self, source: Source, version: int, *, accepted: bool) -> Records:
        """The records of a version. Raises DriftError where it is not the page that its source declares."""
        known = self._at_hand.pop((version, accepted), None) or self._records(source, version, accepted=accepted)
        self._at_hand[version, accepted] = known
        if len(self._at_hand) > _AT_HAND:
            del self._at_hand[next(iter(self._at_hand))]
        if isinstance(known, DriftError):
            raise known
        return known

    def _records(self, source: Source, version: int, *, accepted: bool) -> Records | DriftError:
        if not accepted and (known := self._recall(version, "", Records)):
            return known
        self.parsed += 1
        try:
            page = parse.parse(source, self.archive.body(version), source.url)
            check_tables(source, page, accepted=accepted)
            records = normalize(source, page)
        except DriftError as problem:
            return problem
        if not accepted:  # what a person let pass would not pass without being asked for
            self._keep(version, "", records)
        return records

    def read_article(self, kb: str, version: int, url: str) -> ArticleRecord:
        """The record of a version of an article. Raises DriftError where it is no article."""
        if known := self._recall(version, url, ArticleRecord):
            return known
        self.parsed += 1
        record = normalize_article(parse.parse_article(kb, self.archive.body(version), url), url)
        self._keep(version, url, record)
        return record

    def _recall(self, version: int, url: str, kind: type[_Record]) -> _Record | None:
        if not self._recalls:
            return None
        try:
            body = self.archive.records(version, url, _RECORDS_STAMP)
            return None if body is None else msgspec.msgpack.decode(body, type=kind)
        except _UNREADABLE as problem:
            self._give_up(problem)
            return None

    def _keep(self, version: int, url: str, records: Records | ArticleRecord) -> None:
        self._new.append((version, url, _encoded(records)))
        if len(self._new) >= _AT_ONCE:
            self._keep_new()

    def _keep_new(self) -> None:
        try:
            if self._keeps:
                self.archive.keep_records(_RECORDS_STAMP, self._new)
        except MachineError as problem:
            self._keep_no_more(problem)
        self._new.clear()

    def recall_state(self) -> State | None:
        """The kept state; None where this code has kept none."""
        if not self._recalls:
            return None
        try:
            body = self.archive.state(_STATE_STAMP)
            return None if body is None else msgspec.msgpack.decode(body, type=State)
        except _UNREADABLE as problem:
            self._give_up(problem)
            return None

    def keep(self, state: State) -> None:
        """Keep what was parsed, and the state. Asked after publishing: what a run that is killed before did not keep,
        or could not, the next one works out again."""
        self._keep_new()
        try:
            if self._keeps:
                self.archive.keep_state(_STATE_STAMP, _encoded(state))
        except (MachineError, MemoryError) as problem:
            self._keep_no_more(problem)

    def _give_up(self, problem: Exception) -> None:
        self._recalls = False
        log.warning("what was kept of the pages cannot be read, so they are parsed again: %s", problem)

    def _keep_no_more(self, problem: Exception) -> None:
        self._keeps = False
        log.warning("what was read is not kept, so the next run reads it again: %s", str(problem) or "no memory left")


def _encoded(value: Records | ArticleRecord | State) -> bytearray:
    """The value as bytes. Not by ``encode``: where memory ends, msgspec 0.22 ends the process there."""
    encoded = bytearray()
    _ENCODER.encode_into(value, encoded)
    return encoded

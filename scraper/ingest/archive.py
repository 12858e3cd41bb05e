"""What the hosts served, kept for ever: every version of every page by content, and every visit in its order.

The catalog is a function of this file and of the code, so none of that is edited or deleted: a run adds visits, news
adds a version, a person adds an acceptance. Bodies are compressed. A version is known by its fingerprint, which the job
hands in; the first raw bytes of it are the ones that are kept.

Beside it lies what follows from it and need not be worked out again (``memo.py``): that may be dropped at any time.
"""

import fcntl
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from sqlite_utils import Database

from scraper.errors import BusyError, MachineError

# In the header of every archive ("wkbA"), so that no other database gets our tables.
_APPLICATION = 0x776B6241
_SCHEMA = """
create table versions (
  version integer primary key,
  source text not null,
  fingerprint text not null check (length(fingerprint) = 64),
  body blob not null,
  unique (source, fingerprint)
) strict;
create table visits (
  visit integer primary key,
  run integer not null,
  source text not null,
  url text not null,
  at text not null check (at glob '????-??-??T??:??:??Z'),
  status integer,
  final_url text,
  version integer references versions (version),
  etag text,
  last_modified text,
  failure text,
  exit_code integer,
  check ((version is null) = (failure is not null))
) strict;
create index visits_run on visits (run);
create index visits_source on visits (source, visit);
create table runs (
  run integer primary key,
  outcome text not null,
  exit_code integer not null,
  facts_sha256 text
) strict;
create table acceptances (
  acceptance integer primary key,
  run integer not null,
  source text not null,
  version integer not null references versions (version),
  at text not null check (at glob '????-??-??T??:??:??Z')
) strict;
"""
# What follows from the above. Archives of an older winkb get these tables when they are opened.
_MEMO = """
create table if not exists records (
  version integer not null references versions (version),
  url text not null,
  stamp integer not null,
  body blob not null,
  primary key (version, url)
) strict;
create table if not exists states (
  stamp integer not null,
  body blob not null
) strict;
"""

_VISIT = "run, source, url, at, status, final_url, version, etag, last_modified, failure, exit_code"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one page in one run. ``version`` is what was served (also when the host said: not modified);
    ``failure`` is why nothing was, with the exit code that it means."""

    run: int
    source: str
    url: str
    at: str
    status: int | None = None
    final_url: str | None = None
    version: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    failure: str | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    run: int
    outcome: str
    exit_code: int
    facts_sha256: str | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A version of a page that a person let pass, after a run and at a time."""

    run: int
    source: str
    version: int
    at: str


class Archive:
    """An open archive. Every method commits what it writes before it returns, so that a kill loses at most one page;
    within ``accepting`` the end of the block commits."""

    def __init__(self, path: Path | None) -> None:
        """``path`` None: a throw-away archive in memory. Raises MachineError for a file that is no archive."""
        self.name = str(path) if path else "an archive in memory"
        with _this_machine(self.name):
            self._db = Database(str(path) if path else ":memory:")
            self._db.conn.execute("pragma foreign_keys = on")
            ((application,),) = self._db.conn.execute("pragma application_id")
            if application != _APPLICATION:
                self._create()
            # An archive that can only be read has nothing kept.
            with suppress(sqlite3.OperationalError):
                self._db.conn.executescript(_MEMO)

    def _create(self) -> None:
        """Make an empty database an archive. Raises MachineError for any other one, which is not ours to write to."""
        if self._db.conn.execute("select 1 from sqlite_master limit 1").fetchone():
            self.close()
            raise MachineError("database", page=self.name, expected="an archive of winkb", found="another one")
        self._db.conn.executescript(f"begin; {_SCHEMA} pragma application_id = {_APPLICATION}; commit;")

    def close(self) -> None:
        self._db.conn.close()

    def next_run(self) -> int:
        """The number of the run that begins now; a run that was killed keeps its own."""
        rows = self._rows("select coalesce(max(run), 0) + 1 from (select run from visits union select run from runs)")
        return int(rows[0][0])

    def version(self, source: str, fingerprint: str, body: bytes) -> int:
        """The version with this fingerprint, kept now if it is new."""
        with _this_machine(self.name), self._db.conn:
            return self._version(source, fingerprint, body)

    def note(self, visit: Visit) -> None:
        """Add a visit."""
        with _this_machine(self.name), self._db.conn:
            self._note(visit)

    def keep(self, visit: Visit, fingerprint: str, body: bytes) -> Visit:
        """Add a visit with what it was served: both or, when this process is killed, neither."""
        with _this_machine(self.name), self._db.conn:
            visit = replace(visit, version=self._version(visit.source, fingerprint, body))
            self._note(visit)
        return visit

    def _version(self, source: str, fingerprint: str, body: bytes) -> int:
        query = "select version from versions where source = ? and fingerprint = ?"
        known = self._db.conn.execute(query, (source, fingerprint)).fetchone()
        if known:
            return int(known[0])
        insert = "insert into versions (source, fingerprint, body) values (?, ?, ?)"
        return int(self._db.conn.execute(insert, (source, fingerprint, zlib.compress(body, 6))).lastrowid or 0)

    def _note(self, visit: Visit) -> None:
        # Once for each of a hundred and more pages a night: sqlite-utils would ask the schema each time.
        values = [getattr(visit, field.name) for field in fields(Visit)]
        self._db.conn.execute(f"insert into visits ({_VISIT}) values ({', '.join('?' for _ in values)})", values)

    def finish(self, run: RunEnd) -> None:
        """Note how a run ended."""
        with _this_machine(self.name), self._db.conn:
            self._db.table("runs").insert(asdict(run))

    @contextmanager
    def accepting(self, acceptance: Acceptance) -> Iterator[None]:
        """Add that a person accepted a version of a page, however it differs from the one before. It counts within the
        block, and stays when the block ends well."""
        with self._db.conn:
            with _this_machine(self.name):  # not by sqlite-utils, whose insert would commit at once
                insert = "insert into acceptances (run, source, version, at) values (?, ?, ?, ?)"
                self._db.conn.execute(insert, (acceptance.run, acceptance.source, acceptance.version, acceptance.at))
            yield

    def acceptances(self) -> list[Acceptance]:
        """Every acceptance, in the order in which they were given."""
        rows = self._rows("select run, source, version, at from acceptances order by acceptance")
        return [Acceptance(*row) for row in rows]

    def last_visit(self) -> int:
        """The number of the last visit, 0 for none."""
        return int(self._rows("select coalesce(max(visit), 0) from visits")[0][0])

    def visits(self, after: int = 0) -> Iterator[Visit]:
        """Every visit after one, in the order of the runs, and within a run in the order of arrival."""
        for row in self._rows(f"select {_VISIT} from visits where visit > ? order by run, visit", (after,)):
            yield Visit(*row)

    def runs(self) -> dict[int, RunEnd]:
        """Every run that ended, by number."""
        rows = self._rows("select run, outcome, exit_code, facts_sha256 from runs order by run")
        return {row[0]: RunEnd(*row) for row in rows}

    def run_times(self) -> dict[int, str]:
        """When each run was: the time of its first visit."""
        query = "select run, at from visits where visit in (select min(visit) from visits group by run) order by run"
        return dict(self._rows(query))

    def last_run(self) -> RunEnd | None:
        """The run that ended last."""
        rows = self._rows("select run, outcome, exit_code, facts_sha256 from runs order by run desc limit 1")
        return RunEnd(*rows[0]) if rows else None

    def last_good(self, source: str) -> Visit | None:
        """The last visit that was served a version, with the validators that go with it."""
        rows = self._rows(
            f"select {_VISIT} from visits where source = ? and version is not null order by visit desc limit 1",
            (source,),
        )
        return Visit(*rows[0]) if rows else None

    def settled(self, source: str) -> str | None:
        """The time of the last visit that settled something: a version was served, or waiting would not help (a page
        that is gone). The last one by number: a clock may have gone wrong."""
        query = "select at from visits where source = ? and (version is not null or exit_code = 0)"
        rows = self._rows(f"{query} order by visit desc limit 1", (source,))
        return rows[0][0] if rows else None

    def attempted(self, source: str) -> int:
        """The number of the last visit, whatever came of it; 0 for none."""
        return int(self._rows("select coalesce(max(visit), 0) from visits where source = ?", (source,))[0][0])

    def body(self, version: int) -> bytes:
        """The raw bytes of a version."""
        return zlib.decompress(self._rows("select body from versions where version = ?", (version,))[0][0])

    def fingerprint(self, version: int) -> str:
        return str(self._rows("select fingerprint from versions where version = ?", (version,))[0][0])

    # --- what may be dropped ------------------------------------------------------------------------------------------

    def records(self, version: int, url: str, stamp: int) -> bytes | None:
        """What code of this stamp read of a version that was served at an address."""
        rows = self._rows("select body from records where (version, url, stamp) = (?, ?, ?)", (version, url, stamp))
        return zlib.decompress(rows[0][0]) if rows else None

    def keep_records(self, stamp: int, records: Iterable[tuple[int, str, bytearray]]) -> None:
        """Keep what code of this stamp read: version, address, and the records' bytes. Not within ``accepting``: what
        could not be kept would undo the acceptance."""
        if self._db.conn.in_transaction:
            return
        insert = "insert or replace into records (version, url, stamp, body) values (?, ?, ?, ?)"
        rows = [(version, url, stamp, zlib.compress(body, 1)) for version, url, body in records]
        with _this_machine(self.name), self._db.conn:
            self._db.conn.executemany(insert, rows)

    def state(self, stamp: int) -> bytes | None:
        """The bytes of the state that code of this stamp has kept."""
        rows = self._rows("select body from states where stamp = ?", (stamp,))
        return zlib.decompress(rows[0][0]) if rows else None

    def keep_state(self, stamp: int, body: bytearray) -> None:
        """Keep a state in place of the one before."""
        with _this_machine(self.name), self._db.conn:
            self._db.conn.execute("delete from states")
            self._db.conn.execute("insert into states values (?, ?)", (stamp, zlib.compress(body, 1)))

    def _rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with _this_machine(self.name):
            return self._db.conn.execute(sql, parameters).fetchall()


@contextmanager
def _this_machine(name: str) -> Iterator[None]:
    """What SQLite cannot do here (disk full, no permission, not a database) is a MachineError."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        raise MachineError(
            "trouble", page=name, expected="an archive that can be written", found=str(problem)
        ) from problem


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file, the archive or the catalog, for one command; a second one is told so (BusyError). The lock is a file
    beside it, and ends with the process, however that ends."""
    lock = path.with_name(path.name + ".lock")
    try:
        handle = lock.open("w")
    except OSError as problem:
        raise MachineError(
            "trouble", page=str(lock), expected="a folder that can be written", found=str(problem)
        ) from problem
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                "second run", page=str(path), expected="no other run under way", found="one that holds it"
            ) from None
        yield

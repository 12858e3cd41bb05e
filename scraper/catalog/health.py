"""The health of a finished catalog: its integrity, its open errors, and the age of its data (``winkb check``)."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from scraper.errors import MachineError

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def check_catalog(path: Path, now: str, max_age: int) -> list[str]:
    """What is wrong with a published catalog: integrity, open findings of severity error, data older than
    ``max_age`` hours at ``now``. An empty list is a healthy catalog. Raises MachineError for no catalog at all."""
    if not path.is_file():
        raise MachineError("lack of a catalog", page=str(path), expected="a file that winkb built", found="none")
    try:
        database = Database(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))
        try:
            return [*_integrity(database), *_errors(database), *_age(database, now, max_age)]
        finally:
            database.conn.close()
    except (sqlite3.DatabaseError, sqlite3.OperationalError) as problem:
        raise MachineError("trouble", page=str(path), expected="a catalog", found=str(problem)) from problem


def warnings(path: Path) -> list[str]:
    """What is no error, and yet keeps verdicts from being current: months that are due and that no page lists."""
    query = "select message from findings where code = 'due-month' and resolved_at is null order by finding"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return [f"due-month: {message}" for (message,) in connection.execute(query)]


def _integrity(database: Database) -> Iterable[str]:
    for (verdict,) in database.conn.execute("pragma integrity_check"):
        if verdict != "ok":
            yield f"integrity: {verdict}"
    for table, rowid, parent, _ in database.conn.execute("pragma foreign_key_check"):
        yield f"integrity: row {rowid} of {table} refers to no row of {parent}"


def _errors(database: Database) -> Iterable[str]:
    query = "select code, page, subject, message from findings where severity = 'error' and resolved_at is null"
    for code, page, subject, message in database.conn.execute(f"{query} order by finding"):
        yield f"{code}: {subject} on {page}: {message}"


def _age(database: Database, now: str, max_age: int) -> Iterable[str]:
    moment = datetime.fromisoformat(now)
    oldest = (moment - timedelta(hours=max_age)).strftime(_STAMP)
    # A time more than a day ahead is that of a wrong clock, and says nothing of an age.
    newest = (moment + timedelta(days=1)).strftime(_STAMP)
    # Articles are read in rotation, the older ones weekly; the answers' age is that of the pages they come from.
    query = (
        "select page, fetched_at, fetched_at > ?2, failure from pages where (fetched_at is null or fetched_at < ?1"
        " or fetched_at > ?2) and page not glob 'KB[0-9]*' order by page"
    )
    for page, fetched_at, is_ahead, failure in database.conn.execute(query, (oldest, newest)):
        yield (
            f"too old: {page} was last read {fetched_at or 'never'}"
            + (", by a clock that was ahead" if is_ahead else "")
            + (f"; since then {failure}" if failure else "")
        )

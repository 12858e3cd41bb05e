"""Connections to a catalog whose queries stay within bounds of time, rows and memory.

The other bounds need no class of their own: site/plugins/limits.py.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any, Self

from datasette.database import Database
from datasette.views.base import DatasetteError

STEPS = 100  # of SQLite's machine between two looks at the clock; Datasette's 1,000 may be 1,000 slow functions
LARGEST_ANSWER = 20_000_000  # bytes: 1,000 rows may have 100 columns of 250,000 each

# Whether CSV is asked for (site/plugins/spreadsheets.py). There Datasette drops the error of a statement, and would
# answer 200 with an empty line.
AS_CSV = ContextVar("AS_CSV", default=False)


class BoundedCursor(sqlite3.Cursor):
    """A cursor whose answers stay within bounds.

    Beyond them, or when SQLite has no more memory, it raises OperationalError. Datasette shows that error to the
    visitor; a MemoryError would be an error 500.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        with self._explained():
            return super().execute(sql, parameters)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return self._bounded(islice(self, size))

    def fetchall(self) -> list[Any]:
        return self._bounded(self)

    def _bounded(self, rows: Iterable[Any]) -> list[Any]:
        kept, size = [], 0
        with self._explained():
            for row in rows:
                kept.append(row)
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                if size > LARGEST_ANSWER:
                    raise sqlite3.OperationalError(f"answer larger than {LARGEST_ANSWER:,} bytes: ask for fewer rows")
        return kept

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise what goes wrong inside as an OperationalError that says why."""
        assert isinstance(self.connection, BoundedConnection)
        refusals = self.connection.refusals
        try:
            yield
        except MemoryError as error:
            raise sqlite3.OperationalError("this statement needs too much memory") from error
        except sqlite3.OperationalError as error:
            if refusals:
                raise sqlite3.OperationalError(refusals[0]) from error
            raise
        finally:
            refusals.clear()


class BoundedConnection(sqlite3.Connection):
    """``refusals`` has why a function of site/plugins/limits.py raised. SQLite itself only says that one did."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.refusals: list[str] = []

    def cursor(self, factory: Any = BoundedCursor) -> Any:
        return super().cursor(factory)

    def set_progress_handler(self, progress_handler: Callable[[], int | None] | None, n: int) -> None:
        super().set_progress_handler(progress_handler, min(n, STEPS))


class Catalog(Database):  # type: ignore[misc]  # Datasette ships no types
    """Datasette's database of a catalog file. It never writes the file, and its connections are bounded."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        uri = f"{Path(self.path).as_uri()}?immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, factory=BoundedConnection)
        self._all_file_connections.append(connection)
        return connection

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().execute(*arguments, **options)
        except sqlite3.DatabaseError as error:
            if AS_CSV.get():
                raise DatasetteError(str(error), title="Invalid SQL", status=400) from error
            raise

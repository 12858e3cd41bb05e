"""The last room: Datasette over a catalog, for one's own machine or for everybody (docs/publish.md).

A nightly run swaps a new catalog in while this serves. SQLite goes on reading the file that was replaced, and a
connection opened later reads the new one, so that a running Datasette would show old rows, or old and new ones mixed,
for ever (datasette.md section 6). Hence a Datasette here belongs to one file: all its connections are opened before
its first answer, and when the file is another one, the next Datasette is made ready beside it and takes over between
two requests. The socket and the connections of the readers stay; none of them fails.
"""

import asyncio
import logging
import math
import signal
import socket
import sqlite3
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any, Self

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import BadMetadataError, parse_metadata
from datasette.views.base import DatasetteError

from scraper import answers
from scraper.errors import MachineError

log = logging.getLogger(__name__)

NAME = "catalog"  # the addresses begin with it, and metadata.yml describes it, whatever the file is called
WATCH = 0.5  # seconds between two looks at the file
AGAIN = 5.0  # seconds until a file that could not be taken up is tried again: the trouble may have been this machine's

# Measured (datasette.md sections 4 and 5). On one's own machine SQL is open, since the reader is the owner of the
# machine, and a browser keeps a page for 5 s, since a new catalog must show at once.
SETTINGS: dict[str, bool | int] = {
    "default_allow_sql": True,
    "allow_csv_stream": False,  # beside one stream of everything a row takes 17 ms instead of 3
    "suggest_facets": False,  # a table page takes 50 ms instead of 380
    "default_facet_size": 20,
    "facet_time_limit_ms": 200,
    "sql_time_limit_ms": 1000,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "default_cache_ttl": 5,
}
# What differs where everybody may ask. headers.py takes closed SQL for "this site is public".
PUBLIC: dict[str, bool | int] = {
    "default_allow_sql": False,
    "sql_time_limit_ms": 500,
    "allow_facet": False,  # the facets of metadata.yml stay; `_facet=` scans a table, as many times as one writes it
    "allow_download": False,  # through Python it takes seconds; the server in front has the file
    "default_cache_ttl": 10,
}

STEPS = 100  # of SQLite's machine between two looks at the clock; Datasette's 1,000 may be 1,000 slow functions
LARGEST_ANSWER = 20_000_000  # bytes: 1,000 rows may have 100 columns of 250,000 each

# Whether CSV is asked for (site/plugins/spreadsheets.py). There Datasette forgets the error of a statement, and would
# answer 200 with an empty line.
AS_CSV = ContextVar("AS_CSV", default=False)


def serve(db: Path, host: str, port: int, public: bool = False) -> None:
    """Serve the catalog until SIGINT or SIGTERM. Port 0 takes a free one; the address is printed to stderr. ``public``:
    for a site that everybody may ask (docs/publish.md).

    Raises MachineError when the file is missing or no catalog, or the address cannot be had.
    """
    identity(db)
    listener = listen(host, port)
    address = f"[{host}]" if ":" in host else host
    # uvicorn ends in order at either signal and then sends it to whoever was there before.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):  # not raised where a shell that starts us in the background ignores SIGINT
            asyncio.run(_serve(Site(db, public), listener, f"http://{address}:{listener.getsockname()[1]}/"))
        log.info("ended by a signal")
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()


async def _serve(site: "Site", listener: socket.socket, url: str) -> None:
    await site.renew()
    server = uvicorn.Server(
        uvicorn.Config(
            site,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    async with asyncio.TaskGroup() as tasks:  # a watch that fails ends the server: better down than silently stale
        watch = tasks.create_task(site.watch())
        print(f"serving {site.db} on {url} (stop with Ctrl-C)", file=sys.stderr, flush=True)
        await server.serve(sockets=[listener])
        watch.cancel()


def listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((address[0], port), family=family)
    except OSError as error:
        raise MachineError("address", page=f"{host}:{port}", expected="one to listen on", found=str(error)) from error
    # asyncio does this for the sockets that it opens itself. Without it head and body of an answer wait 40 ms for one
    # another: the kernel holds back the second packet until the first is acknowledged, which the reader delays.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def identity(db: Path) -> tuple[int, int, int]:
    """What tells one catalog file from the next. Raises MachineError when there is none."""
    try:
        status = db.stat()
    except OSError as error:
        raise MachineError(
            "catalog", page=str(db), expected="a file (`winkb demo` builds one)", found=error.strerror or str(error)
        ) from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def root() -> Path:
    """Where metadata.yml and site/ are: the repository's, beside the package, or a wheel's, under the prefix."""
    beside = Path(__file__).resolve().parents[2]
    return beside if (beside / "site" / "plugins").is_dir() else Path(sysconfig.get_path("data")) / "share" / "winkb"


def metadata_for(db: Path) -> tuple[Path, Path]:
    """The metadata and the plugins. One's own metadata beside the catalog wins. Plugins are code and are never taken
    from beside a catalog."""
    beside = db.resolve().parent / "metadata.yml"
    return (beside if beside.is_file() else root() / "metadata.yml"), root() / "site" / "plugins"


def datasette_for(db: Path, public: bool = False) -> Datasette:
    """A Datasette with the production settings over this file, read as immutable, under the name ``catalog``."""
    path, plugins = metadata_for(db)
    try:
        metadata = parse_metadata(path.read_text(encoding="utf-8"))
    except (OSError, BadMetadataError) as error:
        raise MachineError("metadata", page=str(path), expected="YAML", found=str(error)) from error
    templates, static = root() / "site" / "templates", root() / "site" / "static"
    datasette = Datasette(
        metadata=metadata,
        plugins_dir=str(plugins),
        template_dir=str(templates) if templates.is_dir() else None,
        static_mounts=[("static", str(static))] if static.is_dir() else [],
        cors=True,
        settings=SETTINGS | PUBLIC if public else SETTINGS,
    )
    datasette.remove_database("_memory")
    datasette.add_database(Catalog(datasette, path=str(db.resolve()), is_mutable=False), name=NAME)
    return datasette


class BoundedCursor(sqlite3.Cursor):
    """A cursor whose answers stay within bounds. Beyond them, or when SQLite has no more memory, it raises
    OperationalError, which Datasette tells the visitor; a MemoryError would be an error 500."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        with self._said_plainly():
            return super().execute(sql, parameters)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return self._bounded(islice(self, size))

    def fetchall(self) -> list[Any]:
        return self._bounded(self)

    def _bounded(self, rows: Iterable[Any]) -> list[Any]:
        kept, size = [], 0
        with self._said_plainly():
            for row in rows:
                kept.append(row)
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                if size > LARGEST_ANSWER:
                    raise sqlite3.OperationalError(f"answer larger than {LARGEST_ANSWER:,} bytes: ask for fewer rows")
        return kept

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
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
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Why a function of site/plugins/limits.py raised: all that SQLite passes on is that one did.
        self.refusals: list[str] = []

    def cursor(self, factory: Any = BoundedCursor) -> Any:
        return super().cursor(factory)

    def set_progress_handler(self, progress_handler: Callable[[], int | None] | None, n: int) -> None:
        super().set_progress_handler(progress_handler, min(n, STEPS))


class Catalog(Database):  # type: ignore[misc]  # Datasette ships no types
    """A catalog file, never written, whose connections keep their bounds (the others: site/plugins/limits.py)."""

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


class Edition:
    """One Datasette over one catalog file, and the requests that it is answering."""

    def __init__(self, datasette: Datasette) -> None:
        self._datasette = datasette
        self._app = datasette.app()
        self._answering = 0
        self._superseded = False

    async def warm(self) -> None:
        """Open the connections of all SQL threads, so that none of them opens a later file; read the schema once.
        MachineError where it is no catalog's."""
        catalog = self._datasette.get_database(NAME)
        threads = self._datasette.setting("num_sql_threads")
        together = threading.Barrier(threads, timeout=30)

        def read(connection: sqlite3.Connection) -> None:
            together.wait()
            connection.execute("select 1 from kbs limit 1")
            answers.check(connection, str(catalog.path))

        # Whatever fails, all are awaited: a connection that is closed while its thread reads ends the process.
        ends = await asyncio.gather(*(catalog.execute_fn(read) for _ in range(threads)), return_exceptions=True)
        for failed in filter(None, ends):
            raise failed
        await catalog.table_counts(limit=60_000)
        await self._datasette.refresh_schemas()
        await self._datasette.invoke_startup()

    async def answer(self, scope: object, receive: object, send: object) -> None:
        self._answering += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._answering -= 1
            if self._superseded:
                await self.retire()

    async def retire(self) -> None:
        """End the threads and close the files, once the last request is answered."""
        self._superseded = True
        if self._answering:
            return
        self._datasette.executor.shutdown(wait=False)
        for database in self._datasette.databases.values():
            database.close()
        # The thread that writes Datasette's own notes waits in an endless loop; SystemExit is all that passes it.
        await self._datasette.get_database("_internal").execute_write_fn(lambda conn: sys.exit(), block=False)


class Site:
    """The ASGI application: hands each request to the edition of the catalog file that now stands at the path."""

    def __init__(self, db: Path, public: bool = False) -> None:
        self.db = db
        self._public = public
        self._edition: Edition | None = None
        self._identity: tuple[int, int, int] | None = None
        self._again_at = 0.0  # on the monotonic clock

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        assert self._edition is not None, "renew() comes before the first request"
        await self._edition.answer(scope, receive, send)

    async def renew(self) -> None:
        """Let the file that now stands at the path take over. Raises MachineError when it is no catalog."""
        found = identity(self.db)
        if found == self._identity and time.monotonic() < self._again_at:
            return
        self._identity, self._again_at = found, time.monotonic() + AGAIN
        edition = Edition(datasette_for(self.db, self._public))
        try:
            await edition.warm()
        except sqlite3.DatabaseError as error:
            await edition.retire()
            raise MachineError("file", page=str(self.db), expected="a catalog", found=str(error)) from error
        except MachineError:
            await edition.retire()
            raise
        if identity(self.db) != found:  # replaced while the connections were opened: they may be of two files
            await edition.retire()
            self._identity = None
            return await self.renew()
        self._again_at = math.inf
        before, self._edition = self._edition, edition
        if before is not None:
            await before.retire()
            log.info("took up a new %s", self.db)

    async def watch(self) -> None:
        """Look at the file for ever. One that cannot be served is said once, and the last good one stays."""
        complaint = ""
        while True:
            await asyncio.sleep(WATCH)
            try:
                await self.renew()
                if self._again_at == math.inf:
                    complaint = ""
            except MachineError as error:
                if str(error) != complaint:
                    log.warning("%s; the last good catalog stays", error)
                complaint = str(error)

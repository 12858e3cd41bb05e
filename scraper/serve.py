"""The last room: Datasette over a catalog, for one's own machine (design.md section 2, publish).

A nightly run swaps a new catalog in while this serves. SQLite goes on reading the file that was replaced, and a
connection opened later reads the new one, so that a running Datasette would show old rows, or old and new ones mixed,
for ever (datasette.md section 6). Hence a Datasette here belongs to one file: all its connections are opened before
its first answer, and when the file is another one, the next Datasette is made ready beside it and takes over between
two requests. The socket and the connections of the readers stay; none of them fails.
"""

import asyncio
import logging
import signal
import socket
import sqlite3
import sys
import sysconfig
import threading
from pathlib import Path

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import BadMetadataError, parse_metadata

from scraper.errors import MachineError

log = logging.getLogger(__name__)

NAME = "catalog"  # the addresses begin with it, and metadata.yml describes it, whatever the file is called
WATCH = 0.5  # seconds between two looks at the file

# Measured in datasette.md sections 4 and 5. Two differ from the public site there: SQL is open, since the reader is the
# owner of the machine, and a browser keeps a page for 5 s, since a new catalog must show at once.
SETTINGS = {
    "default_allow_sql": True,
    "allow_csv_stream": False,
    "suggest_facets": False,
    "default_facet_size": 20,
    "facet_time_limit_ms": 200,
    "sql_time_limit_ms": 500,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "default_cache_ttl": 5,
}


def serve(db: Path, host: str, port: int) -> None:
    """Serve the catalog until SIGINT or SIGTERM. Port 0 takes a free one; the address is printed to stderr.

    Raises MachineError when the file is missing or no catalog, or the address cannot be had.
    """
    identity(db)
    listener = listen(host, port)
    address = f"[{host}]" if ":" in host else host
    # uvicorn ends in order at either signal and then sends it to whoever was there before.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(_serve(db, listener, f"http://{address}:{listener.getsockname()[1]}/"))
    except KeyboardInterrupt:
        log.info("ended by a signal")
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()


async def _serve(db: Path, listener: socket.socket, url: str) -> None:
    site = Site(db)
    await site.renew()
    server = uvicorn.Server(
        uvicorn.Config(site, lifespan="off", log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    )
    async with asyncio.TaskGroup() as tasks:  # a watch that fails ends the server: better down than silently stale
        watch = tasks.create_task(site.watch())
        print(f"serving {db} on {url} (stop with Ctrl-C)", file=sys.stderr, flush=True)
        await server.serve(sockets=[listener])
        watch.cancel()


def listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((address[0], port), family=family)
    except OSError as error:
        raise MachineError("address", page=f"{host}:{port}", expected="one to listen on", found=str(error)) from error


def identity(db: Path) -> tuple[int, int, int]:
    """What tells one catalog file from the next. Raises MachineError when there is none."""
    try:
        status = db.stat()
    except OSError as error:
        raise MachineError(
            "catalog", page=str(db), expected="a file (`winkb demo` builds one)", found=error.strerror or str(error)
        ) from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def metadata_for(db: Path) -> tuple[Path, Path]:
    """Where metadata.yml and the plugins are. One's own metadata beside the catalog wins, then the repository's beside
    the package; then a wheel's, under the prefix. Plugins are code and are never taken from beside a catalog."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "site" / "plugins").is_dir():
        root = Path(sysconfig.get_path("data")) / "share" / "winkb"
    beside = db.resolve().parent / "metadata.yml"
    return (beside if beside.is_file() else root / "metadata.yml"), root / "site" / "plugins"


def datasette_for(db: Path) -> Datasette:
    """A Datasette with the production settings over this file, read as immutable, under the name ``catalog``."""
    path, plugins = metadata_for(db)
    try:
        metadata = parse_metadata(path.read_text(encoding="utf-8"))
    except (OSError, BadMetadataError) as error:
        raise MachineError("metadata", page=str(path), expected="YAML", found=str(error)) from error
    datasette = Datasette(metadata=metadata, plugins_dir=str(plugins), settings=SETTINGS)
    datasette.remove_database("_memory")
    datasette.add_database(Database(datasette, path=str(db.resolve()), is_mutable=False), name=NAME)
    return datasette


class Edition:
    """One Datasette over one catalog file, and the requests that it is answering."""

    def __init__(self, datasette: Datasette) -> None:
        self._datasette = datasette
        self._app = datasette.app()
        self._answering = 0
        self._superseded = False

    async def warm(self) -> None:
        """Open the connections of all SQL threads, so that none of them opens a later file; read the schema once."""
        catalog = self._datasette.get_database(NAME)
        threads = self._datasette.setting("num_sql_threads")
        together = threading.Barrier(threads, timeout=30)

        def read(connection: sqlite3.Connection) -> None:
            together.wait()
            connection.execute("select 1 from kbs limit 1")

        await asyncio.gather(*(catalog.execute_fn(read) for _ in range(threads)))
        await catalog.table_counts(limit=60_000)
        await self._datasette.refresh_schemas()

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

    def __init__(self, db: Path) -> None:
        self._db = db
        self._edition: Edition | None = None
        self._identity: tuple[int, int, int] | None = None

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        assert self._edition is not None, "renew() comes before the first request"
        await self._edition.answer(scope, receive, send)

    async def renew(self) -> None:
        """Let the file that now stands at the path take over. Raises MachineError when it is no catalog."""
        found = identity(self._db)
        if found == self._identity:
            return
        self._identity = found
        edition = Edition(datasette_for(self._db))
        try:
            await edition.warm()
        except sqlite3.DatabaseError as error:
            await edition.retire()
            raise MachineError("file", page=str(self._db), expected="a catalog", found=str(error)) from error
        if identity(self._db) != found:  # replaced while the connections were opened: they may be of two files
            await edition.retire()
            self._identity = None
            return await self.renew()
        before, self._edition = self._edition, edition
        if before is not None:
            await before.retire()
            log.info("took up a new %s", self._db)

    async def watch(self) -> None:
        """Look at the file for ever. One that cannot be served is said once, and the last good one stays."""
        complaint = ""
        while True:
            await asyncio.sleep(WATCH)
            try:
                await self.renew()
                complaint = ""
            except MachineError as error:
                if str(error) != complaint:
                    log.warning("%s; the last good catalog stays", error)
                complaint = str(error)

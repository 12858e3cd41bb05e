"""A site that takes up a new catalog while others read.

A run swaps a new catalog in while this serves. SQLite goes on reading the file that was replaced, and a connection that
is opened later reads the new one. So a running Datasette would show old rows, or old and new ones mixed, for ever
(datasette.md section 6). Here a Datasette belongs to one file: all its connections are opened before its first answer.
When the path has another file, the next Datasette is made ready beside it and takes over between two requests. The
socket and the readers' connections stay, and no request fails.
"""

import asyncio
import logging
import math
import sqlite3
import sys
import threading
import time
from pathlib import Path

from datasette.app import Datasette
from datasette.utils import BadMetadataError, parse_metadata

from scraper import answers
from scraper.errors import MachineError
from scraper.publish.serve.bounded import Catalog
from scraper.publish.serve.settings import NAME, PUBLIC, SETTINGS, metadata_for, root

log = logging.getLogger(__package__)

WATCH = 0.5  # seconds between two looks at the file
AGAIN = 5.0  # seconds until a file that could not be taken up is tried again: the trouble may have been this machine's

Identity = tuple[int, int, int]


def identity(db: Path) -> Identity:
    """What distinguishes one catalog file from the next. Raises MachineError when there is none."""
    try:
        status = db.stat()
    except OSError as error:
        raise MachineError(
            "catalog", page=str(db), expected="a file (`winkb demo` builds one)", found=error.strerror or str(error)
        ) from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def datasette_for(db: Path, public: bool = False) -> Datasette:
    """A Datasette with the production settings over this file, read as immutable, under the name ``catalog``.

    Raises MachineError when the metadata cannot be read.
    """
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


class Edition:
    """One Datasette over one catalog file, and how many requests it is answering."""

    def __init__(self, datasette: Datasette) -> None:
        self._datasette = datasette
        self._app = datasette.app()
        self._answering = 0
        self._superseded = False

    async def warm(self) -> None:
        """Open the connections of all SQL threads, so that none of them opens a later file; read the schema once.
        Raises MachineError or sqlite3.DatabaseError where the file is no catalog."""
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
        """Answer one request (ASGI)."""
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
        await self._end_writer()

    async def _end_writer(self) -> None:
        """End the thread that writes Datasette's own database in memory. It is an endless loop that catches every
        Exception; SystemExit is none."""
        await self._datasette.get_database("_internal").execute_write_fn(lambda conn: sys.exit(), block=False)


class Site:
    """The ASGI application: passes each request to the edition of the catalog file that is at the path now."""

    def __init__(self, db: Path, public: bool = False) -> None:
        self.db = db
        self._public = public
        self._edition: Edition | None = None
        self._identity: Identity | None = None
        self._again_at = 0.0  # on the monotonic clock

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        assert self._edition is not None, "renew() comes before the first request"
        await self._edition.answer(scope, receive, send)

    async def renew(self) -> None:
        """Let the file that is at the path now take over. Raises MachineError when it is no catalog."""
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
        """Look at the file for ever. The same complaint about a file is logged once; the last good catalog stays."""
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

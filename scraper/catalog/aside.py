"""The catalog's file: built aside, checked, then swapped in, so that a reader has the old one or the new one, whole."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from scraper.errors import CatalogError, MachineError

# In the header of every catalog ("wkbC"), so that no other file is taken for one and replaced.
APPLICATION = 0x776B6243


def refuse_foreign(path: Path) -> None:
    """Raise MachineError for a file that a catalog must not replace: whatever is neither empty nor a catalog. A torn
    catalog is known by its header."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise MachineError("trouble", page=str(path), expected="a catalog", found=str(problem)) from problem
    ours = header.startswith(b"SQLite format 3\0") and int.from_bytes(header[68:72]) == APPLICATION
    if header and not ours:
        raise MachineError("file", page=str(path), expected="a catalog of winkb, or none yet", found="another file")


@contextmanager
def aside(path: Path, *, copy: bool = False) -> Iterator[Database]:
    """A database beside ``path`` that replaces it when the block ends well, and leaves no trace when it does not.

    ``copy``: start from what is published. Raises CatalogError when the rows break the schema, MachineError when this
    machine cannot write the file.
    """
    refuse_foreign(path)
    beside = path.with_name(f"{path.name}.aside")
    try:
        beside.unlink(missing_ok=True)
        if copy:
            shutil.copyfile(path, beside)
        database = Database(str(beside))
        try:
            # Nobody reads the file yet, and a torn one is thrown away: its journal would only be slow.
            database.conn.execute("pragma journal_mode = off")
            database.conn.execute("pragma foreign_keys = on")
            yield database
            _refuse_broken(database, path)
        finally:
            database.conn.close()
        _sync(beside)
        os.replace(beside, path)
        _sync(path.parent)
    except sqlite3.IntegrityError as problem:
        raise CatalogError("row", page=str(path), expected="what tables.sql allows", found=str(problem)) from problem
    except (OSError, sqlite3.DatabaseError) as problem:
        raise MachineError(
            "trouble", page=str(path), expected="a folder with room for the catalog", found=str(problem)
        ) from problem
    finally:
        with suppress(OSError):  # what cannot be removed could not be written either, which the error says
            beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_broken(database: Database, path: Path) -> None:
    broken = database.conn.execute("pragma foreign_key_check").fetchall()
    if broken:
        raise sqlite3.IntegrityError(f"{path}: foreign keys without their row: {broken[:3]}")

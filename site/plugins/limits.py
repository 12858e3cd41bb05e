"""Bounds for SQL that visitors write: the time limit of Datasette does not see a single long operation."""

import sqlite3

from datasette import hookimpl

# `select length(hex(zeroblob(400000000)))` took 2 GB and 6.6 s past a limit of one second; no value here is near 1 MB.
LONGEST_VALUE = 1_000_000


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)

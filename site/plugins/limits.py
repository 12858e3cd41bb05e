"""Bounds for SQL that visitors write.

Datasette checks its time limit between two steps of SQLite's machine. So it does not see one long step, the compiling
of a statement, or memory. Every bound here was measured with the statements in tests/fixtures/worst.py. Two bounds need
a class of their own, rows and steps: scraper/publish/serve/bounded.py.
"""

import contextlib
import re
import sqlite3
from collections.abc import Callable

from datasette import hookimpl

from scraper.publish.serve.bounded import BoundedConnection

LIMITS = {
    # The longest string or row. `select length(hex(zeroblob(400000000)))` took 2 GB and 6.6 s, past a limit of one
    # second. One function takes milliseconds for a megabyte, and many functions run in one second.
    sqlite3.SQLITE_LIMIT_LENGTH: 250_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    # 2,000 columns of the longest string were half a gigabyte in a single row; our widest table has under 20.
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 1_000,  # `?250000` alone takes 10 MB
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,  # the time is pattern x text
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}

# Bytes of memory of the whole process. It is the only bound on compiling: a `with` of 30 lines, each using the one
# before twice, is expanded 2^30 times before it runs. Sorting and `with` tables spill to a file and stay far below it.
HEAP = 64_000_000

# Functions whose time is the product of two lengths: 250 s for one trim() of two longest strings. When the product is
# within bounds, SQLite's own function answers on another connection.
PRODUCT = 10_000_000
QUADRATIC = {"instr": 2, "replace": 3, "trim": 2, "ltrim": 2, "rtrim": 2, "json_patch": 2}

# `printf('%.*c', 2000000000, 'x')` counts to the end, though its text is full long before that: 12 s.
WIDTH = re.compile(r"[*]|[0-9]{7}")

Value = str | bytes | int | float | None
Function = Callable[..., Value]

# Datasette switches them on. They would be a traceback in the log whenever a visitor passes a bound.
sqlite3.enable_callback_tracebacks(False)


def bounded(name: str, arity: int, beside: sqlite3.Connection) -> Function:
    """SQLite's function, which refuses two arguments whose product of lengths is too large."""
    sql = f"select {name}({', '.join('?' * arity)})"

    def call(*values: Value) -> Value:
        first, second = (len(value) if isinstance(value, str | bytes) else 20 for value in values[:2])
        if first * second > PRODUCT:
            raise ValueError(f"{name}() of {first:,} by {second:,} characters: the product may be {PRODUCT:,}")
        answer: Value = beside.execute(sql, values).fetchone()[0]
        return answer

    return call


def printer(name: str, beside: sqlite3.Connection) -> Function:
    """SQLite's printf or format, which refuses a large width."""

    def call(*values: Value) -> Value:
        if values and WIDTH.search(str(values[0])):
            raise ValueError(f"{name}() with a width from an argument, or of millions")
        answer: Value = beside.execute(f"select {name}({', '.join('?' * len(values))})", values).fetchone()[0]
        return answer

    return call


def closed(*_: Value) -> Value:
    raise ValueError("this function is closed to visitors")


def noting(function: Function, refusals: list[str]) -> Function:
    """The function, which puts into ``refusals`` why it raises (BoundedConnection reports it)."""

    def call(*values: Value) -> Value:
        try:
            return function(*values)
        except (ValueError, sqlite3.Error) as error:
            refusals[:] = [str(error)]
            raise

    return call


@hookimpl
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    conn.execute(f"pragma hard_heap_limit = {HEAP}")
    for limit, value in LIMITS.items():
        conn.setlimit(limit, value)
    if database == "_internal":  # Datasette's own database in memory, which it writes itself
        return
    refusals = conn.refusals if isinstance(conn, BoundedConnection) else []  # /-/versions has one of its own
    conn.execute("pragma query_only = on")
    beside = sqlite3.connect(":memory:", check_same_thread=False)
    beside.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIMITS[sqlite3.SQLITE_LIMIT_LENGTH])
    functions = {(name, -1): printer(name, beside) for name in ("printf", "format")}
    functions |= {(name, arity): bounded(name, arity, beside) for name, arity in QUADRATIC.items()}
    for (name, arity), function in functions.items():
        conn.create_function(name, arity, noting(function, refusals), deterministic=True)
    for arity in (1, 2):  # Debian's SQLite has it: it returns an address in memory
        with contextlib.suppress(sqlite3.OperationalError):
            conn.create_function("fts3_tokenizer", arity, noting(closed, refusals))

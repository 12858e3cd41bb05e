"""Bounds for SQL that visitors write. Datasette's time limit is asked between two steps of SQLite's machine, so it does
not see one long step, the compiling of a statement, or memory. Every bound here was measured against the statements in
tests/publish/test_serving.py; the two that need a class of their own, rows and steps, are in scraper/publish/serve.py.
"""

import contextlib
import re
import sqlite3
from collections.abc import Callable

from datasette import hookimpl

from scraper.publish.serve.bounded import BoundedConnection

LIMITS = {
    # The longest string or row. `select length(hex(zeroblob(400000000)))` took 2 GB and 6.6 s past a limit of one
    # second; what one function does with a megabyte takes milliseconds, and there are many functions in one second.
    sqlite3.SQLITE_LIMIT_LENGTH: 250_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    # 2,000 columns of the longest string were half a gigabyte in a single row; our widest table has under 20.
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 1_000,  # `?250000` alone takes 10 MB
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,  # time goes with pattern x text
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}

# Of the whole process, and the only bound on compiling: a `with` of 30 lines, each using the one before twice, is
# written out 2^30 times before it runs. Sorting and `with` tables spill to a file and stay far below it.
HEAP = 64_000_000

# Functions whose time goes with the product of two lengths: 250 s for one trim() of two longest strings. SQLite's own
# function answers, on a connection beside, when the product is within bounds.
PRODUCT = 10_000_000
QUADRATIC = {"instr": 2, "replace": 3, "trim": 2, "ltrim": 2, "rtrim": 2, "json_patch": 2}

# `printf('%.*c', 2000000000, 'x')` counts to the end though its text is full long before: 12 s.
WIDTH = re.compile(r"[*]|[0-9]{7}")

Value = str | bytes | int | float | None
Function = Callable[..., Value]

# Datasette switches them on: a traceback in the log whenever a visitor passes a bound.
sqlite3.enable_callback_tracebacks(False)


def bounded(name: str, arity: int, beside: sqlite3.Connection) -> Function:
    sql = f"select {name}({', '.join('?' * arity)})"

    def call(*values: Value) -> Value:
        first, second = (len(value) if isinstance(value, str | bytes) else 20 for value in values[:2])
        if first * second > PRODUCT:
            raise ValueError(f"{name}() of {first:,} by {second:,} characters: the product may be {PRODUCT:,}")
        answer: Value = beside.execute(sql, values).fetchone()[0]
        return answer

    return call


def printer(name: str, beside: sqlite3.Connection) -> Function:
    def call(*values: Value) -> Value:
        if values and WIDTH.search(str(values[0])):
            raise ValueError(f"{name}() with a width from an argument, or of millions")
        answer: Value = beside.execute(f"select {name}({', '.join('?' * len(values))})", values).fetchone()[0]
        return answer

    return call


def closed(*_: Value) -> Value:
    raise ValueError("this function is closed to visitors")


def noting(function: Function, refusals: list[str]) -> Function:
    """The function, which leaves a note of why it raises (scraper/publish/serve.py has it told)."""

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
    if database == "_internal":  # Datasette's own notes, in memory; it writes them itself
        return
    refusals = conn.refusals if isinstance(conn, BoundedConnection) else []  # /-/versions has one of its own
    conn.execute("pragma query_only = on")
    beside = sqlite3.connect(":memory:", check_same_thread=False)
    beside.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIMITS[sqlite3.SQLITE_LIMIT_LENGTH])
    functions = {(name, -1): printer(name, beside) for name in ("printf", "format")}
    functions |= {(name, arity): bounded(name, arity, beside) for name, arity in QUADRATIC.items()}
    for (name, arity), function in functions.items():
        conn.create_function(name, arity, noting(function, refusals), deterministic=True)
    for arity in (1, 2):  # Debian's SQLite has it: it tells an address in memory
        with contextlib.suppress(sqlite3.OperationalError):
            conn.create_function("fts3_tokenizer", arity, noting(closed, refusals))

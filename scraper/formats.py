"""Rows written as files: CSV, JSON lines, JSON and Parquet. The memory is flat, however many rows there are.

Every file is written in a folder of its own beside the target and then moved there whole. A write that is interrupted
leaves the old file as it was.

CSV is UTF-8 with a byte order mark, a header, commas and `\\n`, quoted as RFC 4180 says. Without the mark, Excel reads
a file that is opened by a double click in the machine's old code page. PowerShell 5.1 and 7, Power Query, pandas and
DuckDB read the mark and drop it; KQL skips it with the header. All of them read both `\\n` and `\\r\\n`, but `cut` and
`awk` only `\\n`. Null is an empty cell. Text is exact, with one exception: see ``_FORMULA``.

JSON and Parquet have every text exactly and distinguish the empty text from null. In Parquet an integer is BIGINT, a
date DATE and a time TIMESTAMP without a zone, in UTC. A lone surrogate, which no UTF-8 file can hold, becomes U+FFFD
everywhere.
"""

import csv
import glob
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from scraper.errors import CatalogError, InputError, MachineError

Value = str | int | None
Row = Sequence[Value]

ENDINGS = (".csv", ".jsonl", ".json", ".parquet")

# A cell that begins so is a formula to Excel and other spreadsheets, and runs when the file is opened. An apostrophe
# before it is what OWASP advises ("CSV Injection"); no KB, build, month or date begins so. In countries with a decimal
# comma, Excel splits a file that is opened by a double click at semicolons, quoted or not: what is behind a semicolon
# begins a cell there. The Japanese Excel reads the full-width signs as the plain ones.
_FORMULA = re.compile(r"^(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])|(?<=;)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_LONE = re.compile("[\ud800-\udfff]")
# DuckDB holds a group of rows in memory until it is written, and needs about ten times their size. With its default of
# 122,880 rows a group, a million rows with one text of 400 letters each end in "out of memory" at 150 MB.
_GROUP_ROWS = 122_880
_GROUP_BYTES = 10_000_000
_EXPECTED = "what its column's kind allows, in rows below 16 MiB"


class Kind(StrEnum):
    """What a column holds: any text, a 64-bit integer, ``YYYY-MM-DD`` or ``YYYY-MM-DDTHH:MM:SSZ``; each may be null."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    TIME = "time"


_PARQUET = {Kind.TEXT: "VARCHAR", Kind.INTEGER: "BIGINT", Kind.DATE: "DATE", Kind.TIME: "TIMESTAMP"}


def write(path: Path, columns: Mapping[str, Kind], rows: Iterable[Row]) -> int:
    """Write the rows to ``path`` in their order, in the format of its ending. Returns how many rows there were.

    ``rows`` is read once; each row is as long as ``columns``. Raises InputError for another ending than ``ENDINGS``,
    CatalogError for a value that Parquet cannot hold as its column's kind, and MachineError when the file cannot be
    written. In each case, and when ``rows`` itself raises, the old file at ``path`` is still there.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError("ending", page=str(path), expected="one of " + ", ".join(ENDINGS), found=ending or "none")
    with aside(path) as beside:
        if ending == ".parquet":
            return _write_parquet(beside, columns, rows, path)
        # Only a file gets the mark: on a pipe it would become part of the first column's name.
        encoding = "utf-8-sig" if ending == ".csv" else "utf-8"
        with beside.open("w", encoding=encoding, newline="") as stream:
            match ending:
                case ".csv":
                    return write_csv(stream, columns, rows)
                case ".jsonl":
                    return _write_json(stream, columns, rows, ("", "\n", "\n"))
                case _:
                    return _write_json(stream, columns, rows, ("[\n", ",\n", "\n]\n"))


def write_csv(stream: TextIO, columns: Mapping[str, Kind], rows: Iterable[Row]) -> int:
    """Write a header and the rows as CSV. Returns how many rows there were. The stream must not translate newlines."""
    writer = csv.writer(_Lines(stream), lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        writer.writerow([_cell(value) if isinstance(value, str) else value for value in row])
    return count


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A path of the same name, in a folder of its own beside ``path``. What is written there replaces ``path`` when the
    block ends well, and is removed when it does not. Raises MachineError for any OSError."""
    try:
        # Not a file of mkstemp: nobody else may read such a file.
        with tempfile.TemporaryDirectory(prefix=".winkb-", dir=path.parent) as folder:
            beside = Path(folder, path.name)
            yield beside
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(beside, path)
    except OSError as problem:
        raise _unwritten(path, problem) from problem


def _unwritten(path: Path, problem: Exception) -> MachineError:
    found = str(problem).partition("\n")[0]
    return MachineError("trouble", page=str(path), expected="a folder with room for the file", found=found)


class _Lines:
    """A stream for ``csv.writer`` that ends lines with ``\\n``.

    A cell with a carriage return must be quoted, or readers take it for the end of a row. Python 3.11 quotes it only
    where lines end with CRLF. So the writer ends lines with CRLF, and this class takes the CR off.
    """

    def __init__(self, stream: TextIO) -> None:
        self._write = stream.write

    def write(self, line: str) -> int:
        return self._write(line[:-2] + "\n")


def harmless(text: str) -> str:
    """The text of a cell, with an apostrophe before what a spreadsheet would run as a formula."""
    return _FORMULA.sub("'", text)


def _cell(text: str) -> str:
    return _whole(harmless(text))


def _whole(text: str) -> str:
    return text if text.isascii() else _LONE.sub("\N{REPLACEMENT CHARACTER}", text)


def _write_json(stream: TextIO, columns: Mapping[str, Kind], rows: Iterable[Row], marks: tuple[str, str, str]) -> int:
    """Write each row as an object on its own line. ``marks``: the text before the first, between two, at the end."""
    before, between, after = marks
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    count = 0
    stream.write(before)
    for count, row in enumerate(rows, 1):
        record = zip(columns, (_whole(value) if isinstance(value, str) else value for value in row), strict=True)
        stream.write((between if count > 1 else "") + encode(dict(record)))
    stream.write(after if count or before else "")
    return count


def _write_parquet(beside: Path, columns: Mapping[str, Kind], rows: Iterable[Row], path: Path) -> int:
    import duckdb  # takes 0.1 s and 40 MB, which the other formats do not need

    lines = beside.with_name("rows.jsonl")
    with lines.open("w", encoding="utf-8", newline="") as stream:
        count = _write_json(stream, columns, rows, ("", "\n", "\n"))
    types = ", ".join(f"{_quoted(name, chr(34))}: '{_PARQUET[kind]}'" for name, kind in columns.items())
    source = _quoted(glob.escape(str(lines)), "'")  # DuckDB expands * ? [ in what it reads
    group = min(_GROUP_ROWS, max(1, _GROUP_BYTES * count // max(1, lines.stat().st_size)))
    # Most of the time goes into the lines above: a second thread saves none, and costs 40 MB.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": "200MB",
        "threads": 1,
        "temp_directory": str(beside.with_name("spilled")),
    }
    with duckdb.connect(config=config) as database:
        try:
            database.execute(
                f"copy (select * from read_json({source}, format = 'newline_delimited', columns = {{{types}}}))"
                f" to {_quoted(str(beside), chr(39))} (format parquet, compression zstd, row_group_size {group})"
            )
        except duckdb.OperationalError as problem:  # the disk, or memory
            raise _unwritten(path, problem) from problem
        except duckdb.Error as problem:
            found = str(problem).partition("\n")[0]
            raise CatalogError("value", page=str(path), expected=_EXPECTED, found=found) from problem
    return count


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark

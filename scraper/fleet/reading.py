"""A list of devices, from bytes to devices in flat memory.

A list is what Intune, Graph, Configuration Manager, Defender or a person exports: CSV with commas, semicolons or tabs,
or JSON lines; in UTF-8, or in UTF-16 with its byte order mark. A row that cannot be read costs no other row.
"""

import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import BinaryIO, TextIO

from scraper.errors import InputError, MachineError
from scraper.fleet.columns import NAMES, Columns, Device, lack_of_column

_HEADER_LINES = 20
_HEAD_LINES = 40
_LONGEST_LINE = 256 * 1024
_LONGEST_FIELD = 128 * 1024
# A cell may have line breaks, but a quote that is never closed must not swallow the list.
_MOST_LINES = 100
# Distinct sets of keys of JSON objects that are kept.
_SHAPES = 32

_NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or another ZIP file; save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV UTF-8"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"PAR1", "a Parquet file; export it as CSV or JSON lines"),
    (b"SQLite format 3\0", "a SQLite database; export its table as CSV"),
    (b"\xff\xfe\0\0", "text in UTF-32"),
    (b"\0\0\xfe\xff", "text in UTF-32"),
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TEXT = "CSV, TSV or JSON lines, in UTF-8 or in UTF-16 with a byte order mark"
_BINARY = "NUL bytes, as binary files have them"
_ARRAY = re.compile(r"\s*\[\s*(?:\{|\]|$)")


def read_devices(source: BinaryIO, name: str, columns: Mapping[str, str]) -> Iterator[Device]:
    """The devices of a list, in order. InputError if it is no list of devices; for CSV this is raised before the first
    device, for JSON lines a missing column is known only after the last."""
    if strange := set(columns) - set(NAMES):
        raise InputError("column", page=name, expected="one of " + ", ".join(NAMES), found=", ".join(sorted(strange)))
    lines = _Lines(_text(source, name))
    first = next((line.lstrip() for line in lines.ahead if line.strip()), None)
    if first is None:
        raise InputError("list of devices", page=name, expected=_TEXT, found="nothing")
    if _ARRAY.match(first):
        expected = "one JSON object a line, as jq -c '.[]' prints them"
        raise InputError("list of devices", page=name, expected=expected, found="a JSON array")
    return (_json_devices if first.startswith("{") else _csv_devices)(lines, name, columns)


def _text(source: BinaryIO, name: str) -> TextIO:
    """The source as text with its own line ends. A byte that is not UTF-8 becomes a lone surrogate."""
    buffered = io.BufferedReader(_Source(source, name))
    head = buffered.peek()
    for magic, what in _NOT_TEXT:
        if head.startswith(magic):
            raise InputError("list of devices", page=name, expected=_TEXT, found=what)
    if head.startswith(_UTF_16):
        return io.TextIOWrapper(buffered, encoding="utf-16", errors="replace", newline="")
    # UTF-16 without its mark has NUL at every other place. A few NULs are one broken row.
    if head.count(0) > len(head) // 10:
        raise InputError("list of devices", page=name, expected=_TEXT, found=_BINARY)
    return io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")


class _Source(io.RawIOBase):
    """The bytes of a file or a pipe."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self._source, self._name = source, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            chunk = self._source.read(len(buffer))
        except OSError as problem:
            raise MachineError("trouble", page=self._name, expected="a readable file", found=str(problem)) from problem
        buffer[: len(chunk)] = chunk
        return len(chunk)


class _Lines:
    """The lines of a text for csv.reader, counted. The lines of the last row can be given back. ``ahead`` holds lines
    that were read and not yet given; at first these are the head of the list."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.ahead = deque(line for _ in range(_HEAD_LINES) if (line := stream.readline(_LONGEST_LINE)))
        self._row: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) == _MOST_LINES:
            raise csv.Error(f"a quote that is not closed within {_MOST_LINES} lines")
        line = self._take()
        if not line:
            if self._row:
                raise csv.Error("a quote that is not closed")
            raise StopIteration
        self.number += 1
        if len(line) >= _LONGEST_LINE and not line.endswith(("\n", "\r")):
            self._row.append(line + "\n")
            while line and not line.endswith(("\n", "\r")):
                line = self._take()
            raise csv.Error(f"a line of more than {_LONGEST_LINE} characters")
        self._row.append(line)
        return line

    def _take(self) -> str:
        return self.ahead.popleft() if self.ahead else self._stream.readline(_LONGEST_LINE)

    def begin(self) -> int:
        """Begin a row; the number of its first line."""
        self._row.clear()
        return self.number + 1

    def give_back(self) -> None:
        """Give back all lines of the row but the first, which is then a row of its own."""
        again = self._row[1:]
        self.ahead.extendleft(reversed(again))
        self.number -= len(again)


def _csv_devices(lines: _Lines, name: str, columns: Mapping[str, str]) -> Iterator[Device]:
    delimiter, names = _header(lines, name, columns)
    where = Columns(names, columns)
    if lacking := set(columns) - where.found:
        raise lack_of_column(min(lacking), columns, name, names)
    rows = _csv_rows(lines, delimiter, len(names))
    return (Device(number, broken=row) if isinstance(row, str) else where.device(number, row) for number, row in rows)


def _header(lines: _Lines, name: str, columns: Mapping[str, str]) -> tuple[str, list[str]]:
    """The delimiter and the cells of the header line. The lines go on after it.

    Configuration Manager's reports have a title, parameters and an empty line before the table, and those may name a
    version too. So the header is one of the first 20 lines, and it names a version column. Of several it is the one
    whose width most lines below have, then the one with the most columns, then the first: a device may be named
    "Version".
    """
    head = list(lines.ahead)
    found: dict[int, tuple[float, int, str, list[str]]] = {}
    for index, line in enumerate(head[:_HEADER_LINES]):
        for delimiter in sorted(",;\t", key=line.count, reverse=True):
            cells = _cells(line, delimiter)
            if "version" in Columns(cells, columns).found:
                widths = [len(_cells(below, delimiter)) for below in head[index + 1 :] if below.strip()]
                fit = widths.count(len(cells)) / max(1, len(widths))
                found.setdefault(len(cells), (fit, index, delimiter, cells))
                break
    if not found:
        if any("\0" in line for line in head):
            raise InputError("list of devices", page=name, expected=_TEXT, found=_BINARY)
        line = next(line for line in head if line.strip())
        raise lack_of_column("version", columns, name, _cells(line, max(",;\t", key=line.count)))
    _, index, delimiter, names = max(found.values(), key=lambda header: (header[0], len(header[3])))
    lines.ahead, lines.number = deque(head[index + 1 :]), index + 1
    return delimiter, names


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(_reader([line], delimiter), [])
    except csv.Error:
        return []


def _reader(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)  # the limit of the whole process, which may have set another one
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def _csv_rows(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """The number of each row's first line, with its cells or with what is wrong with it. Empty rows are left out."""
    reader = _reader(lines, delimiter, strict=True)
    while True:
        number = lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            lines.give_back()
            yield number, f"expected: a row of CSV, found: {problem}"
            continue
        if not any(map(str.strip, row)):
            continue
        if len(row) == width:
            yield number, row
        else:
            # An extra quote joins several rows into one.
            lines.give_back()
            yield number, f"expected: {width} cells, found: {len(row)}"


def _json_devices(lines: _Lines, name: str, columns: Mapping[str, str]) -> Iterator[Device]:
    """Each object has its own columns: a device that is not Windows may lack the version."""
    shape = lru_cache(maxsize=_SHAPES)(lambda keys: Columns(keys, columns))
    first: tuple[str, ...] | None = None
    lacking = {"version", *columns}
    for number, row in _json_rows(lines):
        if isinstance(row, str):
            yield Device(number, broken=row)
            continue
        keys = tuple(row)
        first = keys if first is None else first
        where = shape(keys)
        if lacking:
            lacking -= where.found
        yield where.device(number, [value if isinstance(value, str) else None for value in row.values()])
    if first is None:
        raise InputError("list of devices", page=name, expected="one JSON object a line", found="no line that is one")
    if lacking:
        raise lack_of_column("version" if "version" in lacking else min(lacking), columns, name, first)


def _json_rows(lines: _Lines) -> Iterator[tuple[int, dict[str, object] | str]]:
    """The number of each line that is not empty, with its object or with what is wrong with it."""
    decode = json.JSONDecoder(parse_float=str, parse_int=str).decode  # as written: 26100.3980 is no float
    while True:
        number = lines.begin()
        try:
            line = next(lines).strip()
            found = decode(line) if line else None
        except StopIteration:
            return
        except (csv.Error, ValueError, RecursionError) as problem:
            yield number, f"expected: one JSON object a line, found: {problem}"
            continue
        if isinstance(found, dict):
            yield number, found
        elif line:
            yield number, "expected: one JSON object a line, found: another JSON value"

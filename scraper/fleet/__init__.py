"""The fleet room: a list of devices in, a verdict for each device out, in flat memory however long the list is.

A list is what Intune, Graph, Configuration Manager, Defender or a person exports: CSV with commas, semicolons or tabs,
or JSON lines; in UTF-8, or in UTF-16 with its byte order mark. Its columns are found by name. As many rows come out as
devices went in: one that cannot be read is ``unknown`` with reason ``unreadable`` and says why, and costs no other row.
What a build means is not known here: the judge is handed in (``lookup.Verdicts.of``) and asked of texts, not of rows.
"""

import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO, TypedDict

from scraper.answers.documents import DeviceVerdict
from scraper.errors import InputError, MachineError
from scraper.formats import Kind, Row, write, write_csv

Judge = Callable[[str, bool | None, str | None], list[DeviceVerdict]]

COLUMNS: dict[str, Kind] = {
    "line": Kind.INTEGER,
    "device": Kind.TEXT,
    "version": Kind.TEXT,
    "release": Kind.TEXT,
    "build": Kind.TEXT,
    "as_of": Kind.DATE,
    "status": Kind.TEXT,
    "months_behind": Kind.INTEGER,
    "reason": Kind.TEXT,
    "track": Kind.TEXT,
    "kind": Kind.TEXT,
    "security_month": Kind.TEXT,
    "newest_month": Kind.TEXT,
    "kbs": Kind.TEXT,
    "because": Kind.TEXT,
}

# Columns by what they hold, the best first, as ``_plain`` writes their names. A name that says whose version it is goes
# before one that does not, since "Version" and "Name" may be anything's.
NAMES: dict[str, tuple[str, ...]] = {
    "version": (
        *("osversion", "operatingsystemversion"),  # Intune and its Graph export; Entra and its Graph export
        *("buildext", "operatingsystembuild"),  # Configuration Manager: SQL views, console
        "softwareversion",  # Defender: DeviceTvmSoftwareInventory, the one table there that has the revision
        *("osbuildversion", "osbuildnumber", "osbuild", "windowsbuild", "windowsversion", "fullbuild", "currentbuild"),
        *("build", "build01", "buildnumber", "version"),  # Build01: Configuration Manager, most often without revision
    ),
    "device": (
        *("devicename", "computername", "machinename", "hostname", "netbiosname", "dnshostname", "pscomputername"),
        *("displayname", "name", "computer", "device", "machine", "host", "fqdn"),
    ),
    "product": (
        *("operatingsystem", "operatingsystemname", "operatingsystemnameand", "osname", "caption"),
        *("osplatform", "os", "productname", "product", "platform", "skufamily"),
    ),
}

_HEADER_LINES = 20
_HEAD_LINES = 40
_LONGEST_LINE = 256 * 1024
_LONGEST_FIELD = 128 * 1024
# A cell may have line breaks, but a quote that nobody closed must not swallow the list.
_MOST_LINES = 100
# What is longer is no version; of a product it is as much as is looked at.
_LONGEST_CELL = 100
# Verdicts by their version and product, and the columns of JSON objects by their keys.
_VERDICTS, _SHAPES = 4_096, 32
_REPORTED = 20

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
# NUL, and what a byte that is not UTF-8 is read as.
_BROKEN = re.compile("[\0\ud800-\udfff]")
_ARRAY = re.compile(r"\s*\[\s*(?:\{|\]|$)")
_OTHER_SYSTEM = re.compile(
    r"android|centos|chrome ?os|debian|fedora|ipad|iphone|linux|mac ?os|macmdm|red ?hat|suse|tvos|ubuntu|visionos"
    r"|watchos|\b(?:ios|os x|rhel|sles)"
)
_BUILD = "expected: a build like 26100.3981, 10.0.26100.3981 or Version 24H2 (OS Build 26100.3981)"


class Group(TypedDict):
    """Devices with the same release, track, status and reason; ``months_behind`` is the largest among them."""

    release: str | None
    track: str | None
    status: str
    reason: str | None
    devices: int
    months_behind: int | None


class BrokenRow(TypedDict):
    line: int
    because: str


class Worst(TypedDict):
    """The first of the devices that are most months behind."""

    line: int
    device: str | None
    build: str
    months_behind: int


class FleetSummary(TypedDict):
    """``unreadable`` counts the rows that could not be read, ``broken`` has the first 20 of them. ``assumed`` counts
    the devices on a build of client and server of which nothing said which they are, ``doubtful`` those among them
    whose verdict depends on it."""

    name: str
    as_of: str
    devices: int
    groups: list[Group]
    worst: Worst | None
    unreadable: int
    broken: list[BrokenRow]
    assumed: int
    doubtful: int


def judge_fleet(
    source: BinaryIO,
    judge: Judge,
    *,
    name: str,
    as_of: str,
    columns: Mapping[str, str],
    release: str | None,
    out: Path | TextIO,
) -> FleetSummary:
    """Read the list, write a row of ``COLUMNS`` for each device, in the list's order, and count the verdicts.

    ``judge`` gives the verdicts on a version text, client first, as of ``as_of`` (``YYYY-MM-DD``), or raises InputError
    where the text is none; besides the text it is told whether the device is a server (None: not known) and
    ``release``, which is preferred where a build is of several and the row does not say which. ``name`` is the list's
    in messages. ``columns`` names the column of ``version``, ``device`` or ``product``; what it leaves out is found by
    ``NAMES``. The rows go to the file ``out``, as its ending says, or to a stream as CSV.

    Raises InputError for what is no list of devices, for a column that it does not have (of JSON lines, when all have
    gone by) and for another ending than ``formats.ENDINGS``; MachineError when reading or writing a file fails;
    in each case the file ``out`` is as it was. Raises OSError when writing a stream fails.
    """
    count = _Count(name, as_of)
    rows = _rows(_devices(source, name, columns), judge, as_of, release, count)
    if isinstance(out, Path):
        write(out, COLUMNS, rows)
    else:
        write_csv(out, COLUMNS, rows)
    return count.summary()


def exit_code(summary: FleetSummary, grace: int) -> int:
    """1 when a device is out of support or more than ``grace`` months behind; else 4 when a person must look: a row
    could not be read, there was none, or the data are too old to call a device current; else 0."""
    for group in summary["groups"]:
        if group["status"] == "out-of-support" or (group["months_behind"] or 0) > grace:
            return 1
    stale = any(group["reason"] == "stale" for group in summary["groups"])
    return 4 if summary["unreadable"] or stale or not summary["devices"] else 0


def text(summary: FleetSummary) -> str:
    """The summary for people: aligned, in ASCII, whatever the list contains."""
    lines = [f"{summary['name']}: {_many(summary['devices'], 'device')} as of {summary['as_of']}"]
    if summary["groups"]:
        head = ("release", "track", "status", "devices", "months behind")
        table = [head, *map(_table_row, summary["groups"])]
        wide = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += ["", *(_aligned(row, wide) for row in table), ""]
    if worst := summary["worst"]:
        device = f"{worst['device']}, " if worst["device"] else ""
        months = _many(worst["months_behind"], "month")
        lines.append(f"furthest behind: {device}line {worst['line']}, {worst['build']}: {months}")
    if summary["assumed"]:
        lines.append(
            f"{_many(summary['assumed'], 'device')} on a build that several releases have, judged as the first of them,"
            " since no column says whether it is a server"
        )
    if summary["doubtful"]:
        lines.append(
            f"hint: {summary['doubtful']} of these would have another verdict in the other release; name the column of"
            " the operating system with --column product=NAME, or say --release ID"
        )
    if summary["unreadable"]:
        lines.append(f"{_many(summary['unreadable'], 'row')} could not be read:")
        lines += [f"  line {row['line']}: {row['because']}" for row in summary["broken"]]
        if more := summary["unreadable"] - len(summary["broken"]):
            lines.append(f"  and {more} more, with reason unreadable in the output")
    return "\n".join(lines).encode("ascii", "backslashreplace").decode("ascii")


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table_row(group: Group) -> tuple[str, ...]:
    status = group["status"] + (f" ({group['reason']})" if group["reason"] else "")
    months = group["months_behind"]
    behind = "" if months is None else f"up to {months}" if months and group["devices"] > 1 else str(months)
    return group["release"] or "-", group["track"] or "-", status, str(group["devices"]), behind


def _aligned(row: tuple[str, ...], wide: Sequence[int]) -> str:
    """Words to the left, the two columns of numbers to the right."""
    words = (cell.ljust(width) for cell, width in zip(row[:3], wide[:3], strict=True))
    numbers = (cell.rjust(width) for cell, width in zip(row[3:], wide[3:], strict=True))
    return "  ".join((*words, *numbers)).rstrip()


# --- verdicts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a row says after line, device and version. ``group`` is release, track, status and reason."""

    cells: Row
    group: tuple[str | None, str | None, str, str | None]
    build: str = ""
    months: int | None = None
    assumed: bool = False
    doubtful: bool = False

    @property
    def reason(self) -> str | None:
        return self.group[3]


def _judged(judge: Judge, as_of: str, release: str | None, version: str, product: str) -> _Judged:
    """The verdict on a version text: of the release that the product leaves, else the preferred, else the first."""
    server, windows = _system(product)
    if not windows:
        return _unknown(as_of, "not-windows", "the list says that this is not Windows")
    try:
        verdicts = judge(version, server, release)
    except InputError:
        return _unknown(as_of, "unreadable", f"{_BUILD}, found: {repr(version) if version.strip() else 'none'}")
    if server is not None and verdicts[0]["reason"] != "not-in-catalog":
        # Client and server never mix (design.md, rule 9): what one release says of a build is no verdict on the other.
        elsewhere, build = verdicts[0]["release"], verdicts[0]["build"]
        verdicts = [verdict for verdict in verdicts if _is_server(verdict) == server]
        if not verdicts:
            listed = "server" if server else "client"
            because = f"{build} is in the catalog for {elsewhere} only, and the list says {listed}"
            return _unknown(as_of, "not-in-catalog", because, build)
    named = [verdict for verdict in verdicts if verdict["release"] == release]
    mine = (named or verdicts)[0]
    assumed = len(verdicts) > 1 and not named
    cells = (
        *(mine["release"], mine["build"], as_of, mine["status"], mine["months_behind"], mine["reason"], mine["track"]),
        *(mine["kind"], mine["security_month"], mine["newest_month"], mine["kbs"], mine["because"]),
    )
    return _Judged(
        cells=cells,
        group=(mine["release"], mine["track"], mine["status"], mine["reason"]),
        build=mine["build"],
        months=mine["months_behind"],
        assumed=assumed,
        doubtful=assumed and any(_meaning(verdict) != _meaning(mine) for verdict in verdicts),
    )


def _is_server(verdict: DeviceVerdict) -> bool:
    return (verdict["release"] or "").startswith("windows-server-")


def _meaning(verdict: DeviceVerdict) -> tuple[str, int | None, str | None]:
    return verdict["status"], verdict["months_behind"], verdict["reason"]


def _unknown(as_of: str, reason: str, because: str, build: str | None = None) -> _Judged:
    cells = (None, build, as_of, "unknown", None, reason, None, None, None, None, None, because)
    return _Judged(cells=cells, group=(None, None, "unknown", reason))


def _system(product: str) -> tuple[bool | None, bool]:
    """What an operating system's name, a platform or an edition tells: whether it is a server, None where it does not
    tell; and False where it is not Windows."""
    words = product.casefold()
    if "windows" not in words and _OTHER_SYSTEM.search(words):
        return None, False
    if "server" in words or "datacenter" in words:
        return True, True
    return (False if "windows" in words or "workstation" in words else None), True


class _Count:
    """The summary while rows go by."""

    def __init__(self, name: str, as_of: str) -> None:
        self._name, self._as_of = name, as_of
        self._devices: Counter[tuple[tuple[str | None, str | None, str, str | None], int | None, bool, bool]] = (
            Counter()
        )
        self._worst: Worst | None = None
        self._most = 0
        self._broken: list[BrokenRow] = []

    def add(self, line: int, device: str | None, judged: _Judged) -> None:
        self._devices[judged.group, judged.months, judged.assumed, judged.doubtful] += 1
        if judged.months and judged.months > self._most:
            self._most = judged.months
            self._worst = {"line": line, "device": device, "build": judged.build, "months_behind": judged.months}
        if judged.reason == "unreadable" and len(self._broken) < _REPORTED:
            self._broken.append({"line": line, "because": str(judged.cells[-1])})

    def summary(self) -> FleetSummary:
        groups: dict[tuple[str | None, str | None, str, str | None], Group] = {}
        for (key, months, _, _), devices in self._devices.items():
            release, track, status, reason = key
            new = Group(release=release, track=track, status=status, reason=reason, devices=0, months_behind=None)
            group = groups.setdefault(key, new)
            group["devices"] += devices
            if months is not None:
                group["months_behind"] = max(months, group["months_behind"] or 0)
        return {
            "name": self._name,
            "as_of": self._as_of,
            "devices": self._devices.total(),
            "groups": [
                groups[key] for key in sorted(groups, key=lambda key: tuple((part is None, part) for part in key))
            ],
            "worst": self._worst,
            "unreadable": sum(group["devices"] for group in groups.values() if group["reason"] == "unreadable"),
            "broken": self._broken,
            "assumed": sum(devices for (*_, assumed, _), devices in self._devices.items() if assumed),
            "doubtful": sum(devices for (*_, doubtful), devices in self._devices.items() if doubtful),
        }


# --- rows ------------------------------------------------------------------------------------------------------------


class _Device(NamedTuple):
    """A row as it was read; where it could not be, ``broken`` says what was expected and found."""

    line: int
    versions: Sequence[str | None] = (None,)
    device: str | None = None
    product: str | None = None
    broken: str | None = None


def _rows(devices: Iterable[_Device], judge: Judge, as_of: str, release: str | None, count: _Count) -> Iterator[Row]:
    judged = lru_cache(maxsize=_VERDICTS)(lambda version, product: _judged(judge, as_of, release, version, product))

    def of(version: str | None, product: str) -> _Judged:
        if version and len(version) > _LONGEST_CELL:
            return _unknown(as_of, "unreadable", f"{_BUILD}, found: {len(version)} characters")
        return judged(version or "", product)

    for line, versions, device, product, broken in devices:
        if device and _BROKEN.search(device):
            found = device[:_LONGEST_CELL]
            broken = f"expected: a device's name in UTF-8 (Excel: CSV UTF-8), found: {found!a}"
        if broken:
            version, verdict = versions[0], _unknown(as_of, "unreadable", broken)
        else:
            kind = (product or "")[:_LONGEST_CELL]
            tried = [(version, of(version, kind)) for version in versions]
            version, verdict = min(tried, key=_worth) if len(tried) > 1 else tried[0]
        count.add(line, device, verdict)
        yield (line, device, version, *verdict.cells)


def _worth(tried: tuple[str | None, _Judged]) -> tuple[bool, bool]:
    """Of the versions of a row the first that is a build, else the first that is anything: Defender's "OS version" is
    ``24H2``, Windows' own "OS build" is ``26100``."""
    version, verdict = tried
    return verdict.reason == "unreadable", not (version and version.strip())


# --- reading ---------------------------------------------------------------------------------------------------------


def _devices(source: BinaryIO, name: str, columns: Mapping[str, str]) -> Iterator[_Device]:
    """The devices of a list, in order. What is wrong with a whole list of CSV is raised before the first."""
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
    # UTF-16 without its mark has them in every other place; a few are one broken row.
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
    """Lines of a text, counted, as csv.reader takes them; those of the last row can be given back, and the first of
    all stand in ``ahead``."""

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


def _csv_devices(lines: _Lines, name: str, columns: Mapping[str, str]) -> Iterator[_Device]:
    delimiter, names = _header(lines, name, columns)
    where = _Where(names, columns)
    if lacking := set(columns) - where.found:
        raise _lack(min(lacking), columns, name, names)
    rows = _csv_rows(lines, delimiter, len(names))
    return (_Device(number, broken=row) if isinstance(row, str) else where.device(number, row) for number, row in rows)


def _header(lines: _Lines, name: str, columns: Mapping[str, str]) -> tuple[str, list[str]]:
    """The delimiter and the cells of the header line, when that was taken from the lines.

    Configuration Manager's reports have a title, parameters and an empty line before the table, and those may name a
    version too. So it is the line of the first 20 that names a version column and whose width most of the lines below
    have, then the one with the most columns, then the first: a device may be named "Version".
    """
    head = list(lines.ahead)
    found: dict[int, tuple[float, int, str, list[str]]] = {}
    for index, line in enumerate(head[:_HEADER_LINES]):
        for delimiter in sorted(",;\t", key=line.count, reverse=True):
            cells = _cells(line, delimiter)
            if "version" in _Where(cells, columns).found:
                widths = [len(_cells(below, delimiter)) for below in head[index + 1 :] if below.strip()]
                fit = widths.count(len(cells)) / max(1, len(widths))
                found.setdefault(len(cells), (fit, index, delimiter, cells))
                break
    if not found:
        if any("\0" in line for line in head):
            raise InputError("list of devices", page=name, expected=_TEXT, found=_BINARY)
        line = next(line for line in head if line.strip())
        raise _lack("version", columns, name, _cells(line, max(",;\t", key=line.count)))
    _, index, delimiter, names = max(found.values(), key=lambda header: (header[0], len(header[3])))
    lines.ahead, lines.number = deque(head[index + 1 :]), index + 1
    return delimiter, names


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(_reader([line], delimiter), [])
    except csv.Error:
        return []


def _reader(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)  # of the whole process, which may have made CSV of longer ones
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def _csv_rows(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """The number of each row's first line, with its cells or with what is wrong with it; empty rows are none."""
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
            # A quote too many joins lines that were rows.
            lines.give_back()
            yield number, f"expected: {width} cells, found: {len(row)}"


def _json_devices(lines: _Lines, name: str, columns: Mapping[str, str]) -> Iterator[_Device]:
    """Each object has its own columns: a device that is not Windows may come without a version's."""
    shape = lru_cache(maxsize=_SHAPES)(lambda keys: _Where(keys, columns))
    first: tuple[str, ...] | None = None
    lacking = {"version", *columns}
    for number, row in _json_rows(lines):
        if isinstance(row, str):
            yield _Device(number, broken=row)
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
        raise _lack("version" if "version" in lacking else min(lacking), columns, name, first)


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


# --- columns ---------------------------------------------------------------------------------------------------------


class _Where:
    """Where version, device and product stand among the columns of these names; ``found`` are those that do."""

    def __init__(self, names: Sequence[str], columns: Mapping[str, str]) -> None:
        plain = [_plain(name) for name in names]
        places = {what: _named(names, plain, what, columns.get(what)) for what in NAMES}
        self.found = {what for what, some in places.items() if some}
        self._versions = places["version"]
        self._device, self._product = (next(iter(places[what]), None) for what in ("device", "product"))

    def device(self, number: int, cells: Sequence[str | None]) -> _Device:
        return _Device(
            number,
            [cells[place] for place in self._versions] or (None,),
            None if self._device is None else cells[self._device],
            None if self._product is None else cells[self._product],
        )


def _named(names: Sequence[str], plain: Sequence[str], what: str, asked: str | None) -> list[int]:
    """The columns that hold ``what``, the best first; or the one that the user named, written just so or alike."""
    if asked is not None:
        exact = [place for place, name in enumerate(names) if name.strip() == asked.strip()]
        return (exact or [place for place, name in enumerate(plain) if name == _plain(asked)])[:1]
    places = [place for place, name in enumerate(plain) if name in NAMES[what]]
    return sorted(places, key=lambda place: NAMES[what].index(plain[place]))


def _plain(name: str) -> str:
    """Without case, spaces and punctuation, and without the 0 at the end of Configuration Manager's SQL columns."""
    return "".join(filter(str.isalnum, name.casefold())).removesuffix("0")


def _lack(what: str, columns: Mapping[str, str], page: str, names: Sequence[str]) -> InputError:
    asked = columns.get(what)
    expected = (
        f"a column {asked!r}" if asked else "a column with the OS version or build; --column version=NAME names it"
    )
    few = ", ".join(ascii(name[:40]) for name in names[:30]) or "of no header"
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return InputError(f"lack of a {what} column", page=page, expected=expected, found=f"the columns {few}{more}")

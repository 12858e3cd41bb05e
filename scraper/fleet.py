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
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TextIO, TypedDict

from scraper.answers import DeviceVerdict
from scraper.errors import InputError, MachineError
from scraper.formats import Kind, Row, write, write_csv

Judge = Callable[[str], list[DeviceVerdict]]

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
_SAMPLE_LINES = 100
_LONGEST_LINE = 256 * 1024
# A cell may have line breaks, but a quote that nobody closed must not swallow the list.
_MOST_LINES = 100
_LONGEST_VERSION = 100
_CACHED = 4_096
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
# NUL, and what a byte that is not UTF-8 is read as.
_BROKEN = re.compile("[\0\ud800-\udfff]")
_ARRAY = re.compile(r"\s*\[\s*(?:\{|\]|$)")
_OTHER_SYSTEM = re.compile(r"\b(?:android|chrome ?os|i(?:pad)?os|linux|mac ?os|os x|tvos|ubuntu|visionos)")


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
    where the text is none. ``name`` is the list's in messages. ``columns`` names the column of ``version``, ``device``
    or ``product``; what it leaves out is found by ``NAMES``. ``release`` is preferred where a build is of several
    releases and the row does not say which. The rows go to the file ``out``, as its ending says, or to a stream as CSV.

    Raises InputError for what is no list of devices, for a column that it does not have and for another ending than
    ``formats.ENDINGS``; MachineError when reading or writing a file fails, and then the file ``out`` is as it was;
    OSError when writing a stream fails.
    """
    judged = lru_cache(maxsize=_CACHED)(lambda version, system: _judged(judge, as_of, release, version, system))
    records = _records(source, name, columns, lambda text: judged(text, None).reason != "unreadable")
    count = _Count(name, as_of)
    rows = _rows(records, judged, as_of, count)
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

System = Literal["client", "server", "other"]


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


def _judged(judge: Judge, as_of: str, release: str | None, version: str, system: System | None) -> _Judged:
    """The verdict on a version text: of the release that the system leaves, else the preferred, else the first."""
    if system == "other":
        return _unknown(as_of, "not-windows", "the list says that this is not Windows")
    if not version.strip():
        return _unreadable(as_of, "expected: a build like 26100.3981, found: none")
    if len(version) > _LONGEST_VERSION:
        return _unreadable(as_of, f"expected: a build like 26100.3981, found: {len(version)} characters")
    try:
        verdicts = judge(version)
    except InputError as problem:
        _, mark, rest = str(problem).partition("expected: ")
        return _unreadable(as_of, mark + rest)
    if system is not None:
        elsewhere = verdicts[0]
        verdicts = [verdict for verdict in verdicts if _is_server(verdict) == (system == "server")]
        if not verdicts:
            return _of_the_other(elsewhere, as_of, system)
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


def _of_the_other(verdict: DeviceVerdict, as_of: str, system: System) -> _Judged:
    """Client and server never mix (design.md, rule 9): what one release says of a build is no verdict on the other."""
    because = verdict["because"]
    if verdict["reason"] != "not-in-catalog":
        because = f"{verdict['build']} is in the catalog for {verdict['release']} only, and the list says {system}"
    return _unknown(as_of, "not-in-catalog", because, build=verdict["build"])


def _unknown(as_of: str, reason: str, because: str, build: str | None = None) -> _Judged:
    cells = (None, build, as_of, "unknown", None, reason, None, None, None, None, None, because)
    return _Judged(cells=cells, group=(None, None, "unknown", reason))


def _unreadable(as_of: str, because: str) -> _Judged:
    return _unknown(as_of, "unreadable", because)


@lru_cache(maxsize=1024)
def _system(product: str | None) -> System | None:
    """What an operating system's name, a platform or an edition tells; None where it does not tell."""
    words = (product or "").casefold()
    if "server" in words or "datacenter" in words:
        return "server"
    if "windows" in words or "workstation" in words:
        return "client"
    return "other" if _OTHER_SYSTEM.search(words) else None


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
    version: str | None = None
    device: str | None = None
    product: str | None = None
    broken: str | None = None


def _rows(
    records: Iterable[_Device], judged: Callable[[str, System | None], _Judged], as_of: str, count: _Count
) -> Iterator[Row]:
    for record in records:
        if record.broken is None and not (record.device and _BROKEN.search(record.device)):
            verdict = judged(record.version or "", _system(record.product))
        else:
            found = record.broken or f"expected: a device's name in UTF-8 (Excel: CSV UTF-8), found: {record.device!a}"
            verdict = _unreadable(as_of, found)
        count.add(record.line, record.device, verdict)
        yield (record.line, record.device, record.version, *verdict.cells)


# --- reading ---------------------------------------------------------------------------------------------------------


def _records(
    source: BinaryIO, name: str, columns: Mapping[str, str], readable: Callable[[str], bool]
) -> Iterator[_Device]:
    """The devices of a list, in order. Everything that is wrong with the whole of it is raised before the first."""
    if strange := set(columns) - set(NAMES):
        raise InputError("column", page=name, expected="one of " + ", ".join(NAMES), found=", ".join(sorted(strange)))
    stream = _text(source, name)
    head = list(islice(iter(lambda: stream.readline(_LONGEST_LINE), ""), _SAMPLE_LINES))
    first = next((line.lstrip() for line in head if line.strip()), None)
    if first is None:
        raise InputError("list of devices", page=name, expected=_TEXT, found="nothing")
    if _ARRAY.match(first):
        expected = "one JSON object a line, as jq -c '.[]' prints them"
        raise InputError("list of devices", page=name, expected=expected, found="a JSON array")
    if first.startswith("{"):
        return _json_list(stream, head, name, columns, readable)
    return _csv_list(stream, head, name, columns, readable)


def _text(source: BinaryIO, name: str) -> TextIO:
    """The source as text with its own line ends. A byte that is not UTF-8 becomes a lone surrogate."""
    raw = _Source(source, name)
    head = raw.head
    for magic, what in _NOT_TEXT:
        if head.startswith(magic):
            raise InputError("list of devices", page=name, expected=_TEXT, found=what)
    if head.startswith(_UTF_16):
        return io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-16", errors="replace", newline="")
    # UTF-16 without its mark has them in every other place; a few are one broken row.
    if head.count(0) > len(head) // 10:
        raise InputError("list of devices", page=name, expected=_TEXT, found="NUL bytes, as binary files have them")
    return io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8-sig", errors="surrogateescape", newline="")


class _Source(io.RawIOBase):
    """Bytes of a file or a pipe, of which the first 4 KiB were looked at."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self._source, self._name = source, name
        self.head = self._left = self._read(4096)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._left[: len(buffer)] or self._read(len(buffer))
        self._left = self._left[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _read(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except OSError as problem:
            raise MachineError("trouble", page=self._name, expected="a readable file", found=str(problem)) from problem


class _Lines:
    """Lines of a text, counted, as csv.reader takes them; those of the last row can be given back."""

    def __init__(self, stream: TextIO, head: Iterable[str], number: int) -> None:
        self._stream = stream
        self._ahead = deque(head)
        self._row: list[str] = []
        self.number = number

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
        return self._ahead.popleft() if self._ahead else self._stream.readline(_LONGEST_LINE)

    def begin(self) -> int:
        """Begin a row; the number of its first line."""
        self._row.clear()
        return self.number + 1

    def give_back(self) -> None:
        """Give back all lines of the row but the first, which is then a row of its own."""
        again = self._row[1:]
        self._ahead.extendleft(reversed(again))
        self.number -= len(again)


def _csv_list(
    stream: TextIO, head: list[str], name: str, columns: Mapping[str, str], readable: Callable[[str], bool]
) -> Iterator[_Device]:
    at, delimiter, names = _header(head, name, columns)
    sample = _csv_rows(_Lines(io.StringIO(), head[at + 1 :], 0), delimiter, len(names))
    cells = [row for _, row in sample if not isinstance(row, str)]
    where = _places(names, name, columns, lambda place: sum(readable(row[place]) for row in cells))
    rows = _csv_rows(_Lines(stream, head[at + 1 :], at + 1), delimiter, len(names))
    return _csv_devices(rows, where)


def _header(head: list[str], name: str, columns: Mapping[str, str]) -> tuple[int, str, list[str]]:
    """The index of the header line, its delimiter and its cells.

    Configuration Manager's reports have a title, parameters and an empty line before the table, so it is the line of
    the first 20 that names a version column and has the most columns: a title may say "Operating system version".
    """
    found: list[tuple[int, str, list[str]]] = []
    for index, line in enumerate(head[:_HEADER_LINES]):
        for delimiter in sorted(",;\t", key=line.count, reverse=True):
            cells = _cells(line, delimiter)
            if _named(cells, "version", columns):
                found.append((index, delimiter, cells))
                break
    if found:
        return max(found, key=lambda header: len(header[2]))
    line = next(line for line in head if line.strip())
    raise _no_version(_cells(line, max(",;\t", key=line.count)), name, columns)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _csv_rows(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """The number of each row's first line, with its cells or with what is wrong with it; empty rows are none."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
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
        if len(row) == width:
            if any(row):
                yield number, row
        elif any(row):
            # A quote too many joins lines that were rows.
            lines.give_back()
            yield number, f"expected: {width} cells, found: {len(row)}"


def _csv_devices(
    rows: Iterable[tuple[int, list[str] | str]], where: tuple[int, int | None, int | None]
) -> Iterator[_Device]:
    version, device, product = where
    for number, row in rows:
        if isinstance(row, str):
            yield _Device(number, None, None, None, row)
        else:
            yield _Device(
                number,
                row[version],
                None if device is None else row[device],
                None if product is None else row[product],
                None,
            )


def _json_list(
    stream: TextIO, head: list[str], name: str, columns: Mapping[str, str], readable: Callable[[str], bool]
) -> Iterator[_Device]:
    sample = [record for _, record in _json_rows(_Lines(io.StringIO(), head, 0)) if not isinstance(record, str)]
    if not sample:
        raise InputError("list of devices", page=name, expected="one JSON object a line", found="no line that is one")
    names = list(dict.fromkeys(key for record in sample for key in record))
    if not _named(names, "version", columns):
        raise _no_version(names, name, columns)
    where = _places(
        names, name, columns, lambda place: sum(readable(_string(record, names[place]) or "") for record in sample)
    )
    keys = [None if place is None else names[place] for place in where]
    return _json_devices(_json_rows(_Lines(stream, head, 0)), keys)


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


def _json_devices(rows: Iterable[tuple[int, dict[str, object] | str]], keys: Sequence[str | None]) -> Iterator[_Device]:
    version, device, product = keys
    for number, row in rows:
        if isinstance(row, str):
            yield _Device(number, None, None, None, row)
        else:
            yield _Device(number, _string(row, version), _string(row, device), _string(row, product), None)


def _string(record: dict[str, object], key: str | None) -> str | None:
    value = record.get(key) if key is not None else None
    return value if isinstance(value, str) else None


# --- columns ---------------------------------------------------------------------------------------------------------


def _places(
    names: list[str], page: str, columns: Mapping[str, str], builds: Callable[[int], int]
) -> tuple[int, int | None, int | None]:
    """Where version, device and product stand. Of several version columns it is the one with the most builds in the
    sample, as ``builds`` counts them: Defender's "OS version" is ``24H2``, Windows' own "OS build" is ``26100``."""
    for what in columns:
        if not _named(names, what, columns):
            raise InputError("lack of a column", page=page, expected=repr(columns[what]), found=_list(names))
    versions = _named(names, "version", columns)
    version = max(versions, key=builds) if len(versions) > 1 else versions[0]
    device, product = (next(iter(_named(names, what, columns)), None) for what in ("device", "product"))
    return version, device, product


def _named(names: Sequence[str], what: str, columns: Mapping[str, str]) -> list[int]:
    """The columns that hold ``what``, the best first; of what the user named, the one written just so, or alike."""
    plain = [_plain(name) for name in names]
    if what in columns:
        asked = columns[what]
        exact = [place for place, name in enumerate(names) if name.strip() == asked.strip()]
        return (exact or [place for place, name in enumerate(plain) if name == _plain(asked)])[:1]
    return [place for wanted in NAMES[what] for place, name in enumerate(plain) if name == wanted]


def _plain(name: str) -> str:
    """Without case, spaces and punctuation, and without the 0 at the end of Configuration Manager's SQL columns."""
    return "".join(filter(str.isalnum, name.casefold())).removesuffix("0")


def _no_version(names: list[str], page: str, columns: Mapping[str, str]) -> InputError:
    asked = columns.get("version")
    expected = (
        f"a column {asked!r}" if asked else "a column with the OS version or build; --column version=NAME names it"
    )
    return InputError("lack of a version column", page=page, expected=expected, found=_list(names))


def _list(names: list[str]) -> str:
    few = ", ".join(ascii(name[:40]) for name in names[:30]) or "of no header"
    return f"the columns {few}" + (f" and {len(names) - 30} more" if len(names) > 30 else "")

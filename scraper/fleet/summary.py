"""The summary of a fleet: counts by verdict, the worst device, the broken rows; in words, and as an exit code."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from scraper.answers import LACKS
from scraper.fleet.judging import Judged

HEAD = ("release", "track", "status", "devices", "months behind")
# Broken rows that the summary names.
_REPORTED = 20


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
    """``unreadable`` counts the rows that could not be read; ``broken`` has the first 20 of them. ``assumed`` counts
    the devices on a build of client and server where nothing told which they are; ``doubtful`` those among them whose
    verdict depends on it."""

    name: str
    as_of: str
    devices: int
    groups: list[Group]
    worst: Worst | None
    unreadable: int
    broken: list[BrokenRow]
    assumed: int
    doubtful: int


class Count:
    """Counts verdicts one by one, and makes the summary of them."""

    def __init__(self, name: str, as_of: str) -> None:
        self._name, self._as_of = name, as_of
        self._devices: Counter[tuple[tuple[str | None, str | None, str, str | None], int | None, bool, bool]] = (
            Counter()
        )
        self._worst: Worst | None = None
        self._most = 0
        self._broken: list[BrokenRow] = []

    def add(self, line: int, device: str | None, judged: Judged) -> None:
        self._devices[judged.group, judged.months, judged.assumed, judged.doubtful] += 1
        if judged.months and judged.months > self._most:
            self._most = judged.months
            self._worst = {"line": line, "device": device, "build": judged.build, "months_behind": judged.months}
        if judged.reason == "unreadable" and len(self._broken) < _REPORTED:
            self._broken.append({"line": line, "because": judged.because})

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


def exit_code(summary: FleetSummary, grace: int) -> int:
    """1 when a device is out of support or more than ``grace`` months behind; else 4 when a person must look: a row
    could not be read, there was none, or the data do not say whether a device is current; else 0."""
    for group in summary["groups"]:
        if group["status"] == "out-of-support" or (group["months_behind"] or 0) > grace:
            return 1
    unsure = any(group["reason"] in LACKS for group in summary["groups"])
    return 4 if summary["unreadable"] or unsure or not summary["devices"] else 0


def text(summary: FleetSummary) -> str:
    """The summary for people: aligned, in ASCII, whatever the list contains."""
    lines = [f"{summary['name']}: {_many(summary['devices'], 'device')} as of {summary['as_of']}"]
    if summary["groups"]:
        table = [HEAD, *map(_table_row, summary["groups"])]
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

"""What always holds: unknown is never current, each version is judged once, memory is flat."""

import io
import sqlite3
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest

from scraper import answers
from scraper.answers.documents import DeviceVerdict
from scraper.fleet import exit_code, judge_fleet, rows, text
from tests.fleet.devices import BEHIND, CURRENT, DAY, STALE_DAY, Judge, every_build


def test_stale_catalog_never_says_current(catalog: sqlite3.Connection) -> None:
    out = io.StringIO(newline="")
    source = io.BytesIO("\n".join(["Build", *every_build(catalog)]).encode())
    verdicts = answers.Verdicts(catalog, STALE_DAY)
    summary = judge_fleet(source, verdicts.of, name="x", as_of=STALE_DAY, columns={}, release=None, out=out)
    found = {(group["status"], group["reason"]) for group in summary["groups"]}
    assert ("unknown", "stale") in found
    assert "current" not in {status for status, _ in found}
    assert "current" not in out.getvalue().replace("whether it is current is unknown", "")
    assert "unknown (stale)" in text(summary)


def test_stale_catalog_that_knows_of_nothing_behind_asks_for_a_person(catalog: sqlite3.Connection) -> None:
    verdicts = answers.Verdicts(catalog, STALE_DAY)
    source = io.BytesIO(f"Build\n{CURRENT}\n".encode())
    out = io.StringIO()
    summary = judge_fleet(source, verdicts.of, name="x", as_of=STALE_DAY, columns={}, release=None, out=out)
    assert exit_code(summary, 0) == 4


def test_fleet_says_what_the_lookup_says_of_every_build(catalog: sqlite3.Connection, judge: Judge) -> None:
    """Every build, with and without the prefix, as of a server, of a client and of neither; and builds nobody knows."""
    looked_up = {
        build: answers.build(catalog, build, DAY)[0]
        for build in (*every_build(catalog), *(f"26100.{revision}" for revision in range(900_000, 900_020)))
    }
    asked = [
        (build, f"{prefix}{build}", product)
        for product in ("Windows Server 2025", "Windows 11", "")
        for prefix in ("", "10.0.")
        for build in looked_up
    ]
    rows, summary = judge("Version,Product\n" + "".join(f"{version},{product}\n" for _, version, product in asked))
    assert len(rows) == summary["devices"] == len(asked) > 2_000
    assert sum(group["devices"] for group in summary["groups"]) == len(asked)
    for row, (build, _, product) in zip(rows, asked, strict=True):
        found = [
            answer
            for answer in looked_up[build]
            if not product or ("Server" in product) == (answer["release"] or "").startswith("windows-server-")
        ]
        if found:
            (answer, *_) = found
            months = answer["months_behind"]
            assert row["release"] == answer["release"]
            assert (row["status"], row["reason"]) == (answer["status"], answer["reason"] or "")
            assert row["months_behind"] == ("" if months is None else str(months))
            assert row["because"] == answer["because"]
            assert row["kbs"] == ", ".join(update["kb"] for update in answer["kbs"] if update["kb"])
        else:
            assert (row["status"], row["reason"], row["build"]) == ("unknown", "not-in-catalog", build)


def test_distinct_versions_are_judged_once(verdicts: answers.Verdicts) -> None:
    asked: list[str] = []

    def judge(version: str, *rest: Any) -> list[DeviceVerdict]:
        asked.append(version)
        return verdicts.of(version, *rest)

    source = io.BytesIO(("Build\n" + f"{BEHIND}\nN/A\n{CURRENT}\n" * 500).encode())
    judge_fleet(source, judge, name="x", as_of=DAY, columns={}, release=None, out=io.StringIO())
    assert sorted(asked) == sorted((BEHIND, "N/A", CURRENT))


class Endless(io.RawIOBase):
    """A list that is made while it is read."""

    def __init__(self, rows: Iterable[bytes], header: bytes = b"Name,Build\n") -> None:
        self._rows = iter(rows)
        self._left = header

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (row := next(self._rows, None)) is not None:
            self._left += row
        chunk, self._left = self._left[:size], self._left[size:]
        return chunk


class Nowhere(io.StringIO):
    def write(self, text: str, /) -> int:
        return len(text)


def peak_megabytes(verdicts: answers.Verdicts, source: Any) -> float:
    tracemalloc.start()
    judge_fleet(source, verdicts.of, name="x", as_of=DAY, columns={}, release=None, out=Nowhere())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def test_memory_does_not_grow_with_the_list(verdicts: answers.Verdicts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new device in every row, and in two of three a new version: more of them than verdicts are kept."""
    monkeypatch.setattr(rows, "_VERDICTS", 1_000)
    few, many = (
        peak_megabytes(
            verdicts,
            Endless(b"PC-%07d,%s\n" % (row, b"N/A %d" % row if row % 3 else b"26100.3981") for row in range(count)),
        )
        for count in (2_500, 8_000)
    )
    assert many < few * 1.2


@pytest.mark.parametrize(
    "row",
    [
        b"PC,Windows,%%0%dd\n" % 100_000,
        b"PC,%%0%dd,26100.3981\n" % 100_000,
        b"\xff%%0%dd,Windows,26100.3981\n" % 100_000,
        b'{"%%0%dd": "26100.3981"}\n' % 100_000,
    ],
)
def test_memory_does_not_grow_with_the_cells(verdicts: answers.Verdicts, row: bytes) -> None:
    header = b'{"Build": "26100.3981"}\n' if row.startswith(b"{") else b"Name,OS,Build\n"
    assert peak_megabytes(verdicts, Endless((row % number for number in range(150)), header)) < 12

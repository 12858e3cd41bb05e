"""`winkb fleet`: what goes where, and the exit codes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scraper.fleet import COLUMNS, exit_code
from tests.fixtures.places import ROOT
from tests.fleet.devices import BEHIND, CURRENT, DAY, LISTED, Judge, Winkb


def test_every_ending_has_the_same_rows(winkb: Winkb, db: Path, devices: Path, tmp_path: Path) -> None:
    read: dict[str, list[dict[str, Any]]] = {}
    for ending in ("csv", "json", "jsonl", "parquet"):
        out = tmp_path / f"out.{ending}"
        ended = winkb("fleet", devices, "--db", db, "--as-of", DAY, "--out", out)
        assert (ended.code, ended.stdout) == (1, b"")
        with duckdb.connect() as base:
            source = f"read_csv('{out}', all_varchar = true)" if ending == "csv" else f"'{out}'"
            found = base.execute(f"select columns(*)::varchar from {source}")
            names = [column[0] for column in found.description or ()]
            read[ending] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        assert names == list(COLUMNS)
    assert read["csv"][2].pop("device") == "'=x"
    assert {rows[2].pop("device", "=x") for rows in read.values()} == {"=x"}
    assert read["csv"] == read["json"] == read["jsonl"] == read["parquet"]
    assert len(read["csv"]) == 3


def test_standard_input_gives_the_rows_of_the_file_on_standard_output(winkb: Winkb, db: Path, devices: Path) -> None:
    piped = winkb("fleet", "-", "--db", db, "--as-of", DAY, stdin=LISTED.encode())
    named = winkb("fleet", devices, "--db", db, "--as-of", DAY)
    assert (piped.code, piped.stdout) == (named.code, named.stdout)
    assert piped.stdout.startswith(b"line,device,version,release,")
    assert "BÜRO".encode() in piped.stdout
    assert piped.stderr.isascii()
    assert piped.stderr.startswith(b"standard input: 3 devices as of 2026-10-01\n")


@pytest.mark.parametrize(("grace", "code"), [(0, 1), (15, 1), (16, 4)])
def test_grace_is_how_far_behind_may_be(winkb: Winkb, db: Path, devices: Path, grace: int, code: int) -> None:
    assert winkb("fleet", devices, "--db", db, "--as-of", DAY, "--grace", grace).code == code


def test_exit_code_is_0_when_all_is_well(winkb: Winkb, db: Path) -> None:
    ended = winkb("fleet", "-", "--db", db, "--as-of", DAY, stdin=f"Build\n{CURRENT}\n".encode())
    assert ended.code == 0


def test_out_of_support_is_no_matter_of_grace(judge: Judge) -> None:
    rows, summary = judge("Build\n22621.1\n22000.1098\n")
    assert rows[1]["status"] == "out-of-support"
    assert exit_code(summary, 99) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--column", "version"), 2, "WHAT=NAME"),
        (("--column", "version=Nope"), 2, "expected: a column 'Nope'"),
        (("--release", "windows-12"), 2, "expected: one of"),
        (("--release", ""), 2, "expected: one of"),
        (("--as-of", "yesterday"), 2, "a date like"),
        (("--grace", "-1"), 2, "--grace"),
        (("--out", "verdicts.xlsx"), 2, ".parquet, found: .xlsx"),
        (("--out", "nowhere/verdicts.csv"), 5, "nowhere"),
        (("--db", "nowhere.db"), 5, "nowhere.db"),
    ],
)
def test_wrong_usage_is_answered_in_a_line(
    winkb: Winkb, db: Path, devices: Path, tmp_path: Path, arguments: tuple[str, str], code: int, message: str
) -> None:
    option, value = arguments
    where = (option, tmp_path / value) if option == "--out" else arguments
    ended = winkb("fleet", devices, *(() if option == "--db" else ("--db", db)), *where)
    assert ended.code == code
    assert message in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    assert ended.stdout == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["devices.csv"]


def test_column_is_named_once(winkb: Winkb, db: Path, devices: Path) -> None:
    twice = ("--column", "version=OS version", "--column", "version=OS")
    ended = winkb("fleet", devices, "--db", db, *twice)
    assert (ended.code, ended.stdout) == (2, b"")
    assert b"WHAT=NAME" in ended.stderr


def test_list_is_not_overwritten_with_its_verdicts(winkb: Winkb, db: Path, devices: Path) -> None:
    ended = winkb("fleet", devices, "--db", db, "--out", devices)
    assert ended.code == 2
    assert devices.read_text(encoding="utf-8") == LISTED


def test_reader_that_goes_away_is_no_trouble(db: Path, tmp_path: Path) -> None:
    listed = tmp_path / "many.csv"
    listed.write_text("Build\n" + f"{BEHIND}\n" * 20_000)
    command = [sys.executable, "-m", "scraper", "fleet", str(listed), "--db", str(db)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_standard_output_that_is_full_is_this_machine_s_trouble(db: Path, devices: Path) -> None:
    command = [sys.executable, "-m", "scraper", "fleet", str(devices), "--db", str(db)]
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert ended.returncode == 5
    assert ended.stderr.startswith(b"winkb: unexpected trouble on standard output.")

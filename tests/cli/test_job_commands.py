"""scrape, rebuild, demo_catalog, accept and check: options, output, exit codes."""

import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from scraper.cli import options
from scraper.ingest import job
from scraper.ingest.sources import BY_NAME
from tests.cli.commands import NOW, change, one, problems, python, scrape, winkb
from tests.fixtures.places import ROOT, SNAPSHOTS


def test_unknown_source_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    result = winkb("scrape", "--source", "x", "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert problems(result) == [
        f"winkb: unexpected source on the command line. expected: {', '.join(BY_NAME)}, found: 'x'"
    ]


def test_scrape_says_one_line_on_stdout_and_its_progress_on_stderr(tmp_path: Path) -> None:
    command = ("-m", "scraper", "scrape", "--no-articles", "--mirror", SNAPSHOTS / "2026-09-30", "--now", NOW)
    ran = python(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert ran.returncode == 0
    facts = one(tmp_path / "c.db", "select facts_sha256 from runs")
    assert ran.stdout == f"run 1: news, 0 changes, 5 page versions parsed, facts {facts}\n"
    for name, source in BY_NAME.items():
        assert f"INFO scraper.cli: {name}: 200 {source.url}\n" in ran.stderr
    again = scrape(tmp_path, "--now", NOW)
    assert again.stdout == f"run 2: unchanged, 0 changes, 0 page versions parsed, facts {facts}\n"


def test_planned_restarts_are_the_same_whenever_one_began_to_read(tmp_path: Path) -> None:
    """In September 2026 no page says any more that June was planned as a hotpatch (rule 13)."""
    assert scrape(tmp_path, "--now", NOW).exit_code == 0
    printed = winkb("restarts", "2026", "--release", "25H2", "--db", tmp_path / "c.db").stdout
    assert printed.startswith("Restarts of Windows 11 25H2 in 2026: planned 4, actual 5, cumulative 9 ")
    (june,) = [line for line in printed.splitlines() if line.startswith("  2026-06")]
    assert "baseline, scheduled as hotpatch" in june


@pytest.mark.slow
def test_scrape_without_network_says_so_once_within_ten_seconds(tmp_path: Path) -> None:
    begin = monotonic()
    command = ("-m", "scraper", "scrape", "--mirror", "http://mirror.invalid/", "--now", NOW)
    ran = python(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert monotonic() - begin < 10
    assert ran.returncode == 3
    logged, problem = ran.stderr.splitlines()[:-1], ran.stderr.splitlines()[-1]
    assert problem.startswith(
        "winkb: unexpected lack of network on this machine. expected: a connection to mirror.invalid"
    )
    assert sorted(logged[: len(BY_NAME)]) == sorted(f"INFO scraper.cli: {name}: no network" for name in BY_NAME)
    assert len(logged) == len(BY_NAME) + 2


def test_a_person_at_a_terminal_sees_a_bar_with_counts(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = ("-m", "scraper", "scrape", "--no-articles", "--mirror", SNAPSHOTS / "2026-09-30", "--now", NOW)
    with subprocess.Popen(
        [sys.executable, *map(str, command), "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=ROOT,
    ) as process:
        assert process.wait(30) == 0
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # Linux ends a terminal that has no writer with EIO
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    assert b"pages" in seen
    assert f"{len(BY_NAME)}/{len(BY_NAME)}".encode() in seen
    assert b"INFO" not in seen


@click.command()
@options.now
def moment(now: str) -> None:
    click.echo(now)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-07-22", "2026-07-22T00:00:00Z"),
        ("2026-07-22T04:05", "2026-07-22T04:05:00Z"),
        ("2026-07-22 04:05:06", "2026-07-22T04:05:06Z"),
        ("2026-07-22T04:05:06Z", "2026-07-22T04:05:06Z"),
        ("2026-07-22T04:05:06.789Z", "2026-07-22T04:05:06Z"),
        ("2026-07-22T04:05:06+02:00", "2026-07-22T02:05:06Z"),
        ("20260722T040506Z", "2026-07-22T04:05:06Z"),
    ],
)
def test_now_is_read_as_utc(text: str, time: str) -> None:
    assert CliRunner().invoke(moment, ["--now", text]).stdout == f"{time}\n"


def test_now_is_the_time_of_the_run(tmp_path: Path) -> None:
    name = "windows-server-release-information"
    assert scrape(tmp_path, "--source", name, "--now", "2026-07-22T04:05:06+02:00").exit_code == 0
    assert one(tmp_path / "c.db", "select started_at from runs") == "2026-07-22T02:05:06Z"
    assert one(tmp_path / "c.db", f"select fetched_at from pages where page = '{name}'") == "2026-07-22T02:05:06Z"


def test_now_is_by_default_the_clock_s(tmp_path: Path) -> None:
    assert scrape(tmp_path, "--source", "hotpatch-24h2").exit_code == 0
    started = datetime.fromisoformat(str(one(tmp_path / "c.db", "select started_at from runs")))
    assert abs(datetime.now(UTC) - started) < timedelta(minutes=1)


def test_sources_may_be_chosen(tmp_path: Path) -> None:
    result = scrape(tmp_path, "--source", "hotpatch-24h2", "--source", "hotpatch-25h2", "--now", NOW)
    assert result.exit_code == 0
    with closing(sqlite3.connect(tmp_path / "c.db")) as connection:
        rows = connection.execute("select page from pages where fetched_at is not null order by page").fetchall()
    assert rows == [("hotpatch-24h2",), ("hotpatch-25h2",)]


def test_source_named_twice_is_fetched_once(tmp_path: Path) -> None:
    assert scrape(tmp_path, "--source", "hotpatch-24h2", "--source", "hotpatch-24h2", "--now", NOW).exit_code == 0
    assert one(tmp_path / "a.db", "select count(*) from visits") == 1


@pytest.mark.parametrize("options", [("--articles",), ("--delay", "0.5", "--concurrency", "4")])
def test_every_option_of_the_contract_is_taken(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert scrape(tmp_path, "--source", "hotpatch-24h2", "--now", NOW, *options).exit_code == 0


def test_mirror_without_the_pages_ends_with_4_and_a_line_for_each(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    result = scrape(tmp_path, "--mirror", tmp_path / "mirror")
    assert result.exit_code == 4
    assert [line.split(". expected")[0] for line in problems(result)] == [
        f"winkb: unexpected mirror on {name}" for name in BY_NAME
    ]
    assert not (tmp_path / "c.db").exists()


def test_problem_that_several_pages_share_is_printed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = ["no network", "no network", "drift on a page", "no network"]
    outcome = SimpleNamespace(
        run=7, outcome="failed", changes=0, parsed=0, facts_sha256=None, exit_code=4, problems=trouble
    )
    monkeypatch.setattr(job, "demo", lambda _: outcome)
    result = winkb("demo", "--db", tmp_path / "c.db")
    assert result.exit_code == 4
    assert problems(result) == ["winkb: no network", "winkb: drift on a page"]
    assert result.stdout == "run 7: failed, 0 changes, 0 page versions parsed, facts none\n"


def test_demo_needs_no_network_and_has_a_history(demo_catalog: Path) -> None:
    assert one(demo_catalog, "select group_concat(started_at) from runs") == (
        "2026-05-27T12:00:00Z,2026-07-22T12:00:00Z,2026-09-30T12:00:00Z"
    )
    assert one(demo_catalog, "select count(*) > 10 from changes") == 1
    assert not (demo_catalog.parent / "archive.db").exists()


def test_scrape_never_builds_on_top_of_a_demo(db: Path, tmp_path: Path) -> None:
    name = "windows-server-release-information"
    archive, mirror = tmp_path / "a.db", SNAPSHOTS / "2026-09-30"
    assert (
        winkb(
            "scrape", "--no-articles", "--db", db, "--archive", archive, "--mirror", mirror, "--source", name
        ).exit_code
        == 0
    )
    assert one(db, "select count(*) from runs") == 1
    assert one(db, "select count(*) from releases where product = 'Windows 11'") == 0


def test_rebuild_gives_the_catalog_again(tmp_path: Path) -> None:
    assert scrape(tmp_path, "--now", NOW).exit_code == 0
    before = (tmp_path / "c.db").read_bytes()
    facts = one(tmp_path / "c.db", "select facts_sha256 from runs")
    (tmp_path / "c.db").unlink()
    for option, parsed in (((), 0), (("--from-pages",), 5)):
        result = winkb("rebuild", *option, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
        assert result.exit_code == 0
        assert result.stdout == f"run 1: rebuilt, 0 changes, {parsed} page versions parsed, facts {facts}\n"
    assert (tmp_path / "c.db").read_bytes() == before


@pytest.mark.parametrize("command", [("rebuild",), ("accept", "hotpatch-24h2")], ids=["rebuild", "accept"])
def test_archive_that_is_not_there_ends_with_5_and_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = winkb(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert result.exit_code == 5
    assert problems(result) == [
        f"winkb: unexpected lack of an archive on {tmp_path / 'a.db'}. expected: a file that winkb wrote, found: none"
    ]
    assert list(tmp_path.iterdir()) == []


def test_rebuild_from_an_empty_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    result = winkb("rebuild", "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert result.exit_code in (2, 5)
    assert "expected: at least one good page, found: none" in problems(result)[0]
    assert not (tmp_path / "c.db").exists()


def test_sound_and_fresh_catalog_passes_the_check(demo_catalog: Path) -> None:
    result = winkb("check", "--db", demo_catalog, "--now", NOW)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{demo_catalog}: sound, no error finding, every page read within 36 hours\n"


def test_age_is_counted_in_hours(demo_catalog: Path) -> None:
    assert winkb("check", "--db", demo_catalog, "--now", "2026-10-02T00:00:00Z").exit_code == 0
    late = winkb("check", "--db", demo_catalog, "--now", "2026-10-02T00:00:01Z")
    assert late.exit_code == 1
    assert late.stdout.splitlines() == [f"too old: {name} was last read {NOW}" for name in sorted(BY_NAME)]
    assert winkb("check", "--db", demo_catalog, "--now", "2026-10-02T00:00:01Z", "--max-age", 37).exit_code == 0


def test_check_takes_no_clock_that_was_ahead_for_fresh(demo_catalog: Path) -> None:
    before = "2026-09-29T11:59:59Z"
    assert winkb("check", "--db", demo_catalog, "--now", "2026-09-29T12:00:00Z").exit_code == 0
    ahead = winkb("check", "--db", demo_catalog, "--now", before)
    assert ahead.exit_code == 1
    assert ahead.stdout.splitlines() == [
        f"too old: {name} was last read {NOW}, by a clock that was ahead" for name in sorted(BY_NAME)
    ]


def test_open_error_finding_fails_the_check_and_a_warning_does_not(db: Path) -> None:
    added = """insert into findings (severity, code, subject, message, page, first_seen, resolved_at)
               values (?, 'quarantine', 'KB1', 'cells', 'hotpatch-24h2', '2026-09-30T12:00:00Z', ?)"""
    change(db, added, "warning", None)
    change(db, added, "error", NOW)
    assert winkb("check", "--db", db, "--now", NOW).exit_code == 0
    change(db, added, "error", None)
    result = winkb("check", "--db", db, "--now", NOW)
    assert (result.exit_code, result.stdout) == (1, "quarantine: KB1 on hotpatch-24h2: cells\n")


def test_row_without_its_parent_fails_the_check(db: Path) -> None:
    change(db, "delete from kbs where kb = 'KB5058497'")
    result = winkb("check", "--db", db, "--now", NOW)
    assert result.exit_code == 1
    assert "of builds refers to no row of kbs" in result.stdout


def test_catalog_with_a_damaged_page_fails_the_check(db: Path) -> None:
    """A finding of the check (1) or, where nothing can be read any more, no catalog (5)."""
    whole = db.read_bytes()
    db.write_bytes(whole[:-8192] + b"\xff" * 8192)
    result = winkb("check", "--db", db, "--now", NOW)
    assert result.exit_code in (1, 5)
    assert result.stdout or problems(result)

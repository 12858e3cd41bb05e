"""The commands: options, what stands on which stream, and the exit codes of design.md section 3."""

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scraper.cli import main
from scraper.ingest.sources import BY_NAME
from tests.fixtures.places import ROOT

SNAPSHOTS = ROOT / "scraper" / "snapshots"
COMMANDS = (
    *("scrape", "rebuild", "demo", "accept", "check", "serve"),
    *("kb", "build", "month", "next-restart", "restarts", "changes", "disagreements"),
    *("fleet", "export"),
)
NOW = "2026-09-30T12:00:00Z"


def winkb(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def said(result: Result) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.startswith("winkb: ")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of the bundled pages."""
    db = tmp_path_factory.mktemp("demo") / "catalog.db"
    assert winkb("demo", "--db", db).exit_code == 0
    return db


@pytest.fixture
def db(demo: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copyfile(demo, tmp_path / "catalog.db"))


def change(db: Path, sql: str, *parameters: object) -> None:
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(sql, parameters)


def one(db: Path, sql: str) -> object:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchone()[0]


# --- the command itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(option: str) -> None:
    result = winkb(option)
    assert (result.exit_code, result.stderr) == (0, "")
    listed = [line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(command: str) -> None:
    result = winkb(command, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: main {command} ")
    assert "--db" in result.stdout


def test_no_command_prints_the_help_and_ends_with_2() -> None:
    result = winkb()
    assert result.exit_code == 2
    assert "Usage: " in result.output


def python(*arguments: object, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def test_module_is_the_command(demo: Path) -> None:
    ran = python("-m", "scraper", "kb", "KB5058497", "--db", demo, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["kb"] == "KB5058497"
    assert python("-m", "scraper", "--help").stdout.startswith("Usage: ")


def test_version_is_that_of_the_project() -> None:
    result = winkb("--version")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("version 0.1.0")


WRONG = {
    "unknown command": ("fetch",),
    "unknown option": ("scrape", "--fast"),
    "unknown source": ("scrape", "--mirror", ".", "--source", "windows-10"),
    "unknown source to accept": ("accept", "windows-10"),
    "no source to accept": ("accept",),
    "mirror of another scheme": ("scrape", "--mirror", "ftp://127.0.0.1/"),
    "negative delay": ("scrape", "--delay", "-1"),
    "delay that is no number": ("scrape", "--delay", "soon"),
    "no request at a time": ("scrape", "--concurrency", "0"),
    "time that is none": ("scrape", "--now", "yesterday"),
    "time that no calendar has": ("scrape", "--now", "2026-02-30"),
    "time before the first year": ("scrape", "--mirror", ".", "--now", "0001-01-01T00:00:00+01:00"),
    "time that is no four digit year": ("scrape", "--mirror", ".", "--now", "0999-01-01"),
    "catalog that is a folder": ("scrape", "--db", "."),
    "archive that is a folder": ("rebuild", "--archive", "."),
    "age that is none": ("check", "--max-age", "0"),
    "port that is none": ("serve", "--port", "65536"),
    "no KB": ("kb",),
    "two KBs": ("kb", "KB5058497", "KB5058411"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_usage_ends_with_2_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "accept":
        (tmp_path / "archive.db").touch()
    result = winkb(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "catalog.db").exists()


def test_unknown_source_is_told_which_there_are(tmp_path: Path) -> None:
    result = winkb("scrape", "--source", "x", "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert said(result) == [f"winkb: unexpected source on the command line. expected: {', '.join(BY_NAME)}, found: 'x'"]


# --- the nightly job and its kin -------------------------------------------------------------------------------------


def scrape(folder: Path, *options: object) -> Result:
    mirror = SNAPSHOTS / "2026-09-30"
    return winkb(
        "scrape", "--no-articles", "--db", folder / "c.db", "--archive", folder / "a.db", "--mirror", mirror, *options
    )


def test_scrape_says_one_line_on_stdout_and_its_progress_on_stderr(tmp_path: Path) -> None:
    command = ("-m", "scraper", "scrape", "--no-articles", "--mirror", SNAPSHOTS / "2026-09-30", "--now", NOW)
    ran = python(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert ran.returncode == 0
    facts = one(tmp_path / "c.db", "select facts_sha256 from runs")
    assert ran.stdout == f"run 1: news, 0 changes, 5 page versions parsed, facts {facts}\n"
    for name, source in BY_NAME.items():
        assert f"INFO scraper.cli: {name}: 200 {source.url}\n" in ran.stderr
    again = python(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert again.stdout == f"run 2: unchanged, 0 changes, 0 page versions parsed, facts {facts}\n"


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
def test_now_is_the_time_of_the_visit_in_utc(tmp_path: Path, text: str, time: str) -> None:
    name = "windows-server-release-information"
    assert scrape(tmp_path, "--source", name, "--now", text).exit_code == 0
    assert one(tmp_path / "c.db", "select started_at from runs") == time
    assert one(tmp_path / "c.db", f"select fetched_at from pages where page = '{name}'") == time


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


def test_source_named_twice_is_visited_once(tmp_path: Path) -> None:
    assert scrape(tmp_path, "--source", "hotpatch-24h2", "--source", "hotpatch-24h2", "--now", NOW).exit_code == 0
    assert one(tmp_path / "a.db", "select count(*) from visits") == 1


@pytest.mark.parametrize("options", [("--articles",), ("--no-articles",), ("--delay", "0.5", "--concurrency", "4")])
def test_every_option_of_the_contract_is_taken(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert scrape(tmp_path, "--source", "hotpatch-24h2", "--now", NOW, *options).exit_code == 0


def test_mirror_without_the_pages_ends_with_4_and_a_line_for_each(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    result = scrape(tmp_path, "--mirror", tmp_path / "mirror")
    assert result.exit_code == 4
    assert [line.split(". expected")[0] for line in said(result)] == [
        f"winkb: unexpected mirror on {name}" for name in BY_NAME
    ]
    assert not (tmp_path / "c.db").exists()


def test_demo_needs_no_network_and_has_a_history(demo: Path) -> None:
    assert one(demo, "select group_concat(started_at) from runs") == (
        "2026-05-27T12:00:00Z,2026-07-22T12:00:00Z,2026-09-30T12:00:00Z"
    )
    assert one(demo, "select count(*) > 10 from changes") == 1
    assert not (demo.parent / "archive.db").exists()


def test_demo_twice_is_the_same_catalog(db: Path) -> None:
    facts = one(db, "select facts_sha256 from runs order by run desc")
    result = winkb("demo", "--db", db)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"facts {facts}\n")


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
    result = winkb("rebuild", "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert result.exit_code == 0
    assert result.stdout == f"run 1: rebuilt, 0 changes, 5 page versions parsed, facts {facts}\n"
    assert (tmp_path / "c.db").read_bytes() == before


@pytest.mark.parametrize("command", [("rebuild",), ("accept", "hotpatch-24h2")], ids=["rebuild", "accept"])
def test_archive_that_is_not_there_ends_with_5_and_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = winkb(*command, "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert result.exit_code == 5
    assert said(result) == [
        f"winkb: unexpected lack of an archive on {tmp_path / 'a.db'}. expected: a file that winkb wrote, found: none"
    ]
    assert list(tmp_path.iterdir()) == []


def test_rebuild_from_an_empty_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    result = winkb("rebuild", "--db", tmp_path / "c.db", "--archive", tmp_path / "a.db")
    assert result.exit_code in (2, 5)
    assert "expected: at least one good page, found: none" in said(result)[0]
    assert not (tmp_path / "c.db").exists()


# --- check -----------------------------------------------------------------------------------------------------------


def test_sound_and_fresh_catalog_passes_the_check(demo: Path) -> None:
    result = winkb("check", "--db", demo, "--now", NOW)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{demo}: sound, no error finding, every page read within 36 hours\n"


def test_age_is_counted_in_hours(demo: Path) -> None:
    assert winkb("check", "--db", demo, "--now", "2026-10-02T00:00:00Z").exit_code == 0
    late = winkb("check", "--db", demo, "--now", "2026-10-02T00:00:01Z")
    assert late.exit_code == 1
    assert late.stdout.splitlines() == [f"too old: {name} was last read {NOW}" for name in sorted(BY_NAME)]
    assert winkb("check", "--db", demo, "--now", "2026-10-02T00:00:01Z", "--max-age", 37).exit_code == 0


def test_check_takes_no_clock_that_was_ahead_for_fresh(demo: Path) -> None:
    before = "2026-09-29T11:59:59Z"
    assert winkb("check", "--db", demo, "--now", "2026-09-29T12:00:00Z").exit_code == 0
    ahead = winkb("check", "--db", demo, "--now", before)
    assert ahead.exit_code == 1
    assert ahead.stdout.splitlines() == [
        f"too old: {name} was last read {NOW}, by a clock that was ahead" for name in sorted(BY_NAME)
    ]


def test_standing_error_finding_fails_the_check_and_a_warning_does_not(db: Path) -> None:
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
    assert result.stdout or said(result)


# --- lookups ---------------------------------------------------------------------------------------------------------

FOUND = (
    ("kb", "KB5058497"),
    ("build", "26100.3981", "--as-of", "2025-05-20"),
    ("month", "2026-06"),
    ("next-restart", "25H2", "--as-of", "2026-01-01"),
    ("changes",),
)
NOT_FOUND = (
    ("kb", "KB9999999"),
    ("build", "26100.1"),
    ("month", "1999-01"),
    ("next-restart", "24H2", "--as-of", "2099-01-01"),
    ("changes", "--since", "2099-01-01"),
)
MISREAD = (
    ("kb", "patch"),
    ("build", "26100"),
    ("build", "26100.3981", "--as-of", "soon"),
    ("build", "26100.3981", "--release", "windows-10"),
    ("month", "June"),
    ("month", "2026-13"),
    ("next-restart", "Vista"),
    ("next-restart", "24H2", "--as-of", "2026-02-30"),
    ("changes", "--since", "soon"),
)


@pytest.mark.parametrize("question", FOUND, ids=lambda question: question[0])
def test_answer_is_text_for_people_and_one_json_document_for_scripts(demo: Path, question: tuple[str, ...]) -> None:
    text = winkb(*question, "--db", demo)
    assert (text.exit_code, text.stderr) == (0, "")
    assert text.stdout.strip()
    answer = winkb(*question, "--db", demo, "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)
    assert '""' not in answer.stdout


@pytest.mark.parametrize("question", NOT_FOUND, ids=lambda question: question[0])
def test_nothing_found_ends_with_1_and_prints_json_all_the_same(demo: Path, question: tuple[str, ...]) -> None:
    text = winkb(*question, "--db", demo)
    assert (text.exit_code, text.stderr) == (1, "")
    assert text.stdout.strip()
    answer = winkb(*question, "--db", demo, "--json")
    assert (answer.exit_code, answer.stderr) == (1, "")
    assert isinstance(json.loads(answer.stdout), dict | list)


@pytest.mark.parametrize("question", MISREAD, ids=" ".join)
def test_question_that_cannot_be_understood_ends_with_2_and_says_what_was_expected(
    demo: Path, question: tuple[str, ...]
) -> None:
    result = winkb(*question, "--db", demo, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = said(result)
    assert "expected: " in line
    assert "found: " in line


def test_json_is_utf_8_whatever_the_terminal_s_encoding(db: Path) -> None:
    change(db, "update kbs set title = 'May 13, 2025—Hotpatch' where kb = 'KB5058497'")
    command = [sys.executable, "-m", "scraper", "kb", "KB5058497", "--db", str(db), "--json"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.decode("utf-8"))["title"] == "May 13, 2025—Hotpatch"


def test_lookup_never_writes(demo: Path) -> None:
    before = demo.read_bytes()
    for question in (*FOUND, *NOT_FOUND):
        winkb(*question, "--db", demo)
    assert demo.read_bytes() == before
    assert sorted(path.name for path in demo.parent.iterdir()) == ["catalog.db", "catalog.db.lock"]

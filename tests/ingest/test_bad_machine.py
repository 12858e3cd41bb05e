"""This machine fails: a full disk, files that are not ours, folders that cannot be written, a run that is killed."""

import shutil
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from tests.fixtures.edits import PAGE
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FOURTH,
    NEW,
    NOTES,
    OLD,
    SECOND,
    THIRD,
    Runs,
    body_of,
    problems,
)
from tests.fixtures.web import Asked, Reply

pytestmark = pytest.mark.usefixtures("no_waiting")


SIZED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def ended(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr, stderr
    return process.returncode, [line for line in stderr.splitlines() if line.startswith("winkb: ")]


@pytest.mark.parametrize("date", [OLD, NEW], ids=["unchanged run", "news"])
def test_full_disk_leaves_the_old_catalog_and_no_trace(runs: Runs, second_run: Runs, date: str) -> None:
    before = runs.db.read_bytes()
    runs.serve(date)
    code, lines = ended(runs.command(SECOND, SIZED.format(size=len(before) // 2)))
    assert code == 5
    assert len(lines) == 1
    assert lines[0].startswith(f"winkb: unexpected trouble on {runs.db}. expected: a folder with room for the catalog")
    assert runs.db.read_bytes() == before
    assert sorted(path.name for path in runs.folder.iterdir() if path.suffix != ".lock") == [
        "archive.db",
        "catalog.db",
    ]
    runs.serve(NEW)
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.tables("builds", "months") == second_run.tables("builds", "months")


def test_disk_full_of_the_archive_leaves_the_old_catalog(runs: Runs, second_run: Runs) -> None:
    before = runs.db.read_bytes()
    code, lines = ended(runs.command(SECOND, SIZED.format(size=runs.archive.stat().st_size)))
    assert code == 5
    assert len(lines) == 1
    assert lines[0].startswith(f"winkb: unexpected trouble on {runs.archive}. expected: an archive that can be written")
    assert runs.db.read_bytes() == before
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.tables("builds", "months") == second_run.tables("builds", "months")


def test_second_run_says_so_and_the_first_is_unharmed(runs: Runs, second_run: Runs) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slowly(_: Asked) -> Reply:
        asked.set()
        assert go_on.wait(30)
        return Reply(body=PAGE)

    runs.answer(CLIENT, slowly)
    first = runs.command(SECOND)
    try:
        assert asked.wait(30)
        for command in (("scrape", "--no-articles", "--mirror", runs.web.url), ("rebuild",), ("accept", CLIENT)):
            second = runs.run(*command, *runs.files)
            assert second.exit_code == 3
            assert problems(second) == [
                f"winkb: unexpected second run on {runs.archive}. expected: no other run under way,"
                " found: one that holds it"
            ]
        demo = runs.run("demo", "--db", str(runs.db))
        assert (demo.exit_code, len(problems(demo))) == (3, 1)
    finally:
        go_on.set()
        code, lines = ended(first)
    assert (code, lines) == (0, [])
    assert runs.facts() == second_run.facts()


@pytest.mark.parametrize("command", ["scrape", "rebuild", "accept"])
def test_archive_that_is_no_database_is_refused_and_left_as_it_was(runs: Runs, first_run: Runs, command: str) -> None:
    runs.archive.write_bytes(b"not a database, but long enough to have a header of one" * 100)
    before = runs.archive.read_bytes()
    options = {"scrape": ("--no-articles", "--mirror", runs.web.url), "rebuild": (), "accept": (CLIENT,)}[command]
    result = runs.run(command, *options, *runs.files)
    assert result.exit_code == 5
    assert problems(result) == [
        f"winkb: unexpected trouble on {runs.archive}. expected: an archive that can be written,"
        " found: file is not a database"
    ]
    assert runs.archive.read_bytes() == before
    assert runs.db.read_bytes() == first_run.db.read_bytes()


def test_catalog_in_the_archive_s_place_is_refused_and_left_as_it_was(runs: Runs, first_run: Runs) -> None:
    """The two have tables of the same names, so that only a look at the whole file tells them apart."""
    shutil.copyfile(first_run.db, runs.archive)
    result = runs.scrape(SECOND)
    assert runs.archive.read_bytes() == first_run.db.read_bytes()
    assert runs.db.read_bytes() == first_run.db.read_bytes()
    assert (result.exit_code, len(problems(result))) == (5, 1)


QUESTIONS = (
    ("kb", "KB5058497"),
    ("build", "26100.3981"),
    ("month", "2026-06"),
    ("next-restart", "24H2"),
    ("changes",),
    ("check",),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
@pytest.mark.parametrize(
    "content", [None, b"", b"not a database" * 100, "archive"], ids=["none", "empty", "text", "archive"]
)
def test_question_to_something_that_is_no_catalog_ends_with_5(
    first_run: Runs, tmp_path: Path, question: tuple[str, ...], content: bytes | str | None
) -> None:
    db = tmp_path / "catalog.db"
    if content is not None:
        db.write_bytes(first_run.archive.read_bytes() if isinstance(content, str) else content)
    result = first_run.run(*question, "--db", str(db))
    assert result.exit_code == 5
    assert result.stdout == ""
    (lines,) = problems(result)
    assert str(db) in lines
    assert db.exists() == (content is not None)


def test_torn_catalog_is_replaced_since_it_is_derived(runs: Runs, second_run: Runs) -> None:
    whole = runs.db.read_bytes()
    runs.db.write_bytes(whole[: len(whole) // 2])
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.tables(*FACTS) == second_run.tables(*FACTS)


def test_empty_file_in_the_catalog_s_place_is_replaced(runs: Runs, second_run: Runs) -> None:
    runs.db.write_bytes(b"")
    assert runs.scrape(SECOND).exit_code == 0
    assert runs.tables(*FACTS) == second_run.tables(*FACTS)


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table diary (day text, secret text)")
    connection.close()


@pytest.mark.parametrize(
    ("command", "content"),
    [
        ("scrape", "text"),
        ("demo", "other database"),
        ("scrape", "archive"),
        ("rebuild", "archive"),
        ("demo", "archive"),
    ],
)
def test_file_that_is_no_catalog_is_never_overwritten(runs: Runs, command: str, content: str) -> None:
    """Only what was derived may be replaced: ``--db`` may be a slip of the hand, and an archive cannot be had again."""
    target = runs.folder / "precious.db"
    if content == "text":
        target.write_text("Dear diary\n" * 100)
    elif content == "archive":
        shutil.copyfile(runs.archive, target)
    else:
        other_database(target)
    before = target.read_bytes()
    options = {
        "scrape": ("--no-articles", "--archive", str(runs.archive), "--mirror", runs.web.url),
        "rebuild": ("--archive", str(runs.archive)),
        "demo": (),
    }[command]
    result = runs.run(command, *options, "--db", str(target))
    assert target.read_bytes() == before
    assert (result.exit_code, len(problems(result))) == (5, 1)


@pytest.mark.parametrize("place", ["below a file", "in no folder", "in a folder of the kernel"])
@pytest.mark.parametrize("option", ["--db", "--archive"])
def test_folder_that_cannot_be_written_ends_with_5(runs: Runs, first_run: Runs, place: str, option: str) -> None:
    folder = {
        "below a file": runs.db,
        "in no folder": runs.folder / "missing",
        "in a folder of the kernel": Path("/proc"),
    }[place]
    result = runs.scrape(SECOND, option, str(folder / "winkb.db"))
    assert result.exit_code == 5
    (lines,) = problems(result)
    assert lines.startswith(f"winkb: unexpected trouble on {folder / 'winkb.db'}")
    assert "expected: a folder that can be written" in lines
    assert runs.db.read_bytes() == first_run.db.read_bytes()
    assert runs.archive.read_bytes() == first_run.archive.read_bytes()


KILLED = {
    "after the first page": "from scraper.ingest.archive import Archive as owner; name = 'keep'; last = True",
    "before the swap": "import os as owner; name = 'replace'; last = False",
    "after the swap": "import os as owner; name = 'replace'; last = True",
}
KILLING = """
import os, signal
real = getattr(owner, name)
def killing(*arguments, **named):
    if last:
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, killing)
"""


@pytest.mark.parametrize("point", KILLED)
def test_killed_run_leaves_a_whole_catalog_and_the_next_one_goes_on(runs: Runs, second_run: Runs, point: str) -> None:
    before = runs.db.read_bytes()
    # The hub pages come last, so that it is always the same pages that were noted.
    for name in ("hotpatch-24h2", NOTES):
        runs.answer(name, Reply(body=body_of(name, NEW), wait=0.1))
    process = runs.command(SECOND, f"{KILLED[point]}{KILLING}")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    swapped = point == "after the swap"
    assert (runs.db.read_bytes() == before) is not swapped
    if swapped:
        assert runs.tables(*FACTS) == second_run.tables(*FACTS)
    assert runs.run("check", "--db", str(runs.db), "--now", SECOND).exit_code in (0, 1)

    result = runs.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.tables("releases", "kbs", "builds", "months") == second_run.tables(
        "releases", "kbs", "builds", "months"
    )
    assert sorted(runs.changes(), key=str) == sorted(second_run.changes(), key=str)
    # What a job publishes on: the catalog that it had is another one now, whatever the killed run noted.
    assert runs.outcome() == ("unchanged" if swapped else "news")
    killed = ("news", 0) if point != "after the first page" else ("interrupted", None)
    assert runs.rows("select outcome, exit_code from runs where run = 2") == [killed]
    assert runs.scrape(FOURTH).exit_code == 0
    assert runs.outcome() == "unchanged"

"""What the experiments in trust/ found: acceptances that were cut short, wrong clocks, machines that refuse."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from selectolax.lexbor import SelectolaxError

from scraper import answers
from scraper.catalog import write
from scraper.catalog.aside import aside
from scraper.cli import main
from scraper.errors import MachineError
from scraper.ingest import job, parse
from scraper.ingest.archive import Archive, Visit
from scraper.ingest.published import wanted_articles
from scraper.ingest.sources import BY_NAME
from tests.fixtures.edits import halved
from tests.fixtures.places import ROOT
from tests.fixtures.runs import CLIENT, FACTS, FIRST, MORNING, NEW, OLD, SECOND, THIRD, URLS, Runs, body_of, copied

TABLES = (*FACTS, "pages", "runs")


def drifting(runs: Runs, date: str) -> job.Paths:
    """After a run in which a page of that date had lost half its rows."""
    runs.serve(date)
    runs.answer(CLIENT, halved(body_of(CLIENT, date)))
    assert runs.scrape(SECOND).exit_code == 4
    return job.Paths(runs.db, runs.archive)


def acceptances(paths: job.Paths) -> int:
    with closing(Archive(paths.archive)) as archive:
        return len(archive.acceptances())


@pytest.mark.usefixtures("no_waiting")
def test_acceptance_that_could_not_be_published_can_be_given_again(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = drifting(runs, NEW)
    (tmp_path / "undisturbed").mkdir()
    undisturbed = copied(runs, tmp_path / "undisturbed")
    job.accept(job.Paths(undisturbed.db, undisturbed.archive), CLIENT, MORNING)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(write, "write_visits", full)
        with pytest.raises(MachineError, match="disk is full"):
            job.accept(paths, CLIENT, MORNING)
    assert acceptances(paths) == 0
    job.accept(paths, CLIENT, MORNING)
    assert acceptances(paths) == 1
    assert runs.tables(*TABLES) == undisturbed.tables(*TABLES)


@pytest.mark.usefixtures("no_waiting")
def test_acceptance_of_a_process_that_was_killed_is_published_by_the_next_run(runs: Runs) -> None:
    paths = drifting(runs, OLD)
    before = paths.db.read_bytes()
    job.accept(paths, CLIENT, MORNING)
    paths.db.write_bytes(before)  # as if it had been killed before the swap
    runs.serve(OLD)  # the page is what it was before it drifted, so that nothing seems to be new
    assert runs.scrape(THIRD).exit_code == 0
    published = runs.tables(*TABLES)
    job.rebuild(paths)
    assert runs.tables(*TABLES) == published


@pytest.mark.parametrize("ahead", ["2026-10-02T12:00:00Z", "2099-01-01T03:00:00Z"])
def test_article_that_a_clock_was_ahead_at_is_due_again_once(first_run: Runs, tmp_path: Path, ahead: str) -> None:
    wanted = wanted_articles(first_run.db)
    with closing(Archive(tmp_path / "archive.db")) as archive:

        def visit_all(run: int, at: str) -> None:
            for one in wanted:
                archive.note(Visit(run, one.kb, "https://support.microsoft.com/x", at, failure="gone", exit_code=0))

        visit_all(1, ahead)
        assert len(job._due(archive, first_run.db, FIRST)) == len(wanted) > 0
        visit_all(2, FIRST)
        assert job._due(archive, first_run.db, FIRST) == []


def test_what_cannot_be_written_nor_removed_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "catalog.db.aside" / "of somebody").mkdir(parents=True)
    with pytest.raises(MachineError, match="expected: a folder with room"), aside(tmp_path / "catalog.db"):
        pass


def test_full_disk_below_standard_output_ends_with_5(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scraper", "kb", "KB5058497", "--db", str(ROOT / "catalog.db")]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        both = subprocess.run(command, cwd=ROOT, stdout=full, stderr=full, timeout=60)
    assert (ended.returncode, both.returncode) == (5, 5)
    assert ended.stderr == (
        "winkb: unexpected trouble on this machine. expected: files, memory and room,"
        " found: [Errno 28] No space left on device\n"
    )


@pytest.mark.parametrize(
    ("refused", "found"),
    [(MemoryError(), "no memory left"), (OSError(24, "Too many open files"), "[Errno 24] Too many open files")],
)
def test_what_the_system_refuses_is_this_machine_s_trouble(
    monkeypatch: pytest.MonkeyPatch, refused: Exception, found: str
) -> None:
    def kb(*_: object) -> None:
        raise refused

    monkeypatch.setattr(answers, "kb", kb)
    result = CliRunner().invoke(main, ["kb", "KB5058497", "--db", str(ROOT / "catalog.db")])
    assert result.exit_code == 5
    assert result.stderr.endswith(f"found: {found}\n")


def test_page_is_not_blamed_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(_: bytes) -> None:
        raise SelectolaxError("Can't parse HTML.")

    monkeypatch.setattr(parse, "LexborHTMLParser", starved)
    with pytest.raises(MemoryError):
        parse.parse(BY_NAME[CLIENT], body_of(CLIENT, NEW), URLS[CLIENT])

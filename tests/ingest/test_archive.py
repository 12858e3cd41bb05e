"""The archive: what the hosts served, kept for ever and in order (design.md section 2)."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from scraper.errors import BusyError, MachineError
from scraper.ingest.archive import Acceptance, Archive, RunEnd, Visit, held
from tests.fixtures.places import ROOT

PAGE, OTHER = "hotpatch-24h2", "hotpatch-25h2"
URL = "https://support.microsoft.com/en-us/topic/notes"
RUN, NEXT = "2026-07-22T04:00:00Z", "2026-07-23T04:00:00Z"
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    with closing(Archive(path)) as archive:
        yield archive


def served(run: int, version: int, source: str = PAGE, at: str = RUN, etag: str | None = None) -> Visit:
    return Visit(run, source, URL, at, status=200, final_url=URL, version=version, etag=etag)


def failed(run: int, source: str = PAGE, at: str = RUN) -> Visit:
    return Visit(run, source, URL, at, failure="404", exit_code=4)


# --- versions --------------------------------------------------------------------------------------------------------


def test_body_comes_back_byte_for_byte(archive: Archive) -> None:
    body = bytes(range(256)) * 100
    assert archive.body(archive.version(PAGE, ONE, body)) == body


def test_first_raw_bytes_of_a_version_are_kept(archive: Archive) -> None:
    version = archive.version(PAGE, ONE, b"first")
    assert archive.version(PAGE, ONE, b"same facts, other chrome") == version
    assert archive.body(version) == b"first"
    assert archive.fingerprint(version) == ONE


def test_version_belongs_to_its_source(archive: Archive) -> None:
    assert archive.version(PAGE, ONE, b"x") != archive.version(OTHER, ONE, b"y")


def test_version_that_comes_back_is_the_old_one(archive: Archive) -> None:
    first = archive.version(PAGE, ONE, b"one")
    second = archive.version(PAGE, TWO, b"two")
    assert archive.version(PAGE, ONE, b"one") == first != second


def test_bodies_are_stored_compressed(archive: Archive, path: Path) -> None:
    archive.version(PAGE, ONE, b"the same words " * 100_000)
    assert path.stat().st_size < 100_000


def test_fingerprint_of_another_form_is_refused(archive: Archive) -> None:
    with pytest.raises(MachineError, match="CHECK constraint failed"):
        archive.version(PAGE, "short", b"x")


# --- visits and runs -------------------------------------------------------------------------------------------------


def test_visits_come_back_whole_and_in_the_order_of_the_runs(archive: Archive) -> None:
    version = archive.version(PAGE, ONE, b"one")
    whole = Visit(1, PAGE, URL, RUN, 200, f"{URL}/landed", version, '"etag"', "Wed, 22 Jul 2026 04:00:00 GMT")
    visits = [whole, failed(1, OTHER), served(2, version, at=NEXT)]
    for visit in visits:
        archive.note(visit)
    assert list(archive.visits()) == visits


def test_order_is_that_of_the_runs_and_not_of_the_clock(archive: Archive) -> None:
    archive.note(failed(1, at=NEXT))
    archive.note(failed(2, at=RUN))
    assert [visit.run for visit in archive.visits()] == [1, 2]


@pytest.mark.parametrize(
    "visit",
    [
        Visit(1, PAGE, URL, RUN),
        Visit(1, PAGE, URL, RUN, version=1, failure="both"),
        Visit(1, PAGE, URL, "2026-07-22", failure="no time"),
        Visit(1, PAGE, URL, RUN, version=99),
    ],
    ids=["neither version nor failure", "both", "a date for a time", "a version that is not there"],
)
def test_visit_that_says_nothing_is_refused(archive: Archive, visit: Visit) -> None:
    archive.version(PAGE, ONE, b"one")
    with pytest.raises(MachineError, match="constraint failed"):
        archive.note(visit)
    assert list(archive.visits()) == []


def test_last_good_visit_has_the_validators_of_what_was_served_last(archive: Archive) -> None:
    assert archive.last_good(PAGE) is None
    version = archive.version(PAGE, ONE, b"one")
    archive.note(served(1, version, etag='"old"'))
    archive.note(served(2, version, etag='"new"'))
    archive.note(failed(3))
    archive.note(served(3, archive.version(OTHER, TWO, b"two"), OTHER, etag='"other"'))
    assert archive.last_good(PAGE) == served(2, version, etag='"new"')


def test_runs_are_numbered_from_one(archive: Archive) -> None:
    assert archive.next_run() == 1
    archive.note(failed(1))
    archive.finish(RunEnd(1, "failed", 4, None))
    assert archive.next_run() == 2
    assert archive.runs() == {1: RunEnd(1, "failed", 4, None)}


def test_run_that_was_killed_keeps_its_number(archive: Archive) -> None:
    archive.note(failed(1))
    assert archive.runs() == {}
    assert archive.next_run() == 2


def test_run_ends_once(archive: Archive) -> None:
    archive.finish(RunEnd(1, "news", 0, ONE))
    with pytest.raises(MachineError, match="UNIQUE constraint failed"):
        archive.finish(RunEnd(1, "unchanged", 0, ONE))
    assert archive.runs() == {1: RunEnd(1, "news", 0, ONE)}


def accept(archive: Archive, acceptance: Acceptance) -> None:
    with archive.accepting(acceptance):
        assert acceptance in archive.acceptances()


def test_acceptance_is_of_a_version(archive: Archive) -> None:
    assert archive.acceptances() == []
    version = archive.version(PAGE, ONE, b"one")
    archive.version(PAGE, TWO, b"two")
    given = [Acceptance(1, PAGE, version, RUN), Acceptance(2, PAGE, version, NEXT)]
    for acceptance in given:
        accept(archive, acceptance)
    assert archive.acceptances() == given
    with pytest.raises(MachineError, match="FOREIGN KEY constraint failed"):
        accept(archive, Acceptance(2, PAGE, 99, RUN))
    with pytest.raises(ZeroDivisionError), archive.accepting(Acceptance(3, PAGE, version, NEXT)):
        raise ZeroDivisionError
    assert archive.acceptances() == given


def test_everything_is_still_there_after_opening_it_again(path: Path) -> None:
    with closing(Archive(path)) as archive:
        version = archive.version(PAGE, ONE, b"one")
        archive.note(served(1, version))
        archive.finish(RunEnd(1, "news", 0, TWO))
        accept(archive, Acceptance(1, PAGE, version, RUN))
    with closing(Archive(path)) as archive:
        assert archive.body(version) == b"one"
        assert list(archive.visits()) == [served(1, version)]
        assert archive.runs() == {1: RunEnd(1, "news", 0, TWO)}
        assert archive.acceptances() == [Acceptance(1, PAGE, version, RUN)]
        assert archive.next_run() == 2


def test_archive_without_a_path_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Archive(None)) as archive:
        archive.note(failed(1))
        assert archive.next_run() == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_there_for_another_reader_at_once(archive: Archive, path: Path) -> None:
    archive.note(failed(1))
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("select count(*) from visits").fetchone() == (1,)


# --- this machine ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"not a database, though long enough" * 100, b"SQLite format 3\0" + b"x" * 4096])
def test_file_that_is_no_database_is_the_machine_s_trouble(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MachineError, match=r"file is not a database|malformed"):
        Archive(path)
    assert path.read_bytes() == content


def test_other_database_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table diary (day text, secret text)")
    before = path.read_bytes()
    with pytest.raises(MachineError, match="expected: an archive"):
        Archive(path)
    assert path.read_bytes() == before


def test_empty_file_becomes_an_archive(path: Path) -> None:
    path.touch()
    with closing(Archive(path)) as archive:
        assert archive.next_run() == 1


def test_folder_that_is_not_there_is_the_machine_s_trouble(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"unable to open database file"):
        Archive(tmp_path / "missing" / "archive.db")


def process(code: str, *arguments: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


FILL = """
import os, resource, sys
from pathlib import Path
from scraper.ingest.archive import Archive
from scraper.errors import MachineError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
archive = Archive(Path(sys.argv[1]))
archive.version("small", "1" * 64, b"small")
try:
    archive.version("big", "2" * 64, os.urandom(200_000))
except MachineError as problem:
    print(problem)
archive.close()
"""


def test_full_disk_is_the_machine_s_trouble_and_loses_nothing(path: Path) -> None:
    filling = process(FILL, str(path))
    stdout, stderr = filling.communicate(timeout=30)
    assert stderr == ""
    assert stdout.startswith(f"unexpected trouble on {path}. expected: an archive that can be written, found: ")
    with closing(Archive(path)) as archive:
        assert archive.version("small", ONE, b"again") == 1
        assert archive.version("big", TWO, b"now there is room") == 2


# --- one run at a time -----------------------------------------------------------------------------------------------


def test_held_archive_is_refused_to_a_second_run_until_it_is_let_go(path: Path) -> None:
    with held(path):
        with pytest.raises(BusyError) as refused, held(path):
            pass
        assert str(refused.value) == (
            f"unexpected second run on {path}. expected: no other run under way, found: one that holds it"
        )
    with held(path):
        pass


def test_hold_is_let_go_when_the_run_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(path):
        raise ZeroDivisionError
    with held(path):
        pass


def test_hold_creates_no_archive(path: Path) -> None:
    with held(path):
        assert not path.exists()


def test_other_archives_are_not_held(path: Path) -> None:
    with held(path), held(path.with_name("other.db")):
        pass


def test_folder_in_which_no_lock_can_be_written_is_the_machine_s_trouble(path: Path) -> None:
    with pytest.raises(MachineError, match="expected: a folder that can be written"), held(path / "archive.db"):
        pass


HOLD = """
import sys
from pathlib import Path
from scraper.ingest.archive import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_hold_goes_with_the_process_however_it_ends(path: Path) -> None:
    with process(HOLD, str(path)) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "held\n"
        with pytest.raises(BusyError), held(path):
            pass
        os.kill(holding.pid, signal.SIGKILL)
    with held(path):
        pass


def test_visit_and_what_it_was_served_are_kept_together_or_not_at_all(archive: Archive) -> None:
    kept = archive.keep(replace(served(1, 0), version=None), ONE, b"one")
    assert archive.body(int(kept.version or 0)) == b"one"
    assert list(archive.visits()) == [kept]
    with pytest.raises(MachineError, match="CHECK constraint failed"):
        archive.keep(replace(kept, at="soon"), TWO, b"two")
    assert list(archive.visits()) == [kept]
    assert archive.keep(replace(kept, run=2), TWO, b"two").version == int(kept.version or 0) + 1

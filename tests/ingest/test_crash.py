"""Killed, starved, refused, misled by the clock: short versions of the experiments in trust/, and what they found."""

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
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
from scraper.ingest.sources import SOURCES
from scraper.publish.serve import AGAIN
from tests.fixtures.places import ROOT
from tests.fixtures.web import Reply, Web
from tests.site.test_datasette import serving, swap, wait_for
from trust.machine_troubles import KINDS, MOUNTED, can_mount
from trust.machine_troubles import play as play_trouble
from trust.odd_runs import Clock, Together
from trust.publish_kills import WRITING, Kill, chosen
from trust.publish_kills import play as play_kill
from trust.remains import contents, differences
from trust.scenes import CLIENT, FIRST, FOURTH, NEW, Scenes
from trust.under_readers import Publisher, Seen, Site, reading

NEWS, ACCEPT = "scrape with news", "accept"
LATER = "2026-10-05T03:00:00Z"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return Scenes(tmp_path_factory.mktemp("scenes"), NEWS, ACCEPT)


# --- the experiments, in short ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_killed_at_a_write_leaves_the_old_catalog_or_the_new_one(scenes: Scenes, tmp_path: Path, number: int) -> None:
    kills = chosen(scenes, random.Random(number), 100)
    kill = next(kill for kill in kills if kill.torn == bool(number % 2) and phase_of(kill) in WRITING)
    done = play_kill(scenes, kill, tmp_path / "round" / "folder", {})
    assert (done.is_killed, done.wrong) == (True, [])


def phase_of(kill: Kill) -> str:
    return kill.scene.points[kill.point - 1][0]


@pytest.mark.parametrize("broken", ["copy", "early"])
def test_swap_that_is_no_swap_is_noticed(scenes: Scenes, tmp_path: Path, broken: str) -> None:
    """The experiment can fail: the catalog is copied over, or written in its place."""
    scene = scenes[NEWS]
    phases = [phase for phase, _, _ in scene.points]
    number = {"copy": phases.index("swap") + 2, "early": phases.index("archive.finish")}[broken]
    done = play_kill(scenes, Kill(scene, number, torn=True), tmp_path / "round" / "folder", {"broken": broken})
    assert done.is_killed
    assert done.state is None
    assert done.wrong


@pytest.mark.parametrize("kind", ["disk full at a point", "small tmpfs", "read-only folder"])
def test_machine_that_fails_spoils_nothing(scenes: Scenes, tmp_path: Path, kind: str) -> None:
    if kind in MOUNTED and not can_mount(tmp_path):
        pytest.skip("mounting is not permitted")
    trouble = KINDS[kind](scenes[NEWS], random.Random(1))
    if trouble.size is not None:
        trouble = replace(trouble, size=300)  # KB: enough for the archive, too little for the catalog
    done = play_trouble(scenes, trouble, tmp_path / "round" / "folder", {})
    assert (done.ended.code, done.wrong) == (5, [])


def test_runs_at_once_come_one_after_the_other(scenes: Scenes, tmp_path: Path) -> None:
    ended, wrong = Together(scenes, {}).play(("scrape", "accept", "demo"), tmp_path / "folder")
    assert wrong == []
    assert len(ended) == 3


def test_runs_that_are_not_kept_apart_are_noticed(scenes: Scenes, tmp_path: Path) -> None:
    together = Together(scenes, {"broken": "unlocked"})
    rounds = (
        together.play(("scrape", "accept", "demo"), tmp_path / f"round-{number}" / "folder") for number in range(10)
    )
    assert any(wrong for _, wrong in rounds), "a race that was lost ten times in a row"


def test_order_is_that_of_the_runs_whatever_the_clock_says(scenes: Scenes, tmp_path: Path) -> None:
    back, wrong = Clock(scenes).play(tmp_path / "job", random.Random(6))
    assert back > 1
    assert wrong == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(body=b"<html>generation 0\xe2\x82"), "failed"),  # half a letter
        (Reply(status=500, body=b"<html>generation 0</html>"), "failed"),
        (Reply(silent=True), "failed"),
        (Reply(body=b"<html>generation 0</html>", headers={"Content-Length": "100"}), "failed"),
        (Reply(body=b"<html>generation 0</html>", headers={"Content-Length": None}), "failed"),
        (Reply(body=b"<html>generation 0"), "not whole"),
        (Reply(body=b"<html></html>"), "not whole"),
        (Reply(body=b"<html>generation 0 generation 1</html>"), "mixed"),
    ],
)
def test_reader_hears_of_every_answer_that_is_broken(tmp_path: Path, reply: Reply, kind: str) -> None:
    seen, publisher = Seen(), Publisher(tmp_path / "catalog.db", None)
    with closing(publisher), Web() as web:
        web.page("/", reply)
        site = Site(int(web.url.rpartition(":")[2]), ["/"], 10, True, {"/": 1})
        with reading(site, publisher, seen, seed=1) as clients:
            wait_for(lambda: seen.counts[kind] > len(clients), 20)
            assert all(client.is_alive() for client in clients)


def test_reader_that_reads_too_little_is_missed(tmp_path: Path) -> None:
    seen, publisher = Seen(), Publisher(tmp_path / "catalog.db", None)
    with closing(publisher), Web() as web:
        web.page("/", Reply(body=b"<html>generation 0</html>", wait=0.2))
        site = Site(int(web.url.rpartition(":")[2]), ["/"], 10, True, {"/": 1})
        with reading(site, publisher, seen, seed=1) as clients:
            publisher.swaps.append((1000, float("inf"), float("inf")))
    assert seen.counts == {"lost": len(clients)}


# --- what they found -------------------------------------------------------------------------------------------------


def drifting(scenes: Scenes, folder: Path) -> job.Paths:
    scenes[ACCEPT].folder(folder)
    return job.Paths(folder / "catalog.db", folder / "archive.db")


def acceptances(paths: job.Paths) -> int:
    with closing(Archive(paths.archive)) as archive:
        return len(archive.acceptances())


def test_acceptance_that_could_not_be_published_can_be_given_again(
    scenes: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = drifting(scenes, tmp_path / "folder")

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(write, "write_visits", full)
        with pytest.raises(MachineError, match="disk is full"):
            job.accept(paths, CLIENT, FOURTH)
    assert acceptances(paths) == 0
    job.accept(paths, CLIENT, FOURTH)
    assert acceptances(paths) == 1
    assert differences(contents(paths.db), scenes[ACCEPT].whole) == []


def test_acceptance_of_a_process_that_was_killed_is_published_by_the_next_run(scenes: Scenes, tmp_path: Path) -> None:
    paths = drifting(scenes, tmp_path / "folder")
    before = paths.db.read_bytes()
    job.accept(paths, CLIENT, FOURTH)
    paths.db.write_bytes(before)  # as if it had been killed before the swap
    good = str(scenes.mirror(NEW))  # the page is what it was before it drifted, so that nothing seems to be new
    job.scrape(paths, LATER, mirror=good, manners=job.Manners(delay=0))
    published = contents(paths.db)
    job.rebuild(paths)
    assert differences(published, contents(paths.db)) == []


@pytest.mark.parametrize("ahead", ["2026-10-02T12:00:00Z", "2099-01-01T03:00:00Z"])
def test_article_that_a_clock_was_ahead_at_is_due_again_once(scenes: Scenes, tmp_path: Path, ahead: str) -> None:
    db = scenes[ACCEPT].start / "catalog.db"
    wanted = wanted_articles(db)
    with closing(Archive(tmp_path / "archive.db")) as archive:

        def visit_all(run: int, at: str) -> None:
            for one in wanted:
                archive.note(Visit(run, one.kb, "https://support.microsoft.com/x", at, failure="gone", exit_code=0))

        visit_all(1, ahead)
        assert len(job._due(archive, db, FIRST)) == len(wanted) > 0
        visit_all(2, FIRST)
        assert job._due(archive, db, FIRST) == []


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


def test_page_is_not_blamed_for_a_lack_of_memory(scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(_: bytes) -> None:
        raise SelectolaxError("Can't parse HTML.")

    monkeypatch.setattr(parse, "LexborHTMLParser", starved)
    body = (scenes.mirror(NEW) / SOURCES[0].url.removeprefix("https://")).with_suffix(".html").read_bytes()
    with pytest.raises(MemoryError):
        parse.parse(SOURCES[0], body, SOURCES[0].url)


def test_catalog_that_could_not_be_taken_up_is_tried_again(tmp_path: Path) -> None:
    db = tmp_path / "catalog.db"
    swap(db, 0)
    with serving(db) as server:
        own = tmp_path / "metadata.yml"
        own.write_text("title: [", encoding="utf-8")
        swap(db, 1)
        wait_for(lambda: "the last good catalog stays" in server.stderr(), 20)
        assert "generation 0" in server.client.get("/catalog/kbs").text
        shutil.copy(ROOT / "metadata.yml", own)
        wait_for(lambda: "generation 1" in server.client.get("/catalog/kbs").text, AGAIN + 20)
        assert server.stderr().count("the last good catalog stays") == 1

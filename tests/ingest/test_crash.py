"""Killed, starved, refused, misled by the clock: short versions of the experiments in trust/."""

import random
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from scraper.publish.serve import AGAIN
from tests.fixtures.places import ROOT
from tests.fixtures.serving import serving, swap, wait_for
from tests.fixtures.web import Reply, Web
from trust.machine_troubles import KINDS, MOUNTED, can_mount
from trust.machine_troubles import play as play_trouble
from trust.odd_runs import Clock, Together
from trust.publish_kills import WRITING, Kill, chosen
from trust.publish_kills import play as play_kill
from trust.scenes import Scenes
from trust.under_readers import Publisher, Seen, Site, reading

NEWS, ACCEPT = "scrape with news", "accept"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return Scenes(tmp_path_factory.mktemp("scenes"), NEWS, ACCEPT)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_killed_at_a_write_leaves_the_old_catalog_or_the_new_one(scenes: Scenes, tmp_path: Path, number: int) -> None:
    kills = chosen(scenes, random.Random(number), 100)
    kill = next(kill for kill in kills if kill.torn == bool(number % 2) and phase_of(kill) in WRITING)
    done = play_kill(scenes, kill, tmp_path / "round" / "folder", {})
    assert (done.is_killed, done.wrong) == (True, [])


def phase_of(kill: Kill) -> str:
    return kill.scene.points[kill.point - 1][0]


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["disk full at a point", "small tmpfs", "read-only folder"])
def test_machine_that_fails_spoils_nothing(scenes: Scenes, tmp_path: Path, kind: str) -> None:
    if kind in MOUNTED and not can_mount(tmp_path):
        pytest.skip("mounting is not permitted")
    trouble = KINDS[kind](scenes[NEWS], random.Random(1))
    if trouble.size is not None:
        trouble = replace(trouble, size=300)  # KB: enough for the archive, too little for the catalog
    done = play_trouble(scenes, trouble, tmp_path / "round" / "folder", {})
    assert (done.ended.code, done.wrong) == (5, [])


@pytest.mark.slow
def test_runs_at_once_come_one_after_the_other(scenes: Scenes, tmp_path: Path) -> None:
    ended, wrong = Together(scenes, {}).play(("scrape", "accept", "demo"), tmp_path / "folder")
    assert wrong == []
    assert len(ended) == 3


@pytest.mark.slow
def test_runs_that_are_not_kept_apart_are_noticed(scenes: Scenes, tmp_path: Path) -> None:
    together = Together(scenes, {"broken": "unlocked"})
    rounds = (
        together.play(("scrape", "accept", "demo"), tmp_path / f"round-{number}" / "folder") for number in range(10)
    )
    assert any(wrong for _, wrong in rounds), "a race that was lost ten times in a row"


@pytest.mark.slow
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


@pytest.mark.slow
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

"""Whether a command that publishes can be killed at any moment: the catalog is the old or the new one, whole.

    python trust/publish_kills.py [--rounds 200] [--points 100] [--seed 3] [--every] [--break copy|early]

Seven commands, each in its folder (trust/scenes.py): a first scrape, one with news, one without, one of articles, a
rebuild, an acceptance and a demo. ``--rounds`` of them are ended with SIGKILL at a random moment: a fifth of these of
all that follows the run's first look into the archive, two fifths of what follows the first reading of what is stored,
and two fifths of what follows the first line of a new catalog, its swap at the end. ``--points`` more are ended at a
chosen point: before a write of SQLite's or in the middle of it, before it opens, cuts or removes a file, and before
``fsync``, ``os.replace`` and ``os.unlink`` (trust/meddler.py). Rare kinds of points come first, so that each is tried.
``--every`` tries every point.

What then lies there must be: a catalog that is, row by row and in every table, one of those that an undisturbed run
publishes, and the very one that the swaps done so far gave; an archive that is sound, has lost nothing that it had,
and whose every version is the page that its fingerprint names; and no file that the next run does not take away. The
same command, given again, must end well, and catalog and archive must be those of the undisturbed run, or, where some
pages had come before the kill, those of a run that was asked for these only with a whole one after it. Exit 1 on any
violation; its folder stays.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from trust.remains import print_wrong  # noqa: E402
from trust.scenes import Scene, Scenes, recovered, state_of  # noqa: E402

WRITING = ("writing aside", "archive.finish", "archive.accept", "writing visits", "checking", "fsync", "swap")
LOADING = ("parsing", *WRITING)
SINCE = {
    "the first look": ("opening", "fetching and keeping", *LOADING, "after the swap"),
    "loading": LOADING,
    "writing": WRITING,
}
TRIES = 20
MOMENTS = ("the first look", "loading", "writing", "loading", "writing")


@dataclass(frozen=True, slots=True)
class Kill:
    """One round: at a point (``torn``: in the middle of a write), or at a share of the time that a run takes ``since``
    it first did one of these things."""

    scene: Scene
    point: int = 0
    torn: bool = False
    share: float = 0.0
    since: str = ""


def chosen(scenes: Scenes, chance: random.Random, rounds: int) -> Iterator[Kill]:
    """Points of all scenes, those of rare kinds first: of each kind as many as it takes."""
    kinds: dict[tuple[str, ...], list[Kill]] = {}
    for scene in scenes.all:
        for number, (phase, kind, name) in enumerate(scene.points, start=1):
            kinds.setdefault((scene.name, phase, kind, name), []).append(Kill(scene, number))
            if kind in ("write", "copy"):
                kinds.setdefault((scene.name, phase, "torn", name), []).append(Kill(scene, number, torn=True))
    for kills in kinds.values():
        chance.shuffle(kills)
    left = sorted(kinds.values(), key=lambda kills: (len(kills), chance.random()))
    while left and rounds > 0:
        for kills in left[:rounds]:
            yield kills.pop()
        rounds -= len(left)
        left = [kills for kills in left if kills]


def all_points(scenes: Scenes) -> Iterator[Kill]:
    for scene in scenes.all:
        for number, (_, kind, _) in enumerate(scene.points, start=1):
            yield Kill(scene, number)
            if kind in ("write", "copy"):
                yield Kill(scene, number, torn=True)


def timed(scenes: Scenes, chance: random.Random, rounds: int) -> Iterator[Kill]:
    for number in range(rounds):
        scene, since = scenes.all[number % len(scenes.all)], MOMENTS[number % len(MOMENTS)]
        yield Kill(scene, share=chance.random(), since=since)


class Durations:
    """How long each command takes since it first did something: the median of three runs, since the machine may be
    busy."""

    def __init__(self, scenes: Scenes, base: Path) -> None:
        self._spent: dict[tuple[str, str], float] = {}
        for scene in scenes.all:
            runs = [self._time(scenes, scene, base / f"timed-{scene.name}-{number}") for number in range(3)]
            self._spent |= {(scene.name, since): median(run[since] for run in runs) for since in SINCE}

    def _time(self, scenes: Scenes, scene: Scene, folder: Path) -> dict[str, float]:
        path = folder.with_suffix(".phase")
        process = scenes.begin(scene.folder(folder), scene.command, {"phase": str(path)})
        begun = {since: wait_for_phase(process, path, phases) or time.perf_counter() for since, phases in SINCE.items()}
        process.wait()
        end = time.perf_counter()
        shutil.rmtree(folder)
        return {since: end - at for since, at in begun.items()}

    def seconds(self, kill: Kill) -> float:
        return self._spent[kill.scene.name, kill.since] * kill.share


def told(path: Path) -> tuple[int, str]:
    """How many swaps a run has done, and its phase."""
    swaps, _, phase = (path.read_text() if path.exists() else "").partition(" ")
    return int(swaps or 0), phase.strip() or "starting"


def wait_for_phase(process: "subprocess.Popen[bytes]", path: Path, phases: Sequence[str]) -> float | None:
    """When a run first was in one of these phases; None when it never was."""
    while process.poll() is None:
        if told(path)[1] in phases:
            return time.perf_counter()
        time.sleep(0.001)
    return None


@dataclass(frozen=True, slots=True)
class Killed:
    """How a round's run ended: in which phase, after how many swaps at least and at most, and what it said."""

    is_killed: bool
    phase: str
    swaps: tuple[int, int]
    output: str


def killed(scenes: Scenes, kill: Kill, folder: Path, broken: dict[str, object], durations: Durations | None) -> Killed:
    path = folder.with_suffix(".phase")
    plan = {"phase": str(path), **broken}
    if kill.point:
        ended = scenes.run(folder, kill.scene.command, plan | {"torn" if kill.torn else "kill": kill.point})
        done = sum(kind == "swap" for _, kind, _ in kill.scene.points[: kill.point - 1])
        return Killed(ended.code == -signal.SIGKILL, told(path)[1], (done, done), ended.output)
    assert durations is not None
    process = scenes.begin(folder, kill.scene.command, plan)
    wait_for_phase(process, path, SINCE[kill.since])
    try:
        process.wait(durations.seconds(kill))
    except subprocess.TimeoutExpired:
        process.kill()
    ended = scenes.ended(process, folder.with_suffix(".log"))
    done, phase = told(path)
    return Killed(ended.code == -signal.SIGKILL, phase, (done, done + (phase == "swap")), ended.output)


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a kill. ``state``: which of the scene's catalogs stood there, 0 being the old one."""

    kill: Kill
    is_killed: bool
    phase: str
    state: int | None
    wrong: list[str]


def play(
    scenes: Scenes, kill: Kill, folder: Path, broken: dict[str, object], durations: Durations | None = None
) -> Round:
    folder.parent.mkdir()
    kill.scene.folder(folder)
    ended = killed(scenes, kill, folder, broken, durations)
    if not ended.is_killed and kill.point:
        wrong = [f"it was not killed at its point: {ended.output[-500:]}"]
        return Round(kill, ended.is_killed, ended.phase, None, wrong)
    state, wrong = state_of(kill.scene, folder)
    if ended.is_killed and state is not None:
        least, most = ended.swaps
        # Two swaps may give the same rows.
        if kill.scene.states[state] not in kill.scene.states[least : most + 1]:
            wrong.append(f"{least} to {most} swaps were done, and catalog {state} stands there")
    wrong += recovered(scenes, kill.scene, folder)
    return Round(kill, ended.is_killed, ended.phase, state, wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=200, help="at random moments")
    parser.add_argument("--points", type=int, default=100, help="at chosen points")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--every", action="store_true", help="every point, which takes hours")
    parser.add_argument("--break", dest="broken", choices=("copy", "early"), help="swap as one must not: it must fail")
    options = parser.parse_args()
    chance, begin = random.Random(options.seed), time.perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-publish-"))
    scenes = Scenes(base)
    broken = {"broken": options.broken} if options.broken else {}
    durations = Durations(scenes, base)
    print(
        f"{len(scenes.all)} commands, {sum(len(s.states) - 1 for s in scenes.all)} swaps,"
        f" {sum(len(s.points) for s in scenes.all)} points",
        flush=True,
    )
    if options.every:
        kills = list(all_points(scenes))
    else:
        kills = [*chosen(scenes, chance, options.points), *timed(scenes, chance, options.rounds)]

    late: list[int] = []

    def do(numbered: tuple[int, Kill]) -> Round:
        number, kill = numbered
        folder = base / f"round-{number}" / "folder"
        done = play(scenes, kill, folder, broken, durations)
        tries = 1
        while not done.is_killed and not done.wrong:  # it came too late
            late.append(number)
            shutil.rmtree(folder.parent)
            kill, tries = replace(kill, share=0.8 * kill.share), tries + 1
            done = play(scenes, kill, folder, broken, durations)
            if not done.is_killed and tries == TRIES:
                done.wrong.append(f"it ended {TRIES} times before it could be killed")
        print_wrong(f"round {number}, {kill.scene.name}, point {kill.point}, {done.phase}", done.wrong, folder.parent)
        return done

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        rounds = list(workers.map(do, enumerate(kills)))
    report(rounds, len(late), time.perf_counter() - begin, options.seed)
    failed = any(done.wrong for done in rounds)
    if not failed:
        shutil.rmtree(base)
    sys.exit(failed)


def report(rounds: list[Round], late: int, seconds: float, seed: int) -> None:
    dead = [done for done in rounds if done.is_killed]
    at_points = [done for done in dead if done.kill.point]
    at_random = [done for done in dead if not done.kill.point]
    torn = sum(done.kill.torn for done in at_points)
    print(f"{len(dead)} kills (seed {seed}; {late} more came too late and were tried again, earlier);")
    print(f"{len(at_random)} at random moments, {len(at_points)} at chosen points, {torn} of them within a write;")
    print("by phase, at random / at points:")
    random_, chosen_ = (Counter(done.phase for done in part) for part in (at_random, at_points))
    for phase in sorted(random_ | chosen_, key=lambda phase: -(random_ + chosen_)[phase]):
        print(f"  {phase}: {random_[phase]} / {chosen_[phase]}")
    for what, phases in (("loading, writing and swap", LOADING), ("writing and swap", WRITING)):
        print(f"in {what}: {sum(random_[phase] for phase in phases)} / {sum(chosen_[phase] for phase in phases)}")
    for where, part in (("at random", at_random), ("at points", at_points)):
        old, new = sum(done.state == 0 for done in part), sum(bool(done.state) for done in part)
        print(f"{where}: {old} old, {new} new, {sum(done.state is None for done in part)} neither (must be 0)")
    print(f"rounds with a violation: {sum(bool(done.wrong) for done in rounds)} (must be 0)")
    print(f"{seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()

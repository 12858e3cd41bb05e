"""Whether a command that publishes can be killed at any moment: the catalog is the old or the new one, whole.

    python trust/publish_kills.py [--rounds 200] [--seed 3] [--every] [--break copy|early]

Seven commands, each in its folder (trust/scenes.py): a first scrape, one with news, one without, one of articles, a
rebuild, an acceptance and a demo. Half of the rounds end one of them with SIGKILL at a random moment, of the whole run
or of what follows the first look into the archive; the other half at a chosen point: before a write of SQLite's or in
the middle of it, before it opens, cuts or removes a file, and before ``fsync``, ``os.replace`` and ``os.unlink``
(trust/meddler.py). Rare kinds of points come first, so that each is tried. ``--every`` tries every point.

What then lies there must be: a catalog that is, row by row and in every table, one of those that an undisturbed run
publishes; an archive that is sound, has lost nothing that it had, and whose every version is the page that its
fingerprint names; and no file that the next run does not take away. The same command, given again, must end well, and
catalog and archive must be those of the undisturbed run, or, where some pages had come before the kill, those of a run
that was asked for these only with a whole one after it. Exit 1 on any violation; its folder stays.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from trust.remains import said  # noqa: E402
from trust.scenes import Scene, Scenes, recovered, standing  # noqa: E402

WRITING = ("writing aside", "archive.finish", "archive.accept", "writing visits", "checking", "fsync", "swap")


@dataclass(frozen=True, slots=True)
class Kill:
    """One round: at a point (``torn``: in the middle of a write), or at a share of the time that a run takes, all of it
    or what follows its first look into the archive (``late``)."""

    scene: Scene
    point: int = 0
    torn: bool = False
    share: float = 0.0
    late: bool = False


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
        yield Kill(scenes.all[number % len(scenes.all)], share=chance.random(), late=number % 4 > 0)


class Clock:
    """How long each command takes, in all and from its first look into the archive on: half a dozen runs' median,
    since the machine may be busy."""

    def __init__(self, scenes: Scenes, base: Path) -> None:
        self._spent: dict[tuple[str, bool], float] = {}
        for scene in scenes.all:
            spent = [self._time(scenes, scene, base / f"clock-{scene.name}-{number}") for number in range(3)]
            self._spent[scene.name, False] = median(whole for whole, _ in spent)
            self._spent[scene.name, True] = median(late for _, late in spent)

    def _time(self, scenes: Scenes, scene: Scene, folder: Path) -> tuple[float, float]:
        begin = time.perf_counter()
        phase = folder.with_suffix(".phase")
        process = scenes.begin(scene.folder(folder), scene.command, {"phase": str(phase)})
        opened = wait_for_phase(process, phase) or begin
        process.wait()
        end = time.perf_counter()
        shutil.rmtree(folder)
        return end - begin, end - opened

    def seconds(self, kill: Kill) -> float:
        return self._spent[kill.scene.name, kill.late] * kill.share


def phase_of(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def wait_for_phase(process: "subprocess.Popen[bytes]", path: Path) -> float | None:
    """When a run opened its archive; None when it never did."""
    while process.poll() is None:
        if phase_of(path):
            return time.perf_counter()
        time.sleep(0.001)
    return None


def killed(
    scenes: Scenes, kill: Kill, folder: Path, broken: dict[str, object], clock: Clock | None
) -> tuple[str, bool, str]:
    """Run and kill: the phase in which it fell, whether it was killed at all, and what it said."""
    phase = folder.with_suffix(".phase")
    plan = {"phase": str(phase), **broken}
    if kill.point:
        ended = scenes.run(folder, kill.scene.command, plan | {"torn" if kill.torn else "kill": kill.point})
        return phase_of(phase) or "starting", ended.code == -signal.SIGKILL, ended.output
    process = scenes.begin(folder, kill.scene.command, plan)
    if kill.late:
        wait_for_phase(process, phase)
    assert clock is not None
    try:
        process.wait(clock.seconds(kill))
    except subprocess.TimeoutExpired:
        process.kill()
    ended = scenes.ended(process, folder.with_suffix(".log"))
    return phase_of(phase) or "starting", ended.code == -signal.SIGKILL, ended.output


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a kill. ``state``: which of the scene's catalogs stood there, 0 being the old one."""

    kill: Kill
    is_killed: bool
    phase: str
    state: int | None
    wrong: list[str]


def play(scenes: Scenes, kill: Kill, folder: Path, broken: dict[str, object], clock: Clock | None = None) -> Round:
    folder.parent.mkdir()
    kill.scene.folder(folder)
    phase, is_killed, output = killed(scenes, kill, folder, broken, clock)
    if not is_killed and kill.point:
        return Round(kill, is_killed, phase, None, [f"it was not killed at its point: {output[-500:]}"])
    state, wrong = standing(kill.scene, folder)
    if is_killed and phase not in ("swap", "after the swap") and kill.point and state not in (0, None):
        done = sum(point[1] == "swap" for point in kill.scene.points[: kill.point - 1])
        if done != state:
            wrong.append(f"{done} swaps were done, and catalog {state} stands there")
    wrong += recovered(scenes, kill.scene, folder)
    return Round(kill, is_killed, phase, state, wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--every", action="store_true", help="every point, which takes hours")
    parser.add_argument("--break", dest="broken", choices=("copy", "early"), help="swap as one must not: it must fail")
    options = parser.parse_args()
    chance, begin = random.Random(options.seed), time.perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-publish-"))
    scenes = Scenes(base)
    broken = {"broken": options.broken} if options.broken else {}
    clock = Clock(scenes, base)
    print(
        f"{len(scenes.all)} commands, {sum(len(s.states) - 1 for s in scenes.all)} swaps,"
        f" {sum(len(s.points) for s in scenes.all)} points",
        flush=True,
    )
    if options.every:
        kills = list(all_points(scenes))
    else:
        at_points = list(chosen(scenes, chance, options.rounds // 2))
        kills = [*at_points, *timed(scenes, chance, options.rounds - len(at_points))]

    late: list[int] = []

    def do(numbered: tuple[int, Kill]) -> Round:
        number, kill = numbered
        folder = base / f"round-{number}" / "folder"
        done = play(scenes, kill, folder, broken, clock)
        while not done.is_killed and not done.wrong:  # it came too late
            late.append(number)
            shutil.rmtree(folder.parent)
            kill = replace(kill, share=0.8 * kill.share)
            done = play(scenes, kill, folder, broken, clock)
        said(f"round {number}, {kill.scene.name}, point {kill.point}, {done.phase}", done.wrong, folder.parent)
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
    torn = sum(done.kill.torn for done in at_points)
    print(f"{len(dead)} kills (seed {seed}; {late} more came too late and were tried again, earlier);")
    print(f"{len(at_points)} at chosen points, {torn} of them within a write; by phase, at random / at points:")
    fell = {kind: Counter(done.phase for done in dead if bool(done.kill.point) is kind) for kind in (False, True)}
    for phase in sorted(fell[False] | fell[True], key=lambda phase: -(fell[False] + fell[True])[phase]):
        print(f"  {phase}: {fell[False][phase]} / {fell[True][phase]}")
    print(f"in writing and swap: {sum((fell[False] + fell[True])[phase] for phase in WRITING)}")
    print(f"old catalog: {sum(done.state == 0 for done in dead)}, a new one: {sum(bool(done.state) for done in dead)},")
    print(f"  neither: {sum(done.state is None for done in dead)} (must be 0)")
    print(f"rounds with a violation: {sum(bool(done.wrong) for done in rounds)} (must be 0)")
    print(f"{seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()

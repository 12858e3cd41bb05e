"""Whether a machine that fails a run spoils anything: no room, no permission, too few files or too little memory.

    python trust/machine_troubles.py [--rounds 240] [--seed 3] [--break early]

The commands of trust/scenes.py, each in a folder where something is not to be had:

  disk full at a point   from a chosen write or ``fsync`` on, nothing more is written (ENOSPC, EIO, EDQUOT)
  small tmpfs            a file system with so many KB to spare (only where mounting is permitted)
  file size, ignored     RLIMIT_FSIZE of so many bytes, as Python runs: a write fails with EFBIG
  file size, killed      the same with SIGXFSZ left to the system, which ends the process
  read-only folder       mode 0555, with and without the lock files, a stray ``catalog.db.aside``, files of mode 0444
  read-only file system  a tmpfs mounted again read-only
  few open files         RLIMIT_NOFILE, set when all is imported
  little memory          RLIMIT_AS, set when all is imported

What then lies there must be as after a kill (trust/publish_kills.py). A run that was not ended by a signal must leave
no file at all beside the four, and end as if undisturbed, or with exit code 5 and one line that says why, or, where a
page could not be read for the machine's sake, with 3 or 4 and such lines; never with a traceback. The same command,
given again when the machine is well, must come to the state of an undisturbed run. And it must have been a trouble:
where a run cannot come through, it must not have ended as if undisturbed, and of each kind some may not. Exit 1 on any
violation.
"""

import argparse
import ctypes
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from trust.meddler import NEED_ROOM  # noqa: E402
from trust.remains import KEPT, print_wrong, strays  # noqa: E402
from trust.scenes import Ended, Scene, Scenes, blamed, recovered, state_of  # noqa: E402

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
FILES = range(3, 12)
FEWEST = 7  # a demo needs eight, a scrape ten
SMALLEST = 300  # KB, of any catalog
SOME = 4  # rounds of a kind of which one at least must bite
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """One round. ``plan`` is for trust/meddler.py, ``before`` is called in the new process, ``spoil`` makes the folder
    what it is to be, ``mend`` makes it well again, ``size`` is that of a tmpfs in KB beyond what lies there;
    ``must_bite``: no run can come through."""

    kind: str
    scene: Scene
    about: str
    plan: dict[str, Any]
    before: Callable[[], None] | None = None
    spoil: Callable[[Path], None] | None = None
    mend: Callable[[Path], None] | None = None
    size: int | None = None
    must_bite: bool = False


# --- the kinds -------------------------------------------------------------------------------------------------------


def full_at_a_point(scene: Scene, chance: random.Random) -> Trouble:
    points = [number for number, point in enumerate(scene.points, start=1) if point[1] in NEED_ROOM]
    # Phases are of very different length: first a phase, then a point in it.
    phase = chance.choice(sorted({scene.points[number - 1][0] for number in points}))
    number = chance.choice([number for number in points if scene.points[number - 1][0] == phase])
    error = chance.choice(ERRORS)
    plan = {"full": number, "error": error}
    about = f"{phase}, point {number}, {errno.errorcode[error]}"
    # After the swap only what saves time is written, and a run ends well without it.
    return Trouble("disk full at a point", scene, about, plan, must_bite=phase != "after the swap")


def small_tmpfs(scene: Scene, chance: random.Random) -> Trouble:
    size = int(chance.choice((chance.uniform(0, 64), chance.uniform(0, 1000), chance.uniform(400, 900))))
    return Trouble("small tmpfs", scene, f"{size} KB to spare", {}, size=size, must_bite=size < SMALLEST)


def short_files(scene: Scene, chance: random.Random, *, killed: bool) -> Trouble:
    size = int(chance.choice((chance.uniform(0, 20_000), chance.uniform(0, 600_000))))
    plan = {"limits": [("RLIMIT_FSIZE", size)], "default": ["SIGXFSZ"] if killed else []}
    kind, must_bite = f"file size, {'killed' if killed else 'ignored'}", size < 1000 * SMALLEST
    return Trouble(kind, scene, f"{size} bytes", plan, must_bite=must_bite)


def read_only_folder(scene: Scene, chance: random.Random) -> Trouble:
    ways = ("locks", "no locks", "files too", "stray aside", "archive only")
    way = chance.choice(ways)

    def spoil(folder: Path) -> None:
        if way != "no locks":
            for name in ("archive.db.lock", "catalog.db.lock"):
                (folder / name).touch()
        if way == "stray aside":
            (folder / "catalog.db.aside").write_bytes(b"torn")
        if way == "files too":
            for path in folder.iterdir():
                path.chmod(0o444)
        if way == "archive only":
            if (folder / "archive.db").exists():
                (folder / "archive.db").chmod(0o444)
        else:
            folder.chmod(0o555)

    def mend(folder: Path) -> None:
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.chmod(0o644)

    # A demo and a rebuild do not write to the archive.
    writes = (scene.start / "archive.db").exists() and scene.command[0] in ("scrape", "accept")
    must_bite = writes or way != "archive only"
    return Trouble("read-only folder", scene, way, {}, before=powerless, spoil=spoil, mend=mend, must_bite=must_bite)


def powerless() -> None:
    """Modes of files count for root too."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "cannot give up the rights of root")


def heeds_modes(base: Path) -> bool:
    """Whether a process without rights cannot write where it may not."""
    folder = base / "not to be written"
    folder.mkdir(mode=0o555)
    try:
        return subprocess.run(("touch", folder / "file"), capture_output=True, preexec_fn=powerless).returncode != 0
    except subprocess.SubprocessError:
        return False


def read_only_system(scene: Scene, chance: random.Random) -> Trouble:
    stray = chance.random() < 0.5

    def spoil(folder: Path) -> None:
        for name in ("archive.db.lock", "catalog.db.lock", *(["catalog.db.aside"] if stray else [])):
            (folder / name).touch()
        remount(folder, "ro")

    about = "with a stray aside" if stray else ""
    return Trouble(
        "read-only file system",
        scene,
        about,
        {},
        spoil=spoil,
        mend=partial(remount, options="rw"),
        size=9000,
        must_bite=True,
    )


def few_files(scene: Scene, chance: random.Random) -> Trouble:
    number = chance.choice(FILES)
    plan = {"limits": [("RLIMIT_NOFILE", number)]}
    return Trouble("few open files", scene, f"{number} files", plan, must_bite=number < FEWEST)


def little_memory(scene: Scene, chance: random.Random) -> Trouble:
    size = int(chance.uniform(1, 40))
    return Trouble("little memory", scene, f"{size} MB more", {"memory": size * 1_000_000})


KINDS: dict[str, Callable[[Scene, random.Random], Trouble]] = {
    "disk full at a point": full_at_a_point,
    "small tmpfs": small_tmpfs,
    "file size, ignored": partial(short_files, killed=False),
    "file size, killed": partial(short_files, killed=True),
    "read-only folder": read_only_folder,
    "read-only file system": read_only_system,
    "few open files": few_files,
    "little memory": little_memory,
}
MOUNTED = ("small tmpfs", "read-only file system")


# --- a small file system ---------------------------------------------------------------------------------------------


def mount(*arguments: str) -> bool:
    return subprocess.run(("mount", *arguments), capture_output=True).returncode == 0


def remount(folder: Path, options: str) -> None:
    if not mount("-o", f"remount,{options}", str(folder)):
        raise OSError(f"cannot mount {folder} again")


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    if not mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)):
        raise OSError(f"cannot mount {folder}")
    try:
        yield
    finally:
        subprocess.run(("umount", str(folder)), check=True)


def can_mount(base: Path) -> bool:
    try:
        with mounted(base / "tried"):
            return True
    except OSError:
        return False


def used(folder: Path) -> int:
    """KB in blocks."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in folder.iterdir())


# --- a round ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    trouble: Trouble
    ended: Ended
    state: int | None
    wrong: list[str]

    @property
    def bit(self) -> bool:
        return self.ended.code != self.trouble.scene.exit_code


def play(scenes: Scenes, trouble: Trouble, folder: Path, broken: dict[str, object]) -> Round:
    folder.parent.mkdir()
    with mounted(folder) if trouble.size is not None else nullcontext():
        shutil.copytree(trouble.scene.start, folder, dirs_exist_ok=True)
        if trouble.size is not None:
            remount(folder, f"size={used(folder) + 4 + trouble.size}k")
        if trouble.spoil:
            trouble.spoil(folder)
        ended = scenes.run(folder, trouble.scene.command, trouble.plan | broken, before=trouble.before)
        if trouble.mend:
            trouble.mend(folder)
        if trouble.size is not None:
            remount(folder, "size=16m")
        state, wrong = state_of(trouble.scene, folder)
        wrong += judged(trouble, ended, state, folder)
        wrong += recovered(scenes, trouble.scene, folder)
        if wrong and trouble.size is not None:
            shutil.copytree(folder, folder.with_name("kept"))
    return Round(trouble, ended, state, wrong)


def judged(trouble: Trouble, ended: Ended, state: int | None, folder: Path) -> list[str]:
    """What is wrong with how it ended."""
    if ended.code < 0:
        expected = trouble.kind == "file size, killed" and ended.code == -signal.SIGXFSZ
        return [] if expected else [f"ended by signal {-ended.code}: {ended.output[-500:]}"]
    left = KEPT | ({"catalog.db.aside"} if "stray aside" in trouble.about else set())
    if trouble.kind in ("disk full at a point", "file size, ignored"):
        left |= {"archive.db-journal"}  # SQLite could not write back what it holds either: the next run does
    wrong = strays(folder, left)
    if ended.code == trouble.scene.exit_code and not ended.has_traceback:
        last = len(trouble.scene.states) - 1
        if state != last:
            wrong.append(f"it said that all is well, and catalog {state} of {last} stands")
        return [*wrong, "it ended as if undisturbed"] if trouble.must_bite else wrong
    if ended.code in (3, 4) and trouble.kind in ("few open files", "little memory") and not ended.has_traceback:
        return wrong  # pages that could not be read
    return wrong + blamed(ended)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=240)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--break", dest="broken", choices=("early",), help="swap as one must not: it must fail")
    options = parser.parse_args()
    chance, begin = random.Random(options.seed), time.perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-troubles-"))
    scenes = Scenes(base)
    broken = {"broken": options.broken} if options.broken else {}
    left_out = {
        **({} if can_mount(base) else dict.fromkeys(MOUNTED, "mounting is not permitted")),
        **({} if heeds_modes(base) else {"read-only folder": "the rights of root cannot be given up"}),
    }
    kinds = [kind for kind in KINDS if kind not in left_out]
    troubles = [
        KINDS[kinds[number % len(kinds)]](scenes.all[number // len(kinds) % len(scenes.all)], chance)
        for number in range(options.rounds)
    ]

    def do(numbered: tuple[int, Trouble]) -> Round:
        number, trouble = numbered
        folder = base / f"round-{number}" / "folder"
        done = play(scenes, trouble, folder, broken)
        what = f"round {number}, {trouble.kind} ({trouble.about}), {trouble.scene.name}"
        print_wrong(what, done.wrong, folder.parent)
        return done

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        rounds = list(workers.map(do, enumerate(troubles)))
    harmless = report(rounds, left_out, time.perf_counter() - begin, options.seed)
    failed = harmless or any(done.wrong for done in rounds)
    if not failed:
        shutil.rmtree(base)
    sys.exit(failed)


def report(rounds: list[Round], left_out: dict[str, str], seconds: float, seed: int) -> bool:
    """Print it; returns whether there is a kind that troubled no run."""
    print(f"{len(rounds)} rounds (seed {seed}); by kind: rounds, how they ended; bit, published all the same, wrong")
    harmless = []
    for kind in KINDS:
        if kind in left_out:
            print(f"  {kind}: NOT TRIED, {left_out[kind]}")
            continue
        mine = [done for done in rounds if done.trouble.kind == kind]
        ends = sorted(Counter(done.ended.code for done in mine).items())
        codes = ", ".join(f"{code}: {times}" for code, times in ends)
        bit, published = sum(done.bit for done in mine), sum(bool(done.state) for done in mine)
        print(f"  {kind}: {len(mine)}; {codes}; {bit}, {published}, {sum(bool(done.wrong) for done in mine)}")
        if len(mine) >= SOME and not bit:
            harmless.append(kind)
    print(f"catalogs neither old nor new: {sum(done.state is None for done in rounds)} (must be 0)")
    print(f"rounds with a violation: {sum(bool(done.wrong) for done in rounds)} (must be 0)")
    print(f"kinds that troubled no run: {', '.join(harmless) or 'none'} (must be none)")
    print(f"{seconds:.0f} s", flush=True)
    return bool(harmless)


if __name__ == "__main__":
    main()

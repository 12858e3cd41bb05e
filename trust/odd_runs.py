"""Whether runs at the same time, or with a clock that jumps, spoil anything.

    python trust/odd_runs.py [--rounds 56] [--runs 40] [--seed 3] [--break unlocked]

**At once.** Two or three commands (scrapes, rebuilds, acceptances, demos, in all combinations) begin in one folder at
the same moment: each has everything imported and waits for a word. One at least must do its work; every other one does
its own before or after it, or says in one line that another run is under way and ends with 3 (an acceptance that finds
its drift accepted ends with 2). The catalog must be, row by row, that of the same commands given one after the other in
some order; nothing that the archive had is lost, and the next run ends well.

**Clock.** A job runs six runs, with news, failures, a drift and the loss of a row in between; its clock jumps back
and ahead between them, by seconds, days or weeks. Everything is in the order of the runs: when each time is put in the
place of a well-behaved clock's, the catalog must be the one that this clock gave; and ``rebuild`` must give it again.
Articles that were read by a clock that was ahead, by a day or by years, are due again when it is right, once, and none
is asked for twice.

Exit 1 on any violation; its folder stays.
"""

import argparse
import itertools
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scraper.ingest import job  # noqa: E402
from scraper.ingest.sources import BY_NAME, SOURCES  # noqa: E402
from trust.remains import KEPT, Tables, catalog_problems, contents, differences, print_wrong, stored, strays  # noqa: E402
from trust.scenes import CLIENT, DRIFT, FOURTH, NEW, OLD, Ended, Scenes  # noqa: E402

Command = tuple[str, ...]

# --- at once ---------------------------------------------------------------------------------------------------------


class Together:
    """Rounds in the folder of a drift that stands: every command has something to do there."""

    def __init__(self, scenes: Scenes, broken: dict[str, object]) -> None:
        archive = ("--archive", "archive.db")
        self._scenes, self._broken = scenes, broken
        self._start = scenes["accept"].start
        self._commands: dict[str, Command] = {
            "scrape": scenes.scrape(NEW, FOURTH),
            "rebuild": ("rebuild", *archive),
            "accept": ("accept", CLIENT, "--now", FOURTH, *archive),
            "demo": ("demo",),
        }
        self._known: dict[tuple[str, ...], tuple[Tables, tuple[int, ...]]] = {}

    def combinations(self) -> list[tuple[str, ...]]:
        names = list(self._commands)
        pairs = itertools.combinations_with_replacement(names, 2)
        return [*pairs, *itertools.combinations(names, 3)]

    def in_turn(self, names: tuple[str, ...]) -> tuple[Tables, tuple[int, ...]]:
        """The catalog of commands that are given one after the other, and how each ended."""
        if names not in self._known:
            folder = self._scenes.base / "in turn" / "-".join(names)
            shutil.copytree(self._start, folder)
            codes = tuple(self._scenes.run(folder, self._commands[name]).code for name in names)
            self._known[names] = contents(folder / "catalog.db", exact=True), codes
        return self._known[names]

    def play(self, names: tuple[str, ...], folder: Path) -> tuple[list[Ended], list[str]]:
        shutil.copytree(self._start, folder)
        logs = [folder.with_name(f"{place}-{name}.log") for place, name in enumerate(names)]
        plan = {"wait": True, **self._broken}
        processes = [
            self._scenes.begin(folder, self._commands[name], plan, log=log)
            for name, log in zip(names, logs, strict=True)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write(b"go\n")
            process.stdin.flush()
        ended = [self._scenes.ended(process, log) for process, log in zip(processes, logs, strict=True)]
        return ended, self._wrong(names, ended, folder)

    def _wrong(self, names: tuple[str, ...], ended: list[Ended], folder: Path) -> list[str]:
        before, _ = stored(self._start)
        left, wrong = stored(folder)
        wrong += [*left.lost(before), *catalog_problems(folder), *strays(folder, KEPT)]
        done = []
        for name, end in zip(names, ended, strict=True):
            if end.has_traceback or (end.code and len(end.problems) != 1):
                wrong.append(f"{name} ended with {end.code} and said {end.output[-500:]}")
            if end.code == 3 and "second run" not in end.output:
                wrong.append(f"{name} ended with 3 and said {end.output[-500:]}")
            if end.code != 3:
                done.append((name, end.code))
        if not done:
            wrong.append("no run did its work")
        if wrong:
            return wrong
        found = contents(folder / "catalog.db", exact=True)
        for order in set(itertools.permutations(done)):
            tables, codes = self.in_turn(tuple(name for name, _ in order))
            if tables == found and codes == tuple(code for _, code in order):
                break
        else:
            wrong.append(f"not the catalog of these commands in any order: {done}")
        again = self._scenes.run(folder, self._scenes.scrape(NEW, "2026-10-05T03:00:00Z"))
        if again.code:
            wrong.append(f"the next run ended with {again.code}: {again.output[-500:]}")
        return wrong


# --- the clock -------------------------------------------------------------------------------------------------------


class Clock:
    """A job of some runs, by a well-behaved clock and by one that jumps."""

    def __init__(self, scenes: Scenes) -> None:
        self._scenes = scenes
        self.failing = scenes.mirror("failing")
        shutil.copytree(scenes.mirror(NEW), self.failing)
        (self.failing / BY_NAME[CLIENT].url.removeprefix("https://")).with_suffix(".html").unlink()
        self.poorer = scenes.mirror("poorer")  # a preview is gone from every page that had it
        shutil.copytree(scenes.mirror(NEW), self.poorer)
        for source in SOURCES:
            path = (self.poorer / source.url.removeprefix("https://")).with_suffix(".html")
            path.write_text(path.read_text().replace("KB5124010", "KB5999999"), encoding="utf-8")

    def mirrors(self, chance: random.Random) -> list[Path]:
        """The mirrors that the runs read, in their order."""
        later = [self._scenes.mirror(NEW), self.failing, self.poorer, self._scenes.mirror(DRIFT)]
        return [self._scenes.mirror(OLD), *(chance.choice(later) for _ in range(5))]

    def runs(self, folder: Path, mirrors: Sequence[Path], times: Sequence[str]) -> job.Paths:
        folder.mkdir(parents=True)
        paths = job.Paths(folder / "catalog.db", folder / "archive.db")
        for mirror, now in zip(mirrors, times, strict=True):
            job.scrape(paths, now, mirror=str(mirror), manners=job.Manners(delay=0))
        return paths

    def play(self, folder: Path, chance: random.Random) -> tuple[int, list[str]]:
        """How often the clock went back, and what is wrong."""
        mirrors = self.mirrors(chance)
        times = [stamp(datetime(2026, 10, 1, 3, tzinfo=UTC) + timedelta(days=run)) for run in range(len(mirrors))]
        jumping = jumps(chance, len(mirrors))
        should_be = in_place(contents(self.runs(folder / "steady", mirrors, times).db, exact=True), {})
        paths = self.runs(folder / "jumping", mirrors, jumping)
        wrong = differences(in_place(contents(paths.db, exact=True), dict(zip(jumping, times, strict=True))), should_be)
        before = contents(paths.db)
        job.rebuild(paths)
        wrong += [f"rebuilt: {line}" for line in differences(contents(paths.db), before)]
        return sum(later < earlier for earlier, later in itertools.pairwise(jumping)), wrong

    def articles(self, folder: Path, chance: random.Random) -> list[str]:
        """A clock that is ahead for one run, by a day or by years, and then right."""
        folder.mkdir(parents=True)
        paths = job.Paths(folder / "catalog.db", folder / "archive.db")
        right = datetime(2026, 10, 1, 3, tzinfo=UTC)
        ahead = right + timedelta(hours=chance.choice((30, 24 * 40, 24 * 365 * 30)))
        asked = []
        for now in (ahead, right, right + timedelta(minutes=5)):
            before = visits(paths.archive)
            mirror = str(self._scenes.mirror(NEW))
            job.scrape(paths, stamp(now), mirror=mirror, manners=job.Manners(delay=0), articles=True)
            asked.append([source for source in visits(paths.archive)[len(before) :] if source.startswith("KB")])
        wrong = [f"{kb} was asked for twice in a run" for run in asked for kb in run if run.count(kb) > 1]
        if set(asked[1]) != set(asked[0]):
            wrong.append(f"{len(set(asked[0]) - set(asked[1]))} articles are not due when the clock is right again")
        if asked[2]:
            wrong.append(f"{len(asked[2])} articles are asked for again after five minutes")
        return wrong


def visits(archive: Path | None) -> list[str]:
    if archive is None or not archive.exists():
        return []
    with closing(sqlite3.connect(archive)) as database:
        return [source for (source,) in database.execute("select source from visits order by visit")]


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def jumps(chance: random.Random, number: int) -> list[str]:
    """Times of which each is another one, in no order: seconds to weeks before or after the last one. Not more: which
    releases still get updates decides whether a page has lost too many rows."""
    moments = [datetime(2026, 10, 1, 3, tzinfo=UTC)]
    while len(moments) < number:
        step = chance.choice((1, 60, 3600, 86_400, 86_400 * 20)) * chance.uniform(1, 3) * chance.choice((-1, 1, -1))
        moment = moments[-1] + timedelta(seconds=int(step))
        if moment not in moments:
            moments.append(moment)
    return [stamp(moment) for moment in moments]


def in_place(tables: Tables, steady: dict[str, str]) -> Tables:
    """The same, each time in the place of the well-behaved clock's. A digest of facts covers their times, so that it is
    told by the first run that had it."""
    digests: dict[object, str] = {}

    def put(value: object) -> object:
        if isinstance(value, str) and len(value) == 64 and value.isalnum():
            return digests.setdefault(value, f"digest {len(digests)}")
        return steady.get(value, value) if isinstance(value, str) else value

    placed = {name: [tuple(put(value) for value in row) for row in rows] for name, rows in tables.items()}
    return {name: sorted(rows, key=repr) if name == "findings" else rows for name, rows in placed.items()}


# --- all of it -------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=56, help="each combination four times")
    parser.add_argument("--runs", type=int, default=40, help="jobs of six runs")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--break", dest="broken", choices=("unlocked",), help="let them run at once: it must fail")
    options = parser.parse_args()
    chance, begin = random.Random(options.seed), time.perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-odd-"))
    scenes = Scenes(base)
    together = Together(scenes, {"broken": options.broken} if options.broken else {})
    combinations, ends, violated = together.combinations(), Counter[str](), 0
    for number in range(options.rounds):
        names = combinations[number % len(combinations)]
        ended, wrong = together.play(names, base / f"round-{number}" / "folder")
        ends.update(f"{name} {end.code}" for name, end in zip(names, ended, strict=True))
        violated += print_wrong(f"round {number}, {' and '.join(names)}", wrong, base / f"round-{number}")
    clock = Clock(scenes)

    def runs(seed: int) -> tuple[int, bool]:
        folder = base / f"job-{seed}"
        jumped, wrong = clock.play(folder, random.Random(seed))
        return jumped, print_wrong(f"job {seed}", wrong, folder)

    def articles(seed: int) -> bool:
        folder = base / f"articles-{seed}"
        return print_wrong(f"articles {seed}", clock.articles(folder, random.Random(seed)), folder)

    seeds = [chance.randrange(10**6) for _ in range(options.runs)]
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        jobs = list(workers.map(runs, seeds))
        ahead = list(workers.map(articles, range(3)))
    back = sum(jumped for jumped, _ in jobs)
    clocked = sum(wrong for _, wrong in jobs) + sum(ahead)
    print(f"at once: {options.rounds} rounds of {len(combinations)} combinations (seed {options.seed}), by exit code:")
    print("  " + ", ".join(f"{end}: {times}" for end, times in sorted(ends.items())))
    print(f"  rounds with a violation: {violated} (must be 0)")
    print(f"clock: {len(jobs)} jobs of 6 runs, in which it went back {back} times; {len(ahead)} of articles")
    print(f"  jobs with a violation: {clocked} (must be 0)")
    print(f"{time.perf_counter() - begin:.0f} s", flush=True)
    if not violated + clocked:
        shutil.rmtree(base)
    sys.exit(bool(violated + clocked))


if __name__ == "__main__":
    main()

"""Damages pages at random and says what came of it: ``python -m tests.damage [--count 10000] [--seed 1]``.

Each damage has a number, and is the same for the same seed and number: ``--only NUMBER`` shows one. Exit 1 when any
damage is silently wrong or ends in a crash, or when too few of the harmless ones give the same facts.
"""

import argparse
import difflib
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.damage.damages import HARMFUL, HARMLESS
from tests.damage.laboratory import COURSES, MEMORY, RUNS, Course, Laboratory, bundled_courses, captured_courses
from tests.damage.oracle import Judgement

OUTCOMES = ("same", "refused", "reported", "once, changed", "once", "SILENT", "CRASH")
HARMLESS_SAME = 0.95


@dataclass(frozen=True)
class Tried:
    """A damage and what came of it."""

    number: int
    harmless: bool
    damage: str
    course: str
    source: str
    runs: int
    outcome: str
    why: str


class Bench:
    """The laboratories of some courses."""

    def __init__(self, stack: ExitStack, seed: int, courses: Sequence[Course], inside: str | None = MEMORY) -> None:
        self.seed = seed
        self.laboratories = {course.name: stack.enter_context(Laboratory(course, inside)) for course in courses}

    def text(self, number: int, *, harmless: bool) -> tuple[Laboratory, str, str, str, int]:
        """Damage ``number``: where it is tried, on which page, what is done to it, the page then, for how many
        runs."""
        random = Random(f"{self.seed} {harmless} {number}")
        while True:
            laboratory = self.laboratories.get(random.choice(COURSES))
            if laboratory is None:
                continue  # of all courses, so that a number that falls on one that is here is the same everywhere
            source = random.choice(sorted(laboratory.true_pages))
            damage = random.choice(HARMLESS if harmless else HARMFUL)
            markup = laboratory.markup(source)
            text = damage(markup, random)
            if text is not None and text != markup.text:
                return laboratory, source, damage.__name__, text, random.choice(RUNS)

    def try_one(self, number: int, *, harmless: bool) -> Tried:
        laboratory, source, damage, text, runs = self.text(number, harmless=harmless)
        judged = laboratory.try_damage(source, text, runs)
        if harmless and judged.outcome == "same" and judged.why:
            judged = Judgement("false alarm", judged.why)
        return Tried(number, harmless, damage, laboratory.name, source, runs, judged.outcome, judged.why)


_bench: Bench


def _begin(seed: int, courses: Sequence[Course], inside: str) -> None:
    global _bench
    _bench = Bench(ExitStack(), seed, courses, inside)


def _try(one: tuple[int, bool]) -> Tried:
    return _bench.try_one(one[0], harmless=one[1])


def try_all(courses: Sequence[Course], count: int, harmless: int, seed: int) -> Iterator[Tried]:
    """``count`` harmful and ``harmless`` harmless damages, in any order, on two cores."""
    numbers = [(number, False) for number in range(count)] + [(number, True) for number in range(harmless)]
    fork = multiprocessing.get_context("fork")
    with TemporaryDirectory(dir=MEMORY) as inside, fork.Pool(2, _begin, (seed, courses, inside)) as pool:
        yield from pool.imap_unordered(_try, numbers, chunksize=20)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--harmless", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", type=int)
    options.add_argument("--show", nargs="*", choices=OUTCOMES, default=("SILENT", "CRASH"))
    chosen = options.parse_args()
    if chosen.only is not None:
        return show(chosen.seed, chosen.only)
    begun, tried = perf_counter(), []
    courses = [*bundled_courses(), *captured_courses()]
    print(f"{chosen.count} damages of {', '.join(course.name for course in courses)}", flush=True)
    for one in try_all(courses, chosen.count, chosen.harmless, chosen.seed):
        tried.append(one)
        if one.outcome in chosen.show or (one.harmless and one.outcome != "same"):
            print(
                f"{one.number} {one.outcome} {one.damage} on {one.source}, {one.course}, {one.runs}: {one.why[-900:]}"
            )
    return report(tried, perf_counter() - begun)


def report(tried: list[Tried], seconds: float) -> int:
    harmful = [one for one in tried if not one.harmless]
    harmless = [one for one in tried if one.harmless]
    print(f"\n{len(tried)} damages in {seconds:.0f} s")
    print(f"{'damage':30}" + "".join(f"{outcome:>15}" for outcome in OUTCOMES))
    for damage in sorted({one.damage for one in harmful}):
        counted = Counter(one.outcome for one in harmful if one.damage == damage)
        print(f"{damage:30}" + "".join(f"{counted[outcome] or '':>15}" for outcome in OUTCOMES))
    counted = Counter(one.outcome for one in harmful)
    print(f"{'all':30}" + "".join(f"{counted[outcome]:>15}" for outcome in OUTCOMES))
    print(f"{'share':30}" + "".join(f"{counted[outcome] / max(1, len(harmful)):>15.2%}" for outcome in OUTCOMES))
    same = sum(one.outcome == "same" for one in harmless)
    print(f"harmless: {same} of {len(harmless)} give the same facts")
    bad = counted["SILENT"] + counted["CRASH"] + sum(one.outcome in ("SILENT", "CRASH") for one in harmless)
    return 1 if bad or same < HARMLESS_SAME * len(harmless) else 0


def show(seed: int, number: int) -> int:
    """What a damage did to the page, line by line, and what came of it."""
    with ExitStack() as stack:
        bench = Bench(stack, seed, [*bundled_courses(), *captured_courses()])
        laboratory, source, damage, text, runs = bench.text(number, harmless=False)
        before = laboratory.markup(source).text
        lines = difflib.unified_diff(before.splitlines(), text.splitlines(), source, damage, n=1, lineterm="")
        print("\n".join(line[:2000] for line in lines)[:12000])
        judged = laboratory.try_damage(source, text, runs)
        print(laboratory.name, runs, judged.outcome, judged.why)
    return 0


if __name__ == "__main__":
    sys.exit(main())

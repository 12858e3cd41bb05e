"""Damages pages and articles at random and says what came of it.

    python -m tests.damage [--pages 10000] [--articles 3000] [--seed 1]

Each damage has a number, and is the same for the same seed and number: ``--only page 12`` shows one. Exit 1 when any
damage is silently wrong or ends in a crash, or when too few of the harmless ones give the same facts.
"""

import argparse
import difflib
import sys
from collections import Counter
from contextlib import ExitStack
from time import perf_counter

from tests.damage.bench import (
    ARTICLES,
    BAD,
    HARMLESS_SAME,
    OUTCOMES,
    PAGES,
    Bench,
    Number,
    Tried,
    article_courses,
    numbers,
    page_courses,
    try_all,
)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--pages", type=int, default=10_000, metavar="COUNT", help="damages of pages")
    options.add_argument("--articles", type=int, default=3_000, metavar="COUNT", help="damages of articles")
    options.add_argument("--harmless", type=int, default=1_000, metavar="COUNT", help="harmless changes of each")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", nargs=2, metavar=(f"{PAGES}|{ARTICLES}", "NUMBER"))
    options.add_argument("--show", nargs="*", choices=OUTCOMES, default=BAD)
    chosen = options.parse_args()
    if chosen.only:
        return show(chosen.seed, Number(chosen.only[0], int(chosen.only[1])))
    codes = []
    for what, count, courses in ((PAGES, chosen.pages, page_courses()), (ARTICLES, chosen.articles, article_courses())):
        if count:
            begun, tried = perf_counter(), []
            print(f"{count} damages of {what}s: {', '.join(course.name for course in courses)}", flush=True)
            for one in try_all(courses, numbers(what, count, chosen.harmless), chosen.seed):
                tried.append(one)
                if one.outcome in chosen.show or (one.number.harmless and one.outcome != "same"):
                    where = f"{one.damage} on {one.source}, {one.course}, {one.runs}"
                    print(f"{one.number.number} {one.outcome} {where}: {one.why[-900:]}", flush=True)
            codes.append(report(tried, perf_counter() - begun))
    return max(codes, default=0)


def report(tried: list[Tried], seconds: float) -> int:
    harmful = [one for one in tried if not one.number.harmless]
    harmless = [one for one in tried if one.number.harmless]
    print(f"\n{len(tried)} damages in {seconds:.0f} s")
    print(f"{'damage':30}" + "".join(f"{outcome:>15}" for outcome in OUTCOMES))
    for damage in sorted({one.damage for one in harmful}):
        counted = Counter(one.outcome for one in harmful if one.damage == damage)
        print(f"{damage:30}" + "".join(f"{counted[outcome] or '':>15}" for outcome in OUTCOMES))
    counted = Counter(one.outcome for one in harmful)
    print(f"{'all':30}" + "".join(f"{counted[outcome]:>15}" for outcome in OUTCOMES))
    print(f"{'share':30}" + "".join(f"{counted[outcome] / max(1, len(harmful)):>15.2%}" for outcome in OUTCOMES))
    same = sum(one.outcome == "same" for one in harmless)
    print(f"harmless: {same} of {len(harmless)} give the same facts\n")
    bad = sum(one.outcome in BAD for one in tried)
    return 1 if bad or same < HARMLESS_SAME * len(harmless) else 0


def show(seed: int, number: Number) -> int:
    """What a damage did to the page, line by line, and what came of it."""
    courses = page_courses() if number.what == PAGES else article_courses()
    with ExitStack() as stack:
        chosen = Bench(stack, seed, courses).choose(number)
        before = chosen.markup.text.splitlines()
        lines = difflib.unified_diff(before, chosen.text.splitlines(), chosen.source, chosen.damage, n=1, lineterm="")
        print("\n".join(line[:2000] for line in lines)[:12000])
        judged = chosen.judge()
        print(chosen.laboratory.name, chosen.runs, judged.outcome, judged.why)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Tries numbered damages: each is the same for the same seed and number."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory

from tests.damage import article_damages, damages
from tests.damage.article_laboratory import ArticleLaboratory
from tests.damage.articles import NAMES, ArticleCourse, captured_article_courses, made_courses
from tests.damage.laboratory import COURSES, MEMORY, RUNS, Course, Laboratory, bundled_courses, captured_courses
from tests.damage.markup import Markup
from tests.damage.oracle import Judgement

OUTCOMES = ("same", "refused", "reported", "once, changed", "once", "SILENT", "CRASH")
BAD = ("SILENT", "CRASH")
HARMLESS_SAME = 0.95
PAGES, ARTICLES = "page", "article"
# Of each: the names of its courses, what can befall it, for how many runs.
KINDS = {PAGES: (COURSES, damages, RUNS), ARTICLES: (NAMES, article_damages, (1,))}


@dataclass(frozen=True)
class Number:
    """Which damage: of a page or an article, and harmful or harmless."""

    what: str
    number: int
    harmless: bool = False


@dataclass(frozen=True)
class Tried:
    """A damage and what came of it."""

    number: Number
    damage: str
    course: str
    source: str
    runs: int
    outcome: str
    why: str


@dataclass(frozen=True)
class Chosen:
    """Where a damage is tried, on which page, what is done to it, the page then, for how many runs."""

    laboratory: Laboratory | ArticleLaboratory
    source: str
    damage: str
    text: str
    runs: int = 1

    def judge(self) -> Judgement:
        if isinstance(self.laboratory, Laboratory):
            return self.laboratory.try_damage(self.source, self.text, self.runs)
        return self.laboratory.try_damage(self.source, self.text)

    @property
    def markup(self) -> Markup:
        return self.laboratory.markup(self.source)


class Bench:
    """The laboratories of some courses."""

    def __init__(
        self,
        stack: ExitStack,
        seed: int,
        courses: Sequence[Course | ArticleCourse],
        inside: str | None = MEMORY,
    ) -> None:
        self.seed = seed
        self.laboratories: dict[str, Laboratory | ArticleLaboratory] = {}
        for course in courses:
            laboratory = Laboratory if isinstance(course, Course) else ArticleLaboratory
            self.laboratories[course.name] = stack.enter_context(laboratory(course, inside))

    def choose(self, number: Number) -> Chosen:
        what = "" if number.what == PAGES else f" {number.what}"
        random = Random(f"{self.seed}{what} {number.harmless} {number.number}")
        while (chosen := self._choose(random, number)) is None:
            pass  # a course that is not here, or a page with nothing to damage
        return chosen

    def _choose(self, random: Random, number: Number) -> Chosen | None:
        # Of all courses, so that a number that falls on one that is here is the same everywhere.
        names, what, runs = KINDS[number.what]
        laboratory = self.laboratories.get(random.choice(names))
        if laboratory is None:
            return None
        source = random.choice(sorted(laboratory.true_pages))
        damage = random.choice(what.HARMLESS if number.harmless else what.HARMFUL)
        markup = laboratory.markup(source)
        text = damage(markup, random)
        if text is None or text == markup.text:
            return None
        return Chosen(laboratory, source, damage.__name__, text, random.choice(runs))

    def try_one(self, number: Number) -> Tried:
        chosen = self.choose(number)
        judged = chosen.judge()
        if number.harmless and judged.outcome == "same" and judged.why:
            judged = Judgement("false alarm", judged.why)
        name = chosen.laboratory.name
        return Tried(number, chosen.damage, name, chosen.source, chosen.runs, judged.outcome, judged.why)


def page_courses() -> list[Course]:
    return [*bundled_courses(), *captured_courses()]


def article_courses() -> list[ArticleCourse]:
    return [*made_courses(), *captured_article_courses()]


_bench: Bench


def _begin(seed: int, courses: Sequence[Course | ArticleCourse], inside: str) -> None:
    global _bench
    _bench = Bench(ExitStack(), seed, courses, inside)


def _try(number: Number) -> Tried:
    return _bench.try_one(number)


def numbers(what: str, count: int, harmless: int) -> list[Number]:
    """So many harmful and so many harmless damages."""
    return [Number(what, number) for number in range(count)] + [
        Number(what, number, harmless=True) for number in range(harmless)
    ]


def try_all(courses: Sequence[Course | ArticleCourse], chosen: Sequence[Number], seed: int) -> Iterator[Tried]:
    """The damages, in any order, on two cores."""
    fork = multiprocessing.get_context("fork")
    with TemporaryDirectory(dir=MEMORY) as inside, fork.Pool(2, _begin, (seed, courses, inside)) as pool:
        yield from pool.imap_unordered(_try, chosen, chunksize=20)

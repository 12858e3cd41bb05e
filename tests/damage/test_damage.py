"""A few damages of the laboratory in ``make test``, some hundred in ``make test-all``; ``make damage`` tries ten
thousand of pages and three thousand of articles."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pytest

from tests.damage.articles import ArticleCourse, captured_article_courses, made_courses
from tests.damage.bench import ARTICLES, BAD, HARMLESS_SAME, PAGES, Bench, Number, numbers, try_all
from tests.damage.laboratory import Course, bundled_courses, captured_courses

SEED = 20_261_125


def check(courses: Sequence[Course | ArticleCourse], what: str, count: int, harmless: int) -> None:
    tried = list(try_all(courses, numbers(what, count, harmless), SEED))
    assert [one for one in tried if one.outcome in BAD] == []
    # The damages do damage: a laboratory that changes nothing would find nothing.
    assert {"same", "refused", "reported"} <= {one.outcome for one in tried if not one.number.harmless}
    same = sum(one.outcome == "same" for one in tried if one.number.harmless)
    assert same >= HARMLESS_SAME * harmless


@pytest.mark.parametrize(("what", "courses"), [(PAGES, bundled_courses), (ARTICLES, made_courses)])
def test_few_damages_are_neither_silently_wrong_nor_a_crash(
    what: str, courses: Callable[[], Sequence[Course | ArticleCourse]]
) -> None:
    with ExitStack() as stack:
        bench = Bench(stack, SEED, courses()[:1])
        tried = [bench.try_one(Number(what, number, harmless=number == 0)) for number in range(4)]
    assert [one for one in tried if one.outcome in BAD] == []


@pytest.mark.slow
def test_no_damage_of_a_bundled_page_is_silently_wrong_or_a_crash() -> None:
    check(bundled_courses(), PAGES, 300, 60)


@pytest.mark.slow
def test_no_damage_of_a_made_article_is_silently_wrong_or_a_crash() -> None:
    check(made_courses(), ARTICLES, 300, 60)


@pytest.mark.slow
def test_no_damage_of_a_real_page_is_silently_wrong_or_a_crash() -> None:
    courses = captured_courses()
    if not courses:
        pytest.skip("the captures of real pages are not here")
    check(courses, PAGES, 60, 20)


@pytest.mark.slow
def test_no_damage_of_a_real_article_is_silently_wrong_or_a_crash() -> None:
    courses = captured_article_courses()
    if not courses:
        pytest.skip("the captures of real articles are not here")
    check(courses, ARTICLES, 100, 30)

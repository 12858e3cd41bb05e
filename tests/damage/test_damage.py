"""A few damages of the laboratory in ``make test``, some hundred in ``make test-all``; ``make damage`` tries ten
thousand."""

from contextlib import ExitStack

import pytest

from tests.damage.__main__ import HARMLESS_SAME, Bench, Tried, try_all
from tests.damage.laboratory import bundled_courses, captured_courses

SEED = 20_261_125


def check(tried: list[Tried], harmless: int) -> None:
    assert [one for one in tried if one.outcome in ("SILENT", "CRASH")] == []
    # The damages do damage: a laboratory that changes nothing would find nothing.
    assert {"same", "refused", "reported"} <= {one.outcome for one in tried if not one.harmless}
    assert sum(one.outcome == "same" for one in tried if one.harmless) >= HARMLESS_SAME * harmless


def test_few_damages_of_a_bundled_page_are_neither_silently_wrong_nor_a_crash() -> None:
    with ExitStack() as stack:
        bench = Bench(stack, SEED, bundled_courses()[:1])
        tried = [bench.try_one(number, harmless=number == 0) for number in range(4)]
    assert [one for one in tried if one.outcome in ("SILENT", "CRASH")] == []


@pytest.mark.slow
def test_no_damage_of_a_bundled_page_is_silently_wrong_or_a_crash() -> None:
    check(list(try_all(bundled_courses(), 300, 60, SEED)), 60)


@pytest.mark.slow
def test_no_damage_of_a_real_page_is_silently_wrong_or_a_crash() -> None:
    courses = captured_courses()
    if not courses:
        pytest.skip("the captures of real pages are not here")
    check(list(try_all(courses, 60, 20, SEED)), 20)

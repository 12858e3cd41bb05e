"""A few hundred damages of the laboratory in every run of the tests; ``make damage`` tries ten thousand."""

import pytest

from tests.damage.__main__ import HARMLESS_SAME, Tried, try_all
from tests.damage.laboratory import bundled_courses, captured_courses

SEED = 20_261_125


def check(tried: list[Tried], harmless: int) -> None:
    assert [one for one in tried if one.outcome in ("SILENT", "CRASH")] == []
    # The damages do damage: a laboratory that changes nothing would find nothing.
    assert {"same", "refused", "reported"} <= {one.outcome for one in tried if not one.harmless}
    assert sum(one.outcome == "same" for one in tried if one.harmless) >= HARMLESS_SAME * harmless


def test_no_damage_of_a_bundled_page_is_silently_wrong_or_a_crash() -> None:
    check(list(try_all(bundled_courses(), 300, 60, SEED)), 60)


def test_no_damage_of_a_real_page_is_silently_wrong_or_a_crash() -> None:
    courses = captured_courses()
    if not courses:
        pytest.skip("the captures of real pages are not here")
    check(list(try_all(courses, 60, 20, SEED)), 20)

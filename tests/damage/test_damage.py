"""A few hundred damages of the laboratory in every run of the tests; ``make damage`` tries ten thousand."""

from tests.damage.__main__ import HARMLESS_SAME, try_all

COUNT, HARMLESS, SEED = 300, 60, 20_261_125


def test_no_damage_is_silently_wrong_or_a_crash_and_harmless_ones_change_nothing() -> None:
    tried = list(try_all(COUNT, HARMLESS, SEED, processes=2))
    assert len(tried) == COUNT + HARMLESS
    assert [one for one in tried if one.outcome in ("SILENT", "CRASH")] == []
    # The damages do damage: a laboratory that changes nothing would find nothing.
    outcomes = {one.outcome for one in tried if not one.harmless}
    assert {"same", "refused", "reported"} <= outcomes
    assert sum(one.outcome == "same" for one in tried if one.harmless) >= HARMLESS_SAME * HARMLESS

"""The pictures of a release."""

import itertools
import re
from typing import Any

import pytest

from scraper.answers.documents import ReleaseBuild, Year
from scraper.publish import pictures


def update(build: str | None, kind: str, available: str | None, kb: str | None = "KB1", **more: Any) -> ReleaseBuild:
    track = "hotpatch" if kind == "hotpatch" else "cumulative"
    row: ReleaseBuild = {
        **{"build": build, "kb": kb, "track": track, "kind": kind, "month": None, "security_month": None},
        **{"available": available, "restart": None, "corrected_to": None, "withdrawn": False},
        **more,
    }  # type: ignore[typeddict-item]
    return row


# 100 days are 864 wide; four revisions, each as far above the one before as the next, whatever their numbers.
HISTORY = [
    update("26100.100", "baseline", "2025-01-01"),
    update("26100.200", "hotpatch", "2025-02-10", "KB2"),
    update("26100.300", "security", "2025-02-10", "KB3"),
    update("26100.5000", "baseline", "2025-03-22", "KB4"),
]


DAY, LAST = "2025-04-11", 896.0
AGE = f"{DAY}T12:00:00Z"


def test_stairs_rise_on_the_day_and_stay_until_the_next() -> None:
    drawn = pictures.staircase(HISTORY, DAY, AGE)
    assert f'<path class="stair cumulative" d="M32.0 380.0H377.6V137.3H723.2V16.0H{LAST}"/>' in drawn
    assert f'<path class="stair hotpatch" d="M32.0 380.0H377.6V258.7H723.2V16.0H{LAST}"/>' in drawn
    assert '<circle class="step hotpatch" cx="377.6" cy="258.7" r="4"/>' in drawn
    assert '<circle class="step cumulative" cx="377.6" cy="137.3" r="4"/>' in drawn


def test_no_line_goes_beyond_the_data_nor_beyond_the_day_that_is_asked_about() -> None:
    """Two months on nobody knows what came: the picture of then is the one of the day of the data."""
    assert pictures.staircase(HISTORY, "2025-06-20", AGE) == pictures.staircase(HISTORY, DAY, AGE)
    assert pictures.staircase(HISTORY, DAY, "2025-06-20T12:00:00Z").count(f'H{LAST}"/>') == 2
    assert "Revisions over time of both tracks, in data of 2025-04-11" in pictures.staircase(HISTORY, DAY, AGE)


def test_track_whose_page_was_not_read_ends_with_its_last_step() -> None:
    """Of two pages one may be older. What is known is drawn, and the line of each track ends where the data do."""
    later = [HISTORY[0], update("26100.400", "security", "2025-02-10"), update("26100.350", "hotpatch", "2025-01-21")]
    drawn = pictures.staircase(later, DAY, "2025-01-31T12:00:00Z")
    (cumulative,) = re.findall(r'class="stair cumulative" d="M[^"]*H([\d.]+)"/>', drawn)[:1]
    (hotpatch,) = re.findall(r'class="stair hotpatch" d="M[^"]*H([\d.]+)"/>', drawn)[:1]
    assert (cumulative, hotpatch) == ("896.0", "680.0")


def test_data_of_an_unknown_day_draw_no_further_than_the_steps() -> None:
    drawn = pictures.staircase(HISTORY, "2025-06-20", None)
    assert "in data of an unknown day" in drawn
    assert drawn.count('V16.0H896.0"/>') == 2
    assert re.findall(r'class="label"[^>]*>([\d-]+)<', drawn)[-1] == "2025-03"


def test_tracks_stay_apart_beside_a_leap_of_the_revisions() -> None:
    """Server 2025 went from 26100.7462 to 26100.32230 in a month; 78 revisions beside that would be one pixel."""
    leap = [*HISTORY, update("26100.32230", "security", "2025-04-01", "KB5")]
    (hotpatch, cumulative) = re.findall(r'cy="([\d.]+)" r="4"/></g>', pictures.staircase(leap, DAY, AGE))[:2]
    assert float(hotpatch) - float(cumulative) > 80


def test_baselines_are_marked_on_both_tracks() -> None:
    drawn = pictures.staircase(HISTORY, DAY, AGE)
    corners = re.findall(r'<rect class="step baseline" x="([\d.]+)" y="([\d.]+)" width="10" height="10"/></g>', drawn)
    assert corners == [("27.0", "375.0"), ("718.2", "11.0")]
    assert "<title>2025-03-22: 26100.5000 KB4 (baseline)</title>" in drawn
    assert "baseline (restart on both)" in drawn


def test_baselines_and_dates_are_labelled() -> None:
    drawn = pictures.staircase(HISTORY, DAY, AGE)
    assert re.findall(r'class="axis"[^>]*>(\d+)<', drawn) == ["5000", "100"]
    assert re.findall(r'class="label"[^>]*>([\d-]+)<', drawn) == ["2025-01", "2025-02", "2025-03", "2025-04"]


def test_labels_of_revisions_do_not_overlap() -> None:
    months = [f"{2020 + number // 12}-{number % 12 + 1:02}-10" for number in range(60)]
    builds = [update(f"26100.{100 + number}", "baseline", day) for number, day in enumerate(months)]
    drawn = pictures.staircase(builds, "2025-01-01", AGE)
    heights = [float(y) for y in re.findall(r'class="axis" x="904" y="([\d.]+)"', drawn)]
    assert len(heights) > 10
    assert all(below - above >= 16 for above, below in itertools.pairwise(heights))


def test_release_without_hotpatch_has_one_staircase() -> None:
    drawn = pictures.staircase([row for row in HISTORY if row["kind"] == "security"] + [HISTORY[0]], DAY, AGE)
    assert "stair cumulative" in drawn
    assert "hotpatch" not in drawn


@pytest.mark.parametrize(
    "builds",
    [
        [],
        HISTORY[:1],
        HISTORY[1:3],
        [HISTORY[0], update("26100.200", "security", "2025-04-12")],
        [HISTORY[0], update("26100.200", "security", None)],
        [HISTORY[0], update(None, "security", "2025-02-01")],
        [HISTORY[0], update("26100.200", "preview", "2025-02-01")],
        [HISTORY[0], update("26100.200", "security", "2025-02-01", withdrawn=1)],
    ],
    ids=["none", "one", "one day", "to come", "undated", "without build", "preview", "withdrawn"],
)
def test_fewer_than_two_steps_are_no_picture(builds: list[ReleaseBuild]) -> None:
    assert pictures.staircase(builds, DAY, AGE) == ""


def test_text_in_a_picture_is_escaped() -> None:
    drawn = pictures.staircase([HISTORY[0], update("26100.300", "security", "2025-02-10", "<script>&\"'")], DAY, AGE)
    assert "<script>" not in drawn
    assert "&lt;script&gt;&amp;&quot;&#x27;" in drawn


def year(name: str, planned: int, actual: int, cumulative: int) -> Year:
    return {
        **{"release": "windows-11-24h2", "year": name, "months": [], "data_as_of": AGE},
        **{"planned": planned, "actual": actual, "cumulative": cumulative},
    }  # type: ignore[typeddict-item]


def test_bars_are_as_high_as_their_numbers() -> None:
    drawn = pictures.restarts([year("2026", 4, 6, 12), year("2025", 0, 3, 12)])
    bars = re.findall(r'class="bar (\w+)" x="(\d+)" y="([\d.]+)" width="26" height="([\d.]+)"', drawn)
    assert bars == [
        ("planned", "24", "220.0", "0.0"),
        ("actual", "56", "182.5", "37.5"),
        ("cumulative", "88", "70.0", "150.0"),
        ("planned", "134", "170.0", "50.0"),
        ("actual", "166", "145.0", "75.0"),
        ("cumulative", "198", "70.0", "150.0"),
    ]
    assert re.findall(r'class="label"[^>]*>(\d+)<', drawn) == ["2025", "2026"]
    assert re.findall(r'class="number"[^>]*>(\d+)<', drawn) == ["0", "3", "12", "4", "6", "12"]
    assert re.findall(r'class="key"[^>]*>([^<]+)<', drawn) == ["planned", "actual", "cumulative"]


def test_no_year_is_no_picture_and_no_restart_no_division_by_zero() -> None:
    assert pictures.restarts([]) == ""
    assert 'height="0.0"' in pictures.restarts([year("2025", 0, 0, 0)])

"""A month that is due: pages that were read after its second Tuesday and do not list it."""

import pytest

from scraper.catalog.due import Due, due_months
from scraper.catalog.rows import ReleaseRow
from scraper.models import Severity

RELEASE = "windows-11-24h2"
INFO, WARNING = Due("2026-06", Severity.INFO), Due("2026-06", Severity.WARNING)


def release(**columns: str | bool | None) -> ReleaseRow:
    values = {"available": "2024-10-01", "end_of_updates_enterprise": "2027-10-12", "serviced": True} | columns
    return ReleaseRow(release=RELEASE, page="page", product="Windows 11", version="24H2", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("read_at", "day", "due"),
    [
        ("2026-06-09T18:29:59Z", "2026-06-12", None),  # the page was read before it could list the update
        ("2026-06-09T18:30:00Z", "2026-06-09", None),  # the day itself counts from the next day on
        ("2026-06-09T18:30:00Z", "2026-06-10", INFO),
        ("2026-06-10T03:00:00Z", "2026-06-10", INFO),
        ("2026-06-11T03:00:00Z", "2026-06-11", INFO),
        ("2026-06-12T03:00:00Z", "2026-06-12", WARNING),
        ("2026-06-10T03:00:00Z", "2026-07-20", WARNING),  # not read since: July's update is none that a page lacks
    ],
)
def test_a_month_is_due_when_its_page_was_read_after_the_second_tuesday(
    read_at: str, day: str, due: Due | None
) -> None:
    found = due_months({RELEASE: release()}, {RELEASE: "2026-05"}, {RELEASE: read_at}, day)
    assert found.get(RELEASE) == due


@pytest.mark.parametrize(
    ("columns", "is_due"),
    [
        ({"available": "2026-06-10"}, False),  # the release came after the second Tuesday
        ({"available": "2026-06-09"}, True),
        ({"available": None}, True),
        ({"end_of_updates_enterprise": "2026-06-08"}, False),
        ({"end_of_updates_enterprise": "2026-06-09"}, True),  # the end date itself is still supported
        ({"end_of_updates_enterprise": "2026-06-08", "ltsc_extended_end": "2034-10-10"}, True),
        ({"end_of_updates_enterprise": None, "ended": "all"}, False),
        ({"end_of_updates_enterprise": None, "serviced": False}, False),
        ({"serviced": False}, True),  # its end is known, and to come
    ],
)
def test_a_month_is_due_of_releases_in_support(columns: dict[str, str | bool | None], is_due: bool) -> None:
    times = {RELEASE: "2026-06-12T03:00:00Z"}
    found = due_months({RELEASE: release(**columns)}, {RELEASE: "2026-05"}, times, "2026-06-12")
    assert (RELEASE in found) == is_due


def test_a_listed_month_and_a_release_without_history_or_pages_are_not_due() -> None:
    times = {RELEASE: "2026-06-12T03:00:00Z"}
    assert due_months({RELEASE: release()}, {RELEASE: "2026-06"}, times, "2026-06-12") == {}
    assert due_months({RELEASE: release()}, {}, times, "2026-06-12") == {}
    assert due_months({RELEASE: release()}, {RELEASE: "2026-05"}, {}, "2026-06-12") == {}

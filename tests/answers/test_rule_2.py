"""The verdict on a build by rule 2 of design.md section 6, over the small catalog; for one build and for a fleet."""

import sqlite3

import pytest

from scraper import answers
from scraper.errors import InputError
from tests.answers.small_catalog import W22, W24, Value, judged, the_build


@pytest.mark.parametrize(
    ("build", "as_of", "verdict"),
    [
        ("26100.3981", "2025-05-12", ("not-released", None, None)),
        ("26100.3981", "2025-05-13", ("current", 0, None)),
        ("26100.4061", "2025-05-13", ("current", 0, None)),
        ("26100.3983", "2025-05-20", ("current", 0, None)),
        ("26100.4202", "2025-06-09", ("current", 0, None)),
        ("26100.4202", "2025-06-10", ("behind", 1, None)),
        ("26100.3981", "2025-07-08", ("behind", 2, None)),
        ("26100.2161", "2025-07-08", ("behind", 9, None)),
        ("26100.1742", "2024-10-07", ("unknown", None, "no-security-month")),
        ("26100.1742", "2025-07-08", ("behind", 10, None)),
        ("26100.3474", "2025-03-20", ("current", 0, None)),
        # The pages were read on 2026-07-22, and list nothing after July 2025.
        ("26100.4652", "2025-08-12", ("current", 0, None)),
        ("26100.4652", "2025-08-13", ("unknown", None, "not-listed")),
        ("26100.3981", "2025-08-13", ("behind", 2, "not-listed")),
        ("26100.4652", "2026-08-11", ("unknown", None, "not-listed")),
        ("26100.4652", "2026-08-12", ("unknown", None, "stale")),
        ("26100.3981", "2026-08-12", ("behind", 2, "stale")),
        ("26100.4652", "2027-10-12", ("unknown", None, "stale")),
        ("26100.4652", "2027-10-13", ("out-of-support", None, None)),
    ],
)
def test_the_verdict_follows_rule_2(
    catalog: sqlite3.Connection, build: str, as_of: str, verdict: tuple[Value, ...]
) -> None:
    assert judged(catalog, build, as_of) == verdict


def test_the_end_date_itself_is_still_supported(catalog: sqlite3.Connection) -> None:
    assert judged(catalog, "22621.6060", "2025-10-14", W22) == ("current", 0, None)
    assert judged(catalog, "22621.6060", "2025-10-15", W22) == ("out-of-support", None, None)


@pytest.mark.parametrize("change", ["ended = 'all'", "serviced = 0"])
def test_a_release_that_ended_without_a_date_is_out_of_support(catalog: sqlite3.Connection, change: str) -> None:
    catalog.execute(f"update releases set end_of_updates_enterprise = null, {change}")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("out-of-support", None, None)


def test_a_release_whose_servicing_table_was_never_read_is_not_called_ended(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set end_of_updates_enterprise = null, serviced = null")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("current", 0, None)


def test_a_release_that_ended_for_home_only_is_supported(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set end_of_updates_enterprise = null, ended = 'home'")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("current", 0, None)


def test_a_build_without_a_date_came_no_earlier_than_its_month(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set available = null where build = '26100.3983'")
    assert judged(catalog, "26100.3983", "2025-05-12") == ("not-released", None, None)
    assert judged(catalog, "26100.3983", "2025-05-13") == ("current", 0, None)
    assert "it came no earlier than 2025-05-13, so" in the_build(catalog, "26100.3983", "2025-05-12")["because"]


def test_data_that_was_never_fetched_is_stale(catalog: sqlite3.Connection) -> None:
    catalog.execute("update pages set fetched_at = null")
    answer = the_build(catalog, "26100.4652", "2025-08-13")
    assert (answer["status"], answer["reason"], answer["data_as_of"]) == ("unknown", "stale", None)
    assert judged(catalog, "26100.3981", "2025-08-13") == ("behind", 2, "stale")


def test_the_oldest_page_decides_how_fresh_a_release_is(catalog: sqlite3.Connection) -> None:
    catalog.execute(
        "insert into pages (page, url, fetched_at) values ('notes', 'https://x.example/', '2026-07-10T03:00:00Z')"
    )
    catalog.execute("insert into feeds (page, release) values ('notes', ?)", [W24])
    assert the_build(catalog, "26100.4652", "2026-07-22")["data_as_of"] == "2026-07-10T03:00:00Z"
    assert judged(catalog, "26100.4652", "2026-07-15") == ("unknown", None, "stale")
    document, _ = answers.kb(catalog, "KB5058497")
    assert document["data_as_of"] == "2026-07-10T03:00:00Z"


@pytest.mark.parametrize(
    ("data_as_of", "as_of", "reason"),
    [
        ("2025-04-08T18:29:59Z", "2025-04-08", None),
        ("2025-04-08T18:29:59Z", "2025-04-09", "stale"),
        ("2025-04-08T18:30:00Z", "2025-04-08", None),
        ("2025-04-08T18:30:00Z", "2025-04-09", "not-listed"),
        ("2025-04-08T18:30:00Z", "2025-05-13", "not-listed"),
        ("2025-04-08T18:30:00Z", "2025-05-14", "stale"),
        ("2025-05-13T18:29:59Z", "2025-05-13", "not-listed"),
        ("2025-05-13T18:30:00Z", "2025-05-14", "not-listed"),
        (None, "2025-04-08", None),
        (None, "2025-04-09", "stale"),
    ],
)
def test_a_month_that_is_due_is_missing_from_the_day_after_its_second_tuesday(
    catalog: sqlite3.Connection, data_as_of: str | None, as_of: str, reason: str | None
) -> None:
    catalog.execute("update pages set fetched_at = ?", [data_as_of])
    catalog.execute("delete from builds where available > '2025-03-31'")
    catalog.execute("delete from months where available > '2025-03-31'")
    catalog.execute("update builds set available = '2024-10-08' where build = '26100.3476'")
    assert judged(catalog, "26100.3476", as_of) == (("unknown", None, reason) if reason else ("current", 0, None))


def test_all_verdicts_at_once_are_those_of_the_single_builds(catalog: sqlite3.Connection) -> None:
    every = answers.Verdicts(catalog, "2025-05-20")
    for build in ("26100.3981", "10.0.26100.6905", "26100.4000", "17763.1"):
        single = answers.build(catalog, build, "2025-05-20")[0]
        keys = ("build", "release", "status", "months_behind", "reason", "because", "security_month", "track", "kind")
        assert [[row[key] for key in keys] for row in every.of(build)] == [[row[key] for key in keys] for row in single]
    with pytest.raises(InputError, match="a build like"):
        every.of("26100")


def test_all_verdicts_at_once_are_read_once_however_many_builds_are_unknown(catalog: sqlite3.Connection) -> None:
    every = answers.Verdicts(catalog, "2025-05-20")
    asked: list[str] = []
    catalog.set_trace_callback(asked.append)
    for revision in range(7000, 7100):
        (row,) = every.of(f"26100.{revision}")
        assert (row["reason"], row["release"]) == ("not-in-catalog", W24)
    assert every.of("17763.1")[0]["release"] is None
    assert asked == []

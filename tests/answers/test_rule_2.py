"""The verdict on a build by rule 2 of design.md section 6, over the small catalog; for one build and for a fleet."""

import sqlite3

import pytest

from scraper import answers
from scraper.errors import InputError
from tests.answers.small_catalog import W22, W24, Value, judged, settle, the_build


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


def test_a_release_that_left_the_servicing_table_is_supported_until_its_known_end(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set serviced = 0")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("current", 0, None)
    assert judged(catalog, "26100.3981", "2027-10-13") == ("out-of-support", None, None)


@pytest.mark.parametrize(
    ("edition", "as_of", "status"),
    [
        ("home-pro", "2026-10-13", "behind"),
        ("home-pro", "2026-10-14", "out-of-support"),
        ("enterprise-education", "2026-10-14", "behind"),
        (None, "2026-10-14", "behind"),
        (None, "2027-10-13", "out-of-support"),
        ("ltsc", "2027-10-13", "behind"),
        ("ltsc", "2029-10-10", "out-of-support"),
        ("iot-ltsc", "2034-10-10", "behind"),
        ("iot-ltsc", "2034-10-11", "out-of-support"),
    ],
)
def test_each_edition_has_an_end_of_its_own(
    catalog: sqlite3.Connection, edition: str | None, as_of: str, status: str
) -> None:
    catalog.execute(
        "update releases set end_of_updates = '2026-10-13', ltsc_mainstream_end = '2029-10-09',"
        " ltsc_extended_end = '2034-10-10' where release = ?",
        [W24],
    )
    settle(catalog)
    (answer,), _ = answers.build(catalog, "26100.3981", as_of, W24, edition)
    assert (answer["edition"], answer["status"]) == (edition, status)


def test_a_verdict_without_an_edition_says_whose_support_differs(catalog: sqlite3.Connection) -> None:
    catalog.execute(
        "update releases set end_of_updates = '2026-10-13', ltsc_mainstream_end = '2029-10-09' where release = ?", [W24]
    )
    ended = "; updates for Home and Pro ended on 2026-10-13"
    assert ended not in the_build(catalog, "26100.3981", "2026-10-13")["because"]
    assert the_build(catalog, "26100.3981", "2026-10-14")["because"].endswith(ended)
    late = the_build(catalog, "26100.3981", "2027-10-13")["because"]
    assert late.endswith("its updates ended on 2027-10-12; LTSC has updates until 2029-10-09")
    (told,), _ = answers.build(catalog, "26100.3981", "2026-10-14", W24, "enterprise-education")
    assert "Home and Pro" not in told["because"]


@pytest.mark.parametrize(
    ("build", "release", "edition", "message"),
    [
        ("26100.3981", None, "pro", "one of home-pro, enterprise-education, ltsc, iot-ltsc, found: 'pro'"),
        ("26100.3981", None, "extended", "one of home-pro, enterprise-education, ltsc, iot-ltsc, found: 'extended'"),
        ("26200.7092", None, "ltsc", "an edition of windows-11-25h2: home-pro, enterprise-education, found: 'ltsc'"),
        ("26200.7093", None, "ltsc", "an edition of windows-11-25h2: home-pro, enterprise-education, found: 'ltsc'"),
        ("26100.3981", "server-2025", "home-pro", "none, since windows-server-2025 has no editions, found: 'home-pro'"),
    ],
)
def test_an_edition_that_there_is_not_is_refused(
    catalog: sqlite3.Connection, build: str, release: str | None, edition: str, message: str
) -> None:
    with pytest.raises(InputError, match=f"unexpected edition .* expected: {message}"):
        answers.build(catalog, build, "2025-05-20", release, edition)


def test_an_edition_chooses_the_releases_that_have_it(catalog: sqlite3.Connection) -> None:
    found, _ = answers.build(catalog, "26100.3981", "2025-05-20", None, "Home-Pro")
    assert [(answer["release"], answer["edition"]) for answer in found] == [(W24, "home-pro")]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        ("19045.5000", "Windows 10 is not covered"),
        ("10240.17113", "Windows 10 is not covered"),
        ("7601.24545", "Windows before Windows 10 is not covered"),
        ("25398.1", "Windows Server, version 23H2, is not covered"),
        ("26220.7051", "26220 is not a released version (Insider?)"),
        ("27982.1", "27982 is not a released version (Insider?)"),
    ],
)
def test_an_unknown_family_says_what_it_is(catalog: sqlite3.Connection, build: str, words: str) -> None:
    (answer,), found = answers.build(catalog, build, "2025-05-20")
    assert (found, answer["release"], answer["reason"]) == (False, None, "not-in-catalog")
    assert answer["because"] == f"{build} is not in the catalog: {words}"


def test_a_build_from_before_the_calendar_says_that_those_are_not_listed(catalog: sqlite3.Connection) -> None:
    early = "hotpatches from before its calendar, which begins with January 2025, are not listed"
    assert the_build(catalog, "26100.1656", "2025-05-20")["because"].endswith(f"and 26100.1742 above; {early}")
    assert early not in the_build(catalog, "26100.2895", "2025-05-20")["because"]


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

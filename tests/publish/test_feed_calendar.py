"""The hotpatch calendar as iCalendar."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from scraper.errors import InputError
from tests.fixtures.feeds import RELEASES, SITE, change, events, shown, written


@pytest.mark.parametrize("release", RELEASES)
def test_calendar_has_an_event_for_every_month_and_end_of_updates(
    run_catalogs: list[Path], release: str | None
) -> None:
    for db in run_catalogs:
        with closing(sqlite3.connect(db)) as catalog:
            sql = "select release || '-' || month || '@winkb' from months where coalesce(?, release) = release"
            wanted = {uid for (uid,) in catalog.execute(sql, [release])}
            sql = (
                "select release || '-' || edition || '-ends@winkb' from support"
                " where ends and release = coalesce(?, release)"
            )
            wanted |= {uid for (uid,) in catalog.execute(sql, [release])}
            # And the next restart beyond the calendar, which the quarter rule schedules.
            sql = (
                "select release || '-' || min(month) || '@winkb' from restart_periods"
                " where coalesce(?, release) = release and date_is = 'scheduled' group by release"
            )
            ahead = {uid for (uid,) in catalog.execute(sql, [release])}
        assert events(written(db, "calendar.ics", release)).keys() == wanted | ahead
        assert ahead


def test_calendar_is_named_for_what_it_shows(last: Path) -> None:
    names = [Calendar.from_ical(written(last, "calendar.ics", release)) for release in (None, "windows-11-25h2")]
    assert [str(calendar["X-WR-CALNAME"]) for calendar in names] == [
        "Restarts, hotpatch months and ends of updates",
        "Restarts, hotpatch months and ends of updates of Windows 11 25H2",
    ]
    assert len({str(calendar["UID"]) for calendar in names}) == 2


def test_replanned_month_is_updated_in_place(run_catalogs: list[Path]) -> None:
    uid = "windows-11-25h2-2026-06@winkb"
    before, after = (events(written(db, "calendar.ics"))[uid] for db in run_catalogs[:2])
    assert shown(before) == (
        "Windows 11 25H2: hotpatch, no restart (planned)",
        date(2026, 6, 9),
        "TENTATIVE",
        ["HOTPATCH"],
    )
    assert shown(after) == (
        "Windows 11 25H2: restart (baseline KB5094126)",
        date(2026, 6, 9),
        "CONFIRMED",
        ["RESTART"],
    )
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 4)
    assert before["DTSTAMP"].dt == datetime(2026, 5, 27, 12, tzinfo=UTC)
    assert after["DTSTAMP"].dt == datetime(2026, 7, 22, 12, tzinfo=UTC)
    assert "planned as hotpatch" in after["DESCRIPTION"]
    assert "planned as" not in before["DESCRIPTION"]
    assert str(after["URL"]) == f"{SITE}/month/2026-06"


def test_sequence_never_falls_and_rises_with_what_an_event_shows(run_catalogs: list[Path]) -> None:
    for before, after in ((run_catalogs[0], run_catalogs[1]), (run_catalogs[1], run_catalogs[2])):
        old, new = (events(written(db, "calendar.ics")) for db in (before, after))
        assert old.keys() <= new.keys()
        for uid, event in old.items():
            assert new[uid]["SEQUENCE"] >= event["SEQUENCE"]
            assert shown(new[uid]) == shown(event) or new[uid]["SEQUENCE"] > event["SEQUENCE"]


def test_month_of_a_hotpatch_names_both_updates(last: Path) -> None:
    event = events(written(last, "calendar.ics"))["windows-11-25h2-2026-08@winkb"]
    assert shown(event) == (
        "Windows 11 25H2: hotpatch, no restart (KB5120994)",
        date(2026, 8, 11),
        "CONFIRMED",
        ["HOTPATCH"],
    )
    lines = str(event["DESCRIPTION"]).split("\n")
    assert "Hotpatch: KB5120994 (OS build 26200.9106)" in lines
    assert "Twin (the cumulative update with the same fixes, with a restart): KB5121003 (OS build 26200.9168)" in lines
    assert lines[-1].startswith("https://support.microsoft.com/")


def test_planned_month_is_on_its_second_tuesday(last: Path) -> None:
    event = events(written(last, "calendar.ics"))["windows-11-26h2-2026-10@winkb"]
    summary = "Windows 11 26H2: restart (baseline, planned)"
    assert shown(event) == (summary, date(2026, 10, 13), "TENTATIVE", ["RESTART"])
    assert event["SEQUENCE"] == 1


def test_withdrawn_month_is_cancelled(last: Path) -> None:
    change(last, "update months set withdrawn = 1 where month = '2026-08'")
    event = events(written(last, "calendar.ics"))["windows-11-25h2-2026-08@winkb"]
    assert shown(event)[::2] == ("Windows 11 25H2: hotpatch, no restart (KB5120994, withdrawn)", "CANCELLED")


def test_released_month_without_a_kb_has_no_brackets(run_catalogs: list[Path]) -> None:
    event = events(written(run_catalogs[1], "calendar.ics"))["windows-server-2025-2026-07@winkb"]
    assert shown(event)[0] == "Windows Server 2025: hotpatch, no restart"


def test_error_of_a_release_without_months_and_ends_names_those_with(last: Path) -> None:
    with pytest.raises(InputError, match=r"unexpected calendar .*one of windows-11-23h2, .*found: windows-11-22h2"):
        written(last, "calendar.ics", "windows-11-22h2")


def test_end_of_updates_of_an_edition_is_an_event(last: Path) -> None:
    found = events(written(last, "calendar.ics", "windows-11-24h2"))
    ends = {uid: shown(event)[:2] for uid, event in found.items() if uid.endswith("-ends@winkb")}
    assert ends == {
        f"windows-11-24h2-{edition}-ends@winkb": (f"Windows 11 24H2: updates for {name} end", day)
        for edition, name, day in (
            ("home-pro", "Home and Pro", date(2026, 10, 13)),
            ("enterprise-education", "Enterprise and Education", date(2027, 10, 12)),
            ("ltsc", "LTSC", date(2029, 10, 9)),
            ("iot-ltsc", "IoT LTSC", date(2034, 10, 10)),
        )
    }
    server = events(written(last, "calendar.ics", "windows-server-2022"))["windows-server-2022-mainstream-ends@winkb"]
    assert shown(server)[:2] == ("Windows Server 2022: mainstream support ends", date(2026, 10, 13))


def test_restart_beyond_the_calendar_is_tentative_and_says_by_which_rule(last: Path) -> None:
    event = events(written(last, "calendar.ics"))["windows-11-26h2-2027-01@winkb"]
    summary = "Windows 11 26H2: restart (baseline, scheduled)"
    assert shown(event) == (summary, date(2027, 1, 12), "TENTATIVE", ["RESTART"])
    assert event["SEQUENCE"] == 0
    assert str(event["DESCRIPTION"]).split("\n")[1:] == [
        "By the quarter rule (January, April, July, October), in no calendar yet; the month's second Tuesday.",
        "Data as of 2026-09-30T12:00:00Z; what was planned or released later is not known.",
    ]
    assert str(event["URL"]) == f"{SITE}/release/windows-11-26h2"


def test_planned_month_says_of_which_day_its_plan_is(run_catalogs: list[Path]) -> None:
    for db, day in zip(run_catalogs, ("2026-05-27", "2026-07-22", "2026-09-30"), strict=True):
        found = events(written(db, "calendar.ics"))
        planned = [event for uid, event in found.items() if event["STATUS"] == "TENTATIVE" and "-ends@" not in uid]
        assert planned
        assert all(f"Data as of {day}T12:00:00Z; what was planned" in str(event["DESCRIPTION"]) for event in planned)
        assert {str(event["DTSTAMP"].dt.date()) for event in planned} == {day}


def test_month_that_no_plan_was_seen_of_is_compared_with_the_quarter_rule(last: Path) -> None:
    change(last, "update months set planned_type = null where month = '2026-06'")
    event = events(written(last, "calendar.ics"))["windows-11-25h2-2026-06@winkb"]
    assert "By the quarter rule this month is a hotpatch." in str(event["DESCRIPTION"]).split("\n")

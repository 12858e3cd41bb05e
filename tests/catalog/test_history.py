"""What a run means after the runs before: changes, withdrawals, corrections, plans, and the life of findings."""

from dataclasses import replace

from scraper.models import Change, EntryKind, MonthType, Servicing, Update, Version
from tests.fixtures.records import (
    APRIL,
    APRIL_BASELINE,
    INFORMATION,
    MAY,
    MAY_HOTPATCH,
    NOTES,
    QUARTER,
    RELEASE,
    SIBLING,
    VERSION,
    Runs,
    entry,
    month,
    records,
)


def test_the_first_good_version_of_a_page_is_no_change():
    runs = Runs(QUARTER)
    assert runs.history.changes == []
    notes = records(entries=(entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),))
    assert runs.add(QUARTER, notes, first=[NOTES.name]) == []


def test_a_new_row_is_one_change_with_its_page_and_time():
    runs = Runs(replace(QUARTER, updates=(APRIL,), months=()))
    runs.add(replace(QUARTER, updates=(APRIL, MAY), months=()))
    assert runs.history.changes == [
        Change("2026-09-02T00:00:00Z", 2, "builds", RELEASE, "KB5058411", "row", None, "26100.4061", INFORMATION.name)
    ]


def test_a_replanned_month_keeps_its_first_plan():
    runs = Runs(records(months=(month("2026-06", MonthType.HOTPATCH),)))
    came = month("2026-06", MonthType.BASELINE, "2026-06-09", "26100.8655", "KB5094126")
    changes = runs.add(records(months=(came,)))
    assert ("2026-06", "type", "hotpatch", "baseline") in changes
    row = runs.history.months[RELEASE, "2026-06"]
    assert (row.planned_type, row.type, row.released) == (MonthType.HOTPATCH, MonthType.BASELINE, True)


def test_a_month_first_seen_released_has_no_plan_unless_the_page_stars_it():
    runs = Runs(records(months=(APRIL_BASELINE, replace(MAY_HOTPATCH, replanned=True))))
    assert runs.history.months[RELEASE, "2025-04"].planned_type is None
    assert runs.history.months[RELEASE, "2025-05"].planned_type is MonthType.BASELINE


def test_a_release_that_was_read_whole_stays_so():
    """Its rows are kept whatever its page has then: with rows lost, without its table, or no longer served."""
    first = Update(RELEASE, "26100.1742", None, "A", "2024-10", "2024-10-01", None)
    whole = replace(QUARTER, updates=(MAY, APRIL, first))
    runs = Runs(replace(QUARTER, updates=(MAY, APRIL)))
    assert runs.history.releases[RELEASE].partial
    runs.add(whole)
    assert not runs.history.releases[RELEASE].partial
    for page in (replace(whole, updates=(MAY,)), replace(whole, updates=()), records(versions=())):
        runs.add(page)
        assert not runs.history.releases[RELEASE].partial
    runs.add(records(entries=(entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),)), read=())
    assert not runs.history.releases[RELEASE].partial
    assert {change.field for change in runs.history.changes} <= {"row"}


def test_an_entry_that_flaps_one_run_is_no_change():
    runs = Runs(QUARTER)
    assert runs.add(replace(QUARTER, updates=(APRIL,))) == []
    assert [row.page for row in runs.history.flapping()] == [INFORMATION.name]
    assert runs.add(QUARTER) == []
    assert list(runs.history.flapping()) == []
    assert runs.add(replace(QUARTER, updates=(APRIL,))) == []


def test_a_row_gone_two_runs_in_a_row_stays_as_withdrawn_and_may_come_back():
    runs = Runs(QUARTER)
    gone = replace(QUARTER, updates=(APRIL,))
    assert runs.add(gone) == []
    assert runs.add(gone) == [("KB5058411", "row", "26100.4061", None)]
    assert runs.history.builds[RELEASE, "26100.4061", "KB5058411"].withdrawn
    assert runs.add(gone) == []
    assert runs.add(QUARTER) == [("KB5058411", "row", None, "26100.4061")]
    assert not runs.history.builds[RELEASE, "26100.4061", "KB5058411"].withdrawn


def test_a_run_on_which_the_page_was_not_read_counts_for_nothing():
    runs = Runs(QUARTER)
    gone = replace(QUARTER, updates=(APRIL,))
    runs.add(gone)
    assert runs.add(gone, read=()) == []
    assert runs.add(gone) == [("KB5058411", "row", "26100.4061", None)]


def test_a_released_month_that_becomes_empty_keeps_its_values_and_is_withdrawn_on_the_second_run():
    runs = Runs(QUARTER)
    emptied = replace(QUARTER, months=(APRIL_BASELINE, month("2025-05", MonthType.HOTPATCH)))
    assert runs.add(emptied) == []
    assert ("2025-05", "row", "hotpatch", None) in runs.add(emptied)
    row = runs.history.months[RELEASE, "2025-05"]
    assert (row.kb, row.released, row.withdrawn) == ("KB5058497", True, True)
    assert ("2025-05", "row", None, "hotpatch") in runs.add(QUARTER)


def test_a_month_gone_from_the_calendar_is_withdrawn_on_the_second_run():
    runs = Runs(records(months=(APRIL_BASELINE, month("2025-05", MonthType.HOTPATCH))))
    gone = records(months=(APRIL_BASELINE,))
    assert runs.add(gone) == []
    assert runs.add(gone) == [("2025-05", "row", "hotpatch", None)]


def test_a_corrected_build_stays_and_says_what_it_was_corrected_to():
    typo = replace(MAY, build="26100.4016")
    runs = Runs(records(updates=(APRIL, typo)))
    assert runs.add(records(updates=(APRIL, MAY))) == [("KB5058411", "build", "26100.4016", "26100.4061")]
    row = runs.history.builds[RELEASE, "26100.4016", "KB5058411"]
    assert (row.corrected_to, row.withdrawn) == ("26100.4061", True)
    assert runs.add(records(updates=(APRIL, MAY))) == []


def test_learning_a_kb_is_a_change_of_the_row():
    bare = replace(MAY, kb=None)
    runs = Runs(records(updates=(APRIL, bare)))
    assert runs.add(records(updates=(APRIL, MAY))) == [("KB5058411", "kb", None, "KB5058411")]
    assert (RELEASE, "26100.4061", "") not in runs.history.builds
    assert runs.add(records(updates=(APRIL, bare))) == []
    assert (RELEASE, "26100.4061", "KB5058411") in runs.history.builds


def test_learning_the_build_of_a_component_is_a_change_of_the_row():
    bare, full = (
        records(entries=(entry(EntryKind.COMPONENT, None, "KB5074204", *builds),)) for builds in ((), ("26100.7392",))
    )
    runs = Runs(QUARTER, bare)
    assert runs.add(QUARTER, full) == [("KB5074204", "build", None, "26100.7392")]


def test_a_corrected_date_is_a_change_and_a_date_that_vanished_stays():
    runs = Runs(records(updates=(MAY,)))
    later = replace(MAY, available="2025-05-14")
    assert runs.add(records(updates=(later,))) == [("KB5058411", "available", "2025-05-13", "2025-05-14")]
    assert runs.add(records(updates=(replace(MAY, available=None),))) == []
    assert runs.history.builds[RELEASE, "26100.4061", "KB5058411"].available == "2025-05-14"


def test_a_row_moves_to_its_own_page_and_stays_with_a_higher_one():
    link = entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983")
    runs = Runs(QUARTER, None, records(entries=(link,)))
    key = (RELEASE, "26100.3983", "KB5061258")
    assert runs.history.builds[key].page == SIBLING.name
    assert runs.add(QUARTER, records(entries=(link,)), records(entries=(link,)), first=[NOTES.name]) == []
    assert runs.history.builds[key].page == NOTES.name
    listed = records(entries=(entry(EntryKind.CUMULATIVE, "2025-05-14", "KB5058411", "26100.4061"),))
    assert runs.add(replace(QUARTER, updates=(APRIL,)), listed, listed) == []
    kept = runs.history.builds[RELEASE, "26100.4061", "KB5058411"]
    assert (kept.page, kept.available) == (INFORMATION.name, "2025-05-13")


def test_a_release_leaves_the_servicing_table_on_the_second_run_and_keeps_its_dates():
    served = Servicing(RELEASE, "2024-10-01", "2026-10-13", "2027-10-12", None)
    other = Servicing("windows-11-25h2", None, None, None, None)
    versions = (VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200))
    runs = Runs(records(versions=versions, servicing=(served, other)))
    gone = records(versions=versions, servicing=(other,))
    assert runs.add(gone) == []
    assert runs.history.releases[RELEASE].serviced
    assert runs.add(gone) == [(RELEASE, "row", "24H2", None)]
    assert runs.history.releases[RELEASE].serviced is False
    assert runs.history.releases[RELEASE].end_of_updates_enterprise == "2027-10-12"
    assert runs.add(records(versions=versions, servicing=(served, other))) == [(RELEASE, "row", None, "24H2")]


def test_an_end_of_updates_that_moves_is_a_change():
    served = Servicing(RELEASE, "2024-10-01", "2026-10-13", "2027-10-12", None)
    runs = Runs(records(servicing=(served,)))
    moved = replace(served, end_of_updates_enterprise="2028-10-10")
    assert runs.add(records(servicing=(moved,))) == [(RELEASE, "end_of_updates_enterprise", "2027-10-12", "2028-10-10")]


def test_that_updates_have_ended_is_taken_back_by_a_date():
    ended = Servicing(RELEASE, "2024-10-01", None, None, "all")
    runs = Runs(records(servicing=(ended,)))
    dated = Servicing(RELEASE, "2024-10-01", "2027-11-09", "2027-11-09", None)
    assert (RELEASE, "ended", "all", None) in runs.add(records(servicing=(dated,)))
    assert runs.history.releases[RELEASE].ended is None


def test_another_family_and_another_kind_are_changes():
    runs = Runs(QUARTER, records(entries=(entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),)))
    plain = records(entries=(entry(EntryKind.HOTPATCH, "2025-05-16", "KB5061258", "26100.3983"),))
    assert runs.add(QUARTER, plain) == [("KB5061258", "kind", "out-of-band", "hotpatch")]
    moved = replace(QUARTER, versions=(replace(VERSION, base_build=26101),))
    assert (RELEASE, "base_build", "26100", "26101") in runs.add(moved, plain)


def test_another_kind_of_a_cumulative_update_is_a_change_where_no_letter_says_it():
    """The pre-release builds of 24H2 stand in the update history alone."""
    preview = entry(EntryKind.PREVIEW, "2024-07-30", "KB5040529", "26100.1301")
    lettered = entry(EntryKind.PREVIEW, MAY.available, MAY.kb, MAY.build)
    runs = Runs(QUARTER, records(entries=(preview, lettered)))
    other = [replace(one, kind=EntryKind.CUMULATIVE_OUT_OF_BAND) for one in (preview, lettered)]
    assert runs.add(QUARTER, records(entries=other)) == [("KB5040529", "kind", "preview", "out-of-band")]


def test_a_star_says_nothing_of_a_month_that_is_still_planned():
    runs = Runs(records(months=(month("2026-10", MonthType.BASELINE, star=True),)))
    assert runs.history.months[RELEASE, "2026-10"].planned_type is MonthType.BASELINE


def test_without_any_servicing_table_nothing_is_said_of_being_serviced():
    assert Runs(QUARTER).history.releases[RELEASE].serviced is None


def test_a_finding_stands_until_the_run_on_which_it_does_not():
    late = records(entries=(entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3981"),))
    mended = records(entries=(entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981"),))
    runs = Runs(QUARTER, late)
    runs.add(QUARTER, late)
    runs.add(QUARTER, mended)
    runs.add(QUARTER, late)
    assert [(finding.first_seen[:10], (finding.resolved_at or "")[:10]) for finding in runs.history.findings] == [
        ("2026-09-01", "2026-09-03"),
        ("2026-09-04", ""),
    ]


def test_what_was_found_of_a_row_stands_as_long_as_the_row_does():
    """It may be missing from its page because of what is wrong with it."""
    odd = replace(QUARTER, months=(APRIL_BASELINE, replace(MAY_HOTPATCH, build="26100.9999")))
    gone = replace(QUARTER, months=(APRIL_BASELINE,))
    runs = Runs(odd)
    (row,) = runs.history.findings
    assert (row.finding.code, row.finding.subject) == ("revision-order", "KB5058497")
    runs.add(gone)
    assert row.resolved_at is None
    runs.add(gone)
    assert row.resolved_at == "2026-09-03T00:00:00Z"


def test_a_release_out_of_support_stays_so_when_its_history_is_lost():
    page = records(servicing=(Servicing("windows-11-25h2", None, None, None, None),), updates=(APRIL,))
    page = replace(page, versions=(VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200)))
    runs = Runs(page)
    assert runs.history.releases[RELEASE].serviced is False
    runs.add(replace(page, updates=()))
    assert runs.history.releases[RELEASE].serviced is False

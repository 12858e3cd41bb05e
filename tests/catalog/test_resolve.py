"""Records of several pages to rows: what is published, what conflicts, and what is not believed."""

from dataclasses import replace

import pytest

from scraper.catalog.days import second_tuesday
from scraper.catalog.findings import Finding
from scraper.catalog.statements import Reason
from scraper.models import EntryKind, MonthType, Quarantined, Servicing, Severity, TableName, Update, Version
from tests.fixtures.records import (
    APRIL,
    APRIL_BASELINE,
    BARE,
    INFORMATION,
    MAY,
    MAY_HOTPATCH,
    NOTES,
    QUARTER,
    RELEASE,
    SIBLING,
    VERSION,
    b_row,
    entry,
    month,
    records,
    resolved,
)


@pytest.mark.parametrize(
    ("name", "day"), [("2026-06", "2026-06-09"), ("2026-09", "2026-09-08"), ("2024-10", "2024-10-08")]
)
def test_updates_come_on_the_second_tuesday(name, day):
    assert second_tuesday(name) == day


def test_a_lower_rank_fills_a_null():
    rows = resolved(
        information=records(months=(month("2025-05", MonthType.HOTPATCH),)),
        notes=records(versions=(BARE,), entries=(entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981"),)),
    )
    row = rows.months[RELEASE, "2025-05"]
    assert (row.available, row.build, row.kb) == ("2025-05-13", "26100.3981", "KB5058497")
    assert [row.kb for row in rows.builds.values()] == ["KB5058497"]
    assert rows.findings() == {}


def test_two_values_conflict_and_the_higher_one_is_published():
    rows = resolved(
        information=QUARTER,
        notes=records(versions=(BARE,), entries=(entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3982"),)),
    )
    assert rows.months[RELEASE, "2025-05"].available == "2025-05-13"
    assert rows.months[RELEASE, "2025-05"].build == "26100.3981"
    assert list(rows.findings().values()) == [
        Finding(
            Severity.WARNING,
            "conflict",
            RELEASE,
            "KB5058497",
            f"{words} of 2025-05: {ours} on {INFORMATION.name}, {theirs} on {NOTES.name}",
            INFORMATION.name,
            NOTES.name,
            words,
            ours,
            theirs,
            Reason.RANK,
            "2025-05",
        )
        for words, ours, theirs in (
            ("date", "2025-05-13", "2025-05-20"),
            ("build", "26100.3981", "26100.3982"),
        )
    ]


def test_pages_that_disagree_on_a_months_type_are_a_finding():
    rows = resolved(
        information=records(months=(month("2026-06", MonthType.BASELINE),)),
        notes=records(versions=(BARE,), months=(month("2026-06", MonthType.HOTPATCH),)),
    )
    assert rows.months[RELEASE, "2026-06"].type is MonthType.BASELINE
    assert [finding.code for finding in rows.findings().values()] == ["conflict"]


def test_a_baseline_link_speaks_for_its_second_tuesday():
    hotpatch = records(months=(month("2026-06", MonthType.HOTPATCH),))
    rows = resolved(information=hotpatch, notes=records(entries=(entry(EntryKind.BASELINE, "2026-06-09", None),)))
    assert [finding.message for finding in rows.findings().values()] == [
        f"type of 2026-06: baseline on {NOTES.name}, hotpatch on {INFORMATION.name}"
    ]


def test_the_same_statement_of_two_pages_is_heard_once():
    late = entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3981")
    rows = resolved(information=QUARTER, notes=records(entries=(late,)), sibling=records(entries=(late,)))
    assert len(rows.findings()) == 1


def test_a_calendar_build_that_is_another_months_is_not_believed():
    rows = resolved(
        information=records(updates=(APRIL, MAY), months=(month("2025-07", MonthType.HOTPATCH, None, "26100.4061"),))
    )
    assert rows.months[RELEASE, "2025-07"].build is None
    assert not rows.months[RELEASE, "2025-07"].released
    assert set(rows.builds) == {(RELEASE, "26100.3775", "KB5055523"), (RELEASE, "26100.4061", "KB5058411")}
    assert [(finding.severity, finding.code) for finding in rows.findings().values()] == [
        (Severity.ERROR, "calendar-build")
    ]


@pytest.mark.parametrize("build", ["26100.4061", "26100.4100", "26100.3775", "26100.3700"])
def test_a_hotpatch_out_of_order_makes_no_row_but_an_error(build):
    rows = resolved(
        information=records(
            updates=(APRIL, MAY), months=(month("2025-05", MonthType.HOTPATCH, "2025-05-13", build, "KB5058497"),)
        )
    )
    assert (RELEASE, build, "KB5058497") not in rows.builds
    assert [finding.severity for finding in rows.findings().values()] == [Severity.ERROR]


def test_a_baseline_is_one_row_and_the_history_beats_the_calendar():
    typo = month("2025-04", MonthType.BASELINE, "2025-04-08", "26100.3776", "KB5055523")
    rows = resolved(information=records(updates=(APRIL,), months=(typo,)))
    assert list(rows.builds) == [(RELEASE, "26100.3775", "KB5055523")]
    assert rows.months[RELEASE, "2025-04"].build == "26100.3775"
    assert [finding.code for finding in rows.findings().values()] == ["conflict"]


def test_a_baseline_that_no_history_has_yet_makes_its_row():
    rows = resolved(information=records(months=(APRIL_BASELINE,)))
    (row,) = rows.builds.values()
    assert (row.track, row.cadence, row.month, row.kb) == ("cumulative", "B", "2025-04", "KB5055523")


def test_an_out_of_band_hotpatch_takes_the_build_of_its_releases_family():
    rows = resolved(
        information=QUARTER,
        notes=records(entries=(entry(EntryKind.OUT_OF_BAND, "2026-07-18", "KB5121768", "26200.8893", "26100.8893"),)),
    )
    row = rows.builds[RELEASE, "26100.8893", "KB5121768"]
    assert (row.track, row.stated_kind, row.month, row.cadence) == ("hotpatch", "out-of-band", None, None)


def test_without_release_information_the_family_is_what_all_links_share():
    rows = resolved(
        notes=records(
            versions=(BARE,),
            entries=(
                entry(EntryKind.OUT_OF_BAND, "2026-07-18", "KB5121768", "26200.8893", "26100.8893"),
                entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),
            ),
        )
    )
    assert set(rows.builds) == {(RELEASE, "26100.8893", "KB5121768"), (RELEASE, "26100.3983", "KB5061258")}


def test_a_link_without_a_build_of_the_family_has_no_build_and_a_finding():
    typo = entry(EntryKind.OUT_OF_BAND, "2023-12-12", "KB5033464", "26010.2091")
    rows = resolved(information=QUARTER, notes=records(entries=(typo,)))
    assert (RELEASE, "", "KB5033464") in rows.builds
    assert [finding.code for finding in rows.findings().values()] == ["family"]


def test_a_link_of_another_family_leaves_its_kb_the_build_of_the_table():
    """KB5122880 was served as 22621.7582 under version 23H2, whose history has 22631.7582."""
    listed = entry(EntryKind.CUMULATIVE, "2025-05-13", "KB5058411", "26200.4061")
    rows = resolved(information=QUARTER, sibling=records(entries=(listed,)))
    assert [key for key in rows.builds if key[2] == "KB5058411"] == [(RELEASE, "26100.4061", "KB5058411")]
    assert [(found.code, found.message, found.page, found.other_page) for found in rows.findings().values()] == [
        (
            "family",
            f"no build of OS build 26100: 26200.4061; 26100.4061 on {INFORMATION.name}",
            SIBLING.name,
            INFORMATION.name,
        )
    ]
    assert rows.titles["KB5058411"].title == listed.title


def test_a_link_of_two_families_gives_each_release_its_own():
    """``OS Builds 22621.6060 and 22631.6060`` stands under version 22H2 and under version 23H2."""
    listed = entry(EntryKind.CUMULATIVE, "2025-05-20", "KB5058499", "26200.4202", "26100.4202")
    rows = resolved(information=QUARTER, sibling=records(entries=(listed,)))
    assert [key for key in rows.builds if key[2] == "KB5058499"] == [(RELEASE, "26100.4202", "KB5058499")]
    assert rows.findings() == {}


def test_an_update_known_by_a_link_of_another_family_alone_has_no_build():
    listed = entry(EntryKind.CUMULATIVE, "2025-06-10", "KB5060842", "26200.4349")
    rows = resolved(information=QUARTER, sibling=records(entries=(listed,)))
    assert [key for key in rows.builds if key[2] == "KB5060842"] == [(RELEASE, "", "KB5060842")]
    assert [found.message for found in rows.findings().values()] == ["no build of OS build 26100: 26200.4349"]


def test_a_second_link_fills_the_first_and_reports_what_differs():
    rows = resolved(
        information=QUARTER,
        notes=records(
            entries=(
                entry(EntryKind.COMPONENT, None, "KB5074204"),
                entry(EntryKind.COMPONENT, "2025-12-09", "KB5074204", "26100.7392", preview=True),
                entry(EntryKind.COMPONENT, "2025-12-10", "KB5074204", preview=True),
            )
        ),
    )
    row = rows.builds[RELEASE, "26100.7392", "KB5074204"]
    assert row.available == "2025-12-09"
    assert (RELEASE, "", "KB5074204") not in rows.builds
    assert [finding.message.startswith("date of KB5074204") for finding in rows.findings().values()] == [True]


def test_a_link_that_calls_a_cumulative_update_a_hotpatch_is_a_conflict_and_takes_no_row() -> None:
    wrong = entry(EntryKind.OUT_OF_BAND, "2025-05-13", "KB5058411", "26100.4061")
    rows = resolved(information=QUARTER, notes=records(entries=(wrong,)))
    row = rows.builds[RELEASE, "26100.4061", "KB5058411"]
    assert (row.track, row.cadence, row.month) == ("cumulative", "B", "2025-05")
    assert [finding.message for finding in rows.findings().values()] == [
        f"track of KB5058411: cumulative on {INFORMATION.name}, hotpatch on {NOTES.name}"
    ]


def test_an_update_that_only_the_update_history_has_makes_its_row() -> None:
    listed = entry(EntryKind.PREVIEW, "2024-06-28", "KB5039304", "26100.1000")
    rows = resolved(information=QUARTER, sibling=records(entries=(listed,)))
    row = rows.builds[RELEASE, "26100.1000", "KB5039304"]
    assert (row.track, row.stated_kind, row.cadence, row.month) == ("cumulative", "preview", None, None)


def test_a_build_of_the_family_is_taken_from_the_address_where_the_text_names_none() -> None:
    address = "https://support.microsoft.com/en-us/servicing/os-builds-26200-6725-and-26100-6725-preview"
    listed = replace(entry(EntryKind.PREVIEW, "2025-09-29", "KB5065789", "26200.6725"), url=address)
    rows = resolved(information=QUARTER, sibling=records(entries=(listed,)))
    assert (RELEASE, "26100.6725", "KB5065789") in rows.builds
    assert [finding.code for finding in rows.findings().values()] == ["family"]


def test_links_of_the_update_history_tell_no_family() -> None:
    listed = entry(EntryKind.CUMULATIVE, "2025-09-29", "KB5065789", "26200.6725")
    rows = resolved(sibling=records(versions=(BARE,), entries=(listed,)))
    assert list(rows.builds) == [(RELEASE, "", "KB5065789")]
    assert (rows.releases[RELEASE].base_build, rows.findings()) == (None, {})


def test_of_two_b_rows_of_a_month_the_higher_one_is_the_months() -> None:
    lower = b_row("2025-05", "26100.3900", "KB5058999", "2025-05-13")
    rows = resolved(information=records(updates=(APRIL, MAY, lower), months=(MAY_HOTPATCH,)))
    assert (RELEASE, "26100.3981", "KB5058497") in rows.builds
    assert rows.findings() == {}


def test_a_plan_does_not_outlive_a_release() -> None:
    came = month("2026-09", MonthType.BASELINE, kb="KB5124008")
    rows = resolved(
        information=records(months=(month("2026-09", MonthType.HOTPATCH),)),
        notes=records(versions=(BARE,), months=(came,)),
    )
    assert rows.months[RELEASE, "2026-09"].type is MonthType.BASELINE
    assert [(row.track, row.kb) for row in rows.builds.values()] == [("cumulative", "KB5124008")]
    assert [finding.code for finding in rows.findings().values()] == ["conflict"]


def test_a_release_that_only_the_navigation_names_is_not_out_of_the_servicing_table() -> None:
    served = Servicing("windows-11-25h2", None, None, None, None)
    versions = (VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200))
    rows = resolved(information=records(versions=versions[1:], servicing=(served,)), notes=records(versions=(BARE,)))
    assert rows.releases[RELEASE].serviced is None
    rows = resolved(information=records(versions=versions, servicing=(served,), updates=(MAY,)))
    assert rows.releases[RELEASE].serviced is False


def test_a_row_that_stands_twice_with_other_values_is_reported():
    rows = resolved(information=records(updates=(MAY, replace(MAY, available="2025-05-14"))))
    assert [finding.code for finding in rows.findings().values()] == ["duplicate"]


FIRST = Update(RELEASE, "26100.1742", None, "A", "2024-10", "2024-10-01", None)
QUARANTINED = Quarantined(TableName.HISTORY, RELEASE, (RELEASE, "26100.4061", "KB5058411"), "date", "soon")
SERVICED = Servicing(RELEASE, "2025-03-18", "2026-10-13", "2027-10-12", None)


@pytest.mark.parametrize(
    ("page", "partial"),
    [
        (records(updates=(MAY, APRIL, FIRST)), False),
        # The oldest row has a KB, and came a few days after the release: Server 2022 begins so.
        (records(updates=(MAY, APRIL), servicing=(SERVICED,)), False),
        (records(updates=(MAY, APRIL), servicing=(replace(SERVICED, available="2025-03-01"),)), True),
        (records(updates=(MAY, APRIL), servicing=(replace(SERVICED, available=None),)), True),
        (records(updates=(MAY, replace(APRIL, available=None)), servicing=(SERVICED,)), True),
        (records(updates=(MAY, APRIL)), True),
        # A month without its B; and a B that has no KB yet is not the release.
        (records(updates=(MAY, replace(APRIL, month="2025-03"), FIRST)), True),
        (records(updates=(MAY, replace(APRIL, kb=None))), True),
        # A row that cannot be read may be of any month; one of another table is no update.
        (records(updates=(APRIL, FIRST), quarantined=(QUARANTINED,)), True),
        (records(updates=(APRIL, FIRST), quarantined=(replace(QUARANTINED, table=TableName.CALENDAR),)), False),
        (records(updates=(APRIL, FIRST), quarantined=(replace(QUARANTINED, release="windows-11-23h2"),)), False),
        # No release history at all.
        (records(servicing=(SERVICED,)), True),
        (records(months=(APRIL_BASELINE, MAY_HOTPATCH)), True),
        (records(entries=(entry(EntryKind.CUMULATIVE, "2025-05-13", "KB5058411", "26100.4061"),)), True),
    ],
)
def test_a_release_is_partial_until_its_history_was_read_whole(page, partial):
    assert resolved(information=page).releases[RELEASE].partial is partial


def test_labels_that_disagree_on_the_family_are_reported():
    rows = resolved(information=records(versions=(VERSION, replace(VERSION, base_build=26200))))
    assert [finding.code for finding in rows.findings().values()] == ["conflict"]


def test_a_title_comes_from_the_clients_own_category_then_its_preview_then_the_server():
    own = entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981")
    server = replace(own, release="windows-server-2025", title="server")
    preview = replace(own, preview=True, title="preview")
    versions = (VERSION, Version("windows-server-2025", "Windows Server", "2025", None))
    for entries, title in (((server, preview, own), own.title), ((server, preview), "preview"), ((server,), "server")):
        rows = resolved(notes=records(versions=versions, entries=entries))
        assert rows.titles["KB5058497"].title == title


def test_a_b_row_without_a_kb_has_that_of_the_calendar_s_baseline_or_of_its_own_link():
    bare = b_row("2025-04", "26100.3775", None, "2025-04-08")
    assert [
        row.kb for row in resolved(information=records(updates=(bare,), months=(APRIL_BASELINE,))).builds.values()
    ] == ["KB5055523"]
    listed = records(entries=(entry(EntryKind.CUMULATIVE, "2025-04-08", "KB5055523", "26100.3775"),))
    found = resolved(information=records(updates=(bare,)), notes=listed).builds
    assert {key: row.cadence for key, row in found.items()} == {(RELEASE, "26100.3775", "KB5055523"): "B"}
    # Another day's link is another update.
    other = records(entries=(entry(EntryKind.CUMULATIVE, "2025-04-09", "KB5055523", "26100.3775"),))
    assert len(resolved(information=records(updates=(bare,)), notes=other).builds) == 2


def test_a_build_that_stands_twice_once_without_its_kb_is_one_row():
    found = resolved(information=records(updates=(b_row("2025-04", "26100.3775", None, "2025-04-08"), APRIL)))
    assert found.builds.keys() == {(RELEASE, "26100.3775", "KB5055523")}
    assert [(finding.code, finding.subject) for finding in found.findings().values()] == [("duplicate", "26100.3775")]


def test_a_type_that_its_own_kb_contradicts_gives_way_to_another_page_s():
    """A slip in one word made a hotpatch a baseline, and took its build from the devices that have it."""
    slip = replace(MAY_HOTPATCH, type=MonthType.BASELINE)
    notes = records(months=(month("2025-05", MonthType.HOTPATCH, kb="KB5058497"),))
    both = resolved(information=records(updates=(APRIL, MAY), months=(slip,)), notes=notes)
    assert both.months[RELEASE, "2025-05"].type is MonthType.HOTPATCH
    assert both.builds[RELEASE, "26100.3981", "KB5058497"].stated_kind == "hotpatch"
    assert [(finding.field, finding.used, finding.other, finding.why) for finding in both.findings().values()] == [
        ("type", "hotpatch", "baseline", Reason.CONTRADICTED)
    ]
    # Alone, a page is believed: its word is all there is.
    assert (
        resolved(information=records(updates=(APRIL, MAY), months=(slip,))).months[RELEASE, "2025-05"].type
        == "baseline"
    )


def test_a_category_with_a_slip_in_its_title_makes_no_release():
    double = entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981", release="windows-11-42h2")
    title = Version("windows-11-42h2", "Windows 11", "42H2", None)
    found = resolved(information=records(updates=(APRIL,)), notes=records(versions=(title,), entries=(double,)))
    assert found.releases.keys() == {RELEASE}
    assert [(finding.severity, finding.code, finding.subject) for finding in found.findings().values()] == [
        ("error", "family", "windows-11-42h2")
    ]
    # A release of a family that no label has is a new one.
    new = replace(double, builds=("26300.100", "26100.100"))
    assert (
        "windows-11-42h2"
        in resolved(information=records(updates=(APRIL,)), notes=records(versions=(title,), entries=(new,))).releases
    )

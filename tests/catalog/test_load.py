"""Facts of several pages to rows: ranks, disagreements, rules of meaning, and what a night does to the night before."""

from dataclasses import replace

import pytest

from scraper.catalog.derived import meanings
from scraper.catalog.history import Change, Night, Timeline
from scraper.catalog.resolve import Claim, Why, reconcile, second_tuesday
from scraper.ingest.quarantine import with_last_good_rows
from scraper.ingest.sources import BY_NAME
from scraper.models import (
    CalendarMonth,
    Entry,
    EntryKind,
    MonthType,
    Quarantined,
    Records,
    Servicing,
    Severity,
    TableName,
    Update,
    Version,
)

RELEASE = "windows-11-24h2"
INFORMATION = BY_NAME["windows-11-release-information"]
NOTES = BY_NAME["hotpatch-24h2"]
SIBLING = BY_NAME["hotpatch-25h2"]
RANKED = (INFORMATION, NOTES, SIBLING)
VERSION = Version(RELEASE, "Windows 11", "24H2", 26100)
BARE = Version(RELEASE, "Windows 11", "24H2", None)


def facts(*, versions=(VERSION,), **records) -> Records:
    empty = dict.fromkeys(("servicing", "long_term", "updates", "months", "entries", "quarantined", "notes"), ())
    return Records(layout="learn", updated_at="", versions=versions, **{**empty, **records})


def b_row(month, build, kb, date) -> Update:
    return Update(RELEASE, build, kb, "B", month, date, None)


def month(name, kind, date=None, build=None, kb=None, *, star=False) -> CalendarMonth:
    return CalendarMonth(RELEASE, name, kind, date, build, kb, None, star)


def entry(kind, date, kb, *builds, preview=False, release=RELEASE) -> Entry:
    return Entry(release, kind, date, kb, builds, f"{date} {kind} {kb}", None, False, preview)


def claims(**pages):
    named = {"information": INFORMATION, "notes": NOTES, "sibling": SIBLING}
    return reconcile({named[page].name: said for page, said in pages.items()}, RANKED)


APRIL = b_row("2025-04", "26100.3775", "KB5055523", "2025-04-08")
MAY = b_row("2025-05", "26100.4061", "KB5058411", "2025-05-13")
APRIL_BASELINE = month("2025-04", MonthType.BASELINE, "2025-04-08", "26100.3775", "KB5055523")
MAY_HOTPATCH = month("2025-05", MonthType.HOTPATCH, "2025-05-13", "26100.3981", "KB5058497")
QUARTER = facts(updates=(APRIL, MAY), months=(APRIL_BASELINE, MAY_HOTPATCH))


@pytest.mark.parametrize(
    ("name", "day"), [("2026-06", "2026-06-09"), ("2026-09", "2026-09-08"), ("2024-10", "2024-10-08")]
)
def test_updates_come_on_the_second_tuesday(name, day):
    assert second_tuesday(name) == day


# --- reconcile -------------------------------------------------------------------------------------------------------


def test_a_lower_rank_fills_a_null():
    said = claims(
        information=facts(months=(month("2025-05", MonthType.HOTPATCH),)),
        notes=facts(versions=(BARE,), entries=(entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981"),)),
    )
    row = said.months[RELEASE, "2025-05"]
    assert (row.available, row.build, row.kb) == ("2025-05-13", "26100.3981", "KB5058497")
    assert [claim.kb for claim in said.builds.values()] == ["KB5058497"]
    assert said.findings == {}


def test_two_values_conflict_and_the_higher_one_is_published():
    said = claims(
        information=QUARTER,
        notes=facts(versions=(BARE,), entries=(entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3982"),)),
    )
    assert said.months[RELEASE, "2025-05"].available == "2025-05-13"
    assert said.months[RELEASE, "2025-05"].build == "26100.3981"
    assert list(said.findings) == [
        Claim(
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
            Why.RANK,
            "2025-05",
        )
        for words, ours, theirs in (
            ("date", "2025-05-13", "2025-05-20"),
            ("build", "26100.3981", "26100.3982"),
        )
    ]


def test_pages_that_disagree_on_a_months_type_are_a_finding():
    said = claims(
        information=facts(months=(month("2026-06", MonthType.BASELINE),)),
        notes=facts(versions=(BARE,), months=(month("2026-06", MonthType.HOTPATCH),)),
    )
    assert said.months[RELEASE, "2026-06"].type is MonthType.BASELINE
    assert [claim.code for claim in said.findings] == ["conflict"]


def test_a_baseline_link_speaks_for_its_second_tuesday():
    hotpatch = facts(months=(month("2026-06", MonthType.HOTPATCH),))
    said = claims(information=hotpatch, notes=facts(entries=(entry(EntryKind.BASELINE, "2026-06-09", None),)))
    assert [claim.message for claim in said.findings] == [
        f"type of 2026-06: baseline on {NOTES.name}, hotpatch on {INFORMATION.name}"
    ]


def test_the_same_statement_of_two_pages_is_heard_once():
    late = entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3981")
    said = claims(information=QUARTER, notes=facts(entries=(late,)), sibling=facts(entries=(late,)))
    assert len(said.findings) == 1


def test_a_calendar_build_that_is_another_months_is_not_believed():
    said = claims(
        information=facts(updates=(APRIL, MAY), months=(month("2025-07", MonthType.HOTPATCH, None, "26100.4061"),))
    )
    assert said.months[RELEASE, "2025-07"].build is None
    assert not said.months[RELEASE, "2025-07"].released
    assert set(said.builds) == {(RELEASE, "26100.3775", "KB5055523"), (RELEASE, "26100.4061", "KB5058411")}
    assert [(claim.severity, claim.code) for claim in said.findings] == [(Severity.ERROR, "calendar-build")]


@pytest.mark.parametrize("build", ["26100.4061", "26100.4100", "26100.3775", "26100.3700"])
def test_a_hotpatch_out_of_order_makes_no_row_but_an_error(build):
    said = claims(
        information=facts(
            updates=(APRIL, MAY), months=(month("2025-05", MonthType.HOTPATCH, "2025-05-13", build, "KB5058497"),)
        )
    )
    assert (RELEASE, build, "KB5058497") not in said.builds
    assert [claim.severity for claim in said.findings] == [Severity.ERROR]


def test_a_baseline_is_one_row_and_the_history_beats_the_calendar():
    typo = month("2025-04", MonthType.BASELINE, "2025-04-08", "26100.3776", "KB5055523")
    said = claims(information=facts(updates=(APRIL,), months=(typo,)))
    assert list(said.builds) == [(RELEASE, "26100.3775", "KB5055523")]
    assert said.months[RELEASE, "2025-04"].build == "26100.3775"
    assert [claim.code for claim in said.findings] == ["conflict"]


def test_a_baseline_that_no_history_has_yet_makes_its_row():
    said = claims(information=facts(months=(APRIL_BASELINE,)))
    (row,) = said.builds.values()
    assert (row.track, row.cadence, row.month, row.kb) == ("cumulative", "B", "2025-04", "KB5055523")


def test_an_out_of_band_hotpatch_takes_the_build_of_its_releases_family():
    said = claims(
        information=QUARTER,
        notes=facts(entries=(entry(EntryKind.OUT_OF_BAND, "2026-07-18", "KB5121768", "26200.8893", "26100.8893"),)),
    )
    row = said.builds[RELEASE, "26100.8893", "KB5121768"]
    assert (row.track, row.hint, row.month, row.cadence) == ("hotpatch", "out-of-band", None, None)


def test_without_release_information_the_family_is_what_all_links_share():
    said = claims(
        notes=facts(
            versions=(BARE,),
            entries=(
                entry(EntryKind.OUT_OF_BAND, "2026-07-18", "KB5121768", "26200.8893", "26100.8893"),
                entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),
            ),
        )
    )
    assert set(said.builds) == {(RELEASE, "26100.8893", "KB5121768"), (RELEASE, "26100.3983", "KB5061258")}


def test_a_link_without_a_build_of_the_family_has_no_build_and_a_finding():
    typo = entry(EntryKind.OUT_OF_BAND, "2023-12-12", "KB5033464", "26010.2091")
    said = claims(information=QUARTER, notes=facts(entries=(typo,)))
    assert (RELEASE, "", "KB5033464") in said.builds
    assert [claim.code for claim in said.findings] == ["family"]


def test_a_second_link_fills_the_first_and_reports_what_differs():
    said = claims(
        information=QUARTER,
        notes=facts(
            entries=(
                entry(EntryKind.COMPONENT, None, "KB5074204"),
                entry(EntryKind.COMPONENT, "2025-12-09", "KB5074204", "26100.7392", preview=True),
                entry(EntryKind.COMPONENT, "2025-12-10", "KB5074204", preview=True),
            )
        ),
    )
    row = said.builds[RELEASE, "26100.7392", "KB5074204"]
    assert row.available == "2025-12-09"
    assert (RELEASE, "", "KB5074204") not in said.builds
    assert [claim.message.startswith("date of KB5074204") for claim in said.findings] == [True]


def test_a_link_that_calls_a_cumulative_update_a_hotpatch_is_a_conflict_and_takes_no_row() -> None:
    wrong = entry(EntryKind.OUT_OF_BAND, "2025-05-13", "KB5058411", "26100.4061")
    said = claims(information=QUARTER, notes=facts(entries=(wrong,)))
    row = said.builds[RELEASE, "26100.4061", "KB5058411"]
    assert (row.track, row.cadence, row.month) == ("cumulative", "B", "2025-05")
    assert [claim.message for claim in said.findings] == [
        f"track of KB5058411: cumulative on {INFORMATION.name}, hotpatch on {NOTES.name}"
    ]


def test_an_update_that_only_the_update_history_has_makes_its_row() -> None:
    listed = entry(EntryKind.PREVIEW, "2024-06-28", "KB5039304", "26100.1000")
    said = claims(information=QUARTER, sibling=facts(entries=(listed,)))
    row = said.builds[RELEASE, "26100.1000", "KB5039304"]
    assert (row.track, row.hint, row.cadence, row.month) == ("cumulative", "preview", None, None)


def test_a_build_of_the_family_is_taken_from_the_address_where_the_text_names_none() -> None:
    address = "https://support.microsoft.com/en-us/servicing/os-builds-26200-6725-and-26100-6725-preview"
    listed = replace(entry(EntryKind.PREVIEW, "2025-09-29", "KB5065789", "26200.6725"), url=address)
    said = claims(information=QUARTER, sibling=facts(entries=(listed,)))
    assert (RELEASE, "26100.6725", "KB5065789") in said.builds
    assert [claim.code for claim in said.findings] == ["family"]


def test_links_of_the_update_history_tell_no_family() -> None:
    listed = entry(EntryKind.CUMULATIVE, "2025-09-29", "KB5065789", "26200.6725")
    said = claims(sibling=facts(versions=(BARE,), entries=(listed,)))
    assert list(said.builds) == [(RELEASE, "", "KB5065789")]
    assert (said.releases[RELEASE].base_build, said.findings) == (None, {})


def test_of_two_b_rows_of_a_month_the_higher_one_is_the_months() -> None:
    lower = b_row("2025-05", "26100.3900", "KB5058999", "2025-05-13")
    said = claims(information=facts(updates=(APRIL, MAY, lower), months=(MAY_HOTPATCH,)))
    assert (RELEASE, "26100.3981", "KB5058497") in said.builds
    assert said.findings == {}


def test_a_plan_does_not_outlive_a_release() -> None:
    came = month("2026-09", MonthType.BASELINE, kb="KB5124008")
    said = claims(
        information=facts(months=(month("2026-09", MonthType.HOTPATCH),)), notes=facts(versions=(BARE,), months=(came,))
    )
    assert said.months[RELEASE, "2026-09"].type is MonthType.BASELINE
    assert [(row.track, row.kb) for row in said.builds.values()] == [("cumulative", "KB5124008")]
    assert [claim.code for claim in said.findings] == ["conflict"]


def test_a_release_that_only_the_navigation_names_is_not_out_of_the_servicing_table() -> None:
    served = Servicing("windows-11-25h2", None, None, None, None)
    versions = (VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200))
    said = claims(information=facts(versions=versions[1:], servicing=(served,)), notes=facts(versions=(BARE,)))
    assert said.releases[RELEASE].serviced is None
    said = claims(information=facts(versions=versions, servicing=(served,), updates=(MAY,)))
    assert said.releases[RELEASE].serviced is False


def test_a_row_that_stands_twice_with_other_values_is_reported():
    said = claims(information=facts(updates=(MAY, replace(MAY, available="2025-05-14"))))
    assert [claim.code for claim in said.findings] == ["duplicate"]


def test_labels_that_disagree_on_the_family_are_reported():
    said = claims(information=facts(versions=(VERSION, replace(VERSION, base_build=26200))))
    assert [claim.code for claim in said.findings] == ["conflict"]


def test_a_title_comes_from_the_clients_own_category_then_its_preview_then_the_server():
    own = entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981")
    server = replace(own, release="windows-server-2025", title="server")
    preview = replace(own, preview=True, title="preview")
    versions = (VERSION, Version("windows-server-2025", "Windows Server", "2025", None))
    for entries, title in (((server, preview, own), own.title), ((server, preview), "preview"), ((server,), "server")):
        said = claims(notes=facts(versions=versions, entries=entries))
        assert said.articles["KB5058497"].title == title


# --- meaning ---------------------------------------------------------------------------------------------------------


def meant(*pages):
    """KB or build, then kind, security month, restart, twin, baseline of every row."""
    timeline = Timeline()
    said = reconcile({source.name: page for source, page in zip(RANKED, pages, strict=False)}, RANKED)
    timeline.follow(Night(1, "2026-09-30T00:00:00Z", [], []), said)
    derived = meanings(timeline)
    rows = {}
    for row in timeline.builds.values():
        meaning = derived[row.claim.release].of(row.claim)
        rows[row.claim.kb or row.claim.build] = (
            meaning.kind,
            meaning.security_month,
            meaning.restart,
            meaning.twin_kb,
            meaning.baseline_kb,
        )
    return rows


def test_every_row_of_a_quarter_means_what_the_rules_say():
    information = replace(
        QUARTER,
        updates=(
            Update(RELEASE, "26100.1742", None, "A", "2024-10", "2024-10-01", None),
            APRIL,
            Update(RELEASE, "26100.3915", "KB5055627", "D", "2025-04", "2025-04-25", None),
            MAY,
            Update(RELEASE, "26100.4066", "KB5061977", "OOB", "2025-05", "2025-05-27", None),
        ),
    )
    notes = facts(
        entries=(
            entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),
            entry(EntryKind.COMPONENT, None, "KB5061096"),
            entry(EntryKind.HOTPATCH, "2025-02-11", "KB5052105", "26100.3107"),
        )
    )
    assert meant(information, notes) == {
        "26100.1742": ("initial", None, None, None, None),
        "KB5055523": ("baseline", "2025-04", True, None, None),
        "KB5055627": ("preview", "2025-04", True, None, None),
        "KB5058411": ("security", "2025-05", True, "KB5058497", None),
        "KB5061977": ("out-of-band", "2025-05", True, None, None),
        "KB5058497": ("hotpatch", "2025-05", False, "KB5058411", "KB5055523"),
        "KB5061258": ("out-of-band", "2025-05", False, None, "KB5055523"),
        "KB5061096": ("component", None, None, None, None),
        "KB5052105": ("hotpatch", None, False, None, None),
    }


def test_a_b_row_without_a_kb_has_that_of_the_calendar_s_baseline_or_of_its_own_link():
    bare = b_row("2025-04", "26100.3775", None, "2025-04-08")
    assert [row.kb for row in claims(information=facts(updates=(bare,), months=(APRIL_BASELINE,))).builds.values()] == [
        "KB5055523"
    ]
    listed = facts(entries=(entry(EntryKind.CUMULATIVE, "2025-04-08", "KB5055523", "26100.3775"),))
    found = claims(information=facts(updates=(bare,)), notes=listed).builds
    assert {key: row.cadence for key, row in found.items()} == {(RELEASE, "26100.3775", "KB5055523"): "B"}
    # Another day's link is another update.
    other = facts(entries=(entry(EntryKind.CUMULATIVE, "2025-04-09", "KB5055523", "26100.3775"),))
    assert len(claims(information=facts(updates=(bare,)), notes=other).builds) == 2


def test_a_build_that_stands_twice_once_without_its_kb_is_one_row():
    found = claims(information=facts(updates=(b_row("2025-04", "26100.3775", None, "2025-04-08"), APRIL)))
    assert found.builds.keys() == {(RELEASE, "26100.3775", "KB5055523")}
    assert [(claim.code, claim.subject) for claim in found.findings] == [("duplicate", "26100.3775")]


def test_a_type_that_its_own_kb_contradicts_gives_way_to_another_page_s():
    """A slip in one word made a hotpatch a baseline, and took its build from the devices that have it."""
    slip = replace(MAY_HOTPATCH, type=MonthType.BASELINE)
    notes = facts(months=(month("2025-05", MonthType.HOTPATCH, kb="KB5058497"),))
    both = claims(information=facts(updates=(APRIL, MAY), months=(slip,)), notes=notes)
    assert both.months[RELEASE, "2025-05"].type is MonthType.HOTPATCH
    assert both.builds[RELEASE, "26100.3981", "KB5058497"].hint == "hotpatch"
    assert [(claim.field, claim.used, claim.other, claim.why) for claim in both.findings] == [
        ("type", "hotpatch", "baseline", Why.CONTRADICTED)
    ]
    # Alone, a page is believed: its word is all there is.
    assert claims(information=facts(updates=(APRIL, MAY), months=(slip,))).months[RELEASE, "2025-05"].type == "baseline"


def test_a_category_with_a_slip_in_its_title_makes_no_release():
    double = entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981", release="windows-11-42h2")
    title = Version("windows-11-42h2", "Windows 11", "42H2", None)
    found = claims(information=facts(updates=(APRIL,)), notes=facts(versions=(title,), entries=(double,)))
    assert found.releases.keys() == {RELEASE}
    assert [(claim.severity, claim.code, claim.subject) for claim in found.findings] == [
        ("error", "family", "windows-11-42h2")
    ]
    # A release of a family that no label has is a new one.
    new = replace(double, builds=("26300.100", "26100.100"))
    assert (
        "windows-11-42h2"
        in claims(information=facts(updates=(APRIL,)), notes=facts(versions=(title,), entries=(new,))).releases
    )


def test_a_release_out_of_support_stays_so_when_its_history_is_lost():
    timeline = Timeline()
    said = facts(servicing=(Servicing("windows-11-25h2", None, None, None, None),), updates=(APRIL,))
    versions = (VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200))
    timeline.follow(
        Night(1, "2026-09-30T00:00:00Z", [INFORMATION.name], []), claims(information=replace(said, versions=versions))
    )
    assert timeline.releases[RELEASE].claim.serviced is False
    timeline.follow(
        Night(2, "2026-10-01T00:00:00Z", [INFORMATION.name], []),
        claims(information=replace(said, versions=versions, updates=())),
    )
    assert timeline.releases[RELEASE].claim.serviced is False


def test_a_b_row_without_a_kb_is_a_baseline_by_its_build():
    october = b_row("2026-10", "26100.9711", None, "2026-10-13")
    rows = meant(
        facts(updates=(APRIL, october), months=(month("2026-10", MonthType.BASELINE, "2026-10-13", "26100.9711"),))
    )
    assert rows["26100.9711"][0] == "baseline"


def test_a_row_without_a_type_that_is_not_the_first_has_no_kind():
    rows = meant(facts(updates=(APRIL, Update(RELEASE, "26100.4000", "KB5059999", None, None, None, None))))
    assert rows["KB5059999"] == (None, "2025-04", True, None, None)


def test_an_old_row_that_is_withdrawn_keeps_its_place_among_the_others():
    nights = Nights(QUARTER)
    gone = replace(QUARTER, updates=(MAY,), months=(MAY_HOTPATCH,))
    nights.night(gone)
    nights.night(gone)
    assert nights.timeline.builds[RELEASE, "26100.3775", "KB5055523"].standing.withdrawn
    derived = meanings(nights.timeline)[RELEASE]
    between = replace_claim(nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].claim, "26100.3915", "D")
    assert derived.of(between).security_month == "2025-04"


def test_the_newest_row_counts_no_longer_once_it_is_withdrawn():
    nights = Nights(QUARTER)
    gone = replace(QUARTER, updates=(APRIL,))
    nights.night(gone)
    nights.night(gone)
    derived = meanings(nights.timeline)[RELEASE]
    withdrawn = nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].claim
    assert derived.of(withdrawn).security_month == "2025-05", "a device on it keeps its verdict"
    assert derived.of(replace_claim(withdrawn, "26100.4100", "D")).security_month == "2025-04"


def replace_claim(claim, build, cadence):
    return replace(claim, build=build, cadence=cadence)


# --- timeline --------------------------------------------------------------------------------------------------------


class Nights:
    """Follows one night after another; every page is read each night, and had been good before."""

    def __init__(self, *first, sources=RANKED):
        self.timeline, self.run = Timeline(), 0
        self.night(*first, first=[source.name for source in sources])

    def night(self, *pages, read=None, first=()):
        self.run += 1
        start = len(self.timeline.changes)
        known = {source.name: page for source, page in zip(RANKED, pages, strict=False) if page}
        at = f"2026-09-{self.run:02}T00:00:00Z"
        self.timeline.follow(Night(self.run, at, known if read is None else read, first), reconcile(known, RANKED))
        return [(change.subject, change.field, change.old, change.new) for change in self.timeline.changes[start:]]


def test_the_first_good_version_of_a_page_is_no_change():
    nights = Nights(QUARTER)
    assert nights.timeline.changes == []
    notes = facts(entries=(entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),))
    assert nights.night(QUARTER, notes, first=[NOTES.name]) == []


def test_a_new_row_is_one_change_with_its_page_and_time():
    nights = Nights(replace(QUARTER, updates=(APRIL,), months=()))
    nights.night(replace(QUARTER, updates=(APRIL, MAY), months=()))
    assert nights.timeline.changes == [
        Change("2026-09-02T00:00:00Z", 2, "builds", RELEASE, "KB5058411", "row", None, "26100.4061", INFORMATION.name)
    ]


def test_a_replanned_month_keeps_its_first_plan():
    nights = Nights(facts(months=(month("2026-06", MonthType.HOTPATCH),)))
    came = month("2026-06", MonthType.BASELINE, "2026-06-09", "26100.8655", "KB5094126")
    changes = nights.night(facts(months=(came,)))
    assert ("2026-06", "type", "hotpatch", "baseline") in changes
    row = nights.timeline.months[RELEASE, "2026-06"]
    assert (row.planned_type, row.claim.type, row.released) == (MonthType.HOTPATCH, MonthType.BASELINE, True)


def test_a_month_first_seen_released_has_no_plan_unless_the_page_stars_it():
    nights = Nights(facts(months=(APRIL_BASELINE, replace(MAY_HOTPATCH, replanned=True))))
    assert nights.timeline.months[RELEASE, "2025-04"].planned_type is None
    assert nights.timeline.months[RELEASE, "2025-05"].planned_type is MonthType.BASELINE


def test_an_entry_that_flaps_one_night_is_no_change():
    nights = Nights(QUARTER)
    assert nights.night(replace(QUARTER, updates=(APRIL,))) == []
    assert nights.timeline.pending() == {INFORMATION.name: 1}
    assert nights.night(QUARTER) == []
    assert nights.timeline.pending() == {}
    assert nights.night(replace(QUARTER, updates=(APRIL,))) == []


def test_a_row_gone_two_nights_in_a_row_stays_as_withdrawn_and_may_come_back():
    nights = Nights(QUARTER)
    gone = replace(QUARTER, updates=(APRIL,))
    assert nights.night(gone) == []
    assert nights.night(gone) == [("KB5058411", "row", "26100.4061", None)]
    assert nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].standing.withdrawn
    assert nights.night(gone) == []
    assert nights.night(QUARTER) == [("KB5058411", "row", None, "26100.4061")]
    assert not nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].standing.withdrawn


def test_a_night_on_which_the_page_was_not_read_counts_for_nothing():
    nights = Nights(QUARTER)
    gone = replace(QUARTER, updates=(APRIL,))
    nights.night(gone)
    assert nights.night(gone, read=()) == []
    assert nights.night(gone) == [("KB5058411", "row", "26100.4061", None)]


def test_a_released_month_that_becomes_empty_keeps_its_values_and_is_withdrawn_on_the_second_night():
    nights = Nights(QUARTER)
    emptied = replace(QUARTER, months=(APRIL_BASELINE, month("2025-05", MonthType.HOTPATCH)))
    assert nights.night(emptied) == []
    assert ("2025-05", "row", "hotpatch", None) in nights.night(emptied)
    row = nights.timeline.months[RELEASE, "2025-05"]
    assert (row.claim.kb, row.released, row.standing.withdrawn) == ("KB5058497", True, True)
    assert ("2025-05", "row", None, "hotpatch") in nights.night(QUARTER)


def test_a_month_gone_from_the_calendar_is_withdrawn_on_the_second_night():
    nights = Nights(facts(months=(APRIL_BASELINE, month("2025-05", MonthType.HOTPATCH))))
    gone = facts(months=(APRIL_BASELINE,))
    assert nights.night(gone) == []
    assert nights.night(gone) == [("2025-05", "row", "hotpatch", None)]


def test_a_corrected_build_stays_and_says_what_it_was_corrected_to():
    typo = replace(MAY, build="26100.4016")
    nights = Nights(facts(updates=(APRIL, typo)))
    assert nights.night(facts(updates=(APRIL, MAY))) == [("KB5058411", "build", "26100.4016", "26100.4061")]
    row = nights.timeline.builds[RELEASE, "26100.4016", "KB5058411"]
    assert (row.corrected_to, row.standing.withdrawn) == ("26100.4061", True)
    assert nights.night(facts(updates=(APRIL, MAY))) == []


def test_learning_a_kb_is_a_change_of_the_row():
    bare = replace(MAY, kb=None)
    nights = Nights(facts(updates=(APRIL, bare)))
    assert nights.night(facts(updates=(APRIL, MAY))) == [("KB5058411", "kb", None, "KB5058411")]
    assert (RELEASE, "26100.4061", "") not in nights.timeline.builds
    assert nights.night(facts(updates=(APRIL, bare))) == []
    assert (RELEASE, "26100.4061", "KB5058411") in nights.timeline.builds


def test_learning_the_build_of_a_component_is_a_change_of_the_row():
    bare, full = (
        facts(entries=(entry(EntryKind.COMPONENT, None, "KB5074204", *builds),)) for builds in ((), ("26100.7392",))
    )
    nights = Nights(QUARTER, bare)
    assert nights.night(QUARTER, full) == [("KB5074204", "build", None, "26100.7392")]


def test_a_corrected_date_is_a_change_and_a_date_that_vanished_stays():
    nights = Nights(facts(updates=(MAY,)))
    later = replace(MAY, available="2025-05-14")
    assert nights.night(facts(updates=(later,))) == [("KB5058411", "available", "2025-05-13", "2025-05-14")]
    assert nights.night(facts(updates=(replace(MAY, available=None),))) == []
    assert nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].claim.available == "2025-05-14"


def test_a_row_moves_to_its_own_page_and_stays_with_a_higher_one():
    link = entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983")
    nights = Nights(QUARTER, None, facts(entries=(link,)))
    row = nights.timeline.builds[RELEASE, "26100.3983", "KB5061258"]
    assert row.claim.page == SIBLING.name
    assert nights.night(QUARTER, facts(entries=(link,)), facts(entries=(link,)), first=[NOTES.name]) == []
    assert row.claim.page == NOTES.name
    listed = facts(entries=(entry(EntryKind.CUMULATIVE, "2025-05-14", "KB5058411", "26100.4061"),))
    assert nights.night(replace(QUARTER, updates=(APRIL,)), listed, listed) == []
    kept = nights.timeline.builds[RELEASE, "26100.4061", "KB5058411"].claim
    assert (kept.page, kept.available) == (INFORMATION.name, "2025-05-13")


def test_a_release_leaves_the_servicing_table_on_the_second_night_and_keeps_its_dates():
    served = Servicing(RELEASE, "2024-10-01", "2026-10-13", "2027-10-12", None)
    other = Servicing("windows-11-25h2", None, None, None, None)
    versions = (VERSION, Version("windows-11-25h2", "Windows 11", "25H2", 26200))
    nights = Nights(facts(versions=versions, servicing=(served, other)))
    gone = facts(versions=versions, servicing=(other,))
    assert nights.night(gone) == []
    assert nights.timeline.releases[RELEASE].claim.serviced
    assert nights.night(gone) == [(RELEASE, "row", "24H2", None)]
    assert nights.timeline.releases[RELEASE].claim.serviced is False
    assert nights.timeline.releases[RELEASE].claim.end_of_updates_enterprise == "2027-10-12"
    assert nights.night(facts(versions=versions, servicing=(served, other))) == [(RELEASE, "row", None, "24H2")]


def test_an_end_of_updates_that_moves_is_a_change():
    served = Servicing(RELEASE, "2024-10-01", "2026-10-13", "2027-10-12", None)
    nights = Nights(facts(servicing=(served,)))
    moved = replace(served, end_of_updates_enterprise="2028-10-10")
    assert nights.night(facts(servicing=(moved,))) == [
        (RELEASE, "end_of_updates_enterprise", "2027-10-12", "2028-10-10")
    ]


def test_that_updates_have_ended_is_taken_back_by_a_date():
    ended = Servicing(RELEASE, "2024-10-01", None, None, "all")
    nights = Nights(facts(servicing=(ended,)))
    dated = Servicing(RELEASE, "2024-10-01", "2027-11-09", "2027-11-09", None)
    assert (RELEASE, "ended", "all", None) in nights.night(facts(servicing=(dated,)))
    assert nights.timeline.releases[RELEASE].claim.ended is None


def test_another_family_and_another_kind_are_changes():
    nights = Nights(QUARTER, facts(entries=(entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),)))
    plain = facts(entries=(entry(EntryKind.HOTPATCH, "2025-05-16", "KB5061258", "26100.3983"),))
    assert nights.night(QUARTER, plain) == [("KB5061258", "kind", "out-of-band", "hotpatch")]
    moved = replace(QUARTER, versions=(replace(VERSION, base_build=26101),))
    assert (RELEASE, "base_build", "26100", "26101") in nights.night(moved, plain)


def test_another_kind_of_a_cumulative_update_is_a_change_where_no_letter_says_it():
    """The pre-release builds of 24H2 stand in the update history alone."""
    preview = entry(EntryKind.PREVIEW, "2024-07-30", "KB5040529", "26100.1301")
    lettered = entry(EntryKind.PREVIEW, MAY.available, MAY.kb, MAY.build)
    nights = Nights(QUARTER, facts(entries=(preview, lettered)))
    other = [replace(one, kind=EntryKind.CUMULATIVE_OUT_OF_BAND) for one in (preview, lettered)]
    assert nights.night(QUARTER, facts(entries=other)) == [("KB5040529", "kind", "preview", "out-of-band")]


def test_a_star_says_nothing_of_a_month_that_is_still_planned():
    nights = Nights(facts(months=(month("2026-10", MonthType.BASELINE, star=True),)))
    assert nights.timeline.months[RELEASE, "2026-10"].planned_type is MonthType.BASELINE


def test_without_any_servicing_table_nothing_is_said_of_being_serviced():
    assert Nights(QUARTER).timeline.releases[RELEASE].claim.serviced is None


def test_a_finding_stands_until_the_night_on_which_it_does_not():
    late = facts(entries=(entry(EntryKind.HOTPATCH, "2025-05-20", "KB5058497", "26100.3981"),))
    mended = facts(entries=(entry(EntryKind.HOTPATCH, "2025-05-13", "KB5058497", "26100.3981"),))
    nights = Nights(QUARTER, late)
    nights.night(QUARTER, late)
    nights.night(QUARTER, mended)
    nights.night(QUARTER, late)
    assert [(finding.first_seen[:10], (finding.resolved_at or "")[:10]) for finding in nights.timeline.findings] == [
        ("2026-09-01", "2026-09-03"),
        ("2026-09-04", ""),
    ]


def test_what_was_found_of_a_row_stands_as_long_as_the_row_does():
    """It may be missing from its page because of what is wrong with it."""
    odd = replace(QUARTER, months=(APRIL_BASELINE, replace(MAY_HOTPATCH, build="26100.9999")))
    gone = replace(QUARTER, months=(APRIL_BASELINE,))
    nights = Nights(odd)
    (finding,) = nights.timeline.findings
    assert (finding.claim.code, finding.claim.subject) == ("revision-order", "KB5058497")
    nights.night(gone)
    assert finding.resolved_at is None
    nights.night(gone)
    assert finding.resolved_at == "2026-09-03T00:00:00Z"


# --- quarantine ------------------------------------------------------------------------------------------------------


def test_a_row_with_a_readable_key_keeps_its_last_facts():
    key = (RELEASE, MAY.build, MAY.kb)
    aside = Quarantined(TableName.HISTORY, RELEASE, key, "availability date", "soon")
    now = with_last_good_rows(facts(quarantined=(aside,)), facts(updates=(APRIL, MAY)))
    assert now.updates == (MAY,)


def test_while_a_key_is_unreadable_its_releases_table_loses_nothing():
    aside = Quarantined(TableName.HISTORY, RELEASE, None, "kb article", "KB51016")
    elsewhere = replace(APRIL, release="windows-11-25h2")
    now = with_last_good_rows(
        facts(quarantined=(aside,)), facts(updates=(elsewhere, APRIL, MAY), months=(APRIL_BASELINE,))
    )
    assert now.updates == (APRIL, MAY)
    assert now.months == ()


def test_a_release_that_only_an_unreadable_servicing_row_names_keeps_its_name():
    version = Version("windows-server-2016", "Windows Server", "2016", 14393)
    row = Servicing("windows-server-2016", "2016-08-02", None, "2027-01-12", "home")
    aside = Quarantined(TableName.SERVICING, "windows-server-2016", ("windows-server-2016",), "date", "soon")
    now = with_last_good_rows(facts(quarantined=(aside,)), facts(versions=(VERSION, version), servicing=(row,)))
    assert now.versions == (VERSION, version)
    assert now.servicing == (row,)


def test_without_quarantine_nothing_is_carried():
    assert with_last_good_rows(facts(), QUARTER) == facts()
    assert with_last_good_rows(QUARTER, None) == QUARTER

"""Strings to typed records: every vocabulary of the pages, and every cell that no rule reads."""

import pytest

from scraper.errors import DriftError
from scraper.ingest.normalize import normalize
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.ingest.sources import BY_NAME
from scraper.models import (
    CalendarMonth,
    Entry,
    EntryKind,
    LongTermServicing,
    MonthType,
    Quarantined,
    Records,
    Servicing,
    Severity,
    TableName,
    Update,
    Version,
)

CLIENT = BY_NAME["windows-11-release-information"]
SERVER = BY_NAME["windows-server-release-information"]
NOTES = BY_NAME["hotpatch-24h2"]
HISTORY = ("servicing option", "update type", "availability date", "build", "kb article")
CALENDAR = ("month", "update type", "type", "availability date", "build", "kb article")
LABEL = "Version 24H2 (OS build 26100)"
CATEGORY = "Release notes for Hotpatch on Windows 11 Enterprise version 24H2"


def row(columns, *cells, link="", surplus=()):
    links = {columns[-1]: link} if link else {}
    return Row(dict(zip(columns, cells, strict=True)), links, surplus)


def read(source, *tables) -> Records:
    return normalize(source, ParsedPage("learn", "2026-07-19T03:21:00Z", tables))


def history(*rows, label=LABEL) -> Records:
    return read(CLIENT, Table(TableName.HISTORY, label, "", "historyTable_2", HISTORY, rows))


def update(*cells, **more):
    return row(HISTORY, "General Availability Channel", *cells, **more)


def calendar(*rows, label=LABEL, year="2026", identity="", source=CLIENT) -> Records:
    return read(source, Table(TableName.CALENDAR, label, year, identity, CALENDAR, rows))


def listed(*texts, category=CATEGORY) -> Records:
    rows = tuple(row(("link",), text, link="https://support.microsoft.com/en-us/help/5059525") for text in texts)
    return read(NOTES, Table(TableName.NAVIGATION, category, "", "", ("link",), rows))


# --- release history -------------------------------------------------------------------------------------------------


def test_a_row_of_the_release_history_is_read_whole():
    link = "https://support.microsoft.com/help/5101650"
    records = history(update("2026-07 B", "2026-07-14", "26100.8875", "KB5101650", link=link))
    assert records.updates == (
        Update("windows-11-24h2", "26100.8875", "KB5101650", "B", "2026-07", "2026-07-14", link),
    )
    assert records.quarantined == ()
    assert records.notes == ()


@pytest.mark.parametrize("letter", ["A", "B", "C", "D", "E", "OOB"])
def test_every_letter_of_an_update_type_is_known(letter):
    assert history(update(f"2026-07 {letter}", "2026-07-14", "26100.8875", "")).updates[0].cadence == letter


def test_the_first_row_of_a_release_may_have_neither_type_nor_kb():
    records = history(update("", "2025-09-30", "26200.6584", ""), label="Version 25H2 (OS build 26200)")
    assert records.updates == (Update("windows-11-25h2", "26200.6584", None, None, None, "2025-09-30", None),)


def test_the_month_is_the_update_types_and_not_the_dates():
    assert history(update("2025-11 D", "2025-12-01", "26100.7309", "KB5070311")).updates[0].month == "2025-11"


def test_a_kb_is_its_text_and_a_link_to_another_number_is_noted():
    link = "https://support.microsoft.com/help/5059525"
    records = history(update("2025-05 B", "2025-05-13", "26100.4061", "KB 5058411", link=link))
    assert records.updates[0].kb == "KB5058411"
    assert [(note.severity, note.code) for note in records.notes] == [(Severity.INFO, "link")]


def test_a_link_to_another_host_is_not_kept():
    records = history(
        update("2025-05 B", "2025-05-13", "26100.4061", "KB5058411", link="https://example.org/help/5058411")
    )
    assert records.updates[0].url is None


@pytest.mark.parametrize(
    ("cells", "key", "reason"),
    [
        (("2026-07 B", "2026-07-14", "26100.8875", "KB51016"), None, "kb article"),
        (("2026-07 B", "2026-07-14", "", "KB5101650"), None, "build"),
        (("2026-07 B", "2026-07-14", "26100", "KB5101650"), None, "build"),
        (("2026-07 B", "2026-02-30", "26100.8875", "KB5101650"), "KB5101650", "availability date"),
        (("2026-07 B", "July 14", "26100.8875", "KB5101650"), "KB5101650", "availability date"),
        (("2026-07 F", "2026-07-14", "26100.8875", "KB5101650"), "KB5101650", "update type"),
        (("2026-13 B", "2026-07-14", "26100.8875", "KB5101650"), "KB5101650", "update type"),
    ],
)
def test_a_history_row_that_no_rule_reads_is_set_aside_with_its_cells(cells, key, reason):
    records = history(update(*cells))
    assert records.updates == ()
    (aside,) = records.quarantined
    assert aside.table is TableName.HISTORY
    assert aside.release == "windows-11-24h2"
    assert aside.key == (("windows-11-24h2", "26100.8875", key) if key else None)
    assert aside.reason.startswith(reason)
    assert aside.cells == " | ".join(("General Availability Channel", *cells))


def test_a_cell_beyond_the_header_sets_its_row_aside():
    records = history(update("2026-07 B", "2026-07-14", "26100.8875", "KB5101650", surplus=("more",)))
    assert records.updates == ()
    assert records.quarantined[0].key is None


def test_a_build_of_another_family_is_kept_and_reported():
    records = history(update("2026-07 B", "2026-07-14", "26200.8875", "KB5101650"))
    assert records.updates[0].build == "26200.8875"
    assert [(note.code, note.subject) for note in records.notes] == [("family", "KB5101650")]


def test_a_label_may_hold_a_second_parenthesis():
    records = history(update("", "2026-07-14", "26100.1", ""), label="Version 24H2 (RTM) (OS build 26100)")
    assert records.updates[0].release == "windows-11-24h2"


@pytest.mark.parametrize("label", ["", "Windows Server 2025 (OS build 26100)", "Version 24H2"])
def test_rows_under_a_label_that_names_no_release_of_the_product_stop_the_page(label):
    with pytest.raises(DriftError, match="unexpected label of a release-history table"):
        history(update("", "2026-07-14", "26100.1", ""), label=label)


def test_the_servers_label_names_the_servers_release():
    table = Table(
        TableName.HISTORY, "Windows Server 2025 (OS build 26100)", "", "", HISTORY, (update("", "", "26100.1742", ""),)
    )
    assert read(SERVER, table).updates[0].release == "windows-server-2025"


# --- servicing -------------------------------------------------------------------------------------------------------


def servicing(*cells, source=CLIENT, name=TableName.SERVICING):
    columns = next(shape.columns for shape in source.tables if shape.name is name)
    return read(source, Table(name, "", "", "", columns, (row(columns, *cells),)))


def test_end_of_updates_in_place_of_a_date_is_no_date():
    records = servicing(
        "23H2", "GAC", "2023-10-31", "End of updates", "2026-11-10", "2026-07 B", "2026-07-14", "22631.7376"
    )
    assert records.servicing == (
        Servicing("windows-11-23h2", "2023-10-31", None, "2026-11-10", "home", "22631.7376", "2026-07-14"),
    )
    assert records.versions == (Version("windows-11-23h2", "Windows 11", "23H2", None),)


def test_end_of_updates_for_every_edition_is_told_apart():
    records = servicing("22H2", "GAC", "2022-09-20", "End of updates", "End of updates", "", "", "22621.6060")
    assert records.servicing[0].ended == "all"


def test_the_long_term_table_speaks_of_its_own_dates():
    cells = ("24H2", "LTSC", "2024-10-01", "2029-10-09", "2034-10-10", "2026-07 OOB", "2026-07-18", "26100.8894")
    records = servicing(*cells, name=TableName.LONG_TERM)
    assert records.long_term == (
        LongTermServicing("windows-11-24h2", "2024-10-01", "2029-10-09", "2034-10-10", "26100.8894", "2026-07-18"),
    )
    assert records.servicing == ()


def test_a_server_version_may_have_a_parenthesis():
    cells = ("Windows Server 2019 (version 1809)", "LTSC", "Datacenter", "2018-11-13", "End of updates", "2029-01-09")
    records = servicing(*cells, "2026-05 B", "2026-05-12", "17763.8755", source=SERVER)
    assert records.servicing[0].release == "windows-server-2019"


@pytest.mark.parametrize(
    ("version", "date", "key"), [("24H21", "2024-10-01", None), ("24H2", "soon", ("windows-11-24h2",))]
)
def test_a_servicing_row_that_no_rule_reads_is_set_aside(version, date, key):
    records = servicing(version, "GAC", date, "2026-10-13", "2027-10-12", "", "", "26100.8894")
    assert records.servicing == ()
    assert records.quarantined[0].key == key


# --- hotpatch calendars ----------------------------------------------------------------------------------------------


def test_a_released_month_is_read_whole():
    records = calendar(
        row(CALENDAR, "June", "2026.06 B", "Baseline (Restart)", "2026-06-09", "26100.8655", "KB5094126")
    )
    assert records.months == (
        CalendarMonth(
            "windows-11-24h2", "2026-06", MonthType.BASELINE, "2026-06-09", "26100.8655", "KB5094126", None, False
        ),
    )


def test_a_planned_month_has_a_type_and_nothing_else():
    records = calendar(row(CALENDAR, "August", "2026.08 B", "Hotpatch", "", "", ""))
    assert records.months == (
        CalendarMonth("windows-11-24h2", "2026-08", MonthType.HOTPATCH, None, None, None, None, False),
    )


@pytest.mark.parametrize("star", ["*", " *"])
def test_a_starred_month_was_first_planned_the_other_way(star):
    records = calendar(row(CALENDAR, "August", f"2024.08 B{star}", "Baseline (Restart)", "", "", ""), year="2024")
    assert records.months[0].replanned


def test_the_sections_year_wins_over_the_update_types_and_is_reported():
    records = calendar(
        row(CALENDAR, "January", "2025.01 B", "Baseline (Restart)", "", "", ""),
        row(CALENDAR, "February", "2025.02 B", "Hotpatch", "", "", ""),
    )
    assert [month.month for month in records.months] == ["2026-01", "2026-02"]
    (note,) = records.notes
    assert note.code == "update-type-year"
    assert note.message == "update types 2025.01 B, 2025.02 B stand under calendar year 2026"


@pytest.mark.parametrize(
    ("cells", "key", "reason"),
    [
        (("June", "2026.06 B", "Cold patch", "", "", ""), ("windows-11-24h2", "2026-06"), "type"),
        (("June", "2026.06 B", "", "", "", ""), ("windows-11-24h2", "2026-06"), "type"),
        (("June", "2026.06 B", "Hotpatch", "", "", "soon"), ("windows-11-24h2", "2026-06"), "kb article"),
        (("June", "2026.07 B", "Hotpatch", "", "", ""), None, "update type"),
        (("Juni", "2026.06 B", "Hotpatch", "", "", ""), None, "month"),
        (("", "", "Hotpatch", "", "", ""), None, "update type"),
        (("June", "2026 June", "Hotpatch", "", "", ""), None, "update type"),
    ],
)
def test_a_calendar_row_that_no_rule_reads_is_set_aside(cells, key, reason):
    records = calendar(row(CALENDAR, *cells))
    assert records.months == ()
    assert records.quarantined[0].key == key
    assert records.quarantined[0].reason.startswith(reason)


def test_a_calendar_row_without_an_update_type_has_its_month_from_its_name():
    assert calendar(row(CALENDAR, "June", "", "Hotpatch", "", "", "")).months[0].month == "2026-06"


def test_a_calendar_without_a_label_is_known_by_its_id():
    records = calendar(
        row(CALENDAR, "June", "2026.06 B", "Hotpatch", "", "", ""),
        label="",
        year="",
        identity="HotpatchCalendar_Version25H2_2026",
    )
    assert (records.months[0].release, records.months[0].month) == ("windows-11-25h2", "2026-06")


def test_an_id_that_contradicts_label_and_year_is_reported():
    records = calendar(
        row(CALENDAR, "June", "2026.06 B", "Hotpatch", "", "", ""), identity="HotpatchCalendar_Version25H2_2025"
    )
    assert records.months[0].release == "windows-11-24h2"
    assert [note.code for note in records.notes] == ["label", "label"]


def test_a_calendar_without_any_year_stops_the_page():
    with pytest.raises(DriftError, match="expected: Calendar year YYYY"):
        calendar(row(CALENDAR, "June", "2026.06 B", "Hotpatch", "", "", ""), year="")


def test_release_notes_know_their_release_without_a_label():
    columns = ("month", "update type", "type", "kb article")
    table = Table(
        TableName.CALENDAR, "", "2026", "", columns, (row(columns, "May", "2026.05 B", "Hotpatch", "KB5089466"),)
    )
    assert read(NOTES, table).months == (
        CalendarMonth("windows-11-24h2", "2026-05", MonthType.HOTPATCH, None, None, "KB5089466", None, False),
    )


# --- navigation ------------------------------------------------------------------------------------------------------

URL = "https://support.microsoft.com/en-us/help/5059525"


def test_a_hotpatch_is_read_from_its_text_and_not_from_its_address():
    text = "May 12, 2026—Hotpatch KB5089466 (OS Builds 26200.8390 and 26100.8390)"
    assert listed(text).entries == (
        Entry(
            "windows-11-24h2",
            EntryKind.HOTPATCH,
            "2026-05-12",
            "KB5089466",
            ("26200.8390", "26100.8390"),
            text,
            URL,
            False,
            False,
        ),
    )


@pytest.mark.parametrize(
    ("text", "kind", "date", "kb", "builds"),
    [
        (
            "July 18, 2026—Hotpatch KB5121768 (OS Builds 26200.8893 and 26100.8893) Out-of-band",
            EntryKind.OUT_OF_BAND,
            "2026-07-18",
            "KB5121768",
            ("26200.8893", "26100.8893"),
        ),
        (
            "July 7, 2021—Hotpatch KB5005007 (OS Build 17784.1769) Out-of-Band",
            EntryKind.OUT_OF_BAND,
            "2021-07-07",
            "KB5005007",
            ("17784.1769",),
        ),
        ("April 14, 2026—Baseline", EntryKind.BASELINE, "2026-04-14", None, ()),
        (
            "KB5074204: Security Update for Windows PowerShell (OS Builds 26100.7392 and 26200.7392)",
            EntryKind.COMPONENT,
            None,
            "KB5074204",
            ("26100.7392", "26200.7392"),
        ),
        (
            "KB5066360—Security Update for Windows PowerShell (Hotpatch)",
            EntryKind.COMPONENT,
            None,
            "KB5066360",
            (),
        ),
        (
            "October 24, 2025—KB5070893 (OS Build 26100.6905) Security Update for Windows Server Update Services",
            EntryKind.OUT_OF_BAND,
            "2025-10-24",
            "KB5070893",
            ("26100.6905",),
        ),
        (
            "February 11, 2025—Hotpatch KB5052106 (OS Build 20348.3148",
            EntryKind.HOTPATCH,
            "2025-02-11",
            "KB5052106",
            ("20348.3148",),
        ),
        (
            "March 11, 2025—Hotpatch public preview KB5053636 (OS Build 26100.3403)",
            EntryKind.HOTPATCH,
            "2025-03-11",
            "KB5053636",
            ("26100.3403",),
        ),
        (
            "August 12, 2025—KB5064010: Hotpatch for Windows 11 Enterprise LTSC 2024 (OS Build 26100.4851)",
            EntryKind.HOTPATCH,
            "2025-08-12",
            "KB5064010",
            ("26100.4851",),
        ),
        (
            "May 13, 2025 \u2013 Hotpatch KB 5058497(OS Build OS 26100.3981 )",
            EntryKind.HOTPATCH,
            "2025-05-13",
            "KB5058497",
            ("26100.3981",),
        ),
    ],
)
def test_every_form_of_a_link_text_is_read(text, kind, date, kb, builds):
    (entry,) = listed(text).entries
    assert (entry.kind, entry.available, entry.kb, entry.builds) == (kind, date, kb, builds)


@pytest.mark.parametrize("suffix", [" - EXPIRED", "- EXPIRED", " EXPIRED", "—Expired"])
def test_an_expired_link_is_marked_and_its_title_cleaned(suffix):
    (entry,) = listed(f"May 13, 2025—Hotpatch KB5058497 (OS Build 26100.3981){suffix}").entries
    assert entry.expired
    assert entry.title == "May 13, 2025—Hotpatch KB5058497 (OS Build 26100.3981)"


def test_a_link_that_announces_nothing_known_is_reported_and_no_entry():
    records = listed("Plans for a quiet summer")
    assert records.entries == ()
    assert [(note.code, note.subject) for note in records.notes] == [("entry", "Plans for a quiet summer")]


@pytest.mark.parametrize("category", ["Windows 11, version 22H2", CATEGORY])
@pytest.mark.parametrize(
    "text",
    [
        "End of servicing statement",
        "End of updates statement",
        "End of support",
        "Windows 11, version 23H2 has reached end of service",
        "Support for Windows Server 2016 will end in January 2027",
        "Support for hotpatch on Windows Server 2022 ends on October 12, 2027",
        "Updates for Windows 11, version 23H2 ended",
    ],
)
def test_a_statement_on_the_end_of_updates_is_no_update_and_no_news(text, category):
    records = listed(text, category=category)
    assert (records.entries, records.notes, records.quarantined) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Statement", ["entry"]),
        ("End of the preview", ["entry"]),
        ("Support for USB4 is new in this update", ["entry"]),
        ("The weekend of updates", ["entry"]),
        # A link that announces an update is one, whatever else it says.
        ("October 14, 2025—KB5066793 (OS Builds 22621.6060 and 22631.6060) End of servicing", ["link-text"]),
        ("KB5066793 End of servicing", ["link-text"] * 3),
        ("October 14, 2025—End of servicing", ["entry"]),
        ("End of servicing (OS Build 22621.6060)", ["entry"]),
    ],
)
def test_words_like_those_of_a_statement_are_news(text, codes):
    records = listed(text, category="Windows 11, version 22H2")
    assert [note.code for note in records.notes] == codes
    assert records.quarantined == ()


def test_a_statement_is_not_looked_for_in_an_endless_text():
    records = listed("End of updates statement " + "x" * 300, category="Windows 11, version 22H2")
    assert len(records.quarantined) == 1


@pytest.mark.parametrize(
    ("text", "kind", "builds"),
    [
        ("June 15, 2024—KB5039239 (OS Build 26100.863)", EntryKind.CUMULATIVE, ("26100.863",)),
        ("April 25, 2025—KB5055627(OS Build 26100.3915) Preview", EntryKind.PREVIEW, ("26100.3915",)),
        (
            "October 20, 2025—KB5070773 (OS Build 26100.6901) out-of-band",
            EntryKind.CUMULATIVE_OUT_OF_BAND,
            ("26100.6901",),
        ),
        (
            "KB5071959: Windows 10, version 22H2 (OS Build 19045.6466) Out-of-band",
            EntryKind.CUMULATIVE_OUT_OF_BAND,
            ("19045.6466",),
        ),
        (
            "June 10, 2025—KB5060999 (OS Builds OS 22621.5472 and 22631.5472)",
            EntryKind.CUMULATIVE,
            ("22621.5472", "22631.5472"),
        ),
    ],
)
def test_every_form_of_the_update_history_is_read(text, kind, builds):
    (entry,) = listed(text, category="Windows 11, version 24H2").entries
    assert (entry.kind, entry.builds) == (kind, builds)


@pytest.mark.parametrize(
    "text", ["May 13, 2025—Hotpatch (OS Build 26100.3981)", "Baseline", "February 30, 2025—Hotpatch KB5058497"]
)
def test_a_link_without_its_key_is_set_aside(text):
    records = listed(text)
    assert records.entries == ()
    assert records.quarantined[0].cells == text
    assert isinstance(records.quarantined[0], Quarantined)


@pytest.mark.parametrize(
    ("category", "release"),
    [
        ("Release notes for Hotpatch on Windows 11 Enterprise version 25H2", "windows-11-25h2"),
        ("Release notes for hotpatch on Windows Server 2025 Datacenter Azure Edition", "windows-server-2025"),
        ("Release notes for hotpatch in Azure Automanage for Windows Server 2022", "windows-server-2022"),
        (
            "Public Preview - Release notes for hotpatch on Windows 11, version 24H2 Enterprise clients",
            "windows-11-24h2",
        ),
    ],
)
def test_a_category_is_chosen_by_its_title(category, release):
    (entry,) = listed("April 14, 2026—Baseline", category=category).entries
    assert entry.release == release
    assert entry.preview == category.startswith("Public Preview")


def test_the_preview_on_a_server_edition_outside_the_catalog_is_left_out_in_silence():
    title = "Public Preview - Release notes for hotpatch in Azure Automanage for Windows Server"
    records = listed("July 13, 2021—Baseline", category=title)
    assert (records.entries, records.notes) == ((), ())


def test_a_category_that_names_no_release_is_reported():
    records = listed("April 14, 2026—Baseline", category="Related topics")
    assert [note.code for note in records.notes] == ["category"]


@pytest.mark.parametrize(
    "cells",
    [
        ("2026-09 D", "2026-09-22", "26100.9550", "KB\uff15\uff11\uff12\uff14\uff10\uff11\uff10"),
        ("2026-09 D", "2026-09-22", "26100.\u0669457", "KB5124010"),
        ("3026-09 D", "2026-09-22", "26100.9550", "KB5124010"),
        ("0000-01 B", "2026-09-22", "26100.9550", "KB5124010"),
        ("2026-09 D", "0026-09-22", "26100.9550", "KB5124010"),
    ],
)
def test_digits_of_other_scripts_and_years_of_other_ages_are_set_aside(cells):
    records = history(update(*cells))
    assert records.updates == ()
    assert len(records.quarantined) == 1


def test_a_table_that_looks_like_none_declared_is_reported():
    records = normalize(CLIENT, ParsedPage("learn", "", (), (("flavour", "price"),)))
    assert [(note.code, note.message) for note in records.notes] == [
        ("unknown-table", "a table with columns flavour, price")
    ]

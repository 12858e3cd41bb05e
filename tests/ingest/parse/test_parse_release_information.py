"""The oddities of the release information pages (sources.md A), each on a small page; and the page as captured."""

from collections import Counter
from dataclasses import replace

import pytest

from scraper.errors import DriftError
from scraper.ingest.parse import parse
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.ingest.sources import BY_NAME
from scraper.models import TableName
from tests.fixtures.places import CAPTURES

CLIENT = BY_NAME["windows-11-release-information"]
SERVER = BY_NAME["windows-server-release-information"]
CAPTURE = CAPTURES / "windows11-release-information.2026-07-22.html"

SERVICING, LONG_TERM, HISTORY, CALENDAR = (shape.columns for shape in CLIENT.tables)
V25, V24 = "Version 25H2 (OS build 26200)", "Version 24H2 (OS build 26100)"
Y26, Y25 = "<strong>Calendar year 2026</strong>", "<strong>Calendar year 2025</strong>"
UPDATE = ("LTSC", "2025-05 B", "2025-05-13", "26100.4061", "KB5058411")
MONTH = ("May", "2025.05 B", "Hotpatch", "2025-05-13", "26100.3981", "KB5058497")
PLAN = ("June", "2026.06 B", "Hotpatch", "", "", "")


def table(header: tuple[str, ...], *rows: tuple[str, ...], attributes: str = "") -> str:
    lines = ["".join(f"<th>{name.capitalize()}</th>" for name in header)]
    lines += ["".join(f'<td nowrap="">{cell}</td>' for cell in row) for row in rows]
    return f"<table{attributes}><tbody>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</tbody></table>"


def page(content: str, container: str = 'id="winrelinfo_container"') -> bytes:
    return (
        "<html><head></head><body><h2>Calendar year 1999</h2><main><h2>Version 9 (OS build 9)</h2>"
        f"<div {container}>{content}</div></main></body></html>"
    ).encode()


def read(content: str) -> ParsedPage:
    return parse(CLIENT, page(content), CLIENT.url)


def labels(content: str) -> list[tuple[str, str]]:
    return [(found.label, found.year) for found in read(content).tables]


def record(name: TableName, header: tuple[str, ...], *rows: tuple[str, ...], label: str = "", year: str = "") -> Table:
    return Table(name, label, year, "", header, tuple(Row(dict(zip(header, row, strict=True))) for row in rows))


HISTORY_TABLE = table(HISTORY, UPDATE)
CALENDAR_TABLE = table(CALENDAR, MONTH)


def test_tables_are_told_apart_by_their_header_names_in_any_order() -> None:
    ended = ("23H2", "GA", "2023-10-31", "End of updates", "2026-11-10", "2026-07 B", "2026-07-14", "22631.7376")
    ltsc = ("24H2", "LTSC", "2024-10-01", "2029-10-09", "2034-10-10", "2026-07 B", "2026-07-18", "26100.8894")
    content = (
        f"<h2>Calendar</h2><strong>{V24}</strong><br>{Y25}{CALENDAR_TABLE}{table(LONG_TERM, ltsc)}"
        f"<h2>History</h2><strong>{V24}</strong>{HISTORY_TABLE}{table(SERVICING, ended)}"
    )
    assert read(content) == ParsedPage(
        layout="learn",
        updated_at="",
        tables=(
            record(TableName.CALENDAR, CALENDAR, MONTH, label=V24, year="2025"),
            record(TableName.LONG_TERM, LONG_TERM, ltsc),
            record(TableName.HISTORY, HISTORY, UPDATE, label=V24),
            record(TableName.SERVICING, SERVICING, ended),
        ),
    )


def test_columns_are_read_by_name_wherever_they_stand() -> None:
    found = read(f"<strong>{V24}</strong>{table(HISTORY[::-1], UPDATE[::-1])}").tables[0]
    assert found == record(TableName.HISTORY, HISTORY[::-1], UPDATE[::-1], label=V24)


def test_a_changed_header_is_reported_as_served() -> None:
    header = ("servicing option", "update type", "release date", "build", "kb article", "notes")
    found = read(f"<strong>{V24}</strong>{table(header, (*UPDATE, 'x'))}").tables[0]
    assert (found.name, found.columns) == (TableName.HISTORY, header)


def test_a_calendar_with_renamed_columns_is_no_release_history() -> None:
    header = ("period", "update type", "kind", "availability date", "build", "kb article")
    assert read(table(header, MONTH)).tables[0].name is TableName.CALENDAR


def test_a_footnote_in_the_header_is_left_out() -> None:
    served = HISTORY_TABLE.replace("Build<", "Build<sup>2</sup><")
    assert read(served).tables[0].columns == HISTORY


def test_a_table_of_no_declared_kind_is_a_stranger() -> None:
    assert read(HISTORY_TABLE + table(("build", "known issue"), ("26100.1", "x"))).unknown_tables == (
        ("build", "known issue"),
    )


def test_a_table_without_rows_that_is_no_declared_one_is_a_banner() -> None:
    assert read(HISTORY_TABLE + table(("watch the video",))).unknown_tables == ()


def test_a_declared_table_without_rows_is_still_there() -> None:
    assert read(table(HISTORY)).tables == (record(TableName.HISTORY, HISTORY),)


def test_a_table_in_a_note_is_no_data() -> None:
    note = f'<div class="NOTE"><p>Note</p>{table(HISTORY, UPDATE)}{table(("a", "b"), ("c", "d"))}</div>'
    found = read(note + CALENDAR_TABLE)
    assert ([each.name for each in found.tables], found.unknown_tables) == ([TableName.CALENDAR], ())


def test_a_table_around_a_table_is_looked_through() -> None:
    found = read(f"<table><tr><td>{HISTORY_TABLE}</td></tr></table>")
    assert found == ParsedPage("learn", "", (record(TableName.HISTORY, HISTORY, UPDATE),))


# --- rows ------------------------------------------------------------------------------------------------------------


def test_an_extra_empty_cell_is_dropped() -> None:
    assert read(table(CALENDAR, (*MONTH, ""))).tables == (record(TableName.CALENDAR, CALENDAR, MONTH),)


def test_an_extra_filled_cell_is_surplus() -> None:
    row = read(table(CALENDAR, (*MONTH, "", "revised"))).tables[0].rows[0]
    assert row == Row(dict(zip(CALENDAR, MONTH, strict=True)), {}, ("revised",))


def test_a_cell_under_a_nameless_column_is_surplus() -> None:
    header = (*HISTORY[:2], "", *HISTORY[2:], "")
    found = read(table(header, (*UPDATE[:2], "odd", *UPDATE[2:]), (*UPDATE[:2], "", *UPDATE[2:]))).tables[0]
    cells = dict(zip(HISTORY, UPDATE, strict=True))
    assert (found.columns, found.rows) == (header[:-1], (Row(cells, {}, ("odd",)), Row(cells)))


def test_missing_cells_are_empty() -> None:
    rows = read(table(CALENDAR, MONTH[:3])).tables[0].rows
    assert rows == (Row(dict(zip(CALENDAR, (*MONTH[:3], "", "", ""), strict=True))),)


def test_a_planned_month_keeps_its_empty_cells_and_an_empty_row_is_dropped() -> None:
    assert read(table(CALENDAR, PLAN, ("",) * 6, ())).tables == (record(TableName.CALENDAR, CALENDAR, PLAN),)


def test_a_link_in_a_surplus_cell_is_none() -> None:
    row = read(table(CALENDAR, (*MONTH, '<a href="https://support.microsoft.com/x">x</a>'))).tables[0].rows[0]
    assert (row.links, row.surplus) == ({}, ("x",))


def test_a_version_with_a_footnote_is_the_version() -> None:
    row = (
        "24H2<sup>1</sup>",
        "LTSC",
        "2024-10-01",
        "2029-10-09",
        "2034-10-10",
        "2026-07 B",
        "2026-07-18",
        "26100.8894",
    )
    assert read(table(LONG_TERM, row)).tables[0].rows[0].cells["version"] == "24H2"


@pytest.mark.parametrize("span", ["colspan", "rowspan"])
def test_a_cell_over_several_columns_or_rows_is_drift(span: str) -> None:
    served = HISTORY_TABLE.replace('<td nowrap="">2025-05 B', f'<td {span}="2">2025-05 B')
    with pytest.raises(DriftError, match=f"unexpected cell on {CLIENT.name}.*one column and row.*found: {span} 2"):
        read(served)


def test_a_span_of_one_or_in_a_stranger_is_none() -> None:
    unknown = table(("a", "b"), ("c",)).replace("<td", '<td colspan="2"')
    assert len(read(HISTORY_TABLE.replace("<td", '<td colspan="1"') + unknown).tables) == 1


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [V24, "Version 1507 (RTM) (OS build 10240)", "Windows Server 2025 (OS build 26100)"])
@pytest.mark.parametrize(
    "markup",
    [
        "<strong>{}</strong>",
        "<b>{}</b>",
        "<h3>{}</h3>",
        "<p>{}</p>",
        "<p><strong>{}</strong></p>",
        "<details open><summary><strong>{}</strong></summary><p>A line between.</p>",
        "<strong>\n  {}<sup>1</sup>\u00a0</strong>",
    ],
)
def test_a_version_label_counts_wherever_it_stands(label: str, markup: str) -> None:
    assert labels(markup.format(label) + HISTORY_TABLE) == [(label, "")]


def test_a_label_split_over_inline_tags_is_one_label() -> None:
    assert labels(f"<strong>Version <em>24H2</em> (OS build 26100)</strong>{HISTORY_TABLE}") == [(V24, "")]


def test_the_nearest_label_before_a_table_counts_not_its_id() -> None:
    first = table(HISTORY, UPDATE, attributes=' id="historyTable_2"')
    found = read(f"<strong>{V25}</strong>{first}<details><summary>{V24}</summary>{HISTORY_TABLE}</details>").tables
    assert [(each.label, each.identity) for each in found] == [(V25, "historyTable_2"), (V24, "")]


def test_a_label_in_new_words_is_kept_for_the_caller_to_refuse() -> None:
    content = (
        f"<strong>{V25}</strong>{HISTORY_TABLE}<strong>Version 26H2 (OS builds 26300 and up)</strong>{HISTORY_TABLE}"
    )
    assert labels(content) == [(V25, ""), ("Version 26H2 (OS builds 26300 and up)", "")]


def test_prose_that_names_a_version_is_no_label() -> None:
    prose = f"<p>Hotpatching came to {V25} in 2025, and Calendar year 2024 is gone.</p>"
    assert labels(f"<strong>{V24}</strong>{prose}{HISTORY_TABLE}") == [(V24, "")]


def test_a_history_label_does_not_leak_into_the_calendar() -> None:
    content = f"<strong>{V24}</strong>{HISTORY_TABLE}<h2>Hotpatch calendar</h2>{Y25}{CALENDAR_TABLE}"
    assert labels(content) == [(V24, ""), ("", "2025")]


def test_a_history_label_does_not_leak_into_a_calendar_without_a_heading() -> None:
    content = f"<strong>{V24}</strong>{HISTORY_TABLE}<h3>Hotpatch calendar</h3>{Y25}{CALENDAR_TABLE}"
    assert labels(content) == [(V24, ""), ("", "2025")]


def test_a_year_does_not_leak_into_another_version() -> None:
    content = f"<strong>{V25}</strong>{Y26}{CALENDAR_TABLE}<details><summary>{V24}</summary>{CALENDAR_TABLE}</details>"
    assert labels(content) == [(V25, "2026"), (V24, "")]


def test_nested_details_carry_the_version_through_the_years() -> None:
    content = (
        f"<br><strong>{V25}</strong> <br><br>{Y26}{CALENDAR_TABLE}"
        f"<details><summary>{Y25}</summary>{CALENDAR_TABLE}</details>"
        f"<details><summary><strong>{V24}</strong></summary>{Y26}{CALENDAR_TABLE}"
        f"<details><summary>{Y25}</summary>{CALENDAR_TABLE}</details></details>"
    )
    assert labels(content) == [(V25, "2026"), (V25, "2025"), (V24, "2026"), (V24, "2025")]


def test_a_year_label_with_a_mark_is_still_one() -> None:
    assert labels(f"<strong>{V25}</strong><strong>Calendar year 2026: *</strong>{CALENDAR_TABLE}") == [(V25, "2026")]


def test_a_calendar_carries_its_html_id_for_a_cross_check() -> None:
    found = read(table(CALENDAR, MONTH, attributes=' id="HotpatchCalendar_Version25H2_2026"')).tables[0]
    assert found == replace(record(TableName.CALENDAR, CALENDAR, MONTH), identity="HotpatchCalendar_Version25H2_2026")


def test_a_starred_update_type_keeps_its_star() -> None:
    row = ("August", "2024.08 B <sup>*</sup>", "Baseline (Restart)", "2024-08-13", "20348.2655", "KB5041160")
    server = parse(
        SERVER, page(f"<strong>Windows Server 2022 (OS build 20348)</strong>{table(CALENDAR, row)}"), SERVER.url
    )
    assert server.tables[0].rows[0].cells["update type"] == "2024.08 B *"


# --- another page ----------------------------------------------------------------------------------------------------


def test_a_renamed_container_is_read_when_every_table_is_known() -> None:
    found = parse(CLIENT, page(f"<strong>{V24}</strong>{HISTORY_TABLE}", 'id="relinfo"'), CLIENT.url)
    assert found == ParsedPage("unknown-learn", "", (record(TableName.HISTORY, HISTORY, UPDATE, label=V24),))


def test_a_renamed_container_with_a_stranger_is_drift() -> None:
    body = page(HISTORY_TABLE + table(("a", "b"), ("c", "d")), 'id="relinfo"')
    with pytest.raises(DriftError, match=r"unexpected container on .*expected: #winrelinfo_container"):
        parse(CLIENT, body, CLIENT.url)


def test_a_page_without_container_or_main_is_drift_not_a_page_without_rows() -> None:
    body = b"<html><head><title>Access Denied</title></head><body>Reference #18</body></html>"
    with pytest.raises(DriftError, match=r"unexpected container .* expected: exactly one, found: none"):
        parse(CLIENT, body, CLIENT.url)


@pytest.mark.parametrize("container", ['id="winrelinfo_container"', 'id="relinfo"'])
def test_a_container_without_known_tables_is_drift(container: str) -> None:
    with pytest.raises(DriftError, match=r"unexpected container .*release-history.*found: none of them"):
        parse(CLIENT, page("<p>Soon.</p>", container), CLIENT.url)


def test_two_containers_are_drift() -> None:
    second = f'<div id="winrelinfo_container">{HISTORY_TABLE}</div>'
    with pytest.raises(DriftError, match="expected: exactly one, found: 2"):
        read(HISTORY_TABLE + second)


def test_tables_outside_the_container_are_not_read() -> None:
    body = page(HISTORY_TABLE).replace(b"</main>", HISTORY_TABLE.encode() + b"</main>")
    assert len(parse(CLIENT, body, CLIENT.url).tables) == 1


# --- the page as captured --------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CAPTURE.exists(), reason="the captures lie beside the repository in development only")
def test_the_capture_of_july_2026_is_read_whole() -> None:
    found = parse(CLIENT, CAPTURE.read_bytes(), CLIENT.url)
    rows = Counter[TableName]()
    for each in found.tables:
        rows[each.name] += len(each.rows)
        assert not any(row.surplus for row in each.rows)
    assert (found.layout, found.updated_at, found.unknown_tables) == ("learn", "2026-07-19T03:21:00Z", ())
    assert rows == {
        TableName.SERVICING: 4,
        TableName.LONG_TERM: 1,
        TableName.HISTORY: 291,
        TableName.CALENDAR: 41,
    }
    assert {each.name: each.columns for each in found.tables} == {shape.name: shape.columns for shape in CLIENT.tables}
    assert [(each.label, each.year, each.identity, len(each.rows)) for each in found.tables[2:]] == [
        (V25, "", "historyTable_0", 25),
        ("Version 26H1 (OS build 28000)", "", "historyTable_1", 12),
        (V24, "", "historyTable_2", 54),
        ("Version 23H2 (OS build 22631)", "", "historyTable_3", 63),
        ("Version 22H2 (OS build 22621)", "", "historyTable_4", 74),
        ("Version 21H2 (OS build 22000)", "", "historyTable_5", 63),
        (V25, "2026", "HotpatchCalendar_Version25H2_2026", 12),
        (V25, "2025", "HotpatchCalendar_Version25H2_2025", 3),
        (V24, "2026", "HotpatchCalendar_Version24H2_2026", 12),
        (V24, "2025", "HotpatchCalendar_Version24H2_2025", 12),
        (V24, "2024", "HotpatchCalendar_Version24H2_2024", 2),
    ]
    assert found.tables[1].rows[0].cells["version"] == "24H2"
    assert found.tables[4].rows[0].cells["servicing option"] == "LTSC • General Availability Channel"

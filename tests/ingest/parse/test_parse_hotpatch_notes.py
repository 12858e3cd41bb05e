"""The oddities of the hotpatch release notes (sources.md B), each on a small page; and the pages as captured."""

import pytest

from scraper.errors import DriftError
from scraper.ingest.parse import parse
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.ingest.sources import BY_NAME
from scraper.models import TableName
from tests.fixtures.places import CAPTURES

SOURCE = BY_NAME["hotpatch-25h2"]
COLUMNS = ("month", "update type", "type", "kb article")

TITLE = "Release notes for Hotpatch on Windows 11 Enterprise version 25H2"
SERVER = "Release notes for hotpatch on Windows Server 2025 Datacenter Azure Edition"
MAY = "May 12, 2026—Hotpatch KB5089466 (OS Builds 26200.8390 and 26100.8390)"
APRIL = "April 14, 2026—Baseline"
CANONICAL = "https://support.microsoft.com/en-us/servicing/os/hotpatch/windows-11/2025/release-notes"


def item(text: str, href: str = "", *, classes: str = "learnRenderLeftNavArticle", attributes: str = "") -> str:
    return f'<li class="{classes}"><a href="{href}" data-bi-slot="2"{attributes}>{text}</a></li>'


OWN = item("Release notes", "release-notes", attributes=' aria-current="page"')


def category(title: str, *items: str, prefix: str = "learnRenderLeftNav") -> str:
    return (
        f'<div class="{prefix}Category {prefix}ActiveCategory">\n<div class="{prefix}CategoryTitle">\n'
        f'<a href="release-notes" class="{prefix}Link" data-bi-slot="1">{title}</a>\n</div>\n'
        f'<ul class="{prefix}Articles list-unstyled col">\n{"".join(items)}</ul>\n</div>'
    )


def calendar(*rows: tuple[str, ...]) -> str:
    header = "".join(f"<th><strong>{name.title()}</strong></th>" for name in COLUMNS)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n<thead>\n<tr>{header}</tr>\n</thead>\n<tbody>{body}</tbody></table>"


MAY_ROW = ("May", "2026.05 B", "Hotpatch", "KB5089466")
ITEMS = OWN + item(MAY, "../2026/may-12-2026")
NAV = category(TITLE, ITEMS)
MAIN = f"<h2>Hotpatch updates for calendar year 2026</h2>{calendar(MAY_ROW)}"


def page(nav: str = NAV, main: str = MAIN) -> bytes:
    return (
        f'\r\n\r\n<html><head><link rel="canonical" href="{CANONICAL}" /><title>Some page</title></head><body>'
        f'<h2>Chrome of year 1999</h2><ul><li><a href="/">Home</a></li></ul><div id="nav">{nav}</div>'
        f"<main><h1>{TITLE}</h1>{main}</main>"
        '<div><h2>Helpful?</h2><ul><li><a href="/x">Foot</a></li></ul></div></body></html>'
    ).encode()


def read(nav: str = NAV, main: str = MAIN) -> ParsedPage:
    return parse(SOURCE, page(nav, main), SOURCE.url)


def entries(nav: str) -> dict[str, list[tuple[str, str]]]:
    tables = [table for table in read(nav).tables if table.name is TableName.NAVIGATION]
    return {table.label: [(row.cells["link"], row.links.get("link", "")) for row in table.rows] for table in tables}


def years(main: str) -> list[str]:
    return [table.year for table in read(main=main).tables if table.name is TableName.CALENDAR]


def test_a_small_page_becomes_whole_records() -> None:
    link = "https://support.microsoft.com/en-us/servicing/os/hotpatch/windows-11/2026/may-12-2026"
    assert read() == ParsedPage(
        layout="support-servicing",
        updated_at="",
        tables=(
            Table(TableName.NAVIGATION, TITLE, "", "", ("link",), (Row({"link": MAY}, {"link": link}),)),
            Table(TableName.CALENDAR, "", "2026", "", COLUMNS, (Row(dict(zip(COLUMNS, MAY_ROW, strict=True))),)),
        ),
    )


# --- navigation ------------------------------------------------------------------------------------------------------


def test_every_category_is_a_table_the_servers_too() -> None:
    nav = NAV + category(SERVER, OWN, item(APRIL, "../../windows-server-2025/2026/april-14-2026-baseline"))
    assert entries(nav)[SERVER] == [
        (
            APRIL,
            "https://support.microsoft.com/en-us/servicing/os/hotpatch/windows-server-2025/2026/april-14-2026-baseline",
        )
    ]
    assert list(entries(nav)) == [TITLE, SERVER]


@pytest.mark.parametrize(
    "second", [NAV, NAV.replace('slot="2"', 'slot="9"'), NAV.replace(">Release notes<", f">{TITLE}<")]
)
def test_a_navigation_rendered_twice_counts_once(second: str) -> None:
    assert entries(f"{NAV}<header><ul><li>Site</li></ul></header>{second}") == entries(NAV)


def test_an_entry_that_only_the_second_rendering_has_is_kept() -> None:
    second = category(TITLE, OWN, item(MAY, "../2026/may-12-2026"), item(APRIL, "b"))
    assert [text for text, _ in entries(NAV + second)[TITLE]] == [MAY, APRIL]


def test_the_old_layout_is_read_with_its_entity_dashes_and_root_relative_links() -> None:
    own = f'\n<li class="supLeftNavArticle supLeftNavCurrentArticle" role="presentation">\n{TITLE}\n</li>'
    served = MAY.replace("—", "&#x2014;")
    listed = (
        f'\n<li class="supLeftNavArticle">\n\t<a class="supLeftNavLink" href="/en-us/help/5089466">{served}</a>\n</li>'
    )
    found = read(category(TITLE, own, listed, prefix="supLeftNav"))
    assert found.layout == "support-topic"
    assert found.tables[0].rows == (Row({"link": MAY}, {"link": "https://support.microsoft.com/en-us/help/5089466"}),)


@pytest.mark.parametrize(
    "nav",
    [
        NAV.replace("learnRender", "site"),
        NAV.replace("learnRenderLeftNavCategory", "doc-left-nav-category").replace(
            "learnRenderLeftNav", "doc-left-nav-"
        ),
        f'<details class="siteLeftNavCategory"><summary>{TITLE}</summary><ol>{ITEMS}</ol></details>',
        f'<section class="siteLeftNavCategory"><div><h3>{TITLE}</h3><div><ul>{ITEMS}</ul></div></div></section>',
    ],
)
def test_a_third_layout_is_read_by_its_structure(nav: str) -> None:
    assert entries(nav) == entries(NAV)
    assert read(nav).layout.startswith("unknown-")


@pytest.mark.parametrize(
    "own",
    [
        item("Release notes", "r"),
        item(TITLE.upper(), "r"),
        item("Overview", "r", attributes=' aria-current="page"'),
        item("Overview", "r", classes="learnRenderLeftNavArticle learnRenderLeftNavCurrentArticle"),
        '<li class="learnRenderLeftNavArticle learnRenderLeftNavCurrentArticle">Overview</li>',
        '<li class="learnRenderLeftNavHeading">2026</li>' + OWN,
    ],
)
def test_the_release_notes_own_item_is_no_entry(own: str) -> None:
    assert [text for text, _ in entries(category(TITLE, own, item(MAY, "m")))[TITLE]] == [MAY]


def test_an_article_that_is_the_current_page_stays_an_entry() -> None:
    current = item(MAY, "m", classes="learnRenderLeftNavCurrentArticle", attributes=' aria-current="page"')
    assert [text for text, _ in entries(category(TITLE, OWN, current))[TITLE]] == [MAY]


def test_a_heading_in_a_list_is_no_entry() -> None:
    heading = '<li class="learnRenderLeftNavHeading">2025</li>'
    assert [text for text, _ in entries(category(TITLE, OWN, heading, item(MAY, "m")))[TITLE]] == [MAY]


def test_an_item_without_a_link_gives_its_text_alone() -> None:
    nav = category(TITLE, OWN, f'<li class="learnRenderLeftNavArticle">{MAY}</li>', item("", "x"))
    assert entries(nav) == {TITLE: [(MAY, "")]}


def test_text_after_a_link_belongs_to_its_entry_and_a_list_within_does_not() -> None:
    listed = f'<li class="learnRenderLeftNavArticle"><a href="m">{MAY}</a> Out-of-band<ul><li>Inner</li></ul></li>'
    assert [text for text, _ in entries(category(TITLE, OWN, listed))[TITLE]] == [f"{MAY} Out-of-band"]


def test_two_texts_for_one_link_are_two_entries() -> None:
    assert len(entries(category(TITLE, item("Hotpatch KB5064010", "a"), item("KB5064010: Hotpatch", "a")))[TITLE]) == 2


def test_a_category_without_items_is_an_empty_table() -> None:
    assert entries(category(SERVER) + NAV)[SERVER] == []
    assert entries(NAV + f'<div class="learnRenderLeftNavCategory"><p>{SERVER}</p></div>')[SERVER] == []


def test_a_navigation_after_main_is_read_too() -> None:
    body = page(nav="").replace(b"</main>", b"</main>" + NAV.encode())
    assert parse(SOURCE, body, SOURCE.url) == read()


def test_a_category_in_a_comment_is_none() -> None:
    assert list(entries(f"<!-- {category(SERVER, item(APRIL, 'a'))} -->{NAV}")) == [TITLE]
    assert list(entries(f"{NAV}<!-- {category(SERVER, item(APRIL, 'a'))} -->{NAV}")) == [TITLE]


# --- calendars -------------------------------------------------------------------------------------------------------


def test_the_year_is_carried_forward_over_sibling_headings() -> None:
    table = calendar(MAY_ROW)
    main = (
        f"<section><h2>Hotpatch updates for calendar year 2026</h2><h3>January to April</h3>{table}</section>"
        f"<div><h2><button><div>May to August</div></button></h2><div>{table}</div></div><h2>September</h2>{table}"
        f"<h2>Hotpatch updates for calendar\u00a0year 2025</h2><h3>October to December</h3>{table}"
    )
    assert years(main) == ["2026", "2026", "2026", "2025"]


@pytest.mark.parametrize(
    "heading",
    [
        "<h2>Hotpatch calendar 2025</h2>",
        "<h3>Year 2025</h3>",
        "<h2>\u200b\u200bCalendar year <b>2025</b></h2>",
        "<details><summary>Calendar year 2025</summary></details>",
        '<div class="ocpExpandoHeadTitleContainer">Calendar year 2025</div>',
    ],
)
def test_a_year_is_named_by_headings_of_several_makes(heading: str) -> None:
    assert years(heading + calendar(MAY_ROW)) == ["2025"]


def test_a_calendar_under_no_year_has_none() -> None:
    assert years("<p>For the calendar year 2025:</p>" + calendar(MAY_ROW)) == [""]


def test_a_header_of_ordinary_cells_is_the_header() -> None:
    cells = "".join(f"<td>\n<p>\n<b>{name.title()}</b>\n</p>\n</td>" for name in COLUMNS)
    row = (
        "<td><p>May</p></td><td><p>2025.05\u00a0B</p></td><td><p>Hotpatch</p></td><td>\n<p>\u00a0"
        '<a href="/en-us/topic/may">KB5089466\u00a0</a>\u200b\u200b\u200b</p>\n</td>'
    )
    blank = "<td><p>June</p></td><td></td><td><p></p></td><td><p>\u00a0\u200b\u200b</p></td>"
    main = f"<h2>Year 2026</h2><table><tbody><tr>{cells}</tr><tr>{row}</tr><tr>{blank}</tr></tbody></table>"
    link = {"kb article": "https://support.microsoft.com/en-us/topic/may"}
    served = ("May", "2025.05 B", "Hotpatch", "KB5089466")
    assert read(main=main).tables[1].rows == (
        Row(dict(zip(COLUMNS, served, strict=True)), link),
        Row(dict(zip(COLUMNS, ("June", "", "", ""), strict=True))),
    )


def test_a_row_of_three_cells_has_no_kb() -> None:
    row = read(main=calendar(("December", "2025.12 B", "Hotpatch"))).tables[1].rows[0]
    assert row == Row(dict(zip(COLUMNS, ("December", "2025.12 B", "Hotpatch", ""), strict=True)))


def test_other_tables_of_main_are_strangers_unless_they_only_place_things() -> None:
    banner = "<table><thead><tr><th>Video</th></tr></thead></table>"
    alert = "<div class='ocpAlert'><table><tr><td>Note</td></tr><tr><td>x</td></tr></table></div>"
    issues = "<table><tr><td>Applies to</td><td>Symptom</td></tr><tr><td>x</td><td>y</td></tr></table>"
    assert read(main=banner + alert + issues + MAIN).unknown_tables == (("applies to", "symptom"),)


def test_a_spanning_cell_is_drift() -> None:
    with pytest.raises(DriftError, match=r"unexpected cell on hotpatch-25h2.*found: rowspan 3"):
        read(main=MAIN.replace("<td>Hotpatch", '<td rowspan="3">Hotpatch'))


# --- another page ----------------------------------------------------------------------------------------------------


def test_a_page_without_navigation_is_drift_not_a_page_without_links() -> None:
    with pytest.raises(
        DriftError, match=r"unexpected left navigation on hotpatch-25h2.*found: a page titled 'Some page'"
    ):
        read(nav="")


def test_a_page_without_navigation_or_title_is_drift() -> None:
    with pytest.raises(DriftError, match="found: a page without a title"):
        parse(SOURCE, b"<html><body><main>x</main></body></html>", SOURCE.url)


def test_a_navigation_without_links_is_drift() -> None:
    with pytest.raises(DriftError, match="expected: categories with links, found: 2 empty categories"):
        read(nav=category(TITLE, OWN) + category(SERVER))


@pytest.mark.parametrize(("main", "found"), [(b"div", "none"), (b"main></main><main", "2")])
def test_a_page_without_one_main_is_drift(main: bytes, found: str) -> None:
    with pytest.raises(DriftError, match=f"unexpected main part on hotpatch-25h2.*exactly one, found: {found}"):
        parse(SOURCE, page().replace(b"<main", b"<" + main), SOURCE.url)


# --- the pages as captured -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layout", "updated_at", "items", "june"),
    [
        (
            "hotpatch-windows-11-25h2.2026-05-27.html",
            "support-topic",
            "2026-05-12",
            [14, 22, 24, 57, 11, 3, 7],
            Row(dict(zip(COLUMNS, ("June", "2025.06 B", "Hotpatch", ""), strict=True))),
        ),
        (
            "hotpatch-windows-11-25h2.2026-07-22.html",
            "support-servicing",
            "2026-07-17 03:37 AM",
            [16, 24, 25, 58, 11, 3, 7],
            Row(
                dict(zip(COLUMNS, ("June", "2026.06 B", "Baseline (Restart)", "KB5094126"), strict=True)),
                {"kb article": "https://support.microsoft.com/en-us/topic/1a9bcba6-5f53-4075-8156-fe11ac631737"},
            ),
        ),
    ],
)
@pytest.mark.skipif(not CAPTURES.exists(), reason="the captures lie beside the repository in development only")
def test_the_captures_are_read_whole(name: str, layout: str, updated_at: str, items: list[int], june: Row) -> None:
    found = parse(SOURCE, (CAPTURES / name).read_bytes(), SOURCE.url)
    assert (found.layout, found.updated_at, found.unknown_tables) == (layout, updated_at, ())
    navigation, calendars = found.tables[:7], found.tables[7:]
    assert [len(table.rows) for table in navigation] == items
    assert navigation[0].label == TITLE
    assert MAY in [row.cells["link"] for row in navigation[0].rows]
    assert all(row.links["link"].startswith("https://support.microsoft.com/en-us/") for row in navigation[0].rows)
    assert [(table.columns, table.year, len(table.rows)) for table in calendars] == [
        (COLUMNS, "2026", 4),
        (COLUMNS, "2026", 4),
        (COLUMNS, "2026", 4),
        (COLUMNS, "2025", 3),
    ]
    assert calendars[1].rows[1] == june


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captures lie beside the repository in development only")
def test_the_update_history_has_the_same_navigation_and_no_calendar() -> None:
    source = BY_NAME["windows-11-update-history"]
    found = parse(source, (CAPTURES / "windows-11-update-history.2026-05-27.html").read_bytes(), source.url)
    assert [(table.name, len(table.rows)) for table in found.tables] == [
        (TableName.NAVIGATION, count) for count in (8, 21, 55, 60, 74, 62)
    ]
    assert found.unknown_tables == (("applies to", "symptom", "workaround"),)


@pytest.mark.parametrize("heading", ["Hotpatch on version 24H2", "Hotpatch on version 24H2 and on version 25H2"])
def test_notes_of_another_version_are_refused(heading: str) -> None:
    """They have the same tables, and would be taken for ours."""
    with pytest.raises(
        DriftError, match=r"^unexpected heading on hotpatch-25h2\. expected: that of version 25H2, found"
    ):
        parse(SOURCE, page().replace(f"<h1>{TITLE}<".encode(), f"<h1>{heading}<".encode()), SOURCE.url)


def test_heading_that_names_no_version_or_ours_in_other_letters_is_taken() -> None:
    for heading in ("Hotpatch", "Hotpatch on Version 25h2"):
        assert parse(SOURCE, page().replace(f"<h1>{TITLE}<".encode(), f"<h1>{heading}<".encode()), SOURCE.url) == read()

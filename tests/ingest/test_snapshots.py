"""The bundled snapshots are what the writer makes of the facts, and say what the real pages said.

The captures lie outside the project (``../shared``) and are only compared with; without them those tests are skipped.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urljoin

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.ingest.sources import BY_NAME, SOURCES
from tests.fixtures.pages import DATES, FACTS, NOTICE, SNAPSHOTS, everything, facts, file_name, snapshot
from tests.fixtures.places import SHARED

CLIENT, H24, H25, SERVER, HISTORY = (
    file_name(BY_NAME[name].url)
    for name in (
        "windows-11-release-information",
        "hotpatch-24h2",
        "hotpatch-25h2",
        "windows-server-release-information",
        "windows-11-update-history",
    )
)
RELEASE_CAPTURE = "windows11-release-information.2026-07-22.html"
NOTES_CAPTURES = ("2026-05-27", "2026-07-22")
HISTORY_CAPTURE = "windows-11-update-history.2026-05-27.html"
# Cut down: the first fourteen links of each category.
CUT_HISTORY_CAPTURE = "windows-11-update-history.2026-09-26.cut.html"
CUT_HISTORY_ADDRESS = "https://support.microsoft.com/en-us/servicing/os/windows-11/2025/07/"
CONTENTS = "windows-11-toc.2026-08-07.json"
CONTENTS_FOLDER = "https://support.microsoft.com/en-us/servicing/os/windows-11/"
COPIED = (
    "win11_release_history",
    "win11_hotpatch_calendar",
    "win11_hotpatch_oob",
    "win11_lifecycle",
    "server_hotpatch_calendar",
    "server_hotpatch_oob",
    "server_release_history",
    "parity",
    "page_corrections",
)


def capture(name: str) -> bytes:
    path = SHARED / "captures" / name
    if not path.is_file():
        pytest.skip(f"no capture {name} beside the repository")
    return path.read_bytes()


# --- reading pages, independently of scraper/ingest/parse ------------------------------------------------------------


def tree(body: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(body.decode())


def joined(text: str) -> str:
    """Text with its layout blanks joined; the dirt (no-break blanks, zero-width ones) stays."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def cell(node: LexborNode) -> tuple[str, str]:
    """A cell's text and the address of its link."""
    found = node.css_first("a")
    return joined(node.text()), (found.attributes.get("href") or "") if found else ""


def table(node: LexborNode) -> list[list[tuple[str, str]]]:
    return [[cell(column) for column in row.css("td, th")] for row in node.css("tr")]


def release_tables(body: bytes) -> dict[str, list[list[tuple[str, str]]]]:
    """All tables of release information by id; the two servicing tables have none."""
    nodes = tree(body).css("#winrelinfo_container table")
    return {node.attributes.get("id") or f"servicing {number}": table(node) for number, node in enumerate(nodes)}


def labels(body: bytes) -> list[str]:
    """The labels and tables of release information in document order."""
    nodes = tree(body).css("#winrelinfo_container summary, #winrelinfo_container table, #winrelinfo_container strong")
    return [joined(node.text()) if node.tag != "table" else node.attributes.get("id") or "" for node in nodes]


def texts(body: bytes, identity: str) -> list[list[str]]:
    return [[text for text, _ in row] for row in release_tables(body)[identity]]


def navigation(body: bytes) -> list[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """Each category of the (last) navigation: its title with address, its links with theirs."""
    page = tree(body)
    [nav] = page.css("#supLeftNav, #learnRenderLeftNav")
    return [
        (cell(category.css("div[class$=CategoryTitle]")[0]), [cell(item) for item in category.css("li")])
        for category in nav.css("[class*=LeftNavCategory]")
        if category.css("ul")
    ]


def notes(body: bytes) -> list[str | list[list[tuple[str, str]]]]:
    """The headings, captions and tables of hotpatch release notes, in document order."""
    [article] = tree(body).css("main > article, main > .learnArticleContent")
    nodes = article.css("h2, h3, table, p > strong:only-child, p > b:only-child")
    found: list[str | list[list[tuple[str, str]]]] = []
    for node in nodes:
        if node.tag == "table":
            found.append(table(node))
        elif node.tag in ("h2", "h3") or "version" in node.text():
            found.append(joined(node.text()))
    return found


def titles(body: bytes) -> dict[str, list[str]]:
    """The texts of each category of a navigation, its own link first."""
    return {title: [text for text, _ in links] for (title, _), links in navigation(body)}


def contents() -> dict[str, list[tuple[str, str]]]:
    """The table of contents of the Windows 11 updates: the titles and whole addresses of each category."""
    found = json.loads(capture(CONTENTS))["items"]
    return {
        category["toc_title"]: [
            (link["toc_title"], urljoin(CONTENTS_FOLDER, link["href"])) for link in category["children"]
        ]
        for category in found
    }


def day(title: str) -> str:
    """The date that a title begins with, "" for the links that announce no update."""
    found = re.match(r"(\w+ \d+, \d{4})\N{EM DASH}KB", title)
    return datetime.strptime(found[1], "%B %d, %Y").date().isoformat() if found else ""


# --- the committed files ---------------------------------------------------------------------------------------------


def test_committed_snapshots_are_what_the_writer_makes() -> None:
    made = {f"{date}/{name}": body for date in DATES for name, body in snapshot(date).items()}
    committed = {
        path.relative_to(SNAPSHOTS).as_posix(): path.read_bytes() for path in SNAPSHOTS.rglob("*") if path.is_file()
    }
    assert sorted(committed) == sorted(made)
    assert [name for name in made if made[name] != committed[name]] == [], "run: python -m tests.fixtures.pages"


def test_every_date_has_a_page_for_every_source() -> None:
    assert DATES == ("2026-05-27", "2026-07-22", "2026-09-30")
    names = {file_name(source.url) for source in SOURCES}
    assert [set(snapshot(date)) for date in DATES] == [names] * 3


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("name", [CLIENT, H24, H25, SERVER, HISTORY])
def test_every_page_says_in_a_comment_and_in_view_that_it_is_re_created(date: str, name: str) -> None:
    body = snapshot(date)[name]
    assert f"<!-- {NOTICE} -->" in body.decode()
    assert NOTICE in [paragraph.text() for paragraph in tree(body).css("main p")]


def test_snapshots_stay_small() -> None:
    assert sum(len(body) for date in DATES for body in snapshot(date).values()) < 1_200_000


def test_layouts_have_the_bytes_of_the_real_ones() -> None:
    old, new = snapshot("2026-05-27"), snapshot("2026-09-30")
    assert new[CLIENT].startswith(b" <!DOCTYPE html>\n")
    assert not re.search("[\r\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}\N{EM DASH}]", new[CLIENT].decode())
    assert b"thead" not in new[CLIENT]
    assert old[H25].startswith(b"\r\n<!DOCTYPE html>\r\n")
    assert old[H25].count(b"\n") == old[H25].count(b"\r\n")
    assert old[H25].decode().count("\N{EM DASH}") == 0
    assert old[H25].count(b"&#x2014;") == 268  # as many as the capture has: the navigation is there twice
    assert new[H25].startswith(b"\r\n\r\n<!DOCTYPE html>\r\n")
    assert new[H25].count(b"&#x2014;") == 0
    assert old[HISTORY].startswith(b"\r\n<!DOCTYPE html>\r\n")
    assert old[HISTORY].count(b"\n") == old[HISTORY].count(b"\r\n")
    assert old[HISTORY].count(b"&#x2014;") == 558
    assert new[HISTORY].startswith(b"\r\n\r\n<!DOCTYPE html>\r\n")
    assert new[HISTORY].decode().count("\N{EM DASH}") == 314


# --- what the pages said, when ---------------------------------------------------------------------------------------


def test_june_and_september_were_planned_as_hotpatch_and_came_as_baseline() -> None:
    calendar = "HotpatchCalendar_Version24H2_2026"
    [may, july, september] = [texts(snapshot(date)[CLIENT], calendar) for date in DATES]
    assert may[6] == ["June", "2026.06 B", "Hotpatch", "", "", ""]
    assert july[6] == ["June", "2026.06 B", "Baseline (Restart)", "2026-06-09", "26100.8655", "KB5094126"]
    assert july[9] == ["September", "2026.09 B", "Hotpatch", "", "", ""]
    assert september[8] == ["August", "2026.08 B", "Hotpatch", "2026-08-11", "26100.9106", "KB5120994"]
    assert september[9] == ["September", "2026.09 B", "Baseline (Restart)", "2026-09-08", "26100.9445", "KB5124008"]
    assert september[10] == ["October", "2026.10 B", "Baseline (Restart)", "", "", ""]


def test_page_of_may_had_not_been_edited_for_a_fortnight() -> None:
    tables = release_tables(snapshot("2026-05-27")[CLIENT])
    assert tables["historyTable_0"][1][1][0] == "2026-05 B"
    # The rows, headers included, of the real page on that day (sources.md A4).
    assert [len(tables[f"historyTable_{number}"]) for number in range(6)] == [21, 9, 50, 62, 75, 64]


def test_26h2_is_there_only_in_september() -> None:
    assert [b"26H2" in snapshot(date)[CLIENT] for date in DATES] == [False, False, True]
    page = snapshot("2026-09-30")[CLIENT]
    assert texts(page, "servicing 0")[1] == [
        "26H2",
        "General Availability Channel",
        "2026-09-29",
        "2028-10-10",
        "2029-10-09",
        "2026-09 D",
        "2026-09-29",
        "26300.9550",
    ]
    assert texts(page, "historyTable_0")[1:] == [
        ["General Availability Channel", "2026-09 D", "2026-09-29", "26300.9550", "KB5124010"],
        ["General Availability Channel", "", "2026-09-29", "26300.9457", ""],
    ]
    assert texts(page, "HotpatchCalendar_Version26H2_2026")[1:] == [
        ["October", "2026.10 B", "Baseline (Restart)", "", "", ""]
    ]


@pytest.mark.parametrize(
    ("date", "edited", "rows"),
    [
        ("2026-05-27", "2026-05-13", (30, 89)),
        ("2026-07-22", "2026-07-22", (32, 91)),
        ("2026-09-30", "2026-09-30", (34, 93)),
    ],
)
def test_servers_have_their_whole_histories_until_the_page_was_edited(
    date: str, edited: str, rows: tuple[int, int]
) -> None:
    tables = [table(node) for node in tree(snapshot(date)[SERVER]).css("#winrelinfo_container table")][1:3]
    assert tuple(len(found) - 1 for found in tables) == rows
    for found, release in zip(tables, ("windows-server-2025", "windows-server-2022"), strict=True):
        seen = [
            [
                ("LTSC", ""),
                *((row[name], "") for name in ("update_type", "available", "build")),
                (row["kb"], row["url"]),
            ]
            for row in facts("server_release_history")
            if row["release"] == release and row["available"] <= edited
        ]
        assert found[-len(seen) :] == seen
        later = [[text for text, _ in row] for row in found[1 : -len(seen)]]
        assert [row[1] for row in later] == [
            month for month in ("2026-09 B", "2026-08 B", "2026-07 B") if month[:7] <= edited[:7] and edited > "2026-06"
        ]
        assert all(row[2] and row[3] and row[4] for row in later), "no row without day, build and KB was seen"


def test_every_counterpart_of_a_hotpatch_out_of_band_stands_in_the_histories() -> None:
    listed = {(row["release"], row["kb"]) for row in facts("server_release_history")}
    for row in facts("server_hotpatch_oob"):
        release = row["product"].lower().replace(" ", "-")
        for kb in re.findall(r"KB\d{7}", row["counterpart_standard_oob"]):
            assert (release, kb) in listed


def test_server_had_a_wrong_july_and_then_a_right_one() -> None:
    july, september = (release_tables(snapshot(date)[SERVER]) for date in DATES[1:])
    [wrong, right] = [
        next(rows for rows in page.values() if rows[1][1][0] == "2026.01 B") for page in (july, september)
    ]
    assert [text for text, _ in wrong[7]] == ["July", "2026.07 B", "Hotpatch", "2026-07-14", "26100.32860", ""]
    assert right[7][2:] == [
        ("Baseline (Restart)", ""),
        ("2026-07-14", ""),
        ("26100.33158", ""),
        ("KB5099536", "https://support.microsoft.com/help/5099536"),
    ]
    assert [len(rows) for rows in (wrong[1], wrong[2], wrong[3])] == [6, 7, 6], "February has one cell too many"


@pytest.mark.parametrize("date", DATES)
def test_star_of_server_2022_says_that_a_month_came_otherwise_than_planned(date: str) -> None:
    rows = [row for node in tree(snapshot(date)[SERVER]).css("#winrelinfo_container table") for row in table(node)]
    starred = [[text for text, _ in row] for row in rows if row[1][0].endswith("*")]
    assert starred == [["August", "2024.08 B *", "Baseline (Restart)", "2024-08-13", "20348.2655", "KB5041160"]]


def test_year_of_the_update_types_was_wrong_on_one_page_in_may() -> None:
    def years(date: str, name: str) -> list[str]:
        first = next(part for part in notes(snapshot(date)[name]) if isinstance(part, list))
        return [row[1][0][:4] for row in first[1:]]

    assert [years(date, H25)[0] for date in DATES] == ["2025", "2026", "2026"]
    assert [years(date, H24)[0] for date in DATES] == ["2026", "2026", "2026"]


def test_june_baseline_came_late_into_all_categories() -> None:
    pages = [navigation(snapshot(date)[H25]) for date in DATES]
    counts = [sum(text == "June 9, 2026—Baseline" for _, links in page for text, _ in links) for page in pages]
    assert counts == [0, 0, 4]


def test_update_history_grows_by_what_came_between() -> None:
    pages = [titles(snapshot(date)[HISTORY]) for date in DATES]
    versions = [
        f"Windows 11, version {version}" for version in ("26H2", "26H1", "25H2", "24H2", "23H2", "22H2", "21H2")
    ]
    assert [list(page) for page in pages] == [versions[1:], versions[1:], versions]
    assert [[len(links) for links in page.values()] for page in pages] == [
        [9, 22, 56, 61, 75, 63],
        [12, 26, 60, 63, 75, 63],
        [2, 18, 32, 66, 66, 75, 63],
    ]
    for page in pages:
        for title, links in page.items():
            assert links[0] == title
            days = [day(link) for link in links if day(link)]
            assert days == sorted(days, reverse=True), title
            assert links[1:] == pages[2][title][len(pages[2][title]) - len(links) + 1 :], "only new ones, in front"
    assert "May 26, 2026\N{EM DASH}KB5089570 (OS Build 28000.2179) Preview" in pages[0][versions[1]]


def test_titles_of_autumn_stand_as_they_were_seen() -> None:
    """All but that of 26H2, which was not out yet. KB5122880 of 23H2 has a build of 22H2, and so it was served."""
    page = titles(snapshot("2026-09-30")[HISTORY])
    later = {title: [link for link in links if day(link) > "2026-08-07"] for title, links in page.items()}
    shared = [
        "September 22, 2026\N{EM DASH}KB5124010 (OS Builds 26200.9550 and 26100.9550) Preview",
        "September 14, 2026\N{EM DASH}KB5129195 (OS Builds 26200.9457 and 26100.9457) Out-of-band",
        "September 8, 2026\N{EM DASH}KB5124008 (OS Builds 26200.9445 and 26100.9445)",
        "August 27, 2026\N{EM DASH}KB5120998 (OS Builds 26200.9278 and 26100.9278) Preview",
        "August 11, 2026\N{EM DASH}KB5121003 (OS Builds 26200.9168 and 26100.9168)",
    ]
    assert later == {
        "Windows 11, version 26H2": ["September 29, 2026\N{EM DASH}KB5124010 (OS Build 26300.9550) Preview"],
        "Windows 11, version 26H1": [
            "September 22, 2026\N{EM DASH}KB5124006 (OS Build 28000.3086) Preview",
            "September 14, 2026\N{EM DASH}KB5129194 (OS Build 28000.2956) Out-of-band",
            "September 8, 2026\N{EM DASH}KB5124012 (OS Build 28000.2954)",
            "August 27, 2026\N{EM DASH}KB5120996 (OS Build 28000.2804) Preview",
            "August 11, 2026\N{EM DASH}KB5121000 (OS Build 28000.2704)",
        ],
        "Windows 11, version 25H2": shared,
        "Windows 11, version 24H2": shared,
        "Windows 11, version 23H2": [
            "September 14, 2026\N{EM DASH}KB5129242 (OS Build 22631.7584) Out-of-band",
            "September 8, 2026\N{EM DASH}KB5122880 (OS Build 22621.7582)",
            "August 11, 2026\N{EM DASH}KB5120240 (OS Build 22631.7517)",
        ],
        "Windows 11, version 22H2": [],
        "Windows 11, version 21H2": [],
    }


@pytest.mark.parametrize("date", DATES)
def test_oddities_of_the_update_history_stand_where_they_stood(date: str) -> None:
    page = titles(snapshot(date)[HISTORY])
    h24, h23, h22, h21 = (page[f"Windows 11, version {version}"] for version in ("24H2", "23H2", "22H2", "21H2"))
    assert "April 25, 2025\N{EM DASH}KB5055627(OS Build 26100.3915) Preview" in h24
    assert "September 29, 2025\N{EM DASH}KB5065789 (OS Build 26100.6725) Preview" in page["Windows 11, version 25H2"]
    assert h22[1] == "End of servicing statement"
    assert "June 10, 2025\N{EM DASH}KB5060999 (OS Builds OS 22621.5472 and 22631.5472)" in h22
    assert "June 10, 2025\N{EM DASH}KB5060999 (OS Builds 22621.5472 and 22631.5472)" in h23
    assert "July 22, 2025\N{EM DASH}KB5062663 (OS Builds 22621.5699) Preview" in h22
    assert "July 22, 2025\N{EM DASH}KB5062663 (OS Builds 22631.5699) Preview" in h23
    assert "April 8, 2025\N{EM DASH}KB5055528 (OS Builds 22621.5191 and 22631.5191)" in h22
    assert "April 8, 2025\N{EM DASH}KB5055528 (OS Builds 22621.5189 and 22631.5189)" in h23
    assert "April 25, 2022\N{EM DASH}KB5012643 (OS Build 22000.652) Preview" in h21
    # The word stood in about 100 titles of Windows 10 and Server; of Windows 11 in one slug alone.
    assert not [link for links in page.values() for link in links if "EXPIRED" in link]
    assert (b"-preview-expired" in snapshot(date)[HISTORY]) is (date != "2026-05-27")
    # The blanks at the end went with the old layout.
    trailing = [b"version 26H1 </a>", b"version 23H2 </a>", b"Preview </a>"]
    assert [blank in snapshot(date)[HISTORY] for blank in trailing] == [date == "2026-05-27"] * 3


def test_update_history_has_no_calendar() -> None:
    tables = [[table(node) for node in tree(snapshot(date)[HISTORY]).css("table")] for date in DATES]
    assert [len(found) for found in tables] == [1, 0, 0]
    assert [text for text, _ in tables[0][0][0]] == ["Applies to", "Symptom", "Workaround"]


# --- every row of the facts ------------------------------------------------------------------------------------------


def test_everything_holds_every_row_that_a_page_can_have() -> None:
    pages = everything()
    client = {tuple(text for text, _ in row) for rows in release_tables(pages[CLIENT]).values() for row in rows}
    for row in facts("win11_release_history"):
        wanted = ("update_type", "availability_date", "build", "kb")
        cells = (" ".join(row["servicing_option"].split()), *(row[column] for column in wanted))
        assert (cells in client) is not row["in_ms_table"].startswith("no "), cells
    server = {
        tuple(text for text, _ in row[:6])
        for node in tree(pages[SERVER]).css("#winrelinfo_container table")
        for row in table(node)
    }
    for held, name in ((client, "win11_hotpatch_calendar"), (server, "server_hotpatch_calendar")):
        for row in facts(name):
            last = ("type", "availability_date", "build", "kb")
            cells = tuple(row[column] for column in ("update_type", *last))
            assert (cells in {other[1:] for other in held}) is bool(row["update_type"]), cells
    for row in facts("parity"):
        if row["version"].startswith("Windows Server"):
            assert any(other[2:] == (row["lcu_date"], row["lcu_build"], row["lcu_kb"]) for other in server), row[
                "lcu_kb"
            ]


def test_update_history_holds_every_row_with_a_kb_but_those_of_which_it_says_otherwise() -> None:
    page = titles(everything()[HISTORY])
    missing = {
        (row["version"], row["kb"], row["build"], row["availability_date"])
        for row in facts("win11_release_history")
        if row["kb"]
        and not any(
            row["kb"] in link
            and row["availability_date"] == day(link)
            and row["build"] in re.findall(r"\d+\.\d+", link)
            for link in page[f"Windows 11, version {row['version']}"]
        )
    }
    assert missing == {
        # Only the table of release information has these.
        ("24H2", "KB5072359", "26100.7178", "2025-11-18"),
        ("24H2", "KB5070881", "26100.6905", "2025-10-23"),
        ("22H2", "KB5019311", "22621.525", "2022-09-27"),
        # Only the slug names it: the title names 26100.6725 alone, in both categories.
        ("25H2", "KB5065789", "26200.6725", "2025-09-29"),
        # .5191 is what the title in 22H2 says of both versions; the one in 23H2 says .5189.
        ("23H2", "KB5055528", "22631.5191", "2025-04-08"),
        ("22H2", "KB5055528", "22621.5189", "2025-04-08"),
        # 22621.7582 in the only category that has it.
        ("23H2", "KB5122880", "22631.7582", "2026-09-08"),
        # The title says 2023-10-31 in both categories.
        ("22H2", "KB5031455", "22621.2506", "2023-10-26"),
    }


def test_navigation_holds_every_out_of_band_hotpatch() -> None:
    announced = " ".join(text for _, links in navigation(everything()[H24]) for text, _ in links)
    for name in ("win11_hotpatch_oob", "server_hotpatch_oob"):
        assert [row["kb"] for row in facts(name) if row["kb"] not in announced] == []


# --- against the real pages ------------------------------------------------------------------------------------------


def test_release_information_of_july_equals_the_capture_cell_by_cell() -> None:
    real, ours = capture(RELEASE_CAPTURE), snapshot("2026-07-22")[CLIENT]
    assert release_tables(ours) == release_tables(real)
    assert labels(ours) == labels(real)
    rows = {name: len(found) - 1 for name, found in release_tables(real).items()}
    assert sum(count for name, count in rows.items() if name.startswith("history")) == 291
    assert sum(count for name, count in rows.items() if name.startswith("Hotpatch")) == 41


@pytest.mark.parametrize("date", NOTES_CAPTURES)
def test_navigation_equals_the_capture_category_by_category(date: str) -> None:
    assert navigation(snapshot(date)[H25]) == navigation(capture(f"hotpatch-windows-11-25h2.{date}.html"))


@pytest.mark.parametrize("date", NOTES_CAPTURES)
def test_tables_and_headings_of_the_release_notes_equal_the_capture(date: str) -> None:
    """Addresses and dirt included."""
    assert notes(snapshot(date)[H25]) == notes(capture(f"hotpatch-windows-11-25h2.{date}.html"))


def test_update_history_of_may_equals_the_capture_category_by_category() -> None:
    """Addresses, the order and both renderings of the navigation included; blanks at the ends were joined."""
    ours, real = snapshot("2026-05-27")[HISTORY], capture(HISTORY_CAPTURE)
    assert navigation(ours) == navigation(real)
    assert sum(len(links) for _, links in navigation(real)) == 286
    mobile = [[joined(node.text()) for node in tree(body).css(".supLeftNavMobileView li")] for body in (ours, real)]
    assert mobile[0] == mobile[1]


# What the page of a day has and the table of contents of about 2026-08-07 has not, and the reverse, by category.
HISTORY_DIFFERENCES: Mapping[str, Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "2026-07-22": {},
    "2026-09-30": {},
}


@pytest.mark.parametrize("date", HISTORY_DIFFERENCES)
def test_update_history_equals_the_table_of_contents_until_its_day(date: str) -> None:
    """Titles, order and addresses of the entries that both can have. The version pages' own addresses too."""
    body = snapshot(date)[HISTORY]
    [canonical] = tree(body).css("link[rel=canonical]")
    base = canonical.attributes.get("href") or ""
    ours = {
        title: [(text, urljoin(base, href)) for text, href in links if day(text) <= "2026-08-07"]
        for (title, _), links in navigation(body)
    }
    real = {title: [link for link in links if day(link[0]) <= date] for title, links in contents().items()}
    if date == "2026-09-30":
        assert ours.pop("Windows 11, version 26H2") == [("Windows 11, version 26H2", base)]  # address unknown: empty
    assert list(ours) == list(real)
    differences = {
        title: (
            [text for text, _ in ours[title] if text not in dict(real[title])],
            [text for text, _ in real[title] if text not in dict(ours[title])],
        )
        for title in real
        if ours[title] != real[title]
    }
    assert differences == HISTORY_DIFFERENCES[date]


def test_update_history_of_september_begins_as_the_capture_does_category_by_category() -> None:
    """Titles, order and addresses; of the newest that 26H2 has not yet, none."""
    body = snapshot("2026-09-30")[HISTORY]
    [canonical] = tree(body).css("link[rel=canonical]")
    base = canonical.attributes.get("href") or ""
    ours = {title: [(text, urljoin(base, href)) for text, href in links] for (title, _), links in navigation(body)}
    real = {
        title: [(text, urljoin(CUT_HISTORY_ADDRESS, href)) for text, href in links]
        for (title, _), links in navigation(capture(CUT_HISTORY_CAPTURE))
    }
    assert list(ours) == ["Windows 11, version 26H2", *real, "Windows 11, version 21H2"]
    assert {title: ours[title][: len(links)] for title, links in real.items()} == real
    assert sum(map(len, real.values())) == 67


@pytest.mark.parametrize(
    "name", [RELEASE_CAPTURE, HISTORY_CAPTURE, *(f"hotpatch-windows-11-25h2.{date}.html" for date in NOTES_CAPTURES)]
)
def test_no_sentence_of_a_capture_is_in_a_snapshot(name: str) -> None:
    paragraphs = {joined(node.text()) for node in tree(capture(name)).css("main p, main li")}
    sentences = {
        sentence for text in paragraphs for sentence in re.split(r"(?<=[.!?]) ", text) if sentence.endswith(".")
    }
    assert len(sentences) > 5
    for date in DATES:
        for page, body in snapshot(date).items():
            text = joined(tree(body).text())
            assert [sentence for sentence in sentences if sentence in text and len(sentence) > 20] == [], page


@pytest.mark.parametrize("name", COPIED)
def test_copied_facts_are_unchanged(name: str) -> None:
    origin = SHARED / "facts" / f"{name}.csv"
    if not origin.is_file():
        pytest.skip(f"no facts {name}.csv beside the repository")
    assert (FACTS / origin.name).read_bytes() == origin.read_bytes().replace(b"\r\n", b"\n")

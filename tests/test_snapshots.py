"""The bundled snapshots are what the writer makes of the facts, and say what the real pages said.

The captures lie outside the project (``../shared``) and are only compared with; without them those tests are skipped.
"""

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.sources import BY_NAME, SOURCES
from tests.pages import DATES, FACTS, NOTICE, SNAPSHOTS, everything, facts, file_name, snapshot

SHARED = Path(__file__).parents[2] / "shared"
CLIENT, H24, H25, SERVER = (
    file_name(BY_NAME[name].url)
    for name in (
        "windows-11-release-information",
        "hotpatch-24h2",
        "hotpatch-25h2",
        "windows-server-release-information",
    )
)
RELEASE_CAPTURE = "windows11-release-information.2026-07-22.html"
NOTES_CAPTURES = ("2026-05-27", "2026-07-22")
COPIED = (
    "win11_release_history",
    "win11_hotpatch_calendar",
    "win11_hotpatch_oob",
    "win11_lifecycle",
    "server_hotpatch_calendar",
    "server_hotpatch_oob",
    "parity",
    "page_corrections",
)


def capture(name: str) -> bytes:
    path = SHARED / "captures" / name
    if not path.is_file():
        pytest.skip(f"no capture {name} beside the repository")
    return path.read_bytes()


# --- reading pages, independently of the parse room ------------------------------------------------------------------


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


# --- the committed files ---------------------------------------------------------------------------------------------


def test_committed_snapshots_are_what_the_writer_makes() -> None:
    made = {f"{date}/{name}": body for date in DATES for name, body in snapshot(date).items()}
    committed = {
        path.relative_to(SNAPSHOTS).as_posix(): path.read_bytes() for path in SNAPSHOTS.rglob("*") if path.is_file()
    }
    assert sorted(committed) == sorted(made)
    assert [name for name in made if made[name] != committed[name]] == [], "run: python -m tests.pages"


def test_every_date_has_a_page_for_every_source() -> None:
    assert DATES == ("2026-05-27", "2026-07-22", "2026-09-30")
    names = {file_name(source.url) for source in SOURCES}
    assert [set(snapshot(date)) for date in DATES] == [names] * 3


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("name", [CLIENT, H24, H25, SERVER])
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


@pytest.mark.parametrize(
    "name", [RELEASE_CAPTURE, *(f"hotpatch-windows-11-25h2.{date}.html" for date in NOTES_CAPTURES)]
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
    assert (FACTS / origin.name).read_bytes() == origin.read_bytes()

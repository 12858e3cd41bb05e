"""What every page goes through: it is whole and UTF-8, its text is cleaned, its links resolved; and its fingerprint."""

from pathlib import Path
from time import perf_counter
from urllib.parse import urljoin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper.errors import DriftError
from scraper.ingest.parse import fingerprint, parse
from scraper.ingest.parse.excerpt import excerpt
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.ingest.parse.tables import Links
from scraper.ingest.parse.text import clean
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Source, TableName
from tests.fixtures.places import ROOT

SOURCE = BY_NAME["windows-11-release-information"]
LABEL = "Version 24H2 (OS build 26100)"
COLUMNS = ("servicing option", "update type", "availability date", "build", "kb article")
TABLE = (
    "<table><tbody><tr><th>Servicing option</th><th>Update type</th><th>Availability date</th><th>Build</th>"
    "<th>KB article</th></tr><tr><td>LTSC</td><td>2025-05 B</td><td>2025-05-13</td><td>26100.4061</td>"
    '<td><a href="https://support.microsoft.com/help/5058411">KB5058411</a></td></tr></tbody></table>'
)
LEARN = (
    ' <!DOCTYPE html><html><head><meta name="ms.date" content="2025-05-01" />'
    '<meta name="updated_at" content="2025-05-14T01:00:00Z" />'
    '<link rel="canonical" href="https://learn.microsoft.com/en-us/a/b" /><script src="/assets/0.4.1/a.js"></script>'
    "</head><body><details><summary>Chrome</summary></details><main><h1>Release information</h1>"
    f'<div id="winrelinfo_container"><strong>{LABEL}</strong>{TABLE}</div></main><footer>Foot</footer></body></html>\n'
)
PAGE = ParsedPage(
    layout="learn",
    updated_at="2025-05-14T01:00:00Z",
    tables=(
        Table(
            name=TableName.HISTORY,
            label=LABEL,
            year="",
            identity="",
            columns=COLUMNS,
            rows=(
                Row(
                    cells={
                        "servicing option": "LTSC",
                        "update type": "2025-05 B",
                        "availability date": "2025-05-13",
                        "build": "26100.4061",
                        "kb article": "KB5058411",
                    },
                    links={"kb article": "https://support.microsoft.com/help/5058411"},
                ),
            ),
        ),
    ),
)
NAV = (
    '<div class="learnRenderLeftNavCategory"><div class="learnRenderLeftNavCategoryTitle"><a data-bi-slot="1" href="r">'
    'Notes</a></div><ul class="learnRenderLeftNavArticles"><li class="learnRenderLeftNavArticle"><a data-bi-slot="2" '
    'href="../2026/k">July 14, 2026—Baseline</a></li></ul></div>'
)
SUPPORT = (
    '\r\n\r\n<!DOCTYPE html><html><head><meta name="awa-expid" content="P-1" />'
    '<meta name="updated_at" content="2026" />'
    '<link rel="canonical" href="https://support.microsoft.com/en-us/x/2025/r" />'
    f'<meta name="awa-stv" content="3.0.1" /></head><body><header>Chrome</header>{NAV}'
    '<script src="a.js?v=1"></script><main><h1>Notes</h1><h2>Year 2026</h2>'
    "<table><tr><td>Month</td><td>Update type</td><td>Type</td><td>KB article</td></tr><tr><td>May</td>"
    "<td>2026.05 B</td><td>Hotpatch</td><td>KB5089466</td></tr></table></main><footer>Foot</footer></body></html>"
)
OTHER = (
    '<html><head><meta name="awa-expid" content="P-1"/></head><body><a data-bi-slot="7" href="x">Y</a></body></html>'
)


def read(text: str) -> ParsedPage:
    return parse(SOURCE, text.encode(), SOURCE.url)


def test_a_small_page_becomes_whole_records() -> None:
    assert read(LEARN) == PAGE


@pytest.mark.parametrize(
    "served",
    [
        "\ufeff" + LEARN,
        "\r\n\r\n" + LEARN,
        LEARN.replace("><", ">\r\n<"),
        LEARN + "<!-- served by 7 -->\n\n",
        LEARN.replace("</html>", "</HTML >"),
    ],
    ids=["byte order mark", "leading lines", "CRLF", "comment after the end", "end tag in capitals"],
)
def test_bytes_around_the_page_do_not_matter(served: str) -> None:
    assert read(served) == PAGE


def test_a_comment_that_names_the_container_does_not_mislead() -> None:
    comment = '<!-- <div id="winrelinfo_container"><table></table></div> --><h1>'
    assert read(LEARN.replace("<h1>", comment)) == PAGE


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
def test_an_empty_body_is_drift(body: bytes) -> None:
    with pytest.raises(
        DriftError, match=f"unexpected body on {SOURCE.name}. expected: a page, found: {len(body)} bytes"
    ):
        parse(SOURCE, body, SOURCE.url)


def test_a_body_in_another_encoding_is_drift() -> None:
    with pytest.raises(DriftError, match=r"unexpected encoding on .* expected: UTF-8, found: byte 0x97 at 3"):
        parse(SOURCE, b"May\x97" + LEARN.encode(), SOURCE.url)


@pytest.mark.parametrize("length", [len(LEARN) // 2, len(LEARN) - 5, LEARN.index("</body>")])
def test_a_cut_body_is_drift(length: int) -> None:
    with pytest.raises(DriftError, match=r"unexpected end on .* expected: </html>"):
        read(LEARN[:length])


def test_an_end_within_an_open_comment_is_drift() -> None:
    with pytest.raises(DriftError, match="unexpected end"):
        read(LEARN.replace("</html>", "<!-- </html> -->"))


@pytest.mark.parametrize(
    ("head", "updated_at"),
    [
        ('<meta name="updated_at" content=" U "/><meta name="lastPublishedDate" content="L"/>', "U"),
        ('<meta name="ms.date" content="D"/><meta name="lastPublishedDate" content="L"/>', "L"),
        ('<meta name="ms.date" content="D"/>', "D"),
        ('<meta name="updated_at"/>', ""),
        ("", ""),
    ],
)
def test_updated_at_is_the_first_date_that_a_page_gives(head: str, updated_at: str) -> None:
    page = LEARN[: LEARN.index("<meta")] + head + LEARN[LEARN.index("<link") :]
    assert read(page).updated_at == updated_at


# --- links -----------------------------------------------------------------------------------------------------------


def test_links_are_resolved_against_the_canonical_address() -> None:
    page = read(LEARN.replace("https://support.microsoft.com/help/5058411", "../c/d"))
    assert page.tables[0].rows[0].links == {"kb article": "https://learn.microsoft.com/en-us/c/d"}


def test_links_are_resolved_against_the_final_address_without_a_canonical_one() -> None:
    body = LEARN.replace('rel="canonical"', 'rel="alternate"').replace(
        "https://support.microsoft.com/help/5058411", "d"
    )
    page = parse(SOURCE, body.encode(), "https://learn.microsoft.com/x/y")
    assert page.tables[0].rows[0].links == {"kb article": "https://learn.microsoft.com/x/d"}


@pytest.mark.parametrize(
    "href", ["", "#top", "javascript:", "javascript:a/b", "http://learn.microsoft.com/a", "https://[", "//["]
)
def test_what_is_no_https_address_is_no_link(href: str) -> None:
    page = read(LEARN.replace("https://support.microsoft.com/help/5058411", href))
    assert page.tables[0].rows[0] == Row(PAGE.tables[0].rows[0].cells)


HREFS = st.one_of(
    st.lists(st.sampled_from(["..", ".", "", "a", "b-1.c", "KB5", "q?r=s", "é", "x y"]), max_size=5).map("/".join),
    st.text("./:?#a-", max_size=8),
    st.sampled_from(
        ["https://support.microsoft.com/help/5", "https://support.", "/en-us/topic/1a9b", " ../a ", "//h/b"]
    ),
)


@settings(max_examples=500)
@example(["#/a", "a", "https://support.", "?a=b/c", "./d"])
@given(st.lists(HREFS, max_size=4))
def test_links_resolve_always_as_urljoin_does(hrefs: list[str]) -> None:
    base = "https://support.microsoft.com/en-us/servicing/2025/notes"
    links = Links(base)
    for href in hrefs:
        joined = urljoin(base, href.strip())
        empty = not href.strip() or href.strip().startswith("#")
        assert links.resolve(href) == ("" if empty or not joined.startswith("https://") else joined)


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("served", "cleaned"),
    [
        ("KB5089466\u00a0\u200b\u200b\u200b", "KB5089466"),
        ("\u00a0\u200b\u200b", ""),
        ("2025.05\u00a0B", "2025.05 B"),
        ("LTSC  \u2022\n  General", "LTSC \u2022 General"),
        ("a\u202fb\u2060c\ufeffd\u00ade\u200c\u200df", "a bcdef"),
        ("May 12, 2026\u2014Hotpatch", "May 12, 2026\u2014Hotpatch"),
    ],
)
def test_clean_text_has_no_invisible_characters_and_single_blanks(served: str, cleaned: str) -> None:
    assert clean(served) == cleaned


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<b>KB</b>5058411", "KB5058411"),
        ("LTSC <span> • </span> General", "LTSC • General"),
        ("<p>a</p><p>b</p>", "a b"),
        ("a<br>b", "a b"),
        ("24H2<sup>1</sup>", "24H2"),
        ("24H2 <sup>[2]</sup>", "24H2"),
        ("24H2<sup>1, 2</sup>", "24H2"),
        ("2024.08 B <sup>*</sup>", "2024.08 B *"),
        ("2024.08 B *", "2024.08 B *"),
        ("a&amp;b&#x2014;c&nbsp;d", "a&b—c d"),
        ("a<!-- not --><script>not</script><style>not</style>b", "ab"),
        ("<p></p>", ""),
    ],
)
def test_cell_text_is_what_a_reader_sees(cell: str, text: str) -> None:
    assert read(LEARN.replace("2025-05 B", cell)).tables[0].rows[0].cells["update type"] == text


def test_the_first_link_of_a_cell_counts() -> None:
    cell = '<p>\u00a0<a href="/1">KB1</a> <a href="/2">KB2</a></p>'
    row = read(LEARN.replace("2025-05 B", cell)).tables[0].rows[0]
    assert (row.cells["update type"], row.links["update type"]) == ("KB1 KB2", "https://learn.microsoft.com/1")


# --- fingerprint -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        (LEARN, "0.4.1", "0.4.2"),
        (LEARN, "Chrome", "Other chrome"),
        (LEARN, "Foot", "Other foot"),
        (SUPPORT, "P-1", "P-2"),
        (SUPPORT, "3.0.1", "3.0.2"),
        (SUPPORT, 'slot="2"', 'slot="3"'),
        (SUPPORT, "v=1", "v=2"),
        (SUPPORT, "Chrome", "Other chrome"),
        (SUPPORT, "Foot", "Other foot"),
        (SUPPORT, NAV, NAV + "<header>" + NAV.replace('slot="2"', 'slot="3"')),
        (OTHER, "P-1", "P-2"),
        (OTHER, 'slot="7"', 'slot="8"'),
    ],
)
def test_what_the_hosts_vary_leaves_the_fingerprint_as_it_was(page: str, old: str, new: str) -> None:
    assert old in page
    assert fingerprint(page.replace(old, new).encode()) == fingerprint(page.encode())


@pytest.mark.parametrize(
    ("page", "old"),
    [
        (LEARN, "26100.4061"),
        (LEARN, "help/5058411"),
        (LEARN, "Version 24H2"),
        (LEARN, "Update type"),
        (LEARN, "2025-05-14T01:00:00Z"),
        (LEARN, "https://learn.microsoft.com/en-us/a/b"),
        (SUPPORT, "July 14, 2026"),
        (SUPPORT, "../2026/k"),
        (SUPPORT, ">Notes</a>"),
        (SUPPORT, "Year 2026"),
        (SUPPORT, "KB5089466"),
        (SUPPORT, 'content="2026"'),
        (SUPPORT, "en-us/x/2025/r"),
        (SUPPORT, "LeftNavCategory"),
        (OTHER, "Y</a>"),
    ],
)
def test_what_the_parsers_read_changes_the_fingerprint(page: str, old: str) -> None:
    assert old in page
    assert fingerprint(page.replace(old, old[:-1] + "~" + old[-1:]).encode()) != fingerprint(page.encode())


PIECES = [LEARN[:700], SUPPORT[:900], "<main", "</main>", 'id="winrelinfo_container"', "</table>", "LeftNavCategory "]
PIECES += ["LeftNavArticle", "</ul>", "<!--", "-->", "<", '"', "updated_at", "é"]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_body_has_a_fingerprint(pieces: list[str]) -> None:
    assert len(fingerprint("".join(pieces).encode())) == 64


CAPTURES = ROOT.parent / "shared" / "captures"
WHOLE = [
    *((source, *ROOT.glob(f"scraper/snapshots/*/{source.url.removeprefix('https://')}.html")) for source in SOURCES),
    (SOURCE, *CAPTURES.glob("windows11-release-information*")),
    (BY_NAME["hotpatch-25h2"], *CAPTURES.glob("hotpatch-*.html")),
    (BY_NAME["windows-11-update-history"], *CAPTURES.glob("windows-11-update-history*.html")),
]


@pytest.mark.parametrize(("source", "file"), [(source, file) for source, *files in WHOLE for file in files])
def test_the_excerpt_says_all_that_the_whole_page_says(
    source: Source, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = file.read_bytes()
    excerpted = parse(source, body, source.url)
    assert len(excerpt(body)) < len(body)
    monkeypatch.setattr("scraper.ingest.parse.excerpt", lambda whole: whole)
    assert parse(source, body, source.url) == excerpted


@pytest.mark.parametrize(
    "piece",
    [
        b"LeftNavCategory ",
        b'<a LeftNavCategory"',
        b"<meta name=awa-",
        b"updated_at",
        b"<meta updated_at",
        b"<!--",
        b"</main>",
        b'<div id="winrelinfo_container"',
    ],
)
def test_no_body_takes_the_fingerprint_long(piece: bytes) -> None:
    body = b"<main>" + piece * (1_000_000 // len(piece)) + b"</main>"
    begin = perf_counter()
    fingerprint(body)
    fingerprint(body[6:])
    assert perf_counter() - begin < 2


# --- a page that no tree must be built of ----------------------------------------------------------------------------


def grown(inner: str) -> bytes:
    return LEARN.replace("<strong>", f"{inner}<strong>", 1).encode()


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<p-x>"])
@pytest.mark.parametrize("repeated", [8_001, 49_000])
def test_page_of_tags_that_stay_open_is_refused_at_once(tag: str, repeated: int) -> None:
    """As a tree, 49,000 of them would take minutes, and 3,000,000, which are 20 kB of gzip, weeks."""
    begin = perf_counter()
    with pytest.raises(DriftError, match=r"unexpected nesting on .*expected: at most 100 elements"):
        parse(SOURCE, grown(tag * (repeated // tag.count("<"))), SOURCE.url)
    assert perf_counter() - begin < 2


def test_page_of_more_tags_than_any_is_refused() -> None:
    begin = perf_counter()
    expected = "unexpected size on windows-11-release-information. expected: at most 50000 tags, found: 4000"
    with pytest.raises(DriftError, match=expected):
        parse(SOURCE, grown("<br>" * 4_000_000), SOURCE.url)
    assert perf_counter() - begin < 2


def test_large_page_of_usual_depth_is_read() -> None:
    for inner in (
        "<div><p>a<br></div>" * 10_000,
        "<ul>" + "<li>a" * 20_000 + "</ul>",
        "<div>" * 80 + "<i></i>" * 9_000,
    ):
        assert parse(SOURCE, grown(inner), SOURCE.url).tables == PAGE.tables


def test_selector_that_cannot_be_had_is_no_memory_and_not_the_fault_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "scraper.ingest.parse._TOO_DEEP", "[["
    )  # what the library raises then is what it raises of this
    source = BY_NAME["windows-11-release-information"]
    with pytest.raises(MemoryError, match="no memory to parse a page"):
        parse(source, LEARN.encode(), source.url)

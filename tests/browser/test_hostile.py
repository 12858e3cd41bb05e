"""What somebody put into a page that is read is shown as text, on every page of the site.

Of two catalogs: one that was poisoned row by row, in columns too that no page reaches, and one that came of hostile
pages through the whole pipeline (tests/fixtures/hostile.py).
"""

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import pytest

from scraper.models import HOSTS
from tests.browser.catalogs import BROKEN_OUT, CONTROLS, KB, SCRIPT, TEMPLATE, TURNED
from tests.browser.visits import DESK, PHONE, Visit, visit
from tests.fixtures import hostile
from tests.fixtures.places import ROOT
from tests.fixtures.serving import TABLES, VIEWS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

OWN = [
    "/",
    "/?year=2025",
    f"/kb/{KB}",
    "/kb/KB5055523",
    "/kb/KB9999999",
    "/build/26100.3981?as_of=2025-06-10",
    "/build/26200.8037",
    "/month/2026-06",
    "/release/windows-11-24h2",
    "/release/windows-11-25h2",
    "/release/windows-server-2025",
    "/changes",
    "/disagreements",
    "/about",
    "/search?q=hotpatch",
    "/search?q=script",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/kb/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/build/1.1%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
]
# Beside every table, view and query.
DATASETTES = [
    "/catalog",
    "/catalog/changes?_facet=old&_size=7",
    "/catalog/kbs?_search=script&_size=7",
    f"/catalog/kbs/{KB}",
    f"/catalog/articles/{KB}",
    "/catalog/findings/1",
    "/catalog?sql=select+*+from+kbs+limit+9",
    f"/catalog?{urlencode({'sql': f'select 1 as [{BROKEN_OUT}]'})}",
    "/catalog/kbs?title=%3Cscript%3Ealert(1)%3C/script%3E",
]
# What everybody may ask.
PUBLIC = [path for path in DATASETTES if "sql=" not in path and "_facet=" not in path]
FRONT_DOOR = [
    "/",
    *(f"/kb/{kb}" for kb in hostile.KBS),
    "/kb/KB5900100",
    "/kb/KB5900105",
    "/build/26100.9506",
    "/month/2026-09",
    "/month/2026-10",
    "/release/windows-11-24h2",
    "/changes",
    "/disagreements",
    "/disagreements?ended=1",
    "/about",
    "/search?q=script",
    "/search?q=window.ran",
    "/search?q=%3DHYPERLINK(%22",
    "/search?q=%27%3B+drop+table",
]
FRONT_DOOR_OF_DATASETTE = [
    "/catalog",
    *(f"/catalog/kbs/{kb}" for kb in hostile.KBS[:8]),
    *(f"/catalog/articles/{kb}" for kb in hostile.KBS[:8]),
    "/catalog/pages/windows-server-release-information",
    "/catalog/pages/windows-11-release-information",
    "/catalog/sections/KB5900000,2",
    "/catalog/findings?code=quarantine&_size=100",
    "/catalog/findings?code=category&_size=100",
    "/catalog/findings?_facet=subject&_size=7",
    "/catalog/kbs?_search=script",
    "/catalog/sections?_search=evil",
    "/catalog/kb_lookup?kb=KB5900009",
    "/catalog?sql=select+*+from+known_issues+limit+9",
    "/catalog?sql=select+%27%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E%27+as+%22%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E%22",
]
# An answer to each query, by the names of their fields.
ASKED = {
    "kb": KB,
    "build": "26100.3981",
    "release": "",
    "year": "20",
    "month": "20",
    "as_of": "2025-06-10",
    "since": "2026-09-30",
    "edition": "",
}
# What a text on the page has become, where it has become more than text.
BECAME = """() => ({
    ran: window.ran ?? null,
    handlers: [...document.querySelectorAll("*")].flatMap((e) => [...e.attributes])
        .filter((attribute) => attribute.name.startsWith("on")).map((attribute) => attribute.name),
    elements: [...document.querySelectorAll("img, iframe, object, embed, base, b, meta[http-equiv], svg:not(PICTURES)")]
        .map((e) => e.outerHTML.slice(0, 200)),
    scripts: [...document.scripts].filter((e) => e.text.includes("window.ran")).length,
    links: [...document.links].map((e) => e.href).filter(
        (href) => !href.startsWith(`${location.origin}/`) && !OUTSIDE.some((host) => href.startsWith(`https://${host}/`))),
})""".replace(
    "OUTSIDE", json.dumps(sorted({*HOSTS, "datasette.io", "opensource.org", "www.catalog.update.microsoft.com"}))
).replace(
    # Ours, and two of Datasette's.
    "PICTURES",
    ".picture, summary > [aria-labelledby=nav-menu-svg-title], th > .dropdown-menu-icon",
)
ONLY_TEXT: dict[str, object] = {"ran": None, "handlers": [], "elements": [], "scripts": 0, "links": []}
# Texts with a writing direction of their own that could turn what stands beside them.
TURNING = """() => {
    const found = [], turns = /[\\u202a-\\u202e\\u2066-\\u2069]/;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode, e = text.parentElement;
        if (turns.test(text.data) && !e.closest("bdi")) found.push(e.outerHTML.slice(0, 200));
    }
    return found;
}"""


def status_of(path: str) -> int:
    return 404 if path.startswith(("/kb/KB9", "/kb/%3C", "/build/1.1%")) else 200


def assert_no_overflow(tab: Visit) -> None:
    for width in (DESK, PHONE):
        tab.page.set_viewport_size({"width": width, "height": 800})
        assert tab.overflow() <= 0, (tab.address(), width)


@pytest.mark.parametrize("path", OWN)
def test_hostile_text_is_only_text(chromium: "Browser", hostile_site: str, path: str) -> None:
    with visit(chromium, hostile_site) as tab:
        tab.go(path, status_of(path))
        assert tab.page.evaluate(BECAME) == ONLY_TEXT
        assert tab.page.evaluate(TURNING) == []
        assert_no_overflow(tab)


def everything_of_datasette(site: str, rows: int) -> list[str]:
    """Every table and view that the site names, and every query, with an answer and with a hostile text in each of its
    fields. (A query hides the view of its name.)"""
    described = httpx.get(f"{site}/catalog.json", trust_env=False).json()
    queries = {query["name"]: query["params"] for query in described["queries"]}
    tables = {table["name"] for table in described["tables"] if not table["hidden"]}
    names = tables | {view["name"] for view in described["views"]}
    assert names >= {*TABLES, *VIEWS}
    paths = [f"/catalog/{name}?_size={rows}" for name in sorted(names - {*queries})]
    for name, fields in queries.items():
        paths += [f"/catalog/{name}?{urlencode({field: ASKED[field] for field in fields})}"]
        paths += [f"/catalog/{name}?{urlencode(dict.fromkeys(fields, BROKEN_OUT))}"]
    return paths


def test_hostile_text_is_only_text_in_every_table_view_and_query(chromium: "Browser", hostile_site: str) -> None:
    with visit(chromium, hostile_site) as tab:
        for path in everything_of_datasette(hostile_site, 20):
            tab.go(path)
            assert tab.page.evaluate(BECAME) == ONLY_TEXT, path
            assert_no_overflow(tab)


def test_text_of_hostile_pages_is_only_text_in_every_table_view_and_query(
    chromium: "Browser", front_door_site: str
) -> None:
    with visit(chromium, front_door_site) as tab:
        for path in everything_of_datasette(front_door_site, 100):
            tab.go(path)
            assert tab.page.evaluate(BECAME) == ONLY_TEXT, path
            assert tab.page.evaluate(TURNING) == [], path
            assert_no_overflow(tab)


def test_hostile_text_is_only_text_on_a_public_site(chromium: "Browser", public_hostile_site: str) -> None:
    with visit(chromium, public_hostile_site) as tab:
        for path in (*OWN, *PUBLIC, *everything_of_datasette(public_hostile_site, 20)):
            tab.go(path, status_of(path))
            assert tab.page.evaluate(BECAME) == ONLY_TEXT, path
            assert_no_overflow(tab)


@pytest.mark.parametrize("path", DATASETTES)
def test_hostile_text_is_only_text_on_pages_of_datasette(chromium: "Browser", hostile_site: str, path: str) -> None:
    with visit(chromium, hostile_site) as tab:
        tab.go(path)
        assert tab.page.evaluate(BECAME) == ONLY_TEXT
        assert_no_overflow(tab)


@pytest.mark.parametrize("path", FRONT_DOOR)
def test_text_of_hostile_pages_is_only_text(chromium: "Browser", front_door_site: str, path: str) -> None:
    with visit(chromium, front_door_site) as tab:
        tab.go(path)
        assert tab.page.evaluate(BECAME) == ONLY_TEXT
        assert tab.page.evaluate(TURNING) == []
        assert_no_overflow(tab)


@pytest.mark.parametrize("path", FRONT_DOOR_OF_DATASETTE)
def test_text_of_hostile_pages_is_only_text_on_pages_of_datasette(
    chromium: "Browser", front_door_site: str, path: str
) -> None:
    with visit(chromium, front_door_site) as tab:
        tab.go(path)
        assert tab.page.evaluate(BECAME) == ONLY_TEXT
        # No bdi around what Datasette shows: so nothing that turns may have come in at all.
        assert tab.page.evaluate(TURNING) == []
        assert_no_overflow(tab)


def test_document_counts_the_pages(hostile_site: str) -> None:
    every = len(everything_of_datasette(hostile_site, 20))
    own, datasettes = len(OWN + FRONT_DOOR), len(DATASETTES + FRONT_DOOR_OF_DATASETTE) + 2 * every
    told = f"{own} pages of the site and {datasettes} of stock Datasette"
    assert told in (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    told = f"{len(OWN + PUBLIC) + every} of them on a public site"
    assert told in (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")


def test_hostile_pages_are_shown_as_they_were_written(chromium: "Browser", front_door_site: str) -> None:
    with visit(chromium, front_door_site) as tab:
        tab.go("/disagreements")
        shown = tab.page.inner_text("main")
        for text in (hostile.SCRIPT, hostile.TEMPLATE, hostile.SQL, hostile.MARKDOWN):
            assert text in shown, text
        tab.go("/catalog/articles/KB5900000")
        assert hostile.SCRIPT in tab.page.inner_text("body")


def test_hostile_text_is_shown_as_it_was_written(chromium: "Browser", hostile_site: str) -> None:
    with visit(chromium, hostile_site) as tab:
        for path in (f"/kb/{KB}", "/changes", "/disagreements"):
            tab.go(path)
            shown = tab.page.inner_text("main")
            for text in (SCRIPT, BROKEN_OUT, TEMPLATE, TURNED):
                assert text in shown
            assert " ".join(CONTROLS.translate(dict.fromkeys(range(32), " ") | {127: " "}).split()) in shown


def test_text_of_ten_thousand_letters_is_cut_with_a_sign(chromium: "Browser", hostile_site: str) -> None:
    with visit(chromium, hostile_site) as tab:
        tab.go(f"/kb/{KB}")
        shown = tab.page.inner_text("main")
        assert "A" * 299 + "…" in shown
        assert "A" * 300 not in shown

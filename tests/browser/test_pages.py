"""Every page in a real browser, wide and narrow, light and dark: nothing breaks, nothing leaves, everybody can read it.

The pictures of the documents are taken here: WINKB_SCREENSHOTS=docs/screenshots makes them anew.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.visits import DESK, PHONE, SCHEMES, Scheme, Visit, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

OWN = {
    "/": 200,
    "/?year=2025": 200,
    "/kb/KB5058497": 200,
    "/kb/KB9999999": 404,
    "/build/26100.3981?as_of=2025-06-10": 200,
    "/build/26100.999999": 404,
    "/month/2026-06": 200,
    "/release/windows-11-24h2": 200,
    "/release/windows-server-2025": 200,
    "/changes": 200,
    "/disagreements": 200,
    "/about": 200,
    "/search?q=hotpatch": 200,
    "/search?q=xyzzy": 200,
    "/kb/nonsense": 404,
    "/nothing/at/all": 404,
}
DATASETTES = {
    "/catalog": 200,
    "/catalog?sql=select+*+from+kbs+limit+3": 200,
    "/catalog/builds?_size=9": 200,
    "/catalog/builds?_sort=kb&kind=hotpatch&_facet=kind&_size=9": 200,
    "/catalog/build_verdict?build=26100.3981": 200,
    "/catalog/kbs/KB5058497": 200,
    "/catalog/nothing": 404,
}
# CodeMirror 5 makes a field that nobody sees, without a label, when the page has loaded.
NOT_OURS = (".CodeMirror",)


@pytest.mark.parametrize("path", OWN)
def test_own_page_is_sound(chromium: "Browser", site: str, path: str) -> None:
    """No complaint of the browser, no request elsewhere, nothing to scroll sideways, nothing that axe-core finds."""
    with visit(chromium, site) as tab:
        tab.go(path, OWN[path])
        for look in tab.each_look():
            assert tab.overflow() <= 0, look
            assert tab.violations() == [], look


@pytest.mark.parametrize("path", DATASETTES)
def test_page_of_datasette_is_sound(chromium: "Browser", site: str, path: str) -> None:
    """As above, but for violations that are moderate: Datasette's headings skip a level."""
    with visit(chromium, site) as tab:
        tab.go(path, DATASETTES[path])
        for look in tab.each_look():
            assert tab.overflow() <= 0, look
            grave = [found for found in tab.violations(NOT_OURS) if found[0] in ("serious", "critical")]
            assert grave == [], look


@pytest.mark.parametrize("path", ["/", "/catalog/builds"])
def test_colours_follow_the_scheme_of_the_system(chromium: "Browser", site: str, path: str) -> None:
    paper = {}
    for scheme in SCHEMES:
        with visit(chromium, site, scheme=scheme) as tab:
            tab.go(path)
            paper[scheme] = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 22, 28)"}


@pytest.mark.parametrize("path", ["/", "/kb/KB5058497", "/release/windows-11-24h2", "/changes"])
def test_nothing_is_cut_off_on_paper(chromium: "Browser", site: str, path: str) -> None:
    with visit(chromium, site) as tab:
        tab.go(path)
        assert tab.page.pdf(format="A4").startswith(b"%PDF-")
        tab.page.emulate_media(media="print")
        tab.page.set_viewport_size({"width": 718, "height": 1046})  # A4 at 96 dpi, with Chromium's margins
        cut = """() => [...document.querySelectorAll("main td, main th, main p, main li")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".unseen"))
            .map((e) => e.innerText)"""
        assert tab.page.evaluate(cut) == []
        clipping = """() => [...document.querySelectorAll("main *")].filter((e) => !e.matches(".unseen, svg, svg *")
            && getComputedStyle(e).overflow !== "visible" && e.scrollWidth > e.clientWidth).map((e) => e.outerHTML)"""
        assert tab.page.evaluate(clipping) == []


# --- pictures --------------------------------------------------------------------------------------------------------

LARGEST = 250_000  # bytes


def home(tab: Visit) -> None:
    tab.go("/")


def build(tab: Visit) -> None:
    tab.go("/build/26100.3981?as_of=2025-06-10")


def release(tab: Visit) -> None:
    tab.go("/release/windows-11-24h2")
    tab.page.set_viewport_size({"width": DESK, "height": 1000})  # both staircases, down to their legend


def kb(tab: Visit) -> None:
    tab.go("/kb/KB5058497")


@pytest.mark.parametrize(
    ("name", "shown", "width", "scheme"),
    [
        ("home", home, DESK, "light"),
        ("build", build, DESK, "light"),
        ("release", release, DESK, "light"),
        ("kb-phone-dark", kb, PHONE, "dark"),
    ],
)
def test_picture_is_small(
    chromium: "Browser", site: str, name: str, shown: Callable[[Visit], None], width: int, scheme: Scheme
) -> None:
    with visit(chromium, site, width, scheme) as tab:
        shown(tab)
        picture = tab.page.screenshot()
    assert 10_000 < len(picture) < LARGEST
    if folder := os.environ.get("WINKB_SCREENSHOTS"):
        (Path(folder) / f"{name}.png").write_bytes(picture)

"""What a reader does on the site, with the keyboard alone: find, look up, ask about another day."""

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.browser.catalogs import month_ahead, today
from tests.browser.visits import DESK, PHONE, Visit, visit
from tests.fixtures.serving import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

FOUND = {
    "KB5058497": "/kb/KB5058497",
    "5058497": "/kb/KB5058497",
    "26100.3981": "/build/26100.3981",
    "10.0.26100.3981": "/build/26100.3981",
    "2026-06": "/month/2026-06",
    "24H2": "/release/windows-11-24h2",
    "hotpatch": "/search?q=hotpatch",
    "xyzzy": "/search?q=xyzzy",
}
FOCUSED = "document.activeElement"


def go_to(tab: Visit, selector: str, most: int = 60) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        tab.press("Tab")
        if tab.page.evaluate(f"(selector) => {FOCUSED}.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


@pytest.mark.parametrize("start", ["home", "wherever one is"])
def test_search_box_leads_to_the_right_page(chromium: "Browser", site: str, start: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/about")
        for words, target in FOUND.items():
            if start == "home":
                tab.go("/")
            go_to(tab, "#find")
            tab.page.keyboard.type(words)
            tab.leave_by("Enter")
            assert tab.address() == target
            assert tab.page.locator("h1").count() == 1


def test_search_says_what_it_found(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/search?q=hotpatch")
        assert tab.page.locator("main ul.list li a.kb").count() > 5
        assert tab.page.input_value("#find") == "hotpatch"
        tab.go("/search?q=xyzzy")
        assert "No title has these words: xyzzy" in tab.page.inner_text("main")


def test_search_box_wants_words(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/")
        go_to(tab, "#find")
        tab.press("Enter")
        assert tab.address() == "/"
        assert tab.page.evaluate(f"{FOCUSED}.matches(':invalid')")


@pytest.mark.parametrize("path", ["/", "/kb/KB5058497", "/catalog/builds"])
def test_first_tab_offers_to_skip_the_header(chromium: "Browser", site: str, path: str) -> None:
    with visit(chromium, site) as tab:
        tab.go(path)
        tab.press("Tab")
        skip = tab.page.locator("a.skip:focus")
        assert skip.inner_text() == "Skip to the content"
        assert skip.bounding_box() is not None
        assert tab.page.evaluate(f"{FOCUSED}.getBoundingClientRect().left") >= 0
        tab.press("Enter")
        assert tab.page.evaluate(f"{FOCUSED}.id") == "main"
        tab.press("Tab")
        assert tab.page.evaluate(f"document.querySelector('main').contains({FOCUSED})")


def test_tab_reaches_every_link_of_the_page_in_its_order(chromium: "Browser", site: str) -> None:
    number = f"[...document.querySelectorAll('a[href]')].indexOf({FOCUSED})"
    with visit(chromium, site) as tab:
        tab.go("/?year=2025")
        links = tab.page.locator("a[href]").count()
        assert tab.page.locator("table.grid a[href]").count() > 20
        reached: list[int] = []
        while len(reached) < links:
            tab.press("Tab")
            assert not tab.page.evaluate(f"{FOCUSED} === document.body"), f"the end, after {len(reached)} of {links}"
            if (place := tab.page.evaluate(number)) >= 0:
                reached.append(place)
        assert reached == list(range(links))


def test_link_of_the_grid_opens_with_enter(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/?year=2025")
        go_to(tab, "table.grid a.what")
        words = tab.page.evaluate(f"{FOCUSED}.href")
        tab.leave_by("Enter")
        assert tab.page.url == words
        assert re.fullmatch(r"/month/2025-\d\d", tab.address())


@pytest.mark.parametrize("path", ["/", "/kb/KB5058497", "/changes", "/catalog/builds?_size=5"])
def test_focus_is_seen(chromium: "Browser", site: str, path: str) -> None:
    """Whatever has the focus is outlined, and not scrolled out of sight or covered by a column that stays."""
    seen = f"""() => {{
        const e = {FOCUSED}, box = e.getBoundingClientRect(), style = getComputedStyle(e);
        const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        if (e.type === "date" && !e.matches(":focus")) return inside;  // its button, outlined by the browser
        return inside && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    }}"""
    with visit(chromium, site, PHONE) as tab:
        tab.go(path)
        for _ in range(40):
            tab.press("Tab")
            if tab.page.evaluate(f"{FOCUSED} === document.body"):  # the end
                break
            assert tab.page.evaluate(seen), tab.page.evaluate(f"{FOCUSED}.outerHTML")


@pytest.mark.parametrize(
    "path", ["/", "/release/windows-11-24h2", "/changes", "/month/2026-06", "/catalog/build_verdict?build=26100.3981"]
)
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_what_scrolls_is_reached_by_keyboard_and_has_a_name(
    chromium: "Browser", site: str, path: str, width: int
) -> None:
    unreached = """() => [...document.querySelectorAll("main *")].filter((e) =>
        ["auto", "scroll"].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth
        && !(e.tabIndex === 0 && e.getAttribute("aria-label"))).map((e) => e.outerHTML.slice(0, 200))"""
    with visit(chromium, site, width) as tab:
        tab.go(path)
        assert tab.page.evaluate(unreached) == []


def test_calendar_scrolls_with_the_arrow_keys_where_it_is_too_wide(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.page.set_viewport_size({"width": 900, "height": 800})
        tab.go("/")
        go_to(tab, ".scroll:has(.grid)")
        tab.press(*["ArrowRight"] * 3)
        head, region = tab.page.locator("table.grid tbody th").first, tab.page.locator(".scroll:has(.grid)")
        wait_for(lambda: region.evaluate("(e) => e.scrollLeft") > 20, 5)
        left, edge = head.bounding_box(), region.bounding_box()
        assert left is not None
        assert edge is not None
        assert left["x"] >= edge["x"]  # the release stays in sight


def test_whole_year_is_seen_on_a_phone_by_quarters(chromium: "Browser", site: str) -> None:
    with visit(chromium, site, PHONE) as tab:
        tab.go("/?year=2026")
        row = tab.page.locator("table.grid tbody tr").first
        boxes = [cell.bounding_box() for cell in row.locator("td").all()]
        corners = [
            (round(box["x"]), round(box["y"])) for box in boxes if box is not None and box["x"] + box["width"] < 390
        ]
        assert len(corners) == 12
        assert len({x for x, _ in corners}) == 3
        assert len({y for _, y in corners}) == 4
        assert re.findall(r"(?m)^(Jan|Feb|Mar|Sep|Dec)\b", row.inner_text()) == ["Jan", "Feb", "Mar", "Sep", "Dec"]


@pytest.mark.parametrize(
    "path",
    ["/", "/kb/KB5058497", "/build/26100.3981", "/month/2026-06", "/month/2025-05", "/changes", "/disagreements"],
)
def test_rows_fit_on_a_phone(chromium: "Browser", site: str, path: str) -> None:
    wide = """() => [...document.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth)
        .map((e) => e.ariaLabel)"""
    with visit(chromium, site, PHONE) as tab:
        tab.go(path)
        assert tab.page.evaluate(wide) == []


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_nothing_of_the_grid_runs_out_of_its_cell(chromium: "Browser", site: str, width: int) -> None:
    outside = """() => [...document.querySelectorAll("table.grid td :is(a.kb, a.build, .small)")].filter((e) => {
        const range = document.createRange(), cell = e.closest("td").getBoundingClientRect();
        range.selectNodeContents(e);
        return range.getBoundingClientRect().right > cell.right - 2;
    }).map((e) => e.innerText)"""
    with visit(chromium, site, width) as tab:
        tab.go("/?year=2026")
        assert tab.page.evaluate(outside) == []


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/kb/KB5058497", "/build/26100.3981?as_of=2025-06-10", "/month/2026-06", "/release/windows-11-24h2"),
        *("/changes", "/disagreements", "/about", "/catalog/builds?_size=9", "/catalog/build_verdict?build=26100.3981"),
    ],
)
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_no_date_build_or_kb_of_a_table_is_broken_in_two(chromium: "Browser", site: str, path: str, width: int) -> None:
    broken = """() => {
        const whole = /KB\\d{7}|\\d{5}\\.\\d+|\\d{4}-\\d\\d(-\\d\\d)?|cumulative|hotpatch/g, found = [];
        const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const text = walk.currentNode;
            if (!text.parentElement.closest("td") || !text.parentElement.checkVisibility()) continue;
            if (text.data.trim().length > 40) continue;  // a sentence, or an address
            for (const match of text.data.matchAll(whole)) {
                const range = document.createRange();
                range.setStart(text, match.index);
                range.setEnd(text, match.index + match[0].length);
                const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
                if (lines.size > 1) found.push(match[0]);
            }
        }
        return found;
    }"""
    with visit(chromium, site, width) as tab:
        tab.go(path)
        assert tab.page.evaluate(broken) == []


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_letters_of_the_pictures_are_large_enough(chromium: "Browser", site: str, width: int) -> None:
    height = "[...document.querySelectorAll('.picture text')].map((e) => e.getBoundingClientRect().height)"
    with visit(chromium, site, width) as tab:
        tab.go("/release/windows-11-24h2")
        assert min(tab.page.evaluate(height)) >= 12


def test_grid_is_legible_without_colours(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/?year=2026")
        cells = tab.page.locator("table.grid td.cell")
        kinds = tab.page.evaluate(
            "[...document.querySelectorAll('table.grid td.cell')].map((cell) => [cell.className, cell.innerText])"
        )
        assert cells.count() == len(kinds) > 20
        for names, text in kinds:
            assert ("Restart" if "baseline" in names.split() else "Hotpatch") in text
            assert ("planned" in names.split()) == bool(re.search(r"(?<!re)(?<!was )planned", text))
            assert ("replanned" in names.split()) == ("↻" in text) == ("replanned, was " in text)
        assert any("replanned" in names for names, _ in kinds)
        for words in ("Restart", "Hotpatch: no restart", "Planned", "Not as planned ↻", "This month"):
            assert words in tab.page.inner_text(".legend")


def test_years_of_the_calendar_switch(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/?year=2026")
        go_to(tab, ".years a", most=30)
        assert tab.page.evaluate(f"{FOCUSED}.textContent") == "2024"
        tab.press("Tab")
        tab.leave_by("Enter")
        assert tab.address() == "/?year=2025"
        assert tab.page.inner_text("#calendar") == "Hotpatch calendar 2025"
        assert tab.page.inner_text(".years [aria-current]") == "2025"
        assert set(re.findall(r"/month/(\d{4})", tab.page.inner_html("table.grid"))) == {"2025"}


def test_another_day_gets_another_verdict(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/build/26100.3981?as_of=2025-05-20")
        assert tab.page.inner_text(".status") == "current"
        go_to(tab, "#as_of")
        tab.page.keyboard.type(
            "06102025"
        )  # the field takes month, day and year, as this profile's language writes them
        tab.leave_by("Enter")
        assert tab.address() == "/build/26100.3981?as_of=2025-06-10&edition="
        assert tab.page.inner_text(".status") == "behind by 1 month"
        assert "so it is one month behind" in tab.page.inner_text(".because")


def test_details_open_with_the_keyboard(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/build/26100.3981?as_of=2025-06-10")
        assert not tab.page.is_visible("details table")
        go_to(tab, "summary", most=80)
        tab.press("Enter")
        assert tab.page.is_visible("details table")


def test_changes_narrow_to_a_release(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        tab.go("/changes")
        go_to(tab, "#release")
        tab.page.keyboard.type("Windows 11 24H2")
        go_to(tab, "main button")
        tab.leave_by("Enter")
        assert tab.address() == "/changes?since=&release=windows-11-24h2"
        assert set(tab.page.locator("main tbody td:nth-child(2)").all_inner_texts()) == {"Windows 11 24H2"}


def test_days_to_the_next_restart_are_shown(chromium: "Browser", site_ahead: str) -> None:
    year, month = map(int, month_ahead().split("-"))
    first = date(year, month, 1)
    second_tuesday = first + timedelta(days=(1 - first.weekday()) % 7 + 7)
    before = (second_tuesday - today()).days
    with visit(chromium, site_ahead) as tab:
        tab.go("/")
        found = tab.page.locator("section[aria-labelledby=restart] tbody tr").all_inner_texts()
        (row,) = [text for text in found if text.startswith("Windows 11 24H2")]
        after = (second_tuesday - today()).days
        expected = f"Windows 11 24H2 {second_tuesday} (planned, second Tuesday) in "
        assert " ".join(row.split()) in [f"{expected}{days} days" for days in (before, after)]
        head = tab.page.inner_text("table.grid tbody th:has(a[href$='windows-11-24h2'])")
        assert " ".join(head.split()) in [f"Windows 11 24H2 restart in {days} days" for days in (before, after)]
        tab.go("/release/windows-11-24h2")
        assert f"{second_tuesday} (planned), baseline of {month_ahead()}" in tab.page.inner_text("dl.facts")


def test_data_of_today_raise_no_warning(chromium: "Browser", site_ahead: str) -> None:
    with visit(chromium, site_ahead) as tab:
        tab.go("/")
        assert tab.page.locator(".warning").count() == 0


def test_own_pages_have_no_script_but_that_of_datasettes_menus(chromium: "Browser", site: str) -> None:
    with visit(chromium, site) as tab:
        for path in ("/", "/kb/KB5058497", "/build/26100.3981", "/release/windows-11-24h2"):
            tab.go(path)
            scripts = "[...document.scripts].filter((e) => !e.text.includes('Close any open details')).length"
            assert tab.page.evaluate(scripts) == 0

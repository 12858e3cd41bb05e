"""A visit to a site as a reader makes it: what the browser complains of, where it asks, and what axe-core finds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESK, PHONE = 1280, 390
HEIGHTS = {DESK: 800, PHONE: 844}
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")

RUN_AXE = """
async (exclude) => (await axe.run({include: [['html']], exclude}, {resultTypes: ['violations']})).violations.map(
    (rule) => [rule.impact, rule.id, rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join('\\n')])
"""


class Visit:
    """A tab of a fresh profile."""

    def __init__(self, page: "Page", site: str) -> None:
        self.page = page
        self.site = site
        self.troubles: list[str] = []
        self._missing: set[str] = set()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"error in the page: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._requested)

    def go(self, path: str, status: int = 200) -> None:
        """Load a page. Of one that is not to be found, the browser's own word on it is no trouble."""
        if status != 200:
            self._missing.add(self.site + path)
        response = self.page.goto(self.site + path, wait_until="load")
        assert response is not None
        assert response.status == status, path

    def address(self) -> str:
        """Where the tab is now: path and query."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def leave_by(self, key: str) -> None:
        """Press a key that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def each_look(self) -> Iterator[tuple[int, Scheme]]:
        """Let the page be wide and narrow, light and dark. It is not loaded again: only the style sheet asks."""
        for width in (DESK, PHONE):
            self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme)
                yield width, scheme

    def overflow(self) -> int:
        """How many pixels the document is wider than the window."""
        root = "document.documentElement"
        wider: int = self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        return wider

    def violations(self, exclude: Sequence[str] = ()) -> list[tuple[str, str, str]]:
        """What axe-core finds: impact, rule, and the first elements."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate(RUN_AXE, [[selector] for selector in exclude])
        return [(impact, rule, elements) for impact, rule, elements in found]

    def _said(self, message: "ConsoleMessage") -> None:
        about = message.location["url"]
        if message.type != "error" or (about in self._missing and "404" in message.text):
            return
        self.troubles.append(f"console: {message.text} ({about})")

    def _asked(self, dialog: "Dialog") -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: "Request") -> None:
        if not request.url.startswith((f"{self.site}/", "data:")):
            self.troubles.append(f"request to {request.url}")


@contextmanager
def visit(browser: "Browser", site: str, width: int = DESK, scheme: Scheme = "light") -> Iterator[Visit]:
    """A visit that must end without trouble."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, locale="en-US", timezone_id="UTC"
    )
    try:
        visited = Visit(context.new_page(), site)
        yield visited
        assert visited.troubles == []
    finally:
        context.close()

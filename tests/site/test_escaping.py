"""Text of a hostile catalog is only text in the HTML of every page; tests/browser/test_hostile.py looks at it drawn."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from scraper.models import HOSTS
from tests.browser.catalogs import KB, poison
from tests.fixtures.serving import TABLES, VIEWS, bundled, local

# What the texts of tests/browser/catalogs.py would be if they were markup.
MARKUP = re.compile(r"<script>window|<img|<svg on|<b>bold|onerror=\"")
OWN = [
    *("/", "/?year=2025", f"/kb/{KB}", "/kb/KB5055523", "/build/26100.3981?as_of=2025-06-10", "/month/2026-06"),
    *("/release/windows-11-24h2", "/release/windows-11-25h2", "/changes", "/disagreements?ended=1", "/about"),
    *("/search?q=hotpatch", "/search?q=script", "/search?q=%3Cscript%3Ewindow.ran=1%3C/script%3E"),
    *("/kb/%3Cscript%3Ewindow.ran=1%3C%2Fscript%3E", "/build/1.1%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E"),
]
OTHERS = ("datasette.io", "opensource.org", "www.catalog.update.microsoft.com")
DATASETTES = [f"/catalog/{name}?_size=20" for name in (*TABLES, *VIEWS)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    path = bundled(tmp_path_factory.mktemp("hostile"))
    poison(path)
    with local(path) as server:
        yield server.client


@pytest.mark.parametrize("address", [*OWN, *DATASETTES])
def test_hostile_text_is_only_text(hostile: httpx.Client, address: str) -> None:
    page = hostile.get(address).text
    assert page.rstrip().endswith("</html>")
    assert MARKUP.findall(page) == []
    places = ("/", "#", "?", str(hostile.base_url), *(f"https://{host}/" for host in (*HOSTS, *OTHERS)))
    links = (unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', page))
    assert [link for link in links if link and (not link.startswith(places) or link.startswith("//"))] == []


def test_hostile_text_is_there(hostile: httpx.Client) -> None:
    """Else the test above would show nothing."""
    assert "&lt;script&gt;window.ran = 1" in hostile.get(f"/kb/{KB}").text
    assert "&lt;script&gt;window.ran = 1" in hostile.get("/catalog/kbs").text

"""Scraped text in Datasette's own pages: escaped, and a link only to the hosts that are read."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from markupsafe import escape

from scraper.models import HOSTS
from tests.fixtures.serving import build_small, local

CUT = "https://evil.example/" + "a" * 2_027  # as long as a text of a table may be
FOREIGN = [
    "https://evil.example/",
    "http://evil.example/?a=1&b='\"><script>x()</script>",
    " https://evil.example/ ",
    "https://learn.microsoft.com.evil.example/",
    "https://learn.microsoft.com@evil.example/",
    "http://learn.microsoft.com/",
    CUT,
]
LONG = f"{CUT}bc"
KNOWN = [f"https://{host}/a?b&c" for host in HOSTS]
NUMBERS = {title: f"KB{number}" for number, title in enumerate([*FOREIGN, LONG, *KNOWN], 9_000_000)}


@pytest.fixture(scope="module")
def titles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A site with an update for each of these titles."""
    path = build_small(tmp_path_factory.mktemp("links") / "catalog.db")
    with closing(sqlite3.connect(path)) as db, db:
        rows = [(kb, title) for title, kb in NUMBERS.items()]
        db.executemany("insert into kbs (kb, title, expired) values (?, ?, 0)", rows)
    with local(path) as server:
        yield server.client


def test_scraped_text_is_escaped(titles: httpx.Client) -> None:
    for path in ("/catalog/kbs", "/catalog/kbs/KB5058411", "/catalog/kb_lookup?kb=KB5058411"):
        page = titles.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


def shown(site: httpx.Client, title: str) -> list[str]:
    """The cell of a KB's title, as the pages of its table, its row and a query have it."""
    kb = NUMBERS[title]
    pages = [
        site.get(path).text for path in (f"/catalog/kbs?kb={kb}", f"/catalog/kbs/{kb}", f"/catalog/kb_lookup?kb={kb}")
    ]
    cells = [re.findall(r'<td class="col-title[^>]*>(.*?)</td>', page, re.DOTALL) for page in pages]
    return [cell.strip() for (cell,) in cells]


@pytest.mark.parametrize("address", FOREIGN)
def test_foreign_address_is_only_text(titles: httpx.Client, address: str) -> None:
    assert shown(titles, address) == [str(escape(address)).strip()] * 3


def test_long_foreign_address_is_cut_like_any_text(titles: httpx.Client) -> None:
    assert shown(titles, LONG) == [f"{CUT}…"] * 3


@pytest.mark.parametrize("address", KNOWN)
def test_address_of_a_declared_host_is_a_link(titles: httpx.Client, address: str) -> None:
    link = str(escape(address))
    assert shown(titles, address) == [f'<a href="{link}">{link}</a>'] * 3

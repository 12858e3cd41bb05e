"""What is true of all feeds: validity, identifiers, hostile text, addresses."""

import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import feedparser
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from scraper.errors import InputError
from scraper.publish import feeds
from scraper.publish.feeds import changes, updates
from scraper.publish.feeds.atom import Entry, atom
from scraper.publish.feeds.channel import Channel, plain
from tests.fixtures.feeds import ATOMS, RELEASES, SITE, change, events, links, read, written
from tests.fixtures.serving import SCHEMA, local


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ATOMS)
def test_feed_is_valid_after_every_run(run_catalogs: list[Path], name: str, release: str | None) -> None:
    for db in run_catalogs:
        feed = read(written(db, name, release))
        root = f"{SITE}/release/{release}" if release else SITE
        assert links(feed.feed, "self") == [f"{root}/{name}"]
        assert len(feed.entries) <= (updates.UPDATES if name == "updates.atom" else changes.CHANGES)


@pytest.mark.parametrize("name", feeds.NAMES)
def test_same_catalog_gives_the_same_bytes(last: Path, name: str) -> None:
    assert written(last, name) == written(last, name)


@pytest.mark.parametrize("name", ATOMS)
def test_identifiers_are_those_of_every_feed_of_every_site(last: Path, name: str) -> None:
    here, there = read(written(last, name)), read(written(last, name, site="https://other.example.org/base"))
    assert [one.id for one in (here.feed, *here.entries)] == [one.id for one in (there.feed, *there.entries)]
    assert all(link.startswith("https://other.example.org/base/") for link in links(there.entries[0], "alternate"))


def test_feeds_have_identifiers_of_their_own(last: Path) -> None:
    found = [read(written(last, name, release)).feed.id for name in ATOMS for release in RELEASES]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", ATOMS)
def test_feed_without_entries_is_valid(tmp_path: Path, name: str) -> None:
    db = tmp_path / "catalog.db"
    with closing(sqlite3.connect(db)) as catalog:
        catalog.executescript(f"begin; {SCHEMA} commit;")
    feed = read(written(db, name))
    assert (feed.entries, feed.feed.updated) == ([], "1970-01-01T00:00:00Z")
    change(db, "insert into runs values (1, '2026-05-27T12:00:00Z', 'news', 0, null)")
    assert read(written(db, name)).feed.updated == "2026-05-27T12:00:00Z"


@pytest.mark.parametrize("name", feeds.NAMES)
def test_error_of_an_unknown_release_names_the_known_ones(last: Path, name: str) -> None:
    for unknown in ("windows-11-99h9", "", "24H2"):
        with pytest.raises(InputError, match=r"unexpected release .*one of windows-11-21h2, .*windows-server-2025"):
            written(last, name, unknown)


HOSTILE = (
    "]]><script>alert(1)</script>&amp;\x00\x08\x0b\x1b\x7f\x85\u202e\u2066\u2028\ufffe\uffff\"'\r\nEND:VCALENDAR;,\\n"
)


def forbidden(body: bytes) -> list[str]:
    return re.findall("[^\t\n\r\x20-\x7e\xa0-\u200d\u2010-\u2029\u202f-\u2060\u2070-\ufffd]", body.decode())


@pytest.fixture
def hostile(last: Path) -> Path:
    """Everything that the schema lets through, and long."""
    long = (HOSTILE * 200)[:10_000]
    name = f"windows-{HOSTILE}"
    with closing(sqlite3.connect(last)) as catalog, catalog:
        page = catalog.execute("select min(page) from pages").fetchone()[0]
        catalog.execute(
            "insert into releases (release, product, version, hotpatch, partial, page)"
            " values (?, 'Windows 11', ?, 1, 0, ?)",
            (name, long, page),
        )
        for kb, url in (("KB1", "https://evil.example/"), ("KB2", "https://learn.microsoft.com/\x07\"'><")):
            catalog.execute("insert into kbs values (?, ?, null, ?, '2026-10-01', 0)", (kb, long, url))
            for revision, day in enumerate(("2026-10-01", "ab><-\x01&-<d")):
                catalog.execute(
                    "insert into builds (release, build, revision, kb, track, kind, available, withdrawn, page)"
                    " values (?, ?, ?, ?, 'cumulative', 'out-of-band', ?, 0, ?)",
                    (name, f"1.{revision}", revision, kb, day, page),
                )
        for month, day in (("2099-01", None), ("2099-02", "2099-99-99"), ("2099-19", None), ("2099-03", "2099-03-10")):
            catalog.execute(
                "insert into months (release, month, type, status, available, restart, article_url, withdrawn, page)"
                " values (?, ?, 'baseline', 'planned', ?, 1, 'https://evil.example/', 0, ?)",
                (name, month, day, page),
            )
        for number, (table, subject, field) in enumerate(
            (("builds", long, long), ("builds", long, "row"), ("months", long, "type"), ("months", "2099-01", "type"))
        ):
            catalog.execute(
                "insert into changes values (?, '2026-10-01T12:00:00Z', 9, ?, ?, ?, ?, ?, ?, ?, ?)",
                (9000 + number, table, name, subject, field, None if field == "row" else long, long, page, number > 1),
            )
    return last


@pytest.mark.parametrize("release", [None, f"windows-{HOSTILE}"], ids=["all", "one"])
@pytest.mark.parametrize("name", ATOMS)
def test_hostile_text_never_breaks_a_feed(hostile: Path, name: str, release: str | None) -> None:
    body = written(hostile, name, release)
    assert forbidden(body) == []
    feed = read(body)
    assert [entry for entry in feed.entries if "Windows 11 ]]><script>" in entry.title.replace("&lt;", "<")]
    assert b"evil.example" not in body
    for entry in feed.entries:
        assert len(entry.title) < 1000
        assert len(entry.content[0].value) < 10_000
        assert "<script" not in entry.content[0].value
        ET.fromstring(f"<div>{entry.content[0].value}</div>")


@pytest.mark.parametrize("release", [None, f"windows-{HOSTILE}"], ids=["all", "one"])
def test_hostile_text_never_breaks_the_calendar(hostile: Path, release: str | None) -> None:
    body = written(hostile, "calendar.ics", release)
    assert forbidden(body) == []
    found = events(body)
    assert b"evil.example" not in body
    mine = [event for uid, event in found.items() if "script" in uid]
    assert [event.start for event in mine] == [date(2099, 1, 13), date(2099, 3, 10)]


@given(st.text(), st.text())
def test_no_text_breaks_a_feed(title: str, words: str) -> None:
    channel = Channel(SITE, "2026-01-01T00:00:00Z")
    entry = Entry(title, f"a {title}", "2026-01-02T00:00:00Z", f"{SITE}/{words}", words, words, words)
    root = ET.fromstring(atom(channel, "updates.atom", f"a {title}", SITE, [entry]))
    assert len(root) == 8
    assert len(plain(title)) <= 300


@pytest.fixture(scope="module")
def site(run_catalogs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    db = Path(shutil.copy(run_catalogs[-1], tmp_path_factory.mktemp("site") / "catalog.db"))
    with local(db) as server:
        yield server.client


@pytest.mark.parametrize("root", ["", "/release/windows-11-25h2", "/release/windows-server-2025"])
@pytest.mark.parametrize("name", ATOMS)
def test_server_gives_the_feed(site: httpx.Client, name: str, root: str) -> None:
    response = site.get(f"{root}/{name}")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    feed = feedparser.parse(response.content)
    assert feed.bozo is False
    assert feed.entries
    assert links(feed.feed, "self") == [str(response.url)]
    base = str(site.base_url)
    assert all(link.startswith(base) for entry in feed.entries for link in links(entry, "alternate"))


@pytest.mark.parametrize("root", ["", "/release/windows-11-25h2"])
def test_server_gives_the_calendar(site: httpx.Client, root: str) -> None:
    response = site.get(f"{root}/calendar.ics")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(response.content)
    assert calendar.errors == []
    assert len(calendar.events) > 10
    assert str(calendar.events[0]["URL"]).startswith(f"{site.base_url}month/")


@pytest.mark.parametrize("name", feeds.NAMES)
def test_server_names_the_known_releases_where_one_is_unknown(site: httpx.Client, name: str) -> None:
    for unknown in ("windows-11-99h9", "%3Cscript%3E%0A"):
        response = site.get(f"/release/{unknown}/{name}")
        assert (response.status_code, response.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert "one of windows-11-21h2, " in response.text
        assert response.text.count("\n") == 1


@pytest.mark.parametrize("name", feeds.NAMES)
def test_release_in_another_spelling_moves_to_its_feed(site: httpx.Client, name: str) -> None:
    for spelling, release in (("25H2", "windows-11-25h2"), ("11-24H2", "windows-11-24h2"), ("server%202025", None)):
        response = site.get(f"/release/{spelling}/{name}")
        wanted = f"/release/{release or 'windows-server-2025'}/{name}"
        assert (response.status_code, response.headers["location"]) == (301, wanted)
        assert site.get(wanted).status_code == 200

"""What one subscribes to, read by real parsers: the feeds by feedparser, the calendar by icalendar."""

import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from scraper.errors import InputError
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.publish import feeds
from scraper.publish.feeds import changes, updates
from scraper.publish.feeds.atom import Entry, atom
from scraper.publish.feeds.channel import Channel, channel_of, plain
from tests.fixtures.pages import DATES, SNAPSHOTS
from tests.site.test_datasette import SCHEMA, build_small, serving

SITE = "https://kb.example.org"
ATOMS = ("updates.atom", "changes.atom")
RELEASES = (None, "windows-11-24h2", "windows-11-25h2", "windows-server-2025")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The catalog as it was after each of the three bundled dates, scraped one after the other."""
    folder = tmp_path_factory.mktemp("nights")
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    kept = []
    for day in DATES:
        job.scrape(paths, f"{day}T12:00:00Z", mirror=str(SNAPSHOTS / day), manners=Manners(delay=0))
        kept.append(Path(shutil.copy(paths.db, folder / f"{day}.db")))
    return kept


@pytest.fixture
def last(nights: list[Path], tmp_path: Path) -> Path:
    """A catalog that a test may change."""
    return Path(shutil.copy(nights[-1], tmp_path / "catalog.db"))


def change(db: Path, sql: str, *parameters: object) -> None:
    with closing(sqlite3.connect(db)) as catalog, catalog:
        catalog.execute(sql, parameters)


def written(db: Path, name: str, release: str | None = None, site: str = SITE) -> bytes:
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as catalog:
        return feeds.document(catalog, name, site, release)


def every_update(db: Path, release: str | None = None) -> Any:
    with closing(sqlite3.connect(db)) as catalog:
        channel = channel_of(catalog, SITE, release)
        return read(updates.feed(channel, updates.read(catalog, channel, 100_000)))


def read(body: bytes) -> Any:
    """A feed as feedparser reads it, and as RFC 4287 (section 4) wants it."""
    feed = feedparser.parse(body, sanitize_html=False)
    assert feed.bozo is False
    assert feed.version == "atom10"
    assert feed.feed.author == "winkb"
    for one in (feed.feed, *feed.entries):
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one.id)
        assert one.title
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one.updated)
        assert all(link.href.startswith("https://") for link in one.links)
        assert [link.rel for link in one.links].count("alternate") == 1
    for entry in feed.entries:
        assert entry.published == entry.updated
        (content,) = entry.content
        assert content.type == "text/html"
    assert len({feed.feed.id, *(entry.id for entry in feed.entries)}) == 1 + len(feed.entries)
    times = [entry.updated for entry in feed.entries]
    assert times == sorted(times, reverse=True)
    assert feed.feed.updated == (times[0] if times else feed.feed.updated)
    return feed


def titles(feed: Any) -> list[str]:
    return [entry.title for entry in feed.entries]


def entry_of(feed: Any, words: str) -> Any:
    (found,) = (entry for entry in feed.entries if words in entry.title)
    return found


def links(entry: Any, rel: str) -> list[str]:
    return [link.href for link in entry.links if link.rel == rel]


# --- both feeds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ATOMS)
def test_feed_is_valid_on_every_night(nights: list[Path], name: str, release: str | None) -> None:
    for db in nights:
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
        catalog.executescript(SCHEMA)
    feed = read(written(db, name))
    assert (feed.entries, feed.feed.updated) == ([], "1970-01-01T00:00:00Z")
    change(db, "insert into runs values (1, '2026-05-27T12:00:00Z', 'news', 0, null)")
    assert read(written(db, name)).feed.updated == "2026-05-27T12:00:00Z"


@pytest.mark.parametrize("name", feeds.NAMES)
def test_unknown_release_is_told_the_known_ones(last: Path, name: str) -> None:
    for unknown in ("windows-11-99h9", "", "24H2"):
        with pytest.raises(InputError, match=r"unexpected release .*one of windows-11-21h2, .*windows-server-2025"):
            written(last, name, unknown)


# --- new updates -----------------------------------------------------------------------------------------------------


def test_update_is_one_entry_with_all_its_releases(last: Path) -> None:
    entry = entry_of(every_update(last), "KB5058497")
    assert entry.title == "KB5058497: May 2025 hotpatch, 26100.3981 (Windows 11 24H2), 26100.3981 (Windows Server 2025)"
    assert entry.updated == "2025-05-13T18:00:00Z"
    assert links(entry, "alternate") == [f"{SITE}/kb/KB5058497"]
    assert links(entry, "related")[0].startswith("https://support.microsoft.com/")
    assert [tag.term for tag in entry.tags] == ["hotpatch"]
    for words in (f'<a href="{SITE}/build/26100.3981">26100.3981</a>', "KB5058411", "KB5055523", "no restart"):
        assert words in entry.content[0].value
    entry = entry_of(every_update(last), "KB5124010")
    assert entry.title == (
        "KB5124010: September 2026 preview, 26100.9550 (Windows 11 24H2), 26200.9550 (Windows 11 25H2),"
        " 26300.9550 (Windows 11 26H2)"
    )
    assert entry.updated == f"{DATES[2]}T12:00:00Z"
    assert entry.content[0].value.count("<li>") == 3


def test_every_kind_of_update_has_words_of_its_own(last: Path) -> None:
    found = titles(every_update(last))
    for words in (
        "KB5129241: out-of-band hotpatch of 2026-09-14, 26100.9448 (Windows 11 24H2), 26200.9448 (Windows 11 25H2)",
        "KB5129242: out-of-band update of 2026-09-14, 22631.7584 (Windows 11 23H2)",
        "KB5124012: September 2026 cumulative update, 28000.2954 (Windows 11 26H1)",
        "KB5122882: September 2026 baseline, 20348.5622 (Windows Server 2022)",
    ):
        assert words in found
    assert not [title for title in found if "None" in title]


def test_feed_of_a_release_has_only_its_own_builds(last: Path) -> None:
    feed = read(written(last, "updates.atom", "windows-11-26h2"))
    assert titles(feed) == ["KB5124010: September 2026 preview, 26300.9550 (Windows 11 26H2)"]
    assert feed.feed.title == "winkb: new updates of Windows 11 26H2"
    assert links(feed.feed, "alternate") == [f"{SITE}/release/windows-11-26h2"]


@pytest.mark.parametrize("release", RELEASES)
def test_update_is_shown_once_and_never_reordered(nights: list[Path], release: str | None) -> None:
    for before, after in ((nights[0], nights[1]), (nights[1], nights[2])):
        old, new = ({entry.id: entry for entry in every_update(db, release).entries} for db in (before, after))
        assert [(name, new[name].updated) for name in old] == [(name, entry.updated) for name, entry in old.items()]
        assert [name for name in new if name in old] == list(old)
        fresh = [entry.updated for name, entry in new.items() if name not in old]
        assert fresh
        assert min(fresh) > max(entry.updated for entry in old.values())


def test_update_that_came_back_or_moved_its_date_stays_where_it_was(last: Path) -> None:
    insert = (
        "insert into changes select max(id) + 1, ?, 9, 'builds', 'windows-11-24h2', 'KB5058497', ?, ?, ?, min(page), 0"
        " from changes"
    )
    before = [(entry.id, entry.updated) for entry in every_update(last).entries]
    change(last, insert, "2026-10-01T12:00:00Z", "row", "26100.3981", None)
    change(last, insert, "2026-10-02T12:00:00Z", "row", None, "26100.3981")
    change(last, insert, "2026-10-02T12:00:00Z", "available", "2025-05-13", "2025-05-14")
    change(last, insert, "2026-10-03T12:00:00Z", "available", "2025-05-14", "2025-05-15")
    change(last, "update builds set available = '2025-05-15' where kb = 'KB5058497'")
    assert [(entry.id, entry.updated) for entry in every_update(last).entries] == before


def test_update_is_new_when_its_kb_is_learned(last: Path) -> None:
    change(
        last,
        "insert into changes select max(id) + 1, '2026-10-01T12:00:00Z', 9, 'builds', 'windows-11-24h2', 'KB5058497',"
        " 'kb', null, 'KB5058497', min(page), 0 from changes",
    )
    entry = every_update(last, "windows-11-24h2").entries[0]
    assert entry.title.startswith("KB5058497: ")
    assert entry.updated == "2026-10-01T12:00:00Z"
    assert entry_of(every_update(last), "KB5058497").updated == "2025-05-13T18:00:00Z", "Server 2025 had it before"


def test_update_that_was_there_from_the_first_without_a_date_is_no_news(last: Path) -> None:
    change(last, "update builds set available = null where kb = 'KB5058497'")
    assert not [title for title in titles(every_update(last)) if "KB5058497" in title]


def test_withdrawn_and_corrected_builds_say_so(last: Path) -> None:
    change(last, "update builds set withdrawn = 1 where build = '26100.9550'")
    change(last, "update builds set corrected_to = '26200.9551' where build = '26200.9550'")
    entry = entry_of(read(written(last, "updates.atom")), "KB5124010")
    assert "26200.9550" not in entry.title
    assert "26100.9550" in entry.title
    assert "no longer listed by Microsoft</li>" in entry.content[0].value
    assert "corrected since to 26200.9551</li>" in entry.content[0].value


# --- changes ---------------------------------------------------------------------------------------------------------


def test_night_of_many_changes_is_an_entry_a_release_and_one_for_each_replanned_month(last: Path) -> None:
    feed = read(written(last, "changes.atom"))
    tonight = [entry.title for entry in feed.entries if entry.updated == f"{DATES[2]}T12:00:00Z"]
    assert tonight == [
        "REPLANNED: September 2026 of Windows 11 24H2 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: September 2026 of Windows 11 25H2 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: September 2026 of Windows Server 2022 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: July 2026 of Windows Server 2025 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: September 2026 of Windows Server 2025 is now a baseline (was hotpatch): devices restart",
        "Windows 11 23H2: 3 new updates",
        "Windows 11 24H2: 8 new updates, 6 changes",
        "Windows 11 25H2: 8 new updates, 6 changes",
        "Windows 11 26H1: 6 new updates",
        "Windows 11 26H2: 2 new updates, 2 changes",
        "Windows Server 2022: 3 new updates, 6 changes",
        "Windows Server 2025: 3 new updates, 8 changes",
    ]
    assert "REPLANNED: June 2026 of Windows 11 25H2 is now a baseline (was hotpatch): devices restart" in titles(feed)
    entry = entry_of(feed, "September 2026 of Windows 11 25H2")
    assert links(entry, "alternate") == [f"{SITE}/month/2026-09"]
    assert [tag.term for tag in entry.tags] == ["replanned"]
    entry = entry_of(feed, "Windows 11 26H2")
    assert links(entry, "alternate") == [f"{SITE}/changes?since=2026-09-30&release=windows-11-26h2"]
    assert [re.sub("<.*?>", "", line) for line in re.findall("<li>.*?</li>", entry.content[0].value)] == [
        "26300.9457 appeared: 26300.9457",
        "KB5124010 appeared: 26300.9550",
        "October 2026 appeared: baseline",
        "windows-11-26h2 appeared: 26H2",
    ]
    for place in ("build/26300.9457", "kb/KB5124010", "month/2026-10", "release/windows-11-26h2"):
        assert f'<a href="{SITE}/{place}">' in entry.content[0].value
    assert "September 2026 build: nothing → 26100.9445" in re.sub(
        "<.*?>", "", entry_of(feed, "Windows 11 24H2: 8 new").content[0].value
    )


def test_month_that_became_a_hotpatch_says_that_devices_do_not_restart(nights: list[Path]) -> None:
    assert titles(read(written(nights[1], "changes.atom", "windows-server-2025")))[:2] == [
        "REPLANNED: June 2026 of Windows Server 2025 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: July 2026 of Windows Server 2025 is now a hotpatch (was baseline): devices do not restart",
    ]


def test_entry_is_the_same_on_later_nights_and_in_the_feed_of_its_release(nights: list[Path]) -> None:
    before, after = (read(written(db, "changes.atom")).entries for db in nights[1:])
    assert before
    assert after[-len(before) :] == before
    found = {entry.id: entry for entry in after}
    of_release = read(written(nights[2], "changes.atom", "windows-11-25h2")).entries
    assert len(of_release) == 4
    assert all(found[entry.id] == entry for entry in of_release)


def test_single_change_is_its_own_title(tmp_path: Path) -> None:
    db = build_small(tmp_path / "catalog.db")
    assert titles(read(written(db, "changes.atom"))) == [
        "Windows 11 24H2: 26100.4061 appeared: 26100.4061",
        "REPLANNED: May 2025 of Windows 11 24H2 is now a hotpatch (was baseline): devices do not restart",
    ]
    change(db, "update changes set old = new, new = null where id = 2")
    assert titles(read(written(db, "changes.atom")))[0] == "Windows 11 24H2: 26100.4061 disappeared: 26100.4061"


def test_flood_of_changes_ends_with_how_many_more(last: Path) -> None:
    change(
        last,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into changes"
        " select 1000 + i, '2026-10-01T12:00:00Z', 9, 'builds', 'windows-11-24h2', 'KB5058497', 'cadence', 'B', 'D',"
        " 'windows-11-release-information', 0 from n",
    )
    feed = read(written(last, "changes.atom"))
    assert titles(feed)[:2] == ["Windows 11 24H2: 5000 changes", titles(feed)[1]]
    content = feed.entries[0].content[0].value
    assert content.count("<li>") == changes.LINES + 1
    assert content.endswith(f"<li>… and {5000 - changes.LINES} more</li></ul>")


# --- the calendar ----------------------------------------------------------------------------------------------------


def events(body: bytes) -> dict[str, Event]:
    """The events by UID, of a calendar that is as RFC 5545 wants it."""
    assert body.endswith(b"\r\n")
    lines = body.removesuffix(b"\r\n").split(b"\r\n")
    assert not [line for line in lines if b"\n" in line or b"\r" in line or len(line) > 75]
    calendar = Calendar.from_ical(body)
    assert isinstance(calendar, Calendar)
    assert calendar.errors == []
    assert (calendar["VERSION"], calendar["X-PUBLISHED-TTL"]) == ("2.0", "P1D")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:P1D" in lines
    found = calendar.events
    for event in found:
        assert event.errors == []
        assert event["DTSTART"].params["VALUE"] == "DATE"
        assert event["TRANSP"] == "TRANSPARENT"
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt
        assert event["URL"].startswith(f"{SITE}/month/")
    assert len({event["UID"] for event in found}) == len(found)
    return {str(event["UID"]): event for event in found}


def shown(event: Event) -> tuple[str, date, str, list[str]]:
    return str(event["SUMMARY"]), event.start, str(event["STATUS"]), [str(word) for word in event.categories]


@pytest.mark.parametrize("release", RELEASES)
def test_calendar_has_an_event_for_every_month_of_a_release(nights: list[Path], release: str | None) -> None:
    for db in nights:
        with closing(sqlite3.connect(db)) as catalog:
            sql = "select release || '-' || month || '@winkb' from months where coalesce(?, release) = release"
            wanted = {uid for (uid,) in catalog.execute(sql, [release])}
        assert events(written(db, "calendar.ics", release)).keys() == wanted


def test_calendar_is_named_for_what_it_shows(last: Path) -> None:
    names = [Calendar.from_ical(written(last, "calendar.ics", release)) for release in (None, "windows-11-25h2")]
    assert [str(calendar["X-WR-CALNAME"]) for calendar in names] == [
        "Restarts and hotpatch months",
        "Restarts and hotpatch months of Windows 11 25H2",
    ]
    assert len({str(calendar["UID"]) for calendar in names}) == 2


def test_replanned_month_is_updated_in_place(nights: list[Path]) -> None:
    uid = "windows-11-25h2-2026-06@winkb"
    before, after = (events(written(db, "calendar.ics"))[uid] for db in nights[:2])
    assert shown(before) == (
        "Windows 11 25H2: hotpatch, no restart (planned)",
        date(2026, 6, 9),
        "TENTATIVE",
        ["HOTPATCH"],
    )
    assert shown(after) == (
        "Windows 11 25H2: restart (baseline KB5094126)",
        date(2026, 6, 9),
        "CONFIRMED",
        ["RESTART"],
    )
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 4)
    assert before["DTSTAMP"].dt == datetime(2026, 5, 27, 12, tzinfo=UTC)
    assert after["DTSTAMP"].dt == datetime(2026, 7, 22, 12, tzinfo=UTC)
    assert "planned as hotpatch" in after["DESCRIPTION"]
    assert "planned as" not in before["DESCRIPTION"]
    assert str(after["URL"]) == f"{SITE}/month/2026-06"


def test_sequence_never_falls_and_rises_with_what_an_event_shows(nights: list[Path]) -> None:
    for before, after in ((nights[0], nights[1]), (nights[1], nights[2])):
        old, new = (events(written(db, "calendar.ics")) for db in (before, after))
        assert old.keys() <= new.keys()
        for uid, event in old.items():
            assert new[uid]["SEQUENCE"] >= event["SEQUENCE"]
            assert shown(new[uid]) == shown(event) or new[uid]["SEQUENCE"] > event["SEQUENCE"]


def test_month_of_a_hotpatch_names_both_updates(last: Path) -> None:
    event = events(written(last, "calendar.ics"))["windows-11-25h2-2026-08@winkb"]
    assert shown(event) == (
        "Windows 11 25H2: hotpatch, no restart (KB5120994)",
        date(2026, 8, 11),
        "CONFIRMED",
        ["HOTPATCH"],
    )
    lines = str(event["DESCRIPTION"]).split("\n")
    assert "Hotpatch: KB5120994 (OS build 26200.9106)" in lines
    assert "Twin (the cumulative update with the same fixes, with a restart): KB5121003 (OS build 26200.9168)" in lines
    assert lines[-1].startswith("https://support.microsoft.com/")


def test_planned_month_is_on_its_second_tuesday(last: Path) -> None:
    event = events(written(last, "calendar.ics"))["windows-11-26h2-2026-10@winkb"]
    summary = "Windows 11 26H2: restart (baseline, planned)"
    assert shown(event) == (summary, date(2026, 10, 13), "TENTATIVE", ["RESTART"])
    assert event["SEQUENCE"] == 1


def test_withdrawn_month_is_cancelled(last: Path) -> None:
    change(last, "update months set withdrawn = 1 where month = '2026-08'")
    event = events(written(last, "calendar.ics"))["windows-11-25h2-2026-08@winkb"]
    assert shown(event)[::2] == ("Windows 11 25H2: hotpatch, no restart (KB5120994, withdrawn)", "CANCELLED")


def test_released_month_without_a_kb_has_no_brackets(nights: list[Path]) -> None:
    event = events(written(nights[1], "calendar.ics"))["windows-server-2025-2026-07@winkb"]
    assert shown(event)[0] == "Windows Server 2025: hotpatch, no restart"


def test_release_without_hotpatch_months_is_told_who_has_them(last: Path) -> None:
    with pytest.raises(InputError, match=r"unexpected calendar .*one of windows-11-24h2, .*found: windows-11-23h2"):
        written(last, "calendar.ics", "windows-11-23h2")


# --- hostile text ----------------------------------------------------------------------------------------------------

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
    assert len(root) == 7
    assert len(plain(title)) <= 300


# --- the addresses ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(nights: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    db = Path(shutil.copy(nights[-1], tmp_path_factory.mktemp("site") / "catalog.db"))
    with serving(db) as server:
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

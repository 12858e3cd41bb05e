"""The feed of new updates."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scraper.publish.feeds import updates
from scraper.publish.feeds.channel import channel_of
from tests.fixtures.feeds import RELEASES, SITE, change, entry_of, links, read, titles, written
from tests.fixtures.pages import DATES


def every_update(db: Path, release: str | None = None) -> Any:
    with closing(sqlite3.connect(db)) as catalog:
        channel = channel_of(catalog, SITE, release)
        return read(updates.feed(channel, updates.read(catalog, channel, 100_000)))


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
def test_update_is_shown_once_and_never_reordered(run_catalogs: list[Path], release: str | None) -> None:
    for before, after in ((run_catalogs[0], run_catalogs[1]), (run_catalogs[1], run_catalogs[2])):
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

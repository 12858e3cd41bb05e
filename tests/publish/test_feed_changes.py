"""The feed of changes."""

import re
from pathlib import Path

from scraper.publish.feeds import changes
from tests.fixtures.feeds import SITE, change, entry_of, links, read, titles, written
from tests.fixtures.pages import DATES
from tests.fixtures.serving import build_small


def test_run_with_many_changes_is_an_entry_a_release_and_one_for_each_replanned_month(last: Path) -> None:
    feed = read(written(last, "changes.atom"))
    newest = [entry.title for entry in feed.entries if entry.updated == f"{DATES[2]}T12:00:00Z"]
    assert newest == [
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


def test_month_that_became_a_hotpatch_says_that_devices_do_not_restart(run_catalogs: list[Path]) -> None:
    assert titles(read(written(run_catalogs[1], "changes.atom", "windows-server-2025")))[:2] == [
        "REPLANNED: June 2026 of Windows Server 2025 is now a baseline (was hotpatch): devices restart",
        "REPLANNED: July 2026 of Windows Server 2025 is now a hotpatch (was baseline): devices do not restart",
    ]


def test_entry_is_the_same_after_later_runs_and_in_the_feed_of_its_release(run_catalogs: list[Path]) -> None:
    before, after = (read(written(db, "changes.atom")).entries for db in run_catalogs[1:])
    assert before
    assert after[-len(before) :] == before
    found = {entry.id: entry for entry in after}
    of_release = read(written(run_catalogs[2], "changes.atom", "windows-11-25h2")).entries
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

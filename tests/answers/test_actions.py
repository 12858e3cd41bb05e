"""What to do about a verdict: which update, whether it restarts on the device's track, or refresh, upgrade, look."""

import sqlite3

import pytest

from scraper import answers
from scraper.answers.documents import Action

CLIENT, SERVER = "windows-11-24h2", "windows-server-2025"


def action(demo: sqlite3.Connection, build: str, day: str, release: str = CLIENT, edition: str | None = None) -> Action:
    (answer,), _ = answers.build(demo, build, day, release, edition)
    return answer["action"]


OFF = "a device enrolled for hotpatch is off the hotpatch track until the July 2025 baseline"


@pytest.mark.parametrize(
    ("build", "day", "kb", "new", "track", "restart", "because"),
    [
        # A hotpatch on its own baseline takes the next hotpatch.
        (
            *("26100.3981", "2025-06-20", "KB5060841", "26100.4270", "hotpatch", False),
            "the June 2025 hotpatch does not restart",
        ),
        # On an older baseline it takes the newer one first.
        (
            *("26100.3981", "2025-09-20", "KB5062553", "26100.4652", "cumulative", True),
            "the July 2025 baseline restarts, and the September 2025 hotpatch KB5065474 then does not",
        ),
        # A baseline is due.
        (
            *("26100.4270", "2025-07-20", "KB5062553", "26100.4652", "cumulative", True),
            "the July 2025 baseline restarts",
        ),
        # On a baseline nothing tells whether the device gets hotpatches.
        (
            *("26100.4652", "2025-08-20", "KB5064010", "26100.4851", "hotpatch", False),
            "the August 2025 hotpatch does not restart; without hotpatch, the cumulative update KB5063878 does",
        ),
        # A plain cumulative update, a preview and an out-of-band update are off the hotpatch track.
        (
            *("26100.4061", "2025-06-20", "KB5060842", "26100.4349", "cumulative", True),
            f"the June 2025 cumulative update restarts; {OFF}",
        ),
        (
            *("26100.4202", "2025-06-20", "KB5060842", "26100.4349", "cumulative", True),
            f"the June 2025 cumulative update restarts; {OFF}",
        ),
        (
            *("26100.4061", "2025-07-20", "KB5062553", "26100.4652", "cumulative", True),
            "the July 2025 baseline restarts",
        ),
        # From data that may be overtaken.
        (
            *("26100.9106", "2026-11-20", "KB5124008", "26100.9445", "cumulative", True),
            "the September 2026 baseline restarts; newer updates may have come",
        ),
    ],
)
def test_a_device_that_is_behind_is_told_what_to_install(
    demo: sqlite3.Connection, build: str, day: str, kb: str, new: str, track: str, restart: bool, because: str
) -> None:
    assert action(demo, build, day) == {
        "do": "install",
        "kb": kb,
        "build": new,
        "track": track,
        "restart": restart,
        "because": because,
        "url": f"https://www.catalog.update.microsoft.com/Search.aspx?q={kb}",
    }


def test_home_and_pro_never_get_a_hotpatch(demo: sqlite3.Connection) -> None:
    found = action(demo, "26100.4652", "2025-08-20", edition="home-pro")
    assert (found["kb"], found["restart"]) == ("KB5063878", True)
    assert found["because"] == "the August 2025 cumulative update restarts"
    assert "hotpatch" not in action(demo, "26100.4061", "2025-05-20", edition="home-pro")["because"]


@pytest.mark.parametrize(
    ("build", "day", "release", "do", "because"),
    [
        ("26100.3981", "2025-05-20", CLIENT, "none", "no newer security month is listed"),
        ("26100.4061", "2025-05-20", CLIENT, "none", f"no newer security month is listed; {OFF}"),
        ("22631.6199", "2025-11-20", "windows-11-23h2", "none", "no newer security month is listed"),
        ("26100.1742", "2024-10-02", CLIENT, "none", "there was no security update to install"),
        (
            *("26100.9445", "2026-11-20", CLIENT, "refresh"),
            "the data are of 2026-09-30, too old to say; winkb scrape reads the pages again",
        ),
        (
            *("22621.6060", "2026-01-01", "windows-11-22h2", "upgrade"),
            "its updates have ended; only an upgrade brings newer ones",
        ),
        ("26100.3981", "2025-05-12", CLIENT, "look", "no device could have had this build on 2025-05-12"),
        ("26100.3980", "2025-05-20", CLIENT, "look", "the catalog does not know this build"),
        (
            *("26100.99999", "2025-05-20", CLIENT, "look"),
            "this build may be newer than the data; winkb scrape reads the pages again",
        ),
    ],
)
def test_other_verdicts_install_nothing(
    demo: sqlite3.Connection, build: str, day: str, release: str, do: str, because: str
) -> None:
    nothing = dict.fromkeys(("kb", "build", "track", "restart", "url"))
    assert action(demo, build, day, release) == {"do": do, "because": because, **nothing}


def test_what_is_installed_is_listed_on_the_day_and_newer_than_the_build(demo: sqlite3.Connection) -> None:
    """For every verdict of the bundled catalog, on the first and the last day that it holds."""
    rows = demo.execute(
        "select release, build, since, action, action_kb, action_build, action_track, action_restart, status"
        " from verdict_periods"
    ).fetchall()
    listed = {
        (release, kb, build): available
        for release, kb, build, available in demo.execute("select release, kb, build, available from builds")
    }
    installs = [row for row in rows if row[3] == "install"]
    assert len(installs) > 3000
    for release, build, since, _, kb, new, track, restart, status in installs:
        assert status == "behind"
        assert (listed[release, kb, new] or since) <= since
        assert int(new.partition(".")[2]) > int(build.partition(".")[2]) or track == "hotpatch"
        assert restart == (track == "cumulative")
    assert {row[3] for row in rows if row[8] == "current"} == {"none"}
    assert {row[3] for row in rows if row[8] == "behind"} <= {"install", "refresh"}

"""The units of systemd and the crontab."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.deploy import DEPLOY, INSTALLED, UNITS, cron_hours, fake_winkb, is_release_day, program, run, tool
from tests.fixtures.places import ROOT

TIMER = (DEPLOY / "winkb.timer").read_text(encoding="utf-8")


def test_units_are_sound(tmp_path: Path) -> None:
    """With the paths of this checkout in place of the installed ones, since systemd looks whether they are there."""
    analyze = tool("systemd-analyze")
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(INSTALLED, str(ROOT)))
    ended = run(analyze, "--man=no", "verify", *(tmp_path / name for name in UNITS))
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if "winkb" in line]) == (0, [])


def test_service_is_hardened() -> None:
    ended = run(tool("systemd-analyze"), "security", "--offline=yes", "--threshold=20", DEPLOY / "winkb.service")
    if "unrecognized option" in ended.stderr:
        pytest.skip("this systemd-analyze does not judge files")
    assert ended.returncode == 0, ended.stdout[-300:]


def test_timer_elapses_when_python_says_a_release_comes_out() -> None:
    analyze = tool("systemd-analyze")
    nightly, *release = re.findall(r"(?m)^OnCalendar=(.*)$", TIMER)
    assert nightly == "*-*-* 03:00:00 UTC"
    elapsed: set[str] = set()
    for line in release:
        arguments = ("--base-time=2024-01-01 00:00:00 UTC", "--iterations=400")
        ended = run(analyze, "calendar", *arguments, line, TZ="UTC")
        if "unrecognized option" in ended.stderr:
            pytest.skip("this systemd-analyze knows no --base-time")
        assert ended.returncode == 0, ended.stderr
        elapsed |= set(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)", ended.stdout))
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    expected = set()
    while moment.year < 2028:
        if is_release_day(moment):
            expected.add(f"{moment:%Y-%m-%d %H:%M:%S}")
        moment += timedelta(hours=1)
    assert {time for time in elapsed if "2024" <= time < "2028"} - {"2024-01-01 00:00:00"} == expected


def test_timer_and_service_keep_their_promises() -> None:
    service = (DEPLOY / "winkb.service").read_text(encoding="utf-8")
    for line in (
        "Type=oneshot",
        "SuccessExitStatus=3",
        "StateDirectory=winkb",
        "WorkingDirectory=%S/winkb",
        "User=winkb",
    ):
        assert f"\n{line}\n" in service
    for line in ("Persistent=true", "RandomizedDelaySec=15min", "WantedBy=timers.target"):
        assert f"\n{line}\n" in TIMER


CRONTAB = (DEPLOY / "crontab").read_text(encoding="utf-8")
CRON_LINES = [line.split(maxsplit=5) for line in CRONTAB.splitlines() if re.match(r"[\d*]", line)]


def test_crontab_runs_every_night_and_covers_a_release_in_every_time_zone() -> None:
    night, release = [" ".join(fields[:5]) for fields in CRON_LINES]
    assert len(cron_hours(night)) == 7
    hours = cron_hours(release)
    for offset in range(-12, 15):
        opens = datetime(2026, 9, 8, 17) + timedelta(hours=offset)
        for local in (opens + timedelta(hours=hour) for hour in range(13)):
            assert (local.isoweekday() % 7, local.hour) in hours


def test_crontab_has_assignments_and_lines_that_cron_reads() -> None:
    assert CRONTAB.endswith("\n")
    for line in CRONTAB.splitlines():
        # cron takes "%" for the end of a line.
        assert "%" not in line
        assert line == "" or re.match(r"#|[A-Z_]+=\S+$|[\d*]", line)


@pytest.mark.parametrize(
    ("line", "date", "scrape", "ran", "mailed"),
    [
        (0, "", 0, True, False),
        (0, "", 3, True, False),
        (0, "", 4, True, True),
        (1, "1 07 17", 4, False, False),
        (1, "2 08 17", 0, True, False),
        (1, "2 08 17", 3, True, False),
        (1, "2 08 17", 5, True, True),
    ],
)
def test_crontab_line_mails_when_a_person_is_needed(
    tmp_path: Path, line: int, date: str, scrape: int, ran: bool, mailed: bool
) -> None:
    program(tmp_path / "date", f'#!/bin/sh\necho "{date}"\n')
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    (tmp_path / "state").mkdir()
    given = {
        "WINKB_HOME": ROOT,
        "WINKB_STATE": tmp_path / "state",
        "WINKB": fake_winkb(tmp_path, scrape, 0),
        "PATH": path,
    }
    assert re.findall(r"(?m)^(\w+)=", CRONTAB) == ["WINKB_HOME", "WINKB_STATE"]
    ended = run("sh", "-c", CRON_LINES[line][5], cwd=tmp_path, **given)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "state" / "scrape.txt").exists() == ran
    assert bool(ended.stdout) == mailed


def test_installed_paths_are_the_same_everywhere() -> None:
    assert f"WINKB_HOME={INSTALLED}\nWINKB_STATE=/var/lib/winkb\n" in CRONTAB
    for text in (TIMER, (DEPLOY / "winkb.service").read_text(encoding="utf-8")):
        for name in re.findall(rf"{INSTALLED}/(\S+)", text):
            assert (ROOT / name).is_file()

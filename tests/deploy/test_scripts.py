"""The smaller scripts of deploy/: release-day, publish-if-new and verdict; and that all of them are sound."""

import os
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.deploy import DEPLOY, SHELL_SCRIPTS, Ended, catalog, is_release_day, run, tool


def test_release_day_agrees_with_python_in_every_hour_of_four_years(tmp_path: Path) -> None:
    """What the script sees of a date is what `date -u` prints, so each such line is asked once."""
    expected: dict[str, bool] = {}
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    while moment.year < 2028:
        line = moment.strftime("%u %d %H")
        assert expected.setdefault(line, is_release_day(moment)) == is_release_day(moment)
        moment += timedelta(hours=1)
    # Far from a release by weekday, one hour of a day says as much as all of them.
    asked = {line: due for line, due in expected.items() if line[0] in "23" or line.endswith(("00", "09", "17"))}
    assert sum(due for line, due in asked.items()) == 7 * 13
    loop = f"""
date() {{ [ "$*" = "-u +%u %d %H" ] || kill $$; echo "$line"; }}
while read -r line; do (. {shlex.quote(str(DEPLOY / "release-day"))}); echo "$line=$?"; done
"""
    ended = run("sh", "-c", loop, cwd=tmp_path, text="\n".join(asked) + "\n")
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [f"{line}={0 if due else 1}" for line, due in asked.items()]


def test_release_day_reads_the_real_clock() -> None:
    before = is_release_day(datetime.now(UTC))
    code = run(DEPLOY / "release-day", TZ="Pacific/Kiritimati").returncode
    assert code in (0 if before else 1, 0 if is_release_day(datetime.now(UTC)) else 1)


def publish(folder: Path, *command: object, **environment: object) -> Ended:
    return run(DEPLOY / "publish-if-new", *command, cwd=folder, PYTHON=sys.executable, **environment)


def test_catalog_is_published_once_for_each_change_of_facts(tmp_path: Path) -> None:
    copy = ("cp", "catalog.db", "public.db")
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path).stdout == "true\n"
    assert publish(tmp_path, *copy).returncode == 0
    assert (tmp_path / "public.db").exists()
    assert publish(tmp_path).stdout == "false\n"
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path, "false").returncode == 0
    catalog(tmp_path, "b" * 64)
    assert publish(tmp_path).stdout == "true\n"


def test_failed_publication_is_tried_again(tmp_path: Path) -> None:
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path, "sh", "-c", "exit 7").returncode == 7
    assert publish(tmp_path).stdout == "true\n"
    assert not list(tmp_path.glob("published*"))


def test_catalog_without_facts_is_not_published(tmp_path: Path) -> None:
    catalog(tmp_path, "a" * 64, None)
    assert publish(tmp_path).stdout == "false\n"


def test_missing_catalog_is_an_error_and_not_made(tmp_path: Path) -> None:
    ended = publish(tmp_path, "true", WINKB_DB="none.db")
    assert ended.returncode == 1
    assert "publish-if-new: none.db: unable to open database file" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "ended", "says"),
    [("0", 0, ""), ("3", 0, "::warning "), *[(code, 1, "::error ") for code in ("1", "2", "4", "5", "137", "")]],
)
def test_verdict_is_green_yellow_or_red(code: str, ended: int, says: str) -> None:
    result = run(DEPLOY / "verdict", code)
    assert (result.returncode, result.stdout.count("\n")) == (ended, 1 if says else 0)
    assert result.stdout.startswith(says)


def test_scripts_can_be_run_and_are_all_known_here() -> None:
    runnable = {path.name for path in DEPLOY.iterdir() if os.access(path, os.X_OK) and path.is_file()}
    assert runnable == {*SHELL_SCRIPTS, "report_drift.py"}


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shell_script_is_sound(name: str) -> None:
    shell = (DEPLOY / name).read_text(encoding="utf-8").splitlines()[0].split("/")[-1].removeprefix("env ")
    ended = run(shell, "-n", DEPLOY / name)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    ended = run(tool("shellcheck"), DEPLOY / name)
    assert (ended.returncode, ended.stdout) == (0, "")

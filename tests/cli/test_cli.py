"""The command itself: help, version, wrong usage."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import python, winkb

COMMANDS = (
    *("scrape", "rebuild", "demo", "accept", "check", "serve"),
    *("kb", "build", "month", "next-restart", "restarts", "changes", "disagreements"),
    *("fleet", "export"),
)
WRONG = {
    "unknown command": ("fetch",),
    "unknown option": ("scrape", "--fast"),
    "unknown source": ("scrape", "--mirror", ".", "--source", "windows-10"),
    "unknown source to accept": ("accept", "windows-10"),
    "no source to accept": ("accept",),
    "mirror of another scheme": ("scrape", "--mirror", "ftp://127.0.0.1/"),
    "negative delay": ("scrape", "--delay", "-1"),
    "delay that is no number": ("scrape", "--delay", "soon"),
    "no request at a time": ("scrape", "--concurrency", "0"),
    "time that is none": ("scrape", "--now", "yesterday"),
    "time that no calendar has": ("scrape", "--now", "2026-02-30"),
    "time before the first year": ("scrape", "--mirror", ".", "--now", "0001-01-01T00:00:00+01:00"),
    "time that is no four digit year": ("scrape", "--mirror", ".", "--now", "0999-01-01"),
    "catalog that is a folder": ("scrape", "--db", "."),
    "archive that is a folder": ("rebuild", "--archive", "."),
    "age that is none": ("check", "--max-age", "0"),
    "port that is none": ("serve", "--port", "65536"),
    "no KB": ("kb",),
    "two KBs": ("kb", "KB5058497", "KB5058411"),
}


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(option: str) -> None:
    result = winkb(option)
    assert (result.exit_code, result.stderr) == (0, "")
    listed = [line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(command: str) -> None:
    result = winkb(command, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: main {command} ")
    assert "--db" in result.stdout


def test_no_command_prints_the_help_and_ends_with_2() -> None:
    result = winkb()
    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_module_is_the_command(demo_catalog: Path) -> None:
    ran = python("-m", "scraper", "kb", "KB5058497", "--db", demo_catalog, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["kb"] == "KB5058497"
    assert python("-m", "scraper", "--help").stdout.startswith("Usage: ")


def test_version_is_that_of_the_project() -> None:
    result = winkb("--version")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("version 0.1.0")


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_usage_ends_with_2_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "accept":
        (tmp_path / "archive.db").touch()
    result = winkb(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "catalog.db").exists()

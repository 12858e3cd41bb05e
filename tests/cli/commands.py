"""Running the command in this process or in one of its own, and looking into the databases that it wrote."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from scraper.cli import main
from tests.fixtures.places import ROOT, SNAPSHOTS

NOW = "2026-09-30T12:00:00Z"


def winkb(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def problems(result: Result) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.startswith("winkb: ")]


def python(*arguments: object, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def scrape(folder: Path, *options: object) -> Result:
    mirror = SNAPSHOTS / "2026-09-30"
    return winkb(
        "scrape", "--no-articles", "--db", folder / "c.db", "--archive", folder / "a.db", "--mirror", mirror, *options
    )


def change(db: Path, sql: str, *parameters: object) -> None:
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(sql, parameters)


def one(db: Path, sql: str) -> object:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchone()[0]

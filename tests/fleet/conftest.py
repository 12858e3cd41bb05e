"""A catalog of the bundled pages, and fleets judged by it."""

import csv
import io
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scraper import answers
from scraper.cli import main
from scraper.fleet import FleetSummary, judge_fleet
from tests.fleet.devices import DAY, LISTED, Ended, Judge, Row, Winkb


@pytest.fixture(scope="session")
def db(demo_catalog: Path) -> Path:
    """A catalog of the bundled pages, whose data end on 2026-09-30."""
    return demo_catalog


@pytest.fixture(scope="session")
def catalog(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(answers.open_catalog(db)) as catalog:
        yield catalog


@pytest.fixture(scope="session")
def verdicts(catalog: sqlite3.Connection) -> answers.Verdicts:
    return answers.Verdicts(catalog, DAY)


@pytest.fixture
def judge(catalog: sqlite3.Connection, verdicts: answers.Verdicts) -> Judge:
    """Judge a list; the rows that came out as CSV, and the summary."""

    def judged(
        listed: str | bytes,
        columns: dict[str, str] | None = None,
        release: str | None = None,
        edition: str | None = None,
        as_of: str = DAY,
    ) -> tuple[list[Row], FleetSummary]:
        source = io.BytesIO(listed.encode() if isinstance(listed, str) else listed)
        out = io.StringIO(newline="")
        of = (verdicts if as_of == DAY else answers.Verdicts(catalog, as_of)).of
        names = {"columns": columns or {}, "release": release, "edition": edition}
        summary = judge_fleet(source, of, name="the list", as_of=as_of, out=out, **names)  # type: ignore[arg-type]
        return list(csv.DictReader(io.StringIO(out.getvalue(), newline=""))), summary

    return judged


class Piped(io.BytesIO):
    name = "<stdin>"


@pytest.fixture
def winkb(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Winkb:
    """The command in this process, with real file descriptors: `winkb fleet` writes to that of standard output."""

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Piped(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capfdbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    path = tmp_path / "devices.csv"
    path.write_text(LISTED, encoding="utf-8")
    return path

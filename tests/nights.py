"""Nights of the real command against a server on 127.0.0.1: a catalog and its archive in a folder, the good night
before, and what a job had as facts that never asked for one page. The fixtures are known to all tests (conftest.py).

A module whose pages fail says ``pytestmark = pytest.mark.usefixtures("hurried")``, or it waits as long as the command.
"""

import shutil
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scraper import fetch, parse, pipeline
from scraper.cli import main
from scraper.sources import BY_NAME
from tests.pages import file_name, snapshot
from tests.web import Answering, Reply, Web

CLIENT, NOTES, SERVER = "windows-11-release-information", "hotpatch-25h2", "windows-server-release-information"
UPDATES = "windows-11-update-history"
URLS = {name: source.url for name, source in BY_NAME.items()}
OLD, NEW = "2026-07-22", "2026-09-30"
# Four nights: the good one before, the bad one, and two after it.
FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"2026-10-0{day}T04:00:00Z" for day in range(1, 6))
# When a person accepts a drift: on the day after the bad night, or after one more.
MORNING, NEXT_MORNING = "2026-10-02T09:00:00Z", "2026-10-03T09:00:00Z"
FACTS = ("releases", "kbs", "builds", "months", "changes", "findings")
READ = cache(parse.parse)
AUTHORITIES = cache(ssl.create_default_context)
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Hurried(fetch.Manners):
    """The command's own patience, in milliseconds."""

    quiet: float = 0.001
    backoff: float = 0.0005
    longest_backoff: float = 0.002


@cache
def body_of(name: str, date: str) -> bytes:
    return snapshot(date)[file_name(URLS[name])]


class Nights:
    """A catalog and its archive in a folder, and the server that stands in for the public hosts. ``names`` are the
    pages that a night asks for, all of them by default."""

    def __init__(self, folder: Path, web: Web, names: Sequence[str] = tuple(BY_NAME)) -> None:
        self.web = web
        self.folder = folder
        self.names = tuple(names)
        self.db = folder / "catalog.db"
        self.archive = folder / "archive.db"
        self.files = ("--db", str(self.db), "--archive", str(self.archive))

    def others(self, name: str) -> "Nights":
        """The same, but nights that do not ask for one page."""
        return Nights(self.folder, self.web, [other for other in self.names if other != name])

    def serve(self, date: str, **answers: Answering | bytes) -> None:
        """Every page as on a date, but those named (with _ for -) as given."""
        for name in BY_NAME:
            self.answer(name, answers.get(name.replace("-", "_"), body_of(name, date)))

    def answer(self, name: str, *answers: Answering | bytes) -> None:
        replies = [Reply(body=answer) if isinstance(answer, bytes) else answer for answer in answers]
        self.web.page(URLS[name], *replies)

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def scrape(self, now: str, *options: str) -> Result:
        result = self.run(*self.arguments(now, self.web.url), *options)
        assert not self.db.with_name("catalog.db.aside").exists()
        return result

    def arguments(self, now: str, mirror: str) -> tuple[str, ...]:
        """The command of a night."""
        some = () if len(self.names) == len(BY_NAME) else self.names
        sources = [argument for name in some for argument in ("--source", name)]
        return ("scrape", "--no-articles", "--mirror", mirror, "--now", now, *self.files, *sources)

    def command(self, now: str, code: str = "") -> "subprocess.Popen[str]":
        """The same command in a process of its own, after ``code``."""
        return subprocess.Popen(
            [
                *(sys.executable, "-W", "error", "-c", f"{code}\nfrom scraper.cli import main\nmain()"),
                *self.arguments(now, self.web.url),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, sql: str, *parameters: object) -> list[tuple]:  # type: ignore[type-arg]
        connection = sqlite3.connect(f"{self.db.as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def tables(self, *names: str) -> dict[str, list[tuple]]:  # type: ignore[type-arg]
        return {name: self.rows(f"select * from {name} order by rowid") for name in names}

    def facts(self) -> str:
        return str(self.rows("select facts_sha256 from runs order by run desc limit 1")[0][0])

    def outcome(self) -> str:
        return str(self.rows("select outcome from runs order by run desc limit 1")[0][0])

    def page(self, name: str) -> tuple:  # type: ignore[type-arg]
        return self.rows("select fetched_at, failing_since, failure from pages where page = ?", name)[0]

    def changes(self, run: int | None = None) -> list[tuple]:  # type: ignore[type-arg]
        columns = "table_name, release, subject, field, old, new"
        return self.rows(f"select {columns} from changes where run = coalesce(?, run) order by id", run)


def problems(result: Result) -> list[str]:
    """What stands on stderr for a person."""
    return [line for line in result.stderr.splitlines() if line.startswith("winkb: ")]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "Manners", Hurried)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    # Parsers are pure (design.md section 2), so each page needs to be read once only, for all tests.
    monkeypatch.setattr(parse, "parse", READ)
    # No https host is asked here, and to read all authorities for each run would take a fifth of the time.
    monkeypatch.setattr(ssl, "create_default_context", AUTHORITIES)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


@pytest.fixture(scope="module")
def begun(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """The good night before."""
    nights = Nights(tmp_path_factory.mktemp("begun"), web)
    nights.serve(OLD)
    result = nights.scrape(FIRST)
    assert (result.exit_code, problems(result)) == (0, [])
    return nights


def after(begun: Nights, folder: Path) -> Nights:
    nights = Nights(folder, begun.web, begun.names)
    shutil.copyfile(begun.db, nights.db)
    shutil.copyfile(begun.archive, nights.archive)
    return nights


@pytest.fixture
def nights(begun: Nights, tmp_path: Path) -> Nights:
    """A copy of the good night before, with the news of the next one on all pages."""
    nights = after(begun, tmp_path)
    nights.serve(NEW)
    return nights


@pytest.fixture
def fresh(web: Web, tmp_path: Path) -> Nights:
    """Nothing yet."""
    nights = Nights(tmp_path, web)
    nights.serve(OLD)
    return nights


@dataclass(frozen=True)
class Unasked:
    """What a job that left one page out on the bad night had as facts: that night, and the good one after it."""

    nights: Nights
    back: Nights
    bad: str
    good: str


@pytest.fixture(scope="module")
def unasked(begun: Nights, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Unasked]:
    @cache
    def leave_out(name: str) -> Unasked:
        nights = after(begun, tmp_path_factory.mktemp(name))
        nights.serve(NEW)
        assert nights.others(name).scrape(SECOND).exit_code == 0
        bad = nights.facts()
        back = after(nights, tmp_path_factory.mktemp(f"{name}-back"))
        assert back.scrape(THIRD).exit_code == 0
        return Unasked(nights, back, bad, back.facts())

    return leave_out


@pytest.fixture(scope="module")
def clean(begun: Nights, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """The second night with every page good."""
    nights = after(begun, tmp_path_factory.mktemp("clean"))
    nights.serve(NEW)
    assert nights.scrape(SECOND).exit_code == 0
    return nights

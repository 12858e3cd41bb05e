"""Whatever the runs bring, the catalog that grew run by run is the one that the archive gives anew.

Runs are made up: news, replans, corrections, rows that flap or stay away, rows that cannot be read, pages that drift,
fail, or say 304, articles, acceptances, and runs that are killed; each source is asked at times of its own. Every run
is a real run; only the network is not: ``fetch`` is given its answers. After each one, ``rebuild`` from the archive
must give the same rows of all tables in the same order, the fact tables and those of the visits, every column of them,
``facts_sha256`` among them. The pages are small, so the sources here declare no lower bounds.

``python trust/rebuild_equals.py`` tries many more.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scraper.catalog import aside, write
from scraper.catalog.days import second_tuesday
from scraper.errors import FetchError, InputError, MachineError, Unavailable, WrongAnswer
from scraper.ingest import job
from scraper.ingest.archive import Archive
from scraper.ingest.fetch import Answer, Manners, Request
from scraper.ingest.job import Paths
from scraper.ingest.sources import BY_NAME
from tests.fixtures import pages
from tests.fixtures.articles import Issue, article

INFORMATION, NOTES, HISTORY = "windows-11-release-information", "hotpatch-24h2", "windows-11-update-history"
NAMES = (INFORMATION, NOTES, HISTORY)
BASES = {"24H2": "26100", "25H2": "26200"}
# Each page that comes is synced to the disk: on a busy one the runs take three times as long. None: where there is no
# disk of memory, the usual place.
MEMORY = next((str(path) for path in [Path("/dev/shm")] if os.access(path, os.W_OK)), None)
TABLES = (*write.FACT_TABLES, "feeds", "pages", "runs")


# --- what the publisher says -----------------------------------------------------------------------------------------


def kb_of(number: int) -> str:
    return f"KB{5000000 + number}"


@dataclass
class World:
    """What stands on the pages now; an edit changes one thing of it. Rows are lists of cells."""

    history: dict[str, list[list[str]]] = field(default_factory=lambda: {version: [] for version in BASES})
    calendar: dict[str, list[list[str]]] = field(default_factory=lambda: {version: [] for version in BASES})
    links: list[tuple[str, str]] = field(default_factory=list)
    titles: list[tuple[str, str]] = field(default_factory=list)
    away: list[tuple[list[Any], Any]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)  # by page, how it is not itself
    issues: dict[str, str] = field(default_factory=dict)  # by KB, what its article says
    edition: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        for version in BASES:
            for month in range(1, 9):
                name, kind = pages.MONTHS[month - 1], "Baseline (Restart)" if month % 3 == 1 else "Hotpatch"
                self.calendar[version].append([name, f"2026.{month:02} B", kind, "", "", ""])
        for _ in range(3):
            self.release()

    def release(self, letter: str = "B") -> None:
        """An update of both releases: a B with its calendar month, or one between two."""
        self.made += 1
        month = min(8, sum(letter == "B" for *_, letter in self._letters("24H2")) + (letter == "B")) or 1
        day = second_tuesday(f"2026-{month:02}") if letter == "B" else f"2026-{month:02}-2{self.made % 8}"
        revision, kb = 1000 + 100 * self.made, kb_of(self.made)
        for version, base in BASES.items():
            cell = pages.link(f"https://support.microsoft.com/help/{kb[2:]}", kb)
            row = ["General Availability Channel", f"2026-{month:02} {letter}", day, f"{base}.{revision}", cell]
            self.history[version].insert(0, row)
            if letter == "B" and len(self.calendar[version]) >= month:
                planned = self.calendar[version][month - 1]
                hot = planned[2] == "Hotpatch"
                number = f"KB{5500000 + self.made}" if hot else kb
                planned[3:] = [day, f"{base}.{revision - 50 * hot}", number]
        when = f"{pages.MONTHS[month - 1]} {int(day[8:])}, 2026\N{EM DASH}"
        builds = " and ".join(f"{base}.{revision}" for base in reversed(BASES.values()))
        self.titles.insert(0, (f"{when}{kb} (OS Builds {builds})", f"/en-us/help/{kb[2:]}"))
        hot_kb = f"KB{5500000 + self.made}"
        self.links.insert(0, (f"{when}Hotpatch {hot_kb} (OS Build 26100.{revision - 50})", f"/en-us/help/{hot_kb[2:]}"))

    def _letters(self, version: str) -> Iterator[list[str]]:
        return (row[1].split() for row in self.history[version] if row[1])

    def lists(self) -> list[list[Any]]:
        return [*self.history.values(), *self.calendar.values(), self.links, self.titles]

    def body(self, name: str) -> bytes:
        """A page as it is served now."""
        broken, at = self.broken.get(name, ""), f"2026-09-{1 + self.edition % 28:02} 03:37 AM"
        if broken == "cut":
            return b"<html><body>cut"
        if name == INFORMATION:
            return self._information(broken, at)
        columns = ("Month", "Update Type", "Kind", "KB article") if broken == "renamed" else pages.NOTES_COLUMNS
        columns = (*columns, "Note") if broken == "wider" else columns
        rows = [(*row[:3], row[5], *["x"] * (broken == "wider")) for row in self.calendar["24H2"]]
        span = pages.Span("January to August", "Hotpatch", rows, columns=columns)
        years = [pages.Year("Hotpatch updates for calendar year 2026", [span])]
        title = "Release notes for Hotpatch on Windows 11 Enterprise version 24H2"
        category = pages.Category(title, "/x", [("Release notes", "/x"), *self.links])
        if name == HISTORY:
            title = "Windows 11, version 24H2"
            category, years = pages.Category(title, "/y", [("Update history", "/y"), *self.titles]), []
        return pages.hotpatch_notes_new(years, [category], title=title, canonical=BY_NAME[name].url, updated_at=at)

    def _information(self, broken: str, at: str) -> bytes:
        servicing = []
        for version in BASES:
            newest = self.history[version][0] if self.history[version] else ["", "", "2026-01-13", "26100.1", ""]
            ends = ("2026-10-13", "2027-10-12") if broken != "ended" else ("2026-10-13", "End of updates")
            servicing.append(
                (version, "General Availability Channel", "2024-10-01", *ends, "", "2026-01-13", newest[3])
            )
        columns = pages.HISTORY_COLUMNS if broken != "renamed" else ("Option", *pages.HISTORY_COLUMNS[1:])
        columns = (*columns, "Note") if broken == "wider" else columns
        labels = {version: f"Version {version} (OS build {base})" for version, base in BASES.items()}
        rows = {version: self.history[version][: 1 if broken == "short" else None] for version in BASES}
        histories = [pages.History(labels[version], rows[version], columns=columns) for version in BASES]
        calendars = [pages.Calendar(labels[version], "2026", self.calendar[version]) for version in BASES]
        return pages.release_information(servicing, (), histories, calendars, updated_at=f"{at[:10]}T03:37:00Z")

    def article(self, kb: str) -> bytes:
        issue_kind, number = self.issues.get(kb, ""), int(kb[2:]) % 100000
        if issue_kind == "no article":
            return b"<html><head><title>Hub</title></head><body><main><p>Nothing.</p></main></body></html>"
        issue = Issue(
            "Printers print twice", "Twice.", resolution="Addressed in KB5999999." if issue_kind == "solved" else ""
        )
        named = "KB5999998" if issue_kind == "another" else kb
        builds = [f"{base}.{1000 + 100 * number + (issue_kind == 'other build')}" for base in BASES.values()]
        issues = {"unread": None, "none": []}.get(issue_kind, [issue])
        return article(named, "2026-01-13", builds, issues=issues)


Edit = tuple[str, int, int]


def edit(world: World, change: Edit) -> None:
    """Change one thing; the numbers choose which."""
    what, first, second = change
    world.edition += 1
    some = [rows for rows in world.lists() if rows]
    rows = some[first % len(some)]
    place = second % len(rows)
    row = rows[place]
    if what in ("release", "preview"):
        world.release("B" if what == "release" else "D")
    elif what == "remove" and len(rows) > 2:
        world.away.append((rows, rows.pop(place)))
    elif what == "return" and world.away:
        home, gone = world.away.pop(first % len(world.away))
        home.insert(second % (len(home) + 1), gone)
    elif what == "break" and isinstance(row, list):
        row[1 + first % (len(row) - 1)] = ("not to be read", "2026-13-01", "KB12", "99999", "")[second % 5]
    elif what == "correct" and isinstance(row, list):
        cell = 2 + second % 2 if len(row) == 5 else 3 + second % 2
        row[cell] = row[cell].replace("0", "1", 1) or "2026-03-11"
    elif what == "rename" and isinstance(row, list):
        row[-1] = f"KB{5700000 + second}" if second % 3 else ""
    elif what == "replan":
        month = world.calendar["24H2"][second % len(world.calendar["24H2"])]
        month[2] = "Hotpatch" if month[2].startswith("Baseline") else "Baseline (Restart)"
    elif what == "retitle" and isinstance(row, tuple):
        rows[place] = (row[0].replace("Hotpatch ", "") + (" Preview", " EXPIRED", " strange")[second % 3], row[1])
    elif what == "drift":
        world.broken[NAMES[first % 3]] = ("renamed", "wider", "short", "cut", "ended")[second % 5]
    elif what == "mend":
        world.broken.clear()
    elif what == "article":
        says = ("solved", "unread", "none", "another", "no article", "other build", "")
        world.issues[kb_of(1 + first % max(1, world.made))] = says[second % len(says)]


# --- runs ------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What SIGKILL does, as far as a test of this process can: nothing of the run comes after it."""


@dataclass(frozen=True)
class Run:
    """``edits`` happen before it; ``served``: how the pages answer, in the order of NAMES; ``asks``: the one page that
    is asked for, or all; ``dies``: with which visit, or (-1) when its end stands in the archive and not in the catalog;
    ``accepts``: what a person does afterwards."""

    edits: tuple[Edit, ...] = ()
    served: tuple[str, str, str] = ("page", "page", "page")
    asks: str | None = None
    articles: bool = False
    dies: int | None = None
    accepts: str | None = None
    hours: int = 24


class Publisher:
    """Answers instead of the network."""

    def __init__(self) -> None:
        self.world = World()
        self.last: dict[str, bytes] = {}
        self.run = Run()

    async def fetch(
        self, requests: Sequence[Request], _manners: Manners, _mirror: str | None
    ) -> AsyncGenerator[tuple[Request, Answer | FetchError], None]:
        for number, request in enumerate(requests):
            if number == self.run.dies:
                raise Killed
            yield request, self.answer(request)

    def answer(self, request: Request) -> Answer | FetchError:
        name = request.source
        how = self.run.served[NAMES.index(name)] if name in NAMES else self.world.issues.get(name, "page")
        if how == "later":
            return Unavailable("answer", page=name, expected="200", found="503")
        if how == "gone":
            return WrongAnswer("answer", page=name, expected="200", found="404")
        body = self.world.body(name) if name in NAMES else self.world.article(name)
        etag = f'"{hash(body)}"'
        if request.etag == etag:
            return Answer(request, 304, request.url, None, etag, None)
        return Answer(request, 200, request.url, body, etag if how != "no validators" else None, None)


@contextmanager
def published_by(publisher: Publisher) -> Iterator[None]:
    """The pipeline with three of the sources, without their lower bounds, and with a publisher of ours."""
    few = tuple(
        replace(BY_NAME[name], tables=tuple(replace(shape, minimum=0) for shape in BY_NAME[name].tables))
        for name in NAMES
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "SOURCES", few)
        patch.setattr(job, "BY_NAME", {source.name: source for source in few})
        patch.setattr("scraper.ingest.run.fetch", publisher.fetch)
        yield


def go_through(runs: Sequence[Run], folder: Path, compare: Callable[[Paths], None]) -> None:
    """Run every night, and compare after each that came to its end."""
    publisher, paths = Publisher(), Paths(folder / "catalog.db", folder / "archive.db")
    now = datetime(2026, 3, 1, 3)
    with published_by(publisher):
        for run in runs:
            now += timedelta(hours=run.hours)
            at = f"{now.isoformat()}Z"
            publisher.run = run
            for change in run.edits:
                edit(publisher.world, change)
            try:
                with dying("write_visits" if run.dies == -1 else None):
                    asked = [run.asks] if run.asks else []
                    job.scrape(paths, at, names=asked, articles=run.articles)
            except Killed:
                continue
            compare(paths)
            if run.accepts and accept(paths, at, run.accepts):
                compare(paths)


@contextmanager
def dying(step: str | None) -> Iterator[None]:
    """A run that is killed in a step of its publishing; None: it is not."""

    def die(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        if step:
            patch.setattr(aside if step == "_sync" else write, step, die)
        yield


def accept(paths: Paths, at: str, how: str) -> bool:
    """Let the drift that stands pass, on whichever page it stands; true when the catalog was built with it."""
    for name in NAMES:
        with closing(Archive(paths.archive)) as archive:
            before = len(archive.acceptances())
        try:
            # Noted in the archive, and not yet swapped in.
            with dying("_sync" if how == "killed" else None):
                job.accept(paths, name, at)
        except (InputError, MachineError):
            continue
        except Killed:
            with closing(Archive(paths.archive)) as archive:
                assert len(archive.acceptances()) == before + 1
            return False
        return True
    return False


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as catalog:
        return {table: catalog.execute(f"select * from {table} order by rowid").fetchall() for table in TABLES}


def compare(paths: Paths) -> None:
    """A rebuild, from what the archive has kept of each page version and from the pages alone, is the catalog as it
    grew. Of a copy of the archive, since a rebuild keeps a state there, and the next run must go on from its own."""
    assert paths.archive is not None
    again = Paths(paths.db.with_name("again.db"), paths.archive.with_name("again.archive.db"))
    shutil.copyfile(paths.archive, again.archive)
    for from_pages in (False, True):
        try:
            job.rebuild(again, from_pages=from_pages)
        except MachineError:
            assert not paths.db.exists(), "there is a catalog, and none can be rebuilt"
            return
        grown, rebuilt = rows_of(paths.db), rows_of(again.db)
        for table in TABLES:
            assert grown[table] == rebuilt[table], table


EDITS = ("release", "preview", "remove", "return", "break", "correct", "rename", "replan", "retitle", "drift", "mend")
SERVED = st.sampled_from(("page", "page", "page", "no validators", "later", "gone"))
EDIT = st.tuples(st.sampled_from((*EDITS, "drift", "article", "article")), st.integers(0, 30), st.integers(0, 30))
NEWS = st.builds(
    Run,
    edits=st.lists(EDIT, max_size=4).map(tuple),
    served=st.tuples(SERVED, SERVED, SERVED),
    asks=st.none() | st.sampled_from(NAMES),
    articles=st.booleans(),
    dies=st.none() | st.none() | st.integers(-1, 4),
    accepts=st.sampled_from((None, "whole", "killed")),
    hours=st.sampled_from((1, 24, 24, 24, 200)),
)
QUIET = st.builds(Run, served=st.tuples(SERVED, SERVED, SERVED), asks=st.none() | st.sampled_from(NAMES))
RUNS = st.lists(NEWS | NEWS | QUIET, min_size=1, max_size=9)
# A column that came, and a person who let it pass while the machine went down; then a run that says nothing of it.
ACCEPTED = [
    Run(),
    Run(edits=(("drift", 0, 1),), accepts="killed"),
    Run(served=("later", "page", "page")),
]


FEW, MANY = (
    settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    for examples in (4, 50)
)


def grows_as_it_is_rebuilt(runs: list[Run]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        go_through(runs, Path(folder), compare)


@FEW
@example(runs=[Run(), Run(), Run(edits=(("release", 0, 0),), hours=1), Run(hours=200)])  # a quiet one, late
@given(runs=RUNS)
@example(runs=ACCEPTED)
def test_rebuild_gives_the_catalog_that_grew_run_by_run(runs: list[Run]) -> None:
    grows_as_it_is_rebuilt(runs)


@pytest.mark.slow
@MANY
@given(runs=RUNS)
def test_rebuild_gives_the_catalog_of_many_more_histories(runs: list[Run]) -> None:
    grows_as_it_is_rebuilt(runs)

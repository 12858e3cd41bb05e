"""Runs with one damaged page: what was known before, what is served, and what the real pipeline makes of it."""

import shutil
import tempfile
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from scraper.errors import DriftError
from scraper.ingest.archive import Archive
from scraper.ingest.fetch import Manners, Request
from scraper.ingest.memo import Reader
from scraper.ingest.run import Plan, Unwatched, run
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Records, Source
from tests.damage.markup import Markup
from tests.damage.oracle import Catalog, Judgement, Statements, judge, read_catalog, texts_of
from tests.damage.reader import Reading, read_page
from tests.fixtures import pages
from tests.fixtures.places import CAPTURES

Pages = Mapping[str, bytes]  # by source name
COURSES = ("quiet", "news of September", "news of July, new layout", "captures")

# In memory, where there is such a place: every night waits for its disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
# A row is withdrawn on the second run without it, so half of the damages stay for two.
RUNS = (1, 2)
_DRIFT = 4  # exit code of a run that refused a page
_OFCAPTURES = {
    "windows-11-release-information": ("windows11-release-information.2026-07-22.html",) * 2,
    "hotpatch-25h2": ("hotpatch-windows-11-25h2.2026-05-27.html", "hotpatch-windows-11-25h2.2026-07-22.html"),
    "windows-11-update-history": ("windows-11-update-history.2026-05-27.html",) * 2,
}


@dataclass(frozen=True)
class Course:
    """What was served run after run, up to the last of the runs, in which one page is damaged."""

    name: str
    runs: Sequence[tuple[str, Pages]]  # the time of the visit, and the pages


def bundled_courses() -> list[Course]:
    """A quiet run and two runs with news, of the bundled pages."""
    may, july, september = (_snapshot(date) for date in pages.DATES)
    old, new, now = (f"{date}T12:00:00Z" for date in pages.DATES)
    return [
        Course(COURSES[0], [(old, may), (new, july), (now, september), ("2026-10-01T12:00:00Z", september)]),
        Course(COURSES[1], [(old, may), (new, july), (now, september)]),
        Course(COURSES[2], [(old, may), (new, july)]),
    ]


def captured_courses() -> list[Course]:
    """A run of real captures; none where they are not."""
    if not all((CAPTURES / name).is_file() for names in _OFCAPTURES.values() for name in names):
        return []
    first, last = (
        {name: (CAPTURES / files[run]).read_bytes() for name, files in _OFCAPTURES.items()} for run in (0, 1)
    )
    return [Course(COURSES[3], [("2026-05-27T12:00:00Z", first), ("2026-07-22T12:00:00Z", last)])]


def _snapshot(date: str) -> Pages:
    made = pages.snapshot(date)
    return {source.name: made[pages.file_name(source.url)] for source in SOURCES}


_Known = dict[tuple[str, str, bool], Records | DriftError]


class _Remembering(Reader):
    """Reads each true page once for all runs: what is in ``known``, by fingerprint. ``learning``: adds to it."""

    def __init__(self, archive: Archive, known: _Known, *, learning: bool) -> None:
        super().__init__(archive)
        self.known, self.learning = known, learning

    def read(self, source: Source, version: int, *, accepted: bool) -> Records:
        key = (source.name, self.archive.fingerprint(version), accepted)
        known = self.known.get(key)
        if known is None:
            try:
                known = super().read(source, version, accepted=accepted)
            except DriftError as problem:
                known = problem
            if self.learning:
                self.known[key] = known
        if isinstance(known, DriftError):
            raise known
        return known


class Laboratory:
    """A course's runs but the last, in a folder of its own, to which damaged runs are added."""

    def __init__(self, course: Course, inside: str | None = MEMORY) -> None:
        self.name, runs = course.name, course.runs
        *before, (self.at, self.true_pages) = runs
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=inside)))
        self._mirror = self._folder / "mirror"
        self._known: _Known = {}
        self._unread: dict[tuple[str, int], Catalog] = {}
        self._markups: dict[str, Markup] = {}
        for at, served in before:
            self._serve(served)
            code = self._run("", at, learning=True)
        self._yesterday = read_catalog(self._folder / "catalog.db", at[:10], code)
        self._before = [_reading_of(name, body) for _, served in before for name, body in served.items()]
        self._serve(self.true_pages)
        self._truths = {runs: self.run({}, runs) for runs in RUNS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def markup(self, source: str) -> Markup:
        if source not in self._markups:
            self._markups[source] = Markup(self.true_pages[source].decode("utf-8"))
        return self._markups[source]

    @property
    def truth(self) -> Catalog:
        """What the catalog says after the last run with the true pages."""
        return self._truths[1]

    def try_damage(self, source: str, text: str, runs: int) -> Judgement:
        """So many runs in which ``source`` serves ``text``."""
        body = text.encode("utf-8", "surrogatepass")
        try:
            damaged = self.run({source: body}, runs)
        except Exception:  # whatever it is: that is what is looked for
            return Judgement("CRASH", traceback.format_exc())
        if source in damaged.failures:
            if damaged.tables != self._without(source, runs).tables:
                return Judgement("SILENT", "not the facts of a failing page")
            if damaged.exit_code != _DRIFT:
                return Judgement("SILENT", f"refused with exit code {damaged.exit_code}")
            return Judgement("refused", damaged.failures[source])
        return judge(self._truths[runs], damaged, self._yesterday, self.statements({source: body}), self._texts)

    def statements(self, damaged: Pages = MappingProxyType({})) -> Statements:
        """What the pages say, these in place of the true ones."""
        others = [reading for name, reading in self._readings.items() if name not in damaged]
        return Statements(
            [*others, *(read_page(body, BY_NAME[name].url) for name, body in damaged.items())], self._bases
        )

    def _without(self, source: str, runs: int) -> Catalog:
        """The runs in which nothing can be made of a page."""
        if (source, runs) not in self._unread:
            self._unread[source, runs] = self.run({source: b"<html></html>"}, runs)
        return self._unread[source, runs]

    @cached_property
    def _readings(self) -> dict[str, Reading]:
        return {name: _reading_of(name, body) for name, body in self.true_pages.items()}

    @cached_property
    def _texts(self) -> Mapping[str, Collection[object]]:
        return texts_of([*self._before, *self._readings.values()])

    @cached_property
    def _bases(self) -> dict[str, int | None]:
        return {str(row["release"]): row["base_build"] for row in self.truth.tables["releases"].values()}  # type: ignore[misc]

    def run(self, damaged: Pages, runs: int = 1) -> Catalog:
        """What the catalog says after this run, and as many runs more, with these pages in place of the true ones."""
        for name in ("archive.db", "catalog.db"):
            shutil.copyfile(self._folder / name, self._folder / f"damaged.{name}")
        self._serve(damaged)
        try:
            for day in range(runs):
                at = f"{datetime.fromisoformat(self.at) + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"
                code = self._run("damaged.", at, learning=not damaged)
        finally:
            self._serve({name: self.true_pages[name] for name in damaged})
        return read_catalog(self._folder / "damaged.catalog.db", at[:10], code)

    def _serve(self, served: Pages) -> None:
        for name, body in served.items():
            file = self._mirror / pages.file_name(BY_NAME[name].url)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)

    def _run(self, prefix: str, at: str, *, learning: bool) -> int:
        requests = [Request(name, BY_NAME[name].url) for name in self.true_pages]
        with closing(Archive(self._folder / f"{prefix}archive.db")) as archive:
            reader = _Remembering(archive, self._known, learning=learning)
            plan = Plan("pages", requests, at, str(self._mirror), Manners(delay=0))
            outcome = run(archive, reader, self._folder / f"{prefix}catalog.db", SOURCES, plan, Unwatched())
            assert outcome is not None
            return outcome.exit_code


@cache
def _reading_of(name: str, body: bytes) -> Reading:
    return read_page(body, BY_NAME[name].url)

"""The catalogs that these tests ask: a small one by hand, and one of the bundled pages."""

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from scraper import answers
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from tests.answers import rulebook
from tests.answers.small_catalog import catalog
from tests.fixtures.catalogs import built_once
from tests.fixtures.places import SNAPSHOTS

__all__ = ["catalog"]
ReadCatalogs = Callable[[str, str], sqlite3.Connection]


@pytest.fixture(scope="session")
def demo(demo_catalog: Path) -> Iterator[sqlite3.Connection]:
    """A catalog of the bundled pages, whose data end on 2026-09-30."""
    with closing(answers.open_catalog(demo_catalog)) as catalog:
        yield catalog


@pytest.fixture(scope="session")
def read_catalogs(tmp_path_factory: pytest.TempPathFactory) -> ReadCatalogs:
    """The catalog of the pages of one bundled date after a run at a time, by both: the runs of a date follow each other
    on one archive, and nothing changed in between, as on nights on which the pages lag."""
    runs = defaultdict(set)
    for case in rulebook.table():
        if case.pages:
            runs[case.pages].add(case.read)

    def build(folder: Path) -> None:
        for pages, times in runs.items():
            paths = job.Paths(folder / "catalog.db", folder / f"{pages}-archive.db")
            for read in sorted(times):
                outcome = job.scrape(paths, read, mirror=str(SNAPSHOTS / pages), manners=Manners(delay=0))
                assert outcome.exit_code == 0
                shutil.copyfile(paths.db, folder / f"{pages}-{read.replace(':', '')}.db")
            paths.db.unlink()

    folder = built_once(tmp_path_factory, "read-catalogs", build)
    return cache(lambda pages, read: answers.open_catalog(folder / f"{pages}-{read.replace(':', '')}.db"))

"""The catalogs that these tests ask: a small one by hand, and one of the bundled pages."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scraper import answers
from scraper.ingest import job
from tests.answers.small_catalog import catalog

__all__ = ["catalog"]


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of the bundled pages, whose data end on 2026-09-30. Read-only."""
    db = tmp_path_factory.mktemp("answers") / "catalog.db"
    assert job.demo(db).exit_code == 0
    return db


@pytest.fixture(scope="session")
def demo(demo_file: Path) -> Iterator[sqlite3.Connection]:
    """The same, open."""
    with closing(answers.open_catalog(demo_file)) as catalog:
        yield catalog

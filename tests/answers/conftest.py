"""The catalogs that these tests ask: a small one by hand, and one of the bundled pages."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scraper import answers
from tests.answers.small_catalog import catalog

__all__ = ["catalog"]


@pytest.fixture(scope="session")
def demo(demo_catalog: Path) -> Iterator[sqlite3.Connection]:
    """A catalog of the bundled pages, whose data end on 2026-09-30."""
    with closing(answers.open_catalog(demo_catalog)) as catalog:
        yield catalog

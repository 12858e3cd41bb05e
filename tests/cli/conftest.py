"""The catalogs that these tests ask: one of the bundled pages, and for the words the small one of tests/answers."""

import shutil
from pathlib import Path

import pytest

from tests.answers.small_catalog import catalog

__all__ = ["catalog"]


@pytest.fixture
def db(demo_catalog: Path, tmp_path: Path) -> Path:
    """A catalog of the bundled pages that a test may change."""
    return Path(shutil.copyfile(demo_catalog, tmp_path / "catalog.db"))

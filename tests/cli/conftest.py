"""The catalogs that these tests ask: one of the bundled pages, and for the words the small one of tests/answers."""

import shutil
from pathlib import Path

import pytest

from tests.answers.small_catalog import catalog
from tests.cli.commands import winkb

__all__ = ["catalog"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of the bundled pages. Read-only."""
    db = tmp_path_factory.mktemp("cli") / "catalog.db"
    assert winkb("demo", "--db", db).exit_code == 0
    return db


@pytest.fixture
def db(demo: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copyfile(demo, tmp_path / "catalog.db"))

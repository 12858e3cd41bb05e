"""Sites and catalogs that the tests of this folder share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.publish.serve.site import Edition
from tests.fixtures.serving import Local, build_small, local


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """No test here stops the machine, so nothing needs to be on the disk for sure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A site over the small catalog, for one's own machine."""
    with local(build_small(tmp_path_factory.mktemp("own") / "catalog.db")) as server:
        yield server


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The same for everybody."""
    with local(build_small(tmp_path_factory.mktemp("public") / "catalog.db"), public=True) as server:
        yield server


@pytest.fixture(params=["own", "public"])
def server(request: pytest.FixtureRequest) -> Local:
    found: Local = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def threads_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site ends Datasette's own thread by SystemExit, which pytest reports. Here the thread ends with the process."""

    async def stays(edition: Edition) -> None:
        pass

    monkeypatch.setattr(Edition, "_end_writer", stays)


@pytest.fixture
def last(run_catalogs: list[Path], tmp_path: Path) -> Path:
    """A catalog of the bundled pages that a test may change."""
    return Path(shutil.copyfile(run_catalogs[-1], tmp_path / "catalog.db"))

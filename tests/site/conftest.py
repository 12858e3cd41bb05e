"""The site over the bundled catalog, which the tests of this folder share."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.serving import bundled, local


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def site(catalog: Path) -> Iterator[httpx.Client]:
    with local(catalog) as server:
        yield server.client


@pytest.fixture(autouse=True)
def no_error_of_ours(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a site logs with a traceback is our fault, whatever it answered."""
    yield
    assert [record for record in caplog.get_records("call") if record.exc_info] == []

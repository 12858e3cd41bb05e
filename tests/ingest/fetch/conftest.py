"""The server that stands in as a mirror of the public hosts."""

from collections.abc import Iterator

import pytest

from tests.fixtures.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server

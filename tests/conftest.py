"""What holds for every test: no network but loopback, temporary files in memory where there is room, and for a property
the same examples each time."""

import importlib.util
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The helpers beside the tests assert too; rewritten, they say what they found.
pytest.register_assert_rewrite("tests.fixtures")
pytest_plugins = ("tests.fixtures.catalogs", "tests.fixtures.runs")
# Chance is for the laboratories: make damage and make trust take a seed.
settings.register_profile("same each time", derandomize=True)
settings.load_profile("same each time")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# An archive is synced to the disk at every page. On a disk that takes 2 ms each, a run with all articles waits 0.6 s.
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000


def pytest_configure() -> None:
    # httpcore looks for this module five times a request; where it is not installed, each look takes 0.2 ms.
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks for another machine fails at once, by name or by address."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def local_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test asked for the network: {address}")
        connect(self, address)

    def local_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host not in (None, b"", "", *LOOPBACK, *(name.encode() for name in LOOPBACK)):
            raise AssertionError(f"a test asked for the network: {host}")
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", local_connect)
    monkeypatch.setattr(socket, "getaddrinfo", local_look_up)

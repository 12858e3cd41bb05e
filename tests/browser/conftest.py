"""One Chromium, and a site over the bundled catalog, one over a catalog of hostile texts, one with a baseline ahead.

Without Chromium or Playwright every test of this folder is skipped and says why; where WINKB_CHROMIUM names a Chromium,
both must be there. All of it ends with this folder (a package, so that pytest knows when), since Playwright keeps an
event loop running, beside which no other test could run its own; for the same reason another process builds the
catalog.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.catalogs import plan_ahead, poison
from tests.fixtures.places import ROOT
from tests.fixtures.serving import WINKB, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # as tests/conftest.py: nothing but loopback
]


MISSING: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line of its own that this folder was skipped: `pytest -q` prints no reasons."""
    for reason in MISSING:
        terminalreporter.write_line(f"tests/browser was skipped: {reason}")


@pytest.fixture(scope="package")
def chromium() -> "Iterator[Browser]":
    named = os.environ.get("WINKB_CHROMIUM")
    executable = named or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        MISSING.append("no Chromium on the path: install one (Debian: chromium), or name it in WINKB_CHROMIUM")
    elif not named and find_spec("playwright") is None:
        MISSING.append("Playwright is not installed")
    if MISSING:
        pytest.skip(MISSING[0])
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A date field is filled in as the browser's language writes dates.
        english: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "en_US", "LANG": "C.UTF-8"}
        browser = playwright.chromium.launch(
            executable_path=executable, args=FLAGS, chromium_sandbox=False, env=english
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def bundled(chromium: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog that `make run` serves. It needs a browser, so that nothing is built where there is none."""
    path = tmp_path_factory.mktemp("bundled") / "catalog.db"
    subprocess.run([*WINKB, "demo", "--db", str(path)], cwd=ROOT, check=True, capture_output=True)
    return path


@pytest.fixture(scope="package")
def site(bundled: Path) -> Iterator[str]:
    with serving(bundled) as server:
        yield str(server.client.base_url).rstrip("/")


@pytest.fixture(scope="package")
def poisoned(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(bundled, tmp_path_factory.mktemp("hostile")))
    poison(path)
    return path


@pytest.fixture(scope="package")
def hostile_site(poisoned: Path) -> Iterator[str]:
    with serving(poisoned) as server:
        yield str(server.client.base_url).rstrip("/")


@pytest.fixture(scope="package")
def public_hostile_site(poisoned: Path) -> Iterator[str]:
    """The same, as everybody may ask it."""
    with serving(poisoned, "--public", spoken="public") as server:
        yield str(server.client.base_url).rstrip("/")


@pytest.fixture(scope="package")
def front_door_site(chromium: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site over what the real command made of hostile pages."""
    folder = tmp_path_factory.mktemp("front-door")
    subprocess.run(
        [sys.executable, "-m", "tests.fixtures.hostile", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    with serving(folder / "catalog.db") as server:
        yield str(server.client.base_url).rstrip("/")


@pytest.fixture(scope="package")
def site_ahead(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site read today, whose calendar of 24H2 plans a baseline two months ahead."""
    path = Path(shutil.copy(bundled, tmp_path_factory.mktemp("ahead")))
    plan_ahead(path)
    with serving(path) as server:
        yield str(server.client.base_url).rstrip("/")

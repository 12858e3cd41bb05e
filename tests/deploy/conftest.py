"""The real command, for the scripts of deploy/."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.fixtures.deploy import program
from tests.fixtures.places import ROOT


@pytest.fixture
def winkb(tmp_path: Path) -> Path:
    """The real command, as a console script would be."""
    (tmp_path / "bin").mkdir()
    lines = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m scraper "$@"\n'
    return program(tmp_path / "bin" / "winkb", lines)

"""The drill of CONTRIBUTING.md works: its script gets a page out of an archive and runs the parser over it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scraper.ingest.sources import BY_NAME
from tests.fixtures.places import ROOT, SNAPSHOTS

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DAY = "2026-09-30"


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_script_of_the_drill_parses_a_page_out_of_the_archive(tmp_path: Path) -> None:
    (script,) = re.findall(r"(?s)```python\n(.*?)```", CONTRIBUTING)
    (name,) = re.findall(r'BY_NAME\["(.*?)"\]', script)
    mirror = ("--mirror", str(SNAPSHOTS / DAY), "--now", f"{DAY}T12:00:00Z")
    run(tmp_path, "-m", "scraper", "scrape", "--source", name, *mirror)
    printed = run(tmp_path, "-c", script)
    tables = {str(shape.name) for shape in BY_NAME[name].tables}
    assert {line.split()[0] for line in printed.splitlines()} == tables
    assert "\n\n" not in printed
    (page,) = (SNAPSHOTS / DAY).rglob("*25h2-0bbaa1c7*")
    assert (tmp_path / "page.html").read_bytes() == page.read_bytes()


def test_small_page_is_built_by_the_helpers_that_the_drill_names() -> None:
    (module,) = re.findall(r"In `(tests/ingest/parse/\S+\.py)`", CONTRIBUTING)
    defined = re.findall(r"(?m)^def (\w+)", (ROOT / module).read_text(encoding="utf-8"))
    assert {"page", "category", "item", "calendar"} <= set(defined)


def test_files_that_the_drill_names_are_as_long_as_it_says() -> None:
    named = re.findall(r"(?m)^\| `(scraper/\S+)` \| (\d+) \|", CONTRIBUTING)
    assert len(named) == 6
    for path, lines in named:
        assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) == pytest.approx(int(lines), abs=20), path


def test_folders_and_modules_of_the_tree_are_there() -> None:
    (tree,) = re.findall(r"(?ms)^scraper/\n(.*?)```", CONTRIBUTING)
    folder = ROOT / "scraper"
    for indent, name in re.findall(r"(?m)^((?:  )+|)([\w/.]+?/?)(?= |$)", tree):
        match len(indent) // 2:
            case 0:
                assert (ROOT / name).is_dir(), name
            case 1:
                folder = ROOT / "scraper" / name
                assert folder.exists(), name
            case 2:
                assert (folder / name).exists(), f"{folder}/{name}"

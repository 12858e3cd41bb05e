"""The fixtures that tests share keep their word."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.catalogs import filled


def test_folder_is_filled_once_for_all_who_ask_at_once(tmp_path: Path) -> None:
    calls: list[Path] = []

    def build(folder: Path) -> None:
        calls.append(folder)
        time.sleep(0.05)
        (folder / "made").touch()

    with ThreadPoolExecutor(8) as pool:
        found = [asked.result() for asked in [pool.submit(filled, tmp_path / "shared", build) for _ in range(8)]]
    assert set(found) == {tmp_path / "shared"}
    assert len(calls) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["shared"]
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["made"]


def test_folder_that_could_not_be_filled_is_tried_again_by_the_next(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        filled(tmp_path / "shared", fail)
    assert list(tmp_path.iterdir()) == []
    assert filled(tmp_path / "shared", lambda folder: (folder / "made").touch()).is_dir()


def test_shared_catalogs_are_there(demo_catalog: Path, run_catalogs: list[Path], full_catalog: Path) -> None:
    rows = []
    for path in (demo_catalog, *run_catalogs, full_catalog):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as catalog:
            rows.append(catalog.execute("select count(*), max(run) from builds, runs").fetchone())
    assert [run for _, run in rows] == [3, 1, 2, 3, 1]
    assert all(count > 100 for count, _ in rows)

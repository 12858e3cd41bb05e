"""Opening a catalog: read-only, wherever it lies; what is no catalog; and what a cold start may import."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from scraper import answers
from scraper.errors import MachineError
from tests.answers.small_catalog import MAY, W24, make_whole_catalog
from tests.fixtures.places import ROOT


def test_a_catalog_opens_read_only_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%20d \u00e9"
    folder.mkdir()
    make_whole_catalog(str(folder / "catalog.db")).close()
    with contextlib.closing(answers.open_catalog(folder / "catalog.db")) as catalog:
        assert answers.build(catalog, "26100.3981", "2025-05-20", W24) == ([MAY], True)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalog.execute("delete from changes")


def test_a_missing_catalog_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with pytest.raises(MachineError, match=r"on .*catalog\.db\. expected: a readable file, found: no such file"):
        answers.open_catalog(str(path))
    assert not path.exists()
    with pytest.raises(MachineError, match=r"expected: a readable file, found: no such file"):
        answers.open_catalog(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("kb,build\n" * 500, encoding="utf-8")
    with pytest.raises(MachineError, match="expected: a SQLite database, found: file is not a database"):
        answers.open_catalog(path)


def test_a_database_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with contextlib.closing(make_whole_catalog(str(path))) as catalog:
        catalog.execute("drop view accepted_builds")
    with pytest.raises(MachineError, match=r"the tables and views of a catalog, found: none named accepted_builds"):
        answers.open_catalog(path)


def test_a_catalog_of_another_code_is_this_machines_error(catalog: sqlite3.Connection) -> None:
    catalog.execute("alter table changes rename column subject to topic")
    with pytest.raises(MachineError, match="expected: a whole catalog, found: no such column: subject"):
        answers.changes(catalog)


HEAVY = {
    *("asyncio", "concurrent", "dataclasses", "email", "http", "inspect", "logging", "socket", "ssl", "subprocess"),
    *("unittest", "xml"),
}


def test_a_cold_lookup_imports_click_and_answers_and_nothing_heavy(demo_catalog: Path) -> None:
    """What `winkb build` imports beyond the bare interpreter and click."""
    script = (
        "import sys, click; before = set(sys.modules)\n"
        "from scraper.cli import main\n"
        f"main(['build', '26100.3981', '--db', {str(demo_catalog)!r}], standalone_mode=False)\n"
        "print(*(set(sys.modules) - before))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = ended.stdout.splitlines()[-1].split()
    ours = {name for name in loaded if name.partition(".")[0] == "scraper"}
    commands = {f"scraper.cli.{name}" for name in ("exit_codes", "fleet", "job", "layout", "lookups", "options")}
    words = {f"scraper.cli.words.{name}" for name in ("months", "names", "pages", "updates")}
    assert {name for name in ours if not name.startswith("scraper.answers")} == {
        *("scraper", "scraper.errors", "scraper.cli", "scraper.cli.publish", "scraper.cli.words", *commands, *words)
    }
    others = {name.partition(".")[0] for name in loaded} - {"scraper"}
    assert others <= sys.stdlib_module_names
    assert others.isdisjoint(HEAVY)
    assert "urllib.request" not in loaded  # pathlib takes urllib.parse

"""The recipes in deploy/site and docs/publish.md agree with the code."""

import re
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasette.plugins import pm

from scraper.cli import main
from scraper.publish.serve import PUBLIC, SETTINGS, datasette_for
from scraper.publish.serve.bounded import LARGEST_ANSWER
from tests.fixtures.nginx import edited
from tests.fixtures.places import ROOT
from tests.fixtures.serving import VIEWS
from tests.fixtures.worst import MEGABYTES, SECONDS, WORST

FRESH = 12  # seconds after which docs/publish.md promises the new catalog


PUBLISH = (ROOT / "docs" / "publish.md").read_text(encoding="utf-8")


def plugin(name: str) -> Any:
    return pm.get_plugin(name)


def test_nginx_knows_every_view() -> None:
    recipe = (ROOT / "deploy" / "site" / "nginx.conf").read_text(encoding="utf-8")
    patterns = [re.compile(pattern) for pattern in re.findall(r'"~(\^/catalog/[^"]+)"', recipe)]
    for name in VIEWS:
        for form in ("", ".json", ".csv"):
            assert any(pattern.search(f"/catalog/{name}{form}?build=1") for pattern in patterns), name


def test_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (ROOT / "deploy" / "site" / "winkb-site@.service").read_text(encoding="utf-8")
    changes = {
        "/usr/local/lib/winkb/.venv/bin/winkb": "/bin/true",
        "file:/usr/local/lib/winkb/docs/publish.md": "man:sh",
    }
    path = tmp_path / "winkb-site@8011.service"
    path.write_text(edited(unit, changes))
    ended = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True, timeout=30)
    assert [line for line in ended.stderr.splitlines() if path.name in line or "winkb" in line] == []


@pytest.mark.parametrize("name", ["winkb-site@.service", "Containerfile"])
def test_recipes_call_a_command_that_exists(name: str, tmp_path: Path) -> None:
    recipe = (ROOT / "deploy" / "site" / name).read_text(encoding="utf-8")
    found = re.search(r"winkb serve (.*)", recipe) or re.search(r'CMD \["winkb", "serve", (.*)\]', recipe)
    assert found
    options = found[1].replace('"', "").replace(",", "").replace("%i", "0").split()
    options[options.index("--db") + 1] = str(tmp_path / "catalog.db")
    result = CliRunner().invoke(main, ["serve", *options])
    assert "unexpected catalog" in result.output


def test_container_copies_files_that_exist() -> None:
    recipe = (ROOT / "deploy" / "site" / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"(?m)^COPY (.*)", recipe):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name


def test_document_has_the_bounds_of_the_code(tmp_path: Path) -> None:
    datasette_for(tmp_path / "catalog.db")  # loads the plugins
    limits = plugin("limits.py")
    bounds = {
        "time of a statement": f"{int(SETTINGS['sql_time_limit_ms']) / 1000} s,"
        f" {int(PUBLIC['sql_time_limit_ms']) / 1000} s on a public site",
        "rows of an answer": f"{SETTINGS['max_returned_rows']:,}, and {LARGEST_ANSWER // 10**6} MB in all",
        "one value or row": f"{limits.LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]:,} bytes",
        "columns of an answer": str(limits.LIMITS[sqlite3.SQLITE_LIMIT_COLUMN]),
        "memory of SQLite in the whole process": f"{limits.HEAP // 10**6} MB",
        "pattern of `like` or `glob`": f"{limits.LIMITS[sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH]} characters",
        "`instr`, `replace`, `trim`, `json_patch`": "first times second length at most "
        f"{limits.PRODUCT // 10**6} million",
        "`printf`, `format`": "no `*`, no width above 999,999",
    }
    assert dict(re.findall(r"(?m)^\| (?!bound|--)(.*?) \| (.*) \|$", PUBLISH)) == bounds
    assert f"at most **{FRESH} s**" in PUBLISH
    assert f"kept for {PUBLIC['default_cache_ttl']} s instead of {SETTINGS['default_cache_ttl']} s" in PUBLISH
    asked = f"The tests ask the {len(WORST)} worst statements"
    for words in (asked, f"within {SECONDS:.0f} s", f"less than {MEGABYTES} MB"):
        assert words in PUBLISH

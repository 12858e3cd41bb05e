"""Every recipe is tried: its addresses on a running site, its columns in the export, its SQL in DuckDB.

KQL, M and PowerShell have no interpreter here: of those, what can go wrong on our side is held, the addresses and the
names and types of columns.
"""

import contextlib
import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest
from click.testing import CliRunner

from scraper.cli import main
from tests.fixtures.places import ROOT
from tests.fixtures.serving import serving

RECIPES = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SNIPPETS: list[tuple[str, str]] = re.findall(r"(?s)```(\w+)\n(.*?)```", RECIPES)
SITE = "http://127.0.0.1:8001"
ADDRESS = re.compile(rf"{SITE}(/[^\s'\"]+)")
ASKING = [(language, code) for language, code in SNIPPETS if ADDRESS.search(code)]
# What PowerShell puts in the place of its variables on a device.
VARIABLES = {"$build": "26100.3981", "$release": "windows-11-24H2"}
DEVICES = "device,os_version\nPC-1,10.0.26100.3981\nPC-2,10.0.26100.4770\nPC-3,10.0.26100.9\n"


def snippets(language: str) -> list[str]:
    return [code for name, code in SNIPPETS if name == language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader of the recipes stands: a catalog, a list of devices, and what ``winkb export`` wrote."""
    folder = tmp_path_factory.mktemp("recipes")
    shutil.copy(ROOT / "catalog.db", folder)
    (folder / "devices.csv").write_text(DEVICES, encoding="utf-8")
    winkb(folder, ["export"])
    return folder


def winkb(folder: Path, arguments: list[str]) -> None:
    with contextlib.chdir(folder):
        ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == 0, ended.stderr


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[httpx.Client]:
    with serving(folder / "catalog.db") as server:
        yield server.client


def header(folder: Path, name: str) -> list[str]:
    with (folder / "export" / name).open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def used(language: str, code: str) -> set[str]:
    """The columns of winkb's that a snippet names."""
    match language:
        case "powershell":
            listed = re.findall(r"Format-Table (.+)", code)
            named = set(re.findall(r"\$(?:_|rows|verdict)\.(\w+)", code)) - set(DEVICES.split("\n")[0].split(","))
            return named | {name for names in listed for name in names.split(", ")}
        case "kusto":
            return set(schema(code))
        case "powerquery":
            return set(re.findall(r"\[(\w+)\](?!\s*=)", code)) | set(re.findall(r'\{"(\w+)", ', code))
        case "sh":
            return {name for query in re.findall(r"\[(\..*?)\]", code) for name in re.findall(r"\.(\w+)", query)}
    return set()


def schema(code: str) -> dict[str, str]:
    """Names and types in ``externaldata(...)``."""
    (columns,) = re.findall(r"externaldata\(([^)]*)\)", code)
    return dict(re.findall(r"(?:\['|\b)(\w+)(?:'\])?: (\w+)", columns))


# --- on the site -----------------------------------------------------------------------------------------------------


def test_addresses_are_those_of_a_site_of_ones_own() -> None:
    hosts = set(re.findall(r"https?://[^/\s'\"`]+", RECIPES))
    assert hosts == {SITE, "https://storage.example"}
    assert {language for language, _ in ASKING} == {"powershell", "kusto", "powerquery", "text", "sh"}


@pytest.mark.parametrize(
    ("language", "code"), ASKING, ids=[f"{name}-{place}" for place, (name, _) in enumerate(ASKING)]
)
def test_address_answers_with_the_columns_that_the_snippet_uses(site: httpx.Client, language: str, code: str) -> None:
    for address in ADDRESS.findall(code):
        for variable, value in VARIABLES.items():
            address = address.replace(variable, value)
        assert "$" not in address
        response = site.get(address)
        assert response.status_code == 200, response.text
        rows = list(csv.DictReader(io.StringIO(response.text))) if ".csv?" in address else response.json()
        assert rows, address
        assert len(rows) < 1000, "the site cuts lists there"
        assert used(language, code) <= rows[0].keys()


def test_hotpatched_build_was_current_in_its_month(site: httpx.Client) -> None:
    (address,) = ADDRESS.findall(next(code for code in snippets("sh") if "build_verdict" in code))
    (row,) = site.get(address).json()
    assert (row["release"], row["status"], row["months_behind"]) == ("windows-11-24h2", "current", 0)


def test_restarts_are_cut_out_of_the_columns_that_are_meant(site: httpx.Client) -> None:
    (code,) = [code for code in snippets("sh") if "| cut" in code]
    (address,) = ADDRESS.findall(code)
    columns = site.get(address).text.splitlines()[0].split(",")
    places = re.findall(r"cut -d , -f ([\d,]+)", code)[0].split(",")
    assert [columns[int(place) - 1] for place in places] == ["month", "type", "status", "date"]


@pytest.mark.skipif(not all(map(shutil.which, ("curl", "jq", "sha256sum"))), reason="no curl, jq or sha256sum")
def test_shell_recipes_print_what_they_promise(site: httpx.Client, folder: Path) -> None:
    """Whole, as they stand, in the folder with the export; only the address is the test's."""
    verdict, restarts = (code.replace(SITE, str(site.base_url).rstrip("/")) for code in snippets("sh")[-2:])
    assert shell(verdict, folder) == (
        "windows-11-24h2\tcurrent\t26100.3981 is the May 2025 hotpatch; the newest security month of 24H2 on 2025-05-20"
        " was May 2025, so it is current\n"
    )
    months = shell(restarts, folder).splitlines()
    assert months[0] == "month,type,status,date"
    assert "2026-06,baseline,released,2026-06-09" in months
    assert len(months) == 13, "and nothing from sha256sum"
    builds = folder / "export" / "builds.csv"
    whole = builds.read_bytes()
    builds.write_bytes(whole + b"x")
    with pytest.raises(AssertionError, match=r"builds\.csv: FAILED"):
        shell(restarts, folder)
    builds.write_bytes(whole)


def shell(code: str, folder: Path) -> str:
    ended = subprocess.run(["sh", "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_excel_finds_its_columns(site: httpx.Client) -> None:
    address, formula = snippets("text")
    columns = site.get(ADDRESS.findall(address)[0]).text.splitlines()[0].split(",")
    assert set(re.findall(r"verdicts\[(\w+)\]", formula)) == {"build", "status"} <= set(columns)


# --- in the files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in snippets("kusto") if "verdicts.csv" in code])
def test_kql_declares_the_columns_of_the_file_in_order(folder: Path, code: str) -> None:
    manifest = json.loads((folder / "export" / "manifest.json").read_text(encoding="utf-8"))
    types = {"text": "string", "integer": "long", "date": "datetime", "time": "datetime"}
    wanted = {name: types[kind] for name, kind in manifest["tables"]["verdicts"]["columns"].items()}
    assert list(schema(code).items()) == list(wanted.items())
    assert list(schema(code)) == header(folder, "verdicts.csv")
    assert "['kind']" in code, "a word of KQL's own must stand in brackets"


@pytest.mark.parametrize("language", ["powershell", "powerquery"])
def test_columns_read_from_the_file_are_in_it(folder: Path, language: str) -> None:
    (code,) = [code for code in snippets(language) if "verdicts.csv" in code]
    assert {"build", "since", "until", "months_behind"} <= used(language, code) <= set(header(folder, "verdicts.csv"))


def test_pandas_names_columns_that_are_there(folder: Path) -> None:
    (code,) = snippets("python")
    compile(code, "recipe", "exec")
    verdicts, builds = code.split("builds = ")
    names = set(re.findall(r'"(\w+)"', verdicts)) - {"behind"}
    assert {"since", "until", "status"} <= names <= set(header(folder, "verdicts.csv"))
    assert set(re.findall(r'"(\w+)": str', builds)) <= set(header(folder, "builds.csv"))
    assert all((folder / path).is_file() for path in re.findall(r'"(export/\S+)"', code))


def ask(folder: Path, sql: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    monkeypatch.chdir(folder)
    with duckdb.connect(config={"autoload_known_extensions": False}) as database:
        return database.execute(sql).fetchall()


def test_sql_finds_the_verdict_of_today(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ask(folder, snippets("sql")[0], monkeypatch)
    assert [row[:2] for row in rows] == [("windows-11-24h2", "26100.3981"), ("windows-server-2025", "26100.3981")]
    assert "26100.3981 is the May 2025 hotpatch" in str(rows[0][4])
    assert "{as_of}" not in str(rows)


def test_sql_joins_a_list_of_devices_and_keeps_the_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ask(folder, snippets("sql")[1], monkeypatch)
    assert [(row[0], row[3]) for row in rows] == [("PC-1", "2025-05"), ("PC-2", "2025-07"), ("PC-3", None)]
    assert [row[1] == "unknown" for row in rows] == [False, False, True]


def test_build_read_as_a_number_is_another_build(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the recipes say of each reader of CSV that a build is text."""
    rows = ask(folder, "select distinct build from 'export/verdicts.csv' where build = 26100.477", monkeypatch)
    assert rows == [(26100.477,)]
    exact = ask(folder, "select distinct build from 'export/verdicts.parquet' where build = '26100.4770'", monkeypatch)
    assert exact == [("26100.4770",)]


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_commands_run_and_leave_what_the_recipes_read(folder: Path) -> None:
    commands = [line.split("#")[0].split() for code in snippets("sh") for line in code.splitlines() if "winkb " in line]
    assert len(commands) == 2
    for name, *arguments in commands:
        assert name == "winkb"
        winkb(folder, arguments)
    for path in re.findall(r"\bexport/[\w.]+", RECIPES):
        assert (folder / path).is_file(), path


def test_manifest_has_what_the_check_of_an_export_reads(folder: Path) -> None:
    (query,) = re.findall(r"jq -r '(.*?)' export/manifest.json", RECIPES)
    assert query == '.tables[].files[] | "\\(.sha256)  \\(.path)"'
    manifest = json.loads((folder / "export" / "manifest.json").read_text(encoding="utf-8"))
    assert all(
        {"sha256", "path"} <= file.keys() for table in manifest["tables"].values() for file in table["files"].values()
    )

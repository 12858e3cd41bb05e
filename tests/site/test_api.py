"""docs/api.md is true: each of its addresses answers as it says, and its tables have the keys that the documents have.

Where code has no interpreter here (KQL, M, PowerShell, a browser), its addresses and the keys that it uses are held.
"""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from scraper.publish.pages import LISTS, THINGS
from tests.docs.test_recipes import RECIPES, schema
from tests.fixtures.places import ROOT
from tests.fixtures.serving import QUERIES, TABLES, VIEWS

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SITE = "http://127.0.0.1:8001"
SNIPPETS: list[tuple[str, str]] = re.findall(r"(?s)```(\w+)\n(.*?)```", API)
PROSE = re.sub(r"(?s)```.*?```", "", API)
CALLED = [address for _, code in SNIPPETS for address in re.findall(rf"{SITE}(/[^\s'\"]+)", code)]
NAMED = re.findall(r"`(/[^`\s…]+)`", PROSE)
ADDRESSES = sorted({*CALLED, *NAMED})
CODES = {"/build/26100.3980.json": 404, "/build/26100.3981.json?as_of=yesterday": 400}


def snippets(language: str) -> list[str]:
    return [code for name, code in SNIPPETS if name == language]


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_in_the_text_answers(site: httpx.Client, address: str) -> None:
    response = site.get(address)
    assert response.status_code == CODES.get(address, 200), response.text
    assert response.headers["access-control-allow-origin"] == "*"
    path = address.partition("?")[0]
    kinds = {".json": "application/json", ".csv": "text/csv", ".atom": "application/atom+xml", ".ics": "text/calendar"}
    kind = kinds.get(Path(path).suffix, "text/html")
    assert response.headers["content-type"].startswith("text/plain" if "_nl=on" in address else kind)


def test_text_names_the_addresses_that_there_are() -> None:
    assert len(ADDRESSES) > 30
    assert {f"/catalog/{name}" for name in QUERIES} <= {address.partition(".json")[0] for address in ADDRESSES}
    assert {address.split("/")[1].partition(".")[0].partition("?")[0] for address in NAMED} >= {*THINGS, *LISTS}


def test_no_snippet_is_in_the_recipes_too() -> None:
    assert not [code for _, code in SNIPPETS if code in RECIPES]
    assert not {address for address in CALLED if SITE + address in RECIPES}


@pytest.mark.parametrize("address", [a for a in ADDRESSES if a.startswith("/catalog/") and "_nl" not in a])
def test_query_is_a_list_of_rows_and_csv_has_them_too(site: httpx.Client, address: str) -> None:
    rows = site.get(address).json()
    assert rows, address
    assert all(isinstance(row, dict) for row in rows)
    got = list(csv.DictReader(io.StringIO(site.get(address.replace(".json", ".csv")).text, newline="")))
    assert [list(row.values()) for row in got] == [["" if v is None else str(v) for v in row.values()] for row in rows]


def test_parameters_are_those_of_the_query() -> None:
    for name, parameters in re.findall(r"\| `/catalog/(\w+)\.json[^|]*\| ([^|]*) \|", API):
        if name in QUERIES:
            assert re.findall(r"`(\w+)`", parameters) == QUERIES[name]["params"]
        else:
            assert name in TABLES + VIEWS


def test_rows_go_on_where_the_link_says(site: httpx.Client) -> None:
    first = site.get("/catalog/builds.json?_shape=array&_size=200")
    following = first.links["next"]["url"]
    assert len(first.json()) == 200
    second = site.get(re.sub(r"^https?://[^/]+", "", following)).json()
    assert second
    assert second != first.json()


def test_one_object_is_on_a_line(site: httpx.Client) -> None:
    (address,) = [address for address in ADDRESSES if "_nl=on" in address]
    lines = site.get(address).text.splitlines()
    assert [set(json.loads(line)) for line in lines] == [set(json.loads(lines[0]))] * 5


# --- documents -------------------------------------------------------------------------------------------------------


def shapes() -> dict[str, dict[str, str]]:
    """The keys of each document and of what stands inside, with their types, as the tables have them."""
    found: dict[str, dict[str, str]] = {}
    for name, section in re.findall(r"(?s)\n### (\w+)\n(.*?)(?=\n##)", API):
        found[name] = dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]+?) \|", section))
    for inner, key, kind in re.findall(r"(?m)^\| ([a-z ]+) \| `(\w+)` \| ([^|]+?) \|", API):
        found.setdefault(inner, {})[key] = kind
    return found


SHAPES = shapes()
TEXTS = {
    "text": r"(?s).+",
    "date": r"\d{4}-\d{2}-\d{2}",
    "month": r"\d{4}-\d{2}",
    "time": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z",
}


def hold(value: Any, kind: str, where: str) -> None:
    """A value is of the kind that the text says."""
    bare = kind.removesuffix(" or null")
    if value is None:
        assert bare != kind, f"{where} is null"
    elif bare.startswith("list of "):
        for item in value:
            hold(item, bare.removeprefix("list of "), where)
    elif isinstance(value, dict):
        assert value.keys() == SHAPES[bare].keys(), where
        for key, inner in SHAPES[bare].items():
            hold(value[key], inner, f"{where}.{key}")
    elif bare in TEXTS:
        assert isinstance(value, str), where
        assert re.fullmatch(TEXTS[bare], value), (where, value)
    elif bare == "number":
        assert type(value) is int, where
    elif bare == "true/false":
        assert type(value) is bool, where
    else:
        assert bare == "1/0", where
        assert type(value) is int, where
        assert value in (0, 1)


DOCUMENTS = [
    ("build", "/build/26100.3981.json?as_of=2025-05-20"),
    ("build", "/build/26100.4061.json"),
    ("build", "/build/26100.3980.json"),
    ("build", "/build/999999.1.json"),
    ("kb", "/kb/KB5058497.json"),
    ("kb", "/kb/5061096.json"),
    ("kb", "/kb/1.json"),
    ("month", "/month/2026-06.json"),
    ("month", "/month/2024-11.json"),
    *(
        ("release", f"/release/{name}.json")
        for name in ("windows-11-24h2", "22H2", "26H2", "server-2016", "server-2025")
    ),
    ("changes", "/changes.json"),
    ("disagreements", "/disagreements.json?ended=1"),
    ("about", "/about.json"),
]


@pytest.mark.parametrize(("name", "address"), DOCUMENTS)
def test_document_has_the_keys_and_types_of_the_text(site: httpx.Client, name: str, address: str) -> None:
    document = site.get(address).json()
    assert document
    hold(document, f"list of {name}" if isinstance(document, list) else name, name)


def test_every_shape_is_used() -> None:
    kinds = {
        kind.removesuffix(" or null").removeprefix("list of ") for shape in SHAPES.values() for kind in shape.values()
    }
    assert kinds - {*TEXTS, "number", "true/false", "1/0"} | {name for name, _ in DOCUMENTS} == SHAPES.keys()


# --- answers ---------------------------------------------------------------------------------------------------------


def test_error_is_as_the_text_says(site: httpx.Client) -> None:
    (wanted,) = re.findall(r'`(\{"ok".*?\})`', API)
    error = site.get("/build/26100.3981.json?as_of=yesterday").json()
    assert error.keys() == json.loads(wanted).keys()
    begin, between = re.fullmatch(r"(.*)…(.*)…", json.loads(wanted)["error"]).groups()  # type: ignore[union-attr]
    assert error["error"].startswith(begin)
    assert between in error["error"]


def test_wrong_sql_is_400_and_other_methods_are_405(site: httpx.Client) -> None:
    assert site.get("/catalog.json", params={"sql": "select nope"}).status_code == 400
    assert site.post("/kb/KB5058497.json").status_code == 405


@pytest.mark.parametrize("address", ["/changes.json?since=2026-06-01", "/kb/KB5058497.csv", "/calendar.ics", "/"])
def test_answer_that_one_has_is_304(site: httpx.Client, address: str) -> None:
    first = site.get(address)
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = site.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_browser_may_ask_first(site: httpx.Client) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    answer = site.options("/kb/KB5058497.json", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"


# --- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
@pytest.mark.parametrize("code", snippets("sh"))
def test_shell_example_runs(site: httpx.Client, tmp_path: Path, code: str) -> None:
    here = code.replace(SITE, str(site.base_url).rstrip("/"))
    ended = subprocess.run(["bash", "-eo", "pipefail", "-c", here], cwd=tmp_path, capture_output=True, timeout=30)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout or (tmp_path / "changes.json").stat().st_size


@pytest.mark.parametrize("code", snippets("powershell") + snippets("javascript"))
def test_key_that_an_example_uses_is_in_the_document(site: httpx.Client, code: str) -> None:
    (address,) = re.findall(rf"{SITE}(/[^\s'\"]+)", code)
    document = site.get(address).json()
    keys = set(re.findall(r"\banswer\.(\w+)", code))
    assert keys <= (document[0] if isinstance(document, list) else document).keys()
    for nested, key in re.findall(r"\banswer\.(\w+)\.(\w+)", code):
        assert key in SHAPES[SHAPES["build"][nested].removesuffix(" or null")]
    for columns in re.findall(r"Select-Object ([\w, ]+),", code):
        assert set(columns.split(", ")) <= document["builds"][0].keys()
    for nested, key in re.findall(r"\$_\.(\w+)\.(\w+)", code):
        assert key in document["builds"][0][nested]


def test_kql_declares_keys_of_the_document_with_their_types(site: httpx.Client) -> None:
    (code,) = snippets("kusto")
    types = {"text": "string", "time": "datetime", "true/false": "bool"}
    wanted = SHAPES["changes"]
    for name, kind in schema(code).items():
        assert types[wanted[name].removesuffix(" or null")] == kind


def test_power_query_names_columns_of_the_csv(site: httpx.Client) -> None:
    (code,) = snippets("powerquery")
    (address,) = re.findall(rf"{SITE}(/[^\s'\"]+)", code)
    header = site.get(address).text.splitlines()[0].split(",")
    assert set(re.findall(r'\{"(\w+)", ', code)) <= set(header)
    assert '"build", type text' in code

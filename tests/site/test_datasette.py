"""Datasette's pages and queries over the bundled catalog."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from scraper.publish.serve import SETTINGS
from tests.fixtures.places import ROOT
from tests.fixtures.serving import QUERIES, SCHEMA, TABLES, VIEWS


def columns(name: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return [column for (column,) in db.execute("select name from pragma_table_info(?)", [name])]


def rows(catalog: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(catalog)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql)]


def get(site: httpx.Client, path: str, **params: str) -> httpx.Response:
    response = site.get(path, params=params or None)
    assert response.status_code == 200, response.text
    for trouble in ("Traceback", "Invalid SQL", "SQL Interrupted", "message-error", "no such column"):
        assert trouble not in response.text
    return response


def ask(site: httpx.Client, query: str, **params: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = get(site, f"/catalog/{query}.json", _shape="array", **params).json()
    return answer


@pytest.mark.parametrize("path", ["/", "/catalog", *(f"/catalog/{name}" for name in (*TABLES, *VIEWS, *QUERIES))])
def test_page_answers_in_html_and_json(site: httpx.Client, path: str) -> None:
    assert get(site, path).headers["content-type"].startswith("text/html")
    assert get(site, f"{path}.json").json()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name.endswith("verdict_periods") else ())
        for name in sorted({*TABLES, *VIEWS} - {*QUERIES})
    ],
)
def test_every_row_is_published(site: httpx.Client, catalog: Path, name: str) -> None:
    wanted = rows(catalog, f"select * from {name}")
    address: str | None = f"/catalog/{name}.json?_shape=objects&_size={'max' if len(wanted) > 2000 else 100}"
    got: list[dict[str, Any]] = []
    while address:
        page = get(site, address).json()
        assert page["filtered_table_rows_count"] == len(wanted)
        got += page["rows"]
        address = page["next_url"]
    own = columns(name)
    assert sorted(map(str, [{c: row[c] for c in own} for row in got])) == sorted(map(str, wanted))


@pytest.mark.parametrize("name", sorted({*VIEWS} & {*QUERIES}))
def test_query_left_blank_is_the_view_of_the_same_name(site: httpx.Client, catalog: Path, name: str) -> None:
    wanted = rows(catalog, f"select * from {name}")
    got = ask(site, name)
    assert sorted(map(str, got)) == sorted(map(str, wanted))
    assert get(site, f"/catalog/{name}.json").json()["columns"] == columns(name)


def test_database_page_hides_what_search_keeps_for_itself(site: httpx.Client) -> None:
    tables = get(site, "/catalog.json").json()["tables"]
    assert sorted(table["name"] for table in tables if not table["hidden"]) == TABLES


def test_row_pages_answer(site: httpx.Client) -> None:
    assert "KB5058497" in get(site, "/catalog/kbs/KB5058497").text
    assert get(site, "/catalog/releases/windows-11-24h2.json").json()["rows"]
    assert get(site, "/catalog/months/windows-11-24h2,2025-05.json").json()["rows"]


@pytest.mark.parametrize("kb", ["KB5058497", "kb5058497", "5058497", "KB 5058497", " kb 5058497 "])
def test_kb_lookup_understands_every_spelling(site: httpx.Client, kb: str) -> None:
    found = {row["release"]: row for row in ask(site, "kb_lookup", kb=kb)}
    row = found["windows-11-24h2"]
    assert (row["kb"], row["build"], row["kind"], row["security_month"], row["twin_kb"], row["baseline_kb"]) == (
        "KB5058497",
        "26100.3981",
        "hotpatch",
        "2025-05",
        "KB5058411",
        "KB5055523",
    )


@pytest.mark.parametrize("build", ["26100.3981", " 10.0.26100.3981 "])
def test_build_lookup_understands_every_spelling(site: httpx.Client, build: str) -> None:
    row = ask(site, "build_lookup", build=build)[0]
    assert (row["release"], row["build"], row["kb"], row["track"]) == (
        "windows-11-24h2",
        "26100.3981",
        "KB5058497",
        "hotpatch",
    )
    assert row["data_as_of"].endswith("Z")


def test_unknown_kb_and_build_find_nothing(site: httpx.Client) -> None:
    assert ask(site, "kb_lookup", kb="KB1") == []
    assert ask(site, "kb_lookup") == []
    assert ask(site, "build_lookup", build="26100.1.1") == []


def test_hotpatch_calendar_narrows_by_year_and_release(site: httpx.Client) -> None:
    for release in ("windows-11-24h2", "24H2"):
        found = ask(site, "hotpatch_calendar", year="2025", release=release)
        assert {row["month"][:4] for row in found} == {"2025"}
        assert {row["release"] for row in found} == {"windows-11-24h2"}
    assert ask(site, "hotpatch_calendar", year="1999") == []


def test_next_restart_answers_for_another_day(site: httpx.Client) -> None:
    row = next(row for row in ask(site, "next_restart", as_of="2025-04-01") if row["release"] == "windows-11-24h2")
    assert (row["month"], row["date"], row["date_is"], row["days"]) == ("2025-04", "2025-04-08", "published", 7)


def test_twins_narrow_by_month_and_release(site: httpx.Client) -> None:
    (row,) = ask(site, "twins", month="2025-05", release="24H2")
    assert (row["hotpatch_kb"], row["cumulative_kb"], row["revisions_apart"]) == ("KB5058497", "KB5058411", 80)


def test_what_changed_starts_at_a_day(site: httpx.Client, catalog: Path) -> None:
    everything = ask(site, "what_changed")
    assert len(everything) == len(rows(catalog, "select * from changes"))
    assert [row["seen_at"] for row in everything] == sorted((row["seen_at"] for row in everything), reverse=True)
    recent = ask(site, "what_changed", since="2026-08-01")
    assert recent == [row for row in everything if row["seen_at"] >= "2026-08-01"]
    assert ask(site, "what_changed", since="2099-01-01") == []


def test_search_finds_a_kb(site: httpx.Client) -> None:
    assert [row["kb"] for row in ask(site, "kbs", _search="KB5058497")] == ["KB5058497"]


README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", sorted(set(re.findall(r"`(/catalog/[^`]+)`", README))))
def test_address_in_the_readme_answers(site: httpx.Client, address: str) -> None:
    assert isinstance(get(site, address).json() if ".json" in address else [], list)


@pytest.mark.parametrize("sql", [line for line in README.splitlines() if line.startswith("select ")])
def test_sql_in_the_readme_runs(site: httpx.Client, sql: str) -> None:
    assert get(site, "/catalog.json", sql=sql).json()["columns"]


def test_settings_are_those_of_production(site: httpx.Client) -> None:
    settings = get(site, "/-/settings.json").json()
    assert {name: settings[name] for name in SETTINGS} == SETTINGS
    (database,) = get(site, "/-/databases.json").json()
    assert (database["name"], database["is_mutable"]) == ("catalog", False)


def test_free_sql_is_open(site: httpx.Client) -> None:
    answer = get(site, "/catalog.json", sql="select count(*) as kbs from kbs", _shape="array").json()
    assert answer[0]["kbs"] > 0


def test_values_stay_within_250_000_bytes(site: httpx.Client) -> None:
    assert get(site, "/catalog.json", sql="select length(zeroblob(250000))").json()["rows"] == [[250000]]
    assert site.get("/catalog.json", params={"sql": "select length(zeroblob(250001))"}).status_code == 400

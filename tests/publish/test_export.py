"""The catalog as files: all of it, typed, the same bytes every time, and a manifest that is true."""

import csv
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from scraper.answers import open_catalog
from scraper.catalog.schema import schema
from scraper.cli import main
from scraper.errors import InputError, MachineError
from scraper.publish.export import VIEWS, Manifest, export
from tests.fixtures.places import ROOT
from tests.fixtures.serving import build_small

SCHEMA = schema()
ALL = ("csv", "json", "parquet")
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = f"{DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z"
NOTES = """
insert into articles (kb, release, title, available, layout, issues, page)
  select kb, release, 'an article', available, 'new', 'listed', page from builds where kb is not null limit 1;
insert into known_issues (kb, title, status, symptom, first_seen, last_seen)
  select kb, '=1+1', 'open', 'one' || char(10) || '"two", three', '2026-09-30T03:00:00Z', '2026-10-01T03:00:00Z'
  from articles;
insert into prerequisites (kb, kind, requires_kb) select kb, 'baseline', 'KB5058411' from articles;
insert into sections values
  ((select kb from articles), 2, 'second', 'b'), ((select kb from articles), 1, 'first', 'a');
"""


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled catalog, with an article of awkward texts."""
    path = Path(shutil.copy(ROOT / "catalog.db", tmp_path_factory.mktemp("catalog")))
    with closing(sqlite3.connect(path)) as catalog:
        catalog.executescript(NOTES)
    return path


@pytest.fixture(scope="module")
def catalog(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_catalog(db)) as opened:
        yield opened


@pytest.fixture(scope="module")
def exported(catalog: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("there") / "is no such folder" / "yet"
    return folder, export(catalog, folder, ALL)


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    """The schema without rows."""
    with closing(sqlite3.connect(":memory:")) as opened:
        opened.executescript(SCHEMA)
        yield opened


def tables(kind: str) -> set[str]:
    return set(re.findall(rf"(?m)^create {kind} (\w+)", SCHEMA))


def source(name: str) -> str:
    return VIEWS.get(name, name)


# --- what is exported ------------------------------------------------------------------------------------------------


def test_every_table_is_exported_and_nothing_of_the_search(exported: tuple[Path, Manifest]) -> None:
    assert set(exported[1]["tables"]) == tables("table") | set(VIEWS)
    assert not any("fts" in name or name.startswith("sqlite") for name in exported[1]["tables"])


def test_every_view_without_a_clock_is_exported_and_none_with_one() -> None:
    views = dict(re.findall(r"(?ms)^create view (\w+)(.*?);$", re.sub(r"--.*", "", SCHEMA)))
    assert views.keys() == tables("view")
    clock = {name for name, sql in views.items() if re.search(r"'now'|current_(date|time|timestamp)\b", sql)}
    while more := {name for name, sql in views.items() if clock & set(re.findall(r"\w+", sql))} - clock:
        clock |= more
    assert clock == {"build_verdict", "current_builds", "next_restart"}
    assert set(VIEWS.values()) == views.keys() - clock - {
        *("calendar_starts", "edition_names", "month_names", "other_families", "edition_restart_periods"),
    }


def test_folder_has_the_files_and_the_manifest_and_nothing_else(exported: tuple[Path, Manifest]) -> None:
    folder, manifest = exported
    wanted = {f"{name}.{ending}" for name in manifest["tables"] for ending in ALL} | {"manifest.json"}
    assert {path.name for path in folder.iterdir()} == wanted


def test_all_formats_have_the_rows_of_the_catalog(catalog: sqlite3.Connection, exported: tuple[Path, Manifest]) -> None:
    folder, manifest = exported
    for name, table in manifest["tables"].items():
        wanted = sorted(catalog.execute(f"select * from {source(name)}").fetchall(), key=repr)
        assert table["rows"] == len(wanted)
        rows = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert sorted((tuple(row.values()) for row in rows), key=repr) == wanted
        assert all(list(row) == list(table["columns"]) for row in rows)
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            header, *cells = csv.reader(file)
        assert header == list(table["columns"])
        plain = [["" if value is None else str(value) for value in row.values()] for row in rows]
        assert [[cell.removeprefix("'") for cell in line] for line in cells] == plain
        assert [tuple(row.values()) for row in rows] == [tuple(map(as_text, row)) for row in parquet(folder, name)]


def parquet(folder: Path, name: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        return database.execute("select * from read_parquet(?)", [str(folder / f"{name}.parquet")]).fetchall()


def as_text(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value


def test_formula_is_disarmed_in_csv_alone(exported: tuple[Path, Manifest]) -> None:
    folder, _ = exported
    assert "'=1+1," in (folder / "known_issues.csv").read_text(encoding="utf-8-sig")
    assert '"title":"=1+1"' in (folder / "known_issues.json").read_text(encoding="utf-8")


def test_endings_asked_for_are_the_endings_written(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    manifest = export(catalog, tmp_path, ["jsonl", "jsonl"])
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl", ".json"}
    assert [path.name for path in tmp_path.glob("*.json")] == ["manifest.json"]
    assert all(list(table["files"]) == ["jsonl"] for table in manifest["tables"].values())


# --- kinds of columns ------------------------------------------------------------------------------------------------


def declared() -> dict[tuple[str, str], str]:
    """What the schema says of each column of a table: by its check a date or a time, else by its type."""
    found = {}
    for name, body in re.findall(r"(?ms)^create table (\w+) \((.*?)^\) strict;$", SCHEMA):
        for column, sort, rest in re.findall(r"(?m)^  (\w+) (text|integer)\b(.*)$", body):
            if glob := re.search(rf"check \({column} glob '(\?\?\?\?-\?\?-\?\?(?:T\S+Z)?)'\)", rest):
                found[name, column] = "time" if "T" in glob[1] else "date"
            else:
                found[name, column] = sort
    return found


def test_kinds_of_tables_are_those_that_the_schema_declares(exported: tuple[Path, Manifest]) -> None:
    found = exported[1]["tables"]
    kinds = {(name, column): kind for name in tables("table") for column, kind in found[name]["columns"].items()}
    assert kinds == declared()
    assert {"text", "integer", "date", "time"} == set(kinds.values())


def test_kinds_of_views_are_those_that_the_rows_have(
    catalog: sqlite3.Connection, exported: tuple[Path, Manifest]
) -> None:
    kinds = {}
    for name in VIEWS:
        rows = catalog.execute(f"select * from {VIEWS[name]}").fetchall()
        for place, (column, kind) in enumerate(exported[1]["tables"][name]["columns"].items()):
            if values := [row[place] for row in rows if row[place] is not None]:
                kinds[name, column] = (kind, kind_of(values))
    assert {key: pair for key, pair in kinds.items() if pair[0] != pair[1]} == {}
    assert len(kinds) > 60


def kind_of(values: list[str | int]) -> str:
    if all(isinstance(value, int) for value in values):
        return "integer"
    patterns = {"date": DATE, "time": TIME}
    matches = (kind for kind, form in patterns.items() if all(re.fullmatch(form, str(value)) for value in values))
    return next(matches, "text")


def test_since_is_a_date_of_a_verdict_and_a_time_of_a_disagreement(exported: tuple[Path, Manifest]) -> None:
    found = exported[1]["tables"]
    assert [found["verdicts"]["columns"][name] for name in ("since", "until")] == ["date", "date"]
    assert [found["disagreements"]["columns"][name] for name in ("since", "until")] == ["time", "time"]


# --- the manifest ----------------------------------------------------------------------------------------------------


def test_manifest_lists_every_file_as_it_is(exported: tuple[Path, Manifest]) -> None:
    folder, manifest = exported
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8")) == manifest
    for name, table in manifest["tables"].items():
        for ending, file in table["files"].items():
            content = (folder / file["path"]).read_bytes()
            assert file["path"] == f"{name}.{ending}"
            assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_manifest_says_how_fresh_and_which_facts(catalog: sqlite3.Connection, exported: tuple[Path, Manifest]) -> None:
    manifest = exported[1]
    assert manifest["data_as_of"] == dict(catalog.execute("select release, data_as_of from freshness").fetchall())
    (digest,) = catalog.execute("select facts_sha256 from runs where run = (select max(run) from runs)").fetchone()
    assert manifest["facts_sha256"] == digest
    assert set(manifest) == {"winkb", "schema_version", "data_as_of", "facts_sha256", "tables"}


def test_catalog_without_a_run_has_no_facts_to_name(empty: sqlite3.Connection, tmp_path: Path) -> None:
    manifest = export(empty, tmp_path, ["csv"])
    assert (manifest["facts_sha256"], manifest["data_as_of"]) == (None, {})
    assert {table["rows"] for table in manifest["tables"].values()} == {0}


@pytest.fixture(scope="module")
def unchanged(exported: tuple[Path, Manifest]) -> str:
    """The schema_version of a catalog with the schema as it is, whatever its rows and the formats of the files are."""
    return exported[1]["schema_version"]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("alter table kbs add column note text", True),
        ("alter table kbs rename column title to name", True),
        ("alter table kbs add column gone integer generated always as (expired) virtual", True),
        ("create table notes (note text) strict", True),
        ("drop view twins; create view twins as select 1 as one", True),
        ("create index kbs_title on kbs (title)", False),
        ("drop view next_restart", False),
        ("drop table feeds; create table feeds (page text, -- in other words\n release text) strict", False),
        ("insert into runs values (1, '2026-09-30T03:00:00Z', 'news', 0, null)", False),
    ],
)
def test_schema_version_changes_exactly_when_a_column_does(
    empty: sqlite3.Connection, unchanged: str, tmp_path: Path, change: str, differs: bool
) -> None:
    empty.executescript(change)
    assert (export(empty, tmp_path, ["csv"])["schema_version"] != unchanged) is differs


# --- again, and beside others ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_exported_twice_the_bytes_are_the_same(
    catalog: sqlite3.Connection, exported: tuple[Path, Manifest], tmp_path: Path
) -> None:
    export(catalog, tmp_path, ALL)
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert again == {path.name: path.read_bytes() for path in exported[0].iterdir()}


def test_order_of_rows_is_that_of_the_key_not_of_the_loading(exported: tuple[Path, Manifest]) -> None:
    rows = json.loads((exported[0] / "sections.json").read_text(encoding="utf-8"))
    assert [row["position"] for row in rows] == [1, 2]


def test_table_without_a_key_keeps_the_order_of_the_loading(
    catalog: sqlite3.Connection, exported: tuple[Path, Manifest]
) -> None:
    rows = json.loads((exported[0] / "builds.json").read_text(encoding="utf-8"))
    wanted = catalog.execute("select release, build, kb from builds order by rowid").fetchall()
    assert [(row["release"], row["build"], row["kb"]) for row in rows] == wanted


@pytest.mark.slow
def test_other_files_stay_and_are_not_in_the_manifest(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    export(catalog, tmp_path, ["csv", "jsonl"])
    before = (tmp_path / "kbs.jsonl").read_bytes()
    manifest = export(catalog, tmp_path, ["csv"])
    assert (tmp_path / "mine.csv").read_text() == "mine"
    assert (tmp_path / "kbs.jsonl").read_bytes() == before
    assert list(manifest["tables"]["kbs"]["files"]) == ["csv"]


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("endings", "found"), [(["csv", "xlsx"], "xlsx"), ([".csv"], ".csv"), ([], "none")])
def test_unknown_format_is_wrong_usage_before_anything_is_written(
    catalog: sqlite3.Connection, tmp_path: Path, endings: list[str], found: str
) -> None:
    with pytest.raises(InputError, match=rf"unexpected format on .* found: {re.escape(found)}$"):
        export(catalog, tmp_path / "new", endings)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_this_machine(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(MachineError, match="expected: a folder to write to"):
            export(catalog, folder, ALL)


def test_file_that_cannot_be_written_is_this_machine(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "kbs.csv").mkdir()
    with pytest.raises(MachineError, match=r"unexpected trouble on .*kbs\.csv"):
        export(catalog, tmp_path, ["csv"])
    assert not (tmp_path / "manifest.json").exists()


def test_catalog_of_another_code_is_this_machine(empty: sqlite3.Connection, tmp_path: Path) -> None:
    empty.execute("drop view verdict_periods")
    with pytest.raises(MachineError, match="expected: verdict_periods, found: none of that name"):
        export(empty, tmp_path, ["csv"])


def test_broken_catalog_is_this_machine(db: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copy(db, tmp_path / "broken.db"))
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) // 2] + b"x" * (len(content) // 2))
    with (
        closing(open_catalog(broken)) as catalog,
        pytest.raises(MachineError, match=r"a whole catalog, found: .*malformed"),
    ):
        export(catalog, tmp_path / "new", ["csv"])


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small catalog, and an empty folder to stand in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return build_small(tmp_path / "catalog.db")


def run(db: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", "--db", str(db), *arguments])


def test_command_writes_all_formats_into_the_folder_export(small: Path, exported: tuple[Path, Manifest]) -> None:
    ended = run(small)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert {path.name for path in Path("export").iterdir()} == {path.name for path in exported[0].iterdir()}
    manifest = json.loads(Path("export", "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema_version"] == exported[1]["schema_version"]
    assert manifest["tables"]["kbs"]["rows"] == 3


def test_command_writes_the_named_formats_into_the_named_folder(small: Path) -> None:
    assert run(small, "there", "--csv", "--parquet").exit_code == 0
    assert {path.suffix for path in Path("there").iterdir()} == {".csv", ".parquet", ".json"}
    assert [path.name for path in Path("there").glob("*.json")] == ["manifest.json"]


def test_command_says_that_a_folder_cannot_be_made(small: Path) -> None:
    Path("file").write_text("")
    ended = run(small, "file/below")
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert "expected: a folder to write to" in ended.stderr


def test_command_on_a_full_disk_says_one_line_and_leaves_no_manifest(db: Path, tmp_path: Path) -> None:
    """A limit on the size of a file stands for the disk that has no room."""
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
    limited += "runpy.run_module('scraper', run_name='__main__')"
    command = [sys.executable, "-c", limited, "export", "--db", str(db), "--json"]
    environment = {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=60)
    assert ended.returncode == 5
    assert re.fullmatch(r"winkb: unexpected trouble on export/\w+\.json\. .* File too large\n", ended.stderr)
    assert not (tmp_path / "export" / "manifest.json").exists()
    assert list((tmp_path / "export").glob(".winkb-*")) == []

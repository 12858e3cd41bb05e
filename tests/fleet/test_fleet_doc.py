"""docs/fleet.md: its join gives the verdicts of the command, its commands run, its tables are complete."""

import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import duckdb
import pytest

from scraper.fleet import COLUMNS
from scraper.formats import Kind, write
from tests.fixtures.places import ROOT
from tests.fleet.devices import BEHIND, CURRENT, DAY, Judge, Winkb, every_build

DOC = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")


def test_join_of_the_doc_gives_the_verdicts_of_the_command(
    catalog: sqlite3.Connection, judge: Judge, tmp_path: Path
) -> None:
    kinds = dict.fromkeys(("since", "until"), Kind.DATE) | {
        "months_behind": Kind.INTEGER,
        "action_restart": Kind.INTEGER,
    }
    found = catalog.execute("select * from edition_verdict_periods")
    names = [column[0] for column in found.description]
    write(tmp_path / "verdicts.parquet", {name: kinds.get(name, Kind.TEXT) for name in names}, map(tuple, found))
    products = ("Windows 11 Enterprise", "Windows Server 2025 Datacenter")
    builds = [*every_build(catalog), "26100.999999", "19045.1"]
    listed = [
        (f"PC-{number}", f"{prefix}{build}", product)
        for number, (build, prefix, product) in enumerate(
            (build, prefix, product) for build in builds for prefix in ("", "10.0.") for product in products
        )
    ]
    rows, _ = judge("device,version,product\n" + "".join(",".join(row) + "\n" for row in listed))
    query = re.findall(r"(?s)```sql\n(.*?)```", DOC)
    assert len(query) == 1
    with duckdb.connect() as base:
        base.execute(f"create view verdicts as from '{tmp_path / 'verdicts.parquet'}'")
        base.execute(
            "create table devices (device varchar, version varchar, product varchar, edition varchar, as_of date)"
        )
        edition = "if(product like '%Server%', null, 'enterprise-education')"
        base.executemany(f"insert into devices select *, null, date '{DAY}' from (values (?, ?, ?))", listed)
        base.execute(f"update devices set edition = {edition}")
        joined = base.execute(query[0])
        columns = [column[0] for column in joined.description or ()]
        theirs = {row[0]: dict(zip(columns, row, strict=True)) for row in joined.fetchall()}
    assert set(columns) == set(COLUMNS) - {"line"}
    assert len(theirs) == len(rows) == len(listed)
    for row in rows:
        other = {name: "" if value is None else str(value) for name, value in theirs[row["device"]].items()}
        ours = {name: value for name, value in row.items() if name != "line"}
        if row["reason"] == "not-in-catalog":
            for verdict in (other, ours):
                del verdict["release"], verdict["because"], verdict["edition"], verdict["action_because"]
        assert other == ours


def test_kql_of_the_doc_declares_the_columns_of_the_export(catalog: sqlite3.Connection) -> None:
    (declared,) = re.findall(r"externaldata\(\s*(.*?)\s*\) \[", DOC, re.DOTALL)
    names = [column.split(":")[0].strip("[]' \n") for column in declared.split(",")]
    assert names == [row[1] for row in catalog.execute("pragma table_info(verdict_periods)")]


def test_commands_of_the_doc_run(winkb: Winkb, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page has them, in a folder with a catalog and with a list that has the columns which they name."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(db, tmp_path / "catalog.db")
    head = "OS version,Device name,Betriebssystemversion,Gerätename\n"
    Path("devices.csv").write_text(f"{head}{BEHIND},PC-1,{CURRENT},PC-2\n", encoding="utf-8")
    commands = re.findall(r"(?m)^winkb (.*?)(?: +#.*)?$", DOC)
    codes = [redirected(winkb, *shlex.split(command)) for command in commands]
    assert [command.split()[0] for command in commands] == [*["fleet"] * 4, "export"]
    assert (codes[2], codes[4]) == (1, 0)
    assert set(codes) <= {0, 1, 4}, "what the others say depends on the day"
    listed = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("verdicts.*")}
    assert listed == {"verdicts.csv", "verdicts.parquet", "folder/verdicts.csv", "folder/verdicts.parquet"}


def redirected(winkb: Winkb, *words: str) -> int:
    """The exit code of a command line, with its `< FILE` and `> FILE` as a shell would have them."""
    files: dict[str, Path] = {}
    arguments: list[str] = []
    left = iter(words)
    for word in left:
        if word in ("<", ">"):
            files[word] = Path(next(left))
        else:
            arguments.append(word)
    ended = winkb(*arguments, stdin=files["<"].read_bytes() if "<" in files else b"")
    if ">" in files:
        files[">"].write_bytes(ended.stdout)
    return ended.code


def test_doc_names_every_column_reason_and_code() -> None:
    assert all(f"`{name}`" in DOC for name in COLUMNS)
    assert re.findall(r"(?m)^\| (\d+) \|", DOC) == ["1", "2", "4", "5", "141", "0"]

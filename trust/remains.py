"""What a run leaves in its folder, and whether that is whole. For the experiments beside this file."""

import shutil
import sqlite3
import tempfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scraper.ingest import parse

KEPT = {"catalog.db", "catalog.db.lock", "archive.db", "archive.db.lock"}
# What a run that was killed may leave; the next one takes it away.
PASSING = {"catalog.db.aside", "archive.db-journal"}

Tables = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What an archive holds: its versions, visits, ended runs and acceptances, row by row."""

    versions: frozenset[tuple[str, str, bytes]] = frozenset()
    visits: frozenset[tuple[object, ...]] = frozenset()
    runs: frozenset[tuple[object, ...]] = frozenset()
    acceptances: frozenset[tuple[object, ...]] = frozenset()

    @property
    def sources(self) -> frozenset[str]:
        """Those of which a version is stored."""
        return frozenset(source for source, _, _ in self.versions)

    @property
    def noted(self) -> frozenset[object]:
        """The sources with a noted visit, good or not."""
        return frozenset(source for source, *_ in self.visits)

    @property
    def ended(self) -> int:
        return len(self.runs)

    def lost(self, before: "Stored") -> list[str]:
        """What stood in the archive before and does not now."""
        lines = []
        for name in ("versions", "visits", "runs", "acceptances"):
            gone = getattr(before, name) - getattr(self, name)
            if gone:
                lines.append(f"archive: {len(gone)} of its {name} are lost")
        return lines


def unsound(database: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong."""
    try:
        rows = database.execute("pragma integrity_check").fetchall()
    except sqlite3.DatabaseError as problem:
        return [str(problem)]
    found = [str(row[0]) for row in rows if row[0] != "ok"]
    return found + [f"foreign key {row}" for row in database.execute("pragma foreign_key_check")]


def stored(folder: Path) -> tuple[Stored, list[str]]:
    """What the archive holds, and what is wrong with it: unsound, or a version that is not what it is known by. Looked
    at in a copy, with its journal: to roll that back is the work of the next run."""
    if not (folder / "archive.db").exists():
        return Stored(), []
    with tempfile.TemporaryDirectory(dir=folder.parent) as copy:
        for path in folder.glob("archive.db*"):
            shutil.copy(path, copy)
        with closing(sqlite3.connect(Path(copy) / "archive.db")) as archive:
            wrong = [f"archive: {problem}" for problem in unsound(archive)]
            if wrong or not archive.execute("select 1 from sqlite_master limit 1").fetchone():
                return Stored(), wrong  # killed before it was one
            versions = archive.execute("select source, fingerprint, body from versions").fetchall()
            visits = archive.execute("select source, run, visit, at, status, version, failure from visits").fetchall()
            runs = archive.execute("select * from runs").fetchall()
            acceptances = archive.execute("select source, version, run, at from acceptances").fetchall()
    wrong = [f"archive: the version {print_} of {source} is broken" for source, print_, _ in filter(broken, versions)]
    return Stored(frozenset(versions), frozenset(visits), frozenset(runs), frozenset(acceptances)), wrong


def broken(version: tuple[str, str, bytes]) -> bool:
    """Whether a stored version is not the page that its fingerprint names."""
    source, fingerprint, packed = version
    if (source, fingerprint, packed) in _SOUND:
        return False
    reckoned = parse.article_fingerprint if source.startswith("KB") else parse.fingerprint
    try:
        if reckoned(zlib.decompress(packed)) != fingerprint:
            return True
    except zlib.error:
        return True
    _SOUND.add(version)
    return False


_SOUND: set[tuple[str, str, bytes]] = set()  # the same few hundred come back in every round


def catalog_problems(folder: Path) -> list[str]:
    """What is wrong with the catalog; none is as good as a whole one."""
    path = folder / "catalog.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as catalog:
        wrong = unsound(catalog)
        if not wrong and not catalog.execute("select 1 from sqlite_master where name = 'builds'").fetchone():
            wrong.append("no tables")
        if not wrong and not catalog.execute("select 1 from builds").fetchone():
            wrong.append("no builds")
    return [f"catalog: {problem}" for problem in wrong]


def contents(path: Path, *, exact: bool = False) -> Tables:
    """Every row of every table of a catalog; unless ``exact``, save what may differ between a crawl that was disturbed
    and one that was not: the table ``runs``, the number of a run in ``changes``, the order of findings, and those that
    only the first few pages gave, which the others resolved at once."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as catalog:
        schema = catalog.execute("select name, sql from sqlite_master where name not like '%_fts%' order by name")
        tables: Tables = {"(schema)": schema.fetchall(), "(code)": catalog.execute("pragma user_version").fetchall()}
        named = "select name from sqlite_master where type = 'table' and name not like '%_fts%'"
        left_out = {} if exact else {"findings": "finding", "changes": "run"}
        for (name,) in catalog.execute(named).fetchall():
            if name == "runs" and not exact:
                continue
            listed = [row[1] for row in catalog.execute(f"pragma table_info({name})") if row[1] != left_out.get(name)]
            lasting = "" if exact or name != "findings" else "where first_seen is not resolved_at"
            rows = catalog.execute(f"select {', '.join(listed)} from {name} {lasting} order by rowid").fetchall()
            tables[name] = sorted(rows, key=repr) if lasting else rows
        for index in ("kbs_fts", "sections_fts"):
            tables[index] = catalog.execute(f"select rowid from {index} where {index} match 'kb* or page'").fetchall()
    return tables


def differences(is_: Tables, should_be: Tables) -> list[str]:
    """One line for each table that differs, with the first rows of either side."""
    lines = []
    for name in sorted(is_.keys() | should_be.keys()):
        ours, theirs = is_.get(name, []), should_be.get(name, [])
        if ours != theirs:
            more, less = [row for row in ours if row not in theirs], [row for row in theirs if row not in ours]
            lines.append(f"table {name} differs: {len(more)} rows more {more[:2]}, {len(less)} missing {less[:2]}")
    return lines


def print_wrong(what: str, wrong: list[str], folder: Path) -> bool:
    """Whether something is wrong with what was done in a folder, said aloud; the folder is kept only then."""
    if wrong:
        print("\n".join((f"{what}: {folder}", *(f"  {line}" for line in wrong))), flush=True)
    else:
        shutil.rmtree(folder)
    return bool(wrong)


def strays(folder: Path, allowed: set[str]) -> list[str]:
    found = {path.name for path in folder.iterdir()} - allowed
    return [f"files left: {sorted(found)}"] if found else []

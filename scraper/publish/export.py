"""The whole catalog as files for programs that do not read SQLite: every table, and every view that has no clock.

A catalog exported twice gives the same bytes, so that files can be committed, compared and cached. Therefore the views
of today (``build_verdict``, ``current_builds``, ``next_restart``) are left out; ``verdicts`` has the verdict of every
day.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from scraper import __version__, formats
from scraper.errors import InputError, MachineError
from scraper.formats import Kind

# Name of the files: name of the view. Of the views without a clock those are left out that have words only
# (calendar_starts, edition_names, month_names, other_families), and edition_restart_periods: restarts has them.
VIEWS = {
    "accepted_builds": "accepted_builds",
    "device_builds": "device_builds",
    "disagreements": "disagreements",
    "edition_verdicts": "edition_verdict_periods",
    "freshness": "freshness",
    "hotpatch_calendar": "hotpatch_calendar",
    "kb_issues": "kb_issues",
    "newest_months": "newest_months",
    "restart_periods": "restart_periods",
    "restarts_per_year": "restarts_per_year",
    "support_ends": "support_ends",
    "support_periods": "support_periods",
    "twins": "twins",
    "verdicts": "verdict_periods",
}

# The kind of a column, by its name, or by table and name where one name has two meanings. All others are text. SQLite
# declares no dates, and the type that it gives to a column of a view depends on its version.
_INTEGERS = {
    *("actual", "base_build", "cumulative", "exit_code", "expired", "finding", "hotpatch", "id", "months_behind"),
    *("open_issues", "partial", "pending", "planned", "position", "quarantined", "replanned", "restart", "revision"),
    *("action_restart", "is_baseline", "is_default", "place", "revisions_apart", "rows", "run", "serviced"),
    *("support.ended", "support_ends.ended", "supported", "withdrawn"),
}
_DATES = {
    *("available", "date", "end_of_updates", "end_of_updates_enterprise", "first_available", "ltsc_extended_end"),
    *("ended_from", "ends", "ltsc_mainstream_end", "since", "stale_from", "until"),
}
_TIMES = {
    *("changed_at", "data_as_of", "failing_since", "fetched_at", "first_seen", "issues_as_of", "last_seen"),
    *("resolved_at", "resolved_seen", "seen_at", "started_at", "disagreements.since", "disagreements.until"),
}


class File(TypedDict):
    """A file of the export. ``path`` is relative to manifest.json."""

    path: str
    bytes: int
    sha256: str


class Table(TypedDict):
    """A table or view. ``columns`` has the kinds (``formats.Kind``) in the files' order, ``files`` is by ending."""

    rows: int
    columns: dict[str, str]
    files: dict[str, File]


class Manifest(TypedDict):
    """The content of manifest.json. ``schema_version`` changes exactly when a table or column is added, removed, moved
    or changes its kind; ``facts_sha256`` when a fact changes. ``data_as_of`` is by release."""

    winkb: str
    schema_version: str
    data_as_of: dict[str, str]
    facts_sha256: str | None
    tables: dict[str, Table]


def export(catalog: sqlite3.Connection, folder: Path, endings: Sequence[str]) -> Manifest:
    """Write ``<folder>/<name>.<ending>`` for every table and view, then ``<folder>/manifest.json``.

    ``endings``: one or more of ``csv``, ``json``, ``jsonl``, ``parquet``. The folder is made. Nothing in it is ever
    deleted: files of other endings that a former export left stay, and the new manifest does not list them. The
    manifest is written last: where a file differs from its entry, the export was interrupted. Raises InputError for
    another ending, MachineError where the catalog cannot be read or the folder cannot be written.
    """
    _prepare(folder, endings)
    tables = {
        name: _export(catalog, folder, name, source, endings)
        for name, source in sorted((_tables(catalog) | VIEWS).items())
    }
    ages = _rows(catalog, "select release, data_as_of from freshness order by release")
    facts = _rows(catalog, "select facts_sha256 from runs where facts_sha256 is not null order by run desc limit 1")
    manifest: Manifest = {
        "winkb": __version__,
        "schema_version": _digest({name: list(table["columns"].items()) for name, table in tables.items()}),
        "data_as_of": {str(release): str(time) for release, time in ages},
        "facts_sha256": next((str(digest) for (digest,) in facts), None),
        "tables": tables,
    }
    with formats.aside(folder / "manifest.json") as beside:
        beside.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return manifest


def _prepare(folder: Path, endings: Sequence[str]) -> None:
    """Make the folder. Raises InputError for an unknown ending before anything is written."""
    unknown = [ending for ending in endings if f".{ending}" not in formats.ENDINGS]
    if unknown or not endings:
        known = "some of " + ", ".join(formats.ENDINGS)
        raise InputError("format", page=str(folder), expected=known, found=", ".join(unknown) or "none")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise MachineError(
            "trouble", page=str(folder), expected="a folder to write to", found=str(problem)
        ) from problem


def _export(catalog: sqlite3.Connection, folder: Path, name: str, source: str, endings: Sequence[str]) -> Table:
    """Write the files of one table or view."""
    columns = _columns(catalog, name, source)
    count, files = 0, {}
    for ending in dict.fromkeys(endings):
        path = folder / f"{name}.{ending}"
        count = formats.write(path, columns, _rows(catalog, _ordered(catalog, source, columns)))
        files[ending] = _file(path)
    return {"rows": count, "columns": {column: str(kind) for column, kind in columns.items()}, "files": files}


def _tables(catalog: sqlite3.Connection) -> dict[str, str]:
    """The tables of facts, pages and runs, without SQLite's own and those of full-text search."""
    rows = _rows(catalog, "select name from pragma_table_list where schema = 'main' and type = 'table'")
    return {str(name): str(name) for (name,) in rows if not str(name).startswith("sqlite_")}


def _columns(catalog: sqlite3.Connection, name: str, source: str) -> dict[str, Kind]:
    # table_info leaves out the generated columns, which ``select *`` has.
    columns = [str(column) for (column,) in _rows(catalog, f"select name from pragma_table_xinfo('{source}')")]
    if not columns:
        raise MachineError("catalog", page="this machine", expected=source, found="none of that name")
    return {column: _kind(f"{name}.{column}", column) for column in columns}


def _kind(*names: str) -> Kind:
    kinds = {Kind.TIME: _TIMES, Kind.DATE: _DATES, Kind.INTEGER: _INTEGERS}
    return next((kind for name in names for kind, known in kinds.items() if name in known), Kind.TEXT)


def _ordered(catalog: sqlite3.Connection, source: str, columns: dict[str, Kind]) -> str:
    """The query of all rows in a fixed order: a table's by its key or, without one, as loaded; a view's by all its
    columns."""
    if source in VIEWS.values():
        key = [str(place) for place in range(1, len(columns) + 1)]
    else:
        rows = _rows(catalog, f"select name from pragma_table_info('{source}') where pk > 0 order by pk")
        key = [str(name) for (name,) in rows] or ["rowid"]
    return f"select * from {source} order by {', '.join(key)}"


def _rows(catalog: sqlite3.Connection, sql: str) -> Iterator[formats.Row]:
    """The rows of one query, one by one. Raises MachineError where the file is broken or has another schema."""
    try:
        # Not ``yield from``: that closes the cursor of a query that was left midway, perhaps after its catalog.
        for row in catalog.execute(sql):  # noqa: UP028
            yield row
    except sqlite3.Error as problem:
        raise MachineError("catalog", page="this machine", expected="a whole catalog", found=str(problem)) from problem


def _file(path: Path) -> File:
    try:
        with path.open("rb") as file:
            return {
                "path": path.name,
                "bytes": path.stat().st_size,
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            }
    except OSError as problem:
        raise MachineError("trouble", page=str(path), expected="the file just written", found=str(problem)) from problem


def _digest(schema: dict[str, list[tuple[str, str]]]) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()

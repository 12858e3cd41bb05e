"""The rows of releases, builds, months and articles, written into an empty catalog.

Only schema, keys and foreign keys can stop a catalog (design.md section 7): what pages say wrongly is in ``findings``
and stops nothing. The columns that follow from served ones are derived by schema/derive.sql, when all rows are there.
"""

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path

from sqlite_utils import Database

from scraper.catalog.articles import Article
from scraper.catalog.aside import APPLICATION
from scraper.catalog.due import feeds
from scraper.catalog.history import History
from scraper.catalog.rows import BuildRow, MonthRow, ReleaseRow, first_build, revision
from scraper.catalog.schema import FOLLOWING, derive, follow, schema
from scraper.models import MonthType, Source

_ARTICLE_TABLES = ("articles", "known_issues", "prerequisites", "sections")
FACT_TABLES = (
    *("releases", "kbs", "builds", "months", *FOLLOWING, "changes", "findings", "track_events"),
    *_ARTICLE_TABLES,
)

_Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class PageRow:
    """The row of ``pages``: where a page stands after the last run."""

    page: str
    url: str
    fetched_at: str | None
    changed_at: str | None
    updated_at: str | None
    sha256: str | None
    layout: str | None
    rows: int | None
    quarantined: int
    pending: int
    failing_since: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of ``runs``."""

    run: int
    started_at: str
    outcome: str
    exit_code: int | None
    facts_sha256: str | None


def write(
    database: Database,
    history: History,
    articles: Mapping[str, Article],
    sources: Iterable[Source],
    pages: Iterable[PageRow],
    built_by: int,
) -> None:
    """Fill an empty database with the catalog. ``built_by`` is the stamp of the code, kept as its user version."""
    connection = database.conn
    # Keys are written before their rows here; all foreign keys are checked before the catalog is swapped in.
    connection.execute("pragma foreign_keys = off")
    connection.executescript(schema())
    connection.execute(f"pragma application_id = {APPLICATION}")
    connection.execute(f"pragma user_version = {built_by}")
    connection.execute("create temp table titles (kb text primary key, title text, url text, expired integer)")
    connection.execute("create temp table absent_builds (release text, build text, kb text)")
    with connection:
        _insert(database, "pages", map(asdict, pages))
        _insert(database, "releases", (_release(history.releases[name]) for name in sorted(history.releases)))
        _insert(database, "feeds", ({"page": page, "release": name} for page, name in feeds(history.releases, sources)))
        _insert(database, "builds", _builds(history))
        _insert(
            database, "months", map(_month, sorted(history.months.values(), key=lambda row: (row.month, row.release)))
        )
        _insert(database, "changes", _changes(history))
        _insert(database, "findings", _findings(history))
        _insert(database, "track_events", _track_events(history))
        for table, rows in _article_rows(history, articles).items():
            _insert(database, table, rows)
        titles = ((kb, title.title, title.url, title.expired) for kb, title in history.titles.items())
        connection.executemany("insert into temp.titles values (?, ?, ?, ?)", titles)
        absent = (row.key for row in history.builds.values() if row.absent)
        connection.executemany("insert into temp.absent_builds values (?, ?, ?)", absent)
    connection.executescript(derive() + follow())
    with connection:
        connection.execute("insert into kbs_fts (kbs_fts) values ('rebuild')")
        connection.execute("insert into sections_fts (sections_fts) values ('rebuild')")
    connection.execute("pragma foreign_keys = on")


def write_visits(database: Database, pages: Iterable[PageRow], runs: Iterable[RunRow]) -> None:
    """Note visits in the visit tables, and touch nothing else. Rows of ``pages`` stay where they are: facts refer to
    them."""
    visited = [(page.fetched_at, page.failing_since, page.failure, page.page) for page in pages]
    with database.conn:
        database.conn.executemany(
            "update pages set fetched_at = ?, failing_since = ?, failure = ? where page = ?", visited
        )
        database.conn.execute("delete from runs")
        _insert(database, "runs", (asdict(run) for run in runs))


def facts_at(path: Path) -> str | None:
    """The digest of the facts in a catalog's file; None where it cannot be read whole."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return facts_sha256(Database(connection))
    except sqlite3.DatabaseError:
        return None


def facts_sha256(database: Database) -> str:
    """One digest of all fact tables: equal exactly when they hold the same rows."""
    digest = hashlib.sha256()
    for table in FACT_TABLES:
        digest.update(f"{table}\n".encode())
        for row in database.conn.execute(f"select * from {table} order by rowid"):
            digest.update(json.dumps(tuple(row), ensure_ascii=False).encode())
    return digest.hexdigest()


def _insert(database: Database, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    database.table(table).insert_all(dict(row) for row in rows)


# --- rows ------------------------------------------------------------------------------------------------------------

_NOT_COLUMNS = frozenset({"statements", "absent", "stated_kind", "url", "replanned"})


def _columns(row: ReleaseRow | BuildRow | MonthRow) -> _Values:
    """The fields of a row that are columns of its table."""
    return {column.name: getattr(row, column.name) for column in fields(row) if column.name not in _NOT_COLUMNS}


def _release(row: ReleaseRow) -> _Values:
    values = _columns(row)
    del values["withdrawn"]
    return {**values, "hotpatch": False}


def _builds(history: History) -> Iterator[_Values]:
    """The oldest first. The build with which a release began is ``initial`` whatever its letter."""

    def oldest_first(row: BuildRow) -> tuple[str, str, int, str]:
        return row.available or "", row.release, revision(row.build), row.kb or ""

    rows = sorted(history.builds.values(), key=oldest_first)
    counted = [row for row in rows if row.corrected_to is None]
    first = [first_build(row for row in counted if row.release == release) for release in history.releases]
    for row in rows:
        kind = "initial" if any(row is one for one in first) else row.stated_kind
        number = revision(row.build) if row.build else None
        yield {**_columns(row), "kind": kind, "revision": number, "article_url": row.url}


def _month(row: MonthRow) -> _Values:
    return {
        **_columns(row),
        "status": "released" if row.released else "planned",
        "restart": row.type is MonthType.BASELINE,
        "article_url": row.url,
    }


def _changes(history: History) -> Iterator[_Values]:
    for number, change in enumerate(history.changes, start=1):
        yield {"id": number, **asdict(change), "replanned": (change.table_name, change.field) == ("months", "type")}


def _findings(history: History) -> Iterator[_Values]:
    for number, row in enumerate(history.findings, start=1):
        values = asdict(row.finding)
        del values["about"]
        if values["release"] not in history.releases:
            values["release"] = None
        yield {"finding": number, **values, "first_seen": row.first_seen, "resolved_at": row.resolved_at}


def _track_events(history: History) -> Iterator[_Values]:
    """What the project wrote down by hand, of the releases that the catalog has."""
    text = files("scraper.catalog").joinpath("track_events.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["release"] in history.releases:
            yield {column: value or None for column, value in row.items()}


def _article_rows(history: History, articles: Mapping[str, Article]) -> dict[str, list[_Values]]:
    """The rows of each table of articles, of the KBs that the catalog has. An article is of the client's oldest release
    that has its KB, else of a server's."""
    releases: dict[str, str] = {}
    for row in sorted(
        history.builds.values(), key=lambda row: (not row.release.startswith("windows-11-"), row.release)
    ):
        releases.setdefault(row.kb or "", row.release)
    rows: dict[str, list[_Values]] = {table: [] for table in _ARTICLE_TABLES}
    for kb in sorted(articles.keys() & releases.keys()):
        article, record = articles[kb], articles[kb].record
        rows["articles"].append(
            {
                "kb": kb,
                "release": releases[kb],
                "url": article.url,
                "title": record.title,
                "heading": record.heading or None,
                "available": record.heading_date or record.title_date,
                "updated_at": record.updated_at,
                "layout": record.layout,
                "issues": record.read,
                "page": kb,
            }
        )
        for title, issue in article.issues.items():
            stated = asdict(issue.issue) | {"title": title, "status": issue.status}
            times = {"first_seen": issue.first_seen, "last_seen": issue.last_seen, "resolved_seen": issue.resolved_seen}
            rows["known_issues"].append({"kb": kb, **stated, **times})
        for needed in record.prerequisites:
            rows["prerequisites"].append(
                {"kb": kb, "kind": needed.kind, "requires_kb": needed.kb, "build": needed.build}
            )
        for position, (heading, text) in enumerate(record.sections, start=1):
            rows["sections"].append({"kb": kb, "position": position, "heading": heading, "text": text})
    return rows

"""The catalog as a file: built aside, checked, then swapped in, so that a reader has the old one or the new one, whole.

SQLite is written through sqlite-utils into a file beside the target. Only schema, keys and foreign keys can stop the
swap (design.md section 7); what pages say wrongly is in ``findings`` and stops nothing.
"""

import csv
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path

from sqlite_utils import Database

from scraper.catalog.articles import Article
from scraper.catalog.derived import Meanings, meanings
from scraper.catalog.history import BuildRow, MonthRow, Timeline
from scraper.catalog.resolve import revision
from scraper.catalog.schema import schema
from scraper.errors import CatalogError, MachineError
from scraper.models import MonthType, Source

# In the header of every catalog ("wkbC"), so that no other file is taken for one and replaced.
_APPLICATION = 0x776B6243
_OF_ARTICLES = ("articles", "known_issues", "prerequisites", "sections")
FACT_TABLES = ("releases", "kbs", "builds", "months", "changes", "findings", "track_events", *_OF_ARTICLES)
# Whose articles are read (design.md section 1).
_READ_ARTICLES_OF = ("windows-11-24h2", "windows-11-25h2", "windows-11-26h2")


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


def refuse_foreign(path: Path) -> None:
    """Raise MachineError for a file that a catalog must not replace: whatever is neither empty nor a catalog. A torn
    catalog is known by its header."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise MachineError("trouble", page=str(path), expected="a catalog", found=str(problem)) from problem
    ours = header.startswith(b"SQLite format 3\0") and int.from_bytes(header[68:72]) == _APPLICATION
    if header and not ours:
        raise MachineError("file", page=str(path), expected="a catalog of winkb, or none yet", found="another file")


@contextmanager
def aside(path: Path, *, copy: bool = False) -> Iterator[Database]:
    """A database beside ``path`` that replaces it when the block ends well, and leaves no trace when it does not.

    ``copy``: start from what is published. Raises CatalogError when the rows break the schema, MachineError when this
    machine cannot write the file.
    """
    refuse_foreign(path)
    beside = path.with_name(f"{path.name}.aside")
    try:
        beside.unlink(missing_ok=True)
        if copy:
            shutil.copyfile(path, beside)
        database = Database(str(beside))
        try:
            # Nobody reads the file yet, and a torn one is thrown away: its journal would only be slow.
            database.conn.execute("pragma journal_mode = off")
            database.conn.execute("pragma foreign_keys = on")
            yield database
            _refuse_broken(database, path)
        finally:
            database.conn.close()
        _sync(beside)
        os.replace(beside, path)
        _sync(path.parent)
    except sqlite3.IntegrityError as problem:
        raise CatalogError(
            "row", page=str(path), expected="what schema/tables.sql allows", found=str(problem)
        ) from problem
    except (OSError, sqlite3.DatabaseError) as problem:
        raise MachineError(
            "trouble", page=str(path), expected="a folder with room for the catalog", found=str(problem)
        ) from problem
    finally:
        with suppress(OSError):  # what cannot be removed could not be written either, which is being said
            beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_broken(database: Database, path: Path) -> None:
    broken = database.conn.execute("pragma foreign_key_check").fetchall()
    if broken:
        raise sqlite3.IntegrityError(f"{path}: foreign keys without their row: {broken[:3]}")


@dataclass(frozen=True, slots=True)
class Published:
    """What a catalog says of its own making. ``quarantine``: by page, the first row that could not be read;
    ``troubles``: by KB, why what is served in its article's place says nothing."""

    built_by: int
    last_run: tuple[int, str | None]
    pages: tuple[PageRow, ...]
    quarantine: dict[str, str]
    troubles: dict[str, str]


def published(path: Path) -> Published | None:
    """How the catalog at ``path`` was made; None when there is none, or what is there is no catalog of this schema."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            ((built_by,),) = connection.execute("pragma user_version")
            last_run = connection.execute("select run, facts_sha256 from runs order by run desc limit 1").fetchone()
            columns = ", ".join(field.name for field in fields(PageRow))
            pages = connection.execute(f"select {columns} from pages order by rowid").fetchall()
            quarantine = connection.execute(
                "select page, message from findings where code = 'quarantine' and resolved_at is null"
                " order by finding desc"
            ).fetchall()
            troubles = connection.execute(
                "select page, message from findings where code in ('landing', 'article-unread') and resolved_at is null"
            ).fetchall()
    except sqlite3.DatabaseError:
        return None
    if last_run is None:
        return None
    return Published(built_by, last_run, tuple(PageRow(*page) for page in pages), dict(quarantine), dict(troubles))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A KB whose article belongs in the catalog: its address as far as a page gives one, and its newest date."""

    kb: str
    url: str | None
    available: str | None


def wanted_articles(path: Path) -> tuple[Wanted, ...]:
    """The updates of the catalog at ``path`` whose articles are to be read, newest first."""
    if not path.is_file():
        return ()
    releases = ", ".join("?" for _ in _READ_ARTICLES_OF)
    query = (
        "select kb, kbs.article_url, max(available) as newest from builds join kbs using (kb)"
        f" where release in ({releases}) and corrected_to is null group by kb order by newest desc, kb desc"
    )
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return tuple(Wanted(*row) for row in connection.execute(query, _READ_ARTICLES_OF))


def write(
    database: Database,
    timeline: Timeline,
    articles: Mapping[str, Article],
    sources: Iterable[Source],
    pages: Iterable[PageRow],
    built_by: int,
) -> None:
    """Fill an empty database with the catalog. ``built_by`` is the stamp of the code, kept as its user version."""
    sources = tuple(sources)
    connection = database.conn
    connection.executescript(schema())
    connection.execute(f"pragma application_id = {_APPLICATION}")
    connection.execute(f"pragma user_version = {built_by}")
    derived = meanings(timeline)
    with connection:
        _insert(database, "pages", (asdict(page) for page in pages))
        _insert(database, "releases", _release_rows(timeline))
        _insert(database, "feeds", _feed_rows(timeline, sources))
        _insert(database, "kbs", _kb_rows(timeline, articles))
        _insert(database, "builds", _build_rows(timeline, derived))
        _insert(database, "months", _month_rows(timeline, derived))
        _insert(database, "changes", _change_rows(timeline))
        _insert(database, "findings", _finding_rows(timeline))
        _insert(database, "track_events", _track_event_rows(timeline))
        _insert_articles(database, timeline, articles)
        connection.execute("insert into kbs_fts (kbs_fts) values ('rebuild')")
        connection.execute("insert into sections_fts (sections_fts) values ('rebuild')")


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


def _release_rows(timeline: Timeline) -> Iterator[dict[str, object]]:
    capable = {row.claim.release for row in timeline.months.values()}
    capable |= {row.claim.release for row in timeline.builds.values() if row.claim.track == "hotpatch"}
    for name in sorted(timeline.releases):
        claim = timeline.releases[name].claim
        yield {
            "release": name,
            "product": claim.product,
            "version": claim.version,
            "base_build": claim.base_build,
            "available": claim.available,
            "end_of_updates": claim.end_of_updates,
            "end_of_updates_enterprise": claim.end_of_updates_enterprise,
            "ended": claim.ended,
            "ltsc_mainstream_end": claim.ltsc_mainstream_end,
            "ltsc_extended_end": claim.ltsc_extended_end,
            "serviced": claim.serviced,
            "hotpatch": name in capable,
            # The server pages were never seen whole (design.md rule 9).
            "partial": claim.product == "Windows Server",
            "page": claim.page,
        }


def _feed_rows(timeline: Timeline, sources: Iterable[Source]) -> Iterator[dict[str, object]]:
    for source in sources:
        fed = set(source.releases)
        fed |= {name for name, row in timeline.releases.items() if row.claim.page == source.name}
        for release in sorted(fed & timeline.releases.keys()):
            yield {"page": source.name, "release": release}


def _kb_rows(timeline: Timeline, articles: Mapping[str, Article]) -> Iterator[dict[str, object]]:
    """Titles are those of the articles, else of the navigation.

    Oldest first, so that the order of rowids is the order of release and "newest first" needs no sort."""
    tracks: dict[str, set[str]] = {}
    dates: dict[str, list[str]] = {}
    urls: dict[str, str | None] = {}
    for row in timeline.builds.values():
        claim = row.claim
        if claim.kb:
            tracks.setdefault(claim.kb, set()).add(claim.track)
            dates.setdefault(claim.kb, []).extend([claim.available] if claim.available else [])
            urls[claim.kb] = urls.get(claim.kb) or claim.url
    for month in timeline.months.values():
        if month.claim.kb:
            tracks.setdefault(month.claim.kb, set())
            dates.setdefault(month.claim.kb, [])
            urls.setdefault(month.claim.kb, month.claim.url)
    for kb in sorted(tracks, key=lambda kb: (min(dates[kb], default=""), kb)):
        listed, article = timeline.claims.articles.get(kb), articles.get(kb)
        yield {
            "kb": kb,
            "title": (article.facts.heading if article else None) or (listed.title if listed else None),
            "track": next(iter(tracks[kb])) if len(tracks[kb]) == 1 else None,
            "article_url": (listed.url if listed else None) or urls[kb],
            "first_available": min(dates[kb], default=None),
            "expired": listed.expired if listed else False,
        }


def _oldest_first(row: BuildRow) -> tuple[str, str, int, str]:
    claim = row.claim
    return claim.available or "", claim.release, revision(claim.build) if claim.build else 0, claim.kb or ""


def _build_rows(timeline: Timeline, derived: Mapping[str, Meanings]) -> Iterator[dict[str, object]]:
    for row in sorted(timeline.builds.values(), key=_oldest_first):
        claim = row.claim
        meaning = derived[claim.release].of(claim)
        yield {
            "release": claim.release,
            "build": claim.build,
            "revision": revision(claim.build) if claim.build else None,
            "kb": claim.kb,
            "track": claim.track,
            "kind": meaning.kind,
            "cadence": claim.cadence,
            "month": claim.month,
            "security_month": meaning.security_month,
            "available": claim.available,
            "restart": meaning.restart,
            "twin_kb": meaning.twin_kb,
            "baseline_kb": meaning.baseline_kb,
            "article_url": claim.url,
            "corrected_to": row.corrected_to,
            "withdrawn": row.standing.withdrawn,
            "page": claim.page,
        }


def _month_rows(timeline: Timeline, derived: Mapping[str, Meanings]) -> Iterator[dict[str, object]]:
    def oldest_first(row: MonthRow) -> tuple[str, str]:
        return row.claim.month, row.claim.release

    for row in sorted(timeline.months.values(), key=oldest_first):
        claim = row.claim
        cumulative_kb, cumulative_build = derived[claim.release].cumulative(claim.month)
        yield {
            "release": claim.release,
            "month": claim.month,
            "type": claim.type,
            "planned_type": row.planned_type,
            "status": "released" if row.released else "planned",
            "available": claim.available,
            "kb": claim.kb,
            "build": claim.build,
            "cumulative_kb": cumulative_kb,
            "cumulative_build": cumulative_build,
            "restart": claim.type is MonthType.BASELINE,
            "article_url": claim.url,
            "withdrawn": row.standing.withdrawn,
            "page": claim.page,
        }


def _insert_articles(database: Database, timeline: Timeline, articles: Mapping[str, Article]) -> None:
    """The articles of KBs that the catalog has; one that its pages no longer know anything of is left out."""
    releases: dict[str, str] = {}
    for row in timeline.builds.values():
        kb, release = row.claim.kb, row.claim.release
        if kb and (kb not in releases or _place(release) < _place(releases[kb])):
            releases[kb] = release
    known = [articles[kb] for kb in sorted(articles) if kb in releases]
    _insert(database, "articles", (_article_row(article, releases[article.kb]) for article in known))
    _insert(database, "known_issues", (row for article in known for row in _issue_rows(article)))
    _insert(database, "prerequisites", (row for article in known for row in _prerequisite_rows(article)))
    _insert(database, "sections", (row for article in known for row in _section_rows(article)))


def _place(release: str) -> tuple[bool, str]:
    """The client's releases before the server's, the oldest first."""
    return not release.startswith("windows-11-"), release


def _article_row(article: Article, release: str) -> dict[str, object]:
    facts = article.facts
    return {
        "kb": article.kb,
        "release": release,
        "url": article.url,
        "title": facts.title,
        "heading": facts.heading or None,
        "available": facts.heading_date or facts.title_date,
        "updated_at": facts.updated_at,
        "layout": facts.layout,
        "issues": facts.read,
        "page": article.kb,
    }


def _issue_rows(article: Article) -> Iterator[dict[str, object]]:
    for title, row in article.issues.items():
        yield {
            "kb": article.kb,
            "title": title,
            "status": row.status,
            "symptom": row.issue.symptom,
            "workaround": row.issue.workaround,
            "resolution": row.issue.resolution,
            "first_seen": row.first_seen,
            "last_seen": row.last_seen,
            "resolved_seen": row.resolved_seen,
        }


def _prerequisite_rows(article: Article) -> Iterator[dict[str, object]]:
    for prerequisite in article.facts.prerequisites:
        yield {
            "kb": article.kb,
            "kind": prerequisite.kind,
            "requires_kb": prerequisite.kb,
            "build": prerequisite.build,
        }


def _section_rows(article: Article) -> Iterator[dict[str, object]]:
    for position, (heading, text) in enumerate(article.facts.sections, start=1):
        yield {"kb": article.kb, "position": position, "heading": heading, "text": text}


def _change_rows(timeline: Timeline) -> Iterator[dict[str, object]]:
    for number, change in enumerate(timeline.changes, start=1):
        yield {"id": number, **asdict(change), "replanned": (change.table_name, change.field) == ("months", "type")}


def _finding_rows(timeline: Timeline) -> Iterator[dict[str, object]]:
    for number, finding in enumerate(timeline.findings, start=1):
        claim = asdict(finding.claim)
        del claim["about"]
        if claim["release"] not in timeline.releases:
            claim["release"] = None
        yield {"finding": number, **claim, "first_seen": finding.first_seen, "resolved_at": finding.resolved_at}


def _track_event_rows(timeline: Timeline) -> Iterator[dict[str, object]]:
    """What the project wrote down by hand, of the releases that the catalog has."""
    text = files("scraper.catalog").joinpath("track_events.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["release"] in timeline.releases:
            yield {column: value or None for column, value in row.items()}

"""What the job asks of the catalog that is published: how it was made, and whose articles belong into it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scraper.catalog.due import Due
from scraper.catalog.rows import ReleaseRow
from scraper.catalog.write import PageRow
from scraper.errors import MachineError
from scraper.models import Severity

_RELEASE = (
    *("release", "page", "product", "version", "available", "end_of_updates", "end_of_updates_enterprise", "ended"),
    *("ltsc_mainstream_end", "ltsc_extended_end", "serviced"),
)
# The releases whose articles are read (design.md section 1).
_READ_ARTICLES_OF = ("windows-11-24h2", "windows-11-25h2", "windows-11-26h2")


@dataclass(frozen=True, slots=True)
class Published:
    """What a catalog says of its own making. ``quarantine``: by page, the first row that could not be read;
    ``troubles``: by KB, why what is served in its article's place says nothing; by release, ``due``: the month that its
    open finding calls due, and ``newest``: its newest security month."""

    built_by: int
    last_run: tuple[int, str | None]
    pages: tuple[PageRow, ...]
    quarantine: dict[str, str]
    troubles: dict[str, str]
    due: dict[str, Due]
    releases: dict[str, ReleaseRow]
    newest: dict[str, str]


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
            due = connection.execute(
                "select release, subject, severity from findings where code = 'due-month' and resolved_at is null"
            ).fetchall()
            columns = ", ".join(_RELEASE)
            releases = connection.execute(f"select {columns} from releases").fetchall()
            newest = connection.execute(
                "select release, coalesce(max(security_months.month), '')"
                " from builds left join security_months using (release) group by release"
            ).fetchall()
    except sqlite3.DatabaseError:
        return None
    if last_run is None:
        return None
    return Published(
        built_by,
        last_run,
        tuple(PageRow(*page) for page in pages),
        dict(quarantine),
        dict(troubles),
        {release: Due(month, Severity(severity)) for release, month, severity in due},
        {row[0]: _release(dict(zip(_RELEASE, row, strict=True))) for row in releases},
        dict(newest),
    )


def _release(columns: dict[str, Any]) -> ReleaseRow:
    serviced = columns.pop("serviced")
    return ReleaseRow(**columns, serviced=None if serviced is None else bool(serviced))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A KB whose article belongs in the catalog: its address as far as a page gives one, and its newest date."""

    kb: str
    url: str | None
    available: str | None


def wanted_articles(path: Path) -> tuple[Wanted, ...]:
    """The updates of the catalog at ``path`` whose articles are to be read, newest first. Raises MachineError for a
    catalog that is damaged."""
    if not path.is_file():
        return ()
    releases = ", ".join("?" for _ in _READ_ARTICLES_OF)
    query = (
        "select kb, kbs.article_url, max(available) as newest from builds join kbs using (kb)"
        f" where release in ({releases}) and corrected_to is null group by kb order by newest desc, kb desc"
    )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return tuple(Wanted(*row) for row in connection.execute(query, _READ_ARTICLES_OF))
    except sqlite3.DatabaseError as problem:
        found = f"{problem} (`winkb rebuild` makes it anew)"
        raise MachineError("catalog", page=str(path), expected="one that can be read", found=found) from problem

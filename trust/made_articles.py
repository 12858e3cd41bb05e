"""What a host has where the articles that a catalog wants belong. For the experiments beside this file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scraper.ingest.published import wanted_articles
from tests.fixtures.articles import Issue, Kind, Layout, address_of, article


@dataclass(frozen=True, slots=True)
class Made:
    """``asked``: where a crawl asks for the article; ``body``: what there is, None for nothing (404); ``landing``:
    where it lies instead, if the host can refer to it."""

    kb: str
    asked: str
    body: bytes | None
    landing: str | None


def made_articles(db: Path) -> Iterator[Made]:
    """One for every KB whose article the catalog wants: in both layouts, with issues, without and unreadable, of
    another KB, cut, and none at all. Its number says what it is like."""
    with closing(sqlite3.connect(db)) as catalog:
        rows = catalog.execute("select kb, build, track from builds where build is not null").fetchall()
    for number, one in enumerate(wanted_articles(db)):
        asked = one.url or f"https://support.microsoft.com/help/{one.kb[2:]}"
        if number % 40 == 17:
            yield Made(one.kb, asked, None, None)
            continue
        builds = [build for kb, build, _ in rows if kb == one.kb][:2]
        is_hotpatch = (one.kb, "hotpatch") in {(kb, track) for kb, _, track in rows}
        layout: Layout = "old" if number % 3 == 2 else "new"
        kind: Kind = "hotpatch" if is_hotpatch else "cumulative"
        issues = [Issue(f"Issue {place} of {one.kb}", "It happens.", "Wait.") for place in range(number % 4)]
        body = article(
            "KB4000000" if number % 40 == 5 else one.kb,
            "2026-01-01" if number % 20 == 9 else one.available or "",  # says another date than the tables
            builds,
            layout=layout,
            kind=kind,
            issues=None if number % 7 == 6 else issues,
            baseline="KB5120000" if is_hotpatch else None,
            prose=20,
        )
        landing = address_of(one.kb, one.available or "", builds, layout=layout, kind=kind) if number % 5 == 1 else None
        yield Made(one.kb, asked, body[: len(body) // 3] if number % 40 == 29 else body, landing)

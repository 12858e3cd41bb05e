"""What is this KB?"""

import sqlite3

from scraper.answers.catalog import data_as_of, select
from scraper.answers.documents import KbAnswer, KbBuild
from scraper.answers.issues import known_issues_of
from scraper.answers.reading import read_kb, read_releases
from scraper.answers.updates import pair_of


def kb(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[KbAnswer, bool]:
    """What is this KB: ``KB5058497``, ``kb5058497``, ``5058497`` or ``KB 5058497``?

    ``data_as_of`` is the oldest among the releases that have it; for an unknown KB, among all of them.
    """
    number = read_kb(text)
    releases = read_releases(catalog, release)
    known = select(catalog, "select title, track, article_url, expired from kbs where kb = ?", number)
    rows = select(catalog, "select * from builds where kb = ? order by revision", number)
    issues, issues_as_of, known_issues = known_issues_of(catalog, number)
    builds = [row for name in releases for row in rows if row["release"] == name]
    document: KbAnswer = {
        "kb": number,
        "title": known[0]["title"] if known else None,
        "track": known[0]["track"] if known else None,
        "article_url": known[0]["article_url"] if known else None,
        "expired": bool(known[0]["expired"]) if known else None,
        "builds": [_kb_build(catalog, row) for row in builds],
        "issues": issues,
        "issues_as_of": issues_as_of,
        "known_issues": known_issues,
        "data_as_of": data_as_of(catalog, [row["release"] for row in builds]),
    }
    return document, bool(builds or (known and release is None))


def _kb_build(catalog: sqlite3.Connection, row: sqlite3.Row) -> KbBuild:
    return {
        "release": row["release"],
        "build": row["build"],
        "kind": row["kind"],
        "month": row["month"],
        "security_month": row["security_month"],
        "available": row["available"],
        "twin": pair_of(catalog, row["release"], row["twin_kb"]),
        "baseline": pair_of(catalog, row["release"], row["baseline_kb"]),
        "corrected_to": row["corrected_to"],
        "withdrawn": bool(row["withdrawn"]),
    }

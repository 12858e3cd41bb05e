"""The page about the catalog: its sources, how fresh they are, its last runs, and the terms of the site."""

import sqlite3
from typing import Any

from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import rows

COLUMNS = ("page", "url", "fetched_at", "changed_at", "updated_at", "rows", "quarantined", "failing_since", "failure")
_COUNTED = ("releases", "kbs", "builds", "months", "changes", "findings")


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[dict[str, Any]]:
    """The articles, of which there are many, are only counted: those that were asked for, and those that were read."""
    sources = f"select {', '.join(COLUMNS)} from pages where page not glob 'KB[0-9]*' order by rowid"
    (articles,) = rows(
        catalog,
        "select count(*) as known, (select count(*) from articles) as read, min(fetched_at) as oldest,"
        " sum(failing_since is not null) as failing from pages"
        " where page glob 'KB[0-9]*'",
    )
    document: dict[str, Any] = {
        "pages": [dict(row) for row in rows(catalog, sources)],
        "articles": dict(articles),
        "freshness": [dict(row) for row in rows(catalog, "select * from freshness order by release")],
        "runs": [dict(row) for row in rows(catalog, "select * from runs order by run desc limit 10")],
        "counts": {table: rows(catalog, f"select count(*) as number from {table}")[0]["number"] for table in _COUNTED},
    }
    return Answer(document, document["pages"], COLUMNS)


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[dict[str, Any]]) -> Context:
    return answer.document


PAGE = Page("about.html", answer, context)

"""The page of all changes, by run."""

import sqlite3
from collections import Counter

from scraper import answers
from scraper.answers.documents import Change
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import releases, urls

COLUMNS = ("id", "seen_at", "run", "release", "table_name", "subject", "field", "old", "new", "page", "replanned")
SHOWN = 1000


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[list[Change]]:
    document, _ = answers.changes(catalog, question.since, question.release)
    return Answer(document, document, COLUMNS)


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[list[Change]]) -> Context:
    """The newest SHOWN changes by time and number of their run; within a run the replanned months first."""
    of = answers.release(catalog, question.release, question.today)[0]["release"] if question.release else None
    runs: dict[tuple[str, int], list[Change]] = {}
    for row in answer.document[:SHOWN]:
        runs.setdefault((row["seen_at"], row["run"]), []).append(row)
    for changed in runs.values():
        changed.sort(key=lambda row: not row["replanned"])
    return {
        "runs": runs,
        "counts": Counter((row["seen_at"], row["run"]) for row in answer.document),
        "total": len(answer.document),
        "shown": SHOWN,
        "since": question.since,
        "reach": answers.reach_of_changes(catalog, question.since, question.release, found=bool(answer.document)),
        "of": of,
        "releases": releases(catalog),
        "pages": urls(catalog),
    }


PAGE = Page("changes.html", answer, context)

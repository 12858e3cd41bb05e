"""The page of disagreements and other findings."""

import sqlite3

from scraper import answers
from scraper.answers.documents import Disagreement
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import releases, rows, urls

COLUMNS = (
    *("release", "subject", "field", "used", "used_page", "other", "other_page", "why", "since", "until"),
    "data_as_of",
)


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[list[Disagreement]]:
    document, _ = answers.disagreements(catalog, question.release, ended=question.ended)
    return Answer(document, document, COLUMNS)


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[list[Disagreement]]) -> Context:
    of = answers.release(catalog, question.release, question.today)[0]["release"] if question.release else None
    return {
        "rows": answer.document,
        "ended": question.ended,
        "of": of,
        "releases": releases(catalog),
        "pages": urls(catalog),
        "findings": rows(
            catalog,
            "select findings.*, pages.url from findings join pages using (page) where resolved_at is null"
            " and code <> 'conflict' and (? is null or release = ?)"
            " order by instr('error warning info', severity), first_seen desc, finding",
            *(of, of),
        ),
    }


PAGE = Page("disagreements.html", answer, context)

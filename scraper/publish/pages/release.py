"""The page of a release, with its pictures."""

import sqlite3

from scraper import answers
from scraper.answers.documents import ReleaseAnswer
from scraper.publish import pictures
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import editions, releases, rows, verdicts

COLUMNS = (
    *("build", "kb", "track", "kind", "month", "security_month", "available", "restart", "corrected_to"),
    "withdrawn",
)


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[ReleaseAnswer]:
    document, found = answers.release(catalog, question.asked, question.as_of or question.today)
    return Answer(document, document["builds"], COLUMNS, found, f"/release/{document['release']}")


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[ReleaseAnswer]) -> Context:
    document, day = answer.document, question.as_of or question.today
    name = document["release"]
    accepted = [(name, row["build"]) for row in document["accepted"]]
    origins = rows(catalog, "select build, kb, page, url from builds join pages using (page) where release = ?", name)
    return {
        "release": document,
        "day": day,
        "verdicts": verdicts(catalog, document["as_of"], accepted),
        "origins": {(row["build"], row["kb"]): row for row in origins},
        "sources": rows(catalog, "select pages.* from feeds join pages using (page) where release = ?", name),
        "page": rows(catalog, "select pages.* from releases join pages using (page) where release = ?", name)[0],
        "editions": editions(catalog),
        "has_calendar": bool(document["years"]) or any(row["ends"] for row in document["support"]),
        "changes": rows(
            catalog, "select * from changes where release = ? order by seen_at desc, replanned desc, id limit 12", name
        ),
        "releases": releases(catalog),
        "staircase": pictures.staircase(document["builds"], day, document["data_as_of"]),
        "bars": pictures.restarts(document["years"]),
        "ended": answers.why_no_restart(catalog, name, document["as_of"]),
    }


PAGE = Page("release.html", answer, context)

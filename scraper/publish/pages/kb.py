"""The page of a KB."""

import sqlite3

from scraper import answers
from scraper.answers.documents import KbAnswer
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import releases, rows

COLUMNS = (
    *("kb", "release", "build", "kind", "month", "security_month", "available", "twin", "baseline"),
    *("corrected_to", "withdrawn"),
)


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[KbAnswer]:
    # The page shows all releases, whichever was asked about.
    document, found = answers.kb(catalog, question.asked, question.release if question.as_data else None)
    table = [{"kb": document["kb"], **row} for row in document["builds"]]
    return Answer(document, table, COLUMNS, found, f"/kb/{document['kb']}" if found else None)


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[KbAnswer]) -> Context:
    number = answer.document["kb"]
    builds = rows(
        catalog,
        "select builds.*, pages.url as page_url from builds join pages using (page) where kb = ?"
        " order by release, revision",
        number,
    )
    return {
        "kb": answer.document,
        "found": answer.found,
        "rows": builds,
        "numbers": list(dict.fromkeys(row["build"] for row in builds if row["build"])),
        "months": rows(
            catalog, "select * from hotpatch_calendar where ? in (kb, cumulative_kb) order by month, release", number
        ),
        "issues": answers.issues_words(answer.document),
        "requires": rows(catalog, "select * from prerequisites where kb = ? order by kind, requires_kb", number),
        "events": rows(catalog, "select * from track_events where kb = ?", number),
        "changes": rows(catalog, "select * from changes where subject = ? order by seen_at desc, id limit 50", number),
        "disagreements": rows(catalog, "select * from disagreements where subject = ? and until is null", number),
        "findings": rows(
            catalog,
            "select * from findings where subject = ? and code <> 'conflict' and resolved_at is null order by finding",
            number,
        ),
        "near": rows(
            catalog,
            "select kb from (select kb, cast(substr(kb, 3) as integer) as digits from kbs"
            " order by abs(digits - ?) limit 6) order by digits",
            int(number[2:]),
        ),
        "releases": releases(catalog),
    }


PAGE = Page("kb.html", answer, context)

"""The page of a month."""

import sqlite3

from scraper import answers
from scraper.answers.documents import Month
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import releases, rows

COLUMNS = (
    *("release", "month", "type", "planned_type", "status", "available", "kb", "build"),
    *("cumulative_kb", "cumulative_build", "restart", "withdrawn", "scheduled_type", "data_as_of"),
)


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[list[Month]]:
    # The page shows all releases, whichever was asked about.
    document, found = answers.month(catalog, question.asked, question.release if question.as_data else None)
    return Answer(document, document, COLUMNS, found, f"/month/{question.asked.strip()}")


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[list[Month]]) -> Context:
    """A month is also found where no calendar has it but updates became available in it."""
    month = question.asked
    (named,) = rows(
        catalog, "select name || ' ' || substr(?1, 1, 4) as words from month_names where number = substr(?1, 6)", month
    )
    updates = rows(
        catalog,
        "select builds.*, pages.url as page_url from builds join pages using (page)"
        " where available between ?1 || '-01' and ?1 || '-31' order by release, available, revision",
        month,
    )
    return {
        "month": month,
        "months": answer.document,
        "found": answer.found or bool(updates),
        "words": named["words"],
        "calendar": rows(
            catalog,
            "select hotpatch_calendar.*, pages.page, pages.url as page_url from hotpatch_calendar"
            " join months using (release, month) join pages using (page) where month = ? order by release",
            month,
        ),
        "updates": updates,
        "changes": rows(
            catalog,
            "select * from changes where subject = ? and table_name = 'months'"
            " order by seen_at desc, replanned desc, id",
            month,
        ),
        "before": rows(catalog, "select max(month) as month from months where month < ?", month)[0]["month"],
        "after": rows(catalog, "select min(month) as month from months where month > ?", month)[0]["month"],
        "releases": releases(catalog),
    }


PAGE = Page("month.html", answer, context)

"""The page of a build, with its verdict on a day."""

import sqlite3

from scraper import answers
from scraper.answers.documents import BuildAnswer
from scraper.answers.reading import EDITIONS
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import editions, releases, rows, verdicts

COLUMNS = ("release", "build", "as_of", "status", "months_behind", "reason", "because", "security_month", "edition")


def answer(catalog: sqlite3.Connection, question: Question) -> Answer[list[BuildAnswer]]:
    document, found = answers.build(
        catalog, question.asked, question.as_of or question.today, question.release, question.edition
    )
    return Answer(document, document, COLUMNS, found, f"/build/{document[0]['build']}")


def context(catalog: sqlite3.Connection, question: Question, answer: Answer[list[BuildAnswer]]) -> Context:
    number, day = answer.document[0]["build"], answer.document[0]["as_of"]
    accepted = [(one["release"], row["build"]) for one in answer.document for row in one["accepted"]]
    return {
        "build": number,
        "answers": answer.document,
        "day": question.as_of or question.today,
        "named": question.release,
        "verdicts": verdicts(catalog, day, accepted, answer.document[0]["edition"]),
        "rows": rows(
            catalog,
            "select builds.*, pages.url as page_url from builds join pages using (page) where build = ?"
            " order by release, track desc, kb",
            number,
        ),
        "periods": rows(
            catalog,
            "select * from edition_verdict_periods where build = ? and edition is ?"
            " order by release, since desc limit 200",
            *(number, answer.document[0]["edition"]),
        ),
        "editions": _editions(catalog, number, answer.document[0]["release"], bool(question.release)),
        "edition": answer.document[0]["edition"],
        "releases": releases(catalog),
    }


def _editions(catalog: sqlite3.Connection, build: str, answered: str | None, named: bool) -> dict[str, str]:
    """The editions that can be asked for: those of the release that answered, and of any other that has the build,
    unless the release was named."""
    sql = (
        "select edition from support"
        " where release = ? or (? and release in (select release from builds where build = ?))"
    )
    having = {row["edition"] for row in rows(catalog, sql, answered, not named, build)}
    return {name: words for name, words in editions(catalog).items() if name in having.intersection(EDITIONS)}


PAGE = Page("build.html", answer, context)

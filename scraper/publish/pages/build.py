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
        "verdicts": verdicts(catalog, day, accepted),
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
        "editions": {name: words for name, words in editions(catalog).items() if name in EDITIONS},
        "edition": answer.document[0]["edition"],
        "releases": releases(catalog),
    }


PAGE = Page("build.html", answer, context)

"""The judge's reader: it reads what the project reads of every true page, with none of the project's code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.ingest.normalize import normalize, normalize_article
from scraper.ingest.parse import parse, parse_article
from scraper.ingest.sources import BY_NAME
from scraper.models import Records
from tests.damage.article_reader import read_article, squeeze
from tests.damage.bench import article_courses, page_courses
from tests.damage.reader import Reading, read_page

_OF_THE_JUDGE = ("reader", "tree", "oracle", "article_reader", "article_oracle")


@pytest.mark.parametrize("name", _OF_THE_JUDGE)
def test_the_judge_has_none_of_the_code_that_it_judges(name: str) -> None:
    allowed = {f"tests.damage.{other}" for other in _OF_THE_JUDGE}
    text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            assert module.partition(".")[0] not in ("scraper", "selectolax", "site")
            assert not module.startswith("tests.") or module in allowed


def _of_project(records: Records) -> Iterator[tuple[object, ...]]:
    for row in records.servicing:
        yield "servicing", row.release, row.latest_build, row.latest_date
    for update in records.updates:
        words = (update.month, update.cadence, update.available, update.url)
        yield ("update", update.release, update.build, update.kb, *words)
    for month in records.months:
        yield ("month", *month.key, str(month.type), month.build, month.kb, month.available, month.url)
    for entry in records.entries:
        words = (str(entry.kind), entry.title, entry.builds, entry.url, entry.expired)
        yield ("link", entry.release, entry.available, entry.kb, *words)


def _of_reader(reading: Reading) -> Iterator[tuple[object, ...]]:
    columns = {
        "servicing": ("build", "available"),
        "update": ("build", "kb", "month", "cadence", "available", "url"),
        "month": ("month", "type", "build", "kb", "available", "url"),
        "link": ("available", "kb"),
    }
    for row in reading.facts:
        more = (row.word, row["title"], row.builds, row["url"], row.expired) if row.kind == "link" else ()
        yield (row.kind, row.release, *(row[column] for column in columns[row.kind]), *more)


def test_the_reader_reads_of_every_true_page_what_the_project_reads() -> None:
    served = {(name, body) for course in page_courses() for _, pages in course.runs for name, body in pages.items()}
    for name, body in sorted(served):
        source = BY_NAME[name]
        of_project = set(_of_project(normalize(source, parse(source, body, source.url))))
        assert set(_of_reader(read_page(body, source.url))) == of_project, name


def test_the_reader_reads_of_every_true_article_what_the_project_reads() -> None:
    """The statuses too, where the article says them plainly. Where a sentence is filed is judged elsewhere."""
    url = "https://support.microsoft.com/help/1"
    bodies = {
        body: kb
        for course in article_courses()
        for body in (*course.before.values(), *course.now.values())
        for kb in [next(kb for kb in course.now if kb.encode() in body[:3000])]
    }
    for body, kb in bodies.items():
        record, page = normalize_article(parse_article(kb, body, url), url), read_article(body)
        assert (page.title, page.heading) == (record.title, record.heading)
        assert page.dates == (record.title_date, record.heading_date)
        assert [set(record.title_builds), set(record.heading_builds)] == [set(named) for named in page.builds]
        assert (page.denied, bool(page.issues)) == (record.read == "none", record.read == "listed")
        theirs = [(squeeze(issue.symptom), str(issue.status)) for issue in record.issues]
        assert [(issue.symptom, issue.status) for issue in page.issues or ()] == theirs
        assert page.stray == ()

"""The judge is not blind: a catalog that says what its page does not say is silently wrong, unless a finding tells."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.damage.article_laboratory import ArticleLaboratory
from tests.damage.article_oracle import ArticleCatalog, Served, judge_article
from tests.damage.articles import ArticleCourse, made_courses
from tests.damage.bench import article_courses, page_courses
from tests.damage.laboratory import Laboratory
from tests.damage.oracle import Judgement, Row, Statements, judge

KB = "KB5124008"
SOUND, PRINTERS = "Loudspeakers may hum after a restart", "Printers may print twice"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """What is known of an article's true run."""
    with ArticleLaboratory(made_courses()[0]) as laboratory:
        yield laboratory.served(KB, laboratory.true_pages[KB])


def changed(catalog: ArticleCatalog, table: str, change: Callable[[dict[str, object]], Row | None]) -> ArticleCatalog:
    """The catalog with each row of a table as ``change`` makes it; None: without it."""
    rows = [row for row in map(change, map(dict, catalog.tables[table])) if row is not None]
    return replace(catalog, tables={**catalog.tables, table: rows})


def test_the_true_article_is_read_as_it_is(served: Served) -> None:
    assert judge_article(served.truth, served) == Judgement("same")


@pytest.mark.slow
@pytest.mark.parametrize("course", article_courses(), ids=lambda course: course.name)
def test_every_true_article_is_read_as_it_is_and_contradicts_nothing(course: ArticleCourse) -> None:
    with ArticleLaboratory(course) as laboratory:
        for kb, body in laboratory.true_pages.items():
            known = laboratory.served(kb, body)
            assert judge_article(known.truth, known) == Judgement("same")
            assert [finding for finding in known.truth.findings if finding[1] == "article-differs"] == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("known_issues", lambda row: row | {"status": "resolved"}),
        ("known_issues", lambda row: row | {"status": "open"}),
        ("known_issues", lambda row: row | {"status": "gone"}),
        ("known_issues", lambda row: None if row["title"] == PRINTERS else row),
        ("known_issues", lambda row: row | {"title": "Another"} if row["title"] == PRINTERS else row),
        ("known_issues", lambda row: row | {"symptom": "Another."} if row["title"] == PRINTERS else row),
        ("known_issues", lambda row: row | {"workaround": None} if row["title"] == PRINTERS else row),
        (
            "known_issues",
            lambda row: (
                row | {"workaround": f"{row['workaround']} {row['resolution']}", "resolution": None}
                if row["title"] == SOUND
                else row
            ),
        ),
        ("known_issues", lambda row: row | {"fixed_by_kb": "KB5129998"} if row["title"] == SOUND else row),
        ("known_issues", lambda row: row | {"fixed_by_kb": None}),
        ("articles", lambda row: row | {"issues": "none"}),
        ("articles", lambda row: row | {"issues": "unreadable"}),
        ("articles", lambda row: row | {"title": "KB5124010"}),
        ("articles", lambda row: row | {"heading": None}),
        ("articles", lambda row: row | {"available": "2026-09-09"}),
        ("prerequisites", lambda row: row | {"requires_kb": "KB5120103"}),
        ("prerequisites", lambda row: row | {"build": "26100.8873"}),
        ("prerequisites", lambda row: None),
        ("sections", lambda row: row | {"text": "Another."}),
        ("sections", lambda row: None),
    ],
)
def test_what_the_article_does_not_say_is_silently_wrong_unless_a_finding_tells(
    served: Served, table: str, change: Callable[[dict[str, object]], Row | None]
) -> None:
    wrong = changed(served.truth, table, change)
    assert judge_article(wrong, served).outcome == "SILENT"
    code = "issues-unread" if wrong.article and wrong.article["issues"] == "unreadable" else "article-differs"
    finding = ("warning", code, None, KB, "something", None, None, None)
    told = replace(wrong, findings=wrong.findings | {finding})
    assert judge_article(told, served).outcome == "reported"


def test_another_article_is_silently_wrong_whatever_tells(served: Served) -> None:
    other = replace(served.page, title="KB5124010", heading="KB5124010", canonical="")
    told = replace(served.truth, findings=served.truth.findings | {("warning", "x", None, KB, "x", None, None, None)})
    assert judge_article(told, replace(served, page=other)).outcome == "SILENT"


def test_an_article_that_fails_keeps_what_was_known_and_a_finding_tells(served: Served) -> None:
    failing = replace(served.without, failure="unexpected end")
    assert judge_article(failing, served).outcome == "refused"
    assert judge_article(replace(failing, findings=served.truth.findings), served).outcome == "SILENT"
    assert judge_article(replace(served.truth, failure="unexpected end"), served).outcome == "SILENT"


def test_rows_of_an_update_that_change_with_its_article_are_silently_wrong(served: Served) -> None:
    others = {**served.truth.others, "builds": served.truth.others["builds"][1:]}
    assert judge_article(replace(served.truth, others=others), served).outcome == "SILENT"


@pytest.mark.parametrize(
    ("table", "key", "column", "value"),
    [
        ("builds", ("windows-11-25h2", "26200.9445", KB), "available", "2026-09-15"),
        ("builds", ("windows-11-25h2", "26200.9445", KB), "kb", "KB5124009"),
        ("months", ("windows-11-25h2", "2026-08"), "type", "baseline"),
        ("releases", ("windows-11-25h2",), "end_of_updates", "2027-10-13"),
        ("releases", ("windows-11-25h2",), "available", "2025-09-29"),
    ],
)
def test_a_value_that_a_page_or_a_rule_contradicts_is_silently_wrong(
    pages: Laboratory, table: str, key: tuple[str, ...], column: str, value: str
) -> None:
    rows = pages.truth.tables[table]
    wrong = replace(pages.truth, tables={**pages.truth.tables, table: {**rows, key: {**rows[key], column: value}}})
    assert judge(pages.truth, wrong, pages.truth, pages.statements(), {}).outcome == "SILENT"


@pytest.fixture(scope="module")
def pages() -> Iterator[Laboratory]:
    with Laboratory(page_courses()[0]) as laboratory:
        yield laboratory


def test_a_judgement_needs_the_pages(pages: Laboratory) -> None:
    """Without statements a date is a plausible one, as long as no rule of days speaks of it."""
    rows = pages.truth.tables["builds"]
    key = ("windows-11-25h2", "26200.9457", "KB5129195")
    wrong = {**rows, key: {**rows[key], "available": "2026-09-15"}}
    catalog = replace(pages.truth, tables={**pages.truth.tables, "builds": wrong})
    assert judge(pages.truth, catalog, pages.truth, Statements([], {}), {}).outcome == "once"
    assert judge(pages.truth, catalog, pages.truth, pages.statements(), {}).outcome == "SILENT"

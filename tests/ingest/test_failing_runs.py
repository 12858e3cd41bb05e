"""Runs in which pages fail or are not modified: exit codes, what is published, and that all of it can be rebuilt."""

import pytest

from scraper.ingest.sources import BY_NAME
from tests.fixtures.edits import HISTORY_24H2, PAGE, edited, gained
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FIRST,
    FOURTH,
    NOTES,
    OLD,
    SECOND,
    THIRD,
    Runs,
    body_of,
    problems,
)
from tests.fixtures.web import Asked, Reply

pytestmark = pytest.mark.usefixtures("no_waiting")

TABLES_OF_OLD = body_of(CLIENT, OLD).partition(b"</main>")[0] + b"</main>"


def test_a_person_must_look_wins_over_try_later(runs: Runs) -> None:
    runs.answer(CLIENT, Reply(403))
    runs.answer(NOTES, Reply(404))
    result = runs.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (4, 2)


def test_run_with_failures_can_be_rebuilt_row_for_row(runs: Runs) -> None:
    names = (*FACTS, "pages", "runs", "feeds")
    runs.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    runs.answer(NOTES, Reply(403))
    assert runs.scrape(SECOND).exit_code == 4
    told = runs.tables(*names)
    assert runs.run("rebuild", *runs.files).exit_code == 0
    assert runs.tables(*names) == told
    runs.answer(CLIENT, Reply(404))
    assert runs.scrape(THIRD).exit_code == 4
    told = runs.tables(*names)
    assert runs.run("rebuild", *runs.files).exit_code == 0
    assert runs.tables(*names) == told


def test_page_that_was_never_good_contributes_nothing_yet(no_run: Runs) -> None:
    no_run.answer(CLIENT, Reply(404))
    assert no_run.scrape(FIRST).exit_code == 4
    assert no_run.page(CLIENT)[:2] == (None, FIRST)
    assert no_run.rows("select count(*) from builds where page = ?", CLIENT) == [(0,)]
    assert no_run.rows("select count(*) > 50 from builds") == [(1,)]
    no_run.serve(OLD)
    assert no_run.scrape(SECOND).exit_code == 0
    assert no_run.page(CLIENT) == (SECOND, None, None)
    assert no_run.changes() == []


def test_with_no_good_page_at_all_nothing_is_published(no_run: Runs) -> None:
    for name in BY_NAME:
        no_run.answer(name, Reply(403))
    result = no_run.scrape(FIRST)
    assert (result.exit_code, len(problems(result))) == (3, len(BY_NAME))
    assert not no_run.db.exists()
    no_run.serve(OLD)
    assert no_run.scrape(SECOND).exit_code == 0
    assert no_run.changes() == []


def test_drift_that_is_answered_with_not_modified_is_still_a_drift(runs: Runs) -> None:
    def once(asked: Asked) -> Reply:
        return Reply(304) if asked.headers.get("if-none-match") else Reply(body=drift, headers={"ETag": '"1"'})

    drift = edited(PAGE, HISTORY_24H2, gained)
    runs.answer(CLIENT, once)
    assert runs.scrape(SECOND).exit_code == 4
    result = runs.scrape(THIRD)
    assert result.exit_code == 4
    assert len(problems(result)) == 1
    assert runs.page(CLIENT)[:2] == (FIRST, SECOND)


@pytest.mark.parametrize("broken", [TABLES_OF_OLD, TABLES_OF_OLD + b"\xff</body></html>"], ids=["cut", "not UTF-8"])
def test_known_page_that_comes_broken_after_its_tables_is_broken(runs: Runs, first_run: Runs, broken: bytes) -> None:
    """All that is read of it is there; but a body that is not whole is no answer, whatever it has in common."""
    runs.serve(OLD)
    runs.answer(CLIENT, broken)
    assert runs.scrape(SECOND).exit_code == 4
    assert runs.page(CLIENT)[:2] == (FIRST, SECOND)
    assert runs.facts() == first_run.facts()
    runs.serve(OLD)
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.page(CLIENT) == (THIRD, None, None)


def test_page_that_is_back_and_not_modified_is_no_longer_failing(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    known = Reply(body=body_of(CLIENT, OLD), headers={"ETag": '"1"'})
    runs.answer(CLIENT, known)
    assert runs.scrape(SECOND).exit_code == 0
    runs.answer(CLIENT, Reply(404))
    assert runs.scrape(THIRD).exit_code == 4
    runs.answer(CLIENT, lambda asked: Reply(304) if asked.headers.get("if-none-match") == '"1"' else Reply(500))
    assert runs.scrape(FOURTH).exit_code == 0
    assert runs.page(CLIENT) == (FOURTH, None, None)
    assert runs.facts() == first_run.facts()

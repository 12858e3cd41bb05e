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
    Nights,
    body_of,
    problems,
)
from tests.fixtures.web import Asked, Reply

pytestmark = pytest.mark.usefixtures("hurried")

TABLES_OF_OLD = body_of(CLIENT, OLD).partition(b"</main>")[0] + b"</main>"


def test_a_person_must_look_wins_over_try_later(nights: Nights) -> None:
    nights.answer(CLIENT, Reply(403))
    nights.answer(NOTES, Reply(404))
    result = nights.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (4, 2)


def test_night_with_failures_can_be_rebuilt_row_for_row(nights: Nights) -> None:
    names = (*FACTS, "pages", "runs", "feeds")
    nights.answer(CLIENT, edited(PAGE, HISTORY_24H2, gained))
    nights.answer(NOTES, Reply(403))
    assert nights.scrape(SECOND).exit_code == 4
    told = nights.tables(*names)
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*names) == told
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(THIRD).exit_code == 4
    told = nights.tables(*names)
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*names) == told


def test_page_that_was_never_good_contributes_nothing_yet(fresh: Nights) -> None:
    fresh.answer(CLIENT, Reply(404))
    assert fresh.scrape(FIRST).exit_code == 4
    assert fresh.page(CLIENT)[:2] == (None, FIRST)
    assert fresh.rows("select count(*) from builds where page = ?", CLIENT) == [(0,)]
    assert fresh.rows("select count(*) > 50 from builds") == [(1,)]
    fresh.serve(OLD)
    assert fresh.scrape(SECOND).exit_code == 0
    assert fresh.page(CLIENT) == (SECOND, None, None)
    assert fresh.changes() == []


def test_with_no_good_page_at_all_nothing_is_published(fresh: Nights) -> None:
    for name in BY_NAME:
        fresh.answer(name, Reply(403))
    result = fresh.scrape(FIRST)
    assert (result.exit_code, len(problems(result))) == (3, len(BY_NAME))
    assert not fresh.db.exists()
    fresh.serve(OLD)
    assert fresh.scrape(SECOND).exit_code == 0
    assert fresh.changes() == []


def test_drift_that_is_answered_with_not_modified_is_still_a_drift(nights: Nights) -> None:
    def once(asked: Asked) -> Reply:
        return Reply(304) if asked.headers.get("if-none-match") else Reply(body=drift, headers={"ETag": '"1"'})

    drift = edited(PAGE, HISTORY_24H2, gained)
    nights.answer(CLIENT, once)
    assert nights.scrape(SECOND).exit_code == 4
    result = nights.scrape(THIRD)
    assert result.exit_code == 4
    assert len(problems(result)) == 1
    assert nights.page(CLIENT)[:2] == (FIRST, SECOND)


@pytest.mark.parametrize("broken", [TABLES_OF_OLD, TABLES_OF_OLD + b"\xff</body></html>"], ids=["cut", "not UTF-8"])
def test_known_page_that_comes_broken_after_its_tables_is_broken(nights: Nights, begun: Nights, broken: bytes) -> None:
    """All that is read of it is there; but a body that is not whole is no answer, whatever it has in common."""
    nights.serve(OLD)
    nights.answer(CLIENT, broken)
    assert nights.scrape(SECOND).exit_code == 4
    assert nights.page(CLIENT)[:2] == (FIRST, SECOND)
    assert nights.facts() == begun.facts()
    nights.serve(OLD)
    assert nights.scrape(THIRD).exit_code == 0
    assert nights.page(CLIENT) == (THIRD, None, None)


def test_page_that_is_back_and_not_modified_is_no_longer_failing(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    known = Reply(body=body_of(CLIENT, OLD), headers={"ETag": '"1"'})
    nights.answer(CLIENT, known)
    assert nights.scrape(SECOND).exit_code == 0
    nights.answer(CLIENT, Reply(404))
    assert nights.scrape(THIRD).exit_code == 4
    nights.answer(CLIENT, lambda asked: Reply(304) if asked.headers.get("if-none-match") == '"1"' else Reply(500))
    assert nights.scrape(FOURTH).exit_code == 0
    assert nights.page(CLIENT) == (FOURTH, None, None)
    assert nights.facts() == begun.facts()

"""What the archive keeps beside the pages saves time only: whatever happens to it, the catalog is the same."""

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing

import pytest

from scraper.catalog import write
from scraper.errors import MachineError
from scraper.ingest import job, parse
from scraper.ingest.archive import Archive, Visit
from scraper.ingest.published import wanted_articles
from tests.fixtures.edits import HISTORY_24H2, edited, replaced
from tests.fixtures.runs import CLIENT, FACTS, FOURTH, NEW, NOTES, OLD, SECOND, THIRD, URLS, Runs, body_of, problems

TABLES = (*write.FACT_TABLES, "pages", "runs")


def alter(runs: Runs, sql: str, *parameters: object) -> None:
    with closing(sqlite3.connect(runs.archive)) as archive, archive:
        archive.execute(sql, parameters)


def cut(table: str) -> Callable[[Runs], None]:
    return lambda runs: alter(runs, f"update {table} set body = substr(body, 1, length(body) / 2)")


def of_another_form(table: str) -> Callable[[Runs], None]:
    return lambda runs: alter(runs, f"update {table} set body = ?", zlib.compress(b"\x93\x01\x02\x03"))


def dropped(table: str) -> Callable[[Runs], None]:
    return lambda runs: alter(runs, f"drop table {table}")


def of_other_code(table: str) -> Callable[[Runs], None]:
    return lambda runs: alter(runs, f"update {table} set stamp = stamp + 1, body = x'00'")


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("table", ["records", "states"])
@pytest.mark.parametrize("damage", [cut, of_another_form, dropped, of_other_code])
def test_damage_to_what_is_kept_costs_time_only(
    runs: Runs, second_run: Runs, damage: Callable[[str], Callable[[Runs], None]], table: str
) -> None:
    damage(table)(runs)
    result = runs.scrape(SECOND)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.tables(*TABLES) == second_run.tables(*TABLES)
    damage(table)(runs)
    assert runs.run("rebuild", *runs.files).exit_code == 0
    assert runs.tables(*FACTS) == second_run.tables(*FACTS)


@pytest.mark.usefixtures("no_waiting")
def test_what_cannot_be_kept_does_not_fail_the_run(
    runs: Runs, second_run: Runs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(archive: Archive, *_: object) -> None:
        raise MachineError("trouble", page=archive.name, expected="room", found="disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "keep_state", full)
        patch.setattr(Archive, "keep_records", full)
        assert runs.scrape(SECOND).exit_code == 0
        assert runs.tables(*TABLES) == second_run.tables(*TABLES)
        assert runs.run("rebuild", *runs.files).exit_code == 0
    assert len([line for line in caplog.messages if line.startswith("what was read is not kept")]) == 2  # once each
    assert runs.tables(*FACTS) == second_run.tables(*FACTS)


@pytest.mark.usefixtures("no_waiting")
def test_visit_of_a_run_that_the_kept_state_goes_beyond_is_not_lost(runs: Runs) -> None:
    """Two runs went on at once, since somebody had deleted the lock: a page of the first came after the second."""
    runs.scrape(SECOND)
    runs.scrape(THIRD)
    late = edited(body_of(CLIENT, NEW), HISTORY_24H2, replaced("2025-03-11", "2025-03-12", "KB5053598"))
    with closing(Archive(runs.archive)) as archive:
        archive.keep(Visit(2, CLIENT, URLS[CLIENT], SECOND, 200, URLS[CLIENT]), parse.fingerprint(late), late)
    runs.answer(NOTES, body_of(NOTES, OLD))  # the next news
    assert runs.scrape(FOURTH).exit_code == 0
    grown = runs.tables(*TABLES)
    job.rebuild(job.Paths(runs.db, runs.archive), from_pages=True)
    assert runs.tables(*FACTS) == {name: grown[name] for name in FACTS}


@pytest.mark.usefixtures("no_waiting")
def test_facts_that_somebody_altered_are_made_anew_by_a_run_without_news(runs: Runs) -> None:
    runs.scrape(SECOND)
    facts = runs.tables(*FACTS)
    with closing(sqlite3.connect(runs.db)) as catalog, catalog:
        catalog.execute("update builds set available = '2020-01-01' where build = '26100.3981'")
    assert runs.tables(*FACTS) != facts
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.outcome() == "unchanged"
    assert runs.tables(*FACTS) == facts


@pytest.mark.usefixtures("no_waiting")
def test_catalog_that_is_damaged_is_made_anew_by_a_run_without_news(runs: Runs) -> None:
    runs.scrape(SECOND)
    facts = runs.tables(*FACTS)
    ((root,),) = runs.rows("select rootpage from sqlite_master where name = 'builds'")
    whole = runs.db.read_bytes()
    runs.db.write_bytes(whole[: (root - 1) * 4096] + bytes(4096) + whole[root * 4096 :])
    with pytest.raises(
        MachineError, match=r"expected: one that can be read, found: .*\(`winkb rebuild` makes it anew\)"
    ):
        wanted_articles(runs.db)
    assert runs.scrape(THIRD).exit_code == 0
    assert runs.tables(*FACTS) == facts

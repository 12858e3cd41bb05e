"""The catalog in the repository is what the bundled snapshots make, and what an archive of them makes again."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.sources import BY_NAME
from tests.fixtures.pages import DATES, SNAPSHOTS, file_name
from tests.fixtures.places import ROOT

COMMITTED = ROOT / "catalog.db"

Record = tuple[str | int | float | bytes | None, ...]

# What the search over KBs keeps of its index, in blobs of its own.
_INDEX = tuple(f"{table}_fts_{part}" for table in ("kbs", "sections") for part in ("config", "data", "docsize", "idx"))
TABLES = {"pages", "runs", "releases", "feeds", "kbs", "builds", "months", "changes", "findings", "kbs_fts"}
TABLES |= {"restarts", "security_months", "support"}
TABLES |= {"track_events", "articles", "known_issues", "prerequisites", "sections", "sections_fts"}
VIEWS = {
    "hotpatch_calendar",
    "kb_issues",
    "twins",
    "accepted_builds",
    "calendar_starts",
    "edition_names",
    "edition_restart_periods",
    "edition_verdict_periods",
    "newest_months",
    "other_families",
    "support_ends",
    "support_periods",
    "current_builds",
    "next_restart",
    "restart_periods",
    "restarts_per_year",
    "freshness",
    "month_names",
    "device_builds",
    "verdict_periods",
    "build_verdict",
    "disagreements",
}


def contents(path: Path) -> dict[str, list[Record]]:
    """Every table and view of a catalog, row by row, and its schema; the stamp of the code (user_version) is no row."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as catalog:
        schema = catalog.execute("select type, name, sql from sqlite_master order by name").fetchall()
        names = [name for kind, name, _ in schema if kind in ("table", "view") and name not in _INDEX]
        found = {name: catalog.execute(f"select * from {name}").fetchall() for name in names}
    assert found.keys() == TABLES | VIEWS
    return {"sqlite_master": schema, **found}


def assert_same(ours: Path, theirs: Path, *, but: Sequence[str] = ()) -> None:
    mine, other = contents(ours), contents(theirs)
    differing = {
        name: [row for row in zip(mine[name], other[name], strict=False) if row[0] != row[1]][:3] or "number of rows"
        for name in mine
        if mine[name] != other[name] and name not in but
    }
    assert differing == {}


def scrape(paths: job.Paths, now: str, mirror: Path) -> job.Outcome:
    return job.scrape(paths, now, mirror=str(mirror), manners=Manners(delay=0))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("demo") / "catalog.db"
    outcome = job.demo(db)
    assert (outcome.run, outcome.outcome, outcome.exit_code, outcome.problems) == (3, "news", 0, ())
    return db


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> job.Paths:
    """The three dates, scraped one after the other with an archive, as a nightly job would have."""
    folder = tmp_path_factory.mktemp("scraped")
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    outcomes = [scrape(paths, f"{date}T12:00:00Z", SNAPSHOTS / date) for date in DATES]
    assert [(outcome.outcome, outcome.exit_code) for outcome in outcomes] == [("news", 0)] * 3
    return paths


def test_committed_catalog_is_what_the_bundled_snapshots_make(demo: Path) -> None:
    assert COMMITTED.is_file(), "no catalog.db in the repository; run: python -m scraper demo"
    assert_same(COMMITTED, demo)


def test_committed_catalog_is_one_whole_file() -> None:
    assert [path.name for path in ROOT.glob("catalog.db?*") if not path.name.endswith(".lock")] == []
    with closing(sqlite3.connect(f"{COMMITTED.as_uri()}?mode=ro", uri=True)) as catalog:
        assert catalog.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert catalog.execute("pragma foreign_key_check").fetchall() == []
        assert catalog.execute("pragma journal_mode").fetchall() == [("delete",)]
        sql = "select kb from kbs_fts where kbs_fts match '\"KB5121768\"'"
        assert catalog.execute(sql).fetchall() == [("KB5121768",)]


def test_demo_is_the_same_each_time(demo: Path, tmp_path: Path) -> None:
    again = tmp_path / "catalog.db"
    job.demo(again)
    assert again.read_bytes() == demo.read_bytes()


def test_demo_is_built_anew_over_whatever_catalog_was_there(demo: Path, tmp_path: Path) -> None:
    over = tmp_path / "catalog.db"
    scrape(job.Paths(over, None), "2026-10-01T03:00:00Z", SNAPSHOTS / DATES[0])
    job.demo(over)
    assert_same(over, demo)


def test_nightly_scrapes_of_the_snapshots_give_the_demo(demo: Path, scraped: job.Paths) -> None:
    assert_same(scraped.db, demo)


def test_history_has_three_runs_and_the_later_two_have_news(demo: Path) -> None:
    found = contents(demo)
    assert [row[:4] for row in found["runs"]] == [
        (number, f"{date}T12:00:00Z", "news", 0) for number, date in enumerate(DATES, start=1)
    ]
    # In July: three rows that the update history had listed in May get their cadence and month, and its address of
    # KB5065789 names the build of 25H2, which no other page does.
    assert [sum(row[2] == run for row in found["changes"]) for run in (1, 2, 3)] == [0, 53, 66]


def rebuilt(paths: job.Paths, db: Path, *, from_pages: bool = False) -> job.Outcome:
    return job.rebuild(job.Paths(db, paths.archive), from_pages=from_pages)


@pytest.mark.parametrize(("from_pages", "parsed"), [(False, 0), (True, len(DATES) * len(BY_NAME))])
def test_rebuild_gives_every_table_that_the_runs_gave(
    scraped: job.Paths, tmp_path: Path, from_pages: bool, parsed: int
) -> None:
    outcome = rebuilt(scraped, tmp_path / "catalog.db", from_pages=from_pages)
    assert (outcome.run, outcome.outcome, outcome.exit_code, outcome.parsed) == (3, "rebuilt", 0, parsed)
    assert_same(tmp_path / "catalog.db", scraped.db)


@pytest.mark.slow
def test_rebuild_gives_the_same_after_runs_without_news_and_with_a_failure(tmp_path: Path) -> None:
    """Runs of every kind: news, the same pages again, one page gone, all pages gone, and back again."""
    paths = job.Paths(tmp_path / "catalog.db", tmp_path / "archive.db")
    pages = tmp_path / "pages"
    for name in (source.url for source in BY_NAME.values()):
        (pages / file_name(name)).parent.mkdir(parents=True, exist_ok=True)
        (pages / file_name(name)).write_bytes((SNAPSHOTS / DATES[2] / file_name(name)).read_bytes())
    (tmp_path / "nothing").mkdir()
    gone = pages / file_name(BY_NAME["hotpatch-24h2"].url)
    body = gone.read_bytes()

    def run(now: str, mirror: Path) -> tuple[str, int]:
        outcome = scrape(paths, now, mirror)
        rebuilt(paths, tmp_path / "again.db")
        assert_same(tmp_path / "again.db", paths.db)
        return outcome.outcome, outcome.exit_code

    assert run("2026-07-22T12:00:00Z", SNAPSHOTS / DATES[1]) == ("news", 0)
    assert run("2026-09-30T12:00:00Z", pages) == ("news", 0)
    assert run("2026-10-01T12:00:00Z", pages) == ("unchanged", 0)
    gone.unlink()
    assert run("2026-10-02T12:00:00Z", pages) == ("unchanged", 4)
    assert run("2026-10-03T12:00:00Z", tmp_path / "nothing") == ("failed", 4)
    gone.write_bytes(body)
    assert run("2026-10-04T12:00:00Z", pages) == ("unchanged", 0)
    assert [row[2] for row in contents(paths.db)["runs"]] == [
        "news",
        "news",
        "unchanged",
        "unchanged",
        "failed",
        "unchanged",
    ]

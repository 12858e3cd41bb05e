"""Articles through the whole way, run after run, over real HTTP on 127.0.0.1."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.job import Paths
from scraper.ingest.published import wanted_articles
from scraper.ingest.sources import SOURCES
from tests.fixtures import pages
from tests.fixtures.articles import Issue, article
from tests.fixtures.web import Reply, Web

pytestmark = pytest.mark.usefixtures("no_waiting")

QUICK = Manners(
    delay=0, quiet=0.05, backoff=0.002, longest_backoff=0.01, connect=2, read=2, total=3, seconds=1, attempts=2
)
FIRST, SECOND, THIRD, FOURTH = (f"2026-10-0{day}T03:00:00Z" for day in (1, 2, 3, 4))
ISSUE = Issue("Printers may print twice", "Every page comes out twice.", workaround="Print every second page.")
KB = "KB5124010"  # a preview of 24H2, 25H2 and 26H2, dated 2026-09-22 and 2026-09-29
BUILDS = ("26200.9550", "26100.9550")
SNAPSHOT = pages.snapshot("2026-09-30")


class Runs:
    """A mirror, a catalog and an archive; every page of the bundled snapshot of 2026-09-30, and one article."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.web = web
        self.folder = folder
        self.paths = Paths(folder / "catalog.db", folder / "archive.db")
        for source in SOURCES:
            body = SNAPSHOT[pages.file_name(source.url)]
            web.page(source.url, Reply(body=body, headers={"ETag": f'"{source.name}"'}))

    def wanted(self) -> dict[str, str]:
        """By KB, the address of every article that is asked for."""
        help_page = "https://support.microsoft.com/help/"
        return {one.kb: one.url or help_page + one.kb[2:] for one in wanted_articles(self.paths.db)}

    def serve(self, kb: str, body: bytes) -> None:
        self.web.page(self.wanted()[kb], Reply(body=body, headers={"ETag": f'"{hash(body)}"'}))

    def run(self, now: str, **options: object) -> job.Outcome:
        return job.scrape(self.paths, now, mirror=self.web.url, manners=QUICK, **{"articles": True, **options})

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.paths.db)) as catalog:
            return catalog.execute(query).fetchall()


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after a run that asked for no article."""
    with Web() as web:
        made = Runs(web, tmp_path_factory.mktemp("first_run"))
        assert made.run(FIRST, articles=False).exit_code == 0
        return made.folder


@pytest.fixture
def runs(first_run: Path, tmp_path: Path) -> Iterator[Runs]:
    shutil.copytree(first_run, tmp_path, dirs_exist_ok=True)
    with Web() as web:
        yield Runs(web, tmp_path)


def written(**more: object) -> bytes:
    made = {"issues": [ISSUE], "stack": ("KB5120102", "26100.8872"), "kind": "preview", **more}
    return article(KB, "2026-09-22", BUILDS, **made)


def test_an_article_is_read_into_its_tables(runs: Runs) -> None:
    runs.serve(KB, written(updated_at="2026-09-29 08:43 AM"))
    outcome = runs.run(FIRST)
    assert outcome.exit_code == 0
    assert runs.rows("select kb, release, issues, updated_at, available from articles") == [
        (KB, "windows-11-24h2", "listed", "2026-09-29 08:43 AM", "2026-09-22")
    ]
    assert runs.rows("select * from known_issues") == [
        (KB, ISSUE.title, "open", ISSUE.symptoms, ISSUE.workaround, None, None, FIRST, FIRST, None)
    ]
    assert runs.rows("select * from kb_issues where issues <> 'unread'") == [(KB, "listed", 1, FIRST)]
    assert runs.rows("select kind, requires_kb, build from prerequisites where kind = 'servicing-stack'") == [
        ("servicing-stack", "KB5120102", "26100.8872")
    ]
    assert runs.rows("select count(*) > 2 from sections")[0] == (1,)
    found = runs.rows(
        "select kb from sections_fts join sections on sections.rowid = sections_fts.rowid"
        " where sections_fts match 'printers'"
    )
    assert set(found) == {(KB,)}
    assert runs.rows("select title from kbs where kb = 'KB5124010'") == [
        ("September 22, 2026—KB5124010 (OS Builds 26200.9550 and 26100.9550) Preview",)
    ]


def test_every_update_of_the_hotpatch_releases_is_asked_for_once(runs: Runs) -> None:
    runs.run(FIRST)
    known = {
        kb
        for (kb,) in runs.rows(
            "select distinct kb from builds where kb is not null"
            " and release in ('windows-11-24h2', 'windows-11-25h2', 'windows-11-26h2')"
        )
    }
    assert known == runs.wanted().keys()
    asked = [urlsplit(url).path for url in runs.wanted().values()]
    assert all(runs.web.count(f"https://support.microsoft.com{path}") == 1 for path in asked)


def test_an_issue_is_followed_until_it_is_gone(runs: Runs) -> None:
    def state() -> list[tuple[object, ...]]:
        return runs.rows("select status, fixed_by_kb, first_seen, last_seen, resolved_seen from known_issues")

    runs.serve(KB, written())
    runs.run(FIRST)
    assert state() == [("open", None, FIRST, FIRST, None)]
    runs.serve(KB, written(issues=[replace(ISSUE, resolution="This issue is addressed in KB5129999.")]))
    runs.run(SECOND)
    assert state() == [("resolved", "KB5129999", FIRST, SECOND, SECOND)]
    runs.serve(KB, written(issues=[replace(ISSUE, resolution="This issue is partially resolved in KB5129999.")]))
    runs.run(THIRD)
    assert state() == [("open", "KB5129999", FIRST, THIRD, None)]
    runs.serve(KB, written(issues=[]))
    runs.run(FOURTH)
    assert state() == [("gone", "KB5129999", FIRST, THIRD, FOURTH)]
    assert runs.rows("select issues, open_issues, issues_as_of from kb_issues where kb = 'KB5124010'") == [
        ("none", 0, FOURTH)
    ]
    assert runs.rows("select issues from articles") == [("none",)]


def test_an_article_whose_issues_cannot_be_read_keeps_the_ones_it_had_and_is_a_finding(runs: Runs) -> None:
    runs.serve(KB, written())
    runs.run(FIRST)
    runs.serve(KB, written(issues=None))
    assert runs.run(SECOND).exit_code == 0
    assert runs.rows("select issues from articles") == [("unreadable",)]
    assert runs.rows("select open_issues, issues_as_of from kb_issues where kb = 'KB5124010'") == [(None, SECOND)]
    assert runs.rows("select status from known_issues") == [("open",)]
    assert runs.rows("select code, severity from findings where subject = 'KB5124010' and code = 'issues-unread'") == [
        ("issues-unread", "info")
    ]


def test_a_landing_that_does_not_carry_the_kb_gives_no_data_but_a_finding(runs: Runs) -> None:
    runs.serve(KB, article("KB4000000", "2020-01-14", ("18363.592",)))
    outcome = runs.run(FIRST)
    assert outcome.exit_code == 0
    assert runs.rows("select * from articles") == []
    assert runs.rows("select distinct issues, open_issues from kb_issues") == [("unread", None)]
    (found,) = runs.rows("select code, subject, page from findings where code = 'landing'")
    assert found == ("landing", KB, KB)
    assert any("leads to another page" in problem for problem in outcome.problems)
    facts = outcome.facts_sha256
    again = runs.run(SECOND)
    assert (again.outcome, again.parsed, again.facts_sha256) == ("unchanged", 0, facts)
    runs.serve(KB, written())
    runs.run(THIRD)
    assert runs.rows("select kb from articles") == [(KB,)]
    assert runs.rows("select resolved_at from findings where code = 'landing'") == [(THIRD,)]
    assert runs.rows("select failing_since, failure from pages where page = 'KB5124010'") == [(None, None)]


def test_another_article_at_an_address_that_names_the_kb_gives_no_data_but_a_finding(runs: Runs) -> None:
    named = "KB5101650"
    assert "kb5101650" in runs.wanted()[named]
    runs.serve(named, written())
    assert runs.run(FIRST).exit_code == 0
    assert runs.rows("select * from articles") == []
    assert runs.rows("select subject from findings where code = 'landing'") == [(named,)]


def test_an_article_that_contradicts_itself_is_read_and_is_a_finding(runs: Runs) -> None:
    runs.serve(KB, written(title="September 8, 2026\N{EM DASH}KB5124008"))
    runs.run(FIRST)
    assert runs.rows("select kb from articles") == [(KB,)]
    assert runs.rows("select subject, message from findings where code = 'article-differs'") == [
        (KB, "in the article of KB5124010 its title names KB5124008")
    ]


@pytest.mark.parametrize("build", ["22631.9550", "26200.9551"])
def test_a_build_that_the_tables_do_not_have_of_the_kb_is_a_finding(runs: Runs, build: str) -> None:
    runs.serve(KB, article(KB, "2026-09-22", ("26200.9550", build), kind="preview"))
    runs.run(FIRST)
    assert runs.rows("select subject, message from findings where code = 'article-differs'") == [
        (KB, f"in the article of KB5124010 a build is {build}, which the tables do not have of KB5124010")
    ]


def test_a_page_that_is_no_article_is_a_finding_and_no_stop(runs: Runs) -> None:
    runs.serve(KB, b"<!DOCTYPE html><html><body>Something else</body></html>")
    assert runs.run(FIRST).exit_code == 0
    assert runs.rows("select code, page from findings where page = 'KB5124010'") == [("article-unread", KB)]


def test_title_heading_and_table_that_disagree_are_a_conflict(runs: Runs) -> None:
    runs.serve(KB, article(KB, "2026-09-22", ("26200.9551", "26100.9550"), kind="preview"))
    runs.run(FIRST)
    messages = [
        message
        for (message,) in runs.rows(
            "select message from findings where code = 'conflict' and page != other_page and other_page = 'KB5124010'"
        )
    ]
    assert "build in the heading of KB5124010: 26200.9551, 26200.9550 on windows-11-release-information" in messages


def test_an_article_within_its_freshness_is_not_asked_for_again(runs: Runs) -> None:
    runs.serve(KB, written())
    runs.run(FIRST)
    url = runs.wanted()[KB]
    assert runs.web.count(url) == 1
    runs.run("2026-10-01T09:00:00Z")
    assert runs.web.count(url) == 1
    runs.run(SECOND)
    assert runs.web.count(url) == 2


def test_an_old_article_is_read_weekly(runs: Runs) -> None:
    old = "KB5058411"  # May 2025
    runs.serve(old, article(old, "2025-05-13", ("26100.4061",)))
    runs.run(FIRST)
    address, counts = runs.wanted()[old], []
    for day in range(2, 17):
        runs.run(f"2026-10-{day:02}T03:00:00Z")
        counts.append(runs.web.count(address))
    asked = [
        day for day, (before, after) in enumerate(zip([1, *counts], counts, strict=False), start=2) if after > before
    ]
    assert len(asked) == 2
    assert asked[1] - asked[0] == 7


def test_the_old_articles_are_spread_over_the_week(runs: Runs) -> None:
    for number, (kb, url) in enumerate(runs.wanted().items()):
        runs.web.page(url, Reply(body=article(kb, "", ()), headers={"ETag": f'"{number}"'}))
    runs.run(FIRST)
    total, before, asked = len(runs.wanted()), len(runs.web.asked), []
    for day in range(2, 9):
        runs.run(f"2026-10-{day:02}T03:00:00Z")
        asked.append(len(runs.web.asked) - before)
        before = len(runs.web.asked)
    assert max(asked) < total / 2


def test_articles_that_will_not_come_hold_up_no_other(runs: Runs) -> None:
    """The newest are asked for first; when they failed, they come last in the next run."""
    kbs = list(runs.wanted())
    for kb, url in runs.wanted().items():
        silent = kb in kbs[:6]
        runs.web.page(url, Reply(503) if silent else Reply(body=article(kb, "", ())))
    assert runs.run(FIRST).exit_code == 3
    assert runs.rows("select count(*) from articles") == [(0,)]
    # How many of the six a run asks for before it gives up depends on which answer comes first; two runs ask for all.
    assert [runs.run(f"2026-10-01T0{hour}:00:00Z").exit_code for hour in (4, 5)] == [3, 3]
    assert runs.rows("select count(*) from articles") == [(len(kbs) - 6,)]


def test_an_article_that_is_gone_is_not_asked_for_every_hour(runs: Runs) -> None:
    for hour in (3, 4, 5):
        runs.run(f"2026-10-01T{hour:02}:00:00Z")
    assert runs.web.count(runs.wanted()[KB]) == 1


def test_a_budget_that_the_pages_spend_is_said_and_ends_with_3(runs: Runs) -> None:
    for source in SOURCES:
        runs.web.page(source.url, Reply(body=b"", wait=2))
    outcome = runs.run(SECOND, budget=0.3)
    assert (outcome.exit_code, outcome.outcome) == (3, "failed")
    assert len(outcome.problems) == len(SOURCES)
    assert all("within the run's budget" in problem for problem in outcome.problems)


def test_issues_of_the_same_title_are_told_apart(runs: Runs) -> None:
    second = replace(ISSUE, symptoms="Every page stays blank. Always.")
    runs.serve(KB, written(issues=[ISSUE, second, second]))
    runs.run(FIRST)
    assert sorted(title for (title,) in runs.rows("select title from known_issues")) == [
        f"{ISSUE.title}: Every page comes out twice.",
        f"{ISSUE.title}: Every page stays blank.",
    ]


def test_digits_of_other_scripts_make_no_prerequisite(runs: Runs) -> None:
    runs.serve(KB, written(stack=("KB\u0665\u0661\u0662\u0660\u0661\u0660\u0662", "26100.8872")))
    assert runs.run(FIRST).exit_code == 0
    assert runs.rows("select kind from prerequisites where kind = 'servicing-stack'") == []


def test_a_page_in_an_articles_place_is_said_again_after_a_run_without_it(runs: Runs) -> None:
    stray = article("KB4000000", "2020-01-14", ("18363.592",))
    runs.serve(KB, stray)
    first = runs.run(FIRST).problems
    runs.web.page(runs.wanted()[KB], Reply(404))
    runs.run(SECOND)
    runs.serve(KB, stray)
    outcome = runs.run(THIRD)
    moved = [line for line in first if "leads to another page" in line]
    assert [line for line in outcome.problems if "leads to another page" in line] == moved
    before = runs.rows("select page, url, failure, failing_since from pages order by page")
    job.rebuild(runs.paths)
    assert runs.rows("select page, url, failure, failing_since from pages order by page") == before


def test_a_spent_budget_ends_the_run_well_and_the_next_one_goes_on(runs: Runs) -> None:
    for number, (kb, url) in enumerate(runs.wanted().items()):
        runs.web.page(url, Reply(body=article(kb, "", ()), wait=0.05, headers={"ETag": f'"{number}"'}))
    total = len(runs.wanted())
    outcome = runs.run(FIRST, budget=1.0)
    ((had,),) = runs.rows("select count(*) from articles")
    assert outcome.exit_code == 0
    assert 0 < had < total
    for number, (kb, url) in enumerate(runs.wanted().items()):
        runs.web.page(url, Reply(body=article(kb, "", ()), headers={"ETag": f'"{number}"'}))
    runs.run(SECOND.replace("T03", "T02"))
    asked = [runs.web.count(url) for url in runs.wanted().values()]
    assert runs.rows("select count(*) from articles") == [(total,)]
    assert sum(asked) <= total + 60, "only what was not read, and what the run makes due"


def test_a_host_that_stays_silent_is_left_alone(runs: Runs) -> None:
    for url in runs.wanted().values():
        runs.web.page(url, Reply(503))
    outcome = runs.run(FIRST)
    assert outcome.exit_code == 3
    asked = sum(runs.web.count(url) for url in runs.wanted().values())
    assert asked < 20 < len(runs.wanted())


def test_a_run_without_news_transfers_and_parses_nothing_of_articles(runs: Runs) -> None:
    for number, (kb, url) in enumerate(runs.wanted().items()):
        runs.web.page(url, Reply(body=article(kb, "", ()), headers={"ETag": f'"{number}"'}))
    first = runs.run(FIRST)
    served = {url: number for number, url in enumerate(runs.wanted().values())}
    for url, number in served.items():
        runs.web.page(url, Reply(304, headers={"ETag": f'"{number}"'}))
    for source in SOURCES:
        runs.web.page(source.url, Reply(304, headers={"ETag": f'"{source.name}"'}))
    again = runs.run("2026-10-12T03:00:00Z")  # a day later October is due, and that is news
    assert (again.outcome, again.parsed, again.facts_sha256) == ("unchanged", 0, first.facts_sha256)
    assert runs.rows("select min(fetched_at) > '2026-10-01T03:00:00Z' from pages") == [(1,)]


def test_rebuild_gives_the_articles_again(runs: Runs, tmp_path: Path) -> None:
    runs.serve(KB, written())
    runs.run(FIRST)
    runs.serve(KB, written(issues=[]))
    runs.run(SECOND)
    names = ("articles", "known_issues", "prerequisites", "sections", "kbs", "findings", "pages", "runs", "changes")
    before = {name: runs.rows(f"select * from {name}") for name in names}
    job.rebuild(runs.paths)
    assert {name: runs.rows(f"select * from {name}") for name in names} == before

"""Known issues and the search never deny what was not read: on the page of a KB, in JSON, in SQL and in words."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import httpx
import pytest

from scraper import answers
from scraper.cli import words
from tests.fixtures.issues import (
    GONE,
    LISTED,
    NONE,
    OPEN,
    READ_AT,
    RESOLVED,
    UNREAD,
    UNREADABLE,
    add_all_other_articles,
    add_articles,
)
from tests.fixtures.serving import bundled, local

SENTENCES = {
    LISTED: "2 in its article, last read on 2026-10-01: 1 open, 1 resolved",
    NONE: "none, as its article says, last read on 2026-10-01",
    UNREAD: "not known: no article of this update was read",
    UNREADABLE: "not known: its article, last read on 2026-10-01, has no section of issues that could be understood;"
    " earlier it listed 1: 1 open",
}
STATES = {LISTED: "listed", NONE: "none", UNREAD: "unread", UNREADABLE: "unreadable"}


@pytest.fixture(scope="module")
def some_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = bundled(tmp_path_factory.mktemp("some_read"))
    add_articles(path)
    return path


@pytest.fixture(scope="module")
def pages(some_read: Path) -> Iterator[httpx.Client]:
    with local(some_read) as server:
        yield server.client


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def section(html: str, heading: str = "Known issues") -> str:
    """The text below a heading."""
    return text_of(re.split("<h2>|<p class=.as-data|</main>", html.partition(f"<h2>{heading}</h2>")[2])[0])


@pytest.mark.parametrize("kb", SENTENCES)
def test_a_kb_page_says_what_is_known_of_its_issues(pages: httpx.Client, kb: str) -> None:
    sentence = SENTENCES[kb]
    assert section(pages.get(f"/kb/{kb}").text).startswith(f"{sentence[0].upper()}{sentence[1:]}.")


@pytest.mark.parametrize("kb", SENTENCES)
def test_the_command_line_says_the_same(some_read: Path, kb: str) -> None:
    with closing(answers.open_catalog(some_read)) as catalog:
        document, _ = answers.kb(catalog, kb)
    assert f"  issues      {SENTENCES[kb]}\n" in words.kb(document)


@pytest.mark.parametrize("kb", STATES)
def test_json_and_sql_say_the_same(pages: httpx.Client, kb: str) -> None:
    document = pages.get(f"/kb/{kb}.json").json()
    (row,) = pages.get(f"/catalog/kb_issues.json?kb={kb}&_shape=array").json()
    read_at = None if kb == UNREAD else READ_AT
    assert (document["issues"], document["issues_as_of"]) == (STATES[kb], read_at)
    assert (row["issues"], row["issues_as_of"]) == (STATES[kb], read_at)
    listed = [(issue["title"], issue["status"]) for issue in document["known_issues"] or ()]
    assert listed == {
        LISTED: [(OPEN, "open"), (RESOLVED, "resolved"), (GONE, "gone")],
        UNREADABLE: [(OPEN, "open")],
    }.get(kb, [])
    assert (document["known_issues"] is None) == (kb == UNREAD)
    assert row["open_issues"] == {LISTED: 1, NONE: 0}.get(kb)


def test_an_unknown_kb_has_unread_issues(pages: httpx.Client) -> None:
    document = pages.get("/kb/KB1234567.json").json()
    assert (document["issues"], document["issues_as_of"], document["known_issues"]) == ("unread", None, None)


def test_a_kb_page_shows_each_issue_with_its_fix_and_its_days(pages: httpx.Client) -> None:
    html = pages.get(f"/kb/{LISTED}").text
    shown = section(html)
    assert f"open {OPEN} Fixed in part by KB5129195 Symptom: Twice. Workaround: Restart." in shown
    assert f"resolved {RESOLVED} Fixed by KB5124010 Symptom: It is. Resolution: Fixed in KB5124010." in shown
    assert "first seen 2026-10-01, resolved since 2026-10-02" in shown
    assert f"gone {GONE} first seen 2026-10-01, resolved or gone since 2026-10-03" in shown
    assert '<a class="kb" href="/kb/KB5129195">' in html
    assert f'href="/catalog/known_issues?kb={LISTED}"' in html


def test_the_command_line_lists_each_issue(some_read: Path) -> None:
    with closing(answers.open_catalog(some_read)) as catalog:
        lines = [line.split("  ") for line in words.kb(answers.kb(catalog, LISTED)[0]).splitlines()]
    found = [[cell.strip() for cell in line if cell] for line in lines]
    assert [line for line in found if len(line) == 2 and line[1] in (OPEN, RESOLVED, GONE)] == [
        ["open, fixed in part by KB5129195", OPEN],
        ["resolved, fixed by KB5124010", RESOLVED],
        ["gone", GONE],
    ]


# --- the search ------------------------------------------------------------------------------------------------------


def searched(client: httpx.Client, words: str) -> str:
    return section(client.get("/search", params={"q": words}).text, "In articles")


def updates(path: Path) -> int:
    with closing(answers.open_catalog(path)) as catalog:
        return int(catalog.execute("select count(*) from kbs").fetchone()[0])


def test_a_search_where_no_article_was_read_denies_nothing(site: httpx.Client, catalog: Path) -> None:
    said = f"No article was read so far, of {updates(catalog)} updates: whether one has these words is not known."
    assert searched(site, "BitLocker recovery") == said
    assert searched(site, "hotpatch") == said


def test_a_search_says_how_many_articles_it_looked_through(pages: httpx.Client, some_read: Path) -> None:
    number, day = updates(some_read), "(each last read on 2026-10-01 or later)"
    of = f"the 3 articles read so far, of {number} updates"
    assert searched(pages, "BitLocker recovery") == f"None of {of} has these words {day} ."
    assert searched(pages, "printers").startswith(f"Found in {of} {day} : {LISTED} Known issues : Printers print twice")


def test_a_search_where_all_articles_were_read_says_so(tmp_path: Path) -> None:
    path = bundled(tmp_path)
    add_articles(path)
    add_all_other_articles(path)
    with local(path) as server:
        found = searched(server.client, "BitLocker recovery")
    assert found.startswith(f"None of the articles of all {updates(path)} updates has these words")


def test_a_search_that_finds_no_title_says_how_many_there_are(site: httpx.Client, catalog: Path) -> None:
    with closing(answers.open_catalog(catalog)) as opened:
        ((titles,),) = opened.execute("select count(title) from kbs").fetchall()
    found = section(site.get("/search?q=bitlocker").text, "Updates")
    assert found == f"No title has these words: bitlocker . (Of {updates(catalog)} updates, {titles} have a title.)"


def test_about_says_how_many_articles_were_read(site: httpx.Client, pages: httpx.Client) -> None:
    assert "No articles of updates were read, so nothing is known of known issues." in text_of(site.get("/about").text)
    assert "3 articles of updates: 3 were read, each last on 2026-10-01" in text_of(pages.get("/about").text)
    assert pages.get("/about.json").json()["articles"]["read"] == 3

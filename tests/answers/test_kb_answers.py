"""What is this KB: the contract's document, and KBs as people type them."""

import sqlite3

import pytest

from scraper import answers
from scraper.answers.documents import Pair
from scraper.errors import InputError
from tests.answers.small_catalog import FETCHED, S25


@pytest.mark.parametrize("text", ["KB5058497", "kb5058497", "5058497", "KB 5058497"])
def test_a_kb_is_read_as_people_have_it(catalog: sqlite3.Connection, text: str) -> None:
    twin: Pair = {"kb": "KB5058411", "build": "26100.4061"}
    baseline: Pair = {"kb": "KB5055523", "build": "26100.3775"}
    of_client = {
        "release": "windows-11-24h2",
        "build": "26100.3981",
        "kind": "hotpatch",
        "month": "2025-05",
        "security_month": "2025-05",
        "available": "2025-05-13",
        "twin": twin,
        "baseline": baseline,
        "corrected_to": None,
        "withdrawn": False,
    }
    document = {
        "kb": "KB5058497",
        "title": "May 13, 2025\u2014Hotpatch KB5058497 (OS Build 26100.3981)",
        "track": "hotpatch",
        "article_url": "https://support.microsoft.com/help/5059525",
        "expired": False,
        "builds": [of_client, of_client | {"release": "windows-server-2025"}],
        "issues": "unread",
        "issues_as_of": None,
        "known_issues": None,
        "data_as_of": FETCHED,
    }
    assert answers.kb(catalog, text) == (document, True)


def test_an_unknown_kb_is_the_same_document_with_nulls(catalog: sqlite3.Connection) -> None:
    assert answers.kb(catalog, "KB9999999") == (
        {
            "kb": "KB9999999",
            "title": None,
            "track": None,
            "article_url": None,
            "expired": None,
            "builds": [],
            "issues": "unread",
            "issues_as_of": None,
            "known_issues": None,
            "data_as_of": FETCHED,
        },
        False,
    )


def test_a_component_update_has_no_build(catalog: sqlite3.Connection) -> None:
    document, found = answers.kb(catalog, "KB5061096")
    assert found
    assert [(row["build"], row["kind"], row["available"]) for row in document["builds"]] == [(None, "component", None)]


def test_a_corrected_kb_shows_both_builds(catalog: sqlite3.Connection) -> None:
    document, _ = answers.kb(catalog, "KB5053598")
    assert [row["build"] for row in document["builds"]] == ["26100.3474", "26100.3476"]


def test_an_expired_kb_says_so(catalog: sqlite3.Connection) -> None:
    document, _ = answers.kb(catalog, "KB5044284")
    assert document["expired"] is True


def test_a_kb_of_other_releases_only_is_not_found_in_the_one_asked_for(catalog: sqlite3.Connection) -> None:
    document, found = answers.kb(catalog, "KB5058497", "25H2")
    assert (found, document["title"] is None, document["builds"]) == (False, False, [])
    assert answers.kb(catalog, "KB5058497", "server-2025")[0]["builds"][0]["release"] == S25


@pytest.mark.parametrize("text", ["", "KB", "KB-5058497", "505849x", "26100.3981", "KB  5058497", "\u0665"])
def test_what_is_no_kb_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected KB .* expected: KB and digits, like KB5058497, found: '"):
        answers.kb(catalog, text)

"""What is this build: the contract's document, unknown builds, neighbours, and builds as people type them."""

import sqlite3

import pytest

from scraper import answers
from scraper.errors import InputError
from tests.answers.small_catalog import FETCHED, MAY, S25, W24, W25, judged, the_build


def test_a_build_of_client_and_server_is_answered_once_for_each_client_first(catalog: sqlite3.Connection) -> None:
    july = {"month": "2025-07", "date": "2025-07-08", "date_is": "scheduled", "status": None, "kb": None}
    server = MAY | {"release": S25, "next_restart": july, "because": MAY["because"].replace("24H2", "Server 2025")}
    assert answers.build(catalog, "26100.3981", "2025-05-20") == ([MAY, server], True)


def test_the_keys_come_in_the_order_of_the_contract(catalog: sqlite3.Connection) -> None:
    assert list(the_build(catalog, "26100.3981", "2025-05-20")) == [
        *("build", "release", "as_of", "status", "months_behind", "reason", "because", "track", "kind"),
        *("security_month", "withdrawn", "kbs", "twin", "baseline", "accepted", "next_restart"),
        *("below", "above", "data_as_of", "edition", "action"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("26100.3981", " 26100.3981 ", "10.0.26100.3981"),
        *("Version 24H2 (OS Build 26100.3981)", "version 24h2 (os build 26100.3981)"),
    ],
)
def test_a_build_is_read_as_people_have_it(catalog: sqlite3.Connection, text: str) -> None:
    assert answers.build(catalog, text, "2025-05-20", "24H2") == ([MAY], True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "26100", "26100.", "26100.03981", "26100.39811111", "6.1.26100.3981", "10.0.26100"),
        *("KB5058497", "26100.3981 x", "26100.\u0663"),
    ],
)
def test_what_is_no_build_is_refused_with_what_was_expected(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected build .* expected: a build like 26100\.3981.*, found: '"):
        answers.build(catalog, text, "2025-05-20")


@pytest.mark.parametrize("text", ["", "today", "2025-02-30", "20250520", "2025-W21-2", "0001-01-01", "2025-5-20"])
def test_what_is_no_date_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match="a date like 2025-05-20"):
        answers.build(catalog, "26100.3981", text)


@pytest.mark.parametrize("release", ["24H2", W24, "server 2025"])
def test_a_revision_alone_is_a_build_of_the_release_named(catalog: sqlite3.Connection, release: str) -> None:
    (answer,), found = answers.build(catalog, "3981", "2025-05-20", release)
    assert (answer["build"], found) == ("26100.3981", True)


def test_a_build_family_is_no_revision(catalog: sqlite3.Connection) -> None:
    with pytest.raises(InputError, match="found: '26100'"):
        answers.build(catalog, "26100", "2025-05-20", "24H2")


def test_a_revision_alone_of_no_release_is_refused(catalog: sqlite3.Connection) -> None:
    with pytest.raises(InputError, match=r"or the revision alone with the one release that it is of, found: '3981'"):
        answers.build(catalog, "3981", "2025-05-20")


def test_an_unknown_build_names_its_neighbours_and_guesses_nothing(catalog: sqlite3.Connection) -> None:
    unknown = MAY | {
        "build": "26100.4000",
        "status": "unknown",
        "months_behind": None,
        "reason": "not-in-catalog",
        "because": "26100.4000 is not in the catalog as a build of 24H2; its neighbours in data of 2026-07-22 are"
        " 26100.3983 below and 26100.4061 above",
        "track": None,
        "kind": None,
        "security_month": None,
        "withdrawn": None,
        "kbs": [],
        "twin": None,
        "baseline": None,
        "below": {
            "build": "26100.3983",
            "kbs": [{"kb": "KB5061258", "track": "hotpatch", "kind": "out-of-band"}],
            "security_month": "2025-05",
        },
        "above": {
            "build": "26100.4061",
            "kbs": [{"kb": "KB5058411", "track": "cumulative", "kind": "security"}],
            "security_month": "2025-05",
        },
        "action": MAY["action"] | {"do": "look", "because": "the catalog does not know this build"},
    }
    assert answers.build(catalog, "26100.4000", "2025-05-20") == ([unknown], False)


def test_neighbours_are_chosen_by_number_not_by_text(catalog: sqlite3.Connection) -> None:
    answer = the_build(catalog, "26100.500", "2025-05-20")
    assert (answer["below"], answer["above"]) == (
        None,
        {
            "build": "26100.1742",
            "kbs": [{"kb": None, "track": "cumulative", "kind": "initial"}],
            "security_month": None,
        },
    )
    last = the_build(catalog, "26100.99999", "2025-05-20")
    assert last["above"] is None
    assert last["below"]
    assert last["below"]["build"] == "26100.4652"


def test_a_build_of_no_release_has_no_release_and_no_neighbours(catalog: sqlite3.Connection) -> None:
    (answer,), found = answers.build(catalog, "17763.7314", "2025-05-20")
    assert not found
    assert (answer["release"], answer["accepted"], answer["next_restart"]) == (None, [], None)
    assert (answer["below"], answer["above"], answer["data_as_of"]) == (None, None, FETCHED)


def test_a_build_of_another_release_is_unknown_to_the_release_asked_for(catalog: sqlite3.Connection) -> None:
    (answer,), found = answers.build(catalog, "26100.4652", "2025-07-20", "server-2025")
    assert (found, answer["release"], answer["reason"]) == (False, S25, "not-in-catalog")
    assert answer["below"]
    assert answer["below"]["build"] == "26100.4061"
    (answer,), found = answers.build(catalog, "26100.4652", "2025-07-20", "25H2")
    assert (found, answer["release"], answer["below"], answer["above"]) == (False, W25, None, None)


def test_two_kbs_of_one_build_leave_track_null_and_share_the_earliest_date(catalog: sqlite3.Connection) -> None:
    answer = the_build(catalog, "26100.6905", "2025-10-23", S25)
    assert answer["kbs"] == [
        {"kb": "KB5070893", "track": "hotpatch", "kind": "out-of-band"},
        {"kb": "KB5070881", "track": "cumulative", "kind": "out-of-band"},
    ]
    assert (answer["status"], answer["track"], answer["kind"]) == ("current", None, "out-of-band")
    assert answer["baseline"] == {"kb": "KB5066835", "build": "26100.6899"}
    assert judged(catalog, "26100.6905", "2025-10-22", S25) == ("not-released", None, None)


def test_a_build_is_withdrawn_when_all_its_rows_are(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set withdrawn = 1 where kb = 'KB5070893'")
    assert the_build(catalog, "26100.6905", "2025-10-30", S25)["withdrawn"] is False
    catalog.execute("update builds set withdrawn = 1 where kb = 'KB5070881'")
    answer = the_build(catalog, "26100.6905", "2025-10-30", S25)
    assert (answer["withdrawn"], answer["status"]) == (True, "current")


def test_a_baseline_month_accepts_one_build(catalog: sqlite3.Connection) -> None:
    assert the_build(catalog, "26100.3775", "2025-04-30")["accepted"] == [
        {"track": "cumulative", "kb": "KB5055523", "build": "26100.3775"}
    ]


def test_a_corrected_build_is_not_accepted_and_is_nobodys_twin(catalog: sqlite3.Connection) -> None:
    answer = the_build(catalog, "26100.3403", "2025-03-20")
    assert answer["accepted"] == [
        {"track": "hotpatch", "kb": "KB5053636", "build": "26100.3403"},
        {"track": "cumulative", "kb": "KB5053598", "build": "26100.3476"},
    ]
    assert answer["twin"] == {"kb": "KB5053598", "build": "26100.3476"}


def test_a_withdrawn_build_is_not_accepted_and_keeps_its_verdict(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set withdrawn = 1 where kb = 'KB5058497'")
    answer = the_build(catalog, "26100.3981", "2025-05-20")
    assert (answer["status"], answer["withdrawn"]) == ("current", True)
    assert answer["accepted"] == [{"track": "cumulative", "kb": "KB5058411", "build": "26100.4061"}]


def test_a_twin_that_has_no_build_is_named_all_the_same(catalog: sqlite3.Connection) -> None:
    catalog.execute("delete from builds where kb = 'KB5058411'")
    assert the_build(catalog, "26100.3981", "2025-05-20")["twin"] == {"kb": "KB5058411", "build": None}

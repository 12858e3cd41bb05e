"""The lookup room and its words, over a small catalog by hand from real numbers (24H2 to July 2025, and others)."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper import answers as lookup
from scraper.answers.documents import BuildAnswer, Pair
from scraper.catalog.schema import schema
from scraper.cli import words as render
from scraper.errors import InputError, MachineError
from tests.fixtures.places import ROOT

SCHEMA = schema()
W24, W25, W22, S25 = "windows-11-24h2", "windows-11-25h2", "windows-11-22h2", "windows-server-2025"
FETCHED = "2026-07-22T03:00:00Z"

Value = str | int | None


def read_table(text: str) -> list[tuple[Value, ...]]:
    """Rows of words under a line of column names; a dash is null."""
    return [tuple(None if word == "-" else word for word in line.split()) for line in text.splitlines()[2:]]


RELEASES: list[tuple[Value, ...]] = [
    (S25, "Windows Server", "2025", 26100, "2034-11-14", None, 1),
    (W22, "Windows 11", "22H2", 22621, "2025-10-14", None, 1),
    (W24, "Windows 11", "24H2", 26100, "2027-10-12", None, 1),
    (W25, "Windows 11", "25H2", 26200, "2028-10-10", None, 1),
]

BUILDS = read_table("""
release             build      kb        track      kind        cadence month   security available  twin_kb   stands_on
windows-11-24h2     26100.1742 -         cumulative initial     A       2024-10 -        2024-10-01 -         -
windows-11-24h2     26100.2033 KB5044284 cumulative security    B       2024-10 2024-10  2024-10-08 -         -
windows-11-24h2     26100.2161 KB5044384 cumulative preview     D       2024-10 2024-10  2024-10-24 -         -
windows-11-24h2     26100.2240 KB5046696 hotpatch   hotpatch    -       2024-11 2024-11  2024-11-12 KB5046617 -
windows-11-24h2     26100.2314 KB5046617 cumulative security    B       2024-11 2024-11  2024-11-12 KB5046696 -
windows-11-24h2     26100.2605 KB5048667 cumulative security    B       2024-12 2024-12  2024-12-10 -         -
windows-11-24h2     26100.2894 KB5050009 cumulative baseline    B       2025-01 2025-01  2025-01-14 -         -
windows-11-24h2     26100.3194 KB5051987 cumulative security    B       2025-02 2025-02  2025-02-11 -         -
windows-11-24h2     26100.3403 KB5053636 hotpatch   hotpatch    -       2025-03 2025-03  2025-03-11 KB5053598 KB5050009
windows-11-24h2     26100.3474 KB5053598 cumulative security    B       2025-03 2025-03  2025-03-11 -         -
windows-11-24h2     26100.3476 KB5053598 cumulative security    B       2025-03 2025-03  2025-03-11 KB5053636 -
windows-11-24h2     26100.3775 KB5055523 cumulative baseline    B       2025-04 2025-04  2025-04-08 -         -
windows-11-24h2     26100.3981 KB5058497 hotpatch   hotpatch    -       2025-05 2025-05  2025-05-13 KB5058411 KB5055523
windows-11-24h2     26100.3983 KB5061258 hotpatch   out-of-band -       -       2025-05  2025-05-16 -         KB5055523
windows-11-24h2     26100.4061 KB5058411 cumulative security    B       2025-05 2025-05  2025-05-13 KB5058497 -
windows-11-24h2     26100.4202 KB5058499 cumulative preview     D       2025-05 2025-05  2025-05-28 -         -
windows-11-24h2     -          KB5061096 component  component   -       -       -        -          -         -
windows-11-24h2     26100.4349 KB5060842 cumulative security    B       2025-06 2025-06  2025-06-10 KB5060841 -
windows-11-24h2     26100.4270 KB5060841 hotpatch   hotpatch    -       2025-06 2025-06  2025-06-10 KB5060842 KB5055523
windows-11-24h2     26100.4652 KB5062553 cumulative baseline    B       2025-07 2025-07  2025-07-08 -         -
windows-server-2025 26100.3775 KB5055523 cumulative baseline    B       2025-04 2025-04  2025-04-08 -         -
windows-server-2025 26100.3981 KB5058497 hotpatch   hotpatch    -       2025-05 2025-05  2025-05-13 KB5058411 KB5055523
windows-server-2025 26100.4061 KB5058411 cumulative security    B       2025-05 2025-05  2025-05-13 KB5058497 -
windows-server-2025 26100.6899 KB5066835 cumulative baseline    B       2025-10 2025-10  2025-10-14 -         -
windows-server-2025 26100.6905 KB5070881 cumulative out-of-band OOB     2025-10 2025-10  2025-10-23 -         -
windows-server-2025 26100.6905 KB5070893 hotpatch   out-of-band -       -       2025-10  2025-10-24 -         KB5066835
windows-11-25h2     26200.6899 KB5066835 cumulative baseline    B       2025-10 2025-10  2025-10-14 -         -
windows-11-25h2     26200.7092 KB5068966 hotpatch   hotpatch    -       2025-11 2025-11  2025-11-11 KB5068861 KB5066835
windows-11-25h2     26200.7171 KB5068861 cumulative security    B       2025-11 2025-11  2025-11-11 KB5068966 -
windows-11-25h2     26200.8655 KB5094126 cumulative baseline    B       2026-06 2026-06  2026-06-09 -         -
windows-11-22h2     22621.6060 KB5066793 cumulative security    B       2025-10 2025-10  2025-10-14 -         -
""")

MONTHS = read_table("""
release             month   type     planned  status   available  kb        build      cumulative_kb cumulative_build
windows-11-24h2     2025-01 baseline -        released 2025-01-14 KB5050009 26100.2894 KB5050009     26100.2894
windows-11-24h2     2025-04 baseline -        released 2025-04-08 KB5055523 26100.3775 KB5055523     26100.3775
windows-11-24h2     2025-05 hotpatch -        released 2025-05-13 KB5058497 26100.3981 KB5058411     26100.4061
windows-11-24h2     2025-06 hotpatch -        released 2025-06-10 KB5060841 26100.4270 KB5060842     26100.4349
windows-11-24h2     2025-07 baseline -        released 2025-07-08 KB5062553 26100.4652 KB5062553     26100.4652
windows-11-25h2     2025-11 hotpatch -        released 2025-11-11 KB5068966 26200.7092 KB5068861     26200.7171
windows-11-25h2     2026-06 baseline hotpatch released 2026-06-09 KB5094126 26200.8655 KB5094126     26200.8655
windows-11-25h2     2026-10 baseline baseline planned  -          -         -          -             -
windows-server-2025 2025-05 hotpatch -        released 2025-05-13 KB5058497 26100.3981 KB5058411     26100.4061
""")

CHANGES: list[tuple[Value, ...]] = [
    (1, "2026-07-22T03:00:00Z", 2, "months", W25, "2026-06", "type", "hotpatch", "baseline", "client", 1),
    (2, "2026-07-22T03:00:00Z", 2, "builds", W25, "26200.8655", "row", None, "26200.8655", "client", 0),
    (3, "2026-07-23T03:00:00Z", 3, "builds", W24, "26100.3474", "corrected_to", None, "26100.3476", "client", 0),
]


def make_catalog(
    releases: list[tuple[Value, ...]],
    builds: list[tuple[Value, ...]],
    months: list[tuple[Value, ...]],
    fetched: str | None,
    path: str = ":memory:",
) -> sqlite3.Connection:
    """A catalog with these rows; one page, `client`, feeds every release."""
    catalog = sqlite3.connect(path)
    catalog.executescript(SCHEMA)
    catalog.execute(
        "insert into pages (page, url, fetched_at) values ('client', 'https://learn.microsoft.com/', ?)", [fetched]
    )
    for release, product, version, base, end, ended, serviced in releases:
        catalog.execute(
            "insert into releases (release, product, version, base_build, end_of_updates_enterprise, ended, serviced,"
            " hotpatch, partial, page) values (?, ?, ?, ?, ?, ?, ?, 1, 0, 'client')",
            (release, product, version, base, end, ended, serviced),
        )
        catalog.execute("insert into feeds (page, release) values ('client', ?)", [release])
    for release, build, kb, track, *rest in builds:
        if kb:
            catalog.execute("insert or ignore into kbs (kb, track, expired) values (?, ?, 0)", (kb, track))
        revision = int(str(build).partition(".")[2]) if build else None
        catalog.execute(
            "insert into builds (release, build, revision, kb, track, kind, cadence, month, security_month, available,"
            " twin_kb, baseline_kb, withdrawn, page) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'client')",
            (release, build, revision, kb, track, *rest),
        )
    catalog.executemany(
        "insert into months (release, month, type, planned_type, status, available, kb, build, cumulative_kb,"
        " cumulative_build, restart, withdrawn, page) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'client')",
        [(*row, int(row[2] == "baseline")) for row in months],
    )
    return catalog


def make_whole_catalog(path: str = ":memory:") -> sqlite3.Connection:
    catalog = make_catalog(RELEASES, BUILDS, MONTHS, FETCHED, path)
    catalog.execute(
        "update kbs set title = ?, article_url = ? where kb = 'KB5058497'",
        ("May 13, 2025\u2014Hotpatch KB5058497 (OS Build 26100.3981)", "https://support.microsoft.com/help/5059525"),
    )
    catalog.execute("update kbs set expired = 1 where kb = 'KB5044284'")
    catalog.execute("update builds set corrected_to = '26100.3476' where build = '26100.3474'")
    catalog.executemany("insert into changes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", CHANGES)
    catalog.commit()
    return catalog


@pytest.fixture
def catalog() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(make_whole_catalog()) as connection:
        yield connection


def the_build(catalog: sqlite3.Connection, text: str, as_of: str, release: str = W24) -> BuildAnswer:
    (answer,), _ = lookup.build(catalog, text, as_of, release)
    return answer


def judged(catalog: sqlite3.Connection, text: str, as_of: str, release: str = W24) -> tuple[Value, ...]:
    answer = the_build(catalog, text, as_of, release)
    return answer["status"], answer["months_behind"], answer["reason"]


# --- build: the contract, whole ---------------------------------------------------------------------------------------

MAY: BuildAnswer = {
    "build": "26100.3981",
    "release": "windows-11-24h2",
    "as_of": "2025-05-20",
    "status": "current",
    "months_behind": 0,
    "reason": None,
    "because": "26100.3981 is the May 2025 hotpatch; the newest security month of 24H2 on 2025-05-20 was May 2025,"
    " so it is current",
    "track": "hotpatch",
    "kind": "hotpatch",
    "security_month": "2025-05",
    "withdrawn": False,
    "kbs": [{"kb": "KB5058497", "track": "hotpatch", "kind": "hotpatch"}],
    "twin": {"kb": "KB5058411", "build": "26100.4061"},
    "baseline": {"kb": "KB5055523", "build": "26100.3775"},
    "accepted": [
        {"track": "hotpatch", "kb": "KB5058497", "build": "26100.3981"},
        {"track": "cumulative", "kb": "KB5058411", "build": "26100.4061"},
    ],
    "next_restart": {
        "month": "2025-07",
        "date": "2025-07-08",
        "date_is": "published",
        "status": "released",
        "kb": "KB5062553",
    },
    "below": None,
    "above": None,
    "data_as_of": FETCHED,
}


def test_a_build_of_client_and_server_is_answered_once_for_each_client_first(catalog: sqlite3.Connection) -> None:
    server = MAY | {"release": S25, "next_restart": None, "because": MAY["because"].replace("24H2", "Server 2025")}
    assert lookup.build(catalog, "26100.3981", "2025-05-20") == ([MAY, server], True)


def test_the_keys_come_in_the_order_of_the_contract(catalog: sqlite3.Connection) -> None:
    assert list(the_build(catalog, "26100.3981", "2025-05-20")) == [
        *("build", "release", "as_of", "status", "months_behind", "reason", "because", "track", "kind"),
        *("security_month", "withdrawn", "kbs", "twin", "baseline", "accepted", "next_restart"),
        *("below", "above", "data_as_of"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("26100.3981", " 26100.3981 ", "10.0.26100.3981"),
        *("Version 24H2 (OS Build 26100.3981)", "version 24h2 (os build 26100.3981)"),
    ],
)
def test_a_build_is_read_as_people_have_it(catalog: sqlite3.Connection, text: str) -> None:
    assert lookup.build(catalog, text, "2025-05-20", "24H2") == ([MAY], True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "26100", "26100.", "26100.03981", "26100.39811111", "6.1.26100.3981", "10.0.26100"),
        *("KB5058497", "26100.3981 x", "26100.\u0663"),
    ],
)
def test_what_is_no_build_is_refused_with_what_was_expected(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected build .* expected: a build like 26100\.3981.*, found: '"):
        lookup.build(catalog, text, "2025-05-20")


@pytest.mark.parametrize("text", ["", "today", "2025-02-30", "20250520", "2025-W21-2", "0001-01-01", "2025-5-20"])
def test_what_is_no_date_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match="a date like 2025-05-20"):
        lookup.build(catalog, "26100.3981", text)


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
    }
    assert lookup.build(catalog, "26100.4000", "2025-05-20") == ([unknown], False)


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
    (answer,), found = lookup.build(catalog, "17763.7314", "2025-05-20")
    assert not found
    assert (answer["release"], answer["accepted"], answer["next_restart"]) == (None, [], None)
    assert (answer["below"], answer["above"], answer["data_as_of"]) == (None, None, FETCHED)


def test_a_build_of_another_release_is_unknown_to_the_release_asked_for(catalog: sqlite3.Connection) -> None:
    (answer,), found = lookup.build(catalog, "26100.4652", "2025-07-20", "server-2025")
    assert (found, answer["release"], answer["reason"]) == (False, S25, "not-in-catalog")
    assert answer["below"]
    assert answer["below"]["build"] == "26100.4061"
    (answer,), found = lookup.build(catalog, "26100.4652", "2025-07-20", "25H2")
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


# --- build: rule 2 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "as_of", "verdict"),
    [
        ("26100.3981", "2025-05-12", ("not-released", None, None)),
        ("26100.3981", "2025-05-13", ("current", 0, None)),
        ("26100.4061", "2025-05-13", ("current", 0, None)),
        ("26100.3983", "2025-05-20", ("current", 0, None)),
        ("26100.4202", "2025-06-09", ("current", 0, None)),
        ("26100.4202", "2025-06-10", ("behind", 1, None)),
        ("26100.3981", "2025-07-08", ("behind", 2, None)),
        ("26100.2161", "2025-07-08", ("behind", 9, None)),
        ("26100.1742", "2024-10-07", ("unknown", None, "no-security-month")),
        ("26100.1742", "2025-07-08", ("behind", 10, None)),
        ("26100.3474", "2025-03-20", ("current", 0, None)),
        ("26100.4652", "2026-07-22", ("current", 0, None)),
        ("26100.4652", "2026-08-10", ("current", 0, None)),
        ("26100.4652", "2026-08-11", ("unknown", None, "stale")),
        ("26100.3981", "2026-08-11", ("behind", 2, "stale")),
        ("26100.4652", "2027-10-12", ("unknown", None, "stale")),
        ("26100.4652", "2027-10-13", ("out-of-support", None, None)),
    ],
)
def test_the_verdict_follows_rule_2(
    catalog: sqlite3.Connection, build: str, as_of: str, verdict: tuple[Value, ...]
) -> None:
    assert judged(catalog, build, as_of) == verdict


def test_the_end_date_itself_is_still_supported(catalog: sqlite3.Connection) -> None:
    assert judged(catalog, "22621.6060", "2025-10-14", W22) == ("current", 0, None)
    assert judged(catalog, "22621.6060", "2025-10-15", W22) == ("out-of-support", None, None)


@pytest.mark.parametrize("change", ["ended = 'all'", "serviced = 0"])
def test_a_release_that_ended_without_a_date_is_out_of_support(catalog: sqlite3.Connection, change: str) -> None:
    catalog.execute(f"update releases set end_of_updates_enterprise = null, {change}")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("out-of-support", None, None)


def test_a_release_whose_servicing_table_was_never_read_is_not_called_ended(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set end_of_updates_enterprise = null, serviced = null")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("current", 0, None)


def test_a_release_that_ended_for_home_only_is_supported(catalog: sqlite3.Connection) -> None:
    catalog.execute("update releases set end_of_updates_enterprise = null, ended = 'home'")
    assert judged(catalog, "26100.3981", "2025-05-20") == ("current", 0, None)


def test_data_that_was_never_fetched_says_current_of_nothing(catalog: sqlite3.Connection) -> None:
    catalog.execute("update pages set fetched_at = null")
    answer = the_build(catalog, "26100.3981", "2025-05-20")
    assert (answer["status"], answer["reason"], answer["data_as_of"]) == ("unknown", "stale", None)
    assert judged(catalog, "26100.3981", "2025-06-10") == ("behind", 1, "stale")


def test_the_oldest_page_decides_how_fresh_a_release_is(catalog: sqlite3.Connection) -> None:
    catalog.execute(
        "insert into pages (page, url, fetched_at) values ('notes', 'https://x.example/', '2026-07-10T03:00:00Z')"
    )
    catalog.execute("insert into feeds (page, release) values ('notes', ?)", [W24])
    assert the_build(catalog, "26100.4652", "2026-07-22")["data_as_of"] == "2026-07-10T03:00:00Z"
    assert judged(catalog, "26100.4652", "2026-07-22") == ("unknown", None, "stale")
    document, _ = lookup.kb(catalog, "KB5058497")
    assert document["data_as_of"] == "2026-07-10T03:00:00Z"


@pytest.mark.parametrize(
    ("data_as_of", "as_of", "stale"),
    [
        ("2025-05-12T23:59:59Z", "2025-05-12", False),
        ("2025-05-12T23:59:59Z", "2025-05-13", True),
        ("2025-05-13T00:00:00Z", "2025-05-13", False),
        ("2025-05-13T18:29:59Z", "2025-05-14", True),
        ("2025-05-13T18:30:00Z", "2025-06-09", False),
        ("2025-05-13T00:00:00Z", "2025-06-10", True),
        ("2024-12-11T00:00:00Z", "2025-01-13", False),
        ("2024-12-09T00:00:00Z", "2025-01-01", True),
        (None, "2025-05-12", True),
    ],
)
def test_data_is_stale_from_the_next_second_tuesday(
    catalog: sqlite3.Connection, data_as_of: str | None, as_of: str, stale: bool
) -> None:
    catalog.execute("update pages set fetched_at = ?", [data_as_of])
    catalog.execute("delete from builds where available > '2025-03-31'")
    catalog.execute("delete from months where available > '2025-03-31'")
    catalog.execute("update builds set available = '2024-10-08' where build = '26100.3476'")
    assert judged(catalog, "26100.3476", as_of) == (("unknown", None, "stale") if stale else ("current", 0, None))


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


# --- kb ---------------------------------------------------------------------------------------------------------------


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
        "data_as_of": FETCHED,
    }
    assert lookup.kb(catalog, text) == (document, True)


def test_an_unknown_kb_is_the_same_document_with_nulls(catalog: sqlite3.Connection) -> None:
    assert lookup.kb(catalog, "KB9999999") == (
        {
            "kb": "KB9999999",
            "title": None,
            "track": None,
            "article_url": None,
            "expired": None,
            "builds": [],
            "data_as_of": FETCHED,
        },
        False,
    )


def test_a_component_update_has_no_build(catalog: sqlite3.Connection) -> None:
    document, found = lookup.kb(catalog, "KB5061096")
    assert found
    assert [(row["build"], row["kind"], row["available"]) for row in document["builds"]] == [(None, "component", None)]


def test_a_corrected_kb_shows_both_builds(catalog: sqlite3.Connection) -> None:
    document, _ = lookup.kb(catalog, "KB5053598")
    assert [row["build"] for row in document["builds"]] == ["26100.3474", "26100.3476"]


def test_an_expired_kb_says_so(catalog: sqlite3.Connection) -> None:
    document, _ = lookup.kb(catalog, "KB5044284")
    assert document["expired"] is True


def test_a_kb_of_other_releases_only_is_not_found_in_the_one_asked_for(catalog: sqlite3.Connection) -> None:
    document, found = lookup.kb(catalog, "KB5058497", "25H2")
    assert (found, document["title"] is None, document["builds"]) == (False, False, [])
    assert lookup.kb(catalog, "KB5058497", "server-2025")[0]["builds"][0]["release"] == S25


@pytest.mark.parametrize("text", ["", "KB", "KB-5058497", "505849x", "26100.3981", "KB  5058497", "\u0665"])
def test_what_is_no_kb_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected KB .* expected: KB and digits, like KB5058497, found: '"):
        lookup.kb(catalog, text)


# --- month, next_restart, changes -------------------------------------------------------------------------------------


def test_a_month_that_was_replanned_shows_both_types(catalog: sqlite3.Connection) -> None:
    document = {
        "release": "windows-11-25h2",
        "month": "2026-06",
        "type": "baseline",
        "planned_type": "hotpatch",
        "status": "released",
        "available": "2026-06-09",
        "kb": "KB5094126",
        "build": "26200.8655",
        "cumulative_kb": "KB5094126",
        "cumulative_build": "26200.8655",
        "restart": True,
        "withdrawn": False,
    }
    assert lookup.month(catalog, "2026-06") == ([document], True)


def test_a_withdrawn_month_says_so_and_not_that_it_is_planned(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    months, _ = lookup.month(catalog, "2026-10")
    assert months[0]["withdrawn"] is True
    assert "withdrawn" in render.month(months)
    assert "planned " not in render.month(months)


def test_what_is_old_or_out_of_support_is_never_called_fully_patched(catalog: sqlite3.Connection) -> None:
    for day, label in (("2026-07-22", "fully patched"), ("2026-09-01", "newest known"), ("2027-12-01", "newest known")):
        assert f"\n  {label} " in render.build([the_build(catalog, "26100.4652", day)])


def test_a_month_lists_its_releases_client_first(catalog: sqlite3.Connection) -> None:
    months, _ = lookup.month(catalog, "2025-05")
    assert [(row["release"], row["restart"]) for row in months] == [(W24, False), (S25, False)]
    assert lookup.month(catalog, "2025-05", "server-2025") == (months[1:], True)
    assert lookup.month(catalog, "2023-05") == ([], False)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-6", "2026-06-09", "06-2026"])
def test_what_is_no_month_is_refused(catalog: sqlite3.Connection, text: str) -> None:
    with pytest.raises(InputError, match=r"unexpected month .* expected: a month like 2026-06, found: '"):
        lookup.month(catalog, text)


@pytest.mark.parametrize("version", ["25H2", "25h2", "windows-11-25h2", "11-25h2", "Windows 11 25H2", " 25H2 "])
def test_a_planned_restart_is_dated_by_its_second_tuesday(catalog: sqlite3.Connection, version: str) -> None:
    document = {
        "release": "windows-11-25h2",
        "as_of": "2026-06-10",
        "month": "2026-10",
        "date": "2026-10-13",
        "date_is": "planned",
        "status": "planned",
        "kb": None,
        "days": 125,
    }
    assert lookup.next_restart(catalog, version, "2026-06-10") == ([document], True)


def test_a_restart_on_the_day_itself_is_the_next_one(catalog: sqlite3.Connection) -> None:
    (restart,), found = lookup.next_restart(catalog, "25H2", "2026-06-09")
    assert found
    assert (restart["date"], restart["date_is"], restart["status"]) == ("2026-06-09", "published", "released")


def test_a_withdrawn_month_is_no_restart(catalog: sqlite3.Connection) -> None:
    catalog.execute("update months set withdrawn = 1 where month = '2026-10'")
    assert lookup.next_restart(catalog, "25H2", "2026-06-10") == ([], False)


@pytest.mark.parametrize("version", ["2025", "server-2025", "windows-server-2025", "Windows Server 2025"])
def test_a_release_without_a_coming_baseline_has_no_answer(catalog: sqlite3.Connection, version: str) -> None:
    assert lookup.next_restart(catalog, version, "2025-05-01") == ([], False)


def test_an_unknown_version_is_refused_with_the_known_ones(catalog: sqlite3.Connection) -> None:
    with pytest.raises(
        InputError, match="one of windows-11-22h2, windows-11-24h2, windows-11-25h2, windows-server-2025, found: '27H2'"
    ):
        lookup.next_restart(catalog, "27H2", "2025-05-01")


def test_changes_are_whole_rows_newest_first_since_a_day_inclusive(catalog: sqlite3.Connection) -> None:
    newest = {
        "id": 3,
        "seen_at": "2026-07-23T03:00:00Z",
        "run": 3,
        "table_name": "builds",
        "release": "windows-11-24h2",
        "subject": "26100.3474",
        "field": "corrected_to",
        "old": None,
        "new": "26100.3476",
        "page": "client",
        "replanned": False,
    }
    assert lookup.changes(catalog, "2026-07-23") == ([newest], True)
    assert [row["id"] for row in lookup.changes(catalog)[0]] == [3, 1, 2]
    assert [row["id"] for row in lookup.changes(catalog, "2026-07-22", "25H2")[0]] == [1, 2]
    assert lookup.changes(catalog, "2026-07-24") == ([], False)


# --- what it says to people -------------------------------------------------------------------------------------------

BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def test_a_build_in_words(catalog: sqlite3.Connection) -> None:
    assert render.build([the_build(catalog, "26100.3981", "2025-05-20")]) == (
        f"{MAY['because']}.\n"
        "  verdict        current on 2025-05-20\n"
        "  release        Windows 11 24H2\n"
        "  brought by     KB5058497, hotpatch\n"
        "  same fixes     KB5058411 (26100.4061)\n"
        "  stands on      KB5055523 (26100.3775)\n"
        "  fully patched  hotpatch KB5058497 (26100.3981) or cumulative KB5058411 (26100.4061) (on 2025-05-20)\n"
        "  next restart   2025-07-08 (published) with the July 2025 baseline KB5062553\n"
        f"  data as of     {FETCHED}\n\n{BOTH}"
    )


@pytest.mark.parametrize(
    ("build", "release", "as_of", "verdict", "sentence"),
    [
        (
            *("26100.3981", W24, "2025-06-10", "behind by 1 month on 2025-06-10"),
            "26100.3981 is the May 2025 hotpatch; the newest security month of 24H2 on 2025-06-10 was June 2025, so it"
            " is one month behind",
        ),
        (
            *("26100.3775", W24, "2027-01-01", "behind by at least 3 months (stale) on 2027-01-01"),
            "26100.3775 is the April 2025 baseline; the newest security month of 24H2 in data of 2026-07-22 was July"
            " 2025, and newer updates may have come by 2027-01-01, so it is at least 3 months behind",
        ),
        (
            *("26100.3983", W24, "2025-05-15", "not-released on 2025-05-15"),
            "26100.3983 is an out-of-band hotpatch with the security fixes of May 2025; it came on 2025-05-16, so no"
            " device had it on 2025-05-15",
        ),
        (
            *("22621.6060", W22, "2026-01-01", "out-of-support on 2026-01-01"),
            "22621.6060 is the October 2025 cumulative update; on 2026-01-01 22H2 is out of support: its updates ended"
            " on 2025-10-14",
        ),
        (
            *("26100.1742", W24, "2024-10-02", "unknown (no-security-month) on 2024-10-02"),
            "26100.1742 is the first build of 24H2; 24H2 had no security month on 2024-10-02, so it cannot be compared",
        ),
        (
            *("26100.4652", W24, "2026-09-01", "unknown (stale) on 2026-09-01"),
            "26100.4652 is the July 2025 baseline; the newest security month of 24H2 in data of 2026-07-22 was July"
            " 2025, and newer updates may have come by 2026-09-01, so whether it is current is unknown",
        ),
        (
            *("26100.6905", S25, "2025-10-30", "current on 2025-10-30"),
            "26100.6905 is an out-of-band hotpatch with the security fixes of October 2025 and an out-of-band update"
            " with the security fixes of October 2025, which took devices off hotpatch until the January 2026 baseline"
            " (KB5070881); the newest security month of Server 2025 on 2025-10-30 was October 2025, so it is current",
        ),
        (
            *("26100.3474", W24, "2025-03-20", "current on 2025-03-20"),
            "26100.3474 is the March 2025 cumulative update, corrected since to 26100.3476; the newest security month"
            " of 24H2 on 2025-03-20 was March 2025, so it is current",
        ),
        (
            *("26100.4000", W24, "2025-05-20", "unknown (not-in-catalog) on 2025-05-20"),
            "26100.4000 is not in the catalog as a build of 24H2; its neighbours in data of 2026-07-22 are 26100.3983"
            " below and 26100.4061 above",
        ),
    ],
)
def test_every_verdict_is_one_sentence(
    catalog: sqlite3.Connection, build: str, release: str, as_of: str, verdict: str, sentence: str
) -> None:
    event = ("KB5070881", S25, "leaves-hotpatch", "2026-01", "https://support.microsoft.com/help/5070881")
    catalog.execute("insert into track_events values (?, ?, ?, ?, ?)", event)
    answer = the_build(catalog, build, as_of, release)
    assert answer["because"] == sentence
    assert render.build([answer]).splitlines()[0] == f"{sentence}."
    assert f"  {verdict}\n" in render.build([answer])


def test_a_build_without_a_date_came_no_earlier_than_its_month(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set available = null where build = '26100.3983'")
    assert judged(catalog, "26100.3983", "2025-05-12") == ("not-released", None, None)
    assert judged(catalog, "26100.3983", "2025-05-13") == ("current", 0, None)
    assert "it came no earlier than 2025-05-13, so" in the_build(catalog, "26100.3983", "2025-05-12")["because"]


@pytest.mark.parametrize("release", ["24H2", W24, "server 2025"])
def test_a_revision_alone_is_a_build_of_the_release_named(catalog: sqlite3.Connection, release: str) -> None:
    (answer,), found = lookup.build(catalog, "3981", "2025-05-20", release)
    assert (answer["build"], found) == ("26100.3981", True)


def test_a_build_family_is_no_revision(catalog: sqlite3.Connection) -> None:
    with pytest.raises(InputError, match="found: '26100'"):
        lookup.build(catalog, "26100", "2025-05-20", "24H2")


def test_a_revision_alone_of_no_release_is_refused(catalog: sqlite3.Connection) -> None:
    with pytest.raises(InputError, match=r"or the revision alone with the one release that it is of, found: '3981'"):
        lookup.build(catalog, "3981", "2025-05-20")


def test_all_verdicts_at_once_are_those_of_the_single_builds(catalog: sqlite3.Connection) -> None:
    every = lookup.Verdicts(catalog, "2025-05-20")
    for build in ("26100.3981", "10.0.26100.6905", "26100.4000", "17763.1"):
        single = lookup.build(catalog, build, "2025-05-20")[0]
        keys = ("build", "release", "status", "months_behind", "reason", "because", "security_month", "track", "kind")
        assert [[row[key] for key in keys] for row in every.of(build)] == [[row[key] for key in keys] for row in single]
    with pytest.raises(InputError, match="a build like"):
        every.of("26100")


def test_all_verdicts_at_once_are_read_once_however_many_builds_are_unknown(catalog: sqlite3.Connection) -> None:
    every = lookup.Verdicts(catalog, "2025-05-20")
    asked: list[str] = []
    catalog.set_trace_callback(asked.append)
    for revision in range(7000, 7100):
        (row,) = every.of(f"26100.{revision}")
        assert (row["reason"], row["release"]) == ("not-in-catalog", W24)
    assert every.of("17763.1")[0]["release"] is None
    assert asked == []


def test_an_unknown_build_in_words_names_its_neighbours(catalog: sqlite3.Connection) -> None:
    text = render.build(lookup.build(catalog, "26100.500", "2024-01-01")[0])
    assert "  above         26100.1742 (no KB), security month none\n" in text
    assert render.build(lookup.build(catalog, "17763.1", "2024-01-01")[0]).startswith(
        "17763.1 is not in the catalog.\n"
    )


def test_a_withdrawn_build_says_so(catalog: sqlite3.Connection) -> None:
    catalog.execute("update builds set withdrawn = 1 where kb = 'KB5058497'")
    text = render.build([the_build(catalog, "26100.3981", "2025-05-20")])
    assert text.splitlines()[0].startswith("26100.3981 is the May 2025 hotpatch, no longer listed by Microsoft; ")


def test_an_out_of_band_hotpatch_is_told_from_the_update_of_the_same_build(catalog: sqlite3.Connection) -> None:
    text = render.build([the_build(catalog, "26100.6905", "2025-10-30", S25)])
    assert "  brought by     KB5070893, out-of-band hotpatch and KB5070881, out-of-band update\n" in text
    assert "  out-of-band hotpatch  security month 2025-10" in render.kb(lookup.kb(catalog, "KB5070893")[0])
    assert "  out-of-band update  security month 2025-10" in render.kb(lookup.kb(catalog, "KB5070881")[0])


def test_a_kb_in_words(catalog: sqlite3.Connection) -> None:
    rest = (
        "26100.3981  2025-05-13  hotpatch  security month 2025-05  same fixes KB5058411 (26100.4061)"
        "  stands on KB5055523 (26100.3775)\n"
    )
    assert render.kb(lookup.kb(catalog, "5058497")[0]) == (
        "KB5058497\n"
        "  title       May 13, 2025-Hotpatch KB5058497 (OS Build 26100.3981)\n"
        "  track       hotpatch\n"
        "  article     https://support.microsoft.com/help/5059525\n"
        f"  data as of  {FETCHED}\n"
        f"  Windows 11 24H2      {rest}"
        f"  Windows Server 2025  {rest}"
        f"{BOTH}"
    )
    assert render.kb(lookup.kb(catalog, "1")[0]) == f"KB1 is not in the catalog (data as of {FETCHED})."
    assert "  expired     yes" in render.kb(lookup.kb(catalog, "KB5044284")[0])
    assert "no build  no date  component update" in render.kb(lookup.kb(catalog, "KB5061096")[0])
    catalog.execute("update pages set fetched_at = null")
    assert render.kb(lookup.kb(catalog, "1")[0]) == "KB1 is not in the catalog (the age of its data is unknown)."


def test_a_month_in_words(catalog: sqlite3.Connection) -> None:
    assert render.month(lookup.month(catalog, "2026-06")[0]) == (
        "  Windows 11 25H2  baseline, planned as hotpatch  restart  released 2026-06-09"
        "  baseline KB5094126 (26200.8655)"
    )
    assert render.month(lookup.month(catalog, "2026-10")[0]) == "  Windows 11 25H2  baseline  restart  planned"
    assert render.month(lookup.month(catalog, "2025-11")[0]) == (
        "  Windows 11 25H2  hotpatch  no restart  released 2025-11-11"
        f"  hotpatch KB5068966 (26200.7092)  cumulative KB5068861 (26200.7171)\n{BOTH}"
    )
    assert render.month([]) == "The hotpatch calendars have no such month."


def test_a_restart_in_words(catalog: sqlite3.Connection) -> None:
    assert render.next_restart(lookup.next_restart(catalog, "25H2", "2026-07-01")[0]) == (
        "Windows 11 25H2 restarts next on 2026-10-13 (planned) with the October 2026 baseline,"
        " 104 days after 2026-07-01."
    )
    assert render.next_restart([]) == "The hotpatch calendar has no baseline month on or after that date."


def test_changes_in_words_are_grouped_by_night_with_replanned_months_first(catalog: sqlite3.Connection) -> None:
    catalog.execute("update changes set old = new, new = null, table_name = 'builds' where id = 2")
    catalog.execute("update changes set id = 9 where id = 1")
    rows = lookup.changes(catalog)[0]
    assert render.changes(rows).splitlines() == [
        "2026-07-23T03:00:00Z, run 3: 1 change",
        "    windows-11-24h2  builds  26100.3474  corrected_to: nothing -> 26100.3476  client",
        "",
        "2026-07-22T03:00:00Z, run 2: 2 changes",
        "  REPLANNED  windows-11-25h2  months  2026-06     type: hotpatch -> baseline  client",
        "             windows-11-25h2  builds  26200.8655  disappeared: 26200.8655     client",
    ]
    assert render.changes_markdown(rows).splitlines() == [
        "### 2026-07-23T03:00:00Z, run 3: 1 change",
        "",
        "|  | release | table | subject | change | page |",
        "| --- | --- | --- | --- | --- | --- |",
        "|  | windows-11-24h2 | builds | 26100.3474 | corrected&#95;to: nothing -&#62; 26100.3476 | client |",
        "",
        "### 2026-07-22T03:00:00Z, run 2: 2 changes",
        "",
        "|  | release | table | subject | change | page |",
        "| --- | --- | --- | --- | --- | --- |",
        "| **replanned** | windows-11-25h2 | months | 2026-06 | type: hotpatch -&#62; baseline | client |",
        "|  | windows-11-25h2 | builds | 26200.8655 | disappeared: 26200.8655 | client |",
    ]
    assert render.changes([]) == render.changes_markdown([]) == "No changes were seen."


# --- restarts, disagreements ------------------------------------------------------------------------------------------


def test_restarts_of_a_year_are_counted_and_listed(catalog: sqlite3.Connection) -> None:
    years, found = lookup.restarts(catalog, "2026", "25H2")
    assert found
    assert years == [
        {
            "release": W25,
            "year": "2026",
            "planned": 1,
            "actual": 1,
            "cumulative": 1,
            "months": [
                {
                    "month": "2026-06",
                    "type": "baseline",
                    "planned_type": "hotpatch",
                    "status": "released",
                    "date": "2026-06-09",
                    "date_is": "published",
                    "restart": True,
                    "kb": "KB5094126",
                    "build": "26200.8655",
                    "cumulative_kb": "KB5094126",
                    "cumulative_build": "26200.8655",
                },
                {
                    "month": "2026-10",
                    "type": "baseline",
                    "planned_type": "baseline",
                    "status": "planned",
                    "date": "2026-10-13",
                    "date_is": "planned",
                    "restart": True,
                    "kb": None,
                    "build": None,
                    "cumulative_kb": None,
                    "cumulative_build": None,
                },
            ],
        }
    ]
    assert render.restarts(years).splitlines() == [
        "Restarts of Windows 11 25H2 in 2026: 1 planned, 1 so far; 1 so far on the cumulative track.",
        "  2026-06  RESTART  baseline, planned as hotpatch  released  2026-06-09                   KB5094126"
        " (26200.8655)",
        "  2026-10  RESTART  baseline                       planned   2026-10-13 (second Tuesday)",
    ]
    assert lookup.restarts(catalog, "2031") == ([], False)
    assert render.restarts([]) == "The hotpatch calendars have no such year."
    with pytest.raises(InputError, match="a year like 2026"):
        lookup.restarts(catalog, "26")


def test_disagreements_say_what_is_used_and_why(catalog: sqlite3.Connection) -> None:
    sql = (
        "insert into findings (severity, code, release, subject, message, page, other_page, field, used, other, why,"
        " first_seen, resolved_at) values ('warning', 'conflict', ?, ?, '', 'client', 'client', 'date', ?, ?, ?, ?, ?)"
    )
    why = "the release history comes before the calendar of the same page"
    catalog.execute(sql, (W24, "KB1", "2024-11-12", "2024-11-19", why, "2026-05-27T12:00:00Z", None))
    catalog.execute(sql, (W25, "KB2", "2024-11-12", "2024-11-13", why, "2026-05-28T12:00:00Z", "2026-05-29T12:00:00Z"))
    (row,), found = lookup.disagreements(catalog)
    assert found
    assert row == {
        "release": W24,
        "subject": "KB1",
        "field": "date",
        "used": "2024-11-12",
        "used_page": "client",
        "other": "2024-11-19",
        "other_page": "client",
        "why": why,
        "since": "2026-05-27T12:00:00Z",
        "until": None,
    }
    assert render.disagreements([row]).splitlines() == [
        "date of KB1, Windows 11 24H2",
        "  used   2024-11-12 on client",
        "  other  2024-11-19 on client",
        f"  why    {why}",
        "  since  2026-05-27T12:00:00Z",
    ]
    assert [row["subject"] for row in lookup.disagreements(catalog, ended=True)[0]] == ["KB2", "KB1"]
    assert lookup.disagreements(catalog, "25H2") == ([], False)
    assert (
        render.disagreements([])
        == "No disagreement of two pages was found, or none that stands (--ended shows the others)."
    )


def test_a_scraped_escape_sequence_never_reaches_the_terminal(catalog: sqlite3.Connection) -> None:
    catalog.execute("update kbs set title = ? where kb = 'KB5058497'", ["a\x1b[31m\nb\u00a0\u202e"])
    assert "  title       a\\x1b[31m\\nb \\u202e\n" in render.kb(lookup.kb(catalog, "KB5058497")[0])


# --- opening ----------------------------------------------------------------------------------------------------------


def test_a_catalog_opens_read_only_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%20d \u00e9"
    folder.mkdir()
    make_whole_catalog(str(folder / "catalog.db")).close()
    with contextlib.closing(lookup.open_catalog(folder / "catalog.db")) as catalog:
        assert lookup.build(catalog, "26100.3981", "2025-05-20", W24) == ([MAY], True)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalog.execute("delete from changes")


def test_a_missing_catalog_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with pytest.raises(MachineError, match=r"on .*catalog\.db\. expected: a readable file, found: no such file"):
        lookup.open_catalog(str(path))
    assert not path.exists()
    with pytest.raises(MachineError, match=r"expected: a readable file, found: no such file"):
        lookup.open_catalog(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("kb,build\n" * 500, encoding="utf-8")
    with pytest.raises(MachineError, match="expected: a SQLite database, found: file is not a database"):
        lookup.open_catalog(path)


def test_a_database_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with contextlib.closing(make_whole_catalog(str(path))) as catalog:
        catalog.execute("drop view accepted_builds")
    with pytest.raises(MachineError, match=r"the tables and views of schema\.sql, found: none named accepted_builds"):
        lookup.open_catalog(path)


def test_a_catalog_of_another_code_is_this_machines_error(catalog: sqlite3.Connection) -> None:
    catalog.execute("alter table changes rename column subject to topic")
    with pytest.raises(MachineError, match="expected: a whole catalog, found: no such column: subject"):
        lookup.changes(catalog)


def test_a_lookup_loads_no_other_room_and_nothing_heavy() -> None:
    script = "import sys, scraper.answers.lookup, scraper.cli.words; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    rooms = {name for name in loaded if name.partition(".")[0] == "scraper"}
    named = ("answers", "errors", "lookup", "markdown", "render")
    assert rooms == {"scraper", *(f"scraper.{name}" for name in named)}
    heavy = {
        "asyncio",
        "dataclasses",
        "email",
        "http",
        "inspect",
        "json",
        "pathlib",
        "socket",
        "sqlite_utils",
        "urllib",
    }
    assert heavy.isdisjoint(loaded)

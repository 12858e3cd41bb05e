"""A small catalog, written by hand from real numbers: 24H2 to July 2025, and some rows of other releases."""

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import cache

import pytest

from scraper import answers
from scraper.answers.documents import BuildAnswer
from scraper.catalog.schema import FOLLOWING, follow, schema

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
release             build      kb        track      kind        cadence month   security available  twin_kb   baseline
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
    catalog.executescript(schema())
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
    catalog.execute(
        "update months set scheduled_type = (select scheduled_type from month_names where number = substr(month, 6))"
    )
    settle(catalog)
    return catalog


def settle(catalog: sqlite3.Connection) -> None:
    """Fill the tables that follow from others anew: their rows were changed by hand."""
    emptied = "".join(f"delete from {table}; " for table in FOLLOWING)
    catalog.executescript(emptied + follow())


def make_whole_catalog(path: str = ":memory:") -> sqlite3.Connection:
    catalog = make_catalog(RELEASES, BUILDS, MONTHS, FETCHED, path)
    catalog.execute(
        "update kbs set title = ?, article_url = ? where kb = 'KB5058497'",
        ("May 13, 2025\u2014Hotpatch KB5058497 (OS Build 26100.3981)", "https://support.microsoft.com/help/5059525"),
    )
    catalog.execute("update kbs set expired = 1 where kb = 'KB5044284'")
    catalog.execute("update builds set corrected_to = '26100.3476' where build = '26100.3474'")
    settle(catalog)
    catalog.executemany("insert into changes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", CHANGES)
    catalog.commit()
    return catalog


@cache
def serialized() -> bytes:
    with contextlib.closing(make_whole_catalog()) as connection:
        return connection.serialize()


@pytest.fixture
def catalog() -> Iterator[sqlite3.Connection]:
    """The small catalog in memory, each test's own."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(serialized())
        yield connection


def the_build(catalog: sqlite3.Connection, text: str, as_of: str, release: str = W24) -> BuildAnswer:
    settle(catalog)
    (answer,), _ = answers.build(catalog, text, as_of, release)
    return answer


def judged(catalog: sqlite3.Connection, text: str, as_of: str, release: str = W24) -> tuple[Value, ...]:
    answer = the_build(catalog, text, as_of, release)
    return answer["status"], answer["months_behind"], answer["reason"]


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
    "edition": None,
    "action": {
        "do": "none",
        "kb": None,
        "build": None,
        "track": None,
        "restart": None,
        "because": "no newer security month is listed",
        "url": None,
    },
}

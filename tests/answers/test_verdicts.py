"""The verdict on a build, case by case, against a table that the program had no part in.

``tests/facts/verdicts.csv`` says what `winkb build BUILD --as-of DAY --release RELEASE --edition EDITION --json` must
answer, and why: from the bundled pages, which were last read on 2026-09-30, or from those of one bundled date that were
read at another time. ``tests.answers.rulebook`` derives it from the facts and the rules of design.md, section 6. An
empty cell is null; without a release the build was looked up in all of them.
"""

import csv
import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scraper import answers
from scraper.answers.documents import BuildAnswer
from scraper.cli import main
from scraper.errors import InputError
from tests.answers import rulebook
from tests.answers.conftest import ReadCatalogs
from tests.fixtures.places import FACTS, ROOT

TABLE = FACTS / "verdicts.csv"
CLIENT, SERVER = "windows-11-24h2", "windows-server-2025"
RELEASES = (
    *(CLIENT, "windows-11-25h2", "windows-11-26h1", "windows-11-26h2"),
    *(SERVER, "windows-server-2022"),
)
OLD_RELEASES = ("windows-11-23h2", "windows-11-22h2", "windows-11-21h2")
VERDICTS = {
    ("unknown", "not-in-catalog"),
    ("unknown", "no-security-month"),
    ("unknown", "stale"),
    ("unknown", "not-listed"),
    ("not-released", None),
    ("out-of-support", None),
    ("current", None),
    ("behind", None),
    ("behind", "stale"),
    ("behind", "not-listed"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table."""

    release: str | None
    build: str
    as_of: str
    edition: str | None
    pages: str | None
    read: str | None
    status: str
    months_behind: int | None
    reason: str | None
    security_month: str | None
    why: str

    def __str__(self) -> str:
        asked = f"{self.release or 'any'}-{self.build}-{self.as_of}"
        return "-".join(filter(None, (asked, self.edition, self.pages, self.read)))

    @property
    def verdict(self) -> tuple[str | None, str, str, str, int | None, str | None, str | None]:
        identity = self.release, self.build, self.as_of
        return (*identity, self.status, self.months_behind, self.reason, self.security_month)


def cases() -> tuple[Case, ...]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Case(
                row["release"] or None,
                row["build"],
                row["as_of"],
                row["edition"] or None,
                row["pages"] or None,
                row["read"] or None,
                row["status"],
                int(row["months_behind"]) if row["months_behind"] else None,
                row["reason"] or None,
                row["security_month"] or None,
                row["why"],
            )
            for row in csv.DictReader(file)
        )


CASES = cases()
BUNDLED = tuple(case for case in CASES if not case.pages)


def answered(answer: BuildAnswer | dict[str, Any]) -> tuple[Any, ...]:
    """What of an answer the table tells."""
    identity = answer["release"], answer["build"], answer["as_of"]
    return (*identity, answer["status"], answer["months_behind"], answer["reason"], answer["security_month"])


def catalog_of(case: Case, demo: sqlite3.Connection, read_catalogs: ReadCatalogs) -> sqlite3.Connection:
    return read_catalogs(case.pages, case.read) if case.pages and case.read else demo


def test_all_verdicts_of_the_table_are_those_of_the_view(demo: sqlite3.Connection, read_catalogs: ReadCatalogs) -> None:
    asked: dict[sqlite3.Connection, list[Case]] = defaultdict(list)
    for case in CASES:
        asked[catalog_of(case, demo, read_catalogs)].append(case)
    for catalog, cases in asked.items():
        periods = defaultdict(list)
        told = {case.release for case in cases if case.edition}
        for since, until, *row in catalog.execute(
            "select since, until, release, build, edition, status, months_behind, reason, security_month"
            " from edition_verdict_periods where edition is null"
            f" or release in ({', '.join('?' * len(told))})",
            [*told],
        ):
            periods[tuple(row[:3])].append((since, until, *row[3:]))
        for case in cases:
            found = [
                tuple(verdict)
                for since, until, *verdict in periods[case.release, case.build, case.edition]
                if since <= case.as_of <= until
            ]
            assert found == ([] if case.reason == "not-in-catalog" else [case.verdict[3:]]), case


# All cases are in the view; one by one, as they are asked, some in every run of the tests.
ONE_BY_ONE = [
    pytest.param(case, id=str(case), marks=() if place % 16 == 0 else pytest.mark.slow)
    for place, case in enumerate(CASES)
]


@pytest.mark.parametrize("case", ONE_BY_ONE)
def test_verdict_on_a_build_is_the_one_of_the_table(
    demo: sqlite3.Connection, read_catalogs: ReadCatalogs, case: Case
) -> None:
    catalog = catalog_of(case, demo, read_catalogs)
    document, found = answers.build(catalog, case.build, case.as_of, case.release, case.edition)
    assert [answered(answer) for answer in document] == [case.verdict], case.why
    assert [answer["edition"] for answer in document] == [case.edition]
    assert found is (case.reason != "not-in-catalog")


def test_table_is_what_the_rulebook_says(capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m tests.answers.rulebook > tests/facts/verdicts.csv`` writes it anew."""
    rulebook.main()
    assert capsys.readouterr().out == TABLE.read_text(encoding="utf-8")


def test_rulebook_imports_nothing_of_the_program() -> None:
    code = (
        "import sys, tests.answers.rulebook as book; book.main(); assert not [m for m in sys.modules if 'scraper' in m]"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("release", "edition"),
    [("windows-11-25h2", "ltsc"), ("windows-11-26h2", "iot-ltsc"), (SERVER, "home-pro"), (CLIENT, "enterprise")],
)
def test_edition_that_a_release_has_not_is_an_error(demo: sqlite3.Connection, release: str, edition: str) -> None:
    (build,) = demo.execute("select min(build) from builds where release = ?", [release]).fetchone()
    with pytest.raises(InputError, match=edition):
        answers.build(demo, build, "2026-09-30", release, edition)


def test_table_has_cases_enough_of_every_release_status_and_reason() -> None:
    """26H2 has two builds only, so most of its cases are other days and neighbours that do not exist."""
    assert len(CASES) >= 700
    assert len({str(case) for case in CASES}) == len(CASES), "no case is listed twice"
    assert all(case.why for case in CASES)
    count = Counter(case.release for case in CASES)
    assert {release: count[release] for release in RELEASES if count[release] < 25} == {}
    editions = {(case.release, case.edition) for case in CASES}
    assert {(CLIENT, edition) for edition in ("home-pro", "enterprise-education", "ltsc", "iot-ltsc", None)} <= editions
    assert {*RELEASES, *OLD_RELEASES, None} == count.keys()
    assert {(case.status, case.reason) for case in CASES} == VERDICTS
    assert all((case.status in ("current", "behind")) is (case.months_behind is not None) for case in CASES)
    for release in (CLIENT, SERVER, "windows-server-2022"):
        behind = {case.months_behind for case in CASES if case.release == release}
        assert behind >= {0, 1, 2, 3, 12}, release


def test_table_has_builds_of_every_kind_on_both_tracks(demo: sqlite3.Connection) -> None:
    """A build of several updates has no one track or kind where they differ."""
    rows = demo.execute("select release, build, track, kind from device_builds").fetchall()
    asked = {(case.release, case.build) for case in CASES}
    assert {(track, kind) for release, build, track, kind in rows if {(release, build), (None, build)} & asked} >= {
        ("hotpatch", "hotpatch"),
        ("hotpatch", "out-of-band"),
        ("cumulative", "out-of-band"),
        ("cumulative", "baseline"),
        ("cumulative", "security"),
        ("cumulative", "preview"),
        ("cumulative", "initial"),
        (None, "out-of-band"),
        (None, None),
    }


def command(demo_catalog: Path, *words: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(main, ["build", *words, "--db", str(demo_catalog), "--json"])
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert isinstance(document, list)
    return done.exit_code, document


# The first case of every status and reason, and the last one of every release.
COMMANDED = sorted(
    {
        *{(case.status, case.reason): case for case in reversed(BUNDLED)}.values(),
        *{case.release: case for case in BUNDLED}.values(),
        *{case.edition: case for case in BUNDLED}.values(),
    },
    key=CASES.index,
)


def test_command_line_prints_the_verdicts_of_the_table(demo_catalog: Path) -> None:
    assert len(COMMANDED) >= 12
    assert {(case.status, case.reason) for case in COMMANDED} >= {
        verdict for verdict in VERDICTS if verdict[1] != "not-listed"
    }
    for case in COMMANDED:
        asked = ("--release", case.release) if case.release else ()
        asked += ("--edition", case.edition) if case.edition else ()
        code, document = command(demo_catalog, case.build, "--as-of", case.as_of, *asked)
        assert [answered(answer) for answer in document] == [case.verdict], case.why
        assert code == (1 if case.reason == "not-in-catalog" else 0), case


def test_build_of_client_and_server_gets_the_verdict_of_each_client_first(demo: sqlite3.Connection) -> None:
    """Without a release asked for, in one answer: cases of both releases, of the same build and day."""
    shared: dict[tuple[str, str], dict[str | None, Case]] = defaultdict(dict)
    for case in BUNDLED:
        if not case.edition:
            shared[case.build, case.as_of][case.release] = case
    both = {
        key: [releases[CLIENT], releases[SERVER]]
        for key, releases in shared.items()
        if {CLIENT, SERVER} <= releases.keys()
        and all(releases[name].reason != "not-in-catalog" for name in (CLIENT, SERVER))
    }
    assert len(both) >= 20
    assert any(client.verdict[3:] != server.verdict[3:] for client, server in both.values())
    for (build, day), expected in both.items():
        document, found = answers.build(demo, build, day)
        assert found
        assert [answered(answer) for answer in document] == [case.verdict for case in expected]


def test_updates_that_take_devices_off_hotpatch_are_known_and_end_with_a_baseline(demo: sqlite3.Connection) -> None:
    """Written by hand, so each is held against what the pages say: the update, its release, its article, the month."""
    events = demo.execute("select kb, release, effect, rejoin_month, source_url from track_events").fetchall()
    assert ("KB5070881", SERVER, "leaves-hotpatch", "2026-01") in [event[:4] for event in events]
    for kb, release, _, month, url in events:
        builds = demo.execute("select build from builds where kb = ? and release = ?", [kb, release]).fetchall()
        assert builds
        assert demo.execute("select article_url from kbs where kb = ?", [kb]).fetchone() == (url,)
        kind = demo.execute("select type from months where month = ? and release = ?", [month, release]).fetchone()
        assert kind == ("baseline",)
        for (build,) in builds:
            (answer,), _ = answers.build(demo, build, "2026-09-30", release)
            assert "took devices off hotpatch until the " in answer["because"]
            assert f" baseline ({kb})" in answer["because"]


def test_update_that_takes_servers_off_hotpatch_says_nothing_of_clients(demo: sqlite3.Connection) -> None:
    client, server = answers.build(demo, "26100.6905", "2025-10-30")[0]
    assert (client["release"], server["release"]) == (CLIENT, SERVER)
    assert "off hotpatch" in server["because"]
    assert "off hotpatch" not in client["because"]


@pytest.mark.parametrize(
    ("release", "build", "day", "sentence"),
    [
        (
            *("windows-server-2022", "20348.202", "2026-09-30"),
            "20348.202 is a preview update; the newest security month of Server 2022 on 2026-09-30 was September 2026,"
            " so it is behind by all 61 known months",
        ),
        (
            *("windows-server-2022", "20348.202", "2026-12-01"),
            "20348.202 is a preview update; the newest security month of Server 2022 in data of 2026-09-30 was"
            " September 2026, and newer updates may have come by 2026-12-01, so it is behind by all 61 known months;"
            " mainstream support ended on 2026-10-13",
        ),
        (
            *(CLIENT, "26100.863", "2024-10-08"),
            "26100.863 is an update; the newest security month of 24H2 on 2024-10-08 was October 2024, so it is behind"
            " by the one known month",
        ),
    ],
)
def test_a_build_before_the_first_known_month_is_not_called_behind_by_a_count_of_months(
    demo: sqlite3.Connection, release: str, build: str, day: str, sentence: str
) -> None:
    """The update of August 2021 is older than any month that the pages have."""
    (answer,), _ = answers.build(demo, build, day, release)
    assert answer["because"] == sentence

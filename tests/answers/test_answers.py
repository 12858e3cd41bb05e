"""One verdict, wherever it is asked for: the command line, SQL, Datasette's JSON."""

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper import answers
from scraper.cli import main
from scraper.errors import InputError
from tests.fixtures.places import FACTS
from tests.fixtures.serving import QUERIES, serving

TABLE = FACTS / "verdicts.csv"
DAYS = ("2024-11-12", "2026-10-12", "2026-10-13")
SHARED = (
    *("release", "build", "as_of", "status", "months_behind", "reason", "because", "security_month", "track", "kind"),
    "data_as_of",
)
Verdict = dict[str, Any]


@pytest.fixture(scope="module")
def site(demo_catalog: Path) -> Iterator[httpx.Client]:
    with serving(demo_catalog) as server:
        yield server.client


def printed(demo_catalog: Path, build: str, day: str, release: str | None = None) -> list[Verdict]:
    named = ["--release", release] if release else []
    ended = CliRunner().invoke(main, ["build", build, "--as-of", day, "--json", "--db", str(demo_catalog), *named])
    assert ended.exit_code in (0, 1), ended.stderr
    document: list[Verdict] = json.loads(ended.stdout)
    return document


def served(site: httpx.Client, **asked: str) -> list[Verdict]:
    answer = site.get("/catalog/build_verdict.json", params={**asked, "_shape": "array"})
    assert answer.status_code == 200, answer.text
    rows: list[Verdict] = answer.json()
    return rows


def queried(catalog: sqlite3.Connection, asked: Mapping[str, str]) -> list[Verdict]:
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return [dict(row) for row in cursor.execute(QUERIES["build_verdict"]["sql"], asked)]


def shared(rows: list[Verdict]) -> list[Verdict]:
    return [{key: row[key] for key in SHARED} for row in rows]


def flat(answer: Mapping[str, Any]) -> Verdict:
    """The objects of a lookup's answer as columns."""
    kb = {name: answer[name] and answer[name]["kb"] for name in ("twin", "baseline")}
    build = {name: answer[name] and answer[name]["build"] for name in ("below", "above")}
    kbs = ", ".join(row["kb"] for row in answer["kbs"] if row["kb"]) or None
    return {"twin_kb": kb["twin"], "baseline_kb": kb["baseline"], "kbs": kbs, **build}


@pytest.mark.parametrize(
    "day", [pytest.param(DAYS[0], marks=pytest.mark.slow), *DAYS[1:2], pytest.param(DAYS[2], marks=pytest.mark.slow)]
)
def test_every_build_gets_one_verdict_on_the_command_line_in_sql_and_in_json(
    demo: sqlite3.Connection, demo_catalog: Path, site: httpx.Client, day: str
) -> None:
    in_json = served(site, as_of=day)
    with closing(sqlite3.connect(demo_catalog)) as catalog:
        catalog.row_factory = sqlite3.Row
        in_sql = [
            {**dict(row), "because": row["sentence"].replace("{as_of}", day)}
            for row in catalog.execute(
                "select *, ? as as_of from verdict_periods join freshness using (release)"
                " where ? between since and until order by release, build",
                [day, day],
            )
        ]
    assert len(in_json) == 533
    assert shared(in_json) == shared(in_sql)
    unseen = {(row["release"], row["build"]): row for row in in_json}
    for number, build in enumerate(sorted({row["build"] for row in in_json})):
        looked_up = [dict(answer) for answer in answers.build(demo, build, day)[0]]
        rows = [unseen.pop((answer["release"], build)) for answer in looked_up]
        assert shared(looked_up) == shared(rows)
        assert [flat(answer) for answer in looked_up] == [{key: row[key] for key in flat(looked_up[0])} for row in rows]
        if number % 25 == 0:
            assert printed(demo_catalog, build, day) == looked_up
    assert unseen == {}


def test_the_truth_table_holds_in_the_query_and_in_json(demo: sqlite3.Connection, site: httpx.Client) -> None:
    """The query is what JSON is served from; over HTTP one case of each status and reason is asked. That all cases hold
    in the view that it asks says test_verdicts.py; here are some."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        cases = [case for case in csv.DictReader(file) if case["release"] and not case["pages"]]
    over_http = {(case["status"], case["reason"]): case for case in reversed(cases)}.values()
    for case in [*cases[::5], *over_http]:
        asked = {name: case[name] for name in ("build", "as_of", "release", "edition")}
        columns = ("status", "months_behind", "reason", "security_month")
        (row,) = queried(demo, asked)
        assert ["" if row[name] is None else str(row[name]) for name in columns] == [case[name] for name in columns], (
            case
        )
        assert case not in over_http or served(site, **asked) == [row]


@pytest.mark.parametrize(
    ("build", "release"),
    [
        *(("26100.4000", ""), ("26100.99999", ""), ("26100.1", ""), ("99999.1", ""), ("26100.4000", "25H2")),
        *(("10.0.26100.3981", ""), ("Version 24H2 (OS Build 26100.3981)", ""), (" 26100.3981\n", "windows-11-24h2")),
        *(("3981", "24H2"), ("3981", "server 2025"), ("1", "25H2"), ("26100.3981", "2022")),
    ],
)
def test_spellings_and_unknown_builds_get_one_verdict_too(
    demo_catalog: Path, site: httpx.Client, build: str, release: str
) -> None:
    looked_up = printed(demo_catalog, build, "2025-06-10", release or None)
    rows = served(site, build=build, as_of="2025-06-10", release=release)
    assert shared(rows) == shared(looked_up)
    assert [{key: row[key] for key in flat(looked_up[0])} for row in rows] == [flat(answer) for answer in looked_up]


@pytest.mark.parametrize(
    "asked",
    [
        *({"build": "26100"}, {"build": "KB5058497"}, {"build": "3981"}, {"build": "26100.3981.1"}),
        *({"build": "26100.3981", "as_of": "yesterday"}, {"build": "26100.3981", "release": "24H3"}),
        *({"build": "10.0."}, {"build": "Version 24H2 (OS Build )"}, {"build": "26100.03981"}),
        *({"build": "26100.3981", "as_of": "2025-06-31"}, {"build": "26100.3981", "as_of": "12:00"}),
        *({"build": "03981", "release": "24H2"}, {"build": "10.0.3981", "release": "24H2"}),
        *({"build": "26100.3981", "release": "%"}, {"build": "26100.3981", "release": "h2"}),
    ],
)
def test_what_cannot_be_understood_gets_no_verdict(site: httpx.Client, asked: dict[str, str]) -> None:
    assert served(site, **asked) == []


def test_the_view_is_the_verdict_today(demo_catalog: Path, site: httpx.Client) -> None:
    with closing(sqlite3.connect(demo_catalog)) as catalog:
        catalog.row_factory = sqlite3.Row
        view = [dict(row) for row in catalog.execute("select * from build_verdict order by release, build")]
    assert view == served(site)


# --- any text --------------------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    (
        *("26100.3981", "26100.4000", "26100.0", "26100.03981", "26100.999999", "26100.9999999", "26100.1.2", "26100."),
        *("26100", "3981", "0", "03981", "9999999", "999999.1", "9999999.1", "1000.1", "100.1", "20348.4297", "x", ""),
        *("26100.3981\0", "26100.39\0081", "26100.\u0663", "26100.3981)", "-1", "26100.-1", "2_6100.1", "26100.1e3"),
    )
)
FRAMES = (
    *("{}", "{}", "10.0.{}", "10.0.10.0.{}", "Version 24H2 (OS Build {})", "VERSION 24h2 (os build {})", "10.0{}"),
    *("version  (os build {})", "version 24-h2 (os build {})", "version 24h2 (os build {}))", "version (os build {})"),
    *("version 24h2 (os build 10.0.{})", "version a (os build b (os build {})", "(os build {})", "version 24h2 {}"),
)
SPACES = st.text(" \t\n\r\u00a0", max_size=2)
RELEASES = ("", "", "24H2", "25h2", "server 2025", "Windows 11 24H2", "2022", "24H3", "h2", "%", "26100")


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(SPACES, st.sampled_from(FRAMES), NUMBERS, SPACES),
    st.tuples(SPACES, st.sampled_from(RELEASES), SPACES),
    st.tuples(SPACES, st.sampled_from(("2025-06-10", "2026-12-01", "2025-06-31", "2025-6-1", "0999-01-01")), SPACES),
)
@example(("", "{}", "26100", ""), ("", "24H2", ""), ("", "2025-06-10", ""))
@example(("", "{}", "26100.9999999", ""), ("", "", ""), ("", "2025-06-10", ""))
@example(("", "{}", "9999999", ""), ("", "24H2", ""), ("", "2025-06-10", ""))
@example(("", "{}", "26100.3981\0", ""), ("", "", ""), ("", "2025-06-10", ""))
@example(("", "10.0.{}", "26100.3981\0", ""), ("", "", ""), ("", "2025-06-10", ""))
@example(("", "Version 24H2 (OS Build {})", "26100", ""), ("", "25h2", ""), ("", "2025-06-10", ""))
@example(("", "Version 24H2 (OS Build {})", "3981", ""), ("", "24H2", ""), ("", "2025-06-10", ""))
@example(("", "version 24-h2 (os build {})", "26100.3981", ""), ("", "", ""), ("", "2025-06-10", ""))
@example(("", "{}", "26100.3981", "\u00a0"), ("", "", ""), ("", "2025-06-10", ""))
def test_any_text_means_the_same_to_the_command_line_and_to_the_query(
    demo: sqlite3.Connection, text: tuple[str, str, str, str], named: tuple[str, str, str], day: tuple[str, str, str]
) -> None:
    before, frame, number, after = text
    build, release, as_of = before + frame.format(number) + after, "".join(named), "".join(day)
    looked_up: list[Verdict] = []
    with suppress(InputError):
        document, _ = answers.build(demo, build, as_of, release if release.strip() else None)
        looked_up = [dict(answer) for answer in document]
    rows = queried(demo, {"build": build, "release": release, "as_of": as_of, "edition": ""})
    if build.strip():
        assert shared(rows) == shared(looked_up)
        assert [{key: row[key] for key in flat(answer)} for row, answer in zip(rows, looked_up, strict=True)] == [
            flat(answer) for answer in looked_up
        ]

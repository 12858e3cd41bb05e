"""One verdict on every build, on forty days, for every edition: in SQL, over HTTP, in JSON, on the command line and for
a fleet. What it must be says test_truth.py; here it is the same wherever it is asked for."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from scraper import answers
from scraper.cli import main
from scraper.fleet import judge_fleet
from tests.answers.listed import EDITIONS
from tests.answers.rules import second_tuesday, shifted
from tests.fixtures.serving import local
from tests.fixtures.slow import some_slow

# Days before, of and after second Tuesdays and ends of updates of every edition, and days of the data.
_TUESDAYS = [second_tuesday(month) for month in ("2024-10", "2025-10", "2026-01", "2026-06", "2026-09", "2026-12")]
_ENDS = ("2025-11-11", "2026-10-13", "2026-11-10", "2027-10-12", "2028-10-10", "2029-10-09", "2034-10-10")
DAYS = sorted({shifted(day, step) for day in (*_TUESDAYS, *_ENDS) for step in (-1, 0, 1)} | {"2026-09-30"})
QUICK = ("2026-10-14",)
TOLD = (None, *EDITIONS)
# As inventories write it.
PRODUCTS = {
    None: "Windows 11",
    "home-pro": "Microsoft Windows 11 Pro",
    "enterprise-education": "Microsoft Windows 11 Enterprise",
    "ltsc": "Microsoft Windows 11 Enterprise LTSC",
    "iot-ltsc": "Windows 11 IoT Enterprise LTSC",
}
# Of the builds, so many are asked one by one over HTTP and on the command line; in JSON, so many on each day, others
# on the next.
SAMPLE, SHARE = 30, 5
Key = tuple[str, str, str | None]
Said = tuple[Any, ...]
COLUMNS = ("status", "months_behind", "reason", "because", "security_month", "track", "kind")


def said(row: Any) -> Said:
    return tuple(row[column] for column in COLUMNS)


@pytest.fixture(scope="module")
def site(demo_catalog: Path) -> Iterator[httpx.Client]:
    with local(demo_catalog) as server:
        yield server.client


@pytest.fixture(scope="module")
def periods(demo: sqlite3.Connection) -> list[dict[str, Any]]:
    cursor = demo.cursor()
    cursor.row_factory = sqlite3.Row
    told = ", ".join(f"'{edition}'" for edition in EDITIONS)
    sql = f"select *, sentence as because from edition_verdict_periods where edition is null or edition in ({told})"
    return [dict(row) for row in cursor.execute(sql)]


def on_day(periods: list[dict[str, Any]], day: str) -> dict[Key, Said]:
    """The verdicts of the view."""
    return {
        (row["release"], row["build"], row["edition"]): said({**row, "because": row["because"].replace("{as_of}", day)})
        for row in periods
        if row["since"] <= day <= row["until"]
    }


def in_the_query(site: httpx.Client, day: str) -> dict[Key, Said]:
    """The canned query as Datasette answers it, all builds at once."""
    found: dict[Key, Said] = {}
    for edition in TOLD:
        asked = {"build": "", "release": "", "as_of": day, "edition": edition or "", "_shape": "array"}
        answer = site.get("/catalog/build_verdict.json", params=asked)
        assert answer.status_code == 200, answer.text
        found |= {(row["release"], row["build"], edition): said(row) for row in answer.json()}
    return found


def in_a_fleet(demo: sqlite3.Connection, keys: list[Key], day: str) -> dict[Key, Said]:
    """One device of each build, its edition told by the name of the product."""
    listed, out = io.StringIO(newline=""), io.StringIO(newline="")
    writer = csv.writer(listed)
    writer.writerow(["Build", "OS"])
    for release, build, edition in keys:
        writer.writerow([build, "Windows Server" if "server" in release else PRODUCTS[edition]])
    source = io.BytesIO(listed.getvalue().encode())
    verdicts = answers.Verdicts(demo, day)
    judge_fleet(source, verdicts.of, name="all builds", as_of=day, columns={}, release=None, out=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    found = {}
    for key, row in zip(keys, rows, strict=True):
        assert (row["release"], row["build"], row["edition"]) == (key[0], key[1], key[2] or "")
        months = int(row["months_behind"]) if row["months_behind"] else None
        found[key] = said({**{name: row[name] or None for name in COLUMNS}, "months_behind": months})
    return found


def in_an_answer(demo: sqlite3.Connection, keys: list[Key], day: str) -> dict[Key, Said]:
    """What JSON and the command line are made of, one by one."""
    found = {}
    for release, build, edition in keys:
        (answer,), _ = answers.build(demo, build, day, release, edition)
        found[release, build, answer["edition"]] = said(answer)
    return found


def some(keys: list[Key], first: int, step: int) -> list[Key]:
    return sorted(keys, key=str)[first % step :: step]


def test_days_are_forty() -> None:
    assert len(DAYS) == 40


@pytest.mark.parametrize("day", some_slow({day: day for day in DAYS}, QUICK))
def test_every_build_has_one_verdict_in_sql_in_the_query_in_json_and_in_a_fleet(
    demo: sqlite3.Connection, site: httpx.Client, periods: list[dict[str, Any]], day: str
) -> None:
    in_sql = on_day(periods, day)
    assert len(in_sql) > 1200
    assert in_the_query(site, day) == in_sql
    assert in_a_fleet(demo, list(in_sql), day) == in_sql
    share = 4 * SHARE if day in QUICK else SHARE
    asked = some(list(in_sql), DAYS.index(day), share)
    assert in_an_answer(demo, asked, day) == {key: in_sql[key] for key in asked}


@pytest.mark.parametrize("day", some_slow({day: day for day in DAYS[::4]}, ()))
def test_address_and_command_line_say_it_too(
    demo_catalog: Path, site: httpx.Client, periods: list[dict[str, Any]], day: str
) -> None:
    in_sql = on_day(periods, day)
    for release, build, edition in some(list(in_sql), DAYS.index(day), len(in_sql) // SAMPLE):
        query = {"as_of": day} | ({"edition": edition} if edition else {})
        answer = site.get(f"/build/{build}.json", params=query)
        expected = {name for name, other, told in in_sql if (other, told) == (build, edition)}
        if not edition or not any("server" in name for name, other, _ in in_sql if other == build):
            assert {row["release"]: said(row) for row in answer.json()} == {
                name: in_sql[name, build, edition] for name in expected
            }
        words = ["--release", release, "--as-of", day, *(["--edition", edition] if edition else [])]
        ended = CliRunner().invoke(main, ["build", build, *words, "--json", "--db", str(demo_catalog)])
        (document,) = json.loads(ended.stdout)
        assert said(document) == in_sql[release, build, edition]
        assert document["edition"] == edition

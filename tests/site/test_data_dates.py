"""Whatever speaks of what is current, newest, next or planned says of which day its data are: all commands, documents,
pages, pictures, feeds and queries, over a catalog whose pages were last read two months ago."""

import csv
import io
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.publish import feeds
from tests.fixtures.feeds import SITE, events
from tests.fixtures.serving import QUERIES, VIEWS, WINKB, bundled, local

TODAY = datetime.now(UTC).date()
# No page was read for two months: more than one second Tuesday has passed, whatever day it is.
DATA = str(TODAY - timedelta(days=61))
READ = f"{DATA}T12:00:00Z"
# What a sentence must not say without the day of its data.
SPEAKS = re.compile(
    r"(?i)\b(current|newest|next|latest|planned|scheduled|accepted|today|so far|no changes?|no (two|disagree)|such)\b"
)
DATED = re.compile(rf"(?i)(data (as )?of|read on|read since) {DATA}")
# What a row must not have without data_as_of. Of a release, an update or a change it is no news.
OF_NOW = {"accepted", "as_of", "date_is", "expired", "next_restart", "planned", "planned_type", "stale", "stale_from"}
RELEASES = [
    *("windows-11-22h2", "windows-11-23h2", "windows-11-24h2", "windows-11-25h2", "windows-11-26h1"),
    *("windows-11-26h2", "windows-server-2016", "windows-server-2022", "windows-server-2025"),
]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled catalog, as if its pages had last been read two months ago."""
    db = bundled(tmp_path_factory.mktemp("old"))
    with closing(sqlite3.connect(db)) as catalog, catalog:
        catalog.execute("update pages set fetched_at = ?", [READ])
    return db


@pytest.fixture(scope="module")
def old_site(old: Path) -> Iterator[httpx.Client]:
    with local(old) as server:
        yield server.client


def undated(text: str) -> str | None:
    """The first word that needs a date where the text has none."""
    line = " ".join(text.split())
    found = SPEAKS.search(line)
    return None if found is None or DATED.search(line) else line[max(found.start() - 80, 0) : found.end() + 80]


def undated_rows(document: Any, known: bool = False) -> Iterator[str]:
    """The rows of a document that speak of now, where neither they nor what they are part of say how old they are."""
    if isinstance(document, list):
        for row in document:
            yield from undated_rows(row, known)
    elif isinstance(document, dict):
        dated = known or document.get("data_as_of") == READ
        if not dated and OF_NOW & document.keys():
            yield str(document)[:200]
        for value in document.values():
            yield from undated_rows(value, dated)


# --- the command line ------------------------------------------------------------------------------------------------


def questions() -> Iterator[str]:
    yield from (f"next-restart {release}" for release in RELEASES)
    yield from (f"next-restart 24H2 --as-of {TODAY + timedelta(days=number)}" for number in (-100, -61, 0, 400, 4000))
    yield from (f"month {TODAY.year + number // 12}-{number % 12 + 1:02}" for number in range(-12, 24))
    yield from (f"restarts {year}" for year in ("", 2024, 2025, 2026, 2027, 1999))
    yield from (f"restarts 2026 --release {release}" for release in RELEASES)
    yield from (f"build {build}" for build in ("26100.9445", "26100.9106", "26100.1742", "26100.9446", "26200.9445"))
    yield from (
        f"build {build}" for build in ("22631.7582", "22621.1", "28000.3086", "26100.3981", "17763.1", "1000.1")
    )
    yield from (f"build 26100.9445 --as-of {TODAY + timedelta(days=number)}" for number in (-90, -61, -1, 1, 4000))
    yield from (f"kb {kb}" for kb in ("KB5124008", "KB5058497", "KB5044284", "KB1"))
    yield from ("changes", "changes --since 2026-07-01", f"changes --since {TODAY}", "changes --markdown")
    yield from (f"changes --since {TODAY} --markdown", f"changes --since {DATA} --release 26H1")
    yield from ("disagreements", "disagreements --ended", "disagreements --release 26H1")


@pytest.mark.parametrize("question", [*questions()])
def test_command_says_how_old_its_data_are(old: Path, question: str) -> None:
    given = CliRunner().invoke(main, [*question.split(), "--db", str(old)])
    assert given.exit_code in (0, 1), given.output
    assert undated(given.output) is None
    if "--markdown" not in question:
        document = json.loads(CliRunner().invoke(main, [*question.split(), "--json", "--db", str(old)]).stdout)
        assert list(undated_rows(document)) == []


def test_fleet_says_how_old_its_data_are(old: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(old)) as catalog:
        builds = [build for (build,) in catalog.execute("select build from builds where build is not null")]
    devices = tmp_path / "devices.csv"
    devices.write_text("\n".join(["build", *builds]) + "\n")
    out = tmp_path / "verdicts.csv"
    command = [*WINKB, "fleet", str(devices), "--db", str(old), "--out", str(out)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode in (1, 4)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(builds) > 400
    assert [row["because"] for row in rows if undated(row["because"])] == []


def test_check_says_that_the_data_are_old(old: Path) -> None:
    given = CliRunner().invoke(main, ["check", "--db", str(old)])
    assert given.exit_code == 1
    assert f"too old: windows-11-release-information was last read {READ}" in given.output


# --- the site --------------------------------------------------------------------------------------------------------

PAGES = [
    *("/", "/?year=2024", "/?year=2026", "/?year=2027", "/kb/KB5124008", "/kb/KB5058497", "/kb/KB1"),
    *("/build/26100.9445", "/build/26100.9106", "/build/26100.9446", "/build/22621.4317", "/build/1000.1"),
    *(f"/release/{release}" for release in RELEASES),
    *(f"/month/{month}" for month in ("2025-05", "2026-06", "2026-09", "2026-10", "2026-12", "2027-01")),
    *("/changes", f"/changes?since={TODAY}", "/changes?release=26H1", "/disagreements", "/disagreements?release=26H1"),
]


def texts(page: str) -> Iterator[str]:
    """The text of a page without its head and its footer, which is on every page; of the home page each section."""
    (main_text,) = re.findall(r"(?s)<main.*?</main>", page)
    for part in re.findall(r"(?s)<section aria.*?</section>", main_text) or [main_text]:
        yield re.sub("<[^>]*>", " ", part)


@pytest.mark.parametrize("address", PAGES)
def test_page_says_how_old_its_data_are_where_it_speaks_of_now(old_site: httpx.Client, address: str) -> None:
    page = old_site.get(address, follow_redirects=True).text
    assert "Old data." in page
    assert f"Data as of {DATA} 12:00 UTC" in page
    assert [each for each in map(undated, texts(page)) if each] == []


@pytest.mark.parametrize("address", [path for path in PAGES if not path.startswith("/?") and path != "/"])
def test_document_of_a_page_says_how_old_its_data_are(old_site: httpx.Client, address: str) -> None:
    path, mark, query = address.partition("?")
    assert list(undated_rows(old_site.get(f"{path}.json{mark}{query}").json())) == []


@pytest.mark.parametrize("release", RELEASES)
def test_pictures_of_a_release_go_no_further_than_the_data(old_site: httpx.Client, old: Path, release: str) -> None:
    page = old_site.get(f"/release/{release}").text
    pictures = re.findall(r'(?s)<svg class="picture (\w+)".*?</svg>', page)
    titles = re.findall(r'<svg class="picture[^>]*><title>(.*?)</title>', page)
    assert len(titles) == len(pictures)
    assert all(title.endswith(f"in data of {DATA}") for title in titles)
    with closing(sqlite3.connect(old)) as catalog:
        sql = "select max(available) from builds where release = ? and available <= ?"
        (newest,) = catalog.execute(sql, [release, str(TODAY)]).fetchone()
    months = re.findall(r'<text class="label"[^>]*>(\d{4}-\d\d)</text>', page)
    assert max(months, default="") <= max(DATA, newest or "")[:7]
    asked = old_site.get(f"/release/{release}?as_of={TODAY + timedelta(days=300)}").text
    drawn = r'(?s)<svg class="picture staircase".*?</svg>'
    assert re.findall(drawn, asked) == re.findall(drawn, page)


# --- feeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", feeds.NAMES)
@pytest.mark.parametrize("release", [None, *RELEASES])
def test_feed_says_how_old_its_data_are(old: Path, name: str, release: str | None) -> None:
    with closing(sqlite3.connect(old)) as catalog:
        if (
            name == "calendar.ics"
            and release
            and not catalog.execute("select 1 from months where release = ?", [release]).fetchone()
        ):
            return
        body = feeds.document(catalog, name, SITE, release)
    assert f"Data as of {READ}" in body.decode().replace("\r\n ", "")
    if name != "calendar.ics":
        return
    for event in events(body).values():
        released = str(event["STATUS"]) == "CONFIRMED"
        assert released or DATED.search(str(event["DESCRIPTION"]).replace("\n", " "))
        if not str(event["UID"]).endswith("-ends@winkb"):
            assert released == (not re.search("planned|scheduled", str(event["SUMMARY"])))
        # What has its day behind the data is not known to have come.
        assert not released or event["DTSTART"].dt <= max(date.fromisoformat(DATA), date(2026, 9, 30))


# --- SQL -------------------------------------------------------------------------------------------------------------

# Their rows say so themselves: a verdict of old data is stale. The tables behind them have it in pages and freshness.
BY_THEMSELVES = {"verdict_periods"}


@pytest.mark.parametrize("name", sorted({*QUERIES, *VIEWS} - BY_THEMSELVES))
def test_query_says_how_old_its_data_are(old_site: httpx.Client, name: str) -> None:
    page = old_site.get(f"/catalog/{name}.json?_shape=objects").json()
    columns = set(page["columns"])
    assert "data_as_of" in columns or not OF_NOW & columns
    if "data_as_of" in columns:
        assert {row["data_as_of"] for row in page["rows"]} <= {READ}


@pytest.mark.parametrize("day", ["2025-04-01", DATA, str(TODAY), str(TODAY + timedelta(days=400))])
def test_next_restart_is_the_same_everywhere(old_site: httpx.Client, old: Path, day: str) -> None:
    """Command line, build, release page, SQL, the home page: one answer."""
    rows = old_site.get(f"/catalog/next_restart.json?as_of={day}&_shape=array").json()
    for release in RELEASES:
        printed = CliRunner().invoke(main, ["next-restart", release, "--as-of", day, "--db", str(old), "--json"])
        mine = [{key: row[key] for key in row if key != "product"} for row in rows if row["release"] == release]
        document = json.loads(printed.stdout)
        assert document == mine
        assert printed.exit_code == (0 if mine else 1)
        inner = old_site.get(f"/release/{release}.json?as_of={day}").json()["next_restart"]
        assert [inner] == [{key: row[key] for key in inner} for row in mine] if inner else mine == []
    if day == str(TODAY):
        view = old_site.get("/catalog/next_restart.json?_shape=array").json()
        assert view == rows
        home = old_site.get("/").text.partition('id="restart"')[2].partition("</section>")[0]
        assert re.findall(r'<td class="prose">(\d{4}-\d\d-\d\d)', home) == [row["date"] for row in rows]

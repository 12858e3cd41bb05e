"""What somebody put into the pages goes the whole way and does nothing: into the catalog, to files, feeds, terminals.

The pages are those of tests/fixtures/hostile.py, scraped by the real command; tests/browser/test_hostile.py looks at
the site.
"""

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

import httpx
import pytest
from icalendar import Calendar

from scraper.publish import feeds
from scraper.publish.serve.settings import root
from tests.fixtures import hostile
from tests.fixtures.places import ROOT
from tests.fixtures.serving import local

pytestmark = pytest.mark.slow  # a run of the command over dozens of pages

# Bytes of an escape, of a NUL, of any control but the line end; marks that turn the writing.
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0\ufffe\U000e0041]"
)


SPREADSHEET = re.compile(r"(?:^|;)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run over hostile pages: catalog, archive, mirrors, summary and output. Tests write here."""
    made = tmp_path_factory.mktemp("hostile")
    hostile.main(made)
    return made


@pytest.fixture(scope="module")
def catalog(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection:
        yield connection


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[httpx.Client]:
    with local(folder / "catalog.db") as server:
        yield server.client


def texts(catalog: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every text of every table, with its table."""
    for (table,) in catalog.execute("select name from sqlite_master where type = 'table' and name not like '%fts%'"):
        for row in catalog.execute(f"select * from {table}").fetchall():
            yield from ((table, value) for value in row if isinstance(value, str))


def winkb(folder: Path, *arguments: str) -> str:
    """What a command prints on both streams; it may find something or nothing, and never ends in a traceback."""
    command = [sys.executable, "-m", "scraper", *arguments, "--db", str(folder / "catalog.db")]
    ended = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60)
    assert ended.returncode in (0, 1), ended.stderr
    assert b"Traceback" not in ended.stderr
    return (ended.stdout + ended.stderr).decode("utf-8")


def test_hostile_texts_came_in_by_the_front_door(folder: Path, catalog: sqlite3.Connection) -> None:
    """Else all that follows would show nothing: each text is in a title, a quarantined row or an article."""
    assert (folder / "code").read_text() == "4"
    everything = " ".join(text for _, text in texts(catalog))
    for text in (
        hostile.SCRIPT,
        hostile.BROKEN_OUT,
        hostile.TEMPLATE,
        hostile.SQL,
        hostile.MARKDOWN,
        *hostile.FORMULAS,
    ):
        assert text in everything
    counts = dict(catalog.execute("select code, count(*) from findings where resolved_at is null group by code"))
    for code in ("quarantine", "category", "link-text", "unknown-table", "entry", "landing"):
        assert counts[code], code
    assert catalog.execute("select count(*) from known_issues").fetchone()[0] > 20
    (failure,) = catalog.execute("select failure from pages where page like 'windows-server%'").fetchone()
    assert "columns" in failure
    assert hostile.SCRIPT in failure


def test_no_text_of_the_catalog_acts_on_its_reader(catalog: sqlite3.Connection) -> None:
    assert [found for found in texts(catalog) if ACTING.search(found[1])] == []


def test_every_text_of_the_catalog_is_bounded(catalog: sqlite3.Connection) -> None:
    longest: dict[str, int] = {}
    for table, text in texts(catalog):
        longest[table] = max(longest.get(table, 0), len(text))
    assert longest["sections"] == 50_000
    assert longest["known_issues"] == 10_000
    assert max(length for table, length in longest.items() if table not in ("sections", "known_issues")) < 1_500


def test_only_plain_addresses_of_the_declared_hosts_are_links(catalog: sqlite3.Connection) -> None:
    plain = re.compile(r"https://(?:learn|support)\.microsoft\.com/[\w.~:/?#@!$&()*+,;=%-]*", re.ASCII)
    columns = ("pages.url", "kbs.article_url", "builds.article_url", "months.article_url", "articles.url")
    for table, column in (name.split(".") for name in columns):
        for (url,) in catalog.execute(f"select {column} from {table} where {column} is not null"):
            assert plain.fullmatch(url), (table, url[:200])
            assert len(url) < 2_100


def test_facts_of_the_run_before_are_all_there(catalog: sqlite3.Connection) -> None:
    """Whoever fills a page with harm takes nothing away."""
    withdrawn = "select (select count(*) from builds where withdrawn) + (select count(*) from months where withdrawn)"
    assert catalog.execute(withdrawn).fetchone() == (0,)
    assert catalog.execute("select title from kbs where kb = 'KB5058497'").fetchone()[0].startswith("May 13, 2025")


def test_output_of_the_run_is_plain_lines(folder: Path) -> None:
    printed = (folder / "stderr").read_text("utf-8") + (folder / "stdout").read_text("utf-8")
    assert ACTING.search(printed) is None
    assert {line.split()[0].rstrip(":") for line in printed.splitlines()} <= {"INFO", "WARNING", "winkb", "run"}
    assert max(map(len, printed.splitlines())) < 3_000
    assert "<script>" in printed  # it is shown, though harmlessly


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--now", hostile.AT),
        *(("kb", kb) for kb in hostile.KBS),
        ("kb", "KB5900004", "--json"),
        ("kb", "KB5900106", "--json"),
        ("build", "26100.9506"),
        ("month", "2026-09"),
        ("changes",),
        ("changes", "--json"),
        ("changes", "--markdown"),
        ("disagreements", "--ended"),
        ("disagreements", "--json"),
    ],
    ids=" ".join,
)
def test_command_prints_nothing_that_acts(folder: Path, arguments: tuple[str, ...]) -> None:
    printed = winkb(folder, *arguments)
    assert ACTING.search(printed) is None
    assert printed.strip()


OLDER = "old \x1b[31m \x9b2J \u202eturned\x7f"


@pytest.fixture
def older(folder: Path, tmp_path: Path) -> Path:
    """A catalog that other code wrote, which masked nothing."""
    path = tmp_path / "catalog.db"
    path.write_bytes((folder / "catalog.db").read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update kbs set title = ?", [OLDER])
        connection.execute("update changes set field = ?, old = ?, new = ? where not replanned", [OLDER] * 3)
        connection.execute("update findings set message = ?, subject = ?, used = ?, other = ?", [OLDER] * 4)
        connection.execute("update pages set failure = ?", [OLDER])
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--now", hostile.AT),
        ("kb", "KB5058497"),
        ("kb", "KB5058497", "--json"),
        ("changes",),
        ("changes", "--json"),
        ("changes", "--markdown"),
        ("disagreements",),
        ("disagreements", "--json"),
    ],
    ids=" ".join,
)
def test_command_prints_nothing_that_acts_out_of_a_catalog_that_has_it(older: Path, arguments: tuple[str, ...]) -> None:
    printed = winkb(older, *arguments)
    assert ACTING.search(printed) is None
    assert "x1b" in printed or "u001b" in printed  # spelled out


def test_json_of_a_command_has_every_text_exactly(older: Path) -> None:
    assert json.loads(winkb(older, "kb", "KB5058497", "--json"))["title"] == OLDER


def test_summary_is_harmless(folder: Path) -> None:
    text = (folder / "summary.md").read_text("utf-8")
    assert ACTING.search(text) is None
    assert re.search(r"[<>@]", text) is None
    links = re.findall(r"\]\((.*?)\)", text)
    assert all(re.fullmatch(r"https://(?:learn|support)\.microsoft\.com/[\w./~?=&+-]*", link) for link in links)
    assert "://" not in re.sub(r"\]\(https://.*?\)", "]", text)
    for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_changes_as_markdown_are_harmless(folder: Path) -> None:
    printed = winkb(folder, "changes", "--markdown")
    assert not re.search(r"[<>@]|://|\]\(", printed)


def test_exported_csv_runs_nothing_in_a_spreadsheet_and_json_is_exact(
    folder: Path, catalog: sqlite3.Connection
) -> None:
    winkb(folder, "export", str(folder / "export"), "--csv", "--json")
    for path in (folder / "export").glob("*.csv"):
        assert formulas(path.read_text("utf-8-sig")) == [], path.name
    titles = {row["kb"]: row["title"] for row in json.loads((folder / "export" / "kbs.json").read_text("utf-8"))}
    assert titles == dict(catalog.execute("select kb, title from kbs"))


def formulas(text: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    return [cell for row in rows for cell in row if SPREADSHEET.search(cell)]


def test_fleet_list_with_formulas_comes_back_harmless(folder: Path) -> None:
    devices = "device,version\n" + "".join(f'"{name}",26100.3981\n' for name in ("=1+1", "@x", "a;=1+1", "-x"))
    (folder / "devices.csv").write_text(devices, "utf-8")
    printed = winkb(folder, "fleet", str(folder / "devices.csv"), "--out", str(folder / "verdicts.csv"))
    assert ACTING.search(printed) is None
    written = (folder / "verdicts.csv").read_text("utf-8-sig")
    assert "'=1+1" in written
    assert formulas(written) == []


@pytest.mark.parametrize(
    "path",
    [
        "/kb/KB5900009.csv",
        "/build/26100.9506.csv",
        "/month/2026-09.csv",
        "/release/windows-11-24h2.csv",
        "/changes.csv",
        "/disagreements.csv",
        "/about.csv",
        "/catalog/kbs.csv?_sort_desc=kb&_size=max",
        "/catalog/kbs.csv?_dl=1&_size=max",
        "/catalog/known_issues.csv",
        "/catalog/findings.csv?_size=max",
        "/catalog/sections.csv?_size=20",
        "/catalog/articles.csv?_labels=on",
        "/catalog/kb_lookup.csv?kb=KB5900009",
        "/catalog/what_changed.csv",
    ],
)
def test_csv_of_the_site_runs_nothing_in_a_spreadsheet(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"].startswith("text/")
    assert formulas(answer.text) == []
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_csv_of_datasette_has_the_same_rows_as_its_json_but_for_apostrophes(site: httpx.Client) -> None:
    query = "select kb, title, -1 as below, 1.5e3 as much, null as missing from kbs order by kb desc limit 60"
    rows = list(csv.DictReader(io.StringIO(site.get("/catalog.csv", params={"sql": query}).text, newline="")))
    served = site.get("/catalog.json", params={"sql": query, "_shape": "array"}).json()
    assert [{**row, "title": row["title"].replace("'", "")} for row in rows] == [
        {
            "kb": row["kb"],
            "title": (row["title"] or "").replace("'", ""),
            "below": "-1",
            "much": "1500.0",
            "missing": "",
        }
        for row in served
    ]
    assert any(row["title"].startswith("'=") for row in rows)


def test_error_below_csv_is_still_json(site: httpx.Client) -> None:
    answer = site.get("/catalog/no_such_table.csv")
    assert (answer.status_code, answer.json()["ok"]) == (404, False)


@pytest.mark.parametrize("release", [None, "windows-11-24h2"])
def test_feeds_are_well_formed_and_say_nothing_else(catalog: sqlite3.Connection, release: str | None) -> None:
    for name in ("updates.atom", "changes.atom"):
        body = feeds.document(catalog, name, "http://127.0.0.1", release)
        text = body.decode("utf-8")
        assert ACTING.search(text) is None
        for content in ET.fromstring(body).iter("{http://www.w3.org/2005/Atom}content"):
            assert not re.search(r"<(?!/?(?:ul|li|p|a)\b)", content.text or "")
            assert all(href.startswith("http://127.0.0.1/") for href in re.findall(r'href="(.*?)"', content.text or ""))
    body = feeds.document(catalog, "calendar.ics", "http://127.0.0.1", release)
    text = body.decode("utf-8").replace("\r\n", "\n")
    assert ACTING.search(text) is None
    calendar = Calendar.from_ical(body)
    months = "select count(*) from hotpatch_calendar where ? is null or release = ?"
    # And for each release the next restart, which the quarter rule schedules.
    ahead = (
        "select count(distinct release) from restart_periods where date_is = 'scheduled' and (? is null or release = ?)"
    )
    ends = "select count(*) from support where ends is not null and (? is null or release = ?)"
    counts = [catalog.execute(sql, [release, release]).fetchone()[0] for sql in (months, ahead, ends)]
    assert len(calendar.walk("VEVENT")) == sum(counts)


PARAMETERS = {
    "kb_lookup": ("kb",),
    "build_lookup": ("build",),
    "build_verdict": ("build", "as_of", "release"),
    "hotpatch_calendar": ("year", "release"),
    "next_restart": ("as_of",),
    "twins": ("month", "release"),
    "what_changed": ("since",),
}


HARM = (
    "'; drop table kbs; --",
    "' union select name, sql from sqlite_master --",
    "x'); attach database 'x' as x; --",
    "%" * 190 + "_" * 9,
    "%_" * 4_000,
    "[" * 5_000,
    "\x00\u202e\ufffe",
    "{{7*7}}{% for x in range(9999999) %}",
    "=1+1",
    "9" * 50_000,
    "-" * 50_000,
    "2026-01-01' + 1",
)


def test_every_query_of_the_metadata_is_tried(site: httpx.Client) -> None:
    assert {query["name"] for query in site.get("/catalog.json").json()["queries"]} == set(PARAMETERS)
    assert re.findall(r"(?m)^      (\w+):\n        title: .*\n(?=(?:        .*\n)*?        sql:)", queries()) == list(
        PARAMETERS
    )


def queries() -> str:
    return (root() / "metadata.yml").read_text("utf-8").partition("    queries:\n")[2]


@pytest.mark.parametrize("name", PARAMETERS)
def test_query_answers_harm_fast_and_writes_nothing(site: httpx.Client, folder: Path, name: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.db*")}
    for harm in HARM:
        for parameter in PARAMETERS[name]:
            begun = perf_counter()
            given = {**dict.fromkeys(PARAMETERS[name], ""), parameter: harm}
            answer = site.get(f"/catalog/{name}.json", params={**given, "_shape": "array"})
            assert perf_counter() - begun < 3, (parameter, harm[:40])
            # 431, 414: longer than a server takes an address to be
            assert answer.status_code in (200, 400, 414, 431), (parameter, harm[:40], answer.text[:200])
            if answer.status_code == 200 and name != "what_changed":
                assert "CREATE TABLE" not in answer.text.upper()
    assert {path.name: path.read_bytes() for path in folder.glob("*.db*")} == before


@pytest.mark.parametrize(
    "sql",
    [
        "delete from kbs",
        "insert into kbs (kb, expired) values ('KB1', 0)",
        "drop table kbs",
        "attach database '{folder}/x' as x",
        "vacuum into '{folder}/x'",
        "pragma writable_schema = on",
        "pragma query_only = off",
        "select load_extension('x')",
        "select writefile('{folder}/x', 'x')",
        "select readfile('metadata.yml')",
        "with recursive x (n) as (select 1 union all select n + 1 from x) select max(n) from x",
    ],
)
def test_sql_of_a_visitor_writes_nothing_and_ends_soon(site: httpx.Client, folder: Path, sql: str) -> None:
    before, begun = (folder / "catalog.db").read_bytes(), perf_counter()
    assert site.get("/catalog.json", params={"sql": sql.format(folder=folder)}).status_code == 400
    assert perf_counter() - begun < 5
    assert (folder / "catalog.db").read_bytes() == before
    assert not (folder / "x").exists()


def test_acting_is_what_unicode_says() -> None:
    """The pattern above misses no control and nothing that turns the writing."""
    turning = {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
    for number in range(0x3000):
        sign = chr(number)
        if (unicodedata.category(sign) == "Cc" and sign != "\n") or unicodedata.bidirectional(sign) in turning:
            assert ACTING.search(sign), hex(number)

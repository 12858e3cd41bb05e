"""What somebody put into the pages goes the whole way and does nothing: into the catalog, to files, feeds, terminals.

The pages are those of tests/hostile.py, scraped by the real command; tests/browser/test_hostile.py looks at the site.
"""

import asyncio
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

from scraper.errors import DriftError, WrongAnswer
from scraper.ingest import parse
from scraper.ingest.drift import check_tables
from scraper.ingest.fetch import Manners, fetch
from scraper.ingest.normalize import normalize
from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.parse.text import clean
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Facts, Request, Source
from scraper.publish import feeds
from scraper.publish.serve.settings import root
from tests.fixtures import hostile, pages
from tests.fixtures.articles import Issue, article
from tests.site.test_datasette import ROOT, serving

# Bytes of an escape, of a NUL, of any control but the line end; marks that turn the writing.
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0\ufffe\U000e0041]"
)
SPREADSHEET = re.compile(r"(?:^|;)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    hostile.main(made)
    return made


@pytest.fixture(scope="module")
def catalog(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection:
        yield connection


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[httpx.Client]:
    with serving(folder / "catalog.db") as server:
        yield server.client


def texts(catalog: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every text of every table, with where it stands."""
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


# --- into the catalog ------------------------------------------------------------------------------------------------


def test_hostile_texts_came_in_by_the_front_door(folder: Path, catalog: sqlite3.Connection) -> None:
    """Else all that follows would show nothing: each text stands in a title, a quarantined row or an article."""
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


def test_facts_of_the_night_before_are_all_there(catalog: sqlite3.Connection) -> None:
    """Whoever fills a page with harm takes nothing away."""
    withdrawn = "select (select count(*) from builds where withdrawn) + (select count(*) from months where withdrawn)"
    assert catalog.execute(withdrawn).fetchone() == (0,)
    assert catalog.execute("select title from kbs where kb = 'KB5058497'").fetchone()[0].startswith("May 13, 2025")


# --- terminal and log ------------------------------------------------------------------------------------------------


def test_output_of_the_run_is_plain_lines(folder: Path) -> None:
    said = (folder / "stderr").read_text("utf-8") + (folder / "stdout").read_text("utf-8")
    assert ACTING.search(said) is None
    assert {line.split()[0].rstrip(":") for line in said.splitlines()} <= {"INFO", "WARNING", "winkb", "run"}
    assert max(map(len, said.splitlines())) < 3_000
    assert "<script>" in said  # it is said, though harmlessly


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
    said = winkb(folder, *arguments)
    assert ACTING.search(said) is None
    assert said.strip()


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
    said = winkb(older, *arguments)
    assert ACTING.search(said) is None
    assert "x1b" in said or "u001b" in said  # spelled out


def test_json_of_a_command_has_every_text_exactly(older: Path) -> None:
    assert json.loads(winkb(older, "kb", "KB5058497", "--json"))["title"] == OLDER


# --- files and feeds -------------------------------------------------------------------------------------------------


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
    said = winkb(folder, "changes", "--markdown")
    assert not re.search(r"[<>@]|://|\]\(", said)


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
    said = winkb(folder, "fleet", str(folder / "devices.csv"), "--out", str(folder / "verdicts.csv"))
    assert ACTING.search(said) is None
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
    assert len(calendar.walk("VEVENT")) == catalog.execute(months, [release, release]).fetchone()[0]


# --- queries over HTTP -----------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_query_is_only_read(site: httpx.Client, name: str, method: str) -> None:
    assert site.request(method, f"/catalog/{name}", data={"sql": "delete from kbs"}).status_code == 405


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


# --- bounds: each was a crash, hours of time, or a row too large for its readers -------------------------------------

INFORMATION = BY_NAME["windows-11-release-information"]
NOTES = BY_NAME["hotpatch-24h2"]


@pytest.fixture(scope="module")
def served() -> dict[str, bytes]:
    made = pages.snapshot("2026-09-30")
    return {source.name: made[pages.file_name(source.url)] for source in SOURCES}


def read(source: Source, body: bytes) -> Facts:
    begun = perf_counter()
    page = parse.parse(source, body, source.url)
    check_tables(source, page, accepted=False)
    facts = normalize(source, page)
    assert perf_counter() - begun < 5
    return facts


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("address", ["https://[", "//[x", "javascript:alert(1)", "https://\u2100.example/"])
def test_canonical_address_that_is_none_is_passed_over(served: dict[str, bytes], source: Source, address: str) -> None:
    """It ended every run with a traceback, and every rebuild of the archive after it."""
    body = re.sub(rb'(<link rel="canonical" href=")[^"]*', rb"\g<1>" + address.encode(), served[source.name])
    assert body != served[source.name]
    assert read(source, body).rows == read(source, served[source.name]).rows


def test_canonical_address_of_an_article_that_is_none_is_passed_over() -> None:
    body = re.sub(
        rb'(rel="canonical" href=")[^"]*', rb"\g<1>https://[", article("KB5124010", "2026-09-22", ("26100.1",))
    )
    assert b"https://[" in body
    assert "KB5124010" in normalize_article(parse.parse_article("KB5124010", body, HELP), HELP).kbs


HELP = "https://support.microsoft.com/help/5124010"


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("Version 24H2 (OS build 26100)", f"Version 24H2 (OS build {'9' * 50})"),  # no integer of SQLite
        ("Version 24H2 (OS build 26100)", f"Version {'X' * 40} (OS build 26100)"),
    ],
)
def test_label_of_an_endless_number_or_version_is_drift(served: dict[str, bytes], true: str, false: str) -> None:
    body = served[INFORMATION.name].replace(true.encode(), false.encode())
    assert body != served[INFORMATION.name]
    with pytest.raises(DriftError, match="label"):
        read(INFORMATION, body)


@pytest.mark.parametrize("tags", [b"<b>", b"<div>", b"<table><tr><td>", b"<details><summary>x</summary>", b"<ul><li>"])
@pytest.mark.parametrize("name", [INFORMATION.name, NOTES.name])
def test_nesting_without_end_is_drift_at_once(served: dict[str, bytes], name: str, tags: bytes) -> None:
    """30,000 bold tags in one another took six minutes."""
    body = served[name].replace(b"<table", tags * (100_000 // len(tags)) + b"<table", 1)
    begun = perf_counter()
    with pytest.raises(DriftError, match="nesting"):
        read(BY_NAME[name], body)
    assert perf_counter() - begun < 2


@pytest.mark.parametrize("tags", [b"<b>", b"<div>", b"<div></div>", b"<"])
@pytest.mark.parametrize("name", [INFORMATION.name, NOTES.name])
def test_flood_of_tags_is_drift_before_a_tree_is_built(served: dict[str, bytes], name: str, tags: bytes) -> None:
    """60,000 blocks in one another took 9 s, and a page may have a million."""
    body = served[name].replace(b"<table", tags * 1_000_000 + b"<table", 1)
    begun = perf_counter()
    with pytest.raises(DriftError, match="size"):
        read(BY_NAME[name], body)
    parse.fingerprint(body)
    assert perf_counter() - begun < 2


def test_article_nested_without_end_is_drift_at_once() -> None:
    body = article("KB5124010", "2026-09-22", ("26100.9550",)).replace(b"</main>", b"<b>" * 30_000 + b"x</main>")
    with pytest.raises(DriftError, match="nesting"):
        parse.parse_article("KB5124010", body, HELP)


def test_flood_of_rows_is_drift_that_no_one_can_accept(served: dict[str, bytes]) -> None:
    rows = b"<tr><td>x" * 20_001
    body = served[INFORMATION.name].replace(b"</tbody>", rows + b"</tbody>", 1)
    page = parse.parse(INFORMATION, body, INFORMATION.url)
    for accepted in (True, False):
        with pytest.raises(DriftError, match="number of rows"):
            check_tables(INFORMATION, page, accepted=accepted)


@pytest.mark.parametrize("part", ["<h2>Improvements</h2><p>x</p>", "<h2>x</h2>"])
def test_article_of_hundreds_of_sections_is_no_article(part: str) -> None:
    body = article("KB5124010", "2026-09-22", ("26100.9550",)).replace(b"</main>", (part * 501).encode() + b"</main>")
    with pytest.raises(DriftError, match="at most 500"):
        parse.parse_article("KB5124010", body, HELP)


@pytest.mark.parametrize("word", ["A", "hotpatch on windows 11 ", "nav", "KB5058497 ", ". ", "1", "("])
def test_text_of_a_megabyte_is_quarantined_or_cut_and_takes_no_time(served: dict[str, bytes], word: str) -> None:
    million = (word * (1_000_000 // len(word))).encode()
    truth = read(NOTES, served[NOTES.name])
    in_link = read(NOTES, served[NOTES.name].replace(b"Hotpatch KB5129241", b"Hotpatch KB5129241 " + million, 1))
    assert [len(row.reason) + len(row.cells) < 2_000 for row in in_link.quarantined] == [True]
    in_title = read(NOTES, served[NOTES.name].replace(b"version 25H2</a>", million + b"</a>", 1))
    assert max(len(remark.message) for remark in in_title.remarks) <= 1_000
    assert max(len(remark.subject) for remark in in_title.remarks) <= 200
    assert in_title.rows < truth.rows
    in_cell = read(INFORMATION, served[INFORMATION.name].replace(b"<td>26100.9550</td>", b"<td>%b</td>" % million, 1))
    assert max(len(row.reason) + len(row.cells) for row in in_cell.quarantined) < 2_000
    in_class = served[NOTES.name].replace(b'<li class="', b'<li class="heading ' + million.replace(b" ", b"-"), 1)
    read(NOTES, in_class)


@pytest.mark.parametrize("word", ["A", "KB5058497 ", ". ", "Resolved in ", "OS Build (", "1.2"])
def test_article_of_megabytes_is_cut_and_takes_no_time(word: str) -> None:
    million = word * (1_000_000 // len(word))
    issue = Issue(f"t {million}", million, workaround=million, resolution=million)
    body = article(
        "KB5124010", "2026-09-22", ("26100.9550",), kind="hotpatch", issues=[issue], heading=f"KB5124010 {million}"
    )
    begun = perf_counter()
    facts = normalize_article(parse.parse_article("KB5124010", body, HELP), HELP)
    assert perf_counter() - begun < 5
    assert max(len(facts.title), len(facts.heading)) <= 300
    assert max(len(text) for _, text in facts.sections) == 50_000
    (found,) = facts.issues
    assert (len(found.title) <= 300, found.title[-1]) == (True, "…")
    assert {len(text or "") for text in (found.symptom, found.workaround, found.resolution)} == {10_000}


@pytest.mark.parametrize(
    ("served_as", "read_as"),
    [
        ("KB5058497", "KB5058497"),
        ("KB\u200b505\u00ad8497\ufeff", "KB5058497"),
        ("\u200eKB5058497", "KB5058497"),
        ("KB50\x1b58497", "KB50\ufffd58497"),
        ("\u202e7948505BK\u202c", "\ufffd7948505BK\ufffd"),
        ("a\x00b\x9bc\u061cd\U000e0041e\ud800f\ufffeg", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg"),
        ("a\r\n\x0b\x0c\x1c\x85\u2028\u00a0b", "a b"),
        ("\u05e9\u05dc\u05d5\u05dd — émoji 🎉", "\u05e9\u05dc\u05d5\u05dd — émoji 🎉"),
    ],
)
def test_what_acts_is_masked_and_what_is_invisible_left_out(served_as: str, read_as: str) -> None:
    assert clean(served_as) == read_as
    assert clean(read_as) == read_as


@pytest.mark.parametrize("sign", ["\u202e", "\x1b", "\u200f", "\x9b"])
def test_masked_cell_is_not_taken_for_what_a_browser_shows(served: dict[str, bytes], sign: str) -> None:
    body = served[INFORMATION.name].replace(b"<td>26100.9550</td>", f"<td>26100{sign}.9550</td>".encode(), 1)
    (row,) = read(INFORMATION, body).quarantined
    assert "26100\ufffd.9550" in row.cells


def test_error_is_one_line_of_bounded_length_whatever_it_quotes() -> None:
    said = str(DriftError("a\nb", page="x", expected="y", found="\x1b[31m\u202e\r\n" + "z" * 1_000_000))
    assert said.isprintable()
    assert len(said) < 1_100


def test_log_line_is_one_line_and_so_is_each_of_a_traceback(tmp_path: Path) -> None:
    lines = (
        "import logging, scraper.cli as cli; cli._log()\n"
        "logging.getLogger('x').warning('a%s', '\\nWARNING x: forged \\x1b[31m')\n"
        "try: raise ValueError('b\\x1b[31m\\u202e')\n"
        "except ValueError: logging.getLogger('x').exception('c')\n"
    )
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, cwd=ROOT, timeout=60)
    said = ended.stderr.decode("utf-8").splitlines()
    assert said[0] == r"WARNING x: a\nWARNING x: forged \x1b[31m"
    assert said[1] == "ERROR x: c"
    assert said[-1] == r"ValueError: b\x1b[31m\u202e"


def test_address_of_thousands_of_letters_is_refused() -> None:
    long = "https://support.microsoft.com/" + "a" * 2_000

    async def asked() -> list[object]:
        return [answer async for _, answer in fetch([Request("x", long)], Manners(delay=0))]

    (problem,) = asyncio.run(asked())
    assert isinstance(problem, WrongAnswer)
    assert len(str(problem)) < 1_000

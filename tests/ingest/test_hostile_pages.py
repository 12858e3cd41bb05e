"""Hostile pages are read within bounds of time and size, and what acts on a reader is masked.

tests/site/test_hostile_catalog.py has what comes after: the catalog, files, feeds, terminals.
"""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from scraper.errors import DriftError, WrongAnswer
from scraper.ingest import parse
from scraper.ingest.drift import check_tables
from scraper.ingest.fetch import Manners, Request, fetch
from scraper.ingest.normalize import normalize
from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.parse.text import clean
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Records, Source
from tests.fixtures import pages
from tests.fixtures.articles import Issue, article
from tests.fixtures.places import ROOT

# --- bounds: each was a crash, hours of time, or a row too large for its readers -------------------------------------

INFORMATION = BY_NAME["windows-11-release-information"]
NOTES = BY_NAME["hotpatch-24h2"]


@pytest.fixture(scope="module")
def served() -> dict[str, bytes]:
    made = pages.snapshot("2026-09-30")
    return {source.name: made[pages.file_name(source.url)] for source in SOURCES}


def read(source: Source, body: bytes) -> Records:
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
    assert max(len(note.message) for note in in_title.notes) <= 1_000
    assert max(len(note.subject) for note in in_title.notes) <= 200
    assert in_title.rows < truth.rows
    in_cell = read(INFORMATION, served[INFORMATION.name].replace(b"<td>26100.9550</td>", b"<td>%b</td>" % million, 1))
    assert max(len(row.reason) + len(row.cells) for row in in_cell.quarantined) < 2_000
    in_class = served[NOTES.name].replace(b'<li class="', b'<li class="heading ' + million.replace(b" ", b"-"), 1)
    read(NOTES, in_class)


@pytest.mark.slow
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
    text = str(DriftError("a\nb", page="x", expected="y", found="\x1b[31m\u202e\r\n" + "z" * 1_000_000))
    assert text.isprintable()
    assert len(text) < 1_100


def test_log_line_is_one_line_and_so_is_each_of_a_traceback(tmp_path: Path) -> None:
    lines = (
        "import logging, scraper.cli.progress as p; p.log_to_stderr()\n"
        "logging.getLogger('x').warning('a%s', '\\nWARNING x: forged \\x1b[31m')\n"
        "try: raise ValueError('b\\x1b[31m\\u202e')\n"
        "except ValueError: logging.getLogger('x').exception('c')\n"
    )
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, cwd=ROOT, timeout=60)
    text = ended.stderr.decode("utf-8").splitlines()
    assert text[0] == r"WARNING x: a\nWARNING x: forged \x1b[31m"
    assert text[1] == "ERROR x: c"
    assert text[-1] == r"ValueError: b\x1b[31m\u202e"


def test_address_of_thousands_of_letters_is_refused() -> None:
    long = "https://support.microsoft.com/" + "a" * 2_000

    async def asked() -> list[object]:
        return [answer async for _, answer in fetch([Request("x", long)], Manners(delay=0))]

    (problem,) = asyncio.run(asked())
    assert isinstance(problem, WrongAnswer)
    assert len(str(problem)) < 1_000

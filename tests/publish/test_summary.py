"""The summary of a run: what it counts, what it puts first, and that no page can write into the job's page."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.catalog.schema import schema
from scraper.errors import MachineError
from scraper.models import HOSTS
from scraper.publish.summary import EXIT_CODES, LINES, last_run, markdown, summary, write

SCHEMA = schema()
FIRST, SECOND, THIRD = "2026-09-28T03:00:00Z", "2026-09-29T03:00:00Z", "2026-09-30T03:00:00Z"
OLD, NEW = "a" * 64, "b" * 64
LEARN = "https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information"
HUB = "https://support.microsoft.com/en-us/topic/hub"
FAILURE = "unexpected columns of a hotpatch-calendar table on hotpatch-24h2. expected: month, type, found: month"


def fill(catalog: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" * len(values))
    catalog.execute(f"insert into {table} ({', '.join(values)}) values ({marks})", list(values.values()))


def page(catalog: sqlite3.Connection, name: str, fetched: str | None, changed: str | None, **more: object) -> None:
    fill(catalog, "pages", page=name, url=HUB, fetched_at=fetched, changed_at=changed, **more)


def change(catalog: sqlite3.Connection, run: int, table: str, subject: str, field: str, **more: object) -> None:
    known = {"release": "windows-11-24h2", "old": None, "new": None, "page": "news"} | more
    replanned = (table, field) == ("months", "type")
    row = {"table_name": table, "subject": subject, "field": field, "replanned": replanned, **known}
    fill(catalog, "changes", seen_at=THIRD, run=run, **row)


def finding(catalog: sqlite3.Connection, severity: str, subject: str, seen: str, resolved: str | None = None) -> None:
    known = {"code": "conflict", "message": f"about {subject}", "page": "news", "release": None}
    fill(catalog, "findings", severity=severity, subject=subject, first_seen=seen, resolved_at=resolved, **known)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Three runs: the summary is of the last one, and a page of each kind was or was not read by it."""
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog:
        catalog.executescript(f"begin; {SCHEMA} commit;")
        for run, at, outcome, facts in (
            (1, FIRST, "news", OLD),
            (2, SECOND, "unchanged", OLD),
            (3, THIRD, "news", NEW),
        ):
            fill(catalog, "runs", run=run, started_at=at, outcome=outcome, exit_code=0, facts_sha256=facts)
        page(catalog, "news", THIRD, THIRD, quarantined=2)
        page(catalog, "same", THIRD, FIRST)
        page(catalog, "left", SECOND, FIRST)
        page(catalog, "hotpatch-24h2", SECOND, FIRST, failing_since=THIRD, failure=FAILURE)
        page(catalog, "KB5000001", THIRD, THIRD)
        page(catalog, "KB5000002", THIRD, FIRST)
        page(catalog, "KB5000003", FIRST, FIRST)
        page(catalog, "KB5000004", None, None, failing_since=SECOND, failure="unexpected status on KB5000004")
        for release, version in (("windows-11-24h2", "24H2"), ("windows-11-25h2", "25H2")):
            fixed = {"product": "Windows 11", "hotpatch": 1, "partial": 0, "page": "same"}
            fill(catalog, "releases", release=release, version=version, **fixed)
        fill(catalog, "feeds", page="same", release="windows-11-24h2")
        fill(catalog, "feeds", page="left", release="windows-11-25h2")
        fill(catalog, "kbs", kb="KB5058497", expired=0, article_url="https://support.microsoft.com/help/5058497")
        change(catalog, 2, "builds", "KB5000000", "row", new="26100.1")
        change(catalog, 3, "builds", "KB5058497", "row", new="26100.3981")
        change(catalog, 3, "builds", "KB5000009", "row", old="26100.2")
        change(catalog, 3, "releases", "windows-11-25h2", "end_of_updates", new="2027-10-12", release="windows-11-25h2")
        change(catalog, 3, "months", "2026-09", "type", old="hotpatch", new="baseline")
        finding(catalog, "warning", "open", FIRST)
        finding(catalog, "info", "new info", THIRD)
        finding(catalog, "error", "new error", THIRD)
        finding(catalog, "error", "gone now", FIRST, THIRD)
        finding(catalog, "error", "gone before", FIRST, SECOND)
        catalog.commit()
        yield catalog


def test_pages_are_listed_and_articles_counted(catalog: sqlite3.Connection) -> None:
    document = summary(catalog, 2, 4)
    assert [(page["page"], page["state"], page["quarantined"]) for page in document["pages"]] == [
        ("news", "changed", 2),
        ("same", "unchanged", 0),
        ("left", "not asked", 0),
        ("hotpatch-24h2", "failing", 0),
    ]
    assert document["articles"] == {"changed": 1, "unchanged": 1, "failing": 1, "not asked": 1}
    assert document["failing_articles"] == [
        {
            "page": "KB5000004",
            "url": HUB,
            "state": "failing",
            "fetched_at": None,
            "quarantined": 0,
            "failing_since": SECOND,
            "failure": "unexpected status on KB5000004",
        }
    ]


def test_changes_are_those_of_the_later_runs_and_replanned_months_are_apart(catalog: sqlite3.Connection) -> None:
    document = summary(catalog, 2, 0)
    assert document["replanned"] == [
        {
            "run": 3,
            "seen_at": THIRD,
            "table_name": "months",
            "release": "windows-11-24h2",
            "subject": "2026-09",
            "article_url": None,
            "field": "type",
            "old": "hotpatch",
            "new": "baseline",
            "page": "news",
        }
    ]
    assert [(row["subject"], row["field"], row["article_url"]) for row in document["changes"]] == [
        ("KB5058497", "row", "https://support.microsoft.com/help/5058497"),
        ("KB5000009", "row", None),
        ("windows-11-25h2", "end_of_updates", None),
    ]
    assert summary(catalog, 1, 0)["changes"][0]["subject"] == "KB5000000"


def test_new_findings_come_first_and_the_worst_of_them(catalog: sqlite3.Connection) -> None:
    document = summary(catalog, 2, 0)
    found = [(row["subject"], row["severity"], row["new"]) for row in document["findings"]]
    assert found == [("new error", "error", True), ("new info", "info", True), ("open", "warning", False)]
    assert document["resolved"] == 1


def test_document_says_how_the_run_ended(catalog: sqlite3.Connection) -> None:
    document = summary(catalog, 2, 4, problems=["x"])
    got = {key: document[key] for key in ("run", "since_run", "started_at", "outcome", "exit_code", "problems")}
    assert got == {
        "run": 3,
        "since_run": 2,
        "started_at": THIRD,
        "outcome": "news",
        "exit_code": 4,
        "problems": ["x"],
    }
    assert (document["meaning"], document["to_do"]) == EXIT_CODES[4]
    assert (document["facts_sha256"], document["facts_changed"]) == (NEW, True)
    assert document["freshness"] == [
        {"release": "windows-11-24h2", "data_as_of": THIRD},
        {"release": "windows-11-25h2", "data_as_of": SECOND},
    ]
    assert document["names"] == {"windows-11-25h2": "Windows 11 25H2", "windows-11-24h2": "Windows 11 24H2"}
    assert json.loads(json.dumps(document)) == document


def test_signal_and_time_limit_have_a_meaning_too(catalog: sqlite3.Connection) -> None:
    assert summary(catalog, 2, 137)["meaning"] == "The run was ended from outside, by a signal or a time limit."


def test_run_that_published_nothing_has_no_news(catalog: sqlite3.Connection) -> None:
    document = summary(catalog, 3, 3, facts_before=NEW, problems=["another run"])
    assert (document["changes"], document["replanned"], document["facts_changed"]) == ([], [], False)
    assert {page["state"] for page in document["pages"]} == {"not asked", "failing"}
    text = markdown(document)
    assert text.startswith("## winkb: nothing published, the catalog is that of run 3\n")
    assert "another run" in text


@pytest.mark.parametrize(("since", "facts"), [(9, None), (3, OLD)], ids=["no such run", "other facts"])
def test_catalog_of_another_archive_is_no_measure(catalog: sqlite3.Connection, since: int, facts: str | None) -> None:
    """The bundled catalog has runs 1 to 3; the first scrape's own run 1 replaces it, and everything in it is new."""
    document = summary(catalog, since, 0, facts_before=facts)
    assert (document["since_run"], len(document["changes"]), document["facts_changed"]) == (0, 4, True)


def test_without_a_catalog_the_summary_still_says_what_to_do() -> None:
    document = summary(None, 0, 3, problems=["no network"])
    assert (document["run"], document["pages"]) == (None, [])
    assert markdown(document) == (
        "## winkb: no catalog\n\n"
        f"**Exit code 3.** {EXIT_CODES[3][0]} **To do:** {EXIT_CODES[3][1]}\n\n"
        "### Failing\n\n"
        "| page | since | what was expected, and what was found |\n| --- | --- | --- |\n|  |  | no network |\n\n"
    )


def test_file_that_is_no_catalog_is_an_error() -> None:
    with closing(sqlite3.connect(":memory:")) as empty, pytest.raises(MachineError, match="no such table: runs"):
        summary(empty, 0, 0)


# --- Markdown --------------------------------------------------------------------------------------------------------


def test_markdown_of_a_run_in_full(catalog: sqlite3.Connection) -> None:
    assert markdown(summary(catalog, 2, 4, problems=[FAILURE, "unexpected row on news. x (2 in quarantine)"])) == (
        f"""\
## winkb: run 3: news

**Exit code 4.** {EXIT_CODES[4][0]} **To do:** {EXIT_CODES[4][1]}

Started {THIRD}; facts changed, `facts_sha256` {NEW}.

### Failing

| page | since | what was expected, and what was found |
| --- | --- | --- |
| [hotpatch-24h2]({HUB}) | {THIRD} | {FAILURE} |
| [KB5000004]({HUB}) | {SECOND} | unexpected status on KB5000004 |
|  |  | unexpected row on news. x (2 in quarantine) |

### Replanned months: 1

A month that became a baseline restarts hotpatched devices; one that became a hotpatch does not.

| release | month | was | is now |
| --- | --- | --- | --- |
| Windows 11 24H2 | **2026-09** | hotpatch | baseline |

### Changes: 3

**Windows 11 25H2**

| subject | table | change |
| --- | --- | --- |
| windows-11-25h2 | releases | end of updates: nothing → 2027-10-12 |

**Windows 11 24H2**

| subject | table | change |
| --- | --- | --- |
| [KB5058497](https://support.microsoft.com/help/5058497) | builds | appeared: 26100.3981 |
| KB5000009 | builds | disappeared: 26100.2 |

### Open findings: 3, of them new: 2; resolved: 1

|  | severity | code | subject | what was found | page | since |
| --- | --- | --- | --- | --- | --- | --- |
| **new** | error | conflict | new error | about new error | news | {THIRD} |
| **new** | info | conflict | new info | about new info | news | {THIRD} |
|  | warning | conflict | open | about open | news | {FIRST} |

### Pages

| page | state | last read |
| --- | --- | --- |
| [news]({HUB}) | changed, 2 rows could not be read | {THIRD} |
| [same]({HUB}) | unchanged | {THIRD} |
| [left]({HUB}) | not asked | {SECOND} |
| [hotpatch-24h2]({HUB}) | failing | {SECOND} |

Articles: 4 known; 1 changed, 1 unchanged, 1 failing, 1 not asked.

### Freshness

| data as of | releases |
| --- | --- |
| {SECOND} | Windows 11 25H2 |
| {THIRD} | Windows 11 24H2 |

"""
    )


def test_run_without_changes_says_so(catalog: sqlite3.Connection) -> None:
    catalog.execute("delete from changes")
    assert "### Changes: none\n" in markdown(summary(catalog, 2, 0))


def test_run_that_read_no_page_does_not_say_that_nothing_changed(catalog: sqlite3.Connection) -> None:
    catalog.execute("delete from changes")
    assert "### Changes: not known, for no page was read\n" in markdown(summary(catalog, 3, 3, facts_before=NEW))


def test_many_changes_end_with_how_many_more(catalog: sqlite3.Connection) -> None:
    for number in range(100):
        change(catalog, 3, "builds", f"KB51{number:05}", "row", new="26100.9")
    text = markdown(summary(catalog, 2, 0))
    assert len(re.findall(r"(?m)^\| .+ \| (?:builds|releases) \| .+ \|$", text)) == LINES
    assert "\n\n… and 63 more: `winkb changes --since 2026-09-30`\n" in text


def test_many_failures_and_findings_fit_into_an_issue(catalog: sqlite3.Connection) -> None:
    """150 articles may fail in one run, each with a line as long as a page."""
    for number in range(150):
        page(catalog, f"KB52{number:05}", None, None, failing_since=THIRD, failure="x" * 5000)
        finding(catalog, "error", "y" * 5000, THIRD)
    text = markdown(summary(catalog, 2, 4))
    assert "| … and 112 more |  |  |" in text
    assert "| … and 113 more |" in text
    assert len(text) < 65_536


NASTY = (
    "<img src=x onerror=alert(1)>",
    "a | b",
    "a\n| b |\r\n# c",
    "`code`",
    "**bold** _under_ ~~gone~~",
    "[text](https://evil.example)",
    "![image](https://evil.example/i.png)",
    "https://evil.example and HTTP://evil.example",
    "www.evil.example WWW.evil.example",
    "@octocat #1 me@evil.example",
    "<!-- winkb-drift 0 -->",
    "&lt;b&gt; \\| $x$",
    "\u202eturned \x1b[31m \ud800 \u200b",
)


def nasty_everywhere(catalog: sqlite3.Connection, text: str) -> str:
    # SQLite keeps no half of a surrogate pair; what a parser makes of bytes has none either.
    kept = text.encode(errors="replace").decode()
    catalog.execute("update pages set failure = ? where failing_since is not null", [kept])
    catalog.execute("update findings set message = ?, subject = ?, code = ?", [kept] * 3)
    catalog.execute(
        "update changes set old = ?, new = ?, subject = ?, field = iif(field = 'row', 'kb', field)", [kept] * 3
    )
    catalog.execute("update releases set version = ?", [kept])
    return markdown(summary(catalog, 2, 4, problems=[text]))


def assert_harmless(text: str) -> None:
    assert not re.search(r"[<>@]", text)
    # What ends a line for somebody: only our own line ends do.
    assert text.splitlines() == text.split("\n")[:-1]
    assert all(sign == "\n" or sign.isprintable() or sign == "\u200b" for sign in text)
    assert all(mark.startswith("](https://support.microsoft.com/") for mark in re.findall(r"\]\(.*?\)", text))
    without_links = re.sub(r"\]\(https://.*?\)", "]", text)
    assert not re.search(r"(?i)://|www\.(?!\u200b)", without_links)
    # Whatever of ours uses marks uses them in pairs; each table keeps the columns of its head.
    assert (text.count("`") % 2, without_links.count("**") % 2, text.count("\\")) == (0, 0, 0)
    for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize("text", NASTY)
def test_page_cannot_write_into_the_summary(catalog: sqlite3.Connection, text: str) -> None:
    assert_harmless(nasty_everywhere(catalog, text))


@pytest.fixture(scope="module")
def memory() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as catalog:
        catalog.executescript(f"begin; {SCHEMA} commit;")
        fill(catalog, "runs", run=3, started_at=THIRD, outcome="news")
        page(catalog, "news", THIRD, THIRD, failing_since=THIRD, failure="")
        fixed = {"version": "", "product": "Windows 11", "hotpatch": 1, "partial": 0, "page": "news"}
        fill(catalog, "releases", release="windows-11-24h2", **fixed)
        change(catalog, 3, "months", "x", "type")
        change(catalog, 3, "builds", "x", "kb")
        finding(catalog, "error", "x", THIRD)
        yield catalog


@given(text=st.text() | st.text(alphabet="<>|`*_[]()!@#:/\\&\n\r.w~$ a", max_size=40))
def test_no_text_can_write_into_the_summary(memory: sqlite3.Connection, text: str) -> None:
    assert_harmless(nasty_everywhere(memory, text))


@pytest.mark.parametrize(
    "url",
    [
        "http://support.microsoft.com/x",
        "https://evil.example/x",
        "https://support.microsoft.com.evil.example/x",
        "https://support.microsoft.com@evil.example/x",
        "https://support.microsoft.com:444/x",
        "https://support.microsoft.com/x) [y](https://evil.example/",
        "https://support.microsoft.com/x y",
        "https://support.microsoft.com/x\n",
        "https://support.microsoft.com/<b>",
        "javascript:alert(1)",
    ],
)
def test_only_plain_addresses_of_the_two_hosts_become_links(catalog: sqlite3.Connection, url: str) -> None:
    document = summary(catalog, 2, 0)
    for row in document["pages"] + document["failing_articles"]:
        row["url"] = url
    for changed in document["changes"]:
        changed["article_url"] = url
    assert "](" not in markdown(document)


def test_both_declared_hosts_become_links_and_no_other(catalog: sqlite3.Connection) -> None:
    for host in HOSTS:
        document = summary(catalog, 2, 0)
        document["pages"][0]["url"] = f"https://{host}/en-us/a-b_c?x=1&y=%20#z"
        assert f"[news](https://{host}/en-us/a-b_c?x=1&y=%20#z)" in markdown(document)
    assert HOSTS == ("learn.microsoft.com", "support.microsoft.com")


# --- files -----------------------------------------------------------------------------------------------------------


def test_last_run_of_a_catalog_and_of_none(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    assert last_run(tmp_path / "catalog.db") == (3, NEW)
    (tmp_path / "other.db").write_bytes(b"no database" * 100)
    assert last_run(tmp_path / "other.db") == (0, None)
    assert last_run(tmp_path / "none.db") == (0, None)
    catalog.execute("delete from runs")
    catalog.commit()
    assert last_run(tmp_path / "catalog.db") == (0, None)


def test_markdown_is_appended_and_the_document_replaced(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    text, document = tmp_path / "a.md", tmp_path / "a.json"
    text.write_text("before\n")
    for _ in range(2):
        write(tmp_path / "catalog.db", (2, OLD), 0, markdown_to=text, json_to=document)
    expected = summary(catalog, 2, 0, facts_before=OLD)
    assert text.read_text(encoding="utf-8") == "before\n" + 2 * markdown(expected)
    assert json.loads(document.read_text(encoding="utf-8")) == expected


def test_nothing_is_written_that_was_not_asked_for(catalog: sqlite3.Connection, tmp_path: Path) -> None:
    write(tmp_path / "catalog.db", (2, OLD), 0)
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.db"]


@pytest.mark.parametrize("content", [None, b"no database" * 100], ids=["none", "not a database"])
def test_summary_of_a_broken_catalog_still_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "catalog.db").write_bytes(content)
    write(tmp_path / "catalog.db", (0, None), 5, problems=["disk full"], markdown_to=tmp_path / "a.md")
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert text.startswith("## winkb: no catalog\n")
    assert "disk full" in text


@pytest.mark.parametrize("option", ["markdown_to", "json_to"])
def test_summary_that_cannot_be_written_is_this_machine_s_error(tmp_path: Path, option: str) -> None:
    with pytest.raises(MachineError, match="a file for the summary"):
        write(tmp_path / "catalog.db", (0, None), 0, **{option: tmp_path / "no folder" / "a"})  # type: ignore[arg-type]

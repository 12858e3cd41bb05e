"""The site's own pages and their data."""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from markupsafe import escape

from scraper.cli import main
from scraper.publish.pages.terms import TERMS
from tests.fixtures.serving import build_small, bundled, local


def printed(catalog: Path, *arguments: str) -> Any:
    """What the command line prints."""
    return json.loads(CliRunner().invoke(main, [*arguments, "--json", "--db", str(catalog)]).stdout)


def table(response: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def cells(row: dict[str, Any], columns: list[str]) -> dict[str, str]:
    """A row of a document as CSV has it: null is empty, a flag 0 or 1, an update its KB."""
    flat = {name: row[name]["kb"] if isinstance(row[name], dict) else row[name] for name in columns}
    return {
        name: "" if flat[name] is None else str(int(flat[name]) if isinstance(flat[name], bool) else flat[name])
        for name in columns
    }


# An address without its ending, and the command that answers the same.
ANSWERS = [
    ("/kb/KB5058497", "kb KB5058497"),
    ("/kb/5058411", "kb 5058411"),
    ("/kb/KB1", "kb KB1"),
    ("/build/26100.3981?as_of=2025-05-20", "build 26100.3981 --as-of 2025-05-20"),
    ("/build/26100.3981", "build 26100.3981"),
    ("/build/26100.3981?as_of=2025-05-20&release=24H2", "build 26100.3981 --as-of 2025-05-20 --release 24H2"),
    ("/build/3981?release=24H2", "build 3981 --release 24H2"),
    ("/build/10.0.26100.1742", "build 10.0.26100.1742"),
    ("/build/26100.3980", "build 26100.3980"),
    ("/build/26100.3981?release=23H2", "build 26100.3981 --release 23H2"),
    ("/build/999999.1", "build 999999.1"),
    ("/month/2025-05", "month 2025-05"),
    ("/month/2026-06", "month 2026-06"),
    ("/month/1999-01", "month 1999-01"),
    ("/changes", "changes"),
    ("/changes?since=2026-08-01", "changes --since 2026-08-01"),
    ("/changes?release=25H2", "changes --release 25H2"),
    ("/changes?since=2026-08-01&release=windows-11-24h2", "changes --since 2026-08-01 --release windows-11-24h2"),
    ("/changes?since=2099-01-01", "changes --since 2099-01-01"),
    ("/disagreements", "disagreements"),
    ("/disagreements?release=24H2", "disagreements --release 24H2"),
]


def ending(address: str, form: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{form}{mark}{query}"


@pytest.mark.parametrize(("address", "command"), ANSWERS)
def test_json_is_the_document_of_the_command_line(
    site: httpx.Client, catalog: Path, address: str, command: str
) -> None:
    response = site.get(ending(address, "json"))
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json() == printed(catalog, *command.split())


@pytest.mark.parametrize("address", [address for address, _ in ANSWERS])
def test_csv_has_the_rows_of_the_json(site: httpx.Client, address: str) -> None:
    as_json, as_csv = site.get(ending(address, "json")), site.get(ending(address, "csv"))
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.status_code == as_json.status_code
    document = as_json.json()
    rows = document if isinstance(document, list) else [{"kb": document["kb"], **row} for row in document["builds"]]
    header = as_csv.text.splitlines()[0].split(",")
    assert table(as_csv) == [cells(row, header) for row in rows]
    assert set(header) <= (rows[0].keys() if rows else set(header))


@pytest.mark.parametrize("address", [address for address, _ in ANSWERS])
def test_what_is_not_found_answers_404_in_every_form(site: httpx.Client, address: str) -> None:
    """A list that is empty for a filter is an answer; a thing that is not in the catalog is none."""
    missing = address in ("/kb/KB1", "/build/26100.3980", "/build/26100.3981?release=23H2", "/build/999999.1")
    wanted = 404 if missing or address == "/month/1999-01" else 200
    for form in ("json", "csv"):
        assert site.get(ending(address, form)).status_code == wanted
    assert site.get(address, follow_redirects=True).status_code == wanted


def test_release_has_its_updates_restarts_and_support(site: httpx.Client, catalog: Path) -> None:
    release = site.get("/release/windows-11-24h2.json?as_of=2025-05-20").json()
    (build,) = [
        each for each in printed(catalog, "build", "26100.3981", "--as-of", "2025-05-20") if "11" in each["release"]
    ]
    assert {key: release[key] for key in ("accepted", "next_restart", "data_as_of", "as_of")} == {
        key: build[key] for key in ("accepted", "next_restart", "data_as_of", "as_of")
    }
    restarts = printed(catalog, "restarts", "2026", "--release", "24H2")
    assert restarts == [year for year in release["years"] if year["year"] == "2026"]
    got = table(site.get("/release/24H2.csv"))
    assert got == [cells(row, list(got[0])) for row in release["builds"]]
    assert {row["build"] for row in release["builds"]} >= {"26100.3981", "26100.4061"}


def test_about_says_how_fresh_each_page_is(site: httpx.Client) -> None:
    about = site.get("/about.json").json()
    assert [row["page"] for row in about["pages"]][:2] == ["windows-11-release-information", "hotpatch-24h2"]
    got = table(site.get("/about.csv"))
    assert got == [cells(row, list(got[0])) for row in about["pages"]]


def test_ended_disagreements_are_listed_when_asked_for(site: httpx.Client, catalog: Path) -> None:
    open_ones = site.get("/disagreements.json").json()
    assert site.get("/disagreements.json?ended=0").json() == open_ones
    ended = site.get("/disagreements.json?ended=1").json()
    assert ended == printed(catalog, "disagreements", "--ended")
    assert [row for row in ended if row["until"] is None] == open_ones


def test_cell_that_a_spreadsheet_would_run_is_text(tmp_path: Path) -> None:
    path = build_small(tmp_path / "catalog.db")
    with closing(sqlite3.connect(path)) as db:
        for number, text in enumerate(("=cmd()", "+1", "-1", "@SUM(1)"), 10):
            db.execute(
                "insert into changes values (?, '2026-09-30T03:00:00Z', 2, 'builds', 'windows-11-24h2', 'KB5058497',"
                " 'available', '2025-05-13', ?, 'windows-11-release-information', 0)",
                (number, text),
            )
        db.commit()
    with local(path) as server:
        new = {row["id"]: row["new"] for row in table(server.client.get("/changes.csv"))}
    assert [new[number] for number in ("10", "11", "12", "13")] == ["'=cmd()", "'+1", "'-1", "'@SUM(1)"]


def test_first_of_repeated_parameters_counts(site: httpx.Client) -> None:
    twice = site.get("/build/26100.3981.json?as_of=2025-05-20&as_of=2026-01-01").json()
    assert twice == site.get("/build/26100.3981.json?as_of=2025-05-20").json()


def test_empty_parameter_is_one_left_out(site: httpx.Client) -> None:
    blank = site.get("/build/26100.3981.json?as_of=&release=").json()
    assert blank == site.get("/build/26100.3981.json").json()
    assert site.get("/changes.json?since=&release=").json() == site.get("/changes.json").json()


PAGES = [
    "/",
    "/?year=2025",
    "/?year=soon",
    "/search",
    "/search?q=secure+boot",
    "/kb/KB5058497",
    "/kb/KB5072033",
    "/build/26100.3981",
    "/build/26100.3981?as_of=2025-05-20&release=24H2",
    "/month/2025-05",
    "/month/2099-01",
    "/release/windows-11-24h2",
    "/release/windows-server-2016",
    "/changes",
    "/changes?since=2099-01-01",
    "/disagreements",
    "/disagreements?ended=1",
    "/about",
]


def test_every_page_says_how_old_its_facts_are(site: httpx.Client) -> None:
    for address in (*PAGES, "/nothing", "/kb/nonsense", "/catalog", "/catalog/builds", "/catalog/kbs/KB5058497"):
        assert "Data as of 2026-09-30 12:00 UTC, read from" in site.get(address).text


@pytest.mark.parametrize("address", PAGES)
def test_page_is_whole(site: httpx.Client, address: str) -> None:
    response = site.get(address)
    assert response.status_code == (404 if "2099-01" in address and "month" in address else 200)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    text = response.text
    assert text.rstrip().endswith("</html>")
    assert len(re.findall("<h1", text)) == 1
    assert "<bdi></bdi></a>" not in text  # a link without words
    assert not re.search(r"\bNone\b|Undefined|\{[{%]", re.sub("<[^>]*>", " ", text))


@pytest.mark.slow
def test_every_row_has_a_page_and_every_page_its_data(site: httpx.Client) -> None:
    """Two steps from the home page, no address of ours is dead."""
    seen: set[str] = {"/"}
    reached = ["/"]
    for _step in range(2):
        found = {
            link.partition("#")[0]
            for address in reached
            for link in re.findall(r'(?:href|src)="(/[^"]*)"', site.get(address).text)
        }
        reached = sorted(found - seen - {""})
        seen |= found
        assert reached
    # The tables' pages with their facets are Datasette's.
    ours = sorted(link.replace("&amp;", "&") for link in seen if not link.startswith(("/catalog/", "/-/")) and link)
    kinds = ("/kb/", "/build/", "/month/", "/release/", "/static/")
    assert all(any(link.startswith(kind) for link in ours) for kind in kinds)
    for link in ours[::7] + [link for link in ours if not link.startswith(kinds)]:
        assert site.get(link).status_code == 200, link


def test_every_update_of_a_release_names_the_page_that_it_is_from(site: httpx.Client, catalog: Path) -> None:
    sql = (
        "select build, url from builds join pages using (page) where release = 'windows-11-24h2' and build is not null"
    )
    with closing(sqlite3.connect(catalog)) as db:
        pages: dict[str, set[str]] = {}
        for build, url in db.execute(sql):
            pages.setdefault(build, set()).add(url)
    assert len(set.union(*pages.values())) > 1
    shown = site.get("/release/windows-11-24h2").text.partition("All updates</h2>")[2].partition("</table>")[0]
    for row in re.findall(r"<tr>(.*?)</tr>", shown.partition("<tbody>")[2]):
        build, (url,) = re.findall(r'href="/build/([^"]+)"', row), re.findall(r'href="(https:[^"]+)"', row)
        assert not build or url in pages[build[0]]


def test_row_of_a_list_links_to_its_page(site: httpx.Client) -> None:
    month = site.get("/month/2025-05").text
    for row in site.get("/month/2025-05.json").json():
        assert f'href="/release/{row["release"]}"' in month
        assert f'href="/build/{row["build"]}"' in month
        assert f'href="/kb/{row["kb"]}"' in month
    release = site.get("/release/windows-11-24h2").text
    for row in site.get("/release/windows-11-24h2.json").json()["builds"]:
        assert not row["build"] or f'href="/build/{row["build"]}"' in release
        assert not row["kb"] or f'href="/kb/{row["kb"]}"' in release
    changes = site.get("/changes").text
    for row in site.get("/changes.json").json():
        if row["subject"] != row["release"]:
            kind = "kb" if row["subject"].startswith("KB") else "build" if "." in row["subject"] else "month"
            assert f'href="/{kind}/{row["subject"]}"' in changes


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("/kb/kb5058497", "/kb/KB5058497"),
        ("/kb/5058497", "/kb/KB5058497"),
        ("/kb/KB%205058497", "/kb/KB5058497"),
        ("/build/10.0.26100.3981", "/build/26100.3981"),
        ("/build/10.0.26100.3981?as_of=2025-05-20", "/build/26100.3981?as_of=2025-05-20"),
        ("/build/3981?release=24H2", "/build/26100.3981?release=24H2"),
        ("/build/Version%2024H2%20(OS%20Build%2026100.3981)", "/build/26100.3981"),
        ("/build/%2026100.3981%0A", "/build/26100.3981"),
        ("/month/%202025-05", "/month/2025-05"),
        ("/release/24H2", "/release/windows-11-24h2"),
        ("/release/Windows-11-24H2?as_of=2025-05-20", "/release/windows-11-24h2?as_of=2025-05-20"),
        ("/release/Windows%2011%2024h2", "/release/windows-11-24h2"),
    ],
)
def test_other_spelling_moves_to_the_one_address(site: httpx.Client, address: str, goes: str) -> None:
    response = site.get(address)
    assert (response.status_code, response.headers["location"]) == (301, goes)
    assert site.get(goes).status_code == 200


@pytest.mark.parametrize(("address", "goes"), [("/kb/KB5058497/", "/kb/KB5058497"), ("/changes/", "/changes")])
def test_trailing_slash_goes_to_the_page(site: httpx.Client, address: str, goes: str) -> None:
    response = site.get(address)
    assert (response.status_code, response.headers["location"]) == (302, goes)


def test_kb_leads_to_the_verdict_on_each_of_its_builds(site: httpx.Client) -> None:
    (asked,) = re.findall(r"Is a device on it current\?(.*?)</p>", site.get("/kb/KB5124008").text)
    assert re.findall(r'href="(/build/[^"]+)"', asked) == ["/build/26100.9445", "/build/26200.9445"]
    assert "Is a device on it current?" not in site.get("/kb/KB1").text


def test_kb_says_where_pages_disagree_on_it_and_what_else_does_not_fit(site: httpx.Client) -> None:
    quarrelled = re.sub(r"<[^>]+>", "", site.get("/kb/KB5046696").text)
    assert "2024-11-12 on windows-11-release-information is used, 2024-11-19 on hotpatch-24h2" in quarrelled
    assert "info the address of KB5046696 says 2024-11-19" in quarrelled
    assert "Other findings" not in site.get("/kb/KB5058497").text


@pytest.mark.parametrize("address", ["/release/windows-11-24h2", "/month/2026-06", "/"])
def test_replanned_months_come_before_other_changes_of_a_run(site: httpx.Client, address: str) -> None:
    lists = re.findall(r'<ul class="list">.*?</ul>', site.get(address).text, re.DOTALL)
    (seen,) = [each for each in lists if "Replanned" in each]
    assert "Replanned" in seen.partition("</li>")[0]


def test_page_of_a_release_has_its_pictures(site: httpx.Client) -> None:
    with_hotpatch = site.get("/release/windows-11-24h2").text
    assert 'class="picture staircase"' in with_hotpatch
    assert 'class="picture bars"' in with_hotpatch
    without = site.get("/release/windows-server-2016").text
    assert "<svg" not in without


# --- labels ----------------------------------------------------------------------------------------------------------


def words_of(response: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/build/26100.4061?as_of=2025-05-20", "KB5058497 26100.3981 (fully patched)"),
        ("/build/26100.4061?as_of=2099-01-01", "(the newest known; support has ended)"),
        ("/build/26100.4061?as_of=2026-10-20&release=24H2", "(the newest known; there may be a newer one)"),
        ("/release/windows-11-24h2?as_of=2025-05-20", "(on 2025-05-20 : fully patched)"),
        ("/release/windows-11-22h2", "the newest known; support has ended"),
        ("/release/windows-11-24h2?as_of=2026-10-20", "the newest known; there may be a newer one"),
    ],
)
def test_accepted_update_says_whether_it_may_be_overtaken(site: httpx.Client, address: str, words: str) -> None:
    shown = words_of(site.get(address))
    assert "Accepted" in shown
    assert words in shown


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("/kb/KB5058497", ["twin", "baseline"]),
        ("/build/26100.3981?as_of=2025-05-20", ["twin", "baseline", "accepted"]),
        ("/month/2025-05", ["twin"]),
        ("/month/2026-06", ["baseline"]),
        ("/release/windows-11-24h2", ["accepted", "planned", "actual", "cumulative"]),
        ("/", ["accepted"]),
    ],
)
def test_term_has_its_meaning_as_a_title_and_a_link_to_it(site: httpx.Client, address: str, names: list[str]) -> None:
    page, about = site.get(address).text, site.get("/about").text
    for name in names:
        assert f'href="/about#{name}" title="{escape(TERMS[name])}"' in page
        assert f'<dt id="{name}">' in about
        assert str(escape(TERMS[name])) in about


def test_month_whose_plan_was_not_seen_is_marked_by_the_quarter_rule(tmp_path: Path) -> None:
    """A catalog begun in September 2026 never saw that June was planned as a hotpatch: it does not say replanned."""
    db = bundled(tmp_path)
    with closing(sqlite3.connect(db)) as catalog, catalog:
        catalog.execute("update months set planned_type = null where month = '2026-06'")
    with local(db) as server:
        month, home = server.client.get("/month/2026-06").text, server.client.get("/?year=2026").text
        release = server.client.get("/release/windows-11-25h2").text
    assert month.count('title="hotpatch by the quarter rule">Not as scheduled, hotpatch</strong>') == 4
    assert "Replanned" not in month.partition("<h2>Changes seen")[0]
    assert home.count("not as scheduled, hotpatch by the quarter rule") == 4
    assert 'title="hotpatch by the quarter rule">not as scheduled</span>' in release

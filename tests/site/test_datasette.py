"""The published site: the real server over a catalog, asked as its readers ask it."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from datasette.utils import parse_metadata
from markupsafe import escape

from scraper.catalog.schema import schema
from scraper.errors import MachineError
from scraper.ingest.sources import SOURCES
from scraper.models import HOSTS
from scraper.publish.serve import SETTINGS, datasette_for, serve
from scraper.publish.serve.settings import metadata_for
from tests.fixtures.places import ROOT

SCHEMA = schema()
METADATA = parse_metadata((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["catalog"]
QUERIES = METADATA["queries"]
WINKB = [sys.executable, "-m", "scraper"]

SMALL = """
insert into pages (page, url, fetched_at, changed_at, updated_at, sha256, layout, rows) values
  ('windows-11-release-information', 'https://learn.microsoft.com/a', '2026-09-30T03:00:00Z', '2026-09-30T03:00:00Z',
   '2026-09-29', '0000000000000000000000000000000000000000000000000000000000000000', 'learn', 300);
insert into runs values (1, '2026-09-30T03:00:00Z', 'news', 0, null), (2, '2026-10-01T03:00:00Z', 'unchanged', 0, null);
insert into releases (release, product, version, base_build, available, serviced, hotpatch, partial, page) values
  ('windows-11-24h2', 'Windows 11', '24H2', 26100, '2024-10-01', 1, 1, 0, 'windows-11-release-information'),
  ('windows-11-25h2', 'Windows 11', '25H2', 26200, '2025-09-30', 1, 1, 0, 'windows-11-release-information');
insert into feeds select page, release from releases;
insert into kbs values
  ('KB5055523', null, 'cumulative', 'https://support.microsoft.com/help/5055523', '2025-04-08', 0),
  ('KB5058497', 'May 13, 2025: hotpatch', 'hotpatch', 'https://support.microsoft.com/help/5059525', '2025-05-13', 0),
  ('KB5058411', '<script>alert(1)</script>', 'cumulative', null, '2025-05-13', 1);
insert into kbs_fts (kbs_fts) values ('rebuild');
insert into builds (release, build, revision, kb, track, kind, cadence, month, security_month, available, restart,
    twin_kb, baseline_kb, withdrawn, page)
  select 'windows-11-24h2', column1, substr(column1, 7), column2, column3, column4, 'B', column5, column5, column6,
    column7, column8, column9, 0, 'windows-11-release-information' from (values
  ('26100.3775', 'KB5055523', 'cumulative', 'baseline', '2025-04', '2025-04-08', 1, null, null),
  ('26100.3981', 'KB5058497', 'hotpatch', 'hotpatch', '2025-05', '2025-05-13', 0, 'KB5058411', 'KB5055523'),
  ('26100.4061', 'KB5058411', 'cumulative', 'security', '2025-05', '2025-05-13', 1, 'KB5058497', null));
insert into months (release, month, type, planned_type, status, available, kb, build, restart, withdrawn, page) values
  ('windows-11-24h2', '2025-04', 'baseline', 'baseline', 'released', '2025-04-08', 'KB5055523', '26100.3775', 1, 0,
   'windows-11-release-information'),
  ('windows-11-24h2', '2025-05', 'hotpatch', 'hotpatch', 'released', '2025-05-13', 'KB5058497', '26100.3981', 0, 0,
   'windows-11-release-information'),
  ('windows-11-24h2', '2099-04', 'baseline', null, 'planned', null, null, null, 1, 0, 'windows-11-release-information');
insert into changes values
  (1, '2026-07-22T03:00:00Z', 1, 'months', 'windows-11-24h2', '2025-05', 'type', 'baseline', 'hotpatch',
   'windows-11-release-information', 1),
  (2, '2026-09-30T03:00:00Z', 2, 'builds', 'windows-11-24h2', '26100.4061', 'row', null, '26100.4061',
   'windows-11-release-information', 0);
insert into findings (severity, code, release, subject, message, page, first_seen) values
  ('warning', 'conflict', 'windows-11-24h2', 'KB5058497', 'two dates', 'windows-11-release-information',
   '2026-09-30T03:00:00Z');
"""


def build_small(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"begin; {SCHEMA} {SMALL} commit;")
    return path


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled catalog, or a small one where the repository has none yet."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.db"
    if (bundled := ROOT / "catalog.db").is_file():
        return Path(shutil.copy(bundled, path))
    return build_small(path)


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start


class Server:
    """The real server in its own process, on a free port, a client of it, and what it says to stderr."""

    def __init__(self, db: Path, spoken: Path, *options: str) -> None:
        self._spoken = spoken
        command = [*WINKB, "serve", "--db", str(db), "--port", "0", *options]
        with spoken.open("w") as stderr:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=stderr)
        wait_for(lambda: "http://" in self.stderr() or self.process.poll() is not None, 30)
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.stderr())
        assert found, self.stderr()
        self.client = httpx.Client(base_url=found[0], trust_env=False, timeout=30)
        self.port = int(self.client.base_url.port or 0)

    def stderr(self) -> str:
        return self._spoken.read_text()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=10)


@contextmanager
def serving(db: Path, *options: str, spoken: str = "stderr") -> Iterator[Server]:
    server = Server(db, db.with_suffix(f".{spoken}"), *options)
    try:
        yield server
    finally:
        server.client.close()
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="module")
def site(catalog: Path) -> Iterator[httpx.Client]:
    with serving(catalog) as server:
        yield server.client


def names(kind: str) -> list[str]:
    """The tables or views of schema.sql, without what full-text search keeps for itself."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        sql = "select name from sqlite_master where type = ? and name not glob '*_fts*' order by name"
        return [name for (name,) in db.execute(sql, [kind])]


def columns(name: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return [column for (column,) in db.execute("select name from pragma_table_info(?)", [name])]


def rows(catalog: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(catalog)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql)]


def get(site: httpx.Client, path: str, **params: str) -> httpx.Response:
    response = site.get(path, params=params or None)
    assert response.status_code == 200, response.text
    for trouble in ("Traceback", "Invalid SQL", "SQL Interrupted", "message-error", "no such column"):
        assert trouble not in response.text
    return response


def ask(site: httpx.Client, query: str, **params: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = get(site, f"/catalog/{query}.json", _shape="array", **params).json()
    return answer


TABLES, VIEWS = names("table"), names("view")


# --- metadata.yml and the schema -------------------------------------------------------------------------------------


def test_metadata_describes_every_table_and_view_and_nothing_else() -> None:
    assert sorted(METADATA["tables"]) == sorted(TABLES + VIEWS)


@pytest.mark.parametrize("name", TABLES + VIEWS)
def test_metadata_describes_every_column_in_a_sentence(name: str) -> None:
    described = METADATA["tables"][name]
    assert list(described["columns"]) == columns(name)
    for sentence in (described["description"], *described["columns"].values()):
        assert re.fullmatch(r"[A-Z1].+[.]", sentence), sentence
    for column in described.get("facets", []):
        assert column in columns(name)


@pytest.mark.parametrize("query", QUERIES)
def test_query_has_a_title_and_a_description(query: str) -> None:
    assert QUERIES[query]["title"]
    assert QUERIES[query]["description"].endswith(".")


@pytest.mark.parametrize("name", TABLES)
def test_default_sort_has_an_index(name: str) -> None:
    table = METADATA["tables"][name]
    order = f"{table['sort_desc']} desc" if "sort_desc" in table else table["sort"]
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        plan = db.execute(f"explain query plan select * from {name} order by {order} limit 51").fetchall()
    assert "TEMP B-TREE" not in str(plan)


def test_metadata_links_to_every_source() -> None:
    assert re.findall(r'href="([^"]+)"', METADATA["description_html"]) == [source.url for source in SOURCES]


def test_sql_is_never_switched_in_metadata() -> None:
    assert "allow_sql:" not in re.sub(r"(?m)#.*", "", (ROOT / "metadata.yml").read_text(encoding="utf-8"))


# --- every page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/catalog", *(f"/catalog/{name}" for name in (*TABLES, *VIEWS, *QUERIES))])
def test_page_answers_in_html_and_json(site: httpx.Client, path: str) -> None:
    assert get(site, path).headers["content-type"].startswith("text/html")
    assert get(site, f"{path}.json").json()


@pytest.mark.parametrize("name", sorted({*TABLES, *VIEWS} - {*QUERIES}))
def test_every_row_is_published(site: httpx.Client, catalog: Path, name: str) -> None:
    wanted = rows(catalog, f"select * from {name}")
    address: str | None = f"/catalog/{name}.json?_shape=objects&_size={'max' if len(wanted) > 2000 else 100}"
    got: list[dict[str, Any]] = []
    while address:
        page = get(site, address).json()
        assert page["filtered_table_rows_count"] == len(wanted)
        got += page["rows"]
        address = page["next_url"]
    own = columns(name)
    assert sorted(map(str, [{c: row[c] for c in own} for row in got])) == sorted(map(str, wanted))


@pytest.mark.parametrize("name", sorted({*VIEWS} & {*QUERIES}))
def test_query_left_blank_is_the_view_of_the_same_name(site: httpx.Client, catalog: Path, name: str) -> None:
    wanted = rows(catalog, f"select * from {name}")
    got = ask(site, name)
    assert sorted(map(str, got)) == sorted(map(str, wanted))
    assert get(site, f"/catalog/{name}.json").json()["columns"] == columns(name)


def test_database_page_hides_what_search_keeps_for_itself(site: httpx.Client) -> None:
    tables = get(site, "/catalog.json").json()["tables"]
    assert sorted(table["name"] for table in tables if not table["hidden"]) == TABLES


def test_row_pages_answer(site: httpx.Client) -> None:
    assert "KB5058497" in get(site, "/catalog/kbs/KB5058497").text
    assert get(site, "/catalog/releases/windows-11-24h2.json").json()["rows"]
    assert get(site, "/catalog/months/windows-11-24h2,2025-05.json").json()["rows"]


# --- what the queries say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kb", ["KB5058497", "kb5058497", "5058497", "KB 5058497", " kb 5058497 "])
def test_kb_lookup_understands_every_spelling(site: httpx.Client, kb: str) -> None:
    found = {row["release"]: row for row in ask(site, "kb_lookup", kb=kb)}
    row = found["windows-11-24h2"]
    assert (row["kb"], row["build"], row["kind"], row["security_month"], row["twin_kb"], row["baseline_kb"]) == (
        "KB5058497",
        "26100.3981",
        "hotpatch",
        "2025-05",
        "KB5058411",
        "KB5055523",
    )


@pytest.mark.parametrize("build", ["26100.3981", " 10.0.26100.3981 "])
def test_build_lookup_understands_every_spelling(site: httpx.Client, build: str) -> None:
    row = ask(site, "build_lookup", build=build)[0]
    assert (row["release"], row["build"], row["kb"], row["track"]) == (
        "windows-11-24h2",
        "26100.3981",
        "KB5058497",
        "hotpatch",
    )
    assert row["data_as_of"].endswith("Z")


def test_unknown_kb_and_build_find_nothing(site: httpx.Client) -> None:
    assert ask(site, "kb_lookup", kb="KB1") == []
    assert ask(site, "kb_lookup") == []
    assert ask(site, "build_lookup", build="26100.1.1") == []


def test_hotpatch_calendar_narrows_by_year_and_release(site: httpx.Client) -> None:
    for release in ("windows-11-24h2", "24H2"):
        found = ask(site, "hotpatch_calendar", year="2025", release=release)
        assert {row["month"][:4] for row in found} == {"2025"}
        assert {row["release"] for row in found} == {"windows-11-24h2"}
    assert ask(site, "hotpatch_calendar", year="1999") == []


def test_next_restart_answers_for_another_day(site: httpx.Client) -> None:
    row = next(row for row in ask(site, "next_restart", as_of="2025-04-01") if row["release"] == "windows-11-24h2")
    assert (row["month"], row["date"], row["date_is"], row["days"]) == ("2025-04", "2025-04-08", "published", 7)


def test_twins_narrow_by_month_and_release(site: httpx.Client) -> None:
    (row,) = ask(site, "twins", month="2025-05", release="24H2")
    assert (row["hotpatch_kb"], row["cumulative_kb"], row["revisions_apart"]) == ("KB5058497", "KB5058411", 80)


def test_what_changed_starts_at_a_day(site: httpx.Client, catalog: Path) -> None:
    everything = ask(site, "what_changed")
    assert len(everything) == len(rows(catalog, "select * from changes"))
    assert [row["seen_at"] for row in everything] == sorted((row["seen_at"] for row in everything), reverse=True)
    recent = ask(site, "what_changed", since="2026-08-01")
    assert recent == [row for row in everything if row["seen_at"] >= "2026-08-01"]
    assert ask(site, "what_changed", since="2099-01-01") == []


def test_search_finds_a_kb(site: httpx.Client) -> None:
    assert [row["kb"] for row in ask(site, "kbs", _search="KB5058497")] == ["KB5058497"]


README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", sorted(set(re.findall(r"`(/catalog/[^`]+)`", README))))
def test_address_in_the_readme_answers(site: httpx.Client, address: str) -> None:
    assert isinstance(get(site, address).json() if ".json" in address else [], list)


@pytest.mark.parametrize("sql", [line for line in README.splitlines() if line.startswith("select ")])
def test_sql_in_the_readme_runs(site: httpx.Client, sql: str) -> None:
    assert get(site, "/catalog.json", sql=sql).json()["columns"]


# --- what may be asked -----------------------------------------------------------------------------------------------


def test_settings_are_those_of_production(site: httpx.Client) -> None:
    settings = get(site, "/-/settings.json").json()
    assert {name: settings[name] for name in SETTINGS} == SETTINGS
    (database,) = get(site, "/-/databases.json").json()
    assert (database["name"], database["is_mutable"]) == ("catalog", False)


def test_free_sql_is_open(site: httpx.Client) -> None:
    answer = get(site, "/catalog.json", sql="select count(*) as kbs from kbs", _shape="array").json()
    assert answer[0]["kbs"] > 0


@pytest.mark.parametrize(
    "sql",
    [
        "select length(hex(zeroblob(400000000)))",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n",
        "delete from kbs",
        "update kbs set title = ''",
        "attach 'other.db' as other",
        "pragma journal_mode = wal",
        "select load_extension('other')",
    ],
)
def test_harmful_sql_is_refused(site: httpx.Client, sql: str) -> None:
    response = site.get("/catalog.json", params={"sql": sql})
    assert response.status_code == 400
    assert response.json()["error"]


def test_values_stay_within_250_000_bytes(site: httpx.Client) -> None:
    assert get(site, "/catalog.json", sql="select length(zeroblob(250000))").json()["rows"] == [[250000]]
    assert site.get("/catalog.json", params={"sql": "select length(zeroblob(250001))"}).status_code == 400


def test_scraped_text_is_escaped(tmp_path: Path) -> None:
    async def read() -> list[str]:
        client = datasette_for(build_small(tmp_path / "catalog.db")).client
        paths = ("/catalog/kbs", "/catalog/kbs/KB5058411", "/catalog/kb_lookup?kb=KB5058411")
        return [(await client.get(path)).text for path in paths]

    for page in asyncio.run(read()):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


def shown_as_title(path: Path, title: str) -> list[str]:
    """The cell of a KB's title, as the pages of its table, its row and a query have it."""
    with closing(sqlite3.connect(build_small(path))) as db, db:
        db.execute("update kbs set title = ? where kb = 'KB5058411'", [title])

    async def read() -> list[str]:
        client = datasette_for(path).client
        paths = ("/catalog/kbs?kb=KB5058411", "/catalog/kbs/KB5058411", "/catalog/kb_lookup?kb=KB5058411")
        return [(await client.get(path)).text for path in paths]

    cells = [re.findall(r'<td class="col-title[^>]*>(.*?)</td>', page, re.DOTALL) for page in asyncio.run(read())]
    return [cell.strip() for (cell,) in cells]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "http://evil.example/?a=1&b='\"><script>x()</script>",
        " https://evil.example/ ",
        "https://learn.microsoft.com.evil.example/",
        "https://learn.microsoft.com@evil.example/",
        "http://learn.microsoft.com/",
        "https://evil.example/" + "a" * 2_027,
    ],
)
def test_foreign_address_is_only_text(tmp_path: Path, address: str) -> None:
    assert shown_as_title(tmp_path / "catalog.db", address) == [str(escape(address)).strip()] * 3


def test_long_foreign_address_is_cut_like_any_text(tmp_path: Path) -> None:
    cut = "https://evil.example/" + "a" * 2_027
    assert shown_as_title(tmp_path / "catalog.db", f"{cut}bc") == [f"{cut}…"] * 3


def test_address_of_a_declared_host_is_a_link(tmp_path: Path) -> None:
    for host in HOSTS:
        link = f'<a href="https://{host}/a?b&amp;c">https://{host}/a?b&amp;c</a>'
        assert shown_as_title(tmp_path / f"{host}.db", f"https://{host}/a?b&c") == [link] * 3


# --- the server ------------------------------------------------------------------------------------------------------


def test_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"unexpected catalog on .*winkb demo.* found: No such file"):
        serve(tmp_path / "catalog.db", "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("content", "found"), [(b"", "no such table: kbs"), (b"no database " * 100, "file is not a database")]
)
def test_file_that_is_no_catalog_is_said_plainly(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(content)
    command = [*WINKB, "serve", "--db", str(path), "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 5
    assert ended.stderr == f"winkb: unexpected file on {path}. expected: a catalog, found: {found}\n"


def test_address_in_use_is_said_plainly(site: httpx.Client, catalog: Path) -> None:
    port = site.base_url.port
    assert port is not None
    with pytest.raises(MachineError, match=f"unexpected address on 127.0.0.1:{port}"):
        serve(catalog, "127.0.0.1", port)


def test_own_metadata_beside_the_catalog_wins(tmp_path: Path) -> None:
    assert metadata_for(tmp_path / "catalog.db") == (ROOT / "metadata.yml", ROOT / "site" / "plugins")
    (tmp_path / "metadata.yml").write_text("title: [", encoding="utf-8")
    assert metadata_for(tmp_path / "catalog.db") == (tmp_path / "metadata.yml", ROOT / "site" / "plugins")
    with pytest.raises(MachineError, match="unexpected metadata on"):
        datasette_for(tmp_path / "catalog.db")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(build_small(tmp_path / "other name.db")) as server:
        assert get(server.client, "/catalog/kbs.json")
        assert server.end(number) == 0
        assert server.stderr().splitlines()[1:] == ["INFO scraper.publish.serve: ended by a signal"]


def test_signal_that_a_background_shell_ignores_ends_the_server_in_order_too(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the child is to have it
    try:
        with serving(build_small(tmp_path / "catalog.db")) as server:
            assert server.end(signal.SIGINT) == 0
            assert server.stderr().splitlines()[1:] == ["INFO scraper.publish.serve: ended by a signal"]
    finally:
        signal.signal(signal.SIGINT, before)


def swap(path: Path, generation: int) -> None:
    """A new catalog takes the place of the old one in one step, as a run does it."""
    new = path.with_name("new.db")
    build_small(new)
    with closing(sqlite3.connect(new)) as db, db:
        db.execute("update kbs set title = ?", [f"generation {generation}"])
    os.replace(new, path)


def test_new_catalog_is_taken_up_and_no_request_fails(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    swap(path, 0)
    with serving(path) as server:

        def threads() -> int:
            return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))

        seen: list[list[int]] = [[], []]
        troubles: list[object] = []
        stop = threading.Event()

        def poll(place: int, keep_alive: bool) -> None:
            sql = "select distinct title from kbs"
            headers = {} if keep_alive else {"connection": "close"}
            with httpx.Client(base_url=server.client.base_url, headers=headers, trust_env=False) as reader:
                while not stop.is_set():
                    try:
                        answer = reader.get("/catalog.json", params={"sql": sql, "_shape": "arrayfirst"}).json()
                        seen[place].append(int(str(answer[0]).removeprefix("generation ")))
                    except (httpx.HTTPError, LookupError, ValueError) as error:
                        troubles.append(error)

        pollers = [threading.Thread(target=poll, args=place) for place in ((0, True), (1, False))]
        for poller in pollers:
            poller.start()
        wait_for(lambda: all(seen), 10)
        before = threads()
        try:
            for generation in (1, 2, 3, 4):
                swap(path, generation)
                wait_for(lambda: all(place[-1] == generation for place in seen), 3)  # noqa: B023
            path.with_name("new.db").write_bytes(b"no database " * 100)
            os.replace(path.with_name("new.db"), path)
            time.sleep(1.2)
            assert {place[-1] for place in seen} == {4}
            swap(path, 5)
            wait_for(lambda: all(place[-1] == 5 for place in seen), 3)
        finally:
            stop.set()
            for poller in pollers:
                poller.join()
        assert troubles == []
        assert all(place == sorted(place) for place in seen), "old rows after new ones"
        assert {5} == {place[-1] for place in seen}
        wait_for(lambda: threads() <= before, 5)
        assert server.end(signal.SIGTERM) == 0
        assert server.stderr().count("the last good catalog stays") == 1
        assert "Traceback" not in server.stderr()

"""Fast and safe by default: what goes with every answer, what visitors cannot do, and the recipe of a public site."""

import asyncio
import base64
import csv
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from click.testing import CliRunner
from datasette.plugins import pm

from scraper.answers import lookup
from scraper.cli import main
from scraper.errors import MachineError
from scraper.publish.serve import PUBLIC, SETTINGS, datasette_for
from scraper.publish.serve.bounded import LARGEST_ANSWER
from tests.fixtures.places import ROOT
from tests.site.test_datasette import TABLES, VIEWS, WINKB, Server, build_small, serving, swap, wait_for

TABLE, ROW, QUERY = "/catalog/kbs", "/catalog/kbs/KB5058411", "/catalog/kb_lookup?kb=KB5058411"
PAGES = ["/", "/kb/KB5058411", "/catalog", TABLE, ROW, QUERY]
DATA = ["/catalog.json", f"{TABLE}.json", f"{ROW}.json", f"{TABLE}.csv", "/catalog/kb_lookup.json?kb=KB5058411"]
SQL = "/catalog?sql=select+1"
STYLE = "/-/static/app.css"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(build_small(tmp_path_factory.mktemp("own") / "catalog.db")) as server:
        yield server


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(build_small(tmp_path_factory.mktemp("public") / "catalog.db"), "--public") as server:
        yield server


@pytest.fixture(params=["own", "public"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


# --- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/robots.txt", "/nothing", "/catalog?sql=drop", "/-/versions"])
def test_every_answer_is_safe_in_a_browser(server: Server, path: str) -> None:
    headers = server.client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert "unsafe" not in policy.pop("script-src")
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "set-cookie" not in headers
    assert "vary" not in headers
    assert "server" not in headers


def test_policy_allows_the_inline_scripts_of_our_pages_and_no_other(own: Server, public: Server) -> None:
    found = set()
    for server in (own, public):
        for path in (*PAGES, SQL, "/nothing"):
            page = server.client.get(path).text
            assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", page), "an event handler needs 'unsafe-inline'"
            for script in re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL):
                found.add(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode())
    policy = own.client.get("/").headers["content-security-policy"]
    assert sorted(found) == sorted(re.findall(r"'sha256-([^']+)'", policy))


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_any_page_in_the_web_may_read_the_data(server: Server, path: str) -> None:
    assert server.client.get(path).headers["access-control-allow-origin"] == "*"
    asked = server.client.options(path, headers={"origin": "https://elsewhere.example"})
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-headers"] == "If-None-Match"


@pytest.mark.parametrize("path", ["/-/databases.json", "/-/versions", "/-/threads.json"])
def test_no_page_in_the_web_may_read_about_this_machine(server: Server, path: str) -> None:
    for answer in (server.client.get(path), server.client.options(path)):
        assert "access-control-allow-origin" not in answer.headers
    assert server.client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/", TABLE, QUERY, "/-/permissions"])
def test_site_is_only_read(server: Server, method: str, path: str) -> None:
    answer = server.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/nothing"])
def test_head_is_get_without_the_page(server: Server, path: str) -> None:
    got, head = server.client.get(path), server.client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    # A table page tells how many milliseconds it took.
    assert {*head.headers} == {*got.headers}
    assert head.headers.get("etag") == got.headers.get("etag")


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2e", "///evil.example/", "/%2F/evil.example/"])
def test_no_address_of_ours_leads_elsewhere(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.client.base_url.port)
    with closing(connection):
        connection.request("GET", path)  # httpx would tidy the address
        location = connection.getresponse().getheader("location", "/")
    assert re.match(r"/(?![/\\\\])", location)


def test_robots_may_read_pages_and_not_questions(server: Server) -> None:
    robots = server.client.get("/robots.txt")
    assert robots.headers["content-type"] == "text/plain; charset=utf-8"
    rules = [line.partition(": ") for line in robots.text.splitlines()]
    patterns = [rule.replace("?", "[?]").replace("*", ".*") for name, _, rule in rules if name == "Disallow"]

    def may(path: str) -> bool:
        return not any(re.match(pattern, path) for pattern in patterns)

    assert all(may(path) for path in (*PAGES, TABLE))
    refused = ("/-/versions", SQL, "/search?q=a", "/catalog/kbs?_search=a", "/catalog/kbs?track__exact=hotpatch")
    assert not any(may(path) for path in refused)


# --- validators ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/robots.txt"])
def test_page_that_is_unchanged_is_not_sent_again(server: Server, path: str) -> None:
    first = server.client.get(path)
    assert first.status_code == 200
    for known in (first.headers["etag"], f'"other", {first.headers["etag"]}', "*"):
        for method in ("GET", "HEAD"):
            again = server.client.request(method, path, headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "content-security-policy", "access-control-allow-origin"):
                assert again.headers[name] == first.headers[name]
    assert server.client.get(path, headers={"if-none-match": '"other"'}).content


def test_pages_have_validators_of_their_own(server: Server) -> None:
    given = [server.client.get(path).headers["etag"] for path in (*PAGES, *DATA)]
    given.append(server.client.get(TABLE, headers={"host": "elsewhere.example"}).headers["etag"])
    assert len({*given}) == len(given)


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/catalog/kbs/KB1", 404), (f"{TABLE}?_size=x", 400)])
def test_what_is_no_page_never_counts_as_unchanged(server: Server, path: str, status: int) -> None:
    answer = server.client.get(path, headers={"if-none-match": "*"})
    assert answer.status_code == status
    assert "etag" not in answer.headers
    with_query = path + ("&" if "?" in path else "?") + "_ttl=1000000"
    kept = {400: "no-store", 404: f"public, max-age={ttl(server)}"}
    assert server.client.get(with_query).headers["cache-control"] == kept[status]


def ttl(server: Server) -> int:
    is_public = "--public" in server.process.args  # type: ignore[operator]
    return int((SETTINGS | PUBLIC if is_public else SETTINGS)["default_cache_ttl"])


@pytest.mark.parametrize("path", [*PAGES, *DATA, f"{TABLE}?_ttl=1000000"])
def test_every_page_may_be_kept_for_a_moment(server: Server, path: str) -> None:
    headers = {"cookie": "ds_actor=x; ds_messages=y", "authorization": "Bearer z"}
    for answer in (server.client.get(path), server.client.get(path, headers=headers)):
        assert answer.headers["cache-control"] == f"public, max-age={ttl(server)}"


def test_sql_of_a_visitor_has_no_validator(own: Server) -> None:
    for path in (SQL, "/catalog.json?sql=select+datetime('now')", f"{TABLE}?_where=random()>0"):
        answer = own.client.get(path)
        assert answer.status_code == 200
        assert "etag" not in answer.headers


def test_static_file_is_kept_for_ever_only_under_its_own_digest(server: Server) -> None:
    def kept(query: str) -> str:
        answer = server.client.get(f"{STYLE}?{query}")
        assert answer.status_code == 200
        return answer.headers["cache-control"]

    digest = hashlib.sha256(server.client.get(STYLE).content).hexdigest()
    linked = re.search(r"/-/static/app\.css\?(\w+)", server.client.get("/").text)
    assert linked
    for own_name in (digest, f"v={digest[:12]}", linked[1]):
        assert kept(own_name) == "public, max-age=31536000, immutable"
    for other in ("", "v=", f"v={digest[:3]}", "v=0123456789ab"):
        assert kept(other) == "public, max-age=3600"
    styles = re.findall(r'"(/static/[^"]+\.css[^"]*)"', server.client.get("/").text)
    for style in styles:
        assert server.client.get(style).status_code == 200


def plugin(name: str) -> Any:
    return pm.get_plugin(name)


def etags(db: Path, paths: list[str], public: bool = False) -> dict[str, str]:
    async def read() -> dict[str, str]:
        client = datasette_for(db, public).client
        return {path: (await client.get(path)).headers["etag"] for path in paths}

    return asyncio.run(read())


def test_validators_change_with_the_catalog_the_site_the_day_and_old_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, paths = tmp_path / "catalog.db", ["/", TABLE, f"{ROW}.json"]
    build_small(db)
    hour = datetime(2026, 9, 30, 12, tzinfo=UTC)  # its only page was read at 03:00
    etags(db, paths)  # now the plugin is there
    monkeypatch.setattr(plugin("headers.py"), "now", lambda: hour)
    seen = [etags(db, paths)]
    hour = hour.replace(hour=23, minute=59, second=59)
    assert etags(db, paths) == seen[0]
    hour = datetime(2026, 10, 1, tzinfo=UTC)
    seen.append(etags(db, paths))
    hour = hour.replace(hour=14, minute=59, second=59)
    assert etags(db, paths) == seen[1]
    hour = hour.replace(hour=15, minute=0, second=1)  # 36 hours
    seen.append(etags(db, paths))
    seen.append(etags(db, paths, public=True))
    swap(db, 1)
    seen.append(etags(db, paths))
    metadata = (ROOT / "metadata.yml").read_text(encoding="utf-8")
    (tmp_path / "metadata.yml").write_text(f"{metadata}\nabout: us\n", encoding="utf-8")
    seen.append(etags(db, paths))
    for path in paths:
        assert len({each[path] for each in seen}) == len(seen)


def test_new_catalog_ends_the_old_validators(tmp_path: Path) -> None:
    db = tmp_path / "catalog.db"
    swap(db, 0)
    with serving(db) as server:
        etag = server.client.get(ROW).headers["etag"]

        def ask() -> httpx.Response:
            return server.client.get(ROW, headers={"if-none-match": etag})

        assert ask().status_code == 304
        swap(db, 1)
        wait_for(lambda: ask().status_code == 200, 3)
        assert "generation 1" in ask().text


def test_answer_is_not_held_back(own: Server) -> None:
    """Head and body are two packets; with Nagle's algorithm each answer took 44 ms."""
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        assert own.client.get("/robots.txt").status_code == 200
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.03


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nothing", "/catalog/kbs/KB1", f"{TABLE}?_size=x", f"{TABLE}?_timelimit=x"])
def test_error_is_a_page_like_all_others(server: Server, path: str) -> None:
    page = server.client.get(path)
    assert page.status_code in (400, 404)
    assert "Data as of 2026-09-30 03:00 UTC" in page.text
    assert ("Old data." in page.text) == ("Old data." in server.client.get("/").text)


MISTYPED = [
    *(
        "_sort=zz",
        "_sort_desc=zz",
        "_sort=kb&_sort_desc=kb",
        "_timelimit=x",
        "_through=x",
        "_through={}",
        "_through=[1]",
    ),
    *("kb__in=[", "revision__gt=99999999999999999999", "_size=x", "_col=zz", "_json_infinity=x", "_ttl=x&_sort=zz"),
]


@pytest.mark.parametrize("form", ["", ".json", ".csv"])
def test_what_is_mistyped_is_the_visitors_error(server: Server, form: str) -> None:
    paths = [f"/catalog/{name}{form}?{query}" for name in ("builds", "verdict_periods") for query in MISTYPED]
    paths += [f"/catalog/verdict_periods{form}?_next={text}" for text in ("zz", "%00", "99999999999999999999")]
    for path in paths:
        answer = server.client.get(path)
        if "_json_infinity" in path and answer.status_code == 200:
            continue  # it matters only where there are numbers that JSON has not
        assert answer.status_code == 400, path
        assert answer.headers["cache-control"] == "no-store"
        if form:
            said = answer.json()
            assert (said["ok"], said["status"]) == (False, 400)
            assert len(said["error"]) > 10
        else:
            assert "<h1>" in answer.text
    assert server.client.get("/catalog.csv").json()["error"].startswith("there is no CSV at this address")
    assert "Traceback" not in server.stderr()
    assert "_timelimit" in server.client.get("/catalog/builds.json?_timelimit=x").json()["error"]


@pytest.mark.parametrize("path", ["/catalog.json?sql=select+1", "/catalog.csv?sql=select+1", f"{TABLE}.json?_where=1"])
def test_public_site_refuses_sql_in_the_form_that_was_asked(public: Server, path: str) -> None:
    answer = public.client.get(path)
    assert (answer.status_code, answer.json()["ok"], answer.json()["status"]) == (403, False, 403)
    assert "allowed" in answer.json()["error"]


async def ask_app(db: Path, path: str) -> httpx.Response:
    return await datasette_for(db).client.get(path)


@pytest.mark.parametrize("path", [TABLE, f"{TABLE}?_size=5", f"{TABLE}.json?_size=5", "/about"])
def test_our_own_error_stays_ours_and_is_logged(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    db = build_small(tmp_path / "catalog.db")
    asyncio.run(ask_app(db, "/"))  # now the plugins are there

    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(plugin("pages.py"), "_freshness", broken)  # every page has it
    if path.partition("?")[0].endswith(".json"):
        monkeypatch.setattr("datasette.views.table.TableView.data", broken)
        path = path.partition("?")[0]
    answer = asyncio.run(ask_app(db, path))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" in caplog.text


@pytest.mark.parametrize("is_begun", [False, True])
def test_error_that_passes_datasette_is_answered_safely(tmp_path: Path, is_begun: bool) -> None:
    datasette = datasette_for(build_small(tmp_path / "catalog.db"))

    async def ask() -> list[dict[str, Any]]:
        await datasette.client.get("/")
        said: list[dict[str, Any]] = []

        async def failing(scope: object, receive: object, send: Callable[..., Any]) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if is_begun:
                await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("secret")

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        scope = {"type": "http", "method": "GET", "path": "/x", "scheme": "http", "query_string": b"", "headers": []}
        guard = plugin("headers.py").Guard(failing, datasette)
        if is_begun:
            with pytest.raises(RuntimeError):
                await guard(scope, None, send)
        else:
            await guard(scope, None, send)
        return said

    start, *bodies = asyncio.run(ask())
    if is_begun:
        assert (start["status"], [each["body"] for each in bodies]) == (200, [b"half"])
        return
    headers = dict(start["headers"])
    assert (start["status"], headers[b"cache-control"]) == (500, b"no-store")
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert b"secret" not in bodies[0]["body"]


def test_page_is_called_old_when_its_validator_changes(tmp_path: Path) -> None:
    datasette_for(tmp_path / "catalog.db")  # loads the plugins
    assert plugin("headers.py").MAX_AGE.total_seconds() == plugin("pages.py").OLD_HOURS * 3600


# --- what is no catalog ----------------------------------------------------------------------------------------------


def make_foreign(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table kbs (a)")
    return path


def make_older(path: Path) -> Path:
    with closing(sqlite3.connect(build_small(path))) as db:
        db.execute("drop view verdict_periods")
    return path


@pytest.mark.parametrize("make", [make_foreign, make_older])
def test_what_is_no_catalog_is_not_served(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    db = make(tmp_path / "catalog.db")
    command = [*WINKB, "serve", "--db", str(db), "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 5
    assert re.search(r"none named .*verdict_periods.*`winkb rebuild` makes it anew", ended.stderr)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("lost", sorted({*TABLES, *VIEWS, "kbs_fts", "sections_fts"}))
def test_every_table_and_view_is_missed(tmp_path: Path, lost: str) -> None:
    kind = "view" if lost in VIEWS else "table"
    with closing(sqlite3.connect(build_small(tmp_path / "catalog.db"))) as db:
        db.execute("pragma foreign_keys = off")
        db.execute("pragma legacy_alter_table = on")
        db.execute(f"drop {kind} {lost}")
        with pytest.raises(MachineError, match=rf"found: none named {lost} "):
            lookup.check(db, "catalog.db")


def test_what_is_no_catalog_is_not_taken_up(tmp_path: Path) -> None:
    db = build_small(tmp_path / "catalog.db")
    with serving(db) as server:
        for make in (make_foreign, make_older):
            before = server.stderr().count("the last good catalog stays")
            make(tmp_path / "next.db").replace(db)
            wait_for(lambda before=before: server.stderr().count("the last good catalog stays") > before, 10)
            assert [server.client.get(path).status_code for path in PAGES] == [200] * len(PAGES)


# --- a public site ---------------------------------------------------------------------------------------------------


def test_public_site_has_no_sql_but_its_queries(own: Server, public: Server) -> None:
    for path in (SQL, "/catalog.json?sql=select+1", f"{TABLE}?_where=1=1"):
        assert own.client.get(path).status_code == 200
        assert public.client.get(path).status_code == 403
    assert own.client.get(f"{TABLE}?_facet=expired").status_code == 200
    assert public.client.get(f"{TABLE}?_facet=expired").status_code == 400
    assert own.client.get("/catalog.db").status_code == 200
    assert public.client.get("/catalog.db").status_code == 403
    rows = public.client.get("/catalog/kb_lookup.json?kb=KB5058411&_shape=array").json()
    assert [row["kb"] for row in rows] == ["KB5058411"] * len(rows) != []


@pytest.mark.parametrize("name", ["versions", "databases.json", "threads", "metadata.json", "settings", "plugins"])
def test_public_site_says_nothing_about_its_machine(own: Server, public: Server, name: str) -> None:
    assert own.client.get(f"/-/{name}").status_code == 200
    for path in (f"/-/{name}", f"/%2D/{name}", f"//-/{name}", f"/-%2F{name}", f"/-/static/../{name}"):
        assert public.client.get(path, follow_redirects=True).status_code == 404
    assert public.client.get(STYLE).status_code == 200


# --- SQL that does its worst -----------------------------------------------------------------------------------------

ENDLESS = "with recursive a(n) as (select 1 union all select n + 1 from a) "
LONG = "hex(zeroblob(124999))"
JSON = "with j(j) as (select '[' || replace(hex(zeroblob(60000)), '0', '1,') || '1]') "


def twice(each: str) -> str:
    """A chain of tables, each made of the one before twice: written out, 2^40 of them."""
    return "with a0 as (select 1 x)" + "".join(f", a{i + 1} as ({each.replace('@', f'a{i}')})" for i in range(40))


# Each was the worst of its kind; in brackets what it did before site/plugins/limits.py had all its bounds.
WORST = {
    "one long value": "select length(hex(zeroblob(400000000)))",  # 6.6 s, 2 GB
    "long values printed": "select length(printf('%.*c', 2000000000, 'x'))",  # 12 s
    "columns of long values": f"select {', '.join([LONG] * 100)}",
    "rows of long values": f"{ENDLESS} select {', '.join([LONG] * 90)} from a",  # 20 GB
    "a thousand columns": f"select {', '.join(['1'] * 1000)}",
    "endless": f"{ENDLESS} select count(*) from a",
    "slow steps": f"{ENDLESS} select {' + '.join(['length(hex(randomblob(124999)))'] * 90)} from a",  # 3 s
    "cross join": "select x.kb from builds x, builds, builds, builds, builds, builds, builds, builds, builds, builds,"
    " builds, builds, builds order by random()",
    "kept": f"{ENDLESS}, b as materialized (select hex(zeroblob(50000)) || n from a) select count(*) from b, b",
    "sorted": f"{ENDLESS} select n from a order by hex(zeroblob(50000)) || n",
    "concatenated": f"{ENDLESS} select length(group_concat(hex(zeroblob(1000)))) from a",
    "window": f"{ENDLESS} select sum(n) over (order by n rows between 9999 preceding and 9999 following) from a",
    "json each": f"{JSON} select count(*) from j, json_each(j), json_each(j), json_each(j)",
    "json nested": "select json_extract(replace(hex(zeroblob(60000)), '0', '['), '$[0]')",
    "json patched": "with recursive a(n) as (select 1 union all select n + 1 from a where n < 15000), j(j) as (select"
    " '{' || group_concat('\"k' || n || '\":1') || '}' from a) select json_patch(j, replace(j, 'k', 'l')) from j",
    "long pattern": f"select {LONG} like ('%0' || replace(hex(zeroblob(10000)), '0', '_') || '1')",  # 10 s
    "pattern": f"{ENDLESS} select sum({LONG} like ('%0' || replace(hex(zeroblob(90)), '0', '_') || '1')) from a",
    "instr": f"select instr({LONG}, hex(zeroblob(60000)) || '1')",
    "trim": f"select trim({LONG}, hex(zeroblob(60000)) || '1')",  # 250 s
    "replace": f"select replace({LONG}, hex(zeroblob(60000)) || '1', '')",
    "replace that grows": f"select length(replace({LONG}, '0', {LONG}))",
    "bomb of unions": twice("select x from @ union select x from @") + " select count(*) from a40",  # for ever
    "bomb of joins": twice("select 1 x from @, @ limit 1") + " select count(*) from a40",  # for ever
    "brackets": f"select {'(' * 2000}1{')' * 2000}",
    "many joins": f"select 1 from {', '.join(f'builds b{i}' for i in range(64))}",
    "parameters": "select ?250000",
    "views": f"select count(*) from {', '.join(['verdict_periods'] * 12)}",
    "full-text": "select count(*) from kbs_fts a, kbs_fts b where a.kbs_fts match '" + " or ".join(["a*"] * 400) + "'",
    "pragma": "select count(*) from pragma_function_list a, pragma_function_list b, pragma_function_list c",
    "an address in memory": "select hex(fts3_tokenizer('simple'))",
}
SECONDS, MEGABYTES = 3.0, 300


def test_no_sql_takes_the_server_down(own: Server) -> None:
    def memory() -> int:
        status = Path(f"/proc/{own.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024

    def ask(name: str, form: str) -> tuple[float, int]:
        with httpx.Client(base_url=own.client.base_url, trust_env=False, timeout=60) as client:
            start = time.monotonic()
            status = client.get(f"/catalog{form}", params={"sql": WORST[name]}).status_code
            return time.monotonic() - start, status

    assert own.client.get(TABLE).status_code == 200
    before = memory()
    with ThreadPoolExecutor(2) as visitors:
        every = [(name, form) for form in (".json", ".csv") for name in WORST]
        asked = {(name, form): visitors.submit(ask, name, form) for name, form in every}
        waits = []
        while not all(answer.done() for answer in asked.values()):
            start = time.monotonic()
            assert own.client.get(f"{ROW}.json").status_code == 200
            waits.append(time.monotonic() - start)
            time.sleep(0.02)
    took = {name: answer.result() for name, answer in asked.items()}
    assert {name: seconds for name, (seconds, _) in took.items() if seconds > SECONDS} == {}
    assert {name: status for name, (_, status) in took.items() if status not in (200, 400)} == {}
    assert max(waits) < SECONDS
    assert memory() - before < MEGABYTES


def test_others_are_answered_while_a_large_csv_is_made(own: Server) -> None:
    sql = f"{ENDLESS} select n, replace(hex(zeroblob(4750)), '00', ';=') as text from a limit 1000"
    waits = []
    with ThreadPoolExecutor(1) as visitor:
        start = time.monotonic()
        asked = visitor.submit(
            httpx.get, f"{own.client.base_url}catalog.csv?{urlencode({'sql': sql})}", timeout=60, trust_env=False
        )
        while not asked.done():
            began = time.monotonic()
            assert own.client.get(f"{ROW}.json").status_code == 200
            waits.append(time.monotonic() - began)
        took = time.monotonic() - start
    rows = list(csv.reader(asked.result().text.splitlines()))
    assert rows == [["n", "text"], *([str(n), ";'=" * 4750] for n in range(1, 1001))]
    assert max(waits) < took / 2  # it was all of it; in seconds that depends on what else the machine does


@pytest.mark.parametrize(
    "sql",
    [
        "replace('a.b.c', '.', '-'), replace(1.5, '.', ','), replace('a', '', 'b'), replace(null, 'a', 'b')",
        "instr('KB5058411', '58'), instr(x'0102', x'02'), instr(null, 'a'), instr(1e20, 'e')",
        "trim('..a..', '.'), ltrim('..a..', '.'), rtrim('..a..', '.'), trim('  a '), trim(null, 'a')",
        'json_patch(\'{"a":1}\', \'{"b":2,"a":null}\')',
        "printf('%05d|%s|%.2f|%,d|%%', 42, 'x', 1.005, 1234567), format('%s', null), printf(null), printf()",
    ],
)
def test_bounded_functions_answer_as_sqlite_does(own: Server, sql: str) -> None:
    with closing(sqlite3.connect(":memory:")) as plain:
        (wanted,) = plain.execute(f"select {sql}")
    answer = own.client.get("/catalog.json", params={"sql": f"select {sql}", "_shape": "arrays"})
    assert answer.json()["rows"] == [[*wanted]]


@pytest.mark.parametrize("form", ["", ".json", ".csv"])
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (WORST["trim"], "trim() of 249,998 by 120,001 characters: the product may be 10,000,000"),
        (WORST["replace that grows"], "string or blob too big"),
        (WORST["json patched"], "json_patch() of 153,895 by 153,895 characters: the product may be 10,000,000"),
        (WORST["long values printed"], "printf() with a width from an argument, or of millions"),
        (WORST["an address in memory"], "this function is closed to visitors"),
        (f"{ENDLESS} select hex(zeroblob(90000)) from a", "answer larger than 20,000,000 bytes: ask for fewer rows"),
        ("select json_patch('{', '{}')", "malformed JSON"),
        (WORST["endless"], "this took longer than a statement may; ask for less"),
        ("select missing", "no such column: missing"),
    ],
)
def test_statement_beyond_a_bound_is_answered_with_the_reason(own: Server, form: str, sql: str, reason: str) -> None:
    answer = own.client.get(f"/catalog{form}", params={"sql": sql})
    assert answer.status_code == 400
    assert (answer.json()["error"] == reason) if form else (reason in answer.text)
    spoken = own.stderr()
    assert not re.search("Traceback|Exception ignored", spoken), spoken[-3000:]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from kbs",
        "attach '/etc/passwd' as x",
        "pragma query_only = off",
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
        "with a as (select 1) insert into kbs select * from a",
        "with a as (select 1) delete from kbs",
    ],
)
def test_sql_writes_and_opens_nothing(own: Server, sql: str) -> None:
    assert own.client.get("/catalog.json", params={"sql": sql}).status_code == 400


# --- the recipe ------------------------------------------------------------------------------------------------------

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
HOST = "kb.example.org"
FRESH = 12  # seconds after which docs/publish.md promises the new catalog
GENERATIONS = [TABLE, ROW, QUERY, f"{TABLE}.json", f"{TABLE}.csv", "/catalog/kb_lookup.json?kb=KB5058411"]
MAIN = """
{user}
pid nginx.pid;
daemon off;
events {{ worker_connections 256; }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  include winkb.conf;
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def given(text: str, changes: dict[str, str]) -> str:
    for before, after in changes.items():
        assert before in text, f"the recipe has no {before}"
        text = text.replace(before, after)
    return text


@contextmanager
def behind_nginx(folder: Path, ports: Sequence[int]) -> Iterator[httpx.Client]:
    assert NGINX
    port = free_port()
    recipe = (ROOT / "deploy" / "site" / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        "/var/cache/nginx/winkb": f"{folder}/cache",
        "root /srv/winkb": f"root {folder}/www",
        ":8080": f":{port}",
    }
    for name, upstream in zip((":8011", ":8012"), ports, strict=True):
        changes[name] = f":{upstream}"
    (folder / "winkb.conf").write_text(given(recipe, changes))
    (folder / "nginx.conf").write_text(MAIN.format(user="user root;" if os.geteuid() == 0 else ""))
    (folder / "www" / "download").mkdir(parents=True)
    (folder / "www" / "download" / "catalog.db.gz").write_bytes(b"packed")
    with (folder / "nginx.stderr").open("w") as stderr:
        command = [NGINX, "-p", f"{folder}/", "-e", "stderr", "-c", "nginx.conf"]
        process = subprocess.Popen(command, stderr=stderr)
    try:

        def is_up() -> bool:
            assert process.poll() is None, (folder / "nginx.stderr").read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return True
            return False

        wait_for(is_up, 10)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"host": HOST}, trust_env=False, timeout=20
        ) as client:
            yield client
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=10)


class Front:
    def __init__(self, client: httpx.Client, db: Path, upstreams: list[Server]) -> None:
        self.client, self.db, self.upstreams = client, db, upstreams


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian's package nginx)")
    folder = tmp_path_factory.mktemp("front")
    db = folder / "catalog.db"
    swap(db, 0)
    with ExitStack() as stack:
        upstreams = [stack.enter_context(serving(db, "--public", spoken=name)) for name in ("first", "second")]
        yield Front(stack.enter_context(behind_nginx(folder, [server.port for server in upstreams])), db, upstreams)


def test_nginx_keeps_pages_packs_them_and_gives_validators(front: Front) -> None:
    for path in (*PAGES, *DATA):
        first, again = front.client.get(path), front.client.get(path)
        assert [first.status_code, again.status_code] == [200, 200]
        assert [first.headers["x-cache"], again.headers["x-cache"]] == ["MISS", "HIT"]
        assert first.text == again.text
        for name in ("content-security-policy", "x-content-type-options", "access-control-allow-origin"):
            assert first.headers.get_list(name, split_commas=False) == [first.headers[name]]
        known = front.client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
    assert front.client.get(TABLE).headers["content-encoding"] == "gzip"
    etags = {upstream.client.get(TABLE, headers={"host": HOST}).headers["etag"] for upstream in front.upstreams}
    assert etags == {front.client.get(TABLE).headers["etag"]}, "both processes give one validator"


def test_nginx_gives_one_page_to_everybody(front: Front) -> None:
    personal = {"cookie": "ds_actor=x", "authorization": "Bearer y", "x-forwarded-host": "evil.example"}
    path = "/catalog/builds.json?_size=1"
    first = front.client.get(path, headers=personal)
    again = front.client.get(path)
    assert [first.headers["x-cache"], again.headers["x-cache"]] == ["MISS", "HIT"]
    assert again.json()["next_url"].startswith(f"http://{HOST}/catalog/builds.json?")
    assert "private" not in again.headers["cache-control"]


def test_nginx_knows_one_host_only(front: Front) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        front.client.get("/", headers={"host": "evil.example"})


def test_nginx_has_what_is_public_and_nothing_else(front: Front) -> None:
    assert front.client.get("/robots.txt").text.startswith("User-agent: *")
    assert front.client.get("/download/catalog.db.gz").content == b"packed"
    assert front.client.get("/download/").status_code == 403
    assert front.client.get("/download/../catalog.db").status_code == 403
    for path in ("/-/versions", "/-/databases.json", "/download/../-/versions"):
        assert front.client.get(path).status_code == 404
    assert front.client.get(SQL).status_code == 403
    for _ in range(2):
        assert front.client.post(TABLE, content=b"x" * 100).status_code == 405
    assert front.client.post(TABLE, content=b"x" * 100_000).status_code == 413


def test_nginx_holds_back_who_asks_too_much(front: Front) -> None:
    costly = [front.client.get(f"{TABLE}?_search=a&_size={size}").status_code for size in range(1, 60)]
    assert {*costly} == {200, 429}
    assert costly[:15] == [200] * 15
    assert [front.client.get(path).status_code for path in PAGES] == [200] * len(PAGES)


@pytest.mark.parametrize("path", ["/build/26100.3981.json?as_of=2025-05-2{}", "/catalog/verdict_periods.json?build={}"])
def test_nginx_holds_back_a_flood_of_questions(front: Front, path: str) -> None:
    time.sleep(2)  # what the test before asked is forgotten
    asked = [front.client.get(f"{path.format(number % 10)}&n={number}").status_code for number in range(200)]
    assert {*asked} == {200, 429}
    assert asked[:30] == [200] * 30


def test_nginx_knows_every_view() -> None:
    recipe = (ROOT / "deploy" / "site" / "nginx.conf").read_text(encoding="utf-8")
    patterns = [re.compile(pattern) for pattern in re.findall(r'"~(\^/catalog/[^"]+)"', recipe)]
    for name in VIEWS:
        for form in ("", ".json", ".csv"):
            assert any(pattern.search(f"/catalog/{name}{form}?build=1") for pattern in patterns), name


def test_no_request_fails_while_a_process_dies_and_a_new_catalog_comes(front: Front) -> None:
    """The last one: it leaves one of the two processes dead."""
    bad: list[object] = []
    count = 0
    stop = threading.Event()

    def visit(number: int) -> None:
        nonlocal count
        with httpx.Client(base_url=front.client.base_url, headers={"host": HOST}, trust_env=False) as client:
            while not stop.is_set():
                for path in (*PAGES, *GENERATIONS, f"{TABLE}.json?visitor={number}-{count}"):
                    try:
                        answer = client.get(path)
                        if answer.status_code != 200:
                            bad.append((path, answer.status_code))
                    except httpx.HTTPError as error:
                        bad.append((path, error))
                    count += 1

    with ThreadPoolExecutor(8) as visitors:
        visits = [visitors.submit(visit, number) for number in range(8)]
        try:
            time.sleep(0.5)
            front.upstreams[0].process.kill()
            time.sleep(0.5)
            swap(front.db, 1)
            swapped = time.monotonic()
            time.sleep(4)
        finally:
            stop.set()
    for each in visits:
        each.result()
    assert bad == []
    assert count > 200
    time.sleep(max(0.0, swapped + FRESH - time.monotonic()))
    for path in GENERATIONS:
        page = front.client.get(path).text
        assert "generation 1" in page
        assert "generation 0" not in page


def test_pages_stay_when_no_process_is_left(front: Front) -> None:
    known: Callable[[], httpx.Response] = lambda: front.client.get(TABLE)  # noqa: E731
    assert known().status_code == 200
    front.upstreams[1].process.kill()
    front.upstreams[1].process.wait()
    time.sleep(0.1)
    assert known().status_code == 200
    assert front.client.get("/catalog/kbs/KB5055523?never=asked").status_code == 502


# --- the other recipes and the document ------------------------------------------------------------------------------

PUBLISH = (ROOT / "docs" / "publish.md").read_text(encoding="utf-8")


def test_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (ROOT / "deploy" / "site" / "winkb-site@.service").read_text(encoding="utf-8")
    changes = {
        "/usr/local/lib/winkb/.venv/bin/winkb": "/bin/true",
        "file:/usr/local/lib/winkb/docs/publish.md": "man:sh",
    }
    path = tmp_path / "winkb-site@8011.service"
    path.write_text(given(unit, changes))
    said = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True, timeout=30)
    assert [line for line in said.stderr.splitlines() if path.name in line or "winkb" in line] == []


@pytest.mark.parametrize("name", ["winkb-site@.service", "Containerfile"])
def test_recipes_call_a_command_that_exists(name: str, tmp_path: Path) -> None:
    recipe = (ROOT / "deploy" / "site" / name).read_text(encoding="utf-8")
    found = re.search(r"winkb serve (.*)", recipe) or re.search(r'CMD \["winkb", "serve", (.*)\]', recipe)
    assert found
    options = found[1].replace('"', "").replace(",", "").replace("%i", "0").split()
    options[options.index("--db") + 1] = str(tmp_path / "catalog.db")
    result = CliRunner().invoke(main, ["serve", *options])
    assert "unexpected catalog" in result.output


def test_container_copies_files_that_exist() -> None:
    recipe = (ROOT / "deploy" / "site" / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"(?m)^COPY (.*)", recipe):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name


def test_document_tells_the_bounds_that_hold(tmp_path: Path) -> None:
    datasette_for(tmp_path / "catalog.db")  # loads the plugins
    limits = plugin("limits.py")
    told = {
        "time of a statement": f"{int(SETTINGS['sql_time_limit_ms']) / 1000} s,"
        f" {int(PUBLIC['sql_time_limit_ms']) / 1000} s on a public site",
        "rows of an answer": f"{SETTINGS['max_returned_rows']:,}, and {LARGEST_ANSWER // 10**6} MB in all",
        "one value or row": f"{limits.LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]:,} bytes",
        "columns of an answer": str(limits.LIMITS[sqlite3.SQLITE_LIMIT_COLUMN]),
        "memory of SQLite in the whole process": f"{limits.HEAP // 10**6} MB",
        "pattern of `like` or `glob`": f"{limits.LIMITS[sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH]} characters",
        "`instr`, `replace`, `trim`, `json_patch`": "first times second length at most "
        f"{limits.PRODUCT // 10**6} million",
        "`printf`, `format`": "no `*`, no width above 999,999",
    }
    assert dict(re.findall(r"(?m)^\| (?!bound|--)(.*?) \| (.*) \|$", PUBLISH)) == told
    assert f"at most **{FRESH} s**" in PUBLISH
    assert f"kept for {PUBLIC['default_cache_ttl']} s instead of {SETTINGS['default_cache_ttl']} s" in PUBLISH
    asked = f"The tests ask the {len(WORST)} worst statements"
    for said in (asked, f"within {SECONDS:.0f} s", f"less than {MEGABYTES} MB"):
        assert said in PUBLISH

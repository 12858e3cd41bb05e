"""What goes with every answer: safe headers, and validators."""

import asyncio
import base64
import hashlib
import http.client
import re
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from datasette.plugins import pm

from scraper.publish.serve import PUBLIC, SETTINGS, datasette_for
from tests.fixtures.addresses import DATA, PAGES, QUERY, ROW, SQL, STYLE, TABLE
from tests.fixtures.places import ROOT
from tests.fixtures.serving import Local, build_small, swap


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/robots.txt", "/nothing", "/catalog?sql=drop", "/-/versions"])
def test_every_answer_is_safe_in_a_browser(server: Local, path: str) -> None:
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


def test_policy_allows_the_inline_scripts_of_our_pages_and_no_other(own: Local, public: Local) -> None:
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
def test_any_page_in_the_web_may_read_the_data(server: Local, path: str) -> None:
    assert server.client.get(path).headers["access-control-allow-origin"] == "*"
    asked = server.client.options(path, headers={"origin": "https://elsewhere.example"})
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-headers"] == "If-None-Match"


@pytest.mark.parametrize("path", ["/-/databases.json", "/-/versions", "/-/threads.json"])
def test_no_page_in_the_web_may_read_about_this_machine(server: Local, path: str) -> None:
    for answer in (server.client.get(path), server.client.options(path)):
        assert "access-control-allow-origin" not in answer.headers
    assert server.client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/", TABLE, QUERY, "/-/permissions"])
def test_site_is_only_read(server: Local, method: str, path: str) -> None:
    answer = server.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/nothing", "/kb/KB1.json", "/changes.csv", "/kb/x.json"])
def test_head_is_get_without_the_page(server: Local, path: str) -> None:
    got, head = server.client.get(path), server.client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    # A table page tells how many milliseconds it took.
    assert {*head.headers} == {*got.headers}
    assert head.headers.get("etag") == got.headers.get("etag")


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2e", "///evil.example/", "/%2F/evil.example/"])
def test_no_address_of_ours_leads_elsewhere(server: Local, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.client.base_url.port)
    with closing(connection):
        connection.request("GET", path)  # httpx would tidy the address
        location = connection.getresponse().getheader("location", "/")
    assert re.match(r"/(?![/\\\\])", location)


def test_robots_may_read_pages_and_not_questions(server: Local) -> None:
    robots = server.client.get("/robots.txt")
    assert robots.headers["content-type"] == "text/plain; charset=utf-8"
    rules = [line.partition(": ") for line in robots.text.splitlines()]
    patterns = [rule.replace("?", "[?]").replace("*", ".*") for name, _, rule in rules if name == "Disallow"]

    def may(path: str) -> bool:
        return not any(re.match(pattern, path) for pattern in patterns)

    assert all(may(path) for path in (*PAGES, TABLE))
    refused = ("/-/versions", SQL, "/search?q=a", "/catalog/kbs?_search=a", "/catalog/kbs?track__exact=hotpatch")
    assert not any(may(path) for path in refused)


@pytest.mark.parametrize("path", [*PAGES, *DATA, STYLE, "/robots.txt"])
def test_page_that_is_unchanged_is_not_sent_again(server: Local, path: str) -> None:
    first = server.client.get(path)
    assert first.status_code == 200
    for known in (first.headers["etag"], f'"other", {first.headers["etag"]}', "*"):
        for method in ("GET", "HEAD"):
            again = server.client.request(method, path, headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "content-security-policy", "access-control-allow-origin"):
                assert again.headers[name] == first.headers[name]
    assert server.client.get(path, headers={"if-none-match": '"other"'}).content


def test_pages_have_validators_of_their_own(server: Local) -> None:
    given = [server.client.get(path).headers["etag"] for path in (*PAGES, *DATA)]
    given.append(server.client.get(TABLE, headers={"host": "elsewhere.example"}).headers["etag"])
    assert len({*given}) == len(given)


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/catalog/kbs/KB1", 404), (f"{TABLE}?_size=x", 400)])
def test_what_is_no_page_never_counts_as_unchanged(server: Local, path: str, status: int) -> None:
    answer = server.client.get(path, headers={"if-none-match": "*"})
    assert answer.status_code == status
    assert "etag" not in answer.headers
    with_query = path + ("&" if "?" in path else "?") + "_ttl=1000000"
    kept = {400: "no-store", 404: f"public, max-age={ttl(server)}"}
    assert server.client.get(with_query).headers["cache-control"] == kept[status]


def ttl(server: Local) -> int:
    return int((SETTINGS | PUBLIC if server.public else SETTINGS)["default_cache_ttl"])


@pytest.mark.parametrize("path", [*PAGES, *DATA, f"{TABLE}?_ttl=1000000"])
def test_every_page_may_be_kept_for_a_moment(server: Local, path: str) -> None:
    headers = {"cookie": "ds_actor=x; ds_messages=y", "authorization": "Bearer z"}
    for answer in (server.client.get(path), server.client.get(path, headers=headers)):
        assert answer.headers["cache-control"] == f"public, max-age={ttl(server)}"


def test_sql_of_a_visitor_has_no_validator(own: Local) -> None:
    for path in (SQL, "/catalog.json?sql=select+datetime('now')", f"{TABLE}?_where=random()>0"):
        answer = own.client.get(path)
        assert answer.status_code == 200
        assert "etag" not in answer.headers


def test_static_file_is_kept_for_ever_only_under_its_own_digest(server: Local) -> None:
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


def etags(client: Any, paths: list[str]) -> dict[str, str]:
    async def read() -> dict[str, str]:
        return {path: (await client.get(path)).headers["etag"] for path in paths}

    return asyncio.run(read())


def test_validators_change_with_the_catalog_the_site_the_day_and_old_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, paths = tmp_path / "catalog.db", ["/", TABLE, f"{ROW}.json"]
    build_small(db)
    hour = datetime(2026, 9, 30, 12, tzinfo=UTC)  # its only page was read at 03:00
    client = datasette_for(db).client
    monkeypatch.setattr(plugin("headers.py"), "now", lambda: hour)
    seen = [etags(client, paths)]
    hour = hour.replace(hour=23, minute=59, second=59)
    assert etags(client, paths) == seen[0]
    assert etags(datasette_for(db).client, paths) == seen[0], "another process gives the same"
    hour = datetime(2026, 10, 1, tzinfo=UTC)
    seen.append(etags(client, paths))
    hour = hour.replace(hour=14, minute=59, second=59)
    assert etags(client, paths) == seen[1]
    hour = hour.replace(hour=15, minute=0, second=1)  # 36 hours
    seen.append(etags(client, paths))
    seen.append(etags(datasette_for(db, public=True).client, paths))
    swap(db, 1)
    seen.append(etags(datasette_for(db).client, paths))
    metadata = (ROOT / "metadata.yml").read_text(encoding="utf-8")
    (tmp_path / "metadata.yml").write_text(f"{metadata}\nabout: us\n", encoding="utf-8")
    seen.append(etags(datasette_for(db).client, paths))
    for path in paths:
        assert len({each[path] for each in seen}) == len(seen)


def test_answer_is_not_held_back(own: Local) -> None:
    """Head and body are two packets; with Nagle's algorithm each answer took 44 ms."""
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        assert own.client.get("/robots.txt").status_code == 200
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.03

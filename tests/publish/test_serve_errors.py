"""Errors of visitors and of ours, as pages and as JSON."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from datasette.plugins import pm

from scraper.publish.serve import datasette_for
from tests.fixtures.addresses import TABLE
from tests.fixtures.serving import Local, build_small


@pytest.mark.parametrize("path", ["/nothing", "/catalog/kbs/KB1", f"{TABLE}?_size=x", f"{TABLE}?_timelimit=x"])
def test_error_is_a_page_like_all_others(server: Local, path: str) -> None:
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
def test_what_is_mistyped_is_the_visitors_error(
    server: Local, form: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    paths = [f"/catalog/{name}{form}?{query}" for name in ("builds", "verdict_periods") for query in MISTYPED]
    paths += [f"/catalog/verdict_periods{form}?_next={text}" for text in ("zz", "%00", "99999999999999999999")]
    for path in paths:
        answer = server.client.get(path)
        if "_json_infinity" in path and answer.status_code == 200:
            continue  # it matters only where there are numbers that JSON has not
        assert answer.status_code == 400, path
        assert answer.headers["cache-control"] == "no-store"
        if form:
            error = answer.json()
            assert (error["ok"], error["status"]) == (False, 400)
            assert len(error["error"]) > 10
        else:
            assert "<h1>" in answer.text
    assert server.client.get("/catalog.csv").json()["error"].startswith("there is no CSV at this address")
    assert "Traceback" not in "".join(capfd.readouterr()) + caplog.text
    assert "_timelimit" in server.client.get("/catalog/builds.json?_timelimit=x").json()["error"]


async def ask_app(db: Path, path: str) -> httpx.Response:
    return await datasette_for(db).client.get(path)


def plugin(name: str) -> Any:
    return pm.get_plugin(name)


@pytest.mark.parametrize("path", [TABLE, f"{TABLE}?_size=5", f"{TABLE}.json?_size=5", "/about"])
def test_our_own_error_stays_ours_and_is_logged(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    db = build_small(tmp_path / "catalog.db")
    datasette_for(db)  # now the plugins are there

    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(plugin("pages.py"), "freshness", broken)  # every page has it
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
        sent: list[dict[str, Any]] = []

        async def failing(scope: object, receive: object, send: Callable[..., Any]) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if is_begun:
                await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("secret")

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/x", "scheme": "http", "query_string": b"", "headers": []}
        guard = plugin("headers.py").Guard(failing, datasette)
        if is_begun:
            with pytest.raises(RuntimeError):
                await guard(scope, None, send)
        else:
            await guard(scope, None, send)
        return sent

    start, *bodies = asyncio.run(ask())
    if is_begun:
        assert (start["status"], [each["body"] for each in bodies]) == (200, [b"half"])
        return
    headers = dict(start["headers"])
    assert (start["status"], headers[b"cache-control"]) == (500, b"no-store")
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert b"secret" not in bodies[0]["body"]

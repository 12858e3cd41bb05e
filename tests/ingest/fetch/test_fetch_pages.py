"""What comes of a request: the page, its validators, and who stops the run before it is asked."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from scraper.errors import InputError, MachineError, WrongAnswer
from scraper.ingest.fetch import Answer, Request, fetch
from scraper.ingest.fetch.client import certificates
from tests.fixtures.fetching import (
    HISTORY,
    NO_CERTIFICATES,
    NOTES,
    PAGE,
    QUICK,
    answer,
    come,
    come_by_network,
    failure,
    public,
    streamed,
)
from tests.fixtures.web import Reply, Web

# --- what comes ------------------------------------------------------------------------------------------------------


def test_page_comes_with_its_bytes_address_and_validators(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"ETag": '"a"', "Last-Modified": "Tue, 14 Jul 2026 17:00:00 GMT"}))
    request = Request("notes", NOTES)
    assert answer(request, web) == Answer(request, 200, NOTES, PAGE, '"a"', "Tue, 14 Jul 2026 17:00:00 GMT")


def test_page_without_validators_comes_with_none(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"ETag": ""}))
    came = answer(NOTES, web)
    assert (came.etag, came.last_modified) == (None, None)


def test_public_host_is_asked_without_a_mirror() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=streamed(str(request.url).encode()))

    came = come(f"{NOTES}?view=a%20b#part", transport=public(respond)).popitem()[1]
    assert isinstance(came, Answer)
    assert (came.body, came.final_url) == (f"{NOTES}?view=a%20b".encode(), f"{NOTES}?view=a%20b")


def test_network_is_reached_without_being_handed_in(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    web.page(NOTES, Reply(body=PAGE))

    assert isinstance(come_by_network(NOTES, mirror=web.url), Answer)


def test_query_goes_to_the_mirror(web: Web) -> None:
    web.page(f"{NOTES}?view=1", Reply(body=PAGE))
    assert answer(f"{NOTES}?view=1", web).final_url == f"{NOTES}?view=1"


def test_mirror_may_have_a_path_and_a_slash_at_its_end(web: Web) -> None:
    web.page("/replay/1/support.microsoft.com/en-us/topic/notes", Reply(body=PAGE))
    assert isinstance(come(NOTES, mirror=f"{web.url}/replay/1/")[NOTES], Answer)


def test_headers_are_honest_about_who_asks_and_otherwise_those_of_a_browser(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE))
    answer(NOTES, web)
    headers = web.asked[0].headers
    assert headers["user-agent"] == "winkb/0.1 (+open catalog of Windows updates)"
    assert headers["accept-encoding"] == "gzip"
    assert headers["accept"].startswith("text/html,application/xhtml+xml,")
    assert headers["accept-language"] == "en-US,en;q=0.9"


def test_pages_come_as_soon_as_they_are_there(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, wait=0.3))
    web.page(HISTORY, Reply(body=PAGE))
    assert list(come(NOTES, HISTORY, mirror=web.url)) == [HISTORY, NOTES]


def test_failure_of_one_page_leaves_the_others_alone(web: Web) -> None:
    web.page(HISTORY, Reply(body=PAGE))
    came = come(NOTES, HISTORY, mirror=web.url)
    assert isinstance(came[NOTES], WrongAnswer)
    assert isinstance(came[HISTORY], Answer)


def test_cookies_of_a_page_are_not_sent_with_the_next(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"Set-Cookie": "a=1; Path=/"}))
    web.page(f"{NOTES}-2", Reply(body=PAGE))
    come(NOTES, f"{NOTES}-2", mirror=web.url, manners=replace(QUICK, concurrency=1))
    assert [asked.headers.get("cookie") for asked in web.asked] == [None, None]


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "all_proxy"])
@pytest.mark.parametrize(
    "proxy",
    [
        "nonsense://127.0.0.1",
        "socks5://127.0.0.1:9",
        "http://127.0.0.1:65536",
        "127.0.0.1:99999",
        "http://[::1",
        "http://xn--/",
    ],
)
def test_proxy_that_cannot_be_used_is_this_machine_s_trouble(
    web: Web, monkeypatch: pytest.MonkeyPatch, name: str, proxy: str
) -> None:
    monkeypatch.setenv(name, proxy)
    with pytest.raises(MachineError, match="unexpected network settings on this machine"):
        come_by_network(NOTES, mirror=web.url)
    assert web.asked == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_this_machine_s_trouble(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    certificates.cache_clear()
    with pytest.raises(MachineError, match="unexpected network settings on this machine"):
        come_by_network(NOTES, mirror=web.url)


@pytest.mark.parametrize("agent", ["wink\xe9", "winkb\r\nX: y", " winkb", "", "a" * 1001])
def test_user_agent_that_cannot_be_sent_is_wrong_usage(web: Web, agent: str) -> None:
    with pytest.raises(InputError, match="unexpected user agent on the command line"):
        come(NOTES, mirror=web.url, manners=replace(QUICK, user_agent=agent))


def test_caller_may_stop_early(web: Web) -> None:
    web.page(HISTORY, Reply(body=PAGE))
    web.page(NOTES, Reply(body=PAGE, wait=30))

    asked = [Request("", NOTES), Request("", HISTORY)]

    async def first() -> str:
        async with aclosing(fetch(asked, QUICK, web.url, httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES))) as pages:
            async for request, _ in pages:
                return request.url
        return ""

    assert asyncio.run(first()) == HISTORY


def test_no_requests_bring_nothing(web: Web) -> None:
    assert come(mirror=web.url) == {}


def test_each_page_is_logged(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.page(NOTES, Reply(body=PAGE))
    with caplog.at_level(logging.INFO, "scraper.ingest.fetch"):
        answer(Request("notes", NOTES), web)
    assert caplog.messages == [f"fetched notes: {len(PAGE)} bytes from {NOTES}"]


# --- conditional requests --------------------------------------------------------------------------------------------


def test_known_validators_are_sent_and_304_brings_no_body(web: Web) -> None:
    web.page(NOTES, Reply(304))
    request = Request("notes", NOTES, etag='W/"a"', last_modified="Tue, 14 Jul 2026 17:00:00 GMT")
    assert answer(request, web) == Answer(request, 304, NOTES, None, 'W/"a"', "Tue, 14 Jul 2026 17:00:00 GMT")
    assert web.asked[0].headers["if-none-match"] == 'W/"a"'
    assert web.asked[0].headers["if-modified-since"] == "Tue, 14 Jul 2026 17:00:00 GMT"


def test_validators_of_a_304_replace_the_known_ones(web: Web) -> None:
    web.page(NOTES, Reply(304, headers={"ETag": '"b"'}))
    assert answer(Request("notes", NOTES, etag='"a"'), web).etag == '"b"'


def test_validators_are_sent_only_where_their_copy_came_from(web: Web) -> None:
    today = "https://support.microsoft.com/en-us/servicing/notes"
    web.page(NOTES, Reply(302, headers={"Location": today}))
    web.page(today, Reply(304))
    request = Request("notes", NOTES, etag='"a"', final_url=today)
    assert answer(request, web).status == 304
    assert ["if-none-match" in asked.headers for asked in web.asked] == [False, True]
    moved = Request("notes", NOTES, etag='"a"', final_url=NOTES)
    assert isinstance(failure(moved, web), WrongAnswer)


def test_validator_larger_than_a_server_takes_headers_is_as_good_as_none(web: Web) -> None:
    """Kept, and sent back, it would make the server refuse the page at every later run."""
    web.page(NOTES, Reply(body=PAGE, headers={"ETag": f'"{"a" * 60_000}"'}))
    etag = answer(NOTES, web).etag
    assert answer(Request("notes", NOTES, etag=etag), web).body == PAGE
    assert "if-none-match" not in web.asked[1].headers


def test_changed_page_comes_whole_to_a_conditional_request(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"ETag": '"b"'}))
    came = answer(Request("notes", NOTES, etag='"a"', last_modified="Tue, 14 Jul 2026 17:00:00 GMT"), web)
    assert (came.body, came.etag, came.last_modified) == (PAGE, '"b"', None)


def test_unconditional_request_sends_no_validators_and_takes_no_304(web: Web) -> None:
    web.page(NOTES, Reply(304))
    assert isinstance(failure(NOTES, web), WrongAnswer)
    assert not web.asked[0].headers.keys() & {"if-none-match", "if-modified-since"}


def test_validator_that_cannot_be_sent_back_is_as_good_as_none(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"ETag": '"\xe9"'}))
    etag = answer(NOTES, web).etag
    assert answer(Request("notes", NOTES, etag=etag), web).body == PAGE
    assert "if-none-match" not in web.asked[1].headers

"""Fetch, over real HTTP: a server on 127.0.0.1 stands in as a mirror of the public hosts. Where a public host itself
must answer, a transport takes its place. Rules: design.md section 7."""

import asyncio
import gzip
import itertools
import logging
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from scraper.errors import FetchError, InputError, MachineError, Unavailable, WrongAnswer
from scraper.ingest.fetch import Manners, _certificates, fetch
from scraper.models import Answer, Request
from tests.fixtures.web import Asked, Raw, Reply, Web

LEARN = "https://learn.microsoft.com"
SUPPORT = "https://support.microsoft.com"
NOTES = f"{SUPPORT}/en-us/topic/notes"
HISTORY = f"{LEARN}/en-us/windows/history"
PAGE = b"<html><title>Release notes</title>KB5058497</html>"
BLOCK_PAGE = b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>Reference #18.0</BODY></HTML>"
QUICK = Manners(
    delay=0, quiet=0.05, backoff=0.002, longest_backoff=0.01, connect=2, read=2, total=3, seconds=5, max_bytes=100_000
)


# To load the certificates takes longer than most tests, and loopback needs none.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def come(
    *requests: Request | str,
    mirror: str | None = None,
    manners: Manners = QUICK,
    transport: httpx.AsyncBaseTransport | None = None,
) -> dict[str, Answer | FetchError]:
    """What comes of all requests, by the address that was asked for, in the order of coming."""

    async def gather() -> dict[str, Answer | FetchError]:
        asked = [Request("", each) if isinstance(each, str) else each for each in requests]
        network = transport or httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)
        return {request.url: came async for request, came in fetch(asked, manners, mirror, network)}

    return asyncio.run(gather())


def come_by_network(address: str, mirror: str) -> Answer | FetchError:
    """What comes of a request when no transport is handed in, as by the command."""

    async def one() -> list[Answer | FetchError]:
        return [came async for _, came in fetch([Request("notes", address)], QUICK, mirror)]

    return asyncio.run(one())[0]


def answer(request: Request | str, web: Web, manners: Manners = QUICK) -> Answer:
    (came,) = come(request, mirror=web.url, manners=manners).values()
    assert isinstance(came, Answer), came
    return came


def failure(request: Request | str, web: Web, manners: Manners = QUICK) -> FetchError:
    (came,) = come(request, mirror=web.url, manners=manners).values()
    assert isinstance(came, FetchError), came
    assert "\n" not in str(came)
    return came


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def public(respond: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    """The public hosts. A body must be given as a stream, as the network gives it."""
    return httpx.MockTransport(respond)


async def streamed(body: bytes) -> AsyncIterator[bytes]:
    yield body


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
    _certificates.cache_clear()
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
    """Kept, and sent back, it would make the server refuse the page every night from then on."""
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


# --- what passes, and is retried -------------------------------------------------------------------------------------


def test_two_403_and_then_the_page(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.page(NOTES, Reply(403, BLOCK_PAGE), Reply(403, BLOCK_PAGE), Reply(body=PAGE))
    assert answer(NOTES, web).body == PAGE
    assert min(gaps(web.times())) >= QUICK.quiet
    assert [record.levelname for record in caplog.records if record.name == "scraper.ingest.fetch"] == ["WARNING"] * 2


def test_403_for_ever_is_unavailable_after_all_attempts(web: Web) -> None:
    web.page(NOTES, Reply(403, BLOCK_PAGE))
    error = failure(Request("notes", NOTES), web)
    assert isinstance(error, Unavailable)
    assert str(error) == (
        "unexpected answer on notes. expected: 200 with a whole page, "
        f"found: 403 Forbidden at {NOTES} (attempt 6, the last)"
    )
    assert web.count(NOTES) == 6


def test_seconds_bound_the_retries_as_well_as_attempts(web: Web) -> None:
    web.page(NOTES, Reply(403))
    assert isinstance(failure(NOTES, web, replace(QUICK, attempts=100, seconds=0.3)), Unavailable)
    assert 2 <= web.count(NOTES) <= 6


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_throttling_and_server_errors_are_retried(web: Web, status: int) -> None:
    web.page(NOTES, Reply(status), Reply(body=PAGE))
    assert answer(NOTES, web).body == PAGE


def test_500_for_ever_is_unavailable(web: Web) -> None:
    web.page(NOTES, Reply(500))
    assert isinstance(failure(NOTES, web), Unavailable)
    assert web.count(NOTES) == 6


def test_waits_grow_between_server_errors(web: Web) -> None:
    web.page(NOTES, Reply(500))
    failure(NOTES, web, replace(QUICK, backoff=0.02, longest_backoff=0.16, attempts=5))
    waited = gaps(web.times())
    assert all(wait >= least for wait, least in zip(waited, (0.02, 0.04, 0.08, 0.16), strict=True))


def test_block_page_with_200_is_throttling(web: Web) -> None:
    web.page(NOTES, Reply(body=BLOCK_PAGE), Reply(body=PAGE))
    assert answer(NOTES, web).body == PAGE
    assert gaps(web.times())[0] >= QUICK.quiet


@pytest.mark.parametrize(
    "title", ["Access Denied", "  ACCESS denied\n", "Your request has been blocked. This could be"]
)
def test_block_page_with_200_for_ever_is_unavailable(web: Web, title: str) -> None:
    web.page(NOTES, Reply(body=f"<html><title>{title}</title></html>".encode()))
    assert isinstance(failure(NOTES, web, replace(QUICK, attempts=2)), Unavailable)


def test_page_about_access_denied_is_no_block_page(web: Web) -> None:
    body = b"<title>Access denied when you open a share - Microsoft Support</title><p>Access Denied</p>"
    web.page(NOTES, Reply(body=body))
    assert answer(NOTES, web).body == body


def test_retry_after_is_honoured_as_seconds_and_as_a_date(web: Web) -> None:
    def until(_: Asked) -> Reply:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return Reply(503, headers={"Retry-After": date})

    web.page(NOTES, Reply(429, headers={"Retry-After": "1"}), Reply(body=PAGE))
    web.page(HISTORY, until, Reply(body=PAGE))
    assert all(isinstance(each, Answer) for each in come(NOTES, HISTORY, mirror=web.url).values())
    # The upper bounds leave room for a busy machine; without the header the wait is a tenth of a second.
    assert 1 <= gaps(web.times(NOTES))[0] < 3
    assert 0.9 <= gaps(web.times(HISTORY))[0] < 4  # an HTTP date has whole seconds


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "-5", "1.5", "", "nan", "inf", "1e9", "\xd9\xa1", "0 0 0 0 0", ", , ,"),
        *("Tue, 14 Jul 2020 17:00:00 GMT", "Tue, 14 Jul 2020 17:00:00", "Tue, 14 Jul 2026 17:00:00 +99999999"),
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
def test_retry_after_that_says_nothing_leaves_the_ordinary_wait(web: Web, value: str) -> None:
    web.page(NOTES, Reply(429, headers={"Retry-After": value}), Reply(body=PAGE))
    answer(NOTES, web)
    assert QUICK.quiet <= gaps(web.times())[0] < 1


@pytest.mark.parametrize("value", ["3600", "9" * 400, "9" * 50_000, "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_retry_after_beyond_the_budget_ends_the_page_at_once(web: Web, value: str) -> None:
    web.page(NOTES, Reply(429, headers={"Retry-After": value}), Reply(body=PAGE))
    assert isinstance(failure(NOTES, web), Unavailable)
    assert web.count(NOTES) == 1


def test_retry_after_beyond_the_budget_keeps_the_host_quiet_for_the_rest_of_it(web: Web) -> None:
    web.page(NOTES, Reply(429, headers={"Retry-After": "3600"}))
    web.page(f"{NOTES}-2", Reply(body=PAGE))
    came = come(NOTES, f"{NOTES}-2", mirror=web.url, manners=replace(QUICK, seconds=0.4, concurrency=1))
    assert isinstance(came[f"{NOTES}-2"], Answer)
    assert 0.3 <= gaps(web.times())[0] < 2


def test_host_that_cannot_be_reached_is_unavailable() -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        came = come(NOTES, mirror=f"http://127.0.0.1:{taken.getsockname()[1]}")[NOTES]
    assert isinstance(came, Unavailable)
    assert "ConnectError" in str(came)


def test_host_that_hangs_up_without_an_answer_is_unavailable(web: Web) -> None:
    web.page(NOTES, Reply(silent=True))
    assert isinstance(failure(NOTES, web), Unavailable)
    assert web.count(NOTES) == 6


@pytest.mark.parametrize(
    "answered",
    [
        b"\0\xff\x1b[31mHTTP\r\n\r\n",
        PAGE,
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX-A: b\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX A: b\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx",
        b"HTTP/1.1 600\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_answer_that_is_no_http_is_unavailable(web: Web, answered: bytes) -> None:
    web.page(NOTES, Raw((answered,)))
    assert isinstance(failure(NOTES, web), Unavailable)
    assert web.count(NOTES) == 6


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", b"HTTP/1.1 200 OK\r\n\r\nx"])
def test_reset_connection_is_unavailable_and_said_to_be_reset(web: Web, sent: bytes) -> None:
    web.page(NOTES, Raw((sent,), pause=0.02, reset=True))
    error = failure(NOTES, web)
    assert isinstance(error, Unavailable)
    assert "ReadError [Errno 104] Connection reset by peer" in str(error)


def test_host_that_says_nothing_is_unavailable(web: Web) -> None:
    web.page(NOTES, Reply(wait=30))
    error = failure(NOTES, web, replace(QUICK, read=0.05, attempts=2))
    assert isinstance(error, Unavailable)
    assert "ReadTimeout" in str(error)


def test_body_that_drips_is_ended_by_the_total_time(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, drip=0.05), Reply(body=PAGE))
    assert answer(NOTES, web, replace(QUICK, total=0.2)).body == PAGE
    web.page(NOTES, Reply(body=PAGE, drip=0.05))
    assert isinstance(failure(NOTES, web, replace(QUICK, total=0.1, attempts=2)), Unavailable)


def test_budget_ends_a_request_that_is_under_way(web: Web) -> None:
    web.page(NOTES, Reply(wait=30))
    error = failure(NOTES, web, replace(QUICK, seconds=0.2))
    assert isinstance(error, Unavailable)
    assert "within 0.2 s" in str(error)
    assert web.count(NOTES) == 1


# --- politeness ------------------------------------------------------------------------------------------------------


def test_throttling_makes_all_requests_to_the_host_wait_and_no_other_host(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(6)]
    web.page(pages[0], Reply(403), Reply(body=PAGE))
    for page in pages[1:]:
        web.page(page, Reply(body=PAGE, wait=0.02))
    web.page(HISTORY, Reply(body=PAGE, wait=0.05))
    web.page(f"{HISTORY}-2", Reply(body=PAGE))
    manners = replace(QUICK, quiet=0.4, concurrency=1)
    came = come(*pages, HISTORY, f"{HISTORY}-2", mirror=web.url, manners=manners)
    assert all(isinstance(each, Answer) for each in came.values())
    refused, *others = [asked.at for asked in web.asked if "support" in asked.target]
    assert min(others) - refused >= 0.4
    assert web.times(f"{HISTORY}-2")[0] - refused < 0.4


def test_other_pages_wait_while_one_is_throttled_and_then_go_on(web: Web) -> None:
    web.page(f"{NOTES}-a", Reply(403))
    web.page(f"{NOTES}-b", Reply(body=PAGE, wait=0.1), Reply(body=PAGE))
    web.page(f"{NOTES}-c", Reply(body=PAGE))
    manners = replace(QUICK, quiet=0.3, attempts=2)
    came = come(f"{NOTES}-a", f"{NOTES}-b", f"{NOTES}-c", mirror=web.url, manners=manners)
    assert isinstance(came[f"{NOTES}-a"], Unavailable)
    assert isinstance(came[f"{NOTES}-c"], Answer)
    assert web.times(f"{NOTES}-c")[0] - web.times(f"{NOTES}-a")[0] >= 0.3


def test_requests_to_one_host_start_a_delay_apart(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(5)]
    for page in pages:
        web.page(page, Reply(body=PAGE))
    begin = time.monotonic()
    come(*pages, mirror=web.url, manners=replace(QUICK, delay=0.1))
    # From the start of the first: a request may come late on a busy machine, but never early.
    assert all(at - begin >= 0.1 * place for place, at in enumerate(web.times()))
    assert web.times()[-1] - begin < 0.1 * 4 + 1


def test_hosts_do_not_wait_for_each_other(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE))
    web.page(HISTORY, Reply(body=PAGE))
    come(NOTES, HISTORY, mirror=web.url, manners=replace(QUICK, delay=1))
    assert gaps(web.times())[0] < 0.5


def test_redirects_and_retries_keep_the_delay_too(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": "/b"}))
    web.page(f"{SUPPORT}/b", Reply(500), Reply(body=PAGE))
    begin = time.monotonic()
    answer(NOTES, web, replace(QUICK, delay=0.1))
    assert len(web.asked) == 4
    assert all(at - begin >= 0.1 * place for place, at in enumerate(web.times()))


def test_no_more_requests_at_a_time_than_agreed(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(8)]
    for page in pages:
        web.page(page, Reply(body=PAGE, wait=0.05))
    come(*pages, mirror=web.url)
    assert web.busiest == 2


def test_pages_redirected_to_another_host_count_there(web: Web) -> None:
    pages = [f"{host}/{number}" for host in (LEARN, SUPPORT) for number in range(4)]
    for page in pages:
        web.page(page, Reply(302, headers={"Location": f"{SUPPORT}/notes{page[-1]}"}))
    for number in range(4):
        web.page(f"{SUPPORT}/notes{number}", Reply(body=PAGE, wait=0.05))
    came = come(*pages, mirror=web.url, manners=replace(QUICK, concurrency=1))
    assert all(isinstance(each, Answer) for each in came.values())
    assert web.busiest <= 2  # one a host


def test_waiting_in_line_uses_up_no_budget(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(8)]
    for page in pages:
        web.page(page, Reply(body=PAGE))
    came = come(*pages, mirror=web.url, manners=replace(QUICK, delay=0.06, seconds=0.3))
    assert all(isinstance(each, Answer) for each in came.values())


# --- what waiting will not mend --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 206, 300, 305, 400, 401, 404, 410, 418, 451])
def test_other_statuses_are_wrong_at_once(web: Web, status: int) -> None:
    web.page(NOTES, Reply(status, b"" if status == 204 else PAGE))
    error = failure(Request("notes", NOTES), web)
    assert isinstance(error, WrongAnswer)
    assert str(error).startswith(f"unexpected answer on notes. expected: 200, found: {status} ")
    assert web.count(NOTES) == 1


def test_empty_body_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply())
    assert "an empty body" in str(failure(NOTES, web))
    web.page(NOTES, Reply(body=gzip.compress(b""), headers={"Content-Encoding": "gzip"}))
    assert "an empty body" in str(failure(NOTES, web))


def test_cut_body_is_retried(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE[:9], headers={"Content-Length": "50"}), Reply(body=PAGE))
    assert answer(NOTES, web).body == PAGE


def test_body_cut_for_ever_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE[:9], headers={"Content-Length": "50"}))
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert "a cut body" in str(error)
    assert web.count(NOTES) == 6


def test_cut_chunked_body_is_wrong(web: Web) -> None:
    chunked = {"Transfer-Encoding": "chunked", "Content-Length": None}
    for body in (b"32\r\n" + PAGE[:9], b"9\r\n" + PAGE[:9] + b"\r\n", b"zz\r\n" + PAGE, b"-1\r\n" + PAGE):
        web.page(NOTES, Reply(body=body, headers=chunked))
        assert "a cut body" in str(failure(NOTES, web))


def test_source_names_the_page_and_else_its_address(web: Web) -> None:
    assert " on notes. " in str(failure(Request("notes", NOTES), web))
    assert f" on {NOTES}. " in str(failure(NOTES, web))


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_of_all_kinds_are_followed(web: Web, status: int) -> None:
    web.page(NOTES, Reply(status, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(body=PAGE))
    assert answer(NOTES, web).final_url == HISTORY


@pytest.mark.parametrize(
    ("location", "landing"),
    [
        (f"{LEARN}/new", f"{LEARN}/new"),
        ("//learn.microsoft.com/new", f"{LEARN}/new"),
        ("https://LEARN.microsoft.com:443/new#part", f"{LEARN}/new"),
        ("/en-US/Topic/Notes", f"{SUPPORT}/en-US/Topic/Notes"),
        ("other?view=1", f"{SUPPORT}/en-us/topic/other?view=1"),
        ("../../../../other", f"{SUPPORT}/other"),
        ("?view=1", f"{NOTES}?view=1"),
    ],
)
def test_redirects_are_resolved_as_public_addresses(web: Web, location: str, landing: str) -> None:
    web.page(NOTES, Reply(302, headers={"Location": location}))
    web.page(landing, Reply(body=PAGE))
    assert answer(NOTES, web).final_url == landing


@pytest.mark.parametrize("path", ["", "/replay"])
@pytest.mark.parametrize("form", ["{url}{path}{page}", "{path}{page}"])
def test_redirect_into_the_mirror_is_recorded_as_public(web: Web, path: str, form: str) -> None:
    location = form.format(url=web.url, path=path, page="/learn.microsoft.com/new?a=b")
    web.page(f"{path}/support.microsoft.com/en-us/topic/notes", Reply(302, headers={"Location": location}))
    web.page(f"{path}/learn.microsoft.com/new", Reply(body=PAGE))
    came = come(NOTES, mirror=f"{web.url}{path}")[NOTES]
    assert isinstance(came, Answer)
    assert came.final_url == f"{LEARN}/new?a=b"


def test_redirects_without_a_mirror_stay_public() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/help/5058497":
            return httpx.Response(301, headers={"Location": "/en-us/topic/notes"})
        return httpx.Response(200, content=streamed(PAGE))

    came = come(f"{SUPPORT}/help/5058497", transport=public(respond)).popitem()[1]
    assert isinstance(came, Answer)
    assert came.final_url == NOTES


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/notes",
        "https://support.microsoft.com.example.com/",
        "https://support.microsoft.com./notes",
        "http://support.microsoft.com/notes",
        "https://support.microsoft.com:8443/notes",
        "https://user@support.microsoft.com/notes",
        "https://support.microsoft.com\\@example.com/",
        "https://support.microsoft.com@example.com/",
        "//example.com/notes",
        "http://127.0.0.1/notes",
        "https://127.0.0.1/notes",
        "https://[::1]/notes",
        "https://[::1",
        "https://support.microsoft.com:99999999/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "HTTPS://EXAMPLE.COM/",
        "https://2130706433/",
        "https://xn--/",
        "https://user:secret@support.microsoft.com/",
        "https://support.microsoft.com:443@example.com/",
        "https://support.microsoft.com:65536/",
        "https://support.microsoft.com:https/",
    ],
)
def test_redirect_to_elsewhere_is_refused_and_named(web: Web, location: str) -> None:
    web.page(NOTES, Reply(302, headers={"Location": location}))
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert repr(location) in str(error)
    assert len(web.asked) == 1


def test_redirect_into_the_mirror_but_to_no_declared_host_is_refused(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": f"{web.url}/example.com/notes"}))
    assert "unexpected redirect" in str(failure(NOTES, web))


def test_request_for_an_undeclared_host_is_refused_unasked(web: Web) -> None:
    for address in ("https://example.com/notes", "http://learn.microsoft.com/", "notes", "https://[", "\x00"):
        assert "unexpected address" in str(failure(Request("notes", address), web))
    assert web.asked == []


def test_redirect_loop_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(302, headers={"Location": f"{NOTES}#again"}))
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert f"expected: no loop, found: back at {NOTES}" in str(error)
    assert len(web.asked) == 2


def test_five_redirects_are_followed_and_a_sixth_is_not(web: Web) -> None:
    for number in range(6):
        web.page(f"{SUPPORT}/{number}", Reply(302, headers={"Location": f"/{number + 1}"}))
    web.page(f"{SUPPORT}/6", Reply(body=PAGE))
    assert answer(f"{SUPPORT}/1", web).final_url == f"{SUPPORT}/6"
    error = failure(f"{SUPPORT}/0", web)
    assert isinstance(error, WrongAnswer)
    assert "expected: at most 5 redirects" in str(error)


def test_redirect_without_a_location_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302))
    assert isinstance(failure(NOTES, web), WrongAnswer)


@pytest.mark.parametrize(
    "landing", [Reply(404), Reply(403), Reply(body=BLOCK_PAGE), Reply(302, headers={"Location": "?"})]
)
def test_long_address_makes_no_long_message(web: Web, landing: Reply) -> None:
    """It stands on one line of stderr, and in the catalog as long as the page fails."""
    address = f"{SUPPORT}/{'a' * 60_000}"
    web.page(NOTES, Reply(302, headers={"Location": address}))
    web.page(address, landing)
    assert len(str(failure(NOTES, web))) < 600


def test_redirect_to_an_address_too_long_to_be_asked_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": "/" + "a" * (65_536 - len(f"{SUPPORT}/"))}))
    assert isinstance(failure(NOTES, web), WrongAnswer)


def test_throttled_landing_is_retried_from_the_start(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(403), Reply(body=PAGE))
    assert answer(NOTES, web).final_url == HISTORY


# --- limits of bodies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_inflated(web: Web, encoding: str) -> None:
    web.page(NOTES, Reply(body=gzip.compress(PAGE), headers={"Content-Encoding": encoding}))
    assert answer(NOTES, web).body == PAGE


def test_gzip_of_several_members_is_inflated_whole(web: Web) -> None:
    body = gzip.compress(PAGE[:20]) + gzip.compress(PAGE[20:])
    web.page(NOTES, Reply(body=body, headers={"Content-Encoding": "gzip"}))
    assert answer(NOTES, web).body == PAGE


def test_identity_is_taken_as_it_is(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"Content-Encoding": "identity"}))
    assert answer(NOTES, web).body == PAGE


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_content_encodings_are_wrong(web: Web, encoding: str) -> None:
    web.page(NOTES, Reply(body=PAGE, headers={"Content-Encoding": encoding}))
    assert "unexpected content encoding" in str(failure(NOTES, web))


def test_broken_gzip_is_wrong_at_once(web: Web) -> None:
    for body in (PAGE, gzip.compress(PAGE)[:-8] + bytes(8), gzip.compress(PAGE) + b"rest"):
        web.page(NOTES, Reply(body=body, headers={"Content-Encoding": "gzip"}))
        error = failure(NOTES, web)
        assert isinstance(error, WrongAnswer)
        assert "expected: gzip" in str(error)
    assert len(web.asked) == 3


def test_truncated_gzip_is_a_cut_body(web: Web) -> None:
    cut = Reply(body=gzip.compress(PAGE)[:-4], headers={"Content-Encoding": "gzip"})
    web.page(NOTES, cut, Reply(body=PAGE))
    assert answer(NOTES, web).body == PAGE
    web.page(NOTES, cut)
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert "a cut body" in str(error)


def test_gzip_bomb_never_inflates_past_the_limit(web: Web) -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeeze.compress(bytes(1_000_000)) for _ in range(200)) + squeeze.flush()
    web.page(NOTES, Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    manners = replace(QUICK, max_bytes=1_000_000)
    tracemalloc.start()
    try:
        error = failure(NOTES, web, manners)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(error, WrongAnswer)
    assert "unexpected oversized body" in str(error)
    assert peak < 8_000_000
    assert web.count(NOTES) == 1


def test_body_of_just_the_limit_comes_and_one_byte_more_does_not(web: Web) -> None:
    for headers, squeeze in (({}, bytes), ({"Content-Encoding": "gzip"}, gzip.compress)):
        web.page(NOTES, Reply(body=squeeze(b"a" * QUICK.max_bytes), headers=headers))
        assert answer(NOTES, web).body == b"a" * QUICK.max_bytes
        web.page(NOTES, Reply(body=squeeze(b"a" * (QUICK.max_bytes + 1)), headers=headers))
        assert "oversized" in str(failure(NOTES, web))


def test_body_announced_too_long_is_refused_before_it_is_read(web: Web) -> None:
    web.page(NOTES, Reply(body=b"a" * 10, headers={"Content-Length": "100001"}, drip=1))
    assert "100001 bytes announced" in str(failure(NOTES, web))


def test_body_too_long_without_announcement_is_refused(web: Web) -> None:
    size = QUICK.max_bytes + 1
    chunked = {"Transfer-Encoding": "chunked", "Content-Length": None}
    web.page(NOTES, Reply(body=f"{size:x}\r\n".encode() + b"a" * size + b"\r\n0\r\n\r\n", headers=chunked))
    assert "oversized" in str(failure(NOTES, web))


# --- a mirror that is a directory ------------------------------------------------------------------------------------


def keep(directory: Path, address: str, body: bytes = PAGE) -> Path:
    file = directory / address.removeprefix("https://")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return file


def found(directory: Path, address: str, manners: Manners = QUICK) -> Answer | FetchError:
    return come(address, mirror=str(directory), manners=manners)[address]


def test_directory_has_the_page_as_it_is_named_or_with_html(tmp_path: Path) -> None:
    keep(tmp_path, f"{NOTES}.html", b"with html")
    came = found(tmp_path, f"{NOTES}?view=1")
    assert came == Answer(Request("", f"{NOTES}?view=1"), 200, f"{NOTES}?view=1", b"with html", None, None)
    keep(tmp_path, NOTES, b"as named")
    came = found(tmp_path, NOTES)
    assert isinstance(came, Answer)
    assert came.body == b"as named"


def test_folder_of_the_page_s_name_is_not_the_page(tmp_path: Path) -> None:
    keep(tmp_path, f"{NOTES}/more")
    keep(tmp_path, f"{NOTES}.html", b"with html")
    came = found(tmp_path, NOTES)
    assert isinstance(came, Answer)
    assert came.body == b"with html"


def test_page_missing_in_a_directory_is_wrong_and_says_where_it_was_sought(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "nowhere"):
        error = found(directory, NOTES)
        assert isinstance(error, WrongAnswer)
        file = directory / "support.microsoft.com/en-us/topic/notes"
        assert f"expected: {file} or {file}.html, found: no such file" in str(error)


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret",
        "/%2e%2e/%2e%2e/secret",
        "/..%2f..%2fsecret",
        "/a/%2e%2e/%2e%2e/%2e%2e/secret",
        "/..",
        "/link",
        "/",
    ],
)
def test_no_path_leads_out_of_a_directory(tmp_path: Path, path: str) -> None:
    mirror = tmp_path / "mirror"
    keep(mirror, NOTES)
    (tmp_path / "secret").write_bytes(b"secret")
    (mirror / "secret").write_bytes(b"secret")
    (mirror / "support.microsoft.com" / "link").symlink_to(tmp_path / "secret")
    (mirror / "support.microsoft.com.html").write_bytes(b"secret")
    assert isinstance(found(mirror, SUPPORT + path), WrongAnswer)


def test_absolute_path_in_an_address_stays_in_the_directory(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for slashes in ("/", "//", "/%2f"):
        assert isinstance(found(tmp_path, f"{SUPPORT}{slashes}{secret}"), WrongAnswer)


@pytest.mark.parametrize("path", ["/a%00b", f"/{'a' * 300}"])
def test_path_that_no_file_can_have_is_wrong(tmp_path: Path, path: str) -> None:
    keep(tmp_path, NOTES)
    assert isinstance(found(tmp_path, SUPPORT + path), WrongAnswer)


def test_files_have_the_limits_of_bodies(tmp_path: Path) -> None:
    file = keep(tmp_path, NOTES, b"a" * (QUICK.max_bytes + 1))
    assert "oversized" in str(found(tmp_path, NOTES))
    file.write_bytes(b"")
    assert "an empty body" in str(found(tmp_path, NOTES))
    file.write_bytes(BLOCK_PAGE)
    assert isinstance(found(tmp_path, NOTES), Unavailable)


def test_undeclared_host_is_refused_in_a_directory_too(tmp_path: Path) -> None:
    keep(tmp_path, "https://example.com/notes")
    assert "unexpected address" in str(found(tmp_path, "https://example.com/notes"))


@pytest.mark.parametrize(
    "mirror",
    [
        *("ftp://example.com", "file:///srv/mirror", "http://", "http://a:b", "http://a/?b=c"),
        *("http://127.0.0.1:65536", "http://xn--/", "http://xn--a.com/", "http://[::1", f"http://a/{'b' * 70_000}"),
    ],
)
def test_mirror_that_is_neither_url_nor_directory_is_wrong_usage(mirror: str) -> None:
    with pytest.raises(InputError, match="unexpected mirror") as refused:
        come(NOTES, mirror=mirror)
    assert len(str(refused.value)) < 600

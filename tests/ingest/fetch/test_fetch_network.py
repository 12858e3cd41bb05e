"""Without a network: said once, within seconds. The resolver is a fake; nothing leaves this machine."""

import errno
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from scraper.errors import FetchError, NoNetwork, Unavailable
from scraper.ingest.fetch import Answer, Request
from tests.fixtures.fetching import (
    HISTORY,
    LEARN,
    NOTES,
    PAGE,
    QUICK,
    SUPPORT,
    come,
    come_by_network,
    public,
    streamed,
)
from tests.fixtures.web import Reply, Web

# Many attempts, so that only the patience with the network can end a page soon.
STUBBORN = replace(QUICK, attempts=1000, backoff=0.02, longest_backoff=0.02, no_network=0.2, seconds=20)
NO_NETWORK = (
    "unexpected lack of network on this machine. "
    "expected: a connection to learn.microsoft.com or support.microsoft.com, "
    "found: no name that can be resolved, or no network that leads there "
    "(check the connection and the proxy, or use --mirror)"
)
PAGES = [HISTORY, f"{LEARN}/b", NOTES, f"{SUPPORT}/b", f"{SUPPORT}/c"]

LookUp = Callable[..., Any]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No name can be resolved; the names that were asked for."""
    names: list[str] = []
    local = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host in ("127.0.0.1", b"127.0.0.1"):
            return local(host, *rest, **named)
        names.append(host if isinstance(host, str) else host.decode())
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("NO_PROXY", "*")
    return names


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are resolved, to two addresses each, but no network leads to any."""

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port)),
        ]

    def connect(_: socket.socket, address: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)


def unresolved() -> httpx.ConnectError:
    """As httpx raises it: the reason is that of a wrapped error."""
    try:
        try:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        except OSError as reason:
            raise RuntimeError from reason
    except RuntimeError as wrapped:
        error = httpx.ConnectError("Name or service not known")
        error.__cause__ = wrapped
        return error


def failures(came: dict[str, Answer | FetchError]) -> set[tuple[type, str]]:
    return {(type(each), str(each)) for each in came.values()}


def test_names_that_cannot_be_resolved_are_no_network_and_said_alike_for_every_page(looked_up: list[str]) -> None:
    begin = time.monotonic()
    came = come(*PAGES, manners=STUBBORN)
    assert failures(came) == {(NoNetwork, NO_NETWORK)}
    assert len(came) == len(PAGES)
    assert time.monotonic() - begin < 2


def test_no_network_passes_by_itself_and_is_no_work_for_a_person() -> None:
    assert issubclass(NoNetwork, Unavailable)  # exit code 3


@pytest.mark.usefixtures("no_way_out")
def test_unreachable_network_is_no_network() -> None:
    assert failures(come(*PAGES, manners=STUBBORN)) == {(NoNetwork, NO_NETWORK)}


def test_network_is_given_a_moment(looked_up: list[str]) -> None:
    begin = time.monotonic()
    come(NOTES, HISTORY, manners=STUBBORN)
    assert time.monotonic() - begin >= STUBBORN.no_network
    assert len(looked_up) > 4


def test_network_that_comes_in_time_brings_the_pages() -> None:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) <= 4:
            raise unresolved()
        return httpx.Response(200, content=streamed(PAGE))

    came = come(*PAGES, transport=public(respond), manners=STUBBORN)
    assert all(isinstance(each, Answer) for each in came.values())


def test_retries_that_are_used_up_decide_at_once(looked_up: list[str]) -> None:
    came = come(NOTES, HISTORY, manners=replace(QUICK, no_network=60))
    assert failures(came) == {(NoNetwork, NO_NETWORK)}


def test_one_decision_is_enough_for_any_number_of_pages(looked_up: list[str]) -> None:
    articles = [f"{SUPPORT}/help/{number}" for number in range(150)]
    manners = replace(STUBBORN, delay=0.05)
    begin = time.monotonic()
    came = come(*articles, manners=manners)
    assert len(failures(came)) == 1
    assert all(isinstance(each, NoNetwork) for each in came.values())
    assert time.monotonic() - begin < 3
    assert len(looked_up) < 20


def test_long_wait_for_the_next_attempt_ends_with_the_decision() -> None:
    """One host fails at once and would wait for long; the other is slow to fail."""

    async def respond(request: httpx.Request) -> httpx.Response:
        if request.url.host == "support.microsoft.com":
            time.sleep(0.1)
        raise unresolved()

    manners = replace(STUBBORN, backoff=2.5, longest_backoff=2.5, no_network=0.05)
    begin = time.monotonic()
    came = come(HISTORY, NOTES, transport=httpx.MockTransport(respond), manners=manners)
    assert failures(came) == {(NoNetwork, NO_NETWORK)}
    assert time.monotonic() - begin < 2.5


@pytest.mark.parametrize(
    "reached",
    [
        lambda: httpx.Response(200, content=streamed(PAGE)),
        lambda: httpx.Response(503),
        lambda: httpx.ReadTimeout("timed out"),
        lambda: httpx.ConnectError("[Errno 111] Connection refused"),
        lambda: httpx.ProxyError("502 Bad Gateway"),
    ],
)
def test_host_that_is_reached_leaves_the_other_its_ordinary_retries(
    reached: Callable[[], httpx.Response | httpx.TransportError],
) -> None:
    asked = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "support.microsoft.com":
            raise unresolved()
        if isinstance(answer := reached(), httpx.TransportError):
            raise answer
        return answer

    came = come(HISTORY, NOTES, transport=public(respond), manners=replace(QUICK, no_network=0))
    assert type(came[NOTES]) is Unavailable
    assert "found: ConnectError Name or service not known (attempt 6, the last)" in str(came[NOTES])
    assert asked.count("support.microsoft.com") == 6


def test_connection_that_is_not_made_in_time_decides_nothing() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.host == "support.microsoft.com":
            raise httpx.ConnectTimeout("timed out")
        raise unresolved()

    came = come(HISTORY, NOTES, transport=public(respond), manners=replace(QUICK, no_network=0))
    assert [type(came[NOTES]), type(came[HISTORY])] == [Unavailable, Unavailable]


def test_only_hosts_that_are_asked_for_count(looked_up: list[str]) -> None:
    came = come(NOTES, Request("", "https://example.com/"), manners=STUBBORN)
    assert isinstance(came[NOTES], NoNetwork)
    assert str(came[NOTES]) == NO_NETWORK
    assert not isinstance(came["https://example.com/"], Unavailable)


def test_mirror_whose_name_cannot_be_resolved_is_no_network(looked_up: list[str]) -> None:
    came = come(*PAGES, mirror="http://mirror.example/pages", manners=STUBBORN)
    ((kind, message),) = failures(came)
    assert kind is NoNetwork
    assert "expected: a connection to mirror.example, found" in message
    assert set(looked_up) == {"mirror.example"}


def test_proxy_whose_name_cannot_be_resolved_is_no_network(
    looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert isinstance(come_by_network(NOTES), NoNetwork)
    assert set(looked_up) == {"proxy.example"}


def test_names_are_the_proxy_s_to_resolve(web: Web, looked_up: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This proxy refuses to connect, as one does that cannot resolve a name."""
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("https_proxy", web.url)
    came = come_by_network(NOTES)
    assert type(came) is Unavailable
    assert "ProxyError" in str(came)
    assert looked_up == []


def test_no_network_writes_no_line_for_each_attempt(looked_up: list[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scraper.ingest.fetch"):
        come(*PAGES, manners=STUBBORN)
    assert caplog.messages == []


def test_address_of_the_mirror_needs_no_name(web: Web, looked_up: list[str]) -> None:
    web.page(NOTES, Reply(body=PAGE))
    assert isinstance(come(NOTES, mirror=web.url)[NOTES], Answer)
    assert looked_up == []

"""What passes and is retried, and what waiting will not mend."""

import gzip
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from scraper.errors import Unavailable, WrongAnswer
from scraper.ingest.fetch import Answer, Request
from tests.fixtures.fetching import (
    BLOCK_PAGE,
    HISTORY,
    NOTES,
    PAGE,
    QUICK,
    answer,
    come,
    failure,
    gaps,
)
from tests.fixtures.web import Asked, Raw, Reply, Web

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
    # The upper bounds allow for a busy machine; without the header the wait is a tenth of a second.
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

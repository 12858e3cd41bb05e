"""Every fault of the network and of a server, over real HTTP on 127.0.0.1, from the command to the catalog (design.md
sections 3 and 7): one page fails in one way on top of a good run, and is good again in the run after.

Of each fault: the exit code, the one line for a person, how often the page was asked for, and that the facts are those
of a job that had not asked for the page at all, so that its own stay and the others' news are published; and of the
run after, that nothing is left of it.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from scraper.ingest import job
from scraper.ingest.sources import BY_NAME
from tests.fixtures.faults import (
    BLOCK_PAGE,
    FLOOD,
    HALF,
    INCOMPLETE,
    LAST,
    LIMIT,
    NAMES,
    PAGE,
    WHOLE,
    Fault,
    chunked,
    cut,
    fails_and_comes_back,
    led,
    passing,
    raw,
    refused,
)
from tests.fixtures.runs import (
    CLIENT,
    NEW,
    NOTES,
    SERVER,
    URLS,
    NoWaiting,
    Runs,
    WithoutPage,
    problems,
)
from tests.fixtures.slow import some_slow
from tests.fixtures.web import Answering, Asked, Raw, Reply

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return NAMES


HOSTS = "https on learn.microsoft.com or support.microsoft.com"


@dataclass(frozen=True, slots=True)
class Pressed(NoWaiting):
    """And little time for one answer: for hosts that are slow."""

    attempts: int = 1
    read: float = 0.5
    total: float = 1.0


@dataclass(frozen=True, slots=True)
class Brief(NoWaiting):
    """And little time for a page: for hosts that want to be left alone for longer."""

    seconds: float = 1.5


def slow(answer: Answering, found: str) -> Fault:
    return Fault(answer, 3, f"{WHOLE} {found} (attempt 1, the last)", manners=Pressed)


def patient(retry_after: str) -> Fault:
    """Wants to be left alone for longer than the page's budget."""
    answer = Reply(429, headers={"Retry-After": retry_after})
    return Fault(answer, 3, f"{WHOLE} 429 Too Many Requests at URL (attempt 1, the last)", manners=Brief)


def impatient(retry_after: str) -> Fault:
    """Says nothing of how long it wants to be left alone."""
    return passing(Reply(429, headers={"Retry-After": retry_after}), "429 Too Many Requests at URL")


def astray(location: str) -> Fault:
    return Fault(led(location), 4, f"redirect. expected: {HOSTS}, found: {location!r}")


def turning(asked: Asked) -> Reply:
    """Leads to another address of the same page, each time."""
    turn = int(asked.target.partition("?turn=")[2] or 0)
    return led(f"?turn={turn + 1}")


def encoded(encoding: str, body: bytes = PAGE) -> Fault:
    reply = Reply(body=body, headers={"Content-Encoding": encoding})
    return Fault(reply, 4, f"content encoding. expected: gzip or none, found: {encoding!r}")


def zipped(body: bytes, problem: str) -> Fault:
    return Fault(Reply(body=body, headers={"Content-Encoding": "gzip"}), 4, problem)


def protocol(problem: str, *parts: bytes) -> Fault:
    return passing(Raw(parts), f"RemoteProtocolError {problem}")


def broken_headers(line: bytes) -> Fault:
    return protocol(f"illegal header line: {bytearray(line)!r}", raw(line, PAGE))


CHUNK = b"%x\r\n%b\r\n" % (len(HALF), HALF)
BULLET = PAGE.index("•".encode())
LATIN = PAGE.replace("•".encode(), b"\xb7")
WIDE = PAGE.decode().encode("utf-16-be")
SILENCE = "RemoteProtocolError Server disconnected without sending a response."
RESET = "ReadError [Errno 104] Connection reset by peer"
LONG_LINE = f"illegal header line: {bytearray(b'a' * 90_000)!r}"
SERVICING = BY_NAME[CLIENT].tables[0]

FAULTS = {
    # --- throttled
    "403": passing(Reply(403), "403 Forbidden at URL"),
    "403 on a hub page": passing(Reply(403), "403 Forbidden at URL", NOTES),
    "429": passing(Reply(429), "429 Too Many Requests at URL"),
    "429, Retry-After of an hour": patient("3600"),
    "429, Retry-After of the last date": patient("Fri, 31 Dec 9999 23:59:59 -2359"),
    "429, Retry-After NaN": impatient("NaN"),
    "block page with 200": passing(Reply(body=BLOCK_PAGE), "a block page at URL"),
    # --- 5xx and statuses that are none
    "500": passing(Reply(500), "500 Internal Server Error at URL"),
    "503": passing(Reply(503), "503 Service Unavailable at URL"),
    "999": passing(Reply(999), "999 at URL"),
    # --- hung up, reset
    "closed without an answer": passing(Reply(silent=True), SILENCE),
    "closed in the headers": passing(Raw((b"HTTP/1.1 200 OK\r\nX-A: b\r\n",)), SILENCE),
    "reset before the answer": passing(Raw(reset=True), RESET),
    "reset in the headers": passing(Raw((b"HTTP/1.1 200 OK\r\nX-A: b\r\n",), pause=0.02, reset=True), RESET),
    "reset in the body": passing(Raw((raw(HALF, length=len(PAGE)),), pause=0.02, reset=True), RESET),
    # --- slow
    "silence": slow(Reply(wait=30), "ReadTimeout"),
    "headers that drip": slow(Raw((b"HTTP/1.1 200 OK\r\n",), endless=b"X", pause=0.05), "no whole answer within 1 s"),
    "body that drips": slow(Reply(body=PAGE, drip=0.05), "no whole answer within 1 s"),
    "body that stops": slow(Raw((raw(HALF, length=len(PAGE)),), endless=b"", pause=0.0, stays=True), "ReadTimeout"),
    "interim answers without end": slow(
        Raw(endless=b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.01), "no whole answer within 1 s"
    ),
    # --- cut, and lengths that are wrong
    "length too large": cut(
        Reply(body=HALF, headers={"Content-Length": str(len(PAGE))}),
        f"{INCOMPLETE} (received {len(HALF)} bytes, expected {len(PAGE)})",
    ),
    "length too small": Fault(
        Reply(body=PAGE, headers={"Content-Length": "1000"}),
        4,
        f"end. expected: </html>, found: {PAGE[:1000].rstrip()[-20:].decode()!r} after 1000 bytes",
    ),
    "length too small, connection kept": Fault(
        Raw((raw(PAGE, length=1000),), stays=True),
        4,
        f"end. expected: </html>, found: {PAGE[:1000].rstrip()[-20:].decode()!r} after 1000 bytes",
    ),
    "length of 5,000 digits": protocol("bad Content-Length", raw(PAGE).replace(b"Length: ", b"Length: " + b"9" * 5000)),
    "length above the limit": Fault(
        Raw((raw(PAGE, length=LIMIT + 1),)),
        4,
        f"oversized body. expected: at most {LIMIT} bytes, found: {LIMIT + 1} bytes announced",
    ),
    "chunks cut off": cut(chunked(CHUNK), f"{INCOMPLETE} (incomplete chunked read)"),
    "gzip cut off": Fault(
        Reply(body=gzip.compress(PAGE, mtime=0)[:1000], headers={"Content-Encoding": "gzip"}),
        4,
        f"{WHOLE} a cut body: gzip ends early after 1000 bytes {LAST}",
        6,
    ),
    "empty body": Fault(Reply(), 4, "body. expected: a page, found: an empty body"),
    "204": refused(204, "No Content", Reply(204)),
    "206": refused(206, "Partial Content", Reply(206, HALF, {"Content-Range": f"bytes 0-{len(HALF) - 1}/{len(PAGE)}"})),
    "304 without having been asked for": refused(304, "Not Modified", Reply(304)),
    # --- other statuses
    "404": refused(404, "Not Found"),
    # --- charsets
    "latin-1, as the header says": Fault(
        Reply(body=LATIN, headers={"Content-Type": "text/html; charset=iso-8859-1"}),
        4,
        f"encoding. expected: UTF-8, found: byte 0xb7 at {BULLET}",
    ),
    "latin-1, and the header says UTF-8": Fault(
        Reply(body=LATIN, headers={"Content-Type": "text/html; charset=utf-8"}),
        4,
        f"encoding. expected: UTF-8, found: byte 0xb7 at {BULLET}",
    ),
    "not UTF-8 outside of the tables": Fault(
        Reply(body=PAGE.replace(b"Dates are", b"Dates \xe9re")),
        4,
        f"encoding. expected: UTF-8, found: byte 0xe9 at {PAGE.index(b'Dates are') + 6}",
    ),
    "UTF-16, as the header says": Fault(
        Reply(body=PAGE.decode().encode("utf-16"), headers={"Content-Type": "text/html; charset=utf-16"}),
        4,
        "encoding. expected: UTF-8, found: byte 0xff at 0",
    ),
    "UTF-16 without a mark": Fault(
        Reply(body=WIDE, headers={"Content-Type": "text/html; charset=utf-16"}),
        4,
        f"end. expected: </html>, found: {WIDE.rstrip()[-20:].decode()!r} after {len(WIDE)} bytes",
    ),
    # --- redirects
    "redirect to a foreign host": astray("https://example.com/windows"),
    "redirect without a scheme": astray("//example.com/windows"),
    "redirect to http": astray("http://learn.microsoft.com/en-us/windows"),
    "redirect to 127.0.0.1": astray("http://127.0.0.1:1/"),
    "redirect to a file": astray("file:///etc/passwd"),
    "redirect to a script": astray("javascript:alert(1)"),
    "redirect with our host as a user": astray("https://learn.microsoft.com@example.com/"),
    "redirect with a user": astray("https://user:secret@learn.microsoft.com/"),
    "redirect to another port": astray("https://learn.microsoft.com:8443/"),
    "redirect without an address": refused(302, "Found", Reply(302)),
    "redirect to itself": Fault(led(URLS[CLIENT]), 4, "redirect. expected: no loop, found: back at URL after 1"),
    "redirects without end": Fault(
        turning, 4, "redirect. expected: at most 5 redirects, found: one more, to URL?turn=6", 6
    ),
    "redirect to another page of the same kind": Fault(
        led(URLS[SERVER]),
        4,
        f"lack of a servicing table. expected: a table with the columns {', '.join(SERVICING.columns)},"
        " found: tables hotpatch-calendar, long-term-servicing, release-history",
    ),
    "redirect to the page of another version": Fault(
        led(URLS["hotpatch-24h2"]),
        4,
        "heading. expected: that of version 25H2,"
        " found: 'Release notes for Hotpatch on Windows 11 Enterprise version 24H2'",
        name=NOTES,
    ),
    "redirect to the front page": Fault(
        led("/en-us/"), 4, "answer. expected: 200, found: 404 Not Found at https://learn.microsoft.com/en-us/"
    ),
    # --- encodings that were not asked for, and gzip that is none
    "brotli": encoded("br", b"\x0b\x02\x80\x00\x03"),
    "zstd": encoded("zstd", b"\x28\xb5\x2f\xfd"),
    "gzip twice, as the header says": encoded("gzip, gzip", gzip.compress(gzip.compress(PAGE))),
    "gzip twice": zipped(gzip.compress(gzip.compress(PAGE)), "encoding. expected: UTF-8, found: byte 0x8b at 1"),
    "gzip that is none": zipped(
        PAGE, "body. expected: gzip, found: Error -3 while decompressing data: incorrect header check"
    ),
    "something after the gzip": zipped(
        gzip.compress(PAGE) + b"\0rest",
        "body. expected: gzip, found: Error -3 while decompressing data: incorrect header check",
    ),
    # --- no HTTP
    "status line of rubbish": protocol(
        "illegal status line: bytearray(b'\\x00\\xff\\x1b[31mHTTP')", b"\0\xff\x1b[31mHTTP\r\n\r\n"
    ),
    "header without a colon": broken_headers(b"rubbish"),
    # --- floods of headers
    "header of 200 kB": protocol("Receive buffer too long", raw(b"X-A: " + b"a" * 200_000, PAGE)),
    "header of 90 kB that is none": protocol(
        f"{LONG_LINE[:300]}… ({len(LONG_LINE)} characters)", raw(b"a" * 90_000, PAGE)
    ),
    "10,000 headers": protocol("Receive buffer too long", raw(FLOOD * 10, PAGE)),
}


# One or two of each kind are in every run of the tests.
QUICK = {
    *("403", "block page with 200", "429, Retry-After of an hour", "500", "reset in the headers", "silence"),
    *("length too large", "gzip cut off", "empty body", "304 without having been asked for", "404"),
    *("latin-1, as the header says", "redirect to a foreign host", "redirect to the page of another version"),
    *("gzip that is none", "status line of rubbish", "header of 200 kB"),
}


@pytest.mark.parametrize("fault", some_slow(FAULTS, QUICK))
def test_fault_of_a_page_fails_it_alone_and_leaves_no_trace(
    runs: Runs,
    without_page: Callable[[str], WithoutPage],
    second_run: Runs,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    expected = without_page(fault.name)
    runs.serve(NEW)

    def scrape(now: str) -> tuple[int, Sequence[str]]:
        with monkeypatch.context() as patch:
            patch.setattr(job, "Manners", fault.manners)
            result = runs.scrape(now)
        return result.exit_code, problems(result)

    fails_and_comes_back(runs, expected, second_run, fault, scrape)


def test_others_have_news_on_the_run_of_a_fault(first_run: Runs, without_page: Callable[[str], WithoutPage]) -> None:
    """What every fault is measured by is worth something: the facts without the page are neither the old nor all."""
    for name in (CLIENT, NOTES, SERVER):
        assert len({first_run.facts(), without_page(name).bad, without_page(name).good}) == 3

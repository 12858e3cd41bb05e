"""Every fault of the network and of a server, over real HTTP on 127.0.0.1, from the command to the catalog (design.md
sections 3 and 7): one page fails in one way on top of a good night, and is good again the night after.

Of each fault: the exit code, the one line for a person, how often the page was asked for, and that the facts are those
of a job that had not asked for the page at all, so that its own stay and the others' news are published; and of the
night after, that nothing is left of it. ``FAULTS`` are the faults that fail a page, ``ODDITIES`` the answers that only
look like one.
"""

import gzip
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.sources import BY_NAME
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FIFTH,
    FIRST,
    FOURTH,
    NEW,
    NOTES,
    OLD,
    SECOND,
    SERVER,
    THIRD,
    URLS,
    Hurried,
    Nights,
    Unasked,
    after,
    body_of,
    problems,
)
from tests.fixtures.web import Answering, Asked, Raw, Reply, Web

pytestmark = pytest.mark.usefixtures("hurried")

NAMES = (CLIENT, NOTES, SERVER)
PAGE = body_of(CLIENT, NEW)
HALF = PAGE[: len(PAGE) // 2]
BLOCK_PAGE = b"<html><head><title>Access Denied</title></head><body>Reference #18</body></html>"
SERVED = ("releases", "kbs", "builds", "months")
LIMIT = Manners().max_bytes
WHOLE = "answer. expected: 200 with a whole page, found:"
HOSTS = "https on learn.microsoft.com or support.microsoft.com"
LAST = "(attempt 6, the last)"
# A night in which only milliseconds are waited for is over long before this, however busy the machine.
SOON = 20.0


@dataclass(frozen=True, slots=True)
class Pressed(Hurried):
    """And little time for one answer: for hosts that are slow."""

    attempts: int = 1
    read: float = 0.5
    total: float = 1.0


@dataclass(frozen=True, slots=True)
class Brief(Hurried):
    """And little time for a page: for hosts that want to be left alone for longer."""

    seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Fault:
    """What a page answers every time it is asked, the exit code of that night, what is said of it after its name (URL
    stands for its address), and how often it is asked."""

    answer: Answering
    exit_code: int
    said: str
    asked: int = 1
    name: str = CLIENT
    manners: type[Manners] = Hurried

    @property
    def line(self) -> str:
        thing, rest = self.said.replace("URL", URLS[self.name]).split(". expected: ", 1)
        return f"winkb: unexpected {thing} on {self.name}. expected: {rest}"


def passing(answer: Answering, found: str, name: str = CLIENT) -> Fault:
    """A fault that may pass, so that the page is asked for to the end of the budget."""
    return Fault(answer, 3, f"{WHOLE} {found} {LAST}", 6, name)


def cut(answer: Answering, found: str) -> Fault:
    """The same, but of a body that ends early: when that lasts, a person must look."""
    return Fault(answer, 4, f"{WHOLE} a cut body: {found} {LAST}", 6)


def slow(answer: Answering, found: str) -> Fault:
    return Fault(answer, 3, f"{WHOLE} {found} (attempt 1, the last)", manners=Pressed)


def patient(retry_after: str) -> Fault:
    """Wants to be left alone for longer than the page's budget."""
    answer = Reply(429, headers={"Retry-After": retry_after})
    return Fault(answer, 3, f"{WHOLE} 429 Too Many Requests at URL (attempt 1, the last)", manners=Brief)


def impatient(retry_after: str) -> Fault:
    """Says nothing of how long it wants to be left alone."""
    return passing(Reply(429, headers={"Retry-After": retry_after}), "429 Too Many Requests at URL")


def refused(status: int, phrase: str, answer: Reply | None = None) -> Fault:
    return Fault(answer or Reply(status, PAGE), 4, f"answer. expected: 200, found: {status} {phrase} at URL")


def led(location: str) -> Reply:
    return Reply(302, headers={"Location": location})


def astray(location: str) -> Fault:
    return Fault(led(location), 4, f"redirect. expected: {HOSTS}, found: {location!r}")


def turning(asked: Asked) -> Reply:
    """Leads to another address of the same page, each time."""
    turn = int(asked.target.partition("?turn=")[2] or 0)
    return led(f"?turn={turn + 1}")


def encoded(encoding: str, body: bytes = PAGE) -> Fault:
    reply = Reply(body=body, headers={"Content-Encoding": encoding})
    return Fault(reply, 4, f"content encoding. expected: gzip or none, found: {encoding!r}")


def zipped(body: bytes, said: str) -> Fault:
    return Fault(Reply(body=body, headers={"Content-Encoding": "gzip"}), 4, said)


def raw(*parts: bytes, length: int | None = None) -> bytes:
    """A whole answer of 200, with these header lines; the last part is the body."""
    *headers, body = parts
    lines = [b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % (len(body) if length is None else length)]
    return b"\r\n".join([*lines, b"", body])


def protocol(said: str, *parts: bytes) -> Fault:
    return passing(Raw(parts), f"RemoteProtocolError {said}")


def broken_headers(line: bytes) -> Fault:
    return protocol(f"illegal header line: {bytearray(line)!r}", raw(line, PAGE))


def chunked(body: bytes) -> Raw:
    return Raw((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body,))


CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE)
CHUNK = b"%x\r\n%b\r\n" % (len(HALF), HALF)
BULLET = PAGE.index("•".encode())
LATIN = PAGE.replace("•".encode(), b"\xb7")
WIDE = PAGE.decode().encode("utf-16-be")
SILENCE = "RemoteProtocolError Server disconnected without sending a response."
INCOMPLETE = "peer closed connection without sending complete message body"
RESET = "ReadError [Errno 104] Connection reset by peer"
LONG_LINE = f"illegal header line: {bytearray(b'a' * 90_000)!r}"
SERVICING = BY_NAME[CLIENT].tables[0]
FLOOD = b"X-Flood: aaaaaaaaaaaaaaaaaaaa\r\n" * 1000

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


@pytest.fixture(scope="module")
def begun(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """The good night before, of these pages only: each fault takes two more."""
    nights = Nights(tmp_path_factory.mktemp("begun"), web, NAMES)
    nights.serve(OLD)
    result = nights.scrape(FIRST)
    assert (result.exit_code, problems(result)) == (0, [])
    return nights


def fails_and_comes_back(
    nights: Nights, unasked: Unasked, clean: Nights, fault: Fault, scrape: Callable[[str], tuple[int, Sequence[str]]]
) -> None:
    """The night of the fault, and the good one after it."""
    before = nights.web.count(URLS[fault.name])
    nights.answer(fault.name, fault.answer)
    begin = time.monotonic()
    code, said = scrape(SECOND)
    assert said == [fault.line]
    assert code == fault.exit_code
    assert time.monotonic() - begin < SOON
    assert nights.web.count(URLS[fault.name]) - before == fault.asked
    assert nights.facts() == unasked.bad
    assert nights.page(fault.name) == (FIRST, SECOND, fault.line.removeprefix("winkb: "))
    others = nights.others(fault.name).names
    assert [nights.page(name) for name in others] == [(SECOND, None, None)] * len(others)

    nights.serve(NEW)
    result = nights.scrape(THIRD)
    assert (result.exit_code, problems(result)) == (0, [])
    assert nights.facts() == unasked.good
    assert nights.page(fault.name) == (THIRD, None, None)
    assert nights.tables(*SERVED) == clean.tables(*SERVED)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_of_a_page_fails_it_alone_and_leaves_no_trace(
    nights: Nights,
    unasked: Callable[[str], Unasked],
    clean: Nights,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    expected = unasked(fault.name)
    nights.serve(NEW)

    def scrape(now: str) -> tuple[int, Sequence[str]]:
        with monkeypatch.context() as patch:
            patch.setattr(job, "Manners", fault.manners)
            result = nights.scrape(now)
        return result.exit_code, problems(result)

    fails_and_comes_back(nights, expected, clean, fault, scrape)


def test_others_have_news_on_the_night_of_a_fault(begun: Nights, unasked: Callable[[str], Unasked]) -> None:
    """What every fault is measured by is worth something: the facts without the page are neither the old nor all."""
    for name in (CLIENT, NOTES, SERVER):
        assert len({begun.facts(), unasked(name).bad, unasked(name).good}) == 3


# --- answers that only look like a fault -----------------------------------------------------------------------------

GOOD = Reply(body=PAGE)
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /moved\r\n"
COOKIES = b"".join(b"Set-Cookie: c%d=%0900d; Path=/\r\n" % (number, number) for number in range(80))


def headed(body: bytes = PAGE, **headers: str | None) -> Reply:
    return Reply(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def once(asked: Asked) -> Reply | Raw:
    """The page, and from then on that it is the same, with a body that no 304 may have."""
    if asked.headers.get("if-none-match") != '"1"':
        return headed(ETag='"1"')
    head = b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nContent-Length: 15\r\n\r\n"
    return Raw((head + b"HTTP/1.1 200 OK",), stays=True)


# The answers to the page, the last one for ever.
ODDITIES: dict[str, tuple[Answering, ...]] = {
    "header says latin-1, bytes are UTF-8": (headed(Content_Type="text/html; charset=iso-8859-1"),),
    "header says UTF-16, bytes are UTF-8": (headed(Content_Type="text/html; charset=utf-16"),),
    "charset that is none": (headed(Content_Type="text/html; charset=klingon"),),
    "no charset": (headed(Content_Type="text/html"),),
    "no type": (GOOD,),
    "403 twice": (Reply(403), Reply(403), GOOD),
    "429 with Retry-After": (Reply(429, headers={"Retry-After": "0"}), GOOD),
    "block page with 200 once": (Reply(body=BLOCK_PAGE), GOOD),
    "one fault of each kind": (
        *(Reply(503), Raw(reset=True), Raw((b"rubbish\r\n\r\n",)), Raw((raw(HALF, length=len(PAGE)),)), Reply(429)),
        GOOD,
    ),
    "interim answers": (Raw((b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10, raw(PAGE))),),
    "chunks, and a length that is wrong": (
        Raw((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKS)),
    ),
    "neither length nor chunks": (Raw((b"HTTP/1.1 200 OK\r\n\r\n", PAGE)),),
    "lines that end in a line feed only": (Raw((raw(PAGE).replace(b"\r\n", b"\n", 3),)),),
    "3,000 headers": (Raw((raw(FLOOD * 3, PAGE),)),),
    "gzip of several members": (
        headed(gzip.compress(PAGE[:1000]) + gzip.compress(PAGE[1000:]), Content_Encoding="X-GZIP"),
    ),
    "validators that are too long to be sent back": (headed(ETag=f'"{"a" * 60_000}"', Last_Modified="b" * 30_000),),
    "validators that cannot be sent back": (headed(ETag='"\xe9"', Last_Modified="\x7f"),),
    "redirect with cookies, more than a request may have": (
        Raw((MOVED, COOKIES, b"Content-Length: 0\r\n\r\n"), stays=True),
    ),
    "cookies that are none": (
        headed(Set_Cookie="=;;==; expires=Foo, 99 Bar 9999 99:99:99 GMT; max-age=1e99; domain=..", Set_Cookie2="a"),
    ),
    "304 with an encoding, a length and bytes": (once,),
    "redirect to our host in capitals, with its port": (led("HTTPS://LEARN.MICROSOFT.COM:443/moved#part"),),
    "redirect without a scheme, to our host": (led("//learn.microsoft.com/moved"),),
    "three redirects": (led("/one"),),
}


@pytest.mark.parametrize("answers", ODDITIES.values(), ids=ODDITIES)
def test_odd_answer_is_a_good_page_that_night_and_the_next(
    nights: Nights, clean: Nights, answers: tuple[Answering, ...]
) -> None:
    """The next night too, since what a server sets (validators, cookies) is sent back to it."""
    for path, to in (("one", led("/two")), ("two", led("/moved")), ("moved", GOOD)):
        nights.web.page(f"https://learn.microsoft.com/{path}", to)
    nights.answer(CLIENT, *answers)
    for now in (SECOND, THIRD):
        result = nights.scrape(now)
        assert (problems(result), result.exit_code) == ([], 0)
        assert nights.facts() == clean.facts()
        assert [nights.page(name) for name in NAMES] == [(now, None, None)] * len(NAMES)
    assert nights.outcome() == "unchanged"


# --- more than a machine should swallow ------------------------------------------------------------------------------

HURRY = """
import functools, scraper.ingest.fetch, scraper.ingest.job
scraper.ingest.job.Manners = functools.partial(
    scraper.ingest.fetch.Manners, quiet=0.001, backoff=0.0005, longest_backoff=0.002, attempts=2, seconds=2.0, total=1.0
)
"""
PEAK = """
import atexit, pathlib
atexit.register(lambda: print(pathlib.Path("/proc/self/status").read_text()))
"""
OPENED = b"<html><body><main>" + b"<div>" * 3_900_000 + b"</html>"
OVERSIZED = f"oversized body. expected: at most {LIMIT} bytes, found: more"
ENDED = "(attempt 2, the last)"


def bomb(body: bytes, times: int = 1) -> Raw:
    """As gzip; members one after the other are one body."""
    packed = gzip.compress(body) * times
    return Raw((raw(b"Content-Encoding: gzip", packed),))


BOMBS = {
    "gzip of 400 MB of zeros": Fault(bomb(bytes(1_000_000), 400), 4, OVERSIZED),
    "gzip of gzip of 1 GB": Fault(
        bomb(gzip.compress(bytes(1_000_000)) * 1000), 4, "encoding. expected: UTF-8, found: byte 0x8b at 1"
    ),
    "gzip of 20 MB of tags that stay open": Fault(
        bomb(OPENED), 4, "size. expected: at most 50000 tags, found: 3900005"
    ),
    "brotli of 1 GB": Fault(
        Raw((b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n",), endless=b"\x5b\xff\xff" * 20_000),
        4,
        "content encoding. expected: gzip or none, found: 'br'",
    ),
    "body without end": Fault(Raw((b"HTTP/1.1 200 OK\r\n\r\n",), endless=b"a" * 65_536), 4, OVERSIZED),
    "chunks without end": Fault(
        Raw((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",), endless=b"10000\r\n%b\r\n" % bytes(65_536)),
        4,
        OVERSIZED,
    ),
    "block page without end": Fault(Raw((b"HTTP/1.1 200 OK\r\n\r\n", BLOCK_PAGE), endless=b" " * 65_536), 4, OVERSIZED),
    "404 without end": Fault(
        Raw((b"HTTP/1.1 404 Not Found\r\n\r\n",), endless=b"a" * 65_536),
        4,
        "answer. expected: 200, found: 404 Not Found at URL",
    ),
    "headers without end": Fault(
        Raw((b"HTTP/1.1 200 OK\r\n",), endless=FLOOD),
        3,
        f"{WHOLE} RemoteProtocolError Receive buffer too long {ENDED}",
        2,
    ),
    "line without end": Fault(
        Raw(endless=b"a" * 65_536), 3, f"{WHOLE} RemoteProtocolError Receive buffer too long {ENDED}", 2
    ),
    "trailers without end": Fault(
        Raw((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKS[:-2]), endless=FLOOD),
        4,
        f"{WHOLE} a cut body: Receive buffer too long {ENDED}",
        2,
    ),
}


@pytest.fixture(scope="module")
def usual_peak(begun: Nights, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Of a good night, in kB."""
    nights = after(begun, tmp_path_factory.mktemp("usual"))
    nights.serve(NEW)
    return peak_of(nights)[2]


def peak_of(nights: Nights) -> tuple[int, list[str], int]:
    """Exit code, problems and the most memory (kB) of a night in a process of its own."""
    process = nights.command(SECOND, HURRY + PEAK)
    try:
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "Traceback" not in stderr, stderr
    peak = re.search(r"VmHWM:\s+(\d+) kB", stdout)
    assert peak
    return process.returncode, [line for line in stderr.splitlines() if line.startswith("winkb: ")], int(peak[1])


@pytest.mark.parametrize("fault", BOMBS.values(), ids=BOMBS)
def test_bomb_is_refused_in_little_memory_and_time(
    nights: Nights, unasked: Callable[[str], Unasked], clean: Nights, usual_peak: int, fault: Fault
) -> None:
    """Of the network no more is taken than the largest page may have, and what its buffers hold."""
    expected = unasked(fault.name)
    nights.serve(NEW)
    poured = nights.web.poured

    def scrape(now: str) -> tuple[int, list[str]]:
        code, said, peak = peak_of(nights)
        assert peak < usual_peak + 100_000
        return code, said

    fails_and_comes_back(nights, expected, clean, fault, scrape)
    assert nights.web.poured - poured < LIMIT + fault.asked * 8_000_000


# --- more than one page, more than one night -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["no network", "storm of 5xx"])
def test_when_all_pages_fail_all_keep_their_facts(nights: Nights, begun: Nights, clean: Nights, fault: str) -> None:
    if fault == "no network":
        with Web() as gone:
            url = gone.url
        found = "ConnectError All connection attempts failed"
    else:
        url, found = nights.web.url, "503 Service Unavailable at {}"
        for name in NAMES:
            nights.answer(name, Reply(500), Reply(502), Reply(504), Reply(599), Reply(503))
    result = nights.run(*nights.arguments(SECOND, url))
    assert result.exit_code == 3
    lines = {
        f"winkb: unexpected {WHOLE} {found.format(URLS[name])} {LAST}".replace("answer.", f"answer on {name}.")
        for name in NAMES
    }
    assert set(problems(result)) == lines
    assert nights.tables(*FACTS) == begun.tables(*FACTS)
    assert (nights.facts(), nights.outcome()) == (begun.facts(), "failed")
    assert [nights.page(name)[:2] for name in NAMES] == [(FIRST, SECOND)] * len(NAMES)

    nights.serve(NEW)
    assert nights.scrape(THIRD).exit_code == 0
    assert [nights.page(name) for name in NAMES] == [(THIRD, None, None)] * len(NAMES)
    assert nights.tables(*SERVED) == clean.tables(*SERVED)


def test_storm_at_one_host_leaves_the_other_s_news(nights: Nights, begun: Nights) -> None:
    for name in (CLIENT, SERVER):
        nights.answer(name, Reply(503))
    result = nights.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (3, 2)
    pages = {name: nights.page(name)[:2] for name in NAMES}
    assert pages == {name: (FIRST, SECOND) if name in (CLIENT, SERVER) else (SECOND, None) for name in NAMES}
    assert nights.facts() != begun.facts()


def test_page_that_is_down_for_days_is_failing_since_the_first(
    nights: Nights, unasked: Callable[[str], Unasked], clean: Nights
) -> None:
    """In another way each night: its facts stay, the others' news came in the first night, and it comes back."""
    expected = unasked(CLIENT)
    nights.serve(NEW)
    days = ((SECOND, "404", "news"), (THIRD, "403", "unchanged"), (FOURTH, "length too large", "unchanged"))
    for now, name, outcome in days:
        nights.answer(CLIENT, FAULTS[name].answer)
        result = nights.scrape(now)
        assert (result.exit_code, problems(result)) == (FAULTS[name].exit_code, [FAULTS[name].line])
        assert (nights.facts(), nights.outcome()) == (expected.bad, outcome)
        assert nights.page(CLIENT) == (FIRST, SECOND, FAULTS[name].line.removeprefix("winkb: "))
        assert nights.page(NOTES) == (now, None, None)
    told_before = nights.tables(*FACTS, "pages", "runs")
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*FACTS, "pages", "runs") == told_before

    nights.serve(NEW)
    result = nights.scrape(FIFTH)
    assert (result.exit_code, problems(result), nights.outcome()) == (0, [], "news")
    assert nights.page(CLIENT) == (FIFTH, None, None)
    assert nights.tables(*SERVED) == clean.tables(*SERVED)


def test_page_that_is_down_while_nothing_is_new_changes_no_fact(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    for now, status, code in ((SECOND, 404, 4), (THIRD, 403, 3)):
        nights.answer(CLIENT, Reply(status))
        assert (nights.scrape(now).exit_code, nights.outcome()) == (code, "unchanged")
        assert nights.page(CLIENT)[:2] == (FIRST, SECOND)
        assert nights.facts() == begun.facts()
    nights.serve(OLD)
    assert (nights.scrape(FOURTH).exit_code, nights.outcome()) == (0, "unchanged")
    assert nights.page(CLIENT) == (FOURTH, None, None)
    assert nights.facts() == begun.facts()

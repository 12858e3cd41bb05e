"""Answers that only look like a fault: each is a good page, in that run and the next."""

import gzip

import pytest

from tests.fixtures.faults import (
    BLOCK_PAGE,
    CHUNKS,
    FLOOD,
    HALF,
    NAMES,
    PAGE,
    led,
    raw,
)
from tests.fixtures.runs import (
    CLIENT,
    SECOND,
    THIRD,
    Runs,
    problems,
)
from tests.fixtures.slow import some_slow
from tests.fixtures.web import Answering, Asked, Raw, Reply

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return NAMES


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


QUICK = {
    *("header says latin-1, bytes are UTF-8", "one fault of each kind", "gzip of several members"),
    *("validators that cannot be sent back", "redirect with cookies, more than a request may have"),
    "304 with an encoding, a length and bytes",
}


@pytest.mark.parametrize("answers", some_slow(ODDITIES, QUICK))
def test_odd_answer_is_a_good_page_that_run_and_the_next(
    runs: Runs, second_run: Runs, answers: tuple[Answering, ...]
) -> None:
    """The next run too, since what a server sets (validators, cookies) is sent back to it."""
    for path, to in (("one", led("/two")), ("two", led("/moved")), ("moved", GOOD)):
        runs.web.page(f"https://learn.microsoft.com/{path}", to)
    runs.answer(CLIENT, *answers)
    for now in (SECOND, THIRD):
        result = runs.scrape(now)
        assert (problems(result), result.exit_code) == ([], 0)
        assert runs.facts() == second_run.facts()
        assert [runs.page(name) for name in NAMES] == [(now, None, None)] * len(NAMES)
    assert runs.outcome() == "unchanged"

"""Bodies: inflated, never past the limit."""

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from scraper.errors import WrongAnswer
from tests.fixtures.fetching import NOTES, PAGE, QUICK, answer, failure
from tests.fixtures.web import Reply, Web


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

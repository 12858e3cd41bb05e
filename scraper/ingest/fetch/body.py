"""The body of an answer: inflated as it comes, never more than allowed."""

import re
import zlib

import httpx

from scraper.errors import WrongAnswer
from scraper.ingest.fetch.quoting import brief, quoted
from scraper.ingest.fetch.request import Request
from scraper.ingest.fetch.retry import Transient

# Seen with 403 (WhatWaf #1162, #985); never seen with 200, but cheap to rule out. The first must be the whole title: an
# article may well be about an "Access denied" error.
_BLOCKED = re.compile(rb"<title[^>]*>\s*(access denied\s*</title|your request has been blocked)", re.IGNORECASE)
_BLOCKED_WITHIN = 4096


def is_block_page(body: bytes) -> bool:
    """Whether a host served a "you are blocked" page in place of the page that was asked for."""
    return _BLOCKED.search(body[:_BLOCKED_WITHIN]) is not None


async def read_body(request: Request, response: httpx.Response, limit: int) -> bytes:
    """The inflated body of a 200. Raises WrongAnswer when it is empty, oversized or not to be inflated, Transient when
    it is cut."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise WrongAnswer("content encoding", page=request.name, expected="gzip or none", found=quoted(encoding))
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and float(announced) > limit:
        raise _oversized(request, limit, f"{announced} bytes announced")
    body = Body(request, limit, compressed=encoding != "identity")
    try:
        async for chunk in response.aiter_raw():
            body.add(chunk)
    except httpx.RemoteProtocolError as error:
        raise Transient(f"a cut body: {brief(error)}", is_cut=True) from error
    return body.whole()


class Body:
    """Collects a body chunk by chunk and inflates it, never more than ``limit`` bytes."""

    def __init__(self, request: Request, limit: int, *, compressed: bool) -> None:
        self._request = request
        self._limit = limit
        self._inflate = zlib.decompressobj(wbits=31) if compressed else None
        self._served = 0
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        """Raises WrongAnswer when the body is too large or no gzip."""
        self._served += len(chunk)
        if self._inflate is None:
            self._bytes += chunk
        while self._inflate is not None and chunk:
            if self._inflate.eof:  # gzip allows several members one after the other
                self._inflate = zlib.decompressobj(wbits=31)
            # One byte more than may come: enough to see that it is too much.
            most = self._limit - len(self._bytes) + 1
            try:
                self._bytes += self._inflate.decompress(chunk, most)
            except zlib.error as error:
                found = str(error)
                raise WrongAnswer("body", page=self._request.name, expected="gzip", found=found) from error
            self._refuse_oversized()
            chunk = self._inflate.unused_data
        self._refuse_oversized()

    def whole(self) -> bytes:
        """The bytes, once the last chunk was added. Raises Transient when the body is cut, WrongAnswer when it is
        empty."""
        if self._served and self._inflate is not None and not self._inflate.eof:
            raise Transient(f"a cut body: gzip ends early after {self._served} bytes", is_cut=True)
        if not self._bytes:
            raise WrongAnswer("body", page=self._request.name, expected="a page", found="an empty body")
        return bytes(self._bytes)

    def _refuse_oversized(self) -> None:
        if max(self._served, len(self._bytes)) > self._limit:
            raise _oversized(self._request, self._limit, "more")


def _oversized(request: Request, limit: int, found: str) -> WrongAnswer:
    return WrongAnswer("oversized body", page=request.name, expected=f"at most {limit} bytes", found=found)

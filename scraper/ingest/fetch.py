"""Room 1: the only module that touches the network. Requests go in; the bytes of pages, or typed errors, come out
(design.md section 7). What is known of the two hosts' moods stands in sources.md, section E.

Two ways lead to a page: the public host, or a mirror that has it at ``MIRROR/HOST/PATH`` (design.md section 2).
Addresses are public ones everywhere here; only ``_Addresses`` and ``_read`` know where the bytes really come from.
"""

import asyncio
import logging
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.request import getproxies

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
    wait_random,
)

from scraper.errors import FetchError, InputError, MachineError, Unavailable, WrongAnswer
from scraper.models import HOSTS, Answer, Request

log = logging.getLogger(__name__)

_PAGE = "200 with a whole page"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_THROTTLED = frozenset({403, 429})
# Seen with 403 (WhatWaf #1162, #985); never seen with 200, but cheap to rule out. The first must be the whole title: an
# article may well be about an "Access denied" error.
_BLOCKED = re.compile(rb"<title[^>]*>\s*(access denied\s*</title|your request has been blocked)", re.IGNORECASE)
_BLOCKED_WITHIN = 4096
_LONGEST_PATH = 2000  # the longest one seen has 179 characters
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip",  # nothing else: only gzip is inflated here, with a limit
}
# A header that goes out: real validators have under 100 characters, and servers refuse the request, this page's and
# then every night's, when its headers are larger than 8 kB or so.
_LONGEST_HEADER = 1000
# Of what a host wrote, in a message: it is one line on a terminal, and stands in the catalog as long as the page fails.
_LONGEST_QUOTE = 300
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Manners:
    """All numbers of politeness and patience. Times are seconds, sizes bytes.

    At least: ``delay`` between the starts of two requests to one host (0 suits a mirror); ``quiet`` after throttling,
    before the host is asked anything again. At most: ``concurrency`` requests to one host at a time; ``attempts`` and
    ``seconds`` for one page, counted from where its turn comes; ``total`` for one request, against bodies that drip;
    ``max_bytes`` for a body, as served and inflated."""

    delay: float = 1.0
    concurrency: int = 2
    attempts: int = 6
    seconds: float = 120.0
    quiet: float = 5.0
    backoff: float = 1.0
    longest_backoff: float = 30.0
    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    hosts: tuple[str, ...] = HOSTS
    user_agent: str = "winkb/0.1 (+open catalog of Windows updates)"


async def fetch(
    requests: Sequence[Request],
    manners: Manners,
    mirror: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[tuple[Request, Answer | FetchError], None]:
    """Each request with its answer or its error, as soon as it is there, in any order.

    ``mirror`` is the URL or the directory of a mirror, ``transport`` takes the network's place in tests. Raises
    InputError when the mirror is neither; a page's own failure is yielded, never raised. A caller that stops early
    closes the generator (``contextlib.aclosing``)."""
    prefix = _mirror_prefix(mirror)
    if mirror is not None and prefix is None:
        for request in requests:
            yield request, _read(request, manners, Path(mirror))
        return
    async with _client(manners, transport) as client:
        visitor = _Visitor(client, manners, _Addresses(manners.hosts, prefix))
        tasks = [asyncio.create_task(visitor.visit(request)) for request in requests]
        try:
            for visited in asyncio.as_completed(tasks):
                yield await visited
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _client(manners: Manners, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Raises InputError for a User-Agent that cannot be sent, MachineError when this machine's proxy or certificates
    cannot be used."""
    if not _can_be_sent(manners.user_agent):
        expected = f"at most {_LONGEST_HEADER} printable ASCII characters"
        raise InputError("user agent", page="the command line", expected=expected, found=_quoted(manners.user_agent))
    # No pool timeout: the gates decide who waits, and for how long.
    timeout = httpx.Timeout(connect=manners.connect, read=manners.read, write=manners.read, pool=None)
    headers = _HEADERS | {"User-Agent": manners.user_agent}
    hooks = {"response": [_take_location]}
    # No cookie is taken: what one page sets must not decide how the host answers the next.
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    try:
        _check_proxies()
        return httpx.AsyncClient(
            headers=headers,
            timeout=timeout,
            transport=transport,
            event_hooks=hooks,
            cookies=cookies,
            verify=_certificates(),
        )
    except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:  # ImportError: of a SOCKS proxy
        expected = "a proxy and certificates that can be used"
        raise MachineError("network settings", page="this machine", expected=expected, found=_brief(error)) from error


def _check_proxies() -> None:
    """Raise ValueError for a proxy of the environment that httpx would fail on only when it asks it for a page."""
    proxies = getproxies()
    for proxy in filter(None, (proxies.get(scheme) for scheme in ("http", "https", "all"))):
        if not _is_reachable(httpx.URL(proxy if "://" in proxy else f"http://{proxy}")):
            raise ValueError(f"the proxy {_quoted(proxy)}")


def _can_be_sent(value: str) -> bool:
    """Whether a header may have this value."""
    return value.isascii() and value.isprintable() and value == value.strip() and 0 < len(value) <= _LONGEST_HEADER


@cache
def _certificates() -> ssl.SSLContext:
    """What httpx trusts; read once, since that takes longer than a page on a good line."""
    return httpx.create_ssl_context()


async def _take_location(response: httpx.Response) -> None:
    # httpx reads Location even when it follows nothing, and calls one that it cannot read a transport error, which
    # would be retried. Out of its sight, a redirect is judged in one place only, _Addresses.public.
    response.extensions["location"] = response.headers.pop("Location", None)


# --- addresses -------------------------------------------------------------------------------------------------------


def _mirror_prefix(mirror: str | None) -> str | None:
    """A mirror's URL without its last slash; None for none and for a directory. Raises InputError for other schemes."""
    if mirror is None or "://" not in mirror:
        return None
    try:
        url = httpx.URL(mirror)
        if url.scheme in ("http", "https") and _is_reachable(url) and not url.query and not url.fragment:
            return str(url).rstrip("/")
    except (httpx.InvalidURL, ValueError):
        pass  # refused below, like one that can be read and is of another kind
    expected = "an http(s) URL or a directory"
    raise InputError("mirror", page="the command line", expected=expected, found=_brief(mirror))


def _is_reachable(url: httpx.URL) -> bool:
    """Whether an address may be that of a machine. Raises ValueError for a name that is none in IDNA: httpx, which lets
    it pass, and ports that no machine has, would fail on both when asked for a page, with no error of its own."""
    return bool(url.host) and (url.port or 0) <= _LAST_PORT


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Public addresses, and where the bytes of each are asked for. ``mirror`` is the prefix of a mirror's URL."""

    hosts: tuple[str, ...]
    mirror: str | None

    def asked(self, public: httpx.URL) -> httpx.URL:
        if self.mirror is None:
            return public
        return httpx.URL(f"{self.mirror}/{public.host}{public.raw_path.decode('ascii')}")

    def public(self, request: Request, location: str, base: httpx.URL | None = None) -> httpx.URL:
        """The public address that a request, or a redirect from ``base``, names: https on a declared host, without
        fragment, of bounded length. Raises WrongAnswer for any other."""
        try:
            url = httpx.URL(location) if base is None else self._landing(location, base)
            is_ours = url.scheme == "https" and url.host in self.hosts and url.port is None and not url.userinfo
            if is_ours and len(url.raw_path) <= _LONGEST_PATH:
                # Put together anew, so that nothing but these parts can decide where the request goes.
                return httpx.URL(f"https://{url.host}{url.raw_path.decode('ascii')}")
        except (httpx.InvalidURL, ValueError):
            pass  # refused below, like an address that can be read and leads astray
        thing = "address" if base is None else "redirect"
        expected = f"https on {' or '.join(self.hosts)}"
        raise WrongAnswer(thing, page=_name(request), expected=expected, found=_quoted(location))

    def _landing(self, location: str, base: httpx.URL) -> httpx.URL:
        """Where a redirect leads; one that a mirror sends into itself is given back its public form."""
        if self.mirror is not None:
            inside = str(self.asked(base).join(location))
            for host in self.hosts:
                if inside.startswith(f"{self.mirror}/{host}/"):
                    return httpx.URL(f"https://{inside.removeprefix(f'{self.mirror}/')}")
        return base.join(location)


def _name(request: Request) -> str:
    return request.source or request.url


def _quoted(served: str) -> str:
    """What a host wrote, fit for one line of a terminal."""
    return repr(served[:_LONGEST_QUOTE])


def _brief(text: object) -> str:
    """An address or an error's own words, cut where they become too long for one line."""
    line = str(text)
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}… ({len(line)} characters)"


# --- patience --------------------------------------------------------------------------------------------------------


class _Passing(Exception):
    """A failure that may pass, the only kind that is retried. ``quiet``: seconds for which the host wants to be left
    alone. ``cut``: the body ended early; when that lasts, a person must look (exit 4, not 3)."""

    def __init__(self, found: str, *, quiet: float = 0.0, cut: bool = False) -> None:
        super().__init__(found)
        self.found = found
        self.quiet = quiet
        self.cut = cut


class _Gate:
    """What all requests to one host share: how many at a time, how long between two, and until when it is left alone.

    ``pages`` is held for a page's whole budget, so that waiting in line uses none of it up; ``requests`` also counts
    the pages of another host that redirect here."""

    def __init__(self, manners: Manners) -> None:
        self.pages = asyncio.Semaphore(manners.concurrency)
        self.requests = asyncio.Semaphore(manners.concurrency)
        self._delay = manners.delay
        self._line = asyncio.Lock()
        self._opens = 0.0

    async def turn(self) -> None:
        """Wait for this request's turn, first come first served."""
        async with self._line:
            await self.opened()
            self._opens = _clock() + self._delay

    async def opened(self) -> None:
        """Wait until the host may be asked."""
        # Looked at again after each sleep: another page may have been throttled meanwhile.
        while (wait := self._opens - _clock()) > 0:
            await asyncio.sleep(wait)

    def hush(self, seconds: float) -> None:
        """Let no request start for so long."""
        self._opens = max(self._opens, _clock() + seconds)


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _policy(manners: Manners) -> AsyncRetrying:
    """The one retry policy: growing waits with jitter, at least as long as the host wants, bounded by attempts and by
    seconds. A wait that would lead out of the budget is not begun."""
    growing = wait_exponential(multiplier=manners.backoff, max=manners.longest_backoff)
    jittered = growing + wait_random(0, manners.backoff)

    def wait(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        return max(jittered(state), failure.quiet if isinstance(failure, _Passing) else 0.0)

    return AsyncRetrying(
        retry=retry_if_exception_type(_Passing),
        wait=wait,
        stop=stop_after_attempt(manners.attempts) | stop_before_delay(manners.seconds),
        reraise=True,
    )


def _retry_after(response: httpx.Response) -> float:
    """The seconds that a Retry-After header asks for, as a number or as a date; 0 when there is none to be read."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


# --- one page --------------------------------------------------------------------------------------------------------


class _Visitor:
    """Visits pages with one client; its gates are what the visits to a host share."""

    def __init__(self, client: httpx.AsyncClient, manners: Manners, addresses: _Addresses) -> None:
        self._client = client
        self._manners = manners
        self._addresses = addresses
        self._gates = {host: _Gate(manners) for host in manners.hosts}

    async def visit(self, request: Request) -> tuple[Request, Answer | FetchError]:
        """One page, with all its redirects and retries."""
        try:
            first = self._addresses.public(request, request.url)
            gate = self._gates[first.host]
            async with gate.pages:
                await gate.opened()  # a page's budget is not spent on the quiet that others brought about
                answer = await self._patiently(request, first)
        except FetchError as error:
            return request, error
        size = "not modified" if answer.body is None else f"{len(answer.body)} bytes"
        log.info("fetched %s: %s from %s", _name(request), size, answer.final_url)
        return request, answer

    async def _patiently(self, request: Request, first: httpx.URL) -> Answer:
        policy = _policy(self._manners)
        deadline = _clock() + self._manners.seconds
        try:
            return await policy(self._follow, request, first, deadline)
        except _Passing as failure:
            kind = WrongAnswer if failure.cut else Unavailable
            tries = policy.statistics.get("attempt_number")
            found = f"{failure.found} (attempt {tries}, the last)"
            raise kind("answer", page=_name(request), expected=_PAGE, found=found) from failure

    async def _follow(self, request: Request, first: httpx.URL, deadline: float) -> Answer:
        """One attempt: the page or the failure that its redirects lead to."""
        trail = [first]
        while isinstance(landing := await self._ask(request, trail[-1], deadline), httpx.URL):
            if landing in trail:
                found = f"back at {_brief(landing)} after {len(trail)}"
                raise WrongAnswer("redirect", page=_name(request), expected="no loop", found=found)
            if len(trail) > self._manners.max_redirects:
                expected = f"at most {self._manners.max_redirects} redirects"
                found = f"one more, to {_brief(landing)}"
                raise WrongAnswer("redirect", page=_name(request), expected=expected, found=found)
            trail.append(landing)
        return landing

    async def _ask(self, request: Request, url: httpx.URL, deadline: float) -> Answer | httpx.URL:
        """One request in its turn: the answer, or the public address to go on to."""
        gate = self._gates[url.host]
        try:
            async with asyncio.timeout_at(deadline), gate.requests:
                await gate.turn()
                return await self._exchange(request, url)
        except TimeoutError as error:
            found = f"no turn, or no whole answer, at {url.host} within {self._manners.seconds:g} s"
            raise _Passing(found) from error
        except _Passing as failure:
            if failure.quiet:
                quiet = min(failure.quiet, max(0.0, deadline - _clock()))
                gate.hush(quiet)
                log.warning("%s for %s: leaving %s alone for %.1f s", failure.found, _name(request), url.host, quiet)
            else:
                log.info("%s for %s", failure.found, _name(request))
            raise

    async def _exchange(self, request: Request, url: httpx.URL) -> Answer | httpx.URL:
        """One request and what it means. Raises _Passing for all that the transport can suffer."""
        try:
            asked, headers = self._addresses.asked(url), _conditions(request, url)
            async with (
                asyncio.timeout(self._manners.total),
                self._client.stream("GET", asked, headers=headers) as response,
            ):
                return await self._understand(request, url, response)
        except TimeoutError as error:
            raise _Passing(f"no whole answer within {self._manners.total:g} s") from error
        except (httpx.TransportError, ssl.SSLError) as error:  # httpx lets a broken TLS record through as it is
            raise _Passing(_in_words(error)) from error
        except httpx.InvalidURL as error:  # too long, once the mirror's prefix stands before it
            found = f"{error}: {_quoted(str(url))}"
            raise WrongAnswer("address", page=_name(request), expected="one that can be asked", found=found) from error

    async def _understand(self, request: Request, url: httpx.URL, response: httpx.Response) -> Answer | httpx.URL:
        status = response.status_code
        found = f"{status} {httpx.codes.get_reason_phrase(status)}".strip() + f" at {_brief(url)}"
        conditional = bool(_conditions(request, url))
        if status == 200:
            body = await _body(request, response, self._manners.max_bytes)
            if _BLOCKED.search(body[:_BLOCKED_WITHIN]):
                raise _Passing(f"a block page at {_brief(url)}", quiet=max(self._manners.quiet, _retry_after(response)))
            return _answer(request, url, response, body)
        if status == 304 and conditional:
            return _answer(request, url, response, None)
        location = response.extensions["location"]
        if status in _REDIRECTS and location is not None:
            return self._addresses.public(request, location, url)
        if status in _THROTTLED:
            raise _Passing(found, quiet=max(self._manners.quiet, _retry_after(response)))
        if status >= 500:
            raise _Passing(found, quiet=_retry_after(response))
        expected = "200, or 304 for a page we have" if conditional else "200"
        raise WrongAnswer("answer", page=_name(request), expected=expected, found=found)


def _conditions(request: Request, url: httpx.URL) -> dict[str, str]:
    """The headers that ask for a page only if it is another than the copy we have, where that copy came from: another
    place that a redirect leads to since may be older than the copy and would wrongly say that it still stands."""
    if str(url) != (request.final_url or request.url):
        return {}
    known = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    # A validator may be any bytes, and any number; one that cannot be sent back as it came is as good as none.
    return {name: value for name, value in known.items() if value and _can_be_sent(value)}


def _answer(request: Request, url: httpx.URL, response: httpx.Response, body: bytes | None) -> Answer:
    etag, modified = response.headers.get("ETag") or None, response.headers.get("Last-Modified") or None
    if body is None:  # a 304 need not repeat the validators that it confirms
        etag, modified = etag or request.etag, modified or request.last_modified
    return Answer(request, response.status_code, str(url), body, etag, modified)


def _in_words(error: Exception) -> str:
    """A transport's error by name, and the first words that it has, or what it comes from: httpx passes on without any
    that a connection was reset."""
    cause: BaseException | None = error
    while cause is not None and not (str(cause) and isinstance(cause, (httpx.TransportError, OSError))):
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__} {_brief(cause or '')}".strip()


# --- bodies ----------------------------------------------------------------------------------------------------------


async def _body(request: Request, response: httpx.Response, limit: int) -> bytes:
    """The inflated body of a 200. Raises WrongAnswer when it is empty, oversized or not to be inflated, _Passing when
    it is cut."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise WrongAnswer("content encoding", page=_name(request), expected="gzip or none", found=_quoted(encoding))
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and float(announced) > limit:
        raise _oversized(request, limit, f"{announced} bytes announced")
    body = _Body(request, limit, compressed=encoding != "identity")
    try:
        async for chunk in response.aiter_raw():
            body.add(chunk)
    except httpx.RemoteProtocolError as error:
        raise _Passing(f"a cut body: {_brief(error)}", cut=True) from error
    return body.whole()


class _Body:
    """Collects a body and inflates it as it comes, never more than ``limit`` bytes and one chunk at a time."""

    def __init__(self, request: Request, limit: int, *, compressed: bool) -> None:
        self._request = request
        self._limit = limit
        self._inflate = zlib.decompressobj(wbits=31) if compressed else None
        self._served = 0
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        self._served += len(chunk)
        if self._inflate is None:
            self._bytes += chunk
        while self._inflate is not None and chunk:
            if self._inflate.eof:  # gzip allows several members one after the other
                self._inflate = zlib.decompressobj(wbits=31)
            # One byte more than may come: enough to see that it is too much.
            room = self._limit - len(self._bytes) + 1
            try:
                self._bytes += self._inflate.decompress(chunk, room)
            except zlib.error as error:
                found = str(error)
                raise WrongAnswer("body", page=_name(self._request), expected="gzip", found=found) from error
            self._refuse_oversized()
            chunk = self._inflate.unused_data
        self._refuse_oversized()

    def whole(self) -> bytes:
        if self._served and self._inflate is not None and not self._inflate.eof:
            raise _Passing(f"a cut body: gzip ends early after {self._served} bytes", cut=True)
        if not self._bytes:
            raise WrongAnswer("body", page=_name(self._request), expected="a page", found="an empty body")
        return bytes(self._bytes)

    def _refuse_oversized(self) -> None:
        if max(self._served, len(self._bytes)) > self._limit:
            raise _oversized(self._request, self._limit, "more")


def _oversized(request: Request, limit: int, found: str) -> WrongAnswer:
    return WrongAnswer("oversized body", page=_name(request), expected=f"at most {limit} bytes", found=found)


# --- a mirror that is a directory ------------------------------------------------------------------------------------


def _read(request: Request, manners: Manners, directory: Path) -> Answer | FetchError:
    """A page from the files of a mirror. Nothing is retried: waiting changes no file."""
    try:
        url = _Addresses(manners.hosts, None).public(request, request.url)
        body = _file(request, directory / url.host, url.path.strip("/"), manners.max_bytes)
        if _BLOCKED.search(body[:_BLOCKED_WITHIN]):
            raise Unavailable("answer", page=_name(request), expected=_PAGE, found=f"a block page in {directory}")
    except FetchError as error:
        return error
    log.info("fetched %s: %d bytes from %s", _name(request), len(body), directory)
    return Answer(request, 200, str(url), body, None, None)


def _file(request: Request, folder: Path, path: str, limit: int) -> bytes:
    """The bytes of ``path`` or ``path.html`` in a host's folder. Raises WrongAnswer when neither is a file in it."""
    tried = [folder / path, folder / f"{path}.html"]
    try:
        # Resolved, so that neither dots nor links lead out of the folder.
        inside = [file for file in tried if file.resolve().is_relative_to(folder.resolve())]
        found = next((file for file in inside if file.is_file()), None)
        if found is None:
            expected = " or ".join(str(file) for file in tried)
            raise WrongAnswer("mirror", page=_name(request), expected=expected, found="no such file")
        with found.open("rb") as stream:
            body = _Body(request, limit, compressed=False)
            body.add(stream.read(limit + 1))
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        expected = "a file that can be read"
        raise WrongAnswer("mirror", page=_name(request), expected=expected, found=str(error)) from error
    return body.whole()

"""One page: its redirects, its retries, and what each answer means."""

import asyncio
import logging
import ssl
from collections.abc import Sequence

import httpx

from scraper.errors import FetchError, Unavailable, WrongAnswer
from scraper.ingest.fetch.addresses import Addresses
from scraper.ingest.fetch.body import is_block_page, read_body
from scraper.ingest.fetch.client import can_be_sent
from scraper.ingest.fetch.manners import Manners
from scraper.ingest.fetch.network import Network, is_out_of_reach
from scraper.ingest.fetch.quoting import brief, quoted
from scraper.ingest.fetch.request import WHOLE_PAGE, Answer, Request
from scraper.ingest.fetch.retry import Gate, Transient, clock, retry_after, retry_policy

log = logging.getLogger(__package__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_THROTTLED = frozenset({403, 429})


class PageFetcher:
    """Fetches pages with one client. All pages of a host share its gate, all pages the knowledge of the network."""

    def __init__(
        self, client: httpx.AsyncClient, manners: Manners, addresses: Addresses, requests: Sequence[Request]
    ) -> None:
        self._client = client
        self._manners = manners
        self._addresses = addresses
        self._gates = {host: Gate(manners) for host in manners.hosts}
        # All hosts are named, so that the message is the same for a run's pages and for its articles.
        named = " or ".join(sorted({addresses.asked_host(host) for host in manners.hosts}))
        self._network = Network(addresses.first_hosts(requests), named, manners.no_network)

    async def fetch(self, request: Request) -> tuple[Request, Answer | FetchError]:
        """One page, with all its redirects and retries."""
        try:
            first = self._addresses.public(request, request.url)
            gate = self._gates[first.host]
            async with gate.pages:
                self._network.check()
                await gate.wait_open()  # a page's budget is not spent on a quiet time that other pages brought about
                answer = await self._with_retries(request, first)
        except FetchError as error:
            return request, error
        size = "not modified" if answer.body is None else f"{len(answer.body)} bytes"
        log.info("fetched %s: %s from %s", request.name, size, answer.final_url)
        return request, answer

    async def _with_retries(self, request: Request, first: httpx.URL) -> Answer:
        policy = retry_policy(self._manners, self._network.sleep)
        deadline = clock() + self._manners.seconds
        try:
            return await policy(self._attempt, request, first, deadline)
        except Transient as failure:
            self._network.decide()
            self._network.check()
            kind = WrongAnswer if failure.is_cut else Unavailable
            attempt = policy.statistics.get("attempt_number")
            found = f"{failure.found} (attempt {attempt}, the last)"
            raise kind("answer", page=request.name, expected=WHOLE_PAGE, found=found) from failure

    async def _attempt(self, request: Request, first: httpx.URL, deadline: float) -> Answer:
        """One attempt: the page that the redirects lead to."""
        trail = [first]
        while isinstance(landing := await self._ask(request, trail[-1], deadline), httpx.URL):
            if landing in trail:
                found = f"back at {brief(landing)} after {len(trail)}"
                raise WrongAnswer("redirect", page=request.name, expected="no loop", found=found)
            if len(trail) > self._manners.max_redirects:
                expected = f"at most {self._manners.max_redirects} redirects"
                found = f"one more, to {brief(landing)}"
                raise WrongAnswer("redirect", page=request.name, expected=expected, found=found)
            trail.append(landing)
        return landing

    async def _ask(self, request: Request, url: httpx.URL, deadline: float) -> Answer | httpx.URL:
        """One request in its turn: the answer, or the public address to go on to."""
        gate = self._gates[url.host]
        try:
            async with asyncio.timeout_at(deadline), gate.requests:
                await gate.wait_turn()
                self._network.check()
                return await self._exchange(request, url)
        except TimeoutError as error:
            found = f"no turn, or no whole answer, at {url.host} within {self._manners.seconds:g} s"
            raise Transient(found) from error
        except Transient as failure:
            if failure.quiet:
                quiet = min(failure.quiet, max(0.0, deadline - clock()))
                gate.close_for(quiet)
                log.warning("%s for %s: leaving %s alone for %.1f s", failure.found, request.name, url.host, quiet)
            elif self._network.is_there or not is_out_of_reach(
                failure
            ):  # else NoNetwork is the one message for all pages
                log.info("%s for %s", failure.found, request.name)
            raise

    async def _exchange(self, request: Request, url: httpx.URL) -> Answer | httpx.URL:
        """One request and what its answer means. Raises Transient for whatever goes wrong on the way."""
        try:
            asked, headers = self._addresses.asked(url), _conditions(request, url)
            async with (
                asyncio.timeout(self._manners.total),
                self._client.stream("GET", asked, headers=headers) as response,
            ):
                self._network.reached()
                return await self._judge(request, url, response)
        except TimeoutError as error:
            raise Transient(f"no whole answer within {self._manners.total:g} s") from error
        except (httpx.TransportError, ssl.SSLError) as error:  # httpx lets a broken TLS record through as it is
            self._note_failure(asked.host, error)
            raise Transient(_in_words(error)) from error
        except httpx.InvalidURL as error:  # too long, with the mirror's prefix before it
            found = f"{error}: {quoted(str(url))}"
            raise WrongAnswer("address", page=request.name, expected="one that can be asked", found=found) from error

    def _note_failure(self, host: str, error: Exception) -> None:
        """Note whether a failed exchange had a network. Raises NoNetwork when it is now known that there is none."""
        if isinstance(error, httpx.ConnectError) and is_out_of_reach(error):
            self._network.failed(host)
            self._network.check()
        # A connection that is not made in time proves nothing: its name may still be looked up.
        elif not isinstance(error, httpx.ConnectTimeout):
            self._network.reached()

    async def _judge(self, request: Request, url: httpx.URL, response: httpx.Response) -> Answer | httpx.URL:
        """What an answer means by its status: a page, another address, Transient, or WrongAnswer."""
        status = response.status_code
        found = f"{status} {httpx.codes.get_reason_phrase(status)}".strip() + f" at {brief(url)}"
        conditional = bool(_conditions(request, url))
        if status == 200:
            body = await read_body(request, response, self._manners.max_bytes)
            if is_block_page(body):
                raise Transient(f"a block page at {brief(url)}", quiet=self._quiet(response))
            return _answer(request, url, response, body)
        if status == 304 and conditional:
            return _answer(request, url, response, None)
        location = response.extensions["location"]
        if status in _REDIRECTS and location is not None:
            return self._addresses.public(request, location, url)
        if status in _THROTTLED:
            raise Transient(found, quiet=self._quiet(response))
        if status >= 500:
            raise Transient(found, quiet=retry_after(response))
        expected = "200, or 304 for a page we have" if conditional else "200"
        raise WrongAnswer("answer", page=request.name, expected=expected, found=found)

    def _quiet(self, response: httpx.Response) -> float:
        """How long a host that throttles is left alone."""
        return max(self._manners.quiet, retry_after(response))


def _conditions(request: Request, url: httpx.URL) -> dict[str, str]:
    """The headers that ask for a page only if it differs from the copy we have. They are sent only to the address that
    the copy came from. A redirect may lead to another place since: the page there may be older than the copy, and would
    wrongly be called not modified."""
    if str(url) != (request.final_url or request.url):
        return {}
    known = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    # A validator may be any bytes, of any number; one that cannot be sent back as it came is as good as none.
    return {name: value for name, value in known.items() if value and can_be_sent(value)}


def _answer(request: Request, url: httpx.URL, response: httpx.Response, body: bytes | None) -> Answer:
    etag, modified = response.headers.get("ETag") or None, response.headers.get("Last-Modified") or None
    if body is None:  # a 304 need not repeat the validators that it confirms
        etag, modified = etag or request.etag, modified or request.last_modified
    return Answer(request, response.status_code, str(url), body, etag, modified)


def _in_words(error: Exception) -> str:
    """A transport's error by its name and the first words in its chain of causes. httpx gives no words of its own when
    a connection was reset."""
    cause: BaseException | None = error
    while cause is not None and not (str(cause) and isinstance(cause, (httpx.TransportError, OSError))):
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__} {brief(cause or '')}".strip()

"""Whether there is a network at all. Without one every page would use up all its retries: 70 s for five pages."""

import asyncio
import errno
import socket
from collections.abc import Iterable
from contextlib import suppress

from scraper.errors import NoNetwork
from scraper.ingest.fetch.retry import clock


class Network:
    """What the requests of a run have found out together.

    There is none when every host that is asked for was out of reach (``is_out_of_reach``) and no host was reached. The
    first failure after ``patience`` seconds decides it: a network may need a moment when a machine wakes up. Once a
    host was reached (``is_there``), the ordinary retry policy applies to all hosts."""

    def __init__(self, hosts: Iterable[str], named: str, patience: float) -> None:
        """``hosts``: those that are asked for, ``named``: what the error calls them."""
        self._untried = set(hosts)
        self._named = named
        self.is_there = False
        self._missing = asyncio.Event()
        self._decided_at = clock() + patience

    def check(self) -> None:
        """Raise NoNetwork when it is known that there is none; the message is the same for every page."""
        if self._missing.is_set():
            raise NoNetwork(
                "lack of network",
                page="this machine",
                expected=f"a connection to {self._named}",
                found="no name that can be resolved, or no network that leads there "
                "(check the connection and the proxy, or use --mirror)",
            )

    def reached(self) -> None:
        """A host answered, or failed in a way that only a network brings about."""
        self.is_there = True

    def failed(self, host: str) -> None:
        """A host was out of reach."""
        self._untried.discard(host)
        if clock() >= self._decided_at:
            self.decide()

    def decide(self) -> None:
        """Decide now: a page has no retry left."""
        if not self.is_there and not self._untried:
            self._missing.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep for so long, or until it is known that there is no network."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._missing.wait()


def is_out_of_reach(error: BaseException | None) -> bool:
    """Whether a connection failed because a name could not be resolved, or because no network leads to any of the
    addresses. httpx wraps the reason several times; where a name has several addresses, it is a group of reasons."""
    if error is None or isinstance(error, socket.gaierror):
        return error is not None
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_out_of_reach, error.exceptions))
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.ENETUNREACH
    return is_out_of_reach(error.__cause__ or error.__context__)

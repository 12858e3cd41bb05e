"""The one retry policy, and the gate that all requests to a host pass."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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

from scraper.ingest.fetch.manners import Manners


class Transient(Exception):
    """A failure that may pass, the only kind that is retried.

    ``quiet``: the seconds for which the host wants to be left alone. ``is_cut``: the body ended early; when that lasts,
    a person must look (exit 4, not 3)."""

    def __init__(self, found: str, *, quiet: float = 0.0, is_cut: bool = False) -> None:
        super().__init__(found)
        self.found = found
        self.quiet = quiet
        self.is_cut = is_cut


def retry_policy(manners: Manners, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """Growing waits with jitter, at least as long as the host wants, bounded by attempts and by seconds. A wait that
    would lead out of the budget is not begun. ``sleep`` does the waiting."""
    growing = wait_exponential(multiplier=manners.backoff, max=manners.longest_backoff)
    jittered = growing + wait_random(0, manners.backoff)

    def wait(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        return max(jittered(state), failure.quiet if isinstance(failure, Transient) else 0.0)

    return AsyncRetrying(
        retry=retry_if_exception_type(Transient),
        wait=wait,
        stop=stop_after_attempt(manners.attempts) | stop_before_delay(manners.seconds),
        sleep=sleep,
        reraise=True,
    )


def retry_after(response: httpx.Response) -> float:
    """The seconds that a Retry-After header asks for, as a number or as a date; 0 when there is none to be read."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


class Gate:
    """What all requests to one host share: how many at a time, how long between two, and until when the host is left
    alone.

    A page holds ``pages`` for its whole budget, so that waiting in line uses none of it up. ``requests`` also counts
    the pages of another host that redirect here."""

    def __init__(self, manners: Manners) -> None:
        self.pages = asyncio.Semaphore(manners.concurrency)
        self.requests = asyncio.Semaphore(manners.concurrency)
        self._delay = manners.delay
        self._line = asyncio.Lock()
        self._opens = 0.0

    async def wait_turn(self) -> None:
        """Wait for this request's turn, first come first served."""
        async with self._line:
            await self.wait_open()
            self._opens = clock() + self._delay

    async def wait_open(self) -> None:
        """Wait until the host may be asked."""
        # Looked at again after each sleep: another page may have been throttled meanwhile.
        while (wait := self._opens - clock()) > 0:
            await asyncio.sleep(wait)

    def close_for(self, seconds: float) -> None:
        """Let no request start for so long."""
        self._opens = max(self._opens, clock() + seconds)


def clock() -> float:
    """The event loop's time, in seconds."""
    return asyncio.get_running_loop().time()

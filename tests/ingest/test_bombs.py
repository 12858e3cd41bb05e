"""More than a machine should swallow: each is refused in little memory and time."""

import gzip
import re
from collections.abc import Callable

import pytest

from tests.fixtures.faults import (
    BLOCK_PAGE,
    CHUNKS,
    FLOOD,
    LIMIT,
    NAMES,
    WHOLE,
    Fault,
    fails_and_comes_back,
    raw,
)
from tests.fixtures.runs import (
    NEW,
    SECOND,
    Runs,
    WithoutPage,
    copied,
)
from tests.fixtures.web import Raw

# Each takes a second, in a process of its own. The limits themselves are in every run, in the tests of fetch.
pytestmark = [pytest.mark.usefixtures("no_waiting"), pytest.mark.slow]


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return NAMES


HURRY = """
import functools, scraper.ingest.fetch, scraper.ingest.job
scraper.ingest.job.Manners = functools.partial(
    scraper.ingest.fetch.Manners, quiet=0.001, backoff=0.0005, longest_backoff=0.002, attempts=2, seconds=8.0, total=4.0
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
def usual_peak(first_run: Runs, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Of a good run, in kB."""
    runs = copied(first_run, tmp_path_factory.mktemp("usual"))
    runs.serve(NEW)
    return peak_of(runs)[2]


def peak_of(runs: Runs) -> tuple[int, list[str], int]:
    """Exit code, problems and the most memory (kB) of a run in a process of its own."""
    process = runs.command(SECOND, HURRY + PEAK)
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
    runs: Runs, without_page: Callable[[str], WithoutPage], second_run: Runs, usual_peak: int, fault: Fault
) -> None:
    """Of the network no more is taken than the largest page may have, and what its buffers hold."""
    expected = without_page(fault.name)
    runs.serve(NEW)
    poured = runs.web.poured

    def scrape(now: str) -> tuple[int, list[str]]:
        code, printed, peak = peak_of(runs)
        assert peak < usual_peak + 100_000
        return code, printed

    fails_and_comes_back(runs, expected, second_run, fault, scrape)
    assert runs.web.poured - poured < LIMIT + fault.asked * 8_000_000

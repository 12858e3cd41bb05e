"""How fast and how complete a crawl of 150 articles is, behind a mirror that throttles as the support host does.

    python bench/articles_crawl.py

The mirror is 50 ms away. First it throttles: after 46 requests it answers 403 until it was left alone for 5 s
(sources.md E). The best possible time under that rule is printed beside the measured one (bar 1.3, nothing lost).
Then it answers everything: the bar is 1.3 times latency x requests / concurrency.
"""

import asyncio
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from pathlib import Path
from time import monotonic, perf_counter, sleep

from scraper.ingest.archive import Archive
from scraper.ingest.fetch import Manners, Request
from scraper.ingest.run import Plan, Unwatched, fetch_all

ARTICLES, LATENCY, CONCURRENCY = 150, 0.05, 2
QUOTA, QUIET = 46, 5.0
BODY = b"<!DOCTYPE html><html><title>KB%d</title><main><h1>KB%d</h1></main></html>"


class Mirror(ThreadingHTTPServer):
    """Serves one page under every address, ``quota`` requests at a time (0: without end)."""

    daemon_threads = True

    def __init__(self, quota: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.quota, self.asked, self.last = quota, 0, 0.0
        self.lock = threading.Lock()

    def allows(self) -> bool:
        """Count a request; a host that was left alone long enough has forgotten the ones before."""
        with self.lock:
            now = monotonic()
            if now - self.last >= QUIET:
                self.asked = 0
            self.last = now
            self.asked += 1
            return not self.quota or self.asked <= self.quota


class Handler(BaseHTTPRequestHandler):
    server: Mirror
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one write an answer: two would wait for each other's acknowledgement, 40 ms a request

    def do_GET(self) -> None:
        sleep(LATENCY)
        number = int(self.path.rpartition("/")[2])
        body = BODY % (number, number) if self.server.allows() else b"<title>Access Denied</title>"
        self.send_response(200 if body.startswith(b"<!D") else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def mirror(quota: int) -> Iterator[str]:
    server = Mirror(quota)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def crawl(url: str, folder: Path) -> tuple[float, int]:
    """Seconds for all articles, and how many of them came."""
    manners = Manners(delay=0, concurrency=CONCURRENCY, seconds=600, attempts=50)
    requests = [
        Request(f"KB{number}", f"https://support.microsoft.com/help/{number}")
        for number in range(5000000, 5000000 + ARTICLES)
    ]
    archive = Archive(folder / "archive.db")
    begin = perf_counter()
    plan = Plan("articles", requests, "2026-10-01T03:00:00Z", url, manners)
    visits = asyncio.run(fetch_all(archive, 1, plan, Unwatched()))
    seconds = perf_counter() - begin
    archive.close()
    return seconds, sum(visit.version is not None for visit in visits)


def main() -> None:
    failed = False
    for quota, words in ((QUOTA, "throttled"), (0, "unthrottled")):
        with mirror(quota) as url, tempfile.TemporaryDirectory() as folder:
            seconds, came = crawl(url, Path(folder))
        best = LATENCY * ARTICLES / CONCURRENCY + (QUIET * (ceil(ARTICLES / quota) - 1) if quota else 0)
        failed = failed or came < ARTICLES
        ratio = f"{seconds / best:.2f}x (bar 1.3)"
        print(f"{words}: {came} of {ARTICLES} came in {seconds:.1f} s, best possible {best:.1f} s: {ratio}")
    sys.exit(failed)


if __name__ == "__main__":
    main()

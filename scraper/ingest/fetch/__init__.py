"""From addresses to the bytes of pages: the only package that touches the network (design.md section 7).

Requests go in; each comes out with its answer or with a typed error. How the two public hosts behave: sources.md,
section E. Two ways lead to a page: the public host, or a mirror that has it at ``MIRROR/HOST/PATH`` (design.md section
2). Addresses are public ones everywhere here; only ``addresses`` and ``mirror`` know where the bytes really come from.

    request    what is asked for, and what comes back
    manners    the numbers of politeness and patience
    client     the HTTP client, and this machine's proxies and certificates
    addresses  which addresses may be asked, and where
    page       one page: its redirects, its retries, and what each status means
    retry      the one retry policy, and the gate of each host
    network    whether there is a network at all
    body       the bytes of an answer, inflated within bounds
    mirror     a mirror that is a directory
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import httpx

from scraper.errors import FetchError
from scraper.ingest.fetch.addresses import Addresses, mirror_prefix
from scraper.ingest.fetch.client import http_client
from scraper.ingest.fetch.manners import Manners
from scraper.ingest.fetch.mirror import read_page
from scraper.ingest.fetch.page import PageFetcher
from scraper.ingest.fetch.request import Answer, Request

__all__ = ["Answer", "Manners", "Request", "fetch"]


async def fetch(
    requests: Sequence[Request],
    manners: Manners,
    mirror: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[tuple[Request, Answer | FetchError], None]:
    """Each request with its answer or its error, as soon as it is there, in any order.

    ``mirror`` is the URL or the directory of a mirror, ``transport`` takes the network's place in tests. Raises
    InputError when the mirror is neither, MachineError when this machine's proxy or certificates cannot be used; a
    page's own failure is yielded, never raised. Without a network every request fails within seconds, all with the same
    NoNetwork. A caller that stops early closes the generator (``contextlib.aclosing``)."""
    prefix = mirror_prefix(mirror)
    if mirror is not None and prefix is None:
        for request in requests:
            yield request, read_page(request, manners, Path(mirror))
        return
    async with http_client(manners, transport) as client:
        fetcher = PageFetcher(client, manners, Addresses(manners.hosts, prefix), requests)
        tasks = [asyncio.create_task(fetcher.fetch(request)) for request in requests]
        try:
            for fetched in asyncio.as_completed(tasks):
                yield await fetched
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

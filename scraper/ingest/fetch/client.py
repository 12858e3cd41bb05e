"""The HTTP client: its headers and timeouts, and the proxies and certificates of this machine."""

import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies

import httpx

from scraper.errors import InputError, MachineError
from scraper.ingest.fetch.addresses import is_reachable
from scraper.ingest.fetch.manners import Manners
from scraper.ingest.fetch.quoting import brief, quoted

_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip",  # nothing else: only gzip is inflated here, with a limit
}
# Of a header that we send. Real validators have under 100 characters, and servers refuse a request whose headers are
# larger than about 8 kB: a validator that long would be sent back, and refused, at every later run.
_LONGEST_HEADER = 1000


def http_client(manners: Manners, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Raises InputError for a User-Agent that cannot be sent, MachineError when this machine's proxy or certificates
    cannot be used."""
    if not can_be_sent(manners.user_agent):
        expected = f"at most {_LONGEST_HEADER} printable ASCII characters"
        raise InputError("user agent", page="the command line", expected=expected, found=quoted(manners.user_agent))
    # No pool timeout: the gates decide who waits, and for how long.
    timeout = httpx.Timeout(connect=manners.connect, read=manners.read, write=manners.read, pool=None)
    try:
        _check_proxies()
        return httpx.AsyncClient(
            headers=_HEADERS | {"User-Agent": manners.user_agent},
            timeout=timeout,
            transport=transport,
            event_hooks={"response": [_move_location]},
            # No cookie is taken: what one page sets must not decide how the host answers the next.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            verify=certificates(),
        )
    except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:  # ImportError: of a SOCKS proxy
        expected = "a proxy and certificates that can be used"
        raise MachineError("network settings", page="this machine", expected=expected, found=brief(error)) from error


def can_be_sent(value: str) -> bool:
    """Whether a header may have this value."""
    return value.isascii() and value.isprintable() and value == value.strip() and 0 < len(value) <= _LONGEST_HEADER


@cache
def certificates() -> ssl.SSLContext:
    """What httpx trusts. Read once: that takes longer than a page on a good line."""
    return httpx.create_ssl_context()


def _check_proxies() -> None:
    """Raise ValueError for a proxy of the environment on which httpx would fail only when it asks it for a page."""
    proxies = getproxies()
    for proxy in filter(None, (proxies.get(scheme) for scheme in ("http", "https", "all"))):
        if not is_reachable(httpx.URL(proxy if "://" in proxy else f"http://{proxy}")):
            raise ValueError(f"the proxy {quoted(proxy)}")


async def _move_location(response: httpx.Response) -> None:
    # httpx reads Location even when it follows no redirect, and turns one that it cannot read into a transport error,
    # which would be retried. Moved out of its sight, a redirect is judged in one place only: Addresses.public.
    response.extensions["location"] = response.headers.pop("Location", None)

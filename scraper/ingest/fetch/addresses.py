"""Public addresses: which ones may be asked, where redirects lead, and where a mirror has each page."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import httpx

from scraper.errors import InputError, WrongAnswer
from scraper.ingest.fetch.quoting import brief, quoted
from scraper.ingest.fetch.request import Request

_LONGEST_PATH = 2000  # the longest one seen has 179 characters
_LAST_PORT = 65_535


def mirror_prefix(mirror: str | None) -> str | None:
    """A mirror's URL without its last slash; None for no mirror and for a directory. Raises InputError for a URL that
    is not http(s), or that no machine can have."""
    if mirror is None or "://" not in mirror:
        return None
    try:
        url = httpx.URL(mirror)
        if url.scheme in ("http", "https") and is_reachable(url) and not url.query and not url.fragment:
            return str(url).rstrip("/")
    except (httpx.InvalidURL, ValueError):
        pass  # refused below, like a URL of another kind
    expected = "an http(s) URL or a directory"
    raise InputError("mirror", page="the command line", expected=expected, found=brief(mirror))


def is_reachable(url: httpx.URL) -> bool:
    """Whether an address may be that of a machine. Raises ValueError for a name that IDNA does not allow. httpx accepts
    such names, and ports above 65535, and fails on them with errors of other libraries when it asks for a page."""
    return bool(url.host) and (url.port or 0) <= _LAST_PORT


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public hosts, and where the bytes of each page are asked for. ``mirror`` is the prefix of a mirror's URL."""

    hosts: tuple[str, ...]
    mirror: str | None

    def asked(self, public: httpx.URL) -> httpx.URL:
        """Where the page of a public address is asked for."""
        if self.mirror is None:
            return public
        return httpx.URL(f"{self.mirror}/{public.host}{public.raw_path.decode('ascii')}")

    def asked_host(self, public: str) -> str:
        """The host that is asked for the pages of a public host."""
        return public if self.mirror is None else httpx.URL(self.mirror).host

    def first_hosts(self, requests: Iterable[Request]) -> set[str]:
        """The hosts that are asked first for these pages. A request whose address is refused asks none."""
        hosts = set()
        for request in requests:
            with suppress(WrongAnswer):
                hosts.add(self.asked_host(self.public(request, request.url).host))
        return hosts

    def public(self, request: Request, location: str, base: httpx.URL | None = None) -> httpx.URL:
        """The public address that a request names, or a redirect from ``base``: https on a declared host, without
        fragment, of bounded length. Raises WrongAnswer for any other."""
        try:
            url = httpx.URL(location) if base is None else self._landing(location, base)
            is_ours = url.scheme == "https" and url.host in self.hosts and url.port is None and not url.userinfo
            if is_ours and len(url.raw_path) <= _LONGEST_PATH:
                # Put together anew, so that nothing but these parts can decide where the request goes.
                return httpx.URL(f"https://{url.host}{url.raw_path.decode('ascii')}")
        except (httpx.InvalidURL, ValueError):
            pass  # refused below, like an address on another host
        thing = "address" if base is None else "redirect"
        expected = f"https on {' or '.join(self.hosts)}"
        raise WrongAnswer(thing, page=request.name, expected=expected, found=quoted(location))

    def _landing(self, location: str, base: httpx.URL) -> httpx.URL:
        """Where a redirect leads. A mirror may redirect into itself: then the address gets its public form back."""
        if self.mirror is not None:
            inside = str(self.asked(base).join(location))
            for host in self.hosts:
                if inside.startswith(f"{self.mirror}/{host}/"):
                    return httpx.URL(f"https://{inside.removeprefix(f'{self.mirror}/')}")
        return base.join(location)

"""What is asked for, and what comes back."""

from dataclasses import dataclass

WHOLE_PAGE = "200 with a whole page"  # what errors expect


@dataclass(frozen=True, slots=True)
class Request:
    """A page to ask for. ``source`` is the name of its source, or the KB of an article. ``etag`` and ``last_modified``
    are the validators of the copy we have (None: ask for the page unconditionally), ``final_url`` is the address that
    the copy came from."""

    source: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    final_url: str | None = None

    @property
    def name(self) -> str:
        """What errors and logs call the page."""
        return self.source or self.url


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` is the inflated bytes, None when the host said 304 not modified. ``final_url`` is the
    public address after redirects."""

    request: Request
    status: int
    final_url: str
    body: bytes | None
    etag: str | None
    last_modified: str | None

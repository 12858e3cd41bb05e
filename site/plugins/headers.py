"""What goes with every answer: the headers that keep a browser safe, those that let it keep a page, and robots.txt.

scraper/publish/serve/validators.py says when an answer can change. A reader who has the page already gets a 304 for the
price of one digest.
"""

import logging
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from datasette import Response, hookimpl
from datasette.app import Datasette
from jinja2 import Environment

from scraper.publish.serve.validators import Validators, validators_of

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# The inline scripts of Datasette 0.65.5, by their SHA-256. A script that somebody managed to put into a page has
# another digest, and no browser runs it. tests/publish/test_serve_headers.py compares them with the pages.
SCRIPTS = (
    "DMtesc2dB3xCZhCWIkDIjRY30AJia2dU9R83J/BG2Y4=",  # _close_open_menus.html
    "fyi5q99UcdjzV8X7vfr/UYD4dsV4ViDDhotcy8GQ6PM=",  # _codemirror_foot.html
    "uEjwHx6B6TylDkwnKXY5NeNNPyI38FvghD4BDhzZMRc=",  # table.html: DATASETTE_ALLOW_FACET = true;
    "yVPefuQ6YSumwweHWL1Fw4YNWqWFG1ru4KxqhINGLlU=",  # table.html: DATASETTE_ALLOW_FACET = false;
)
POLICY = "; ".join(
    (
        "default-src 'none'",  # what is not named below is not loaded: no frames, fonts, media, plugins
        # Datasette's table pages have a <style> of the table's column names and a style attribute for its colour.
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' " + " ".join(f"'sha256-{digest}'" for digest in SCRIPTS),
        "img-src 'self' data:",  # Datasette's CSS has its small pictures in it
        "connect-src 'self'",
        "form-action 'self'",  # a form that was smuggled in sends nothing elsewhere
        "base-uri 'none'",  # a <base> that was smuggled in cannot turn our addresses into foreign ones
        "frame-ancestors 'none'",  # no page of others may show ours in a frame
    )
)
SAFE: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),  # CSV with a scraped <script> in it stays text
    (b"referrer-policy", b"no-referrer"),  # Microsoft does not learn which page a click came from
    (b"cross-origin-opener-policy", b"same-origin"),  # a page that opened ours cannot control the window
]
# The data are public and no answer depends on who asks. So any page may read them from a browser.
SHARED: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link"),
]
METHODS = b"GET, HEAD, OPTIONS"
PREFLIGHT: Headers = [
    (b"allow", METHODS),
    (b"access-control-allow-methods", METHODS),
    (b"access-control-allow-headers", b"If-None-Match"),
    (b"access-control-max-age", b"86400"),
]
# Headers of Datasette that this module replaces. Its Vary is about cookies and tokens, which never reach it.
OURS = {b"cache-control", b"etag", b"vary"} | {name for name, _ in SAFE + SHARED} | {b"access-control-allow-headers"}

STATIC = ("/static/", "/-/static/", "/-/static-plugins/")
AN_HOUR = b"public, max-age=3600"
FOR_EVER = b"public, max-age=31536000, immutable"

# Robots may read pages. They may not read the same rows in every order and the answers to queries: there is no end.
ROBOTS = """\
User-agent: *
Allow: /-/static/
Disallow: /-/
Disallow: /catalog?
Disallow: /*?*sql=
Disallow: /*?*_search
Disallow: /*?*_sort
Disallow: /*?*_facet
Disallow: /*?*_where
Disallow: /*?*__
Disallow: /*?q=
"""


def now() -> datetime:
    return datetime.now(UTC)


_validators: weakref.WeakKeyDictionary[Datasette, Validators] = weakref.WeakKeyDictionary()


async def validators(datasette: Datasette) -> Validators:
    """The validators of a Datasette, read once."""
    if datasette not in _validators:
        _validators[datasette] = await validators_of(datasette)
    return _validators[datasette]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. ``about_server``: an address below ``/-/`` about this machine."""

    method: str
    path: str
    query: str
    address: str
    if_none_match: str

    @property
    def about_server(self) -> bool:
        return self.path.startswith("/-/") and not self.path.startswith(STATIC)

    @property
    def common(self) -> Headers:
        """The headers of every answer to it."""
        return SAFE if self.about_server else SAFE + SHARED


def asked(scope: Message) -> Asked:
    """The request of an ASGI scope."""
    path = str((scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace").partition("?")[0])
    query = scope["query_string"].decode("ascii", "replace")
    given = {name: value.decode("latin-1") for name, value in scope["headers"]}
    address = f"{scope['scheme']}://{given.get(b'host', '')}{path}?{query}"  # with the host: pages show their address
    return Asked(scope["method"], path, query, address, given.get(b"if-none-match", ""))


class Guard:
    """ASGI: answers what needs no Datasette, and sends the rest with our headers."""

    def __init__(self, app: App, datasette: Datasette) -> None:
        self._app = app
        self._datasette = datasette
        # A site where visitors may not write SQL is a public one (scraper/publish/serve/settings.py).
        self._public = not datasette.setting("default_allow_sql")
        self._brief = f"public, max-age={datasette.setting('default_cache_ttl')}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = asked(scope)
        if await self._is_refused(request, send):
            return
        known = await validators(self._datasette)
        answer = Answer(request, send, known, kept=self._kept(known, request), brief=self._brief)
        if answer.is_unchanged():
            return await _send(send, 304, answer.valid)
        # Nobody logs in here. Without these two headers no answer depends on who asks, and a cache may keep them all.
        inner = [pair for pair in scope["headers"] if pair[0] not in (b"cookie", b"authorization")]
        try:
            await self._app({**scope, "method": "GET", "headers": inner}, receive, answer.send)
        except Exception:
            if answer.is_begun:
                raise  # the reader sees that the answer is cut off
            log.exception("%s", request.path)
            await _send(send, 500, request.common, "this site made an error; its log says which\n", request.method)

    async def _is_refused(self, request: Asked, send: Send) -> bool:
        """Whether the request was answered here, since its method or its address is not for readers."""
        if request.method == "OPTIONS":
            await _send(send, 204, [] if request.about_server else request.common + PREFLIGHT)
        elif request.method not in ("GET", "HEAD"):
            await _send(send, 405, [*request.common, (b"allow", METHODS)], "this site is only read\n")
        elif request.about_server and self._public:
            await _send(send, 404, request.common, "no such page\n", request.method)
        else:
            return False
        return True

    def _kept(self, known: Validators, request: Asked) -> bytes:
        """How long a good answer may be kept."""
        if request.path.startswith(STATIC) and known.is_version(request.path, request.query):
            return FOR_EVER
        if request.path.startswith(STATIC[1:]):  # Datasette's own; what can change in it has its version in its name
            return AN_HOUR
        return self._brief


class Answer:
    """The messages of one answer, sent on with our headers.

    ``kept``: how long a good answer may be kept. ``brief``: how long one that says that nothing is there. ``valid``:
    the headers of a good answer.
    """

    def __init__(self, request: Asked, send: Send, known: Validators, *, kept: bytes, brief: bytes) -> None:
        self.is_begun = False
        self._request = request
        self._send = send
        self._known = known
        self._brief = brief
        self._etag = "" if request.about_server or _is_sql(request.query) else known.etag(request.address, now())
        self._is_had = bool(self._etag) and _matches(self._etag, request.if_none_match)
        self.valid = [*self._with(kept), (b"etag", self._etag.encode())]
        self._start: Message = {}
        self._is_over = False

    def is_unchanged(self) -> bool:
        """Whether the reader has the answer already, and the address is known to answer with 200."""
        return self._is_had and self._known.is_good(self._etag)

    async def send(self, message: Message) -> None:
        """Pass a message of the application on (ASGI)."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self._start = message  # its headers depend on the first part of the body
            return
        if self._start:
            start, self._start = self._start, {}
            headers = self._headers(start, message)
            self.is_begun = True
            if self._is_over:
                return await _send(self._send, 304, self.valid)
            await self._send({**start, "headers": headers})
        await self._send({**message, "body": b""} if self._request.method == "HEAD" else message)

    def _headers(self, start: Message, message: Message) -> Headers:
        """The headers of an answer. If the reader has it already, the answer is over."""
        status, theirs = start["status"], [(name.lower(), value) for name, value in start["headers"]]
        headers = [pair for pair in theirs if pair[0] not in OURS]
        names = {name for name, _ in headers}
        if b"set-cookie" in names or self._request.about_server or status not in (200, 301, 302, 404):
            headers += self._with(b"no-store")
        elif status == 200 and self._etag:
            self._known.note(self._etag)
            self._is_over = self._is_had
            headers += self.valid
        else:  # what is not there today may be there tomorrow
            headers += self._with(self._brief)
        if not message.get("more_body") and b"content-length" not in names:
            headers.append((b"content-length", str(len(message.get("body", b""))).encode()))
        return headers

    def _with(self, kept: bytes) -> Headers:
        return [*self._request.common, (b"cache-control", kept)]


def _is_sql(query: str) -> bool:
    """Whether a visitor wrote SQL, which may ask for the hour or for a random number."""
    return any(name in ("sql", "_where") for name, _ in parse_qsl(query, keep_blank_values=True))


def _matches(etag: str, asked: str) -> bool:
    return asked.strip() == "*" or etag in (one.strip() for one in asked.split(","))


async def _send(send: Send, status: int, headers: Headers, text: str = "", method: str = "GET") -> None:
    """Answer in plain text."""
    body = text.encode()
    if status not in (204, 304):
        headers = [
            *headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[Validators]]:
    async def inner() -> Validators:
        return await validators(datasette)

    return inner


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    """``versioned("site.css")`` in every template."""

    def versioned(name: str) -> str:
        known = _validators.get(datasette)
        return str(datasette.urls.path(known.versioned(name) if known else f"/static/{name}"))

    env.globals["versioned"] = versioned


@hookimpl(trylast=True)  # the last one to wrap is the outermost: nothing is answered without it
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    return lambda app: Guard(app, datasette)


@hookimpl
def register_routes() -> list[tuple[str, Callable[[], Response]]]:
    return [(r"^/robots\.txt$", lambda: Response.text(ROBOTS))]

"""What goes with every answer: the headers that keep a browser safe, those that let it keep a page, and robots.txt.

A catalog file never changes while it is served (scraper/publish/serve.py makes a new Datasette for a new one), so what
an address answers can only change with the file, with this site, or with the day; and that can be said without asking
the database or a template. A reader who has the page already gets a 304 for the price of one digest.
"""

import hashlib
import json
import logging
import weakref
from bisect import bisect
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import datasette as datasette_package
from datasette import Response, hookimpl
from datasette.app import Datasette
from jinja2 import Environment

from scraper import __version__

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

SITE = Path(__file__).parent.parent
MAX_AGE = timedelta(hours=36)  # as `winkb check`: what is older is called old on a page

# The inline scripts of Datasette 0.65.5, by their SHA-256. A script that anybody managed to put into a page is another
# one, and no browser runs it. tests/publish/test_serving.py compares them with the pages.
SCRIPTS = (
    "DMtesc2dB3xCZhCWIkDIjRY30AJia2dU9R83J/BG2Y4=",  # _close_open_menus.html
    "fyi5q99UcdjzV8X7vfr/UYD4dsV4ViDDhotcy8GQ6PM=",  # _codemirror_foot.html
    "uEjwHx6B6TylDkwnKXY5NeNNPyI38FvghD4BDhzZMRc=",  # table.html: DATASETTE_ALLOW_FACET = true;
    "yVPefuQ6YSumwweHWL1Fw4YNWqWFG1ru4KxqhINGLlU=",  # table.html: DATASETTE_ALLOW_FACET = false;
)
POLICY = "; ".join(
    (
        "default-src 'none'",  # what is not named below is not loaded: no frames, fonts, media, plugins
        # Datasette's table pages carry a <style> of the table's column names and a style attribute for its colour.
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' " + " ".join(f"'sha256-{digest}'" for digest in SCRIPTS),
        "img-src 'self' data:",  # Datasette's CSS has its small pictures in it
        "connect-src 'self'",
        "form-action 'self'",  # a form that was smuggled in sends nothing elsewhere
        "base-uri 'none'",  # nor can a <base> make our own addresses foreign ones
        "frame-ancestors 'none'",  # nobody else's page may lie over ours
    )
)
SAFE: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),  # CSV with a scraped <script> in it stays text
    (b"referrer-policy", b"no-referrer"),  # Microsoft does not learn which page a click came from
    (b"cross-origin-opener-policy", b"same-origin"),  # a page that opened ours cannot steer the window
]
# The data are public and no answer depends on who asks, so that any page may read them, from a browser too.
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
# What Datasette says and this module says better. Its Vary is about cookies and tokens, which never reach it.
OURS = {b"cache-control", b"etag", b"vary"} | {name for name, _ in SAFE + SHARED} | {b"access-control-allow-headers"}

STATIC = ("/static/", "/-/static/", "/-/static-plugins/")
AN_HOUR = b"public, max-age=3600"
FOR_EVER = b"public, max-age=31536000, immutable"
KEPT = 10_000  # addresses that are known to answer 200, about 100 bytes each

# Pages are for everybody; the same rows in every order and the answers to questions would be crawled without end.
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


class Edition:
    """What decides the answers of one Datasette, and which addresses it answered well."""

    def __init__(self, digest: str, old_from: list[datetime], versions: dict[str, tuple[str, str]]) -> None:
        self._digest = digest
        self._old_from = old_from
        self._versions = versions
        self._good: dict[str, None] = {}

    def etag(self, address: str, at: datetime) -> str:
        """Weak, since a server in front may compress. It changes with the file, the site, the day, and whenever another
        page of Microsoft's was not read for too long."""
        parts = (self._digest, at.date().isoformat(), str(bisect(self._old_from, at)), address)
        return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"'

    def is_version(self, path: str, query: str) -> bool:
        """Whether the query (``v=DIGEST``, or the digest alone) names this very content of a static file. Only then may
        it be kept for ever: beside an older process, or asked by a joker, another content would be."""
        asked = query.rpartition("=")[2]
        return len(asked) >= 6 and any(digest.startswith(asked) for digest in self._versions.get(path, ()))

    def versioned(self, name: str) -> str:
        """The address of a file in site/static that may be kept for ever."""
        digests = self._versions.get(f"/static/{name}")
        return f"/static/{name}?v={digests[0][:12]}" if digests else f"/static/{name}"

    def note(self, etag: str) -> None:
        self._good[etag] = None
        if len(self._good) > KEPT:
            del self._good[next(iter(self._good))]

    def is_good(self, etag: str) -> bool:
        return etag in self._good


_editions: weakref.WeakKeyDictionary[Datasette, Edition] = weakref.WeakKeyDictionary()


async def edition_of(datasette: Datasette) -> Edition:
    if datasette not in _editions:
        _editions[datasette] = await _read(datasette)
    return _editions[datasette]


async def _read(datasette: Datasette) -> Edition:
    whole = hashlib.sha256()
    old_from: list[datetime] = []
    for database in datasette.databases.values():
        if database.path is None:
            continue
        with Path(database.path).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
        if await database.table_exists("pages"):
            read = await database.execute("select fetched_at from pages where fetched_at is not null")
            old_from += [datetime.fromisoformat(at) + MAX_AGE for (at,) in read.rows]
    site = {path: path.read_bytes() for path in sorted(SITE.rglob("*")) if path.is_file() and path.suffix != ".pyc"}
    for path, content in site.items():
        whole.update(str(path.relative_to(SITE)).encode() + hashlib.sha256(content).digest())
    about = [datasette.metadata(), datasette.settings_dict(), datasette_package.__version__, __version__]
    whole.update(json.dumps(about, sort_keys=True, default=str).encode())

    static = {
        f"/static/{path.relative_to(SITE / 'static')}": content
        for path, content in site.items()
        if "static" in path.relative_to(SITE).parts[:1]
    }
    css = Path(datasette_package.__file__).parent / "static" / "app.css"
    static["/-/static/app.css"] = css.read_bytes()  # Datasette names it by its SHA-1
    versions = {
        path: (hashlib.sha256(content).hexdigest(), hashlib.sha1(content).hexdigest())
        for path, content in static.items()
    }
    return Edition(whole.hexdigest(), sorted(old_from), versions)


class Guard:
    """ASGI: answers what needs no Datasette, and sends the rest with our headers."""

    def __init__(self, app: App, datasette: Datasette) -> None:
        self._app = app
        self._datasette = datasette
        # A site where visitors may not write SQL is a public one (scraper/publish/serve.py).
        self._public = not datasette.setting("default_allow_sql")
        self._brief = f"public, max-age={datasette.setting('default_cache_ttl')}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = str((scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace").partition("?")[0])
        about_server = path.startswith("/-/") and not path.startswith(STATIC)
        common = SAFE if about_server else SAFE + SHARED
        if scope["method"] == "OPTIONS":
            return await _send(send, 204, [] if about_server else common + PREFLIGHT)
        if scope["method"] not in ("GET", "HEAD"):
            return await _send(send, 405, [*common, (b"allow", METHODS)], "this site is only read\n")
        head = scope["method"] == "HEAD"
        if about_server and self._public:
            return await _send(send, 404, common, "no such page\n", head)

        edition = await edition_of(self._datasette)
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("ascii", "replace")
        # Nobody logs in here: without these two, no answer depends on who asks, and a cache may have them all.
        inner = [pair for pair in scope["headers"] if pair[0] not in (b"cookie", b"authorization")]
        scope = {**scope, "method": "GET", "headers": inner}

        etag = ""
        if not about_server and not _is_sql(query):
            address = f"{scope['scheme']}://{given.get(b'host', '')}{path}?{query}"  # pages tell their own address
            etag = edition.etag(address, now())
        matches = etag and _matches(etag, given.get(b"if-none-match", ""))
        kept = self._brief
        if path.startswith(STATIC) and edition.is_version(path, query):
            kept = FOR_EVER
        elif path.startswith(STATIC[1:]):  # Datasette's own; what can change in there has its version in its name
            kept = AN_HOUR
        valid = [*common, (b"cache-control", kept), (b"etag", etag.encode())]
        if matches and edition.is_good(etag):
            return await _send(send, 304, valid)

        start: Message = {}
        is_over = is_begun = False

        async def answer(message: Message) -> None:
            nonlocal start, is_over, is_begun
            if is_over:
                return
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                status, theirs = start["status"], [(n.lower(), v) for n, v in start["headers"]]
                headers = [pair for pair in theirs if pair[0] not in OURS]
                names = {name for name, _ in headers}
                if status == 200 and etag and b"set-cookie" not in names:
                    edition.note(etag)
                    if matches:
                        is_over = is_begun = True
                        return await _send(send, 304, valid)
                    headers += valid
                else:
                    # What is not there today may be there tomorrow; an error is not kept at all.
                    brief = status in (200, 301, 302, 404) and not about_server and b"set-cookie" not in names
                    headers += [*common, (b"cache-control", self._brief if brief else b"no-store")]
                if not message.get("more_body") and b"content-length" not in names:
                    headers.append((b"content-length", str(len(message.get("body", b""))).encode()))
                is_begun = True
                await send({**start, "headers": headers})
                start = {}
            await send({**message, "body": b""} if head else message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            if is_begun:
                raise  # the reader sees that the answer is cut off
            log.exception("%s", path)
            await _send(send, 500, common, "this site made an error; its log says which\n", head)


def _is_sql(query: str) -> bool:
    """Whether a visitor wrote SQL, which may ask for the hour or for a random number."""
    return any(name in ("sql", "_where") for name, _ in parse_qsl(query, keep_blank_values=True))


def _matches(etag: str, asked: str) -> bool:
    return asked.strip() == "*" or etag in (one.strip() for one in asked.split(","))


async def _send(send: Send, status: int, headers: Headers, text: str = "", head: bool = False) -> None:
    body = text.encode()
    if status not in (204, 304):
        headers = [
            *headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[Edition]]:
    async def inner() -> Edition:
        return await edition_of(datasette)

    return inner


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    """``versioned("site.css")`` in every template."""

    def versioned(name: str) -> str:
        edition = _editions.get(datasette)
        return str(datasette.urls.path(edition.versioned(name) if edition else f"/static/{name}"))

    env.globals["versioned"] = versioned


@hookimpl(trylast=True)  # the last one to wrap is the outermost: nothing is answered without it
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    return lambda app: Guard(app, datasette)


@hookimpl
def register_routes() -> list[tuple[str, Callable[[], Response]]]:
    return [(r"^/robots\.txt$", lambda: Response.text(ROBOTS))]

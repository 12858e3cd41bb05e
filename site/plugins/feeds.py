"""The addresses of the feeds and of the calendar that scraper.publish.feeds writes."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import quote, unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from scraper import answers
from scraper.errors import InputError
from scraper.publish import feeds

Handler = Callable[[Datasette, Request], Awaitable[Response]]


@hookimpl
def register_routes() -> list[tuple[str, Handler]]:
    return [(rf"^(?:/release/(?P<release>[^/]+))?/(?P<name>{name.replace('.', '[.]')})$", feed) for name in feeds.NAMES]


async def feed(datasette: Datasette, request: Request) -> Response:
    """The feed of an address. A release in another spelling is redirected to its one address, as its page is. An
    unknown release answers 404, and the answer names the known ones."""
    name, release = request.url_vars["name"], request.url_vars["release"]
    release = release and unquote(release)
    site = datasette.absolute_url(request, datasette.urls.path("/")).rstrip("/")

    def document(catalog: sqlite3.Connection) -> bytes:
        return feeds.document(catalog, name, site, release)

    def release_id(catalog: sqlite3.Connection) -> str:
        return answers.release(catalog, release, "2025-01-01")[0]["release"]  # the name is the same on any day

    database = datasette.get_database("catalog")
    try:
        body = await database.execute_fn(document)
    except InputError as problem:
        with suppress(InputError):
            if release and (known := await database.execute_fn(release_id)) != release:
                return Response.redirect(datasette.urls.path(f"/release/{quote(known, safe='')}/{name}"), status=301)
        return Response.text(f"{problem}\n", status=404)
    kind = "text/calendar" if name.endswith(".ics") else "application/atom+xml"
    return Response(body, content_type=f"{kind}; charset=utf-8")

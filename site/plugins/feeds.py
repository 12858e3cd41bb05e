"""The addresses of the feeds and calendars that scraper.feeds writes."""

import sqlite3
from collections.abc import Awaitable, Callable

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from scraper import feeds
from scraper.errors import InputError

Handler = Callable[[Datasette, Request], Awaitable[Response]]


@hookimpl
def register_routes() -> list[tuple[str, Handler]]:
    return [(rf"^(?:/release/(?P<release>[^/]+))?/(?P<name>{name.replace('.', '[.]')})$", feed) for name in feeds.NAMES]


async def feed(datasette: Datasette, request: Request) -> Response:
    """A release that is not known is 404, and the answer names the known ones."""
    name, release = request.url_vars["name"], request.url_vars["release"]
    site = datasette.absolute_url(request, datasette.urls.path("/")).rstrip("/")

    def written(catalog: sqlite3.Connection) -> bytes:
        return feeds.document(catalog, name, site, release)

    try:
        body = await datasette.get_database("catalog").execute_fn(written)
    except InputError as problem:
        return Response.text(f"{problem}\n", status=404)
    kind = "text/calendar" if name.endswith(".ics") else "application/atom+xml"
    return Response(body, content_type=f"{kind}; charset=utf-8")

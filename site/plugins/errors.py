"""Errors: a page like every other page, or JSON where rows were asked for.

Datasette draws its error pages without the variables that every other page gets. Where a visitor mistyped a parameter,
it answers 500 and logs a traceback. Here that is 400. An error 500 is always our fault, and is logged.
"""

import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from traceback import walk_tb
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

log = logging.getLogger(__name__)

Answer = Callable[[], Awaitable[Response]]

SITE = str(Path(__file__).parent.parent)
OURS = "this site made an error; its log says which"
TOO_LONG = "this took longer than a statement may; ask for less"
NO_CSV = "there is no CSV at this address, but of each table and query, as at /catalog/kbs.csv"
FORBIDDEN = {
    "execute-sql": "SQL of visitors is not allowed on this site",
    "view-database-download": "the catalog cannot be downloaded here",
}
# What Datasette raises where a parameter cannot be read. Not OperationalError: that may be the disk.
_MISREAD = (
    *(ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)


@hookimpl(hookwrapper=True)  # Datasette calls all implementations, and its own one would print a traceback
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Generator[None, Any, None]:
    outcome = yield

    async def inner() -> Response:
        return await answer(datasette, request, *what_is_wrong(request, exception))

    outcome.force_result([inner])


@hookimpl
def forbidden(datasette: Datasette, request: Request, message: str) -> Answer:
    async def inner() -> Response:
        return await answer(datasette, request, 403, FORBIDDEN.get(message, message), "Forbidden")

    return inner


def what_is_wrong(request: Request, exception: Exception) -> tuple[int, str, str | None]:
    """The status, the message, and a title if there is one. What is our fault is logged."""
    if isinstance(exception, Base400):
        return exception.status, str(exception), None
    # The message that Datasette has for this is HTML, in JSON too, and where CSV is asked for an error 500.
    if isinstance(exception, QueryInterrupted) or isinstance(exception.__context__, QueryInterrupted):
        return 400, TOO_LONG, "SQL Interrupted"
    if isinstance(exception, DatasetteError):
        return refused(request, exception)
    if isinstance(exception, _MISREAD) and is_visitors(request, exception):
        return 400, misread(request, exception), None
    log.error("%s", request.path, exc_info=exception)
    return 500, OURS, None


def refused(request: Request, exception: DatasetteError) -> tuple[int, str, str | None]:
    """What is wrong where Datasette itself refuses. It answers 500 to some parameters that it cannot read."""
    message = Markup(exception.message) if exception.message_is_html else str(exception.message)
    status = 400 if exception.status == 500 and is_visitors(request, exception) else exception.status
    if status >= 500:
        log.error("%s: %s", request.path, exception.message, exc_info=exception)
    return status, message, exception.title


def misread(request: Request, exception: Exception) -> str:
    """The message about an address that Datasette cannot read."""
    if not request.query_string:
        return NO_CSV
    names = ", ".join(name for name in request.args if name.startswith("_") or "__" in name)
    return f"a parameter cannot be understood ({names or 'all of them'}): {exception}"


def is_visitors(request: Request, exception: Exception) -> bool:
    """Whether the visitor caused it: something that could be misspelt was asked for, and our code took no part."""
    return is_asked(request) and not is_ours(exception)


def is_asked(request: Request) -> bool:
    """Whether an address below /catalog has anything that could be misspelt."""
    below = re.match(r"/catalog(?![^/.])", request.path)
    return bool(below) and bool(request.query_string or request.path == "/catalog.csv")


def is_ours(exception: Exception) -> bool:
    """Whether it was raised in or below a plugin or a template of ours."""
    return any(frame.f_code.co_filename.startswith(SITE) for frame, _ in walk_tb(exception.__traceback__))


async def answer(datasette: Datasette, request: Request, status: int, error: str, title: str | None) -> Response:
    context = {"ok": False, "error": error, "status": status, "title": title}
    if request.path.endswith((".json", ".csv")):
        return Response.json(context, status=status)
    page = await datasette.render_template([f"{status}.html", "error.html"], context, request=request)
    return Response.html(page, status=status)

"""What is answered where nothing can be: a page like every other one, or JSON where rows were asked for.

Datasette draws its error pages without the variables that every other page gets, and answers 500, with a traceback in
the log, where a visitor mistyped a parameter. Here that is 400; 500 is left for what is our fault, and is logged.
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
# What Datasette lets escape where a parameter cannot be read. Not OperationalError: that may be the disk.
_MISREAD = (
    *(ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)


@hookimpl(hookwrapper=True)  # Datasette asks every implementation, and its own one would print a traceback all the same
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
    """The status, what is said of it, and a title if it has one."""
    if isinstance(exception, Base400):
        return exception.status, str(exception), None
    # Datasette's own words are HTML, in JSON too, and where CSV is asked for an error 500.
    if isinstance(exception, QueryInterrupted) or isinstance(exception.__context__, QueryInterrupted):
        return 400, TOO_LONG, "SQL Interrupted"
    if isinstance(exception, DatasetteError):
        said = Markup(exception.message) if exception.message_is_html else str(exception.message)
        is_misread = exception.status == 500 and is_asked(request) and not is_ours(exception)
        status = 400 if is_misread else exception.status
        if status >= 500:
            log.error("%s: %s", request.path, exception.message, exc_info=exception)
        return status, said, exception.title
    if isinstance(exception, _MISREAD) and is_asked(request) and not is_ours(exception):
        names = ", ".join(name for name in request.args if name.startswith("_") or "__" in name)
        if not request.query_string:
            return 400, NO_CSV, None
        return 400, f"a parameter cannot be understood ({names or 'all of them'}): {exception}", None
    log.error("%s", request.path, exc_info=exception)
    return 500, OURS, None


def is_asked(request: Request) -> bool:
    """Whether an address below /catalog asks for anything that could be misspelt."""
    below = re.match(r"/catalog(?![^/.])", request.path)
    return bool(below) and bool(request.query_string or request.path == "/catalog.csv")


def is_ours(exception: Exception) -> bool:
    """Whether it came through a plugin or a template of ours."""
    return any(frame.f_code.co_filename.startswith(SITE) for frame, _ in walk_tb(exception.__traceback__))


async def answer(datasette: Datasette, request: Request, status: int, error: str, title: str | None) -> Response:
    said = {"ok": False, "error": error, "status": status, "title": title}
    if request.path.endswith((".json", ".csv")):
        return Response.json(said, status=status)
    page = await datasette.render_template([f"{status}.html", "error.html"], said, request=request)
    return Response.html(page, status=status)

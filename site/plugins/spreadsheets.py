"""CSV of Datasette's own, as safe to open as ours: whoever clicks "CSV" on a table opens it in a spreadsheet.

Datasette writes the text of a cell as it is, so that a title of a page that began with ``=`` would be run as a formula
when the file is opened. Here it gets an apostrophe before it, just as in the files of ``winkb export`` and the site's
own CSV (scraper/formats.py); a number stays a number. Whoever wants every text exactly takes JSON.
"""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette

from scraper.formats import harmless

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?", re.I)
_LONGEST = 1_000_000  # the longest text that a query gives has 250,000 (limits.py)


def rewritten(body: bytes) -> bytes:
    """The same rows, with every cell made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    before = csv.field_size_limit(_LONGEST)  # of the whole process
    try:
        for row in csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True):
            writer.writerow([cell if _NUMBER.fullmatch(cell) else harmless(cell) for cell in row])
    finally:
        csv.field_size_limit(before)
    return out.getvalue().encode("utf-8")


@hookimpl(tryfirst=True)  # inside of headers.py, which counts the bytes
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    return lambda app: _Rewriter(app)


class _Rewriter:
    """ASGI: holds back an answer of CSV below /catalog until it is whole, at most the rows of one page."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path.startswith("/catalog") and path.endswith(".csv")):
            return await self._app(scope, receive, send)
        start: Message = {}
        pieces: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            pieces.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body, headers = b"".join(pieces), start["headers"]
            if start["status"] == 200 and any(
                n.lower() == b"content-type" and v.startswith(b"text/") for n, v in headers
            ):
                body = rewritten(body)
                headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, hold)

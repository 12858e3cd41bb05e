"""Datasette's CSV, made as safe to open as ours. People who click "CSV" on a table open the file in a spreadsheet.

Datasette writes the text of a cell as it is. A title that begins with ``=`` would run as a formula when the file is
opened. Here it gets an apostrophe before it, as in the files of ``winkb export`` and in the site's own CSV
(scraper/formats.py). A number stays a number. JSON has every text exactly.
"""

import asyncio
import csv
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette

from scraper.formats import harmless
from scraper.publish.serve.bounded import AS_CSV

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?", re.I)
_AT_ONCE = 500_000  # bytes that are rewritten before other requests get a turn
_LONGEST_CELL = 1_000_000  # characters; the longest text that a query gives has 250,000 (limits.py)


def rewritten(lines: list[bytes]) -> bytes:
    """The same rows of CSV, with every cell made harmless."""
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process: all threads set the same
    given, made = io.BytesIO(b"".join(lines)), io.BytesIO()
    out = io.TextIOWrapper(made, "utf-8", newline="", write_through=True)
    writer = csv.writer(out)
    for row in csv.reader(io.TextIOWrapper(given, "utf-8", newline=""), strict=True):
        writer.writerow([cell if _NUMBER.fullmatch(cell) else harmless(cell) for cell in row])
    return made.getvalue()


@hookimpl(tryfirst=True)  # inside of headers.py, which counts the bytes
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    return lambda app: _Rewriter(app)


class _Rewriter:
    """ASGI: holds an answer of CSV below /catalog back until it is whole, which is at most the rows of one page.

    Datasette makes row after row without giving other requests a turn. They get one while rows are rewritten in a
    thread.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path.startswith("/catalog") and path.endswith(".csv")):
            return await self._app(scope, receive, send)
        start: Message = {}
        lines: list[bytes] = []
        made: list[bytes] = []
        size = 0

        async def hold(message: Message) -> None:
            nonlocal start, size
            if message["type"] == "http.response.start":
                start = message
                return
            line, is_last = message.get("body", b""), not message.get("more_body")
            lines.append(line)
            size += len(line)
            if size < _AT_ONCE and not is_last:
                return
            made.append(await asyncio.to_thread(rewritten, lines) if is_csv(start) else b"".join(lines))
            lines.clear()
            size = 0
            if is_last:
                headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": b"".join(made)})

        before = AS_CSV.set(True)
        try:
            await self._app(scope, receive, hold)
        finally:
            AS_CSV.reset(before)


def is_csv(start: Message) -> bool:
    """Whether an answer is CSV, and not an error, which is JSON."""
    return start["status"] == 200 and any(
        name.lower() == b"content-type" and value.startswith(b"text/") for name, value in start["headers"]
    )

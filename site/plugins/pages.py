"""The site's own pages: lasting addresses for the questions that people come with, beside Datasette's tables.

scraper/publish/pages has what each page shows; here are the addresses and how they answer. Each address answers in
HTML, with ``.json`` as the contract's document, and with ``.csv`` where it has rows. What is not found answers 404, in
all three forms with the document. An address that cannot be understood answers 404 with a page that helps; for
programs 400 with an ``error`` (docs/api.md).
"""

import io
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from scraper.answers import ACTIONS, DATE_IS, LACKS
from scraper.errors import InputError
from scraper.formats import Kind, write_csv
from scraper.publish.pages import LISTS, THINGS, home, search
from scraper.publish.pages.page import Answer, Context, Page, Question
from scraper.publish.pages.rows import freshness
from scraper.publish.pages.terms import TERMS

# Scraped text beyond this is cut on a page; the table has it whole.
LONGEST = 300
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Handler = Callable[[Datasette, Request], Awaitable[Response]]


@hookimpl
def register_routes() -> list[tuple[str, Handler]]:
    form = r"(?P<form>\.json|\.csv)?$"
    return [
        (r"^/$", show_home),
        (r"^/search$", show_search),
        *((rf"^/{name}/(?P<asked>[^/]+?){form}", handler(page)) for name, page in THINGS.items()),
        *((rf"^/{name}{form}", handler(page)) for name, page in LISTS.items()),
    ]


@hookimpl
def extra_template_vars(datasette: Datasette) -> Callable[[], Awaitable[Context]]:
    async def variables() -> Context:
        """What every page shows: how fresh the catalog is, how scraped text is shown, and what terms mean."""
        ages = await ask(datasette, lambda catalog: freshness(catalog, now()))
        words = {"terms": TERMS, "date_is": DATE_IS, "actions": ACTIONS, "lacks": LACKS}
        return {**ages, **words, "short": short, "quote": quote}

    return variables


def now() -> datetime:
    return datetime.now(UTC)


def today() -> str:
    return now().date().isoformat()


async def ask(datasette: Datasette, question: Callable[[sqlite3.Connection], Any]) -> Any:
    """The answer of a function that reads the catalog, in a thread."""
    return await datasette.get_database("catalog").execute_fn(question)


def short(text: str | None) -> str:
    """Scraped text on one line, cut where it is longer than any title."""
    line = " ".join(_CONTROLS.sub(" ", text or "").split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


async def drawn(
    datasette: Datasette, request: Request, template: str, context: Mapping[str, object], status: int = 200
) -> Response:
    """A template as a page."""
    shared = {"path": request.path, "query": kept(request), **context}
    html = await datasette.render_template(template, shared, request=request)
    return Response.html(html, status=status)


# --- home and search -------------------------------------------------------------------------------------------------


async def show_home(datasette: Datasette, request: Request) -> Response:
    year = request.args.get("year") or today()[:4]
    context = await ask(datasette, lambda catalog: home.context(catalog, year, today()))
    return await drawn(datasette, request, "home.html", context)


async def show_search(datasette: Datasette, request: Request) -> Response:
    words = " ".join(_CONTROLS.sub(" ", request.args.get("q") or "").split())[:LONGEST]
    if path := await ask(datasette, lambda catalog: search.path(catalog, words, today())):
        return Response.redirect(datasette.urls.path(path))
    context = await ask(datasette, lambda catalog: search.context(catalog, words))
    return await drawn(datasette, request, "search.html", context)


# --- things and lists ------------------------------------------------------------------------------------------------


def handler(page: Page[Any]) -> Handler:
    """How the addresses of a page answer."""

    async def answer(datasette: Datasette, request: Request) -> Response:
        form = request.url_vars["form"]
        question = question_of(request, as_data=bool(form))
        try:
            answer, context = await ask(datasette, lambda catalog: read(catalog, page, question))
        except InputError as problem:
            return await misread(datasette, request, problem)
        if form == ".json":
            return as_json(answer)
        if form == ".csv":
            return as_csv(answer)
        if is_misspelt(question, answer):
            return Response.redirect(datasette.urls.path(answer.path) + kept(request), status=301)
        return await drawn(
            datasette, request, page.template, context, 200 if context.get("found", answer.found) else 404
        )

    return answer


def read(catalog: sqlite3.Connection, page: Page[Any], question: Question) -> tuple[Answer[Any], Context]:
    """The answer, and what the page shows where it is the page that is drawn."""
    answer = page.answer(catalog, question)
    if question.as_data or is_misspelt(question, answer):
        return answer, {}
    return answer, page.context(catalog, question, answer)


def question_of(request: Request, as_data: bool) -> Question:
    """Datasette leaves the path percent-encoded. An empty parameter is as good as none."""
    return Question(
        asked=unquote(request.url_vars.get("asked", "")),
        today=today(),
        as_of=request.args.get("as_of") or None,
        release=request.args.get("release") or None,
        edition=request.args.get("edition") or None,
        since=request.args.get("since") or None,
        ended=request.args.get("ended") not in (None, "", "0"),
        as_data=as_data,
    )


def is_misspelt(question: Question, answer: Answer[Any]) -> bool:
    """Whether the thing has another address than the one that was asked."""
    return answer.path is not None and answer.path.rpartition("/")[2] != question.asked


def as_json(answer: Answer[Any]) -> Response:
    body = json.dumps(answer.document, ensure_ascii=False, indent=2)
    return Response(body, status=200 if answer.found else 404, content_type="application/json; charset=utf-8")


def as_csv(answer: Answer[Any]) -> Response:
    """Flat rows as CSV, as `winkb export` writes them."""
    out = io.StringIO()
    kinds = dict.fromkeys(answer.columns, Kind.TEXT)
    write_csv(out, kinds, ([cell(row[column]) for column in answer.columns] for row in answer.rows))
    return Response(out.getvalue(), status=200 if answer.found else 404, content_type="text/csv; charset=utf-8")


def cell(value: object) -> str | int | None:
    """A value of a document in CSV: an update is its KB, a flag 0 or 1."""
    if isinstance(value, dict):
        return value.get("kb") or value.get("build")
    return int(value) if isinstance(value, bool) else value  # type: ignore[return-value]


async def misread(datasette: Datasette, request: Request, problem: InputError) -> Response:
    """The answer to an address that cannot be understood: what was expected, and the search box."""
    error = str(problem).replace(" on the command line.", " in the address.")
    if request.url_vars.get("form"):
        return Response.json({"ok": False, "error": error, "status": 400}, status=400)
    return await drawn(datasette, request, "missing.html", {"problem": error}, status=404)


def kept(request: Request) -> str:
    """The query of an address, for the address of the same as data."""
    names = ("as_of", "release", "edition", "since", "ended")
    asked = {name: request.args[name] for name in names if request.args.get(name)}
    return f"?{urlencode(asked)}" if asked else ""

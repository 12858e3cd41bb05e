"""The site's own pages: lasting addresses for the questions people come with, over Datasette's tables and queries.

Answers are those of scraper.answers, so that a page, its ``.json`` and the command line say the same; here is only
what a page shows beside them. Each address answers in HTML, with ``.json`` as the contract's document, and with
``.csv`` where it has rows. What is not found answers 404, with the document all the same; what cannot be understood is
a page that helps (404), and for scripts 400 with an ``error`` (docs/api.md).
"""

import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from scraper import answers as lookup
from scraper.answers.documents import BuildAnswer, ReleaseAnswer
from scraper.errors import InputError
from scraper.formats import Kind, write_csv
from scraper.publish import pictures

# Older data get a plain warning on every page.
OLD_HOURS = 36
# Scraped text beyond this is cut on a page; the table has it whole.
LONGEST = 300
# Updates that a search shows; the table shows the rest.
FOUND = 50
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PAGES = ("page", "url", "fetched_at", "changed_at", "updated_at", "rows", "quarantined", "failing_since", "failure")

Question = Callable[[sqlite3.Connection], Any]


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    form = r"(?P<form>\.json|\.csv)?$"
    return [
        (r"^/$", home),
        (r"^/search$", search),
        (rf"^/kb/(?P<asked>[^/]+?){form}", kb),
        (rf"^/build/(?P<asked>[^/]+?){form}", build),
        (rf"^/month/(?P<asked>[^/]+?){form}", month),
        (rf"^/release/(?P<asked>[^/]+?){form}", release),
        (rf"^/changes{form}", changes),
        (rf"^/disagreements{form}", disagreements),
        (rf"^/about{form}", about),
    ]


@hookimpl
def extra_template_vars(datasette: Datasette) -> Callable[[], Any]:
    async def known() -> dict[str, Any]:
        """What every page shows: how fresh the catalog is; and how scraped text is shown."""
        ages = await ask(datasette, _freshness)
        return {**ages, "short": short, "quote": quote}

    return known


def _freshness(catalog: sqlite3.Connection) -> dict[str, Any]:
    as_of, failing = rows(
        catalog,
        "select (select min(data_as_of) from freshness) as as_of,"
        " (select count(*) from pages where failing_since is not null and page not glob 'KB[0-9]*') as failing",
    )[0]
    hours = None
    if as_of:
        hours = int((now() - datetime.fromisoformat(as_of)).total_seconds() // 3600)
    return {"data_as_of": as_of, "data_old": hours is None or hours >= OLD_HOURS, "failing": failing}


def now() -> datetime:
    return datetime.now(UTC)


def today() -> str:
    return now().date().isoformat()


def rows(catalog: sqlite3.Connection, sql: str, *parameters: object) -> list[sqlite3.Row]:
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


async def ask(datasette: Datasette, question: Question) -> Any:
    return await datasette.get_database("catalog").execute_fn(question)


def short(text: str | None) -> str:
    """Scraped text on one line, cut where it is longer than any title."""
    line = " ".join(_CONTROLS.sub(" ", text or "").split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


async def page(
    datasette: Datasette, request: Request, template: str, context: Mapping[str, object], status: int = 200
) -> Response:
    shared = {"path": request.path, "query": kept(request), **context}
    html = await datasette.render_template(template, shared, request=request)
    return Response.html(html, status=status)


def as_json(document: object, found: bool) -> Response:
    body = json.dumps(document, ensure_ascii=False, indent=2)
    return Response(body, status=found_or_not(found), content_type="application/json; charset=utf-8")


def as_csv(table: Sequence[Mapping[str, Any]], columns: Sequence[str], found: bool = True) -> Response:
    """Flat rows as CSV, as `winkb export` writes them."""
    out = io.StringIO()
    kinds = dict.fromkeys(columns, Kind.TEXT)
    write_csv(out, kinds, ([plain(row[column]) for column in columns] for row in table))
    return Response(out.getvalue(), status=found_or_not(found), content_type="text/csv; charset=utf-8")


def plain(value: object) -> str | int | None:
    if isinstance(value, dict):
        return value.get("kb") or value.get("build")
    return int(value) if isinstance(value, bool) else value  # type: ignore[return-value]


def found_or_not(found: bool) -> int:
    return 200 if found else 404


async def misread(datasette: Datasette, request: Request, problem: InputError) -> Response:
    """An address that cannot be understood: what was expected, and the search box."""
    said = str(problem).replace(" on the command line.", " in the address.")
    if request.url_vars.get("form"):
        return Response.json({"ok": False, "error": said, "status": 400}, status=400)
    return await page(datasette, request, "missing.html", {"problem": said}, status=404)


def asked_form(request: Request) -> tuple[str, str | None]:
    """What an address asks about, as it was typed, and its ending. Datasette leaves the path percent-encoded."""
    return unquote(request.url_vars["asked"]), request.url_vars["form"]


def kept(request: Request) -> str:
    """What an address asks beside its path, for the address of the same as data."""
    asked = {key: request.args[key] for key in ("as_of", "release", "since", "ended") if request.args.get(key)}
    return f"?{urlencode(asked)}" if asked else ""


def moved(datasette: Datasette, request: Request, path: str) -> Response:
    """To the one address that a thing has, with what else was asked."""
    return Response.redirect(datasette.urls.path(path) + kept(request), status=301)


def answers(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose InputError is a page that helps."""

    async def answer(datasette: Datasette, request: Request) -> Response:
        try:
            return await handler(datasette, request)
        except InputError as problem:
            return await misread(datasette, request, problem)

    return answer


# --- home and search -------------------------------------------------------------------------------------------------


async def home(datasette: Datasette, request: Request) -> Response:
    year = request.args.get("year") or today()[:4]
    return await page(datasette, request, "home.html", await ask(datasette, lambda catalog: _home(catalog, year)))


def _home(catalog: sqlite3.Connection, year: str) -> dict[str, object]:
    years = [row["year"] for row in rows(catalog, "select distinct substr(month, 1, 4) as year from months order by 1")]
    shown = year if year in years else max(years, default=year)
    calendar = rows(
        catalog,
        "select * from hotpatch_calendar where month between ? and ? and withdrawn = 0 order by product, month",
        *(f"{shown}-01", f"{shown}-12"),
    )
    grid: dict[tuple[str, str], dict[str, sqlite3.Row]] = {}
    for row in calendar:
        grid.setdefault((row["release"], row["product"]), {})[row["month"][5:]] = row
    return {
        "years": years,
        "year": shown,
        "grid": grid,
        "numbers": [f"{number:02}" for number in range(1, 13)],
        "names": [row["name"][:3] for row in rows(catalog, "select name from month_names order by number")],
        "today": today(),
        "restarts": rows(catalog, "select * from next_restart order by release"),
        "accepted": _accepted_today(catalog),
        "changes": rows(catalog, "select * from changes order by seen_at desc, replanned desc, id limit 8"),
        "updates": _newest(catalog),
        "releases": releases(catalog),
    }


def _newest(catalog: sqlite3.Connection) -> list[tuple[sqlite3.Row, list[sqlite3.Row]]]:
    """The newest updates, each with what it brings."""
    newest = rows(
        catalog, "select kb, title, first_available, expired from kbs order by first_available desc, kb limit 10"
    )
    sql = "select release, build, kind, withdrawn from builds where kb = ? order by withdrawn, release, revision"
    return [(row, rows(catalog, sql, row["kb"])) for row in newest]


def _accepted_today(catalog: sqlite3.Connection) -> dict[str, list[sqlite3.Row]]:
    """What counts as fully patched today, by release."""
    found: dict[str, list[sqlite3.Row]] = {}
    for row in rows(catalog, "select * from current_builds order by release, track desc"):
        found.setdefault(row["release"], []).append(row)
    return found


def standings(catalog: sqlite3.Connection, day: str, builds: Sequence[tuple[str | None, str | None]]) -> dict[str, Any]:
    """What the newest known builds are on a day, by release and build: of old data, or of a release whose support has
    ended, they are not fully patched. The verdict says so, as of every build."""
    found = {}
    for name, number in builds:
        sql = "select status, kind from verdict_periods where release = ? and build = ? and ? between since and until"
        for row in rows(catalog, sql, name, number, day):
            found[f"{name} {number}"] = row
    return found


def releases(catalog: sqlite3.Connection) -> dict[str, str]:
    """The names of the releases by ID, client first, the newest first."""
    sql = (
        "select release, product || ' ' || version || iif(partial, ' (partial)', '') as name from releases"
        " order by product, base_build desc, release"
    )
    return {row["release"]: row["name"] for row in rows(catalog, sql)}


# What people paste: `ver` and winver say more than the build.
_KB = re.compile(r"(?i)(?:\bkb ?|^(?=[0-9]+$))([0-9]{6,8})\b(?![.])", re.ASCII)
_BUILD = re.compile(r"\b(?:10\.0\.)?([1-9][0-9]{3,5}\.[0-9]{1,6})\b", re.ASCII)
_MONTH = re.compile(r"([12][0-9]{3})-(0?[1-9]|1[0-2])")


async def search(datasette: Datasette, request: Request) -> Response:
    """A KB, a build, a month or a release goes straight to its page; words are looked up."""
    words = " ".join(_CONTROLS.sub(" ", request.args.get("q") or "").split())[:LONGEST]
    if target := await ask(datasette, lambda catalog: _target(catalog, words)):
        return Response.redirect(datasette.urls.path(target))
    found = await ask(datasette, lambda catalog: _search(catalog, words)) if words else {"kbs": [], "sections": []}
    return await page(datasette, request, "search.html", {"words": words, "most": FOUND, **found})


def _target(catalog: sqlite3.Connection, words: str) -> str | None:
    kbs, builds, month = _KB.findall(words), _BUILD.findall(words), _MONTH.fullmatch(words)
    if len(kbs) == 1 and not builds:
        return f"/kb/KB{kbs[0]}"
    if len(builds) == 1:
        return f"/build/{builds[0]}"
    if month:
        return f"/month/{month[1]}-{int(month[2]):02}"
    try:
        name = re.sub(r"(?i)^(?:microsoft )?(?:windows 11 )?version ", "", words)
        return f"/release/{lookup.release(catalog, name, today())[0]['release']}" if name else None
    except InputError:
        return None


def _search(catalog: sqlite3.Connection, words: str) -> dict[str, object]:
    """Titles and the text of articles, the newest update first: rowids are in the order of release."""
    match = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    return {
        "kbs": rows(
            catalog,
            "select kbs.kb, kbs.title, kbs.track, kbs.first_available from kbs_fts"
            " join kbs on kbs.rowid = kbs_fts.rowid where kbs_fts match ? order by kbs_fts.rowid desc limit ?",
            *(match, FOUND + 1),
        ),
        "sections": rows(
            catalog,
            "select sections.kb, sections.heading, snippet(sections_fts, 1, '', '', ' … ', 24) as found"
            " from sections_fts join sections on sections.rowid = sections_fts.rowid where sections_fts match ?"
            " order by sections_fts.rowid desc limit 20",
            match,
        ),
    }


# --- one KB, one build, one month, one release -----------------------------------------------------------------------


@answers
async def kb(datasette: Datasette, request: Request) -> Response:
    asked, form = asked_form(request)
    named = (request.args.get("release") or None) if form else None  # the page shows all of them
    document, found = await ask(datasette, lambda catalog: lookup.kb(catalog, asked, named))
    if form == ".json":
        return as_json(document, found)
    if form == ".csv":
        columns = ("kb", "release", "build", "kind", "month", "security_month", "available", "twin", "baseline")
        table = [{"kb": document["kb"], **row} for row in document["builds"]]
        return as_csv(table, (*columns, "corrected_to", "withdrawn"), found)
    if found and asked != document["kb"]:
        return moved(datasette, request, f"/kb/{document['kb']}")
    more = await ask(datasette, lambda catalog: _kb_more(catalog, document["kb"]))
    return await page(datasette, request, "kb.html", {"kb": document, "found": found, **more}, found_or_not(found))


def _kb_more(catalog: sqlite3.Connection, number: str) -> dict[str, object]:
    brought = rows(
        catalog,
        "select builds.*, pages.url as page_url from builds join pages using (page) where kb = ?"
        " order by release, revision",
        number,
    )
    return {
        "rows": brought,
        "numbers": list(dict.fromkeys(row["build"] for row in brought if row["build"])),
        "months": rows(
            catalog, "select * from hotpatch_calendar where ? in (kb, cumulative_kb) order by month, release", number
        ),
        "issues": rows(catalog, "select * from known_issues where kb = ? order by status, title", number),
        "requires": rows(catalog, "select * from prerequisites where kb = ? order by kind, requires_kb", number),
        "events": rows(catalog, "select * from track_events where kb = ?", number),
        "changes": rows(catalog, "select * from changes where subject = ? order by seen_at desc, id limit 50", number),
        "disagreements": rows(catalog, "select * from disagreements where subject = ? and until is null", number),
        "findings": rows(
            catalog,
            "select * from findings where subject = ? and code <> 'conflict' and resolved_at is null order by finding",
            number,
        ),
        "near": rows(
            catalog,
            "select kb from (select kb, cast(substr(kb, 3) as integer) as digits from kbs"
            " order by abs(digits - ?) limit 6) order by digits",
            int(number[2:]),
        ),
        "releases": releases(catalog),
    }


@answers
async def build(datasette: Datasette, request: Request) -> Response:
    asked, form = asked_form(request)
    day, named = request.args.get("as_of") or today(), request.args.get("release") or None
    document, found = await ask(datasette, lambda catalog: lookup.build(catalog, asked, day, named))
    if form == ".json":
        return as_json(document, found)
    if form == ".csv":
        columns = ("release", "build", "as_of", "status", "months_behind", "reason", "because", "security_month")
        return as_csv(document, columns, found)
    number = document[0]["build"]
    if asked != number:
        return moved(datasette, request, f"/build/{number}")
    more = await ask(datasette, lambda catalog: _build_more(catalog, number, document))
    context = {"build": number, "answers": document, "day": day, "named": named, **more}
    return await page(datasette, request, "build.html", context, found_or_not(found))


def _build_more(catalog: sqlite3.Connection, number: str, answers: Sequence[BuildAnswer]) -> dict[str, object]:
    accepted = [(answer["release"], row["build"]) for answer in answers for row in answer["accepted"]]
    return {
        "standings": standings(catalog, answers[0]["as_of"], accepted),
        "rows": rows(
            catalog,
            "select builds.*, pages.url as page_url from builds join pages using (page) where build = ?"
            " order by release, track desc, kb",
            number,
        ),
        "periods": rows(
            catalog, "select * from verdict_periods where build = ? order by release, since desc limit 200", number
        ),
        "releases": releases(catalog),
    }


@answers
async def month(datasette: Datasette, request: Request) -> Response:
    asked, form = asked_form(request)
    named = (request.args.get("release") or None) if form else None  # the page shows all of them
    document, found = await ask(datasette, lambda catalog: lookup.month(catalog, asked, named))
    if form == ".json":
        return as_json(document, found)
    if form == ".csv":
        columns = ("release", "month", "type", "planned_type", "status", "available", "kb", "build")
        return as_csv(document, (*columns, "cumulative_kb", "cumulative_build", "restart", "withdrawn"), found)
    if asked != asked.strip():
        return moved(datasette, request, f"/month/{asked.strip()}")
    more = await ask(datasette, lambda catalog: _month_more(catalog, asked))
    found = found or bool(more["updates"])
    context = {"month": asked, "months": document, "found": found, **more}
    return await page(datasette, request, "month.html", context, found_or_not(found))


def _month_more(catalog: sqlite3.Connection, asked: str) -> dict[str, object]:
    (words,) = rows(
        catalog, "select name || ' ' || substr(?1, 1, 4) as words from month_names where number = substr(?1, 6)", asked
    )
    return {
        "words": words["words"],
        "calendar": rows(
            catalog,
            "select hotpatch_calendar.*, pages.page, pages.url as page_url from hotpatch_calendar"
            " join months using (release, month) join pages using (page) where month = ? order by release",
            asked,
        ),
        "updates": rows(
            catalog,
            "select builds.*, pages.url as page_url from builds join pages using (page)"
            " where available between ?1 || '-01' and ?1 || '-31' order by release, available, revision",
            asked,
        ),
        "changes": rows(
            catalog,
            "select * from changes where subject = ? and table_name = 'months'"
            " order by seen_at desc, replanned desc, id",
            asked,
        ),
        "before": rows(catalog, "select max(month) as month from months where month < ?", asked)[0]["month"],
        "after": rows(catalog, "select min(month) as month from months where month > ?", asked)[0]["month"],
        "releases": releases(catalog),
    }


@answers
async def release(datasette: Datasette, request: Request) -> Response:
    asked, form = asked_form(request)
    day = request.args.get("as_of") or today()
    document, found = await ask(datasette, lambda catalog: lookup.release(catalog, asked, day))
    if form == ".json":
        return as_json(document, found)
    if form == ".csv":
        columns = ("build", "kb", "track", "kind", "month", "security_month", "available", "restart", "corrected_to")
        return as_csv(document["builds"], (*columns, "withdrawn"))
    if asked != document["release"]:
        return moved(datasette, request, f"/release/{document['release']}")
    more = await ask(datasette, lambda catalog: _release_more(catalog, document))
    drawn = {
        "staircase": pictures.staircase(document["builds"], day),
        "bars": pictures.restarts(document["years"]),
    }
    return await page(datasette, request, "release.html", {"release": document, "day": day, **more, **drawn})


def _release_more(catalog: sqlite3.Connection, document: ReleaseAnswer) -> dict[str, object]:
    name = document["release"]
    return {
        "standings": standings(catalog, document["as_of"], [(name, row["build"]) for row in document["accepted"]]),
        "origins": {
            (row["build"], row["kb"]): row
            for row in rows(
                catalog, "select build, kb, page, url from builds join pages using (page) where release = ?", name
            )
        },
        "sources": rows(catalog, "select pages.* from feeds join pages using (page) where release = ?", name),
        "page": rows(catalog, "select pages.* from releases join pages using (page) where release = ?", name)[0],
        "changes": rows(
            catalog, "select * from changes where release = ? order by seen_at desc, replanned desc, id limit 12", name
        ),
        "releases": releases(catalog),
    }


# --- lists -----------------------------------------------------------------------------------------------------------


@answers
async def changes(datasette: Datasette, request: Request) -> Response:
    form = request.url_vars["form"]
    since, named = request.args.get("since") or None, request.args.get("release") or None
    document, _ = await ask(datasette, lambda catalog: lookup.changes(catalog, since, named))
    if form == ".json":
        return as_json(document, True)
    if form == ".csv":
        columns = ("id", "seen_at", "run", "release", "table_name", "subject", "field", "old", "new", "page")
        return as_csv(document, (*columns, "replanned"))
    of = await ask(datasette, lambda catalog: lookup.release(catalog, named, today())[0]["release"]) if named else None
    more = await ask(
        datasette,
        lambda catalog: {
            "releases": releases(catalog),
            "pages": {row["page"]: row["url"] for row in rows(catalog, "select page, url from pages")},
        },
    )
    counts = Counter((row["seen_at"], row["run"]) for row in document)
    nights: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for row in document[:1000]:
        nights.setdefault((row["seen_at"], row["run"]), []).append(row)
    for night in nights.values():
        night.sort(key=lambda row: not row["replanned"])
    context = {"nights": nights, "counts": counts, "total": len(document), "since": since, "of": of, **more}
    return await page(datasette, request, "changes.html", context)


@answers
async def disagreements(datasette: Datasette, request: Request) -> Response:
    form, ended = request.url_vars["form"], request.args.get("ended") not in (None, "", "0")
    named = request.args.get("release") or None
    document, _ = await ask(datasette, lambda catalog: lookup.disagreements(catalog, named, ended=ended))
    if form == ".json":
        return as_json(document, True)
    if form == ".csv":
        columns = ("release", "subject", "field", "used", "used_page", "other", "other_page", "why", "since", "until")
        return as_csv(document, columns)
    of = await ask(datasette, lambda catalog: lookup.release(catalog, named, today())[0]["release"]) if named else None
    more = await ask(
        datasette,
        lambda catalog: {
            "releases": releases(catalog),
            "pages": {row["page"]: row["url"] for row in rows(catalog, "select page, url from pages")},
            "errors": rows(
                catalog,
                "select findings.*, pages.url from findings join pages using (page) where resolved_at is null"
                " and code <> 'conflict' and (? is null or release = ?)"
                " order by instr('error warning info', severity), first_seen desc, finding",
                *(of, of),
            ),
        },
    )
    context = {"rows": document, "ended": ended, "of": of, **more}
    return await page(datasette, request, "disagreements.html", context)


@answers
async def about(datasette: Datasette, request: Request) -> Response:
    form = request.url_vars["form"]
    document = await ask(datasette, _about)
    if form == ".json":
        return as_json(document, True)
    if form == ".csv":
        return as_csv(document["pages"], _PAGES)
    return await page(datasette, request, "about.html", document)


def _about(catalog: sqlite3.Connection) -> dict[str, Any]:
    """The sources and how fresh they are; articles, of which there are many, only counted."""
    sql = f"select {', '.join(_PAGES)} from pages where page not glob 'KB[0-9]*' order by rowid"
    (articles,) = rows(
        catalog,
        "select count(*) as known, min(fetched_at) as oldest, sum(failing_since is not null) as failing from pages"
        " where page glob 'KB[0-9]*'",
    )
    return {
        "pages": [dict(row) for row in rows(catalog, sql)],
        "articles": dict(articles),
        "freshness": [dict(row) for row in rows(catalog, "select * from freshness order by release")],
        "runs": [dict(row) for row in rows(catalog, "select * from runs order by run desc limit 10")],
        "counts": {
            table: rows(catalog, f"select count(*) as number from {table}")[0]["number"]
            for table in ("releases", "kbs", "builds", "months", "changes", "findings")
        },
    }

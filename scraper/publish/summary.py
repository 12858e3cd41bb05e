"""The summary of a run: what was fetched, what changed, what was found, and what a person has to do about it.

Read from the published catalog, after the run, for the page of the nightly job (Markdown) and for scripts (JSON).
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import TypedDict

from scraper.errors import MachineError
from scraper.publish.markdown import linked, table, text

_ARTICLE = re.compile(r"KB[0-9]+")
_STATES = ("changed", "unchanged", "failing", "not asked")

# Lines of a Markdown table before "and M more". Together they stay well below what an issue holds (65,536 characters).
LINES = 40

# What an exit code means, and what to do (design.md section 3; docs/nightly.md repeats it, and a test compares them).
EXIT_CODES = {
    0: ("Done: every page that was asked for was read.", "Nothing to do."),
    1: (
        "The check was not passed: a page was not read for too long, or the catalog is not sound.",
        "Read the lines of `winkb check`; where data are old, find out why the runs before ended with 3 or never ran.",
    ),
    2: ("Wrong usage: an option or a name was not understood.", "Correct the command; nothing was fetched."),
    3: (
        "Try later: no network, throttled, a block page, or another run under way; the last good facts stay.",
        "Nothing yet, the next run goes on from here; when it lasts, look at the network, or ask slower (`--delay`).",
    ),
    4: (
        "A person must look: a page is gone, cut or changed its shape, or a row could not be read; its last good facts"
        " stay.",
        "Read the failing pages and the new findings; let a true change pass with `winkb accept SOURCE`, and for any"
        " other update winkb or report it.",
    ),
    5: (
        "This machine: disk full, a file that is no database, or a folder that is not writable.",
        "Make room or correct the path, and run again; what is published is whole.",
    ),
}
_FROM_OUTSIDE = (
    "The run was ended from outside, by a signal or a time limit.",
    "Nothing: what was stored is kept, and the next run goes on from here.",
)


class PageState(TypedDict):
    """``state``: ``changed`` or ``unchanged`` when it was read, ``failing``, or ``not asked``."""

    page: str
    url: str
    state: str
    fetched_at: str | None
    quarantined: int
    failing_since: str | None
    failure: str | None


class Change(TypedDict):
    run: int
    seen_at: str
    table_name: str
    release: str | None
    subject: str
    article_url: str | None
    field: str
    old: str | None
    new: str | None
    page: str


class Finding(TypedDict):
    severity: str
    code: str
    release: str | None
    subject: str
    message: str
    page: str
    first_seen: str
    new: bool


class Freshness(TypedDict):
    release: str
    data_as_of: str | None


class Summary(TypedDict):
    """The JSON document. ``run`` is the catalog's last one, null where there is no catalog; nothing was published when
    it is not above ``since_run``. ``articles`` counts by state. ``changes`` leaves the ``replanned`` months out."""

    run: int | None
    since_run: int
    started_at: str | None
    outcome: str | None
    exit_code: int
    meaning: str
    to_do: str
    facts_sha256: str | None
    facts_changed: bool
    problems: list[str]
    pages: list[PageState]
    articles: dict[str, int]
    failing_articles: list[PageState]
    replanned: list[Change]
    changes: list[Change]
    findings: list[Finding]
    resolved: int
    freshness: list[Freshness]
    names: dict[str, str]


def last_run(db: Path) -> tuple[int, str | None]:
    """The last run that a catalog holds and its facts_sha256, ``(0, None)`` for none. To be asked before a scrape."""
    try:
        with closing(_open(db)) as catalog:
            found = catalog.execute("select run, facts_sha256 from runs order by run desc limit 1").fetchone()
    except sqlite3.Error:
        return 0, None
    return (found[0], found[1]) if found else (0, None)


def write(
    db: Path,
    since: tuple[int, str | None],
    exit_code: int,
    *,
    problems: Sequence[str] = (),
    markdown_to: Path | None = None,
    json_to: Path | None = None,
) -> None:
    """Append the summary of the runs after ``since`` (what ``last_run`` said before them) to ``markdown_to``, and put
    the document into ``json_to``. A catalog that is not there is no obstacle. Raises MachineError for the files."""
    if markdown_to is None and json_to is None:
        return
    document = _of_file(db, since, exit_code, problems)
    try:
        if json_to:
            json_to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if markdown_to:
            with markdown_to.open("a", encoding="utf-8") as file:
                file.write(markdown(document))
    except OSError as problem:
        raise MachineError(
            "trouble", page=str(problem.filename), expected="a file for the summary", found=str(problem)
        ) from problem


def _of_file(db: Path, since: tuple[int, str | None], exit_code: int, problems: Sequence[str]) -> Summary:
    if not db.is_file():
        return summary(None, since[0], exit_code, problems=problems)
    try:
        with closing(_open(db)) as catalog:
            return summary(catalog, since[0], exit_code, facts_before=since[1], problems=problems)
    except (sqlite3.Error, MachineError):
        # The scrape has said so already, and ended with 5; a summary without facts says it on the job's page too.
        return summary(None, since[0], exit_code, problems=problems)


def _open(db: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)


# --- the document ----------------------------------------------------------------------------------------------------


def summary(
    catalog: sqlite3.Connection | None,
    since_run: int,
    exit_code: int,
    *,
    facts_before: str | None = None,
    problems: Sequence[str] = (),
) -> Summary:
    """What the runs after ``since_run`` did, from the published catalog (None: there is none).

    ``problems``: what the run said on stderr, for failures that no page carries. ``facts_before``: the digest that was
    published before; without it, the one that the catalog notes for ``since_run``. Raises MachineError for a file that
    is no catalog.
    """
    meaning, to_do = EXIT_CODES.get(exit_code, _FROM_OUTSIDE)
    document: Summary = {
        "run": None,
        "since_run": since_run,
        "started_at": None,
        "outcome": None,
        "exit_code": exit_code,
        "meaning": meaning,
        "to_do": to_do,
        "facts_sha256": None,
        "facts_changed": False,
        "problems": list(problems),
        "pages": [],
        "articles": dict.fromkeys(_STATES, 0),
        "failing_articles": [],
        "replanned": [],
        "changes": [],
        "findings": [],
        "resolved": 0,
        "freshness": [],
        "names": {},
    }
    if catalog is None:
        return document
    try:
        _fill(document, catalog, facts_before)
    except sqlite3.Error as problem:
        raise MachineError("catalog", page="this machine", expected="a whole catalog", found=str(problem)) from problem
    return document


def _fill(document: Summary, catalog: sqlite3.Connection, facts_before: str | None) -> None:
    runs = {row["run"]: row for row in _rows(catalog, "select run, started_at, outcome, facts_sha256 from runs")}
    last = runs.get(max(runs, default=0))
    since = document["since_run"]
    if since not in runs or (facts_before and runs[since]["facts_sha256"] != facts_before):
        # What was published before was another archive's, the bundled catalog say: all there is, is new.
        since = document["since_run"] = 0
    news = [row["started_at"] for run, row in runs.items() if run > since]
    # Later than any time there is, when nothing was published since.
    begun = min(news, default="9999")
    if last:
        before = facts_before or (runs[since]["facts_sha256"] if since in runs else None)
        document["run"], document["started_at"], document["outcome"] = last["run"], last["started_at"], last["outcome"]
        document["facts_sha256"] = last["facts_sha256"]
        document["facts_changed"] = last["facts_sha256"] != before
    names = _rows(
        catalog, "select release, product || ' ' || version as name from releases order by product, release desc"
    )
    document["names"] = {row["release"]: row["name"] for row in names}
    _fill_pages(document, catalog, begun)
    _fill_changes(document, catalog)
    _fill_findings(document, catalog, begun)
    document["freshness"] = [
        {"release": row["release"], "data_as_of": row["data_as_of"]}
        for row in _rows(catalog, "select release, data_as_of from freshness order by release")
    ]


def _fill_pages(document: Summary, catalog: sqlite3.Connection, begun: str) -> None:
    """Pages one by one; articles, which have a KB for a name, only counted, but for those that fail."""
    sql = "select page, url, fetched_at, changed_at, quarantined, failing_since, failure from pages order by rowid"
    for row in _rows(catalog, sql):
        page: PageState = {
            "page": row["page"],
            "url": row["url"],
            "state": _state(row, begun),
            "fetched_at": row["fetched_at"],
            "quarantined": row["quarantined"],
            "failing_since": row["failing_since"],
            "failure": row["failure"],
        }
        if not _ARTICLE.fullmatch(row["page"]):
            document["pages"].append(page)
            continue
        document["articles"][page["state"]] += 1
        if page["state"] == "failing":
            document["failing_articles"].append(page)


def _state(row: sqlite3.Row, begun: str) -> str:
    if row["failing_since"]:
        return "failing"
    if (row["fetched_at"] or "") < begun:
        return "not asked"
    return "changed" if (row["changed_at"] or "") >= begun else "unchanged"


def _fill_changes(document: Summary, catalog: sqlite3.Connection) -> None:
    sql = (
        "select run, seen_at, table_name, changes.release, subject, article_url, field, old, new, page, replanned"
        " from changes left join kbs on kb = subject where run > ? order by id"
    )
    for row in _rows(catalog, sql, document["since_run"]):
        change: Change = {
            "run": row["run"],
            "seen_at": row["seen_at"],
            "table_name": row["table_name"],
            "release": row["release"],
            "subject": row["subject"],
            "article_url": row["article_url"],
            "field": row["field"],
            "old": row["old"],
            "new": row["new"],
            "page": row["page"],
        }
        document["replanned" if row["replanned"] else "changes"].append(change)


def _fill_findings(document: Summary, catalog: sqlite3.Connection, begun: str) -> None:
    sql = (
        "select severity, code, release, subject, message, page, first_seen from findings where resolved_at is null"
        " order by first_seen < ?, instr('error warning info', severity), first_seen desc, finding"
    )
    document["findings"] = [
        {
            "severity": row["severity"],
            "code": row["code"],
            "release": row["release"],
            "subject": row["subject"],
            "message": row["message"],
            "page": row["page"],
            "first_seen": row["first_seen"],
            "new": row["first_seen"] >= begun,
        }
        for row in _rows(catalog, sql, begun)
    ]
    gone = _rows(catalog, "select count(*) as number from findings where resolved_at >= ?", begun)
    document["resolved"] = gone[0]["number"]


def _rows(catalog: sqlite3.Connection, sql: str, *parameters: str | int) -> list[sqlite3.Row]:
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


# --- Markdown --------------------------------------------------------------------------------------------------------


def markdown(document: Summary) -> str:
    """The document as a section of Markdown: first what a person must do, then replanned months, then the rest."""
    parts = [
        _head(document),
        *_failing(document),
        *_replanned(document),
        *_changes(document),
        *_findings(document),
        *_fetched(document),
        *_freshness(document),
    ]
    return "\n\n".join(parts) + "\n\n"


def _head(document: Summary) -> str:
    run = document["run"]
    if run is None:
        title = "no catalog"
    elif run <= document["since_run"]:
        title = f"nothing published, the catalog is that of run {run}"
    else:
        title = f"run {run}: {document['outcome']}"
    facts = document["facts_sha256"]
    changed = "changed" if document["facts_changed"] else "as before"
    lines = [
        f"## winkb: {title}",
        f"**Exit code {document['exit_code']}.** {document['meaning']} **To do:** {document['to_do']}",
    ]
    if facts:
        lines.append(f"Started {text(document['started_at'])}; facts {changed}, `facts_sha256` {text(facts)}.")
    return "\n\n".join(lines)


def _failing(document: Summary) -> Iterable[str]:
    failing = [page for page in document["pages"] if page["state"] == "failing"] + document["failing_articles"]
    told = {page["failure"] for page in failing}
    rows = [(linked(page["page"], page["url"]), text(page["failing_since"]), text(page["failure"])) for page in failing]
    rows += [("", "", text(problem)) for problem in document["problems"] if problem not in told]
    if rows:
        yield "### Failing"
        yield table(("page", "since", "what was expected, and what was found"), rows, LINES)


def _replanned(document: Summary) -> Iterable[str]:
    if not document["replanned"]:
        return
    rows = [
        (_release(document, change), f"**{text(change['subject'])}**", text(change["old"]), text(change["new"]))
        for change in document["replanned"]
    ]
    yield f"### Replanned months: {len(rows)}"
    yield "A month that became a baseline restarts hotpatched devices; one that became a hotpatch does not."
    yield table(("release", "month", "was", "is now"), rows, LINES)


def _changes(document: Summary) -> Iterable[str]:
    changes = document["changes"]
    if not changes:
        if document["run"] is not None and not document["replanned"]:
            yield "### Changes: none"
        return
    places = {release: place for place, release in enumerate(document["names"])}
    # Stable: within a release the order of the catalog stays. What is of no release comes last.
    ordered = sorted(changes, key=lambda change: places.get(change["release"] or "", len(places)))
    yield f"### Changes: {len(changes)}"
    for release, group in groupby(ordered[:LINES], key=lambda change: _release(document, change)):
        rows = [
            (linked(change["subject"], change["article_url"]), text(change["table_name"]), _what(change))
            for change in group
        ]
        yield f"**{release}**"
        yield table(("subject", "table", "change"), rows, LINES)
    if len(changes) > LINES:
        day = min(change["seen_at"] for change in changes)[:10]
        yield f"… and {len(changes) - LINES} more: `winkb changes --since {day}`"


def _release(document: Summary, change: Change) -> str:
    return text(document["names"].get(change["release"] or "", change["release"] or "of no release"))


def _what(change: Change) -> str:
    if change["field"] == "row":
        return f"appeared: {text(change['new'])}" if change["old"] is None else f"disappeared: {text(change['old'])}"
    field = text(change["field"].replace("_", " "))
    return f"{field}: {text(change['old'])} → {text(change['new'])}"


def _findings(document: Summary) -> Iterable[str]:
    findings = document["findings"]
    new = sum(finding["new"] for finding in findings)
    if document["run"] is not None:
        yield f"### Open findings: {len(findings)}, of them new: {new}; resolved: {document['resolved']}"
    rows = [
        (
            "**new**" if finding["new"] else "",
            text(finding["severity"]),
            text(finding["code"]),
            text(finding["subject"]),
            text(finding["message"]),
            text(finding["page"]),
            text(finding["first_seen"]),
        )
        for finding in findings
    ]
    if rows:
        yield table(("", "severity", "code", "subject", "what was found", "page", "since"), rows, LINES)


def _fetched(document: Summary) -> Iterable[str]:
    if not document["pages"]:
        return
    rows = [
        (
            linked(page["page"], page["url"]),
            page["state"] + (f", {page['quarantined']} rows could not be read" if page["quarantined"] else ""),
            text(page["fetched_at"] or "never"),
        )
        for page in document["pages"]
    ]
    yield "### Pages"
    yield table(("page", "state", "last read"), rows, LINES)
    articles = document["articles"]
    if known := sum(articles.values()):
        yield f"Articles: {known} known; {', '.join(f'{number} {state}' for state, number in articles.items())}."


def _freshness(document: Summary) -> Iterable[str]:
    """Releases grouped by the age of their data, the oldest first."""

    def age(row: Freshness) -> str:
        return row["data_as_of"] or ""

    rows = [
        (
            text(as_of or "never"),
            ", ".join(text(document["names"].get(row["release"], row["release"])) for row in group),
        )
        for as_of, group in groupby(sorted(document["freshness"], key=age), key=age)
    ]
    if rows:
        yield "### Freshness"
        yield table(("data as of", "releases"), rows, LINES)

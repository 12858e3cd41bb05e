"""The summary as a document: what the runs since another one did, read from the published catalog."""

import re
import sqlite3
from collections.abc import Sequence
from typing import TypedDict

from scraper.errors import MachineError
from scraper.publish.summary.exit_codes import EXIT_CODES, FROM_OUTSIDE

_ARTICLE = re.compile(r"KB[0-9]+")
_STATES = ("changed", "unchanged", "failing", "not asked")


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
    """The JSON document.

    ``run`` is the catalog's last one, null where there is no catalog. Where it is not above ``since_run``, nothing was
    published since. ``articles`` counts by state. The ``replanned`` months are not in ``changes``.
    """

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


def summary(
    catalog: sqlite3.Connection | None,
    since_run: int,
    exit_code: int,
    *,
    facts_before: str | None = None,
    problems: Sequence[str] = (),
) -> Summary:
    """What the runs after ``since_run`` did, from the published catalog (None: there is none).

    ``problems``: the lines of the run on stderr, for failures that are no page's. ``facts_before``: the facts_sha256
    that was published before; without it, the one that the catalog has for ``since_run``. Raises MachineError for a
    file that is no catalog.
    """
    meaning, to_do = EXIT_CODES.get(exit_code, FROM_OUTSIDE)
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
    begun = _fill_run(document, catalog, facts_before)
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


def _fill_run(document: Summary, catalog: sqlite3.Connection, facts_before: str | None) -> str:
    """Fill in the last run. Returns when the first run since ``since_run`` started, or a time after all others."""
    runs = {row["run"]: row for row in _rows(catalog, "select run, started_at, outcome, facts_sha256 from runs")}
    since = document["since_run"]
    if since not in runs or (facts_before and runs[since]["facts_sha256"] != facts_before):
        # What was published before came from another archive, for example the bundled catalog: everything is new.
        since = document["since_run"] = 0
    if last := runs.get(max(runs, default=0)):
        before = facts_before or (runs[since]["facts_sha256"] if since in runs else None)
        document["run"], document["started_at"], document["outcome"] = last["run"], last["started_at"], last["outcome"]
        document["facts_sha256"] = last["facts_sha256"]
        document["facts_changed"] = last["facts_sha256"] != before
    return min((row["started_at"] for run, row in runs.items() if run > since), default="9999")


def _fill_pages(document: Summary, catalog: sqlite3.Connection, begun: str) -> None:
    """Pages are listed one by one. Articles, whose name is a KB, are only counted; those that fail are listed."""
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

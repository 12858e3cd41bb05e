"""The summary as a section of Markdown, for the page of the nightly job."""

from collections.abc import Iterable
from itertools import groupby

from scraper.publish.markdown import linked, table, text
from scraper.publish.summary.document import Change, Freshness, Summary

# Lines of a table before "and M more". All tables together stay well below what an issue holds (65,536 characters).
LINES = 40


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
    listed = {page["failure"] for page in failing}
    rows = [(linked(page["page"], page["url"]), text(page["failing_since"]), text(page["failure"])) for page in failing]
    rows += [("", "", text(problem)) for problem in document["problems"] if problem not in listed]
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
            read = any(page["state"] in ("changed", "unchanged") for page in document["pages"])
            yield "### Changes: none" if read else "### Changes: not known, for no page was read"
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

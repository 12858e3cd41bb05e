"""What is known of the issues of a KB. What was not read is not "none" (rule 16)."""

import sqlite3
from typing import cast

from scraper.answers.catalog import select
from scraper.answers.documents import KbAnswer, KnownIssue


def known_issues_of(catalog: sqlite3.Connection, kb: str) -> tuple[str, str | None, list[KnownIssue] | None]:
    """Whether a KB's issues are ``listed``, ``none``, ``unread`` or ``unreadable``; when its article was last read; and
    the issues that it lists or once listed: first the open ones, then the resolved ones, then those that are gone. None
    for the issues where they are not known."""
    rows = select(catalog, "select issues, issues_as_of from kb_issues where kb = ?", kb)
    state, as_of = (rows[0]["issues"], rows[0]["issues_as_of"]) if rows else ("unread", None)
    issues = _known_issues(catalog, kb)
    return state, as_of, issues if issues or state in ("listed", "none") else None


def _known_issues(catalog: sqlite3.Connection, kb: str) -> list[KnownIssue]:
    rows = select(
        catalog,
        "select title, status, symptom, workaround, resolution, fixed_by_kb, first_seen, last_seen, resolved_seen"
        " from known_issues where kb = ? order by status <> 'open', status = 'gone', first_seen desc, title",
        kb,
    )
    return [cast(KnownIssue, dict(row)) for row in rows]


def issues_words(answer: KbAnswer) -> str:
    """The state of a KB's issues in a sentence."""
    listed = [issue["status"] for issue in answer["known_issues"] or () if issue["status"] != "gone"]
    counts = ", ".join(f"{listed.count(status)} {status}" for status in ("open", "resolved") if status in listed)
    day = f" on {answer['issues_as_of'][:10]}" if answer["issues_as_of"] else ""
    if answer["issues"] == "unread":
        return "not known: no article of this update was read"
    if answer["issues"] == "unreadable":
        earlier = f"; earlier it listed {len(listed)}: {counts}" if listed else ""
        return f"not known: its article, last read{day}, has no section of issues that could be understood{earlier}"
    if answer["issues"] == "none":
        return f"none, as its article says, last read{day}"
    return f"{len(listed)} in its article, last read{day}: {counts}"

"""What articles say, night after night: known issues from first to last, and where an article contradicts the tables.

Pure. The publisher moves, withdraws and rewrites its notes without a word; an issue that is no longer listed stays in
the catalog as gone, with the time at which that was first seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scraper.catalog.resolve import BuildClaim, Claim, Claims, Part, Place, Said, Why
from scraper.models import ArticleRecord, IssuesRead, IssueStatus, KnownIssue, Severity

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a page that was served says nothing of its KB: ``code`` and ``message`` of the finding."""

    code: str
    message: str


@dataclass(slots=True)
class IssueRow:
    """A known issue of a KB. Times are those at which the version that says so was first served."""

    issue: KnownIssue
    status: str
    first_seen: str
    last_seen: str
    resolved_seen: str | None = None


@dataclass(slots=True)
class Article:
    """The article of a KB, as last read; ``url`` is where it was found then."""

    kb: str
    facts: ArticleRecord
    url: str
    issues: dict[str, IssueRow] = field(default_factory=dict)

    def follow(self, facts: ArticleRecord, url: str, at: str) -> None:
        """Take over a new version that was first served at ``at``."""
        self.facts, self.url = facts, url
        for issue in facts.issues:
            self._list(issue, at)
        if facts.read is not IssuesRead.UNREAD:
            listed = {issue.title for issue in facts.issues}
            for title, row in self.issues.items():
                if title not in listed and row.status != GONE:
                    row.status, row.resolved_seen = GONE, row.resolved_seen or at

    def _list(self, issue: KnownIssue, at: str) -> None:
        row = self.issues.setdefault(issue.title, IssueRow(issue, issue.status, at, at))
        row.issue, row.status, row.last_seen = issue, issue.status, at
        if issue.status is IssueStatus.RESOLVED:
            row.resolved_seen = row.resolved_seen or at
        else:
            row.resolved_seen = None


def claim_articles(claims: Claims, articles: Mapping[str, Article], troubles: Mapping[str, Trouble]) -> None:
    """Add what articles contradict, and what could not be read of them, to tonight's findings."""
    rows: dict[str, list[BuildClaim]] = {}
    for claim in claims.builds.values():
        if claim.kb:
            rows.setdefault(claim.kb, []).append(claim)
    for kb, trouble in troubles.items():
        claims.find(Claim(Severity.WARNING, trouble.code, None, kb, trouble.message, kb))
    for kb, article in articles.items():
        if article.facts.read is IssuesRead.UNREAD:
            message = f"no known issues could be read in the article of {kb}"
            claims.find(Claim(Severity.INFO, "issues-unread", None, kb, message, kb))
        _compare(kb, article.facts, rows.get(kb, []))


def _compare(kb: str, facts: ArticleRecord, rows: list[BuildClaim]) -> None:
    """Note builds and dates of heading and title beside the tables' (KB5101650: title .8870, heading and table .8875).
    A title that only repeats the heading says nothing more."""
    for part, builds, date in (
        (Part.HEADING, facts.heading_builds, facts.heading_date),
        (Part.TITLE, facts.title_builds, facts.title_date),
    ):
        for row in rows:
            family = (row.build or "").partition(".")[0]
            named = [build for build in builds if build.startswith(f"{family}.")]
            if family and named and row.build not in named:
                _note(row, "build", named[0], Place(kb, part))
            if date:
                _note(row, "available", date, Place(kb, part))


def _note(row: BuildClaim, column: str, value: str, place: Place) -> None:
    row.said.setdefault(column, []).append(Said(value, place, Why.ARTICLE))

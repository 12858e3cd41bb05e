"""What articles say: known issues from first to last sight, and where an article contradicts the tables.

Pure. The publisher moves, withdraws and rewrites its notes without notice. An issue that is no longer listed stays in
the catalog as gone, with the time at which that was first seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scraper.catalog.resolved import Resolved
from scraper.catalog.rows import BuildRow, family
from scraper.catalog.statements import Origin, Part, Reason, Statement
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
    """The article of a KB as it was last read. ``url``: where it was found then; ``issues``: by title."""

    kb: str
    record: ArticleRecord
    url: str
    issues: dict[str, IssueRow] = field(default_factory=dict)

    def update(self, record: ArticleRecord, url: str, at: str) -> None:
        """Take a version that was first served at ``at``."""
        self.record, self.url = record, url
        for issue in record.issues:
            row = self.issues.setdefault(issue.title, IssueRow(issue, issue.status, at, at))
            row.issue, row.status, row.last_seen = issue, issue.status, at
            is_resolved = issue.status is IssueStatus.RESOLVED
            row.resolved_seen = (row.resolved_seen or at) if is_resolved else None
        if record.read is not IssuesRead.UNREADABLE:
            listed = {issue.title for issue in record.issues}
            for title, row in self.issues.items():
                if title not in listed and row.status != GONE:
                    row.status, row.resolved_seen = GONE, row.resolved_seen or at


def add_articles(rows: Resolved, articles: Mapping[str, Article], troubles: Mapping[str, Trouble]) -> None:
    """Add what articles contradict, and what could not be read of them, to a run's rows and findings."""
    by_kb: dict[str | None, list[BuildRow]] = defaultdict(list)
    for row in rows.builds.values():
        by_kb[row.kb].append(row)
    for kb, trouble in troubles.items():
        rows.find(Severity.WARNING, trouble.code, None, kb, trouble.message, kb)
    for kb, article in articles.items():
        record = article.record
        if record.read is IssuesRead.UNREADABLE:
            message = f"no known issues could be read in the article of {kb}"
            rows.find(Severity.INFO, "issues-unread", None, kb, message, kb)
        for doubt in record.doubts:
            rows.find(Severity.WARNING, "article-differs", None, kb, f"in the article of {kb} {doubt}", kb)
        for build in _strange(record, by_kb.get(kb, ())):
            message = f"in the article of {kb} a build is {build}, which the tables do not have of {kb}"
            rows.find(Severity.WARNING, "article-differs", None, kb, message, kb)
        for row in by_kb.get(kb, ()):
            _add_statements(row, kb, Part.HEADING, record.heading_builds, record.heading_date)
            _add_statements(row, kb, Part.TITLE, record.title_builds, record.title_date)


def _strange(record: ArticleRecord, rows: Iterable[BuildRow]) -> dict[str, None]:
    """The builds of heading and title that are none of the KB's, and no conflict with one: of a family that the KB has
    none of, or beside the KB's own of that family."""
    own = {row.build for row in rows if row.build}
    strange: dict[str, None] = {}
    for named in (record.heading_builds, record.title_builds):
        others = set(map(family, own.difference(named)))
        strange |= dict.fromkeys(build for build in named if build not in own and family(build) not in others)
    return strange if own else {}


def _add_statements(row: BuildRow, kb: str, part: Part, builds: tuple[str, ...], date: str | None) -> None:
    """Builds and date of heading and title, beside the tables' (KB5101650: title .8870, heading and table .8875)."""
    named = [build for build in builds if row.build and family(build) == family(row.build)]
    build = named[0] if named and row.build not in named else None
    for column, value in (("build", build), ("available", date)):
        if value:
            statement = Statement(value, Origin(kb, part), Reason.ARTICLE)
            row.statements.setdefault(column, []).append(statement)

"""Where pages, articles and the catalog stand after the runs so far: what a replay of the archive builds up.

All of it is plain data, so that the archive can keep it (``memo.py``) and the next run goes on from there.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from scraper.catalog.articles import Article, Trouble
from scraper.catalog.history import History
from scraper.catalog.write import PageRow
from scraper.models import Records

LOOK = 4  # the exit code that says: a person must look


@dataclass(slots=True)
class PageState:
    """A page. ``records``: the last good ones, of ``version``, whose fingerprint is ``sha256``; ``before``: those of
    the good version before, until the new one is served again; ``updated``: the newest day on which a version said it
    was updated; ``drifting``: a version that was set aside, last served at ``served_at``."""

    name: str
    url: str
    version: int | None = None
    records: Records | None = None
    before: Records | None = None
    updated: str = ""
    sha256: str | None = None
    fetched_at: str | None = None
    changed_at: str | None = None
    failing_since: str | None = None
    failure: str | None = None
    exit_code: int = 0
    drifting: int | None = None
    served_at: str | None = None

    def take(self, records: Records, version: int, sha256: str, at: str) -> None:
        """Take another good version, as of ``at``."""
        self.before, self.records = self.records, records
        if self.updated < records.updated_on <= at[:10]:  # a slip into the future would call all others old
            self.updated = records.updated_on
        self.version, self.sha256, self.changed_at = version, sha256, at

    def note_read(self, at: str) -> None:
        """A good version was served at ``at``."""
        self.fetched_at = at
        self.failing_since = self.failure = self.drifting = None
        self.exit_code = LOOK if self.records and self.records.quarantined else 0

    def note_failure(self, at: str, failure: str, exit_code: int, drifting: int | None = None) -> None:
        """No good version was served at ``at``. ``drifting``: the one that was served and set aside. A drift stands
        until a good version is served; a network that fails meanwhile says nothing of it."""
        self.failing_since = self.failing_since or at
        self.failure, self.exit_code = failure, exit_code
        if drifting is not None:
            self.drifting, self.served_at = drifting, at

    def row(self, pending: int) -> PageRow:
        records = self.records
        return PageRow(
            page=self.name,
            url=self.url,
            fetched_at=self.fetched_at,
            changed_at=self.changed_at,
            updated_at=(records.updated_at or None) if records else None,
            sha256=self.sha256,
            layout=records.layout if records else None,
            rows=records.rows if records else None,
            quarantined=len(records.quarantined) if records else 0,
            pending=pending,
            failing_since=self.failing_since,
            failure=self.failure,
        )


@dataclass(slots=True)
class ArticleState:
    """An article. ``sha256``: the fingerprint of what was served last, understood or not. An article that is not what
    was asked for is a finding and stops nothing, so only its host's silence counts for the exit code."""

    kb: str
    url: str
    version: int | None = None
    article: Article | None = None
    trouble: Trouble | None = None
    sha256: str | None = None
    fetched_at: str | None = None
    changed_at: str | None = None
    failing_since: str | None = None
    failure: str | None = None
    exit_code: int = 0

    def note_read(self, at: str) -> None:
        """A version was served at ``at``. One that is not the article fails as long as it is served."""
        if self.trouble:
            self.note_failure(at, self.trouble.message, 0)
        else:
            self.fetched_at = at
            self.failing_since = self.failure = None
            self.exit_code = 0

    def note_failure(self, at: str, failure: str, exit_code: int) -> None:
        self.failing_since = self.failing_since or at
        self.failure, self.exit_code = failure, exit_code

    def row(self) -> PageRow:
        record = self.article.record if self.article and not self.trouble else None
        return PageRow(
            page=self.kb,
            url=self.url,
            fetched_at=self.fetched_at,
            changed_at=self.changed_at,
            updated_at=record.updated_at if record else None,
            sha256=self.sha256,
            layout=record.layout if record else None,
            rows=len(record.sections) if record else None,
            quarantined=0,
            pending=0,
            failing_since=self.failing_since,
            failure=self.failure,
        )


@dataclass(slots=True)
class State:
    """The history of the catalog, where each page and article stands after the last run, when each run was, and what
    the last one visited. ``visit``: the last visit that it covers; ``acceptances``: how many it covers. ``excused``: by
    page, how many contradictions of the last news a row that flaps may explain."""

    pages: dict[str, PageState]
    history: History = field(default_factory=History)
    articles: dict[str, ArticleState] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    visited: tuple[str, ...] = ()
    excused: dict[str, int] = field(default_factory=dict)
    visit: int = 0
    acceptances: int = 0

    @property
    def is_empty(self) -> bool:
        return not any(page.records for page in self.pages.values())

    def pending(self) -> Counter[str]:
        """By page, what the next run may settle: rows that may flap, and contradictions that such rows excuse."""
        return Counter(row.page for row in self.history.flapping()) + Counter(self.excused)

    def read_articles(self) -> dict[str, Article]:
        return {kb: state.article for kb, state in self.articles.items() if state.article}

    def last_visited(self) -> list[PageState | ArticleState]:
        """The pages and articles that the last run visited."""
        return [self.pages.get(name) or self.articles[name] for name in self.visited]

    def page_rows(self) -> Iterator[PageRow]:
        pending = self.pending()
        yield from (page.row(pending[name]) for name, page in self.pages.items())
        yield from (self.articles[kb].row() for kb in sorted(self.articles))

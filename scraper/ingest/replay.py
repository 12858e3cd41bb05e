"""The archive, replayed: from what was served, night after night, to the rows of the catalog.

The catalog is a function of the archive, so what is published never depends on what happened to be in the file before:
a night with news replays the archive from its first visit.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from scraper.catalog.articles import Article, Trouble, claim_articles
from scraper.catalog.crosschecks import Past, crosscheck
from scraper.catalog.history import Night, Timeline
from scraper.catalog.resolve import reconcile
from scraper.catalog.write import PageRow
from scraper.errors import DriftError
from scraper.ingest import parse
from scraper.ingest.archive import Acceptance, Archive, Visit
from scraper.ingest.drift import check_rows, check_tables
from scraper.ingest.normalize import normalize
from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.quarantine import with_last_good_rows
from scraper.ingest.sources import SOURCES
from scraper.models import ArticleRecord, Records, Source

LOOK = 4
_FACTS_KEPT = 16


@dataclass(slots=True)
class PageState:
    """Where a page stands while the archive is replayed; ``facts`` are its last good ones, ``before`` those of the good
    version before until the new one is served again, ``updated`` the newest day that a version gave itself, ``sha256``
    the fingerprint of the version that they come from; ``drifting`` is a version that was set aside, last served at
    ``served_at``."""

    source: Source
    version: int | None = None
    facts: Records | None = None
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

    def take(self, facts: Records, version: int, sha256: str, at: str) -> None:
        """Another good version, as of ``at``."""
        self.before, self.facts = self.facts, facts
        if self.updated < facts.updated_at[:10] <= at[:10]:  # a slip into the future would call all others old
            self.updated = facts.updated_at[:10]
        self.version, self.sha256, self.changed_at = version, sha256, at

    def read(self, at: str) -> None:
        """A good version was served at ``at``."""
        self.fetched_at = at
        self.failing_since = self.failure = self.drifting = None
        self.exit_code = LOOK if self.facts and self.facts.quarantined else 0

    def failed(self, at: str, failure: str, exit_code: int, drifting: int | None = None) -> None:
        """No good version at ``at``; ``drifting`` is the one that was served and set aside. A drift stands until a good
        version is served: a network that fails meanwhile says nothing of it."""
        self.failing_since = self.failing_since or at
        self.failure, self.exit_code = failure, exit_code
        if drifting is not None:
            self.drifting, self.served_at = drifting, at

    def row(self, pending: int) -> PageRow:
        facts = self.facts
        return PageRow(
            page=self.source.name,
            url=self.source.url,
            fetched_at=self.fetched_at,
            changed_at=self.changed_at,
            updated_at=(facts.updated_at or None) if facts else None,
            sha256=self.sha256,
            layout=facts.layout if facts else None,
            rows=facts.rows if facts else None,
            quarantined=len(facts.quarantined) if facts else 0,
            pending=pending,
            failing_since=self.failing_since,
            failure=self.failure,
        )


@dataclass(slots=True)
class ArticleState:
    """Where an article stands; ``sha256`` is the fingerprint of what was served last, understood or not. An article
    that is not what was asked for is a finding and stops nothing, so only its host's silence counts for the exit."""

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

    def read(self, at: str) -> None:
        """A version was served at ``at``; one that is not the article fails for as long as it is served."""
        if self.trouble:
            self.failed(at, self.trouble.message, 0)
        else:
            self.fetched_at = at
            self.failing_since = self.failure = None
            self.exit_code = 0

    def failed(self, at: str, failure: str, exit_code: int) -> None:
        self.failing_since = self.failing_since or at
        self.failure, self.exit_code = failure, exit_code

    def row(self) -> PageRow:
        facts = self.article.facts if self.article and not self.trouble else None
        return PageRow(
            page=self.kb,
            url=self.url,
            fetched_at=self.fetched_at,
            changed_at=self.changed_at,
            updated_at=facts.updated_at if facts else None,
            sha256=self.sha256,
            layout=facts.layout if facts else None,
            rows=len(facts.sections) if facts else None,
            quarantined=0,
            pending=0,
            failing_since=self.failing_since,
            failure=self.failure,
        )


class Reader:
    """Reads versions of pages out of an archive, and remembers the last few it read."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.parsed = 0
        self._facts: dict[tuple[int, bool], Records | DriftError] = {}

    def read(self, source: Source, version: int, *, accepted: bool) -> Records:
        """The facts of a version. Raises DriftError where it is not the page that its source declares."""
        known = self._facts.pop((version, accepted), None) or self._parse(source, version, accepted=accepted)
        self._facts[version, accepted] = known
        if len(self._facts) > _FACTS_KEPT:
            del self._facts[next(iter(self._facts))]
        if isinstance(known, DriftError):
            raise known
        return known

    def _parse(self, source: Source, version: int, *, accepted: bool) -> Records | DriftError:
        _, _, body = self.archive.body(version)
        self.parsed += 1
        try:
            page = parse.parse(source, body, source.url)
            check_tables(source, page, accepted=accepted)
            return normalize(source, page)
        except DriftError as problem:
            return problem

    def read_article(self, kb: str, version: int, url: str) -> ArticleRecord:
        """The facts of a version of an article. Raises DriftError where it is no article."""
        _, _, body = self.archive.body(version)
        self.parsed += 1
        return normalize_article(parse.parse_article(kb, body, url), url)


@dataclass(slots=True)
class Replay:
    """The timeline of the catalog, where each page and article stands after the last run, when each run was, and what
    the last one visited. ``excused``: by page, the contradictions of the last news that may be a row that flaps."""

    timeline: Timeline = field(default_factory=Timeline)
    pages: dict[str, PageState] = field(default_factory=dict)
    articles: dict[str, ArticleState] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    visited: tuple[str, ...] = ()
    excused: Counter[str] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        return not any(page.facts for page in self.pages.values())

    def read_articles(self) -> dict[str, Article]:
        return {kb: state.article for kb, state in self.articles.items() if state.article}

    def states(self) -> list[PageState | ArticleState]:
        """Those that the last run visited."""
        return [self.pages.get(name) or self.articles[name] for name in self.visited]

    def page_rows(self) -> Iterable[PageRow]:
        pending = self.timeline.pending() + self.excused
        yield from (page.row(pending[name]) for name, page in self.pages.items())
        yield from (self.articles[kb].row() for kb in sorted(self.articles))


def is_article(name: str) -> bool:
    """Whether a visit's source is an article: those are named by their KB."""
    return name.startswith("KB")


def replay(archive: Archive, reader: Reader) -> Replay:
    """Follow every run of the archive in its order. Visits of a source that is no longer declared are passed over."""
    result = Replay(pages={source.name: PageState(source) for source in SOURCES})
    ranked = sorted(SOURCES, key=lambda source: source.parser != "release_information")
    accepted = [acceptance for acceptance in archive.acceptances() if acceptance.source in result.pages]
    for run, group in groupby(archive.visits(), key=lambda visit: visit.run):
        visits = [visit for visit in group if visit.source in result.pages or is_article(visit.source)]
        if visits:
            _follow(result, reader, ranked, run, visits)
        for acceptance in accepted:
            if acceptance.run == run:
                _follow_acceptance(result, reader, ranked, acceptance)
    return result


def _follow(result: Replay, reader: Reader, ranked: Sequence[Source], run: int, visits: list[Visit]) -> None:
    at = result.runs[run] = visits[0].at
    result.visited = tuple(visit.source for visit in visits)
    read, first, news = set(), set(), False
    for visit in visits:
        if is_article(visit.source):
            news = _follow_article(result, reader, visit, at) or news
            continue
        page = result.pages[visit.source]
        if visit.version is None:
            page.failed(at, visit.failure or "", LOOK if visit.exit_code is None else visit.exit_code)
            continue
        if visit.version != page.version:
            try:
                facts = good_facts(page, reader, visit.version, at)
            except DriftError as problem:
                page.failed(at, str(problem), LOOK, visit.version)
                continue
            if page.facts is None:
                first.add(page.source.name)
            page.take(facts, visit.version, reader.archive.fingerprint(visit.version), at)
            news = True
        else:
            page.before = None  # what is gone twice in a row does not flap
        read.add(page.source.name)
        page.read(at)
    if news or result.excused or result.timeline.pending():
        _reconcile(result, ranked, Night(run, at, read, first))


def _follow_acceptance(result: Replay, reader: Reader, ranked: Sequence[Source], acceptance: Acceptance) -> None:
    """From its own place in the archive on, what a person let pass is the page's last good version: its changes are
    seen when it was accepted, and those of the nights before stay as they were published."""
    page = result.pages[acceptance.source]
    try:
        facts = good_facts(page, reader, acceptance.version, acceptance.at, accepted=True)
    except DriftError as problem:  # the code has changed since, and no longer reads what it read then
        page.failed(acceptance.at, str(problem), LOOK, acceptance.version)
        return
    first = {page.source.name} if page.facts is None else set()
    page.take(facts, acceptance.version, reader.archive.fingerprint(acceptance.version), acceptance.at)
    page.read(page.served_at or acceptance.at)
    _reconcile(result, ranked, Night(acceptance.run, acceptance.at, {page.source.name}, first))


def _reconcile(result: Replay, ranked: Sequence[Source], night: Night) -> None:
    known = {name: page.facts for name, page in result.pages.items() if page.facts}
    families = {name: row.claim.base_build for name, row in result.timeline.releases.items()}
    claims = reconcile(known, ranked, families)
    troubles = {kb: state.trouble for kb, state in result.articles.items() if state.trouble}
    claim_articles(claims, result.read_articles(), troubles)
    before = {name: page.before for name, page in result.pages.items() if page.before}
    updated = {name: page.updated for name, page in result.pages.items()}
    pages = [(source, known[source.name]) for source in ranked if source.name in known]
    releases = {name: row.claim for name, row in result.timeline.releases.items()}
    today = max(result.runs.values())[:10]  # of a clock that went back, what came before is not yet to come
    excused = crosscheck(claims, pages, Past(today, before, updated, releases, result.timeline.months))
    result.excused = Counter(dict.fromkeys(before, excused) if excused else ())
    result.timeline.follow(night, claims)


def good_facts(page: PageState, reader: Reader, version: int, at: str, *, accepted: bool = False) -> Records:
    """The facts of a version with what stays of the last ones. Raises DriftError where the page must be set aside."""
    facts = reader.read(page.source, version, accepted=accepted)
    check_rows(page.source, facts, page.facts, at[:10], accepted=accepted)
    return with_last_good_rows(facts, page.facts)


def _follow_article(result: Replay, reader: Reader, visit: Visit, at: str) -> bool:
    """Take an article's visit over; true when another version of it was served."""
    kb = visit.source
    state = result.articles.setdefault(kb, ArticleState(kb, visit.url))
    state.url = visit.url
    if visit.version is None:
        state.failed(at, visit.failure or "", visit.exit_code or 0)
        return False
    news = visit.version != state.version
    if news:
        state.version, state.changed_at = visit.version, at
        state.sha256 = reader.archive.fingerprint(visit.version)
        _read_article(state, reader, visit.version, visit.final_url or visit.url, at)
    state.read(at)
    return news


def _read_article(state: ArticleState, reader: Reader, version: int, url: str, at: str) -> None:
    """An unknown number may lead to an unrelated article (sources.md C1): what does not name the KB says nothing."""
    state.trouble = None
    try:
        facts = reader.read_article(state.kb, version, url)
    except DriftError as problem:
        state.trouble = Trouble("article-unread", str(problem))
        return
    if state.kb not in facts.kbs:
        named = facts.heading or facts.title
        state.trouble = Trouble("landing", f"the address of {state.kb} leads to another page: {named}")
        return
    if state.article is None:
        state.article = Article(state.kb, facts, url)
    state.article.follow(facts, url, at)

"""The archive, replayed: from what was served, run after run, to the rows of the catalog.

The catalog is a function of the archive. What is published never depends on what happened to be in its file before: it
is the result of adding every run of the archive in its order, be it at once or one run a night.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, groupby

from scraper.catalog.articles import Article, Trouble, add_articles
from scraper.catalog.checks import Context, Past, check_rows
from scraper.catalog.due import due_months, newest_months, open_due, read_at
from scraper.catalog.history import Run, add_run
from scraper.catalog.resolve import resolve
from scraper.catalog.resolved import rank
from scraper.errors import DriftError
from scraper.ingest.archive import Acceptance, Archive, Visit
from scraper.ingest.drift import check_row_counts
from scraper.ingest.memo import Reader
from scraper.ingest.quarantine import with_last_good_rows
from scraper.ingest.state import LOOK, ArticleState, PageState, State
from scraper.models import Records, Source


def is_article(name: str) -> bool:
    """Whether a visit's source is an article: those are named by their KB."""
    return name.startswith("KB")


def replay(archive: Archive, reader: Reader, sources: Sequence[Source], *, from_start: bool = False) -> State:
    """The state after every run of the archive. Visits of a source that is no longer declared are passed over.
    ``from_start``: add all runs again, whatever state is kept."""
    kept = None if from_start else reader.recall_state()
    state = kept or State({source.name: PageState(source.name, source.url) for source in sources})
    covered, last_visit = max(state.runs, default=0), archive.last_visit()
    acceptances, visits = archive.acceptances(), archive.visits(state.visit)
    first = next(visits, None)
    if kept and _is_late(covered, acceptances[state.acceptances :], first):
        return replay(archive, reader, sources, from_start=True)
    adding = _Replay(state, reader, sources)
    # What was accepted after the last run of the kept state comes before the runs that are added now.
    adding.accept(acceptances[state.acceptances :], covered)
    for run, group in groupby(chain([first] if first else (), visits), key=lambda visit: visit.run):
        adding.add(run, [visit for visit in group if visit.source in state.pages or is_article(visit.source)])
        adding.accept(acceptances[state.acceptances :], run)
    state.visit = last_visit
    return state


def _is_late(covered: int, acceptances: Iterable[Acceptance], first: Visit | None) -> bool:
    """Whether something new belongs to a run that the kept state covers, or goes beyond: it was accepted after a later
    run, or two runs went on at once because their lock was deleted."""
    return any(one.run < covered for one in acceptances) or (first is not None and first.run <= covered)


class _Replay:
    """Adds runs to a state."""

    def __init__(self, state: State, reader: Reader, sources: Iterable[Source]) -> None:
        self.state = state
        self.reader = reader
        self.sources = sorted(sources, key=rank)
        self.by_name = {source.name: source for source in self.sources}
        self._newest: dict[str, str] | None = None

    def add(self, number: int, visits: Sequence[Visit]) -> None:
        """Add a run: what its visits of pages and articles mean, and if there is news, the rows that they give."""
        if not visits:
            return
        state, at = self.state, visits[0].at
        state.runs[number] = at
        state.visited = tuple(visit.source for visit in visits)
        run = Run(number, at, set(), set())
        has_news = False
        for visit in visits:
            add = self._add_article_visit if is_article(visit.source) else self._add_page_visit
            has_news = add(visit, run) or has_news
        run = replace(run, fetched=self._fetched())
        if has_news or state.pending() or self._is_due_changed(run):
            self._add_rows(run)

    def _fetched(self) -> dict[str, str | None]:
        return {name: page.fetched_at for name, page in self.state.pages.items()}

    def _is_due_changed(self, run: Run) -> bool:
        """Whether a month has become due, or overdue, that no page lists: that is news, although no page has any."""
        history = self.state.history
        if self._newest is None:
            self._newest = newest_months(history.builds.values(), history.months.values())
        times = read_at(history.releases, self.sources, run.fetched)
        due = due_months(history.releases, self._newest, times, run.at[:10])
        return due != open_due(history.findings)

    def _add_page_visit(self, visit: Visit, run: Run) -> bool:
        """What a visit of a page means; true when another good version of it was served."""
        page = self.state.pages[visit.source]
        if visit.version is None:
            page.note_failure(run.at, visit.failure or "", LOOK if visit.exit_code is None else visit.exit_code)
            return False
        is_new = visit.version != page.version
        if is_new:
            try:
                records = self.good_records(page, visit.version, run.at)
            except DriftError as problem:
                page.note_failure(run.at, str(problem), LOOK, visit.version)
                return False
            self._take(page, records, visit.version, run)
        else:
            page.before = None  # what is gone twice in a row does not flap
        run.read.add(page.name)
        page.note_read(run.at)
        return is_new

    def _take(self, page: PageState, records: Records, version: int, run: Run) -> None:
        if page.records is None:
            run.first.add(page.name)
        page.take(records, version, self.reader.archive.fingerprint(version), run.at)

    def good_records(self, page: PageState, version: int, at: str, *, accepted: bool = False) -> Records:
        """The records of a version, with the last good ones of rows that could not be read. Raises DriftError where the
        page must be set aside."""
        source = self.by_name[page.name]
        records = self.reader.read(source, version, accepted=accepted)
        check_row_counts(source, records, page.records, at[:10], accepted=accepted)
        return with_last_good_rows(records, page.records)

    def accept(self, acceptances: Sequence[Acceptance], run: int) -> None:
        """Apply what a person let pass after a run. From there on it is the page's last good version: its changes are
        seen when it was accepted, and those of the runs before stay as they were published."""
        for acceptance in acceptances:
            if acceptance.run != run:
                break
            self.state.acceptances += 1
            if page := self.state.pages.get(acceptance.source):
                self._accept(page, acceptance)

    def _accept(self, page: PageState, acceptance: Acceptance) -> None:
        run = Run(acceptance.run, acceptance.at, {page.name}, set())
        try:
            records = self.good_records(page, acceptance.version, acceptance.at, accepted=True)
        except DriftError as problem:  # the code has changed since, and no longer reads what it read then
            page.note_failure(acceptance.at, str(problem), LOOK, acceptance.version)
            return
        self._take(page, records, acceptance.version, run)
        page.note_read(page.served_at or acceptance.at)
        self._add_rows(replace(run, fetched=self._fetched()))

    def _add_rows(self, run: Run) -> None:
        """Resolve what all pages say now, check it, and add it to the history."""
        state = self.state
        history = state.history
        records = {name: page.records for name, page in state.pages.items() if page.records}
        families = {name: row.base_build for name, row in history.releases.items()}
        rows = resolve(records, self.sources, families)
        troubles = {kb: article.trouble for kb, article in state.articles.items() if article.trouble}
        add_articles(rows, state.read_articles(), troubles)
        past = Past(
            day=max(state.runs.values())[:10],  # when a clock went back, what came before is not in the future
            before={name: page.before for name, page in state.pages.items() if page.before},
            updated={name: page.updated for name, page in state.pages.items()},
            releases=history.releases,
            months=tuple(history.months),
        )
        builds, months = list(rows.builds.values()), list(rows.months.values())
        found, excused = check_rows(Context(rows.pages, rows.releases, builds, months, past))
        rows.found |= found
        state.excused = dict.fromkeys(past.before, excused) if excused else {}
        add_run(history, run, rows)
        self._newest = None

    def _add_article_visit(self, visit: Visit, run: Run) -> bool:
        """What a visit of an article means; true when another version of it was served."""
        kb = visit.source
        state = self.state.articles.setdefault(kb, ArticleState(kb, visit.url))
        state.url = visit.url
        if visit.version is None:
            state.note_failure(run.at, visit.failure or "", visit.exit_code or 0)
            return False
        is_new = visit.version != state.version
        if is_new:
            state.version, state.changed_at = visit.version, run.at
            state.sha256 = self.reader.archive.fingerprint(visit.version)
            self._read_article(state, visit.version, visit.final_url or visit.url, run.at)
        state.note_read(run.at)
        return is_new

    def _read_article(self, state: ArticleState, version: int, url: str, at: str) -> None:
        """An unknown number may lead to an unrelated article (sources.md C1): what does not name the KB says nothing
        of it."""
        state.trouble = None
        try:
            record = self.reader.read_article(state.kb, version, url)
        except DriftError as problem:
            state.trouble = Trouble("article-unread", str(problem))
            return
        if state.kb not in record.kbs:
            message = f"the address of {state.kb} leads to another page: {record.heading or record.title}"
            state.trouble = Trouble("landing", message)
            return
        if state.article is None:
            state.article = Article(state.kb, record, url)
        state.article.update(record, url, at)


def passes_if_accepted(archive: Archive, state: State, sources: Sequence[Source], name: str, at: str) -> None:
    """Raises DriftError where no acceptance can mend the drift that stands for a page, a lost column for instance."""
    page = state.pages[name]
    assert page.drifting is not None
    _Replay(state, Reader(archive), sources).good_records(page, page.drifting, at, accepted=True)

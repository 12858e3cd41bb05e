"""One run: visit what is due, keep what came, and publish what it says, or only note the visits if that is no news."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from scraper.catalog import write as tables
from scraper.errors import FetchError, Unavailable
from scraper.ingest import parse
from scraper.ingest.archive import Archive, Run, Visit
from scraper.ingest.fetch import Answer, Manners, Request, fetch
from scraper.ingest.replay import LOOK, ArticleState, PageState, Reader, is_article, replay
from scraper.ingest.sources import SOURCES

log = logging.getLogger(__name__)

TRY_LATER = 3
# So many articles in a row that a host would not give, each after all its retries, and it is left alone for the night.
_SILENT = 3
_MAKES_ROWS = ("errors.py", "models.py", "catalog", "ingest")


class Progress(Protocol):
    """Who watches a run. ``begin`` says how many pages are to come, ``page`` what came of one."""

    def begin(self, what: str, total: int) -> None: ...

    def page(self, name: str, text: str) -> None: ...

    def end(self) -> None: ...


class Unwatched:
    """Nobody watches."""

    def begin(self, what: str, total: int) -> None:
        pass

    def page(self, name: str, text: str) -> None:
        pass

    def end(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``problems``: one line for each failing page; ``parsed``: how many page versions were read."""

    run: int
    outcome: str
    exit_code: int
    facts_sha256: str | None
    changes: int
    parsed: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """What a run is to fetch and how. After ``budget`` seconds it ends well with what it has; None: however long it
    takes."""

    what: str
    requests: Sequence[Request]
    now: str
    mirror: str | None
    manners: Manners
    budget: float | None = None


def run(archive: Archive, reader: Reader, db: Path, errand: Errand, progress: Progress) -> Outcome | None:
    """Do an errand as one run of the archive, and publish; None when there was no time for a single visit."""
    number = archive.next_run()
    progress.begin(errand.what, len(errand.requests))
    try:
        visits = asyncio.run(visit(archive, number, errand, progress))
    finally:
        progress.end()
    if not visits:
        return None
    outcome = _note_only(archive, db, number, visits) or _publish(archive, reader, db, number)
    log.info("run %d: %s, %d page versions parsed", number, outcome.outcome, outcome.parsed)
    return outcome


# --- visits ----------------------------------------------------------------------------------------------------------


async def visit(archive: Archive, number: int, errand: Errand, progress: Progress) -> list[Visit]:
    """Fetch, and keep each page as soon as it is there, so that a kill loses none that had come."""
    visits: list[Visit] = []
    try:
        async with (
            asyncio.timeout(errand.budget),
            aclosing(fetch(errand.requests, errand.manners, errand.mirror)) as came,
        ):
            async for request, answer in came:
                visit = _keep(archive, number, errand.now, request, answer)
                visits.append(visit)
                progress.page(request.source, visit.failure or f"{visit.status} {visit.final_url}")
                if _is_silent(visits):
                    log.warning("no article came %d times in a row: the rest is left for the next run", _SILENT)
                    break
    except TimeoutError:
        log.warning("the budget is spent: %d of %d pages came", len(visits), len(errand.requests))
        came_in = {visit.source for visit in visits}
        for request in errand.requests:
            # An article that did not come is simply due again; a page that did not come is a page that failed.
            if request.source not in came_in and not is_article(request.source):
                visits.append(_keep(archive, number, errand.now, request, _too_late(request)))
    return visits


def _too_late(request: Request) -> Unavailable:
    return Unavailable("silence", page=request.source, expected="an answer within the run's budget", found="none")


def _is_silent(visits: Sequence[Visit]) -> bool:
    last = visits[-_SILENT:]
    return len(last) == _SILENT and all(is_article(visit.source) and visit.exit_code == TRY_LATER for visit in last)


def _keep(archive: Archive, number: int, now: str, request: Request, answer: Answer | FetchError) -> Visit:
    """Add the visit to the archive, with what came of it."""
    visit = Visit(number, request.source, request.url, now)
    if isinstance(answer, FetchError):
        visit = replace(visit, failure=str(answer), exit_code=_exit_code(request, answer))
        archive.note(visit)
        return visit
    visit = replace(
        visit, status=answer.status, final_url=answer.final_url, etag=answer.etag, last_modified=answer.last_modified
    )
    if answer.body is None:
        last = archive.last_good(request.source)
        visit = replace(visit, version=last.version if last else None)
        archive.note(visit)
        return visit
    fingerprint = parse.article_fingerprint if is_article(request.source) else parse.fingerprint
    return archive.keep(visit, fingerprint(answer.body), answer.body)


def _exit_code(request: Request, problem: FetchError) -> int:
    if isinstance(problem, Unavailable):
        return TRY_LATER
    return 0 if is_article(request.source) else LOOK


# --- publish ---------------------------------------------------------------------------------------------------------


def _publish(archive: Archive, reader: Reader, db: Path, number: int) -> Outcome:
    """Replay the archive and swap the result in; with no good page at all, what is published stays."""
    before = reader.parsed
    result = replay(archive, reader)
    visited = result.states()
    code = max(state.exit_code for state in visited)
    runs, published = archive.runs(), tables.published(db)
    problems = _problems(visited)
    if result.is_empty:
        archive.finish(Run(number, "failed", code, None))
        return Outcome(number, "failed", code, None, 0, reader.parsed - before, problems)
    with tables.aside(db) as database:
        tables.write(database, result.timeline, result.read_articles(), SOURCES, result.page_rows(), stamp())
        facts_sha256 = tables.facts_sha256(database)
        failed = code >= TRY_LATER and all(state.failure for state in visited)
        ended = Run(number, "failed" if failed else _word(facts_sha256, runs, published), code, facts_sha256)
        archive.finish(ended)
        tables.write_visits(database, (), run_rows(result.runs, {**runs, number: ended}))
    changes = sum(change.run == number for change in result.timeline.changes)
    return Outcome(number, ended.outcome, code, facts_sha256, changes, reader.parsed - before, problems)


def _note_only(archive: Archive, db: Path, number: int, visits: Sequence[Visit]) -> Outcome | None:
    """Note the visits of a night without news and leave the facts alone; None when there may be news.

    No news: the catalog is the archive's own and of this code, and each page that came is the version it was built
    from, with no row waiting to be confirmed as gone and nothing accepted since.
    """
    runs, published = archive.runs(), tables.published(db)
    last = runs.get(number - 1)
    if published is None or last is None or published.last_run != (last.run, last.facts_sha256):
        return None
    if any(acceptance.run == last.run for acceptance in archive.acceptances()):
        return None  # it may have been noted by a process that was killed before it published
    pages = {page.page: page for page in published.pages}
    if published.built_by != stamp() or any(page.pending for page in pages.values()):
        return None
    for visit in visits:
        page = pages.get(visit.source)
        if page is None or page.url != visit.url:
            return None
        if visit.version and archive.fingerprint(visit.version) != page.sha256:
            return None
        if visit.version and page.rows is None and page.failure != published.troubles.get(page.page):
            return None  # a page in an article's place came back after it had not come at all
    noted = [_noted(pages[visit.source], visit) for visit in visits]
    codes = (visit.exit_code or (LOOK if page.quarantined else 0) for visit, page in zip(visits, noted, strict=True))
    code = max(codes)
    times = {visit.run: visit.at for visit in reversed(list(archive.visits()))}
    with tables.aside(db, copy=True) as database:
        # The facts may have been rebuilt since the last run, after an acceptance say: the digest is of what is there.
        facts_sha256 = tables.facts_sha256(database)
        failed = code >= TRY_LATER and not any(visit.version for visit in visits)
        ended = Run(number, "failed" if failed else _word(facts_sha256, runs, published), code, facts_sha256)
        archive.finish(ended)
        tables.write_visits(database, noted, run_rows(times, {**runs, number: ended}))
    lines = [page.failure for page in noted if page.failure]
    lines += [
        _unread(page.page, page.quarantined, published.quarantine[page.page]) for page in noted if page.quarantined
    ]
    return Outcome(number, ended.outcome, code, facts_sha256, 0, 0, tuple(lines))


def _noted(page: tables.PageRow, visit: Visit) -> tables.PageRow:
    if visit.version is None:
        return replace(page, failing_since=page.failing_since or visit.at, failure=visit.failure)
    if page.rows is None:
        return page  # served, but not what was asked for, as before
    return replace(page, fetched_at=visit.at, failing_since=None, failure=None)


def _word(facts_sha256: str, runs: dict[int, Run], published: tables.Published | None) -> str:
    """Whether there is anything to publish anew: compared to what is published, since a run that was killed before it
    could swap its catalog in stands in the archive all the same."""
    return "unchanged" if runs and published and published.last_run[1] == facts_sha256 else "news"


def _problems(states: Iterable[PageState | ArticleState]) -> tuple[str, ...]:
    """One line for each failing page, and one for each page with rows that could not be read."""
    lines = []
    for state in states:
        if state.failure:
            lines.append(state.failure)
        elif isinstance(state, PageState) and state.facts and state.facts.quarantined:
            aside = state.facts.quarantined
            lines.append(_unread(state.source.name, len(aside), f"{aside[0].reason}; cells: {aside[0].cells}"))
    return tuple(lines)


def _unread(page: str, count: int, first: str) -> str:
    return f"unexpected row on {page}. {first} ({count} in quarantine)"


def run_rows(times: dict[int, str], runs: dict[int, Run]) -> Iterable[tables.RunRow]:
    """Every run that visited a page; one that was killed has no end in the archive."""
    for number, at in sorted(times.items()):
        ended = runs.get(number)
        if ended:
            yield tables.RunRow(number, at, ended.outcome, ended.exit_code, ended.facts_sha256)
        else:
            yield tables.RunRow(number, at, "interrupted", None, None)


def stamp() -> int:
    """A number for the code that makes rows out of pages: a catalog built by other code is built anew."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(found for name in _MAKES_ROWS for found in (root / name, *(root / name).rglob("*"))):
        if path.suffix in (".py", ".sql", ".csv"):
            digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4]) >> 1

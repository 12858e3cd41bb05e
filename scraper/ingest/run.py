"""One run: fetch what is due, keep what came, and publish what it says, or only note the visits if that is no news."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from scraper.catalog import aside, write
from scraper.catalog.due import due_months, read_at
from scraper.errors import FetchError, NoNetwork, Unavailable
from scraper.ingest import parse
from scraper.ingest.archive import Archive, RunEnd, Visit
from scraper.ingest.fetch import Answer, Manners, Request, fetch
from scraper.ingest.memo import Reader, stamp
from scraper.ingest.published import Published, published
from scraper.ingest.replay import is_article, replay
from scraper.ingest.state import LOOK, ArticleState, PageState
from scraper.models import Source

log = logging.getLogger(__name__)

TRY_LATER = 3
# After so many articles in a row that did not come, each after all its retries, the rest waits for the next run.
_SILENT = 3


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
    """How a run ended. ``problems``: one line for each failing page; ``parsed``: how many page versions were parsed."""

    run: int
    outcome: str
    exit_code: int
    facts_sha256: str | None
    changes: int
    parsed: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to fetch and how. ``what``: the word for these pages in the progress. After ``budget`` seconds the
    run ends well with what it has; None: however long it takes."""

    what: str
    requests: Sequence[Request]
    now: str
    mirror: str | None
    manners: Manners
    budget: float | None = None


def run(
    archive: Archive, reader: Reader, db: Path, sources: Sequence[Source], plan: Plan, progress: Progress
) -> Outcome | None:
    """Fetch and publish as one run of the archive; None when there was no time for a single visit."""
    number = archive.next_run()
    progress.begin(plan.what, len(plan.requests))
    try:
        visits = asyncio.run(fetch_all(archive, number, plan, progress))
    finally:
        progress.end()
    if not visits:
        return None
    outcome = _note_visits(archive, db, sources, number, visits) or _publish(archive, reader, db, sources, number)
    log.info("run %d: %s, %d page versions parsed", number, outcome.outcome, outcome.parsed)
    return outcome


# --- fetch -----------------------------------------------------------------------------------------------------------


async def fetch_all(archive: Archive, number: int, plan: Plan, progress: Progress) -> list[Visit]:
    """Fetch, and keep each page as soon as it is there, so that a kill loses none that had come."""
    visits: list[Visit] = []
    try:
        async with (
            asyncio.timeout(plan.budget),
            aclosing(fetch(plan.requests, plan.manners, plan.mirror)) as came,
        ):
            async for request, answer in came:
                visit = _keep(archive, number, plan.now, request, answer)
                visits.append(visit)
                # No network is reported once, at the end.
                failure = "no network" if isinstance(answer, NoNetwork) else visit.failure
                progress.page(request.source, failure or f"{visit.status} {visit.final_url}")
                if _is_silent(visits):
                    log.warning("no article came %d times in a row: the rest is left for the next run", _SILENT)
                    break
    except TimeoutError:
        log.warning("the budget is spent: %d of %d pages came", len(visits), len(plan.requests))
        came_in = {visit.source for visit in visits}
        for request in plan.requests:
            # An article that did not come is simply due again; a page that did not come is a page that failed.
            if request.source not in came_in and not is_article(request.source):
                expected = "an answer within the run's budget"
                late = Unavailable("silence", page=request.source, expected=expected, found="none")
                visits.append(_keep(archive, number, plan.now, request, late))
    return visits


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


def _publish(archive: Archive, reader: Reader, db: Path, sources: Sequence[Source], number: int) -> Outcome:
    """Bring the state up to this run and swap its catalog in. With no good page at all, what is published stays."""
    parsed = reader.parsed
    state = replay(archive, reader, sources)
    visited = state.last_visited()
    code = max(page.exit_code for page in visited)
    problems = _problems(visited)
    if state.is_empty:
        archive.finish(RunEnd(number, "failed", code, None))
        return Outcome(number, "failed", code, None, 0, reader.parsed - parsed, problems)
    runs, before = archive.runs(), published(db)
    with aside.aside(db) as database:
        write.write(database, state.history, state.read_articles(), sources, state.page_rows(), stamp())
        facts_sha256 = write.facts_sha256(database)
        failed = code >= TRY_LATER and all(page.failure for page in visited)
        ended = RunEnd(number, "failed" if failed else _outcome(facts_sha256, runs, before), code, facts_sha256)
        archive.finish(ended)
        write.write_visits(database, (), run_rows(state.runs, {**runs, number: ended}))
    reader.keep(state)
    changes = sum(change.run == number for change in state.history.changes)
    return Outcome(number, ended.outcome, code, facts_sha256, changes, reader.parsed - parsed, problems)


def _note_visits(
    archive: Archive, db: Path, sources: Sequence[Source], number: int, visits: Sequence[Visit]
) -> Outcome | None:
    """Note the visits of a run without news and leave the facts alone; None when there may be news."""
    before = published(db)
    if before is None or not _is_without_news(archive, before, number, visits):
        return None
    facts_sha256 = write.facts_at(db)
    if facts_sha256 != before.last_run[1]:
        return None  # it cannot be read whole, or somebody wrote to it: it is made anew
    pages = {page.page: page for page in before.pages}
    noted = [_noted(pages[visit.source], visit) for visit in visits]
    fetched = {page.page: page.fetched_at for page in (*before.pages, *noted)}
    times = read_at(before.releases, sources, fetched)
    if due_months(before.releases, before.newest, times, visits[0].at[:10]) != before.due:
        return None  # a month that no page lists has become due, or overdue
    code = max(visit.exit_code or (LOOK if pages[visit.source].quarantined else 0) for visit in visits)
    failed = code >= TRY_LATER and not any(visit.version for visit in visits)
    ended = RunEnd(number, "failed" if failed else "unchanged", code, facts_sha256)
    with aside.aside(db, copy=True) as database:
        archive.finish(ended)
        write.write_visits(database, noted, run_rows(archive.run_times(), archive.runs()))
    return Outcome(number, ended.outcome, code, facts_sha256, 0, 0, _known_problems(before, noted))


def _known_problems(before: Published, noted: Sequence[write.PageRow]) -> tuple[str, ...]:
    """What still fails or cannot be read of the pages, one line each."""
    lines = [page.failure for page in noted if page.failure]
    unread = (page for page in noted if page.quarantined)
    lines += [_unread(page.page, page.quarantined, before.quarantine[page.page]) for page in unread]
    return tuple(lines)


def _is_without_news(archive: Archive, before: Published, number: int, visits: Sequence[Visit]) -> bool:
    """Whether the catalog is the archive's own and of this code, each page that came is the version it was built from,
    no row waits to be confirmed as gone, and nothing was accepted since."""
    last = archive.last_run()
    if last is None or last.run != number - 1 or before.last_run != (last.run, last.facts_sha256):
        return False
    if any(acceptance.run == last.run for acceptance in archive.acceptances()):
        return False  # it may have been noted by a process that was killed before it published
    pages = {page.page: page for page in before.pages}
    if before.built_by != stamp() or any(page.pending for page in before.pages):
        return False
    return all(_is_known(archive, pages.get(visit.source), visit, before.troubles) for visit in visits)


def _is_known(archive: Archive, page: write.PageRow | None, visit: Visit, troubles: Mapping[str, str]) -> bool:
    """Whether a visit says nothing that the page's row does not say."""
    if page is None or page.url != visit.url:
        return False
    if visit.version is None:
        return True
    if archive.fingerprint(visit.version) != page.sha256:
        return False
    # A page in an article's place may come back after it had not come at all.
    return page.rows is not None or page.failure == troubles.get(page.page)


def _noted(page: write.PageRow, visit: Visit) -> write.PageRow:
    if visit.version is None:
        return replace(page, failing_since=page.failing_since or visit.at, failure=visit.failure)
    if page.rows is None:
        return page  # served, but not what was asked for, as before
    return replace(page, fetched_at=visit.at, failing_since=None, failure=None)


def _outcome(facts_sha256: str, runs: Mapping[int, RunEnd], before: Published | None) -> str:
    """Whether there is anything to publish anew. Compared with what is published: a run that was killed before it could
    swap its catalog in stands in the archive all the same."""
    return "unchanged" if runs and before and before.last_run[1] == facts_sha256 else "news"


def _problems(visited: Iterable[PageState | ArticleState]) -> tuple[str, ...]:
    """One line for each failing page, and one for each page with rows that could not be read."""
    lines = []
    for page in visited:
        if page.failure:
            lines.append(page.failure)
        elif isinstance(page, PageState) and page.records and page.records.quarantined:
            rows = page.records.quarantined
            lines.append(_unread(page.name, len(rows), f"{rows[0].reason}; cells: {rows[0].cells}"))
    return tuple(lines)


def _unread(page: str, count: int, first: str) -> str:
    return f"unexpected row on {page}. {first} ({count} in quarantine)"


def run_rows(times: Mapping[int, str], runs: Mapping[int, RunEnd]) -> Iterable[write.RunRow]:
    """Every run that visited a page, by its time; one that was killed has no end in the archive."""
    for number, at in sorted(times.items()):
        ended = runs.get(number)
        if ended:
            yield write.RunRow(number, at, ended.outcome, ended.exit_code, ended.facts_sha256)
        else:
            yield write.RunRow(number, at, "interrupted", None, None)

"""The way of the data, end to end: fetch → archive → parse → normalize → load. The only module that knows the rooms.

The catalog is a function of the archive: a night with news replays the archive from its first visit, so that what is
published never depends on what happened to be in the file before. A night without news only notes its visits.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from itertools import groupby
from pathlib import Path

from scraper import parse
from scraper.archive import Archive, Run, Visit, held
from scraper.checks import check_rows, check_tables
from scraper.errors import DriftError, FetchError, InputError, MachineError, Unavailable
from scraper.fetch import Manners, fetch
from scraper.load import tables
from scraper.load.carry import carry
from scraper.load.reconcile import reconcile
from scraper.load.timeline import Night, Timeline
from scraper.models import Answer, Facts, Request, Source
from scraper.normalize import normalize
from scraper.sources import BY_NAME, SOURCES

log = logging.getLogger(__name__)

TRY_LATER, LOOK = 3, 4
_FACTS_KEPT = 16
_MAKES_ROWS = ("checks.py", "models.py", "normalize.py", "pipeline.py", "schema.sql", "sources.py")

# Called with a source's name and what came of its visit.
OnPage = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``problems``: one line for each failing page. ``parsed``: how many page versions were read."""

    run: int
    outcome: str
    exit_code: int
    facts_sha256: str | None
    changes: int
    parsed: int
    problems: tuple[str, ...]


@dataclass(slots=True)
class PageState:
    """Where a page stands while the archive is replayed; ``facts`` are its last good ones."""

    source: Source
    version: int | None = None
    facts: Facts | None = None
    sha256: str | None = None
    fetched_at: str | None = None
    changed_at: str | None = None
    failing_since: str | None = None
    failure: str | None = None
    exit_code: int = 0
    drifting: int | None = None

    def read(self, at: str) -> None:
        """A good version was served at ``at``."""
        self.fetched_at = at
        self.failing_since = self.failure = self.drifting = None
        self.exit_code = LOOK if self.facts and self.facts.quarantined else 0

    def failed(self, at: str, failure: str, exit_code: int, drifting: int | None = None) -> None:
        self.failing_since = self.failing_since or at
        self.failure, self.exit_code, self.drifting = failure, exit_code, drifting


class Reader:
    """Reads versions of pages out of an archive, and remembers the last few it read."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.parsed = 0
        self._facts: dict[int, Facts | DriftError] = {}

    def read(self, source: Source, version: int, *, accepted: bool) -> Facts:
        """The facts of a version. Raises DriftError where it is not the page that its source declares."""
        known = self._facts.pop(version, None) or self._parse(source, version, accepted=accepted)
        self._facts[version] = known
        if len(self._facts) > _FACTS_KEPT:
            del self._facts[next(iter(self._facts))]
        if isinstance(known, DriftError):
            raise known
        return known

    def _parse(self, source: Source, version: int, *, accepted: bool) -> Facts | DriftError:
        _, _, body = self.archive.body(version)
        self.parsed += 1
        try:
            page = parse.parse(source, body, source.url)
            check_tables(source, page, accepted=accepted)
            return normalize(source, page)
        except DriftError as problem:
            return problem


@dataclass(slots=True)
class Replay:
    """The archive, replayed: the timeline of the catalog, where each page stands after the last run, when each run was,
    and which pages the last one visited."""

    timeline: Timeline = field(default_factory=Timeline)
    pages: dict[str, PageState] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    visited: tuple[str, ...] = ()


def replay(archive: Archive, reader: Reader, sources: Sequence[Source] = SOURCES) -> Replay:
    """Follow every run of the archive in its order."""
    result = Replay(pages={source.name: PageState(source) for source in sources})
    accepted = archive.accepted()
    for run, visits in groupby(archive.visits(), key=lambda visit: visit.run):
        _follow(result, reader, sources, accepted, run, [visit for visit in visits if visit.source in result.pages])
    return result


def _follow(
    result: Replay, reader: Reader, sources: Sequence[Source], accepted: set[int], run: int, visits: list[Visit]
) -> None:
    if not visits:
        return
    at = result.runs[run] = visits[0].at
    result.visited = tuple(visit.source for visit in visits)
    read, first, news = set(), set(), False
    for visit in visits:
        page = result.pages[visit.source]
        if visit.version is None:
            page.failed(at, visit.failure or "", visit.exit_code or LOOK)
            continue
        if visit.version != page.version:
            try:
                facts = _good_facts(page, reader, visit.version, at, accepted=visit.version in accepted)
            except DriftError as problem:
                page.failed(at, str(problem), LOOK, visit.version)
                continue
            if page.facts is None:
                first.add(page.source.name)
            page.facts, page.version, news = facts, visit.version, True
            page.sha256, page.changed_at = reader.archive.fingerprint(visit.version), at
        read.add(page.source.name)
        page.read(at)
    if news or result.timeline.pending():
        known = {name: page.facts for name, page in result.pages.items() if page.facts}
        ranked = sorted(sources, key=lambda source: source.parser != "release_information")
        result.timeline.follow(Night(run, at, read, first), reconcile(known, ranked))


def _good_facts(page: PageState, reader: Reader, version: int, at: str, *, accepted: bool) -> Facts:
    facts = reader.read(page.source, version, accepted=accepted)
    check_rows(page.source, facts, page.facts, at[:10], accepted=accepted)
    return carry(page.facts, facts)


# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paths:
    """The two files of a catalog; no archive is a throw-away one in memory."""

    db: Path
    archive: Path | None


def scrape(
    paths: Paths,
    now: str,
    *,
    names: Sequence[str] = (),
    mirror: str | None = None,
    manners: Manners | None = None,
    on_page: OnPage = lambda name, text: None,
) -> Outcome:
    """Visit the pages and publish what they say. ``now`` is the time of the visit; ``names`` chooses sources.

    Raises BusyError when another run is under way, InputError for an unknown source, MachineError for this machine.
    """
    wanted = [_source(name) for name in dict.fromkeys(names)] or list(SOURCES)
    with ExitStack() as stack:
        archive = _open(stack, paths)
        return _run(archive, Reader(archive), paths.db, now, wanted, mirror, manners or Manners(), on_page)


def rebuild(paths: Paths) -> Outcome:
    """Derive the catalog again from the archive alone; the result is the same, row for row."""
    with ExitStack() as stack:
        archive = _open(stack, paths)
        reader = Reader(archive)
        result = replay(archive, reader)
        if not any(page.facts for page in result.pages.values()):
            raise MachineError("emptiness", page=archive.name, expected="at least one good page", found="none")
        runs = archive.runs()
        last = runs.get(max(result.runs))
        with tables.aside(paths.db) as database:
            tables.write(database, result.timeline, SOURCES, _page_rows(result), _stamp())
            tables.write_visits(database, (), _run_rows(result.runs, runs))
            facts_sha256 = tables.facts_sha256(database)
        return Outcome(
            max(result.runs),
            "rebuilt",
            last.exit_code if last else 0,
            facts_sha256,
            len(result.timeline.changes),
            reader.parsed,
            _problems(result.pages.values()),
        )


def demo(db: Path, on_page: OnPage = lambda name, text: None) -> Outcome:
    """Build the catalog from the bundled snapshots, in the order of their dates, with a throw-away archive."""
    with ExitStack() as stack:
        archive = _open(stack, Paths(db, None))
        reader = Reader(archive)
        bundled = stack.enter_context(as_file(files("scraper").joinpath("snapshots")))
        outcome = None
        for folder in sorted(path for path in bundled.iterdir() if path.is_dir()):
            now = f"{folder.name}T12:00:00Z"
            outcome = _run(archive, reader, db, now, SOURCES, str(folder), Manners(delay=0), on_page)
        if outcome is None:
            raise MachineError("emptiness", page=str(bundled), expected="the bundled snapshots", found="none")
        return outcome


def accept(paths: Paths, name: str, now: str) -> str:
    """Let the drift that stands for a source pass, and build the catalog with it; returns what was accepted.

    Raises InputError where no drift stands, or where it is one that no acceptance can mend.
    """
    source = _source(name)
    with ExitStack() as stack:
        archive = _open(stack, paths)
        page = replay(archive, Reader(archive)).pages[name]
        if page.drifting is None:
            raise InputError(
                "acceptance", page=name, expected="a drift that stands", found=page.failure or "a good page"
            )
        try:
            # Asked again as if accepted: what then still fails, a lost column say, cannot be let pass.
            _good_facts(page, Reader(archive), page.drifting, now, accepted=True)
        except DriftError as problem:
            raise InputError(
                "acceptance", page=name, expected="a drift that can be read", found=str(problem)
            ) from problem
        archive.accept(source.name, page.drifting, now)
        failure = page.failure or ""
    rebuild(paths)
    return failure


def _source(name: str) -> Source:
    try:
        return BY_NAME[name]
    except KeyError:
        raise InputError("source", page="the command line", expected=", ".join(BY_NAME), found=repr(name)) from None


def _open(stack: ExitStack, paths: Paths) -> Archive:
    for path in (paths.archive, paths.db):
        if path:
            stack.enter_context(held(path))
    tables.refuse_foreign(paths.db)
    archive = Archive(paths.archive)
    stack.callback(archive.close)
    return archive


# --- one run ---------------------------------------------------------------------------------------------------------


def _run(
    archive: Archive,
    reader: Reader,
    db: Path,
    now: str,
    wanted: Sequence[Source],
    mirror: str | None,
    manners: Manners,
    on_page: OnPage,
) -> Outcome:
    run = archive.next_run()
    visits = asyncio.run(_visit(archive, run, now, wanted, mirror, manners, on_page))
    outcome = _note_only(archive, db, run, now, visits)
    if outcome is None:
        outcome = _publish(archive, reader, db, run)
    log.info("run %d: %s, %d page versions parsed", run, outcome.outcome, outcome.parsed)
    return outcome


async def _visit(
    archive: Archive,
    run: int,
    now: str,
    wanted: Sequence[Source],
    mirror: str | None,
    manners: Manners,
    on_page: OnPage,
) -> list[Visit]:
    """Fetch the wanted pages and keep what came, each as soon as it is there."""
    visits = []
    requests = [_request(archive, source) for source in wanted]
    async with aclosing(fetch(requests, manners, mirror)) as answers:
        async for request, answer in answers:
            visit = _keep(archive, run, now, request, answer)
            archive.note(visit)
            visits.append(visit)
            on_page(request.source, visit.failure or f"{visit.status} {visit.final_url}")
    return visits


def _request(archive: Archive, source: Source) -> Request:
    last = archive.last_good(source.name)
    if last is None:
        return Request(source.name, source.url)
    return Request(source.name, source.url, last.etag, last.last_modified, last.final_url)


def _keep(archive: Archive, run: int, now: str, request: Request, answer: Answer | FetchError) -> Visit:
    visit = Visit(run, request.source, request.url, now)
    if isinstance(answer, FetchError):
        code = TRY_LATER if isinstance(answer, Unavailable) else LOOK
        return replace(visit, failure=str(answer), exit_code=code)
    if answer.body is None:
        last = archive.last_good(request.source)
        version = last.version if last else None
    else:
        version = archive.version(request.source, parse.fingerprint(answer.body), answer.body)
    return replace(
        visit,
        status=answer.status,
        final_url=answer.final_url,
        version=version,
        etag=answer.etag,
        last_modified=answer.last_modified,
    )


def _publish(archive: Archive, reader: Reader, db: Path, run: int) -> Outcome:
    """Replay the archive and swap the result in; with no good page at all, what is published stays."""
    before = reader.parsed
    result = replay(archive, reader)
    visited = [result.pages[name] for name in result.visited]
    code = max((page.exit_code for page in visited), default=0)
    runs, published = archive.runs(), tables.published(db)
    if not any(page.facts for page in result.pages.values()):
        archive.finish(Run(run, "failed", code, None))
        return Outcome(run, "failed", code, None, 0, reader.parsed - before, _problems(visited))
    with tables.aside(db) as database:
        tables.write(database, result.timeline, SOURCES, _page_rows(result), _stamp())
        facts_sha256 = tables.facts_sha256(database)
        word = "failed" if all(page.failure for page in visited) else _word(facts_sha256, runs, published)
        ended = Run(run, word, code, facts_sha256)
        archive.finish(ended)
        tables.write_visits(database, (), _run_rows(result.runs, {**runs, run: ended}))
    changes = sum(change.run == run for change in result.timeline.changes)
    return Outcome(run, ended.outcome, code, facts_sha256, changes, reader.parsed - before, _problems(visited))


def _note_only(archive: Archive, db: Path, run: int, now: str, visits: Sequence[Visit]) -> Outcome | None:
    """Note the visits of a night without news and leave the facts alone; None when there may be news.

    No news: the catalog is the archive's own and of this code, and each page that came is the version it was built
    from, with no row waiting to be confirmed as gone.
    """
    runs = archive.runs()
    published = tables.published(db)
    last = runs.get(run - 1)
    if published is None or last is None or published.last_run != (last.run, last.facts_sha256):
        return None
    pages = {page.page: page for page in published.pages}
    if published.built_by != _stamp() or any(page.pending for page in pages.values()):
        return None
    for visit in visits:
        page = pages.get(visit.source)
        if page is None or (visit.version and archive.fingerprint(visit.version) != page.sha256):
            return None
    noted = [_noted(pages[visit.source], visit) for visit in visits]
    code = max(
        (visit.exit_code or (LOOK if page.quarantined else 0) for visit, page in zip(visits, noted, strict=True)),
        default=0,
    )
    times = {visit.run: visit.at for visit in reversed(list(archive.visits()))}
    with tables.aside(db, copy=True) as database:
        facts_sha256 = tables.facts_sha256(database)
        # The facts may have been rebuilt since the last run, after an acceptance say: the digest is of what is there.
        word = "failed" if not any(visit.version for visit in visits) else _word(facts_sha256, runs, published)
        ended = Run(run, word, code, facts_sha256)
        archive.finish(ended)
        tables.write_visits(database, noted, _run_rows(times, {**runs, run: ended}))
    lines = [visit.failure for visit in visits if visit.failure]
    lines += [
        _unread(page.page, page.quarantined, published.quarantine[page.page]) for page in noted if page.quarantined
    ]
    return Outcome(run, word, code, facts_sha256, 0, 0, tuple(lines))


def _noted(page: tables.PageRow, visit: Visit) -> tables.PageRow:
    if visit.version:
        return replace(page, fetched_at=visit.at, failing_since=None, failure=None)
    return replace(page, failing_since=page.failing_since or visit.at, failure=visit.failure)


def _word(facts_sha256: str, runs: dict[int, Run], published: tables.Published | None) -> str:
    """Whether there is anything to publish anew: compared to what is published, since a run that was killed before it
    could swap its catalog in stands in the archive all the same."""
    return "unchanged" if runs and published and published.last_run[1] == facts_sha256 else "news"


def _problems(pages: Iterable[PageState]) -> tuple[str, ...]:
    """One line for each failing page, and one for each page with rows that could not be read."""
    lines = []
    for page in pages:
        if page.failure:
            lines.append(page.failure)
        elif page.facts and page.facts.quarantined:
            aside = page.facts.quarantined
            lines.append(_unread(page.source.name, len(aside), f"{aside[0].reason}; cells: {aside[0].cells}"))
    return tuple(lines)


def _unread(page: str, count: int, first: str) -> str:
    return f"unexpected row on {page}. {first} ({count} in quarantine)"


def _page_rows(result: Replay) -> Iterable[tables.PageRow]:
    pending = result.timeline.pending()
    for name, page in result.pages.items():
        facts = page.facts
        yield tables.PageRow(
            page=name,
            url=page.source.url,
            fetched_at=page.fetched_at,
            changed_at=page.changed_at,
            updated_at=(facts.updated_at or None) if facts else None,
            sha256=page.sha256,
            layout=facts.layout if facts else None,
            rows=facts.rows if facts else None,
            quarantined=len(facts.quarantined) if facts else 0,
            pending=pending[name],
            failing_since=page.failing_since,
            failure=page.failure,
        )


def _run_rows(times: dict[int, str], runs: dict[int, Run]) -> Iterable[tables.RunRow]:
    """Every run that visited a page; one that was killed has no end in the archive."""
    for number, at in sorted(times.items()):
        run = runs.get(number)
        if run:
            yield tables.RunRow(number, at, run.outcome, run.exit_code, run.facts_sha256)
        else:
            yield tables.RunRow(number, at, "interrupted", None, None)


def _stamp() -> int:
    """A number for the code that makes rows out of pages: a catalog built by other code is built anew."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    rooms = [*sorted((root / "parse").glob("*.py")), *sorted((root / "load").glob("*.py"))]
    for path in (*rooms, *(root / name for name in _MAKES_ROWS)):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4]) >> 1

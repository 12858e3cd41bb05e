"""The commands that write the catalog: ``scrape``, the nightly job, and ``rebuild``, ``demo`` and ``accept``.

A job holds catalog and archive, says what is due, and lets ``run.py`` fetch and publish it.
"""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from time import monotonic

from scraper.catalog import aside, write
from scraper.errors import DriftError, InputError, MachineError
from scraper.ingest.archive import Acceptance, Archive, held
from scraper.ingest.fetch import Manners, Request
from scraper.ingest.memo import Reader, stamp
from scraper.ingest.published import wanted_articles
from scraper.ingest.replay import passes_if_accepted, replay
from scraper.ingest.run import TRY_LATER, Outcome, Plan, Progress, Unwatched, run, run_rows
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Source

__all__ = ["Manners", "Outcome", "Paths", "Progress", "accept", "demo", "rebuild", "scrape"]

# An article of the last two months is read every day, an older one once a week, each on its own weekday, so that no day
# has all of them. In hours: a run that begins a little earlier in the day than the last one still counts as the next.
_RECENT_DAYS = 60
_FRESH_HOURS, _OLD_FRESH_HOURS = 20, 7 * 24 + 4


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
    budget: float | None = None,
    articles: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Fetch the pages and publish what they say; then the articles that are due, and publish them. ``now`` is the time
    of the visits, ``names`` chooses sources, ``budget`` bounds the whole in seconds.

    Raises BusyError when another run is under way, InputError for an unknown source, MachineError for this machine.
    """
    begun, watching = monotonic(), progress or Unwatched()
    wanted = [_source(name) for name in dict.fromkeys(names)] or list(SOURCES)
    with ExitStack() as stack:
        archive = _open(stack, paths)
        reader = Reader(archive)
        requests = [_request(archive, source.name, source.url) for source in wanted]
        plan = Plan("pages", requests, now, mirror, manners or Manners(), budget)
        outcome = run(archive, reader, paths.db, SOURCES, plan, watching)
        assert outcome is not None  # every page that is asked for leaves a visit
        is_offline = outcome.outcome == "failed" and outcome.exit_code == TRY_LATER
        if not articles or is_offline or outcome.facts_sha256 is None:
            return outcome
        due = _due(archive, paths.db, now)
        if not due:
            return outcome
        left = None if budget is None else max(0.0, budget - (monotonic() - begun))
        plan = replace(plan, what="articles", requests=due, budget=left)
        second = run(archive, reader, paths.db, SOURCES, plan, watching)
        return _together(outcome, second) if second else outcome


def _together(first: Outcome, second: Outcome) -> Outcome:
    """The runs of pages and of articles, as one outcome."""
    return replace(
        second,
        outcome="news" if "news" in (first.outcome, second.outcome) else first.outcome,
        exit_code=max(first.exit_code, second.exit_code),
        changes=first.changes + second.changes,
        parsed=first.parsed + second.parsed,
        problems=first.problems + second.problems,
    )


def _due(archive: Archive, db: Path, now: str) -> list[Request]:
    """The articles to ask for: those never asked for, newest first, then those asked for longest ago, so that one that
    will not come holds up no other. One that was read within its freshness is left: a run after a kill goes on where
    that one stopped. A time to come is that of a wrong clock and keeps nothing fresh."""
    recent = _before(now, hours=24 * _RECENT_DAYS)[:10]
    today = datetime.fromisoformat(now).toordinal()
    due = []
    for wanted in wanted_articles(db):
        is_its_day = (wanted.available or now) >= recent or (today - int(wanted.kb[2:])) % 7 == 0
        hours = _FRESH_HOURS if is_its_day else _OLD_FRESH_HOURS
        if not _before(now, hours=hours) < (archive.settled(wanted.kb) or "") <= now:
            due.append(wanted)
    due.sort(key=lambda wanted: archive.attempted(wanted.kb))
    help_page = "https://support.microsoft.com/help/"
    return [_request(archive, wanted.kb, wanted.url or help_page + wanted.kb[2:]) for wanted in due]


def _before(now: str, *, hours: int) -> str:
    return (datetime.fromisoformat(now) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _request(archive: Archive, name: str, url: str) -> Request:
    last = archive.last_good(name)
    if last is None or last.url != url:
        return Request(name, url)
    return Request(name, url, last.etag, last.last_modified, last.final_url)


def rebuild(paths: Paths, *, from_pages: bool = False) -> Outcome:
    """Derive the catalog again from the archive alone; the result is the same, row for row. ``from_pages``: parse every
    page version again, too."""
    with ExitStack() as stack:
        archive = _open(stack, paths)
        return _rebuild(archive, Reader(archive, from_pages=from_pages), paths.db)


def _rebuild(archive: Archive, reader: Reader, db: Path, acceptance: Acceptance | None = None) -> Outcome:
    """An acceptance is noted when the catalog is ready to be swapped in: one that cannot be written can be accepted
    again."""
    with aside.aside(db) as database, archive.accepting(acceptance) if acceptance else nullcontext():
        state = replay(archive, reader, SOURCES, from_start=True)
        if state.is_empty:
            raise MachineError("emptiness", page=archive.name, expected="at least one good page", found="none")
        write.write(database, state.history, state.read_articles(), SOURCES, state.page_rows(), stamp())
        facts_sha256 = write.facts_sha256(database)
        # The last run's digest is that of what is published now: who publishes by it must see an acceptance.
        runs, last = archive.runs(), max(state.runs)
        if last in runs:
            runs[last] = replace(runs[last], facts_sha256=facts_sha256)
        write.write_visits(database, (), run_rows(state.runs, runs))
    reader.keep(state)
    return Outcome(last, "rebuilt", 0, facts_sha256, len(state.history.changes), reader.parsed, ())


def demo(db: Path) -> Outcome:
    """Build the catalog from the bundled snapshots, in the order of their dates, with a throw-away archive."""
    with ExitStack() as stack:
        archive = _open(stack, Paths(db, None))
        reader = Reader(archive)
        bundled = stack.enter_context(as_file(files("scraper").joinpath("snapshots")))
        outcome = None
        for folder in sorted(path for path in bundled.iterdir() if path.is_dir()):
            requests = [Request(source.name, source.url) for source in SOURCES]
            plan = Plan("pages", requests, f"{folder.name}T12:00:00Z", str(folder), Manners(delay=0))
            outcome = run(archive, reader, db, SOURCES, plan, Unwatched())
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
        reader = Reader(archive)
        state = replay(archive, reader, SOURCES)
        page = state.pages[name]
        if page.drifting is None:
            found = page.failure or "a good page"
            raise InputError("acceptance", page=name, expected="a drift that stands", found=found)
        try:
            # Asked as if accepted: what then still fails, a lost column say, cannot be let pass.
            passes_if_accepted(archive, state, SOURCES, name, now)
        except DriftError as problem:
            expected = "a drift that can be read"
            raise InputError("acceptance", page=name, expected=expected, found=str(problem)) from problem
        acceptance = Acceptance(max(state.runs), source.name, page.drifting, now)
        _rebuild(archive, reader, paths.db, acceptance)
        return page.failure or ""


def _source(name: str) -> Source:
    try:
        return BY_NAME[name]
    except KeyError:
        raise InputError("source", page="the command line", expected=", ".join(BY_NAME), found=repr(name)) from None


def _open(stack: ExitStack, paths: Paths) -> Archive:
    if paths.archive and paths.archive.resolve() == paths.db.resolve():
        raise InputError(
            "file", page="the command line", expected="an archive beside the catalog", found="one for both"
        )
    for path in (paths.archive, paths.db):
        if path:
            stack.enter_context(held(path))
    aside.refuse_foreign(paths.db)
    archive = Archive(paths.archive)
    stack.callback(archive.close)
    return archive

"""The way of the data, end to end: fetch → archive → parse → normalize → load. The only room that knows the others.

replay   the archive, from its first visit to the rows of the catalog
night    one run: visit, keep, publish
"""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from time import monotonic

from scraper.catalog import write as tables
from scraper.errors import DriftError, InputError, MachineError
from scraper.ingest.archive import Acceptance, Archive, held
from scraper.ingest.fetch import Manners, Request
from scraper.ingest.replay import Reader, good_facts, replay
from scraper.ingest.run import Errand, Outcome, Progress, Unwatched, run, run_rows, stamp
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import Source

__all__ = ["Manners", "Outcome", "Paths", "Progress", "accept", "demo", "rebuild", "scrape"]

# An article of the last two months is read every night, an older one once a week, each on its own weekday, so that no
# night has all of them. In hours: a run that begins a little earlier than the last one still counts as the next night.
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
    """Visit the pages and publish what they say; then the articles that are due, and publish them. ``now`` is the time
    of the visit, ``names`` chooses sources, ``budget`` bounds the whole in seconds.

    Raises BusyError when another run is under way, InputError for an unknown source, MachineError for this machine.
    """
    begun, watching = monotonic(), progress or Unwatched()
    wanted = [_source(name) for name in dict.fromkeys(names)] or list(SOURCES)
    with ExitStack() as stack:
        archive = _open(stack, paths)
        reader = Reader(archive)
        requests = [_request(archive, source.name, source.url) for source in wanted]
        errand = Errand("pages", requests, now, mirror, manners or Manners(), budget)
        outcome = run(archive, reader, paths.db, errand, watching)
        assert outcome is not None  # every page that is asked for leaves a visit
        if not articles or outcome.facts_sha256 is None:
            return outcome
        due = _due(archive, paths.db, now)
        if not due:
            return outcome
        left = None if budget is None else max(0.0, budget - (monotonic() - begun))
        second = run(archive, reader, paths.db, replace(errand, what="articles", requests=due, budget=left), watching)
        return _together(outcome, second) if second else outcome


def _together(first: Outcome, second: Outcome) -> Outcome:
    """Two runs of one night, as one outcome."""
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
    settled, attempted = archive.settled(), archive.attempted()
    recent = _before(now, hours=24 * _RECENT_DAYS)[:10]
    today = datetime.fromisoformat(now).toordinal()
    due = []
    for wanted in tables.wanted_articles(db):
        is_its_night = (wanted.available or now) >= recent or (today - int(wanted.kb[2:])) % 7 == 0
        hours = _FRESH_HOURS if is_its_night else _OLD_FRESH_HOURS
        if not _before(now, hours=hours) < settled.get(wanted.kb, "") <= now:
            due.append(wanted)
    due.sort(key=lambda wanted: attempted.get(wanted.kb, 0))
    help_page = "https://support.microsoft.com/help/"
    return [_request(archive, wanted.kb, wanted.url or help_page + wanted.kb[2:]) for wanted in due]


def _before(now: str, *, hours: int) -> str:
    return (datetime.fromisoformat(now) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _request(archive: Archive, name: str, url: str) -> Request:
    last = archive.last_good(name)
    if last is None or last.url != url:
        return Request(name, url)
    return Request(name, url, last.etag, last.last_modified, last.final_url)


def rebuild(paths: Paths) -> Outcome:
    """Derive the catalog again from the archive alone; the result is the same, row for row."""
    with ExitStack() as stack:
        return _rebuild(_open(stack, paths), paths.db)


def _rebuild(archive: Archive, db: Path, acceptance: Acceptance | None = None) -> Outcome:
    """An acceptance is noted when the catalog is ready to be swapped in: one that cannot be written can be accepted
    again."""
    reader = Reader(archive)
    with tables.aside(db) as database, archive.accepting(acceptance) if acceptance else nullcontext():
        result = replay(archive, reader)
        if result.is_empty:
            raise MachineError("emptiness", page=archive.name, expected="at least one good page", found="none")
        tables.write(database, result.timeline, result.read_articles(), SOURCES, result.page_rows(), stamp())
        facts_sha256 = tables.facts_sha256(database)
        # The last run's digest is that of what is published now: who publishes by it must see an acceptance.
        runs, last = archive.runs(), max(result.runs)
        if last in runs:
            runs[last] = replace(runs[last], facts_sha256=facts_sha256)
        tables.write_visits(database, (), run_rows(result.runs, runs))
    return Outcome(last, "rebuilt", 0, facts_sha256, len(result.timeline.changes), reader.parsed, ())


def demo(db: Path) -> Outcome:
    """Build the catalog from the bundled snapshots, in the order of their dates, with a throw-away archive."""
    with ExitStack() as stack:
        archive = _open(stack, Paths(db, None))
        reader = Reader(archive)
        bundled = stack.enter_context(as_file(files("scraper").joinpath("snapshots")))
        outcome = None
        for folder in sorted(path for path in bundled.iterdir() if path.is_dir()):
            requests = [Request(source.name, source.url) for source in SOURCES]
            errand = Errand("pages", requests, f"{folder.name}T12:00:00Z", str(folder), Manners(delay=0))
            outcome = run(archive, reader, db, errand, Unwatched())
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
        result = replay(archive, Reader(archive))
        page = result.pages[name]
        if page.drifting is None:
            found = page.failure or "a good page"
            raise InputError("acceptance", page=name, expected="a drift that stands", found=found)
        try:
            # Asked again as if accepted: what then still fails, a lost column say, cannot be let pass.
            good_facts(page, Reader(archive), page.drifting, now, accepted=True)
        except DriftError as problem:
            expected = "a drift that can be read"
            raise InputError("acceptance", page=name, expected=expected, found=str(problem)) from problem
        _rebuild(archive, paths.db, Acceptance(max(result.runs), source.name, page.drifting, now))
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
    tables.refuse_foreign(paths.db)
    archive = Archive(paths.archive)
    stack.callback(archive.close)
    return archive

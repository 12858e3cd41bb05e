"""The commands (design.md section 3), and the only place where errors become exit codes.

A lookup must answer at once, so nothing but click and the lookup room is imported before a command asks for more.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import click

from scraper import __version__
from scraper.errors import (
    BusyError,
    CatalogError,
    DriftError,
    FetchError,
    InputError,
    MachineError,
    ScraperError,
    Unavailable,
    printable,
)

if TYPE_CHECKING:
    from scraper.ingest.job import Outcome, Paths

_NOTHING_FOUND = 1
_PIPE_CLOSED = 141  # what a shell makes of SIGPIPE: 1 would say that a device is behind
# The first that fits counts.
_EXIT_CODES: tuple[tuple[type[ScraperError], int], ...] = (
    (InputError, 2),
    (Unavailable, 3),
    (BusyError, 3),
    (FetchError, 4),
    (DriftError, 4),
    (CatalogError, 4),
    (MachineError, 5),
)


def _code(problem: ScraperError) -> int:
    return next(code for kind, code in _EXIT_CODES if isinstance(problem, kind))


class _Commands(click.Group):
    """A group whose commands end with the exit code that their error means."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScraperError as problem:
            ended = problem
        except (OSError, MemoryError) as problem:
            if isinstance(problem, BrokenPipeError):
                raise  # click's: the reader had enough
            # Whatever the system refuses, anywhere: no more files, memory, room for what is printed.
            found = str(problem) or "no memory left"
            ended = MachineError("trouble", page="this machine", expected="files, memory and room", found=found)
        with suppress(OSError):
            click.echo(f"winkb: {printable(str(ended))}", err=True)
        ctx.exit(_code(ended))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="winkb")
def main() -> None:
    """The open catalog of Windows updates that understands hotpatch."""


def _db(command: Callable[..., None]) -> Callable[..., None]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--db", type=kind, default="catalog.db", show_default=True, help="The catalog.")(command)


def _archive(command: Callable[..., None]) -> Callable[..., None]:
    kind = click.Path(dir_okay=False, path_type=Path)
    option = click.option("--archive", type=kind, default="archive.db", show_default=True, help="The archive of pages.")
    return option(command)


def _time(_ctx: click.Context, _option: click.Parameter, text: str | None) -> str:
    """An ISO date or time as UTC with seconds; one without a zone is UTC; none is the clock's."""
    try:
        moment = datetime.now(UTC) if text is None else datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.min
    if moment.year < 2000:
        raise click.BadParameter(f"expected an ISO 8601 date or time of this century, found {text!r}")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _now(command: Callable[..., None]) -> Callable[..., None]:
    option = click.option("--now", metavar="ISO", callback=_time, help="The time of the visit (default: the clock).")
    return option(command)


# --- the nightly job and its kin -------------------------------------------------------------------------------------


_FILE = click.Path(dir_okay=False, path_type=Path)


@main.command()
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this page (may be repeated).")
@_db
@_archive
@click.option("--mirror", metavar="URL|DIR", help="Read every page from a mirror instead of its public host.")
@_now
@click.option("--delay", type=click.FloatRange(0), metavar="S", help="Seconds between two requests to one host.")
@click.option("--concurrency", type=click.IntRange(1), metavar="N", help="Requests at a time to one host.")
@click.option(
    "--articles/--no-articles", default=None, help="Read the articles that are due (default: unless --source)."
)
@click.option("--budget", type=click.FloatRange(0), metavar="S", help="End well after so many seconds, with what came.")
@click.option("--user-agent", metavar="TEXT", help="How the job names itself to the hosts.")
@click.option("--summary", type=_FILE, metavar="PATH", help="Append what the run did, as Markdown.")
@click.option("--summary-json", type=_FILE, metavar="PATH", help="Write the same as JSON.")
def scrape(
    sources: tuple[str, ...],
    db: Path,
    archive: Path,
    mirror: str | None,
    now: str,
    delay: float | None,
    concurrency: int | None,
    articles: bool | None,
    budget: float | None,
    user_agent: str | None,
    summary: Path | None,
    summary_json: Path | None,
) -> None:
    """Visit the pages, keep what they served, and publish what it says: the nightly job."""
    from scraper.ingest import job
    from scraper.publish.summary import last_run, write

    usual = job.Manners()
    manners = job.Manners(
        delay=(0.0 if mirror else usual.delay) if delay is None else delay,
        concurrency=usual.concurrency if concurrency is None else concurrency,
        user_agent=user_agent or usual.user_agent,
    )
    _log()
    since = last_run(db)
    try:
        outcome = job.scrape(
            job.Paths(db, archive),
            now,
            names=sources,
            mirror=mirror,
            manners=manners,
            budget=budget,
            articles=not sources if articles is None else articles,
            progress=_Bar() if sys.stderr.isatty() else _Lines(),
        )
    except ScraperError as problem:
        write(db, since, _code(problem), problems=[str(problem)], markdown_to=summary, json_to=summary_json)
        raise
    _say(outcome)
    write(db, since, outcome.exit_code, problems=outcome.problems, markdown_to=summary, json_to=summary_json)
    raise click.exceptions.Exit(outcome.exit_code)


@main.command()
@_db
@_archive
def rebuild(db: Path, archive: Path) -> None:
    """Derive the catalog again from the archive."""
    from scraper.ingest import job

    _log()
    outcome = job.rebuild(_existing(db, archive))
    _say(outcome)


@main.command()
@_db
def demo(db: Path) -> None:
    """Build the catalog from the bundled snapshots; needs no network."""
    from scraper.ingest import job

    _log()
    _end(job.demo(db))


@main.command()
@click.argument("source")
@_db
@_archive
@_now
def accept(source: str, db: Path, archive: Path, now: str) -> None:
    """Let the drift that now stands for SOURCE pass, once."""
    from scraper.ingest import job

    _log()
    click.echo(f"accepted: {printable(job.accept(_existing(db, archive), source, now))}")


@main.command()
@_db
@click.option("--max-age", type=click.IntRange(1, 100_000), default=36, show_default=True, metavar="HOURS")
@_now
def check(db: Path, max_age: int, now: str) -> None:
    """Look for broken invariants, standing errors and old data in a catalog."""
    from scraper.catalog.health import check_catalog

    problems = check_catalog(db, now, max_age)
    for problem in problems:
        click.echo(printable(problem))
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{db}: sound, no error finding, every page read within {max_age} hours")


@main.command()
@_db
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option(
    "--public", is_flag=True, help="For everybody: no SQL but the canned queries, no pages about this server."
)
def serve(db: Path, host: str, port: int, public: bool) -> None:
    """Serve the catalog with Datasette and the production settings."""
    from scraper.publish.serve import serve

    _log()
    serve(db, host, port, public)


def _existing(db: Path, archive: Path) -> "Paths":
    from scraper.ingest.job import Paths

    if not archive.is_file():
        raise MachineError("lack of an archive", page=str(archive), expected="a file that winkb wrote", found="none")
    return Paths(db, archive)


def _log() -> None:
    """Log lines to stderr; at a terminal only what a person must see, since the progress says the rest."""
    level = logging.WARNING if sys.stderr.isatty() else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)


class _Plain(logging.Formatter):
    """One line a record, whatever a host or a visitor wrote into it: no second line that looks like a record, and
    nothing that commands a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, exc_info: Any) -> str:
        return "\n".join(map(printable, super().formatException(exc_info).split("\n")))


class _Bar:
    """For a person at a terminal: how many pages came, how many are to come, and how long that may take."""

    def begin(self, what: str, total: int) -> None:
        self._bar = click.progressbar(
            length=total, label=what, file=sys.stderr, show_pos=True, item_show_func=lambda name: name
        )
        self._bar.__enter__()

    def page(self, name: str, text: str) -> None:
        self._bar.update(1, name)

    def end(self) -> None:
        self._bar.__exit__(None, None, None)


class _Lines:
    """For a log: one line a page, of many pages one line a minute."""

    _FEW, _EVERY = 12, 60.0

    def begin(self, what: str, total: int) -> None:
        self._what, self._total, self._done, self._said = what, total, 0, monotonic()

    def page(self, name: str, text: str) -> None:
        self._done += 1
        if self._total <= self._FEW:
            _log_line(f"{name}: {text}")
        elif monotonic() - self._said >= self._EVERY:
            self._said = monotonic()
            _log_line(f"{self._done} of {self._total} {self._what}")

    def end(self) -> None:
        _log_line(f"{self._done} of {self._total} {self._what} visited")


def _log_line(text: str) -> None:
    logging.getLogger(__name__).info(text)


def _say(outcome: "Outcome") -> None:
    for problem in outcome.problems:
        click.echo(f"winkb: {printable(problem)}", err=True)
    facts = outcome.facts_sha256 or "none"
    click.echo(
        f"run {outcome.run}: {outcome.outcome}, {outcome.changes} changes, {outcome.parsed} page versions parsed,"
        f" facts {facts}"
    )


def _end(outcome: "Outcome") -> NoReturn:
    _say(outcome)
    raise click.exceptions.Exit(outcome.exit_code)


# --- lookups ---------------------------------------------------------------------------------------------------------


def _json(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


def _as_of(command: Callable[..., None]) -> Callable[..., None]:
    option = click.option("--as-of", metavar="DATE", help="Ask about this date (default: today).")
    return option(command)


def _release(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--release", metavar="ID", help="Only this release, such as windows-11-24h2.")(command)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


# What JSON lets stand in a string and a terminal may act on, and halves of a pair, which are no UTF-8.
_ACTING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def _answer(document: object, text: str, *, found: bool, as_json: bool) -> None:
    if as_json:  # UTF-8 whatever the terminal is
        written = json.dumps(document, ensure_ascii=False, indent=2)
        click.echo(_ACTING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written).encode())
    else:
        click.echo(text)
    if not found:
        raise click.exceptions.Exit(_NOTHING_FOUND)


@main.command()
@click.argument("kb")
@_db
@_release
@_json
def kb(kb: str, db: Path, release: str | None, as_json: bool) -> None:
    """What is this KB? KB5058497, 5058497 or "KB 5058497"."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.kb(catalog, kb, release)
    _answer(document, render.kb(document), found=found, as_json=as_json)


@main.command()
@click.argument("build")
@_db
@_as_of
@_release
@_json
def build(build: str, db: Path, as_of: str | None, release: str | None, as_json: bool) -> None:
    """Is a device on this build current? 26100.3981, also 10.0.26100.3981."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.build(catalog, build, _today() if as_of is None else as_of, release)
    _answer(document, render.build(document), found=found, as_json=as_json)


@main.command()
@click.argument("month")
@_db
@_release
@_json
def month(month: str, db: Path, release: str | None, as_json: bool) -> None:
    """What came, or is planned, in a month? YYYY-MM."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.month(catalog, month, release)
    _answer(document, render.month(document), found=found, as_json=as_json)


@main.command("next-restart")
@click.argument("version")
@_db
@_as_of
@_json
def next_restart(version: str, db: Path, as_of: str | None, as_json: bool) -> None:
    """When does a release restart next? 24H2, 25H2, or a whole release ID."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.next_restart(catalog, version, _today() if as_of is None else as_of)
    _answer(document, render.next_restart(document), found=found, as_json=as_json)


@main.command()
@click.argument("year", required=False)
@_db
@_release
@_json
def restarts(year: str | None, db: Path, release: str | None, as_json: bool) -> None:
    """Which months of a YEAR (default: this one) restart, as planned and as it came."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.restarts(catalog, _today()[:4] if year is None else year, release)
    _answer(document, render.restarts(document), found=found, as_json=as_json)


@main.command()
@click.option("--since", metavar="DATE", help="Only changes seen on this date or later.")
@_db
@_release
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for issues and chats.")
@_json
def changes(since: str | None, db: Path, release: str | None, as_markdown: bool, as_json: bool) -> None:
    """What has changed on the pages, night by night? Replanned months stand out."""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.changes(catalog, since, release)
    if as_markdown and as_json:
        raise click.UsageError("expected one of --markdown and --json, found both")
    words = render.changes_markdown if as_markdown else render.changes
    _answer(document, words(document), found=found, as_json=as_json)


@main.command()
@click.option("--ended", is_flag=True, help="Those too that the pages have settled since.")
@_db
@_release
@_json
def disagreements(ended: bool, db: Path, release: str | None, as_json: bool) -> None:
    """Where do Microsoft's own pages disagree, and which value is used?"""
    from scraper.answers import lookup
    from scraper.cli import words as render

    with closing(lookup.open_catalog(db)) as catalog:
        document, found = lookup.disagreements(catalog, release, ended=ended)
    _answer(document, render.disagreements(document), found=found, as_json=as_json)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="export")
@_db
@click.option("--csv", "endings", flag_value="csv", multiple=True, help="Write CSV.")
@click.option("--json", "endings", flag_value="json", multiple=True, help="Write JSON.")
@click.option("--parquet", "endings", flag_value="parquet", multiple=True, help="Write Parquet.")
def export(folder: Path, db: Path, endings: tuple[str, ...]) -> None:
    """Write every table into FOLDER (default: export), with a manifest; in all formats unless some are named."""
    from scraper.answers import lookup
    from scraper.publish.export import export

    with closing(lookup.open_catalog(db)) as catalog:
        manifest = export(catalog, folder, endings or ("csv", "json", "parquet"))
    click.echo(f"{folder}: {len(manifest['tables'])} tables, manifest.json")


@main.command()
@click.argument("devices", type=click.File("rb"))
@_db
@_as_of
@click.option("--release", metavar="ID", help="Which one a build is of that several have, where no column says.")
@click.option("--column", "columns", multiple=True, metavar="WHAT=NAME", help="WHAT: version, device or product.")
@click.option("--out", type=_FILE, help="Write .csv, .jsonl, .json or .parquet (default: CSV to standard output).")
@click.option("--grace", type=click.IntRange(0), default=0, show_default=True, metavar="MONTHS", help="Allowed behind.")
def fleet(
    devices: BinaryIO,
    db: Path,
    as_of: str | None,
    release: str | None,
    columns: tuple[str, ...],
    out: Path | None,
    grace: int,
) -> None:
    """Is every device of a list current? DEVICES is CSV, TSV or JSON lines; - reads standard input."""
    from scraper.answers import lookup
    from scraper.fleet import exit_code, judge_fleet, text

    named = dict(column.partition("=")[::2] for column in columns)
    if len(named) < len(columns) or not all(named.values()):
        raise click.BadParameter("expected WHAT=NAME, each once", param_hint="--column")
    if out is not None and out.exists() and Path(devices.name).exists() and out.samefile(devices.name):
        raise click.BadParameter("expected another file than the list itself", param_hint="--out")
    with closing(lookup.open_catalog(db)) as catalog:
        verdicts = lookup.Verdicts(catalog, _today() if as_of is None else as_of)
        try:
            with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as stdout:
                summary = judge_fleet(
                    devices,
                    verdicts.of,
                    name="standard input" if devices.name == "<stdin>" else devices.name,
                    as_of=verdicts.as_of,
                    columns=named,
                    release=None if release is None else verdicts.release(release),
                    out=out or stdout,
                )
        except BrokenPipeError:
            raise click.exceptions.Exit(_PIPE_CLOSED) from None
        except OSError as problem:
            page, expected = "standard output", "room for the rows"
            raise MachineError("trouble", page=page, expected=expected, found=str(problem)) from problem
    click.echo(text(summary), err=True)
    raise click.exceptions.Exit(exit_code(summary, grace))


if __name__ == "__main__":
    main()

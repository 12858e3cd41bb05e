"""The commands that write the catalog, and the check of it: scrape, rebuild, demo, accept, check."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scraper import answers
from scraper.cli import options
from scraper.cli.exit_codes import exit_code_of
from scraper.errors import MachineError, ScraperError, printable

if TYPE_CHECKING:
    from scraper.ingest.job import Manners, Outcome, Paths


@click.command()
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this page (may be repeated).")
@options.db
@options.archive
@click.option("--mirror", metavar="URL|DIR", help="Read every page from a mirror instead of its public host.")
@options.now
@click.option("--delay", type=click.FloatRange(0), metavar="S", help="Seconds between two requests to one host.")
@click.option("--concurrency", type=click.IntRange(1), metavar="N", help="Requests at a time to one host.")
@click.option(
    "--articles/--no-articles", default=None, help="Read the articles that are due (default: unless --source)."
)
@click.option("--budget", type=click.FloatRange(0), metavar="S", help="End well after so many seconds, with what came.")
@click.option("--user-agent", metavar="TEXT", help="How the job names itself to the hosts.")
@click.option("--summary", type=options.FILE, metavar="PATH", help="Append what the run did, as Markdown.")
@click.option("--summary-json", type=options.FILE, metavar="PATH", help="Write the same as JSON.")
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
    """Fetch the pages, archive what they served, and publish the catalog: the nightly job."""
    from scraper.cli.progress import log_to_stderr, progress
    from scraper.ingest import job
    from scraper.publish.summary import last_run, write

    log_to_stderr()
    since = last_run(db)
    try:
        outcome = job.scrape(
            job.Paths(db, archive),
            now,
            names=sources,
            mirror=mirror,
            manners=_manners(mirror, delay, concurrency, user_agent),
            budget=budget,
            articles=not sources if articles is None else articles,
            progress=progress(),
        )
    except ScraperError as problem:
        write(db, since, exit_code_of(problem), problems=[str(problem)], markdown_to=summary, json_to=summary_json)
        raise
    _print_outcome(outcome)
    write(db, since, outcome.exit_code, problems=outcome.problems, markdown_to=summary, json_to=summary_json)
    raise click.exceptions.Exit(outcome.exit_code)


def _manners(mirror: str | None, delay: float | None, concurrency: int | None, user_agent: str | None) -> "Manners":
    """The usual manners, but for what was given; a mirror is asked without delay."""
    from scraper.ingest.job import Manners

    usual = Manners(delay=0) if mirror else Manners()
    return Manners(
        delay=usual.delay if delay is None else delay,
        concurrency=usual.concurrency if concurrency is None else concurrency,
        user_agent=user_agent or usual.user_agent,
    )


@click.command()
@options.db
@options.archive
@click.option("--from-pages", is_flag=True, help="Parse every page version again, too.")
def rebuild(db: Path, archive: Path, from_pages: bool) -> None:
    """Derive the catalog again from the archive."""
    from scraper.cli.progress import log_to_stderr
    from scraper.ingest import job

    log_to_stderr()
    _print_outcome(job.rebuild(_existing(db, archive), from_pages=from_pages))


@click.command()
@options.db
def demo(db: Path) -> None:
    """Build the catalog from the bundled snapshots; needs no network."""
    from scraper.cli.progress import log_to_stderr
    from scraper.ingest import job

    log_to_stderr()
    outcome = job.demo(db)
    _print_outcome(outcome)
    raise click.exceptions.Exit(outcome.exit_code)


@click.command()
@click.argument("source")
@options.db
@options.archive
@options.now
def accept(source: str, db: Path, archive: Path, now: str) -> None:
    """Accept the drift of the page SOURCE, once."""
    from scraper.cli.progress import log_to_stderr
    from scraper.ingest import job

    log_to_stderr()
    click.echo(f"accepted: {printable(job.accept(_existing(db, archive), source, now))}")


@click.command()
@options.db
@click.option("--max-age", type=click.IntRange(1, 100_000), default=36, show_default=True, metavar="HOURS")
@options.now
def check(db: Path, max_age: int, now: str) -> None:
    """Look for broken invariants, open findings and old data in a catalog."""
    from scraper.catalog.health import check_catalog, warnings

    problems = check_catalog(db, now, max_age)
    answers.open_catalog(db).close()  # one of another version is refused
    for line in (*problems, *warnings(db)):
        click.echo(printable(line))
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{db}: sound, no error finding, every page read within {max_age} hours")


def _existing(db: Path, archive: Path) -> "Paths":
    """The two paths. MachineError if there is no archive: opening it would create an empty one."""
    from scraper.ingest.job import Paths

    if not archive.is_file():
        raise MachineError("lack of an archive", page=str(archive), expected="a file that winkb wrote", found="none")
    return Paths(db, archive)


def _print_outcome(outcome: "Outcome") -> None:
    """The problems on standard error, then the result. Equal lines are printed once: without network all pages fail
    alike."""
    for line in dict.fromkeys(f"winkb: {printable(problem)}" for problem in outcome.problems):
        click.echo(line, err=True)
    facts = outcome.facts_sha256 or "none"
    click.echo(
        f"run {outcome.run}: {outcome.outcome}, {outcome.changes} changes, {outcome.parsed} page versions parsed,"
        f" facts {facts}"
    )

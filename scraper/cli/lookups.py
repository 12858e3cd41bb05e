"""The lookups: kb, build, month, next-restart, restarts, changes, disagreements. Text for people, or JSON."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import click

from scraper import answers
from scraper.cli import options, words
from scraper.cli.exit_codes import NOTHING_FOUND

Document = TypeVar("Document")

# Characters that JSON allows in a string and that a terminal may act on; and lone surrogates, which are no UTF-8.
_ACTING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def _print(answer: tuple[Document, bool], in_words: Callable[[Document], str], *, as_json: bool) -> None:
    """Print an answer as JSON or in words. If it answers nothing, end with exit code 1."""
    document, found = answer
    if as_json:  # UTF-8 whatever the terminal is
        written = json.dumps(document, ensure_ascii=False, indent=2)
        click.echo(_ACTING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written).encode())
    else:
        click.echo(in_words(document))
    if not found:
        raise click.exceptions.Exit(NOTHING_FOUND)


@click.command()
@click.argument("kb")
@options.db
@options.release
@options.as_json
def kb(kb: str, db: Path, release: str | None, as_json: bool) -> None:
    """What is this KB? KB5058497, 5058497 or "KB 5058497"."""
    with closing(answers.open_catalog(db)) as catalog:
        _print(answers.kb(catalog, kb, release), words.kb, as_json=as_json)


@click.command()
@click.argument("build")
@options.db
@options.as_of
@options.release
@options.edition
@options.as_json
def build(build: str, db: Path, as_of: str, release: str | None, edition: str | None, as_json: bool) -> None:
    """Is a device on this build current? 26100.3981, also 10.0.26100.3981."""
    with closing(answers.open_catalog(db)) as catalog:
        _print(answers.build(catalog, build, as_of, release, edition), words.build, as_json=as_json)


@click.command()
@click.argument("month")
@options.db
@options.release
@options.as_json
def month(month: str, db: Path, release: str | None, as_json: bool) -> None:
    """What came, or is planned, in a month? YYYY-MM."""
    with closing(answers.open_catalog(db)) as catalog:
        fetched = answers.data_as_of(catalog, [])
        _print(answers.month(catalog, month, release), lambda rows: words.month(rows, fetched), as_json=as_json)


@click.command("next-restart")
@click.argument("version")
@options.db
@options.as_of
@options.as_json
def next_restart(version: str, db: Path, as_of: str, as_json: bool) -> None:
    """When does a release restart next? 24H2, 25H2, or a whole release ID."""
    with closing(answers.open_catalog(db)) as catalog:
        ended = answers.why_no_restart(catalog, version, as_of)
        answer = answers.next_restart(catalog, version, as_of)
        _print(answer, lambda rows: words.next_restart(rows, ended), as_json=as_json)


@click.command()
@click.argument("year", required=False)
@options.db
@options.release
@options.as_json
def restarts(year: str | None, db: Path, release: str | None, as_json: bool) -> None:
    """Which months of a YEAR (default: this one) restart: planned and actual."""
    asked = options.today()[:4] if year is None else year
    with closing(answers.open_catalog(db)) as catalog:
        fetched = answers.data_as_of(catalog, [])
        _print(answers.restarts(catalog, asked, release), lambda years: words.restarts(years, fetched), as_json=as_json)


@click.command()
@click.option("--since", metavar="DATE", help="Only changes seen on this date or later.")
@options.db
@options.release
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for issues and chats.")
@options.as_json
def changes(since: str | None, db: Path, release: str | None, as_markdown: bool, as_json: bool) -> None:
    """What has changed on the pages, run by run? Replanned months stand out."""
    if as_markdown and as_json:
        raise click.UsageError("expected one of --markdown and --json, found both")
    in_words = words.changes_markdown if as_markdown else words.changes
    with closing(answers.open_catalog(db)) as catalog:
        answer = answers.changes(catalog, since, release)
        reach = answers.reach_of_changes(catalog, since, release, found=answer[1])
        _print(answer, lambda rows: in_words(rows, reach), as_json=as_json)


@click.command()
@click.option("--ended", is_flag=True, help="Also those that the pages have settled since.")
@options.db
@options.release
@options.as_json
def disagreements(ended: bool, db: Path, release: str | None, as_json: bool) -> None:
    """Where do Microsoft's own pages disagree, and which value is used?"""
    with closing(answers.open_catalog(db)) as catalog:
        fetched = answers.data_as_of(catalog, [])
        answer = answers.disagreements(catalog, release, ended=ended)
        _print(answer, lambda rows: words.disagreements(rows, fetched), as_json=as_json)

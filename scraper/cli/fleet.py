"""The command for an inventory of devices."""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from scraper import answers
from scraper.answers.reading import read_edition
from scraper.cli import options
from scraper.cli.exit_codes import PIPE_CLOSED
from scraper.errors import MachineError

if TYPE_CHECKING:
    from scraper.fleet import FleetSummary


@click.command()
@click.argument("devices", type=click.File("rb"))
@options.db
@options.as_of
@click.option("--release", metavar="ID", help="Which one a build is of that several have, where no column says.")
@click.option(
    "--edition",
    metavar="EDITION",
    help="Of the devices whose row tells none: home-pro, enterprise-education, ltsc, iot-ltsc.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="WHAT=NAME", help="WHAT: version, device, product or edition."
)
@click.option(
    "--out", type=options.FILE, help="Write .csv, .jsonl, .json or .parquet (default: CSV to standard output)."
)
@click.option("--grace", type=click.IntRange(0), default=0, show_default=True, metavar="MONTHS", help="Allowed behind.")
def fleet(
    devices: BinaryIO,
    db: Path,
    as_of: str,
    release: str | None,
    edition: str | None,
    columns: tuple[str, ...],
    out: Path | None,
    grace: int,
) -> None:
    """Is every device of a list current? DEVICES is CSV, TSV or JSON lines; - reads standard input."""
    from scraper.fleet import exit_code, text

    if out is not None and out.exists() and Path(devices.name).exists() and out.samefile(devices.name):
        raise click.BadParameter("expected another file than the list itself", param_hint="--out")
    summary = _judge(devices, db, (as_of, release, edition), _named(columns), out)
    click.echo(text(summary), err=True)
    raise click.exceptions.Exit(exit_code(summary, grace))


def _named(columns: tuple[str, ...]) -> dict[str, str]:
    """``{"version": "Build"}`` of ``version=Build``."""
    named = dict(column.partition("=")[::2] for column in columns)
    if len(named) < len(columns) or not all(named.values()):
        raise click.BadParameter("expected WHAT=NAME, each once", param_hint="--column")
    return named


def _judge(
    devices: BinaryIO,
    db: Path,
    asked: tuple[str, str | None, str | None],
    columns: dict[str, str],
    out: Path | None,
) -> "FleetSummary":
    """Judge the devices and write their rows. A reader that closes standard output ends the command like a pipe's."""
    from scraper.fleet import judge_fleet

    as_of, release, edition = asked
    with closing(answers.open_catalog(db)) as catalog:
        verdicts = answers.Verdicts(catalog, as_of)
        try:
            with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as stdout:
                return judge_fleet(
                    devices,
                    verdicts.of,
                    name="standard input" if devices.name == "<stdin>" else devices.name,
                    as_of=verdicts.as_of,
                    columns=columns,
                    release=None if release is None else verdicts.release(release),
                    edition=read_edition(edition),
                    out=out or stdout,
                )
        except BrokenPipeError:
            raise click.exceptions.Exit(PIPE_CLOSED) from None
        except OSError as problem:
            page, expected = "standard output", "room for the rows"
            raise MachineError("trouble", page=page, expected=expected, found=str(problem)) from problem

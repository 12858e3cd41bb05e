"""The command line (design.md section 3): click, one module for each group of commands, and the words for people.

    job         scrape, rebuild, demo, accept, check
    lookups     kb, build, month, next-restart, restarts, changes, disagreements
    fleet       fleet
    publish     serve, export
    exit_codes  how errors become exit codes
    options     the options that several commands share
    words       answers in words; ``layout`` aligns them
    progress    log lines and the progress bar

A lookup must start fast (0.25 s), so at import only click and scraper.answers are loaded. A command that needs more
imports it when it runs.
"""

import click

from scraper import __version__
from scraper.cli import fleet, job, lookups, publish
from scraper.cli.exit_codes import Commands

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="winkb")
def main() -> None:
    """The open catalog of Windows updates that understands hotpatch."""


for command in (
    *(job.scrape, job.rebuild, job.demo, job.accept, job.check),
    *(lookups.kb, lookups.build, lookups.month, lookups.next_restart, lookups.restarts),
    *(lookups.changes, lookups.disagreements),
    *(fleet.fleet, publish.export, publish.serve),
):
    main.add_command(command)

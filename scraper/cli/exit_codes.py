"""How an error that ends a command becomes its exit code (design.md section 3)."""

from contextlib import suppress
from typing import Any

import click

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

NOTHING_FOUND = 1
PIPE_CLOSED = 141  # what a shell reports for SIGPIPE; 1 would mean that a device is behind
# The first entry that matches decides: Unavailable is a FetchError too.
_EXIT_CODES: tuple[tuple[type[ScraperError], int], ...] = (
    (InputError, 2),
    (Unavailable, 3),
    (BusyError, 3),
    (FetchError, 4),
    (DriftError, 4),
    (CatalogError, 4),
    (MachineError, 5),
)


def exit_code_of(problem: ScraperError) -> int:
    """The exit code of an error that ended a command."""
    return next(code for kind, code in _EXIT_CODES if isinstance(problem, kind))


class Commands(click.Group):
    """A group of commands. An error is printed in one line and ends the command with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScraperError as problem:
            ended = problem
        except (OSError, MemoryError) as problem:
            if isinstance(problem, BrokenPipeError):
                raise  # click handles it: the reader of standard output has closed it
            # The system may refuse anything at any point: file handles, memory, space for the output.
            found = str(problem) or "no memory left"
            ended = MachineError("trouble", page="this machine", expected="files, memory and room", found=found)
        with suppress(OSError):
            click.echo(f"winkb: {printable(str(ended))}", err=True)
        ctx.exit(exit_code_of(ended))

"""What a long command shows on standard error: log lines, and a progress bar at a terminal."""

import logging
import sys
from time import monotonic
from typing import Any

import click

from scraper.errors import printable

# One logger for the whole command line, whichever module logs.
_LOG = logging.getLogger("scraper.cli")


def log_to_stderr() -> None:
    """Log to standard error. At a terminal only warnings are logged, because the bar shows the progress."""
    level = logging.WARNING if sys.stderr.isatty() else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)


class _OneLine(logging.Formatter):
    """One line per record, whatever text a host or a client sent: no second line that looks like a record, and no
    control sequence that a terminal would obey."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, exc_info: Any) -> str:
        return "\n".join(map(printable, super().formatException(exc_info).split("\n")))


def progress() -> "Bar | Lines":
    """A bar at a terminal, else log lines."""
    return Bar() if sys.stderr.isatty() else Lines()


class Bar:
    """For a person at a terminal: pages done, pages to do, and the time left."""

    def begin(self, what: str, total: int) -> None:
        self._bar = click.progressbar(
            length=total, label=what, file=sys.stderr, show_pos=True, item_show_func=lambda name: name
        )
        self._bar.__enter__()

    def page(self, name: str, text: str) -> None:
        self._bar.update(1, name)

    def end(self) -> None:
        self._bar.__exit__(None, None, None)


class Lines:
    """For a log: one line per page; with many pages one line per minute."""

    _FEW, _EVERY = 12, 60.0

    def begin(self, what: str, total: int) -> None:
        self._what, self._total, self._done, self._logged = what, total, 0, monotonic()

    def page(self, name: str, text: str) -> None:
        self._done += 1
        if self._total <= self._FEW:
            _LOG.info(f"{name}: {text}")
        elif monotonic() - self._logged >= self._EVERY:
            self._logged = monotonic()
            _LOG.info(f"{self._done} of {self._total} {self._what}")

    def end(self) -> None:
        _LOG.info(f"{self._done} of {self._total} {self._what} visited")

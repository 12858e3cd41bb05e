"""Devices and verdicts that the tests of a fleet share."""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from scraper.fleet import FleetSummary

DAY, STALE_DAY = "2026-10-01", "2026-12-01"
CLIENT, SERVER = "windows-11-24h2", "windows-server-2025"
BEHIND, CURRENT, SHARED = "10.0.26100.3981", "26200.9550", "26100.1742"
LISTED = f"Device name,OS,OS version\nPC-1,Windows,{BEHIND}\nBÜRO,Windows,{CURRENT}\n=x,Windows,N/A\n"

Row = dict[str, str]
Judge = Callable[..., tuple[list[Row], FleetSummary]]


class Ended(NamedTuple):
    """A command that ended."""

    code: int
    stdout: bytes
    stderr: bytes


Winkb = Callable[..., Ended]


def verdict(row: Row) -> tuple[str, str, str]:
    return row["release"], row["build"], row["status"]


def every_build(catalog: sqlite3.Connection) -> list[str]:
    """All builds of the catalog."""
    return [str(row[0]) for row in catalog.execute("select distinct build from device_builds order by build")]

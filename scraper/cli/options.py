"""The options that several commands share. Each is a decorator."""

from datetime import UTC, datetime
from pathlib import Path

import click

FILE = click.Path(dir_okay=False, path_type=Path)


def _utc_time(_ctx: click.Context, _option: click.Parameter, text: str | None) -> str:
    """An ISO date or time as UTC with seconds; None is the clock's time. Without a zone the text is UTC."""
    try:
        moment = datetime.now(UTC) if text is None else datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.min
    if moment.year < 2000:
        raise click.BadParameter(f"expected an ISO 8601 date or time of this century, found {text!r}")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """Today's date in UTC."""
    return datetime.now(UTC).date().isoformat()


def _day(_ctx: click.Context, _option: click.Parameter, text: str | None) -> str:
    """The text as given, which the lookup reads; None is today."""
    return today() if text is None else text


db = click.option("--db", type=FILE, default="catalog.db", show_default=True, help="The catalog.")
archive = click.option("--archive", type=FILE, default="archive.db", show_default=True, help="The archive of pages.")
now = click.option("--now", metavar="ISO", callback=_utc_time, help="The time of the run (default: the clock).")
as_of = click.option("--as-of", metavar="DATE", callback=_day, help="Ask about this date (default: today).")
release = click.option("--release", metavar="ID", help="Only this release, such as windows-11-24h2.")
edition = click.option("--edition", metavar="EDITION", help="home-pro, enterprise-education, ltsc or iot-ltsc.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")

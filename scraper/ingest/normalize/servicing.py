"""Servicing tables: since when and until when each release gets updates, and its latest build."""

import re

from scraper.ingest.normalize.cells import Unreadable, read_build, read_date, refuse_surplus
from scraper.ingest.normalize.labels import release_name
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.parse.parsed import Row, Table
from scraper.models import LongTermServicing, Servicing, Source, TableName, Version

_VERSION_CELL = {
    "Windows 11": re.compile(r"(?P<version>\d\dH\d)", re.A),
    "Windows Server": re.compile(r"Windows Server (?P<version>\d{4})(?: \([^()]*\))*", re.A),
}
_END_OF_UPDATES = "end of updates"
_LONG_TERM = re.compile(r"\blong-term\b|\bLTS[BC]\b", re.I | re.A)


def read_servicing(reading: Reading, table: Table) -> None:
    """Add the rows of a servicing table, or of the LTSC table, to ``reading``."""
    product = reading.source.product
    version_column, first, second = _columns(reading.source, table.name)
    for row in table.rows:
        release = None
        try:
            refuse_surplus(row)
            cell = row.cells[version_column]
            found = _VERSION_CELL[product].fullmatch(cell)
            if not found:
                raise Unreadable(version_column, f"a version of {product}", cell, is_key=True)
            version = found["version"]
            release = release_name(product, version)
            record = _record(reading.source, table.name, release, row, first, second)
        except Unreadable as problem:
            reading.set_aside(table, row, problem, release, (release,) if release else None)
            continue
        if isinstance(record, LongTermServicing):
            reading.long_term.append(record)
        else:
            reading.servicing.append(record)
            reading.versions.append(Version(release, product, version, None))


def _columns(source: Source, name: TableName) -> tuple[str, str, str]:
    """The columns that hold the version, the first end date and the second, found by their declared names."""
    columns = next(shape.columns for shape in source.tables if shape.name is name)
    first, second = (column for column in columns if column.startswith(_END_OF_UPDATES) or "support end date" in column)
    return next(column for column in columns if column.endswith("version")), first, second


def _record(
    source: Source, name: TableName, release: str, row: Row, first: str, second: str
) -> Servicing | LongTermServicing:
    """The record of a row; ``first`` and ``second`` are the columns of the two end dates."""
    end, has_ended = _end(first, row.cells[first])
    last_end, all_have_ended = _end(second, row.cells[second])
    _check_channel(source, name, row.cells["servicing option"])
    available = read_date("availability date", row.cells["availability date"])
    latest = read_build("latest build", row.cells["latest build"], is_key=False)
    latest_date = read_date("latest revision date", row.cells["latest revision date"])
    if name is TableName.LONG_TERM:
        return LongTermServicing(release, available, end, last_end, latest, latest_date)
    return Servicing(
        release=release,
        available=available,
        end_of_updates=end,
        end_of_updates_enterprise=last_end,
        ended="all" if all_have_ended else "home" if has_ended else None,
        latest_build=latest,
        latest_date=latest_date,
    )


def _end(column: str, text: str) -> tuple[str | None, bool]:
    """An end date, or that updates have ended without one: the page writes ``End of updates`` in place of the date."""
    if text.casefold() == _END_OF_UPDATES:
        return None, True
    return read_date(column, text), False


def _check_channel(source: Source, name: TableName, option: str) -> None:
    """Raises Unreadable for a row in the wrong table. A client's release is in both tables, with other end dates; only
    the channel tells which row belongs where."""
    if source.product == "Windows 11" and bool(_LONG_TERM.search(option)) is not (name is TableName.LONG_TERM):
        expected = "a long-term channel" if name is TableName.LONG_TERM else "no long-term channel"
        raise Unreadable("servicing option", expected, option, is_key=True)

"""The checks that a page must pass before its records are used.

A page that is not what its source declares is refused whole (DriftError). Its last good records are worth more than a
guess at the new ones. A broken rule of meaning is a finding and never refuses a page.
"""

from collections import Counter
from collections.abc import Iterator

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import ParsedPage, Table
from scraper.models import Records, Source, TableName, TableShape

# A page with at most this share of the last good version's rows has lost too many (design.md section 7).
_TOO_FEW = 0.6
# The largest page has 500. Nobody would read so many findings, if each row were one.
_TOO_MANY = 20_000
_SERVICING = (TableName.SERVICING, TableName.LONG_TERM)


def check_tables(source: Source, page: ParsedPage, *, accepted: bool) -> None:
    """Raises DriftError for a page that lacks a declared table, has a table with other columns than declared, or has
    far too many rows.

    ``accepted``: a person let the page pass. That covers columns gained, since the declared ones are still read by
    name. It does not cover a lost table, columns lost or renamed, nor too many rows.
    """
    rows = sum(len(table.rows) for table in page.tables)
    if max(rows, len(page.tables), len(page.unknown_tables)) > _TOO_MANY:
        found = f"{rows} rows in {len(page.tables)} tables, and {len(page.unknown_tables)} strange tables"
        raise DriftError("number of rows", page=source.name, expected=f"at most {_TOO_MANY}", found=found)
    for shape in source.tables:
        tables = [table for table in page.tables if table.name is shape.name]
        if not tables and shape.minimum:
            raise DriftError(
                f"lack of a {shape.name} table",
                page=source.name,
                expected=f"a table with the columns {', '.join(shape.columns)}",
                found=f"tables {', '.join(sorted({str(table.name) for table in page.tables})) or 'none'}",
            )
        for table in tables:
            _check_columns(source, shape, table, accepted=accepted)


def _check_columns(source: Source, shape: TableShape, table: Table, *, accepted: bool) -> None:
    served, declared = Counter(table.columns), Counter(shape.columns)
    lost, gained = declared - served, served - declared
    if lost or (gained and not accepted):
        raise DriftError(
            f"columns of a {shape.name} table ({table.label or table.identity or 'no label'})",
            page=source.name,
            expected=", ".join(shape.columns),
            found=", ".join(table.columns),
        )


def check_row_counts(source: Source, records: Records, last: Records | None, day: str, *, accepted: bool) -> None:
    """Raises DriftError for a page that has lost rows: it has fewer than declared, a release that is still supported is
    gone from a table, or at most 60 % of the rows of the last good version are left. ``last``: the records of that
    version. Its releases that are no longer supported on ``day`` do not count."""
    if accepted:
        return
    count = Counter(table for table, _ in _rows(records))
    for shape in source.tables:
        if count[shape.name] < shape.minimum:
            raise _too_few(source, shape, f"at least {shape.minimum} rows", count[shape.name])
    if last is not None:
        _check_losses(source, records, last, _supported(last, day))


def _check_losses(source: Source, records: Records, last: Records, supported: set[str]) -> None:
    before, after = _count(last, supported), _count(records, supported)
    for shape in source.tables:
        if before[shape.name] and after[shape.name] <= before[shape.name] * _TOO_FEW:
            raise _too_few(source, shape, f"more than 60 % of {before[shape.name]} rows", after[shape.name])
    for table, release in sorted(_releases_by_table(last) - _releases_by_table(records)):
        if release in supported:
            raise DriftError(
                f"lack of {release} in the {table} tables",
                page=source.name,
                expected=f"the rows of {release}, which still gets updates",
                found="none",
            )


def _too_few(source: Source, shape: TableShape, expected: str, found: int) -> DriftError:
    return DriftError(
        f"number of {shape.name} rows",
        page=source.name,
        expected=expected,
        found=str(found),
    )


def _supported(last: Records, day: str) -> set[str]:
    """The releases whose last end of updates has not passed. A release that is no longer in the servicing table is out
    of support. On a page without such a table, all releases count as supported."""
    if not last.servicing:
        return {version.release for version in last.versions}
    return {
        row.release for row in last.servicing if row.ended != "all" and day <= (row.end_of_updates_enterprise or day)
    }


def _rows(records: Records) -> Iterator[tuple[TableName, str]]:
    """Table and release of every row, "" for an unknown release. A row in quarantine counts too: it cannot be read, but
    it is not lost."""
    for table, rows in records.tables.items():
        for row in rows:
            yield table, row.release
    for unreadable in records.quarantined:
        yield unreadable.table, unreadable.release or ""


def _count(records: Records, releases: set[str]) -> Counter[TableName]:
    """The number of rows of each kind of table, of these releases and of unknown ones."""
    return Counter(table for table, release in _rows(records) if not release or release in releases)


def _releases_by_table(records: Records) -> set[tuple[TableName, str]]:
    """The releases that have a row, by kind of table. Not of the servicing tables: a release may leave them."""
    return {(table, release) for table, release in _rows(records) if table not in _SERVICING}

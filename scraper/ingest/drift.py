"""The checks that stand between a page and the catalog.

A page that is not what its source declares is refused whole (DriftError): its last good facts are worth more than a
guess at the new ones. A broken rule of meaning is a finding, never a stop.
"""

from collections import Counter
from collections.abc import Iterable

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import ParsedPage, Table
from scraper.models import Records, Source, TableShape

# At or below this share of the last good version's rows a page has lost too many to be believed (design.md section 7).
_TOO_FEW = 0.6
# The largest page has 500. So many rows, each a finding say, would be nobody's news.
_TOO_MANY = 20_000


def check_tables(source: Source, page: ParsedPage, *, accepted: bool) -> None:
    """Refuse a page that lacks a declared table or whose table has other columns than declared.

    Columns gained can be accepted, since the declared ones are still read by name; columns lost or renamed cannot, nor
    a flood of rows.
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


def check_rows(source: Source, facts: Records, last: Records | None, day: str, *, accepted: bool) -> None:
    """Refuse a page that has lost rows: fewer than declared, a release that is still supported gone from a table, or
    at most 60 % of the rows of the last good version, releases no longer supported on ``day`` left aside."""
    if accepted:
        return
    supported = _supported(last, day) if last else None
    now = _count(facts, None)
    for shape in source.tables:
        if now[shape.name] < shape.minimum:
            raise _too_few(source, shape, f"at least {shape.minimum} rows", now[shape.name])
    if last is None or supported is None:
        return
    before, after = _count(last, supported), _count(facts, supported)
    for shape in source.tables:
        if before[shape.name] and after[shape.name] <= before[shape.name] * _TOO_FEW:
            raise _too_few(source, shape, f"more than 60 % of {before[shape.name]} rows", after[shape.name])
    had, has = _places(last), _places(facts)
    for name, release in sorted(had - has):
        if release in supported:
            raise DriftError(
                f"lack of {release} in the {name} tables",
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
    """The releases that count: those whose last end of updates has not passed. A release that has a history and no
    longer stands in the servicing table is out of support; a page without such a table does not tell, so all count."""
    if not last.servicing:
        return {version.release for version in last.versions}
    return {
        row.release for row in last.servicing if row.ended != "all" and day <= (row.end_of_updates_enterprise or day)
    }


def _placed(facts: Records) -> Iterable[tuple[str, str]]:
    """Table and release of every row, read or set aside: a row that cannot be read is not a row lost."""
    for row in facts.servicing:
        yield "servicing", row.release
    for long_term in facts.long_term:
        yield "long-term-servicing", long_term.release
    for update in facts.updates:
        yield "release-history", update.release
    for month in facts.months:
        yield "hotpatch-calendar", month.release
    for entry in facts.entries:
        yield "navigation", entry.release
    for aside in facts.quarantined:
        yield str(aside.table), aside.release or ""


def _count(facts: Records, releases: set[str] | None) -> Counter[str]:
    return Counter(table for table, release in _placed(facts) if releases is None or not release or release in releases)


def _places(facts: Records) -> set[tuple[str, str]]:
    return {place for place in _placed(facts) if place[0] in ("release-history", "hotpatch-calendar", "navigation")}

"""From parsed pages to typed records. The closed vocabularies of the pages are here, and nowhere else.

Every cell is read by a rule, is empty, or sends its row to quarantine with its raw text. The meaning of an unknown word
is never guessed. Pure: no network, no clock, no database. Rules are those of design.md section 6.

    cells                                                       forms that all tables share
    labels                                                      which release and year a table belongs to
    servicing, release_history, hotpatch_calendar, navigation   one kind of table each
    article                                                     articles
    reading                                                     what the readers of the tables add to
"""

from collections.abc import Callable

from scraper.errors import cut
from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.normalize.cells import LONGEST_CELL
from scraper.ingest.normalize.hotpatch_calendar import read_calendar
from scraper.ingest.normalize.navigation import read_navigation
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.normalize.release_history import read_history
from scraper.ingest.normalize.servicing import read_servicing
from scraper.ingest.parse.parsed import ParsedPage, Table
from scraper.models import Records, Severity, Source, TableName

__all__ = ["normalize", "normalize_article"]

_READERS: dict[TableName, Callable[[Reading, Table], None]] = {
    TableName.SERVICING: read_servicing,
    TableName.LONG_TERM: read_servicing,
    TableName.HISTORY: read_history,
    TableName.CALENDAR: read_calendar,
    TableName.NAVIGATION: read_navigation,
}


def normalize(source: Source, page: ParsedPage) -> Records:
    """The records of one page version.

    Raises DriftError when the label of a table names no release or no year: its rows cannot be attributed.
    """
    reading = Reading(source)
    for table in page.tables:
        _READERS[table.name](reading, table)
    # A source that declares only the navigation has other tables on its page, which are not read.
    has_tables = any(shape.name is not TableName.NAVIGATION for shape in source.tables)
    for header in page.unknown_tables if has_tables else ():
        reading.note(Severity.WARNING, "unknown-table", None, "table", f"a table with columns {', '.join(header)}")
    for (release, year), types in reading.other_years.items():
        message = f"update types {', '.join(types)} stand under calendar year {year}"
        reading.note(Severity.WARNING, "update-type-year", release, year, message)
    return Records(
        layout=page.layout,
        updated_at=cut(page.updated_at, LONGEST_CELL),
        versions=tuple(dict.fromkeys(reading.versions)),
        servicing=tuple(reading.servicing),
        long_term=tuple(reading.long_term),
        updates=tuple(reading.updates),
        months=tuple(reading.months),
        entries=tuple(reading.entries),
        quarantined=tuple(reading.quarantined),
        notes=tuple(dict.fromkeys(reading.notes)),
    )

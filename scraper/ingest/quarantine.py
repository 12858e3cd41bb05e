"""Rows that cannot be read keep their last good records (design.md section 7)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from scraper.models import Quarantined, Record, Records, TableName

_R = TypeVar("_R", bound=Record)


def with_last_good_rows(records: Records, last: Records | None) -> Records:
    """The records of a page, with the last good ones of every row in quarantine. ``last``: the records before, None at
    the first time.

    A row with a readable key keeps the last record of that key. A row without one may be any row that is missing now
    from its release's table (from its table, where not even the release is known): all of these keep their records.
    """
    if last is None or not records.quarantined:
        return records

    def joined(table: TableName, now: tuple[_R, ...], before: tuple[_R, ...]) -> tuple[_R, ...]:
        return now + tuple(_kept(before, now, [row for row in records.quarantined if row.table is table]))

    servicing = joined(TableName.SERVICING, records.servicing, last.servicing)
    # A release that is in the servicing table alone is named by that row and by nothing else.
    unnamed = {row.release for row in servicing} - {version.release for version in records.versions}
    return replace(
        records,
        versions=records.versions + tuple(version for version in last.versions if version.release in unnamed),
        servicing=servicing,
        long_term=joined(TableName.LONG_TERM, records.long_term, last.long_term),
        updates=joined(TableName.HISTORY, records.updates, last.updates),
        months=joined(TableName.CALENDAR, records.months, last.months),
        entries=joined(TableName.NAVIGATION, records.entries, last.entries),
    )


def _kept(before: Sequence[_R], now: Sequence[_R], quarantined: Sequence[Quarantined]) -> Iterator[_R]:
    """The last good records whose row was not read now, and may be one of those in quarantine."""
    read = {record.key for record in now}
    for record in before:
        # An update that came without its KB this time was read: what is still known of it is joined to it later. No key
        # of another kind ends in "".
        without_kb = (*record.key[:2], "")
        if read.isdisjoint((record.key, without_kb)) and any(_may_be(row, record) for row in quarantined):
            yield record


def _may_be(row: Quarantined, record: Record) -> bool:
    """Whether an unreadable row may be the row of a record."""
    return row.key == record.key if row.key else row.release in (None, record.release)

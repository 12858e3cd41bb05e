"""What stays of a page's last facts when some of its rows could not be read tonight (design.md section 7)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from scraper.models import (
    CalendarMonth,
    Entry,
    LongTermServicing,
    Quarantined,
    Records,
    Servicing,
    TableName,
    Update,
)

_Record = TypeVar("_Record")
_Key = tuple[str, ...]


def carry(last: Records | None, facts: Records) -> Records:
    """Tonight's facts with the last ones of every row that could not be read.

    A row whose key is readable keeps the facts last read under it. While a key cell is not, nothing of that release's
    table may count as gone: any of its missing rows could be the one that was meant.
    """
    if last is None or not facts.quarantined:
        return facts

    def kept(
        table: TableName, before: Iterable[_Record], now: tuple[_Record, ...], key: Callable[[_Record], _Key]
    ) -> tuple[_Record, ...]:
        held = [row for row in facts.quarantined if row.table is table]
        read = {key(record) for record in now}
        return now + tuple(record for record in before if key(record) not in read and _is_held(key(record), held))

    # A row that came tonight without its KB is that row: what is still known of it is joined to it later.
    bare = {(row.release, row.build) for row in facts.updates if row.kb is None}
    updates = tuple(row for row in last.updates if (row.release, row.build) not in bare)
    servicing = kept(TableName.SERVICING, last.servicing, facts.servicing, _servicing_key)
    named = {version.release for version in facts.versions}
    carried = {row.release for row in servicing} - named
    return replace(
        facts,
        # A release that stands in the servicing table alone is named by that row and by nothing else.
        versions=facts.versions + tuple(version for version in last.versions if version.release in carried),
        servicing=servicing,
        long_term=kept(TableName.LONG_TERM, last.long_term, facts.long_term, _long_term_key),
        updates=kept(TableName.HISTORY, updates, facts.updates, _update_key),
        months=kept(TableName.CALENDAR, last.months, facts.months, _month_key),
        entries=kept(TableName.NAVIGATION, last.entries, facts.entries, _entry_key),
    )


def _is_held(key: _Key, held: Iterable[Quarantined]) -> bool:
    return any(row.key == key if row.key else row.release in (None, key[0]) for row in held)


def _servicing_key(row: Servicing) -> _Key:
    return (row.release,)


def _long_term_key(row: LongTermServicing) -> _Key:
    return (row.release,)


def _update_key(row: Update) -> _Key:
    return row.release, row.build, row.kb or ""


def _month_key(row: CalendarMonth) -> _Key:
    return row.release, row.month


def _entry_key(row: Entry) -> _Key:
    return row.release, row.kb or row.available or "", str(row.preview)

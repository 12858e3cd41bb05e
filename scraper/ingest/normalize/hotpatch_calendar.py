"""Hotpatch calendars: which month restarts (baseline) and which does not (hotpatch)."""

import re

from scraper.ingest.normalize.cells import (
    MONTHS,
    Unreadable,
    link_of,
    read_build,
    read_date,
    read_kb,
    refuse_surplus,
)
from scraper.ingest.normalize.labels import check_family, version_of, year_of
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.normalize.release_history import check_link
from scraper.ingest.parse.parsed import Row, Table
from scraper.models import CalendarMonth, MonthType, Version

_MONTH_TYPES = {"baseline (restart)": MonthType.BASELINE, "hotpatch": MonthType.HOTPATCH}
_UPDATE_TYPE = re.compile(r"(?P<year>[12]\d{3})[-.\u2010-\u2015](?P<month>0[1-9]|1[0-2]) B *(?P<star>\*?)", re.A)


def read_calendar(reading: Reading, table: Table) -> None:
    """Add the months of a calendar to ``reading``."""
    source = reading.source
    if source.calendar_release:
        name = source.calendar_release.rpartition("-")[2].upper()
        version = Version(source.calendar_release, source.product, name, None)
        reading.versions.append(version)
    else:
        version = version_of(reading, table)
    year = year_of(reading, table)
    begin = len(reading.months)
    for row in table.rows:
        key = None
        try:
            month, is_starred, served_year = _month(row, year)
            key = (version.release, month)
            refuse_surplus(row)
            if served_year not in ("", year):
                reading.other_years.setdefault((version.release, year), []).append(row.cells["update type"])
            build = read_build("build", row.cells.get("build", ""), is_key=False)
            reading.months.append(
                CalendarMonth(
                    release=version.release,
                    month=month,
                    type=_month_type(row.cells["type"]),
                    available=read_date("availability date", row.cells.get("availability date", "")),
                    build=build,
                    kb=read_kb("kb article", row.cells["kb article"], is_key=False),
                    url=link_of(row, "kb article"),
                    replanned=is_starred,
                )
            )
            if not source.calendar_release:  # the release notes link by the number of the article (sources.md B5)
                check_link(reading, version, reading.months[-1].kb, row)
        except Unreadable as problem:
            reading.set_aside(table, row, problem, version.release, key)
    check_family(reading, version, table, [(row.month, row.build) for row in reading.months[begin:]])


def _month(row: Row, year: str) -> tuple[str, bool, str]:
    """Month of the update type, whether it is starred, and the year as served. ``year`` is the section's, which wins
    over the one served (rule 7)."""
    name, update_type = row.cells["month"], row.cells["update type"]
    number = MONTHS.get(name.casefold())
    if name and number is None:
        raise Unreadable("month", "the English name of a month", name, is_key=True)
    if not update_type:
        if number is None:
            raise Unreadable("update type", "YYYY.MM B", "", is_key=True)
        return f"{year}-{number:02}", False, ""
    found = _UPDATE_TYPE.fullmatch(update_type)
    if not found:
        raise Unreadable("update type", "YYYY.MM B", update_type, is_key=True)
    if number is not None and number != int(found["month"]):
        expected = f"the month {number:02}, as the row's name {name} says"
        raise Unreadable("update type", expected, update_type, is_key=True)
    return f"{year}-{found['month']}", bool(found["star"]), found["year"]


def _month_type(text: str) -> MonthType:
    try:
        return _MONTH_TYPES[text.casefold()]
    except KeyError:
        raise Unreadable("type", "Baseline (Restart) or Hotpatch", text, is_key=False) from None

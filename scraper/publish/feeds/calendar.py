"""The hotpatch calendar and the ends of support as iCalendar (RFC 5545)."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event
from icalendar.enums import STATUS, TRANSP

from scraper.publish.feeds.channel import Channel, Rows, article, month_words, plain, rows

_CALENDAR = """
select hotpatch_calendar.*, coalesce(changed.number, 0) as sequence, coalesce(changed.at, ?2) as modified
from hotpatch_calendar
left join (
  select release, subject, count(*) as number, max(seen_at) as at
  from changes where table_name = 'months' group by release, subject
) as changed on changed.release = hotpatch_calendar.release and changed.subject = month
where ?1 is null or hotpatch_calendar.release = ?1
order by month, hotpatch_calendar.release
"""
# When updates of an edition end, with how often and when the page said another day.
_ENDS = """
select support.*, product || ' ' || version as product, product = 'Windows Server' as is_server, name,
  coalesce(number, 0) as sequence, coalesce(at, ?2) as modified
from support
join releases using (release)
join edition_names using (edition)
left join (
  select release as changed, field, count(*) as number, max(seen_at) as at
  from changes where table_name = 'releases' group by release, field
) on changed = release and field = case edition
  when 'ltsc' then 'ltsc_mainstream_end' when 'iot-ltsc' then 'ltsc_extended_end'
  when 'home-pro' then 'end_of_updates' when 'mainstream' then 'end_of_updates' else 'end_of_updates_enterprise' end
where ends is not null and (?1 is null or release = ?1)
order by ends, release, place
"""
_DAY = timedelta(days=1)


def read(catalog: sqlite3.Connection, channel: Channel) -> Rows:
    """The hotpatch calendar, with how often and when each month last changed."""
    return rows(catalog, _CALENDAR, channel.release, channel.since)


def read_ends(catalog: sqlite3.Connection, channel: Channel) -> Rows:
    """The days on which updates end, by release and edition."""
    return rows(catalog, _ENDS, channel.release, channel.since)


def releases(catalog: sqlite3.Connection) -> Rows:
    """The releases that have a calendar: hotpatch months, or a day on which updates end."""
    return rows(
        catalog,
        "select release from months union select release from support where ends is not null order by release",
    )


def document(channel: Channel, months: Rows, ends: Rows) -> bytes:
    """An all-day event for each release and month, and one for the end of updates of each edition.

    A planned month is tentative. When it is replanned or released, its event is updated in place (same UID, higher
    SEQUENCE). When Microsoft no longer lists it, the event is cancelled.
    """
    of = f" of {channel.product}" if channel.release else ""
    written = Calendar.new(
        prodid="-//winkb//hotpatch calendar//EN",
        uid=f"{plain(channel.release or 'all')}@winkb",
        name=f"Restarts and hotpatch months{of}",
        url=channel.root,
    )
    written.add("REFRESH-INTERVAL", _DAY, parameters={"VALUE": "DURATION"})
    written.add("X-PUBLISHED-TTL", "P1D")
    for row in months:
        if (day := _day(row["date"])) is not None:
            written.add_component(_event(channel, row, day))
    for row in ends:
        if (day := _day(row["ends"])) is not None:
            written.add_component(_end_event(channel, row, day))
    body: bytes = written.to_ical()
    return body


def _day(text: str | None) -> date | None:
    """The date, or None for a text that is no date though it looks like one. Such a month has no event."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _event(channel: Channel, row: sqlite3.Row, day: date) -> Event:
    planned, modified = row["status"] == "planned", datetime.fromisoformat(row["modified"])
    update = f"baseline {row['kb'] or ''}".strip() if row["restart"] else row["kb"]
    notes = ", ".join(filter(None, (update, planned and "planned", row["withdrawn"] and "withdrawn")))
    words = "restart" if row["restart"] else "hotpatch, no restart"
    return Event.new(
        uid=f"{plain(row['release'])}-{row['month']}@winkb",
        sequence=row["sequence"],
        stamp=modified,
        last_modified=modified,
        start=day,
        summary=f"{plain(row['product'])}: {words}{f' ({notes})' if notes else ''}",
        description="\n".join([*_what(row), *_notes(row, planned)]),
        status=STATUS.CANCELLED if row["withdrawn"] else STATUS.TENTATIVE if planned else STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT,
        categories=["RESTART" if row["restart"] else "HOTPATCH"],
        url=channel.place("months", row["month"]),
    )


def _end_event(channel: Channel, row: sqlite3.Row, day: date) -> Event:
    """The last day of updates of an edition. When Microsoft moves it, the event moves."""
    modified, what = datetime.fromisoformat(row["modified"]), "" if row["is_server"] else "updates for "
    return Event.new(
        uid=f"{plain(row['release'])}-{row['edition']}-ends@winkb",
        sequence=row["sequence"],
        stamp=modified,
        last_modified=modified,
        start=day,
        summary=f"{plain(row['product'])}: {what}{row['name']} end{'s' if row['is_server'] else ''}",
        description=f"The last day of updates of {plain(row['product'])}, {row['name']}, as Microsoft announced it.",
        status=STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT,
        categories=["END OF UPDATES"],
        url=channel.place("releases", row["release"]),
    )


def _what(row: sqlite3.Row) -> Iterator[str]:
    """The lines that say what the month is, and which updates belong to it."""
    named = f"{month_words(row['month'])}, {plain(row['product'])}"
    means = "devices restart, hotpatched ones too" if row["restart"] else "hotpatched devices do not restart"
    yield f"{named}: {row['type']}; {means}."
    if row["kb"] or row["build"]:
        yield f"{row['type'].capitalize()}: {_update(row['kb'], row['build'])}"
    if row["cumulative_kb"] and row["cumulative_kb"] != row["kb"]:
        twin = "Twin (the cumulative update with the same fixes, with a restart)"
        label = twin if row["type"] == "hotpatch" else "Cumulative update, with a restart"
        yield f"{label}: {_update(row['cumulative_kb'], row['cumulative_build'])}"


def _notes(row: sqlite3.Row, planned: bool) -> Iterator[str]:
    """The lines that say how sure the month is, and the address of its article."""
    if row["planned_type"] and row["planned_type"] != row["type"]:
        yield f"This month was planned as {row['planned_type']}."
    if planned:
        yield "Planned by Microsoft, which has changed such plans before; the day is the month's second Tuesday."
    if row["withdrawn"]:
        yield "Microsoft no longer lists this month."
    if url := article(row["article_url"]):
        yield url


def _update(kb: str | None, build: str | None) -> str:
    return " ".join([kb or "no KB", *([f"(OS build {build})"] if build else [])])

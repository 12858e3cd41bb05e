"""The hotpatch calendar and the ends of support as iCalendar (RFC 5545)."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event
from icalendar.enums import STATUS, TRANSP

from scraper.answers import DATE_IS
from scraper.publish.feeds.channel import Channel, Rows, article, month_words, plain, rows

# The calendar's months, and for each release the next restart beyond them, which the quarter rule schedules. When the
# calendar comes to have that month, its event is updated in place.
_CALENDAR = """
with listed as (
  select
    release, product, month, type, planned_type, scheduled_type, status, date, restart, kb, build, cumulative_kb,
    cumulative_build, withdrawn, article_url, data_as_of
  from hotpatch_calendar
  union all
  select
    release, product, min(month), 'baseline', null, 'baseline', null, date, 1, null, null, null,
    null, 0, null, data_as_of
  from restart_periods
  where date_is = 'scheduled' and date >= date(data_as_of)
    and (release, month) not in (select release, month from months)
  group by release
)
select
  listed.*, coalesce(changed.number, 0) as sequence,
  -- What is not released yet was last seen to be so when the pages were read.
  max(coalesce(changed.at, ?2), iif(status is 'released', '', coalesce(data_as_of, ''))) as modified
from listed
left join (
  select release, subject, count(*) as number, max(seen_at) as at
  from changes where table_name = 'months' group by release, subject
) as changed on changed.release = listed.release and changed.subject = month
where ?1 is null or listed.release = ?1
order by month, listed.release
"""
# When updates of an edition end, with how often and when the page said another day.
_ENDS = """
select support.*, product || ' ' || version as product, product = 'Windows Server' as is_server, name,
  data_as_of, coalesce(number, 0) as sequence,
  max(coalesce(at, ?2), iif(ends > data_as_of, data_as_of, '')) as modified
from support
join releases using (release)
join edition_names using (edition)
left join freshness using (release)
left join (
  select release, field, count(*) as number, max(seen_at) as at
  from changes where table_name = 'releases' group by release, field
) using (release, field)
where ends is not null and (?1 is null or release = ?1)
order by ends, release, place
"""
_DAY = timedelta(days=1)


def read(catalog: sqlite3.Connection, channel: Channel) -> Rows:
    """The hotpatch calendar and the restarts after it, with how often and when each month last changed."""
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

    A month that is not released is tentative, and says of which day its plan is. When it is replanned or released, its
    event is updated in place (same UID, higher SEQUENCE). When Microsoft no longer lists it, the event is cancelled.
    """
    of = f" of {channel.product}" if channel.release else ""
    written = Calendar.new(
        prodid="-//winkb//hotpatch calendar//EN",
        uid=f"{plain(channel.release or 'all')}@winkb",
        name=f"Restarts, hotpatch months and ends of updates{of}",
        description=f"{channel.age}. What Microsoft planned or released later is not in it.",
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
    ahead, modified = row["status"] != "released", datetime.fromisoformat(row["modified"])
    update = f"baseline {row['kb'] or ''}".strip() if row["restart"] else row["kb"]
    notes = ", ".join(
        filter(None, (update, ahead and (row["status"] or "scheduled"), row["withdrawn"] and "withdrawn"))
    )
    words = "restart" if row["restart"] else "hotpatch, no restart"
    return Event.new(
        uid=f"{plain(row['release'])}-{row['month']}@winkb",
        sequence=row["sequence"],
        stamp=modified,
        last_modified=modified,
        start=day,
        summary=f"{plain(row['product'])}: {words}{f' ({notes})' if notes else ''}",
        description="\n".join([*_what(row), *_notes(row)]),
        status=STATUS.CANCELLED if row["withdrawn"] else STATUS.TENTATIVE if ahead else STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT,
        categories=["RESTART" if row["restart"] else "HOTPATCH"],
        url=channel.place("months", row["month"]) if row["status"] else channel.place("releases", row["release"]),
    )


def _end_event(channel: Channel, row: sqlite3.Row, day: date) -> Event:
    """The last day of updates of an edition. When Microsoft moves it, the event moves. It is tentative while it lies
    ahead of the data."""
    ahead = row["data_as_of"] is None or row["ends"] > row["data_as_of"]
    age = f"Data as of {row['data_as_of'] or 'an unknown time'}; what was announced later is not known."
    modified, what = datetime.fromisoformat(row["modified"]), "" if row["is_server"] else "updates for "
    return Event.new(
        uid=f"{plain(row['release'])}-{row['edition']}-ends@winkb",
        sequence=row["sequence"],
        stamp=modified,
        last_modified=modified,
        start=day,
        summary=f"{plain(row['product'])}: {what}{row['name']} end{'s' if row['is_server'] else ''}",
        description=f"The last day of updates of {plain(row['product'])} ({row['name']}), as announced.\n{age}",
        status=STATUS.TENTATIVE if ahead else STATUS.CONFIRMED,
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


def _notes(row: sqlite3.Row) -> Iterator[str]:
    """The lines that say how sure the month is, and the address of its article."""
    if row["planned_type"] and row["planned_type"] != row["type"]:
        yield f"This month was planned as {row['planned_type']}."
    elif not row["planned_type"] and row["scheduled_type"] != row["type"]:
        yield f"By the quarter rule this month is a {row['scheduled_type']}."
    if row["status"] != "released":
        plan = DATE_IS[row["status"] or "scheduled"]
        yield f"{plan[0].upper()}{plan[1:]}."
        yield f"Data as of {row['data_as_of'] or 'an unknown time'}; what was planned or released later is not known."
    if row["withdrawn"]:
        yield "Microsoft no longer lists this month."
    if url := article(row["article_url"]):
        yield url


def _update(kb: str | None, build: str | None) -> str:
    return " ".join([kb or "no KB", *([f"(OS build {build})"] if build else [])])

"""What one subscribes to: Atom feeds of new updates and of changes, and the hotpatch calendar as iCalendar.

Each is for all releases or for one. ``*_rows`` read a catalog (of any connection, nothing is written), the functions
without it turn such rows into a document, pure; ``document`` joins the two. There is no clock: the same catalog gives
the same bytes. What readers remember an entry by comes from the facts alone, never from the address of the site, the
number of a run or a position, so an update is shown once, and a replanned month moves in the calendars it is in.
"""

import re
import sqlite3
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from itertools import groupby
from operator import itemgetter
from urllib.parse import quote, urlencode
from uuid import UUID, uuid5

from icalendar import Calendar, Event
from icalendar.enums import STATUS, TRANSP

from scraper.errors import InputError
from scraper.models import HOSTS

NAMES = ("updates.atom", "changes.atom", "calendar.ics")
UPDATES, CHANGES = 50, 100  # entries of a feed
LINES = 40  # changes told in one entry before "and N more"
_LONGEST = 300  # characters of a scraped value or a title; the longest true one is below 120

# Made up once. The IDs of all feeds and entries grow from it, so it never changes.
_NAMESPACE = UUID("6f0c8e4e-3c0f-5d0e-9d55-5b1f0a7c2b11")
_ARTICLE = re.compile(rf"https://(?:{'|'.join(map(re.escape, HOSTS))})/[A-Za-z0-9/_.~%?=&+,;:@()*#-]{{0,1000}}")
_KB = re.compile(r"KB[0-9]+")
_MONTH = re.compile(r"([12][0-9]{3})-(0[1-9]|1[0-2])")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

Rows = Sequence[sqlite3.Row]


@dataclass(frozen=True, slots=True)
class Channel:
    """What is subscribed to: the site's address without a slash at its end; a release and its name, or all of them;
    and since when there is a catalog, the time of whatever has none of its own."""

    site: str
    since: str
    release: str | None = None
    product: str = "Windows 11 and Windows Server"

    @property
    def root(self) -> str:
        return f"{self.site}/release/{quote(self.release, safe='')}" if self.release else self.site


def document(catalog: sqlite3.Connection, name: str, site: str, release: str | None = None) -> bytes:
    """One of NAMES. ``site`` is the address that links begin with. InputError, naming the ones there are, where the
    release is unknown or, in the calendar, has no hotpatch months."""
    channel = channel_of(catalog, site, release)
    if name == "updates.atom":
        return updates(channel, update_rows(catalog, channel))
    if name == "changes.atom":
        return changes(channel, change_rows(catalog, channel))
    months = month_rows(catalog, channel)
    if release and not months:  # iCalendar has no calendar without events
        known = "select distinct release from months order by release"
        raise _unknown("calendar", release, _rows(catalog, known))
    return calendar(channel, months)


def channel_of(catalog: sqlite3.Connection, site: str, release: str | None = None) -> Channel:
    """The channel of a release, or of all. InputError where there is no such release."""
    (first,) = _rows(catalog, "select min(started_at) as at from runs where outcome in ('news', 'unchanged')")
    since = first["at"] or "1970-01-01T00:00:00Z"
    if release is None:
        return Channel(site, since)
    known = _rows(catalog, "select release, product || ' ' || version as name from releases order by release")
    for row in known:
        if row["release"] == release:
            return Channel(site, since, release, plain(row["name"]))
    raise _unknown("release", release, known)


def _unknown(thing: str, release: str, known: Rows) -> InputError:
    expected = "one of " + ", ".join(row["release"] for row in known)
    return InputError(thing, page="this address", expected=expected, found=plain(release) or "nothing")


def _rows(catalog: sqlite3.Connection, sql: str, *parameters: object) -> Rows:
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def plain(text: str | None) -> str:
    """Scraped text on one line, of bounded length, without what XML forbids and what turns the direction of writing."""
    if text is None:
        return "nothing"
    line = _shown(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _shown(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")


def month_words(month: str) -> str:
    """``2026-06`` as June 2026; what is no month stays as it is."""
    found = _MONTH.fullmatch(month)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else plain(month)


# --- Atom ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """``name`` is what makes it this entry and no other; ``content`` is HTML."""

    name: str
    title: str
    updated: str
    link: str
    category: str
    content: str
    article: str | None = None


def atom(channel: Channel, name: str, title: str, page: str, entries: Sequence[Entry]) -> bytes:
    """A feed as RFC 4287 wants it, also without entries."""
    kind = name.removesuffix(".atom")
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"})
    _add(feed, "id", _id(f"feed/{kind}/{channel.release or 'all'}"))
    _add(feed, "title", title)
    _add(feed, "updated", max((entry.updated for entry in entries), default=channel.since))
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{channel.root}/{name}")
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    _add(ET.SubElement(feed, "author"), "name", "winkb")
    for entry in entries:
        one = ET.SubElement(feed, "entry")
        _add(one, "id", _id(entry.name))
        _add(one, "title", plain(entry.title))
        _add(one, "published", entry.updated)
        _add(one, "updated", entry.updated)
        _add(one, "link", rel="alternate", type="text/html", href=entry.link)
        if entry.article and _ARTICLE.fullmatch(entry.article):
            _add(one, "link", rel="related", type="text/html", href=entry.article)
        _add(one, "category", term=entry.category)
        _add(one, "content", entry.content, type="html")
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> None:
    """ElementTree escapes what has a meaning in XML, and writes what XML forbids as it is: that is left out here."""
    shown = {key: _shown(value) for key, value in attributes.items()}
    ET.SubElement(parent, tag, shown).text = None if text is None else _shown(text)


def _id(name: str) -> str:
    return uuid5(_NAMESPACE, name).urn


def _items(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def _linked(address: str, words: str) -> str:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


# --- new updates -----------------------------------------------------------------------------------------------------

# The time of an update never moves, or readers would show it again. It is that of the night that first saw it. What the
# first good version of a page already had left no change: there it is 18:00 UTC of its date (updates come at 17:00 to
# 18:30, sources.md B6), and of the date that was seen first; without a date it is no news. One that vanished and came
# back is not new. Beside min(), SQLite gives the other columns of the same row.
_UPDATES = """
with appearance as (
  select min(id), release, subject, iif(old is null, seen_at, null) as at
  from changes
  where table_name = 'builds' and field in ('row', 'kb') and (?1 is null or release = ?1)
  group by release, subject
), date_change as (
  select min(id), release, subject, old, 1 as found
  from changes
  where table_name = 'builds' and field = 'available' and (?1 is null or release = ?1)
  group by release, subject
), newest as (
  select
    builds.kb,
    min(coalesce(
      appearance.at,
      date(iif(date_change.found, date_change.old, builds.available)) || 'T18:00:00Z'
    )) as updated,
    first_available
  from builds
  join kbs using (kb)
  left join appearance on appearance.release = builds.release and appearance.subject = builds.kb
  left join date_change on date_change.release = builds.release and date_change.subject = builds.kb
  where ?1 is null or builds.release = ?1
  group by builds.kb
  having updated is not null
  order by updated desc, first_available desc, builds.kb desc
  limit ?2
)
select newest.updated, builds.*, product || ' ' || version as product, title, kbs.article_url as article
from newest
join builds using (kb)
join releases using (release)
join kbs using (kb)
where ?1 is null or builds.release = ?1
order by newest.updated desc, newest.first_available desc, kb desc, releases.product, builds.release, builds.revision
"""


def update_rows(catalog: sqlite3.Connection, channel: Channel, limit: int = UPDATES) -> Rows:
    """The builds of the newest KBs, those of a KB together, the newest first."""
    return _rows(catalog, _UPDATES, channel.release, limit)


def updates(channel: Channel, rows: Rows) -> bytes:
    """An entry for each KB, with all its builds; in the feed of a release with that release's. One KB is another entry
    there, as its content and time are others: what is long known elsewhere may come to a release today."""
    title = f"winkb: new updates of {channel.product}"
    entries = [_update(channel, list(group)) for _, group in groupby(rows, key=itemgetter("kb"))]
    return atom(channel, "updates.atom", title, channel.root if channel.release else f"{channel.site}/", entries)


def _update(channel: Channel, builds: Rows) -> Entry:
    first = builds[0]
    named = []
    for words, group in groupby([row for row in builds if not row["corrected_to"]] or builds, key=_kind):
        places = [f"{row['build'] or 'no build'} ({plain(row['product'])})" for row in group]
        named.append(f"{words}, {', '.join(places)}")
    head = f"<p>{escape(plain(first['title']))}</p>" if first["title"] else ""
    return Entry(
        name=f"update/{channel.release}/{first['kb']}" if channel.release else f"update/{first['kb']}",
        title=f"{first['kb']}: {'; '.join(named)}",
        updated=first["updated"],
        link=f"{channel.site}/kb/{first['kb']}",
        category=first["track"],
        content=head + _items(_build(channel, row) for row in builds),
        article=first["article"],
    )


def _kind(row: sqlite3.Row) -> str:
    """May 2025 hotpatch, out-of-band update of 2025-10-23."""
    kind, month = row["kind"], row["month"]
    if kind in ("hotpatch", "baseline", "security", "preview") and month:
        return f"{month_words(month)} {'cumulative update' if kind == 'security' else kind}"
    words = {"security": "cumulative update", "component": "component update", "initial": "first build"}.get(kind, kind)
    if kind == "out-of-band":
        words = f"out-of-band {'hotpatch' if row['track'] == 'hotpatch' else 'update'}"
    return f"{words or 'update'}{' of ' + row['available'] if row['available'] else ''}"


def _build(channel: Channel, row: sqlite3.Row) -> str:
    build, kind, day = row["build"], _kind(row), row["available"]
    line = f"{escape(plain(row['product']))}: "
    if build:
        line += f"build {_linked(_place(channel, 'builds', build), build)}, "
    line += escape(kind)
    if day and day not in kind:
        line += f" (available {escape(day)})"
    if row["restart"] is not None:
        line += "; devices restart" if row["restart"] else "; no restart"
    for column, words in (("twin_kb", "the other track has"), ("baseline_kb", "stands on the baseline")):
        if row[column]:
            line += f"; {words} {_linked(_place(channel, 'builds', row[column]), row[column])}"
    if row["corrected_to"]:
        return f"{line}; corrected since to {escape(row['corrected_to'])}"
    return f"{line}; no longer listed by Microsoft" if row["withdrawn"] else line


def _place(channel: Channel, table: str, subject: str) -> str:
    """The page about the subject of a change: a KB, a build, a month or a release."""
    kind = {"months": "month", "releases": "release"}.get(table) or ("kb" if _KB.fullmatch(subject) else "build")
    return f"{channel.site}/{kind}/{quote(plain(subject), safe='')}"


# --- changes ---------------------------------------------------------------------------------------------------------

# Of a night with very many changes only those that are told are read; replanned months are told one by one.
_CHANGES = """
with entries as (
  select seen_at, release, iif(replanned, id, 0) as alone, count(*) as changes,
    sum(table_name = 'builds' and field = 'row' and old is null) as updates
  from changes
  where ?1 is null or release = ?1
  group by seen_at, release, alone
  order by seen_at desc, alone > 0 desc, release, alone
  limit ?2
), told as (
  select changes.*, entries.changes, entries.updates, product || ' ' || version as product,
    row_number() over (partition by changes.seen_at, changes.release, replanned order by id) as place
  from entries
  join changes on changes.seen_at = entries.seen_at and changes.release = entries.release
    and iif(changes.replanned, changes.id, 0) = entries.alone
  join releases on releases.release = changes.release
)
select * from told where replanned or place <= ?3
order by seen_at desc, replanned desc, release, id
"""


def change_rows(catalog: sqlite3.Connection, channel: Channel, limit: int = CHANGES) -> Rows:
    """The changes of the newest ``limit`` entries: the first LINES of a night and release, each replanned month."""
    return _rows(catalog, _CHANGES, channel.release, limit, LINES)


def changes(channel: Channel, rows: Rows) -> bytes:
    """An entry for each night and release, so that a night of 66 changes is no flood, and one for each replanned month,
    which nobody may miss. The entries of a release's feed are those of the feed of all."""

    def one(row: sqlite3.Row) -> tuple[str, str, int]:
        return row["seen_at"], row["release"], row["id"] if row["replanned"] else 0

    entries = [_changed(channel, list(group)) for _, group in groupby(rows, key=one)]
    page = f"{channel.site}/changes" + (f"?{urlencode({'release': channel.release})}" if channel.release else "")
    return atom(channel, "changes.atom", f"winkb: changes of {channel.product}", page, entries)


def _changed(channel: Channel, rows: Rows) -> Entry:
    first = rows[0]
    release, at = first["release"], first["seen_at"]
    if first["replanned"]:
        return _replanned(channel, first)
    told, number = list(_told(rows)), first["changes"]
    if number == 1:
        title = told[0]
    else:
        counted = ((first["updates"], "new update", "new updates"), (number - first["updates"], "change", "changes"))
        title = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counted if count)
    lines = [
        f"{_linked(_place(channel, row['table_name'], row['subject']), _subject(row))}{escape(words)}"
        for row, words in zip(rows, _told(rows, subject=False), strict=True)
    ]
    if number > len(rows):
        lines.append(f"… and {number - len(rows)} more")
    return Entry(
        name=f"changes/{release}/{at}",
        title=f"{plain(first['product'])}: {title}",
        updated=at,
        link=f"{channel.site}/changes?{urlencode({'since': at[:10], 'release': release})}",
        category="changes",
        content=_items(lines),
    )


def _told(rows: Rows, subject: bool = True) -> Iterator[str]:
    """Each change in words, as the command line and the nightly summary tell it."""
    for row in rows:
        if row["field"] != "row":
            words = f" {plain(row['field'].replace('_', ' '))}: {plain(row['old'])} → {plain(row['new'])}"
        elif row["old"] is None:
            words = f" appeared: {plain(row['new'])}"
        else:
            words = f" disappeared: {plain(row['old'])}"
        yield (_subject(row) if subject else "") + words


def _subject(row: sqlite3.Row) -> str:
    return month_words(row["subject"]) if row["table_name"] == "months" else plain(row["subject"])


def _replanned(channel: Channel, row: sqlite3.Row) -> Entry:
    month, product, old, new = _subject(row), plain(row["product"]), plain(row["old"]), plain(row["new"])
    means = "devices restart" if row["new"] == "baseline" else "devices do not restart"
    return Entry(
        name=f"replanned/{row['release']}/{row['subject']}/{row['seen_at']}",
        title=f"REPLANNED: {month} of {product} is now a {new} (was {old}): {means}",
        updated=row["seen_at"],
        link=_place(channel, "months", row["subject"]),
        category="replanned",
        content=f"<p>{escape(f'{month} of {product} was said to be a {old}; Microsoft now says {new}: {means}.')}</p>",
    )


# --- the calendar ----------------------------------------------------------------------------------------------------

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
_DAY = timedelta(days=1)


def month_rows(catalog: sqlite3.Connection, channel: Channel) -> Rows:
    """The hotpatch calendar, with how often and when each month last changed."""
    return _rows(catalog, _CALENDAR, channel.release, channel.since)


def calendar(channel: Channel, rows: Rows) -> bytes:
    """An all-day event for each release and month (RFC 5545): tentative while it is planned, updated in place (same
    UID, higher SEQUENCE) when it is replanned or released, cancelled when Microsoft no longer lists it."""
    of = f" of {channel.product}" if channel.release else ""
    written = Calendar.new(
        prodid="-//winkb//hotpatch calendar//EN",
        uid=f"{plain(channel.release or 'all')}@winkb",
        name=f"Restarts and hotpatch months{of}",
        url=channel.root,
    )
    written.add("REFRESH-INTERVAL", _DAY, parameters={"VALUE": "DURATION"})
    written.add("X-PUBLISHED-TTL", "P1D")
    for row in rows:
        if (day := _day(row["date"])) is not None:
            written.add_component(_event(channel, row, day))
    body: bytes = written.to_ical()
    return body


def _day(text: str | None) -> date | None:
    """None for a text that is shaped like a date and is none: such a month has no place in a calendar."""
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
        description="\n".join(_described(row, planned)),
        status=STATUS.CANCELLED if row["withdrawn"] else STATUS.TENTATIVE if planned else STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT,
        categories=["RESTART" if row["restart"] else "HOTPATCH"],
        url=_place(channel, "months", row["month"]),
    )


def _described(row: sqlite3.Row, planned: bool) -> Iterator[str]:
    named = f"{month_words(row['month'])}, {plain(row['product'])}"
    means = "devices restart, hotpatched ones too" if row["restart"] else "hotpatched devices do not restart"
    yield f"{named}: {row['type']}; {means}."
    if row["kb"] or row["build"]:
        yield f"{row['type'].capitalize()}: {_update_words(row['kb'], row['build'])}"
    if row["cumulative_kb"] and row["cumulative_kb"] != row["kb"]:
        yield f"Cumulative update, with a restart: {_update_words(row['cumulative_kb'], row['cumulative_build'])}"
    if row["planned_type"] and row["planned_type"] != row["type"]:
        yield f"This month was planned as {row['planned_type']}."
    if planned:
        yield "Planned by Microsoft, which has changed such plans before; the day is the month's second Tuesday."
    if row["withdrawn"]:
        yield "Microsoft no longer lists this month."
    if row["article_url"] and _ARTICLE.fullmatch(row["article_url"]):
        yield row["article_url"]


def _update_words(kb: str | None, build: str | None) -> str:
    return " ".join([kb or "no KB", *([f"(OS build {build})"] if build else [])])

"""The feed of new updates: an entry for each KB."""

import sqlite3
from html import escape
from itertools import groupby
from operator import itemgetter

from scraper.publish.feeds.atom import Entry, atom, items, linked
from scraper.publish.feeds.channel import Channel, Rows, month_words, plain, rows

UPDATES = 50  # entries of the feed

# The time of an update must never move, or readers show the update again. It is one of these:
# - the time of the run that first saw the update;
# - 18:00 UTC of its date, where the first good version of a page had it already, for there is no change then. Updates
#   come at 17:00 to 18:30 (sources.md B6). The date is the one that was seen first. Without a date it is no news.
# An update that vanished and came back is not new. Beside min(), SQLite gives the other columns of the same row.
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
_KINDS = {"security": "cumulative update", "component": "component update", "initial": "first build"}
# What each column is called in an entry, and what it means, for readers who do not know the term.
_RELATED = (
    ("twin_kb", "twin", "the other track's update of the month, with the same security fixes"),
    ("baseline_kb", "baseline", "the update that this hotpatch builds on"),
)


def read(catalog: sqlite3.Connection, channel: Channel, limit: int = UPDATES) -> Rows:
    """The builds of the newest ``limit`` KBs: the newest KB first, the builds of a KB together."""
    return rows(catalog, _UPDATES, channel.release, limit)


def feed(channel: Channel, builds: Rows) -> bytes:
    """An entry for each KB, with all its builds; in the feed of a release with the builds of that release.

    In the feed of a release a KB is another entry than in the feed of all. Its content and time differ: an update that
    is long known elsewhere may come to a release today.
    """
    title = f"winkb: new updates of {channel.product}"
    entries = [_entry(channel, list(group)) for _, group in groupby(builds, key=itemgetter("kb"))]
    return atom(channel, "updates.atom", title, channel.root if channel.release else f"{channel.site}/", entries)


def _entry(channel: Channel, builds: Rows) -> Entry:
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
        content=head + items(_build(channel, row) for row in builds),
        article=first["article"],
    )


def _kind(row: sqlite3.Row) -> str:
    """The kind of an update with its month or date: May 2025 hotpatch, out-of-band update of 2025-10-23."""
    kind, month = row["kind"], row["month"]
    if kind in ("hotpatch", "baseline", "security", "preview") and month:
        return f"{month_words(month)} {_KINDS.get(kind, kind)}"
    words = _KINDS.get(kind, kind)
    if kind == "out-of-band":
        words = f"out-of-band {'hotpatch' if row['track'] == 'hotpatch' else 'update'}"
    return f"{words or 'update'}{' of ' + row['available'] if row['available'] else ''}"


def _build(channel: Channel, row: sqlite3.Row) -> str:
    """A build as a line of HTML."""
    build, kind, day = row["build"], _kind(row), row["available"]
    line = f"{escape(plain(row['product']))}: "
    if build:
        line += f"build {linked(channel.place('builds', build), build)}, "
    line += escape(kind)
    if day and day not in kind:
        line += f" (available {escape(day)})"
    if row["restart"] is not None:
        line += "; devices restart" if row["restart"] else "; no restart"
    for column, label, meaning in _RELATED:
        if row[column]:
            line += f"; {label} {linked(channel.place('builds', row[column]), row[column])} ({meaning})"
    if row["corrected_to"]:
        return f"{line}; corrected since to {escape(row['corrected_to'])}"
    return f"{line}; no longer listed by Microsoft" if row["withdrawn"] else line

"""The feed of changes: an entry for each run and release, and one for each replanned month."""

import sqlite3
from collections.abc import Iterator
from html import escape
from itertools import groupby
from urllib.parse import urlencode

from scraper.publish.feeds.atom import Entry, atom, items, linked
from scraper.publish.feeds.channel import Channel, Rows, month_words, plain, rows

CHANGES = 100  # entries of the feed
LINES = 40  # changes listed in one entry before "and N more"

# A replanned month is an entry of its own (``alone``), and all of them are read. Of the other changes of a run and
# release only the first ?3 are read: those that the entry lists.
_CHANGES = """
with entries as (
  select seen_at, release, iif(replanned, id, 0) as alone, count(*) as changes,
    sum(table_name = 'builds' and field = 'row' and old is null) as updates
  from changes
  where ?1 is null or release = ?1
  group by seen_at, release, alone
  order by seen_at desc, alone > 0 desc, release, alone
  limit ?2
), listed as (
  select changes.*, entries.changes, entries.updates, product || ' ' || version as product,
    row_number() over (partition by changes.seen_at, changes.release, replanned order by id) as place
  from entries
  join changes on changes.seen_at = entries.seen_at and changes.release = entries.release
    and iif(changes.replanned, changes.id, 0) = entries.alone
  join releases on releases.release = changes.release
)
select * from listed where replanned or place <= ?3
order by seen_at desc, replanned desc, release, id
"""


def read(catalog: sqlite3.Connection, channel: Channel, limit: int = CHANGES) -> Rows:
    """The changes of the newest ``limit`` entries: of a run and release the first LINES, and every replanned month."""
    return rows(catalog, _CHANGES, channel.release, limit, LINES)


def feed(channel: Channel, changed: Rows) -> bytes:
    """An entry for each run and release, so that a run with 66 changes is not 66 entries; and one for each replanned
    month, which nobody may miss. The feed of a release has the same entries as the feed of all."""

    def entry_of(row: sqlite3.Row) -> tuple[str, str, int]:
        return row["seen_at"], row["release"], row["id"] if row["replanned"] else 0

    entries = [_entry(channel, list(group)) for _, group in groupby(changed, key=entry_of)]
    page = f"{channel.site}/changes" + (f"?{urlencode({'release': channel.release})}" if channel.release else "")
    return atom(channel, "changes.atom", f"winkb: changes of {channel.product}", page, entries)


def _entry(channel: Channel, changed: Rows) -> Entry:
    first = changed[0]
    if first["replanned"]:
        return _replanned(channel, first)
    release, at, number = first["release"], first["seen_at"], first["changes"]
    lines = [
        f"{linked(channel.place(row['table_name'], row['subject']), _subject(row))}{escape(_what(row))}"
        for row in changed
    ]
    if number > len(changed):
        lines.append(f"… and {number - len(changed)} more")
    return Entry(
        name=f"changes/{release}/{at}",
        title=f"{plain(first['product'])}: {_title(first)}",
        updated=at,
        link=f"{channel.site}/changes?{urlencode({'since': at[:10], 'release': release})}",
        category="changes",
        content=items(lines),
    )


def _title(first: sqlite3.Row) -> str:
    """The change itself where it is the only one, else how many new updates and other changes there are."""
    number, updates = first["changes"], first["updates"]
    if number == 1:
        return _subject(first) + _what(first)
    return ", ".join(_counted(updates, number - updates))


def _counted(updates: int, others: int) -> Iterator[str]:
    for count, one, many in ((updates, "new update", "new updates"), (others, "change", "changes")):
        if count:
            yield f"{count} {one if count == 1 else many}"


def _what(row: sqlite3.Row) -> str:
    """What changed, in the words of the command line and of the run's summary. Begins with a blank."""
    if row["field"] != "row":
        return f" {plain(row['field'].replace('_', ' '))}: {plain(row['old'])} → {plain(row['new'])}"
    if row["old"] is None:
        return f" appeared: {plain(row['new'])}"
    return f" disappeared: {plain(row['old'])}"


def _subject(row: sqlite3.Row) -> str:
    return month_words(row["subject"]) if row["table_name"] == "months" else plain(row["subject"])


def _replanned(channel: Channel, row: sqlite3.Row) -> Entry:
    month, product, old, new = _subject(row), plain(row["product"]), plain(row["old"]), plain(row["new"])
    means = "devices restart" if row["new"] == "baseline" else "devices do not restart"
    words = f"{month} of {product} was planned as a {old}; Microsoft now lists a {new}: {means}."
    return Entry(
        name=f"replanned/{row['release']}/{row['subject']}/{row['seen_at']}",
        title=f"REPLANNED: {month} of {product} is now a {new} (was {old}): {means}",
        updated=row["seen_at"],
        link=channel.place("months", row["subject"]),
        category="replanned",
        content=f"<p>{escape(words)}</p>",
    )

"""What one can subscribe to: Atom feeds of new updates and of changes, and the hotpatch calendar as iCalendar.

Each is for all releases or for one. In ``updates``, ``changes`` and ``calendar``, ``read`` takes rows from a catalog
and writes nothing; ``feed`` or ``document`` turns the rows into bytes and is pure.

There is no clock: the same catalog gives the same bytes. A reader remembers an entry by its ID. The ID is made of facts
only, never of the site's address, the number of a run or a position. So an update is shown once, and a replanned month
moves in the calendars that have it.
"""

import sqlite3

from scraper.publish.feeds import calendar, changes, updates
from scraper.publish.feeds.channel import channel_of, unknown

NAMES = ("updates.atom", "changes.atom", "calendar.ics")


def document(catalog: sqlite3.Connection, name: str, site: str, release: str | None = None) -> bytes:
    """The feed or calendar ``name``, one of NAMES.

    ``site`` is the address that links begin with. Raises InputError, naming the known releases, where the release is
    unknown or, for the calendar, has neither hotpatch months nor a day on which updates end.
    """
    channel = channel_of(catalog, site, release)
    if name == "updates.atom":
        return updates.feed(channel, updates.read(catalog, channel))
    if name == "changes.atom":
        return changes.feed(channel, changes.read(catalog, channel))
    months, ends = calendar.read(catalog, channel), calendar.read_ends(catalog, channel)
    if release and not months and not ends:  # iCalendar has no calendar without events
        raise unknown("calendar", release, calendar.releases(catalog))
    return calendar.document(channel, months, ends)

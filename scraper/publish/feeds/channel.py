"""What feeds and calendar share: the channel, how rows are read, and how scraped text and addresses are written."""

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from scraper import answers
from scraper.errors import InputError
from scraper.models import HOSTS

Rows = Sequence[sqlite3.Row]

LONGEST = 300  # characters of a scraped value or a title; the longest real one is below 120

_ARTICLE = re.compile(rf"https://(?:{'|'.join(map(re.escape, HOSTS))})/[A-Za-z0-9/_.~%?=&+,;:@()*#-]{{0,1000}}")
_KB = re.compile(r"KB[0-9]+")
_MONTH = re.compile(r"([12][0-9]{3})-(0[1-9]|1[0-2])")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """What is subscribed to.

    ``site``: the site's address without a slash at its end. ``since``: the time of the first good run, for whatever has
    no time of its own. ``release`` and ``product``: one release and its name, or None and the name of all.
    ``data_as_of``: when the oldest of the pages behind it was last read.
    """

    site: str
    since: str
    release: str | None = None
    product: str = "Windows 11 and Windows Server"
    data_as_of: str | None = None

    @property
    def age(self) -> str:
        """How old the data are, in words."""
        return f"Data as of {self.data_as_of or 'an unknown time'}"

    @property
    def root(self) -> str:
        """The address of its feeds, without a slash at its end."""
        return f"{self.site}/release/{quote(self.release, safe='')}" if self.release else self.site

    def place(self, table: str, subject: str) -> str:
        """The address of the page about the subject of a change: a KB, a build, a month or a release."""
        kind = {"months": "month", "releases": "release"}.get(table) or ("kb" if _KB.fullmatch(subject) else "build")
        return f"{self.site}/{kind}/{quote(plain(subject), safe='')}"


def channel_of(catalog: sqlite3.Connection, site: str, release: str | None = None) -> Channel:
    """The channel of a release, or of all. Raises InputError where there is no such release."""
    (first,) = rows(catalog, "select min(started_at) as at from runs where outcome in ('news', 'unchanged')")
    since = first["at"] or "1970-01-01T00:00:00Z"
    if release is None:
        return Channel(site, since, data_as_of=answers.data_as_of(catalog, []))
    known = rows(catalog, "select release, product || ' ' || version as name from releases order by release")
    for row in known:
        if row["release"] == release:
            return Channel(site, since, release, plain(row["name"]), answers.data_as_of(catalog, [release]))
    raise unknown("release", release, known)


def unknown(thing: str, release: str, known: Rows) -> InputError:
    """The error for a release that is not among the known ones; it names them."""
    expected = "one of " + ", ".join(row["release"] for row in known)
    return InputError(thing, page="this address", expected=expected, found=plain(release) or "nothing")


def rows(catalog: sqlite3.Connection, sql: str, *parameters: object) -> Rows:
    """The rows of a query, by column name, whatever the connection's own row factory is."""
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def plain(text: str | None) -> str:
    """Scraped text on one line of bounded length, without control characters (see ``visible``)."""
    if text is None:
        return "nothing"
    line = visible(" ".join(text.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def visible(text: str) -> str:
    """The text without what XML forbids and without the marks that turn the direction of writing."""
    if text.isprintable():  # nearly all texts are, and this is 50 times faster
        return text
    return "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")


def month_words(month: str) -> str:
    """``2026-06`` as June 2026; what is no month stays as it is."""
    found = _MONTH.fullmatch(month)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else plain(month)


def article(url: str | None) -> str | None:
    """The address of an article, or None where it is not a plain https address of one of the hosts that are read."""
    return url if url and _ARTICLE.fullmatch(url) else None

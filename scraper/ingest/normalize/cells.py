"""Cells: strings of the forms that all tables share, read by one rule each.

An empty cell is None. A cell that its rule does not read raises Unreadable; nothing is guessed.
"""

import re
from calendar import month_name
from datetime import date
from functools import lru_cache

from scraper.errors import cut
from scraper.ingest.parse.parsed import Row
from scraper.models import HOSTS

MONTHS = {name.casefold(): number for number, name in enumerate(month_name) if name}
# Characters of a text that is quoted in a message or a finding.
LONGEST_CELL = 200

# Only the characters that RFC 3986 allows in an address, without those that others read as its end. Letters and digits
# are spelled out: with a class such as \w in it a set is tried member by member, and there are hundreds of links.
_LINKABLE = re.compile(rf"https://(?:{'|'.join(map(re.escape, HOSTS))})/[A-Za-z0-9_.~:/?#@!$&()*+,;=%-]{{0,2000}}")
_DATE = re.compile(r"[12]\d{3}-\d\d-\d\d", re.A)
_BUILD = re.compile(r"\d{5}\.\d{1,5}", re.A)
_KB = re.compile(r"KB *(\d{7})", re.I | re.A)


class Unreadable(Exception):
    """A cell that no rule reads; its row is set aside. ``is_key``: it is one of the cells that identify the row."""

    def __init__(self, column: str, expected: str, found: str, *, is_key: bool) -> None:
        super().__init__(f"{column}: expected {expected}, found {cut(found, LONGEST_CELL)!r}")
        self.is_key = is_key


def read_date(column: str, text: str) -> str | None:
    """A date ``YYYY-MM-DD``."""
    if not text:
        return None
    if is_date(text):
        return text
    raise Unreadable(column, "a date YYYY-MM-DD", text, is_key=False)


@lru_cache(maxsize=4096)  # all releases have their updates on the same days
def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar, ``YYYY-MM-DD``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_build(column: str, text: str, *, is_key: bool) -> str | None:
    """One build such as ``26100.3981``."""
    if not text or _BUILD.fullmatch(text):
        return text or None
    raise Unreadable(column, "one build such as 26100.3981", text, is_key=is_key)


def read_kb(column: str, text: str, *, is_key: bool) -> str | None:
    """``KB`` and seven digits, as ``KB5058497``."""
    if not text:
        return None
    if found := _KB.fullmatch(text):
        return f"KB{found[1]}"
    raise Unreadable(column, "KB and seven digits", text, is_key=is_key)


def link_of(row: Row, column: str) -> str | None:
    """The cell's link if it leads to one of the publisher's two hosts; every other address is dropped."""
    url = row.links.get(column)
    return url if url is not None and _LINKABLE.fullmatch(url) else None


def refuse_surplus(row: Row) -> None:
    """Raises Unreadable for a row with more cells than the header."""
    if row.surplus:
        raise Unreadable("row", "no cell beyond the header's", " | ".join(row.surplus), is_key=True)

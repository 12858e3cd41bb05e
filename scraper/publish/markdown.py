"""Markdown with text that others wrote: for the page of the nightly job and for what is pasted into issues and chats.

Most of it was written by the publisher, and such a page renders Markdown and HTML, calls people by their @name and
links whatever looks like an address. So scraped text stands in table cells only, and every character that could mean
something there is spelled as an entity.
"""

import re
import unicodedata
from collections.abc import Sequence

# Those of sources.HOSTS; a test compares them. Nothing but letters, digits and harmless signs, so a link ends where it
# should.
_LINK = re.compile(r"https://(?:learn|support)\.microsoft\.com/[A-Za-z0-9/_.~%?=&+-]*(?:#[A-Za-z0-9_.-]*)?")
# Characters of one cell: a failure names its page and what was found; a page's own text has no business being longer.
_CELL = 400


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """A table of cells that are Markdown already; of more than ``limit`` rows the first ones, and how many more."""
    lines = [columns, ["---"] * len(columns), *rows[:limit]]
    if limit is not None and len(rows) > limit:
        lines.append([f"… and {len(rows) - limit} more", *[""] * (len(columns) - 1)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def linked(words: str, url: str | None) -> str:
    """A link where the address is one of the declared hosts, else the text alone."""
    return f"[{text(words)}]({url})" if url and _LINK.fullmatch(url) else text(words)


# Marks of Markdown and HTML, the bar that ends a cell, the dollar of formulas; ":" before "/" and "." after "www" would
# make an address, "@" and "#" call people and issues.
_MARKS = re.compile(r"[&<>|`\\*_\[\]{}~!$@#\"']|:(?=/)|(?<=[wW]{3})\.")


def text(words: str | None) -> str:
    """Scraped text for a table cell: on one line, of bounded length, and meaning nothing to Markdown, HTML or a forge.

    What is looked for after entities are read (names, issues, addresses) is also parted by a space of no width.
    """
    if words is None:
        return "nothing"
    line = "".join(_visible(sign) for sign in " ".join(words.split()))
    shown = line if len(line) <= _CELL else line[: _CELL - 1] + "…"
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};" + ("\u200b" if mark[0] in "@#:." else ""), shown)


def _visible(sign: str) -> str:
    """Signs without a shape (controls, turned writing direction, halves of a pair) are spelled out."""
    return sign.encode("unicode_escape").decode() if unicodedata.category(sign) in _SHAPELESS else sign


_SHAPELESS = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

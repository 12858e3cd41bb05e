"""Markdown with scraped text in it: for the page of the nightly job, and to paste into issues and chats.

Such a page renders Markdown and HTML, notifies people by their @name and links whatever looks like an address. So
scraped text is put into table cells only, and every character that could have a meaning there is written as an entity.
"""

import re
import unicodedata
from collections.abc import Sequence

# The hosts of models.HOSTS; a test compares them. Only letters, digits and harmless signs, so that a link ends where it
# should.
_LINK = re.compile(r"https://(?:learn|support)\.microsoft\.com/[A-Za-z0-9/_.~%?=&+-]*(?:#[A-Za-z0-9_.-]*)?")
# Characters of one cell. The longest text that is ours is a failure, with its page and what was found.
_CELL = 400
# Marks of Markdown and HTML, the bar that ends a cell, the dollar of formulas. ":" before "/" and "." after "www" would
# make an address; "@" and "#" would mention people and issues.
_MARKS = re.compile(r"[&<>|`\\*_\[\]{}~!$@#\"']|:(?=/)|(?<=[wW]{3})\.")
_SHAPELESS = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """A table of cells that are Markdown already. Of more than ``limit`` rows: the first ones, and how many more."""
    lines = [columns, ["---"] * len(columns), *rows[:limit]]
    if limit is not None and len(rows) > limit:
        lines.append([f"… and {len(rows) - limit} more", *[""] * (len(columns) - 1)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def linked(words: str, url: str | None) -> str:
    """A link where the address is on one of the declared hosts, else the text alone."""
    return f"[{text(words)}]({url})" if url and _LINK.fullmatch(url) else text(words)


def text(words: str | None) -> str:
    """Scraped text for a table cell: on one line, of bounded length, without a meaning in Markdown, in HTML or to a
    forge.

    A forge looks for names, issues and addresses after it has read the entities. So a zero-width space parts those.
    """
    if words is None:
        return "nothing"
    line = " ".join(words.split())
    if not line.isprintable():
        line = "".join(_visible(sign) for sign in line)
    shown = line if len(line) <= _CELL else line[: _CELL - 1] + "…"
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};" + ("\u200b" if mark[0] in "@#:." else ""), shown)


def _visible(sign: str) -> str:
    """The sign, or its escape sequence where it has no shape (controls, marks of direction, lone surrogates)."""
    return sign.encode("unicode_escape").decode() if unicodedata.category(sign) in _SHAPELESS else sign

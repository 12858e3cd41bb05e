"""The table of all findings: what each code means, how severe it is, and which function looks for it.

``@check`` adds a function to the table; the first paragraph of its docstring is the sentence that docs/findings.md has.
That page is made from this table (``make findings``).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from typing import NamedTuple

from scraper.catalog.checks.context import Context
from scraper.catalog.findings import Finding
from scraper.catalog.rows import BuildRow, MonthRow
from scraper.models import Entry, Severity


class Group(StrEnum):
    """The sections of docs/findings.md."""

    ASIDE = "Rows that are not published as served"
    DIFFER = "Two places that differ"
    RULE = "Rules that a row breaks by itself"
    ARTICLE = "Articles"


class Code(NamedTuple):
    """What the findings of a code say, and how severe they are."""

    severity: Severity
    group: Group
    sentence: str


class Found(NamedTuple):
    """A finding without its code. ``subject``: the KB, build, month or release that it is about; ``severity``: if it is
    not the code's."""

    release: str | None
    subject: str
    message: str
    page: str
    other_page: str | None = None
    severity: Severity | None = None


Look = Callable[[Context], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Check:
    """A function that looks for what its code says. ``flaps``: what it finds missing may be a row that is absent once;
    ``published``: it is asked of the rows that are published after the run."""

    code: str
    look: Look
    flaps: bool
    published: bool

    def __call__(self, context: Context) -> Iterator[Finding]:
        usual = CODES[self.code].severity
        return (Finding(found.severity or usual, self.code, *found[:5]) for found in self.look(context))


CODES: dict[str, Code] = {}
CHECKS: list[Check] = []


def check(
    code: str,
    severity: Severity | None = None,
    group: Group = Group.RULE,
    *,
    flaps: bool = False,
    published: bool = False,
) -> Callable[[Look], Look]:
    """Add a function to the table. A second function of a code has no severity, and its docstring stands in no docs."""

    def add(look: Look) -> Look:
        if severity:
            sentence = cleandoc(look.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
            CODES[code] = Code(severity, group, sentence)
        CHECKS.append(Check(code, look, flaps, published))
        return look

    return add


def about(row: BuildRow | MonthRow, message: str, page: str | None = None) -> Found:
    """What was found of a row."""
    return Found(row.release, row.name, message, page or row.page)


def about_link(page: str, entry: Entry, message: str, other_page: str | None = None) -> Found:
    """What was found of a link."""
    return Found(entry.release, entry.name, message, page, other_page)

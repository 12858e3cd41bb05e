"""Parsed pages: what parse gives and normalize takes. Strings as served, cleaned of what no browser shows.

A page becomes tables of strings by column name, an article becomes texts by their headings and labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scraper.models import TableName


@dataclass(frozen=True, slots=True)
class Row:
    """One table row: cleaned text by column name; ``links`` has the resolved https address of a cell's link by the same
    name. ``surplus`` has the cells that the header has no name for, unless they are empty."""

    cells: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a page. ``label`` is the version label or navigation category above it, ``year`` the year label,
    ``identity`` the HTML id (a cross-check, never a key); "" where there is none. ``columns`` as served, in
    lower case with single blanks."""

    name: TableName
    label: str
    year: str
    identity: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """All that a parser read from one page version. ``unknown_tables`` are the headers of the tables in the container
    that are not like any declared one."""

    layout: str
    updated_at: str
    tables: tuple[Table, ...]
    unknown_tables: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class IssueText:
    """One known issue as served: its title and its parts by their labels in lower case (``symptoms``, ``workaround``,
    ``resolution``, …); text before any label has the label ``""``."""

    title: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParsedArticle:
    """What the parser read from an article, as served. ``issues`` is None where no such section could be read;
    ``issues_text`` is the plain text of the section. ``servicing_stack``: the texts about it, the best one first.
    ``sections``: heading and text of each section in order."""

    layout: str
    updated_at: str
    canonical: str
    title: str
    heading: str
    issues: tuple[IssueText, ...] | None
    issues_text: str
    servicing_stack: tuple[str, ...]
    packages: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]

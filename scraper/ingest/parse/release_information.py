"""The release information pages of learn.microsoft.com: one container with all tables, each under labels in bold.

A table belongs to the release that its label names. Its id will not do, since ids are positional: ``historyTable_2``
was 24H2 until a version was added. Element types will not do either: the first version's label is bare, the others are
in a ``summary``, and version and year labels share their element types (sources.md A4).
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import ParsedPage, Table
from scraper.ingest.parse.tables import (
    Links,
    landmarks,
    one,
    recognise,
    refuse_span,
    serve,
    spanning,
    table_of,
    text_of,
)
from scraper.models import Source, TableName

_LABELS = frozenset({"strong", "b", "summary", "h1", "h2", "h3", "h4", "h5", "h6", "p"})
_SECTIONS = frozenset({"h1", "h2"})
_LABELLED = frozenset({TableName.HISTORY, TableName.CALENDAR})

# Whatever looks like a version label is kept as one. A label in a new wording then stops normalize; otherwise its rows
# would be given to the release above.
_VERSION = re.compile(r"(?:version|windows)\b.{,60}\(os builds?\b.{,60}", re.IGNORECASE)
_YEAR = re.compile(r"(?:.{,40}\b)?calendar (?:year )?(20\d\d)\b.{,20}", re.IGNORECASE)
# In a paragraph the same words may be prose; only the whole label counts.
_PLAIN_YEAR = re.compile(r"calendar year (20\d\d)", re.IGNORECASE)
_PLAIN_VERSION = re.compile(r"(?:version|windows server) \w+(?: \([^()]*\))* \(os build \d+\)", re.IGNORECASE)


def read_release_information(source: Source, tree: LexborHTMLParser, links: Links, updated_at: str) -> ParsedPage:
    """The servicing tables, release histories and hotpatch calendars.

    Raises DriftError when the page has neither the container nor a main part whose tables are all known, when no table
    is known, or when a cell of a table spans several columns or rows."""
    containers = tree.css("#winrelinfo_container")
    if containers:
        container = one(containers, "container #winrelinfo_container", source.name)
        tables, unknown_tables = _read_tables(source, container, links)
    else:
        # The id of the container may change: the tables are read without it, as long as each of them is declared.
        container = one(tree.css("main"), "container (#winrelinfo_container or main)", source.name)
        tables, unknown_tables = _read_tables(source, container, links)
        if unknown_tables:
            raise DriftError(
                "container", page=source.name, expected="#winrelinfo_container", found=f"main with {unknown_tables[0]}"
            )
    if not tables:
        expected = ", ".join(shape.name for shape in source.tables)
        raise DriftError("container", page=source.name, expected=f"tables ({expected})", found="none of them")
    return ParsedPage("learn" if containers else "unknown-learn", updated_at, tables, unknown_tables)


def _read_tables(
    source: Source, container: LexborNode, links: Links
) -> tuple[tuple[Table, ...], tuple[tuple[str, ...], ...]]:
    """The declared tables, each with its labels, and the headers of all others."""
    tables: list[Table] = []
    unknown_tables: list[tuple[str, ...]] = []
    labels = _Labels()
    spans = spanning(container)
    for tag, node in landmarks(container):
        if tag in _LABELS:
            labels.read(tag, text_of(node))
        if tag != "table":
            continue
        served = serve(node, links)
        shape = recognise(served.columns, source.tables)
        if shape is not None:
            refuse_span(spans.get(node.mem_id), source.name)
            label, year = labels.of(shape.name)
            tables.append(table_of(served, shape, label=label, year=year, identity=node.attrs.get("id") or ""))
        elif served.rows:  # without rows it holds nothing that could be lost: a banner (sources.md C3)
            unknown_tables.append(served.columns)
    return tuple(tables), tuple(unknown_tables)


class _Labels:
    """The version and the year that were named last."""

    __slots__ = ("heads", "version", "year")

    def __init__(self) -> None:
        self.version = self.year = ""
        # The kind of table that the version has headed. A version that heads a release history heads no calendar, even
        # if no other label follows.
        self.heads: TableName | None = None

    def read(self, tag: str, text: str) -> None:
        """Take over what an element names, if it is a label."""
        versions, years = (_PLAIN_VERSION, _PLAIN_YEAR) if tag == "p" else (_VERSION, _YEAR)
        if versions.fullmatch(text):
            # A `summary` and the `strong` within it give the same label twice.
            self.version, self.year, self.heads = text, "", None
        elif found := years.fullmatch(text):
            self.year = found[1]
        elif tag in _SECTIONS:
            self.version, self.year, self.heads = "", "", None

    def of(self, table: TableName) -> tuple[str, str]:
        """Version and year of a table; "" for what heads none of its kind."""
        if table not in _LABELLED:
            return "", ""
        if self.heads not in (None, table):
            self.version = ""
        self.heads = table
        return self.version, self.year if table is TableName.CALENDAR else ""

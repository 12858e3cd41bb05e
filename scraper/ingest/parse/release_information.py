"""The release information pages of learn.microsoft.com: one container with every table, each under labels in bold.

Why by label: table ids are positional (``historyTable_2`` was 24H2 until a version was added), the first version's
label stands bare while the others' are in a ``summary``, and version and year labels share their element types
(sources.md A4).
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

# Anything that claims to be a version label is kept as one, so that a new wording stops the caller, rather than
# giving its rows to the release above.
_VERSION = re.compile(r"(?:version|windows)\b.{,60}\(os builds?\b.{,60}", re.IGNORECASE)
_YEAR = re.compile(r"(?:.{,40}\b)?calendar (?:year )?(20\d\d)\b.{,20}", re.IGNORECASE)
# In a paragraph the same words may be prose; only the whole label counts.
_PLAIN_YEAR = re.compile(r"calendar year (20\d\d)", re.IGNORECASE)
_PLAIN_VERSION = re.compile(r"(?:version|windows server) \w+(?: \([^()]*\))* \(os build \d+\)", re.IGNORECASE)


def read_release_information(source: Source, tree: LexborHTMLParser, links: Links, updated_at: str) -> ParsedPage:
    """The servicing tables, release histories and hotpatch calendars. Raises DriftError when the page has neither the
    container nor a main part whose tables are all known, when no table is known, or when one has spanning cells."""
    containers = tree.css("#winrelinfo_container")
    if containers:
        container = one(containers, "container #winrelinfo_container", source.name)
        tables, unknown_tables = _read_tables(source, container, links)
    else:
        # An id alone is no identity: the tables are read without it as long as each of them is one that is declared.
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
    tables: list[Table] = []
    unknown_tables: list[tuple[str, ...]] = []
    label = year = ""
    # What kind of table the label has headed: a label of the release history heads no calendar, were it even the
    # last.
    heads: TableName | None = None
    spans = spanning(container)
    for tag, node in landmarks(container):
        if tag in _LABELS:
            text = text_of(node)
            versions, years = (_PLAIN_VERSION, _PLAIN_YEAR) if tag == "p" else (_VERSION, _YEAR)
            if versions.fullmatch(text):
                # A `summary` and the `strong` within it say the same label twice.
                label, year, heads = text, "", None
            elif found := years.fullmatch(text):
                year = found[1]
            elif tag in _SECTIONS:
                label, year, heads = "", "", None
        if tag != "table":
            continue
        served = serve(node, links)
        shape = recognise(served.columns, source.tables)
        if shape is None:
            # Without rows it holds nothing that could be lost: a banner (sources.md C3).
            if served.rows:
                unknown_tables.append(served.columns)
            continue
        refuse_span(spans.get(node.mem_id), source.name)
        identity = node.attrs.get("id") or ""
        if shape.name not in _LABELLED:
            tables.append(table_of(served, shape, identity=identity))
            continue
        if heads not in (None, shape.name):
            label = ""
        heads = shape.name
        its_year = year if shape.name is TableName.CALENDAR else ""
        tables.append(table_of(served, shape, label=label, year=its_year, identity=identity))
    return tuple(tables), tuple(unknown_tables)

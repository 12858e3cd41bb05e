"""Tables, recognised by the names in their header row, so that a column may move and a table may get another id.

Nothing else is reliable. No layout gives data tables a class of their own, ids are positional, and the header row is
``td`` in one layout, ``th`` in ``tbody`` in another and ``th`` in ``thead`` in the third (sources.md A4, B2, B3).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import Row, Table
from scraper.ingest.parse.text import clean, clean_prose
from scraper.models import TableShape

_BLOCKS = frozenset(
    {"article", "blockquote", "br", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li"}
    | {"ol", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul"}
)
_SILENT = frozenset({"-comment", "script", "style", "svg", "template", "noscript"})
_PARTS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th"})
# `24H2<sup>1</sup>` is version 24H2 with a footnote. A star says something of the row itself, so it is kept.
_FOOTNOTE = re.compile(r"[\[(]?(?:\d{1,2}|[A-Za-z]|[†‡§¶])(?:, ?(?:\d{1,2}|[A-Za-z]))*[\])]?")
# A last part of an address that may simply be appended to its folder. Spelled out: a set with \w in it takes longer.
_FILE = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-]")
_NOTES = frozenset({"note", "tip", "important", "warning", "caution", "alert", "ocpalert"})


def one(nodes: Sequence[LexborNode], thing: str, page: str) -> LexborNode:
    """The only one of the nodes; DriftError when there is none or more than one."""
    if len(nodes) != 1:
        raise DriftError(thing, page=page, expected="exactly one", found=str(len(nodes) or "none"))
    return nodes[0]


@dataclass(frozen=True, slots=True)
class Served:
    """A table of a page: its header names in lower case, and of each row the texts and, by column number, the
    links."""

    columns: tuple[str, ...]
    rows: tuple[tuple[list[str], dict[int, str]], ...]


class Links:
    """Resolves the links of a page against ``base``.

    The release information page has 340 links and a navigation 150, in a few folders. ``urljoin`` is called once for
    each folder, since it takes longer than all else that is done to a row."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._folders: dict[str, str] = {}

    def resolve(self, href: str) -> str:
        """The https address of a link, or "" when it has none: ``javascript:``, another scheme, no address at all."""
        slash = href.rfind("/") + 1
        address = self._folders.get(href[:slash])
        if address is None or not _FILE.fullmatch(href, slash):
            return self._resolve_first(href.strip())
        return address and address + href[slash:]

    def _resolve_first(self, href: str) -> str:
        if not href or href.startswith("#"):
            return ""
        slash = href.rfind("/") + 1
        folder = href[:slash]
        if not _FILE.fullmatch(href, slash) or folder.endswith("//"):
            return self._join(href)
        address = self._folders[folder] = self._join(folder or "./")
        return address and address + href[slash:]

    def _join(self, href: str) -> str:
        try:
            address = urljoin(self._base, href)
        except ValueError:  # such as `https://[`
            return ""
        return address if address.startswith("https://") else ""


def read(
    node: LexborNode, links: Links, silent: frozenset[str] = _SILENT, cleaned: Callable[[str], str] = clean
) -> tuple[str, str]:
    """The cleaned text below a node, and the address of its first link ("" without one). Block tags part words, inline
    tags do not. Footnote marks and the content of the ``silent`` tags are left out."""
    child = node.first_child
    if child is None:
        return "", ""
    if child.next is None and child.tag == "a":
        # Most other cells and items are one link around one text.
        inner = child.first_child
        text = inner.text_content if inner is not None and inner.next is None else None
        if text is not None:
            return cleaned(text), links.resolve(_href(child))
    text, link = _walk(child, links, silent)
    return cleaned(text), link


def _walk(child: LexborNode, links: Links, silent: frozenset[str]) -> tuple[str, str]:
    """The same of a node and those behind it, its text not cleaned."""
    pieces: list[str] = []
    link = ""
    pending: list[LexborNode | None] = [child]  # None: the end of a block
    while pending:
        current = pending.pop()
        if current is None:
            pieces.append(" ")
            continue
        if (following := current.next) is not None:
            pending.append(following)
        if (text := current.text_content) is not None:
            pieces.append(text)
            continue
        tag = current.tag
        if tag in silent or (tag == "sup" and _FOOTNOTE.fullmatch(clean(current.text()))):
            continue
        if tag == "a" and not link:
            link = links.resolve(_href(current))
        elif tag in _BLOCKS:
            pieces.append(" ")
            pending.append(None)
        if (inner := current.first_child) is not None:
            pending.append(inner)
    return "".join(pieces), link


def _href(node: LexborNode) -> str:
    return node.attrs.get("href") or ""


def text_of(node: LexborNode) -> str:
    """The cleaned text below a node."""
    return read(node, Links(""))[0]


def prose_of(node: LexborNode) -> str:
    """The cleaned prose below a node of an article."""
    return read(node, Links(""), cleaned=clean_prose)[0]


def serve(table: LexborNode, links: Links, cleaned: Callable[[str], str] = clean) -> Served:
    """A table with its header: the first row that is not empty, without the empty cells at its end. Empty rows are left
    out. ``cleaned`` cleans a cell's text."""
    filled = (row for row in _rows(table, links, cleaned) if any(row[0]))
    header = [text.casefold() for text in next(filled, ([], {}))[0]]
    while header and not header[-1]:
        header.pop()
    return Served(tuple(header), tuple(filled))


def _rows(table: LexborNode, links: Links, cleaned: Callable[[str], str]) -> Iterator[tuple[list[str], dict[int, str]]]:
    for part in table.iter():
        if part.tag in _PARTS:
            for row in part.iter():
                texts: list[str] = []
                addresses: dict[int, str] = {}
                for cell in row.iter():
                    if cell.tag not in _CELLS:
                        continue
                    child = cell.first_child
                    # Five of six cells are empty or one text; only text nodes have a text_content.
                    text = "" if child is None else child.text_content
                    if child is None or text is None or child.next is not None:
                        text, address = read(cell, links, cleaned=cleaned)
                        if address:
                            addresses[len(texts)] = address
                        texts.append(text)
                    else:
                        texts.append(cleaned(text))
                yield texts, addresses


def recognise(columns: tuple[str, ...], shapes: Sequence[TableShape]) -> TableShape | None:
    """The declared shape that a header is most like: most of the shape's columns are in it, at least half of them. None
    when there is no such shape. Of equal ones it is the shape of the nearer width: a calendar in which "month" and
    "type" were renamed shares as many columns with a release history."""
    names = set(columns)
    best: TableShape | None = None
    rank = (0, 0)
    for shape in shapes:
        shared = len(names.intersection(shape.columns))
        candidate = (shared, -abs(len(columns) - len(shape.columns)))
        if 2 * shared >= len(shape.columns) and (best is None or candidate > rank):
            best, rank = shape, candidate
    return best


def table_of(served: Served, shape: TableShape, *, label: str = "", year: str = "", identity: str = "") -> Table:
    """A recognised table with its rows by column name; the header is as served."""
    names = served.columns
    rows = tuple([_row(names, texts, links) for texts, links in served.rows])
    return Table(shape.name, label, year, identity, names, rows)


def _row(names: tuple[str, ...], texts: list[str], links: dict[int, str]) -> Row:
    width = len(names)
    surplus: tuple[str, ...] = ()
    if len(texts) != width:
        # Rows of seven cells under six columns are served (sources.md A6), and rows of three under four (B2).
        surplus = tuple(filter(None, texts[width:]))
        texts = [*texts[:width], *[""] * (width - len(texts))]
    cells = dict(zip(names, texts, strict=True))
    if "" in cells:
        surplus = (*(text for name, text in zip(names, texts, strict=True) if text and not name), *surplus)
        del cells[""]
    named = {names[place]: link for place, link in links.items() if place < width and names[place]} if links else {}
    return Row(cells, named, surplus)


def landmarks(container: LexborNode) -> Iterator[tuple[str, LexborNode]]:
    """The elements of a container with their tags, in document order, without those inside of its tables.

    Two kinds of tables only place things on the page: those around other tables, whose elements are given in their
    place, and those in a note, which are left out."""
    around = _tables_around_tables(container)
    pending: list[LexborNode | None] = [container.first_child]
    while pending:
        node = pending.pop()
        if node is None:
            continue
        pending.append(node.next)
        tag = node.tag or ""
        if tag == "table" and node.mem_id not in around:
            if not _is_in_note(node, container):
                yield tag, node
            continue
        if tag[:1] != "-":
            if tag != "table":
                yield tag, node
            pending.append(node.first_child)


def _tables_around_tables(container: LexborNode) -> frozenset[int]:
    found: set[int] = set()
    for table in container.css("table"):
        above = table.parent
        while above is not None and above.mem_id != container.mem_id:
            if above.tag == "table":
                found.add(above.mem_id)
            above = above.parent
    return frozenset(found)


def _is_in_note(table: LexborNode, container: LexborNode) -> bool:
    above = table.parent
    while above is not None and above.mem_id != container.mem_id:
        if not _NOTES.isdisjoint((above.attrs.get("class") or "").casefold().split()):
            return True
        above = above.parent
    return False


def spanning(container: LexborNode) -> Mapping[int, str]:
    """The tables in which a cell spans several columns or rows, by ``mem_id``, with that attribute of the cell.
    No table of a page has such a cell today. The cells after it would be read under the wrong names."""
    found: dict[int, str] = {}
    for cell in container.css("[colspan],[rowspan]"):
        for direction in ("colspan", "rowspan"):
            span = (cell.attrs.get(direction) or "1").strip()
            above = cell.parent if span != "1" else None
            while above is not None and above.tag != "table":
                above = above.parent
            if above is not None:
                found[above.mem_id] = f"{direction} {span}"
    return found


def refuse_span(span: str | None, page: str) -> None:
    """Raises DriftError for a table with a cell that spans several columns or rows (``spanning``)."""
    if span is not None:
        raise DriftError("cell", page=page, expected="one column and row to each cell", found=span)

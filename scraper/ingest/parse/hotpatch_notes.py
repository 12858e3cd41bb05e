"""The hotpatch release notes of support.microsoft.com: a navigation that lists every update, and calendars in main.
The update history has the same navigation, and no calendar.

Two generations of class names have been served, the second since 2026-07-13 (sources.md B2, B3). An element is a
category when it has a class that ends in ``NavCategory``, so that a third generation may still be read.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.ingest.parse.tables import (
    Links,
    landmarks,
    one,
    read,
    recognise,
    refuse_span,
    serve,
    spanning,
    table_of,
    text_of,
)
from scraper.models import Source, TableName, TableShape

_LAYOUTS = {"supLeftNav": "support-topic", "learnRenderLeftNav": "support-servicing"}
_CATEGORY = re.compile(r"([\w-]{0,30}?(?:nav|navigation))[-_]*category", re.IGNORECASE)
_HEADING = re.compile(r"nav[\w-]{0,30}heading", re.IGNORECASE)
_CURRENT = re.compile(r"nav[\w-]{0,30}current", re.IGNORECASE)
_LISTS = frozenset({"ul", "ol"})
# The text of an item is its own, not that of a list within it.
_SILENT_IN_ITEM = frozenset({"-comment", "script", "style", "svg", "template", "noscript", *_LISTS})

_LABELS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary"})
_YEAR = re.compile(r"\b(?:year|hotpatch calendar) (20\d\d)\b", re.IGNORECASE)
_VERSION = re.compile(r"\bversion (\d\dh\d)\b", re.IGNORECASE)
_COLUMN = "link"


def read_hotpatch_notes(source: Source, tree: LexborHTMLParser, links: Links, updated_at: str) -> ParsedPage:
    """All categories of the navigation, and the calendars.

    Raises DriftError when the page has no navigation with links, no main part or several, a calendar with a cell that
    spans several columns or rows, or the heading of another version."""
    main = one(tree.css("main"), "main part", source.name)
    _refuse_another_version(source, main)
    prefix, categories = _read_navigation(source, tree, links)
    shapes = [shape for shape in source.tables if shape.name is not TableName.NAVIGATION]
    calendars, unknown_tables = _read_calendars(source, main, shapes, links)
    return ParsedPage(_LAYOUTS.get(prefix, f"unknown-{prefix}"), updated_at, categories + calendars, unknown_tables)


def _refuse_another_version(source: Source, main: LexborNode) -> None:
    """Raises DriftError when an address leads to the notes of another version. Only the heading tells, since the notes
    of 24H2 and of 25H2 have the same tables. A heading that names no version is let pass."""
    if source.calendar_release is None:
        return
    own = source.calendar_release.rpartition("-")[2]
    headings = [text_of(heading) for heading in main.css("h1")]
    named = {version.lower() for heading in headings for version in _VERSION.findall(heading)}
    if named and named != {own}:
        expected = f"that of version {own.upper()}"
        raise DriftError("heading", page=source.name, expected=expected, found=" and ".join(map(repr, headings)))


def _read_navigation(source: Source, tree: LexborHTMLParser, links: Links) -> tuple[str, tuple[Table, ...]]:
    """The class prefix of the layout, and one table for each category. The old layout renders all categories twice: the
    rows of categories with the same title are joined, each once."""
    prefix = ""
    rows: dict[str, dict[tuple[str, str], Row]] = {}
    for category in tree.css("[class*=ategory]"):
        found = next(filter(None, map(_CATEGORY.fullmatch, _classes(category))), None)
        if found is None:
            continue
        prefix = prefix or found[1]
        title, listing = _title_and_list(category, links)
        listed = rows.setdefault(title, {})
        for text, address in _items(listing, title, links) if listing is not None else ():
            listed.setdefault((text, address), Row({_COLUMN: text}, {_COLUMN: address} if address else {}))
    if not any(rows.values()):
        raise DriftError(
            "left navigation",
            page=source.name,
            expected="categories with links",
            found=f"{len(rows)} empty categories" if rows else _title_of(tree),
        )
    return prefix, tuple(
        Table(TableName.NAVIGATION, title, "", "", (_COLUMN,), tuple(listed.values())) for title, listed in rows.items()
    )


def _title_and_list(category: LexborNode, links: Links) -> tuple[str, LexborNode | None]:
    """The title of a category and the list that follows it, however they are wrapped."""
    title = ""
    for node in category.traverse():
        if node.tag in _LISTS:
            return title, node
        if not title and node.mem_id != category.mem_id:
            title = read(node, links, _SILENT_IN_ITEM)[0]
    return title, None


def _items(listing: LexborNode, title: str, links: Links) -> Iterator[tuple[str, str]]:
    """Text and address of each item that announces something. Left out are headings, and the link to the release notes
    themselves, which is the first item."""
    own = {title.casefold(), "release notes"}
    headings = {item.mem_id for item in listing.css("li[class*=eading]") if _HEADING.search(item.attrs["class"] or "")}
    first = True
    for item in listing.iter():
        if item.tag != "li" or (headings and item.mem_id in headings):
            continue
        text, address = read(item, links, _SILENT_IN_ITEM)
        is_own = text.casefold() in own or (first and _is_current(item))
        first = False
        if text and not is_own:
            yield text, address


def _is_current(item: LexborNode) -> bool:
    """Whether an item is marked as the page that is shown. Only the first item may be judged by it: on an article's
    page, which has the same navigation, the article's item is marked."""
    return bool(_CURRENT.search(item.attrs.get("class") or "") or item.css("[aria-current]"))


def _read_calendars(
    source: Source, main: LexborNode, shapes: list[TableShape], links: Links
) -> tuple[tuple[Table, ...], tuple[tuple[str, ...], ...]]:
    """The calendars, each with the year that was named last, and the headers of all other tables. Only the first third
    of a year lies in the year's section. The others are siblings under headings such as "May to August", so the year
    holds until another is named (sources.md B2)."""
    tables: list[Table] = []
    unknown_tables: list[tuple[str, ...]] = []
    year = ""
    spans = spanning(main)
    for tag, node in landmarks(main):
        is_heading = tag in _LABELS or "ExpandoHead" in (node.attrs.get("class") or "")
        if is_heading and (found := _YEAR.search(text_of(node))):
            year = found[1]
        if tag != "table":
            continue
        served = serve(node, links)
        shape = recognise(served.columns, shapes)
        if shape is not None:
            refuse_span(spans.get(node.mem_id), source.name)
            tables.append(table_of(served, shape, year=year, identity=node.attrs.get("id") or ""))
        elif served.rows:
            unknown_tables.append(served.columns)
    return tuple(tables), tuple(unknown_tables)


def _classes(node: LexborNode) -> list[str]:
    return (node.attrs.get("class") or "").split()


def _title_of(tree: LexborHTMLParser) -> str:
    title = tree.css_first("title")
    return f"a page titled {text_of(title)!r}" if title is not None else "a page without a title"

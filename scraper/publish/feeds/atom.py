"""An Atom feed (RFC 4287) of entries."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from uuid import UUID, uuid5

from scraper.publish.feeds.channel import Channel, article, plain, visible

# A random UUID, made once. The IDs of all feeds and entries are derived from it, so it never changes.
_NAMESPACE = UUID("6f0c8e4e-3c0f-5d0e-9d55-5b1f0a7c2b11")


@dataclass(frozen=True, slots=True)
class Entry:
    """``name`` identifies the entry: its ID is made of it. ``content`` is HTML. ``article``: Microsoft's article."""

    name: str
    title: str
    updated: str
    link: str
    category: str
    content: str
    article: str | None = None


def atom(channel: Channel, name: str, title: str, page: str, entries: Sequence[Entry]) -> bytes:
    """The feed ``name`` (one of ``feeds.NAMES``), also without entries. ``page``: the address of the same as HTML."""
    kind = name.removesuffix(".atom")
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"})
    _add(feed, "id", _id(f"feed/{kind}/{channel.release or 'all'}"))
    _add(feed, "title", title)
    _add(feed, "subtitle", channel.age)
    _add(feed, "updated", max((entry.updated for entry in entries), default=channel.since))
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{channel.root}/{name}")
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    _add(ET.SubElement(feed, "author"), "name", "winkb")
    for entry in entries:
        _add_entry(feed, entry)
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def items(lines: Iterable[str]) -> str:
    """An HTML list; the lines are HTML already."""
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def linked(address: str, words: str) -> str:
    """An HTML link."""
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def _add_entry(feed: ET.Element, entry: Entry) -> None:
    one = ET.SubElement(feed, "entry")
    _add(one, "id", _id(entry.name))
    _add(one, "title", plain(entry.title))
    _add(one, "published", entry.updated)
    _add(one, "updated", entry.updated)
    _add(one, "link", rel="alternate", type="text/html", href=entry.link)
    if url := article(entry.article):
        _add(one, "link", rel="related", type="text/html", href=url)
    _add(one, "category", term=entry.category)
    _add(one, "content", entry.content, type="html")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> None:
    """Append an element. ElementTree escapes what has a meaning in XML, but writes what XML forbids as it is. Such
    characters are left out here."""
    shown = {key: visible(value) for key, value in attributes.items()}
    ET.SubElement(parent, tag, shown).text = None if text is None else visible(text)


def _id(name: str) -> str:
    return uuid5(_NAMESPACE, name).urn

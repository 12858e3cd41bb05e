"""The tree of a page: BeautifulSoup's, closer to what a browser makes of markup that is broken.

Only what damages make is treated as HTML says: end tags that may be left out, a heading that another heading's end tag
closes, what stands open to the end of the page, and what ends an image.
"""

import re
from collections.abc import Mapping
from html import escape

from bs4 import BeautifulSoup, Comment, Tag

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Within an image these begin the page again.
_NO_IMAGE = _HEADINGS | {"b", "br", "code", "div", "em", "li", "ol", "p", "pre", "span", "strong", "sup", "table", "ul"}
_CLOSES_P = _HEADINGS | {
    "article",
    "details",
    "div",
    "footer",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
}
_CLOSES_P |= {"summary", "table", "ul"}
# A tag that begins here ends an open one of these, up to the bound.
_ENDED: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ol", "ul", "table", "td"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "tbody": (frozenset({"tbody", "thead"}), frozenset({"table"})),
}
_TABLE = frozenset({"table", "tbody", "td", "th", "thead", "tr"})
# A tag that the end of the article cuts, as a browser that reads no further drops it.
_UNFINISHED = re.compile(r"<[/a-z!?][^<>]*(?=</main>|<div class=.ocArticleFooter)", re.I)
# A title that does not end before the next tag is none: there is another behind it.
_OPEN_TITLE = re.compile(r"<title[^<>]*>(?=[^<]*<(?!/title))", re.I)
# Between these and their cells nothing else may stand.
_ROWS = frozenset({"table", "tbody", "tfoot", "thead", "tr"})
_PARTS_ONLY = frozenset({"tbody", "td", "tfoot", "th", "thead", "tr"})
_PARTS = _ROWS | _PARTS_ONLY | {"caption", "col", "colgroup", "script", "style", "template"}
_END_OF_ARTICLE = re.compile(r"<div [^<>]*ocArticleFooter|</main>")
_SCOPE = frozenset({"table", "td", "th", "template", "button"})


def tree_of(body: bytes) -> BeautifulSoup:
    text = body.decode("utf-8", "replace")
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start)) >= 0:
        start = text.find("<!--", end)
    if start >= 0:  # a comment that is not closed goes on to the end
        text = text[:start]
    text = _OPEN_TITLE.sub("", _UNFINISHED.sub("", text))
    for tag in ("<textarea>", "<plaintext>"):  # behind these is text, and no markup
        start = text.find(tag)
        if start >= 0:
            text = text[:start] + tag + _literal(text[start + len(tag) :], tag)
    soup = _Soup(text, "html.parser")
    _move_out_of_tables(soup)
    return soup


def _literal(text: str, tag: str) -> str:
    """The text behind a tag after which there is no markup, and what is markup again. What is read of an article ends
    with its main part, or before the footer in it."""
    found = _END_OF_ARTICLE.search(text)
    end = text.find("</textarea>") if tag == "<textarea>" else -1
    if found and not 0 <= end < found.start():
        inner, after = f"{text[: found.start()]}</main>", text[text.find("</main>") :]
    else:
        inner, after = (text, "") if end < 0 else (text[:end], text[end:])
    return (escape(inner) if tag == "<plaintext>" else inner.replace("<", "&lt;")) + after


def _move_out_of_tables(soup: BeautifulSoup) -> None:
    """What stands in a table but in no cell of it is shown before it."""
    for node in list(soup.descendants):
        above = node.parent
        if above is None or above.name not in _ROWS:
            continue
        is_part = node.name in _PARTS if isinstance(node, Tag) else isinstance(node, Comment) or not str(node).strip()
        if not is_part and (table := above if above.name == "table" else above.find_parent("table")) is not None:
            table.insert_before(node.extract())


class _Soup(BeautifulSoup):
    def handle_starttag(self, name: str, *arguments: object, **named: object) -> Tag | None:  # type: ignore[override]
        if name in _PARTS_ONLY and not any(tag.name == "table" for tag in self.tagStack):
            return None  # part of a table, and there is none
        if name in _NO_IMAGE and self._open({"svg"}, frozenset({"table"})):
            self._end("svg")
        if name == "table" and self._open({"table"}, frozenset({"td", "th", "caption"})):
            self._end("table")
        if name == "button" and self._open({"button"}, frozenset({"table", "td", "th"})):
            self._end("button")
        if name in _CLOSES_P and self._open({"p"}, _SCOPE):
            self._end("p")
        if name in _HEADINGS and self.currentTag is not None and self.currentTag.name in _HEADINGS:
            self._end(self.currentTag.name)
        ended, bound = _ENDED.get(name, (frozenset(), frozenset()))
        if open_one := self._open(ended, bound):
            self._end(open_one)
        return super().handle_starttag(name, *arguments, **named)  # type: ignore[arg-type]

    def handle_endtag(self, name: str, nsprefix: str | None = None) -> None:
        if name in _HEADINGS:
            name = self._open(_HEADINGS, frozenset({"table", "td", "th"})) or name
        if name != "template" and self._open({"template"}, frozenset()) and not self._open({name}, {"template"}):
            return  # nothing outside of a template ends within it
        in_cell = self._open({"td", "th"}, frozenset()) and name not in (*_TABLE, "main")
        if in_cell and not self._open({name}, {"td", "th"}):
            return  # nothing outside of a cell ends within it, save its table
        super().handle_endtag(name, nsprefix)

    def _end(self, name: str) -> None:
        self.endData()
        self._popToTag(name)

    def _open(self, names: "frozenset[str] | set[str]", bound: "frozenset[str] | set[str]") -> str:
        """The innermost open element of these, not looking beyond the bound."""
        for tag in reversed(self.tagStack):
            if tag.name in names:
                return str(tag.name)
            if tag.name in bound or tag.name == "template":
                return ""
        return ""

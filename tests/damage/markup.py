"""A page as text with the places of its elements, so that a damage is a splice and all else stays byte for byte.

Not the parsers' library: what damages a page must not share its reader's idea of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
# A tag that begins here ends an open one of these, as in HTML where end tags may be left out.
_ENDED_BY = {
    "li": frozenset({"li"}),
    "p": frozenset({"p", "div", "ul", "ol", "table", "h1", "h2", "h3", "h4", "details", "section"}),
    "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}),
    "tr": frozenset({"tr"}),
}


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element stands: ``start`` to ``end`` with its tags, ``inner`` to ``close`` without. ``path``: the tags
    above it, outermost first."""

    tag: str
    start: int
    inner: int
    close: int
    end: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text between tags that says something."""

    start: int
    end: int
    path: tuple[str, ...]


Splice = tuple[int, int, str]


class Markup:
    """A page and its elements in document order; ``body`` is where those begin that a reader can see."""

    def __init__(self, text: str) -> None:
        self.text = text
        scanner = _Scanner(text)
        self.elements = sorted(scanner.found, key=lambda element: (element.start, -element.end))
        self.texts = scanner.texts

    def of(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def within(self, outer: Element, *tags: str) -> list[Element]:
        """The elements inside ``outer`` with one of these tags."""
        return [one for one in self.of(*tags) if outer.inner <= one.start and one.end <= outer.close]

    def source(self, element: Element) -> str:
        return self.text[element.start : element.end]

    @cached_property
    def tables(self) -> list[Element]:
        return [table for table in self.of("table") if len(self.within(table, "tr")) > 1]

    @cached_property
    def lists(self) -> list[Element]:
        """The lists of the navigation: long ones of links, wherever they stand."""
        return [one for one in self.of("ul") if len(self.within(one, "li")) > 2 and "main" not in one.path]

    @cached_property
    def rows(self) -> list[Element]:
        """What holds a fact each: rows of tables without their header, and items of the navigation."""
        rows = [row for table in self.tables for row in self.within(table, "tr")[1:]]
        return rows + [item for one in self.lists for item in self.within(one, "li")]

    @cached_property
    def stating(self) -> list[Text]:
        """The texts within rows, headers and labels."""
        places = [*self.rows, *self.labels, *(self.within(table, "tr")[0] for table in self.tables)]
        spans = sorted((place.start, place.end) for place in places)
        return [text for text in self.texts if any(start <= text.start and text.end <= end for start, end in spans)]

    @cached_property
    def labels(self) -> list[Element]:
        """What tables and lists stand under."""
        return [
            one
            for one in self.of("strong", "summary", "h2", "h3", "h4", "button", "a")
            if "tr" not in one.path and "li" not in one.path and one.close - one.inner < 200
        ]

    def splice(self, splices: Iterable[Splice]) -> str:
        """The text with each part from start to end replaced; parts must not overlap."""
        text = self.text
        for start, end, new in sorted(splices, key=lambda splice: splice[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def swap(self, one: Element, other: Element) -> str:
        return self.splice([(one.start, one.end, self.source(other)), (other.start, other.end, self.source(one))])


class _Scanner(HTMLParser):
    """The elements of a text. An end tag without its element is passed over."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Element] = []
        self.texts: list[Text] = []
        self._open: list[tuple[str, int, int]] = []
        self._text = text
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(text)
        self.close()
        self._end_all(0, len(text))

    @property
    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(tag for tag, _, _ in self._open)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        at = self._at
        for place in range(len(self._open) - 1, -1, -1):
            above = self._open[place][0]
            if tag in _ENDED_BY.get(above, ()):
                self._end_all(place, at)
                break
            if above in ("table", "ul", "div"):
                break
        inner = at + len(self.get_starttag_text() or "")
        if tag in _VOID:
            self.found.append(Element(tag, at, inner, inner, inner, self._path))
        else:
            self._open.append((tag, at, inner))

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        at = self._at
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                self._end_all(place + 1, at)
                _, start, inner = self._open.pop()
                end = self._text.index(">", at) + 1
                self.found.append(Element(tag, start, inner, at, end, self._path))
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"script", "style"}.intersection(self._path):
            self._add(len(data))

    def handle_entityref(self, name: str) -> None:
        self._add(len(name) + 2)

    def handle_charref(self, name: str) -> None:
        self._add(len(name) + 3)

    def _add(self, length: int) -> None:
        """A text goes on behind an entity."""
        start = self.texts.pop().start if self.texts and self.texts[-1].end == self._at else self._at
        self.texts.append(Text(start, self._at + length, self._path))

    def _end_all(self, place: int, at: int) -> None:
        while len(self._open) > place:
            tag, start, inner = self._open.pop()
            self.found.append(Element(tag, start, inner, at, at, self._path))

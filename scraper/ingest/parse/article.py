"""KB articles of support.microsoft.com: their sections, and the known issues as titled blocks with labelled parts.

An article is read as one run of pieces, not as a tree: neither layout nests its parts in a section of their own, and
wrappers come and go between them (sources.md C2, C3). Tables only place things on the page (video banner, code, note),
save those of known issues, which are known by their columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from functools import cached_property
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.errors import DriftError
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.ingest.parse.tables import Links, one, serve, text_of
from scraper.ingest.parse.text import clean

_LAYOUTS = {"supArticleContent": "support-topic", "supMainContent": "support-servicing"}
_SILENT = frozenset({"-comment", "h1", "noscript", "script", "style", "svg", "template"})
_BLOCKS = frozenset(
    {"article", "blockquote", "br", "button", "caption", "dd", "div", "dl", "dt", "header", "hr", "li", "ol", "p"}
    | {"pre", "section", "summary", "td", "th", "tr", "ul"}
)
_BLOCKS_IN_BOLD = "br,div,details,li,p,table"
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_BOLD = frozenset({"b", "strong"})
# Share links, feedback and "Need more help?": the old layout has them within main, 25 kB behind the article.
_FOOTER = "ocArticleFooter"
_EXPANDO_HEAD = "ocpExpandoHead"
_EXPANDO_TITLE = "ocpExpandoHeadTitleContainer"
_EXPANDO_BODY = "ocpExpandoBody"

# The longest article seen has 7 sections and 2 issues.
_MOST = 500

_SUFFIX = re.compile(r"\s*[|\u2010-\u2015-]\s*Microsoft Support$", re.I)
_NAMED = re.compile(r"\bKB *\d{6,7}(?!\d)|^[A-Z][a-z]+ \d{1,2}, \d{4}\b", re.I | re.A)
_NAMED_ADDRESS = re.compile(r"(?<![a-z])kb-?\d{6,7}(?!\d)", re.I | re.A)
_KNOWN_ISSUES = re.compile(r"known issues(?: in this update)?", re.I)
_COPY = re.compile(r"-\d+$")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

# The closed vocabulary of what an issue's parts are called; every other bold word is text.
_LABELS = frozenset(
    {"symptoms", "symptom", "workaround", "workarounds", "resolution", "resolutions", "cause", "next steps"}
    | {"third-party information disclaimer"}
)
_SYMPTOMS = frozenset({"symptom", "symptoms"})
_STACK = re.compile(r"\bservicing stack update|\bSSU\b", re.I)
_STACK_BUILD = re.compile(r"\bKB *\d{6,7}\b.{0,40}?\d{5}\.\d", re.A)
_KB = re.compile(r"\bKB *\d{6,7}(?!\d)", re.I | re.A)
# `windows11.0-kb5043080-x64_….msu`; `kbkb`, no `kb`, `.msu.msu` and no `.msu` are served as well (KB5101650).
_PACKAGE = re.compile(r"windows[\d.]+-(?:kb)*\d{6,7}(?!\d)", re.I | re.A)


class _Kind(IntEnum):
    """``BOLD`` is text too; ``OPEN`` and ``CLOSE`` are a fold with its title; ``TABLE`` goes up to its ``END``."""

    TEXT = auto()
    BREAK = auto()
    BOLD = auto()
    HEADING = auto()
    OPEN = auto()
    CLOSE = auto()
    TABLE = auto()
    END = auto()


class _Piece(NamedTuple):
    kind: _Kind
    text: str = " "
    level: int = 0
    identity: str = ""
    table: LexborNode | None = None


_BREAK = _Piece(_Kind.BREAK)
_CLOSE = _Piece(_Kind.CLOSE)
_END = _Piece(_Kind.END)


@dataclass
class _Section:
    heading: str
    level: int = 0
    identity: str = ""
    pieces: list[_Piece] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """Asked for only when all pieces are there."""
        return _text(self.pieces)

    @property
    def lists_issues(self) -> bool:
        return _KNOWN_ISSUES.fullmatch(self.heading) is not None


def read_article(
    name: str, tree: LexborHTMLParser, url: str, *, title: str, canonical: str, updated_at: str
) -> ParsedArticle:
    """What an article says, as served. Raises DriftError when the page has no main part or several, nothing below its
    title, hundreds of sections or issues, or when neither title, heading nor address names a KB or begins with a date:
    a hub, a history, an error."""
    main = one(tree.css("main"), "main part", name)
    title = _SUFFIX.sub("", clean(title))
    heading = next(filter(None, map(text_of, main.css("h1"))), "")
    _check_named(name, title, heading, (canonical, url))
    sections = _sections(list(_pieces(main)))
    served = tuple((section.heading, section.text) for section in sections)
    if not any(text for _, text in served):
        raise DriftError("article", page=name, expected="text below its title", found=repr(title or heading))
    known = [section for section in sections if section.lists_issues]
    issues = tuple(issue for section in known for issue in _read_issues(section.pieces))
    if max(len(sections), len(issues)) > _MOST:
        found = f"{len(sections)} sections, {len(issues)} known issues"
        raise DriftError("article", page=name, expected=f"at most {_MOST} of each", found=found)
    return ParsedArticle(
        layout=_layout(main, sections),
        updated_at=updated_at,
        canonical=canonical,
        title=title,
        heading=heading,
        issues=issues if known else None,
        issues_text=clean(" ".join(section.text for section in known)),
        servicing_stack=_servicing_stack(sections),
        packages=tuple(text for text in map(text_of, main.css("ol > li")) if _PACKAGE.match(text)),
        sections=served,
    )


def _check_named(name: str, title: str, heading: str, addresses: Sequence[str]) -> None:
    if not title and not heading:
        raise DriftError("title", page=name, expected="a title or a heading", found="neither")
    if not (_NAMED.search(title) or _NAMED.search(heading) or any(map(_NAMED_ADDRESS.search, addresses))):
        raise DriftError("title", page=name, expected="a KB or the date of an update", found=repr(heading or title))


def _layout(main: LexborNode, sections: Sequence[_Section]) -> str:
    layout = _LAYOUTS.get(main.attrs.get("id") or "")
    if layout is None and main.css("[class*=ocp]"):
        return "support-topic"
    slugs = (section.level == 2 and _is_slug(section) for section in sections)
    return layout or ("support-servicing" if any(slugs) else "unknown-article")


def _is_slug(section: _Section) -> bool:
    slug = _NOT_SLUG.sub("-", section.heading.casefold()).strip("-")
    return bool(slug) and _COPY.sub("", section.identity) == _COPY.sub("", slug)


# --- the run of pieces -----------------------------------------------------------------------------------------------


def _pieces(main: LexborNode) -> Iterator[_Piece]:
    pending: list[LexborNode | _Piece | None] = [main.first_child]
    words = _Kind.TEXT
    while pending:
        current = pending.pop()
        if current is None:
            continue
        if isinstance(current, _Piece):
            yield current
            continue
        pending.append(current.next)
        if current.is_text_node:
            yield _Piece(words, current.text_content or "")
            continue
        tag = current.tag or ""
        if tag in _BLOCKS:
            yield from _enter_block(current, tag, pending)
        elif tag in _BOLD:
            yield from _enter_bold(current, pending)
        elif tag in _HEADINGS:
            yield _heading(current, tag)
        elif tag == "details":
            yield _Piece(_Kind.OPEN, next((text_of(node) for node in current.iter() if node.tag == "summary"), ""))
            pending += (_CLOSE, current.first_child)
        elif tag == "table":
            yield _Piece(_Kind.TABLE, table=current)
            pending += (_END, current.first_child)
        elif tag not in _SILENT:
            pending.append(current.first_child)


def _enter_block(node: LexborNode, tag: str, pending: list[LexborNode | _Piece | None]) -> Iterator[_Piece]:
    if tag == "summary" and node.parent is not None and node.parent.tag == "details":
        # Its text went ahead, as the title of its fold.
        return
    classes = (node.attrs.get("class") or "").split() if tag == "div" else ()
    if any(name.startswith(_FOOTER) for name in classes):
        return
    if _EXPANDO_TITLE in classes:
        yield _Piece(_Kind.OPEN, text_of(node))
        return
    yield _BREAK
    pending += (_CLOSE if _EXPANDO_BODY in classes else _BREAK, node.first_child)


def _enter_bold(node: LexborNode, pending: list[LexborNode | _Piece | None]) -> Iterator[_Piece]:
    """A bold run is one piece, unless it was left open around whole blocks."""
    child = node.first_child
    text = child.text_content if child is not None and child.next is None else None
    if text is not None:
        yield _Piece(_Kind.BOLD, text)
    elif not node.css(_BLOCKS_IN_BOLD):
        yield _Piece(_Kind.BOLD, node.text())
    elif _label(text_of(node)):
        yield _Piece(_Kind.BOLD, text_of(node))
        yield _BREAK
    else:
        pending.append(child)


def _heading(node: LexborNode, tag: str) -> _Piece:
    """The head of an expando is the title of a fold, save where it heads a whole section (h2)."""
    level = int(tag[1])
    if level > 2 and _EXPANDO_HEAD in (node.attrs.get("class") or "").split():
        return _Piece(_Kind.OPEN, text_of(node))
    return _Piece(_Kind.HEADING, text_of(node), level, node.attrs.get("id") or "")


_INLINE = frozenset({_Kind.TEXT, _Kind.BOLD})


def _text(pieces: Sequence[_Piece]) -> str:
    return clean("".join(piece.text if piece.kind in _INLINE else f" {piece.text} " for piece in pieces))


def _label(text: str) -> str:
    """The label that a text is, "" when it is none."""
    label = clean(text).rstrip(": ").casefold()
    return label if label in _LABELS else ""


# --- sections --------------------------------------------------------------------------------------------------------


def _sections(pieces: Sequence[_Piece]) -> list[_Section]:
    """The sections in order; of an article without headings, one section without a heading."""
    lead = _Section("")
    sections = [lead]
    depth = 0
    summary = False
    # Looked up once: there are a thousand pieces, and members of an enum are slow to look up.
    head, fold, close = _Kind.HEADING, _Kind.OPEN, _Kind.CLOSE
    for place, piece in enumerate(pieces):
        kind = piece.kind
        if kind is head and _heads_section(pieces, place, sections[-1], summary=summary, depth=depth):
            if piece.level == 2:
                summary = piece.text.casefold() == "summary"
            sections.append(_Section(piece.text, piece.level, piece.identity))
            depth = 0
            continue
        if kind is fold:
            depth += 1
        elif kind is close:
            depth = max(0, depth - 1)
        sections[-1].pieces.append(piece)
    return list(_without_copies(sections[1:])) or [lead]


def _heads_section(pieces: Sequence[_Piece], place: int, current: _Section, *, summary: bool, depth: int) -> bool:
    """Below ``h2#summary`` the h3 are sections too (Server, Windows 10), and so are known issues anywhere. Among known
    issues a heading in a fold is a label or text, and one before a label is an issue's title, were it an h2: the old
    layout closes a section after its first fold (sources.md B2)."""
    piece = pieces[place]
    if current.lists_issues and (depth or _label(piece.text) or _precedes_label(pieces, place)):
        return False
    if piece.level == 2:
        return True
    is_below = summary or current.level == 3 or _KNOWN_ISSUES.fullmatch(piece.text) is not None
    return piece.level == 3 and not depth and is_below


def _without_copies(sections: Sequence[_Section]) -> Iterator[_Section]:
    """Articles of Server and Windows 10 repeat sections under ids that end in ``-1`` (sources.md C3)."""
    first: dict[str, _Section] = {}
    for section in sections:
        earlier = first.setdefault(section.heading.casefold(), section)
        is_copy = _COPY.search(section.identity) and _COPY.sub("", section.identity) == earlier.identity
        if earlier is section or not is_copy or not earlier.text:
            yield section


# --- known issues ----------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Issue:
    title: str
    label: str = ""
    parts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, text: str) -> None:
        self.parts.setdefault(self.label, []).append(text)

    def served(self) -> IssueText:
        parts = {label: clean("".join(pieces)).removeprefix(":").lstrip() for label, pieces in self.parts.items()}
        return IssueText(self.title, {label: text for label, text in parts.items() if text})


def _read_issues(pieces: Sequence[_Piece]) -> tuple[IssueText, ...]:
    """The issues of a section. What says nothing below its title is the heading of a group, and none of them, unless
    it is a fold. No issue at all when a table of them has cells for several rows: some would stand under others."""
    reading = _Issues(pieces)
    for place, piece in enumerate(pieces):
        reading.take(place, piece)
    if reading.spans:
        return ()
    served = ((issue.served(), issue in reading.folds) for issue in reading.found)
    return (*(issue for issue, is_fold in served if issue.parts or (is_fold and issue.title)), *reading.rows)


class _Issues:
    """What has been read of a section of known issues so far."""

    __slots__ = ("current", "folds", "found", "line", "open", "pieces", "rows", "spans", "tables")

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self.pieces = pieces
        self.found: list[_Issue] = []
        self.folds: list[_Issue] = []
        self.rows: list[IssueText] = []
        self.open: list[_Issue | None] = []
        self.current: _Issue | None = None
        # What stands in the same block so far.
        self.line = ""
        # How deep in tables whose rows have been read.
        self.tables = 0
        self.spans = False

    def take(self, place: int, piece: _Piece) -> None:
        kind = piece.kind
        if self.tables:
            self.tables += (kind is _Kind.TABLE) - (kind is _Kind.END)
        elif kind is _Kind.OPEN:
            self._open(piece.text)
        elif kind is _Kind.HEADING:
            self._head(piece.text)
        elif kind is _Kind.BOLD:
            self._embolden(place, piece.text)
        elif kind is _Kind.TABLE and piece.table is not None and self._read_rows(piece.table):
            self.tables = 1
        elif kind is _Kind.CLOSE:
            if self.open:
                self.open.pop()
            self._go_on(self.open[-1] if self.open else None)
        else:
            self._add(piece.text, is_break=kind is not _Kind.TEXT)

    def _go_on(self, issue: _Issue | None) -> None:
        self.current, self.line = issue, ""

    def _begin(self, title: str) -> _Issue:
        issue = _Issue(title)
        self.found.append(issue)
        self._go_on(issue)
        return issue

    def _add(self, text: str, *, is_break: bool = False) -> None:
        self.line = "" if is_break else self.line + text
        if self.current is not None and (not is_break or self.current.parts):
            self.current.add(text)

    def _set_label(self, label: str) -> None:
        if self.current is None:
            self._begin("")
        assert self.current is not None
        self.current.label, self.line = label, ""
        self._add(" ", is_break=True)

    def _open(self, title: str) -> None:
        """A fold is an issue; one in an issue that says nothing yet is one of a group; another is part of the text."""
        around = self.open[-1] if self.open else None
        if label := _label(title):
            self._set_label(label)
            self.open.append(self.current)
        elif around is not None and _says_something(around):
            self._add(f" {title} ")
            self.open.append(around)
        else:
            if around is not None and around in self.folds:
                self.folds.remove(around)
            issue = self._begin(title)
            self.folds.append(issue)
            self.open.append(issue)

    def _head(self, text: str) -> None:
        if label := _label(text):
            self._set_label(label)
        elif self.open:
            self._add(f" {text} ", is_break=True)
        else:
            self._begin(text)

    def _embolden(self, place: int, text: str) -> None:
        """A label begins its block or follows a sentence; bold words that are a paragraph are a title when a label
        comes next, outside of folds."""
        line = clean(self.line)
        label = _label(text)
        if label and (not line or line[-1] in ".!?:)"):
            self._set_label(label)
        elif (
            not (line or label or self.open)
            and _is_alone(self.pieces, place)
            and (self.current is None or _says_something(self.current))
            and _precedes_label(self.pieces, place)
        ):
            self._begin(clean(text))
        else:
            self._add(text)

    def _read_rows(self, table: LexborNode) -> bool:
        """Take the rows of a table of issues; whether it is one. In a fold they have the fold's title."""
        served = serve(table, Links(""))
        if _SYMPTOMS.isdisjoint(served.columns):
            return False
        cells = table.css("[colspan],[rowspan]")
        self.spans |= any((cell.attrs.get(name) or "1") != "1" for cell in cells for name in ("colspan", "rowspan"))
        title = self.current.title if self.current else ""
        for texts, _ in served.rows:
            parts = {name: text for name, text in zip(served.columns, texts, strict=False) if name and text}
            self.rows.append(IssueText(title, parts))
        if self.current in self.folds and served.rows:
            self.folds.remove(self.current)
        return True


def _says_something(issue: _Issue) -> bool:
    return bool(issue.label or clean("".join(issue.parts.get("", ()))))


def _is_alone(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether nothing follows in the same block."""
    for piece in pieces[place + 1 : place + 8]:
        if piece.kind not in _INLINE:
            return True
        if clean(piece.text):
            return False
    return True


def _precedes_label(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether the next title or label behind a piece is a label."""
    for following in range(place + 1, len(pieces)):
        piece = pieces[following]
        if piece.kind in (_Kind.OPEN, _Kind.HEADING):
            return bool(_label(piece.text))
        if piece.kind is _Kind.BOLD:
            if _label(piece.text):
                return True
            if _begins_block(pieces, following) and _is_alone(pieces, following):
                return False
    return False


def _begins_block(pieces: Sequence[_Piece], place: int) -> bool:
    while place:
        place -= 1
        if pieces[place].kind not in _INLINE:
            return True
        if clean(pieces[place].text):
            return False
    return True


# --- servicing stack -------------------------------------------------------------------------------------------------


def _servicing_stack(sections: Sequence[_Section]) -> str:
    """What stands under the title "Servicing stack update" that names a KB; else the paragraph that gives its build
    (file information: ``the SSU (KB5120102) - version 26100.8872``); else such a title without a KB; else ""."""
    named = [section for section in sections if _STACK.search(section.heading) or _STACK.search(section.text)]
    blocks = [block for section in named for block in _stack_blocks(section)]
    return next(filter(_KB.search, blocks), "") or next(_stack_paragraphs(named), "") or next(iter(blocks), "")


def _stack_blocks(section: _Section) -> Iterator[str]:
    pieces = [_Piece(_Kind.HEADING, section.heading, section.level), *section.pieces]
    for place, piece in enumerate(pieces):
        if piece.kind not in (_Kind.OPEN, _Kind.HEADING, _Kind.BOLD) or not _STACK.search(piece.text):
            continue
        if piece.kind is not _Kind.BOLD or (_is_alone(pieces, place) and _begins_block(pieces, place)):
            yield _text(pieces[place : _end_of_block(pieces, place)])


def _end_of_block(pieces: Sequence[_Piece], place: int) -> int:
    """Where what stands under a title ends: at the close of its fold, or at the next title of its rank."""
    title = pieces[place]
    depth = 0
    for following in range(place + 1, len(pieces)):
        piece = pieces[following]
        if piece.kind is _Kind.CLOSE:
            if depth == 0:
                return following
            depth -= 1
        elif piece.kind is _Kind.HEADING and (title.kind is not _Kind.HEADING or piece.level <= title.level):
            return following
        elif piece.kind is _Kind.OPEN:
            if title.kind is _Kind.BOLD:
                return following
            depth += 1
    return len(pieces)


def _stack_paragraphs(sections: Sequence[_Section]) -> Iterator[str]:
    for section in sections:
        start = 0
        for place, piece in enumerate([*section.pieces, _BREAK]):
            if piece.kind in _INLINE:
                continue
            text = _text(section.pieces[start:place])
            start = place + 1
            if _STACK.search(text) and _STACK_BUILD.search(text):
                yield text

"""An article's main part as one run of pieces: texts, and the marks between them.

Why no tree: neither layout nests the parts of an article in sections of their own, and wrappers come and go between
them (sources.md C2, C3). Tables only place things on the page (video banner, code, note), except those of known issues.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum, auto
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from scraper.ingest.parse.tables import prose_of
from scraper.ingest.parse.text import clean, clean_prose

_SILENT = ("-comment", "h1", "noscript", "script", "style", "svg", "template")
_BLOCKS = ("article", "blockquote", "br", "button", "caption", "dd", "div", "dl", "dt", "header", "hr", "li", "ol", "p")
_MORE_BLOCKS = ("pre", "section", "td", "th", "tr", "ul")
_BLOCKS_IN_BOLD = "br,div,details,li,p,table"
_UNSEEN_IN_BOLD = "noscript,script,style,svg,template"
# Share links, feedback and "Need more help?": the old layout has them within main, 25 kB behind the article.
_FOOTER = "ocArticleFooter"
_EXPANDO_HEAD = "ocpExpandoHead"
_EXPANDO_TITLE = "ocpExpandoHeadTitleContainer"
_EXPANDO_BODY = "ocpExpandoBody"

# The closed vocabulary of what an issue's parts are called; every other bold word is text.
_LABELS = frozenset(
    {"symptoms", "symptom", "workaround", "workarounds", "resolution", "resolutions", "cause", "next steps"}
    | {"third-party information disclaimer"}
)
SYMPTOMS = frozenset({"symptom", "symptoms"})
_LONGEST_LABEL = 60


class Kind(IntEnum):
    """``BOLD`` is text too. A fold goes from its ``OPEN``, which has its title, to its ``CLOSE``, a table from its
    ``TABLE`` to its ``END``."""

    TEXT = auto()
    BREAK = auto()
    BOLD = auto()
    HEADING = auto()
    OPEN = auto()
    CLOSE = auto()
    TABLE = auto()
    END = auto()


class Piece(NamedTuple):
    """``level`` and ``identity`` are those of a heading, ``table`` is the node of a table."""

    kind: Kind
    text: str = " "
    level: int = 0
    identity: str = ""
    table: LexborNode | None = None


BREAK = Piece(Kind.BREAK)
_CLOSE = Piece(Kind.CLOSE)
_END = Piece(Kind.END)
INLINE = frozenset({Kind.TEXT, Kind.BOLD})
# What may be a title or a label.
TITLES = frozenset({Kind.BOLD, Kind.HEADING, Kind.OPEN})

# What is still to be read, the next one last.
_Pending = list[LexborNode | Piece | None]


def pieces_of(main: LexborNode) -> Iterator[Piece]:
    """The pieces of a main part, in document order."""
    pending: _Pending = [main.first_child]
    text = Kind.TEXT  # looked up once: members of an enum are slow to look up
    while pending:
        current = pending.pop()
        if current is None:
            continue
        if isinstance(current, Piece):
            yield current
            continue
        pending.append(current.next)
        if current.is_text_node:
            yield Piece(text, current.text_content or "")
        elif enter := _ENTER.get(current.tag or ""):
            yield from enter(current, pending)
        else:
            pending.append(current.first_child)


def _enter_silent(_: LexborNode, __: _Pending) -> tuple[Piece, ...]:
    return ()


def _enter_block(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    pending += (BREAK, node.first_child)
    return (BREAK,)


def _enter_division(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    """A ``div`` is a block, or a part of a fold of the old layout."""
    classes = (node.attrs.get("class") or "").split()
    if any(name.startswith(_FOOTER) for name in classes):
        return ()
    if _EXPANDO_TITLE in classes:
        return (Piece(Kind.OPEN, prose_of(node)),)
    pending += (_CLOSE if _EXPANDO_BODY in classes else BREAK, node.first_child)
    return (BREAK,)


def _enter_fold(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    pending += (_CLOSE, node.first_child)
    title = _title_of(node)
    return (Piece(Kind.OPEN, prose_of(title) if title is not None else ""),)


def _enter_summary(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    """The text of a summary came before, as the title of its fold."""
    fold = _fold_of(node)
    title = _title_of(fold) if fold is not None else None
    if title is not None and title.mem_id == node.mem_id:
        return ()
    return _enter_block(node, pending)


def _title_of(fold: LexborNode) -> LexborNode | None:
    """The first summary of a fold and of none within it. A tag that was left open before the fold stands between them
    in the tree."""
    summaries = ((one, _fold_of(one)) for one in fold.css("summary"))
    return next((one for one, its in summaries if its is not None and its.mem_id == fold.mem_id), None)


def _fold_of(node: LexborNode) -> LexborNode | None:
    above = node.parent
    while above is not None and above.tag != "details":
        above = above.parent
    return above


def _enter_bold(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    """A bold run is one piece, unless it was left open around whole blocks."""
    child = node.first_child
    text = child.text_content if child is not None and child.next is None else None
    if text is not None:
        return (Piece(Kind.BOLD, text),)
    if not node.css(_BLOCKS_IN_BOLD):
        return (Piece(Kind.BOLD, prose_of(node) if node.css(_UNSEEN_IN_BOLD) else node.text()),)
    if label_of(prose_of(node)):
        return Piece(Kind.BOLD, prose_of(node)), BREAK
    pending.append(child)
    return ()


def _enter_heading(node: LexborNode, _: _Pending) -> tuple[Piece, ...]:
    """The head of an expando is the title of a fold, except where it heads a whole section (h2)."""
    level = int((node.tag or "")[1])
    if level > 2 and _EXPANDO_HEAD in (node.attrs.get("class") or "").split():
        return (Piece(Kind.OPEN, prose_of(node)),)
    return (Piece(Kind.HEADING, prose_of(node), level, node.attrs.get("id") or ""),)


def _enter_table(node: LexborNode, pending: _Pending) -> tuple[Piece, ...]:
    pending += (_END, node.first_child)
    return (Piece(Kind.TABLE, table=node),)


# What an element gives before its content, and whether its content is read. Elements that are not here are inline.
_ENTER: dict[str, Callable[[LexborNode, _Pending], tuple[Piece, ...]]] = {
    **dict.fromkeys(_SILENT, _enter_silent),
    **dict.fromkeys((*_BLOCKS, *_MORE_BLOCKS), _enter_block),
    **dict.fromkeys(("b", "strong"), _enter_bold),
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), _enter_heading),
    "details": _enter_fold,
    "div": _enter_division,
    "summary": _enter_summary,
    "table": _enter_table,
}


# --- questions about pieces ------------------------------------------------------------------------------------------


def joined(pieces: Sequence[Piece]) -> str:
    """The cleaned text of pieces: marks part words, texts do not."""
    return clean_prose("".join(piece.text if piece.kind in INLINE else f" {piece.text} " for piece in pieces))


def label_of(text: str) -> str:
    """The label that a text is, in lower case; "" when it is none."""
    label = clean(text).rstrip(": ").casefold()
    return label if label in _LABELS else ""


def begins_block(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a piece is the first text of its block."""
    while place:
        place -= 1
        if pieces[place].kind not in INLINE:
            return True
        if clean(pieces[place].text):
            return False
    return True


def ends_block(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a piece is the last text of its block, judged by the next seven pieces."""
    for piece in pieces[place + 1 : place + 8]:
        if piece.kind not in INLINE:
            return True
        if clean(piece.text):
            return False
    return True


def is_block(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a piece is all the text of its block."""
    return ends_block(pieces, place) and begins_block(pieces, place)


def plain_label(pieces: Sequence[Piece], place: int) -> str:
    """The label that a text is which is not bold and a block of its own; "" when it is none."""
    text = pieces[place].text
    label = label_of(text) if len(text) < _LONGEST_LABEL else ""
    return label if label and is_block(pieces, place) else ""


def holds_label(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a label stands in the fold that a piece opens, and in no fold within it."""
    depth = 0
    for following in range(place + 1, len(pieces)):
        piece = pieces[following]
        if piece.kind is Kind.CLOSE:
            if depth == 0:
                return False
            depth -= 1
        elif depth == 0 and piece.kind in TITLES and label_of(piece.text):
            return True
        depth += piece.kind is Kind.OPEN
    return False


def precedes_label(pieces: Sequence[Piece], place: int) -> bool:
    """Whether the next title or label behind a piece is a label."""
    for following in range(place + 1, len(pieces)):
        piece = pieces[following]
        if piece.kind in (Kind.OPEN, Kind.HEADING):
            return bool(label_of(piece.text))
        if piece.kind is Kind.BOLD:
            if label_of(piece.text):
                return True
            if begins_block(pieces, following) and ends_block(pieces, following):
                return False
    return False

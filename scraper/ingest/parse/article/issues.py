"""The known issues of an article: titled blocks with labelled parts, or the rows of a table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from scraper.ingest.parse.article.pieces import (
    SYMPTOMS,
    Kind,
    Piece,
    ends_block,
    holds_label,
    label_of,
    plain_label,
    precedes_label,
)
from scraper.ingest.parse.parsed import IssueText
from scraper.ingest.parse.tables import Links, serve
from scraper.ingest.parse.text import clean, clean_prose

# Characters. The longest title seen has 82. One that is not closed has all that follows in it, and so its labels.
_LONGEST_TITLE = 300
_LABELLED = re.compile(r"\bsymptoms?\b", re.I)


def issues_of(pieces: Sequence[Piece]) -> tuple[IssueText, ...]:
    """The issues of a section.

    A title with nothing below it is the heading of a group and no issue, unless it is a fold. There is no issue at all
    where some texts would come under the wrong one: when a cell of a table spans several rows or columns; when a title
    or a fold is not closed, so that labels stand in the title, or the heading of a section in the fold."""
    reader = _IssueReader(pieces)
    for place, piece in enumerate(pieces):
        reader.read(place, piece)
    titles = (issue.title for issue in reader.found if len(issue.title) > _LONGEST_TITLE)
    if reader.is_broken or any(map(_LABELLED.search, titles)):
        return ()
    served = ((issue.as_served(), issue in reader.folds) for issue in reader.found)
    return (*(issue for issue, is_fold in served if issue.parts or (is_fold and issue.title)), *reader.rows)


@dataclass(slots=True, eq=False)
class _Issue:
    """An issue while it is read; ``label`` is that of the part that is being read."""

    title: str
    label: str = ""
    parts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def has_text(self) -> bool:
        return bool(self.label or clean("".join(self.parts.get("", ()))))

    def add(self, text: str) -> None:
        self.parts.setdefault(self.label, []).append(text)

    def as_served(self) -> IssueText:
        parts = {label: clean_prose("".join(pieces)).removeprefix(":").lstrip() for label, pieces in self.parts.items()}
        return IssueText(self.title, {label: text for label, text in parts.items() if text})


class _IssueReader:
    """What has been read of a section so far."""

    __slots__ = ("current", "folds", "found", "is_broken", "line", "open", "pieces", "rows", "tables")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.found: list[_Issue] = []
        self.folds: list[_Issue] = []
        self.rows: list[IssueText] = []
        self.open: list[_Issue | None] = []  # the issues of the folds that are open
        self.current: _Issue | None = None
        self.line = ""  # the text of the same block so far
        self.tables = 0  # how many tables are open whose rows have been read
        self.is_broken = False  # whether some texts may be another issue's

    def read(self, place: int, piece: Piece) -> None:
        """Read the next piece."""
        kind = piece.kind
        if self.tables:
            self.tables += (kind is Kind.TABLE) - (kind is Kind.END)
        elif kind is Kind.OPEN:
            self._open_fold(place, piece.text)
        elif kind is Kind.HEADING:
            self._read_heading(piece)
        elif kind is Kind.BOLD:
            self._read_bold(place, piece.text)
        elif kind is Kind.TABLE and piece.table is not None and self._read_table(piece.table):
            self.tables = 1
        elif kind is Kind.CLOSE:
            self._close_fold()
        elif kind is Kind.TEXT and (label := plain_label(self.pieces, place)):
            self._set_label(label)
        else:
            self._add(piece.text, is_break=kind is not Kind.TEXT)

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

    def _open_fold(self, place: int, title: str) -> None:
        """A fold is an issue. A fold in an issue without text is an issue too, one of a group; so is one that has
        labels of its own. In an issue with text any other is part of the text."""
        around = self.open[-1] if self.open else None
        if label := label_of(title):
            self._set_label(label)
            self.open.append(self.current)
        elif around is not None and around.has_text and not holds_label(self.pieces, place):
            self._add(f" {title} ")
            self.open.append(around)
        else:
            if around is not None and around in self.folds:
                self.folds.remove(around)
            issue = self._begin(title)
            self.folds.append(issue)
            self.open.append(issue)

    def _close_fold(self) -> None:
        if self.open:
            self.open.pop()
        self._go_on(self.open[-1] if self.open else None)

    def _read_heading(self, piece: Piece) -> None:
        text = piece.text
        if label := label_of(text):
            self._set_label(label)
        elif self.open:
            self.is_broken |= piece.level == 2
            self._add(f" {text} ", is_break=True)
        else:
            self._begin(text)

    def _read_bold(self, place: int, text: str) -> None:
        """A label begins its block or comes after a sentence. Outside of folds, bold words that are a whole paragraph
        are a title when a label comes next. All other bold words are text."""
        line = clean(self.line)
        label = label_of(text)
        if label and (not line or line[-1] in ".!?:)"):
            self._set_label(label)
        elif (
            not (line or label or self.open)
            and ends_block(self.pieces, place)
            and (self.current is None or self.current.has_text)
            and precedes_label(self.pieces, place)
        ):
            self._begin(clean_prose(text))
        else:
            self._add(text)

    def _read_table(self, table: LexborNode) -> bool:
        """Whether a table is one of issues; its rows are read then. In a fold they have the fold's title."""
        served = serve(table, Links(""), clean_prose)
        if SYMPTOMS.isdisjoint(served.columns):
            return False
        self.is_broken |= _has_spans(table)
        title = self.current.title if self.current else ""
        for texts, _ in served.rows:
            parts = {name: text for name, text in zip(served.columns, texts, strict=False) if name and text}
            self.rows.append(IssueText(title, parts))
        if self.current in self.folds and served.rows:
            self.folds.remove(self.current)
        return True


def _has_spans(table: LexborNode) -> bool:
    cells = table.css("[colspan],[rowspan]")
    return any((cell.attrs.get(name) or "1") != "1" for cell in cells for name in ("colspan", "rowspan"))

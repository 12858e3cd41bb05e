"""The sections of an article: which headings head one, and which sections are copies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from scraper.ingest.parse.article.pieces import (
    SYMPTOMS,
    TITLES,
    Kind,
    Piece,
    is_block,
    joined,
    label_of,
    precedes_label,
)

_KNOWN_ISSUES = re.compile(r"known issues(?: in this update)?", re.I)
_COPY = re.compile(r"-\d+$")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass
class Section:
    """A heading and the pieces below it; ``level`` and ``identity`` are those of the heading."""

    heading: str
    level: int = 0
    identity: str = ""
    pieces: list[Piece] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """Asked for only when all pieces are there."""
        return joined(self.pieces)

    @property
    def lists_issues(self) -> bool:
        return _KNOWN_ISSUES.fullmatch(self.heading) is not None

    @property
    def has_symptoms(self) -> bool:
        """Whether a label in it says that symptoms follow, as it does in an issue."""
        return any(
            label_of(piece.text) in SYMPTOMS and (piece.kind is not Kind.BOLD or is_block(self.pieces, place))
            for place, piece in enumerate(self.pieces)
            if piece.kind in TITLES
        )

    @property
    def has_slug(self) -> bool:
        """Whether its id is made of its heading, as in the new layout."""
        slug = _NOT_SLUG.sub("-", self.heading.casefold()).strip("-")
        return bool(slug) and _COPY.sub("", self.identity) == _COPY.sub("", slug)


def sections_of(pieces: Sequence[Piece]) -> list[Section]:
    """The sections in order; of an article without headings, one section without a heading."""
    lead = Section("")
    sections = [lead]
    depth = 0
    summary = False
    # Looked up once: there are a thousand pieces, and members of an enum are slow to look up.
    head, fold, close = Kind.HEADING, Kind.OPEN, Kind.CLOSE
    for place, piece in enumerate(pieces):
        kind = piece.kind
        if kind is head and _heads_section(pieces, place, sections[-1], summary=summary, depth=depth):
            if piece.level == 2:
                summary = piece.text.casefold() == "summary"
            sections.append(Section(piece.text, piece.level, piece.identity))
            depth = 0
            continue
        if kind is fold:
            depth += 1
        elif kind is close:
            depth = max(0, depth - 1)
        sections[-1].pieces.append(piece)
    return list(_without_copies(sections[1:])) or [lead]


def _heads_section(pieces: Sequence[Piece], place: int, current: Section, *, summary: bool, depth: int) -> bool:
    """Whether a heading heads a section.

    An h2 does. An h3 does below ``h2#summary`` (Server, Windows 10), and where it heads the known issues. Among known
    issues a heading in a fold is a label or text, and a heading before a label is an issue's title, even an h2: the old
    layout closes a section after its first fold (sources.md B2)."""
    piece = pieces[place]
    if current.lists_issues and (depth or label_of(piece.text) or precedes_label(pieces, place)):
        return False
    if piece.level == 2:
        return True
    is_below = summary or current.level == 3 or _KNOWN_ISSUES.fullmatch(piece.text) is not None
    return piece.level == 3 and not depth and is_below


def _without_copies(sections: Sequence[Section]) -> Iterator[Section]:
    """Articles of Server and Windows 10 repeat sections under ids that end in ``-1`` (sources.md C3)."""
    first: dict[str, Section] = {}
    for section in sections:
        earlier = first.setdefault(section.heading.casefold(), section)
        is_copy = _COPY.search(section.identity) and _COPY.sub("", section.identity) == earlier.identity
        if earlier is section or not is_copy or not earlier.text:
            yield section

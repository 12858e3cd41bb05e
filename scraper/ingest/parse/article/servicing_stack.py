"""The texts about the servicing stack update in an article."""

import re
from collections.abc import Iterator, Sequence

from scraper.ingest.parse.article.pieces import BREAK, INLINE, TITLES, Kind, Piece, is_block, joined
from scraper.ingest.parse.article.sections import Section

_STACK = re.compile(r"\bservicing stack update|\bSSU\b", re.I)
_STACK_BUILD = re.compile(r"\bKB *\d{6,7}\b.{0,40}?\d{5}\.\d", re.A)
_KB = re.compile(r"\bKB *\d{6,7}(?!\d)", re.I | re.A)


def servicing_stack(sections: Sequence[Section]) -> tuple[str, ...]:
    """The texts under titles "Servicing stack update" that name a KB; then the paragraphs that give its build (file
    information: ``the SSU (KB5120102) - version 26100.8872``); then the texts under such titles without a KB."""
    named = [section for section in sections if _STACK.search(section.heading) or _STACK.search(section.text)]
    blocks = [block for section in named for block in _blocks(section)]
    return tuple(dict.fromkeys([*filter(_KB.search, blocks), *_paragraphs(named), *blocks]))


def _blocks(section: Section) -> Iterator[str]:
    """The texts under titles that name the servicing stack: folds, headings and bold paragraphs."""
    pieces = [Piece(Kind.HEADING, section.heading, section.level), *section.pieces]
    for place, piece in enumerate(pieces):
        if piece.kind not in TITLES or not _STACK.search(piece.text):
            continue
        if piece.kind is not Kind.BOLD or is_block(pieces, place):
            yield joined(pieces[place : _end_of_block(pieces, place)])


def _end_of_block(pieces: Sequence[Piece], place: int) -> int:
    """Where the text under a title ends: at the close of its fold, or at the next title of its rank."""
    title = pieces[place]
    depth = 0
    for following in range(place + 1, len(pieces)):
        piece = pieces[following]
        if piece.kind is Kind.CLOSE:
            if depth == 0:
                return following
            depth -= 1
        elif piece.kind is Kind.HEADING and (title.kind is not Kind.HEADING or piece.level <= title.level):
            return following
        elif piece.kind is Kind.OPEN:
            if title.kind is Kind.BOLD:
                return following
            depth += 1
    return len(pieces)


def _paragraphs(sections: Sequence[Section]) -> Iterator[str]:
    """The paragraphs that name the servicing stack and give a build."""
    for section in sections:
        start = 0
        for place, piece in enumerate([*section.pieces, BREAK]):
            if piece.kind in INLINE:
                continue
            text = joined(section.pieces[start:place])
            start = place + 1
            if _STACK.search(text) and _STACK_BUILD.search(text):
                yield text

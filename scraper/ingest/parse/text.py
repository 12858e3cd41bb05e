"""Text as it was meant: why a cell of two layouts compares equal, whatever its author's editor left in it.

The support pages carry runs of U+200B, U+00A0 within KB numbers and entity dashes (sources.md B2, B4); nothing of
that has a meaning. Dashes and the case do, so they stay as served: reading them is normalize's work.

What would act on whoever reads it is masked: a NUL ends a text for some readers of SQLite, an escape commands a
terminal, and turned writing shows ``KB8505`` as ``KB5058``. U+FFFD in its place, as HTML has it for NUL, is seen, and
makes a cell that held it unreadable: dropped silently, the rest would be taken for what a browser shows.
"""

import re

# Invisible in every browser: zero-width blanks and joiners, left-to-right mark (in English it turns nothing), word
# joiner, byte order mark, soft hyphen.
_INVISIBLE = re.compile("[\u200b-\u200e\u2060\ufeff\u00ad]")
# Controls, marks that turn the writing, other characters of format and tags, halves of a pair, no characters at all.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200f\u202a-\u202e\u2061-\u206f\ud800-\udfff\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)


def clean(text: str) -> str:
    """Without invisible characters, with U+FFFD for each acting one; every run of blanks (U+00A0 and U+202F too) is one
    blank, none at the ends."""
    line = " ".join(text.split())
    if line.isprintable():  # as nearly every text is: none of its characters is invisible, and none acts
        return line
    line = " ".join(_INVISIBLE.sub("", text).split())
    return line if line.isprintable() else _ACTING.sub("\N{REPLACEMENT CHARACTER}", line)

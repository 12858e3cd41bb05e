"""Cleaned text, so that a cell compares equal in two layouts.

The support pages have runs of U+200B, and U+00A0 within KB numbers (sources.md B2, B4). In cells and navigations they
have no meaning and are removed. In the prose of articles U+200B also stands where a blank is meant: ``addressed in``,
U+200B, ``KB5095093`` (captured KB5094126). Between two words it is a blank there. Dashes and the case have a meaning,
so they are kept as served; normalize reads them.

Characters that would act on a reader are replaced by U+FFFD, as HTML does with NUL: a NUL ends a text for some readers
of SQLite, an escape commands a terminal, and turned writing shows ``KB8505`` as ``KB5058``. They are not dropped: the
rest would be taken for what a browser shows. U+FFFD is seen, and it makes its cell unreadable.
"""

import re

# Invisible in every browser: zero-width blanks and joiners, left-to-right mark (it changes nothing in English), word
# joiner, byte order mark, soft hyphen.
_INVISIBLE = re.compile("[\u200b-\u200e\u2060\ufeff\u00ad]")
# Controls, marks that turn the writing, other format characters and tags, surrogates, and code points that are no
# characters.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200f\u202a-\u202e\u2061-\u206f\ud800-\udfff\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
# A zero-width blank that parts two words. It does not part a KB's or a build's digits.
_PARTING = re.compile(r"(?<=[^\W\d_])(?<!KB)[\u200b\ufeff]+(?=[^\W_])|(?<=[\d.!?,;:)])[\u200b\ufeff]+(?=[^\W\d_])")


def clean(text: str) -> str:
    """The text without invisible characters, with U+FFFD for each acting one. Every run of blanks (U+00A0 and U+202F
    too) is one blank; there is none at the ends."""
    line = " ".join(text.split())
    if line.isprintable():  # as nearly every text is: it has no invisible and no acting character
        return line
    line = " ".join(_INVISIBLE.sub("", text).split())
    return line if line.isprintable() else _ACTING.sub("\N{REPLACEMENT CHARACTER}", line)


def clean_prose(text: str) -> str:
    """The text of an article, cleaned: as ``clean`` does, and a zero-width blank that parts two words is a blank."""
    return clean(_PARTING.sub(" ", text) if "\u200b" in text or "\ufeff" in text else text)

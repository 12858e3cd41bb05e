"""Text as it was meant: why a cell of two layouts compares equal, whatever its author's editor left in it.

The support pages carry runs of U+200B, U+00A0 within KB numbers and entity dashes (sources.md B2, B4); nothing of
that has a meaning. Dashes and the case do, so they stay as served: reading them is normalize's work.
"""

import re

# Invisible in every browser: zero-width blanks and joiners, word joiner, byte order mark, soft hyphen.
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")


def clean(text: str) -> str:
    """Without invisible characters; every run of blanks (U+00A0 and U+202F too) is one blank, none at the ends."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())

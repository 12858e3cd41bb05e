"""What a sentence of a known issue says of it: that it is resolved, wholly or in part, by which KB, or that something
remains.

Half of this is vocabulary: the wordings that were seen in articles, and what limits them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum, auto
from typing import NamedTuple

from scraper.models import IssueStatus

# No sentence seen states more than one fix.
_MOST_FIXES = 8


class Kind(IntEnum):
    """What a text is. ``OTHER``: of a part that no column has."""

    SYMPTOM = 0
    WORKAROUND = 1
    RESOLUTION = 2
    OTHER = 3


class News(IntEnum):
    """What a sentence may say of an issue: it is resolved, wholly resolved, resolved in part; a resolution is promised;
    something of it remains."""

    RESOLVED = auto()
    WHOLLY = auto()
    IN_PART = auto()
    PROMISED = auto()
    REMAINS = auto()


class Said(NamedTuple):
    """News, where in its sentence it stands, and the KB of the fix where one is named."""

    place: int
    news: News
    kb: str | None = None


FIXES = (News.RESOLVED, News.WHOLLY, News.IN_PART)

_ISSUE = r"(?:this|the|these|both|all)(?: (?:known|reported|above))? (?:issue|problem)s?"
_HOW = r"(?: (?:fully|completely|entirely|partially|partly|mostly|largely))?"
_FIXED = r"(?:addressed|resolved|fixed|corrected)"
# The forms in which an article says that an issue is resolved.
_DONE = re.compile(
    rf"(?:\b(?:is|are|was|were|been)(?: (?:also|now|already|since))?{_HOW} "
    r"|^\W*(?:update:? )?(?:issue |partially |partly )?)"
    rf"{_FIXED}\b{_HOW}",
    re.I,
)
_BY_UPDATE = re.compile(rf"\b(?:resolves|addresses|fixes|corrects|{_FIXED}) {_ISSUE}\b", re.I)
_RELEASED = re.compile(
    rf"\b(?:fix|resolution|solution)(?: (?:for|to) {_ISSUE})? (?:is|was|has been)(?: now)?"
    r" (?:included|available|released|delivered|provided|shipped)\b"
    rf"|\b(?:released|published|issued)\b.{{0,160}}?\bto (?:resolve|address|fix|correct) {_ISSUE}\b",
    re.I,
)
_INSTALL = re.compile(
    rf"^\W*(?:update:? )?(?P<to>to (?:resolve|address|fix|correct) {_ISSUE},? )?(?:please )?"
    r"(?:install|apply|download and install)\b(?:.{0,160}?KB *\d{6,7}|(?(to).{0,160}?\bupdates?\b|(?!)))",
    re.I,
)

# "Some symptoms are resolved" is of a part of the issue.
_SUBJECT = re.compile(
    rf"\b{_ISSUE}\b|(?<![\w-])(?:it|this|they)(?: \w+)?$|^\W*(?:some|most|many|several|certain)\b.{{0,60}}\bsymptoms\b",
    re.I,
)
_UPDATER = re.compile(r"KB *\d{6,7}|\b(?:microsoft|we|updates?|release)\b", re.I)
_UPDATE = re.compile(r"KB *\d{6,7}|\bupdates?\b[^.]{0,40}?\breleased\b|\breleased\b.{0,80}?\bupdates?\b", re.I)
_ROLLBACK = re.compile(r"\bknown issue rollback\b|\bKIR\b", re.I)
# "May" is a month.
_UNSURE = re.compile(
    r"(?i:\b(?:not|never|cannot|will|would|should|shall|might|can|could|must|expect\w*|plan\w*|until|once|unless|if"
    r"|whether|before|when|whenever|yet|being|to be|hope\w*|aim\w*)\b|n['\u2019]t\b)|\bmay\b"
)
# "resolved by restarting" is a workaround.
_BY_HAND = re.compile(
    r" (?:(?:by|through|with) (?!install|apply|updat)(?:using|\w+ing)\b"
    r"|(?:by|with|through|using) (?:the following|these|the below) )",
    re.I,
)
_PARTLY = re.compile(
    r"\b(?:partial(?:ly)?|partly|in part|mostly|largely|almost)\b|^\W*(?:some|most|many|several|certain|parts?)\b"
    rf"|\b(?:some|most|many|several|certain|parts?)\b[^,]{{0,40}}? of {_ISSUE}",
    re.I,
)
# Behind the word of the fix: it is of some cases only, or of some other scope, or something is added to it.
_LIMITED = re.compile(
    r"^ (?:for|on) (?!all\b|every|and (?:after|later)|\w+ \d|\d|the (?:service|server) side)"
    r"|\b(?:partial(?:ly)?|partly|in part|only|but|however|although|though|except|still)\b"
    r"|\b(?:for|on|in) (?:some|most|many|several|certain|other)\b (?!(?:windows )?updates?\b)",
    re.I,
)
_WHOLLY = re.compile(r"\b(?:fully|completely|entirely)\b", re.I)

_PROMISED = re.compile(
    r"\b(?:resolution|fix|solution) (?:will\b|is (?:in progress|planned|being|under|not yet))"
    r"|\b(?:in|with) (?:an? |the )?(?:future|upcoming|coming|next)\b[^.]{0,40}\b(?:update|release)"
    r"|\b(?:is|are|we['\u2019]re) (?:currently |actively |still )?(?:working (?:on|to|toward)|investigating)\b"
    r"|\bunder investigation\b"
    rf"|\bwill be {_FIXED}\b"
    r"|\bplans? to (?:resolve|address|fix|release)\b"
    r"|\bwill (?:provide|share|release)\b",
    re.I,
)
_REMAINS = re.compile(
    r"\b(?:some|most|many|several|certain|other|remaining|rest)\b(?: of(?: the| these)?)?(?: [\w-]+){0,2}?"
    r" (?:symptom|issue|problem|device|user|customer|organization|case|scenario|configuration|mode|environment|app"
    r"|application|part|version)s?\b"
    r"|\b(?:still|partial(?:ly)?|partly|however)\b|\bcontinue(?:s|d)? to\b"
    r"|\bnot (?:all|every|fully|completely|entirely|yet)\b"
    rf"|\bnot\b.{{0,20}}\byet\b|\bnot (?:\w+ )?{_FIXED}\b",
    re.I,
)


def news_of(sentence: str, home: Kind) -> list[Said]:
    """What a sentence says, in its order."""
    said: list[Said] = []
    fixes = sorted(_fixes(sentence, home), key=lambda fix: fix[1].start())
    ends = [0, *(found.end() for _, found in fixes)]
    starts = [*(found.start() for _, found in fixes), len(sentence)]
    for number, (form, found) in enumerate(fixes):
        before, after = sentence[ends[number] : found.start()], sentence[found.end() : starts[number + 1]]
        extent, kb = _extent(found[0], before, after), _kb(form, found[0], before, after)
        said.append(Said(found.start(), extent, kb))
    for pattern, news in ((_PROMISED, News.PROMISED), (_REMAINS, News.REMAINS)):
        if other := pattern.search(sentence):
            said.append(Said(other.start(), news))
    return sorted(said, key=lambda one: one.place)


def _fixes(sentence: str, home: Kind) -> Iterator[tuple[re.Pattern[str], re.Match[str]]]:
    """The places where a sentence states a fix, each with its form; none in a sentence of very many, which no person
    wrote."""
    places = [(form, found) for form in (_DONE, _BY_UPDATE, _RELEASED, _INSTALL) for found in form.finditer(sentence)]
    for form, found in places if len(places) <= _MOST_FIXES else ():
        if _states_fix(form, found[0], sentence[: found.start()], sentence[found.end() :], home):
            yield form, found


def _states_fix(form: re.Pattern[str], words: str, before: str, after: str, home: Kind) -> bool:
    """Whether the words of a fix state one, of the issue itself, that is there and that an update brings."""
    if _UNSURE.search(before) or _BY_HAND.match(after):
        return False
    if form is _INSTALL:
        return home is Kind.RESOLUTION
    if form is _DONE and before and not _SUBJECT.search(before.rstrip()):
        return False
    if form is _BY_UPDATE and not _UPDATER.search(before):
        return False
    whole = f"{before}{words}{after}"
    return home is Kind.RESOLUTION or _UPDATE.search(whole) is not None or _ROLLBACK.search(whole) is not None


def _extent(words: str, before: str, after: str) -> News:
    if _PARTLY.search(before + words) or _LIMITED.search(after):
        return News.IN_PART
    return News.WHOLLY if _WHOLLY.search(words) else News.RESOLVED


# --- which update resolves it ----------------------------------------------------------------------------------------

# "inKB5095093": no word boundary, for there may be no blank where one is meant.
_KB = re.compile(r"KB *(\d{6,7})(?!\d)", re.I | re.A)

_CAUSE = re.compile(
    r"\b(?:after|since|before|caused by|introduced (?:in|by|with)|install(?:ing|ed)|in|from|of|than)\W+"
    r"(?:(?:the|update|installing|security|windows)\W+){0,3}$",
    re.I,
)
_INTRODUCED = re.compile(
    r"\b(?:caused by|introduced (?:in|by|with)|(?:occur|appear|beg[ia]n)\w* (?:after|in|with)).{0,40}$", re.I
)
# "With KB5095093, this issue is resolved."
_OPENING = re.compile(
    r"\W*(?:update:? )?(?:with|starting (?:with|in)|beginning with|as of|in|by installing)\b[^,]*?"
    r"KB *(?P<digits>\d{6,7})(?!\d)[^,]*,",
    re.I,
)


def _kb(form: re.Pattern[str], words: str, before: str, after: str) -> str | None:
    """The KB that a statement of a fix names as the fix: the first behind its words, else the one before them that
    resolves. A KB that brought the issue is none."""
    for found in _KB.finditer(words + after):
        if not _INTRODUCED.search((words + after)[: found.start()]):
            return f"KB{found[1]}"
    if form is _DONE:
        opening = _OPENING.match(before)
        return f"KB{opening['digits']}" if opening else None
    others = [found[1] for found in _KB.finditer(before) if not _CAUSE.search(before[: found.start()])]
    return f"KB{others[-1]}" if others else None


def status_of(said: Iterable[Said]) -> IssueStatus:
    """Resolved when the last word is a fix and nothing remains. Only "fully resolved" ends what was so in part."""
    is_resolved = remains = False
    for one in said:
        remains = one.news is not News.WHOLLY and (remains or one.news in (News.IN_PART, News.REMAINS))
        is_resolved = one.news in (News.RESOLVED, News.WHOLLY) or (is_resolved and one.news is not News.PROMISED)
    return IssueStatus.RESOLVED if is_resolved and not remains else IssueStatus.OPEN


def fixed_by(said: Sequence[Said]) -> str | None:
    """The first KB that resolves the issue, else the first that does so in part."""
    whole = (one.kb for one in said if one.news in (News.RESOLVED, News.WHOLLY) and one.kb)
    return next(whole, None) or next((one.kb for one in said if one.kb), None)

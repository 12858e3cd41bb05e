"""The known issues of an article: what each text says, whether an issue is resolved, and by which KB.

The labels of an article do not tell: "This issue is addressed in KB5095093" was served as a workaround, and "A
resolution is in progress. To work around this issue, …" as a resolution (captured KB5094126, in both layouts). So each
sentence is filed by what it says. An issue is resolved only where a sentence says so of the whole issue; wording that
is not understood leaves it open, for an issue that is called resolved too early is the dearer mistake.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum, auto
from typing import NamedTuple

from scraper.errors import cut
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import IssuesRead, IssueStatus, KnownIssue

# Characters, and places in a sentence. The longest title seen has 82, no sentence seen states more than one fix.
LONGEST_TITLE, _MOST_FIXES = 300, 8
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.) (?=\W{0,9}[A-Z])")

# A whole sentence: "not aware of any issues on other versions" denies no issue of this version.
_DENIED = re.compile(
    r"\W*(?:note:? )?(?:at this time,? |currently,? )?"
    r"(?:(?:microsoft|we)(?: is| are|['\u2019]re)(?: currently)?(?:(?: not|n['\u2019]t)(?: currently)? | un)"
    r"aware of any(?: known| new)? issues?"
    r"|(?:there are|this update has)(?: currently)? no known issues|no known issues)"
    r"(?: (?:with|in|for|from|affecting|related to|caused by) (?:this|these|the) [^.]{0,60})?"
    r"(?: at this time| currently)?[.!]?",
    re.I,
)

_SYMPTOMS = ("symptoms", "symptom")
_WORKAROUNDS = ("workaround", "workarounds")
_RESOLUTIONS = ("resolution", "resolutions")
_NEXT_STEPS = ("next steps",)


class _Kind(IntEnum):
    """What a text is. ``OTHER``: of a part that no column has."""

    SYMPTOM = 0
    WORKAROUND = 1
    RESOLUTION = 2
    OTHER = 3


class _News(IntEnum):
    """What a sentence may say of an issue: it is resolved, wholly resolved, resolved in part; a resolution is promised;
    something of it remains."""

    RESOLVED = auto()
    WHOLLY = auto()
    IN_PART = auto()
    PROMISED = auto()
    REMAINS = auto()


class _Said(NamedTuple):
    """News, where in its sentence it stands, and the KB of the fix where one is named."""

    place: int
    news: _News
    kb: str | None = None


_FIXES = (_News.RESOLVED, _News.WHOLLY, _News.IN_PART)


def issues_of(page: ParsedArticle) -> tuple[KnownIssue, ...]:
    """The known issues in order, each once and with a title of its own."""
    return tuple(_with_own_titles(dict.fromkeys(filter(None, map(_issue, page.issues or ())))))


def issues_read(page: ParsedArticle, issues: tuple[KnownIssue, ...]) -> IssuesRead:
    """What was read of an article's issues. What no rule understands is ``unreadable``, never ``none``."""
    if issues:
        return IssuesRead.LISTED
    if page.issues is not None and any(map(_DENIED.fullmatch, SENTENCE_END.split(page.issues_text))):
        return IssuesRead.NONE
    return IssuesRead.UNREADABLE


def _issue(issue: IssueText) -> KnownIssue | None:
    """The issue; None where its fold has no text, or only says that there is none."""
    texts, said = _filed(issue.parts)
    title = issue.title or _first_sentence(texts[_Kind.SYMPTOM] or " ".join(issue.parts.values()))
    if not title or _denies(issue):
        return None
    symptom, workaround, resolution, _ = (texts[kind] or None for kind in _Kind)
    return KnownIssue(title, _status(said), symptom, workaround, resolution, _fixed_by(said))


def _denies(issue: IssueText) -> bool:
    """Whether a fold only says that there is no issue. Some articles have one such fold for each version."""
    text = issue.parts.get("", "") if issue.parts else issue.title
    return not (issue.parts.keys() - {""}) and _DENIED.fullmatch(text) is not None


def _first_sentence(text: str) -> str:
    """The title of an issue in a table, where it has none of its own."""
    return cut(SENTENCE_END.split(text, maxsplit=1)[0], LONGEST_TITLE)


def _with_own_titles(issues: Iterable[KnownIssue]) -> Iterator[KnownIssue]:
    """The issues, each with a title of its own, since the title is the key. Issues that share one, like the rows of a
    table, get the symptom's first sentence added to it, and a number where that is the same too."""
    issues = list(issues)
    titles = Counter(issue.title for issue in issues)
    given: Counter[str] = Counter()
    for issue in issues:
        title = issue.title
        if titles[title] > 1 and issue.symptom:
            title = f"{title}: {SENTENCE_END.split(issue.symptom, maxsplit=1)[0][:120]}"
        given[title] += 1
        yield replace(issue, title=title if given[title] == 1 else f"{title} ({given[title]})")


# --- where each sentence belongs -------------------------------------------------------------------------------------

_MITIGATES = re.compile(
    r"\W*(?:note:? )?(?:to (?:work ?around|mitigate|avoid|prevent)|as an? (?:temporary )?(?:workaround|mitigation)"
    r"|workarounds?:|until (?:then|this|the|an?|you)|in the meantime|meanwhile)\b",
    re.I,
)
# What goes on about an update or a promise, in a part that is no resolution.
_GOES_ON = re.compile(
    r"\b(?:(?:more|additional|further) (?:information|details)|we recommend|latest (?:windows )?updates?"
    r"|(?:this|that) (?:[\w-]+ ){0,3}(?:update|fix|resolution))\b",
    re.I,
)
_PROMISER = re.compile(r"\b(?:microsoft|we|resolution|fix|solution)\b", re.I)


def _filed(parts: Mapping[str, str]) -> tuple[dict[_Kind, str], list[_Said]]:
    """The text of each kind, and all that is said of a resolution; what resolutions say comes last, for it decides."""
    texts: dict[_Kind, list[str]] = {kind: [] for kind in _Kind}
    said: dict[_Kind, list[_Said]] = {kind: [] for kind in _Kind}
    for label, text in parts.items():
        if label in _SYMPTOMS:
            texts[_Kind.SYMPTOM].append(text)
        elif (home := _home(label, parts)) is not None:
            for kind, sentence, news in _sentences(text, home):
                texts[kind].append(sentence)
                said[home] += news
    ordered = (said[kind] for kind in (_Kind.SYMPTOM, _Kind.OTHER, _Kind.WORKAROUND, _Kind.RESOLUTION))
    return {kind: " ".join(found) for kind, found in texts.items()}, [one for news in ordered for one in news]


def _home(label: str, parts: Mapping[str, str]) -> _Kind | None:
    """The kind of the texts under a label; None under a label whose texts are not read. Text before any label is the
    symptom when no other is."""
    if label == "":
        return _Kind.OTHER if parts.keys() & set(_SYMPTOMS) else _Kind.SYMPTOM
    if label in _NEXT_STEPS:
        return _Kind.OTHER
    return _Kind.WORKAROUND if label in _WORKAROUNDS else _Kind.RESOLUTION if label in _RESOLUTIONS else None


def _sentences(text: str, home: _Kind) -> Iterator[tuple[_Kind, str, list[_Said]]]:
    """Each sentence with its kind and its news. A fix or a promise is of the resolution whatever its label is, and what
    helps meanwhile is a workaround."""
    kind, is_fixed = home, False
    for sentence in SENTENCE_END.split(text):
        news = _news(sentence, home)
        is_promised = any(one.news is _News.PROMISED for one in news)
        fixes = any(one.news in _FIXES for one in news)
        is_fixed |= fixes
        if fixes or (is_promised and (home is not _Kind.SYMPTOM or _PROMISER.search(sentence))):
            kind = _Kind.RESOLUTION
        elif _MITIGATES.match(sentence):
            kind = _Kind.WORKAROUND
        elif kind is _Kind.RESOLUTION and home is not _Kind.RESOLUTION and not _GOES_ON.search(sentence):
            kind = home
        # Before any fix "some devices" are those that have the issue.
        yield kind, sentence, [one for one in news if one.news is not _News.REMAINS or is_fixed or is_promised]


# --- what a sentence says --------------------------------------------------------------------------------------------

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


def _news(sentence: str, home: _Kind) -> list[_Said]:
    """What a sentence says, in its order."""
    said: list[_Said] = []
    fixes = sorted(_fixes(sentence, home), key=lambda fix: fix[1].start())
    ends = [0, *(found.end() for _, found in fixes)]
    starts = [*(found.start() for _, found in fixes), len(sentence)]
    for number, (form, found) in enumerate(fixes):
        before, after = sentence[ends[number] : found.start()], sentence[found.end() : starts[number + 1]]
        extent, kb = _extent(found[0], before, after), _kb(form, found[0], before, after)
        said.append(_Said(found.start(), extent, kb))
    for pattern, news in ((_PROMISED, _News.PROMISED), (_REMAINS, _News.REMAINS)):
        if other := pattern.search(sentence):
            said.append(_Said(other.start(), news))
    return sorted(said, key=lambda one: one.place)


def _fixes(sentence: str, home: _Kind) -> Iterator[tuple[re.Pattern[str], re.Match[str]]]:
    """The places where a sentence states a fix, each with its form; none in a sentence of very many, which no person
    wrote."""
    places = [(form, found) for form in (_DONE, _BY_UPDATE, _RELEASED, _INSTALL) for found in form.finditer(sentence)]
    for form, found in places if len(places) <= _MOST_FIXES else ():
        if _states_fix(form, found[0], sentence[: found.start()], sentence[found.end() :], home):
            yield form, found


def _states_fix(form: re.Pattern[str], words: str, before: str, after: str, home: _Kind) -> bool:
    """Whether the words of a fix state one, of the issue itself, that is there and that an update brings."""
    if _UNSURE.search(before) or _BY_HAND.match(after):
        return False
    if form is _INSTALL:
        return home is _Kind.RESOLUTION
    if form is _DONE and before and not _SUBJECT.search(before.rstrip()):
        return False
    if form is _BY_UPDATE and not _UPDATER.search(before):
        return False
    whole = f"{before}{words}{after}"
    return home is _Kind.RESOLUTION or _UPDATE.search(whole) is not None or _ROLLBACK.search(whole) is not None


def _extent(words: str, before: str, after: str) -> _News:
    if _PARTLY.search(before + words) or _LIMITED.search(after):
        return _News.IN_PART
    return _News.WHOLLY if _WHOLLY.search(words) else _News.RESOLVED


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


def _status(said: Iterable[_Said]) -> IssueStatus:
    """Resolved when the last word is a fix and nothing remains. Only "fully resolved" ends what was so in part."""
    is_resolved = remains = False
    for one in said:
        remains = one.news is not _News.WHOLLY and (remains or one.news in (_News.IN_PART, _News.REMAINS))
        is_resolved = one.news in (_News.RESOLVED, _News.WHOLLY) or (is_resolved and one.news is not _News.PROMISED)
    return IssueStatus.RESOLVED if is_resolved and not remains else IssueStatus.OPEN


def _fixed_by(said: Sequence[_Said]) -> str | None:
    """The first KB that resolves the issue, else the first that does so in part."""
    whole = (one.kb for one in said if one.news in (_News.RESOLVED, _News.WHOLLY) and one.kb)
    return next(whole, None) or next((one.kb for one in said if one.kb), None)

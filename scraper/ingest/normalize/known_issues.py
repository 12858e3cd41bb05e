"""The known issues of an article: what each text says, whether an issue is resolved, and by which KB.

The labels of an article do not tell: "This issue is addressed in KB5095093" was served as a workaround, and "A
resolution is in progress. To work around this issue, …" as a resolution (captured KB5094126, in both layouts). So each
sentence is filed by what it says. An issue is resolved only where a sentence says so of the whole issue; wording that
is not understood leaves it open, for an issue that is called resolved too early is the dearer mistake.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scraper.errors import cut
from scraper.ingest.normalize.issue_news import FIXES, Kind, News, Said, fixed_by, news_of, status_of
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import IssuesRead, KnownIssue

# Characters. The longest title seen has 82.
LONGEST_TITLE = 300
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
    title = issue.title or _first_sentence(texts[Kind.SYMPTOM] or " ".join(issue.parts.values()))
    if not title or _denies(issue):
        return None
    symptom, workaround, resolution, _ = (texts[kind] or None for kind in Kind)
    return KnownIssue(title, status_of(said), symptom, workaround, resolution, fixed_by(said))


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


def _filed(parts: Mapping[str, str]) -> tuple[dict[Kind, str], list[Said]]:
    """The text of each kind, and all that is said of a resolution; what resolutions say comes last, for it decides."""
    texts: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    said: dict[Kind, list[Said]] = {kind: [] for kind in Kind}
    for label, text in parts.items():
        if label in _SYMPTOMS:
            texts[Kind.SYMPTOM].append(text)
        elif (home := _home(label, parts)) is not None:
            for kind, sentence, news in _sentences(text, home):
                texts[kind].append(sentence)
                said[home] += news
    ordered = (said[kind] for kind in (Kind.SYMPTOM, Kind.OTHER, Kind.WORKAROUND, Kind.RESOLUTION))
    return {kind: " ".join(found) for kind, found in texts.items()}, [one for news in ordered for one in news]


def _home(label: str, parts: Mapping[str, str]) -> Kind | None:
    """The kind of the texts under a label; None under a label whose texts are not read. Text before any label is the
    symptom when no other is."""
    if label == "":
        return Kind.OTHER if parts.keys() & set(_SYMPTOMS) else Kind.SYMPTOM
    if label in _NEXT_STEPS:
        return Kind.OTHER
    return Kind.WORKAROUND if label in _WORKAROUNDS else Kind.RESOLUTION if label in _RESOLUTIONS else None


def _sentences(text: str, home: Kind) -> Iterator[tuple[Kind, str, list[Said]]]:
    """Each sentence with its kind and its news. A fix or a promise is of the resolution whatever its label is, and what
    helps meanwhile is a workaround."""
    kind, is_fixed = home, False
    for sentence in SENTENCE_END.split(text):
        news = news_of(sentence, home)
        is_promised = any(one.news is News.PROMISED for one in news)
        fixes = any(one.news in FIXES for one in news)
        is_fixed |= fixes
        if fixes or (is_promised and (home is not Kind.SYMPTOM or _PROMISER.search(sentence))):
            kind = Kind.RESOLUTION
        elif _MITIGATES.match(sentence):
            kind = Kind.WORKAROUND
        elif kind is Kind.RESOLUTION and home is not Kind.RESOLUTION and not _GOES_ON.search(sentence):
            kind = home
        # Before any fix "some devices" are those that have the issue.
        yield kind, sentence, [one for one in news if one.news is not News.REMAINS or is_fixed or is_promised]

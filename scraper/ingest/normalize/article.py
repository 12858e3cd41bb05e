"""From a parsed article to its record: title, builds and date, known issues, prerequisites.

The closed vocabularies of articles are here: the words by which an issue is resolved, open, or denied. What no rule
reads is unread: a section that neither lists an issue nor denies that there is one is ``unread``, never ``none``.
"""

import re
from calendar import month_name
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from scraper.errors import cut
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import ArticleRecord, IssuesRead, IssueStatus, KnownIssue, Prerequisite, PrerequisiteKind

_MONTHS = [name.casefold() for name in month_name]
_KB = re.compile(r"\bKB *(\d{6,7})(?!\d)", re.I | re.A)
_SLUG_KB = re.compile(r"(?<![a-z])kb-?(\d{6,7})(?!\d)", re.I | re.A)
_LONG_DATE = re.compile(r"(?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>\d{4})\b", re.I | re.A)
_IN_PARENTHESES = re.compile(r"[(\uff08].*|\bOS Builds?\b.*", re.I)
# `18363.18363.1171` has been served (KB4580386) and is no build.
_BUILD = re.compile(r"(?<![\d.])\d{5}\.\d{1,5}(?![\d.]*\d)", re.A)

# `KB5120102 (Build 26100.8872)`, `(KB5120102) - version 26100.8872`, `[KB5120102](https://…) - 26100.8872`.
_KB_WITH_BUILD = re.compile(
    r"\bKB *(?P<kb>\d{6,7})(?!\d)(?:\]\([^()]*\))?[\s()\[\]:,\u2010-\u2015-]*"
    r"(?:(?:OS )?(?:builds?|version)[\s:]*)?(?P<build>\d{5}\.\d{1,5})(?![\d.]*\d)",
    re.I | re.A,
)
_PACKAGE = re.compile(r"windows[\d.]+-(?:kb)*(?P<kb>\d{6,7})(?!\d)(?:-(?P<device>[a-z0-9]+))?", re.I | re.A)
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\W{0,9}[A-Z])")

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
_FIX = r"(?:addressed|resolved|fixed)"
_ADDRESSED = re.compile(
    # "inKB5095093": a zero-width blank was between the words (captured KB5094126).
    rf"(?<!will be )(?<!not )(?<!not been )(?<!not yet ){_FIX} (?:in|by|with|using) ?"
    r"(?:[^.]|\.(?=\d)){0,80}?KB *\d{6,7}"
    rf"|\b(?:is|was|were|been) {_FIX} (?:in|by|with) [^.]{{0,40}}?\bupdates? released\b",
    re.I,
)
_PENDING = re.compile(
    r"\b(?:resolution|fix|solution) is (?:in progress|planned|being|under|not yet)"
    r"|\b(?:in|with) (?:an? |the )?(?:future|upcoming|coming|next)\b[^.]{0,40}\b(?:update|release)"
    r"|\b(?:is|are|we['\u2019]re) (?:currently |actively )?(?:working (?:on|to|toward)|investigating)\b"
    r"|\bunder investigation\b",
    re.I,
)

# Characters. The longest heading seen has 61, the longest section 7,317, the longest part of an issue 543. Longer texts
# are cut, with a sign. A row of the catalog must be far shorter than the 250,000 that the site allows a row.
_LONGEST_DATE, _LONGEST_HEADING, _LONGEST_PART, _LONGEST_SECTION = 100, 300, 10_000, 50_000
_MOST_PACKAGES = 500

_SYMPTOMS = ("symptoms", "symptom")
_WORKAROUNDS = ("workaround", "workarounds")
_RESOLUTIONS = ("resolution", "resolutions")


def normalize_article(page: ParsedArticle, url: str) -> ArticleRecord:
    """The record of one version of an article. Texts longer than those of any article are cut.

    ``url`` is the public address after redirects. A KB in its slug counts for ``kbs`` (``…-kb5101650-…``). A bare
    ``/help/5101650`` does not: it is what was asked for, and an unknown number may be answered with another article
    (sources.md C1)."""
    page = _bounded(page)
    kbs = frozenset(_kbs(page, url))
    issues = tuple(_with_own_titles(dict.fromkeys(_issues(page))))
    return ArticleRecord(
        layout=page.layout,
        updated_at=page.updated_at or None,
        title=page.title or page.heading,
        heading=page.heading,
        kbs=kbs,
        title_builds=_builds(page.title),
        heading_builds=_builds(page.heading),
        title_date=_date(page.title),
        heading_date=_date(page.heading),
        read=_issues_read(page, issues),
        issues=issues,
        prerequisites=tuple(_unique(_prerequisites(page, kbs))),
        sections=page.sections,
    )


def _bounded(page: ParsedArticle) -> ParsedArticle:
    """The page with every text of bounded length, before any rule looks for words in it."""
    issues = None
    if page.issues is not None:
        issues = tuple(
            IssueText(
                cut(issue.title, _LONGEST_HEADING),
                {label: cut(text, _LONGEST_PART) for label, text in issue.parts.items()},
            )
            for issue in page.issues
        )
    return replace(
        page,
        updated_at=cut(page.updated_at, _LONGEST_DATE),
        title=cut(page.title, _LONGEST_HEADING),
        heading=cut(page.heading, _LONGEST_HEADING),
        issues=issues,
        issues_text=cut(page.issues_text, _LONGEST_SECTION),
        servicing_stack=cut(page.servicing_stack, _LONGEST_PART),
        packages=tuple(cut(package, _LONGEST_HEADING) for package in page.packages[:_MOST_PACKAGES]),
        sections=tuple((cut(name, _LONGEST_HEADING), cut(text, _LONGEST_SECTION)) for name, text in page.sections),
    )


def _with_own_titles(issues: Iterable[KnownIssue]) -> Iterator[KnownIssue]:
    """The issues, each with a title of its own, since the title is the key. Issues that share one, like the rows of a
    table, get the symptom's first sentence added to it, and a number where that is the same too."""
    issues = list(issues)
    titles = Counter(issue.title for issue in issues)
    given: Counter[str] = Counter()
    for issue in issues:
        title = issue.title
        if titles[title] > 1 and issue.symptom:
            title = f"{title}: {_SENTENCE_END.split(issue.symptom, maxsplit=1)[0][:120]}"
        given[title] += 1
        yield replace(issue, title=title if given[title] == 1 else f"{title} ({given[title]})")


# --- title, heading, address -----------------------------------------------------------------------------------------


def _kbs(page: ParsedArticle, url: str) -> Iterator[str]:
    for words in (page.title, page.heading):
        yield from (f"KB{digits}" for digits in _KB.findall(words))
    for address in (page.canonical, url):
        yield from (f"KB{digits}" for digits in _SLUG_KB.findall(urlsplit(address).path))


def _builds(words: str) -> tuple[str, ...]:
    """The builds in the parentheses of a title."""
    found = _IN_PARENTHESES.search(words)
    return tuple(dict.fromkeys(_BUILD.findall(found[0]))) if found else ()


def _date(words: str) -> str | None:
    """The date that a title begins with; None where it has none, as since August 2026, or no day of the calendar."""
    found = _LONG_DATE.match(words)
    if not found or found["month"].casefold() not in _MONTHS:
        return None
    try:
        return date(int(found["year"]), _MONTHS.index(found["month"].casefold()), int(found["day"])).isoformat()
    except ValueError:
        return None


# --- known issues ----------------------------------------------------------------------------------------------------


def _issues_read(page: ParsedArticle, issues: tuple[KnownIssue, ...]) -> IssuesRead:
    if issues:
        return IssuesRead.LISTED
    if page.issues is not None and any(map(_DENIED.fullmatch, _SENTENCE_END.split(page.issues_text))):
        return IssuesRead.NONE
    return IssuesRead.UNREAD


def _issues(page: ParsedArticle) -> Iterator[KnownIssue]:
    for issue in page.issues or ():
        symptom = _part(issue, _SYMPTOMS) or _part(issue, ("",))
        title = issue.title or _first_sentence(symptom or " ".join(issue.parts.values()))
        if title and not _denies(issue):
            yield KnownIssue(
                title, _status(issue.parts), symptom, _part(issue, _WORKAROUNDS), _part(issue, _RESOLUTIONS)
            )


def _part(issue: IssueText, labels: tuple[str, ...]) -> str | None:
    return " ".join(filter(None, (issue.parts.get(label) for label in labels))) or None


def _denies(issue: IssueText) -> bool:
    """Whether a fold only says that there is no issue. Some articles have one such fold for each version."""
    text = issue.parts.get("", "") if issue.parts else issue.title
    return not (issue.parts.keys() - {""}) and _DENIED.fullmatch(text) is not None


def _first_sentence(text: str) -> str:
    """The title of an issue in a table, where it has none of its own."""
    return cut(_SENTENCE_END.split(text, maxsplit=1)[0], _LONGEST_HEADING)


def _status(parts: Mapping[str, str]) -> IssueStatus:
    """Resolved when a resolution is given and not only promised, or when another part names the update with the fix."""
    resolutions = [parts[label] for label in _RESOLUTIONS if label in parts]
    others = [parts[label] for label in (*_WORKAROUNDS, "next steps", "") if label in parts]
    given = any(_ADDRESSED.search(text) or not _PENDING.search(text) for text in resolutions)
    return IssueStatus.RESOLVED if given or any(map(_ADDRESSED.search, others)) else IssueStatus.OPEN


# --- prerequisites ---------------------------------------------------------------------------------------------------


def _prerequisites(page: ParsedArticle, kbs: frozenset[str]) -> Iterator[Prerequisite]:
    stack = _stack(page.servicing_stack, kbs)
    if stack:
        yield stack
    baseline = _baseline(page, kbs)
    if baseline:
        yield baseline
    for kb in _checkpoints(page.packages, kbs):
        if not baseline or kb != baseline.kb:
            yield Prerequisite(PrerequisiteKind.CHECKPOINT, kb, None)


def _unique(prerequisites: Iterator[Prerequisite]) -> Iterator[Prerequisite]:
    """The first of each kind and KB."""
    seen: dict[tuple[PrerequisiteKind, str], Prerequisite] = {}
    for prerequisite in prerequisites:
        seen.setdefault((prerequisite.kind, prerequisite.kb), prerequisite)
    return iter(seen.values())


def _stack(text: str, kbs: frozenset[str]) -> Prerequisite | None:
    """The servicing stack with its build as served, of another family too (22621.9441 in KB5129195)."""
    return _named(PrerequisiteKind.SERVICING_STACK, text, kbs)


def _named(kind: PrerequisiteKind, text: str, kbs: frozenset[str]) -> Prerequisite | None:
    """The first KB of a text with a build beside it, else the first KB; never the article's own."""
    for found in _KB_WITH_BUILD.finditer(text):
        if f"KB{found['kb']}" not in kbs:
            return Prerequisite(kind, f"KB{found['kb']}", found["build"])
    others = (f"KB{digits}" for digits in _KB.findall(text) if f"KB{digits}" not in kbs)
    kb = next(others, None)
    return Prerequisite(kind, kb, None) if kb else None


def _baseline(page: ParsedArticle, kbs: frozenset[str]) -> Prerequisite | None:
    """The baseline of a hotpatch: from the first sentence with the word baseline and another KB.

    This is a guess by analogy. No body of a hotpatch article has been seen in either layout (sources.md C3), only
    titles.
    """
    words = f"{page.title} {page.heading}".casefold()
    if "hotpatch" not in words or "baseline" in words:
        return None
    for _, text in page.sections:
        for sentence in _SENTENCE_END.split(text):
            if "baseline" in sentence.casefold() and (found := _named(PrerequisiteKind.BASELINE, sentence, kbs)):
                return found
    return None


def _checkpoints(packages: tuple[str, ...], kbs: frozenset[str]) -> Iterator[str]:
    """The KBs of the packages before the article's own in a list, for each kind of device (``x64``, ``arm64``)."""
    before: dict[str, list[str]] = {}
    done: set[str] = set()
    for package in packages:
        found = _PACKAGE.match(package)
        if not found:
            continue
        kb, device = f"KB{found['kb']}", (found["device"] or "").casefold()
        if kb not in kbs:
            before.setdefault(device, []).append(kb)
        elif device not in done:
            done.add(device)
            yield from before.get(device, ())

"""From a parsed article to its record: title, builds and date, known issues, prerequisites.

Known issues are read in ``known_issues``, which has their vocabulary.
"""

import re
from calendar import month_name
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from scraper.errors import cut
from scraper.ingest.normalize.known_issues import LONGEST_TITLE, SENTENCE_END, issues_of, issues_read
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import ArticleRecord, Prerequisite, PrerequisiteKind

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

# Characters. The longest heading seen has 61, the longest section 7,317, the longest part of an issue 543. Longer texts
# are cut, with a sign. A row of the catalog must be far shorter than the 250,000 that the site allows a row.
_LONGEST_DATE, _LONGEST_HEADING, _LONGEST_PART, _LONGEST_SECTION = 100, 300, 10_000, 50_000
_MOST_PACKAGES, _MOST_STACKS = 500, 20


def normalize_article(page: ParsedArticle, url: str) -> ArticleRecord:
    """The record of one version of an article. Texts longer than those of any article are cut.

    ``url`` is the public address after redirects. A KB in its slug counts (``…-kb5101650-…``) where the article names
    none. A bare ``/help/5101650`` does not: it is what was asked for, and an unknown number may be answered with
    another article (sources.md C1)."""
    page = _bounded(page)
    kbs = _kbs(page, url)
    issues = issues_of(page)
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
        read=issues_read(page, issues),
        issues=issues,
        prerequisites=tuple(_unique(_prerequisites(page, kbs))),
        sections=page.sections,
        doubts=tuple(_doubts(page, kbs)),
    )


def _doubts(page: ParsedArticle, kbs: frozenset[str]) -> Iterator[str]:
    """In what the article contradicts itself: its names name different KBs, its servicing stack is stated twice, or no
    package is its own."""
    for part, names in (("title", _kbs_in(page.title)), ("address", _kbs_of_slug(page.canonical))):
        if names and names.isdisjoint(kbs):
            yield f"its {part} names {', '.join(sorted(names))}"
    stacks = [f"{stack.kb} {stack.build}" for stack in _stacks(page, kbs) if stack.build]
    if len(stacks) > 1:
        yield f"its servicing stack is {' and '.join(stacks)}"
    packages = [f"KB{found['kb']}" for found in map(_PACKAGE.match, page.packages) if found]
    if packages and kbs.isdisjoint(packages):
        yield f"its packages are of {', '.join(dict.fromkeys(packages))}"


def _bounded(page: ParsedArticle) -> ParsedArticle:
    """The page with every text of bounded length, before any rule looks for words in it."""
    issues = None
    if page.issues is not None:
        issues = tuple(
            IssueText(
                cut(issue.title, LONGEST_TITLE),
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
        servicing_stack=tuple(cut(text, _LONGEST_PART) for text in page.servicing_stack[:_MOST_STACKS]),
        packages=tuple(cut(package, _LONGEST_HEADING) for package in page.packages[:_MOST_PACKAGES]),
        sections=tuple((cut(name, _LONGEST_HEADING), cut(text, _LONGEST_SECTION)) for name, text in page.sections),
    )


# --- title, heading, address -----------------------------------------------------------------------------------------


def _kbs(page: ParsedArticle, url: str) -> frozenset[str]:
    """The KBs by which the article calls itself: its heading's, for that is what is shown; without any its title's,
    then those of its addresses."""
    names = (_kbs_in(page.heading), _kbs_in(page.title), _kbs_of_slug(page.canonical), _kbs_of_slug(url))
    return next(filter(None, names), frozenset())


def _kbs_in(words: str) -> frozenset[str]:
    return frozenset(f"KB{digits}" for digits in _KB.findall(words))


def _kbs_of_slug(address: str) -> frozenset[str]:
    return frozenset(f"KB{digits}" for digits in _SLUG_KB.findall(urlsplit(address).path))


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


# --- prerequisites ---------------------------------------------------------------------------------------------------


def _prerequisites(page: ParsedArticle, kbs: frozenset[str]) -> Iterator[Prerequisite]:
    yield from _stacks(page, kbs)[:1]
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


def _stacks(page: ParsedArticle, kbs: frozenset[str]) -> list[Prerequisite]:
    """The servicing stack as each text has it, with its build as served, of another family too (22621.9441 in
    KB5129195)."""
    named = (_named(PrerequisiteKind.SERVICING_STACK, text, kbs) for text in page.servicing_stack)
    return list(dict.fromkeys(filter(None, named)))


def _named(kind: PrerequisiteKind, text: str, kbs: frozenset[str]) -> Prerequisite | None:
    """The first KB of a text with a build beside it, else the first KB; never the article's own."""
    for found in _KB_WITH_BUILD.finditer(text):
        if f"KB{found['kb']}" not in kbs:
            return Prerequisite(kind, f"KB{found['kb']}", found["build"])
    others = (f"KB{digits}" for digits in _KB.findall(text) if f"KB{digits}" not in kbs)
    kb = next(others, None)
    return Prerequisite(kind, kb, None) if kb else None


def _baseline(page: ParsedArticle, kbs: frozenset[str]) -> Prerequisite | None:
    """The baseline of a hotpatch: from the first sentence with the word baseline and another KB that names no package.

    This is a guess by analogy. No body of a hotpatch article has been seen in either layout (sources.md C3), only
    titles.
    """
    words = f"{page.title} {page.heading}".casefold()
    if "hotpatch" not in words or "baseline" in words:
        return None
    for _, text in page.sections:
        for sentence in SENTENCE_END.split(_PACKAGE.sub("", text)):
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

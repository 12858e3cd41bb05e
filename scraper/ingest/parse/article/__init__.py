"""KB articles of support.microsoft.com, as served.

pieces           the main part as one run of texts and marks
sections         the run, parted at its headings
issues           the known issues of a section
servicing_stack  the texts about the servicing stack update
"""

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.errors import DriftError
from scraper.ingest.parse.article.issues import issues_of
from scraper.ingest.parse.article.pieces import pieces_of
from scraper.ingest.parse.article.sections import Section, sections_of
from scraper.ingest.parse.article.servicing_stack import servicing_stack
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.ingest.parse.tables import one, prose_of, text_of
from scraper.ingest.parse.text import clean, clean_prose

_LAYOUTS = {"supArticleContent": "support-topic", "supMainContent": "support-servicing"}

# The longest article seen has 7 sections and 2 issues.
_MOST = 500

_SUFFIX = re.compile(r"\s*[|\u2010-\u2015-]\s*Microsoft Support$", re.I)
_NAMED = re.compile(r"\bKB *\d{6,7}(?!\d)|^[A-Z][a-z]+ \d{1,2}, \d{4}\b", re.I | re.A)
_NAMED_ADDRESS = re.compile(r"(?<![a-z])kb-?\d{6,7}(?!\d)", re.I | re.A)
# `windows11.0-kb5043080-x64_….msu`; `kbkb`, no `kb`, `.msu.msu` and no `.msu` are served as well (KB5101650).
_PACKAGE = re.compile(r"windows[\d.]+-(?:kb)*\d{6,7}(?!\d)", re.I | re.A)


def read_article(
    name: str, tree: LexborHTMLParser, url: str, *, title: str, canonical: str, updated_at: str
) -> ParsedArticle:
    """The article as served. ``name`` is what errors call it, ``url`` the address it came from; ``title``,
    ``canonical`` and ``updated_at`` are those of its head.

    Raises DriftError when the page has no main part or several, no text below its title, or hundreds of sections or
    issues, and when neither title, heading nor address names a KB or begins with a date: then it is a hub, an update
    history or an error page."""
    main = one(tree.css("main"), "main part", name)
    title = _SUFFIX.sub("", clean_prose(title))
    heading = next(filter(None, map(prose_of, main.css("h1"))), "")
    _check_named(name, title, heading, (canonical, url))
    sections = sections_of(list(pieces_of(main)))
    if not any(section.text for section in sections):
        raise DriftError("article", page=name, expected="text below its title", found=repr(title or heading))
    with_issues = [section for section in sections if section.lists_issues]
    strays = any(section.has_symptoms and not section.lists_issues for section in sections)
    issues = tuple(issue for section in with_issues for issue in issues_of(section.pieces))
    _check_size(name, sections, issues)
    return ParsedArticle(
        layout=_layout(main, sections),
        updated_at=updated_at,
        canonical=canonical,
        title=title,
        heading=heading,
        # An issue that stands elsewhere is not gone, nor is it known which others do.
        issues=issues if with_issues and not strays else None,
        issues_text=clean(" ".join(section.text for section in with_issues)),
        servicing_stack=servicing_stack(sections),
        packages=_packages(main),
        sections=tuple((section.heading, section.text) for section in sections),
    )


def _check_named(name: str, title: str, heading: str, addresses: Sequence[str]) -> None:
    if not title and not heading:
        raise DriftError("title", page=name, expected="a title or a heading", found="neither")
    if not (_NAMED.search(title) or _NAMED.search(heading) or any(map(_NAMED_ADDRESS.search, addresses))):
        raise DriftError("title", page=name, expected="a KB or the date of an update", found=repr(heading or title))


def _check_size(name: str, sections: Sequence[Section], issues: Sequence[IssueText]) -> None:
    if max(len(sections), len(issues)) > _MOST:
        found = f"{len(sections)} sections, {len(issues)} known issues"
        raise DriftError("article", page=name, expected=f"at most {_MOST} of each", found=found)


def _packages(main: LexborNode) -> tuple[str, ...]:
    return tuple(text for text in map(text_of, main.css("ol li")) if _PACKAGE.match(text))


def _layout(main: LexborNode, sections: Sequence[Section]) -> str:
    layout = _LAYOUTS.get(main.attrs.get("id") or "")
    if layout is None and main.css("[class*=ocp]"):
        return "support-topic"
    has_slugs = any(section.level == 2 and section.has_slug for section in sections)
    return layout or ("support-servicing" if has_slugs else "unknown-article")

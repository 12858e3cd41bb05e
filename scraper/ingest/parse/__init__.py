"""From the bytes of a page version to a parsed page: strings by column name. Nothing after parse sees HTML.

Pure: no meaning, no network, no clock. A page that is not what its parser was written for raises DriftError; it never
comes out as a page without rows.

    release_information, hotpatch_notes, article   one page family each
    parsed     what they give
    tables     tables by their header names, links
    text       cleaned text
    excerpt    the part of the bytes that is read, and that a version's fingerprint is made of
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from scraper.errors import DriftError
from scraper.ingest.parse.article import read_article
from scraper.ingest.parse.excerpt import article_excerpt, excerpt
from scraper.ingest.parse.hotpatch_notes import read_hotpatch_notes
from scraper.ingest.parse.parsed import ParsedArticle, ParsedPage
from scraper.ingest.parse.release_information import read_release_information
from scraper.ingest.parse.tables import Links
from scraper.ingest.parse.text import clean
from scraper.models import Source

__all__ = ["article_fingerprint", "fingerprint", "parse", "parse_article"]

_PARSERS: dict[str, Callable[[Source, LexborHTMLParser, Links, str], ParsedPage]] = {
    "release_information": read_release_information,
    "hotpatch_notes": read_hotpatch_notes,
    "update_history": read_hotpatch_notes,
}
# How many tags a page may have, and how deep they may be nested. To build a tree and to read it take time by depth, and
# 20 MB of open tags come as 20 kB of gzip: 60,000 nested blocks take 9 s to build, 30,000 nested bold tags six minutes
# to read. The largest page seen has 6,000 tags, the deepest one 38 open elements. A page with at most ``_FEW_TAGS`` is
# built within a second, however deep.
_MOST_TAGS, _FEW_TAGS, _DEEPEST = 50_000, 8_000, 100
# Among elements nested so deep, one is the last of its parent. Only those are looked at, which is half the work.
_TOO_DEEP = ">".join("*" * _DEEPEST) + ":last-child"
# The start or end of an element that is closed only by its end tag: not void, and its end tag not optional.
_NESTING = re.compile(
    rb"<(/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
    rb"|p|li|d[dt]|t[dhr]|thead|tbody|tfoot|colgroup|option|optgroup|rt|rp)[\s/>])[a-z]",
    re.IGNORECASE,
)
_END = re.compile(rb"</html\s*>$", re.IGNORECASE)


def parse(source: Source, body: bytes, url: str) -> ParsedPage:
    """The tables of a source's page. ``body`` is the inflated page, ``url`` the public address it came from, against
    which links are resolved when the page names no canonical one.

    Raises DriftError when the body is empty, not UTF-8, cut, nested without end, or another page than the source's
    parser expects.
    """
    _check_whole(source.name, body)
    # Only after the check: selectolax turns bad bytes into U+FFFD silently.
    with _memory_errors():
        tree = _tree(source.name, excerpt(body))
        head = _read_head(tree)
        updated_at = head.get("updated_at") or head.get("lastPublishedDate") or head.get("ms.date") or ""
        # The new layout's links are relative to the canonical address, whose last segment is a file (sources.md B3).
        links = Links(Links(url).resolve(head.get("canonical", "")) or url)
        return _PARSERS[source.parser](source, tree, links, clean(updated_at))


def parse_article(name: str, body: bytes, url: str) -> ParsedArticle:
    """The article of a KB (sources.md C2, C3). ``name`` is what errors call it, ``url`` is the public address that it
    came from.

    Raises DriftError when the body is empty, not UTF-8, cut, nested without end, or something else than an article of
    an update.
    """
    _check_whole(name, body)
    with _memory_errors():
        tree = _tree(name, article_excerpt(body))
        head = _read_head(tree)
        # Not ms.date: it moves with edits and is the release date of nothing (sources.md C3).
        updated_at = head.get("updated_at") or head.get("lastPublishedDate") or ""
        return read_article(
            name,
            tree,
            url,
            title=head.get("title", ""),
            canonical=Links(url).resolve(head.get("canonical", "")),
            updated_at=clean(updated_at),
        )


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turns the errors of selectolax into MemoryError. Any text is some HTML, and our selectors are sound: where a tree
    or a selector fails there was no memory, and it is no fault of the page."""
    try:
        yield
    except SelectolaxError as problem:
        raise MemoryError("no memory to parse a page") from problem


def _tree(name: str, markup: bytes) -> LexborHTMLParser:
    tags = markup.count(b"<")
    if tags > _MOST_TAGS:
        raise DriftError("size", page=name, expected=f"at most {_MOST_TAGS} tags", found=str(tags))
    too_deep = DriftError("nesting", page=name, expected=f"at most {_DEEPEST} elements in one another", found="more")
    if tags > _FEW_TAGS and _depth(markup) > _DEEPEST:
        raise too_deep
    tree = LexborHTMLParser(markup)
    # Only the tree knows the depth: an end tag in a comment ends nothing.
    if tree.css_first(_TOO_DEEP) is not None:
        raise too_deep
    return tree


def _depth(markup: bytes) -> int:
    """How many elements are open at the same time at most, counted by their tags."""
    depth = deepest = 0
    for tag in _NESTING.finditer(markup):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _read_head(tree: LexborHTMLParser) -> dict[str, str]:
    """What is in the head: the content of each meta by its name, ``title`` and ``canonical``, the first of each."""
    metas: dict[str, str] = {}
    others: dict[str, str] = {}
    for tag in tree.head.iter() if tree.head is not None else ():
        if tag.tag == "meta":
            metas.setdefault(tag.attrs.get("name") or "", tag.attrs.get("content") or "")
        elif tag.tag == "title":
            others["title"] = others.get("title") or tag.text()
        elif tag.tag == "link" and tag.attrs.get("rel") == "canonical":
            others["canonical"] = others.get("canonical") or tag.attrs.get("href") or ""
    return metas | others


def fingerprint(body: bytes) -> str:
    """The key of a page version: the sha256, in hex, of the part of the body that the parsers read.

    Of a broken copy it is the sha256 of all bytes. Up to its break it may be equal to a whole page, and one must never
    be taken for the other.
    """
    return sha256(body if _breakage(body) else excerpt(body)).hexdigest()


def article_fingerprint(body: bytes) -> str:
    """The key of a version of an article: the same of main part, title, canonical address and date of change."""
    return sha256(body if _breakage(body) else article_excerpt(body)).hexdigest()


def _check_whole(name: str, body: bytes) -> None:
    if broken := _breakage(body):
        thing, expected, found = broken
        raise DriftError(thing, page=name, expected=expected, found=found)


def _breakage(body: bytes) -> tuple[str, str, str] | None:
    """What is broken in a body, what was expected there and what was found; None if the body is whole."""
    if not body.strip():
        return "body", "a page", f"{len(body)} bytes without a word"
    try:
        # Whatever charset a header named: some answers of the support host name none (sources.md E).
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return "encoding", "UTF-8", f"byte 0x{body[error.start]:02x} at {error.start}"
    rest = body.rstrip()
    while rest.endswith(b"-->") and (comment := rest.rfind(b"<!--")) >= 0:
        rest = rest[:comment].rstrip()
    if not _END.search(rest[-20:]):
        found = repr(rest[-20:].decode("utf-8", "replace"))
        return "end", "</html>", f"{found} after {len(body)} bytes"
    return None

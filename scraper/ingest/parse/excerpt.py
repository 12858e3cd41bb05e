"""The part of a page that is read, cut out of its bytes. A page version is known by this excerpt alone.

The hosts change flight ids, asset versions and slot numbers with each answer (sources.md A2, C4); the excerpt leaves
them out. Parser and fingerprint both work on it, so the fingerprint covers all that the parsers read. Only plain
searches are used: they take linear time on any body.
"""

import re
from collections.abc import Iterator

_CONTAINER = b'id="winrelinfo_container"'
_CATEGORY = b"LeftNavCategory"
_ARTICLE = b"LeftNavArticle"
_TAG = re.compile(rb"<([A-Za-z][A-Za-z0-9]*)\s")
_META = re.compile(rb"<meta\s[^<>]*>")
_LONGEST_TAG = 2000
_READ_OF_HEAD = (b"updated_at", b"lastPublishedDate", b"ms.date", b"canonical")
_READ_OF_ARTICLE_HEAD = (b"updated_at", b"lastPublishedDate", b"canonical")
_TITLE = re.compile(rb"<title(?:\s[^<>]*)?>[^<]*</title\s*>", re.IGNORECASE)
_FOOTER = b"ocArticleFooter"


def excerpt(body: bytes) -> bytes:
    """What the parsers read of a page, as HTML: dates and canonical link, then the container of the release
    information page, or main and every navigation category of a support page. A page of another make is kept whole,
    except for ``awa-*`` metas and slot numbers."""
    main = body.find(b"<main")
    main_end = body.find(b"</main>", main) if main >= 0 else -1
    part = None
    if main_end >= 0:
        part = _release_information(body, main, main_end) or _support(body, main, main_end)
    start, region = part or (len(body), _without_slots(_META.sub(_without_awa, body)))
    end = body.find(b"</head", 0, start)
    return b"<!DOCTYPE html>" + _head(body[: start if end < 0 else end]) + region


def article_excerpt(body: bytes) -> bytes:
    """What is read of an article, as HTML: title, dates and canonical link, then main without the share links and the
    feedback at its end in the old layout. A page of another make is kept whole, except for ``awa-*`` metas and slot
    numbers."""
    main, main_end = body.find(b"<main"), body.find(b"</main>")
    one_main = 0 <= main < main_end and body.find(b"<main", main + 1) < 0 and body.find(b"</main>", main_end + 1) < 0
    head_end = body.find(b"</head", 0, main) if one_main else -1
    title = _TITLE.search(body, 0, head_end) if head_end >= 0 else None
    # What is in a comment is no markup: then it is left to the tree.
    if title is None or _is_commented(body, title.start(), title.start()) or _is_commented(body, main, main_end):
        return _without_slots(_META.sub(_without_awa, body))
    head = _head(body[:head_end], _READ_OF_ARTICLE_HEAD)
    article_end = body.rfind(b"</article>", main, main_end)
    footer = body.find(_FOOTER, max(main, article_end), main_end)
    end = body.rfind(b"<", main, footer) if footer >= 0 else main_end
    return b"<!DOCTYPE html>" + title[0] + head + _without_slots(body[main:end]) + b"</main>"


def _head(head: bytes, names: tuple[bytes, ...] = _READ_OF_HEAD) -> bytes:
    """The tags of the head that are read. Tags with ``awa-`` repeat others (awa-title) and are left out."""
    tags: dict[int, bytes] = {}
    for name in names:
        before, at = 0, head.find(name)
        while at >= 0:
            start, end = head.rfind(b"<", before, at), head.find(b">", at, at + _LONGEST_TAG) + 1
            tag = head[start:end] if start >= 0 else b""
            if tag[:5].lower() in (b"<meta", b"<link") and b"awa-" not in tag:
                tags[start] = tag
            before, at = at, head.find(name, at + 1)
    return b"".join(tags[start] for start in sorted(tags))


def _release_information(body: bytes, main: int, main_end: int) -> tuple[int, bytes] | None:
    """Where the container begins, and its bytes up to its last table (the tree closes what is left open). None when
    there is no container, or several."""
    found = body.find(_CONTAINER, main, main_end)
    if found < 0 or body.find(_CONTAINER, found + 1) >= 0:
        return None
    start = body.rfind(b"<", 0, found)
    end = body.rfind(b"</table>", found, main_end)
    if end < 0 or start < 0 or not _TAG.match(body, start) or _is_commented(body, start, start):
        return None
    return start, body[start : end + len(b"</table>")]


def _support(body: bytes, main: int, main_end: int) -> tuple[int, bytes] | None:
    """Where main or the first category begins, and main followed by each category once; None for a page of another
    make.

    Each category is put into a ``section``, whose end tag closes what was cut open. The old layout renders the
    navigation twice, with 34 kB of site header in between (sources.md B2): equal categories are kept once."""
    if body.find(b"<main", main_end) >= 0:
        return None
    starts = list(_category_starts(body, 0, main))
    bound = main
    if not starts:
        starts, bound = list(_category_starts(body, main_end, len(body))), len(body)
    # What is in a comment is no markup: then it is left to the tree.
    if not starts or _is_commented(body, starts[0], max(main, starts[-1])):
        return None
    categories: dict[bytes, None] = {}
    for start, following in zip(starts, [*starts[1:], bound], strict=True):
        last = body.rfind(_ARTICLE, start, following)
        end = body.find(b"</ul>", last, following) if last >= 0 else -1
        if end < 0:
            # No list of the known kind: it is left to the tree of the whole page.
            return None
        categories[_without_slots(body[start : end + len(b"</ul>")])] = None
    sections = b"".join(b"<section>%b</section>" % category for category in categories)
    return min(main, starts[0]), _without_slots(body[main : main_end + len(b"</main>")]) + sections


def _category_starts(body: bytes, low: int, high: int) -> Iterator[int]:
    """Where the tags begin that have a class ending in ``LeftNavCategory``, as in both layouts seen, or in one with
    another prefix."""
    found = body.find(_CATEGORY, low, high)
    while found >= 0:
        after = found + len(_CATEGORY)
        if body[after : after + 1] in (b" ", b'"'):
            start = body.rfind(b"<", low, found)
            if start >= 0 and _TAG.match(body, start) and body.find(b">", start, found) < 0:
                yield start
        low, found = after, body.find(_CATEGORY, after, high)


def _is_commented(body: bytes, first: int, last: int) -> bool:
    """Whether ``first``, ``last`` or a category between them is in a comment."""
    begin = body.find(b"<!--", 0, last)
    while begin >= 0:
        end = body.find(b"-->", begin)
        if end < 0 or begin <= first < end or begin < last < end or _CATEGORY in body[begin:end]:
            return True
        begin = body.find(b"<!--", end, last)
    return False


def _without_slots(markup: bytes) -> bytes:
    """Without ``data-bi-slot``: each new link in the navigation renumbers the others (sources.md C4)."""
    first, *others = markup.split(b' data-bi-slot="')
    return b"".join([first, *(piece.partition(b'"')[2] for piece in others)])


def _without_awa(meta: re.Match[bytes]) -> bytes:
    return b"" if b'name="awa-' in meta[0] else meta[0]

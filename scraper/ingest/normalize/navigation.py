"""Navigation categories: the links that announce updates, out-of-band and component ones too, by the grammar of
sources.md B4."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from scraper.errors import cut
from scraper.ingest.normalize.cells import MONTHS, Unreadable, is_date, link_of
from scraper.ingest.normalize.labels import release_name
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.parse.parsed import Row, Table
from scraper.models import Entry, EntryKind, Severity, Version

# Characters. The longest true link has 99, the longest category 73. Longer texts are not searched: that could take
# hours.
_LONGEST = 300

_CLIENT_CATEGORY = re.compile(r"hotpatch on windows 11\b.*\bversion (?P<version>\d\dh\d)\b", re.I | re.A)
_HISTORY_CATEGORY = re.compile(r"windows 11, version (?P<version>\d\dh\d)", re.I | re.A)
_SERVER_CATEGORY = re.compile(r"hotpatch .*\bwindows server (?P<version>\d{4})\b", re.I | re.A)
# The preview of 2021 ran on a Windows Server edition (17784) that is none of the catalog's releases.
_OUTSIDE_CATEGORY = re.compile(r"hotpatch in azure automanage for windows server$", re.I | re.A)
# Links that announce no update: "End of servicing statement", "End of updates statement", "Support for Windows Server
# 2016 will end in January 2027" (sources.md B7).
_STATEMENT = re.compile(
    r"\bend of (?:servicing|service|support|updates|life)\b"
    r"|\b(?:support|servicing|updates) for [^\u2014]*\b(?:ends?|ended|will end|will no longer)\b",
    re.I | re.A,
)
_EXPIRED = re.compile(r"[\s\u2010-\u2015-]*\bEXPIRED$", re.I | re.A)
_LONG_DATE = re.compile(r"(?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>[12]\d{3})\b", re.A)
_KB = re.compile(r"\bKB *(\d{7})(?!\d)", re.I | re.A)
_BUILD = re.compile(r"(?<![\d.])\d{5}\.\d{1,5}(?![\d.])", re.A)
# Nine of ten links are of this form, with builds of one revision. They need no second look for odd words.
_USUAL_LINK = re.compile(
    r"[A-Z][a-z]+ \d{1,2}, 20\d\d\u2014(?:Baseline|(?:Hotpatch )?KB\d{7}"
    r" \(OS Builds? \d{5}(\.\d{1,5})(?: and \d{5}\1)*\)(?: Preview| Out-of-band)?)",
    re.A,
)
# All words that a link may have beside its date and KB (sources.md B4, B7). No rule reads what is left.
_KNOWN_WORDS = re.compile(
    r"hotpatch|baseline|public preview|preview|out-of-band|for windows 11 enterprise ltsc \d{4}"
    r"|security update for windows (?:powershell|server update services)"
    r"|\(OS Builds? (?:OS )?\d{5}\.\d{1,5}(?:(?:,|,? and) (?:OS )?\d{5}\.\d{1,5})* ?(?:\)|$)"
    r"|[\s():\u2010-\u2015-]",
    re.I | re.A,
)


def read_navigation(reading: Reading, table: Table) -> None:
    """Add the links of a category to ``reading``; a category that names no release is only noted."""
    release = _release_of(table.label) if len(table.label) <= _LONGEST else None
    if release is None:
        if not _OUTSIDE_CATEGORY.search(table.label):
            message = f"the navigation category {cut(table.label, _LONGEST)!r} names no release"
            reading.note(Severity.WARNING, "category", None, table.label, message)
        return
    reading.versions.append(release)
    is_preview = table.label.casefold().startswith("public preview")
    kind_of = _update_kind if _HISTORY_CATEGORY.fullmatch(table.label) else _hotpatch_kind
    for row in table.rows:
        if _is_statement(row.cells["link"]):
            continue
        try:
            entry = _entry(release.release, row, kind_of, preview=is_preview)
        except Unreadable as problem:
            reading.set_aside(table, row, problem, release.release, None)
            continue
        if entry is None:
            message = "a link that announces no known kind of update"
            reading.note(Severity.WARNING, "entry", release.release, row.cells["link"], message)
            continue
        reading.entries.append(entry)
        if not _USUAL_LINK.fullmatch(entry.title):
            for message in _oddities(entry):
                reading.note(Severity.WARNING, "link-text", release.release, entry.kb or entry.title, message)


def _release_of(category: str) -> Version | None:
    """The release that the title of a category names. By title, so that client and server never mix (rule 9)."""
    if found := _CLIENT_CATEGORY.search(category) or _HISTORY_CATEGORY.fullmatch(category):
        product = "Windows 11"
    elif found := _SERVER_CATEGORY.search(category):
        product = "Windows Server"
    else:
        return None
    version = found["version"].upper()
    return Version(release_name(product, version), product, version, None)


def _is_statement(text: str) -> bool:
    """Whether a link tells of the end of a release's updates. One that begins with a day, or names a KB or a build, is
    an update, whatever else it says."""
    if len(text) > _LONGEST or _LONG_DATE.match(text) or _KB.search(text) or _BUILD.search(text):
        return False
    return _STATEMENT.search(text) is not None


def _entry(release: str, row: Row, kind_of: Callable[..., EntryKind | None], *, preview: bool) -> Entry | None:
    """The record of one link; None when its words announce nothing known."""
    served = row.cells["link"]
    if len(served) > _LONGEST:
        raise Unreadable("link", f"at most {_LONGEST} characters", served, is_key=True)
    title = _EXPIRED.sub("", served) if served[-7:].casefold() == "expired" else served
    available = _date(title)
    kind = kind_of(title, is_dated=available is not None)
    if kind is None:
        return None
    found = _KB.search(title)
    kb = f"KB{found[1]}" if found else None
    if kind is EntryKind.BASELINE:
        if available is None:
            raise Unreadable("link", "the date of a baseline", served, is_key=True)
    elif kb is None:
        raise Unreadable("link", "KB and seven digits", served, is_key=True)
    builds = tuple(_BUILD.findall(title))
    return Entry(release, kind, available, kb, builds, title, link_of(row, "link"), title != served, preview)


def _oddities(entry: Entry) -> Iterator[str]:
    """What is odd about a link that could be read. A link whose text lost or gained something still has its KB."""
    rest = _KNOWN_WORDS.sub("", _KB.sub("", _LONG_DATE.sub("", entry.title, count=1)))
    if rest:
        yield f"{rest!r} is not understood in the link {entry.title!r}"
    if entry.available is None and entry.kind is not EntryKind.COMPONENT:
        yield f"no date in the link {entry.title!r}"
    if not entry.builds and entry.kind not in (EntryKind.BASELINE, EntryKind.COMPONENT):
        yield f"no OS build in the link {entry.title!r}"
    if len({build.partition(".")[2] for build in entry.builds}) > 1:
        yield f"the revisions of its builds differ in the link {entry.title!r}"


def _hotpatch_kind(title: str, *, is_dated: bool) -> EntryKind | None:
    """What a link of the hotpatch release notes announces."""
    # Component first: its link may end in "(Hotpatch)" (KB5066360). One with a day of its own raises the build of the
    # device like any hotpatch between two Tuesdays: KB5070893, for the update services of Server.
    words = title.casefold()
    if "security update for " in words:
        return EntryKind.OUT_OF_BAND if is_dated else EntryKind.COMPONENT
    if "baseline" in words:
        return EntryKind.BASELINE
    if "hotpatch" in words:
        return EntryKind.OUT_OF_BAND if "out-of-band" in words else EntryKind.HOTPATCH
    return None


def _update_kind(title: str, *, is_dated: bool) -> EntryKind | None:
    """What a link of the update history announces. Every link with a KB is a cumulative update; its suffix tells of
    which kind."""
    if not _KB.search(title):
        return None
    words = title.casefold()
    if "out-of-band" in words:
        return EntryKind.CUMULATIVE_OUT_OF_BAND
    return EntryKind.PREVIEW if words.rstrip(" -").endswith("preview") else EntryKind.CUMULATIVE


def _date(title: str) -> str | None:
    """The date that a link begins with; None where it begins with none. Raises Unreadable for a day that is not in the
    calendar."""
    found = _LONG_DATE.match(title)
    if not found:
        return None
    if day := _iso_date(*found.groups()):
        return day
    raise Unreadable("link", "a date such as May 13, 2025", title, is_key=False)


@lru_cache(maxsize=4096)
def _iso_date(month: str, day: str, year: str) -> str | None:
    text = f"{year}-{MONTHS.get(month.casefold(), 0):02}-{int(day):02}"
    return text if is_date(text) else None

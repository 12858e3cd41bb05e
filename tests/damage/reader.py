"""What a page states, as the judge reads it: with another library than the project's parsers and none of its code.

It reads as a person does. Rows stand under the label above them, a cell under the name of its column; a cell that is no
date, build, KB or update type as Microsoft writes them states nothing. It refuses no page and notes no oddity.
"""

import re
from calendar import month_name
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from tests.damage.tree import tree_of

_INVISIBLE = re.compile("[\u200b-\u200e\u2060\ufeff\u00ad]")
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "br", "button", "caption", "dd", "details", "div", "dl", "dt"}
    | {"figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
UNSEEN = frozenset({"noscript", "script", "style", "svg", "template"})

_DATE = re.compile(r"20\d\d-\d\d-\d\d", re.A)
_BUILD = re.compile(r"\d{5}\.\d{1,5}", re.A)
_KB = re.compile(r"KB ?(\d{7})", re.I | re.A)
_UPDATE_TYPE = re.compile(r"(\d{4})[-.\u2010-\u2015](0[1-9]|1[0-2]) (A|B|C|D|E|OOB)(?: ?\*)?", re.A)
_VERSION = re.compile(r"(Version|Windows Server) (\w{1,12})(?: \([^()]*\))* \(OS build (\d{4,5})\)", re.I | re.A)
_CALENDAR_YEAR = re.compile(r"(?:.{,40}\b)?calendar (?:year )?(20\d\d)\b.{,20}", re.I)
_NOTES_YEAR = re.compile(r"\b(?:year|hotpatch calendar) (20\d\d)\b", re.I)
_IDENTITY = re.compile(r"HotpatchCalendar_Version(\w+?)_(20\d\d)", re.A)
_SERVER_CELL = re.compile(r"Windows Server (\d{4})(?: \([^()]*\))*", re.A)
_NOTES_VERSION = re.compile(r"\bversion (\d\dh\d)\b", re.I)
_FOOTNOTE = re.compile(r"[\[(]?(?:\d{1,2}|[A-Za-z]|[†‡§¶])(?:, ?(?:\d{1,2}|[A-Za-z]))*[\])]?")
_CATEGORY_CLASS = re.compile(r"nav(?:igation)?[-_]*category", re.I)
_CLIENT_CATEGORY = re.compile(r"hotpatch on windows 11\b.*\bversion (\d\dh\d)\b", re.I)
_HISTORY_CATEGORY = re.compile(r"windows 11, version (\d\dh\d)", re.I)
_SERVER_CATEGORY = re.compile(r"hotpatch .*\bwindows server (\d{4})\b", re.I)
_EXPIRED = re.compile(r"[\s\u2010-\u2015-]*\bEXPIRED$", re.I)
_LONG_DATE = re.compile(r"[A-Z][a-z]+ \d{1,2}, 20\d\d\b", re.A)
_LINKED_KB = re.compile(r"\bKB ?(\d{7})(?!\d)", re.I | re.A)
_LINKED_BUILD = re.compile(r"(?<![\d.])\d{5}\.\d{1,5}(?![\d.])", re.A)
_ADDRESS = re.compile(r"https://(?:learn|support)\.microsoft\.com/[A-Za-z0-9_.~:/?#@!$&()*+,;=%-]{0,2000}")
_MONTHS = month_name[1:]

Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Fact:
    """What one row says of a release. ``kind``: ``servicing``, ``update``, ``month`` or ``link``; of a link, ``word``
    is what it announces and ``builds`` are those that it names."""

    kind: str
    release: str
    values: Values
    word: str = ""
    builds: tuple[str, ...] = ()
    expired: bool = False

    def __getitem__(self, name: str) -> str | None:
        return self.values.get(name)


@dataclass(frozen=True)
class Reading:
    """All that a page says."""

    facts: tuple[Fact, ...] = field(default=())

    def of(self, kind: str) -> Iterator[Fact]:
        return (fact for fact in self.facts if fact.kind == kind)


def read_page(body: bytes, url: str) -> Reading:
    """What the page says that came from ``url``."""
    soup = tree_of(body)
    canonical = soup.find("link", rel="canonical")
    base = urljoin(url, str(canonical.get("href") or "")) if isinstance(canonical, Tag) else url
    container = soup.find(id="winrelinfo_container") or soup.find("main")
    facts: list[Fact] = []
    if "release-health" in url and isinstance(container, Tag):
        facts += _information(container, base, "Server" if "server" in url.rpartition("/")[2] else "")
    elif isinstance(container, Tag):
        version = _NOTES_VERSION.search(url.replace("-", " "))
        if "hotpatch" in url and version:
            facts += _calendars(container, f"windows-11-{version[1].lower()}", base)
        facts += _navigation(soup, base)
    return Reading(tuple(facts))


# --- text ------------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    return " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())


def strings(node: Tag) -> Iterator[NavigableString]:
    """The texts below a node that are shown."""
    for string in node.find_all(string=True):
        if not isinstance(string, PreformattedString) and not any(above.name in UNSEEN for above in string.parents):
            yield string


def text_of(node: Tag, *, ends: tuple[str, ...] = ()) -> str:
    """The text of a node, without that of elements within it that ``ends`` names. The tags of blocks part words."""
    pieces: list[str] = []
    _gather(node, pieces, ends)
    return clean("".join(pieces))


def _gather(node: Tag, pieces: list[str], ends: tuple[str, ...]) -> None:
    for child in node.children:
        if isinstance(child, Tag):
            if child.name in UNSEEN or child.name in ends:
                continue
            if child.name == "sup" and _FOOTNOTE.fullmatch(clean(child.get_text())):
                continue
            if child.name in BLOCKS:
                pieces.append(" ")
            _gather(child, pieces, ends)
            if child.name in BLOCKS:
                pieces.append(" ")
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            pieces.append(str(child))


def address_of(node: Tag, base: str, *, ends: tuple[str, ...] = ()) -> str | None:
    """Where the first link of a node leads, if to a page of Microsoft's."""
    for link in [node] if node.name == "a" else node.find_all("a"):
        within = any(above.name in ends for above in _above(link, node)) if ends else False
        href = str(link.get("href") or "").strip()
        if within or not href or href.startswith("#"):
            continue
        try:
            address = urljoin(base, href)
        except ValueError:
            continue
        if address.startswith("https://"):
            return address if _ADDRESS.fullmatch(address) else None
    return None


def _above(node: Tag, top: Tag) -> Iterator[Tag]:
    for above in node.parents:
        if above is top:
            return
        yield above


def iso_date(text: str) -> str | None:
    """The date that a text begins with, in words."""
    found = _LONG_DATE.match(text)
    try:
        return datetime.strptime(found[0], "%B %d, %Y").date().isoformat() if found else None
    except ValueError:
        return None


# --- tables ----------------------------------------------------------------------------------------------------------

Cells = dict[str, tuple[str, Tag]]


def rows_of(table: Tag, *, surplus: bool = False) -> tuple[list[str], list[Cells]]:
    """The header of a table in lower case, and its rows by column name. A row that has more than its header is left
    out, since nobody knows which cell stands under which name; with ``surplus`` what it has more."""
    rows = [row for row in _rows(table) if any(text for text, _ in row)]
    header = [text.casefold() for text, _ in rows[0]] if rows else []
    while header and not header[-1]:
        header.pop()
    listed = (row for row in rows[1:] if surplus or not any(text for text, _ in row[len(header) :]))
    return header, [dict(zip(header, row, strict=False)) for row in listed]


def _rows(table: Tag) -> Iterator[list[tuple[str, Tag]]]:
    """The cells of each row. Cells outside of any row are one, as a browser makes it."""
    rows: dict[int, list[tuple[str, Tag]]] = {}
    for cell in table.find_all(["td", "th"]):
        above = cell.find_parent(["tr", "thead", "tbody", "table"])
        if cell.find_parent("table") is table and above is not None:
            rows.setdefault(id(above), []).append((text_of(cell), cell))
    yield from rows.values()


def _text(row: Cells, column: str) -> str:
    return row[column][0] if column in row else ""


def _cell(row: Cells, column: str, pattern: re.Pattern[str]) -> str | None:
    text = _text(row, column)
    return text if pattern.fullmatch(text) else None


def _kb(row: Cells) -> str | None:
    found = _KB.fullmatch(_text(row, "kb article"))
    return f"KB{found[1]}" if found else None


def _link(row: Cells, base: str) -> str | None:
    return address_of(row["kb article"][1], base, ends=("td", "th", "tr")) if "kb article" in row else None


# --- release information ---------------------------------------------------------------------------------------------


def _information(container: Tag, base: str, server: str) -> Iterator[Fact]:
    release = year = ""
    used = ""  # what kind of table stands under the label
    for node in container.find_all(["strong", "b", "summary", "h1", "h2", "h3", "h4", "h5", "h6", "p", "table"]):
        if node.find_parent("table") is not None:
            continue
        if node.name != "table":
            text = text_of(node)
            if found := _VERSION.fullmatch(text):
                release, year, used = _release(found[2], server=found[1].lower() != "version"), "", ""
            elif found := _CALENDAR_YEAR.fullmatch(text):
                year = found[1]
            elif node.name in ("h1", "h2"):
                release = year = used = ""
            continue
        header, rows = rows_of(node)
        kind = _kind(header)
        if kind in ("update", "month"):
            named = _IDENTITY.fullmatch(str(node.get("id") or ""))
            if used not in ("", kind):
                release = ""
            used = kind
            own = release or (_release(named[1], server=bool(server)) if named else "")
            own_year = year or (named[2] if named else "")
            for row in rows if own else ():
                fact = _update(own, row, base) if kind == "update" else _month(own, own_year, row, base)
                if fact:
                    yield fact
        elif kind == "servicing":
            yield from filter(None, (_servicing(row, server) for row in rows))


def _release(version: str, *, server: bool) -> str:
    return f"windows-server-{version}" if server else f"windows-11-{version.lower()}"


def _kind(header: list[str]) -> str:
    names = set(header)
    if {"month", "type", "kb article"} <= names:
        return "month"
    if {"kb article", "build", "availability date"} <= names:
        return "update"
    return "servicing" if {"latest build", "availability date"} <= names else ""


def _update(release: str, row: Cells, base: str) -> Fact | None:
    build, kb = _cell(row, "build", _BUILD), _kb(row)
    if build is None or (kb is None and _text(row, "kb article")):
        return None
    found = _UPDATE_TYPE.fullmatch(_text(row, "update type"))
    values = {"build": build, "kb": kb, "available": _cell(row, "availability date", _DATE), "url": _link(row, base)}
    values |= {"month": f"{found[1]}-{found[2]}" if found else None, "cadence": found[3] if found else None}
    return Fact("update", release, values)


def _month(release: str, year: str, row: Cells, base: str) -> Fact | None:
    name, found = _text(row, "month").capitalize(), _UPDATE_TYPE.fullmatch(_text(row, "update type"))
    number = found[2] if found else f"{_MONTHS.index(name) + 1:02}" if name in _MONTHS else None
    if number is None or not year or (name and (name not in _MONTHS or int(number) != _MONTHS.index(name) + 1)):
        return None
    kind = {"hotpatch": "hotpatch", "baseline (restart)": "baseline"}.get(_text(row, "type").casefold())
    values = {"month": f"{year}-{number}", "type": kind, "available": _cell(row, "availability date", _DATE)}
    values |= {"build": _cell(row, "build", _BUILD), "kb": _kb(row), "url": _link(row, base)}
    return Fact("month", release, values)


def _servicing(row: Cells, server: str) -> Fact | None:
    if "mainstream support end date" in row and not server:
        return None  # the long-term channel's
    cell = next((text for name, (text, _) in row.items() if name.endswith("version")), "")
    found = _SERVER_CELL.fullmatch(cell) if server else re.fullmatch(r"(\d\dH\d)", cell)
    if not found:
        return None
    release = _release(found[1], server=bool(server))
    values = {"build": _cell(row, "latest build", _BUILD), "available": _cell(row, "latest revision date", _DATE)}
    return Fact("servicing", release, values)


# --- release notes and update history --------------------------------------------------------------------------------


def _calendars(main: Tag, release: str, base: str) -> Iterator[Fact]:
    year = ""
    for node in main.find_all(True):
        is_heading = node.name in ("h1", "h2", "h3", "h4", "h5", "h6", "summary") or "ocpExpandoHead" in _classes(node)
        if is_heading and (found := _NOTES_YEAR.search(text_of(node))):
            year = found[1]
        if node.name == "table" and node.find_parent("table") is None:
            header, rows = rows_of(node)
            if _kind(header) == "month":
                yield from filter(None, (_month(release, year, row, base) for row in rows))


def _navigation(soup: BeautifulSoup, base: str) -> Iterator[Fact]:
    for category in soup.find_all(lambda tag: any(map(_is_category, _classes(tag)))):
        listing = category.find(["ul", "ol"])
        if not isinstance(listing, Tag):
            continue
        title = _title(category, listing)
        release, kind = _release_of(title)
        for number, item in enumerate(listing.find_all("li")):
            text = text_of(item, ends=("ul", "ol", "li"))
            is_own = number == 0 and (item.find(attrs={"aria-current": True}) or "urrent" in " ".join(_classes(item)))
            if release and text and not is_own and text.casefold() not in (title.casefold(), "release notes"):
                yield from filter(None, [_entry(release, kind, text, item, base)])


def _is_category(name: str) -> bool:
    found = _CATEGORY_CLASS.search(name)
    return found is not None and found.end() == len(name)


def _classes(tag: Tag) -> list[str]:
    value = tag.get("class") or []
    return value.split() if isinstance(value, str) else list(value)


def _title(category: Tag, listing: Tag) -> str:
    """What stands first in a category, before its list."""
    for node in category.find_all(True):
        if node is listing or node.find_parent(["ul", "ol"]) is not None:
            return ""
        if text := text_of(node, ends=("ul", "ol")):
            return text
    return ""


def _release_of(title: str) -> tuple[str, str]:
    """The release of a category, and whether it lists hotpatches or cumulative updates."""
    if found := _HISTORY_CATEGORY.fullmatch(title):
        return _release(found[1], server=False), "history"
    if found := _CLIENT_CATEGORY.search(title):
        return _release(found[1], server=False), "hotpatch"
    found = _SERVER_CATEGORY.search(title)
    return (_release(found[1], server=True), "hotpatch") if found else ("", "")


def _entry(release: str, category: str, text: str, item: Tag, base: str) -> Fact | None:
    title = _EXPIRED.sub("", text)
    available, words = iso_date(title), title.casefold()
    found = _LINKED_KB.search(title)
    kb = f"KB{found[1]}" if found else None
    word = _word(category, words, dated=available is not None)
    if not word or (kb is None and (word != "baseline" or not available)):
        return None
    values = {"available": available, "kb": kb, "title": title, "url": address_of(item, base, ends=("ul", "ol"))}
    return Fact("link", release, values, word, tuple(_LINKED_BUILD.findall(title)), title != text)


def _word(category: str, words: str, *, dated: bool) -> str:
    if category == "history":
        if "out-of-band" in words:
            return "cumulative out-of-band"
        return "preview" if words.rstrip(" -").endswith("preview") else "cumulative"
    if "security update for " in words:
        return "out-of-band" if dated else "component"
    if "baseline" in words:
        return "baseline"
    if "hotpatch" in words:
        return "out-of-band" if "out-of-band" in words else "hotpatch"
    return ""

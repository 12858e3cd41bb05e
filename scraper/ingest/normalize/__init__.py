"""Strings to typed records: the closed vocabularies of the pages live here, and nowhere else.

Every cell is read by a rule, is empty, or sends its row to quarantine with its raw text; an unknown word is never
guessed away. Pure: no network, no clock, no database. Rules are those of design.md section 6.
"""

import re
from calendar import month_name
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from scraper.errors import DriftError, cut
from scraper.ingest.parse.parsed import ParsedPage, Row, Table
from scraper.models import (
    HOSTS,
    CalendarMonth,
    Entry,
    EntryKind,
    LongTermServicing,
    MonthType,
    Note,
    Quarantined,
    Records,
    Servicing,
    Severity,
    Source,
    TableName,
    Update,
    Version,
)

_MONTHS = {name.casefold(): number for number, name in enumerate(month_name) if name}
_MONTH_TYPES = {"baseline (restart)": MonthType.BASELINE, "hotpatch": MonthType.HOTPATCH}
# Only what RFC 3986 lets stand in an address, without the signs that others read as the end of one. Letters and digits
# are spelled out: with a class such as \w among them a set is tried member by member, and there are hundreds of links.
_LINKABLE = re.compile(rf"https://(?:{'|'.join(map(re.escape, HOSTS))})/[A-Za-z0-9_.~:/?#@!$&()*+,;=%-]{{0,2000}}")

# Characters. The longest true link has 99, the longest label 73; a row is quoted, and told of, within bounds.
_LONGEST_TEXT = 300
_LONGEST_CELL, _LONGEST_ROW, _LONGEST_NOTE = 200, 1000, 1000

_LABEL = {
    # Windows 10 writes a second parenthesis before the build: `Version 1507 (RTM) (OS build 10240)`.
    "Windows 11": re.compile(
        r"Version (?P<version>\w{1,12})(?: \([^()]*\))* \(OS build (?P<base>\d{4,5})\)", re.I | re.A
    ),
    "Windows Server": re.compile(
        r"Windows Server (?P<version>\d{4})(?: \([^()]*\))* \(OS build (?P<base>\d{4,5})\)", re.I | re.A
    ),
}
_VERSION_CELL = {
    "Windows 11": re.compile(r"(?P<version>\d\dH\d)", re.A),
    "Windows Server": re.compile(r"Windows Server (?P<version>\d{4})(?: \([^()]*\))*", re.A),
}
_IDENTITY = re.compile(r"HotpatchCalendar_Version(?P<version>\w{1,12}?)_(?P<year>20\d\d)", re.A)
_UPDATE_TYPE = re.compile(
    r"(?P<year>[12]\d{3})[-.\u2010-\u2015](?P<month>0[1-9]|1[0-2]) (?P<letter>A|B|C|D|E|OOB)", re.A
)
_CALENDAR_TYPE = re.compile(r"(?P<year>[12]\d{3})[-.\u2010-\u2015](?P<month>0[1-9]|1[0-2]) B *(?P<star>\*?)", re.A)
_DATE = re.compile(r"[12]\d{3}-\d\d-\d\d", re.A)
_BUILD = re.compile(r"\d{5}\.\d{1,5}", re.A)
_KB = re.compile(r"KB *(\d{7})", re.I | re.A)
_HELP_LINK = re.compile(r"/help/(\d+)$", re.A)

_CLIENT_CATEGORY = re.compile(r"hotpatch on windows 11\b.*\bversion (?P<version>\d\dh\d)\b", re.I | re.A)
_HISTORY_CATEGORY = re.compile(r"windows 11, version (?P<version>\d\dh\d)", re.I | re.A)
_SERVER_CATEGORY = re.compile(r"hotpatch .*\bwindows server (?P<version>\d{4})\b", re.I | re.A)
# The preview of 2021 ran on a Windows Server edition (17784) that is none of the catalog's releases.
_OUTSIDE_CATEGORY = re.compile(r"hotpatch in azure automanage for windows server$", re.I | re.A)
# Links of the update history that announce no update.
_NO_UPDATE = re.compile(r"end of servicing statement", re.I | re.A)
_EXPIRED = re.compile(r"[\s\u2010-\u2015-]*\bEXPIRED$", re.I | re.A)
_LONG_DATE = re.compile(r"(?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>[12]\d{3})\b", re.A)
_LISTED_KB = re.compile(r"\bKB *(\d{7})(?!\d)", re.I | re.A)
_LISTED_BUILD = re.compile(r"(?<![\d.])\d{5}\.\d{1,5}(?![\d.])", re.A)
# What nine of ten links say, and what needs no second look: builds of one revision.
_USUAL_LINK = re.compile(
    r"[A-Z][a-z]+ \d{1,2}, 20\d\d\u2014(?:Baseline|(?:Hotpatch )?KB\d{7}"
    r" \(OS Builds? \d{5}(\.\d{1,5})(?: and \d{5}\1)*\)(?: Preview| Out-of-band)?)",
    re.A,
)
# All that a link may say beside its date and KB (sources.md B4, B7); whatever is left is a word that nobody read.
_LISTED_WORDS = re.compile(
    r"hotpatch|baseline|public preview|preview|out-of-band|for windows 11 enterprise ltsc \d{4}"
    r"|security update for windows (?:powershell|server update services)"
    r"|\(OS Builds? (?:OS )?\d{5}\.\d{1,5}(?:(?:,|,? and) (?:OS )?\d{5}\.\d{1,5})* ?(?:\)|$)"
    r"|[\s():\u2010-\u2015-]",
    re.I | re.A,
)


# So many builds of another family are no slips.
_MANY = 3


class _Unreadable(Exception):
    """A cell that no rule reads; its row is set aside. ``key``: it is one of the cells that identify the row."""

    def __init__(self, column: str, expected: str, found: str, *, key: bool) -> None:
        super().__init__(f"{column}: expected {expected}, found {cut(found, _LONGEST_CELL)!r}")
        self.key = key


def normalize(source: Source, page: ParsedPage) -> Records:
    """The typed facts of one version of one page.

    Raises DriftError when a table stands under no label that names a release or a year: its rows cannot be attributed,
    and a fact under the wrong release would be worse than none.
    """
    reading = _Reading(source)
    for table in page.tables:
        _READERS[table.name](reading, table)
    # Where no table is declared beside the navigation, every other one is simply not read.
    has_tables = any(shape.name is not TableName.NAVIGATION for shape in source.tables)
    for header in page.unknown_tables if has_tables else ():
        reading.note(Severity.WARNING, "unknown-table", None, "table", f"a table with columns {', '.join(header)}")
    for (release, year), types in reading.strange_years.items():
        message = f"update types {', '.join(types)} stand under calendar year {year}"
        reading.note(Severity.WARNING, "update-type-year", release, year, message)
    return Records(
        layout=page.layout,
        updated_at=cut(page.updated_at, _LONGEST_CELL),
        versions=tuple(dict.fromkeys(reading.versions)),
        servicing=tuple(reading.servicing),
        long_term=tuple(reading.long_term),
        updates=tuple(reading.updates),
        months=tuple(reading.months),
        entries=tuple(reading.entries),
        quarantined=tuple(reading.quarantined),
        notes=tuple(dict.fromkeys(reading.notes)),
    )


class _Reading:
    """What has been read of a page so far."""

    __slots__ = (
        "entries",
        "long_term",
        "months",
        "notes",
        "quarantined",
        "servicing",
        "source",
        "strange_years",
        "updates",
        "versions",
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.versions: list[Version] = []
        self.servicing: list[Servicing] = []
        self.long_term: list[LongTermServicing] = []
        self.updates: list[Update] = []
        self.months: list[CalendarMonth] = []
        self.entries: list[Entry] = []
        self.quarantined: list[Quarantined] = []
        self.notes: list[Note] = []
        # Update types whose year is not their section's, by release and year (rule 7).
        self.strange_years: dict[tuple[str, str], list[str]] = {}

    def note(self, severity: Severity, code: str, release: str | None, subject: str, message: str) -> None:
        said = cut(message, _LONGEST_NOTE)
        self.notes.append(Note(severity, code, release, cut(subject, _LONGEST_CELL), said))

    def set_aside(
        self, table: Table, row: Row, problem: _Unreadable, release: str | None, key: tuple[str, ...] | None
    ) -> None:
        raw = cut(" | ".join((*row.cells.values(), *row.surplus)), _LONGEST_ROW)
        self.quarantined.append(Quarantined(table.name, release, None if problem.key else key, str(problem), raw))


# --- cells -----------------------------------------------------------------------------------------------------------


def _date(column: str, text: str) -> str | None:
    if not text:
        return None
    if _is_date(text):
        return text
    raise _Unreadable(column, "a date YYYY-MM-DD", text, key=False)


@lru_cache(maxsize=4096)  # all releases have their updates on the same days
def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _build(column: str, text: str, *, key: bool) -> str | None:
    if not text or _BUILD.fullmatch(text):
        return text or None
    raise _Unreadable(column, "one build such as 26100.3981", text, key=key)


def _kb(column: str, text: str, *, key: bool) -> str | None:
    if not text:
        return None
    if found := _KB.fullmatch(text):
        return f"KB{found[1]}"
    raise _Unreadable(column, "KB and seven digits", text, key=key)


def _url(row: Row, column: str) -> str | None:
    """The cell's link where it leads to one of the publisher's two hosts; every other address is dropped."""
    url = row.links.get(column)
    return url if url is not None and _LINKABLE.fullmatch(url) else None


def _no_surplus(row: Row) -> None:
    if row.surplus:
        raise _Unreadable("row", "no cell beyond the header's", " | ".join(row.surplus), key=True)


# --- releases and labels ---------------------------------------------------------------------------------------------


def _release(product: str, version: str) -> str:
    return f"{product.replace(' ', '-')}-{version}".lower()


def _version(reading: _Reading, table: Table) -> Version:
    """The release that a table's label names; without a label, the one its HTML id names."""
    source = reading.source
    if found := _LABEL[source.product].fullmatch(table.label):
        version = found["version"].upper()
        release = Version(_release(source.product, version), source.product, version, int(found["base"]))
        named = _IDENTITY.fullmatch(table.identity)
        if named and named["version"].upper() != version:
            reading.note(
                Severity.WARNING,
                "label",
                release.release,
                table.identity,
                f"the table {table.identity} stands under the label {table.label}",
            )
    elif not table.label and (named := _IDENTITY.fullmatch(table.identity)):
        version = named["version"].upper()
        release = Version(_release(source.product, version), source.product, version, None)
    else:
        raise DriftError(
            f"label of a {table.name} table",
            page=source.name,
            expected="Version X (OS build N)" if source.product == "Windows 11" else "Windows Server N (OS build N)",
            found=repr(table.label),
        )
    reading.versions.append(release)
    return release


def _check_family(reading: _Reading, version: Version, table: Table, rows: Sequence[tuple[str, str | None]]) -> None:
    """A build whose base is not its label's is kept as served and reported (sources.md B6: 20346 for 20348). ``rows``:
    what each row of the table is called, and its build.

    Raises DriftError when most of them are of another family: then the label is wrong.
    """
    if version.base_build is None:
        return
    family = f"{version.base_build}."
    strange = [(subject, build) for subject, build in rows if build and not build.startswith(family)]
    if len(strange) >= _MANY and 2 * len(strange) > sum(build is not None for _, build in rows):
        raise DriftError(
            f"label of a {table.name} table",
            page=reading.source.name,
            expected=f"builds of OS build {version.base_build} under {table.label}",
            found=f"{strange[0][1]} and {len(strange) - 1} more of another",
        )
    for subject, build in strange:
        message = f"build {build} stands under OS build {version.base_build}"
        reading.note(Severity.WARNING, "family", version.release, subject, message)


# --- servicing tables ------------------------------------------------------------------------------------------------

_END_OF_UPDATES = "end of updates"
_LONG_TERM = re.compile(r"\blong-term\b|\bLTS[BC]\b", re.I | re.A)


def _servicing_columns(source: Source, name: TableName) -> tuple[str, str, str]:
    """The columns that hold the version, the first end date and the second, found by their declared names."""
    columns = next(shape.columns for shape in source.tables if shape.name is name)
    first, second = (column for column in columns if column.startswith(_END_OF_UPDATES) or "support end date" in column)
    return next(column for column in columns if column.endswith("version")), first, second


def _end(column: str, text: str) -> tuple[str | None, bool]:
    """An end date, or that updates have ended without one: the page writes ``End of updates`` in place of the date."""
    if text.casefold() == _END_OF_UPDATES:
        return None, True
    return _date(column, text), False


def _check_channel(source: Source, name: TableName, option: str) -> None:
    """Of a client, the same release stands in both tables, with other ends: the channel tells which row is which."""
    if source.product == "Windows 11" and bool(_LONG_TERM.search(option)) is not (name is TableName.LONG_TERM):
        expected = "a long-term channel" if name is TableName.LONG_TERM else "no long-term channel"
        raise _Unreadable("servicing option", expected, option, key=True)


def _read_servicing(reading: _Reading, table: Table) -> None:
    source = reading.source
    version_column, first, second = _servicing_columns(source, table.name)
    for row in table.rows:
        release = None
        try:
            _no_surplus(row)
            cell = row.cells[version_column]
            found = _VERSION_CELL[source.product].fullmatch(cell)
            if not found:
                raise _Unreadable(version_column, f"a version of {source.product}", cell, key=True)
            version = found["version"]
            release = _release(source.product, version)
            end, ended = _end(first, row.cells[first])
            last_end, all_ended = _end(second, row.cells[second])
            _check_channel(source, table.name, row.cells["servicing option"])
            available = _date("availability date", row.cells["availability date"])
            latest = _build("latest build", row.cells["latest build"], key=False)
            latest_date = _date("latest revision date", row.cells["latest revision date"])
            if table.name is TableName.LONG_TERM:
                reading.long_term.append(LongTermServicing(release, available, end, last_end, latest, latest_date))
                continue
            reading.servicing.append(
                Servicing(
                    release=release,
                    available=available,
                    end_of_updates=end,
                    end_of_updates_enterprise=last_end,
                    ended="all" if all_ended else "home" if ended else None,
                    latest_build=latest,
                    latest_date=latest_date,
                )
            )
            reading.versions.append(Version(release, source.product, version, None))
        except _Unreadable as problem:
            reading.set_aside(table, row, problem, release, (release,) if release else None)


# --- release history -------------------------------------------------------------------------------------------------


def _read_history(reading: _Reading, table: Table) -> None:
    version = _version(reading, table)
    begin = len(reading.updates)
    for row in table.rows:
        key = None
        try:
            _no_surplus(row)
            kb = _kb("kb article", row.cells["kb article"], key=True)
            build = _build("build", row.cells["build"], key=True)
            if build is None:
                raise _Unreadable("build", "one build such as 26100.3981", "", key=True)
            key = (version.release, build, kb or "")
            cadence, month = _update_type(row.cells["update type"])
            reading.updates.append(
                Update(
                    release=version.release,
                    build=build,
                    kb=kb,
                    cadence=cadence,
                    month=month,
                    available=_date("availability date", row.cells["availability date"]),
                    url=_url(row, "kb article"),
                )
            )
            _check_link(reading, version, kb, row)
        except _Unreadable as problem:
            reading.set_aside(table, row, problem, version.release, key)
    _check_family(reading, version, table, [(row.kb or row.build, row.build) for row in reading.updates[begin:]])


@lru_cache(maxsize=1024)  # and of the same types
def _update_type(text: str) -> tuple[str | None, str | None]:
    """Letter and month of ``2026-07 B``; the first rows of a release have an empty cell."""
    if not text:
        return None, None
    if found := _UPDATE_TYPE.fullmatch(text):
        return found["letter"], f"{found['year']}-{found['month']}"
    raise _Unreadable("update type", "YYYY-MM and one of A B C D E OOB", text, key=False)


def _check_link(reading: _Reading, version: Version, kb: str | None, row: Row) -> None:
    """The KB is its text; an address that says another number is only worth a note (rule 6)."""
    url = row.links.get("kb article", "")
    if kb and not url.endswith(f"/{kb[2:]}") and (found := _HELP_LINK.search(url)):
        reading.note(Severity.INFO, "link", version.release, kb, f"the link of {kb} leads to KB{found[1]}")


# --- hotpatch calendars ----------------------------------------------------------------------------------------------


def _read_calendar(reading: _Reading, table: Table) -> None:
    source = reading.source
    if source.calendar_release:
        name = source.calendar_release.rpartition("-")[2].upper()
        version = Version(source.calendar_release, source.product, name, None)
        reading.versions.append(version)
    else:
        version = _version(reading, table)
    year = _calendar_year(reading, table)
    begin = len(reading.months)
    for row in table.rows:
        key = None
        try:
            month, star, served_year = _calendar_month(row, year)
            key = (version.release, month)
            _no_surplus(row)
            if served_year not in ("", year):
                reading.strange_years.setdefault((version.release, year), []).append(row.cells["update type"])
            build = _build("build", row.cells.get("build", ""), key=False)
            reading.months.append(
                CalendarMonth(
                    release=version.release,
                    month=month,
                    type=_month_type(row.cells["type"]),
                    available=_date("availability date", row.cells.get("availability date", "")),
                    build=build,
                    kb=_kb("kb article", row.cells["kb article"], key=False),
                    url=_url(row, "kb article"),
                    replanned=star,
                )
            )
            if not source.calendar_release:  # the release notes link by the number of the article (sources.md B5)
                _check_link(reading, version, reading.months[-1].kb, row)
        except _Unreadable as problem:
            reading.set_aside(table, row, problem, version.release, key)
    _check_family(reading, version, table, [(row.month, row.build) for row in reading.months[begin:]])


def _calendar_year(reading: _Reading, table: Table) -> str:
    named = _IDENTITY.fullmatch(table.identity)
    if table.year:
        if named and named["year"] != table.year:
            reading.note(
                Severity.WARNING,
                "label",
                None,
                table.identity,
                f"the table {table.identity} stands under calendar year {table.year}",
            )
        return table.year
    if named:
        return named["year"]
    raise DriftError(
        "label of a hotpatch-calendar table", page=reading.source.name, expected="Calendar year YYYY", found="none"
    )


def _calendar_month(row: Row, year: str) -> tuple[str, bool, str]:
    """Month of the update type, whether it is starred, and the year as served. The section's year wins (rule 7)."""
    name, update_type = row.cells["month"], row.cells["update type"]
    number = _MONTHS.get(name.casefold())
    if name and number is None:
        raise _Unreadable("month", "the English name of a month", name, key=True)
    if not update_type:
        if number is None:
            raise _Unreadable("update type", "YYYY.MM B", "", key=True)
        return f"{year}-{number:02}", False, ""
    found = _CALENDAR_TYPE.fullmatch(update_type)
    if not found:
        raise _Unreadable("update type", "YYYY.MM B", update_type, key=True)
    if number is not None and number != int(found["month"]):
        raise _Unreadable("update type", f"the month {number:02}, as the row's name {name} says", update_type, key=True)
    return f"{year}-{found['month']}", bool(found["star"]), found["year"]


def _month_type(text: str) -> MonthType:
    try:
        return _MONTH_TYPES[text.casefold()]
    except KeyError:
        raise _Unreadable("type", "Baseline (Restart) or Hotpatch", text, key=False) from None


# --- navigation ------------------------------------------------------------------------------------------------------


def _read_navigation(reading: _Reading, table: Table) -> None:
    # A longer one is searched for nothing: that could take hours.
    release = _category_release(table.label) if len(table.label) <= _LONGEST_TEXT else None
    if release is None:
        if not _OUTSIDE_CATEGORY.search(table.label):
            message = f"the navigation category {cut(table.label, _LONGEST_TEXT)!r} names no release"
            reading.note(Severity.WARNING, "category", None, table.label, message)
        return
    reading.versions.append(release)
    preview = table.label.casefold().startswith("public preview")
    kind_of = _update_kind if _HISTORY_CATEGORY.fullmatch(table.label) else _entry_kind
    for row in table.rows:
        if _NO_UPDATE.fullmatch(row.cells["link"]):
            continue
        try:
            if len(row.cells["link"]) > _LONGEST_TEXT:
                raise _Unreadable("link", f"at most {_LONGEST_TEXT} characters", row.cells["link"], key=True)
            entry = _entry(release.release, row, kind_of, preview=preview)
        except _Unreadable as problem:
            reading.set_aside(table, row, problem, release.release, None)
        else:
            if entry:
                reading.entries.append(entry)
                if not _USUAL_LINK.fullmatch(entry.title):
                    for message in _strange_words(entry):
                        subject = entry.kb or entry.title
                        reading.note(Severity.WARNING, "link-text", release.release, subject, message)
            else:
                message = "a link that announces no known kind of update"
                reading.note(Severity.WARNING, "entry", release.release, row.cells["link"], message)


def _category_release(title: str) -> Version | None:
    """Categories are chosen by title, so that client and server never mix (rule 9)."""
    if found := _CLIENT_CATEGORY.search(title) or _HISTORY_CATEGORY.fullmatch(title):
        product = "Windows 11"
    elif found := _SERVER_CATEGORY.search(title):
        product = "Windows Server"
    else:
        return None
    version = found["version"].upper()
    return Version(_release(product, version), product, version, None)


def _entry(release: str, row: Row, kind_of: Callable[..., EntryKind | None], *, preview: bool) -> Entry | None:
    """One link by the grammar of sources.md B4; None when its words announce nothing known."""
    served = row.cells["link"]
    title = _EXPIRED.sub("", served) if served[-7:].casefold() == "expired" else served
    available = _long_date(title)
    kind = kind_of(title, dated=available is not None)
    if kind is None:
        return None
    listed = _LISTED_KB.search(title)
    kb = f"KB{listed[1]}" if listed else None
    if kind is EntryKind.BASELINE:
        if available is None:
            raise _Unreadable("link", "the date of a baseline", served, key=True)
    elif kb is None:
        raise _Unreadable("link", "KB and seven digits", served, key=True)
    builds = tuple(_LISTED_BUILD.findall(title))
    return Entry(release, kind, available, kb, builds, title, _url(row, "link"), title != served, preview)


def _strange_words(entry: Entry) -> Iterator[str]:
    """What is odd about a link that could be read: a text that lost or gained something still has its KB."""
    rest = _LISTED_WORDS.sub("", _LISTED_KB.sub("", _LONG_DATE.sub("", entry.title, count=1)))
    if rest:
        yield f"{rest!r} is not understood in the link {entry.title!r}"
    if entry.available is None and entry.kind is not EntryKind.COMPONENT:
        yield f"no date in the link {entry.title!r}"
    if not entry.builds and entry.kind not in (EntryKind.BASELINE, EntryKind.COMPONENT):
        yield f"no OS build in the link {entry.title!r}"
    if len({build.partition(".")[2] for build in entry.builds}) > 1:
        yield f"the revisions of its builds differ in the link {entry.title!r}"


def _entry_kind(title: str, *, dated: bool) -> EntryKind | None:
    # A component's link may end in "(Hotpatch)", so it is asked for first: KB5066360. One that has its own day raises
    # the build of the device like any hotpatch between two Tuesdays: KB5070893, for the update services of Server.
    words = title.casefold()
    if "security update for " in words:
        return EntryKind.OUT_OF_BAND if dated else EntryKind.COMPONENT
    if "baseline" in words:
        return EntryKind.BASELINE
    if "hotpatch" in words:
        return EntryKind.OUT_OF_BAND if "out-of-band" in words else EntryKind.HOTPATCH
    return None


def _update_kind(title: str, *, dated: bool) -> EntryKind | None:
    """Of a link of the update history: every one with a KB is a cumulative update, its suffix says of what kind."""
    if not _LISTED_KB.search(title):
        return None
    words = title.casefold()
    if "out-of-band" in words:
        return EntryKind.CUMULATIVE_OUT_OF_BAND
    return EntryKind.PREVIEW if words.rstrip(" -").endswith("preview") else EntryKind.CUMULATIVE


def _long_date(title: str) -> str | None:
    found = _LONG_DATE.match(title)
    if not found:
        return None
    if day := _iso_date(*found.groups()):
        return day
    raise _Unreadable("link", "a date such as May 13, 2025", title, key=False)


@lru_cache(maxsize=4096)
def _iso_date(month: str, day: str, year: str) -> str | None:
    text = f"{year}-{_MONTHS.get(month.casefold(), 0):02}-{int(day):02}"
    return text if _is_date(text) else None


_READERS: dict[TableName, Callable[[_Reading, Table], None]] = {
    TableName.SERVICING: _read_servicing,
    TableName.LONG_TERM: _read_servicing,
    TableName.HISTORY: _read_history,
    TableName.CALENDAR: _read_calendar,
    TableName.NAVIGATION: _read_navigation,
}

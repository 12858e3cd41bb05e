"""What the pages' redundancy tells: rules that hold among true facts, asked of tonight's claims.

A page that is damaged still parses. But Microsoft says most things more than once, and days, revisions and KBs follow
an order; so a wrong value contradicts something. What is broken becomes a finding that names the row (docs/findings.md)
and never stops a catalog: pages may differ for hours on a release night, and Microsoft makes slips of its own. Pure.
"""

import re
from bisect import bisect_right
from calendar import month_name
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter

from scraper.catalog.resolve import (
    BuildClaim,
    Claim,
    Claims,
    ReleaseClaim,
    initial_row,
    revision,
    second_tuesday,
    security_rows,
)
from scraper.models import (
    CalendarMonth,
    Entry,
    EntryKind,
    LongTermServicing,
    MonthType,
    Records,
    Servicing,
    Severity,
    Source,
    Update,
)

# `2025-11 D` came on 2025-12-01 and `2023-11 D` on 2023-12-04 (sources.md A6): so many days into the next month.
_LATE_DAYS = 7
_SAME_UPDATE = timedelta(days=14)
_A_MONTH = timedelta(days=35)
_AFTER_TUESDAY = frozenset({"C", "D", "E"})
# Numbers rose from KB5000802 in March 2021 to KB5124010 in September 2026: another first digit is decades away.
_SHAPE = "KB5"
_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.A)

_Ranked = Sequence[tuple[Source, Records]]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known beside the pages of tonight, ``day``. By source: the facts of the version ``before``, where
    tonight's is a new one, and the newest day that a version said it was ``updated``. ``releases`` and ``months``:
    what is published of releases, and the months that any calendar ever had."""

    day: str
    before: Mapping[str, Records] = field(default_factory=dict)
    updated: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, ReleaseClaim] = field(default_factory=dict)
    months: Iterable[tuple[str, str]] = ()


def crosscheck(claims: Claims, ranked: _Ranked, past: Past) -> int:
    """Add a finding for every row of tonight's claims that contradicts another, its day, its order or its family. A row
    that is gone for the first time may be flapping: how many contradictions that excuses is what is returned."""
    for found in (
        *_days(claims),
        *_future(claims, past.day),
        *_orders(claims),
        *_siblings(claims),
        *_names(claims),
        *_baselines(claims),
        *_shapes(claims),
        *_servicing(ranked, past),
        *_stale(ranked, past.updated),
        *_links(claims, ranked),
        *_families(claims, ranked),
    ):
        claims.find(found)
    lost = dict.fromkeys(_lost(claims, ranked, past.months, {}))
    said = dict.fromkeys(_lost(claims, ranked, past.months, past.before)) if past.before else lost
    for found in said:
        claims.find(found)
    return len(lost.keys() - said.keys())


def _subject(row: BuildClaim) -> str:
    return row.kb or row.build or ""


# --- days ------------------------------------------------------------------------------------------------------------


def _days(claims: Claims) -> Iterator[Claim]:
    """Every B came on the second Tuesday of its month and nothing out of band did; C, D and E came after it, in the
    month or a few days late."""
    for row in claims.builds.values():
        if row.month and row.available and row.cadence:
            yield from _day(row.release, _subject(row), row.month, row.cadence, row.available, row.page)
    newest: dict[str, str] = {}
    for month in claims.months.values():
        if month.available:
            page = month.page_of("available")
            yield from _day(month.release, month.kb or month.month, month.month, "B", month.available, page)
        if month.released:
            newest[month.release] = max(newest.get(month.release, ""), month.month)
    for month in claims.months.values():
        if not month.released and month.month < newest.get(month.release, ""):
            message = f"{month.month} is still planned, although {newest[month.release]} came"
            yield Claim(Severity.WARNING, "overdue", month.release, month.month, message, month.page)


def _future(claims: Claims, today: str) -> Iterator[Claim]:
    """Nothing came on a day that is yet to come, and no month before its second Tuesday."""
    for row in claims.builds.values():
        if row.available and row.available > today:
            message = f"{_subject(row)} stood on its page before {row.available}, the day that it came on"
            yield Claim(Severity.WARNING, "future", row.release, _subject(row), message, row.page)
    for month in claims.months.values():
        tuesday = second_tuesday(month.month)
        if month.released and tuesday > today:
            message = (
                f"{month.month} had {month.kb or month.build or month.available} before its second Tuesday, {tuesday}"
            )
            yield Claim(Severity.WARNING, "future", month.release, month.kb or month.month, message, month.page)


def _day(release: str, subject: str, month: str, cadence: str, day: str, page: str) -> Iterator[Claim]:
    tuesday = second_tuesday(month)
    if cadence == "B":
        if day != tuesday:
            message = f"the {month} B came on {day}, which is not the month's second Tuesday, {tuesday}"
            yield Claim(Severity.WARNING, "second-tuesday", release, subject, message, page)
        return
    first = _day_after(tuesday) if cadence in _AFTER_TUESDAY else f"{month}-01"
    next_month = date.fromisoformat(f"{month}-28") + timedelta(days=4)
    last = next_month.replace(day=_LATE_DAYS).isoformat()
    if not first <= day <= last:
        message = f"the {month} {cadence} came on {day}, and not between {first} and {last}"
        yield Claim(Severity.WARNING, "update-month", release, subject, message, page)
    elif day == second_tuesday(day[:7]):
        message = f"the {month} {cadence} came on {day}, a second Tuesday, as only B does"
        yield Claim(Severity.WARNING, "second-tuesday", release, subject, message, page)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# --- order -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class _Placed:
    """A row by its revision, then its day or the month of its update type."""

    revision: int
    time: str
    row: BuildClaim = field(compare=False)

    def __str__(self) -> str:
        return f"{self.row.build} of {self.time}"


def _orders(claims: Claims) -> Iterator[Claim]:
    """Within a release and a track, higher revisions never came earlier, nor are they of an earlier month. The build
    that a release began with stands aside: it has no KB, and builds of the previews before came with it and after it.
    Lower ones did not."""
    begun = _initial(claims)
    tracks: dict[tuple[str, str], list[_Placed]] = defaultdict(list)
    months: dict[tuple[str, str], list[_Placed]] = defaultdict(list)
    for row in claims.builds.values():
        if row.build and row.track != "component" and row is not begun.get(row.release):
            if row.available:
                tracks[row.release, row.track].append(_Placed(revision(row.build), row.available, row))
            if row.month:
                months[row.release, row.track].append(_Placed(revision(row.build), row.month, row))
    for placed in (tracks, months):
        for (release, _), rows in placed.items():
            rows.sort()
            for one, around in _misplaced(rows):
                message = f"{one} stands between {' and '.join(map(str, around))} by its revision"
                yield Claim(Severity.WARNING, "order", release, _subject(one.row), message, one.row.page)
    for (release, _), rows in tracks.items():
        if (first := begun.get(release)) and first.build and first.available:
            below = [one for one in rows if one.time > first.available and one.revision < revision(first.build)]
            for one in below:
                message = f"{one} is below {first.build} of {first.available}, with which its release began"
                yield Claim(Severity.WARNING, "order", release, _subject(one.row), message, one.row.page)
            if below:
                message = f"{len(below)} later builds are below {first.build} of {first.available}"
                yield Claim(Severity.WARNING, "order", release, first.build, message, first.page)


def _initial(claims: Claims) -> dict[str, BuildClaim]:
    """By release, the build with which it began."""
    rows: dict[str, list[BuildClaim]] = defaultdict(list)
    for row in claims.builds.values():
        rows[row.release].append(row)
    return {release: first for release in rows if (first := initial_row(rows[release]))}


def _misplaced(rows: Sequence[_Placed]) -> Iterator[tuple[_Placed, list[_Placed]]]:
    """The fewest rows without which the times of the others never fall, each with those before and after it."""
    kept = sorted(_longest_rise([one.time for one in rows]))
    for place in sorted(set(range(len(rows))) - set(kept)):
        after = bisect_right(kept, place)
        yield rows[place], [rows[other] for other in kept[max(0, after - 1) : after + 1]]


def _longest_rise(times: Sequence[str]) -> Iterator[int]:
    """The places of a longest run of times that never fall."""
    ends: list[str] = []  # by length less one, the earliest time in which a run of it ends
    places: list[int] = []
    previous: list[int] = []
    for place, time in enumerate(times):
        length = bisect_right(ends, time)
        previous.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(time)
            places.append(place)
        else:
            ends[length], places[length] = time, place
    place = places[-1] if places else -1
    while place >= 0:
        yield place
        place = previous[place]


# --- siblings --------------------------------------------------------------------------------------------------------


def _siblings(claims: Claims) -> Iterator[Claim]:
    """One KB comes to all its releases within days (KB5124010: to 26H2 a week after 25H2), is of the same update type
    in each, and raises each to the same revision. A build of two releases has one KB in both: 24H2 and Server 2025 had
    the same cumulative updates up to December 2025."""
    same: dict[str, list[BuildClaim]] = defaultdict(list)
    for row in claims.builds.values():
        if row.track != "component":
            for name in filter(None, (row.kb, row.build and f"{row.build} {row.track}")):
                same[name].append(row)
    for name, rows in same.items():
        if len({row.release for row in rows}) > 1:
            dated = [(row.available, row) for row in rows if row.available]
            if name.startswith("KB") and dated:
                (first, one), (last, other) = (choose(dated, key=itemgetter(0)) for choose in (min, max))
                if date.fromisoformat(last) - date.fromisoformat(first) > _SAME_UPDATE:
                    for row, its, others in ((one, first, last), (other, last, first)):
                        message = f"{name} came to {row.release} on {its}, to another release on {others}"
                        yield Claim(Severity.WARNING, "kb-day", row.release, name, message, row.page)
            yield from _unlike(name, rows)


def _unlike(name: str, rows: Sequence[BuildClaim]) -> Iterator[Claim]:
    """``name``: a KB, or a build and its track, that all rows have."""
    for what, value_of in _TRAITS.items():
        said = [(value, row) for row in rows if (value := value_of(row))]
        if len({value for value, _ in said}) > 1 and len({row.release for _, row in said}) > 1:
            words = ", ".join(f"{value} for {row.release}" for value, row in said)
            for _, row in said:
                message = f"{name.partition(' ')[0]} has another {what} in another release: {words}"
                yield Claim(Severity.WARNING, "siblings", row.release, _subject(row), message, row.page)


_TRAITS: Mapping[str, Callable[[BuildClaim], str | None]] = {
    "update type": lambda row: row.month and row.cadence and f"{row.month} {row.cadence}",
    "track": lambda row: row.kb and row.track,
    "revision": lambda row: row.kb and row.build and row.build.partition(".")[2],
    "KB": lambda row: row.build and row.kb,
}


# --- names -----------------------------------------------------------------------------------------------------------


def _names(claims: Claims) -> Iterator[Claim]:
    """Within a release and track a KB is of one build, a build of one KB, and a month has one B."""
    same: dict[tuple[str, str, str], list[BuildClaim]] = defaultdict(list)
    for row in claims.builds.values():
        if row.kb and row.track != "component":
            its_b = row.month if row.track == "cumulative" and row.cadence == "B" else None
            for name in filter(None, (row.kb, row.build, its_b)):
                same[row.release, row.track, name].append(row)
    for (release, _, name), rows in same.items():
        if len(rows) > 1:
            rows.sort(key=lambda row: row.key)
            said = ", ".join(f"{row.kb} {row.build} ({row.month} {row.cadence})" for row in rows)
            yield Claim(Severity.WARNING, "duplicate", release, name, f"{name} is of {said}", rows[-1].page)


# --- baselines -------------------------------------------------------------------------------------------------------


def _baselines(claims: Claims) -> Iterator[Claim]:
    """A calendar month whose KB the release history has is that month's B there, too."""
    rows = {(row.release, row.kb): row for row in claims.builds.values() if row.track == "cumulative"}
    for month in claims.months.values():
        row = rows.get((month.release, month.kb)) if month.kb else None
        if row is None or (row.cadence, row.month) == ("B", month.month):
            continue
        message = (
            f"{month.kb} is the {month.type} of {month.month} and the {row.month} {row.cadence} of the release history"
        )
        yield Claim(Severity.WARNING, "baseline", month.release, row.kb or month.month, message, month.page, row.page)


# --- shape -----------------------------------------------------------------------------------------------------------


def _shapes(claims: Claims) -> Iterator[Claim]:
    rows = [(row.release, row.kb, row.page) for row in claims.builds.values()]
    rows += [(month.release, month.kb, month.page_of("kb")) for month in claims.months.values()]
    for release, kb, page in rows:
        if kb and not kb.startswith(_SHAPE):
            message = f"{kb} does not begin with {_SHAPE}, as every update of these releases does"
            yield Claim(Severity.WARNING, "kb-shape", release, kb, message, page)


# --- the servicing table ---------------------------------------------------------------------------------------------


def _servicing(ranked: _Ranked, past: Past) -> Iterator[Claim]:
    """The servicing table says when a release began, which build is its newest, and of which day: its history must
    agree. Updates end on second Tuesdays, and not before the last one."""
    for source, page in ranked:
        rows = sorted(page.updates, key=lambda update: revision(update.build))
        newest = {update.release: update for update in rows}
        first = {update.release: update for update in reversed(rows)}
        yield from _unserviced(source, page, newest, past)
        yield from _twice(source, page.servicing)
        yield from _twice(source, page.long_term)
        for release, update in first.items():
            if source.product == "Windows 11" and update.kb:
                message = f"the history of {release} begins with {update.build}, and not with a build without a KB"
                yield Claim(Severity.WARNING, "first-day", release, release, message, source.name)
        for row in page.servicing:
            initial = first.get(row.release)
            # Only a first row without a KB is the release itself: the history of Server 2022 begins years later.
            if initial and initial.kb is None and (initial.available or row.available) != row.available:
                message = (
                    f"the servicing table says that {row.release} began on {row.available},"
                    f" its history on {initial.available} with {initial.build}"
                )
                yield Claim(Severity.WARNING, "first-day", row.release, row.release, message, source.name)
            if row.ended == "all" and row.end_of_updates:
                message = f"updates ended for Enterprise, and for Home and Pro they end on {row.end_of_updates}"
                yield Claim(Severity.WARNING, "end-of-updates", row.release, row.release, message, source.name)
        served: list[Servicing | LongTermServicing] = [*page.servicing, *page.long_term]
        for one in served:
            last = newest.get(one.release)
            for message in _odd_ends(one, last.available if last else None):
                yield Claim(Severity.WARNING, "end-of-updates", one.release, one.release, message, source.name)
            if one.latest_build is None:
                continue
            said = one.latest_build, one.latest_date
            if last and said != (last.build, last.available):
                message = (
                    f"the servicing table calls {said[0]} of {said[1]} the newest build of {one.release},"
                    f" the release history {last.build} ({last.kb}) of {last.available}"
                )
                yield Claim(Severity.WARNING, "latest-build", one.release, last.build, message, source.name)


def _twice(source: Source, rows: Sequence[Servicing | LongTermServicing]) -> Iterator[Claim]:
    """A release stands once in a servicing table."""
    first: dict[str, Servicing | LongTermServicing] = {}
    for row in rows:
        if first.setdefault(row.release, row) != row:
            message = f"{row.release} stands twice in a servicing table: {first[row.release]} and {row}"
            yield Claim(Severity.WARNING, "duplicate", row.release, row.release, message, source.name)


def _unserviced(source: Source, page: Records, newest: Mapping[str, Update], past: Past) -> Iterator[Claim]:
    """A release that still gets updates, or whose updates are known to end another day, stands in the servicing
    table."""
    if not page.servicing:
        return
    last = max((update.available or "" for update in newest.values()), default="") or past.day
    lately = (date.fromisoformat(last) - _A_MONTH).isoformat()
    known = {name for name, claim in past.releases.items() if claim.product == source.product}
    for release in sorted((newest.keys() | known) - {row.release for row in page.servicing}):
        update, claim = newest.get(release), past.releases.get(release)
        day, end = update.available if update else None, claim.last_end if claim else None
        if day and day > lately:
            message = f"{release} got an update on {day} and does not stand in the servicing table"
        elif end and end > past.day:
            message = f"the updates of {release} end on {end}, and it does not stand in the servicing table"
        else:
            continue
        yield Claim(Severity.WARNING, "unserviced", release, release, message, source.name)


def _odd_ends(row: Servicing | LongTermServicing, newest: str | None) -> Iterator[str]:
    ends = [day for day in row.ends if day]
    for day in ends:
        if day != second_tuesday(day[:7]):
            yield f"{day} is no second Tuesday, and updates of every release end on one"
        if row.available and day <= row.available:
            yield f"updates ended on {day}, before the release was available on {row.available}"
    if len(ends) > 1:
        first, last = ends
        is_annual = isinstance(row, Servicing) and row.release.startswith("windows-11-")
        # Enterprise has them a year longer; extended support takes five.
        years, span = (1, "a year") if is_annual else (5, "five years")
        if last[:7] != f"{int(first[:4]) + years}{first[4:7]}":
            yield f"updates end first on {first}, and last on {last}, which is not {span} later"
    if ends and newest and newest > ends[-1]:
        yield f"updates ended on {ends[-1]}, and one came on {newest}"


def _stale(ranked: _Ranked, updated: Mapping[str, str]) -> Iterator[Claim]:
    """A page that says when it was updated never says an earlier day than it said before."""
    for source, page in ranked:
        day, last = page.updated_at[:10], updated.get(source.name, "")
        if _DAY.fullmatch(day) and day < last:
            message = f"{source.name} says that it was updated on {day}, and said before that it was on {last}"
            yield Claim(Severity.WARNING, "older", None, source.name, message, source.name)


# --- lists -----------------------------------------------------------------------------------------------------------

_Listed = dict[str, dict[str, str]]  # by release and KB, the day


def _lost(
    claims: Claims, ranked: _Ranked, calendar: Iterable[tuple[str, str]], before: Mapping[str, Records]
) -> Iterator[Claim]:
    """What one place has and another, which should have it, lacks; what that one had in the version before, where there
    is one, may be flapping."""
    yield from _listings(ranked, before)
    yield from _hubs(ranked, before)
    yield from _months(claims, ranked, calendar, before)
    yield from _hotpatches(claims, ranked, before)


def _listings(ranked: _Ranked, before: Mapping[str, Records]) -> Iterator[Claim]:
    """What one list has and another, which goes on beyond it, lacks. A list has what it had in the version before."""
    tables, links = [], []
    for source, page in ranked:
        versions = [page, before.get(source.name, page)]
        tabled = _listed(row for version in versions for row in version.updates)
        # A history that lost its newest rows goes on to where its servicing table says.
        latest = {row.release: row.latest_date or "" for row in page.servicing}
        tables.append((source.name, tabled, latest))
        entries = [entry for version in versions for entry in version.entries if entry.kind in _LETTERS]
        links.append((source.name, _listed(entries)))
    for history, tabled, latest in tables:
        for listing, linked in links:
            for release in sorted(tabled.keys() & linked.keys()):
                rows, entries_of = tabled[release], linked[release]
                # The links go back to the previews before a release; the history begins with it.
                since = {kb: day for kb, day in entries_of.items() if day >= min(rows.values())}
                until = max(*rows.values(), latest.get(release, ""))
                yield from _unlisted(release, since, rows, until, listing, history)
                yield from _unlisted(release, rows, entries_of, max(entries_of.values()), history, listing)


def _listed(rows: Iterable[Update | Entry]) -> _Listed:
    found: _Listed = defaultdict(dict)
    for row in rows:
        if row.available:
            found[row.release][row.kb or ""] = row.available
    return found


def _unlisted(
    release: str, has: dict[str, str], lacks: dict[str, str], until: str, its: str, page: str
) -> Iterator[Claim]:
    """What is newer than the day ``until`` which a list goes may still come to it; ``its`` and ``page`` are the two
    pages."""
    for kb in sorted(has.keys() - lacks.keys() - {""}):
        if has[kb] <= until:
            message = f"{kb} of {has[kb]} is listed for {release} on {its}, and not on {page}"
            yield Claim(Severity.INFO, "unlisted", release, kb, message, page, its)


def _hubs(ranked: _Ranked, before: Mapping[str, Records]) -> Iterator[Claim]:
    """The hotpatch release notes of all releases carry the same navigation, from one table of contents."""
    hubs = [(source.name, page) for source, page in ranked if source.calendar_release]
    for (one, its), (other, others) in pairwise(hubs):
        for page, facts, lacking, lacks in ((one, its, other, others), (other, others, one, its)):
            stated = {_statement(entry) for version in (lacks, before.get(lacking, lacks)) for entry in version.entries}
            for entry in facts.entries:
                if _statement(entry) not in stated:
                    message = f"the link {entry.title!r} stands on {page}, and not on {lacking}"
                    subject = entry.kb or entry.title
                    yield Claim(Severity.INFO, "unlisted", entry.release, subject, message, lacking, page)


def _months(
    claims: Claims, ranked: _Ranked, calendar: Iterable[tuple[str, str]], before: Mapping[str, Records]
) -> Iterator[Claim]:
    """Every hotpatch and baseline that a link announces on a second Tuesday has its month in a calendar, from the first
    to the last month that the calendars of its release ever had."""
    # A plan that left its calendar when the month came is no row that flaps.
    released = (month for page in before.values() for month in page.months if month.kb or month.available)
    had = {(month.release, month.month) for month in released}
    stands = claims.months.keys() | had
    ever: dict[str, list[str]] = defaultdict(list)
    for release, month in (*claims.months, *calendar):
        ever[release].append(month)
    for source, page in ranked:
        for entry in page.entries:
            month = (entry.available or "")[:7]
            listed = ever.get(entry.release)
            if entry.kind not in _TUESDAY_KINDS or (entry.release, month) in stands or not listed:
                continue
            # Of a public preview's months, calendars have the last ones only.
            if month in listed or (not entry.preview and min(listed) < month < max(listed)):
                message = f"{entry.title!r} is of {month}, which no calendar has"
                subject = entry.kb or month
                yield Claim(Severity.WARNING, "no-month", entry.release, subject, message, source.name)


def _hotpatches(claims: Claims, ranked: _Ranked, before: Mapping[str, Records]) -> Iterator[Claim]:
    """A month with a hotpatch has its B beside it, where there is a release history."""
    told = {row.release for _, page in ranked for row in page.updates}
    had = {(row.release, row.month) for page in before.values() for row in page.updates if row.cadence == "B"}
    has = {(row.release, row.month) for row in security_rows(claims.builds.values())}
    for month in claims.months.values():
        lacks = month.release in told and (month.release, month.month) not in had | has
        if lacks and month.released and month.type is MonthType.HOTPATCH:
            message = f"the {month.month} hotpatch came, and no release history has the B of that month"
            yield Claim(Severity.WARNING, "no-b", month.release, month.month, message, month.page)


def _statement(entry: Entry) -> tuple[str, bool, str]:
    return entry.release, entry.preview, entry.title


# --- links -----------------------------------------------------------------------------------------------------------

# What a link's suffix says of an update, in the letters of the release history (153 B, 119 C and D, 32 OOB agreed).
_LETTERS = {
    EntryKind.CUMULATIVE: frozenset({"B", "A"}),
    EntryKind.PREVIEW: frozenset({"C", "D", "E"}),
    EntryKind.CUMULATIVE_OUT_OF_BAND: frozenset({"OOB"}),
}
_TUESDAY_KINDS = frozenset({EntryKind.HOTPATCH, EntryKind.BASELINE})
_OTHER_KINDS = frozenset({EntryKind.OUT_OF_BAND, EntryKind.CUMULATIVE_OUT_OF_BAND, EntryKind.PREVIEW})


def _links(claims: Claims, ranked: _Ranked) -> Iterator[Claim]:
    """A link beside its own address, the day that its kind comes on, the letter that the history has, and the other
    links of its KB. All pages carry all categories, so the same link is heard once."""
    letters = {(row.release, row.kb): row.cadence for row in claims.builds.values() if row.track == "cumulative"}
    kbs = frozenset(row.kb for row in claims.builds.values() if row.kb)
    expired: dict[str, set[bool]] = defaultdict(set)
    kinds: dict[str, EntryKind] = {}
    heard: set[tuple[str, str, str | None]] = set()
    told: set[tuple[str, str]] = set()
    for source, page in ranked:
        for entry in page.entries:
            if (entry.release, entry.title, entry.url) not in heard:
                heard.add((entry.release, entry.title, entry.url))
                subject = entry.kb or entry.title
                for severity, code, message in _odd(entry, letters.get((entry.release, entry.kb)), kbs):
                    yield Claim(severity, code, entry.release, subject, message, source.name)
            if entry.kb and entry.kind in _LETTERS:
                other = kinds.setdefault(entry.kb, entry.kind)
                if entry.kind is not other:
                    message = f"the link {entry.title!r} is a {entry.kind}, another of {entry.kb} is a {other}"
                    yield Claim(Severity.WARNING, "link-kind", entry.release, entry.kb, message, source.name)
            expired[entry.kb or ""].add(entry.expired)
            if entry.kb and len(expired[entry.kb]) > 1:
                message = f"one link of {entry.kb} says that it expired, another does not"
                yield Claim(Severity.INFO, "expired", entry.release, entry.kb, message, source.name)
        rows: list[Update | CalendarMonth] = [*page.updates, *page.months]
        # The numbers of the release information were looked at when it was read: there each is a KB.
        known = kbs if source.calendar_release else frozenset()
        for row in rows:
            # The calendars of the release notes have no days.
            day = row.available or (second_tuesday(row.month) if isinstance(row, CalendarMonth) else None)
            odd = _odd_address(row.url, row.release, day, (row.build or "",), row.kb, known)
            subject = row.kb or row.month or row.build or ""
            message = f"the address of {subject} says {odd}"
            if odd and (row.release, message) not in told:
                told.add((row.release, message))
                yield Claim(Severity.INFO, "link", row.release, subject, message, source.name)


def _odd(entry: Entry, letter: str | None, kbs: frozenset[str]) -> Iterator[tuple[Severity, str, str]]:
    day = entry.available
    if odd := _odd_address(entry.url, entry.release, day, entry.builds, entry.kb, kbs):
        yield Severity.INFO, "link", f"the address of the link {entry.title!r} says {odd}"
    if day and entry.kind in _TUESDAY_KINDS and day != second_tuesday(day[:7]):
        message = f"a {entry.kind} comes on a second Tuesday, and {entry.title!r} on {day}"
        yield Severity.WARNING, "second-tuesday", message
    if day and entry.kind in _OTHER_KINDS and day == second_tuesday(day[:7]):
        message = f"{entry.title!r} is a {entry.kind}, and came on a second Tuesday"
        yield Severity.WARNING, "second-tuesday", message
    words = _SLUG_KINDS.findall(_slug(entry.url).replace("public-preview", ""))
    # The other updates out of band of the hotpatch navigations are those of one component.
    is_component = entry.kind is EntryKind.OUT_OF_BAND and "hotpatch" not in entry.title.casefold()
    if entry.kind in _SLUGS and not is_component and _SERVICING in (entry.url or "") and words != _SLUGS[entry.kind]:
        message = f"the link {entry.title!r} is a {entry.kind}, its address says {' '.join(words) or 'none of it'}"
        yield Severity.WARNING, "link-kind", message
    if letter and letter not in _LETTERS.get(entry.kind, {letter}):
        message = f"the link {entry.title!r} is a {entry.kind}, the release history says {letter}"
        yield Severity.WARNING, "link-kind", message


# The new layout's addresses say it all once more: `july-14-2026-kb5101650-os-builds-26200-8875-and-26100-8875`, in
# folders as `windows-11/2026/07`, for hotpatches `hotpatch/windows-11/2026`. A January's baseline may stand in the year
# before. The old one's end in a GUID or in the number of the article, which is not the KB (sources.md B5, rule 6).
_SERVICING = "/servicing/os/"
_FOLDERS = re.compile(r"/servicing/os/(?:hotpatch/)?(?:preview/)?([a-z0-9-]+)/(20\d\d)/(?:(\d\d)/)?[^/]*$")
_SLUG_DAY = re.compile(r"([a-z]+)-(\d{1,2})-(20\d\d)(?=-)")
_SLUG_KB = re.compile(r"(?<![a-z])kb-?(\d{7})(?!\d)")
_SLUG_BUILD = re.compile(r"(?<=-)(\d{5})-(\d{1,5})(?=-|$)")
_SLUG_KINDS = re.compile(r"(?<=-)(hotpatch|baseline|out-of-band|preview)(?=-|$)")
_SLUGS = {
    EntryKind.OUT_OF_BAND: ["hotpatch", "out-of-band"],
    EntryKind.HOTPATCH: ["hotpatch"],
    EntryKind.BASELINE: ["baseline"],
    EntryKind.CUMULATIVE: [],
    EntryKind.PREVIEW: ["preview"],
    EntryKind.CUMULATIVE_OUT_OF_BAND: ["out-of-band"],
}
_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_HELP = re.compile(r"/help/(\d{7})$", re.A)


def _slug(url: str | None) -> str:
    return (url or "").rpartition("/")[2].lower()


def _odd_address(
    url: str | None, release: str, day: str | None, builds: tuple[str, ...], kb: str | None, kbs: frozenset[str]
) -> str | None:
    """What an address says otherwise than the text that stands for it. The number of `/help/5089602` may be that of an
    article, but never is another one of the ``kbs``."""
    if odd := _odd_words(url, release, day, builds, kb):
        return odd
    found = _HELP.search(url or "")
    number = f"KB{found[1]}" if found else kb
    return number if kb and number != kb and number in kbs else None


@lru_cache(maxsize=4096)  # night after night, nearly all links are those of the night before
def _odd_words(url: str | None, release: str, day: str | None, builds: tuple[str, ...], kb: str | None) -> str:
    """What an address says otherwise than the text that stands for it; what it does not name differs in nothing."""
    slug = _slug(url)
    odd = []
    named = [f"KB{number}" for number in _SLUG_KB.findall(slug)]
    if kb and named and kb not in named:
        odd += named
    dated = _SLUG_DAY.match(slug)
    if _SERVICING in (url or "") and not named and not dated:
        return "neither KB nor day"
    if day and dated and dated[1] in _MONTHS:
        its_day = f"{dated[3]}-{_MONTHS[dated[1]]:02}-{int(dated[2]):02}"
        odd += [its_day] if its_day != day else []
    odd += _odd_folders(url, release, day)
    said = {build.partition(".")[0]: build for build in builds}
    addressed = [f"{base}.{number}" for base, number in _SLUG_BUILD.findall(slug)]
    odd += [build for build in addressed if said.get(build[:5], build) != build]
    return ", ".join(odd)


def _odd_folders(url: str | None, release: str, day: str | None) -> Iterator[str]:
    folders = _FOLDERS.search(url or "")
    if folders is None:
        if _SERVICING in (url or ""):
            yield "neither product nor year"
        return
    product, year, month = folders.groups()
    if product != (release if release.startswith("windows-server") else "windows-11"):
        yield product
    years = {day[:4], str(int(day[:4]) - (day[5:7] == "01"))} if day else {year}
    if year not in years or (day and month not in (None, day[5:7])):
        yield f"{year}-{month}" if month else year


# --- families --------------------------------------------------------------------------------------------------------


def _families(claims: Claims, ranked: _Ranked) -> Iterator[Claim]:
    """No two releases of a product have one OS build. A link names builds of its release and of that one's siblings,
    which all are releases of the catalog."""
    owners: dict[tuple[str, int], str] = {}
    for release in claims.releases.values():
        if release.base_build:
            owner = owners.setdefault((release.product, release.base_build), release.release)
            if owner != release.release:
                for one, other in ((release.release, owner), (owner, release.release)):
                    message = f"OS build {release.base_build} is that of {other}, too"
                    yield Claim(Severity.WARNING, "family", one, one, message, release.page)
    known = {str(release.base_build) for release in claims.releases.values()}
    for source, page in ranked:
        for entry in page.entries:
            strange = [build for build in entry.builds if build.partition(".")[0] not in known]
            if strange and entry.release in claims.releases and claims.releases[entry.release].base_build:
                message = f"no release has the OS build of {', '.join(strange)} in {entry.title!r}"
                subject = entry.kb or entry.title
                yield Claim(Severity.WARNING, "family", entry.release, subject, message, source.name)

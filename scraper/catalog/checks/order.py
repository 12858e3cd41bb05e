"""Order: within a release and a track, higher revisions never came earlier, nor are they of an earlier month."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scraper.catalog.checks.context import Context
from scraper.catalog.checks.table import Found, about, check
from scraper.catalog.rows import BuildRow, revision
from scraper.models import Severity


class _Placed(NamedTuple):
    """A row by its revision, then its day or the month of its update type."""

    revision: int
    time: str
    row: BuildRow

    def __str__(self) -> str:
        return f"{self.row.build} of {self.time}"


def _placed(context: Context, column: str) -> list[list[_Placed]]:
    """By release and track, the rows in the order of their revisions. The build that a release began with is left out:
    previews from before the release have lower revisions, and came with it and after it."""
    placed: dict[tuple[str, str], list[_Placed]] = defaultdict(list)
    for row in context.updates:
        time: str | None = getattr(row, column)
        if row.build and time and row is not context.first_builds.get(row.release):
            placed[row.release, row.track].append(_Placed(revision(row.build), time, row))
    return [sorted(rows, key=lambda one: one[:2]) for rows in placed.values()]


@check("order", Severity.WARNING)
def in_order(context: Context) -> Iterator[Found]:
    """An update with a higher revision came earlier than one with a lower revision, or is of an earlier month, in the
    same release and track; or one below the build with which the release began came after it."""
    for rows in (*_placed(context, "available"), *_placed(context, "month")):
        for one, around in _misplaced(rows):
            yield about(one.row, f"{one} stands between {' and '.join(map(str, around))} by its revision")


@check("order")
def above_first_build(context: Context) -> Iterator[Found]:
    for rows in _placed(context, "available"):
        first = context.first_builds.get(rows[0].row.release)
        if first is None or first.available is None:
            continue
        began = f"{first.build} of {first.available}"
        below = [one for one in rows if one.time > first.available and one.revision < revision(first.build)]
        for one in below:
            yield about(one.row, f"{one} is below {began}, with which its release began")
        if below:
            yield about(first, f"{len(below)} later builds are below {began}")


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
        ends[length : length + 1], places[length : length + 1] = [time], [place]
    place = places[-1] if places else -1
    while place >= 0:
        yield place
        place = previous[place]

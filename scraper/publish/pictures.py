"""Pictures of a release as SVG: the revisions of both tracks over time, and its restarts by year.

Pure: the rows of the lookups go in, markup comes out. All that goes into the markup is a number or escaped. Colours are
classes of the site's style sheet, so that dark mode and print have their own. Tracks also differ in shape and dashes,
so that no meaning rests on colour alone.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from scraper.answers.documents import ReleaseBuild, Year

_WIDTH, _HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 32, 64, 16, 40
# The counts of restarts_per_year, in the order of the bars.
_BARS = ("planned", "actual", "cumulative")
_TRACKS = {"cumulative": ("security", "baseline"), "hotpatch": ("hotpatch", "baseline")}
_DRAWN = ("security", "baseline", "hotpatch")
_MONTHS_LABELLED = 14
_APART = 16  # pixels between two labels, one above the other


@dataclass(frozen=True, slots=True)
class Step:
    """A device takes an update: the day, the revision that it shows then, and the update."""

    day: date
    revision: int
    row: ReleaseBuild


class Scale:
    """Where a day and a revision are in the staircase, in pixels.

    The height of a revision is its place among all revisions, not its number. The tracks are about 80 revisions apart
    and a release rises by thousands, once by 24,768 in a month (Windows Server 2025, January 2026): to scale, both
    tracks would be one line.
    """

    def __init__(self, steps: Sequence[Step], until: date | None) -> None:
        """``until``: the last day that the data cover, or that is asked about. No line goes beyond it."""
        days = [step.day for step in steps]
        self.until, self.first, self.last = until, min(days), max([*days, *filter(None, [until])])
        self.heights: Mapping[int, int] = {
            revision: place for place, revision in enumerate(sorted({step.revision for step in steps}))
        }

    def x(self, day: date) -> float:
        days = max((self.last - self.first).days, 1)
        return round(_LEFT + (day - self.first).days / days * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, revision: int) -> float:
        span = max(len(self.heights) - 1, 1)
        return round(_HEIGHT - _BOTTOM - self.heights[revision] / span * (_HEIGHT - _TOP - _BOTTOM), 1)


def staircase(builds: Sequence[ReleaseBuild], today: str, data_as_of: str | None) -> str:
    """The revisions of a device on either track over time, up to ``today`` (``YYYY-MM-DD``), and no further than the
    data go. Baselines, where both tracks meet and restart, are marked. Empty where there are not two days to draw."""
    steps = _steps(builds, today)
    if len({step.day for step in steps}) < 2:
        return ""
    scale = Scale(steps, date.fromisoformat(min(today, data_as_of[:10])) if data_as_of else None)
    kinds = {step.row["kind"] for step in steps}
    tracks = [track for track in _TRACKS if track == "cumulative" or track in kinds]
    baselines = [step.revision for step in steps if step.row["kind"] == "baseline"]
    parts = [
        *_rules([max(scale.heights), *sorted(baselines or scale.heights, reverse=True)], scale.y),
        *_dates(scale),
        *(_track(steps, track, scale) for track in tracks),
        *(_step(step, scale) for step in steps),
        *_legend(tracks, baselines=bool(baselines)),
    ]
    title = f"Revisions over time of both tracks, {_data(data_as_of)}"
    return _svg("staircase", _WIDTH, _HEIGHT, title, "".join(parts))


def restarts(years: Sequence[Year]) -> str:
    """The restarts of each year, planned, actual and cumulative, the oldest year first. Empty without a year."""
    if not years:
        return ""
    ordered = sorted(years, key=lambda year: year["year"])
    width, height, base = max(360, 110 * len(ordered) + 28), 260, 220
    counts = [_counts(year) for year in ordered]
    most = max(1, *(number for count in counts for number in count.values()))
    parts: list[str] = []
    for place, (year, count) in enumerate(zip(ordered, counts, strict=True)):
        left = 24 + place * 110
        for offset, (name, number) in enumerate(count.items()):
            parts.append(_bar(year["year"], name, number, left + offset * 32, base, round(number / most * 150, 1)))
        parts.append(f'<text class="label" x="{left + 45}" y="{base + 20}">{escape(year["year"])}</text>')
    parts.append(f'<line class="rule" x1="14" y1="{base}" x2="{width - 8}" y2="{base}"/>')
    for at, name in zip((24, 124, 214), _BARS, strict=True):
        parts.append(
            f'<rect class="bar {name}" x="{at}" y="8" width="14" height="14"/>'
            f'<text class="key" x="{at + 21}" y="20">{name}</text>'
        )
    title = f"Restarts per year: planned, actual and cumulative, {_data(ordered[-1]['data_as_of'])}"
    return _svg("bars", width, height, title, "".join(parts))


def _data(data_as_of: str | None) -> str:
    return f"in data of {data_as_of[:10] if data_as_of else 'an unknown day'}"


# --- the staircase ---------------------------------------------------------------------------------------------------


def _steps(builds: Sequence[ReleaseBuild], today: str) -> list[Step]:
    """The builds that are drawn: of the two tracks, dated, and neither withdrawn nor corrected."""
    return [
        Step(date.fromisoformat(row["available"]), int(row["build"].partition(".")[2]), row)
        for row in builds
        if row["available"] and row["build"] and row["available"] <= today
        if row["kind"] in _DRAWN and not row["withdrawn"] and not row["corrected_to"]
    ]


def _track(steps: Sequence[Step], track: str, scale: Scale) -> str:
    """The line of a track: it keeps its height until the next step, and from the last one to the end of the data."""
    points = [(scale.x(step.day), scale.y(step.revision)) for step in steps if step.row["kind"] in _TRACKS[track]]
    if not points:
        return ""
    (x, y), *rest = points
    end = max(points[-1][0], scale.x(scale.until)) if scale.until else points[-1][0]
    path = f"M{x} {y}" + "".join(f"H{right}V{height}" for right, height in rest) + f"H{end}"
    return f'<path class="stair {track}" d="{path}"/>'


def _step(step: Step, scale: Scale) -> str:
    row, x, y = step.row, scale.x(step.day), scale.y(step.revision)
    title = f"{row['available']}: {row['build']} {row['kb'] or ''} ({row['kind']})"
    shape = (
        f'<rect class="step baseline" x="{x - 5}" y="{y - 5}" width="10" height="10"/>'
        if row["kind"] == "baseline"
        else f'<circle class="step {escape(str(row["track"]))}" cx="{x}" cy="{y}" r="4"/>'
    )
    return f"<g><title>{escape(title)}</title>{shape}</g>"


def _rules(revisions: Sequence[int], y: Callable[[int], float]) -> Iterator[str]:
    """Lines across with their revisions, from the highest down, where there is room."""
    above = -math.inf
    for revision in revisions:
        at = y(revision)
        if at - above < _APART:
            continue
        above = at
        yield (
            f'<line class="rule" x1="{_LEFT}" y1="{at}" x2="{_WIDTH - _RIGHT}" y2="{at}"/>'
            f'<text class="axis" x="{_WIDTH - _RIGHT + 8}" y="{at + 4}">{revision}</text>'
        )


def _dates(scale: Scale) -> Iterator[str]:
    """The first days of months below, as many as there is room for."""
    months = [
        date(year, month, 1)
        for year in range(scale.first.year, scale.last.year + 1)
        for month in range(1, 13)
        if scale.first <= date(year, month, 1) <= scale.last
    ]
    every = -(-len(months) // _MONTHS_LABELLED) or 1
    for day in months[::every]:
        x = scale.x(day)
        yield (
            f'<line class="tick" x1="{x}" y1="{_HEIGHT - _BOTTOM}" x2="{x}" y2="{_HEIGHT - _BOTTOM + 5}"/>'
            f'<text class="label" x="{x}" y="{_HEIGHT - _BOTTOM + 20}">{day:%Y-%m}</text>'
        )


def _legend(tracks: Sequence[str], *, baselines: bool) -> Iterator[str]:
    """At the lower right, where no line that rises ever is."""
    lines = len(tracks) + baselines
    at, line = _WIDTH - _RIGHT - 220, _HEIGHT - _BOTTOM - 24 * lines
    yield f'<rect class="paper" x="{at - 8}" y="{line - 8}" width="228" height="{24 * lines}"/>'
    for track in tracks:
        yield (
            f'<path class="stair {track}" d="M{at} {line}H{at + 28}"/><circle class="step {track}" cx="{at + 14}"'
            f' cy="{line}" r="4"/><text class="key" x="{at + 38}" y="{line + 4}">{track} track</text>'
        )
        line += 24
    if baselines:
        yield (
            f'<rect class="step baseline" x="{at + 9}" y="{line - 5}" width="10" height="10"/>'
            f'<text class="key" x="{at + 38}" y="{line + 4}">baseline (restart on both)</text>'
        )


# --- the bars --------------------------------------------------------------------------------------------------------


def _counts(year: Year) -> dict[str, int]:
    return dict(zip(_BARS, (year["planned"], year["actual"], year["cumulative"]), strict=True))


def _bar(year: str, name: str, number: int, left: int, base: int, tall: float) -> str:
    return (
        f'<g><title>{escape(f"{year}: {number} {name}")}</title><rect class="bar {name}" x="{left}" y="{base - tall}"'
        f' width="26" height="{tall}"/><text class="number" x="{left + 13}" y="{base - tall - 6}">{number}</text></g>'
    )


def _svg(kind: str, width: int, height: int, title: str, body: str) -> str:
    return (
        f'<svg class="picture {kind}" width="{width}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )

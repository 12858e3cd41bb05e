"""Pictures of a release as SVG: the two staircases of its revisions, and its restarts by year.

Pure: the lookups' rows in, markup out. Every number and text that goes into the markup is a number, or escaped. Colours
are classes of the site's style sheet, so that dark mode and print have their own; tracks differ in shape and dash too,
so that nothing rests on colour alone.
"""

import math
from collections.abc import Callable, Sequence
from datetime import date
from html import escape

from scraper.answers.documents import ReleaseBuild, Year

_WIDTH, _HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 32, 64, 16, 40
_BARS = (("planned", "planned"), ("actual", "came"), ("cumulative", "cumulative track"))
_TRACKS = (("cumulative", ("security", "baseline")), ("hotpatch", ("hotpatch", "baseline")))
_MONTHS_LABELLED = 14
_APART = 16  # of two labels, one above the other


def staircase(builds: Sequence[ReleaseBuild], today: str) -> str:
    """Revisions over time of a device on either track, up to ``today`` (``YYYY-MM-DD``). Baselines, where both tracks
    meet and restart, are marked. Empty without two steps.

    Heights are in order and not to scale: the tracks are about 80 revisions apart, and a release goes up by thousands,
    now and then by 24,768 in one month (Windows Server 2025, January 2026), beside which they would be one line."""
    steps = [
        (date.fromisoformat(row["available"]), int(row["build"].partition(".")[2]), row)
        for row in builds
        if row["available"]
        and row["build"]
        and not row["withdrawn"]
        and not row["corrected_to"]
        and row["available"] <= today
        and row["kind"] in ("security", "baseline", "hotpatch")
    ]
    if len({day for day, _, _ in steps}) < 2:
        return ""
    first, last = min(day for day, _, _ in steps), max(date.fromisoformat(today), max(day for day, _, _ in steps))
    heights = {revision: place for place, revision in enumerate(sorted({revision for _, revision, _ in steps}))}
    days, span = max((last - first).days, 1), max(len(heights) - 1, 1)

    def x(day: date) -> float:
        return round(_LEFT + (day - first).days / days * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(revision: int) -> float:
        return round(_HEIGHT - _BOTTOM - heights[revision] / span * (_HEIGHT - _TOP - _BOTTOM), 1)

    has_hotpatch = any(row["kind"] == "hotpatch" for _, _, row in steps)
    baselines = [revision for _, revision, row in steps if row["kind"] == "baseline"]
    parts = [*_rules([max(heights), *sorted(baselines or heights, reverse=True)], y), *_dates(first, last, x)]
    for track, kinds in _TRACKS:
        if track == "hotpatch" and not has_hotpatch:
            continue
        mine = [(day, revision) for day, revision, row in steps if row["kind"] in kinds]
        parts.append(f'<path class="stair {track}" d="{_stairs([(x(d), y(r)) for d, r in mine], x(last))}"/>')
    for day, revision, row in steps:
        title = f"{row['available']}: {row['build']} {row['kb'] or ''} ({row['kind']})"
        shape = (
            f'<rect class="step baseline" x="{x(day) - 5}" y="{y(revision) - 5}" width="10" height="10"/>'
            if row["kind"] == "baseline"
            else f'<circle class="step {escape(str(row["track"]))}" cx="{x(day)}" cy="{y(revision)}" r="4"/>'
        )
        parts.append(f"<g><title>{escape(title)}</title>{shape}</g>")
    legend = [("cumulative", "cumulative track")]
    if has_hotpatch:
        legend.append(("hotpatch", "hotpatch track"))
    parts += _legend(legend, baselines=bool(baselines))
    return _svg("staircase", _WIDTH, _HEIGHT, "Revisions over time of both tracks", "".join(parts))


def restarts(years: Sequence[Year]) -> str:
    """Restarts of each year: planned, as they came, and those of the cumulative track. The oldest year first."""
    if not years:
        return ""
    ordered = sorted(years, key=lambda year: year["year"])
    width, height, base = max(360, 110 * len(ordered) + 28), 260, 220
    most = max(max(year["planned"], year["actual"], year["cumulative"], 1) for year in ordered)
    parts = []
    for place, year in enumerate(ordered):
        left = 24 + place * 110
        for offset, (what, words) in enumerate(_BARS):
            number = int(year[what])  # type: ignore[literal-required]
            tall = round(number / most * 150, 1)
            at = left + offset * 32
            title = f"{year['year']}: {number} {words}"
            parts.append(
                f'<g><title>{escape(title)}</title><rect class="bar {what}" x="{at}" y="{base - tall}" width="26"'
                f' height="{tall}"/><text class="number" x="{at + 13}" y="{base - tall - 6}">{number}</text></g>'
            )
        parts.append(f'<text class="label" x="{left + 45}" y="{base + 20}">{escape(year["year"])}</text>')
    parts.append(f'<line class="rule" x1="14" y1="{base}" x2="{width - 8}" y2="{base}"/>')
    for at, (what, words) in zip((24, 124, 204), _BARS, strict=True):
        parts.append(
            f'<rect class="bar {what}" x="{at}" y="8" width="14" height="14"/>'
            f'<text class="key" x="{at + 21}" y="20">{words}</text>'
        )
    return _svg(
        "bars", width, height, "Restarts per year: planned, as they came, and on the cumulative track", "".join(parts)
    )


def _stairs(points: Sequence[tuple[float, float]], end: float) -> str:
    """A path that keeps its height until the next step, and from the last one to the end."""
    (x, y), *rest = points
    return f"M{x} {y}" + "".join(f"H{right}V{height}" for right, height in rest) + f"H{end}"


def _rules(revisions: Sequence[int], y: Callable[[int], float]) -> list[str]:
    """Lines across with their revisions, from the highest down, where there is room."""
    parts, above = [], -math.inf
    for revision in revisions:
        at = y(revision)
        if at - above < _APART:
            continue
        above = at
        parts.append(
            f'<line class="rule" x1="{_LEFT}" y1="{at}" x2="{_WIDTH - _RIGHT}" y2="{at}"/>'
            f'<text class="axis" x="{_WIDTH - _RIGHT + 8}" y="{at + 4}">{revision}</text>'
        )
    return parts


def _dates(first: date, last: date, x: Callable[[date], float]) -> list[str]:
    """The first days of months below, as many as there is room for."""
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= last
    ]
    every = -(-len(months) // _MONTHS_LABELLED) or 1
    return [
        f'<line class="tick" x1="{x(day)}" y1="{_HEIGHT - _BOTTOM}" x2="{x(day)}" y2="{_HEIGHT - _BOTTOM + 5}"/>'
        f'<text class="label" x="{x(day)}" y="{_HEIGHT - _BOTTOM + 20}">{day:%Y-%m}</text>'
        for day in months[::every]
    ]


def _legend(tracks: Sequence[tuple[str, str]], *, baselines: bool) -> list[str]:
    """At the lower right, where no stair that goes up ever is."""
    lines = len(tracks) + baselines
    at, line = _WIDTH - _RIGHT - 220, _HEIGHT - _BOTTOM - 24 * lines
    parts = [f'<rect class="paper" x="{at - 8}" y="{line - 8}" width="228" height="{24 * lines}"/>']
    for track, words in tracks:
        parts.append(
            f'<path class="stair {track}" d="M{at} {line}H{at + 28}"/><circle class="step {track}" cx="{at + 14}"'
            f' cy="{line}" r="4"/><text class="key" x="{at + 38}" y="{line + 4}">{words}</text>'
        )
        line += 24
    if baselines:
        parts.append(
            f'<rect class="step baseline" x="{at + 9}" y="{line - 5}" width="10" height="10"/>'
            f'<text class="key" x="{at + 38}" y="{line + 4}">baseline (restart on both)</text>'
        )
    return parts


def _svg(kind: str, width: int, height: int, title: str, body: str) -> str:
    return (
        f'<svg class="picture {kind}" width="{width}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )

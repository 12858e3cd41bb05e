"""The months of the hotpatch calendar and the restarts in words."""

from collections.abc import Iterable

from scraper import answers
from scraper.answers.documents import Month, ReleaseRestart, Year, YearMonth
from scraper.cli.layout import table
from scraper.cli.words.names import BOTH, LABELS, age, day_of, release_name, restart_words, update_name


def month(months: list[Month], fetched: str | None) -> str:
    """One line per release: the month's type and status, and the builds of both tracks. ``fetched``: data as of."""
    if not months:
        return f"The hotpatch calendars have no such month ({age(fetched)})."
    both = [BOTH] if any(row["type"] == "hotpatch" for row in months) else []
    return "\n".join([*table([_month_row(row) for row in months]), *both, _reach(row["data_as_of"] for row in months)])


def next_restart(restarts: list[ReleaseRestart], ended: str) -> str:
    """One sentence per release: the date, and how sure it is. ``ended``: those on releases without a next restart."""
    found = [
        f"{release_name(row['release'])} restarts next on {restart_words(row)}, {_days(row)}:"
        f" {answers.DATE_IS[row['date_is']]} ({age(row['data_as_of'])})."
        for row in restarts
    ]
    return "\n".join([*found, *filter(None, [ended])])


def restarts(years: list[Year], fetched: str | None) -> str:
    """One paragraph per release: the counts of the year, then a line per month. ``fetched``: data as of."""
    if not years:
        return f"The hotpatch calendars have no such year ({age(fetched)})."
    paragraphs = ["\n".join([_counts(year), *table([_year_month(row) for row in year["months"]])]) for year in years]
    return "\n\n".join([*paragraphs, _reach(year["data_as_of"] for year in years)])


def _month_row(row: Month) -> tuple[str, ...]:
    """A hotpatch month has two builds, one per track; a baseline has one for both tracks."""
    both = [("hotpatch", row["kb"], row["build"]), ("cumulative", row["cumulative_kb"], row["cumulative_build"])]
    shown = both if row["type"] == "hotpatch" else [("baseline", row["kb"], row["build"])]
    return (
        release_name(row["release"]),
        _month_type(row),
        LABELS["restart"] if row["restart"] else f"no {LABELS['restart']}",
        _month_status(row),
        *(f"{LABELS[track]} {update_name(kb, build)}" for track, kb, build in shown if kb or build),
    )


def _month_status(row: Month) -> str:
    """``released 2025-05-13``; what is planned is so by the data alone, however long ago its day was."""
    if row["withdrawn"]:
        return LABELS["withdrawn"]
    if row["status"] == "planned":
        return f"planned in data of {day_of(row['data_as_of'])}"
    return f"released {row['available'] or ''}".strip()


def _month_type(row: Month | YearMonth) -> str:
    """``baseline``; ``baseline, planned as hotpatch``; where no plan was seen, ``baseline, scheduled as hotpatch``."""
    before = row["planned_type"] or row["scheduled_type"]
    if before == row["type"]:
        return before
    return f"{row['type']}, {LABELS['planned'] if row['planned_type'] else 'scheduled'} as {before}"


def _days(row: ReleaseRestart) -> str:
    """Days from the date that was asked about, which need not be today."""
    return {0: "that very day", 1: "1 day later"}.get(row["days"], f"{row['days']} days after {row['as_of']}")


def _counts(year: Year) -> str:
    return (
        f"Restarts of {release_name(year['release'])} in {year['year']}: {LABELS['planned']} {year['planned']},"
        f" {LABELS['actual']} {year['actual']}, {LABELS['cumulative']} {year['cumulative']}"
        f" ({LABELS['actual']} and {LABELS['cumulative']}: of the months released in data of"
        f" {day_of(year['data_as_of'])})."
    )


def _year_month(row: YearMonth) -> tuple[str, ...]:
    return (
        row["month"],
        LABELS["restart"].upper() if row["restart"] else f"no {LABELS['restart']}",
        _month_type(row),
        row["status"],
        f"{row['date']}{' (second Tuesday)' if row['date_is'] == 'planned' else ''}",
        update_name(row["kb"], row["build"]) if row["kb"] or row["build"] else "",
    )


def _reach(ages: Iterable[str | None]) -> str:
    """The sentence below a list: what is planned may have come or changed after its data."""
    known = list(ages)
    oldest = age(None if None in known else min(filter(None, known), default=None))
    return f"{oldest[0].upper()}{oldest[1:]}; what was planned or released later is not known."

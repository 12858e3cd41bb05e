"""The answers of lookup, in words for people: short, aligned, plain ASCII.

Two devices of one release, patched to the same day, show two KBs and two builds, and the hotpatched one the lower; so
whatever names a hotpatch names its cumulative update too, and says that both are fully patched. The words add nothing
that the JSON does not have.
"""

from collections.abc import Iterable
from itertools import groupby

from scraper.answers.documents import (
    BuildAnswer,
    Change,
    Disagreement,
    KbAnswer,
    KbBuild,
    Month,
    Neighbour,
    Pair,
    ReleaseRestart,
    Restart,
    Update,
    Year,
    YearMonth,
)
from scraper.publish import markdown

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_KINDS = {
    "security": "cumulative update",
    "baseline": "baseline (cumulative update with a restart, for both tracks)",
    "preview": "preview update",
    "out-of-band": "out-of-band update",
    "hotpatch": "hotpatch",
    "component": "component update",
    "initial": "first build",
}
# Lines of a night's Markdown table: an issue holds 65,536 characters.
_MARKDOWN_LINES = 200
_BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def build(answers: list[BuildAnswer]) -> str:
    """One paragraph a release: the verdict in a sentence, then what it rests on."""
    both = [_BOTH] if any(len(answer["accepted"]) > 1 or answer["twin"] for answer in answers) else []
    return "\n\n".join([*(_lines(f"{answer['because']}.", _reasons(answer)) for answer in answers), *both])


def kb(answer: KbAnswer) -> str:
    """The KB's title, then one line a release that has it."""
    if answer["expired"] is None:
        return f"{answer['kb']} is not in the catalog ({_age(answer['data_as_of'])})."
    rows = [("title", answer["title"]), ("track", answer["track"]), ("article", answer["article_url"])]
    if answer["expired"]:
        rows.append(("expired", "yes, Microsoft no longer offers it"))
    rows.append(("data as of", answer["data_as_of"]))
    table = _table([_kb_row(row, answer["track"]) for row in answer["builds"]])
    both = [_BOTH] if any(row["twin"] for row in answer["builds"]) else []
    return "\n".join([_lines(answer["kb"], rows), *table, *both])


def month(months: list[Month]) -> str:
    """One line a release: how the month came, and the builds of both tracks."""
    if not months:
        return "The hotpatch calendars have no such month."
    table = _table([_month_row(row) for row in months])
    both = [_BOTH] if any(row["type"] == "hotpatch" for row in months) else []
    return "\n".join([*table, *both])


def next_restart(restarts: list[ReleaseRestart]) -> str:
    """One sentence a release."""
    if not restarts:
        return "The hotpatch calendar has no baseline month on or after that date."
    return "\n".join(f"{_name(row['release'])} restarts next on {_restart(row)}, {_days(row)}." for row in restarts)


def restarts(years: list[Year]) -> str:
    """One paragraph a release: the counts of the year, then a line a month."""
    if not years:
        return "The hotpatch calendars have no such year."
    return "\n\n".join(
        "\n".join([_counts(year), *_table([_year_month(row) for row in year["months"]])]) for year in years
    )


def changes(rows: list[Change]) -> str:
    """The nights, newest first, and one line a change; replanned months stand out."""
    if not rows:
        return "No changes were seen."
    nights = []
    for night, group in _nights(rows):
        table = _table([("REPLANNED" if row["replanned"] else "", *_change_cells(row)) for row in group])
        nights.append("\n".join([night, *table]))
    return "\n\n".join(nights)


def changes_markdown(rows: list[Change]) -> str:
    """The same for an issue or a chat, a table a night."""
    if not rows:
        return "No changes were seen."
    columns = ("", "release", "table", "subject", "change", "page")
    nights = []
    for night, group in _nights(rows):
        cells = [
            ("**replanned**" if row["replanned"] else "", *(markdown.text(cell) for cell in _change_cells(row)))
            for row in group
        ]
        nights.append(f"### {night}\n\n{markdown.table(columns, cells, _MARKDOWN_LINES)}")
    return "\n\n".join(nights)


def disagreements(rows: list[Disagreement]) -> str:
    """A paragraph a pair: what the catalog uses and why, and what the other page says."""
    if not rows:
        return "No disagreement of two pages was found, or none that stands (--ended shows the others)."
    return "\n\n".join(
        _lines(
            ", ".join(filter(None, (f"{row['field']} of {row['subject']}", _name(row["release"])))),
            [
                ("used", f"{row['used']} on {row['used_page']}"),
                ("other", f"{row['other']} on {row['other_page']}"),
                ("why", row["why"]),
                ("since", row["since"]),
                ("until", row["until"]),
            ],
        )
        for row in rows
    )


def _reasons(answer: BuildAnswer) -> list[tuple[str, str | None]]:
    patched = " or ".join(f"{row['track']} {_pair(row['kb'], row['build'])}" for row in answer["accepted"])
    restart = answer["next_restart"]
    return [
        ("verdict", _verdict(answer)),
        ("release", _name(answer["release"])),
        ("brought by", " and ".join(_update(row) for row in answer["kbs"])),
        ("below", _neighbour(answer["below"])),
        ("above", _neighbour(answer["above"])),
        ("same fixes", _twin(answer["twin"])),
        ("stands on", _twin(answer["baseline"])),
        (_patched(answer), f"{patched} (on {answer['as_of']})" if patched else None),
        ("next restart", _restart(restart) if restart else None),
        ("data as of", answer["data_as_of"] or "unknown"),
    ]


def _patched(answer: BuildAnswer) -> str:
    """Old data and a release without support have a newest update, but nothing there is fully patched."""
    unsure = answer["reason"] == "stale" or answer["status"] in ("unknown", "out-of-support")
    return "newest known" if unsure else "fully patched"


def _verdict(answer: BuildAnswer) -> str:
    months = answer["months_behind"]
    least = "at least " if answer["reason"] == "stale" else ""
    behind = f" by {least}{months} month{'' if months == 1 else 's'}" if months else ""
    reason = f" ({answer['reason']})" if answer["reason"] else ""
    return f"{answer['status']}{behind}{reason} on {answer['as_of']}"


def _update(row: Update) -> str:
    return f"{row['kb'] or 'no KB'}, {_kind(row['kind'], row['track'])}"


def _kind(kind: str | None, track: str | None) -> str:
    return "out-of-band hotpatch" if (kind, track) == ("out-of-band", "hotpatch") else _KINDS.get(kind or "", "update")


def _neighbour(neighbour: Neighbour | None) -> str | None:
    if neighbour is None:
        return None
    kbs = ", ".join(row["kb"] or "no KB" for row in neighbour["kbs"])
    return f"{neighbour['build']} ({kbs}), security month {neighbour['security_month'] or 'none'}"


def _restart(restart: Restart) -> str:
    """``2025-07-08 (published) with the July 2025 baseline KB5062553``."""
    return f"{restart['date']} ({restart['date_is']}) with the {_month(restart['month'])} baseline" + (
        f" {restart['kb']}" if restart["kb"] else ""
    )


def _kb_row(row: KbBuild, track: str | None) -> tuple[str, ...]:
    return (
        _name(row["release"]),
        (row["build"] or "no build")
        + (
            f", corrected to {row['corrected_to']}"
            if row["corrected_to"]
            else ", withdrawn"
            if row["withdrawn"]
            else ""
        ),
        row["available"] or "no date",
        _kind(row["kind"], track),
        f"security month {row['security_month'] or 'none'}",
        f"same fixes {_twin(row['twin'])}" if row["twin"] else "",
        f"stands on {_twin(row['baseline'])}" if row["baseline"] else "",
    )


def _month_row(row: Month) -> tuple[str, ...]:
    """``baseline, planned as hotpatch``; for a hotpatch month both builds, for a baseline the one of both tracks."""
    replanned = row["planned_type"] not in (None, row["type"])
    both = [("hotpatch", row["kb"], row["build"]), ("cumulative", row["cumulative_kb"], row["cumulative_build"])]
    shown = both if row["type"] == "hotpatch" else [("baseline", row["kb"], row["build"])]
    return (
        _name(row["release"]),
        row["type"] + (f", planned as {row['planned_type']}" if replanned else ""),
        "restart" if row["restart"] else "no restart",
        "withdrawn" if row["withdrawn"] else f"{row['status']} {row['available'] or ''}".strip(),
        *(f"{track} {_pair(kb, build)}" for track, kb, build in shown if kb or build),
    )


def _days(row: ReleaseRestart) -> str:
    """Counted from the day that was asked about, which need not be today."""
    return {0: "that very day", 1: "1 day later"}.get(row["days"], f"{row['days']} days after {row['as_of']}")


def _counts(year: Year) -> str:
    return (
        f"Restarts of {_name(year['release'])} in {year['year']}: {year['planned']} planned, {year['actual']} so far;"
        f" {year['cumulative']} so far on the cumulative track."
    )


def _year_month(row: YearMonth) -> tuple[str, ...]:
    replanned = row["planned_type"] not in (None, row["type"])
    return (
        row["month"],
        "RESTART" if row["restart"] else "no restart",
        row["type"] + (f", planned as {row['planned_type']}" if replanned else ""),
        row["status"],
        f"{row['date']}{' (second Tuesday)' if row['date_is'] == 'planned' else ''}",
        _pair(row["kb"], row["build"]) if row["kb"] or row["build"] else "",
    )


def _nights(rows: list[Change]) -> Iterable[tuple[str, list[Change]]]:
    """The changes of each night, those of plans first."""
    for (seen_at, run), group in groupby(rows, key=lambda row: (row["seen_at"], row["run"])):
        night = sorted(group, key=lambda row: not row["replanned"])
        yield f"{seen_at}, run {run}: {len(night)} change{'' if len(night) == 1 else 's'}", night


def _change_cells(row: Change) -> tuple[str, ...]:
    return row["release"], row["table_name"], row["subject"], _change(row), row["page"]


def _change(row: Change) -> str:
    if row["field"] == "row":
        return f"appeared: {row['new']}" if row["old"] is None else f"disappeared: {row['old']}"
    return f"{row['field']}: {row['old'] or 'nothing'} -> {row['new'] or 'nothing'}"


def _twin(pair: Pair | None) -> str | None:
    return _pair(pair["kb"], pair["build"]) if pair else None


def _pair(kb: str | None, build: str | None) -> str:
    return " ".join(filter(None, (kb or "(KB unknown)", f"({build})" if build else "")))


def _name(release: str | None) -> str:
    """``Windows 11 24H2`` of ``windows-11-24h2``: title case raises the letter after a digit too."""
    return (release or "").replace("-", " ").title()


def _month(month: str | None) -> str:
    year, _, number = (month or "").partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}" if number else ""


def _age(data_as_of: str | None) -> str:
    return f"data as of {data_as_of}" if data_as_of else "the age of its data is unknown"


def _lines(head: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """The head, then the rows that have a value, aligned."""
    known = [(label, value) for label, value in rows if value]
    width = max((len(label) for label, _ in known), default=0)
    return "\n".join([_plain(head), *(f"  {label:<{width}}  {_plain(value)}" for label, value in known)])


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    plain = [[_plain(cell) for cell in row] for row in rows]
    count = max((len(row) for row in plain), default=0)
    widths = [max(len(row[at]) for row in plain if at < len(row)) for at in range(count)]
    return [
        ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))).rstrip()
        for row in plain
    ]


def _plain(text: str) -> str:
    """Scraped text for a terminal: ASCII on one line, anything else (an escape sequence among it) spelled out."""
    dashed = text.translate({0x2013: "-", 0x2014: "-", 0xA0: " "})
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in dashed)

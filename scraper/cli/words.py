"""The answers of the lookups in words for people: short, aligned, plain ASCII.

Two devices of one release that are patched to the same day may show two KBs and two builds, and the hotpatched device
shows the lower one. So text that names a hotpatch also names its twin, and says that both are fully patched. The words
add nothing that the JSON does not have.
"""

from collections.abc import Iterable
from itertools import groupby

from scraper import answers
from scraper.answers.documents import (
    BuildAnswer,
    Change,
    Disagreement,
    KbAnswer,
    KbBuild,
    KnownIssue,
    Month,
    Neighbour,
    Pair,
    ReleaseRestart,
    Restart,
    Update,
    Year,
    YearMonth,
)
from scraper.cli.layout import labelled, table

# The labels of the command line by the contract's names (JSON keys, SQL columns). A label is its name with blanks for
# underscores, unless stated. docs/terms.md explains the labels.
_NAMES = (
    *("verdict", "status", "release", "track", "kbs", "twin", "baseline", "accepted", "below", "above", "next_restart"),
    *("data_as_of", "months_behind", "security_month", "withdrawn", "devices"),
    *("title", "article_url", "expired", "issues"),
    *("planned", "actual", "cumulative", "hotpatch", "restart", "replanned"),
    *("used", "other", "why", "since", "until", "table_name", "subject", "page"),
)
LABELS = {name: name.replace("_", " ") for name in _NAMES} | {
    "article_url": "article",
    "kbs": "KBs",
    "table_name": "table",
}
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
# Rows of one run's Markdown table: an issue holds 65,536 characters.
_MARKDOWN_LINES = 200
_BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def build(answers: list[BuildAnswer]) -> str:
    """One paragraph per release: the verdict in a sentence, then the facts behind it."""
    both = [_BOTH] if any(len(answer["accepted"]) > 1 or answer["twin"] for answer in answers) else []
    return "\n\n".join([*(_paragraph(f"{answer['because']}.", _build_rows(answer)) for answer in answers), *both])


def kb(answer: KbAnswer) -> str:
    """The KB's title, then one line per build of each release that has it."""
    if answer["expired"] is None:
        return f"{answer['kb']} is not in the catalog ({_age(answer['data_as_of'])})."
    rows = [
        ("title", answer["title"]),
        ("track", answer["track"]),
        ("article_url", answer["article_url"]),
        ("expired", "yes, Microsoft no longer offers it" if answer["expired"] else None),
        ("issues", answers.issues_words(answer)),
        ("data_as_of", answer["data_as_of"]),
    ]
    builds = table([_kb_row(row, answer["track"]) for row in answer["builds"]])
    both = [_BOTH] if any(row["twin"] for row in answer["builds"]) else []
    issues = table([_issue_row(issue) for issue in answer["known_issues"] or ()])
    return "\n".join([_paragraph(answer["kb"], rows), *issues, *builds, *both])


def month(months: list[Month]) -> str:
    """One line per release: the month's type and status, and the builds of both tracks."""
    if not months:
        return "The hotpatch calendars have no such month."
    both = [_BOTH] if any(row["type"] == "hotpatch" for row in months) else []
    return "\n".join([*table([_month_row(row) for row in months]), *both])


def next_restart(restarts: list[ReleaseRestart]) -> str:
    """One sentence per release."""
    if not restarts:
        return "The hotpatch calendar has no baseline month on or after that date."
    return "\n".join(f"{_name(row['release'])} restarts next on {_restart(row)}, {_days(row)}." for row in restarts)


def restarts(years: list[Year]) -> str:
    """One paragraph per release: the counts of the year, then a line per month."""
    if not years:
        return "The hotpatch calendars have no such year."
    return "\n\n".join(
        "\n".join([_counts(year), *table([_year_month(row) for row in year["months"]])]) for year in years
    )


def changes(rows: list[Change]) -> str:
    """One paragraph per run, newest first, with one line per change. Replanned months stand out."""
    if not rows:
        return "No changes were seen."
    paragraphs = []
    for head, group in _runs(rows):
        lines = table([(LABELS["replanned"].upper() if row["replanned"] else "", *_cells(row)) for row in group])
        paragraphs.append("\n".join([head, *lines]))
    return "\n\n".join(paragraphs)


def changes_markdown(rows: list[Change]) -> str:
    """The same as Markdown for an issue or a chat, with one table per run."""
    from scraper.publish import markdown

    if not rows:
        return "No changes were seen."
    columns = ("", *(LABELS[name] for name in ("release", "table_name", "subject")), "change", LABELS["page"])
    paragraphs = []
    for head, group in _runs(rows):
        cells = [
            (f"**{LABELS['replanned']}**" if row["replanned"] else "", *(markdown.text(cell) for cell in _cells(row)))
            for row in group
        ]
        paragraphs.append(f"### {head}\n\n{markdown.table(columns, cells, _MARKDOWN_LINES)}")
    return "\n\n".join(paragraphs)


def disagreements(rows: list[Disagreement]) -> str:
    """One paragraph per disagreement: the value that the catalog uses and why, and the other page's value."""
    if not rows:
        return "No disagreement of two pages was found, or none is open (--ended shows the others)."
    return "\n\n".join(
        _paragraph(
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


def _paragraph(head: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """The head, then a line for each (name of the contract, value) that has a value."""
    return labelled(head, [(LABELS[name], value) for name, value in rows])


def _build_rows(answer: BuildAnswer) -> list[tuple[str, str | None]]:
    restart = answer["next_restart"]
    return [
        ("verdict", _verdict(answer)),
        ("release", _name(answer["release"])),
        ("kbs", " and ".join(_update(row) for row in answer["kbs"])),
        ("below", _neighbour(answer["below"])),
        ("above", _neighbour(answer["above"])),
        ("twin", _pair(answer["twin"])),
        ("baseline", _pair(answer["baseline"])),
        ("accepted", _accepted(answer)),
        ("next_restart", _restart(restart) if restart else None),
        ("data_as_of", answer["data_as_of"] or "unknown"),
    ]


def _accepted(answer: BuildAnswer) -> str | None:
    """The accepted updates and the date. If the data are old or the release is out of support, they are only the newest
    known ones, and a device on them need not be fully patched."""
    if not answer["accepted"]:
        return None
    updates = " or ".join(f"{row['track']} {_update_name(row['kb'], row['build'])}" for row in answer["accepted"])
    ended = answer["status"] == "out-of-support"
    if answer["reason"] != "stale" and answer["status"] != "unknown" and not ended:
        return f"{updates} (on {answer['as_of']})"
    fetched = answer["data_as_of"][:10] if answer["data_as_of"] else "an unknown day"
    note = "; out of support" if ended else ""
    return f"{updates} (newest known on {answer['as_of']}, in data of {fetched}{note})"


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
    return f"{neighbour['build']} ({kbs}), {LABELS['security_month']} {neighbour['security_month'] or 'none'}"


def _restart(restart: Restart) -> str:
    """``2025-07-08 (published) with the July 2025 baseline KB5062553``."""
    return f"{restart['date']} ({restart['date_is']}) with the {_month(restart['month'])} baseline" + (
        f" {restart['kb']}" if restart["kb"] else ""
    )


def _issue_row(issue: KnownIssue) -> tuple[str, ...]:
    """``open, fixed in part by KB5129195  USB audio devices might fail to start``."""
    part = " in part" if issue["status"] == "open" else ""
    fix = f", fixed{part} by {issue['fixed_by_kb']}" if issue["fixed_by_kb"] else ""
    return f"{issue['status']}{fix}", issue["title"]


def _kb_row(row: KbBuild, track: str | None) -> tuple[str, ...]:
    return (
        _name(row["release"]),
        (row["build"] or "no build") + _mark(row),
        row["available"] or "no date",
        _kind(row["kind"], track),
        f"{LABELS['security_month']} {row['security_month'] or 'none'}",
        f"{LABELS['twin']} {_pair(row['twin'])}" if row["twin"] else "",
        f"{LABELS['baseline']} {_pair(row['baseline'])}" if row["baseline"] else "",
    )


def _mark(row: KbBuild) -> str:
    if row["corrected_to"]:
        return f", corrected to {row['corrected_to']}"
    return f", {LABELS['withdrawn']}" if row["withdrawn"] else ""


def _month_row(row: Month) -> tuple[str, ...]:
    """A hotpatch month has two builds, one per track; a baseline has one for both tracks."""
    both = [("hotpatch", row["kb"], row["build"]), ("cumulative", row["cumulative_kb"], row["cumulative_build"])]
    shown = both if row["type"] == "hotpatch" else [("baseline", row["kb"], row["build"])]
    return (
        _name(row["release"]),
        _month_type(row["type"], row["planned_type"]),
        LABELS["restart"] if row["restart"] else f"no {LABELS['restart']}",
        LABELS["withdrawn"] if row["withdrawn"] else f"{row['status']} {row['available'] or ''}".strip(),
        *(f"{LABELS[track]} {_update_name(kb, build)}" for track, kb, build in shown if kb or build),
    )


def _month_type(now: str, planned: str | None) -> str:
    """``baseline``, or ``baseline, planned as hotpatch``."""
    return now if planned in (None, now) else f"{now}, {LABELS['planned']} as {planned}"


def _days(row: ReleaseRestart) -> str:
    """Days from the date that was asked about, which need not be today."""
    return {0: "that very day", 1: "1 day later"}.get(row["days"], f"{row['days']} days after {row['as_of']}")


def _counts(year: Year) -> str:
    return (
        f"Restarts of {_name(year['release'])} in {year['year']}: {LABELS['planned']} {year['planned']},"
        f" {LABELS['actual']} {year['actual']}, {LABELS['cumulative']} {year['cumulative']}"
        f" ({LABELS['actual']} and {LABELS['cumulative']}: of the months released so far)."
    )


def _year_month(row: YearMonth) -> tuple[str, ...]:
    return (
        row["month"],
        LABELS["restart"].upper() if row["restart"] else f"no {LABELS['restart']}",
        _month_type(row["type"], row["planned_type"]),
        row["status"],
        f"{row['date']}{' (second Tuesday)' if row['date_is'] == 'planned' else ''}",
        _update_name(row["kb"], row["build"]) if row["kb"] or row["build"] else "",
    )


def _runs(rows: list[Change]) -> Iterable[tuple[str, list[Change]]]:
    """A head for each run and its changes, those of plans first."""
    for (seen_at, run), group in groupby(rows, key=lambda row: (row["seen_at"], row["run"])):
        seen = sorted(group, key=lambda row: not row["replanned"])
        yield f"{seen_at}, run {run}: {len(seen)} change{'' if len(seen) == 1 else 's'}", seen


def _cells(row: Change) -> tuple[str, ...]:
    return row["release"], row["table_name"], row["subject"], _change(row), row["page"]


def _change(row: Change) -> str:
    if row["field"] == "row":
        return f"appeared: {row['new']}" if row["old"] is None else f"disappeared: {row['old']}"
    return f"{row['field']}: {row['old'] or 'nothing'} -> {row['new'] or 'nothing'}"


def _pair(pair: Pair | None) -> str | None:
    return _update_name(pair["kb"], pair["build"]) if pair else None


def _update_name(kb: str | None, build: str | None) -> str:
    """``KB5058497 (26100.3981)``."""
    return " ".join(filter(None, (kb or "(KB unknown)", f"({build})" if build else "")))


def _name(release: str | None) -> str:
    """``Windows 11 24H2`` of ``windows-11-24h2``. Title case makes the letter after a digit upper case too."""
    return (release or "").replace("-", " ").title()


def _month(month: str | None) -> str:
    year, _, number = (month or "").partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}" if number else ""


def _age(data_as_of: str | None) -> str:
    return f"{LABELS['data_as_of']} {data_as_of}" if data_as_of else "the age of its data is unknown"

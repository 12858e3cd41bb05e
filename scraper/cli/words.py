"""The answers of the lookups in words for people: short, aligned, plain ASCII.

Two devices of one release that are patched to the same day may show two KBs and two builds, and the hotpatched device
shows the lower one. So text that names a hotpatch also names its twin, and says that both are fully patched. The words
add nothing that the JSON does not have.
"""

from collections.abc import Iterable
from itertools import groupby

from scraper import answers
from scraper.answers.documents import (
    Action,
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
from scraper.answers.months import DATE_IS
from scraper.cli.layout import labelled, table

# The labels of the command line by the contract's names (JSON keys, SQL columns). A label is its name with blanks for
# underscores, unless stated. docs/terms.md explains the labels.
_NAMES = (
    *(
        "verdict",
        "action",
        "edition",
        "status",
        "release",
        "track",
        "kbs",
        "twin",
        "baseline",
        "accepted",
        "below",
        "above",
        "next_restart",
    ),
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
_ACTIONS = {
    "none": "nothing to do",
    "install": "install",
    "refresh": "refresh the data",
    "upgrade": "upgrade",
    "look": "look",
}
# Reasons for which there may be a newer month than the newest known one.
_LACKS = ("stale", "not-listed")
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


def month(months: list[Month], fetched: str | None) -> str:
    """One line per release: the month's type and status, and the builds of both tracks. ``fetched``: data as of."""
    if not months:
        return f"The hotpatch calendars have no such month ({_age(fetched)})."
    both = [_BOTH] if any(row["type"] == "hotpatch" for row in months) else []
    return "\n".join([*table([_month_row(row) for row in months]), *both, _reach(row["data_as_of"] for row in months)])


def next_restart(restarts: list[ReleaseRestart], ended: str) -> str:
    """One sentence per release: the date, and how sure it is. ``ended``: those on releases without a next restart."""
    found = [
        f"{_name(row['release'])} restarts next on {_restart(row)}, {_days(row)}: {DATE_IS[row['date_is']]}"
        f" ({_age(row['data_as_of'])})."
        for row in restarts
    ]
    return "\n".join([*found, *filter(None, [ended])])


def restarts(years: list[Year], fetched: str | None) -> str:
    """One paragraph per release: the counts of the year, then a line per month. ``fetched``: data as of."""
    if not years:
        return f"The hotpatch calendars have no such year ({_age(fetched)})."
    paragraphs = ["\n".join([_counts(year), *table([_year_month(row) for row in year["months"]])]) for year in years]
    return "\n\n".join([*paragraphs, _reach(year["data_as_of"] for year in years)])


def changes(rows: list[Change], reach: str) -> str:
    """One paragraph per run, newest first, with one line per change. Replanned months stand out. ``reach``: up to when
    changes were looked for, in a sentence."""
    if not rows:
        return reach
    paragraphs = []
    for head, group in _runs(rows):
        lines = table([(LABELS["replanned"].upper() if row["replanned"] else "", *_cells(row)) for row in group])
        paragraphs.append("\n".join([head, *lines]))
    return "\n\n".join([*paragraphs, reach])


def changes_markdown(rows: list[Change], reach: str) -> str:
    """The same as Markdown for an issue or a chat, with one table per run."""
    from scraper.publish import markdown

    if not rows:
        return reach
    columns = ("", *(LABELS[name] for name in ("release", "table_name", "subject")), "change", LABELS["page"])
    paragraphs = []
    for head, group in _runs(rows):
        cells = [
            (f"**{LABELS['replanned']}**" if row["replanned"] else "", *(markdown.text(cell) for cell in _cells(row)))
            for row in group
        ]
        paragraphs.append(f"### {head}\n\n{markdown.table(columns, cells, _MARKDOWN_LINES)}")
    return "\n\n".join([*paragraphs, reach])


def disagreements(rows: list[Disagreement], fetched: str | None) -> str:
    """One paragraph per disagreement: the value that the catalog uses and why, and the other page's value. ``fetched``:
    data as of."""
    if not rows:
        return f"No disagreement of two pages is open (--ended shows the others; {_age(fetched)})."
    return "\n\n".join(
        _paragraph(
            ", ".join(filter(None, (f"{row['field']} of {row['subject']}", _name(row["release"])))),
            [
                ("used", f"{row['used']} on {row['used_page']}"),
                ("other", f"{row['other']} on {row['other_page']}"),
                ("why", row["why"]),
                ("since", row["since"]),
                ("until", row["until"]),
                ("data_as_of", row["data_as_of"]),
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
        ("action", _action(answer["action"])),
        ("release", _name(answer["release"])),
        ("edition", answer["edition"]),
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
    if answer["reason"] not in _LACKS and answer["status"] != "unknown" and not ended:
        return f"{updates} (on {answer['as_of']})"
    note = "; out of support" if ended else ""
    return f"{updates} (newest known on {answer['as_of']}, in data of {_day(answer['data_as_of'])}{note})"


def _verdict(answer: BuildAnswer) -> str:
    months = answer["months_behind"]
    least = "at least " if answer["reason"] in _LACKS else ""
    behind = f" by {least}{months} month{'' if months == 1 else 's'}" if months else ""
    reason = f" ({answer['reason']})" if answer["reason"] else ""
    return f"{answer['status']}{behind}{reason} on {answer['as_of']}"


def _action(action: Action) -> str:
    """``install KB5060841 (26100.4270): the June 2025 hotpatch does not restart; https://...``."""
    update = f" {_update_name(action['kb'], action['build'])}" if action["do"] == "install" else ""
    return f"{_ACTIONS[action['do']]}{update}: {action['because']}{f'; {url}' if (url := action['url']) else ''}"


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
    update = "update" if restart["date_is"] == "monthly" else "baseline"
    return f"{restart['date']} ({restart['date_is']}) with the {_month(restart['month'])} {update}" + (
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
        _month_type(row),
        LABELS["restart"] if row["restart"] else f"no {LABELS['restart']}",
        _month_status(row),
        *(f"{LABELS[track]} {_update_name(kb, build)}" for track, kb, build in shown if kb or build),
    )


def _month_status(row: Month) -> str:
    """``released 2025-05-13``; what is planned is so by the data alone, however long ago its day was."""
    if row["withdrawn"]:
        return LABELS["withdrawn"]
    if row["status"] == "planned":
        return f"planned in data of {_day(row['data_as_of'])}"
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
        f"Restarts of {_name(year['release'])} in {year['year']}: {LABELS['planned']} {year['planned']},"
        f" {LABELS['actual']} {year['actual']}, {LABELS['cumulative']} {year['cumulative']}"
        f" ({LABELS['actual']} and {LABELS['cumulative']}: of the months released in data of"
        f" {_day(year['data_as_of'])})."
    )


def _year_month(row: YearMonth) -> tuple[str, ...]:
    return (
        row["month"],
        LABELS["restart"].upper() if row["restart"] else f"no {LABELS['restart']}",
        _month_type(row),
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


def _day(data_as_of: str | None) -> str:
    return data_as_of[:10] if data_as_of else "an unknown day"


def _reach(ages: Iterable[str | None]) -> str:
    """The sentence below a list: what is planned may have come or changed after its data."""
    known = list(ages)
    age = _age(None if None in known else min(filter(None, known), default=None))
    return f"{age[0].upper()}{age[1:]}; what was planned or released later is not known."

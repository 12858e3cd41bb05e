"""A build and a KB in words."""

from scraper import answers
from scraper.answers.documents import Action, BuildAnswer, KbAnswer, KbBuild, KnownIssue, Neighbour, Update
from scraper.cli.layout import table
from scraper.cli.words.names import (
    BOTH,
    LABELS,
    age,
    day_of,
    pair_name,
    paragraph,
    release_name,
    restart_words,
    update_name,
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


def build(answers: list[BuildAnswer]) -> str:
    """One paragraph per release: the verdict in a sentence, then the facts behind it."""
    both = [BOTH] if any(len(answer["accepted"]) > 1 or answer["twin"] for answer in answers) else []
    return "\n\n".join([*(paragraph(f"{answer['because']}.", _build_rows(answer)) for answer in answers), *both])


def kb(answer: KbAnswer) -> str:
    """The KB's title, then one line per build of each release that has it."""
    if answer["expired"] is None:
        return f"{answer['kb']} is not in the catalog ({age(answer['data_as_of'])})."
    rows = [
        ("title", answer["title"]),
        ("track", answer["track"]),
        ("article_url", answer["article_url"]),
        ("expired", "yes, Microsoft no longer offers it" if answer["expired"] else None),
        ("issues", answers.issues_words(answer)),
        ("data_as_of", answer["data_as_of"]),
    ]
    builds = table([_kb_row(row, answer["track"]) for row in answer["builds"]])
    both = [BOTH] if any(row["twin"] for row in answer["builds"]) else []
    issues = table([_issue_row(issue) for issue in answer["known_issues"] or ()])
    return "\n".join([paragraph(answer["kb"], rows), *issues, *builds, *both])


def _build_rows(answer: BuildAnswer) -> list[tuple[str, str | None]]:
    restart = answer["next_restart"]
    return [
        ("verdict", _verdict(answer)),
        ("action", _action(answer["action"])),
        ("release", release_name(answer["release"])),
        ("edition", answer["edition"]),
        ("kbs", " and ".join(_update(row) for row in answer["kbs"])),
        ("below", _neighbour(answer["below"])),
        ("above", _neighbour(answer["above"])),
        ("twin", pair_name(answer["twin"])),
        ("baseline", pair_name(answer["baseline"])),
        ("accepted", _accepted(answer)),
        ("next_restart", restart_words(restart) if restart else None),
        ("data_as_of", answer["data_as_of"] or "unknown"),
    ]


def _accepted(answer: BuildAnswer) -> str | None:
    """The accepted updates and the date. If the data are old or the release is out of support, they are only the newest
    known ones, and a device on them need not be fully patched."""
    if not answer["accepted"]:
        return None
    updates = " or ".join(f"{row['track']} {update_name(row['kb'], row['build'])}" for row in answer["accepted"])
    ended = answer["status"] == "out-of-support"
    if answer["reason"] not in answers.LACKS and answer["status"] != "unknown" and not ended:
        return f"{updates} (on {answer['as_of']})"
    note = "; out of support" if ended else ""
    return f"{updates} (newest known on {answer['as_of']}, in data of {day_of(answer['data_as_of'])}{note})"


def _verdict(answer: BuildAnswer) -> str:
    months = answer["months_behind"]
    least = "at least " if answer["reason"] in answers.LACKS else ""
    behind = f" by {least}{months} month{'' if months == 1 else 's'}" if months else ""
    reason = f" ({answer['reason']})" if answer["reason"] else ""
    return f"{answer['status']}{behind}{reason} on {answer['as_of']}"


def _action(action: Action) -> str:
    """``install KB5060841 (26100.4270): the June 2025 hotpatch does not restart; https://...``."""
    update = f" {update_name(action['kb'], action['build'])}" if action["do"] == "install" else ""
    return f"{answers.ACTIONS[action['do']]}{update}: {action['because']}{f'; {url}' if (url := action['url']) else ''}"


def _update(row: Update) -> str:
    return f"{row['kb'] or 'no KB'}, {_kind(row['kind'], row['track'])}"


def _kind(kind: str | None, track: str | None) -> str:
    return "out-of-band hotpatch" if (kind, track) == ("out-of-band", "hotpatch") else _KINDS.get(kind or "", "update")


def _neighbour(neighbour: Neighbour | None) -> str | None:
    if neighbour is None:
        return None
    kbs = ", ".join(row["kb"] or "no KB" for row in neighbour["kbs"])
    return f"{neighbour['build']} ({kbs}), {LABELS['security_month']} {neighbour['security_month'] or 'none'}"


def _issue_row(issue: KnownIssue) -> tuple[str, ...]:
    """``open, fixed in part by KB5129195  USB audio devices might fail to start``."""
    part = " in part" if issue["status"] == "open" else ""
    fix = f", fixed{part} by {issue['fixed_by_kb']}" if issue["fixed_by_kb"] else ""
    return f"{issue['status']}{fix}", issue["title"]


def _kb_row(row: KbBuild, track: str | None) -> tuple[str, ...]:
    return (
        release_name(row["release"]),
        (row["build"] or "no build") + _mark(row),
        row["available"] or "no date",
        _kind(row["kind"], track),
        f"{LABELS['security_month']} {row['security_month'] or 'none'}",
        f"{LABELS['twin']} {pair_name(row['twin'])}" if row["twin"] else "",
        f"{LABELS['baseline']} {pair_name(row['baseline'])}" if row["baseline"] else "",
    )


def _mark(row: KbBuild) -> str:
    if row["corrected_to"]:
        return f", corrected to {row['corrected_to']}"
    return f", {LABELS['withdrawn']}" if row["withdrawn"] else ""

"""The answers of lookup, in words for people: short, aligned, plain ASCII.

Two devices of one release, patched to the same day, show two KBs and two builds, and the hotpatched one the lower; so
whatever names a hotpatch names its cumulative update too, and says that both are fully patched. The words add nothing
that the JSON does not have.
"""

from collections.abc import Iterable

from scraper.answers import BuildAnswer, Change, KbAnswer, KbBuild, Month, Neighbour, Pair, ReleaseRestart, Restart

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
_BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def build(answers: list[BuildAnswer]) -> str:
    """One paragraph a release: the verdict in a sentence, then what it rests on."""
    both = [_BOTH] if any(len(answer["accepted"]) > 1 or answer["twin"] for answer in answers) else []
    return "\n\n".join([*(_lines(_verdict(answer), _reasons(answer)) for answer in answers), *both])


def kb(answer: KbAnswer) -> str:
    """The KB's title, then one line a release that has it."""
    if answer["expired"] is None:
        return f"{answer['kb']} is not in the catalog ({_age(answer['data_as_of'])})."
    rows = [("title", answer["title"]), ("track", answer["track"]), ("article", answer["article_url"])]
    if answer["expired"]:
        rows.append(("expired", "yes, Microsoft no longer offers it"))
    rows.append(("data as of", answer["data_as_of"]))
    table = _table([_kb_row(row) for row in answer["builds"]])
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
    return "\n".join(f"{_name(row['release'])} restarts next on {_restart(row)}." for row in restarts)


def changes(rows: list[Change]) -> str:
    """One line a change."""
    if not rows:
        return "No changes were seen."
    return "\n".join(
        _table([(row["seen_at"], row["release"], row["table_name"], row["subject"], _change(row)) for row in rows])
    )


def _verdict(answer: BuildAnswer) -> str:
    """The first sentence: ``26100.3981 is current: it is the May 2025 hotpatch KB5058497 of Windows 11 24H2.``"""
    where = f" of {_name(answer['release'])}"
    if answer["reason"] == "not-in-catalog":
        return f"{answer['build']} is not in the catalog{'' if answer['release'] is None else f' as a build{where}'}."
    named = " and ".join(_update(answer, row["kb"], row["kind"]) for row in answer["kbs"])
    gone = " Microsoft no longer lists it." if answer["withdrawn"] else ""
    return f"{answer['build']} {_status(answer)}: it is {named}{where}.{gone}"


def _update(answer: BuildAnswer, kb: str | None, kind: str | None) -> str:
    """``the May 2025 hotpatch KB5058497``: the month is the one that the build's security fixes are of."""
    monthly = kind in ("security", "baseline", "hotpatch") and answer["security_month"]
    words = _KINDS.get(kind or "", "update").partition(" (")[0]
    parts = ["the", _month(answer["security_month"]) if monthly else "", words, kb or ""]
    return " ".join(filter(None, parts))


def _status(answer: BuildAnswer) -> str:
    match answer["status"], answer["reason"]:
        case "current", _:
            return f"is current on {answer['as_of']}"
        case "behind", reason:
            least = "at least " if reason == "stale" else ""
            plural = "" if answer["months_behind"] == 1 else "s"
            return f"is {least}{answer['months_behind']} month{plural} behind on {answer['as_of']}"
        case "not-released", _:
            return f"was not released yet on {answer['as_of']}"
        case "out-of-support", _:
            return f"is out of support on {answer['as_of']}"
        case _, "stale":
            return f"may be current on {answer['as_of']}, but the data is older than the last second Tuesday before it"
        case _:
            return f"cannot be judged, its release had no security month on {answer['as_of']}"


def _reasons(answer: BuildAnswer) -> list[tuple[str, str | None]]:
    patched = " or ".join(f"{row['track']} {_pair(row['kb'], row['build'])}" for row in answer["accepted"])
    restart = answer["next_restart"]
    return [
        ("below", _neighbour(answer["below"])),
        ("above", _neighbour(answer["above"])),
        ("same fixes", _twin(answer["twin"])),
        ("stands on", _twin(answer["baseline"])),
        ("fully patched", f"{patched} (on {answer['as_of']})" if patched else None),
        ("next restart", _restart(restart) if restart else None),
        ("data as of", answer["data_as_of"] or "unknown"),
    ]


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


def _kb_row(row: KbBuild) -> tuple[str, ...]:
    return (
        _name(row["release"]),
        row["build"] or "no build",
        row["available"] or "no date",
        _KINDS.get(row["kind"] or "", "update"),
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
        f"{row['status']} {row['available'] or ''}".strip(),
        *(f"{track} {_pair(kb, build)}" for track, kb, build in shown if kb or build),
    )


def _change(row: Change) -> str:
    if row["field"] == "row":
        return "appeared" if row["old"] is None else "disappeared"
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

"""The lookup room: what an administrator asks of a KB, a build, a month or a release, answered from catalog.db.

The only room that a cold `winkb build` loads, so it imports the standard library, the answers' types and the errors,
no more. It never writes, and it judges by rules 1 to 4 of design.md section 6; the documents are those of section 5.

Every question returns ``(document, found)``: the JSON document, and whether it answers anything; it is worth printing
either way. Texts come as people type them; one that cannot be understood is an InputError that says what was expected.
"""

import os
import re
import sqlite3
from datetime import date, timedelta
from typing import cast

from scraper import answers
from scraper.errors import InputError, MachineError

_TABLES = {"releases", "kbs", "builds", "months", "changes"}
_VIEWS = {"security_months", "accepted_builds", "hotpatch_calendar", "freshness"}

_KB = re.compile(r"(?:kb ?)?([0-9]+)")
_NUMBER = r"([1-9][0-9]{3,5}\.(?:0|[1-9][0-9]{0,5}))"
_BUILD = re.compile(rf"(?:10\.0\.)?{_NUMBER}|version [0-9a-z]+ \(os build {_NUMBER}\)")
# First sightings of a Tuesday's updates cluster at 17:00 to 18:30 UTC (sources.md B6).
_PUBLISHED = "18:30"
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")
_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


def open_catalog(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Open a catalog read-only. MachineError where there is no file, no database or not our tables."""
    name = os.fspath(path)
    # Every byte is percent-encoded: a `?`, `#` or `%` in a folder's name would otherwise be read as part of the URI.
    uri = "file:" + "".join(f"%{byte:02x}" for byte in os.fsencode(name)) + "?mode=ro"
    try:
        catalog = sqlite3.connect(uri, uri=True)
    except sqlite3.Error as error:
        found = str(error) if os.path.isfile(name) else "no such file"
        raise MachineError("catalog", page=name, expected="a readable file", found=found) from error
    try:
        present = {str(row[0]) for row in catalog.execute("select name from sqlite_master")}
    except sqlite3.Error as error:
        catalog.close()
        raise MachineError("catalog", page=name, expected="a SQLite database", found=str(error)) from error
    if missing := (_TABLES | _VIEWS) - present:
        catalog.close()
        absent = "none named " + ", ".join(sorted(missing))
        raise MachineError("catalog", page=name, expected="the tables and views of schema.sql", found=absent)
    return catalog


def kb(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[answers.KbAnswer, bool]:
    """What is this KB: ``KB5058497``, ``kb5058497``, ``5058497`` or ``KB 5058497``?

    ``data_as_of`` is the oldest among the releases that have it; for an unknown KB, among all of them.
    """
    match = _KB.fullmatch(text.strip().lower())
    if match is None:
        raise _misread("KB", text, "KB and digits, like KB5058497")
    number = f"KB{match[1]}"
    releases = _releases(catalog, release)
    known = _rows(catalog, "select title, track, article_url, expired from kbs where kb = ?", number)
    rows = _rows(catalog, "select * from builds where kb = ? order by revision", number)
    mine = [row for name in releases for row in rows if row["release"] == name]
    document: answers.KbAnswer = {
        "kb": number,
        "title": known[0]["title"] if known else None,
        "track": known[0]["track"] if known else None,
        "article_url": known[0]["article_url"] if known else None,
        "expired": bool(known[0]["expired"]) if known else None,
        "builds": [_kb_build(catalog, row) for row in mine],
        "data_as_of": _data_as_of(catalog, [row["release"] for row in mine]),
    }
    return document, bool(mine or (known and release is None))


def build(
    catalog: sqlite3.Connection, text: str, as_of: str, release: str | None = None
) -> tuple[list[answers.BuildAnswer], bool]:
    """What is this build, and is a device on it current on ``as_of``? One object a release that has it, client first.

    ``26100.3981``, ``10.0.26100.3981`` (registry, inventories) and ``Version 24H2 (OS Build 26100.3981)`` (winver) are
    read. A build of no release gets one object, found false, with its neighbours (rule 2).
    """
    match = _BUILD.fullmatch(text.strip().lower())
    if match is None:
        raise _misread("build", text, "a build like 26100.3981, 10.0.26100.3981 or Version 24H2 (OS Build 26100.3981)")
    number = str(match[1] or match[2])
    day = _day(as_of)
    releases = _releases(catalog, release)
    # Descending, the tracks are in the order of the contract: hotpatch, cumulative, component.
    rows = _rows(catalog, "select * from builds where build = ? order by track desc, kb", number)
    by_release = {name: [row for row in rows if row["release"] == name] for name in releases}
    known = [_answer(catalog, number, releases[name], mine, day) for name, mine in by_release.items() if mine]
    if known:
        return known, True
    return [_answer(catalog, number, _home(releases, number, release is not None), [], day)], False


def month(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[list[answers.Month], bool]:
    """The hotpatch calendar's row of one month (``YYYY-MM``) for each release that has one, client first."""
    if not _MONTH.fullmatch(text.strip()):
        raise _misread("month", text, "a month like 2026-06")
    rows = _rows(
        catalog,
        "select release, month, type, planned_type, status, available, kb, build, cumulative_kb, cumulative_build,"
        " restart from months where month = ?",
        text.strip(),
    )
    by_release = {row["release"]: row for row in rows}
    mine = [by_release[name] for name in _releases(catalog, release) if name in by_release]
    months = [cast(answers.Month, dict(row) | {"restart": bool(row["restart"])}) for row in mine]
    return months, bool(months)


def next_restart(catalog: sqlite3.Connection, version: str, as_of: str) -> tuple[list[answers.ReleaseRestart], bool]:
    """When does a release restart next: its first baseline month dated on or after ``as_of``.

    ``25H2``, ``windows-11-25h2``, ``2025``, ``server-2025`` are read. A release without such a month is left out.
    """
    day = _day(as_of)
    dated = {name: _restart(catalog, name, day) for name in _releases(catalog, version)}
    found: list[answers.ReleaseRestart] = [{"release": name, "as_of": day, **at} for name, at in dated.items() if at]
    return found, bool(found)


def changes(
    catalog: sqlite3.Connection, since: str | None = None, release: str | None = None
) -> tuple[list[answers.Change], bool]:
    """The changes seen on or after ``since`` (a date; None: all of them), newest first as on the site."""
    rows = _rows(
        catalog,
        "select id, seen_at, run, table_name, release, subject, field, old, new, page from changes"
        " where seen_at >= ? order by seen_at desc, id",
        "" if since is None else _day(since),
    )
    releases = _releases(catalog, release)
    mine = [cast(answers.Change, dict(row)) for row in rows if row["release"] in releases]
    return mine, bool(mine)


def verdict(
    available: list[str], security_month: str | None, release: sqlite3.Row, months: list[str], as_of: str, stale: bool
) -> answers.Verdict:
    """Rule 2 for a build that is in the catalog, in the rule's order. ``available``: the known dates of the build's
    rows; ``months``: the security months of its release that are out on ``as_of``. Null ``serviced`` ends nothing."""
    end = release["end_of_updates_enterprise"]
    if available and as_of < min(available):
        return {"status": "not-released", "months_behind": None, "reason": None}
    if (end and as_of > end) or release["ended"] == "all" or release["serviced"] == 0:
        return {"status": "out-of-support", "months_behind": None, "reason": None}
    if not months:
        return {"status": "unknown", "months_behind": None, "reason": "no-security-month"}
    behind = sum(security_month is None or month > security_month for month in months)
    if behind:
        return {"status": "behind", "months_behind": behind, "reason": "stale" if stale else None}
    if stale:
        return {"status": "unknown", "months_behind": None, "reason": "stale"}
    return {"status": "current", "months_behind": 0, "reason": None}


def is_stale(data_as_of: str | None, as_of: str) -> bool:
    """Whether a second Tuesday lies after the data and not after ``as_of`` (rule 2; days are UTC).

    Updates come in the evening: data of a second Tuesday itself, fetched before then, cover that day and no later one.
    Data without a date is stale: never say current on nothing.
    """
    if data_as_of is None:
        return True
    today = date.fromisoformat(as_of)
    tuesday = second_tuesday(today)
    if tuesday > today:
        tuesday = second_tuesday(today.replace(day=1) - timedelta(days=1))
    if tuesday.isoformat() == data_as_of[:10]:
        return data_as_of[11:] < _PUBLISHED and tuesday < today
    return tuesday.isoformat() > data_as_of[:10]


def second_tuesday(day: date) -> date:
    """The second Tuesday of the month that ``day`` lies in."""
    eighth = day.replace(day=8)
    return eighth + timedelta(days=(1 - eighth.weekday()) % 7)


def _answer(
    catalog: sqlite3.Connection, build: str, release: sqlite3.Row | None, rows: list[sqlite3.Row], as_of: str
) -> answers.BuildAnswer:
    """What one release says of a build: ``rows`` are the build's rows there, none where it is unknown."""
    name = release["release"] if release else None
    months = _months_out(catalog, name, as_of)
    data_as_of = _data_as_of(catalog, [name] if name else [])
    found: answers.Verdict = {"status": "unknown", "months_behind": None, "reason": "not-in-catalog"}
    if release and rows:
        available = [row["available"] for row in rows if row["available"]]
        found = verdict(available, _newest_month(rows), release, months, as_of, is_stale(data_as_of, as_of))
    return {
        "build": build,
        "release": name,
        "as_of": as_of,
        **found,
        "track": _only({row["track"] for row in rows}),
        "kind": _only({row["kind"] for row in rows}),
        "security_month": _newest_month(rows),
        "withdrawn": all(row["withdrawn"] for row in rows) if rows else None,
        "kbs": _updates(rows),
        "twin": _pair(catalog, name, _only({row["twin_kb"] for row in rows} - {None})),
        "baseline": _pair(catalog, name, _only({row["baseline_kb"] for row in rows} - {None})),
        "accepted": _accepted(catalog, name, months, as_of),
        "next_restart": _restart(catalog, name, as_of),
        "below": None if rows else _neighbour(catalog, name, build, -1),
        "above": None if rows else _neighbour(catalog, name, build, 1),
        "data_as_of": data_as_of,
    }


def _home(releases: dict[str, sqlite3.Row], build: str, asked: bool) -> sqlite3.Row | None:
    """Where an unknown build belongs: the first release with its base build, else the one that was asked for."""
    base = int(build.partition(".")[0])
    homes = [row for row in releases.values() if row["base_build"] == base or asked]
    return min(homes, key=lambda row: row["base_build"] != base, default=None)


def _neighbour(catalog: sqlite3.Connection, release: str | None, build: str, side: int) -> answers.Neighbour | None:
    """The nearest build with the same base in a release: ``side`` -1 below, 1 above."""
    base, _, revision = build.partition(".")
    rows = _rows(
        catalog,
        "select * from builds where release = ? and build = (select build from builds where release = ?"
        " and build like ? || '.%' and (revision - ?) * ? > 0 order by abs(revision - ?) limit 1)"
        " order by track desc, kb",
        *(release, release, base, int(revision), side, int(revision)),
    )
    if not rows:
        return None
    return {"build": rows[0]["build"], "kbs": _updates(rows), "security_month": _newest_month(rows)}


def _kb_build(catalog: sqlite3.Connection, row: sqlite3.Row) -> answers.KbBuild:
    return {
        "release": row["release"],
        "build": row["build"],
        "kind": row["kind"],
        "month": row["month"],
        "security_month": row["security_month"],
        "available": row["available"],
        "twin": _pair(catalog, row["release"], row["twin_kb"]),
        "baseline": _pair(catalog, row["release"], row["baseline_kb"]),
    }


def _updates(rows: list[sqlite3.Row]) -> list[answers.Update]:
    return [{"kb": row["kb"], "track": row["track"], "kind": row["kind"]} for row in rows]


def _newest_month(rows: list[sqlite3.Row]) -> str | None:
    return max((row["security_month"] for row in rows if row["security_month"]), default=None)


def _pair(catalog: sqlite3.Connection, release: str | None, kb: str | None) -> answers.Pair | None:
    """A KB with its build in a release. Of two builds the one that was not corrected: KB5053598 was .3474 for hours."""
    if kb is None:
        return None
    rows = _rows(
        catalog,
        "select build from builds where release = ? and kb = ?"
        " order by corrected_to is not null, withdrawn, revision desc limit 1",
        *(release, kb),
    )
    return {"kb": kb, "build": rows[0]["build"] if rows else None}


def _accepted(
    catalog: sqlite3.Connection, release: str | None, months: list[str], as_of: str
) -> list[answers.Accepted]:
    """What counts as fully patched: the newest month's builds that were out, none of them corrected since."""
    rows = _rows(
        catalog,
        "select track, kb, build from accepted_builds as accepted where release = ? and security_month = ?"
        " and coalesce(available, '') <= ? and not exists (select 1 from builds where builds.release = accepted.release"
        " and builds.build = accepted.build and builds.kb is accepted.kb and corrected_to is not null)"
        " order by track desc, build",
        *(release, max(months, default=""), as_of),
    )
    return [cast(answers.Accepted, dict(row)) for row in rows]


def _restart(catalog: sqlite3.Connection, release: str | None, as_of: str) -> answers.Restart | None:
    rows = _rows(
        catalog,
        "select month, date, date_is, status, kb from hotpatch_calendar"
        " where release = ? and type = 'baseline' and withdrawn = 0 and date >= ? order by date, month limit 1",
        *(release, as_of),
    )
    return cast(answers.Restart, dict(rows[0])) if rows else None


def _months_out(catalog: sqlite3.Connection, release: str | None, as_of: str) -> list[str]:
    """The security months of a release (rule 1) that are out on a date."""
    sql = "select month from security_months where release = ? and available <= ?"
    return [row["month"] for row in _rows(catalog, sql, release, as_of)]


def _data_as_of(catalog: sqlite3.Connection, releases: list[str]) -> str | None:
    """The oldest last good fetch behind the releases (none named: behind all), null where one of them has none."""
    known = {row["release"]: row["data_as_of"] for row in _rows(catalog, "select release, data_as_of from freshness")}
    times = [known.get(release) for release in releases or known]
    return None if None in times else min(filter(None, times), default=None)


def _releases(catalog: sqlite3.Connection, text: str | None) -> dict[str, sqlite3.Row]:
    """The releases that a person means (None: all), client first; an InputError lists the known ones."""
    rows = _rows(catalog, "select * from releases order by product, release")
    if text is None:
        return {row["release"]: row for row in rows}
    meant = text.strip().lower().replace(" ", "-")
    named = {row["release"]: row for row in rows if meant in _names(row)}
    if not named:
        raise _misread("release", text, "one of " + ", ".join(row["release"] for row in rows))
    return named


def _names(release: sqlite3.Row) -> set[str]:
    name = str(release["release"])
    return {name, name.removeprefix("windows-"), str(release["version"]).lower()}


def _day(text: str) -> str:
    """A date of the form ``YYYY-MM-DD`` that is in the calendar."""
    try:
        if _DATE.fullmatch(text.strip()):
            return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    raise _misread("date", text, "a date like 2025-05-20")


def _misread(thing: str, text: str, expected: str) -> InputError:
    return InputError(thing, page="the command line", expected=expected, found=repr(text))


def _only(values: set[str | None]) -> str | None:
    """The one value there is; None where a build's rows differ or there is none."""
    return values.pop() if len(values) == 1 else None


def _rows(catalog: sqlite3.Connection, sql: str, *parameters: str | int | None) -> list[sqlite3.Row]:
    """All rows of one question, by column name. The one place that meets a catalog that broke or is another code's."""
    try:
        cursor = catalog.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(sql, parameters).fetchall()
    except sqlite3.Error as error:
        raise MachineError("catalog", page="this machine", expected="a whole catalog", found=str(error)) from error

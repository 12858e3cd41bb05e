"""The lookup room: what an administrator asks of a KB, a build, a month or a release, answered from catalog.db.

The only room that a cold `winkb build` loads, so it imports the standard library, the answers' types and the errors,
no more. It never writes. The rules of design.md section 6 are not here but in the views of schema.sql, so that SQL,
JSON and the command line give one answer; the documents are those of section 5.

Every question returns ``(document, found)``: the JSON document, and whether it answers anything; it is worth printing
either way. Texts come as people type them; one that cannot be understood is an InputError that says what was expected.
"""

import os
import re
import sqlite3
from bisect import bisect
from datetime import date
from typing import cast

from scraper.answers import documents as answers
from scraper.errors import InputError, MachineError

# All of schema.sql (a test compares them): a catalog of an older winkb lacks some.
_TABLES = {
    *("articles", "builds", "changes", "feeds", "findings", "kbs", "kbs_fts", "known_issues", "months", "pages"),
    *("prerequisites", "releases", "runs", "sections", "sections_fts", "track_events"),
}
_VIEWS = {
    *("accepted_builds", "build_verdict", "current_builds", "device_builds", "disagreements", "freshness"),
    *("hotpatch_calendar", "month_names", "next_restart", "restarts_per_year", "security_months"),
    *("twins", "verdict_periods"),
}

_KB = re.compile(r"(?:kb ?)?([0-9]{1,12})")
_REVISION = r"(?:0|[1-9][0-9]{0,5})"
_NUMBER = rf"([1-9][0-9]{{3,5}}\.{_REVISION})"
_BUILD = re.compile(rf"(?:10\.0\.)?{_NUMBER}|version [0-9a-z]+ \(os build {_NUMBER}\)")
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")
_YEAR = re.compile(r"[12][0-9]{3}")
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
        check(catalog, name)
    except sqlite3.Error as error:
        catalog.close()
        raise MachineError("catalog", page=name, expected="a SQLite database", found=str(error)) from error
    except MachineError:
        catalog.close()
        raise
    return catalog


def check(catalog: sqlite3.Connection, name: str) -> None:
    """MachineError where tables or views of schema.sql are missing: another's database, or an older winkb's catalog."""
    present = {str(row[0]) for row in catalog.execute("select name from sqlite_master")}
    if missing := (_TABLES | _VIEWS) - present:
        absent = f"none named {', '.join(sorted(missing))} (`winkb rebuild` makes it anew)"
        raise MachineError("catalog", page=name, expected="the tables and views of schema.sql", found=absent)


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
    read, and the revision alone (``3981``) where a release is named. A build of no release gets one object, found
    false, with its neighbours (rule 2).
    """
    day = _day(as_of)
    releases = _releases(catalog, release)
    number = _build_number(text, list(releases.values()) if release else [])
    devices = {row["release"]: row for row in _rows(catalog, "select * from device_builds where build = ?", number)}
    verdicts = {row["release"]: row for row in _rows(catalog, f"{_VERDICT} and build = ?2", day, number)}
    known = [_known(catalog, devices[name], verdicts[name], day) for name in releases if name in devices]
    if known:
        return known, True
    return [_unknown(catalog, number, _home(releases, number, release is not None), day)], False


class Verdicts:
    """The verdict on every build as of one day, read at once: for a fleet. ``as_of`` as for ``build``."""

    def __init__(self, catalog: sqlite3.Connection, as_of: str) -> None:
        self.as_of = _day(as_of)
        self._catalog = catalog
        self._releases = _releases(catalog, None)
        self._ages = _ages(catalog)
        self._known: dict[str, list[answers.DeviceVerdict]] = {}
        self._revisions: dict[tuple[str, str], list[int]] = {}
        rows = {(row["build"], row["release"]): row for row in _rows(catalog, _VERDICT, self.as_of)}
        for build in {build for build, _ in rows}:
            mine = [rows[build, name] for name in self._releases if (build, name) in rows]
            self._known[build] = [cast(answers.DeviceVerdict, dict(row)) for row in mine]
        for build, release in rows:
            base, _, revision = build.partition(".")
            self._revisions.setdefault((release, base), []).append(int(revision))
        for revisions in self._revisions.values():
            revisions.sort()

    def release(self, text: str) -> str:
        """The release that a text names, as everywhere: ``24H2``, ``server-2025``, ``windows-11-24h2``."""
        return next(iter(_releases(self._catalog, text)))

    def of(self, text: str, server: bool | None = None, prefer: str | None = None) -> list[answers.DeviceVerdict]:
        """What each release that has the build says of it, client first.

        Of an unknown build it is one verdict, with its neighbours in the release that it would be of: a server's or a
        client's where ``server`` says so, and ``prefer`` if it has its base build.
        """
        build = _build_number(text, [])
        return self._known.get(build) or [self._unknown(build, server, prefer)]

    def _unknown(self, build: str, server: bool | None, prefer: str | None) -> answers.DeviceVerdict:
        mine = {
            name: self._releases[name]
            for name in sorted(self._releases, key=lambda name: name != prefer)
            if server in (None, self._releases[name]["product"] == "Windows Server")
        }
        home = _home(mine, build, False)
        base, _, revision = build.partition(".")
        revisions = self._revisions.get((home["release"] if home else "", base), [])
        place = bisect(revisions, int(revision))
        below, above = (
            f"{base}.{found[0]}" if found else None for found in (revisions[:place][-1:], revisions[place:])
        )
        data_as_of = _oldest(self._ages, [home["release"]] if home else [])
        return {
            "build": build,
            "release": home["release"] if home else None,
            "status": "unknown",
            "months_behind": None,
            "reason": "not-in-catalog",
            "because": _because_unknown(build, home, below, above, data_as_of),
            "security_month": None,
            "newest_month": None,
            "track": None,
            "kind": None,
            "kbs": None,
        }


def month(catalog: sqlite3.Connection, text: str, release: str | None = None) -> tuple[list[answers.Month], bool]:
    """The hotpatch calendar's row of one month (``YYYY-MM``) for each release that has one, client first."""
    if not _MONTH.fullmatch(text.strip()):
        raise _misread("month", text, "a month like 2026-06")
    rows = _rows(
        catalog,
        "select release, month, type, planned_type, status, available, kb, build, cumulative_kb, cumulative_build,"
        " restart, withdrawn from months where month = ?",
        text.strip(),
    )
    by_release = {row["release"]: row for row in rows}
    mine = [by_release[name] for name in _releases(catalog, release) if name in by_release]
    flags = [{"restart": bool(row["restart"]), "withdrawn": bool(row["withdrawn"])} for row in mine]
    months = [cast(answers.Month, dict(row) | flag) for row, flag in zip(mine, flags, strict=True)]
    return months, bool(months)


def next_restart(catalog: sqlite3.Connection, version: str, as_of: str) -> tuple[list[answers.ReleaseRestart], bool]:
    """When does a release restart next: its first baseline month dated on or after ``as_of``.

    ``25H2``, ``windows-11-25h2``, ``2025``, ``server-2025`` are read. A release without such a month is left out.
    """
    day = _day(as_of)
    dated = {name: _restart(catalog, name, day) for name in _releases(catalog, version)}
    found: list[answers.ReleaseRestart] = [
        {"release": name, "as_of": day, **at, "days": (date.fromisoformat(at["date"]) - date.fromisoformat(day)).days}
        for name, at in dated.items()
        if at
    ]
    return found, bool(found)


def restarts(catalog: sqlite3.Connection, year: str, release: str | None = None) -> tuple[list[answers.Year], bool]:
    """Which months of a year (``YYYY``) restart a release: how many were planned, how many came, how many the
    cumulative track has, and the calendar's months. Releases without a calendar of that year are left out."""
    if not _YEAR.fullmatch(year.strip()):
        raise _misread("year", year, "a year like 2026")
    counted = {
        row["release"]: row
        for row in _rows(
            catalog,
            "select release, year, planned, actual, cumulative from restarts_per_year where year = ?",
            year.strip(),
        )
    }
    months = _rows(
        catalog,
        "select release, month, type, planned_type, status, date, date_is, restart, kb, build, cumulative_kb,"
        " cumulative_build from hotpatch_calendar where month like ? and withdrawn = 0 order by month",
        f"{year.strip()}-%",
    )
    found = [
        cast(answers.Year, dict(counted[name]) | {"months": [_year_month(row) for row in months if row[0] == name]})
        for name in _releases(catalog, release)
        if name in counted
    ]
    return found, bool(found)


def release(catalog: sqlite3.Connection, text: str, as_of: str) -> tuple[answers.ReleaseAnswer, bool]:
    """A release whole: its support, what is fully patched and when it restarts next on ``as_of``, its restarts by year,
    the newest first, and all its updates, the oldest first."""
    day = _day(as_of)
    name = next(iter(_releases(catalog, text)))
    (row,) = _rows(
        catalog,
        "select release, product, version, base_build, available, end_of_updates, end_of_updates_enterprise, ended,"
        " serviced, hotpatch, partial from releases where release = ?",
        name,
    )
    flags = {key: None if row[key] is None else bool(row[key]) for key in ("serviced", "hotpatch", "partial")}
    years = _rows(catalog, "select year from restarts_per_year where release = ? order by year desc", name)
    builds = _rows(
        catalog,
        "select build, kb, track, kind, month, security_month, available, restart, corrected_to, withdrawn from builds"
        " where release = ? order by available, revision, kb",
        name,
    )
    document = {
        **dict(row),
        **flags,
        "as_of": day,
        "accepted": _accepted(catalog, name, day),
        "next_restart": _restart(catalog, name, day),
        "years": [year for row in years for year in restarts(catalog, row["year"], name)[0]],
        "builds": [
            {
                **dict(row),
                "restart": None if row["restart"] is None else bool(row["restart"]),
                "withdrawn": bool(row["withdrawn"]),
            }
            for row in builds
        ],
        "data_as_of": _data_as_of(catalog, [name]),
    }
    return cast(answers.ReleaseAnswer, document), True


def changes(
    catalog: sqlite3.Connection, since: str | None = None, release: str | None = None
) -> tuple[list[answers.Change], bool]:
    """The changes seen on or after ``since`` (a date; None: all of them), newest first as on the site."""
    rows = _rows(
        catalog,
        "select id, seen_at, run, table_name, release, subject, field, old, new, page, replanned from changes"
        " where seen_at >= ? order by seen_at desc, id",
        "" if since is None else _day(since),
    )
    releases = _releases(catalog, release)
    mine = [
        cast(answers.Change, dict(row) | {"replanned": bool(row["replanned"])})
        for row in rows
        if row["release"] in releases
    ]
    return mine, bool(mine)


def disagreements(
    catalog: sqlite3.Connection, release: str | None = None, *, ended: bool = False
) -> tuple[list[answers.Disagreement], bool]:
    """Where two of the pages differ, both values, and which one the catalog uses and why; the newest first.

    ``ended``: those too that the pages have settled since.
    """
    releases = _releases(catalog, release)
    rows = _rows(
        catalog,
        "select release, subject, field, used, used_page, other, other_page, why, since, until from disagreements"
        " where until is null or ? order by since desc, finding",
        ended,
    )
    mine = [cast(answers.Disagreement, dict(row)) for row in rows if release is None or row["release"] in releases]
    return mine, bool(mine)


_VERDICT = (
    "select build, release, status, months_behind, reason, replace(sentence, '{as_of}', ?1) as because, security_month,"
    " newest_month, track, kind, kbs from verdict_periods where ?1 between since and until"
)


def _known(catalog: sqlite3.Connection, device: sqlite3.Row, verdict: sqlite3.Row, as_of: str) -> answers.BuildAnswer:
    """What a release says of a build that it has: ``device`` is its row of ``device_builds``."""
    name, number = device["release"], device["build"]
    return {
        "build": number,
        "release": name,
        "as_of": as_of,
        "status": verdict["status"],
        "months_behind": verdict["months_behind"],
        "reason": verdict["reason"],
        "because": verdict["because"],
        "track": device["track"],
        "kind": device["kind"],
        "security_month": device["security_month"],
        "withdrawn": bool(device["withdrawn"]),
        "kbs": _updates(catalog, name, number),
        "twin": _pair(catalog, name, device["twin_kb"]),
        "baseline": _pair(catalog, name, device["baseline_kb"]),
        "accepted": _accepted(catalog, name, as_of),
        "next_restart": _restart(catalog, name, as_of),
        "below": None,
        "above": None,
        "data_as_of": _data_as_of(catalog, [name]),
    }


def _unknown(catalog: sqlite3.Connection, build: str, release: sqlite3.Row | None, as_of: str) -> answers.BuildAnswer:
    """What can be said of a build that is in no table: its neighbours in the release that it may belong to."""
    name = release["release"] if release else None
    data_as_of = _data_as_of(catalog, [name] if name else [])
    below, above = _neighbour(catalog, name, build, -1), _neighbour(catalog, name, build, 1)
    builds = (below["build"] if below else None, above["build"] if above else None)
    return {
        "build": build,
        "release": name,
        "as_of": as_of,
        "status": "unknown",
        "months_behind": None,
        "reason": "not-in-catalog",
        "because": _because_unknown(build, release, *builds, data_as_of),
        "track": None,
        "kind": None,
        "security_month": None,
        "withdrawn": None,
        "kbs": [],
        "twin": None,
        "baseline": None,
        "accepted": _accepted(catalog, name, as_of),
        "next_restart": _restart(catalog, name, as_of),
        "below": below,
        "above": above,
        "data_as_of": data_as_of,
    }


def _because_unknown(
    build: str, release: sqlite3.Row | None, below: str | None, above: str | None, data_as_of: str | None
) -> str:
    """As the query ``build_verdict`` of metadata.yml says it; a test holds the two together."""
    if release is None:
        return f"{build} is not in the catalog"
    words = f"{'Server ' if release['product'] == 'Windows Server' else ''}{release['version']}"
    day = data_as_of[:10] if data_as_of else "an unknown day"
    return (
        f"{build} is not in the catalog as a build of {words}; its neighbours in data of {day} are {below or 'none'}"
        f" below and {above or 'none'} above"
    )


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
        "select build from builds where release = ?1 and build like ?2 || '.%' and (revision - ?3) * ?4 > 0"
        " order by abs(revision - ?3) limit 1",
        *(release, base, int(revision), side),
    )
    if release is None or not rows:
        return None
    found = rows[0]["build"]
    (device,) = _rows(
        catalog, "select security_month from device_builds where release = ? and build = ?", release, found
    )
    return {
        "build": found,
        "kbs": _updates(catalog, release, found),
        "security_month": device["security_month"],
    }


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
        "corrected_to": row["corrected_to"],
        "withdrawn": bool(row["withdrawn"]),
    }


def _updates(catalog: sqlite3.Connection, release: str, build: str) -> list[answers.Update]:
    """The updates that bring a build. Descending, the tracks are in the contract's order: hotpatch, cumulative."""
    sql = "select kb, track, kind from builds where release = ? and build = ? order by track desc, kb"
    return [cast(answers.Update, dict(row)) for row in _rows(catalog, sql, release, build)]


def _year_month(row: sqlite3.Row) -> answers.YearMonth:
    months = dict(row) | {"restart": bool(row["restart"])}
    del months["release"]
    return cast(answers.YearMonth, months)


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


def _accepted(catalog: sqlite3.Connection, release: str | None, as_of: str) -> list[answers.Accepted]:
    """What counts as fully patched on a date: the builds that were out of the newest security month that was."""
    rows = _rows(
        catalog,
        "select track, kb, build from accepted_builds where release = ?1 and coalesce(available, '') <= ?2"
        " and security_month = (select max(month) from security_months where release = ?1 and available <= ?2)"
        " order by track desc, build",
        *(release, as_of),
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


def _data_as_of(catalog: sqlite3.Connection, releases: list[str]) -> str | None:
    """The oldest last good fetch behind the releases (none named: behind all), null where one of them has none."""
    return _oldest(_ages(catalog), releases)


def _ages(catalog: sqlite3.Connection) -> dict[str, str | None]:
    """The oldest last good fetch behind each release."""
    return {row["release"]: row["data_as_of"] for row in _rows(catalog, "select release, data_as_of from freshness")}


def _oldest(ages: dict[str, str | None], releases: list[str]) -> str | None:
    times = [ages.get(release) for release in releases or ages]
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


def _build_number(text: str, named: list[sqlite3.Row]) -> str:
    """The build that a text means, like ``26100.3981``. ``named``: the releases that a revision alone may be of."""
    words = text.strip().lower()
    if match := _BUILD.fullmatch(words):
        return str(match[1] or match[2])
    expected = "a build like 26100.3981, 10.0.26100.3981 or Version 24H2 (OS Build 26100.3981)"
    if re.fullmatch(_REVISION, words):
        bases = {row["base_build"] for row in named if row["base_build"]}
        if len(bases) == 1 and words != str(*bases):  # 26100 is the family itself
            return f"{bases.pop()}.{words}"
        expected += ", or the revision alone with the one release that it is of"
    raise _misread("build", text, expected)


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


def _rows(catalog: sqlite3.Connection, sql: str, *parameters: str | int | None) -> list[sqlite3.Row]:
    """All rows of one question, by column name. The one place that meets a catalog that broke or is another code's."""
    try:
        cursor = catalog.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(sql, parameters).fetchall()
    except sqlite3.Error as error:
        raise MachineError("catalog", page="this machine", expected="a whole catalog", found=str(error)) from error

"""What is this build, and is a device on it current?"""

import sqlite3

from scraper.answers.catalog import data_as_of, select
from scraper.answers.documents import Action, BuildAnswer, Neighbour
from scraper.answers.months import restart_from
from scraper.answers.reading import read_build, read_day, read_edition, read_releases, with_edition
from scraper.answers.updates import accepted_on, pair_of, updates_of
from scraper.answers.verdicts import VERDICTS_ON_DAY, Unknown, home_of

# Where Microsoft lists an update for download.
UPDATE_CATALOG = "https://www.catalog.update.microsoft.com/Search.aspx?q="


def build(
    catalog: sqlite3.Connection, text: str, as_of: str, release: str | None = None, edition: str | None = None
) -> tuple[list[BuildAnswer], bool]:
    """What is this build, and is a device on it current on ``as_of``? One object per release that has it, client first.

    ``26100.3981``, ``10.0.26100.3981`` (registry, inventories) and ``Version 24H2 (OS Build 26100.3981)`` (winver) are
    read, and the revision alone (``3981``) if a release is named. A build of no release gets one object with its
    neighbours (rule 2), and found is false. ``edition`` is one of ``reading.EDITIONS``, and chooses the releases that
    have it; None is a device whose edition is not known.
    """
    day, told = read_day(as_of), read_edition(edition)
    releases = read_releases(catalog, release)
    number = read_build(text, list(releases.values()) if release else [])
    devices = {row["release"]: row for row in select(catalog, "select * from device_builds where build = ?", number)}
    having = {name: row for name, row in releases.items() if name in devices}
    family = {name: row for name, row in releases.items() if row["base_build"] == int(number.partition(".")[0])}
    releases = with_edition(catalog, having or family or releases, told)
    if not having:
        home = home_of(releases, number, release is not None)
        return [_unknown(catalog, number, home, day, told if home else None)], False
    verdicts = {row["release"]: row for row in select(catalog, f"{VERDICTS_ON_DAY} and build = ?3", day, told, number)}
    return [_known(catalog, devices[name], verdicts[name], day) for name in releases], True


def _known(catalog: sqlite3.Connection, device: sqlite3.Row, verdict: sqlite3.Row, as_of: str) -> BuildAnswer:
    """The answer for a release that has the build. ``device`` is its row of ``device_builds``."""
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
        "kbs": updates_of(catalog, name, number),
        "twin": pair_of(catalog, name, device["twin_kb"]),
        "baseline": pair_of(catalog, name, device["baseline_kb"]),
        "accepted": accepted_on(catalog, name, as_of),
        "next_restart": restart_from(catalog, name, as_of, verdict["edition"]),
        "below": None,
        "above": None,
        "data_as_of": data_as_of(catalog, [name]),
        "edition": verdict["edition"],
        "action": _action(verdict),
    }


def _action(verdict: sqlite3.Row) -> Action:
    kb, restart = verdict["action_kb"], verdict["action_restart"]
    return {
        "do": verdict["action"],
        "kb": kb,
        "build": verdict["action_build"],
        "track": verdict["action_track"],
        "restart": None if restart is None else bool(restart),
        "because": verdict["action_because"],
        "url": kb and UPDATE_CATALOG + kb,
    }


def _unknown(
    catalog: sqlite3.Connection, build: str, release: sqlite3.Row | None, as_of: str, edition: str | None
) -> BuildAnswer:
    """The answer for a build in no table: its neighbours in the release that it would belong to."""
    name = release["release"] if release else None
    fetched = data_as_of(catalog, [name] if name else [])
    below, above = _neighbour(catalog, name, build, -1), _neighbour(catalog, name, build, 1)
    neighbours = (below["build"] if below else None, above["build"] if above else None)
    unknown = Unknown(catalog, as_of)
    do, why = unknown.action(build, release, *neighbours, edition)
    return {
        "build": build,
        "release": name,
        "as_of": as_of,
        "status": "unknown",
        "months_behind": None,
        "reason": "not-in-catalog",
        "because": unknown.because(build, release, *neighbours, fetched, edition),
        "track": None,
        "kind": None,
        "security_month": None,
        "withdrawn": None,
        "kbs": [],
        "twin": None,
        "baseline": None,
        "accepted": accepted_on(catalog, name, as_of),
        "next_restart": restart_from(catalog, name, as_of, edition),
        "below": below,
        "above": above,
        "data_as_of": fetched,
        "edition": edition,
        "action": {
            "do": do,
            "kb": None,
            "build": None,
            "track": None,
            "restart": None,
            "because": why,
            "url": None,
        },
    }


def _neighbour(catalog: sqlite3.Connection, release: str | None, build: str, side: int) -> Neighbour | None:
    """The nearest build with the same base build in a release: ``side`` -1 is below, 1 is above."""
    base, _, revision = build.partition(".")
    rows = select(
        catalog,
        "select build from builds where release = ?1 and build like ?2 || '.%' and (revision - ?3) * ?4 > 0"
        " order by abs(revision - ?3) limit 1",
        *(release, base, int(revision), side),
    )
    if release is None or not rows:
        return None
    found = rows[0]["build"]
    (device,) = select(
        catalog, "select security_month from device_builds where release = ? and build = ?", release, found
    )
    return {
        "build": found,
        "kbs": updates_of(catalog, release, found),
        "security_month": device["security_month"],
    }

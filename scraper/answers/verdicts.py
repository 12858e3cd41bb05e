"""Verdicts: the query for them, the sentence on an unknown build, and the verdicts on all builds at once.

``build`` in ``builds`` answers one question whole; ``Verdicts`` answers for a fleet, with one query for all builds.
"""

import sqlite3
from bisect import bisect
from collections.abc import Mapping
from typing import cast

from scraper.answers.catalog import fetch_times, oldest, select
from scraper.answers.documents import DeviceVerdict
from scraper.answers.reading import read_build, read_day, read_releases

# Parameter 1 is the day.
VERDICTS_ON_DAY = (
    "select build, release, status, months_behind, reason, replace(sentence, '{as_of}', ?1) as because, security_month,"
    " newest_month, track, kind, kbs from verdict_periods where ?1 between since and until"
)


class Verdicts:
    """The verdicts on all builds as of one day, read once: for a fleet. ``as_of`` as for ``build``."""

    def __init__(self, catalog: sqlite3.Connection, as_of: str) -> None:
        self.as_of = read_day(as_of)
        self._catalog = catalog
        self._releases = read_releases(catalog, None)
        self._fetch_times = fetch_times(catalog)
        self._known: dict[str, list[DeviceVerdict]] = {}
        self._revisions: dict[tuple[str, str], list[int]] = {}
        rows = {(row["build"], row["release"]): row for row in select(catalog, VERDICTS_ON_DAY, self.as_of)}
        for build in {build for build, _ in rows}:
            verdicts = [rows[build, name] for name in self._releases if (build, name) in rows]
            self._known[build] = [cast(DeviceVerdict, dict(row)) for row in verdicts]
        for build, release in rows:
            base, _, revision = build.partition(".")
            self._revisions.setdefault((release, base), []).append(int(revision))
        for revisions in self._revisions.values():
            revisions.sort()

    def release(self, text: str) -> str:
        """The release that a text names, as everywhere: ``24H2``, ``server-2025``, ``windows-11-24h2``."""
        return next(iter(read_releases(self._catalog, text)))

    def of(self, text: str, server: bool | None = None, prefer: str | None = None) -> list[DeviceVerdict]:
        """The verdict of each release that has the build, client first. InputError if the text is no build.

        An unknown build has one verdict, which names its neighbours in the release that it would belong to. ``server``
        restricts that release to servers (True) or clients (False); ``prefer`` is chosen if it has the base build.
        """
        build = read_build(text, [])
        return self._known.get(build) or [self._unknown(build, server, prefer)]

    def _unknown(self, build: str, server: bool | None, prefer: str | None) -> DeviceVerdict:
        candidates = {
            name: self._releases[name]
            for name in sorted(self._releases, key=lambda name: name != prefer)
            if server in (None, self._releases[name]["product"] == "Windows Server")
        }
        home = home_of(candidates, build, False)
        base, _, revision = build.partition(".")
        revisions = self._revisions.get((home["release"] if home else "", base), [])
        place = bisect(revisions, int(revision))
        below, above = (
            f"{base}.{found[0]}" if found else None for found in (revisions[:place][-1:], revisions[place:])
        )
        data_as_of = oldest(self._fetch_times, [home["release"]] if home else [])
        return {
            "build": build,
            "release": home["release"] if home else None,
            "status": "unknown",
            "months_behind": None,
            "reason": "not-in-catalog",
            "because": because_unknown(build, home, below, above, data_as_of),
            "security_month": None,
            "newest_month": None,
            "track": None,
            "kind": None,
            "kbs": None,
        }


def home_of(releases: Mapping[str, sqlite3.Row], build: str, asked: bool) -> sqlite3.Row | None:
    """The release that an unknown build would belong to: the first with its base build.

    ``asked``: the user named the releases, so the first of them will do if none has the base build.
    """
    base = int(build.partition(".")[0])
    homes = [row for row in releases.values() if row["base_build"] == base or asked]
    return min(homes, key=lambda row: row["base_build"] != base, default=None)


def because_unknown(
    build: str, release: sqlite3.Row | None, below: str | None, above: str | None, data_as_of: str | None
) -> str:
    """The sentence on an unknown build. The query ``build_verdict`` of metadata.yml has the same; a test compares."""
    if release is None:
        return f"{build} is not in the catalog"
    name = f"{'Server ' if release['product'] == 'Windows Server' else ''}{release['version']}"
    day = data_as_of[:10] if data_as_of else "an unknown day"
    return (
        f"{build} is not in the catalog as a build of {name}; its neighbours in data of {day} are {below or 'none'}"
        f" below and {above or 'none'} above"
    )

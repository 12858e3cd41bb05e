"""Verdicts: the query for them, the sentence on an unknown build, and the verdicts on all builds at once.

``build`` in ``builds`` answers one question whole; ``Verdicts`` answers for a fleet, with one query for all builds.
"""

import sqlite3
from bisect import bisect
from collections.abc import Mapping
from typing import cast

from scraper.answers.catalog import fetch_times, oldest, select
from scraper.answers.documents import DeviceVerdict
from scraper.answers.reading import read_build, read_day, read_edition, read_releases

# Reasons of a verdict: the data do not say which month is the newest (rule 2; ``lack`` in newest_months).
LACKS = ("stale", "not-listed")
# What an action does (``do``), for people.
ACTIONS = {
    "none": "nothing to do",
    "install": "install",
    "refresh": "refresh the data",
    "upgrade": "upgrade",
    "look": "look",
}
# Parameter 1 is the day, 2 the edition.
_ON_DAY = "from edition_verdict_periods where ?1 between since and until and edition is ?2"
_VERDICT = (
    "build, release, edition, status, months_behind, reason, replace(sentence, '{as_of}', ?1) as because,"
    " security_month, newest_month, track, kind, kbs, action, action_kb, action_restart,"
    " replace(action_because, '{as_of}', ?1) as action_because"
)
_ACTION = "action_build, action_track"
VERDICTS_ON_DAY = f"select {_VERDICT}, {_ACTION} {_ON_DAY}"


class Verdicts:
    """The verdicts on all builds as of one day, read once for each edition: for a fleet. ``as_of`` as for ``build``."""

    def __init__(self, catalog: sqlite3.Connection, as_of: str) -> None:
        self.as_of = read_day(as_of)
        self._catalog = catalog
        self._releases = read_releases(catalog, None)
        self._fetch_times = fetch_times(catalog)
        self._editions: dict[str | None, set[str]] = {None: set(self._releases)}
        for row in select(catalog, "select release, edition from support"):
            self._editions.setdefault(row["edition"], set()).add(row["release"])
        self._unlisted = Unknown(catalog, self.as_of)
        self._known: dict[str | None, dict[str, list[DeviceVerdict]]] = {}
        self._revisions: dict[tuple[str, str], list[int]] = {}
        for build, verdicts in self._on_day(None).items():
            base, _, revision = build.partition(".")
            for verdict in verdicts:
                self._revisions.setdefault((str(verdict["release"]), base), []).append(int(revision))
        for revisions in self._revisions.values():
            revisions.sort()

    def _on_day(self, edition: str | None) -> dict[str, list[DeviceVerdict]]:
        """The verdicts by build, of the releases that have the edition, client first."""
        if edition not in self._known:
            known: dict[str, list[DeviceVerdict]] = {}
            found = select(self._catalog, f"select {_VERDICT} {_ON_DAY}", self.as_of, edition)
            order = {name: place for place, name in enumerate(self._releases)}
            for row in sorted(found, key=lambda row: order[row["release"]]):
                known.setdefault(row["build"], []).append(cast(DeviceVerdict, dict(row)))
            self._known[edition] = known
        return self._known[edition]

    def release(self, text: str) -> str:
        """The release that a text names, as everywhere: ``24H2``, ``server-2025``, ``windows-11-24h2``."""
        return next(iter(read_releases(self._catalog, text)))

    def of(
        self, text: str, server: bool | None = None, prefer: str | None = None, edition: str | None = None
    ) -> list[DeviceVerdict]:
        """The verdict of each release that has the build, client first. InputError if the text is no build.

        An unknown build has one verdict, which names its neighbours in the release that it would belong to. ``server``
        restricts that release to servers (True) or clients (False); ``prefer`` is chosen if it has the base build. A
        release that does not have the edition is judged as if none were told.
        """
        build, edition = read_build(text, []), read_edition(edition)
        if known := self._on_day(None).get(build):
            told = {verdict["release"]: verdict for verdict in self._on_day(edition).get(build, ())}
            return [told.get(verdict["release"], verdict) for verdict in known]
        return [self._unknown(build, server, prefer, edition)]

    def _unknown(self, build: str, server: bool | None, prefer: str | None, edition: str | None) -> DeviceVerdict:
        candidates = {
            name: self._releases[name]
            for name in sorted(self._releases, key=lambda name: name != prefer)
            if server in (None, self._releases[name]["product"] == "Windows Server")
        }
        home = home_of(candidates, build, False)
        name = home["release"] if home else None
        base, _, revision = build.partition(".")
        revisions = self._revisions.get((name or "", base), [])
        place = bisect(revisions, int(revision))
        below, above = (
            f"{base}.{found[0]}" if found else None for found in (revisions[:place][-1:], revisions[place:])
        )
        data_as_of = oldest(self._fetch_times, [name] if name else [])
        told = edition if name in self._editions.get(edition, ()) else None
        action, why = self._unlisted.action(build, home, below, above, told)
        return {
            "build": build,
            "release": name,
            "edition": told,
            "status": "unknown",
            "months_behind": None,
            "reason": "not-in-catalog",
            "because": self._unlisted.because(build, home, below, above, data_as_of, told),
            "security_month": None,
            "newest_month": None,
            "track": None,
            "kind": None,
            "kbs": None,
            "action": action,
            "action_kb": None,
            "action_restart": None,
            "action_because": why,
        }


def home_of(releases: Mapping[str, sqlite3.Row], build: str, asked: bool) -> sqlite3.Row | None:
    """The release that an unknown build would belong to: the first with its base build.

    ``asked``: the user named the releases, so the first of them will do if none has the base build.
    """
    base = int(build.partition(".")[0])
    homes = [row for row in releases.values() if row["base_build"] == base or asked]
    return min(homes, key=lambda row: row["base_build"] != base, default=None)


class Unknown:
    """What is said of a build in no table on a day. The query ``build_verdict`` says the same; a test compares them."""

    def __init__(self, catalog: sqlite3.Connection, as_of: str) -> None:
        self._families = select(catalog, "select first_base, last_base, words from other_families")
        starts = select(catalog, "select release, revision, words from calendar_starts")
        self._starts = {row["release"]: row for row in starts}
        bases = select(
            catalog, "select release, base_build from releases where base_build is not null order by release"
        )
        self._bases: dict[int, list[str]] = {}
        for row in bases:
            self._bases.setdefault(row["base_build"], []).append(row["release"])
        ended = select(
            catalog,
            "select release, edition, name, ending from support_periods"
            " where not supported and ? between since and until",
            as_of,
        )
        self._ended = {
            (row["release"], row["edition"]): f"{row['name']} is out of support: {row['ending']}" for row in ended
        }

    def because(
        self,
        build: str,
        release: sqlite3.Row | None,
        below: str | None,
        above: str | None,
        data_as_of: str | None,
        edition: str | None,
    ) -> str:
        """The sentence: which builds are its neighbours, or that its version is not covered or not released."""
        sentence = f"{build} is not in the catalog"
        if release is None:
            return f"{sentence}: {self._family(int(build.partition('.')[0]))}"
        sentence += f" as a build of {'Server ' if release['product'] == 'Windows Server' else ''}{release['version']}"
        base, revision = map(int, build.split("."))
        day = data_as_of[:10] if data_as_of else "an unknown day"
        if below or above:
            start = self._starts.get(release["release"])
            early = start["words"] if start and revision < start["revision"] else ""
            sentence += (
                f"; its neighbours in data of {day} are {below or 'none'} below and {above or 'none'} above{early}"
            )
        elif release["base_build"] == base:
            sentence += f"; data of {day} list no build of it"
        else:
            return f"{sentence}: {self._family(base)}"
        ended = self._ended.get((release["release"], edition))
        return f"{sentence}; {ended}" if ended else sentence

    def _family(self, base: int) -> str:
        if base in self._bases:
            return f"{base} is of {', '.join(self._bases[base])}"
        words = [row["words"] for row in self._families if row["first_base"] <= base <= row["last_base"]]
        return words[0] if words else f"{base} is not a released version (Insider?)"

    def action(
        self, build: str, release: sqlite3.Row | None, below: str | None, above: str | None, edition: str | None
    ) -> tuple[str, str]:
        """What to do, and why."""
        if release and release["base_build"] == int(build.partition(".")[0]):
            if (release["release"], edition) in self._ended:
                return "upgrade", "its updates have ended; only an upgrade brings newer ones"
            if below and not above:
                return "look", "this build may be newer than the data; winkb scrape reads the pages again"
        return "look", "the catalog does not know this build"

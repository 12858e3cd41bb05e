"""What the pages list, by the facts of ``tests/facts``: updates, calendars and ends of updates of each release.

For the rulebook, so it imports nothing of the program, nor of what writes the bundled pages.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

FACTS = Path(__file__).parents[1] / "facts"
HOME, ENTERPRISE, LTSC, IOT = EDITIONS = ("home-pro", "enterprise-education", "ltsc", "iot-ltsc")
ENDED = "ended"  # by the words "End of updates", without a date
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November")
MONTHS += ("December",)
SERVERS = {"Windows Server 2025": "windows-server-2025", "Windows Server 2022": "windows-server-2022"}


@cache
def facts(name: str) -> tuple[Mapping[str, str], ...]:
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


class Update(NamedTuple):
    """A row that a page has: ``month`` is that of a B row or of the hotpatch calendar, else None."""

    build: str
    kb: str
    available: str | None
    track: str
    kind: str
    month: str | None

    @property
    def revision(self) -> int:
        return int(self.build.partition(".")[2])

    def __str__(self) -> str:
        when = f" of {self.available}" if self.available else " without a date"
        return f"{self.kind}{when}" + (f", {self.kb}" if self.kb else "")


@dataclass
class Release:
    """What the pages say of a release. ``ends`` is None where it stands in no servicing table."""

    name: str
    base: str
    available: str | None = None
    ends: dict[str, str] | None = None
    updates: list[Update] = field(default_factory=list)

    def builds(self) -> dict[str, list[Update]]:
        found = defaultdict(list)
        for update in sorted(self.updates, key=lambda update: (update.revision, update.kb)):
            found[update.build].append(update)
        return found

    def months(self) -> dict[str, str]:
        """The security months, and when each came: of the B rows, and of the calendar's released months."""
        found: dict[str, str] = {}
        for update in self.updates:
            if update.month and update.available:
                found[update.month] = min(update.available, found.get(update.month, update.available))
        return dict(sorted(found.items()))


class Pages:
    """The bundled pages of a day."""

    def __init__(self, pages: str) -> None:
        (day,) = (row for row in facts("read_pages") if row["pages"] == pages)
        self.pages = pages
        self.releases: dict[str, Release] = {}
        self._clients(day["client_edited"])
        self._servers(day["server_edited"])
        self._out_of_band()
        self._titles()

    def _clients(self, edited: str) -> None:
        for row in facts("win11_lifecycle"):
            version = row["version"]
            if not version.startswith("Windows Server") and row["ga_date"] <= edited:
                release = Release(f"windows-11-{version.lower()}", row["base_build"])
                if row["end_enterprise_education"] >= self.pages:
                    home, enterprise = row["end_home_pro"], row["end_enterprise_education"]
                    release.available = row["ga_date"]
                    release.ends = {HOME: home if home >= self.pages else ENDED, ENTERPRISE: enterprise}
                if row["ltsc_extended_end"]:
                    release.ends = {**(release.ends or {}), LTSC: row["ltsc_mainstream_end"]}
                    release.ends[IOT] = row["ltsc_extended_end"]
                self.releases[release.name] = release
        calendar = self._calendar("win11_hotpatch_calendar", "version", edited)
        for row in facts("win11_release_history"):
            name = f"windows-11-{row['version'].lower()}"
            if name in self.releases and row["in_ms_table"] == "yes" and row["availability_date"] <= edited:
                self._cumulative(name, row["update_type"], row["availability_date"], row["build"], row["kb"], calendar)

    def _servers(self, edited: str) -> None:
        for row in facts("server_servicing"):
            if row["version"] in SERVERS:
                base = {"windows-server-2025": "26100", "windows-server-2022": "20348"}[SERVERS[row["version"]]]
                release = Release(SERVERS[row["version"]], base, row["availability_date"])
                release.ends = {"extended": row["extended_end"]}
                self.releases[release.name] = release
        calendar = self._calendar("server_hotpatch_calendar", "product", edited)
        rows = [
            (row["release"], row["update_type"], row["available"], row["build"], row["kb"])
            for row in facts("server_release_history")
        ]
        # The gathered history ends in June 2026; the later B rows are told beside the calendar.
        rows += [
            (SERVERS[row["version"]], f"{_month(row)} B", row["lcu_date"], row["lcu_build"], row["lcu_kb"])
            for row in facts("parity")
            if row["version"] in SERVERS
        ]
        rows += [
            (SERVERS[row["product"]], f"{_month(row)} B", row["availability_date"], row["build"], row["kb"])
            for row in facts("server_hotpatch_calendar")
            if row["type"].startswith("Baseline") and row["update_type"] and row["kb"] and row["product"] in SERVERS
        ]
        for name, update_type, available, build, kb in dict.fromkeys(rows):
            if available <= edited:
                self._cumulative(name, update_type, available, build, kb, calendar)

    def _calendar(self, name: str, column: str, edited: str) -> set[tuple[str, str]]:
        """Adds the calendar's hotpatches; gives its baselines, by release and KB."""
        baselines = set()
        for row in facts(name):
            release = SERVERS.get(row[column], f"windows-11-{row[column].lower()}")
            if release not in self.releases or not row["availability_date"] or row["availability_date"] > edited:
                continue
            # Before 2024 the Server's calendar is no table of any page: its hotpatches are links of a navigation.
            month = _month(row) if row["update_type"] else None
            if not row["type"].startswith("Baseline"):
                update = Update(row["build"], row["kb"], row["availability_date"], "hotpatch", "hotpatch", month)
                self.releases[release].updates.append(update)
            elif month:
                baselines.add((release, row["kb"]))
        return baselines

    def _cumulative(
        self, name: str, update_type: str, available: str, build: str, kb: str, baselines: set[tuple[str, str]]
    ) -> None:
        month, _, letter = update_type.partition(" ")
        kind = {"B": "security", "OOB": "out-of-band"}.get(letter, "preview") if kb else "initial"
        if letter == "B" and (name, kb) in baselines:
            kind = "baseline"
        is_b = letter == "B" and bool(kb)
        update = Update(build, kb, available or None, "cumulative", kind, month if is_b else None)
        self.releases[name].updates.append(update)

    def _out_of_band(self) -> None:
        """Out-of-band and component hotpatches, which no calendar has."""
        for row in (*facts("win11_hotpatch_oob"), *facts("server_hotpatch_oob")):
            if row["release_date"] > self.pages or not row["builds"]:
                continue
            names = [SERVERS.get(product, f"windows-11-{product.lower()}") for product in row["product"].split("; ")]
            for name in names:
                for build in row["builds"].split("; "):
                    if name in self.releases and build.startswith(f"{self.releases[name].base}."):
                        component = row["kind"].startswith("component")
                        track, kind = ("component", "component") if component else ("hotpatch", "out-of-band")
                        update = Update(build, row["kb"], row["release_date"] or None, track, kind, None)
                        self.releases[name].updates.append(update)

    def _titles(self) -> None:
        """What only the update history lists. Of a KB that the release has, the release information says the build."""
        rows = [
            (f"windows-11-{row['version'].lower()}", row["kb"], row["availability_date"], row["build"])
            for row in facts("win11_release_history")
            if row["in_ms_table"] == "no (update history only)" and row["availability_date"] <= self.pages
        ]
        for row in facts("update_history_titles"):
            name = row["category"].strip().lower().replace("windows 11, version ", "windows-11-")
            title = re.match(r"(\w+) (\d+), (\d+)\W*KB ?(\d+)", row["text"])
            if title and name in self.releases and row["shown_from"] <= self.pages:
                when = f"{title[3]}-{MONTHS.index(title[1]) + 1:02}-{int(title[2]):02}"
                builds = re.findall(rf"\b{self.releases[name].base}\.\d+", row["text"])
                rows += [(name, f"KB{title[4]}", when, build) for build in builds]
        known = {(name, update.kb) for name, release in self.releases.items() for update in release.updates}
        for name, kb, available, build in dict.fromkeys(rows):
            if (name, kb) not in known:
                self.releases[name].updates.append(Update(build, kb, available, "cumulative", "title", None))


def _month(row: Mapping[str, str]) -> str:
    return f"{row['year']}-{int(row['month']):02}"

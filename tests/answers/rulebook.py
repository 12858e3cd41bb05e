"""The truth table of verdicts: ``python -m tests.answers.rulebook`` prints ``tests/facts/verdicts.csv``.

A case is a build, a day and an edition, and what must be answered by the facts (``listed.py``) and the rules
(``rules.py``), of which none comes from the program. ``pages`` and ``read`` name other pages: those of one bundled date
alone, read at a time of their own. Empty are the bundled pages of all dates, the last of which were read on 2026-09-30.
"""

import csv
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.answers.listed import EDITIONS, ENDED, ENTERPRISE, HOME, MONTHS, SERVERS, facts
from tests.answers.rules import Catalog, Verdict, second_tuesday, shifted

COLUMNS = (
    *("release", "build", "as_of", "edition", "pages", "read"),
    *("status", "months_behind", "reason", "security_month", "why"),
)
BUNDLED = "2026-09-30"


@cache
def bundled() -> Catalog:
    return Catalog(BUNDLED, next(row["read"] for row in facts("read_pages") if row["pages"] == BUNDLED))


class Case(NamedTuple):
    """What is asked. The release is "" for a build of no release here."""

    release: str
    build: str
    as_of: str
    edition: str = ""
    pages: str = ""
    read: str = ""


Cases = Iterator[tuple[Case, str]]


def around(day: str, label: str) -> tuple[tuple[str, str], ...]:
    return (shifted(day, -1), f"the day before {label}"), (day, label), (shifted(day, 1), f"the day after {label}")


def name_of(month: str) -> str:
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def of_every_build() -> Cases:
    """The build's own first days, and the days around the next month; of old releases and of old builds, only some."""
    catalog = bundled()
    for name, builds in catalog.by_build.items():
        for place, (build, updates) in enumerate(builds.items()):
            first, own = catalog.first_day(name, build), catalog.own_month(name, build)
            before_the_calendar = own is None and updates[0].track == "hotpatch"
            old = first < "2024" or name in ("windows-11-21h2", "windows-11-22h2", "windows-11-23h2")
            if before_the_calendar or (place % (10 if old else 2 if first < "2026" else 1) and place > 2):
                continue
            what = " and ".join(str(update) for update in updates)
            days = list(around(first, "the day it came")[: 2 if place % 3 == 0 else 1])
            later = [month for month in catalog.came[name] if not own or month > own]
            for number, month in enumerate([*later[:3], *later[11:12]] if place % 4 == 0 else later[:1], 1):
                dates = around(catalog.came[name][month], f"the day on which {name_of(month)} came")
                days += [dates[1]] if number > 1 else [dates[1], dates[0] if place % 2 else dates[2]]
            if place % 5 == 0:
                days.append((BUNDLED, "the day of the data"))
            for day, label in days:
                if day >= catalog.first_day(name, build) or label.startswith("the day before the day it"):
                    yield Case(name, build, day), f"{what}; {label}"


def newest(catalog: Catalog, name: str) -> list[str]:
    """Of the newest month the update of each track, of the month before too, and the newest of all."""
    builds = catalog.by_build[name]
    months = list(catalog.came[name])[-2:]
    found = [build for build, rows in builds.items() if any(row.month in months for row in rows if row.month)]
    return list(dict.fromkeys([*found, list(builds)[-1]]))


def after_the_data() -> Cases:
    """The second Tuesdays since the pages were read."""
    catalog = bundled()
    for name in catalog.releases:
        for build in newest(catalog, name):
            for month in ("2026-10", "2026-11"):
                tuesday = second_tuesday(month)
                for day, label in around(tuesday, f"the second Tuesday of {name_of(month)}"):
                    yield Case(name, build, day), f"{label}; the pages were read on {BUNDLED}"


def ends() -> Cases:
    """The end of updates of every edition; on each day the other editions too."""
    catalog = bundled()
    for name, release in catalog.releases.items():
        servers = name.startswith("windows-server")
        known = dict(release.ends or {HOME: ENDED, ENTERPRISE: ENDED})
        builds = (list(catalog.by_build[name])[-1], list(catalog.by_build[name])[len(catalog.by_build[name]) // 2])
        for edition, end in known.items():
            for build in builds:
                if end == ENDED:
                    first = catalog.first_day(name, build)
                    days = [(shifted(first, -1), "the day before it came"), (first, "the day it came")]
                    days += [(BUNDLED, "the day of the data")]
                    why = f"updates of {edition} ended on a day that is not known"
                else:
                    days, why = list(around(end, "the last day")), f"updates of {edition} end on {end}"
                for day, label in days:
                    for asked in [""] if servers else ["", *known] if build == builds[0] else ["", edition]:
                        yield Case(name, build, day, asked), f"{label}; {why}"
    for row in facts("server_servicing"):
        if name := SERVERS.get(row["version"]):
            for day, label in around(row["mainstream_end"], "the last day"):
                yield Case(name, list(catalog.by_build[name])[-1], day), f"{label} of mainstream; extended decides"


def lagging() -> Cases:
    """Pages that were read when the month's update was out, or nearly, and do not list it."""
    reads = (
        *(("2026-05-27", "2026-06-09T18:29:59Z"), ("2026-05-27", "2026-06-09T18:30:00Z")),
        *(("2026-05-27", "2026-06-12T03:00:00Z"), ("2026-05-27", "2026-07-20T03:00:00Z")),
        ("2026-07-22", "2026-08-12T03:00:00Z"),
    )
    for pages, read in reads:
        catalog = Catalog(pages, read)
        month = shifted(f"{pages[:7]}-28", 7)[:7]
        tuesday, after = second_tuesday(month), second_tuesday(shifted(f"{month}-28", 7)[:7])
        days = [*around(tuesday, "the second Tuesday"), (shifted(tuesday, 3), "three days after the second Tuesday")]
        days += around(after, "the second Tuesday after that")[1:]
        for name, release in catalog.releases.items():
            if release.ends:
                last = list(catalog.came[name])[-1]
                for build in newest(catalog, name):
                    for day, label in days[:: 1 if name == "windows-11-24h2" else 2]:
                        yield Case(name, build, day, "", pages, read), f"{label}; {name_of(last)} is the newest listed"
                build = newest(catalog, name)[-1]
                for edition in release.ends if name == "windows-11-24h2" else ():
                    day = shifted(tuesday, 3)
                    yield Case(name, build, day, edition, pages, read), f"{name_of(last)} is the newest listed"
    # Read at the same hour as the last bundled pages, but never the ones before: the plan is another, the verdicts not.
    for edition in EDITIONS:
        for day in ("2026-10-13", "2026-10-14"):
            asked = Case("windows-11-24h2", "26100.9445", day, edition, BUNDLED, "2026-10-13T18:30:00Z")
            yield asked, "read when October was out, and October is not listed"


def unknown() -> Cases:
    """Builds that no page has: beside one that is, and those of another product."""
    catalog = bundled()
    for name, builds in catalog.by_build.items():
        base = catalog.releases[name].base
        revisions = {int(build.partition(".")[2]) for build in builds}
        for place, revision in enumerate(sorted(revisions)):
            beside = revision + (1 if place % 2 else -1)
            if beside not in revisions and beside > 0 and place % 9 == 0:
                first = catalog.first_day(name, f"{base}.{revision}")
                yield Case(name, f"{base}.{beside}", first), f"beside {base}.{revision}; no such build"
        for other, theirs in catalog.by_build.items():
            shared = [build for build in theirs if build.startswith(f"{base}.") and build not in builds]
            for build in shared[::12]:
                yield Case(name, build, catalog.first_day(other, build)), f"of {other} only"


def shared() -> Cases:
    """Builds of 24H2 and of Server 2025: each has its own days."""
    catalog = bundled()
    client, server = "windows-11-24h2", "windows-server-2025"
    for build in [build for build in catalog.by_build[client] if build in catalog.by_build[server]][::2]:
        first = max(catalog.first_day(name, build) for name in (client, server))
        days = ((first, "the first day of both"), ("2027-10-13", "the day after the end of 24H2"))
        for day, label in days:
            for name in (client, server):
                yield Case(name, build, day), f"of 24H2 and of Server 2025; {label}"


def corrected() -> Cases:
    """Builds that no page has any more."""
    for row in facts("page_corrections"):
        before, after = (re.findall(r"\b\d{5}\.\d+", row[column]) for column in ("before", "after"))
        for build in sorted(set(before) - set(after)):
            for name in ("windows-11-24h2", "windows-11-25h2", "windows-server-2022", "windows-server-2025"):
                if bundled().releases[name].base == build[:5]:
                    yield (
                        Case(name, build, row["observed_utc"][:10]),
                        f"{row['kb']} had this build until it was corrected",
                    )


def to_come() -> Cases:
    """Builds that came after the pages were read, and builds of no release here."""
    for row in facts("win11_release_history"):
        if row["availability_date"] > BUNDLED:
            for edition, day in (("", row["availability_date"]), (HOME, "2026-10-14"), (ENTERPRISE, "2030-01-01")):
                asked = Case(f"windows-11-{row['version'].lower()}", row["build"], day, edition)
                yield asked, f"came on {row['availability_date']}, after the pages were read"
    yield Case("", "19045.5854", "2025-05-13"), "Windows 10"
    yield Case("", "26220.7000", "2026-09-30"), "of no released version"
    yield Case("", "17784.1769", "2021-07-07"), "hotpatch of the Azure Automanage preview"


def table() -> dict[Case, tuple[Verdict, str]]:
    found: dict[Case, tuple[Verdict, str]] = {}
    catalogs = {("", ""): bundled()}
    for cases in (of_every_build, after_the_data, ends, lagging, unknown, shared, corrected, to_come):
        for case, why in cases():
            key = case.pages, case.read
            if key not in catalogs:
                catalogs[key] = Catalog(*key)
            verdict = catalogs[key].verdict(case.release or None, case.build, case.as_of, case.edition or None)
            found.setdefault(case, (verdict, why))
    return found


def main() -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for case, (verdict, why) in table().items():
        writer.writerow([*case, *("" if value is None else value for value in verdict), why])


if __name__ == "__main__":
    main()

"""The tables against the gathered facts, row by row in both directions, and the answers that come out of them.

What is expected is worked out here from the files of ``tests/facts`` by the words of design.md section 6, without the
code that made the tables. Two catalogs are asked: ``demo``, as the bundled snapshots make it (they end on 2026-09-30),
and ``full``, made of pages that hold every row of the facts until ``DAY``.
"""

import json
import re
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scraper import answers
from scraper.answers.documents import BuildAnswer, KbAnswer
from scraper.cli import main
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.sources import BY_NAME
from tests.answers.small_catalog import MAY
from tests.fixtures.pages import SNAPSHOTS, Facts, everything, facts, file_name

DAY = "2026-10-14"
DEMO_SEEN = "2026-09-30T12:00:00Z"
# The day to which the gathered release histories of Server go.
SERVERS_SEEN = "2026-06-11"
# Rows of the gathered history whose build no row has: one number, of the title of KB5055528 in the category of 22H2
# (``22621.5191 and 22631.5191``). The table has .5189 for both releases and wins over the title; the title in 23H2's
# own category says .5189 as well.
IN_NO_ROW = {
    ("windows-11-22h2", "22621.5191", "KB5055528"),
    ("windows-11-23h2", "22631.5191", "KB5055528"),
}
# Nobody has the KB of these B rows; the builds are from CVE records.
OCTOBER = [
    ("windows-11-24h2", "26100.9711"),
    ("windows-11-25h2", "26200.9711"),
    ("windows-11-26h1", "28000.3231"),
    ("windows-11-26h2", "26300.9711"),
    ("windows-server-2022", "20348.5761"),
    ("windows-server-2025", "26100.33650"),
]
BUILD_COLUMNS = "release, build, kb, track, kind, cadence, month, security_month, available, twin_kb, baseline_kb"

Key = tuple[str, str | None, str | None]
Record = tuple[str | int | None, ...]


def release_of(product: str) -> str:
    """What the catalog calls ``24H2`` or ``Windows Server 2025``."""
    name = product.lower().replace(" ", "-")
    return name if name.startswith("windows-server") else f"windows-11-{name}"


BASES = {release_of(row["version"]): row["base_build"] for row in facts("win11_release_history")}


def month_of(row: Facts) -> str:
    return f"{row['year']}-{int(row['month']):02}"


def revision(build: str) -> int:
    return int(build.partition(".")[2])


# --- what the facts say, worked out by the rules ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A row that ``builds`` must have, before the rules. ``kind`` is None where they decide it, and where ``by_title``,
    which has no letter, and its title does not say it either."""

    release: str
    build: str | None
    kb: str | None
    track: str
    kind: str | None
    cadence: str | None
    month: str | None
    available: str | None
    by_title: bool = False

    @property
    def is_security(self) -> bool:
        return self.track == "cumulative" and self.cadence == "B"

    @property
    def revision(self) -> int:
        return revision(self.build or ".0")


@dataclass(frozen=True, slots=True)
class Month:
    """A row of a calendar as it stands on a day."""

    release: str
    month: str
    type: str
    available: str | None
    build: str | None
    kb: str | None


def in_microsofts_table(row: Facts) -> bool:
    return row["in_ms_table"] in ("yes", "not checked")


def cumulative(release: str, update_type: str, available: str, build: str, kb: str) -> Row:
    month, _, cadence = update_type.partition(" ")
    return Row(release, build, kb or None, "cumulative", None, cadence or None, month or None, available or None)


@dataclass(frozen=True, slots=True)
class Title:
    """What a title of the update history says for the release in whose category it stands. ``build``: the one of the
    release's family, in the text or else in the address of the new layout."""

    release: str
    kb: str
    available: str
    build: str | None
    kind: str | None
    in_text: bool


def titles(day: str) -> Iterator[Title]:
    for row in facts("update_history_titles"):
        if row["shown_from"] > day or row["text"] == "End of servicing statement":
            continue
        match = re.fullmatch(
            r"(\w+ \d+, \d{4})\s*—\s*(KB\d{7}) ?\(OS Builds? (.+)\)\s*(|Preview|Out-of-band)", row["text"].strip()
        )
        assert match, row["text"]
        release = release_of(row["category"].removeprefix("Windows 11, version "))
        base = BASES[release]
        of_text = re.search(rf"\b{base}\.\d+", match[3])
        of_address = re.search(rf"-{base}-(\d+)", row["path"])
        yield Title(
            release=release,
            kb=match[2],
            available=datetime.strptime(match[1], "%B %d, %Y").date().isoformat(),
            build=of_text[0] if of_text else f"{base}.{of_address[1]}" if of_address else None,
            kind=match[4].lower() or None,
            in_text=of_text is not None,
        )


def listed_by_titles_alone(day: str) -> Iterator[Row]:
    """Cumulative updates of a release that no table lists, as the update history of the new layout has them."""
    tabled = {(row.release, row.kb) for row in client_updates(day)}
    for title in titles(day):
        if (title.release, title.kb) not in tabled:
            yield Row(
                title.release,
                title.build,
                title.kb,
                "cumulative",
                title.kind,
                None,
                None,
                title.available,
                by_title=True,
            )


def calendar() -> Iterator[Facts]:
    """Every month of a calendar of ours; the facts name older months of Server 2022 that no calendar lists."""
    for row in facts("win11_hotpatch_calendar"):
        yield {**row, "product": row["version"]}
    for row in facts("server_hotpatch_calendar"):
        if row["update_type"]:
            yield row


def months(day: str) -> list[Month]:
    """The calendars on a day: what has not come yet is a plan, without date, build or KB."""
    return [
        Month(release_of(row["product"]), month_of(row), kind_of(row["type"]), *cells(row))
        if row["availability_date"] and row["availability_date"] <= day
        else Month(release_of(row["product"]), month_of(row), kind_of(row["planned_type"]), None, None, None)
        for row in calendar()
    ]


def kind_of(text: str) -> str:
    return {"Baseline (Restart)": "baseline", "Hotpatch": "hotpatch"}[text]


def cells(row: Facts) -> tuple[str | None, str | None, str | None]:
    return row["availability_date"] or None, row["build"] or None, row["kb"] or None


def client_updates(day: str) -> Iterator[Row]:
    for row in facts("win11_release_history"):
        if in_microsofts_table(row) and row["availability_date"] <= day:
            release = release_of(row["version"])
            yield cumulative(release, row["update_type"], row["availability_date"], row["build"], row["kb"])


def server_updates(day: str) -> Iterator[Row]:
    """Server's cumulative updates: the release histories of 2026-06-11, and the B of later months."""
    for row in facts("server_release_history"):
        if row["available"] <= day:
            yield cumulative(row["release"], row["update_type"], row["available"], row["build"], row["kb"])
    for row in facts("parity"):
        if row["version"].startswith("Windows Server") and row["lcu_date"] > SERVERS_SEEN:
            yield cumulative(
                release_of(row["version"]), f"{month_of(row)} B", row["lcu_date"], row["lcu_build"], row["lcu_kb"]
            )
    for row in calendar():
        available = row["availability_date"]
        is_baseline = row["product"].startswith("Windows Server") and row["type"].startswith("Baseline")
        if is_baseline and SERVERS_SEEN < available <= day:
            release, update_type = release_of(row["product"]), f"{month_of(row)} B"
            yield cumulative(release, update_type, available, row["build"], row["kb"])


def hotpatches(day: str) -> Iterator[Row]:
    """The hotpatches of the calendars, and those of Server 2022 from before its calendar."""
    for month in months(day):
        if month.type == "hotpatch" and month.available:
            yield Row(month.release, month.build, month.kb, "hotpatch", "hotpatch", "B", month.month, month.available)
    for row in facts("server_hotpatch_calendar"):
        if not row["update_type"] and row["type"] == "Hotpatch":
            available, build, kb = cells(row)
            yield Row(release_of(row["product"]), build, kb, "hotpatch", "hotpatch", None, None, available)


def out_of_band(name: str) -> Iterator[Row]:
    """Out-of-band and component hotpatches, one for each release that has them.

    No link to a component update of PowerShell has a date; the facts have one (KB5061096) from another site.
    """
    for row in facts(name):
        for product in row["product"].split("; "):
            release = release_of(product)
            if release == "windows-server-(azure-automanage-preview)":
                continue
            base = {"24H2": "26100", "25H2": "26200"}.get(product, "")
            build = next((build for build in row["builds"].split("; ") if build.startswith(base)), "")
            component = row["kind"] == "component hotpatch"
            track, kind = ("component", "component") if component else ("hotpatch", "out-of-band")
            available = None if component else row["release_date"]
            yield Row(release, build or None, row["kb"], track, kind, None, None, available)


@cache
def expected_rows(day: str) -> dict[Key, Row]:
    rows = [
        *client_updates(day),
        *listed_by_titles_alone(day),
        *server_updates(day),
        *hotpatches(day),
        *out_of_band("win11_hotpatch_oob"),
        *out_of_band("server_hotpatch_oob"),
    ]
    found = {(row.release, row.build, row.kb): row for row in rows if (row.available or "") <= day}
    assert len(found) == len(rows), "no row of the facts stands twice"
    return found


@cache
def expected_builds(day: str) -> dict[Key, Record]:
    """Every row of ``builds``, in the order of ``BUILD_COLUMNS``."""
    rows, calendars = expected_rows(day), [month for month in months(day) if month.available]
    return {
        key: (
            *key,
            row.track,
            kind(row, rows.values(), calendars),
            row.cadence,
            row.month,
            security_month(row, rows.values(), calendars),
            row.available,
            twin(row, rows.values()),
            baseline(row, calendars),
        )
        for key, row in rows.items()
    }


def kind(row: Row, rows: Iterable[Row], calendars: list[Month]) -> str | None:
    if row.kind or row.by_title:
        return row.kind
    siblings = [other for other in rows if other.release == row.release and other.track == "cumulative"]
    bare = [other.revision for other in siblings if other.kb is None]
    security = [other.revision for other in siblings if other.is_security]
    if row.kb is None and row.revision == min(bare) and row.revision < min(security, default=row.revision + 1):
        return "initial"
    if row.cadence == "B":
        baselines = [(month.release, month.month) for month in calendars if month.type == "baseline"]
        return "baseline" if (row.release, row.month) in baselines else "security"
    return "out-of-band" if row.cadence == "OOB" else "preview"


def security_month(row: Row, rows: Iterable[Row], calendars: list[Month]) -> str | None:
    """Rule 1."""
    if row.track == "cumulative":
        below = [
            other
            for other in rows
            if other.release == row.release and other.is_security and other.revision <= row.revision
        ]
        return max(below, key=lambda other: other.revision).month if below else None
    if row.month:
        return row.month
    earlier = [month for month in calendars if month.release == row.release and is_not_after(month, row)]
    if not earlier and row.kind == "hotpatch":  # from before the calendar: it came with the B of its month
        same = [other for other in rows if (other.release, other.available) == (row.release, row.available)]
        return next((other.month for other in same if other.is_security), None)
    return max((month.month for month in earlier), default=None)


def twin(row: Row, rows: Iterable[Row]) -> str | None:
    """Rule 3."""
    others = [other for other in rows if (other.release, other.month) == (row.release, row.month) and row.month]
    if row.kind == "hotpatch":
        return next((other.kb for other in others if other.is_security), None)
    if row.is_security:
        return next((other.kb for other in others if other.kind == "hotpatch"), None)
    return None


def baseline(row: Row, calendars: list[Month]) -> str | None:
    """Rule 4."""
    if row.track != "hotpatch":
        return None
    earlier = [
        month
        for month in calendars
        if month.release == row.release and month.type == "baseline" and is_not_after(month, row)
    ]
    return max(earlier, key=lambda month: month.month).kb if earlier else None


def is_not_after(month: Month, row: Row) -> bool:
    return month.available is not None and row.available is not None and month.available <= row.available


# --- the catalogs ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror that holds every row of the facts."""
    root = tmp_path_factory.mktemp("everything")
    for name, body in everything(DAY).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return root


def scrape(db: Path, archive: Path | None, now: str, mirror: Path) -> job.Outcome:
    outcome = job.scrape(job.Paths(db, archive), now, mirror=str(mirror), manners=Manners(delay=0))
    assert (outcome.outcome, outcome.exit_code, outcome.problems) == ("news", 0, ())
    return outcome


@pytest.fixture(scope="module")
def full(full_catalog: Path) -> Iterator[sqlite3.Connection]:
    with closing(answers.open_catalog(full_catalog)) as catalog:
        yield catalog


@pytest.fixture(scope="module")
def demo(demo_catalog: Path) -> Iterator[sqlite3.Connection]:
    with closing(answers.open_catalog(demo_catalog)) as catalog:
        yield catalog


def select(catalog: sqlite3.Connection, sql: str) -> list[Any]:
    return catalog.execute(sql).fetchall()


def builds(catalog: sqlite3.Connection) -> dict[Key, Record]:
    rows = select(catalog, f"select {BUILD_COLUMNS} from builds")
    found = {(str(row[0]), row[1], row[2]): row for row in rows}
    assert len(found) == len(rows)
    return found


def difference(ours: dict[Key, Record], theirs: dict[Key, Record]) -> dict[Key, tuple[Record | None, Record | None]]:
    """Where two tables differ, by key: what the one has and what the other."""
    keys = sorted(ours.keys() | theirs.keys(), key=str)
    return {key: (ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)}


# --- the tables, row by row ------------------------------------------------------------------------------------------


def test_every_row_of_the_release_history_stands_with_its_date_letter_and_month(full: sqlite3.Connection) -> None:
    found = builds(full)
    held = [row for row in facts("win11_release_history") if in_microsofts_table(row)]
    for row in held:
        key = release_of(row["version"]), row["build"], row["kb"] or None
        served = row["letter"] or None, row["update_type"][:7] or None, row["availability_date"]
        _, _, _, track, _, cadence, month, _, available, _, _ = found[key]
        assert (track, cadence, month, available) == ("cumulative", *served), key
    assert (len(facts("win11_release_history")), len(held)) == (329, 318)


def test_rows_that_only_the_update_history_has_stand_as_its_titles_say(full: sqlite3.Connection) -> None:
    """Without a letter and a month. The gathered facts have nine of them; the tenth shares its build with the first row
    of 24H2 in the table, which has no KB."""
    absent = [row for row in facts("win11_release_history") if not in_microsofts_table(row)]
    gathered = {(release_of(row["version"]), row["build"], row["kb"]): row["availability_date"] for row in absent}
    assert len(gathered) == len(absent) == 11
    assert gathered.keys() >= IN_NO_ROW
    columns = "release, build, kb, track, cadence, month, available, kind, security_month"
    rows = select(full, f"select {columns} from builds where page = 'windows-11-update-history'")
    assert {row[:3]: row[3:7] for row in rows} == {
        key: ("cumulative", None, None, available) for key, available in gathered.items() if key not in IN_NO_ROW
    } | {("windows-11-24h2", "26100.1742", "KB5043080"): ("cumulative", None, None, "2024-09-10")}
    assert sorted((*row[:3], *row[7:]) for row in rows) == [
        ("windows-11-22h2", "22621.5699", "KB5062663", "preview", "2025-07"),
        ("windows-11-24h2", "26100.1000", "KB5039304", "preview", None),
        ("windows-11-24h2", "26100.1150", "KB5040435", None, None),
        ("windows-11-24h2", "26100.1301", "KB5040529", "preview", None),
        ("windows-11-24h2", "26100.1457", "KB5041571", None, None),
        ("windows-11-24h2", "26100.1591", "KB5041865", "preview", None),
        ("windows-11-24h2", "26100.1742", "KB5043080", None, None),
        ("windows-11-24h2", "26100.1882", "KB5043178", "preview", None),
        ("windows-11-24h2", "26100.863", "KB5039239", None, None),
        ("windows-11-25h2", "26200.6725", "KB5065789", "preview", None),
    ]
    assert IN_NO_ROW & builds(full).keys() == set()


def test_every_calendar_row_of_client_and_server_stands_as_it_came(full: sqlite3.Connection) -> None:
    rows = select(full, "select release, month, type, available, build, kb, status, restart from months")
    found = {row[:2]: row[2:] for row in rows}
    expected = {
        (month.release, month.month): (
            *(month.type, month.available, month.build, month.kb),
            "released" if month.available else "planned",
            int(month.type == "baseline"),
        )
        for month in months(DAY)
    }
    assert found == expected
    assert Counter(release for release, _ in found) == {
        "windows-11-24h2": 26,
        "windows-11-25h2": 15,
        "windows-11-26h2": 1,
        "windows-server-2025": 26,
        "windows-server-2022": 36,
    }


def test_hotpatches_of_server_2022_before_its_calendar_have_the_security_month_of_their_day(
    full: sqlite3.Connection,
) -> None:
    old = [row for row in facts("server_hotpatch_calendar") if not row["update_type"]]
    found = builds(full)
    for row in old:
        if row["type"] == "Hotpatch":
            key = "windows-server-2022", row["build"], row["kb"]
            day = row["availability_date"]
            assert found[key][3:9] == ("hotpatch", "hotpatch", None, None, day[:7], day)
    # The links of baselines name no KB, and no calendar has these months: their B are called security.
    assert not [
        key
        for key, row in found.items()
        if key[0] == "windows-server-2022" and row[4] == "baseline" and row[6] < "2024"
    ]
    assert Counter(row["type"] for row in old) == {"Hotpatch": 15, "Baseline (Restart)": 11}


@pytest.mark.parametrize("name", ["win11_hotpatch_oob", "server_hotpatch_oob"])
def test_every_hotpatch_out_of_band_and_component_update_stands(full: sqlite3.Connection, name: str) -> None:
    found = builds(full)
    for row in out_of_band(name):
        key = row.release, row.build, row.kb
        assert found[key][3:7] == (row.track, row.kind, None, None), key
        assert found[key][8] == row.available, key


def test_client_releases_have_no_row_that_the_facts_do_not_have(full: sqlite3.Connection) -> None:
    found, expected = builds(full), expected_builds(DAY)
    assert [key for key in found if key[0].startswith("windows-11") and key not in expected] == []
    assert [key for key in found if key not in expected] == [], "nor have the others"
    known = {row["kb"] for name in ("win11_release_history", "win11_hotpatch_oob") for row in facts(name)}
    known |= {row["kb"] for row in calendar()} | {row.kb for row in expected_rows(DAY).values() if row.kb}
    assert {str(kb) for (kb,) in select(full, "select kb from kbs")} - known == set()


def test_kinds_months_twins_and_baselines_follow_from_the_facts_by_the_rules(full: sqlite3.Connection) -> None:
    """Every column of every row, the derived ones too."""
    assert difference(builds(full), expected_builds(DAY)) == {}
    assert len(builds(full)) == len(expected_builds(DAY)) == 553


def test_demo_has_the_same_rows_up_to_its_last_day(demo: sqlite3.Connection) -> None:
    assert difference(builds(demo), expected_builds("2026-09-30")) == {}
    assert len(builds(demo)) == 547
    assert select(demo, "select * from builds where withdrawn = 1 or corrected_to is not null") == []


def test_twins_are_as_far_apart_as_the_facts_say(full: sqlite3.Connection) -> None:
    columns = "hotpatch_kb, hotpatch_build, cumulative_kb, cumulative_build, revisions_apart"
    found = select(full, f"select release, month, {columns} from twins")
    expected = {
        (
            *(release_of(row["version"]), month_of(row), row["hotpatch_kb"], row["hotpatch_build"]),
            *(row["lcu_kb"], row["lcu_build"], int(row["ubr_gap"])),
        )
        for row in facts("parity")
    }
    assert len(found) == len(expected) == 53
    assert set(found) == expected


def test_month_names_the_cumulative_update_beside_its_hotpatch_or_baseline(full: sqlite3.Connection) -> None:
    rows = select(full, "select release, month, cumulative_kb, cumulative_build from months")
    found = {row[:2]: row[2:] for row in rows}
    expected: dict[Record, Record] = {(month.release, month.month): (None, None) for month in months(DAY)}
    expected |= {
        (row.release, row.month): (row.kb, row.build)
        for row in expected_rows(DAY).values()
        if row.is_security and (row.release, row.month) in expected
    }
    assert found == expected


def test_restarts_of_each_year_are_counted_as_planned_and_as_they_came(full: sqlite3.Connection) -> None:
    """One look at 2026-10-14 knows of no plan but of the one that a star tells of: Server 2022, August 2024."""
    found = select(full, "select release, year, planned, actual, cumulative from restarts_per_year order by 1, 2")
    assert found == [
        ("windows-11-24h2", "2024", 0, 0, 3),
        ("windows-11-24h2", "2025", 4, 4, 12),
        ("windows-11-24h2", "2026", 4, 6, 10),
        ("windows-11-25h2", "2025", 1, 1, 3),
        ("windows-11-25h2", "2026", 4, 6, 10),
        ("windows-11-26h2", "2026", 1, 1, 1),
        ("windows-server-2022", "2024", 4, 5, 12),
        ("windows-server-2022", "2025", 4, 4, 12),
        ("windows-server-2022", "2026", 4, 6, 10),
        ("windows-server-2025", "2024", 0, 0, 2),
        ("windows-server-2025", "2025", 4, 4, 12),
        ("windows-server-2025", "2026", 4, 6, 10),
    ]


def test_demo_knows_that_four_restarts_of_2026_were_planned(demo: sqlite3.Connection) -> None:
    sql = "select release, planned, actual, cumulative from restarts_per_year where year = '2026' order by 1"
    assert select(demo, sql) == [
        ("windows-11-24h2", 4, 5, 9),
        ("windows-11-25h2", 4, 5, 9),
        ("windows-11-26h2", 1, 0, 0),
        ("windows-server-2022", 4, 5, 9),
        ("windows-server-2025", 4, 5, 9),
    ]


def test_plan_of_a_month_is_the_one_of_the_facts_where_it_was_seen_as_a_plan(demo: sqlite3.Connection) -> None:
    """Seen as plans: June 2026 and later; starred: August 2024."""
    found = {row[:2]: row[2] for row in select(demo, "select release, month, planned_type from months")}
    expected = {
        (release_of(row["product"]), month_of(row)): kind_of(row["planned_type"])
        if month_of(row) >= "2026-06" or "*" in row["update_type"]
        else None
        for row in calendar()
    }
    assert found == expected


def test_facts_disagree_with_themselves_in_two_dates_three_builds_and_four_lists_only(full: sqlite3.Connection) -> None:
    """The articles of KB5046696 say 12 for Server and 19 for Windows 11; four titles of the update history
    say something else than the table, or name a build of another release alone; four updates stand in one list only; of
    October's B nobody has the KB."""
    information, history = "windows-11-release-information", "windows-11-update-history"
    server = "windows-server-release-information"
    sql = "select severity, code, release, subject, message, page, other_page from findings where code <> 'due-month'"
    found = select(full, sql)
    # The facts are read after October's second Tuesday, and have no B of some releases of that month.
    due = select(full, "select release, subject from findings where code = 'due-month'")
    assert {subject for _, subject in due} == {"2026-10"}
    assert sorted(found, key=str) == [
        (
            *("info", "link", "windows-11-22h2", "KB5055528"),
            "the address of the link 'April 8, 2025—KB5055528 (OS Builds 22621.5191 and 22631.5191)'"
            " says 22621.5189, 22631.5189",
            *(history, None),
        ),
        (
            *("info", "link", "windows-11-24h2", "KB5046696"),
            "the address of KB5046696 says 2024-11-19",
            *(information, None),
        ),
        *(
            (
                *("info", "unlisted", release, kb),
                f"{kb} of {day} is listed for {release} on {on}, and not on {off}",
                *(off, on),
            )
            for release, kb, day, on, off in (
                ("windows-11-22h2", "KB5019311", "2022-09-27", information, history),
                ("windows-11-22h2", "KB5062663", "2025-07-22", history, information),
                ("windows-11-24h2", "KB5070881", "2025-10-23", information, history),
                ("windows-11-24h2", "KB5072359", "2025-11-18", information, history),
            )
        ),
        (
            *("warning", "conflict", "windows-11-22h2", "KB5031455"),
            f"date of KB5031455: 2023-10-26 on {information}, 2023-10-31 on {history}",
            *(information, history),
        ),
        (
            *("warning", "conflict", "windows-11-22h2", "KB5055528"),
            f"build of KB5055528: 22621.5189 on {information}, 22621.5191 on {history}",
            *(information, history),
        ),
        (
            *("warning", "conflict", "windows-11-24h2", "KB5046696"),
            f"date of 2024-11: 2024-11-12 on {information}, 2024-11-19 on hotpatch-24h2",
            *(information, "hotpatch-24h2"),
        ),
        (
            *("warning", "family", "windows-11-23h2", "KB5122880"),
            f"no build of OS build 22631: 22621.7582; 22631.7582 on {information}",
            *(history, information),
        ),
        (
            *("warning", "family", "windows-11-25h2", "KB5065789"),
            "no build of OS build 26200: 26100.6725; its address names 26200.6725",
            *(history, None),
        ),
        *(
            (
                *("warning", "no-kb", release, build),
                f"no page says the KB of {build} of 2026-10-13",
                *(server if "server" in release else information, None),
            )
            for release, build in OCTOBER
        ),
        (
            *("warning", "second-tuesday", "windows-11-24h2", "KB5046696"),
            "a hotpatch comes on a second Tuesday, and"
            " 'November 19, 2024—Hotpatch KB5046696 (OS Build 26100.2240)' on 2024-11-19",
            *("hotpatch-24h2", None),
        ),
    ]
    tabled = {(row.release, row.kb): row for row in client_updates(DAY)}
    pairs = [(title, tabled.get((title.release, title.kb))) for title in titles(DAY)]
    other_dates = {(title.release, title.kb) for title, row in pairs if row and row.available != title.available}
    other_builds = {(title.release, title.kb) for title, row in pairs if row and row.build != title.build}
    assert other_dates == {("windows-11-22h2", "KB5031455")}
    assert other_builds == {("windows-11-22h2", "KB5055528"), ("windows-11-23h2", "KB5122880")}
    assert {(title.release, title.kb) for title, _ in pairs if not title.in_text} == {
        ("windows-11-25h2", "KB5065789"),
        ("windows-11-23h2", "KB5122880"),
    }


# --- the numbers -----------------------------------------------------------------------------------------------------


def test_thirteen_rows_of_the_gathered_facts_have_no_kb_and_one_more_of_the_server_page(
    full: sqlite3.Connection,
) -> None:
    """The gathered facts: eleven of the client's history, the October baselines of both Servers, and the first row of
    Server 2025."""
    without = {key[:2] for key in builds(full) if key[2] is None}
    history = {(release_of(row["version"]), row["build"]) for row in facts("win11_release_history") if not row["kb"]}
    assert (len(history), len(history | set(OCTOBER))) == (11, 13)
    assert without == history | set(OCTOBER) | {("windows-server-2025", "26100.1742")}


def test_seven_client_releases_begin_with_a_row_without_a_kb(full: sqlite3.Connection) -> None:
    initial = [key[:2] for key, row in builds(full).items() if row[4] == "initial"]
    assert sorted(initial) == [
        ("windows-11-21h2", "22000.194"),
        ("windows-11-22h2", "22621.521"),
        ("windows-11-23h2", "22631.2428"),
        ("windows-11-24h2", "26100.1742"),
        ("windows-11-25h2", "26200.6584"),
        ("windows-11-26h1", "28000.1"),
        ("windows-11-26h2", "26300.9457"),
        ("windows-server-2025", "26100.1742"),
    ]


def test_five_component_updates_have_no_build(full: sqlite3.Connection) -> None:
    rows = [(key[0], key[2], row[3], row[4]) for key, row in builds(full).items() if key[1] is None]
    assert sorted(rows) == [
        ("windows-11-24h2", "KB5061096", "component", "component"),
        ("windows-11-24h2", "KB5066360", "component", "component"),
        ("windows-server-2022", "KB5066359", "component", "component"),
        ("windows-server-2025", "KB5061096", "component", "component"),
        ("windows-server-2025", "KB5066360", "component", "component"),
    ]


def test_eight_builds_have_two_kbs_and_one_a_kb_in_one_place_only(full: sqlite3.Connection) -> None:
    kbs: dict[Record, set[str | None]] = defaultdict(set)
    for release, build, kb in builds(full):
        if build:
            kbs[release, build].add(kb)
    assert {key: found for key, found in kbs.items() if len(found) > 1} == {
        # Without a KB in the table, where it is the first row; with one in the update history.
        ("windows-11-24h2", "26100.1742"): {"KB5043080", None},
        ("windows-11-24h2", "26100.7392"): {"KB5072014", "KB5074204"},
        ("windows-11-25h2", "26200.7392"): {"KB5072014", "KB5074204"},
        ("windows-server-2025", "26100.7392"): {"KB5072014", "KB5074204"},
        ("windows-server-2025", "26100.6905"): {"KB5070881", "KB5070893"},
        ("windows-server-2022", "20348.4467"): {"KB5071413", "KB5074353"},
        ("windows-server-2022", "20348.4297"): {"KB5070884", "KB5070892"},
        # Titles of hotpatches of before the calendar that name the build of the cumulative update.
        ("windows-server-2022", "20348.587"): {"KB5011497", "KB5011580"},
        ("windows-server-2022", "20348.1251"): {"KB5021656", "KB5019080"},
    }


def test_ninety_one_kbs_have_several_builds_and_none_has_two_in_one_release(full: sqlite3.Connection) -> None:
    several: dict[str, set[str]] = defaultdict(set)
    for _, build, kb in builds(full):
        if build and kb:
            several[kb].add(build)
    assert sum(len(found) > 1 for found in several.values()) == 91
    assert Counter(len(found) for found in several.values() if len(found) > 1) == {2: 90, 3: 1}
    # Two of them have one of their builds by a title of the update history alone.
    assert several["KB5062663"] == {"22621.5699", "22631.5699"}
    assert several["KB5065789"] == {"26100.6725", "26200.6725"}
    assert several["KB5124010"] == {"26100.9550", "26200.9550", "26300.9550"}
    within = Counter((release, kb) for release, build, kb in builds(full) if build and kb)
    assert max(within.values()) == 1


def test_client_and_server_share_31_builds(full: sqlite3.Connection) -> None:
    releases: dict[str, set[str]] = defaultdict(set)
    for release, build, _ in builds(full):
        if build:
            releases[build].add(release)
    shared = {build: found for build, found in releases.items() if len(found) > 1}
    assert set(map(frozenset, shared.values())) == {frozenset({"windows-11-24h2", "windows-server-2025"})}
    gathered = [row.build for row in expected_rows(DAY).values() if row.release == "windows-11-24h2" and row.build]
    server = {row["build"] for row in facts("server_hotpatch_calendar") if row["product"] == "Windows Server 2025"}
    server |= {row["build"] for row in facts("server_release_history") if row["release"] == "windows-server-2025"}
    server |= {row["builds"] for row in facts("server_hotpatch_oob") if row["product"] == "Windows Server 2025"}
    assert shared.keys() == server & set(gathered)
    assert len(shared) == 31


# --- lifecycle -------------------------------------------------------------------------------------------------------

SERVICING = (
    "release, base_build, available, end_of_updates, end_of_updates_enterprise, ltsc_mainstream_end, ltsc_extended_end"
)


def lifecycle(day: str) -> Iterator[Record]:
    """The releases whose servicing the facts know, as a page shows them: an end that has passed has no date."""
    for row in facts("win11_lifecycle"):
        server = row["version"].startswith("Windows Server")
        first = row["ltsc_mainstream_end" if server else "end_home_pro"]
        last = row["ltsc_extended_end" if server else "end_enterprise_education"]
        long_term = (None, None) if server else (row["ltsc_mainstream_end"] or None, row["ltsc_extended_end"] or None)
        if row["ga_date"] <= day <= last:
            first_end = first if first >= day else None
            yield (release_of(row["version"]), int(row["base_build"]), row["ga_date"], first_end, last, *long_term)


@pytest.mark.parametrize(("name", "day"), [("demo", "2026-09-30"), ("full", DAY)])
def test_releases_begin_and_end_when_the_facts_say(request: pytest.FixtureRequest, name: str, day: str) -> None:
    catalog = request.getfixturevalue(name)
    # Of Server 2019 and 2016 the facts know no lifecycle.
    sql = f"select {SERVICING} from releases where serviced = 1 and version not in ('2019', '2016')"
    assert sorted(select(catalog, sql)) == sorted(lifecycle(day))
    assert len(list(lifecycle(day))) == 7


def test_releases_out_of_the_servicing_table_are_known_as_such(full: sqlite3.Connection) -> None:
    assert select(full, "select release, base_build, available from releases where serviced = 0") == [
        ("windows-11-21h2", 22000, None),
        ("windows-11-22h2", 22621, None),
    ]
    sql = "select release from releases where ended = 'home' and base_build is not null order by release"
    assert select(full, sql) == [("windows-11-23h2",), ("windows-11-24h2",), ("windows-server-2022",)]


def test_hotpatch_is_for_the_releases_that_have_a_calendar(full: sqlite3.Connection) -> None:
    assert [name for (name,) in select(full, "select release from releases where hotpatch = 1 order by 1")] == sorted(
        {month.release for month in months(DAY)}
    )


def test_a_run_of_october_changes_what_the_facts_have_since_september(tmp_path: Path, folder: Path) -> None:
    """And an end that the page replaced by the words ``End of updates`` keeps the date it had."""
    db, archive = tmp_path / "catalog.db", tmp_path / "archive.db"
    scrape(db, archive, DEMO_SEEN, SNAPSHOTS / DEMO_SEEN[:10])
    scrape(db, archive, f"{DAY}T06:00:00Z", folder)
    with closing(answers.open_catalog(db)) as catalog:
        found = select(catalog, "select table_name, release, subject, field, old, new from changes")
        assert select(catalog, "select end_of_updates, ended from releases where release = 'windows-11-24h2'") == [
            ("2026-10-13", "home")
        ]
    expected: list[Record] = [
        ("releases", "windows-11-24h2", "windows-11-24h2", "ended", None, "home"),
        ("releases", "windows-server-2022", "windows-server-2022", "ended", None, "home"),
    ]
    before = expected_rows("2026-09-30")
    for key, row in expected_rows(DAY).items():
        if key not in before:
            expected.append(("builds", row.release, row.kb or row.build, "row", None, row.build))
    for month in months(DAY):
        if month.available and month.available > "2026-09-30":
            expected.append(("months", month.release, month.month, "available", None, month.available))
            expected.append(("months", month.release, month.month, "build", None, month.build))
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert len(expected) == 2 + 6 + 2 * 5


# --- the answers -----------------------------------------------------------------------------------------------------


def told(catalog: sqlite3.Connection, build: str, as_of: str, release: str) -> BuildAnswer:
    given, found = answers.build(catalog, build, as_of)
    assert found
    [answer] = [answer for answer in given if answer["release"] == release]
    return answer


def told_kb(catalog: sqlite3.Connection, kb: str) -> KbAnswer:
    answer, found = answers.kb(catalog, kb)
    assert found
    assert answer["kb"] == kb
    return answer


def baseline_pair(release: str, build: str, kb: str) -> dict[str, str | None] | None:
    """The baseline of a hotpatch with its build, from the calendars of the facts."""
    number = expected_builds("2026-09-30")[release, build, kb][-1]
    pairs = [{"kb": month.kb, "build": month.build} for month in months(DAY) if month.release == release]
    return next((pair for pair in pairs if pair["kb"] == number), None) if number else None


def shares_its_build(row: Facts) -> bool:
    """Whether a component update of PowerShell brought no other build than the hotpatch before it."""
    return row["hotpatch_build"] in ("26100.7392", "26200.7392", "20348.4467")


PARITY = pytest.mark.parametrize("row", facts("parity"), ids=lambda row: f"{row['version']}-{month_of(row)}")


@PARITY
def test_build_of_a_hotpatch_is_current_on_its_day_and_names_its_twin(demo: sqlite3.Connection, row: Facts) -> None:
    release = release_of(row["version"])
    answer = told(demo, row["hotpatch_build"], row["hotpatch_date"], release)
    hotpatch = {"kb": row["hotpatch_kb"], "track": "hotpatch", "kind": "hotpatch"}
    assert (answer["status"], answer["months_behind"], answer["reason"]) == ("current", 0, None)
    assert answer["security_month"] == month_of(row)
    assert answer["kbs"][0] == hotpatch
    if shares_its_build(row):
        assert (answer["track"], answer["kind"], len(answer["kbs"])) == (None, None, 2)
    else:
        assert (answer["track"], answer["kind"], answer["kbs"]) == ("hotpatch", "hotpatch", [hotpatch])
    assert answer["twin"] == {"kb": row["lcu_kb"], "build": row["lcu_build"]}
    assert answer["baseline"] == baseline_pair(release, row["hotpatch_build"], row["hotpatch_kb"])
    assert (answer["baseline"] is None) is (row["year"] == "2024" and release[-4:] in ("24h2", "2025"))
    assert answer["accepted"] == [
        {"track": "hotpatch", "kb": row["hotpatch_kb"], "build": row["hotpatch_build"]},
        {"track": "cumulative", "kb": row["lcu_kb"], "build": row["lcu_build"]},
    ]
    assert answer["data_as_of"] == DEMO_SEEN


@PARITY
def test_build_of_the_cumulative_update_is_current_on_its_day_and_names_its_twin(
    demo: sqlite3.Connection, row: Facts
) -> None:
    answer = told(demo, row["lcu_build"], row["lcu_date"], release_of(row["version"]))
    assert (answer["status"], answer["months_behind"], answer["reason"]) == ("current", 0, None)
    assert (answer["track"], answer["kind"]) == ("cumulative", "security")
    assert answer["security_month"] == month_of(row)
    assert answer["kbs"] == [{"kb": row["lcu_kb"], "track": "cumulative", "kind": "security"}]
    assert answer["twin"] == {"kb": row["hotpatch_kb"], "build": row["hotpatch_build"]}
    assert answer["baseline"] is None


@PARITY
def test_both_builds_of_a_month_are_one_month_behind_when_the_next_comes(demo: sqlite3.Connection, row: Facts) -> None:
    release, month = release_of(row["version"]), month_of(row)
    dates = {
        other.month: other.available
        for other in expected_rows("2026-09-30").values()
        if other.release == release and other.is_security and other.month and other.month > month
    }
    next_day = dates[min(dates)]
    assert next_day is not None
    for build in (row["hotpatch_build"], row["lcu_build"]):
        answer = told(demo, build, next_day, release)
        assert (answer["status"], answer["months_behind"]) == ("behind", 1)


@PARITY
def test_kb_of_a_hotpatch_finds_its_builds_dates_and_twins(demo: sqlite3.Connection, row: Facts) -> None:
    answer = told_kb(demo, row["hotpatch_kb"])
    assert answer["track"] == "hotpatch"
    assert sorted(answer["builds"], key=lambda build: build["release"]) == sorted(
        (
            {
                "release": release_of(same["version"]),
                "build": same["hotpatch_build"],
                "kind": "hotpatch",
                "month": month_of(same),
                "security_month": month_of(same),
                "available": same["hotpatch_date"],
                "twin": {"kb": same["lcu_kb"], "build": same["lcu_build"]},
                "baseline": baseline_pair(release_of(same["version"]), same["hotpatch_build"], same["hotpatch_kb"]),
                "corrected_to": None,
                "withdrawn": False,
            }
            for same in facts("parity")
            if same["hotpatch_kb"] == row["hotpatch_kb"]
        ),
        key=lambda build: str(build["release"]),
    )


@PARITY
def test_kb_of_the_cumulative_update_finds_its_builds_dates_and_twins(demo: sqlite3.Connection, row: Facts) -> None:
    answer = told_kb(demo, row["lcu_kb"])
    assert answer["track"] == "cumulative"
    assert sorted(answer["builds"], key=lambda build: build["release"]) == sorted(
        (
            {
                "release": release_of(same["version"]),
                "build": same["lcu_build"],
                "kind": "security",
                "month": month_of(same),
                "security_month": month_of(same),
                "available": same["lcu_date"],
                "twin": {"kb": same["hotpatch_kb"], "build": same["hotpatch_build"]},
                "baseline": None,
                "corrected_to": None,
                "withdrawn": False,
            }
            for same in facts("parity")
            if same["lcu_kb"] == row["lcu_kb"]
        ),
        key=lambda build: str(build["release"]),
    )


@PARITY
def test_month_gives_the_hotpatch_and_the_cumulative_update(demo: sqlite3.Connection, row: Facts) -> None:
    given, found = answers.month(demo, month_of(row))
    assert found
    [answer] = [answer for answer in given if answer["release"] == release_of(row["version"])]
    planned = "hotpatch" if month_of(row) == "2026-08" else None
    assert answer == {
        "release": release_of(row["version"]),
        "month": month_of(row),
        "type": "hotpatch",
        "planned_type": planned,
        "scheduled_type": "hotpatch",
        "status": "released",
        "available": row["hotpatch_date"],
        "kb": row["hotpatch_kb"],
        "build": row["hotpatch_build"],
        "cumulative_kb": row["lcu_kb"],
        "cumulative_build": row["lcu_build"],
        "restart": False,
        "withdrawn": False,
        "data_as_of": "2026-09-30T12:00:00Z",
    }


OUT_OF_BAND = [row for name in ("win11_hotpatch_oob", "server_hotpatch_oob") for row in out_of_band(name)]
# The standard update of the same days brings the same build (tests/facts/server_hotpatch_oob.csv).
ON_A_SHARED_BUILD = {"KB5070892": "KB5070884", "KB5070893": "KB5070881"}


@pytest.mark.parametrize("row", OUT_OF_BAND, ids=lambda row: f"{row.release}-{row.kb}")
def test_kb_out_of_band_or_of_a_component_has_its_date_and_baseline_but_no_twin(
    demo: sqlite3.Connection, row: Row
) -> None:
    assert row.kb is not None
    answer = told_kb(demo, row.kb)
    assert answer["track"] == row.track
    [build] = [build for build in answer["builds"] if build["release"] == row.release]
    assert build == {
        "release": row.release,
        "build": row.build,
        "kind": row.kind,
        "month": None,
        "security_month": row.available[:7] if row.available else None,
        "available": row.available,
        "twin": None,
        "baseline": baseline_pair(row.release, row.build or "", row.kb) if row.build else None,
        "corrected_to": None,
        "withdrawn": False,
    }
    assert (build["baseline"] is None) is (row.track == "component")


@pytest.mark.parametrize(
    "row",
    [row for row in OUT_OF_BAND if row.track == "hotpatch" and row.kb not in ON_A_SHARED_BUILD],
    ids=lambda row: f"{row.release}-{row.kb}",
)
def test_build_out_of_band_is_current_on_its_day_and_not_released_before(demo: sqlite3.Connection, row: Row) -> None:
    assert row.build is not None
    assert row.available is not None
    answer = told(demo, row.build, row.available, row.release)
    assert (answer["status"], answer["months_behind"], answer["reason"]) == ("current", 0, None)
    assert (answer["track"], answer["kind"], answer["security_month"]) == (
        "hotpatch",
        "out-of-band",
        row.available[:7],
    )
    assert answer["kbs"] == [{"kb": row.kb, "track": "hotpatch", "kind": "out-of-band"}]
    assert answer["twin"] is None
    assert answer["baseline"] == baseline_pair(row.release, row.build, row.kb or "")
    day_before = f"{row.available[:8]}{int(row.available[8:]) - 1:02}"
    assert told(demo, row.build, day_before, row.release)["status"] == "not-released"


@pytest.mark.parametrize(
    "row", [row for row in OUT_OF_BAND if row.kb in ON_A_SHARED_BUILD], ids=lambda row: str(row.kb)
)
def test_build_of_two_updates_out_of_band_is_on_no_one_track(demo: sqlite3.Connection, row: Row) -> None:
    answer = told(demo, str(row.build), "2025-10-24", row.release)
    assert (answer["status"], answer["track"], answer["kind"]) == ("current", None, "out-of-band")
    assert sorted((update["kb"], update["track"]) for update in answer["kbs"]) == [
        (ON_A_SHARED_BUILD[str(row.kb)], "cumulative"),
        (row.kb, "hotpatch"),
    ]


@pytest.mark.parametrize(
    "row",
    [row for row in OUT_OF_BAND if row.track == "component" and row.build],
    ids=lambda row: f"{row.release}-{row.kb}",
)
def test_component_update_shares_the_build_and_the_verdict_of_the_hotpatch_before_it(
    demo: sqlite3.Connection, row: Row
) -> None:
    assert row.build is not None
    answer = told(demo, row.build, "2025-12-09", row.release)
    assert {"kb": row.kb, "track": "component", "kind": "component"} in answer["kbs"]
    assert (answer["status"], answer["track"], answer["kind"]) == ("current", None, None)


@pytest.mark.parametrize(
    "month",
    [month for month in months("2026-09-30") if month.type == "baseline"],
    ids=lambda m: f"{m.release}-{m.month}",
)
def test_baseline_of_a_month_is_one_update_for_both_tracks(demo: sqlite3.Connection, month: Month) -> None:
    given, found = answers.month(demo, month.month)
    assert found
    [answer] = [answer for answer in given if answer["release"] == month.release]
    assert (answer["type"], answer["restart"]) == ("baseline", True)
    assert (answer["available"], answer["kb"], answer["build"]) == (month.available, month.kb, month.build)
    assert (answer["cumulative_kb"], answer["cumulative_build"]) == (month.kb, month.build)
    if not month.build or not month.available:
        assert (answer["status"], month.month) == ("planned", "2026-10")
        return
    known = told(demo, month.build, month.available, month.release)
    assert (known["status"], known["track"], known["kind"]) == ("current", "cumulative", "baseline")
    assert known["accepted"] == [{"track": "cumulative", "kb": month.kb, "build": month.build}]
    assert known["next_restart"] == {
        "month": month.month,
        "date": month.available,
        "date_is": "published",
        "status": "released",
        "kb": month.kb,
    }


def test_build_that_two_updates_brought_is_released_with_the_first(demo: sqlite3.Connection) -> None:
    """26100.6905 of Server 2025: KB5070881 out of band, and a day later KB5070893 for hotpatch devices."""
    days = ("2025-10-22", "2025-10-23", "2025-10-24")
    assert [told(demo, "26100.6905", day, "windows-server-2025")["status"] for day in days] == [
        "not-released",
        "current",
        "current",
    ]


def verdict(release: str, build: str, day: str) -> tuple[str, int | None, str | None]:
    """Rule 2 for a build of the demo, whose data is of 2026-09-30; October is due from 2026-10-14 on."""
    rows = expected_rows("2026-09-30").values()
    mine = [row for row in rows if (row.release, row.build) == (release, build)]
    out = {
        (other, month, available)
        for other, month, available in (
            *((row.release, row.month, row.available) for row in rows if row.is_security),
            *((month.release, month.month, month.available) for month in months("2026-09-30")),
        )
        if other == release and month and available
    }
    known = expected_builds("2026-09-30")
    own = max((str(known[row.release, row.build, row.kb][7] or "") for row in mine), default="")
    # A build without a date of its own came no earlier than its security month.
    dates = [row.available for row in mine if row.available] or [date for _, month, date in out if month == own]
    if dates and day < min(dates):
        return "not-released", None, None
    ends = {str(record[0]): str(record[4]) for record in lifecycle("2026-09-30")}
    if day > ends.get(release, ""):
        return "out-of-support", None, None
    released = {month for _, month, available in out if available <= day}
    stale = "stale" if day >= "2026-10-14" else None
    if not released:
        return "unknown", None, stale or "no-security-month"
    behind = sum(month > own for month in released)
    if behind:
        return "behind", behind, stale
    return ("unknown", None, "stale") if stale else ("current", 0, None)


@pytest.mark.parametrize(
    "day",
    [
        *(
            pytest.param(day, marks=pytest.mark.slow)
            for day in ("2024-11-12", "2025-05-20", "2025-10-14", "2026-06-09")
        ),
        *(pytest.param(day, marks=pytest.mark.slow) for day in ("2026-09-30", "2026-10-13")),
        "2026-10-14",
    ],
)
def test_verdict_on_every_build_is_the_one_of_the_rules(demo: sqlite3.Connection, day: str) -> None:
    keys = {key[:2] for key in expected_rows("2026-09-30") if key[1]}
    found: dict[tuple[str, str], tuple[str, int | None, str | None]] = {}
    for build in sorted({str(build) for _, build in keys}):
        given, _ = answers.build(demo, build, day)
        for answer in given:
            found[str(answer["release"]), build] = answer["status"], answer["months_behind"], answer["reason"]
    expected = {(release, str(build)): verdict(release, str(build), day) for release, build in keys}
    assert {key: (found.get(key), expected.get(key)) for key in found if found[key] != expected.get(key)} == {}
    assert found.keys() == expected.keys()
    assert len(found) == 533


def test_servers_whose_history_the_pages_have_are_not_partial(
    demo: sqlite3.Connection, full: sqlite3.Connection
) -> None:
    for catalog in (demo, full):
        assert select(catalog, "select release from releases where partial = 1 order by 1") == [
            ("windows-server-2016",),
            ("windows-server-2019",),
        ]
        sql = "select release, count(*) from builds where track = 'cumulative' and release glob '*server*' group by 1"
        later = 3 if catalog is demo else 4
        assert select(catalog, sql) == [("windows-server-2022", 90 + later), ("windows-server-2025", 31 + later)]


def test_servers_are_partial_while_only_the_navigation_of_the_hubs_is_known(tmp_path: Path) -> None:
    """And stay whole, once their page was read, when it fails."""
    db, archive, hubs = tmp_path / "catalog.db", tmp_path / "archive.db", tmp_path / "hubs"
    shutil.copytree(SNAPSHOTS / "2026-05-27", hubs)
    (hubs / file_name(BY_NAME["windows-server-release-information"].url)).unlink()
    partial = []
    for now, mirror in (("05-26", hubs), ("05-27", SNAPSHOTS / "2026-05-27"), ("05-28", hubs)):
        job.scrape(job.Paths(db, archive), f"2026-{now}T12:00:00Z", mirror=str(mirror), manners=Manners(delay=0))
        with closing(answers.open_catalog(db)) as catalog:
            partial.append(
                select(
                    catalog,
                    "select release from releases where partial and version in ('2025', '2022', '24H2') order by 1",
                )
            )
    assert partial == [[("windows-server-2022",), ("windows-server-2025",)], [], []]


def test_old_build_is_not_current_while_the_servers_page_lags_behind_the_hub(tmp_path: Path) -> None:
    """On 2026-07-22 the hub lists July 14 as a baseline of both Servers; their own page is still of May."""
    db, archive, late = tmp_path / "catalog.db", tmp_path / "archive.db", tmp_path / "late"
    shutil.copytree(SNAPSHOTS / "2026-07-22", late)
    server = file_name(BY_NAME["windows-server-release-information"].url)
    shutil.copy(SNAPSHOTS / "2026-05-27" / server, late / server)
    scrape(db, archive, "2026-05-27T12:00:00Z", SNAPSHOTS / "2026-05-27")
    scrape(db, archive, "2026-07-22T12:00:00Z", late)
    with closing(answers.open_catalog(db)) as catalog:
        answer = told(catalog, "26100.32860", "2026-07-22", "windows-server-2025")
    assert (answer["status"], answer["security_month"], answer["months_behind"]) == ("behind", "2026-05", 1)


# --- the same through the command line -------------------------------------------------------------------------------


def command(*words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    return document if isinstance(document, list) else [document]


COMMANDED = [row for row in facts("parity") if row["version"] in ("24H2", "Windows Server 2022")]


@pytest.mark.parametrize("row", COMMANDED, ids=lambda row: f"{row['version']}-{month_of(row)}")
def test_commands_print_the_same_as_the_facts(demo_catalog: Path, row: Facts) -> None:
    release, db = release_of(row["version"]), ("--db", str(demo_catalog))
    [build] = command("build", row["hotpatch_build"], "--as-of", row["hotpatch_date"], "--release", release, *db)
    assert (build["status"], build["security_month"]) == ("current", month_of(row))
    assert build["twin"] == {"kb": row["lcu_kb"], "build": row["lcu_build"]}
    [kb] = command("kb", row["lcu_kb"], "--release", release, *db)
    [found] = kb["builds"]
    assert found["twin"] == {"kb": row["hotpatch_kb"], "build": row["hotpatch_build"]}
    [month] = command("month", month_of(row), "--release", release, *db)
    assert (month["kb"], month["build"]) == (row["hotpatch_kb"], row["hotpatch_build"])
    assert (month["cumulative_kb"], month["cumulative_build"]) == (row["lcu_kb"], row["lcu_build"])


def test_command_prints_the_example_of_the_contract(demo_catalog: Path) -> None:
    printed = command("build", "26100.3981", "--as-of", "2025-05-20", "--db", str(demo_catalog))
    client = {**MAY, "data_as_of": DEMO_SEEN}
    because = str(client["because"]).replace("24H2", "Server 2025")
    assert printed == [client, client | {"release": "windows-server-2025", "because": because}]


def test_commands_know_every_hotpatch_out_of_band_of_windows_11(demo_catalog: Path) -> None:
    for row in out_of_band("win11_hotpatch_oob"):
        [answer] = command("kb", str(row.kb), "--release", row.release, "--db", str(demo_catalog))
        [build] = answer["builds"]
        assert (build["build"], build["kind"], build["available"]) == (row.build, row.kind, row.available)
        assert re.fullmatch("https://support.microsoft.com/en-us/.+", str(answer["article_url"]))

"""The real pages through the whole pipeline, against the facts and against the re-created pages.

The captures lie outside the project (``../shared``); without them these tests are skipped.
"""

import csv
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from scraper.catalog.checks import Context, Past, check_rows
from scraper.catalog.resolve import resolve
from scraper.ingest import job, parse
from scraper.ingest.fetch import Manners
from scraper.ingest.normalize import normalize
from scraper.ingest.sources import BY_NAME
from scraper.models import Entry, EntryKind
from tests.fixtures.pages import SNAPSHOTS, file_name
from tests.fixtures.pages import facts as noted
from tests.fixtures.places import SHARED

CAPTURES = SHARED / "captures"
INFORMATION, HUB = "windows-11-release-information", "hotpatch-25h2"
HISTORY = "windows-11-update-history"
FILES = {
    "2026-05-27": {
        HUB: "hotpatch-windows-11-25h2.2026-05-27.html",
        HISTORY: "windows-11-update-history.2026-05-27.html",
    },
    "2026-07-22": {
        HUB: "hotpatch-windows-11-25h2.2026-07-22.html",
        INFORMATION: "windows11-release-information.2026-07-22.html",
    },
}
# When the Windows 11 page had last been edited, for the snapshot of May and for the capture of July.
EDITED = {"2026-05-27": "2026-05-15", "2026-07-22": "2026-07-19"}
FACT_TABLES = ("releases", "kbs", "builds", "months", "changes", "findings")

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures beside the repository: {CAPTURES}")

Record = tuple[str | int | None, ...]


@cache
def facts(name: str) -> tuple[dict[str, str], ...]:
    with (SHARED / "facts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def capture(date: str, source: str) -> bytes:
    return (CAPTURES / FILES[date][source]).read_bytes()


def mirror(root: Path, pages: dict[str, bytes]) -> Path:
    """A mirror that has these sources' pages and no others."""
    for source, body in pages.items():
        path = root / file_name(BY_NAME[source].url)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return root


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A mirror of the captures of each date."""
    root = tmp_path_factory.mktemp("captures")
    return {date: mirror(root / date, {name: capture(date, name) for name in FILES[date]}) for date in FILES}


def scrape(folder: Path, date: str, pages: Path, names: Sequence[str] = ()) -> job.Outcome:
    """Visit ``pages`` at noon, with the catalog and the archive of a folder."""
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    outcome = job.scrape(paths, f"{date}T12:00:00Z", names=names, mirror=str(pages), manners=Manners(delay=0))
    assert (outcome.exit_code, outcome.problems) == (0, ())
    return outcome


def select(folder: Path, sql: str) -> list[Record]:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        return catalog.execute(sql).fetchall()


def fact_tables(folder: Path) -> dict[str, list[Record]]:
    return {table: select(folder, f"select * from {table} order by rowid") for table in FACT_TABLES}


def release_of(version: str) -> str:
    name = version.lower().replace(" ", "-")
    return name if name.startswith("windows-server") else f"windows-11-{name}"


def month_of(row: dict[str, str]) -> str:
    return f"{row['year']}-{int(row['month']):02}"


def kind_of(text: str) -> str:
    return {"Baseline (Restart)": "baseline", "Hotpatch": "hotpatch"}[text]


def history(after: str, until: str) -> Iterator[dict[str, str]]:
    """Rows of Microsoft's release history with a date in a span."""
    for row in facts("win11_release_history"):
        if row["in_ms_table"] == "yes" and after < row["availability_date"] <= until:
            yield row


# --- release information of 2026-07-22 -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory, captured: dict[str, Path]) -> Path:
    """A catalog of the release information of July alone."""
    folder = tmp_path_factory.mktemp("july")
    outcome = scrape(folder, "2026-07-22", captured["2026-07-22"], [INFORMATION])
    assert (outcome.outcome, outcome.parsed, outcome.changes) == ("news", 1, 0)
    return folder


def test_release_history_of_july_has_291_rows_and_each_is_right(july: Path) -> None:
    columns = "release, build, kb, cadence, month, available, article_url"
    found = select(july, f"select {columns} from builds where track = 'cumulative'")
    expected = [
        (
            *(release_of(row["version"]), row["build"], row["kb"] or None),
            *(row["letter"] or None, row["update_type"][:7] or None, row["availability_date"]),
            f"https://support.microsoft.com/help/{row['kb'][2:]}" if row["kb"] else None,
        )
        for row in history("", EDITED["2026-07-22"])
    ]
    assert len(found) == 291
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_calendars_of_july_have_41_rows_and_each_is_right(july: Path) -> None:
    found = select(july, "select release, month, type, status, available, build, kb from months")
    expected: list[Record] = []
    for row in facts("win11_hotpatch_calendar"):
        if row["version"] in ("24H2", "25H2"):
            key = release_of(row["version"]), month_of(row)
            if row["availability_date"] and row["availability_date"] <= EDITED["2026-07-22"]:
                cells = (row["availability_date"], row["build"], row["kb"])
                expected.append((*key, kind_of(row["type"]), "released", *cells))
            else:
                expected.append((*key, kind_of(row["planned_type"]), "planned", None, None, None))
    assert len(found) == 41
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_every_row_of_the_tables_of_july_is_of_the_history_or_of_the_calendars(july: Path) -> None:
    """Apart from the 291: the hotpatches, which only the calendars have."""
    columns = "release, build, kb, kind, month, available"
    found = select(july, f"select {columns} from builds where track <> 'cumulative'")
    expected = [
        (release_of(row["version"]), row["build"], row["kb"], "hotpatch", month_of(row), row["availability_date"])
        for row in facts("win11_hotpatch_calendar")
        if row["type"] == "Hotpatch" and row["availability_date"] and row["availability_date"] <= EDITED["2026-07-22"]
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert len(found) == 18
    # Its November 2024 hotpatch is of the 12th, and the address beside it says the 19th (sources.md A6).
    assert select(july, "select code, release, subject, message from findings") == [
        ("link", "windows-11-24h2", "KB5046696", "the address of KB5046696 says 2024-11-19")
    ]
    assert select(july, "select page, updated_at, layout, rows, quarantined from pages where rows is not null") == [
        # Four servicing rows and one of the long-term channel beside the 291 and 41.
        (INFORMATION, "2026-07-19T03:21:00Z", "learn", 4 + 1 + 291 + 41, 0)
    ]


def test_lifecycle_of_july_is_that_of_the_facts(july: Path) -> None:
    columns = "base_build, available, end_of_updates, end_of_updates_enterprise, ltsc_mainstream_end, ltsc_extended_end"
    found = select(july, f"select release, {columns}, ended from releases where serviced = 1")
    life = {row["version"]: row for row in facts("win11_lifecycle")}
    expected = []
    for version in ("23H2", "24H2", "25H2", "26H1"):
        row = life[version]
        ended = row["end_home_pro"] < "2026-07-22"
        expected.append(
            (
                *(release_of(version), int(row["base_build"]), row["ga_date"]),
                *(None if ended else row["end_home_pro"], row["end_enterprise_education"]),
                *(row["ltsc_mainstream_end"] or None, row["ltsc_extended_end"] or None),
                "home" if ended else None,
            )
        )
    assert sorted(found, key=str) == expected
    assert select(july, "select release, serviced from releases where serviced = 0") == [
        ("windows-11-21h2", 0),
        ("windows-11-22h2", 0),
    ]


# --- the hotpatch release notes in both layouts ----------------------------------------------------------------------


def entries(date: str) -> list[Entry]:
    """The links of a capture's navigation, without their addresses, which the redesign changed."""
    source = BY_NAME[HUB]
    read = normalize(source, parse.parse(source, capture(date, HUB), source.url))
    assert read.quarantined == ()
    return [replace(entry, url=None) for entry in read.entries]


def test_both_layouts_have_the_same_links_but_for_those_of_july() -> None:
    old, new = entries("2026-05-27"), entries("2026-07-22")
    assert (len(old), len(new)) == (131, 137)
    added = [entry for entry in new if entry not in old]
    assert [entry for entry in new if entry not in added] == old, "in the same order"
    title = "July 18, 2026—Hotpatch KB5121768 (OS Builds 26200.8893 and 26100.8893) Out-of-band"
    assert [(entry.release, str(entry.kind), entry.available, entry.kb, entry.title) for entry in added] == [
        ("windows-11-25h2", "out-of-band", "2026-07-18", "KB5121768", title),
        ("windows-11-25h2", "baseline", "2026-07-14", None, "July 14, 2026—Baseline"),
        ("windows-11-24h2", "out-of-band", "2026-07-18", "KB5121768", title),
        ("windows-11-24h2", "baseline", "2026-07-14", None, "July 14, 2026—Baseline"),
        ("windows-server-2025", "baseline", "2026-07-14", None, "July 14, 2026—Baseline"),
        ("windows-server-2022", "baseline", "2026-07-14", None, "July 14, 2026—Baseline"),
    ]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, captured: dict[str, Path]) -> Path:
    """A catalog of the hotpatch release notes alone: the old layout, then the new one."""
    folder = tmp_path_factory.mktemp("hub")
    scrape(folder, "2026-05-27", captured["2026-05-27"], [HUB])
    scrape(folder, "2026-07-22", captured["2026-07-22"], [HUB])
    return folder


def test_redesign_changes_no_row_and_only_what_truly_changed_is_reported(hub: Path) -> None:
    """No page but the hub was read, so a baseline has no build; June's was not yet among the links (sources.md B6)."""
    assert select(hub, "select page, table_name, release, subject, field, old, new from changes") == [
        (HUB, "builds", "windows-11-24h2", "KB5121768", "row", None, "26100.8893"),
        (HUB, "builds", "windows-11-25h2", "KB5094126", "row", None, "KB5094126"),
        (HUB, "builds", "windows-11-25h2", "KB5101650", "row", None, "KB5101650"),
        (HUB, "builds", "windows-11-25h2", "KB5121768", "row", None, "26200.8893"),
        (HUB, "months", "windows-11-25h2", "2026-06", "kb", None, "KB5094126"),
        (HUB, "months", "windows-11-25h2", "2026-06", "type", "hotpatch", "baseline"),
        (HUB, "months", "windows-11-25h2", "2026-07", "available", None, "2026-07-14"),
        (HUB, "months", "windows-11-25h2", "2026-07", "kb", None, "KB5101650"),
    ]
    assert select(hub, "select * from builds where withdrawn = 1 or corrected_to is not null") == []
    assert select(hub, "select layout, quarantined, pending from pages where layout is not null") == [
        ("support-servicing", 0, 0)
    ]


def test_wrong_year_of_the_update_types_in_may_was_a_finding_until_july(hub: Path) -> None:
    assert select(hub, "select code, release, subject, first_seen, resolved_at from findings order by code desc") == [
        ("update-type-year", "windows-11-25h2", "2026", "2026-05-27T12:00:00Z", "2026-07-22T12:00:00Z"),
        ("second-tuesday", "windows-11-24h2", "KB5046696", "2026-05-27T12:00:00Z", None),
    ]


def test_hub_has_every_hotpatch_of_windows_11_that_its_time_had(hub: Path) -> None:
    """Calendar hotpatches of both releases by their links, out-of-band and component ones beside them."""
    columns = "release, build, kb, track, available"
    found = select(hub, f"select {columns} from builds where release glob 'windows-11-*' and build is not null")
    expected: list[Record] = [
        (release_of(row["version"]), row["build"], row["kb"], "hotpatch", row["availability_date"])
        for row in facts("win11_hotpatch_calendar")
        if row["type"] == "Hotpatch" and row["availability_date"] and row["availability_date"] <= "2026-07-22"
    ]
    # The client's own article of November 2024 has another date than the calendar, which was not read here.
    expected = [(*row[:4], "2024-11-19") if row[2] == "KB5046696" else row for row in expected]
    for row in facts("win11_hotpatch_oob"):
        for build in filter(None, row["builds"].split("; ")):
            if row["release_date"] <= "2026-07-22":
                release = "windows-11-25h2" if build.startswith("26200") else "windows-11-24h2"
                track = "component" if row["kind"] == "component hotpatch" else "hotpatch"
                expected.append((release, build, row["kb"], track, row["release_date"] or None))
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_update_that_the_calendar_calls_a_baseline_is_one_before_its_date_is_known(hub: Path) -> None:
    """June 2026 in the hub of 2026-07-22: its table has the KB, its links do not have the baseline."""
    assert select(hub, "select type, kb, available from months where month = '2026-06'") == [
        ("baseline", "KB5094126", None)
    ]
    assert select(hub, "select kind from builds where kb = 'KB5094126'") == [("baseline",)]


def test_month_whose_baseline_was_announced_with_its_date_is_no_plan(chain: Path) -> None:
    """``July 14, 2026—Baseline`` stood in both Server categories of the hub when Server's own page was of May."""
    sql = "select release, status, available from months where release glob '*server*' and month = '2026-07'"
    with closing(sqlite3.connect(chain / "second.db")) as catalog:
        assert sorted(catalog.execute(sql)) == [
            ("windows-server-2022", "released", "2026-07-14"),
            ("windows-server-2025", "released", "2026-07-14"),
        ]


# --- the update history in its old layout ----------------------------------------------------------------------------


def announced(row: Mapping[str, str]) -> Entry:
    """What a noted title says, read by hand: the kind is its suffix, its day the long date that it begins with."""
    title = row["text"].strip()
    day, _, rest = title.partition("\N{EM DASH}")
    suffix = rest.rpartition(")")[2].strip()
    return Entry(
        release=release_of(row["category"].removeprefix("Windows 11, version ")),
        kind={
            "": EntryKind.CUMULATIVE,
            "Preview": EntryKind.PREVIEW,
            "Out-of-band": EntryKind.CUMULATIVE_OUT_OF_BAND,
        }[suffix],
        available=datetime.strptime(day.strip(), "%B %d, %Y").date().isoformat(),
        kb=rest.strip()[:9],
        builds=tuple(re.findall(r"\d{5}\.\d+", rest)),
        title=title,
        url=f"https://support.microsoft.com/en-us/help/{row['help_id']}",
        expired=False,
        preview=False,
    )


def test_update_history_of_may_has_the_279_entries_that_were_noted() -> None:
    shown = [row for row in noted("update_history_titles") if row["shown_from"] <= "2026-05-27"]
    expected = [announced(row) for row in shown if row["text"] != "End of servicing statement"]
    assert (len(shown), len(expected)) == (280, 279)
    source = BY_NAME[HISTORY]
    read = normalize(source, parse.parse(source, capture("2026-05-27", HISTORY), source.url))
    assert list(read.entries) == expected, "in the same order"
    # A link that announces nothing known, or a category of no release, would be a note.
    assert (read.rows, read.quarantined, read.notes) == (279, (), ())


@pytest.fixture(scope="module")
def updates(tmp_path_factory: pytest.TempPathFactory, captured: dict[str, Path]) -> Path:
    """A catalog of the update history of May alone."""
    folder = tmp_path_factory.mktemp("updates")
    scrape(folder, "2026-05-27", captured["2026-05-27"], [HISTORY])
    return folder


def test_catalog_of_the_update_history_alone_has_its_279_updates(updates: Path) -> None:
    assert select(updates, "select page, rows, quarantined, pending from pages where rows is not null") == [
        (HISTORY, 279, 0, 0)
    ]
    found = select(updates, "select release, kb, available, track, cadence, month, page from builds")
    entries = [
        announced(row)
        for row in noted("update_history_titles")
        if row["shown_from"] <= "2026-05-27" and row["text"] != "End of servicing statement"
    ]
    expected = [(entry.release, entry.kb, entry.available, "cumulative", None, None, HISTORY) for entry in entries]
    assert len(found) == 279
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_update_history_alone_gives_no_release_the_builds_of_another(updates: Path) -> None:
    """Rule 9. Without the table's labels the family must come from the links: all of 25H2 but one (KB5065789) name
    builds of 26200, and every one of them names one of 26100, which is 24H2's."""
    bases = {release_of(row["version"]): int(row["base_build"]) for row in facts("win11_release_history")}
    sql = "select distinct release, cast(build as integer) from builds where build is not null"
    assert [row for row in select(updates, sql) if row[1] != bases[str(row[0])]] == []
    sql = "select release, base_build from releases where base_build is not null"
    assert [row for row in select(updates, sql) if row[1] != bases[str(row[0])]] == []


def test_link_of_september_with_a_build_of_another_release_leaves_the_tables_build() -> None:
    """The navigation of 2026-09-26 has KB5122880 with 22621.7582 under version 23H2. It is cut down to 61 updates, too
    few for a page, so its records are resolved beside those of the snapshot."""
    sources = [BY_NAME[INFORMATION], BY_NAME[HISTORY]]
    address = (
        "https://support.microsoft.com/en-us/servicing/os/windows-11/2025/07/windows-11-version-25h2-update-history"
    )
    body = (CAPTURES / "windows-11-update-history.2026-09-26.cut.html").read_bytes()
    read = normalize(BY_NAME[HISTORY], parse.parse(BY_NAME[HISTORY], body, address))
    assert (len(read.entries), read.quarantined, read.notes) == (61, (), ()), "nor is the end of servicing a finding"
    table = (SNAPSHOTS / "2026-09-30" / file_name(BY_NAME[INFORMATION].url)).read_bytes()
    pages = {
        INFORMATION: normalize(sources[0], parse.parse(sources[0], table, BY_NAME[INFORMATION].url)),
        HISTORY: read,
    }
    rows = resolve(pages, sources)
    assert [key for key in rows.builds if key[2] == "KB5122880"] == [("windows-11-23h2", "22631.7582", "KB5122880")]
    assert not [key for key in rows.builds if key[1] == "22621.7582"]
    context = Context(
        rows.pages, rows.releases, list(rows.builds.values()), list(rows.months.values()), Past("2026-09-30")
    )
    found = [*rows.findings().values(), *check_rows(context)[0]]
    of_september = sorted((one.code, one.subject) for one in found if one.page == HISTORY and one.code != "unlisted")
    assert of_september == [("family", "KB5122880")]


# --- snapshot, captures, snapshot ------------------------------------------------------------------------------------


def visit_three_times(folder: Path, first: Path, second: Path) -> tuple[job.Outcome, job.Outcome, job.Outcome]:
    """All pages of May, two of July, all of September; the catalog after July stays as ``second.db``."""
    before = scrape(folder, "2026-05-27", first)
    then = scrape(folder, "2026-07-22", second, [INFORMATION, HUB])
    (folder / "second.db").write_bytes((folder / "catalog.db").read_bytes())
    return before, then, scrape(folder, "2026-09-30", SNAPSHOTS / "2026-09-30")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, captured: dict[str, Path]) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    may = folder / "may"
    shutil.copytree(SNAPSHOTS / "2026-05-27", may)
    shutil.copytree(captured["2026-05-27"], may, dirs_exist_ok=True)
    outcomes = visit_three_times(folder, may, captured["2026-07-22"])
    assert [outcome.changes for outcome in outcomes] == [0, 37, 80]
    return folder


def news_of_july() -> Iterator[Record]:
    """What the facts have between the pages of May and the captures of July."""
    after, until = EDITED["2026-05-27"], EDITED["2026-07-22"]
    listed = {
        (release_of(row["category"].removeprefix("Windows 11, version ")), kb[0])
        for row in noted("update_history_titles")
        if row["shown_from"] <= "2026-05-27" and (kb := re.search(r"KB\d{7}", row["text"]))
    }
    for row in history(after, until):
        release = release_of(row["version"])
        if (release, row["kb"]) in listed:
            # The update history announced it before the table had it: the table adds what only a row there has.
            yield INFORMATION, "builds", release, row["kb"], "cadence", None, row["letter"]
            yield INFORMATION, "builds", release, row["kb"], "month", None, row["update_type"][:7]
        else:
            yield INFORMATION, "builds", release, row["kb"], "row", None, row["build"]
    for row in facts("win11_hotpatch_oob"):
        if "2026-05-27" < row["release_date"] <= "2026-07-22":
            for product, build in zip(row["product"].split("; "), row["builds"].split("; "), strict=True):
                yield HUB, "builds", release_of(product), row["kb"], "row", None, build
    for row in facts("win11_hotpatch_calendar"):
        if after < row["availability_date"] <= until:
            change = INFORMATION, "months", release_of(row["version"]), month_of(row)
            yield *change, "available", None, row["availability_date"]
            yield *change, "build", None, row["build"]
            yield *change, "kb", None, row["kb"]
            if row["type"] != row["planned_type"]:
                yield *change, "type", kind_of(row["planned_type"]), kind_of(row["type"])
    # Server's page was not visited; of its two baselines the hub listed July's (June's came on 2026-07-23).
    for row in facts("server_hotpatch_calendar"):
        if row["availability_date"] == "2026-07-14":
            yield HUB, "months", release_of(row["product"]), month_of(row), "available", None, row["availability_date"]


def test_changes_of_july_are_exactly_the_news_of_the_facts(chain: Path) -> None:
    sql = "select page, table_name, release, subject, field, old, new from changes where run = 2"
    expected = list(news_of_july())
    assert len(expected) == 37
    assert {change[3] for change in expected if change[4] == "cadence"} == {"KB5089570", "KB5089573"}
    assert sorted(select(chain, sql), key=str) == sorted(expected, key=str)
    assert select(chain, "select distinct seen_at from changes where run = 2") == [("2026-07-22T12:00:00Z",)]


def test_replanned_june_is_reported_for_24h2_and_25h2(chain: Path) -> None:
    sql = "select run, release, subject, old, new from changes where table_name = 'months' and field = 'type'"
    assert select(chain, f"{sql} order by run, release, subject") == [
        (2, "windows-11-24h2", "2026-06", "hotpatch", "baseline"),
        (2, "windows-11-25h2", "2026-06", "hotpatch", "baseline"),
        (3, "windows-11-24h2", "2026-09", "hotpatch", "baseline"),
        (3, "windows-11-25h2", "2026-09", "hotpatch", "baseline"),
        (3, "windows-server-2022", "2026-06", "hotpatch", "baseline"),
        (3, "windows-server-2022", "2026-09", "hotpatch", "baseline"),
        (3, "windows-server-2025", "2026-06", "hotpatch", "baseline"),
        (3, "windows-server-2025", "2026-09", "hotpatch", "baseline"),
    ]
    sql = (
        "select month, type, planned_type, restart from months where release = 'windows-11-25h2' and month > '2026-05'"
    )
    assert select(chain, sql) == [
        ("2026-06", "baseline", "hotpatch", 1),
        ("2026-07", "baseline", "baseline", 1),
        ("2026-08", "hotpatch", "hotpatch", 0),
        ("2026-09", "baseline", "hotpatch", 1),
        ("2026-10", "baseline", "baseline", 1),
        ("2026-11", "hotpatch", "hotpatch", 0),
        ("2026-12", "hotpatch", "hotpatch", 0),
    ]


def test_nothing_is_withdrawn_or_corrected_on_the_way_to_september(chain: Path) -> None:
    for table in ("builds", "months"):
        assert select(chain, f"select * from {table} where withdrawn = 1") == []
    assert select(chain, "select * from builds where corrected_to is not null") == []
    assert select(chain, "select * from changes where new is null") == []
    assert select(chain, "select sum(pending), sum(quarantined), count(failure) from pages") == [(0, 0, 0)]


def test_september_gives_the_build_that_the_address_alone_names(chain: Path) -> None:
    """The update history was not visited in July; its old layout has no build of 25H2 for KB5065789."""
    sql = f"select run, table_name, release, subject, field, old, new from changes where page = '{HISTORY}'"
    assert select(chain, sql) == [(3, "builds", "windows-11-25h2", "KB5065789", "build", None, "26200.6725")]


def test_re_created_pages_of_may_and_july_give_the_same_tables_as_the_real_ones(chain: Path, tmp_path: Path) -> None:
    """All fact tables, with the changes and findings of all three runs."""
    visit_three_times(tmp_path, SNAPSHOTS / "2026-05-27", SNAPSHOTS / "2026-07-22")
    ours, real = fact_tables(tmp_path), fact_tables(chain)
    assert [table for table in FACT_TABLES if ours[table] != real[table]] == []


# --- a run without news ----------------------------------------------------------------------------------------------


def test_second_scrape_of_unchanged_pages_parses_nothing_and_leaves_the_facts(
    tmp_path: Path, captured: dict[str, Path]
) -> None:
    pages = captured["2026-07-22"]
    first = scrape(tmp_path, "2026-07-22", pages, [INFORMATION, HUB])
    before = fact_tables(tmp_path)
    second = scrape(tmp_path, "2026-07-23", pages, [INFORMATION, HUB])
    assert (first.outcome, first.parsed) == ("news", 2)
    assert (second.outcome, second.parsed, second.changes) == ("unchanged", 0, 0)
    assert second.facts_sha256 == first.facts_sha256
    assert fact_tables(tmp_path) == before
    sql = "select page, fetched_at, changed_at from pages where fetched_at is not null order by page"
    assert select(tmp_path, sql) == [
        (HUB, "2026-07-23T12:00:00Z", "2026-07-22T12:00:00Z"),
        (INFORMATION, "2026-07-23T12:00:00Z", "2026-07-22T12:00:00Z"),
    ]
    assert select(tmp_path, "select run, started_at, outcome, exit_code, facts_sha256 from runs") == [
        (1, "2026-07-22T12:00:00Z", "news", 0, first.facts_sha256),
        (2, "2026-07-23T12:00:00Z", "unchanged", 0, first.facts_sha256),
    ]


def with_other_noise(body: bytes) -> bytes:
    """The same page from another server, for another reader, after an insertion that renumbered the navigation."""
    noise = rb'(<meta name="awa-(?:userFlightingId|expid|origindatacenter|stv|variationid)" content=")[^"]*'
    other, count = re.subn(noise, rb"\g<1>P-R-42", body)
    assert count == 5
    slots = rb'(class="supLeftNavLink" data-bi-slot=")(\d+)'
    other, count = re.subn(slots, lambda slot: slot[1] + b"%d" % (int(slot[2]) + 7), other)
    assert count > 250
    return other


def test_page_with_other_noise_is_the_same_version(tmp_path: Path, captured: dict[str, Path]) -> None:
    body = capture("2026-05-27", HUB)
    other = with_other_noise(body)
    assert other != body
    assert parse.fingerprint(other) == parse.fingerprint(body)
    first = scrape(tmp_path, "2026-05-27", captured["2026-05-27"], [HUB])
    second = scrape(tmp_path, "2026-05-28", mirror(tmp_path / "other", {HUB: other}), [HUB])
    assert (second.outcome, second.parsed, second.changes) == ("unchanged", 0, 0)
    assert second.facts_sha256 == first.facts_sha256
    with closing(sqlite3.connect(tmp_path / "archive.db")) as archive:
        assert archive.execute("select count(*) from versions").fetchall() == [(1,)]
        assert archive.execute("select run, version from visits").fetchall() == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'content="2026-05-12"', b'content="2026-05-13"'),
        (b"KB5089466", b"KB5089467"),
    ],
)
def test_page_that_says_something_else_is_another_version(before: bytes, after: bytes) -> None:
    body = capture("2026-05-27", HUB)
    assert before in body
    assert parse.fingerprint(body.replace(before, after)) != parse.fingerprint(body)

"""No preview of 24H2 follows KB5124010 of September 2026, and nothing waits for one."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.publish import feeds
from tests.fixtures.pages import Facts, everything, facts, information, notes

BOTH = {"24H2": "26100", "25H2": "26200"}
# Numbers of the autumn that nobody has told: 24H2 and 25H2 share two B and a hotpatch, 25H2 has a preview.
OCTOBER, PREVIEW, NOVEMBER, HOTPATCH = "KB5130001", "KB5130002", "KB5130003", "KB5130004"
DAYS = ("2026-10-14", "2026-10-30", "2026-11-11", "2026-11-27")


def autumn(name: str) -> tuple[Facts, ...]:
    """The facts, and an autumn as it may be."""
    rows = [dict(row) for row in facts(name)]
    if name == "win11_release_history":
        for version, base in BOTH.items():
            of_version = [row for row in rows if row["version"] == version]
            assert of_version[0]["update_type"] == "2026-10 B"
            of_version[0]["kb"] = OCTOBER
            newer = [("2026-11 B", "B", "2026-11-10", f"{base}.9974", NOVEMBER)]
            if version == "25H2":
                newer.append(("2026-10 D", "D", "2026-10-27", f"{base}.9818", PREVIEW))
            columns = ("update_type", "letter", "availability_date", "build", "kb")
            at = rows.index(of_version[0])
            rows[at:at] = [of_version[0] | dict(zip(columns, one, strict=True)) for one in newer]
    if name == "win11_hotpatch_calendar":
        for row in rows:
            month = row["year"], row["month"]
            if row["version"] in BOTH and month == ("2026", "10"):
                row["kb"] = OCTOBER
            if row["version"] in BOTH and month == ("2026", "11"):
                row |= {"availability_date": "2026-11-10", "build": f"{row['base_build']}.9910", "kb": HOTPATCH}
    if name == "hotpatch_navigation":
        categories = [f"Release notes for Hotpatch on Windows 11 Enterprise version {version}" for version in BOTH]
        rows[:0] = [
            {"category": category, "shown_from": day, "text": text, "help_id": number, "path": ""}
            for category in categories
            for day, text, number in (
                (
                    "2026-11-10",
                    f"November 10, 2026\N{EM DASH}Hotpatch {HOTPATCH} (OS Builds 26200.9910 and 26100.9910)",
                    HOTPATCH[2:],
                ),
                ("2026-10-13", "October 13, 2026\N{EM DASH}Baseline", "5130009"),
            )
        ]
    return tuple(rows)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the catalog after the last run of the autumn, and after each of its days."""
    folder = tmp_path_factory.mktemp("autumn")
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    with pytest.MonkeyPatch.context() as patch:
        for module in (information, notes):
            patch.setattr(module, "facts", autumn)
        notes._later_titles.cache_clear()
        for day in ("2026-09-30", *DAYS):
            for name, body in everything(day).items():
                path = folder / day / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
            outcome = job.scrape(paths, f"{day}T12:00:00Z", mirror=str(folder / day), manners=Manners(delay=0))
            assert (outcome.exit_code, outcome.problems) == (0, ())
            (folder / f"{day}.db").write_bytes(paths.db.read_bytes())
    notes._later_titles.cache_clear()
    return folder


def select(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as catalog:
        return catalog.execute(sql).fetchall()


def test_autumn_has_a_preview_of_25h2_and_none_of_24h2(runs: Path) -> None:
    sql = (
        "select release, kb, build, kind from builds where available > '2026-09-22' and release in"
        " ('windows-11-24h2', 'windows-11-25h2') order by release, revision"
    )
    both = [(OCTOBER, "9711", "baseline"), (PREVIEW, "9818", "preview"), (HOTPATCH, "9910", "hotpatch")]
    both.append((NOVEMBER, "9974", "security"))
    assert select(runs / "catalog.db", sql) == [
        (f"windows-11-{version.lower()}", kb, f"{base}.{revision}", kind)
        for version, base in BOTH.items()
        for kb, revision, kind in both
        if (version, kind) != ("24H2", "preview")
    ]


@pytest.mark.parametrize("day", DAYS)
def test_month_without_a_preview_is_no_finding(runs: Path, day: str) -> None:
    """Nor is one that 25H2 has and 24H2 has not. The findings of before are those of the bundled pages."""
    sql = (
        "select code, release, subject, message from findings where resolved_at is null"
        " and release in ('windows-11-24h2', 'windows-11-25h2') order by 1, 2, 3, 4"
    )
    before, after = select(runs / "2026-09-30.db", sql), select(runs / f"{day}.db", sql)
    assert after == before
    assert {str(subject) for _, _, subject, _ in after} == {"KB5046696", "KB5065789", "KB5070881", "KB5072359"}


def test_no_answer_waits_for_a_preview_of_24h2(runs: Path) -> None:
    def told(*words: str) -> list[dict[str, object]]:
        command = [*words, "--db", str(runs / "catalog.db"), "--json"]
        found = json.loads(CliRunner().invoke(main, command, catch_exceptions=False).stdout)
        return found if isinstance(found, list) else [found]

    answers = [
        told("build", build, "--release", "24H2", "--as-of", "2026-11-27")[0]
        for build in ("26100.9974", "26100.9910", "26100.9711", "26100.9550")
    ]
    found = [(answer["status"], answer["months_behind"], answer["reason"]) for answer in answers]
    assert found == [("current", 0, None), ("current", 0, None), ("behind", 1, None), ("behind", 2, None)]
    changed = [row for row in told("changes", "--since", "2026-10-01") if row["release"] == "windows-11-24h2"]
    appeared = {str(row["subject"]) for row in changed if (row["table_name"], row["field"]) == ("builds", "row")}
    assert appeared == {OCTOBER, HOTPATCH, NOVEMBER}
    documents: tuple[Callable[[], list[dict[str, object]]], ...] = (
        lambda: told("next-restart", "24H2", "--as-of", "2026-11-27"),
        lambda: told("month", "2026-10", "--release", "24H2"),
        lambda: told("month", "2026-11", "--release", "24H2"),
        lambda: told("restarts", "2026", "--release", "24H2"),
    )
    for document in documents:
        assert "preview" not in json.dumps(document()).casefold()


def test_no_feed_and_no_calendar_announces_a_preview_of_24h2(runs: Path) -> None:
    with closing(sqlite3.connect(runs / "catalog.db")) as catalog:
        catalog.row_factory = sqlite3.Row
        updates, changes, calendar = (
            feeds.document(catalog, name, "https://winkb.example", "windows-11-24h2").decode()
            for name in ("updates.atom", "changes.atom", "calendar.ics")
        )
    assert NOVEMBER in updates
    assert "KB5124010" in updates, "the last one"
    assert PREVIEW not in updates + changes + calendar
    summaries = [line for line in calendar.splitlines() if line.startswith("SUMMARY")]
    assert summaries
    assert [line for line in summaries if "preview" in line.casefold()] == []

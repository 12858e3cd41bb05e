"""The columns that follow by rules: kinds, security months, twins, baselines, as derive.sql fills them."""

from contextlib import closing
from dataclasses import replace

from sqlite_utils import Database

from scraper.catalog.write import PageRow, write
from scraper.models import EntryKind, MonthType, Update
from tests.fixtures.records import (
    APRIL,
    MAY,
    MAY_HOTPATCH,
    QUARTER,
    RANKED,
    RELEASE,
    Runs,
    b_row,
    entry,
    month,
    records,
)


def written(runs, table):
    """The rows of a table or view in a catalog with this history."""
    database = Database(memory=True)
    names = [page.name for page in RANKED]
    pages = [PageRow(name, "https://x", *[None] * 5, None, 0, 0, None, None) for name in names]
    write(database, runs.history, {}, RANKED, pages, 1)
    with closing(database.conn):
        return list(database.query(f"select * from {table}"))


def derived(runs):
    """The rows of ``builds`` in a catalog with this history, by KB or build."""
    return {row["kb"] or row["build"]: row for row in written(runs, "builds")}


def meant(*pages):
    """KB or build, then kind, security month, restart, twin, baseline of every row."""
    return {
        name: (row["kind"], row["security_month"], row["restart"], row["twin_kb"], row["baseline_kb"])
        for name, row in derived(Runs(*pages)).items()
    }


def test_every_row_of_a_quarter_means_what_the_rules_say():
    information = replace(
        QUARTER,
        updates=(
            Update(RELEASE, "26100.1742", None, "A", "2024-10", "2024-10-01", None),
            APRIL,
            Update(RELEASE, "26100.3915", "KB5055627", "D", "2025-04", "2025-04-25", None),
            MAY,
            Update(RELEASE, "26100.4066", "KB5061977", "OOB", "2025-05", "2025-05-27", None),
        ),
    )
    notes = records(
        entries=(
            entry(EntryKind.OUT_OF_BAND, "2025-05-16", "KB5061258", "26100.3983"),
            entry(EntryKind.COMPONENT, None, "KB5061096"),
            entry(EntryKind.HOTPATCH, "2025-02-11", "KB5052105", "26100.3107"),
        )
    )
    assert meant(information, notes) == {
        "26100.1742": ("initial", None, None, None, None),
        "KB5055523": ("baseline", "2025-04", True, None, None),
        "KB5055627": ("preview", "2025-04", True, None, None),
        "KB5058411": ("security", "2025-05", True, "KB5058497", None),
        "KB5061977": ("out-of-band", "2025-05", True, None, None),
        "KB5058497": ("hotpatch", "2025-05", False, "KB5058411", "KB5055523"),
        "KB5061258": ("out-of-band", "2025-05", False, None, "KB5055523"),
        "KB5061096": ("component", None, None, None, None),
        "KB5052105": ("hotpatch", None, False, None, None),
    }


def test_a_b_row_without_a_kb_is_a_baseline_by_its_build():
    october = b_row("2026-10", "26100.9711", None, "2026-10-13")
    rows = meant(
        records(updates=(APRIL, october), months=(month("2026-10", MonthType.BASELINE, "2026-10-13", "26100.9711"),))
    )
    assert rows["26100.9711"][0] == "baseline"


def test_a_row_without_a_type_that_is_not_the_first_has_no_kind():
    rows = meant(records(updates=(APRIL, Update(RELEASE, "26100.4000", "KB5059999", None, None, None, None))))
    assert rows["KB5059999"] == (None, "2025-04", True, None, None)


def test_an_old_row_that_is_withdrawn_keeps_its_place_among_the_others():
    preview = Update(RELEASE, "26100.3915", "KB5055627", "D", "2025-04", "2025-04-25", None)
    gone = replace(QUARTER, updates=(preview, MAY), months=(MAY_HOTPATCH,))
    runs = Runs(replace(QUARTER, updates=(APRIL, preview, MAY)))
    runs.add(gone)
    runs.add(gone)
    assert runs.history.builds[RELEASE, "26100.3775", "KB5055523"].withdrawn
    assert derived(runs)["KB5055627"]["security_month"] == "2025-04"


def test_the_newest_row_counts_no_longer_once_it_is_withdrawn():
    preview = Update(RELEASE, "26100.4100", "KB5055699", "D", "2025-05", "2025-05-27", None)
    gone = replace(QUARTER, updates=(APRIL, preview))
    runs = Runs(replace(QUARTER, updates=(APRIL, MAY, preview)))
    runs.add(gone)
    runs.add(gone)
    rows = derived(runs)
    assert rows["KB5058411"]["security_month"] == "2025-05", "a device on it keeps its verdict"
    assert rows["KB5055699"]["security_month"] == "2025-04"


def test_of_two_kbs_of_a_months_b_the_one_on_its_page_is_the_twin():
    corrected = replace(MAY, kb="KB5058411")
    runs = Runs(replace(QUARTER, updates=(APRIL, replace(MAY, kb="KB5058999"))))
    runs.add(replace(QUARTER, updates=(APRIL, corrected)))
    rows = derived(runs)
    assert {"KB5058999", "KB5058411"} <= rows.keys()
    assert rows["KB5058497"]["twin_kb"] == "KB5058411"
    assert [(row["hotpatch_kb"], row["cumulative_kb"]) for row in written(runs, "twins")] == [
        ("KB5058497", "KB5058411")
    ], "the month has two B rows, and the hotpatch one twin"


def test_a_month_is_scheduled_by_the_quarter_rule_whatever_it_is_and_was_planned_as():
    months = [month(name, MonthType.BASELINE) for name in ("2026-04", "2026-06", "2026-09")]
    rows = written(Runs(records(updates=(APRIL,), months=tuple(months))), "months")
    assert [(row["month"], row["scheduled_type"]) for row in rows] == [
        ("2026-04", "baseline"),
        ("2026-06", "hotpatch"),
        ("2026-09", "hotpatch"),
    ]

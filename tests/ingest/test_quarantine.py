"""What stays of a page's last records when some of its rows cannot be read."""

from dataclasses import replace

from scraper.ingest.quarantine import with_last_good_rows
from scraper.models import Quarantined, Servicing, TableName, Version
from tests.fixtures.records import (
    APRIL,
    APRIL_BASELINE,
    MAY,
    QUARTER,
    RELEASE,
    VERSION,
    records,
)


def test_a_row_with_a_readable_key_keeps_its_last_facts():
    key = (RELEASE, MAY.build, MAY.kb)
    aside = Quarantined(TableName.HISTORY, RELEASE, key, "availability date", "soon")
    now = with_last_good_rows(records(quarantined=(aside,)), records(updates=(APRIL, MAY)))
    assert now.updates == (MAY,)


def test_while_a_key_is_unreadable_its_releases_table_loses_nothing():
    aside = Quarantined(TableName.HISTORY, RELEASE, None, "kb article", "KB51016")
    elsewhere = replace(APRIL, release="windows-11-25h2")
    now = with_last_good_rows(
        records(quarantined=(aside,)), records(updates=(elsewhere, APRIL, MAY), months=(APRIL_BASELINE,))
    )
    assert now.updates == (APRIL, MAY)
    assert now.months == ()


def test_a_release_that_only_an_unreadable_servicing_row_names_keeps_its_name():
    version = Version("windows-server-2016", "Windows Server", "2016", 14393)
    row = Servicing("windows-server-2016", "2016-08-02", None, "2027-01-12", "home")
    aside = Quarantined(TableName.SERVICING, "windows-server-2016", ("windows-server-2016",), "date", "soon")
    now = with_last_good_rows(records(quarantined=(aside,)), records(versions=(VERSION, version), servicing=(row,)))
    assert now.versions == (VERSION, version)
    assert now.servicing == (row,)


def test_without_quarantine_nothing_is_kept():
    assert with_last_good_rows(records(), QUARTER) == records()
    assert with_last_good_rows(QUARTER, None) == QUARTER

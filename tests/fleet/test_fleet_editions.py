"""The edition of a device: from a column of its own or the product's name, or told for all; and what it changes."""

import pytest

from scraper import answers
from scraper.answers.reading import EDITIONS
from scraper.fleet.editions import edition_of
from tests.fleet.devices import Judge


@pytest.mark.parametrize(
    ("product", "edition", "read"),
    [
        ("", "Pro", "home-pro"),
        ("", "Professional", "home-pro"),
        ("", "ProfessionalN", "home-pro"),
        ("", "ProfessionalWorkstation", "home-pro"),
        ("", "ProfessionalEducation", "home-pro"),
        ("", "Core", "home-pro"),
        ("", "CoreSingleLanguage", "home-pro"),
        ("", "Home", "home-pro"),
        ("", "48", "home-pro"),
        ("", "101", "home-pro"),
        ("", "Enterprise", "enterprise-education"),
        ("", "EnterpriseN", "enterprise-education"),
        ("", "Education", "enterprise-education"),
        ("", "IoTEnterprise", "enterprise-education"),
        ("", "ServerRdsh", "enterprise-education"),
        ("", "4", "enterprise-education"),
        ("", "EnterpriseS", "ltsc"),
        ("", "EnterpriseSN", "ltsc"),
        ("", "125", "ltsc"),
        ("", "IoTEnterpriseS", "iot-ltsc"),
        ("", "191", "iot-ltsc"),
        ("Microsoft Windows 11 Pro", "", "home-pro"),
        ("Windows 11 Pro 24H2", "", "home-pro"),
        ("Windows 11 Pro for Workstations", "", "home-pro"),
        ("Microsoft Windows 11 Home", "", "home-pro"),
        ("Windows 11 Enterprise", "", "enterprise-education"),
        ("Windows 11 Enterprise multi-session", "", "enterprise-education"),
        ("Microsoft Windows 11 Enterprise LTSC", "", "ltsc"),
        ("Windows 11 IoT Enterprise LTSC", "", "iot-ltsc"),
        ("Windows 11 Pro", "Enterprise", "enterprise-education"),  # an upgraded device: its own column decides
        ("Windows", "", None),
        ("Windows 11", "", None),
        ("Windows 11", "0", None),
        ("Microsoft Windows Server 2025 Datacenter", "", None),
        ("", "ServerStandard", None),
        ("", "unknown", None),
        ("", "48.0", "home-pro"),
        ("", "0x30", "home-pro"),
        ("", "138", "home-pro"),
        ("", "EDU", "enterprise-education"),
        ("", "PPIPro", None),
        ("", "\n48", "home-pro"),
        ("Microsoft Windows 11 Professionnel", "", "home-pro"),
        ("Microsoft Windows 11 Famille Unilingue", "", "home-pro"),
        ("Microsoft Windows 11 Entreprise", "", "enterprise-education"),
        ("Microsoft Windows 11 \u00c9ducation", "", "enterprise-education"),
        ("Microsoft Windows 11 Pro f\u00fcr Arbeitsstationen", "", "home-pro"),
        ("Microsoft Windows 11 \u0414\u043e\u043c\u0430\u0448\u043d\u044f\u044f", "", "home-pro"),
        ("Microsoft Windows 11 \u4e13\u4e1a\u7248", "", "home-pro"),
        ("Windows 11 Pro, Version 24H2", "", "home-pro"),
        ("Windows 11 Pro Insider Preview", "", "home-pro"),
        ("Microsoft Windows 11 Pro|C:\\WINDOWS|\\Device\\Harddisk0", "", "home-pro"),
        ("Windows 11 IoT Enterprise Subscription LTSC", "", "iot-ltsc"),
        ("Windows 11 IoT Entreprise LTSC", "", "iot-ltsc"),
    ],
)
def test_an_edition_is_read_as_inventories_have_it(product: str, edition: str, read: str | None) -> None:
    assert edition_of(product, edition) == read
    assert read in (*EDITIONS, None)


def test_an_edition_that_has_ended_is_out_of_support_and_no_other(judge: Judge) -> None:
    listed = "OS version,EditionID,OS\n" + "".join(
        f"26100.9445,{edition},{product}\n"
        for edition, product in (
            ("Professional", "Windows"),
            ("Enterprise", "Windows"),
            ("EnterpriseS", "Windows"),
            ("", "Windows 11 Pro"),
            ("", "Windows"),
        )
    )
    rows, _ = judge(listed, as_of="2026-11-27")
    assert [(row["edition"], row["status"]) for row in rows] == [
        ("home-pro", "out-of-support"),
        ("enterprise-education", "unknown"),
        ("ltsc", "unknown"),
        ("home-pro", "out-of-support"),
        ("", "unknown"),
    ]
    assert "updates for Home and Pro ended on 2026-10-13" in rows[4]["because"]
    assert "Home and Pro ended" not in rows[1]["because"]


def test_multi_session_is_a_client_and_any_column_may_tell_the_edition(judge: Judge) -> None:
    rows, _ = judge("OS version,OS,EditionID,OperatingSystemSKU\n26100.9445,Windows,ServerRdsh,\n26100.9445,,,48\n")
    assert [(row["release"], row["edition"]) for row in rows] == [
        ("windows-11-24h2", "enterprise-education"),
        ("windows-11-24h2", "home-pro"),
    ]


def test_an_edition_that_a_release_does_not_have_is_as_good_as_none(judge: Judge) -> None:
    (row,), _ = judge("OS version,EditionID\n26200.9445,EnterpriseS\n")
    assert (row["edition"], row["status"]) == ("", "current")


def test_the_edition_of_all_devices_is_told_and_a_row_that_tells_its_own_goes_first(judge: Judge) -> None:
    rows, _ = judge("OS version,SKU family\n26100.9445,\n26100.9445,Enterprise\n", edition="home-pro")
    assert [row["edition"] for row in rows] == ["home-pro", "enterprise-education"]


def test_verdicts_of_a_fleet_are_those_of_single_builds_for_every_edition(verdicts: answers.Verdicts) -> None:
    for edition in (None, *EDITIONS):
        (found,) = verdicts.of("26200.9445", edition=edition)
        assert found["edition"] == (edition if edition in (None, "home-pro", "enterprise-education") else None)

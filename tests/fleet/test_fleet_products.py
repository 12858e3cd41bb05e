"""Client or server, and what is not Windows."""

import csv
import io

import pytest

from scraper.answers.documents import DeviceVerdict
from scraper.fleet import FleetSummary, exit_code, judge_fleet, text
from tests.fleet.devices import BEHIND, CLIENT, CURRENT, DAY, SERVER, Judge, verdict


def two_minds(version: str, *_: object) -> list[DeviceVerdict]:
    """A judge of a build that is current on a client and behind on a server."""
    here: DeviceVerdict = {
        "build": version,
        "release": CLIENT,
        "status": "current",
        "months_behind": 0,
        "reason": None,
        "because": "it is current",
        "security_month": "2026-09",
        "newest_month": "2026-09",
        "track": "cumulative",
        "kind": "security",
        "kbs": "KB1",
        "edition": None,
        "action": "none",
        "action_kb": None,
        "action_restart": None,
        "action_because": "nothing is missing",
    }
    return [here, {**here, "release": SERVER, "status": "behind", "months_behind": 2}]


def of_two_minds(listed: str, release: str | None = None) -> tuple[list[str], FleetSummary]:
    out = io.StringIO(newline="")
    source = io.BytesIO(listed.encode())
    summary = judge_fleet(source, two_minds, name="x", as_of=DAY, columns={}, release=release, out=out)
    return [row["release"] for row in csv.DictReader(io.StringIO(out.getvalue()))], summary


def test_product_decides_between_client_and_server() -> None:
    products = ("Windows 11 Enterprise", "Windows Server 2025 Datacenter", "WindowsServer2025", "Windows", "Datacenter")
    releases, summary = of_two_minds("OS,Build\n" + "".join(f"{product},26100.1\n" for product in products))
    assert releases == [CLIENT, SERVER, SERVER, CLIENT, SERVER]
    assert (summary["assumed"], summary["doubtful"]) == (0, 0)
    assert "hint" not in text(summary)


def test_client_is_assumed_where_nothing_says_and_the_summary_says_so() -> None:
    releases, summary = of_two_minds("OS,Build\n,26100.1\nEnterprise,26100.1\n")
    assert releases == [CLIENT, CLIENT]
    assert (summary["assumed"], summary["doubtful"]) == (2, 2)
    assert "2 devices on a build that several releases have" in text(summary)
    assert text(summary).count("hint:") == 1


def test_preferred_release_is_no_assumption_and_the_product_goes_before_it() -> None:
    releases, summary = of_two_minds("OS,Build\n,26100.1\nWindows 11,26100.1\n", SERVER)
    assert releases == [SERVER, CLIENT]
    assert summary["assumed"] == 0


def test_same_verdict_on_both_is_assumed_without_a_hint(judge: Judge) -> None:
    _, summary = judge(f"Build\n{BEHIND}\n")
    assert (summary["assumed"], summary["doubtful"]) == (1, 0)


def test_build_of_a_client_alone_says_nothing_of_a_server(judge: Judge) -> None:
    rows, summary = judge(f"OS,Build\nWindows Server 2025,{CURRENT}\nWindows Server 2025,26100.9999\n")
    assert [verdict(row) for row in rows] == [("", CURRENT, "unknown"), (SERVER, "26100.9999", "unknown")]
    assert [row["reason"] for row in rows] == ["not-in-catalog"] * 2
    assert rows[0]["because"] == f"{CURRENT} is in the catalog for windows-11-25h2 only, and the list says server"
    assert summary["unreadable"] == 0


@pytest.mark.parametrize(
    ("product", "preferred", "release", "words"),
    [
        ("Windows Server 2025", None, SERVER, "Server 2025"),
        ("Windows 11", SERVER, CLIENT, "24H2"),
        ("", SERVER, SERVER, "Server 2025"),
        ("", "windows-11-25h2", CLIENT, "24H2"),
        ("", None, CLIENT, "24H2"),
    ],
)
def test_unknown_build_has_the_neighbours_of_the_release_that_it_would_be_of(
    judge: Judge, product: str, preferred: str | None, release: str, words: str
) -> None:
    rows, _ = judge(f"Name,Build,OS\nA,26100.9999,{product}\n", release=preferred)
    assert verdict(rows[0]) == (release, "26100.9999", "unknown")
    assert words in rows[0]["because"]


def test_unknown_build_that_no_server_could_have_has_no_release(judge: Judge) -> None:
    rows, _ = judge("Build,OS\n26200.9999,Windows Server 2025\n")
    assert (verdict(rows[0]), rows[0]["reason"]) == (("", "26200.9999", "unknown"), "not-in-catalog")


def test_what_is_not_windows_is_no_unreadable_row(judge: Judge) -> None:
    systems = (
        *(
            "iOS",
            "iOS/iPadOS",
            "iPadOS",
            "macOS",
            "Mac OS X",
            "Android",
            "AndroidForWork",
            "Linux",
            "ChromeOS",
            "Chrome OS",
        ),
        *(
            "IPhone",
            "IPad",
            "MacMDM",
            "RedHatEnterpriseLinux",
            "OracleLinux",
            "CentOS",
            "Debian",
            "Ubuntu",
            "SUSE",
            "SLES",
        ),
        *("Ubuntu Server 24.04", "Red Hat Enterprise Linux Workstation", "watchOS", "tvOS", "visionOS", "Fedora"),
    )
    rows, summary = judge("OS,OS version\n" + "".join(f"{system},17.5.1\n" for system in systems))
    assert {(row["status"], row["reason"]) for row in rows} == {("unknown", "not-windows")}
    assert (summary["devices"], summary["unreadable"], exit_code(summary, 0)) == (len(systems), 0, 0)


@pytest.mark.parametrize("product", ["BIOS", "Helios", "Unknown", ""])
def test_product_that_tells_nothing_is_not_another_system(judge: Judge, product: str) -> None:
    rows, _ = judge(f"Name,OS,Build\nPC-1,{product},{BEHIND}\n")
    assert rows[0]["release"] == CLIENT

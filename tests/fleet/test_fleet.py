"""A fleet: lists as the tools export them, one row out for each device, and never "current" without knowing."""

import csv
import io
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper import answers
from scraper.answers.documents import DeviceVerdict
from scraper.errors import InputError, MachineError
from scraper.fleet import COLUMNS, FleetSummary, exit_code, judge_fleet, text
from scraper.formats import Kind, write
from scraper.ingest import job
from tests.fixtures.places import ROOT

DOC = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
DAY, STALE_DAY = "2026-10-01", "2026-12-01"
CLIENT, SERVER = "windows-11-24h2", "windows-server-2025"
BEHIND, CURRENT, SHARED = "10.0.26100.3981", "26200.9550", "26100.1742"

Row = dict[str, str]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of the bundled pages, whose data end on 2026-09-30."""
    path = tmp_path_factory.mktemp("demo") / "catalog.db"
    job.demo(path)
    return path


@pytest.fixture(scope="module")
def catalog(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(answers.open_catalog(db)) as catalog:
        yield catalog


@pytest.fixture(scope="module")
def verdicts(catalog: sqlite3.Connection) -> answers.Verdicts:
    return answers.Verdicts(catalog, DAY)


Judge = Callable[..., tuple[list[Row], FleetSummary]]


@pytest.fixture
def judge(verdicts: answers.Verdicts) -> Judge:
    """Judge a list; the rows that came out as CSV, and the summary."""

    def judged(
        listed: str | bytes, columns: dict[str, str] | None = None, release: str | None = None
    ) -> tuple[list[Row], FleetSummary]:
        source = io.BytesIO(listed.encode() if isinstance(listed, str) else listed)
        out = io.StringIO(newline="")
        summary = judge_fleet(
            source, verdicts.of, name="the list", as_of=DAY, columns=columns or {}, release=release, out=out
        )
        return list(csv.DictReader(io.StringIO(out.getvalue(), newline=""))), summary

    return judged


def winkb(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scraper", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, timeout=60)


def verdict(row: Row) -> tuple[str, str, str]:
    return row["release"], row["build"], row["status"]


# --- lists as they are exported --------------------------------------------------------------------------------------


def test_intune_export_is_read(judge: Judge) -> None:
    rows, summary = judge(
        "\ufeffDevice ID,Device name,Managed by,OS,OS version,SKU family\r\n"
        f"1,PC-1,Intune,Windows,{BEHIND},Enterprise\r\n"
        f'2,"PC, 2",Intune,Windows,10.0.{CURRENT},Enterprise\r\n'
    )
    assert rows[0] == {
        "line": "2",
        "device": "PC-1",
        "version": BEHIND,
        "release": CLIENT,
        "build": "26100.3981",
        "as_of": DAY,
        "status": "behind",
        "months_behind": "16",
        "reason": "",
        "track": "hotpatch",
        "kind": "hotpatch",
        "security_month": "2025-05",
        "newest_month": "2026-09",
        "kbs": "KB5058497",
        "because": rows[0]["because"],
    }
    assert rows[0]["because"].endswith("so it is 16 months behind")
    assert (rows[1]["device"], rows[1]["line"]) == ("PC, 2", "3")
    assert summary["devices"] == 2
    assert summary["worst"] == {"line": 2, "device": "PC-1", "build": "26100.3981", "months_behind": 16}
    assert (summary["assumed"], summary["unreadable"]) == (0, 0)


def test_graph_objects_are_read_from_json_lines(judge: Judge) -> None:
    listed = (
        {"id": "1", "deviceName": "PC-1", "operatingSystem": "Windows", "osVersion": BEHIND, "tags": ["a"]},
        {"deviceName": "PC-2", "osVersion": CURRENT, "id": "2", "operatingSystem": None},
    )
    rows, _ = judge("\n".join(map(json.dumps, listed)))
    assert [(row["device"], row["build"]) for row in rows] == [("PC-1", "26100.3981"), ("PC-2", CURRENT)]


def test_entra_objects_are_read(judge: Judge) -> None:
    rows, _ = judge(json.dumps({"displayName": "PC-1", "operatingSystemVersion": BEHIND}))
    assert (rows[0]["device"], rows[0]["build"]) == ("PC-1", "26100.3981")


def test_configuration_manager_report_is_read_below_its_title(judge: Judge) -> None:
    rows, _ = judge(
        "Operating system version\r\nCollection,All Systems\r\n\r\n"
        "Netbios_Name0,Operating_System_Name_and0,Build01,BuildExt\r\n"
        f"PC-1,Microsoft Windows NT Workstation 10.0,10.0.26100,{BEHIND}\r\n"
        f"SRV-1,Microsoft Windows NT Advanced Server 10.0,10.0.26100,10.0.{SHARED}\r\n"
    )
    assert [(row["line"], row["device"], row["release"]) for row in rows] == [
        ("5", "PC-1", CLIENT),
        ("6", "SRV-1", SERVER),
    ]


def test_defender_inventory_is_read(judge: Judge) -> None:
    rows, _ = judge(
        f"DeviceName,OSPlatform,OSVersion,SoftwareName,SoftwareVersion\nSRV,WindowsServer2025,24H2,x,10.0.{SHARED}\n"
    )
    assert verdict(rows[0])[:2] == (SERVER, SHARED)


def test_list_of_builds_alone_is_read(judge: Judge) -> None:
    rows, _ = judge(f"build\n{BEHIND}\nVersion 24H2 (OS Build 26100.3981)\n\n{CURRENT}")
    assert [(row["line"], row["build"]) for row in rows] == [("2", "26100.3981"), ("3", "26100.3981"), ("5", CURRENT)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_the_header_s_most_frequent(judge: Judge, delimiter: str) -> None:
    head = ("Name", "Seen (UTC, or local; whichever)", "Owner", "Site", "OS version")
    listed = [head, ("PC-1", "x", "y", "z", BEHIND)]
    rows, _ = judge("\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in listed))
    assert (rows[0]["device"], rows[0]["build"]) == ("PC-1", "26100.3981")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encoding_is_known_by_its_mark(judge: Judge, encoding: str) -> None:
    rows, summary = judge(f"Device name\tOS version\r\nBÜRO-1\t{BEHIND}\r\n".encode(encoding))
    assert (rows[0]["device"], rows[0]["line"], summary["unreadable"]) == ("BÜRO-1", "2", 0)


def test_big_endian_utf_16_is_read(judge: Judge) -> None:
    rows, _ = judge(b"\xfe\xff" + f"Device name,OS version\nPC-1,{BEHIND}\n".encode("utf-16-be"))
    assert rows[0]["build"] == "26100.3981"


@pytest.mark.parametrize(
    ("header", "listed"),
    [("OS version,OS build", f"24H2,{BEHIND}"), ("OS version,OSBuild,Build", f"10.0,26100,{BEHIND}")],
)
def test_version_column_is_the_one_that_has_builds(judge: Judge, header: str, listed: str) -> None:
    rows, _ = judge(f"{header}\n{listed}\n")
    assert rows[0]["build"] == "26100.3981"


def test_windows_devices_below_many_others_are_read(judge: Judge) -> None:
    others = "a1,Android,14,AP1A.1\n" * 120
    rows, summary = judge(f"Device name,OS,OS version,OS build\n{others}w1,Windows,24H2,26100.3981\n")
    assert verdict(rows[120]) == (CLIENT, "26100.3981", "behind")
    assert (rows[0]["version"], rows[120]["version"], summary["unreadable"]) == ("14", "26100.3981", 0)


def test_version_is_each_row_s_first_build_else_the_first_that_is_anything(judge: Judge) -> None:
    rows, _ = judge(f"OS version,OS build,Version\n24H2,,{BEHIND}\n{CURRENT},{BEHIND},\n,26100,x\n24H2,26100,\n, ,\n")
    assert [row["version"] for row in rows] == [BEHIND, CURRENT, "26100", "24H2"]


def test_columns_of_json_are_each_object_s_own(judge: Judge) -> None:
    listed: list[dict[str, str | None]] = [{"deviceName": "a", "operatingSystem": "Android"}] * 120
    listed += [{"Name": "w1", "OS": "Windows", "osVersion": None, "OS build": BEHIND}]
    rows, summary = judge("\n".join(map(json.dumps, listed)))
    assert {row["reason"] for row in rows[:120]} == {"not-windows"}
    assert (rows[120]["device"], rows[120]["build"], summary["unreadable"]) == ("w1", "26100.3981", 0)


def test_columns_of_json_that_are_named_may_come_late(judge: Judge) -> None:
    listed = [{"name": "a", "build": CURRENT}] * 120 + [{"Serial": "b", "build": CURRENT, "mine": BEHIND}]
    rows, _ = judge("\n".join(map(json.dumps, listed)), {"version": "mine", "device": "serial"})
    assert (rows[0]["reason"], rows[0]["device"]) == ("unreadable", "")
    assert (rows[120]["device"], rows[120]["build"]) == ("b", "26100.3981")


def test_header_is_the_line_whose_width_the_rows_have(judge: Judge) -> None:
    rows, _ = judge(
        "Operating system version\nof all devices\nParameters,Version,All,Collection,x\n"
        f"Name,Operating System Build\nPC-1,{BEHIND}\nPC-2,N/A,\nVersion,{CURRENT}\n"
    )
    assert [(row["line"], row["device"]) for row in rows] == [("5", "PC-1"), ("6", ""), ("7", "Version")]


def test_giant_line_above_the_header_is_skipped(judge: Judge) -> None:
    rows, _ = judge("x" * 600_000 + f"\nName,Build\nPC-1,{BEHIND}\n")
    assert [(row["device"], row["build"]) for row in rows] == [("PC-1", "26100.3981")]


def test_columns_are_those_that_are_named(judge: Judge) -> None:
    listed = f"OS version,Betriebssystemversion,Device name,Gerätename\n{CURRENT},{BEHIND},a,b\n"
    rows, _ = judge(listed, {"version": "betriebssystem-version", "device": "Gerätename"})
    assert (rows[0]["device"], rows[0]["build"]) == ("b", "26100.3981")


def test_column_named_exactly_goes_before_one_named_alike(judge: Judge) -> None:
    rows, _ = judge(f"Column1,Column10\n{CURRENT},{BEHIND}\n", {"version": "Column10"})
    assert rows[0]["build"] == "26100.3981"


def test_excel_s_line_that_names_the_delimiter_is_no_header(judge: Judge) -> None:
    rows, _ = judge(f"sep=;\nName;Build\nPC-1;{BEHIND}\n")
    assert (rows[0]["line"], rows[0]["device"]) == ("3", "PC-1")


# --- client or server ------------------------------------------------------------------------------------------------


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


# --- rows that cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (b"PC,Windows", "expected: 3 cells, found: 2"),
        (b"PC,Windows,26100.3981,", "expected: 3 cells, found: 4"),
        (b"PC,Windows,", "found: none"),
        (b"PC,Windows,N/A", "found: 'N/A'"),
        (b"PC,Windows,26100", "found: '26100'"),
        (b"PC,Windows,12", "or Version 24H2 (OS Build 26100.3981), found: '12'"),
        (b"PC,Windows,10.0.26100", "found: '10.0.26100'"),
        (b"PC,Windows,\x00\x00", r"found: '\x00\x00'"),
        (b"PC,Windows,26100.3\xe9", r"found: '26100.3\udce9'"),
        (b"PC\xe9,Windows,26100.3981", r"found: 'PC\udce9'"),
        (b"PC\x00,Windows,26100.3981", r"found: 'PC\x00'"),
        (b'PC,Windows,"26100.3981', "found: a quote that is not closed within 100 lines"),
        (b'"PC,Windows,26100.3981', "found: a quote that is not closed within 100 lines"),
        (b"PC,Windows," + b"9" * 101, "found: 101 characters"),
        (b"PC,Windows," + b"9" * 140_000, "found: field larger than field limit (131072)"),
        (b"PC,Windows," + b"9" * 600_000, "found: a line of more than 262144 characters"),
    ],
)
def test_broken_row_comes_out_and_costs_no_other(judge: Judge, row: bytes, found: str) -> None:
    good = b"".join(b"PC-%d,Windows,26100.3981\n" % number for number in range(150))
    rows, summary = judge(b"Name,OS,Build\n" + good + row + b"\n" + good)
    assert len(rows) == 301
    assert [row["line"] for row in rows] == [str(number) for number in range(2, 303)]
    assert {verdict(row) for row in [*rows[:150], *rows[151:]]} == {(CLIENT, "26100.3981", "behind")}
    assert (rows[150]["status"], rows[150]["reason"]) == ("unknown", "unreadable")
    assert found in rows[150]["because"]
    assert rows[150]["because"].startswith("expected: ")
    assert summary["unreadable"] == 1
    assert summary["broken"] == [{"line": 152, "because": rows[150]["because"]}]
    assert f"  line 152: {rows[150]['because']}" in text(summary)


def test_stray_quote_that_meets_another_costs_one_row(judge: Judge) -> None:
    rows, summary = judge('Name,Build\na,26100.3981\n"b,26100.3981\nc,26100.3981\n"d",26100.3981\ne,26100.3981\n')
    assert [row["device"] for row in rows] == ["a", "", "c", "d", "e"]
    assert [row["line"] for row in summary["broken"]] == [3]


def test_quote_open_at_the_end_costs_one_row(judge: Judge) -> None:
    rows, _ = judge('Name,Build\n"a,26100.3981\nb,26100.3981\nc,26100.3981')
    assert [(row["line"], row["reason"]) for row in rows] == [("2", "unreadable"), ("3", ""), ("4", "")]


def test_giant_line_within_a_quote_costs_no_row_after_it(judge: Judge) -> None:
    rows, _ = judge('Name,Build\n"a,26100.3981\n' + "x" * 600_000 + "\nb,26100.3981\n")
    assert [(row["line"], row["reason"]) for row in rows] == [("2", "unreadable"), ("3", "unreadable"), ("4", "")]


PIECES = [b'"', b",", b"\n", b"\r", b"\0", b"\xe9", b"a", b" ", b"26100.3981", b'""', b'","']


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join) | st.binary(max_size=60))
def test_whatever_stands_before_it_a_good_row_is_judged(verdicts: answers.Verdicts, garbage: bytes) -> None:
    good = b"first,26100.3981\n" * 40
    source = io.BytesIO(b"Name,Build\n" + good + garbage + b"\nlast,26200.9550\n")
    out = io.StringIO(newline="")
    summary = judge_fleet(source, verdicts.of, name="x", as_of=DAY, columns={}, release=None, out=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert len(rows) == summary["devices"] >= 41
    assert {verdict(row) for row in rows[:40]} == {(CLIENT, "26100.3981", "behind")}
    assert (rows[-1]["device"], rows[-1]["build"]) == ("last", CURRENT)
    assert text(summary).isascii()


def test_line_break_within_a_cell_keeps_the_line_numbers_true(judge: Judge) -> None:
    rows, summary = judge('Name,Note,Build\r\na,"two\r\nlines",26100.3981\r\nb,,N/A\r\nc,"",26100.3981\r\n')
    assert [(row["line"], row["device"]) for row in rows] == [("2", "a"), ("4", "b"), ("5", "c")]
    assert summary["broken"][0]["line"] == 4


def test_empty_rows_are_no_devices(judge: Judge) -> None:
    rows, _ = judge("Name,Build\n\na,26100.3981\n,\n\n,,,\n , \n\t\n")
    assert [row["line"] for row in rows] == ["3"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"name": "x", "build": "26100.39', "Unterminated string"),
        ("PC,26100.3981", "Expecting value"),
        ("[1]", "another JSON value"),
        ("null", "another JSON value"),
        ("[" * 100_000, "recursion"),
        ('{"name": "x", "build": null}', "found: none"),
        ('{"name": "x"}', "found: none"),
        ('{"name": "x", "build": {"number": 1}}', "found: none"),
        ('{"name": "x", "build": 26100}', "found: '26100'"),
        ('{"name": "\\ud800", "build": "26100.3981"}', r"found: '\ud800'"),
        ('{"name": "' + "x" * 600_000, "more than 262144 characters"),
    ],
)
def test_broken_line_of_json_comes_out_and_costs_no_other(judge: Judge, line: str, found: str) -> None:
    good = '{"name": "PC", "build": "26100.3981"}\n'
    rows, summary = judge(good * 120 + line + "\n\n" + good * 2)
    assert [row["reason"] for row in rows] == [""] * 120 + ["unreadable"] + [""] * 2
    assert found in rows[120]["because"]
    assert [row["line"] for row in summary["broken"]] == [121]
    assert rows[-1]["line"] == "124"


def test_json_number_keeps_its_last_zero(judge: Judge) -> None:
    rows, _ = judge('{"build": 26100.2240}')
    assert (rows[0]["version"], rows[0]["build"], rows[0]["release"]) == ("26100.2240", "26100.2240", CLIENT)


def test_twenty_broken_rows_are_reported_and_the_others_counted(judge: Judge) -> None:
    _, summary = judge("Build\n" + "N/A\n" * 25)
    said = text(summary)
    assert "25 rows could not be read:" in said
    assert len(re.findall(r"(?m)^  line \d+: ", said)) == 20
    assert "  and 5 more" in said


# --- what is no list of devices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "expected", "found"),
    [
        (b"", "CSV, TSV or JSON lines", "nothing"),
        (b"\xef\xbb\xbf\r\n \r\n", "CSV, TSV or JSON lines", "nothing"),
        (b"PK\x03\x04" + bytes(40), "CSV", "Excel workbook or another ZIP file; save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV", "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "CSV", "a gzip file"),
        (b"PAR1\x15\x04", "CSV", "a Parquet file"),
        (b"SQLite format 3\0", "CSV", "a SQLite database"),
        ("Build\n26100.1".encode("utf-32"), "UTF-16 with a byte order mark", "text in UTF-32"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"x" * 400, "UTF-16 with a byte order mark", "NUL bytes"),
        ("Build\n26100.1".encode("utf-16-le"), "UTF-16 with a byte order mark", "NUL bytes"),
        (b'[{"build": "26100.1"}]', "one JSON object a line", "a JSON array"),
        (b"[\n", "one JSON object a line", "a JSON array"),
        (b'{\n  "value": 1\n}\n', "one JSON object a line", "no line that is one"),
        (b'{"value": [], "next": ""}\n{}\nx\n' * 150, "--column version=NAME", "the columns 'value', 'next'"),
        (b"Device,Owner\na,b\n", "--column version=NAME", "the columns 'Device', 'Owner'"),
        (b"<!DOCTYPE html>\n<html>\n", "--column version=NAME", "the columns '<!DOCTYPE html>'"),
        (b"a," * 40 + b"b", "--column version=NAME", " and 11 more"),
        (b"\n" * 19 + b"Note\nBuild\n26100.1\n", "--column version=NAME", "the columns 'Note'"),
        (b"x" * 300_000, "--column version=NAME", "the columns of no header"),
    ],
)
def test_what_is_no_list_of_devices_is_said(judge: Judge, listed: bytes, expected: str, found: str) -> None:
    with pytest.raises(InputError) as raised:
        judge(listed)
    message = str(raised.value)
    assert "on the list. expected: " in message
    assert expected in message
    assert found in message


def test_named_column_that_no_object_has_is_said(judge: Judge) -> None:
    with pytest.raises(InputError, match=re.escape("expected: a column 'Serial', found: the columns 'Name', 'Build'")):
        judge('{"Name": "a", "Build": "26100.1"}\n{"Build": "26100.1"}\n', {"device": "Serial"})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"version": "Versio"}, "expected: a column 'Versio', found: the columns 'Name', 'Build'"),
        ({"device": "Serial"}, "expected: a column 'Serial', found: the columns 'Name', 'Build'"),
        ({"owner": "Name"}, "expected: one of version, device, product, found: owner"),
    ],
)
def test_named_column_that_is_not_there_is_said(judge: Judge, columns: dict[str, str], expected: str) -> None:
    with pytest.raises(InputError, match=re.escape(expected)):
        judge("Name,Build\na,26100.1\n", columns)


def test_header_alone_is_a_list_without_devices_that_a_person_must_look_at(judge: Judge) -> None:
    rows, summary = judge("Name,Build\r\n")
    assert rows == []
    assert text(summary) == f"the list: 0 devices as of {DAY}"
    assert exit_code(summary, 0) == 4


def test_source_that_breaks_is_this_machine_s_trouble(verdicts: answers.Verdicts) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the disk is gone")
            return super().read(size)

    source = Broken(b"Build\n" + b"26100.3981\n" * 1000)
    out = io.StringIO()
    with pytest.raises(MachineError, match="the disk is gone"):
        judge_fleet(source, verdicts.of, name="x", as_of=DAY, columns={}, release=None, out=out)


# --- the whole command -----------------------------------------------------------------------------------------------


LISTED = f"Device name,OS,OS version\nPC-1,Windows,{BEHIND}\nBÜRO,Windows,{CURRENT}\n=x,Windows,N/A\n"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    path = tmp_path / "devices.csv"
    path.write_text(LISTED, encoding="utf-8")
    return path


def test_every_ending_has_the_same_rows(db: Path, devices: Path, tmp_path: Path) -> None:
    read: dict[str, list[dict[str, Any]]] = {}
    for ending in ("csv", "json", "jsonl", "parquet"):
        out = tmp_path / f"out.{ending}"
        ended = winkb("fleet", devices, "--db", db, "--as-of", DAY, "--out", out)
        assert (ended.returncode, ended.stdout) == (1, b"")
        with duckdb.connect() as base:
            source = f"read_csv('{out}', all_varchar = true)" if ending == "csv" else f"'{out}'"
            found = base.execute(f"select columns(*)::varchar from {source}")
            names = [column[0] for column in found.description or ()]
            read[ending] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        assert names == list(COLUMNS)
    assert read["csv"][2].pop("device") == "'=x"
    assert {rows[2].pop("device", "=x") for rows in read.values()} == {"=x"}
    assert read["csv"] == read["json"] == read["jsonl"] == read["parquet"]
    assert len(read["csv"]) == 3


def test_standard_input_gives_the_rows_of_the_file_on_standard_output(db: Path, devices: Path) -> None:
    piped = winkb("fleet", "-", "--db", db, "--as-of", DAY, stdin=LISTED.encode())
    named = winkb("fleet", devices, "--db", db, "--as-of", DAY)
    assert (piped.returncode, piped.stdout) == (named.returncode, named.stdout)
    assert piped.stdout.startswith(b"line,device,version,release,")
    assert "BÜRO".encode() in piped.stdout
    assert piped.stderr.isascii()
    assert piped.stderr.startswith(b"standard input: 3 devices as of 2026-10-01\n")


@pytest.mark.parametrize(("grace", "code"), [(0, 1), (15, 1), (16, 4)])
def test_grace_is_how_far_behind_may_be(db: Path, devices: Path, grace: int, code: int) -> None:
    assert winkb("fleet", devices, "--db", db, "--as-of", DAY, "--grace", grace).returncode == code


def test_exit_code_is_0_when_all_is_well(db: Path) -> None:
    ended = winkb("fleet", "-", "--db", db, "--as-of", DAY, stdin=f"Build\n{CURRENT}\n".encode())
    assert ended.returncode == 0


def test_out_of_support_is_no_matter_of_grace(judge: Judge) -> None:
    rows, summary = judge("Build\n22621.1\n22000.1098\n")
    assert rows[1]["status"] == "out-of-support"
    assert exit_code(summary, 99) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--column", "version"), 2, "WHAT=NAME"),
        (("--column", "version=Nope"), 2, "expected: a column 'Nope'"),
        (("--release", "windows-12"), 2, "expected: one of"),
        (("--release", ""), 2, "expected: one of"),
        (("--as-of", "yesterday"), 2, "a date like"),
        (("--grace", "-1"), 2, "--grace"),
        (("--out", "verdicts.xlsx"), 2, ".parquet, found: .xlsx"),
        (("--out", "nowhere/verdicts.csv"), 5, "nowhere"),
        (("--db", "nowhere.db"), 5, "nowhere.db"),
    ],
)
def test_wrong_usage_is_said_in_a_line(
    db: Path, devices: Path, tmp_path: Path, arguments: tuple[str, str], code: int, said: str
) -> None:
    option, value = arguments
    where = (option, tmp_path / value) if option == "--out" else arguments
    ended = winkb("fleet", devices, *(() if option == "--db" else ("--db", db)), *where)
    assert ended.returncode == code
    assert said in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    assert ended.stdout == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["devices.csv"]


def test_column_is_named_once(db: Path, devices: Path) -> None:
    twice = ("--column", "version=OS version", "--column", "version=OS")
    ended = winkb("fleet", devices, "--db", db, *twice)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"WHAT=NAME" in ended.stderr


def test_list_is_not_overwritten_with_its_verdicts(db: Path, devices: Path) -> None:
    ended = winkb("fleet", devices, "--db", db, "--out", devices)
    assert ended.returncode == 2
    assert devices.read_text(encoding="utf-8") == LISTED


def test_reader_that_goes_away_is_no_trouble(db: Path, tmp_path: Path) -> None:
    listed = tmp_path / "many.csv"
    listed.write_text("Build\n" + f"{BEHIND}\n" * 20_000)
    command = [sys.executable, "-m", "scraper", "fleet", str(listed), "--db", str(db)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_standard_output_that_is_full_is_this_machine_s_trouble(db: Path, devices: Path) -> None:
    command = [sys.executable, "-m", "scraper", "fleet", str(devices), "--db", str(db)]
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert ended.returncode == 5
    assert ended.stderr.startswith(b"winkb: unexpected trouble on standard output.")


# --- rules -----------------------------------------------------------------------------------------------------------


def every_build(catalog: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in catalog.execute("select distinct build from device_builds order by build")]


def test_stale_catalog_never_says_current(catalog: sqlite3.Connection) -> None:
    out = io.StringIO(newline="")
    source = io.BytesIO("\n".join(["Build", *every_build(catalog)]).encode())
    verdicts = answers.Verdicts(catalog, STALE_DAY)
    summary = judge_fleet(source, verdicts.of, name="x", as_of=STALE_DAY, columns={}, release=None, out=out)
    found = {(group["status"], group["reason"]) for group in summary["groups"]}
    assert ("unknown", "stale") in found
    assert "current" not in {status for status, _ in found}
    assert "current" not in out.getvalue().replace("whether it is current is unknown", "")
    assert "unknown (stale)" in text(summary)


def test_stale_catalog_that_knows_of_nothing_behind_asks_for_a_person(catalog: sqlite3.Connection) -> None:
    verdicts = answers.Verdicts(catalog, STALE_DAY)
    source = io.BytesIO(f"Build\n{CURRENT}\n".encode())
    out = io.StringIO()
    summary = judge_fleet(source, verdicts.of, name="x", as_of=STALE_DAY, columns={}, release=None, out=out)
    assert exit_code(summary, 0) == 4


def test_fleet_says_what_the_lookup_says_of_every_build(catalog: sqlite3.Connection, judge: Judge) -> None:
    """20,000 rows in any order, with and without the prefix, some of them of builds that nobody knows."""
    chance = random.Random(7)
    builds = [*every_build(catalog), *(f"26100.{chance.randrange(100_000, 999_999)}" for _ in range(20))]
    looked_up = {build: answers.build(catalog, build, DAY)[0] for build in builds}
    asked = [(chance.choice(builds), chance.choice(("Windows Server 2025", "Windows 11", ""))) for _ in range(20_000)]
    lines = (f"{chance.choice(('', '10.0.'))}{build},{product}\n" for build, product in asked)
    rows, summary = judge("Version,Product\n" + "".join(lines))
    assert len(rows) == summary["devices"] == 20_000
    assert sum(group["devices"] for group in summary["groups"]) == 20_000
    for row, (build, product) in zip(rows, asked, strict=True):
        answers = [
            answer
            for answer in looked_up[build]
            if not product or ("Server" in product) == (answer["release"] or "").startswith("windows-server-")
        ]
        if answers:
            (answer, *_) = answers
            months = answer["months_behind"]
            assert row["release"] == answer["release"]
            assert (row["status"], row["reason"]) == (answer["status"], answer["reason"] or "")
            assert row["months_behind"] == ("" if months is None else str(months))
            assert row["because"] == answer["because"]
            assert row["kbs"] == ", ".join(update["kb"] for update in answer["kbs"] if update["kb"])
        else:
            assert (row["status"], row["reason"], row["build"]) == ("unknown", "not-in-catalog", build)


def test_distinct_versions_are_judged_once(verdicts: answers.Verdicts) -> None:
    asked: list[str] = []

    def judge(version: str, *rest: Any) -> list[DeviceVerdict]:
        asked.append(version)
        return verdicts.of(version, *rest)

    source = io.BytesIO(("Build\n" + f"{BEHIND}\nN/A\n{CURRENT}\n" * 500).encode())
    judge_fleet(source, judge, name="x", as_of=DAY, columns={}, release=None, out=io.StringIO())
    assert sorted(asked) == sorted((BEHIND, "N/A", CURRENT))


class Endless(io.RawIOBase):
    """A list that exists only while it is read."""

    def __init__(self, rows: Iterable[bytes], header: bytes = b"Name,Build\n") -> None:
        self._rows = iter(rows)
        self._left = header

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (row := next(self._rows, None)) is not None:
            self._left += row
        chunk, self._left = self._left[:size], self._left[size:]
        return chunk


class Nowhere(io.StringIO):
    def write(self, text: str, /) -> int:
        return len(text)


def peak_megabytes(verdicts: answers.Verdicts, source: Any) -> float:
    tracemalloc.start()
    judge_fleet(source, verdicts.of, name="x", as_of=DAY, columns={}, release=None, out=Nowhere())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def test_memory_does_not_grow_with_the_list(verdicts: answers.Verdicts) -> None:
    """A new device in every row, and now and then a new version."""
    few, many = (
        peak_megabytes(
            verdicts,
            Endless(b"PC-%07d,%s\n" % (row, b"N/A %d" % row if row % 3 else b"26100.3981") for row in range(rows)),
        )
        for rows in (15_000, 40_000)
    )
    assert many < few * 1.2


@pytest.mark.parametrize(
    "row",
    [
        b"PC,Windows,%%0%dd\n" % 100_000,
        b"PC,%%0%dd,26100.3981\n" % 100_000,
        b"\xff%%0%dd,Windows,26100.3981\n" % 100_000,
        b'{"%%0%dd": "26100.3981"}\n' % 100_000,
    ],
)
def test_memory_does_not_grow_with_the_cells(verdicts: answers.Verdicts, row: bytes) -> None:
    header = b'{"Build": "26100.3981"}\n' if row.startswith(b"{") else b"Name,OS,Build\n"
    assert peak_megabytes(verdicts, Endless((row % number for number in range(300)), header)) < 12


# --- the same join elsewhere (docs/fleet.md) -------------------------------------------------------------------------


def test_join_of_the_doc_gives_the_verdicts_of_the_command(
    catalog: sqlite3.Connection, judge: Judge, tmp_path: Path
) -> None:
    kinds = dict.fromkeys(("since", "until"), Kind.DATE) | {"months_behind": Kind.INTEGER}
    found = catalog.execute("select * from verdict_periods")
    names = [column[0] for column in found.description]
    write(tmp_path / "verdicts.parquet", {name: kinds.get(name, Kind.TEXT) for name in names}, map(tuple, found))
    products = ("Windows 11 Enterprise", "Windows Server 2025 Datacenter")
    builds = [*every_build(catalog), "26100.999999", "19045.1"]
    listed = [
        (f"PC-{number}", f"{prefix}{build}", product)
        for number, (build, prefix, product) in enumerate(
            (build, prefix, product) for build in builds for prefix in ("", "10.0.") for product in products
        )
    ]
    rows, _ = judge("device,version,product\n" + "".join(",".join(row) + "\n" for row in listed))
    query = re.findall(r"(?s)```sql\n(.*?)```", DOC)
    assert len(query) == 1
    with duckdb.connect() as base:
        base.execute(f"create view verdicts as from '{tmp_path / 'verdicts.parquet'}'")
        base.execute("create table devices (device varchar, version varchar, product varchar, as_of date)")
        base.executemany(f"insert into devices values (?, ?, ?, date '{DAY}')", listed)
        joined = base.execute(query[0])
        columns = [column[0] for column in joined.description or ()]
        theirs = {row[0]: dict(zip(columns, row, strict=True)) for row in joined.fetchall()}
    assert set(columns) == set(COLUMNS) - {"line"}
    assert len(theirs) == len(rows) == len(listed)
    for row in rows:
        other = {name: "" if value is None else str(value) for name, value in theirs[row["device"]].items()}
        ours = {name: value for name, value in row.items() if name != "line"}
        if row["reason"] == "not-in-catalog":
            for said in (other, ours):
                del said["release"], said["because"]
        assert other == ours


def test_kql_of_the_doc_declares_the_columns_of_the_export(catalog: sqlite3.Connection) -> None:
    (declared,) = re.findall(r"externaldata\(\s*(.*?)\s*\) \[", DOC, re.DOTALL)
    names = [column.split(":")[0].strip("[]' \n") for column in declared.split(",")]
    assert names == [row[1] for row in catalog.execute("pragma table_info(verdict_periods)")]


def test_commands_of_the_doc_run(db: Path, tmp_path: Path) -> None:
    """As they stand there, in a folder with a catalog and a list that has the columns which they name."""
    shutil.copy(db, tmp_path / "catalog.db")
    head = "OS version,Device name,Betriebssystemversion,Gerätename\n"
    (tmp_path / "devices.csv").write_text(f"{head}{BEHIND},PC-1,{CURRENT},PC-2\n", encoding="utf-8")
    commands = re.findall(r"(?m)^winkb (.*?)(?: +#.*)?$", DOC)
    codes = [run_of_a_shell(f"{sys.executable} -m scraper {command}", tmp_path) for command in commands]
    assert [command.split()[0] for command in commands] == [*["fleet"] * 4, "export"]
    assert (codes[2], codes[4]) == (1, 0)
    assert set(codes) <= {0, 1, 4}, "what the others say depends on the day"
    listed = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("verdicts.*")}
    assert listed == {"verdicts.csv", "verdicts.parquet", "folder/verdicts.csv", "folder/verdicts.parquet"}


def run_of_a_shell(command: str, folder: Path) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = ["sh", "-c", command]
    return subprocess.run(shell, cwd=folder, env=environment, capture_output=True, timeout=60).returncode


def test_doc_names_every_column_reason_and_code() -> None:
    assert all(f"`{name}`" in DOC for name in COLUMNS)
    assert re.findall(r"(?m)^\| (\d+) \|", DOC) == ["1", "2", "4", "5", "141", "0"]

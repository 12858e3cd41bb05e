"""Lists as the tools export them, and what is no list."""

import io
import json
import re

import pytest

from scraper import answers
from scraper.errors import InputError, MachineError
from scraper.fleet import exit_code, judge_fleet, text
from tests.fleet.devices import BEHIND, CLIENT, CURRENT, DAY, SERVER, SHARED, Judge, verdict


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
        "edition": "enterprise-education",
        "action_kb": "KB5124008",
        "action_restart": "1",
        "action": "install",
        "action_because": "the September 2026 baseline restarts",
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
def test_what_is_no_list_of_devices_is_refused(judge: Judge, listed: bytes, expected: str, found: str) -> None:
    with pytest.raises(InputError) as raised:
        judge(listed)
    message = str(raised.value)
    assert "on the list. expected: " in message
    assert expected in message
    assert found in message


def test_named_column_that_no_object_has_is_refused(judge: Judge) -> None:
    with pytest.raises(InputError, match=re.escape("expected: a column 'Serial', found: the columns 'Name', 'Build'")):
        judge('{"Name": "a", "Build": "26100.1"}\n{"Build": "26100.1"}\n', {"device": "Serial"})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"version": "Versio"}, "expected: a column 'Versio', found: the columns 'Name', 'Build'"),
        ({"device": "Serial"}, "expected: a column 'Serial', found: the columns 'Name', 'Build'"),
        ({"owner": "Name"}, "expected: one of version, device, product, edition, found: owner"),
    ],
)
def test_named_column_that_is_not_there_is_refused(judge: Judge, columns: dict[str, str], expected: str) -> None:
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

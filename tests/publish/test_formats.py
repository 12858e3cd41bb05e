"""Rows as files: what is in them byte by byte, what comes back out of them, and what a failure leaves."""

import csv
import glob
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.errors import CatalogError, InputError, MachineError
from scraper.formats import ENDINGS, Kind, Row, Value, write, write_csv
from tests.fixtures.places import ROOT

COLUMNS = {"name": Kind.TEXT, "number": Kind.INTEGER, "day": Kind.DATE, "at": Kind.TIME}
ROWS: list[Row] = [
    ("b", 2**63 - 1, "0001-01-01", "0001-01-01T00:00:00Z"),
    ("a", -(2**63), "9999-12-31", "9999-12-31T23:59:59Z"),
    (None, None, None, None),
    ("c", 0, "2024-02-29", "2026-09-30T03:00:00Z"),
]
TEXT = {"text": Kind.TEXT}
AWKWARD = [
    *(
        "",
        " lead and trail ",
        "a,b;c",
        "line\nline",
        "line\r\nline",
        "\r",
        "a\rb",
        'say "hi"',
        '"',
        "'quoted'",
        "\\",
        "\\N",
    ),
    *(
        "NULL",
        "null",
        "nan",
        "1",
        "true",
        "2026-01-01",
        "[1]",
        '{"a": 1}',
        "é\u00a0\u2028\ufeff",
        "🎉",
        "\x00",
        "a\x00b",
    ),
    *("\x01\x7f", "\N{EM DASH}", "x" * 1_000_000),
]


def read(path: Path) -> list[dict[str, object]]:
    """The rows as a reader of that format has them; of a CSV all are text, and null is the empty one."""
    match path.suffix:
        case ".csv":
            csv.field_size_limit(2**24)
            with path.open(encoding="utf-8-sig", newline="") as file:
                return [dict(row) for row in csv.DictReader(file)]
        case ".json":
            return list(json.loads(path.read_text(encoding="utf-8")))
        case ".jsonl":
            # Only "\n" ends a line of JSON; str.splitlines knows others.
            return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    with duckdb.connect() as database:
        found = database.execute("select * from read_parquet(?)", [glob.escape(str(path))])
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def texts(path: Path) -> list[object]:
    return [row["text"] for row in read(path)]


# --- what is in them ------------------------------------------------------------------------------------------------


def test_csv_is_utf_8_with_a_mark_a_header_and_plain_newlines(tmp_path: Path) -> None:
    assert write(tmp_path / "a.csv", COLUMNS, ROWS) == 4
    assert (tmp_path / "a.csv").read_bytes() == (
        b"\xef\xbb\xbfname,number,day,at\n"
        b"b,9223372036854775807,0001-01-01,0001-01-01T00:00:00Z\n"
        b"a,-9223372036854775808,9999-12-31,9999-12-31T23:59:59Z\n"
        b",,,\n"
        b"c,0,2024-02-29,2026-09-30T03:00:00Z\n"
    )


def test_csv_on_a_stream_has_no_mark() -> None:
    stream = io.StringIO()
    assert write_csv(stream, TEXT, iter([("a",), ("é",)])) == 2
    assert stream.getvalue() == "text\na\né\n"


def test_json_is_one_array_with_a_row_on_each_line(tmp_path: Path) -> None:
    assert write(tmp_path / "a.json", COLUMNS, ROWS[2:]) == 2
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == (
        '[\n{"name":null,"number":null,"day":null,"at":null},\n'
        '{"name":"c","number":0,"day":"2024-02-29","at":"2026-09-30T03:00:00Z"}\n]\n'
    )


def test_json_lines_have_a_row_on_each_line(tmp_path: Path) -> None:
    assert write(tmp_path / "a.jsonl", TEXT, [("é",), (None,)]) == 2
    assert (tmp_path / "a.jsonl").read_bytes() == '{"text":"é"}\n{"text":null}\n'.encode()


def test_parquet_has_types_and_the_order_of_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    assert write(path, COLUMNS, ROWS) == 4
    with duckdb.connect() as database:
        described = database.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
        compressed = database.execute("select distinct compression from parquet_metadata(?)", [str(path)]).fetchall()
    assert [row[:2] for row in described] == [
        ("name", "VARCHAR"),
        ("number", "BIGINT"),
        ("day", "DATE"),
        ("at", "TIMESTAMP"),
    ]
    assert compressed == [("ZSTD",)]
    plain = [
        tuple(None if value is None else str(value).replace(" ", "T") for value in row.values()) for row in read(path)
    ]
    assert plain == [tuple(None if value is None else str(value).rstrip("Z") for value in row) for row in ROWS]


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_rows_make_a_file_with_columns_and_none(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    assert write(path, COLUMNS, iter(())) == 0
    assert read(path) == []
    if ending == ".csv":
        assert path.read_text(encoding="utf-8-sig") == "name,number,day,at\n"


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".parquet"])
def test_json_and_parquet_have_every_text_exactly(tmp_path: Path, ending: str) -> None:
    wanted = [*AWKWARD, "=1+1", "-5", "\tx", None]
    write(tmp_path / f"a{ending}", TEXT, [(text,) for text in wanted])
    assert texts(tmp_path / f"a{ending}") == wanted


def test_csv_has_every_text_exactly_that_is_no_formula(tmp_path: Path) -> None:
    wanted = [text for text in AWKWARD if text != "\r"]
    write(tmp_path / "a.csv", TEXT, [(text,) for text in wanted])
    assert texts(tmp_path / "a.csv") == wanted


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("http://x","y")']
)
def test_csv_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.csv", {text: Kind.TEXT, "number": Kind.INTEGER}, [(text, -1)])
    assert read(tmp_path / "a.csv") == [{"'" + text: "'" + text, "number": "-1"}]


def test_csv_cell_that_begins_behind_a_semicolon_elsewhere_gets_an_apostrophe_too(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", TEXT, [("a;=1+1;b; -c;@d",)])
    assert texts(tmp_path / "a.csv") == ["a;'=1+1;b; -c;'@d"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_lone_surrogate_becomes_the_replacement_character(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"a{ending}", TEXT, [("a\ud800b",), ("\udcff🎉",)])
    assert texts(tmp_path / f"a{ending}") == ["a\ufffdb", "\ufffd🎉"]


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.integers(-(2**63), 2**63 - 1)), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_formats_agree_on_any_rows(tmp_path: Path, rows: list[tuple[Value, Value]]) -> None:
    columns = {"text": Kind.TEXT, "number": Kind.INTEGER}
    wanted = [{"text": text, "number": number} for text, number in rows]
    for ending in ENDINGS:
        assert write(tmp_path / f"a{ending}", columns, rows) == len(rows)
    assert [read(tmp_path / f"a{ending}") for ending in (".json", ".jsonl", ".parquet")] == [wanted] * 3
    cells = [row["text"] for row in read(tmp_path / "a.csv")]
    assert [str(cell).replace("'", "") for cell in cells] == [str(text or "").replace("'", "") for text, _ in rows]


def test_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "o[1] *?'q\"é {a}"
    folder.mkdir()
    for ending in ENDINGS:
        write(folder / f"f[2]*'\"{ending}", TEXT, [("a",)])
        assert texts(folder / f"f[2]*'\"{ending}") == ["a"]
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize("ending", ENDINGS)
def test_file_may_be_read_by_whom_the_umask_lets(tmp_path: Path, ending: str) -> None:
    before = os.umask(0o022)
    try:
        write(tmp_path / f"a{ending}", TEXT, [("a",)])
    finally:
        os.umask(before)
    assert (tmp_path / f"a{ending}").stat().st_mode & 0o777 == 0o644


# --- what a failure leaves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_interrupted_write_leaves_the_old_file_and_no_trace(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text("old")

    def rows() -> Iterator[Row]:
        yield ("new",)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, TEXT, rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "found"), [("a.xlsx", ".xlsx"), ("a", "none"), ("a.csv.gz", ".gz")])
def test_other_ending_is_wrong_usage(tmp_path: Path, name: str, found: str) -> None:
    with pytest.raises(InputError, match=rf"expected: one of \.csv, \.jsonl, \.json, \.parquet, found: {found}$"):
        write(tmp_path / name, TEXT, [])
    assert list(tmp_path.iterdir()) == []


def test_ending_may_be_written_in_capitals(tmp_path: Path) -> None:
    write(tmp_path / "A.JSON", TEXT, [("a",)])
    assert json.loads((tmp_path / "A.JSON").read_text(encoding="utf-8")) == [{"text": "a"}]


@pytest.mark.parametrize("ending", ENDINGS)
def test_folder_that_is_not_there_is_this_machine(tmp_path: Path, ending: str) -> None:
    with pytest.raises(MachineError, match=r"unexpected trouble on .*none.*No such file"):
        write(tmp_path / "none" / f"a{ending}", TEXT, [])


@pytest.mark.parametrize("ending", ENDINGS)
def test_folder_in_the_place_of_the_file_is_this_machine(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a{ending}").mkdir()
    with pytest.raises(MachineError, match="irectory"):
        write(tmp_path / f"a{ending}", TEXT, [])


@pytest.mark.parametrize("ending", ENDINGS)
def test_name_that_the_disk_refuses_is_this_machine(tmp_path: Path, ending: str) -> None:
    with pytest.raises(MachineError, match="File name too long"):
        write(tmp_path / f"{'a' * 300}{ending}", TEXT, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_full_disk_is_this_machine(tmp_path: Path, ending: str) -> None:
    """A limit on the size of a file stands for the disk that has no room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(MachineError, match="File too large"):
            write(tmp_path / f"a{ending}", TEXT, (("x" * 1000,) for _ in range(1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Kind.INTEGER, "many"), (Kind.DATE, "2026-13-45"), (Kind.TIME, "noon"), (Kind.TEXT, "x" * 40_000_000)],
)
def test_value_that_parquet_cannot_hold_stops_the_file(tmp_path: Path, kind: Kind, value: str) -> None:
    with pytest.raises(CatalogError, match=r"expected: what its column's kind allows, .* found: Invalid Input Error"):
        write(tmp_path / "a.parquet", {"a": kind}, [(value,)])
    assert list(tmp_path.iterdir()) == []


# --- what it costs ---------------------------------------------------------------------------------------------------

MEASURED = """
import re, sys
from pathlib import Path
from scraper.formats import Kind, write

rows = ((f"DEVICE-{i:07d}", f"{i:0{sys.argv[3]}d}") for i in range(int(sys.argv[2])))
write(Path(sys.argv[1]), {"name": Kind.TEXT, "text": Kind.TEXT}, rows)
# Not getrusage: what it gives begins with the size of the process that started this one.
kilobytes = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(int(kilobytes) // 1024, "duckdb" in sys.modules)
"""


@pytest.mark.parametrize(
    ("name", "rows", "width", "limit"),
    [
        pytest.param("a.csv", 200_000, 50, 40, marks=pytest.mark.slow),
        pytest.param("a.json", 200_000, 50, 40, marks=pytest.mark.slow),
        ("a.parquet", 120_000, 900, 260),
    ],
)
def test_memory_is_flat(tmp_path: Path, name: str, rows: int, width: int, limit: int) -> None:
    """In MB, of the whole process. As one group of rows, the Parquet file would not fit into DuckDB's limit."""
    command = [sys.executable, "-c", MEASURED, str(tmp_path / name), str(rows), str(width)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    peak, with_duckdb = ended.stdout.split()
    assert int(peak) < limit
    assert with_duckdb == str(name.endswith(".parquet"))

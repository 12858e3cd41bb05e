"""A row that cannot be read comes out with the reason, and costs no other row."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper import answers
from scraper.fleet import judge_fleet, text
from tests.fleet.devices import CLIENT, CURRENT, DAY, Judge, verdict

PIECES = [b'"', b",", b"\n", b"\r", b"\0", b"\xe9", b"a", b" ", b"26100.3981", b'""', b'","']


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


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join) | st.binary(max_size=60))
def test_whatever_comes_before_it_a_good_row_is_judged(verdicts: answers.Verdicts, garbage: bytes) -> None:
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
    printed = text(summary)
    assert "25 rows could not be read:" in printed
    assert len(re.findall(r"(?m)^  line \d+: ", printed)) == 20
    assert "  and 5 more" in printed

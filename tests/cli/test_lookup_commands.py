"""The lookups as commands: text and JSON, exit codes, and that they never write."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import change, problems, winkb
from tests.fixtures.places import ROOT

FOUND = (
    ("kb", "KB5058497"),
    ("build", "26100.3981", "--as-of", "2025-05-20"),
    ("month", "2026-06"),
    ("next-restart", "25H2", "--as-of", "2026-01-01"),
    ("changes",),
)
NOT_FOUND = (
    ("kb", "KB9999999"),
    ("build", "26100.1"),
    ("month", "1999-01"),
    ("next-restart", "24H2", "--as-of", "2099-01-01"),
    ("changes", "--since", "2099-01-01"),
)
MISREAD = (
    ("kb", "patch"),
    ("build", "26100"),
    ("build", "26100.3981", "--as-of", "soon"),
    ("build", "26100.3981", "--release", "windows-10"),
    ("month", "June"),
    ("month", "2026-13"),
    ("next-restart", "Vista"),
    ("next-restart", "24H2", "--as-of", "2026-02-30"),
    ("changes", "--since", "soon"),
)


@pytest.mark.parametrize("question", FOUND, ids=lambda question: question[0])
def test_answer_is_text_for_people_and_one_json_document_for_scripts(
    demo_catalog: Path, question: tuple[str, ...]
) -> None:
    text = winkb(*question, "--db", demo_catalog)
    assert (text.exit_code, text.stderr) == (0, "")
    assert text.stdout.strip()
    answer = winkb(*question, "--db", demo_catalog, "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)
    assert '""' not in answer.stdout


@pytest.mark.parametrize("question", NOT_FOUND, ids=lambda question: question[0])
def test_nothing_found_ends_with_1_and_prints_json_all_the_same(demo_catalog: Path, question: tuple[str, ...]) -> None:
    text = winkb(*question, "--db", demo_catalog)
    assert (text.exit_code, text.stderr) == (1, "")
    assert text.stdout.strip()
    answer = winkb(*question, "--db", demo_catalog, "--json")
    assert (answer.exit_code, answer.stderr) == (1, "")
    assert isinstance(json.loads(answer.stdout), dict | list)


@pytest.mark.parametrize("question", MISREAD, ids=" ".join)
def test_question_that_cannot_be_understood_ends_with_2_and_says_what_was_expected(
    demo_catalog: Path, question: tuple[str, ...]
) -> None:
    result = winkb(*question, "--db", demo_catalog, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = problems(result)
    assert "expected: " in line
    assert "found: " in line


def test_json_is_utf_8_whatever_the_terminal_s_encoding(db: Path) -> None:
    change(db, "update kbs set title = 'May 13, 2025—Hotpatch' where kb = 'KB5058497'")
    command = [sys.executable, "-m", "scraper", "kb", "KB5058497", "--db", str(db), "--json"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.decode("utf-8"))["title"] == "May 13, 2025—Hotpatch"


def test_lookup_never_writes(demo_catalog: Path) -> None:
    before, names = demo_catalog.read_bytes(), sorted(demo_catalog.parent.iterdir())
    for question in (*FOUND, *NOT_FOUND):
        winkb(*question, "--db", demo_catalog)
    assert demo_catalog.read_bytes() == before
    assert sorted(demo_catalog.parent.iterdir()) == names

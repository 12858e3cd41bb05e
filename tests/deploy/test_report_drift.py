"""deploy/report_drift.py: one issue for as long as a page has drifted, with a gh that keeps issues in a file."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.deploy import (
    DEPLOY,
    program,
    run,
)

FAKE_GH = (
    f"#!{sys.executable} -IS\n"
    + """\
'''The issues of a repository, in a file; every call is noted. What report_drift.py has no reason to ask is refused.'''
import json, pathlib, sys
here = pathlib.Path(__file__).parent
issues = json.loads((here / "issues.json").read_text())
noun, verb, *words = sys.argv[1:]
names = {"title", "label", "body-file", "state", "limit", "json", "comment", "color", "description"}
options, free = {}, []
while words:
    word = words.pop(0)
    if word == "--force":
        continue
    if word.startswith("--"):
        assert word[2:] in names, word
        options[word[2:]] = words.pop(0)
    else:
        free.append(word)
body = sys.stdin.read() if options.get("body-file") == "-" else None
number = int(free[0]) if noun == "issue" and free else None
with (here / "calls.txt").open("a") as calls:
    print(noun, verb, *free, file=calls)
if (noun, verb) == ("issue", "list"):
    assert options["state"] == "open" and options["json"] == "number,title,body"
    print(json.dumps([{key: issue[key] for key in ("number", "title", "body")} for issue in reversed(issues)
                      if issue["open"] and options["label"] in issue["labels"]]))
elif (noun, verb) == ("label", "create"):
    pass
elif (noun, verb) == ("issue", "create"):
    assert len(body) <= 65536
    issues.append({"number": len(issues) + 1, "title": options["title"], "labels": [options["label"]], "body": body,
                   "open": True, "comments": []})
elif (noun, verb) == ("issue", "edit"):
    assert len(body) <= 65536
    issues[number - 1]["body"] = body
elif (noun, verb) == ("issue", "comment"):
    issues[number - 1]["comments"].append(body)
elif (noun, verb) == ("issue", "close"):
    issues[number - 1]["open"] = False
    issues[number - 1]["comments"].append(options["comment"])
else:
    sys.exit(f"fake gh: unknown command {noun} {verb}")
(here / "issues.json").write_text(json.dumps(issues))
"""
)
TITLE = "winkb: a page has drifted"


class Forge:
    """A repository's issues behind a fake gh on PATH, and the script that keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program(folder / "gh", FAKE_GH)
        self.put([])

    def put(self, issues: list[dict[str, Any]]) -> None:
        (self.folder / "issues.json").write_text(json.dumps(issues))

    @property
    def issues(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / "issues.json").read_text()))

    def report(self, code: int | str, *failures: str, quarantined: int = 0, text: str = "## winkb\n") -> list[str]:
        """What the script asked of gh."""
        pages = [
            {"page": f"p{number}", "failure": failure, "quarantined": 0} for number, failure in enumerate(failures)
        ]
        pages.append({"page": "news", "failure": None, "quarantined": quarantined})
        document = {"problems": list(failures), "pages": pages, "failing_articles": []}
        (self.folder / "s.json").write_text(json.dumps(document))
        (self.folder / "s.md").write_text(text + "".join(f"{failure}\n" for failure in failures))
        calls = self.folder / "calls.txt"
        calls.write_text("")
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        script = (sys.executable, DEPLOY / "report_drift.py", code, "s.md", "s.json")
        ended = run(*script, cwd=self.folder, PATH=path)
        assert ended.returncode == 0, ended.stderr
        return calls.read_text().splitlines()


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def test_drift_opens_one_issue_comments_what_is_new_and_closes_when_gone(forge: Forge) -> None:
    assert forge.report(0) == ["issue list"]
    assert forge.report(4, "a column went") == ["issue list", "label create winkb-drift", "issue create"]
    (issue,) = forge.issues
    assert (issue["title"], issue["labels"], issue["open"]) == (TITLE, ["winkb-drift"], True)
    assert issue["body"].startswith("## winkb\na column went\n\nWhat to do: docs/nightly.md, exit code 4.\n")

    # It stands: the body is kept up to date, and nobody is called.
    assert forge.report(4, "a column went", text="## an hour later\n") == ["issue list", "issue edit 1"]
    assert forge.issues[0]["body"].startswith("## an hour later\n")
    assert forge.issues[0]["comments"] == []

    # Another page drifts too, then only that one, then both again: one comment.
    assert forge.report(4, "a column went", "a page went")[1:] == ["issue edit 1", "issue comment 1"]
    assert forge.report(4, "a page went")[1:] == ["issue edit 1"]
    assert forge.report(4, "a column went", "a page went")[1:] == ["issue edit 1"]
    assert [comment.partition("\n")[0] for comment in forge.issues[0]["comments"]] == ["There is something new."]

    # Nights that could not read the pages say nothing about them.
    for code in (1, 2, 3, 5, 137, ""):
        assert forge.report(code) == []
    assert forge.report(0) == ["issue list", "issue close 1"]
    assert forge.issues[0]["open"] is False
    assert forge.report(0) == ["issue list"]

    # The next drift is another issue.
    assert forge.report(4, "a column went")[-1] == "issue create"
    assert [issue["open"] for issue in forge.issues] == [False, True]


def test_issue_stays_while_a_page_that_was_not_asked_for_tonight_fails(forge: Forge) -> None:
    forge.report(4, "KB5000001 is gone")
    assert forge.report(0, "KB5000001 is gone") == []
    assert forge.report(0, quarantined=1) == []
    assert forge.report(0) == ["issue list", "issue close 1"]


def test_issues_of_others_are_left_alone(forge: Forge) -> None:
    base: dict[str, Any] = {"body": "theirs", "open": True, "comments": []}
    others = [
        {"number": 1, "title": "another", "labels": ["winkb-drift"], **base},
        {"number": 2, "title": TITLE, "labels": [], **base},
        {"number": 3, "title": TITLE, "labels": ["winkb-drift"], **base, "open": False},
    ]
    forge.put(others)
    assert forge.report(4, "x")[-1] == "issue create"
    assert forge.report(0)[-1] == "issue close 4"
    assert forge.issues[:3] == others


def test_issue_whose_text_a_person_replaced_is_taken_up_again(forge: Forge) -> None:
    forge.put([{"number": 1, "title": TITLE, "labels": ["winkb-drift"], "body": "", "open": True, "comments": []}])
    assert forge.report(4, "x") == ["issue list", "issue edit 1", "issue comment 1"]
    assert forge.report(4, "x") == ["issue list", "issue edit 1"]


def test_longest_summary_fits_into_the_issue(forge: Forge) -> None:
    failures = [f"page {number} went" for number in range(400)]
    forge.report(4, *failures, text="x" * 100_000)
    assert len(forge.issues[0]["body"]) < 65_536


def test_report_without_gh_or_with_wrong_words_ends_with_1(tmp_path: Path) -> None:
    script = (sys.executable, DEPLOY / "report_drift.py")
    (tmp_path / "s.json").write_text('{"problems": [], "pages": [], "failing_articles": []}')
    (tmp_path / "s.md").write_text("")
    missing = run(*script, "4", "s.md", "s.json", cwd=tmp_path, GH=tmp_path / "no gh")
    assert (missing.returncode, "no gh" in missing.stderr) == (1, True)
    refused = run(*script, "4", "s.md", "s.json", cwd=tmp_path, GH=shutil.which("false"))
    assert (refused.returncode, "report_drift: " in refused.stderr) == (1, True)
    assert run(*script, "4").returncode == 1

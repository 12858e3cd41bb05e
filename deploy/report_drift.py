#!/usr/bin/env python3
"""Keeps one GitHub issue in step with drift: opens it, updates it while the drift stands, closes it when it is gone.

    deploy/report_drift.py SCRAPE_CODE SUMMARY.md SUMMARY.json

Exit code 4 of the scrape is drift; 0 is its end when no page is left failing either, for an article is not asked for
every night. Any other run could not read the pages, says nothing about them, and leaves the issue alone. The issue is
known by its label and its title. Its body is the summary of this run; a comment is added only for a problem that this
issue has not had yet, so that hourly runs call nobody twice for the same thing.

Needs nothing but Python and the command gh, with GH_TOKEN and GH_REPO in the environment. GH names another command.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TITLE = "winkb: a page has drifted"
LABEL = "winkb-drift"
GONE, DRIFT = "0", "4"
# An issue holds 65,536 characters.
_LONGEST = 60_000
_MOST = 300
# Scraped text holds no "<" (scraper/publish/markdown.py), so the last such line of a body is ours.
_MARK = re.compile(r"<!-- winkb-drift ([0-9a-f ]*) -->")


def main(code: str, markdown: Path, document: Path) -> None:
    """``code`` is the scrape's exit code, the files are its summaries."""
    if code == DRIFT:
        report(markdown.read_text(encoding="utf-8")[:_LONGEST], problems(json.loads(document.read_text("utf-8"))))
    elif code == GONE and is_sound(json.loads(document.read_text("utf-8"))):
        for number, _ in open_issues():
            gh("issue", "close", number, "--comment", "Gone: every page was read whole the last time it was asked for.")


def report(text: str, seen: set[str]) -> None:
    issues = open_issues()
    if not issues:
        gh("label", "create", LABEL, "--force", "--color", "d93f0b", "--description", "A page is not as winkb knows it")
        gh("issue", "create", "--title", TITLE, "--label", LABEL, "--body-file", "-", text=body(text, seen))
        return
    number, old = issues[0]
    known = set(_MARK.findall(old)[-1].split()) if _MARK.search(old) else set()
    gh("issue", "edit", number, "--body-file", "-", text=body(text, seen | known))
    if seen - known:
        gh("issue", "comment", number, "--body-file", "-", text=f"There is something new.\n\n{text}")


def body(text: str, seen: set[str]) -> str:
    mark = " ".join(sorted(seen)[:_MOST])
    return f"{text.rstrip()}\n\nWhat to do: docs/nightly.md, exit code 4.\n\n<!-- winkb-drift {mark} -->\n"


def open_issues() -> list[tuple[str, str]]:
    """Number and body of the open issues of ours, oldest first: one, or none."""
    listed = gh("issue", "list", "--state", "open", "--label", LABEL, "--limit", "100", "--json", "number,title,body")
    issues = [issue for issue in json.loads(listed or "[]") if issue["title"] == TITLE]
    return [(str(issue["number"]), str(issue["body"])) for issue in sorted(issues, key=lambda issue: issue["number"])]


def problems(summary: dict[str, Any]) -> set[str]:
    """A short digest of each line that a person must look at."""
    lines = {page["failure"] or f"{page['quarantined']} rows of {page['page']}" for page in unsound(summary)}
    return {hashlib.sha256(line.encode()).hexdigest()[:12] for line in lines}


def is_sound(summary: dict[str, Any]) -> bool:
    return not unsound(summary)


def unsound(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The source pages that a person must look at. An article that is gone may stay so for ever, and is a finding."""
    return [page for page in summary["pages"] if page["failure"] or page["quarantined"]]


def gh(*words: str, text: str | None = None) -> str:
    command = [os.environ.get("GH", "gh"), *words]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"report_drift: {problem}")

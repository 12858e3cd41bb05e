"""The summary of a run: what was fetched, what changed, what was found, and what a person has to do about it.

It is read from the published catalog after the run: as Markdown for the page of the nightly job, as JSON for scripts.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from scraper.errors import MachineError
from scraper.publish.summary.document import Summary, summary
from scraper.publish.summary.exit_codes import EXIT_CODES
from scraper.publish.summary.section import LINES, markdown

__all__ = ["EXIT_CODES", "LINES", "Summary", "last_run", "markdown", "summary", "write"]


def last_run(db: Path) -> tuple[int, str | None]:
    """The last run that a catalog holds and its facts_sha256, ``(0, None)`` for none. Call it before a scrape."""
    try:
        with closing(_open(db)) as catalog:
            found = catalog.execute("select run, facts_sha256 from runs order by run desc limit 1").fetchone()
    except sqlite3.Error:
        return 0, None
    return (found[0], found[1]) if found else (0, None)


def write(
    db: Path,
    since: tuple[int, str | None],
    exit_code: int,
    *,
    problems: Sequence[str] = (),
    markdown_to: Path | None = None,
    json_to: Path | None = None,
) -> None:
    """Summarize the runs after ``since``, which is what ``last_run`` returned before them.

    The Markdown is appended to ``markdown_to``; the JSON replaces what ``json_to`` has. ``problems``: the lines of the
    run on stderr. A catalog that does not exist is no error. Raises MachineError where a file cannot be written.
    """
    if markdown_to is None and json_to is None:
        return
    document = _of_file(db, since, exit_code, problems)
    try:
        if json_to:
            json_to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if markdown_to:
            with markdown_to.open("a", encoding="utf-8") as file:
                file.write(markdown(document))
    except OSError as problem:
        raise MachineError(
            "trouble", page=str(problem.filename), expected="a file for the summary", found=str(problem)
        ) from problem


def _of_file(db: Path, since: tuple[int, str | None], exit_code: int, problems: Sequence[str]) -> Summary:
    if not db.is_file():
        return summary(None, since[0], exit_code, problems=problems)
    try:
        with closing(_open(db)) as catalog:
            return summary(catalog, since[0], exit_code, facts_before=since[1], problems=problems)
    except (sqlite3.Error, MachineError):
        # The scrape reported this already and ended with 5. A summary without facts shows it on the job's page too.
        return summary(None, since[0], exit_code, problems=problems)


def _open(db: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)

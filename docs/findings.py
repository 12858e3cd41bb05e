"""Write the tables of findings.md anew, from the checks themselves: ``make findings``."""

import re
from pathlib import Path

from scraper.catalog.checks import CODES
from scraper.catalog.checks.table import Group

DOCUMENT = Path(__file__).with_name("findings.md")


def with_tables(text: str) -> str:
    """The text with the table under each group's heading as the checks have it. The rest is written by hand."""
    for group in Group:
        before, *found = re.split(rf"(?<=## {re.escape(group)}\n\n)(?:\|.*\n)+", text)
        if len(found) != 1:
            raise SystemExit(f"{DOCUMENT}: expected: one heading with a table, ## {group}; found: {len(found)}")
        text = before + table(group) + found[0]
    return text


def table(group: Group) -> str:
    """The table of a group, in Markdown."""
    codes = [(name, code) for name, code in CODES.items() if code.group is group]
    rows = [f"| `{name}` | {code.severity} | {code.sentence} |" for name, code in codes]
    return "\n".join(["| code | severity | what it says |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

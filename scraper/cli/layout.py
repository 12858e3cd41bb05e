"""How the command line lays out text: labels and columns aligned, in plain ASCII."""

from collections.abc import Iterable


def labelled(head: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """The head, then a line for each (label, value) that has a value, with the values aligned."""
    known = [(label, value) for label, value in rows if value]
    width = max((len(label) for label, _ in known), default=0)
    return "\n".join([plain(head), *(f"  {label:<{width}}  {plain(value)}" for label, value in known)])


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """A line for each row, with the columns aligned. Rows may differ in length."""
    cells = [[plain(cell) for cell in row] for row in rows]
    count = max((len(row) for row in cells), default=0)
    widths = [max(len(row[at]) for row in cells if at < len(row)) for at in range(count)]
    return [
        ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))).rstrip()
        for row in cells
    ]


def plain(text: str) -> str:
    """Scraped text for a terminal: ASCII on one line. Everything else is escaped, control sequences too."""
    dashed = text.translate({0x2013: "-", 0x2014: "-", 0xA0: " "})
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in dashed)

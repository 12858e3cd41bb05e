"""What changed on the pages and where they disagree, in words."""

from collections.abc import Iterable
from itertools import groupby

from scraper.answers.documents import Change, Disagreement
from scraper.cli.layout import table
from scraper.cli.words.names import LABELS, age, paragraph, release_name

# Rows of one run's Markdown table: an issue holds 65,536 characters.
_MARKDOWN_LINES = 200


def changes(rows: list[Change], reach: str) -> str:
    """One paragraph per run, newest first, with one line per change. Replanned months stand out. ``reach``: up to when
    changes were looked for, in a sentence."""
    if not rows:
        return reach
    paragraphs = []
    for head, group in _runs(rows):
        lines = table([(LABELS["replanned"].upper() if row["replanned"] else "", *_cells(row)) for row in group])
        paragraphs.append("\n".join([head, *lines]))
    return "\n\n".join([*paragraphs, reach])


def changes_markdown(rows: list[Change], reach: str) -> str:
    """The same as Markdown for an issue or a chat, with one table per run."""
    from scraper.publish import markdown

    if not rows:
        return reach
    columns = ("", *(LABELS[name] for name in ("release", "table_name", "subject")), "change", LABELS["page"])
    paragraphs = []
    for head, group in _runs(rows):
        cells = [
            (f"**{LABELS['replanned']}**" if row["replanned"] else "", *(markdown.text(cell) for cell in _cells(row)))
            for row in group
        ]
        paragraphs.append(f"### {head}\n\n{markdown.table(columns, cells, _MARKDOWN_LINES)}")
    return "\n\n".join([*paragraphs, reach])


def disagreements(rows: list[Disagreement], fetched: str | None) -> str:
    """One paragraph per disagreement: the value that the catalog uses and why, and the other page's value. ``fetched``:
    data as of."""
    if not rows:
        return f"No disagreement of two pages is open (--ended shows the others; {age(fetched)})."
    return "\n\n".join(
        paragraph(
            ", ".join(filter(None, (f"{row['field']} of {row['subject']}", release_name(row["release"])))),
            [
                ("used", f"{row['used']} on {row['used_page']}"),
                ("other", f"{row['other']} on {row['other_page']}"),
                ("why", row["why"]),
                ("since", row["since"]),
                ("until", row["until"]),
                ("data_as_of", row["data_as_of"]),
            ],
        )
        for row in rows
    )


def _runs(rows: list[Change]) -> Iterable[tuple[str, list[Change]]]:
    """A head for each run and its changes, those of plans first."""
    for (seen_at, run), group in groupby(rows, key=lambda row: (row["seen_at"], row["run"])):
        seen = sorted(group, key=lambda row: not row["replanned"])
        yield f"{seen_at}, run {run}: {len(seen)} change{'' if len(seen) == 1 else 's'}", seen


def _cells(row: Change) -> tuple[str, ...]:
    return row["release"], row["table_name"], row["subject"], _change(row), row["page"]


def _change(row: Change) -> str:
    if row["field"] == "row":
        return f"appeared: {row['new']}" if row["old"] is None else f"disappeared: {row['old']}"
    return f"{row['field']}: {row['old'] or 'nothing'} -> {row['new'] or 'nothing'}"

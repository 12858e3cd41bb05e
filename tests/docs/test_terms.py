"""docs/terms.md has every label of the site and of the command line, and all names in it exist."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import get_type_hints

import pytest

from scraper.answers import documents
from scraper.catalog.schema import schema
from scraper.cli import words
from scraper.publish.pages.terms import TERMS
from tests.fixtures.places import ROOT

TEXT = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8")
TEMPLATES = sorted((ROOT / "site" / "templates").glob("*.html"))
SCHEMA = schema()
# What a tag shows of a row is one of the words that the schema allows for the column.
VOCABULARY: dict[str, set[str]] = {}
for column, allowed in re.findall(r"check \((\w+) in \(('.*?)\)\)", SCHEMA):
    VOCABULARY.setdefault(column, set()).update(re.findall(r"'([^']+)'", allowed))
VERDICTS = {"current", "behind", "not-released", "out-of-support", "unknown"}
REASONS = {"stale", "not-listed", "no-security-month", "not-in-catalog"}
# What the view kb_issues adds to the states of articles.
UNREAD = {"unread"}


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    below = TEXT.partition(f"# {heading}\n")[2].partition("\n## ")[0]
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in below.splitlines() if line.startswith("|")]
    return rows[2:]


TERM_ROWS, OTHERS = table("Terms"), table("Other labels")
LABELS = {term.lower() for term, *_ in TERM_ROWS} | {
    label.lower() for labels, *_ in OTHERS for label in labels.split(", ")
}


def site_labels() -> Iterator[str]:
    """The headers of tables and lists in the templates, what a row says on a phone, and the words of tags."""
    for template in TEMPLATES:
        source = template.read_text(encoding="utf-8")
        heads = re.findall(r"<(?:th|dt)\b[^>]*>(.*?)</(?:th|dt)>", source)
        for head in (*heads, *re.findall(r'data-label="([^"]*)"', source)):
            if term := re.fullmatch(r'\{\{ piece\.term\("[^"]+", "([^"]+)"\) \}\}', head):
                yield term[1]
            elif not re.search("[{<]", head):
                yield head
        for tag in re.findall(r'class="tag\b.*?">(.*?)</', source):
            yield from filter(None, [re.split(r"[,{]", tag)[0].strip()])
            yield from re.findall(r'"([^"]+)"', tag)


def test_every_label_of_the_site_is_a_term() -> None:
    found = set(site_labels())
    assert {"Twin", "Baseline", "Accepted", "Planned", "Actual", "Cumulative", "Replanned", "expired"} <= found
    assert sorted(label for label in found if label.lower() not in LABELS) == []


def test_every_word_that_a_tag_takes_from_a_row_is_in_the_text() -> None:
    columns = {
        column
        for template in TEMPLATES
        for tag in re.findall(r'class="tag\b.*?">(.*?)</', template.read_text(encoding="utf-8"))
        for column in re.findall(r"\{\{ \w+\.(\w+)", tag)
    }
    assert columns == {"track", "kind", "severity", "status", "planned_type", "scheduled_type"}
    for word in set.union(VERDICTS, REASONS, *(VOCABULARY[column] for column in columns)):
        assert re.search(rf"(?i)\b{word}\b", TEXT), word


def test_every_label_of_the_command_line_is_a_term() -> None:
    assert sorted(label for label in words.LABELS.values() if label.lower() not in LABELS) == []


def test_old_labels_are_gone() -> None:
    for template in TEMPLATES:
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"(?i)same fixes</th|stands on|newest known \(|<h2[^>]*>fully patched|>came<", source)


@pytest.mark.parametrize("name", TERMS)
def test_site_explains_a_term_as_the_text_does(name: str) -> None:
    (meaning,) = (row[1] for row in TERM_ROWS if row[0] == name)
    assert meaning == TERMS[name]


def test_every_term_that_a_template_explains_is_known() -> None:
    asked = {
        name
        for template in TEMPLATES
        for name in re.findall(r'piece\.(?:term|defined)\("([^"]+)"', template.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(TERMS)


def test_term_is_explained_once_in_sentences() -> None:
    terms = [row[0] for row in TERM_ROWS]
    assert len(set(terms)) == len(terms)
    assert [row for row in TERM_ROWS if not re.fullmatch(r"[A-Z].*\.", row[1])] == []
    assert {len(row) for row in TERM_ROWS} == {4}
    assert {len(row) for row in OTHERS} == {3}


def known_names() -> set[str]:
    """Tables, views, columns with and without their table, keys of the JSON documents, and the values of columns."""
    found = set.union(VERDICTS, REASONS, UNREAD, *VOCABULARY.values())
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        for (name,) in db.execute("select name from sqlite_master where type in ('table', 'view')").fetchall():
            columns = [column for (column,) in db.execute("select name from pragma_table_xinfo(?)", [name])]
            found |= {name, *columns, *(f"{name}.{column}" for column in columns)}
    for document in vars(documents).values():
        if isinstance(document, type) and document.__module__ == documents.__name__:
            found |= get_type_hints(document).keys()
    return found


def test_names_in_sql_and_json_exist() -> None:
    named = {name for row in TERM_ROWS for name in re.findall(r"`([^`]+)`", row[2])}
    assert len(named) > 60
    assert sorted(named - known_names() - {"conflict", "--source"}) == []

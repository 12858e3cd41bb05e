"""docs/findings.md says what the checks say: its tables are made from them."""

import pytest

from docs.findings import DOCUMENT, with_tables
from scraper.catalog.checks import CODES


def test_document_has_what_the_checks_say() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_tables(text) == text, "expected: the tables of the checks; run make findings"
    assert all(f"| `{code}` |" in text for code in CODES)


def test_every_check_has_a_sentence() -> None:
    assert [code for code, meaning in CODES.items() if not meaning.sentence.endswith((".", ")"))] == []


def test_what_is_written_by_hand_stays_and_a_lost_heading_is_named() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_tables(text.replace("A damaged page", "A torn page")).startswith(text[:40])
    assert "A torn page" in with_tables(text.replace("A damaged page", "A torn page"))
    with pytest.raises(SystemExit, match="expected: one heading with a table, ## Articles; found: 0"):
        with_tables(text.replace("## Articles", "## Other"))

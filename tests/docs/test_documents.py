"""The documents lead somewhere: every link to a file or a heading, and every path that they name."""

import re
from pathlib import Path

import pytest

from tests.fixtures.places import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FOLDERS = ("scraper", "site", "tests", "deploy", "docs", "bench", "trust", ".github")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(document: Path) -> set[str]:
    """The headings of a document, as GitHub spells them in addresses."""
    text = re.sub(r"(?s)```.*?```", "", document.read_text(encoding="utf-8"))
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"(?s)```.*?```", "", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+://", target):
            continue
        named = (document.parent / path).resolve() if path else document
        assert named.exists(), target
        assert not anchor or anchor in anchors(named), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_are_there(document: Path) -> None:
    for quoted in re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")):
        if re.fullmatch(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./@-]+", quoted):
            assert (ROOT / quoted).exists(), quoted

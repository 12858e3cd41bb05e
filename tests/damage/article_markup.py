"""An article as text with the places of what it states: names, sections, issues, labels, packages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.damage.markup import Element, Markup, Text

LABELS = ("Symptoms", "Workaround", "Resolution", "Resolutions", "Cause", "Next steps")
_LABEL = re.compile(r"\s*(?:symptoms?|workarounds?|resolutions?|cause|next steps):?\s*", re.I)
_KNOWN_ISSUES = re.compile(r"\s*known issues(?: in this update)?\s*", re.I)
_TAG = re.compile(r"<[^>]*>")
_STACK = re.compile(r"servicing stack update|\bSSU\b", re.I)
_INVISIBLE = re.compile("\u200b|&#8203;")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text that is no element: a section from its heading to the next, the part of an issue."""

    start: int
    end: int


class ArticleMarkup(Markup):
    """``others``: other articles, from which parts may come."""

    def __init__(self, text: str, others: "Mapping[str, ArticleMarkup] | None" = None) -> None:
        super().__init__(text)
        self.others = others or {}

    def words(self, element: Element) -> str:
        return _INVISIBLE.sub("", _TAG.sub("", self.text[element.inner : element.close]))

    def part(self, span: Span | Element) -> str:
        return self.text[span.start : span.end]

    @cached_property
    def main(self) -> Span:
        """Without what stands below the old layout's article."""
        mains = self.of("main")
        start, end = (mains[0].inner, mains[0].close) if mains else (0, len(self.text))
        footer = self.text.find("ocArticleFooter", start, end)
        return Span(start, end if footer < 0 else self.text.rfind("<", start, footer))

    def in_main(self, *tags: str) -> list[Element]:
        return [one for one in self.of(*tags) if self.main.start <= one.start < self.main.end]

    @cached_property
    def stating(self) -> list[Text]:
        """The texts of the main part."""
        return [text for text in self.texts if self.main.start <= text.start and text.end <= self.main.end]

    @cached_property
    def headings(self) -> list[Element]:
        """The headings of sections."""
        return [one for one in self.in_main("h2", "h3") if not _LABEL.fullmatch(self.words(one))]

    @cached_property
    def sections(self) -> list[Span]:
        """Each with its heading, up to the next one."""
        heads = self.in_main("h2")
        ends = [one.start for one in heads[1:]] + [self.main.end]
        return [Span(one.start, end) for one, end in zip(heads, ends, strict=True)]

    @cached_property
    def known(self) -> Span | None:
        """The section of known issues."""
        for section in self.sections:
            head = next(one for one in self.of("h2") if one.start == section.start)
            if _KNOWN_ISSUES.fullmatch(self.words(head)):
                return section
        return None

    def in_known(self, *tags: str) -> list[Element]:
        known = self.known
        return [one for one in self.of(*tags) if known and known.start < one.start and one.end <= known.end]

    @cached_property
    def issues(self) -> list[Element]:
        """The folds of the known issues, or the rows of their table."""
        folds = self.in_known("details") or [one for one in self.in_known("div") if self._is_expando(one)]
        return folds or self.in_known("tr")[1:]

    def _is_expando(self, one: Element) -> bool:
        return 'class="ocpSection"' in self.text[one.start : one.inner] and "ExpandoHead" in self.source(one)

    @cached_property
    def titles(self) -> list[Element]:
        """Those of the issues."""
        heads = [one for one in self.in_known("div") if "ExpandoHeadTitle" in self.text[one.start : one.inner]]
        return self.in_known("summary") + heads

    @cached_property
    def labels(self) -> list[Element]:
        return [
            one
            for one in self.in_known("strong", "b", "h3", "h4")
            if _LABEL.fullmatch(self.words(one)) and one.tag != "th"
        ]

    @cached_property
    def parts(self) -> list[Span]:
        """The text below each label, up to the next label or the end of the issue."""
        found = []
        for issue in self.issues:
            own = [one for one in self.labels if issue.start < one.start < issue.end]
            blocks = [self._block(one) for one in own]
            bounds = [*(block.start for block in blocks[1:]), self._end(issue)]
            found += [Span(block.end, bound) for block, bound in zip(blocks, bounds, strict=False) if block.end < bound]
            if not own and issue.tag == "tr":
                found += [Span(cell.inner, cell.close) for cell in self.within(issue, "td")]
        return found

    def _block(self, label: Element) -> Element:
        """The paragraph that is a label, with its tags."""
        around = [one for one in self.of("p") if one.start < label.start and label.end <= one.end]
        return max(around, key=lambda one: one.start) if around else label

    def _end(self, issue: Element) -> int:
        last = [one.end for one in self.within(issue, "p", "ul", "ol", "pre")]
        return max(last, default=issue.close)

    @cached_property
    def blocks_of_labels(self) -> list[Element]:
        return [self._block(one) for one in self.labels]

    @cached_property
    def stacks(self) -> list[Element]:
        """What speaks of the servicing stack: folds, paragraphs and headings."""
        return [one for one in self.in_main("details", "p", "h2", "h3") if _STACK.search(self.words(one))]

    @cached_property
    def packages(self) -> list[Element]:
        return [one for one in self.in_main("li") if self.words(one).strip().lower().startswith("windows1")]

    @cached_property
    def names(self) -> list[Element]:
        """Title and heading."""
        return [one for one in self.of("title", "h1") if "svg" not in one.path]

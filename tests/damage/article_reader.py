"""What an article states, as the judge reads it: line by line as a browser shows it, with the reader's library.

An issue is what stands under the title of a fold among the known issues, or under a title before a label, or in a row
of a table of symptoms. A label is a line that is one, bold or not, or bold words at the begin of a line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bs4 import NavigableString, Tag
from bs4.element import PreformattedString

from tests.damage.reader import BLOCKS, UNSEEN, clean, iso_date, rows_of, text_of
from tests.damage.tree import tree_of

_SUFFIX = re.compile(r"\s*[|\u2010-\u2015-]\s*Microsoft Support$", re.I)
_KB = re.compile(r"\bKB ?(\d{6,7})(?!\d)", re.I | re.A)
_SLUG_KB = re.compile(r"(?<![a-z])kb-?(\d{6,7})(?!\d)", re.I | re.A)
_BUILD = re.compile(r"(?<![\d.])\d{5}\.\d{1,5}(?![\d.]*\d)", re.A)
_PARENTHESES = re.compile(r"[(\uff08].*|\bOS Builds?\b.*", re.I)
_KNOWN_ISSUES = re.compile(r"known issues(?: in this update)?", re.I)
_LABELS = {
    "symptom": "symptom",
    "symptoms": "symptom",
    "workaround": "workaround",
    "workarounds": "workaround",
    "resolution": "resolution",
    "resolutions": "resolution",
    "cause": "other",
    "next steps": "other",
    "third-party information disclaimer": "other",
}
_COPY = re.compile(r"-\d+$")
_HEADINGS = {f"h{level}": level for level in range(2, 7)}
_NO_ISSUE = re.compile(
    r"(?:microsoft is|we are|we['\u2019]re) (?:not currently|currently not|not|currently un|un)\s?aware of any"
    r"(?: known| new)? issues?\b.{0,90}|.{0,20}\bno known issues\b.{0,90}",
    re.I,
)
_FIXED = re.compile(r"\b(?:resolved|addressed|fixed)\b", re.I)
_RELEASED = re.compile(r"\bupdates? released\b", re.I)
_HEDGED = re.compile(r"\b(?:may|might|only|if|until)\b", re.I)
_REMAINS = re.compile(r"\b(?:still|however|some|most|many|several|certain|other)\b", re.I)
_PARTLY = re.compile(r"\b(?:partially|partly|temporarily)\b", re.I)
_PROMISED = re.compile(
    r"\b(?:will|plans? to|to be|not|not yet|is being|would|cannot be)\b[^.]{0,40}\b(?:resolv|address|fix)"
    r"|\bworking (?:on|to|toward)|\binvestigating\b|\bin progress\b"
    r"|\b(?:future|upcoming|next) [^.]{0,30}(?:update|release)",
    re.I,
)
_STACK = re.compile(r"\bservicing stack update|\bSSU\b", re.I)
_STACK_BUILD = re.compile(
    r"\bKB ?(\d{6,7})(?!\d)\W{0,8}(?:\(https?://[^()]*\)\W{0,4})?(?:(?:OS )?Builds?|version)?\W{0,3}"
    r"(\d{5}\.\d{1,5})(?![\d.]*\d)",
    re.I | re.A,
)
_PACKAGE = re.compile(r"windows[\d.]+-(?:kb)*(\d{6,7})(?!\d)(?:-([a-z0-9]+))?", re.I | re.A)


@dataclass(frozen=True)
class Line:
    """A line of the page. ``kind``: ``text``, ``head`` (a heading of ``level``), ``open`` (the title of a fold),
    ``close`` (its end) or ``table``. ``bold``: the bold words at its begin."""

    kind: str
    text: str = ""
    bold: str = ""
    level: int = 0
    identity: str = ""
    table: Tag | None = None

    @property
    def label(self) -> str:
        """The label that the line is, or begins with in bold; "" if none."""
        whole = _label(self.text)
        return whole or (_label(self.bold) if self.kind == "text" and self.text != self.bold else "")

    @property
    def rest(self) -> str:
        """What stands behind the label on its line."""
        return "" if _label(self.text) else self.text[len(self.bold) :].lstrip(": ")

    @property
    def is_title(self) -> bool:
        return bool(self.text) and (self.kind == "head" or (self.kind == "text" and self.text == self.bold))


def _label(text: str) -> str:
    """The label that a text is, perhaps twice."""
    word = text.rstrip(": ").casefold()
    return _LABELS.get(word) or _LABELS.get(word[: len(word) // 2] if word[: len(word) // 2] * 2 == word else "", "")


@dataclass
class Issue:
    """An issue as it stands on the page; the texts of its parts without blanks."""

    title: str
    parts: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def add(self, part: str, text: str) -> None:
        self.parts[part] = self.parts.get(part, "") + squeeze(text)
        self.words[part] = f"{self.words.get(part, '')} {text}".strip()

    @property
    def symptom(self) -> str:
        return self.parts.get("symptom") or self.parts.get("", "")

    @property
    def key(self) -> tuple[str, str, str, str]:
        return squeeze(self.title), self.symptom, self.parts.get("workaround", ""), self.parts.get("resolution", "")

    @property
    def status(self) -> str:
        """``resolved`` where the page plainly says so, ``open`` where it gives no resolution or only promises one, and
        ``either`` where it gives one in words that say neither, or both."""
        resolution = self.words.get("resolution", "")
        texts = " ".join(self.words.get(part, "") for part in ("resolution", "workaround", "other", ""))
        fixes = [piece for piece in sentences(texts) if says_fixed(piece)]
        named = [piece for piece in fixes if _KB.search(piece) or _RELEASED.search(piece)]
        unclear = _PARTLY.search(texts) or _PROMISED.search(texts) or _REMAINS.search(texts)
        unclear = unclear or _HEDGED.search(" ".join([*fixes, resolution]))
        if named and not unclear:
            return "resolved"
        if any(map(_PARTLY.search, fixes)) or (_PROMISED.search(texts) and not fixes) or not (resolution or fixes):
            return "open"
        return "either"


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", text)


def says_fixed(sentence: str) -> bool:
    return _FIXED.search(sentence) is not None and not _PROMISED.search(sentence)


@dataclass(frozen=True)
class Article:
    """What an article says. ``issues``: None where it has no section of known issues; ``denied``: a sentence there says
    that there are none; ``stray``: titles of what looks like an issue outside of it. ``stacks``: KB and build of the
    servicing stack wherever stated; ``packages``: by device, the KBs of the packages in order."""

    title: str
    heading: str
    canonical: str
    issues: tuple[Issue, ...] | None
    denied: bool
    stray: tuple[str, ...]
    stacks: frozenset[tuple[str, str]]
    stack_kbs: frozenset[str]
    packages: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    lines_of_sections: tuple[Line, ...]
    mains: int

    @property
    def names(self) -> tuple[frozenset[str], ...]:
        """The KBs that title, heading and canonical address name, each where it names any."""
        slug = frozenset(f"KB{digits}" for digits in _SLUG_KB.findall(self.canonical))
        return tuple(filter(None, (_kbs(self.title), _kbs(self.heading), slug)))

    @property
    def builds(self) -> tuple[frozenset[str], ...]:
        found = (_PARENTHESES.search(words) for words in (self.title, self.heading))
        return tuple(frozenset(_BUILD.findall(one[0])) for one in found if one)

    @property
    def dates(self) -> tuple[str | None, str | None]:
        return iso_date(self.title), iso_date(self.heading)

    @property
    def text(self) -> str:
        """All that its main part shows, without blanks."""
        return "".join(squeeze(line.text) for line in self.lines)


def squeeze(text: str | None) -> str:
    """A text without blanks and without what acts on a reader, or stands for it."""
    line = clean(text or "").replace(" ", "").replace("\ufffd", "")
    return line if line.isprintable() else "".join(filter(str.isprintable, line))


def _kbs(text: str) -> frozenset[str]:
    return frozenset(f"KB{digits}" for digits in _KB.findall(text))


def read_article(body: bytes) -> Article:
    soup = tree_of(body)
    mains = soup.find_all("main")
    main = mains[0] if mains else soup
    for footer in main.find_all("div", class_=re.compile("ocArticleFooter")):
        footer.extract()
    lines = tuple(_Lines().read(main))
    titles = (
        _SUFFIX.sub("", clean(one.get_text())) for one in soup.find_all("title") if one.find_parent("svg") is None
    )
    link = soup.find("link", rel="canonical")
    sections = list(_sections(lines))
    known = [section for section in sections if section.lists_issues]
    stray = [one for section in sections if not section.lists_issues for one in _issues(section.lines)]
    near = [text for _, text in _stack_texts(sections)]
    return Article(
        title=next(filter(None, titles), ""),
        heading=next(filter(None, map(text_of, main.find_all("h1"))), ""),
        canonical=str(link.get("href") or "") if isinstance(link, Tag) else "",
        issues=_once(issue for section in known for issue in _issues(section.lines)) if known else None,
        denied=any(_denies(line.text) for section in known for line in section.lines),
        stray=tuple(one.title for one in stray if "symptom" in one.parts),
        stacks=frozenset((f"KB{kb}", build) for text in near for kb, build in _STACK_BUILD.findall(text)),
        stack_kbs=frozenset().union(*map(_kbs, near)),
        packages=tuple(
            (found[2] or "", f"KB{found[1]}")
            for item in main.find_all("li")
            if _is_numbered(item) and (found := _PACKAGE.match(text_of(item).replace(" ", "")))
        ),
        lines=lines,
        lines_of_sections=tuple(line for section in sections if section.head.text for line in section.lines),
        mains=len(mains),
    )


def _is_numbered(item: Tag) -> bool:
    above = item.find_parent(["ol", "ul"])
    return above is not None and above.name == "ol" and item.find_parent("template") is None


def _denies(text: str) -> bool:
    return any(_NO_ISSUE.match(re.sub(r"^\W+", "", sentence)) for sentence in re.split(r"(?<=[.!?:]) ", text))


# --- lines -----------------------------------------------------------------------------------------------------------


class _Lines:
    """Parts what a node shows into lines."""

    def __init__(self) -> None:
        self.found: list[Line] = []
        self.run: list[tuple[str, bool]] = []

    def read(self, node: Tag) -> list[Line]:
        self._walk(node, bold=False)
        self._end_line()
        return self.found

    def _end_line(self) -> None:
        text = clean("".join(text for text, _ in self.run))
        if text:
            lead = ""
            for piece, bold in self.run:
                if clean(piece) and not bold:
                    break
                lead += piece
            self.found.append(Line("text", text, clean(lead)))
        self.run = []

    def _walk(self, node: Tag, *, bold: bool) -> None:
        for child in list(node.children):
            if isinstance(child, Tag):
                self._enter(child, bold=bold)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self.run.append((str(child), bold))

    def _enter(self, node: Tag, *, bold: bool) -> None:
        classes = " ".join(node.get("class") or [])
        if node.name in UNSEEN or node.name == "h1":
            return
        bold = bold or node.name in ("b", "strong")
        if node.name not in BLOCKS:
            self._walk(node, bold=bold)
            return
        self._end_line()
        if node.name in _HEADINGS:
            is_fold = "ocpExpandoHead" in classes and node.name != "h2"
            kind, level = ("open", 0) if is_fold else ("head", _HEADINGS[node.name])
            self.found.append(Line(kind, text_of(node), level=level, identity=str(node.get("id") or "")))
        elif node.name == "summary" and node.parent is not None and _title_of(node.parent) is node:
            pass  # its fold has it
        else:
            self._enter_block(node, classes, bold=bold)

    def _enter_block(self, node: Tag, classes: str, *, bold: bool) -> None:
        if "ocpExpandoHeadTitleContainer" in classes:
            self.found.append(Line("open", text_of(node)))
            return
        if node.name == "details":
            summary = _title_of(node)
            self.found.append(Line("open", text_of(summary) if summary is not None else ""))
        elif node.name == "table":
            self.found.append(Line("table", table=node))
        self._walk(node, bold=bold)
        self._end_line()
        if node.name == "details" or "ocpExpandoBody" in classes.split():
            self.found.append(Line("close"))
        elif node.name == "table":
            self.found.append(Line("end"))


def _title_of(node: Tag) -> Tag | None:
    """The title of a fold: its first summary. Any other is text."""
    summaries = node.find_all("summary", recursive=False) if node.name == "details" else []
    return next((one for one in summaries if isinstance(one, Tag)), None)


# --- sections and issues ---------------------------------------------------------------------------------------------


@dataclass
class _Section:
    head: Line
    lines: list[Line] = field(default_factory=list)

    @property
    def lists_issues(self) -> bool:
        return _KNOWN_ISSUES.fullmatch(self.head.text) is not None


def _sections(lines: Sequence[Line]) -> Iterator[_Section]:
    """The lines parted at headings: at an h2, and at the h3 of the known issues and below a summary. Copies of a
    section (their id ends in a number) are left out."""
    sections = [_Section(Line("head"))]
    depth = 0
    below = False  # whether an h3 heads a section here
    for place, line in enumerate(lines):
        current = sections[-1]
        if line.kind == "head" and not depth and _heads(line, lines[place + 1 :], current, below=below):
            if line.level == 2:
                below = line.text.casefold() == "summary"
            sections.append(_Section(line))
            continue
        depth += (line.kind == "open") - (line.kind == "close" and depth > 0)
        if line.kind == "head" and line.level == 2 and depth and not current.lists_issues:
            sections.append(_Section(line))
            depth = 0
            continue
        current.lines.append(line)
    first: dict[str, str] = {}
    for section in sections:
        earlier = first.setdefault(section.head.text.casefold(), section.head.identity)
        identity = section.head.identity
        if not (_COPY.search(identity) and _COPY.sub("", identity) == earlier != identity):
            yield section


def _heads(line: Line, after: Sequence[Line], current: _Section, *, below: bool) -> bool:
    if current.lists_issues and (line.label or _precedes_label(after)):
        return False
    if line.level == 2:
        return True
    return line.level == 3 and (below or current.head.level == 3 or _KNOWN_ISSUES.fullmatch(line.text) is not None)


def _precedes_label(after: Sequence[Line]) -> bool:
    """Whether the next title behind a line is a label."""
    for line in after:
        if line.label and line.kind != "table":
            return True
        if line.kind in ("open", "head", "close", "table") or line.is_title:
            return False
    return False


def _issues(lines: Sequence[Line]) -> list[Issue]:
    reader = _Issues(lines)
    for place, line in enumerate(lines):
        reader.read(place, line)
    found = (issue for issue in reader.found if issue.parts or issue in reader.folds)
    return [
        issue for issue in found if not (issue.parts.keys() <= {""} and _denies(issue.words.get("") or issue.title))
    ]


def _once(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues, each once: a section or a fold may stand twice."""
    return tuple({issue.key: issue for issue in issues}.values())


class _Issues:
    """The issues of a section so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.found: list[Issue] = []
        self.folds: list[Issue] = []
        self.open: list[Issue | None] = []
        self.current: Issue | None = None
        self.part = ""
        self.tables = 0

    def read(self, place: int, line: Line) -> None:
        if self.tables:
            self.tables += (line.kind == "table") - (line.kind == "end")
        elif line.kind == "open":
            self._open(place, line)
        elif line.kind == "close":
            if self.open:
                self.open.pop()
            self.current, self.part = self.open[-1] if self.open else None, ""
        elif line.kind == "table":
            self._table(line.table)
        elif line.label:
            if self.current is None:
                self._begin("")
            self.part = line.label
            if line.rest and self.current is not None:
                self.current.add(self.part, line.rest)
        elif not self.open and (line.kind == "head" or self._is_next_title(place, line)):
            self._begin(line.text)
        elif self.current is not None and line.kind in ("text", "head"):
            self.current.add(self.part, line.text)

    def _is_next_title(self, place: int, line: Line) -> bool:
        is_done = self.current is None or bool(self.part or self.current.parts)
        return is_done and line.is_title and _precedes_label(self.lines[place + 1 :])

    def _begin(self, title: str) -> Issue:
        self.current, self.part = Issue(title), ""
        self.found.append(self.current)
        return self.current

    def _open(self, place: int, line: Line) -> None:
        around = self.open[-1] if self.open else None
        if line.label:
            self.part = line.label
            if self.current is None:
                self._begin("")
            self.open.append(self.current)
        elif around is not None and around.parts and not _precedes_label(self.lines[place + 1 :]):
            around.add(self.part, line.text)
            self.open.append(around)
        else:
            if around in self.folds and around is not None and not around.parts:
                self.folds.remove(around)
            issue = self._begin(line.text)
            if line.text:
                self.folds.append(issue)
            self.open.append(issue)

    def _table(self, table: Tag | None) -> None:
        header, rows = rows_of(table, surplus=True) if table is not None else ([], [])
        if not {"symptom", "symptoms"}.intersection(header):
            return
        self.tables = 1
        title = self.current.title if self.current else ""
        if self.current in self.folds and self.current is not None and rows:
            self.folds.remove(self.current)
        for row in rows:
            issue = Issue(title)
            for name, (text, _) in row.items():
                if text and (part := _LABELS.get(name)):
                    issue.add(part, text)
            if issue.parts:
                self.found.append(issue)


# --- the servicing stack ---------------------------------------------------------------------------------------------


def _stack_texts(sections: Sequence[_Section]) -> Iterator[tuple[str, str]]:
    """Where the page speaks of the servicing stack: a heading or the title of a fold with the text below, and every
    other line that names it."""
    for section in sections:
        lines = [section.head, *section.lines]
        for place, line in enumerate(lines):
            if not _STACK.search(line.text):
                continue
            text = line.text
            if line.kind in ("head", "open") or line.text == line.bold:
                for after in lines[place + 1 :]:
                    if after.kind in ("head", "open", "close"):
                        break
                    text = f"{text} {after.text}"
            yield line.kind, text

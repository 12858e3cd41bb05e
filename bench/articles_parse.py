"""How fast articles are parsed and normalized, against the same extraction in BeautifulSoup (html.parser).

    python bench/articles_parse.py [FILE|DIRECTORY]…     default: re-created pages; ../shared/captures will do

Prints ratios of medians of alternated runs; the bar is 5. Before anything is timed both must have read the same title,
heading, sections, known issues, packages and servicing stack. Re-created pages have the size of those served: 25 kB is
main alone, 200 kB has the navigation beside it, which the excerpt leaves out and BeautifulSoup has to walk through.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

sys.path.insert(0, str(Path(__file__).parents[1]))

from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.parse import article_fingerprint, parse_article
from tests.fixtures.articles import Issue, article

ROUNDS = 15
BAR = 5.0
URL = "https://support.microsoft.com/en-us/help/5101650"

# Title, heading, sections, known issues with their parts, packages, KB and build of the servicing stack.
Read = tuple[
    str,
    str,
    list[tuple[str, str]],
    list[tuple[str, dict[str, str]]] | None,
    list[str],
    tuple[str, str] | None,
]

# A zero-width blank between a letter and a word parts them.
PARTING = re.compile(r"(?<=[A-Za-z])(?<!KB)\u200b+(?=\w)|(?<=[\d.!?,;:)])\u200b+(?=[A-Za-z])")
INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
LABELS = {"symptoms", "symptom", "workaround", "resolution", "third-party information disclaimer"}
KNOWN = re.compile(r"known issues( in this update)?", re.IGNORECASE)
PACKAGE = re.compile(r"windows[\d.]+-(?:kb)*\d{7}")
STACK = re.compile(r"(KB\d{7})\)?\W*(?:Build|version)?\W*(\d{5}\.\d+)")
BLOCKS = {"br", "button", "div", "h2", "h3", "h4", "li", "ol", "p", "section", "td", "th", "tr", "ul", "details"}
BLOCKS |= {"article", "header", "hr", "summary", "table"}


def pages(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Files named kb…; without paths, articles of both layouts from 25 to 200 kB."""
    for path in paths:
        for file in sorted(path.rglob("kb*.html")) if path.is_dir() else [path]:
            yield file.name, file.read_bytes()
    issues = tuple(Issue(f"Issue {n}", "What is seen. " * 20, "What helps. " * 10) for n in range(4))
    for layout, prose, navigation in () if paths else (("new", 70, 0), ("new", 150, 300), ("old", 300, 500)):
        body = article(
            "KB5101650",
            "2026-07-14",
            ("26200.8875", "26100.8875"),
            layout="new" if layout == "new" else "old",
            issues=issues,
            prose=prose,
            navigation=navigation,
        )
        yield f"re-created, {layout} layout", body


def ours(body: bytes) -> None:
    """What is measured: bytes to typed facts."""
    normalize_article(parse_article("article", body, URL), URL)


def our_read(body: bytes) -> Read:
    """Ours in the form that is compared."""
    page = parse_article("article", body, URL)
    facts = normalize_article(page, URL)
    issues = None if page.issues is None else [(issue.title, dict(issue.parts)) for issue in page.issues]
    stack = next(((one.kb, one.build or "") for one in facts.prerequisites if one.kind == "servicing-stack"), None)
    return page.title, page.heading, list(page.sections), issues, list(page.packages), stack


def soup_read(body: bytes) -> Read:
    """The same as one writes it with BeautifulSoup, for the layouts seen."""
    soup = BeautifulSoup(body.decode("utf-8"), "html.parser")
    main = soup.find("main")
    assert isinstance(main, Tag)
    title = _text(soup.title.find_all(string=True)) if soup.title else ""
    heading = main.find("h1")
    sections = list(_soup_sections(main))
    issues = None
    for head, _, strings in sections:
        if KNOWN.fullmatch(head):
            issues = list(_soup_issues(strings))
    packages = [text for item in main.select("ol > li") if PACKAGE.match(text := _text(item.find_all(string=True)))]
    texts = [(head, _text(strings)) for head, _, strings in sections]
    stack = next((found for head, text in texts if (found := _soup_stack(head, text))), None)
    return (
        re.sub(r" [|-] Microsoft Support$", "", title),
        _text(heading.find_all(string=True)) if isinstance(heading, Tag) else "",
        texts,
        issues,
        packages,
        stack,
    )


def _soup_sections(main: Tag) -> Iterator[tuple[str, str, list[NavigableString]]]:
    """Heading, id and the strings below it; below a summary the h3 are sections too, a copied one is left out."""
    sections: list[tuple[str, str, list[NavigableString]]] = []
    summary = False
    for node in main.descendants:
        if isinstance(node, Tag):
            if node.name == "h2" or (node.name == "h3" and summary and not node.find_parent("details")):
                text = _text(node.find_all(string=True))
                summary = text == "Summary" if node.name == "h2" else summary
                sections.append((text, str(node.get("id") or ""), []))
            elif str(node.get("class", "")).find("ocArticleFooter") >= 0:
                break
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString) and sections:
            parent = node.find_parent(["h2", "h3"] if summary else ["h2"])
            if parent is None or parent.find_parent("details"):
                sections[-1][2].append(node)
    seen: set[str] = set()
    for head, identity, strings in sections:
        if not (head in seen and re.search(r"-\d+$", identity)):
            yield head, identity, strings
        seen.add(head)


def _soup_issues(strings: list[NavigableString]) -> Iterator[tuple[str, dict[str, str]]]:
    """A title stands in a summary or in the head of an expando, a label in bold or in a heading."""
    title = label = ""
    parts: dict[str, list[NavigableString]] = {}
    for string in strings:
        if string.find_parent("summary") or string.find_parent(class_="ocpExpandoHeadTitleContainer"):
            if title:
                yield title, _soup_parts(parts)
            title, label, parts = _text([string]), "", {}
        elif string.find_parent(["strong", "b", "h3", "h4"]) and _text([string]).casefold() in LABELS:
            label = _text([string]).casefold()
        elif title and string.find_parent(["details", "div"], class_=lambda name: name in (None, "ocpExpandoBody")):
            parts.setdefault(label, []).append(string)
    if title:
        yield title, _soup_parts(parts)


def _soup_parts(parts: dict[str, list[NavigableString]]) -> dict[str, str]:
    return {label: text for label, strings in parts.items() if (text := _text(strings))}


def _soup_stack(head: str, text: str) -> tuple[str, str] | None:
    if "ervicing stack" not in f"{head} {text}":
        return None
    found = STACK.search(f"{head} {text.partition('ervicing stack update')[2] or text}")
    return (found[1], found[2]) if found else None


def _text(strings: list[NavigableString]) -> str:
    """Inline tags neither add nor take a blank, block ones part words."""
    pieces: list[str] = []
    last: Tag | None = None
    for string in strings:
        block = _block(string)
        if block is not last or _after_break(string):
            pieces.append(" ")
        last = block
        pieces.append(str(string))
    return " ".join(INVISIBLE.sub("", PARTING.sub(" ", "".join(pieces))).split())


def _block(string: NavigableString) -> Tag | None:
    return next((above for above in string.parents if above.name in BLOCKS), None)


def _after_break(string: NavigableString) -> bool:
    before = string.previous_element
    while isinstance(before, Tag):
        if before.name in ("br", "hr"):
            return True
        before = before.previous_element
    return False


def measure(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each, alternated, after one run each that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS + 1):
        for name, run in runs.items():
            begin = perf_counter()
            run()
            if turn:
                times[name].append(perf_counter() - begin)
    return {name: median(taken) for name, taken in times.items()}


def main(arguments: list[str]) -> None:
    slow = []
    for name, body in pages([Path(argument) for argument in arguments]):
        mine, theirs = our_read(body), soup_read(body)
        if mine != theirs:
            first = next((one, other) for one, other in zip(mine, theirs, strict=True) if one != other)
            raise SystemExit(f"{name}: read otherwise\n{str(first[0])[:2000]}\n{str(first[1])[:2000]}")
        taken = measure(
            {
                "ours": lambda body=body: ours(body),  # type: ignore[misc]
                "soup": lambda body=body: soup_read(body),  # type: ignore[misc]
                "fingerprint": lambda body=body: article_fingerprint(body),  # type: ignore[misc]
            }
        )
        ratio = taken["soup"] / taken["ours"]
        print(f"{name} ({len(body):,} bytes, {len(mine[2])} sections)")
        print("  " + ", ".join(f"{run} {seconds * 1000:.2f} ms" for run, seconds in taken.items()))
        print(f"  parse + normalize: {ratio:.1f}x faster than BeautifulSoup (bar: {BAR:g})")
        if ratio < BAR:
            slow.append(name)
    if slow:
        raise SystemExit(f"below the bar: {', '.join(slow)}")


if __name__ == "__main__":
    main(sys.argv[1:])

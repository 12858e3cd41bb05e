"""How fast parse and normalize are, against the same extraction in BeautifulSoup and against selectolax's trees alone.

    python bench/parse.py [FILE|DIRECTORY]…      default: the newest bundled snapshots; ../shared/captures will do

Prints ratios of medians of alternated runs, so that they compare on any machine (design.md section 8): at least 15
times faster than BeautifulSoup, at most 4 times the tree. Before anything is timed both must have read the same rows.

The bars are for pages as the hosts serve them: a snapshot has the rows of its page but fewer bytes, since it
has no site header, scripts or footer, so there the tree costs little and the rows cost the same.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from selectolax.lexbor import LexborHTMLParser

from scraper.ingest.normalize import normalize
from scraper.ingest.parse import fingerprint, parse
from scraper.ingest.sources import BY_NAME
from scraper.models import Source

SNAPSHOTS = Path(__file__).parents[1] / "scraper" / "snapshots"
ROUNDS = 15

# By a part of the file's name: snapshots are named for the address, captures by hand.
NAMES = {
    "windows11-release-information": "windows-11-release-information",
    "windows-server-release-info": "windows-server-release-information",
    "version-24h2": "hotpatch-24h2",
    "version-25h2": "hotpatch-25h2",
    "hotpatch-windows-11-25h2": "hotpatch-25h2",
}

# Label, year, cells with their column names, and links with theirs.
Read = tuple[str, str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]

INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
VERSION = re.compile(r"(?:Version|Windows Server) \w+(?: \([^()]*\))* \(OS build \d+\)")
YEAR = re.compile(r"(?:calendar )?year (\d{4})", re.IGNORECASE)


def pages(paths: list[Path]) -> Iterator[tuple[Source, bytes]]:
    """The pages of the paths whose source is known."""
    for path in paths:
        for file in sorted(path.rglob("*.html")) if path.is_dir() else [path]:
            for part, name in NAMES.items():
                if part in file.name:
                    yield BY_NAME[name], file.read_bytes()
                    break


def ours(source: Source, body: bytes) -> None:
    """What is measured: bytes to typed records."""
    normalize(source, parse(source, body, source.url))


def our_rows(source: Source, body: bytes) -> list[Read]:
    """Our rows in the form that is compared."""
    return [
        (table.label, table.year, tuple(row.cells.items()), tuple(row.links.items()))
        for table in parse(source, body, source.url).tables
        for row in table.rows
    ]


def soup_rows(source: Source, body: bytes) -> list[Read]:
    """The same rows as one writes it with BeautifulSoup, for the layouts seen."""
    soup = BeautifulSoup(body.decode("utf-8"), "html.parser")
    canonical = soup.find("link", rel="canonical")
    base = str(canonical["href"]) if isinstance(canonical, Tag) else source.url
    if source.parser == "release_information":
        return list(_soup_release_information(soup, base))
    return list(dict.fromkeys(_soup_navigation(soup, base))) + list(_soup_calendars(soup, base))


def _soup_release_information(soup: BeautifulSoup, base: str) -> Iterator[Read]:
    container = soup.find(id="winrelinfo_container")
    assert isinstance(container, Tag)
    label = year = ""
    for node in container.find_all(["h2", "strong", "table"]):
        if node.name == "table":
            yield from _soup_table(node, label, year, base)
        elif node.name == "h2":
            label = year = ""
        elif VERSION.fullmatch(text := _soup_text(node)):
            label, year = text, ""
        elif found := YEAR.search(text):
            year = found[1]


def _soup_calendars(soup: BeautifulSoup, base: str) -> Iterator[Read]:
    main = soup.find("main")
    assert isinstance(main, Tag)
    year = ""
    for node in main.find_all(["h2", "h3", "table"]):
        if node.name == "table":
            yield from _soup_table(node, "", year, base)
        elif found := YEAR.search(_soup_text(node)):
            year = found[1]


def _soup_navigation(soup: BeautifulSoup, base: str) -> Iterator[Read]:
    for category in soup.find_all("div", class_=re.compile(r"LeftNavCategory$")):
        heading = category.find("div", class_=re.compile(r"LeftNavCategoryTitle$"))
        title = _soup_text(heading) if isinstance(heading, Tag) else ""
        for item in category.find_all("li"):
            text = _soup_text(item)
            if text.casefold() not in (title.casefold(), "release notes"):
                yield title, "", (("link", text),), _soup_link("link", item, base)


def _soup_table(table: Tag, label: str, year: str, base: str) -> Iterator[Read]:
    header, *rows = table.find_all("tr")
    names = [_soup_text(cell).casefold() for cell in header.find_all(["td", "th"])]
    for row in rows:
        cells = list(zip(names, row.find_all(["td", "th"]), strict=False))
        links = tuple(link for name, cell in cells for link in _soup_link(name, cell, base))
        yield label, year, tuple((name, _soup_text(cell)) for name, cell in cells), links


def _soup_link(name: str, cell: Tag, base: str) -> tuple[tuple[str, str], ...]:
    link = cell.find("a", href=True)
    return ((name, urljoin(base, str(link["href"]))),) if isinstance(link, Tag) else ()


def _soup_text(node: Tag) -> str:
    text = "".join(str(piece) for piece in node.find_all(string=True) if piece.parent and piece.parent.name != "sup")
    return " ".join(INVISIBLE.sub("", text).split())


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
    paths = [Path(argument) for argument in arguments] or [max(SNAPSHOTS.iterdir())]
    found = list(pages(paths))
    if not found:
        raise SystemExit(f"no page of a known source in {', '.join(map(str, paths))}")
    total: dict[str, float] = {}
    for source, body in found:
        mine, theirs = our_rows(source, body), soup_rows(source, body)
        if sorted(mine) != sorted(theirs):
            raise SystemExit(f"{source.name}: the rows differ, first {set(mine) ^ set(theirs)}")
        parsed = parse(source, body, source.url)
        taken = measure(
            {
                "ours": lambda source=source, body=body: ours(source, body),  # type: ignore[misc]
                "soup": lambda source=source, body=body: soup_rows(source, body),  # type: ignore[misc]
                "tree": lambda body=body: LexborHTMLParser(body),  # type: ignore[misc]
                "parse": lambda source=source, body=body: parse(source, body, source.url),  # type: ignore[misc]
                "normalize": lambda source=source, parsed=parsed: normalize(source, parsed),  # type: ignore[misc]
                "fingerprint": lambda body=body: fingerprint(body),  # type: ignore[misc]
            }
        )
        _show(f"{source.name} ({len(mine)} rows, {len(body):,} bytes, {parsed.layout})", taken)
        for name, seconds in taken.items():
            total[name] = total.get(name, 0.0) + seconds
    _show(f"all {len(found)} pages", total)


def _show(title: str, taken: dict[str, float]) -> None:
    print(title)
    print("  " + ", ".join(f"{name} {seconds * 1000:.2f} ms" for name, seconds in taken.items()))
    print(
        f"  parse + normalize: {taken['soup'] / taken['ours']:.1f}x faster than BeautifulSoup (bar: 15), "
        f"{taken['ours'] / taken['tree']:.2f}x of the tree (bar: 4); parse alone {taken['parse'] / taken['tree']:.2f}x"
    )


if __name__ == "__main__":
    main(sys.argv[1:])

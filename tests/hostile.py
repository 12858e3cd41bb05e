"""Pages of somebody who means harm, by the front door: what the parsers let through, quarantine and refuse is theirs.

``python -m tests.hostile FOLDER`` writes two mirrors, of July as it was and of September with harm in every place that
is read, and scrapes both with the real command. FOLDER then has ``catalog.db``, ``archive.db``, ``summary.md``, and
what the second run printed: ``stdout``, ``stderr``, ``code``.
"""

import os
import subprocess
import sys
from html import escape
from pathlib import Path

from scraper.sources import SOURCES
from tests import pages
from tests.articles import Issue, article

SCRIPT = "<script>window.ran = 1; alert(1)</script>"
BROKEN_OUT = """"'><img src=x onerror="window.ran = 1; alert(1)"><svg onload=alert(1)><b>bold</b>"""
TEMPLATE = "{{7*7}} {% if %} ${7*7} </title></textarea>"
SQL = "'; drop table kbs; -- ' or 1=1"
MARKDOWN = "[here](javascript:alert(1)) @everyone #1 `code` | cell | **bold** ![x](https://evil.example/x.png)"
TURNED = "\u202egnp.exe \u2067evil\u2066 \u061c\u200f never closed"
ESCAPE = "\x1b[31;1mred\x1b[0m \x1b]0;title\x07 \x9b2J \x08\x7f"
NUL = "zero\x00\ufffe\ufdd0\U000e0041"
LINES = "line\r\nSet-Cookie: x=1\r\n\r\nBEGIN:VEVENT\u2028\u0085WARNING scraper: not so"
FORMULAS = (
    '=HYPERLINK("https://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\uff1d1+1",
    "a;=1+1",
)
FOREIGN = ("https://evil.example/x", "http://evil.example/?a&b='\"><script>window.ran=1</script>")
TEXTS = (SCRIPT, BROKEN_OUT, TEMPLATE, SQL, MARKDOWN, TURNED, ESCAPE, NUL, LINES, *FORMULAS, *FOREIGN)
LONG = "A" * 1_000_000
ADDRESSES = (
    'https://learn.microsoft.com/"><img src=x onerror=alert(1)>',
    "javascript:window.ran=1",
    "https://learn.microsoft.com.evil.example/",
    "https://learn.microsoft.com@evil.example/",
    "data:text/html,<script>alert(1)</script>",
    "https://support.microsoft.com/\u202egnp.exe",
    "https://support.microsoft.com/" + "a" * 10_000,
    "https://[",
    "//evil.example/x",
)
KBS = [f"KB59000{number:02}" for number in range(len(TEXTS))]
BEFORE, AT = "2026-07-22T03:00:00Z", "2026-10-01T03:00:00Z"


def shown(text: str) -> str:
    """A text as HTML that a browser shows just so; controls by number, as one can write them."""
    return "".join(f"&#{ord(sign)};" if sign < " " else sign for sign in escape(text))


def hostile_pages() -> dict[str, bytes]:
    """The pages of September by file name, and the articles of ``KBS``."""
    made = {name: body.decode() for name, body in pages.snapshot("2026-09-30").items()}
    files = {source.name: pages.file_name(source.url) for source in SOURCES}
    for name in ("hotpatch-24h2", "windows-11-update-history"):
        made[files[name]] = _with_links(made[files[name]], name)
    name = files["windows-11-release-information"]
    made[name] = _with_rows(made[name])
    for name in files.values():
        made[name] = _dated(made[name])
    server = files["windows-server-release-information"]
    made[server] = made[server].replace("<th>Update type</th>", f"<th>{shown(ESCAPE + SCRIPT + LONG)}</th>", 1)
    for kb, text in zip(KBS, TEXTS, strict=True):
        made[f"support.microsoft.com/help/{kb[2:]}.html"] = _article(kb, text)
    made[f"support.microsoft.com/help/{KBS[-1][2:]}.html"] = _article("KB5900099", ESCAPE + SCRIPT)
    return {name: body.encode() for name, body in made.items()}


def _dated(page: str) -> str:
    place = page.index('name="updated_at"')
    start = page.index('content="', place) + len('content="')
    return page[:start] + shown("".join(TEXTS)) + page[page.index('"', start) :]


def _with_links(page: str, name: str) -> str:
    """A link in the release's own category for each text, each with one of the addresses, and a category of no name."""
    item = '<li class="learnRenderLeftNavArticle"><a href="{}" class="learnRenderLeftNavLink">{}</a></li>'
    links = []
    for place, (kb, text) in enumerate(zip(KBS, TEXTS, strict=True)):
        words = f"{text} {kb} (OS Build 26100.95{place:02})"
        if name == "hotpatch-24h2":
            words = f"October {place + 1}, 2026\N{EM DASH}Hotpatch KB59001{place:02} {text}"
        links.append(item.format(escape(ADDRESSES[place % len(ADDRESSES)]), shown(words)))
        links.append(item.format("/x", text.replace("\x00", "") + " KB5900098"))  # as markup
    links.append(item.format("/x", LONG + " KB5900097"))
    category = "Windows 11, version 24H2" if name != "hotpatch-24h2" else "Enterprise version 24H2"
    start = page.index("</li>", page.index("</div>", page.index(f"{category}</a>"))) + len("</li>")
    stranger = page[page.rindex('<div class="learnRenderLeftNavCategory">', 0, start) : start] + "</ul></div>"
    for text in (*TEXTS, LONG):
        stranger_named = stranger.replace(f"{category}</a>", f"{shown(text)}</a>", 1)
        page = page[:start] + page[start:].replace("</ul>", f"</ul></div>{stranger_named}", 1)
    return page[:start] + "".join(links) + page[start:]


def _with_rows(page: str) -> str:
    """Rows of the release history and the calendar that have a text in each cell in turn, and a table of its own."""
    rows, width = [], len(pages.HISTORY_COLUMNS)
    for place, text in enumerate((*TEXTS, LONG)):
        good = ["General", "2026-09 D", "2026-09-29", f"26100.96{place:02}", f"KB59002{place:02}"]
        for column in range(width):
            cells = [*good[:column], f"{good[column]} {text}", *good[column + 1 :]]
            rows.append("<tr>" + "".join(f"<td>{shown(cell)}</td>" for cell in cells) + "</tr>")
    start = page.index("</tr>", page.index("<table", page.index("Version 24H2 (OS build 26100)"))) + len("</tr>")
    page = page[:start] + "".join(rows) + page[start:]
    stranger = f"<table><tr><td>{shown(''.join(TEXTS))}</td><td>{LONG}</td></tr><tr><td>x</td><td>y</td></tr></table>"
    return page.replace("</table>", f"</table>{stranger}", 1)


def _article(kb: str, text: str) -> str:
    said = shown(text)
    issues = [
        Issue(f"{said} one", said, workaround=said, resolution=said),
        Issue("Raw", text.replace("\x00", ""), workaround=LONG),
        Issue(f"{said}{LONG}", said),
    ]
    body = article(kb, "", (), title=f"{text} {kb}", heading=f"{text} {kb}", issues=issues).decode()
    return body.replace("<main", f'<main data-x="{said}"', 1)


def write(folder: Path, made: dict[str, bytes]) -> Path:
    for name, body in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def scrape(folder: Path, mirror: Path, now: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scraper", "scrape", "--mirror", str(mirror), "--now", now]
    command += ["--db", str(folder / "catalog.db"), "--archive", str(folder / "archive.db"), *options]
    return subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONUTF8": "1"}, timeout=120)


def main(folder: Path) -> None:
    scrape(folder, write(folder / "before", pages.snapshot("2026-07-22")), BEFORE, "--no-articles")
    ended = scrape(folder, write(folder / "hostile", hostile_pages()), AT, "--summary", str(folder / "summary.md"))
    for name, content in (("stdout", ended.stdout), ("stderr", ended.stderr), ("code", b"%d" % ended.returncode)):
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

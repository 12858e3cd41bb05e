"""Writes pages in the layouts that Microsoft serves, from plain rows: the bundled snapshots and the tests' oddities.

Nothing here is copied from a page: numbers, dates and labels come from ``tests/facts``, the few sentences are ours, and
every page says of itself, in a comment and in view, that it is re-created. The skeletons follow what was seen in whole
captures of 2026-05-27 and 2026-07-22; built by analogy are the Server page, of which only an excerpt was seen, and the
update history in its new layout, of which only the titles were (its table of contents, about 2026-08-07).

* ``release_information``, ``hotpatch_notes_old`` and ``hotpatch_notes_new`` turn rows into a page. A cell is a fragment
  of HTML, so a test can write whatever oddity it needs; ``link`` writes the common one. The update history has the
  template of the hotpatch notes, without years.
* ``snapshot`` derives what each page said on one of ``DATES``; ``everything`` puts every row of the facts on its page.
* ``python -m tests.pages``, from the top of the repository, writes ``scraper/snapshots`` again.

Facts copied unchanged from the gathered ones: ``win11_*.csv``, ``server_hotpatch_*.csv``, ``parity.csv``,
``page_corrections.csv``. Noted for these pages: ``hotpatch_categories.csv`` and ``hotpatch_navigation.csv`` (``path``
is below /en-us/servicing/os/hotpatch/, empty where it is not known; ``shown_from`` is the day that first has the
entry), ``article_links.csv`` (only addresses other than /help/<number of the KB>), ``server_servicing.csv``,
``server_release_rows.csv``, ``update_history_categories.csv`` and ``update_history_titles.csv`` (what the navigation of
the update history said on 2026-05-27 and about 2026-08-07; ``path`` is below /en-us/servicing/os/windows-11/). Unknown
stays empty.
"""

import csv
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from scraper.sources import BY_NAME

FACTS = Path(__file__).parent / "facts"
SNAPSHOTS = Path(__file__).parents[1] / "scraper" / "snapshots"

NOTICE = "Re-created by the winkb project from published facts; not captured from Microsoft."

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

SERVICING_COLUMNS = (
    "Version",
    "Servicing option",
    "Availability date",
    "End of updates: Home, Pro, Pro Education, and Pro for Workstations",
    "End of updates: Enterprise, Education, IoT Enterprise, and Enterprise multi-session",
    "Latest update for ESU",
    "Latest revision date",
    "Latest build",
)
LONG_TERM_COLUMNS = (
    *SERVICING_COLUMNS[:3],
    "Mainstream support end date",
    "Extended support end date",
    *SERVICING_COLUMNS[5:],
)
SERVER_SERVICING_COLUMNS = (
    "Windows Server version",
    "Servicing option",
    "Editions",
    *LONG_TERM_COLUMNS[2:],
)
HISTORY_COLUMNS = ("Servicing option", "Update type", "Availability date", "Build", "KB article")
CALENDAR_COLUMNS = ("Month", "Update type", "Type", "Availability date", "Build", "KB article")
NOTES_COLUMNS = ("Month", "Update Type", "Type", "KB article")

NBSP = "\N{NO-BREAK SPACE}"
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"
END_OF_UPDATES = "End of updates"
LONG_TERM_CHANNEL = "Long-Term Servicing Channel (LTSC)"

Row: TypeAlias = Sequence[str]
Facts: TypeAlias = Mapping[str, str]


# --- what a page is made of ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """One release-history table under its label, ``Version 24H2 (OS build 26100)``. ``ended``: the label's summary
    goes on with ``- End of updates``."""

    label: str
    rows: Sequence[Row]
    columns: Row = HISTORY_COLUMNS
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """One year of a hotpatch calendar. ``identity`` is the id of the table, "" for none."""

    label: str
    year: str
    rows: Sequence[Row]
    columns: Row = CALENDAR_COLUMNS
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the navigation: its title with its address, and the (text, address) of its links."""

    title: str
    href: str
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Span:
    """Some months of a year in the hotpatch release notes, ``January to April``, with the caption of their table."""

    heading: str
    caption: str
    rows: Sequence[Row]
    columns: Row = NOTES_COLUMNS


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the hotpatch release notes. Only its first span stands inside the year's section."""

    heading: str
    spans: Sequence[Span]


def link(href: str, text: str) -> str:
    """A link as a cell of release information holds it."""
    return f'<a href="{escape(href)}" target="_blank" data-linktype="external">{text}</a>'


# --- learn.microsoft.com: release information ------------------------------------------------------------------------


def release_information(
    servicing: Sequence[Row],
    long_term: Sequence[Row],
    histories: Sequence[History],
    calendars: Sequence[Calendar],
    *,
    updated_at: str,
    title: str = "Windows 11",
    canonical: str = BY_NAME["windows-11-release-information"].url,
    servicing_columns: Row = SERVICING_COLUMNS,
    long_term_columns: Row = LONG_TERM_COLUMNS,
    footnote: str = "",
) -> bytes:
    """A release-information page of learn.microsoft.com. ``title`` is the product; the long-term table needs a row.

    One blank before the doctype, LF, the header as the first row of the tbody, no thead: as served (2026-07-22).
    """
    slug = title.lower().replace(" ", "-")
    parts = [
        f"""<h4 id="servicing-channels">Servicing channels</h4>
{_learn_table(servicing_columns, servicing, "", row=_HIGHLIGHT, cells=_SERVICING)}"""
    ]
    if long_term:
        parts.append(
            f"""<h4 id="enterprise-and-iot-enterprise-ltsc-editions">Enterprise and IoT Enterprise LTSC editions</h4>
{_learn_table(long_term_columns, long_term, _CENTERED, cells=_SERVICING)}
<div class="NOTE">
<p>Note</p>
<p><sup>1</sup> The later end date is for IoT Enterprise LTSC only.</p>
</div>"""
        )
    parts.append(f'<h2 id="{slug}-release-history">{title} release history</h2>\n<p>Newest first.</p>\n<br>')
    parts += [_learn_history(history, number) for number, history in enumerate(histories)]
    parts.append(
        f"""<h2 id="{slug}-hotpatch-calendar">{title} hotpatch calendar</h2>
<p>Hotpatch months and baseline months.</p>
<div class="NOTE">
<p>Note</p>
<p>Versions without a calendar have no hotpatch.</p>
</div>
<br>"""
    )
    parts += _learn_calendars(calendars)
    if footnote:
        parts.append(f"<p>{footnote}</p>")
    body = "\n".join(parts)
    return f""" <!DOCTYPE html>
<html class="layout layout-holy-grail conceptual" lang="en-us" dir="ltr">
<!-- {NOTICE} -->
<head>
<title>{title} - release information | Microsoft Learn</title>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1.0" />
<link rel="canonical" href="{escape(canonical)}" />
<meta name="locale" content="en-us" />
<meta name="ms.date" content="{updated_at[:10]}T00:00:00Z" />
<meta name="updated_at" content="{updated_at}" />
<meta name="markdown_url" content="{escape(canonical)}?accept=text/markdown" />
</head>
<body id="body" class="layout-body" lang="en-us" dir="ltr">
<details id="article-header-page-actions-overflow"><summary>Actions</summary><p>None.</p></details>
<main id="main" role="main">
<div class="content"><h1 id="{slug}-release-information">{title} release information</h1></div>
<h2 id="ms--in-this-article" class="title is-6">In this article</h2>
<div class="content"><p>{NOTICE}</p>
<h2 id="{slug}-current-versions-by-servicing-option">{title} current versions by servicing option</h2>
<p>Dates are YYYY-MM-DD.</p><div id="winrelinfo_container">
{body}
</div>
</div>
</main>
</body>
</html>
""".encode()


_CENTERED = ' class="cells-centered"'
_HIGHLIGHT = '<tr class="highlight">'
_SERVICING = ("<td>", '<td align="left">', '<td nowrap="">')


def _learn_table(
    columns: Row, rows: Sequence[Row], attributes: str, *, row: str = "<tr>", cells: Sequence[str] = ("<td>",)
) -> str:
    """A table as learn serves it. ``cells`` are the opening tags by column; the last one goes for all the others."""
    header = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join(
        row
        + "\n"
        + "".join(f"{tag}{text}</td>\n" for tag, text in zip(_padded(cells, texts), texts, strict=True))
        + "</tr>\n"
        for texts in rows
    )
    return f"<table{attributes}>\n<tbody><tr>{header}</tr>\n{body}</tbody></table>"


def _padded(tags: Sequence[str], texts: Row) -> list[str]:
    return [*tags, *[tags[-1]] * len(texts)][: len(texts)]


def _learn_history(history: History, number: int) -> str:
    table = _learn_table(history.columns, history.rows, f'{_CENTERED} id="historyTable_{number}"')
    if number == 0:
        return f"<strong>{history.label}</strong>\n{table}"
    ended = f"\n - {END_OF_UPDATES}" if history.ended else ""
    return f"<br>\n<details><summary><strong>{history.label}</strong>{ended}</summary>\n{table}\n</details>"


def _learn_calendars(calendars: Sequence[Calendar]) -> list[str]:
    """The newest version is bare, the others are folded; in each the newest year is bare, the others are folded."""
    parts: list[str] = []
    for number, (label, years) in enumerate(groupby(calendars, key=lambda calendar: calendar.label)):
        bare, *folded = years
        inside = [f"<strong>Calendar year {bare.year}</strong>\n{_learn_calendar(bare)}"]
        inside += [
            f"<br>\n<details>\n<summary><strong>Calendar year {calendar.year}</strong></summary>\n"
            f"{_learn_calendar(calendar)}\n</details>"
            for calendar in folded
        ]
        if number == 0:
            parts += [f"<strong>{label}</strong> <br>\n<br>", *inside]
        else:
            parts += [f"<br>\n<details><summary><strong>{label}</strong>\n</summary>\n<br>", *inside, "</details>"]
    return parts


def _learn_calendar(calendar: Calendar) -> str:
    identity = f' id="{calendar.identity}"' if calendar.identity else ""
    return _learn_table(calendar.columns, calendar.rows, f"{_CENTERED}{identity}")


# --- support.microsoft.com: hotpatch release notes -------------------------------------------------------------------


def hotpatch_notes_old(
    years: Sequence[Year],
    navigation: Sequence[Category],
    *,
    title: str,
    canonical: str,
    published: str,
    guid: str = "0bbaa1c7-5070-41ca-a7c9-4ead79602dbf",
    kb_id: str = "5068391",
    flight: str = "1",
    active: str = "",
    body: str = "",
) -> bytes:
    """The layout of before 2026-07-13: CRLF, navigation twice, dashes as entities, headers in ``td > p > b``.

    ``published`` is a date. ``active`` is the title of the category that the page stands in, if not the page's own;
    ``body`` is what its main part has beside years.
    """
    nav = "\n".join(_old_category(category, slot, active or title) for slot, category in enumerate(navigation, start=1))
    article = "\n".join(_old_year(year, number) for number, year in enumerate(years))
    return _crlf(f"""
<!DOCTYPE html>
<html lang="en-US" dir="ltr">
<!-- {NOTICE} -->
<head>
	<meta charset="utf-8" />
	<title>{title} - Microsoft Support</title>
	<link rel="canonical" href="{escape(canonical)}" />
	<meta name="awa-articleGuid" content="{guid}" />
	<meta name="lastPublishedDate" content="{published}" />
	<meta name="ms.lang" content="en" />
	<meta name="awa-kb_id" content="{kb_id}" />
{_noise(flight)}
</head>
<body class="supCont ocArticle">
	<div id="ocBodyWrapper">
<div class="supLeftNavMobileView" dir="ltr">
	<div class="supLeftNavMobileViewContent grd" role="complementary" aria-label="Related Links">
{nav}
	</div>
</div>
<div class="col-1-5" role="complementary" aria-label="Related Links" id="supLeftNav">
{nav}
</div>
<main id="supArticleContent" class="col-3-5 supLeftNavArticleContent" tabindex="-1">
<header class="ocpArticleTitleSection" aria-labelledby="page-header" role="banner">
<h1 id="page-header" class="">{title}</h1>
</header>
<div class="ocpArticleContent">
</div>
<article class="ocpArticleContent"><section class="ocpIntroduction">
<p>{NOTICE}</p>
</section>{body}{article}</article>
<h3 class="ocArticleFooterElementSearchBox">Search</h3>
</main>
	</div>
</body>
</html>
""")


def _old_category(category: Category, slot: int, active: str) -> str:
    here = category.title == active
    items = "\n".join(
        f"""			<li class="supLeftNavArticle{_current(here, number, _OLD_CURRENT)}" role="presentation">
				<a class="supLeftNavLink" data-bi-slot="{slot + number + 1}" href="{escape(href)}">{_entities(text)}</a>
			</li>"""
        for number, (text, href) in enumerate(category.links)
    )
    title = _entities(category.title)
    return f"""	<div class="supLeftNavCategory{" supLeftNavActiveCategory" if here else ""}">
		<div class="supLeftNavCategoryTitle">
			<a class="supLeftNavLink" data-bi-slot="{slot}" href="{escape(category.href)}">{title}</a>
		</div>
		<ul class="supLeftNavArticles">
{items}
		</ul>
	</div>"""


def _old_year(year: Year, number: int) -> str:
    """Trap, as served: the section of the year ends after its first span, the other spans are siblings with an h2."""
    first, *others = (
        f"""<div class="ocpSection">
<{level} class="ocpExpandoHead"><button class="expandoButtonLink" type="button">
<div class="ocpExpandoHeadTitleContainer" role="none">{span.heading}</div></button></{level}>
<div class="ocpebw" role="region">
<div class="ocpExpandoBody">
<p>
<b class="ocpLegacyBold">{span.caption}</b>
</p>
{_old_table(span)}
</div>
</div>
</div>"""
        for level, span in zip(["h3", *["h2"] * 11], year.spans, strict=False)
    )
    return f"""<section aria-labelledby="ID0E{number}" class="ocpSection">
<h2 id="ID0E{number}" class="">{year.heading}</h2>
{first}
</section>""" + "".join(others)


def _old_table(span: Span) -> str:
    header = [f'\n<b class="ocpLegacyBold">{column}</b>\n' for column in span.columns]
    rows = "\n".join(
        "<tr>\n" + "\n".join(f"<td>\n<p>{cell}</p>\n</td>" for cell in cells) + "\n</tr>"
        for cells in (header, *span.rows)
    )
    return f'<table aria-label="" class="banded">\n<tbody>\n{rows}\n</tbody>\n</table>'


def hotpatch_notes_new(
    years: Sequence[Year],
    navigation: Sequence[Category],
    *,
    title: str,
    canonical: str,
    updated_at: str,
    guid: str = "0bbaa1c7-5070-41ca-a7c9-4ead79602dbf",
    kb_id: str = "5068391",
    flight: str = "1",
    active: str = "",
) -> bytes:
    """The layout of since 2026-07-13: navigation once and on one line, literal dashes, tables with a thead.

    ``updated_at`` as served: ``2026-07-17 03:37 AM``. Relative addresses count from ``canonical``. ``active`` as in
    the old layout.
    """
    nav, slot = [], 1
    for category in navigation:
        nav.append(_new_category(category, slot, active or title))
        slot += len(category.links) + 1
    top = f"""

<!DOCTYPE html>
<html lang="en-US" dir=ltr>
<!-- {NOTICE} -->
<head>
	<meta charset="utf-8" />
	<title>{title} | Microsoft Support</title>
	<meta name="awa-articleGuid" content="{guid}" />
	<meta name="awa-kb_id" content="{kb_id}" />
	<meta name="ms.date" content="{updated_at[5:7]}/{updated_at[8:10]}/{updated_at[:4]}" />
	<meta name="toc_rel" content="../../toc.json" />
	<meta name="updated_at" content="{updated_at}" />
	<link rel="canonical" href="{escape(canonical)}" />
{_noise(flight)}
</head>
<body class="supCont">
		<div id="ocHelp">
			<div class="container" id="ocArticle">
				<div class="row">
					<div class="col-md-3 mt-4">
<div id="learnRenderLeftNav" role="complementary" aria-label="Related Links" dir="ltr">
	<div class="learnRenderLeftNavContent">
{"".join(nav)}	</div>
</div>
					</div>
					<main role="main" class="col-md-9 mt-4" id="supMainContent" tabindex="-1">
<h1 id="{_slug(title)}">{title}</h1>
<div class="learnArticleContent">
"""
    article = "".join(_new_year(year) for year in years)
    bottom = """
</div>
					</main>
				</div>
			</div>
		</div>
		<div id="ocFooterWrapper">
<h2 id="beginFeedbackHeader">Feedback</h2>
<svg role="img"><title>Icon</title></svg>
		</div>
</body>
</html>
"""
    # The frame is CRLF and the article LF: so it was in both captures of July 2026.
    return _crlf(top) + f"<p>{NOTICE}</p>\n{article}".encode() + _crlf(bottom)


def _new_category(category: Category, slot: int, active: str) -> str:
    here = category.title == active
    items = "".join(
        f'<li class="learnRenderLeftNavArticle{_current(here, number, _NEW_CURRENT)}">'
        f'<a href="{escape(href)}" class="learnRenderLeftNavLink" data-bi-slot="{slot + number + 1}"'
        f"{_current(here, number, _ARIA)}>{escape(text, quote=False)}</a></li>"
        for number, (text, href) in enumerate(category.links)
    )
    title = escape(category.title, quote=False)
    return f"""		<div class="learnRenderLeftNavCategory{" learnRenderLeftNavActiveCategory" if here else ""}">
			<div class="learnRenderLeftNavCategoryTitle">
				<a href="{escape(category.href)}" class="learnRenderLeftNavLink" data-bi-slot="{slot}">{title}</a>
			</div>
				<ul class="learnRenderLeftNavArticles list-unstyled col">
{items}						</ul>
		</div>
"""


def _new_year(year: Year) -> str:
    parts = [f'<h2 id="{_slug(year.heading)}">{year.heading}</h2>\n']
    for level, span in zip(["h3", *["h2"] * 11], year.spans, strict=False):
        header = "\n".join(f"<th><strong>{column}</strong></th>" for column in span.columns)
        rows = "".join("<tr>\n" + "".join(f"<td>{cell}</td>\n" for cell in cells) + "</tr>\n" for cells in span.rows)
        parts.append(
            f'<{level} id="{_slug(span.heading)}">{span.heading}</{level}>\n<p><strong>{span.caption}</strong></p>\n'
            f"<table>\n<thead>\n<tr>\n{header}\n</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        )
    return "".join(parts)


_OLD_CURRENT = " supLeftNavCurrentArticle"
_NEW_CURRENT = " learnRenderLeftNavCurrentArticle"
_ARIA = ' aria-current="page"'


def _current(here: bool, number: int, mark: str) -> str:
    """The mark of the page's own link: the first of its own category."""
    return mark if here and number == 0 else ""


def _noise(flight: str) -> str:
    """What the support host varies at every answer, so that a fingerprint has something to leave out."""
    return f"""	<meta name="awa-userFlightingId" content="00000000-0000-0000-0000-{flight:0>12}" />
	<meta name="awa-expid" content="P-R-{flight}-1-1" />
	<meta name="awa-origindatacenter" content="Nowhere {flight}" />
	<meta name="awa-stv" content="0.0.{flight}" />"""


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _entities(text: str) -> str:
    return escape(text, quote=False).replace("\N{EM DASH}", "&#x2014;")


def _slug(text: str) -> str:
    return text.lower().replace(",", "").replace(" ", "-")


# --- the facts, as each page had them --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edition:
    """What of the facts a page shows: ``day`` is when it was looked at, the others when it had last been edited.

    An edit whose time nobody noted is put at midnight of ``day``.
    """

    day: str
    learn: str
    server: str
    notes: str
    history: str
    old: bool = False
    wrong_july: bool = False


EDITIONS = {
    # The Windows 11 page of 2026-05-27 had last been edited on 2026-05-15 and lacked KB5089573 of 2026-05-26.
    # The update history named its last edit as of 2024, and announced an update of the day before.
    "2026-05-27": Edition(
        "2026-05-27", "2026-05-15T01:27:00Z", "2026-05-13T02:11:00Z", "2026-05-12", "2024-10-24", old=True
    ),
    # The Server page had a wrong row for July 2026: type, build and KB (sources.md A6).
    "2026-07-22": Edition(
        "2026-07-22",
        "2026-07-19T03:21:00Z",
        "2026-07-22T00:00:00Z",
        "2026-07-17 03:37 AM",
        "2026-07-22 12:00 AM",
        wrong_july=True,
    ),
    "2026-09-30": Edition(
        "2026-09-30", "2026-09-30T00:00:00Z", "2026-09-30T00:00:00Z", "2026-09-30 12:00 AM", "2026-09-30 12:00 AM"
    ),
}
DATES = tuple(EDITIONS)

_HOST = "https://support.microsoft.com"
_HOTPATCH = "/en-us/servicing/os/hotpatch/"
_NOTES_FOLDER = "windows-11/2025"
_UPDATES = "/en-us/servicing/os/windows-11/"
_HISTORY_FOLDER = "2024/09"
_CLIENTS = {
    "24H2": ("c0906ee6-5e62-498f-bd5a-8f4966349f3c", "5060666"),
    "25H2": ("0bbaa1c7-5070-41ca-a7c9-4ead79602dbf", "5068391"),
}
# The table of contents that shows the newest titles; of what came later, the titles are written by rule.
_TITLES_SEEN = "2026-08-07"
_SUFFIXES = {"D": " Preview", "OOB": " Out-of-band"}


@cache
def facts(name: str) -> tuple[Facts, ...]:
    """The rows of a file of ``tests/facts``, by column."""
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def snapshot(date: str) -> dict[str, bytes]:
    """What the five pages said on one of ``DATES``: the file below the date's folder, and its bytes."""
    return _pages(EDITIONS[date])


def everything(date: str = "2026-10-14") -> dict[str, bytes]:
    """The five pages with every row of the facts that a page can have on that day, seen there or not."""
    midnight = f"{date}T00:00:00Z"
    return _pages(Edition(date, midnight, midnight, f"{date} 12:00 AM", f"{date} 12:00 AM"))


def file_name(url: str) -> str:
    """Where a snapshot of an address lies below its date: ``host/path.html``."""
    return f"{urlsplit(url).netloc}{urlsplit(url).path}.html"


def _pages(edition: Edition) -> dict[str, bytes]:
    pages = {
        "windows-11-release-information": _client(edition),
        "hotpatch-24h2": _notes("24H2", edition),
        "hotpatch-25h2": _notes("25H2", edition),
        "windows-11-update-history": _history(edition),
        "windows-server-release-information": _server(edition),
    }
    return {file_name(BY_NAME[name].url): body for name, body in pages.items()}


def _article(page: str, table: str, kb: str) -> str:
    """The link of a KB in a table of release information; empty without a KB."""
    if not kb:
        return ""
    paths = (
        row["href"] for row in facts("article_links") if (row["page"], row["table"], row["kb"]) == (page, table, kb)
    )
    return link(_HOST + next(paths, f"/help/{kb[2:]}"), kb)


def _latest(updates: Sequence[Facts]) -> Row:
    """The last three cells of a servicing row: the update type of the newest update, its date and its build."""
    if not updates:
        return ("", "", "")
    newest = updates[0]
    text, kb = newest["update_type"], newest["kb"]
    update = link(f"{_HOST}/help/{kb[2:]}", text) if kb and text else text
    return (update, newest["availability_date"], newest["build"])


def _end(end: str, day: str) -> str:
    """A date in the past reads ``End of updates``; those words sort after every date and stay."""
    return END_OF_UPDATES if end < day else end


def _month_row(row: Facts, page: str, day: str) -> list[str]:
    """A calendar row as it stood on a day: before its date a month is a plan, without date, build or KB."""
    month = MONTHS[int(row["month"]) - 1]
    if not row["availability_date"] or row["availability_date"] > day:
        return [month, row["update_type"], row["planned_type"], "", "", ""]
    return [
        month,
        row["update_type"],
        row["type"],
        row["availability_date"],
        row["build"],
        _article(page, "calendar", row["kb"]),
    ]


def _by_year(rows: Sequence[Facts]) -> list[tuple[str, list[Facts]]]:
    """A release's calendar rows, newest year first, months in order."""
    rows = sorted(rows, key=lambda row: (-int(row["year"]), int(row["month"])))
    return [(year, list(months)) for year, months in groupby(rows, key=lambda row: row["year"])]


def _client(edition: Edition) -> bytes:
    page, day, edited = "windows-11-release-information", edition.day, edition.learn[:10]
    life = {row["version"]: row for row in facts("win11_lifecycle") if not row["version"].startswith("Windows Server")}
    released = [version for version, row in life.items() if row["ga_date"] <= edited]
    updates = {
        version: [
            row
            for row in facts("win11_release_history")
            if row["version"] == version
            and not row["in_ms_table"].startswith("no ")
            and row["availability_date"] <= edited
        ]
        for version in released
    }
    servicing = [
        (
            version,
            "General Availability Channel",
            life[version]["ga_date"],
            _end(life[version]["end_home_pro"], day),
            life[version]["end_enterprise_education"],
            *_latest(updates[version]),
        )
        for version in released
        if life[version]["end_enterprise_education"] >= day
    ]
    long_term = [
        (
            f"{version}<sup>1</sup>",
            LONG_TERM_CHANNEL,
            life[version]["ga_date"],
            life[version]["ltsc_mainstream_end"],
            life[version]["ltsc_extended_end"],
            *_latest(updates[version]),
        )
        for version in released
        if life[version]["ltsc_extended_end"]
    ]
    # 26H1 is for new devices only and stands behind 25H2 (as served in July 2026), though it leads the servicing table.
    order = sorted(released, key=lambda version: (version != "26H2", version != "25H2"))
    labels = {version: f"Version {version} (OS build {life[version]['base_build']})" for version in released}
    histories = [
        History(
            labels[version],
            [
                (
                    row["servicing_option"].replace(" • ", " <span> • </span> "),
                    row["update_type"],
                    row["availability_date"],
                    row["build"],
                    _article(page, "history", row["kb"]),
                )
                for row in updates[version]
            ],
            ended=life[version]["end_enterprise_education"] < day,
        )
        for version in order
    ]
    calendars = [
        Calendar(
            labels[version],
            year,
            [_month_row(row, page, edited) for row in rows],
            identity=f"HotpatchCalendar_Version{version}_{year}",
        )
        for version in order
        for year, rows in _by_year([row for row in facts("win11_hotpatch_calendar") if row["version"] == version])
    ]
    return release_information(servicing, long_term, histories, calendars, updated_at=edition.learn)


def _server(edition: Edition) -> bytes:
    page, edited = "windows-server-release-information", edition.server[:10]
    products = {"Windows Server 2025": "26100", "Windows Server 2022": "20348"}
    updates = {product: _server_updates(product, edited) for product in products}
    servicing = []
    for row in facts("server_servicing"):
        # Of the versions without facts only one state was seen; afterwards their latest update is unknown.
        seen = [
            {"update_type": row["latest_update_type"], "kb": row["latest_kb"]}
            | {"availability_date": row["latest_date"], "build": row["latest_build"]}
        ]
        servicing.append(
            (
                row["version"],
                row["servicing_option"],
                row["editions"],
                row["availability_date"],
                _end(row["mainstream_end"], edition.day),
                row["extended_end"],
                *_latest(updates.get(row["version"], seen if edited <= row["latest_as_of"] else [])),
            )
        )
    histories = [
        History(
            f"{product} (OS build {base})",
            [
                (
                    "LTSC",
                    row["update_type"],
                    row["availability_date"],
                    row["build"],
                    _article(page, "history", row["kb"]),
                )
                for row in updates[product]
            ],
        )
        for product, base in products.items()
    ]
    calendars = []
    for product, base in products.items():
        rows = [row for row in facts("server_hotpatch_calendar") if row["product"] == product and row["update_type"]]
        for year, months in _by_year(rows):
            cells = [_month_row(row, page, edited) for row in months]
            if year == "2026":
                cells[1].append("")  # February 2026 had one cell too many, in both calendars
                if edition.wrong_july and product == "Windows Server 2025":
                    cells[6] = ["July", "2026.07 B", "Hotpatch", "2026-07-14", "26100.32860", ""]
            # No id: the Server page was never seen as HTML.
            calendars.append(Calendar(f"{product} (OS build {base})", year, cells))
    return release_information(
        servicing,
        (),
        histories,
        calendars,
        updated_at=edition.server,
        title="Windows Server",
        canonical=BY_NAME[page].url,
        servicing_columns=SERVER_SERVICING_COLUMNS,
        footnote="* First planned as a hotpatch.",
    )


def _server_updates(product: str, day: str) -> list[Facts]:
    """A Server's cumulative updates until a day, newest first: the B rows of hotpatch and of baseline months, the other
    rows that the excerpt shows, and the out-of-band ones that the hotpatch facts name without a date."""
    found: list[Facts] = []
    for row in facts("parity"):
        if row["version"] == product:
            found.append(
                _update(f"{row['year']}-{row['month']:0>2} B", row["lcu_date"], row["lcu_build"], row["lcu_kb"])
            )
    for row in facts("server_hotpatch_calendar"):
        if row["product"] == product and row["update_type"] and row["type"].startswith("Baseline"):
            found.append(
                _update(f"{row['year']}-{row['month']:0>2} B", row["availability_date"], row["build"], row["kb"])
            )
    for row in facts("server_release_rows"):
        if row["product"] == product:
            found.append(_update(row["update_type"], row["availability_date"], row["build"], row["kb"]))
    known = {row["kb"] for row in found}
    for row in facts("server_hotpatch_oob"):
        counterpart = re.match(r"(KB\d+) \((?:(\d+\.\d+)|.*same build)\)$", row["counterpart_standard_oob"])
        if row["product"] == product and counterpart and counterpart[1] not in known and row["release_date"] <= day:
            found.append(_update(f"{row['release_date'][:7]} OOB", "", counterpart[2] or row["builds"], counterpart[1]))
    shown = [row for row in found if row["availability_date"] <= day]
    return sorted(shown, key=lambda row: int(row["build"].partition(".")[2]), reverse=True)


def _update(update_type: str, available: str, build: str, kb: str) -> Facts:
    return {"update_type": update_type, "availability_date": available, "build": build, "kb": kb}


def _notes(version: str, edition: Edition) -> bytes:
    category = f"Release notes for Hotpatch on Windows 11 Enterprise version {version}"
    guid, kb_id = _CLIENTS[version]
    years = [
        _notes_year(version, year, rows, edition)
        for year, rows in _by_year([row for row in facts("win11_hotpatch_calendar") if row["version"] == version])
    ]
    navigation = _navigation(facts("hotpatch_categories"), facts("hotpatch_navigation"), edition, _NOTES_FOLDER)
    flight = edition.day.replace("-", "")
    topic = BY_NAME[f"hotpatch-{version.lower()}"].url
    if edition.old:
        return hotpatch_notes_old(
            years,
            navigation,
            title=category,
            canonical=topic,
            published=edition.notes,
            guid=guid,
            kb_id=kb_id,
            flight=flight,
        )
    return hotpatch_notes_new(
        years,
        navigation,
        title=category,
        canonical=f"{_HOST}{_HOTPATCH}{_NOTES_FOLDER}/{_slug(category)}",
        updated_at=edition.notes,
        guid=guid,
        kb_id=kb_id,
        flight=flight,
    )


def _history(edition: Edition) -> bytes:
    category = "Windows 11, version 24H2"
    title = f"{category} update history"
    topic = BY_NAME["windows-11-update-history"].url
    guid, kb_id = "0929c747-1815-4543-8461-0160d16f15e5", "5045988"
    titles = (*_later_titles(), *facts("update_history_titles"))
    navigation = _navigation(facts("update_history_categories"), titles, edition, _HISTORY_FOLDER)
    flight = edition.day.replace("-", "")
    if edition.old:
        # The only table of its main part, no calendar, as seen; what its cells said is left out.
        issues = Span("", "", [("All users", "Not told here.", "")], ("Applies to", "Symptom", "Workaround"))
        return hotpatch_notes_old(
            (),
            navigation,
            title=title,
            canonical=topic,
            published=edition.history,
            guid=guid,
            kb_id=kb_id,
            flight=flight,
            active=category,
            body=f"""<section aria-labelledby="ID0EDF" class="ocpSection">
<h2 id="ID0EDF" class="">Known issues</h2>
{_old_table(issues)}
</section>""",
        )
    return hotpatch_notes_new(
        (),
        navigation,
        title=title,
        canonical=f"{_HOST}{_UPDATES}{_HISTORY_FOLDER}/{_slug(title)}",
        updated_at=edition.history,
        guid=guid,
        kb_id=kb_id,
        flight=flight,
        active=category,
    )


@cache
def _later_titles() -> tuple[Facts, ...]:
    """The titles of updates since ``_TITLES_SEEN``, by rule: a KB of one day names all its builds, in each version's
    category; without a KB there is no title."""
    later = [row for row in facts("win11_release_history") if row["kb"] and row["availability_date"] > _TITLES_SEEN]
    page = "windows-11-update-history"
    paths = {row["kb"]: row["href"].removeprefix(_UPDATES) for row in facts("article_links") if row["page"] == page}
    titles = []
    for row in later:
        day = Date.fromisoformat(row["availability_date"])
        together = ("kb", "availability_date")
        builds = [other["build"] for other in later if all(other[column] == row[column] for column in together)]
        titles.append(
            {
                "category": f"Windows 11, version {row['version']}",
                "shown_from": row["availability_date"],
                "text": f"{MONTHS[day.month - 1]} {day.day}, {day.year}\N{EM DASH}{row['kb']} "
                f"(OS Build{'s' if len(builds) > 1 else ''} {' and '.join(builds)}){_SUFFIXES.get(row['letter'], '')}",
                "help_id": row["kb"][2:],
                "path": paths.get(row["kb"], ""),
            }
        )
    return tuple(titles)


def _address(row: Facts, edition: Edition, folder: str) -> str:
    """A link of the navigation: by help number in the old layout, by path from the page's folder in the new one.
    Empty where neither is known."""
    if edition.old or not row["path"]:
        return f"/en-us/help/{row['help_id']}" if row["help_id"] else ""
    return posixpath.relpath(row["path"], folder)


def _navigation(categories: Sequence[Facts], rows: Sequence[Facts], edition: Edition, folder: str) -> list[Category]:
    """The categories that have a link that day. Blanks at the end of a text went with the old layout."""

    def served(text: str) -> str:
        return text if edition.old else text.strip()

    found = []
    for category in categories:
        links = [
            (served(row["text"]), _address(row, edition, folder))
            for row in rows
            if row["category"] == category["category"].strip() and row["shown_from"] <= edition.day
        ]
        if links:
            href = _address(category, edition, folder)
            first = category["first_entry_old" if edition.old else "first_entry_new"]
            found.append(Category(served(category["category"]), href, [(first, href), *links]))
    return found


def _notes_year(version: str, year: str, rows: Sequence[Facts], edition: Edition) -> Year:
    """One year in thirds, each under the months that it has."""
    spans = []
    for third, months in groupby(rows, key=lambda row: (int(row["month"]) - 1) // 4):
        of_third = list(months)
        first, last = (MONTHS[int(of_third[index]["month"]) - 1] for index in (0, -1))
        # A typo and a no-break blank of the publisher, both still there in July 2026.
        word = "Hotpatch" if third == 1 or year != "2026" else "Hopatch"
        blank = NBSP if third == 1 and year == "2026" else " "
        spans.append(
            Span(
                f"{first} to {last}",
                f"{word} for{blank}Windows 11 Enterprise, version {version}",
                [_notes_row(version, row, edition) for row in of_third],
            )
        )
    return Year(f"Hotpatch updates for calendar year {year}", spans)


def _notes_row(version: str, row: Facts, edition: Edition) -> Row:
    month, update_type, kind, *_ = _month_row(row, "", edition.day)
    released = row["availability_date"] and row["availability_date"] <= edition.day
    cell = _notes_link(version, row, edition) if released and row["kb"] else ""
    if not edition.old:
        return (month, update_type, kind, cell)
    if row["year"] == "2026" and version == "25H2":
        update_type = update_type.replace("2026.", "2025.")  # all twelve, corrected by 2026-07-22
    if row["year"] != "2026" or int(row["month"]) >= 5:
        update_type = update_type.replace(" ", NBSP)
    if (row["year"], month) == ("2026", "May"):
        cell = NBSP + cell.strip().replace("</a>", f"{NBSP}</a>") + ZERO_WIDTH * 7
    if (row["year"], month) == ("2026", "September"):
        cell = NBSP + ZERO_WIDTH * 7
    return (month, update_type, kind, cell)


def _notes_link(version: str, row: Facts, edition: Edition) -> str:
    page = "hotpatch-notes-old" if edition.old else "hotpatch-notes-new"
    hrefs = [known["href"] for known in facts("article_links") if (known["page"], known["kb"]) == (page, row["kb"])]
    hrefs += [
        _address(entry, edition, _NOTES_FOLDER)
        for entry in facts("hotpatch_navigation")
        if "Windows 11" in entry["category"] and version in entry["category"] and _announces(entry["text"], row)
    ]
    href = escape([*hrefs, f"/en-us/help/{row['kb'][2:]}"][0])
    if edition.old:
        return f'\n<a href="{href}" class="ocpArticleLink" data-bi-type="anchor">{row["kb"]}</a>\n'
    kind = "absolute-path" if href.startswith("/") else "relative-path"
    return f'<a href="{href}" data-linktype="{kind}">{row["kb"]}</a>'


def _announces(text: str, row: Facts) -> bool:
    """Whether a link of the navigation is the article of a calendar month."""
    day = Date.fromisoformat(row["availability_date"])
    baseline = f"{MONTHS[day.month - 1]} {day.day}, {day.year}\N{EM DASH}Baseline"
    return text == baseline if row["type"].startswith("Baseline") else row["kb"] in text


def main() -> None:
    """Write all snapshots, and remove what no longer belongs to them."""
    written = {SNAPSHOTS / date / name: body for date in DATES for name, body in snapshot(date).items()}
    for path, body in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    for path in SNAPSHOTS.rglob("*.html"):
        if path not in written:
            path.unlink()


if __name__ == "__main__":
    main()

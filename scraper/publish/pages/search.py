"""The search: a KB, a build, a month or a release goes to its page; words are looked up."""

import re
import sqlite3

from scraper import answers
from scraper.errors import InputError
from scraper.publish.pages.page import Context
from scraper.publish.pages.rows import rows

# KBs, and sections of articles, that a search shows.
FOUND, SECTIONS = 50, 20
# People paste the output of `ver` and winver, which has more than the build.
_KB = re.compile(r"(?i)(?:\bkb ?|^(?=[0-9]+$))([0-9]{6,8})\b(?![.])", re.ASCII)
_BUILD = re.compile(r"\b(?:10\.0\.)?([1-9][0-9]{3,5}\.[0-9]{1,6})\b", re.ASCII)
_MONTH = re.compile(r"([12][0-9]{3})-(0?[1-9]|1[0-2])")


def path(catalog: sqlite3.Connection, words: str, today: str) -> str | None:
    """The address of the page of the thing that the words name, or None where they name none."""
    kbs, builds, month = _KB.findall(words), _BUILD.findall(words), _MONTH.fullmatch(words)
    if len(kbs) == 1 and not builds:
        return f"/kb/KB{kbs[0]}"
    if len(builds) == 1:
        return f"/build/{builds[0]}"
    if month:
        return f"/month/{month[1]}-{int(month[2]):02}"
    try:
        name = re.sub(r"(?i)^(?:microsoft )?(?:windows 11 )?version ", "", words)
        return f"/release/{answers.release(catalog, name, today)[0]['release']}" if name else None
    except InputError:
        return None


def context(catalog: sqlite3.Connection, words: str) -> Context:
    """The KBs and the sections of articles that have all the words, the newest update first; and what was searched, for
    words that were not found may stand in an article that was not read."""
    found: Context = {"words": words, "most": FOUND, "most_sections": SECTIONS, "kbs": [], "sections": []}
    if not words:
        return found
    match = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    # Rowids are in the order of release.
    found["kbs"] = rows(
        catalog,
        "select kbs.kb, kbs.title, kbs.track, kbs.first_available from kbs_fts"
        " join kbs on kbs.rowid = kbs_fts.rowid where kbs_fts match ? order by kbs_fts.rowid desc limit ?",
        *(match, FOUND + 1),
    )
    found["sections"] = rows(
        catalog,
        "select sections.kb, sections.heading, snippet(sections_fts, 1, '', '', ' … ', 24) as found"
        " from sections_fts join sections on sections.rowid = sections_fts.rowid where sections_fts match ?"
        " order by sections_fts.rowid desc limit ?",
        *(match, SECTIONS + 1),
    )
    (searched,) = rows(
        catalog,
        "select count(*) as updates, count(title) as titles, (select count(*) from articles) as articles,"
        " (select min(fetched_at) from pages where page glob 'KB[0-9]*') as oldest from kbs",
    )
    found["searched"] = dict(searched)
    return found

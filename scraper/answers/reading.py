"""How a KB, a build, a month, a year, a date and a release are understood as people type them.

Each function returns the catalog's form, or raises an InputError that says what was expected.
"""

import re
import sqlite3
from datetime import date

from scraper.answers.catalog import select
from scraper.errors import InputError

_KB = re.compile(r"(?:kb ?)?([0-9]{1,12})")
_REVISION = r"(?:0|[1-9][0-9]{0,5})"
_NUMBER = rf"([1-9][0-9]{{3,5}}\.{_REVISION})"
_BUILD = re.compile(rf"(?:10\.0\.)?{_NUMBER}|version [0-9a-z]+ \(os build {_NUMBER}\)")
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")
_YEAR = re.compile(r"[12][0-9]{3}")
EDITIONS = ("home-pro", "enterprise-education", "ltsc", "iot-ltsc")
_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


def read_kb(text: str) -> str:
    """``KB5058497`` of ``KB5058497``, ``kb5058497``, ``5058497`` or ``KB 5058497``."""
    match = _KB.fullmatch(text.strip().lower())
    if match is None:
        raise _misread("KB", text, "KB and digits, like KB5058497")
    return f"KB{match[1]}"


def read_build(text: str, named: list[sqlite3.Row]) -> str:
    """``26100.3981`` of itself, ``10.0.26100.3981`` or ``Version 24H2 (OS Build 26100.3981)``.

    ``named``: the releases that the user named. With one base build among them, the revision alone is enough.
    """
    words = text.strip().lower()
    if match := _BUILD.fullmatch(words):
        return str(match[1] or match[2])
    expected = "a build like 26100.3981, 10.0.26100.3981 or Version 24H2 (OS Build 26100.3981)"
    if re.fullmatch(_REVISION, words):
        bases = {row["base_build"] for row in named if row["base_build"]}
        if len(bases) == 1 and words != str(*bases):  # 26100 is the base build, not a revision
            return f"{bases.pop()}.{words}"
        expected += ", or the revision alone with the one release that it is of"
    raise _misread("build", text, expected)


def read_month(text: str) -> str:
    """A month, ``YYYY-MM``."""
    if not _MONTH.fullmatch(text.strip()):
        raise _misread("month", text, "a month like 2026-06")
    return text.strip()


def read_year(text: str) -> str:
    """A year, ``YYYY``."""
    if not _YEAR.fullmatch(text.strip()):
        raise _misread("year", text, "a year like 2026")
    return text.strip()


def read_day(text: str) -> str:
    """A date of the form ``YYYY-MM-DD`` that the calendar has."""
    try:
        if _DATE.fullmatch(text.strip()):
            return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    raise _misread("date", text, "a date like 2025-05-20")


def read_edition(text: str | None) -> str | None:
    """One of ``EDITIONS`` (rule 10), in any case. None where none is told."""
    if text is None or text.strip().lower() in EDITIONS:
        return text and text.strip().lower()
    raise _misread("edition", text, "one of " + ", ".join(EDITIONS))


def read_releases(catalog: sqlite3.Connection, text: str | None) -> dict[str, sqlite3.Row]:
    """The releases that a text names, by name, client first. None names all.

    ``windows-11-24h2``, ``11-24h2``, ``24H2`` and ``Windows 11 24H2`` name the same release.
    """
    rows = select(catalog, "select * from releases order by product, release")
    if text is None:
        return {row["release"]: row for row in rows}
    asked = text.strip().lower().replace(" ", "-")
    named = {row["release"]: row for row in rows if asked in _names(row)}
    if not named:
        raise _misread("release", text, "one of " + ", ".join(row["release"] for row in rows))
    return named


def with_edition(
    catalog: sqlite3.Connection, releases: dict[str, sqlite3.Row], edition: str | None
) -> dict[str, sqlite3.Row]:
    """Those of the releases that have an edition. InputError if none of them has it; None is every release's."""
    if edition is None:
        return releases
    editions = select(catalog, "select release, edition from support")
    having = {row["release"] for row in editions if row["edition"] == edition}
    if found := {name: row for name, row in releases.items() if name in having}:
        return found
    named = " and ".join(releases)
    known = {row["edition"] for row in editions if row["release"] in releases}.intersection(EDITIONS)
    expected = f"an edition of {named}: " + ", ".join(one for one in EDITIONS if one in known)
    raise _misread("edition", edition, expected if known else f"none, since {named} has no editions")


def _names(release: sqlite3.Row) -> set[str]:
    name = str(release["release"])
    return {name, name.removeprefix("windows-"), str(release["version"]).lower()}


def _misread(thing: str, text: str, expected: str) -> InputError:
    return InputError(thing, page="the command line", expected=expected, found=repr(text))

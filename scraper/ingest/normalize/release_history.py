"""Release histories: every update of a release, with its build, KB, update type and date."""

import re
from functools import lru_cache

from scraper.ingest.normalize.cells import Unreadable, link_of, read_build, read_date, read_kb, refuse_surplus
from scraper.ingest.normalize.labels import check_family, version_of
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.parse.parsed import Row, Table
from scraper.models import Severity, Update, Version

_UPDATE_TYPE = re.compile(
    r"(?P<year>[12]\d{3})[-.\u2010-\u2015](?P<month>0[1-9]|1[0-2]) (?P<letter>A|B|C|D|E|OOB)", re.A
)
_HELP_LINK = re.compile(r"/help/(\d+)$", re.A)


def read_history(reading: Reading, table: Table) -> None:
    """Add the rows of a release history to ``reading``."""
    version = version_of(reading, table)
    begin = len(reading.updates)
    for row in table.rows:
        key = None
        try:
            refuse_surplus(row)
            kb = read_kb("kb article", row.cells["kb article"], is_key=True)
            build = read_build("build", row.cells["build"], is_key=True)
            if build is None:
                raise Unreadable("build", "one build such as 26100.3981", "", is_key=True)
            key = (version.release, build, kb or "")
            cadence, month = _update_type(row.cells["update type"])
            reading.updates.append(
                Update(
                    release=version.release,
                    build=build,
                    kb=kb,
                    cadence=cadence,
                    month=month,
                    available=read_date("availability date", row.cells["availability date"]),
                    url=link_of(row, "kb article"),
                )
            )
            check_link(reading, version, kb, row)
        except Unreadable as problem:
            reading.set_aside(table, row, problem, version.release, key)
    check_family(reading, version, table, [(row.kb or row.build, row.build) for row in reading.updates[begin:]])


@lru_cache(maxsize=1024)  # all releases have updates of the same types
def _update_type(text: str) -> tuple[str | None, str | None]:
    """Letter and month of ``2026-07 B``; the first rows of a release have an empty cell."""
    if not text:
        return None, None
    if found := _UPDATE_TYPE.fullmatch(text):
        return found["letter"], f"{found['year']}-{found['month']}"
    raise Unreadable("update type", "YYYY-MM and one of A B C D E OOB", text, is_key=False)


def check_link(reading: Reading, version: Version, kb: str | None, row: Row) -> None:
    """Note a KB whose link has another number. The text decides which KB it is (rule 6)."""
    url = row.links.get("kb article", "")
    if kb and not url.endswith(f"/{kb[2:]}") and (found := _HELP_LINK.search(url)):
        reading.note(Severity.INFO, "link", version.release, kb, f"the link of {kb} leads to KB{found[1]}")

"""The home page: the hotpatch calendar of a year, and what is newest."""

import sqlite3

from scraper.publish.pages.page import Context
from scraper.publish.pages.rows import releases, rows


def context(catalog: sqlite3.Connection, year: str, today: str) -> Context:
    """The home page with the calendar of ``year``, or of the last year that there is."""
    years = [row["year"] for row in rows(catalog, "select distinct substr(month, 1, 4) as year from months order by 1")]
    shown = year if year in years else max(years, default=year)
    restarts = rows(catalog, "select * from next_restart order by release")
    return {
        "years": years,
        "year": shown,
        "grid": _calendar(catalog, shown),
        "numbers": [f"{number:02}" for number in range(1, 13)],
        "names": [row["name"][:3] for row in rows(catalog, "select name from month_names order by number")],
        "today": today,
        "restarts": restarts,
        "ways": {row["date_is"] for row in restarts},
        "accepted": _accepted(catalog),
        "changes": rows(catalog, "select * from changes order by seen_at desc, replanned desc, id limit 8"),
        "updates": _newest(catalog),
        "releases": releases(catalog),
    }


def _calendar(catalog: sqlite3.Connection, year: str) -> dict[tuple[str, str], dict[str, sqlite3.Row]]:
    """The months of a year, by release and product and then by two digits."""
    calendar = rows(
        catalog,
        "select * from hotpatch_calendar where month between ? and ? and withdrawn = 0 order by product, month",
        *(f"{year}-01", f"{year}-12"),
    )
    grid: dict[tuple[str, str], dict[str, sqlite3.Row]] = {}
    for row in calendar:
        grid.setdefault((row["release"], row["product"]), {})[row["month"][5:]] = row
    return grid


def _accepted(catalog: sqlite3.Connection) -> dict[str, list[sqlite3.Row]]:
    """The builds that are accepted today, by release."""
    found: dict[str, list[sqlite3.Row]] = {}
    for row in rows(catalog, "select * from current_builds order by release, track desc"):
        found.setdefault(row["release"], []).append(row)
    return found


def _newest(catalog: sqlite3.Connection) -> list[tuple[sqlite3.Row, list[sqlite3.Row]]]:
    """The newest KBs, each with its builds."""
    newest = rows(
        catalog, "select kb, title, first_available, expired from kbs order by first_available desc, kb limit 10"
    )
    sql = "select release, build, kind, withdrawn from builds where kb = ? order by withdrawn, release, revision"
    return [(row, rows(catalog, sql, row["kb"])) for row in newest]

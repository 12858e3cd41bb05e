"""Catalogs that the bundled one is not: written by somebody who means harm, and with a baseline ahead."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import cycle
from pathlib import Path

from scraper.catalog.schema import FOLLOWING, follow

SCRIPT = "<script>window.ran = 1; alert(1)</script>"
BROKEN_OUT = """"'><img src=x onerror="window.ran = 1; alert(1)"><svg onload=alert(1)><b>bold</b>"""
JAVASCRIPT = "javascript:window.ran=1"
TURNED = "\u202egnp.exe \u2067evil\u2066 \u061c never closed"
LONG = "A" * 10_000
TEMPLATE = "{{7*7}} {% if %} ${7*7} </title></textarea>"
CONTROLS = "bell\x07 escape\x1b[31m feed\x0b\x0c delete\x7f"
FOREIGN = "https://evil.example/x"
TEXTS = (SCRIPT, BROKEN_OUT, JAVASCRIPT, TURNED, LONG, TEMPLATE, CONTROLS, FOREIGN)

ADDRESSES = (
    'https://learn.microsoft.com/"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "https://learn.microsoft.com.evil.example/",
    "https://learn.microsoft.com@evil.example/",
    "data:text/html,<script>alert(1)</script>",
    "https://support.microsoft.com/\u202egnp.exe",
    "https://support.microsoft.com/" + "a" * 10_000,
    "http://learn.microsoft.com/",
)

# Every column that is filled with what a page says, as it says it.
FREE = {
    "pages": ("updated_at", "layout", "failure"),
    "kbs": ("title",),
    "changes": ("field", "old", "new"),
    "findings": ("message", "used", "other", "why"),
}
LINKS = {
    "pages": ("url",),
    "kbs": ("article_url",),
    "builds": ("article_url",),
    "months": ("article_url",),
    "track_events": ("source_url",),
}

KB = "KB5058497"
# Whatever a page says of one KB, on the page of that KB.
ABOUT_THE_KB = f"""
insert into articles (kb, release, title, heading, layout, issues, page)
  values ('{KB}', 'windows-11-24h2', ?1, ?1, ?1, 'listed', 'hotpatch-24h2') on conflict do nothing;
insert into known_issues (kb, title, status, symptom, workaround, resolution, first_seen, last_seen)
  values ('{KB}', ?1, 'open', ?1, ?1, ?1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
insert into sections select '{KB}', count(*) + 1, 'hotpatch ' || ?1, ?1 || ' hotpatch' from sections;
insert into prerequisites select '{KB}', 'baseline', 'KB' || (5000000 + count(*)), ?1 from prerequisites;
insert into changes (seen_at, run, table_name, release, subject, field, old, new, page, replanned)
  values ('2026-09-30T12:00:00Z', 3, 'builds', 'windows-11-24h2', '{KB}', ?1, ?1, ?1, 'hotpatch-24h2', 0);
insert into changes (seen_at, run, table_name, release, subject, field, new, page, replanned)
  values ('2026-09-30T12:00:00Z', 3, 'builds', 'windows-11-24h2', ?1, 'row', ?1, 'hotpatch-24h2', 0);
insert into findings (severity, code, release, subject, message, page, other_page, field, used, other, why, first_seen)
  values ('warning', 'conflict', 'windows-11-24h2', '{KB}', ?1, 'hotpatch-24h2', 'windows-11-release-information', 'KB',
  ?1, ?1, ?1, '2026-09-30T12:00:00Z');
insert into findings (severity, code, subject, message, page, first_seen)
  values ('error', ?1, ?1, ?1, 'hotpatch-24h2', '2026-09-30T12:00:00Z')
"""


def poison(path: Path) -> None:
    """Put harm into every free text and every address of a catalog, also where the schema would refuse it."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("pragma ignore_check_constraints = on")
        for columns, words in ((FREE, TEXTS), (LINKS, ADDRESSES)):
            for table, names in columns.items():
                for place, name in enumerate(names):
                    _fill(db, table, name, words[place:] + words[:place])
        db.execute("update pages set failing_since = '2026-09-30T12:00:00Z'")
        db.execute(
            "update releases set version = version || ? where release = 'windows-11-25h2'", [SCRIPT + BROKEN_OUT]
        )
        for text in TEXTS:
            for statement in ABOUT_THE_KB.split(";\n"):
                db.execute(statement, [text])
        db.execute("update kbs set title = ? where kb = ?", [" ".join(TEXTS), KB])
        for index in ("kbs_fts", "sections_fts"):
            db.execute(f"insert into {index} ({index}) values ('rebuild')")


def _fill(db: sqlite3.Connection, table: str, column: str, words: tuple[str, ...]) -> None:
    rows = [row for (row,) in db.execute(f"select rowid from {table} order by rowid desc")]
    db.executemany(f"update {table} set {column} = ? where rowid = ?", zip(cycle(words), rows, strict=False))


def plan_ahead(path: Path) -> None:
    """Let a catalog be read today, and plan nothing but a baseline of 24H2, in two months."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update pages set fetched_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') where fetched_at is not null")
        db.execute("delete from months where status = 'planned'")
        db.execute(
            "insert into months (release, month, type, status, restart, withdrawn, page)"
            " values ('windows-11-24h2', ?, 'baseline', 'planned', 1, 0, 'hotpatch-24h2')",
            [month_ahead()],
        )
        for table in FOLLOWING:
            db.execute(f"delete from {table}")
        db.executescript(follow())


def today() -> date:
    """The day that the site takes it for."""
    return datetime.now(UTC).date()


def month_ahead() -> str:
    return f"{today().year + (today().month > 10)}-{(today().month + 1) % 12 + 1:02}"

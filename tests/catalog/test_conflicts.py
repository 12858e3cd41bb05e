"""Pages that differ: both values, both pages, since when, which one is used and why; and what is used is published."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import answers
from scraper.catalog.articles import Article, add_articles
from scraper.catalog.findings import Finding, FindingRow
from scraper.catalog.history import History, Run, add_run
from scraper.catalog.resolve import resolve
from scraper.catalog.resolved import Resolved
from scraper.catalog.statements import Reason
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.sources import BY_NAME, SOURCES
from scraper.models import (
    ArticleRecord,
    CalendarMonth,
    Entry,
    EntryKind,
    IssuesRead,
    MonthType,
    Records,
    Servicing,
    Update,
    Version,
)
from tests.fixtures.pages import SNAPSHOTS, everything, file_name
from tests.fixtures.places import CAPTURES

RELEASE, SERVER = "windows-11-24h2", "windows-server-2025"
INFORMATION = "windows-11-release-information"
NOTES, SIBLING = "hotpatch-24h2", "hotpatch-25h2"
HISTORY = "windows-11-update-history"
RANKED = sorted(SOURCES, key=lambda source: source.parser != "release_information")

KB, CUMULATIVE, OUT_OF_BAND = "KB5058497", "KB5058411", "KB5061258"
B = Update(RELEASE, "26100.4061", CUMULATIVE, "B", "2025-05", "2025-05-13", None)
APRIL = Update(RELEASE, "26100.3775", "KB5055523", "B", "2025-04", "2025-04-08", None)
MAY = CalendarMonth(RELEASE, "2025-05", MonthType.HOTPATCH, "2025-05-13", "26100.3981", KB, None, False)
BASELINE = CalendarMonth(RELEASE, "2025-04", MonthType.BASELINE, "2025-04-08", "26100.3775", "KB5055523", None, False)
PLAN = CalendarMonth(RELEASE, "2026-09", MonthType.HOTPATCH, None, None, None, None, False)

Row = tuple[str | None, ...]


def says(
    *,
    base: int | None = 26100,
    updates: Sequence[Update] = (),
    months: Sequence[CalendarMonth] = (),
    entries: Sequence[Entry] = (),
) -> Records:
    """What a page says of 24H2 and of Server 2025."""
    versions = (Version(RELEASE, "Windows 11", "24H2", base), Version(SERVER, "Windows Server", "2025", base))
    return Records("learn", "", versions, (), (), tuple(updates), tuple(months), tuple(entries), (), ())


def link(
    kind: EntryKind, date: str | None, kb: str | None, *builds: str, preview: bool = False, release: str = RELEASE
) -> Entry:
    return Entry(release, kind, date, kb, builds, f"{date} {kind} {kb}", None, False, preview)


def hotpatch(date: str = "2025-05-13", kb: str = KB, build: str = "26100.3981") -> Entry:
    return link(EntryKind.HOTPATCH, date, kb, build)


def out_of_band(date: str = "2025-05-16", build: str = "26100.3983", *, preview: bool = False) -> Entry:
    return link(EntryKind.OUT_OF_BAND, date, OUT_OF_BAND, build, preview=preview)


def article(*, heading: str | None = None, title: str | None = None, date: str | None = None) -> ArticleRecord:
    """The article of a KB, of which only builds and date are of interest."""
    builds = tuple(() if build is None else (build,) for build in (title, heading))
    return ArticleRecord("", None, "", "", frozenset(), *builds, date, date, IssuesRead.NONE, (), (), ())


def resolved(pages: dict[str, Records], articles: dict[str, ArticleRecord] | None = None) -> Resolved:
    rows = resolve(pages, RANKED)
    add_articles(rows, {kb: Article(kb, record, "") for kb, record in (articles or {}).items()}, {})
    return rows


def differ(found: Iterable[Finding]) -> list[Row]:
    """Field, what it is of, the value that is used and its page, the other value and its page, why."""
    return [
        (finding.field, finding.about, finding.used, finding.page, finding.other, finding.other_page, finding.why)
        for finding in found
        if finding.code == "conflict"
    ]


# --- why -------------------------------------------------------------------------------------------------------------

CASES: dict[str, tuple[dict[str, Records], dict[str, ArticleRecord], list[Row]]] = {
    "release information and a link": (
        {INFORMATION: says(months=[MAY]), NOTES: says(entries=[hotpatch("2025-05-20", build="26100.3982")])},
        {},
        [
            ("date", "2025-05", "2025-05-13", INFORMATION, "2025-05-20", NOTES, Reason.RANK),
            ("build", "2025-05", "26100.3981", INFORMATION, "26100.3982", NOTES, Reason.RANK),
        ],
    ),
    "two calendars": (
        {INFORMATION: says(months=[MAY]), NOTES: says(months=[replace(MAY, kb="KB5058499", build=None)])},
        {},
        [("KB", "2025-05", KB, INFORMATION, "KB5058499", NOTES, Reason.RANK)],
    ),
    "a type that the KB in its own row contradicts": (
        {
            INFORMATION: says(updates=[B], months=[replace(MAY, type=MonthType.BASELINE)]),
            NOTES: says(months=[replace(MAY, available=None, build=None)]),
        },
        {},
        [("type", "2025-05", "hotpatch", NOTES, "baseline", INFORMATION, Reason.CONTRADICTED)],
    ),
    "a label and the newest build": (
        {INFORMATION: replace(says(), servicing=(Servicing(RELEASE, None, None, None, None, "26200.4061"),))},
        {},
        [("build", "24H2", "26100", INFORMATION, "26200", INFORMATION, Reason.LABEL)],
    ),
    "release history and update history": (
        {
            INFORMATION: says(updates=[B]),
            HISTORY: says(entries=[link(EntryKind.CUMULATIVE, "2025-05-14", CUMULATIVE, "26100.4062")]),
        },
        {},
        [
            ("date", CUMULATIVE, "2025-05-13", INFORMATION, "2025-05-14", HISTORY, Reason.RANK),
            ("build", CUMULATIVE, "26100.4061", INFORMATION, "26100.4062", HISTORY, Reason.RANK),
        ],
    ),
    "a KB that only the release history has, and one that only the update history has": (
        {
            INFORMATION: says(updates=[B]),
            HISTORY: says(entries=[link(EntryKind.CUMULATIVE, "2025-05-13", "KB5058141", "26100.4061")]),
        },
        {},
        [("KB", "26100.4061", CUMULATIVE, INFORMATION, "KB5058141", HISTORY, Reason.RANK)],
    ),
    "tracks": (
        {
            INFORMATION: says(updates=[B]),
            NOTES: says(entries=[link(EntryKind.OUT_OF_BAND, "2025-05-13", CUMULATIVE, "26100.4061")]),
        },
        {},
        [("track", CUMULATIVE, "cumulative", INFORMATION, "hotpatch", NOTES, Reason.RANK)],
    ),
    "server release information and a link": (
        {
            "windows-server-release-information": says(months=[replace(MAY, release=SERVER)]),
            NOTES: says(entries=[replace(hotpatch("2025-05-20"), release=SERVER)]),
        },
        {},
        [
            (
                *("date", "2025-05", "2025-05-13", "windows-server-release-information", "2025-05-20", NOTES),
                Reason.RANK,
            )
        ],
    ),
    "release history and calendar of one page": (
        {
            INFORMATION: says(
                updates=[APRIL],
                months=[replace(BASELINE, available="2025-04-09", build="26100.3776", kb="KB5055532")],
            )
        },
        {},
        [
            ("date", "2025-04", "2025-04-08", INFORMATION, "2025-04-09", INFORMATION, Reason.HISTORY),
            ("build", "2025-04", "26100.3775", INFORMATION, "26100.3776", INFORMATION, Reason.HISTORY),
            ("KB", "2025-04", "KB5055523", INFORMATION, "KB5055532", INFORMATION, Reason.HISTORY),
        ],
    ),
    "a row of both tables of one page": (
        {
            INFORMATION: says(
                updates=[replace(B, cadence="OOB", month="2025-06")],
                months=[replace(MAY, build=B.build, kb=B.kb)],
            )
        },
        {},
        [("track", CUMULATIVE, "cumulative", INFORMATION, "hotpatch", INFORMATION, Reason.HISTORY)],
    ),
    "calendar and link of the release notes": (
        {NOTES: says(base=None, months=[replace(MAY, build=None)], entries=[hotpatch("2025-05-20")])},
        {},
        [("date", "2025-05", "2025-05-13", NOTES, "2025-05-20", NOTES, Reason.CALENDAR)],
    ),
    "a category and its preview": (
        {NOTES: says(entries=[out_of_band("2025-05-17", preview=True), out_of_band()])},
        {},
        [("date", OUT_OF_BAND, "2025-05-16", NOTES, "2025-05-17", NOTES, Reason.PREVIEW)],
    ),
    "the two pages of release notes": (
        {
            NOTES: says(entries=[out_of_band()]),
            SIBLING: says(entries=[out_of_band(build="26100.3984")]),
        },
        {},
        [("build", OUT_OF_BAND, "26100.3983", NOTES, "26100.3984", SIBLING, Reason.OWN)],
    ),
    "the two pages of release notes, of a release that is both's": (
        {
            NOTES: says(entries=[replace(out_of_band(), release=SERVER)]),
            SIBLING: says(entries=[replace(out_of_band("2025-05-17"), release=SERVER)]),
        },
        {},
        [("date", OUT_OF_BAND, "2025-05-16", NOTES, "2025-05-17", SIBLING, Reason.PAGE)],
    ),
    "two links of one page": (
        {NOTES: says(entries=[out_of_band(), out_of_band("2025-05-17")])},
        {},
        [("date", OUT_OF_BAND, "2025-05-16", NOTES, "2025-05-17", NOTES, Reason.ROW)],
    ),
    "two labels of one page": (
        {INFORMATION: replace(says(), versions=(*says().versions, *says(base=26200).versions[:1]))},
        {},
        [("build", "24H2", "26100", INFORMATION, "26200", INFORMATION, Reason.ROW)],
    ),
    "two plans": (
        {INFORMATION: says(months=[PLAN]), NOTES: says(months=[replace(PLAN, type=MonthType.BASELINE)])},
        {},
        [("type", "2026-09", "hotpatch", INFORMATION, "baseline", NOTES, Reason.RANK)],
    ),
    "a plan and a release": (
        {
            INFORMATION: says(months=[PLAN]),
            NOTES: says(months=[replace(PLAN, type=MonthType.BASELINE, kb="KB5124008")]),
        },
        {},
        [("type", "2026-09", "baseline", NOTES, "hotpatch", INFORMATION, Reason.RELEASED)],
    ),
    "two plans and a release": (
        {
            INFORMATION: says(months=[PLAN]),
            NOTES: says(
                months=[replace(PLAN, type=MonthType.BASELINE)],
                entries=[link(EntryKind.BASELINE, "2026-09-08", None)],
            ),
        },
        {},
        [("type", "2026-09", "baseline", NOTES, "hotpatch", INFORMATION, Reason.RELEASED)],
    ),
    "a build that cannot be the month's": (
        {
            INFORMATION: says(updates=[APRIL, B], months=[replace(MAY, build=B.build)]),
            NOTES: says(entries=[hotpatch()]),
        },
        {},
        [("build", "2025-05", "26100.3981", NOTES, "26100.4061", INFORMATION, Reason.UNBELIEVED)],
    ),
    "a date that one link filled and another denies": (
        {
            NOTES: says(entries=[link(EntryKind.COMPONENT, None, "KB5074204")]),
            SIBLING: says(
                entries=[
                    link(EntryKind.COMPONENT, "2025-12-09", "KB5074204", "26100.7392"),
                    link(EntryKind.COMPONENT, "2025-12-10", "KB5074204", preview=True),
                ]
            ),
        },
        {},
        [("date", "KB5074204", "2025-12-09", SIBLING, "2025-12-10", SIBLING, Reason.PREVIEW)],
    ),
    "links of two kinds": (
        {NOTES: says(entries=[link(EntryKind.COMPONENT, None, OUT_OF_BAND)]), SIBLING: says(entries=[out_of_band()])},
        {},
        [("track", OUT_OF_BAND, "component", NOTES, "hotpatch", SIBLING, Reason.OWN)],
    ),
    "the calendar, the history and a link": (
        {
            INFORMATION: says(updates=[APRIL], months=[replace(BASELINE, build="26100.3776")]),
            NOTES: says(months=[replace(BASELINE, build=None, available=None, kb="KB5055532")]),
        },
        {},
        [
            ("build", "2025-04", "26100.3775", INFORMATION, "26100.3776", INFORMATION, Reason.HISTORY),
            ("KB", "2025-04", "KB5055523", INFORMATION, "KB5055532", NOTES, Reason.RANK),
        ],
    ),
    "heading and title of an article": (
        {INFORMATION: says(updates=[B])},
        {CUMULATIVE: article(heading="26100.4062", title="26100.4060", date="2025-05-14")},
        [
            ("build", CUMULATIVE, "26100.4061", INFORMATION, "26100.4062", CUMULATIVE, Reason.ARTICLE),
            ("build", CUMULATIVE, "26100.4061", INFORMATION, "26100.4060", CUMULATIVE, Reason.ARTICLE),
            ("date", CUMULATIVE, "2025-05-13", INFORMATION, "2025-05-14", CUMULATIVE, Reason.ARTICLE),
        ],
    ),
    "a title that repeats its heading": (
        {INFORMATION: says(updates=[B])},
        {CUMULATIVE: article(heading="26100.4062", title="26100.4062")},
        [("build", CUMULATIVE, "26100.4061", INFORMATION, "26100.4062", CUMULATIVE, Reason.ARTICLE)],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_two_places_that_differ_are_one_finding_with_both_values_and_the_reason(
    case: tuple[dict[str, Records], dict[str, ArticleRecord], list[Row]],
) -> None:
    pages, articles, expected = case
    found = differ(resolved(pages, articles).findings().values())
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_every_reason_is_reached() -> None:
    reached = {row[-1] for _, _, expected in CASES.values() for row in expected}
    assert reached | {Reason.KEPT} == set(Reason)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_used_is_what_the_rows_say(
    case: tuple[dict[str, Records], dict[str, ArticleRecord], list[Row]],
) -> None:
    runs = Runs()
    runs.add(*case[:2])
    assert published_otherwise(runs.history) == []


@pytest.mark.parametrize(
    "pages",
    [
        {INFORMATION: says(months=[MAY]), NOTES: says(entries=[hotpatch()])},
        # One build may have two KBs, each with its own link: 26100.7392 had.
        {
            INFORMATION: says(updates=[B]),
            HISTORY: says(
                entries=[link(EntryKind.CUMULATIVE, "2025-05-13", kb, "26100.4061") for kb in (CUMULATIVE, "KB5059999")]
            ),
        },
        # Another day's update of the same build is another update: 26300.9457 came twice.
        {
            INFORMATION: says(updates=[B]),
            HISTORY: says(entries=[link(EntryKind.CUMULATIVE, "2025-05-20", "KB5059999", "26100.4061")]),
        },
        # The first row of a release has no KB, and the update history has one: 26100.1742.
        {
            INFORMATION: says(updates=[replace(B, kb=None)]),
            HISTORY: says(entries=[link(EntryKind.CUMULATIVE, "2025-05-13", "KB5043080", "26100.4061")]),
        },
        # A page that says nothing contradicts nothing.
        {INFORMATION: says(months=[PLAN]), NOTES: says(months=[PLAN], entries=[out_of_band()])},
    ],
)
def test_pages_that_agree_are_no_disagreement(pages: dict[str, Records]) -> None:
    assert differ(resolved(pages).findings().values()) == []


def test_the_history_is_published_for_a_baseline_in_its_month_too() -> None:
    pages, _, _ = CASES["release history and calendar of one page"]
    month = resolved(pages).months[RELEASE, "2025-04"]
    assert (month.available, month.build, month.kb) == ("2025-04-08", "26100.3775", "KB5055523")


def test_a_build_that_is_believed_makes_its_row_in_place_of_the_one_that_is_not() -> None:
    pages, _, _ = CASES["a build that cannot be the month's"]
    rows = resolved(pages)
    assert rows.builds[RELEASE, "26100.3981", KB].page == NOTES
    assert [finding.code for finding in rows.findings().values()] == ["revision-order", "conflict"]


def test_links_give_a_release_its_family_once_and_take_none_from_it() -> None:
    """Where no page with labels is read: a category that swallowed the next one's links, which are more."""
    swallowed = [link(EntryKind.HOTPATCH, None, f"KB50000{n}", f"20348.{n}", release=SERVER) for n in range(10, 13)]
    pages = {
        "hotpatch-25h2": says(
            base=None, entries=[*swallowed, link(EntryKind.HOTPATCH, None, KB, "26100.3981", release=SERVER)]
        )
    }
    assert resolve(pages, RANKED).releases[SERVER].base_build == 20348
    rows = resolve(pages, RANKED, {SERVER: 26100})
    assert rows.releases[SERVER].base_build == 26100
    assert [key for key in rows.builds if key[1]] == [(SERVER, "26100.3981", KB)]
    assert [(finding.code, finding.subject) for finding in rows.found] == [
        ("family", kb) for kb in ("KB5000010", "KB5000011", "KB5000012")
    ]


def test_messages_name_the_value_that_is_used_first() -> None:
    messages = {
        name: [finding.message for finding in resolved(*case[:2]).findings().values()] for name, case in CASES.items()
    }
    assert messages["release information and a link"][0] == (
        f"date of 2025-05: 2025-05-13 on {INFORMATION}, 2025-05-20 on {NOTES}"
    )
    assert messages["a plan and a release"] == [f"type of 2026-09: baseline on {NOTES}, hotpatch on {INFORMATION}"]
    assert messages["a row of both tables of one page"] == [
        f"track of {CUMULATIVE}: cumulative in the release history, hotpatch in the calendar of {INFORMATION}"
    ]
    assert messages["two labels of one page"] == [f"build of 24H2: 26100 and 26200 on {INFORMATION}"]
    assert messages["a title that repeats its heading"] == [
        f"build in the heading of {CUMULATIVE}: 26100.4062, 26100.4061 on {INFORMATION}"
    ]


# --- run after run ---------------------------------------------------------------------------------------------------


class Runs:
    """A history of one run after another; every page that says something was read."""

    def __init__(self) -> None:
        self.history, self.number = History(), 0

    def add(self, pages: dict[str, Records], articles: dict[str, ArticleRecord] | None = None) -> list[FindingRow]:
        """Add a run; all conflicts so far."""
        self.number += 1
        run = Run(
            self.number, f"2026-09-{self.number:02}T00:00:00Z", set(pages), set(pages if self.number == 1 else ())
        )
        add_run(self.history, run, resolved(pages, articles))
        return [row for row in self.history.findings if row.finding.code == "conflict"]


def published_otherwise(history: History) -> list[Finding]:
    """The open conflicts of which another value is published than the one that is called used."""
    values: dict[tuple[str | None, str | None, str | None], set[str]] = {}
    for release in history.releases.values():
        values[release.release, release.version, "build"] = {str(release.base_build)}
    for month in history.months.values():
        for name, value in (
            ("type", month.type),
            ("date", month.available),
            ("build", month.build),
            ("KB", month.kb),
        ):
            values[month.release, month.month, name] = {str(value)}
    for build in history.builds.values():
        for about, name, stated in (
            (build.kb or build.build, "track", build.track),
            (build.kb or build.build, "date", build.available),
            (build.kb or build.build, "build", build.build),
            (build.build, "KB", build.kb),
        ):
            values.setdefault((build.release, about, name), set()).add(str(stated))
    open_findings = [row.finding for row in history.findings if row.resolved_at is None]
    return [
        finding
        for finding in open_findings
        if finding.code == "conflict" and finding.used not in values[finding.release, finding.about, finding.field]
    ]


def times(found: Iterable[FindingRow]) -> list[tuple[str, str]]:
    return [(row.first_seen[8:10], (row.resolved_at or "")[8:10]) for row in found]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_disagreement_that_stands_is_one_finding_since_its_first_run(
    case: tuple[dict[str, Records], dict[str, ArticleRecord], list[Row]],
) -> None:
    pages, articles, expected = case
    runs = Runs()
    for _ in range(3):
        found = runs.add(pages, articles)
    assert times(found) == [("01", "")] * len(expected)
    assert times(runs.add({name: says() for name in pages})) == [("01", "04")] * len(expected)


def test_a_disagreement_is_resolved_when_the_pages_agree_and_another_begins_when_they_differ_again() -> None:
    runs = Runs()
    late, mended = ({NOTES: says(entries=[hotpatch(date)])} for date in ("2025-05-20", "2025-05-13"))
    table = {INFORMATION: says(months=[MAY])}
    runs.add(table | late)
    runs.add(table | late)
    assert times(runs.add(table | mended)) == [("01", "03")]
    assert times(runs.add(table | late)) == [("01", "03"), ("04", "")]


def test_a_plan_that_came_true_elsewhere_is_still_the_same_disagreement() -> None:
    """The value that is used changes, and so does the subject, which is the KB as soon as there is one."""
    runs = Runs()
    planned = replace(PLAN, type=MonthType.BASELINE)
    runs.add({INFORMATION: says(months=[PLAN]), NOTES: says(months=[planned])})
    came = replace(planned, kb="KB5124008")
    (found,) = runs.add({INFORMATION: says(months=[PLAN]), NOTES: says(months=[came])})
    assert times([found]) == [("01", "")]
    assert differ([found.finding]) == [
        ("type", "2026-09", "baseline", NOTES, "hotpatch", INFORMATION, Reason.RELEASED),
    ]
    assert found.finding.subject == "KB5124008"
    assert published_otherwise(runs.history) == []


def test_a_value_that_stays_when_its_page_lost_the_row_is_the_one_that_is_used() -> None:
    listed = link(EntryKind.CUMULATIVE, "2025-05-14", CUMULATIVE, "26100.4061")
    late = link(EntryKind.CUMULATIVE, "2025-05-15", CUMULATIVE, "26100.4061")
    runs = Runs()
    runs.add({INFORMATION: says(updates=[APRIL, B]), HISTORY: says(entries=[listed])})
    for _ in range(2):
        found = runs.add({INFORMATION: says(updates=[APRIL]), HISTORY: says(entries=[listed, late])})
        assert published_otherwise(runs.history) == []
    assert differ(row.finding for row in found) == [
        ("date", CUMULATIVE, "2025-05-13", INFORMATION, "2025-05-14", HISTORY, Reason.KEPT),
        ("date", CUMULATIVE, "2025-05-13", INFORMATION, "2025-05-15", HISTORY, Reason.KEPT),
    ]
    assert times(found) == [("01", ""), ("02", "")], "the first of them stands on"


def test_a_page_that_emptied_a_cell_and_an_article_differ_by_the_date_that_stays() -> None:
    runs = Runs()
    runs.add({INFORMATION: says(updates=[APRIL, B])})
    undated = says(updates=[APRIL, replace(B, available=None)])
    found = runs.add({INFORMATION: undated}, {CUMULATIVE: article(date="2025-05-14")})
    assert differ(row.finding for row in found) == [
        ("date", CUMULATIVE, "2025-05-13", INFORMATION, "2025-05-14", CUMULATIVE, Reason.ARTICLE)
    ]
    assert published_otherwise(runs.history) == []


def test_a_page_that_mends_its_build_into_one_that_cannot_be_differs_with_no_other() -> None:
    runs = Runs()
    runs.add({INFORMATION: says(updates=[APRIL, B], months=[MAY])})
    broken = says(updates=[APRIL, B], months=[replace(MAY, build=B.build)])
    assert runs.add({INFORMATION: broken}) == []
    assert runs.history.months[RELEASE, "2025-05"].build == "26100.3981"


DATES, REVISIONS, KBS = ("2025-05-13", "2025-05-14"), ("3981", "3982", "4061"), (KB, "KB5058499", CUMULATIVE)


@st.composite
def pages(draw: st.DrawFn) -> dict[str, Records]:
    """What the pages say in a run, out of a few dates, builds and KBs of May 2025."""
    date, kb = st.sampled_from((*DATES, None)), st.sampled_from(KBS)
    build = st.sampled_from(REVISIONS).map("26100.{}".format)
    kinds = st.sampled_from([kind for kind in EntryKind if kind is not EntryKind.BASELINE])
    months = st.builds(
        CalendarMonth,
        *(st.just(RELEASE), st.just("2025-05"), st.sampled_from(MonthType), date, build | st.none(), kb | st.none()),
        *(st.none(), st.just(False)),
    )
    updates = st.builds(
        Update, st.just(RELEASE), build, kb | st.none(), st.just("B"), st.just("2025-05"), date, st.none()
    )
    links = st.builds(link, kinds, date, kb, build, preview=st.booleans())
    stated = {
        INFORMATION: st.builds(says, updates=st.lists(updates, max_size=2), months=st.lists(months, max_size=1)),
        NOTES: st.builds(
            says, base=st.none(), months=st.lists(months, max_size=1), entries=st.lists(links, max_size=2)
        ),
        SIBLING: st.builds(says, base=st.none(), entries=st.lists(links, max_size=2)),
        HISTORY: st.builds(says, base=st.none(), entries=st.lists(links, max_size=2)),
    }
    return {name: draw(page) for name, page in stated.items()}


@given(st.lists(pages(), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_what_is_used_is_always_what_is_published(drawn: list[dict[str, Records]]) -> None:
    runs = Runs()
    for stated in drawn:
        runs.add(stated, {CUMULATIVE: article(heading="26100.4061", title="26100.4060", date="2025-05-13")})
        assert published_otherwise(runs.history) == []
    still = [row.finding for row in runs.history.findings if row.resolved_at is None]
    assert len({finding.identity for finding in still}) == len(still)
    for finding in still:
        values = (finding.field, finding.used, finding.other, finding.other_page, finding.why)
        assert (finding.code == "conflict") == (None not in values), finding
        assert finding.used != finding.other or finding.code != "conflict"


# --- catalogs --------------------------------------------------------------------------------------------------------

DISAGREEMENTS = """
    select release, subject, field, used, used_page, other, other_page, why, since, until from disagreements
    order by since, release, subject
"""
# Whatever a subject names: its month, its update, or its release.
PUBLISHED = """
    select finding from disagreements where until is null and not exists (
      select 1 from months
      where months.release = disagreements.release and subject in (months.kb, month)
        and used = case field when 'date' then available when 'build' then build when 'KB' then kb else type end
      union all
      select 1 from builds
      where builds.release = disagreements.release and subject in (builds.kb, build) and corrected_to is null
        and used = case field when 'date' then available when 'build' then build when 'KB' then kb else track end
      union all
      select 1 from releases
      where releases.release = disagreements.release and subject = version and used = cast(base_build as text)
    )
"""
BOTH_SAID = "select finding from disagreements where field is null or used is null or other is null or used = other"
MAY_RUN, JULY_RUN, SEPTEMBER_RUN = (f"{day}T12:00:00Z" for day in ("2026-05-27", "2026-07-22", "2026-09-30"))


def scraped(db: Path, folder: Path, names: Sequence[str] = ()) -> Path:
    paths = job.Paths(db, None)
    now = "2026-10-14T06:00:00Z"
    assert job.scrape(paths, now, names=names, mirror=str(folder), manners=Manners(delay=0)).exit_code == 0
    return db


@pytest.fixture(scope="module")
def demo(demo_catalog: Path) -> Iterator[sqlite3.Connection]:
    with closing(answers.open_catalog(demo_catalog)) as catalog:
        yield catalog


def test_disagreements_of_the_demo(demo: sqlite3.Connection) -> None:
    rank = "release information comes before release notes and the update history"
    assert demo.execute(DISAGREEMENTS).fetchall() == [
        (
            *("windows-11-22h2", "KB5031455", "date", "2023-10-26", INFORMATION, "2023-10-31", HISTORY),
            *(rank, MAY_RUN, None),
        ),
        (
            *("windows-11-22h2", "KB5055528", "build", "22621.5189", INFORMATION, "22621.5191", HISTORY),
            *(rank, MAY_RUN, None),
        ),
        (
            *("windows-11-24h2", "KB5046696", "date", "2024-11-12", INFORMATION, "2024-11-19", NOTES),
            *(rank, MAY_RUN, None),
        ),
        (
            *("windows-server-2025", "2026-07", "type", "hotpatch", "windows-server-release-information", "baseline"),
            *(NOTES, rank, JULY_RUN, SEPTEMBER_RUN),
        ),
    ]


def test_only_disagreements_have_two_values(demo: sqlite3.Connection) -> None:
    sql = "select count(*) from findings where (code = 'conflict') <> (coalesce(field, used, other, why) is not null)"
    assert demo.execute(sql).fetchone() == (0,)
    assert demo.execute("select count(*) from findings where code <> 'conflict'").fetchone() != (0,)


def test_what_is_used_in_the_demo_is_what_its_rows_say(demo: sqlite3.Connection) -> None:
    assert demo.execute(PUBLISHED).fetchall() == []
    assert demo.execute(BOTH_SAID).fetchall() == []


@pytest.mark.parametrize("date", sorted(path.name for path in SNAPSHOTS.iterdir() if path.is_dir()))
def test_what_is_used_on_each_date_is_what_its_rows_say(tmp_path: Path, date: str) -> None:
    with closing(sqlite3.connect(scraped(tmp_path / "catalog.db", SNAPSHOTS / date))) as catalog:
        assert catalog.execute(PUBLISHED).fetchall() == []
        assert catalog.execute(BOTH_SAID).fetchall() == []
        assert catalog.execute("select count(*) >= 3 from disagreements").fetchone() == (1,)


def test_what_is_used_with_every_row_of_the_facts_is_what_its_rows_say(tmp_path: Path) -> None:
    for name, body in everything().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    with closing(sqlite3.connect(scraped(tmp_path / "catalog.db", tmp_path))) as catalog:
        assert catalog.execute(PUBLISHED).fetchall() == []
        assert catalog.execute("select subject from disagreements order by 1").fetchall() == [
            ("KB5031455",),
            ("KB5046696",),
            ("KB5055528",),
        ]


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures beside the project")
def test_captures_of_july_differ_in_nothing_that_is_not_published(tmp_path: Path) -> None:
    files = {
        INFORMATION: "windows11-release-information.2026-07-22.html",
        SIBLING: "hotpatch-windows-11-25h2.2026-07-22.html",
        HISTORY: "windows-11-update-history.2026-05-27.html",
    }
    for name, file in files.items():
        path = tmp_path / file_name(BY_NAME[name].url)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((CAPTURES / file).read_bytes())
    with closing(sqlite3.connect(scraped(tmp_path / "catalog.db", tmp_path, list(files)))) as catalog:
        assert catalog.execute(PUBLISHED).fetchall() == []
        found = catalog.execute("select release, subject, field, used, other, other_page from disagreements order by 2")
        assert found.fetchall() == [
            ("windows-11-22h2", "KB5031455", "date", "2023-10-26", "2023-10-31", HISTORY),
            ("windows-11-24h2", "KB5046696", "date", "2024-11-12", "2024-11-19", SIBLING),
            ("windows-11-22h2", "KB5055528", "build", "22621.5189", "22621.5191", HISTORY),
        ]

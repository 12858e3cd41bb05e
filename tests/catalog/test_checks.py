"""Every finding that a page can give rise to, each fired by one edit of a bundled page through the real pipeline."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from scraper.catalog.checks import CODES, Context, Past, check_rows
from scraper.catalog.checks.addresses import kinds_in
from scraper.catalog.rows import MonthRow
from scraper.models import MonthType
from tests.damage.laboratory import Laboratory, bundled_courses
from tests.fixtures.places import ROOT

CLIENT, SERVER = "windows-11-release-information", "windows-server-release-information"
HUB, OTHER_HUB, HISTORY = "hotpatch-24h2", "hotpatch-25h2", "windows-11-update-history"
RELEASE, SERVER_2025 = "windows-11-24h2", "windows-server-2025"
# Of articles, not of pages: tests/test_articles_pipeline.py fires them. "overdue" is fired below.
OF_ARTICLES = {"landing", "article-unread", "article-differs", "issues-unread"}
# No edit fires it, but time: tests/catalog/test_due.py, tests/ingest/test_due_runs.py.
OF_TIME = {"due-month"}


class Case(NamedTuple):
    """An edit: in the element that has all ``words`` (a row, an item, a label) ``old`` becomes ``new``. The finding
    that it must make has ``code``, ``release`` and ``subject``."""

    code: str
    page: str
    words: tuple[str, ...]
    old: str
    new: str
    release: str | None
    subject: str


# What a link of the update history and of the hotpatch navigation looks like; a new one is put before an old one.
_LINK = '<li class="learnRenderLeftNavArticle"><a href="/en-us/help/5085517" class="learnRenderLeftNavLink">{}</a></li>'
_UNTABLED = "March 21, 2026—KB5085517 (OS Builds 26200.8040 and 26100.8040) Out-of-band"
_UNLISTED = "March 21, 2026—Hotpatch KB5085517 (OS Builds 26200.7990 and 26100.7990) Out-of-band"
_TWICE = "<tr><td></td><td>2026-03 OOB</td><td>2026-03-22</td><td>26100.8039</td><td>KB5085516</td></tr>"
_BARE = "<tr><td></td><td>2025-11 OOB</td><td>2025-11-17</td><td>20348.4406</td><td></td></tr>"
_LTSC_TWICE = (
    "<tr><td>24H2</td><td>Long-Term Servicing Channel (LTSC)</td><td>2024-10-01</td><td>2028-10-10</td>"
    "<td>2034-10-10</td><td>2026-09 D</td><td>2026-09-22</td><td>26100.9550</td></tr>"
)
_SLUG = "https://support.microsoft.com/topic/december-9-2025-kb5072033-os-build-26100-7462"
_STRANGE = "<table><tr><th>Colour</th><th>Taste</th></tr><tr><td>red</td><td>sweet</td></tr></table>"

CASES = (
    Case(
        "family",
        SERVER,
        ("Windows Server 2019",),
        '<td nowrap=""></td>\n</tr>',
        '<td nowrap="">20348.1</td>\n</tr>',
        "windows-server-2019",
        "windows-server-2019",
    ),
    Case(
        "unserviced",
        CLIENT,
        ("26H1", "General Availability Channel"),
        "26H1",
        "23H1",
        "windows-11-26h1",
        "windows-11-26h1",
    ),
    Case("second-tuesday", CLIENT, ("2026-07 B", "26100.8875"), "2026-07-14", "2026-07-15", RELEASE, "KB5101650"),
    Case("second-tuesday", CLIENT, ("2026-07 B", "26100.8875"), "2026-07 B", "2026-07 OOB", RELEASE, "KB5101650"),
    Case(
        "update-month",
        CLIENT,
        ("2026-09 D", "26100.9550", ">KB5124010<"),
        "2026-09 D",
        "2026-07 D",
        RELEASE,
        "KB5124010",
    ),
    Case("order", CLIENT, ("26100.8039", "KB5085516"), "2026-03-21", "2026-04-21", RELEASE, "KB5085516"),
    Case("order", CLIENT, ("22621.525", "KB5019311"), "22621.525", "22621.325", "windows-11-22h2", "KB5019311"),
    Case("kb-day", CLIENT, ("22621.525", "KB5019311"), ">KB5019311", ">KB5085516", "windows-11-22h2", "KB5085516"),
    Case("baseline", CLIENT, ("2026-06 B", "26100.8655"), "2026-06 B", "2026-06 C", RELEASE, "KB5094126"),
    Case("kb-shape", CLIENT, ("26100.8039",), ">KB5085516", ">KB9085516", RELEASE, "KB9085516"),
    # 24H2 and Server 2025 had the same cumulative updates; all releases of Windows 11 still have.
    Case("siblings", SERVER, ("2025-05 B", "26100.4061"), ">KB5058411", ">KB5058141", SERVER_2025, "KB5058141"),
    Case("siblings", SERVER, ("26100.2314", "KB5046617"), "26100.2314", "26100.2324", RELEASE, "KB5046617"),
    Case("siblings", CLIENT, ("26200.7705",), "2026-01 D", "2026-01 C", "windows-11-25h2", "KB5074105"),
    Case("order", SERVER, ("20348.5024",), "2026-04 OOB", "2027-01 OOB", "windows-server-2022", "KB5091575"),
    Case("future", CLIENT, ("26100.8039",), "2026-03-21", "2027-03-21", RELEASE, "KB5085516"),
    Case("future", OTHER_HUB, ("2026.10 B",), "<td></td>", "<td>KB5129318</td>", "windows-11-25h2", "KB5129318"),
    Case("expired", HISTORY, ("26100.7019",), ") Preview", ") Preview - EXPIRED", "windows-11-24h2", "KB5067036"),
    Case("duplicate", CLIENT, ("24H2", "Long-Term"), "<tr", _LTSC_TWICE + "<tr", RELEASE, RELEASE),
    Case(
        "quarantine",
        CLIENT,
        ("24H2", "General Availability Channel"),
        "General Availability",
        "LTSC",
        RELEASE,
        "servicing",
    ),
    Case(
        "quarantine",
        CLIENT,
        ("24H2", "Long-Term"),
        "Long-Term Servicing Channel (LTSC)",
        "",
        RELEASE,
        "long-term-servicing",
    ),
    Case("end-of-updates", CLIENT, ("24H2", "Long-Term"), "2029-10-09", "2034-11-14", RELEASE, RELEASE),
    Case("end-of-updates", CLIENT, ("24H2", "Long-Term"), "2029-10-09", "2030-10-08", RELEASE, RELEASE),
    Case("conflict", CLIENT, ("24H2", "Long-Term"), "26100.9550", "26200.9550", RELEASE, "24H2"),
    Case(
        "end-of-updates",
        SERVER,
        ("Windows Server 2019",),
        '>End of updates</td>\n<td nowrap="">2029-01-09<',
        '>2029-01-09</td>\n<td nowrap="">End of updates<',
        "windows-server-2019",
        "windows-server-2019",
    ),
    Case(
        "link", SERVER, ("26100.32522",), "https://support.microsoft.com/help/5078740", _SLUG, SERVER_2025, "KB5078740"
    ),
    Case("link", HUB, ("KB5129241",), "/help/5129241", "/help/5101650", "windows-11-25h2", "KB5129241"),
    Case("second-tuesday", HISTORY, ("26100.8039",), "March 21", "March 10", "windows-11-25h2", "KB5085516"),
    Case(
        "no-kb",
        SERVER,
        ("2025-11 B", "20348.4405"),
        "<tr",
        _BARE + "<tr",
        "windows-server-2022",
        "20348.4406",
    ),
    Case(
        "latest-build",
        CLIENT,
        ("24H2", "General Availability Channel"),
        "26100.9550",
        "26100.9559",
        RELEASE,
        "26100.9550",
    ),
    Case("latest-build", CLIENT, ("26100.9550", "<td>2026-09 D"), "2026-09-22", "2026-09-23", RELEASE, "26100.9550"),
    Case("first-day", CLIENT, ("24H2", "General Availability Channel"), "2024-10-01", "2024-10-11", RELEASE, RELEASE),
    Case(
        "end-of-updates", CLIENT, ("24H2", "General Availability Channel"), "2027-10-12", "2027-11-12", RELEASE, RELEASE
    ),
    Case(
        "end-of-updates", CLIENT, ("24H2", "General Availability Channel"), "2027-10-12", "2026-09-08", RELEASE, RELEASE
    ),
    Case("unlisted", HISTORY, ("26100.8039",), "<li", _LINK.format(_UNTABLED) + "<li", "windows-11-25h2", "KB5085517"),
    Case("unlisted", HUB, ("26100.9448",), "<li", _LINK.format(_UNLISTED) + "<li", "windows-11-25h2", "KB5085517"),
    Case("link", HUB, ("KB5089466", "26200.8390"), "kb5089466", "kb5089467", "windows-11-25h2", "KB5089466"),
    Case("link", HUB, ("KB5089466", "26200.8390"), "may-12", "may-21", "windows-11-25h2", "KB5089466"),
    # The folders of an address: product, year, month.
    Case("link", HUB, ("KB5089466", "26200.8390"), "2026/may", "may", "windows-11-25h2", "KB5089466"),
    Case("link", HUB, ("KB5078736", "26100.32463"), "server-2025/", "server-3025/", SERVER_2025, "KB5078736"),
    Case("link", HUB, ("KB5089466", "26200.8390"), "2026/may", "2025/may", "windows-11-25h2", "KB5089466"),
    Case("link", HISTORY, ("26100.8039",), "/03/", "/04/", "windows-11-25h2", "KB5085516"),
    Case("link-kind", HISTORY, ("26100.8039",), ") Out-of-band", ") Preview", "windows-11-25h2", "KB5085516"),
    Case("link-text", HISTORY, ("26100.8039",), "(OS Builds", "(OS Bilds", "windows-11-25h2", "KB5085516"),
    Case("link-text", HISTORY, ("26100.8039",), "March 21, 2026—", "", "windows-11-25h2", "KB5085516"),
    Case("link-text", HISTORY, ("26100.8039",), "March 21, 2026", "March 21, 0226", "windows-11-25h2", "KB5085516"),
    Case(
        "link-text",
        HISTORY,
        ("26100.8039",),
        "(OS Builds 26200.8039 and 26100.8039) Out-of-band",
        "",
        "windows-11-25h2",
        "KB5085516",
    ),
    Case("link-text", HISTORY, ("26100.8039",), "26100.8039", "26100.8093", "windows-11-25h2", "KB5085516"),
    Case("family", HISTORY, ("26100.8039",), "26100.8039", "26170.8039", "windows-11-25h2", "KB5085516"),
    Case("family", CLIENT, ("26100.8039",), "26100.8039", "26200.8039", RELEASE, "KB5085516"),
    Case(
        "family",
        HUB,
        ("Public Preview", "Windows Server 2022"),
        "Server 2022",
        "Server 0222",
        None,
        "windows-server-0222",
    ),
    Case(
        "category", HUB, ("Public Preview", "Windows Server 2022"), "Windows Server", "Windows", None, "Public Preview"
    ),
    Case("entry", HUB, ("KB5089466", "26200.8390"), "—Hotpatch", "—Hotptch", "windows-11-25h2", "May 12"),
    Case(
        "calendar-month", OTHER_HUB, ("calendar year 2026",), "year 2026<", "year 2024<", "windows-11-25h2", "KB5074109"
    ),
    Case("update-type-year", OTHER_HUB, ("calendar year 2026",), "year 2026<", "year 2024<", "windows-11-25h2", "2024"),
    Case("conflict", CLIENT, ("26100.8039",), "2026-03-21", "2026-03-22", RELEASE, "KB5085516"),
    Case("conflict", CLIENT, ("2026.05 B", "26100.8390"), "Hotpatch", "Baseline (Restart)", RELEASE, "KB5089466"),
    Case("conflict", CLIENT, ("2026.06 B", "26100.8655"), "Baseline (Restart)", "Hotpatch", RELEASE, "KB5094126"),
    Case("duplicate", CLIENT, ("26100.8039",), "<tr", _TWICE + "<tr", RELEASE, "KB5085516"),
    Case("calendar-build", CLIENT, ("2026.05 B", "26100.8390"), "26100.8390", "26100.8037", RELEASE, "KB5089466"),
    Case("revision-order", CLIENT, ("2026.05 B", "26100.8390"), "26100.8390", "26100.8990", RELEASE, "KB5089466"),
    Case(
        "label",
        CLIENT,
        ("HotpatchCalendar_Version24H2_2026",),
        "Calendar_Version24H2",
        "Calendar_Version26H1",
        RELEASE,
        "Hotpatch",
    ),
    Case("unknown-table", CLIENT, ("Windows 11 release history",), "<h2", _STRANGE + "<h2", None, "table"),
    Case("quarantine", CLIENT, ("26100.8039",), "2026-03-21", "2026-03-32", RELEASE, "KB5085516"),
)


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory(bundled_courses()[0]) as made:
        yield made


def edited(laboratory: Laboratory, case: Case) -> bytes:
    page = laboratory.markup(case.page)
    kinds = page.of("tr", "li", "h2", "a", "table", "summary")
    sources = [(one, page.source(one)) for one in kinds]
    found = [one for one, text in sources if all(word in text for word in case.words) and case.old in text]
    assert found, "nothing to edit"
    place = min(found, key=lambda one: one.end - one.start)
    text = page.source(place)
    return page.splice([(place.start, place.end, text.replace(case.old, case.new, 1))]).encode()


# The first case of each code is tried in every run.
_FIRST = {case.code: case for case in reversed(CASES)}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=() if case is _FIRST[case.code] else pytest.mark.slow) for case in CASES],
    ids=lambda case: f"{case.code}: {case.old[:30]} to {case.new[:30]}",
)
def test_edit_of_a_page_fires_its_finding(laboratory: Laboratory, case: Case) -> None:
    catalog = laboratory.run({case.page: edited(laboratory, case)})
    new = {finding[:4] for finding in catalog.findings - laboratory.truth.findings}
    severity = CODES[case.code].severity if case.subject != "windows-server-0222" else "error"
    expected = (severity, case.code, case.release)
    assert any(finding[:3] == expected and case.subject in str(finding[3]) for finding in new), new


def test_rows_that_leave_a_page_together_are_missed_on_the_first_run(laboratory: Laboratory) -> None:
    """Nothing but their own page has the rows of Server 2022; two of them may be flapping, three are not."""
    page = laboratory.markup(SERVER)
    rows = [row for row in page.rows if re.search(r"2025-0[236] B<.*20348\.", page.source(row), re.S)]
    for count, expected in ((2, set()), (3, {("missing", "windows-server-2022", "builds")})):
        body = page.splice([(row.start, row.end, "") for row in rows[:count]]).encode()
        catalog = laboratory.run({SERVER: body})
        assert catalog.tables == laboratory.truth.tables
        assert {finding[1:4] for finding in catalog.findings - laboratory.truth.findings} == expected


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (("2025.09 B", "26100.6508"), ("warning", "no-month", SERVER_2025, "KB5065474")),
        (("2025-05 B", "26100.4061"), ("warning", "no-b", SERVER_2025, "2025-05")),
    ],
    ids=["a month that links announce", "the B beside a hotpatch"],
)
def test_row_that_is_gone_for_good_is_missed_where_another_speaks_of_it(
    laboratory: Laboratory, words: tuple[str, ...], finding: tuple[str, ...]
) -> None:
    """For one run it may be flapping. On the second it is withdrawn, and then the finding stands."""
    page = laboratory.markup(SERVER)
    row = next(row for row in page.rows if all(word in page.source(row) for word in words))
    body = page.splice([(row.start, row.end, "")]).encode()
    for runs in (1, 2, 4):
        catalog = laboratory.run({SERVER: body}, runs)
        new = {found[:4] for found in catalog.findings - laboratory.truth.findings}
        assert (finding in new) is (runs > 1)


@pytest.mark.parametrize(
    ("page", "words", "old", "new"),
    [
        (CLIENT, ("22621.2506", "KB5031455"), "<td>2023-10-26</td>", "<td></td>"),
        (SERVER, ("26100.33158", "KB5099536"), 'href="https://support.microsoft.com/help/5099536"', ""),
        (HISTORY, ("26100.8039",), "March 21, 2026—KB5085516", "March 21, 2026—"),
    ],
    ids=["a day that a link gives otherwise", "an address", "a title"],
)
def test_value_that_vanished_stays(
    laboratory: Laboratory, page: str, words: tuple[str, ...], old: str, new: str
) -> None:
    catalog = laboratory.run({page: edited(laboratory, Case("", page, words, old, new, None, ""))}, 2)
    assert catalog.tables == laboratory.truth.tables


def test_page_that_goes_back_in_time_is_told_for_as_long_as_it_does(laboratory: Laboratory) -> None:
    page = laboratory.true_pages[CLIENT].replace(b"2026-09-30T00:00:00Z", b"2026-07-19T03:21:00Z")
    for runs in (1, 2):
        catalog = laboratory.run({CLIENT: page}, runs)
        assert catalog.tables == laboratory.truth.tables
        new = {found[:4] for found in catalog.findings - laboratory.truth.findings}
        assert new == {("warning", "older", None, CLIENT)}


def test_table_that_was_shifted_as_a_whole_is_told_by_what_it_said_before(laboratory: Laboratory) -> None:
    """All builds of Server 2022 are one higher: in their order, in their family, and said nowhere else."""
    page = laboratory.true_pages[SERVER].decode()
    for count, expected in ((2, False), (3, True)):
        shifted = re.sub(
            r"(?<=<td>20348\.)(3207|3328|3692)(?=</td>)", lambda found: str(int(found[0]) + 1), page, count=count
        )
        catalog = laboratory.run({SERVER: shifted.encode()})
        new = {found[1:4] for found in catalog.findings - laboratory.truth.findings}
        assert (("rewritten", "windows-server-2022", "builds") in new) is expected


def test_two_kbs_that_changed_places_are_told_by_the_rows_that_had_them(laboratory: Laboratory) -> None:
    other = {"5058385": "5060526", "5060526": "5058385"}
    page = re.sub("|".join(other), lambda found: other[found[0]], laboratory.true_pages[SERVER].decode())
    catalog = laboratory.run({SERVER: page.encode()})
    new = {found[1:4] for found in catalog.findings - laboratory.truth.findings}
    assert {("duplicate", "windows-server-2022", kb) for kb in ("KB5058385", "KB5060526")} <= new


def test_of_two_builds_without_kb_none_is_called_the_first_without_a_word(laboratory: Laboratory) -> None:
    """Cut within a number, a build is lower than the first one of its release, and was by far not the first."""
    page = laboratory.markup(CLIENT)
    words = ("2021-10 A", "22000.194")
    first = next(row for row in page.rows if all(word in page.source(row) for word in words))
    bare = "<tr><td></td><td>2022-01 C</td><td>2022-01-25</td><td>22000.46</td><td></td></tr>"
    catalog = laboratory.run({CLIENT: page.splice([(first.start, first.start, bare)]).encode()})
    new = {finding[1:5] for finding in catalog.findings - laboratory.truth.findings}
    message = "no page says the KB of 22000.194 of 2021-10-04, nor that of 22000.46 of 2022-01-25"
    assert ("no-kb", "windows-11-21h2", "22000.194", message) in new


def test_two_links_of_one_kb_are_of_one_kind(laboratory: Laboratory) -> None:
    """No table has KB5062663 of 22H2, whose category has a link to the update of 23H2."""
    page = laboratory.markup(HISTORY)
    link = next(one for one in page.of("a") if "KB5062663" in page.source(one) and "22621.5699" in page.source(one))
    text = page.source(link).replace(") Preview", ") Out-of-band").replace("-preview", "-out-of-band")
    catalog = laboratory.run({HISTORY: page.splice([(link.start, link.end, text)]).encode()})
    new = {finding[1:4] for finding in catalog.findings - laboratory.truth.findings}
    assert new == {("link-kind", "windows-11-22h2", "KB5062663")}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("2026/07/july-28-2026-kb5101684-preview", ["preview"]),
        ("2026/07/kb5121767-out-of-band", ["out-of-band"]),
        ("2026/07/july-14-2026-kb5101650-os-builds-26200-8875-and-26100-8875", []),
        # Since August 2026: a preview, a B and two updates out of band. Their addresses tell no kind.
        ("2026/09/kb5124010-windows-11-24h2-25h2-update", None),
        ("2026/09/kb5124008-windows-11-24h2-25h2-security-update", None),
        ("2026/09/kb5129195-windows-11-24h2-25h2-security-update", None),
        ("2026/09/kb5129242-windows-11-23h2-update", None),
        ("2026/09/kb5129299-hotpatch-update", ["hotpatch"]),
    ],
)
def test_address_without_a_day_tells_a_kind_only_where_it_names_one(name: str, kinds: list[str] | None) -> None:
    assert kinds_in(f"https://support.microsoft.com/en-us/servicing/os/windows-11/{name}") == kinds


def test_label_over_builds_of_another_family_sets_the_page_aside(laboratory: Laboratory) -> None:
    """One label moved, and 94 rows were published under two releases, each with a finding: better none of them."""
    page = laboratory.markup(CLIENT)
    label = next(one for one in page.of("summary") if "Version 26H1" in page.source(one))
    text = page.source(label).replace("OS build 28000", "OS build 22000")
    catalog = laboratory.run({CLIENT: page.splice([(label.start, label.end, text)]).encode()})
    expected = f"unexpected label of a release-history table on {CLIENT}. expected: builds of OS build 22000 under"
    assert catalog.failures[CLIENT].startswith(expected)
    assert catalog.tables == laboratory.truth.tables


def test_slip_in_the_newest_build_makes_no_other_family(laboratory: Laboratory) -> None:
    """One cell of the servicing table; the labels above all rows name the family."""
    page = laboratory.markup(CLIENT)
    row = next(row for row in page.rows if "24H2" in page.source(row) and "26100.9550" in page.source(row))
    text = page.source(row).replace("26100.9550", "26200.9550")
    catalog = laboratory.run({CLIENT: page.splice([(row.start, row.end, text)]).encode()})
    assert catalog.tables == laboratory.truth.tables
    new = {finding[1:3] for finding in catalog.findings - laboratory.truth.findings}
    assert new == {("conflict", RELEASE), ("latest-build", RELEASE)}


@pytest.mark.parametrize(
    ("words", "release", "subject"),
    [
        (("2026.08 B", "20348.5440"), "windows-server-2022", "KB5120229"),
        (("2026.09 B", "26100.33438"), "windows-server-2025", "2026-09"),
    ],
)
def test_link_of_a_month_that_no_calendar_has_any_more(words: tuple[str, ...], release: str, subject: str) -> None:
    """In the run in which a month came, its row was in another table: only the links still say what came."""
    with Laboratory(bundled_courses()[1]) as laboratory:
        page = laboratory.markup(SERVER)
        row = next(row for row in page.rows if all(word in page.source(row) for word in words))
        catalog = laboratory.run({SERVER: page.splice([(row.start, row.end, "")]).encode()})
        new = {finding[:4] for finding in catalog.findings - laboratory.truth.findings}
        assert ("warning", "no-month", release, subject) in new


def test_day_of_a_month_is_filled_by_a_page_that_gives_it_another_type() -> None:
    """The day is the second Tuesday whatever came on it, so a calendar that says hotpatch takes it from a link that
    says baseline."""
    with Laboratory(bundled_courses()[2]) as laboratory:
        page = laboratory.markup(SERVER)
        row = next(row for row in page.rows if re.search(r"2026\.07 B.*Hotpatch", page.source(row), re.S))
        text = page.source(row).replace("2026-07-14", "")
        catalog = laboratory.run({SERVER: page.splice([(row.start, row.end, text)]).encode()})
        assert catalog.tables == laboratory.truth.tables
        months = catalog.tables["months"]
        assert months["windows-server-2025", "2026-07"]["available"] == "2026-07-14"


def test_month_that_is_still_planned_behind_a_released_one_is_overdue() -> None:
    def month(name: str, available: str | None) -> MonthRow:
        build = available and "26100.8390"
        return MonthRow(
            release=RELEASE, page=CLIENT, month=name, type=MonthType.BASELINE, available=available, build=build
        )

    months = [month(name, day) for name, day in (("2026-04", None), ("2026-05", "2026-05-12"), ("2026-06", None))]
    found, _ = check_rows(Context((), {}, (), months, Past(day="2026-07-22")))
    assert [(finding.code, finding.subject) for finding in found] == [("overdue", "2026-04")]


def test_true_pages_fire_none_of_the_findings_that_damage_fires(laboratory: Laboratory) -> None:
    """What Microsoft's pages really have: see test_facts.py, which knows each by name."""
    found = {str(code) for _, code, *_ in laboratory.truth.findings}
    assert found == {"conflict", "family", "link", "second-tuesday", "unlisted"}
    assert len(laboratory.truth.findings) == 12


def codes_in_code() -> set[str]:
    """Every code that the source gives a finding, wherever it is found."""
    found: set[str] = set()
    for path in (ROOT / "scraper").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                place = {"Finding": 1, "find": 1, "Note": 1, "note": 1, "Trouble": 0, "check": 0}.get(name)
                arguments = node.args[place : place + 1] if place is not None else []
                values = [one.value for one in arguments if isinstance(one, ast.Constant)]
                found |= {value for value in values if isinstance(value, str)}
    return found | {"calendar-build", "revision-order"}  # chosen in overrule_builds


def test_every_code_is_fired_and_explained() -> None:
    """docs/findings.md is made from the same table: tests/docs/test_findings.py."""
    fired = (
        {case.code for case in CASES}
        | {"missing", "rewritten", "overdue", "no-month", "no-b", "older"}
        | OF_ARTICLES
        | OF_TIME
    )
    assert fired == CODES.keys() == codes_in_code()

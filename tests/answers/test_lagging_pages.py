"""The pages list an update later than it came: for a day as a rule, for a week in June 2026. Until they do, no build is
current.

``tests/facts/release_page_lag.csv`` says when a row was first seen, and sometimes when it was last missed. The nights
are played again with pages made from the facts: without the row and all that is newer, then with it. Where the times
are vague, the pages lag for as long as they may have:

* a row seen in the "next morning" is there at noon of the next day, one seen on a day at 20:00 of that day;
* the update history has the row from the time at which it was first seen, release information from the next noon on,
  where the facts tell of the update history only; where they tell of release information only, both have it then;
* the calendars of the hotpatch notes come with release information. Where they come first they are a page that lists
  the month, too: then its own builds may be current, and no other.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from scraper import answers
from scraper.ingest import job
from scraper.ingest.fetch import Manners
from scraper.ingest.sources import BY_NAME
from tests.answers.listed import Update, facts
from tests.answers.rulebook import bundled
from tests.answers.rules import second_tuesday, security_month, shifted
from tests.fixtures.pages import Edition, file_name
from tests.fixtures.pages.information import client_page, server_page
from tests.fixtures.pages.notes import history_page, notes_page
from tests.fixtures.places import SNAPSHOTS
from tests.fixtures.slow import some_slow

LEARN, SUPPORT = "Learn release information", "support update history"
# The row that lagged for a week.
QUICK = ("2026-06-09",)


@dataclass(frozen=True, slots=True)
class Lag:
    """The updates of a day, and from when on the pages have them."""

    day: str
    kbs: tuple[str, ...]
    learn: str
    support: str

    @property
    def is_due(self) -> bool:
        """Whether they are a month's security updates."""
        return self.day == second_tuesday(self.day[:7])


def came(kb: str) -> str:
    """The day of an update; the titles that the lag was seen by had a year wrong once."""
    rows = [(row["kb"], row["availability_date"]) for row in facts("win11_release_history")]
    rows += [(row["kb"], row["available"]) for row in facts("server_release_history")]
    return min(day for other, day in rows if other == kb)


def seen(text: str, day: str) -> str:
    """When a row is there at last."""
    if text == "next morning":
        return f"{shifted(day, 1)}T12:00:00Z"
    when = re.match(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", text)
    assert when, text
    return f"{when[0]}:00Z" if when[1] else f"{when[0]}T20:00:00Z"


def lags() -> dict[str, Lag]:
    times: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    kbs: dict[str, set[str]] = defaultdict(set)
    for row in facts("release_page_lag"):
        page = row["page"].partition(" (")[0]
        if page in (LEARN, SUPPORT):  # the other rows tell of entries without a build
            day = came(row["kb"])
            times[day][page].append(seen(row["first_seen_present_utc"], day))
            kbs[day].add(row["kb"])
    found = {}
    for day, pages in sorted(times.items()):
        support = max(pages[SUPPORT] or pages[LEARN])
        learn = max(pages[LEARN] or [f"{shifted(support[:10], 1)}T12:00:00Z"])
        found[day] = Lag(day, tuple(sorted(kbs[day])), learn, support)
    return found


LAGS = lags()


@dataclass(frozen=True, slots=True)
class Night:
    """A run at a time, and the last day of which release information, update history and hotpatch notes tell."""

    time: str
    learn: str
    support: str
    notes: str


def nights(lag: Lag, notes_first: bool) -> Iterator[Night]:
    """One before the updates came, one on their day, before they are out, and evenings until all pages have them: the
    first, those on which the pages changed, the last. On the others nothing is new."""
    before, evenings = shifted(lag.day, -1), []
    while f"{shifted(lag.day, len(evenings))}T20:00:00Z" < lag.learn:
        evenings.append(f"{shifted(lag.day, len(evenings))}T20:00:00Z")
    with_support = [time for time in evenings if time >= lag.support]
    times = {f"{before}T20:00:00Z", f"{lag.day}T17:00:00Z", *evenings[:1], *with_support[:1], *evenings[-1:], lag.learn}
    for time in sorted(times):
        learn, support = (lag.day if time >= shown else before for shown in (lag.learn, lag.support))
        yield Night(time, learn, support, support if notes_first else learn)


def write_pages(folder: Path, night: Night) -> str:
    """The pages as they were that night; where they lie."""
    mirror = folder / f"{night.learn}-{night.support}-{night.notes}"
    if not mirror.exists():
        learn, support, notes = (
            Edition(day, f"{day}T23:00:00Z", f"{day}T23:00:00Z", f"{day} 11:00 PM", f"{day} 11:00 PM")
            for day in (night.learn, night.support, night.notes)
        )
        pages = {
            "windows-11-release-information": client_page(learn),
            "hotpatch-24h2": notes_page("24H2", notes),
            "hotpatch-25h2": notes_page("25H2", notes),
            "windows-11-update-history": history_page(support),
            "windows-server-release-information": server_page(learn),
        }
        for name, body in pages.items():
            path = mirror / file_name(BY_NAME[name].url)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return str(mirror)


class Verdicts:
    """What a catalog says of every build, no edition told."""

    def __init__(self, catalog: Path) -> None:
        query = "select release, build, since, until, status, months_behind, reason from verdict_periods"
        with closing(answers.open_catalog(catalog)) as connection:
            self._periods = connection.execute(query).fetchall()

    def on(self, day: str) -> dict[tuple[str, str], tuple[str, int | None, str | None]]:
        """Status, months behind and reason on a day, by release and build."""
        return {(row[0], row[1]): (row[4], row[5], row[6]) for row in self._periods if row[2] <= day <= row[3]}

    def current(self, day: str) -> set[tuple[str, str]]:
        return {build for build, verdict in self.on(day).items() if verdict[0] == "current"}


def played(folder: Path, lag: Lag, notes_first: bool = False) -> Iterator[tuple[Night, Verdicts]]:
    """What the catalog says after each night."""
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    for night in nights(lag, notes_first):
        outcome = job.scrape(paths, night.time, mirror=write_pages(folder, night), manners=Manners(delay=0))
        assert outcome.exit_code == 0
        yield night, Verdicts(paths.db)


def of_month(month: str, found: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the builds that have the fixes of a month, by the rulebook. A title may have had another build at first:
    22621.5191, in April 2025."""
    catalog = bundled()

    def own(release: str, build: str) -> str | None:
        if build in catalog.by_build[release]:
            return catalog.own_month(release, build)
        return security_month(catalog.releases[release], Update(build, "", None, "cumulative", "title", None))

    return {(release, build) for release, build in found if own(release, build) == month}


SECURITY = {day: lag for day, lag in LAGS.items() if lag.is_due}
OTHERS = {day: lag for day, lag in LAGS.items() if not lag.is_due}


def test_every_row_of_the_lag_is_played() -> None:
    assert set(QUICK) <= SECURITY.keys()
    assert len(SECURITY) >= 18
    assert len(OTHERS) >= 20
    assert sum(row["page"].startswith((LEARN, SUPPORT)) for row in facts("release_page_lag")) == 75
    assert {row["kb"] for row in facts("release_page_lag") if row["kb"]} == {
        kb for lag in LAGS.values() for kb in lag.kbs
    }
    assert LAGS["2026-06-09"] == Lag(
        "2026-06-09", ("KB5094125", "KB5094126", "KB5095051"), "2026-06-17T20:00:00Z", "2026-06-12T02:05:00Z"
    )


def asked_days(lag: Lag) -> list[str]:
    """Days on which the update is due, until the next second Tuesday."""
    days = (shifted(lag.day, 1), shifted(lag.day, 2), lag.learn[:10], shifted(lag.learn[:10], 1))
    return sorted({*days, second_tuesday(shifted(f"{lag.day[:7]}-28", 7)[:7])})


@pytest.mark.parametrize("lag", some_slow(SECURITY, QUICK))
def test_no_build_is_current_between_a_second_tuesday_and_the_night_that_lists_its_update(
    lag: Lag, tmp_path: Path
) -> None:
    before: set[tuple[str, str]] = set()
    for night, verdicts in played(tmp_path, lag):
        if night.learn == lag.day:
            break
        assert before <= verdicts.current(lag.day), "on the day itself the month before is due"
        before |= verdicts.current(lag.day)
        for day in asked_days(lag):
            assert verdicts.current(day) == set(), (night, day)
            reasons = {verdict[1:] for build, verdict in verdicts.on(day).items() if build in before}
            late = "stale" if night.time < f"{lag.day}T18:30:00Z" else "not-listed"
            assert reasons - {(None, None)} == {(None, late)}, (night, day)
    assert {release for release, _ in before} >= {"windows-11-24h2", "windows-server-2025", "windows-server-2022"}
    for day in asked_days(lag):
        found = verdicts.on(day)
        came = {build for build, verdict in found.items() if verdict[0] in ("current", "behind")}
        its = of_month(lag.day[:7], found)
        assert verdicts.current(day) == its & came, day
        assert {found[build][:2] for build in (before & came) - its} == {("behind", 1)}, day


@pytest.mark.parametrize("lag", some_slow(SECURITY, ()))
def test_only_builds_of_the_month_are_current_where_only_the_hotpatch_notes_list_it(lag: Lag, tmp_path: Path) -> None:
    for night, verdicts in played(tmp_path, lag, notes_first=True):
        for day in asked_days(lag):
            assert verdicts.current(day) == of_month(lag.day[:7], verdicts.current(day)), (night, day)


@pytest.mark.parametrize("lag", some_slow(OTHERS, ()))
def test_preview_or_out_of_band_update_that_lags_changes_no_other_verdict(lag: Lag, tmp_path: Path) -> None:
    days = (lag.day, shifted(lag.day, 1), lag.learn[:10], shifted(lag.learn[:10], 3))
    due = [day for day in days if day[:7] == lag.day[:7] or day <= second_tuesday(day[:7])]
    first: dict[str, dict[tuple[str, str], tuple[str, int | None, str | None]]] = {}
    for night, verdicts in played(tmp_path, lag):
        for day in due:
            found = verdicts.on(day)
            known = first.setdefault(day, found)
            assert {build: verdict for build, verdict in found.items() if build in known} == known, (night, day)
            assert any(verdict[0] == "current" for verdict in found.values())
            assert len(found) == len(known) or night.support == lag.day or night.learn == lag.day
    assert len(found) > len(first[due[-1]])


def test_june_2026_was_not_listed_for_days(tmp_path: Path) -> None:
    """The pages of 2026-05-27, read when June's update had been out for some days, on each of its tracks."""
    paths = job.Paths(tmp_path / "catalog.db", tmp_path / "archive.db")
    mirror, severities = str(SNAPSHOTS / "2026-05-27"), {}
    for now in ("2026-06-09T12:00:00Z", "2026-06-10T03:00:00Z", "2026-06-12T03:00:00Z"):
        assert job.scrape(paths, now, mirror=mirror, manners=Manners(delay=0)).exit_code == 0
        with closing(answers.open_catalog(paths.db)) as catalog:
            severities[now[:10]] = dict(
                catalog.execute(
                    "select release, severity from findings where code = 'due-month' and resolved_at is null"
                ).fetchall()
            )
    lacking = (
        *("windows-11-23h2", "windows-11-24h2", "windows-11-25h2", "windows-11-26h1"),
        *("windows-server-2022", "windows-server-2025"),
    )
    assert severities == {
        "2026-06-09": {},
        "2026-06-10": dict.fromkeys(lacking, "info"),
        "2026-06-12": dict.fromkeys(lacking, "warning"),
    }
    with closing(answers.open_catalog(paths.db)) as catalog:
        for build in ("26100.8457", "26100.8390"):
            (answer,), _ = answers.build(catalog, build, "2026-06-12", "windows-11-24h2")
            assert (answer["status"], answer["reason"], answer["months_behind"]) == ("unknown", "not-listed", None)
            assert answer["action"]["do"] == "none" or answer["action"]["kb"] is None
            (answer,), _ = answers.build(catalog, build, "2026-06-09", "windows-11-24h2")
            assert (answer["status"], answer["reason"], answer["months_behind"]) == ("current", None, 0)

"""Verdicts by the rules alone: a second reading of rules 1, 2, 7 and 10 of design.md section 6, apart from the program.

What the rules do not say of what the facts have:

* A row that only the update history lists has no update type. It is no B row, whatever its day.
* A build whose rows have two dates came on the first. One without a date came no earlier than the B of its month.
* A build of two updates has the month of the one that has any. A hotpatch of before the calendar has that of the B of
  the same day.
* A release that stands in no servicing table that was read has no known end of updates, and is out of support.
"""

from datetime import date as Date
from datetime import timedelta
from functools import cache
from typing import NamedTuple

from tests.answers.listed import ENDED, ENTERPRISE, Pages, Release, Update

# When the updates of a second Tuesday are out: what was read before may lack them.
OUT = "T18:30:00Z"


class Verdict(NamedTuple):
    status: str
    months_behind: int | None = None
    reason: str | None = None
    security_month: str | None = None


def second_tuesday(month: str) -> str:
    first = Date.fromisoformat(f"{month}-01")
    return (first + timedelta((1 - first.weekday()) % 7 + 7)).isoformat()


@cache
def last_second_tuesday(day: str) -> str:
    """The last one before a day: the day itself does not count."""
    this = second_tuesday(day[:7])
    if this < day:
        return this
    return second_tuesday((Date.fromisoformat(f"{day[:7]}-01") - timedelta(1)).isoformat()[:7])


def shifted(day: str, days: int) -> str:
    return (Date.fromisoformat(day) + timedelta(days)).isoformat()


def security_month(release: Release, update: Update) -> str | None:
    """Rule 1."""
    if update.track == "component":
        return update.month
    if update.kind == "hotpatch":
        same = [
            other.month
            for other in release.updates
            if other.track == "cumulative" and other.month and other.available == update.available
        ]
        return update.month or max(filter(None, same), default=None)
    if update.track == "hotpatch":
        calendar = [other for other in release.updates if other.month and other.kind in ("hotpatch", "baseline")]
        earlier = [other for other in calendar if (other.available or "") <= (update.available or "")]
        return max((other.month or "" for other in earlier), default=None)
    below = [other for other in release.updates if other.track == "cumulative" and other.month]
    below = [other for other in below if other.revision <= update.revision]
    return max(below, key=lambda other: other.revision).month if below else None


class Catalog(Pages):
    """The pages of a day, read at a time, and what they answer."""

    def __init__(self, pages: str, read: str) -> None:
        super().__init__(pages)
        self.read = read
        self.by_build = {name: release.builds() for name, release in self.releases.items()}
        self.came = {name: release.months() for name, release in self.releases.items()}
        self._own: dict[tuple[str, str], str | None] = {}
        self._first: dict[tuple[str, str], str] = {}

    def of(self, build: str) -> list[str]:
        """The releases that have the build, clients first."""
        return [name for name, builds in self.by_build.items() if build in builds]

    def own_month(self, name: str, build: str) -> str | None:
        """That of its updates, which agree where they are of both tracks."""
        if (name, build) not in self._own:
            months = {security_month(self.releases[name], update) for update in self.by_build[name][build]} - {None}
            assert len(months) < 2, (name, build, months)
            self._own[name, build] = months.pop() if months else None
        return self._own[name, build]

    def first_day(self, name: str, build: str) -> str:
        if (name, build) not in self._first:
            dates = [update.available for update in self.by_build[name][build] if update.available]
            own = self.own_month(name, build)
            self._first[name, build] = min(dates) if dates else self.came[name][own] if own else ""
        return self._first[name, build]

    def end(self, name: str, edition: str | None) -> str:
        """The last day with updates; ``ENDED`` when they ended on a day that is not known."""
        ends = self.releases[name].ends or {}
        return ends.get("extended") or ends.get(edition or ENTERPRISE, ENDED)

    def due(self, name: str, as_of: str) -> str | None:
        """T: the last second Tuesday before the day, if the release was there by then."""
        tuesday = last_second_tuesday(as_of)
        available = self.releases[name].available
        return tuesday if available and available <= tuesday else None

    def verdict(self, name: str | None, build: str, as_of: str, edition: str | None = None) -> Verdict:
        """Rule 2, in its order."""
        if name is None or build not in self.by_build[name]:
            return Verdict("unknown", reason="not-in-catalog")
        own = self.own_month(name, build)
        if as_of < self.first_day(name, build):
            return Verdict("not-released", security_month=own)
        end = self.end(name, edition)
        if end == ENDED or end < as_of:
            return Verdict("out-of-support", security_month=own)
        came = [month for month, day in self.came[name].items() if day <= as_of]
        due = self.due(name, as_of)
        late = None
        if due and (not came or came[-1] < due[:7]):
            late = "stale" if self.read < f"{due}{OUT}" else "not-listed"
        if not came:
            return Verdict("unknown", reason=late or "no-security-month")
        if later := [month for month in came if not own or month > own]:
            return Verdict("behind", len(later), late, own)
        if late:
            return Verdict("unknown", None, late, own)
        return Verdict("current", 0, None, own)

"""The columns that follow from served ones by the rules of design.md section 6: kinds, security months, twins.

Pure: computed once over the rows as they stand, from nothing but those rows, so that a rule lives in one place.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from scraper.catalog.history import BuildRow, MonthRow, Timeline
from scraper.catalog.resolve import BuildClaim, initial_row, revision, security_rows
from scraper.models import MonthType


@dataclass(frozen=True, slots=True)
class BuildMeaning:
    """What follows for a build: forms as in the table ``builds``."""

    kind: str | None
    security_month: str | None
    restart: bool | None
    twin_kb: str | None
    baseline_kb: str | None


class Meanings:
    """The derived columns of one release."""

    def __init__(self, builds: Iterable[BuildRow], months: Iterable[MonthRow]) -> None:
        all_rows = [row for row in builds if row.corrected_to is None]
        rows = [row.claim for row in all_rows if not row.standing.withdrawn]
        security = security_rows(row.claim for row in all_rows)
        # A withdrawn row keeps its place among older ones, so that the devices between keep their verdict; as the
        # newest it no longer counts (design.md section 4).
        newest = max((revision(row.build or "") for row in security_rows(rows)), default=-1)
        security = [row for row in security if revision(row.build or "") <= newest]
        self._security = security
        self._revisions = [revision(row.build or "") for row in security]
        self._security_of_month = {row.month or "": row for row in security}
        self._hotpatch_of_month = {
            claim.month or "": claim for claim in rows if claim.hint == "hotpatch" and claim.month
        }
        released = [row.claim for row in months if row.released and not row.standing.withdrawn]
        self._released = sorted(released, key=lambda claim: claim.month)
        self._baselines = {claim.month: claim for claim in released if claim.type is MonthType.BASELINE}
        self._initial = initial_row(row.claim for row in all_rows)

    def of(self, claim: BuildClaim) -> BuildMeaning:
        kind = self._kind(claim)
        return BuildMeaning(
            kind=kind,
            security_month=self._security_month(claim),
            restart=None if kind == "initial" else {"cumulative": True, "hotpatch": False}.get(claim.track),
            twin_kb=self._twin(claim),
            baseline_kb=self._baseline(claim) if claim.track == "hotpatch" else None,
        )

    def cumulative(self, month: str) -> tuple[str | None, str | None]:
        """KB and build of the month's B row."""
        row = self._security_of_month.get(month)
        return (row.kb, row.build) if row else (None, None)

    def _kind(self, claim: BuildClaim) -> str | None:
        if claim.track != "cumulative":
            return claim.hint
        if claim is self._initial:
            return "initial"
        if claim.cadence == "B":
            return "baseline" if self._is_baseline(claim) else "security"
        if claim.cadence == "OOB":
            return "out-of-band"
        return "preview" if claim.cadence else claim.hint

    def _is_baseline(self, claim: BuildClaim) -> bool:
        """Whether the hotpatch calendar calls this KB the month's baseline; without a KB, the build decides."""
        month = self._baselines.get(claim.month or "")
        if month is None:
            return False
        return claim.kb == month.kb if claim.kb and month.kb else claim.build == month.build

    def _security_month(self, claim: BuildClaim) -> str | None:
        """Rule 1."""
        if claim.track == "cumulative":
            if _is_security(claim):
                return claim.month
            place = bisect_right(self._revisions, revision(claim.build)) if claim.build else 0
            return self._security[place - 1].month if place else None
        if claim.month:
            return claim.month
        released = [month.month for month in self._released if _not_after(month.available, claim.available)]
        return released[-1] if released else None

    def _twin(self, claim: BuildClaim) -> str | None:
        """Rule 3: a calendar hotpatch and the B row of the same month; nothing else has one."""
        if claim.hint == "hotpatch":
            twin = self._security_of_month.get(claim.month or "")
        elif _is_security(claim):
            twin = self._hotpatch_of_month.get(claim.month or "")
        else:
            twin = None
        return twin.kb if twin else None

    def _baseline(self, claim: BuildClaim) -> str | None:
        """Rule 4: the latest baseline month that is not later than the hotpatch."""
        earlier = [month for month in self._baselines.values() if _not_after(month.available, claim.available)]
        return max(earlier, key=lambda month: month.month).kb if earlier else None


def meanings(timeline: Timeline) -> dict[str, Meanings]:
    """By release."""
    builds: dict[str, list[BuildRow]] = {name: [] for name in timeline.releases}
    months: dict[str, list[MonthRow]] = {name: [] for name in timeline.releases}
    for row in timeline.builds.values():
        builds[row.claim.release].append(row)
    for month in timeline.months.values():
        months[month.claim.release].append(month)
    return {name: Meanings(builds[name], months[name]) for name in timeline.releases}


def _is_security(claim: BuildClaim) -> bool:
    return claim.track == "cumulative" and claim.cadence == "B" and claim.month is not None


def _not_after(day: str | None, other: str | None) -> bool:
    return day is not None and other is not None and day <= other

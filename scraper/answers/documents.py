"""The JSON documents that lookups answer with: the contract of design.md section 5, key for key.

They are plain dictionaries, so that the standard library prints them. The types find a forgotten key before it is
published. Nothing but typing is imported, because a cold `winkb build` loads this.
"""

from typing import TypedDict


class Pair(TypedDict):
    kb: str
    build: str | None


class Update(TypedDict):
    kb: str | None
    track: str
    kind: str | None


class Accepted(TypedDict):
    track: str
    kb: str | None
    build: str | None


class Neighbour(TypedDict):
    build: str
    kbs: list[Update]
    security_month: str | None


class Restart(TypedDict):
    """``date_is``: ``published``, ``planned``, ``scheduled`` or ``monthly``. ``status`` is null for a month that no
    page lists yet."""

    month: str
    date: str
    date_is: str
    status: str | None
    kb: str | None


class ReleaseRestart(Restart):
    """``days``: from ``as_of`` to ``date``."""

    release: str
    as_of: str
    days: int
    data_as_of: str | None


class YearMonth(TypedDict):
    month: str
    type: str
    planned_type: str | None
    scheduled_type: str
    status: str
    date: str
    date_is: str
    restart: bool
    kb: str | None
    build: str | None
    cumulative_kb: str | None
    cumulative_build: str | None


class Year(TypedDict):
    """The restarts of a release in a year. ``planned`` counts the months planned as baselines or, where no plan was
    seen, scheduled as such; ``actual`` the released baselines; ``cumulative`` the released updates of the cumulative
    track."""

    release: str
    year: str
    planned: int
    actual: int
    cumulative: int
    data_as_of: str | None
    months: list[YearMonth]


class Action(TypedDict):
    """What to do about a verdict. ``do``: ``none``, ``install``, ``refresh`` (the data do not say), ``upgrade`` (the
    release or edition is out of support) or ``look`` (a build that is unknown, or not released yet). ``url``: the
    update in Microsoft's catalog."""

    do: str
    kb: str | None
    build: str | None
    track: str | None
    restart: bool | None
    because: str
    url: str | None


class Verdict(TypedDict):
    """``reason`` limits the status: ``not-in-catalog``, ``no-security-month``, ``stale``, ``not-listed`` or null.
    ``because`` is the verdict in one sentence. ``edition`` is null where it was not told."""

    status: str
    months_behind: int | None
    reason: str | None
    because: str
    edition: str | None


class DeviceVerdict(Verdict):
    """``kbs``: the updates that bring the build, separated by commas. ``action``: what to do, as in ``Action``."""

    build: str
    release: str | None
    security_month: str | None
    newest_month: str | None
    track: str | None
    kind: str | None
    kbs: str | None
    action: str
    action_kb: str | None
    action_restart: int | None
    action_because: str


class BuildAnswer(Verdict):
    build: str
    release: str | None
    as_of: str
    track: str | None
    kind: str | None
    security_month: str | None
    withdrawn: bool | None
    kbs: list[Update]
    twin: Pair | None
    baseline: Pair | None
    accepted: list[Accepted]
    next_restart: Restart | None
    below: Neighbour | None
    above: Neighbour | None
    data_as_of: str | None
    action: Action


class KbBuild(TypedDict):
    release: str
    build: str | None
    kind: str | None
    month: str | None
    security_month: str | None
    available: str | None
    twin: Pair | None
    baseline: Pair | None
    corrected_to: str | None
    withdrawn: bool


class KnownIssue(TypedDict):
    """``fixed_by_kb``: the KB that the resolution names as the fix: of the whole issue, or of a part where it is
    ``open``."""

    title: str
    status: str
    symptom: str | None
    workaround: str | None
    resolution: str | None
    fixed_by_kb: str | None
    first_seen: str
    last_seen: str
    resolved_seen: str | None


class KbAnswer(TypedDict):
    """``issues``: ``listed``, ``none``, ``unread`` or ``unreadable``. ``known_issues`` is null where the issues are not
    known, and has those that were listed once, too."""

    kb: str
    title: str | None
    track: str | None
    article_url: str | None
    expired: bool | None
    builds: list[KbBuild]
    issues: str
    issues_as_of: str | None
    known_issues: list[KnownIssue] | None
    data_as_of: str | None


class Month(TypedDict):
    release: str
    month: str
    type: str
    planned_type: str | None
    scheduled_type: str
    status: str
    available: str | None
    kb: str | None
    build: str | None
    cumulative_kb: str | None
    cumulative_build: str | None
    restart: bool
    withdrawn: bool
    data_as_of: str | None


class Change(TypedDict):
    id: int
    seen_at: str
    run: int
    table_name: str
    release: str
    subject: str
    field: str
    old: str | None
    new: str | None
    page: str
    replanned: bool


class Disagreement(TypedDict):
    """``until`` is null while the pages differ. ``release`` is null if the pages name none; then ``data_as_of`` is the
    oldest of all."""

    release: str | None
    subject: str
    field: str
    used: str
    used_page: str
    other: str
    other_page: str
    why: str
    since: str
    until: str | None
    data_as_of: str | None


class Support(TypedDict):
    """``ends`` is the last day of updates of an edition, null while unknown. ``over``: whether it has no updates on the
    day that was asked about."""

    edition: str
    ends: str | None
    over: bool


class ReleaseBuild(TypedDict):
    build: str | None
    kb: str | None
    track: str
    kind: str | None
    month: str | None
    security_month: str | None
    available: str | None
    restart: bool | None
    corrected_to: str | None
    withdrawn: bool


class ReleaseAnswer(TypedDict):
    release: str
    product: str
    version: str
    base_build: int | None
    available: str | None
    end_of_updates: str | None
    end_of_updates_enterprise: str | None
    ended: str | None
    serviced: bool | None
    hotpatch: bool
    partial: bool
    support: list[Support]
    as_of: str
    accepted: list[Accepted]
    next_restart: Restart | None
    years: list[Year]
    builds: list[ReleaseBuild]
    data_as_of: str | None

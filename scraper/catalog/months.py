"""The months of hotpatch calendars and the builds that they give: which type and which build of a month is believed."""

from collections.abc import Mapping
from dataclasses import replace

from scraper.catalog.days import month_before
from scraper.catalog.resolved import Resolved
from scraper.catalog.rows import BuildRow, MonthRow, revision
from scraper.catalog.statements import Origin, Reason, Statement, published
from scraper.models import CalendarMonth, MonthType, Severity


def add_month(
    rows: Resolved, month: CalendarMonth, origin: Origin, month_of_kb: dict[tuple[str, str], tuple[str, str]]
) -> None:
    """Add a calendar month to the rows. ``month_of_kb``: the month of each KB and the page that says it, as read so
    far. A KB is of one month, so a calendar under a wrong year says nothing of its months."""
    if month.kb:
        first, page = month_of_kb.setdefault((month.release, month.kb), (month.month, origin.page))
        if first != month.month:
            message = f"{month.kb} is the {month.type} of {first} on {page}, and of {month.month} on {origin.page}"
            rows.find(Severity.ERROR, "calendar-month", month.release, month.kb, message, origin.page, page)
            return
    row = rows.months.setdefault(
        (month.release, month.month),
        MonthRow(release=month.release, page=origin.page, month=month.month, type=month.type),
    )
    state_type(row, month.type, origin, released=bool(month.available or month.build or month.kb))
    row.state("available", month.available, origin)
    row.state("build", month.build, origin)
    row.state("kb", month.kb, origin)
    # The last page has the address: the link of the calendar of release information may lead to the other product.
    row.url = month.url or row.url
    row.replanned = row.replanned or month.replanned


def state_type(row: MonthRow, kind: MonthType, origin: Origin, *, released: bool) -> None:
    """Add a statement of a month's type. A plan does not outlive a release: on release night the pages change hours or
    days apart."""
    statements = row.statements.setdefault("type", [])
    if kind is not row.type and released and not row.released:
        statements[:] = [replace(statement, overruled=Reason.RELEASED) for statement in statements]
        row.type = kind
    statements.append(Statement(kind, origin))


def overrule_types(rows: Resolved, security: Mapping[tuple[str, str], BuildRow]) -> None:
    """The KB of a baseline is that of the month's B, the KB of a hotpatch is not. A type that the KB of its own row
    contradicts is overruled where another page says the other type: two statements against one."""
    for row in rows.months.values():
        b_row = security.get((row.release, row.month))
        if row.kb is None or b_row is None or b_row.kb is None:
            continue
        meant = MonthType.BASELINE if row.kb == b_row.kb else MonthType.HOTPATCH
        statements = row.statements["type"]
        if meant is not row.type and any(statement.value == meant for statement in statements):
            statements[:] = [
                one if one.value == meant else replace(one, overruled=Reason.CONTRADICTED) for one in statements
            ]
            row.type = meant


def overrule_builds(rows: Resolved, security: Mapping[tuple[str, str], BuildRow]) -> None:
    """Overrule calendar builds that cannot be the month's (rule 8). The month's build is then the next that a page
    states."""
    month_of_build = {(row.release, row.build): row.month for row in security.values()}
    for row in rows.months.values():
        while row.build is not None:
            owner = month_of_build.get((row.release, row.build))
            if owner is not None and owner != row.month:
                code, message = "calendar-build", f"build {row.build} of {row.month} is the B of {owner}"
            elif row.type is MonthType.HOTPATCH and (broken := _out_of_order(row, row.build, security)):
                code, message = "revision-order", broken
            else:
                break
            rows.find(Severity.ERROR, code, row.release, row.name, message, row.page_of("build"))
            statements = row.statements["build"]
            statements[:] = [
                replace(one, overruled=Reason.UNBELIEVED) if one.value == row.build else one for one in statements
            ]
            left = published(statements)
            row.build = left.value if left else None


def _out_of_order(row: MonthRow, build: str, security: Mapping[tuple[str, str], BuildRow]) -> str | None:
    """What is wrong with a hotpatch's revision. Rule 5: it is below the month's B and above the B of the month
    before."""
    words = f"hotpatch build {build} of {row.month} is not"
    same = security.get((row.release, row.month))
    before = security.get((row.release, month_before(row.month)))
    if same and revision(build) >= revision(same.build):
        return f"{words} below the month's B {same.build}"
    if before and revision(build) <= revision(before.build):
        return f"{words} above the B of the month before, {before.build}"
    return None


def add_calendar_build(rows: Resolved, month: MonthRow, b_row: BuildRow | None) -> None:
    """The build row of a calendar month; ``b_row`` is the month's B row. A baseline whose B the release history has
    makes no row of its own."""
    is_hotpatch = month.type is MonthType.HOTPATCH
    track, kind = ("hotpatch", "hotpatch") if is_hotpatch else ("cumulative", None)
    if b_row and month.released and not is_hotpatch:
        _join_baseline(rows, month, b_row)
        return
    is_overruled = month.build is None and "build" in month.statements
    column = "build" if month.build else "kb"
    if getattr(month, column) is None or is_overruled:
        return  # only its date is known, or its build is overruled: a row would say less than the finding
    row = BuildRow(
        release=month.release,
        page=month.page_of(column),
        build=month.build,
        kb=month.kb,
        track=track,
        stated_kind=kind,
        cadence="B",
        month=month.month,
        available=month.available,
        url=month.url,
    )
    # Only what is published of the month: a conflict about the rest is the month's.
    used = {name: month.published(name) for name in ("available", "build", "kb")}
    row.statements = {name: [statement] for name, statement in used.items() if statement}
    known = rows.builds.setdefault(row.key, row)
    known.state("track", row.track, row.statements[column][0].origin)


def _join_baseline(rows: Resolved, month: MonthRow, b_row: BuildRow) -> None:
    """A baseline and the month's B are one row. The calendar gives the B row a KB where its own cell is empty; all
    else is published as the release history has it."""
    named = month.published("kb")
    if b_row.kb is None and named and month.build == b_row.build:
        del rows.builds[b_row.key]
        b_row.state("kb", named.value, named.origin)
        rows.builds[b_row.key] = b_row
    for column in ("available", "build", "kb"):
        if first := b_row.published(column):
            month.statements.setdefault(column, []).insert(0, first)
            setattr(month, column, first.value)

"""What all pages say, resolved to one row each: the releases, the builds and the months as this run's pages have them.

Pure. Every record becomes statements of a row; ``statements.py`` declares which statement is published. The steps in
their order: releases and release histories here, then the calendars (``months.py``), then the links (``links.py``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from scraper.catalog.links import add_links
from scraper.catalog.months import add_month
from scraper.catalog.resolved import Pages, Resolved
from scraper.catalog.rows import BuildRow, ReleaseRow, family, revision
from scraper.catalog.statements import Origin, Part
from scraper.models import Records, Severity, Source, TableName, Update

# The first update of Server 2022 came 8 days after the release; all others that were seen came on its day.
_TO_THE_FIRST_UPDATE = timedelta(days=35)


def resolve(
    records: Mapping[str, Records], sources: Iterable[Source], families: Mapping[str, int | None] | None = None
) -> Resolved:
    """The rows that the pages give together. ``records``: the last good ones by source name; ``sources``: in order of
    rank; ``families``: the OS builds that are published, by release, which only a label changes."""
    pages = [(source, records[source.name]) for source in sources if source.name in records]
    rows = Resolved(pages)
    for source, page in pages:
        _add_releases(rows, source, page)
        _add_notes(rows, source, page)
    _mark_unserviced(rows)
    for _, page in pages:
        _mark_whole(rows, page)
    rows.pages = _without_misnamed_releases(rows)
    for source, page in rows.pages:
        for update in page.updates:
            _add_update(rows, update, rows.origin(source, Part.HISTORY))
    _join_rows_without_kb(rows)
    month_of_kb: dict[tuple[str, str], tuple[str, str]] = {}
    for source, page in rows.pages:
        for month in page.months:
            add_month(rows, month, rows.origin(source, Part.CALENDAR), month_of_kb)
    add_links(rows, families or {})
    return rows


# --- releases --------------------------------------------------------------------------------------------------------


def _add_releases(rows: Resolved, source: Source, page: Records) -> None:
    label, servicing = rows.origin(source, Part.LABEL), rows.origin(source, Part.SERVICING)
    for version in page.versions:
        name = version.release
        if name not in rows.releases:
            rows.releases[name] = ReleaseRow(
                release=name, product=version.product, version=version.version, page=source.name
            )
        rows.releases[name].state_base(version.base_build, label)
    for served in page.servicing:
        row = rows.releases[served.release]
        row.serviced, row.available, row.ended = True, served.available, served.ended
        row.end_of_updates, row.end_of_updates_enterprise = served.ends
        row.state_base(family(served.latest_build) if served.latest_build else None, servicing)
    for long_term in page.long_term:
        if long_term.release in rows.releases:
            row = rows.releases[long_term.release]
            row.ltsc_mainstream_end, row.ltsc_extended_end = long_term.ends
            row.state_base(family(long_term.latest_build) if long_term.latest_build else None, servicing)


def _add_notes(rows: Resolved, source: Source, page: Records) -> None:
    """The findings that reading the page has made."""
    for note in page.notes:
        rows.find(note.severity, note.code, note.release, note.subject, note.message, source.name)
    for row in page.quarantined:
        subject = row.key[-1] if row.key else str(row.table)
        message = f"{row.reason}; cells: {row.cells}"
        rows.find(Severity.ERROR, "quarantine", row.release, subject, message, source.name)


def _mark_unserviced(rows: Resolved) -> None:
    """A release with a history that stands in no servicing table of its product is no longer serviced."""
    products = {source.product for source, page in rows.pages if page.servicing}
    for release in {update.release for _, page in rows.pages for update in page.updates}:
        row = rows.releases[release]
        if row.serviced is None and row.product in products:
            row.serviced = False


def _mark_whole(rows: Resolved, page: Records) -> None:
    """A release is partial until its release history was read whole: no row in quarantine, back to the beginning of the
    release, and every month from there on. A navigation and a calendar have some of the updates only."""
    unread = {row.release for row in page.quarantined if row.table is TableName.HISTORY}
    histories: dict[str, list[Update]] = defaultdict(list)
    for update in page.updates:
        histories[update.release].append(update)
    for release in histories.keys() - unread:
        history, row = histories[release], rows.releases[release]
        row.partial = not (_is_from_the_beginning(history, row.available) and _is_without_gap(history))


def _is_from_the_beginning(history: Sequence[Update], began: str | None) -> bool:
    """Whether a history goes back to the build with which its release began, which has no KB, or to its first days."""
    first = min(history, key=lambda update: revision(update.build))
    if first.kb is None and first.cadence != "B":
        return True
    if not began or not first.available:
        return False
    return date.fromisoformat(first.available) <= date.fromisoformat(began) + _TO_THE_FIRST_UPDATE


def _is_without_gap(history: Sequence[Update]) -> bool:
    """Whether every month between the first B and the last one has its B."""
    months = [update.month for update in history if update.cadence == "B" and update.month]
    counted = {12 * int(month[:4]) + int(month[5:]) for month in months}
    return not counted or len(counted) == max(counted) - min(counted) + 1


def _without_misnamed_releases(rows: Resolved) -> Pages:
    """The pages without the links of a release that no label names and whose links have the builds of one that a label
    does name. That is no new release: its category's title has a slip (a Windows Server 0222)."""
    owners = {(row.product, row.base_build): row.release for row in rows.releases.values()}
    misnamed = set()
    for release, families in _unlabelled_families(rows).items():
        product = rows.releases[release].product
        known = [owner for base in sorted(families) if (owner := owners.get((product, base)))]
        if known and len(known) == len(families):
            message = f"the links of {release} have builds of {', '.join(known)}"
            rows.find(Severity.ERROR, "family", None, release, message, rows.releases.pop(release).page)
            misnamed.add(release)
    if not misnamed:
        return rows.pages
    return [
        (source, replace(page, entries=tuple(entry for entry in page.entries if entry.release not in misnamed)))
        for source, page in rows.pages
    ]


def _unlabelled_families(rows: Resolved) -> dict[str, set[int]]:
    """By release that no label names, the OS builds that all of its links have."""
    shared: dict[str, set[int]] = {}
    for _, page in rows.pages:
        for entry in page.entries:
            if entry.builds and rows.releases[entry.release].base_build is None:
                families = set(map(family, entry.builds))
                shared[entry.release] = shared.get(entry.release, families) & families
    return shared


# --- release history -------------------------------------------------------------------------------------------------


def _add_update(rows: Resolved, update: Update, origin: Origin) -> None:
    row = BuildRow(
        release=update.release,
        page=origin.page,
        build=update.build,
        kb=update.kb,
        track="cumulative",
        cadence=update.cadence,
        month=update.month,
        available=update.available,
        url=update.url,
    )
    for column in ("available", "build", "kb", "track"):
        row.state(column, getattr(row, column), origin)
    first = rows.builds.setdefault(row.key, row)
    stated, again = ((one.month, one.cadence, one.available) for one in (first, row))
    if stated != again:
        message = f"{update.build} stands twice: {' '.join(map(str, stated))} and {' '.join(map(str, again))}"
        rows.find(Severity.WARNING, "duplicate", row.release, row.name, message, origin.page)


def _join_rows_without_kb(rows: Resolved) -> None:
    """A build that stands twice on one day, once without its KB, is one row. The build that a release began with is
    another row: the one with a KB came on another day."""
    named = {(row.release, row.build, row.available) for row in rows.builds.values() if row.kb}
    for key, row in list(rows.builds.items()):
        if row.kb is None and (row.release, row.build, row.available) in named:
            message = f"{row.build} stands twice, once without its KB"
            rows.find(Severity.WARNING, "duplicate", row.release, row.name, message, row.page)
            del rows.builds[key]

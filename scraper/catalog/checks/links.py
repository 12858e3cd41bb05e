"""Links: a link beside its own address, the letter that the history has, and the other links of its KB."""

from collections import defaultdict
from collections.abc import Iterator

from scraper.catalog.checks.addresses import kinds_in, odd_address
from scraper.catalog.checks.context import LETTERS, Context
from scraper.catalog.checks.table import Found, Group, about_link, check
from scraper.catalog.days import second_tuesday
from scraper.models import CalendarMonth, EntryKind, Severity, Update

_KINDS_IN_ADDRESS = {
    EntryKind.OUT_OF_BAND: ["hotpatch", "out-of-band"],
    EntryKind.HOTPATCH: ["hotpatch"],
    EntryKind.BASELINE: ["baseline"],
    EntryKind.CUMULATIVE: [],
    EntryKind.PREVIEW: ["preview"],
    EntryKind.CUMULATIVE_OUT_OF_BAND: ["out-of-band"],
}


@check("link", Severity.INFO, Group.DIFFER)
def address_says_what_the_link_says(context: Context) -> Iterator[Found]:
    """An address names another KB, day, build or product than the text that it stands behind, or, where it should,
    none."""
    for page, entry in context.links:
        odd = odd_address(entry.url, entry.release, entry.available, entry.builds, entry.kb, context.kbs)
        if odd:
            yield about_link(page, entry, f"the address of the link {entry.title!r} says {odd}")


@check("link")
def address_says_what_the_row_says(context: Context) -> Iterator[Found]:
    seen: set[tuple[str, str]] = set()
    for source, page in context.pages:
        rows: list[Update | CalendarMonth] = [*page.updates, *page.months]
        # Release information links by the number of the KB, which is compared when the page is normalized.
        kbs = context.kbs if source.calendar_release else frozenset()
        for row in rows:
            # The calendars of the release notes have no days.
            day = row.available or (second_tuesday(row.month) if isinstance(row, CalendarMonth) else None)
            odd = odd_address(row.url, row.release, day, (row.build or "",), row.kb, kbs)
            subject = row.kb or row.month or row.build or ""
            message = f"the address of {subject} says {odd}"
            if odd and (row.release, message) not in seen:
                seen.add((row.release, message))
                yield Found(row.release, subject, message, source.name)


@check("link-kind", Severity.WARNING, Group.DIFFER)
def link_is_of_its_kind(context: Context) -> Iterator[Found]:
    """A link says preview, out-of-band, hotpatch or baseline, and the release history, its own address or another link
    of its KB says something else."""
    letters = {(row.release, row.kb): row.cadence for row in context.builds if row.track == "cumulative"}
    for page, entry in context.links:
        words, usual = kinds_in(entry.url), _KINDS_IN_ADDRESS.get(entry.kind)
        # The other updates out of band of the hotpatch navigations are those of one component.
        is_component = entry.kind is EntryKind.OUT_OF_BAND and "hotpatch" not in entry.title.casefold()
        if words is not None and usual is not None and words != usual and not is_component:
            address = f"its address says {' '.join(words) or 'none of it'}"
            yield about_link(page, entry, f"the link {entry.title!r} is a {entry.kind}, {address}")
        letter = letters.get((entry.release, entry.kb))
        if letter and letter not in LETTERS.get(entry.kind, {letter}):
            message = f"the link {entry.title!r} is a {entry.kind}, the release history says {letter}"
            yield about_link(page, entry, message)


@check("link-kind")
def links_of_one_kb_are_of_one_kind(context: Context) -> Iterator[Found]:
    kinds: dict[str, EntryKind] = {}
    for page, entry in context.all_links:
        if entry.kb and entry.kind in LETTERS:
            other = kinds.setdefault(entry.kb, entry.kind)
            if entry.kind is not other:
                message = f"the link {entry.title!r} is a {entry.kind}, another of {entry.kb} is a {other}"
                yield about_link(page, entry, message)


@check("expired", Severity.INFO, Group.DIFFER)
def links_of_one_kb_expire_together(context: Context) -> Iterator[Found]:
    """One link of a KB says that it expired, another does not."""
    expired: dict[str, set[bool]] = defaultdict(set)
    for page, entry in context.all_links:
        expired[entry.kb or ""].add(entry.expired)
        if entry.kb and len(expired[entry.kb]) > 1:
            yield about_link(page, entry, f"one link of {entry.kb} says that it expired, another does not")

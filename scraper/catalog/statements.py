"""Statements: what one page says of one field, and the order in which one of several is published.

Pages say most things more than once, and sometimes differ. Every statement is kept with its origin. The order of
precedence is declared here, in ``STEPS``, and nowhere else (design.md rule 8).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """The part of a page, or of an article, in which a value stands."""

    LABEL = "label"
    SERVICING = "servicing table"
    HISTORY = "release history"
    CALENDAR = "calendar"
    LINK = "list of links"
    HEADING = "heading"
    TITLE = "title"


class Reason(StrEnum):
    """Why one of two statements that differ is published, in words for a reader of the finding."""

    RANK = "release information comes before release notes and the update history"
    HISTORY = "the release history comes before the calendar of the same page"
    LABEL = "the label of a table comes before a cell of the servicing table"
    CALENDAR = "a calendar comes before a list of links"
    PREVIEW = "the release's own category comes before its preview"
    OWN = "the release's own page comes before other pages"
    PAGE = "of pages of the same rank, the first that is declared comes first"
    ROW = "what stands first on a page comes first"
    RELEASED = "a page that says the month was released comes before one that still plans it"
    CONTRADICTED = "the other type is contradicted by the KB in its own row, which is the month's B or is not"
    UNBELIEVED = "the other build cannot be the month's: it is another month's, or out of order"
    ARTICLE = "the pages' tables come before the article"
    KEPT = "what a page said stays when only pages of a lower rank still list the update"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement stands. ``rank``: 0 for release information, 1 for all other pages; ``place``: that of the page
    among all, in order of rank; ``own``: the page is the release's own; ``preview``: in a public preview category."""

    page: str
    part: Part
    rank: int = 0
    place: int = 0
    preview: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """A value and where it stands. ``overruled``: why it is not published although its origin would come first."""

    value: str
    origin: Origin
    overruled: Reason | None = None


# The order of precedence. The first step at which two origins differ decides: the lower one is published, for the
# reason given. Statements that differ in no step stand in one part of one page; there the first row is published.
STEPS: tuple[tuple[Callable[[Origin], int], Reason], ...] = (
    (lambda origin: origin.rank, Reason.RANK),
    (lambda origin: origin.part is not Part.LABEL, Reason.LABEL),
    (lambda origin: origin.part is not Part.HISTORY, Reason.HISTORY),
    (lambda origin: origin.part is not Part.CALENDAR, Reason.CALENDAR),
    (lambda origin: origin.preview, Reason.PREVIEW),
    (lambda origin: not origin.own, Reason.OWN),
    (lambda origin: origin.place, Reason.PAGE),
)


def precedence(origin: Origin) -> tuple[int, ...]:
    """The sort key of an origin: the statement that is published comes first."""
    return tuple(step(origin) for step, _ in STEPS)


def reason(published: Origin, other: Origin) -> Reason:
    """Why a statement of the one origin is published and that of the other is not."""
    return next((why for step, why in STEPS if step(published) != step(other)), Reason.ROW)


def published(statements: Iterable[Statement]) -> Statement | None:
    """Of statements in order of precedence, the one that is published; None where there is none."""
    return next((statement for statement in statements if statement.overruled is None), None)

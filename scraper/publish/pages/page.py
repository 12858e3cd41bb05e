"""What a page is: a question in, an answer out, and what is shown beside the answer."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Document = TypeVar("Document")
Context = dict[str, object]  # the variables of a template


@dataclass(frozen=True, slots=True)
class Question:
    """What an address asks.

    ``asked`` is the thing in its path as it was typed, empty for a list. ``today`` is YYYY-MM-DD. The parameters are
    None where they are left out or empty. ``as_data``: JSON or CSV is asked for, not the page.
    """

    asked: str
    today: str
    as_of: str | None = None
    release: str | None = None
    edition: str | None = None
    since: str | None = None
    ended: bool = False
    as_data: bool = False


@dataclass(frozen=True, slots=True)
class Answer(Generic[Document]):
    """``document`` is the JSON; ``rows`` and ``columns`` are the CSV. ``path`` is the one address of the thing, None
    where the address that was asked for is as good: of a list, or of a KB that is not found."""

    document: Document
    rows: Sequence[Mapping[str, object]]
    columns: Sequence[str]
    found: bool = True
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Document]):
    """``answer`` raises InputError where the question cannot be understood. ``context`` reads what the page shows; a
    ``found`` in it overrules the answer's."""

    template: str
    answer: Callable[[sqlite3.Connection, Question], Answer[Document]]
    context: Callable[[sqlite3.Connection, Question, Answer[Document]], Context]

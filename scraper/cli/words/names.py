"""The names and short phrases that the answers in words share: labels, updates, months, and how old the data are."""

from collections.abc import Iterable

from scraper.answers.documents import Pair, Restart
from scraper.cli.layout import labelled

# The labels of the command line by the contract's names (JSON keys, SQL columns). A label is its name with blanks for
# underscores, unless stated. docs/terms.md explains the labels.
_NAMES = (
    *("verdict", "action", "edition", "status", "release", "track", "kbs", "twin", "baseline", "accepted", "below"),
    *("above", "next_restart"),
    *("data_as_of", "months_behind", "security_month", "withdrawn", "devices"),
    *("title", "article_url", "expired", "issues"),
    *("planned", "actual", "cumulative", "hotpatch", "restart", "replanned"),
    *("used", "other", "why", "since", "until", "table_name", "subject", "page"),
)
LABELS = {name: name.replace("_", " ") for name in _NAMES} | {
    "article_url": "article",
    "kbs": "KBs",
    "table_name": "table",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
BOTH = "A hotpatched device shows a lower build than one on the month's cumulative update; both are fully patched."


def paragraph(head: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """The head, then a line for each (name of the contract, value) that has a value."""
    return labelled(head, [(LABELS[name], value) for name, value in rows])


def restart_words(restart: Restart) -> str:
    """``2025-07-08 (published) with the July 2025 baseline KB5062553``."""
    update = "update" if restart["date_is"] == "monthly" else "baseline"
    return f"{restart['date']} ({restart['date_is']}) with the {month_name(restart['month'])} {update}" + (
        f" {restart['kb']}" if restart["kb"] else ""
    )


def pair_name(pair: Pair | None) -> str | None:
    return update_name(pair["kb"], pair["build"]) if pair else None


def update_name(kb: str | None, build: str | None) -> str:
    """``KB5058497 (26100.3981)``."""
    return " ".join(filter(None, (kb or "(KB unknown)", f"({build})" if build else "")))


def release_name(release: str | None) -> str:
    """``Windows 11 24H2`` of ``windows-11-24h2``. Title case makes the letter after a digit upper case too."""
    return (release or "").replace("-", " ").title()


def month_name(month: str | None) -> str:
    year, _, number = (month or "").partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}" if number else ""


def age(data_as_of: str | None) -> str:
    return f"{LABELS['data_as_of']} {data_as_of}" if data_as_of else "the age of its data is unknown"


def day_of(data_as_of: str | None) -> str:
    return data_as_of[:10] if data_as_of else "an unknown day"

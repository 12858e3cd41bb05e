"""The cross-checks: rules that hold among true records, asked of every run's rows.

A page that is damaged still parses. But Microsoft says most things more than once, and days, revisions and KBs follow
an order, so a wrong value contradicts something. What is broken becomes a finding that names the row. It never stops a
catalog: pages differ for hours on a release night, and Microsoft makes slips of its own. Pure.

Each check is one function with ``@check`` (``table.py``) in a module of this folder, found by being here.
"""

from importlib import import_module
from pkgutil import iter_modules

from scraper.catalog.checks.context import Context, Past
from scraper.catalog.checks.table import CHECKS, CODES
from scraper.catalog.findings import Finding

__all__ = ["CODES", "Context", "Past", "check_published", "check_rows"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def check_rows(context: Context) -> tuple[dict[Finding, None], int]:
    """A finding for every row of a run that contradicts another, its day, its order or its family. A row that is gone
    for the first time may be flapping: the number says how many contradictions that excuses."""
    checks = [check for check in CHECKS if not check.published]
    found = dict.fromkeys(finding for check in checks for finding in check(context))
    if not context.past.before:
        return found, 0
    context = context.without_before()
    return found, len({finding for check in checks if check.flaps for finding in check(context)} - found.keys())


def check_published(context: Context) -> list[Finding]:
    """What contradicts in the rows that are published after a run, and in the run's changes."""
    return [finding for check in CHECKS if check.published for finding in check(context)]

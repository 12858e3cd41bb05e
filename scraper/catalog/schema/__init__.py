"""The catalog's tables and views as SQL: tables.sql, and one file a view.

derive.sql fills the columns that follow by rules from others; support.sql, restarts.sql and security_months.sql fill
whole tables.
"""

from functools import cache
from importlib.resources import files

# The tables that follow whole from others, in the order in which they are filled.
FOLLOWING = ("support", "restarts", "security_months")

_FOLDER = files("scraper.catalog.schema")


@cache
def schema() -> str:
    """All tables and views, in the order in which they must be made: the tables, then the views by name."""
    views = sorted(_FOLDER.joinpath("views").iterdir(), key=lambda path: path.name)
    return "\n".join(path.read_text("utf-8") for path in (_FOLDER.joinpath("tables.sql"), *views))


@cache
def derive() -> str:
    """The SQL that derives columns and ``kbs``, to be run once over filled tables."""
    return _FOLDER.joinpath("derive.sql").read_text("utf-8")


@cache
def follow() -> str:
    """The SQL that fills the tables that follow from others, to be run after ``derive``."""
    return "\n".join(_FOLDER.joinpath(f"{table}.sql").read_text("utf-8") for table in FOLLOWING)

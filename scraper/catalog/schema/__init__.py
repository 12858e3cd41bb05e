"""The catalog's tables and views as SQL: tables.sql, and one file a view."""

from functools import cache
from importlib.resources import files


@cache
def schema() -> str:
    """All statements, in the order in which they must run: the tables, then the views by name."""
    folder = files("scraper.catalog.schema")
    views = sorted((path for path in folder.joinpath("views").iterdir()), key=lambda path: path.name)
    return "\n".join(path.read_text("utf-8") for path in (folder.joinpath("tables.sql"), *views))

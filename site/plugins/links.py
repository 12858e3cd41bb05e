"""Which addresses in scraped text become links: https ones of the hosts that are read, on every page, and no other.

Datasette makes a link of any cell that is an address and nothing else, whoever wrote it.
"""

from collections.abc import Callable

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import is_url

from scraper.models import HOSTS

# With the slash: `https://learn.microsoft.com@evil.example/` is another host.
_BEGINNINGS = tuple(f"https://{host}/" for host in HOSTS)


def known_host(url: str | None) -> bool:
    return bool(url and url.startswith(_BEGINNINGS))


@hookimpl
def extra_template_vars() -> dict[str, Callable[[str | None], bool]]:
    return {"known_host": known_host}


@hookimpl
def render_cell(value: object, datasette: Datasette) -> str | None:
    """A foreign address as the text that it is, cut like the texts of a table; all else is left to Datasette.

    It is cut on the page of its row, too (JSON has it whole): a plugin is not told on which page a cell stands.
    """
    if not isinstance(value, str) or not is_url(stripped := value.strip()) or known_host(stripped):
        return None
    longest = datasette.setting("truncate_cells_html")
    return f"{value[:longest]}…" if 0 < longest < len(value) else value

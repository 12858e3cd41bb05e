"""Which addresses in scraped text become links: on every page, https addresses of the hosts that are read, no others.

Datasette itself makes a link of any cell that is an address and nothing else, whoever wrote it.
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
    """A foreign address as text, cut like the texts of a table. All other values are left to Datasette.

    The address is cut on the page of its row too, since a plugin does not learn on which page a cell is. JSON has it
    whole.
    """
    if not isinstance(value, str) or not is_url(stripped := value.strip()) or known_host(stripped):
        return None
    longest = datasette.setting("truncate_cells_html")
    return f"{value[:longest]}…" if 0 < longest < len(value) else value

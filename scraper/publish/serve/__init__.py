"""Datasette over a catalog, for one's own machine or for everybody (docs/publish.md).

``settings`` has what is switched on and off, ``bounded`` the connections whose queries stay within bounds, ``site`` the
taking up of a new catalog while others read, ``server`` the socket and its end.
"""

from scraper.publish.serve.server import serve
from scraper.publish.serve.settings import PUBLIC, SETTINGS
from scraper.publish.serve.site import AGAIN, datasette_for

__all__ = ["AGAIN", "PUBLIC", "SETTINGS", "datasette_for", "serve"]

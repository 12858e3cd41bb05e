"""What the pages of the site show: for each address its document, its rows, and what a page shows beside them.

The documents are those of scraper.answers, so a page, its ``.json`` and the command line agree. site/plugins/pages.py
has the routes and draws the templates. It is a plugin of Datasette, which loads every file of its folder as a plugin;
so what plugins and tests share is here. Nothing here knows HTTP or HTML.
"""

from typing import Any

from scraper.publish.pages import about, build, changes, disagreements, kb, month, release
from scraper.publish.pages.page import Page

# By the name that their addresses begin with: /kb/KB5058497.
THINGS: dict[str, Page[Any]] = {"kb": kb.PAGE, "build": build.PAGE, "month": month.PAGE, "release": release.PAGE}
# The same for /changes.
LISTS: dict[str, Page[Any]] = {"changes": changes.PAGE, "disagreements": disagreements.PAGE, "about": about.PAGE}

"""The answers of the lookups in words for people: short, aligned, plain ASCII.

Two devices of one release that are patched to the same day may show two KBs and two builds, and the hotpatched device
shows the lower one. So text that names a hotpatch also names its twin, and says that both are fully patched. The words
add nothing that the JSON does not have.
"""

from scraper.cli.words.months import month, next_restart, restarts
from scraper.cli.words.names import LABELS
from scraper.cli.words.pages import changes, changes_markdown, disagreements
from scraper.cli.words.updates import build, kb

__all__ = [
    "LABELS",
    "build",
    "changes",
    "changes_markdown",
    "disagreements",
    "kb",
    "month",
    "next_restart",
    "restarts",
]

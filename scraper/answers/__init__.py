"""What people ask of catalog.db: a KB, a build, a month, a release, the changes, where Microsoft's pages disagree.

    from scraper import answers

    with closing(answers.open_catalog("catalog.db")) as catalog:
        document, found = answers.kb(catalog, "KB5058497")

Every question returns ``(document, found)``: the JSON document of design.md section 5 (typed in ``documents``), and
whether it answers anything. The document is complete in both cases. Texts come as people type them; an InputError says
what was expected. A catalog that cannot be read is a MachineError. Nothing here writes.

The rules of design.md section 6 are in the catalog's views, so SQL, JSON, the site and the command line agree.
A cold `winkb build` imports this package, so it uses the standard library only.
"""

from scraper.answers.builds import build
from scraper.answers.catalog import check, data_as_of, open_catalog
from scraper.answers.issues import issues_words
from scraper.answers.kbs import kb
from scraper.answers.months import DATE_IS, month, next_restart, restarts, why_no_restart
from scraper.answers.pages import changes, disagreements, reach_of_changes
from scraper.answers.releases import release
from scraper.answers.verdicts import ACTIONS, LACKS, Verdicts

__all__ = [
    "ACTIONS",
    "DATE_IS",
    "LACKS",
    "Verdicts",
    "build",
    "changes",
    "check",
    "data_as_of",
    "disagreements",
    "issues_words",
    "kb",
    "month",
    "next_restart",
    "open_catalog",
    "reach_of_changes",
    "release",
    "restarts",
    "why_no_restart",
]

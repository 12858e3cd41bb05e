"""The codes of findings that no check of this folder makes: what reading a page, resolving and articles find."""

from scraper.catalog.checks.table import CODES, Code, Group
from scraper.models import Severity

_CODES = {
    (Severity.ERROR, Group.ASIDE): {
        "quarantine": "A row has a cell that no rule reads. It keeps what was last read of it; the message has its raw"
        " cells.",
        "calendar-build": "A calendar gives a month the build of another month's B, so the month has no build.",
        "revision-order": "A hotpatch's build is not below its month's B and above the B before it, so the month has no"
        " build.",
        "calendar-month": "A calendar of a lower rank puts a KB into another month than the calendars before it: that"
        " row is passed over.",
    },
    (Severity.WARNING, Group.ASIDE): {
        "entry": "A link of a navigation has no known kind of update in its words, and is passed over.",
        "category": "The title of a navigation category names no release; its links are passed over.",
        "unknown-table": "A table with unknown columns stands among the known ones, and is not read.",
    },
    (Severity.WARNING, Group.DIFFER): {
        "conflict": "Two pages, or two parts of one, give a KB, build, date, type or track differently. `used` is"
        " published, `why` says by which rule; see also the view `disagreements`.",
        "label": "A table's id names another version or year than the label that it stands under.",
        "update-type-year": "The update types of a section name another year than its heading; the heading's year is"
        " used.",
    },
    (Severity.WARNING, Group.RULE): {
        "link-text": "A link has words that are not understood, no date, no build, or builds whose revisions differ.",
    },
    (Severity.WARNING, Group.ARTICLE): {
        "landing": "The address of a KB's article leads to a page that does not name the KB, or whose heading names"
        " another; it says nothing of it.",
        "article-unread": "What is served in an article's place is no article.",
        "article-differs": "An article's title or address names another KB than its heading; its heading or title names"
        " a build that the tables do not have of the KB; its servicing stack is stated twice, differently; or all its"
        " packages are of other KBs.",
    },
    (Severity.INFO, Group.ARTICLE): {
        "issues-unread": "An article has no section of known issues, or one that could not be understood;"
        " `articles.issues` says `unreadable`.",
    },
}

for (_severity, _group), _sentences in _CODES.items():
    CODES.update({code: Code(_severity, _group, sentence) for code, sentence in _sentences.items()})

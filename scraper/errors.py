"""The errors that end a step, drawn once. What ends a command becomes its exit code in cli/ (design.md section 3).

ScraperError
├── FetchError          a page did not come
│   ├── Unavailable     try later: throttled to the end of the budget, 5xx, a block page
│   │   └── NoNetwork   no host can be reached from this machine
│   └── WrongAnswer     a person must look: 404, foreign or looping redirect, empty, cut, oversized, broken body
├── DriftError          a page came and is not what the parser was written for: a person must look
├── CatalogError        the rows break an invariant of the schema: they are not published
├── BusyError           another command holds the archive or the catalog: try later
├── InputError          a question that cannot be understood: wrong usage
└── MachineError        this machine: disk full, not a database, not writable
"""

_LONGEST = 1000


def cut(text: str, longest: int) -> str:
    """The text, where it is longer than ``longest`` characters the first of them and a sign that there was more."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable(text: str) -> str:
    """The text on one line, with whatever has no shape (line ends, escapes of a terminal, turned writing) spelled
    out."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class ScraperError(Exception):
    """One sentence for a person: ``unexpected <thing> on <page>. expected: …, found: …``. It may quote what a host
    served: it is one line of bounded length, and goes to logs, terminals and the catalog as it is."""

    def __init__(self, thing: str, *, page: str, expected: str, found: str) -> None:
        thing, found = cut(printable(thing), _LONGEST), cut(printable(found), _LONGEST)
        super().__init__(f"unexpected {thing} on {page}. expected: {expected}, found: {found}")


class FetchError(ScraperError):
    """A page could not be fetched."""


class Unavailable(FetchError):
    """The host or the network does not answer now; the same request may succeed later."""


class NoNetwork(Unavailable):
    """No name can be resolved, or no network leads to any host. The message is the same for every page of a run."""


class WrongAnswer(FetchError):
    """The host answered with something that waiting will not mend."""


class DriftError(ScraperError):
    """A page differs from what its source declares."""


class CatalogError(ScraperError):
    """The tables would break an invariant of the schema, so they are not published."""


class BusyError(ScraperError):
    """Another command holds the archive or the catalog."""


class InputError(ScraperError):
    """A KB, build, month, date, release, source or file that cannot be understood."""


class MachineError(ScraperError):
    """Disk full, a file that is not a database, a folder that is not writable."""

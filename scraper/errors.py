"""The errors that end a step, drawn once; only cli.py turns them into exit codes (design.md section 3).

ScraperError
├── FetchError          a page did not come
│   ├── Unavailable     try later: no network, throttled to the end of the budget, 5xx, a block page
│   └── WrongAnswer     a person must look: 404, foreign or looping redirect, empty, cut, oversized, broken body
├── DriftError          a page came and is not what the parser was written for: a person must look
├── BusyError           another run holds the archive: try later
├── InputError          a question that cannot be understood: wrong usage
└── MachineError        this machine: disk full, not a database, not writable
"""


class ScraperError(Exception):
    """One sentence for a person: ``unexpected <thing> on <page>. expected: …, found: …``."""

    def __init__(self, thing: str, *, page: str, expected: str, found: str) -> None:
        super().__init__(f"unexpected {thing} on {page}. expected: {expected}, found: {found}")


class FetchError(ScraperError):
    """A page could not be fetched."""


class Unavailable(FetchError):
    """The host or the network does not answer now; the same request may succeed later."""


class WrongAnswer(FetchError):
    """The host answered with something that waiting will not mend."""


class DriftError(ScraperError):
    """A page differs from what its source declares."""


class CatalogError(ScraperError):
    """The tables would break an invariant of the schema, so they are not published."""


class BusyError(ScraperError):
    """Another run is under way on the same archive."""


class InputError(ScraperError):
    """A KB, build, month, version or date that cannot be understood."""


class MachineError(ScraperError):
    """Disk full, a file that is not a database, a folder that is not writable."""

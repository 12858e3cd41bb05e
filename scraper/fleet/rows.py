"""A list of devices in, a row with a verdict for each device out, in flat memory however long the list is.

As many rows come out as devices went in. A device that cannot be read is ``unknown`` with reason ``unreadable``, and
its row says why.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TextIO

from scraper.fleet.columns import Device
from scraper.fleet.judging import Judge, Judged, no_build, unknown, verdict_on
from scraper.fleet.reading import read_devices
from scraper.fleet.summary import Count, FleetSummary
from scraper.formats import Kind, Row, write, write_csv

COLUMNS: dict[str, Kind] = {
    "line": Kind.INTEGER,
    "device": Kind.TEXT,
    "version": Kind.TEXT,
    "release": Kind.TEXT,
    "build": Kind.TEXT,
    "as_of": Kind.DATE,
    "status": Kind.TEXT,
    "months_behind": Kind.INTEGER,
    "reason": Kind.TEXT,
    "track": Kind.TEXT,
    "kind": Kind.TEXT,
    "security_month": Kind.TEXT,
    "newest_month": Kind.TEXT,
    "kbs": Kind.TEXT,
    "because": Kind.TEXT,
    "edition": Kind.TEXT,
    "action_kb": Kind.TEXT,
    "action_restart": Kind.INTEGER,
    "action": Kind.TEXT,
    "action_because": Kind.TEXT,
}

# A longer version is no version, and no more than this is looked at of a product.
_LONGEST_CELL = 100
# Verdicts that are kept by version and product.
_VERDICTS = 4_096
# NUL, and the surrogates that stand for bytes which are not UTF-8.
_BROKEN = re.compile("[\0\ud800-\udfff]")


def judge_fleet(
    source: BinaryIO,
    judge: Judge,
    *,
    name: str,
    as_of: str,
    columns: Mapping[str, str],
    release: str | None,
    edition: str | None = None,
    out: Path | TextIO,
) -> FleetSummary:
    """Read the list, write a row of ``COLUMNS`` for each device in the list's order, and count the verdicts.

    ``judge`` gives the verdicts on a version text, client first, as of ``as_of`` (``YYYY-MM-DD``), or raises InputError
    if the text is no build. Besides the text it is given whether the device is a server (None: not known); ``release``,
    which is preferred if a build is of several releases and the row does not tell which; and the row's edition, or
    ``edition`` if it tells none. ``name`` stands for the list in messages. ``columns`` names the column of ``version``,
    ``device``, ``product`` or ``edition``; the others are found by ``NAMES``. The rows go to the file ``out`` in the
    format of its ending, or to a stream as CSV.

    Raises InputError if this is no list of devices, if it lacks a named column (JSON lines: known after the last) or if
    the ending is none of ``formats.ENDINGS``; MachineError if reading or writing a file fails. The file ``out`` is then
    unchanged. Raises OSError if writing a stream fails.
    """
    count = Count(name, as_of)
    rows = _rows(read_devices(source, name, columns), judge, (as_of, release, edition), count)
    if isinstance(out, Path):
        write(out, COLUMNS, rows)
    else:
        write_csv(out, COLUMNS, rows)
    return count.summary()


def _rows(
    devices: Iterable[Device], judge: Judge, asked: tuple[str, str | None, str | None], count: Count
) -> Iterator[Row]:
    as_of, release, told = asked
    judged = lru_cache(maxsize=_VERDICTS)(
        lambda version, product, edition: verdict_on(judge, as_of, release, version, product, edition, told)
    )

    def of(version: str | None, product: str, edition: str) -> Judged:
        if version and len(version) > _LONGEST_CELL:
            return no_build(as_of, f"{len(version)} characters")
        return judged(version or "", product, edition)

    for line, versions, device, product, edition, broken in devices:
        if device and _BROKEN.search(device):
            found = device[:_LONGEST_CELL]
            broken = f"expected: a device's name in UTF-8 (Excel: CSV UTF-8), found: {found!a}"
        if broken:
            version, verdict = versions[0], unknown(as_of, "unreadable", broken)
        else:
            kind, sku = ((cell or "")[:_LONGEST_CELL] for cell in (product, edition))
            tried = [(version, of(version, kind, sku)) for version in versions]
            version, verdict = min(tried, key=_worth) if len(tried) > 1 else tried[0]
        count.add(line, device, verdict)
        yield (line, device, version, *verdict.cells)


def _worth(tried: tuple[str | None, Judged]) -> tuple[bool, bool]:
    """Sort key: of a row's versions take the first that is a build, else the first that is not empty. Defender's
    "OS version" is ``24H2``, Windows' own "OS build" is ``26100``."""
    version, verdict = tried
    return verdict.reason == "unreadable", not (version and version.strip())

"""Labels: which release and which year a table belongs to.

A table whose label names neither raises DriftError. Its rows cannot be attributed, and a record under the wrong release
would be worse than none.
"""

import re
from collections.abc import Sequence

from scraper.errors import DriftError
from scraper.ingest.normalize.reading import Reading
from scraper.ingest.parse.parsed import Table
from scraper.models import Severity, Version

_LABEL = {
    # Windows 10 writes a second parenthesis before the build: `Version 1507 (RTM) (OS build 10240)`.
    "Windows 11": re.compile(
        r"Version (?P<version>\w{1,12})(?: \([^()]*\))* \(OS build (?P<base>\d{4,5})\)", re.I | re.A
    ),
    "Windows Server": re.compile(
        r"Windows Server (?P<version>\d{4})(?: \([^()]*\))* \(OS build (?P<base>\d{4,5})\)", re.I | re.A
    ),
}
_IDENTITY = re.compile(r"HotpatchCalendar_Version(?P<version>\w{1,12}?)_(?P<year>20\d\d)", re.A)
# Fewer builds of another family may be slips.
_MANY = 3


def release_name(product: str, version: str) -> str:
    """``windows-11-24h2`` of ``Windows 11`` and ``24H2``."""
    return f"{product.replace(' ', '-')}-{version}".lower()


def version_of(reading: Reading, table: Table) -> Version:
    """The release that a table's label names; without a label, the one that its HTML id names."""
    source = reading.source
    if found := _LABEL[source.product].fullmatch(table.label):
        version = found["version"].upper()
        release = Version(release_name(source.product, version), source.product, version, int(found["base"]))
        named = _IDENTITY.fullmatch(table.identity)
        if named and named["version"].upper() != version:
            message = f"the table {table.identity} stands under the label {table.label}"
            reading.note(Severity.WARNING, "label", release.release, table.identity, message)
    elif not table.label and (named := _IDENTITY.fullmatch(table.identity)):
        version = named["version"].upper()
        release = Version(release_name(source.product, version), source.product, version, None)
    else:
        raise DriftError(
            f"label of a {table.name} table",
            page=source.name,
            expected="Version X (OS build N)" if source.product == "Windows 11" else "Windows Server N (OS build N)",
            found=repr(table.label),
        )
    reading.versions.append(release)
    return release


def year_of(reading: Reading, table: Table) -> str:
    """The year that a calendar's label names; without a label, the one that its HTML id names."""
    named = _IDENTITY.fullmatch(table.identity)
    if table.year:
        if named and named["year"] != table.year:
            message = f"the table {table.identity} stands under calendar year {table.year}"
            reading.note(Severity.WARNING, "label", None, table.identity, message)
        return table.year
    if named:
        return named["year"]
    raise DriftError(
        "label of a hotpatch-calendar table", page=reading.source.name, expected="Calendar year YYYY", found="none"
    )


def check_family(reading: Reading, version: Version, table: Table, rows: Sequence[tuple[str, str | None]]) -> None:
    """Note each build that is not of the OS build in its label; it is kept as served (sources.md B6: 20346 for 20348).
    ``rows``: of each row of the table, what it is called and its build.

    Raises DriftError when most builds are of another family: then the label is wrong.
    """
    if version.base_build is None:
        return
    family = f"{version.base_build}."
    others = [(subject, build) for subject, build in rows if build and not build.startswith(family)]
    if len(others) >= _MANY and 2 * len(others) > sum(build is not None for _, build in rows):
        raise DriftError(
            f"label of a {table.name} table",
            page=reading.source.name,
            expected=f"builds of OS build {version.base_build} under {table.label}",
            found=f"{others[0][1]} and {len(others) - 1} more of another",
        )
    for subject, build in others:
        message = f"build {build} stands under OS build {version.base_build}"
        reading.note(Severity.WARNING, "family", version.release, subject, message)

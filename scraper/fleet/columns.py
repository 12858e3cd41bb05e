"""Which columns of a list hold version, device, product and edition. Columns are found by name."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scraper.errors import InputError

# Column names by what they hold, the best first, in the form of ``plain_name``. A name that tells whose version it is
# comes before one that does not: "Version" and "Name" may be those of anything.
NAMES: dict[str, tuple[str, ...]] = {
    "version": (
        *("osversion", "operatingsystemversion"),  # Intune and its Graph export; Entra and its Graph export
        *("buildext", "operatingsystembuild"),  # Configuration Manager: SQL views, console
        "softwareversion",  # Defender: DeviceTvmSoftwareInventory, the one table there that has the revision
        *("osbuildversion", "osbuildnumber", "osbuild", "windowsbuild", "windowsversion", "fullbuild", "currentbuild"),
        *("build", "build01", "buildnumber", "version"),  # Build01: Configuration Manager, most often without revision
    ),
    "device": (
        *("devicename", "computername", "machinename", "hostname", "netbiosname", "dnshostname", "pscomputername"),
        *("displayname", "name", "computer", "device", "machine", "host", "fqdn"),
    ),
    "product": (
        *("operatingsystem", "operatingsystemname", "operatingsystemnameand", "osname", "caption"),
        *("osplatform", "os", "productname", "product", "platform"),
    ),
    "edition": (
        *("skufamily", "windowseditionid", "editionid", "osedition", "windowsedition", "edition"),
        *("operatingsystemedition", "operatingsystemsku", "ossku"),
    ),
}


class Device(NamedTuple):
    """A row of the list as it was read. ``edition``: all cells that may tell it, one a line. If the row could not be
    read, ``broken`` says what was expected and found."""

    line: int
    versions: Sequence[str | None] = (None,)
    device: str | None = None
    product: str | None = None
    edition: str | None = None
    broken: str | None = None


class Columns:
    """Which of the columns hold version, device, product and edition. ``found`` names those that have a column."""

    def __init__(self, names: Sequence[str], columns: Mapping[str, str]) -> None:
        plain = [plain_name(name) for name in names]
        places = {what: _named(names, plain, what, columns.get(what)) for what in NAMES}
        self.found = {what for what, some in places.items() if some}
        self._versions = places["version"]
        self._editions = places["edition"]
        self._device, self._product = (next(iter(places[what]), None) for what in ("device", "product"))

    def device(self, number: int, cells: Sequence[str | None]) -> Device:
        return Device(
            number,
            [cells[place] for place in self._versions] or (None,),
            None if self._device is None else cells[self._device],
            None if self._product is None else cells[self._product],
            "\n".join(filter(None, (cells[place] for place in self._editions))),
        )


def _named(names: Sequence[str], plain: Sequence[str], what: str, asked: str | None) -> list[int]:
    """The columns that hold ``what``, the best first; or the one that the user named, exactly or in its plain form."""
    if asked is not None:
        exact = [place for place, name in enumerate(names) if name.strip() == asked.strip()]
        return (exact or [place for place, name in enumerate(plain) if name == plain_name(asked)])[:1]
    places = [place for place, name in enumerate(plain) if name in NAMES[what]]
    return sorted(places, key=lambda place: NAMES[what].index(plain[place]))


def plain_name(name: str) -> str:
    """A column's name without case, spaces and punctuation, and without the 0 that ends Configuration Manager's SQL
    columns."""
    return "".join(filter(str.isalnum, name.casefold())).removesuffix("0")


def lack_of_column(what: str, columns: Mapping[str, str], page: str, names: Sequence[str]) -> InputError:
    asked = columns.get(what)
    expected = (
        f"a column {asked!r}" if asked else "a column with the OS version or build; --column version=NAME names it"
    )
    few = ", ".join(ascii(name[:40]) for name in names[:30]) or "of no header"
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return InputError(f"lack of a {what} column", page=page, expected=expected, found=f"the columns {few}{more}")

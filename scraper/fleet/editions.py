"""The edition of Windows that a row of a list tells, as one of ``answers.reading.EDITIONS`` (rule 10)."""

import re

# Edition names without blanks and punctuation: those of Intune and Graph (skuFamily), of the registry (EditionID,
# WindowsEditionId) and in product names. The first that matches decides.
_NAMES = (
    (re.compile(r"iotenterprise(?:ltsc|sk?(?![a-z]))|iotltsc"), "iot-ltsc"),
    (re.compile(r"lts[cb]|enterprises(?:n|eval|neval)?(?![a-z])"), "ltsc"),
    (re.compile(r"pro(?:fessional)?education"), "home-pro"),
    (re.compile(r"enterprise|education|multisession|serverrdsh"), "enterprise-education"),
    (re.compile(r"home|core|professional|pro(?:n|workstation|forworkstations|single|china)?(?![a-z])"), "home-pro"),
)
# OperatingSystemSKU of WMI.
_NUMBERS = {
    **dict.fromkeys((48, 49, 98, 99, 100, 101, 103, 161, 162, 164, 165), "home-pro"),
    **dict.fromkeys((4, 27, 70, 72, 84, 121, 122, 175, 188), "enterprise-education"),
    **dict.fromkeys((125, 126, 129, 130), "ltsc"),
    191: "iot-ltsc",
}
_WINDOWS = re.compile(r"^(?:microsoft)?windows(?:1[01])?")


def edition_of(product: str, edition: str) -> str | None:
    """The edition that the cell of its own tells, else the name of the product. None if neither does.

    ``EnterpriseS`` and ``125`` are LTSC, ``Professional`` and ``Microsoft Windows 11 Pro`` are Home and Pro.
    """
    return _read(edition) or _read(product)


def _read(text: str) -> str | None:
    words = text.strip().casefold()
    if words.isdecimal():
        return _NUMBERS.get(int(words)) if len(words) < 6 else None
    name = _WINDOWS.sub("", "".join(filter(str.isalnum, words)))
    if "server" in name and name != "serverrdsh":
        return None
    return next((edition for pattern, edition in _NAMES if pattern.search(name)), None)

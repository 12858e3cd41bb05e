"""The edition of Windows that a row of a list tells, as one of ``answers.reading.EDITIONS`` (rule 10)."""

import re
import unicodedata

# EditionID of the registry, WindowsEditionId and skuFamily of Intune and Graph: a name in one word.
_NAMES = (
    (re.compile(r"iotenterprisesk?"), "iot-ltsc"),
    (re.compile(r"enterprises(?:n|eval|neval)?"), "ltsc"),
    (re.compile(r"ppipro|server(?!rdsh).*"), None),  # Surface Hub, and servers
    (re.compile(r"professional\w*|core\w*|pro(?:n|workstationn?|education\w*|singlelanguage|china)"), "home-pro"),
    (re.compile(r"(?:iot)?enterprise\w*|education\w*|edu|serverrdsh|cloudedition\w*"), "enterprise-education"),
)
# Words of product names, in the languages in which Windows names its editions differently. The first group that has one
# of a name's words decides: "Pro Education" is Pro, "IoT Enterprise LTSC" is LTSC.
_WORDS = (
    ({"server", "datacenter"}, None),
    ({"ltsc", "ltsb"}, "ltsc"),
    ({"pro", "professional", "professionnel", "professionale", "profesional", "profissional"}, "home-pro"),
    ({"профессиональная", "专业版", "專業版", "プロ"}, "home-pro"),
    ({"home", "core", "famille", "домашняя", "家庭版", "家用版"}, "home-pro"),
    ({"enterprise", "entreprise", "корпоративная", "企业版", "企業版"}, "enterprise-education"),
    ({"education", "edu", "educacion", "教育版", "multi"}, "enterprise-education"),
)
# OperatingSystemSKU of WMI.
_NUMBERS = {
    **dict.fromkeys((48, 49, 98, 99, 100, 101, 103, 138, 139, 161, 162, 164, 165), "home-pro"),
    **dict.fromkeys((4, 27, 70, 72, 84, 121, 122, 171, 172, 175, 188), "enterprise-education"),
    **dict.fromkeys((125, 126, 129, 130), "ltsc"),
    191: "iot-ltsc",
}
_NUMBER = re.compile(r"(?:0x([0-9a-f]{1,3})|([0-9]{1,3})(?:\.0)?)")
_WORD = re.compile(r"\w+")


def edition_of(product: str, edition: str) -> str | None:
    """The edition that a cell of its own tells, else the name of the product. None if neither does.

    ``edition``: the cells, one a line. ``EnterpriseS`` and ``125`` are LTSC, ``Professional`` and
    ``Microsoft Windows 11 Pro`` are Home and Pro.
    """
    told = (_read(text) for text in (*edition.splitlines(), product))
    return next(filter(None, told), None)


def _read(text: str) -> str | None:
    # Win32_OperatingSystem.Name goes on with the folder and disk: "Microsoft Windows 11 Pro|C:\\WINDOWS|...".
    name = _plain(text.partition("|")[0])
    if number := _NUMBER.fullmatch(name):
        return _NUMBERS.get(int(number[1], 16) if number[1] else int(number[2]))
    for pattern, edition in _NAMES:
        if pattern.fullmatch(name):
            return edition
    words = set(_WORD.findall(name))
    found = next((edition for some, edition in _WORDS if words & set(map(_plain, some))), None)
    return "iot-ltsc" if found == "ltsc" and "iot" in words else found


def _plain(text: str) -> str:
    """Without case, accents and outer blanks."""
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return unicodedata.normalize("NFC", "".join(sign for sign in letters if not unicodedata.combining(sign)))

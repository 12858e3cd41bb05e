"""What the address of an article says. The new layout's addresses say it all once more:
``july-14-2026-kb5101650-os-builds-26200-8875-and-26100-8875``, in folders as ``windows-11/2026/07``, for hotpatches
``hotpatch/windows-11/2026``. The old layout's end in a GUID, or in the number of the article, which is not the KB
(sources.md B5, rule 6)."""

import re
from calendar import month_name
from collections.abc import Iterator
from functools import lru_cache

_SERVICING = "/servicing/os/"
_FOLDERS = re.compile(r"/servicing/os/(?:hotpatch/)?(?:preview/)?([a-z0-9-]+)/(20\d\d)/(?:(\d\d)/)?[^/]*$")
_DAY = re.compile(r"([a-z]+)-(\d{1,2})-(20\d\d)(?=-)")
_KB = re.compile(r"(?<![a-z])kb-?(\d{7})(?!\d)")
_BUILD = re.compile(r"(?<=-)(\d{5})-(\d{1,5})(?=-|$)")
_KINDS = re.compile(r"(?<=-)(hotpatch|baseline|out-of-band|preview)(?=-|$)")
_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_HELP = re.compile(r"/help/(\d{7})$", re.A)


def _slug(url: str | None) -> str:
    return (url or "").rpartition("/")[2].lower()


def kinds_in(url: str | None) -> list[str] | None:
    """The kinds of update that an address of the new layout names; None of an address that tells none: of any other
    layout, and since August 2026 ``kb5124010-windows-11-24h2-25h2-update``, a preview."""
    slug = _slug(url)
    kinds = _KINDS.findall(slug.replace("public-preview", ""))
    if _SERVICING not in (url or "") or (not kinds and slug.endswith("-update")):
        return None
    return kinds


def odd_address(
    url: str | None, release: str, day: str | None, builds: tuple[str, ...], kb: str | None, kbs: frozenset[str]
) -> str | None:
    """What an address says that differs from the text of its link. The number of ``/help/5089602`` may be
    that of an article, but it is never another one of the ``kbs``."""
    if odd := _odd_words(url, release, day, builds, kb):
        return odd
    found = _HELP.search(url or "")
    number = f"KB{found[1]}" if found else kb
    return number if kb and number != kb and number in kbs else None


@lru_cache(maxsize=4096)  # run after run, nearly all links are those of the run before
def _odd_words(url: str | None, release: str, day: str | None, builds: tuple[str, ...], kb: str | None) -> str:
    """The same for day, builds, KB and folders. What an address does not name is not compared."""
    slug = _slug(url)
    kbs, dated = [f"KB{number}" for number in _KB.findall(slug)], _DAY.match(slug)
    if _SERVICING in (url or "") and not kbs and not dated:
        return "neither KB nor day"
    odd_kbs = kbs if kb and kb not in kbs else []
    return ", ".join([*odd_kbs, *_odd_day(dated, day), *_odd_folders(url, release, day), *_odd_builds(slug, builds)])


def _odd_day(dated: re.Match[str] | None, day: str | None) -> Iterator[str]:
    if day and dated and dated[1] in _MONTHS:
        its_day = f"{dated[3]}-{_MONTHS[dated[1]]:02}-{int(dated[2]):02}"
        if its_day != day:
            yield its_day


def _odd_builds(slug: str, builds: tuple[str, ...]) -> list[str]:
    stated = {build.partition(".")[0]: build for build in builds}
    addressed = [f"{base}.{number}" for base, number in _BUILD.findall(slug)]
    return [build for build in addressed if stated.get(build[:5], build) != build]


def _odd_folders(url: str | None, release: str, day: str | None) -> Iterator[str]:
    """Product and year, true of all 3,893 addresses seen. A January's baseline may stand in the year before."""
    folders = _FOLDERS.search(url or "")
    if folders is None:
        if _SERVICING in (url or ""):
            yield "neither product nor year"
        return
    product, year, month = folders.groups()
    if product != (release if release.startswith("windows-server") else "windows-11"):
        yield product
    years = {day[:4], str(int(day[:4]) - (day[5:7] == "01"))} if day else {year}
    if year not in years or (day and month not in (None, day[5:7])):
        yield f"{year}-{month}" if month else year

"""The verdict on one device's version text: client or server, known or not, Windows or not."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from scraper.answers.documents import DeviceVerdict
from scraper.errors import InputError
from scraper.fleet.editions import edition_of
from scraper.formats import Row

Judge = Callable[[str, bool | None, str | None, str | None], list[DeviceVerdict]]
_BUILD = "a build like 26100.3981, 10.0.26100.3981 or Version 24H2 (OS Build 26100.3981)"

_OTHER_SYSTEM = re.compile(
    r"android|centos|chrome ?os|debian|fedora|ipad|iphone|linux|mac ?os|macmdm|red ?hat|suse|tvos|ubuntu|visionos"
    r"|watchos|\b(?:ios|os x|rhel|sles)"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict as the cells of a row, after line, device and version. ``group`` is release, track, status and reason.

    ``assumed``: the build is of client and server and nothing told which the device is. ``doubtful``: the verdict
    depends on it."""

    cells: Row
    because: str
    group: tuple[str | None, str | None, str, str | None]
    build: str = ""
    months: int | None = None
    assumed: bool = False
    doubtful: bool = False

    @property
    def reason(self) -> str | None:
        return self.group[3]


def verdict_on(
    judge: Judge, as_of: str, release: str | None, version: str, product: str, edition: str, told: str | None
) -> Judged:
    """The verdict on a version text. If several releases have the build, the product decides, then the preferred
    release, then the order: the first. ``edition`` is the row's own cell; ``told`` is that of all devices whose row
    tells none."""
    server, windows = _system(f"{product} {edition}")
    if not windows:
        return unknown(as_of, "not-windows", "the list says that this is not Windows")
    try:
        verdicts = judge(version, server, release, None if server else edition_of(product, edition) or told)
    except InputError:
        return no_build(as_of, repr(version) if version.strip() else "none")
    if server is not None and verdicts[0]["reason"] != "not-in-catalog":
        # Client and server never mix (design.md, rule 9): the verdict of one is no verdict on the other.
        same_kind = [verdict for verdict in verdicts if _is_server(verdict) == server]
        if not same_kind:
            return _of_the_other_kind(as_of, verdicts[0], server)
        verdicts = same_kind
    preferred = [verdict for verdict in verdicts if verdict["release"] == release]
    return _judged(as_of, preferred[:1] or verdicts)


def _judged(as_of: str, verdicts: list[DeviceVerdict]) -> Judged:
    """The first of these verdicts. If there are several, nothing but their order decided."""
    chosen = verdicts[0]
    cells = (
        *(chosen["release"], chosen["build"], as_of, chosen["status"], chosen["months_behind"], chosen["reason"]),
        *(chosen["track"], chosen["kind"], chosen["security_month"], chosen["newest_month"], chosen["kbs"]),
        *(chosen["because"], chosen["edition"], chosen["action_kb"], chosen["action_restart"]),
        *(chosen["action"], chosen["action_because"]),
    )
    return Judged(
        cells=cells,
        because=chosen["because"],
        group=(chosen["release"], chosen["track"], chosen["status"], chosen["reason"]),
        build=chosen["build"],
        months=chosen["months_behind"],
        assumed=len(verdicts) > 1,
        doubtful=any(_meaning(verdict) != _meaning(chosen) for verdict in verdicts),
    )


def _of_the_other_kind(as_of: str, verdict: DeviceVerdict, server: bool) -> Judged:
    listed = "server" if server else "client"
    because = f"{verdict['build']} is in the catalog for {verdict['release']} only, and the list says {listed}"
    return unknown(as_of, "not-in-catalog", because, verdict["build"])


def _is_server(verdict: DeviceVerdict) -> bool:
    return (verdict["release"] or "").startswith("windows-server-")


def _meaning(verdict: DeviceVerdict) -> tuple[str, int | None, str | None]:
    return verdict["status"], verdict["months_behind"], verdict["reason"]


def unknown(as_of: str, reason: str, because: str, build: str | None = None) -> Judged:
    """The verdict ``unknown`` with a reason, for a device that no release can judge."""
    action = ("none", "it gets no updates of Windows") if reason == "not-windows" else ("look", because)
    verdict = (None, build, as_of, "unknown", None, reason, None, None, None, None, None, because)
    cells = (*verdict, None, None, None, *action)
    return Judged(cells=cells, because=because, group=(None, None, "unknown", reason))


def no_build(as_of: str, found: str) -> Judged:
    """The verdict ``unknown`` for a version text that is no build."""
    return unknown(as_of, "unreadable", f"expected: {_BUILD}, found: {found}")


def _system(product: str) -> tuple[bool | None, bool]:
    """Whether it is a server (None: not known) and whether it is Windows. ``product`` is the name of an operating
    system, a platform or an edition."""
    words = product.casefold().replace("serverrdsh", "")  # Windows 11 Enterprise multi-session
    if "windows" not in words and _OTHER_SYSTEM.search(words):
        return None, False
    if "server" in words or "datacenter" in words:
        return True, True
    return (False if "windows" in words or "workstation" in words else None), True

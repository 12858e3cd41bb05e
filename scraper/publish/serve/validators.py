"""Validators: what an ETag is made of, and which static files may be kept for ever.

A catalog file never changes while a Datasette serves it (``site`` makes a new Datasette for a new file). So what an
address answers can only change with the file, with the code of this site, or with the day. All of that is known without
a query or a template.
"""

import hashlib
import json
from bisect import bisect
from datetime import datetime, timedelta
from pathlib import Path

import datasette as datasette_package
from datasette.app import Datasette

from scraper import __version__
from scraper.publish.pages.rows import OLD_HOURS
from scraper.publish.serve.settings import root

KEPT = 10_000  # addresses that are known to answer 200, about 100 bytes each
_PACKAGE = Path(__file__).parents[2]
_CODE = ("answers", "publish")  # its folders that decide what a page shows


class Validators:
    """The validators of one Datasette, and which addresses it answered with 200.

    ``digest`` is of all that an answer can depend on. ``old_from``: when each source page becomes too old, sorted.
    ``versions``: the digests of each static file, by its address.
    """

    def __init__(self, digest: str, old_from: list[datetime], versions: dict[str, tuple[str, str]]) -> None:
        self._digest = digest
        self._old_from = old_from
        self._versions = versions
        self._good: dict[str, None] = {}

    def etag(self, address: str, at: datetime) -> str:
        """The ETag of an address at a time. It is weak, since a server in front may compress. It changes with the file,
        the site, the day, and whenever another source page was not read for too long."""
        parts = (self._digest, at.date().isoformat(), str(bisect(self._old_from, at)), address)
        return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"'

    def is_version(self, path: str, query: str) -> bool:
        """Whether the query (``v=DIGEST``, or the digest alone) names the present content of a static file. Only then
        may a browser keep it for ever. With an older process beside this one, or with a query that somebody made up,
        another content would be kept."""
        asked = query.rpartition("=")[2]
        return len(asked) >= 6 and any(digest.startswith(asked) for digest in self._versions.get(path, ()))

    def versioned(self, name: str) -> str:
        """The address of a file in site/static that may be kept for ever."""
        digests = self._versions.get(f"/static/{name}")
        return f"/static/{name}?v={digests[0][:12]}" if digests else f"/static/{name}"

    def note(self, etag: str) -> None:
        """Remember that the address of this ETag answered with 200."""
        self._good[etag] = None
        if len(self._good) > KEPT:
            del self._good[next(iter(self._good))]

    def is_good(self, etag: str) -> bool:
        return etag in self._good


async def validators_of(datasette: Datasette) -> Validators:
    """The validators of a Datasette, from its catalog, the files of the site and the settings."""
    whole = hashlib.sha256()
    old_from = await _read_catalogs(datasette, whole)
    site = _files(root() / "site", "*")
    for folder in _CODE:
        site |= _files(_PACKAGE / folder, "*.py")
    for path, content in site.items():
        whole.update(path.name.encode() + hashlib.sha256(content).digest())
    about = [
        *(datasette.metadata(), datasette.settings_dict()),
        *(datasette_package.__version__, __version__),
    ]
    whole.update(json.dumps(about, sort_keys=True, default=str).encode())
    return Validators(whole.hexdigest(), sorted(old_from), _versions())


async def _read_catalogs(datasette: Datasette, whole: "hashlib._Hash") -> list[datetime]:
    """Add the database files to the digest. Returns when each of their source pages becomes too old."""
    old_from: list[datetime] = []
    for database in datasette.databases.values():
        if database.path is None:
            continue
        with Path(database.path).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
        if await database.table_exists("pages"):
            read = await database.execute("select fetched_at from pages where fetched_at is not null")
            old_from += [datetime.fromisoformat(at) + timedelta(hours=OLD_HOURS) for (at,) in read.rows]
    return old_from


def _files(folder: Path, pattern: str) -> dict[Path, bytes]:
    paths = sorted(folder.rglob(pattern))
    return {path: path.read_bytes() for path in paths if path.is_file() and path.suffix != ".pyc"}


def _versions() -> dict[str, tuple[str, str]]:
    """The SHA-256 and SHA-1 of each static file by its address. Datasette names its own style sheet by the SHA-1."""
    static = root() / "site" / "static"
    contents = {f"/static/{path.relative_to(static)}": content for path, content in _files(static, "*").items()}
    css = Path(datasette_package.__file__).parent / "static" / "app.css"
    contents["/-/static/app.css"] = css.read_bytes()
    return {
        address: (hashlib.sha256(content).hexdigest(), hashlib.sha1(content).hexdigest())
        for address, content in contents.items()
    }

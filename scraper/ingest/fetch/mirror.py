"""A mirror that is a directory: the page of ``https://HOST/PATH`` is the file ``HOST/PATH`` or ``HOST/PATH.html``."""

import logging
from pathlib import Path

from scraper.errors import FetchError, Unavailable, WrongAnswer
from scraper.ingest.fetch.addresses import Addresses
from scraper.ingest.fetch.body import Body, is_block_page
from scraper.ingest.fetch.manners import Manners
from scraper.ingest.fetch.request import WHOLE_PAGE, Answer, Request

log = logging.getLogger(__package__)


def read_page(request: Request, manners: Manners, directory: Path) -> Answer | FetchError:
    """The page from the files of the mirror, or its error. Nothing is retried: waiting changes no file."""
    try:
        url = Addresses(manners.hosts, None).public(request, request.url)
        body = _file(request, directory / url.host, url.path.strip("/"), manners.max_bytes)
        if is_block_page(body):
            raise Unavailable("answer", page=request.name, expected=WHOLE_PAGE, found=f"a block page in {directory}")
    except FetchError as error:
        return error
    log.info("fetched %s: %d bytes from %s", request.name, len(body), directory)
    return Answer(request, 200, str(url), body, None, None)


def _file(request: Request, folder: Path, path: str, limit: int) -> bytes:
    """The bytes of ``path`` or ``path.html`` in a host's folder. Raises WrongAnswer when neither is a file in it."""
    tried = [folder / path, folder / f"{path}.html"]
    try:
        # Resolved, so that neither dots nor links lead out of the folder.
        inside = [file for file in tried if file.resolve().is_relative_to(folder.resolve())]
        found = next((file for file in inside if file.is_file()), None)
        if found is None:
            expected = " or ".join(str(file) for file in tried)
            raise WrongAnswer("mirror", page=request.name, expected=expected, found="no such file")
        with found.open("rb") as stream:
            body = Body(request, limit, compressed=False)
            body.add(stream.read(limit + 1))
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        expected = "a file that can be read"
        raise WrongAnswer("mirror", page=request.name, expected=expected, found=str(error)) from error
    return body.whole()

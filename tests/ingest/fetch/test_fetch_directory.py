"""A mirror that is a directory, and mirrors that are neither URL nor directory."""

from pathlib import Path

import pytest

from scraper.errors import FetchError, InputError, Unavailable, WrongAnswer
from scraper.ingest.fetch import Answer, Manners, Request
from tests.fixtures.fetching import BLOCK_PAGE, NOTES, PAGE, QUICK, SUPPORT, come


def keep(directory: Path, address: str, body: bytes = PAGE) -> Path:
    file = directory / address.removeprefix("https://")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return file


def found(directory: Path, address: str, manners: Manners = QUICK) -> Answer | FetchError:
    return come(address, mirror=str(directory), manners=manners)[address]


def test_directory_has_the_page_as_it_is_named_or_with_html(tmp_path: Path) -> None:
    keep(tmp_path, f"{NOTES}.html", b"with html")
    came = found(tmp_path, f"{NOTES}?view=1")
    assert came == Answer(Request("", f"{NOTES}?view=1"), 200, f"{NOTES}?view=1", b"with html", None, None)
    keep(tmp_path, NOTES, b"as named")
    came = found(tmp_path, NOTES)
    assert isinstance(came, Answer)
    assert came.body == b"as named"


def test_folder_of_the_page_s_name_is_not_the_page(tmp_path: Path) -> None:
    keep(tmp_path, f"{NOTES}/more")
    keep(tmp_path, f"{NOTES}.html", b"with html")
    came = found(tmp_path, NOTES)
    assert isinstance(came, Answer)
    assert came.body == b"with html"


def test_page_missing_in_a_directory_is_wrong_and_says_where_it_was_sought(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "nowhere"):
        error = found(directory, NOTES)
        assert isinstance(error, WrongAnswer)
        file = directory / "support.microsoft.com/en-us/topic/notes"
        assert f"expected: {file} or {file}.html, found: no such file" in str(error)


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret",
        "/%2e%2e/%2e%2e/secret",
        "/..%2f..%2fsecret",
        "/a/%2e%2e/%2e%2e/%2e%2e/secret",
        "/..",
        "/link",
        "/",
    ],
)
def test_no_path_leads_out_of_a_directory(tmp_path: Path, path: str) -> None:
    mirror = tmp_path / "mirror"
    keep(mirror, NOTES)
    (tmp_path / "secret").write_bytes(b"secret")
    (mirror / "secret").write_bytes(b"secret")
    (mirror / "support.microsoft.com" / "link").symlink_to(tmp_path / "secret")
    (mirror / "support.microsoft.com.html").write_bytes(b"secret")
    assert isinstance(found(mirror, SUPPORT + path), WrongAnswer)


def test_absolute_path_in_an_address_stays_in_the_directory(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for slashes in ("/", "//", "/%2f"):
        assert isinstance(found(tmp_path, f"{SUPPORT}{slashes}{secret}"), WrongAnswer)


@pytest.mark.parametrize("path", ["/a%00b", f"/{'a' * 300}"])
def test_path_that_no_file_can_have_is_wrong(tmp_path: Path, path: str) -> None:
    keep(tmp_path, NOTES)
    assert isinstance(found(tmp_path, SUPPORT + path), WrongAnswer)


def test_files_have_the_limits_of_bodies(tmp_path: Path) -> None:
    file = keep(tmp_path, NOTES, b"a" * (QUICK.max_bytes + 1))
    assert "oversized" in str(found(tmp_path, NOTES))
    file.write_bytes(b"")
    assert "an empty body" in str(found(tmp_path, NOTES))
    file.write_bytes(BLOCK_PAGE)
    assert isinstance(found(tmp_path, NOTES), Unavailable)


def test_undeclared_host_is_refused_in_a_directory_too(tmp_path: Path) -> None:
    keep(tmp_path, "https://example.com/notes")
    assert "unexpected address" in str(found(tmp_path, "https://example.com/notes"))


@pytest.mark.parametrize(
    "mirror",
    [
        *("ftp://example.com", "file:///srv/mirror", "http://", "http://a:b", "http://a/?b=c"),
        *("http://127.0.0.1:65536", "http://xn--/", "http://xn--a.com/", "http://[::1", f"http://a/{'b' * 70_000}"),
    ],
)
def test_mirror_that_is_neither_url_nor_directory_is_wrong_usage(mirror: str) -> None:
    with pytest.raises(InputError, match="unexpected mirror") as refused:
        come(NOTES, mirror=mirror)
    assert len(str(refused.value)) < 600

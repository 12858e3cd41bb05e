"""Where redirects may lead."""

import httpx
import pytest

from scraper.errors import WrongAnswer
from scraper.ingest.fetch import Answer, Request
from tests.fixtures.fetching import (
    BLOCK_PAGE,
    HISTORY,
    LEARN,
    NOTES,
    PAGE,
    SUPPORT,
    answer,
    come,
    failure,
    public,
    streamed,
)
from tests.fixtures.web import Reply, Web


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_of_all_kinds_are_followed(web: Web, status: int) -> None:
    web.page(NOTES, Reply(status, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(body=PAGE))
    assert answer(NOTES, web).final_url == HISTORY


@pytest.mark.parametrize(
    ("location", "landing"),
    [
        (f"{LEARN}/new", f"{LEARN}/new"),
        ("//learn.microsoft.com/new", f"{LEARN}/new"),
        ("https://LEARN.microsoft.com:443/new#part", f"{LEARN}/new"),
        ("/en-US/Topic/Notes", f"{SUPPORT}/en-US/Topic/Notes"),
        ("other?view=1", f"{SUPPORT}/en-us/topic/other?view=1"),
        ("../../../../other", f"{SUPPORT}/other"),
        ("?view=1", f"{NOTES}?view=1"),
    ],
)
def test_redirects_are_resolved_as_public_addresses(web: Web, location: str, landing: str) -> None:
    web.page(NOTES, Reply(302, headers={"Location": location}))
    web.page(landing, Reply(body=PAGE))
    assert answer(NOTES, web).final_url == landing


@pytest.mark.parametrize("path", ["", "/replay"])
@pytest.mark.parametrize("form", ["{url}{path}{page}", "{path}{page}"])
def test_redirect_into_the_mirror_is_recorded_as_public(web: Web, path: str, form: str) -> None:
    location = form.format(url=web.url, path=path, page="/learn.microsoft.com/new?a=b")
    web.page(f"{path}/support.microsoft.com/en-us/topic/notes", Reply(302, headers={"Location": location}))
    web.page(f"{path}/learn.microsoft.com/new", Reply(body=PAGE))
    came = come(NOTES, mirror=f"{web.url}{path}")[NOTES]
    assert isinstance(came, Answer)
    assert came.final_url == f"{LEARN}/new?a=b"


def test_redirects_without_a_mirror_stay_public() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/help/5058497":
            return httpx.Response(301, headers={"Location": "/en-us/topic/notes"})
        return httpx.Response(200, content=streamed(PAGE))

    came = come(f"{SUPPORT}/help/5058497", transport=public(respond)).popitem()[1]
    assert isinstance(came, Answer)
    assert came.final_url == NOTES


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/notes",
        "https://support.microsoft.com.example.com/",
        "https://support.microsoft.com./notes",
        "http://support.microsoft.com/notes",
        "https://support.microsoft.com:8443/notes",
        "https://user@support.microsoft.com/notes",
        "https://support.microsoft.com\\@example.com/",
        "https://support.microsoft.com@example.com/",
        "//example.com/notes",
        "http://127.0.0.1/notes",
        "https://127.0.0.1/notes",
        "https://[::1]/notes",
        "https://[::1",
        "https://support.microsoft.com:99999999/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "HTTPS://EXAMPLE.COM/",
        "https://2130706433/",
        "https://xn--/",
        "https://user:secret@support.microsoft.com/",
        "https://support.microsoft.com:443@example.com/",
        "https://support.microsoft.com:65536/",
        "https://support.microsoft.com:https/",
    ],
)
def test_redirect_to_elsewhere_is_refused_and_named(web: Web, location: str) -> None:
    web.page(NOTES, Reply(302, headers={"Location": location}))
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert repr(location) in str(error)
    assert len(web.asked) == 1


def test_redirect_into_the_mirror_but_to_no_declared_host_is_refused(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": f"{web.url}/example.com/notes"}))
    assert "unexpected redirect" in str(failure(NOTES, web))


def test_request_for_an_undeclared_host_is_refused_unasked(web: Web) -> None:
    for address in ("https://example.com/notes", "http://learn.microsoft.com/", "notes", "https://[", "\x00"):
        assert "unexpected address" in str(failure(Request("notes", address), web))
    assert web.asked == []


def test_redirect_loop_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(302, headers={"Location": f"{NOTES}#again"}))
    error = failure(NOTES, web)
    assert isinstance(error, WrongAnswer)
    assert f"expected: no loop, found: back at {NOTES}" in str(error)
    assert len(web.asked) == 2


def test_five_redirects_are_followed_and_a_sixth_is_not(web: Web) -> None:
    for number in range(6):
        web.page(f"{SUPPORT}/{number}", Reply(302, headers={"Location": f"/{number + 1}"}))
    web.page(f"{SUPPORT}/6", Reply(body=PAGE))
    assert answer(f"{SUPPORT}/1", web).final_url == f"{SUPPORT}/6"
    error = failure(f"{SUPPORT}/0", web)
    assert isinstance(error, WrongAnswer)
    assert "expected: at most 5 redirects" in str(error)


def test_redirect_without_a_location_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302))
    assert isinstance(failure(NOTES, web), WrongAnswer)


@pytest.mark.parametrize(
    "landing", [Reply(404), Reply(403), Reply(body=BLOCK_PAGE), Reply(302, headers={"Location": "?"})]
)
def test_long_address_makes_no_long_message(web: Web, landing: Reply) -> None:
    """It stands on one line of stderr, and in the catalog as long as the page fails."""
    address = f"{SUPPORT}/{'a' * 60_000}"
    web.page(NOTES, Reply(302, headers={"Location": address}))
    web.page(address, landing)
    assert len(str(failure(NOTES, web))) < 600


def test_redirect_to_an_address_too_long_to_be_asked_is_wrong(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": "/" + "a" * (65_536 - len(f"{SUPPORT}/"))}))
    assert isinstance(failure(NOTES, web), WrongAnswer)


def test_throttled_landing_is_retried_from_the_start(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": HISTORY}))
    web.page(HISTORY, Reply(403), Reply(body=PAGE))
    assert answer(NOTES, web).final_url == HISTORY

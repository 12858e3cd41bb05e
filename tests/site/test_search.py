"""The search, and addresses that cannot be understood."""

import re
from urllib.parse import quote

import httpx
import pytest


@pytest.mark.parametrize(
    ("words", "goes"),
    [
        ("KB5058497", "/kb/KB5058497"),
        (" kb 5058497 ", "/kb/KB5058497"),
        ("5058497", "/kb/KB5058497"),
        ("26100.3981", "/build/26100.3981"),
        ("10.0.26100.3981", "/build/26100.3981"),
        ("Version 24H2 (OS Build 26100.3981)", "/build/26100.3981"),
        ("2026-06", "/month/2026-06"),
        ("24h2", "/release/windows-11-24h2"),
        ("Server 2025", "/release/windows-server-2025"),
    ],
)
def test_search_goes_straight_to_what_is_named(site: httpx.Client, words: str, goes: str) -> None:
    response = site.get("/search", params={"q": words})
    assert (response.status_code, response.headers["location"]) == (302, goes)


@pytest.mark.parametrize(
    "words",
    [
        *('"', "'", '"" or', "a AND", "NEAR(", "kb:*", "*", "^", "-", "(", "\x00", '"\x00', "€ 😀", "<script>alert(1)"),
        *(
            "2099-19",
            "\u0662\u0660\u0662\u0665-\u0660\u0665",
            "KB\u0665\u0660\u0665\u0668\u0664\u0669\u0667",
            "x" * 4000,
            "ab " * 2000,
        ),
    ],
)
def test_search_takes_any_words(site: httpx.Client, words: str) -> None:
    response = site.get("/search", params={"q": words})
    assert response.status_code == 200
    assert "<script>alert" not in response.text


def test_search_that_finds_more_than_it_shows_says_so(site: httpx.Client) -> None:
    many = site.get("/search?q=hotpatch").text
    assert many.count("<li>") == 50
    assert "These are the newest 50" in many
    assert 'href="/catalog/kbs?_search=hotpatch"' in many
    assert "These are the newest" not in site.get("/search?q=wsus+server").text


MISREAD = [
    ("/kb/abc", "expected: KB and digits"),
    ("/kb/KB5058497%2Fx", "expected: KB and digits"),
    ("/kb/..%2F..%2Fetc%2Fpasswd", "expected: KB and digits"),
    ("/kb/%00", "expected: KB and digits"),
    ("/kb/%ED%A0%80", "expected: KB and digits"),
    ("/kb/" + quote("KB\u0665\u0660\u0665\u0668\u0664\u0669\u0667"), "expected: KB and digits"),
    ("/kb/" + quote("😀"), "expected: KB and digits"),
    ("/kb/" + "x" * 5000, "expected: KB and digits"),
    ("/build/3981", "expected: a build like 26100.3981"),
    ("/build/26100.9999999", "expected: a build like 26100.3981"),
    ("/build/26100.3981?as_of=garbage", "expected: a date like 2025-05-20, found: 'garbage'"),
    ("/build/26100.3981?as_of=2025-02-30", "expected: a date like 2025-05-20"),
    ("/build/26100.3981?release=zzz", "expected: one of windows-11-21h2, "),
    ("/month/2025-13", "expected: a month like 2026-06"),
    ("/release/zzz", "expected: one of windows-11-21h2, "),
    ("/release/windows-11-24h2?as_of=1", "expected: a date like"),
    ("/changes?since=yesterday", "expected: a date like"),
    ("/changes?release=zzz", "expected: one of windows-11-21h2, "),
    ("/disagreements?release=zzz", "expected: one of windows-11-21h2, "),
]


def ending(address: str, form: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{form}{mark}{query}"


@pytest.mark.parametrize(("address", "problem"), MISREAD)
def test_misread_address_is_404_for_people_and_400_for_scripts(site: httpx.Client, address: str, problem: str) -> None:
    page = site.get(address)
    assert page.status_code == 404
    assert problem in page.text.replace("&#39;", "'")
    assert 'action="/search"' in page.text
    for form in ("json", "csv"):
        answer = site.get(ending(address, form))
        assert answer.status_code == 400
        document = answer.json()
        assert document.keys() == {"ok", "error", "status"}
        assert (document["ok"], document["status"]) == (False, 400)
        assert re.match(r"unexpected \w+ in the address\. expected: ", document["error"])
        assert problem in document["error"]


@pytest.mark.parametrize(
    "address", ["/kb", "/KB/KB5058497", "/kb/KB5058497/x", "/kb/KB5058497.xml", "/about.xml", "/nothing", "/month"]
)
def test_address_of_nothing_is_a_page_that_helps(site: httpx.Client, address: str) -> None:
    response = site.get(address)
    assert response.status_code == 404
    assert 'href="/kb/KB5058497"' in response.text


@pytest.mark.parametrize(
    ("address", "words"),
    [("/KB5058497", "KB5058497"), ("/builds/26100.3981", "26100.3981"), ("/kb/secure%20boot", "secure%20boot")],
)
def test_address_of_nothing_offers_to_search_for_its_end(site: httpx.Client, address: str, words: str) -> None:
    assert f'href="/search?q={words}"' in site.get(address).text


def test_very_long_number_is_no_kb(site: httpx.Client) -> None:
    page = site.get(f"/kb/{'9' * 5000}")
    assert (page.status_code, len(page.text) < 10_000) == (404, True)
    assert site.get(f"/kb/{'9' * 5000}.json").status_code == 400
    document = site.get("/kb/999999999999.json")
    assert (document.status_code, document.json()["kb"], document.json()["builds"]) == (404, "KB999999999999", [])

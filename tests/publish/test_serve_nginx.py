"""The recipe of a public site: nginx in front of two processes."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.fixtures.addresses import DATA, PAGES, QUERY, ROW, SQL, TABLE
from tests.fixtures.nginx import HOST, NGINX, behind_nginx
from tests.fixtures.serving import Server, serving, swap

pytestmark = pytest.mark.slow

FRESH = 12  # seconds after which docs/publish.md promises the new catalog


GENERATIONS = [TABLE, ROW, QUERY, f"{TABLE}.json", f"{TABLE}.csv", "/catalog/kb_lookup.json?kb=KB5058411"]


class Front:
    def __init__(self, client: httpx.Client, db: Path, upstreams: list[Server]) -> None:
        self.client, self.db, self.upstreams = client, db, upstreams


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian's package nginx)")
    folder = tmp_path_factory.mktemp("front")
    db = folder / "catalog.db"
    swap(db, 0)
    with ExitStack() as stack:
        upstreams = [stack.enter_context(serving(db, "--public", spoken=name)) for name in ("first", "second")]
        yield Front(stack.enter_context(behind_nginx(folder, [server.port for server in upstreams])), db, upstreams)


def test_nginx_keeps_pages_packs_them_and_gives_validators(front: Front) -> None:
    for path in (*PAGES, *DATA):
        first, again = front.client.get(path), front.client.get(path)
        assert [first.status_code, again.status_code] == [200, 200]
        assert [first.headers["x-cache"], again.headers["x-cache"]] == ["MISS", "HIT"]
        assert first.text == again.text
        for name in ("content-security-policy", "x-content-type-options", "access-control-allow-origin"):
            assert first.headers.get_list(name, split_commas=False) == [first.headers[name]]
        known = front.client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
    assert front.client.get(TABLE).headers["content-encoding"] == "gzip"
    etags = {upstream.client.get(TABLE, headers={"host": HOST}).headers["etag"] for upstream in front.upstreams}
    assert etags == {front.client.get(TABLE).headers["etag"]}, "both processes give one validator"


def test_nginx_gives_one_page_to_everybody(front: Front) -> None:
    personal = {"cookie": "ds_actor=x", "authorization": "Bearer y", "x-forwarded-host": "evil.example"}
    path = "/catalog/builds.json?_size=1"
    first = front.client.get(path, headers=personal)
    again = front.client.get(path)
    assert [first.headers["x-cache"], again.headers["x-cache"]] == ["MISS", "HIT"]
    assert again.json()["next_url"].startswith(f"http://{HOST}/catalog/builds.json?")
    assert "private" not in again.headers["cache-control"]


def test_nginx_knows_one_host_only(front: Front) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        front.client.get("/", headers={"host": "evil.example"})


def test_nginx_has_what_is_public_and_nothing_else(front: Front) -> None:
    assert front.client.get("/robots.txt").text.startswith("User-agent: *")
    assert front.client.get("/download/catalog.db.gz").content == b"packed"
    assert front.client.get("/download/").status_code == 403
    assert front.client.get("/download/../catalog.db").status_code == 403
    for path in ("/-/versions", "/-/databases.json", "/download/../-/versions"):
        assert front.client.get(path).status_code == 404
    assert front.client.get(SQL).status_code == 403
    for _ in range(2):
        assert front.client.post(TABLE, content=b"x" * 100).status_code == 405
    assert front.client.post(TABLE, content=b"x" * 100_000).status_code == 413


def test_nginx_holds_back_who_asks_too_much(front: Front) -> None:
    costly = [front.client.get(f"{TABLE}?_search=a&_size={size}").status_code for size in range(1, 60)]
    assert {*costly} == {200, 429}
    assert costly[:15] == [200] * 15
    assert [front.client.get(path).status_code for path in PAGES] == [200] * len(PAGES)


@pytest.mark.parametrize("path", ["/build/26100.3981.json?as_of=2025-05-2{}", "/catalog/verdict_periods.json?build={}"])
def test_nginx_holds_back_a_flood_of_questions(front: Front, path: str) -> None:
    time.sleep(2)  # what the test before asked is forgotten
    asked = [front.client.get(f"{path.format(number % 10)}&n={number}").status_code for number in range(200)]
    assert {*asked} == {200, 429}
    assert asked[:30] == [200] * 30


def test_no_request_fails_while_a_process_dies_and_a_new_catalog_comes(front: Front) -> None:
    """The last one: it leaves one of the two processes dead."""
    bad: list[object] = []
    count = 0
    stop = threading.Event()

    def visit(number: int) -> None:
        nonlocal count
        with httpx.Client(base_url=front.client.base_url, headers={"host": HOST}, trust_env=False) as client:
            while not stop.is_set():
                for path in (*PAGES, *GENERATIONS, f"{TABLE}.json?visitor={number}-{count}"):
                    try:
                        answer = client.get(path)
                        if answer.status_code != 200:
                            bad.append((path, answer.status_code))
                    except httpx.HTTPError as error:
                        bad.append((path, error))
                    count += 1

    with ThreadPoolExecutor(8) as visitors:
        visits = [visitors.submit(visit, number) for number in range(8)]
        try:
            time.sleep(0.5)
            front.upstreams[0].process.kill()
            time.sleep(0.5)
            swap(front.db, 1)
            swapped = time.monotonic()
            time.sleep(4)
        finally:
            stop.set()
    for each in visits:
        each.result()
    assert bad == []
    assert count > 200
    time.sleep(max(0.0, swapped + FRESH - time.monotonic()))
    for path in GENERATIONS:
        page = front.client.get(path).text
        assert "generation 1" in page
        assert "generation 0" not in page


def test_pages_stay_when_no_process_is_left(front: Front) -> None:
    known: Callable[[], httpx.Response] = lambda: front.client.get(TABLE)  # noqa: E731
    assert known().status_code == 200
    front.upstreams[1].process.kill()
    front.upstreams[1].process.wait()
    time.sleep(0.1)
    assert known().status_code == 200
    assert front.client.get("/catalog/kbs/KB5055523?never=asked").status_code == 502

"""Which file is served, and how a new one is taken up."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from scraper import answers
from scraper.errors import MachineError
from scraper.publish.serve.site import Site
from tests.fixtures.addresses import PAGES, ROW
from tests.fixtures.serving import TABLES, VIEWS, build_small, make_foreign, make_older, serving, swap, wait_for


@pytest.mark.parametrize("lost", sorted({*TABLES, *VIEWS, "kbs_fts", "sections_fts"}))
def test_every_table_and_view_is_missed(tmp_path: Path, lost: str) -> None:
    kind = "view" if lost in VIEWS else "table"
    with closing(sqlite3.connect(build_small(tmp_path / "catalog.db"))) as db:
        db.execute("pragma foreign_keys = off")
        db.execute("pragma legacy_alter_table = on")
        db.execute(f"drop {kind} {lost}")
        with pytest.raises(MachineError, match=rf"found: none named {lost}: another version"):
            answers.check(db, "catalog.db")


@pytest.mark.usefixtures("threads_stay")
def test_new_catalog_ends_the_old_validators_and_what_is_none_is_not_taken_up(tmp_path: Path) -> None:
    db = tmp_path / "catalog.db"
    swap(db, 0)

    async def visit() -> None:
        site = Site(db)
        await site.renew()
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            known = {"if-none-match": (await client.get(ROW)).headers["etag"]}
            assert (await client.get(ROW, headers=known)).status_code == 304
            swap(db, 1)
            await site.renew()
            answer = await client.get(ROW, headers=known)
            assert answer.status_code == 200
            assert "generation 1" in answer.text
            for make in (make_foreign, make_older):
                make(tmp_path / "next.db").replace(db)
                with pytest.raises(MachineError):
                    await site.renew()
                assert "generation 1" in (await client.get(ROW)).text

    asyncio.run(visit())


@pytest.mark.slow
def test_what_is_no_catalog_is_not_taken_up(tmp_path: Path) -> None:
    db = build_small(tmp_path / "catalog.db")
    with serving(db) as server:
        for make in (make_foreign, make_older):
            before = server.stderr().count("the last good catalog stays")
            make(tmp_path / "next.db").replace(db)
            wait_for(lambda before=before: server.stderr().count("the last good catalog stays") > before, 10)
            assert [server.client.get(path).status_code for path in PAGES] == [200] * len(PAGES)


@pytest.mark.slow
def test_new_catalog_is_taken_up_and_no_request_fails(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    swap(path, 0)
    with serving(path) as server:

        def threads() -> int:
            return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))

        seen: list[list[int]] = [[], []]
        troubles: list[object] = []
        stop = threading.Event()

        def poll(place: int, keep_alive: bool) -> None:
            sql = "select distinct title from kbs"
            headers = {} if keep_alive else {"connection": "close"}
            with httpx.Client(base_url=server.client.base_url, headers=headers, trust_env=False) as reader:
                while not stop.is_set():
                    try:
                        answer = reader.get("/catalog.json", params={"sql": sql, "_shape": "arrayfirst"}).json()
                        seen[place].append(int(str(answer[0]).removeprefix("generation ")))
                    except (httpx.HTTPError, LookupError, ValueError) as error:
                        troubles.append(error)

        pollers = [threading.Thread(target=poll, args=place) for place in ((0, True), (1, False))]
        for poller in pollers:
            poller.start()
        wait_for(lambda: all(seen), 10)
        before = threads()
        try:
            for generation in (1, 2, 3, 4):
                swap(path, generation)
                wait_for(lambda: all(place[-1] == generation for place in seen), 3)  # noqa: B023
            path.with_name("new.db").write_bytes(b"no database " * 100)
            os.replace(path.with_name("new.db"), path)
            time.sleep(1.2)
            assert {place[-1] for place in seen} == {4}
            swap(path, 5)
            wait_for(lambda: all(place[-1] == 5 for place in seen), 3)
        finally:
            stop.set()
            for poller in pollers:
                poller.join()
        assert troubles == []
        assert all(place == sorted(place) for place in seen), "old rows after new ones"
        assert {5} == {place[-1] for place in seen}
        wait_for(lambda: threads() <= before, 5)
        assert server.end(signal.SIGTERM) == 0
        assert server.stderr().count("the last good catalog stays") == 1
        assert "Traceback" not in server.stderr()

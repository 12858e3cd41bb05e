"""How often and how many at a time a host is asked."""

import time
from dataclasses import replace

from scraper.errors import Unavailable
from scraper.ingest.fetch import Answer
from tests.fixtures.fetching import HISTORY, LEARN, NOTES, PAGE, QUICK, SUPPORT, answer, come, gaps
from tests.fixtures.web import Reply, Web


def test_throttling_makes_all_requests_to_the_host_wait_and_no_other_host(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(6)]
    web.page(pages[0], Reply(403), Reply(body=PAGE))
    for page in pages[1:]:
        web.page(page, Reply(body=PAGE, wait=0.02))
    web.page(HISTORY, Reply(body=PAGE, wait=0.05))
    web.page(f"{HISTORY}-2", Reply(body=PAGE))
    manners = replace(QUICK, quiet=0.4, concurrency=1)
    came = come(*pages, HISTORY, f"{HISTORY}-2", mirror=web.url, manners=manners)
    assert all(isinstance(each, Answer) for each in came.values())
    refused, *others = [asked.at for asked in web.asked if "support" in asked.target]
    assert min(others) - refused >= 0.4
    assert web.times(f"{HISTORY}-2")[0] - refused < 0.4


def test_other_pages_wait_while_one_is_throttled_and_then_go_on(web: Web) -> None:
    web.page(f"{NOTES}-a", Reply(403))
    web.page(f"{NOTES}-b", Reply(body=PAGE, wait=0.1), Reply(body=PAGE))
    web.page(f"{NOTES}-c", Reply(body=PAGE))
    manners = replace(QUICK, quiet=0.3, attempts=2)
    came = come(f"{NOTES}-a", f"{NOTES}-b", f"{NOTES}-c", mirror=web.url, manners=manners)
    assert isinstance(came[f"{NOTES}-a"], Unavailable)
    assert isinstance(came[f"{NOTES}-c"], Answer)
    assert web.times(f"{NOTES}-c")[0] - web.times(f"{NOTES}-a")[0] >= 0.3


def test_requests_to_one_host_start_a_delay_apart(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(5)]
    for page in pages:
        web.page(page, Reply(body=PAGE))
    begin = time.monotonic()
    come(*pages, mirror=web.url, manners=replace(QUICK, delay=0.1))
    # From the start of the first: a request may come late on a busy machine, but never early.
    assert all(at - begin >= 0.1 * place for place, at in enumerate(web.times()))
    assert web.times()[-1] - begin < 0.1 * 4 + 1


def test_hosts_do_not_wait_for_each_other(web: Web) -> None:
    web.page(NOTES, Reply(body=PAGE))
    web.page(HISTORY, Reply(body=PAGE))
    come(NOTES, HISTORY, mirror=web.url, manners=replace(QUICK, delay=1))
    assert gaps(web.times())[0] < 0.5


def test_redirects_and_retries_keep_the_delay_too(web: Web) -> None:
    web.page(NOTES, Reply(302, headers={"Location": "/b"}))
    web.page(f"{SUPPORT}/b", Reply(500), Reply(body=PAGE))
    begin = time.monotonic()
    answer(NOTES, web, replace(QUICK, delay=0.1))
    assert len(web.asked) == 4
    assert all(at - begin >= 0.1 * place for place, at in enumerate(web.times()))


def test_no_more_requests_at_a_time_than_agreed(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(8)]
    for page in pages:
        web.page(page, Reply(body=PAGE, wait=0.05))
    come(*pages, mirror=web.url)
    assert web.busiest == 2


def test_pages_redirected_to_another_host_count_there(web: Web) -> None:
    pages = [f"{host}/{number}" for host in (LEARN, SUPPORT) for number in range(4)]
    for page in pages:
        web.page(page, Reply(302, headers={"Location": f"{SUPPORT}/notes{page[-1]}"}))
    for number in range(4):
        web.page(f"{SUPPORT}/notes{number}", Reply(body=PAGE, wait=0.05))
    came = come(*pages, mirror=web.url, manners=replace(QUICK, concurrency=1))
    assert all(isinstance(each, Answer) for each in came.values())
    assert web.busiest <= 2  # one a host


def test_waiting_in_line_uses_up_no_budget(web: Web) -> None:
    pages = [f"{NOTES}-{number}" for number in range(8)]
    for page in pages:
        web.page(page, Reply(body=PAGE))
    came = come(*pages, mirror=web.url, manners=replace(QUICK, delay=0.06, seconds=0.3))
    assert all(isinstance(each, Answer) for each in came.values())

"""More than one page fails, or one for more than one run."""

from collections.abc import Callable

import pytest

from tests.fixtures.faults import HALF, INCOMPLETE, LAST, NAMES, PAGE, SERVED, WHOLE, cut, passing, refused
from tests.fixtures.runs import (
    CLIENT,
    FACTS,
    FIFTH,
    FIRST,
    FOURTH,
    NEW,
    NOTES,
    OLD,
    SECOND,
    SERVER,
    THIRD,
    URLS,
    Nights,
    Unasked,
    problems,
)
from tests.fixtures.web import Reply, Web

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return NAMES


@pytest.mark.parametrize("fault", ["no network", "storm of 5xx"])
def test_when_all_pages_fail_all_keep_their_facts(nights: Nights, begun: Nights, clean: Nights, fault: str) -> None:
    if fault == "no network":
        with Web() as gone:
            url = gone.url
        found = "ConnectError All connection attempts failed"
    else:
        url, found = nights.web.url, "503 Service Unavailable at {}"
        for name in NAMES:
            nights.answer(name, Reply(500), Reply(502), Reply(504), Reply(599), Reply(503))
    result = nights.run(*nights.arguments(SECOND, url))
    assert result.exit_code == 3
    lines = {
        f"winkb: unexpected {WHOLE} {found.format(URLS[name])} {LAST}".replace("answer.", f"answer on {name}.")
        for name in NAMES
    }
    assert set(problems(result)) == lines
    assert nights.tables(*FACTS) == begun.tables(*FACTS)
    assert (nights.facts(), nights.outcome()) == (begun.facts(), "failed")
    assert [nights.page(name)[:2] for name in NAMES] == [(FIRST, SECOND)] * len(NAMES)

    nights.serve(NEW)
    assert nights.scrape(THIRD).exit_code == 0
    assert [nights.page(name) for name in NAMES] == [(THIRD, None, None)] * len(NAMES)
    assert nights.tables(*SERVED) == clean.tables(*SERVED)


def test_storm_at_one_host_leaves_the_other_s_news(nights: Nights, begun: Nights) -> None:
    for name in (CLIENT, SERVER):
        nights.answer(name, Reply(503))
    result = nights.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (3, 2)
    pages = {name: nights.page(name)[:2] for name in NAMES}
    assert pages == {name: (FIRST, SECOND) if name in (CLIENT, SERVER) else (SECOND, None) for name in NAMES}
    assert nights.facts() != begun.facts()


def test_page_that_is_down_for_days_is_failing_since_the_first(
    nights: Nights, unasked: Callable[[str], Unasked], clean: Nights
) -> None:
    """In another way each night: its facts stay, the others' news came in the first night, and it comes back."""
    expected = unasked(CLIENT)
    nights.serve(NEW)
    half = Reply(body=HALF, headers={"Content-Length": str(len(PAGE))})
    days = (
        (SECOND, refused(404, "Not Found"), "news"),
        (THIRD, passing(Reply(403), "403 Forbidden at URL"), "unchanged"),
        (FOURTH, cut(half, f"{INCOMPLETE} (received {len(HALF)} bytes, expected {len(PAGE)})"), "unchanged"),
    )
    for now, fault, outcome in days:
        nights.answer(CLIENT, fault.answer)
        result = nights.scrape(now)
        assert (result.exit_code, problems(result)) == (fault.exit_code, [fault.line])
        assert (nights.facts(), nights.outcome()) == (expected.bad, outcome)
        assert nights.page(CLIENT) == (FIRST, SECOND, fault.line.removeprefix("winkb: "))
        assert nights.page(NOTES) == (now, None, None)
    told_before = nights.tables(*FACTS, "pages", "runs")
    assert nights.run("rebuild", *nights.files).exit_code == 0
    assert nights.tables(*FACTS, "pages", "runs") == told_before

    nights.serve(NEW)
    result = nights.scrape(FIFTH)
    assert (result.exit_code, problems(result), nights.outcome()) == (0, [], "news")
    assert nights.page(CLIENT) == (FIFTH, None, None)
    assert nights.tables(*SERVED) == clean.tables(*SERVED)


def test_page_that_is_down_while_nothing_is_new_changes_no_fact(nights: Nights, begun: Nights) -> None:
    nights.serve(OLD)
    for now, status, code in ((SECOND, 404, 4), (THIRD, 403, 3)):
        nights.answer(CLIENT, Reply(status))
        assert (nights.scrape(now).exit_code, nights.outcome()) == (code, "unchanged")
        assert nights.page(CLIENT)[:2] == (FIRST, SECOND)
        assert nights.facts() == begun.facts()
    nights.serve(OLD)
    assert (nights.scrape(FOURTH).exit_code, nights.outcome()) == (0, "unchanged")
    assert nights.page(CLIENT) == (FOURTH, None, None)
    assert nights.facts() == begun.facts()

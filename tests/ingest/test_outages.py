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
    Runs,
    WithoutPage,
    problems,
)
from tests.fixtures.web import Reply, Web

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    return NAMES


@pytest.mark.parametrize("fault", ["no network", "storm of 5xx"])
def test_when_all_pages_fail_all_keep_their_facts(runs: Runs, first_run: Runs, second_run: Runs, fault: str) -> None:
    if fault == "no network":
        with Web() as gone:
            url = gone.url
        found = "ConnectError All connection attempts failed"
    else:
        url, found = runs.web.url, "503 Service Unavailable at {}"
        for name in NAMES:
            runs.answer(name, Reply(500), Reply(502), Reply(504), Reply(599), Reply(503))
    result = runs.run(*runs.arguments(SECOND, url))
    assert result.exit_code == 3
    lines = {
        f"winkb: unexpected {WHOLE} {found.format(URLS[name])} {LAST}".replace("answer.", f"answer on {name}.")
        for name in NAMES
    }
    assert set(problems(result)) == lines
    assert runs.tables(*FACTS) == first_run.tables(*FACTS)
    assert (runs.facts(), runs.outcome()) == (first_run.facts(), "failed")
    assert [runs.page(name)[:2] for name in NAMES] == [(FIRST, SECOND)] * len(NAMES)

    runs.serve(NEW)
    assert runs.scrape(THIRD).exit_code == 0
    assert [runs.page(name) for name in NAMES] == [(THIRD, None, None)] * len(NAMES)
    assert runs.tables(*SERVED) == second_run.tables(*SERVED)


def test_storm_at_one_host_leaves_the_other_s_news(runs: Runs, first_run: Runs) -> None:
    for name in (CLIENT, SERVER):
        runs.answer(name, Reply(503))
    result = runs.scrape(SECOND)
    assert (result.exit_code, len(problems(result))) == (3, 2)
    pages = {name: runs.page(name)[:2] for name in NAMES}
    assert pages == {name: (FIRST, SECOND) if name in (CLIENT, SERVER) else (SECOND, None) for name in NAMES}
    assert runs.facts() != first_run.facts()


def test_page_that_is_down_for_days_is_failing_since_the_first(
    runs: Runs, without_page: Callable[[str], WithoutPage], second_run: Runs
) -> None:
    """In another way in each run: its facts stay, the others' news came in the first run, and it comes back."""
    expected = without_page(CLIENT)
    runs.serve(NEW)
    half = Reply(body=HALF, headers={"Content-Length": str(len(PAGE))})
    days = (
        (SECOND, refused(404, "Not Found"), "news"),
        (THIRD, passing(Reply(403), "403 Forbidden at URL"), "unchanged"),
        (FOURTH, cut(half, f"{INCOMPLETE} (received {len(HALF)} bytes, expected {len(PAGE)})"), "unchanged"),
    )
    for now, fault, outcome in days:
        runs.answer(CLIENT, fault.answer)
        result = runs.scrape(now)
        assert (result.exit_code, problems(result)) == (fault.exit_code, [fault.line])
        assert (runs.facts(), runs.outcome()) == (expected.bad, outcome)
        assert runs.page(CLIENT) == (FIRST, SECOND, fault.line.removeprefix("winkb: "))
        assert runs.page(NOTES) == (now, None, None)
    told_before = runs.tables(*FACTS, "pages", "runs")
    assert runs.run("rebuild", *runs.files).exit_code == 0
    assert runs.tables(*FACTS, "pages", "runs") == told_before

    runs.serve(NEW)
    result = runs.scrape(FIFTH)
    assert (result.exit_code, problems(result), runs.outcome()) == (0, [], "news")
    assert runs.page(CLIENT) == (FIFTH, None, None)
    assert runs.tables(*SERVED) == second_run.tables(*SERVED)


def test_page_that_is_down_while_nothing_is_new_changes_no_fact(runs: Runs, first_run: Runs) -> None:
    runs.serve(OLD)
    for now, status, code in ((SECOND, 404, 4), (THIRD, 403, 3)):
        runs.answer(CLIENT, Reply(status))
        assert (runs.scrape(now).exit_code, runs.outcome()) == (code, "unchanged")
        assert runs.page(CLIENT)[:2] == (FIRST, SECOND)
        assert runs.facts() == first_run.facts()
    runs.serve(OLD)
    assert (runs.scrape(FOURTH).exit_code, runs.outcome()) == (0, "unchanged")
    assert runs.page(CLIENT) == (FOURTH, None, None)
    assert runs.facts() == first_run.facts()

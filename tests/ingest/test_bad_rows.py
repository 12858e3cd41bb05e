"""A row that cannot be read keeps its last facts, is a finding, and stops nothing else (design.md section 7)."""

from dataclasses import dataclass

import pytest

from tests.fixtures.edits import (
    CALENDAR_24H2,
    HISTORY_24H2,
    HISTORY_25H2,
    NOTES_2026,
    PAGE,
    SERVICING,
    dropped,
    edited,
    replaced,
)
from tests.fixtures.runs import (
    CLIENT,
    FIFTH,
    FOURTH,
    NEW,
    NOTES,
    OLD,
    SECOND,
    THIRD,
    Runs,
    body_of,
    problems,
)

pytestmark = pytest.mark.usefixtures("no_waiting")


@dataclass(frozen=True)
class Unreadable:
    """A page with one row that cannot be read, whose other cells say something new, too; the subject of its finding,
    and what that says."""

    name: str
    body: bytes
    release: str
    subject: str
    message: str


UNREADABLE = {
    "unknown type": Unreadable(
        CLIENT,
        edited(
            edited(PAGE, CALENDAR_24H2, replaced("Hotpatch", "Warmpatch", "2026.05 B")),
            CALENDAR_24H2,
            replaced("26100.8390", "26100.8391"),
        ),
        "windows-11-24h2",
        "2026-05",
        "type: expected Baseline (Restart) or Hotpatch, found 'Warmpatch';"
        " cells: May | 2026.05 B | Warmpatch | 2026-05-12 | 26100.8391 | KB5089466",
    ),
    "unknown type on a hub page": Unreadable(
        NOTES,
        edited(body_of(NOTES, NEW), NOTES_2026, replaced("Hotpatch", "Warmpatch", "2026.02 B")),
        "windows-11-25h2",
        "2026-02",
        "type: expected Baseline (Restart) or Hotpatch, found 'Warmpatch';"
        " cells: February | 2026.02 B | Warmpatch | KB5077212",
    ),
    "nonsense KB": Unreadable(
        CLIENT,
        edited(
            edited(PAGE, HISTORY_24H2, replaced("2025-03-11", "2025-03-12", "KB5053598")),
            HISTORY_24H2,
            replaced(">KB5053598<", ">see below<"),
        ),
        "windows-11-24h2",
        "release-history",
        "kb article: expected KB and seven digits, found 'see below'; cells: LTSC • General Availability Channel |"
        " 2025-03 B | 2025-03-12 | 26100.3476 | see below",
    ),
    "nonsense date": Unreadable(
        CLIENT,
        edited(PAGE, HISTORY_24H2, replaced("2025-03-11", "2025-13-11", "KB5053598")),
        "windows-11-24h2",
        "KB5053598",
        "availability date: expected a date YYYY-MM-DD, found '2025-13-11'; cells: LTSC • General Availability Channel"
        " | 2025-03 B | 2025-13-11 | 26100.3476 | KB5053598",
    ),
    "nonsense version in the servicing table": Unreadable(
        CLIENT,
        edited(PAGE, SERVICING, replaced("<td>24H2</td>", "<td>twenty-four</td>")),
        "",
        "servicing",
        "version: expected a version of Windows 11, found 'twenty-four'; cells: twenty-four |",
    ),
    "nonsense KB in the navigation": Unreadable(
        NOTES,
        body_of(NOTES, NEW).replace(b"KB5077212 (OS", b"KB507721 (OS", 1),
        "windows-11-25h2",
        "navigation",
        "link: expected KB and seven digits, found",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_row_keeps_its_last_facts_while_the_rest_is_published(
    runs: Runs, second_run: Runs, case: Unreadable
) -> None:
    runs.answer(case.name, case.body)
    result = runs.scrape(SECOND)
    assert result.exit_code == 4
    (problem,) = problems(result)
    assert problem.startswith(f"winkb: unexpected row on {case.name}. ")
    assert case.message in problem

    served = ("releases", "kbs", "builds", "months", "changes")
    assert runs.tables(*served) == second_run.tables(*served)
    query = (
        "select severity, code, coalesce(release, ''), subject, page, first_seen, resolved_at, message from findings"
    )
    *finding, message = runs.rows(f"{query} where code = 'quarantine'")[0]
    assert finding == ["error", "quarantine", case.release, case.subject, case.name, SECOND, None]
    assert message.startswith(case.message)
    assert runs.page(case.name) == (SECOND, None, None)
    assert runs.run("check", "--db", str(runs.db), "--now", SECOND).exit_code == 1

    assert runs.scrape(THIRD).exit_code == 4, "as long as it stands"
    runs.serve(NEW)
    result = runs.scrape(FOURTH)
    assert (result.exit_code, problems(result)) == (0, [])
    assert runs.tables(*served) == second_run.tables(*served)
    assert runs.rows("select first_seen, resolved_at from findings where code = 'quarantine'") == [(SECOND, FOURTH)]


def test_unreadable_row_on_an_unchanged_run_is_unchanged_and_still_4(runs: Runs) -> None:
    runs.answer(CLIENT, UNREADABLE["unknown type"].body)
    first = runs.scrape(SECOND)
    facts = runs.facts()
    result = runs.scrape(THIRD)
    assert (result.exit_code, runs.outcome(), runs.facts()) == (4, "unchanged", facts)
    assert problems(result) == problems(first)


def test_no_row_disappears_from_a_table_while_one_of_its_keys_cannot_be_read(runs: Runs) -> None:
    def withdrawn() -> list[tuple]:  # type: ignore[type-arg]
        return runs.rows("select release, coalesce(kb, build) from builds where withdrawn order by release")

    # Of 24H2, KB5053598 cannot be read and KB5072359 is missing; of 25H2, 26200.6584 is missing. No other page lists
    # those two.
    runs.serve(OLD)
    vanished = edited(body_of(CLIENT, OLD), HISTORY_24H2, dropped("KB5072359"))
    page = edited(vanished, HISTORY_25H2, dropped("26200.6584"))
    runs.answer(CLIENT, edited(page, HISTORY_24H2, replaced(">KB5053598<", ">KB<")))
    assert runs.scrape(SECOND).exit_code == 4
    assert runs.scrape(THIRD).exit_code == 4
    assert withdrawn() == [("windows-11-25h2", "26200.6584")]
    runs.answer(CLIENT, page)
    assert runs.scrape(FOURTH).exit_code == 0
    assert withdrawn() == [("windows-11-25h2", "26200.6584")]
    assert runs.scrape(FIFTH).exit_code == 0
    assert withdrawn() == [("windows-11-24h2", "KB5072359"), ("windows-11-25h2", "26200.6584")]
    assert runs.changes() == [
        ("builds", "windows-11-25h2", "26200.6584", "row", "26200.6584", None),
        ("builds", "windows-11-24h2", "KB5072359", "row", "26100.7178", None),
    ]

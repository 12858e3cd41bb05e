"""Whether a crawl can be killed at any moment: the next run goes on from there, and the catalog is the same.

    python trust/crawl_kills.py [--rounds 100] [--seed 3] [--break early]

A mirror on 127.0.0.1 serves the pages of September and an article for every KB that they want (trust/made_articles.py),
some at a redirect. Each round starts ``winkb scrape`` in an empty folder and ends it with SIGKILL at a random moment.
What then lies there must be whole: no file that the next run does not take away, and, row by row, a catalog that an
undisturbed crawl publishes on its way, of the pages or of all, or none: that of the last run whose end the archive
tells or, where the kill fell before the swap, the one before it. The same command, run to its end, must lose nothing
that was stored and ask for no stored article again (nor be sent a stored page), and its catalog must be, row by row,
that of a crawl that nobody disturbed. In every other round it comes five seconds later by its own clock: then only that
time may differ, and only where nothing older was stored.

What may differ at all: the table ``runs``, the number of a run in ``changes``, and in which order findings were made.
The code is copied first, so that an edit meanwhile changes nothing. Exit 1 on any violation; its folder stays.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the writers of re-created pages and the server lie with the tests

from scraper.ingest import job  # noqa: E402
from scraper.ingest.sources import SOURCES  # noqa: E402
from tests.fixtures import pages  # noqa: E402
from tests.fixtures.web import Asked, Reply, Web  # noqa: E402
from trust.made_articles import made_articles  # noqa: E402
from trust.remains import (  # noqa: E402
    KEPT,
    PASSING,
    Stored,
    Tables,
    catalog_problems,
    contents,
    differences,
    print_wrong,
    stored,
    strays,
)

SNAPSHOT, LATENCY, LONGEST = "2026-09-30", 0.005, 60.0
NOW, LATER = "2026-10-01T03:00:00Z", "2026-10-01T03:00:05Z"
MOMENTS = (
    "before the first page",
    "during pages",
    "loading pages",
    "during articles",
    "loading articles",
    "at its end",
)
PAGES = frozenset(source.name for source in SOURCES)


# --- the mirror ------------------------------------------------------------------------------------------------------


class Mirror:
    """What is served, by whom it was asked for (a run is known by its user agent), and what was answered. ``code`` is
    the folder of the code that is tried."""

    def __init__(self, web: Web, folder: Path, code: Path) -> None:
        self.url, self.code = web.url, code
        self.answered: list[tuple[str, str, int]] = []  # user agent, source, status; appending is atomic
        self._web = web
        made = pages.snapshot(SNAPSHOT)
        for source in SOURCES:
            self._serve(source.name, source.url, made[pages.file_name(source.url)])
        self.kbs = self._serve_articles(folder)

    def _serve(self, name: str, address: str, body: bytes) -> None:
        etag = f'"{name}"'

        def answer(asked: Asked) -> Reply:
            known = asked.headers.get("if-none-match") == etag
            self.answered.append((asked.headers["user-agent"], name, 304 if known else 200))
            return Reply(304 if known else 200, b"" if known else body, {"ETag": etag}, wait=LATENCY)

        self._web.page(address, answer)

    def _refer(self, name: str, address: str, status: int, headers: dict[str, str | None]) -> None:
        def answer(asked: Asked) -> Reply:
            self.answered.append((asked.headers["user-agent"], name, status))
            return Reply(status, headers=headers, wait=LATENCY)

        self._web.page(address, answer)

    def _serve_articles(self, folder: Path) -> frozenset[str]:
        """An article for every KB that the pages want."""
        paths = job.Paths(folder / "catalog.db", folder / "archive.db")
        job.scrape(paths, NOW, mirror=self.url, manners=job.Manners(delay=0))
        articles = [*made_articles(paths.db)]
        for made in articles:
            if made.body is None:
                self._refer(made.kb, made.asked, 404, {})
                continue
            if made.landing:
                self._refer(made.kb, made.asked, 301, {"Location": made.landing})
            self._serve(made.kb, made.landing or made.asked, made.body)
        return frozenset(made.kb for made in articles)

    def asked_by(self, agent: str) -> Iterator[tuple[str, int]]:
        """Source and status of every request of a run."""
        return ((source, status) for who, source, status in list(self.answered) if who == agent)


# --- a run -----------------------------------------------------------------------------------------------------------


def start(mirror: Mirror, folder: Path, agent: str, now: str, plan: dict[str, str]) -> "subprocess.Popen[bytes]":
    """``winkb scrape`` in ``folder``, meddled with by ``plan`` (trust/meddler.py) unless that is empty; what it says
    goes into ``AGENT.log`` beside it."""
    program = (str(mirror.code / "trust" / "meddler.py"), json.dumps(plan)) if plan else ("-m", "scraper")
    command = (sys.executable, *program, "scrape", "--mirror", mirror.url, "--now", now, "--db", "catalog.db")
    options = ("--archive", "archive.db", "--delay", "0", "--concurrency", "4", "--user-agent", agent)
    environment = {**os.environ, "PYTHONPATH": str(mirror.code)}
    with (folder.parent / f"{agent}.log").open("wb") as log:
        return subprocess.Popen((*command, *options), cwd=folder, env=environment, stdout=log, stderr=log)


def undisturbed(
    mirror: Mirror, folder: Path, agent: str, now: str = NOW, plan: dict[str, str] | None = None
) -> tuple[int, float]:
    """Exit code and seconds of a run to the end."""
    begin = perf_counter()
    with start(mirror, folder, agent, now, plan or {}) as process:
        try:
            return process.wait(LONGEST), perf_counter() - begin
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), perf_counter() - begin


def killed(mirror: Mirror, folder: Path, agent: str, moment: float, plan: dict[str, str]) -> bool:
    """Kill a run ``moment`` seconds after its start; False when it had ended by then."""
    with start(mirror, folder, agent, NOW, plan) as process:
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() == -signal.SIGKILL


# --- when it was -----------------------------------------------------------------------------------------------------


def earlier(tables: Tables) -> Tables:
    """The same, as if what came five seconds later had come at once."""
    return {
        name: sorted(changed, key=repr) if name == "findings" else changed
        for name, rows in tables.items()
        for changed in [[tuple(NOW if value == LATER else value for value in row) for row in rows]]
    }


# --- a round ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Figures:
    """What the rounds came to."""

    rounds: int = 0
    late: int = 0
    refetched: int = 0
    resent: int = 0
    differing: int = 0
    stored: int = 0
    violated: int = 0


def place(asked: set[str], left: Stored, kbs: frozenset[str]) -> str:
    """Where in the crawl a kill fell."""
    if not asked:
        return MOMENTS[0]
    if not left.noted >= PAGES:
        return MOMENTS[1]
    if not asked & kbs:
        return MOMENTS[2]
    if not left.noted >= kbs:
        return MOMENTS[3]
    return MOMENTS[4] if left.ended < 2 else MOMENTS[5]


def published(state: Path, ended: int, states: list[Tables]) -> list[str]:
    """What is wrong with the catalog that stands after a kill, when the archive tells the end of so many runs."""
    found = contents(state / "catalog.db") if (state / "catalog.db").exists() else None
    by_then = [None, *states]
    allowed = by_then[max(0, ended - 1) : ended + 1]
    if found in allowed:
        return []
    what = f"after the end of {ended} runs"
    if found is None or found in by_then:
        return [f"{what}, catalog {by_then.index(found)} of {len(states)} stands there"]
    return [f"{what}, the catalog is none that an undisturbed crawl has:", *differences(found, allowed[-1] or {})]


def play(
    mirror: Mirror,
    folder: Path,
    number: int,
    moment: float,
    states: list[Tables],
    figures: Figures,
    broken: dict[str, str],
) -> tuple[str, list[str]]:
    """One round: where the kill fell ("" if the run was over by then), and what was violated."""
    state = folder / "state"
    state.mkdir(parents=True)
    first, second = f"round-{number}-killed", f"round-{number}-after"
    if not killed(mirror, state, first, moment, broken):
        return "", []
    left, wrong = stored(state)
    wrong += catalog_problems(state) + strays(state, KEPT | PASSING)
    if not wrong:
        wrong += published(state, left.ended, states)
    fell = place({source for source, _ in mirror.asked_by(first)}, left, mirror.kbs)

    now = NOW if number % 2 else LATER
    code, _ = undisturbed(mirror, state, second, now)
    if code:
        return fell, [*wrong, f"the run after the kill ended with {code}"]
    figures.stored += len(left.sources & mirror.kbs)
    after = list(mirror.asked_by(second))
    again = sorted(left.sources & mirror.kbs & {source for source, _ in after})
    figures.refetched += len(again)
    wrong += [f"{kb} was stored{'' if kb in left.noted else ', its visit not noted'}; asked for again" for kb in again]
    resent = sorted(source for source, status in after if source in left.noted & PAGES and status == 200)
    figures.resent += len(resent)
    wrong += [f"{page} was stored; sent again" for page in resent]
    twice = sorted(source for (source, status), times in Counter(after).items() if times > 1)
    wrong += [f"{source} was asked for twice in one run" for source in twice]

    right, problems = stored(state)
    wrong += problems + catalog_problems(state)
    if not left.versions <= right.versions:
        wrong.append(f"{len(left.versions - right.versions)} stored versions are lost")
    if len(right.versions) != len(right.sources):
        wrong.append("versions were stored twice")
    wrong += strays(state, KEPT)
    tables = contents(state / "catalog.db")
    if now == LATER:
        wrong += since_when(state, left)
    if lines := differences(earlier(tables), states[-1]):
        figures.differing += 1
        wrong += lines
    return fell, wrong


def since_when(state: Path, left: Stored) -> list[str]:
    """Issues and articles that were noted before the kill and are not as old as that."""
    with closing(sqlite3.connect(f"{(state / 'catalog.db').as_uri()}?mode=ro", uri=True)) as catalog:
        seen = catalog.execute("select page, changed_at from pages where changed_at is not null").fetchall()
        seen += catalog.execute("select kb, first_seen from known_issues").fetchall()
    late = {source for source, at in seen if at != NOW and source in left.noted}
    early = {source for source, at in seen if at != LATER and source not in left.noted}
    return [f"{source} is dated by the run after the kill" for source in sorted(late)] + [
        f"{source} is dated before it came" for source in sorted(early)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--break", dest="broken", choices=("early",), help="swap as one must not: it must fail")
    options = parser.parse_args()
    chance, figures, fell = random.Random(options.seed), Figures(), Counter[str]()
    begin = perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-kills-"))
    with Web() as web:
        (base / "wanted").mkdir()
        for name in ("scraper", "trust"):
            shutil.copytree(ROOT / name, base / "code" / name, ignore=shutil.ignore_patterns("__pycache__"))
        broken = {"broken": options.broken} if options.broken else {}
        mirror = Mirror(web, base / "wanted", base / "code")
        states, duration = references(mirror, base)
        print(f"{len(PAGES)} pages, {len(mirror.kbs)} articles; undisturbed: {duration:.2f} s", flush=True)
        number, moment, late = 0, 0.0, False
        while figures.rounds < options.rounds and figures.late <= 2 * options.rounds:
            number += 1
            moment = chance.uniform(0, duration) if not late else 0.8 * moment
            folder = base / f"round-{number}"
            where, wrong = play(mirror, folder, number, moment, states, figures, broken)
            late = not where  # over before it could be killed: tried again, earlier
            figures.late += late
            if where:
                figures.rounds += 1
                fell[where] += 1
            figures.violated += print_wrong(f"round {number}, killed after {moment:.3f} s, {where}", wrong, folder)
    print(
        f"{figures.rounds} kills (seed {options.seed}; {figures.late} more came too late and were tried again, earlier)"
    )
    for where in MOMENTS:
        print(f"  {where}: {fell[where]}")
    print(f"articles stored before a kill: {figures.stored}, of them asked for again: {figures.refetched} (must be 0)")
    print(f"stored pages sent again: {figures.resent} (must be 0)")
    print(f"catalogs that differ from the undisturbed one: {figures.differing} (must be 0)")
    print(f"rounds with a violation: {figures.violated} (must be 0)")
    print(f"{perf_counter() - begin:.0f} s")
    failed = figures.violated > 0 or figures.rounds < options.rounds
    if not failed:
        shutil.rmtree(base)
    sys.exit(failed)


def references(mirror: Mirror, base: Path) -> tuple[list[Tables], float]:
    """The catalogs that an undisturbed crawl publishes, of the pages and of all, and how long one takes. Three are
    made, to see that they are the same."""
    made: list[list[Tables]] = []
    spent: list[float] = []
    for number in range(3):
        folder = base / f"undisturbed-{number}" / "state"
        states = folder.with_name("states")
        folder.mkdir(parents=True)
        states.mkdir()
        code, seconds = undisturbed(mirror, folder, f"undisturbed-{number}", plan={"states": str(states)})
        if code or len(list(states.iterdir())) != 2:
            sys.exit(f"an undisturbed crawl ended with {code}, or published other than twice: {folder.parent}")
        spent.append(seconds)
        made.append([contents(states / f"{swap}.db") for swap in (1, 2)])
        for is_, should_be in zip(made[-1], made[0], strict=True):
            if lines := differences(is_, should_be):
                sys.exit("\n".join((f"two undisturbed crawls differ: {folder.parent}", *lines)))
    return made[0], median(spent)


if __name__ == "__main__":
    main()

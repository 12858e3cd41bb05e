"""Whether readers notice that a new catalog is published while they read.

    python trust/under_readers.py [--rounds 200] [--public-rounds 150] [--seed 3] [--break copy|half]

``winkb serve`` serves, and eight clients ask it without a pause, on connections that stay open: pages of all kinds,
JSON, CSV, feeds, searches, tables with facets, ready queries and SQL, a third of them with the validator of the answer
before. Meanwhile processes of their own publish the catalog ``--rounds`` times, in the way of a nightly run
(``scraper.catalog.aside.aside``); now and then one is killed on the way, or three come one after the other. Each
generation is marked in every title, change, finding and issue, and in the time of every page, so that most answers tell
it in many places, which were asked for by several statements on several connections.

No request may fail, in whatever way, and each client must be there to the end and have read as many answers as there
were generations. All marks of one answer must be of one generation, and as many as when nobody publishes; it must end
as its kind does. It must not be older than what had been published ``WITHIN`` seconds before it was asked for, nor
older than what the same client had seen before. With the generations neither open files may grow, deleted ones among
them, nor threads, nor memory (the slope after a warm-up). Then the server is ended while all ask, by SIGKILL and by
SIGTERM, and started again on the newest: only from then until it is up a request may find nobody, or its answer be cut,
and known as cut; after SIGTERM what was begun comes whole. Afterwards every address must be answered again.

The same, with ``--public-rounds``, for the recipe in deploy/site: two ``winkb serve --public`` behind nginx, whose
cache may keep a page for ten seconds more. In the first third of the rounds one of them is killed or ended, and started
again, now and then; what grows is looked at in the rest. Addresses that nginx limits are asked for at a rate that it
allows. A client may see an older generation after a newer one, since each process takes up a new one by itself and each
address is cached by itself (docs/publish.md promises no more); but none that is too old, and no process goes back. Exit
1 on any violation.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression, median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scraper.catalog.aside import aside  # noqa: E402
from scraper.ingest import job  # noqa: E402
from scraper.publish.serve import PUBLIC  # noqa: E402
from tests.fixtures.nginx import HOST, NGINX, behind_nginx, free_port  # noqa: E402
from trust.remains import strays, unsound  # noqa: E402

CLIENTS = 8
WITHIN = 5.0  # seconds; docs/publish.md says about one and a half, of a machine that these clients leave nothing of
CACHED = float(PUBLIC["default_cache_ttl"])
GROWTH = 100.0  # KB a swap that the memory may grow; an edition that stays is several MB
EDITION = 4  # files or threads of one that still answers when it is looked at
ENOUGH = 50  # swaps after the warm-up; in fewer the memory is still settling
RATE = 4.0  # a second, of all clients together, where the recipe allows five
START = datetime(2027, 1, 1, tzinfo=UTC)  # no other time of the catalog is of that year or later
KB, BUILD, MONTH, RELEASE = "KB5058497", "26100.3981", "2026-06", "windows-11-24h2"

# Addresses that the recipe does not limit, those that it does (nginx counts the clients of one address together), and
# those that a public site refuses.
FREE = (
    "/",
    "/about",
    "/changes",
    "/changes.json",
    "/changes.csv",
    "/changes.atom",
    "/updates.atom",
    f"/release/{RELEASE}/updates.atom",
    f"/kb/{KB}",
    f"/kb/{KB}.json",
    f"/build/{BUILD}",
    f"/build/{BUILD}.json",
    f"/month/{MONTH}",
    f"/release/{RELEASE}",
    "/catalog/kbs",
    "/catalog/kbs.json",
    "/catalog/kbs.csv",
    f"/catalog/kbs/{KB}",
    "/catalog/changes",
    "/catalog/findings.json",
    "/catalog/pages",
    "/catalog/known_issues",
    f"/catalog/kb_lookup?kb={KB}",
    f"/catalog/kb_lookup.json?kb={KB}&_shape=array",
    "/catalog/what_changed.json",
)
LIMITED = (
    "/search?q=generation",
    "/catalog/kbs?_search=generation",
    "/catalog/kbs?_sort=title&_size=100",
    "/catalog/kbs.csv?_size=max",
    "/catalog/freshness.json",
    f"/catalog/build_verdict.json?build={BUILD}",
)
OWN = (
    "/catalog/kbs.json?_facet=title&_facet=track",
    "/catalog.json?sql=select+title,+(select+max(fetched_at)+from+pages)+as+at+from+kbs",
    "/catalog?sql=select+kb,+title,+fetched_at+from+kbs,+pages+limit+50",
)
_GENERATION = re.compile(r"generation (\d+)")
_TIME = re.compile(r"(20(?:2[7-9]|[3-9]\d)-\d\d-\d\d)[T ](\d\d:\d\d)")

# --- generations -----------------------------------------------------------------------------------------------------


def time_of(generation: int) -> str:
    return (START + timedelta(minutes=generation)).strftime("%Y-%m-%dT%H:%M:%SZ")


def marks(text: str) -> list[int]:
    """The generations that an answer tells."""
    found = [int(number) for number in _GENERATION.findall(text)]
    for day, minute in _TIME.findall(text):
        found.append(int((datetime.fromisoformat(f"{day}T{minute}+00:00") - START).total_seconds()) // 60)
    return found


def mark(catalog: sqlite3.Connection, generation: int) -> None:
    word = f"generation {generation}"
    with catalog:
        catalog.execute("update kbs set title = ? || ' of ' || kb", [word])
        catalog.execute("update pages set fetched_at = ?", [time_of(generation)])
        catalog.execute("update changes set old = ? where field <> 'row'", [word])
        catalog.execute("update findings set message = ?", [word])
        catalog.execute("update known_issues set symptom = ?", [word])
        catalog.execute("insert into kbs_fts (kbs_fts) values ('rebuild')")


def publish(db: Path, generation: int) -> None:
    """The next generation, swapped in as a run does it."""
    with aside(db, copy=True) as database:
        mark(database.conn, generation)


def begin(db: Path) -> None:
    """The bundled catalog with an article, as generation 0."""
    job.demo(db)
    with closing(sqlite3.connect(db)) as catalog, catalog:
        article = "insert into articles (kb, release, title, layout, issues, page)"
        issue = "insert into known_issues (kb, title, status, first_seen, last_seen) values (?1, ?2, 'open', ?3, ?3)"
        catalog.execute(f"{article} select ?, ?, 'A title', 'new', 'listed', page from pages limit 1", (KB, RELEASE))
        for number in range(3):
            catalog.execute(issue, (KB, f"Issue {number}", "2026-09-01T00:00:00Z"))
    publish(db, 0)


def standing_generation(db: Path) -> int:
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as catalog:
        if wrong := unsound(catalog):
            raise SystemExit(f"the catalog is broken: {wrong}")
        (found,) = {title.split()[1] for (title,) in catalog.execute("select title from kbs")}
        return int(found)


class Publisher:
    """Publishes generation after generation, and knows when each was swapped in: between two moments."""

    def __init__(self, db: Path, broken: str | None) -> None:
        self.db = db
        self.swaps: list[tuple[int, float, float]] = [(0, 0.0, 0.0)]
        self.killed = self.killed_late = 0
        self._broken = broken
        self._process = self._start()

    @property
    def newest(self) -> int:
        return self.swaps[-1][0]

    def _start(self) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        command = (sys.executable, str(Path(__file__)), "--publish", str(self.db))
        broken = ("--break", self._broken) if self._broken else ()
        return subprocess.Popen((*command, *broken), cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def publish(self, kill_after: float | None = None) -> None:
        """The next generation; with ``kill_after`` the process is killed so many seconds after it was told to."""
        process, generation, begin = self._process, self.newest + 1, time.monotonic()
        assert process.stdin
        assert process.stdout
        # Before the process can swap: an answer that tells this generation is no error from now on.
        self.swaps.append((generation, begin, float("inf")))
        print(generation, file=process.stdin, flush=True)
        if kill_after is None:
            if process.stdout.readline() != f"{generation}\n":
                sys.exit(f"publishing ended with {process.wait()}")
        else:
            time.sleep(kill_after)
            self.close()
            self.killed += 1
            self._process = self._start()
            if standing_generation(self.db) != generation:
                self.swaps.pop()
                return
            self.killed_late += 1
        self.swaps[-1] = (generation, begin, time.monotonic())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def oldest_allowed(self, asked: float, within: float) -> int:
        """The newest generation that had been swapped in for ``within`` seconds."""
        return max(generation for generation, _, end in list(self.swaps) if end <= asked - within)

    def age(self, generation: int, asked: float) -> float:
        """For how long another one had been published when this one was still told."""
        ends = [end for later, _, end in list(self.swaps) if later > generation and end < asked]
        return asked - min(ends) if ends else 0.0


# --- readers ---------------------------------------------------------------------------------------------------------


KINDS = ("failed", "not whole", "mixed", "too old", "back", "lost")


@dataclass(slots=True)
class Seen:
    """What the clients saw. ``wrong`` has the first of each kind of violation, ``counts`` how many there were;
    ``excused`` what came of requests while the server was made to end; ``returned`` how many answers were older than
    one that the same client had before, where that is allowed."""

    answers: int = 0
    unchanged: int = 0
    told: int = 0
    returned: int = 0
    ages: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= 5:
            self.wrong.append(f"{kind}: {text}")


class CutError(Exception):
    """An answer that began, and did not come to its end."""


UNANSWERED = (OSError, http.client.HTTPException)


@dataclass(slots=True)
class Outage:
    """The server is made to end: what may come of a request that was asked for before it was ``over``."""

    excused: tuple[type[Exception], ...] = ()
    over: float = 0.0

    def begin(self, *excused: type[Exception]) -> None:
        self.excused, self.over = excused, float("inf")

    def end(self) -> None:
        self.over = time.monotonic()

    def excuses(self, error: Exception, asked: float) -> bool:
        return asked <= self.over and isinstance(error, self.excused)


class Pace:
    """At most ``RATE`` a second, of all who ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def allows(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return False
            self._next = now + 1 / RATE
            return True


@dataclass(frozen=True, slots=True)
class Site:
    """Where to ask. ``told``: by address how many marks an answer has at least; ``limited``: the addresses that are
    asked for at a ``pace``; ``is_ordered``: one process and no cache, so that a client never sees an older generation
    than before."""

    port: int
    addresses: Sequence[str]
    within: float
    is_ordered: bool
    told: dict[str, int]
    limited: Sequence[str] = ()
    pace: Pace = field(default_factory=Pace)
    outage: Outage = field(default_factory=Outage)


def get(connection: http.client.HTTPConnection, path: str, etag: str | None = None) -> tuple[int, str, str | None]:
    """Status, text and validator. Raises CutError for an answer that began and was cut, or whose end nothing tells: if
    it were cut, nobody could know."""
    headers = {"Host": HOST, **({"If-None-Match": etag} if etag else {})}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.length is None and not answer.chunked:
        raise CutError("neither a length nor chunks")
    try:
        body = answer.read()
    except UNANSWERED as error:
        raise CutError(repr(error)) from error
    return answer.status, body.decode(), answer.getheader("etag")


def is_whole(path: str, text: str) -> bool:
    """Whether an answer ends as its kind does. One that is cut may have all its marks."""
    form = path.partition("?")[0].rpartition(".")[2]
    if form == "json":
        with suppress(ValueError):
            json.loads(text)
            return True
        return False
    return text.endswith("\n") if form == "csv" else text.rstrip().endswith("</feed>" if form == "atom" else "</html>")


class Client(threading.Thread):
    """Asks on until it is told to stop, whatever comes: one that ended would have nothing more to say."""

    def __init__(self, site: Site, publisher: Publisher, seen: Seen, seed: int) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.answers = 0
        self._site, self._publisher, self._seen = site, publisher, seen
        self._chance = random.Random(seed)
        self._known: dict[str, tuple[str, list[int]]] = {}
        self._last = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=30)
        with closing(connection):
            while not self.stopping.is_set():
                path, asked = self._address(), time.monotonic()
                try:
                    self._ask(connection, path, asked)
                except Exception as error:  # of any kind: a broken answer may break whatever reads it
                    connection.close()
                    if self._site.outage.excuses(error, asked):
                        self._seen.excused["cut" if isinstance(error, CutError) else "unanswered"] += 1
                        time.sleep(0.1)
                    else:
                        self._seen.note("failed", f"{path}: {error!r}")

    def _address(self) -> str:
        is_costly = self._site.limited and self._site.pace.allows()
        return self._chance.choice(self._site.limited if is_costly else self._site.addresses)

    def _ask(self, connection: http.client.HTTPConnection, path: str, asked: float) -> None:
        etag, before = self._known.get(path, ("", []))
        status, text, given = get(connection, path, etag if self._chance.random() < 1 / 3 else None)
        self._judge(path, asked, status, text, before)
        self.answers += 1
        if status == 200 and given:
            self._known[path] = given, marks(text)

    def _judge(self, path: str, asked: float, status: int, text: str, before: list[int]) -> None:
        seen, site = self._seen, self._site
        seen.answers += 1
        if status == 304:
            seen.unchanged += 1
        elif status != 200:
            seen.note("failed", f"{path}: {status} {text[:200]}")
            return
        told = before if status == 304 else marks(text)
        seen.told += len(told)
        if len(told) < site.told[path]:
            seen.note("not whole", f"{path}: {len(told)} marks instead of {site.told[path]}")
            return
        if status == 200 and not is_whole(path, text):
            seen.note("not whole", f"{path} ends with {text[-80:]!r}")
        if len(set(told)) > 1:
            seen.note("mixed", f"{path}: generations {dict(Counter(told))}")
        generation = min(told)
        if generation < self._publisher.oldest_allowed(asked, site.within):
            age = self._publisher.age(generation, asked)
            seen.note("too old", f"{path}: {status}, generation {generation}, {age:.1f} s after the next one")
        if max(told) > self._publisher.newest:
            seen.note("mixed", f"{path}: a generation to come")
        if generation < self._last:
            if site.is_ordered:
                seen.note("back", f"{path}: generation {generation} after {self._last}")
            else:
                seen.returned += 1
        self._last = max(self._last, generation)
        if age := self._publisher.age(generation, asked):
            seen.ages.append(age)


@contextmanager
def reading(site: Site, publisher: Publisher, seen: Seen, seed: int) -> Iterator[list[Client]]:
    """Clients that ask. At the end each must still be there, stop when it is told to, and have read as many answers as
    there were generations meanwhile, and one at least."""
    begun = publisher.newest
    clients = [Client(site, publisher, seen, seed * 100 + number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        ended = [number for number, client in enumerate(clients) if not client.is_alive()]
        for client in clients:
            client.stopping.set()
        end = time.monotonic() + 60
        for client in clients:
            client.join(max(0.0, end - time.monotonic()))
        least = max(1, publisher.newest - begun)
        for number, client in enumerate(clients):
            if number in ended:
                seen.note("lost", f"client {number} ended after {client.answers} answers")
            elif client.is_alive():
                seen.note("lost", f"client {number} waits for an answer, a minute after it was told to stop")
            elif client.answers < least:
                seen.note("lost", f"client {number} read {client.answers} answers, of {least} at least")


def asked_alone(port: int, addresses: Sequence[str]) -> dict[str, list[int]]:
    """The marks of each answer when nobody publishes."""
    told = {}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for path in addresses:
            status, text, _ = get(connection, path)
            told[path] = marks(text)
            if status != 200 or not told[path] or not is_whole(path, text):
                sys.exit(f"{path}: {status}, {len(told[path])} marks, ends with {text[-80:]!r}")
    return told


def usual_marks(port: int, addresses: Sequence[str]) -> dict[str, int]:
    """How many marks each answer has when nobody publishes."""
    return {path: len(told) for path, told in asked_alone(port, addresses).items()}


# --- servers ---------------------------------------------------------------------------------------------------------


class Served:
    """``winkb serve`` in its own process, that can be started again on the same port. ``wrong``: the first that it
    served that was older than what it had served before."""

    def __init__(self, db: Path, *options: str) -> None:
        self.port = free_port()
        self._log = db.with_name(f"serve-{self.port}.log")
        command = (sys.executable, "-m", "scraper", "serve", "--db", str(db), "--port", str(self.port))
        self._command = (*command, *options)
        self._newest = 0
        self.wrong: list[str] = []
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stderr=log)
        comes(lambda: self.generation() is not None or self.process.poll() is not None, 60)
        if self.process.poll() is not None:
            sys.exit(f"the server ended: {self.log()}")

    def generation(self) -> int | None:
        """What it serves now."""
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            with closing(connection):
                _, text, _ = get(connection, f"/kb/{KB}.json")
                found = max(marks(text))
                if found < self._newest and not self.wrong:
                    self.wrong.append(f"port {self.port}: generation {found} after {self._newest}")
                self._newest = max(self._newest, found)
                return found
        return None

    def log(self) -> str:
        return self._log.read_text()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def size(self) -> "Size":
        process = Path(f"/proc/{self.process.pid}")
        files = []
        for path in (process / "fd").iterdir():
            with suppress(OSError):
                files.append(os.readlink(path))
        status = (process / "status").read_text()
        memory, threads = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) for name in ("VmRSS", "Threads"))
        deleted = sum(name.endswith("(deleted)") for name in files)
        return Size(len(files), deleted, threads, memory)


@dataclass(frozen=True, slots=True)
class Size:
    """Open files, deleted ones among them, threads, and KB of memory."""

    files: int
    deleted: int
    threads: int
    memory: int


def comes(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes about in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def grown(name: str, sizes: Sequence[Size]) -> tuple[str, list[str]]:
    """What one process came to, in a line, and what grew: files and threads, and KB of memory a swap after the warm-up.
    Readers come and go, so that files and threads are compared by the least of each third."""
    warm = sizes[len(sizes) // 4 :]
    if len(warm) < ENOUGH:
        return f"{name}: what grows was not looked at, {len(sizes)} swaps are too few", []
    slope = linear_regression(range(len(warm)), [size.memory for size in warm]).slope
    wrong = [f"{name}: memory grows by {slope:.0f} KB a swap"] if slope > GROWTH else []
    third = len(warm) // 3
    for what in ("files", "deleted", "threads"):
        begun, ended = (min(getattr(size, what) for size in part) for part in (warm[:third], warm[-third:]))
        if ended > begun + EDITION:
            wrong.append(f"{name}: {what} grow from {begun} to {ended}")
    first, last = warm[0], warm[-1]
    line = (
        f"{name}, {len(warm)} swaps after the warm-up: open files {first.files} -> {last.files} (deleted"
        f" {first.deleted} -> {last.deleted}), threads {first.threads} -> {last.threads},"
        f" memory {first.memory // 1024} -> {last.memory // 1024} MB, {slope:+.1f} KB a swap (at most {GROWTH:.0f})"
    )
    return line, wrong


# --- the experiments -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Part:
    """What one experiment came to."""

    name: str
    publisher: Publisher
    within: float
    seen: Seen = field(default_factory=Seen)
    taken: list[float] = field(default_factory=list)
    sizes: list[list[Size]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def swaps(part: Part, servers: Sequence[Served], rounds: int, chance: random.Random) -> Iterator[int]:
    """Publish so many times, and wait each time until all servers have it; yields before each."""
    publisher = part.publisher
    part.sizes = [[] for _ in servers]
    begin = time.monotonic()
    publisher.publish()
    spent = time.monotonic() - begin
    number = 1
    while number < rounds:
        yield number
        if number % 10 == 5:
            publisher.publish(kill_after=chance.uniform(0, 1.2 * spent))
        for _ in range(3 if number % 20 == 10 else 1):
            publisher.publish()
            number += 1
        swapped = publisher.swaps[-1][2]
        for server, sizes in zip(servers, part.sizes, strict=True):
            if not comes(lambda server=server: server.generation() == publisher.newest, 60):  # type: ignore[misc]
                part.wrong.append(f"generation {publisher.newest} was not taken up within a minute")
            part.taken.append(time.monotonic() - swapped)
            sizes.append(server.size())


def serve_alone(folder: Path, rounds: int, chance: random.Random, broken: str | None) -> Part:
    folder.mkdir()
    db = folder / "catalog.db"
    begin(db)
    part = Part("winkb serve", Publisher(db, broken), WITHIN)
    server = Served(db)
    try:
        addresses = (*FREE, *LIMITED, *OWN)
        site = Site(server.port, addresses, WITHIN, True, usual_marks(server.port, addresses))
        with reading(site, part.publisher, part.seen, chance.randrange(1000)):
            for _ in swaps(part, [server], rounds, chance):
                pass
        line, part.wrong = grown("the process", part.sizes[0])
        part.lines.append(line)
        for number, excused in ((signal.SIGKILL, (*UNANSWERED, CutError)), (signal.SIGTERM, UNANSWERED)):
            part.seen.excused.clear()
            times = max(1, rounds // 20)
            for _ in range(times):
                end_under_readers(part, server, site, number, excused, chance)
            came = part.seen.excused
            part.lines.append(
                f"{number.name} under readers, {times} times: {came['unanswered']} requests unanswered,"
                f" {came['cut']} answers cut and known as cut; then every address was answered again"
            )
        part.wrong += [*check_log(server), *server.wrong]
        part.wrong += strays(folder, {"catalog.db", "catalog.db.lock", f"serve-{server.port}.log"})
    finally:
        part.publisher.close()
        server.process.kill()
        server.process.wait()
    return part


def end_under_readers(
    part: Part,
    server: Served,
    site: Site,
    number: signal.Signals,
    excused: tuple[type[Exception], ...],
    chance: random.Random,
) -> None:
    """End the server while all ask, at a random moment, and start it again on a new catalog."""

    def all_read(clients: Sequence[Client]) -> None:
        before = [client.answers for client in clients]
        if not comes(lambda: all(client.answers > had for client, had in zip(clients, before, strict=True)), 60):
            part.wrong.append(f"around {number.name} a client got no answer within a minute")

    with reading(site, part.publisher, part.seen, chance.randrange(1000)) as clients:
        all_read(clients)
        time.sleep(chance.uniform(0, 0.3))
        site.outage.begin(*excused)
        expected = -signal.SIGKILL if number == signal.SIGKILL else 0
        if (code := server.end(number)) != expected:
            part.wrong.append(f"{number.name} ended it with {code}")
        part.publisher.publish()
        server.start()
        site.outage.end()
        all_read(clients)
    for path, told in asked_alone(server.port, site.addresses).items():
        if {*told} != {part.publisher.newest} or len(told) < site.told[path]:
            part.wrong.append(f"started again after {number.name}, {path} tells {dict(Counter(told))}")


def serve_public(folder: Path, rounds: int, chance: random.Random, broken: str | None) -> Part:
    folder.mkdir()
    db = folder / "catalog.db"
    begin(db)
    part = Part("the public recipe", Publisher(db, broken), CACHED + WITHIN)
    servers = [Served(db, "--public") for _ in range(2)]
    try:
        with ExitStack() as stack:
            (folder / "nginx").mkdir()
            front = stack.enter_context(behind_nginx(folder / "nginx", [server.port for server in servers]))
            port = int(front.base_url.port or 0)
            free = [path for path in FREE if not path.startswith(("/build", "/release"))]  # limited with a query
            addresses, limited = [*FREE, *asked_anew(free, 8)], [*LIMITED, *asked_anew(LIMITED, 2)]
            told = usual_marks(port, [*addresses, *limited])
            site = Site(port, addresses, part.within, False, told, limited)
            stack.enter_context(reading(site, part.publisher, part.seen, chance.randrange(1000)))
            ended = 0
            for number in swaps(part, servers, rounds, chance):
                if number % 4 == 3 and number < rounds / 3:
                    place = ended % 2
                    servers[place].end(signal.SIGTERM if ended % 4 > 1 else signal.SIGKILL)
                    servers[place].start()
                    part.sizes[place] = []
                    ended += 1
            time.sleep(part.within + 2)  # now no answer may be of an older one
        part.lines.append(f"one process killed or ended by SIGTERM, and started again, {ended} times")
        for place, (server, sizes) in enumerate(zip(servers, part.sizes, strict=True), start=1):
            line, wrong = grown(f"process {place}", sizes)
            part.lines.append(line)
            part.wrong += [*wrong, *check_log(server), *server.wrong]
    finally:
        part.publisher.close()
        for server in servers:
            server.process.kill()
            server.process.wait()
    return part


def asked_anew(addresses: Sequence[str], times: int) -> list[str]:
    """The same pages at so many other addresses each, so that not all of them lie in the cache."""
    return [f"{path}{'&' if '?' in path else '?'}_n={number}" for path in addresses for number in range(times)]


def check_log(server: Served) -> list[str]:
    """What the server said that it should not have had to say."""
    log = server.log()
    bad = [word for word in ("Traceback", "last good") if word in log]
    return [f"the log has {word}: {log[log.index(word) :][:1000]}" for word in bad]


def report(part: Part) -> bool:
    seen, publisher = part.seen, part.publisher
    killed = f"{publisher.killed} publishers killed, {publisher.killed_late} of them after their swap"
    print(f"{part.name}: {publisher.newest} swaps, {killed};")
    print(f"  {seen.answers} answers to {CLIENTS} clients, {seen.unchanged} of them 304, {seen.told} marks")
    for kind in KINDS:
        print(f"  {kind}: {seen.counts[kind]} (must be 0)")
    if seen.returned:
        print(f"  older than one that the same client had before, and young enough: {seen.returned} (allowed here)")
    if part.taken:
        print(f"  a new one was served after {median(part.taken):.1f} s, at most {max(part.taken):.1f} s;")
    oldest = max(seen.ages, default=0.0)
    print(f"  the oldest answer was asked for {oldest:.1f} s after a swap (at most {part.within:.0f} s)")
    for line in (*part.lines, *seen.wrong, *part.wrong):
        print(f"  {line}")
    sys.stdout.flush()
    return bool(seen.wrong or part.wrong)


def break_it(how: str) -> None:
    """Publish as one must not, in the publishing process: the experiment must notice."""
    if how == "copy":  # over the file that is served

        def copied(source: Path, target: Path) -> None:
            with Path(source).open("rb") as new, Path(target).open("r+b") as old:
                shutil.copyfileobj(new, old)
                old.truncate()

        os.replace = copied  # type: ignore[assignment]
    elif how == "half":  # half of the rows
        real = mark

        def half(catalog: sqlite3.Connection, generation: int) -> None:
            real(catalog, generation)
            with catalog:
                catalog.execute("update pages set fetched_at = ?", [time_of(generation - 1)])

        globals()["mark"] = half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--public-rounds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--break", dest="broken", choices=("copy", "half"), help="publish wrongly: it must fail")
    parser.add_argument("--publish", metavar="DB", type=Path, help="publish each generation that standard input names")
    options = parser.parse_args()
    if options.broken and options.publish:
        break_it(options.broken)
    if options.publish:
        for line in sys.stdin:
            publish(options.publish, int(line))
            print(int(line), flush=True)
        return
    chance, begin = random.Random(options.seed), time.perf_counter()
    base = Path(tempfile.mkdtemp(prefix="winkb-readers-"))
    failed = False
    if options.rounds:
        failed |= report(serve_alone(base / "alone", options.rounds, chance, options.broken))
    if options.public_rounds and NGINX:
        failed |= report(serve_public(base / "public", options.public_rounds, chance, options.broken))
    elif options.public_rounds:
        print("THE PUBLIC RECIPE WAS NOT TRIED: there is no nginx here (Debian's package nginx)")
    print(f"{time.perf_counter() - begin:.0f} s (seed {options.seed})")
    if failed:
        print(f"its files: {base}")
    else:
        shutil.rmtree(base)
    sys.exit(failed)


if __name__ == "__main__":
    main()

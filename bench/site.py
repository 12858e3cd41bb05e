"""What the site's pages cost with 150,000 KBs, beside a plain Datasette over the same file, in one run.

    python bench/site.py [--seconds 30] [--rounds 3] [--kbs 150000]

Eight clients without pauses, 30 s an address and server, the servers in turn; a figure is the median of the rounds
(design.md section 8). Bars: the p50 of a KB's page within 1.3 times of plain Datasette's row page, as JSON and as HTML;
with one client the home page at most 25 ms and search at most 15 ms; behind nginx with deploy/site/nginx.conf, pages
from its cache at no less than 0.7 of the requests per second of a static file of the same nginx.

The catalog is made up, with the real schema: 12 releases with a B row and a hotpatch or baseline a month, as they
really come, and previews, out-of-band and component updates in between to make up the number. Addresses are spread
over the whole catalog. The load comes from wrk (Debian has it) where there is one, else from a client in Python.
"""

import argparse
import asyncio
import itertools
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scraper.catalog.schema import follow, schema  # noqa: E402

SCHEMA = schema()
ADDRESSES = 2_000  # of each kind: more than any cache on the way keeps in mind
ARTICLES, SECTIONS = 500, 12  # of the newest updates, as many as some years of 24H2 and later have
HOST = "kb.example.org"  # in deploy/site/nginx.conf
KB_RATIO, HOME_MS, SEARCH_MS, CACHE_RATIO = 1.3, 25, 15, 0.7

# --- the catalog -----------------------------------------------------------------------------------------------------

CLIENT, SERVER = "Windows 11", "Windows Server"
# Version, base build, first month; each is updated monthly from then on until today.
RELEASES = (
    (CLIENT, "21H2", 22000, "2016-10"),
    (CLIENT, "22H2", 22621, "2016-09"),
    (CLIENT, "23H2", 22631, "2016-11"),
    (CLIENT, "24H2", 26100, "2016-10"),
    (CLIENT, "25H2", 26200, "2017-09"),
    (CLIENT, "26H1", 28000, "2018-02"),
    (CLIENT, "26H2", 26300, "2018-09"),
    (SERVER, "2012", 9200, "2016-01"),
    (SERVER, "2016", 14393, "2016-08"),
    (SERVER, "2019", 17763, "2018-11"),
    (SERVER, "2022", 20348, "2017-08"),
    (SERVER, "2025", 26100, "2017-11"),
)
WITH_HOTPATCH = {"24H2", "25H2", "26H2", "2022", "2025"}
WORDS = (
    *("update", "security", "preview", "secure", "boot", "printing", "network", "taskbar", "explorer", "kernel"),
    *("graphics", "audio", "bluetooth", "certificate", "kerberos", "remote", "desktop", "installation", "language"),
    *("input", "storage", "recovery", "defender", "firewall", "driver", "compatibility", "issue", "device", "policy"),
)
PAGE = "windows-11-release-information"


def months(first: str, last: date) -> Iterator[date]:
    """The second Tuesdays from a month on, up to a day."""
    year, month = map(int, first.split("-"))
    while (day := date(year, month, 1)) <= last:
        tuesday = day + timedelta(days=(1 - day.weekday()) % 7 + 7)
        if tuesday <= last:
            yield tuesday
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


@dataclass(slots=True)
class Numbers:
    """KB numbers in the order in which they are taken."""

    kb: int = 3_000_000

    def take(self) -> str:
        self.kb += 17
        return f"KB{self.kb}"


def make(path: Path, kbs: int) -> None:
    """A catalog with about so many KBs, read today."""
    chance, today = random.Random(1), datetime.now(UTC)
    at = today.strftime("%Y-%m-%dT%H:%M:%SZ")
    builds: list[tuple[object, ...]] = []
    calendar: list[tuple[object, ...]] = []
    each = -(-kbs // len(RELEASES))
    for product, version, base, first in RELEASES:
        name = f"{product} {version}".lower().replace(" ", "-")
        make_release(chance, name, base, list(months(first, today.date())), each, builds, calendar, version)
    # The older, the lower the number, as Microsoft's; and rowids in the order of release, as load.py has them.
    numbers = Numbers()
    given = {row[3]: numbers.take() for row in sorted(builds, key=lambda row: str(row[9]))}
    builds = [(*row[:3], given[row[3]], *row[4:11], *(given.get(kb) for kb in row[11:13]), *row[13:]) for row in builds]
    calendar = [(*row[:6], given.get(row[6]), row[7], given.get(row[8]), *row[9:]) for row in calendar]
    dated = {row[3]: (row[4], row[9]) for row in builds}
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        db.execute(
            "insert into pages values (?, 'https://learn.microsoft.com/x', ?, ?, ?, ?, 'learn', ?, 0, 0, null, null)",
            (PAGE, at, at, at[:10], "0" * 64, len(builds)),
        )
        db.execute("insert into runs values (1, ?, 'news', 0, ?)", (at, "0" * 64))
        db.executemany(
            "insert into releases (release, product, version, base_build, available, end_of_updates_enterprise,"
            " serviced, hotpatch, partial, page) values (?, ?, ?, ?, ?, '2099-10-12', 1, ?, 0, ?)",
            [
                (f"{p} {v}".lower().replace(" ", "-"), p, v, base, f"{first}-01", v in WITH_HOTPATCH, PAGE)
                for p, v, base, first in RELEASES
            ],
        )
        db.execute("insert into feeds select page, release from releases")
        titled = (
            (kb, f"{day}—{kb} {' '.join(chance.choices(WORDS, k=8))}", track, day, chance.random() < 0.02)
            for kb, (track, day) in sorted(dated.items(), key=lambda item: int(item[0][2:]))
        )
        db.executemany(
            "insert into kbs values (?1, ?2, ?3, 'https://support.microsoft.com/help/' || substr(?1, 3), ?4, ?5)",
            titled,
        )
        db.executemany(f"insert into builds values ({', '.join('?' * 17)})", builds)
        columns = (
            "release, month, type, planned_type, status, available, kb, build, cumulative_kb, cumulative_build,"
            " restart, article_url, withdrawn, page"
        )
        db.executemany(f"insert into months ({columns}) values ({', '.join('?' * 14)})", calendar)
        db.execute("update months set scheduled_type = type")
        db.executescript(follow())
        db.execute(
            "insert into changes select null, ?, 1, 'builds', release, coalesce(build, kb), 'row', null, kb, page, 0"
            " from builds where available > date('now', '-60 days')",
            (at,),
        )
        add_articles(chance, db)
        db.execute("insert into kbs_fts (kbs_fts) values ('rebuild')")
        db.execute("insert into sections_fts (sections_fts) values ('rebuild')")
        db.commit()
        db.execute("vacuum")


def add_articles(chance: random.Random, db: sqlite3.Connection) -> None:
    """The articles of the newest updates, whose text a search reads too."""
    newest = [kb for (kb,) in db.execute("select kb from kbs order by first_available desc, kb limit ?", [ARTICLES])]
    db.executemany(
        "insert into articles (kb, release, title, layout, issues, page)"
        " values (?1, 'windows-11-25h2', ?1, '', 'none', ?2)",
        [(kb, PAGE) for kb in newest],
    )
    db.executemany(
        "insert into sections values (?, ?, ?, ?)",
        (
            (kb, position, " ".join(chance.choices(WORDS, k=4)), " ".join(chance.choices(WORDS, k=80)))
            for kb in newest
            for position in range(1, SECTIONS + 1)
        ),
    )


def make_release(
    chance: random.Random,
    name: str,
    base: int,
    tuesdays: Sequence[date],
    kbs: int,
    builds: list[tuple[object, ...]],
    calendar: list[tuple[object, ...]],
    version: str,
) -> None:
    """The rows of one release, with stand-ins for the KBs: B rows and hotpatches, and between two Tuesdays the rest."""
    hotpatched = version in WITH_HOTPATCH
    others = -(-kbs // len(tuesdays)) - (2 if hotpatched else 1)
    revision, baseline = 100, None

    def row(kb: str, track: str, kind: str, cadence: str | None, month: str | None, day: date, *rest: object) -> None:
        security, restart, twin, stands_on = rest
        build = None if kind == "component" else f"{base}.{revision}"
        address = "https://support.microsoft.com/help/1"
        builds.append(
            (
                *(name, build, None if build is None else revision, kb, track, kind, cadence, month, security),
                *(day.isoformat(), restart, twin, stands_on, address, None, 0, PAGE),
            )
        )

    for tuesday in tuesdays:
        month = f"{tuesday:%Y-%m}"
        is_baseline = hotpatched and tuesday.month in (1, 4, 7, 10)
        b_row, patch = f"{name}/{month}/b", f"{name}/{month}/h"
        if hotpatched and not is_baseline and baseline:
            revision += 1
            row(patch, "hotpatch", "hotpatch", None, month, tuesday, month, 0, b_row, baseline)
            hotpatch_build = f"{base}.{revision}"
            revision += 1
            row(b_row, "cumulative", "security", "B", month, tuesday, month, 1, patch, None)
            kinds, shown = ("hotpatch", "hotpatch"), (patch, hotpatch_build, b_row, f"{base}.{revision}")
        else:
            revision += 1
            kind = "baseline" if is_baseline else "security"
            row(b_row, "cumulative", kind, "B", month, tuesday, month, 1, None, None)
            kinds, shown = ("baseline", "baseline"), (b_row, f"{base}.{revision}", b_row, f"{base}.{revision}")
            baseline = b_row if is_baseline else baseline
        if hotpatched and (is_baseline or baseline):
            calendar.append(
                (name, month, *kinds, "released", tuesday.isoformat(), *shown, int(is_baseline), None, 0, PAGE)
            )
        for number in range(others):
            kind = chance.choices(("preview", "out-of-band", "component"), (6, 3, 1))[0]
            day = min(tuesday + timedelta(days=1 + number * 26 // others), date.today())
            revision += 1
            letter = {"preview": "D", "out-of-band": "OOB"}.get(kind)
            track = "component" if kind == "component" else "cumulative"
            # What brings no build has no security month.
            row(
                *(f"{name}/{month}/{number}", track, kind, letter, month, day),
                *(None if kind == "component" else month, 1, None, None),
            )
    if hotpatched:
        for ahead in range(1, 7):
            month = f"{(tuesdays[-1].replace(day=1) + timedelta(days=32 * ahead)):%Y-%m}"
            kind = "baseline" if month[5:] in ("01", "04", "07", "10") else "hotpatch"
            restarts = int(kind == "baseline")
            calendar.append((name, month, kind, kind, "planned", *[None] * 5, restarts, None, 0, PAGE))


# --- load ------------------------------------------------------------------------------------------------------------

LUA = """
local paths, at = {}, 0
for line in io.lines(%(paths)s) do paths[#paths + 1] = line end
wrk.headers["Host"] = %(host)s
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("%%d %%d %%d %%d %%d\\n", latency:percentile(50), latency:percentile(99), summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Milliseconds, and requests per second."""

    p50: float
    p99: float
    rate: float


def load(port: int, paths: Sequence[str], clients: int, seconds: int, folder: Path, host: str = "") -> Load:
    """Ask for the paths in turn, without pauses. Ends the bench at an answer that is none."""
    host = host or f"127.0.0.1:{port}"
    if shutil.which("wrk"):
        (folder / "paths").write_text("\n".join(paths), encoding="ascii")
        script = LUA % {"paths": f'"{folder / "paths"}"', "host": f'"{host}"'}
        (folder / "load.lua").write_text(script, encoding="utf-8")
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(folder / "load.lua")]
        ended = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True)
        p50, p99, requests, microseconds, errors = map(int, ended.stdout.splitlines()[-1].split())
        found = Load(p50 / 1000, p99 / 1000, requests / microseconds * 1_000_000)
        errors += not requests
    else:
        found, errors = asyncio.run(load_in_python(port, paths, clients, seconds, host))
    if errors:
        raise SystemExit(f"errors, or no answer at all, at addresses like {paths[0]}: {errors}")
    return found


async def load_in_python(port: int, paths: Sequence[str], clients: int, seconds: int, host: str) -> tuple[Load, int]:
    took: list[float] = []
    errors = 0
    each = itertools.cycle(paths)
    begin = time.perf_counter()

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (asked := time.perf_counter()) < begin + seconds:
            writer.write(f"GET {next(each)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            errors += head.split()[1] not in (b"200", b"301", b"302")
            if length := re.search(rb"content-length: ([0-9]+)", head):
                await reader.readexactly(int(length[1]))
            else:
                while size := int((await reader.readline()).split(b";")[0], 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
            took.append((time.perf_counter() - asked) * 1000)
            if b"\r\nconnection: close" in head:  # nginx does so after a thousand requests
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(clients):
            tasks.create_task(client())
    took.sort()
    rate = len(took) / (time.perf_counter() - begin)
    return Load(took[len(took) // 2], took[len(took) * 99 // 100], rate), errors


# --- servers ---------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[int]:
    """A server, once it takes connections."""
    with (folder / f"{port}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)}: {(folder / f'{port}.log').read_text()}")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def winkb(db: Path) -> AbstractContextManager[int]:
    port = free_port()
    return running(
        [sys.executable, "-m", "scraper", "serve", "--public", "--db", str(db), "--port", str(port)], port, db.parent
    )


def datasette(db: Path) -> AbstractContextManager[int]:
    port = free_port()
    options = ["--setting", "suggest_facets", "off", "--port", str(port)]
    return running([sys.executable, "-m", "datasette", "serve", "-i", str(db), *options], port, db.parent)


def nginx(folder: Path, behind: Sequence[int]) -> AbstractContextManager[int]:
    """nginx as docs/publish.md has it, with our ports and folders."""
    text = (ROOT / "deploy" / "site" / "nginx.conf").read_text(encoding="utf-8")
    port = free_port()
    for old, new in (
        ("127.0.0.1:8080", f"127.0.0.1:{port}"),
        ("127.0.0.1:8011", f"127.0.0.1:{behind[0]}"),
        ("127.0.0.1:8012", f"127.0.0.1:{behind[1]}"),
        ("/var/cache/nginx/winkb", str(folder / "cache")),
        ("/srv/winkb", str(folder)),
    ):
        if old not in text:
            raise SystemExit(f"deploy/site/nginx.conf has no {old} any more")
        text = text.replace(old, new)
    (folder / "winkb.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # another one may not read the temporary folder
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}"
        f" http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;"
        f" include {folder}/winkb.conf; }}",
        encoding="utf-8",
    )
    return running(
        [shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder
    )


# --- the bench -------------------------------------------------------------------------------------------------------

Figures = dict[tuple[str, str, int], list[Load]]


def addresses(db: Path) -> dict[str, dict[str, list[str]]]:
    """What is asked of winkb, and of plain Datasette."""
    chance = random.Random(2)
    with closing(sqlite3.connect(db)) as catalog:
        kbs = [kb for (kb,) in catalog.execute("select kb from kbs")]
        builds = [build for (build,) in catalog.execute("select distinct build from builds where build is not null")]
    kbs, builds = chance.sample(kbs, ADDRESSES), chance.sample(builds, ADDRESSES)
    pairs = ["+".join(chance.sample(WORDS, 2)) for _ in range(ADDRESSES)]
    return {
        "KB, JSON": {
            "winkb": [f"/kb/{kb}.json" for kb in kbs],
            "datasette": [f"/catalog/kbs/{kb}.json" for kb in kbs],
        },
        "KB, HTML": {"winkb": [f"/kb/{kb}" for kb in kbs], "datasette": [f"/catalog/kbs/{kb}" for kb in kbs]},
        # Plain Datasette has the rows of a build, and no verdict; the titles, and no articles.
        "build, JSON": {
            "winkb": [f"/build/{build}.json" for build in builds],
            "datasette": [f"/catalog/builds.json?build={build}" for build in builds],
        },
        "build, HTML": {
            "winkb": [f"/build/{build}" for build in builds],
            "datasette": [f"/catalog/builds?build={build}" for build in builds],
        },
        "search": {
            "winkb": [f"/search?q={words}" for words in pairs],
            "datasette": [f"/catalog/kbs?_search={words}" for words in pairs],
        },
        "home": {"winkb": ["/"], "datasette": ["/"]},
    }


def cached(db: Path, seconds: int, rounds: int, figures: Figures) -> str:
    """Pages from nginx's cache beside a static file of the same length from the same nginx; why not, if not."""
    if not shutil.which("nginx"):
        return "nginx is not installed"
    if not (ROOT / "deploy" / "site" / "nginx.conf").is_file():
        return "there is no deploy/site/nginx.conf"
    folder = db.parent
    pages = addresses(db)["KB, HTML"]["winkb"][:20]
    with winkb(db) as first, winkb(db) as second, nginx(folder, (first, second)) as port:
        page = urllib.request.Request(f"http://127.0.0.1:{port}{pages[0]}", headers={"Host": HOST})
        with urllib.request.urlopen(page) as answer:
            (folder / "download").mkdir()
            (folder / "download" / "page.html").write_bytes(answer.read())
        load(port, pages, 8, 1, folder, HOST)
        with urllib.request.urlopen(page) as answer:
            if answer.headers["X-Cache"] != "HIT":
                raise SystemExit(f"nginx does not answer from its cache: {answer.headers['X-Cache']}")
        for _ in range(rounds):
            for who, paths in (("static file", ["/download/page.html"]), ("cached page", pages)):
                figures.setdefault(("nginx", who, 8), []).append(load(port, paths, 8, seconds, folder, HOST))
    return ""


def measure(db: Path, seconds: int, rounds: int) -> Figures:
    figures: Figures = {}
    with winkb(db) as ours, datasette(db) as plain:
        ports = {"winkb": ours, "datasette": plain}
        asked = [
            (what, who, clients, paths)
            for what, of in addresses(db).items()
            for who, paths in of.items()
            for clients in ((8, 1) if what in ("home", "search") else (8,))
        ]
        for _, who, _, paths in asked:
            load(ports[who], paths, 1, 1, db.parent)
        for _ in range(rounds):
            for what, who, clients, paths in asked:
                figures.setdefault((what, who, clients), []).append(
                    load(ports[who], paths, clients, seconds, db.parent)
                )
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description="What the site costs with 150,000 KBs.")
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--kbs", type=int, default=150_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "catalog.db"
        make(db, given.kbs)
        print(f"{given.kbs:,} KBs, {db.stat().st_size / 1e6:.0f} MB; load average {os.getloadavg()[0]:.1f} before")
        figures = measure(db, given.seconds, given.rounds)
        skipped = cached(db, given.seconds, given.rounds, figures)
    middle = {
        key: Load(*(median(getattr(run, field) for run in runs) for field in ("p50", "p99", "rate")))
        for key, runs in figures.items()
    }
    print(f"{'':<14}{'':<13}{'clients':>8}{'p50 ms':>9}{'p99 ms':>9}{'per s':>9}   p50 of the rounds")
    for (what, who, clients), found in middle.items():
        rounds = " ".join(f"{run.p50:.1f}" for run in figures[what, who, clients])
        print(f"{what:<14}{who:<13}{clients:>8}{found.p50:>9.1f}{found.p99:>9.1f}{found.rate:>9,.0f}   {rounds}")
    bars = [
        (
            f"p50 of {what}, of a plain row page",
            middle[what, "winkb", 8].p50 / middle[what, "datasette", 8].p50,
            KB_RATIO,
        )
        for what in ("KB, JSON", "KB, HTML")
    ]
    bars.append(("p50 of home, one client, ms", middle["home", "winkb", 1].p50, HOME_MS))
    bars.append(("p50 of search, one client, ms", middle["search", "winkb", 1].p50, SEARCH_MS))
    held = [(words, found, f"at most {bar}", found <= bar) for words, found, bar in bars]
    if skipped:
        print(f"nginx is skipped: {skipped}")
    else:
        ratio = middle["nginx", "cached page", 8].rate / middle["nginx", "static file", 8].rate
        held.append(
            ("cached pages per second, of a static file", ratio, f"at least {CACHE_RATIO}", ratio >= CACHE_RATIO)
        )
    for words, found, bar, is_held in held:
        print(f"{'pass' if is_held else 'FAIL'}: {words}: {found:.2f} ({bar})")
    raise SystemExit(not all(is_held for *_, is_held in held))


if __name__ == "__main__":
    main()

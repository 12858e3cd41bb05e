"""What a million devices cost: `winkb fleet` to CSV and to Parquet, against DuckDB's join of the list without verdicts.

    python bench/fleet.py

Medians of alternated runs of whole processes, held to two processors (design.md section 8). Bars: 60 s and 300 MB for
each. The join reads every column as text, looks the build up in the catalog's builds and writes CSV: the least that any
tool has to do, on all the processors that it is given.
"""

import csv
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

DEVICES, BUILDS, UNKNOWN = 1_000_000, 300, 40
ROUNDS = 3
SECONDS, MEGABYTES = 60, 300
WINKB = (sys.executable, "-m", "scraper")
JOIN = """
import duckdb
duckdb.sql('''
  copy (
    select d.*, b.release, b.track, b.kind, b.security_month
    from read_csv('devices.csv', all_varchar = true) as d
    left join read_csv('builds.csv', all_varchar = true) as b on d."OS version" = '10.0.' || b.build
  ) to 'joined.csv'
''')
"""


def make(folder: Path) -> None:
    """devices.csv, as Intune exports them, and builds.csv, the join's other side."""
    chance = random.Random(1)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        found = catalog.execute(
            "select build, min(release), track, kind, security_month from device_builds group by build order by build"
        ).fetchall()
    with (folder / "builds.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("build", "release", "track", "kind", "security_month"))
        writer.writerows(found)
    builds = [row[0] for row in chance.sample(found, BUILDS)]
    builds += [f"19045.{revision}" for revision in chance.sample(range(1000, 6000), UNKNOWN)]
    with (folder / "devices.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Device ID", "Device name", "Ownership", "Compliance", "OS", "OS version", "Last check-in"))
        for number in range(DEVICES):
            name, check_in = f"DESKTOP-{number:07d}", f"2026-09-{number % 30 + 1:02d} 06:{number % 60:02d}:00"
            row = (f"{chance.getrandbits(128):032x}", name, "Corporate", "Compliant", "Windows")
            writer.writerow((*row, f"10.0.{chance.choice(builds)}", check_in))


def spend(command: Sequence[str], folder: Path, expected: Sequence[int]) -> tuple[float, float]:
    """Wall seconds and peak megabytes of one whole process."""
    begin = perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in expected:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return perf_counter() - begin, usage.ru_maxrss / 1024


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spend((*WINKB, "demo"), folder, [0])
        make(folder)
        fleet = (*WINKB, "fleet", "devices.csv", "--as-of", "2026-10-01", "--out")
        commands = {
            "winkb fleet to CSV": ((*fleet, "verdicts.csv"), [1]),
            "winkb fleet to Parquet": ((*fleet, "verdicts.parquet"), [1]),
            "DuckDB's join without verdicts": ((sys.executable, "-c", JOIN), [0]),
        }
        runs = [
            {what: spend(command, folder, ends) for what, (command, ends) in commands.items()} for _ in range(ROUNDS)
        ]
    bare = median(run["DuckDB's join without verdicts"][0] for run in runs)
    missed = False
    for what in commands:
        seconds, megabytes = median(run[what][0] for run in runs), max(run[what][1] for run in runs)
        ours = what.startswith("winkb")
        bars = f" (bars: {SECONDS} s, {MEGABYTES} MB), {seconds / bare:.1f}x of the join" if ours else ""
        print(f"{what}: {DEVICES:,} devices in {seconds:.1f} s, {megabytes:.0f} MB{bars}")
        missed |= ours and (seconds > SECONDS or megabytes > MEGABYTES)
    raise SystemExit(missed)


if __name__ == "__main__":
    main()

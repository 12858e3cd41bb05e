"""What the commands cost as whole processes: a lookup's cold start, a scrape's memory, a run without news.

    python bench/commands.py

Every figure is a median of runs that alternate with the one it is compared to (design.md section 8). Bars: a lookup
at most 0.25 s and 5 times ``python -c "import sqlite3"``; a scrape at most 120 MB; a run without news at most 0.3 s
of processor time beyond start-up.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

SNAPSHOTS = Path(__file__).parents[1] / "scraper" / "snapshots"
WINKB = (sys.executable, "-m", "scraper")
ROUNDS = 11


def spend(command: Sequence[str], folder: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one whole process."""
    begin = perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def alternate(commands: Sequence[Sequence[str]], folder: Path) -> list[tuple[float, float, float]]:
    """The medians of each command, their runs taken in turn; the first round only warms up."""
    rounds = [[spend(command, folder) for command in commands] for _ in range(ROUNDS + 1)][1:]
    return [
        (median(run[0] for run in runs), median(run[1] for run in runs), max(run[2] for run in runs))
        for runs in zip(*rounds, strict=True)
    ]


def scrape(date: str) -> tuple[str, ...]:
    options = ("--mirror", str(SNAPSHOTS / date), "--now", f"{date}T12:00:00Z", "--db", f"{date}.db")
    return (*WINKB, "scrape", "--no-articles", *options)


def main() -> None:
    dates = sorted(path.name for path in SNAPSHOTS.iterdir())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spend((*WINKB, "demo"), folder)
        lookup, bare = alternate(((*WINKB, "build", "26100.3981"), (sys.executable, "-c", "import sqlite3")), folder)
        print(
            f"winkb build: {lookup[0]:.3f} s cold (bar 0.25), {lookup[0] / bare[0]:.1f}x of import sqlite3 (bar 5)"
            f", {lookup[2]:.0f} MB"
        )
        for date in dates:
            first = spend((*scrape(date), "--archive", f"{date}.archive"), folder)
            spent = f"{first[0]:.2f} s, {first[1]:.2f} s of processor, {first[2]:.0f} MB"
            print(f"first scrape of {date}: {spent} (bar 120 MB)")
        again = (*scrape(dates[-1]), "--archive", f"{dates[-1]}.archive")
        start = (sys.executable, "-c", "import scraper.cli, scraper.ingest.job")
        quiet, started = alternate((again, start), folder)
        print(
            f"a run without news: {quiet[1] - started[1]:.2f} s of processor beyond start-up's {started[1]:.2f} s"
            f" (bar 0.3), {quiet[2]:.0f} MB"
        )


if __name__ == "__main__":
    main()

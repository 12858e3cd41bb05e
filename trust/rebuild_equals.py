"""Whether a rebuild is the catalog that grew run by run: tests/ingest/test_rebuild.py with many more runs.

    python trust/rebuild_equals.py [--examples 400] [--seed 5]

Each example is up to nine runs, each a real run; after each one the catalog is rebuilt from the archive and must have
the same rows of all tables in the same order. At its end another process rebuilds it once more: Python shuffles its
sets anew in each, and no order of rows may come from that. Exit 1 with the fewest runs that fail.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from hypothesis import HealthCheck, given, seed, settings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the runs are defined with the tests

from scraper.ingest import job  # noqa: E402
from scraper.ingest.job import Paths  # noqa: E402
from tests.ingest.test_rebuild import MEMORY, RUNS, Publisher, Run, compare, go_through, published_by, rows_of  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--again", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.again:
        with published_by(Publisher()):
            job.rebuild(Paths(asked.again / "elsewhere.db", asked.again / "archive.db"))
        return
    begun, counted = perf_counter(), Counter[str]()

    def compared(paths: Paths) -> None:
        compare(paths)
        if not paths.db.exists():
            counted["runs without a catalog, of which there was nothing to compare"] += 1
            return
        counted["comparisons"] += 1
        counted[f"of them after runs that ended with {rows_of(paths.db)['runs'][-1][2]}"] += 1

    @seed(asked.seed)
    @settings(max_examples=asked.examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(runs=RUNS)
    def rebuild_equals(runs: list[Run]) -> None:
        with tempfile.TemporaryDirectory(dir=MEMORY) as name:
            folder = Path(name)
            go_through(runs, folder, compared)
            if (folder / "catalog.db").exists():
                rebuild_elsewhere(folder, counted["histories"])
                counted["comparisons with a rebuild by another process"] += 1
            counted["histories"] += 1
            counted["runs"] += len(runs)

    rebuild_equals()
    print(", ".join(f"{number} {what}" for what, number in counted.items()), f"in {perf_counter() - begun:.0f} s")


def rebuild_elsewhere(folder: Path, shuffle: int) -> None:
    paths = Paths(folder / "here.db", folder / "archive.db")
    with published_by(Publisher()):
        job.rebuild(paths)
    environment = {**os.environ, "PYTHONHASHSEED": str(1 + shuffle % 1000)}
    subprocess.run([sys.executable, __file__, "--again", str(folder)], env=environment, check=True)
    here, elsewhere = rows_of(paths.db), rows_of(replace(paths, db=folder / "elsewhere.db").db)
    for table in here:
        assert here[table] == elsewhere[table], f"{table}, in another process"


if __name__ == "__main__":
    main()

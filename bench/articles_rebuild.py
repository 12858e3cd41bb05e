"""What a rebuild costs from an archive of many versions of articles: time, and peak memory as a whole process.

    python bench/articles_rebuild.py

Archives of 100, 500 and 1,000 versions of 200 articles of 60 kB are rebuilt. Bars (issue of the nightly job): linear in
the number of distinct versions, and a peak for 1,000 versions within 40 MB of that for 100.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the writer of re-created articles lies with the tests

from scraper.ingest import job, parse  # noqa: E402
from scraper.ingest.archive import Archive, Visit  # noqa: E402
from scraper.ingest.published import wanted_articles  # noqa: E402
from tests.fixtures.articles import Issue, article  # noqa: E402

ARTICLES, ROUNDS = 200, 3
RUN = "2026-{:02}-{:02}T03:00:00Z"


def fill(folder: Path, versions: int) -> None:
    """An archive of the bundled pages of September and of so many versions of articles, a hundred a run."""
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    snapshots = ROOT / "scraper" / "snapshots" / "2026-09-30"
    job.scrape(paths, "2026-09-30T12:00:00Z", mirror=str(snapshots), manners=job.Manners(delay=0))
    known = [wanted.kb for wanted in wanted_articles(paths.db)]
    kbs = known + [f"KB{9000000 + number}" for number in range(ARTICLES - len(known))]
    archive = Archive(paths.archive)
    for number in range(versions):
        kb, edition = kbs[number % ARTICLES], number // ARTICLES
        issues = [Issue(f"Issue {edition - place}", "It happens.") for place in range(3)]
        body = article(kb, "2026-09-08", ("26100.9445",), issues=issues, updated_at=f"{edition}", prose=180)
        run = 2 + number // 100
        at = RUN.format(10 + (run - 2) // 28, 1 + (run - 2) % 28)
        version = archive.version(kb, parse.article_fingerprint(body), body)
        url = f"https://support.microsoft.com/help/{kb[2:]}"
        archive.note(Visit(run, kb, url, at, 200, url, version))
    archive.close()


def rebuild(folder: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of ``winkb rebuild``."""
    command = (sys.executable, "-m", "scraper", "rebuild")
    begin = perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"winkb rebuild ended with {process.returncode}")
    return perf_counter() - begin, usage.ru_maxrss / 1024


def main() -> None:
    spent: dict[int, tuple[float, float]] = {}
    for versions in (0, 100, 500, 1000):
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), versions)
            runs = [rebuild(Path(folder)) for _ in range(ROUNDS)]
        spent[versions] = median(run[0] for run in runs), max(run[1] for run in runs)
    bare = spent.pop(0)[0]
    for versions, (seconds, megabytes) in spent.items():
        each = (seconds - bare) / versions * 1000
        beyond = f"{each:.2f} ms each beyond the {bare:.2f} s of none"
        print(f"{versions} versions: {seconds:.2f} s, {beyond}, {megabytes:.0f} MB")
    print(f"1,000 need {spent[1000][1] - spent[100][1]:.0f} MB more than 100 (bar 40)")


if __name__ == "__main__":
    main()

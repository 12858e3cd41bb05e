"""What a run with news costs as the archive grows: with 100, 1,000 and 10,000 page versions.

    python bench/news.py [VERSIONS…]

Of ten versions nine are of 200 articles of 60 kB, and one is of the release information, with one date corrected to and
fro: as many as some years bring. A run with news then reads the five pages, one of which has changed. The runs of
all archives are measured in turn. Bar (design.md section 8): on 10,000 versions at most 1.5 times of the same run on
100.
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the writer of re-created articles lies with the tests

from bench.commands import spend  # noqa: E402
from scraper.ingest import job, parse  # noqa: E402
from scraper.ingest.archive import Archive, Visit  # noqa: E402
from scraper.ingest.published import wanted_articles  # noqa: E402
from scraper.ingest.sources import BY_NAME  # noqa: E402
from tests.fixtures.articles import Issue, article  # noqa: E402

ARTICLES, ROUNDS, A_RUN = 200, 7, 100
NEWS = BY_NAME["windows-11-release-information"]
SNAPSHOT = ROOT / "scraper" / "snapshots" / "2026-09-30"
FILE = NEWS.url.removeprefix("https://") + ".html"
DAYS = (b"2026-09-22", b"2026-09-23")
FIRST = datetime(2026, 10, 1, 3)


def corrected(body: bytes, number: int) -> bytes:
    """The page with the day of the newest preview as it is, or a day later."""
    return body.replace(DAYS[0], DAYS[number % 2])


def fill(folder: Path, versions: int) -> int:
    """An archive of the bundled pages of September and of so many versions, a hundred a run. Returns the next run."""
    paths = job.Paths(folder / "catalog.db", folder / "archive.db")
    job.scrape(paths, "2026-09-30T12:00:00Z", mirror=str(SNAPSHOT), manners=job.Manners(delay=0))
    known = [wanted.kb for wanted in wanted_articles(paths.db)]
    kbs = known + [f"KB{9000000 + number}" for number in range(ARTICLES - len(known))]
    page = (SNAPSHOT / FILE).read_bytes()
    with closing(Archive(paths.archive)) as archive:
        for number in range(versions):
            run = 2 + number // A_RUN
            at = f"{(FIRST + timedelta(days=run)).isoformat()}Z"
            if number % 10 == 0:
                edition = number // 10 + 1
                name, url = NEWS.name, NEWS.url
                body = corrected(page, edition).replace(b"</table>", b"<!-- %d --></table>" % edition, 1)
                fingerprint = parse.fingerprint(body)
            else:
                name, edition = kbs[number % ARTICLES], number // ARTICLES
                url = f"https://support.microsoft.com/help/{name[2:]}"
                issues = [Issue(f"Issue {edition % 5 - place}", "It happens.") for place in range(3)]
                body = article(name, "2026-09-08", ("26100.9445",), issues=issues, updated_at=f"{edition}", prose=180)
                fingerprint = parse.article_fingerprint(body)
            archive.note(Visit(run, name, url, at, 200, url, archive.version(name, fingerprint, body)))
    job.rebuild(paths)
    return 2 + versions // A_RUN


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [100, 1000, 10_000]
    page = (SNAPSHOT / FILE).read_bytes()
    spent: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as name:
        mirror = Path(name, "mirror")
        shutil.copytree(SNAPSHOT, mirror)
        runs = {}
        for size in sizes:
            folder = Path(name, str(size))
            folder.mkdir()
            runs[size] = folder, fill(folder, size)
        for number in range(ROUNDS + 1):
            news = corrected(page, number).replace(b"</table>", b"<!-- news %d --></table>" % number, 1)
            (mirror / FILE).write_bytes(news)
            for size, (folder, run) in runs.items():
                at = f"{(FIRST + timedelta(days=run + number + 1)).isoformat()}Z"
                command = (sys.executable, "-m", "scraper", "scrape", "--no-articles", "--mirror", str(mirror))
                seconds = spend((*command, "--now", at), folder)[0]
                if number:  # the first run is a warm-up
                    spent[size].append(seconds)
        rows = subprocess.run(
            [sys.executable, "-m", "scraper", "changes", "--json", "--db", str(runs[sizes[-1]][0] / "catalog.db")],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.count(b'"seen_at"')
    for size, seconds in spent.items():
        print(f"{size} versions: a run with news {median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    ratio = median(spent[sizes[-1]]) / median(spent[sizes[0]])
    print(f"{sizes[-1]} against {sizes[0]}: {ratio:.2f} (bar 1.5); {rows} rows of changes")


if __name__ == "__main__":
    main()

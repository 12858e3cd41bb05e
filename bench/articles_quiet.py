"""What a run without news costs against a mirror with validators: every page and every article answers 304.

    python bench/articles_quiet.py

Bars: no body, nothing parsed, the same facts, at most 0.3 s of processor beyond the start-up of the same command.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the mirror and the writers of pages lie with the tests

from bench.commands import spend  # noqa: E402
from scraper.ingest.published import wanted_articles  # noqa: E402
from scraper.ingest.sources import SOURCES  # noqa: E402
from tests.fixtures import pages  # noqa: E402
from tests.fixtures.articles import article  # noqa: E402
from tests.fixtures.web import Reply, Web  # noqa: E402

ROUNDS = 7


def main() -> None:
    made = pages.snapshot("2026-09-30")
    with Web() as web, tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def scrape(now: str, *options: str) -> tuple[str, ...]:
            command = (sys.executable, "-m", "scraper", "scrape", "--mirror", web.url, "--now", now, *options)
            return (*command, "--concurrency", "8")

        for source in SOURCES:
            web.page(source.url, Reply(body=made[pages.file_name(source.url)], headers={"ETag": '"1"'}))
        spend(scrape("2026-10-01T03:00:00Z", "--no-articles"), folder)
        addresses = [
            (wanted.kb, wanted.url or f"https://support.microsoft.com/help/{wanted.kb[2:]}")
            for wanted in wanted_articles(folder / "catalog.db")
        ]
        for kb, url in addresses:
            web.page(url, Reply(body=article(kb, "", (), prose=100), headers={"ETag": '"1"'}))
        spend(scrape("2026-10-01T03:00:00Z"), folder)
        for url in [source.url for source in SOURCES] + [url for _, url in addresses]:
            web.page(url, Reply(304, headers={"ETag": '"1"'}))
        quiet, started, asked = [], [], []
        for number in range(ROUNDS):
            before = len(web.asked)
            quiet.append(spend(scrape(f"2026-10-{2 + number:02}T03:00:00Z"), folder)[1])
            asked.append(len(web.asked) - before)
            started.append(spend((sys.executable, "-c", "import scraper.cli, scraper.ingest.job"), folder)[1])
        ended = subprocess.run(scrape("2026-12-01T03:00:00Z"), cwd=folder, capture_output=True, text=True, check=True)
    beyond = median(spent - start for spent, start in zip(quiet, started, strict=True))
    parsed = re.search(r"(\w+), 0 changes, (\d+) page versions parsed", ended.stdout)
    print(f"{len(SOURCES)} pages and {len(addresses)} articles not modified: {parsed[0] if parsed else ended.stdout}")
    runs = f"{ROUNDS} runs of {min(asked)} to {max(asked)} requests"
    print(f"{runs}: {beyond:.2f} s of processor beyond start-up (bar 0.3)")


if __name__ == "__main__":
    main()

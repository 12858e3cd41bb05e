"""Runs with one damaged article: what was known before, what is served in its place, what the real pipeline makes of
it."""

import shutil
import tempfile
import traceback
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Self

from scraper.ingest.archive import Archive
from scraper.ingest.fetch import Manners, Request
from scraper.ingest.memo import Reader
from scraper.ingest.published import wanted_articles
from scraper.ingest.run import Plan, Unwatched, run
from scraper.ingest.sources import BY_NAME, SOURCES
from tests.damage.article_markup import ArticleMarkup
from tests.damage.article_oracle import ArticleCatalog, Served, judge_article, read_article_catalog
from tests.damage.article_reader import read_article
from tests.damage.articles import ArticleCourse
from tests.damage.laboratory import MEMORY
from tests.damage.oracle import Judgement
from tests.fixtures import pages

# They list the updates whose articles are damaged; with fewer pages a run takes less time.
_PAGES = ("windows-11-release-information", "windows-11-update-history", "windows-server-release-information")
_PAGES_AT, _BEFORE, _NOW = "2026-09-30T12:00:00Z", "2026-10-01T03:00:00Z", "2026-10-02T03:00:00Z"
_HELP = "https://support.microsoft.com/help/"
_NOTHING = b"<html></html>"


class ArticleLaboratory:
    """A course's runs but the last, in a folder of its own, to which damaged runs are added."""

    def __init__(self, course: ArticleCourse, inside: str | None = MEMORY) -> None:
        self.name, self.true_pages = course.name, dict(course.now)
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=inside)))
        self._mirror = self._folder / "mirror"
        made = pages.snapshot(_PAGES_AT[:10])
        for name in _PAGES:
            self._write(pages.file_name(BY_NAME[name].url), made[pages.file_name(BY_NAME[name].url)])
        self._run("", _PAGES_AT, [Request(name, BY_NAME[name].url) for name in _PAGES])
        urls = {one.kb: one.url for one in wanted_articles(self._folder / "catalog.db")}
        self._urls = {kb: urls.get(kb) or _HELP + kb[2:] for kb in self.true_pages}
        if course.before:
            for kb, body in course.before.items():
                self._write(pages.file_name(self._urls[kb]), body)
            self._run("", _BEFORE, self._requests(*course.before))
        markups = {kb: ArticleMarkup(body.decode("utf-8")) for kb, body in self.true_pages.items()}
        for kb, markup in markups.items():
            markup.others = {other: its for other, its in markups.items() if other != kb}
        self._markups = markups
        self._served: dict[str, Served] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def markup(self, kb: str) -> ArticleMarkup:
        return self._markups[kb]

    def try_damage(self, kb: str, text: str) -> Judgement:
        """A run in which the article ``kb`` is served as ``text``."""
        body = text.encode("utf-8", "surrogatepass")
        try:
            damaged = self.run(kb, body)
        except Exception:  # whatever it is: that is what is looked for
            return Judgement("CRASH", traceback.format_exc())
        return judge_article(damaged, self.served(kb, body))

    def served(self, kb: str, body: bytes) -> Served:
        """What is known of a run in which the article is served so."""
        if kb not in self._served:
            true, before = self.true_pages[kb], read_article_catalog(self._folder / "catalog.db", kb)
            page = read_article(true)
            self._served[kb] = Served(self.run(kb, true), before, self.run(kb, _NOTHING), page, page)
        return replace(self._served[kb], page=read_article(body))

    def run(self, kb: str, body: bytes) -> ArticleCatalog:
        for name in ("archive.db", "catalog.db"):
            shutil.copyfile(self._folder / name, self._folder / f"damaged.{name}")
        self._write(pages.file_name(self._urls[kb]), body)
        self._run("damaged.", _NOW, self._requests(kb))
        return read_article_catalog(self._folder / "damaged.catalog.db", kb)

    def _requests(self, *kbs: str) -> list[Request]:
        return [Request(kb, self._urls[kb]) for kb in kbs]

    def _write(self, name: str, body: bytes) -> None:
        file = self._mirror / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def _run(self, prefix: str, at: str, requests: list[Request]) -> None:
        with closing(Archive(self._folder / f"{prefix}archive.db")) as archive:
            plan = Plan("articles", requests, at, str(self._mirror), Manners(delay=0))
            run(archive, Reader(archive), self._folder / f"{prefix}catalog.db", SOURCES, plan, Unwatched())

"""The commands that publish, each in a folder as it may be when it begins, and what must come of them.

For the experiments beside this file. ``Scenes`` makes the mirrors, the folders and, of a run that nobody disturbs,
every catalog that it publishes and every point at which it can be disturbed (trust/meddler.py).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the writers of re-created articles lie with the tests

from scraper.ingest.sources import BY_NAME  # noqa: E402
from trust.made_articles import made_articles  # noqa: E402
from trust.remains import (  # noqa: E402
    KEPT,
    PASSING,
    Stored,
    Tables,
    catalog_problems,
    contents,
    differences,
    stored,
    strays,
)

OLD, NEW, DRIFT = "2026-07-22", "2026-09-30", "drift"
FIRST, SECOND, THIRD, FOURTH = (f"2026-10-0{day}T03:00:00Z" for day in (1, 2, 3, 4))
CLIENT = "windows-11-release-information"
LONGEST = 120.0
_TABLE = re.compile(r'<table class="cells-centered" id="historyTable_.*?</table>', re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>\s*", re.DOTALL)

# What Python itself says when it finds no file for an event loop; the error comes through to the command all the same.
_OF_PYTHON = re.compile(r"Exception ignored in: <function BaseEventLoop\.__del__ .*?'_ssock'\n", re.DOTALL)

Point = tuple[str, str, str]  # phase, kind, file


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. ``problems``: its lines for a person."""

    code: int
    problems: tuple[str, ...]
    output: str

    @property
    def has_traceback(self) -> bool:
        output = _OF_PYTHON.sub("", self.output)
        return "Traceback" in output or "--- Logging error ---" in output


@dataclass(slots=True)
class Scene:
    """A command with the folder in which it begins. ``states``: the catalog before it (None where there is none) and
    after each of its swaps; ``points``: where it can be disturbed; ``exit_code``: how it ends undisturbed."""

    name: str
    start: Path
    command: tuple[str, ...]
    exit_code: int = 0
    states: list[Tables | None] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    before: Stored = field(default_factory=Stored)
    after: Stored = field(default_factory=Stored)
    whole: Tables = field(default_factory=dict)

    def folder(self, path: Path) -> Path:
        """A copy of the folder to be disturbed."""
        shutil.copytree(self.start, path)
        return path


class Scenes:
    """All of them, or those with these names, below a folder. The code is copied first, so that an edit meanwhile
    changes nothing."""

    def __init__(self, base: Path, *names: str) -> None:
        self.base = base
        self.code = base / "code"
        ignore = shutil.ignore_patterns("__pycache__")
        for name in ("scraper", "trust"):
            shutil.copytree(ROOT / name, self.code / name, ignore=ignore)
        for date in (OLD, NEW):
            shutil.copytree(ROOT / "scraper" / "snapshots" / date, self.mirror(date))
        shutil.copytree(self.mirror(NEW), self.mirror(DRIFT))
        _halve(self._file(DRIFT, BY_NAME[CLIENT].url))
        self._old = self._made("old", self.scrape(OLD, FIRST))
        self._new = self._made("new", self.scrape(NEW, SECOND), self._old)
        self._write_articles()
        drifting = self._made("drifting", self.scrape(DRIFT, THIRD), self._new, code=4)
        outdated = self._made("outdated", start=self._new)
        shutil.copyfile(self._old / "catalog.db", outdated / "catalog.db")
        empty = self._made("empty")
        archive = ("--archive", "archive.db")
        self.all = [
            Scene("first scrape", empty, self.scrape(OLD, FIRST)),
            Scene("scrape with news", self._old, self.scrape(NEW, SECOND)),
            Scene("scrape without news", self._new, self.scrape(NEW, THIRD)),
            Scene("scrape of articles", self._new, self.scrape(NEW, THIRD, articles=True)),
            Scene("rebuild", outdated, ("rebuild", *archive)),
            Scene("accept", drifting, ("accept", CLIENT, "--now", FOURTH, *archive)),
            Scene("demo", self._new, ("demo",)),
        ]
        self.all = [scene for scene in self.all if not names or scene.name in names]
        for scene in self.all:
            self._follow(scene, times=1 if names else 2)

    def __getitem__(self, name: str) -> Scene:
        return next(scene for scene in self.all if scene.name == name)

    def mirror(self, name: str) -> Path:
        return self.base / "mirrors" / name

    def scrape(self, mirror: str, now: str, *, articles: bool = False) -> tuple[str, ...]:
        read = "--articles" if articles else "--no-articles"
        return ("scrape", "--mirror", str(self.mirror(mirror)), "--now", now, read, "--archive", "archive.db")

    # --- running -----------------------------------------------------------------------------------------------------

    def begin(
        self,
        folder: Path,
        command: Sequence[str],
        plan: dict[str, object] | None = None,
        *,
        log: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start a command, meddled with by ``plan`` if there is one; what it says goes into ``log``, by default beside
        the folder. ``before`` is called in the new process."""
        program = ("-m", "scraper") if plan is None else (str(self.code / "trust" / "meddler.py"), json.dumps(plan))
        environment = {**os.environ, "PYTHONPATH": str(self.code)}
        with (log or folder.with_suffix(".log")).open("wb") as output_file:
            return subprocess.Popen(
                (sys.executable, *program, *command),
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if plan and plan.get("wait") else output_file,
                stderr=output_file,
                preexec_fn=before,
            )

    def run(
        self,
        folder: Path,
        command: Sequence[str],
        plan: dict[str, object] | None = None,
        *,
        log: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> Ended:
        log = log or folder.with_suffix(".log")
        return self.ended(self.begin(folder, command, plan, log=log, before=before), log)

    def ended(self, process: "subprocess.Popen[bytes]", log: Path) -> Ended:
        try:
            process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        output = log.read_text(errors="replace")
        problems = tuple(line for line in output.splitlines() if line.startswith(("winkb: ", "Error: ")))
        return Ended(process.returncode, problems, output)

    # --- making ------------------------------------------------------------------------------------------------------

    def _made(self, name: str, command: Sequence[str] = (), start: Path | None = None, code: int = 0) -> Path:
        folder = self.base / "starts" / name
        shutil.copytree(start, folder) if start else folder.mkdir(parents=True)
        if command and (ended := self.run(folder, command)).code != code:
            sys.exit(f"{name} ended with {ended.code}: {ended.output}")
        return folder

    def _file(self, mirror: str, url: str) -> Path:
        parts = urlsplit(url)
        return self.mirror(mirror) / parts.netloc / f"{parts.path.strip('/')}.html"

    def _write_articles(self) -> None:
        for made in made_articles(self._new / "catalog.db"):
            if made.body is not None:
                path = self._file(NEW, made.asked)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(made.body)

    def _follow(self, scene: Scene, times: int) -> None:
        """What the command does when nobody disturbs it; twice shows that it is always the same."""
        for number in range(times):
            place = self.base / "undisturbed" / f"{scene.name} {number}"
            states = place / "states"
            states.mkdir(parents=True)
            folder = scene.folder(place / "folder")
            ended = self.run(folder, scene.command, {"trace": str(place / "points"), "states": str(states)})
            if ended.code != scene.exit_code:
                sys.exit(f"{scene.name} ended with {ended.code}: {ended.output}")
            swaps = range(1, len(list(states.iterdir())) + 1)
            made = [contents(states / f"{swap}.db", exact=True) for swap in swaps]
            if scene.states and made != scene.states[1:]:
                sys.exit(f"two undisturbed runs of {scene.name} differ: {place.parent}")
            first = scene.start / "catalog.db"
            scene.states = [contents(first, exact=True) if first.exists() else None, *made]
            scene.points = [_point(line) for line in (place / "points").read_text().splitlines()]
            scene.before, wrong = stored(scene.start)
            scene.after, more = stored(folder)
            scene.whole = contents(folder / "catalog.db")
            if wrong := [*wrong, *more, *strays(folder, KEPT)]:
                sys.exit(f"{scene.name} undisturbed: {wrong}")


def _point(line: str) -> Point:
    phase, kind, name = line.split("\t")
    return phase, kind, name


def _halve(path: Path) -> None:
    """Every second row of all release histories is gone, which is a drift that can be accepted."""

    def halve(table: re.Match[str]) -> str:
        numbers = count()
        return _ROW.sub(lambda row: row[0] if (number := next(numbers)) % 2 or not number else "", table[0])

    path.write_text(_TABLE.sub(halve, path.read_text()), encoding="utf-8")


# --- what must hold --------------------------------------------------------------------------------------------------


def state_of(scene: Scene, folder: Path) -> tuple[int | None, list[str]]:
    """Which of the scene's catalogs stands in a folder after a run that was disturbed, and what is wrong there."""
    wrong = [*catalog_problems(folder), *strays(folder, KEPT | PASSING)]
    left, problems = stored(folder)
    wrong += problems + left.lost(scene.before)
    if foreign := left.versions - scene.after.versions:
        wrong.append(f"archive: {len(foreign)} versions that no undisturbed run stores")
    path = folder / "catalog.db"
    if wrong and any(line.startswith("catalog") for line in wrong):
        return None, wrong
    found = contents(path, exact=True) if path.exists() else None
    if found in scene.states:
        return len(scene.states) - 1 - scene.states[::-1].index(found), wrong
    lines = differences(found or {}, scene.states[-1] or {})
    return None, [*wrong, "the catalog is neither an old nor a new one; to the last one:", *lines]


def recovered(scenes: Scenes, scene: Scene, folder: Path) -> list[str]:
    """What is wrong when the command is given again, undisturbed. What it said at first stays in its log."""
    left, _ = stored(folder)
    ended = scenes.run(folder, scene.command, log=folder.with_name("again.log"))
    is_accepted = scene.name == "accept" and left.acceptances > scene.before.acceptances
    if is_accepted and ended.code == 2:  # it was noted before: there is nothing more to accept
        ended = scenes.run(folder, ("rebuild", "--archive", "archive.db"), log=folder.with_name("rebuild.log"))
    wrong = [] if ended.code == scene.exit_code else [f"the next run ended with {ended.code}: {ended.output}"]
    right, problems = stored(folder)
    wrong += problems + catalog_problems(folder) + strays(folder, KEPT) + right.lost(left)
    if right.versions != scene.after.versions:
        wrong.append("archive: not the versions of an undisturbed run")
    if wrong:
        return wrong
    found = contents(folder / "catalog.db")
    lines = differences(found, scene.whole)
    came = {str(source) for source, *_ in left.visits - scene.before.visits} & BY_NAME.keys()
    if lines and came and scene.command[0] == "scrape":
        lines = differences(found, _in_two_runs(scenes, scene, sorted(came), folder.with_name("in two runs")))
    return lines


def _in_two_runs(scenes: Scenes, scene: Scene, sources: Sequence[str], folder: Path) -> Tables:
    """The catalog when a run asks for these pages only, and the next one for all. That is what a run comes to that was
    ended while pages came, since each is kept at once: the new ones and the others' old ones may disagree."""
    scene.folder(folder)
    for command in ((*scene.command, *(word for name in sources for word in ("--source", name))), scene.command):
        ended = scenes.run(folder, command)
        if ended.code:
            sys.exit(f"{command} ended with {ended.code}: {ended.output}")
    return contents(folder / "catalog.db")


def blamed(ended: Ended) -> list[str]:
    """What is wrong with how a run ended that this machine failed."""
    wrong = []
    if ended.has_traceback:
        wrong.append(f"a traceback: {ended.output[-1500:]}")
    if ended.code != 5:
        wrong.append(f"it ended with {ended.code}: {ended.output[-500:]}")
    if len(ended.problems) != 1:
        wrong.append(f"{len(ended.problems)} lines for a person: {ended.problems}")
    return wrong

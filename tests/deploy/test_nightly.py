"""The job as users run it: the scripts of deploy/, the workflow, the units, the crontab, and docs/nightly.md."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from scraper.catalog.days import second_tuesday
from scraper.publish.summary import EXIT_CODES
from tests.fixtures.places import ROOT

DEPLOY = ROOT / "deploy"
DOCUMENT = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
SHELL_SCRIPTS = ("nightly", "release-day", "publish-if-new", "verdict")
SNAPSHOT = ROOT / "scraper" / "snapshots" / "2026-09-30"
MIRROR = ("--no-articles", "--mirror", str(SNAPSHOT))
# Where the units and the crontab look for winkb.
INSTALLED = "/usr/local/lib/winkb"

Ended = subprocess.CompletedProcess[str]


def tool(name: str) -> str:
    """The path of a program, or the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def run(*command: object, cwd: Path = ROOT, text: Any = None, **environment: object) -> Ended:
    """Run a command with no variable of ours or of GitHub's but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WINKB", "GITHUB", "MAKE"))}
    words = [str(word) for word in command]
    more = {name: str(value) for name, value in environment.items()}
    return subprocess.run(words, cwd=cwd, env=kept | more, input=text, capture_output=True, text=True, timeout=120)


@pytest.fixture
def winkb(tmp_path: Path) -> Path:
    """The real command, as a console script would be."""
    (tmp_path / "bin").mkdir()
    lines = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m scraper "$@"\n'
    return program(tmp_path / "bin" / "winkb", lines)


def fake_winkb(folder: Path, scrape: int, check: int, lines: str = "") -> Path:
    """A command that ends as told; its scrape leaves the arguments in the summary."""
    (folder / "bin").mkdir(exist_ok=True)
    return program(
        folder / "bin" / "winkb",
        f"""#!/bin/sh
if [ "$1" = check ]; then printf '%s' {shlex.quote(lines)}; echo "$@" >check.txt; exit {check}; fi
echo "$@" >scrape.txt
while [ $# -gt 0 ]; do [ "$1" = --summary ] && echo tonight >>"$2"; shift; done
exit {scrape}
""",
    )


# --- deploy/nightly --------------------------------------------------------------------------------------------------


def test_job_with_the_bundled_pages_scrapes_summarizes_and_checks(tmp_path: Path, winkb: Path) -> None:
    ended = run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("nightly: scrape ended with 0, check with 0, the job with 0\n")
    document = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (document["run"], document["exit_code"], document["facts_changed"]) == (1, 0, True)
    assert {page["state"] for page in document["pages"]} == {"changed"}
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("## winkb: run 1: news\n")
    assert {path.name for path in tmp_path.glob("*.db")} == {"archive.db", "catalog.db"}

    again = run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb)
    assert again.returncode == 0, again.stderr
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## winkb: run 2: unchanged\n")
    assert "facts as before" in text
    assert text.count("## winkb: ") == 1


def test_job_in_a_fresh_clone_takes_all_for_new(tmp_path: Path, winkb: Path) -> None:
    """The catalog in the repository is the bundled one: its runs are not those of the new archive."""
    shutil.copy(ROOT / "catalog.db", tmp_path)
    assert run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb).returncode == 0
    document = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (document["run"], document["since_run"], document["facts_changed"]) == (1, 0, True)
    assert {page["state"] for page in document["pages"]} == {"changed"}


def test_job_with_a_page_gone_ends_with_4_and_names_it(tmp_path: Path, winkb: Path) -> None:
    mirror = Path(shutil.copytree(SNAPSHOT, tmp_path / "mirror"))
    next(mirror.rglob("*25h2-0bbaa1c7*")).unlink()
    ended = run(DEPLOY / "nightly", "--no-articles", "--mirror", mirror, cwd=tmp_path, WINKB=winkb)
    assert ended.returncode == 4, ended.stderr
    document = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert document["exit_code"] == 4
    assert len(document["problems"]) == 1
    failing = (tmp_path / "summary.md").read_text(encoding="utf-8").partition("### Failing")[2].partition("###")[0]
    assert "hotpatch-25h2" in failing


def test_job_without_a_catalog_to_write_ends_with_5_and_a_summary(tmp_path: Path, winkb: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"another file")
    ended = run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb)
    assert ended.returncode == 5, ended.stderr
    assert "**Exit code 5.**" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_second_job_at_the_same_time_ends_with_3_and_changes_nothing(tmp_path: Path, winkb: Path) -> None:
    assert run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb).returncode == 0
    before = (tmp_path / "catalog.db").read_bytes()
    held = "import fcntl, sys; f = open('archive.db.lock', 'w'); fcntl.flock(f, 2); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        ended = run(DEPLOY / "nightly", *MIRROR, cwd=tmp_path, WINKB=winkb)
        other.communicate()
    assert ended.returncode == 3, ended.stderr
    assert (tmp_path / "catalog.db").read_bytes() == before
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## winkb: nothing published, the catalog is that of run 1\n")


def test_old_data_make_a_benign_night_red(tmp_path: Path, winkb: Path) -> None:
    """Three nights of "try later" are each benign; together they are not."""
    long_ago = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    night = (DEPLOY / "nightly", *MIRROR, "--now", long_ago)
    assert run(*night, cwd=tmp_path, WINKB=winkb).returncode == 0
    ended = run(*night, cwd=tmp_path, WINKB=winkb, WINKB_MAX_AGE=29)
    assert ended.returncode == 1
    assert "too old: hotpatch-24h2 was last read" in ended.stdout


TOO_OLD = "too old: hotpatch-24h2 was last read never\n"
BROKEN = "calendar-build: 2026-07 on x: y\nintegrity: row 1 of kbs refers to no row of x\n"
THEIRS = "calendar-build: 2026-07 on windows-server-release-information: build 26100.1 of too old: months\n"


@pytest.mark.parametrize(
    ("scrape", "check", "lines", "code"),
    [
        (0, 0, "", 0),
        (0, 1, THEIRS, 0),
        (0, 1, TOO_OLD, 1),
        (0, 1, BROKEN, 1),
        (0, 5, "winkb: unexpected lack of a catalog\n", 1),
        (3, 0, "", 3),
        (3, 1, THEIRS, 3),
        (3, 1, TOO_OLD, 1),
        (3, 5, "winkb: unexpected lack of a catalog\n", 1),
        (2, 1, TOO_OLD, 2),
        (4, 0, "", 4),
        (4, 1, TOO_OLD, 4),
        (5, 5, "", 5),
        (137, 0, "", 137),
    ],
)
def test_job_ends_with_the_code_of_the_scrape_unless_data_are_too_old(
    tmp_path: Path, scrape: int, check: int, lines: str, code: int
) -> None:
    ended = run(DEPLOY / "nightly", cwd=tmp_path, WINKB=fake_winkb(tmp_path, scrape, check, lines))
    assert ended.returncode == code
    assert lines in ended.stdout


def test_paths_come_from_the_environment_and_options_go_through(tmp_path: Path) -> None:
    paths = {"WINKB_DB": "s/c.db", "WINKB_ARCHIVE": "s/a.db", "WINKB_SUMMARY": "s.md", "WINKB_SUMMARY_JSON": "s.json"}
    command = (DEPLOY / "nightly", "--budget", "60", "--user-agent", "a b (+https://example.org)")
    ended = run(*command, cwd=tmp_path, WINKB=fake_winkb(tmp_path, 0, 0), WINKB_MAX_AGE=72, **paths)
    assert ended.returncode == 0
    assert (tmp_path / "scrape.txt").read_text() == (
        "scrape --db s/c.db --archive s/a.db --summary s.md --summary-json s.json"
        " --budget 60 --user-agent a b (+https://example.org)\n"
    )
    assert (tmp_path / "check.txt").read_text() == "check --db s/c.db --max-age 72\n"


def test_scrape_that_dies_leaves_no_summary_of_the_night_before(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("last night")
    (tmp_path / "summary.json").write_text("{}")
    dead = program(tmp_path / "dead", "#!/bin/sh\nkill -9 $$\n")
    assert run(DEPLOY / "nightly", cwd=tmp_path, WINKB=dead).returncode == 137
    assert [path.name for path in tmp_path.iterdir()] == ["dead"]


def test_job_on_github_writes_the_summary_and_its_codes(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("a step before\n")
    github = {"GITHUB_STEP_SUMMARY": tmp_path / "page", "GITHUB_OUTPUT": tmp_path / "out"}
    assert run(DEPLOY / "nightly", cwd=tmp_path, WINKB=fake_winkb(tmp_path, 3, 1, TOO_OLD), **github).returncode == 1
    assert (tmp_path / "page").read_text() == "a step before\ntonight\n"
    assert (tmp_path / "out").read_text() == "exit_code=1\nscrape_code=3\n"


def copy_of_the_job(folder: Path) -> None:
    shutil.copytree(DEPLOY, folder / "deploy")
    shutil.copy(ROOT / "Makefile", folder)


def test_make_nightly_runs_the_job_with_its_options(tmp_path: Path) -> None:
    copy_of_the_job(tmp_path)
    fake = fake_winkb(tmp_path, 4, 0)
    options = '--budget 60 --user-agent "a b (+https://example.org)"'
    # -o: the virtual environment is taken as made.
    make = ("make", "-s", "-o", ".venv/run", "nightly", f"BIN={fake.parent}")
    ended = run(*make, cwd=tmp_path, SCRAPE_OPTIONS=options, WINKB_DB="c.db")
    assert ended.returncode == 2
    assert "Error 4" in ended.stderr
    asked = (tmp_path / "scrape.txt").read_text()
    assert asked.startswith("scrape --db c.db --archive archive.db ")
    assert asked.endswith(" --budget 60 --user-agent a b (+https://example.org)\n")


# --- deploy/release-day ----------------------------------------------------------------------------------------------


def is_release_day(moment: datetime) -> bool:
    """From 17:00 UTC on the second Tuesday, 13 hours long."""
    for day in (moment.date(), moment.date() - timedelta(days=1)):
        opens = datetime.fromisoformat(f"{second_tuesday(day.isoformat()[:7])}T00:00:00Z") + timedelta(hours=17)
        if opens <= moment < opens + timedelta(hours=13):
            return True
    return False


def test_release_day_agrees_with_python_in_every_hour_of_four_years(tmp_path: Path) -> None:
    """What the script sees of a date is what `date -u` prints, so each such line is asked once."""
    expected: dict[str, bool] = {}
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    while moment.year < 2028:
        line = moment.strftime("%u %d %H")
        assert expected.setdefault(line, is_release_day(moment)) == is_release_day(moment)
        moment += timedelta(hours=1)
    # Far from a release by weekday, one hour of a day says as much as all of them.
    asked = {line: due for line, due in expected.items() if line[0] in "23" or line.endswith(("00", "09", "17"))}
    assert sum(due for line, due in asked.items()) == 7 * 13
    loop = f"""
date() {{ [ "$*" = "-u +%u %d %H" ] || kill $$; echo "$line"; }}
while read -r line; do (. {shlex.quote(str(DEPLOY / "release-day"))}); echo "$line=$?"; done
"""
    ended = run("sh", "-c", loop, cwd=tmp_path, text="\n".join(asked) + "\n")
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [f"{line}={0 if due else 1}" for line, due in asked.items()]


def test_release_day_reads_the_real_clock() -> None:
    before = is_release_day(datetime.now(UTC))
    code = run(DEPLOY / "release-day", TZ="Pacific/Kiritimati").returncode
    assert code in (0 if before else 1, 0 if is_release_day(datetime.now(UTC)) else 1)


# --- deploy/publish-if-new, deploy/verdict ---------------------------------------------------------------------------


def catalog(folder: Path, *facts: str | None) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        connection.execute("create table if not exists runs (run integer primary key, facts_sha256 text)")
        connection.executemany("insert into runs (facts_sha256) values (?)", [(digest,) for digest in facts])


def publish(folder: Path, *command: object, **environment: object) -> Ended:
    return run(DEPLOY / "publish-if-new", *command, cwd=folder, PYTHON=sys.executable, **environment)


def test_catalog_is_published_once_for_each_change_of_facts(tmp_path: Path) -> None:
    copy = ("cp", "catalog.db", "public.db")
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path).stdout == "true\n"
    assert publish(tmp_path, *copy).returncode == 0
    assert (tmp_path / "public.db").exists()
    assert publish(tmp_path).stdout == "false\n"
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path, "false").returncode == 0
    catalog(tmp_path, "b" * 64)
    assert publish(tmp_path).stdout == "true\n"


def test_failed_publication_is_tried_again(tmp_path: Path) -> None:
    catalog(tmp_path, "a" * 64)
    assert publish(tmp_path, "sh", "-c", "exit 7").returncode == 7
    assert publish(tmp_path).stdout == "true\n"
    assert not list(tmp_path.glob("published*"))


def test_catalog_without_facts_is_not_published(tmp_path: Path) -> None:
    catalog(tmp_path, "a" * 64, None)
    assert publish(tmp_path).stdout == "false\n"


def test_missing_catalog_is_an_error_and_not_made(tmp_path: Path) -> None:
    ended = publish(tmp_path, "true", WINKB_DB="none.db")
    assert ended.returncode == 1
    assert "publish-if-new: none.db: unable to open database file" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "ended", "says"),
    [("0", 0, ""), ("3", 0, "::warning "), *[(code, 1, "::error ") for code in ("1", "2", "4", "5", "137", "")]],
)
def test_verdict_is_green_yellow_or_red(code: str, ended: int, says: str) -> None:
    result = run(DEPLOY / "verdict", code)
    assert (result.returncode, result.stdout.count("\n")) == (ended, 1 if says else 0)
    assert result.stdout.startswith(says)


# --- deploy/report_drift.py ------------------------------------------------------------------------------------------

FAKE_GH = """\
#!/usr/bin/env python3
'''The issues of a repository, in a file; every call is noted. What report_drift.py has no reason to ask is refused.'''
import json, pathlib, sys
here = pathlib.Path(__file__).parent
issues = json.loads((here / "issues.json").read_text())
noun, verb, *words = sys.argv[1:]
names = {"title", "label", "body-file", "state", "limit", "json", "comment", "color", "description"}
options, free = {}, []
while words:
    word = words.pop(0)
    if word == "--force":
        continue
    if word.startswith("--"):
        assert word[2:] in names, word
        options[word[2:]] = words.pop(0)
    else:
        free.append(word)
body = sys.stdin.read() if options.get("body-file") == "-" else None
number = int(free[0]) if noun == "issue" and free else None
with (here / "calls.txt").open("a") as calls:
    print(noun, verb, *free, file=calls)
if (noun, verb) == ("issue", "list"):
    assert options["state"] == "open" and options["json"] == "number,title,body"
    print(json.dumps([{key: issue[key] for key in ("number", "title", "body")} for issue in reversed(issues)
                      if issue["open"] and options["label"] in issue["labels"]]))
elif (noun, verb) == ("label", "create"):
    pass
elif (noun, verb) == ("issue", "create"):
    assert len(body) <= 65536
    issues.append({"number": len(issues) + 1, "title": options["title"], "labels": [options["label"]], "body": body,
                   "open": True, "comments": []})
elif (noun, verb) == ("issue", "edit"):
    assert len(body) <= 65536
    issues[number - 1]["body"] = body
elif (noun, verb) == ("issue", "comment"):
    issues[number - 1]["comments"].append(body)
elif (noun, verb) == ("issue", "close"):
    issues[number - 1]["open"] = False
    issues[number - 1]["comments"].append(options["comment"])
else:
    sys.exit(f"fake gh: unknown command {noun} {verb}")
(here / "issues.json").write_text(json.dumps(issues))
"""
TITLE = "winkb: a page has drifted"


class Forge:
    """A repository's issues behind a fake gh on PATH, and the script that keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program(folder / "gh", FAKE_GH)
        self.put([])

    def put(self, issues: list[dict[str, Any]]) -> None:
        (self.folder / "issues.json").write_text(json.dumps(issues))

    @property
    def issues(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / "issues.json").read_text()))

    def report(self, code: int | str, *failures: str, quarantined: int = 0, text: str = "## winkb\n") -> list[str]:
        """What the script asked of gh."""
        pages = [
            {"page": f"p{number}", "failure": failure, "quarantined": 0} for number, failure in enumerate(failures)
        ]
        pages.append({"page": "news", "failure": None, "quarantined": quarantined})
        document = {"problems": list(failures), "pages": pages, "failing_articles": []}
        (self.folder / "s.json").write_text(json.dumps(document))
        (self.folder / "s.md").write_text(text + "".join(f"{failure}\n" for failure in failures))
        calls = self.folder / "calls.txt"
        calls.write_text("")
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        script = (sys.executable, DEPLOY / "report_drift.py", code, "s.md", "s.json")
        ended = run(*script, cwd=self.folder, PATH=path)
        assert ended.returncode == 0, ended.stderr
        return calls.read_text().splitlines()


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def test_drift_opens_one_issue_comments_what_is_new_and_closes_when_gone(forge: Forge) -> None:
    assert forge.report(0) == ["issue list"]
    assert forge.report(4, "a column went") == ["issue list", "label create winkb-drift", "issue create"]
    (issue,) = forge.issues
    assert (issue["title"], issue["labels"], issue["open"]) == (TITLE, ["winkb-drift"], True)
    assert issue["body"].startswith("## winkb\na column went\n\nWhat to do: docs/nightly.md, exit code 4.\n")

    # It stands: the body is kept up to date, and nobody is called.
    assert forge.report(4, "a column went", text="## an hour later\n") == ["issue list", "issue edit 1"]
    assert forge.issues[0]["body"].startswith("## an hour later\n")
    assert forge.issues[0]["comments"] == []

    # Another page drifts too, then only that one, then both again: one comment.
    assert forge.report(4, "a column went", "a page went")[1:] == ["issue edit 1", "issue comment 1"]
    assert forge.report(4, "a page went")[1:] == ["issue edit 1"]
    assert forge.report(4, "a column went", "a page went")[1:] == ["issue edit 1"]
    assert [comment.partition("\n")[0] for comment in forge.issues[0]["comments"]] == ["There is something new."]

    # Nights that could not read the pages say nothing about them.
    for code in (1, 2, 3, 5, 137, ""):
        assert forge.report(code) == []
    assert forge.report(0) == ["issue list", "issue close 1"]
    assert forge.issues[0]["open"] is False
    assert forge.report(0) == ["issue list"]

    # The next drift is another issue.
    assert forge.report(4, "a column went")[-1] == "issue create"
    assert [issue["open"] for issue in forge.issues] == [False, True]


def test_issue_stays_while_a_page_that_was_not_asked_for_tonight_fails(forge: Forge) -> None:
    forge.report(4, "KB5000001 is gone")
    assert forge.report(0, "KB5000001 is gone") == []
    assert forge.report(0, quarantined=1) == []
    assert forge.report(0) == ["issue list", "issue close 1"]


def test_issues_of_others_are_left_alone(forge: Forge) -> None:
    base: dict[str, Any] = {"body": "theirs", "open": True, "comments": []}
    others = [
        {"number": 1, "title": "another", "labels": ["winkb-drift"], **base},
        {"number": 2, "title": TITLE, "labels": [], **base},
        {"number": 3, "title": TITLE, "labels": ["winkb-drift"], **base, "open": False},
    ]
    forge.put(others)
    assert forge.report(4, "x")[-1] == "issue create"
    assert forge.report(0)[-1] == "issue close 4"
    assert forge.issues[:3] == others


def test_issue_whose_text_a_person_replaced_is_taken_up_again(forge: Forge) -> None:
    forge.put([{"number": 1, "title": TITLE, "labels": ["winkb-drift"], "body": "", "open": True, "comments": []}])
    assert forge.report(4, "x") == ["issue list", "issue edit 1", "issue comment 1"]
    assert forge.report(4, "x") == ["issue list", "issue edit 1"]


def test_longest_summary_fits_into_the_issue(forge: Forge) -> None:
    failures = [f"page {number} went" for number in range(400)]
    forge.report(4, *failures, text="x" * 100_000)
    assert len(forge.issues[0]["body"]) < 65_536


def test_report_without_gh_or_with_wrong_words_ends_with_1(tmp_path: Path) -> None:
    script = (sys.executable, DEPLOY / "report_drift.py")
    (tmp_path / "s.json").write_text('{"problems": [], "pages": [], "failing_articles": []}')
    (tmp_path / "s.md").write_text("")
    missing = run(*script, "4", "s.md", "s.json", cwd=tmp_path, GH=tmp_path / "no gh")
    assert (missing.returncode, "no gh" in missing.stderr) == (1, True)
    refused = run(*script, "4", "s.md", "s.json", cwd=tmp_path, GH=shutil.which("false"))
    assert (refused.returncode, "report_drift: " in refused.stderr) == (1, True)
    assert run(*script, "4").returncode == 1


# --- scripts as such -------------------------------------------------------------------------------------------------


def test_scripts_can_be_run_and_are_all_known_here() -> None:
    runnable = {path.name for path in DEPLOY.iterdir() if os.access(path, os.X_OK) and path.is_file()}
    assert runnable == {*SHELL_SCRIPTS, "report_drift.py"}


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shell_script_is_sound(name: str) -> None:
    shell = (DEPLOY / name).read_text(encoding="utf-8").splitlines()[0].split("/")[-1].removeprefix("env ")
    ended = run(shell, "-n", DEPLOY / name)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    ended = run(tool("shellcheck"), DEPLOY / name)
    assert (ended.returncode, ended.stdout) == (0, "")


# --- the workflow ----------------------------------------------------------------------------------------------------


def cron_hours(line: str) -> set[tuple[int, int]]:
    """Weekday (0 is Sunday) and hour of a cron line that goes by them alone; refuses what is out of range."""
    minute, hour, day, month, weekday = line.split()
    assert minute.isdecimal()
    assert int(minute) < 60
    assert (day, month) == ("*", "*")
    return {(w, h) for w in cron_field(weekday, 0, 6) for h in cron_field(hour, 0, 23)}


def cron_field(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\*)|(\d+)(?:-(\d+))?", part)
        assert match, part
        first, last = (low, high) if match[1] else (int(match[2]), int(match[3] or match[2]))
        assert low <= first <= last <= high, part
        found |= set(range(first, last + 1))
    return found


def steps(job: str) -> list[dict[str, Any]]:
    return list(JOBS[job]["steps"])


def step(job: str, name: str) -> dict[str, Any]:
    (found,) = [step for step in steps(job) if name in (step.get("id"), step.get("name"))]
    return dict(found)


# YAML 1.1 reads the key "on" as true.
SCHEDULES = [entry["cron"] for entry in WORKFLOW[True]["schedule"]]


def test_schedules_are_every_night_and_the_hours_of_a_release() -> None:
    night, tuesday, wednesday = SCHEDULES
    assert {weekday for weekday, _ in cron_hours(night)} == set(range(7))
    assert len(cron_hours(night)) == 7
    assert cron_hours(tuesday) | cron_hours(wednesday) == {(2, hour) for hour in range(17, 24)} | {
        (3, hour) for hour in range(6)
    }


@pytest.mark.parametrize(
    ("schedule", "date", "due"),
    [
        ("", "1 07 12", True),
        ("41 3 * * *", "1 07 03", True),
        ("41 3 * * *", "3 09 03", True),
        ("11 17-23 * * 2", "2 08 17", True),
        ("11 17-23 * * 2", "2 15 17", False),
        ("11 17-23 * * 2", "3 09 01", True),
        ("11 0-5 * * 3", "3 09 05", True),
        ("11 0-5 * * 3", "3 09 06", False),
        ("11 0-5 * * 3", "3 08 05", False),
    ],
)
def test_workflow_asks_whether_a_release_is_coming_out(tmp_path: Path, schedule: str, date: str, due: bool) -> None:
    assert schedule in ("", *SCHEDULES)
    program(tmp_path / "date", f'#!/bin/sh\n[ "$*" = "-u +%u %d %H" ] && echo "{date}"\n')
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ask = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("due", "due")["run"])
    ended = run(*ask, SCHEDULE=schedule, PATH=path, GITHUB_OUTPUT=tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    said = (tmp_path / "out").read_text() if (tmp_path / "out").exists() else ""
    assert said == ("now=yes\n" if due else "")


def test_workflow_has_no_more_rights_than_it_needs() -> None:
    assert WORKFLOW["permissions"] == {}
    rights = {name: job["permissions"] for name, job in JOBS.items()}
    assert rights == {
        "due": {"contents": "read"},
        "night": {"contents": "read"},
        "report": {"contents": "read", "issues": "write"},
    }
    # The token is given to one step, and to no checkout that a later step could read it from.
    with_token = [step.get("name") for name in JOBS for step in steps(name) if "github.token" in str(step)]
    assert with_token == ["One issue for as long as a page has drifted"]
    assert "secrets." not in str(WORKFLOW)
    for name in JOBS:
        assert "timeout-minutes" in JOBS[name]
        for checkout in (step for step in steps(name) if str(step.get("uses")).startswith("actions/checkout@")):
            assert checkout["with"]["persist-credentials"] is False


def test_workflow_uses_github_s_own_actions_at_a_commit() -> None:
    used = [step["uses"] for name in JOBS for step in steps(name) if "uses" in step]
    assert used
    for action in used:
        owned = r"actions/(?:checkout|cache/(?:restore|save)|(?:up|down)load-artifact)"
        assert re.fullmatch(owned + r"@[0-9a-f]{40}", action)


def test_workflow_s_scripts_take_outside_words_from_the_environment_only() -> None:
    for name in JOBS:
        for script in (step["run"] for step in steps(name) if "run" in step):
            assert "${{" not in script
            assert run("bash", "-n", "-c", script).returncode == 0
            assert len(script.strip().splitlines()) <= 3
            for named in re.findall(r"deploy/[\w.-]+", script):
                assert os.access(ROOT / named, os.X_OK)


def test_one_run_at_a_time_and_none_cut_off() -> None:
    assert WORKFLOW["concurrency"] == {"group": "winkb-nightly", "cancel-in-progress": False}


def test_state_goes_from_run_to_run_under_a_key_that_is_new_each_time() -> None:
    restore, save = [step for step in steps("night") if str(step.get("uses")).startswith("actions/cache/")]
    assert restore["uses"].startswith("actions/cache/restore@")
    assert restore["with"]["key"] == save["with"]["key"]
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert "github.run_id" in save["with"]["key"]
    assert restore["with"]["path"] == save["with"]["path"] == "state"
    assert save["if"].startswith("always() && ")
    for name in ("WINKB_DB", "WINKB_ARCHIVE", "WINKB_PUBLISHED"):
        assert JOBS["night"]["env"][name].startswith("state/")


def test_night_of_the_workflow_end_to_end(tmp_path: Path, winkb: Path) -> None:
    """The scripts of the steps, in their order, over two nights: published once, noted, green."""
    copy_of_the_job(tmp_path)
    output = tmp_path / "out"
    environment: Mapping[str, object] = {
        **JOBS["night"]["env"],
        "GITHUB_OUTPUT": output,
        "GITHUB_STEP_SUMMARY": tmp_path / "page",
        "PYTHON": sys.executable,
    }

    def shell(name: str, **more: object) -> Ended:
        script = step("night", name)["run"].replace("make nightly", f"make -o .venv/run BIN={winkb.parent} nightly")
        return run("bash", "-eo", "pipefail", "-c", script, cwd=tmp_path, **environment, **more)

    (tmp_path / "state").mkdir()
    for night, new in ((1, "true"), (2, "false")):
        output.write_text("")
        night_step = step("night", "night")
        assert night_step["continue-on-error"] is True
        options = re.sub(r"\$\{\{.*?\}\}", "x", night_step["env"]["SCRAPE_OPTIONS"]) + " " + shlex.join(MIRROR)
        assert shell("night", SCRAPE_OPTIONS=options).returncode == 0
        assert shell("news").returncode == 0
        said = dict(line.split("=") for line in output.read_text().splitlines())
        assert said == {"exit_code": "0", "scrape_code": "0", "new": new}
        if new == "true":
            assert shell("Note what was published").returncode == 0
        assert shell("Green, yellow or red", CODE=said["exit_code"]).returncode == 0
        assert (tmp_path / "page").read_text().count("## winkb: ") == night
    assert {path.name for path in (tmp_path / "state").iterdir()} >= {"archive.db", "catalog.db", "published.sha256"}


# --- systemd ---------------------------------------------------------------------------------------------------------

TIMER = (DEPLOY / "winkb.timer").read_text(encoding="utf-8")
UNITS = ("winkb.service", "winkb.timer")


def test_units_are_sound(tmp_path: Path) -> None:
    """With the paths of this checkout in place of the installed ones, since systemd looks whether they are there."""
    analyze = tool("systemd-analyze")
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(INSTALLED, str(ROOT)))
    ended = run(analyze, "--man=no", "verify", *(tmp_path / name for name in UNITS))
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if "winkb" in line]) == (0, [])


def test_service_is_hardened() -> None:
    ended = run(tool("systemd-analyze"), "security", "--offline=yes", "--threshold=20", DEPLOY / "winkb.service")
    if "unrecognized option" in ended.stderr:
        pytest.skip("this systemd-analyze does not judge files")
    assert ended.returncode == 0, ended.stdout[-300:]


def test_timer_elapses_when_python_says_a_release_comes_out() -> None:
    analyze = tool("systemd-analyze")
    nightly, *release = re.findall(r"(?m)^OnCalendar=(.*)$", TIMER)
    assert nightly == "*-*-* 03:00:00 UTC"
    elapsed: set[str] = set()
    for line in release:
        arguments = ("--base-time=2024-01-01 00:00:00 UTC", "--iterations=400")
        ended = run(analyze, "calendar", *arguments, line, TZ="UTC")
        if "unrecognized option" in ended.stderr:
            pytest.skip("this systemd-analyze knows no --base-time")
        assert ended.returncode == 0, ended.stderr
        elapsed |= set(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)", ended.stdout))
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    expected = set()
    while moment.year < 2028:
        if is_release_day(moment):
            expected.add(f"{moment:%Y-%m-%d %H:%M:%S}")
        moment += timedelta(hours=1)
    assert {time for time in elapsed if "2024" <= time < "2028"} - {"2024-01-01 00:00:00"} == expected


def test_timer_and_service_keep_their_promises() -> None:
    service = (DEPLOY / "winkb.service").read_text(encoding="utf-8")
    for line in (
        "Type=oneshot",
        "SuccessExitStatus=3",
        "StateDirectory=winkb",
        "WorkingDirectory=%S/winkb",
        "User=winkb",
    ):
        assert f"\n{line}\n" in service
    for line in ("Persistent=true", "RandomizedDelaySec=15min", "WantedBy=timers.target"):
        assert f"\n{line}\n" in TIMER


# --- cron ------------------------------------------------------------------------------------------------------------

CRONTAB = (DEPLOY / "crontab").read_text(encoding="utf-8")
CRON_LINES = [line.split(maxsplit=5) for line in CRONTAB.splitlines() if re.match(r"[\d*]", line)]


def test_crontab_runs_every_night_and_covers_a_release_in_every_time_zone() -> None:
    night, release = [" ".join(fields[:5]) for fields in CRON_LINES]
    assert len(cron_hours(night)) == 7
    hours = cron_hours(release)
    for offset in range(-12, 15):
        opens = datetime(2026, 9, 8, 17) + timedelta(hours=offset)
        for local in (opens + timedelta(hours=hour) for hour in range(13)):
            assert (local.isoweekday() % 7, local.hour) in hours


def test_crontab_has_assignments_and_lines_that_cron_reads() -> None:
    assert CRONTAB.endswith("\n")
    for line in CRONTAB.splitlines():
        # cron takes "%" for the end of a line.
        assert "%" not in line
        assert line == "" or re.match(r"#|[A-Z_]+=\S+$|[\d*]", line)


@pytest.mark.parametrize(
    ("line", "date", "scrape", "ran", "mailed"),
    [
        (0, "", 0, True, False),
        (0, "", 3, True, False),
        (0, "", 4, True, True),
        (1, "1 07 17", 4, False, False),
        (1, "2 08 17", 0, True, False),
        (1, "2 08 17", 3, True, False),
        (1, "2 08 17", 5, True, True),
    ],
)
def test_crontab_line_mails_when_a_person_is_needed(
    tmp_path: Path, line: int, date: str, scrape: int, ran: bool, mailed: bool
) -> None:
    program(tmp_path / "date", f'#!/bin/sh\necho "{date}"\n')
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    (tmp_path / "state").mkdir()
    given = {
        "WINKB_HOME": ROOT,
        "WINKB_STATE": tmp_path / "state",
        "WINKB": fake_winkb(tmp_path, scrape, 0),
        "PATH": path,
    }
    assert re.findall(r"(?m)^(\w+)=", CRONTAB) == ["WINKB_HOME", "WINKB_STATE"]
    ended = run("sh", "-c", CRON_LINES[line][5], cwd=tmp_path, **given)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "state" / "scrape.txt").exists() == ran
    assert bool(ended.stdout) == mailed


def test_installed_paths_are_the_same_everywhere() -> None:
    assert f"WINKB_HOME={INSTALLED}\nWINKB_STATE=/var/lib/winkb\n" in CRONTAB
    for text in (TIMER, (DEPLOY / "winkb.service").read_text(encoding="utf-8")):
        for name in re.findall(rf"{INSTALLED}/(\S+)", text):
            assert (ROOT / name).is_file()


# --- the document ----------------------------------------------------------------------------------------------------

BLOCKS = re.findall(r"(?s)```(\w+)\n(.*?)```", DOCUMENT)
COMMANDS = [re.split(r"\s+#", line)[0] for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
# Set a mirror, and the job needs no network; what writes does so in a folder of the test.
ASSIGNMENT = re.compile(r"^(?:[A-Z_]+=\S+ )+")


def commands(word: str) -> list[str]:
    return [command for command in COMMANDS if ASSIGNMENT.sub("", command).split()[0] == word]


def test_document_has_only_commands_that_are_tested_here() -> None:
    words = {ASSIGNMENT.sub("", command).split()[0] for command in COMMANDS}
    assert words == {
        *("make", "winkb", "deploy/nightly", "deploy/publish-if-new"),
        *("sudo", "systemctl", "journalctl", "gh"),
    }


@pytest.mark.parametrize("command", commands("winkb"))
def test_winkb_command_of_the_document_has_these_options(command: str, winkb: Path) -> None:
    _, name, *arguments = shlex.split(command)
    ended = run(winkb, name, "--help")
    assert ended.returncode == 0
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in ended.stdout
    if name == "accept":
        assert "SOURCE" in ended.stdout


@pytest.mark.parametrize("command", [*commands("make"), *commands("deploy/nightly")])
def test_job_of_the_document_is_run(tmp_path: Path, command: str, winkb: Path) -> None:
    """As it stands, in a copy of the folder, against the bundled pages where it names no mirror."""
    copy_of_the_job(tmp_path)
    shutil.copytree(SNAPSHOT, tmp_path / "scraper" / "snapshots" / SNAPSHOT.name)
    (tmp_path / "state").mkdir()
    lines = f'#!/bin/sh\nif [ "$1" = scrape ]; then exec {shlex.quote(str(winkb))} "$@" {shlex.join(MIRROR)}; fi\n'
    mirrored = program(tmp_path / "mirrored", f'{lines}exec {shlex.quote(str(winkb))} "$@"\n')
    (tmp_path / "bin" / "real").mkdir()
    shutil.copy(mirrored, tmp_path / "bin" / "real" / "winkb")
    started = command.replace("make nightly", f"make -o .venv/run BIN={tmp_path / 'bin' / 'real'} nightly")
    ended = run("bash", "-c", started, cwd=tmp_path, WINKB=mirrored)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "the job with 0" in ended.stdout
    assert (tmp_path / "summary.json").is_file()


def test_publication_of_the_document_is_run(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    (tmp_path / "public").mkdir()
    catalog(tmp_path, "a" * 64)
    asked, copied = commands("deploy/publish-if-new")
    assert run("bash", "-c", asked, cwd=tmp_path).stdout == "true\n"
    assert run("bash", "-c", copied, cwd=tmp_path).returncode == 0
    assert (tmp_path / "public" / "catalog.db").is_file()
    assert run("bash", "-c", asked, cwd=tmp_path).stdout == "false\n"


def test_installation_of_the_document_names_what_is_there() -> None:
    for command in commands("sudo"):
        assert run("bash", "-n", "-c", command).returncode == 0
        for name in re.findall(r"\bdeploy/\S+", command):
            assert (ROOT / name).is_file()
    programs = {shlex.split(command)[1] for command in commands("sudo")}
    assert programs == {"git", "make", "useradd", "crontab", "cp", "systemctl"}
    unit_commands = [*commands("systemctl"), *commands("journalctl"), *commands("sudo")]
    named = {
        word for command in unit_commands for word in shlex.split(command) if re.search(r"\.(?:service|timer)$", word)
    }
    assert {Path(name).name for name in named} == set(UNITS)
    assert re.search(r"(?m)^\.venv/run:", (ROOT / "Makefile").read_text(encoding="utf-8"))
    accounts = [word for command in commands("sudo") for word in shlex.split(command) if word == "winkb"]
    assert len(accounts) == 2


def test_gh_commands_of_the_document_name_what_the_workflow_makes() -> None:
    run_it, download, issues = (shlex.split(command) for command in commands("gh"))
    assert (ROOT / ".github" / "workflows" / run_it[3]).is_file()
    artifacts = {step["with"]["name"] for name in JOBS for step in steps(name) if "upload" in str(step.get("uses"))}
    assert artifacts == {"winkb-catalog", "winkb-summary"}
    assert download[-1] in artifacts
    assert f'LABEL = "{issues[-1]}"' in (DEPLOY / "report_drift.py").read_text(encoding="utf-8")


def test_drop_in_of_the_document_is_sound(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    (drop_in,) = [block for language, block in BLOCKS if language == "ini"]
    service = (DEPLOY / "winkb.service").read_text(encoding="utf-8") + drop_in
    (tmp_path / "winkb.service").write_text(service.replace(INSTALLED, str(ROOT)))
    ended = run(analyze, "--man=no", "verify", tmp_path / "winkb.service")
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if "winkb" in line]) == (0, [])


def test_document_and_summary_say_the_same_of_every_exit_code() -> None:
    rows = re.findall(r"(?m)^\| (\d) \| (.+?) \| (.+?) \|$", DOCUMENT)
    assert {int(code): (meaning, to_do) for code, meaning, to_do in rows} == EXIT_CODES
    assert list(EXIT_CODES) == [0, 1, 2, 3, 4, 5]


def test_document_names_every_variable_of_the_job_with_its_default() -> None:
    scripts = "".join((DEPLOY / name).read_text(encoding="utf-8") for name in SHELL_SCRIPTS)
    defaults = dict(re.findall(r"\$\{(WINKB\w*):[-=]([\w.]+)\}", scripts))
    rows = dict(re.findall(r"(?m)^\| `(WINKB\w*)` \| (.+?) \|", DOCUMENT))
    assert rows.pop("WINKB") == "the one in `.venv`"
    assert rows == {name: f"`{default}`" for name, default in defaults.items()}


def test_links_of_the_document_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.*)$", DOCUMENT)
    }
    for target in re.findall(r"\]\((.*?)\)", DOCUMENT):
        assert target.removeprefix("#") in headings if target.startswith("#") else (ROOT / "docs" / target).is_file()

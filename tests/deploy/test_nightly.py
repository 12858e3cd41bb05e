"""deploy/nightly: the job of every night, with the real command and with one that ends as told."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.deploy import (
    DEPLOY,
    MIRROR,
    SNAPSHOT,
    copy_of_the_job,
    fake_winkb,
    program,
    run,
)
from tests.fixtures.places import ROOT


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

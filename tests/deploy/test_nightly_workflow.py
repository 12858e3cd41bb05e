""".github/workflows/nightly.yml: when it runs, what it may do, and its steps from end to end."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fixtures.deploy import JOBS, MIRROR, WORKFLOW, Ended, copy_of_the_job, cron_hours, program, run, step, steps
from tests.fixtures.places import ROOT

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
    output = (tmp_path / "out").read_text() if (tmp_path / "out").exists() else ""
    assert output == ("now=yes\n" if due else "")


def test_workflow_has_no_more_rights_than_it_needs() -> None:
    assert WORKFLOW["permissions"] == {}
    rights = {name: job["permissions"] for name, job in JOBS.items()}
    assert rights == {
        "due": {"contents": "read"},
        "night": {"contents": "read"},
        "report": {"contents": "read", "issues": "write"},
    }
    # The token is given to one step, and to no checkout that a later step could read it from.
    with_token = [one.get("name") for name in JOBS for one in steps(name) if "github.token" in str(one)]
    assert with_token == ["One issue for as long as a page has drifted"]
    assert "secrets." not in str(WORKFLOW)
    for name in JOBS:
        assert "timeout-minutes" in JOBS[name]
        for checkout in (one for one in steps(name) if str(one.get("uses")).startswith("actions/checkout@")):
            assert checkout["with"]["persist-credentials"] is False


def test_workflow_uses_github_s_own_actions_at_a_commit() -> None:
    used = [one["uses"] for name in JOBS for one in steps(name) if "uses" in one]
    assert used
    for action in used:
        owned = r"actions/(?:checkout|cache/(?:restore|save)|(?:up|down)load-artifact)"
        assert re.fullmatch(owned + r"@[0-9a-f]{40}", action)


def test_workflow_s_scripts_take_outside_words_from_the_environment_only() -> None:
    for name in JOBS:
        for script in (one["run"] for one in steps(name) if "run" in one):
            assert "${{" not in script
            assert run("bash", "-n", "-c", script).returncode == 0
            assert len(script.strip().splitlines()) <= 3
            for named in re.findall(r"deploy/[\w.-]+", script):
                assert os.access(ROOT / named, os.X_OK)


def test_one_run_at_a_time_and_none_cut_off() -> None:
    assert WORKFLOW["concurrency"] == {"group": "winkb-nightly", "cancel-in-progress": False}


def test_state_goes_from_run_to_run_under_a_key_that_is_new_each_time() -> None:
    restore, save = [one for one in steps("night") if str(one.get("uses")).startswith("actions/cache/")]
    assert restore["uses"].startswith("actions/cache/restore@")
    assert restore["with"]["key"] == save["with"]["key"]
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert "github.run_id" in save["with"]["key"]
    assert restore["with"]["path"] == save["with"]["path"] == "state"
    assert save["if"].startswith("always() && ")
    for name in ("WINKB_DB", "WINKB_ARCHIVE", "WINKB_PUBLISHED"):
        assert JOBS["night"]["env"][name].startswith("state/")


@pytest.mark.slow
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
        outputs = dict(line.split("=") for line in output.read_text().splitlines())
        assert outputs == {"exit_code": "0", "scrape_code": "0", "new": new}
        if new == "true":
            assert shell("Note what was published").returncode == 0
        assert shell("Green, yellow or red", CODE=outputs["exit_code"]).returncode == 0
        assert (tmp_path / "page").read_text().count("## winkb: ") == night
    assert {path.name for path in (tmp_path / "state").iterdir()} >= {"archive.db", "catalog.db", "published.sha256"}

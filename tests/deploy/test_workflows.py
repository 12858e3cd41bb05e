"""What .github and .pre-commit-config.yaml promise: pinned actions, few rights, and the checks of ``make check``."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.fixtures.places import ROOT

FILES = sorted(path for path in (ROOT / ".github").rglob("*") if path.suffix in (".yml", ".yaml"))
WORKFLOWS = [path for path in FILES if path.parent.name == "workflows"]
CI: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
USES = re.compile(r"\buses: *(.*)$", re.MULTILINE)
# A tag can be moved to other code, a commit cannot. The comment says to a person which version it is.
PINNED = re.compile(r"([\w.-]+/[\w.-]+)(?:/[\w.-]+)*@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "nightly.yml"]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_file_is_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_action_is_pinned_by_its_commit_with_its_version(path: Path) -> None:
    for action in USES.findall(path.read_text(encoding="utf-8")):
        assert PINNED.fullmatch(action), action


def test_action_has_one_version_everywhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    found = {match.groups() for text in texts for match in map(PINNED.fullmatch, USES.findall(text)) if match}
    assert found
    assert len({action for action, _, _ in found}) == len(found)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_workflow_has_few_rights_and_an_end(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"].startswith("winkb-")
    for job in workflow["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "words from outside come through the environment"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_ci_writes_nothing_and_knows_no_secret() -> None:
    assert {frozenset(job["permissions"].items()) for job in CI["jobs"].values()} == {frozenset({("contents", "read")})}
    assert not re.search(r"secrets\.|github\.token", str(CI))


def test_ci_tests_every_python_that_is_promised() -> None:
    pythons = CI["jobs"]["linux"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={pythons[0]}"
    assert pythons == ["3.11", "3.12", "3.13", "3.14"]


def test_only_a_job_that_says_so_may_fail() -> None:
    for job in CI["jobs"].values():
        assert job.get("continue-on-error", False) is ("may fail" in job["name"])


def test_pre_commit_runs_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"(?m)^check:.*\n((?:\t.*\n)+)", makefile)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = configuration["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == commands
    assert all(hook["always_run"] and not hook["pass_filenames"] for hook in repository["hooks"])

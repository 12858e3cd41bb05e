"""docs/nightly.md: every command in it is run, every name and number in it is true."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.publish.summary import EXIT_CODES
from tests.fixtures.deploy import (
    DEPLOY,
    DOCUMENT,
    INSTALLED,
    JOBS,
    MIRROR,
    SHELL_SCRIPTS,
    SNAPSHOT,
    UNITS,
    catalog,
    copy_of_the_job,
    program,
    run,
    steps,
    tool,
)
from tests.fixtures.places import ROOT
from tests.fixtures.slow import some_slow

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
def test_winkb_command_of_the_document_has_these_options(command: str) -> None:
    _, name, *arguments = shlex.split(command)
    ended = CliRunner().invoke(main, [name, "--help"])
    assert ended.exit_code == 0
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in ended.stdout
    if name == "accept":
        assert "SOURCE" in ended.stdout


JOBS_RUN = [*commands("make"), *commands("deploy/nightly")]


@pytest.mark.parametrize("command", some_slow({job: job for job in JOBS_RUN}, JOBS_RUN[:1]))
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

"""Rules that a machine can check: who imports whom, what may stand in a file, that documents are true."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.cli import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

# --- imports run one way ---------------------------------------------------------------------------------------------

# cli → ingest, catalog, answers, fleet, publish; ingest → catalog; fleet, publish → answers; all → models, errors.
# ``formats`` writes rows as files for fleet, publish and the site.
SHARED = {"models", "errors"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "models": {"errors"},
    "formats": {"errors"},
    "answers": {"errors"},  # a cold start is measured: nothing but the standard library
    "catalog": SHARED,
    "ingest": {*SHARED, "catalog"},
    "fleet": {*SHARED, "answers", "formats"},
    "publish": {*SHARED, "answers", "formats"},
    "cli": {*SHARED, "ingest", "catalog", "answers", "fleet", "publish"},
    "__main__": {"cli"},
    "__init__": set(),
}
AT_HOME = {
    "httpx": {"ingest/fetch"},
    "tenacity": {"ingest/fetch"},
    "selectolax": {"ingest/parse"},
    "sqlite_utils": {"ingest/archive", "catalog"},
    "click": {"cli"},
    "datasette": {"publish/serve"},
    "duckdb": {"formats"},
    "msgspec": {"ingest/memo"},
    "icalendar": {"publish/feeds"},
    "uvicorn": {"publish/serve"},
}
MODULES = sorted((ROOT / "scraper").rglob("*.py"))


def name_of(module: Path) -> str:
    """``ingest/parse/tables`` of scraper/ingest/parse/tables.py."""
    return module.relative_to(ROOT / "scraper").with_suffix("").as_posix()


def imports(module: Path) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; ``from scraper import x`` counts as ``scraper.x``."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module is not None
            yield from (f"scraper.{a.name}" for a in node.names) if node.module == "scraper" else (node.module,)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_run_one_way(module: Path) -> None:
    own = name_of(module)
    folder = own.partition("/")[0]
    assert folder in MAY_IMPORT, "a new folder: say here what it may import"
    for name in imports(module):
        top, *rest = name.split(".")
        if name == "scraper.__version__":
            continue
        if top == "scraper":
            assert rest[0] in MAY_IMPORT[folder] | {folder}, f"{own} imports {name}"
        elif top not in sys.stdlib_module_names:
            assert any(f"{own}/".startswith(f"{home}/") for home in AT_HOME.get(top, ())), f"{own} imports {top}"


# --- pyproject.toml and the locks ------------------------------------------------------------------------------------


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", text))


def declared(requirements: list[str]) -> dict[str, str]:
    return dict(requirement.split("==") for requirement in requirements)


def test_locks_keep_step_with_pyproject() -> None:
    dependencies = declared(PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"])
    assert dependencies.items() <= pins("requirements.lock").items()
    dev = declared(PROJECT["project"]["optional-dependencies"]["dev"])
    assert {**dev, **pins("requirements.lock")}.items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_pins_and_hashes_and_nothing_else(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pin = r"[a-z0-9-]+==[0-9.]+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    comment = r"\n# The following packages are considered to be unsafe in a requirements file:\n"
    assert re.fullmatch(f"(?:{pin})+(?:{comment}(?:{pin})+)?", text)


# --- what may stand in a file ----------------------------------------------------------------------------------------

# Written in pieces, so that this file may stand too.
FOREIGN = re.compile(
    "|".join(
        (
            "/" + r"(?:root|home|tmp|opt|work|Users)/(?!\.)\w+",
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "--(?:extra-)?" + "index-url",
            "--find" + "-links",
            "--trusted" + "-host",
        )
    )
)
SKIPPED = {
    ".git",
    ".venv",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    "__pycache__",
    "build",
    "dist",
}


def texts() -> Iterator[tuple[Path, str]]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if SKIPPED & set(parts) or parts[0].endswith((".egg-info", ".db", ".db-wal", ".db-shm")) or not path.is_file():
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path, text in texts() for hit in FOREIGN.finditer(text)]
    assert found == []


# --- documents -------------------------------------------------------------------------------------------------------

COMMANDS = [
    re.split(r"\s+#", line)[0].removeprefix(".venv/bin/")
    for block in re.findall(r"(?s)```sh\n(.*?)```", README)
    for line in block.splitlines()
]
WINKB = sorted({command for command in COMMANDS if command.startswith("winkb ")})
LOOKUPS = {"kb", "build", "month", "next-restart", "restarts", "changes", "disagreements"}


def test_plain_make_prints_every_target() -> None:
    printed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"(?m)^make (\S+)\s+\S", printed)
    assert targets == [
        *("help", "run", "test", "test-all", "check", "demo", "scrape", "nightly", "bench", "damage", "trust"),
        *("findings", "clean"),
    ]
    assert set(targets) == set(re.findall(r"(?m)^\.PHONY: (.*)", MAKEFILE)[0].split())


def test_readme_has_only_commands_of_make_and_winkb() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"make", "winkb"}
    for command in COMMANDS:
        if command.startswith("make "):
            assert re.search(f"(?m)^{command.split()[1]}:", MAKEFILE)


@pytest.mark.skipif(not (ROOT / "catalog.db").is_file(), reason="no bundled catalog yet")
@pytest.mark.parametrize("command", WINKB)
def test_readme_command_is_right(command: str, tmp_path: Path) -> None:
    """Lookups are run; of the commands that write or fetch, the name and the options are looked up in their help."""
    _, name, *arguments = shlex.split(command)
    lookup = name in LOOKUPS
    catalog = shutil.copy(ROOT / "catalog.db", tmp_path) if lookup else ""
    asked = [name, *arguments, "--db", catalog] if lookup else [name, "--help"]
    ended = CliRunner().invoke(main, asked)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout
    if not lookup:
        for option in (argument for argument in arguments if argument.startswith("--")):
            assert option in ended.stdout

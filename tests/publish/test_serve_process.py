"""``winkb serve``: what it needs, and how it ends."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.errors import MachineError
from scraper.publish.serve import datasette_for, serve
from scraper.publish.serve.settings import metadata_for
from tests.fixtures.places import ROOT
from tests.fixtures.serving import Local, build_small, make_foreign, make_older, serving


def test_missing_file_is_an_error_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"unexpected catalog on .*winkb demo.* found: No such file"):
        serve(tmp_path / "catalog.db", "127.0.0.1", 0)


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_text(path: Path) -> None:
    path.write_bytes(b"no database " * 100)


@pytest.mark.usefixtures("threads_stay")
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_empty, "unexpected file on {path}. expected: a catalog, found: no such table: kbs\n"),
        (make_text, "unexpected file on {path}. expected: a catalog, found: file is not a database\n"),
        (
            make_foreign,
            "another version of winkb made it (`winkb rebuild` makes it anew from its archive",
        ),
        (make_older, "found: none named verdict_periods: another version of winkb made it"),
    ],
)
def test_what_is_no_catalog_is_not_served(tmp_path: Path, make: Callable[[Path], object], expected: str) -> None:
    path = tmp_path / "catalog.db"
    make(path)
    ended = CliRunner().invoke(main, ["serve", "--db", str(path), "--port", "0"])
    assert ended.exit_code == 5
    assert ended.stderr.startswith("winkb: unexpected ")
    assert expected.format(path=path) in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_address_in_use_is_an_error_of_this_machine(own: Local, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=f"unexpected address on 127.0.0.1:{own.port}"):
        serve(build_small(tmp_path / "catalog.db"), "127.0.0.1", own.port)


def test_own_metadata_beside_the_catalog_wins(tmp_path: Path) -> None:
    assert metadata_for(tmp_path / "catalog.db") == (ROOT / "metadata.yml", ROOT / "site" / "plugins")
    (tmp_path / "metadata.yml").write_text("title: [", encoding="utf-8")
    assert metadata_for(tmp_path / "catalog.db") == (tmp_path / "metadata.yml", ROOT / "site" / "plugins")
    with pytest.raises(MachineError, match="unexpected metadata on"):
        datasette_for(tmp_path / "catalog.db")


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(build_small(tmp_path / "other name.db")) as server:
        assert server.client.get("/catalog/kbs.json").status_code == 200
        assert server.end(number) == 0
        assert server.stderr().splitlines()[1:] == ["INFO scraper.publish.serve: ended by a signal"]


@pytest.mark.slow
def test_signal_that_a_background_shell_ignores_ends_the_server_in_order_too(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the child is to have it
    try:
        with serving(build_small(tmp_path / "catalog.db")) as server:
            assert server.end(signal.SIGINT) == 0
            assert server.stderr().splitlines()[1:] == ["INFO scraper.publish.serve: ended by a signal"]
    finally:
        signal.signal(signal.SIGINT, before)

"""winkb with a saboteur in its process, for the experiments beside this file.

    python trust/meddler.py PLAN COMMAND [OPTION]…

PLAN is JSON: what is to be done to the command. Every step that changes a file is a *point*: SQLite's own writes,
cuts, removals and openings (through the table of system calls that its unix layer offers), and what Python does
(``os.replace``, ``os.fsync``, ``os.unlink``, ``os.sendfile``). They are counted, so that a run can be ended, or its
disk filled, at any of them; and what the run is about just then is its *phase*.

  trace     a file that gets a line for each point: phase, kind and file
  phase     a file that always holds how many swaps are done, and the phase
  states    a folder that gets a copy of the catalog after each swap
  kill      the number of the point at which SIGKILL comes, before it is done
  torn      the same, but half of what is to be written is written
  full      from this point on, whatever needs room (``NEED_ROOM``) gets ``error`` (an errno, by default ENOSPC)
  limits    [name, bytes or number] pairs of ``resource``, set when everything is imported
  memory    so many bytes of address space are left, when everything is imported
  default   signals that are left to the system
  wait      wait for a line on standard input before the command begins
  broken    publish as one must not (only to see that the experiments notice): ``copy`` the new catalog over the old
            one, put it in its place too ``early``, before it is filled, or ``unlocked``, beside another run
"""

import _sqlite3
import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

Call = Callable[..., Any]

NEED_ROOM = ("write", "copy", "create", "fsync")  # what fails on a full disk


class Meddler:
    """Counts the points of this process and acts at one of them."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._points = self._swaps = 0
        self._phase = "starting"
        self._trace = open(plan["trace"], "w", buffering=1) if "trace" in plan else None  # noqa: SIM115
        self._told = os.open(plan["phase"], os.O_WRONLY | os.O_CREAT) if "phase" in plan else None
        self._kept: list[object] = []  # what C holds on to
        self._libc = ctypes.CDLL(None, use_errno=True)

    # --- points ------------------------------------------------------------------------------------------------------

    def point(self, kind: str, name: str) -> str:
        """Count a point; returns what is to be done to it: nothing (""), ``torn`` or ``full``."""
        if name.endswith((".so", ".py", ".pyc")):
            return ""
        self._points += 1
        if self._trace:
            self._trace.write(f"{self._phase}\t{kind}\t{Path(name).name}\n")
        if self._points == self._plan.get("kill"):
            self.die()
        if self._points == self._plan.get("torn"):
            if kind in ("write", "copy"):
                return "torn"
            self.die()
        full = self._plan.get("full")
        return "full" if full and self._points >= full and kind in NEED_ROOM else ""

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @property
    def error(self) -> int:
        return int(self._plan.get("error", errno.ENOSPC))

    def meddle_with_python(self) -> None:
        def meddled(kind: str, real: Call, name: Callable[..., object]) -> Call:
            def call(*arguments: Any, **named: Any) -> Any:
                todo = self.point(kind, str(name(*arguments)))
                if todo == "full":
                    raise OSError(self.error, os.strerror(self.error))
                if todo == "torn":
                    real(*arguments[:-1], 5000, **named)
                    self.die()
                return real(*arguments, **named)

            return call

        os.replace = meddled("swap", os.replace, lambda source, target: target)
        os.unlink = meddled("remove", os.unlink, lambda path, **_: path)
        os.fsync = meddled("fsync", os.fsync, _name)
        os.sendfile = meddled("copy", os.sendfile, lambda out, *_: _name(out))

    def meddle_with_sqlite(self) -> None:
        """By SQLite's table of system calls: nothing that it writes passes unseen."""
        file, number, text = ctypes.c_int, ctypes.c_longlong, ctypes.c_char_p
        signatures: dict[bytes, tuple[Any, ...]] = {
            b"open": (file, text, file, file),
            b"pwrite64": (ctypes.c_ssize_t, file, ctypes.c_void_p, ctypes.c_size_t, number),
            b"ftruncate": (file, file, number),
            b"unlink": (file, text),
        }
        vfs = _vfs()
        for name, types in signatures.items():
            real = getattr(self._libc, name.decode())
            real.restype, real.argtypes = types[0], types[1:]
            ours = ctypes.CFUNCTYPE(*types, use_errno=True)(getattr(self, f"_{name.decode()}")(real))
            self._kept.append(ours)
            if vfs.contents.set_system_call(vfs, name, ctypes.cast(ours, ctypes.c_void_p)):
                sys.exit(f"SQLite has no system call {name.decode()} to meddle with")

    def _refused(self) -> int:
        ctypes.set_errno(self.error)
        return -1

    def _open(self, real: Call) -> Call:
        def call(path: bytes, flags: int, mode: int) -> int:
            is_new = flags & os.O_CREAT and not os.path.exists(path)
            if is_new and self.point("create", os.fsdecode(path)) == "full":
                return self._refused()
            return int(real(path, flags, mode))

        return call

    def _pwrite64(self, real: Call) -> Call:
        def call(handle: int, content: int, size: int, offset: int) -> int:
            todo = self.point("write", _name(handle))
            if todo == "full":
                return self._refused()
            if todo == "torn":
                real(handle, content, size // 2, offset)
                self.die()
            return int(real(handle, content, size, offset))

        return call

    def _ftruncate(self, real: Call) -> Call:
        def call(handle: int, size: int) -> int:
            self.point("cut", _name(handle))
            return int(real(handle, size))

        return call

    def _unlink(self, real: Call) -> Call:
        def call(path: bytes) -> int:
            self.point("remove", os.fsdecode(path))
            return int(real(path))

        return call

    # --- phases ------------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Know what the run is about, from the functions that it enters."""
        from scraper.catalog import aside, write
        from scraper.ingest import job
        from scraper.ingest import run as run_module
        from scraper.ingest.archive import Archive

        self._enter(job, "_open", "opening")
        self._enter(run_module, "fetch_all", "fetching and keeping")
        self._enter(job, "replay", "parsing")
        self._enter(run_module, "replay", "parsing")
        self._enter(aside, "aside", "writing aside")
        self._enter(write, "write", "writing aside")
        self._enter(Archive, "finish", "archive.finish")
        self._enter(Archive, "accepting", "archive.accept")
        self._enter(write, "write_visits", "writing visits")
        self._enter(aside, "_refuse_broken", "checking")
        self._enter(aside, "_sync", "fsync")
        real = os.replace

        def swap(source: Any, target: Any) -> None:
            self._tell("swap")
            real(source, target)
            self._swaps += 1
            self._tell("after the swap")
            if "states" in self._plan:
                (Path(self._plan["states"]) / f"{self._swaps}.db").write_bytes(Path(target).read_bytes())

        os.replace = swap

    def _enter(self, owner: Any, name: str, phase: str) -> None:
        real = getattr(owner, name)

        def entered(*arguments: Any, **named: Any) -> Any:
            self._tell(phase if self._phase != "after the swap" or name != "_sync" else "after the swap")
            return real(*arguments, **named)

        setattr(owner, name, entered)

    def _tell(self, phase: str) -> None:
        self._phase = phase
        if self._told is not None:
            os.pwrite(self._told, f"{self._swaps:<3} {phase:40}".encode(), 0)


def _name(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")


class _Vfs(ctypes.Structure):
    """As in sqlite3.h, version 3."""


_POINTER = ctypes.POINTER(_Vfs)
_Vfs._fields_ = [
    ("version", ctypes.c_int),
    ("size", ctypes.c_int),
    ("longest", ctypes.c_int),
    ("next", ctypes.c_void_p),
    ("name", ctypes.c_char_p),
    ("data", ctypes.c_void_p),
    ("methods", ctypes.c_void_p * 13),  # xOpen … xCurrentTimeInt64
    ("set_system_call", ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_void_p)),
]


def _vfs() -> Any:
    """The unix layer of the very SQLite that Python uses."""
    find = ctypes.CDLL(_sqlite3.__file__).sqlite3_vfs_find
    find.restype, find.argtypes = _POINTER, [ctypes.c_char_p]
    return find(b"unix")


def break_it(how: str) -> None:
    """Publish as one must not. Undisturbed it comes to the same: only what the experiments do can show it."""
    from scraper.catalog import write
    from scraper.ingest import job

    def copied(source: Any, target: Any) -> None:
        shutil.copyfile(source, target)
        os.unlink(source)

    if how == "copy":
        os.replace = copied
    elif how == "early":
        real, remove = write.write, os.unlink

        def early(database: Any, *arguments: Any) -> None:
            with suppress(FileNotFoundError):
                remove("catalog.db")
            os.link(database.conn.execute("pragma database_list").fetchone()[2], "catalog.db")
            real(database, *arguments)

        write.write = early
    elif how == "unlocked":
        job.held = nullcontext  # type: ignore[attr-defined, assignment]
    else:
        sys.exit(f"no such way to break it: {how}")


def main() -> None:
    plan, sys.argv = json.loads(sys.argv[1]), ["winkb", *sys.argv[2:]]
    from scraper.cli import main as winkb
    from scraper.ingest import job  # noqa: F401
    from scraper.publish import summary  # noqa: F401

    meddler = Meddler(plan)
    if plan.get("broken"):
        break_it(plan["broken"])
    if {"trace", "kill", "torn", "full"} & plan.keys():
        meddler.meddle_with_python()
        meddler.meddle_with_sqlite()
    meddler.follow()
    if plan.get("wait"):
        print("ready", flush=True)
        sys.stdin.readline()
    for name, value in plan.get("limits", ()):
        resource.setrlimit(getattr(resource, name), (value, value))
    for name in plan.get("default", ()):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    if "memory" in plan:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + plan["memory"],) * 2)
    winkb()


if __name__ == "__main__":
    main()

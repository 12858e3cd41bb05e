"""A small real web server on 127.0.0.1 for tests: scripted answers by path, and a record of what was asked and when.

    with Web() as web:
        web.page("https://learn.microsoft.com/en-us/x", Reply(403), Reply(body=b"<html>"))   # one after the other;
        ... fetch(requests, manners, mirror=web.url) ...                                      # the last one stays
        assert web.count("https://learn.microsoft.com/en-us/x") == 2

A page of a public host stands at ``/HOST/PATH``, as in a mirror. What was not scripted answers 404.
"""

import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self, TypeAlias

# What servers take at most of a request's headers, as most of them do.
_LARGEST_HEADERS = 8192


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``Content-Length`` is that of ``body`` unless ``headers`` has another, or None to leave it out; the
    connection is closed after a body that is shorter than announced. ``wait``: seconds before anything is sent;
    ``drip``: seconds between two bytes of the body; ``silent``: the connection is closed without an answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """One answer byte for byte, be it HTTP or not: ``parts`` one after the other, ``pause`` seconds before each; then
    ``endless`` again and again, until the client hangs up. The connection ends with it: ``reset``: as by a machine that
    crashed; ``stays``: not at all."""

    parts: tuple[bytes, ...] = ()
    endless: bytes = b""
    pause: float = 0.0
    reset: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: ``target`` with its query, header names in lower case, ``at`` on the monotonic clock."""

    target: str
    headers: Mapping[str, str]
    at: float


Answering: TypeAlias = Reply | Raw | Callable[[Asked], Reply | Raw]


class Web:
    """The server, running while the context is entered. ``asked`` has the requests in the order in which they came,
    ``busiest`` how many were being answered at the same time at most, ``poured`` the bytes of raw answers that the
    network took."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.busiest = 0
        self.poured = 0
        self.stopping = threading.Event()
        self._busy = 0
        self._lock = threading.Lock()
        self._script: dict[str, list[Answering]] = {}
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """The address that the paths follow, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def page(self, address: str, *answers: Answering) -> None:
        """Script a path (``/x``), with or without query, or a public https address: the answers come one after the
        other, the last one for ever."""
        self._script[_target(address)] = list(answers)

    def count(self, address: str) -> int:
        """How often a path or a public address was asked for, whatever the query, unless it has one itself."""
        return len(self.times(address))

    def times(self, address: str = "") -> list[float]:
        """When a path or a public address (all of them by default) was asked for."""
        target = _target(address)
        return [asked.at for asked in self.asked if target in ("", asked.target, asked.target.partition("?")[0])]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def take(self, asked: Asked) -> Reply | Raw:
        """Note a request and choose its answer."""
        with self._lock:
            self.asked.append(asked)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            script = self._script.get(asked.target) or self._script.get(asked.target.partition("?")[0])
            if not script:
                return Reply(404, b"not scripted")
            answering = script.pop(0) if len(script) > 1 else script[0]
        return answering if isinstance(answering, (Reply, Raw)) else answering(asked)

    def done(self) -> None:
        with self._lock:
            self._busy -= 1


def _target(address: str) -> str:
    return address.removeprefix("https:/") if address.startswith("https://") else address


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, web: Web) -> None:
        self.web = web
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *args: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that hangs up is no error of the server
            super().handle_error(*args)

    def hang_up(self) -> None:
        """End the connections that a client keeps open, so that their threads can be joined."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        web = self.server.web
        headers = {name.lower(): value for name, value in self.headers.items()}
        if sum(map(len, headers.values())) > _LARGEST_HEADERS:
            self.send_error(431)
            return
        reply = web.take(Asked(self.path, headers, time.monotonic()))
        try:
            if isinstance(reply, Raw):
                self._pour(reply)
            else:
                web.stopping.wait(reply.wait)
                self._send(reply)
        except ConnectionError:
            self.close_connection = True  # the client had enough, which is what many tests are about
        finally:
            web.done()

    def _send(self, reply: Reply) -> None:
        if reply.silent:
            self.close_connection = True
            return
        headers = {"Content-Length": str(len(reply.body)), **reply.headers}
        if reply.status in (204, 304):
            headers["Content-Length"] = None
        elif headers["Content-Length"] != str(len(reply.body)):
            self.close_connection = True
        self.send_response(reply.status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if not reply.drip:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            if self.server.web.stopping.wait(reply.drip):
                return
            self.wfile.write(bytes([byte]))

    def _pour(self, reply: Raw) -> None:
        web = self.server.web
        self.close_connection = not reply.stays
        for part in reply.parts:
            if web.stopping.wait(reply.pause):
                return
            self.wfile.write(part)
            web.poured += len(part)
        while reply.endless and not web.stopping.wait(reply.pause):
            self.wfile.write(reply.endless)
            web.poured += len(reply.endless)
        if reply.reset:
            web.stopping.wait(reply.pause)  # what was sent must be read first: a reset throws it away
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(self.connection.detach())

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

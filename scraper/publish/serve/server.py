"""The socket of a site, from its opening to its end by a signal."""

import asyncio
import logging
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn

from scraper.errors import MachineError
from scraper.publish.serve.site import Site, identity

log = logging.getLogger(__package__)


def serve(db: Path, host: str, port: int, public: bool = False) -> None:
    """Serve the catalog until SIGINT or SIGTERM. Port 0 takes a free one; the address is printed to stderr.

    ``public``: for a site that everybody may ask (docs/publish.md). Raises MachineError when the file is missing or no
    catalog, or when the address cannot be listened on.
    """
    identity(db)
    listener = listen(host, port)
    address = f"[{host}]" if ":" in host else host
    # uvicorn ends in order at either signal, and then sends it to the handler that was there before.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):  # not raised where a shell that starts us in the background ignores SIGINT
            asyncio.run(_serve(Site(db, public), listener, f"http://{address}:{listener.getsockname()[1]}/"))
        log.info("ended by a signal")
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises MachineError when the address cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((address[0], port), family=family)
    except OSError as error:
        raise MachineError("address", page=f"{host}:{port}", expected="one to listen on", found=str(error)) from error
    # asyncio does this for the sockets that it opens itself. Without it head and body of an answer wait 40 ms for one
    # another: the kernel holds back the second packet until the first is acknowledged, which the reader delays.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(site: Site, listener: socket.socket, url: str) -> None:
    await site.renew()
    server = uvicorn.Server(
        uvicorn.Config(
            site,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    async with asyncio.TaskGroup() as tasks:  # a watch that fails ends the server: better down than silently stale
        watch = tasks.create_task(site.watch())
        print(f"serving {site.db} on {url} (stop with Ctrl-C)", file=sys.stderr, flush=True)
        await server.serve(sockets=[listener])
        watch.cancel()

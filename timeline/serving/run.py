"""Running the service until it is told to end."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from timeline.errors import StoreError
from timeline.serving.app import application
from timeline.serving.logs import set_up
from timeline.serving.protocol import Bounded
from timeline.serving.settings import Settings
from timeline.serving.several import Several
from timeline.shelf import Shelf

GRACE_SECONDS = 15
"""How long answers that are being given may still take when the service ends."""


def run(
    settings: Settings, shelf: Shelf | None = None, *, as_json: bool, quiet: bool, tell: Callable[[str], None]
) -> None:
    """Serve a ledger, or all of a shelf, until SIGINT or SIGTERM.

    Raises StoreError when the ledger cannot be opened, OSError for the address.
    """
    set_up(as_json=as_json, quiet=quiet)
    with listening(settings.host, settings.port) as bound:
        settings = settings._replace(port=bound.getsockname()[1])  # 0 took any
        server = server_of(application(settings) if shelf is None else Several(settings, shelf))
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        what = settings.shown if shelf is None else shelf.shown
        tell(f"Serving {what} at http://{shown}:{settings.port}/ - Ctrl-C ends it")
        server.run(sockets=[bound])
    if not server.started:
        raise StoreError("the service did not start; see what it said above")


class Server(uvicorn.Server):
    """Tells the application when it is about to end, so that nobody is kept who would listen for ever."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order when SIGINT or SIGTERM comes; uvicorn's own way would then die of the signal all the same."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: take no more, and wait for the answers that are being given."""
        self.config.app.state.end()  # type: ignore[union-attr]  # the application below
        await super().shutdown(sockets)


def server_of(app: Starlette | Several) -> Server:
    """A server of the application; the log is our own, and nobody needs to know what serves."""
    return Server(
        uvicorn.Config(
            app,
            http=Bounded,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=30,
            ws="none",
        )
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(1024)
    except BaseException:
        bound.close()
        raise
    return bound

"""A wire to a server of PostgreSQL that can be cut: at once, or after so many bytes."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

from tests.services import USER, PostgresServer

RESET = struct.pack("ii", 1, 0)
"""Closing drops what was not sent yet, and says so: what a broken wire looks like."""


class Proxy:
    """Listens on a port of this machine and passes everything on, as long as the block lasts."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.passed = 0
        """Bytes that went either way since `measure`."""
        self._left: int | None = None
        self._wires: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._bound = socket.create_server(("127.0.0.1", 0))
        self._is_ending = False

    def url(self, address: str) -> str:
        """The address of a database of the server, by this wire."""
        name = address.rpartition("?")[0].rpartition("/")[2]
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self._bound.getsockname()[1]}/{name}"

    def measure(self) -> None:
        """Count from now on."""
        self.passed = 0

    def cut_after(self, size: int | None) -> None:
        """Cut all wires once so many bytes more went through; never for None."""
        self._left = size

    def cut(self) -> None:
        """Cut all wires now; new ones may be laid."""
        with self._lock:
            for wire in self._wires:
                _close(wire)
            self._wires.clear()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._is_ending = True
        with suppress(OSError), socket.create_connection(self._bound.getsockname()):
            pass
        self._thread.join(30)
        self._bound.close()
        self.cut()

    def _listen(self) -> None:
        while True:
            near, _ = self._bound.accept()
            if self._is_ending:
                near.close()
                return
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.server.socket / ".s.PGSQL.5432"))
            with self._lock:
                self._wires.append((near, far))
            threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError, ValueError, KeyError), selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in ready.select():
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    part = source.recv(65536 if self._left is None else min(self._left + 1, 65536))
                    if not part:
                        _close((near, far))
                        return
                    self.passed += len(part)
                    if self._left is not None:
                        self._left -= len(part)
                        if self._left < 0:
                            self._left = None
                            self.cut()
                            return
                    key.data.sendall(part)


def _close(wire: tuple[socket.socket, socket.socket]) -> None:
    for end in wire:
        with suppress(OSError):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            end.close()

"""A service that really listens, for one test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.cli.conftest import example_ledger, own_ledger, run
from timeline.serving.app import application
from timeline.serving.run import listening, server_of
from timeline.serving.settings import Settings
from timeline.serving.several import Several

__all__ = ["example_ledger", "own_ledger", "run"]


@contextmanager
def client_of(made: Callable[[int], Starlette | Several]) -> Iterator[httpx.Client]:
    """A client of what is made to listen on a port, which listens as long as the block lasts."""
    bound = listening("127.0.0.1", 0)
    port = bound.getsockname()[1]
    server = server_of(made(port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)
        bound.close()
        assert not thread.is_alive(), "the service did not end"


@contextmanager
def serving(ledger: str | Path, **settings: Any) -> Iterator[httpx.Client]:
    """A client of a service of a ledger."""
    with client_of(lambda port: application(Settings(ledger=str(ledger), port=port, **settings))) as client:
        yield client


@pytest.fixture(scope="session")
def example_client(example_ledger: Path) -> Iterator[httpx.Client]:
    """A client of a service of the first timeline."""
    with serving(example_ledger) as client:
        yield client

"""A service that really listens, for one test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import example_ledger, own_ledger, run
from timeline.serving.app import application
from timeline.serving.run import listening, server_of
from timeline.serving.settings import Settings

__all__ = ["example_ledger", "own_ledger", "run"]


@contextmanager
def serving(ledger: str | Path, **settings: Any) -> Iterator[httpx.Client]:
    """A client of a service of a ledger, which listens as long as the block lasts."""
    bound = listening("127.0.0.1", 0)
    port = bound.getsockname()[1]
    app = application(Settings(ledger=str(ledger), port=port, **settings))
    server = server_of(app)
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


@pytest.fixture(scope="session")
def example_client(example_ledger: Path) -> Iterator[httpx.Client]:
    """A client of a service of the first timeline."""
    with serving(example_ledger) as client:
        yield client

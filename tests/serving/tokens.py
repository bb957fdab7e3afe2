"""Tokens for tests, and clients that show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.serving.conftest import serving
from timeline import tokens
from timeline.ledger import Ledger


def made(ledger: str | Path, name: str = "ada", *scopes: str, **more: Any) -> str:
    """A new token of a ledger."""
    with Ledger.open(str(ledger)) as opened, opened.database.writing() as connection:
        return tokens.create(connection, name, scopes or ("read", "record", "import"), **more)[0]


def bearing(token: str) -> dict[str, str]:
    """The header that shows it."""
    return {"authorization": f"Bearer {token}"}


@contextmanager
def writing(ledger: str | Path, name: str = "ada", **settings: Any) -> Iterator[httpx.Client]:
    """A client that may do everything at a service that records."""
    token = made(ledger, name)
    with serving(ledger, **{"writes": True, **settings}) as client:
        client.headers.update(bearing(token))
        yield client

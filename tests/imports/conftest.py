"""Ledgers to import into, and the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import example_ledger, own_ledger, run
from timeline.ledger import Ledger

__all__ = ["example_ledger", "own_ledger", "run"]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with Ledger.create(str(tmp_path / "fresh.db")) as made:
        yield made

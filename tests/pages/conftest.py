"""The first timeline as a view, small ledgers of a test's own, and one browser for all tests of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from events.base import Event
from timeline.commands.start import EXAMPLE, example
from timeline.exports.formats import FORMATS, Options, exporter
from timeline.exports.selection import Selection
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, new
from timeline.view import View

RECORDED = 1_765_562_400_000_000
"""12 December 2025, 18:00 UTC."""


def clock() -> int:
    """A clock that stands still, so that a page says the same whenever it is made."""
    return RECORDED


def exported(view: View, name: str, wanted: Selection | None = None, **options: Any) -> str:
    """What a format writes."""
    assert name in FORMATS
    parts: list[bytes] = []
    exporter(name)(view, wanted or Selection(), parts.append, Options()._replace(**options))
    return b"".join(parts).decode()


@pytest.fixture(scope="session")
def example_view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    """The first timeline, all of it recorded on 12 December 2025."""
    path = tmp_path_factory.mktemp("pages") / "example.db"
    with Ledger.create(str(path), clock=clock) as ledger:
        import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
        with ledger.ask() as view:
            yield view


@pytest.fixture
def view_of(tmp_path: Path) -> Iterator[Callable[[Iterable[Event]], View]]:
    """A view of a ledger in which some events are recorded; one a test."""
    with ExitStack() as opened:

        def made(events: Iterable[Event]) -> View:
            ledger = opened.enter_context(Ledger.create(str(tmp_path / "pages.db"), clock=clock))
            if recorded := [new(event) for event in events]:
                ledger.record(recorded)
            return opened.enter_context(ledger.ask())

        yield made

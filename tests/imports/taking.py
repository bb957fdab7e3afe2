"""Short ways to import a text in some format, and to look at what came of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from events import kinds
from events.base import Event
from events.errors import TimelineError
from projections.facts import in_force
from timeline.imports.formats import opener
from timeline.imports.places import BadFile
from timeline.imports.recording import Report, import_documents
from timeline.ledger import Ledger
from timeline.state.projector import versions
from timeline.store import log

SUFFIXES = {"popolo": "json", "ics": "ics", "csv": "csv"}


def taken(ledger: Ledger, format_name: str, raw: bytes, *, given: dict[str, str] | None = None, **options) -> Report:
    """Import a text; `given` holds the options of its format."""
    document = opener(format_name, given)(BytesIO(raw), f"file.{SUFFIXES[format_name]}")
    return import_documents(ledger, [document], by="test", **options)


def notes(ledger: Ledger, format_name: str, raw: bytes) -> str:
    """What a document tells about itself once it was imported."""
    document = opener(format_name)(BytesIO(raw), f"file.{SUFFIXES[format_name]}")
    import_documents(ledger, [document], by="test", keep_going=True)
    with ledger.ask() as view:
        return "\n".join(document.notes(view))


def refused(ledger: Ledger, format_name: str, raw: bytes) -> str:
    """The message with which a text is refused; nothing was recorded."""
    before = positions(ledger)
    with pytest.raises(BadFile) as problem:
        taken(ledger, format_name, raw)
    assert positions(ledger) == before
    return str(problem.value)


def tried(ledger: Ledger, format_name: str, raw: bytes) -> None:
    """Read and check a text; what goes wrong is an error for people, which a terminal can show."""
    try:
        taken(ledger, format_name, raw, dry_run=True)
    except TimelineError as problem:
        shown = str(problem)
        assert shown.startswith(f"file.{SUFFIXES[format_name]}:")
        assert "Nothing was recorded." in shown
        assert all(c.isprintable() or c in "\n\u200c\u200d" for c in shown)


def positions(ledger: Ledger) -> int:
    """How many events the log has."""
    with ledger.database.reading() as connection:
        return sum(1 for _ in log.read(connection))


def events(ledger: Ledger) -> dict[str, Event]:
    """What is in force, by the ids of the events; entries without one by their UUIDs."""
    with ledger.database.reading() as connection:
        entries = list(dict.fromkeys(e.entry_id for e in log.read(connection)))
        streams = {e: versions(s) for e, s in log.streams(connection, entries).items()}
    facts = [fact for e, stream in streams.items() if (fact := in_force(e, stream)) is not None]
    return {str(getattr(f.event, "id", "")) or str(f.entry): f.event for f in facts}


def plain(ledger: Ledger, kind: str) -> dict[str, dict[str, Any]]:
    """The events in force of a kind, as plain values."""
    return {given: kinds.plain(e) for given, e in events(ledger).items() if kinds.kind_of(e) == kind}

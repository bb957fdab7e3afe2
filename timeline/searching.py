"""Finding names and events by words, whatever their case and accents."""

from __future__ import annotations

from projections.entities import folded
from timeline import answers
from timeline.view import View


def search(view: View, text: str, limit: int) -> list[answers.Found]:
    """Entities whose name contains the text, then events that contain all its words; at most so many of each."""
    wanted = folded(text)
    named = [e for e in view.directory.entities.values() if any(wanted in n for n in e.folded)][:limit]
    events = view.events(words=wanted.split(), limit=limit)
    found = [answers.Found(what="entity", id=e.entity, type=e.type, name=e.name, event=None) for e in named]
    return found + [
        answers.Found(what="event", id=e.id or str(e.entry), type=e.kind, name=e.headline, event=e) for e in events
    ]

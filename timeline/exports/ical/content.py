"""What an event of a calendar shows, and how a change of it is counted."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

DOMAIN = "timeline.invalid"
"""What follows the @ of every UID. Fixed for ever, and nobody's: `.invalid` is reserved for that."""

TEMPLATE = 1
"""The number of the form that events are shown in. Raise it when the same entry shall look different: every SEQUENCE
rises then, and subscribers take the new form."""

STEPS = 1_000
"""How far a new template raises SEQUENCE: beyond any number of changes that the new one no longer shows."""


class Content(NamedTuple):
    """Everything that an event shows; its SEQUENCE rises when any of it changes."""

    id: UUID
    summary: str
    status: str
    first: int
    last: int
    """The last day, inclusive; both as day numbers."""
    description: str
    categories: tuple[str, ...]
    url: str
    edtf: str
    """The exact date, which the days only stand for."""


class Gone(NamedTuple):
    """An event that is not, or no longer, in the calendar."""

    label: str = "No longer in this calendar"
    why: str = ""

    def cancelled(self, before: Content) -> Content:
        """How an event that stood in the calendar is struck out of it."""
        return before._replace(
            summary=f"{self.label}: {before.summary}",
            status="CANCELLED",
            description="\n".join(part for part in (self.why, before.description) if part),
        )


class Revision(NamedTuple):
    """An event as it stands in the file."""

    content: Content
    sequence: int
    created: int
    """When it was first shown, in microseconds since 1970."""
    modified: int
    """When it last changed."""
    is_gone: bool
    """It is struck out because it left the calendar, and will be dropped some day."""


def joined(labels: list[str]) -> str:
    """Labels before a summary: `Planned, disputed: `."""
    return ", ".join((labels[0], *(text.lower() for text in labels[1:]))) + ": " if labels else ""

"""The entry that an event belongs to, by its name."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, UUID, SafeUUID, uuid5

from events.base import Event, Happening
from events.register import Entity, Merge, Source

ENTRIES = uuid5(NAMESPACE_URL, "urn:timeline:entry")
"""The namespace of entries that have a name of their own. Fixed for ever: the same name is the same entry anywhere."""


def entry_named(sort: str, name: str) -> UUID:
    """The entry of a thing with a name: sort "source", "entity", "merge" or "event"."""
    return uuid5(ENTRIES, f"{sort}:{name}")


def entry_of(event: Event) -> UUID | None:
    """The entry that an event begins by its id; None for a happening that has none."""
    match event:
        case Source(id=given):
            return entry_named("source", given)
        case Entity(id=given):
            return entry_named("entity", given)
        case Merge(duplicate=given):
            return entry_named("merge", given)
        case Happening(id=given) if given:
            return entry_named("event", given)
    return None


_set_int, _set_safety, _unknown = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__, SafeUUID.unknown


def entry_from(digits: str) -> UUID:
    """The UUID of 32 hexadecimal digits that the log holds: they need no second look, and that is most of the time."""
    made = object.__new__(UUID)
    _set_int(made, int(digits, 16))
    _set_safety(made, _unknown)
    return made


def as_entry(given: str | UUID) -> UUID:
    """An entry as a driver gives it: SQLite's as 32 hexadecimal digits, PostgreSQL's as a UUID."""
    return entry_from(given) if isinstance(given, str) else given


ENTRY_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How the UUID of an entry is written."""


def is_entry_id(given: str) -> bool:
    """Whether a text is the UUID of an entry, as it is always written."""
    return ENTRY_ID.fullmatch(given) is not None

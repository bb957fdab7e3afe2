"""What a file holds once it is read: events with their places, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from events.base import Event
from timeline.imports.places import Mistake, Place
from timeline.view import View


class Item(NamedTuple):
    """One event of a file: the entry that it begins, or the entry that it is about."""

    event: Event
    entry: UUID
    about: bool
    name: str
    """What the file calls it."""
    ref: int
    """By which its document finds it again."""
    key: Place
    """Where the name stands."""
    stays: bool = False
    """What the ledger says of the entry stands, whatever the file says: the file only has it from there."""
    version: int | None = None
    """Which version of the entry it is, where the file says so."""


class Document(Protocol):
    """A file that is read event by event, so that a long one needs no more memory than a short one."""

    file: str
    slugs: dict[UUID, str]
    """The name in the file of entries that it begins or speaks of, for messages."""
    broken: set[str]
    """The names of what could not be read; that others name it is no mistake of theirs."""

    def read(self) -> Iterator[Item | Mistake]:
        """What the file holds, in order, what begins entries before what is about them."""
        ...

    def place(self, ref: int, at: str) -> Place:
        """Where a part of an event stands: `sources[0].source`; the deepest place of it that the file has."""
        ...

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1, to show a mistake in it; None where there is none."""
        ...

    def done(self) -> tuple[int, int]:
        """How much of the file was read so far, of how much, in bytes."""
        ...

    def notes(self, view: View) -> Iterator[str]:
        """What to tell about the file that is no mistake, once all of it was read; `view` is the ledger after it."""
        ...


class WholeDocument:
    """A file that is read at once."""

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self.file = file
        self.lines = lines
        self.items: list[Item] = []
        self.mistakes: list[Mistake] = []
        self.slugs: dict[UUID, str] = {}
        self.broken: set[str] = set()
        self._places: list[Any] = []

    def add(
        self,
        event: Event,
        entry: UUID,
        name: str,
        key: Place,
        place: partial[Place],
        *,
        about: bool,
        stays: bool = False,
    ) -> None:
        """Take in an event; `place` gives the place of a part of it."""
        self.items.append(Item(event, entry, about, name, len(self.items), key, stays))
        self._places.append(place)

    def read(self) -> Iterator[Item | Mistake]:
        """What the file holds, what begins entries before what is about them."""
        yield from self.mistakes
        yield from sorted(self.items, key=lambda item: item.about)

    def place(self, ref: int, at: str) -> Place:
        """Where a part of an event stands."""
        found: Place = self._places[ref](at)
        return found

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else None

    def done(self) -> tuple[int, int]:
        """It was read before."""
        return (1, 1)

    def notes(self, view: View) -> Iterator[str]:
        """Nothing more is to be told."""
        yield from ()

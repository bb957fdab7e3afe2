"""Between events and stored bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload
from uuid import UUID

from eventsourcing import persistence as es
from eventsourcing.domain import DomainEventProtocol

from events.base import Event
from events.kinds import decode, encode, kind_of


@dataclass(frozen=True, slots=True)
class EntryEvent:
    """An event at its place in the stream of an entry, as the `eventsourcing` library handles it."""

    originator_id: UUID
    originator_version: int
    event: Event


class EventMapper(es.Mapper[UUID]):
    """Stores the event alone, as deterministic JSON; the topic is its kind, never the name of a class or a module."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> es.StoredEvent:
        """The bytes to be stored."""
        assert isinstance(domain_event, EntryEvent)
        return es.StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=kind_of(domain_event.event),
            state=encode(domain_event.event),
        )

    def to_domain_event(self, stored_event: es.StoredEvent) -> DomainEventProtocol[UUID]:
        """The event that bytes of any form stand for. Raises MapperDeserialisationError."""
        entry_id = stored_event.originator_id
        try:
            event = decode(stored_event.topic, stored_event.state)
        except (KeyError, ValueError) as problem:
            raise es.MapperDeserialisationError(
                f"version {stored_event.originator_version} of entry {entry_id} is no {stored_event.topic}: {problem}"
            ) from problem
        assert isinstance(entry_id, UUID)
        return EntryEvent(entry_id, stored_event.originator_version, event)


class Stored(Sequence[es.StoredEvent]):
    """Events in their stored form, made a slice at a time; the batch may be longer than memory.

    A batch that holds them so already has a method `stored`, which gives a slice of them.
    """

    def __init__(self, batch: Sequence[EntryEvent], mapper: es.Mapper[UUID]) -> None:
        self._batch = batch
        self._mapper = mapper
        self._stored = getattr(batch, "stored", None)

    def __len__(self) -> int:
        return len(self._batch)

    @overload
    def __getitem__(self, at: int) -> es.StoredEvent: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[es.StoredEvent]: ...
    def __getitem__(self, at: int | slice) -> es.StoredEvent | Sequence[es.StoredEvent]:
        if isinstance(at, slice):
            if self._stored is not None:
                return list(self._stored(at))
            return [self._mapper.to_stored_event(e) for e in self._batch[at]]
        return self._mapper.to_stored_event(self._batch[at])

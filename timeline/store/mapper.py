"""Between events and stored bytes."""

from __future__ import annotations

from dataclasses import dataclass
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

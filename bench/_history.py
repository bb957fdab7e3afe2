"""The events that the stores are compared with: people who come and go at fifty organizations, each with its source.

As long and as varied in their fields as those of the example; the dates come in several forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.domain import DomainEvent, datetime_now_with_tzinfo

from events.base import Citation, Event
from events.dates import parse
from events.durations import parse as parse_duration
from events.kinds import plain
from events.people import Arrival, Departure
from events.register import Entity, Source
from timeline.ledger import new
from timeline.store.mapper import EntryEvent

ORGANIZATIONS = 50
SOURCE = Source(id="the-gazette-2025", type="article", title="Who went where", issued=parse("2025"))


def registered(people: int) -> list[EntryEvent]:
    """What the history names: one source, the organizations, people 0 to `people` - 1."""
    organizations = [Entity(id=f"org-{n}", type="organization", name=f"Organization {n}") for n in range(ORGANIZATIONS)]
    persons = [Entity(id=f"person-{n}", type="person", name=f"Given Family {n}") for n in range(people)]
    return [new(event) for event in (SOURCE, *organizations, *persons)]


def happening(number: int) -> Event:
    """Event `number` of the history: person n arrives in 2n and departs in 2n + 1."""
    person, departs = divmod(number, 2)
    year = 2015 + person % 9
    sources = (Citation(source=SOURCE.id, locator=f"§{person % 60 + 1}"),)
    organization = f"org-{person % ORGANIZATIONS}"
    if departs:
        return Departure(
            date=parse((f"{year + 1}-{person % 12 + 1:02d}", f"{year + 1}~", f"{year + 1}-37")[person % 3]),
            date_text="left in the course of the year, colleagues say",
            certainty="reported",
            sources=sources,
            person=f"person-{person}",
            organization=organization,
            role="Research Scientist",
            length_of_service=parse_duration("P1Y2M"),
            destination=f"org-{(person + 7) % ORGANIZATIONS}",
        )
    return Arrival(
        date=parse((f"{year}-{person % 12 + 1:02d}-{person % 28 + 1:02d}", f"{year}", f"{year}-22")[person % 3]),
        sources=sources,
        person=f"person-{person}",
        organization=organization,
        role="Research Scientist",
        reason="hired",
        note="Told by the person in a public post, and by the organization a day later.",
    )


@dataclass(frozen=True)
class Recorded(DomainEvent):
    """The same content as an event of the `eventsourcing` library, for its own mapper and JSON transcoder.

    Its content stays plain values when it is read: no types, no dates, nothing checked. That is the least work that
    the library can be given.
    """

    content: dict[str, Any]


def as_theirs(entry_id: UUID, event: Event) -> Recorded:
    """The event in the other libraries' form."""
    return Recorded(entry_id, 1, datetime_now_with_tzinfo(), plain(event))


def entries(first: int, many: int) -> list[EntryEvent]:
    """Some of the history, each event in an entry of its own."""
    return [EntryEvent(uuid4(), 1, happening(n)) for n in range(first, first + many)]

"""The `eventsourcing` library as its documentation has it: aggregates that are replayed from their events when asked.

An organization is an aggregate, so a question about one replays one; all other questions replay all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from time import perf_counter
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.sides.history import UNKNOWN, History, Row
from bench.sides.side import Line, Loaded, Question, Side, mark_of

Stay = tuple[int, int, int, int, int, int]


class Organization(Aggregate):
    """Who was there, by membership: person, bounds, ending."""

    @event("Founded")
    def __init__(self, number: int, parent: int | None) -> None:
        self.number = number
        self.parent = parent
        self.stays: dict[int, Stay] = {}

    @staticmethod
    def create_id(number: int, parent: int | None = None) -> UUID:
        """Found by its number."""
        return UUID(int=number + 1)

    @event("Told")
    def tell(self, membership: int, stay: list[int]) -> None:
        """A membership, or what corrects it."""
        self.stays[membership] = tuple(stay)  # type: ignore[assignment]  # JSON knows no tuples


class Replay(Side):
    """No state is kept but the events."""

    name = "eventsourcing, replayed"
    largest = 100_000

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.path = self.folder / "replay.db"
        env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(self.path)}
        self.application: Application[UUID] = Application(env=env)
        self.before: dict[int, int] = {}
        """The version of each organization before the corrections."""

    def load(self) -> Loaded:
        start = perf_counter()
        found = [Organization(number=n, parent=parent) for n, parent in enumerate(self.history.parents)]
        self.application.save(*found)
        for part in self.history.parts():
            for is_later, rows in groupby(part, key=attrgetter("known_from")):
                if is_later and not self.before:
                    self.before = {o.number: o.version for o in found}
                self._tell(found, rows)
        took = perf_counter() - start
        size = sum(file.stat().st_size for file in self.folder.glob("replay.db*"))
        return Loaded(took, size, note="1,000 events a commit")

    def _tell(self, found: list[Organization], rows: Iterator[Row]) -> None:
        touched: dict[int, Organization] = {}
        for n, row in enumerate(rows, 1):
            organization = found[row.organization]
            organization.tell(row.membership, [row.person, *row[3:8]])
            touched[row.organization] = organization
            if n % 1000 == 0:
                self.application.save(*touched.values())
                touched = {}
        if touched:
            self.application.save(*touched.values())

    def _organization(self, number: int, known: int | None = None) -> Organization:
        version = self.before[number] if known == 0 else None
        found: Organization = self.application.repository.get(UUID(int=number + 1), version=version)
        return found

    def _all(self) -> Iterator[Organization]:
        return (self._organization(n) for n in range(len(self.history.parents)))

    def ask(self, question: Question) -> Any:
        match question.sort:
            case "members":
                numbers = self._units(question.organization) if question.units else [question.organization]
                there = (self._organization(n, question.known) for n in numbers)
                return [line for o in there for line in _on(o, question.day)]
            case "person":
                return [
                    (question.person, o.number, "")
                    for o in self._all()
                    for stay in o.stays.values()
                    if stay[0] == question.person
                ]
            case "state":
                return [line for o in self._all() for line in _on(o, question.day)]
            case "diff":
                before, after = set[tuple[int, int]](), set[tuple[int, int]]()
                for organization in self._all():
                    before |= {line[:2] for line in _on(organization, question.day)}
                    after |= {line[:2] for line in _on(organization, question.other_day)}
                return {person for person, _ in before ^ after}

    def _units(self, organization: int) -> list[int]:
        found = [organization]
        for unit in found:
            found += [n for n, parent in enumerate(self.history.parents) if parent == unit]
        return found

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        found: Iterable[Line] = [(person, 0, "") for person in answer] if question.sort == "diff" else answer
        return found

    def append(self, number: int) -> None:
        organization = self._organization(self.history.leaf)
        organization.tell(-1 - number, [number, 738950, 738950, 2**31 - 1, 2**31 - 1, 2])
        self.application.save(organization)

    def close(self) -> None:
        self.application.close()


def _on(organization: Organization, day: int) -> list[Line]:
    return [
        (person, organization.number, mark_of(start_max, end_min, ending == UNKNOWN, day))
        for person, start_min, start_max, end_min, end_max, ending in organization.stays.values()
        if start_min <= day <= end_max
    ]

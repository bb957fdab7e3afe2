"""A ledger for the tests of the service, and short ways to say what is recorded in it."""

from __future__ import annotations

from uuid import UUID

from events.dates import parse
from events.deals import Deal, DealCompletion, Party
from events.organizations import Layoff, Move, Reorg, UnitMove
from events.register import Entity, Source
from projections.all import fold_all
from timeline.ledger import Ledger
from timeline.state.projector import versions
from timeline.state.tables import TABLES, Numbers
from timeline.store import log

SECOND = 1_000_000


class Clock:
    """A clock that the test sets: it shows the given times one after the other, and then goes on from the last."""

    def __init__(self, *times: int) -> None:
        self.times = list(times)
        self.now = 0

    def __call__(self) -> int:
        self.now = self.times.pop(0) if self.times else self.now + SECOND
        return self.now


def org(given: str, name: str = "", **fields) -> Entity:
    return Entity(id=given, type="organization", name=name or given.title(), **fields)


def person(given: str, name: str = "", **fields) -> Entity:
    return Entity(id=given, type="person", name=name or given.title(), **fields)


def source(given: str, **fields) -> Source:
    return Source(id=given, **fields)


def layoff(organization: str = "meta", date: str = "2025", **fields) -> Layoff:
    return Layoff(organization=organization, date=parse(date), **fields)


def move(organization: str, parent: str | None, date: str, **fields) -> Move:
    return Move(organization=organization, parent=parent, date=parse(date), **fields)


def reorg(date: str, **parents: str | None) -> Reorg:
    moves = tuple(UnitMove(organization=unit, parent=parent) for unit, parent in parents.items())
    return Reorg(moves=moves, date=parse(date))


def deal(date: str = "2025", **fields) -> Deal:
    return Deal(type="acquisition", parties=(Party(entity="meta"),), date=parse(date), **fields)


def completion(of: UUID, date: str = "2025") -> DealCompletion:
    return DealCompletion(deal=of, date=parse(date))


def rows(ledger: Ledger) -> dict[str, int]:
    """How many rows every table of the ledger holds."""
    from sqlalchemy import func, inspect, select, table

    with ledger.database.reading() as connection:
        names = inspect(connection).get_table_names()
        return {n: connection.scalar(select(func.count()).select_from(table(n))) or 0 for n in names}


def kept(ledger: Ledger) -> dict[str, list[str]]:
    """Today's rows of every projection, as text, sorted."""
    from sqlalchemy import select

    found = {}
    with ledger.database.reading() as connection:
        names = Numbers(connection)
        for name, table in TABLES.items():
            stored = connection.execute(select(table.table).where(table.known(None))).mappings().all()
            found[name] = sorted(map(repr, table.loaded(stored, names)))
    return found


def folded(ledger: Ledger) -> dict[str, list[str]]:
    """The rows that the log folds to from nothing, as text, sorted."""
    with ledger.database.reading() as connection:
        entries = [(e.entry_id, versions([e])[0]) for e in log.read(connection)]
    return {name: sorted(map(repr, of_table)) for name, of_table in fold_all(entries).items()}

"""Forgetting entries that are erased: their content in the log, and every row that was ever folded from it.

A correction leaves earlier rows as they were known; an erasure must not. So each key that an erased entry ever touched
is folded again through its whole history, as though the entry had never been recorded - which is what a rebuild makes
of the log from then on. It happens in the transaction that records the erasure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select

from events import kinds
from events.about import Correction
from events.register import Entity
from projections.all import PROJECTIONS
from timeline.state.alone import keep_away
from timeline.state.folding import Chunk, EntryKey, Folder, Raw
from timeline.state.joined import Joined
from timeline.state.reading import entries_naming, past_of
from timeline.state.staging import PAGE, streams
from timeline.state.swapping import drop_leftovers
from timeline.state.tables import NOBODY, TABLES, Numbers, RowTable, Values, chunks, entry_keys, numbers
from timeline.store import log
from timeline.store.database import Database
from timeline.store.tables import payloads

NAMES = tuple(p.name for p in PROJECTIONS)

Masks = dict[str, dict[str, int]]
"""For each key the entries that may have to do with it, each with its projections as bits."""


def forget(database: Database, connection: Connection, batch: log.Batch, entries: Sequence[UUID]) -> None:
    """Remove what the entries said, whose erasure stands in the batch, from the log and from every projection.

    The projections are up to date with the batch. Raises StoreError while they are being rebuilt: the rebuild would
    put back what it has read before.
    """
    keep_away(database, connection)
    drop_leftovers(connection)
    gone = streams(connection, [e.hex for e in entries], batch.last, as_stored=True)
    before = past_of(connection, batch.last, as_stored=True)
    said = [p for stream in gone.values() for p in _said_before_erasure(stream)]
    for part in chunks(said):
        connection.execute(delete(payloads).where(payloads.c.position.in_(part)))
    _Refolding(connection, batch, gone, before).run()
    _drop_numbers(connection, _ids_in(raw for stream in gone.values() for raw in stream))


def _said_before_erasure(stream: Sequence[Raw]) -> list[int]:
    last = max(raw[0] for raw in stream if raw[4] == "erasure")
    return [raw[0] for raw in stream if raw[0] < last]


class _Refolding:
    """The keys that some entries ever touched, folded again without these entries."""

    def __init__(self, connection: Connection, batch: log.Batch, gone: dict[str, list[Raw]], before: Joined) -> None:
        self.connection = connection
        self.upto = batch.last
        self.gone = gone
        self.before = before
        self.past = past_of(connection, self.upto)
        self.folder = Folder(NAMES, self.past)
        self.renamed = self._renamed()
        """Entries that stay, whose ids mean something else without a merge that goes."""
        self.keys: dict[str, int] = {}
        """Every key that is folded again, with its projections as bits."""
        self.remembered: dict[EntryKey, None] = {}

    def run(self) -> None:
        """Replace the rows of the keys, and what is remembered of their entries."""
        masks = self._keys()
        self._remember_entries(masks)
        moved = [*self.gone, *self.renamed]
        for part in chunks([UUID(e) for e in moved]):
            self.connection.execute(delete(entry_keys).where(entry_keys.c.entry_id.in_(part)))
        for keys in _parts(masks):
            self._fold(keys)
        if self.remembered:
            found = [{"projection": p, "key": key, "entry_id": UUID(entry)} for p, key, entry in self.remembered]
            self.connection.execute(insert(entry_keys), found)

    def _renamed(self) -> dict[str, list[Raw]]:
        ids = {*self.before.changes, *self.past.changes}
        changed = [i for i in ids if self.before.changes.get(i) != self.past.changes.get(i)]
        if not changed:
            return {}
        found = entries_naming(self.connection, changed, self.upto) - self.gone.keys()
        return streams(self.connection, sorted(found), self.upto)

    def _keys(self) -> Masks:
        """Find the keys that the erased and the renamed entries were ever folded for, or will be; with the latter.

        What a renamed entry was folded for by the merge that goes, it is not folded for any more.
        """
        told = [(raw, False) for stream in (*self.gone.values(), *self.renamed.values()) for raw in stream]
        for folder in (Folder(NAMES, self.before), self.folder):
            for key, _, mask in folder.index(told).concerns:
                self.keys[key] = self.keys.get(key, 0) | mask
        masks: Masks = {key: {} for key in self.keys}
        for key, entry, mask in self.folder.index((raw, False) for s in self.renamed.values() for raw in s).concerns:
            masks[key][entry] = masks[key].get(entry, 0) | mask
        return masks

    def _remember_entries(self, masks: Masks) -> None:
        """Add the entries besides that the keys were ever folded from."""
        for bit, projection in self.folder.projections:
            wanted = [key for key, mask in self.keys.items() if mask & bit]
            for part in chunks(wanted):
                query = select(entry_keys.c.key, entry_keys.c.entry_id).where(
                    entry_keys.c.projection == projection.name, entry_keys.c.key.in_(part)
                )
                for key, entry in self.connection.execute(query):
                    if entry.hex not in self.gone and entry.hex not in self.renamed:
                        masks[key][entry.hex] = masks[key].get(entry.hex, 0) | bit

    def _fold(self, keys: list[tuple[str, dict[str, int]]]) -> None:
        told = streams(self.connection, sorted({e for _, of_key in keys for e in of_key}), self.upto)
        made = self.folder.fold(Chunk([(key, list(of_key.items())) for key, of_key in keys], told, []))
        names = Numbers(self.connection)
        for bit, projection in self.folder.projections:
            table = TABLES[projection.name]
            folded = [key for key, _ in keys if self.keys[key] & bit]
            for part in chunks(table.key_values(folded, names)):
                self.connection.execute(delete(table.table).where(table.key_column.in_(part)))
            _insert(self.connection, table, made.rows[projection.name], names)
        self.remembered |= dict.fromkeys(k for k in made.entry_keys if k[2] in self.renamed)


def _parts(masks: Masks) -> Iterator[list[tuple[str, dict[str, int]]]]:
    """The keys in parts with few entries, so that memory stays flat; one with more is a part of its own."""
    part: list[tuple[str, dict[str, int]]] = []
    size = 0
    for key, of_key in masks.items():
        if part and size + len(of_key) > PAGE:
            yield part
            part, size = [], 0
        part.append((key, of_key))
        size += len(of_key)
    if part:
        yield part


def _insert(connection: Connection, table: RowTable, rows: Sequence[Values], names: Numbers) -> None:
    if not rows:
        return
    fields = table.fields
    ids = [n for n, field in enumerate(fields) if field.sort == "entity"]
    names.fetch([row[n] for row in rows for n in ids if row[n] is not None], add=True)
    last = connection.scalar(select(func.max(table.table.c.id))) or 0
    stored = []
    for number, row in enumerate(rows, last + 1):
        values: dict[str, Any] = {"id": number, "known_from": row[-2], "known_to": row[-1]}
        for field, value in zip(fields, row, strict=False):
            if field.sort == "entity":
                value = NOBODY if value is None else names.of(value)
            values[field.name] = UUID(value) if field.sort == "entry" else value
        stored.append(values)
    connection.execute(insert(table.table), stored)


# -- the numbers of ids -----------------------------------------------------------------------------------------------


def _ids_in(raws: Iterable[Raw]) -> set[str]:
    """The ids that events name or register, but for sources, which have no numbers."""
    found: set[str] = set()
    for _, _, _, _, kind, state in raws:
        event = None if state is None else kinds.decode(kind, state)
        for said in (event, event.event) if isinstance(event, Correction) else (event,):
            if said is not None:
                found |= {given for _, given, types in kinds.mentions(said) if types != ("source",)}
                found |= {said.id} if isinstance(said, Entity) else set()
    return found


def _drop_numbers(connection: Connection, ids: Iterable[str]) -> None:
    """Forget the ids that stand in no row any more: a number keeps its id readable."""
    names = Numbers(connection)
    left = set(names.numbered(sorted(ids)).values())
    for table in TABLES.values():
        for field in table.fields:
            if field.sort == "entity":
                column = table.table.c[field.name]
                for part in chunks(sorted(left)):
                    left -= set(connection.scalars(select(column).where(column.in_(part)).distinct()))
    for part in chunks(sorted(left)):
        connection.execute(delete(numbers).where(numbers.c.number.in_(part)))

"""Keeping the projections up to date, inside the transaction that records.

A batch touches some entries; these touch some keys, those that the entries had before and those that they have now.
Only these keys are folded again, once, from all their facts; rows that are no longer so get `known_to`, new ones
`known_from`: the position that the batch ends at. So events may come in any order, and every earlier state of knowledge
stays in the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.engine import RowMapping

from events.dates import FOREVER
from events.kinds import decode, mentions
from events.register import Entity, Merge
from projections import merges
from projections.all import PROJECTIONS, keys_of, merged_ids
from projections.facts import Fact, Version, in_force, in_order, resolved
from projections.rows import Projection, Row
from timeline.state.tables import TABLES, Numbers, RowTable, chunks, entry_keys, merges_known
from timeline.store import log

ROWS_A_BATCH = 1 << 24
"""More rows than one projection can gain in one batch; makes row ids unique without asking the table."""


def versions(stream: Iterable[log.Entry]) -> list[Version]:
    """The events of an entry as the pure folds read them."""
    return [Version(e.position, e.version, None if e.state is None else decode(e.kind, e.state)) for e in stream]


def project(connection: Connection, batch: log.Batch, entry_ids: Iterable[UUID]) -> None:
    """Bring every projection up to the end of a batch, which holds events of the given entries."""
    _Projecting(connection, batch).run(list(dict.fromkeys(entry_ids)))


class _Projecting:
    """One batch on its way into the tables."""

    def __init__(self, connection: Connection, batch: log.Batch) -> None:
        self.connection = connection
        self.batch = batch
        self.numbers = Numbers(connection)
        self.facts: dict[UUID, Fact | None] = {}
        self.merged: Mapping[str, str] = {}

    def run(self, entry_ids: list[UUID]) -> None:
        streams = {e: versions(s) for e, s in log.streams(self.connection, entry_ids).items()}
        before = [
            f
            for e, stream in streams.items()
            if (f := in_force(e, [v for v in stream if v.position < self.batch.first])) is not None
        ]
        self.facts = {e: in_force(e, stream) for e, stream in streams.items()}
        after = [f for f in self.facts.values() if f is not None]
        merged_before = merges_known(self.numbers)
        self.merged = self._merges_now(before, after, merged_before)
        if self.merged != merged_before:
            ids = {*merged_before, *self.merged}
            changed = [i for i in ids if merges.follow(i, merged_before) != merges.follow(i, self.merged)]
            others = self._entries_naming(changed, streams)
            self._load(others)
            both = [f for e in others if (f := self.facts[e]) is not None]
            before, after = before + both, after + both
        touched: dict[str, dict[str, None]] = {p.name: {} for p in PROJECTIONS}
        self._touch(touched, before, merged_before, remember=False)
        self._touch(touched, after, self.merged, remember=True)
        for projection in PROJECTIONS:
            self._refold(projection, list(touched[projection.name]))

    # -- merges ------------------------------------------------------------------------------------------------------

    def _merges_now(self, before: list[Fact], after: list[Fact], known: Mapping[str, str]) -> dict[str, str]:
        concerned = {f.event.duplicate for f in (*before, *after) if isinstance(f.event, Merge)}
        if not concerned:
            return dict(known)
        entries = self._entries_of("merges", list(concerned))
        self._load([e for of_key in entries.values() for e in of_key])
        now = merged_ids([f for f in self.facts.values() if f is not None])
        return {d: i for d, i in known.items() if d not in concerned} | now

    def _entries_naming(self, ids: Sequence[str], streams: Mapping[UUID, Any]) -> list[UUID]:
        """Every entry that names one of the ids, whose meaning a merge changed."""
        table = TABLES["mentions"].table
        self.numbers.fetch(ids)
        found = {
            row.entry
            for part in chunks([self.numbers.of(i) for i in ids])
            for row in self.connection.execute(select(table.c.entry).where(table.c.entity.in_(part)))
        }
        for projection in ("mentions", "entities"):
            for of_key in self._entries_of(projection, ids).values():
                found.update(of_key)
        return [e for e in found if e not in streams]

    # -- keys --------------------------------------------------------------------------------------------------------

    def _touch(
        self,
        touched: dict[str, dict[str, None]],
        facts: list[Fact],
        merged: Mapping[str, str],
        *,
        remember: bool,
    ) -> None:
        index: list[tuple[str, str, UUID]] = []
        for fact in facts:
            whole = self._resolved(fact, merged)
            if remember and merged:
                index += _names_before_merges(fact, whole, merged)
            if whole is None:
                continue
            for projection in PROJECTIONS:
                for key in keys_of(projection, whole, merged):
                    touched[projection.name][key] = None
                    if remember and not projection.by_entry:
                        index.append((projection.name, key, fact.entry))
        if index:
            known = self._indexed(index)
            fresh = [dict(zip(entry_keys.c.keys(), i, strict=True)) for i in dict.fromkeys(index) if i not in known]
            if fresh:
                self.connection.execute(entry_keys.insert(), fresh)

    def _indexed(self, index: Iterable[tuple[str, str, UUID]]) -> set[tuple[str, str, UUID]]:
        """Those that are remembered already, looked up by the primary key: by entry alone, it would be a full scan."""
        asked: dict[str, dict[str, set[UUID]]] = {}
        for projection, key, entry in index:
            if (fact := self.facts.get(entry)) is not None and fact.position < self.batch.first:
                asked.setdefault(projection, {}).setdefault(key, set()).add(entry)
        columns = entry_keys.c
        return {
            (r.projection, r.key, r.entry_id)
            for projection, keys in asked.items()
            for part in chunks(list(keys))
            for entries in chunks(list(set().union(*(keys[k] for k in part))))
            for r in self.connection.execute(
                select(entry_keys).where(
                    columns.projection == projection, columns.key.in_(part), columns.entry_id.in_(entries)
                )
            )
        }

    def _resolved(self, fact: Fact, merged: Mapping[str, str]) -> Fact | None:
        return resolved(fact, lambda i: merges.follow(i, merged)) if merged else fact

    def _entries_of(self, projection: str, keys: Sequence[str]) -> dict[str, list[UUID]]:
        found: dict[str, list[UUID]] = {}
        for part in chunks(keys):
            query = select(entry_keys.c.key, entry_keys.c.entry_id).where(
                entry_keys.c.projection == projection, entry_keys.c.key.in_(part)
            )
            for row in self.connection.execute(query):
                found.setdefault(row.key, []).append(row.entry_id)
        return found

    def _load(self, entry_ids: Iterable[UUID]) -> None:
        missing = [e for e in dict.fromkeys(entry_ids) if e not in self.facts]
        found = log.streams(self.connection, missing)
        for entry_id in missing:
            self.facts[entry_id] = in_force(entry_id, versions(found.get(entry_id, [])))

    # -- rows --------------------------------------------------------------------------------------------------------

    def _refold(self, projection: Projection, keys: list[str]) -> None:
        if not keys:
            return
        if projection.by_entry:
            entries = {key: [UUID(key)] for key in keys}
        else:
            entries = self._entries_of(projection.name, keys)
        self._load(e for of_key in entries.values() for e in of_key)
        table = TABLES[projection.name]
        rows: list[tuple[str, Row]] = []
        for key in keys:
            facts = [f for e in entries.get(key, []) if (f := self.facts[e]) is not None]
            whole = [w for f in facts if (w := self._resolved(f, self.merged)) is not None]
            of_key = [f for f in whole if key in keys_of(projection, f, self.merged)]
            rows += ((key, row) for row in projection.fold(key, in_order(of_key)))
        self.numbers.fetch([i for key, row in rows for i in table.ids_in(row)], add=True)
        self._store(table, keys, rows)

    def _store(self, table: RowTable, keys: list[str], rows: list[tuple[str, Row]]) -> None:
        """Write the difference between the rows that stand and those that should."""
        standing = self._standing(table, keys)
        wanted = Counter(row for _, row in rows)
        gone = []
        for row_id, row in standing:
            if wanted[row] > 0:
                wanted[row] -= 1
            else:
                gone.append({"row_id": row_id, **_cluster(table, row, self.numbers)})
        new = [row for row, count in wanted.items() for _ in range(count)]
        if gone:
            where = [table.table.c[name] == bindparam(f"c_{name}") for name in table.row.cluster]
            statement = update(table.table).where(*where, table.table.c.id == bindparam("row_id"))
            self.connection.execute(statement.values(known_to=self.batch.last), gone)
        if new:
            first = self.batch.last * ROWS_A_BATCH
            known = {"known_from": self.batch.last, "known_to": FOREVER}
            stored = [table.stored(row, self.numbers) | known | {"id": first + n} for n, row in enumerate(new)]
            self.connection.execute(table.table.insert(), stored)

    def _standing(self, table: RowTable, keys: list[str]) -> list[tuple[int, Row]]:
        found: list[RowMapping] = []
        if table.projection.by_entry:
            keys = [k for k in keys if (f := self.facts[UUID(k)]) is None or f.position < self.batch.first]
        values = [table.key_value(key, self.numbers) for key in keys]
        for part in chunks(values):
            query = select(table.table).where(table.key_column.in_(part), table.known(None))
            found += self.connection.execute(query).mappings().all()
        return list(zip((m["id"] for m in found), table.loaded(found, self.numbers), strict=True))


def _names_before_merges(fact: Fact, whole: Fact | None, merged: Mapping[str, str]) -> Iterable[tuple[str, str, UUID]]:
    """What must find an entry again when a merge is withdrawn: the rows of the entry tell the other ids only."""
    if isinstance(fact.event, Entity) and fact.event.id in merged:
        yield "entities", fact.event.id, fact.entry
    if whole is not fact:
        for named in {given for _, given, types in mentions(fact.event) if types != ("source",)}:
            yield "mentions", named, fact.entry


def _cluster(table: RowTable, row: Row, numbers: Numbers) -> dict[str, Any]:
    stored = table.stored(row, numbers)
    return {f"c_{name}": stored[name] for name in table.row.cluster}

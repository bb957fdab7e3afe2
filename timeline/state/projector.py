"""Keeping the projections up to date, inside the transaction that records.

A batch touches some entries; these touch some keys, those that the entries had before and those that they have now.
Only these keys are folded again, once, from all their facts; rows that are no longer so get `known_to`, new ones
`known_from`: the position that the batch ends at. So events may come in any order, and every earlier state of knowledge
stays in the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from events.dates import FOREVER
from events.kinds import decode, mentions
from events.register import Entity, Merge
from projections import merges
from projections.all import PROJECTIONS, keys_of, merged_ids
from projections.facts import Fact, Version, in_force, in_order
from projections.rows import Projection, Row
from timeline.entries import as_entry
from timeline.progress import Progress, untold
from timeline.state.folding import Logged
from timeline.state.newcomers import ROWS_A_BATCH, Newcomers
from timeline.state.tables import TABLES, Numbers, Place, RowTable, chunks, entry_keys, merges_known
from timeline.state.touched import StagedTouched, Touched
from timeline.store import log
from timeline.store.bulk import among, insert_rows
from timeline.store.mapper import EntryEvent

KEYED = tuple(p for p in PROJECTIONS if not p.by_entry)
BY_ENTRY = tuple(p for p in PROJECTIONS if p.by_entry)

PART = 1000
"""How many entries, or keys, of a long batch are worked on at once."""

Streams = Mapping[UUID, Sequence[Version]]
"""All events of some entries."""


def versions(stream: Iterable[log.Entry]) -> list[Version]:
    """The events of an entry as the pure folds read them."""
    return [Version(e.position, e.version, None if e.state is None else decode(e.kind, e.state)) for e in stream]


def project(numbers: Numbers, batch: log.Batch, told: Sequence[EntryEvent]) -> None:
    """Bring every projection up to the end of a batch, of which all events are given as they are read from the log."""
    streams = _streams_of(numbers.connection, batch, told)
    merging = [entry for entry, stream in streams.items() if isinstance(stream[0].event, Merge)]
    with Touched() as touched:
        _Projecting(numbers, batch, touched).run(merging, [streams])


def project_in_parts(
    connection: Connection, batch: log.Batch, pages: Iterable[Sequence[Logged]], tell: Progress = untold
) -> None:
    """The same for a batch of any length, whose events come page by page so that memory stays flat."""
    with StagedTouched(connection, tell) as touched:
        projecting = _Projecting(Numbers(connection), batch, touched)
        many = batch.last - batch.first + 1
        merging = log.entries_begun_as(connection, batch, "merge")
        if merging:  # they change what all the others mean
            for page in pages:
                tell("reading", page[0].raw[0] - batch.first, many)
            projecting.run(merging, _all_of(connection, batch, tell))
            return
        merged = merges_known(projecting.numbers)
        with Newcomers(connection, batch, merged, projecting.written) as newcomers:

            def parts() -> Iterator[Streams]:
                for page in pages:
                    tell("indexing", page[0].raw[0] - batch.first, many)
                    yield _streams(connection, newcomers.take(page))
                done = 0
                for folded in newcomers.fold(touched):
                    done += folded
                    tell("folding", done, many)

            projecting.run((), parts())


def _all_of(connection: Connection, batch: log.Batch, tell: Progress) -> Iterator[Streams]:
    for number, part in enumerate(log.entries_in(connection, batch, PART)):
        tell("indexing", number * PART, batch.last - batch.first + 1)
        yield _streams(connection, part)


def _streams_of(connection: Connection, batch: log.Batch, told: Sequence[EntryEvent]) -> Streams:
    """The streams of the entries of a batch, in its order; those that it begins need not be read."""
    found: dict[UUID, list[Version]] = {}
    for position, item in enumerate(told, batch.first):
        version = Version(position, item.originator_version, item.event)
        found.setdefault(item.originator_id, []).append(version)
    return found | _streams(connection, [entry for entry, stream in found.items() if stream[0].version > 1])


def _streams(connection: Connection, entry_ids: Sequence[UUID]) -> dict[UUID, list[Version]]:
    """The events of entries that stand in the log, in the order given."""
    found = log.streams(connection, entry_ids, as_stored=True)
    return {e: versions(found[e]) for e in entry_ids}


class _Projecting:
    """One batch on its way into the tables.

    Each part of the batch says which keys it touches; what an entry alone decides is folded at once, all other keys
    when every part was read. Between two parts everything that was read is forgotten.
    """

    def __init__(self, numbers: Numbers, batch: log.Batch, touched: Touched) -> None:
        self.connection = numbers.connection
        self.batch = batch
        self.touched = touched
        self.numbers = numbers
        self.facts: dict[UUID, Fact | None] = {}
        self.merged: Mapping[str, str] = {}
        self.merged_before: Mapping[str, str] = {}
        self.written: Counter[str] = Counter()
        """How many rows of each projection are new."""

    def run(self, merging: Sequence[UUID], parts: Iterable[Streams]) -> None:
        """Touch and fold what the parts of the batch hold, of which no two have an entry in common.

        `merging` are the entries among them that begin with a merge.
        """
        self.merged_before = merges_known(self.numbers)
        self.merged = self._merges_now(merging) if merging else self.merged_before
        for streams in parts:
            self._part(streams)
        if self.merged != self.merged_before:
            ids = {*self.merged_before, *self.merged}
            changed = [i for i in ids if merges.follow(i, self.merged_before) != merges.follow(i, self.merged)]
            for part in chunks(self._entries_naming(changed), PART):
                self._forget()
                self._load(part)
                named = [f for e in part if (f := self.facts[e]) is not None]
                self._touch(named, self.merged_before, remember=False)
                self._touch(named, self.merged, remember=True)
                self._refold_entries(part)
        for keys in self.touched.parts():
            self._refold(keys)
            if self.touched.is_long:
                self._forget()

    def _part(self, streams: Streams) -> None:
        if self.touched.is_long:
            self._forget()
        before = [
            f
            for e, stream in streams.items()
            if (f := in_force(e, [v for v in stream if v.position < self.batch.first])) is not None
        ]
        self.facts |= {e: in_force(e, stream) for e, stream in streams.items()}
        self._touch(before, self.merged_before, remember=False)
        self._touch([f for e in streams if (f := self.facts[e]) is not None], self.merged, remember=True)
        self._refold_entries(list(streams))

    def _forget(self) -> None:
        self.facts = {}
        self.numbers = Numbers(self.connection)

    # -- merges ------------------------------------------------------------------------------------------------------

    def _merges_now(self, merging: Sequence[UUID]) -> dict[str, str]:
        """What each duplicate is merged into after the batch."""
        known = self.merged_before
        streams = {e: versions(s) for e, s in log.streams(self.connection, merging, as_stored=True).items()}
        before = (in_force(e, [v for v in s if v.position < self.batch.first]) for e, s in streams.items())
        after = (in_force(e, s) for e, s in streams.items())
        concerned = {f.event.duplicate for f in (*before, *after) if f and isinstance(f.event, Merge)}
        of_key = self._entries_of(["merges"], list(concerned))["merges"]
        others = [e for found in of_key.values() for e in found if e not in streams]
        streams |= {e: versions(s) for e, s in log.streams(self.connection, others).items()}
        now = merged_ids([f for e, s in streams.items() if (f := in_force(e, s)) is not None])
        return {d: i for d, i in known.items() if d not in concerned} | now

    def _entries_naming(self, ids: Sequence[str]) -> list[UUID]:
        """Every entry outside the batch that names one of the ids, whose meaning a merge changed."""
        table = TABLES["mentions"].table
        found = {
            row.entry: None
            for part in chunks(list(self.numbers.numbered(ids).values()))
            for row in self.connection.execute(select(table.c.entry).where(table.c.entity.in_(part)))
        }
        for of_projection in self._entries_of(["mentions", "entities"], ids).values():
            for of_key in of_projection.values():
                found |= dict.fromkeys(of_key)
        in_batch = log.entries_of(self.connection, self.batch, list(found))
        return [e for e in found if e not in in_batch]

    # -- keys --------------------------------------------------------------------------------------------------------

    def _touch(self, facts: list[Fact], merged: Mapping[str, str], *, remember: bool) -> None:
        index: list[tuple[str, str, UUID]] = []
        for fact in facts:
            whole = merges.resolve(fact, merged)
            if remember and merged:
                index += _names_before_merges(fact, whole, merged)
            if whole is None:
                continue
            for projection in KEYED:
                for key in keys_of(projection, whole, merged):
                    self.touched.add(projection.name, key)
                    if remember:
                        index.append((projection.name, key, fact.entry))
        if index:
            known = self._indexed(index)
            fresh = [
                (projection, key, entry.hex)
                for projection, key, entry in dict.fromkeys(index)
                if (projection, key, entry) not in known
            ]
            insert_rows(self.connection, entry_keys.name, entry_keys.c.keys(), fresh)

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

    def _entries_of(self, projections: Sequence[str], keys: Sequence[str]) -> dict[str, dict[str, list[UUID]]]:
        """The entries that some keys of some projections were ever folded from, by projection and key."""
        named = ", ".join(f"'{name}'" for name in projections)
        query = f"SELECT projection, key, entry_id FROM entry_keys WHERE projection IN ({named}) AND key"
        found: dict[str, dict[str, list[UUID]]] = {name: {} for name in projections}
        for projection, key, entry in among(self.connection, query, "text", keys):
            of_projection = found[projection]
            of_projection.setdefault(key, []).append(as_entry(entry))
        return found

    def _load(self, entry_ids: Iterable[UUID]) -> None:
        missing = [e for e in dict.fromkeys(entry_ids) if e not in self.facts]
        found = log.streams(self.connection, missing)
        for entry_id in missing:
            self.facts[entry_id] = in_force(entry_id, versions(found.get(entry_id, [])))

    # -- rows --------------------------------------------------------------------------------------------------------

    def _refold_entries(self, entry_ids: Sequence[UUID]) -> None:
        """The projections in which every entry is a key of its own."""
        keys = {str(e): [e] for e in entry_ids}
        for projection in BY_ENTRY:
            self._fold(projection, list(keys), keys)

    def _refold(self, keys: Mapping[str, list[str]]) -> None:
        """Some keys of every other projection, by its name."""
        together: dict[tuple[str, ...], list[str]] = {}
        for name, of_projection in keys.items():
            together.setdefault(tuple(of_projection), []).append(name)
        entries = {n: e for k, names in together.items() for n, e in self._entries_of(names, k).items()}
        self._load(e for of_projection in entries.values() for of_key in of_projection.values() for e in of_key)
        for projection in KEYED:
            if wanted := keys.get(projection.name):
                self._fold(projection, wanted, entries[projection.name])

    def _fold(self, projection: Projection, keys: list[str], entries: Mapping[str, Sequence[UUID]]) -> None:
        table = TABLES[projection.name]
        rows: list[Row] = []
        for key in keys:
            facts = [f for e in entries.get(key, ()) if (f := self.facts[e]) is not None]
            whole = [w for f in facts if (w := merges.resolve(f, self.merged)) is not None]
            of_key = [f for f in whole if key in keys_of(projection, f, self.merged)]
            rows += projection.fold(key, in_order(of_key))
        known = [key for key in keys if not all(map(self._is_new, entries.get(key, ())))]
        self._store(table, known, rows)

    def _is_new(self, entry: UUID) -> bool:
        """Whether an entry begins with the batch, so that nothing can stand that was folded from it."""
        return (fact := self.facts[entry]) is not None and fact.position >= self.batch.first

    def _store(self, table: RowTable, known: list[str], rows: list[Row]) -> None:
        """Write the difference between the rows that stand, of keys of which any can, and those that should."""
        standing = table.standing(known, self.numbers) if known else []
        new, gone = _difference(standing, rows) if standing else (rows, [])
        if gone:
            table.end(self.connection, gone, self.batch.last)
        if new:
            name = table.projection.name
            first = self.batch.last * ROWS_A_BATCH + self.written[name]
            self.written[name] += len(new)
            table.insert([(*table.values(row), self.batch.last, FOREVER) for row in new], self.numbers, first)


def _difference(standing: Iterable[tuple[Place, Row]], rows: Iterable[Row]) -> tuple[list[Row], list[Place]]:
    """The rows that are new, and where those stand that are no longer so."""
    wanted = Counter(rows)
    gone: list[Place] = []
    for place, row in standing:
        if wanted[row] > 0:
            wanted[row] -= 1
        else:
            gone.append(place)
    return list(wanted.elements()), gone


def _names_before_merges(fact: Fact, whole: Fact | None, merged: Mapping[str, str]) -> Iterable[tuple[str, str, UUID]]:
    """What must find an entry again when a merge is withdrawn: the rows of the entry tell the other ids only."""
    if isinstance(fact.event, Entity) and fact.event.id in merged:
        yield "entities", fact.event.id, fact.entry
    if whole is not fact:
        for named in {given for _, given, types in mentions(fact.event) if types != ("source",)}:
            yield "mentions", named, fact.entry

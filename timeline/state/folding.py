"""The work of a rebuild, as plain functions over raw parts of the log: no database, so that it runs on every core.

It takes two turns. `index` reads the log page by page and says which keys each event may concern; what an entry alone
decides, it folds at once. `fold` takes some keys with the whole streams of their entries, and folds each key at the end
of every batch that touched it. To fold a key once too often is harmless: the rows are then the same as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from events import kinds
from events.about import Correction
from events.base import Event
from events.dates import FOREVER
from events.register import Entity
from projections import merges
from projections.all import PROJECTIONS, keys_of
from projections.facts import Fact, Version, first_said, in_force, in_order
from projections.rows import Projection, Row
from timeline.entries import entry_from
from timeline.state.joined import Joined
from timeline.state.tables import TABLES, Values

Raw = tuple[int, int, str, int, str, bytes | None]
"""An event as the log holds it: position, batch, entry as 32 hexadecimal digits, version, kind, state."""

Concern = tuple[str, str, int]
"""A key, an entry that may have to do with it, and the projections of the key: each a bit, by its place of all."""

Settled = tuple[str, str, int, int, int, str, bytes]
"""The same of an entry that says one thing for ever, with the event: key, entry, projections; position, batch, kind,
state."""

Fold = Callable[[str, Sequence[Fact]], Sequence[Row]]

EntryKey = tuple[str, str, str]
"""A projection, a key of it, an entry that it was folded from: a row of `entry_keys`."""


class Logged(NamedTuple):
    """An event as the log holds it, and as it reads."""

    raw: Raw
    alone: bool
    """Its entry has no other."""
    event: Event


class Indexed(NamedTuple):
    """What a page of the log gives."""

    concerns: list[Concern]
    settled: list[Settled]
    rows: dict[str, list[Values]]


class Folded(NamedTuple):
    """What some keys give. A row has `known_from` and `known_to` behind its values."""

    rows: dict[str, list[Values]]
    entry_keys: list[EntryKey]


class Chunk(NamedTuple):
    """Some keys, each with its entries and for which projections they count, and the streams of these entries.

    `settled` has the keys all of whose entries are.
    """

    keys: list[tuple[str, list[tuple[str, int]]]]
    streams: dict[str, list[Raw]]
    settled: list[list[Settled]]


class _State(NamedTuple):
    """What an entry says from the end of a batch on: by itself, and with the ids that merged ones stand for."""

    batch: int
    fact: Fact | None
    whole: Fact | None
    merged: dict[str, str]
    settled: bool
    """It says the same for ever, so it is of every key that it was found by."""


class Folder:
    """Folds the projections of some names, in a ledger whose merges are known.

    If all goes by key, `index` folds nothing: what an entry alone decides is then settled by a key of its own.
    """

    def __init__(self, names: Iterable[str], past: Joined, by_key: bool = False) -> None:
        self.names = tuple(names)
        self.past = past
        self.by_key = by_key
        self.projections = [(1 << n, p) for n, p in enumerate(PROJECTIONS) if p.name in self.names]
        self.values = {p.name: TABLES[p.name].values for _, p in self.projections}
        self._readers: dict[type[Event], tuple[list[tuple[int, Projection]], list[tuple[int, Projection]]]] = {}
        self._chosen: dict[int, list[tuple[str, int, Fold, Callable[[Row], Values]]]] = {}
        self._kinds = {tag for tag, cls in kinds.KINDS.items() if cls is Correction or any(self._reading(cls))}

    def index(self, page: Iterable[tuple[Raw, bool]]) -> Indexed:
        """The keys that a page of the log concerns; with each event comes whether its entry has no other."""
        return self.index_read(
            Logged(raw, alone, kinds.decode(raw[4], raw[5]))
            for raw, alone in page
            if raw[4] in self._kinds and raw[5] is not None
        )

    def index_read(self, page: Iterable[Logged]) -> Indexed:
        """The same for events that were read already."""
        found = Indexed([], [], {p.name: [] for _, p in self.projections if p.by_entry})
        for (position, batch, entry, _, kind, state), alone, event in page:
            content = event.event if isinstance(event, Correction) else event
            by_entry, keyed = self._reading(type(content))
            entry_id = entry_from(entry)
            fact = first_said(entry_id, position, content)
            keys = [(bit, key) for bit, p in keyed for key in p.keys(fact)]
            concerned = self._concerned(content, keys)
            settled = alone and not concerned and content is event
            if settled and not self.by_key:
                for _, projection in by_entry:
                    values = self.values[projection.name]
                    rows = projection.fold(entry, [fact])
                    found.rows[projection.name] += [(*values(row), batch, FOREVER) for row in rows]
            else:
                keys += [(bit, str(entry_id)) for bit, _ in by_entry]
            masks: dict[str, int] = {}
            for bit, key in keys:
                for meaning in self.past.meanings(key) if concerned else (key,):
                    masks[meaning] = masks.get(meaning, 0) | bit
            if settled:
                found.settled.extend(
                    [(key, entry, mask, position, batch, kind, state or b"") for key, mask in masks.items()]
                )
            else:
                found.concerns.extend([(key, entry, mask) for key, mask in masks.items()])
        return found

    def fold(self, chunk: Chunk) -> Folded:
        """The rows of some keys, each with the range of positions in which it was known."""
        found = Folded({p.name: [] for _, p in self.projections}, [])
        for settled in chunk.settled:
            self._fold_settled(settled, found)
        histories = {entry: self._history(entry, stream) for entry, stream in chunk.streams.items()}
        for key, entries in chunk.keys:
            for bit, projection in self.projections:
                states = [histories[e] for e, mask in entries if mask & bit and e in histories]
                if states:
                    values = self.values[projection.name]
                    rows, folded_from = _fold_key(projection, key, states)
                    found.rows[projection.name] += [(*values(row), since, until) for row, since, until in rows]
                    found.entry_keys.extend(_remembered(projection, key, states, folded_from))
        return found

    def _fold_settled(self, told: Sequence[Settled], found: Folded) -> None:
        """Fold a key of whose entries each says one thing for ever: nearly all keys are of this sort."""
        key = told[0][0]
        facts = [
            (mask, batch, first_said(entry_from(entry), position, kinds.decode(kind, state)))
            for _, entry, mask, position, batch, kind, state in told
        ]
        facts.sort(key=itemgetter(1))
        masks = 0
        for mask, _, _ in facts:
            masks |= mask
        for name, bit, fold, values in self._folds(masks):
            counting = [(batch, fact) for mask, batch, fact in facts if mask & bit]
            rows = found.rows[name]
            last = counting[-1][0]
            if counting[0][0] == last:
                folded = fold(key, in_order([fact for _, fact in counting]))
                rows += [(*values(row), last, FOREVER) for row in folded]
            else:
                rows += [(*values(row), since, until) for row, since, until in _fold_steps(fold, key, counting)]
            found.entry_keys.extend([(name, key, entry) for _, entry, mask, *_ in told if mask & bit])

    def _folds(self, masks: int) -> list[tuple[str, int, Fold, Callable[[Row], Values]]]:
        """How to fold the projections whose bits are given."""
        if masks not in self._chosen:
            chosen = [(bit, p) for bit, p in self.projections if masks & bit]
            self._chosen[masks] = [(p.name, bit, p.fold, self.values[p.name]) for bit, p in chosen]
        return self._chosen[masks]

    def _reading(self, cls: type[Event]) -> tuple[list[tuple[int, Projection]], list[tuple[int, Projection]]]:
        """The projections that read a kind: those with a key an entry, and the others."""
        if cls not in self._readers:
            reading = [(bit, p) for bit, p in self.projections if issubclass(cls, p.kinds)]
            self._readers[cls] = [x for x in reading if x[1].by_entry], [x for x in reading if not x[1].by_entry]
        return self._readers[cls]

    def _concerned(self, content: Event, keys: Iterable[tuple[int, str]] = ()) -> set[str]:
        """The ids in an event that were ever merged."""
        if not self.past.changes:
            return set()
        named = {given for _, given, _ in kinds.mentions(content)} | {key for _, key in keys}
        named |= {content.id} if isinstance(content, Entity) else set()
        return named & self.past.changes.keys()

    def _history(self, entry: str, stream: Sequence[Raw]) -> list[_State]:
        """What an entry said, from the end of each batch on at which that may have changed."""
        entry_id = entry_from(entry)
        if len(stream) == 1:  # most entries are never spoken of again
            position, batch, _, _, kind, raw = stream[0]
            event = None if raw is None else kinds.decode(kind, raw)
            if event is None or not self._concerned(event):
                fact = in_force(entry_id, [Version(position, 1, event)])
                return [_State(batch, fact, fact, {}, True)]
        versions = [Version(r[0], r[3], None if r[5] is None else kinds.decode(r[4], r[5])) for r in stream]
        contents = [v.event.event if isinstance(v.event, Correction) else v.event for v in versions]
        concerned = {i for c in contents if c is not None for i in self._concerned(c)}
        batches = {r[1] for r in stream}
        batches |= {b for i in concerned for b in self.past.batches(i) if b > stream[0][1]}
        states = []
        for batch in sorted(batches):
            fact = in_force(entry_id, versions[: sum(r[1] <= batch for r in stream)])
            merged = self.past.at(batch, concerned)
            whole = None if fact is None else merges.resolve(fact, merged)
            states.append(_State(batch, fact, whole, merged, False))
        return states


def _fold_key(
    projection: Projection, key: str, histories: Sequence[Sequence[_State]]
) -> tuple[list[tuple[Row, int, int]], set[UUID]]:
    """The rows of a key with the range in which each was known, and the entries that they were ever folded from."""
    if all(len(states) == 1 and states[0].settled for states in histories):
        first = histories[0][0].batch
        if all(states[0].batch == first for states in histories):
            facts = [fact for states in histories if (fact := states[0].whole) is not None]
            rows = projection.fold(key, in_order(facts))
            return [(row, first, FOREVER) for row in rows], {fact.entry for fact in facts}
    steps: dict[int, list[tuple[int, _State]]] = {}
    for number, states in enumerate(histories):
        for state in states:
            steps.setdefault(state.batch, []).append((number, state))
    current: dict[int, Fact] = {}
    entries: set[UUID] = set()
    done: list[tuple[Row, int, int]] = []
    standing: dict[Row, list[int]] = {}
    for batch in sorted(steps):
        for number, state in steps[batch]:
            current.pop(number, None)
            whole = state.whole
            if whole is not None and (state.settled or key in keys_of(projection, whole, state.merged)):
                current[number] = whole
                entries.add(whole.entry)
        _move_on(standing, projection.fold(key, in_order(current.values())), batch, done)
    done += [(row, since, FOREVER) for row, begun in standing.items() for since in begun]
    return done, entries


def _fold_steps(fold: Fold, key: str, told: Sequence[tuple[int, Fact]]) -> list[tuple[Row, int, int]]:
    """The rows of a key from facts in the order of their batches, of which none is taken back."""
    current: list[Fact] = []
    done: list[tuple[Row, int, int]] = []
    standing: dict[Row, list[int]] = {}
    for batch, of_batch in groupby(told, key=itemgetter(0)):
        current += [fact for _, fact in of_batch]
        _move_on(standing, fold(key, in_order(current)), batch, done)
    return done + [(row, since, FOREVER) for row, begun in standing.items() for since in begun]


def _move_on(standing: dict[Row, list[int]], rows: Sequence[Row], batch: int, done: list[tuple[Row, int, int]]) -> None:
    """Replace the rows that stand by those of a batch; of equal ones those stay that stood first."""
    if not standing and len(rows) == 1:
        standing[rows[0]] = [batch]
        return
    wanted = Counter(rows)
    for row in [row for row, begun in standing.items() if len(begun) > wanted[row]]:
        begun = standing[row]
        done += [(row, since, batch) for since in begun[wanted[row] :]]
        del begun[wanted[row] :]
        if not begun:
            del standing[row]
    for row, count in wanted.items():
        begun = standing.setdefault(row, [])
        begun += [batch] * (count - len(begun))


def _remembered(
    projection: Projection, key: str, histories: Sequence[Sequence[_State]], entries: Iterable[UUID]
) -> Iterable[EntryKey]:
    """What `entry_keys` has to hold of a key: its entries, and by which names they are found once a merge is undone."""
    if not projection.by_entry:
        yield from ((projection.name, key, entry.hex) for entry in entries)
    if projection.name not in ("entities", "mentions") or all(states[-1].settled for states in histories):
        return
    names: set[EntryKey] = set()
    for state in (s for states in histories for s in states):
        fact = state.fact
        if fact is None:
            continue
        if projection.name == "mentions" and state.whole is not fact:
            named = (given for _, given, types in kinds.mentions(fact.event) if types != ("source",))
            names |= {("mentions", given, fact.entry.hex) for given in named}
        if projection.name == "entities" and isinstance(fact.event, Entity) and fact.event.id in state.merged:
            names.add(("entities", fact.event.id, fact.entry.hex))
    yield from sorted(names)

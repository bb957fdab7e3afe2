"""The entries of a long batch that nothing was said of before, and of which the batch says one thing.

That is nearly all of a file that is imported. What they touch that is new as well is folded as in a rebuild, each event
read once; keys that the ledger knew, or that other entries of the batch touch, are left to the projector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Self
from uuid import UUID

from sqlalchemy import Connection, text

from events.kinds import decode
from projections.all import PROJECTIONS
from timeline.entries import entry_from
from timeline.state.folding import Chunk, Folder, Logged, Settled
from timeline.state.joined import Joined
from timeline.state.spool import Spool
from timeline.state.tables import TABLES, Numbers, Values, entry_keys
from timeline.state.touched import Touched
from timeline.store import log
from timeline.store.bulk import among, digits, insert_rows

AT_ONCE = 2000
"""Entries of keys that are folded together; a key that has more is folded alone."""

NUMBERS_HELD = 50_000
"""So many numbers of ids are held in memory."""

ROWS_A_BATCH = 1 << 24
"""More rows than one projection can gain in one batch; makes row ids unique without asking the table."""

PAGE = 1000
"""Events of a long batch that are read together."""

_SECTION = text("""
    SELECT e.position, e.batch, e.entry_id, e.version, e.kind, p.state, e.version = 1 AND NOT EXISTS (
        SELECT 1 FROM events AS n WHERE n.entry_id = e.entry_id AND n.version = 2)
    FROM events AS e JOIN payloads AS p ON p.position = e.position
    WHERE e.position BETWEEN :start AND :stop ORDER BY e.position""")
_BEGINNING = "SELECT entry_id, position FROM events WHERE position >= {first} AND entry_id"


def pages_of(connection: Connection, batch: log.Batch) -> Iterator[list[Logged]]:
    """The events of a batch that stands in the log and nowhere else yet."""
    for start in range(batch.first, batch.last + 1, PAGE):
        stop = min(batch.last, start + PAGE - 1)
        found = connection.execute(_SECTION, {"start": start, "stop": stop}).all()
        yield [Logged((*row[:2], digits(row[2]), *row[3:6]), row[6], decode(row[4], row[5])) for row in found]


class Newcomers:
    """Those of one batch, while it is brought into the projections; used in a `with`.

    `merged` says which ids stand for others: entries that name one of them are not among those handled here.
    """

    def __init__(
        self,
        connection: Connection,
        batch: log.Batch,
        merged: Mapping[str, str],
        written: Counter[str],
    ) -> None:
        self.connection = connection
        self.batch = batch
        self._written = written
        past = Joined({given: ([batch.last], [into]) for given, into in merged.items()})
        self._folder = Folder([p.name for p in PROJECTIONS], past)
        self._spool = Spool(connection)
        self._numbers = Numbers(connection)

    def __enter__(self) -> Self:
        self._spool.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *problem: object) -> None:
        if kind is None:  # otherwise the transaction is undone, and the table with it
            self._spool.end()

    def take(self, page: Sequence[Logged]) -> list[UUID]:
        """Take what is new in a page of the batch; gives the other entries that first come up in it."""
        start = page[0].raw[0]
        others = dict.fromkeys(logged.raw[2] for logged in page if not logged.alone)
        indexed = self._folder.index_read(logged for logged in page if logged.alone)
        self._spool.put(indexed.settled)
        self._write(indexed.rows)
        begun: dict[str, int] = {}
        for entry, position in among(self.connection, _BEGINNING.format(first=self.batch.first), "uuid", list(others)):
            begun[digits(entry)] = min(position, begun.get(digits(entry), position))
        named = dict.fromkeys(entry for _, entry, _ in indexed.concerns)
        return [entry_from(e) for e in (*named, *others) if e in named or begun[e] >= start]

    def fold(self, touched: Touched) -> Iterator[int]:
        """Fold the new keys, and touch the others; gives how many entries of keys were done, part by part."""
        settled: list[list[Settled]] = []
        size = 0
        for _, of_key in self._spool.read():
            if size and size + len(of_key) > AT_ONCE:
                self._fold(settled, touched)
                yield size
                settled, size = [], 0
            settled.append(of_key)  # type: ignore[arg-type]  # nothing else was put down
            size += len(of_key)
        if size:
            self._fold(settled, touched)
            yield size

    def _fold(self, settled: Sequence[list[Settled]], touched: Touched) -> None:
        known = self._known(settled)
        left: list[list[Settled]] = []
        index: list[tuple[str, str, str]] = []
        for of_key in settled:
            key = of_key[0][0]
            if masks := known.get(key, 0):
                for bit, projection in self._folder.projections:
                    entries = [told[1] for told in of_key if told[2] & masks & bit]
                    if entries:
                        touched.add(projection.name, key)
                        index += [(projection.name, key, entry) for entry in entries]
                of_key = [(*told[:2], told[2] & ~masks, *told[3:]) for told in of_key if told[2] & ~masks]
            if of_key:
                left.append(of_key)
        made = self._folder.fold(Chunk([], {}, left))
        insert_rows(self.connection, entry_keys.name, entry_keys.c.keys(), index + made.entry_keys)
        self._write(made.rows)

    def _known(self, settled: Sequence[list[Settled]]) -> dict[str, int]:
        """The projections of each key that were ever folded for it, as bits."""
        asked: dict[int, dict[str, None]] = {}
        for of_key in settled:
            for told in of_key:
                asked.setdefault(told[2], {})[told[0]] = None
        found: dict[str, int] = {}
        for bit, projection in self._folder.projections:
            keys = list(dict.fromkeys(key for mask, keys in asked.items() if mask & bit for key in keys))
            query = f"SELECT DISTINCT key FROM entry_keys WHERE projection = '{projection.name}' AND key"
            for (key,) in among(self.connection, query, "text", keys):
                found[key] = found.get(key, 0) | bit
        return found

    def _write(self, made: Mapping[str, list[Values]]) -> None:
        for name, rows in made.items():
            if rows:
                first = self.batch.last * ROWS_A_BATCH + self._written[name]
                self._written[name] += len(rows)
                TABLES[name].insert(rows, self._numbers, first)
        self._numbers.forget(NUMBERS_HELD)

"""What an import is going to do, step by step, kept on disk: a file may hold more events than memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Self, overload
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from events.base import Event
from events.kinds import decode, encode, kind_of
from timeline.entries import entry_from
from timeline.state.tables import chunks
from timeline.store.mapper import EntryEvent

AT_ONCE = 1000
"""Steps that are written together."""

Action = Literal["new", "corrected", "unchanged", "kept", "retracted", "erased"]
"""What is done about an event; `kept` is what was corrected in the ledger, and stands in the file as it was before."""

Stored = tuple[str, bytes]
"""The kind of an event and its bytes."""

_SCHEMA = """
    CREATE TABLE steps (
        number INTEGER PRIMARY KEY, document INTEGER, ref INTEGER, name TEXT, about INTEGER, action TEXT, entry BLOB,
        said_kind TEXT, said BLOB, version INTEGER, kind TEXT, state BLOB, before_kind TEXT, before BLOB,
        record INTEGER);
    CREATE INDEX by_entry ON steps (entry);
"""


class Step(NamedTuple):
    """What an import does about one event of a file."""

    document: int
    """Which of the files, counted from 0."""
    ref: int
    name: str
    about: bool
    action: Action
    entry: UUID
    event: Event
    """What the file says."""
    record: EntryEvent | None
    """What is recorded for it; nothing if the ledger says so already."""
    before: Event | None = None
    """Of a correction: what the ledger says so far."""
    said: Stored | None = None
    """`event` in its stored form, where it is known already."""


class Planned(NamedTuple):
    """What is planned of one entry so far."""

    last: int
    """The last version that will be recorded; 0 if none will."""
    first: tuple[int, int, str] | None
    """Where the entry is begun: the document, the reference in it, and the name."""
    said: set[Stored]
    """Everything that files say of it."""
    first_said: Stored | None


def nothing() -> Planned:
    """What is planned of an entry before anything is."""
    return Planned(0, None, set(), None)


def stored(event: Event) -> Stored:
    """The event in the form in which it is stored."""
    return kind_of(event), encode(event)


class Plan:
    """The steps, in a temporary database that is gone when the plan is left: it is used in a `with`."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA cache_size=-16000")
        self._db.executescript(_SCHEMA)
        self._number = 0
        self._records = 0
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._db.close()

    def add(self, step: Step) -> None:
        """Put a step at the end."""
        self._number += 1
        record, before = step.record, step.before
        if record is not None:
            self._records += 1
        said = step.said or stored(step.event)
        row = (
            self._number,
            step.document,
            step.ref,
            step.name,
            step.about,
            step.action,
            step.entry.bytes,
            *said,
            record.originator_version if record else None,
            *(stored(record.event) if record and record.event is not step.event else (None, None)),
            kind_of(before) if before else None,
            encode(before) if before else None,
            self._records - 1 if record else None,
        )
        self._waiting.append(row)
        if len(self._waiting) >= AT_ONCE:
            self._write()

    def _write(self) -> sqlite3.Connection:
        """The database, with all steps in it."""
        if self._waiting:
            places = ", ".join("?" * len(self._waiting[0]))
            self._db.execute("BEGIN")
            self._db.executemany(f"INSERT INTO steps VALUES ({places})", self._waiting)
            self._db.execute("COMMIT")
            self._waiting.clear()
        return self._db

    def planned(self, entries: Sequence[UUID]) -> dict[UUID, Planned]:
        """What is planned of some entries; those of which nothing is are left out."""
        found: dict[UUID, Planned] = {}
        for part in chunks([e.bytes for e in dict.fromkeys(entries)]):
            marks = ", ".join("?" * len(part))
            query = f"""SELECT entry, version, document, ref, name, about, said_kind, said FROM steps
                        WHERE entry IN ({marks}) ORDER BY number"""  # question marks alone
            for entry, version, document, ref, name, about, kind, said in self._write().execute(query, part):
                last, first, everything, first_said = found.get(_entry(entry)) or nothing()
                if not about and first is None:
                    first, first_said = (document, ref, name), (kind, said)
                everything.add((kind, said))
                found[_entry(entry)] = Planned(version or last, first, everything, first_said)
        return found

    def steps(self) -> Iterator[Step]:
        """All steps in order."""
        query = """SELECT document, ref, name, about, action, entry, said_kind, said, version, kind, state,
                          before_kind, before FROM steps ORDER BY number"""
        for row in self._write().execute(query):
            yield _step(row)

    def counts(self) -> dict[Action, int]:
        """How many steps do what."""
        return dict(self._write().execute("SELECT action, count(*) FROM steps GROUP BY action").fetchall())

    def step_of(self, record: int) -> Step:
        """The step of a record, counted from 0."""
        query = """SELECT document, ref, name, about, action, entry, said_kind, said, version, kind, state,
                          before_kind, before FROM steps WHERE record = ?"""
        return _step(self._write().execute(query, (record,)).fetchone())

    def named(self, entry: UUID) -> Event | None:
        """What a file says that begins an entry; None if none does."""
        query = "SELECT said_kind, said FROM steps WHERE entry = ? AND NOT about LIMIT 1"
        row = self._write().execute(query, (entry.bytes,)).fetchone()
        return decode(*row) if row else None

    def names(self, *, of_kind_like: str = "%") -> list[str]:
        """The names of what begins an entry; of a great many, some."""
        query = "SELECT name FROM steps WHERE NOT about AND said_kind LIKE ? LIMIT 20000"
        return [name for (name,) in self._write().execute(query, (of_kind_like,))]

    def leave_out(self, records: Iterable[int]) -> None:
        """Take steps out by their records, with what follows them in the streams of their entries."""
        self._write()
        for record in sorted(records):
            self._db.execute(
                """DELETE FROM steps WHERE number IN (
                       SELECT later.number FROM steps AS gone JOIN steps AS later ON later.entry = gone.entry
                       WHERE gone.record = ? AND later.number >= gone.number AND later.version IS NOT NULL)""",
                (record,),
            )
        self._db.execute("CREATE TEMP TABLE kept AS SELECT number FROM steps WHERE record IS NOT NULL ORDER BY number")
        self._db.execute(
            """UPDATE steps SET record = (SELECT kept.rowid - 1 FROM kept WHERE kept.number = steps.number)
               WHERE record IS NOT NULL"""
        )
        self._db.execute("DROP TABLE kept")

    def records(self) -> Records:
        """What is to be recorded."""
        self._write().execute("PRAGMA cache_size=-2000")  # from now on it is read from end to end
        self._db.execute("CREATE INDEX IF NOT EXISTS by_record ON steps (record)")
        (number,) = self._db.execute("SELECT count(*) FROM steps WHERE record IS NOT NULL").fetchone()
        return Records(self._db, number)


class Records(Sequence[EntryEvent]):
    """What is to be recorded, read from the plan in slices."""

    def __init__(self, db: sqlite3.Connection, number: int) -> None:
        self._db = db
        self._number = number

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, at: int) -> EntryEvent: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[EntryEvent]: ...
    def __getitem__(self, at: int | slice) -> EntryEvent | Sequence[EntryEvent]:
        if isinstance(at, int):
            return self[at : at + 1][0]
        rows = self._rows(at)
        return [EntryEvent(_entry(entry), version, decode(kind, state)) for entry, version, kind, state in rows]

    def stored(self, at: slice) -> list[StoredEvent]:
        """Some of them in their stored form."""
        return [StoredEvent(_entry(entry), version, kind, state) for entry, version, kind, state in self._rows(at)]

    def _rows(self, at: slice) -> Iterator[tuple[bytes, int, str, bytes]]:
        start, stop, _ = at.indices(self._number)
        query = """SELECT entry, version, coalesce(kind, said_kind), coalesce(state, said) FROM steps
                   WHERE record >= ? AND record < ? ORDER BY record"""
        return self._db.execute(query, (start, stop))


def _entry(raw: bytes) -> UUID:
    return entry_from(raw.hex())


def _step(row: tuple[Any, ...]) -> Step:
    document, ref, name, about, action, entry, said_kind, said, version, kind, state, before_kind, before = row
    return Step(
        document,
        ref,
        name,
        bool(about),
        action,
        _entry(entry),
        decode(said_kind, said),
        None if version is None else EntryEvent(_entry(entry), version, decode(kind or said_kind, state or said)),
        None if before is None else decode(before_kind, before),
    )

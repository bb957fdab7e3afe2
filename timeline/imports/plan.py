"""What an import is going to do, step by step, kept on disk: a file may hold more events than memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Self, overload
from uuid import UUID

from events.base import Event
from events.kinds import decode, encode, kind_of
from timeline.state.tables import chunks
from timeline.store.mapper import EntryEvent

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
            kind_of(record.event) if record else None,
            None if record is None else said[1] if record.event is step.event else encode(record.event),
            kind_of(before) if before else None,
            encode(before) if before else None,
            self._records - 1 if record else None,
        )
        self._db.execute(f"INSERT INTO steps VALUES ({', '.join('?' * len(row))})", row)

    def planned(self, entries: Sequence[UUID]) -> dict[UUID, Planned]:
        """What is planned of some entries; those of which nothing is are left out."""
        found: dict[UUID, Planned] = {}
        for part in chunks([e.bytes for e in dict.fromkeys(entries)]):
            marks = ", ".join("?" * len(part))
            query = f"""SELECT entry, version, document, ref, name, about, said_kind, said FROM steps
                        WHERE entry IN ({marks}) ORDER BY number"""  # question marks alone
            for entry, version, document, ref, name, about, kind, said in self._db.execute(query, part):
                last, first, everything, first_said = found.get(UUID(bytes=entry)) or nothing()
                if not about and first is None:
                    first, first_said = (document, ref, name), (kind, said)
                everything.add((kind, said))
                found[UUID(bytes=entry)] = Planned(version or last, first, everything, first_said)
        return found

    def steps(self) -> Iterator[Step]:
        """All steps in order."""
        query = """SELECT document, ref, name, about, action, entry, said_kind, said, version, kind, state,
                          before_kind, before FROM steps ORDER BY number"""
        for row in self._db.execute(query):
            yield _step(row)

    def counts(self) -> dict[Action, int]:
        """How many steps do what."""
        return dict(self._db.execute("SELECT action, count(*) FROM steps GROUP BY action").fetchall())

    def step_of(self, record: int) -> Step:
        """The step of a record, counted from 0."""
        query = """SELECT document, ref, name, about, action, entry, said_kind, said, version, kind, state,
                          before_kind, before FROM steps WHERE record = ?"""
        return _step(self._db.execute(query, (record,)).fetchone())

    def named(self, entry: UUID) -> Event | None:
        """What a file says that begins an entry; None if none does."""
        query = "SELECT said_kind, said FROM steps WHERE entry = ? AND NOT about LIMIT 1"
        row = self._db.execute(query, (entry.bytes,)).fetchone()
        return decode(*row) if row else None

    def names(self, *, of_kind_like: str = "%") -> list[str]:
        """The names of what begins an entry; of a great many, some."""
        query = "SELECT name FROM steps WHERE NOT about AND said_kind LIKE ? LIMIT 20000"
        return [name for (name,) in self._db.execute(query, (of_kind_like,))]

    def leave_out(self, records: Iterable[int]) -> None:
        """Take steps out by their records, with what follows them in the streams of their entries."""
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
        start, stop, _ = at.indices(self._number)
        query = "SELECT entry, version, kind, state FROM steps WHERE record >= ? AND record < ? ORDER BY record"
        rows = self._db.execute(query, (start, stop))
        return [EntryEvent(UUID(bytes=entry), version, decode(kind, state)) for entry, version, kind, state in rows]


def _step(row: tuple[Any, ...]) -> Step:
    document, ref, name, about, action, entry, said_kind, said, version, kind, state, before_kind, before = row
    return Step(
        document,
        ref,
        name,
        bool(about),
        action,
        UUID(bytes=entry),
        decode(said_kind, said),
        None if version is None else EntryEvent(UUID(bytes=entry), version, decode(kind, state)),
        None if before is None else decode(before_kind, before),
    )

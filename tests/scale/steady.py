"""Many writers and readers on one ledger for a while: what they do, what they note, and what must hold at the end.

The writers change the same few entries, each by the version that it read. The readers check every view they get.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from tests.timeline.builders import folded, kept, layoff, org
from timeline.audit.verifying import verify
from timeline.changing import corrected, retracted, target_of, undone
from timeline.errors import BadData, Conflict, StoreError, UsageError
from timeline.ledger import Ledger, new
from timeline.state.tables import TABLES
from timeline.store import log
from timeline.store.mapper import EntryEvent
from timeline.store.tables import events
from timeline.view import View

SHARED = tuple(f"shared-{n}" for n in range(6))
"""The entries that everybody changes."""
LAYOFFS = TABLES["happenings"]


class Told(msgspec.Struct, frozen=True):
    """What came of one attempt to change the ledger, or of one look at it."""

    what: str
    """record, correct, retract or undo; of a reader, look."""
    outcome: str
    """done, conflict, busy, or nothing: there was nothing to change."""
    seconds: float
    word: str = ""
    """What stands in the events, and in no others."""
    position: int = 0
    """Where the batch ends."""
    entries: tuple[tuple[UUID, int], ...] = ()
    """The entry and the version of each event."""


def begin(url: str) -> Ledger:
    """A new ledger with what everybody changes."""
    ledger = Ledger.create(url)
    ledger.record([new(org("meta")), *(new(layoff(id=name)) for name in SHARED)], by="test")
    return ledger


def read_notes(path: Path) -> list[Told]:
    """What a process noted."""
    return [msgspec.json.decode(line, type=Told) for line in path.read_bytes().splitlines()]


# -- writers ----------------------------------------------------------------------------------------------------------


class _Writer:
    """One of them: chooses what to do, and does it."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self.ledger, self.name = ledger, name
        self.random = random.Random(name)
        self.own: list[int] = []
        """The batches that it recorded and did not undo."""

    def attempt(self, number: int) -> Told:
        """Change something. Every other error than those caught here is a bug."""
        acts = {"record": self._record, "correct": self._correct, "retract": self._retract, "undo": self._undo}
        what = self.random.choices(list(acts), (4, 3, 2, 1))[0]
        word = f"{self.name}-{number}"
        begun = time.perf_counter()
        try:
            with self.ledger.ask() as view:
                items = acts[what](view, word)
            batch = self.ledger.record(items, by=self.name)
        except (Conflict, StoreError) as problem:
            outcome = "conflict" if isinstance(problem, Conflict) else "busy"
            return Told(what, outcome, time.perf_counter() - begun, word)
        except (UsageError, BadData):  # told by what was read, before anything was tried
            return Told(what, "nothing", time.perf_counter() - begun, word)
        if what == "record":
            self.own.append(batch.last)
        told = tuple((item.originator_id, item.originator_version) for item in items)
        return Told(what, "done", time.perf_counter() - begun, word, batch.last, told)

    def _record(self, view: View, word: str) -> list[EntryEvent]:
        return [new(layoff(id=f"{word}-{half}", note=word)) for half in "ab"]

    def _correct(self, view: View, word: str) -> list[EntryEvent]:
        target = target_of(view, self.random.choice(SHARED))
        return [corrected(target, layoff(id=target.given, note=word), word)]

    def _retract(self, view: View, word: str) -> list[EntryEvent]:
        target = target_of(view, self.random.choice(SHARED))
        return [retracted(target, target.retractions[-1] if target.retractions else 1, word)]

    def _undo(self, view: View, word: str) -> Sequence[EntryEvent]:
        if not self.own:
            raise UsageError("there is nothing to undo")
        return undone(view, self.own.pop(), word)


USUAL = frozenset({"record", "correct", "retract"})
"""What every writer does at least once, however long that takes."""


def write(url: str, name: str, seconds: float, notes: Path, start: Barrier) -> None:
    """Change the ledger for a while, and note what came of it."""
    with Ledger.open(url) as ledger, notes.open("wb") as out:
        writer = _Writer(ledger, name)
        start.wait()
        until = time.monotonic() + seconds
        done: set[str] = set()
        for number in count():
            told = writer.attempt(number)
            out.write(msgspec.json.encode(told) + b"\n")
            if told.outcome == "done":
                done.add(told.what)
            if time.monotonic() > until and done >= USUAL:
                return


# -- readers ----------------------------------------------------------------------------------------------------------


def read(url: str, name: str, seconds: float, notes: Path, start: Barrier) -> None:
    """Look at the ledger for a while. Raises AssertionError for a view that cannot be."""
    with Ledger.open(url) as ledger, notes.open("wb") as out:
        start.wait()
        until, before = time.monotonic() + seconds, (0, [0] * len(SHARED))
        while True:
            begun = time.perf_counter()
            with ledger.ask() as view:
                seen = _look(view)
            assert seen[0] >= before[0], f"{name} saw position {before[0]}, and then {seen[0]}"
            assert all(a >= b for a, b in zip(seen[1], before[1], strict=True)), f"{name} saw a version, and then not"
            before = seen
            out.write(msgspec.json.encode(Told("look", "done", time.perf_counter() - begun)) + b"\n")
            if time.monotonic() > until:
                return


def _look(view: View) -> tuple[int, list[int]]:
    """The position of a view and the versions of what everybody changes; several questions must agree."""
    position = view.position
    numbers = select(func.count(), func.max(events.c.position), func.max(events.c.batch))
    assert view.connection.execute(numbers).one() == (position, position, position), "a gap, or a part of a batch"
    listed = view.events(limit=1_000_000)
    halves = [event.id.rpartition("-") for event in listed if event.id not in SHARED and event.kind == "layoff"]
    assert {w for w, _, h in halves if h == "a"} == {w for w, _, h in halves if h == "b"}, "half a batch"
    rows = view.connection.scalar(select(func.count()).select_from(LAYOFFS.table).where(LAYOFFS.known(None)))
    standing = [target_of(view, name) for name in SHARED]
    assert rows == len(halves) + sum(target.fact is not None for target in standing), "the table of another moment"
    return position, [target.version for target in standing]


# -- the end ----------------------------------------------------------------------------------------------------------


def check(ledger: Ledger, told: dict[str, list[Told]]) -> None:
    """What must hold: everything acknowledged is there once, nothing else is, and all of it adds up."""
    with ledger.database.reading() as connection:
        entries = list(log.read(connection))
    assert [e.position for e in entries] == list(range(1, len(entries) + 1))
    assert [e.recorded_at for e in entries] == sorted(e.recorded_at for e in entries)
    assert [e.batch for e in entries] == sorted(e.batch for e in entries)
    found = Counter((e.recorded_by, e.batch, e.entry_id, e.version) for e in entries if e.recorded_by != "test")
    expected = Counter(
        (name, t.position, entry, version)
        for name, all_of in told.items()
        for t in all_of
        for entry, version in t.entries
    )
    assert found == expected
    words = {t.position: t.word for all_of in told.values() for t in all_of if t.outcome == "done"}
    assert all(f'"{words[e.batch]}"'.encode() in (e.state or b"") for e in entries if e.batch in words)
    versions = Counter(e.entry_id for e in entries)
    assert {e.entry_id: e.version for e in entries} == versions  # the last one is as high as there are events
    assert kept(ledger) == folded(ledger)
    assert verify(ledger.database, needs_checkpoint=False).findings == []


Process = Callable[[str, str, float, Path, Barrier], None]


class Work(NamedTuple):
    """What one process does."""

    act: Process
    url: str
    name: str
    seconds: float
    notes: Path
    """Where it notes what came of it."""
    start: Barrier


def works(url: str, seconds: float, folder: Path, start: Barrier, many: int) -> list[Work]:
    """What so many writers and as many readers do; the notes of each have its name."""
    jobs: tuple[tuple[Process, str], ...] = ((write, "writer"), (read, "reader"))
    names = [(act, f"{sort}-{n}") for act, sort in jobs for n in range(many)]
    return [Work(act, url, name, seconds, folder / name, start) for act, name in names]

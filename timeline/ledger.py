"""The ledger: open one, record in it, ask it.

ledger = Ledger.create("timeline.db")
ledger.record([new(Entity(id="meta", type="organization", name="Meta"))], by="ada")
with ledger.ask() as view:
    view.members("meta", day_of("2024-06-01"))
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from eventsourcing import persistence as es
from eventsourcing.application import Application
from sqlalchemy import Connection, inspect
from sqlalchemy import exc as sql

from events.about import Erasure
from events.base import Event
from events.dates import FOREVER
from timeline import checks
from timeline.audit.journal import Journal
from timeline.entries import entry_from
from timeline.entries import entry_named as entry_named
from timeline.entries import entry_of as entry_of
from timeline.errors import Conflict, StoreError
from timeline.progress import Progress, untold
from timeline.state import tables as state_tables
from timeline.state.folding import Logged
from timeline.state.newcomers import pages_of
from timeline.state.projector import project, project_in_parts
from timeline.state.tables import Numbers
from timeline.store import log, tables
from timeline.store.database import Database
from timeline.store.mapper import EntryEvent, EventMapper, Stored
from timeline.store.persistence import Factory
from timeline.store.recorders import Also, LogApplicationRecorder
from timeline.versions import check_versions, database_at
from timeline.view import View

PART = 5000
"""How many events are handled at once; a longer batch is worked through in parts."""


def new(event: Event, entry: UUID | None = None) -> EntryEvent:
    """The first event of an entry: the one of its name, or a new one for a happening that has none."""
    return EntryEvent(entry or entry_of(event) or uuid4(), 1, event)


def following(entry: UUID, version: int, event: Event) -> EntryEvent:
    """A later event of an entry, whose last version is `version`."""
    return EntryEvent(entry, version + 1, event)


def recorder_name() -> str:
    """Who records, unless told otherwise: TIMELINE_USER, or the name of the account."""
    if name := os.environ.get("TIMELINE_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return f"uid {os.getuid()}"


class Ledger(Application[UUID]):
    """One ledger. Safe to share between threads; open one a process, and close it or use it in a `with` block."""

    name = "timeline"

    def __init__(self, database: Database, clock: log.Clock = log.system_clock, journal: Journal | None = None) -> None:
        self.database = database
        self._clock = clock
        self._journal = journal
        if database.same_file is not None:
            database.same_file.check = partial(check_versions, database)
        super().__init__(env={"PERSISTENCE_MODULE": "timeline.store.persistence"})

    def construct_factory(self, env: Any) -> es.InfrastructureFactory[es.TrackingRecorder]:
        """Our recorders, on the database that was opened."""
        return Factory(env, self.database, self._clock, self._journal)

    def construct_mapper(self) -> es.Mapper[UUID]:
        """Events in their own stored form, by kind."""
        return EventMapper(transcoder=self.factory.transcoder())

    # -- opening -----------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, address: str, *, clock: log.Clock = log.system_clock, journal: str | Path | None = None) -> Ledger:
        """Make an empty ledger. Raises StoreError if there is one, or anything else, at the address.

        `clock` gives the recorded time in microseconds since 1970; a test, or a program that loads a history whose
        recorded dates are known, passes its own. What is recorded is also told to a `journal`, a file elsewhere.
        """
        database = Database(address)
        try:
            with database.writing() as connection:
                database.make_schema(connection)
                if found := inspect(connection).get_table_names():
                    what = "a ledger" if "log_head" in found else "a database that is no ledger"
                    raise StoreError(f"{database.shown} holds {what} already; nothing was changed")
                tables.create(connection)
                state_tables.create(connection, lambda part, version: _remember(connection, part, version))
        except (sql.ProgrammingError, sql.IntegrityError) as problem:
            database.close()
            raise StoreError(f"{database.shown} is being made by somebody else: {problem.orig}") from problem
        except BaseException:
            database.close()
            raise
        return cls(database, clock, Journal(Path(journal)) if journal else None)

    @classmethod
    def open(cls, address: str, *, clock: log.Clock = log.system_clock, journal: str | Path | None = None) -> Ledger:
        """Open a ledger. Raises StoreError if there is none, or it is of another version."""
        database = database_at(address)
        try:
            with database.reading(of_ledger=False) as connection:
                check_versions(database, connection)
        except BaseException:
            database.close()
            raise
        return cls(database, clock, Journal(Path(journal)) if journal else None)

    # -- recording ---------------------------------------------------------------------------------------------------

    def record(
        self,
        batch: Sequence[EntryEvent],
        *,
        by: str = "",
        also: Also | None = None,
    ) -> log.Batch:
        """Record events together: all of them, with their projections, or none.

        Raises `checks.Invalid` when one of them cannot stand, Conflict when an entry moved on or exists, and StoreError
        when the log itself refuses them, as one does whose end was deleted.
        """
        read: list[EntryEvent] = []
        malformed: list[checks.Problem] = []
        for index, item in enumerate(batch):
            try:
                read.append(checks.as_read(item))
            except ValueError as problem:
                malformed.append(checks.Problem(index, "", str(problem)))
        if malformed:
            raise checks.Invalid(malformed)
        return self.record_read(read, by=by, also=also)

    def record_read(
        self, batch: Sequence[EntryEvent], *, by: str = "", also: Also | None = None, tell: Progress = untold
    ) -> log.Batch:
        """Record events that were read from their stored form, which need no second look at it.

        The batch may be longer than memory: it is only ever read in slices. `tell` hears how far the work is.
        """
        if not batch:
            raise ValueError("an empty batch records nothing")
        assert isinstance(self.recorder, LogApplicationRecorder)

        def inside(connection: Connection, written: log.Batch) -> None:
            checking = _Checking(connection, written)
            if len(batch) > PART:
                project_in_parts(connection, written, checking.pages(), tell)
            else:
                checking.part(batch, 0)
                checking.refuse()
                project(checking.numbers, written, batch)
            for start, stop in checking.changing:
                checking.problems += checks.check_tree(connection, batch[start:stop], start)
            checking.refuse()
            if len(batch) > PART or any(isinstance(e.event, Erasure) for e in batch):
                self._forget(connection, written)
            if also is not None:
                also(connection, written)

        stored = Stored(batch, self.mapper)
        try:
            return self.recorder.record(stored, recorded_by=by or recorder_name(), also=inside)
        except es.IntegrityError as refusal:
            with self.database.reading() as connection:
                found = next((c for _, part in _parts(batch) if (c := _collision(connection, part, FOREVER))), None)
            damaged = StoreError(f"{self.database.shown} takes no events ({refusal}): see what `timeline doctor` finds")
            raise found or damaged from None

    def _forget(self, connection: Connection, written: log.Batch) -> None:
        """Remove what the entries said that a batch erases. The files hold it until `store.scrubbing` cleans them."""
        if erased := log.erased_in(connection, written):
            from timeline.state.forgetting import forget  # what a rebuild takes, which others need not load

            forget(self.database, connection, written, erased)

    # -- reading -----------------------------------------------------------------------------------------------------

    @contextmanager
    def ask(self, known: int | None = None) -> Iterator[View]:
        """One state of the ledger to ask, as known at a position of the log (today's for None)."""
        with self.database.reading() as connection:
            yield View(connection, known)


class _Checking:
    """The checks of a batch that stands in the log, and not yet in the projections."""

    def __init__(self, connection: Connection, written: log.Batch) -> None:
        self.numbers = Numbers(connection)
        self.written = written
        self.problems: list[checks.Problem] = []
        self.changing: list[tuple[int, int]] = []
        """Where parts begin and end in which some events may change the tree, counted from the first of the batch."""

    def pages(self) -> Iterator[list[Logged]]:
        """The events of a long batch for as long as nothing is wrong; what is wrong with any of them is raised last."""
        for page in pages_of(self.numbers.connection, self.written):
            part = [EntryEvent(entry_from(raw[2]), raw[3], event) for raw, _, event in page]
            self.part(part, page[0].raw[0] - self.written.first)
            if not self.problems:
                yield page
        self.refuse()

    def part(self, part: Sequence[EntryEvent], start: int) -> None:
        """Check a part of the batch, which begins `start` events after it. Raises Conflict when an entry moved on."""
        if conflict := _collision(self.numbers.connection, part, before=self.written.first + start):
            raise conflict
        self.problems += checks.check(self.numbers, self.written, part, start)
        self.numbers.forget(PART)
        if any(checks.may_change_the_tree(e.event) for e in part):
            self.changing.append((start, start + len(part)))

    def refuse(self) -> None:
        """Raise checks.Invalid if anything is wrong."""
        if self.problems:
            raise checks.Invalid(self.problems)


def _parts(batch: Sequence[EntryEvent]) -> Iterator[tuple[int, Sequence[EntryEvent]]]:
    """A batch in slices, each with the place where it begins."""
    for start in range(0, len(batch), PART):
        yield start, batch[start : start + PART]


def _collision(connection: Connection, batch: Sequence[EntryEvent], before: int) -> Conflict | None:
    """What the events collide with in the log before a position: each must follow the version that stands there."""
    later = [e.originator_id for e in batch if e.originator_version != 1 or before == FOREVER]
    last = log.last_versions(connection, later, before=before)  # a second version 1 the log itself refuses
    for item in batch:
        stands, wanted = last.get(item.originator_id, 0), item.originator_version - 1
        is_unknown = stands == 0 and wanted > 0  # told by the checks, with what may have been meant
        if stands != wanted and not is_unknown:
            shown = getattr(item.event, "id", "") or item.originator_id
            if wanted == 0:
                return Conflict(f"{shown} is recorded already; to change it, correct it")
            return Conflict(f"{shown} is at version {stands} now, not at {wanted}: read it again")
        last[item.originator_id] = item.originator_version
    return None


def _remember(connection: Connection, part: str, version: int) -> None:
    connection.execute(tables.schema_version.insert().values(part=part, version=version))

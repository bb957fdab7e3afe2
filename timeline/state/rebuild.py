"""Projections made anew from the log, while the ledger goes on answering and recording.

The log is read once, its keys are folded on every core, and the rows go into a fresh table beside the old one. What
writers record meanwhile is folded afterwards, the last of it under the write lock, where the tables change places.
Until that commits the old table serves, whatever becomes of the rebuild.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from events.dates import FOREVER
from projections.all import PROJECTIONS
from timeline.errors import StoreError, UnknownName
from timeline.naming import near
from timeline.progress import Progress, untold
from timeline.state import swapping
from timeline.state.alone import alone
from timeline.state.folding import EntryKey, Folder
from timeline.state.joined import Joined
from timeline.state.reading import entries_naming, past_of, read_log, recorded_since
from timeline.state.staging import PAGE, Staging, streams
from timeline.state.tables import TABLES, Numbers, chunks
from timeline.state.workers import Here, processes, work
from timeline.store import log
from timeline.store.database import BUSY_SECONDS, Database, waited_in_vain

LOADED_AT_ONCE = 50_000
"""Rows a transaction, so that writers get their turn."""
FEW = 500
"""Events that are folded while writers wait."""
PATIENCE = "300ms"
"""How long new readers on PostgreSQL may have to wait for the swap to get its turn; then it lets them go first."""


class Rebuilt(NamedTuple):
    """A projection that was made anew."""

    name: str
    position: int
    """The position of the log that it is made from."""


class Difference(NamedTuple):
    """A row that stands where a fresh fold has none, or the other way round."""

    projection: str
    what: str
    """`missing`, or `too many`."""
    known_from: int | None
    known_to: int | None
    """None for a row of today."""
    row: dict[str, Any]


class Checked(NamedTuple):
    """A projection that was compared."""

    projection: str
    rows: int
    """How many rows a fresh fold has, of all that were ever known."""
    differing: int


class Replayed(NamedTuple):
    """What the log folds to, beside what stands."""

    position: int
    """The end of the part of the log that was folded."""
    checked: list[Checked]
    differing: int
    """How many rows do."""
    first: list[Difference]


class Elsewhere(Protocol):
    """Who folds the log in place of this machine's processes."""

    position: int | None
    """Up to where the log was handed on already, at the end of a batch; None if it still has to be."""

    def fold(self, staging: Staging, position: int, workers: int | None, progress: Progress) -> None:
        """Put the rows of everything up to the position into staging, and into its spool what they are folded from."""


class Touched(NamedTuple):
    """Keys that were folded again, each with its projections as bits, and what `entry_keys` has to hold of them."""

    masks: dict[str, int]
    entry_keys: list[EntryKey]


def chosen(names: Sequence[str]) -> list[str]:
    """The projections of these names, in the order in which they are kept; all of them for none."""
    known = [p.name for p in PROJECTIONS]
    for name in names:
        if name not in known:
            raise UnknownName(name, near(name, known), "projection")
    return [name for name in known if not names or name in names]


def rebuild(
    database: Database,
    names: Sequence[str] = (),
    *,
    workers: int | None = None,
    progress: Progress = untold,
    elsewhere: Elsewhere | None = None,
) -> list[Rebuilt]:
    """Make projections anew, by so many processes (one a core for None), and put them into the place of the old ones.

    Only one rebuild may run at a time, and another one is refused with StoreError; readers and writers may always.
    """
    wanted = chosen(names)
    with database.keeping() as connection, alone(database, connection):
        made = _folded(connection, wanted, workers, progress, elsewhere=elsewhere)
        fresh = swapping.Fresh(database, connection, made.staging)
        fresh.make()
        made.load(database, fresh)
        for _ in range(5):  # each round has less to catch up with than the one before
            with made.connection.execution_options(writes=False).begin():
                head = log.head_position(made.connection)
                if head - made.position <= FEW:
                    break
                touched = made.catch_up(head)
            with database.writing(made.connection):
                made.apply(fresh, touched)
        progress("swapping", 0, 1)
        _swap(database, made, fresh)
        progress("swapping", 1, 1)
        return [Rebuilt(name, made.position) for name in wanted]


def verify(
    database: Database,
    names: Sequence[str] = (),
    *,
    workers: int | None = None,
    progress: Progress = untold,
    shown: int = 10,
    elsewhere: Elsewhere | None = None,
) -> tuple[int, list[Difference]]:
    """Compare projections with what a rebuild would make of them; gives how many rows differ, and the first of them.

    The ledger is left as it is. What is recorded meanwhile is not looked at.
    """
    done = replay(database, names, workers=workers, progress=progress, shown=shown, elsewhere=elsewhere)
    return done.differing, done.first


def replay(
    database: Database,
    names: Sequence[str] = (),
    *,
    known: int | None = None,
    workers: int | None = None,
    progress: Progress = untold,
    shown: int = 10,
    elsewhere: Elsewhere | None = None,
) -> Replayed:
    """The same, of every row that was known at a position of the log or before; of the whole log for None.

    At the position, a batch ends.
    """
    wanted = chosen(names)
    with database.keeping() as connection:
        return _folded(connection, wanted, workers, progress, known, elsewhere).compare(shown)


class _Made:
    """A rebuild under way: what was folded up to a position."""

    def __init__(
        self, connection: Connection, names: list[str], workers: int | None, progress: Progress, upto: int | None = None
    ) -> None:
        self.connection = connection
        self.progress = progress
        self.position = log.head_position(connection) if upto is None else upto
        self.staging = Staging(connection, names)
        self.staging.begin()
        self.names = names
        self._workers = processes(self.position, workers)

    # -- folding -------------------------------------------------------------------------------------------------------

    def fold(self) -> None:
        """Fold everything up to the position into staging."""
        folder = Folder(self.names, past_of(self.connection, self.position))
        with work(folder, self._workers) as working:
            read_log(self.staging, working, self.position, self.progress)
            done, of = 0, self.staging.count_keys()
            sizes: list[int] = []
            for folded in working.fold(_counted(self.staging.chunks(self.position), sizes)):
                self.staging.put_rows(folded)
                done += sizes.pop(0)
                self.progress("folding", done, of)

    def load(self, database: Database, fresh: swapping.Fresh) -> None:
        """Bring the rows from staging into the fresh tables, a part at a time, and index them."""
        with database.writing(self.connection):
            self.staging.number()
        with self.connection.execution_options(writes=False).begin():
            rows = {name: self.staging.sort(name) for name in self.names}
            self.staging.forget_rows()
        done, of = 0, sum(rows.values())
        for name, many in rows.items():
            for first in range(0, many, LOADED_AT_ONCE):
                upto = min(many, first + LOADED_AT_ONCE)
                with database.writing(self.connection):
                    fresh.load(name, upto)
                done += upto - first
                self.progress("loading", done, of)
            with database.writing(self.connection):
                fresh.index(name)
        fresh.load_entry_keys(LOADED_AT_ONCE)

    def catch_up(self, head: int) -> Touched:
        """Fold again, up to the head, the keys that what was recorded since touches.

        The rows go into staging; `apply` brings them into the tables.
        """
        masks: dict[str, int] = {}
        entry_keys: list[EntryKey] = []
        if head == self.position:
            return Touched(masks, entry_keys)
        past = past_of(self.connection, head)
        folder = Folder(self.names, past)
        touched = recorded_since(self.connection, self.position, head)
        if changed := past.changed_after(self.position):
            touched |= entries_naming(self.connection, changed, head)
        for part in chunks(sorted(touched), PAGE):
            told = streams(self.connection, part, head)
            found = folder.index((raw, False) for stream in told.values() for raw in stream)
            self.staging.put_index(found)
            for key, _, mask in found.concerns:
                masks[key] = masks.get(key, 0) | mask
        for folded in Here(folder).fold(self.staging.chunks(head, masks)):
            self.staging.put_rows(folded)
            entry_keys += folded.entry_keys
        self.position = head
        return Touched(masks, entry_keys)

    def apply(self, fresh: swapping.Fresh, touched: Touched) -> None:
        """Replace the rows of some keys in the fresh tables by those in staging. Needs the write lock."""
        if not touched.masks:
            return
        self.staging.number()
        numbers = Numbers(self.connection)
        for bit, projection in Folder(self.names, Joined({})).projections:
            fresh.forget(projection.name, [key for key, mask in touched.masks.items() if mask & bit], numbers)
            fresh.load(projection.name, self.staging.sort(projection.name))
        fresh.add_entry_keys(touched.entry_keys)
        self.staging.forget_rows()

    # -- comparing -----------------------------------------------------------------------------------------------------

    def compare(self, shown: int) -> Replayed:
        """What differs from the rows that stand."""
        checked, found = list[Checked](), list[Difference]()
        with self.connection.execution_options(writes=False).begin():
            numbers = Numbers(self.connection)
            head = log.head_position(self.connection)
            for number, name in enumerate(self.names):
                self.progress("comparing", number, len(self.names))
                self.staging.sort(name)
                count = 0
                for row in self.connection.execute(self.staging.differing(name, self.position, head)).mappings():
                    count += abs(row["surplus"])
                    if len(found) < shown:
                        found.append(_difference(name, row, numbers))
                checked.append(Checked(name, self.staging.expected(name), count))
            count = 0
            for row in self.connection.execute(self.staging.missing_entry_keys()).mappings():
                count += 1
                if len(found) < shown:
                    shown_row = {"projection": row["projection"], "key": row["key"], "entry": str(row["entry_id"])}
                    found.append(Difference("entry_keys", "missing", None, None, shown_row))
        return Replayed(self.position, checked, count + sum(c.differing for c in checked), found)


def _folded(
    connection: Connection,
    names: list[str],
    workers: int | None,
    progress: Progress,
    upto: int | None = None,
    elsewhere: Elsewhere | None = None,
) -> _Made:
    # One transaction, so that the log is read at one state of it. It takes no lock that a writer waits for.
    with connection.execution_options(writes=False).begin():
        if elsewhere is None:
            made = _Made(connection, names, workers, progress, upto)
            made.fold()
        else:
            made = _Made(connection, names, workers, progress, elsewhere.position if upto is None else upto)
            elsewhere.fold(made.staging, made.position, workers, progress)
    return made


def _swap(database: Database, made: _Made, fresh: swapping.Fresh) -> None:
    """Catch up and change places, as soon as no reader on PostgreSQL is in the way."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        position, loaded = made.position, dict(fresh.loaded)
        try:
            with database.writing(made.connection):
                if not database.is_sqlite:
                    made.connection.exec_driver_sql("SELECT FROM log_head WHERE id = 1 FOR UPDATE")
                made.apply(fresh, made.catch_up(log.head_position(made.connection)))
                if not database.is_sqlite:
                    made.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                    made.connection.exec_driver_sql("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
                fresh.swap()
            return
        except DBAPIError as problem:
            if not waited_in_vain(problem):
                raise
            made.position, fresh.loaded = position, loaded  # the catching up was undone too
            if time.monotonic() > patience:
                raise StoreError(
                    f"{database.shown} has been read by the same transaction for {BUSY_SECONDS:g} s, "
                    "so the new tables could not take their places; nothing was changed"
                ) from problem
            time.sleep(0.2)


def _difference(name: str, found: Any, numbers: Numbers) -> Difference:
    table = TABLES[name]
    row = {}
    for field in sorted(table.fields, key=lambda f: f.sort != "entity"):  # whom it is about comes first
        value = found[field.name]
        if field.sort == "entity":
            value = _named(value, numbers)
        row[field.name] = _shown(field.sort, value)
    what = "too many" if found["surplus"] > 0 else "missing"
    until = None if found["known_to"] == FOREVER else found["known_to"]
    return Difference(name, what, found["known_from"], until, row)


def _shown(sort: str, value: Any) -> Any:
    """A value of the database for a reader, who sees what is wrong with it, if anything."""
    if sort == "entry" and isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value):
        return str(UUID(value))
    if sort == "flag" and value in (0, 1):
        return bool(value)
    return value if isinstance(value, bool | int | str | None) else str(value)


def _named(number: int, numbers: Numbers) -> str | None:
    try:
        return numbers.id(number)
    except KeyError:
        return f"number {number}"


def _counted(chunked: Iterator[Any], sizes: list[int]) -> Iterator[Any]:
    for chunk in chunked:
        sizes.append(len(chunk.keys) + len(chunk.settled))
        yield chunk

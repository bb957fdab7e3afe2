"""Processes that are killed at any moment of their work, and what must hold afterwards, with nothing repaired.

A work is begun in a fork, so that no moment falls into starting Python. What a child was acknowledged it says through a
pipe, after the call returned. How long the work takes here, today, is measured where nobody is killed; the moments are
drawn from that time. A round in which the work was done too soon does not count, and is a new measurement.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, inspect

from bench._history import entries, registered
from tests.services import PostgresServer
from tests.store.old_ledgers import FORMS, Form, load
from tests.timeline.builders import layoff, org
from timeline.audit.replaying import replay
from timeline.audit.verifying import verify
from timeline.backup.files import Kept
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.errors import StoreError
from timeline.exports.formats import Options
from timeline.exports.jsonl import export
from timeline.exports.selection import Selection
from timeline.imports.jsonlfile import open_document
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger, new
from timeline.progress import untold
from timeline.state import forgetting
from timeline.state.rebuild import rebuild
from timeline.state.status import has_to_be_migrated, migrate, upgrade_tables
from timeline.store import log, migrations, tables
from timeline.store.database import Database

LOADED = forgetting, migrations
"""What is loaded late otherwise: a child would be killed while it imports."""
WRITERS = 3
BATCHES = 8
"""How many each of them records, if nobody kills it."""
TOO_SOON = 30
"""So many rounds may end before anybody is killed, for one that counts."""

Say = Callable[[str], None]
"""Tell the parent a line."""


# -- places -----------------------------------------------------------------------------------------------------------


class Place(Protocol):
    """Where ledgers are made."""

    def empty(self) -> str:
        """The address of a place without a ledger."""
        ...

    def copy(self, url: str) -> str:
        """The address of a copy of a ledger that nobody has open."""
        ...

    def drop(self, url: str) -> None:
        """Remove a ledger that nobody has open."""
        ...


class Files:
    """Places for SQLite, in a folder."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def empty(self) -> str:
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        return str(folder / "timeline.db")

    def copy(self, url: str) -> str:
        return str(shutil.copy(url, self.empty()))

    def drop(self, url: str) -> None:
        shutil.rmtree(Path(url).parent)


class Databases:
    """Places on a server of PostgreSQL."""

    engine = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._made: list[str] = []

    def empty(self) -> str:
        return self._make("template1")

    def copy(self, url: str) -> str:
        name = url.rpartition("?")[0].rpartition("/")[2]
        end = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        self.server.ask(end)  # those of a child that was killed just now
        return self._make(name)

    def _make(self, template: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        self.server.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return self.server.url(name)

    def drop(self, url: str) -> None:
        name = next(n for n in self._made if f"/{n}?" in url)
        self.server.ask(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.remove(name)

    def close(self) -> None:
        """Remove what was not dropped."""
        for name in self._made:
            self.server.ask(f"DROP DATABASE {name} WITH (FORCE)")


# -- killing ----------------------------------------------------------------------------------------------------------


class Killed(NamedTuple):
    """What became of a child."""

    said: list[str]
    """The whole lines that it told."""
    was_killed: bool
    """It had begun, and was not done."""


class _Child:
    def __init__(self, work: Callable[[Say], None]) -> None:
        self._read, write = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self._read)
            _run(work, write)
        os.close(write)
        assert select.select([self._read], [], [], 120)[0], "a child did not begin"
        self._heard = os.read(self._read, 1)

    def end(self, *, kill: bool) -> Killed:
        if kill:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
        while part := os.read(self._read, 65536):
            self._heard += part
        os.close(self._read)
        _, status = os.waitpid(self.process, 0)
        begun, *said = self._heard.decode().split("\n")[:-1]
        is_done = bool(said) and said[-1] == "done"
        assert begun == "begun", "a child was killed before it began"
        assert is_done or os.WIFSIGNALED(status), f"the work failed before it was killed: {status}"
        return Killed(said[:-1] if is_done else said, not is_done)


def _run(work: Callable[[Say], None], pipe: int) -> None:
    status = 1
    try:
        os.write(pipe, b"begun\n")
        work(partial(_say, pipe))
        os.write(pipe, b"done\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _say(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


def undisturbed(works: Sequence[Callable[[Say], None]]) -> float:
    """How many seconds the works take, all at once."""
    begun = time.perf_counter()
    for child in [_Child(work) for work in works]:
        assert not child.end(kill=False).was_killed
    return time.perf_counter() - begun


def killed(works: Sequence[Callable[[Say], None]], moments: Sequence[float]) -> list[Killed]:
    """Begin the works all at once, and kill each at its moment, in seconds from now."""
    begun = time.perf_counter()
    children = [_Child(work) for work in works]
    found = {}
    for moment, number in sorted((moment, number) for number, moment in enumerate(moments)):
        time.sleep(max(0.0, begun + moment - time.perf_counter()))
        found[number] = children[number].end(kill=True)
    return [found[number] for number in range(len(children))]


# -- what must hold ---------------------------------------------------------------------------------------------------


def log_of(connection: Connection) -> list[log.Entry]:
    """All that the log holds, if its form is good: no gap, no part of a batch, time that goes on, the right end."""
    found = list(log.read(connection))
    assert [e.position for e in found] == list(range(1, len(found) + 1)), "a gap"
    assert log.head_position(connection) == len(found), "the head is not the last position"
    assert [e.recorded_at for e in found] == sorted(e.recorded_at for e in found), "time went backwards"
    ends = {e.batch for e in found}
    assert all(e.batch == min(end for end in ends if end >= e.position) for e in found[-50:]), "batches overlap"
    assert not found or found[-1].batch == len(found), "a part of a batch"
    return found


def check(url: str) -> list[log.Entry]:
    """Open a ledger as anybody does, and look at everything; gives its log."""
    with Ledger.open(url) as ledger:
        with ledger.database.reading() as connection:
            found = log_of(connection)
        assert replay(ledger.database, progress=untold)[1].is_equal, "the projections are not what the log folds to"
        assert verify(ledger.database, needs_checkpoint=False).findings == [], "the tree does not prove the log"
    return found


def check_goes_on(url: str) -> None:
    """Record one more event, with no repair before it."""
    with Ledger.open(url) as ledger:
        before = ledger.recorder.max_notification_id() or 0
        assert ledger.record([new(org(f"after-{uuid.uuid4().hex}"))], by="after").last == before + 1


# -- works ------------------------------------------------------------------------------------------------------------


class Work:
    """Something that is killed: made anew for every round, done in children, and looked at."""

    name = ""
    writers = 1

    def __init__(self, place: Files | Databases, folder: Path, size: int) -> None:
        self.place, self.folder, self.size = place, folder, size
        self.url = ""
        self.prepare()

    def prepare(self) -> None:
        """Make what every round begins with."""

    def begin(self) -> None:
        """Make what this round works on."""

    def do(self, number: int, say: Say) -> None:
        """The work of one child."""
        raise NotImplementedError

    def look(self, told: Sequence[Killed]) -> None:
        """Raises AssertionError where anything is amiss."""
        raise NotImplementedError

    def leave(self) -> None:
        """Remove what this round worked on."""
        self.place.drop(self.url)


def history(place: Files | Databases, size: int) -> str:
    """A ledger with about so many events, which nobody has open."""
    url = place.empty()
    with Ledger.create(url) as ledger:
        ledger.record(registered(size // 4 + 1), by="test")
        for first in range(0, size // 2, 50):
            ledger.record(entries(first, 50), by="test")
    return url


class Append(Work):
    """Several writers record batches of several sizes."""

    name = "append"
    writers = WRITERS

    def begin(self) -> None:
        self.url = self.place.empty()
        with Ledger.create(self.url) as ledger:
            ledger.record([new(org("meta"))], by="test")

    def do(self, number: int, say: Say) -> None:
        with Ledger.open(self.url) as ledger:
            for turn in range(BATCHES):
                size = turn % 4 + 1
                word = f"{number}-{turn}"
                batch = [new(org(f"unit-{word}")), *(new(layoff(id=f"{word}-{n}")) for n in range(size))]
                say(f"{ledger.record(batch, by=str(number)).last} {size + 1}")

    def look(self, told: Sequence[Killed]) -> None:
        found = check(self.url)
        sizes: dict[int, int] = {}
        for entry in found:
            sizes[entry.batch] = sizes.get(entry.batch, 0) + 1
        for number, child in enumerate(told):
            own = sorted({e.batch for e in found if e.recorded_by == str(number)})
            acknowledged = [tuple(map(int, line.split())) for line in child.said]
            assert [sizes[end] for end in own] == [n % 4 + 2 for n in range(len(own))], "a part of a batch"
            assert own[: len(acknowledged)] == [end for end, _ in acknowledged], "an acknowledged event is lost"
            assert len(own) - len(acknowledged) in (0, 1), "more than was tried"
        check_goes_on(self.url)


class Import(Work):
    """A long file of JSON Lines goes into a ledger that has something already."""

    name = "import"

    def prepare(self) -> None:
        source = history(Files(self.folder), self.size)
        out = BytesIO()
        with Ledger.open(source) as ledger, ledger.ask() as view:
            export(view, Selection(), out.write, Options())
            self.length = view.position
        self.file = self.folder / "history.jsonl"
        self.file.write_bytes(out.getvalue())
        self.template = self.place.empty()
        with Ledger.create(self.template) as ledger:
            ledger.record([new(org("meta"))], by="test")

    def begin(self) -> None:
        self.url = self.place.copy(self.template)

    def do(self, number: int, say: Say) -> None:
        with Ledger.open(self.url) as ledger, self.file.open("rb") as file:
            report = import_documents(ledger, [open_document(file, self.file.name)], by="import")
            report.plan.__exit__()
            assert report.batch is not None
            say(str(report.batch.last))

    def look(self, told: Sequence[Killed]) -> None:
        found = check(self.url)
        assert len(found) in (1, 1 + self.length), "a part of the file"
        assert not told[0].said or len(found) == int(told[0].said[0]), "what was acknowledged is lost"
        check_goes_on(self.url)


class Rebuild(Work):
    """All projections are made anew."""

    name = "rebuild"

    def prepare(self) -> None:
        self.template = history(self.place, self.size)
        with Ledger.open(self.template) as ledger, ledger.database.reading() as connection:
            self.before = log_of(connection)

    def begin(self) -> None:
        self.url = self.place.copy(self.template)

    def do(self, number: int, say: Say) -> None:
        with Ledger.open(self.url) as ledger:
            rebuild(ledger.database, workers=1)

    def look(self, told: Sequence[Killed]) -> None:
        assert check(self.url) == self.before, "a rebuild changed the log"
        check_goes_on(self.url)
        with Ledger.open(self.url) as ledger:
            rebuild(ledger.database, workers=1)
            names = inspect(ledger.database.engine).get_table_names()
            assert not [name for name in names if name.endswith("__new")], "the next rebuild left something"


class Migrate(Work):
    """A ledger of an older version is brought to this one: its tables, then its projections."""

    name = "migrate"

    def prepare(self) -> None:
        self.older = [form for form in FORMS if form.engine == self.place.engine]
        self.templates: dict[Form, tuple[str, list[Any]]] = {}
        self.turn = 0

    def forms(self, template: str) -> list[Any]:
        """What it looks like before, when the tables were changed, and at the end."""
        url = self.place.copy(template)
        with closing(Database(url)) as database:
            found = [shape(database)]
            upgrade_tables(database, untold)
            found.append(shape(database))
            migrate(database, workers=1)
            found.append(shape(database))
        self.place.drop(url)
        return found

    def begin(self) -> None:
        older = self.older[self.turn % len(self.older)]
        self.turn += 1
        if older not in self.templates:
            self.templates[older] = self.template_of(older)
        template, self.expected = self.templates[older]
        self.url = self.place.copy(template)

    def template_of(self, older: Form) -> tuple[str, list[Any]]:
        """A ledger to copy, and its forms."""
        url = self.place.empty()
        load(older, url if self.place.engine == "postgresql" else f"sqlite:///{url}")
        return url, self.forms(url)

    def do(self, number: int, say: Say) -> None:
        with closing(Database(self.url)) as database:
            migrate(database, workers=1)

    def look(self, told: Sequence[Killed]) -> None:
        with closing(Database(self.url)) as database:
            assert shape(database) in self.expected, "neither the old form nor the new one"
            is_old = has_to_be_migrated(database)
            assert told[0].was_killed or not is_old
        if is_old:
            said = ""
            try:
                Ledger.open(self.url).close()
            except StoreError as problem:
                said = str(problem)
            assert "`timeline migrate`" in said, "nobody is told what to do"
            with closing(Database(self.url)) as database:
                migrate(database, workers=1)
        check(self.url)
        check_goes_on(self.url)


def shape(database: Database) -> tuple[Any, ...]:
    """The tables but for those of an unfinished rebuild, the versions, and the bytes of the log."""
    with database.reading(of_ledger=False) as connection:
        look = inspect(connection)
        names = sorted(name for name in look.get_table_names() if not name.endswith("__new"))
        columns = {name: [c["name"] for c in look.get_columns(name)] for name in names}
        version = connection.execute(tables.schema_version.select().where(tables.schema_version.c.part == "log")).all()
        rows = [
            connection.exec_driver_sql(f"SELECT * FROM {t} ORDER BY position").all() for t in ("events", "payloads")
        ]
        return columns, version, rows


class Backup(Work):
    """A backup is made: of two rounds, one over an older backup."""

    name = "backup"

    def prepare(self) -> None:
        self.url = history(self.place, self.size)
        self.before = check(self.url)
        self.older = self.folder / "older.db"
        self.file = self.folder / "kept.db"
        with Ledger.open(self.url) as ledger:
            backup(ledger.database, self.older)
            ledger.record([new(org("later"))], by="test")
        self.sizes = {len(self.before), len(self.before) + 1}
        self.turn = 0

    def begin(self) -> None:
        for left in (self.file, *self.folder.glob(".kept.db.*")):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        self.replaces = self.turn % 2 == 1
        self.turn += 1
        if self.replaces:
            shutil.copy(self.older, self.file)

    def do(self, number: int, say: Say) -> None:
        with Ledger.open(self.url) as ledger:
            say(str(backup(ledger.database, self.file, force=self.replaces).events))

    def look(self, told: Sequence[Killed]) -> None:
        if not self.file.exists():
            assert not self.replaces, "the older backup is gone"
            assert not told[0].said, "what was acknowledged is lost"
        else:
            assert not [p.name for p in self.folder.iterdir() if p.name.startswith("kept.db-")]
            with closing(Kept(self.file)) as kept:
                report = verify(kept, needs_checkpoint=False)
            assert report.findings == [], "half of a backup"
            assert report.size in self.sizes, "another log"
            assert not told[0].said or report.size == int(told[0].said[0]), "what was acknowledged is lost"
        assert len(check(self.url)) == len(self.before) + 1, "a backup changed the ledger"

    def leave(self) -> None:
        pass


class Restore(Work):
    """A ledger is made of a backup."""

    name = "restore"

    def prepare(self) -> None:
        self.file = self.folder / "backup.db"
        source = history(Files(self.folder), self.size)
        with Ledger.open(source) as ledger:
            self.events = backup(ledger.database, self.file).events

    def begin(self) -> None:
        self.url = self.place.empty()

    def do(self, number: int, say: Say) -> None:
        with closing(Database(self.url)) as database:
            say(str(restore(self.file, database, workers=1).events))

    def look(self, told: Sequence[Killed]) -> None:
        if not self.is_there():
            assert not told[0].said, "what was acknowledged is lost"
            with closing(Database(self.url)) as database:
                restore(self.file, database, workers=1)
        assert len(check(self.url)) == self.events
        check_goes_on(self.url)

    def is_there(self) -> bool:
        """Whether there is anything under the name."""
        if self.place.engine == "sqlite":
            found = Path(self.url)
            assert not [p.name for p in found.parent.iterdir() if p.name.startswith("timeline.db-")] or found.exists()
            return found.exists()
        with closing(Database(self.url)) as database:
            return bool(inspect(database.engine).get_table_names())


WORKS: tuple[type[Work], ...] = (Append, Import, Rebuild, Migrate, Backup, Restore)


# -- rounds -----------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of killing one work many times."""

    rounds: int
    """How many ended in a kill within the work; all that counts."""
    too_late: int
    """How many were done before the kill."""
    longest: float
    """How many seconds the work takes undisturbed."""
    earliest: float
    latest: float
    """The first and the last moment at which a kill fell within it, of the undisturbed time."""


def rounds(work: Work, many: int, chance: random.Random) -> Outcome:
    """Kill a work so many times, and look at what is left each time. Raises AssertionError where anything is amiss."""
    work.begin()
    do = [partial(work.do, number) for number in range(work.writers)]
    longest = first = undisturbed(do)
    work.leave()
    counted = too_late = 0
    at: list[float] = []
    while counted < many:
        assert too_late <= TOO_SOON * (counted + 1), f"{work.name} was never killed within its work"
        work.begin()
        begun = time.perf_counter()
        moments = [chance.uniform(0.0, longest) for _ in do]
        told = killed(do, moments)
        took = time.perf_counter() - begun
        if any(child.was_killed for child in told):
            counted += 1
            at += [m / longest for m, child in zip(moments, told, strict=True) if child.was_killed]
        else:
            too_late += 1
            longest = min(longest, took)
        work.look(told)
        work.leave()
    return Outcome(counted, too_late, first, min(at), max(at))


@contextmanager
def places(sort: str, folder: Path, server: PostgresServer) -> Iterator[Files | Databases]:
    """Where the ledgers of one sort of database are made."""
    if sort == "sqlite":
        yield Files(folder)
        return
    found = Databases(server)
    try:
        yield found
    finally:
        found.close()

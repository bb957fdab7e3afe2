"""Our ledger, asked through its own Python call, and the bare statements that the call needs, on the same tables."""

from __future__ import annotations

import json
import sqlite3
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import psycopg

from bench.sides.history import History, Row, interval_of
from bench.sides.load import ROLE, entry_of, load_tables
from bench.sides.side import Line, Loaded, Question, Side, mark_of
from events.about import Correction
from events.base import Citation, Event
from events.dates import FOREVER, parse
from events.organizations import Founding
from events.people import Tenure
from events.register import Entity, Source
from timeline import answers
from timeline.comparing import differences
from timeline.ledger import Ledger, following, new
from timeline.state.rebuild import rebuild
from timeline.store import log
from timeline.store.mapper import EntryEvent

BATCH = 1000
CITED = (Citation(source="the-register"),)


def registered(history: History) -> Iterator[EntryEvent]:
    """What the history names: the source, the organizations with their tree, the people."""
    yield new(Source(id="the-register", type="report", title="Who is where", issued=parse("2025")))
    for n in range(len(history.parents)):
        yield new(Entity(id=f"org-{n}", type="organization", name=f"Organization {n}"))
    founded = parse("1990-01-01")
    for n, parent in enumerate(history.parents):
        above = None if parent is None else f"org-{parent}"
        yield new(Founding(organization=f"org-{n}", parent=above, date=founded, sources=CITED))
    for n in range(history.people):
        yield new(Entity(id=f"person-{n}", type="person", name=f"Given Family {n}"))


def tenure(row: Row) -> Tenure:
    """A membership as one statement."""
    organization, date = f"org-{row.organization}", parse(interval_of(row))
    return Tenure(person=f"person-{row.person}", organization=organization, role=ROLE, date=date, sources=CITED)


def told(history: History, known: int) -> Iterator[EntryEvent]:
    """The memberships as first recorded, or what corrects them."""
    for part in history.parts():
        for row in part:
            if row.known_from == known == 0:
                yield new(tenure(row), entry_of(row.membership))
            elif row.known_from == known:
                event: Event = Correction(event=tenure(row), reason="a better source")
                yield following(entry_of(row.membership), 1, event)


class Ours(Side):
    """A ledger: the log is written a thousand events at a time, then all projections are made from it."""

    rebuilt: ClassVar[int]
    """Memberships beyond which the rows are written into the tables directly, without a log."""
    address: str
    ledger: Ledger
    before: int
    """The position of the log before the corrections."""

    def load(self) -> Loaded:
        start = perf_counter()
        self.ledger = Ledger.create(self.address)
        if self.history.memberships > self.rebuilt:
            self.before = load_tables(self.ledger.database, self.history)
            took, again = perf_counter() - start, None
            note = "rows written into the tables directly, without a log"
        else:
            self._save(registered(self.history))
            self._save(told(self.history, 0))
            with self.ledger.database.reading() as connection:
                self.before = log.head_position(connection)
            self._save(told(self.history, 1))
            written = perf_counter()
            rebuild(self.ledger.database)
            took, again, note = perf_counter() - start, perf_counter() - written, ""
        (self.folder / f"{type(self).__name__}.json").write_text(json.dumps(self.before), "utf-8")
        return Loaded(took, self._settled(), again, note)

    def _save(self, events: Iterable[EntryEvent]) -> None:
        part: list[EntryEvent] = []
        for event in events:
            part.append(event)
            if len(part) == BATCH:
                self.ledger.save(*part, recorded_by="bench")
                part = []
        if part:
            self.ledger.save(*part, recorded_by="bench")

    @abstractmethod
    def _settled(self) -> int:
        """Bring the database to rest, and give its bytes."""

    def ask(self, question: Question) -> Any:
        with self.ledger.ask(self.before if question.known == 0 else None) as view:
            match question.sort:
                case "members":
                    return view.members(f"org-{question.organization}", question.day)
                case "person":
                    return view.career(f"person-{question.person}")
                case "state":
                    return view.state(question.day)
                case "diff":
                    return differences(view.state(question.day), view.state(question.other_day))

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        if question.sort == "diff":
            return [(_number(d.subject.id), 0, "") for d in answer if d.sort in ("in", "out", "moved")]
        members: Iterable[answers.Member] = answer.people if question.sort == "state" else answer
        return [(_number(m.person.id), _number(m.organization.id), m.certainty or "") for m in members]

    def append(self, number: int) -> None:
        date = parse("2024-03-05/..")
        person = f"person-{number * 7919 % self.history.people}"
        event = Tenure(person=person, organization="org-0", role=ROLE, date=date, sources=CITED)
        self.ledger.record([new(event)], by="bench")

    def close(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()


class OursSQLite(Ours):
    """A ledger in a file."""

    name = "ours, SQLite"
    rebuilt = 1_000_000

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.address = str(self.folder / "ours.db")

    def _settled(self) -> int:
        return _size(self.address)


class OursPostgreSQL(Ours):
    """A ledger on a server of the run's own."""

    name = "ours, PostgreSQL"
    rebuilt = 100_000

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.address = settings["postgresql"]

    def _settled(self) -> int:
        with psycopg.connect(_plain_url(self.address), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert found is not None
        return int(found[0])


_PLAIN = f"""
    SELECT p.id, e.name, o.id, f.name, m.role, m.start_min, m.start_max, m.end_min, m.end_max, m."start", m."end",
        m.confirmed, m.disputed, m.claim, m.entries, m.sources
    FROM {{source}} JOIN numbers AS p ON p.number = m.person JOIN numbers AS o ON o.number = m.organization
    JOIN entities AS e ON e.entity = m.person AND e.known_to = {FOREVER}
    JOIN entities AS f ON f.entity = m.organization AND f.known_to = {FOREVER}
    WHERE {{where}}"""
_NOW = f"m.known_to = {FOREVER}"
_THEN = "m.known_from <= CAST(? AS bigint) AND m.known_to > CAST(? AS bigint)"
_DAY = "m.end_max >= CAST(? AS bigint) AND m.start_min <= CAST(? AS bigint)"
_HERE = "m.organization = (SELECT number FROM numbers WHERE id = ?)"
_UNITS = f"""
    WITH RECURSIVE unit(number) AS (
        SELECT number FROM numbers WHERE id = ?
        UNION SELECT m.organization FROM unit JOIN parents AS m ON m.parent = unit.number AND {_DAY} AND {_NOW})"""
_STANDING = f"SELECT m.person, m.organization FROM memberships AS m WHERE {_DAY} AND {_NOW}"

ONE = _PLAIN.format(source="memberships AS m", where=f"{_HERE} AND {_DAY} AND {_NOW}")
ONE_THEN = _PLAIN.format(source="memberships AS m", where=f"{_HERE} AND {_DAY} AND {_THEN}")
WITH_UNITS = _UNITS + _PLAIN.format(
    source="unit CROSS JOIN memberships AS m", where=f"m.organization = unit.number AND {_DAY} AND {_NOW}"
)
WHOLE = _PLAIN.format(source="memberships AS m", where=f"{_DAY} AND {_NOW}")
TREE = f'SELECT organization, parent, m."start", m."end" FROM parents AS m WHERE {_DAY} AND {_NOW}'
PERSON = _PLAIN.format(
    source="memberships AS m", where=f"m.person = (SELECT number FROM numbers WHERE id = ?) AND {_NOW}"
)
CHANGED = f"""
    SELECT id FROM numbers WHERE number IN (
        SELECT person FROM ({_STANDING} EXCEPT {_STANDING}) AS gone
        UNION SELECT person FROM ({_STANDING} EXCEPT {_STANDING}) AS come)"""


class Bare(Side):
    """The statements by hand, through the driver alone, on the tables that ours has loaded: plain tuples come back.

    They give what our call gives: people and organizations with their ids and names, dates, sources, entries.
    """

    connection: Any
    before: int
    of: ClassVar[str]
    """Whose tables it reads."""
    as_it_lies: ClassVar[str] = ""
    """What has it read a whole table from end to end, where it would rather take an index and look up every row."""

    def ask(self, question: Question) -> Any:
        day, other = (question.day, question.day), (question.other_day, question.other_day)
        organization = f"org-{question.organization}"
        match question.sort:
            case "members" if question.units:
                return self._run(WITH_UNITS, organization, *day, *day)
            case "members" if question.known == 0:
                return self._run(ONE_THEN, organization, *day, self.before, self.before)
            case "members":
                return self._run(ONE, organization, *day)
            case "person":
                return self._run(PERSON, f"person-{question.person}")
            case "state":
                self._run(TREE, *day)
                return self._run(WHOLE + self.as_it_lies, *day)
            case "diff":
                return self._run(CHANGED, *day, *other, *other, *day)

    @abstractmethod
    def _run(self, statement: str, *given: Any) -> list[Any]: ...

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        if question.sort == "diff":
            return [(_number(row[0]), 0, "") for row in answer]
        if question.sort == "person":
            return [(_number(row[0]), _number(row[2]), "") for row in answer]
        day = question.day
        return [(_number(r[0]), _number(r[2]), mark_of(r[6], r[7], r[10] == "", day)) for r in answer]

    def close(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()

    def _position(self) -> int:
        return int(json.loads((self.folder / f"{self.of}.json").read_text("utf-8")))


class BareSQLite(Bare):
    """Python's own driver. What it loads for itself is one table of numbers, as ours lies clustered."""

    name = "bare SQL, SQLite"
    of = "OursSQLite"
    as_it_lies = " ORDER BY m.organization, m.end_max, m.start_min, m.id"

    def load(self) -> Loaded:
        path = str(self.folder / "bare.db")
        start = perf_counter()
        with closing(_connected(path)) as own:
            own.execute(
                "CREATE TABLE m (organization, end_max, start_min, id, person, start_max, end_min, ending, known_from,"
                " known_to, PRIMARY KEY (organization, end_max, start_min, id)) WITHOUT ROWID"
            )
            own.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, state BLOB NOT NULL)")
            own.execute("CREATE TEMPORARY TABLE t AS SELECT * FROM m")
            own.execute("BEGIN")
            for part in self.history.parts():
                own.executemany(
                    "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (
                            *(r.organization, r.end_max, r.start_min, 2 * r.membership + r.known_from, r.person),
                            *(r.start_max, r.end_min, r.ending, r.known_from, r.known_to),
                        )
                        for r in part
                    ],
                )
            own.execute("INSERT INTO m SELECT * FROM t ORDER BY organization, end_max, start_min, id")
            own.execute("CREATE INDEX m_person ON m (person, known_to)")
            own.execute("COMMIT")
        loaded = Loaded(perf_counter() - start, _size(path), note="one table of numbers, without log, names or sources")
        self.own = _connected(path)
        self.connection = _connected(str(self.folder / "ours.db"))
        self.before = self._position()
        return loaded

    def _run(self, statement: str, *given: Any) -> list[Any]:
        found: list[Any] = self.connection.execute(statement, given).fetchall()
        return found

    def append(self, number: int) -> None:
        self.own.execute("BEGIN IMMEDIATE")
        self.own.execute("INSERT INTO log (state) VALUES (?)", (b"x" * 288,))
        self.own.execute("COMMIT")

    def close(self) -> None:
        super().close()
        if hasattr(self, "own"):
            self.own.close()


class BarePostgreSQL(Bare):
    """psycopg."""

    name = "bare SQL, PostgreSQL"
    of = "OursPostgreSQL"
    cannot: ClassVar = {"import": "reads what ours has loaded"}

    def load(self) -> Loaded:
        self.connection = psycopg.connect(_plain_url(self.settings["postgresql"]), autocommit=True)
        self.connection.execute("CREATE TABLE bench_log (position bigserial PRIMARY KEY, state bytea NOT NULL)")
        self.before = self._position()
        return Loaded(0, 0)

    def _run(self, statement: str, *given: Any) -> list[Any]:
        found: list[Any] = self.connection.execute(statement.replace("?", "%s"), given).fetchall()
        return found

    def append(self, number: int) -> None:
        self.connection.execute("INSERT INTO bench_log (state) VALUES (%b)", (b"x" * 288,))


def _connected(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _size(path: str) -> int:
    """The bytes of a file of SQLite, when all of it is in the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        free, page = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_size"))
    return Path(path).stat().st_size - int(free) * int(page)


def _plain_url(address: str) -> str:
    return address.replace("+psycopg", "")


def _number(given: str) -> int:
    return int(given.rpartition("-")[2])

"""After an erasure no file of the database holds what was erased, and a kill at any moment leaves all of it or none."""

from __future__ import annotations

import multiprocessing
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from events.about import Correction, Dispute, Erasure
from events.register import Entity
from projections.entities import folded
from tests.projections.facts import arrival
from tests.timeline.builders import layoff, org
from timeline.entries import entry_named
from timeline.errors import StoreError
from timeline.ledger import Ledger, following, new
from timeline.state.rebuild import rebuild, verify
from timeline.state.scrubbing import pending, scrub
from timeline.state.soundness import find_faults
from timeline.store.tables import events, payloads

NAME = "Zsófia Quellenbrink-Ürmös"
SLUG = "zsofia-quellenbrink"
WORDS = "Was dismissed for a Wolpertinger in the Cafeteria " * 80  # long enough for TOAST
LEFT = entry_named("event", f"{SLUG}-leaves")
GROUND = Erasure(reason="asked for", ground="GDPR Art. 17")
TRACES = tuple(
    text.encode()
    for text in (NAME, folded(NAME), SLUG, "Quellenbrink", "quellenbrink", "Wolpertinger", "wolpertinger", "ürmös")
)


def told(ledger: Ledger) -> list[UUID]:
    """A person and what is said of her, corrected, disputed, merged into rows; and others, before and after."""
    she = Entity(id=SLUG, type="person", name=NAME)
    came = new(arrival("2019", SLUG, id=f"{SLUG}-leaves", note=WORDS))
    ledger.record([new(org("acme")), *(new(org(f"o{n}")) for n in range(40))])
    ledger.record([new(she), came, *(new(layoff("acme", note=f"cut {n}")) for n in range(60))])
    ledger.record([following(LEFT, 1, Correction(event=arrival("2020", SLUG, id=f"{SLUG}-leaves", role=WORDS[:900])))])
    ledger.record([following(LEFT, 2, Dispute(by=SLUG, stance="denied", reason=WORDS))])
    ledger.record([new(layoff("acme", note=f"more {n}")) for n in range(60)])
    return [entry_named("entity", SLUG), LEFT]


def erase(ledger: Ledger, entries: list[UUID]) -> None:
    ledger.record([following(e, 3 if e == LEFT else 1, GROUND) for e in entries])


def files(url: str) -> Iterator[Path]:
    """The files of a database: of SQLite also those beside it; of PostgreSQL all that is not another database's.

    Other tests erase the same names on the same server; its logs, of which `scrub` says that they are not reached, are
    theirs too.
    """
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        yield from path.parent.glob(f"{path.name}*")
        return
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as admin:
        admin.execute("CHECKPOINT")
        ((own,),) = admin.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()").fetchall()
    data = Path(parse_qs(urlsplit(url).query)["host"][0]).with_name("data")
    others = {p for p in (data / "base").iterdir() if p.name != own} | {data / "pg_wal", data / "log"}
    for folder, _, names in os.walk(data):  # which passes over folders that other tests remove meanwhile
        paths = (Path(folder, name) for name in names)
        yield from (p for p in paths if p.is_file() and others.isdisjoint(p.parents) and p not in others)


def traces(url: str) -> set[bytes]:
    """Which of the erased texts some file still holds, wherever in it."""
    found: set[bytes] = set()
    for path in files(url):
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            continue  # the server works in the same folder
        found |= {trace for trace in TRACES if trace in raw}
    return found


@pytest.fixture
def postgres_url(postgres_server) -> Iterator[str]:
    """A new database: the files of a borrowed one may hold what other tests left there."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def ledger(database_url) -> Iterator[Ledger]:
    with Ledger.create(database_url) as ledger:
        yield ledger


def test_no_file_holds_what_was_erased(ledger, database_url):
    """Neither the tables nor indexes, nor what lies between rows, nor the write-ahead log of SQLite."""
    entries = told(ledger)
    if not ledger.database.is_sqlite:
        with ledger.database.outside() as driver:
            driver.execute("ANALYZE")  # the planner keeps common values
    rebuild(ledger.database)
    assert {NAME.encode(), b"quellenbrink"} <= traces(database_url)

    erase(ledger, entries)
    with ledger.database.reading() as connection:
        assert pending(connection) is not None
    scrub(ledger.database)

    assert traces(database_url) == set()
    assert verify(ledger.database) == (0, [])
    with ledger.database.reading() as connection:
        assert pending(connection) is None
        assert find_faults(connection) == []
    assert scrub(ledger.database) is None


def test_a_reader_who_saw_it_is_waited_for(ledger, database_url, monkeypatch):
    """What somebody reads still cannot go; once they end, it does."""
    monkeypatch.setattr("timeline.state.scrubbing.BUSY_SECONDS", 0.5)
    monkeypatch.setattr("timeline.store.database.BUSY_SECONDS", 0.5)
    entries = told(ledger)
    with Ledger.open(database_url) as another, another.ask() as view:
        assert view.directory.name(SLUG) == NAME
        with Ledger.open(database_url) as eraser:
            erase(eraser, entries)
            with pytest.raises(StoreError, match=r"not yet from the files.*timeline doctor"):
                scrub(eraser.database)
        assert view.directory.get(SLUG) is not None

    scrub(ledger.database)
    assert traces(database_url) == set()


def test_on_postgresql_somebody_elses_long_transaction_is_noticed(postgres_url, monkeypatch):
    """A dump that began before the erasure keeps the dead rows; they are not taken for gone."""
    monkeypatch.setattr("timeline.state.scrubbing.BUSY_SECONDS", 0.5)
    with Ledger.create(postgres_url) as ledger:
        entries = told(ledger)
        with psycopg.connect(postgres_url.replace("postgresql+psycopg", "postgresql")) as dump:
            dump.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            dump.execute("SELECT 1")
            erase(ledger, entries)
            with pytest.raises(StoreError, match="since before the erasure"):
                scrub(ledger.database)
        scrub(ledger.database)
        assert traces(postgres_url) == set()


def test_a_rebuild_that_was_killed_leaves_nothing_of_it(ledger, database_url):
    """Its half-filled tables go with the erasure."""
    entries = told(ledger)
    with ledger.database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE entities__new AS SELECT * FROM entities")

    erase(ledger, entries)
    scrub(ledger.database)

    assert traces(database_url) == set()


# -- killed -----------------------------------------------------------------------------------------------------------


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])  # so that a process is there in a moment


def erase_and_scrub(url: str, entries: list[UUID], ready: Event) -> None:
    with Ledger.open(url) as ledger:
        ready.set()
        erase(ledger, entries)
        scrub(ledger.database)


def killed(url: str, entries: list[UUID], after: float) -> None:
    """Erase in another process, and kill it so many seconds after it began."""
    ready = PROCESSES.Event()
    process = PROCESSES.Process(target=erase_and_scrub, args=(url, entries, ready))
    process.start()
    ready.wait()
    time.sleep(after)
    process.kill()
    process.join()


def is_erased(ledger: Ledger, entries: list[UUID], *, every_row: bool = True) -> bool:
    """All is erased or nothing is, in the log and in every row."""
    with ledger.database.reading() as connection:
        kinds = connection.scalars(select(events.c.kind).where(events.c.entry_id.in_(entries))).all()
        there = connection.scalars(
            select(payloads.c.position)
            .join(events, events.c.position == payloads.c.position)
            .where(events.c.entry_id.in_(entries), events.c.kind != "erasure")
        ).all()
        assert find_faults(connection) == []
    assert (kinds.count("erasure"), len(there)) in ((0, 4), (2, 0))
    assert not every_row or verify(ledger.database) == (0, [])
    return not there


def test_killed_at_any_moment_sqlite_holds_all_of_it_or_nothing(tmp_path):
    """What the killed one left to do in the files, the next one does."""
    draw = random.Random(7)
    made = tmp_path / "made.db"
    with Ledger.create(str(made)) as ledger:
        entries = told(ledger)
    raw = made.read_bytes()
    begun = time.monotonic()
    url = f"sqlite:///{tmp_path / 'whole.db'}"
    (tmp_path / "whole.db").write_bytes(raw)
    with Ledger.open(url) as ledger:
        erase(ledger, entries)
        scrub(ledger.database)
    whole = time.monotonic() - begun
    outcomes = []
    for number in range(50):
        path = tmp_path / f"{number}.db"
        path.write_bytes(raw)
        killed(f"sqlite:///{path}", entries, draw.uniform(0, 1.2 * whole))
        with Ledger.open(str(path)) as ledger:
            outcomes.append(is_erased(ledger, entries, every_row=number % 10 == 0))
            if not outcomes[-1]:
                erase(ledger, entries)
            scrub(ledger.database)
            assert traces(f"sqlite:///{path}") == set()
        with sqlite3.connect(path) as checked:
            assert checked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert set(outcomes) == {True, False}


def test_killed_at_any_moment_postgresql_holds_all_of_it_or_nothing(postgres_server):
    draw = random.Random(8)
    for _ in range(6):
        with postgres_server.database() as url:
            with Ledger.create(url) as ledger:
                entries = told(ledger)
            killed(url, entries, draw.uniform(0, 0.5))
            with Ledger.open(url) as ledger:
                if not is_erased(ledger, entries):
                    erase(ledger, entries)
                scrub(ledger.database)
            assert traces(url) == set()

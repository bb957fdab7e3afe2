"""PostgreSQL ends a session, begins anew, or the wire is cut: it is told, nothing is lost, the same Ledger goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.services import PostgresServer
from tests.steady.killing import Databases, Import, check
from tests.steady.limits import refusal
from tests.steady.proxy import Proxy
from tests.timeline.builders import layoff, org
from timeline.audit.replaying import replay
from timeline.audit.verifying import verify
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.errors import StoreError
from timeline.imports.jsonlfile import open_document
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger, new
from timeline.progress import Progress, untold
from timeline.state.rebuild import rebuild
from timeline.state.scrubbing import scrub
from timeline.store import log

SIZE = 200
LOST = "cannot be reached"


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[Ledger]:
    with Ledger.create(postgres_url) as ledger:
        ledger.record([new(org("meta"))], by="test")
        yield ledger


@pytest.fixture
def end(postgres_server: PostgresServer, postgres_url: str) -> Callable[[], None]:
    """Ends all sessions of the test's database."""
    name = postgres_url.rpartition("?")[0].rpartition("/")[2]
    query = f"SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = '{name}'"

    def act() -> None:
        assert postgres_server.ask(query)

    return act


def position(ledger: Ledger) -> int:
    with ledger.database.reading() as connection:
        return log.head_position(connection)


def at(wanted: int, act: Callable[[], None]) -> Progress:
    """Progress that acts once, when it is told something for this time."""
    told = [0]

    def tell(step: str, done: int, of: int) -> None:
        told[0] += 1
        if told[0] == wanted:
            act()

    return tell


def goes_on(ledger: Ledger) -> None:
    """The same object records and answers, and all adds up."""
    before = position(ledger)
    assert ledger.record([new(layoff("meta"))], by="test").last == before + 1
    assert replay(ledger.database, progress=untold)[1].is_equal
    assert verify(ledger.database, needs_checkpoint=False).findings == []


def test_a_session_that_ends_while_an_event_is_recorded(ledger, end):
    with pytest.raises(StoreError, match=LOST):
        ledger.record([new(org("lost"))], by="test", also=lambda connection, batch: end())
    assert position(ledger) == 1
    goes_on(ledger)


def test_a_session_that_ends_between_two_calls_is_not_even_noticed(ledger, end):
    end()
    assert ledger.record([new(org("fair"))], by="test").last == 2
    end()
    assert position(ledger) == 2
    end()
    goes_on(ledger)


def test_a_session_that_ends_while_it_is_asked(ledger, end):
    def ask() -> None:
        with ledger.ask() as view:
            end()
            view.connection.exec_driver_sql("SELECT * FROM events").all()

    def read() -> None:
        with ledger.database.reading() as connection:
            for _ in log.read(connection):
                end()

    assert LOST in refusal(ask)
    assert LOST in refusal(read)
    goes_on(ledger)


def test_a_session_that_ends_where_an_import_is(ledger, end, tmp_path, postgres_server):
    """At whatever it tells of; the first moment is in the reading, the last near the commit."""
    places = Databases(postgres_server)
    work = Import(places, tmp_path, SIZE)
    places.close()

    def act(tell: Progress) -> None:
        with work.file.open("rb") as file:
            import_documents(ledger, [open_document(file, "h.jsonl")], by="test", tell=tell, dry_run=True)

    refused(ledger, end, act)
    before = position(ledger)
    with work.file.open("rb") as file:
        import_documents(ledger, [open_document(file, "h.jsonl")], by="test").plan.__exit__()
    assert position(ledger) == before + work.length


def refused(ledger: Ledger, end: Callable[[], None], act: Callable[[Progress], object]) -> None:
    """Whatever a long work is at, it is refused when its sessions end, and nothing has changed; then it is done."""
    told = [0]

    def count(step: str, done: int, of: int) -> None:
        told[0] += 1

    act(count)
    assert told[0] > 0
    for moment in range(1, told[0] + 1):
        before = position(ledger)
        said = refusal(partial(act, at(moment, end)))
        assert not said or LOST in said
        assert position(ledger) == before
        goes_on(ledger)
    act(untold)


def test_a_session_that_ends_where_a_rebuild_is(ledger, end):
    refused(ledger, end, lambda tell: rebuild(ledger.database, workers=1, progress=tell))


def test_a_session_that_ends_where_a_backup_is(ledger, end, tmp_path):
    refused(ledger, end, lambda tell: backup(ledger.database, tmp_path / "kept.db", force=True, progress=tell))
    assert not list(tmp_path.glob(".kept*"))


def test_a_session_that_ends_where_a_restore_is(ledger, end, tmp_path, postgres_server):
    backup(ledger.database, tmp_path / "kept.db")
    with postgres_server.borrowed() as url:
        name = url.rpartition("?")[0].rpartition("/")[2]
        query = f"SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = '{name}'"
        with Ledger.create(url) as target:
            for moment in (*range(1, 12), 20, 25, 30, 35, 40):
                if position(target):
                    break
                cut = at(moment, lambda: postgres_server.ask(query))
                said = refusal(lambda: restore(tmp_path / "kept.db", target.database, progress=cut))  # noqa: B023
                if said:
                    assert LOST in said or "cannot take it" in said
                    assert position(target) == 0
            assert check(url)


def test_a_session_that_ends_where_erased_bytes_are_cleaned_away(ledger, end, monkeypatch):
    from events.about import Erasure
    from timeline.ledger import following
    from timeline.state import scrubbing

    gone = new(org("gone"))
    ledger.record([gone], by="test")
    ledger.record([following(gone.originator_id, 1, Erasure(reason="asked for", ground="GDPR Art. 17"))], by="test")
    run = scrubbing._Told.run

    def ended(*given):
        end()
        run(*given)

    monkeypatch.setattr(scrubbing._Told, "run", ended)
    with pytest.raises(StoreError, match="everything is erased, but not yet from the files"):
        scrub(ledger.database)
    monkeypatch.undo()
    assert scrub(ledger.database) is not None
    goes_on(ledger)


# -- the server begins anew -------------------------------------------------------------------------------------------


@pytest.fixture
def own_server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """A server that only this test has."""
    server = PostgresServer(postgres_server.folder, uuid.uuid4().hex[:8], "fsync=off")
    try:
        server.start()
        yield server
    finally:
        server.remove()


def test_a_server_that_is_down_is_told_and_once_it_is_up_again_the_same_ledger_goes_on(own_server):
    own_server.ask("CREATE DATABASE ours")
    url = own_server.url("ours")
    with Ledger.create(url) as ledger:
        ledger.record([new(org("meta"))], by="test")
        for mode in ("fast", "immediate"):
            own_server.halt(mode)
            own_server.start()
            ledger.record([new(org(f"after-{mode}"))], by="test")
            own_server.halt(mode)
            for _ in range(2):
                with pytest.raises(StoreError, match=LOST):
                    ledger.record([new(org("lost"))], by="test")
                with pytest.raises(StoreError, match=LOST):
                    position(ledger)
            own_server.start()
            goes_on(ledger)
    assert len(check(url)) == 5


# -- the wire ---------------------------------------------------------------------------------------------------------


def test_a_wire_that_is_cut_anywhere_loses_nothing_that_was_acknowledged(postgres_server, postgres_url):
    """After so many bytes of the conversation, either way. What was on its way is there whole, or not at all."""
    Ledger.create(postgres_url).close()
    with Proxy(postgres_server) as wire, Ledger.open(wire.url(postgres_url)) as ledger:
        ledger.record([new(org("meta"))], by="test")
        wire.measure()
        ledger.record([new(org("first")), new(layoff("first"))], by="test")
        length = wire.passed
        acknowledged, told = [1, 3], 0
        for part in range(25):
            wire.cut_after(length * part // 24)
            batch = [new(org(f"u{part}")), new(layoff(f"u{part}"))]
            said = refusal(lambda: acknowledged.append(ledger.record(batch, by="test").last))  # noqa: B023
            assert not said or LOST in said
            told += bool(said)
            wire.cut_after(None)
            assert position(ledger) >= acknowledged[-1]  # the same object, over a new wire
        wire.cut()
        goes_on(ledger)
    found = check(postgres_url)
    assert told > 12, "the wire was hardly ever cut within a conversation"
    assert {e.position for e in found} >= set(acknowledged)
    names = [f"u{part}" for part in range(25)]
    for name in names:
        own = [e for e in found if f'"{name}"'.encode() in (e.state or b"")]
        assert len(own) in (0, 2), "half of a batch"


# The driver cannot close a cursor on a server that is gone, and warns of it.
@pytest.mark.filterwarnings("ignore:.*ServerCursor object.*was deleted while still open:ResourceWarning")
def test_a_wire_that_is_cut_during_a_long_copy(postgres_server, postgres_url, tmp_path: Path):
    """An import and a rebuild, which send rows in streams of their own."""
    places = Databases(postgres_server)
    work = Import(places, tmp_path, SIZE)
    with Proxy(postgres_server) as wire:
        Ledger.create(postgres_url).close()
        with Ledger.open(wire.url(postgres_url)) as ledger:

            def bring() -> None:
                with work.file.open("rb") as file:
                    import_documents(ledger, [open_document(file, "h.jsonl")], by="test", dry_run=True)

            for act in (bring, lambda: rebuild(ledger.database, workers=1)):
                wire.measure()
                act()
                length = wire.passed
                for part in range(1, 7):
                    wire.cut_after(length * part // 7)
                    said = refusal(act)
                    assert not said or LOST in said
                    wire.cut_after(None)
                    position(ledger)
            ledger.record([new(org("acme"))], by="test")
    places.close()
    assert check(postgres_url)

"""Several processes write one ledger at once: nothing is lost, and everybody sees it in one order."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from multiprocessing import get_context
from time import sleep

import pytest

from tests.timeline.builders import folded, kept, layoff, org
from tests.timeline.writers import BATCH, correct, write, write_for_ever
from timeline.ledger import Ledger, new
from timeline.store import log

SPAWN = get_context("spawn")
"""Fresh processes, which share nothing with this one but the database."""

WRITERS, BATCHES = ("ada", "bob", "carol", "dan"), 60


@pytest.fixture
def ledger(database_url):
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("meta"))], by="test")
        yield ledger


@contextmanager
def running(*works):
    """Processes that do their work; at the end of the block they have all succeeded."""
    processes = [SPAWN.Process(target=work, args=args) for work, *args in works]
    for process in processes:
        process.start()
    try:
        yield processes
        for process in processes:
            process.join()
        assert {p.exitcode for p in processes} == {0}
    finally:
        for process in processes:
            process.kill()


def entries(ledger):
    with ledger.database.reading() as connection:
        return list(log.read(connection))


def test_four_writers_lose_nothing_and_a_reader_sees_every_position_in_its_turn(ledger, database_url):
    """Four processes record 60 batches each, while a reader follows the log.

    The reader remembers only how far it has read. If a position ever became visible before the one below it, the reader
    would pass over that one for good.
    """
    expected = 1 + len(WRITERS) * BATCHES * BATCH
    start = SPAWN.Barrier(len(WRITERS))
    seen: list[int] = []

    with running(*((write, database_url, name, BATCHES, start) for name in WRITERS)) as processes:
        while len(seen) < expected and not any(p.exitcode for p in processes):
            section = ledger.recorder.select_notifications(
                seen[-1] if seen else None, limit=1000, inclusive_of_start=False
            )
            seen += [n.id for n in section]
            sleep(0 if section else 0.005)  # leaves the processor to the writers

    assert seen == list(range(1, expected + 1))
    stored = entries(ledger)
    assert Counter(e.recorded_by for e in stored) == {"test": 1} | dict.fromkeys(WRITERS, BATCHES * BATCH)
    assert [e.recorded_at for e in stored] == sorted(e.recorded_at for e in stored)
    assert all(len({e.recorded_by for e in stored if e.batch == b}) == 1 for b in {e.batch for e in stored})
    assert kept(ledger) == folded(ledger)


def test_of_two_who_correct_the_same_version_one_wins_and_the_other_is_told(ledger, database_url):
    """Both read version 1 and decide by it; the second to write must read again."""
    cuts = [new(layoff()) for _ in range(15)]
    ledger.record(cuts)
    ids = [c.originator_id for c in cuts]
    start, told = SPAWN.Barrier(2), SPAWN.Queue()

    with running(*((correct, database_url, name, ids, start, told) for name in ("ada", "bob"))):
        answers = [told.get(timeout=60) for _ in range(2 * len(ids))]

    for entry in ids:
        ours = {what: said for given, what, said in answers if given == entry}
        assert set(ours) == {"corrected", "conflict"}
        assert ours["conflict"] == f"{entry} is at version 2 now, not at 1: read it again"
        assert [e.event.event.note for e in ledger.events.get(entry, gt=1)] == [ours["corrected"]]


@pytest.mark.parametrize("killed_after", [1, 20])
def test_a_killed_writer_leaves_whole_batches(ledger, database_url, killed_after):
    """The process is killed while it writes: each batch is there with its projections, or not at all."""
    writer = SPAWN.Process(target=write_for_ever, args=(database_url, "eve"))
    writer.start()
    while (ledger.recorder.max_notification_id() or 0) < killed_after * BATCH and writer.is_alive():
        pass
    writer.kill()  # SIGKILL
    writer.join()

    with Ledger.open(database_url) as again:
        again.record([new(layoff(id="after"))], by="test")
        stored = entries(again)
        assert [e.position for e in stored] == list(range(1, len(stored) + 1))
        sizes = Counter(e.batch for e in stored if e.recorded_by == "eve")
        assert set(sizes.values()) == {BATCH}
        assert len(sizes) >= killed_after
        assert kept(again) == folded(again)

"""The journal: what a crash leaves in it, and that none of that makes an honest ledger look tampered with."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.audit.sealed import SIZE, honest
from tests.timeline.builders import Clock, layoff, org
from timeline.audit.findings import Findings
from timeline.audit.journal import Journal
from timeline.audit.journaled import Journaled
from timeline.audit.verifying import verify
from timeline.errors import Conflict, StoreError
from timeline.ledger import Ledger, new

A, B, C, D = (bytes([n]) * 32 for n in (1, 2, 3, 4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def journal(path):
    with closing(Journal(path)) as journal:
        yield journal


def compared(path, leaves, first=1):
    """The findings when the log has these leaves."""
    findings = Findings()
    with closing(Journaled(path, findings)) as read:
        if leaves:
            read.check(range(first, first + len(leaves)), leaves)
        read.finish(first + len(leaves) - 1)
    return [(f.position, f.found) for f in findings.kept]


def recorded(journal, first, *hashes):
    journal.announce(first, hashes)
    announced = journal.ready(first, first + len(hashes) - 1)
    journal.done(announced)


def test_the_journal_is_lines_that_one_can_read(path, journal):
    recorded(journal, 8, A, B)

    assert path.read_text() == (
        f"timeline journal 1 after 7\nevent 8 {A.hex()}\nevent 9 {B.hex()}\nready 8 9\ndone 9 {B.hex()}\n"
    )


def test_what_was_recorded_is_what_was_announced(path, journal):
    recorded(journal, 1, A, B)
    recorded(journal, 3, C)

    assert compared(path, [A, B, C]) == []
    assert compared(path, [A, D, C]) == [(2, D.hex())]
    assert compared(path, [A, B, C, D]) == [(4, D.hex())]
    assert compared(path, [A, B]) == [(3, "gone")]
    assert compared(path, []) == [(1, "gone")]


def test_a_journal_may_begin_later_than_the_log(path, journal):
    recorded(journal, 3, C)

    assert compared(path, [D, D, C]) == []
    assert compared(path, [D, D, D]) == [(3, D.hex())]


def test_a_batch_that_was_announced_and_not_committed_is_no_deletion(path, journal):
    """Killed between the journal and the commit: the log may end before it, or have it."""
    recorded(journal, 1, A)
    journal.announce(2, [B, C])
    journal.ready(2, 3)

    assert compared(path, [A]) == []
    assert compared(path, [A, B, C]) == []
    assert compared(path, [A, D]) == [(2, D.hex())]


def test_the_next_batch_takes_the_place_of_one_that_failed(path, journal):
    recorded(journal, 1, A)
    journal.announce(2, [B, C])
    journal.ready(2, 3)
    recorded(journal, 2, D)

    assert compared(path, [A, D]) == []
    assert compared(path, [A, B, C]) == [(2, B.hex()), (3, C.hex())]


def test_a_batch_that_was_refused_in_between_counts_for_nothing(path, journal):
    """The checks refused it: nothing says that it was ready."""
    recorded(journal, 1, A)
    journal.announce(2, [B])

    assert compared(path, [A]) == []
    assert compared(path, [A, B]) == [(2, B.hex())]
    recorded(journal, 2, C)
    assert compared(path, [A, C]) == []


def test_a_missing_last_word_is_said_by_the_next_batch(path, journal):
    """Killed after the commit, before the line that says so."""
    journal.announce(1, [A, B])
    journal.ready(1, 2)
    recorded(journal, 3, C)
    journal.announce(2, [D])

    assert (2, "position 2 given once more, so the log was cut") in compared(path, [A, D])


def test_a_torn_line_spoils_nothing(path, journal):
    """A power cut within a line; the next writer begins a new one."""
    recorded(journal, 1, A)
    with path.open("ab") as file:
        file.write(b"event 2 0303")
    recorded(journal, 2, B)

    assert compared(path, [A, B]) == []


def test_a_file_that_is_no_journal_is_left_alone(sqlite_url, path):
    path.write_text("dear diary\n")

    with Ledger.create(sqlite_url, journal=path) as ledger:
        with pytest.raises(StoreError, match="is no journal, so nothing was written to it; nothing was recorded"):
            ledger.record([new(org("meta"))])
        with ledger.ask() as view:
            assert view.position == 0
    assert path.read_text() == "dear diary\n"
    with pytest.raises(StoreError, match="is no journal"):
        Journaled(path, Findings())


def test_a_journal_that_cannot_be_written_stops_the_recording(sqlite_url, tmp_path):
    with Ledger.create(sqlite_url, journal=tmp_path / "no" / "journal") as ledger:
        with pytest.raises(StoreError, match=r"the journal .* cannot be written: No such file.*; nothing was recorded"):
            ledger.record([new(org("meta"))])
        with ledger.ask() as view:
            assert view.position == 0


def test_what_the_checks_refuse_leaves_an_honest_journal(database_url, path):
    with Ledger.create(database_url, clock=Clock(), journal=path) as ledger:
        ledger.record([new(org("meta"))])
        for bad in (new(org("meta")), new(layoff("nobody"))):
            with pytest.raises(Exception, match=r"recorded already|registered"):
                ledger.record([new(layoff()), bad])
        ledger.record([new(layoff())])
        with pytest.raises(Conflict):
            ledger.record([new(org("meta"))])

        report = verify(ledger.database, journal=path, needs_checkpoint=False)

    assert report.findings == []
    assert report.journaled_after == 0


def test_several_writers_keep_one_journal(database_url, path):
    with Ledger.create(database_url, journal=path) as one, Ledger.open(database_url, journal=path) as other:
        one.record([new(org("meta"))])
        for _ in range(5):
            other.record([new(layoff())])
            one.record([new(layoff()), new(layoff())])

        assert verify(one.database, journal=path, needs_checkpoint=False).findings == []


def test_a_journal_that_was_moved_away_is_begun_anew(sqlite_url, path):
    """Rotated like any log file, while the writer runs on."""
    with Ledger.create(sqlite_url, journal=path) as ledger:
        ledger.record([new(org("meta"))])
        path.rename(path.with_suffix(".1"))
        ledger.record([new(layoff())])

        for kept, after in ((path, 1), (path.with_suffix(".1"), 0)):
            with closing(Journaled(kept, Findings())) as read:
                assert read.after == after
        assert verify(ledger.database, journal=path, needs_checkpoint=False).findings == []


def test_a_writer_without_the_journal_is_found(sqlite_url, tmp_path):
    """The journal says what its writers did; whoever else writes looks like a forger, and must not be used."""
    with honest(sqlite_url, tmp_path) as kept:
        with Ledger.open(kept.url) as ledger:
            ledger.record([new(layoff())])

        (finding,) = kept.verify("journal").findings

    assert (finding.code, finding.position) == ("journal", SIZE + 1)


def test_an_erasure_is_announced_as_whatever_else_is_recorded(run, own_ledger, tmp_path):
    path = tmp_path / "kept"

    ran = run(
        "erase", "goyal-leaves-meta", "--because", "asked", "--ground", "law", "--journal", str(path), db=own_ledger
    )

    assert ran.status == 0, ran.err
    first, event, ready, done = path.read_text().splitlines()
    assert (first, ready) == ("timeline journal 1 after 310", "ready 311 311")
    assert (event.split()[1], event.split()[2]) == (done.split()[1], done.split()[2])
    assert run("audit", "verify", "--no-checkpoint", "--journal", str(path), db=own_ledger).status == 0

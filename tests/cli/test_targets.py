"""`-o` writes where it should, and nowhere else."""

from __future__ import annotations

import os
import threading

import pytest


@pytest.fixture
def ledger(tmp_path, run):
    path = tmp_path / "timeline.db"
    run("init", db=path)
    return path


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_the_ledger_itself_is_never_written_over(ledger, run, suffix):
    before = ledger.read_bytes()

    ran = run("export", "csv", "-o", f"{ledger}{suffix}", db=ledger)

    assert ran.status == 2
    assert "this is the ledger" in ran.err
    assert ledger.read_bytes() == before


def test_a_link_is_followed(ledger, tmp_path, run):
    """A web server gives out what the link leads to."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)

    run("export", "csv", "-o", str(link), db=ledger)

    assert link.is_symlink()
    assert real.read_text().startswith("id,entry,kind")


def test_a_pipe_stays_a_pipe(ledger, tmp_path, run):
    """What is no regular file is written into; a device renamed over would be gone for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()

    run("export", "csv", "-o", str(pipe), db=ledger)

    reader.join(10)
    assert pipe.is_fifo()
    assert found
    assert found[0].startswith(b"id,entry,kind")


def test_an_export_that_fails_leaves_the_old_file(ledger, tmp_path, run):
    target = tmp_path / "old.csv"
    target.write_text("old")

    ran = run("export", "popolo", "--kind", "layoff", "-o", str(target), db=ledger)

    assert ran.status != 0
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".old")] == []


def test_a_span_that_ends_before_it_begins_is_refused(ledger, run):
    ran = run("export", "csv", "--from", "2025", "--to", "2024", db=ledger)

    assert (ran.status, ran.err) == (2, "Error: --from 2025 is after --to 2024\n")


def test_a_link_is_only_made_to_an_address(ledger, run):
    for address in ("javascript:alert(1)", "https://x\udcff", "https://a b", "ftp://x"):
        assert run("export", "ical", "--base-url", address, db=ledger).status == 2

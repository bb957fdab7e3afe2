"""`-o` writes where it should, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import cli
from timeline.exports.formats import FORMATS


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


@pytest.mark.parametrize("name", ["round", "round/file.csv"])
def test_links_in_a_circle_are_told_of(ledger, tmp_path, run, name):
    (tmp_path / "round").symlink_to(tmp_path / "about")
    (tmp_path / "about").symlink_to(tmp_path / "round")

    ran = run("export", "csv", "-o", str(tmp_path / name), db=ledger)

    assert ran.status == 6
    assert ran.err == f"Error: {tmp_path / name} cannot be written: Too many levels of symbolic links\n"


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


def test_what_a_killed_export_left_goes_with_the_next_one(ledger, tmp_path, run):
    target, code = tmp_path / "out.csv", "import os, sys; from timeline.commands.target import target as t\n"
    code += "with t(sys.argv[1]) as made: made.write(b'half'); made.flush(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".out.csv.")]
    assert not target.exists()

    run("export", "csv", "-o", str(target), db=ledger)

    assert target.read_text().startswith("id,entry,kind")
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".out.csv.")] == []


def test_a_span_that_ends_before_it_begins_is_refused(ledger, run):
    ran = run("export", "csv", "--from", "2025", "--to", "2024", db=ledger)

    assert (ran.status, ran.err) == (2, "Error: --from 2025 is after --to 2024\n")


def test_a_link_is_only_made_to_an_address(ledger, run):
    for address in ("javascript:alert(1)", "https://x\udcff", "https://a b", "ftp://x"):
        assert run("export", "ical", "--base-url", address, db=ledger).status == 2


OPTIONS = {"--imprecise": "omit", "--title": "A title", "--base-url": "https://t.example", "--as-of": "2024-06-01"}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_without_effect_is_refused(ledger, run, name):
    """Who writes it expects something of it; the message names the formats that have it."""
    given = (name, OPTIONS[name])
    ran = {f: run("export", f, *given, "-o", os.devnull, db=ledger) for f in FORMATS}

    taken = [f for f, told in ran.items() if told.status == 0]
    refused = {told.err for told in ran.values() if told.status == 2}
    assert 0 < len(taken) < len(FORMATS)
    assert len(refused) == len(FORMATS) - len(taken)
    having = f"{', '.join(taken[:-1])} and {taken[-1]}" if taken[1:] else taken[0]
    assert all(said.startswith(f"Error: {name} is for {having}; ") for said in refused)


def test_what_is_no_text_is_not_written_to_a_terminal(ledger):
    """The terminal is real; into a pipe it goes."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent)}
    words = [sys.executable, "-m", "cli", "--db", str(ledger), "export", "parquet"]
    shown = subprocess.run(words, env=environment, stdout=theirs, stderr=subprocess.PIPE)
    piped = subprocess.run(words, env=environment, capture_output=True)
    os.close(ours)
    os.close(theirs)

    assert (shown.returncode, shown.stderr.decode()) == (
        2,
        "Error: this format is no text for a terminal: write it into a file with -o FILE, or into a pipe\n",
    )
    assert piped.stdout[:4] == b"PAR1"

"""Whatever bytes it is fed, a reader reads them or refuses them in words; it neither breaks nor takes long nor much."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.damage import damaged
from tests.fuzz.readers import READERS

ROOT = Path(__file__).parents[2]
SLOW = {"yaml": 60, "jsonl": 60, "csv": 60, "popolo": 60, "ics": 60, "bundles": 60}
"""How often those are fed here that work on a whole file; the others 600 times. `make fuzz` goes on for longer."""


@pytest.mark.parametrize("name", READERS)
def test_a_reader_reads_or_refuses(name):
    """The same damage in every run: what was found otherwise gets a test of its own where the reader has its tests."""
    reader, rng = READERS[name], random.Random(name)
    seeds = reader.seeds()
    read = 0
    for _ in range(SLOW.get(name, 600)):
        raw = damaged(rng, seeds, reader.words)
        try:
            reader.read(raw)
            read += 1
        except reader.refuses:
            continue
    assert read, "the seeds are no good input"


@pytest.mark.parametrize("name", READERS)
def test_the_seeds_are_good(name):
    for raw in READERS[name].seeds():
        READERS[name].read(raw)


def test_a_crash_is_told_with_what_repeats_it(tmp_path):
    """The runner itself: a reader that breaks ends it with status 1 and leaves the input behind."""
    command = [sys.executable, "-m", "tests.fuzz.run", "--seconds", "20", "--keep", str(tmp_path), "broken on purpose"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert done.returncode == 1, done.stderr
    (kept,) = tmp_path.iterdir()
    assert b"Y" in kept.read_bytes()
    assert str(kept) in done.stderr

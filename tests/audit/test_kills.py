"""A process that records, seals and erases is killed at any moment, 200 times: what it leaves always verifies."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest

from events.about import Erasure
from tests.timeline.builders import layoff, org, person
from timeline.audit import keys
from timeline.audit.checkpoints import Keys
from timeline.audit.sealing import Sealer
from timeline.audit.verifying import verify
from timeline.ledger import Ledger, following, new
from timeline.state import forgetting
from timeline.state.scrubbing import scrub
from timeline.store import log

ROUND = 6
"""After so many batches it has done everything once."""


def work(url: str, home: Path, rounds: Iterable[int]) -> None:
    """Record batches of several sizes, seal and erase now and then."""
    with Ledger.open(url, journal=home / "journal") as ledger:
        sealer = Sealer(ledger.database, [keys.private(home / "seal.key")], home / "checkpoints")
        for number in rounds:
            batch = [new(layoff()) for _ in range(number % 4 + 1)]
            if number % 5:
                ledger.save(*batch, recorded_by="child")
            else:
                ledger.record([*batch, new(person(f"p{os.getpid()}-{number}"))], by="child")
                gone = Erasure(reason="asked for", ground="GDPR Art. 17")
                ledger.record([following(batch[0].originator_id, 1, gone)], by="child")
                if number % 2:  # on PostgreSQL it waits for readers, and would take all of the time
                    scrub(ledger.database)
            if number % 2:
                sealer.seal()


def forked(url: str, home: Path, rounds: Iterable[int]) -> int:
    """A worker in a process of its own; it ends with 0 once it has done all."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(url, home, rounds)
            status = 0
        finally:
            os._exit(status)
    return child


def killed(url: str, home: Path, seconds: float) -> None:
    """Fork a worker, and kill it."""
    child = forked(url, home, count())
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the worker failed before it was killed"


@pytest.mark.parametrize(("database", "times"), [("sqlite", 140), ("postgres", 60)])
def test_a_kill_at_any_moment_leaves_a_ledger_that_verifies(request, tmp_path, database, times):
    """Each is killed within the time that a worker needs here, today, to do everything once."""
    assert forgetting.NAMES, "loaded before the fork: a child would be killed while it imports"
    url = request.getfixturevalue(f"{database}_url")
    chance = random.Random(8)
    signer = keys.create(tmp_path / "seal.key", "example.org/log")
    with Ledger.create(url, journal=tmp_path / "journal") as ledger:
        ledger.record([new(org("meta"))])
    Sealer(ledger.database, [signer], tmp_path / "checkpoints").seal()
    ledger.database.close()  # a child must not share connections

    begun = time.monotonic()
    _, status = os.waitpid(forked(url, tmp_path, range(ROUND)), 0)
    longest = time.monotonic() - begun
    assert status == 0, "the worker failed without being killed"

    sizes = []
    for _ in range(times):
        killed(url, tmp_path, chance.uniform(0.0, longest))
        with Ledger.open(url) as ledger:
            report = verify(
                ledger.database,
                keys=Keys.of([signer.key]),
                outside=[tmp_path / "checkpoints"],
                journal=tmp_path / "journal",
            )
        assert report.findings == [], report.findings
        sizes.append(report.size)

    assert sizes[-1] > 20, "the workers were killed before they did anything"
    assert sizes == sorted(sizes)
    with Ledger.open(url) as ledger:
        Sealer(ledger.database, [signer], tmp_path / "checkpoints").seal()
        ledger.record([new(layoff())])
        with ledger.database.reading() as connection:
            assert any(e.kind == "erasure" for e in log.read(connection)), "nothing was ever erased"

"""A process that records and seals is killed at any moment, two hundred times: what it leaves always verifies."""

from __future__ import annotations

import os
import random
import signal
import time
from itertools import count
from pathlib import Path

import pytest

from tests.timeline.builders import layoff, org, person
from timeline.audit import keys
from timeline.audit.checkpoints import Keys
from timeline.audit.sealing import Sealer
from timeline.audit.verifying import verify
from timeline.ledger import Ledger, new


def work(url: str, home: Path) -> None:
    """Record batches of several sizes and seal now and then, until killed."""
    with Ledger.open(url, journal=home / "journal") as ledger:
        sealer = Sealer(ledger.database, [keys.private(home / "seal.key")], home / "checkpoints")
        for number in count():
            batch = [new(layoff()) for _ in range(number % 4 + 1)]
            if number % 5:
                ledger.save(*batch, recorded_by="child")
            else:
                ledger.record([*batch, new(person(f"p{os.getpid()}-{number}"))], by="child")
            if number % 2:
                sealer.seal()


def killed(url: str, home: Path, seconds: float) -> None:
    """Fork a worker, and kill it."""
    child = os.fork()
    if child == 0:
        try:
            work(url, home)
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the worker failed before it was killed"


@pytest.mark.parametrize(("database", "times"), [("sqlite", 140), ("postgres", 60)])
def test_a_kill_at_any_moment_leaves_a_ledger_that_verifies(request, tmp_path, database, times):
    url = request.getfixturevalue(f"{database}_url")
    chance = random.Random(8)
    signer = keys.create(tmp_path / "seal.key", "example.org/log")
    with Ledger.create(url, journal=tmp_path / "journal") as ledger:
        ledger.record([new(org("meta"))])
    Sealer(ledger.database, [signer], tmp_path / "checkpoints").seal()
    ledger.database.close()  # a child must not share connections

    sizes = []
    for _ in range(times):
        killed(url, tmp_path, chance.uniform(0.0, 0.08))
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

"""Writers and readers of several processes on one ledger, for some seconds; `python -m bench.steady` takes longer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.scale import steady
from tests.timeline.test_concurrency import SPAWN, running

MANY, SECONDS = 4, 4.0


def test_nothing_is_lost_and_nobody_sees_half_of_it(database_url: str, tmp_path: Path):
    """Each acknowledged change is there once; who came too late was told; every view was of one moment."""
    start = SPAWN.Barrier(2 * MANY)
    with steady.begin(database_url) as ledger:
        with running(*steady.works(database_url, SECONDS, tmp_path, start, MANY)):
            pass
        told = {path.name: steady.read_notes(path) for path in sorted(tmp_path.glob("*er-*"))}
        steady.check(ledger, told)

    outcomes = Counter((t.what, t.outcome) for all_of in told.values() for t in all_of)
    assert len(told) == 2 * MANY
    assert all(outcomes[what, "done"] for what in ("record", "correct", "retract", "look"))  # each of them did

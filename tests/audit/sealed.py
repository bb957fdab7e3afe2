"""A ledger with everything in it, its key, its checkpoints, its journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from events.about import Correction, Erasure, Retraction
from events.register import Merge
from tests.timeline.builders import Clock, layoff, org, person
from timeline.audit import keys
from timeline.audit.checkpoints import Keys
from timeline.audit.notes import Signer
from timeline.audit.sealing import Sealer
from timeline.audit.verifying import Report, verify
from timeline.ledger import Ledger, following, new

ORIGIN = "example.org/log"
PEOPLE = range(270)
"""So many that a node of the tree is kept."""
SIZE = 281


class Kept(NamedTuple):
    """Where everything is."""

    url: str
    signer: Signer
    folder: Path
    journal: Path

    def verify(self, *evidence: str) -> Report:
        """Verify with the evidence named: checkpoints in the database, outside, the journal."""
        with Ledger.open(self.url) as ledger:
            return verify(
                ledger.database,
                keys=Keys.of([self.signer.key] if {"inside", "outside"} & set(evidence) else []),
                outside=[self.folder] if "outside" in evidence else [],
                journal=self.journal if "journal" in evidence else None,
                needs_checkpoint=False,
            )

    def seal(self) -> None:
        with Ledger.open(self.url) as ledger:
            Sealer(ledger.database, [self.signer], self.folder, clock=Clock()).seal()


@contextmanager
def honest(url: str, home: Path, *, sealed: bool = True) -> Iterator[Kept]:
    """Batches of one and of many events, corrections, retractions, a merge, an erasure; sealed twice on the way.

    Position 1 to 270 are people, 271 to 273 Meta, FAIR and a layoff, in batches that end at 270, 271, 273.
    """
    kept = Kept(url, keys.create(home / "seal.key", ORIGIN), home / "checkpoints", home / "journal")
    with Ledger.create(url, clock=Clock(), journal=kept.journal) as ledger:
        sealer = Sealer(ledger.database, [kept.signer], kept.folder, clock=Clock())
        ledger.record([new(person(f"p{n}")) for n in PEOPLE], by="ada")
        ledger.record([new(org("meta"))], by="bob")
        cut = new(layoff(id="cut"))
        ledger.record([new(org("fair")), cut], by="ada")
        if sealed:
            sealer.seal()
        ledger.record([following(cut.originator_id, 1, Correction(event=layoff(id="cut", note="600")))], by="bob")
        ledger.record([following(cut.originator_id, 2, Retraction(version=2, reason="false"))], by="ada")
        ledger.record([new(Merge(duplicate="p1", into="p2"))], by="ada")
        gone = new(layoff("fair", id="gone"))
        ledger.record([gone, new(layoff("fair"))], by="eve")
        ledger.record([following(gone.originator_id, 1, Erasure(ground="GDPR Art. 17"))], by="ada")
        with ledger.database.writing() as connection:
            connection.execute(text("DELETE FROM payloads WHERE position = 277"))
        for number in range(2):
            ledger.record([new(layoff(id=f"later-{number}"))], by="bob")
        if sealed:
            sealer.seal()
    yield kept

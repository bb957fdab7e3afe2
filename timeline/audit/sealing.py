"""Sealing: signing how long the log is and what it comes to, where nobody who can write to the database can undo it.

A checkpoint is made of what the events themselves come to: not of the tree that the database keeps, nor of its head.
It is written outside first, as that is the promise; the copy in the database follows. A kill in between leaves a
promise that holds, and the next seal adds the copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select

from timeline.audit import checkpoints, order
from timeline.audit.checkpoints import Keys
from timeline.audit.findings import Findings
from timeline.audit.growing import Growing
from timeline.audit.notes import BadNote, Checkpoint, Signer, signed
from timeline.audit.reading import pages
from timeline.audit.verifying import Progress
from timeline.errors import MISMATCH, StoreError
from timeline.store import tables
from timeline.store.database import Database
from timeline.store.log import Clock, system_clock


class NotConsistent(StoreError):
    """The log is not the one that was sealed before; nothing was signed."""

    exit_status = MISMATCH


class Sealed(NamedTuple):
    """A checkpoint that stands now."""

    checkpoint: Checkpoint
    note: str
    """Checkpoint and signatures."""
    path: Path | None
    """Its file outside; None if there is no folder."""
    is_new: bool
    """False if a checkpoint of this size stood there already."""


class _Earlier(NamedTuple):
    """A checkpoint that the log has to be consistent with."""

    checkpoint: Checkpoint
    note: str
    where: str


def _silent(step: str, done: int, of: int) -> None:
    pass


class Sealer:
    """Seals one ledger, again and again. The first seal reads the whole log, the later ones what was added to it.

    What it read stays in its memory, out of reach for whoever changes the database.
    """

    def __init__(
        self, database: Database, signers: Sequence[Signer], folder: Path | None, *, clock: Clock = system_clock
    ) -> None:
        self.database = database
        self.signers = tuple(signers)
        self.folder = folder
        self.origin = signers[0].key.name
        self._keys = Keys.of(signer.key for signer in signers)
        self._clock = clock
        self._tree = Growing()

    def seal(self, progress: Progress = _silent) -> Sealed:
        """Sign the log as it is. Raises NotConsistent if it does not go on from what was sealed before."""
        with self.database.reading() as connection:
            below = connection.scalar(select(tables.events.c.position).where(tables.events.c.position < 1).limit(1))
            if below is not None:
                raise NotConsistent(f"an event stands at position {below}, below the log; nothing was signed")
            earlier = self._earlier(connection)
            going = _Going(self._tree.copy(), earlier)
            going.read_on(connection, progress)
        self._tree = going.tree
        checkpoint = Checkpoint(self.origin, self._tree.size, self._tree.root())
        standing = next((e for e in earlier if e.checkpoint.size == checkpoint.size), None)
        note = standing.note if standing else signed(checkpoint.text, self.signers)
        path = self.folder / checkpoints.name_of(checkpoint.size) if self.folder else None
        if self.folder is not None:
            checkpoints.write(self.folder, checkpoint.size, note)
        self._keep(checkpoint.size, note)
        return Sealed(checkpoint, note, path, is_new=standing is None)

    def check(self) -> None:
        """Only see whether a seal would be refused."""
        with self.database.reading() as connection:
            _Going(self._tree.copy(), self._earlier(connection)).read_on(connection, _silent)

    # -- what stands -------------------------------------------------------------------------------------------------

    def _earlier(self, connection: Connection) -> list[_Earlier]:
        """The last checkpoint outside, before the last one in the database."""
        found = []
        files = checkpoints.in_folder(self.folder) if self.folder and self.folder.exists() else []
        if files:
            found.append(self._trusted(checkpoints.read_file(files[-1]), str(files[-1])))
        kept = tables.checkpoints
        last = connection.scalar(select(kept.c.note).order_by(kept.c.size.desc()).limit(1))
        if last is not None:
            found.append(self._trusted(last.encode(), "the last checkpoint in the database"))
        return found

    def _trusted(self, raw: bytes, where: str) -> _Earlier:
        try:
            return _Earlier(self._keys.read(raw).checkpoint, raw.decode(), where)
        except BadNote as problem:
            raise NotConsistent(
                f"{where} is not one to go on from: {problem}. If the key was changed, seal once with "
                "`timeline audit key rotate`; nothing was signed"
            ) from None

    # -- what is added -----------------------------------------------------------------------------------------------

    def _keep(self, size: int, note: str) -> None:
        """The copy in the database, if it is not there."""
        kept = tables.checkpoints
        with self.database.writing() as connection:
            if not self.database.is_sqlite:  # writers of the log take the same lock, so two seals take turns
                connection.exec_driver_sql("SELECT FROM log_head WHERE id = 1 FOR UPDATE")
            if connection.scalar(select(kept.c.size).where(kept.c.size == size)) is None:
                connection.execute(kept.insert().values(size=size, note=note, sealed_at=self._clock()))


class _Going:
    """Reads from where a tree ends to the end of the log, and compares the roots of earlier checkpoints on the way."""

    def __init__(self, tree: Growing, earlier: Sequence[_Earlier]) -> None:
        self.tree = tree
        ahead = (e for e in earlier if e.checkpoint.size >= tree.size)
        self._waiting = sorted(ahead, key=lambda e: e.checkpoint.size)

    def read_on(self, connection: Connection, progress: Progress) -> None:
        """Add the rest of the log to the tree. Raises NotConsistent."""
        last = connection.exec_driver_sql("SELECT max(position) FROM events").scalar() or 0
        if last < self.tree.size:
            raise NotConsistent(f"the log had {self.tree.size} events, and has {last} now; nothing was signed")
        self._compare()
        for page in pages(connection, after=self.tree.size, payloads=False):
            first, findings = self.tree.size + 1, Findings()
            hashes = order.leaf_hashes(page, findings)
            numbered = range(first, first + len(hashes))
            if findings.count or page.positions != tuple(numbered):
                gaps = [wanted for wanted, found in zip(numbered, page.positions, strict=True) if wanted != found]
                bad = [f.position for f in findings.kept if f.position is not None]
                raise NotConsistent(
                    f"the log is damaged from position {min(gaps + bad)} on: `timeline audit verify` tells more; "
                    "nothing was signed"
                )
            self._extend(hashes)
            progress("sealing", self.tree.size, last)
        if self._waiting:
            earlier = self._waiting[-1]
            raise NotConsistent(
                f"the log has {self.tree.size} events, and {earlier.where} says {earlier.checkpoint.size}: its end was "
                "cut off, or it is an old copy; nothing was signed"
            )

    def _extend(self, hashes: Sequence[bytes]) -> None:
        start, done = self.tree.size, 0
        while self._waiting and self._waiting[0].checkpoint.size <= start + len(hashes):
            size = self._waiting[0].checkpoint.size
            self.tree.extend(hashes[done : size - start])
            done = size - start
            self._compare()
        self.tree.extend(hashes[done:])

    def _compare(self) -> None:
        """Take the checkpoints of the present size, whose root must be this one."""
        while self._waiting and self._waiting[0].checkpoint.size == self.tree.size:
            earlier = self._waiting.pop(0)
            if earlier.checkpoint.root != self.tree.root():
                raise NotConsistent(
                    f"the first {self.tree.size} events are not those that {earlier.where} was made of: "
                    "`timeline audit verify` tells more; nothing was signed"
                )

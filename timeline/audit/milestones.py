"""Every checkpoint there is, in the order of their sizes, compared with the tree as it grows to each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from timeline.audit import checkpoints
from timeline.audit.checkpoints import Keys
from timeline.audit.findings import Findings
from timeline.audit.notes import BadNote, Checkpoint, Key, Note
from timeline.audit.reading import fetched
from timeline.audit.tree import Hash


class Milestone(NamedTuple):
    """A checkpoint that somebody kept, not verified yet."""

    size: int
    """What its row or the name of its file says; a file with a name of its own is read for it."""
    where: str
    is_outside: bool
    note: str | Path


def milestones(connection: Connection, paths: Sequence[Path], findings: Findings) -> Iterator[Milestone]:
    """Those in the database and in files and folders, by size."""
    return merge(_in_database(connection, findings), sorted(_outside(paths, findings)), key=lambda m: m.size)


def _in_database(connection: Connection, findings: Findings) -> Iterator[Milestone]:
    schema = "main." if connection.dialect.name == "sqlite" else ""
    query = f"SELECT size, note FROM {schema}checkpoints ORDER BY size"
    for rows in fetched(connection, query, "checkpoints"):
        for size, note in rows:
            if not isinstance(size, int) or size < 0:
                findings.add("checkpoint", "a checkpoint in the database", "a size", repr(size))
                continue
            yield Milestone(size, f"checkpoint {size} in the database", False, note)


def _outside(paths: Sequence[Path], findings: Findings) -> Iterator[Milestone]:
    for path in checkpoints.named(paths):
        size, where = checkpoints.size_of(path), f"checkpoint {path}"
        if size is None:
            try:
                size = Checkpoint.read(Note.read(checkpoints.read_file(path)).text).size
            except BadNote as problem:
                findings.add("checkpoint", where, "a checkpoint signed by a key given", problem)
                continue
        else:
            where = f"checkpoint {size} in {path.parent}"
        yield Milestone(size, where, True, path)


class Reached:
    """Compares each checkpoint with the root at its size, and remembers what held."""

    def __init__(self, waiting: Iterable[Milestone], keys: Keys, findings: Findings) -> None:
        self._waiting = iter(waiting)
        self._next = next(self._waiting, None)
        self._keys = keys
        self._findings = findings
        self._last: tuple[Checkpoint, str] | None = None
        self.outside = 0
        """How many outside ones held."""
        self.inside = 0
        """How many in the database held."""
        self.unsigned = 0
        """How many in the database have a root that is right, while there was no key to verify their signatures."""
        self.sealed = 0
        """The largest size of an outside one that held."""
        self.witnessed: dict[Key, int] = {}
        """The largest size that each witness saw."""

    @property
    def next_size(self) -> int | None:
        """The size of the next checkpoint; None if there are no more."""
        return None if self._next is None else self._next.size

    def compare(self, size: int, root: Hash) -> None:
        """Compare all checkpoints of a size with the root at it."""
        for milestone, checkpoint, witnesses in self._taken(size):
            if checkpoint.root != root:
                self._findings.add("root", milestone.where, checkpoint.root, root, position=size or None)
                continue
            for witness in witnesses:
                self.witnessed[witness] = size
            if milestone.is_outside:
                self.outside, self.sealed = self.outside + 1, size
            elif self._keys.log:
                self.inside += 1
            else:
                self.unsigned += 1

    def finish(self, size: int) -> None:
        """The log has ended: there must be no larger checkpoint, and none of a size that it never had."""
        while (larger := self.next_size) is not None:
            for milestone, _, _ in self._taken(larger):
                expected, found = f"at least {larger} events in the log", f"{size} events"
                self._findings.add("short", milestone.where, expected, found, position=size + 1)
        for key in self._keys.witnesses:
            if key not in self.witnessed:
                self._findings.add("witness", f"cosignatures of {key.name}", "at least one", "none that holds")

    def _taken(self, size: int) -> Iterator[tuple[Milestone, Checkpoint, Sequence[Key]]]:
        """The checkpoints of a size that are what they say, each compared with the one before."""
        while self._next is not None and self._next.size == size:
            milestone, self._next = self._next, next(self._waiting, None)
            try:
                checkpoint, witnesses = self._read(milestone)
            except BadNote as problem:
                self._findings.add("checkpoint", milestone.where, "a checkpoint signed by a key given", problem)
                continue
            self._compare_with_last(milestone, checkpoint)
            yield milestone, checkpoint, witnesses

    def _read(self, milestone: Milestone) -> tuple[Checkpoint, Sequence[Key]]:
        note = milestone.note
        raw = checkpoints.read_file(note) if isinstance(note, Path) else _bytes(note)
        if self._keys.log:
            signed = self._keys.read(raw)
            checkpoint, witnesses = signed.checkpoint, signed.witnesses
        else:
            checkpoint, witnesses = Checkpoint.read(Note.read(raw).text), ()
        if checkpoint.size != milestone.size:
            raise BadNote(f"it is of {checkpoint.size} events, and stands under the size {milestone.size}")
        return checkpoint, witnesses

    def _compare_with_last(self, milestone: Milestone, checkpoint: Checkpoint) -> None:
        """Note a conflict with the checkpoint before: another root at its size, or another log."""
        last, self._last = self._last, (checkpoint, milestone.where)
        if last is None:
            return
        before, where = last
        if before.origin != checkpoint.origin:
            self._findings.add("conflict", milestone.where, f"{before.origin}, as {where}", checkpoint.origin)
        if (before.size, before.root) != (checkpoint.size, checkpoint.root) and before.size == checkpoint.size:
            position = checkpoint.size or None
            self._findings.add("conflict", milestone.where, f"the root of {where}", checkpoint.root, position=position)


def _bytes(note: object) -> bytes:
    if isinstance(note, bytes):  # a row holds text; one that was tampered with may hold anything
        return note
    if not isinstance(note, str):
        raise BadNote(f"it is {note!r}")
    return note.encode("utf-8", "replace")

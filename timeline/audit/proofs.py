"""Proofs that an event stands in the sealed log, and that a later log begins with an earlier one, as C2SP writes them.

A proof of an event is a tlog-proof (c2sp.org/tlog-proof): it can be checked without the ledger, by whoever has the
event's leaf and the public key of the log. A proof of consistency has the form in which a witness is asked to sign
(c2sp.org/tlog-witness, add-checkpoint).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from events.errors import TimelineError
from timeline.audit import leaves
from timeline.audit.notes import BadNote, Checkpoint, Note
from timeline.audit.tree import HASH, Hash, consistency_proof, included, inclusion_proof, leaf_hash
from timeline.errors import MISMATCH, BadData, StoreError, UsageError
from timeline.store import log, nodes
from timeline.store.tables import checkpoints, events

HEAD = "c2sp.org/tlog-proof@v1"


class BadProof(BadData):
    """A text is no proof."""


class NotSealed(StoreError):
    """No checkpoint reaches as far as was asked."""


class Damaged(TimelineError):
    """The log is not what was recorded, so nothing can be shown of it."""

    exit_status = MISMATCH


class OtherLog(Damaged):
    """The log is not the one that a checkpoint was made of."""

    def __init__(self, checkpoint: Checkpoint, found: str) -> None:
        super().__init__(
            f"the checkpoint of {checkpoint.origin} at {checkpoint.size} has the root {base64_of(checkpoint.root)}, "
            f"and the log {found}: it was changed, or the checkpoint is of another; `timeline audit verify` tells more"
        )


class Sealed(NamedTuple):
    """A checkpoint and the note that says it."""

    checkpoint: Checkpoint
    note: str

    @classmethod
    def read(cls, raw: bytes) -> Sealed:
        """The checkpoint in a note, whoever signed it. Raises BadNote."""
        return cls(Checkpoint.read(Note.read(raw).text), raw.decode())

    @classmethod
    def kept(cls, size: int, note: str) -> Sealed:
        """The checkpoint that the ledger keeps of a size. Raises Damaged where it is none."""
        try:
            sealed = cls.read(note.encode())
        except BadNote as problem:
            raise Damaged(f"the checkpoint of {size} events in the ledger cannot be read: {problem}") from problem
        if sealed.checkpoint.size != size:
            raise Damaged(f"the checkpoint of {size} events in the ledger says {sealed.checkpoint.size}")
        return sealed


class Proof(NamedTuple):
    """That a leaf stands at a place in the tree of a checkpoint."""

    place: int
    """That of the leaf, counted from 0: one less than the position."""
    hashes: tuple[Hash, ...]
    note: str
    """The signed checkpoint."""
    extra: bytes | None = None
    """Nothing that the proof vouches for; we put the leaf here, which whoever checks it must hash."""

    @property
    def text(self) -> str:
        """As its file holds it."""
        extra = [] if self.extra is None else [f"extra {base64_of(self.extra)}"]
        return "\n".join([HEAD, *extra, f"index {self.place}", *map(base64_of, self.hashes), "", self.note])

    @classmethod
    def read(cls, text: str) -> Proof:
        """The proof of such a text. Raises BadProof; the note is not read."""
        head, gap, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        extra = _bytes(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        index = re.fullmatch(r"index (0|[1-9][0-9]{0,17})", lines.pop(0)) if lines else None
        if first != HEAD or not gap or index is None:
            raise BadProof(f"this is no proof: it begins with {HEAD}, an index, and hashes, a line each")
        return cls(int(index[1]), tuple(map(_hash, lines)), note, extra)


class Proven(NamedTuple):
    """An event with its leaf and its proof."""

    entry: UUID
    version: int
    position: int
    kind: str
    leaf: str
    proof: Proof


class Consistency(NamedTuple):
    """That the log of a size begins with what it was at an earlier one."""

    old: int
    new: int
    old_root: Hash
    new_root: Hash
    hashes: tuple[Hash, ...]
    sealed: Sealed | None
    """The checkpoint of the later one, if there is one."""

    @property
    def text(self) -> str:
        """`old`, the hashes, an empty line, and the checkpoint if there is one."""
        return "\n".join([f"old {self.old}", *map(base64_of, self.hashes), "", self.sealed.note if self.sealed else ""])


# -- making -----------------------------------------------------------------------------------------------------------


def newest(connection: Connection, size: int = 0) -> Sealed:
    """The newest checkpoint in the ledger. Raises NotSealed if it does not reach as far as a size."""
    query = select(checkpoints.c.size, checkpoints.c.note).order_by(checkpoints.c.size.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None:
        raise NotSealed("the log was never sealed, so nothing of it can be proven: run `timeline audit seal` first")
    sealed = Sealed.kept(row.size, row.note)
    if sealed.checkpoint.size < size:
        raise NotSealed(
            f"the newest checkpoint is of {sealed.checkpoint.size} events, which leaves out position {size}: "
            "run `timeline audit seal`, and ask again"
        )
    return sealed


def agree(connection: Connection, checkpoint: Checkpoint) -> None:
    """See that the tree kept in the ledger has the root of a checkpoint. Raises OtherLog."""
    root = nodes.root_text(connection, checkpoint.size)
    if root is None:
        raise OtherLog(checkpoint, f"of {log.head_position(connection)} events has none there")
    if root != base64_of(checkpoint.root):
        raise OtherLog(checkpoint, f"has {root} there")


def prove(
    connection: Connection, entry: UUID, version: int | None = None, sealed: Sealed | None = None
) -> list[Proven]:
    """Prove the events of an entry, or one version of it, against a checkpoint: the newest if none is given.

    Raises UsageError for a version that the entry does not have, NotSealed for one that the checkpoint leaves out, and
    OtherLog where the checkpoint is not of this log.
    """
    query = select(events).where(events.c.entry_id == entry).order_by(events.c.version)
    rows = [row for row in connection.execute(query) if version in (None, row.version)]
    if not rows:
        raise UsageError(f"{entry} has no version {version}")
    last = max(row.position for row in rows)
    given = sealed or newest(connection, last)
    checkpoint = given.checkpoint
    if checkpoint.size < last:
        raise NotSealed(f"the checkpoint is of {checkpoint.size} events, which leaves out position {last}")
    agree(connection, checkpoint)
    return [_proven(connection, row, given) for row in rows]


def _proven(connection: Connection, row: Any, sealed: Sealed) -> Proven:
    position, batch, entry, version, kind, recorded_at, recorded_by, digest = row
    try:
        leaf = leaves.leaf(position, batch, entry, version, kind, recorded_at, recorded_by, bytes(digest))
    except (TypeError, ValueError, OverflowError, OSError) as problem:
        raise OtherLog(sealed.checkpoint, f"has an event at position {position} that cannot be read") from problem
    proof = proof_at(connection, position - 1, leaf, sealed)
    return Proven(entry, version, position, kind, leaf.decode(), proof)


def proof_at(connection: Connection, index: int, leaf: bytes, sealed: Sealed) -> Proof:
    """The proof of a leaf at its place. Raises OtherLog where the tree kept in the ledger does not have it there."""
    checkpoint = sealed.checkpoint
    try:
        hashes = inclusion_proof(index, checkpoint.size, lambda wanted: nodes.read(connection, wanted))
    except KeyError:
        hashes = []
    if not included(leaf_hash(leaf), index, checkpoint.size, hashes, checkpoint.root):
        raise OtherLog(checkpoint, f"has another event at position {index + 1}")
    return Proof(index, tuple(hashes), sealed.note, leaf)


def prove_consistency(connection: Connection, old: int, new: int, sealed: Sealed | None = None) -> Consistency:
    """Prove that the log of `new` events begins with that of `old`, with the checkpoint that the ledger has of `new`.

    Raises UsageError for sizes that the log never had.
    """
    head = log.head_position(connection)
    if not 0 <= old <= new <= head:
        raise UsageError(f"a log of {new} events cannot begin with {old} of them: give two sizes, from 0 to {head}")
    if sealed is None and (note := connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == new))):
        sealed = Sealed.kept(new, note)
    if sealed is not None:
        agree(connection, sealed.checkpoint)
    try:
        hashes = consistency_proof(old, new, lambda wanted: nodes.read(connection, wanted))
        old_root, new_root = nodes.root_at(connection, old), nodes.root_at(connection, new)
    except KeyError:
        raise StoreError(f"the log lacks events before position {new}: `timeline audit verify` finds which") from None
    return Consistency(old, new, old_root, new_root, tuple(hashes), sealed)


# -- text -------------------------------------------------------------------------------------------------------------


def base64_of(raw: bytes) -> str:
    """Bytes as proofs and checkpoints have them: RFC 4648, section 4."""
    return base64.b64encode(raw).decode()


def _hash(line: str) -> Hash:
    raw = _bytes(line)
    if len(raw) != HASH:
        raise BadProof(f"{line[:80]!r} is no hash")
    return raw


def _bytes(text: str) -> bytes:
    """The bytes of base64. Raises BadProof for what is none, or could be written another way."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = None
    if raw is None or base64_of(raw) != text:
        raise BadProof(f"{text[:80]!r} is not base64")
    return raw

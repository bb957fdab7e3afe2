"""The bundle: one file with the sealed log, its checkpoints and proofs, which verifies offline with a tool not ours.

It is a zip of plain form: files in the order of their names, not compressed, all of one time, so that the same log and
the same checkpoints give the same bytes on every machine. docs/proofs.md publishes the format, docs/verify_bundle.py
checks it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from json.encoder import encode_basestring
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select

from timeline.audit import checkpoints as outside_of
from timeline.audit.growing import Growing
from timeline.audit.leaves import leaf as leaf_of
from timeline.audit.proofs import Damaged, OtherLog, Sealed, agree, base64_of, newest, prove, prove_consistency
from timeline.audit.reading import Page, pages
from timeline.audit.tree import leaf_hash
from timeline.errors import StoreError, UsageError
from timeline.progress import Progress
from timeline.store.log import digest_of, head_position
from timeline.store.tables import checkpoints, events

LOG, README = "log.jsonl", "README.txt"
TOO_LONG = "the log is too long for a bundle, which holds at most 2 GiB"
MOST = 1000
"""Checkpoints of the ledger that go into a bundle: the newest, the oldest, and as many evenly between them."""


class Wanted(NamedTuple):
    """What a bundle is to hold besides the log."""

    proven: Sequence[UUID] = ()
    """Entries to prove, each version."""
    withheld: Sequence[UUID] = ()
    """Entries of which only the leaves are told."""
    outside: Sequence[Path] = ()
    """Checkpoints outside of the ledger: files, or folders of them."""


class Bundled(NamedTuple):
    """What a bundle holds."""

    size: int
    withheld: int
    erased: int
    checkpoints: int
    proofs: int
    left_out: int
    """Events that are not sealed yet."""


def bundle(connection: Connection, file: BinaryIO, wanted: Wanted, progress: Progress) -> Bundled:
    """Write the log up to the newest checkpoint, with the checkpoints and the proofs of some entries.

    Raises NotSealed where there is no checkpoint or an erasure is not sealed yet, OtherLog for a checkpoint of another
    log, and Damaged where the log itself is not what was recorded.
    """
    notes = _notes(connection, wanted.outside)
    last = max(notes.values(), key=lambda sealed: sealed.checkpoint.size)
    proofs = dict(_proofs(connection, wanted.proven, notes, last))
    writing = _Log(connection, last, set(map(str, wanted.withheld)), progress)
    texts = {README: readme(), **{name: s.note for name, s in notes.items()}, **proofs}
    try:
        with zipfile.ZipFile(file, "w", allowZip64=False) as archive:
            for name in sorted([LOG, *texts]):
                with archive.open(_info(name), "w") as member:
                    if name == LOG:
                        writing.write(member)
                    else:
                        member.write(texts[name].encode())
    except zipfile.LargeZipFile:
        raise StoreError(TOO_LONG) from None
    left_out = head_position(connection) - last.checkpoint.size
    return Bundled(last.checkpoint.size, writing.withheld, writing.erased, len(notes), len(proofs), left_out)


def readme() -> str:
    """The text that goes into every bundle: what it is, and how to check it."""
    return files("timeline.audit").joinpath("templates", "bundle.txt").read_text("utf-8")


def _info(name: str) -> zipfile.ZipInfo:
    """A file of a zip as it is everywhere and always."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o100644 << 16
    return info


# -- checkpoints and proofs -------------------------------------------------------------------------------------------


def _notes(connection: Connection, outside: Sequence[Path]) -> dict[str, Sealed]:
    """The checkpoints by the names of their files; another note of the same size gets a number."""
    sealed = [*_stored(connection), *(Sealed.read(outside_of.read_file(p)) for p in outside_of.named(outside))]
    if not sealed:
        newest(connection)  # which says that there is none
    found: dict[str, Sealed] = {}
    for one in sorted(dict.fromkeys(sealed), key=lambda s: (s.checkpoint.size, s.note)):
        agree(connection, one.checkpoint)
        plain = outside_of.name_of(one.checkpoint.size)
        names = [plain, *(plain.replace(".", f"-{n}.") for n in range(2, 10_000))]
        found["checkpoints/" + next(n for n in names if f"checkpoints/{n}" not in found)] = one
    if len(origins := {s.checkpoint.origin for s in found.values()}) > 1:
        raise UsageError(f"the checkpoints are of several logs: {', '.join(sorted(origins))}")
    return found


def _stored(connection: Connection) -> Iterator[Sealed]:
    """The checkpoints of the ledger, or some of many."""
    count = connection.scalar(select(func.count()).select_from(checkpoints)) or 0
    sizes = list(connection.scalars(select(checkpoints.c.size).order_by(checkpoints.c.size)))
    if count > MOST:
        sizes = [sizes[n * (count - 1) // (MOST - 1)] for n in range(MOST)]
    for size in sizes:
        note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size))
        yield Sealed.kept(size, str(note))


def _proofs(
    connection: Connection, entries: Sequence[UUID], notes: Mapping[str, Sealed], last: Sealed
) -> Iterator[tuple[str, str]]:
    """The proofs by the names of their files: of the entries, and from each checkpoint to the next."""
    for entry in entries:
        for proven in prove(connection, entry, sealed=last):
            yield f"proofs/{entry}-{proven.version}.tlog-proof", proven.proof.text
    first_of = {s.checkpoint.size: s for s in reversed(list(notes.values()))}
    sizes = sorted(first_of)
    for old, new in pairwise(sizes):
        proof = prove_consistency(connection, old, new, first_of[new])
        yield f"proofs/{old:020}-{new:020}.consistency", proof.text


# -- the log ----------------------------------------------------------------------------------------------------------


class _Log:
    """The lines of the log on their way into a bundle, compared with digests and checkpoint as they pass."""

    def __init__(self, connection: Connection, last: Sealed, withheld: set[str], progress: Progress) -> None:
        self.connection, self.last, self.progress = connection, last, progress
        self.size = last.checkpoint.size
        self.hidden = withheld
        self.withheld = self.erased = 0
        query = select(events.c.entry_id, func.max(events.c.position)).where(events.c.kind == "erasure")
        self.erasures = {str(e): at for e, at in connection.execute(query.group_by(events.c.entry_id)).tuples()}

    def write(self, file: IO[bytes]) -> None:
        """Write every line."""
        tree, written = Growing(), 0
        for page in pages(self.connection):
            if page.positions[0] > self.size:
                break
            rows = min(len(page.positions), self.size - page.positions[0] + 1)
            try:
                leaves = list(map(leaf_of, *(column[:rows] for column in page[:8])))
                lines = [self._line(page, n, leaf) for n, leaf in enumerate(leaves)]
            except (AttributeError, TypeError, ValueError, OverflowError, OSError) as problem:
                where = f"between {page.positions[0]} and {page.positions[-1]}"
                raise _damaged(f"an event {where} cannot be read ({problem})") from problem
            tree.extend(list(map(leaf_hash, leaves)))
            raw = "".join(lines).encode()
            if (written := written + len(raw)) > zipfile.ZIP64_LIMIT:
                raise StoreError(TOO_LONG)
            file.write(raw)
            self.progress("bundling", tree.size, self.size)
        if tree.size != self.size or tree.root() != self.last.checkpoint.root:
            raise OtherLog(self.last.checkpoint, f"has {base64_of(tree.root())} after {tree.size} events")

    def _line(self, page: Page, at: int, leaf: bytes) -> str:
        """`leaf`, and `salt` and `payload` in base64; in their place `absent` where they are withheld or erased."""
        told = f'"leaf":{encode_basestring(leaf.decode())}'
        salt, state, entry = page.salts[at], page.states[at], page.entries[at]
        is_erased = self.erasures.get(entry, 0) > page.positions[at]  # also if somebody put its payload back
        if is_erased or salt is None or state is None:
            self._check_erased(page.positions[at], entry)
            self.erased += 1
            return f'{{"absent":"erased",{told}}}\n'
        if digest_of(salt, state) != page.digests[at]:
            raise _damaged(f"the payload at position {page.positions[at]} is not the one that was recorded")
        if entry in self.hidden:
            self.withheld += 1
            return f'{{"absent":"withheld",{told}}}\n'
        return f'{{{told},"payload":"{base64_of(state)}","salt":"{base64_of(salt)}"}}\n'

    def _check_erased(self, position: int, entry: str) -> None:
        erasure = self.erasures.get(entry, 0)
        if erasure < position:
            raise _damaged(f"the payload at position {position} is missing, and no erasure is recorded")
        if erasure > self.size:
            raise StoreError(
                f"{entry} was erased at position {erasure}, which is not sealed yet: "
                "run `timeline audit seal` first; nothing was written"
            )


def _damaged(what: str) -> Damaged:
    return Damaged(f"{what}; nothing was written: `timeline audit verify` finds all that was changed")

"""What a worker of Apache Spark does with its part of the keyed log: the fold that this machine would do itself.

It needs no database and nothing of Spark: batches of Arrow come in, batches of Arrow go out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from projections.all import PROJECTIONS
from timeline import garbage
from timeline.state.folding import Folded, Folder
from timeline.state.joined import Joined
from timeline.state.lines import chunks_of

COLUMNS = "what string, number long, packed binary"
"""What comes out: rows of a projection as MessagePack, so many of them together."""
KEYS, LINES, ENTRY_KEYS = "(keys)", "(lines)", "(entry keys)"
"""What else comes out: how many keys were folded, how many lines they had, and what `entry_keys` has to hold."""

_BY_ENTRY = frozenset(p.name for p in PROJECTIONS if p.by_entry)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


def grouped(names: Sequence[str], past: Joined) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """The function for `mapInArrow`, for projections of these names in a ledger whose merges are known."""

    def fold(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as pa

        folder = Folder(names, past)
        with garbage.seldom_looked_for():
            every = (line for batch in batches for line in zip(*(c.to_pylist() for c in batch.columns), strict=True))
            for chunk, lines in chunks_of(every, names):
                folded = folder.fold(chunk)
                keys = len(chunk.settled) + len(chunk.keys)
                found = [(KEYS, keys, b""), (LINES, lines, b""), *_packed(folded)]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(c) for c in zip(*found, strict=True)], names=["what", "number", "packed"]
                )

    return fold


def _packed(folded: Folded) -> Iterator[tuple[str, int, bytes]]:
    for name, rows in folded.rows.items():
        if rows:
            yield name, len(rows), _pack(rows)
    if entry_keys := [found for found in folded.entry_keys if not _needless(*found)]:
        yield ENTRY_KEYS, len(entry_keys), _pack(entry_keys)


def _needless(projection: str, key: str, entry: str) -> bool:
    """Whether a key is the entry itself, which in these projections is found without being remembered."""
    return projection in _BY_ENTRY and key.replace("-", "") == entry


def unpacked(what: Sequence[str], numbers: Sequence[int], packed: Sequence[bytes]) -> tuple[Folded, int, int]:
    """What came out together, with how many keys and how many lines it was made of."""
    folded, counts = Folded({}, []), {KEYS: 0, LINES: 0}
    for name, number, content in zip(what, numbers, packed, strict=True):
        if name in counts:
            counts[name] += number
        elif name == ENTRY_KEYS:
            folded.entry_keys.extend(_unpack(content))
        else:
            folded.rows.setdefault(name, []).extend(_unpack(content))
    return folded, counts[KEYS], counts[LINES]

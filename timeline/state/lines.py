"""The keyed log as lines: one for each event that a key is folded from. A key's own stand together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from projections.all import PROJECTIONS
from timeline.state.folding import Chunk

TOGETHER = 2000
"""Lines that are folded at once; a key that has more is folded alone."""

Line = tuple[str, bool, int, str, int, int, int, str, bytes | None]
"""Key, whether each entry of the key says one thing for ever, projections as bits; of the event: entry as 32 digits,
position, batch, version, kind, state."""


def bits_of(names: Sequence[str]) -> int:
    """The projections of some names as bits, each by its place of all."""
    return sum(1 << n for n, p in enumerate(PROJECTIONS) if p.name in names)


def lines_of(chunk: Chunk) -> Iterator[list[Line]]:
    """The lines of each key of a chunk."""
    for told in chunk.settled:
        yield sorted((key, True, mask, entry, at, b, 1, kind, state) for key, entry, mask, at, b, kind, state in told)
    for key, entries in chunk.keys:
        lines = [
            (key, False, mask, entry, position, batch, version, kind, state)
            for entry, mask in sorted(entries)
            for position, batch, _, version, kind, state in chunk.streams.get(entry, ())
        ]
        if lines:
            yield lines


def chunks_of(lines: Iterable[Line], names: Sequence[str]) -> Iterator[tuple[Chunk, int]]:
    """The chunks that the lines were made of, as far as some projections go, each with how many lines that is."""
    wanted = bits_of(names)
    chunk, size = Chunk([], {}, []), 0
    for key, of_key in groupby(lines, key=itemgetter(0)):
        told = list(of_key)
        if size and size + len(told) > TOGETHER:
            yield chunk, size
            chunk, size = Chunk([], {}, []), 0
        size += len(told)
        if told[0][1]:
            chunk.settled.append(
                [(key, e, mask & wanted, at, b, kind, state or b"") for _, _, mask, e, at, b, _, kind, state in told]
            )
        else:
            masks = {entry: mask & wanted for _, _, mask, entry, *_ in told}
            chunk.keys.append((key, list(masks.items())))
            for entry, stream in groupby(told, key=itemgetter(3)):
                chunk.streams[entry] = [(at, b, entry, v, kind, state) for *_, at, b, v, kind, state in stream]
    if size:
        yield chunk, size

"""The leaf of an event: the bytes that the tree is made of. docs/audit.md publishes the format.

JSON as RFC 8785 has it, keys in order, no spaces. The digest stands for salt and payload, so a leaf proves an event
without showing it, and stays when the payload is erased.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from timeline.audit.tree import Hash, leaf_hash
from timeline.moments import instant

FORM = 1
"""The number of this format: `v` in the leaf."""


def leaf(
    position: int, batch: int, entry: UUID, version: int, kind: str, recorded_at: int, recorded_by: str, digest: bytes
) -> bytes:
    """The bytes of a leaf. `recorded_at` is in microseconds since 1970, `digest` SHA-256 of salt and stored bytes."""
    return leaves_of(batch, recorded_at, recorded_by)(position, entry, version, kind, digest)


Leaf = Callable[[int, UUID | str, int, str, bytes], bytes]


def leaves_of(batch: int, recorded_at: int, recorded_by: str) -> Leaf:
    """Makes the leaves of one batch, from position, entry, version, kind and digest."""
    head = f'{{"at":"{instant(recorded_at)}","batch":{batch},"by":{_text(recorded_by)},"digest":"'

    def made(position: int, entry: UUID | str, version: int, kind: str, digest: bytes) -> bytes:
        return (
            f'{head}{digest.hex()}","entry":"{entry}","kind":{_text(kind)},"position":{position},"v":{FORM},'
            f'"version":{version}}}'
        ).encode()

    return made


def hash_of(
    position: int, batch: int, entry: UUID, version: int, kind: str, recorded_at: int, recorded_by: str, digest: bytes
) -> Hash:
    """The hash of a leaf."""
    return leaf_hash(leaf(position, batch, entry, version, kind, recorded_at, recorded_by, digest))


@lru_cache(1024)
def _text(value: str) -> str:
    """A string of RFC 8785: Python's own form is the same, character for character."""
    return json.dumps(value, ensure_ascii=False)

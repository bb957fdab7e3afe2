"""Making bad input from good: what hands, disks, other programs and ill will do to a file."""

from __future__ import annotations

import random
from collections.abc import Sequence

ODD = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u202e".encode(), "\u2028".encode(), b"\x1b[31m", b"\r",
    b"\n", b"-1", b"0", b"1e999", b"NaN", b"9" * 40, b"9" * 4000, b"2025-02-30", b"9999-12-31", b"Y-999999999",
    b"../..", b"%s", b"{0}", b"${x}", b"'", b'"', b"\\", b"\\u0000", b"\\ud800", b"<script>", b"=1+1", b"a" * 3000,
    b"[" * 3000, b"{" * 3000, b"(" * 500, b"meta", b"P1Y", b"true", b"null",
)  # fmt: skip
LONGEST = 1 << 16


def damaged(rng: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """A seed with some damage done to it, or to two of them; at most 64 KiB."""
    raw = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(0, 6)):
        at = rng.randint(0, len(raw))
        upto = min(len(raw), at + rng.choice((1, 1, 2, 4, 16, 200)))
        match rng.randint(0, 8):
            case 0 if upto > at:
                raw[at] ^= 1 << rng.randint(0, 7)
            case 1:
                del raw[at:upto]
            case 2:
                raw[at:at] = rng.choice((*ODD, *words))
            case 3:
                raw[at:upto] = rng.choice((*ODD, *words))
            case 4:
                raw[at:at] = raw[at:upto] * rng.choice((1, 2, 50))
            case 5:
                other = rng.choice(seeds)
                start = rng.randint(0, len(other))
                raw[at:upto] = other[start : start + rng.choice((1, 8, 100, 1000))]
            case 6:
                del raw[at:]
            case 7:
                raw[at:upto] = rng.randbytes(upto - at)
            case 8:
                raw[at:upto] = raw[at:upto].swapcase()
    return bytes(raw[:LONGEST])

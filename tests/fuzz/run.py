"""Feed readers damaged input for as long as told: `python -m tests.fuzz.run --seconds 60 [READER ...]`.

Each reader runs in a process of its own, with 2 GiB of memory and ten seconds for one input. What breaks it, or takes
longer, or takes more, is kept in a file, and the status is 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import random
import resource
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.fuzz.damage import damaged
from tests.fuzz.readers import READERS, Reader

MEMORY = 2 << 30
SECONDS_EACH = 10


def _break(raw: bytes) -> object:
    if b"Y" in raw:
        raise RuntimeError("as it should")
    return None


BROKEN = {"broken on purpose": Reader(_break, (), lambda: (b"Y", b"N"))}
"""By which a test sees that a crash is noticed."""


class TooLong(Exception):
    """One input took more than its seconds."""


def _alarm(number: int, frame: Any) -> None:
    raise TooLong


def fed(name: str, seconds: float, keep: Path, seed: int, results: Any) -> None:
    """Feed one reader; puts how many inputs were read and refused, the slowest, and the file that broke it."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _alarm)
    reader, rng = (READERS | BROKEN)[name], random.Random(f"{name} {seed}")
    seeds, until, slowest = reader.seeds(), time.monotonic() + seconds, 0.0
    read = refused = 0
    while time.monotonic() < until:
        raw = damaged(rng, seeds, reader.words)
        began = time.monotonic()
        signal.alarm(SECONDS_EACH)
        try:
            reader.read(raw)
            read += 1
        except reader.refuses:
            refused += 1
        except BaseException as problem:
            path = keep / f"{name.replace(' ', '-')}-{sha256(raw).hexdigest()[:12]}"
            path.write_bytes(raw)
            results.put((name, read, refused, slowest, f"{type(problem).__name__}: {problem}"[:300], str(path)))
            return
        finally:
            signal.alarm(0)
        slowest = max(slowest, time.monotonic() - began)
    results.put((name, read, refused, slowest, "", ""))


def main() -> int:
    """Feed them one after the other, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="READER", help=", ".join(READERS))
    parser.add_argument("--seconds", type=float, default=30, help="for each reader")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where inputs go that break something")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    status, context = 0, multiprocessing.get_context("spawn")
    for name in given.readers or READERS:
        results = context.SimpleQueue()
        process = context.Process(target=fed, args=(name, given.seconds, given.keep, given.seed, results))
        process.start()
        process.join(given.seconds + 120)
        if results.empty():
            process.kill()
            print(f"{name}: ended without a word, status {process.exitcode}, seed {given.seed}", file=sys.stderr)
            status = 1
            continue
        _, read, refused, slowest, problem, path = results.get()
        print(f"{name:16} {read:8,} read {refused:8,} refused, slowest {slowest * 1000:6.0f} ms", flush=True)
        if problem:
            print(f"{name}: {problem}\n  seed {given.seed}, input in {path}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())

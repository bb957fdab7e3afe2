#!/usr/bin/env python3
"""Check the bundle of a timeline's log, offline. This file shares no code with the program that wrote the bundle.

    python3 verify_bundle.py bundle.zip --key 'example.org/log+1a2b3c4d+Ab…' [--key …] [--checkpoint FILE …]

It needs Python 3.10 or newer and the package `cryptography`. Keys come from the command line alone: ask the publisher
for them, never take them from the bundle. --checkpoint compares one that you kept, or that a witness gave you. The exit
status is 0 if everything holds, 7 if anything does not, and 2 if there was nothing to check: no zip, no key, no file.
"""

import argparse
import base64
import json
import re
import struct
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXTS, NUMBERS = ("at", "by", "digest", "entry", "kind"), ("batch", "position", "v", "version")
LEAF = dict.fromkeys(TEXTS, str) | dict.fromkeys(NUMBERS, int)
PROOF = re.compile(r"proofs/(?:([0-9a-f-]{36})-(\d{1,10})\.tlog-proof|(\d{20})-(\d{20})\.consistency)", re.ASCII)
NAMES = re.compile(rf"README\.txt|log\.jsonl|checkpoints/\d{{20}}(-\d{{1,4}})?\.checkpoint|{PROOF.pattern}", re.A)
Key = tuple[str, bytes, int, bytes]  # its name, its id, its sort (1: of a log, 4: of a witness), its bytes
Checkpoint = tuple[str, int, bytes, list[str]]  # origin, size, root, who signed


def need(holds: object, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def bytes_of(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    need(text_of(raw) == text, f"base64 that can be written otherwise: {text[:60]}")
    return raw


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def check_container(file: BinaryIO, infos: list[zipfile.ZipInfo]) -> None:
    """The zip must be its files one after the other, not compressed, without a byte besides (APPNOTE, section 4.3)."""
    need([i.filename for i in infos] == sorted({i.filename for i in infos}), "files out of order, or there twice")
    at, directory = 0, b""
    for name, info in ((i.filename, i) for i in infos):
        need(NAMES.fullmatch(name), f"a file with a strange name: {name[:80]!r}")
        need(name == "log.jsonl" or info.file_size <= 1_000_000, f"{name} is too long")
        sizes = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, info.CRC, info.file_size, info.file_size, len(name), 0)
        header = b"PK\3\4" + sizes + name.encode()
        need(info.header_offset == file.seek(at) and file.read(len(header)) == header, f"{name} is not as it must be")
        directory += b"PK\1\2\x14\3" + sizes + struct.pack("<3H2L", 0, 0, 0, 0o100644 << 16, at) + name.encode()
        at += len(header) + info.file_size
    file.seek(at)
    directory += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(infos), len(infos), len(directory), at, 0)
    need(file.read(len(directory) + 1) == directory, "the zip holds more than its files, or less")


class Tree:
    """The tree of RFC 6962, section 2.1, over some leaves; `levels` are its complete subtrees by their height."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.levels = [[sha256(b"\0" + leaf).digest() for leaf in leaves]]
        while len(below := self.levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)  # an odd one waits for its neighbour
            self.levels.append([sha256(b"\1" + left + right).digest() for left, right in pairs])

    def root(self, start: int, stop: int) -> bytes:
        """MTH of the leaves from `start` to before `stop`."""
        size = stop - start
        if size & (size - 1) == 0:
            return self.levels[size.bit_length() - 1][start // size] if size else sha256(b"").digest()
        middle = start + (1 << (size - 1).bit_length() - 1)
        return sha256(b"\1" + self.root(start, middle) + self.root(middle, stop)).digest()

    def proof(self, last: int, start: int, stop: int, to_leaf: bool) -> list[bytes]:
        """PATH to the leaf `last` (section 2.1.1), or SUBPROOF of the leaves up to and with it (section 2.1.2)."""
        if last == stop - 1 and (start == last or not to_leaf):
            return [] if to_leaf or start == 0 else [self.root(start, stop)]
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        if last < middle:
            return [*self.proof(last, start, middle, to_leaf), self.root(middle, stop)]
        return [*self.proof(last, middle, stop, to_leaf), self.root(start, middle)]


def read_key(text: str) -> Key:
    name, id_, encoded = [*text.strip().split("+", 2), "", ""][:3]
    raw = bytes_of(encoded)
    fits = sha256(f"{name}\n".encode() + raw).hexdigest()[:8] == id_
    need(fits and len(raw) == 33 and raw[0] in (1, 4), f"the key of {name} is damaged, or of no known sort")
    return name, bytes.fromhex(id_), raw[0], raw[1:]


def read_checkpoint(raw: bytes, keys: list[Key]) -> Checkpoint:
    """A checkpoint that a key of the log signed (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""
    text, _, lines = raw.decode().rpartition("\n\n")
    is_note = text and re.fullmatch(r"(— \S+ \S+\n)+", lines) and not re.search(rb"[\0-\x09\x0b-\x1f]", raw)
    need(is_note, "a checkpoint is no note")
    origin, size, root = f"{text}\n".split("\n")[:3]
    need(origin and re.fullmatch(r"0|[1-9][0-9]{0,17}", size) and len(bytes_of(root)) == 32, "a checkpoint: no root")
    signers = set[tuple[int, str]]()
    for _, signer, encoded in (line.split(" ") for line in lines[:-1].split("\n")):
        made = bytes_of(encoded)
        for name, _, sort, public in (k for k in keys if k[:2] == (signer, made[:4]) and (k[2] == 4 or k[0] == origin)):
            time = f"cosignature/v1\ntime {int.from_bytes(made[4:12], 'big')}\n" if sort == 4 else ""
            Ed25519PublicKey.from_public_bytes(public).verify(made[12 if time else 4 :], f"{time}{text}\n".encode())
            signers.add((sort, name))
    need((1, origin) in signers, f"the checkpoint of {size} events is signed by none of the keys given for {origin}")
    return origin, int(size), bytes_of(root), [name for _, name in sorted(signers)]


def read_log(lines: IO[bytes], counts: dict[str, int]) -> list[bytes]:
    """The leaves, after a look at every line: its form, its place, its payload."""
    leaves, erased, batch, before = list[bytes](), set[str](), 0, ("", "")
    for place, raw in enumerate(iter(lambda: lines.readline(64 << 20), b""), 1):
        line = json.loads(raw)
        said = json.loads(line["leaf"])
        need(raw == compact(line).encode() + b"\n" and compact(said) == line["leaf"], f"line {place}: not canonical")
        need({key: type(value) for key, value in said.items()} == LEAF and said["v"] == 1, f"line {place}: no leaf")
        goes_on = batch >= place and (said["batch"], said["at"], said["by"]) == (batch, *before)
        begins = batch == place - 1 and said["batch"] >= place and said["at"] >= before[0]
        need(said["position"] == place and (goes_on or begins), f"line {place}: not at its place")
        batch, before = said["batch"], (said["at"], said["by"])
        absent = line.get("absent", "shown")
        if absent == "shown":
            digest = sha256(bytes_of(line["salt"]) + bytes_of(line["payload"])).hexdigest()
            need(digest == said["digest"], f"line {place}: another payload than the one that was recorded")
        need(len(line) == (3 if absent == "shown" else 2) and absent in counts, f"line {place}: of no known form")
        if said["kind"] == "erasure" or absent == "erased":
            (erased.add if absent == "erased" else erased.discard)(said["entry"])
        counts[absent] += 1
        leaves.append(line["leaf"].encode())
    need(batch == len(leaves), "the last batch is not whole")
    need(not erased, f"payloads are missing, and no erasure is recorded: {', '.join(sorted(erased)[:5])}")
    return leaves


def check(path: Path, keys: list[Key], kept: list[bytes]) -> str:
    """Check everything. Gives what to say of it."""
    counts = {"shown": 0, "withheld": 0, "erased": 0}
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        check_container(file, archive.infolist())
        files = {name: archive.read(name) for name in archive.namelist() if name != "log.jsonl"}
        leaves = read_log(archive.open("log.jsonl"), counts)
    tree, length = Tree(leaves), len(leaves)
    checkpoints = {raw: read_checkpoint(raw, keys) for name, raw in files.items() if name.startswith("checkpoints/")}
    for origin, size, root, _ in [*checkpoints.values(), *(read_checkpoint(raw, keys) for raw in kept)]:
        need(origin == next(iter(checkpoints.values()))[0], f"a checkpoint is of another log: {origin}")
        need(size <= length, f"there is a checkpoint of {size} events, and the bundle ends after {length}")
        need(tree.root(0, size) == root, f"the first {size} events are not those that the checkpoint was made of")
    need(length in [size for _, size, _, _ in checkpoints.values()], "no checkpoint covers the end of the log")
    proofs = {name: found for name in files if (found := PROOF.fullmatch(name))}
    at = {(s["entry"], str(s["version"])): n for n, s in enumerate(map(json.loads, leaves)) if proofs}
    for name, found in proofs.items():
        raw = files[name].partition(b"\n\n")[2]
        need(raw in checkpoints, f"{name} is of a checkpoint that is not in the bundle")
        size, (entry, version, old, new) = checkpoints[raw][1], found.groups()
        last = at.get((entry, version), length) if entry else int(old) - 1
        need(last < size and (entry or int(new) == size), f"{name} is not of its checkpoint")
        hashes = tree.proof(last, 0, size, bool(entry)) if last >= 0 else []
        head = f"c2sp.org/tlog-proof@v1\nextra {text_of(leaves[last])}\nindex {last}" if entry else f"old {last + 1}"
        need(files[name] == "\n".join([head, *map(text_of, hashes), "", ""]).encode() + raw, f"{name} does not hold")
    origin, _, root, signers = max(checkpoints.values(), key=lambda checkpoint: checkpoint[1])
    shown = ", ".join(f"{number} {sort}" for sort, number in counts.items())
    said = f"{origin}: {length} events ({shown}), root {text_of(root)}, signed by {', '.join(signers)}"
    return f"{said}\n{len(checkpoints)} checkpoints in it, {len(kept)} of your own, {len(proofs)} proofs\nOK"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", required=True, help="a public key that you trust")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE", type=Path, help="one you kept")
    given = parser.parse_args(arguments)
    try:
        keys, kept = [*map(read_key, given.key)], [path.read_bytes() for path in given.checkpoint]
        with given.bundle.open("rb") as file:
            need(file.read(2) == b"PK" or zipfile.is_zipfile(file), f"{given.bundle} is no zip")
    except (OSError, ValueError) as problem:  # nobody's evidence is looked at yet
        parser.error(str(problem))
    try:
        print(check(given.bundle, keys, kept))
    except Exception as problem:  # whatever it is, nothing is proven
        print(f"REFUSED: {str(problem) or type(problem).__name__}", file=sys.stderr)
        return 7
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Signed notes, checkpoints and cosignatures as C2SP specifies them (signed-note, tlog-checkpoint, tlog-cosignature).

A note is some lines of text, an empty line, and signature lines. Its text says nothing about who signed: a reader
brings the keys that it trusts, and a signature by any other key is passed over.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from timeline.errors import BadData

ED25519 = 1
"""A signature over the text of the note."""

COSIGNATURE = 4
"""A witness's signature over the text and the time at which it saw it to be consistent."""

LONGEST = 1_000_000
"""No note is longer, in bytes."""

_NAME = re.compile(r"[^\s+]{1,200}")


class BadNote(BadData):
    """A text is no note, no checkpoint or no key."""


class Key(NamedTuple):
    """A public key: who signs, with what sort of signature."""

    name: str
    sort: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that a signature names its key by."""
        return sha256(f"{self.name}\n".encode() + bytes([self.sort]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """As it is handed to those who verify: name, id and key."""
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.sort]) + self.public)}"

    @classmethod
    def read(cls, text: str) -> Key:
        """The key of such a text. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        given, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if not _NAME.fullmatch(name) or raw is None or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise BadNote(f"{text.strip()[:80]!r} is no key: it looks like example.org/log+1a2b3c4d+Base64")
        key = cls(name, raw[0], raw[1:])
        if key.id.hex() != given:
            raise BadNote(f"the key of {name} is damaged: it says {given}, and is {key.id.hex()}")
        return key

    def accepts(self, signature: bytes, text: bytes) -> bool:
        """Whether it made the signature over the text of a note."""
        message = text
        if self.sort == COSIGNATURE:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + text
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(NamedTuple):
    """A key with its secret half."""

    key: Key
    secret: bytes

    @classmethod
    def make(cls, name: str) -> Signer:
        """A new key of a name. Raises BadNote for a name with spaces or plus signs."""
        if not _NAME.fullmatch(name):
            raise BadNote(f"{name!r} cannot name a key: write it like example.org/log, without spaces and plus signs")
        secret = Ed25519PrivateKey.generate()
        return cls(Key(name, ED25519, secret.public_key().public_bytes_raw()), secret.private_bytes_raw())

    @property
    def text(self) -> str:
        """As its file holds it."""
        secret = _base64(bytes([self.key.sort]) + self.secret)
        return f"PRIVATE+KEY+{self.key.name}+{self.key.id.hex()}+{secret}"

    @classmethod
    def read(cls, text: str) -> Signer:
        """The key of such a text. Raises BadNote, which never shows the secret."""
        found = re.fullmatch(r"PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
        raw = _bytes(found[3]) if found else None
        if not found or raw is None or len(raw) != 33 or raw[0] != ED25519:
            raise BadNote("this is no private key: it looks like PRIVATE+KEY+example.org/log+1a2b3c4d+Base64")
        public = Ed25519PrivateKey.from_private_bytes(raw[1:]).public_key().public_bytes_raw()
        signer = cls(Key(found[1], ED25519, public), raw[1:])
        if signer.key.id.hex() != found[2]:
            raise BadNote(f"the private key of {found[1]} is damaged: its id does not fit")
        return signer

    def sign(self, text: str) -> str:
        """A signature line over the text of a note."""
        raw = Ed25519PrivateKey.from_private_bytes(self.secret).sign(text.encode())
        return f"— {self.key.name} {_base64(self.key.id + raw)}\n"


class Signature(NamedTuple):
    """A signature line: the name and id of a key, and the signature."""

    name: str
    id: bytes
    raw: bytes


class Note(NamedTuple):
    """A text and who signed it, if they did."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, raw: bytes) -> Note:
        """The note in some bytes; its signatures are not verified yet. Raises BadNote."""
        if len(raw) > LONGEST:
            raise BadNote("this is no note: it is too long")
        try:
            whole = raw.decode()
        except UnicodeDecodeError:
            raise BadNote("this is no note: it is not UTF-8") from None
        if any(c < " " and c != "\n" for c in whole):
            raise BadNote("this is no note: it holds control characters")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not text or not lines.endswith("\n"):
            raise BadNote("this is no note: no empty line parts the text from the signatures")
        return cls(text + "\n", tuple(map(_signature, lines.removesuffix("\n").split("\n"))))

    def verified_by(self, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that signed it. Raises BadNote if one is named, and did not."""
        signed = []
        for key in keys:
            for signature in self.signatures:
                if (signature.name, signature.id) != (key.name, key.id):
                    continue
                if not key.accepts(signature.raw, self.text.encode()):
                    raise BadNote(f"the signature of {key.name} is not over this text")
                if key not in signed:
                    signed.append(key)
        return signed


def signed(text: str, signers: Sequence[Signer], also: Sequence[str] = ()) -> str:
    """A note of a text, which ends with a newline and holds no empty line at its end; `also` are further signatures."""
    return text + "\n" + "".join(signer.sign(text) for signer in signers) + "".join(also)


class Checkpoint(NamedTuple):
    """How long the log is, and the root of the tree over it."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text of the note that says so."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text; lines that follow the third are passed over. Raises BadNote."""
        lines = text.split("\n")
        root = _bytes(lines[2]) if len(lines) > 3 else None
        if root is None or len(root) != 32 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
            raise BadNote("this is no checkpoint: it has an origin, a size and a root, a line each")
        return cls(lines[0], int(lines[1]), root)


def _signature(line: str) -> Signature:
    found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
    raw = _bytes(found[2]) if found else None
    if not found or raw is None or len(raw) < 5:
        raise BadNote(f"this is no signature: {line[:80]!r}")
    return Signature(found[1], raw[:4], raw[4:])


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes | None:
    """The bytes of base64; None for what is none, or could be written another way."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _base64(raw) == text else None

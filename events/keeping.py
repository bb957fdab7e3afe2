"""Keeping: what concerns the ledger itself, and nothing in the world."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from events.base import Event, Names
from events.ids import Text

PublicKey = Annotated[
    str,
    Meta(
        description="a public key as C2SP writes it: name, id and key",
        max_length=1000,
        pattern=r"^[^\s+\x00-\x1f]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$",
    ),
]


class KeyRotation(Event, tag="key-rotation", kw_only=True):
    """From here on the log is signed by another key; the first checkpoint after this carries the signatures of both.

    It is recorded by `timeline audit key rotate`, and by nothing else.
    """

    old: PublicKey
    new: PublicKey
    reason: Text = ""

    def headline(self, name: Names) -> str:
        origin, key, _ = self.new.split("+", 2)
        return f"{origin} is signed by key {key} from here on" + (f": {self.reason}" if self.reason else "")

"""What verification finds: each finding names the place, what was expected there and what was found."""

from __future__ import annotations

from collections import Counter

import msgspec

SHOWN = 20
"""Findings of one sort that are kept; of a log that was rewritten as a whole, more would tell no more."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as an honest ledger has it."""

    code: str
    """Of which sort: docs/audit.md lists them."""
    position: int | None
    """The position in the log; None where it is about none, as with a trigger."""
    what: str
    """What was looked at."""
    expected: str
    found: str


class Findings:
    """Findings as they come, the first ones of each sort, and how many there were in all."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(self, code: str, what: str, expected: object, found: object, *, position: int | None = None) -> None:
        """Note a finding. Bytes are shown in hexadecimal, long texts by their beginning."""
        self.counts[code] += 1
        if self.counts[code] <= SHOWN:
            shown = Finding(
                code=code, position=position, what=_text(what), expected=_text(expected), found=_text(found)
            )
            self.kept.append(shown)

    @property
    def count(self) -> int:
        """How many there were."""
        return self.counts.total()


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value[:32]).hex() + ("…" if len(value) > 32 else "")
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 200 else f"{text[:199]}…"

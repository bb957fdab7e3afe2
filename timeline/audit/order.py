"""What every event must be beside its neighbours: in its place, in its batch, not before its time, of its bytes.

A page is compared as a whole, which is quick; only one that is not in order is looked at event by event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec

from timeline.audit.findings import Findings
from timeline.audit.leaves import leaves_of
from timeline.audit.reading import Page
from timeline.audit.tree import Hash
from timeline.store.log import SALT_BYTES, digest_of

UNREADABLE = sha256(b"a leaf that cannot be made").digest()
"""Stands for a leaf whose columns hold what no leaf can say."""

_BAD = (AttributeError, TypeError, ValueError, OverflowError, OSError)
"""What strange values in a column raise where a leaf or a digest is made of them."""


class _Prefixes(dict[str, bytes]):
    """How the stored form of a kind begins."""

    def __missing__(self, kind: str) -> bytes:
        found = b'{"kind":' + msgspec.json.encode(kind)
        self[kind] = found
        return found


_PREFIXES = _Prefixes()


# -- places, batches, times -------------------------------------------------------------------------------------------


class Order:
    """Whether events follow each other as they must; remembers the last one."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.last = (0, 0, 0, "")
        """Position, batch, recorded time and recorder of the last event."""

    def check(self, page: Page) -> None:
        """Look at the next page."""
        try:
            in_order = self._is_in_order(page)
        except TypeError:  # a number that is none
            in_order = False
        if not in_order:
            for row in zip(page.positions, page.batches, page.recorded_at, page.recorded_by, strict=True):
                self._follow(*row)
        self.last = (page.positions[-1], page.batches[-1], page.recorded_at[-1], page.recorded_by[-1])

    def finish(self) -> None:
        """Look at the end of the log: there the last batch ends."""
        position, batch, _, _ = self.last
        if batch != position:
            self.findings.add("batch", "the last event", f"batch {position}", f"batch {batch}", position=position)

    def _is_in_order(self, page: Page) -> bool:
        position, batch, at, by = self.last
        first, count = page.positions[0], len(page.positions)
        if first != position + 1 or page.positions != tuple(range(first, first + count)):
            return False
        begun = batch > position  # the last batch goes on
        for start, stop in runs(page):
            here = (page.batches[start], page.recorded_at[start], page.recorded_by[start])
            if (begun and here != (batch, at, by)) or here[0] < first + stop - 1 or here[1] < at:
                return False
            if stop < count and here[0] != first + stop - 1:
                return False
            (batch, at, by), begun = here, False
        return True

    def _follow(self, position: int, batch: int, at: int, by: str) -> None:
        """Say what is wrong with an event behind the last one."""
        add, (before, last_batch, last_at, last_by) = self.findings.add, self.last
        self.last = (position, batch, at, by)
        if position != before + 1:
            add("gap", "the next event", f"position {before + 1}", f"position {position}", position=before + 1)
        if not all(isinstance(value, int) for value in (batch, at)):
            add("unreadable", "batch and recorded time", "numbers", f"{batch!r}, {at!r}", position=position)
            self.last = (position, position, last_at, by)
            return
        if last_batch > before:
            wrong = (batch, at, by) != (last_batch, last_at, last_by)
            expected = f"batch {last_batch} of {last_by} at {last_at}, which goes on"
        else:
            wrong, expected = batch < position, f"a batch that ends at {position} or later"
        if wrong:
            add("batch", "batch, recorder, time", expected, f"batch {batch} of {by} at {at}", position=position)
        if at < last_at:
            add("time", "recorded time (µs since 1970)", f"{last_at} or later", at, position=position)


def runs(page: Page) -> Iterator[tuple[int, int]]:
    """The stretches of a page that say the same batch, recorded time and recorder.

    Raises TypeError for a batch that is no number.
    """
    batches, times, names = page.batches, page.recorded_at, page.recorded_by
    start, count = 0, len(batches)
    while start < count:
        stop, batch = start + 1, batches[start]
        stop = min(max(batch - page.positions[start] + start + 1, stop), count)  # where it should end
        here = stop - start
        same = (batches[start:stop], times[start:stop], names[start:stop])
        if same != ((batch,) * here, (times[start],) * here, (names[start],) * here):
            stop = start + 1
            while stop < count and (batches[stop], times[stop], names[stop]) == (batch, times[start], names[start]):
                stop += 1
        yield start, stop
        start = stop


# -- leaves -----------------------------------------------------------------------------------------------------------


def leaf_hashes(page: Page, findings: Findings) -> list[Hash]:
    """The hashes of the leaves that the columns of a page make."""
    found: list[Hash] = []
    try:
        _check_entries(page.entries)
        for start, stop in runs(page):
            found += _hashes(page, start, stop)
    except _BAD:
        for at in range(len(found), len(page.positions)):
            found += _hash_or_finding(page, at, findings)
    return found


def _hashes(page: Page, start: int, stop: int) -> list[Hash]:
    made = leaves_of(page.batches[start], page.recorded_at[start], page.recorded_by[start])
    columns = (page.positions, page.entries, page.versions, page.kinds, page.digests)
    rows = zip(*(column[start:stop] for column in columns), strict=True)
    return [sha256(b"\0" + made(*row)).digest() for row in rows]


def _check_entries(entries: Sequence[str]) -> None:
    """Raises ValueError if one is not written as a UUID is: 32 digits and four hyphens, in lower case."""
    digits = "".join(entries).replace("-", "")
    is_written_so = {len(entry) for entry in entries} == {36} and digits == digits.lower()
    if not is_written_so or len(digits) != 32 * len(entries) or len(bytes.fromhex(digits)) != 16 * len(entries):
        raise ValueError(f"{entries[0]} is no UUID")


def _hash_or_finding(page: Page, at: int, findings: Findings) -> list[Hash]:
    try:
        _check_entries(page.entries[at : at + 1])
        return _hashes(page, at, at + 1)
    except _BAD as problem:
        findings.add("unreadable", "the columns of the event", "a leaf", problem, position=page.positions[at])
        return [UNREADABLE]


# -- payloads ---------------------------------------------------------------------------------------------------------


def check_payloads(page: Page, findings: Findings) -> list[tuple[int, str]]:
    """Compare the stored bytes with digest and kind. Gives the positions that have no payload, with their entries."""
    if _are_as_told(page):
        return []
    missing = []
    for position, entry, kind, digest, salt, state in zip(
        page.positions, page.entries, page.kinds, page.digests, page.salts, page.states, strict=True
    ):
        if state is None:
            missing.append((position, entry))
        else:
            _check_payload(position, kind, digest, salt, state, findings)
    return missing


def _are_as_told(page: Page) -> bool:
    """Whether all payloads are there and as their events say."""
    salts, states = page.salts, page.states
    try:
        digests = [sha256(salt + state).digest() for salt, state in zip(salts, states, strict=True)]  # type: ignore[operator]  # None raises
        begin = zip(states, page.kinds, strict=True)
        return (
            digests == list(page.digests)
            and all(state.startswith(_PREFIXES[kind]) for state, kind in begin)  # type: ignore[union-attr]  # None raised
            and all(len(salt) == SALT_BYTES for salt in salts)  # type: ignore[arg-type]  # None raised
        )
    except _BAD:
        return False


def _check_payload(
    position: int, kind: str, digest: object, salt: bytes | None, state: bytes, findings: Findings
) -> None:
    if not isinstance(salt, bytes) or not isinstance(state, bytes):
        shown = f"{type(salt).__name__}, {type(state).__name__}"
        findings.add("payload", "salt and stored bytes", "bytes", shown, position=position)
        return
    if len(salt) != SALT_BYTES:
        findings.add("payload", "the length of the salt", SALT_BYTES, len(salt), position=position)
    if isinstance(digest, bytes) and (computed := digest_of(salt, state)) != digest:
        findings.add("digest", "the digest of salt and stored bytes", digest, computed, position=position)
    if (said := _kind_in(state)) != kind:
        findings.add("kind", "the kind in the stored bytes", kind, said, position=position)


def _kind_in(state: bytes) -> str:
    """The kind that stored bytes of any form say."""
    try:
        found = msgspec.json.decode(state)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "no JSON"
    return str(found.get("kind", "none")) if isinstance(found, dict) else "no object"

"""Events that were shown before, so that a calendar that is fetched again is not worked out again.

What is kept of an entry holds for one that says the same, recorded at the same time, as long as everything that it
names is called the same. All of that is compared, so nothing kept can be out of date, whichever ledger it came from.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import NamedTuple

from timeline.exports.formats import Options
from timeline.exports.ical.content import Revision
from timeline.exports.ical.names import Cited, KnownNames, Named
from timeline.exports.ical.subjects import Asked, Subject

MOST = 16_384
"""How many events are kept; about 40 MB with their bytes."""


class Kept(NamedTuple):
    """An event of an entry that was recorded once, and what its names were."""

    entities: tuple[str, ...]
    sources: tuple[str, ...]
    names: tuple[Named | Cited | None, ...]
    revision: Revision

    def holds(self, names: KnownNames, at: int, since: int) -> bool:
        """Whether all is called as it was, and has been since a position."""
        turns = [t for i in self.entities for t in names.entity_turns(i)]
        turns += [t for s in self.sources for t in names.source_turns(s)]
        return max(turns, default=0) <= since and self.names == _names(self.entities, self.sources, names, at)


def key_of(subject: Subject, options: Options) -> Hashable | None:
    """What an event is kept by; None for an entry that something was said about later, or that was erased."""
    first = subject.stream[0]
    if len(subject.stream) > 1 or first.state is None:
        return None
    return (first.entry_id, first.kind, first.state, first.recorded_at, options.imprecise, options.address)


def find(key: Hashable | None) -> Kept | None:
    """What is kept of an entry."""
    return _kept.get(key) if key is not None else None


def keep(key: Hashable | None, asked: Asked, names: KnownNames, at: int, revision: Revision) -> None:
    """Keep an event, unless it shows what another entry says, or an id that was ever merged."""
    if key is None or asked.entries or any(i in names.merges for i in asked.entities):
        return
    entities, sources = tuple(asked.entities), tuple(asked.sources)
    with _lock:
        if len(_kept) >= MOST:
            del _kept[next(iter(_kept))]
        _kept[key] = Kept(entities, sources, _names(entities, sources, names, at), revision)


def forget() -> None:
    """Keep nothing any more."""
    with _lock:
        _kept.clear()


def _names(
    entities: tuple[str, ...], sources: tuple[str, ...], names: KnownNames, at: int
) -> tuple[Named | Cited | None, ...]:
    return (*[names.entity(i, at) for i in entities], *[names.source(s, at) for s in sources])


_kept: dict[Hashable, Kept] = {}
_lock = Lock()

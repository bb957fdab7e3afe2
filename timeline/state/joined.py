"""Which id stood for which, batch by batch: what merges meant at every point of the log."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from events.register import Merge
from projections import merges
from projections.all import merged_ids
from projections.facts import Fact, Version, in_force


class Joined(NamedTuple):
    """The past of every id that was ever merged; an id that is not in it has always stood for itself."""

    changes: Mapping[str, tuple[list[int], list[str]]]
    """For an id, the batches at which its meaning changed, in order, and what it stood for from each on."""

    def batches(self, given: str) -> list[int]:
        """The batches at which the meaning of an id changed."""
        return self.changes[given][0] if given in self.changes else []

    def meanings(self, given: str) -> list[str]:
        """Everything that an id ever stood for, itself first."""
        return [given, *self.changes[given][1]] if given in self.changes else [given]

    def at(self, batch: int, ids: Iterable[str]) -> dict[str, str]:
        """What each of the ids was merged into at the end of a batch, for those that were."""
        found = {}
        for given in ids:
            batches, meanings = self.changes[given]
            n = bisect_right(batches, batch)
            if n and meanings[n - 1] != given:
                found[given] = meanings[n - 1]
        return found

    def changed_after(self, batch: int) -> list[str]:
        """The ids whose meaning changed later than a batch."""
        return [given for given, (batches, _) in self.changes.items() if batches[-1] > batch]


def joined(log: Iterable[tuple[int, UUID, Version]]) -> Joined:
    """The past of ids, from every event of the entries that merge, in the order of recording, each with its batch."""
    changes: dict[str, tuple[list[int], list[str]]] = {}
    streams: dict[UUID, list[Version]] = {}
    about: dict[str, set[UUID]] = {}
    facts: dict[UUID, Fact] = {}
    now: dict[str, str] = {}
    for batch, told in groupby(log, key=lambda item: item[0]):
        concerned: set[str] = set()
        for _, entry, version in told:
            streams.setdefault(entry, []).append(version)
            for fact in (facts.pop(entry, None), in_force(entry, streams[entry])):
                if fact is not None and isinstance(fact.event, Merge):
                    concerned.add(fact.event.duplicate)
                    about.setdefault(fact.event.duplicate, set()).add(entry)
            if (fact := in_force(entry, streams[entry])) is not None:
                facts[entry] = fact
        before, now = now, {d: i for d, i in now.items() if d not in concerned}
        now |= merged_ids(facts[e] for d in concerned for e in about[d] if e in facts)
        for given in _leading_to(concerned, before, now):
            if (meaning := merges.follow(given, now)) != merges.follow(given, before):
                batches, meanings = changes.setdefault(given, ([], []))
                batches.append(batch)
                meanings.append(meaning)
    return Joined(changes)


def _leading_to(ids: set[str], *merged: Mapping[str, str]) -> set[str]:
    """The ids, and all that were merged into one of them, directly or not."""
    into: dict[str, set[str]] = {}
    for mapping in merged:
        for duplicate, other in mapping.items():
            into.setdefault(other, set()).add(duplicate)
    found, waiting = set(ids), list(ids)
    while waiting:
        new = into.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found

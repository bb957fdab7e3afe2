"""What to append to change what the ledger says: one event that follows what stands, or several.

Nothing is recorded here. The command line and the service ask for the events, and record them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from events.about import Correction, Retraction
from events.base import Event
from events.register import Merge
from projections.facts import Fact, Version, in_force, withdrawn_versions
from timeline.erasing import is_erased
from timeline.errors import BadData, Conflict, UsageError
from timeline.ledger import entry_named, following, new
from timeline.reasons import find_entry
from timeline.state.projector import versions
from timeline.store import log
from timeline.store.mapper import EntryEvent
from timeline.view import View


class Target(NamedTuple):
    """The entry that is to be changed."""

    given: str
    """What it was called by whoever changes it."""
    entry: UUID
    version: int
    fact: Fact | None
    """What it says now; None when it is retracted or erased."""
    withdrawn: set[int]
    """The versions that some standing retraction withdraws."""
    retractions: list[int]
    """The standing retractions of the entry itself."""

    def standing(self) -> Fact:
        """What the entry says. Raises BadData if it is withdrawn."""
        if self.fact is None:
            raise BadData(f"{self._is_withdrawn()} Nothing was recorded.")
        return self.fact

    def _is_withdrawn(self) -> str:
        """That the entry does not count, and what would let it count again."""
        if not self.retractions:
            return f"{self.given} is erased."
        again = " ".join(f"--version {v}" for v in self.retractions[-1:])
        return f"{self.given} is retracted; `timeline retract {self.given} {again}` lets it count again."


def target_of(view: View, given: str, at_version: int | None = None) -> Target:
    """The entry that is meant, at its last version. Raises Conflict if that is not the one that was asked for."""
    entry = find_entry(view, given)
    stream = versions(log.streams(view.connection, [entry])[entry])
    if at_version is not None and at_version != len(stream):
        raise Conflict(f"{given} is at version {len(stream)} now, not at {at_version}: read it again")
    return Target(
        given, entry, len(stream), in_force(entry, stream), withdrawn_versions(stream), standing_retractions(stream)
    )


def standing_retractions(stream: Sequence[Version]) -> list[int]:
    """The versions that withdraw the entry and are not withdrawn themselves."""
    gone = withdrawn_versions(stream)
    return [
        v.version for v in stream if isinstance(v.event, Retraction) and v.event.version == 1 and v.version not in gone
    ]


def corrected(target: Target, event: Event, because: str) -> EntryEvent:
    """The entry says this instead. Raises UsageError if it does already, BadData if it is withdrawn."""
    if event == target.standing().event:
        raise UsageError(f"nothing would change: {target.given} says this already")
    return following(target.entry, target.version, Correction(event=event, reason=because))  # type: ignore[arg-type]  # content kinds only


def retracted(target: Target, what: int, because: str) -> EntryEvent:
    """A version of the entry counts no more; 1 is the entry itself. Raises BadData if there is none, or it is gone."""
    if what > target.version:
        last = f"its last one is {target.version}"
        raise BadData(f"{target.given} has no version {what}; {last}. Nothing was recorded.")
    if what == 1:
        target.standing()
    elif what in target.withdrawn:
        raise BadData(f"version {what} of {target.given} is retracted already. Nothing was recorded.")
    return following(target.entry, target.version, Retraction(version=what, reason=because))


def said_about(target: Target, event: Event) -> EntryEvent:
    """A dispute, a ranking, a corroboration of the entry. Raises BadData if it is withdrawn."""
    target.standing()
    return following(target.entry, target.version, event)


def merged(view: View, duplicate: str, into: str, because: str) -> list[EntryEvent]:
    """Two ids or names stand for the same; where they were joined and told apart again, that is withdrawn first.

    Raises UnknownName and AmbiguousName, and BadData if they are one already.
    """
    one, other = view.directory.find(duplicate), view.directory.find(into)
    if one == other:
        raise BadData(f"{duplicate!r} and {into!r} are {view.directory.name(one)} both. Nothing was recorded.")
    event = Merge(duplicate=one, into=other, note=because)
    entry = entry_named("merge", one)
    stream = versions(log.streams(view.connection, [entry]).get(entry, []))
    if not stream:
        return [new(event)]
    told: list[Event] = [Retraction(version=v, reason=because) for v in standing_retractions(stream)]
    told.append(Correction(event=event, reason=because))
    return [following(entry, version, item) for version, item in enumerate(told, len(stream))]


def undone(view: View, batch: int, because: str) -> list[EntryEvent]:
    """Everything of a batch that still stands is withdrawn. Raises UsageError if there is none such."""
    recorded = log.batch_of(view.connection, batch)
    if not recorded:
        raise UsageError(f"there is no batch {batch}; `timeline history` lists them")
    items = _reversals(view, recorded, because)
    if not items and any(e.kind == "erasure" for e in recorded):
        raise UsageError(f"batch {batch} is an erasure, and an erasure is for good")
    if not items:
        raise UsageError(f"everything in batch {batch} is withdrawn already")
    return items


def _reversals(view: View, recorded: Sequence[log.Entry], because: str) -> list[EntryEvent]:
    """A retraction for every event of a batch that still stands; the newest of an entry first."""
    found: list[EntryEvent] = []
    held = log.streams(view.connection, [r.entry_id for r in recorded])
    streams = {e: versions(s) for e, s in held.items() if not is_erased(s)}
    last = {e: len(stream) for e, stream in streams.items()}
    begun = {r.entry_id for r in recorded if r.version == 1}
    for event in sorted(recorded, key=lambda r: r.position, reverse=True):
        if event.entry_id not in streams:
            continue  # erased: there is nothing to withdraw
        gone = withdrawn_versions(streams[event.entry_id])
        if event.version in gone or (event.version > 1 and event.entry_id in begun):
            continue  # withdrawn already, or with the entry as a whole
        version = last[event.entry_id]
        found.append(following(event.entry_id, version, Retraction(version=event.version, reason=because)))
        last[event.entry_id] = version + 1
    return found

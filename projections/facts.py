"""From the stream of an entry to the fact that is in force.

An entry's first event says what happened; later ones correct, retract, dispute, rank or corroborate it. What counts is
the last correction that stands, unless the entry itself is retracted. A retraction can be retracted like any other
version: then what it withdrew counts again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from events.about import Correction, Corroboration, Dispute, Erasure, Ranking, Retraction
from events.base import Citation, Event, Happening
from events.dates import NEVER
from events.kinds import build, mentions, plain
from events.register import Entity, Merge

Resolve = Callable[[str], str]
"""Gives for an id the one that it was merged into, or the id itself."""


class Version(NamedTuple):
    """One event of an entry's stream. `event` is None when its payload was erased."""

    position: int
    version: int
    event: Event | None


class Fact(NamedTuple):
    """What an entry says now."""

    entry: UUID
    position: int  # where the entry began, for a stable order among facts of one day
    version: int  # the last one, withdrawn or not: what the next change must name
    content_version: int  # the version that the content comes from
    event: Event
    rank: str
    disputes: tuple[Dispute, ...]
    sources: tuple[Citation, ...]  # those of the event, then each corroboration

    @property
    def disputed(self) -> bool:
        """Somebody denies or contests it."""
        return bool(self.disputes) and any(d.stance != "confirmed" for d in self.disputes)

    @property
    def deprecated(self) -> bool:
        """It stays listed, but answers no question."""
        return self.rank == "deprecated"


def in_force(entry: UUID, stream: Sequence[Version]) -> Fact | None:
    """The fact that a stream adds up to; None when it is retracted or erased.

    `stream` is in the order of versions and begins with version 1. Of an erased entry nothing was ever known, neither
    after its erasure nor before.
    """
    if len(stream) == 1:  # most entries are never spoken of again
        position, version, only = stream[0]
        return None if only is None or isinstance(only, Erasure) else first_said(entry, position, only, version)
    if not stream or any(v.event is None or isinstance(v.event, Erasure) for v in stream):
        return None
    withdrawn = withdrawn_versions(stream)
    if 1 in withdrawn:
        return None
    content, content_version, rank = stream[0].event, 1, "normal"
    disputes: list[Dispute] = []
    added: list[Citation] = []
    for _, version, event in stream[1:]:
        if version in withdrawn:
            continue
        match event:
            case Correction():
                content, content_version = event.event, version
            case Dispute():
                disputes.append(event)
            case Ranking():
                rank = event.rank
            case Corroboration():
                added.append(event.citation)
            case Retraction():
                pass  # its work is in `withdrawn`
            case _:
                raise ValueError(f"version {version} of entry {entry} is no event about another entry")
    if content is None:
        return None
    sources = (*content.sources, *added) if isinstance(content, Happening) else tuple(added)
    return Fact(
        entry=entry,
        position=stream[0].position,
        version=stream[-1].version,
        content_version=content_version,
        event=content,
        rank=rank,
        disputes=tuple(disputes),
        sources=sources,
    )


def first_said(entry: UUID, position: int, event: Event, version: int = 1) -> Fact:
    """What the only event of an entry says."""
    sources = event.sources if isinstance(event, Happening) else ()
    return Fact(entry, position, version, 1, event, "normal", (), sources)


def withdrawn_versions(stream: Sequence[Version]) -> set[int]:
    """The versions that some standing retraction withdraws. A retraction only reaches back, so start at the end."""
    withdrawn: set[int] = set()
    for _, version, event in reversed(stream):
        if isinstance(event, Retraction) and version not in withdrawn and event.version < version:
            withdrawn.add(event.version)
    return withdrawn


def in_order(facts: Collection[Fact]) -> list[Fact]:
    """Facts by earliest day, latest day, position: the order in which folds read them."""
    return sorted(facts, key=_order) if len(facts) > 1 else list(facts)


def _order(fact: Fact) -> tuple[int, int, int]:
    if isinstance(fact.event, Happening):
        return (fact.event.date.earliest, fact.event.date.latest, fact.position)
    return (NEVER, NEVER, fact.position)


def resolved(fact: Fact, resolve: Resolve) -> Fact | None:
    """The fact with the ids of merged entities replaced by what they were merged into.

    None when it then says nothing: a unit that moved under the organization it was merged into.
    """
    moved = [(at, resolve(given)) for at, given, _ in mentions(fact.event) if resolve(given) != given]
    if not moved or isinstance(fact.event, Entity | Merge):  # those two are about the ids themselves
        return fact
    state = plain(fact.event)
    for at, new in moved:
        *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", at)]
        holder: Any = state
        for step in way:
            holder = holder[step]
        holder[last] = new
    try:
        return fact._replace(event=build(_still_said(state)))
    except msgspec.ValidationError:
        return None


def _still_said(state: dict[str, Any]) -> dict[str, Any]:
    """Without what merges left no meaning to - a unit under itself, a unit moved twice - but with all the rest."""
    if state["kind"] == "founding" and state.get("parent") == state["organization"]:
        del state["parent"]
    if state["kind"] == "reorg":
        moves = [m for m in state.get("moves", ()) if m["parent"] != m["organization"]]
        first = {m["organization"]: m for m in reversed(moves)}
        state["moves"] = [m for m in moves if first[m["organization"]] is m]
    return state

"""Every projection, in the order in which they are kept up to date, and the fold of a whole log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from events.base import Event
from events.keeping import KeyRotation
from events.products import Milestone
from events.register import Merge
from events.said import (
    Budget,
    Figure,
    Forecast,
    Gathering,
    Lawsuit,
    Policy,
    Publication,
    Relation,
    Statement,
)
from projections import (
    changes,
    deals,
    entities,
    happenings,
    memberships,
    mentions,
    merges,
    names,
    organizations,
    parents,
    posts,
    products,
    sources,
)
from projections.facts import Fact, Version, in_force, in_order
from projections.rows import Projection, Row

PROJECTIONS: tuple[Projection, ...] = (
    merges.PROJECTION,
    entities.PROJECTION,
    sources.PROJECTION,
    happenings.PROJECTION,
    mentions.PROJECTION,
    memberships.PROJECTION,
    posts.PROJECTION,
    organizations.PROJECTION,
    parents.PROJECTION,
    names.PROJECTION,
    changes.PROJECTION,
    products.PROJECTION,
    deals.PROJECTION,
)

RECORD_ONLY: tuple[type[Event], ...] = (
    Milestone,
    Publication,
    Statement,
    Policy,
    Lawsuit,
    Gathering,
    Figure,
    Forecast,
    Relation,
    Budget,
    KeyRotation,
)
"""Kinds that change no state: they are listed and searchable, and that is all."""


def keys_of(projection: Projection, fact: Fact, merged: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of a projection whose rows a fact can change; `fact` names merged ids by what they were merged into."""
    if not isinstance(fact.event, projection.kinds):
        return ()
    keys = projection.keys(fact)
    if projection is entities.PROJECTION:  # a registration keeps its own id, but its names count for the other
        return tuple(dict.fromkeys(merges.follow(k, merged) for k in keys))
    return tuple(keys)


def fold_all(log: Iterable[tuple[UUID, Version]]) -> dict[str, list[Row]]:
    """The rows of every projection from a log, folded from nothing: the meaning that everything faster must agree with.

    `log` gives entry and version in the order of recording. The rows of a projection are in no particular order.
    """
    streams: dict[UUID, list[Version]] = {}
    for entry, version in log:
        streams.setdefault(entry, []).append(version)
    return fold_facts([f for e, s in streams.items() if (f := in_force(e, s)) is not None])


def fold_facts(facts: Sequence[Fact]) -> dict[str, list[Row]]:
    """The rows of every projection from the facts in force."""
    merged = merged_ids(facts)
    whole = [w for f in facts if (w := merges.resolve(f, merged)) is not None]
    rows: dict[str, list[Row]] = {}
    for projection in PROJECTIONS:
        by_key: dict[str, list[Fact]] = {}
        for fact in whole:
            for key in keys_of(projection, fact, merged):
                by_key.setdefault(key, []).append(fact)
        rows[projection.name] = [
            row for key, of_key in by_key.items() for row in projection.fold(key, in_order(of_key))
        ]
    return rows


def merged_ids(facts: Iterable[Fact]) -> dict[str, str]:
    """What each duplicate id was merged into."""
    by_key: dict[str, list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.event, Merge):
            by_key.setdefault(fact.event.duplicate, []).append(fact)
    return {row.duplicate: row.into for key, of_key in by_key.items() for row in merges.fold(key, in_order(of_key))}

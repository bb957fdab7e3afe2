"""States that follow one another: each is so from its own date until the next one begins.

The status of a product, the stage of a deal, an organization's parent and its name are of this sort. They last until
something else is reported, so nothing about them becomes unconfirmed by mere silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from events.base import Happening
from events.dates import FOREVER, NEVER
from projections.facts import Fact
from projections.rows import ANY_DAY, SpanFields, edtf_between, strongest, unique
from projections.spans import Range, of_date

Value = TypeVar("Value")


class Step(NamedTuple, Generic[Value]):
    """From these days on, the value holds. `value` is None where something ends and nothing follows."""

    value: Value | None
    when: Range
    text: str
    facts: tuple[Fact, ...]
    last_day_counts: bool = False
    """Whether what went before still held on the day itself: the last day of an organization does."""


class Stretch(NamedTuple, Generic[Value]):
    """The days on which a value held, ready for a row."""

    value: Value
    fields: SpanFields


def in_likely_order(facts: Iterable[Fact], stage: Callable[[Fact], int]) -> list[Fact]:
    """Facts by date, but where uncertain dates leave the order open, by the stage that each is of.

    A delay in May 2025 and a cancellation in 2025 end in the cancellation: things are not put off after they are given
    up, as long as the dates allow it.
    """
    found: list[Fact] = []
    for fact in facts:
        place = len(found)
        while place and stage(found[place - 1]) > stage(fact) and _range(fact)[0] <= _range(found[place - 1])[1]:
            place -= 1
        found.insert(place, fact)
    return found


def _range(fact: Fact) -> Range:
    assert isinstance(fact.event, Happening)
    return of_date(fact.event.date)


def stretches(steps: Sequence[Step[Value]]) -> list[Stretch[Value]]:
    """What held when, from steps in the order in which they happened.

    Neighbours with equal values are one step: rival dates of one change, of which the best rank and then the common
    days count, or all that they leave open.
    """
    merged: list[tuple[Step[Value], bool]] = []
    for step in steps:
        if merged and merged[-1][0].value == step.value:
            merged[-1] = _same(*merged[-1], step)
        else:
            merged.append((step, False))
    _keep_in_order(merged)
    found = []
    for index, (step, contested) in enumerate(merged):
        if step.value is None:
            continue
        following = merged[index + 1][0] if index + 1 < len(merged) else None
        found += _stretch(step, following, contested=contested)
    return found


def _keep_in_order(merged: list[tuple[Step[Value], bool]]) -> None:
    """No step is before the one that it follows, whatever the single dates would allow."""
    earliest = NEVER
    for index, (step, contested) in enumerate(merged):
        earliest = max(earliest, step.when[0])
        if step.when[0] < earliest <= step.when[1]:
            when = (earliest, step.when[1])
            merged[index] = (step._replace(when=when, text=edtf_between(*when)), contested)


def _same(one: Step[Value], contested: bool, other: Step[Value]) -> tuple[Step[Value], bool]:
    best = [s for s in (one, other) if any(f.rank == "preferred" for f in s.facts)]
    facts = (*one.facts, *other.facts)
    if len(best) == 1:
        return best[0]._replace(facts=facts), contested
    earliest, latest = max(one.when[0], other.when[0]), min(one.when[1], other.when[1])
    if earliest > latest:
        earliest, latest = min(one.when[0], other.when[0]), max(one.when[1], other.when[1])
        contested = True
    when = (earliest, latest)
    text = one.text if when == one.when else other.text if when == other.when else edtf_between(*when)
    return one._replace(when=when, text=text, facts=facts), contested


def _stretch(step: Step[Value], following: Step[Value] | None, *, contested: bool) -> list[Stretch[Value]]:
    (start_min, start_max), text = step.when, step.text
    end_min, end_max, end = FOREVER, FOREVER, ".."
    if following is not None:  # replaced by it: begun no later than it began
        gap = 0 if following.last_day_counts else 1
        end_min, end_max = (day if day in (NEVER, FOREVER) else day - gap for day in following.when)
        end_min = max(end_min, start_min)
        if end_max < start_min:
            return []  # replaced on the day it began
        if start_max > end_max:
            start_max = end_max
            text = edtf_between(start_min, start_max)
        end = edtf_between(end_min, end_max) or ANY_DAY
    happenings = [f.event for f in step.facts if isinstance(f.event, Happening)]
    assert step.value is not None
    return [
        Stretch(
            step.value,
            {
                "start_min": start_min,
                "start_max": start_max,
                "end_min": end_min,
                "end_max": end_max,
                "start": text,
                "end": end,
                "confirmed": NEVER,
                "disputed": contested or any(f.disputed for f in step.facts),
                "claim": strongest(h.certainty for h in happenings),
                "entries": tuple(f.entry for f in step.facts),
                "sources": unique(c.source for f in step.facts for c in f.sources),
            },
        )
    ]

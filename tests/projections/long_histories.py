"""Histories of hundreds of events, from a seed: the steps of `histories.py`, in a world three times as large.

hypothesis keeps what it draws short, so that it can shrink it: a history of `histories()` has some twenty events. Here
it draws each step alone, from a seed. What fails is found again by its seed, though never made smaller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from random import Random

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings

from events import kinds
from events.about import Correction, Retraction
from events.base import Event
from events.register import Entity
from tests.projections.histories import NAMED, ORGANIZATIONS, PEOPLE, PRODUCTS, WORLD, Begin, Change, Step, steps

COPIES = ("", "-2", "-3")
"""Everybody and everything is there three times."""
COPIED = (*PEOPLE, *ORGANIZATIONS, *PRODUCTS)

LARGE_WORLD: tuple[Event, ...] = (
    *WORLD,
    *(
        Entity(id=f"{name}{copy}", type=NAMED[name], name=f"{name.title()}{copy} É")  # type: ignore[arg-type]  # the literals
        for copy in COPIES[1:]
        for name in COPIED
    ),
)
LARGE_ORGANIZATIONS = tuple(f"{name}{copy}" for name in ORGANIZATIONS for copy in COPIES)

_ID = re.compile(rb'"(%s)"' % "|".join(COPIED).encode())


def long_history(number: int) -> Iterator[list[Step]]:
    """Batches without end. A number gives the same ones each time."""
    random = Random(number)
    while True:
        told = list(_thought_over(_drawn(random.getrandbits(32), 200), random))
        while told:
            size = random.choice((1, 1, 1, 2, 3, 8))
            yield [_spread(step, random) for step in told[:size]]
            told = told[size:]


def _drawn(number: int, many: int) -> list[Step]:
    """So many steps, each drawn alone."""
    found: list[Step] = []

    @seed(number)
    @settings(max_examples=many, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(steps())
    def draw(step: Step) -> None:
        found.append(step)

    draw()
    return found


def _thought_over(told: Iterable[Step], random: Random) -> Iterator[Step]:
    """With many a correction and withdrawal withdrawn, which seldom comes about by itself."""
    for step in told:
        yield step
        if isinstance(step, Change) and isinstance(step.event, Correction | Retraction) and random.random() < 0.4:
            yield Change(step.back, Retraction(version=2))  # the last version


def _spread(step: Step, random: Random) -> Step:
    """The step with each entity that it names replaced by one of the copies of it."""
    if isinstance(step, Begin):
        return Begin(_copied(step.event, random))
    return Change(step.back, _copied(step.event, random))


def _copied(event: Event, random: Random) -> Event:
    raw = _ID.sub(lambda found: b'"%s%s"' % (found[1], random.choice(COPIES).encode()), kinds.encode(event))
    copied: Event = msgspec.json.decode(raw, type=type(event), dec_hook=kinds.dec_hook)
    return copied

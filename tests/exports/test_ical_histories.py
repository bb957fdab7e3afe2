"""The promises to subscribers, held to generated histories: whatever is recorded, corrected, merged or withdrawn."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.about import Erasure
from events.dates import FOREVER, NEVER, day_of
from events.organizations import Founding, Move
from events.people import Arrival
from events.products import Delay, Plan
from tests.exports.ical_feeds import ALL, Event, check_step, events, feed
from tests.projections.histories import (
    ORGANIZATIONS,
    PEOPLE,
    PRODUCT_KINDS,
    PRODUCTS,
    SORTS,
    Scribe,
    histories,
    of_kinds,
)
from tests.timeline.telling import register
from tests.timeline.telling import told as recorded
from timeline.exports.selection import Selection
from timeline.ledger import Ledger

DAY = 86_400_000_000


def some(values):
    return st.just(()) | st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


selections = st.just(ALL) | st.builds(
    Selection,
    kinds=some(["plan", "delay", "release", "arrival", "move", "layoff"]),
    organizations=some(ORGANIZATIONS),
    people=st.just(()) | some(PEOPLE),
    products=st.just(()) | some(PRODUCTS),
    certainties=some(["stated", "reported", "rumoured"]),
    first=st.sampled_from([NEVER, NEVER, day_of("2021-06-01")]),
    last=st.sampled_from([FOREVER, FOREVER, day_of("2023-06-01")]),
    limit=st.none(),
)
imprecisions = st.sampled_from(["span", "span", "marker", "omit"])
gaps = st.sampled_from([(1,), (1, 30, 100), (40,), (91,)])
"""How many days lie between one batch and the next."""

# Launches and the tree of organizations, where one entry changes what is shown of another.
entangled = of_kinds(*PRODUCT_KINDS, Plan, Delay, Move, Founding, Arrival)


# What is erased leaves at once, and takes with it what was shown of it before.
KEPT = tuple(sort for sort in SORTS if sort is not Erasure)


@pytest.fixture(scope="module")
def early_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the world was registered before anything was reported, to copy."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    with Ledger.create(str(path), clock=lambda: DAY) as ledger:
        register(ledger, Scribe())
    return path


@contextmanager
def told(world, history, days) -> Iterator[tuple[Ledger, Iterator[int]]]:
    """A ledger, and the positions that its batches end at, while the history is recorded in it."""
    now = DAY
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(world, Path(folder) / "timeline.db")
        with Ledger.open(str(path), clock=lambda: now) as ledger:

            def positions() -> Iterator[int]:
                nonlocal now
                scribe = Scribe()
                for steps, gap in zip(history, cycle(days), strict=False):
                    now += gap * DAY
                    for batch, _ in recorded(ledger, [steps], scribe):
                        yield batch.last

            yield ledger, positions()


@pytest.mark.parametrize("content", [None, entangled], ids=["all kinds", "entangled kinds"])
def test_each_batch_raises_the_sequence_where_something_else_is_shown(early_world, content):
    """And nowhere else; no event vanishes that was not cancelled; and what was exported then is exported now."""

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(histories(most=16, content=content, sorts=KEPT), gaps, selections, imprecisions)
    def holds(history, days, wanted, imprecise):
        then: dict[int, bytes] = {}
        with told(early_world, history, days) as (ledger, positions):
            before: dict[str, Event] = {}
            for position in positions:
                then[position] = feed(ledger, wanted, imprecise=imprecise)
                after = events(then[position])
                check_step(before, after)
                before = after

            for position, raw in then.items():
                assert feed(ledger, wanted, known=position, imprecise=imprecise) == raw

    holds()

"""The properties of the ledger once more, on histories of hundreds of events. What fails is found again by its seed."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events import kinds
from events.about import Correction, Erasure, Retraction
from events.base import Happening
from events.dates import day_of
from events.register import Merge
from projections.all import fold_all
from projections.facts import Version, in_force
from tests.projections.histories import PEOPLE, Scribe
from tests.projections.long_histories import LARGE_ORGANIZATIONS, LARGE_WORLD, long_history
from tests.projections.test_projector import differences as row_differences
from tests.projections.test_projector import folded, standing
from tests.timeline.telling import register, told
from tests.timeline.test_answers import differences as answer_differences
from tests.timeline.test_rebuild import kept
from timeline.ledger import Ledger
from timeline.state.rebuild import rebuild, verify
from timeline.view import View

EVENTS = 300
"""So many at least, besides those that register the world."""
FIRST, LAST = day_of("2018-12-01"), day_of("2026-02-01")

few = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
"""A seed cannot be made smaller."""
seeds = st.integers(0, 2**32 - 1)


class Lived:
    """A ledger that a long history is recorded in, with what was answered on the way."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger, self.scribe, self.random = ledger, Scribe(LARGE_WORLD), Random(seed)
        self.ends: list[int] = []
        self.answered: dict[tuple[int, int], Any] = {}
        register(ledger, self.scribe)
        for batch, written in told(ledger, long_history(seed), self.scribe):
            self.ends.append(batch.last)
            if any(isinstance(w.event, Erasure) for w in written):  # not known at any moment from now on
                self.answered = {(known, day): self.answers(known, day) for known, day in self.answered}
            if self.random.random() < 0.1:
                self.check_rows(None)
                self.answered |= {(self.ends[-1], day): self.answers(self.ends[-1], day) for day in self.days(1)}
            if len(self.scribe.log) >= len(LARGE_WORLD) + EVENTS:
                return

    def days(self, many: int) -> list[int]:
        return [self.random.randint(FIRST, LAST) for _ in range(many)]

    def moments(self, many: int) -> list[int]:
        return [self.random.choice(self.ends) for _ in range(many)]

    def check_rows(self, known: int | None) -> None:
        """The rows that stand, as known then, are those of a fold from nothing."""
        found = row_differences(standing(self.ledger, known), folded(self.scribe.log[:known]))
        assert found == {}, f"known at {known or len(self.scribe.log)}"

    def check_answers(self, known: int, day: int) -> None:
        """What is answered is what the fold means."""
        with self.ledger.ask(known) as view:
            organizations = self.random.sample(LARGE_ORGANIZATIONS, 4)
            found = answer_differences(view, fold_all(self.scribe.log[:known]), day, organizations)
        assert found == {}, f"day {day}, known at {known}"

    def answers(self, known: int, day: int) -> Any:
        """The answers to some questions, as a program gets them."""
        with self.ledger.ask(known) as view:
            return msgspec.to_builtins(_answers(view, day))

    def check(self) -> None:
        """Everything that has to hold, at random pairs of a day and a moment."""
        self.check_rows(None)
        before = kept(self.ledger)
        for known in self.moments(5):
            self.check_rows(known)
        for known, day in zip(self.moments(10), self.days(10), strict=True):
            self.check_answers(known, day)
        assert verify(self.ledger.database) == (0, [])
        rebuild(self.ledger.database)
        assert row_differences(kept(self.ledger), before) == {}
        for (known, day), answered in self.answered.items():
            assert self.answers(known, day) == answered, f"day {day}, known at {known}"


def _answers(view: View, day: int) -> dict[str, Any]:
    return {
        "state": view.state(day),
        "during": view.members(None, (day - 400, day), span=True),
        "careers": [view.career(person) for person in PEOPLE],
        "deals": view.deals(),
        "events": view.events(),
    }


@settings(few, max_examples=3)
@given(seed=seeds)
def test_the_properties_hold_for_long_histories(tmp_path_factory, seed):
    """Kept rows, folded rows and rebuilt rows are the same at every moment; answers are theirs, and stay."""
    path = tmp_path_factory.mktemp("long") / "timeline.db"
    with closing(Ledger.create(str(path))) as ledger:
        Lived(ledger, seed).check()


@settings(few, max_examples=2)
@given(seed=seeds)
def test_so_they_do_on_postgresql(postgres_server, seed):
    with postgres_server.borrowed() as url, closing(Ledger.create(url)) as ledger:
        Lived(ledger, seed).check()


# -- what the histories are made of -----------------------------------------------------------------------------------


def log_of(seed: int) -> list[tuple[UUID, Version]]:
    """A long history, recorded nowhere."""
    scribe = Scribe(LARGE_WORLD)
    for steps in long_history(seed):
        scribe.keep(scribe.write(steps))
        if len(scribe.log) >= len(LARGE_WORLD) + EVENTS:
            break
    return scribe.log


def test_a_seed_gives_the_same_history_each_time():
    assert log_of(3) == log_of(3)


def test_long_histories_hold_every_kind_in_every_plight():
    """Corrections of corrections, withdrawn withdrawals, merges of what was told before, dates of every sort."""
    logs = [log_of(seed) for seed in range(8)]
    events = [v.event for log in logs for _, v in log if v.event is not None]
    streams: dict[tuple[int, UUID], list[Version]] = {}
    for number, log in enumerate(logs):
        for entry, version in log:
            streams.setdefault((number, entry), []).append(version)
    happenings = [e for e in events if isinstance(e, Happening)]
    again = {
        kind: sum([isinstance(v.event, kind) for v in stream].count(True) > 1 for stream in streams.values())
        for kind in (Correction, Retraction)
    }
    counted_again = [
        s
        for (_, entry), s in streams.items()
        if any(isinstance(v.event, Retraction) for v in s) and in_force(entry, s) is not None
    ]

    assert Counter(kinds.kind_of(e) for e in events).keys() == kinds.KINDS.keys()
    assert again[Correction] > 10
    assert again[Retraction] > 5
    assert len(counted_again) > 5
    assert sum(isinstance(e, Merge) for e in events) > 15
    assert sum(e.date.earliest < e.date.latest for e in happenings) > len(happenings) // 2
    assert sum(a.date.earliest > b.date.earliest for a, b in pairwise(happenings)) > 300

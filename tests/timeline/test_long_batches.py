"""A batch longer than memory is worked through in parts, and comes to the same as one that is not."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings

from events.dates import parse
from events.organizations import Move
from events.people import Arrival, Departure
from events.register import Entity, Merge
from projections.memberships import Membership
from tests.projections.histories import histories
from tests.projections.test_projector import record
from tests.timeline.builders import folded, kept, move, org, person
from tests.timeline.telling import begin
from timeline import ledger as ledgers
from timeline.checks import Invalid
from timeline.errors import Conflict
from timeline.ledger import Ledger, following, new
from timeline.state import newcomers, projector, touched
from timeline.store import log


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events are a long batch; its parts hold one or two."""
    monkeypatch.setattr(ledgers, "PART", 2)
    monkeypatch.setattr(projector, "PART", 2)
    monkeypatch.setattr(touched, "KEYS_AT_ONCE", 1)
    monkeypatch.setattr(newcomers, "PAGE", 2)
    monkeypatch.setattr(newcomers, "AT_ONCE", 2)
    monkeypatch.setattr(newcomers, "NUMBERS_HELD", 2)
    monkeypatch.setattr(log, "AT_ONCE", 2)


numbers = count()


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30))
def test_rows_of_long_batches_are_those_of_a_fold_from_nothing(short, tmp_path, history):
    """Merges, corrections and retractions fall into other parts of the batch than what they are about."""
    address = str(tmp_path / f"{next(numbers)}.db")
    begin(address)
    with closing(Ledger.open(address)) as ledger:
        record(ledger, history)


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30))
def test_the_same_holds_on_postgresql(short, postgres_server, history):
    """The table of touched keys is temporary there too."""
    with postgres_server.borrowed() as url:
        begin(url)
        with closing(Ledger.open(url)) as ledger:
            record(ledger, history)


@pytest.fixture
def ledger(tmp_path):
    with Ledger.create(str(tmp_path / "t.db")) as made:
        yield made


def test_a_long_batch_is_known_from_one_moment_on(short, ledger):
    """One batch, one recorded time, one position that it ends at; as known before it there is nothing."""
    batch = ledger.record([new(person(f"p{n}")) for n in range(7)])

    assert (batch.first, batch.last) == (1, 7)
    with ledger.ask(6) as view:
        assert not view.directory.entities
    with ledger.ask(7) as view:
        assert len(view.directory.entities) == 7


def test_a_long_batch_goes_on_from_what_was_known_before(short, ledger):
    """She arrived years ago; among much that is new, a file says that she left."""
    ledger.record([new(org("meta")), new(person("ada"))])
    ledger.record([new(Arrival(date=parse("2020"), person="ada", organization="meta"))])
    ledger.record(
        [
            new(person("bob")),
            new(Arrival(date=parse("2021"), person="bob", organization="meta")),
            new(Departure(date=parse("2022"), person="ada", organization="meta")),
        ]
    )

    with ledger.ask() as view:
        found = {(m.person, m.start, m.end) for m in view.rows(Membership)}
    assert found == {("ada", "2020", "2022"), ("bob", "2021", "")}
    assert kept(ledger) == folded(ledger)


def test_what_is_named_may_be_registered_later_in_a_long_batch(short, ledger):
    """The unit moves in the first part, and is registered in the last."""
    ledger.record(
        [new(move("fair", "meta", "2020")), new(org("bell")), new(org("acme")), new(org("fair")), new(org("meta"))]
    )

    with ledger.ask() as view:
        assert [u.organization.id for u in view.tree(view.position, "meta")] == ["meta"]


def test_mistakes_of_all_parts_are_told_together_with_their_places(short, ledger):
    """An unknown id in the second and in the fourth event; nothing is recorded."""
    moves = [move("fair", "meta", "2020"), move("fair", "mata", "2021"), move("bell", "meta", "2022")]
    batch = [new(org("fair")), new(moves[1]), new(org("meta")), new(moves[2])]

    with pytest.raises(Invalid) as refused:
        ledger.record(batch)

    assert [(p.index, p.unknown) for p in refused.value.problems] == [(1, "mata"), (3, "bell")]
    with ledger.ask() as view:
        assert view.position == 0


def test_a_circle_that_closes_across_parts_is_refused(short, ledger):
    """Each move is fine in its own part; together they go round."""
    batch = [new(org("acme")), new(org("bell")), new(move("acme", "bell", "2020")), new(move("bell", "acme", "2020"))]

    with pytest.raises(Invalid, match="circle"):
        ledger.record(batch)


def test_a_version_that_skips_one_is_a_conflict_in_a_long_batch(short, ledger):
    """The entry stands at version 1 after the first part; the last part brings version 3."""
    acme = new(org("acme"))
    skipping = following(acme.originator_id, 2, Merge(duplicate="acme", into="bell"))

    with pytest.raises(Conflict):
        ledger.record([acme, new(org("bell")), new(org("core")), skipping])


def test_an_entity_of_the_wrong_type_in_another_part_is_told(short, ledger):
    """A person cannot be the parent of a unit."""
    batch = [new(Move(organization="fair", parent="ada", date=move("x", None, "2020").date)), new(org("fair"))]
    batch += [new(org("bell")), new(Entity(id="ada", type="person", name="Ada"))]

    with pytest.raises(Invalid, match="person"):
        ledger.record(batch)

"""The property that must always hold: rows kept step by step are those of a fold of the whole log from nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from events.about import Correction, Retraction
from events.organizations import Founding, Move, Reorg
from events.people import Appointment, Arrival
from events.register import Entity, Merge
from events.said import Gathering
from projections.all import fold_all
from projections.facts import Version
from tests.projections.facts import arrival, happened
from tests.projections.histories import Begin, Change, History, Scribe, histories, of_kinds
from tests.timeline.telling import begin, told
from timeline.entries import entry_named
from timeline.ledger import Ledger
from timeline.state.tables import TABLES, Numbers
from timeline.store.mapper import EntryEvent

Rows = dict[str, Counter[Any]]


def standing(ledger: Ledger, known: int | None = None) -> Rows:
    """The rows in the tables, as known at a position."""
    with ledger.database.reading() as connection:
        numbers = Numbers(connection)
        return {
            name: Counter(
                table.loaded(
                    connection.execute(select(table.table).where(table.known(known))).mappings().all(), numbers
                )
            )
            for name, table in TABLES.items()
        }


def folded(log: list[tuple[UUID, Version]]) -> Rows:
    """The rows that the log means."""
    return {name: Counter(rows) for name, rows in fold_all(log).items()}


def differences(found: Rows, wanted: Rows) -> dict[str, dict[str, list[Any]]]:
    """What stands in the tables and should not, and the other way round; short to read when it fails."""
    return {
        name: {
            "too many": list((found[name] - wanted[name]).elements()),
            "missing": list((wanted[name] - found[name]).elements()),
        }
        for name in wanted
        if found[name] != wanted[name]
    }


def record(ledger: Ledger, history: History) -> None:
    """Record a history batch by batch, and compare after each; at the end, every earlier state once more."""
    scribe = Scribe()
    ends: list[int] = []
    for batch, _ in told(ledger, history, scribe):
        assert batch.last == len(scribe.log)
        ends.append(batch.last)
        assert differences(standing(ledger), folded(scribe.log)) == {}
    for position in ends:  # what was erased since is not known then either
        known = folded(scribe.log[:position])
        assert differences(standing(ledger, position), known) == {}, f"as known at {position}"


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_rows_kept_step_by_step_are_those_of_a_fold_from_nothing(world, history):
    """Whatever is told in whatever order, corrected, withdrawn, merged: one meaning, today and as of every batch."""
    with Ledger.open(str(world())) as ledger:
        record(ledger, history)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    history=histories(
        most=24,
        content=of_kinds(Arrival, Appointment, Founding, Move, Reorg, Gathering),
        sorts=("begin", "begin", "merge", "merge", Correction, Retraction, Retraction),
    )
)
def test_merges_and_their_withdrawal_move_rows_to_and_fro(world, history):
    """Ids are merged in chains and circles, with what was recorded before and after, and told apart again."""
    with Ledger.open(str(world())) as ledger:
        record(ledger, history)


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30))
def test_the_same_holds_on_postgresql(postgres_server, history):
    """The projector speaks to both databases alike."""
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            record(ledger, history)


# -- merges that were hard to find again ------------------------------------------------------------------------------


def merge(duplicate, into):
    return Begin(Merge(duplicate=duplicate, into=into))


def test_a_chain_of_merges_is_undone_in_the_middle(world):
    """Ada is Bob and Bob is Cy; she was recorded after both. Then it turns out that she is not Bob."""
    withdraw_first = Change(2, Retraction())

    with Ledger.open(str(world())) as ledger:
        record(ledger, [[merge("ada", "bob")], [merge("bob", "cy")], [Begin(arrival("2020"))], [withdraw_first]])

        assert [r.person for r in standing(ledger)["memberships"]] == ["ada"]


def test_what_said_nothing_while_a_merge_stood_says_it_again(world):
    """Acme came under Bell, recorded while the two counted as one; they are two after all."""
    under = happened("move", "2020", organization="acme", parent="bell")

    with Ledger.open(str(world())) as ledger:
        record(ledger, [[merge("acme", "bell")], [Begin(under)], [Change(1, Retraction())]])

        assert [(r.organization, r.parent) for r in standing(ledger)["parents"]] == [("acme", "bell")]


def test_an_id_registered_together_with_its_merge_gets_its_own_name_back(world):
    """Eve was registered and merged in one import, and the merge was wrong."""
    eve, merged = entry_named("entity", "eve"), entry_named("merge", "eve")
    said = Entity(id="eve", type="person", name="Eve"), Merge(duplicate="eve", into="ada")

    with Ledger.open(str(world())) as ledger:
        ledger.record([EntryEvent(eve, 1, said[0]), EntryEvent(merged, 1, said[1])])
        assert "eve" not in {r.entity for r in standing(ledger)["entities"]}

        ledger.record([EntryEvent(merged, 2, Retraction())])
        assert "eve" in {r.entity for r in standing(ledger)["entities"]}


def test_a_unit_founded_under_what_it_was_merged_into_is_no_unit_of_itself(world):
    """Acme was founded within Bell; then both turn out to be one."""
    founded = happened("founding", "2020", organization="acme", parent="bell")

    with Ledger.open(str(world())) as ledger:
        record(ledger, [[merge("acme", "bell")], [Begin(founded)]])

        assert [r.organization for r in standing(ledger)["organizations"]] == ["bell"]
        assert not standing(ledger)["parents"]

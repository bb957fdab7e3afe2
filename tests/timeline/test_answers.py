"""What a view answers is what a plain fold of the log means, worked out anew in `naive.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.dates import day_of
from events.organizations import Dissolution, Founding, Move, Reorg
from events.people import Appointment, Arrival, Departure, Sighting, StepDown, Tenure
from projections.all import fold_all
from tests.projections.histories import ORGANIZATIONS, History, Scribe, histories, of_kinds
from tests.timeline import naive
from tests.timeline.telling import begin, told
from timeline import answers
from timeline.ledger import Ledger
from timeline.view import View

DAYS = st.integers(day_of("2018-12-01"), day_of("2026-02-01"))


def differences(view: View, rows: naive.Rows, day: int, organizations: Iterable[str]) -> dict[str, Any]:
    """Each question to which a view answers something else than the rows of a fold, with both answers."""
    found: dict[str, tuple[Any, Any]] = {
        "products": (
            Counter((p.product.id, p.status, p.certainty) for p in view.products(day)),
            naive.products(rows, day),
        ),
        "deals": (Counter((d.deal, d.stage, d.certainty) for d in view.deals(day)), naive.deals(rows, day)),
        "all": ({o for root in view.tree(day) for o in _within(root)}, naive.of_a_tree(rows, day)),
    }
    for organization in organizations:
        found[f"members {organization}"] = _members(view, organization, day), naive.members(rows, organization, day)
        (root,) = view.tree(day, organization)
        found[f"tree {organization}"] = Counter(_walk(root, ())), naive.tree(rows, organization, day)
    return {question: pair for question, pair in found.items() if pair[0] != pair[1]}


def _members(view: View, organization: str, day: int) -> dict[tuple[str, str], str | None]:
    """A person has a line for each stay; the surest one counts."""
    found: dict[tuple[str, str], str | None] = {}
    for member in view.members(organization, day):
        who = (member.person.id, member.organization.id)
        found[who] = naive.strongest([found.get(who), member.certainty])
    return found


def _walk(unit: answers.Unit, above: tuple[str, ...]) -> list[tuple[Any, ...]]:
    way = (*above, unit.organization.id)
    heads = Counter((h.person.id, h.certainty) for h in unit.heads)
    here = (way, unit.certainty, frozenset(heads.items()))
    return [here, *(place for below in unit.units for place in _walk(below, way))]


def _within(unit: answers.Unit) -> set[str]:
    return {unit.organization.id}.union(*map(_within, unit.units))


def asked(ledger: Ledger, history: History, at: list[tuple[int, int]]) -> None:
    """Record a history, and ask at pairs of a day and a place in the log."""
    scribe = Scribe()
    ends = [len(scribe.log), *(batch.last for batch, _ in told(ledger, history, scribe))]
    for place, day in at:
        known = ends[-1 - place % len(ends)]
        with ledger.ask(known) as view:
            assert differences(view, fold_all(scribe.log[:known]), day, ORGANIZATIONS) == {}, (
                f"day {day}, known at {known}"
            )


# -- the property -----------------------------------------------------------------------------------------------------

PLACES = st.lists(st.tuples(st.integers(0, 40), DAYS), min_size=2, max_size=4)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(history=histories(), at=PLACES)
def test_answers_are_what_a_plain_fold_means(world, history, at):
    """On any day, as known at any place of the log: people, trees, products, deals."""
    with Ledger.open(str(world())) as ledger:
        asked(ledger, history, at)


PEOPLE_IN_A_TREE = of_kinds(
    *(Move, Reorg, Founding) * 2, Dissolution, Arrival, Departure, Tenure, Sighting, Appointment, StepDown
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(history=histories(most=16, content=PEOPLE_IN_A_TREE, sorts=("begin",)), at=PLACES)
def test_so_they_are_of_people_in_a_tree_that_moves(world, history, at):
    """Units move, also on days that nobody knows, while people come and go in them."""
    with Ledger.open(str(world())) as ledger:
        asked(ledger, history, at)


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30), at=PLACES)
def test_so_they_are_on_postgresql(postgres_server, history, at):
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            asked(ledger, history, at)

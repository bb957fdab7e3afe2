"""What was known at a moment: an answer once given is given again, and the moment can be named in several ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from events.about import Correction, Erasure
from events.dates import day_of
from tests.projections.facts import arrival, departure, happened
from tests.projections.histories import ORGANIZATIONS, PEOPLE, History, Scribe, histories
from tests.timeline.builders import Clock, org, person
from tests.timeline.telling import begin
from tests.timeline.telling import told as recorded
from timeline.entries import entry_named
from timeline.errors import UsageError
from timeline.knowing import known_position
from timeline.ledger import Ledger, following, new
from timeline.view import View

DAYS = tuple(map(day_of, ("2019-06-30", "2022-01-01", "2024-02-29", "2026-01-01")))


def answers(view: View) -> dict[str, Any]:
    """The answers to many questions."""
    found: dict[str, Any] = {}
    for day in DAYS:
        found[f"state {day}"] = view.state(day)
        for organization in ORGANIZATIONS:
            found[f"tree {organization} {day}"] = view.tree(day, organization)
            found[f"members {organization} {day}"] = view.members(organization, day)
            found[f"organization {organization} {day}"] = view.organization(organization, day)
    for organization in ORGANIZATIONS:
        found[f"during {organization}"] = view.members(organization, (DAYS[0], DAYS[-1]), span=True)
    found |= {f"career {p}": view.career(p) for p in PEOPLE}
    return found | {"products": view.products(None), "deals": view.deals(), "events": view.events()}


def asked(ledger: Ledger, known: int) -> dict[str, Any]:
    with ledger.ask(known) as view:
        return answers(view)


def record(ledger: Ledger, history: History) -> None:
    """Record a history batch by batch, ask after each, and ask everything again at the end.

    What was erased is not known at any moment: from an erasure on, the answers are those without it.
    """
    scribe = Scribe()
    given_then: dict[int, dict[str, Any]] = {}
    for batch, written in recorded(ledger, history, scribe):
        moments = [batch.last]
        if any(isinstance(w.event, Erasure) for w in written):
            moments += given_then
        given_then |= {moment: asked(ledger, moment) for moment in moments}
    for position, then in given_then.items():
        again = asked(ledger, position)
        for question, answer in then.items():
            assert msgspec.to_builtins(again[question]) == msgspec.to_builtins(answer), (
                f"{question}, known at {position}"
            )


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(history=histories(most=24))
def test_an_answer_is_given_again_whatever_is_recorded_later(world, history):
    """Corrections, withdrawals and merges come after; what was known before them stays what it was."""
    with Ledger.open(str(world())) as ledger:
        record(ledger, history)


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(history=histories(most=16))
def test_an_answer_is_given_again_on_postgresql(postgres_server, history):
    """The other database keeps its past alike."""
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            record(ledger, history)


# -- naming a moment --------------------------------------------------------------------------------------------------


def at(text: str) -> int:
    """A recorded time, as a clock gives it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
def told(database_url):
    """A history with the recorded dates it really had: ada joined, then it turned out that she had left again."""
    clock = Clock(at("2025-05-26T09:30:00"), at("2025-08-01T00:00:00"), at("2025-12-12T18:00:00"))
    with Ledger.create(database_url, clock=clock) as ledger:
        ledger.record([new(org("acme")), new(person("ada")), new(arrival("2020", id="joined"))], by="ada")
        ledger.record([new(departure("2025-06", id="left"))], by="ada")
        ledger.record(
            [following(entry_named("event", "left"), 1, corrected("2025-07"))],
            by="bob",
        )
        yield ledger


def corrected(date: str) -> Correction:
    return Correction(event=departure(date, id="left"), reason="the paper corrected itself")


@pytest.mark.parametrize(
    ("given", "position"),
    [
        (None, None),
        ("2025-05-25", 0),
        ("2025-05-26", 3),
        ("2025-05-26T09:29:59Z", 0),
        ("2025-05-26T09:30:00Z", 3),
        ("2025-05-26T11:30:00+02:00", 3),
        ("2025-05-26 09:30", 3),
        ("2025-05", 3),
        ("2025-07-31T23:59:59.999999Z", 3),
        ("2025-08-01T00:00:00Z", 4),
        ("2025-08", 4),
        ("2025", 5),
        ("2026", 5),
        ("@0", 0),
        ("@1", 3),
        ("@3", 3),
        ("@4", 4),
        ("@5", 5),
    ],
)
def test_a_moment_is_an_instant_a_date_or_a_position(told, given, position):
    """A date is its end in UTC; a position the end of what was recorded together with it."""
    with told.database.reading() as connection:
        assert known_position(connection, given) == position


@pytest.mark.parametrize(
    "given", ["@6", "@", "@-1", "soon", "2025-02-30", "2025/2026", "2025-05-26T25:00", "", "2025-05/.."]
)
def test_what_names_no_moment_is_refused(told, given):
    with told.database.reading() as connection, pytest.raises(UsageError):
        known_position(connection, given)


@pytest.mark.parametrize(
    ("known", "mark"), [("2025-05-25", None), ("2025-06", "unconfirmed"), ("2025-08-02", None), ("2026", "possible")]
)
def test_a_history_is_loaded_with_its_recorded_dates_and_asked(told, known, mark):
    """Was ada at acme on 15 July 2025? In June nobody had heard that she left; in August it was
    thought that she left in June; since December, in July.
    """
    with told.database.reading() as connection:
        view = View(connection, known_position(connection, known))
        found = [m.certainty for m in view.members("acme", day_of("2025-07-15"))]

    assert found == ([mark] if mark else [])


def test_recorded_time_never_goes_back(sqlite_url):
    """A clock that was set back: the later batch counts as recorded when the earlier one was, and stays later."""
    clock = Clock(at("2025-05-26T09:30:00"), at("2024-01-01T00:00:00"))
    with Ledger.create(sqlite_url, clock=clock) as ledger:
        ledger.record([new(org("acme"))])
        ledger.record([new(org("bell"))])
        with ledger.database.reading() as connection:
            assert known_position(connection, "2025-05-26T09:29:59Z") == 0
            assert known_position(connection, "2025-05-26T09:30:00Z") == 2


def test_what_is_recorded_together_becomes_known_together(sqlite_url):
    """Nobody can ask for the middle of a batch."""
    with Ledger.create(sqlite_url) as ledger:
        batch = ledger.record(
            [new(org("acme")), new(person("ada")), new(happened("founding", "2020", organization="acme"))]
        )
        with ledger.database.reading() as connection:
            assert {known_position(connection, f"@{n}") for n in range(batch.first, batch.last + 1)} == {batch.last}

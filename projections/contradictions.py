"""Contradictions: what sources say that cannot all be true. They are recorded all the same; this finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from events.base import Happening
from events.dates import FOREVER
from events.durations import implied_start
from events.people import Arrival, Departure
from events.products import Cancellation, Delay, Plan, Release
from projections.facts import Fact, in_order
from projections.organizations import Existence
from projections.posts import HEAD, Holding
from projections.rows import Row, SpanRow
from projections.spans import of_date

Names = Callable[[str], str]


FOLDED = ("memberships", "posts", "organizations", "parents", "products")
"""The projections whose rows contradictions are found in."""


class Contradiction(NamedTuple):
    """Entries that clash, what about, and what would settle it."""

    code: str
    message: str
    settle: str
    entries: tuple[UUID, ...]


def contradictions(facts: Iterable[Fact], rows: Mapping[str, Sequence[Row]], name: Names = str) -> list[Contradiction]:
    """Every contradiction among the facts in force and their rows, by code and then in the order of the facts."""
    counted = in_order(f for f in facts if not f.deprecated and isinstance(f.event, Happening))
    found = [
        *_order_of_coming_and_going(counted, name),
        *_service(counted, name),
        *_heads(rows.get("posts", ()), name),
        *_releases(counted, name),
        *_delays(counted, name),
        *_founders(rows.get("organizations", ()), counted, name),
        *_rival_dates(rows, counted, name),
        *_twice(counted, name),
        *_unsourced(counted, name),
    ]
    return sorted(found, key=lambda c: c.code)


def _by_person(facts: Sequence[Fact]) -> dict[tuple[str, str], tuple[list[Fact], list[Fact]]]:
    found: dict[tuple[str, str], tuple[list[Fact], list[Fact]]] = {}
    for fact in facts:
        if isinstance(fact.event, Arrival | Departure):
            pair = found.setdefault((fact.event.person, fact.event.organization), ([], []))
            pair[isinstance(fact.event, Departure)].append(fact)
    return found


def _happening(fact: Fact) -> Happening:
    assert isinstance(fact.event, Happening)
    return fact.event


def _range(fact: Fact) -> tuple[int, int]:
    return of_date(_happening(fact).date)


def _text(fact: Fact) -> str:
    return _happening(fact).date.words()


def _order_of_coming_and_going(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A departure before the only arrival, which is not said to be a return."""
    for (person, organization), (arrivals, departures) in _by_person(facts).items():
        for arrival in arrivals[:1]:
            event = arrival.event
            assert isinstance(event, Arrival)
            for departure in departures:
                if _range(departure)[1] < _range(arrival)[0] and event.reason != "rejoined":
                    yield Contradiction(
                        "departure-before-arrival",
                        f"{name(person)} left {name(organization)} in {_text(departure)}, "
                        f"before joining it in {_text(arrival)}",
                        "correct a date, or give the arrival the reason rejoined",
                        (departure.entry, arrival.entry),
                    )


def _service(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A length of service that does not reach back to any arrival that is known."""
    for (person, organization), (arrivals, departures) in _by_person(facts).items():
        for departure in departures:
            event = departure.event
            assert isinstance(event, Departure)
            earlier = [a for a in arrivals if _range(a)[0] <= _range(departure)[1]]
            if event.length_of_service is None or not earlier:
                continue
            first, last = implied_start(event.date, event.length_of_service)
            if all(_range(a)[1] < first or last < _range(a)[0] for a in earlier):
                yield Contradiction(
                    "length-of-service",
                    f"{name(person)} left {name(organization)} in {_text(departure)} after "
                    f"{event.length_of_service.words()}, but joined in {_text(earlier[-1])}",
                    "correct the arrival or the length of service, or rank one of the two entries",
                    (departure.entry, earlier[-1].entry),
                )


def _heads(rows: Sequence[Row], name: Names) -> Iterator[Contradiction]:
    """Two people who certainly led one unit on one day, as far as anybody reported an end."""
    by_unit: dict[str, list[Holding]] = {}
    for row in rows:
        if isinstance(row, Holding) and row.post == HEAD:
            by_unit.setdefault(row.organization, []).append(row)
    for unit, holdings in by_unit.items():
        for one, other in combinations(sorted(holdings, key=lambda h: (h.start_max, h.person)), 2):
            if one.person != other.person and max(one.start_max, other.start_max) <= min(_last(one), _last(other)):
                yield Contradiction(
                    "two-heads",
                    f"{name(unit)} has two heads at once: {name(one.person)} and {name(other.person)}",
                    "record when one of them stepped down, or rank or dispute one of the entries",
                    (*one.entries, *other.entries),
                )


def _last(row: SpanRow) -> int:
    return FOREVER if row.end in ("", "..") else row.end_min


def _releases(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A release that certainly came after the product was cancelled."""
    for cancelled in facts:
        if not isinstance(cancelled.event, Cancellation):
            continue
        for release in facts:
            event = release.event
            if (
                isinstance(event, Release)
                and event.product == cancelled.event.product
                and _range(cancelled)[1] < _range(release)[0]
            ):
                yield Contradiction(
                    "release-after-cancellation",
                    f"{name(event.product)} was released in {_text(release)}, "
                    f"after it was cancelled in {_text(cancelled)}",
                    "retract or dispute the cancellation, or record the plan that revived it",
                    (cancelled.entry, release.entry),
                )


def _delays(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A delay from another date than the one that was planned."""
    planned: dict[str, tuple[str, Fact]] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, Delay):
            before = planned.get(event.product)
            if event.previous and before and before[0] != event.previous.text:
                yield Contradiction(
                    "delay-from-another-date",
                    f"{name(event.product)} was delayed from {event.previous.words()}, "
                    f"but was planned for another date: {before[0]}",
                    "correct the plan or the delay, or record the delay in between",
                    (before[1].entry, fact.entry),
                )
        if isinstance(event, Plan | Delay) and event.planned:
            planned[event.product] = (event.planned.text, fact)


def _founders(rows: Sequence[Row], facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """Foundings of one organization that name different founders."""
    by_entry = {f.entry: f for f in facts}
    for row in rows:
        if not isinstance(row, Existence):
            continue
        lists = {
            e: frozenset(getattr(by_entry[e].event, "founders", ()))
            for e in row.entries
            if e in by_entry and getattr(by_entry[e].event, "organization", "") == row.organization
        }
        rivals = {e: people for e, people in lists.items() if people}
        settled = any(by_entry[e].rank == "preferred" for e in rivals)
        if len(set(rivals.values())) > 1:
            shown = " or ".join(
                ", ".join(sorted(name(p) for p in people)) for people in sorted(set(rivals.values()), key=sorted)
            )
            yield Contradiction(
                "founders",
                f"{name(row.organization)} was founded by {shown}",
                "settled: the preferred statement answers"
                if settled
                else "rank the statement that is right as preferred, or the other as deprecated",
                tuple(rivals),
            )


def _rival_dates(rows: Mapping[str, Sequence[Row]], facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """Spans whose sources give dates that have nothing in common, though nobody said so."""
    contested = {f.entry for f in facts if f.disputed}
    for projection in ("memberships", "posts", "products", "parents"):
        for row in rows.get(projection, ()):
            if isinstance(row, SpanRow) and row.disputed and len(row.entries) > 1 and not contested & set(row.entries):
                what = [
                    getattr(row, field, None) for field in (row.key_field, "organization", "post", "status", "parent")
                ]
                said = ", ".join(dict.fromkeys(name(w) for w in what if w))
                yield Contradiction(
                    "rival-claims",
                    f"sources disagree about when it was so: {said}",
                    "rank one of the entries, or correct a date",
                    row.entries,
                )


def _twice(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """The same said twice: rather one entry with two sources."""
    seen: dict[tuple[object, ...], Fact] = {}
    for fact in facts:
        event = fact.event
        if not isinstance(event, Arrival | Departure):
            continue
        key = (type(event), event.person, event.organization, event.date)
        if key in seen:
            yield Contradiction(
                "likely-duplicate",
                f"{event.headline(name)} stands twice with the date {event.date.text}",
                "retract one entry and corroborate the other with its source",
                (seen[key].entry, fact.entry),
            )
        seen.setdefault(key, fact)


def _unsourced(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A fact that no source stands behind."""
    for fact in facts:
        if not fact.sources and not _happening(fact).derived_from:
            yield Contradiction(
                "no-source",
                f"{fact.event.headline(name)} ({_text(fact)}) has no source",
                "add a source with a correction, or corroborate it",
                (fact.entry,),
            )

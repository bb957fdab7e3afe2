"""Contradictions: what sources say that cannot all be true. They are recorded all the same; this finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from events.base import Happening, Names
from events.dates import FOREVER, NEVER, Date
from events.durations import implied_start
from events.organizations import Dissolution
from events.people import Arrival, Departure
from events.products import Cancellation, Delay, Plan, Release
from projections.aggregates import checks
from projections.facts import Fact, in_order
from projections.memberships import Membership
from projections.organizations import Existence
from projections.posts import HEAD, Holding
from projections.rows import Row, SpanRow
from projections.spans import Range, of_date

FOLDED = ("memberships", "posts", "organizations", "parents", "products")
"""The projections whose rows contradictions are found in."""


CODES: Mapping[str, str] = {
    "departure-before-arrival": "somebody left before the only arrival that is known, and it is called no return",
    "length-of-service": "a length of service does not reach back to any arrival that is known",
    "two-heads": "two people certainly led one unit on one day, as far as an end was reported",
    "unclear-heads": "two people are named as head of one unit, and nobody says who came first",
    "release-after-cancellation": "a product came out after it was cancelled, and no plan in between revived it",
    "delay-from-another-date": "a delay moves another date than the one that was planned",
    "founders": "one organization has different founders in different statements",
    "rival-claims": "sources give dates for the same that have no day in common",
    "rival-readings": "one end is told by two entries in different ways",
    "likely-duplicate": "two entries say the same of the same person with the same date",
    "no-source": "an event has neither a source nor anything that it was derived from",
    "aggregate-claim": "a number of a group, against what is listed about its members",
}
"""Every code, and what it means."""


class Contradiction(NamedTuple):
    """Entries that clash, what about, and what would settle it."""

    code: str
    message: str
    settle: str
    entries: tuple[UUID, ...]
    agrees: bool = False
    """It was a claim to be checked, and the facts bear it out."""


def contradictions(facts: Iterable[Fact], rows: Mapping[str, Sequence[Row]], name: Names = str) -> list[Contradiction]:
    """Every contradiction among the facts in force and their rows, by code and then in the order of the facts.

    After them the claims that were checked and agree. The facts name merged ids by what they were merged into.
    """
    counted = in_order([f for f in facts if not f.deprecated and isinstance(f.event, Happening)])
    found = [
        *_order_of_coming_and_going(counted, name),
        *_service(counted, name),
        *_heads(rows.get("posts", ()), name),
        *_unclear_heads(rows.get("posts", ()), name),
        *_releases(counted, name),
        *_delays(counted, name),
        *_founders(rows.get("organizations", ()), counted, name),
        *_rival_dates(rows, counted, name),
        *_twice(counted, name),
        *_unsourced(counted, name),
        *_told_twice(counted, name),
        *_aggregates(counted, rows.get("memberships", ()), name),
    ]
    return sorted(found, key=lambda c: (c.agrees, c.code))


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


def _range(fact: Fact) -> Range:
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
                    "correct the arrival or the length of service, or rank one of the two entries as deprecated",
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
                    "record when one of them stepped down, or rank one of the entries as deprecated",
                    (*one.entries, *other.entries),
                )


def _unclear_heads(rows: Sequence[Row], name: Names) -> Iterator[Contradiction]:
    """Two people who are each said to lead, or to have led, one unit, and nobody said who came first.

    Where one of them had gone before the other was last there, it is plain enough.
    """
    by_unit: dict[str, list[Holding]] = {}
    for row in rows:
        if isinstance(row, Holding) and row.post == HEAD and row.start_min == NEVER:
            by_unit.setdefault(row.organization, []).append(row)
    for unit, holdings in by_unit.items():
        for one, other in combinations(sorted(holdings, key=lambda h: (h.end_max, h.person)), 2):
            if one.person != other.person and one.end_max >= other.end_min and other.end_max >= one.end_min:
                yield Contradiction(
                    "unclear-heads",
                    f"{name(one.person)} and {name(other.person)} are both named as head of {name(unit)}, "
                    "and nobody reports when either began",
                    "record the appointment or the step-down of one of them",
                    (*one.entries, *other.entries),
                )


def _last(row: SpanRow) -> int:
    return FOREVER if row.end in ("", "..") else row.end_min


def _releases(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A release that certainly came after the product was cancelled, with no plan in between that revived it."""
    for cancelled in facts:
        if not isinstance(cancelled.event, Cancellation):
            continue
        for release in facts:
            event = release.event
            if not isinstance(event, Release) or event.product != cancelled.event.product:
                continue
            if _range(cancelled)[1] < _range(release)[0] and not _revived(cancelled, release, facts):
                yield Contradiction(
                    "release-after-cancellation",
                    f"{name(event.product)} was released in {_text(release)}, "
                    f"after it was cancelled in {_text(cancelled)}",
                    "record the plan that revived it, or retract the cancellation, or rank it as deprecated",
                    (cancelled.entry, release.entry),
                )


def _revived(cancelled: Fact, release: Fact, facts: Sequence[Fact]) -> bool:
    event = release.event
    assert isinstance(event, Release)
    return any(
        isinstance(f.event, Plan)
        and f.event.product == event.product
        and _range(cancelled)[0] <= _range(f)[0]
        and _range(f)[0] <= _range(release)[1]
        for f in facts
    )


def _delays(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """A delay from another date than the one that was planned."""
    planned: dict[str, tuple[Date, Fact]] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, Delay):
            before = planned.get(event.product)
            if event.previous and before and not _meet(of_date(before[0]), of_date(event.previous)):
                yield Contradiction(
                    "delay-from-another-date",
                    f"{name(event.product)} was delayed from {event.previous.words()}, "
                    f"but was planned for another date: {before[0].words()}",
                    "correct the plan or the delay, or record the delay in between",
                    (before[1].entry, fact.entry),
                )
        if isinstance(event, Plan | Delay) and event.planned:
            planned[event.product] = (event.planned, fact)


def _meet(one: Range, other: Range) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


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
    rival_founders = {e for c in _founders(rows.get("organizations", ()), facts, name) for e in c.entries}
    for projection in ("memberships", "posts", "organizations", "products", "parents"):
        for row in rows.get(projection, ()):
            explained = (contested | rival_founders) & set(row.entries) if isinstance(row, SpanRow) else ()
            if isinstance(row, SpanRow) and row.disputed and len(row.entries) > 1 and not explained:
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


def _told_twice(facts: Sequence[Fact], name: Names) -> Iterator[Contradiction]:
    """One change told by two entries in different ways: rival readings, until one is ranked or retracted."""
    seen: dict[tuple[object, ...], Fact] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, Cancellation | Dissolution):
            key = (type(event), event.product if isinstance(event, Cancellation) else event.organization)
            before = seen.setdefault(key, fact)
            if before is not fact and "preferred" not in (before.rank, fact.rank):
                yield Contradiction(
                    "rival-readings",
                    f"{event.headline(name)}, told twice: {_text(before)} ({_certainty(before)}); "
                    f"{_text(fact)} ({_certainty(fact)})",
                    "rank one of the entries as preferred, or retract one and corroborate the other",
                    (before.entry, fact.entry),
                )


def _certainty(fact: Fact) -> str:
    return _happening(fact).certainty


def _aggregates(facts: Sequence[Fact], rows: Sequence[Row], name: Names) -> Iterator[Contradiction]:
    """A number of a group that the facts listed about its members do not bear out, or do."""
    for check in checks(facts, [r for r in rows if isinstance(r, Membership)]):
        counted = " to ".join(dict.fromkeys(f"{n:.3g}" for n in check.counted))
        yield Contradiction(
            "aggregate-claim",
            f"{check.fact.event.headline(name)} ({_text(check.fact)}); the listed facts give {counted}",
            "find the facts that are missing, or rank the claim as deprecated"
            if not check.agrees
            else "nothing: they agree",
            (check.fact.entry, *(f.entry for f in check.among)),
            agrees=check.agrees,
        )

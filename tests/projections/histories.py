"""Histories for hypothesis: what a ledger may be told, in any order, with every sort of second thought.

A history is a list of batches of steps. A step is plain data: an event that begins an entry, or one about an entry that
stands "so many entries back". A `Scribe` turns steps into events of a small registered world, valid whatever was
deleted before, so that hypothesis can shrink a history step by step.

    @given(histories())
    def test_something(history):
        scribe = Scribe()
        for steps in history:
            scribe.keep(scribe.write(steps))
        rows = fold_all(scribe.log)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from events.about import Correction, Corroboration, Dispute, Erasure, Ranking, Retraction
from events.base import Citation, Event, Happening
from events.dates import Date, parse
from events.deals import Deal, DealCancellation, DealCompletion, Party
from events.durations import parse as parse_duration
from events.keeping import KeyRotation
from events.organizations import Dissolution, Founding, Layoff, Move, Renaming, Reorg, UnitMove
from events.people import Appointment, Arrival, Departure, Sighting, StepDown, Tenure
from events.products import Announcement, Cancellation, Delay, Milestone, Plan, Release
from events.register import Entity, Identifier, Merge, Source
from events.said import (
    Budget,
    Figure,
    Forecast,
    Gathering,
    Lawsuit,
    Policy,
    Publication,
    Relation,
    Statement,
)
from projections.facts import Version
from timeline.entries import entry_of
from timeline.store.mapper import EntryEvent

# -- the world --------------------------------------------------------------------------------------------------------

PEOPLE = ("ada", "bob", "cy", "dee")
ORGANIZATIONS = ("acme", "bell", "core", "dyne")
PRODUCTS = ("ml-1", "ml-2", "ml-3")
WORKS = ("paper",)
PLACES = ("paris",)
OLD_KEY = "example.org/log+dccecf3a+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
NEW_KEY = "example.org/log+aa9f7504+ASAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/"
SOURCES = ("post", "times")
POSTS = ("head", "chief scientist")
ROLES = ("", "", "engineer", "researcher")

NAMED = {
    **dict.fromkeys(PEOPLE, "person"),
    **dict.fromkeys(ORGANIZATIONS, "organization"),
    **dict.fromkeys(PRODUCTS, "product"),
    **dict.fromkeys(WORKS, "work"),
    **dict.fromkeys(PLACES, "place"),
}
WORLD: tuple[Event, ...] = (
    *(Source(id=s, title=f"The {s}", issued=parse("2025-05-26")) for s in SOURCES),
    *(Entity(id=i, type=t, name=f"{i.title()} É") for i, t in NAMED.items()),  # type: ignore[arg-type]  # the literals
)
"""What is registered before anything happens."""


# -- dates ------------------------------------------------------------------------------------------------------------

YEARS = st.integers(2019, 2025)
MARKS = st.sampled_from(["", "", "", "~", "?", "%"])


def _texts(form: str, *parts: SearchStrategy[Any]) -> SearchStrategy[str]:
    return st.builds(form.format, *parts)


PLAIN = st.one_of(
    _texts("{}", YEARS),
    _texts("{}-{:02}", YEARS, st.integers(1, 12)),
    _texts("{}-{:02}-{:02}", YEARS, st.integers(1, 12), st.integers(1, 28)),
)
SINGLES = st.one_of(
    PLAIN,
    _texts("{}{}", PLAIN, MARKS),
    _texts("{}-{}{}", YEARS, st.integers(21, 41), MARKS),
    _texts("{}-XX", YEARS),
    _texts("{}-1X", YEARS),
    _texts("{}-?{:02}-{:02}", YEARS, st.integers(1, 12), st.integers(1, 28)),
    st.sampled_from(["201X", "202X", "20XX", "XXXX-02-29", "2020S3", "-0044", "Y12024", "9999~"]),
)


def _upward(form: str) -> Callable[[tuple[str, str]], str]:
    return lambda pair: form.format(*sorted(pair, key=parse))


PAIRS = st.tuples(SINGLES, SINGLES)
SETS = st.one_of(
    _texts("[..{}]", SINGLES),
    _texts("[{}..]", SINGLES),
    PAIRS.map(_upward("[{}..{}]")),
    PAIRS.map(_upward("[{},{}]")),
    PAIRS.map(_upward("{{{},{}}}")),
)
INTERVALS = st.one_of(
    PAIRS.map(_upward("{}/{}")),
    _texts("{}/", SINGLES),
    _texts("{}/..", SINGLES),
    _texts("/{}", SINGLES),
    _texts("../{}", SINGLES),
)


def dates(*, whole: bool = False) -> SearchStrategy[Date]:
    """Dates of every form, around a few years so that they meet; `whole`, intervals only."""
    if whole:
        return INTERVALS.map(parse)
    return st.one_of(PLAIN, PLAIN, SINGLES, SETS, INTERVALS).map(parse)


# -- events -----------------------------------------------------------------------------------------------------------

person, organization, product = (st.sampled_from(names) for names in (PEOPLE, ORGANIZATIONS, PRODUCTS))
anybody = st.sampled_from(tuple(NAMED))
role, post = st.sampled_from(ROLES), st.sampled_from(POSTS)
maybe_post = st.sampled_from(("", *POSTS))
date = dates()
maybe_date = st.none() | date
words = st.sampled_from(["", "", "why not", "Éa “b”\n c"])
line = st.sampled_from(["alpha", "Bêta", "3 of them"])
amount = st.decimals(0, 10**12, places=2, allow_nan=False)
citation = st.builds(
    Citation,
    source=st.sampled_from(SOURCES),
    locator=st.sampled_from(["", "§3"]),
    reported_by=st.sampled_from(["", "The Wall Street Journal"]),
)
HAPPENING: dict[str, SearchStrategy[Any]] = {
    "date": date,
    "date_text": st.sampled_from(["", "", "early that year"]),
    "announced": st.none() | st.none() | date,
    "certainty": st.sampled_from(["stated", "stated", "reported", "rumoured", "derived"]),
    "sources": st.lists(citation, max_size=2).map(tuple),
    "note": words,
}


def _some(values: SearchStrategy[str], most: int = 2, *, least: int = 0) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=least, max_size=most, unique=True).map(tuple)


def _happenings(kind: type[Happening], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.builds(kind, **HAPPENING | fields)


@st.composite
def _moves(draw: st.DrawFn) -> tuple[UnitMove, ...]:
    units = draw(_some(organization, 2))
    parents = [draw(st.none() | organization.filter(partial(str.__ne__, unit))) for unit in units]
    return tuple(UnitMove(organization=u, parent=p) for u, p in zip(units, parents, strict=True))


def _pairs(names: Sequence[str]) -> SearchStrategy[tuple[str, str]]:
    return st.permutations(names).map(lambda p: (p[0], p[1]))


def _merge(pair: tuple[str, str], note: str) -> Merge:
    return Merge(duplicate=pair[0], into=pair[1], note=note)


def _entity(given: str, name: str, other: tuple[str, ...], identifiers: tuple[Identifier, ...]) -> Entity:
    return Entity(id=given, type=NAMED[given], name=name, other_names=other, identifiers=identifiers)  # type: ignore[arg-type]  # the literals


measured = st.one_of(
    st.fixed_dictionaries({"value": amount}),
    st.fixed_dictionaries({"low": st.just(Decimal("64")), "high": st.just(Decimal("72.5"))}),
    st.fixed_dictionaries({"high": amount}),
)
money: SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {"amount": amount, "currency": st.sampled_from(["USD", "EUR"])}
)


@st.composite
def _with(draw: st.DrawFn, /, kind: type[Happening], part: SearchStrategy[dict[str, Any]], **more: Any) -> Any:
    return kind(**{name: draw(s) for name, s in (HAPPENING | more).items()}, **draw(part))


DEAL = st.integers(0, 3).map(lambda n: UUID(int=n))
"""Stands for the deal that was recorded so many deals ago; the scribe puts in its entry."""

CONTENT: dict[type[Event], SearchStrategy[Any]] = {
    Source: st.builds(
        Source,
        id=st.sampled_from(SOURCES),
        title=line,
        author=_some(line),
        issued=maybe_date,
        publisher=line,
        note=words,
    ),
    Entity: st.builds(
        _entity,
        anybody,
        line,
        _some(line),
        st.lists(st.builds(Identifier, scheme=st.just("wikidata"), identifier=line), max_size=1).map(tuple),
    ),
    Merge: st.builds(_merge, _pairs(PEOPLE) | _pairs(ORGANIZATIONS) | _pairs(PRODUCTS), words),
    Arrival: _happenings(
        Arrival,
        person=person,
        organization=organization,
        role=role,
        post=maybe_post,
        reason=st.sampled_from(["", "", "hired", "rejoined"]),
    ),
    Departure: _happenings(
        Departure,
        person=person,
        organization=organization,
        role=role,
        length_of_service=st.sampled_from([None, None, "P1Y", "P2Y7M", "P3M", "P40D"]).map(
            lambda text: text and parse_duration(text)
        ),
        destination=st.none() | organization,
    ),
    Appointment: _happenings(
        Appointment, person=person, organization=organization, post=post, predecessor=st.none() | person
    ),
    StepDown: _happenings(StepDown, person=person, organization=organization, post=post, successor=st.none() | person),
    Tenure: _happenings(
        Tenure, date=dates(whole=True), person=person, organization=organization, role=role, post=maybe_post
    ),
    Sighting: _happenings(
        Sighting, person=person, organization=organization, role=role, post=maybe_post, present=st.booleans()
    ),
    Founding: st.builds(
        lambda event, parent: msgspec.structs.replace(event, parent=None if parent == event.organization else parent),
        _happenings(
            Founding, organization=organization, founders=_some(person), place=st.none() | st.sampled_from(PLACES)
        ),
        st.none() | organization,
    ),
    Dissolution: _happenings(Dissolution, organization=organization, successors=_some(organization)),
    Renaming: _happenings(Renaming, organization=organization, name=line, previous_name=st.just("") | line),
    Move: st.builds(
        lambda event, parent: msgspec.structs.replace(event, parent=None if parent == event.organization else parent),
        _happenings(Move, organization=organization, parent=st.none()),
        st.none() | organization,
    ),
    Reorg: _happenings(
        Reorg, original=_some(organization), resulting=_some(organization, least=1), moves=_moves(), description=words
    ),
    Layoff: _happenings(
        Layoff,
        organization=organization,
        count=st.none() | st.integers(0, 20_000),
        count_qualifier=st.sampled_from(["exact", "about", "at-least", "at-most"]),
        affected=_some(organization),
        spared=_some(organization),
    ),
    Plan: _happenings(Plan, product=product, organization=st.none() | organization, planned=maybe_date),
    Announcement: _happenings(
        Announcement,
        product=product,
        organization=st.none() | organization,
        attributes=st.dictionaries(line, line, max_size=2),
    ),
    Release: _happenings(
        Release,
        product=product,
        organization=st.none() | organization,
        stage=st.sampled_from(["preview", "general"]),
        licence=st.just("") | line,
    ),
    Delay: _happenings(
        Delay, product=product, planned=maybe_date, previous=maybe_date, reason=words, announced_by=st.none() | anybody
    ),
    Cancellation: _happenings(Cancellation, product=product, reason=words),
    Milestone: _happenings(Milestone, product=product, name=line),
    Deal: _with(
        Deal,
        money,
        type=st.sampled_from(["funding-round", "acquisition", "partnership"]),
        parties=st.lists(st.builds(Party, entity=anybody, role=line), min_size=1, max_size=2).map(tuple),
        object=line,
    ),
    DealCompletion: _happenings(DealCompletion, deal=DEAL),
    DealCancellation: _happenings(DealCancellation, deal=DEAL, reason=line),
    Publication: _happenings(
        Publication, work=st.sampled_from(WORKS), authors=_some(person), author_count=st.none() | st.integers(0, 99)
    ),
    Statement: _happenings(Statement, speaker=anybody, topic=line, summary=line),
    Policy: _happenings(Policy, subject=anybody, topic=line, position=line, previous_position=words),
    Lawsuit: _happenings(
        Lawsuit, matter=line, parties=st.lists(st.builds(Party, entity=anybody), max_size=2).map(tuple), stage=line
    ),
    Gathering: _happenings(Gathering, name=line, organizer=st.none() | anybody, participants=_some(anybody)),
    Figure: _with(Figure, measured, subject=anybody, metric=line, unit=st.sampled_from(["", "%", "USD"])),
    Forecast: _with(
        Forecast, measured, subject=anybody, metric=line, previous_low=st.none() | amount, period=maybe_date
    ),
    Relation: _happenings(
        Relation, subject=anybody, predicate=st.sampled_from(["uses", "advises", "developed-by"]), object=anybody
    ),
    Budget: _with(Budget, money, giver=organization, taker=st.none() | organization, period=maybe_date),
    KeyRotation: st.builds(KeyRotation, old=st.just(OLD_KEY), new=st.just(NEW_KEY), reason=words),
}
"""For each kind that begins an entry, its events in this world."""

PEOPLE_KINDS = (Arrival, Departure, Tenure, Sighting, Appointment, StepDown)
ORGANIZATION_KINDS = (Founding, Dissolution, Renaming, Move, Reorg, Layoff)
PRODUCT_KINDS = (Plan, Announcement, Release, Delay, Cancellation)
DEAL_KINDS = (Deal, DealCompletion, DealCancellation)
RECORD_ONLY_KINDS = (
    Milestone,
    Publication,
    Statement,
    Policy,
    Lawsuit,
    Gathering,
    Figure,
    Forecast,
    Relation,
    Budget,
    KeyRotation,
)


def of_kinds(*kinds: type[Event]) -> SearchStrategy[Any]:
    """Events of some kinds, each as often as it is given."""
    return st.sampled_from(kinds).flatmap(_events)


def _events(kind: type[Event]) -> SearchStrategy[Any]:
    return CONTENT[kind]


# A plain `one_of` would be flattened, and the many kinds that are only recorded drown the few that make rows.
happening = of_kinds(*PEOPLE_KINDS * 3, *ORGANIZATION_KINDS * 2, *PRODUCT_KINDS, *DEAL_KINDS * 2, *RECORD_ONLY_KINDS)

ABOUT: dict[type[Event], SearchStrategy[Any]] = {
    # A retraction of version 1 withdraws the entry; the scribe reads a higher number as "so many versions back".
    Retraction: st.builds(Retraction, version=st.sampled_from([1, 1, 1, 2, 2, 3, 4]), reason=words),
    Correction: st.builds(Correction, event=st.one_of(happening, of_kinds(Merge, Entity, Source)), reason=words),
    Ranking: st.builds(Ranking, rank=st.sampled_from(["preferred", "normal", "deprecated"]), reason=words),
    Dispute: st.builds(
        Dispute,
        by=anybody,
        stance=st.sampled_from(["denied", "contested", "confirmed"]),
        reason=words,
        sources=st.lists(citation, max_size=1).map(tuple),
    ),
    Corroboration: st.builds(Corroboration, citation=citation, reason=words),
    Erasure: st.builds(Erasure, reason=words, ground=st.just("GDPR Art. 17")),
}
"""For each kind about another entry, its events."""


# -- steps and histories ----------------------------------------------------------------------------------------------


class Begin(NamedTuple):
    """An entry begins."""

    event: Event


class Change(NamedTuple):
    """Something is said about an earlier entry: the last that fits for `back` 0, the one before it for 1 …"""

    back: int
    event: Event


Step = Begin | Change
History = list[list[Step]]

BACK = st.one_of(st.integers(0, 2), st.integers(0, 40))
SORTS = (*("begin",) * 14, "merge", *ABOUT, Correction, Correction, Retraction)
"""What a step is: an event of the story, a merge, or one about another entry."""


@st.composite
def steps(draw: st.DrawFn, content: SearchStrategy[Any] | None = None, sorts: Sequence[Any] = SORTS) -> Step:
    """One thing to record: more often something new than a second thought. `content`: what may begin an entry."""
    sort = draw(st.sampled_from(sorts))
    if sort == "begin":
        return Begin(draw(happening if content is None else content))
    if sort == "merge":
        return Begin(draw(CONTENT[Merge]))
    if sort is Correction and content is not None:
        return Change(draw(BACK), draw(st.builds(Correction, event=content)))
    return Change(draw(BACK), draw(ABOUT[sort]))


@st.composite
def histories(
    draw: st.DrawFn, *, most: int = 40, content: SearchStrategy[Any] | None = None, sorts: Sequence[Any] = SORTS
) -> History:
    """Batches of one to many steps."""
    least = draw(st.sampled_from([0, most // 4, most // 2]))  # left alone, hypothesis prefers short lists
    told = draw(st.lists(st.tuples(steps(content, sorts), st.booleans()), min_size=least, max_size=most))
    batches: History = [[]]
    for step, ends in told:
        batches[-1].append(step)
        if ends:
            batches.append([])
    return [batch for batch in batches if batch]


# -- from steps to events ---------------------------------------------------------------------------------------------


class Scribe:
    """Writes steps down as events that fit what was kept so far.

    `write` proposes the events of a batch; `keep` makes them a part of the log. What is not kept never happened.
    """

    def __init__(self, world: Iterable[Event] = WORLD) -> None:
        self.log: list[tuple[UUID, Version]] = []
        self._begun: dict[UUID, Event] = {}
        self._last: dict[UUID, int] = {}
        self._erased: set[UUID] = set()
        self.keep([EntryEvent(entry_of(event) or UUID(int=0), 1, event) for event in world])

    def write(self, batch: Iterable[Step]) -> list[EntryEvent]:
        """The events of a batch. A step that nothing fits - about a deal where there is none - is left out."""
        begun, last = {e: event for e, event in self._begun.items() if e not in self._erased}, dict(self._last)
        written: list[EntryEvent] = []
        for step in batch:
            found = self._fitting(step, begun, last)
            if found is not None:
                written.append(found)
                begun.setdefault(found.originator_id, found.event)
                if isinstance(found.event, Erasure):
                    del begun[found.originator_id]  # nothing more is said of it
                last[found.originator_id] = found.originator_version
        return written

    def keep(self, written: Sequence[EntryEvent]) -> None:
        """The events were recorded."""
        for item in written:
            self._begun.setdefault(item.originator_id, item.event)
            self._last[item.originator_id] = item.originator_version
            self.log.append((item.originator_id, Version(len(self.log) + 1, item.originator_version, item.event)))
            if isinstance(item.event, Erasure):
                self._erase(item.originator_id)

    def _erase(self, entry: UUID) -> None:
        """What the entry said before is gone, from every state of knowledge."""
        self._erased.add(entry)
        self.log[:-1] = [(e, v._replace(event=None)) if e == entry else (e, v) for e, v in self.log[:-1]]

    def _fitting(self, step: Step, begun: dict[UUID, Event], last: dict[UUID, int]) -> EntryEvent | None:
        if isinstance(step, Begin):
            event = _pointed(step.event, begun)
            if event is None:
                return None
            entry = entry_of(event) or UUID(int=len(last) + 1)
            if entry in last and entry not in begun:
                return None  # what was erased is not recorded again
            if entry in begun:  # merged once already: it says something else now
                return EntryEvent(entry, last[entry] + 1, Correction(event=event))  # type: ignore[arg-type]  # content
            return EntryEvent(entry, 1, event)
        event = step.event
        if isinstance(event, Correction):
            inside = _pointed(event.event, begun)
            if inside is None:
                return None
            event = msgspec.structs.replace(event, event=inside)
            fitting = [e for e, first in begun.items() if _may_become(first, inside)]
        else:
            fitting = [e for e, first in begun.items() if not isinstance(first, Source | Entity)]
        if not fitting:
            return None
        entry = fitting[-1 - step.back % len(fitting)]
        if isinstance(event, Retraction) and event.version > 1:
            event = msgspec.structs.replace(event, version=max(1, last[entry] + 2 - event.version))
        return EntryEvent(entry, last[entry] + 1, event)


def _pointed(event: Event, begun: dict[UUID, Event]) -> Event | None:
    """With the entry of a deal in the place of a number of deals back; None where there is no deal."""
    if not isinstance(event, DealCompletion | DealCancellation):
        return event
    deals = [e for e, first in begun.items() if isinstance(first, Deal)]
    return msgspec.structs.replace(event, deal=deals[-1 - event.deal.int % len(deals)]) if deals else None


def _may_become(first: Event, inside: Event) -> bool:
    """What is registered or merged keeps its id; one happening may be corrected into any other."""
    if isinstance(first, Happening) or isinstance(inside, Happening):
        return isinstance(first, Happening) and isinstance(inside, Happening)
    return entry_of(first) == entry_of(inside)

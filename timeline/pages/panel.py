"""The state on a day as a page shows it: sections of lines, each with its mark and the numbers of its sources.

page.js makes the same from the rows of the page when the reader chooses another day; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from timeline import answers
from timeline.pages import paths
from timeline.pages.colours import GREY, STATUSES
from timeline.pages.content import Gathered
from timeline.printing import words


class Piece(NamedTuple):
    """Some words, and how they look: strong, faint, or like a product's status (`c3`)."""

    text: str
    look: str = ""
    path: str = ""
    """The page of what they name, where there is a service."""


class Item(NamedTuple):
    """A line, with the lines below it in a tree."""

    mark: str
    disputed: bool
    pieces: tuple[Piece, ...]
    sources: tuple[int, ...]
    below: tuple[Item, ...] = ()


class Group(NamedTuple):
    """Lines under a heading of their own; without one in a section that has no groups."""

    items: tuple[Item, ...]
    heading: str = ""
    colour: int = GREY
    tally: int = 0
    path: str = ""


class Block(NamedTuple):
    """A section."""

    title: str
    note: str
    groups: tuple[Group, ...]


def panel(gathered: Gathered, day: int, colours: Mapping[str, int], known: answers.State | None = None) -> list[Block]:
    """Everything that is so on a day; the state may have been asked for already."""
    state = known or gathered.view.state(day)
    deals = {d.deal for d in state.deals}
    blocks = [
        Block("Organizations", "", _flat(_unit(gathered, u) for u in state.organizations)),
        Block("People", _tally(state.people), tuple(_people(gathered, state.people, colours))),
        Block("Models and products", "", _flat(_product(gathered, p) for p in state.products)),
        Block("Deals", "", _flat(_deal(gathered, d) for d in state.deals)),
        Block("Latest events", "", _flat(_event(gathered, e) for e in state.events if e.entry not in deals)),
    ]
    return [b for b in blocks if b.groups]


def halves(groups: Sequence[Group], most: int) -> tuple[list[Group], list[Group]]:
    """The groups cut after so many lines: what comes first, and the rest, of which a list may go on without heading."""
    first: list[Group] = []
    for number, group in enumerate(groups):
        if len(group.items) > most:
            later = [Group(group.items[most:]), *groups[number + 1 :]]
            return [*first, group._replace(items=group.items[:most])], later
        first.append(group)
        most -= len(group.items)
    return first, []


def _flat(items: Iterable[Item]) -> tuple[Group, ...]:
    found = tuple(items)
    return (Group(found),) if found else ()


def _pieces(*pieces: tuple[str, ...]) -> tuple[Piece, ...]:
    return tuple(Piece(*piece) for piece in pieces if piece[0])


def _tally(people: Iterable[answers.Member]) -> str:
    """How many people have each mark as their surest."""
    order = tuple(words.LEGEND)
    best: dict[str, int] = {}
    for member in people:
        mark = order.index(str(member.certainty))
        best[member.person.id] = min(mark, best.get(member.person.id, mark))
    counts = [(sum(b == n for b in best.values()), mark) for n, mark in enumerate(order)]
    return " · ".join(f"{count} {mark}" for count, mark in counts if count)


def _unit(gathered: Gathered, unit: answers.Unit) -> Item:
    certain = [h for h in unit.heads if h.certainty == "certain"]
    heads = certain or unit.heads
    return Item(
        mark=unit.certainty or "",
        disputed=unit.disputed or any(h.disputed for h in heads),
        pieces=_pieces(
            (unit.organization.name, "strong", paths.organization(unit.organization.id)),
            ("head" if heads else "", "faint"),
            *(piece for n, h in enumerate(heads) for piece in _led(h, n, is_certain=bool(certain))),
        ),
        sources=gathered.cited([*unit.sources, *(s for h in heads for s in h.sources)]),
        below=tuple(_unit(gathered, u) for u in unit.units),
    )


def _led(head: answers.Holder, number: int, *, is_certain: bool) -> Iterable[tuple[str, ...]]:
    if number:
        yield "·", "faint"
    if not is_certain:
        yield words.MARKS[head.certainty], "faint"
    yield head.person.name, "faint", paths.person(head.person.id)


def _people(gathered: Gathered, people: Sequence[answers.Member], colours: Mapping[str, int]) -> Iterable[Group]:
    for organization, group in groupby(people, key=lambda m: m.organization):
        members = list(group)
        yield Group(
            items=tuple(_member(gathered, m) for m in members),
            heading=organization.name,
            colour=colours.get(organization.id, GREY),
            tally=len({m.person.id for m in members}),
            path=paths.organization(organization.id),
        )


def _member(gathered: Gathered, member: answers.Member) -> Item:
    parts = dict.fromkeys(p for p in (member.post, member.role) if p)
    rumoured = "(rumoured)" if member.claim == "rumoured" else ""
    return Item(
        mark=member.certainty or "",
        disputed=member.disputed,
        pieces=_pieces(
            (member.person.name, "", paths.person(member.person.id)),
            (" · ".join(parts), "faint"),
            (rumoured, "faint"),
        ),
        sources=gathered.cited(member.sources),
    )


def _product(gathered: Gathered, product: answers.Product) -> Item:
    planned = product.planned.edtf if product.planned else ""
    pieces = product_pieces(product.product, product.status, planned, product.claim)
    return Item(product.certainty or "", product.disputed, pieces, gathered.cited(product.sources))


def product_pieces(product: answers.Ref, status: str, planned: str, claim: str) -> tuple[Piece, ...]:
    """The status of a product in a line."""
    return _pieces(
        (product.name, "", paths.product(product.id)),
        (status, f"status c{STATUSES.get(status, GREY)}"),
        (f"planned for {words.date(planned)}" if planned else "", "faint"),
        ("(rumoured)" if claim == "rumoured" else "", "faint"),
    )


def deal_pieces(deal: answers.DealAnswer) -> tuple[Piece, ...]:
    """A deal in a line."""
    what = deal.type.replace("-", " ") + (f": {deal.object}" if deal.object else "")
    stage = "" if deal.stage == "announced" else deal.stage
    money = words.money(deal.amount, deal.currency, deal.amount_qualifier)
    parties = ", ".join(p.name for p in deal.parties)
    return _pieces((parties, "", paths.event(deal.deal)), (money, "strong"), (what, "faint"), (stage, "faint"))


def _deal(gathered: Gathered, deal: answers.DealAnswer) -> Item:
    return Item(deal.certainty or "", deal.disputed, deal_pieces(deal), gathered.cited(deal.sources))


def event_pieces(event: answers.Event) -> tuple[Piece, ...]:
    """An event in a line."""
    unsure = f"({event.claim})" if event.claim in ("rumoured", "derived") else ""
    rank = "(deprecated)" if event.rank == "deprecated" else ""
    date = words.date(event.date.edtf)
    return _pieces(
        (date, "faint"),
        (event.headline, "", paths.event(event.id or event.entry)),
        (unsure, "faint"),
        (rank, "faint"),
        *((d, "faint") for d in event.disputes),
    )


def _event(gathered: Gathered, event: answers.Event) -> Item:
    return Item(event.mark or "", event.disputed, event_pieces(event), gathered.cited(event.sources))

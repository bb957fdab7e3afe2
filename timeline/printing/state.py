"""Sheets of what is so: people, the tree, products, deals, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from timeline import answers
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet

WHEN = Column("when", fixed=True, right=True)


def sheets_of_state(state: answers.State) -> list[Sheet]:
    """All sections of a state."""
    best: dict[str, str] = {}
    for member in sorted(state.people, key=lambda m: tuple(words.LEGEND).index(str(m.certainty)), reverse=True):
        best[member.person.id] = str(member.certainty)
    counts = {mark: sum(b == mark for b in best.values()) for mark in words.LEGEND}
    people = "PEOPLE   " + " · ".join(f"{n} {mark}" for mark, n in counts.items())
    deals = {d.deal for d in state.deals}
    events = [e for e in state.events if e.entry not in deals]
    return [
        Sheet(
            "organization",
            "ORGANIZATIONS",
            (Column("organization", ratio=3), Column("head", ratio=3), WHEN),
            list(tree_lines(state.organizations)),
            empty="none is known to exist on this day",
        ),
        people_sheet(state.people, title=people),
        products_sheet(state.products, title="MODELS AND PRODUCTS"),
        deals_sheet(state.deals, title="DEALS"),
        events_sheet(events, title="EVENTS   of the last 12 months"),
    ]


def tree_lines(units: Iterable[answers.Unit]) -> Iterator[Line]:
    """The tree with its branches drawn, heads beside their units."""
    for unit in units:
        yield _unit_line(unit, "")
        yield from _branches(unit, "")


def _branches(unit: answers.Unit, prefix: str) -> Iterator[Line]:
    for number, below in enumerate(unit.units):
        last = number + 1 == len(unit.units)
        yield _unit_line(below, prefix + ("└─ " if last else "├─ "))
        yield from _branches(below, prefix + ("   " if last else "│  "))


def _unit_line(unit: answers.Unit, indent: str) -> Line:
    certain = [h for h in unit.heads if h.certainty == "certain"]
    heads = certain or unit.heads
    shown = ", ".join(
        h.person.name if h.certainty == "certain" else f"{words.MARKS[h.certainty]} {h.person.name}" for h in heads
    )
    sources = dict.fromkeys([*unit.sources, *(s for h in heads for s in h.sources)])
    when = words.span(unit.start, unit.end) if unit.start and unit.end else ""
    return Line(
        (unit.organization.name, f"head {shown}" if shown else "", Cell(when, "bright_black")),
        unit.certainty,
        disputed=unit.disputed or any(h.disputed for h in heads),
        sources=tuple(sources),
        indent=indent,
    )


def people_sheet(people: Sequence[answers.Member], *, title: str = "", during: bool = False) -> Sheet:
    """People under their organizations."""
    lines = []
    for name, group in groupby(people, key=lambda m: m.organization.name):
        members = list(group)
        lines.append(Line((), heading=name, tally=len({m.person.id for m in members})))
        lines += [_member_line(m, m.person.name, during=during)._replace(indent="  ") for m in members]
    columns = (Column("person", ratio=2), Column("role", ratio=2), WHEN)
    return Sheet("person", title, columns, lines, empty="nobody is known to be there")


def _member_line(member: answers.Member, name: str, *, during: bool = False) -> Line:
    does = member.post or member.role
    if member.post and member.role and member.post != member.role:
        does = f"{member.post} · {member.role}"
    if member.claim == "rumoured":
        does = f"{does} (rumoured)".strip()
    when = words.span(member.start, member.end, member.confirmed_until)
    if during and member.throughout == "certain":
        does = f"{does} (throughout)".strip()
    cells = (name, does, Cell(when, "bright_black", words.span(member.start, member.end)))
    return Line(cells, member.certainty, disputed=member.disputed, sources=member.sources)


def career_sheet(career: Sequence[answers.Member], *, title: str = "") -> Sheet:
    """The memberships and posts of one person."""
    lines = [_member_line(m, m.organization.name) for m in career]
    columns = (Column("organization", ratio=2), Column("role", ratio=2), WHEN)
    return Sheet("membership", title, columns, lines, empty="no membership is known")


def products_sheet(products: Sequence[answers.Product], *, title: str = "") -> Sheet:
    """Products with their status."""
    lines = []
    for p in products:
        planned = f" · planned for {words.date(p.planned.edtf)}" if p.planned and p.planned.edtf else ""
        rumoured = " (rumoured)" if p.claim == "rumoured" else ""
        since = (
            "since " + words.date(p.start.edtf) if p.end.edtf == ".." and p.start.edtf else words.span(p.start, p.end)
        )
        cells = (p.product.name, f"{p.status}{rumoured}{planned}", Cell(since, "bright_black"))
        lines.append(Line(cells, p.certainty, disputed=p.disputed, sources=p.sources))
    columns = (Column("product", ratio=2), Column("status", ratio=3), WHEN)
    return Sheet("product", title, columns, lines, empty="none was announced by this day")


def deals_sheet(deals: Sequence[answers.DealAnswer], *, title: str = "") -> Sheet:
    """Deals with their amounts."""
    lines = []
    for deal in deals:
        parties = ", ".join(p.name for p in deal.parties)
        what = deal.type.replace("-", " ") + (f": {deal.object}" if deal.object else "")
        stage = "" if deal.stage == "announced" else f" ({deal.stage})"
        money = words.money(deal.amount, deal.currency, deal.amount_qualifier)
        cells = (parties, what + stage, money, Cell(words.date(deal.start.edtf), "bright_black"))
        lines.append(Line(cells, deal.certainty, disputed=deal.disputed, sources=deal.sources))
    columns = (Column("parties", ratio=2), Column("deal", ratio=3), Column("amount", fixed=True, right=True), WHEN)
    return Sheet("deal", title, columns, lines, empty="none by this day")


def events_sheet(events: Sequence[answers.Event], *, title: str = "", ids: bool = False) -> Sheet:
    """Events by date."""
    lines = []
    for event in events:
        unsure = f" ({event.claim})" if event.claim in ("rumoured", "derived") else ""
        rank = " (deprecated)" if event.rank == "deprecated" else ""
        disputes = f" — {'; '.join(event.disputes)}" if event.disputes else ""
        cells: tuple[Cell | str, ...] = (
            words.date(event.date.edtf),
            f"{event.headline}{unsure}{rank}{disputes}",
        )
        if ids:
            cells = (*cells, Cell(event.id or str(event.entry)[:8], "bright_black"))
        lines.append(Line(cells, event.mark, disputed=event.disputed, sources=event.sources))
    columns: tuple[Column, ...] = (Column("date", ratio=2), Column("event", ratio=6))
    if ids:
        columns = (*columns, Column("entry", ratio=3))
    return Sheet("event", title, columns, lines, empty="none")

"""What differs between two states: two days of one world, or two states of knowledge about one day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from projections.certainty import Presence
from timeline import answers

A = TypeVar("A")

Sort = Literal["in", "out", "moved", "changed", "more certain", "less certain"]
_ORDER = ("certain", "possible", "unconfirmed", None)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a comparison. `before` and `after` say in words what was so; empty where it was not so."""

    section: Literal["people", "posts", "organizations", "products", "deals"]
    sort: Sort
    subject: answers.Ref
    before: str
    after: str
    """Where several things are so, separated by semicolons; what is less sure than the first says so."""
    certainty_before: Presence | None
    certainty_after: Presence | None
    sources: tuple[str, ...]
    entries: tuple[UUID, ...]


def differences(before: answers.State, after: answers.State) -> list[Difference]:
    """Everything that differs, section by section; people who only changed organizations are moved, not in and out."""
    return [
        *_people(before.people, after.people),
        *_units(before.organizations, after.organizations),
        *_things("products", before.products, after.products, lambda p: p.product, _product_words),
        *_things(
            "deals", before.deals, after.deals, lambda d: answers.Ref(str(d.deal), _deal_name(d)), lambda d: d.stage
        ),
    ]


def _people(before: Sequence[answers.Member], after: Sequence[answers.Member]) -> Iterator[Difference]:
    old, new = _by(before, lambda m: m.person.id), _by(after, lambda m: m.person.id)
    names = {m.person.id: m.person for m in (*before, *after)}
    for person in sorted(names, key=lambda p: names[p].name):
        was = _first(old.get(person, ()), lambda m: m.organization.id)
        now = _first(new.get(person, ()), lambda m: m.organization.id)
        left = [was[o] for o in was if o not in now]
        came = [now[o] for o in now if o not in was]
        if left and came:
            yield _line("people", "moved", names[person], left, came, _member_words)
        elif left:
            yield _line("people", "out", names[person], left, [], _member_words)
        elif came:
            yield _line("people", "in", names[person], [], came, _member_words)
        for organization in was:
            if organization in now:
                yield from _same("people", names[person], was[organization], now[organization], _member_words)


def _units(before: Iterable[answers.Unit], after: Iterable[answers.Unit]) -> Iterator[Difference]:
    old = {u.organization.id: u for u in _flat(before)}
    new = {u.organization.id: u for u in _flat(after)}
    names = {u.organization.id: u.organization for u in (*old.values(), *new.values())}
    for unit in sorted(names, key=lambda u: names[u].name):
        was, now = old.get(unit), new.get(unit)
        if was and not now:
            yield _line("organizations", "out", names[unit], [was], [], _unit_words)
        elif now and not was:
            yield _line("organizations", "in", names[unit], [], [now], _unit_words)
        elif was and now:
            if (was.parent and was.parent.id) != (now.parent and now.parent.id):
                yield _line("organizations", "moved", names[unit], [was], [now], _unit_words)
            else:
                yield from _same("organizations", names[unit], was, now, _unit_words)
        yield from _heads(names[unit], was.heads if was else (), now.heads if now else ())


def _heads(
    unit: answers.Ref, before: Sequence[answers.Holder], after: Sequence[answers.Holder]
) -> Iterator[Difference]:
    was, now = _first(before, lambda h: h.person.id), _first(after, lambda h: h.person.id)
    if was.keys() != now.keys():
        sort: Sort = "changed" if was and now else "in" if now else "out"
        yield _line("posts", sort, unit, before, after, _holder_words)
    else:
        for person, holder in was.items():
            yield from _same("posts", unit, holder, now[person], _holder_words)


def _flat(units: Iterable[answers.Unit]) -> Iterator[answers.Unit]:
    """All that is there; an organization that was asked about by name stands at the root even where it is not."""
    for unit in units:
        if unit.certainty or unit.heads or unit.units:
            yield unit
        yield from _flat(unit.units)


def _things(
    section: Literal["products", "deals"],
    before: Sequence[A],
    after: Sequence[A],
    ref: Callable[[A], answers.Ref],
    words: Callable[[Any], str],
) -> Iterator[Difference]:
    old, new = _by(before, lambda t: ref(t).id), _by(after, lambda t: ref(t).id)
    names = {ref(t).id: ref(t) for t in (*before, *after)}
    for thing in sorted(names, key=lambda t: (names[t].name, t)):
        was, now = _first(old.get(thing, ()), words), _first(new.get(thing, ()), words)
        if was.keys() != now.keys():
            sort: Sort = "changed" if was and now else "in" if now else "out"
            yield _line(section, sort, names[thing], [*was.values()], [*now.values()], words)
        else:
            for said, one in was.items():
                yield from _same(section, names[thing], one, now[said], words)


def _same(section: Any, subject: answers.Ref, was: Any, now: Any, words: Callable[[Any], str]) -> Iterator[Difference]:
    """What is so on both sides may have become surer, or less sure, or be put otherwise."""
    if was.certainty != now.certainty:
        surer = _ORDER.index(now.certainty) < _ORDER.index(was.certainty)
        yield _line(section, "more certain" if surer else "less certain", subject, [was], [now], words)
    elif words(was) != words(now):
        yield _line(section, "changed", subject, [was], [now], words)


def _line(
    section: Any, sort: Sort, subject: answers.Ref, was: Sequence[Any], now: Sequence[Any], words: Callable[[Any], str]
) -> Difference:
    reasons = now or was
    return Difference(
        section=section,
        sort=sort,
        subject=subject,
        before=_together(was, words),
        after=_together(now, words),
        certainty_before=_surest(was),
        certainty_after=_surest(now),
        sources=tuple(dict.fromkeys(s for r in reasons for s in r.sources)),
        entries=tuple(dict.fromkeys(e for r in reasons for e in r.entries)),
    )


def _surest(things: Sequence[Any]) -> Presence | None:
    return min((t.certainty for t in things), key=_ORDER.index, default=None)


def _together(things: Sequence[Any], words: Callable[[Any], str]) -> str:
    surest = _surest(things)
    said = []
    for thing in sorted(things, key=lambda t: _ORDER.index(t.certainty)):
        unlike = thing.certainty if thing.certainty != surest else ""
        said.append(f"{'possibly' if unlike == 'possible' else unlike} {words(thing)}".strip())
    return "; ".join(dict.fromkeys(said))


def _member_words(member: answers.Member) -> str:
    does = member.post or member.role
    return f"{member.organization.name} ({does})" if does else member.organization.name


def _unit_words(unit: answers.Unit) -> str:
    return f"part of {unit.parent.name}" if unit.parent else "exists"


def _holder_words(holder: answers.Holder) -> str:
    return holder.person.name


def _product_words(product: answers.Product) -> str:
    if not product.planned:
        return product.status
    status = product.status if product.status == "planned" else f"{product.status}, planned"
    return f"{status} for {product.planned.words()}"


def _deal_name(deal: answers.DealAnswer) -> str:
    return f"{', '.join(p.name for p in deal.parties)} {deal.type.replace('-', ' ')}"


def _first(values: Iterable[A], key: Callable[[A], str]) -> dict[str, A]:
    """The first of each key: the surest, as answers begin with it."""
    found: dict[str, A] = {}
    for value in sorted(values, key=lambda v: _ORDER.index(v.certainty)):  # type: ignore[attr-defined]  # an answer
        found.setdefault(key(value), value)
    return found


def _by(values: Iterable[A], key: Callable[[A], str]) -> dict[str, list[A]]:
    found: dict[str, list[A]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return found

"""Answers worked out from the rows of a plain fold in the slowest and shortest way, to compare those of a view with.

Nothing here is shared with `timeline/view.py`: the tree is walked until nothing new is found. A mark is one of MARKS,
or None where no reading of the dates says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from projections.posts import HEAD

MARKS = ("certain", "possible", "unconfirmed")
Rows = Mapping[str, Sequence[Any]]
"""By projection, as `fold_all` gives them."""


class Bounds(NamedTuple):
    """The first and last day on which something can have begun, and on which it can have ended."""

    start_min: int
    start_max: int
    end_min: int
    end_max: int


def bounds(row: Any) -> Bounds:
    return Bounds(row.start_min, row.start_max, row.end_min, row.end_max)


def both(one: Bounds, other: Bounds) -> Bounds:
    """When two things hold together."""
    return Bounds(*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:]))


def mark(row: Any, day: int) -> str | None:
    """The rules of docs/certainty.md for one row."""
    if row.start_max <= day <= row.end_min:
        return "certain"
    if not row.start_min <= day <= row.end_max:
        return None
    nobody_told_of_an_end = getattr(row, "end", None) == "" and day >= row.start_max
    return "unconfirmed" if nobody_told_of_an_end else "possible"


def together(marks: Iterable[str | None]) -> str | None:
    """How sure it is that several things are so at once."""
    found = set(marks)
    return None if None in found else next((m for m in ("possible", "unconfirmed") if m in found), "certain")


def strongest(marks: Iterable[str | None]) -> str | None:
    return min((m for m in marks if m), key=MARKS.index, default=None)


# -- the tree ---------------------------------------------------------------------------------------------------------


def ways_down(rows: Rows, root: str) -> dict[str, set[Bounds]]:
    """For everything that was ever a part of the root, each way that leads there, with when it does.

    Who leaves one parent on the day before coming to another, whichever day that was, was in the whole throughout.
    """
    found: dict[str, set[Bounds]] = {root: set()}
    fresh: list[tuple[str, Bounds | None]] = [(root, None)]
    while fresh:
        unit, way = fresh.pop()
        for row in rows["parents"]:
            if row.parent == unit:
                step = bounds(row) if way is None else both(way, bounds(row))
                seen = found.setdefault(row.organization, set())
                if step.start_min <= step.end_max and step not in seen:
                    seen.add(step)
                    fresh.append((row.organization, step))
    for ways in found.values():
        while (
            more := {Bounds(*a[:2], *b[2:]) for a in ways for b in ways if (a.end_min + 1, a.end_max + 1) == b[:2]}
            - ways
        ):
            ways |= more
    return found


def members(rows: Rows, organization: str, day: int) -> dict[tuple[str, str], str]:
    """Everybody in an organization and its units by person and unit: the surest of all stays, posts and ways."""
    found: dict[tuple[str, str], str | None] = {}
    ways = ways_down(rows, organization)
    for row in (*rows["memberships"], *rows["posts"]):
        who: tuple[str, str] = (row.person, row.organization)
        if who[1] in ways:
            in_the_whole = "certain" if who[1] == organization else strongest(mark(way, day) for way in ways[who[1]])
            found[who] = strongest([found.get(who), together([mark(row, day), in_the_whole])])
    return {who: sure for who, sure in found.items() if sure}


def tree(rows: Rows, organization: str, day: int) -> Counter[tuple[Any, ...]]:
    """Every place in the tree of an organization: the way to it, how sure its last step is, and its heads."""

    def walk(way: tuple[str, ...], sure: str | None) -> Iterator[tuple[Any, ...]]:
        heads = Counter(
            (r.person, mark(r, day))
            for r in rows["posts"]
            if (r.organization, r.post) == (way[-1], HEAD) and mark(r, day)
        )
        yield way, sure, frozenset(heads.items())
        for row in rows["parents"]:
            below: str = row.organization
            if row.parent == way[-1] and below not in way and mark(row, day):
                yield from walk((*way, below), mark(row, day))

    stays = [mark(r, day) for r in rows["organizations"] if r.organization == organization]
    return Counter(walk((organization,), strongest(stays)))


def of_a_tree(rows: Rows, day: int) -> set[str]:
    """Every organization that the tree of all of them has something to say of."""
    found: set[str] = set()
    for row in rows["parents"]:
        if row.parent is not None and mark(row, day):
            found |= {row.organization, row.parent}
    found |= {r.organization for r in rows["organizations"] if mark(r, day)}
    return found | {r.organization for r in rows["posts"] if r.post == HEAD and mark(r, day)}


# -- products and deals -----------------------------------------------------------------------------------------------


def products(rows: Rows, day: int) -> Counter[tuple[Any, ...]]:
    return Counter((r.product, r.status, mark(r, day)) for r in rows["products"] if mark(r, day))


def deals(rows: Rows, day: int) -> Counter[tuple[Any, ...]]:
    return Counter((r.deal, r.stage, mark(r, day)) for r in rows["deals"] if mark(r, day))

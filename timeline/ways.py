"""When an organization is a part of another one, and what that makes of what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.dates import FOREVER, NEVER
from projections import certainty
from projections.rows import SpanRow


class Bounds(NamedTuple):
    """When an organization is, through however many steps, a part of another one."""

    start_min: int
    start_max: int
    end_min: int
    end_max: int

    def within(self, row: SpanRow | Bounds) -> Bounds:
        """When both hold."""
        return Bounds(
            max(self.start_min, row.start_min),
            max(self.start_max, row.start_max),
            min(self.end_min, row.end_min),
            min(self.end_max, row.end_max),
        )


ALWAYS = Bounds(NEVER, NEVER, FOREVER, FOREVER)


def joined(ways: Sequence[Bounds]) -> list[Bounds]:
    """Ways of which one begins when the other ends are one: a unit that moved within the whole never left it."""
    found: list[Bounds] = []
    for way in sorted(ways):
        before = next((b for b in found if (b.end_min + 1, b.end_max + 1) == (way.start_min, way.start_max)), None)
        if before is not None:
            found.remove(before)
            way = Bounds(before.start_min, before.start_max, way.end_min, way.end_max)
        found.append(way)
    return found


def within(row: SpanRow, way: Bounds, first: int) -> SpanRow:
    """The part of a row in which its unit was in the tree, as asked about from a first day on.

    That nobody reported an end is what leaves the row open only as long as the unit surely is in the tree.
    """
    if way == ALWAYS:
        return row
    bounds = way.within(row)
    if first <= way.end_min and bounds == (row.start_min, row.start_max, row.end_min, row.end_max):
        return row
    return SpanRow(
        **bounds._asdict(),
        start=row.start,
        end=row.end if first <= way.end_min else "left",
        confirmed=row.confirmed,
        disputed=row.disputed,
        claim=row.claim,
        entries=row.entries,
        sources=row.sources,
    )


def by_any_way(marks: Iterable[certainty.Presence | None]) -> certainty.Presence | None:
    """How sure one stay is, from what each way up the tree makes of it.

    If by one of them it is unconfirmed, that way is certain, and the others are of no account.
    """
    return min(marks, key=("certain", "unconfirmed", "possible", None).index)


def strongest(degrees: Iterable[certainty.Degree]) -> certainty.Degree:
    """The surest of what several ways make of it."""
    return min(degrees, key=("certain", "possible", "no").index)

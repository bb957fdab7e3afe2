"""Aggregate claims: numbers that a source gives of a group, against the facts that are listed about its members.

A figure whose subject is a work with a publication that names its authors, and whose metric is one of those below, can
be counted again: who of the authors had left the organization that published it, and after how long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from events.dates import FOREVER, NEVER
from events.said import Figure, Publication
from projections.facts import Fact
from projections.memberships import Membership
from projections.spans import of_date

DAYS_A_YEAR = Decimal("365.2425")

Range = tuple[Decimal, Decimal]
"""The least and the greatest number that the listed facts allow."""


class Check(NamedTuple):
    """A claim beside what the listed facts allow."""

    fact: Fact
    claimed: Range
    counted: Range
    among: tuple[Fact, ...]
    """The publication that names the group, for the reader to follow."""

    @property
    def agrees(self) -> bool:
        """Some reading of the listed facts bears the claim out."""
        return self.claimed[0] <= self.counted[1] and self.counted[0] <= self.claimed[1]


def checks(facts: Iterable[Fact], memberships: Iterable[Membership]) -> Iterator[Check]:
    """Every aggregate claim that can be counted again, in the order of the facts."""
    facts = list(facts)
    groups: dict[str, tuple[Fact, Publication]] = {
        f.event.work: (f, f.event) for f in facts if isinstance(f.event, Publication) and f.event.organization
    }
    by_person: dict[tuple[str, str], list[Membership]] = {}
    for row in memberships:
        by_person.setdefault((row.person, row.organization), []).append(row)
    for fact in facts:
        figure = fact.event
        if not isinstance(figure, Figure) or figure.metric not in METRICS or figure.subject not in groups:
            continue
        source, publication = groups[figure.subject]
        group = [by_person.get((person, str(publication.organization)), []) for person in publication.authors]
        if all(group):
            yield Check(fact, _claimed(figure), METRICS[figure.metric](figure, group), (source,))


def _claimed(figure: Figure) -> Range:
    if figure.value is not None:
        half = _rounding(figure.value) if figure.metric in ROUNDED else Decimal(0)
        return (figure.value - half, figure.value + half)
    endless = Decimal(10) ** 12
    return (
        figure.low if figure.low is not None else -endless,
        figure.high if figure.high is not None else endless,
    )


def _rounding(value: Decimal) -> Decimal:
    """Half a unit of the last digit that is written: what rounding may have taken or added."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) / 2 if isinstance(exponent, int) else Decimal(0)


def _days(figure: Figure) -> tuple[int, int]:
    """The days a count is about: a period, or everything up to the date."""
    if figure.period is not None:
        return of_date(figure.period)
    return (NEVER, of_date(figure.date)[1])


Group = Sequence[Sequence[Membership]]


def _departed(figure: Figure, group: Group) -> Range:
    """How many had left for good by the end of the date, or in the period."""
    first, last = _days(figure)
    ends = [max(rows, key=lambda r: (r.start_min, r.start_max)) for rows in group]
    ended = [r for r in ends if r.end not in ("", "..")]
    sure = sum(first <= r.end_min and r.end_max <= last for r in ended)
    maybe = sum(r.end_min <= last and first <= r.end_max for r in ended)
    return (Decimal(sure), Decimal(maybe))


def _remaining(figure: Figure, group: Group) -> Range:
    least, most = _departed(figure, group)
    return (len(group) - most, len(group) - least)


def _service(figure: Figure, group: Group) -> Range:
    """The mean length of service, in years, of those who had left."""
    ended = [r for rows in group for r in rows if r.end not in ("", "..") and r.end_max <= _days(figure)[1]]
    if not ended or any(abs(d) >= FOREVER for r in ended for d in (r.start_min, r.start_max, r.end_min, r.end_max)):
        return (Decimal(0), Decimal(10) ** 12)
    least = sum(max(0, r.end_min - r.start_max) for r in ended)
    most = sum(r.end_max - r.start_min for r in ended)
    years = DAYS_A_YEAR * len(ended)
    return (least / years, most / years)


METRICS: Mapping[str, Callable[[Figure, Group], Range]] = {
    "authors departed": _departed,
    "authors remaining": _remaining,
    "average length of service of departed authors": _service,
}
"""The metrics of a figure that can be counted again, by their exact words."""

ROUNDED = frozenset({"average length of service of departed authors"})
"""Those that a source rounds: an average of "five years" may be anything from four and a half to five and a half."""

"""Said and measured: listed, searchable, in feeds; they change no state."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from events.base import Amount, Happening, Names, quantity
from events.dates import Date
from events.deals import Party, check_amount, check_number
from events.ids import Currency, EntityId, Line, OrganizationId, PersonId, Text, WorkId

Measure = Annotated[Line, Meta(min_length=1, description="what is measured: capital expenditure")]
Unit = Annotated[Line, Meta(description="USD, %, employees …")]
Period = Annotated[Date | None, Meta(description="the time it is about, as EDTF")]


def _check_measure(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> None:
    for number in (value, low, high):
        check_number(number)
    if (value is None) == (low is None and high is None):
        raise ValueError("give either value, or low and high")
    _check_range(low, high)


def _check_range(low: Decimal | None, high: Decimal | None, prefix: str = "") -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"{prefix}low {low} is above {prefix}high {high}")


def _measured(value: Decimal | None, low: Decimal | None, high: Decimal | None, unit: str) -> str:
    currency = unit if len(unit) == 3 and unit.isascii() and unit.isupper() else ""
    words = "" if currency or not unit else unit if unit == "%" else f" {unit}"
    if value is not None:
        return quantity(value, currency=currency) + words
    if high is None and low is not None:
        return quantity(low, "at-least", currency) + words
    if low is None and high is not None:
        return quantity(high, "at-most", currency) + words
    sides = [quantity(side, currency=currency) for side in (low, high) if side is not None]
    return " to ".join(sides) + words


class Publication(Happening, tag="publication", kw_only=True):
    """A paper, a book, a post came out."""

    work: WorkId
    organization: OrganizationId | None = None
    authors: tuple[PersonId, ...] = ()
    author_count: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None

    def headline(self, name: Names) -> str:
        count = self.author_count or len(self.authors)
        return f"{name(self.work)} published" + (f", {count} authors" if count else "")


class Statement(Happening, tag="statement", kw_only=True):
    """Somebody said something in public, or in a note that became public."""

    speaker: EntityId
    topic: Line = ""
    summary: Annotated[Text, Meta(min_length=1, description="what was said, in the recorder's own words")]

    def headline(self, name: Names) -> str:
        return f"{name(self.speaker)}: {self.summary}"


class Policy(Happening, tag="policy", kw_only=True):
    """Somebody took a position on a matter, or changed it."""

    subject: EntityId
    topic: Annotated[Line, Meta(min_length=1)]
    position: Annotated[Text, Meta(min_length=1)]
    previous_position: Text = ""

    def headline(self, name: Names) -> str:
        before = f" (before: {self.previous_position})" if self.previous_position else ""
        return f"{name(self.subject)} on {self.topic}: {self.position}{before}"


class Lawsuit(Happening, tag="lawsuit", kw_only=True):
    """A case before a court, at some stage."""

    matter: Annotated[Line, Meta(min_length=1)]
    parties: tuple[Party, ...] = ()
    stage: Line = ""

    def headline(self, name: Names) -> str:
        stage = f" ({self.stage})" if self.stage else ""
        parties = f": {', '.join(name(p.entity) for p in self.parties)}" if self.parties else ""
        return f"Lawsuit over {self.matter}{parties}{stage}"


class Gathering(Happening, tag="gathering", kw_only=True):
    """A conference, a meeting, a launch."""

    name: Annotated[Line, Meta(min_length=1)]
    organizer: EntityId | None = None
    participants: tuple[EntityId, ...] = ()

    def headline(self, name: Names) -> str:
        who = ", ".join(name(p) for p in self.participants)
        return self.name + (f" with {who}" if who else "")


class Figure(Happening, tag="figure", kw_only=True):
    """A number that was measured or reported."""

    subject: EntityId
    metric: Measure
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    unit: Unit = ""
    period: Period = None

    def headline(self, name: Names) -> str:
        when = f" for {self.period.words()}" if self.period else ""
        return f"{name(self.subject)}, {self.metric}{when}: {_measured(self.value, self.low, self.high, self.unit)}"

    def __post_init__(self) -> None:
        _check_measure(self.value, self.low, self.high)


class Forecast(Happening, tag="forecast", kw_only=True):
    """A number that is expected, with the expectation it replaces."""

    subject: EntityId
    metric: Measure
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    previous_low: Decimal | None = None
    previous_high: Decimal | None = None
    unit: Unit = ""
    period: Period = None

    def headline(self, name: Names) -> str:
        when = f" for {self.period.words()}" if self.period else ""
        now = _measured(self.value, self.low, self.high, self.unit)
        before = ""
        if self.previous_low is not None or self.previous_high is not None:
            before = f" (before: {_measured(None, self.previous_low, self.previous_high, self.unit)})"
        return f"{name(self.subject)} expects {self.metric}{when} of {now}{before}"

    def __post_init__(self) -> None:
        _check_measure(self.value, self.low, self.high)
        for number in (self.previous_low, self.previous_high):
            check_number(number)
        _check_range(self.previous_low, self.previous_high, "previous_")


class Relation(Happening, tag="relation", kw_only=True):
    """Two entities stand in a relation."""

    subject: EntityId
    predicate: Literal["uses", "integrated-in", "distilled-from", "developed-by", "advises"]
    object: EntityId

    def headline(self, name: Names) -> str:
        verb = {
            "integrated-in": "is integrated in",
            "distilled-from": "is distilled from",
            "developed-by": "is developed by",
        }
        return f"{name(self.subject)} {verb.get(self.predicate, self.predicate)} {name(self.object)}"


class Budget(Happening, tag="budget", kw_only=True, rename={"giver": "from", "taker": "to"}):
    """Money was moved from one budget to another; `from` and `to` in a file."""

    giver: Annotated[EntityId | None, Meta(description="whose budget shrinks")] = None
    taker: Annotated[EntityId | None, Meta(description="whose budget grows")] = None
    amount: Amount | None = None
    currency: Currency | None = None
    period: Period = None

    def headline(self, name: Names) -> str:
        what = quantity(self.amount, currency=self.currency or "") if self.amount is not None else "Money"
        sides = (f" from {name(self.giver)}" if self.giver else "") + (f" to {name(self.taker)}" if self.taker else "")
        return f"{what} of budget moved{sides}" + (f" for {self.period.words()}" if self.period else "")

    def __post_init__(self) -> None:
        check_amount(self.amount, self.currency or "")
        if self.giver is None and self.taker is None:
            raise ValueError("a budget event names from, to or both")

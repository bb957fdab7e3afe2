"""Deals: money and ownership between parties."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from events.base import Amount, Happening, Names, Quantifier, quantity
from events.ids import Currency, EntityId, Line

LARGEST_AMOUNT = Decimal(10) ** 24
"""More than all the money there is; a typing error beyond it would fill whole pages with zeros."""


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One side of a deal or a lawsuit, and its role in it: investor, acquirer, target, plaintiff."""

    entity: EntityId
    role: Line = ""


def check_number(number: Decimal | None) -> None:
    """A number is finite, and no larger or finer than anything that is counted."""
    if number is None:
        return
    _, digits, exponent = number.as_tuple()  # to compare numbers can overflow
    if not isinstance(exponent, int) or not (exponent >= -24 and len(digits) + exponent <= 24):
        raise ValueError(f"{number:.3E} is no number below {LARGEST_AMOUNT:.0E}")


def check_amount(amount: Decimal | None, currency: str) -> None:
    """An amount without a currency says nothing, and a currency without an amount neither."""
    check_number(amount)
    if amount is not None and amount < 0:
        raise ValueError(f"an amount is not negative: {amount}")
    if amount is not None and not currency:
        raise ValueError("an amount needs a currency: write its ISO 4217 code, such as USD")
    if currency and amount is None:
        raise ValueError(f"currency {currency} stands without an amount")


class Deal(Happening, tag="deal", kw_only=True):
    """Parties agreed on money, shares or work; what the money is for stands in `object`."""

    notable: ClassVar[bool] = True

    type: Literal["funding-round", "acquisition", "investment", "joint-venture", "financing", "partnership"]
    parties: Annotated[tuple[Party, ...], Meta(min_length=1)]
    amount: Amount | None = None
    currency: Currency | None = None
    amount_qualifier: Quantifier = "exact"
    object: Annotated[Line, Meta(description="what it is about: Hyperion data centre")] = ""

    def headline(self, name: Names) -> str:
        what = self.type.replace("-", " ")
        parties = ", ".join(name(p.entity) for p in self.parties)
        about = f": {self.object}" if self.object else ""
        if self.amount is None:
            return f"{what.capitalize()} of {parties}{about}"
        money = quantity(self.amount, self.amount_qualifier, self.currency or "")
        return f"{what.capitalize()} of {parties}, {money}{about}"

    def __post_init__(self) -> None:
        check_amount(self.amount, self.currency or "")


class DealCompletion(Happening, tag="deal-completion", kw_only=True):
    """A deal was closed."""

    notable: ClassVar[bool] = True

    deal: Annotated[UUID, Meta(description="the entry of the deal", extra={"entry": "deal"})]

    def headline(self, name: Names) -> str:
        return f"{name(str(self.deal))}: completed"


class DealCancellation(Happening, tag="deal-cancellation", kw_only=True):
    """A deal fell through."""

    notable: ClassVar[bool] = True

    deal: Annotated[UUID, Meta(description="the entry of the deal", extra={"entry": "deal"})]
    reason: Line = ""

    def headline(self, name: Names) -> str:
        return f"{name(str(self.deal))}: cancelled"

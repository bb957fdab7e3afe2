"""What every event is, and what every happening has."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, dataclass_transform
from uuid import UUID

import msgspec
from msgspec import Meta

from events.dates import Date
from events.ids import ONE_LINE, EntrySlug, Language, Line, SourceId, Text

Names = Callable[[str], str]
"""Gives the name to show for an id; an id that it does not know comes back as it is."""

Certainty = Annotated[
    Literal["stated", "reported", "rumoured", "derived"],
    Meta(description="how the source puts it; reported = the source cites another outlet"),
]
Quantifier = Annotated[Literal["exact", "about", "at-least", "at-most"], Meta(description="how exact the number is")]
Amount = Annotated[Decimal, Meta(description="the plain number, without thousands separators")]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Event(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """One immutable fact of the ledger. `kind` is stored for ever and never used for anything else."""

    form: ClassVar[int] = 1
    """The number of the stored form; raise it, with an upcast, when stored bytes of the old form must still read."""

    notable: ClassVar[bool] = False
    """Listed among the latest events of a state (a deal, a layoff), not only in the log."""

    def headline(self, name: Names) -> str:
        """One line that says what happened, in English, without the date."""
        raise NotImplementedError


class Citation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a fact stands: a source, the place in it, and whom the source itself cites.

    In a file a plain string will do: `bi-2025-05-26 §54`.
    """

    source: SourceId
    locator: Annotated[Line, Meta(description="the paragraph or line: §54")] = ""
    reported_by: Annotated[Line, Meta(description="the outlet that the source cites")] = ""
    lang: Language = ""


def citation_of(text: str) -> dict[str, str]:
    """A citation that was written as a plain string, `source §locator`, as plain values."""
    source, _, locator = text.strip().partition(" ")
    return {"source": source, "locator": locator.strip()} if locator else {"source": source}


class Happening(Event):
    """Something that happened in the world, with its date, its sources and how sure they are."""

    date: Annotated[Date, Meta(description="when it happened, as EDTF, no more exact than the source")]
    id: EntrySlug = ""
    date_text: Annotated[
        str, Meta(max_length=200, pattern=ONE_LINE, description="the source's own words for the date, a few words")
    ] = ""
    announced: Annotated[Date | None, Meta(description="when it was announced, if that differs from the date")] = None
    certainty: Certainty = "stated"
    sources: Annotated[tuple[Citation, ...], Meta(description="where it stands: 'source §line'")] = ()
    derived_from: Annotated[tuple[UUID, ...], Meta(description="entries that a derived fact follows from")] = ()
    note: Annotated[Text, Meta(description="the recorder's own remark")] = ""


def quantity(number: Decimal | int, quantifier: str = "exact", currency: str = "") -> str:
    """The number as read aloud in a line: `about 600`, `over EUR 100 million`, `$14.3 billion`."""
    text = _short(Decimal(number))
    if currency:
        symbol = {"USD": "$", "EUR": "€", "GBP": "£"}.get(currency)
        text = f"{symbol}{text}" if symbol else f"{currency} {text}"
    prefix = {"exact": "", "about": "about ", "at-least": "at least ", "at-most": "at most "}[quantifier]
    return prefix + text


def _short(number: Decimal) -> str:
    for size, word in ((Decimal(10**12), "trillion"), (Decimal(10**9), "billion"), (Decimal(10**6), "million")):
        if abs(number) >= size:
            scaled = number / size
            return f"{scaled.normalize():f} {word}" if scaled == round(scaled, 3) else f"{number:,f}"
    return f"{number:,f}" if number == number.to_integral() else f"{number.normalize():f}"

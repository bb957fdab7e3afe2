"""Products: planned, announced, delayed, released, cancelled. A model is a product classified `model`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from events.base import Happening, Names
from events.dates import Date
from events.ids import EntityId, Line, OrganizationId, ProductId, Text

Maker = Annotated[OrganizationId | None, Meta(description="whose product it is")]
Planned = Annotated[Date | None, Meta(description="when the release is planned for, as EDTF")]


class Plan(Happening, tag="plan", kw_only=True):
    """A product is being made, for release on the planned date if one was given."""

    product: ProductId
    organization: Maker = None
    planned: Planned = None

    def headline(self, name: Names) -> str:
        return f"{name(self.product)} planned" + (f" for {self.planned.words()}" if self.planned else "")


class Announcement(Happening, tag="announcement", kw_only=True):
    """A product was presented to the public."""

    product: ProductId
    organization: Maker = None
    attributes: Annotated[dict[Line, Line], Meta(description="parameters, series, licence …")] = msgspec.field(
        default_factory=dict
    )

    def headline(self, name: Names) -> str:
        details = ", ".join(f"{key} {value}" for key, value in sorted(self.attributes.items()))
        return f"{name(self.product)} announced" + (f" ({details})" if details else "")


class Release(Happening, tag="release", kw_only=True):
    """A product became available, as a preview or to everybody it is meant for."""

    notable: ClassVar[bool] = True

    product: ProductId
    organization: Maker = None
    stage: Literal["preview", "general"] = "general"
    licence: Line = ""

    def headline(self, name: Names) -> str:
        text = f"{name(self.product)} released" + (" as a preview" if self.stage == "preview" else "")
        return f"{text} ({self.licence})" if self.licence else text


class Delay(Happening, tag="delay", kw_only=True):
    """A release was put off, to the newly planned date if one was given."""

    notable: ClassVar[bool] = True

    product: ProductId
    planned: Planned = None
    previous: Annotated[Date | None, Meta(description="the date it had been planned for")] = None
    reason: Text = ""
    announced_by: EntityId | None = None

    def headline(self, name: Names) -> str:
        before = f" from {self.previous.words()}" if self.previous else ""
        after = f" to {self.planned.words()}" if self.planned else ""
        return f"{name(self.product)} delayed{before}{after}"


class Cancellation(Happening, tag="cancellation", kw_only=True):
    """A product was given up."""

    notable: ClassVar[bool] = True

    product: ProductId
    reason: Text = ""

    def headline(self, name: Names) -> str:
        return f"{name(self.product)} cancelled"


class Milestone(Happening, tag="milestone", kw_only=True):
    """A step on the way (training completed, testing stopped); it changes no status."""

    product: ProductId
    name: Annotated[Line, Meta(min_length=1, description="training completed, testing stopped")]

    def headline(self, name: Names) -> str:
        return f"{name(self.product)}: {self.name}"

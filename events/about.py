"""About another entry: later events of its stream, which correct, withdraw, contest, rank or support it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from events.base import Citation, Event, Names
from events.deals import Deal, DealCancellation, DealCompletion
from events.ids import EntityId, Line, Text
from events.keeping import KeyRotation
from events.organizations import Dissolution, Founding, Layoff, Move, Renaming, Reorg
from events.people import Appointment, Arrival, Departure, Sighting, StepDown, Tenure
from events.products import Announcement, Cancellation, Delay, Milestone, Plan, Release
from events.register import Entity, Merge, Source
from events.said import (
    Budget,
    Figure,
    Forecast,
    Gathering,
    Lawsuit,
    Policy,
    Publication,
    Relation,
    Statement,
)

Content = (
    Source
    | Entity
    | Merge
    | Arrival
    | Departure
    | Appointment
    | StepDown
    | Tenure
    | Sighting
    | Founding
    | Dissolution
    | Renaming
    | Move
    | Reorg
    | Layoff
    | Plan
    | Announcement
    | Release
    | Delay
    | Cancellation
    | Milestone
    | Deal
    | DealCompletion
    | DealCancellation
    | Publication
    | Statement
    | Policy
    | Lawsuit
    | Gathering
    | Figure
    | Forecast
    | Relation
    | Budget
    | KeyRotation
)
"""The kinds that begin an entry: they say what is so."""

Reason = Annotated[Text, Meta(description="why, for whoever reads the history later")]


class Correction(Event, tag="correction", kw_only=True):
    """The entry says this instead from now on; its earlier versions stay readable."""

    event: Annotated[Content, Meta(description="the whole replacement event")]
    reason: Reason = ""

    def headline(self, name: Names) -> str:
        return f"Corrected: {self.event.headline(name)}"


class Retraction(Event, tag="retraction", kw_only=True):
    """The entry, or one later version of it, stops counting from now on.

    `version` names what is withdrawn: 1, the entry itself; a higher number, that one correction, dispute, ranking,
    corroboration or retraction. Withdrawing a retraction lets the entry count again.
    """

    version: Annotated[
        int, Meta(ge=1, le=1_000_000_000, description="the version that is withdrawn; 1 is the entry itself")
    ] = 1
    reason: Reason = ""

    def headline(self, name: Names) -> str:
        what = "Retracted" if self.version == 1 else f"Version {self.version} retracted"
        return f"{what}: {self.reason}" if self.reason else what


class Dispute(Event, tag="dispute", kw_only=True):
    """Somebody denies, contests or confirms the entry. It still counts; a denied or contested one is flagged."""

    by: EntityId
    stance: Literal["denied", "contested", "confirmed"]
    reason: Reason = ""
    sources: tuple[Citation, ...] = ()

    def headline(self, name: Names) -> str:
        return f"{self.stance.capitalize()} by {name(self.by)}" + (f": {self.reason}" if self.reason else "")


class Ranking(Event, tag="ranking", kw_only=True):
    """Among rival claims the best rank answers; a deprecated one no longer does, but stays listed."""

    rank: Literal["preferred", "normal", "deprecated"]
    reason: Reason = ""

    def headline(self, name: Names) -> str:
        return f"Ranked {self.rank}" + (f": {self.reason}" if self.reason else "")


class Corroboration(Event, tag="corroboration", kw_only=True):
    """One more source for the same fact."""

    citation: Citation
    reason: Reason = ""

    def headline(self, name: Names) -> str:
        return f"Also in {name(self.citation.source)}"


class Erasure(Event, tag="erasure", kw_only=True):
    """The entry's content was erased from the ledger; the proof that something stood there remains."""

    reason: Reason = ""
    ground: Annotated[Line, Meta(description="the legal ground: GDPR Art. 17")] = ""

    def headline(self, name: Names) -> str:
        return "Erased" + (f" ({self.ground})" if self.ground else "")


About = Correction | Retraction | Dispute | Ranking | Corroboration | Erasure
"""The kinds that only ever follow in the stream of an existing entry."""

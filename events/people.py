"""People: who works where, and who holds which post."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from events.base import Happening, Names
from events.durations import Duration
from events.ids import Line, OrganizationId, PersonId

Role = Annotated[Line, Meta(description="what the person does there: Research Scientist")]
Post = Annotated[Line, Meta(description="a post that one holds: head, chief scientist; `head` leads the unit")]


def _as(role: str, post: str) -> str:
    text = post or role
    return f" as {text}" if text else ""


class Arrival(Happening, tag="arrival", kw_only=True):
    """A person started working for an organization."""

    person: PersonId
    organization: OrganizationId
    role: Role = ""
    post: Post = ""
    reason: Literal["", "hired", "rejoined", "acquired", "founded"] = ""

    def headline(self, name: Names) -> str:
        verb = {"rejoined": "rejoined", "founded": "was a founder of"}.get(self.reason, "joined")
        return f"{name(self.person)} {verb} {name(self.organization)}{_as(self.role, self.post)}"


class Departure(Happening, tag="departure", kw_only=True):
    """A person stopped working for an organization.

    The first statement about somebody may be that they left, so no arrival needs to stand in the ledger; the start is
    then unknown, or follows from `length_of_service`. The day of leaving still counts as a day of membership.
    """

    person: PersonId
    organization: OrganizationId
    role: Role = ""
    reason: Literal["", "resigned", "laid off", "removed"] = ""
    length_of_service: Annotated[Duration | None, Meta(description="ISO 8601, as the source gives it: P6Y7M")] = None
    destination: Annotated[OrganizationId | None, Meta(description="where the person went")] = None

    def headline(self, name: Names) -> str:
        verb = {"laid off": "was laid off by", "removed": "was removed from"}.get(self.reason, "left")
        onward = f" for {name(self.destination)}" if self.destination else ""
        served = f" after {self.length_of_service.words()}" if self.length_of_service else ""
        return f"{name(self.person)} {verb} {name(self.organization)}{served}{onward}"


class Appointment(Happening, tag="appointment", kw_only=True):
    """A person started holding a post, taking it over from the predecessor if one is named."""

    person: PersonId
    organization: OrganizationId
    post: Annotated[Post, Meta(min_length=1)]
    predecessor: PersonId | None = None

    def headline(self, name: Names) -> str:
        after = f" after {name(self.predecessor)}" if self.predecessor else ""
        return f"{name(self.person)} became {self.post} of {name(self.organization)}{after}"


class StepDown(Happening, tag="step-down", kw_only=True):
    """A person stopped holding a post; the membership goes on."""

    person: PersonId
    organization: OrganizationId
    post: Annotated[Post, Meta(min_length=1)]
    successor: PersonId | None = None

    def headline(self, name: Names) -> str:
        before = f", followed by {name(self.successor)}" if self.successor else ""
        return f"{name(self.person)} stepped down as {self.post} of {name(self.organization)}{before}"


class Tenure(Happening, tag="tenure", kw_only=True):
    """A whole membership in one statement, as registers and CVs give it; `date` is an interval.

    `1985/` has an end that nobody gave; `1985/..` is stated to go on.
    """

    person: PersonId
    organization: OrganizationId
    role: Role = ""
    post: Post = ""

    def headline(self, name: Names) -> str:
        return f"{name(self.person)} was at {name(self.organization)}{_as(self.role, self.post)}"

    def __post_init__(self) -> None:
        if not self.date.is_interval:
            raise ValueError(
                f"a tenure's date is an interval, not {self.date.text!r}: write {self.date.text}/.. if it goes on, "
                f"{self.date.text}/ if its end is unknown"
            )


class Sighting(Happening, tag="sighting", kw_only=True):
    """A person was, or was not, there on that date: "still works at". It opens and closes nothing."""

    person: PersonId
    organization: OrganizationId
    role: Role = ""
    post: Post = ""
    present: Annotated[bool, Meta(description="yes, or no if the person was not there")] = True

    def headline(self, name: Names) -> str:
        verb = "is known to be at" if self.present else "is not at"
        return f"{name(self.person)} {verb} {name(self.organization)}{_as(self.role, self.post)}"

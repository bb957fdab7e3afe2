"""The ids that events name each other and their entities by, marked with what they name.

An annotation such as `PersonId` is all that the rest of the house needs to check that an id is registered and of the
right type, to index an entry under everybody it names, and to complete names on the command line.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Meta

ID_PATTERN = r"^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$"
"""Short lower-case ids: `naman-goyal`, `it-llama-2025-05`. Outside identifiers go into `Entity.identifiers`."""

EntityType = Literal["person", "organization", "post", "product", "work", "place"]
ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)

# Lone surrogates need no mention: they cannot be encoded, and so never reach a field.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_CONTROL_BUT_NEWLINE = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029"


def _id_of(what: str, *types: str) -> Meta:
    return Meta(pattern=ID_PATTERN, max_length=100, description=f"id of {what}", extra={"names": types})


PersonId = Annotated[str, _id_of("a person", "person")]
OrganizationId = Annotated[str, _id_of("an organization", "organization")]
ProductId = Annotated[str, _id_of("a product", "product")]
WorkId = Annotated[str, _id_of("a work", "work")]
PlaceId = Annotated[str, _id_of("a place", "place")]
EntityId = Annotated[str, _id_of("an entity of any type", *ENTITY_TYPES)]
SourceId = Annotated[str, _id_of("a source", "source")]
NewId = Annotated[str, Meta(pattern=ID_PATTERN, max_length=100, description="the short id to register")]
EntrySlug = Annotated[
    str,
    Meta(
        pattern=rf"^$|{ID_PATTERN}",
        max_length=100,
        description="the recorder's own short id of this entry; importing it again is recognised by it",
    ),
]

ONE_LINE = rf"^[^{_CONTROL}]*$"
Line = Annotated[str, Meta(max_length=10_000, pattern=ONE_LINE)]
"""One line of text: no control characters, which could forge a terminal, a calendar or a log."""

Name = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$")]
"""What somebody or something is called: a line that is not blank."""

Text = Annotated[str, Meta(max_length=100_000, pattern=rf"^[^{_CONTROL_BUT_NEWLINE}]*$")]
"""Text of several lines."""

Currency = Annotated[
    str,
    Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code: USD, EUR", extra_json_schema={"examples": ["USD", "EUR"]}),
]

Language = Annotated[str, Meta(pattern="^$|^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description="BCP 47 language tag")]


def types_named(hint: Any) -> tuple[str, ...]:
    """The types of entity that a field with this annotation names, `source` among them; none for another field."""
    if get_origin(hint) is not Annotated:
        return ()
    metas = (m for m in get_args(hint)[1:] if isinstance(m, Meta))
    return next((tuple(m.extra["names"]) for m in metas if m.extra and "names" in m.extra), ())

"""The ids that events name each other and their entities by, marked with what they name.

An annotation such as `PersonId` is all that the rest of the house needs to check that an id is registered and of the
right type, to index an entry under everybody it names, and to complete names on the command line.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

ID_PATTERN = r"^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$"
"""Short lower-case ids: `naman-goyal`, `it-llama-2025-05`. Outside identifiers go into `Entity.identifiers`."""

EntityType = Literal["person", "organization", "post", "product", "work", "place"]
ENTITY_TYPES: tuple[EntityType, ...] = ("person", "organization", "post", "product", "work", "place")

# Lone surrogates need no mention: they cannot be encoded, and so never reach a field.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_CONTROL_BUT_NEWLINE = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029"

PersonId = Annotated[
    str,
    Meta(pattern=ID_PATTERN, max_length=100, description="id of a person", extra={"names": ("person",)}),
]
OrganizationId = Annotated[
    str,
    Meta(
        pattern=ID_PATTERN,
        max_length=100,
        description="id of an organization",
        extra={"names": ("organization",)},
    ),
]
ProductId = Annotated[
    str,
    Meta(pattern=ID_PATTERN, max_length=100, description="id of a product", extra={"names": ("product",)}),
]
WorkId = Annotated[
    str,
    Meta(pattern=ID_PATTERN, max_length=100, description="id of a work", extra={"names": ("work",)}),
]
PlaceId = Annotated[
    str,
    Meta(pattern=ID_PATTERN, max_length=100, description="id of a place", extra={"names": ("place",)}),
]
EntityId = Annotated[
    str,
    Meta(
        pattern=ID_PATTERN,
        max_length=100,
        description="id of an entity of any type",
        extra={"names": ENTITY_TYPES},
    ),
]
SourceId = Annotated[
    str,
    Meta(pattern=ID_PATTERN, max_length=100, description="id of a source", extra={"names": ("source",)}),
]
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

Text = Annotated[str, Meta(max_length=100_000, pattern=rf"^[^{_CONTROL_BUT_NEWLINE}]*$")]
"""Text of several lines."""

Currency = Annotated[
    str,
    Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code: USD, EUR", extra_json_schema={"examples": ["USD", "EUR"]}),
]

"""Register: the sources that facts stand in and the entities that they are about."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from events.base import Event, Names
from events.dates import Date
from events.ids import EntityId, EntityType, Language, Line, Name, NewId, Text


class Source(Event, tag="source", kw_only=True, rename={"container_title": "container-title", "url": "URL"}):
    """Something that was published: an article, a post, a report. The fields are those of CSL-JSON."""

    id: NewId
    type: Annotated[Line, Meta(description="CSL type: article-newspaper, article-magazine, webpage, report")] = (
        "webpage"
    )
    title: Line = ""
    author: tuple[Line, ...] = ()
    container_title: Annotated[Line, Meta(description="the newspaper, site or journal it stands in")] = ""
    publisher: Line = ""
    issued: Annotated[Date | None, Meta(description="when the public could know it, as EDTF")] = None
    language: Language = ""
    url: Annotated[str, Meta(pattern=r"^$|^https?://[^\s\x00-\x1f]+$", max_length=2000)] = ""
    accessed: Date | None = None
    content_hash: Annotated[
        str, Meta(pattern="^$|^sha256:[0-9a-f]{64}$", description="of the text that the locators count in")
    ] = ""
    note: Text = ""

    def headline(self, name: Names) -> str:
        parts = (self.publisher or self.container_title, self.title)
        return f"Source {self.id}: {', '.join(p for p in parts if p) or self.id}"


class Identifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same entity in another register: scheme `wikidata`, identifier `Q123`."""

    scheme: Line
    identifier: Line


class Entity(Event, tag="entity", kw_only=True):
    """A person, organization, post, product, work or place gets the short id that events name it by."""

    id: NewId
    type: EntityType
    name: Name
    other_names: Annotated[tuple[Line, ...], Meta(description="aliases, former and native names")] = ()
    classification: Annotated[Line, Meta(description="company, lab, team; model, app; paper …")] = ""
    identifiers: tuple[Identifier, ...] = ()
    links: tuple[Annotated[str, Meta(pattern=r"^https?://[^\s\x00-\x1f]+$", max_length=2000)], ...] = ()
    note: Text = ""

    def headline(self, name: Names) -> str:
        return f"{self.type.capitalize()} {self.name} registered as {self.id}"


class Merge(Event, tag="merge", kw_only=True):
    """Two ids turn out to name one and the same: everything said of `duplicate` counts for `into`."""

    duplicate: EntityId
    into: EntityId
    note: Text = ""

    def headline(self, name: Names) -> str:
        return f"{self.duplicate} is the same as {name(self.into)}"

    def __post_init__(self) -> None:
        if self.duplicate == self.into:
            raise ValueError("an entity cannot be merged into itself")

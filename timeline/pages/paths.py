"""Where the page of a thing stands in a service; a page of one file has no others to lead to."""

from __future__ import annotations

from urllib.parse import quote


def path(*parts: object) -> str:
    """A path of these parts, whatever is in them: `/people/yann-lecun`."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def person(given: str) -> str:
    """The page of a person."""
    return path("people", given)


def organization(given: str) -> str:
    """The page of an organization."""
    return path("orgs", given)


def product(given: str) -> str:
    """The page of a product."""
    return path("products", given)


def source(given: str) -> str:
    """The page of a source."""
    return path("sources", given)


def event(given: object) -> str:
    """The page of an entry, by its id or its UUID."""
    return path("events", given)

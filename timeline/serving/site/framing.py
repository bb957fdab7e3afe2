"""What stands around every page: navigation, the three clocks, the forms to take away, and what it was made from."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from timeline.pages.page import is_web_address
from timeline.printing.envelope import known_at
from timeline.serving.forms import FORMS, Context
from timeline.serving.site.assets import assets
from timeline.serving.site.knowledge import knowledge
from timeline.serving.site.links import CLOCKS, Links, query_of

NAVIGATION = (
    ("organizations", "/orgs", "Organizations"),
    ("people", "/people", "People"),
    ("products", "/products", "Products"),
    ("deals", "/deals", "Deals"),
    ("events", "/events", "Events"),
    ("sources", "/sources", "Sources"),
    ("history", "/history", "History"),
)
WITHIN = {
    "organization": "organizations",
    "tree": "organizations",
    "members": "organizations",
    "person": "people",
    "product": "products",
    "event": "events",
    "source": "sources",
    "learned": "history",
}
"""The part of the navigation that a page belongs to."""

LABELS = {
    "json": "JSON",
    "jsonl": "JSON Lines",
    "csv": "CSV",
    "ics": "Calendar file",
    "atom": "Feed",
    "svg": "Picture",
    "popolo.json": "Popolo",
}
WHOLE = ("person", "product")
"""Pages that show all days, whichever is marked; so do the data that they lead to."""


class Taken(NamedTuple):
    """A form of what is on the page."""

    label: str
    address: str
    media_type: str


def frame(context: Context, links: Links) -> dict[str, Any]:
    """The words that the templates of all pages use."""
    resource, view, asked = context.resource, context.view, context.asked
    place = resource.path.replace("{name}", quote(context.name, safe=""))
    is_today = resource.name == "state" and context.name == "today"
    takes = [clock for clock in CLOCKS if clock in resource.parameters or (resource.name, clock) == ("state", "as_of")]
    known = knowledge(view)
    taken = [_taken(context, links, place, form) for form in resource.forms]
    day = context.found.day
    return bare(links, context.settings.title) | {
        "resource": resource.name,
        "within": WITHIN.get(resource.name, resource.name),
        "heading": context.found.title or "The state of a day",
        "canonical": _public(context, links) + links("/" if is_today else place) if context.settings.public_url else "",
        "action": links.base + ("/" if resource.name == "state" else place),
        "takes": takes,
        "hidden": links.others("after", *takes) if resource.name != "state" else links.others("after", *CLOCKS),
        "kept": links.kept,
        "day": day,
        "known": known,
        "is_pinned": asked.known_at is not None and "known_at" in takes,
        "asked": asked,
        "same": lambda **query: _same(links, place, is_today, query),
        "pin": {**links.kept, "known_at": f"@{known.position}"},
        "taken": taken,
        "calendar": _calendar(context, links, place) if "ics" in resource.forms else "",
        "position": view.position,
        "root": view.root,
        "recorded": known_at(view),
        "version": context.version,
    }


def bare(links: Links, title: str) -> dict[str, Any]:
    """What is there even where nothing could be read."""
    return {
        "title": title or "Timeline",
        "link": links,
        "navigation": NAVIGATION,
        "static": {short: f"{links.base}/static/{a.name}" for short, a in assets().items()},
        "resource": "",
        "within": "",
        "known": None,
        "taken": (),
        "calendar": "",
        "canonical": "",
        "kept": links.kept,
    }


def _public(context: Context, links: Links) -> str:
    """The address of the service without the path that it may have; without one, that for this machine."""
    settings = context.settings
    public = settings.public_url if is_web_address(settings.public_url) else f"http://{settings.host}:{settings.port}"
    return (public.rstrip("/") + settings.prefix).removesuffix(links.base)


def _same(links: Links, place: str, is_today: bool, query: dict[str, Any]) -> str:
    """This page, asked a little differently."""
    others = {name: value for name, value in links.given if name not in CLOCKS}
    return links("/" if is_today else place, **{**others, **query})


def _taken(context: Context, links: Links, place: str, form: str) -> Taken:
    allowed = set(context.resource.takes(form))
    if context.resource.name in WHOLE and form != "svg":
        allowed.discard("as_of")
    query = query_of((name, value) for name, value in links.given if name in allowed and value)
    return Taken(LABELS.get(form, form), f"{links.base}{place}.{form}{query}", FORMS[form].media_type.partition(";")[0])


def _calendar(context: Context, links: Links, place: str) -> str:
    """Where a calendar program subscribes. Without a public address only programs on this machine find it."""
    address = _public(context, links) + _taken(context, links, place, "ics").address
    return f"webcal:{address.partition(':')[2]}"

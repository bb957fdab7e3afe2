"""What each page shows of its subject, besides what every page has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select

from events.dates import FOREVER, NEVER, civil
from events.durations import Duration
from events.kinds import mentions
from projections.facts import Fact
from projections.happenings import Listed
from projections.sources import Published
from timeline import answers
from timeline.days import today
from timeline.exports.selection import Selection, kinds, listed
from timeline.naming import Directory
from timeline.pages import paths
from timeline.reasons import find_entry
from timeline.serving.forms import Context
from timeline.serving.parameters import CERTAINTIES
from timeline.serving.resources import FEW, FILTERS
from timeline.serving.site.cites import Cites
from timeline.serving.site.lanes import lanes_of, state
from timeline.serving.site.links import Links
from timeline.state.tables import table_of
from timeline.view import View

Values = dict[str, Any]
MOST_YEARS = 40
"""How many years a list of events offers to choose from."""
SIGNS = {
    "in": ("+", "new"),
    "out": ("-", "no longer"),
    "moved": ("→", "moved"),
    "changed": ("~", "changed"),
    "more certain": ("▲", "more certain"),
    "less certain": ("▽", "less certain"),
}
SECTIONS = {
    "people": ("People", "people"),
    "posts": ("Heads", "orgs"),
    "organizations": ("Organizations", "orgs"),
    "products": ("Models and products", "products"),
    "deals": ("Deals", "events"),
}
PAGES = {"person": "people", "organization": "orgs", "product": "products"}
"""The entities that have pages."""


def path_of(type_: str, given: str) -> str:
    """The page of an entity of a type; empty where there is none."""
    return paths.path(PAGES[type_], given) if type_ in PAGES else ""


def any_items(context: Context, links: Links) -> Values:
    """A list of whatever it is."""
    return {"cites": Cites(context.view), "items": context.found.items}


# -- lists ------------------------------------------------------------------------------------------------------------


def organizations(context: Context, links: Links) -> Values:
    """All organizations: the trees of the day, and those that stand in none."""
    view, day = context.view, _day(context)
    trees = view.tree(day)
    inside = {u.organization.id for tree in trees for u in _flat(tree)}
    others = [r for r in context.found.items if r.id not in inside]
    return {"cites": Cites(view), "day": day, "trees": trees, "others": others, "count": len(context.found.items)}


def people(context: Context, links: Links) -> Values:
    """All people, with where each is on the day."""
    day = _day(context)
    where: dict[str, list[answers.Member]] = {}
    for member in context.view.members(None, day):
        where.setdefault(member.person.id, []).append(member)
    return {"cites": Cites(context.view), "day": day, "people": context.found.items, "where": where}


def products(context: Context, links: Links) -> Values:
    """All products, with their status on the day; those that are none yet, or no more, below."""
    view = context.view
    there = {p.product.id for p in context.found.items}
    others = [answers.Ref(e.entity, e.name) for e in _entities(view, "product") if e.entity not in there]
    return {"cites": Cites(view), "products": context.found.items, "others": others}


def deals(context: Context, links: Links) -> Values:
    """Deals, newest first."""
    return {"cites": Cites(context.view), "deals": context.found.items}


def events(context: Context, links: Links) -> Values:
    """Events, newest first; in the order of the log where a reader goes through all of them."""
    view, asked, found = context.view, context.asked, context.found
    is_log_order = asked.after is not None
    items, is_cut = list(found.items), False
    if not is_log_order:
        items, is_cut = newest(view, found.selection, asked.limit or FEW), found.next is not None
    others = {n: v for n, v in links.given if n in ("org", "person", "product")}
    return {
        "cites": Cites(view),
        "events": items,
        "is_log_order": is_log_order,
        "is_cut": is_cut,
        "next": found.next,
        "years": _years(view),
        "kinds": list(kinds(view, Selection())),
        "certainties": CERTAINTIES,
        "fields": dict.fromkeys(FILTERS, "") | dict(links.given),
        "others": others,
    }


def sources(context: Context, links: Links) -> Values:
    """All sources, newest first."""
    return {"cites": Cites(context.view), "sources": context.found.items[::-1]}


def history(context: Context, links: Links) -> Values:
    """What was recorded, the last first, by batch."""
    items = list(context.found.items)
    if context.asked.after is not None:
        items.reverse()
    batches: dict[int, list[Any]] = {}
    for item in items:
        batches.setdefault(item.batch, []).append(item)
    few = context.asked.limit or FEW
    lowest = items[-1].position if items else 0
    return {
        "batches": batches,
        "earlier": max(0, lowest - few - 1) if lowest > 1 and not context.found.about else None,
        "later": context.found.next,
        "about": context.found.about,
    }


def search(context: Context, links: Links) -> Values:
    """What was found: names, then events."""
    items = context.found.items
    return {
        "cites": Cites(context.view),
        "q": context.asked.q,
        "named": [(f, path_of(f.type, f.id)) for f in items if f.what == "entity"],
        "events": [f.event for f in items if f.event is not None][::-1],
    }


# -- one of them ------------------------------------------------------------------------------------------------------


def organization(context: Context, links: Links) -> Values:
    """An organization: the tree of the day, people, names, successors, products, deals, events, lanes."""
    view, day, found = context.view, _day(context), context.found
    (answer,) = found.items
    units = set(view.units(found.about, (NEVER, FOREVER)))
    return {
        "cites": Cites(view),
        "org": answer,
        "members": view.members(found.about, day),
        "products": [p for p in view.products(day) if p.organization and p.organization.id in units],
        "deals": [d for d in view.deals() if any(p.id in units for p in d.parties)],
        "events": newest(view, found.selection, FEW),
        **lanes_of(view, found.selection, day, links),
    }


def tree(context: Context, links: Links) -> Values:
    """An organization with everything below it."""
    return {"cites": Cites(context.view), "units": context.found.items, "about": context.found.about}


def members(context: Context, links: Links) -> Values:
    """The people of an organization, by unit."""
    units: dict[answers.Ref, list[answers.Member]] = {}
    for member in context.found.items:
        units.setdefault(member.organization, []).append(member)
    during = context.asked.during_text
    return {"cites": Cites(context.view), "units": units, "during": during, "about": context.found.about}


def person(context: Context, links: Links) -> Values:
    """A person's career: every stay, marked for the day; what was told of the person; the career as a line."""
    view, about, day = context.view, context.found.about, _day(context)
    now = {tuple(m.entries): m.certainty for m in view.career(about, day)}
    return {
        "cites": Cites(view),
        "day": day,
        "career": [(m, now.get(tuple(m.entries))) for m in view.career(about)],
        "events": newest(view, context.found.selection, FEW),
        "entity": view.directory.get(about),
        **lanes_of(view, context.found.selection, day, links),
    }


def product(context: Context, links: Links) -> Values:
    """What became of a product, marked for the day."""
    view, about, day = context.view, context.found.about, _day(context)
    now = {(p.status, p.start.edtf): p.certainty for p in view.products(day, product=about)}
    states = [(p, now.get((p.status, p.start.edtf))) for p in view.products(None, product=about)]
    return {
        "cites": Cites(view),
        "day": day,
        "states": states,
        "events": newest(view, context.found.selection, FEW),
        "entity": view.directory.get(about),
        **lanes_of(view, context.found.selection, day, links),
    }


def event(context: Context, links: Links) -> Values:
    """An entry: what it says, its sources with their places, its versions, what it follows from and what follows."""
    view = context.view
    (why,) = context.found.items
    fact = view.facts([why.entry]).get(why.entry)
    speaks_of = {i: t for _, i, t in mentions(fact.event)} if fact else {}
    named = [_named(view.directory, i) for i in speaks_of]
    column = table_of(Published).table.c.source
    titles = {s.source: s for s in view.rows(Published, column.in_([c.source for c in why.citations]))}
    return {
        "cites": Cites(view),
        "why": why,
        "says": {field: _in_words(fact, field, said) for field, said in why.says.items()},
        "named": [n for n in named if n[1]],
        "titles": titles,
        "register": _named(view.directory, why.id) if why.kind == "entity" else None,
    }


def source(context: Context, links: Links) -> Values:
    """A source: what is known of it, and every event that it supports, newest first."""
    entry = find_entry(context.view, context.found.about)
    return {
        "cites": Cites(context.view),
        "source": context.found.more,
        "events": list(context.found.items)[::-1],
        "entry": entry,
    }


# -- what changed -----------------------------------------------------------------------------------------------------


def diff(context: Context, links: Links) -> Values:
    """What differs, section by section."""
    first, _, last = context.name.partition("..")
    lines = [
        (
            title,
            [(d, *SIGNS[d.sort], paths.path(kind, d.subject.id)) for d in context.found.items if d.section == section],
        )
        for section, (title, kind) in SECTIONS.items()
    ]
    return {
        "cites": Cites(context.view),
        "sections": [(title, found) for title, found in lines if found],
        "count": len(context.found.items),
        "first": first,
        "last": last,
    }


# -- what they share --------------------------------------------------------------------------------------------------


def newest(view: View, wanted: Selection, limit: int) -> list[answers.Event]:
    """The selected events, the newest first."""
    ids = [i for part in listed(view, wanted._replace(limit=limit), newest_first=True) for i in part]
    rows = {r.entry: r for r in view.rows(Listed, table_of(Listed).table.c.entry.in_(ids))} if ids else {}
    return view.shown_events([rows[i] for i in ids if i in rows])


def _day(context: Context) -> int:
    """The day that marks are for."""
    given = context.found.day if context.found.day is not None else context.asked.as_of
    return today() if given is None else given


def _flat(unit: answers.Unit) -> list[answers.Unit]:
    return [unit, *(u for below in unit.units for u in _flat(below))]


def _entities(view: View, sort: str) -> list[Any]:
    return sorted((e for e in view.directory.entities.values() if e.type == sort), key=lambda e: e.name)


def _named(directory: Directory, given: str) -> tuple[str, str]:
    """The name of an entity and its page."""
    entity = directory.get(given)
    return (entity.name, path_of(entity.type, entity.entity)) if entity else (given, "")


def _in_words(fact: Fact | None, field: str, said: str) -> str:
    """What a field of an event says; a duration as one would say it."""
    value = getattr(fact.event, field, None) if fact else None
    return value.words() if isinstance(value, Duration) else said


def _years(view: View) -> Sequence[int]:
    """The years of which something is told, newest first."""
    table = table_of(Listed)
    days = view.row_connection.scalars(select(table.table.c.latest).where(table.known(view.rows_known)).distinct())
    return sorted({civil(d)[0] for d in days if NEVER < d < FOREVER}, reverse=True)[:MOST_YEARS]


SUBJECTS: dict[str, Callable[[Context, Links], Values]] = {
    "state": state,
    "organizations": organizations,
    "organization": organization,
    "tree": tree,
    "members": members,
    "people": people,
    "person": person,
    "products": products,
    "product": product,
    "deals": deals,
    "events": events,
    "event": event,
    "sources": sources,
    "source": source,
    "history": history,
    "search": search,
    "diff": diff,
    "learned": diff,
}

"""The resources that can be read: their paths, what each takes, and how its items are found.

A resource has one path and many forms; the form is the suffix of the address. Adding one is a function here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from events.dates import Date, exact, parse
from timeline import answers
from timeline.comparing import Difference, differences
from timeline.days import one_day, today
from timeline.errors import UnknownName, UsageError
from timeline.exports.selection import Selection
from timeline.knowing import known_position
from timeline.naming import near
from timeline.printing import words
from timeline.reasons import find_entry, why_of
from timeline.recorded import Recorded
from timeline.recorded import history as history_of
from timeline.searching import search as search_for
from timeline.serving.paging import events_after, history_after
from timeline.serving.parameters import Question
from timeline.view import View

CLOCKS = ("known_at", "reported_by")
TABLES = ("json", "jsonl", "csv")
AN_ORGANIZATION = "an organization: its id or a name"
FEW = 100
"""How many items a list has unless more are asked for."""


class Elsewhere(Exception):  # no error: it says where the answer stands
    """The answer stands under another name: the given one was no id."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Found(NamedTuple):
    """What a resource answers."""

    items: Sequence[Any]
    as_of: str | None = None
    """The day or the span that was asked about, as EDTF."""
    next: int | None = None
    """Where a list goes on: the position to ask for `after`; None at its end."""
    title: str = ""
    """What a page calls it."""
    about: str = ""
    """The id that it is about, of an entity, an entry or a source."""
    selection: Selection = Selection()
    """The entries that a calendar, a feed or a picture of it shows."""
    day: int | None = None
    """The day that it is about, where it is one."""
    more: Any = None
    """What only a page shows besides."""
    view: View | None = None
    """The state of the ledger that it was made from, where that is not the one that was asked."""


Find = Callable[[View, Question, str], Found]


class Resource(NamedTuple):
    """One of them."""

    name: str
    path: str
    """The path without a suffix; `{name}` stands for what it is asked for."""
    about: str
    """What it answers, in a line."""
    find: Find
    item: type
    """What its items are."""
    parameters: tuple[str, ...]
    forms: tuple[str, ...]
    """Its suffixes, besides the page, which has none."""
    names: str = ""
    """What `{name}` is."""
    choosing: frozenset[str] = frozenset()
    """Those parameters that choose what a calendar, a feed or a picture shows, and that its items know nothing of."""

    def takes(self, form: str) -> tuple[str, ...]:
        """The parameters that a form of it takes; a page takes all, to hand them on."""
        left_out = {"html": frozenset[str](), "ics": NO_PLACE, "atom": NO_PLACE, "svg": OF_PICTURES}
        return tuple(p for p in self.parameters if p not in left_out.get(form, self.choosing))


NO_PLACE = frozenset({"after"})
OF_PICTURES = frozenset({"after", "limit", "imprecise"})
"""What a feed has no use for, and what a picture has none for."""

RESOURCES: dict[str, Resource] = {}

F = TypeVar("F", bound=Find)


def resource(
    path: str,
    item: type,
    *parameters: str,
    forms: Sequence[str] = TABLES,
    names: str = "",
    clocks: Sequence[str] = CLOCKS,
    choosing: Sequence[str] = (),
) -> Callable[[F], F]:
    """Register a function as the resource of its name; the first line of its docstring describes it."""

    def register(find: F) -> F:
        about = (find.__doc__ or "").splitlines()[0]
        name = find.__name__
        chosen = [*choosing, *(p for p in ("limit", "imprecise") if "ics" in forms and p not in parameters)]
        takes = (*parameters, *chosen, *clocks)
        RESOURCES[name] = Resource(name, path, about, find, item, takes, tuple(forms), names, frozenset(chosen))
        return find

    return register


# -- what is so -------------------------------------------------------------------------------------------------------


@resource(
    "/as-of/{name}",
    dict,
    "org",
    choosing=("person", "product", "kind", "certainty"),
    forms=(*TABLES, "svg", "ics"),
    names="a day: an EDTF date, or `today`",
)
def state(view: View, asked: Question, name: str) -> Found:
    """Everything that is so on a day."""
    day = one_day(date_of(name), "as-of")
    wanted = selection(view, asked)
    if len(asked.org) > 1:
        raise UsageError("a state is of one organization: give org once")
    within = wanted.organizations[0] if wanted.organizations else None
    found = view.state(day, within)
    return Found(
        answers.lines_of(found),
        words.iso_day(day),
        title=view.directory.name(within) if within else "",
        about=within or "",
        selection=wanted,
        day=day,
        more=found,
    )


@resource("/orgs", answers.Ref, "limit")
def organizations(view: View, asked: Question, name: str) -> Found:
    """All organizations, by name."""
    return _register(view, asked, "organization", "Organizations")


@resource(
    "/orgs/{name}",
    answers.OrganizationAnswer,
    "as_of",
    forms=("json", "ics", "svg", "popolo.json"),
    names=AN_ORGANIZATION,
)
def organization(view: View, asked: Question, name: str) -> Found:
    """An organization on a day: heads, units, parents, names."""
    found = identified(view, name, "organization")
    day = today() if asked.as_of is None else asked.as_of
    wanted = Selection(organizations=(found,))
    return _about(view, found, [view.organization(found, day)], day, wanted)


@resource("/orgs/{name}/tree", answers.Unit, "as_of", forms=("json", "jsonl"), names=AN_ORGANIZATION)
def tree(view: View, asked: Question, name: str) -> Found:
    """An organization with its units, theirs, and the heads of all, on a day."""
    found = identified(view, name, "organization")
    day = today() if asked.as_of is None else asked.as_of
    return _about(view, found, view.tree(day, found), day, Selection(organizations=(found,)))


@resource("/orgs/{name}/people", answers.Member, "as_of", "during", names=AN_ORGANIZATION)
def members(view: View, asked: Question, name: str) -> Found:
    """The people of an organization, its units included, on a day or during a span."""
    found = identified(view, name, "organization")
    if asked.as_of is not None and asked.during is not None:
        raise UsageError("ask either as_of a day or during a span")
    day = today() if asked.as_of is None else asked.as_of
    people = view.members(found, asked.during or (day, day), span=asked.during is not None)
    wanted = Selection(organizations=(found,))
    return _about(view, found, people, day, wanted)._replace(as_of=asked.during_text or words.iso_day(day))


@resource("/people", answers.Ref, "limit")
def people(view: View, asked: Question, name: str) -> Found:
    """All people, by name."""
    return _register(view, asked, "person", "People")


@resource(
    "/people/{name}",
    answers.Member,
    "as_of",
    forms=(*TABLES, "ics", "svg", "popolo.json"),
    names="a person: the id or a name",
)
def person(view: View, asked: Question, name: str) -> Found:
    """Where a person was, and in which posts; on one day if one is given."""
    found = identified(view, name, "person")
    return _about(view, found, view.career(found, asked.as_of), asked.as_of, Selection(people=(found,)))


@resource("/products", answers.Product, "as_of")
def products(view: View, asked: Question, name: str) -> Found:
    """All products and models with their status on a day."""
    day = today() if asked.as_of is None else asked.as_of
    return Found(view.products(day), words.iso_day(day), title="Models and products", day=day)


@resource(
    "/products/{name}",
    answers.Product,
    "as_of",
    forms=(*TABLES, "ics", "svg"),
    names="a product or a model: its id or a name",
)
def product(view: View, asked: Question, name: str) -> Found:
    """What became of a product or a model; its status on one day if one is given."""
    found = identified(view, name, "product")
    states = view.products(asked.as_of, product=found)
    return _about(view, found, states, asked.as_of, Selection(products=(found,)))


@resource("/deals", answers.DealAnswer, "as_of", "org", forms=(*TABLES, "ics"))
def deals(view: View, asked: Question, name: str) -> Found:
    """Deals and amounts, the newest first; at the stage of a day if one is given."""
    wanted = selection(view, asked)._replace(kinds=("deal", "deal-completion", "deal-cancellation"))
    parties = set(wanted.organizations)
    found = [d for d in view.deals(asked.as_of) if not parties or any(p.id in parties for p in d.parties)]
    day = None if asked.as_of is None else words.iso_day(asked.as_of)
    return Found(found, day, title="Deals", selection=wanted, day=asked.as_of)


# -- events and sources -----------------------------------------------------------------------------------------------

FILTERS = ("org", "person", "product", "kind", "certainty", "from", "to")


@resource("/events", answers.Event, *FILTERS, "limit", "after", forms=(*TABLES, "ics", "atom", "svg"))
def events(view: View, asked: Question, name: str) -> Found:
    """Events in the order in which they were first recorded, in parts."""
    wanted = selection(view, asked)
    if asked.form in ("ics", "atom", "svg"):  # they hold the newest of what was chosen
        return Found((), title="Events", selection=wanted)
    found, following = events_after(view, wanted, asked.after or 0, asked.limit or FEW)
    return Found(found, next=following, title="Events", selection=wanted)


@resource("/events/{name}", answers.Why, names="an entry: its id or its UUID")
def event(view: View, asked: Question, name: str) -> Found:
    """An entry: sources, versions, disputes, what follows from it."""
    try:
        entry = find_entry(view, name)
    except UnknownName as problem:
        raise UnknownName(name, problem.near, "entry") from None
    answer = why_of(view, entry)
    if name not in (answer.id, str(entry)):
        raise Elsewhere(answer.id or str(entry))
    return Found([answer], title=answer.headline, about=str(entry), more=entry)


@resource("/sources", answers.SourceAnswer)
def sources(view: View, asked: Question, name: str) -> Found:
    """All sources by date of issue, with how much each supports."""
    return Found(view.sources(), title="Sources")


@resource("/sources/{name}", answers.Event, names="a source: its id")
def source(view: View, asked: Question, name: str) -> Found:
    """Every event that a source supports."""
    found = view.sources(name)
    if not found:
        raise UnknownName(name, near(name, [s.source for s in view.sources()]), "source")
    return Found(view.events(source=name), title=found[0].title or name, about=name, more=found[0])


@resource("/search", answers.Found, "q", "limit")
def search(view: View, asked: Question, name: str) -> Found:
    """Names that contain the text, and events that contain all its words."""
    found = search_for(view, asked.q, asked.limit or FEW) if asked.q else []
    return Found(found, title=asked.q or "Search")


# -- what changed -----------------------------------------------------------------------------------------------------


@resource("/history", Recorded, "org", "person", "product", "limit", "after", clocks=("known_at",))
def history(view: View, asked: Question, name: str) -> Found:
    """What was recorded, by whom and why: the last first, or from a position on."""
    named = (*asked.org, *asked.person, *asked.product)
    if len(named) > 1:
        raise UsageError("a history is of one org, person or product")
    about = view.directory.find(named[0]) if named else None
    if asked.after is not None:
        found, following = history_after(view, asked.after, asked.limit or FEW, about)
        return Found(found, next=following, title="History", about=about or "")
    return Found(history_of(view, about=about, limit=asked.limit or FEW), title="History", about=about or "")


@resource("/diff/{name}", Difference, "org", names="two days with `..` between them: 2023-06..2024-06")
def diff(view: View, asked: Question, name: str) -> Found:
    """What changed between two days."""
    first, last = (one_day(date_of(day), "diff") for day in _pair(name))
    within = _one_organization(view, asked)
    found = differences(view.state(first, within), view.state(last, within))
    asked_for = f"{words.iso_day(first)}/{words.iso_day(last)}"
    return Found(found, asked_for, title=f"{words.day(first)} → {words.day(last)}", about=within or "", day=last)


@resource(
    "/learned/{name}",
    Difference,
    "as_of",
    "org",
    names="two moments of knowledge with `..` between them: 2025-06-01..@120",
    clocks=(),
)
def learned(view: View, asked: Question, name: str) -> Found:
    """What became known between two moments about one day."""
    first, last = _pair(name)
    day = today() if asked.as_of is None else asked.as_of
    before, after = (_as_known(view, given) for given in (first, last))
    within = _one_organization(after, asked)
    found = differences(before.state(day, within), after.state(day, within))
    return Found(found, words.iso_day(day), title="What was learned", about=within or "", day=day, view=after)


def _as_known(view: View, moment: str) -> View:
    return View(view.connection, known_position(view.connection, moment, "learned"))


def _pair(name: str) -> tuple[str, str]:
    first, between, last = name.partition("..")
    if not between or not first or not last:
        raise UsageError(f"two of them are written with dots between, as 2023-06..2024-06, not {name!r}")
    return first, last


# -- what they share --------------------------------------------------------------------------------------------------


def identified(view: View, given: str, *types: str) -> str:
    """The id of what a name means. Raises Elsewhere when it is written otherwise, UnknownName, AmbiguousName."""
    found = view.directory.find(given, *types)
    if found != given:
        raise Elsewhere(found)
    return found


def date_of(text: str) -> Date:
    """A date in an address. Raises DateError."""
    return exact(today()) if text == "today" else parse(text)


def selection(view: View, asked: Question) -> Selection:
    """The entries that a question wants."""

    def found(given: Sequence[str], sort: str) -> tuple[str, ...]:
        return tuple(view.directory.find(name, sort) for name in given)

    if asked.first > asked.last:
        raise UsageError("from is after to")
    return Selection(
        kinds=asked.kind,
        organizations=found(asked.org, "organization"),
        people=found(asked.person, "person"),
        products=found(asked.product, "product"),
        certainties=asked.certainty,
        first=asked.first,
        last=asked.last,
    )


def _one_organization(view: View, asked: Question) -> str | None:
    if len(asked.org) > 1:
        raise UsageError("give org once")
    return view.directory.find(asked.org[0], "organization") if asked.org else None


def _about(view: View, found: str, items: Sequence[Any], day: int | None, wanted: Selection) -> Found:
    asked_for = None if day is None else words.iso_day(day)
    return Found(items, asked_for, title=view.directory.name(found), about=found, selection=wanted, day=day)


def _register(view: View, asked: Question, sort: str, title: str) -> Found:
    entities = [e for e in view.directory.entities.values() if e.type == sort]
    named = sorted(entities, key=lambda e: (e.folded[0] if e.folded else "", e.entity))
    return Found([answers.Ref(e.entity, e.name) for e in named][: asked.limit], title=title)

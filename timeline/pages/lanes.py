"""The lanes: what is drawn in which row, and in which colour. They hold what was gathered, and no coordinates yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from events.dates import FOREVER, NEVER, parse
from events.kinds import KINDS
from projections import deals as deals_projection
from projections import products as products_projection
from projections.memberships import Membership
from projections.organizations import Existence
from projections.posts import HEAD, Holding
from projections.rows import SpanRow, unique
from timeline.pages import paths
from timeline.pages.axis import Axis, fitting
from timeline.pages.colours import GREY, STATUSES, assigned, top_of
from timeline.pages.content import Gathered
from timeline.printing import words

UNKNOWN = 180
"""How many days the axis has, at least, to show that nobody knows since when."""

ELSEWHERE = "Elsewhere"
"""The heading of people whose organization has nobody else."""


class Bar(NamedTuple):
    """Something that lasted. It is drawn after the first of its rows; the others stand behind its label too."""

    rows: tuple[int, ...]
    """The numbers of its rows among `Gathered.spans`."""
    row: SpanRow
    label: str
    colour: int
    is_thin: bool = False
    """Drawn as a line below the others, without a label."""


class Marker(NamedTuple):
    """Something that happened, on some day from `earliest` to `latest`."""

    number: int
    """Of a row among `Gathered.spans`; of an event, its place after all of those."""
    earliest: int
    latest: int
    label: str
    disputed: bool


class Lane(NamedTuple):
    """A row with its name: bars in as many lines as they need beside each other, or markers."""

    name: str
    lines: tuple[tuple[Bar, ...], ...] = ()
    thin: tuple[Bar, ...] = ()
    markers: tuple[Marker, ...] = ()
    path: str = ""
    """The page of what it is named after, where there is a service."""


class Section(NamedTuple):
    """Lanes under a heading."""

    title: str
    lanes: tuple[Lane, ...]


class Lanes(NamedTuple):
    """The whole picture."""

    axis: Axis
    day: int
    sections: tuple[Section, ...]
    colours: Mapping[str, int]
    """Of organizations, by id."""
    number_of_spans: int


def lanes(gathered: Gathered, day: int) -> Lanes:
    """Everything that was gathered, as lanes; the day is shown within the axis."""
    here = {u.organization for u in gathered.existences} | {s.organization for s in gathered.stays}
    # The same in every picture of a ledger, whatever is selected.
    colours = {o: c for o, c in assigned(gathered.by_size, gathered.above).items() if o in here}
    numbers = {id(row): n for n, row in enumerate(gathered.spans)}
    sections = [
        *_people(gathered, numbers, colours),
        Section("Organizations", tuple(_units(gathered, numbers, colours))),
        Section("Models and products", tuple(_products(gathered, numbers))),
        Section("Deals", tuple(_deals(gathered, numbers))),
        Section("Events", tuple(_events(gathered))),
    ]
    return Lanes(
        fitting(_days(gathered), gathered.wanted.first, gathered.wanted.last, shown=day),
        day,
        tuple(s for s in sections if s.lanes),
        colours,
        len(gathered.spans),
    )


def _days(gathered: Gathered) -> Iterable[int]:
    for row in gathered.spans:
        yield from (row.start_min, row.start_max, row.end_min, row.end_max)
        if row.start_min == NEVER < row.start_max < FOREVER:
            yield row.start_max - UNKNOWN
    for event in gathered.events:
        yield parse(event.date.edtf).latest_reading


# -- people -----------------------------------------------------------------------------------------------------------


def _people(gathered: Gathered, numbers: Mapping[int, int], colours: Mapping[str, int]) -> list[Section]:
    """A row a person, under the organization where each was certainly the longest; who stayed longest comes first."""
    name = gathered.view.directory.name
    stays: dict[str, list[Membership | Holding]] = {}
    for stay in gathered.stays:
        stays.setdefault(stay.person, []).append(stay)
    until = max((d for d in _days(gathered) if NEVER < d < FOREVER), default=0)
    groups: dict[str, list[tuple[int, str, Lane]]] = {}
    for person, rows in stays.items():
        home, days = _home(rows, gathered.above, until)
        bars = _career(rows, numbers, colours, name)
        groups.setdefault(home, []).append((-days, name(person), _lane_of(person, name(person), bars)))
    alone = [home for home, group in groups.items() if len(group) == 1 and len(groups) > 1]
    elsewhere = [member for home in alone for member in groups.pop(home)]
    ordered = sorted(groups.items(), key=lambda g: (-len(g[1]), name(g[0])))
    found = [Section(name(home), _lanes_of(group)) for home, group in ordered]
    return [*found, Section(ELSEWHERE, _lanes_of(elsewhere))]


def _lane_of(person: str, name: str, bars: Iterable[Bar]) -> Lane:
    return Lane(name, _beside(bars), path=paths.person(person))


def _lanes_of(group: Iterable[tuple[int, str, Lane]]) -> tuple[Lane, ...]:
    return tuple(lane for _, _, lane in sorted(group, key=lambda m: m[:2]))


def _home(rows: Sequence[SpanRow], above: Mapping[str, str], until: int) -> tuple[str, int]:
    """The organization, at the top of its tree, where somebody certainly spent most days; and how many."""
    days: dict[str, int] = {}
    for row in rows:
        assert isinstance(row, Membership | Holding)
        top = top_of(row.organization, above)
        lasted = max(0, min(row.end_min, until) - max(row.start_max, NEVER)) if row.start_max > NEVER else 0
        days[top] = max(days.get(top, 0), lasted)
    home = min(days, key=lambda o: (-days[o], o))
    return home, days[home]


def _career(
    rows: Sequence[Membership | Holding],
    numbers: Mapping[int, int],
    colours: Mapping[str, int],
    name: Callable[[str], str],
) -> list[Bar]:
    """A bar a membership, its posts in its label; a bar of its own for a post where no membership is known."""
    posts = [r for r in rows if isinstance(r, Holding)]
    bars = []
    for stay in (r for r in rows if isinstance(r, Membership)):
        held = [p for p in posts if p.organization == stay.organization and _overlap(p, stay)]
        posts = [p for p in posts if p not in held]
        bars.append(_stay([stay, *held], numbers, colours, name))
    return bars + [_stay([p], numbers, colours, name) for p in posts]


def _stay(
    rows: Sequence[Membership | Holding],
    numbers: Mapping[int, int],
    colours: Mapping[str, int],
    name: Callable[[str], str],
) -> Bar:
    first = rows[0]
    does = unique(r.post for r in rows if isinstance(r, Holding)) or ((first.role,) if first.role else ())
    label = " · ".join((name(first.organization), *does))
    return Bar(tuple(numbers[id(r)] for r in rows), first, label, colours.get(first.organization, GREY))


def _overlap(one: SpanRow, other: SpanRow) -> bool:
    return one.start_min <= other.end_max and other.start_min <= one.end_max


def _beside(bars: Iterable[Bar]) -> tuple[tuple[Bar, ...], ...]:
    """Bars in lines: into the first line where none of their solid parts meet. Fades may: one ends, another begins."""
    lines: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda b: (_body(b.row), b.rows)):
        begin, end = _body(bar.row)
        for line in lines:
            if all(end <= first or last <= begin for first, last in (_body(b.row) for b in line)):
                line.append(bar)
                break
        else:
            lines.append([bar])
    return tuple(tuple(line) for line in lines)


def _body(row: SpanRow) -> tuple[int, int]:
    """What a bar needs for itself in its line; all of it where nothing says when it began, or that it lasted."""
    begin = NEVER if row.start_min == NEVER else row.start_max
    end = FOREVER if row.end in ("", "..") else row.end_min
    return begin, end if end > begin else FOREVER if begin == NEVER else row.end_max


# -- organizations, products, deals -----------------------------------------------------------------------------------


def _units(gathered: Gathered, numbers: Mapping[int, int], colours: Mapping[str, int]) -> Iterable[Lane]:
    """A row an organization that something is known of besides its people: how long it stood, and who led it."""
    name = gathered.view.directory.name
    heads: dict[str, list[Holding]] = {}
    for held in gathered.holdings:
        if held.post == HEAD:
            heads.setdefault(held.organization, []).append(held)
    standing: dict[str, list[Existence]] = {o: [] for o in heads}
    for row in gathered.existences:
        standing.setdefault(row.organization, []).append(row)
    first = {o: min(r.start_max for r in (*standing[o], *heads.get(o, ()))) for o in standing}
    order = {c: n for n, c in enumerate(dict.fromkeys(colours.values()))}
    for unit in sorted(standing, key=lambda o: (order.get(colours.get(o, GREY), GREY), first[o], name(o))):
        colour = colours.get(unit, GREY)
        led = [Bar((numbers[id(h)],), h, name(h.person), colour) for h in heads.get(unit, ())]
        stood = tuple(Bar((numbers[id(e)],), e, name(unit), colour, is_thin=bool(led)) for e in standing[unit])
        lines = (_beside(led), stood) if led else (_beside(stood), ())
        yield Lane(name(unit), *lines, path=paths.organization(unit))


def _products(gathered: Gathered, numbers: Mapping[int, int]) -> Iterable[Lane]:
    """A row a product, by when it was first heard of; a bar a status."""
    states: dict[str, list[Bar]] = {}
    for row in gathered.products:
        planned = f", planned for {words.date(row.planned)}" if row.planned else ""
        bar = Bar((numbers[id(row)],), row, f"{row.status}{planned}", STATUSES.get(row.status, GREY))
        states.setdefault(row.product, []).append(bar)
    for product, bars in states.items():
        yield Lane(gathered.view.directory.name(product), _beside(bars), path=paths.product(product))


def _deals(gathered: Gathered, numbers: Mapping[int, int]) -> Iterable[Lane]:
    name = gathered.view.directory.name
    markers = []
    for row in gathered.deals:
        parties = ", ".join(name(p) for p in row.parties)
        amount = float(row.amount) if row.amount else None
        money = words.money(amount, row.currency, row.amount_qualifier)
        stage = "" if row.stage == "announced" else row.stage
        label = " · ".join(part for part in (parties, money, stage) if part)
        markers.append((row.type, Marker(numbers[id(row)], row.start_min, row.start_max, label, row.disputed)))
    return _by_kind(markers)


def _events(gathered: Gathered) -> Iterable[Lane]:
    """A row a kind, but for what lanes of products and deals show already."""
    drawn = (*products_projection.PROJECTION.kinds, *deals_projection.PROJECTION.kinds)
    markers = []
    for number, event in enumerate(gathered.events, len(gathered.spans)):
        if KINDS[event.kind] not in drawn:
            date = parse(event.date.edtf)
            days = (date.earliest_reading, date.latest_reading)
            markers.append((event.kind, Marker(number, *days, event.headline, event.disputed)))
    return _by_kind(markers)


def _by_kind(markers: Iterable[tuple[str, Marker]]) -> Iterable[Lane]:
    found: dict[str, list[Marker]] = {}
    for kind, marker in markers:
        found.setdefault(kind, []).append(marker)
    for kind in sorted(found):
        ordered = sorted(found[kind], key=lambda m: (m.latest, m.earliest, m.number))
        yield Lane(kind.replace("-", " ").capitalize(), markers=tuple(ordered))

"""The lanes drawn as SVG: for a page that lays out the parts itself, or as a picture of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import NamedTuple

from projections import certainty
from timeline.pages.axis import Axis
from timeline.pages.colours import PALETTE, sheet
from timeline.pages.lanes import Bar, Lanes
from timeline.pages.layout import BAR, BESIDE, LINE, Piece, Placed, Point, pieces, placed
from timeline.pages.texts import fitted, width
from timeline.printing import words
from timeline.xmltext import clean

NAMES = 176
"""The width of the column of names, in pixels."""
PLOT = 1000
"""The width of the plot in a picture of its own, and what labels are cut for until a page measures its own."""
AXIS = 40
"""The height of the axis."""
HANDLE = 84
"""The width of the date at the head of its line."""
SHEET = 800
"""How high a sheet is, at least, in pixels."""
BEYOND = '<g class="bar"/>'
"""What is beyond the axis keeps its place in the order of the bars."""
FLAG = '<path class="flag" d="M1.5 1h7l-2 2.5 2 2.5h-5.5v5h-1.5z"/>'


class Sheet(NamedTuple):
    """Some rows, one below the other: their names and what is drawn beside them, equally high."""

    names: str
    plot: str
    height: int
    rows: tuple[tuple[int, ...], ...]
    """The height of each row, and of a lane how many bars and markers it has."""


class Drawn(NamedTuple):
    """The parts of a page, each without the element around it."""

    defs: str
    axis: str
    grid: str
    asof: str
    sheets: tuple[Sheet, ...]


def drawn(lanes: Lanes, wide: float = PLOT, address: Callable[[str], str] | None = None, high: float = SHEET) -> Drawn:
    """The parts for a page; places along the axis are per cents, so that the plot may have any width.

    Names lead to the address of their page where there is a service that has one. A sheet ends with the row that makes
    it so high: a browser passes over sheets that are out of sight.
    """
    sheets = tuple(_sheet(rows, lanes, wide, address) for rows in _stacked(placed(lanes, wide), high))
    at = share(lanes.axis.at(lanes.day))
    asof = f'<line class="asof" x1="{at}" x2="{at}" y1="0" y2="100%"/>'
    axis = f'<g class="ticks">{"".join(_ticks(lanes.axis, wide))}</g>{_pill(lanes, wide)}'
    return Drawn(defs(), axis, f'<g class="lines">{"".join(_grid(lanes.axis, wide))}</g>', asof, sheets)


def _stacked(rows: Iterable[Placed], high: float) -> Iterator[list[Placed]]:
    stack: list[Placed] = []
    for row in rows:
        stack.append(row)
        # A heading stands with the first of its lanes.
        if row.lane and row.top + row.height - stack[0].top >= high:
            yield stack
            stack = []
    if stack:
        yield stack


def _sheet(rows: Sequence[Placed], lanes: Lanes, wide: float, address: Callable[[str], str] | None) -> Sheet:
    base = rows[0].top
    placed_here = [row._replace(top=row.top - base) for row in rows]
    return Sheet(
        "".join(_name(row, address) for row in placed_here),
        "".join(_row(row, lanes, wide) for row in placed_here),
        placed_here[-1].top + placed_here[-1].height,
        tuple((row.height, _bars_in(row)) if row.lane else (row.height,) for row in rows),
    )


def _bars_in(row: Placed) -> int:
    assert row.lane
    return len(row.lane.thin) + sum(map(len, row.lane.lines)) + len(row.lane.markers)


def picture(lanes: Lanes, title: str, described: str, note: str) -> Iterator[str]:
    """A picture of its own, in parts: the lanes with their names, the axis, a legend and what they were made from."""
    parts = drawn(lanes, PLOT, high=math.inf)
    names = "".join(sheet.names for sheet in parts.sheets)
    plot = f"{parts.grid}{''.join(sheet.plot for sheet in parts.sheets)}{parts.asof}"
    height = sum(sheet.height + 8 for sheet in parts.sheets) or LINE
    wide, top = NAMES + PLOT + 40, 56
    high = top + AXIS + height + 58
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'role="img" aria-labelledby="title described">\n<title id="title">{_text(title)}</title>\n'
        f'<desc id="described">{_text(described)}</desc>\n<style>\n{style()}</style>\n{parts.defs}\n'
        f'<rect class="paper" fill="#ffffff" width="100%" height="100%"/>\n'
        f'<text class="title" x="20" y="32">{_text(fitted(title, PLOT / 2))}</text>\n'
        f'<text class="faint" x="{wide - 20}" y="32" text-anchor="end">{_text(note)}</text>\n'
    )
    yield f'<svg x="20" y="{top + AXIS}" width="{wide - 40}" height="{height}">{names}</svg>\n'
    yield f'<svg x="{20 + NAMES}" y="{top + AXIS}" width="{PLOT}" height="{height}">{plot}</svg>\n'
    yield (
        f'<svg x="{20 + NAMES}" y="{top}" width="{PLOT}" height="{AXIS}" overflow="visible">{parts.axis}</svg>\n'
        f'<svg x="20" y="{high - 34}" width="{wide - 40}" height="20">{legend()}</svg>\n</svg>\n'
    )


def style() -> str:
    """The style sheet of a picture of its own."""
    return sheet(template(), follows_page=False)


@cache
def template() -> str:
    """The style sheet of pictures, without its colours."""
    return files("timeline.pages").joinpath("assets", "lanes.css").read_text("utf-8")


def share(part: float) -> str:
    """A place along the axis."""
    return f"{100 * part:.3f}".rstrip("0").rstrip(".") + "%"


@cache
def defs() -> str:
    """Two fades and a hatching for each colour, shared by all bars."""
    return f"<defs>{''.join(map(_paints, range(len(PALETTE))))}</defs>"


def _paints(number: int) -> str:
    """The fallback beside the class is for programs that know no style sheets."""
    stop = f'class="c{number}" stop-color="{PALETTE[number][0]}"'
    return (
        f'<linearGradient id="in{number}"><stop {stop} offset="0" stop-opacity=".06"/><stop {stop} offset="1"/>'
        f'</linearGradient><linearGradient id="out{number}"><stop {stop} offset="0"/><stop {stop} offset="1" '
        f'stop-opacity=".06"/></linearGradient><pattern id="hatch{number}" width="6" height="6" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="stripe c{number}" '
        f'd="M1.5 0v6" stroke="{PALETTE[number][0]}"/></pattern>'
    )


# -- axis and names ---------------------------------------------------------------------------------------------------


def _grid(axis: Axis, wide: float) -> Iterator[str]:
    for tick in axis.ticks(wide):
        x = share(axis.at(tick.day))
        yield f'<line class="grid{"" if tick.is_year else " month"}" x1="{x}" x2="{x}" y1="0" y2="100%"/>'


def _ticks(axis: Axis, wide: float) -> Iterator[str]:
    for tick in axis.ticks(wide):
        yield (
            f'<text class="tick{" year" if tick.is_year else ""}" x="{share(axis.at(tick.day))}" y="34" '
            f'dx="3">{tick.label}</text>'
        )


def _pill(lanes: Lanes, wide: float) -> str:
    """The date at the head of the line, within the axis; what can be dragged."""
    at = lanes.axis.at(lanes.day)
    x = min(max(at * wide, HANDLE / 2), wide - HANDLE / 2) - at * wide
    return (
        f'<svg class="handle" x="{share(at)}" y="0" width="1" height="{AXIS}" overflow="visible">'
        f'<g transform="translate({x:g},0)"><rect class="pill" x="{-HANDLE / 2:g}" y="2" width="{HANDLE}" height="20" '
        f'rx="10"/><text y="16" text-anchor="middle">{words.day(lanes.day)}</text></g>'
        f'<path class="asof" d="M0 22v18"/></svg>'
    )


def _name(row: Placed, address: Callable[[str], str] | None) -> str:
    if row.section:
        return (
            f'<g class="section" transform="translate(0,{row.top})"><text class="heading" y="{row.height - 10}">'
            f"{_text(fitted(row.section.title, NAMES - 50))}</text>"
            f'<path class="rule" d="M0 {row.height - 3}h{NAMES}"/></g>\n'
        )
    assert row.lane
    shown = f'<text class="name" y="14">{_text(fitted(row.lane.name, NAMES - 26))}</text>'
    if address and row.lane.path:
        label = "" if len(row.lane.name) < 24 else f' aria-label="{_text(row.lane.name)}"'
        shown = f'<a href="{_text(address(row.lane.path))}"{label}>{shown}</a>'
    return f'<g class="lane" transform="translate(0,{row.top})">{shown}</g>\n'


# -- rows -------------------------------------------------------------------------------------------------------------


def _row(row: Placed, lanes: Lanes, wide: float) -> str:
    if row.lane is None:
        rule = f'<line class="rule" x1="0" x2="100%" y1="{row.height - 3}" y2="{row.height - 3}"/>'
        return f'<g class="section" transform="translate(0,{row.top})">{rule}</g>\n'
    parts = [_bar(bar, 0, lanes, wide, []) for bar in row.lane.thin]
    for n, line in enumerate(row.lane.lines):
        taken: list[tuple[float, float]] = []
        parts += [_bar(bar, n * LINE, lanes, wide, taken) for bar in line]
    points = {point.marker.number: _point(point, lanes, wide) for point in row.points}
    parts += [points.get(marker.number, BEYOND) for marker in row.lane.markers]
    return f'<g class="lane" transform="translate(0,{row.top})">{"".join(parts)}</g>\n'


def _bar(bar: Bar, top: int, lanes: Lanes, wide: float, taken: list[tuple[float, float]]) -> str:
    found = list(pieces(bar.row, lanes.axis))
    mark = certainty.on_day(bar.row, lanes.day) or ""
    if not found:
        return BEYOND
    y, high = (top + 17, 3) if bar.is_thin else (top + 2, BAR)
    boxes = "".join(_piece(piece, bar.colour, y, high) for piece in found)
    firm = [p for p in found if p.manner != "open" and not bar.is_thin]
    shape = firm and _box(firm[0].begin, firm[-1].end, y, high, 'class="shape" rx="2" fill="none"')
    said = "" if bar.is_thin else _label(bar.label, found, y, wide, taken)
    flag = f'<svg x="{share(found[0].begin)}" y="{y + 2}" width="10" height="12">{FLAG}</svg>'
    return f'<g class="bar {mark}">{boxes}{shape or ""}{said}{flag if bar.row.disputed else ""}</g>'


def _piece(piece: Piece, colour: int, y: float, high: float) -> str:
    fill = f'class="c{colour}" fill="{PALETTE[colour][0]}"'
    match piece.manner:
        case "in" | "out":
            fill = f'fill="url(#{piece.manner}{colour})"'
        case "unconfirmed":
            fill = f'fill="url(#hatch{colour})"'
        case "maybe":
            fill = f'class="maybe c{colour}" fill="{PALETTE[colour][0]}"'
        case "open":
            y, high, fill = y + high / 2 - 1, 2, f'class="open" fill="url(#in{colour})"'
    return _box(piece.begin, piece.end, y, high, fill)


def _box(begin: float, end: float, y: float, high: float, look: str) -> str:
    return f'<rect {look} x="{share(begin)}" y="{y:g}" width="{share(end - begin)}" height="{high:g}"/>'


def _label(label: str, found: Sequence[Piece], y: float, wide: float, taken: list[tuple[float, float]]) -> str:
    """The label in the solid part; where that is too short, in the widest of the others; last, along the open line.

    Where fades overlap, one that stands there already keeps its place.
    """
    if len(found) > 1:
        found = [p for p in found if not any(p.begin < b and a < p.end for a, b in taken)] or found
    best = _ground(label, found, wide)
    room = (best.end - best.begin) * wide - 8
    taken.append((best.begin, min(best.end, best.begin + (width(label) + 10) / wide)))
    place = 'x="5"'
    if best.manner == "open":
        place = 'class="halo" x="100%" dx="-5" text-anchor="end"'
    elif best.manner == "unconfirmed":
        place = 'class="halo" x="5"'
    return (
        f'<svg class="label" x="{share(best.begin)}" y="{y}" width="{share(best.end - best.begin)}" height="{BAR}">'
        f'<text {place} y="11.5">{_text(fitted(label, room))}</text></svg>'
    )


def _ground(label: str, found: Sequence[Piece], wide: float) -> Piece:
    for enough in (min(width(label) + 8, 70), min(width(label) + 8, 44)):
        for manners in (("solid",), ("in", "out", "maybe", "unconfirmed"), ("open",)):
            fit = [p for p in found if p.manner in manners and (p.end - p.begin) * wide >= enough]
            if fit:
                return max(fit, key=lambda p: p.end - p.begin)
    return max(found, key=lambda p: p.end - p.begin)


def _point(point: Point, lanes: Lanes, wide: float) -> str:
    marker = point.marker
    mark = "certain" if marker.latest <= lanes.day else "possible" if marker.earliest <= lanes.day else "later"
    y = point.line * LINE
    reach = _box(point.begin, point.end, y + 8, 3, 'fill="url(#in8)"') if point.end > point.begin else ""
    dx, anchor = (-BESIDE, "end") if point.is_left else (BESIDE, "start")
    x = share(point.begin if point.is_left else point.end)
    flag = f'<svg x="{share(point.end)}" y="{y}" width="12" height="12" overflow="visible">{FLAG}</svg>'
    return (
        f'<g class="bar {mark}">{reach}<svg x="{share(point.end)}" y="{y + 9}" width="1" height="1" overflow="visible">'
        f'<path class="dot" d="M0-6 6 0 0 6-6 0z"/></svg><svg class="beside" x="{x}" y="{y}" width="1" height="{LINE}" '
        f'overflow="visible"><text x="{dx}" y="13.5" text-anchor="{anchor}">'
        f"{_text(fitted(marker.label, point.room))}</text></svg>{flag if marker.disputed else ''}</g>"
    )


def legend() -> str:
    """What the manners of drawing mean, for the foot of a picture."""
    x = 0.0
    parts = []
    for said, shown in entries():
        parts.append(f'<svg x="{x:g}" y="2" width="30" height="{BAR}">{shown}</svg>')
        parts.append(f'<text x="{x + 36:g}" y="14">{said}</text>')
        x += 36 + width(said) + 24
    return "".join(parts)


def entries() -> Iterator[tuple[str, str]]:
    """Each manner of drawing in words, with a sample."""
    whole = f'<rect class="c0" fill="{PALETTE[0][0]}" width="30" height="{BAR}"/>'
    frame = f'<rect class="shape" x="1" y="1" width="28" height="{BAR - 2}" rx="2" fill="none"/>'
    yield "known dates", whole
    yield "fades: date uncertain", f'<rect fill="url(#in0)" width="30" height="{BAR}"/>'
    yield "hatched: nothing heard since", f'<rect fill="url(#hatch0)" width="30" height="{BAR}"/>'
    yield "thin: start unknown", '<rect fill="url(#in0)" y="6.5" width="30" height="2"/>'
    yield "certain on the day", f'<g class="certain">{frame}</g>'
    yield "possible", f'<g class="possible">{frame}</g>'
    yield "unconfirmed", f'<g class="unconfirmed">{frame}</g>'
    yield "disputed", f'<svg x="10" y="2">{FLAG}</svg>'


def _text(said: str) -> str:
    return escape(clean(said))

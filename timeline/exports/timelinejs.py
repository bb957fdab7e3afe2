"""TimelineJS (https://timeline.knightlab.com/docs/json-format.html): a slide an entry.

The words of the date stand on every slide, however vague it is; where the slide stands is a span of days, one day or
nothing, as `imprecise` says. The text of a slide is HTML, in which nothing that was recorded can be markup.
"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple, TypeGuard

import msgspec

from events.dates import Date, civil
from events.kinds import kind_of
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import Sources
from timeline.exports.selection import Exported, Selection, count, happenings
from timeline.printing import words
from timeline.view import View

HUMAN_YEARS = range(-271_820, 275_760)
"""The years that JavaScript has days in; with any other the whole timeline is drawn in years ("cosmological")."""


class Place(NamedTuple):
    """Where a slide stands: one day, or from one to another."""

    start: int
    end: int | None = None


class Left:
    """What could not be shown as it was told."""

    def __init__(self) -> None:
        self.vague = self.dateless = self.beginnings = self.ends = 0

    def sentences(self) -> tuple[str, ...]:
        """A sentence for each sort, for those that there are."""
        said = (
            (self.vague, "event", "less exact than a day"),
            (self.dateless, "event", "without a year to stand in"),
            (self.beginnings, "beginning", "that nobody knows; the slide stands at the end"),
            (self.ends, "end", "that is open or that nobody knows; the slide stands at the beginning"),
        )
        return tuple(f"{words.counted(number, what)} {why}" for number, what, why in said if number)


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write one object with the slides by date, and the title slide if a title is given."""
    sources, left = Sources(view), Left()
    number, done, size, far = 0, 0, count(view, wanted), False
    write(b'{"events":[')
    for part in happenings(view, wanted):
        sources.fetch(c.source for exported in part for c in exported.fact.sources)
        for exported in part:
            place = _place(exported.event.date, options.imprecise, left)
            if place is not None:
                slide = _slide(view, exported, place, sources, options.address)
                far = far or any(civil(d)[0] not in HUMAN_YEARS for d in place if d is not None)
                write((b",\n" if number else b"\n") + msgspec.json.encode(slide))
                number += 1
        done += len(part)
        options.progress("exporting", done, size)
    tail: dict[str, Any] = {"scale": "cosmological" if far else "human"}
    if options.title:
        tail["title"] = {
            "unique_id": "title",
            "autolink": False,
            "text": {"headline": _html(options.title), "text": ""},
        }
    write(b"\n]," + msgspec.json.encode(tail)[1:] + b"\n")
    return Written(number, "slide", left.sentences())


def _place(date: Date, imprecise: str, left: Left) -> Place | None:
    """Where a slide stands; None where it is left out."""
    start, end = _sides(date)
    one = end if start is None else start
    if one is None:
        left.dateless += 1
        return None
    if imprecise == "omit" and date.earliest != date.latest:
        left.vague += 1
        return None
    if start is None or end is None:
        left.beginnings += start is None
        left.ends += end is None
        return Place(one)
    return Place(start, end if imprecise == "span" and end != start else None)


def _sides(date: Date) -> tuple[int | None, int | None]:
    """The first and the last day; None where a side is open, or unknown, or in some year that nobody knows."""
    known = [side for pair in date.parts or ((date, date),) for side in pair if _has_year(side)]
    first, last = (date.parts[0][0], date.parts[-1][1]) if date.parts else (date, date)
    return (
        min(side.earliest for side in known) if _has_year(first) else None,
        max(side.latest for side in known) if _has_year(last) else None,
    )


def _has_year(side: Date | None) -> TypeGuard[Date]:
    return side is not None and "XXXX" not in side.text


def _slide(view: View, exported: Exported, place: Place, sources: Sources, address: str) -> dict[str, Any]:
    fact, event = exported.fact, exported.event
    slide: dict[str, Any] = {"unique_id": str(fact.entry), "start_date": _day(place.start)}
    if place.end is not None:
        slide["end_date"] = _day(place.end)
    return slide | {
        "display_date": event.date.words(),
        # A kind is one of few plain words. TimelineJS shows what it makes of a group as markup: no name goes here.
        "group": kind_of(event),
        "autolink": False,
        "text": {
            "headline": _html(event.headline(view.headline_name)),
            "text": "".join(f"<p>{p}</p>" for p in _paragraphs(view, exported, sources, address)),
        },
    }


def _day(number: int) -> dict[str, int]:
    """A day as TimelineJS has it. Years count as in EDTF: 0 is the year before 1, and negative ones come before it."""
    year, month, day = civil(number)
    return {"year": year, "month": month, "day": day}


def _paragraphs(view: View, exported: Exported, sources: Sources, address: str) -> list[str]:
    """The text of a slide as HTML: the note, who disputes it, where it stands."""
    fact, event = exported.fact, exported.event
    quoted = f"“{event.date_text}”" if event.date_text else ""
    said = [event.note, quoted, "" if event.certainty == "stated" else event.certainty.capitalize()]
    said += [d.headline(view.directory.name) for d in fact.disputes]
    paragraphs = [_html(text) for text in said if text]
    for line, url in _lines(exported, sources):
        paragraphs.append(f'<a href="{escape(url)}">{_html(line)}</a>' if url else _html(line))
    if address:
        paragraphs.append(f'<a href="{_html(address)}/events/{fact.entry}">Details</a>')
    return paragraphs


def _lines(exported: Exported, sources: Sources) -> list[tuple[str, str]]:
    """Each place that the fact stands in, with the address of its source if it has one."""
    found = {sources.line(c): c.source for c in exported.fact.sources}
    return [(line, registered.url if (registered := sources.get(s)) else "") for line, s in found.items()]


def _html(text: str) -> str:
    """Text as HTML that shows just that. A lone surrogate, which only an option can hold, becomes a question mark."""
    return escape(text.encode("utf-8", "replace").decode()).replace("\n", "<br>")

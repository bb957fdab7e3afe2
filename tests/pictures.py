"""The pictures of docs/time.md, drawn from the ledger's own answers about the first timeline.

python -m tests.pictures        # writes docs/pictures/*.svg
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from events import kinds
from events.about import Correction
from events.dates import civil, day_of, parse
from timeline import answers
from timeline.commands.start import EXAMPLE, example
from timeline.entries import entry_named
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.knowing import known_position
from timeline.ledger import Ledger, following
from timeline.printing import words
from timeline.reported import reported_by
from timeline.view import View

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

IMPORTED, CORRECTED = "2025-12-12T18:00:00", "2026-01-20T09:00:00"
"""When the ledger of the pictures learned things, on a clock of its own."""

STYLE = """
svg { color: #1f2328; font: 13px system-ui, -apple-system, "Segoe UI", sans-serif }
text { fill: currentColor }
.small { font-size: 11.5px }
.faint { opacity: .72 }
.head { font-weight: 600 }
.grid { stroke: currentColor; opacity: .2 }
.ink { stroke: currentColor; stroke-width: 1.6 }
.solid { fill: currentColor }
.paper { fill: #ffffff }
rect { shape-rendering: crispEdges }
.bar { fill: #6cabd6 }
.maybe { opacity: .4 }
.from { stop-color: #6cabd6; stop-opacity: .08 }
.to { stop-color: #6cabd6 }
.stripe { stroke: #6cabd6; stroke-width: 3 }
.asof { stroke: #c4302b; stroke-width: 1.5 }
text.asof-text { fill: #c4302b }
@media (prefers-color-scheme: dark) {
  svg { color: #e6edf3 }
  .paper { fill: #0d1117 }
  .bar { fill: #2f6f9f }
  .from, .to { stop-color: #2f6f9f }
  .stripe { stroke: #2f6f9f }
  .asof { stroke: #ff7b72 }
  text.asof-text { fill: #ff7b72 }
}
"""

DEFS = (
    '<linearGradient id="in"><stop class="from" offset="0"/><stop class="to" offset="1"/></linearGradient>'
    '<linearGradient id="out"><stop class="to" offset="0"/><stop class="from" offset="1"/></linearGradient>'
    '<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="stripe" x1="1.6" x2="1.6" y1="0" y2="7"/></pattern>'
)


class Axis(NamedTuple):
    """Days along a stretch of the picture."""

    first: int
    last: int
    start: float
    end: float

    def at(self, day: float) -> float:
        """The place of a day; of one beyond the axis, its end."""
        share = (day - self.first) / (self.last - self.first)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


class Picture:
    """An SVG in the making."""

    def __init__(self, width: int, height: int, title: str, described: str) -> None:
        self.parts: list[str] = []
        self.head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title description">\n<title id="title">{escape(title)}</title>\n'
            f'<desc id="description">{escape(described)}</desc>\n<style>{STYLE}</style>\n<defs>{DEFS}</defs>\n'
        )

    def text(self, x: float, y: float, said: str, look: str = "", anchor: str = "start") -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}">{escape(said)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{look}"/>')

    def box(self, x1: float, x2: float, y: float, height: float, fill: str = "") -> None:
        if x2 - x1 >= 0.05:
            look = f'fill="url(#{fill})"' if fill in ("in", "out", "hatch") else f'class="{f"bar {fill}".strip()}"'
            self.parts.append(f'<rect x="{x1:.1f}" y="{y:.1f}" width="{x2 - x1:.1f}" height="{height:.1f}" {look}/>')

    def mark(self, x: float, y: float, certainty: str) -> None:
        """●, ◐ or ○, drawn, so that it looks the same everywhere."""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="ink paper"/>')
        if certainty == "certain":
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="solid"/>')
        elif certainty == "possible":
            self.parts.append(f'<path d="M{x:.1f} {y - 6:.1f} a6 6 0 0 0 0 12 z" class="solid"/>')

    def span(
        self, axis: Axis, y: float, height: float, start: answers.When, end: answers.When, confirmed: str | None
    ) -> None:
        """A bar that fades in and out where its ends are uncertain, and is hatched where nobody confirmed it."""
        begins, began = axis.at(_day(start.earliest, axis.first)), axis.at(_day(start.latest, axis.first))
        self.box(begins, began, y, height, "in")
        if end.edtf == "":
            seen = max(axis.at(_day(confirmed, axis.first)), began)
            self.box(began, seen, y, height)
            self.box(seen, axis.end, y, height, "hatch")
        else:
            ends, ended = axis.at(_day(end.earliest, axis.last)), axis.at(_day(end.latest, axis.last) + 1)
            self.box(began, max(began, ends), y, height)
            self.box(max(began, ends), ended, y, height, "out")

    def months(self, axis: Axis, top: float, bottom: float, shown: Iterable[tuple[str, str]]) -> None:
        """Lines at the beginnings of months, with what to call them."""
        for month, said in shown:
            x = axis.at(day_of(f"{month}-01"))
            self.line(x, top, x, bottom, "grid")
            self.text(x + 4, bottom - 4, said, "small faint")

    def legend(self, x: float, y: float, shown: Sequence[tuple[str, str]]) -> None:
        for fill, said in shown:
            self.box(x, x + 30, y - 10, 12, fill)
            self.text(x + 37, y, said, "small")
            x += 37 + 6.4 * len(said) + 18

    def drawn(self) -> str:
        return self.head + "\n".join(self.parts) + "\n</svg>\n"


LEGEND = (("", "certain"), ("out", "possible: fades with the dates"), ("hatch", "unconfirmed: nothing heard since"))


def _day(edge: str | None, otherwise: int) -> int:
    return otherwise if edge in (None, "unknown") else day_of(str(edge))


def _years(first: str, last: str, *, every: int = 1) -> list[tuple[str, str]]:
    """The beginnings of months between two months, with the year at the first of each year."""
    begin, end = parse(first).earliest, parse(last).earliest
    found = []
    for year in range(civil(begin)[0], civil(end)[0] + 1):
        for month in range(1, 13, every):
            if begin <= day_of(f"{year}-{month:02}-01") <= end:
                name = str(year) if every == 12 else words.date(f"{year}-{month:02}")
                found.append((f"{year}-{month:02}", name))
    return found


# -- the pictures -----------------------------------------------------------------------------------------------------

PEOPLE = (("guillaume-lample", "meta"), ("hugo-touvron", "meta"), ("naman-goyal", "meta"), ("yann-lecun", "fair"))


def happened(view: View) -> str:
    """Four people at Meta as bars, and what the marks are on two days."""
    picture = Picture(
        760,
        262,
        "When four people were at Meta, and how sure that is on two days",
        "Bars fade where a date is uncertain and are hatched where nobody confirmed the stay. On 15 February 2023 "
        "Lample is possible and the others are certain; on 15 November 2025 Touvron is unconfirmed and LeCun possible.",
    )
    axis = Axis(day_of("2022-07-01"), day_of("2026-03-01"), 148, 748)
    picture.text(12, 22, "happened: when was it so?", "head")
    picture.months(axis, 56, 226, _years("2022-07", "2026-01", every=12))
    asked = [day_of("2023-02-15"), day_of("2025-11-15")]
    for number, (person, organization) in enumerate(PEOPLE):
        (stay,) = (m for m in view.career(person) if m.organization.id == organization and not m.post)
        y = 68 + number * 36
        picture.text(12, y + 13, stay.person.name)
        picture.text(12, y + 27, f"at {stay.organization.name}", "small faint")
        picture.span(axis, y, 22, stay.start, stay.end, stay.confirmed_until)
    for day in asked:
        x = axis.at(day)
        picture.line(x, 48, x, 212, "asof")
        picture.text(x, 42, f"as of {words.day(day)}", "small asof-text", "middle")
        for number, (person, organization) in enumerate(PEOPLE):
            marks = [m.certainty for m in view.career(person, day) if m.organization.id == organization and not m.post]
            for mark in marks:
                picture.mark(x, 79 + number * 36, str(mark))
    picture.legend(148, 252, LEGEND)
    return picture.drawn()


def recorded(views: Callable[[str], View]) -> str:
    """One stay in two states of knowledge: across, when it was so; downwards, when the ledger said so."""
    picture = Picture(
        760,
        300,
        "One stay before and after a correction",
        "Until 20 January 2026 the ledger said that Goyal left Meta in February 2025, from then on in March. Asked "
        "about 10 March 2025, it answers as known at the end of 2025 that he was gone, and as known later that he may "
        "have been there.",
    )
    across = Axis(day_of("2024-11-01"), day_of("2025-06-01"), 148, 748)
    down = Axis(day_of("2025-12-01"), day_of("2026-03-01"), 66, 240)
    picture.text(12, 22, "recorded: when did the ledger know it?", "head")
    picture.text(12, 40, "Naman Goyal at Meta", "small faint")
    picture.months(across, 50, 262, _years("2024-11", "2025-05"))
    for moment, since, until in (("2025-12-31", IMPORTED, CORRECTED), ("2026-02-15", CORRECTED, "2026-03-01")):
        (stay,) = (m for m in views(moment).career("naman-goyal") if m.organization.id == "meta")
        top, bottom = (down.at(day_of(when[:10])) for when in (since, until))
        picture.span(across, top, bottom - top - 2, stay.start, stay.end, stay.confirmed_until)
        happening = "imported" if since == IMPORTED else "corrected"
        picture.line(12, top, 148, top, "grid")
        picture.text(12, top + 14, words.day(day_of(since[:10])), "small")
        picture.text(12, top + 28, happening, "small faint")
        picture.text(160, top + 18, f"left {words.date(stay.end.edtf)}", "small")
    day = day_of("2025-03-10")
    x = across.at(day)
    picture.line(x, 50, x, 246, "asof")
    picture.text(x, 44, f"as of {words.day(day)}", "small asof-text", "middle")
    for moment in ("2025-12-31", "2026-02-15"):
        y = down.at(day_of(moment))
        picture.line(148, y, 748, y, "asof")
        picture.text(748, y - 5, f"known at {words.day(day_of(moment))}", "small asof-text", "end")
        marks = [m.certainty for m in views(moment).career("naman-goyal", day) if m.organization.id == "meta"]
        if marks:
            picture.mark(x, y, str(marks[0]))
        else:
            picture.text(x + 8, y + 15, "gone", "small")
    picture.legend(148, 288, LEGEND[:2])
    return picture.drawn()


def published(ledger: Ledger) -> str:
    """When each source may have come out, and what could be known of Behemoth by each day."""
    picture = Picture(
        760,
        348,
        "When the sources were published, and what they let the public know of Behemoth",
        "Three sources came out in May 2025, one on some day from July to December, one about December. That Behemoth "
        "was delayed could be known from May on; that it was cancelled, possibly from July and certainly from January.",
    )
    axis = Axis(day_of("2025-05-01"), day_of("2026-04-01"), 212, 748)
    picture.text(12, 22, "published: when could the public know it?", "head")
    picture.months(axis, 36, 322, _years("2025-05", "2026-03", every=2))
    with ledger.database.reading() as connection:
        sources = View(connection).sources()
        for number, source in enumerate(sources):
            assert source.issued
            y = 46 + number * 30
            picture.text(12, y + 14, source.source, "small")
            out = answers.When("..", None, None)
            picture.span(axis, y, 18, source.issued, out, None)
        edges = sorted({_day(side, 0) for s in sources if s.issued for side in (s.issued.earliest, s.issued.latest)})
        picture.text(12, 220, "Behemoth as of 15 Dec 2025,", "head small")
        picture.text(12, 236, "as reported by each day", "head small")
        for row, status in enumerate(("delayed", "cancelled")):
            y = 246 + row * 30
            picture.text(12, y + 14, status)
            for first, last in pairwise([*edges, axis.last]):
                if last > axis.first:
                    mark = _status(connection, first, status)
                    fill = {"certain": "", "possible": "maybe"}.get(str(mark))
                    if fill is not None:
                        picture.box(axis.at(first), axis.at(last), y, 18, fill)
    picture.legend(212, 340, (("", "out, or certain"), ("in", "may be out"), ("maybe", "possible")))
    return picture.drawn()


def _status(connection: Connection, day: int, status: str) -> str | None:
    with reported_by(connection, None, day) as view:
        found = view.products(day_of("2025-12-15"), product="behemoth")
    return next((p.certainty for p in found if p.status == status), None)


# -- all of them ------------------------------------------------------------------------------------------------------


def _clock(*moments: str) -> Callable[[], int]:
    """A clock that shows the given moments, one at each look."""
    times: Iterator[int] = iter(int(datetime.fromisoformat(m).replace(tzinfo=UTC).timestamp()) * 10**6 for m in moments)
    return lambda: next(times)


@contextmanager
def _ledger() -> Iterator[Ledger]:
    """The first timeline, recorded in December 2025, and one correction of January."""
    entry = entry_named("event", "goyal-leaves-meta")
    clock = _clock(IMPORTED, CORRECTED)
    with tempfile.TemporaryDirectory() as folder, Ledger.create(f"{folder}/pictures.db", clock=clock) as ledger:
        import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
        with ledger.ask() as view:
            said = kinds.plain(view.facts([entry])[entry].event)
        event: Any = kinds.build(said | {"date": "2025-03"})
        ledger.record([following(entry, 1, Correction(event=event, reason="his own page says March"))])
        yield ledger


def drawn() -> dict[str, str]:
    """Every picture by the name of its file."""
    with _ledger() as ledger, ledger.database.reading() as connection:

        def known(moment: str) -> View:
            return View(connection, known_position(connection, moment))

        return {
            "happened.svg": happened(known("2025-12-31")),
            "recorded.svg": recorded(known),
            "published.svg": published(ledger),
        }


if __name__ == "__main__":
    for name, picture in drawn().items():
        (FOLDER / name).write_text(picture, encoding="utf-8")

"""Short ways to export what a test recorded, and texts that would do harm in a careless export."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from events.base import Citation, Event
from events.dates import parse
from events.deals import Deal, Party
from events.people import Arrival, Departure
from events.products import Announcement
from events.register import Entity, Source
from events.said import Statement
from tests.timeline.builders import Clock, layoff, org, person
from timeline.exports.formats import FORMATS, Options, Written, exporter
from timeline.exports.selection import Selection
from timeline.ledger import Ledger, new
from timeline.view import View

STREAMED = ("csv", "json", "atom", "timelinejs", "popolo", "parquet")
"""The formats that are tested here; the others have tests of their own."""

assert set(STREAMED) <= set(FORMATS)


def export(
    ledger: Ledger, format_name: str, wanted: Selection | None = None, options: Options | None = None
) -> tuple[bytes, Written]:
    """What a format writes of a ledger, and what it says of it."""
    parts: list[bytes] = []
    with ledger.database.reading() as connection:
        view = View(connection)
        written = exporter(format_name)(view, wanted or Selection(), parts.append, options or Options())
    return b"".join(parts), written


HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x",
    "'=1+1", "''", "'plain", "--", "%00", "N/A", "\\n", "[1]", "{}", "key=value; other", " leading and trailing ",
    "<script>alert(1)</script>", "<b onclick='x()'>&amp;", "]]>", "<![CDATA[x]]>", "javascript:alert(1)",
    "a;b, c\"d\"", 'quote " and , comma', "two\nlines\n\n=and more", "\u202eright to left\u202c", "שלום \u200f",
    "🙂🇫🇷", "\ufffe\uffff", "e\u0301",
)  # fmt: skip


def texts(*, one_line: bool = False) -> SearchStrategy[str]:
    """Any text that an event can hold, the hostile ones among them."""
    control = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]))
    free = st.characters(codec="utf-8", exclude_characters=control.replace("\n", ""))
    found = st.text(free, max_size=20) | st.sampled_from(HOSTILE)
    joined = st.tuples(found, found).map("".join)
    anything = found | joined
    return anything.map(lambda t: t.replace("\n", " ")) if one_line else anything


def hostile(line: str, text: str) -> list[Event]:
    """Events that hold a text wherever one may stand."""
    cited = Citation(source="post", locator=line, reported_by=line)
    return [
        Departure(
            person="ada", organization="acme", role=line, date=parse("2025-02"), date_text=line[:200], note=text,
            sources=(Citation(source="post", locator=line), Citation(source="post")),
        ),
        Statement(speaker="ada", topic=line, summary=text or "-", date=parse("-0044-03-15"), sources=(cited,)),
        Announcement(product="llama", attributes={line: line, "k": line}, date=parse("2023-37")),
        Deal(type="acquisition", parties=(Party(entity="acme", role=line), Party(entity="ada")), object=line,
             date=parse("[2013..2014]")),
    ]  # fmt: skip


def register(name: str) -> list[Event]:
    """What those events name, under a name of one's choice."""
    return [
        Source(id="post", title=name, publisher=name, url="https://example.org/a?b=1&c=\"<x>'"),
        person("ada", name if name.strip() else "Ada"),
        org("acme", name if name.strip() else "Acme"),
        product("llama"),
    ]


def product(given: str) -> Event:
    return Entity(id=given, type="product", name=given.title())


@contextmanager
def ledger_of(events: Iterable[Event], path: str = "") -> Iterator[Ledger]:
    """A new ledger that holds some events, recorded in one go; gone after the block, if no path is given."""
    batch = [new(event) for event in events]
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.create(path or f"{folder}/ledger.db", clock=Clock()) as ledger,
    ):
        if batch:
            ledger.record(batch, by="ada")
        yield ledger


def lossy() -> list[Event]:
    """A small history with dates and marks that few formats can hold."""
    return [
        Source(id="post", title="A post"),
        person("ada"),
        person("bob"),
        org("acme"),
        Arrival(person="ada", organization="acme", date=parse("2013~"), certainty="rumoured"),
        Departure(person="ada", organization="acme", date=parse("2024-06-01")),
        Arrival(person="bob", organization="acme", post="chief Ω", date=parse("-0044-03-15")),
        layoff("acme", "[..2014]"),
        layoff("acme", "2015/"),
        layoff("acme", "XXXX"),
    ]

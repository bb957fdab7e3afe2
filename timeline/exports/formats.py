"""The formats to export to. Each has a module here with

    def export(view: View, wanted: Selection, write: Write, options: Options) -> Written

which writes bytes as it goes and says how much it wrote and what the format could not carry.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

Write = Callable[[bytes], Any]
"""Takes the next bytes of the file."""


class Format(NamedTuple):
    """A format by its name."""

    module: str
    suffix: str
    media_type: str
    about: str
    """What it is for, in a line."""
    options: tuple[str, ...] = ()
    """What it reads of its options, besides telling its progress."""
    is_binary: bool = False
    """Whether it is no text, and nothing for a terminal."""


class Options(NamedTuple):
    """What a format may be told besides the selection; each reads what concerns it."""

    imprecise: str = "span"
    """What becomes of a date less exact than a day: span, marker (one day) or omit."""
    title: str = ""
    """The name of the whole; the format's own if empty."""
    address: str = ""
    """Where the pages of the entries stand, without a slash at the end; no links if empty."""
    as_of: int | None = None
    """The day of a picture or a page; the last day that something is known of if None."""
    progress: Callable[[str, int, int], None] = lambda step, done, of: None
    """Told how far the work is: what is done, how much, of how much."""


class Written(NamedTuple):
    """What came of an export."""

    number: int
    """How many happenings (or rows, or events, as the format has them) were written."""
    unit: str
    """What was counted, in the singular: event."""
    dropped: tuple[str, ...] = ()
    """What the format could not carry, a sentence each: "12 dates were cut to a day, month or year"."""


_FEED = ("title", "address")
_MANY = ("imprecise", *_FEED)

FORMATS: dict[str, Format] = {
    "ical": Format(
        "ical.calendar",
        "ics",
        "text/calendar; charset=utf-8",
        "a calendar to subscribe to",
        ("imprecise", "title", "address"),
    ),
    "csv": Format("csvfile", "csv", "text/csv; charset=utf-8", "a table of events, for a spreadsheet"),
    "json": Format("jsonfile", "json", "application/json", "events with the entities and sources they name"),
    "yaml": Format("yamlfile", "yaml", "application/yaml", "a file to go on writing by hand"),
    "jsonl": Format("jsonl", "jsonl", "application/cloudevents+jsonl", "the whole log, losing nothing"),
    "atom": Format("atom", "atom", "application/atom+xml; charset=utf-8", "a feed of news for readers", _FEED),
    "timelinejs": Format("timelinejs", "json", "application/json", "slides for TimelineJS", _MANY),
    "popolo": Format("popolo", "json", "application/json", "people, organizations, memberships", ("as_of",)),
    "svg": Format("svg", "svg", "image/svg+xml", "a picture of the lanes", ("title", "as_of")),
    "html": Format("html", "html", "text/html; charset=utf-8", "the page as one file", ("title", "as_of")),
    "parquet": Format(
        "parquet", "parquet", "application/vnd.apache.parquet", "a table for analysis", ("partitions",), is_binary=True
    ),
}


def exporter(name: str) -> Callable[..., Written]:
    """The function that writes a format."""
    function: Callable[..., Written] = import_module(f"timeline.exports.{FORMATS[name].module}").export
    return function

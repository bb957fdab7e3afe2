"""The page: lanes, the state on a day and its sources, as one file that asks nobody for anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment

from events.dates import civil, iso
from timeline.pages import paths
from timeline.pages.colours import sheet
from timeline.pages.content import Gathered
from timeline.pages.embedded import embedded
from timeline.pages.lanes import Lanes
from timeline.pages.layout import BAR
from timeline.pages.panel import halves, panel
from timeline.pages.svg import AXIS, NAMES, drawn, entries, template
from timeline.pages.tables import tables
from timeline.pages.wording import described, origin, title_of
from timeline.printing import words
from timeline.templates import templates_of
from timeline.xmltext import clean

WIDE = 860
"""The usual width of the plot, for which labels are cut; lanes.js cuts them anew for the true one."""

EAGER = 3
"""How many sheets of lanes a browser that runs scripts reads at once; it makes others when they come near."""
AT_ONCE = 250
"""The same of the lines of a state, and of sources."""

SCRIPTS = ("state.js", "frame.js", "lanes.js", "page.js")
KEYS = (
    (("←", "→"), "a month back or on; with Shift a year"),
    (("n", "p"), "next, previous change"),
    (("/",), "filter the rows; Esc shows all again"),
    (("y",), "copy a link to this day"),
    (("Tab",), "to the lanes; there the arrows go from bar to bar"),
    (("+", "-"), "closer, farther; dragging the lanes then moves along them"),
    (("?",), "this help"),
)
"""What keys do on the page."""


def page(gathered: Gathered, lanes: Lanes, title: str) -> Iterator[str]:
    """The page with its style and its script within, in parts.

    Its policy forbids everything else: no address is asked, and no script runs but the one whose hash it names.
    """
    style, script = stylesheet(), "".join(map(asset, SCRIPTS))
    parts = drawn(lanes, WIDE)
    made = (
        _templates()
        .get_template("page.html")
        .generate(
            title=title_of(gathered, title),
            origin=origin(gathered),
            described=described(lanes),
            day=lanes.day,
            field=iso(lanes.day) if 1 <= civil(lanes.day)[0] <= 9999 else "",
            lanes=lanes,
            drawn=parts,
            legend=list(entries()),
            panel=panel(gathered, lanes.day, lanes.colours),
            tables=list(tables(gathered, lanes)),
            sources=gathered.sources,
            data=embedded(gathered, lanes, parts.sheets),
            style=style,
            script=script,
            policy="; ".join(
                [
                    "default-src 'none'",
                    f"style-src '{_hash(style)}'",
                    f"script-src '{_hash(script)}'",
                    "base-uri 'none'",
                    "form-action 'none'",
                ]
            ),
        )
    )
    return map(clean, made)


def stylesheet() -> str:
    """The style of the page and of the lanes on it."""
    return sheet(template(), follows_page=True) + asset("page.css")


@cache
def asset(name: str) -> str:
    """A file that goes with the page."""
    return files("timeline.pages").joinpath("assets", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _templates() -> Environment:
    return prepared(templates_of("timeline.pages"))


def prepared(templates: Environment) -> Environment:
    """The same with the words that the templates of lanes and marks use."""
    templates.filters |= {"day": words.day, "iso": words.asked_day, "date": words.date, "clean": clean}
    templates.globals |= {"MARKS": words.MARKS, "DISPUTED": words.DISPUTED, "KEYS": KEYS, "source_path": paths.source}
    templates.globals |= {"NAMES": NAMES, "AXIS": AXIS, "BAR": BAR, "EAGER": EAGER, "AT_ONCE": AT_ONCE}
    templates.globals |= {"halves": halves}
    templates.tests["web_address"] = is_web_address
    return templates


def is_web_address(given: str) -> bool:
    """Whether a source's address is one that a link may lead to."""
    return given.startswith(("https://", "http://"))

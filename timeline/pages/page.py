"""The page: lanes, the state on a day and its sources, as one file that asks nobody for anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from events.dates import civil, iso
from timeline.pages.colours import sheet
from timeline.pages.embedded import embedded
from timeline.pages.gathering import Gathered
from timeline.pages.lanes import Lanes
from timeline.pages.layout import BAR
from timeline.pages.panel import panel
from timeline.pages.svg import AXIS, NAMES, drawn, entries, template
from timeline.pages.tables import tables
from timeline.pages.wording import described, origin, title_of
from timeline.printing import words
from timeline.xmltext import clean

WIDE = 860
"""The usual width of the plot, for which labels are cut; page.js cuts them anew for the true one."""


def page(gathered: Gathered, lanes: Lanes, title: str) -> Iterator[str]:
    """The page with its style and its script within, in parts.

    Its policy forbids everything else: no address is asked, and no script runs but the one whose hash it names.
    """
    style, script = stylesheet(), asset("state.js") + asset("page.js")
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
            drawn=drawn(lanes, WIDE),
            legend=list(entries()),
            panel=panel(gathered, lanes.day, lanes.colours),
            tables=list(tables(gathered, lanes)),
            sources=gathered.sources,
            data=embedded(gathered, lanes),
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
            NAMES=NAMES,
            AXIS=AXIS,
            BAR=BAR,
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
    environment = Environment(
        loader=PackageLoader("timeline.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": words.day, "iso": words.asked_day, "date": words.date, "clean": clean}
    environment.globals |= {"MARKS": words.MARKS, "DISPUTED": words.DISPUTED}
    environment.tests["web_address"] = is_web_address
    return environment


def is_web_address(given: str) -> bool:
    """Whether a source's address is one that a link may lead to."""
    return given.startswith(("https://", "http://"))

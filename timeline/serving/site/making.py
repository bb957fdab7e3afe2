"""A page, from what a resource found."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from timeline.pages import paths
from timeline.pages.colours import GREY, STATUSES
from timeline.pages.page import prepared
from timeline.printing import words
from timeline.serving.problems import TITLES
from timeline.serving.site.links import Links
from timeline.templates import templates_of
from timeline.xmltext import clean

if TYPE_CHECKING:
    from timeline.serving.forms import Context
    from timeline.serving.problems import Problem
    from timeline.serving.settings import Settings

KEYS_OF_PAGES = (
    (("[", "]"), "as known a batch earlier, later"),
    (("/",), "search"),
    (("y",), "copy a link that pins the clocks"),
    (("?",), "this help"),
)
KEYS_OF_STATE = (
    (("←", "→"), "a month back or on; with Shift a year"),
    (("n", "p"), "next, previous change"),
    (("[", "]"), "as known a batch earlier, later"),
    (("/",), "filter the rows; Enter searches everything, Esc shows all rows again"),
    (("y",), "copy a link that pins the day and what was known"),
    (("Tab",), "to the lanes; there the arrows go from bar to bar, Enter opens"),
    (("+", "-"), "closer, farther; dragging the lanes then moves along them"),
    (("?",), "this help"),
)
"""What keys do on the pages."""


def page(context: Context) -> bytes:
    """The page of a resource."""
    from timeline.serving.site.framing import frame
    from timeline.serving.site.subjects import SUBJECTS, any_items

    links = Links(context.settings.base, context.query)
    own = SUBJECTS.get(context.resource.name, any_items)(context, links)
    name = f"{context.resource.name}.html" if context.resource.name in SUBJECTS else "items.html"
    return _rendered(name, frame(context, links) | own)


def page_of_problem(problem: Problem, settings: Settings, near: list[tuple[str, str]]) -> bytes:
    """What went wrong, with addresses that may have been meant."""
    from timeline.serving.site.framing import bare

    links = Links(settings.base, b"")
    return _rendered("problem.html", bare(links, settings.title) | {"problem": problem, "near": near})


def page_of_api(described: dict[str, Any], settings: Settings) -> bytes:
    """The API in words, from its own description."""
    from timeline.serving.site.framing import bare

    asked: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            asked.setdefault(told["tags"][0], []).append((method.upper(), path, told))
    values = {"described": described, "asked": asked, "problems": TITLES}
    return _rendered("api.html", bare(Links(settings.base, b""), settings.title) | values)


def page_of_ledgers(
    ledgers: dict[str, str], settings: Settings, missing: str = "", told: Problem | None = None
) -> bytes:
    """The ledgers of a service that has several, by name, each with its address; and which one is not among them.

    Or in their place what went wrong.
    """
    from timeline.serving.site.framing import bare

    values = {"ledgers": ledgers, "missing": missing, "problem": told}
    values["all"] = f"{settings.base}/" if settings.reads_freely else ""
    return _rendered("ledgers.html", bare(Links(f"{settings.base}/-", b""), settings.title) | values)


def _rendered(name: str, values: dict[str, Any]) -> bytes:
    return clean(templates().get_template(name).render(values)).encode()


@cache
def templates() -> Environment:
    """The templates of the pages, and those of lanes and marks that they share with the page of one file."""
    made = prepared(templates_of("timeline.serving.site", "timeline.pages"))
    made.filters |= {"when": when, "moment": moment, "counted": words.counted, "words": kind_in_words}
    made.globals |= {"at": paths, "money": words.money, "span": words.span, "STATUSES": STATUSES, "GREY": GREY}
    made.globals |= {"KEYS_OF_PAGES": KEYS_OF_PAGES, "KEYS_OF_STATE": KEYS_OF_STATE}
    return made


def when(given: Any) -> str:
    """A date of an answer in words."""
    return words.date(given.edtf) if given is not None else ""


def moment(given: str) -> str:
    """A moment of recording: `12 Dec 2025, 18:00 UTC`."""
    return f"{words.when(given[:10])}, {given[11:16]} UTC"


def kind_in_words(kind: str) -> str:
    """`step-down` as `step down`."""
    return kind.replace("-", " ").replace("_", " ")

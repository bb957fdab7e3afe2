"""Colours: a palette that colour-blind readers can tell apart, light and dark, and who gets which of it.

In every pair of colours the eye of a protanope, a deuteranope or a tritanope sees a difference; ink stays readable on
each of them, so that labels may stand on a bar. What is told by colour is told by words as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from string import Template

PALETTE = (
    ("#62bae5", "#1c4dab"),
    ("#e3934e", "#8f6243"),
    ("#9d7eea", "#381ea7"),
    ("#50e4b3", "#347966"),
    ("#d170b1", "#9a2786"),
    ("#dad960", "#44450f"),
    ("#b1dd94", "#497716"),
    ("#e86073", "#71232f"),
    ("#b4bac2", "#4a525d"),
)
"""Each colour on white and on black; the last one is the grey of everything else."""

GREY = len(PALETTE) - 1

INKS = {
    "ink": ("#1b2430", "#f2f5f8"),
    "faint": ("#5a6573", "#a3aebb"),
    "grid": ("#e3e7ec", "#2a323c"),
    "paper": ("#ffffff", "#14191f"),
    "red": ("#c4302b", "#ff7b72"),
}
"""The colours of text and lines."""

STATUSES = {"planned": GREY, "announced": 2, "preview": 3, "delayed": 5, "released": 6, "cancelled": 7}
"""What stands for the status of a product; another status is grey."""


def assigned(organizations: Iterable[str], above: Mapping[str, str]) -> dict[str, int]:
    """The colour of each organization: that of the one at the top of its tree, in the order of first mention.

    When the palette is used up, the rest is grey.
    """
    found: dict[str, int] = {}
    given: dict[str, int] = {}
    for organization in organizations:
        top = top_of(organization, above)
        given.setdefault(top, min(len(given), GREY))
        found[organization] = given[top]
    return found


def top_of(organization: str, above: Mapping[str, str]) -> str:
    """The organization that an organization belongs to in the end."""
    seen = {organization}
    while (over := above.get(organization)) is not None and over not in seen:
        organization = over
        seen.add(over)
    return organization


def sheet(template: str, *, follows_page: bool) -> str:
    """A style sheet for pictures, with the colours put in.

    A page chooses light or dark by its `color-scheme`. A picture of its own asks the reader's system, in a form that
    programs understand which know neither custom properties nor `light-dark()`; those show it light.
    """
    if follows_page:
        return _properties() + _filled(template, lambda light, dark: f"light-dark({light}, {dark})")
    light = _filled(template, lambda light, dark: light)
    dark = _filled(template, lambda light, dark: dark)
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _properties() -> str:
    """The colours by name, for what a page colours besides pictures."""
    named = "".join(f"  --{name}: light-dark({light}, {dark});\n" for name, (light, dark) in INKS.items())
    fills = "".join(f".c{n} {{ --c: light-dark({light}, {dark}) }}\n" for n, (light, dark) in enumerate(PALETTE))
    return f":root {{\n{named}}}\n{fills}"


def _filled(template: str, choose: Callable[[str, str], str]) -> str:
    inks = {name: choose(*pair) for name, pair in INKS.items()}
    fills = "".join(
        f".c{n} {{ fill: {choose(*pair)}; stop-color: {choose(*pair)}; stroke: {choose(*pair)} }}\n"
        for n, pair in enumerate(PALETTE)
    )
    return fills + Template(template).substitute(inks)

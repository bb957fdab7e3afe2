"""A picture of how cost grows: logarithmic in both directions, one panel a question, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 270
LEFT, TOP, BOTTOM, GAP = 52, 46, 50, 34
LEGEND = 215

LIGHT = (
    *("#0b62c4", "#0b62c4", "#b3541e", "#b3541e"),
    *("#57606a", "#8250df", "#1a7f37", "#1a7f37", "#bf3989", "#9a6700", "#cf222e"),
)
DARK = (
    *("#6cb6ff", "#6cb6ff", "#f69d50", "#f69d50"),
    *("#adbac7", "#dcbdfb", "#6bc46d", "#6bc46d", "#fc8dc7", "#daaa3f", "#ff938a"),
)
DASHED = frozenset({1, 3, 7})
"""A variant of the side before it has its colour, in dashes."""

Series = Mapping[str, Mapping[int, float]]
"""Seconds by size, by the name of the side."""


def plot(title: str, about: str, panels: Mapping[str, Series], sides: Sequence[str], along: str = "") -> str:
    """The picture as SVG; `along` says what the sizes count.

    A side has the same colour in all panels; one without figures is left out of the legend.
    """
    shown = [s for s in sides if any(s in series for series in panels.values())]
    width = len(panels) * (WIDTH + LEFT + GAP) + LEGEND
    height = TOP + HEIGHT + BOTTOM
    size, named = f'width="{width}" height="{height}"', 'aria-labelledby="title description"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img" {named}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(about)}</desc>',
        _style(len(sides)),
    ]
    for number, (name, series) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({number * (WIDTH + LEFT + GAP) + LEFT} {TOP})">')
        parts += _panel(name, series, sides)
        parts.append(
            f'<text class="small" x="{WIDTH / 2}" y="{HEIGHT + 40}" text-anchor="middle">{escape(along)}</text>'
        )
        parts.append("</g>")
    x = len(panels) * (WIDTH + LEFT + GAP)
    for row, side in enumerate(shown):
        y, number = TOP + 10 + 22 * row, sides.index(side)
        parts.append(
            f'<path class="line s{number}" d="M{x} {y}h26"/><text x="{x + 34}" y="{y + 4}">{escape(side)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _panel(name: str, series: Series, sides: Sequence[str]) -> list[str]:
    sizes = sorted({size for line in series.values() for size in line})
    values = [value for line in series.values() for value in line.values() if value > 0]
    if not values:
        return []
    low, high = floor(log10(min(values))), max(ceil(log10(max(values))), floor(log10(min(values))) + 1)
    first, last = log10(sizes[0]), log10(sizes[-1])

    def x(size: float) -> float:
        return round(WIDTH / 2 if first == last else (log10(size) - first) / (last - first) * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - (log10(value) - low) / (high - low) * HEIGHT, 1)

    parts = [f'<text class="head" x="0" y="-18">{escape(name)}</text>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path class="grid" d="M0 {at}h{WIDTH}"/>')
        parts.append(f'<text class="small" x="-8" y="{at + 4}" text-anchor="end">{_seconds(power)}</text>')
    for size in sizes:
        parts.append(f'<path class="grid" d="M{x(size)} 0v{HEIGHT}"/>')
        parts.append(f'<text class="small" x="{x(size)}" y="{HEIGHT + 20}" text-anchor="middle">{short(size)}</text>')
    for side in [s for s in sides if s in series]:
        points = [(x(size), y(value)) for size, value in sorted(series[side].items()) if value > 0]
        number = sides.index(side)
        if len(points) > 1:
            line = "L".join(f"{a} {b}" for a, b in points)
            parts.append(f'<path class="line s{number}" d="M{line}"><title>{escape(side)}</title></path>')
        parts += [f'<circle class="dot d{number}" cx="{a}" cy="{b}" r="3"/>' for a, b in points]
    return parts


def _style(many: int) -> str:
    def rules(colours: Sequence[str]) -> str:
        return "".join(
            f"  .s{n} {{ stroke: {c}{'; stroke-dasharray: 5 4' if n in DASHED else ''} }} .d{n} {{ fill: {c} }}\n"
            for n, c in ((n, colours[n % len(colours)]) for n in range(many))
        )

    return (
        "<style>\n"
        'svg { color: #1f2328; font: 13px system-ui, -apple-system, "Segoe UI", sans-serif }\n'
        "text { fill: currentColor }\n.small { font-size: 11.5px }\n.head { font-weight: 600 }\n"
        ".grid { stroke: currentColor; opacity: .2 }\n.line { fill: none; stroke-width: 2 }\n"
        f"{rules(LIGHT)}@media (prefers-color-scheme: dark) {{\n  svg {{ color: #e6edf3 }}\n{rules(DARK)}}}\n</style>"
    )


def _seconds(power: int) -> str:
    unit, shift = ("s", 0) if power >= 0 else ("ms", 3) if power >= -3 else ("µs", 6)
    return f"{10 ** (power + shift):g} {unit}"


def short(size: int) -> str:
    """10k, 100k, 1M."""
    return f"{size / 10**6:g}M" if size >= 10**6 else f"{size / 1000:g}k" if size >= 1000 else str(size)

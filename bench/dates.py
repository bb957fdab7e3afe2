"""How fast dates are read: events/dates.py and the `edtf` package, in one run.

Uncached: every text for the first time. Cached: again. `edtf` has no cache. Ours works out the earliest and latest day
in reading; of `edtf` only the reading is timed, which favours it.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

with warnings.catch_warnings():  # its pyparsing is of an older style
    warnings.simplefilter("ignore")
    from edtf import parse_edtf

from bench._measure import best, count, machine, ratio, report, table, timed
from events import dates
from timeline.imports.yamlfile import read

ROUNDS = 7
OURS, THEIRS = 1000, 12
"""How many texts of a form are read in a round; `edtf` takes a thousand times as long and is given fewer."""

YEARS = range(1000, 2000)
FORMS: dict[str, list[str]] = {
    "day": [f"{y}-05-26" for y in YEARS],
    "day and time": [f"{y}-04-12T23:20:30Z" for y in YEARS],
    "month": [f"{y}-02" for y in YEARS],
    "year": [f"{y}" for y in YEARS],
    "season, quarter": [f"{y}-21" for y in YEARS],
    "decade": [f"{y}X" for y in range(100, 1000)],
    "about a year": [f"{y}~" for y in YEARS],
    "about a month": [f"{y}-02~" for y in YEARS],
    "some day of a month": [f"{y}-04-XX" for y in YEARS],
    "doubt about a part": [f"{y}-~06-11" for y in YEARS],
    "digits open in the middle": [f"{y // 10}X-02-2X" for y in range(1000, 9999, 10)],
    "span": [f"{y}-02/{y + 5}-05" for y in YEARS],
    "span, end open": [f"{y}-02/.." for y in YEARS],
    "span, end unknown": [f"{y}-02/" for y in YEARS],
    "one of several": [f"[{y},{y + 2}]" for y in YEARS],
    "some time between": [f"[{y}..{y + 2}]" for y in YEARS],
    "all of several": [f"{{{y},{y + 1}-12}}" for y in YEARS],
    "long year": [f"Y1{y}00002" for y in YEARS],
    "significant digits": [f"{y}S2" for y in YEARS],
}
EXAMPLE = Path(__file__).parent.parent / "examples" / "meta-ai.yaml"


def mixture() -> list[str]:
    """The dates of the example in the order in which they stand there, repetitions included."""
    document = read(EXAMPLE.read_bytes(), EXAMPLE.name)
    values = (value for item in document.items for value in msgspec.structs.astuple(item.event))
    return [value.text for value in values if isinstance(value, dates.Date)]


def both_read(texts: Iterable[str]) -> list[str]:
    """Those that `edtf` reads too."""
    return [text for text in texts if _is_read(text)]


def _is_read(text: str) -> bool:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            parse_edtf(text)
    except Exception:  # whatever it raises, it does not read the form
        return False
    return True


def each(parse: Callable[[str], object], texts: Iterable[str]) -> None:
    """Read all of them."""
    for text in texts:
        parse(text)


def row(form: str, texts: Sequence[str]) -> list[str]:
    """The line of the table for texts of a form, with microseconds a text."""
    few = texts[:: max(1, len(texts) // THEIRS)][:THEIRS]
    many = texts[:OURS]

    def uncached() -> float:
        dates._parsed.cache_clear()
        return timed(lambda: each(dates.parse, many))

    sides = {"uncached": uncached, "cached": lambda: timed(lambda: each(dates.parse, many))}
    if _is_read(few[0]):
        sides["edtf"] = lambda: timed(lambda: each(parse_edtf, few))
    with contextlib.redirect_stdout(io.StringIO()):  # it prints some of what it finds
        taken = best(sides, ROUNDS)
    first, again = taken["uncached"] / len(many) * 1e6, taken["cached"] / len(many) * 1e6
    theirs = taken["edtf"] / len(few) * 1e6 if "edtf" in taken else 0
    compared = [count(theirs), ratio(theirs / first)] if theirs else ["not read", "–"]
    return [form, f"`{texts[len(texts) // 2]}`", f"{first:.2f}", f"{again:.2f}", *compared]


def main() -> None:
    """Measure and print."""
    rows = [row(form, texts) for form, texts in FORMS.items()]
    mixed = mixture()
    shared = both_read(mixed)
    rows.append(row(f"the example's {len(shared)} dates as they come", shared))
    distinct = list(dict.fromkeys(shared))
    rows.append(row(f"the {len(distinct)} different ones of them", distinct))
    left_out = f"Of the example's dates {len(mixed) - len(shared)} are left out, which `edtf` does not read."
    report(
        "dates",
        table("Reading a date, µs each", ["form", "such as", "uncached", "cached", "edtf", "edtf / uncached"], rows),
        f"{left_out} {machine('edtf')}",
    )


if __name__ == "__main__":
    main()

"""The page of a service in a browser: until it is drawn, and how evenly frames follow each other while it is moved.

A history of people who come and go - 10,000 happenings, unless a number says otherwise - beside an empty ledger. The
service has been asked for the page before, so that its time is left out; the browser has nothing of it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench._history import entries, registered
from bench._measure import count, machine, ratio, report, table
from bench.serving import listening_at
from tests.browser import ARGUMENTS, browser
from timeline.ledger import Ledger

HAPPENINGS = 10_000
BATCH = 1_000
ROUNDS = 5
SECONDS = 3.0
SMOOTH = 32
"""Milliseconds between two frames that nobody notices."""
PATH = "/as-of/2020-06-01"

WATCH = """
let last = 0;
window.frames_ = [];
const tick = (now) => {
  if (window.isWatched && last) window.frames_.push(now - last);
  last = now;
  requestAnimationFrame(tick);
};
requestAnimationFrame(tick);
addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(
  () => { window.drawnAfter = performance.now(); })));
"""
"""Keeps the milliseconds between frames, and when the first frame after loading was drawn."""

Move = Callable[[Page], None]


class Drawn(NamedTuple):
    """Milliseconds from asking for a page."""

    paint: float
    whole: float


def record(path: Path, happenings: int) -> None:
    """A ledger of so many happenings."""
    with Ledger.create(str(path)) as ledger:
        everybody = registered(happenings // 2) if happenings else []
        for first in range(0, len(everybody), BATCH):
            ledger.record(everybody[first : first + BATCH])
        for first in range(0, happenings, BATCH):
            ledger.record(entries(first, min(BATCH, happenings - first)))


@contextmanager
def opened(chromium: Browser, address: str) -> Iterator[Page]:
    """A page, drawn, in a browser that has not seen it before."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)  # waiting takes eval
    try:
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address)
        page.wait_for_function("window.drawnAfter")
        yield page
    finally:
        context.close()


def drawn(page: Page) -> Drawn:
    """When something of it was painted, and when all of what is in view."""
    first = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    return Drawn(page.evaluate(first), page.evaluate("window.drawnAfter"))


def at_a_pace(times_a_second: int) -> Iterator[int]:
    """Numbers, evenly over some seconds."""
    begun = time.perf_counter()
    for number in range(int(SECONDS * times_a_second)):
        time.sleep(max(0.0, begun + number / times_a_second - time.perf_counter()))
        yield number


def by_key(page: Page) -> None:
    """An arrow key held down, a month at a time, back and forth."""
    for number in at_a_pace(30):
        page.keyboard.down("ArrowLeft" if number < SECONDS * 15 else "ArrowRight")


def by_drag(page: Page) -> None:
    """The line dragged over the lanes and back."""
    handle, plot = page.locator(".handle").bounding_box(), page.locator("#plot").bounding_box()
    assert handle
    assert plot
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 10)
    page.mouse.down()
    for number in at_a_pace(60):
        page.mouse.move(plot["x"] + 100 + abs(600 - 7 * number), handle["y"] + 20)
    page.mouse.up()


def by_wheel(page: Page) -> None:
    """The lanes scrolled down and up."""
    page.mouse.move(600, 500)
    for number in at_a_pace(60):
        page.mouse.wheel(0, 90 if number < SECONDS * 30 else -90)


def by_hand(page: Page) -> None:
    """Two years shown, and the lanes dragged along them."""
    page.evaluate("document.querySelector('#zooms [data-years=\"2\"]').click()")
    page.mouse.move(600, 500)
    page.mouse.down()
    for number in at_a_pace(60):
        page.mouse.move(300 + abs(500 - 6 * number), 500)
    page.mouse.up()


def by_zoom(page: Page) -> None:
    """Closer and farther, with the wheel over the axis."""
    page.mouse.move(600, page.locator("#axis").bounding_box()["y"] + 30)  # type: ignore[index]  # it is shown
    for number in at_a_pace(60):
        page.mouse.wheel(0, -30 if number % 120 < 60 else 30)


MOVES: dict[str, Move] = {
    "the date, a key held down": by_key,
    "the date, dragged": by_drag,
    "the lanes, scrolled": by_wheel,
    "the lanes, dragged along two years": by_hand,
    "closer and farther": by_zoom,
}


def frames(page: Page, move: Move) -> list[float]:
    """Milliseconds between frames during a move, the shortest first."""
    page.evaluate("() => { window.frames_ = []; window.isWatched = true; }")
    move(page)
    page.evaluate("() => { window.isWatched = false; }")
    return sorted(page.evaluate("window.frames_"))


def main() -> None:
    """Measure, and print two tables."""
    happenings = next((int(a) for a in sys.argv[1:] if a.isdigit()), HAPPENINGS)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=list(ARGUMENTS))
        sides: dict[int, list[Drawn]] = {}
        moved: list[tuple[str, ...]] = []
        for number in (0, happenings):
            path = Path(folder) / f"{number}.db"
            record(path, number)
            with listening_at("cli.py", "--db", str(path), "serve", "--port", "0", "--log", "json") as port:
                address = f"http://127.0.0.1:{port}{PATH}"
                httpx.get(address, timeout=60, headers={"accept-encoding": "gzip, deflate, br, zstd"})
                for _ in range(ROUNDS):
                    with opened(chromium, address) as page:
                        sides.setdefault(number, []).append(drawn(page))
                if number:
                    moved = [_row(what, address, chromium, move) for what, move in MOVES.items()]
        said = f"Chromium {chromium.version}"
        chromium.close()
    report(
        "page", _first(sides, happenings), _moves(moved, happenings), f"{machine()} {said}, without a graphics card."
    )


def _row(what: str, address: str, chromium: Browser, move: Move) -> tuple[str, ...]:
    with opened(chromium, address) as page:
        page.wait_for_timeout(1000)
        found = frames(page, move)
    smooth = sum(f < SMOOTH for f in found) / len(found)
    figures = (statistics.median(found), found[int(len(found) * 0.95)], found[-1])
    return what, *(f"{f:.3g}" for f in figures), f"{smooth:.1%}"


def _first(sides: dict[int, list[Drawn]], happenings: int) -> str:
    def middle(side: int, which: str) -> float:
        return float(statistics.median(getattr(d, which) for d in sides[side]))

    rows = [
        (
            said,
            *(count(middle(side, which)) for side in sides),
            ratio(middle(happenings, which) / middle(0, which)),
        )
        for said, which in (("first paint", "paint"), ("drawn, and ready for keys", "whole"))
    ]
    return table("Until a page is there, ms", ("", "empty", f"{happenings:,} happenings", "times"), rows)


def _moves(rows: list[tuple[str, ...]], happenings: int) -> str:
    header = ("", "median", "p95", "longest", f"under {SMOOTH} ms")
    return table(f"Between two frames, ms, {happenings:,} happenings", header, rows)


if __name__ == "__main__":
    main()

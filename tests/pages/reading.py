"""What a page shows, and what it should show, as the same lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from timeline.pages.panel import Block, Item


def day_shown(page: Page) -> str:
    settled(page)
    return str(page.locator("#day time").get_attribute("datetime"))


def settled(page: Page) -> None:
    """The panel is drawn with the next frame."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wait_until(page: Page, condition: str, seconds: float = 30) -> None:
    """Until a JavaScript expression is true.

    Playwright's own `wait_for_function` looks again from within the page, which our policy for content keeps it from
    (`unsafe-eval`): it passes where the first look finds it true, and nowhere else.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < deadline, f"not so after {seconds:g} seconds: {condition}"
        page.wait_for_timeout(20)


def lines(page: Page) -> list[str]:
    """Headings and lines of the state, marks in words, as a reader of screens has them."""
    found: list[str] = page.eval_on_selector_all(
        "#state h3, #state h4, #state .line",
        """parts => parts.map((part) => {
          const read = part.cloneNode(true);
          for (const mark of read.querySelectorAll("[role=img]")) mark.textContent = `${mark.ariaLabel} `;
          for (const link of read.querySelectorAll("a")) link.textContent = ` [${link.textContent}]`;
          return read.textContent.replace(/\\s+/g, " ").trim();
        })""",
    )
    return found


def expected(blocks: list[Block]) -> list[str]:
    """The same of what the server says."""
    found = []
    for block in blocks:
        found.append(f"{block.title} {block.note}".strip())
        for group in block.groups:
            if group.heading:
                found.append(f"{group.heading} {group.tally}")
            found += [line for item in group.items for line in _lines(item)]
    return found


def _lines(item: Item) -> Iterator[str]:
    parts = [item.mark, "disputed" if item.disputed else "", *(p.text for p in item.pieces)]
    parts += [f"[{n}]" for n in item.sources]
    yield " ".join(" ".join(parts).split())
    for below in item.below:
        yield from _lines(below)


def violations(page: Page, part: str | None = None, options: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What axe finds that shuts readers out of the page, or of a part of it; its options name rules.

    Without `resultTypes` it would describe all that is as it should be as well, which takes much of its time.
    """
    wanted = {"resultTypes": ["violations"]} | dict(options or {})
    found: list[dict[str, Any]] = Axe().run(page, part, wanted).response["violations"]
    return found

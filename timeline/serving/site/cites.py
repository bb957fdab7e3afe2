"""The sources of a page, numbered in the order in which its lines name them."""

from __future__ import annotations

from collections.abc import Iterable

from projections.sources import Published
from timeline.state.tables import chunks, table_of
from timeline.view import View


class Cites:
    """Gives every source its number when a line names it first, and lists them at the end of the page."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._numbers: dict[str, int] = {}

    def __call__(self, sources: Iterable[str]) -> list[int]:
        """The numbers of some sources, in order."""
        return sorted({self._numbers.setdefault(s, len(self._numbers) + 1) for s in sources})

    def listed(self) -> list[Published]:
        """Every source that was named so far, by number."""
        column = table_of(Published).table.c.source
        rows = [r for part in chunks(list(self._numbers)) for r in self._view.rows(Published, column.in_(part))]
        return sorted(rows, key=lambda r: self._numbers[r.source])

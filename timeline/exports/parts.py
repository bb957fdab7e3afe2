"""What several formats say alike: days, sources in words, an event as far as it was published."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from events.base import Citation, Happening
from events.dates import FOREVER, iso
from projections.facts import Fact
from projections.sources import Published
from timeline.exports.selection import Exported
from timeline.printing import words
from timeline.state.tables import chunks, table_of
from timeline.view import View

REMEMBERED = 5000


def day(number: int) -> str:
    """A day number as an ISO day; empty where nothing bounds it."""
    return "" if abs(number) >= FOREVER else iso(number)


def told(exported: Exported) -> Happening:
    """The event with its own sources; of a view of what was reported by a day, those that were published by then."""
    event, out = exported.event, set(exported.fact.sources)
    own = tuple(c for c in event.sources if c in out)
    return event if own == event.sources else msgspec.structs.replace(event, sources=own)


def corroborations(fact: Fact, event: Happening) -> tuple[Citation, ...]:
    """Where the fact stands besides the event's own sources."""
    return tuple(c for c in fact.sources if c not in event.sources)


class Sources:
    """The register of sources, looked up as parts need it."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._found: dict[str, Published | None] = {}

    def fetch(self, ids: Iterable[str]) -> None:
        """Look sources up together."""
        if len(self._found) > REMEMBERED:
            self._found.clear()
        missing = sorted({i for i in ids if i not in self._found})
        column = table_of(Published).table.c.source
        for part in chunks(missing):
            self._found |= dict.fromkeys(part)
            self._found |= {row.source: row for row in self.view.rows(Published, column.in_(part))}

    def get(self, source: str) -> Published | None:
        """A source by its id."""
        if source not in self._found:
            self.fetch([source])
        return self._found[source]

    def title(self, source: str) -> str:
        """A source in a few words: `Business Insider, 26 May 2025`; its id where nothing is known of it."""
        found = self.get(source)
        if found is None:
            return source
        said = (found.publisher or found.title, words.date(found.issued) if found.issued else "")
        return ", ".join(filter(None, said)) or source

    def line(self, citation: Citation) -> str:
        """Where something stands: `Business Insider, 26 May 2025, §54, citing Reuters`."""
        citing = f"citing {citation.reported_by}" if citation.reported_by else ""
        return ", ".join(filter(None, (self.title(citation.source), citation.locator, citing)))

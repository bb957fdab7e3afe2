"""iCalendar (RFC 5545, 7986): a calendar that follows the ledger. docs/calendar.md says what it shows.

Nothing in it comes from a clock: the same log gives the same bytes, and every event its own SEQUENCE, whenever and
however often the calendar is made.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from events.dates import FOREVER
from timeline.exports.formats import Options, Write, Written
from timeline.exports.ical.content import Content, Revision
from timeline.exports.ical.entries import entry_event
from timeline.exports.ical.kept import find, keep, key_of
from timeline.exports.ical.launches import launches
from timeline.exports.ical.render import END, head, rendered
from timeline.exports.ical.revisions import Shown, only, revision
from timeline.exports.ical.scope import Scope
from timeline.exports.ical.subjects import Asked, Library, Lookup, Subject
from timeline.exports.selection import Selection, count, listed
from timeline.printing.words import counted
from timeline.store import log
from timeline.view import View

KEPT_DAYS = 90
"""How long an event stays as cancelled after it left the calendar, by the recorded time of the last event."""

KEPT_MICROSECONDS = KEPT_DAYS * 86_400_000_000


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write a calendar, the newest entries first, then what left it of late, and the planned releases."""
    return _Calendar(view, wanted, write, options).write_all()


class _Calendar:
    """One calendar while it is written."""

    def __init__(self, view: View, wanted: Selection, write: Write, options: Options) -> None:
        self.view, self.wanted, self.options = view, wanted, options
        self._write = write
        self.position = view.position
        self.library = Library(view.connection, view.known)
        self.scope = Scope(view.connection, self.position, wanted, self.library.names, view.reported_day)
        self.now = self.library.recorded_at(self.position)
        self._recorded_at: dict[int, int] = {}
        self._undated = self._number = 0
        self._oldest = FOREVER

    def write_all(self) -> Written:
        """Write it from beginning to end."""
        options = self.options
        is_whole = self.wanted == Selection() and not self.view.is_partial
        source = f"{options.address}/events.ics" if options.address and is_whole else ""
        self._write(head(title=options.title, modified=self.now, source=source))
        for found in self._newest():
            self._put(found)
            self._oldest = min(self._oldest, found.content.last)
        for found in self._left():
            if self.wanted.limit is None or found.content.last >= self._oldest:
                self._put(found)
        self._write(END)
        return Written(self._number, "event", self._dropped())

    def _put(self, found: Revision) -> None:
        self._write(rendered(found))
        self._number += 1

    def _newest(self) -> Iterator[Revision]:
        """Entries and launches; with a limit, the newest of both."""
        moving = self._recent(launches(self.library, self.scope, self.options, self.position))
        if self.wanted.limit is None:
            yield from self._entries()
            yield from moving
        else:
            few = heapq.nlargest(self.wanted.limit, moving, key=_newness)
            both = heapq.merge(few, self._entries(), key=_newness, reverse=True)
            yield from islice(both, self.wanted.limit)

    def _entries(self) -> Iterator[Revision]:
        """The selected entries, newest first."""
        done, of = 0, count(self.view, self.wanted)
        for entries in listed(self.view, self.wanted, newest_first=True):
            found = self._part(entries)
            recent = list(self._recent(f for f in found if f is not None))
            self._undated += len(found) - len(recent)
            yield from recent
            done += len(entries)
            self.options.progress("exporting", done, of)

    def _part(self, entries: Sequence[UUID]) -> list[Revision | None]:
        """Some entries, of which those that were shown before are not worked out again."""
        self.library.names.make_room()
        subjects = self.library.read(entries)
        keys = {entry: None if self.view.is_partial else key_of(s, self.options) for entry, s in subjects.items()}
        kept = {entry: k for entry, key in keys.items() if (k := find(key)) is not None}
        names = self.library.names
        names.prefetch((i for k in kept.values() for i in k.entities), (s for k in kept.values() for s in k.sources))
        for entry, before in list(kept.items()):
            since = subjects[entry].stream[0].batch
            turns = max(self.scope.turns(before.entities), default=0)
            if turns > since or not before.holds(names, self.position, since):
                del kept[entry]
        self.library.prepare(subject for entry, subject in subjects.items() if entry not in kept)
        return [kept[e].revision if e in kept else self._entry(subjects[e], keys[e]) for e in entries]

    def _left(self) -> Iterator[Revision]:
        """Entries that left the calendar in the last days."""
        since = log.known_at(self.view.connection, self.now - KEPT_MICROSECONDS - 1)
        for entries in self.scope.perhaps_gone(since):
            for subject in self.library.subjects(entries).values():
                fact = self.scope.meant(subject.fact(self.position), self.position)
                is_selected = fact is not None and self.scope.holds(fact, self.position)
                if not is_selected and (found := self._entry(subject)) is not None:
                    yield from self._recent([found])

    def _entry(self, subject: Subject, key: Hashable | None = None) -> Revision | None:
        def render(at: int) -> tuple[Shown, list[int]]:
            look = Lookup(self.library, at)
            shown = entry_event(subject, look, self.scope, self.options)
            return shown, self._turns(look.asked)

        first = subject.stream[0]
        if subject.stream[-1].batch == first.batch:  # the usual entry was recorded once and never touched again
            look = Lookup(self.library, self.position)
            shown = entry_event(subject, look, self.scope, self.options)
            if isinstance(shown, Content) and max(self._turns(look.asked), default=0) <= first.batch:
                found = only(shown, first.recorded_at)
                keep(key, look.asked, self.library.names, self.position, found)
                return found
        if subject.is_erased:
            return None
        return revision(subject.batches, self.position, render, self._when)

    def _turns(self, asked: Asked) -> list[int]:
        return [*self.library.turns(asked), *self.scope.turns(asked.entities)]

    def _recent(self, found: Iterable[Revision]) -> Iterator[Revision]:
        """Without those that left the calendar long ago."""
        return (f for f in found if not f.is_gone or self.now - f.modified <= KEPT_MICROSECONDS)

    def _when(self, position: int) -> int:
        if position not in self._recorded_at:
            self._recorded_at[position] = self.library.recorded_at(position)
        return self._recorded_at[position]

    def _dropped(self) -> tuple[str, ...]:
        if not self._undated:
            return ()
        why = "without any date a calendar can show"
        if self.options.imprecise == "omit":
            why = "whose date is not exact to the day"
        return (f"{counted(self._undated, 'event')} {why}",)


def _newness(found: Revision) -> int:
    return found.content.last

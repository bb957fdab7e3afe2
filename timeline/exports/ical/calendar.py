"""iCalendar (RFC 5545, 7986): a calendar that follows the ledger. docs/calendar.md says what it shows.

Nothing in it comes from a clock: the same log gives the same bytes, and every event its own SEQUENCE, whenever and
however often the calendar is made.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator, Sequence
from uuid import UUID

from events.base import Happening
from events.dates import NEVER, Date
from timeline.exports.formats import Options, Write, Written
from timeline.exports.ical.content import Content, Revision
from timeline.exports.ical.dates import shown_days
from timeline.exports.ical.entries import entry_event
from timeline.exports.ical.kept import find, keep, key_of
from timeline.exports.ical.launches import launches
from timeline.exports.ical.newest import changed_since, newest_entries, place_of
from timeline.exports.ical.render import END, head, rendered
from timeline.exports.ical.revisions import Shown, only, revision
from timeline.exports.ical.scope import Scope
from timeline.exports.ical.subjects import Asked, Library, Lookup, Subject
from timeline.exports.selection import PART, Selection, count, listed
from timeline.printing.words import counted
from timeline.state.tables import chunks
from timeline.store import log
from timeline.view import View

KEPT_DAYS = 90
"""How long an event stays as cancelled after it left the calendar, by the recorded time of the last event."""

KEPT_MICROSECONDS = KEPT_DAYS * 86_400_000_000


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write a calendar: the entries, the newest first; the planned releases; then what left it of late."""
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
        self._is_launch_gone = False
        self._oldest = NEVER
        """The last day of the oldest event within the limit; NEVER if nothing is beyond the limit."""

    def write_all(self) -> Written:
        """Write it from beginning to end."""
        options = self.options
        is_whole = self.wanted == Selection() and not self.view.is_partial
        source = f"{options.address}/events.ics" if options.address and is_whole else ""
        self._write(head(title=options.title, modified=self.now, source=source))
        for found in self._all() if self.wanted.limit is None else self._newest(self.wanted.limit):
            self._put(found)
        for found in self._left():
            if found.content.last >= self._oldest:
                self._put(found)
        self._write(END)
        return Written(self._number, "event", self._dropped())

    def _put(self, found: Revision) -> None:
        self._write(rendered(found))
        self._number += 1

    def _all(self) -> Iterator[Revision]:
        """The selected entries, and all launches."""
        yield from self._entries(listed(self.view, self.wanted, newest_first=True))
        yield from self._launches()

    def _newest(self, limit: int) -> Iterator[Revision]:
        """The newest of both, by the last day that is shown; what is struck out comes besides."""
        entries, self._undated = newest_entries(self.view, self.wanted, limit, self.options.imprecise)
        moving = heapq.nlargest(limit, self._standing(), key=place_of)
        places = sorted((*entries, *map(place_of, moving)), reverse=True)[:limit]
        if places and len(places) == limit:
            self._oldest = places[-1].last
        ids = [p.id for p in sorted(entries, reverse=True) if p >= places[-1]]
        yield from self._entries([UUID(bytes=i) for i in part] for part in chunks(ids, PART))
        yield from (f for f in moving if place_of(f) >= places[-1])

    def _standing(self) -> Iterator[Revision]:
        """The launches that are not struck out; remembers whether there are others."""
        for found in self._launches():
            if found.is_gone:
                self._is_launch_gone = True
            else:
                yield found

    def _launches(self) -> Iterator[Revision]:
        """The launches, struck out ones among them."""
        return self._recent(launches(self.library, self.scope, self.options, self.position))

    def _entries(self, parts: Iterable[Sequence[UUID]]) -> Iterator[Revision]:
        """Entries as they are shown."""
        done, of = 0, count(self.view, self.wanted)
        for entries in parts:
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
        """What left the calendar in the last days; without a limit, what lost its date was among the entries."""
        since = log.known_at(self.view.connection, self.now - KEPT_MICROSECONDS - 1)
        for subject, date in self._dates(self.scope.perhaps_gone(since)):
            if date is None:
                yield from self._struck_out(subject)
        if self.wanted.limit is not None:
            for subject, date in self._dates(changed_since(self.view.connection, since, self.position)):
                if date is not None and shown_days(date, self.options.imprecise) is None:
                    yield from self._struck_out(subject)
            yield from (f for f in self._launches() if f.is_gone) if self._is_launch_gone else ()

    def _dates(self, parts: Iterable[Sequence[UUID]]) -> Iterator[tuple[Subject, Date | None]]:
        """Entries with their dates; None where the calendar does not hold them."""
        for entries in parts:
            for subject in self.library.subjects(entries).values():
                fact = self.scope.meant(subject.fact(self.position), self.position)
                if fact is None or not self.scope.holds(fact, self.position):
                    yield subject, None
                elif isinstance(fact.event, Happening):  # as everything is that it holds
                    yield subject, fact.event.date

    def _struck_out(self, subject: Subject) -> Iterator[Revision]:
        found = self._entry(subject)
        return self._recent([found] if found is not None else [])

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

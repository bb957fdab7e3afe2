"""Bringing files into the ledger: what is new, what changed, what stands already.

A file is a declaration: an event whose id is in the ledger and says the same is passed over; one that says something
else becomes a correction. All files of one call are recorded together, as one batch. First everything is read and
planned, then the plan is carried out; both go through the files in small parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection

from events.about import Correction, Erasure, Retraction
from events.base import Event, Happening
from projections.facts import Version, in_force
from timeline import garbage
from timeline.checks import Invalid, Problem
from timeline.entries import ENTRY_ID, is_entry_id
from timeline.errors import BadData
from timeline.imports.document import Document, Item
from timeline.imports.places import BadFile, Mistake
from timeline.imports.plan import Action, Plan, Planned, Records, Step, Stored, nothing, stored
from timeline.ledger import Ledger, following, new
from timeline.naming import near
from timeline.progress import Progress, untold
from timeline.scratch import explained
from timeline.state.projector import versions
from timeline.state.tables import chunks
from timeline.store import log
from timeline.store.mapper import EntryEvent
from timeline.store.recorders import Also

CHANGED = "the imported file changed"
"""The reason of a correction that an import records."""

PART = 1000
"""How many events of a file are looked at together."""

MOST_SHOWN = 100
"""More mistakes than anybody reads at once; the rest are counted."""


class Pruned(NamedTuple):
    """An event that is no longer in the files, and its retraction."""

    event: Event
    record: EntryEvent


class Report(NamedTuple):
    """What an import did, or would do. Who asked for it leaves the plan: `with report.plan`."""

    plan: Plan
    pruned: list[Pruned]
    mistakes: list[Mistake]
    shown_mistakes: str
    batch: log.Batch | None
    left_out: int = 0
    """How many events speak of what was erased where the files come from, and so cannot stand; no mistake of theirs."""

    def count(self, action: Action) -> int:
        """How many events it did this about."""
        return self.plan.counts().get(action, 0)


AlsoReported = Callable[[Connection, Report], None]
"""Work in the transaction that records an import, once it is known what came of it. Raising undoes all."""


class _OnlyTried(Exception):
    """Raised inside the transaction of a dry run, which then leaves nothing behind."""


@explained()
def import_documents(
    ledger: Ledger,
    documents: Sequence[Document],
    *,
    by: str = "",
    dry_run: bool = False,
    keep_going: bool = False,
    prune: bool = False,
    tell: Progress = untold,
    also: AlsoReported | None = None,
) -> Report:
    """Record what the documents hold and the ledger does not.

    With `prune`, events that were first recorded together with others of the documents, and are not in them any more,
    are retracted.

    Raises BadFile, and records nothing, if anything is wrong; with `keep_going` the rest is recorded and the mistakes
    are in the report. A dry run checks all the same and records nothing. `also` is work in the transaction that
    records; a dry run leaves it out.
    """
    with garbage.seldom_looked_for(), ExitStack() as opened:
        planning = _Planning(ledger, documents, opened.enter_context(Plan()), tell)
        planning.run()
        pruned = _vanished(ledger, planning.plan) if prune else []
        tried_only = dry_run or (bool(planning.mistakes) and not keep_going)
        batch = None
        while records := _All(planning.plan.records(), [p.record for p in pruned]):
            try:
                told = None if also is None else partial(_report, also, planning, pruned)
                batch = _record(ledger, records, by, dry_run=tried_only, tell=tell, also=told)
                break
            except Invalid as problem:
                planned = len(planning.plan.records())
                if any(p.index >= planned for p in problem.problems):
                    gone = "what is gone from the files cannot be retracted"
                    raise BadData(f"{gone}: {problem}. Nothing was recorded.") from None
                planning.leave_out(problem.problems)
                tried_only = dry_run or (bool(planning.mistakes) and not keep_going)
        report = planning.report(pruned, batch)
        if report.mistakes and not keep_going:
            good = sum(planning.plan.counts().values())
            raise BadFile(report.mistakes, f"{report.shown_mistakes}\n{_summary(len(report.mistakes), good)}")
        opened.pop_all()  # whoever reads the report leaves the plan
        return report


def _report(
    also: AlsoReported, planning: _Planning, pruned: list[Pruned], connection: Connection, batch: log.Batch
) -> None:
    also(connection, planning.report(pruned, batch))


class _Planning:
    """Reading the documents, and deciding about each event in them."""

    def __init__(self, ledger: Ledger, documents: Sequence[Document], plan: Plan, tell: Progress) -> None:
        self.ledger = ledger
        self.documents = documents
        self.plan = plan
        self.tell = tell
        self.mistakes: list[tuple[int, Mistake]] = []
        """Each with the number of its document."""
        self.broken: set[str] = {name for d in documents for name in d.broken}
        """The names of what is left out; that others name it is no mistake of theirs."""
        self.left_out = 0
        """How many events were left out for no mistake."""

    def run(self) -> None:
        """Plan everything; what is about an entry that stands further on waits until the end."""
        waiting: list[tuple[int, Item]] = []
        with self.ledger.database.reading() as connection:
            for number, document in enumerate(self.documents):
                found = self._good(number, document)
                while part := list(islice(found, PART)):
                    waiting += self._part(connection, number, part, wait=True)
                    self.tell("reading", *document.done())
            self.broken |= {name for d in self.documents for name in d.broken}
            for number, item in waiting:
                self._part(connection, number, [item], wait=False)

    def _good(self, number: int, document: Document) -> Iterator[Item]:
        for found in document.read():
            if isinstance(found, Mistake):
                self.mistakes.append((number, found))
            else:
                yield found

    def _part(
        self, connection: Connection, number: int, items: Sequence[Item], *, wait: bool
    ) -> list[tuple[int, Item]]:
        """Plan some events of a document, and give those that must wait for an entry that nothing begins yet."""
        entries = list(dict.fromkeys(i.entry for i in items))
        held = {e: versions(s) for e, s in log.streams(connection, entries).items()}
        planned = self.plan.planned(entries)
        waiting = []
        for item in items:
            if item.entry not in held and item.entry not in planned and not item.about and item.version in (None, 1):
                step = _planned(number, item, stored(item.event), "new", EntryEvent(item.entry, 1, item.event))
                self.plan.add(step)
                planned[item.entry] = _with(nothing(), step)
                continue
            so_far = planned.get(item.entry) or nothing()
            stream = held.get(item.entry, [])
            said = stored(item.event)
            if any(isinstance(v.event, Erasure) for v in stream):
                self.plan.add(_planned(number, item, said, "erased"))
            elif item.about and not (stream or so_far.last) and wait:
                waiting.append((number, item))
            elif (mistake := self._misplaced(number, item, said, so_far, stream)) is not None:
                if self.documents[number].slugs.get(item.entry) not in self.broken:
                    self.mistakes.append((number, mistake))
                self.broken.add(item.name)
            else:
                step = _step(connection, number, item, said, stream, so_far)
                self.plan.add(step)
                planned[item.entry] = _with(so_far, step)
        return waiting

    def _misplaced(
        self, number: int, item: Item, said: Stored, planned: Planned, stream: Sequence[Version]
    ) -> Mistake | None:
        """What is wrong with an event that begins an entry again, is about none, or does not follow what stands."""
        last = planned.last or len(stream)
        if item.version is not None:
            return _out_of_turn(item, planned, stream)
        if not item.about and planned.first and planned.first_said != said:
            other = self.documents[planned.first[0]].place(planned.first[1], "")
            message = f"{item.name} stands in {other.file}:{other.line} too, and says something else there"
            return Mistake(item.key, message, "leave one of them out")
        if item.about and not last:
            name = self.documents[number].slugs.get(item.entry, str(item.entry))
            close = near(name, self.plan.names())
            advice = f"did you mean {_either(close)}?" if close else "name an event of a file, or its UUID"
            return Mistake(self.documents[number].place(item.ref, "about"), f"no event is called {name!r}", advice)
        return None

    # -- what the ledger would not record ----------------------------------------------------------------------------

    def leave_out(self, problems: Sequence[Problem]) -> None:
        """Turn problems into mistakes at their places, and take what has them out of the plan."""
        steps = {p.index: self.plan.step_of(p.index) for p in problems}
        for problem in problems:
            step = steps[problem.index]
            if self._named(problem.unknown) not in self.broken:
                self.mistakes.append((step.document, self._mistake(step, problem)))
        self.broken |= {s.name for s in steps.values()} | {str(s.entry) for s in steps.values() if not s.about}
        planned = len(self.plan.records())
        self.plan.leave_out(steps)
        if not self.mistakes:
            self.left_out += planned - len(self.plan.records())

    def _mistake(self, step: Step, problem: Problem) -> Mistake:
        document = self.documents[step.document]
        at = problem.at.removeprefix("event.") if step.action == "corrected" else problem.at
        message, advice = self._readable(problem.message), problem.help
        if (name := self._named(problem.unknown)) != problem.unknown:
            close = near(name, self.plan.names())
            advice = f"did you mean {_either(close)}?" if close else advice
        return Mistake(document.place(step.ref, at), message, advice)

    def _readable(self, message: str) -> str:
        """The message with the names of entries in place of their UUIDs."""

        def named(found: re.Match[str]) -> str:
            name = self._named(found[0])
            return found[0] if name == found[0] else repr(name)

        return ENTRY_ID.sub(named, message)

    def _named(self, given: str) -> str:
        """The name in a file of the entry with this UUID; anything else comes back as it is."""
        if not is_entry_id(given):
            return given
        return next((d.slugs[UUID(given)] for d in self.documents if UUID(given) in d.slugs), given)

    def report(self, pruned: list[Pruned], batch: log.Batch | None) -> Report:
        """What came of it."""
        shown = self.shown()
        return Report(self.plan, pruned, [m for _, m in self.mistakes], shown, batch, self.left_out)

    def shown(self) -> str:
        """The mistakes in the order of the files, as they are shown."""
        self.mistakes.sort(key=lambda both: (both[0], both[1].place))
        shown = [m.shown(self.documents[number].line(m.place.line)) for number, m in self.mistakes[:MOST_SHOWN]]
        if len(self.mistakes) > MOST_SHOWN:
            shown.append(f"… and {len(self.mistakes) - MOST_SHOWN:,} more errors")
        return "\n".join(shown)


# -- one event --------------------------------------------------------------------------------------------------------


def _planned(
    number: int, item: Item, said: Stored, action: Action, record: EntryEvent | None = None, before: Event | None = None
) -> Step:
    return Step(number, item.ref, item.name, item.about, action, item.entry, item.event, record, before, said)


def _step(
    connection: Connection, number: int, item: Item, said: Stored, stream: Sequence[Version], planned: Planned
) -> Step:
    """What to do about one event, given what the ledger and the files say of its entry so far."""
    step = partial(_planned, number, item, said)
    last = planned.last or len(stream)
    if said in planned.said and item.version is None:
        return step("unchanged")  # another file says the same
    if item.version is not None and 1 < item.version <= len(stream):
        return step("unchanged")
    if item.about:
        if item.version is None and any(v.event == item.event for v in stream):
            return step("unchanged")
        return step("new", following(item.entry, last, item.event))
    if not stream:
        return step("new", new(item.event, item.entry))
    if item.version is not None and stream[0].event == item.event:
        return step("unchanged")
    fact = in_force(item.entry, stream)
    if fact is None:
        return step("retracted")
    if fact.event == item.event or _lacks_what_was_withdrawn(connection, item.event, fact.event):
        return step("unchanged")
    if item.stays or _was_said_before(item.event, stream, fact.content_version):
        return step("kept", before=fact.event)
    correction = Correction(event=item.event, reason=CHANGED)  # type: ignore[arg-type]  # content kinds only
    return step("corrected", following(item.entry, last, correction), fact.event)


def _lacks_what_was_withdrawn(connection: Connection, event: Event, standing: Event) -> bool:
    """Whether a file says what the ledger does, but for entries that it follows from and that stand no more.

    Our own exports leave these out, and bringing such a file back changes nothing.
    """
    if not isinstance(event, Happening) or not isinstance(standing, type(event)):
        return False
    gone = [entry for entry in standing.derived_from if entry not in event.derived_from]
    if not gone or msgspec.structs.replace(standing, derived_from=event.derived_from) != event:
        return False
    streams = log.streams(connection, gone)
    return all(in_force(entry, versions(streams.get(entry, []))) is None for entry in gone)


def _was_said_before(event: Event, stream: Sequence[Version], standing: int) -> bool:
    """Whether the ledger said this once, and somebody corrected it here: the file is behind, and nobody changed it."""
    said = {v.version: v.event.event if isinstance(v.event, Correction) else v.event for v in stream}
    last = stream[standing - 1].event
    by_hand = isinstance(last, Correction) and last.reason != CHANGED
    return by_hand and any(said[version] == event for version in said if version < standing)


def _with(planned: Planned, step: Step) -> Planned:
    """What is planned of an entry, one step further."""
    first, first_said = planned.first, planned.first_said
    if not step.about:
        first, first_said = first or (step.document, step.ref, step.name), first_said or step.said
    planned.said.add(step.said or stored(step.event))
    return Planned(step.record.originator_version if step.record else planned.last, first, planned.said, first_said)


def _out_of_turn(item: Item, planned: Planned, stream: Sequence[Version]) -> Mistake | None:
    """What is wrong with an event of a stated version: it must be the next one, or say what stands."""
    version, last = item.version or 1, planned.last or len(stream)
    if version > last + 1:
        message = f"version {version} of {item.name} comes where version {last + 1} should"
        return Mistake(item.key, message, "the lines of an entry stand in the order of their versions, without a gap")
    if version <= planned.last and version > len(stream):
        return Mistake(item.key, f"version {version} of {item.name} stands in the files twice", "leave one of them out")
    if 1 < version <= len(stream) and stream[version - 1].event != item.event:
        message = f"the ledger has another version {version} of {item.name}: it went another way than this file"
        return Mistake(item.key, message, f"see `timeline history {item.entry}`, and leave out the lines of this entry")
    return None


def _either(names: Sequence[str]) -> str:
    return " or ".join(map(repr, names))


def _summary(wrong: int, good: int) -> str:
    errors = f"{wrong} error{'s' if wrong != 1 else ''}, {good} good. Nothing was recorded."
    return f"{errors} (--keep-going records the {good})" if good else errors


# -- carrying it out --------------------------------------------------------------------------------------------------


class _All(Sequence[EntryEvent]):
    """What is planned, and then the retractions of what vanished."""

    def __init__(self, planned: Records, pruned: Sequence[EntryEvent]) -> None:
        self._planned = planned
        self._pruned = pruned

    def __len__(self) -> int:
        return len(self._planned) + len(self._pruned)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, int):
            return self[at : at + 1][0]
        start, stop, _ = at.indices(len(self))
        cut = len(self._planned)
        return [*self._planned[start:stop], *self._pruned[max(0, start - cut) : max(0, stop - cut)]]

    def stored(self, at: slice) -> list[StoredEvent]:
        """Some of them in their stored form."""
        start, stop, _ = at.indices(len(self))
        cut = len(self._planned)
        pruned = self._pruned[max(0, start - cut) : max(0, stop - cut)]
        retractions = [StoredEvent(e.originator_id, e.originator_version, *stored(e.event)) for e in pruned]
        return [*self._planned.stored(slice(start, stop)), *retractions]


def _record(
    ledger: Ledger, records: Sequence[EntryEvent], by: str, *, dry_run: bool, tell: Progress, also: Also | None
) -> log.Batch | None:
    def undo(connection: Connection, batch: log.Batch) -> None:
        raise _OnlyTried

    try:
        return ledger.record_read(records, by=by, also=undo if dry_run else also, tell=tell)
    except _OnlyTried:
        return None


def _vanished(ledger: Ledger, plan: Plan) -> list[Pruned]:
    """The named events that share a first batch with events of the files and are in none of them."""
    with ledger.database.reading() as connection:
        batches: set[int] = set()
        for part in _entries(plan):
            batches |= {stream[0].batch for stream in log.streams(connection, part).values()}
        found: list[Pruned] = []
        for batch in sorted(batches):
            begun = [e.entry_id for e in log.batch_of(connection, batch) if e.version == 1]
            gone = [e for part in chunks(begun) for e in _not_in(plan, part)]
            held = {e: versions(stream) for e, stream in log.streams(connection, gone).items()}
            found += _retractions(held)
    return found


def _entries(plan: Plan) -> Iterator[list[UUID]]:
    entries = (step.entry for step in plan.steps())
    while part := list(islice(entries, PART)):
        yield part


def _not_in(plan: Plan, entries: Sequence[UUID]) -> list[UUID]:
    planned = plan.planned(entries)
    return [e for e in entries if e not in planned]


def _retractions(held: Mapping[UUID, Sequence[Version]]) -> Iterator[Pruned]:
    for entry, stream in held.items():
        fact = in_force(entry, stream)
        if fact is not None and isinstance(fact.event, Happening) and fact.event.id:
            retraction = Retraction(reason="it is no longer in the imported file")
            yield Pruned(fact.event, following(entry, len(stream), retraction))

"""Bringing a file into the ledger: what is new, what changed, what stands already.

A file is a declaration: an event whose id is in the ledger and says the same is passed over; one that says something
else becomes a correction. All files of one call are recorded together, as one batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from events.about import Correction, Retraction
from events.base import Event, Happening
from events.deals import DealCancellation, DealCompletion
from events.kinds import encode, mentions
from projections.facts import Version, in_force
from timeline.checks import Invalid, Problem
from timeline.entries import entry_named
from timeline.errors import BadData
from timeline.files.places import BadFile, Mistake
from timeline.files.yamlfile import Document, Item
from timeline.ledger import Ledger, following, new
from timeline.naming import near
from timeline.state.projector import versions
from timeline.store import log
from timeline.store.mapper import EntryEvent

Action = Literal["new", "corrected", "unchanged", "retracted"]


class Step(NamedTuple):
    """What an import does about one event of a file."""

    item: Item
    document: Document
    action: Action
    record: EntryEvent | None
    before: Event | None = None
    """Of a correction: what the ledger says so far."""


class Pruned(NamedTuple):
    """An event that is no longer in the files, and its retraction."""

    event: Event
    record: EntryEvent


class Report(NamedTuple):
    """What an import did, or would do."""

    steps: list[Step]
    pruned: list[Pruned]
    mistakes: list[Mistake]
    shown_mistakes: str
    batch: log.Batch | None

    def count(self, action: Action) -> int:
        """How many events it did this about."""
        return sum(s.action == action for s in self.steps)


MOST_SHOWN = 100
"""More mistakes than anybody reads at once; the rest are counted."""

_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _OnlyTried(Exception):
    """Raised inside the transaction of a dry run, which then leaves nothing behind."""


def import_documents(
    ledger: Ledger,
    documents: Sequence[Document],
    *,
    by: str = "",
    dry_run: bool = False,
    keep_going: bool = False,
    prune: bool = False,
) -> Report:
    """Record what the documents hold and the ledger does not.

    With `prune`, events that were first recorded together with others of the documents, and are not in them any more,
    are retracted.

    Raises BadFile, and records nothing, if anything is wrong; with `keep_going` the rest is recorded and the mistakes
    are in the report. A dry run checks all the same and records nothing.
    """
    mistakes = [(d, m) for d in documents for m in d.mistakes]
    broken = {name for d in documents for name in d.broken}
    steps, wrong = _plan(ledger, documents, broken)
    mistakes += wrong
    batch = None
    tried_only = dry_run or (bool(mistakes) and not keep_going)
    pruned = _vanished(ledger, documents) if prune else []
    while (records := [s for s in steps if s.record is not None]) or pruned:
        try:
            new_events = [s.record for s in records if s.record] + [p.record for p in pruned]
            batch = _record(ledger, new_events, by, dry_run=tried_only)
            break
        except Invalid as problem:
            if any(p.index >= len(records) for p in problem.problems):
                raise BadData(f"pruning cannot be done: {problem}. Nothing was recorded.") from None
            found = [(records[p.index], p) for p in problem.problems]
            mistakes += [_mistake(s, p, documents) for s, p in found if _name(s, p.unknown) not in broken]
            broken |= {s.item.name for s, _ in found}
            steps = _without([s for s, _ in found], steps)
            tried_only = dry_run or not keep_going
    mistakes.sort(key=lambda both: ([d is both[0] for d in documents].index(True), both[1].place))
    shown = _shown(mistakes)
    if mistakes and not keep_going:
        raise BadFile([m for _, m in mistakes], f"{shown}\n{_summary(len(mistakes), len(steps))}")
    return Report(steps, pruned, [m for _, m in mistakes], shown, batch)


def _vanished(ledger: Ledger, documents: Sequence[Document]) -> list[Pruned]:
    """The named events that share a first batch with events of the documents and are in none of them."""
    entries = {i.entry for d in documents for i in d.items}
    with ledger.database.reading() as connection:
        streams = log.streams(connection, list(entries))
        batches = {stream[0].batch for stream in streams.values()}
        others = [
            e.entry_id
            for batch in sorted(batches)
            for e in log.batch_of(connection, batch)
            if e.version == 1 and e.entry_id not in entries
        ]
        held = {entry: versions(stream) for entry, stream in log.streams(connection, others).items()}
    found = []
    for entry, stream in held.items():
        fact = in_force(entry, stream)
        if fact is not None and isinstance(fact.event, Happening) and fact.event.id:
            retraction = Retraction(reason="it is no longer in the imported file")
            found.append(Pruned(fact.event, following(entry, len(stream), retraction)))
    return found


def _shown(mistakes: Sequence[tuple[Document, Mistake]]) -> str:
    shown = [m.shown(d.lines) for d, m in mistakes[:MOST_SHOWN]]
    if len(mistakes) > MOST_SHOWN:
        shown.append(f"… and {len(mistakes) - MOST_SHOWN:,} more errors")
    return "\n".join(shown)


def _without(bad: Sequence[Step], steps: Sequence[Step]) -> list[Step]:
    """The steps that are left without the bad ones and without what needs an entry that those would have begun."""
    waiting: dict[UUID, list[Step]] = {}
    for step in steps:
        for entry in _needed(step):
            waiting.setdefault(entry, []).append(step)
    gone = {id(s) for s in bad}
    left = list(bad)
    while left:
        step = left.pop()
        for other in waiting.get(step.item.entry, ()) if step.action == "new" and not step.item.about else ():
            if id(other) not in gone:
                gone.add(id(other))
                left.append(other)
    return [s for s in steps if id(s) not in gone]


def _needed(step: Step) -> Iterator[UUID]:
    """The entries without which an event cannot be recorded."""
    event = step.item.event
    if step.item.about:
        yield step.item.entry
    for _, given, types in mentions(event):
        yield entry_named("source" if types == ("source",) else "entity", given)
    if isinstance(event, Happening):
        yield from event.derived_from
    if isinstance(event, DealCompletion | DealCancellation):
        yield event.deal


def _name(step: Step, unknown: str) -> str:
    """The id that a problem is about, as the file writes it."""
    return _named(unknown, [step.document])


def _named(given: str, documents: Sequence[Document]) -> str:
    """The name in a file of the entry with this UUID; anything else comes back as it is."""
    if not _UUID.fullmatch(given):
        return given
    return next((d.slugs[UUID(given)] for d in documents if UUID(given) in d.slugs), given)


def _summary(wrong: int, good: int) -> str:
    errors = f"{wrong} error{'s' if wrong != 1 else ''}, {good} good. Nothing was recorded."
    return f"{errors} (--keep-going records the {good})" if good else errors


def _record(ledger: Ledger, records: list[EntryEvent], by: str, *, dry_run: bool) -> log.Batch | None:
    def undo(connection: Connection, batch: log.Batch) -> None:
        raise _OnlyTried

    try:
        return ledger.record(records, by=by, also=undo if dry_run else None)
    except _OnlyTried:
        return None


_Wrong = tuple[Document, Mistake]


def _plan(ledger: Ledger, documents: Sequence[Document], broken: set[str]) -> tuple[list[Step], list[_Wrong]]:
    """What to do about each event, and what cannot be done: events that begin an entry come before those about one.

    Adds to `broken` the names of the events that are left out.
    """
    items = sorted(((d, i) for d in documents for i in d.items), key=lambda both: both[1].about)
    with ledger.database.reading() as connection:
        streams = log.streams(connection, list(dict.fromkeys(i.entry for _, i in items)))
    held = {entry: versions(stream) for entry, stream in streams.items()}
    last = {entry: len(stream) for entry, stream in held.items()}
    first: dict[UUID, Item] = {}
    said: set[tuple[UUID, bytes]] = set()
    steps: list[Step] = []
    wrong: list[_Wrong] = []
    for document, item in items:
        if (mistake := _misplaced(document, item, first, last)) is not None:
            if document.slugs.get(item.entry) not in broken:
                wrong.append((document, mistake))
            broken.add(item.name)
            continue
        step = _step(document, item, held.get(item.entry, []), last.get(item.entry, 0))
        if (item.entry, stored := encode(item.event)) in said:
            step = step._replace(action="unchanged", record=None)  # another file says the same
        said.add((item.entry, stored))
        if step.record is not None:
            last[item.entry] = step.record.originator_version
        first.setdefault(item.entry, item)
        steps.append(step)
    return steps, wrong


def _misplaced(document: Document, item: Item, first: Mapping[UUID, Item], last: Mapping[UUID, int]) -> Mistake | None:
    """What is wrong with an event that begins an entry a second time, or is about one that nothing begins."""
    before = first.get(item.entry)
    if not item.about and before is not None and before.event != item.event:
        message = f"{item.name} stands in {before.key.file}:{before.key.line} too, and says something else there"
        return Mistake(item.key, message, "leave one of them out")
    if item.about and not last.get(item.entry):
        name = document.slugs.get(item.entry, str(item.entry))
        close = near(name, [i.name for i in first.values() if isinstance(i.event, Happening)])
        advice = f"did you mean {' or '.join(map(repr, close))}?" if close else "name an event of a file, or its UUID"
        return Mistake(item.place("about"), f"no event is called {name!r}", advice)
    return None


def _step(document: Document, item: Item, stream: Sequence[Version], last: int) -> Step:
    """What to do about one event, whose entry has reached version `last`."""
    if item.about:
        if any(v.event == item.event for v in stream):
            return Step(item, document, "unchanged", None)
        return Step(item, document, "new", following(item.entry, last, item.event))
    if not stream:
        return Step(item, document, "new", new(item.event, item.entry))
    fact = in_force(item.entry, stream)
    if fact is None:
        return Step(item, document, "retracted", None)
    if fact.event == item.event:
        return Step(item, document, "unchanged", None)
    correction = Correction(event=item.event, reason="the imported file changed")  # type: ignore[arg-type]  # content kinds only
    return Step(item, document, "corrected", following(item.entry, last, correction), fact.event)


def _mistake(step: Step, problem: Problem, documents: Sequence[Document]) -> _Wrong:
    at = problem.at.removeprefix("event.") if step.action == "corrected" else problem.at
    message = _UUID.sub(lambda found: repr(_named(found[0], documents)), problem.message)
    advice = problem.help
    if _UUID.fullmatch(problem.unknown):
        names = [i.name for d in documents for i in d.items if isinstance(i.event, Happening)]
        close = near(_named(problem.unknown, documents), names)
        advice = f"did you mean {' or '.join(map(repr, close))}?" if close else advice
    return step.document, Mistake(step.item.place(at), message, advice)

"""Changing what the ledger says without forgetting what it said: correct, retract, dispute, rank, corroborate, merge,
alias, undo. Each appends an event; nothing is edited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import click

from events import kinds
from events.about import Correction, Retraction
from events.base import Event, citation_of
from events.register import Merge
from projections.facts import Fact, Version, in_force, withdrawn_versions
from timeline.commands.context import Asked, records, said
from timeline.commands.fields import built, fields_of, option_of, values_of
from timeline.erasing import is_erased
from timeline.errors import BadData, Conflict, UsageError
from timeline.ledger import Ledger, entry_named, following, new
from timeline.printing.words import counted
from timeline.reasons import find_entry
from timeline.state.projector import versions
from timeline.store import log
from timeline.store.mapper import EntryEvent
from timeline.view import View

BECAUSE = click.option(
    "--because", required=True, callback=said, metavar="REASON", help="Why, for whoever reads the history later."
)

F = TypeVar("F", bound=Callable[..., Any])


class Target(NamedTuple):
    """The entry that a command changes."""

    entry: UUID
    version: int
    fact: Fact | None
    """What it says now; None when it is retracted or erased."""
    withdrawn: set[int]
    """The versions that some standing retraction withdraws."""
    retractions: list[int]
    """The standing retractions of the entry itself."""


def changes(function: F) -> F:
    """The options that every change has."""
    for option in (
        click.option(
            "--because",
            required=True,
            callback=said,
            metavar="REASON",
            help="Why, for whoever reads the history later.",
        ),
        click.option("--at-version", type=click.IntRange(1), help="Only if the entry is still at this version."),
        click.option("--recorded-by", "by_whom", help="Who records.  [TIMELINE_USER]"),
    ):
        function = option(function)
    return function


def target_of(view: View, given: str, at_version: int | None) -> Target:
    """The entry that is meant, at its last version. Raises Conflict if that is not the one that was asked for."""
    entry = find_entry(view, given)
    stream = versions(log.streams(view.connection, [entry])[entry])
    if at_version is not None and at_version != len(stream):
        raise Conflict(f"{given} is at version {len(stream)} now, not at {at_version}: read it again")
    return Target(entry, len(stream), in_force(entry, stream), withdrawn_versions(stream), standing_retractions(stream))


def standing_retractions(stream: Sequence[Version]) -> list[int]:
    """The versions that withdraw the entry and are not withdrawn themselves."""
    gone = withdrawn_versions(stream)
    return [
        v.version for v in stream if isinstance(v.event, Retraction) and v.event.version == 1 and v.version not in gone
    ]


def append(asked: Asked, ledger: Ledger, items: Sequence[EntryEvent], by: str | None, said: str) -> None:
    """Record the events and say so."""
    batch = ledger.record(items, by=by or "")
    asked.output.text(str(items[0].originator_id))
    asked.output.note(f"Recorded at position {batch.last}: {said}")


def _standing(target: Target, given: str) -> Fact:
    if target.fact is None:
        raise BadData(f"{_is_withdrawn(target, given)} Nothing was recorded.")
    return target.fact


def _is_withdrawn(target: Target, given: str) -> str:
    """That an entry does not count, and what would let it count again."""
    if not target.retractions:
        return f"{given} is erased."
    again = " ".join(f"--version {v}" for v in target.retractions[-1:])
    return f"{given} is retracted; `timeline retract {given} {again}` lets it count again."


@click.command("correct", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("entry")
@changes
@records
@click.pass_context
def correct(
    ctx: click.Context, /, asked: Asked, entry: str, because: str, at_version: int | None, by_whom: str | None
) -> None:
    """Say instead what is right. Give the fields that change as for `add`; an empty one is left out from now on.

    \b
        timeline correct goyal-leaves-meta --date 2025-03 --because "his own page says March"
    """
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            target = target_of(view, entry, at_version)
            fact = _standing(target, entry)
            event = _corrected(view, fact.event, ctx.args)
            if event == fact.event:
                raise UsageError(f"nothing would change: {entry} says this already")
            line = event.headline(view.headline_name)
        item = following(target.entry, target.version, Correction(event=event, reason=because))  # type: ignore[arg-type]  # content kinds only
        append(asked, ledger, [item], by_whom, f"corrected: {line}")


def _corrected(view: View, event: Event, words: Sequence[str]) -> Event:
    """The event with the fields that the words give."""
    kind = kinds.kind_of(event)
    fields = [f for f in fields_of(kind) if f.name != "id"]
    parser = click.Command(
        f"correct, a {kind}", params=[option_of(f, required=False) for f in fields], add_help_option=False
    )
    given = parser.make_context(f"timeline correct ({kind})", list(words)).params
    emptied = [f for f in fields if given[f.variable] in ("", ("",))]
    values = kinds.plain(event) | values_of(view.directory, [f for f in fields if f not in emptied], given)
    for field in emptied:
        if field.required:
            raise BadData(f"--{field.option}: a {kind} needs it. Nothing was recorded.")
        values.pop(field.name, None)
    return built(kind, values, fields)


@click.command("retract")
@click.argument("entry")
@click.option(
    "--version", "what", type=click.IntRange(1), default=1, help="Only this version: a correction, a dispute …"
)
@changes
@records
def retract(asked: Asked, entry: str, what: int, because: str, at_version: int | None, by_whom: str | None) -> None:
    """Withdraw an entry, or (--version) one later event of it. Withdrawing a retraction lets the entry count again."""
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            target = target_of(view, entry, at_version)
        if what > target.version:
            raise BadData(f"{entry} has no version {what}; its last one is {target.version}. Nothing was recorded.")
        if what == 1:
            _standing(target, entry)
        elif what in target.withdrawn:
            raise BadData(f"version {what} of {entry} is retracted already. Nothing was recorded.")
        item = following(target.entry, target.version, Retraction(version=what, reason=because))
        append(asked, ledger, [item], by_whom, f"retracted {entry}" + (f", version {what}" if what > 1 else ""))


@click.command("dispute")
@click.argument("entry")
@click.option("--by", "party", required=True, metavar="NAME", help="Who denies, contests or confirms it.")
@click.option("--stance", type=click.Choice(["denied", "contested", "confirmed"]), default="denied", show_default=True)
@click.option("--source", "sources", multiple=True, metavar="'SOURCE §LINE'", help="Where it stands (may be repeated).")
@changes
@records
def dispute(
    asked: Asked,
    entry: str,
    party: str,
    stance: str,
    sources: tuple[str, ...],
    because: str,
    at_version: int | None,
    by_whom: str | None,
) -> None:
    """Record that somebody denies, contests or confirms an entry. It still counts, flagged."""
    values = {"stance": stance, "reason": because, "sources": [citation_of(s) for s in sources]}
    _about(asked, entry, "dispute", values, at_version, by_whom, names={"by": party})


@click.command("rank")
@click.argument("entry")
@click.argument("rank_", metavar="RANK", type=click.Choice(["preferred", "normal", "deprecated"]))
@changes
@records
def rank(asked: Asked, entry: str, rank_: str, because: str, at_version: int | None, by_whom: str | None) -> None:
    """Rank an entry among rival claims: preferred, normal or deprecated. The best rank answers; all stay listed."""
    _about(asked, entry, "ranking", {"rank": rank_, "reason": because}, at_version, by_whom)


@click.command("corroborate")
@click.argument("entry")
@click.option("--source", required=True, metavar="'SOURCE §LINE'", help="Where else it stands.")
@changes
@records
def corroborate(
    asked: Asked, entry: str, source: str, because: str, at_version: int | None, by_whom: str | None
) -> None:
    """Add one more source for the same fact."""
    _about(asked, entry, "corroboration", {"citation": citation_of(source), "reason": because}, at_version, by_whom)


def _about(
    asked: Asked,
    entry: str,
    kind: str,
    values: dict[str, Any],
    at_version: int | None,
    by: str | None,
    names: dict[str, str] | None = None,
) -> None:
    """Append an event about an entry."""
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            target = target_of(view, entry, at_version)
            _standing(target, entry)
            values |= {field: view.directory.find(name) for field, name in (names or {}).items()}
            event = built(kind, values, fields_of(kind))
            said = f"{event.headline(view.headline_name)} ({entry})"
        append(asked, ledger, [following(target.entry, target.version, event)], by, said)


@click.command("merge")
@click.argument("duplicate")
@click.argument("into")
@click.option(
    "--because", required=True, callback=said, metavar="REASON", help="Why, for whoever reads the history later."
)
@click.option("--recorded-by", "by_whom", help="Who records.  [TIMELINE_USER]")
@records
def merge(asked: Asked, duplicate: str, into: str, because: str, by_whom: str | None) -> None:
    """Join two ids that name the same: everything said of DUPLICATE counts for INTO from now on."""
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            one, other = view.directory.find(duplicate), view.directory.find(into)
            if one == other:
                raise BadData(f"{duplicate!r} and {into!r} are {view.directory.name(one)} both. Nothing was recorded.")
            said = f"{view.directory.name(one)} is the same as {view.directory.name(other)}"
            items = _merging(view, Merge(duplicate=one, into=other, note=because))
        append(asked, ledger, items, by_whom, said)


def _merging(view: View, event: Merge) -> list[EntryEvent]:
    """The merge; where the two were joined before and told apart again, that is withdrawn first."""
    entry = entry_named("merge", event.duplicate)
    stream = versions(log.streams(view.connection, [entry]).get(entry, []))
    if not stream:
        return [new(event)]
    told: list[Event] = [Retraction(version=v, reason=event.note) for v in standing_retractions(stream)]
    told.append(Correction(event=event, reason=event.note))
    return [following(entry, version, item) for version, item in enumerate(told, len(stream))]


@click.command("alias")
@click.argument("name")
@click.argument("aliases", nargs=-1, required=True, metavar="ALIAS…")
@changes
@records
def alias(
    asked: Asked, name: str, aliases: tuple[str, ...], because: str, at_version: int | None, by_whom: str | None
) -> None:
    """Let an entity be found by further names."""
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            found = view.directory.find(name)
            target = target_of(view, found, at_version)
            event = _standing(target, name).event
            values = kinds.plain(event)
            names = [*values.get("other_names", ()), *aliases]
            values["other_names"] = [n for n in dict.fromkeys(names) if n != values["name"]]
            changed = built("entity", values, fields_of("entity"))
        if changed == event:
            raise UsageError(f"nothing would change: {name} has these names already")
        item = following(target.entry, target.version, Correction(event=changed, reason=because))  # type: ignore[arg-type]  # an entity
        append(asked, ledger, [item], by_whom, f"{found} is also called {', '.join(aliases)}")


@click.command("undo")
@click.argument("batch", required=False, type=click.IntRange(1))
@click.option(
    "--because", required=True, callback=said, metavar="REASON", help="Why, for whoever reads the history later."
)
@click.option("--recorded-by", "by_whom", help="Who records.  [TIMELINE_USER]")
@records
def undo(asked: Asked, batch: int | None, because: str, by_whom: str | None) -> None:
    """Withdraw everything that one command or import recorded: BATCH, or the last one. An undo can be undone.

    Nothing is deleted: every event of the batch is answered by a retraction.
    """
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            wanted = batch or log.head_position(view.connection)
            recorded = log.batch_of(view.connection, wanted)
            if not recorded:
                raise UsageError(f"there is no batch {wanted}; `timeline history` lists them")
            items = _reversals(view, recorded, because)
        if not items:
            if any(e.kind == "erasure" for e in recorded):
                raise UsageError(f"batch {wanted} is an erasure, and an erasure is for good")
            raise UsageError(f"everything in batch {wanted} is withdrawn already")
        append(asked, ledger, items, by_whom, f"{counted(len(items), 'event')} of batch {wanted} withdrawn")


def _reversals(view: View, recorded: Sequence[log.Entry], because: str) -> list[EntryEvent]:
    """A retraction for every event of a batch that still stands; the newest of an entry first."""
    found: list[EntryEvent] = []
    held = log.streams(view.connection, [r.entry_id for r in recorded])
    streams = {e: versions(s) for e, s in held.items() if not is_erased(s)}
    last = {e: len(stream) for e, stream in streams.items()}
    begun = {r.entry_id for r in recorded if r.version == 1}
    for event in sorted(recorded, key=lambda r: r.position, reverse=True):
        if event.entry_id not in streams:
            continue  # erased: there is nothing to withdraw
        gone = withdrawn_versions(streams[event.entry_id])
        if event.version in gone or (event.version > 1 and event.entry_id in begun):
            continue  # withdrawn already, or with the entry as a whole
        version = last[event.entry_id]
        found.append(following(event.entry_id, version, Retraction(version=event.version, reason=because)))
        last[event.entry_id] = version + 1
    return found


COMMANDS = {
    "correct": correct,
    "retract": retract,
    "dispute": dispute,
    "rank": rank,
    "corroborate": corroborate,
    "merge": merge,
    "alias": alias,
    "undo": undo,
}

"""Changing what the ledger says without forgetting what it said: correct, retract, dispute, rank, corroborate, merge,
alias, undo. Each appends an event; nothing is edited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from events import kinds
from events.about import Correction
from events.base import Event, citation_of
from timeline.changing import corrected, merged, retracted, said_about, target_of, undone
from timeline.commands.context import Asked, records, said
from timeline.commands.fields import built, fields_of, option_of, values_of
from timeline.errors import BadData, UsageError
from timeline.ledger import Ledger, following
from timeline.printing.words import counted
from timeline.store import log
from timeline.store.mapper import EntryEvent
from timeline.view import View

BECAUSE = click.option(
    "--because", required=True, callback=said, metavar="REASON", help="Why, for whoever reads the history later."
)

F = TypeVar("F", bound=Callable[..., Any])


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


def append(asked: Asked, ledger: Ledger, items: Sequence[EntryEvent], by: str | None, said: str) -> None:
    """Record the events and say so."""
    batch = ledger.record(items, by=by or "")
    asked.output.text(str(items[0].originator_id))
    asked.output.note(f"Recorded at position {batch.last}: {said}")


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
            event = _corrected(view, target.standing().event, ctx.args)
            item = corrected(target, event, because)
            line = event.headline(view.headline_name)
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
        item = retracted(target, what, because)
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
            target.standing()
            values |= {field: view.directory.find(name) for field, name in (names or {}).items()}
            event = built(kind, values, fields_of(kind))
            said = f"{event.headline(view.headline_name)} ({entry})"
        append(asked, ledger, [said_about(target, event)], by, said)


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
            items = merged(view, duplicate, into, because)
            one, other = view.directory.find(duplicate), view.directory.find(into)
            said = f"{view.directory.name(one)} is the same as {view.directory.name(other)}"
        append(asked, ledger, items, by_whom, said)


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
            event = target.standing().event
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
            items = undone(view, wanted, because)
        append(asked, ledger, items, by_whom, f"{counted(len(items), 'event')} of batch {wanted} withdrawn")


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

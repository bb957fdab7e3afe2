"""`erase`: the content of an entry goes for good; that something stood there stays provable."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import click

from events.about import Erasure
from timeline.changing import target_of
from timeline.commands.change import append, changes
from timeline.commands.context import Asked, records
from timeline.erasing import derived_from, in_words, is_erased, is_put_back, naming, registration, remove_again
from timeline.errors import BadData
from timeline.ledger import Ledger, following
from timeline.printing.words import counted
from timeline.state.scrubbing import scrub
from timeline.store import log
from timeline.view import View

MOST = 20
"""How many entries are named; the rest are counted."""


class Doomed(NamedTuple):
    """What goes, and what is only like it."""

    entries: dict[UUID, int]
    """With the last version of each."""
    related: list[UUID]
    """Other entries among whose words a name stands that goes, or that say they follow from one that goes."""


@click.command("erase")
@click.argument("entry")
@click.option("--ground", required=True, metavar="LAW", help="The legal ground: 'GDPR Art. 17'.")
@click.option("--all", "with_all", is_flag=True, help="Also every entry that names it, in whatever version.")
@click.option("--dry-run", is_flag=True, help="Only show what would be erased.")
@changes
@records
def erase(
    asked: Asked,
    entry: str,
    ground: str,
    with_all: bool,
    dry_run: bool,
    because: str,
    at_version: int | None,
    by_whom: str | None,
) -> None:
    """Erase the content of ENTRY for good: every version of it, in the log, in every table and in the files.

    Nothing brings it back. What stays is that something was recorded here, when and by whom, and the reason and the
    ground of the erasure: write nothing personal into these. Backups, replicas and exported files are yours to expire.

    \b
        timeline erase goyal-leaves-meta --because "he asked for it" --ground "GDPR Art. 17"
    """
    with asked.ledger() as ledger:
        if not dry_run and (again := _put_back(ledger, entry, at_version)):
            remove_again(ledger.database, again)
            scrub(ledger.database)
            asked.output.text(str(again))
            asked.output.note(
                f"{entry} was erased before, and its content had been put back by hand: it is removed again. "
                "Nothing was recorded, as the erasure stands. `timeline audit verify` finds what else was changed."
            )
            return
        with ledger.ask() as view:
            doomed = _doomed(view, entry, at_version, with_all=with_all)
            shown = [_line(view, e) for e in doomed.entries] if dry_run else []
            related = [_line(view, e) for e in doomed.related]
        if dry_run:
            asked.output.lines(shown)
            asked.output.note(f"Would erase: {counted(len(shown), 'entry', 'entries')}. Nothing was erased.")
        else:
            items = [following(e, last, Erasure(reason=because, ground=ground)) for e, last in doomed.entries.items()]
            append(asked, ledger, items, by_whom, f"erased {counted(len(items), 'entry', 'entries')} ({ground})")
            scrub(ledger.database)
        if related:
            more = f"\n  and {len(related) - MOST} more" if len(related) > MOST else ""
            listed = "".join(f"\n  {line}" for line in related[:MOST])
            asked.output.note(f"Look at these too: they use a word of its name, or follow from it.{listed}{more}")
        if not dry_run:
            asked.output.hint("Backups, replicas and exported files may still hold it: expire them.")


def _put_back(ledger: Ledger, given: str, at_version: int | None) -> UUID | None:
    """The entry, if it was erased and somebody put its content back."""
    with ledger.ask() as view:
        entry = target_of(view, given, at_version).entry
        return entry if is_put_back(log.streams(view.connection, [entry], as_stored=True)[entry]) else None


def _doomed(view: View, given: str, at_version: int | None, *, with_all: bool) -> Doomed:
    """The entry and, with all, those that name what it registers."""
    target = target_of(view, given, at_version)
    if is_erased(log.streams(view.connection, [target.entry])[target.entry]):
        raise BadData(f"{given} is erased already. Nothing was recorded.")
    found = {target.entry: target.version}
    registered = registration(view.connection, target.entry)
    if registered is None:
        return Doomed(found, derived_from(view.connection, found))
    others = naming(view.connection, registered)
    if others and not with_all:
        shown = "".join(f"\n  {name}" for name in list(others.values())[:MOST])
        more = f"\n  and {len(others) - MOST} more" if len(others) > MOST else ""
        raise BadData(
            f"{registered.id} is named by {counted(len(others), 'other entry', 'other entries')}, which would still say"
            f" who it was:{shown}{more}\n--all erases these too; --dry-run shows them. Nothing was recorded."
        )
    last = log.last_versions(view.connection, list(others), before=view.position + 1)
    found |= {entry: last[entry] for entry in others}
    related = [*in_words(view.connection, registered), *derived_from(view.connection, found)]
    return Doomed(found, [e for e in dict.fromkeys(related) if e not in found])


def _line(view: View, entry: UUID) -> str:
    fact = view.facts([entry]).get(entry)
    said = fact.event.headline(view.headline_name) if fact else "retracted"
    return f"{getattr(fact and fact.event, 'id', '') or entry}: {said}"


COMMANDS = {"erase": erase}

"""`add KIND`: one event from the command line. The options of a kind are made from its fields."""

from __future__ import annotations

from typing import Any

import click

from events import kinds
from timeline.checks import ABOUT, Invalid
from timeline.commands.context import Asked, records
from timeline.commands.fields import Field, built, fields_of, missing, option_of, refused, values_of
from timeline.errors import BadData, UnknownName
from timeline.ledger import Ledger, following, new
from timeline.naming import near
from timeline.reasons import find_entry
from timeline.store import log

KINDS = {kind: cls for kind, cls in kinds.KINDS.items() if kind not in ("correction", "erasure", "key-rotation")}


class KindCommands(click.Group):
    """One command a kind, made when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The kinds, in the order of the vocabulary."""
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a kind; None for an unknown one."""
        return command_of(cmd_name) if cmd_name in KINDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The kind that is meant; a wrong one is answered with the nearest."""
        if args and args[0] not in KINDS and not args[0].startswith("-"):
            raise UnknownName(args[0], near(args[0], KINDS), "kind")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The kinds with what each means."""
        with formatter.section("Kinds"):
            formatter.write_dl([(kind, _summary(cls)) for kind, cls in KINDS.items()])


@click.command(cls=KindCommands)
def add() -> None:
    """Record one event of a KIND. Names may be given for ids; `timeline add KIND --help` lists the options.

    \b
        timeline add departure --person "Naman Goyal" --organization meta --date 2025-02 \\
            --source "bi-2025-05-26 §54"
    """


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").strip().split("\n")[0]


def command_of(kind: str) -> click.Command:
    """The command that records one event of a kind."""
    cls = KINDS[kind]
    fields = fields_of(kind)

    @records
    def run(asked: Asked, by_whom: str | None, about: str | None = None, **given: Any) -> None:
        with asked.ledger() as ledger:
            _record(asked, ledger, kind, fields, given, by_whom, about)

    options = [option_of(f, required=True) for f in fields]
    if cls in ABOUT:
        options.insert(0, click.Option(["--about"], required=True, metavar="ENTRY", help="The entry that it is about."))
    options.append(click.Option(["--recorded-by", "by_whom"], help="Who records.  [TIMELINE_USER]"))
    return click.Command(
        kind,
        callback=run,
        params=[*options, *reversed(getattr(run, "__click_params__", ()))],
        help=(cls.__doc__ or "").replace("\n    ", "\n"),
        short_help=_summary(cls),
    )


def _record(
    asked: Asked,
    ledger: Ledger,
    kind: str,
    fields: list[Field],
    given: dict[str, Any],
    by: str | None,
    about: str | None,
) -> None:
    with ledger.ask() as view:
        values = values_of(view.directory, fields, given)
        if kind == "move":  # the one field that says something by being absent
            values.setdefault("parent", None)
        if lacking := missing(fields, values):
            raise BadData(f"a {kind} needs --{lacking.option}: {lacking.help}. Nothing was recorded.")
        event = built(kind, values, fields)
        if about:
            entry = find_entry(view, about)
            item = following(entry, len(log.streams(view.connection, [entry])[entry]), event)
        else:
            item = new(event)
        line = event.headline(view.headline_name)
    try:
        batch = ledger.record([item], by=by or "")
    except Invalid as problem:
        raise refused(problem, fields, given) from None
    asked.output.text(str(item.originator_id))
    asked.output.note(f"Recorded at position {batch.last}: {line}")
    asked.output.hint(f"Next: timeline why {str(item.originator_id)[:8]}")


COMMANDS = {"add": add}

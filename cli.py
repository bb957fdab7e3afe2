"""The command line: parse, call, print. Each command's module is loaded only when it runs."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from timeline.commands.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: section of the help, module in timeline.commands, what it does in a line
    "demo": ("start", "start", "Make a ledger of Meta's AI research and show it."),
    "init": ("start", "start", "Make an empty ledger."),
    "doctor": ("start", "start", "Check that the ledger and this installation are sound."),
    "as-of": ("look", "state", "Show the state on a day."),
    "who": ("look", "people", "List the people of an organization, its units included."),
    "person": ("look", "people", "Show where a person was, and what is said of them."),
    "org": ("look", "organizations", "Show an organization: head, units, parents, names."),
    "product": ("look", "products", "Show what became of a product or a model."),
    "model": ("look", "products", "The same as product."),
    "deals": ("look", "products", "List deals and amounts."),
    "log": ("look", "events", "List events by date."),
    "search": ("look", "events", "Find names and events by words."),
    "sources": ("look", "sources", "List sources, or everything that one supports."),
    "why": ("look", "sources", "Show an entry: sources, versions, disputes, consequences."),
    "diff": ("look", "diff", "Compare two days, or two states of knowledge."),
    "history": ("look", "history", "Show what was recorded when, by whom and why."),
    "add": ("write", "add", "Record one event."),
    "correct": ("write", "change", "Say instead what is right."),
    "retract": ("write", "change", "Withdraw an entry, or one version of it."),
    "dispute": ("write", "change", "Record that somebody denies or contests an entry."),
    "rank": ("write", "change", "Rank an entry among rival claims."),
    "corroborate": ("write", "change", "Add one more source to an entry."),
    "merge": ("write", "change", "Join two ids that name the same."),
    "alias": ("write", "change", "Let an entity be found by further names."),
    "undo": ("write", "change", "Withdraw everything that one command recorded."),
    "erase": ("write", "erase", "Erase the content of an entry for good, for the law."),
    "import": ("share", "files", "Record what files hold."),
    "export": ("share", "export", "Write events for another program: ical, csv, atom and more."),
    "lint": ("check", "lint", "List contradictions and gaps."),
    "audit": ("check", "audit", "Seal the log, and find out whether anybody rewrote it."),
    "schema": ("check", "schema", "Print the JSON Schema of a kind, or of all."),
    "date": ("check", "dates", "Explain EDTF dates."),
    "projections": ("run", "projections", "Show how projections stand, or make them anew."),
    "migrate": ("run", "projections", "Bring the ledger of an older version up to date."),
    "backup": ("run", "backup", "Copy the ledger into one verified file."),
    "restore": ("run", "backup", "Make a ledger of a backup."),
    "serve": ("run", "serve", "Serve the ledger to browsers, calendars and programs."),
    "token": ("run", "tokens", "Make, list and revoke the tokens that let programs in."),
    "webhook": ("run", "webhooks", "Tell other services what is recorded, signed, over HTTP."),
    "roles": ("run", "roles", "Make the roles of a ledger on PostgreSQL."),
    "completion": ("run", "completion", "Print the completion script of a shell."),
}
VERDICTS = ("audit", "doctor", "lint", "projections", "migrate")
"""Commands whose exit status says what they found: if nobody reads it to the end, it is not 0 but that of SIGPIPE."""

SECTIONS = {
    "start": "Start",
    "look": "Look",
    "write": "Write",
    "share": "Share",
    "check": "Check",
    "run": "Run",
}


class Commands(LazyGroup):
    """All commands; their names may be mistyped, and the reader of what they print may go away."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a wrong name is answered with the nearest ones."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from timeline.naming import near

            close = near(args[0], COMMANDS)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; that the reader of a pipe has seen enough is no failure, as click has it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _write_nowhere()
            ctx.exit(141 if ctx.invoked_subcommand in VERDICTS else 0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section."""
        for section, title in SECTIONS.items():
            rows = [(name, text) for name, (where, _, text) in COMMANDS.items() if where == section]
            with formatter.section(title):
                formatter.write_dl(rows)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from timeline.release import release

        click.echo(f"timeline {release()}")
        ctx.exit()


@click.group(
    cls=Commands,
    table={name: (module, text) for name, (_, module, text) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--db", metavar="URL", help="The ledger: a file or postgresql+psycopg://…  [TIMELINE_DB, timeline.db]")
@click.option("--known-at", metavar="WHEN", help="Answer as was known then: a date, an instant, or @position.")
@click.option("--reported-by", metavar="DATE", help="Only what sources had published by then.")
@click.option("--format", "format_", metavar="FORMAT", help="table, json, jsonl or csv.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--ascii", "ascii_", is_flag=True, help="Words in place of marks.")
@click.option("-q", "--quiet", is_flag=True, help="No hints and no progress.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.pass_context
def timeline(ctx: click.Context, /, **options: Any) -> None:
    """Keep the history of organizations from what the press reports; ask what was so on any day, and who says it."""
    ctx.obj = options


def main() -> None:
    """Run the command line; the exit status says what came of it."""
    _prepare_streams()
    try:
        status = timeline.main(prog_name="timeline", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Abort:
        click.echo("interrupted; what was recorded before stays", err=True)
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        _write_nowhere()
        sys.exit(0)
    except Exception as problem:
        if isinstance(problem, OSError) and problem.errno and problem.filename is None:  # neither a file nor a folder
            _write_nowhere()
            click.echo(f"Error: the answer cannot be written: {problem.strerror}", err=True)
            sys.exit(6)
        from events.errors import TimelineError

        if not isinstance(problem, TimelineError):
            import traceback

            traceback.print_exc()
            click.echo("This is a bug in timeline; please report it with the lines above.", err=True)
            sys.exit(70)
        text = str(problem)
        click.echo(text if ": error: " in text else f"Error: {text}", err=True)
        sys.exit(problem.exit_status)


def _prepare_streams() -> None:
    """Closed streams take what comes; what does not go to a terminal is UTF-8, wherever this runs."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process
        elif stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _write_nowhere() -> None:
    """Nothing that is still to be written can fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

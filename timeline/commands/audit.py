"""`audit`: sealing the log, and finding out whether anybody rewrote it. The module of a command is loaded by it."""

from __future__ import annotations

from importlib import import_module

import click

PARTS: dict[str, tuple[str, str]] = {
    # name: module in timeline.commands, what it does in a line
    "key": ("keys", "Make, show and change the key that signs."),
    "seal": ("sealing", "Sign how long the log is and what it holds, and write that outside of the database."),
    "verify": ("verifying", "Check the log, and every checkpoint of it."),
    "prove": ("proofs", "Prove that an entry stands in the log."),
    "prove-consistency": ("proofs", "Prove that a later log begins with an earlier one."),
    "replay": ("proofs", "Fold the log afresh and compare with the stored projections."),
    "bundle": ("proofs", "Write one file that can be checked offline, with other tools."),
}


class Parts(click.Group):
    """The commands of the audit by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; None for a name that does not exist."""
        if cmd_name not in PARTS:
            return None
        module = import_module(f"timeline.commands.{PARTS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in PARTS.items()])


@click.command(cls=Parts)
def audit() -> None:
    """Seal the log, and find out whether anybody rewrote it.

    \b
        timeline audit key create seal.key --origin example.org/meta-ai
        timeline audit seal --key seal.key --to checkpoints/
        timeline audit verify --checkpoint checkpoints/ --key seal.pub
    """


COMMANDS = {"audit": audit}

"""`audit`: sealing the log, and finding out whether anybody rewrote it. The module of a command is loaded by it."""

from __future__ import annotations

import click

from timeline.commands.lazy import LazyGroup

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


@click.group(cls=LazyGroup, table=PARTS)
def audit() -> None:
    """Seal the log, and find out whether anybody rewrote it.

    \b
        timeline audit key create seal.key --origin example.org/meta-ai
        timeline audit seal --key seal.key --to checkpoints/
        timeline audit verify --checkpoint checkpoints/ --key seal.pub
    """


COMMANDS = {"audit": audit}

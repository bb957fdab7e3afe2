"""`completion`: for the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from timeline.commands.context import Asked, acts


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@acts
def completion(asked: Asked, shell: str) -> None:
    """Print the completion script of a shell.

    \b
        timeline completion bash >> ~/.bashrc
    """
    cls = get_completion_class(shell)
    assert cls is not None  # click has all three
    timeline = click.get_current_context().find_root().command
    asked.output.text(cls(timeline, {}, "timeline", "_TIMELINE_COMPLETE").source())


COMMANDS = {"completion": completion}

"""`audit key`: making, showing and changing the key that signs."""

from __future__ import annotations

from pathlib import Path

import click

from timeline.audit import keys
from timeline.commands.context import Asked, acts, records
from timeline.commands.sealing import folder_option, show

FILE = click.Path(path_type=Path)


@click.group("key")
def key() -> None:
    """Make, show and change the key that signs the log.

    The private key stays in a file outside of the database that only its owner can read. The public key, one line of
    text, goes to everybody who is to verify.
    """


@key.command("create")
@click.argument("file", type=FILE)
@click.option(
    "--origin", required=True, metavar="NAME", help="What the log is called in its checkpoints: example.org/meta-ai."
)
@acts
def create(asked: Asked, file: Path, origin: str) -> None:
    """Make a key and write its private half to FILE; prints the public half.

    \b
        timeline audit key create seal.key --origin example.org/meta-ai > seal.pub
    """
    made = keys.create(file, origin)
    asked.output.text(made.key.text)
    asked.output.note(f"The private key is in {file}: keep it away from the database. The line printed is public.")


@key.command("show")
@click.argument("file", type=FILE)
@acts
def show_public(asked: Asked, file: Path) -> None:
    """Print the public half of the key in FILE.

    \b
        timeline audit key show seal.key
    """
    asked.output.text(keys.private(file).key.text)


@key.command("rotate")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@folder_option
@click.option("--because", default="", metavar="WORDS", help="Why, for whoever reads the history later.")
@click.option("--by", default="", help="Who records; your account's name if nothing is said.  [TIMELINE_USER]")
@records
def rotate(asked: Asked, old: Path, new: Path, folder: Path | None, because: str, by: str) -> None:
    """Change from the key in OLD to the one in NEW, made before with the same origin.

    The change is recorded in the log, and sealed by both keys; from then on, seal with the new one. Whoever verifies
    needs both public keys, the old one for the checkpoints before.

    \b
        timeline audit key create new.key --origin example.org/meta-ai
        timeline audit key rotate seal.key new.key --to checkpoints/
    """
    from timeline.audit.rotating import rotate as change

    leaving, coming = keys.private(old), keys.private(new)
    with asked.ledger() as ledger:
        sealed = change(ledger, leaving, coming, folder, because=because, by=by)
    show(asked, sealed)


COMMANDS = {"key": key}

"""`schema`: the JSON Schema of events, for editors and programs."""

from __future__ import annotations

import click

from events.kinds import KINDS, schema
from timeline.commands.context import Asked, acts
from timeline.errors import UnknownName
from timeline.naming import near
from timeline.printing.output import pretty


@click.command("schema")
@click.argument("kind", required=False)
@click.option("--file", "of_file", is_flag=True, help="The schema of a YAML file, for completion in an editor.")
@acts
def schema_command(asked: Asked, kind: str | None, of_file: bool) -> None:
    """Print the JSON Schema of one KIND of event, of all kinds, or (--file) of the files that import reads.

    \b
        timeline schema departure
        timeline schema --file
    """
    if kind is not None and kind not in KINDS:
        raise UnknownName(kind, near(kind, KINDS), "kind")
    if of_file:
        from timeline.imports.yamlschema import file_schema

        asked.output.text(pretty(file_schema()))
    else:
        asked.output.text(pretty(schema(kind)))


COMMANDS = {"schema": schema_command}

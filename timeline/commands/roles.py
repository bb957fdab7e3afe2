"""`roles`: who may read, who may record, who may migrate and erase, on PostgreSQL."""

from __future__ import annotations

import click

from timeline.commands.context import Asked, acts
from timeline.errors import UsageError
from timeline.store.roles import NO_ROLES, OWNER, READER, WRITER, make, statements_for


@click.command("roles")
@click.option("--sql", is_flag=True, help="Only print the statements, for whoever may run them.")
@acts
def roles(asked: Asked, sql: bool) -> None:
    """Make the roles of a ledger on PostgreSQL, and give each its rights; to do it again does no harm.

    timeline_reader reads; timeline_writer also records, and can change or delete nothing of the log; timeline_owner
    migrates, rebuilds and erases. Give one of them to each account. It takes a superuser, or the owner of the database
    who may make roles.

    \b
        timeline --db postgresql://admin@host/ledger roles --sql
    """
    with asked.ledger() as ledger:
        if ledger.database.is_sqlite:
            raise UsageError(NO_ROLES)
        if sql:
            with ledger.database.reading() as connection:
                asked.output.lines(f"{statement};" for statement in statements_for(connection))
            return
        with ledger.database.writing() as connection:
            make(connection)
        asked.output.note(f"Made {READER}, {WRITER} and {OWNER}; {ledger.database.shown} belongs to {OWNER}.")
        asked.output.hint(f"Next: CREATE ROLE ada LOGIN IN ROLE {WRITER}")


COMMANDS = {"roles": roles}

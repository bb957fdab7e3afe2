"""`roles`: who may read, who may record, who may migrate and erase, on PostgreSQL."""

from __future__ import annotations

import click

from timeline.commands.context import Asked, acts
from timeline.errors import UsageError
from timeline.store.roles import OWNER, READER, WRITER, statements_for


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
            raise UsageError("SQLite knows no roles: who may write the file may do everything with it")
        with ledger.database.reading() as connection:
            made = statements_for(connection)
        if sql:
            asked.output.lines(f"{statement};" for statement in made)
            return
        with ledger.database.writing() as connection:
            for statement in made:
                connection.exec_driver_sql(statement)
        asked.output.note(f"Made {READER}, {WRITER} and {OWNER}; {ledger.database.shown} belongs to {OWNER}.")
        asked.output.hint(f"Next: CREATE ROLE ada LOGIN IN ROLE {WRITER}")


COMMANDS = {"roles": roles}

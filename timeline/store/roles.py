"""Three roles on PostgreSQL, each with no more rights than its work takes.

The triggers refuse whoever edits the log by mistake; the owner of a table can drop its triggers. So those who only
read or record should own nothing, and then the database itself keeps them from everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, inspect

READER, WRITER, OWNER = "timeline_reader", "timeline_writer", "timeline_owner"

_MAKE = "DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"

_RECORDS = {
    "events": "INSERT",
    "payloads": "INSERT",
    "tree_nodes": "INSERT",
    "log_head": "UPDATE",
    "checkpoints": "INSERT",
    "tracking": "INSERT, UPDATE",
    "numbers": "INSERT",
    "entry_keys": "INSERT",
    "schema_version": "",
    "tokens": "INSERT, UPDATE",
    "idempotency": "INSERT, DELETE",
    "webhooks": "INSERT, UPDATE, DELETE",
    "webhook_failures": "INSERT, UPDATE, DELETE",
}
"""What recording does to each table besides reading it; to one that is not named here, a projection, see below."""

_PROJECTION = "INSERT, UPDATE"
"""New rows, and `known_to` of those that are no longer so. No role but the owner deletes any of them."""

_SECRET = ("webhooks",)
"""What readers may not read: here stand the keys that messages are signed with."""

_FUNCTIONS = ("timeline_refuse", "timeline_erased")

NO_ROLES = "SQLite knows no roles: who may write the file may do everything with it"


def statements(database: str, schema: str, tables: Iterable[str]) -> Iterator[str]:
    """The SQL that makes the roles and gives them their rights; to run it again does no harm.

    Database and schema are given as SQL has them, quoted where they have to be; `tables` are those of the ledger. It
    takes a superuser, or the owner of all of these who may also make roles.
    """
    names = sorted(tables)
    for role in (READER, WRITER, OWNER):
        yield _MAKE.format(role=role)
    yield f"GRANT {READER} TO {WRITER}"
    yield f"GRANT CONNECT ON DATABASE {database} TO {READER}, {OWNER}"
    yield f"GRANT TEMPORARY ON DATABASE {database} TO {WRITER}, {OWNER}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {READER}"
    yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {OWNER}"
    for name in names:
        yield from _rights(schema, name)
    for name in _FUNCTIONS:
        yield f"ALTER FUNCTION {schema}.{name}() OWNER TO {OWNER}"
    yield f"ALTER DATABASE {database} OWNER TO {OWNER}"


def _rights(schema: str, name: str) -> Iterator[str]:
    yield f"ALTER TABLE {schema}.{name} OWNER TO {OWNER}"
    yield f"REVOKE ALL ON {schema}.{name} FROM PUBLIC, {READER}, {WRITER}"
    yield f"GRANT SELECT ON {schema}.{name} TO {WRITER if name in _SECRET else READER}"
    if more := _RECORDS.get(name, _PROJECTION):
        yield f"GRANT {more} ON {schema}.{name} TO {WRITER}"


_HERE = "SELECT quote_ident(current_database()), quote_ident(current_schema())"


def statements_for(connection: Connection) -> list[str]:
    """The same for the ledger of a connection."""
    database, schema = connection.exec_driver_sql(_HERE).one()
    return list(statements(str(database), str(schema), inspect(connection).get_table_names()))


def hand_on(connection: Connection, old: str, new: str) -> None:
    """Give a table the owner and the rights of the one whose place it will take."""
    owner = "SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = %s::regclass"
    granted = """
        SELECT r.privilege_type, CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END
        FROM pg_class AS c, aclexplode(c.relacl) AS r WHERE c.oid = %s::regclass AND r.grantee <> c.relowner"""
    belongs: Any = connection.exec_driver_sql(owner, (old,)).scalar()
    for privilege, grantee in connection.exec_driver_sql(granted, (old,)).all():
        connection.exec_driver_sql(f"GRANT {privilege} ON {new} TO {grantee}")
    if belongs != connection.exec_driver_sql(owner, (new,)).scalar():
        connection.exec_driver_sql(f"ALTER TABLE {new} OWNER TO {belongs}")


def give_rights(connection: Connection, names: Iterable[str]) -> None:
    """Give new tables the rights of the roles, in a ledger that has these; any other is left as it is."""
    query = """
        SELECT pg_get_userbyid(relowner), quote_ident(current_schema()) FROM pg_class WHERE oid = 'events'::regclass"""
    owner, schema = connection.exec_driver_sql(query).one()
    if owner == OWNER:
        for statement in (s for name in names for s in _rights(schema, name)):
            connection.exec_driver_sql(statement)


def make(connection: Connection) -> None:
    """Make the roles, and give each its rights; to do it again does no harm."""
    for statement in statements_for(connection):
        connection.exec_driver_sql(statement)

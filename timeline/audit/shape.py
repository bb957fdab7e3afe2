"""Whether the tables of the log are what was created: tables, with the triggers that keep them, and nothing over them.

What is expected is read from the statements that create a ledger, so there is no second list to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Dialect, create_engine
from sqlalchemy.dialects import postgresql

from timeline.audit.findings import Findings
from timeline.state.tables import TABLES, entry_keys, numbers
from timeline.store import tables

LOG = tuple(sorted(tables.metadata.tables))
"""The tables of the log."""

SERVICE = tuple(sorted(tables.service.tables))
"""The tables of the service, which a ledger from before there were tokens has not. Their rows prove nothing."""

PROJECTIONS = (numbers.name, entry_keys.name, *(table.table.name for table in TABLES.values()))
"""The tables that answers are read from: whose rows are right, a replay tells."""


def check_shape(connection: Connection, findings: Findings) -> bool:
    """Note what is not as it was created. False if the log cannot be read because a table is missing."""
    if connection.dialect.name == "sqlite":
        return _check_sqlite(connection, findings)
    return _check_postgresql(connection, findings)


# -- SQLite -----------------------------------------------------------------------------------------------------------


def _check_sqlite(connection: Connection, findings: Findings) -> bool:
    expected, found = _as_created(), _master(connection, "main")
    for (sort, name), statement in expected.items():
        there = found.get((sort, name))
        if there is None and statement.table in SERVICE and not any(n == statement.table for _, n in found):
            continue
        if there is None:
            other = next((s for s, n in found if n == name), "nothing")
            findings.add("shape", f"{sort} {name}", f"a {sort}", "none" if other == "nothing" else f"a {other}")
        elif there.statement != statement.statement:
            findings.add("shape", f"{sort} {name}", statement.statement, there.statement)
    for (sort, name), there in found.items():
        if sort == "trigger" and (sort, name) not in expected:
            findings.add("shape", f"{sort} {name}", f"no such trigger on {there.table}", there.statement)
        elif sort == "view" and name.lower() in {*LOG, *SERVICE, *PROJECTIONS}:
            findings.add("shape", f"view {name}", "a table", "a view")
        elif sort == "index" and there.table.lower() in (*LOG, *SERVICE) and there.statement:
            findings.add("shape", f"index {name}", f"no such index on {there.table}", there.statement)
    for (sort, name), there in _master(connection, "temp").items():
        if sort == "trigger" or {name.lower(), there.table.lower()} & {*LOG, *SERVICE, *PROJECTIONS}:
            findings.add("shape", f"temporary {sort} {name}", "nothing over the ledger", there.statement)
    if ("table", "events") in found:
        _check_index(connection, findings)
    return {("table", name) for name in LOG} <= {("table" if s == "view" else s, n) for s, n in found}


def _check_index(connection: Connection, findings: Findings) -> None:
    """The index of entries and versions leads to the rows of its table: else it hides some, or shows others."""
    for (said,) in connection.exec_driver_sql("PRAGMA main.integrity_check('events')").all():
        if said != "ok":
            findings.add("shape", "the table events and its index", "one and the same", said)


class _Made(NamedTuple):
    table: str
    statement: str


def _as_created() -> dict[tuple[str, str], _Made]:
    """The tables and triggers of a ledger that was made just now."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        tables.create(connection)
        made = _master(connection, "main")
    engine.dispose()
    return made


def _master(connection: Connection, schema: str) -> dict[tuple[str, str], _Made]:
    """Everything that was created, by sort and name; an index that a constraint makes has no statement of its own."""
    query = f"SELECT type, name, tbl_name, sql FROM {schema}.sqlite_master ORDER BY name"
    if schema == "temp":
        query = query.replace("temp.sqlite_master", "sqlite_temp_master")
    return {
        (sort, name): _Made(table, " ".join((statement or "").split()))
        for sort, name, table, statement in connection.exec_driver_sql(query)
    }


# -- PostgreSQL -------------------------------------------------------------------------------------------------------

_ROW, _BEFORE = 1, 2
_EVENTS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", re.DOTALL)
_TRIGGER = re.compile(
    r"CREATE TRIGGER (\w+) BEFORE ([A-Z ]+?) ON (\w+)\s+FOR EACH (ROW|STATEMENT) EXECUTE FUNCTION (\w+)\(\)"
)

_RELATIONS = """
    SELECT c.relname, n.nspname, c.relkind, c.relpersistence, c.relrowsecurity OR c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid),
           EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhrelid, i.inhparent)),
           c.oid = to_regclass(c.relname),
           n.nspname = ANY (current_schemas(true)) OR pg_is_other_temp_schema(n.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = ANY (%(names)s) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    ORDER BY c.relname, n.nspname"""
_TRIGGERS = """
    SELECT t.tgname, c.relname, t.tgtype, t.tgenabled, t.tgqual IS NOT NULL OR t.tgnargs > 0 OR p.proconfig IS NOT NULL,
           p.proname, p.prosrc
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))
    ORDER BY t.tgname, c.relname"""
_CONSTRAINTS = """
    SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.contype <> 'n'
      AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))"""
_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ', not null' ELSE '' END
           || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ', filled by the database' ELSE '' END
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped
      AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))
    ORDER BY c.relname, a.attnum"""
_INDEXES = """
    SELECT i.relname, c.relname, pg_get_indexdef(i.oid)
    FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS c ON c.oid = x.indrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u'))
      AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))
    ORDER BY i.relname"""
_DISABLED = """
    SELECT count(*) FROM pg_trigger AS t
    WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.tgrelid IN (to_regclass('events'), to_regclass('payloads'))"""
_SETTINGS = """
    SELECT setting FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND split_part(setting, '=', 1) IN ('search_path', 'session_replication_role', 'row_security')"""


def _check_postgresql(connection: Connection, findings: Findings) -> bool:
    found = _check_relations(connection, findings)
    for name in sorted(set(LOG) - found):
        findings.add("shape", f"table {name}", "a table", "none")
    _check_columns(connection, findings, found)
    _check_triggers(connection, findings)
    _check_constraints(connection, findings)
    for (setting,) in connection.exec_driver_sql(_SETTINGS):
        findings.add("shape", "settings of the database and its roles", "none that lead past the log", setting)
    return found >= set(LOG)


def _check_relations(connection: Connection, findings: Findings) -> set[str]:
    """What stands under the names of the log and of the projections must be plain tables; gives which are there."""
    found = set()
    for name, schema, kind, lasts, row_security, rules, inherits, is_meant, is_near in connection.exec_driver_sql(
        _RELATIONS, {"names": [*LOG, *SERVICE, *PROJECTIONS]}
    ):
        if not is_meant:
            if is_near:
                findings.add("shape", f"{schema}.{name}", f"one {name} on the search path", "another one")
            continue
        found.add(name)
        is_table = (_char(kind), _char(lasts)) == ("r", "p")
        said = {"a table": is_table, "no rules": not rules or not is_table, "no row security": not row_security}
        for expected, holds in (said | {"no inheritance": not inherits}).items():
            if not holds:
                other = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}.get(
                    _char(kind), "another sort"
                )
                findings.add("shape", f"table {name}", expected, other if expected == "a table" else "some")
    return found


def _check_columns(connection: Connection, findings: Findings, there: set[str]) -> None:
    """The columns of the log are those that it was made with, and nothing computes in them or in an index."""
    names = {"names": [*LOG, *SERVICE]}
    made: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has no types for it
    expected = {
        (name, column.name): f"{column.type.compile(made).lower()}{'' if column.nullable else ', not null'}"
        for name, table in (*tables.metadata.tables.items(), *tables.service.tables.items())
        if name in there
        for column in table.columns
    }
    found = {(table, column): said for table, column, said in connection.exec_driver_sql(_COLUMNS, names)}
    for table, column in sorted(expected.keys() | found.keys()):
        wanted, said = expected.get((table, column), "none"), found.get((table, column), "none")
        if wanted != said:
            findings.add("shape", f"column {column} of {table}", wanted, said)
    for index, table, statement in connection.exec_driver_sql(_INDEXES, names):
        findings.add("shape", f"index {index}", f"no such index on {table}", statement)


class _Trigger(NamedTuple):
    table: str
    type: int
    enabled: str
    has_conditions: bool
    function: str
    body: str

    def __str__(self) -> str:
        when = " or ".join(name for name, bit in _EVENTS.items() if self.type & bit)
        off = {"O": "", "D": ", disabled", "R": ", on replicas only", "A": ", always"}[self.enabled]
        only = ", under a condition" if self.has_conditions else ""
        return f"{when} on {self.table}{off}{only}: {self.function}: {' '.join(self.body.split())}"


def _check_triggers(connection: Connection, findings: Findings) -> None:
    expected = {(name, trigger.table): trigger for name, trigger in _expected_triggers()}
    found = {
        (name, table): _Trigger(table, kind, _char(enabled), has_conditions, function, body)
        for name, table, kind, enabled, has_conditions, function, body in connection.exec_driver_sql(
            _TRIGGERS, {"names": [*LOG, *SERVICE, *PROJECTIONS]}
        )
    }
    for at in sorted(expected | found):
        if expected.get(at) != found.get(at):
            findings.add("shape", f"trigger {at[0]}", expected.get(at, "none"), found.get(at, "none"))
    if connection.exec_driver_sql(_DISABLED).scalar():
        findings.add("shape", "foreign keys of the log", "enabled", "disabled")
    if (role := connection.exec_driver_sql("SHOW session_replication_role").scalar()) != "origin":
        findings.add("shape", "session_replication_role", "origin, so that triggers fire", role)


def _expected_triggers() -> Iterator[tuple[str, _Trigger]]:
    """The triggers that the statements for a new ledger make."""
    bodies = {}
    for statement in tables.POSTGRESQL_TRIGGERS:
        if function := _FUNCTION.search(statement):
            bodies[function[1]] = function[2]
        elif trigger := _TRIGGER.search(statement):
            name, when, table, each, called = trigger.groups()
            bits = _BEFORE + _ROW * (each == "ROW") + sum(_EVENTS[word] for word in when.split(" OR "))
            yield name, _Trigger(table, bits, "O", False, called, bodies[called])
        else:  # a statement of another form would be passed over in silence
            raise NotImplementedError(statement)


def _check_constraints(connection: Connection, findings: Findings) -> None:
    found = {tuple(row) for row in connection.exec_driver_sql(_CONSTRAINTS, {"names": ["events", "payloads"]})}
    wanted = {
        ("events", 'PRIMARY KEY ("position")'),
        ("events", "UNIQUE (entry_id, version)"),
        ("payloads", 'PRIMARY KEY ("position")'),
        ("payloads", 'FOREIGN KEY ("position") REFERENCES events("position")'),
    }
    for table, constraint in sorted(wanted - found):
        findings.add("shape", f"table {table}", constraint, "no such constraint")
    for table, constraint in sorted(found - wanted):
        findings.add("shape", f"table {table}", "no such constraint", constraint)


def _char(value: object) -> str:
    """PostgreSQL's "char" type, which the driver gives as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)

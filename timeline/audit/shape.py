"""Whether the tables of the log are what was created: tables, with the triggers that keep them, and nothing over them.

What is expected is read from the statements that create a ledger, so there is no second list to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, create_engine

from timeline.audit.findings import Findings
from timeline.state.tables import TABLES
from timeline.store import tables

LOG = tuple(sorted(tables.metadata.tables))
"""The tables of the log."""


def check_shape(connection: Connection, findings: Findings) -> bool:
    """Note what is not as it was created. False if the log cannot be read because a table is missing."""
    if connection.dialect.name == "sqlite":
        return _check_sqlite(connection, findings)
    return _check_postgresql(connection, findings)


# -- SQLite -----------------------------------------------------------------------------------------------------------


def _check_sqlite(connection: Connection, findings: Findings) -> bool:
    expected, found = _as_created(), _master(connection, "main")
    projections = {table.table.name for table in TABLES.values()}
    for (sort, name), statement in expected.items():
        there = found.get((sort, name))
        if there is None:
            other = next((s for s, n in found if n == name), "nothing")
            findings.add("shape", f"{sort} {name}", f"a {sort}", "none" if other == "nothing" else f"a {other}")
        elif there.statement != statement.statement:
            findings.add("shape", f"{sort} {name}", statement.statement, there.statement)
    for (sort, name), there in found.items():
        if sort == "trigger" and (sort, name) not in expected:
            findings.add("shape", f"{sort} {name}", f"no such trigger on {there.table}", there.statement)
        elif sort == "view" and name.lower() in {*LOG, *projections}:
            findings.add("shape", f"view {name}", "a table", "a view")
        elif sort == "index" and there.table.lower() in LOG and there.statement:
            findings.add("shape", f"index {name}", f"no such index on {there.table}", there.statement)
    for (sort, name), there in _master(connection, "temp").items():
        if sort == "trigger" or {name.lower(), there.table.lower()} & {*LOG, *projections}:
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
           c.relhasrules, c.relhassubclass OR c.relispartition, c.oid = to_regclass(c.relname),
           n.nspname = ANY (current_schemas(true)) OR pg_is_other_temp_schema(n.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = ANY (%(names)s) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    ORDER BY c.relname, n.nspname"""
_TRIGGERS = """
    SELECT t.tgname, c.relname, t.tgtype, t.tgenabled, t.tgqual IS NOT NULL OR t.tgnargs > 0, p.proname, p.prosrc
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))
    ORDER BY t.tgname"""
_CONSTRAINTS = """
    SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'f') AND k.convalidated
      AND c.oid = ANY (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS given (name))"""
_DISABLED = """
    SELECT count(*) FROM pg_trigger AS t
    WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.tgrelid IN (to_regclass('events'), to_regclass('payloads'))"""
_SETTINGS = """
    SELECT setting FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND split_part(setting, '=', 1) IN ('search_path', 'session_replication_role', 'row_security')"""


def _check_postgresql(connection: Connection, findings: Findings) -> bool:
    names = {"names": list(LOG)}
    found = set()
    for name, schema, kind, lasts, row_security, rules, inherits, is_meant, is_near in connection.exec_driver_sql(
        _RELATIONS, names
    ):
        if not is_meant:
            if is_near:
                findings.add("shape", f"{schema}.{name}", f"one {name} on the search path", "another one")
            continue
        found.add(name)
        is_table = (_char(kind), _char(lasts)) == ("r", "p")
        said = {"a table": is_table, "no rules": not rules, "no row security": not row_security}
        for expected, holds in (said | {"no inheritance": not inherits}).items():
            if not holds:
                findings.add("shape", f"table {name}", expected, "something else" if expected == "a table" else "some")
    for name in sorted(set(LOG) - found):
        findings.add("shape", f"table {name}", "a table", "none")
    _check_triggers(connection, findings)
    _check_constraints(connection, findings)
    for (setting,) in connection.exec_driver_sql(_SETTINGS):
        findings.add("shape", "settings of the database and its roles", "none that lead past the log", setting)
    return found >= set(LOG)


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
    expected = dict(_expected_triggers())
    names = [*LOG, *(table.table.name for table in TABLES.values())]
    found = {
        name: _Trigger(table, kind, _char(enabled), has_conditions, function, body)
        for name, table, kind, enabled, has_conditions, function, body in connection.exec_driver_sql(
            _TRIGGERS, {"names": names}
        )
    }
    for name in sorted(expected | found):
        if expected.get(name) != found.get(name):
            findings.add("shape", f"trigger {name}", expected.get(name, "none"), found.get(name, "none"))
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
    for wanted in (
        ("events", 'PRIMARY KEY ("position")'),
        ("events", "UNIQUE (entry_id, version)"),
        ("payloads", 'PRIMARY KEY ("position")'),
        ("payloads", 'FOREIGN KEY ("position") REFERENCES events("position")'),
    ):
        if wanted not in found:
            findings.add("shape", f"table {wanted[0]}", wanted[1], "no such constraint")


def _char(value: object) -> str:
    """PostgreSQL's "char" type, which the driver gives as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)

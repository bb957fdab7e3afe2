"""The tables of the log and the triggers that keep it append-only.

`events` is what an auditor proves; `payloads` holds what was said, apart, so that one entry can be erased and the proof
that something stood there remains. `log_head` is one row: the last position given, the last recorded time, and the
tree over the log as far as it is needed to go on. Writers lock it, so positions follow commit order without gaps; a
deleted tail of the log shows as a head beyond the last event.

The tables of the service are no part of the log: what stands in them can be changed, and nothing is proved of it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

SCHEMA_VERSION = 4
"""Raised when a table here changes, with a revision in `migrations` that leads to it from the version before; a ledger
of another version is refused until it is migrated."""

metadata = MetaData()

Position = BigInteger().with_variant(Integer, "sqlite")  # INTEGER makes it SQLite's rowid

events = Table(
    "events",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("batch", BigInteger, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),  # microseconds since 1970-01-01T00:00:00Z
    Column("recorded_by", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of salt and state
    UniqueConstraint("entry_id", "version", name="events_entry_version"),
)

payloads = Table(
    "payloads",
    metadata,
    Column("position", Position, ForeignKey("events.position"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),  # 128 random bits, so that a withheld event cannot be guessed
    Column("state", LargeBinary, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),  # the complete subtrees of the log, largest first
)

tree_nodes = Table(
    "tree_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("node", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Complete subtrees of the log at every eighth level: `node` counts those of a level from 0."""

tracking = Table(
    "tracking",
    metadata,
    Column("application", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("sealed_at", BigInteger, nullable=False),
)

schema_version = Table(
    "schema_version",
    metadata,
    Column("part", Text, primary_key=True),  # "log", or the name of a projection
    Column("version", Integer, nullable=False),
)

service = MetaData()
"""What `timeline serve` needs besides."""

tokens = Table(
    "tokens",
    service,
    Column("id", Text, primary_key=True),  # stands in the token, and is no secret
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # with blanks between them
    Column("feed", Text, nullable=False),  # of a private feed, what it is of: a path with its query; else empty
    Column("hash", LargeBinary, nullable=False),  # SHA-256 of the secret
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

idempotency = Table(
    "idempotency",
    service,
    Column("token", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),  # SHA-256 of what was asked for
    Column("location", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Answers to requests that recorded something, by the key that a program gave them. No name and no content stands here,
so an erasure leaves nothing."""

webhooks = Table(
    "webhooks",
    service,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # readable: who signs needs the key itself, a hash of it would not do
    Column("filters", Text, nullable=False),  # JSON
    Column("allow_private", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),  # everything up to it was delivered, given up or not asked for
    Column("attempts", Integer, nullable=False),  # of the message that is next
    Column("next_try", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("leased_by", Text, nullable=False),  # the one of several services that sends now
    Column("leased_until", BigInteger, nullable=False),
    Column("paused_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

webhook_failures = Table(
    "webhook_failures",
    service,
    Column("webhook", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),  # the last one of the message
    Column("message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("died_at", BigInteger, nullable=False),
)
"""Messages that were given up: where in the log they are read anew, and nothing of what they said."""

_REFUSED = "the log is append-only"

SQLITE_TRIGGERS = (
    # A REPLACE deletes without firing delete triggers, so an insert may only ever follow the last position.
    f"""CREATE TRIGGER events_only_at_the_end BEFORE INSERT ON events
        WHEN NEW.position <> coalesce((SELECT max(position) FROM events), 0) + 1
          OR EXISTS (SELECT 1 FROM events WHERE entry_id = NEW.entry_id AND version = NEW.version)
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}: this position or version exists'); END""",
    f"""CREATE TRIGGER events_no_update BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    f"""CREATE TRIGGER events_no_delete BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    f"""CREATE TRIGGER payloads_only_new BEFORE INSERT ON payloads
        WHEN EXISTS (SELECT 1 FROM payloads WHERE position = NEW.position)
          OR NOT EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    f"""CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    """CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads
        WHEN NOT EXISTS (
            SELECT 1 FROM events AS gone JOIN events AS erasure USING (entry_id)
            WHERE gone.position = OLD.position AND erasure.kind = 'erasure' AND erasure.position > gone.position)
        BEGIN SELECT RAISE(ABORT, 'a payload goes only after an erasure event of its entry'); END""",
)

POSTGRESQL_TRIGGERS = (
    f"""CREATE OR REPLACE FUNCTION timeline_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
        FOR EACH ROW EXECUTE FUNCTION timeline_refuse()""",
    """CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION timeline_refuse()""",
    """CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
        FOR EACH ROW EXECUTE FUNCTION timeline_refuse()""",
    """CREATE TRIGGER payloads_no_truncate BEFORE TRUNCATE ON payloads
        FOR EACH STATEMENT EXECUTE FUNCTION timeline_refuse()""",
    """CREATE OR REPLACE FUNCTION timeline_erased() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT 1 FROM events AS gone JOIN events AS erasure USING (entry_id)
                WHERE gone.position = OLD.position AND erasure.kind = 'erasure' AND erasure.position > gone.position)
            THEN RAISE EXCEPTION 'a payload goes only after an erasure event of its entry'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$""",
    """CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads
        FOR EACH ROW EXECUTE FUNCTION timeline_erased()""",
)


def create(connection: Connection) -> None:
    """Make the empty log: tables, triggers, head. The caller's transaction makes it whole or not at all."""
    create_tables(connection)
    create_triggers(connection)
    connection.execute(log_head.insert().values(id=1, position=0, recorded_at=0, frontier=b""))


def create_tables(connection: Connection) -> None:
    """Make the tables only, empty but for their version: for who fills them from another ledger."""
    metadata.create_all(connection, checkfirst=False)
    service.create_all(connection, checkfirst=False)
    connection.execute(schema_version.insert().values(part="log", version=SCHEMA_VERSION))


def create_triggers(connection: Connection) -> None:
    """Make the triggers that keep the log append-only."""
    for statement in SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        connection.exec_driver_sql(statement)

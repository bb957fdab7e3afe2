"""Somebody with every right on the database: opens it by hand, changes what stands there, and covers the tracks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from timeline.audit.growing import Growing
from timeline.audit.leaves import hash_of
from timeline.audit.notes import Checkpoint, Signer, signed
from timeline.store import tables
from timeline.store.log import SALT_BYTES, digest_of

EVENT = "position, batch, entry_id, version, kind, recorded_at, recorded_by, digest"


class Attacker:
    """The database without its guards."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        self.connection: Any
        if self.is_sqlite:
            self.connection = sqlite3.connect(str(address.database))
        else:
            self.connection = psycopg.connect(
                host=str(address.query["host"]), user=address.username, dbname=address.database
            )

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Any statement; `?` stands for a value."""
        if self.is_sqlite:
            return list(self.connection.execute(statement, values).fetchall())
        cursor = self.connection.execute(statement.replace("?", "%s"), values or None)
        return list(cursor.fetchall()) if cursor.description else []

    def row(self, statement: str, *values: Any) -> Any:
        """One row, if there is one."""
        (found,) = self.run(statement, *values)
        return found

    # -- guards --------------------------------------------------------------------------------------------------------

    def drop_guards(self) -> None:
        """No triggers, and no foreign keys."""
        if self.is_sqlite:
            for (name,) in self.run("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                self.run(f"DROP TRIGGER {name}")
        else:
            self.run("ALTER TABLE events DISABLE TRIGGER ALL")
            self.run("ALTER TABLE payloads DISABLE TRIGGER ALL")

    def restore_guards(self) -> None:
        """As if nothing had been."""
        if self.is_sqlite:
            for statement in tables.SQLITE_TRIGGERS:
                self.run(statement)
        else:
            self.run("ALTER TABLE events ENABLE TRIGGER ALL")
            self.run("ALTER TABLE payloads ENABLE TRIGGER ALL")

    # -- changing ------------------------------------------------------------------------------------------------------

    def state(self, position: int) -> bytes:
        return bytes(self.row("SELECT state FROM payloads WHERE position = ?", position)[0])

    def rewrite(self, position: int, state: bytes, kind: str | None = None) -> None:
        """Put other bytes into the place of an event's, with the digest that fits."""
        salt = os.urandom(SALT_BYTES)
        self.run("UPDATE payloads SET salt = ?, state = ? WHERE position = ?", salt, state, position)
        self.run("UPDATE events SET digest = ? WHERE position = ?", digest_of(salt, state), position)
        if kind is not None:
            self.run("UPDATE events SET kind = ? WHERE position = ?", kind, position)

    def delete(self, position: int) -> None:
        """Take an event out."""
        self.run("DELETE FROM payloads WHERE position = ?", position)
        self.run("DELETE FROM events WHERE position = ?", position)

    def close_gap(self, position: int) -> None:
        """Number everything behind a position anew; each batch ends where it ends now."""
        for (later,) in self.run("SELECT position FROM events WHERE position > ? ORDER BY position", position):
            self.run("UPDATE events SET position = position - 1 WHERE position = ?", later)
            self.run("UPDATE payloads SET position = position - 1 WHERE position = ?", later)
        self.run("UPDATE events SET batch = batch - 1 WHERE batch >= ?", position)

    def cut(self, size: int) -> None:
        """Only so many events remain."""
        for (position,) in self.run("SELECT position FROM events WHERE position > ?", size):
            self.delete(position)
        self.run("UPDATE events SET batch = ? WHERE batch > ?", size, size)

    def add(self, state: bytes, kind: str) -> None:
        """Append an event as the program would."""
        position, at, by = self.row(
            "SELECT position + 1, recorded_at, recorded_by FROM events ORDER BY position DESC LIMIT 1"
        )
        salt = os.urandom(SALT_BYTES)
        entry = os.urandom(16).hex()
        values = (position, position, entry, 1, kind, at, by, digest_of(salt, state))
        self.run(f"INSERT INTO events ({EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        self.run("INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)", position, salt, state)

    def cover_up(self) -> None:
        """Make head and tree from the events that stand there now."""
        tree, nodes = Growing(), []
        rows = self.run(f"SELECT {EVENT} FROM events ORDER BY position")
        for position, batch, entry, version, kind, at, by, digest in rows:
            uuid = entry if isinstance(entry, UUID) else UUID(entry)
            nodes += tree.extend([hash_of(position, batch, uuid, version, kind, at, by, bytes(digest))])
        self.run("DELETE FROM tree_nodes")
        for node in nodes:
            self.run("INSERT INTO tree_nodes (level, node, hash) VALUES (?, ?, ?)", *node)
        last = (rows[-1][0], rows[-1][5]) if rows else (0, 0)
        self.run("UPDATE log_head SET position = ?, recorded_at = ?, frontier = ?", *last, b"".join(tree.frontier()))
        self.tree = tree

    def seal_again(self, signer: Signer) -> None:
        """Replace all checkpoints in the database by one of what stands there now."""
        self.run("DELETE FROM checkpoints")
        note = signed(Checkpoint(signer.key.name, self.tree.size, self.tree.root()).text, [signer])
        self.run("INSERT INTO checkpoints (size, note, sealed_at) VALUES (?, ?, 0)", self.tree.size, note)


@contextmanager
def attacking(url: str, *, restore: bool = True) -> Iterator[Attacker]:
    """Change what is not to be changed; afterwards the guards are back, unless they stay away."""
    attacker = Attacker(url)
    attacker.drop_guards()
    try:
        yield attacker
        if restore:
            attacker.restore_guards()
        attacker.connection.commit()
    finally:
        attacker.connection.close()

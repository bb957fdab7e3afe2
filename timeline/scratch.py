"""Temporary databases, for what may be longer than memory: what to say where there is no room for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from timeline.errors import StoreError


@contextmanager
def explained() -> Iterator[None]:
    """Raises StoreError where SQLite cannot write a temporary file. What the ledger itself says passes through."""
    try:
        yield
    except sqlite3.Error as problem:
        name = getattr(problem, "sqlite_errorname", "")
        if not name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")):
            raise
        why = "no room for temporary files; nothing was recorded"
        raise StoreError(f"{why}: {problem} (TMPDIR says where they lie)", why) from problem

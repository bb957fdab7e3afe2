"""How a writer on SQLite waits for writers of other processes.

SQLite looks whether the lock is free after 1 ms, then ever more seldom, and after a third of a second every 100 ms; so
whoever comes late gets in before those who have waited long, and one of a crowd may wait for half a minute. Here it is
told to wait shortly, again and again, so that everybody looks often.
"""

from __future__ import annotations

import sqlite3
import time

SHORTLY_MS = 50
"""Milliseconds in which SQLite looks at the lock seven times."""


def begin_writing(driver: sqlite3.Connection, seconds: float) -> None:
    """Begin a transaction that holds the write lock, after so long a wait at most; otherwise OperationalError."""
    until = time.monotonic() + seconds
    driver.execute(f"PRAGMA busy_timeout = {SHORTLY_MS}")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= until:
                    raise
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

"""Ledgers as older versions of the program left them: a dump for each form that their tables ever had.

All but one were recorded by the same calls, the last ones with an erasure and a token besides; the first holds the same
events, appended to a log that had nothing beside it yet.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy import make_url

FOLDER = Path(__file__).parent / "ledgers"


class Form(NamedTuple):
    """One form of a ledger, on one sort of database."""

    engine: str
    name: str

    @property
    def dump(self) -> str:
        return (FOLDER / f"{self.engine}-{self.name}.sql").read_text("utf-8")

    @property
    def has_erasure(self) -> bool:
        return self.name in ("refusing-trigger", "before-tokens", "service")

    def __str__(self) -> str:
        return f"{self.engine}-{self.name}"


FORMS = [Form(*path.stem.split("-", 1)) for path in sorted(FOLDER.glob("*.sql"))]


def load(form: Form, url: str) -> None:
    """Bring the ledger into an empty database."""
    if form.engine == "sqlite":
        connection = sqlite3.connect(make_url(url).database or "")
        connection.executescript(form.dump)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        server.execute(form.dump.encode())

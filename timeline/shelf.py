"""Several ledgers in one place: the files of a folder, or the schemas of a database on PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from timeline.errors import StoreError
from timeline.store.database import SCHEMA, Database, schema_of, url_of

_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SCHEMAS = """
    SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = 'log_head' AND c.relkind = 'r' AND has_schema_privilege(n.oid, 'USAGE') ORDER BY n.nspname"""


class Shelf:
    """The ledgers of a place, each with a name: that of its file without `.db`, or that of its schema.

    Raises StoreError for a place that is neither a folder nor a database of PostgreSQL.
    """

    def __init__(self, place: str) -> None:
        self._folder: Path | None = None
        self._database: Database | None = None
        if "://" not in place:
            self._folder = Path(place)
            if not place or not self._folder.is_dir():
                raise StoreError(
                    f"{place or 'an empty name'} is no folder: name one with ledgers in it, like NAME.db, or postgresql://…"
                )
            return
        url = url_of(place)
        if url.get_backend_name() == "sqlite" or schema_of(url) is not None:
            raise StoreError("several ledgers are a folder of files, or a PostgreSQL database without ?schema=")
        self._database = Database(url)

    @property
    def shown(self) -> str:
        """How to name the place in a message: never with its password."""
        return str(self._folder) if self._database is None else self._database.shown

    def names(self) -> list[str]:
        """The names of all ledgers, in alphabetical order. Raises StoreError where the place cannot be read."""
        if self._database is None:
            assert self._folder is not None
            try:
                found = [path.stem for path in self._folder.iterdir() if path.suffix == ".db" and _may_be_file(path)]
            except OSError as problem:
                why = f"cannot be read: {problem.strerror}"
                raise StoreError(f"{self.shown} {why}", f"the folder of the ledgers {why}") from problem
            return sorted(name for name in found if _FILE.fullmatch(name))
        with self._database.reading(of_ledger=False) as connection:
            try:
                names = connection.exec_driver_sql(_SCHEMAS).scalars()
            except DBAPIError as problem:
                raise StoreError(f"{self.shown} does not tell its schemas: {problem.orig}") from problem
            return [name for name in names if SCHEMA.fullmatch(name)]

    def address(self, name: str) -> str | None:
        """The address of a ledger, for `Ledger.open`; None where none has the name. Raises StoreError like `names`."""
        if not (_FILE if self._database is None else SCHEMA).fullmatch(name) or name not in self.names():
            return None
        if self._database is None:
            return f"{self._folder}/{name}.db"
        return self._database.url.update_query_dict({"schema": name}).render_as_string(hide_password=False)

    def close(self) -> None:
        """Let the connections go."""
        if self._database is not None:
            self._database.close()


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a link to where nobody may look: whoever opens it is told so
        return True

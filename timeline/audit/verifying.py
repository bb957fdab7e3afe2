"""Whether the log is what was recorded: read once from its beginning, every rule looked at, nothing taken on trust.

What the database says about itself - the head, the kept nodes, its checkpoints - is compared with what its events come
to. What it cannot say, as whoever can write there can write anything, checkpoints and a journal kept elsewhere tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from timeline.audit import order, shape
from timeline.audit.checkpoints import Keys
from timeline.audit.findings import Finding, Findings
from timeline.audit.growing import Growing
from timeline.audit.journaled import Journaled
from timeline.audit.milestones import Reached, milestones
from timeline.audit.reading import Page, any_text, pages
from timeline.audit.tree import EMPTY, HASH, Hash
from timeline.store.database import Database

Progress = Callable[[str, int, int], None]
"""Told of each page: what is done, how many events, of how many."""


class Report(NamedTuple):
    """What came of a verification."""

    size: int
    """How many events the log has."""
    root: Hash
    """The root that they come to."""
    findings: Sequence[Finding]
    """The first ones of each sort."""
    total: int
    """How many there were."""
    outside: int
    """Checkpoints outside of the database that held."""
    inside: int
    """Checkpoints in the database that held."""
    unsigned: int
    """Checkpoints in the database of which only the root was compared, for want of a key."""
    sealed: int
    """How much of the log the largest outside checkpoint that held covers."""
    witnessed: dict[str, int]
    """The largest size that each witness saw."""
    journaled_after: int | None
    """The position behind which a journal was compared; None without one."""

    @property
    def verdict(self) -> str:
        """What may be said of the log, and no more."""
        events = f"{self.size:,} event{'' if self.size == 1 else 's'}"
        if any(f.code != "unsealed" for f in self.findings):
            others = self.total - sum(f.code == "unsealed" for f in self.findings)
            return f"NOT what was recorded: {others:,} finding{'' if others == 1 else 's'} in {events}"
        if self.outside:
            rest = self.size - self.sealed
            open_ = f"; {rest:,} more not sealed yet" if rest else ""
            return f"intact up to position {self.sealed:,}, as {self._checkpoints()} show{open_}"
        return f"nothing found in {events}, but no checkpoint outside of the database vouches for them"

    def _checkpoints(self) -> str:
        inside = f" and {self.inside:,} in the database" if self.inside else ""
        return f"{self.outside:,} outside checkpoint{'' if self.outside == 1 else 's'}{inside}"


def _silent(step: str, done: int, of: int) -> None:
    pass


def verify(
    database: Database,
    *,
    keys: Keys = Keys(),  # noqa: B008  # a tuple of tuples
    outside: Sequence[Path] = (),
    journal: Path | None = None,
    needs_checkpoint: bool = True,
    progress: Progress = _silent,
) -> Report:
    """Verify a ledger, with checkpoints in files and folders outside, as those show that the keys signed.

    Without one that holds there is a finding, unless none is needed. Raises StoreError for a file that cannot be read.
    """
    with database.reading() as connection:
        return verify_in(
            connection,
            keys=keys,
            outside=outside,
            journal=journal,
            needs_checkpoint=needs_checkpoint,
            progress=progress,
        )


def verify_in(
    connection: Connection,
    *,
    keys: Keys = Keys(),  # noqa: B008  # as above
    outside: Sequence[Path] = (),
    journal: Path | None = None,
    needs_checkpoint: bool = True,
    progress: Progress = _silent,
) -> Report:
    """The same for what the transaction of a connection sees."""
    findings = Findings()
    with ExitStack() as opened:
        journaled = opened.enter_context(closing(Journaled(journal, findings))) if journal else None
        verification = _Verification(connection, keys, outside, journaled, findings)
        return verification.run(progress, needs_checkpoint=needs_checkpoint)


class _Verification:
    """One pass over the log."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        outside: Sequence[Path],
        journal: Journaled | None,
        findings: Findings,
    ) -> None:
        self.connection = connection
        self.findings = findings
        self.tree = Growing()
        self.order = order.Order(self.findings)
        self.journal = journal
        self.keys = keys
        self.outside = outside
        self.kept = 0
        self.has_later = self.has_erasures = False
        """Whether some event read was not the first of its entry, and whether one was an erasure."""
        self.reached = Reached((), keys, self.findings)

    def run(self, progress: Progress, *, needs_checkpoint: bool) -> Report:
        """Do it all."""
        try:
            if shape.check_shape(self.connection, self.findings):
                self._read(progress)
        except Exception as problem:
            if not isinstance(problem, DBAPIError | _driver_error(self.connection)):
                raise
            said = " ".join(str(problem).split())
            position = self.order.last[0] + 1
            self.findings.add("unreadable", "the log from here on", "readable", said, position=position)
        if needs_checkpoint and not self.reached.outside:
            self.findings.add("unsealed", "checkpoints outside of the database", "at least one that holds", "none")
        return self._report()

    def _read(self, progress: Progress) -> None:
        self.reached = Reached(milestones(self.connection, self.outside, self.findings), self.keys, self.findings)
        (of,) = self._row("SELECT count(*) FROM events")
        self.reached.compare(0, EMPTY)
        lone: list[int] = []
        for page in pages(self.connection, lone=lone):
            self._check(page)
            progress("verifying", self.tree.size, of)
        self.order.finish()
        self._check_below()
        if self.has_later:  # what reads the whole log once more is only asked where it can find something
            self._check_versions()
        if self.has_erasures:
            self._check_erased()
        for position in lone:
            self.findings.add("payload", "a payload", "an event at its position", "no event", position=position)
        self._check_head()
        self._check_number_of_nodes()
        self.reached.finish(self.tree.size)
        if self.journal is not None:
            self.journal.finish(self.order.last[0])

    def _check(self, page: Page) -> None:
        hashes = order.leaf_hashes(page, self.findings)
        if self.journal is not None:
            self.journal.check(page.positions, hashes)
        self.order.check(page)
        self.has_later |= page.versions != (1,) * len(page.versions)
        self.has_erasures |= "erasure" in page.kinds
        self._check_missing(order.check_payloads(page, self.findings))
        self._grow(hashes)

    def _grow(self, hashes: list[Hash]) -> None:
        """Add leaves to the tree, and stop at the size of every checkpoint on the way."""
        start, done = self.tree.size, 0
        while (size := self.reached.next_size) is not None and size <= start + len(hashes):
            self._add(hashes[done : size - start])
            done = size - start
            self.reached.compare(size, self.tree.root())
        self._add(hashes[done:])

    def _add(self, hashes: list[Hash]) -> None:
        for level, node, found in self.tree.extend(hashes):
            self.kept += 1
            stored = self._row(f"SELECT hash FROM tree_nodes WHERE level = {level} AND node = {node}")
            if stored is None or _bytes(stored[0]) != found:
                last = (node + 1) << level
                what = f"node {node} of level {level} (events up to this one)"
                self.findings.add("node", what, found, "none" if stored is None else stored[0], position=last)

    # -- what is asked of the whole ------------------------------------------------------------------------------------

    def _check_missing(self, missing: Sequence[tuple[int, str]]) -> None:
        """Every payload that is gone has an erasure that came later."""
        for position, entry in missing:
            given = entry.replace("-", "").encode("utf-8", "replace").decode() if self.is_sqlite else entry
            query = "SELECT count(*) FROM events WHERE entry_id = {} AND kind = 'erasure' AND position > {}"
            erased = self._row(query.format("?" if self.is_sqlite else "%s::uuid", int(position)), (given,))
            if not erased[0]:
                what, expected = f"the payload of entry {entry}", "stored, or erased by a later event of its entry"
                self.findings.add("missing", what, expected, "gone", position=position)

    def _check_below(self) -> None:
        """The log begins at position 1: what stands below it is read by nobody who reads the log, and by who asks."""
        for table in ("events", "payloads"):
            for (position,) in self._rows(f"SELECT position FROM {table} WHERE position < 1 ORDER BY position"):
                self.findings.add("gap", f"a row of {table}", "position 1 or more", position, position=position)

    def _check_erased(self) -> None:
        """Nothing that was erased has a payload again."""
        query = """
            SELECT p.position, x.position FROM events AS x
            JOIN events AS e ON e.entry_id = x.entry_id AND e.position < x.position
            JOIN payloads AS p ON p.position = e.position
            WHERE x.kind = 'erasure' ORDER BY p.position"""
        for position, erasure in self._rows(query):
            expected = f"gone since the erasure at position {erasure}"
            self.findings.add("payload", "the payload of an erased entry", expected, "stored", position=position)

    def _check_versions(self) -> None:
        """The versions of every entry are 1, 2, 3 … in the order of positions."""
        query = """
            SELECT e.position, e.entry_id, e.version, b.position FROM events AS e
            LEFT JOIN events AS b ON b.entry_id = e.entry_id AND b.version = e.version - 1
            WHERE e.version <> 1 AND (b.position IS NULL OR b.position >= e.position) ORDER BY e.position"""
        for position, entry, version, before in self._rows(query):
            found = f"version {version}" + ("" if before is None else f", and the one before at position {before}")
            expected = "the version after an earlier one of its entry"
            self.findings.add("version", f"entry {entry}", expected, found, position=position)

    def _check_head(self) -> None:
        position, _, at, _ = self.order.last
        found = self._rows("SELECT id, position, recorded_at, frontier FROM log_head")
        if len(found) != 1 or found[0][0] != 1:
            self.findings.add("head", "the head of the log", "one row", f"{len(found)} rows")
            return
        _, head, recorded_at, frontier = found[0]
        if head != position:
            gone = min(position, head) + 1 if isinstance(head, int) else None
            self.findings.add("head", "the position in the head", position, head, position=gone)
        if recorded_at != at:
            self.findings.add("head", "the recorded time in the head", at, recorded_at, position=position or None)
        computed = self.tree.frontier()
        if _bytes(frontier) != b"".join(computed):
            shown = f"{len(_bytes(frontier)) // HASH} hashes, others" if computed else "some"
            self.findings.add("head", "the tree in the head", f"{len(computed)} hashes of the log's own", shown)

    def _check_number_of_nodes(self) -> None:
        (count,) = self._row("SELECT count(*) FROM tree_nodes")
        if count > self.kept:
            self.findings.add("node", "nodes of the tree", self.kept, count)

    def _report(self) -> Report:
        reached, findings = self.reached, self.findings
        return Report(
            size=self.tree.size,
            root=self.tree.root(),
            findings=sorted(findings.kept, key=lambda f: (f.position is None, f.position or 0)),
            total=findings.count,
            outside=reached.outside,
            inside=reached.inside,
            unsigned=reached.unsigned,
            sealed=reached.sealed,
            witnessed={key.name: size for key, size in reached.witnessed.items()},
            journaled_after=self.journal.after if self.journal else None,
        )

    # -- asking --------------------------------------------------------------------------------------------------------

    @property
    def is_sqlite(self) -> bool:
        """SQLite, or else PostgreSQL."""
        return self.connection.dialect.name == "sqlite"

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The first rows of a query, more than are shown."""
        return self._fetched(query, values, 1000)

    def _row(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        return next(iter(self._fetched(query, values, 1)), None)

    def _fetched(self, query: str, values: tuple[Any, ...], most: int) -> list[Any]:
        """Ask through the driver, which costs a tenth; in SQLite always the main database."""
        driver: Any = self.connection.connection.driver_connection
        if not self.is_sqlite:
            found: list[Any] = (driver.execute(query, values) if values else driver.execute(query)).fetchmany(most)
            return found
        for name in shape.LOG:
            query = query.replace(f" {name}", f" main.{name}")
        with any_text(driver):
            return list(driver.execute(query, values).fetchmany(most))


def _driver_error(connection: Connection) -> type[Exception]:
    driver: Any = connection.dialect.loaded_dbapi
    error: type[Exception] = driver.Error
    return error


def _bytes(value: object) -> bytes:
    """What a column of bytes holds; nothing if it holds something else."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""

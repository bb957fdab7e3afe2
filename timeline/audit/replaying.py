"""The replay: every stored row of the projections beside a fresh fold of the log, and a report that can be filed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from projections.all import PROJECTIONS
from timeline.audit.proofs import Damaged, Sealed, base64_of
from timeline.moments import instant
from timeline.progress import Progress
from timeline.release import release
from timeline.state import rebuild
from timeline.state.soundness import find_faults
from timeline.state.tables import TABLES
from timeline.store import log, nodes
from timeline.store.database import Database
from timeline.store.tables import checkpoints

SHOWN = 20
"""Differences that are told in full."""

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What a fold raises where the log holds what nobody could have recorded."""

Row = dict[str, Any]


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not what the log says."""

    projection: str
    key: str
    """Whom or what the row is about."""
    known_from: int | None
    known_to: int | None
    """The positions between which it was known; null for a row of today. Where both rows stand, those of the log's."""
    expected: Row | None
    """The row that the log says; null where it says none."""
    found: Row | None
    """The row that stands; null where there is none."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One projection."""

    projection: str
    version: int
    """Of the rules that make it."""
    rows: int
    """Of a fresh fold: all that were ever known, up to the position."""
    differing: int
    """Rows that stand and should not, or the other way round."""


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint in the ledger that is not later than what was replayed; one that is none says no root."""

    origin: str
    size: int
    root: str
    agrees: bool
    """Whether the log has this root there. That it is signed, and by whom, `audit verify` finds out."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found."""

    verdict: str
    """`equal`, or `different`."""
    differing: int
    """How many rows differ."""
    checkpoint: Against | None
    """Null where the log was never sealed."""
    projections: tuple[Checked, ...]
    differences: tuple[Differing, ...]
    """The first ones."""
    ledger: str
    """Where it is kept."""
    engine: str
    program: str
    seconds: float
    """How long it took."""
    made_at: str
    """By the clock of the machine, in UTC. What the answer rests on is `known_at` and `position`."""

    @property
    def is_equal(self) -> bool:
        """Whether all is as it should be."""
        return self.verdict == "equal"


def replay(
    database: Database,
    *,
    known: int | None = None,
    workers: int | None = None,
    progress: Progress,
    clock: log.Clock = log.system_clock,
) -> tuple[int, Report]:
    """Fold the log up to a position, the whole for None, and compare with what stands. Gives the position, too.

    The ledger is left as it is, and memory stays flat. Raises Damaged where the log cannot be read.
    """
    begun = time.monotonic()
    try:
        # A changed row is two: one too many, and one missing.
        done = rebuild.replay(database, known=known, workers=workers, progress=progress, shown=2 * SHOWN)
    except UNREADABLE as problem:
        with database.reading() as connection:
            faults = _faults(connection)
        if not faults:
            raise
        raise Damaged(f"{'; '.join(faults)}: `timeline audit verify` finds all that was changed") from problem
    with database.reading() as connection:
        against = _against(connection, done.position)
        engine = database.engine_of(connection)
    agrees = against is None or against.agrees
    return done.position, Report(
        verdict="equal" if done.differing == 0 and agrees else "different",
        differing=done.differing,
        checkpoint=against,
        projections=tuple(_checked(c) for c in done.checked),
        differences=tuple(paired(done.first)[:SHOWN]),
        ledger=database.shown,
        engine=engine,
        program=f"timeline {release()}",
        seconds=round(time.monotonic() - begun, 3),
        made_at=instant(clock()),
    )


def _faults(connection: Connection) -> list[str]:
    """What is wrong with a log that could not be folded; nothing if it is sound, and the fault is ours."""
    try:
        return find_faults(connection)
    except UNREADABLE as problem:
        return [f"an event of the log cannot be read ({problem})"]


def _checked(found: rebuild.Checked) -> Checked:
    version = next(p.version for p in PROJECTIONS if p.name == found.projection)
    return Checked(projection=found.projection, version=version, rows=found.rows, differing=found.differing)


def _against(connection: Connection, position: int) -> Against | None:
    query = select(checkpoints.c.size, checkpoints.c.note).where(checkpoints.c.size <= position)
    row = connection.execute(query.order_by(checkpoints.c.size.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    try:
        said = Sealed.kept(row.size, row.note).checkpoint
    except Damaged:
        return Against(origin="", size=row.size, root="", agrees=False)
    root = base64_of(said.root)
    agrees = nodes.root_text(connection, said.size) == root
    return Against(origin=said.origin, size=said.size, root=root, agrees=agrees)


# -- what differs -----------------------------------------------------------------------------------------------------


def paired(found: Sequence[rebuild.Difference]) -> list[Differing]:
    """Put a row that is missing beside the one of the same key that stands in its place, if there is one."""
    standing = [d for d in found if d.what == "too many"]
    pairs: list[Differing] = []
    for missing in (d for d in found if d.what == "missing"):
        alike = [d for d in standing if (d.projection, _key(d)) == (missing.projection, _key(missing))]
        instead = max(alike, key=lambda d: _likeness(d, missing), default=None)
        if instead is not None:
            standing.remove(instead)
        pairs.append(_differing(missing, instead))
    return [*pairs, *(_differing(None, d) for d in standing)]


def _differing(expected: rebuild.Difference | None, found: rebuild.Difference | None) -> Differing:
    either = expected or found
    assert either is not None
    return Differing(
        projection=either.projection,
        key=_key(either),
        known_from=either.known_from,
        known_to=either.known_to,
        expected=_row(expected),
        found=_row(found),
    )


def _row(difference: rebuild.Difference | None) -> Row | None:
    """A row with the positions between which it was known, which may be what differs."""
    if difference is None:
        return None
    return {**difference.row, "known_from": difference.known_from, "known_to": difference.known_to}


def _key(difference: rebuild.Difference) -> str:
    table = TABLES.get(difference.projection)
    return str(difference.row["key" if table is None else table.row.key_field])


def _likeness(one: rebuild.Difference, other: rebuild.Difference) -> int:
    ours, theirs = _row(one) or {}, _row(other) or {}
    return sum(ours[name] == theirs.get(name) for name in ours)

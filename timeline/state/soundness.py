"""Whether a ledger is what it should be: the log without gaps, its payloads unaltered, the projections as a fresh fold.

A quick look for `timeline doctor`. It trusts the database to be honest; proving that it is comes with the audit.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, func, select

from projections.all import PROJECTIONS, fold_all
from timeline.state.projector import versions
from timeline.state.tables import TABLES, Numbers
from timeline.store import log
from timeline.store.tables import events, payloads


def find_faults(connection: Connection) -> list[str]:
    """What is wrong with a ledger, in words; nothing for a sound one."""
    faults = []
    count, last = connection.execute(select(func.count(), func.max(events.c.position)).select_from(events)).one()
    head = log.head_position(connection)
    if count != (last or 0):
        faults.append(f"{(last or 0) - count} events are missing from the middle of the log")
    if head != (last or 0):
        faults.append(f"the log ends at position {last or 0}, but {head} were written")
    rows = connection.execute(
        select(events.c.position, events.c.digest, payloads.c.salt, payloads.c.state).join(
            payloads, events.c.position == payloads.c.position
        )
    )
    changed = [str(r.position) for r in rows if log.digest_of(bytes(r.salt), bytes(r.state)) != bytes(r.digest)]
    if changed:
        faults.append(f"stored events were changed, at position {', '.join(changed[:10])}")
        return faults
    faults += _erasures(connection)
    try:
        faults += _stale(connection)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:  # what nobody could have recorded
        faults.append(f"an event of the log cannot be read ({problem})")
    return faults


def _erasures(connection: Connection) -> list[str]:
    """An entry that was erased has no content left before its erasure; every other event has its own."""
    later = events.alias("later")
    of_entry = (later.c.entry_id == events.c.entry_id) & (later.c.position > events.c.position)
    is_erased = select(later.c.position).where(of_entry, later.c.kind == "erasure").exists()
    there = select(payloads.c.position).where(payloads.c.position == events.c.position).exists()
    faults = []
    for condition, what in (
        (~there & ~is_erased, "the content of events is gone, and no erasure says why"),
        (there & is_erased, "the content of erased events is still there"),
    ):
        query = select(events.c.position).where(condition).order_by(events.c.position).limit(10)
        if found := [str(position) for position in connection.scalars(query)]:
            faults.append(f"{what}, at position {', '.join(found)}")
    return faults


def _stale(connection: Connection) -> list[str]:
    fresh = fold_all((e.entry_id, versions([e])[0]) for e in log.read(connection))
    names = Numbers(connection)
    faults = []
    for projection in PROJECTIONS:
        stored, wanted = Counter(TABLES[projection.name].read(names)), Counter(fresh[projection.name])
        if stored != wanted:
            differing = sum((stored - wanted).values()) + sum((wanted - stored).values())
            faults.append(f"{projection.name}: {differing} rows differ from a fresh fold of the log")
    return faults

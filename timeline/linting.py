"""The contradictions of a view, with the entries and the sources that clash."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.all import PROJECTIONS
from projections.contradictions import FOLDED, contradictions
from projections.happenings import Listed
from projections.merges import resolve
from timeline.view import View


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """A contradiction, with the entries and the sources that clash; or a claim that was checked and agrees."""

    code: str
    agrees: bool
    message: str
    settle: str
    entries: tuple[UUID, ...]
    ids: tuple[str, ...]
    sources: tuple[str, ...]


def clashes(view: View) -> list[Clash]:
    """Every contradiction, by code, and after them the claims that agree. Merged ids count as one."""
    facts = view.facts(row.entry for row in view.rows(Listed))
    rows = {p.name: view.rows(p.row) for p in PROJECTIONS if p.name in FOLDED}
    merged = view.directory.merged
    whole = [w for f in facts.values() if (w := resolve(f, merged)) is not None]
    return [
        Clash(
            code=clash.code,
            agrees=clash.agrees,
            message=clash.message,
            settle=clash.settle,
            entries=clash.entries,
            ids=tuple(str(getattr(facts[e].event, "id", "") or e) for e in clash.entries if e in facts),
            sources=tuple(dict.fromkeys(c.source for e in clash.entries if e in facts for c in facts[e].sources)),
        )
        for clash in contradictions(whole, rows, view.headline_name)
    ]
